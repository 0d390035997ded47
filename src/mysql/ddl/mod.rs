//! What a statement of the log does: to tables, to the transaction, to rows.
//!
//! Tolerant by heads: what is harmless is on a list, what names tables names all of them, and everything else
//! may have touched anything. Does not know columns: that needs the whole statement.

mod classify;
mod create;
mod lex;
#[cfg(test)]
mod tests;

pub use classify::{DdlEffect, TableDdl, Transaction, classify};
pub use create::{CreatedTable, created_tables};
