//! The control socket of a running instance: JSON lines over a Unix socket that only its owner may open.
//!
//! One object a line. `→ {"v":1,"id":7,"op":"reload","wait":true}`, then any number of
//! `← {"v":1,"id":7,"event":{…}}` and exactly one `← {"v":1,"id":7,"ok":true,"exit":0,"result":{…}}`.
//! Does not: know what runs; whoever runs implements [`Handler`].

mod client;
mod protocol;
mod reply;
mod server;
mod status;

pub use client::{ControlError, ask, converse, wait_for_end};
pub use protocol::{Answer, Operation};
pub use reply::{Reply, Told};
pub use server::{Handler, Server};
pub use status::{
    COMMIT_MS, Counters, Gap, LastError, ParkedTable, PausedTask, Pending, Progress, Refused, Status,
    Streams, SuspectTable, TableStatus, TaskState, TaskStatus,
};
