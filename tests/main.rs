//! The one integration binary: everything that needs more than one module, the built program or a real server.
//!
//! Servers come from `support`; a server that cannot be had is a failure, never a skipped test.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the test runner captures and shows both")]

mod audit;
mod beginning;
#[cfg(feature = "failpoints")]
mod boundaries;
mod brokers;
mod changes;
mod cli;
mod cluster;
mod covered;
mod damage;
mod ddl;
mod definitions;
#[cfg(all(feature = "failpoints", feature = "planted-bugs"))]
mod e2e;
mod editors;
mod ending;
mod failover;
mod fmt;
mod formats;
mod fuzz;
mod goldens;
mod headers;
mod hostile;
mod http;
mod hubs;
mod invalid;
mod kafka;
mod keys;
mod letters;
mod limit;
mod lines;
mod load;
mod log;
mod logins;
mod lost;
mod manual;
mod many;
mod markers;
mod masks;
mod mistakes;
#[cfg(feature = "failpoints")]
mod moved;
mod names;
mod notify;
mod operations;
mod parking;
mod pipelines;
#[cfg(feature = "planted-bugs")]
mod planted;
mod proofs;
mod published;
mod ranges;
mod registry;
mod reload;
mod rights;
mod routes;
mod saving;
mod scarce;
mod schema;
mod schema_changes;
mod services;
mod smoke;
mod snapshot;
mod source;
#[cfg(feature = "failpoints")]
mod split;
mod stalls;
mod state;
mod statements;
mod support;
mod throughput;
mod tidy;
mod topics;
mod torture;
mod tracking;
mod ui;
#[cfg(feature = "failpoints")]
mod upstream;
mod verify;
mod r#where;
mod world;
mod xa;
