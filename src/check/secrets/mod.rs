//! Secrets, and what protects data on its way.

mod connections;
mod live;
mod sensitive;
mod tls_off;
mod tls_unverified;
mod weak_mask;

use super::Rule;

pub(super) use live::PAGES as LIVE_PAGES;
pub use live::{ENV_UNSET, SECRET_FILE_OPEN};

/// The rules of this area.
pub(super) const RULES: &[Rule] =
    &[tls_off::RULE, tls_unverified::RULE, weak_mask::RULE, sensitive::EXPOSED, sensitive::LOOKS];
