//! What a plan only names, found when it runs: secrets.

mod secret;

pub use secret::{Secret, SecretError, find};
