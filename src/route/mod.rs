//! From a row change of one table version to records: key, partition, message.

mod border;
mod columns;
mod envelope;
mod error;
mod mask;
mod partition;
mod table;

pub use envelope::Envelope;
pub use error::RouteError;
pub use mask::Salts;
pub use table::TableRoute;

#[cfg(test)]
mod tests;
