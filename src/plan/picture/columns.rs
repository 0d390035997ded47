//! Lineage: which column of a table becomes which field of a message, and what is done to it on the way.

use super::{Node, Picture, Shape, id};
use crate::pattern::NamePattern;
use crate::plan::schema_change::is_sent;
use crate::plan::{
    ColumnRule, Decider, KeyRule, Plan, Subject, TableDecision, Template, TemplatePart, subjects,
};

/// A column of a table, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownColumn {
    /// Its name.
    pub name: String,
    /// Its type as the server says it; empty where only the files name it.
    pub text: String,
    /// It is part of the table's own key.
    pub key: bool,
}

/// A table and its columns, in table order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTable {
    /// The table.
    pub subject: Subject,
    /// All its columns; empty where none is known.
    pub columns: Vec<KnownColumn>,
}

/// In place of the columns that nobody has named.
const OTHERS: &str = "*";

/// Columns and fields of every table. `known` are the tables of a source with their columns; where it knows none, the columns
/// that the lines of the project name are drawn, and one for all others.
pub fn columns(plan: &Plan, known: &dyn Fn(&str) -> Vec<KnownTable>) -> Picture {
    let mut picture = Picture::default();
    for task in &plan.tasks {
        let known = known(&task.id.source);
        let tables = match known.is_empty() {
            true => subjects([task])
                .into_iter()
                .map(|subject| KnownTable { subject, columns: Vec::new() })
                .collect(),
            false => known,
        };
        let Ok(decider) = Decider::new(task) else { continue };
        for KnownTable { subject, columns } in tables {
            let Ok(Some(decision)) = decider.decide(&subject.db, &subject.table) else { continue };
            let table = super::tables::table_path(&task.id.source, &subject);
            let topic = super::tables::topic(task, &subject).unwrap_or_default();
            let (db, name) = (exact(&decision.db), exact(&decision.table));
            let message = format!("{}.{topic}.{db}.{name}", task.target.name);
            picture.node(Node::new(Shape::Table, &table, subject.to_string()).detail(&task.id.source));
            picture.node(Node::new(Shape::Message, &message, &topic).detail(&task.target.name));
            let all_known = !columns.is_empty();
            let columns = if all_known { columns } else { named(&decision) };
            for column in &columns {
                draw(&mut picture, &decision, &table, &message, column);
            }
            // A rule that names what is sent leaves nothing open.
            if !all_known && !matches!(decision.columns, Some(ColumnRule::Only(_))) {
                let others = KnownColumn { name: OTHERS.to_owned(), text: String::new(), key: false };
                draw(&mut picture, &decision, &table, &message, &others);
            }
        }
    }
    picture
}

/// A name as a part of a longer one.
fn exact(name: &str) -> String {
    NamePattern::Exact(name.to_owned()).to_string()
}

/// The same for a column or a field; all others together are a `*`, which is no plain word.
fn path_of(name: &str) -> String {
    if name == OTHERS { name.to_owned() } else { exact(name) }
}

fn draw(picture: &mut Picture, decision: &TableDecision, table: &str, message: &str, column: &KnownColumn) {
    let mut node = Node::new(Shape::Column, &format!("{table}.{}", path_of(&column.name)), &column.name);
    if !column.text.is_empty() {
        node = node.detail(&column.text);
    }
    let from = node.id.clone();
    let sent = column.name == OTHERS || is_sent(decision, &column.name);
    node = if sent { node } else { node.detail("not sent") };
    picture.node(node.inside(id(Shape::Table, table)));
    if !sent {
        return;
    }
    let name = if column.name == OTHERS { OTHERS.to_owned() } else { field(decision, &column.name) };
    let mut field = Node::new(Shape::Field, &format!("{message}.{}", path_of(&name)), &name);
    if is_key(decision, column) {
        field = field.detail("key");
    }
    let to = field.id.clone();
    picture.node(field.inside(id(Shape::Message, message)));
    picture.edge(from, to, mask(decision, &column.name));
}

/// Columns that the rules of a table name exactly, in order.
fn named(decision: &TableDecision) -> Vec<KnownColumn> {
    let rule = match &decision.columns {
        Some(ColumnRule::Only(patterns) | ColumnRule::Except(patterns)) => patterns.as_slice(),
        None => &[],
    };
    let renamed = decision.column_names.iter().map(|(pattern, _)| pattern);
    let masked = decision.masks.iter().map(|mask| &mask.column);
    let exact = rule.iter().chain(renamed).chain(masked).filter_map(|pattern| match pattern {
        NamePattern::Exact(name) => Some(name.clone()),
        NamePattern::Glob(_) | NamePattern::Regex(_) => None,
    });
    let key = match &decision.key {
        KeyRule::Columns { columns, .. } => columns.clone(),
        KeyRule::Primary | KeyRule::None => Vec::new(),
    };
    let mut names: Vec<String> = key.into_iter().chain(exact).collect();
    names.sort();
    names.dedup();
    names.into_iter().map(|name| KnownColumn { name, text: String::new(), key: false }).collect()
}

fn takes(pattern: &NamePattern, column: &str) -> bool {
    pattern.compile_column().is_ok_and(|matcher| matcher.matches(column))
}

/// Name of a column in messages.
fn field(decision: &TableDecision, column: &str) -> String {
    for (pattern, to) in &decision.column_names {
        let captures = pattern.compile_column().ok().and_then(|matcher| matcher.captures(column));
        if let Some(captures) = captures {
            return filled(to, column, captures);
        }
    }
    decision.names.apply(column)
}

fn filled(to: &Template, column: &str, captures: Vec<(String, String)>) -> String {
    let mut to = to.clone();
    to.fill(|name| {
        let capture = captures.iter().find(|(capture, _)| capture == name).map(|(_, text)| text.clone());
        capture.or_else(|| (name == "column").then(|| column.to_owned()))
    });
    to.parts
        .iter()
        .map(|part| match part {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Hole { name, .. } => format!("{{{name}}}"),
        })
        .collect()
}

fn is_key(decision: &TableDecision, column: &KnownColumn) -> bool {
    match &decision.key {
        KeyRule::Primary => column.key,
        KeyRule::None => false,
        KeyRule::Columns { columns, .. } => {
            columns.iter().any(|name| name.eq_ignore_ascii_case(&column.name))
        }
    }
}

/// How a column is masked.
fn mask(decision: &TableDecision, column: &str) -> Option<String> {
    let mask = decision.masks.iter().find(|mask| takes(&mask.column, column))?;
    Some(format!("mask {}", mask.method))
}
