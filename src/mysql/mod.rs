//! Facts about MySQL and MariaDB: types, values, positions, the bytes of the binlog. No I/O, no driver types.

pub mod binlog;
pub mod charset;
pub mod collate;
pub mod column_type;
pub mod ddl;
pub mod decimal;
pub mod ident;
pub mod inet;
pub mod json;
pub mod key;
pub mod position;
pub mod schema;
pub mod shadow;
pub mod temporal;
pub mod value;
pub mod zone;
