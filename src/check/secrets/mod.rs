//! Secrets, and what protects data on its way.

mod live;
mod tls_off;

use super::Rule;

pub(super) use live::PAGES as LIVE_PAGES;
pub use live::{ENV_UNSET, SECRET_FILE_OPEN};

/// The rules of this area.
pub(super) const RULES: &[Rule] = &[tls_off::RULE];
