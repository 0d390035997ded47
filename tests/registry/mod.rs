//! Schemas in a registry: the client, and messages that are read with what it registered.

mod client;
mod evolution;
mod flow;
mod stub;
