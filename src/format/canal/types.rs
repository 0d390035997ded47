//! MySQL type → `java.sql.Types` number, as Canal assigns them.

use crate::mysql::column_type::ColumnType;
use crate::mysql::value::Value;

/// `java.sql.Types`.
mod sql {
    pub(super) const BIT: i16 = -7;
    pub(super) const TINYINT: i16 = -6;
    pub(super) const BIGINT: i16 = -5;
    pub(super) const CHAR: i16 = 1;
    pub(super) const DECIMAL: i16 = 3;
    pub(super) const INTEGER: i16 = 4;
    pub(super) const SMALLINT: i16 = 5;
    pub(super) const REAL: i16 = 7;
    pub(super) const DOUBLE: i16 = 8;
    pub(super) const VARCHAR: i16 = 12;
    pub(super) const DATE: i16 = 91;
    pub(super) const TIME: i16 = 92;
    pub(super) const TIMESTAMP: i16 = 93;
    pub(super) const OTHER: i16 = 1111;
    pub(super) const BLOB: i16 = 2004;
    pub(super) const CLOB: i16 = 2005;
}

/// Numbers of a column: they depend on the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SqlType {
    /// Of ordinary values.
    pub usual: i16,
    /// Of NULL.
    pub null: i16,
    /// Of unsigned values above this limit, which a signed type of the width cannot hold.
    pub beyond: Option<(u64, i16)>,
}

impl SqlType {
    /// Number for a value.
    pub(super) fn of(self, value: &Value<'_>) -> i16 {
        match (value, self.beyond) {
            (Value::Null, _) => self.null,
            (Value::UInt(value), Some((limit, wider))) if *value > limit => wider,
            _ => self.usual,
        }
    }
}

/// Numbers for a column type. `by_declaration`, as the managed service has them: one for all values of a column, of unsigned
/// ones that of a type which holds them all.
pub(super) fn sql_type(ty: &ColumnType, by_declaration: bool) -> SqlType {
    let by_value = sql_type_by_value(ty);
    if !by_declaration {
        return by_value;
    }
    let usual = by_value.beyond.map_or(by_value.usual, |(_, wider)| wider);
    SqlType { usual, null: usual, beyond: None }
}

/// Numbers as Canal assigns them.
fn sql_type_by_value(ty: &ColumnType) -> SqlType {
    let same = |usual| SqlType { usual, null: usual, beyond: None };
    let null = |usual, null| SqlType { usual, null, beyond: None };
    let int = |usual, unsigned: bool, limit, wider| SqlType {
        usual,
        null: usual,
        beyond: unsigned.then_some((limit, wider)),
    };
    match ty {
        ColumnType::TinyInt { unsigned } => int(sql::TINYINT, *unsigned, i8::MAX as u64, sql::SMALLINT),
        ColumnType::SmallInt { unsigned } => int(sql::SMALLINT, *unsigned, i16::MAX as u64, sql::INTEGER),
        ColumnType::MediumInt { unsigned: _ } => same(sql::INTEGER),
        ColumnType::Int { unsigned } => int(sql::INTEGER, *unsigned, i32::MAX as u64, sql::BIGINT),
        ColumnType::BigInt { unsigned } => int(sql::BIGINT, *unsigned, i64::MAX as u64, sql::DECIMAL),
        ColumnType::Float => same(sql::REAL),
        ColumnType::Double => same(sql::DOUBLE),
        ColumnType::Decimal { .. } => same(sql::DECIMAL),
        ColumnType::Bit { .. } => same(sql::BIT),
        ColumnType::Year => same(sql::VARCHAR),
        ColumnType::Date => same(sql::DATE),
        ColumnType::Time { .. } => same(sql::TIME),
        ColumnType::DateTime { .. } | ColumnType::Timestamp { .. } => same(sql::TIMESTAMP),
        ColumnType::Char(_) => same(sql::CHAR),
        ColumnType::VarChar(_) => same(sql::VARCHAR),
        ColumnType::Text(_) => same(sql::CLOB),
        ColumnType::Binary { .. } | ColumnType::VarBinary { .. } | ColumnType::Blob { .. } => same(sql::BLOB),
        ColumnType::Enum(_) => same(sql::INTEGER),
        ColumnType::Set(_) => null(sql::BIT, sql::BLOB),
        ColumnType::Json => null(sql::VARCHAR, sql::OTHER),
        ColumnType::Geometry => same(sql::BLOB),
        // Canal knows none of these; they are sent as text.
        ColumnType::Vector | ColumnType::Uuid | ColumnType::Inet4 | ColumnType::Inet6 => same(sql::VARCHAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::column_type::{Labels, Text};

    /// The page for readers of messages has a row for each type, with the number that is sent.
    #[test]
    fn the_page_has_the_numbers() {
        let page = include_str!("../../../pipelines/canal-json.md");
        let unsigned = false;
        let text = || Text { charset: "utf8mb4".into(), max_bytes: 10, compressed: false };
        let labels = || Labels { labels: vec!["a".into()] };
        for (name, ty) in [
            ("TINYINT", ColumnType::TinyInt { unsigned }),
            ("SMALLINT", ColumnType::SmallInt { unsigned }),
            ("MEDIUMINT", ColumnType::MediumInt { unsigned }),
            ("INT", ColumnType::Int { unsigned }),
            ("BIGINT", ColumnType::BigInt { unsigned }),
            ("DECIMAL", ColumnType::Decimal { precision: 10, scale: 2 }),
            ("FLOAT", ColumnType::Float),
            ("DOUBLE", ColumnType::Double),
            ("BIT", ColumnType::Bit { bits: 1 }),
            ("YEAR", ColumnType::Year),
            ("DATE", ColumnType::Date),
            ("TIME", ColumnType::Time { fsp: 0 }),
            ("DATETIME", ColumnType::DateTime { fsp: 0 }),
            ("TIMESTAMP", ColumnType::Timestamp { fsp: 0 }),
            ("CHAR", ColumnType::Char(text())),
            ("VARCHAR", ColumnType::VarChar(text())),
            ("TEXT", ColumnType::Text(text())),
            ("BINARY", ColumnType::Binary { bytes: 4 }),
            ("BLOB", ColumnType::Blob { length_bytes: 2 }),
            ("ENUM", ColumnType::Enum(labels())),
            ("SET", ColumnType::Set(labels())),
            ("JSON", ColumnType::Json),
            ("GEOMETRY", ColumnType::Geometry),
            ("VECTOR", ColumnType::Vector),
            ("UUID", ColumnType::Uuid),
            ("INET4", ColumnType::Inet4),
            ("INET6", ColumnType::Inet6),
        ] {
            let numbers = sql_type(&ty, false);
            let start = format!("\n| {name} | {} | ", numbers.usual);
            let row = page.split_once(&start).map(|(_, rest)| rest.lines().next().unwrap_or_default());
            let row = row.unwrap_or_else(|| panic!("no row of {name} with {}", numbers.usual));
            let null = format!("NULL has {}", numbers.null);
            assert_eq!(row.contains(&null), numbers.null != numbers.usual, "{name}: {row}");
        }
    }
}
