//! From a row change of one table version to records: key, partition, message.

mod border;
mod columns;
mod error;
mod table;

pub use error::RouteError;
pub use table::TableRoute;

#[cfg(test)]
mod tests;
