//! What a column becomes in a message of `avro`: the one decision that values and schemas are written by.

use super::super::avro_schema::{decimal_attributes, record, required};
use super::super::{AvroOptions, FormatError};
use crate::mysql::charset::Charset;
use crate::mysql::column_type::ColumnType;
use crate::mysql::schema::Column;
use crate::statement::{BigintUnsigned, DecimalForm, EnumForm};

/// Digits of the greatest number of 64 bits.
const U64_DIGITS: u8 = 20;

/// Type of Avro and, where it has one, its meaning.
#[derive(Debug)]
pub enum Form {
    /// `boolean`: a single bit.
    Boolean,
    /// `int`.
    Int,
    /// `long`; of 64 bits without a sign those above 2⁶³ − 1 wrap.
    Long,
    /// `float`.
    Float,
    /// `double`.
    Double,
    /// `decimal`, in bytes.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits behind the point.
        scale: u8,
    },
    /// `string` of the digits of a number.
    NumberText,
    /// `date`: days since 1970.
    Date,
    /// `long`: µs, below zero for a negative time.
    Time,
    /// `local-timestamp-micros`.
    DateTime,
    /// `timestamp-micros`.
    Timestamp,
    /// `string`, converted from a character set.
    Text(Charset),
    /// `string` with the meaning `uuid`.
    Uuid,
    /// `string` of an address.
    Address,
    /// `bytes`.
    Bytes,
    /// `string`: the label of an ENUM.
    Label(Vec<String>),
    /// `array` of `string`: the labels of a SET.
    Labels(Vec<String>),
    /// `string` of a JSON document.
    Json,
    /// A record of SRID and WKB.
    Geometry,
    /// `array` of `float`.
    Vector,
}

impl Form {
    /// The form of a column.
    ///
    /// # Errors
    /// When the column is of a character set that is not supported.
    pub(super) fn of(options: &AvroOptions, column: &Column) -> Result<Form, FormatError> {
        let unsigned_64 = || match options.bigint_unsigned {
            BigintUnsigned::Decimal | BigintUnsigned::Precise => {
                Form::Decimal { precision: U64_DIGITS, scale: 0 }
            }
            BigintUnsigned::Long => Form::Long,
            BigintUnsigned::String => Form::NumberText,
        };
        Ok(match &column.ty {
            ColumnType::TinyInt { .. }
            | ColumnType::SmallInt { .. }
            | ColumnType::MediumInt { .. }
            | ColumnType::Int { unsigned: false }
            | ColumnType::Year => Form::Int,
            ColumnType::Int { unsigned: true } | ColumnType::BigInt { unsigned: false } => Form::Long,
            ColumnType::BigInt { unsigned: true } | ColumnType::Bit { bits: 64.. } => unsigned_64(),
            ColumnType::Bit { bits: 0 | 1 } => Form::Boolean,
            ColumnType::Bit { .. } => Form::Long,
            ColumnType::Float => Form::Float,
            ColumnType::Double => Form::Double,
            &ColumnType::Decimal { precision, scale } => match options.decimal {
                DecimalForm::String => Form::NumberText,
                DecimalForm::Decimal
                | DecimalForm::Precise
                | DecimalForm::Numeric
                | DecimalForm::Double
                | DecimalForm::Number => Form::Decimal { precision, scale },
            },
            ColumnType::Date => Form::Date,
            ColumnType::Time { .. } => Form::Time,
            ColumnType::DateTime { .. } => Form::DateTime,
            ColumnType::Timestamp { .. } => Form::Timestamp,
            ColumnType::Char(text) | ColumnType::VarChar(text) | ColumnType::Text(text) => Form::Text(
                Charset::from_name(&text.charset)
                    .map_err(|why| FormatError::Charset { column: column.name.clone(), why })?,
            ),
            ColumnType::Binary { .. } | ColumnType::VarBinary { .. } | ColumnType::Blob { .. } => Form::Bytes,
            ColumnType::Enum(labels) => match options.enum_form {
                EnumForm::Label => Form::Label(labels.labels.clone()),
                EnumForm::Index => Form::Int,
            },
            ColumnType::Set(labels) => match options.enum_form {
                EnumForm::Label => Form::Labels(labels.labels.clone()),
                EnumForm::Index => Form::Long,
            },
            ColumnType::Json => Form::Json,
            ColumnType::Geometry => Form::Geometry,
            ColumnType::Vector => Form::Vector,
            ColumnType::Uuid => Form::Uuid,
            ColumnType::Inet4 | ColumnType::Inet6 => Form::Address,
        })
    }

    /// True for types with values that a NOT NULL column holds and Avro does not: dates that no calendar has, and what an
    /// INSERT IGNORE leaves in a geometry.
    pub(super) fn has_holes(&self) -> bool {
        match self {
            Form::Date | Form::DateTime | Form::Timestamp | Form::Geometry => true,
            Form::Boolean
            | Form::Int
            | Form::Long
            | Form::Float
            | Form::Double
            | Form::Decimal { .. }
            | Form::NumberText
            | Form::Time
            | Form::Text(_)
            | Form::Uuid
            | Form::Address
            | Form::Bytes
            | Form::Label(_)
            | Form::Labels(_)
            | Form::Json
            | Form::Vector => false,
        }
    }

    /// Its type in a schema. The record of a geometry is declared once; `named` says whether it has been.
    pub(super) fn declared(&self, namespace: &str, named: &mut bool) -> String {
        let meaning =
            |ty: &str, meaning: &str| format!("{{\"type\":\"{ty}\",\"logicalType\":\"{meaning}\"}}");
        match self {
            Form::Boolean => "\"boolean\"".into(),
            Form::Int => "\"int\"".into(),
            Form::Long | Form::Time => "\"long\"".into(),
            Form::Float => "\"float\"".into(),
            Form::Double => "\"double\"".into(),
            &Form::Decimal { precision, scale } => {
                format!("{{{},\"logicalType\":\"decimal\"}}", decimal_attributes(precision, scale))
            }
            Form::NumberText | Form::Text(_) | Form::Address | Form::Label(_) | Form::Json => {
                "\"string\"".into()
            }
            Form::Date => meaning("int", "date"),
            Form::DateTime => meaning("long", "local-timestamp-micros"),
            Form::Timestamp => meaning("long", "timestamp-micros"),
            Form::Uuid => meaning("string", "uuid"),
            Form::Bytes => "\"bytes\"".into(),
            Form::Labels(_) => "{\"type\":\"array\",\"items\":\"string\"}".into(),
            Form::Vector => "{\"type\":\"array\",\"items\":\"float\"}".into(),
            Form::Geometry if std::mem::replace(named, true) => format!("\"{namespace}.Geometry\""),
            Form::Geometry => {
                let fields = [required("srid", "\"long\""), required("wkb", "\"bytes\"")];
                record(namespace, "Geometry", &fields, "")
            }
        }
    }
}
