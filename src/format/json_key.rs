//! Keys as a compact JSON object of the key columns: `{"id":1001}`. One for all formats: how a value is written is theirs.

use super::json_value::{TextEscapes, quoted};
use super::{FormatError, OutputTable, Scratch, unchanged};
use crate::mysql::schema::Column;
use crate::mysql::value::Value;

/// Name of the member that distinguishes merged tables.
const ORIGIN: &str = "origin";

/// How values of one column are written in a key.
pub trait KeyValue {
    /// Appends a value, NULL as `null`.
    ///
    /// # Errors
    /// When the value cannot be one of its column.
    fn write(&self, value: &Value<'_>, scratch: &mut Scratch, out: &mut Vec<u8>) -> Result<(), FormatError>;
}

/// Writes keys of rows of one table version.
#[derive(Debug)]
pub struct JsonKey<V> {
    columns: Vec<KeyColumn<V>>,
    width: usize,
    /// What stands behind the last value.
    tail: Vec<u8>,
}

#[derive(Debug)]
struct KeyColumn<V> {
    index: usize,
    /// What stands before the value.
    head: Vec<u8>,
    value: V,
}

/// What stands around the columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyShape<'k> {
    /// What the key begins with, such as `{` or `{"database":"shop"`.
    pub head: &'k [u8],
    /// What stands before each name of a column.
    pub prefix: &'k str,
    /// Escapes of names.
    pub escapes: TextEscapes,
    /// What the key ends with.
    pub tail: &'k [u8],
}

impl KeyShape<'static> {
    /// The columns alone.
    pub(super) const PLAIN: KeyShape<'static> =
        KeyShape { head: b"{", prefix: "", escapes: TextEscapes::None, tail: b"}" };
}

impl<V: KeyValue> JsonKey<V> {
    /// Prepares a key of the columns of `table`, with `origin` in front if given; `value` prepares the values of a column.
    ///
    /// # Errors
    /// Those of `value`, and when a column has the name of the origin.
    pub(super) fn new(
        shape: KeyShape<'_>,
        table: OutputTable<'_>,
        origin: Option<&str>,
        value: impl Fn(&Column) -> Result<V, FormatError>,
    ) -> Result<JsonKey<V>, FormatError> {
        let mut head = shape.head.to_vec();
        if let Some(origin) = origin {
            comma(&mut head);
            head.extend_from_slice(&shape.escapes.member(ORIGIN));
            quoted(&mut head, |out| shape.escapes.push(origin, out));
        }
        let width = table.version.columns.len();
        let mut columns = Vec::with_capacity(table.columns.len());
        for column in table.columns {
            let name = format!("{}{}", shape.prefix, column.name);
            if origin.is_some() && name == ORIGIN {
                return Err(FormatError::FieldTwice { name });
            }
            comma(&mut head);
            head.extend_from_slice(&shape.escapes.member(&name));
            let source = table.version.columns.get(column.index);
            let source = source.ok_or(FormatError::Width { found: column.index + 1, expected: width })?;
            let head = std::mem::take(&mut head);
            columns.push(KeyColumn { index: column.index, head, value: value(source)? });
        }
        head.extend_from_slice(shape.tail);
        Ok(JsonKey { columns, width, tail: head })
    }

    /// True when both rows have the same values in the key's columns.
    pub(super) fn same(&self, before: &[Value<'_>], after: &[Value<'_>]) -> bool {
        let same = |before: Option<&Value<'_>>, after| match (before, after) {
            (Some(before), Some(after)) => unchanged(before, after),
            (before, after) => before.is_none() && after.is_none(),
        };
        self.columns.iter().all(|column| same(before.get(column.index), after.get(column.index)))
    }

    /// Appends the key of `row`.
    ///
    /// # Errors
    /// When the row does not fit the table version.
    pub(super) fn encode(
        &self,
        row: &[Value<'_>],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        if row.len() != self.width {
            return Err(FormatError::Width { found: row.len(), expected: self.width });
        }
        for column in &self.columns {
            out.extend_from_slice(&column.head);
            column.value.write(&row[column.index], scratch, out)?;
        }
        out.extend_from_slice(&self.tail);
        Ok(())
    }
}

/// Between two members, not before the first, nor behind a value.
fn comma(head: &mut Vec<u8>) {
    if !head.ends_with(b"{") {
        head.push(b',');
    }
}
