//! Compiled patterns: matching, captures, and the automaton by which two are compared.

use super::automaton::Automaton;
use super::cache;
use super::error::{PatternError, PatternErrorKind};
use super::glob::Glob;
use super::outline::Outline;
use crate::mysql::ident::{TableNameCase, same_column};
use regex::Regex;
use std::sync::{Arc, OnceLock};

/// A compiled pattern of one segment. Made once, asked often; matching takes linear time on any name.
#[derive(Debug)]
pub struct Matcher {
    kind: Kind,
    /// What is seen of it without an automaton.
    pub(super) outline: Outline,
    /// Automaton, when the first comparison asks for it; none when it would be too large.
    automaton: OnceLock<Option<Arc<Automaton>>>,
}

#[derive(Debug)]
enum Kind {
    Exact(String),
    /// A name without regard to case, in lower case.
    Column(String),
    /// A glob with one `*` and nothing else but literal signs, and the same as an expression (not anchored).
    Gap(String),
    /// Whole-name expression, and the names of its groups by number.
    Regex(Regex, Vec<Option<String>>),
}

/// A compiled pattern of tables.
#[derive(Debug)]
pub struct TableMatcher {
    /// Of the database.
    pub db: Matcher,
    /// Of the table's own name.
    pub table: Matcher,
}

impl Matcher {
    pub(super) fn exact(name: &str) -> Matcher {
        Matcher {
            kind: Kind::Exact(name.to_owned()),
            outline: Outline::default(),
            automaton: OnceLock::new(),
        }
    }

    pub(super) fn glob(glob: &Glob) -> Result<Matcher, PatternError> {
        let text = glob.to_regex();
        let outline = Outline::of(glob);
        if outline.only_gap {
            return Ok(Matcher { kind: Kind::Gap(text), outline, automaton: OnceLock::new() });
        }
        let names = glob.capture_names().into_iter().map(Some);
        let regex = whole(&text).map_err(|_| PatternError::new(PatternErrorKind::TooLarge, 0..text.len()))?;
        let names = std::iter::once(None).chain(names).collect();
        Ok(Matcher::of(regex, names, outline))
    }

    /// An exact name of a column.
    pub(super) fn column(name: &str) -> Matcher {
        let folded = TableNameCase::Insensitive.fold(name).into_owned();
        Matcher { kind: Kind::Column(folded), outline: Outline::default(), automaton: OnceLock::new() }
    }

    /// A glob of columns, whose names have no case.
    pub(super) fn column_glob(glob: &Glob) -> Result<Matcher, PatternError> {
        let text = glob.to_regex();
        let regex = whole(&without_case(&text));
        let regex = regex.map_err(|_| PatternError::new(PatternErrorKind::TooLarge, 0..text.len()))?;
        let names = std::iter::once(None).chain(glob.capture_names().into_iter().map(Some)).collect();
        Ok(Matcher::of(regex, names, Outline::without_case(glob)))
    }

    /// `written` is what an error points into, `translated` what is compiled.
    pub(super) fn regex(written: &str, translated: &str) -> Result<Matcher, PatternError> {
        let regex = whole(translated).map_err(|error| {
            let kind = match error {
                regex::Error::CompiledTooBig(_) => PatternErrorKind::TooLarge,
                error => PatternErrorKind::Syntax(reason(&error)),
            };
            PatternError::new(kind, 0..written.len())
        })?;
        let names = regex.capture_names().map(|name| name.map(str::to_owned)).collect();
        Ok(Matcher::of(regex, names, Outline::of_expression(translated)))
    }

    fn of(regex: Regex, names: Vec<Option<String>>, outline: Outline) -> Matcher {
        Matcher { kind: Kind::Regex(regex, names), outline, automaton: OnceLock::new() }
    }

    /// A name it takes, where one is at hand.
    pub(super) fn sample(&self) -> Option<&str> {
        self.exact_name().or(self.outline.sample.as_deref())
    }

    /// A name it takes; none where it takes none, or is too large to be searched.
    pub fn some_name(&self) -> Option<String> {
        let sampled = self.sample().filter(|name| self.matches(name)).map(str::to_owned);
        sampled.or_else(|| self.automaton().and_then(Automaton::sample))
    }

    /// Whether the pattern takes this name. No pattern takes an empty name or one with a line break.
    pub fn matches(&self, name: &str) -> bool {
        let takes = match &self.kind {
            Kind::Exact(exact) => exact == name,
            Kind::Column(folded) => same_column(folded, name),
            Kind::Gap(_) => self.outline.brackets(name),
            Kind::Regex(regex, _) => self.outline.may_be(name) && regex.is_match(name),
        };
        takes && is_name(name)
    }

    /// What named ranges and groups stand for in this name, in the order of the pattern; `None` where it is
    /// not taken.
    ///
    /// A group that took no part, such as one of an alternative not gone, stands for the empty text.
    pub fn captures(&self, name: &str) -> Option<Vec<(String, String)>> {
        if !is_name(name) {
            return None;
        }
        match &self.kind {
            Kind::Exact(exact) => (exact == name).then(Vec::new),
            Kind::Column(folded) => same_column(folded, name).then(Vec::new),
            Kind::Gap(_) => self.outline.brackets(name).then(Vec::new),
            Kind::Regex(regex, names) => {
                let found = regex.captures(name)?;
                let text = |group| found.get(group).map_or("", |text| text.as_str()).to_owned();
                let named = names.iter().enumerate();
                Some(named.filter_map(|(group, name)| Some((name.clone()?, text(group)))).collect())
            }
        }
    }

    /// Names of the captures, in order.
    pub fn capture_names(&self) -> Vec<&str> {
        match &self.kind {
            Kind::Exact(_) | Kind::Column(_) | Kind::Gap(_) => Vec::new(),
            Kind::Regex(_, names) => names.iter().flatten().map(String::as_str).collect(),
        }
    }

    /// The name, where it takes one name only.
    pub(super) fn exact_name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Exact(name) => Some(name),
            Kind::Column(_) | Kind::Gap(_) | Kind::Regex(..) => None,
        }
    }

    /// What is compiled of a pattern that takes more than one name.
    pub(super) fn expression(&self) -> Option<&str> {
        match &self.kind {
            Kind::Exact(_) | Kind::Column(_) => None,
            Kind::Gap(text) => Some(text),
            Kind::Regex(regex, _) => Some(regex.as_str()),
        }
    }

    /// The name in lower case, where it takes one column only.
    pub(super) fn column_name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Column(folded) => Some(folded),
            Kind::Exact(_) | Kind::Gap(_) | Kind::Regex(..) => None,
        }
    }

    /// Its automaton; none when it would be too large.
    pub(super) fn automaton(&self) -> Option<&Automaton> {
        self.automaton
            .get_or_init(|| match &self.kind {
                Kind::Exact(name) => cache::automaton(&format!(r"\A(?:{})\z", regex::escape(name))),
                Kind::Column(name) => {
                    cache::automaton(&format!(r"\A(?:{})\z", without_case(&regex::escape(name))))
                }
                Kind::Gap(text) => cache::automaton(&format!(r"\A(?:{text})\z")),
                Kind::Regex(regex, _) => cache::automaton(regex.as_str()),
            })
            .as_deref()
    }
}

impl TableMatcher {
    /// Whether the pattern takes this table.
    pub fn matches(&self, db: &str, table: &str) -> bool {
        self.db.matches(db) && self.table.matches(table)
    }

    /// A table it takes, as database and name; none where it takes none, or is too large to be searched.
    pub fn some_table(&self) -> Option<(String, String)> {
        self.db.some_name().zip(self.table.some_name())
    }

    /// What named ranges and groups stand for, the database's first; `None` where the table is not taken.
    pub fn captures(&self, db: &str, table: &str) -> Option<Vec<(String, String)>> {
        let mut captures = self.db.captures(db)?;
        captures.extend(self.table.captures(table)?);
        Some(captures)
    }
}

/// An expression that takes small and capital letters alike.
pub(super) fn without_case(expression: &str) -> String {
    format!("(?i:{expression})")
}

/// What a pattern can take at all.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['\n', '\r'])
}

/// Compiles an expression for the whole name.
fn whole(text: &str) -> Result<Regex, regex::Error> {
    cache::regex(&format!(r"\A(?:{text})\z"))
}

/// The compiler's reason without its drawing, which would show our own additions.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}
