//! How far we durably are.

mod record;

pub use record::*;
