//! MySQL and MariaDB as a source.

mod codes;
mod grants;
pub mod page;
pub mod requirement;

pub use codes::CODES;

#[cfg(feature = "run")]
pub mod io;
