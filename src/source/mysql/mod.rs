//! MySQL and MariaDB as a source.

#[cfg(feature = "run")]
pub mod io;
