//! A table of the model: what statements make of it, and what rows of the log have to look like for it.

use super::collation::charset_of;
use crate::mysql::column_type::ColumnType;
use crate::mysql::ddl::ir::{Generated, KeyKind, Type, TypeKind};
use crate::mysql::ident::same_column;
use crate::mysql::position::Flavor;
use crate::mysql::schema::{self, TableName, TableVersion, declared, hidden_columns};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// How a server words types, which depends on its release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wording {
    /// Which family.
    pub flavor: Flavor,
    /// Integers and YEAR have a width: MariaDB, MySQL before 8.0.19.
    pub widths: bool,
    /// A collection of geometries has its long name: MariaDB, MySQL before 8.0.11.
    pub long_geometry: bool,
}

impl Wording {
    /// That of a release.
    pub fn of(flavor: Flavor, version: (u16, u16, u16)) -> Wording {
        let before = |release| flavor == Flavor::MariaDb || version < release;
        Wording { flavor, widths: before((8, 0, 19)), long_geometry: before((8, 0, 11)) }
    }
}

/// A table as the server defines it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// Default collation of columns to come.
    pub collation: String,
    /// Columns in order, without hidden ones.
    pub columns: Vec<Column>,
    /// Keys in the server's order.
    pub keys: Vec<Key>,
    /// System-versioned (MariaDB).
    pub versioned: bool,
    /// A sequence (MariaDB): its rows are counters.
    pub sequence: bool,
    /// Storage engine, where a statement named it.
    pub engine: Option<String>,
    /// Start and end of its period (MariaDB), not of SYSTEM_TIME.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<(String, String)>,
}

/// A column of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Name as the server spells it.
    pub name: String,
    /// Type; nothing in it is left open that decides about values.
    pub ty: Type,
    /// Collation of character types, ENUM and SET.
    pub collation: Option<String>,
    /// May be NULL.
    pub nullable: bool,
    /// How it gets its value, if not from the client.
    pub generated: Option<Generated>,
    /// AUTO_INCREMENT.
    pub auto_increment: bool,
    /// INVISIBLE.
    pub invisible: bool,
    /// SRID of a spatial column.
    pub srid: Option<u32>,
}

/// A key of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Its name; PRIMARY for the primary key.
    pub name: String,
    /// Which.
    pub kind: KeyKind,
    /// Its parts.
    pub parts: Vec<Part>,
    /// USING HASH.
    pub hash: bool,
}

/// A part of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Name of the column; none for an expression.
    pub column: Option<String>,
    /// Number of characters, when not the whole column.
    pub prefix: Option<u32>,
}

impl Table {
    /// The column with this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| same_column(&column.name, name))
    }

    /// The columns of the primary key by name, in key order; empty without one.
    pub fn primary_key(&self) -> Vec<&str> {
        let key = self.keys.iter().find(|key| key.kind == KeyKind::Primary);
        let parts = key.into_iter().flat_map(|key| &key.parts).filter_map(|part| part.column.as_deref());
        let parts: Vec<&str> = parts.collect();
        self.with_row_end(parts)
    }

    /// Has system versioning with listed columns for start and end of a row's life, so that nothing in its log tells history from
    /// rows.
    pub fn has_own_life(&self) -> bool {
        self.versioned && self.columns.iter().any(|column| column.generated == Some(Generated::RowEnd))
    }

    /// Under versioning with columns of its own, every key ends in the end of the row's life.
    fn with_row_end<'t>(&'t self, mut parts: Vec<&'t str>) -> Vec<&'t str> {
        let end = self.columns.iter().find(|column| column.generated == Some(Generated::RowEnd));
        if let Some(end) = end.filter(|_| self.versioned)
            && !parts.is_empty()
            && !parts.iter().any(|part| same_column(part, &end.name))
        {
            parts.push(&end.name);
        }
        parts
    }

    /// The unique keys whose columns are all NOT NULL, by name of columns, in the server's order.
    pub fn unique_keys(&self) -> Vec<Vec<&str>> {
        let unique = self.keys.iter().filter(|key| key.kind == KeyKind::Unique && self.identifies(key));
        unique
            .map(|key| {
                self.with_row_end(key.parts.iter().filter_map(|part| part.column.as_deref()).collect())
            })
            .collect()
    }

    /// Whether all parts of a key are columns that are NOT NULL.
    fn identifies(&self, key: &Key) -> bool {
        key.parts.iter().all(|part| {
            let column = part.column.as_deref().and_then(|name| self.column(name));
            column.is_some_and(|column| !column.nullable)
        })
    }

    /// Brings the keys into the server's order; of each is known whether it may be NULL. Source: `sort_keys`,
    /// `sql_table.cc` of both families.
    pub(super) fn sort_keys(&mut self, nullable: &[bool], flavor: Flavor) {
        let order = |(key, nullable): &(Key, bool)| {
            let unique = matches!(key.kind, KeyKind::Primary | KeyKind::Unique);
            let columns = || {
                key.parts.iter().map(|part| (part, part.column.as_deref().and_then(|name| self.column(name))))
            };
            let partial = columns().any(|(part, column)| column.is_some_and(|column| column.is_part(part)));
            // an expression is a virtual column, too
            let is_virtual = |column: Option<&Column>| {
                column.is_none_or(|column| column.generated == Some(Generated::Virtual))
            };
            let computed = flavor == Flavor::MySql && columns().any(|(_, column)| is_virtual(column));
            // those that MariaDB keeps as a hash stand last, as they were made
            let hash = key.kind == KeyKind::Unique && self.is_long_key(key);
            (
                !unique,
                hash,
                unique && *nullable && !hash,
                key.kind != KeyKind::Primary,
                unique && partial,
                computed,
            )
        };
        let mut keys: Vec<(Key, bool)> = self.keys.iter().cloned().zip(nullable.iter().copied()).collect();
        keys.sort_by_key(order);
        self.keys = keys.into_iter().map(|(key, _)| key).collect();
    }

    /// The columns as rows of the log carry them, hidden ones included.
    ///
    /// # Errors
    /// A type that no server has, such as a number of digits out of bounds.
    pub fn version(&self, wording: Wording) -> Result<TableVersion, declared::DeclaredError> {
        let columns = self.columns.iter().map(|column| column.as_known(wording));
        let mut columns = columns.collect::<Result<Vec<_>, _>>()?;
        let at = |names: Vec<&str>| -> Vec<usize> {
            let position =
                |name: &str| self.columns.iter().position(|column| same_column(&column.name, name));
            names.into_iter().filter_map(position).collect()
        };
        let primary_key = at(self.primary_key());
        let unique_keys = self.unique_keys().into_iter().map(at).collect();
        if wording.flavor == Flavor::MariaDb {
            let own_life = self.columns.iter().any(|column| column.generated == Some(Generated::RowStart));
            columns.extend(hidden_columns(self.versioned && !own_life, &self.long_keys()));
        }
        Ok(TableVersion { name: self.name.clone(), columns, primary_key, unique_keys })
    }

    /// Unique keys that MariaDB keeps as a hash in a hidden column: whether one of their columns may be NULL.
    fn long_keys(&self) -> Vec<bool> {
        let unique = self.keys.iter().filter(|key| key.kind == KeyKind::Unique && self.is_long_key(key));
        let columns = |key: &Key| -> Vec<Option<&Column>> {
            key.parts.iter().map(|part| self.column(part.column.as_deref()?)).collect()
        };
        unique.map(|key| columns(key).into_iter().flatten().any(|column| column.nullable)).collect()
    }

    /// Whether a unique key is kept as a hash: asked for, over a whole TEXT or BLOB, or longer than the engine takes.
    fn is_long_key(&self, key: &Key) -> bool {
        let engine = self.engine.as_deref().unwrap_or_default().to_ascii_uppercase();
        let most: u64 = match engine.as_str() {
            "MEMORY" | "HEAP" => return false,
            "MYISAM" => 1000,
            "ARIA" | "MARIA" => 2000,
            _ => 3072,
        };
        let bytes = key.parts.iter().map(|part| {
            let column = part.column.as_deref().and_then(|name| self.column(name));
            column.map_or(0, |column| column.key_bytes(part))
        });
        key.hash || bytes.fold(0_u64, u64::saturating_add) > most
    }
}

impl Column {
    /// Whether a part of a key holds less than this column.
    fn is_part(&self, part: &Part) -> bool {
        match (self.ty.kind, part.prefix) {
            (kind, None) => is_long(kind) || kind == TypeKind::Point,
            (TypeKind::Char | TypeKind::VarChar | TypeKind::Binary | TypeKind::VarBinary, Some(prefix)) => {
                self.ty.length.is_none_or(|length| u64::from(prefix) < length)
            }
            (_, Some(_)) => true,
        }
    }

    /// Whether a key may hold the first characters of it.
    pub(super) fn has_prefixes(&self) -> bool {
        use TypeKind as K;
        is_long(self.ty.kind) || matches!(self.ty.kind, K::Char | K::VarChar | K::Binary | K::VarBinary)
    }

    /// Of a spatial type but POINT.
    pub(super) fn is_shape(&self) -> bool {
        is_shape(self.ty.kind)
    }

    /// Bytes that a part of a key takes, more than any engine allows for a TEXT or BLOB without a prefix.
    fn key_bytes(&self, part: &Part) -> u64 {
        use TypeKind as K;
        let width = self.collation.as_deref().map_or(1, super::collation::width);
        match (self.ty.kind, part.prefix) {
            (_, Some(prefix)) => u64::from(prefix) * width,
            (K::Char | K::VarChar | K::Binary | K::VarBinary, None) => self.ty.length.unwrap_or(1) * width,
            (kind, None) if is_long(kind) => u64::from(u32::MAX),
            _ => 8,
        }
    }

    /// Generated by the server as primary key of a table without one (MySQL).
    pub(super) fn is_generated_key(&self) -> bool {
        self.invisible && self.auto_increment && self.name == "my_row_id"
    }

    /// Character set of character types, ENUM and SET.
    pub fn charset(&self) -> Option<&str> {
        self.collation.as_deref().map(charset_of)
    }

    /// This column as decoding knows it.
    fn as_known(&self, wording: Wording) -> Result<schema::Column, declared::DeclaredError> {
        let declared = self.declared(wording);
        let extra = if self.ty.compressed { "compressed" } else { "" };
        let ty: ColumnType = declared::parse(&declared, extra, self.charset())?;
        Ok(schema::Column {
            name: self.name.clone(),
            ty,
            nullable: self.nullable,
            declared,
            hidden: false,
            collation: self.collation.clone(),
        })
    }

    /// The type as `COLUMN_TYPE` of INFORMATION_SCHEMA words it.
    pub fn declared(&self, wording: Wording) -> String {
        use TypeKind as K;
        let ty = &self.ty;
        let length = ty.length.unwrap_or_default();
        let sized = |name: &str| format!("{name}({length})");
        let mut text = match ty.kind {
            K::TinyInt => self.integer("tinyint", wording, 4, 3),
            K::SmallInt => self.integer("smallint", wording, 6, 5),
            K::MediumInt => self.integer("mediumint", wording, 9, 8),
            K::Int => self.integer("int", wording, 11, 10),
            K::BigInt => self.integer("bigint", wording, 20, 20),
            K::Float => self.real("float"),
            K::Double | K::Real => self.real("double"),
            K::Decimal => format!("decimal({length},{})", ty.scale.unwrap_or(0)),
            K::Bit => sized("bit"),
            K::Year if length == 2 => "year(2)".to_owned(),
            K::Year => if wording.widths { "year(4)" } else { "year" }.to_owned(),
            K::Date => "date".to_owned(),
            K::Time => {
                if length > 0 {
                    sized("time")
                } else {
                    "time".to_owned()
                }
            }
            K::DateTime => {
                if length > 0 {
                    sized("datetime")
                } else {
                    "datetime".to_owned()
                }
            }
            K::Timestamp => {
                if length > 0 {
                    sized("timestamp")
                } else {
                    "timestamp".to_owned()
                }
            }
            K::Char => sized("char"),
            K::VarChar => sized("varchar"),
            K::TinyText => "tinytext".to_owned(),
            K::Text => "text".to_owned(),
            K::MediumText => "mediumtext".to_owned(),
            K::LongText => "longtext".to_owned(),
            K::Binary => sized("binary"),
            K::VarBinary => sized("varbinary"),
            K::TinyBlob => "tinyblob".to_owned(),
            K::Blob => "blob".to_owned(),
            K::MediumBlob => "mediumblob".to_owned(),
            K::LongBlob => "longblob".to_owned(),
            K::Enum => declared::quoted("enum", &ty.labels),
            K::Set => declared::quoted("set", &ty.labels),
            K::Json => "json".to_owned(),
            K::Geometry => "geometry".to_owned(),
            K::Point => "point".to_owned(),
            K::LineString => "linestring".to_owned(),
            K::Polygon => "polygon".to_owned(),
            K::MultiPoint => "multipoint".to_owned(),
            K::MultiLineString => "multilinestring".to_owned(),
            K::MultiPolygon => "multipolygon".to_owned(),
            K::GeometryCollection => {
                if wording.long_geometry { "geometrycollection" } else { "geomcollection" }.to_owned()
            }
            K::Vector => sized("vector"),
            K::Uuid => "uuid".to_owned(),
            K::Inet4 => "inet4".to_owned(),
            K::Inet6 => "inet6".to_owned(),
        };
        if ty.unsigned {
            text.push_str(" unsigned");
        }
        if ty.zerofill {
            text.push_str(" zerofill");
        }
        text
    }

    /// An integer with the width that the server shows.
    fn integer(&self, name: &str, wording: Wording, signed: u64, unsigned: u64) -> String {
        let default = if self.ty.unsigned { unsigned } else { signed };
        let width = self.ty.length.filter(|width| *width > 0).unwrap_or(default);
        let boolean = self.ty.kind == TypeKind::TinyInt && width == 1 && !self.ty.unsigned;
        let shown = wording.widths || self.ty.zerofill || boolean;
        if shown { format!("{name}({width})") } else { name.to_owned() }
    }

    fn real(&self, name: &str) -> String {
        let mut text = name.to_owned();
        if let (Some(length), Some(scale)) = (self.ty.length, self.ty.scale) {
            // writing into a String cannot fail
            let _ = write!(text, "({length},{scale})");
        }
        text
    }
}

/// TEXT, BLOB and spatial types, but for POINT, which has a length: a unique key holds them whole only as a hash.
fn is_long(kind: TypeKind) -> bool {
    use TypeKind as K;
    let text = matches!(kind, K::TinyText | K::Text | K::MediumText | K::LongText);
    text || matches!(kind, K::TinyBlob | K::Blob | K::MediumBlob | K::LongBlob) || is_shape(kind)
}

/// Spatial types but POINT.
fn is_shape(kind: TypeKind) -> bool {
    use TypeKind as K;
    matches!(
        kind,
        K::Geometry
            | K::LineString
            | K::Polygon
            | K::MultiPoint
            | K::MultiLineString
            | K::MultiPolygon
            | K::GeometryCollection
    )
}
