//! Events of the binary log, from bytes to rows. Pure, total, without copies.
//!
//! [`event`] frames and classifies; [`query`], [`gtid`] and [`control`] read the bodies of events that carry no rows;
//! [`table_map`] and [`layout`] prepare, and [`rows`] reads row images.
//!
//! Guarantees: no input makes any of it panic or read outside its slice; nothing allocates per row or per column.
//! Does not: open connections, follow DDL, convert character sets.

#[cfg(test)]
mod captured;
mod cell;
pub mod control;
pub mod event;
pub mod fits;
pub mod gtid;
pub mod layout;
pub mod query;
mod reader;
pub mod rows;
pub mod scratch;
pub mod table_map;
pub mod wire;
