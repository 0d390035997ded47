//! `pipeline`.

use super::argument::{own_name, quantities, text, words};
use super::feed::{Feed, From, Relay};
use super::left_out::LeftOut;
use super::settings::{Conflict, Settings, add, differ, once};
use super::shape::Value;
use super::start::options;
use super::statement::{Body, Reader, Stmt};
use crate::pattern::TablePattern;
use crate::statement::{FOREVER_MS, Rename, Start};
use crate::text::{Span, Spanned};
use std::collections::BTreeMap;

/// `pipeline NAME`; header and body add up.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// Its name.
    pub name: Spanned<String>,
    /// The line that declares it.
    pub head: Span,
    /// Text of the `##` lines before it.
    pub doc: Option<Spanned<String>>,
    /// `from` of sources.
    pub from: Vec<From>,
    /// `from` of topics.
    pub relays: Vec<Relay>,
    /// `to`.
    pub to: Vec<To>,
    /// `include`, one per pattern.
    pub include: Vec<Spanned<TablePattern>>,
    /// `exclude`, one per pattern.
    pub exclude: Vec<Spanned<TablePattern>>,
    /// `rename`.
    pub renames: Vec<Spanned<Rename>>,
    /// What becomes of its tables.
    pub settings: Settings,
    /// `with`.
    pub with: Vec<Spanned<String>>,
    /// `table`.
    pub tables: Vec<TableBlock>,
    /// `start`.
    pub start: Option<Spanned<Start>>,
    /// Places of its options, by their words.
    pub start_options: BTreeMap<&'static str, Span>,
    /// `paused`: why.
    pub paused: Option<Spanned<String>>,
    /// `label`.
    pub labels: Vec<(Spanned<String>, String)>,
    /// Where the new name of each `rename` stands, by the line's place.
    pub new_names: BTreeMap<Span, Span>,
    /// Where the tables of each `rename` of tables and columns stand, by the line's place.
    pub renamed: BTreeMap<Span, Span>,
    /// What goes with each pattern of `include` and `exclude` when it is removed, by the pattern's place.
    pub cuts: BTreeMap<Span, Cut>,
    /// What could not be read of it.
    pub left_out: LeftOut,
}

/// What goes with a pattern when it is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Of it alone: its line, or in a longer list a comma.
    pub own: Span,
    /// Of its list: the line.
    pub list: Span,
}

/// `to TARGET`.
#[derive(Debug, Clone, PartialEq)]
pub struct To {
    /// The target's name.
    pub target: Spanned<String>,
    /// What becomes of tables there.
    pub settings: Settings,
    /// `with`.
    pub with: Vec<Spanned<String>>,
    /// `table`, for this target alone.
    pub tables: Vec<TableBlock>,
}

/// `table PATTERN { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct TableBlock {
    /// Which tables.
    pub pattern: Spanned<TablePattern>,
    /// What becomes of them.
    pub settings: Settings,
    /// `with`.
    pub with: Vec<Spanned<String>>,
    /// What could not be read of it.
    pub left_out: LeftOut,
}

once! {
    /// `retry`.
    Retry {
        /// `for`, ms; 0 is `off`, [`FOREVER_MS`] is `forever`.
        window_ms: u64 = "retry for";
        /// `errors for`, ms.
        errors_ms: u64 = "retry errors";
    }
}

/// `commit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commit {
    /// Age of the open transaction, ms.
    pub every_ms: u64,
    /// Rows in it.
    pub rows: Option<u64>,
    /// Bytes in it.
    pub bytes: Option<u64>,
}

impl Retry {
    pub(super) fn take(&mut self, statement: &Stmt) {
        let count = quantities(statement).first().copied().unwrap_or(0);
        let value = Some(Spanned::new(count, statement.head));
        match words(statement).first() {
            Some(&"errors") => self.errors_ms = value,
            Some(&"forever") => self.window_ms = Some(Spanned::new(FOREVER_MS, statement.head)),
            _ => self.window_ms = value,
        }
        self.lines.insert(statement.head, statement.line);
    }
}

pub(super) fn commit(statement: &Stmt) -> Option<Spanned<Commit>> {
    let (every_ms, rest) = match quantities(statement).as_slice() {
        [every_ms, rest @ ..] => (*every_ms, rest.to_vec()),
        [] => return None,
    };
    let has_rows = words(statement).contains(&"rows");
    let mut rest = rest.into_iter();
    let rows = if has_rows { rest.next() } else { None };
    Some(Spanned::new(Commit { every_ms, rows, bytes: rest.next() }, statement.head))
}

impl Reader<'_> {
    pub(super) fn pipeline(&mut self, statement: Stmt) -> Option<Pipeline> {
        let mut args = statement.args.iter().filter(|item| !matches!(item.value, Value::Word(_)));
        let name = args.next().and_then(own_name)?;
        let mut pipeline = Pipeline {
            name,
            head: statement.head,
            doc: statement.doc,
            from: args.next().and_then(From::named).into_iter().collect(),
            relays: Vec::new(),
            to: args.next().and_then(own_name).map(To::named).into_iter().collect(),
            include: Vec::new(),
            exclude: Vec::new(),
            renames: Vec::new(),
            settings: Settings::default(),
            with: Vec::new(),
            tables: Vec::new(),
            start: None,
            start_options: BTreeMap::new(),
            paused: None,
            labels: Vec::new(),
            new_names: BTreeMap::new(),
            renamed: BTreeMap::new(),
            cuts: BTreeMap::new(),
            left_out: statement.body.left_out.clone(),
        };
        for inner in &statement.body.statements {
            match inner.spec.word {
                "from" => {
                    pipeline.left_out.add(&inner.body.left_out);
                    match self.feed(inner) {
                        Some(Feed::Sources(from)) => pipeline.from.push(from),
                        Some(Feed::Relay(relay)) => pipeline.relays.push(relay),
                        None => {}
                    }
                    for inner in &inner.body.statements {
                        pipeline.cuts.extend(self.cuts(inner));
                    }
                }
                "to" => {
                    pipeline.left_out.add(&inner.body.left_out);
                    pipeline.to.extend(to(inner));
                }
                "include" => {
                    pipeline.include.extend(tables(inner));
                    pipeline.cuts.extend(self.cuts(inner));
                }
                "exclude" => {
                    pipeline.exclude.extend(tables(inner));
                    pipeline.cuts.extend(self.cuts(inner));
                }
                "with" => pipeline.with.extend(inner.args.iter().filter_map(own_name)),
                "rename" => {
                    pipeline.renames.extend(rename(inner));
                    pipeline.new_names.extend(inner.args.last().map(|name| (inner.head, name.span)));
                    pipeline.renamed.extend(self.renamed(inner).map(|tables| (inner.head, tables)));
                }
                "table" => pipeline.tables.extend(table(inner)),
                "start" => {
                    pipeline.left_out.add(&inner.body.left_out);
                    pipeline.start = self.start(inner);
                    pipeline.start_options = options(inner);
                }
                "paused" => pipeline.paused = text(inner),
                "label" => pipeline.labels.extend(label(inner)),
                other => {
                    let taken = pipeline.settings.take(inner);
                    debug_assert!(taken, "`{other}` is in the table, but not read in a pipeline");
                }
            }
        }
        Some(pipeline)
    }

    /// Where a `rename` of tables or columns names its tables.
    fn renamed(&self, statement: &Stmt) -> Option<Span> {
        statement.args.iter().find_map(|item| match &item.value {
            Value::Table(_) => Some(item.span),
            Value::ColumnPath(..) => {
                let written = &self.text[item.span.start as usize..item.span.end as usize];
                // In backticks a dot may be a sign of the name.
                let dot = written.rfind('.').filter(|_| !written.ends_with('`'))?;
                Some(Span::new(item.span.file, item.span.start, item.span.start + dot as u32))
            }
            _ => None,
        })
    }

    /// What goes with each argument of a list. The cuts of the first two meet, so that no two repairs empty a list.
    fn cuts(&self, statement: &Stmt) -> Vec<(Span, Cut)> {
        let list = statement.line;
        let spans: Vec<Span> = statement.args.iter().map(|item| item.span).collect();
        if let [only] = spans.as_slice() {
            return vec![(*only, Cut { own: list, list })];
        }
        let own = |n: usize| match n {
            0 => Span::new(spans[0].file, spans[0].start, spans[1].start),
            n => Span::new(spans[n].file, spans[n - 1].end, spans[n].end),
        };
        (0..spans.len()).map(|n| (spans[n], Cut { own: own(n), list })).collect()
    }

    /// The line of a statement with its end, or the statement alone where something else stands on the line.
    pub(super) fn line_of(&self, head: Span) -> Span {
        let (before, behind) = (&self.text[..head.start as usize], &self.text[head.end as usize..]);
        let indent = before.len() - before.trim_end_matches([' ', '\t']).len();
        let blank = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let rest = &behind[blank..];
        let line_end = ["\r\n", "\n", "\r"].iter().find(|end| rest.starts_with(**end));
        let begins = before[..before.len() - indent].ends_with(['\n', '\r']);
        match line_end.filter(|_| begins) {
            Some(end) => {
                let length = (blank + end.len()) as u32;
                Span::new(head.file, head.start - indent as u32, head.end + length)
            }
            None => head,
        }
    }
}

impl To {
    fn named(target: Spanned<String>) -> To {
        To { target, settings: Settings::default(), with: Vec::new(), tables: Vec::new() }
    }
}

fn to(statement: &Stmt) -> Option<To> {
    let mut to = To::named(statement.args.first().and_then(own_name)?);
    for inner in &statement.body.statements {
        match inner.spec.word {
            "table" => to.tables.extend(table(inner)),
            "with" => to.with.extend(inner.args.iter().filter_map(own_name)),
            other => {
                let taken = to.settings.take(inner);
                debug_assert!(taken, "`{other}` is in the table, but not read in a `to`");
            }
        }
    }
    Some(to)
}

pub(super) fn tables(statement: &Stmt) -> impl Iterator<Item = Spanned<TablePattern>> + '_ {
    statement.args.iter().filter_map(|item| match &item.value {
        Value::Table(pattern) => Some(Spanned::new(pattern.clone(), item.span)),
        _ => None,
    })
}

fn table(statement: &Stmt) -> Option<TableBlock> {
    let pattern = tables(statement).next()?;
    let Body { statements, left_out } = &statement.body;
    let mut settings = Settings::default();
    let mut with = Vec::new();
    for inner in statements {
        if inner.spec.word == "with" {
            with.extend(inner.args.iter().filter_map(own_name));
            continue;
        }
        let taken = settings.take(inner);
        debug_assert!(taken, "`{}` is in the table, but not read in a `table`", inner.spec.word);
    }
    Some(TableBlock { pattern, settings, with, left_out: left_out.clone() })
}

fn rename(statement: &Stmt) -> Option<Spanned<Rename>> {
    let mut values = statement.args.iter().map(|item| &item.value).filter(|v| !matches!(v, Value::Word(_)));
    let (from, to) = (values.next()?, values.next()?);
    let Value::Template(to) = to else { return None };
    let to = to.clone();
    let rename = match from {
        Value::Database(from) => Rename::Database { from: from.clone(), to },
        Value::Table(from) => Rename::Table { from: from.clone(), to },
        Value::ColumnPath(table, column) => {
            Rename::Column { table: table.clone(), column: column.clone(), to }
        }
        _ => return None,
    };
    Some(Spanned::new(rename, statement.head))
}

fn label(statement: &Stmt) -> Option<(Spanned<String>, String)> {
    match statement.args.as_slice() {
        [name, text] => match &text.value {
            Value::Text(text) => Some((own_name(name)?, text.clone())),
            _ => None,
        },
        _ => None,
    }
}
