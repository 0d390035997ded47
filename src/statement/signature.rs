//! The form of a statement's arguments, written as one line of text in the table.
//!
//! `by key | by table | by column COLUMN+ | to NUMBER(0..)`: lower-case words stand for themselves, upper-case ones for
//! values (with a range in parentheses), `+` is a list with commas, `[…]` may be left out, `(… | …)` is a choice, and `<…>`
//! compiles but is not executed by this release.

use super::{bytes, duration_ms, number, rate};
use std::fmt;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Name of an own thing: source, target, pipeline, label.
    Name,
    /// Range of own names, `shard_[00..15]`.
    Range,
    /// Pattern of own names, `shard_*`.
    Names,
    /// Text without placeholders.
    Text,
    /// Text with placeholders.
    Template,
    /// `"[USER@]HOST[:PORT]"`.
    Address,
    /// An address, `"…"` or `env NAME [else "…"]`.
    Plain,
    /// `env NAME` or `file "PATH"`.
    Secret,
    /// Pattern of a database.
    Database,
    /// Pattern of a table, `DB.TABLE`.
    Table,
    /// Exact name of a table, `DB.TABLE`.
    ExactTable,
    /// Pattern of a column, `DB.TABLE.COLUMN`.
    ColumnPath,
    /// Exact name of a column.
    Column,
    /// Pattern of column names.
    Columns,
    /// Exact name of a column, and a value.
    Field,
    /// New name of a database, table or column: a bare name or a template.
    NewName,
    /// Duration.
    Duration,
    /// Size.
    Size,
    /// Bytes a second.
    Rate,
    /// Plain number.
    Number,
    /// Time of day.
    Clock,
    /// Point in time.
    Timestamp,
    /// Name or offset of a time zone.
    Zone,
    /// `"https://HOST[:PORT][/PATH]"`.
    Url,
    /// Version of a program.
    Version,
    /// GTID set of MySQL, or GTID position of MariaDB.
    Gtid,
    /// `"FILE:POSITION"` in the log.
    Binlog,
    /// A day, `2026-09-20`.
    Date,
    /// Condition of rows.
    Condition,
    /// Number of a finding.
    Code,
}

impl Kind {
    const ALL: [(&'static str, Kind); 30] = [
        ("NAME", Kind::Name),
        ("RANGE", Kind::Range),
        ("NAMES", Kind::Names),
        ("TEXT", Kind::Text),
        ("TEMPLATE", Kind::Template),
        ("ADDRESS", Kind::Address),
        ("PLAIN", Kind::Plain),
        ("SECRET", Kind::Secret),
        ("DATABASE", Kind::Database),
        ("DB.TABLE", Kind::Table),
        ("DB.NAME", Kind::ExactTable),
        ("DB.TABLE.COLUMN", Kind::ColumnPath),
        ("COLUMN", Kind::Column),
        ("COLUMNS", Kind::Columns),
        ("FIELD", Kind::Field),
        ("NEWNAME", Kind::NewName),
        ("DURATION", Kind::Duration),
        ("SIZE", Kind::Size),
        ("RATE", Kind::Rate),
        ("NUMBER", Kind::Number),
        ("CLOCK", Kind::Clock),
        ("TIMESTAMP", Kind::Timestamp),
        ("ZONE", Kind::Zone),
        ("URL", Kind::Url),
        ("VERSION", Kind::Version),
        ("GTID", Kind::Gtid),
        ("BINLOG", Kind::Binlog),
        ("DATE", Kind::Date),
        ("CONDITION", Kind::Condition),
        ("CODE", Kind::Code),
    ];

    /// How it is shown in a signature.
    pub fn shown(self) -> &'static str {
        match self {
            Kind::Name | Kind::NewName => "NAME",
            Kind::Range => "RANGE",
            Kind::Names => "PATTERN",
            Kind::Text => "\"TEXT\"",
            Kind::Template => "\"TEMPLATE\"",
            Kind::Address => "\"[USER@]HOST[:PORT]\"",
            Kind::Plain => "\"[USER@]HOST[:PORT]\" | env NAME [else \"…\"]",
            Kind::Secret => "env NAME | file \"PATH\"",
            Kind::Database => "DATABASE",
            Kind::Table | Kind::ExactTable => "DB.TABLE",
            Kind::ColumnPath => "DB.TABLE.COLUMN",
            Kind::Column | Kind::Columns => "COLUMN",
            Kind::Field => "COLUMN VALUE",
            Kind::Duration => "DURATION",
            Kind::Size => "SIZE",
            Kind::Rate => "SIZE/s",
            Kind::Number => "NUMBER",
            Kind::Clock => "HH:MM",
            Kind::Timestamp => "TIMESTAMP",
            Kind::Zone => "\"ZONE\"",
            Kind::Url => "\"https://HOST[:PORT]\"",
            Kind::Version => "VERSION",
            Kind::Gtid => "\"GTIDS\"",
            Kind::Binlog => "\"FILE:POSITION\"",
            Kind::Date => "DATE",
            Kind::Condition => "CONDITION",
            Kind::Code => "CODE",
        }
    }

    /// What it is called in a message.
    pub fn called(self) -> &'static str {
        match self {
            Kind::Name => "a name",
            Kind::Range => "a range of names",
            Kind::Names => "a pattern of names",
            Kind::Text => "a text in quotes",
            Kind::Template => "a text in quotes",
            Kind::Address => "an address in quotes",
            Kind::Plain => "an address in quotes or `env NAME`",
            Kind::Secret => "`env NAME` or `file \"PATH\"`",
            Kind::Database => "a database",
            Kind::Table | Kind::ExactTable => "a table as `DB.TABLE`",
            Kind::ColumnPath => "a column as `DB.TABLE.COLUMN`",
            Kind::Column | Kind::Columns => "a column",
            Kind::Field => "a column and its value",
            Kind::NewName => "a new name",
            Kind::Duration => "a duration such as `30s`",
            Kind::Size => "a size such as `1MiB`",
            Kind::Rate => "a rate such as `20MiB/s`",
            Kind::Number => "a number",
            Kind::Clock => "a time of day such as `22:00`",
            Kind::Timestamp => "a time such as `2026-09-01T10:00:00Z`",
            Kind::Zone => "a time zone such as \"Europe/Berlin\"",
            Kind::Url => "an address such as \"https://HOST\"",
            Kind::Version => "a version such as `2.8`",
            Kind::Gtid => "a GTID set in quotes",
            Kind::Binlog => "a place in the log such as \"binlog.000042:4\"",
            Kind::Date => "a day such as `2026-09-20`",
            Kind::Condition => "a condition",
            Kind::Code => "the code of a finding",
        }
    }
}

/// Part of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A word or a comma that stands for itself.
    Word(String),
    /// A value.
    Value {
        /// What it is.
        kind: Kind,
        /// Smallest and greatest value, in ms, bytes or as a number.
        range: (u64, u64),
        /// The bounds as written.
        range_text: (String, String),
    },
    /// One or more with commas between.
    List(Box<Shape>),
    /// May be left out.
    Optional(Vec<Vec<Shape>>),
    /// One of several.
    Choice(Vec<Vec<Shape>>),
    /// What compiles but is not executed by this release, unlike the rest.
    Idle(Vec<Vec<Shape>>),
}

/// All forms of a statement's arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The alternatives, each a sequence.
    pub alternatives: Vec<Vec<Shape>>,
}

impl Signature {
    /// Reads the notation of the table. Total: what is not notation becomes a word; a test reads every row.
    pub fn parse(text: &str) -> Signature {
        let mut parser = Parser { rest: text };
        Signature { alternatives: parser.alternatives() }
    }

    /// The forms and parts that compile but are not executed, as they are written.
    pub fn idle_forms(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect_idle(&self.alternatives, &mut found);
        found.dedup();
        found
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_alternatives(&self.alternatives, f)
    }
}

fn show_alternatives(alternatives: &[Vec<Shape>], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // The empty form of a statement shows by its block.
    let shown = alternatives.iter().filter(|sequence| !sequence.iter().all(is_hidden));
    for (n, sequence) in shown.enumerate() {
        if n > 0 {
            f.write_str(" | ")?;
        }
        for (n, shape) in sequence.iter().filter(|shape| !is_hidden(shape)).enumerate() {
            if n > 0 && *shape != Shape::Word(",".into()) {
                f.write_str(" ")?;
            }
            show(shape, f)?;
        }
    }
    Ok(())
}

fn collect_idle(alternatives: &[Vec<Shape>], found: &mut Vec<String>) {
    for shape in alternatives.iter().flatten() {
        match shape {
            Shape::Idle(inner) => {
                let form = Signature { alternatives: inner.clone() }.to_string();
                // The empty form is written as a block.
                found.push(if form.is_empty() { "its block".to_owned() } else { format!("`{form}`") });
            }
            Shape::Optional(inner) | Shape::Choice(inner) => collect_idle(inner, found),
            Shape::Word(_) | Shape::Value { .. } | Shape::List(_) => {}
        }
    }
}

/// True for what has nothing to show.
fn is_hidden(shape: &Shape) -> bool {
    match shape {
        Shape::Idle(inner) | Shape::Optional(inner) => {
            inner.iter().all(|sequence| sequence.iter().all(is_hidden))
        }
        Shape::Word(_) | Shape::Value { .. } | Shape::List(_) | Shape::Choice(_) => false,
    }
}

fn show(shape: &Shape, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match shape {
        Shape::Word(word) => f.write_str(word),
        Shape::Value { kind, .. } => f.write_str(kind.shown()),
        Shape::List(item) => {
            show(item, f)?;
            f.write_str(", …")
        }
        Shape::Optional(inner) => {
            f.write_str("[")?;
            show_alternatives(inner, f)?;
            f.write_str("]")
        }
        Shape::Choice(inner) => {
            f.write_str("(")?;
            show_alternatives(inner, f)?;
            f.write_str(")")
        }
        Shape::Idle(inner) => show_alternatives(inner, f),
    }
}

struct Parser<'t> {
    rest: &'t str,
}

impl Parser<'_> {
    fn alternatives(&mut self) -> Vec<Vec<Shape>> {
        let mut all = vec![Vec::new()];
        loop {
            self.rest = self.rest.trim_start();
            let Some(sign) = self.rest.chars().next() else { return all };
            if matches!(sign, ']' | ')' | '>') {
                return all;
            }
            if sign == '|' {
                self.rest = &self.rest[1..];
                all.push(Vec::new());
                continue;
            }
            let shape = self.shape(sign);
            if let Some(sequence) = all.last_mut() {
                sequence.push(shape);
            }
        }
    }

    fn shape(&mut self, sign: char) -> Shape {
        if matches!(sign, '[' | '(' | '<') {
            self.rest = &self.rest[1..];
            let inner = self.alternatives();
            self.rest = self.rest.get(1..).unwrap_or("");
            if sign == '('
                && let Some(rest) = self.rest.strip_prefix('+')
            {
                self.rest = rest;
                return Shape::List(Box::new(Shape::Choice(inner)));
            }
            return match sign {
                '[' => Shape::Optional(inner),
                '(' => Shape::Choice(inner),
                _ => Shape::Idle(inner),
            };
        }
        if sign == ',' {
            self.rest = &self.rest[1..];
            return Shape::Word(",".into());
        }
        let end = self
            .rest
            .find(|c: char| {
                c.is_whitespace() || matches!(c, '[' | ']' | '(' | ')' | '<' | '>' | '|' | ',' | '+')
            })
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end.max(1));
        self.rest = rest;
        let Some(&(_, kind)) = Kind::ALL.iter().find(|(name, _)| *name == word) else {
            return Shape::Word(word.to_owned());
        };
        let (range, range_text) = self.range(kind);
        let value = Shape::Value { kind, range, range_text };
        if let Some(rest) = self.rest.strip_prefix('+') {
            self.rest = rest;
            return Shape::List(Box::new(value));
        }
        value
    }

    fn range(&mut self, kind: Kind) -> ((u64, u64), (String, String)) {
        let written = self.rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let Some((bounds, rest)) = written else { return ((0, u64::MAX), Default::default()) };
        self.rest = rest;
        let (low, high) = bounds.split_once("..").unwrap_or((bounds, ""));
        let read = |text: &str, open: u64| match kind {
            Kind::Duration => duration_ms(text).unwrap_or(open),
            Kind::Size => bytes(text).unwrap_or(open),
            Kind::Rate => rate(text).unwrap_or(open),
            _ => number(text).unwrap_or(open),
        };
        ((read(low, 0), read(high, u64::MAX)), (low.to_owned(), high.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(notation: &str, shown: &str) {
        assert_eq!(Signature::parse(notation).to_string(), shown);
    }

    #[test]
    fn shown_without_its_notation() {
        check("by key | by column COLUMN+ | to NUMBER(0..)", "by key | by column COLUMN, … | to NUMBER");
        check("stop | <park> | <dead-letter TEXT>", "stop | park | dead-letter \"TEXT\"");
        check("off | <>", "off");
        check("every DURATION(1ms..1h) [, NUMBER rows] [, SIZE]", "every DURATION [, NUMBER rows] [, SIZE]");
        check("(off | require) [because TEXT]", "(off | require) [because \"TEXT\"]");
        check("", "");
    }

    #[test]
    fn ranges_are_read_in_their_unit() {
        let Shape::Value { range, .. } = &Signature::parse("DURATION(10s..15m)").alternatives[0][0] else {
            panic!()
        };
        assert_eq!(*range, (10_000, 900_000));
    }
}
