//! What is known of a table at a place of the log.

use super::model::Table;
use super::{TableName, TableVersion};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is known of a table at a place of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableState {
    /// Its columns.
    Proven {
        /// By these rows are read.
        columns: Arc<TableVersion>,
        /// What statements go on from; none: nobody could tell.
        definition: Option<Arc<Table>>,
    },
    /// A statement may have changed it in a way that was not understood.
    Suspect {
        /// What was not understood.
        reason: String,
        /// Its columns before.
        before: Option<Arc<TableVersion>>,
    },
    /// There is none of this name.
    Gone,
}

impl TableState {
    /// Columns that are certain.
    pub fn proven(&self) -> Option<&Arc<TableVersion>> {
        match self {
            TableState::Proven { columns, .. } => Some(columns),
            TableState::Suspect { .. } | TableState::Gone => None,
        }
    }

    /// The newest columns that were certain.
    pub fn last(&self) -> Option<&Arc<TableVersion>> {
        match self {
            TableState::Proven { columns, .. } => Some(columns),
            TableState::Suspect { before, .. } => before.as_ref(),
            TableState::Gone => None,
        }
    }
}

/// A table of which something else is known behind a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableChange {
    /// Which.
    pub table: TableName,
    /// What is known of it now.
    pub state: TableState,
}
