//! How far we durably are.
//!
//! State records and their bytes, and the state of a task folded from them. Pure, but for [`io`], which keeps the records of targets without a state topic.

mod codec;
mod history;
pub mod io;
mod record;
mod state;
mod store;

pub use codec::{CodecError, FORMAT, StateRecord};
pub use history::History;
pub use record::*;
pub use state::{StoredPlan, TaskState};
pub use store::{StateChange, Store, StoreError};
