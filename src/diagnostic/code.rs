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
    /// A whole project that yields exactly this finding, as [`example_files`] takes it apart; empty where none can be written
    /// as files.
    pub wrong: &'static str,
    /// The same, mended: it yields nothing.
    pub right: &'static str,
}

/// Begins the line that begins a further file of an example; the file's name follows.
const FILE_MARK: &str = "# file: ";

/// Names and texts of the files of an example: `shop.sync`, then one for every line `# file: NAME`.
pub fn example_files(example: &str) -> Vec<(&str, &str)> {
    let mut files = Vec::new();
    let (mut name, mut rest) = ("shop.sync", example);
    while let Some(at) = rest.find(&format!("\n{FILE_MARK}")) {
        files.push((name, &rest[..at]));
        let marked = &rest[at + 1 + FILE_MARK.len()..];
        (name, rest) = marked.split_once('\n').unwrap_or((marked, ""));
    }
    files.push((name, rest));
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_several_files() {
        assert_eq!(example_files("a\n"), [("shop.sync", "a\n")]);
        let example = "a\n\n# file: schema.lock\nb\n# file: none\n";
        assert_eq!(example_files(example), [("shop.sync", "a\n"), ("schema.lock", "b"), ("none", "")]);
    }
}
