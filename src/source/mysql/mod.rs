//! MySQL and MariaDB as a source.

mod codes;
mod grants;
pub mod page;
pub mod requirement;

#[cfg(feature = "run")]
pub mod io;
