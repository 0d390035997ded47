//! Statements of the log: text to what they say of tables, columns and keys.
//!
//! Hand-written and tolerant: every construct of both families that holds columns, keys or names is known, what it holds
//! besides is passed over. Knows text only: what a statement does to a table depends on the table, see
//! [`schema::model`](super::schema::model).

mod alter;
mod author;
mod column;
mod create;
mod cursor;
mod database;
mod effect;
pub mod ir;
mod key;
mod lex;
mod notes;
mod option;
mod outline;
mod parse;
mod partition;
mod reserved;
mod rows;
mod script;
mod sequence;
mod shown;
#[cfg(test)]
mod tests;
mod types;

pub use effect::{DdlEffect, TableDdl};
pub use ir::{Statement, Transaction};
pub use notes::Action;
pub use outline::{ColumnName, Names, Outline, Unclear, Written};
pub use parse::parse;
pub use reserved::is_reserved;
pub use script::{CreatedTable, created_tables};
pub use shown::shown;
