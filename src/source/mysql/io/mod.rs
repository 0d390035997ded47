//! Connections to a MySQL or MariaDB server: the dump of its log, and SQL.
//!
//! One blocking connection of our own carries both. The SQL driver is not used for either: it drops compressed transactions
//! it cannot inflate, has no read deadline, panics on keys and events that a broken server sends, and its `verify-ca` refuses
//! every certificate with the TLS library of today. Blocking, because rows never pass an async scheduler: each connection
//! belongs to one thread, and [`Closer`] ends its waits from another.
//!
//! Guarantees: a connection that should be encrypted is, or there is none; passwords go out only scrambled, under RSA or
//! under TLS; no packet is larger than the limit its reader set; the server is never sent a file; what a server says wrong
//! is a [`SourceFailure`], never a panic.

mod auth;
mod barrier;
mod cell;
mod chunk;
mod connect;
mod dump;
mod failure;
mod introspect;
mod key;
mod position;
mod schema;
mod session;
mod tls;
mod wire;

pub use barrier::Barrier;
pub use chunk::{Chunk, ChunkReader, ChunkRequest};
pub use connect::{Endpoint, Resolved, resolve};
pub use dump::{Dump, DumpRequest};
pub use failure::{FailureClass, SourceFailure};
pub use introspect::{facts, tables};
pub use position::{end_of_log, start_position};
pub use schema::schema;
pub use session::Session;
pub use wire::Closer;
