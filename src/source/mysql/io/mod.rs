//! Connections to a MySQL or MariaDB server: the dump of its log, and SQL.
//!
//! Two ways in. What must be the bytes of the log, the dump and existing rows, comes over a blocking connection of our own:
//! the SQL driver copies every event, drops compressed transactions it cannot inflate and has no read deadline. All other SQL
//! (settings, rights, tables, positions) is asked through the driver, behind a blocking face ([`Session`]). Blocking, because
//! rows never pass an async scheduler: each connection belongs to one thread, and [`Closer`] ends its waits from another.
//!
//! Guarantees: a connection that should be encrypted is, or there is none; passwords go out only scrambled, under RSA or
//! under TLS; no packet is larger than the limit its reader set; the server is never sent a file; what a server says wrong
//! is a [`SourceFailure`], never a panic.

mod ask;
mod auth;
mod barrier;
mod beat;
mod cell;
mod chunk;
mod closer;
mod column;
mod connect;
mod driver;
mod dump;
mod failure;
mod fence;
mod introspect;
mod key;
mod log_files;
mod payload;
mod position;
mod row_session;
mod schema;
mod session;
mod size;
mod survey;
mod text_row;
mod tls;
mod unpack;
mod wire;

pub use barrier::Barrier;
pub use beat::{BeatRow, beat_table};
pub use chunk::{Chunk, ChunkReader, ChunkRequest};
pub use closer::Closer;
pub use connect::{Endpoint, Resolved, resolve};
pub use dump::{Dump, DumpRequest};
pub use failure::{FailureClass, SourceFailure};
pub use fence::{
    DatabaseDefinition, Definitions, Fenced, create_statement, defined, definitions, fenced, shown_session,
};
pub use introspect::{facts, tables};
pub use log_files::{log_files, log_kept_now, log_lacks};
pub use position::{clock_us, end_of_log, gtids_of, start_position};
pub use schema::schema;
pub use session::Session;
pub use size::sizes;
pub use survey::survey;
pub use text_row::TextRow;
pub use unpack::{Plain, Unpacker};
