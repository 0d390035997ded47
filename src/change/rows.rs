//! Rows of a SELECT, owned: they cross from the chunk reader to the task in one piece.

use crate::mysql::value::{Date, DateTime, Decimal, Json, Time, Timestamp, Value};

/// Rows in one arena; [`RowBatch::row`] gives the values a row of the log would give.
pub struct RowBatch {
    arena: Vec<u8>,
    cells: Vec<Cell>,
    width: usize,
}

/// A cell of a [`RowBatch`]; byte strings are `(offset, length)` of the arena.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "each is the variant of `Value` of the same name")]
pub enum Cell {
    Null,
    Int(i64),
    UInt(u64),
    Float(f32),
    Double(f64),
    Decimal(u32, u32),
    Bit(u64),
    Year(u16),
    Date(Date),
    Time(Time),
    DateTime(DateTime),
    Timestamp(Timestamp),
    Text(u32, u32),
    Bytes(u32, u32),
    Enum(u16),
    Set(u64),
    Json(u32, u32),
    Geometry(u32, u32),
    Vector(u32, u32),
    Uuid(u32),
    Inet4(u32),
    Inet6(u32),
}

impl RowBatch {
    /// An empty batch of rows of `width` columns (at least one).
    pub fn new(width: usize) -> RowBatch {
        assert!(width > 0, "a table has at least one column");
        RowBatch { arena: Vec::new(), cells: Vec::new(), width }
    }

    /// Stores bytes and returns where they lie.
    pub fn store(&mut self, bytes: &[u8]) -> (u32, u32) {
        let at = self.arena.len() as u32;
        self.arena.extend_from_slice(bytes);
        (at, bytes.len() as u32)
    }

    /// Adds the next cell, row by row.
    pub fn push(&mut self, cell: Cell) {
        self.cells.push(cell);
    }

    /// Number of whole rows.
    pub fn len(&self) -> usize {
        self.cells.len() / self.width
    }

    /// True without a row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.arena.len() + self.cells.len() * size_of::<Cell>()
    }

    /// Puts the values of row `index` into `values`, replacing what is there.
    pub fn row<'b>(&'b self, index: usize, values: &mut Vec<Value<'b>>) {
        values.clear();
        values.extend(
            self.cells[index * self.width..(index + 1) * self.width].iter().map(|&cell| self.value(cell)),
        );
    }

    fn value(&self, cell: Cell) -> Value<'_> {
        let slice = |at: u32, len: u32| &self.arena[at as usize..(at + len) as usize];
        match cell {
            Cell::Null => Value::Null,
            Cell::Int(value) => Value::Int(value),
            Cell::UInt(value) => Value::UInt(value),
            Cell::Float(value) => Value::Float(value),
            Cell::Double(value) => Value::Double(value),
            Cell::Decimal(at, len) => Value::Decimal(Decimal::Text(slice(at, len))),
            Cell::Bit(value) => Value::Bit(value),
            Cell::Year(value) => Value::Year(value),
            Cell::Date(value) => Value::Date(value),
            Cell::Time(value) => Value::Time(value),
            Cell::DateTime(value) => Value::DateTime(value),
            Cell::Timestamp(value) => Value::Timestamp(value),
            Cell::Text(at, len) => Value::Text(slice(at, len)),
            Cell::Bytes(at, len) => Value::Bytes(slice(at, len)),
            Cell::Enum(value) => Value::Enum(value),
            Cell::Set(value) => Value::Set(value),
            Cell::Json(at, len) => Value::Json(Json::Text(slice(at, len))),
            Cell::Geometry(at, len) => Value::Geometry(slice(at, len)),
            Cell::Vector(at, len) => Value::Vector(slice(at, len)),
            Cell::Uuid(at) => Value::Uuid(slice(at, 16).try_into().expect("a UUID was stored with 16 bytes")),
            Cell::Inet4(at) => {
                Value::Inet4(slice(at, 4).try_into().expect("an INET4 was stored with 4 bytes"))
            }
            Cell::Inet6(at) => {
                Value::Inet6(slice(at, 16).try_into().expect("an INET6 was stored with 16 bytes"))
            }
        }
    }
}
