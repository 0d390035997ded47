//! Where changes come from.

pub mod mysql;
