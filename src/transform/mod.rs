//! What happens to rows before they become messages: some are left out, values are masked.
//!
//! Guarantees: a [`RowMask`] hands rows on in which no masked column has its own value any more, so that nothing behind it
//! (key, partition, former values, message) can show one.

pub mod filter;
mod fixed;
mod mask;
mod row;
mod text;
mod typed;

pub use fixed::{Fixed, FixedError};
pub use mask::{MASKED_CHARSET, Mask, announced};
pub use row::{MaskError, RowMask};
pub use typed::Typed;

#[cfg(test)]
mod tests;
