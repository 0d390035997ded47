//! How far we durably are.
//!
//! State records and their bytes, the state of a task folded from them, and the tracker that turns deliveries into
//! a position that is safe to store. Pure, but for [`io`], which keeps the records of targets without a state topic.

mod ack;
mod codec;
pub mod io;
mod record;
mod state;
mod store;

pub use ack::{AckTracker, Ticket};
pub use codec::{CodecError, FORMAT, StateRecord};
pub use record::*;
pub use state::{StoredPlan, TaskState};
pub use store::{StateChange, Store, StoreError};
