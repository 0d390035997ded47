//! Projects drawn by lot, for properties that hold for all: what a project says does not depend on where its lines stand.

use crate::text::FileSet;
use proptest::prelude::*;
use proptest::sample::select;

/// A statement: its line, and the statements of its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) head: String,
    pub(super) block: Option<Vec<Line>>,
}

impl Line {
    fn plain(head: impl Into<String>) -> Line {
        Line { head: head.into(), block: None }
    }

    fn with(head: impl Into<String>, block: Vec<Line>) -> Line {
        Line { head: head.into(), block: Some(block) }
    }

    /// The same with the statements of every block in another order, drawn with `dice`.
    pub(super) fn shuffled(&self, dice: &mut impl FnMut(usize) -> usize) -> Line {
        let block = self.block.as_ref().map(|lines| {
            let lines = lines.iter().map(|line| line.shuffled(dice)).collect();
            shuffled(lines, dice)
        });
        Line { head: self.head.clone(), block }
    }

    /// The text, with comments and empty lines where `dice` says so.
    fn write(&self, indent: usize, dice: &mut impl FnMut(usize) -> usize, out: &mut String) {
        for _ in 0..dice(3) {
            out.push_str(if dice(2) == 0 { "\n" } else { "  # a comment { with \"signs\"\n" });
        }
        let comment = if dice(4) == 1 { "  # behind a line" } else { "" };
        let blanks = " ".repeat(indent);
        match &self.block {
            None => *out += &format!("{blanks}{}{comment}\n", self.head),
            Some(lines) => {
                *out += &format!("{blanks}{} {{{comment}\n", self.head);
                for line in lines {
                    line.write(indent + 2, dice, out);
                }
                *out += &format!("{blanks}}}\n");
            }
        }
    }
}

/// The same things in another order.
pub(super) fn shuffled<T>(mut things: Vec<T>, dice: &mut impl FnMut(usize) -> usize) -> Vec<T> {
    for at in (1..things.len()).rev() {
        things.swap(at, dice(at + 1));
    }
    things
}

/// Files of a project; each line goes to the file that `dice` names.
pub(super) fn files(lines: &[Line], n_files: usize, mut dice: impl FnMut(usize) -> usize) -> FileSet {
    let mut texts = vec!["edition 2026\n".to_owned(); n_files];
    for line in lines {
        let file = dice(n_files);
        line.write(0, &mut dice, &mut texts[file]);
    }
    let mut files = FileSet::new();
    for (n, text) in texts.into_iter().enumerate() {
        files.add(format!("{n}.sync"), text);
    }
    files
}

/// As [`files`], all in one file and without a comment.
pub(super) fn plain(lines: &[Line]) -> FileSet {
    files(lines, 1, |_| 0)
}

/// Databases of the tables that projects speak of.
pub(super) const DATABASES: [&str; 2] = ["shop", "crm"];

/// Names of their tables; the patterns of projects relate on these as they do on all names.
pub(super) const TABLES: [&str; 12] =
    ["a", "b", "c", "ab", "ba", "aa", "bb", "aab", "bab", "tmp_a", "tmp_b", "x7q"];

/// The patterns of tables: with their relations equal, narrower, crossing and disjoint all occur.
pub(super) const PATTERNS: [&str; 13] = [
    "shop.*",
    "shop.a*",
    "shop.*b",
    "shop.ab",
    "shop.a",
    "shop.[ab]",
    "*.a",
    "*.a*",
    "crm.*",
    "crm.ab",
    "shop.tmp_*",
    "shop./a.*/",
    "shop.?",
];

fn pattern() -> impl Strategy<Value = String> {
    select(PATTERNS.as_slice()).prop_map(str::to_owned)
}

/// One setting of tables. Each statement is there at most once when several are drawn into a block.
fn setting() -> impl Strategy<Value = Line> {
    let columns = || select(vec!["id", "email", "id, email"]);
    let plain = prop_oneof![
        columns().prop_map(|columns| Line::plain(format!("columns {columns}, name"))),
        select(vec!["except note", "except n*"]).prop_map(|rule| Line::plain(format!("columns {rule}"))),
        select(vec!["primary", "none", "id", "origin, id"]).prop_map(|key| Line::plain(format!("key {key}"))),
        select(vec!["by key", "by table", "by database", "by column id", "to 0"])
            .prop_map(|rule| Line::plain(format!("partition {rule}"))),
    ];
    let option =
        select(vec!["partitions 12", "partitions 6", "replicas 3", "cleanup compact", "create never"]);
    let topic = (
        select(vec!["t.{table}", "{db}.{table}", "{pipeline}.{db}.{table}"]),
        prop::collection::vec(option, 0..3),
    )
        .prop_map(|(template, options)| {
            let block = once(options.into_iter().map(Line::plain).collect());
            let head = format!("topic \"{template}\"");
            if block.is_empty() { Line::plain(head) } else { Line::with(head, block) }
        });
    let option = select(vec!["enum label", "enum index", "snapshot-op init"]);
    let format = prop::collection::vec(option, 1..3).prop_map(|options| {
        Line::with("format canal-json", once(options.into_iter().map(Line::plain).collect()))
    });
    prop_oneof![4 => plain, 1 => topic, 1 => format]
}

/// Of statements with one first word the first.
fn once(lines: Vec<Line>) -> Vec<Line> {
    let mut kept: Vec<Line> = Vec::new();
    for line in lines {
        let word = |line: &Line| line.head.split(' ').next().map(str::to_owned);
        if !kept.iter().any(|other| word(other) == word(&line)) {
            kept.push(line);
        }
    }
    kept
}

fn settings() -> impl Strategy<Value = Vec<Line>> {
    prop::collection::vec(setting(), 0..4).prop_map(once)
}

fn tables() -> impl Strategy<Value = Vec<Line>> {
    let block = (pattern(), prop::collection::vec(setting(), 1..4))
        .prop_map(|(pattern, settings)| Line::with(format!("table {pattern}"), once(settings)));
    prop::collection::vec(block, 0..4).prop_map(|blocks| {
        // Blocks of one pattern are one block.
        let mut kept: Vec<Line> = Vec::new();
        for block in blocks {
            if !kept.iter().any(|other| other.head == block.head) {
                kept.push(block);
            }
        }
        kept
    })
}

/// A pipeline of a source and a target or two.
fn pipeline(name: &'static str, source: &'static str) -> impl Strategy<Value = Line> {
    let includes = prop::collection::vec(pattern(), 1..3);
    let excludes = prop::collection::vec(select(vec!["shop.tmp_*", "shop.b", "crm.a"]), 0..2);
    let renames = prop::collection::vec(
        select(vec![
            "database shop to store",
            "table shop.a to first",
            "table *.a* to \"{table}_x\"",
            "column shop.*.id to nr",
        ]),
        0..3,
    );
    let to = (any::<bool>(), settings(), tables());
    (includes, excludes, renames, settings(), tables(), to).prop_map(
        move |(includes, excludes, renames, settings, tables, (both, there, tables_there))| {
            let mut block = vec![Line::plain(format!("from {source}")), Line::plain("to bus")];
            block.extend(includes.iter().map(|pattern| Line::plain(format!("include {pattern}"))));
            block.extend(excludes.iter().map(|pattern| Line::plain(format!("exclude {pattern}"))));
            block.extend(renames.iter().map(|rename| Line::plain(format!("rename {rename}"))));
            block.extend(settings);
            block.extend(tables);
            if both {
                block.push(Line::with("to out", [there, tables_there].concat()));
            }
            Line::with(format!("pipeline {name}"), block)
        },
    )
}

/// A project: sources, targets, defaults, one or two pipelines.
pub(super) fn project() -> impl Strategy<Value = Vec<Line>> {
    (settings(), pipeline("first", "shop"), prop::option::of(pipeline("second", "crm"))).prop_map(
        |(defaults, first, second)| {
            let mut lines = vec![
                Line::with("source shop mysql \"db1\"", vec![Line::plain("password env P")]),
                Line::with("source crm mysql \"127.0.0.1\"", vec![Line::plain("password env P")]),
                Line::plain("target bus kafka \"kafka1\""),
                Line::plain("target out stdout"),
                first,
            ];
            if !defaults.is_empty() {
                lines.push(Line::with("defaults", defaults));
            }
            lines.extend(second);
            lines
        },
    )
}
