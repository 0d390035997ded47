//! Names resolved: declarations get ids, uses point to them, and where a name is unknown there is a hole and a finding.
//!
//! Declarations whose shape does not change by it (sources, targets, settings) are those of [`crate::ast`].
//! Does not: judge whether a project makes sense (see [`crate::check`]).

mod ends;
mod feed;
mod files;
mod lock;
mod param;
mod profile;
mod program;
mod resolve;
mod scope;
mod usage;

pub use files::program;
pub use lock::{Lock, LockedColumn, LockedTable, SourceLock};
pub use param::{PARAM_PAGES, PARAM_VALUE, Param};
pub use profile::{OVERRIDES_CROSS, Profile};
pub use program::{Listed, Pipeline, Program, Relay, Selection, SourceId, TargetId, To};
pub use resolve::resolve;
pub use scope::{CONFUSABLE_NAMES, DECLARED_TWICE, PAGES, UNKNOWN_NAME};
