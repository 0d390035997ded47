//! The masks of one table version.

use super::mask::{ColumnMask, Mask, Masked, announced};
use crate::change::RowChange;
use crate::mysql::schema::TableVersion;
use crate::mysql::value::{Value, recycle};
use std::fmt;

/// Larger rooms are given back, so that one huge value does not stay paid for.
const KEEP_BYTES: usize = 256 * 1024;

/// Why a table cannot be masked, or a row not. Names columns, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MaskError {
    /// A mask that its column cannot have.
    #[error("`mask` of column `{column}`: {why}")]
    Misfit {
        /// Column at the source.
        column: String,
        /// Why.
        why: String,
    },
    /// A value that cannot be what its column says.
    #[error("column `{column}` holds {what}")]
    Value {
        /// Column at the source.
        column: String,
        /// What is wrong, without the value.
        what: &'static str,
    },
    /// A row with more or fewer values than the table version has columns.
    #[error("the row has {found} values, the table {expected} columns")]
    Width {
        /// Values in the row.
        found: usize,
        /// Columns of the table.
        expected: usize,
    },
}

/// Masks rows of one table version. Nothing is allocated per row.
pub struct RowMask {
    columns: Vec<MaskedColumn>,
    /// Columns of the table.
    width: usize,
    /// What masks made of the values of the rows at hand, by image and masked column.
    made: Vec<Masked>,
    arena: Vec<u8>,
    scratch: String,
    before: Vec<Value<'static>>,
    after: Vec<Value<'static>>,
}

#[derive(Debug)]
struct MaskedColumn {
    index: usize,
    /// Name at the source, for errors.
    name: String,
    mask: ColumnMask,
}

impl RowMask {
    /// Prepares the masks of `version`, each with the index of its column. Also the table as messages have it then.
    ///
    /// # Errors
    /// A fixed text that is no value of its column, a character set that is not supported.
    pub fn build(
        version: &TableVersion,
        masks: &[(usize, Mask)],
    ) -> Result<(RowMask, TableVersion), MaskError> {
        let mut seen = version.clone();
        let mut columns = Vec::with_capacity(masks.len());
        for (index, mask) in masks {
            let own = version.columns.get(*index);
            let own = own.ok_or(MaskError::Width { found: index + 1, expected: version.columns.len() })?;
            let made = ColumnMask::new(mask, &own.ty)
                .map_err(|why| MaskError::Misfit { column: own.name.clone(), why: why.to_string() })?;
            seen.columns[*index] = announced(own, mask);
            columns.push(MaskedColumn { index: *index, name: own.name.clone(), mask: made });
        }
        let mask = RowMask {
            columns,
            width: version.columns.len(),
            made: Vec::new(),
            arena: Vec::new(),
            scratch: String::new(),
            before: Vec::new(),
            after: Vec::new(),
        };
        Ok((mask, seen))
    }

    /// Hands `change` to `then`, masked. Also returns how many places of masked text had no meaning in their character set.
    ///
    /// # Errors
    /// When the row does not fit the table version.
    pub fn masked<T>(
        &mut self,
        change: &RowChange<'_, '_>,
        then: impl FnOnce(&RowChange<'_, '_>) -> T,
    ) -> Result<(T, usize), MaskError> {
        self.arena.clear();
        self.made.clear();
        let (first, second): (&[Value<'_>], Option<&[Value<'_>]>) = match *change {
            RowChange::Insert { after } => (after, None),
            RowChange::Delete { before } => (before, None),
            RowChange::Update { before, after } => (before, Some(after)),
        };
        // Broken places are counted in the row as it is now.
        let mut broken = self.make(first)?;
        if let Some(second) = second {
            broken = self.make(second)?;
        }
        let mut before = recycle(std::mem::take(&mut self.before));
        let mut after = recycle(std::mem::take(&mut self.after));
        self.fill(first, 0, &mut before);
        let done = match (change, second) {
            (RowChange::Insert { .. }, _) => then(&RowChange::Insert { after: &before }),
            (RowChange::Update { .. }, Some(second)) => {
                self.fill(second, self.columns.len(), &mut after);
                then(&RowChange::Update { before: &before, after: &after })
            }
            (RowChange::Delete { .. } | RowChange::Update { .. }, _) => {
                then(&RowChange::Delete { before: &before })
            }
        };
        let (before, after) = (recycle(before), recycle(after));
        (self.before, self.after) = (before, after);
        self.trim();
        Ok((done, broken))
    }

    /// Masks the values of an image.
    fn make(&mut self, row: &[Value<'_>]) -> Result<usize, MaskError> {
        if row.len() != self.width {
            return Err(MaskError::Width { found: row.len(), expected: self.width });
        }
        let mut broken = 0;
        for column in &self.columns {
            let made = column.mask.apply(&row[column.index], &mut self.scratch, &mut self.arena);
            let (made, places) =
                made.map_err(|what| MaskError::Value { column: column.name.clone(), what })?;
            self.made.push(made);
            broken += places;
        }
        Ok(broken)
    }

    /// The image with what the masks made, which begins at `from` of [`RowMask::made`].
    fn fill<'v>(&'v self, row: &[Value<'v>], from: usize, out: &mut Vec<Value<'v>>) {
        out.extend_from_slice(row);
        for (column, made) in self.columns.iter().zip(&self.made[from..]) {
            out[column.index] = match made {
                Masked::Null => Value::Null,
                Masked::Text(range) => Value::Text(&self.arena[range.clone()]),
                Masked::Fixed => column.mask.fixed(),
            };
        }
    }

    fn trim(&mut self) {
        if self.arena.capacity() > KEEP_BYTES {
            self.arena = Vec::new();
        }
        if self.scratch.capacity() > KEEP_BYTES {
            self.scratch = String::new();
        }
    }
}

/// The buffers hold row values: only the masks are shown.
impl fmt::Debug for RowMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowMask").field("columns", &self.columns).finish_non_exhaustive()
    }
}
