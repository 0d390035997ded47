//! The control socket of a running instance: JSON lines over a Unix socket that only its owner may open.
//!
//! One object a line. `→ {"v":1,"id":7,"op":"status"}`, `← {"v":1,"id":7,"ok":true,"exit":0,"result":{…}}`.
//! Does not: know what runs; whoever runs implements [`Handler`].

mod client;
mod protocol;
mod server;
mod status;

pub use client::{ControlError, ask};
pub use protocol::{Answer, Operation, Request};
pub use server::{Handler, Server};
pub use status::{ParkedTable, Progress, Refused, Status, TableStatus, TaskState, TaskStatus};
