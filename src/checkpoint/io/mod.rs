//! State in files of the state directory.

mod file;

pub use file::FileStore;
