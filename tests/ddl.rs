//! Statements about tables: what the parser reads in them, and what the model makes of them, against what servers did.

mod corpus;
mod odd;
mod servers;
mod shown;
mod vectors;
