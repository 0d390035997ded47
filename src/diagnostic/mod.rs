//! What we tell the author of a file: findings as plain data, their codes and pages, and how they are drawn.

mod code;
mod fix;
pub mod github;
pub mod json;
pub mod junit;
mod model;
mod place;
pub mod render;
pub mod sarif;
pub mod short;
mod summary;
mod words;

pub use code::{Code, CodeDoc, example_files};
pub use fix::{Fix, Safety, TextEdit, spare_damaged_files};
pub use model::{Diagnostic, Label, Related, Severity};
pub use place::Repository;
pub use summary::{Summary, sort};
pub use words::words;
