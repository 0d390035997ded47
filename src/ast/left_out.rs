//! Which statements of a block were left out because they could not be read.

use crate::pattern::{TableMatcher, TablePattern};
use std::collections::BTreeSet;

/// The words of the statements that were left out of a block. A rule that finds something missing, or unused, is silent only
/// where a statement that it depends on is among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    words: BTreeSet<&'static str>,
    /// One of them begins with a word that nobody can guess.
    unknown: bool,
    /// Tables that a line about tables names, by its word; none where the line does not tell which.
    tables: Vec<(&'static str, Option<Vec<TablePattern>>)>,
}

impl LeftOut {
    /// Nothing that is known by its word, and something else.
    pub fn unknown() -> LeftOut {
        LeftOut { unknown: true, ..LeftOut::default() }
    }

    /// One statement.
    pub fn word(word: &'static str) -> LeftOut {
        LeftOut { words: BTreeSet::from([word]), ..LeftOut::default() }
    }

    /// One statement about tables, and those it names as far as it can be read.
    pub fn about(word: &'static str, tables: Option<Vec<TablePattern>>) -> LeftOut {
        LeftOut { tables: vec![(word, tables)], ..LeftOut::word(word) }
    }

    /// Tables that the statements with this word may be about; none when that may be any table.
    pub fn tables(&self, word: &str) -> Option<Vec<TableMatcher>> {
        if self.unknown {
            return None;
        }
        let mut lines = self.tables.iter().filter(|(own, _)| *own == word).peekable();
        if self.words.contains(word) && lines.peek().is_none() {
            return None;
        }
        let mut matchers = Vec::new();
        for (_, patterns) in lines {
            for pattern in patterns.as_ref()? {
                matchers.push(pattern.compile().ok()?);
            }
        }
        Some(matchers)
    }

    /// True when nothing was left out.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && !self.unknown
    }

    /// True when one of these statements may have been left out.
    pub fn may_be(&self, words: &[&str]) -> bool {
        self.unknown || words.iter().any(|word| self.words.contains(word))
    }

    /// True when one with this word was left out.
    pub fn has(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// What may be missing elsewhere, of statements that stand where they do not belong. What gives a name or a topic is
    /// not: rules about those would say nothing any more.
    pub fn elsewhere(&self) -> LeftOut {
        let names = ["rename", "topic", "names", "table"];
        LeftOut {
            words: self.words.iter().copied().filter(|word| !names.contains(word)).collect(),
            ..LeftOut::default()
        }
    }

    /// The same of a profile, for a block that takes it: what nobody can guess is at most a setting.
    pub fn of_profile(&self) -> LeftOut {
        let with = self.unknown.then_some("with");
        LeftOut { words: self.words.iter().copied().chain(with).collect(), ..LeftOut::default() }
    }

    /// Adds what was left out elsewhere.
    pub fn add(&mut self, other: &LeftOut) {
        self.words.extend(&other.words);
        self.unknown |= other.unknown;
        self.tables.extend(other.tables.iter().cloned());
    }
}
