//! Columns of a table as of a position.

pub mod declared;
mod table;

pub use table::{Column, TableName, TableVersion};
