//! Rows events: images of rows, before and after.
//!
//! The loop of a reader, with vectors that live as long as the thread:
//!
//! ```
//! # use syncc::mysql::binlog::{event::RawEvent, layout::RowLayout, rows::{RowError, RowKind, RowsEvent}, scratch::Scratch};
//! # use syncc::mysql::value::{Value, recycle};
//! # fn f(events: &[(RawEvent, &RowLayout)]) -> Result<(), RowError> {
//! let (mut before, mut after): (Vec<Value<'static>>, Vec<Value<'static>>) = (Vec::new(), Vec::new());
//! let mut scratch = Scratch::new(64 << 20);
//! for (event, layout) in events {
//!     let (mut old, mut new) = (recycle(before), recycle(after));
//!     let mut rows = RowsEvent::parse(event)?.read(layout, &mut scratch)?;
//!     while let Some(kind) = rows.next(&mut old, &mut new)? {
//!         match kind {
//!             RowKind::Insert => drop(&new),
//!             RowKind::Update => drop((&old, &new)),
//!             RowKind::Delete => drop(&old),
//!         }
//!     }
//!     (before, after) = (recycle(old), recycle(new));
//! }
//! # Ok(())
//! # }
//! ```

mod partial;

use super::cell::{CellError, Cells};
use super::event::{DecodeError, EventType, RawEvent};
use super::layout::{ColumnPlan, RowLayout};
use super::reader::Reader;
use super::scratch::Scratch;
use crate::mysql::value::Value;
use thiserror::Error;

/// `STMT_END_F`: the last rows event of a statement; table ids are not used beyond it.
const FLAG_STATEMENT_END: u16 = 1;

/// What happened to the rows of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// Rows came: an after image each.
    Insert,
    /// Rows changed: a before and an after image each.
    Update,
    /// Rows went: a before image each.
    Delete,
}

/// Why rows could not be read. Names place and column, never a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RowError {
    /// The event itself is damaged.
    #[error(transparent)]
    Event(#[from] DecodeError),
    /// The event has another number of columns than its table map.
    #[error("rows of {rows} columns follow a table map of {map}")]
    Columns {
        /// Columns in the rows event.
        rows: usize,
        /// Columns of the layout.
        map: usize,
    },
    /// An image leaves a column out that is wanted.
    #[error(
        "the row image leaves out column {}. Either a session wrote it with a `binlog_row_image` other than FULL: set FULL for \
         every session, and load the table again. Or it is a generated column, which MariaDB 11.8 logs in inserts only: \
         leave it out with `columns except`",
        column + 1
    )]
    Partial {
        /// Number of the column, from 0.
        column: usize,
    },
    /// A value cannot be read.
    #[error("column {} at byte {offset} of the rows event has {what}", column + 1)]
    Value {
        /// Number of the column, from 0.
        column: usize,
        /// Where, counted from the first byte after the header.
        offset: usize,
        /// What it has.
        what: &'static str,
    },
}

/// A rows event whose frame has been read.
#[derive(Debug, Clone, Copy)]
pub struct RowsEvent<'b> {
    /// Table map the rows belong to.
    pub table_id: u64,
    /// What happened.
    pub kind: RowKind,
    /// Last rows event of its statement.
    pub statement_end: bool,
    /// After images tell JSON documents as changes of those before.
    partial: bool,
    columns: usize,
    before_present: &'b [u8],
    after_present: &'b [u8],
    images: Cells<'b>,
    body_bytes: usize,
}

impl<'b> RowsEvent<'b> {
    /// Reads the frame of a rows event of version 1 or 2, or of one with partial JSON updates.
    ///
    /// # Errors
    /// When the event is cut, or is no rows event.
    pub fn parse(event: &RawEvent<'b>) -> Result<RowsEvent<'b>, DecodeError> {
        let (kind, extra) = match event.header.event_type {
            EventType::WriteRowsV1 => (RowKind::Insert, false),
            EventType::UpdateRowsV1 => (RowKind::Update, false),
            EventType::DeleteRowsV1 => (RowKind::Delete, false),
            EventType::WriteRows => (RowKind::Insert, true),
            EventType::UpdateRows | EventType::PartialUpdateRows => (RowKind::Update, true),
            EventType::DeleteRows => (RowKind::Delete, true),
            _ => return Err(DecodeError::Invalid { what: "type of a rows event", offset: 0 }),
        };
        let mut reader = Reader::new(event.body);
        let table_id = reader.u48("table id")?;
        let flags = reader.u16("rows flags")?;
        if extra {
            // the length counts itself; the data (partition numbers and the like) changes nothing about rows
            let offset = reader.offset();
            let len = usize::from(reader.u16("extra data length")?);
            let len = len.checked_sub(2).ok_or(DecodeError::Invalid { what: "extra data length", offset })?;
            reader.take(len, "extra data")?;
        }
        let columns = reader.lenenc_usize("column count")?;
        let bytes = columns.div_ceil(8);
        let present = reader.take(bytes, "columns present")?;
        let (before_present, after_present) = match kind {
            RowKind::Insert => (&[][..], present),
            RowKind::Delete => (present, &[][..]),
            RowKind::Update => (present, reader.take(bytes, "columns present")?),
        };
        Ok(RowsEvent {
            table_id,
            kind,
            statement_end: flags & FLAG_STATEMENT_END != 0,
            partial: event.header.event_type == EventType::PartialUpdateRows,
            columns,
            before_present,
            after_present,
            images: Cells { rest: reader.rest() },
            body_bytes: event.body.len(),
        })
    }

    /// An event that belongs to no table and has no rows: some servers end a statement with one when its last rows were
    /// left out. Its table id was never mapped.
    pub fn is_dummy(&self) -> bool {
        self.columns == 0
    }

    /// Prepares reading the rows by `layout`. `scratch` holds what the log has in another form, and may be used for the next event
    /// when the values of this one are gone.
    ///
    /// # Errors
    /// When the layout is of another table, an image lacks a column that the layout uses, or (for tables that need `scratch`) a
    /// value cannot be read.
    pub fn read<'l>(
        self,
        layout: &'l RowLayout,
        scratch: &'b mut Scratch,
    ) -> Result<RowReader<'b, 'l>, RowError> {
        if self.columns != layout.columns.len() {
            return Err(RowError::Columns { rows: self.columns, map: layout.columns.len() });
        }
        // a partial update is put together with the whole row before
        let missed = |column: usize| self.partial || layout.columns[column].used;
        let [before, after] =
            [self.before_present, self.after_present].map(|bits| Present::of(bits, self.columns));
        for image in [before, after] {
            if let Some(column) = image.absent(self.columns).find(|&column| missed(column)) {
                return Err(RowError::Partial { column });
            }
        }
        scratch.clear();
        if self.partial {
            partial::prepare(layout, self.images, self.body_bytes, scratch)?;
        } else if layout.needs_scratch {
            let mut cells = self.images;
            let images: &[Present<'_>] = match self.kind {
                RowKind::Insert => &[after],
                RowKind::Update => &[before, after],
                RowKind::Delete => &[before],
            };
            while !cells.rest.is_empty() {
                for &image in images {
                    each_column(layout, image, &mut cells, self.body_bytes, |column, cells, null| {
                        prepare_one(column, cells, null, scratch)
                    })?;
                }
            }
        }
        let aside = Cells { rest: scratch.bytes() };
        Ok(RowReader {
            layout,
            kind: self.kind,
            partial: self.partial,
            before,
            after,
            images: self.images,
            aside,
            body_bytes: self.body_bytes,
        })
    }
}

/// Reads the rows of one event in order.
#[derive(Debug)]
pub struct RowReader<'b, 'l> {
    layout: &'l RowLayout,
    kind: RowKind,
    partial: bool,
    before: Present<'b>,
    after: Present<'b>,
    images: Cells<'b>,
    aside: Cells<'b>,
    body_bytes: usize,
}

impl<'b> RowReader<'b, '_> {
    /// Puts the next row into `before` and `after`, one value per column in wire order, and says which of them it has filled;
    /// the other is empty. Columns that the layout does not use are NULL. `None` at the end. Neither vector allocates once it has room for a row.
    ///
    /// # Errors
    /// When a value cannot be read; there are no more rows then.
    pub fn next(
        &mut self,
        before: &mut Vec<Value<'b>>,
        after: &mut Vec<Value<'b>>,
    ) -> Result<Option<RowKind>, RowError> {
        before.clear();
        after.clear();
        if self.images.rest.is_empty() {
            return Ok(None);
        }
        let read = match self.kind {
            RowKind::Insert => self.image(self.after, after),
            RowKind::Update if self.partial => {
                self.image(self.before, before).and_then(|()| self.partial_image(before, after))
            }
            RowKind::Update => self.image(self.before, before).and_then(|()| self.image(self.after, after)),
            RowKind::Delete => self.image(self.before, before),
        };
        match read {
            Ok(()) => Ok(Some(self.kind)),
            Err(error) => {
                self.images.rest = &[];
                before.clear();
                after.clear();
                Err(error)
            }
        }
    }

    fn image(&mut self, present: Present<'b>, values: &mut Vec<Value<'b>>) -> Result<(), RowError> {
        values.reserve(self.layout.columns.len());
        let aside = &mut self.aside;
        each_column(self.layout, present, &mut self.images, self.body_bytes, |column, cells, null| {
            read_one(column, cells, null, aside, values)
        })
    }
}

/// Puts what a value will need into `scratch`.
fn prepare_one(
    column: ColumnPlan,
    cells: &mut Cells<'_>,
    null: bool,
    scratch: &mut Scratch,
) -> Result<(), CellError> {
    match (null, column.used) {
        (true, _) => Ok(()),
        (false, true) => column.read.prepare(cells, scratch),
        (false, false) => column.read.skip(cells),
    }
}

/// Reads a value to the end of `values`; one that is not used is passed over.
#[inline]
fn read_one<'b>(
    column: ColumnPlan,
    cells: &mut Cells<'b>,
    null: bool,
    aside: &mut Cells<'b>,
    values: &mut Vec<Value<'b>>,
) -> Result<(), CellError> {
    match (null, column.used) {
        (true, _) => values.push(Value::Null),
        (false, true) => column.read.push(cells, aside, values)?,
        (false, false) => {
            column.read.skip(cells)?;
            values.push(Value::Null);
        }
    }
    Ok(())
}

/// Which columns an image holds.
#[derive(Debug, Clone, Copy)]
enum Present<'b> {
    /// All of them.
    All,
    /// Those whose bits are set.
    Some(&'b [u8]),
}

impl<'b> Present<'b> {
    /// From the bits of an event, a bit for each column; none where the event has no such image.
    fn of(bits: &'b [u8], columns: usize) -> Present<'b> {
        let whole = bits.is_empty() || (0..columns).all(|at| Present::Some(bits).holds(at));
        if whole { Present::All } else { Present::Some(bits) }
    }

    fn holds(self, column: usize) -> bool {
        match self {
            Present::All => true,
            Present::Some(bits) => bits[column / 8] & 1 << (column % 8) != 0,
        }
    }

    fn absent(self, columns: usize) -> impl Iterator<Item = usize> {
        let columns = if matches!(self, Present::All) { 0 } else { columns };
        (0..columns).filter(move |&column| !self.holds(column))
    }
}

/// Walks one image: a bit per column it holds that says NULL, then the values of the others. A column it does not hold is NULL.
#[inline]
fn each_column<'b>(
    layout: &RowLayout,
    present: Present<'b>,
    cells: &mut Cells<'b>,
    body_bytes: usize,
    mut each: impl FnMut(ColumnPlan, &mut Cells<'b>, bool) -> Result<(), CellError>,
) -> Result<(), RowError> {
    let width = layout.columns.len();
    let held = width - present.absent(width).count();
    let error = |column, rest: &[u8], CellError(what)| RowError::Value {
        column,
        offset: body_bytes - rest.len(),
        what,
    };
    let nulls = cells.take(held.div_ceil(8)).map_err(|why| error(0, cells.rest, why))?;
    let is_null = |bit: usize| nulls[bit / 8] & 1 << (bit % 8) != 0;
    match present {
        // nearly every image: no column asks whether it is there
        Present::All => {
            for (index, &column) in layout.columns.iter().enumerate() {
                let at = cells.rest;
                each(column, cells, is_null(index)).map_err(|why| error(index, at, why))?;
            }
        }
        Present::Some(_) => {
            let mut bit = 0;
            for (index, &column) in layout.columns.iter().enumerate() {
                let holds = present.holds(index);
                let null = !holds || is_null(bit);
                bit += usize::from(holds);
                let at = cells.rest;
                each(column, cells, null).map_err(|why| error(index, at, why))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
