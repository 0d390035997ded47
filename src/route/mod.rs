//! From a row change of one table version to records: key, partition, message.

mod border;
mod columns;
mod envelope;
mod error;
mod letter;
mod mark;
mod mask;
mod partition;
mod schema;
mod shown;
mod table;
mod told;

pub use columns::sent_columns_of;
pub use envelope::{Envelope, op_of};
pub use error::RouteError;
pub use letter::{Letter, Reason};
pub use mark::{LoadMark, LoadMarkKind, MARKER};
pub use mask::Salts;
pub use partition::table_partition;
pub use schema::{WantedSchema, breaks, schemas};
pub use table::TableRoute;
pub use told::{Told, deed, kinds, refused, shape};

#[cfg(test)]
mod tests;
