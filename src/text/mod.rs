//! Where text is: files in memory, and spans of bytes inside them.

mod file_set;
mod span;

pub use file_set::{FileSet, LineCol};
pub use span::{FileId, Span, Spanned};
