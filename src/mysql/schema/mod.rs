//! Columns of a table as of a position.

mod table;

pub use table::{Column, TableName, TableVersion};
