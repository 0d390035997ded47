//! Columns as INFORMATION_SCHEMA lists them.

use super::failure::{FailureClass, SourceFailure};
use super::text_row::TextRow;
use crate::catalog::ColumnSchema;
use crate::mysql::schema::{ColumnText, TableName, declared};

/// Columns of a table, in order; values are database and table.
pub(super) const COLUMNS: &str = "SELECT COLUMN_NAME, CONVERT(COLUMN_TYPE USING utf8mb4), IS_NULLABLE, CHARACTER_SET_NAME, COLLATION_NAME, EXTRA, \
     TABLE_SCHEMA, TABLE_NAME, IF(GENERATION_EXPRESSION IN ('ROW START', 'ROW END'), 'row life', '') \
     FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION";

/// True for a row of [`COLUMNS`] that is of the table itself: the comparison of the server ignores case, and names may differ by
/// nothing else.
pub(super) fn is_of(table: &TableName, row: &TextRow) -> bool {
    row.text(6) == Some(table.db.as_str()) && row.text(7) == Some(table.table.as_str())
}

/// True for a column that holds the start or end of its row's life.
pub(super) fn is_row_life(row: &TextRow) -> bool {
    row.text(8) == Some("row life")
}

/// The column that a row of [`COLUMNS`] tells.
///
/// # Errors
/// [`FailureClass::Table`] for a type that is not known; a name or type that is no text.
pub(super) fn column(table: &TableName, row: &TextRow) -> Result<ColumnSchema, SourceFailure> {
    let (Some(name), Some(column_type)) = (row.text(0), row.text(1)) else {
        return Err(SourceFailure::protocol(format!("a column of {table} has no name or type in UTF-8")));
    };
    let extra = row.text(5).unwrap_or_default();
    let ty = declared::parse(column_type, extra, row.text(3)).map_err(|error| {
        SourceFailure::new(FailureClass::Table, format!("column `{name}` of {table}: {error}"))
    })?;
    let text = ColumnText {
        ty,
        declared: declared::shown(column_type),
        nullable: row.text(2) != Some("NO"),
        collation: row.text(4).map(str::to_owned),
        // A default that is an expression is DEFAULT_GENERATED.
        generated: extra.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("generated")),
    };
    Ok(ColumnSchema { name: name.to_owned(), text })
}
