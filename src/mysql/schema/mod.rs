//! Columns of a table as of a position.

mod column_text;
pub mod declared;
mod from_map;
mod hidden;
pub mod model;
mod state;
mod table;
mod tracker;

pub use column_text::{ColumnText, ColumnTextError};
pub use from_map::FromMapError;
pub use hidden::hidden_columns;
pub use state::{TableChange, TableState};
pub use table::{Column, TableName, TableVersion};
pub use tracker::{DatabaseChange, Doubt, Followed, Resolution, Tracker};
