//! Liveness, readiness, metrics and status over HTTP: nothing here changes anything.
//!
//! `GET` of `/livez`, `/readyz`, `/metrics`, `/status` and `/`. The first two answer everybody, with counts and no names;
//! the others only who may see names: anybody on loopback, elsewhere who has the token. Does not: know what runs; whoever
//! runs implements [`Source`].

mod access;
mod metrics;
mod page;
mod server;

pub use access::{Access, AccessError, address};
pub use server::{Server, ServerError, Source, Tls};
