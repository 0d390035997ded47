//! The syncc command.
fn main() {}
