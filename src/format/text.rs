//! Values as plain texts: keys `as text`, and what hashes over texts see.
//!
//! The text of a value is that of `canal-json`, without quotes and escapes.

use super::canal::ValueWriter;
use super::{CanalOptions, FormatError, OutputTable, Scratch, unchanged};
use crate::mysql::value::Value;

/// Between the texts of a key of several columns. This and the signs below are those of MySQL's own text files.
const BETWEEN: u8 = b',';
const ESCAPE: u8 = b'\\';
const NULL: &[u8] = b"\\N";

/// Some columns of a table version as texts.
#[derive(Debug)]
pub struct TextColumns {
    columns: Vec<(usize, ValueWriter)>,
    width: usize,
}

impl TextColumns {
    /// Prepares the columns of `table`.
    ///
    /// # Errors
    /// When a column is of a character set that is not supported.
    pub fn new(options: &CanalOptions, table: OutputTable<'_>) -> Result<TextColumns, FormatError> {
        let width = table.version.columns.len();
        let column = |index: usize| {
            let source = table.version.columns.get(index);
            let source = source.ok_or(FormatError::Width { found: index + 1, expected: width })?;
            Ok((index, ValueWriter::new(options, source)?))
        };
        let columns = table.columns.iter().map(|column_| column(column_.index));
        Ok(TextColumns { columns: columns.collect::<Result<_, FormatError>>()?, width })
    }

    /// Gives each text to `take`, in the order of the columns; none for NULL. `out` is room behind what it holds.
    ///
    /// # Errors
    /// When the row does not fit the table version.
    pub fn each(
        &self,
        row: &[Value<'_>],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
        mut take: impl FnMut(Option<&[u8]>),
    ) -> Result<(), FormatError> {
        if row.len() != self.width {
            return Err(FormatError::Width { found: row.len(), expected: self.width });
        }
        for (index, writer) in &self.columns {
            match &row[*index] {
                Value::Null => take(None),
                value => {
                    let start = out.len();
                    writer.write(value, scratch, out)?;
                    unescape(out, start);
                    take(Some(&out[start..]));
                    out.truncate(start);
                }
            }
        }
        Ok(())
    }

    fn same(&self, before: &[Value<'_>], after: &[Value<'_>]) -> bool {
        let same = |before: Option<&Value<'_>>, after| match (before, after) {
            (Some(before), Some(after)) => unchanged(before, after),
            (before, after) => before.is_none() && after.is_none(),
        };
        self.columns.iter().all(|(index, _)| same(before.get(*index), after.get(*index)))
    }
}

/// Writes keys as the texts of their columns: `1001`, `1001,SKU-1`.
///
/// So that two keys are never one text: NULL is `\N`, and a backslash or, where there are several texts, a comma has a
/// backslash before it.
#[derive(Debug)]
pub struct TextKey {
    columns: TextColumns,
    origin: Option<Vec<u8>>,
    several: bool,
}

impl TextKey {
    pub(super) fn new(
        options: &CanalOptions,
        table: OutputTable<'_>,
        origin: Option<&str>,
    ) -> Result<TextKey, FormatError> {
        let columns = TextColumns::new(options, table)?;
        let several = columns.columns.len() + usize::from(origin.is_some()) > 1;
        let origin = origin.map(|origin| {
            let mut text = Vec::new();
            push_escaped(origin.as_bytes(), several, &mut text);
            text
        });
        Ok(TextKey { columns, origin, several })
    }

    pub(super) fn same(&self, before: &[Value<'_>], after: &[Value<'_>]) -> bool {
        self.columns.same(before, after)
    }

    pub(super) fn encode(
        &self,
        row: &[Value<'_>],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let mut first = true;
        let mut separate = |out: &mut Vec<u8>| {
            if !std::mem::replace(&mut first, false) {
                out.push(BETWEEN);
            }
        };
        if let Some(origin) = &self.origin {
            separate(out);
            out.extend_from_slice(origin);
        }
        let mut room = std::mem::take(&mut scratch.key);
        let done = self.columns.each(row, scratch, &mut room, |text| {
            separate(out);
            match text {
                None => out.extend_from_slice(NULL),
                Some(text) => push_escaped(text, self.several, out),
            }
        });
        scratch.key = room;
        done
    }
}

fn push_escaped(text: &[u8], several: bool, out: &mut Vec<u8>) {
    for byte in text {
        if *byte == ESCAPE || several && *byte == BETWEEN {
            out.push(ESCAPE);
        }
        out.push(*byte);
    }
}

/// Takes back the escapes of a JSON string behind `start`.
fn unescape(text: &mut Vec<u8>, start: usize) {
    let Some(first) = memchr::memchr(b'\\', &text[start..]) else { return };
    let (mut from, mut to) = (start + first, start + first);
    while from < text.len() {
        if text[from] != b'\\' {
            text[to] = text[from];
            (from, to) = (from + 1, to + 1);
            continue;
        }
        // Written by ourselves: an escape is whole, and one with digits stands for a byte below 0x20.
        let (byte, length) = match text[from + 1] {
            b'n' => (b'\n', 2),
            b'r' => (b'\r', 2),
            b't' => (b'\t', 2),
            b'b' => (0x08, 2),
            b'f' => (0x0c, 2),
            b'u' => {
                let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or_default() as u8;
                (digit(text[from + 4]) << 4 | digit(text[from + 5]), 6)
            }
            other => (other, 2),
        };
        text[to] = byte;
        (from, to) = (from + length, to + 1);
    }
    text.truncate(to);
}

#[cfg(test)]
mod tests {
    use super::super::json_string::push_text;
    use super::super::{FormatPlan, KeyEncoder, OutputColumn};
    use super::*;
    use crate::mysql::column_type::{ColumnType, Text};
    use crate::mysql::schema::{Column, TableName, TableVersion};
    use crate::mysql::value::Decimal;
    use crate::statement::KeyForm;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn escapes_are_taken_back(text in any::<String>()) {
            let mut out = b"\\n".to_vec();
            push_text(text.as_bytes(), &mut out);
            unescape(&mut out, 2);
            prop_assert_eq!(&out[2..], text.as_bytes());
            prop_assert_eq!(&out[..2], b"\\n");
        }
    }

    /// The key of two text columns and a decimal, of which `n` are in it.
    fn key(n: usize, origin: Option<&str>, row: [Value<'_>; 3]) -> String {
        let text = ColumnType::VarChar(Text { charset: "utf8mb4".into(), max_bytes: 80, compressed: false });
        let column = |name: &str, ty: &ColumnType| Column {
            name: name.into(),
            ty: ty.clone(),
            nullable: true,
            declared: "x".into(),
            hidden: false,
            collation: None,
        };
        let version = TableVersion {
            name: TableName::new("shop", "orders"),
            columns: vec![
                column("a", &text),
                column("b", &text),
                column("c", &ColumnType::Decimal { precision: 10, scale: 2 }),
            ],
            primary_key: Vec::new(),
            unique_keys: Vec::new(),
        };
        let columns: Vec<OutputColumn> =
            (0..n).map(|index| OutputColumn { index, name: "x".into() }).collect();
        let table =
            OutputTable { source: "s", db: "shop", table: "orders", version: &version, columns: &columns };
        let plan = FormatPlan::CanalJson(CanalOptions::default());
        let key = KeyEncoder::build(&plan, Some(KeyForm::Text), table, origin).unwrap();
        let mut out = b"before".to_vec();
        key.encode(&row, &mut Scratch::new(), &mut out).unwrap();
        String::from_utf8(out.split_off(6)).unwrap()
    }

    #[test]
    fn keys_are_texts() {
        let text = |text: &'static str| Value::Text(text.as_bytes());
        let price = Value::Decimal(Decimal::Text(b"19.99"));
        assert_eq!(key(1, None, [text("grün, \"x\"\n"), Value::Null, price]), "grün, \"x\"\n");
        assert_eq!(key(3, None, [text("a"), text("b"), price]), "a,b,19.99");
        assert_eq!(key(2, Some("s.shop.orders"), [text("a"), Value::Null, price]), "s.shop.orders,a,\\N");
    }

    #[test]
    fn no_two_keys_are_one_text() {
        let keys = |a: &'static str, b: &'static str| {
            key(2, None, [Value::Text(a.as_bytes()), Value::Text(b.as_bytes()), Value::Null])
        };
        assert_ne!(keys("a,b", "c"), keys("a", "b,c"));
        assert_ne!(keys("a\\", "c"), keys("a", "\\,c"));
        let one = |value| key(1, None, [value, Value::Null, Value::Null]);
        assert_ne!(one(Value::Null), one(Value::Text(b"\\N")));
        assert_ne!(one(Value::Null), one(Value::Text(b"")));
    }
}
