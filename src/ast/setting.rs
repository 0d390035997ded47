//! The value of one statement about tables or a task.

use super::argument::{quantities, quantity, secret, text, words};
use super::condition::Where;
use super::shape::Value;
use super::statement::Stmt;
use crate::pattern::NamePattern;
use crate::statement::{
    ColumnRule, Key, KeyForm, KeyRule, Markers, MaskMethod, MaskRule, Partition, PartitionHash,
    PartitionRule, Split, Template, Word, WordSet,
};
use crate::text::Spanned;

/// The first word that is a value of the kind.
pub(super) fn word<T: Word>(statement: &Stmt) -> Option<Spanned<T>> {
    let value = words(statement).into_iter().find_map(T::from_word)?;
    Some(Spanned::new(value, statement.head))
}

pub(super) fn word_set<T: Word + Ord>(statement: &Stmt) -> Spanned<WordSet<T>> {
    let items = words(statement).into_iter().filter_map(T::from_word).collect();
    Spanned::new(WordSet::new(items), statement.head)
}

/// A number that the table keeps in the range of its type.
pub(super) fn number<T: TryFrom<u64>>(statement: &Stmt) -> Option<Spanned<T>> {
    let count = quantity(statement)?;
    Some(Spanned::new(T::try_from(count.value).ok()?, count.span))
}

pub(super) fn template(statement: &Stmt) -> Option<Spanned<Template>> {
    statement.args.iter().find_map(|item| match &item.value {
        Value::Template(template) => Some(Spanned::new(template.clone(), item.span)),
        _ => None,
    })
}

pub(super) fn markers(statement: &Stmt) -> Spanned<Markers> {
    match (template(statement), words(statement).first()) {
        (Some(topic), _) => Spanned::new(Markers::Topic(topic.value), topic.span),
        (None, Some(&"off")) => Spanned::new(Markers::Off, statement.head),
        (None, _) => Spanned::new(Markers::Data, statement.head),
    }
}

pub(super) fn split(statement: &Stmt) -> Option<Spanned<Split>> {
    let counts = quantities(statement);
    let split = Split { bytes: *counts.first()?, rows: counts.get(1).copied() };
    Some(Spanned::new(split, statement.head))
}

pub(super) fn partition(statement: &Stmt) -> Option<Spanned<Partition>> {
    let words = words(statement);
    let rule = match words.as_slice() {
        ["by", "key", ..] => PartitionRule::ByKey,
        ["by", "table", ..] => PartitionRule::ByTable,
        ["by", "database", ..] => PartitionRule::ByDatabase,
        ["by", ..] => PartitionRule::ByColumns(exact_columns(statement)),
        _ => PartitionRule::To(number(statement)?.value),
    };
    let hash = words.last().and_then(|word| PartitionHash::from_word(word));
    let partition = Partition { rule, hash: hash.unwrap_or(PartitionHash::Murmur2) };
    Some(Spanned::new(partition, statement.head))
}

pub(super) fn key(statement: &Stmt) -> Spanned<Key> {
    let words = words(statement);
    let rule = match words.first() {
        Some(&"primary") => KeyRule::Primary,
        Some(&"none") => KeyRule::None,
        first => KeyRule::Columns { origin: first == Some(&"origin"), columns: exact_columns(statement) },
    };
    let form = words.last().and_then(|word| KeyForm::from_word(word));
    Spanned::new(Key { rule, form }, statement.head)
}

pub(super) fn columns(statement: &Stmt) -> Spanned<ColumnRule> {
    let patterns = column_patterns(statement);
    let rule = if words(statement) == ["except"] {
        ColumnRule::Except(patterns)
    } else {
        ColumnRule::Only(patterns)
    };
    Spanned::new(rule, statement.head)
}

pub(super) fn masks(statement: &Stmt) -> Vec<Spanned<MaskRule>> {
    let count = quantity(statement).and_then(|count| u32::try_from(count.value).ok()).unwrap_or(0);
    let method = match words(statement).as_slice() {
        ["with", "sha256", ..] => MaskMethod::Sha256 { salt: secret(statement).map(|salt| salt.value) },
        ["with", "null"] => MaskMethod::Null,
        ["keep", "first"] => MaskMethod::KeepFirst(count),
        ["keep", "last"] => MaskMethod::KeepLast(count),
        _ => MaskMethod::Fixed(text(statement).map(|text| text.value).unwrap_or_default()),
    };
    let rule = |column| Spanned::new(MaskRule { column, method: method.clone() }, statement.head);
    column_patterns(statement).into_iter().map(rule).collect()
}

pub(super) fn condition(statement: &Stmt) -> Option<Spanned<Where>> {
    statement.args.iter().find_map(|item| match &item.value {
        Value::Condition(condition) => Some(Spanned::new((**condition).clone(), item.span)),
        _ => None,
    })
}

/// The patterns of columns. The order of a set means nothing.
fn column_patterns(statement: &Stmt) -> Vec<NamePattern> {
    let mut patterns: Vec<_> = statement
        .args
        .iter()
        .filter_map(|item| match &item.value {
            Value::Columns(pattern) => Some(pattern.clone()),
            _ => None,
        })
        .collect();
    patterns.sort();
    patterns.dedup();
    patterns
}

fn exact_columns(statement: &Stmt) -> Vec<String> {
    statement
        .args
        .iter()
        .filter_map(|item| match &item.value {
            Value::Column(name) => Some(name.clone()),
            _ => None,
        })
        .collect()
}
