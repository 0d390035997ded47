//! Compiled patterns: matching, captures, and the automaton by which two are compared.

use super::automaton::Automaton;
use super::cache;
use super::error::{PatternError, PatternErrorKind};
use super::glob::Glob;
use super::outline::Outline;
use crate::mysql::ident::{TableNameCase, same_column};
use regex::{Regex, RegexBuilder};
use std::sync::{Arc, OnceLock};

/// Largest compiled expression, bytes. A glob with a dozen ranges needs a hundredth of it.
const REGEX_BYTES: usize = 1 << 20;

/// A compiled pattern of one segment. Made once, asked often; matching takes linear time on any name.
#[derive(Debug, Clone)]
pub struct Matcher(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    kind: Kind,
    /// What is seen of it without an automaton.
    outline: Outline,
    /// Automaton, when the first comparison asks for it; none when it would be too large.
    automaton: OnceLock<Option<Arc<Automaton>>>,
}

#[derive(Debug)]
enum Kind {
    Exact(String),
    /// A name without regard to case, in lower case.
    Column(String),
    /// A glob of which the outline is all.
    Plain(Glob),
    /// Whole-name expression, and the names of its groups by number.
    Regex(Regex, Vec<Option<String>>),
}

/// A compiled pattern of tables.
#[derive(Debug, Clone)]
pub struct TableMatcher {
    /// Of the database.
    pub db: Matcher,
    /// Of the table's own name.
    pub table: Matcher,
}

impl Matcher {
    pub(super) fn exact(name: &str) -> Matcher {
        Matcher::of(Kind::Exact(name.to_owned()), Outline::default())
    }

    pub(super) fn glob(glob: Glob) -> Result<Matcher, PatternError> {
        let outline = Outline::of(&glob);
        if outline.is_all() {
            return Ok(Matcher::of(Kind::Plain(glob), outline));
        }
        let text = glob.to_regex();
        let names = glob.capture_names().into_iter().map(Some);
        let regex = whole(&text).map_err(|_| PatternError::new(PatternErrorKind::TooLarge, 0..text.len()))?;
        let names = std::iter::once(None).chain(names).collect();
        Ok(Matcher::of(Kind::Regex(regex, names), outline))
    }

    /// An exact name of a column.
    pub(super) fn column(name: &str) -> Matcher {
        let folded = TableNameCase::Insensitive.fold(name).into_owned();
        Matcher::of(Kind::Column(folded), Outline::default())
    }

    /// A glob of columns, whose names have no case.
    pub(super) fn column_glob(glob: &Glob) -> Result<Matcher, PatternError> {
        let text = glob.to_regex();
        let regex = whole(&without_case(&text));
        let regex = regex.map_err(|_| PatternError::new(PatternErrorKind::TooLarge, 0..text.len()))?;
        let names = std::iter::once(None).chain(glob.capture_names().into_iter().map(Some)).collect();
        Ok(Matcher::of(Kind::Regex(regex, names), Outline::without_case(glob)))
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
        Ok(Matcher::of(Kind::Regex(regex, names), Outline::of_expression(translated)))
    }

    fn of(kind: Kind, outline: Outline) -> Matcher {
        Matcher(Arc::new(Compiled { kind, outline, automaton: OnceLock::new() }))
    }

    /// What is seen of it without an automaton.
    pub(super) fn outline(&self) -> &Outline {
        &self.0.outline
    }

    /// A name it takes, where one is at hand.
    pub(super) fn sample(&self) -> Option<&str> {
        self.exact_name().or(self.0.outline.sample.as_deref())
    }

    /// A name it takes; none where it takes none, or is too large to be searched.
    pub fn some_name(&self) -> Option<String> {
        let sampled = self.sample().filter(|name| self.matches(name)).map(str::to_owned);
        sampled.or_else(|| self.automaton().and_then(Automaton::sample))
    }

    /// Whether the pattern takes this name. No pattern takes an empty name.
    pub fn matches(&self, name: &str) -> bool {
        let takes = match &self.0.kind {
            Kind::Exact(exact) => exact == name,
            Kind::Column(folded) => same_column(folded, name),
            Kind::Plain(_) => self.0.outline.takes(name),
            Kind::Regex(regex, _) => self.0.outline.may_be(name) && regex.is_match(name),
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
        match &self.0.kind {
            Kind::Exact(exact) => (exact == name).then(Vec::new),
            Kind::Column(folded) => same_column(folded, name).then(Vec::new),
            Kind::Plain(_) if !self.0.outline.takes(name) => None,
            Kind::Plain(_) => {
                let owned = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
                Some(self.0.outline.capture(name).map(owned).into_iter().collect())
            }
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
        match &self.0.kind {
            Kind::Exact(_) | Kind::Column(_) => Vec::new(),
            Kind::Plain(_) => self.0.outline.capture_name().into_iter().collect(),
            Kind::Regex(_, names) => names.iter().flatten().map(String::as_str).collect(),
        }
    }

    /// The name, where it takes one name only.
    pub(super) fn exact_name(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Exact(name) => Some(name),
            Kind::Column(_) | Kind::Plain(_) | Kind::Regex(..) => None,
        }
    }

    /// True for patterns of more than one name that are written alike, which take the same.
    pub(super) fn is_written_as(&self, other: &Matcher) -> bool {
        match (&self.0.kind, &other.0.kind) {
            (Kind::Plain(one), Kind::Plain(other)) => one == other,
            (Kind::Regex(one, _), Kind::Regex(other, _)) => one.as_str() == other.as_str(),
            _ => false,
        }
    }

    /// The name in lower case, where it takes one column only.
    pub(super) fn column_name(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Column(folded) => Some(folded),
            Kind::Exact(_) | Kind::Plain(_) | Kind::Regex(..) => None,
        }
    }

    /// Its automaton; none when it would be too large.
    pub(super) fn automaton(&self) -> Option<&Automaton> {
        self.0
            .automaton
            .get_or_init(|| match &self.0.kind {
                Kind::Exact(name) => cache::automaton(&format!(r"\A(?:{})\z", regex::escape(name))),
                Kind::Column(name) => {
                    cache::automaton(&format!(r"\A(?:{})\z", without_case(&regex::escape(name))))
                }
                Kind::Plain(glob) => cache::automaton(&format!(r"\A(?:{})\z", glob.to_regex())),
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
    pub fn sample(&self) -> Option<(&str, &str)> {
        let (db, table) = (self.db.sample()?, self.table.sample()?);
        self.matches(db, table).then_some((db, table))
    }

    /// A table it takes; none where it takes none, or is too large to be searched.
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
    !name.is_empty()
}

/// Compiles an expression for the whole name, in which `.` takes line breaks, too: what takes all names takes these.
fn whole(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&format!(r"\A(?s:{text})\z")).size_limit(REGEX_BYTES).build()
}

/// The compiler's reason without its drawing, which would show our own additions.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}
