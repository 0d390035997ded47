//! From a row change of one table version to records: key, partition, message.

mod columns;
mod error;
mod table;

pub use error::RouteError;
pub use table::TableRoute;

#[cfg(test)]
mod tests;
