//! Columns from a table map that names them (`binlog_row_metadata=FULL`).
//!
//! The event is the authority for names, order, number, nullability, sign, character set, labels and key.
//! What it does not say, such as the declared text or that sixteen bytes are a UUID, is taken by name from a
//! known version, where the column there still fits what the event says.

use super::declared::{self, BINARY};
use super::hidden::hide;
use super::{Column, TableName, TableVersion};
use crate::mysql::binlog::fits::wire_fits;
use crate::mysql::binlog::table_map::{MapColumn, TableMap};
use crate::mysql::binlog::wire::Wire;
use crate::mysql::charset::{Charset, CharsetError, Collation, collation};
use crate::mysql::column_type::{ColumnType, Labels, Text};
use crate::mysql::ident::same_column;
use crate::mysql::position::Flavor;

/// Why a table map does not tell the columns of its table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FromMapError {
    /// A column without a name.
    #[error("column {number} has no name in the log")]
    Nameless {
        /// Number from 1.
        number: usize,
    },
    /// A character column without a character set that is known.
    #[error("column `{name}`: {error}")]
    Charset {
        /// Its name.
        name: String,
        /// Why.
        error: CharsetError,
    },
    /// A column whose table map lacks its character set or its labels.
    #[error("column `{name}`: the log does not tell its character set or labels")]
    Incomplete {
        /// Its name.
        name: String,
    },
}

/// The columns a table map tells.
pub(super) struct FromMap {
    /// The columns.
    pub(super) version: TableVersion,
    /// Every column was found in a known version, so that nothing is missing that only the server can tell.
    pub(super) complete: bool,
}

/// Builds the columns behind `map`, with what it does not tell from `known`, the first that fits.
pub(super) fn build(
    map: &TableMap,
    flavor: Flavor,
    known: &[&TableVersion],
) -> Result<FromMap, FromMapError> {
    let mut complete = true;
    let mut columns = Vec::with_capacity(map.columns.len());
    for (index, column) in map.columns.iter().enumerate() {
        let name = column.name.as_deref().ok_or(FromMapError::Nameless { number: index + 1 })?;
        let told = Told::of(column, name, flavor)?;
        let found = known.iter().filter_map(|version| find(version, name)).find(|found| told.fits(found));
        complete &= found.is_some();
        columns.push(match found {
            Some(found) => told.with_attributes(found),
            None => told.alone(),
        });
    }
    if flavor == Flavor::MariaDb {
        let is_listed =
            |name: &str| known.iter().any(|version| find(version, name).is_some_and(|column| !column.hidden));
        hide(&mut columns, is_listed);
    }
    // implicit versioning puts `row_end` into every key
    let primary = map.primary_key.iter().flatten().map(|&(column, _)| column);
    let primary = primary.filter(|&column| !columns[column].hidden).collect();
    let (primary_key, unique_keys) = keys(primary, &columns, known);
    let name = TableName::new(&map.db, &map.table);
    Ok(FromMap { version: TableVersion { name, columns, primary_key, unique_keys }, complete })
}

/// The column of a version with this name: exactly so spelled, else in another case.
fn find<'v>(version: &'v TableVersion, name: &str) -> Option<&'v Column> {
    let exact = version.columns.iter().find(|column| column.name == name);
    exact.or_else(|| version.columns.iter().find(|column| same_column(&column.name, name)))
}

/// What the event tells of one column.
struct Told<'m> {
    name: &'m str,
    column: &'m MapColumn,
    collation: Option<Collation>,
    ty: ColumnType,
}

impl<'m> Told<'m> {
    fn of(column: &'m MapColumn, name: &'m str, flavor: Flavor) -> Result<Told<'m>, FromMapError> {
        let collation = column
            .collation
            .map(|id| collation(id, flavor))
            .transpose()
            .map_err(|error| FromMapError::Charset { name: name.to_owned(), error })?;
        let charset = collation.as_ref().map(|collation| collation.charset);
        let ty =
            event_type(column, charset).ok_or_else(|| FromMapError::Incomplete { name: name.to_owned() })?;
        Ok(Told { name, column, collation, ty })
    }

    /// Whether the known column can be this one, so that its attributes hold.
    fn fits(&self, known: &Column) -> bool {
        if !wire_fits(self.column.wire, &known.ty) {
            return false;
        }
        // types as the wire has them may be something narrower: sixteen bytes a UUID, bytes a VECTOR
        if is_bytes(&self.ty) {
            return known.ty.as_text().is_none();
        }
        if let Some(told) = self.ty.as_text() {
            return known.ty.as_text().is_some_and(|known| known.charset == told.charset);
        }
        // of these the sign is in the declared text only
        if is_signless(&self.ty) {
            let unsigned = known.declared.contains("unsigned") || known.declared.contains("zerofill");
            return self.column.unsigned.is_none_or(|told| told == unsigned);
        }
        self.ty == known.ty
    }

    /// This column with the attributes of a known one that fits.
    fn with_attributes(&self, known: &Column) -> Column {
        let ty = if is_bytes(&self.ty) { &known.ty } else { &self.ty };
        Column {
            name: self.name.to_owned(),
            ty: ty.clone(),
            nullable: self.column.nullable,
            declared: known.declared.clone(),
            hidden: known.hidden,
            collation: self.collation_name(known.collation.as_deref()),
        }
    }

    /// This column by what the event tells alone.
    fn alone(&self) -> Column {
        let mut declared = match self.column.geometry {
            Some(subtype) => geometry(subtype).to_owned(),
            None => declared::synthesize(&self.ty),
        };
        if is_signless(&self.ty) && self.column.unsigned == Some(true) {
            declared.push_str(" unsigned");
        }
        Column {
            name: self.name.to_owned(),
            ty: self.ty.clone(),
            nullable: self.column.nullable,
            declared,
            hidden: false,
            collation: self.collation_name(None),
        }
    }

    /// The collation as the server spells it: `utf8_general_ci` of older ones is `utf8mb3_general_ci` here.
    fn collation_name(&self, known: Option<&str>) -> Option<String> {
        let labelled = matches!(self.ty, ColumnType::Enum(_) | ColumnType::Set(_));
        let character = labelled || self.ty.as_text().is_some();
        let told = self.collation.as_ref().filter(|_| character).map(|collation| collation.name.as_ref());
        match (known, told) {
            (Some(known), Some(told)) => {
                let same = known == told
                    || known
                        .strip_prefix("utf8_")
                        .is_some_and(|rest| told.strip_prefix("utf8mb3_") == Some(rest));
                Some(if same { known } else { told }.to_owned())
            }
            (known, None) if character => known.map(str::to_owned),
            (_, told) => told.map(str::to_owned),
        }
    }
}

/// Binary strings, as the wire has them.
fn is_bytes(ty: &ColumnType) -> bool {
    matches!(ty, ColumnType::Binary { .. } | ColumnType::VarBinary { .. } | ColumnType::Blob { .. })
}

/// Numbers whose type does not hold whether they are unsigned.
fn is_signless(ty: &ColumnType) -> bool {
    matches!(ty, ColumnType::Float | ColumnType::Double | ColumnType::Decimal { .. })
}

/// The type as far as the event tells it; none without a character set or labels that are needed.
fn event_type(column: &MapColumn, charset: Option<Charset>) -> Option<ColumnType> {
    let unsigned = column.unsigned.unwrap_or(false);
    let text = |max_bytes: u32, compressed: bool| -> Option<Option<Text>> {
        let charset = charset?.name();
        Some((charset != BINARY).then(|| Text { charset: charset.to_owned(), max_bytes, compressed }))
    };
    let variable = |bytes: u32, compressed: bool| {
        Some(match text(bytes, compressed)? {
            Some(text) => ColumnType::VarChar(text),
            None => ColumnType::VarBinary { bytes },
        })
    };
    let blob = |length_bytes: u8, compressed: bool| {
        Some(match text(declared::greatest(length_bytes), compressed)? {
            Some(text) => ColumnType::Text(text),
            None => ColumnType::Blob { length_bytes },
        })
    };
    Some(match column.wire {
        Wire::Tiny => ColumnType::TinyInt { unsigned },
        Wire::Short => ColumnType::SmallInt { unsigned },
        Wire::Int24 => ColumnType::MediumInt { unsigned },
        Wire::Long => ColumnType::Int { unsigned },
        Wire::LongLong => ColumnType::BigInt { unsigned },
        Wire::Float => ColumnType::Float,
        Wire::Double => ColumnType::Double,
        Wire::Decimal { precision, scale } => ColumnType::Decimal { precision, scale },
        Wire::Bit { bits } => ColumnType::Bit { bits },
        Wire::Year => ColumnType::Year,
        Wire::Date => ColumnType::Date,
        Wire::Time2 { fsp } => ColumnType::Time { fsp },
        Wire::DateTime2 { fsp } => ColumnType::DateTime { fsp },
        Wire::Timestamp2 { fsp } => ColumnType::Timestamp { fsp },
        Wire::OldTime => ColumnType::Time { fsp: 0 },
        Wire::OldDateTime => ColumnType::DateTime { fsp: 0 },
        Wire::OldTimestamp => ColumnType::Timestamp { fsp: 0 },
        Wire::Fixed { bytes } => match text(u32::from(bytes), false)? {
            Some(text) => ColumnType::Char(text),
            None => ColumnType::Binary { bytes: u32::from(bytes) },
        },
        Wire::Variable { bytes } => variable(u32::from(bytes), false)?,
        // one byte of the size is the header of the compressed form
        Wire::CompressedVariable { bytes } => variable(u32::from(bytes.saturating_sub(1)), true)?,
        Wire::Blob { length_bytes } => blob(length_bytes, false)?,
        Wire::CompressedBlob { length_bytes } => blob(length_bytes, true)?,
        Wire::Enum { .. } => ColumnType::Enum(labels(column, charset)?),
        Wire::Set { .. } => ColumnType::Set(labels(column, charset)?),
        Wire::Json { .. } => ColumnType::Json,
        Wire::Geometry { .. } => ColumnType::Geometry,
        Wire::Vector { .. } => ColumnType::Vector,
    })
}

fn labels(column: &MapColumn, charset: Option<Charset>) -> Option<Labels> {
    let charset = charset?;
    let mut scratch = String::new();
    let text = |label: &Vec<u8>| charset.to_utf8(label, &mut scratch).text.to_owned();
    Some(Labels { labels: column.labels.as_ref()?.iter().map(text).collect() })
}

/// Names of the subtypes of GEOMETRY by number. Source: MySQL `Geometry::wkbType`.
fn geometry(subtype: u8) -> &'static str {
    match subtype {
        1 => "point",
        2 => "linestring",
        3 => "polygon",
        4 => "multipoint",
        5 => "multilinestring",
        6 => "multipolygon",
        7 => "geometrycollection",
        _ => "geometry",
    }
}

/// Primary key and unique keys. The event's key is the declared primary key, or without one the unique key
/// that serves as it, which only a known version can tell apart.
fn keys(told: Vec<usize>, columns: &[Column], known: &[&TableVersion]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let Some(version) = known.first() else { return (told, Vec::new()) };
    let here = |key: &[usize]| -> Option<Vec<usize>> {
        key.iter()
            .map(|&index| {
                let name = &version.columns.get(index)?.name;
                columns.iter().position(|column| same_column(&column.name, name))
            })
            .collect()
    };
    let nullable = |key: &Vec<usize>| key.iter().any(|&index| columns[index].nullable);
    let mut unique: Vec<Vec<usize>> =
        version.unique_keys.iter().filter_map(|key| here(key)).filter(|key| !nullable(key)).collect();
    if version.primary_key.is_empty()
        && let Some(at) = unique.iter().position(|key| *key == told)
    {
        // the one that serves as primary key goes first
        unique[..=at].rotate_right(1);
        return (Vec::new(), unique);
    }
    // a unique key that served as primary key may be one by now; one beside a primary key of the same columns stays
    if here(&version.primary_key).as_ref() != Some(&told) {
        unique.retain(|key| *key != told);
    }
    (told, unique)
}
