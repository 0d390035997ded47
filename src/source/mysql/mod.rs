//! MySQL and MariaDB as a source.

mod codes;
mod grants;
pub mod page;
mod reader;
pub mod requirement;
pub mod rights;

pub use codes::{CODES, NO_PRIMARY_KEY, NOT_A_TABLE};
pub use reader::reader_name;

#[cfg(feature = "run")]
pub mod io;
