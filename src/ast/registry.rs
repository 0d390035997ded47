//! `registry` of a target.

use super::argument::{secret, text, texts};
use super::left_out::LeftOut;
use super::statement::Stmt;
use super::tls::{Tls, tls};
use crate::statement::SecretRef;
use crate::text::Spanned;

/// `registry "URL"`.
#[derive(Debug, Clone, PartialEq)]
pub struct Registry {
    /// Where it is.
    pub url: Spanned<String>,
    /// `user`.
    pub user: Option<Spanned<String>>,
    /// `password`.
    pub password: Option<Spanned<SecretRef>>,
    /// `tls`.
    pub tls: Option<Spanned<Tls>>,
    /// What could not be read of it.
    pub left_out: LeftOut,
}

pub(super) fn registry(statement: &Stmt) -> Option<Spanned<Registry>> {
    let url = texts(statement).into_iter().next()?;
    let left_out = statement.body.left_out.clone();
    let mut registry = Registry { url, user: None, password: None, tls: None, left_out };
    for inner in &statement.body.statements {
        match inner.spec.word {
            "user" => registry.user = text(inner),
            "password" => registry.password = secret(inner),
            other => {
                debug_assert_eq!(other, "tls", "in the table, but not read in a registry");
                registry.tls = tls(inner);
            }
        }
    }
    Some(Spanned::new(registry, statement.head))
}
