#![doc = include_str!("ARCHITECTURE.md")]

pub mod failpoint;
mod parallel;
pub mod text;

pub mod diagnostic;

pub mod kafka;
pub mod mysql;

pub mod change;
pub mod pattern;

pub mod catalog;
pub mod project;
pub mod statement;
pub mod syntax;
pub mod transform;

pub mod ast;

pub mod format;
pub mod target;

pub mod checkpoint;
pub mod fmt;
pub mod hir;

pub mod check;
pub mod lockfile;

pub mod plan;
pub mod precheck;

pub mod source;

pub mod engine;

pub mod route;

#[cfg(feature = "run")]
pub mod control;
#[cfg(feature = "run")]
pub mod http;
#[cfg(feature = "run")]
pub mod verify;

pub mod cli;
#[cfg(feature = "run")]
pub mod run;
