//! Patterns as data: compared, hashed, stored in plans.

use super::cache;
use super::error::PatternError;
use super::glob::{Glob, Part};
use super::matcher::{Matcher, TableMatcher, without_case};
use super::re2;
use crate::mysql::ident::{Quoted, TableNameCase};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Most names [`NamePattern::members`] spells out.
const MAX_MEMBERS: u64 = 100_000;

/// Pattern of one segment of a name (a database, a table, a column).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NamePattern {
    /// Exactly this name, code point by code point.
    Exact(String),
    /// Wildcards `*`, `?`, `[abc]`, `[a-z]` and numeric ranges `[00..63]`, `[n:00..63]`, as written.
    Glob(String),
    /// A regular expression over the whole name, RE2 syntax, without its slashes.
    Regex(String),
}

/// Pattern of a table: one of its database, one of its own name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TablePattern {
    /// Database.
    pub db: NamePattern,
    /// Table.
    pub table: NamePattern,
}

/// One name of a bounded pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The name.
    pub name: String,
    /// What its named ranges stand for: (name of the capture, text).
    pub captures: Vec<(String, String)>,
}

impl NamePattern {
    /// The pattern of a bare segment: a glob where it has wildcards, else exactly this name.
    ///
    /// # Errors
    /// Brackets that are no set of signs and no range.
    pub fn from_glob(text: &str) -> Result<NamePattern, PatternError> {
        Glob::parse(text)?;
        Ok(if text.contains(['*', '?', '[']) {
            NamePattern::Glob(text.to_owned())
        } else {
            NamePattern::Exact(text.to_owned())
        })
    }

    /// What every name that it takes begins with.
    pub fn beginning(&self) -> &str {
        match self {
            NamePattern::Exact(name) => name,
            NamePattern::Glob(glob) => glob.split(['*', '?', '[']).next().unwrap_or_default(),
            NamePattern::Regex(_) => "",
        }
    }

    /// What every name that it takes ends with; nothing for one name, which [`beginning`](Self::beginning) gives.
    pub fn ending(&self) -> &str {
        match self {
            NamePattern::Glob(glob) => glob.rsplit(['*', '?', ']']).next().unwrap_or_default(),
            NamePattern::Exact(_) | NamePattern::Regex(_) => "",
        }
    }

    /// Signs, the most of one piece, that every name of a glob holds between what it begins and ends with; else nothing.
    pub fn held(&self) -> String {
        let NamePattern::Glob(text) = self else { return String::new() };
        let parts = Glob::parse(text).map(|glob| glob.parts).unwrap_or_default();
        let inner = parts.get(1..parts.len().saturating_sub(1)).unwrap_or_default();
        let literal = |part: &Part| match part {
            Part::Literal(signs) => Some(signs.clone()),
            Part::Any | Part::One | Part::Class(_) | Part::Range(_) => None,
        };
        inner.iter().filter_map(literal).max_by_key(String::len).unwrap_or_default()
    }

    /// The pattern of a regex segment, its slashes cut off.
    ///
    /// # Errors
    /// What is not RE2 syntax, or too large.
    pub fn from_regex(text: &str) -> Result<NamePattern, PatternError> {
        let pattern = NamePattern::Regex(text.to_owned());
        pattern.compile().map(|_| pattern)
    }

    /// The pattern in the form in which names without case are compared; none where case counts, and for a regular
    /// expression, which has no such form.
    pub fn folded(&self, case: TableNameCase) -> Option<NamePattern> {
        match (case, self) {
            (TableNameCase::Sensitive, _) | (_, NamePattern::Regex(_)) => None,
            (_, NamePattern::Exact(name)) => Some(NamePattern::Exact(case.fold(name).into_owned())),
            (_, NamePattern::Glob(glob)) => Some(NamePattern::Glob(case.fold(glob).into_owned())),
        }
    }

    /// Ready to match.
    ///
    /// # Errors
    /// The text is no pattern; those of [`from_glob`](Self::from_glob) and [`from_regex`](Self::from_regex)
    /// always are.
    pub fn compile(&self) -> Result<Matcher, PatternError> {
        match self {
            NamePattern::Exact(name) => Ok(Matcher::exact(name)),
            NamePattern::Glob(text) => {
                cache::matcher(|all| &mut all.names, self, || Matcher::glob(Glob::parse(text)?))
            }
            NamePattern::Regex(text) => {
                cache::matcher(|all| &mut all.names, self, || Matcher::regex(text, &re2::translate(text)?))
            }
        }
    }

    /// Ready to match names of columns, which MySQL compares without regard to case. Two such patterns are compared by what
    /// they take, also without it.
    ///
    /// # Errors
    /// As [`compile`](Self::compile).
    pub fn compile_column(&self) -> Result<Matcher, PatternError> {
        match self {
            NamePattern::Exact(name) => Ok(Matcher::column(name)),
            NamePattern::Glob(text) => {
                cache::matcher(|all| &mut all.columns, self, || Matcher::column_glob(&Glob::parse(text)?))
            }
            NamePattern::Regex(text) => cache::matcher(
                |all| &mut all.columns,
                self,
                || Matcher::regex(text, &without_case(&re2::translate(text)?)),
            ),
        }
    }

    /// Every name it takes, in order, when these are bounded: an exact name, ranges and sets of signs.
    ///
    /// `None` for wildcards, regular expressions, over 100,000 names, and a text that is no pattern.
    pub fn members(&self) -> Option<Vec<Member>> {
        let mut members = Vec::new();
        self.each_member(|name, captures| {
            members.push(Member { name: name.to_owned(), captures: captures.to_vec() });
        })?;
        Some(members)
    }

    /// The names of its [`members`](Self::members).
    pub fn names(&self) -> Option<Vec<Arc<str>>> {
        let mut names = Vec::new();
        self.each_member(|name, _| names.push(Arc::from(name)))?;
        Some(names)
    }

    /// How many [`members`](Self::members) it has.
    pub fn count(&self) -> Option<usize> {
        match self {
            NamePattern::Exact(_) => Some(1),
            NamePattern::Glob(text) => count(&Glob::parse(text).ok()?.parts),
            NamePattern::Regex(_) => None,
        }
    }

    fn each_member(&self, mut visit: impl FnMut(&str, &[(String, String)])) -> Option<()> {
        match self {
            NamePattern::Exact(name) => visit(name, &[]),
            NamePattern::Glob(text) => {
                let Glob { parts } = Glob::parse(text).ok()?;
                count(&parts)?;
                spell(&parts, &mut String::new(), &mut Vec::new(), &mut visit);
            }
            NamePattern::Regex(_) => return None,
        }
        Some(())
    }

    /// Names of its captures, in order: of named ranges and named groups.
    pub fn capture_names(&self) -> Vec<String> {
        match self {
            NamePattern::Exact(_) => Vec::new(),
            NamePattern::Glob(text) => Glob::parse(text).map(|glob| glob.capture_names()).unwrap_or_default(),
            NamePattern::Regex(text) => {
                let group = |part: &str| {
                    Some(part.strip_prefix("P<").or(part.strip_prefix('<'))?.split_once('>')?.0.to_owned())
                };
                text.split("(?")
                    .skip(1)
                    .filter_map(group)
                    .filter(|name| !name.starts_with(['=', '!']))
                    .collect()
            }
        }
    }

    /// A regular expression that a glob says as well (S0209): the glob. Proven equal, not guessed.
    pub fn as_glob(&self) -> Option<NamePattern> {
        match self {
            NamePattern::Regex(text) => super::suggest::glob_for(text),
            NamePattern::Exact(_) | NamePattern::Glob(_) => None,
        }
    }
}

/// How many names these parts spell; none for a wildcard, and for too many.
fn count(parts: &[Part]) -> Option<usize> {
    let times = |names: usize, choices: u64| {
        (names as u64).checked_mul(choices).filter(|&count| count <= MAX_MEMBERS).map(|count| count as usize)
    };
    parts.iter().try_fold(1, |names, part| match part {
        Part::Any | Part::One => None,
        Part::Literal(_) => Some(names),
        Part::Class(ranges) => {
            let width = |&(first, last): &(char, char)| u64::from(last as u32 - first as u32) + 1;
            times(names, ranges.iter().map(width).sum())?;
            times(names, signs(ranges).len() as u64)
        }
        Part::Range(range) => times(names, range.count()),
    })
}

/// Signs of a set, in order.
fn signs(ranges: &[(char, char)]) -> Vec<char> {
    let mut signs: Vec<char> = ranges.iter().flat_map(|&(first, last)| first..=last).collect();
    signs.sort_unstable();
    signs.dedup();
    signs
}

/// Visits every name that begins with `name` and goes on with these parts, with what its captures stand for.
fn spell(
    parts: &[Part],
    name: &mut String,
    captures: &mut Vec<(String, String)>,
    visit: &mut impl FnMut(&str, &[(String, String)]),
) {
    let Some((part, rest)) = parts.split_first() else { return visit(name, captures) };
    let before = name.len();
    match part {
        Part::Literal(signs) => {
            name.push_str(signs);
            spell(rest, name, captures, visit);
        }
        Part::Class(ranges) => {
            for sign in signs(ranges) {
                name.push(sign);
                spell(rest, name, captures, visit);
                name.truncate(before);
            }
        }
        Part::Range(range) => {
            for number in range.first..=range.last {
                let text = range.text(number);
                name.push_str(&text);
                captures.extend(range.name.clone().map(|capture| (capture, text)));
                spell(rest, name, captures, visit);
                captures.truncate(captures.len() - usize::from(range.name.is_some()));
                name.truncate(before);
            }
        }
        // What takes more names than can be counted is not spelled out.
        Part::Any | Part::One => {}
    }
    name.truncate(before);
}

impl TablePattern {
    /// From its two parts.
    pub fn new(db: NamePattern, table: NamePattern) -> TablePattern {
        TablePattern { db, table }
    }

    /// Ready to match.
    ///
    /// # Errors
    /// One of the two is no pattern.
    pub fn compile(&self) -> Result<TableMatcher, PatternError> {
        Ok(TableMatcher { db: self.db.compile()?, table: self.table.compile()? })
    }
}

impl fmt::Display for NamePattern {
    /// As it is written in a file: a name that is no plain word stands in backticks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NamePattern::Exact(name) if is_bare(name) => f.write_str(name),
            NamePattern::Exact(name) => Quoted(name).fmt(f),
            NamePattern::Glob(text) => f.write_str(text),
            NamePattern::Regex(text) => write!(f, "/{text}/"),
        }
    }
}

/// Whether a name needs no backticks. Stricter than the grammar by some letters of Unicode, which backticks
/// do not harm.
pub(super) fn is_bare(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_bare_sign)
}

pub(super) fn is_bare_sign(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '_' | '$' | '-')
}

impl fmt::Display for TablePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.db, self.table)
    }
}
