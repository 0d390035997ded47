//! The identity of a finding, and its page.

use std::fmt;

/// Number and name of a finding, such as `S0403 names-collide`. Numbers are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code {
    /// `S0403`.
    pub number: &'static str,
    /// `names-collide`.
    pub name: &'static str,
}

impl Code {
    /// A code from its two parts.
    pub const fn new(number: &'static str, name: &'static str) -> Code {
        Code { number, name }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number)
    }
}

/// The page of a code, printed by `syncc explain`.
#[derive(Debug, Clone, Copy)]
pub struct CodeDoc {
    /// The code.
    pub code: Code,
    /// What is found.
    pub what: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// A whole project file that yields exactly this finding; empty where none can be written as a file.
    pub wrong: &'static str,
    /// The same, mended: it yields nothing.
    pub right: &'static str,
}
