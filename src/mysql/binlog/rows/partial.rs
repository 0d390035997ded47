//! Updates whose after image tells JSON documents as changes of those before (`binlog_row_value_options=PARTIAL_JSON`).
//!
//! Before the after image stand a number, 1 when there are such columns, and then a bit for each JSON column of the table; where
//! it is set, the column's value is a list of diffs. Source: MySQL `rpl_record.cc`, `unpack_row`.

use super::{
    CellError, Cells, ColumnPlan, Present, RowError, RowLayout, RowReader, each_column, prepare_one, read_one,
};
use crate::mysql::binlog::cell::Read;
use crate::mysql::binlog::scratch::Scratch;
use crate::mysql::value::{Json, Value};

/// Bytes of the length before a list of diffs, and before a document that was put aside.
const LENGTH: u8 = 4;

/// JSON columns of an after image that are told as diffs, asked in the order of all JSON columns.
struct Diffs<'b> {
    bits: &'b [u8],
    next: usize,
}

impl<'b> Diffs<'b> {
    fn read(layout: &RowLayout, cells: &mut Cells<'b>) -> Result<Diffs<'b>, CellError> {
        let bits = match cells.take(1)? {
            [0] => &[],
            [1] => {
                let n_json = layout.columns.iter().filter(|column| is_json(column)).count();
                cells.take(n_json.div_ceil(8))?
            }
            _ => return Err(CellError("options of values that are not known")),
        };
        Ok(Diffs { bits, next: 0 })
    }

    /// True when the value of `column`, the next of the image, is a list of diffs.
    fn next(&mut self, column: &ColumnPlan) -> bool {
        if !is_json(column) {
            return false;
        }
        let at = self.next;
        self.next += 1;
        self.bits.get(at / 8).is_some_and(|byte| byte & 1 << (at % 8) != 0)
    }
}

fn is_json(column: &ColumnPlan) -> bool {
    matches!(column.read, Read::Json { .. })
}

fn at_image(body_bytes: usize, cells: &Cells<'_>) -> impl FnOnce(CellError) -> RowError + use<> {
    let offset = body_bytes - cells.rest.len();
    move |CellError(what)| RowError::Value { column: 0, offset, what }
}

/// Puts what the values need into `scratch`: for a list of diffs the document that comes of it.
pub(super) fn prepare(
    layout: &RowLayout,
    images: Cells<'_>,
    body_bytes: usize,
    scratch: &mut Scratch,
) -> Result<(), RowError> {
    let mut cells = images;
    let mut documents: Vec<Option<&[u8]>> = Vec::new();
    while !cells.rest.is_empty() {
        documents.clear();
        each_column(layout, Present::All, &mut cells, body_bytes, |column, cells, null| {
            if let Read::Json { length_bytes } = column.read {
                let mut ahead = *cells;
                documents.push(if null { None } else { Some(ahead.sized(length_bytes)?) });
            }
            prepare_one(column, cells, null, scratch)
        })?;
        let place = at_image(body_bytes, &cells);
        let mut diffs = Diffs::read(layout, &mut cells).map_err(place)?;
        let mut documents = documents.iter();
        each_column(layout, Present::All, &mut cells, body_bytes, |column, cells, null| {
            let document = if is_json(&column) { documents.next().copied().flatten() } else { None };
            if !diffs.next(&column) || null || !column.used {
                return prepare_one(column, cells, null, scratch);
            }
            let document = document.ok_or(CellError("a partial update of no document"))?;
            match cells.sized(LENGTH)? {
                [] => Ok(()),
                diffs => scratch.push_updated(document, diffs),
            }
        })?;
    }
    Ok(())
}

impl<'b> RowReader<'b, '_> {
    /// Reads an after image as [`prepare`] has walked it. A document without diffs is the one of `before`, byte for byte: nobody may
    /// take it for a change.
    pub(super) fn partial_image(
        &mut self,
        before: &[Value<'b>],
        values: &mut Vec<Value<'b>>,
    ) -> Result<(), RowError> {
        values.reserve(self.layout.columns.len());
        let place = at_image(self.body_bytes, &self.images);
        let mut diffs = Diffs::read(self.layout, &mut self.images).map_err(place)?;
        let aside = &mut self.aside;
        each_column(self.layout, Present::All, &mut self.images, self.body_bytes, |column, cells, null| {
            if !diffs.next(&column) || null || !column.used {
                return read_one(column, cells, null, aside, values);
            }
            values.push(match cells.sized(LENGTH)? {
                [] => before.get(values.len()).copied().unwrap_or(Value::Null),
                _ => Value::Json(Json::Binary(aside.sized(LENGTH)?)),
            });
            Ok(())
        })
    }
}
