//! What a plan only names, found when it runs: secrets, certificates and keys.

mod secret;
#[cfg(feature = "run")]
mod tls;

pub use secret::{FoundSalts, Secret, SecretError, find, salts};
#[cfg(feature = "run")]
pub use tls::{Identity, TlsError, TlsFiles, tls_reason};
