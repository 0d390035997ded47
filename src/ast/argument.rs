//! The arguments of a statement by their kind.

use super::shape::{Item, Value};
use super::statement::Stmt;
use crate::statement::{SecretRef, Text};
use crate::text::Spanned;

pub(super) fn own_name(item: &Item) -> Option<Spanned<String>> {
    match &item.value {
        Value::Name(name) => Some(Spanned::new(name.clone(), item.span)),
        _ => None,
    }
}

/// The bare words, in order.
pub(super) fn words(statement: &Stmt) -> Vec<&str> {
    statement
        .args
        .iter()
        .filter_map(|item| match &item.value {
            Value::Word(word) => Some(word.as_str()),
            _ => None,
        })
        .collect()
}

/// True when one of the bare words is `word`.
pub(super) fn says(statement: &Stmt, word: &str) -> bool {
    words(statement).contains(&word)
}

/// The texts in quotes, each with its own place.
pub(super) fn texts(statement: &Stmt) -> Vec<Spanned<String>> {
    statement
        .args
        .iter()
        .filter_map(|item| match &item.value {
            Value::Text(text) => Some(Spanned::new(text.clone(), item.span)),
            _ => None,
        })
        .collect()
}

/// The first text in quotes, with the place of the statement.
pub(super) fn text(statement: &Stmt) -> Option<Spanned<String>> {
    texts(statement).into_iter().next().map(|text| Spanned::new(text.value, statement.head))
}

/// The numbers, in order.
pub(super) fn quantities(statement: &Stmt) -> Vec<u64> {
    statement
        .args
        .iter()
        .filter_map(|item| match item.value {
            Value::Quantity(count) => Some(count),
            _ => None,
        })
        .collect()
}

/// The first number, with the place of the statement.
pub(super) fn quantity(statement: &Stmt) -> Option<Spanned<u64>> {
    quantities(statement).first().map(|&count| Spanned::new(count, statement.head))
}

/// An address, written or from the environment.
pub(super) fn plain(statement: &Stmt) -> Option<Spanned<Text>> {
    statement.args.iter().find_map(|item| match &item.value {
        Value::Plain(text) => Some(Spanned::new(text.clone(), item.span)),
        _ => None,
    })
}

/// Where a secret is found, with the place of the statement.
pub(super) fn secret(statement: &Stmt) -> Option<Spanned<SecretRef>> {
    statement.args.iter().find_map(|item| match &item.value {
        Value::Secret(secret) => Some(Spanned::new(secret.clone(), statement.head)),
        _ => None,
    })
}
