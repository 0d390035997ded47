//! Events of the binary log, from bytes to rows. Pure, total, without copies.
//!
//! [`event`] frames and classifies; [`packed`] unpacks events that are compressed; [`query`], [`gtid`] and [`control`] read the
//! bodies of events that carry no rows; [`table_map`] and [`layout`] prepare, and [`rows`] reads row images.
//!
//! Guarantees: no input makes any of it panic or read outside its slice; nothing allocates per row or per column.
//! Does not: open connections, follow DDL, convert character sets.

#[cfg(test)]
pub(crate) mod captured;
mod cell;
pub mod control;
pub mod event;
mod event_type;
pub mod fits;
pub mod gtid;
mod inflate;
pub mod layout;
pub mod packed;
pub mod query;
mod reader;
pub mod rows;
pub mod scratch;
pub mod table_map;
pub mod wire;
