//! Statements about tables: what the parser reads in them, and what the model makes of them, against what servers did.

mod again;
mod corpus;
mod follower;
mod odd;
mod sequences;
mod servers;
mod shown;
mod vectors;
