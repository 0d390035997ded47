//! How values of a column are compared.

use super::misfit::Why;
use super::moment::Zone;
use crate::mysql::charset::Charset;
use crate::mysql::collate::Collator;
use crate::mysql::column_type::{ColumnType, Labels};
use crate::mysql::schema::Column;
use std::sync::Arc;

/// Kinds of values that are compared alike.
#[derive(Debug, Clone)]
pub(super) enum Class {
    /// Whole numbers.
    Whole,
    /// Years, in four digits.
    Year,
    /// Exact decimals.
    Decimal,
    /// Binary floating point.
    Real,
    /// Dates, with their time of day or without.
    Moment(Zone),
    /// Durations with so many digits of a fraction.
    Time(u8),
    /// Texts and bytes.
    Text(TextOf),
}

/// Where a column's text comes from.
#[derive(Debug, Clone)]
pub(super) struct TextOf {
    pub(super) collator: Collator,
    pub(super) collation: String,
    pub(super) form: TextForm,
}

/// How a value becomes text.
#[derive(Debug, Clone)]
pub(super) enum TextForm {
    /// It is text, or bytes.
    Plain,
    /// It is the number of a label.
    Enum(EncodedLabels),
    /// It is a set of labels, with commas between them.
    Set(EncodedLabels),
}

/// Labels in the column's character set.
pub(super) type EncodedLabels = Arc<[Box<[u8]>]>;

impl Class {
    /// # Errors
    /// A column that cannot be compared exactly as the server does.
    pub(super) fn of(column: &Column) -> Result<Class, Why> {
        let named = || column.name.clone();
        Ok(match &column.ty {
            ColumnType::TinyInt { .. }
            | ColumnType::SmallInt { .. }
            | ColumnType::MediumInt { .. }
            | ColumnType::Int { .. }
            | ColumnType::BigInt { .. }
            | ColumnType::Bit { .. } => Class::Whole,
            ColumnType::Float | ColumnType::Double if column.declared.contains('(') => {
                return Err(Why::FixedFloat { column: named(), ty: column.declared.clone() });
            }
            ColumnType::Float | ColumnType::Double => Class::Real,
            ColumnType::Decimal { .. } => Class::Decimal,
            ColumnType::Year => Class::Year,
            ColumnType::Date | ColumnType::DateTime { .. } => Class::Moment(Zone::None),
            ColumnType::Timestamp { .. } => Class::Moment(Zone::Utc),
            ColumnType::Time { fsp } => Class::Time(*fsp),
            ColumnType::Char(_) | ColumnType::VarChar(_) | ColumnType::Text(_) => {
                text(column, |_| Some(TextForm::Plain))?
            }
            ColumnType::Enum(labels) => {
                text(column, |charset| Some(TextForm::Enum(encoded(labels, charset)?)))?
            }
            ColumnType::Set(labels) => {
                text(column, |charset| Some(TextForm::Set(encoded(labels, charset)?)))?
            }
            ColumnType::Binary { .. } | ColumnType::VarBinary { .. } | ColumnType::Blob { .. } => {
                Class::Text(TextOf {
                    collator: Collator::binary(),
                    collation: "binary".to_owned(),
                    form: TextForm::Plain,
                })
            }
            ColumnType::Json
            | ColumnType::Geometry
            | ColumnType::Vector
            | ColumnType::Uuid
            | ColumnType::Inet4
            | ColumnType::Inet6 => {
                return Err(Why::NeverCompared { column: named(), ty: column.declared.clone() });
            }
        })
    }
}

fn text(column: &Column, form: impl FnOnce(Charset) -> Option<TextForm>) -> Result<Class, Why> {
    let refused = || match &column.collation {
        Some(collation) => Why::Collation { column: column.name.clone(), collation: collation.clone() },
        None => Why::CollationUnknown { column: column.name.clone() },
    };
    let collation = column.collation.clone().ok_or_else(refused)?;
    let collator = Collator::by_name(&collation).ok_or_else(refused)?;
    // a label that its own character set lacks came damaged from the server
    let form = form(collator.charset()).ok_or_else(refused)?;
    Ok(Class::Text(TextOf { collator, collation, form }))
}

fn encoded(labels: &Labels, charset: Charset) -> Option<EncodedLabels> {
    labels.labels.iter().map(|label| Some(charset.encode(label)?.into_boxed_slice())).collect()
}
