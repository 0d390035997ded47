//! TABLE_MAP: which table the rows that follow belong to, and what their columns look like.

use super::event::DecodeError;
use super::reader::Reader;
use super::wire::{Wire, code, metadata_bytes, wire};
use crate::mysql::position::Flavor;
use std::str;

/// A table map. Owned: it is parsed once per definition of a table, not once per event (the body is the same each time).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableMap {
    /// The server's number of this definition of the table, valid until the file ends.
    pub table_id: u64,
    /// Database.
    pub db: String,
    /// Table.
    pub table: String,
    /// Columns in wire order.
    pub columns: Vec<MapColumn>,
    /// Primary key as (column index, bytes of the prefix, 0 for the whole column); `None` when the event does not say.
    pub primary_key: Option<Vec<(usize, u32)>>,
    /// The event carries the names of its columns (`binlog_row_metadata=FULL`).
    pub named: bool,
}

/// A column of a table map. What depends on optional metadata is `None` without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapColumn {
    /// Type number.
    pub type_number: u8,
    /// Metadata bytes in the order of the event; what is not there is 0.
    pub metadata: [u8; 2],
    /// Type and metadata, taken apart.
    pub wire: Wire,
    /// May be NULL.
    pub nullable: bool,
    /// For numbers: no negative values.
    pub unsigned: Option<bool>,
    /// For character columns, ENUM and SET: collation id; 63 is `binary`.
    pub collation: Option<u16>,
    /// Name.
    pub name: Option<String>,
    /// For ENUM and SET: labels in the column's character set.
    pub labels: Option<Vec<Vec<u8>>>,
    /// For geometry columns: subtype, 0 for GEOMETRY itself.
    pub geometry: Option<u8>,
    /// Not INVISIBLE (MySQL tells it).
    pub visible: Option<bool>,
}

/// The table id of a TABLE_MAP body or rows event body, without parsing the rest.
///
/// # Errors
/// When it is too short.
pub fn table_id(body: &[u8]) -> Result<u64, DecodeError> {
    Reader::new(body).u48("table id")
}

impl TableMap {
    /// Reads the body of a TABLE_MAP event written by a server of `flavor`.
    ///
    /// # Errors
    /// When the event is cut, a column has a type that is not known, or the optional metadata contradicts the columns.
    pub fn parse(body: &[u8], flavor: Flavor) -> Result<TableMap, DecodeError> {
        TableMap::read(body, flavor, true)
    }

    /// The same for the body of an event that MySQL before 8.0.21 wrote, which does not tell the sign of a YEAR.
    ///
    /// # Errors
    /// As [`parse`](TableMap::parse).
    pub fn parse_without_signs_of_years(body: &[u8]) -> Result<TableMap, DecodeError> {
        TableMap::read(body, Flavor::MySql, false)
    }

    fn read(body: &[u8], flavor: Flavor, signs_of_years: bool) -> Result<TableMap, DecodeError> {
        let mut reader = Reader::new(body);
        let table_id = reader.u48("table id")?;
        reader.u16("table flags")?;
        let db = name(&mut reader, "database")?;
        let table = name(&mut reader, "table")?;
        let count = reader.lenenc_usize("column count")?;
        let types_at = reader.offset();
        let types = reader.take(count, "column types")?;
        let metadata_at = reader.offset();
        let metadata = reader.lenenc_bytes("column metadata")?;
        let nullable = reader.take(count.div_ceil(8), "nullable bits")?;
        let mut metadata = Reader::new(metadata);
        let mut columns = Vec::with_capacity(count);
        for (index, &type_number) in types.iter().enumerate() {
            let unknown = DecodeError::Invalid { what: "column type", offset: types_at + index };
            let len = metadata_bytes(type_number).ok_or_else(|| unknown.clone())?;
            let bytes = metadata
                .take(len, "column metadata")
                .map_err(|_| DecodeError::Truncated { what: "column metadata", offset: metadata_at })?;
            let metadata = [bytes.first().copied().unwrap_or(0), bytes.get(1).copied().unwrap_or(0)];
            columns.push(MapColumn {
                type_number,
                metadata,
                wire: wire(type_number, metadata).ok_or(unknown)?,
                nullable: nullable[index / 8] & 1 << (index % 8) != 0,
                unsigned: None,
                collation: None,
                name: None,
                labels: None,
                geometry: None,
                visible: None,
            });
        }
        let mut map = TableMap { table_id, db, table, columns, primary_key: None, named: false };
        map.read_optional(&mut reader, flavor, signs_of_years)?;
        Ok(map)
    }

    /// Optional metadata: fields of type, length, value. Types that are not known are skipped, as the length allows it.
    /// Source of the numbers: MySQL `Table_map_event::Optional_metadata_field_type`.
    fn read_optional(
        &mut self,
        reader: &mut Reader<'_>,
        flavor: Flavor,
        signs_of_years: bool,
    ) -> Result<(), DecodeError> {
        while !reader.is_empty() {
            let field = reader.u8("optional metadata")?;
            let offset = reader.offset();
            let value = reader.lenenc_bytes("optional metadata")?;
            let mut value = Reader::new(value);
            self.read_field(field, &mut value, flavor, signs_of_years)
                .map_err(|_| DecodeError::Invalid { what: "optional metadata", offset })?;
        }
        Ok(())
    }

    fn read_field(
        &mut self,
        field: u8,
        value: &mut Reader<'_>,
        flavor: Flavor,
        signs_of_years: bool,
    ) -> Result<(), DecodeError> {
        const WHAT: &str = "optional metadata";
        match field {
            1 => {
                let bits = value.rest();
                let signed = |column: &&mut MapColumn| {
                    is_numeric(column.type_number) && (signs_of_years || column.type_number != code::YEAR)
                };
                for (index, column) in self.columns.iter_mut().filter(signed).enumerate() {
                    column.unsigned = Some(bit(bits, index)?);
                }
            }
            2 | 3 => {
                let columns = self.columns.iter_mut().filter(|column| is_character(column, flavor));
                read_collations(field == 2, value, columns)?;
            }
            4 => {
                for column in &mut self.columns {
                    column.name = Some(text(value.lenenc_bytes(WHAT)?)?);
                }
                self.named = true;
            }
            5 | 6 => {
                for column in &mut self.columns {
                    let wanted = match column.wire {
                        Wire::Set { .. } => field == 5,
                        Wire::Enum { .. } => field == 6,
                        _ => false,
                    };
                    if wanted {
                        let count = value.lenenc_usize(WHAT)?;
                        let mut labels = Vec::new();
                        for _ in 0..count {
                            labels.push(value.lenenc_bytes(WHAT)?.to_vec());
                        }
                        column.labels = Some(labels);
                    }
                }
            }
            7 => {
                for column in &mut self.columns {
                    if let Wire::Geometry { .. } = column.wire {
                        column.geometry = u8::try_from(value.lenenc(WHAT)?).ok();
                    }
                }
            }
            8 | 9 => {
                let mut key = Vec::new();
                while !value.is_empty() {
                    let column = value.lenenc_usize(WHAT)?;
                    let prefix = if field == 9 { value.lenenc(WHAT)? } else { 0 };
                    let Ok(prefix) = u32::try_from(prefix) else { return Err(invalid()) };
                    if column >= self.columns.len() {
                        return Err(invalid());
                    }
                    key.push((column, prefix));
                }
                self.primary_key = Some(key);
            }
            10 | 11 => {
                let columns = self
                    .columns
                    .iter_mut()
                    .filter(|column| matches!(column.wire, Wire::Enum { .. } | Wire::Set { .. }));
                read_collations(field == 10, value, columns)?;
            }
            12 => {
                let bits = value.rest();
                for (index, column) in self.columns.iter_mut().enumerate() {
                    column.visible = Some(bit(bits, index)?);
                }
            }
            // 13 is the number of dimensions of vectors, which every value tells by its length
            _ => {}
        }
        Ok(())
    }
}

/// A name behind one byte of length and before a zero byte.
fn name(reader: &mut Reader<'_>, what: &'static str) -> Result<String, DecodeError> {
    let offset = reader.offset();
    let len = reader.lenenc_usize(what)?;
    let name = reader.take(len, what)?;
    let name = text(name).map_err(|_| DecodeError::Invalid { what, offset })?;
    match reader.u8(what)? {
        0 => Ok(name),
        _ => Err(DecodeError::Invalid { what, offset }),
    }
}

/// Names are stored in UTF-8.
fn text(bytes: &[u8]) -> Result<String, DecodeError> {
    str::from_utf8(bytes).map(str::to_owned).map_err(|_| invalid())
}

/// Something is wrong in optional metadata; the caller knows the place.
fn invalid() -> DecodeError {
    DecodeError::Invalid { what: "optional metadata", offset: 0 }
}

/// Bit `index`, counted from the highest bit of the first byte, as optional metadata does.
fn bit(bits: &[u8], index: usize) -> Result<bool, DecodeError> {
    bits.get(index / 8).map(|byte| byte & 0x80 >> (index % 8) != 0).ok_or_else(invalid)
}

/// Collation ids: either a default with exceptions by number, or one for each of `columns`.
fn read_collations<'a>(
    by_exception: bool,
    value: &mut Reader<'_>,
    columns: impl Iterator<Item = &'a mut MapColumn>,
) -> Result<(), DecodeError> {
    const WHAT: &str = "optional metadata";
    let id = |value: &mut Reader<'_>| u16::try_from(value.lenenc(WHAT)?).map_err(|_| invalid());
    if !by_exception {
        for column in columns {
            column.collation = Some(id(value)?);
        }
        return Ok(());
    }
    let default = id(value)?;
    let mut next = if value.is_empty() { None } else { Some((value.lenenc_usize(WHAT)?, id(value)?)) };
    for (index, column) in columns.enumerate() {
        column.collation = Some(default);
        if let Some((at, collation)) = next
            && at == index
        {
            column.collation = Some(collation);
            next = if value.is_empty() { None } else { Some((value.lenenc_usize(WHAT)?, id(value)?)) };
        }
    }
    if next.is_some() { Err(invalid()) } else { Ok(()) }
}

/// Columns with a bit in the signedness field, on both families of servers; YEAR only from MySQL 8.0.21 on.
fn is_numeric(type_number: u8) -> bool {
    matches!(
        type_number,
        code::TINY
            | code::SHORT
            | code::INT24
            | code::LONG
            | code::LONGLONG
            | code::FLOAT
            | code::DOUBLE
            | code::NEWDECIMAL
            | code::YEAR
    )
}

/// Columns with a place in the charset fields: strings, blobs, and MySQL's vectors; MariaDB counts geometry and compressed columns as
/// well.
fn is_character(column: &MapColumn, flavor: Flavor) -> bool {
    match column.wire {
        Wire::Fixed { .. } | Wire::Variable { .. } | Wire::Blob { .. } | Wire::Vector { .. } => true,
        Wire::Geometry { .. } | Wire::CompressedBlob { .. } | Wire::CompressedVariable { .. } => {
            flavor == Flavor::MariaDb
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by MySQL 8.0.15 and 9.7 for `y year, a int unsigned, b int`: only the newer one has a bit for the year.
    #[test]
    fn the_sign_of_a_year() {
        let check = |map: Result<TableMap, DecodeError>, year: Option<bool>| {
            let signs = map.expect("a whole event").columns.into_iter().map(|column| column.unsigned);
            assert_eq!(signs.collect::<Vec<_>>(), [year, Some(true), Some(false)]);
        };
        let old =
            b"\x71\0\0\0\0\0\x01\0\x01x\0\x02y1\0\x03\x0d\x03\x03\0\x07\x01\x01\x80\x04\x06\x01y\x01a\x01b";
        let new = b"\xd4\0\0\0\0\0\x01\0\x01x\0\x02y1\0\x03\x0d\x03\x03\0\x07\x01\x01\xc0\x04\x06\x01y\x01a\x01b\x0c\x01\xe0";
        check(TableMap::parse_without_signs_of_years(old), None);
        check(TableMap::parse(new, Flavor::MySql), Some(true));
    }

    /// Written by MySQL 9.7: a VECTOR stands among the columns with a character set, with that of binary strings.
    #[test]
    fn vectors_are_counted_among_strings() {
        let check = |body: &[u8], collations: &[(&str, Option<u16>)]| {
            let map = TableMap::parse(body, Flavor::MySql).expect("a whole event");
            let found: Vec<_> = map
                .columns
                .iter()
                .map(|column| (column.name.as_deref().expect("it is named"), column.collation))
                .collect();
            assert_eq!(found, collations);
        };
        // a varchar, b vector
        check(
            b"\xa8\0\0\0\0\0\x01\0\x01x\0\x03ve1\0\x02\x0f\xf2\x03\xc4\0\x04\x03\
              \x03\x04\xfc\xff\0\x3f\x0d\x01\x03\x04\x04\x01a\x01b\x0c\x01\xc0",
            &[("a", Some(255)), ("b", Some(63))],
        );
        // period varchar, n mediumint, c char, v vector: a default with an exception
        check(
            b"\xc1\0\0\0\0\0\x01\0\x01x\0\x03ve1\0\x04\x0f\x09\xfe\xf2\x05\xc4\0\xfe\x24\x04\x0d\
              \x01\x01\0\x02\x05\xfc\xff\0\x02\x3f\x0d\x01\x03\x04\x0d\x06period\x01n\x01c\x01v\x0c\x01\xf0",
            &[("period", Some(255)), ("n", None), ("c", Some(255)), ("v", Some(63))],
        );
        // b vector, a varchar, without names
        let map = TableMap::parse(
            b"\xa8\0\0\0\0\0\x01\0\x01x\0\x03ve1\0\x02\xf2\x0f\x03\x04\xc4\0\x03\x03\x04\x3f\xfc\xff\0",
            Flavor::MySql,
        );
        assert_eq!(map.expect("a whole event").columns[1].collation, Some(255));
    }
}
