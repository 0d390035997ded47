//! Which rows are sent: conditions of `where`, looked up in the columns of a table and evaluated over its rows.
//!
//! A [`Condition`] is what was written. [`Filter::bind`] looks its columns up and decides how each comparison is made; what cannot be
//! decided exactly as the server would is a [`Misfit`]. A [`Filter`] then holds or fails, or is unknown, as in SQL.
//!
//! Guarantees: for every row the answer is the server's (MySQL, with its default `sql_mode` but for zero dates, which may be asked
//! for). Decimals and 64-bit numbers are exact. Nothing is allocated per row.
//! Does not: convert between numbers, texts and dates. The server does, by rules that surprise; such a comparison is a misfit.

mod bind;
mod class;
mod condition;
mod constant;
mod eval;
mod misfit;
mod moment;
mod number;
#[cfg(test)]
mod tests;

pub use condition::{Comparison, Condition, Operand, Test, WORDS, column_text, quoted};
pub use constant::{Constant, Reason, constants};
pub use eval::Filter;
pub use misfit::{Misfit, Why};
pub use moment::is_date;
pub use number::{Number, NumberError};
