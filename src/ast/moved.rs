//! `moved`.

use super::argument::{own_name, words};
use super::statement::Stmt;
use crate::statement::Thing;
use crate::text::{Span, Spanned};

/// `moved THING A to B`.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// What kind of thing was renamed.
    pub thing: Thing,
    /// What it was called.
    pub from: Spanned<String>,
    /// What it is called now.
    pub to: Spanned<String>,
    /// What goes away when the statement is removed.
    pub line: Span,
}

pub(super) fn moved(statement: &Stmt) -> Option<Moved> {
    let thing = match words(statement).first() {
        Some(&"pipeline") => Thing::Pipeline,
        Some(&"source") => Thing::Source,
        _ => Thing::Target,
    };
    let mut names = statement.args.iter().filter_map(own_name);
    Some(Moved { thing, from: names.next()?, to: names.next()?, line: statement.line })
}
