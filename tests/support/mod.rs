//! What the integration tests share: real servers, SQL and Kafka at hand, the program under test.
//!
//! A server is one call, [`MySql::start`] or [`Kafka::start`] for one of its own, [`MySql::shared`] or
//! [`Kafka::shared`] for the one that all tests of this run use together (each with a database or a topic prefix of
//! its own, and without stopping or reconfiguring it). Programs are fetched by `tests/support/install` into
//! `$SYNCC_TEST_CACHE`, at most once per machine.
//!
//! Guarantees: ports are free ones below the range of outgoing connections; nothing outlives the test process,
//! however it ends (see [`run`]); after a failure the logs stay, and their folder is printed.

pub(crate) mod dice;
mod held;
pub(crate) mod kafka;
pub(crate) mod mysql;
pub(crate) mod port;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod registry;
pub(crate) mod run;
pub(crate) mod shop;
pub(crate) mod sql;
pub(crate) mod wait;
pub(crate) mod way;

pub(crate) use kafka::{Isolation, Kafka, KafkaOptions};
pub(crate) use mysql::{Kind, MySql};
pub(crate) use program::Project;
pub(crate) use sql::Sql;
