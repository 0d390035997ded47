//! Sources declared by a range of names: `source shard_[n:00..15] mysql "mysql-{n}"`.

use super::shape::Value;
use super::statement::{Reader, Stmt};
use super::token::Token;
use super::value::{pattern, wrong};
use crate::diagnostic::Diagnostic;
use crate::pattern::{Member, NamePattern};
use crate::statement::{self as st};
use crate::syntax::NodeId;

/// Most sources that one statement declares. Each has connections and a task of its own.
const MEMBERS_MAX: usize = 1_000;

/// Where in a range a source stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rank {
    /// The range as it is written.
    pub range: String,
    /// Its number in it, from 0.
    pub n: u32,
}

impl<'t> Reader<'t> {
    /// The members of the range that a `source` declares; one for a plain name.
    pub(super) fn members(&self, id: NodeId) -> Vec<Member> {
        let name = self.argument(id, 0).map_or("", |token| token.text);
        NamePattern::from_glob(name).ok().and_then(|pattern| pattern.members()).unwrap_or_default()
    }

    /// Binds what a member's statements may use: its captures, and its name as `source`.
    pub(super) fn bind_member(&mut self, member: &Member) {
        self.bindings.bind("source", Some(member.name.clone()));
        for (name, text) in &member.captures {
            self.bindings.bind(name.clone(), Some(text.clone()));
        }
    }

    /// Reads a `source` once for each name it declares; `first` is the statement as read for the first of them. Findings that
    /// come again for another member are left out.
    pub(super) fn each_member<T>(
        &mut self,
        first: Stmt,
        mut read: impl FnMut(&mut Reader<'t>, &Member, Option<Rank>, Stmt) -> Option<T>,
    ) -> Vec<T> {
        let id = first.id;
        let range = self.argument(id, 0).map_or("", |token| token.text).to_owned();
        let members = self.members(id);
        let is_range = members.len() > 1;
        let torn = first.body.left_out.clone();
        let mut first = Some(first);
        let mut all = Vec::with_capacity(members.len());
        for (n, member) in members.iter().enumerate() {
            let n_findings = self.findings.len();
            self.member = n;
            let again = |mut again: Stmt| {
                again.body.left_out.add(&torn);
                again
            };
            let statement = first.take().or_else(|| self.alone(id).map(again));
            let rank = is_range.then(|| Rank { range: range.clone(), n: n as u32 });
            all.extend(statement.and_then(|statement| read(self, member, rank, statement)));
            self.member = 0;
            for finding in self.findings.split_off(n_findings) {
                if !self.findings.iter().any(|told| is_same(told, &finding)) {
                    self.findings.push(finding);
                }
            }
        }
        all
    }
}

fn is_same(one: &Diagnostic, other: &Diagnostic) -> bool {
    let place = |finding: &Diagnostic| finding.primary.as_ref().map(|label| label.span);
    one.code == other.code && place(one) == place(other)
}

/// Names that a statement may declare: a range, or a set of signs, whose members all are names of own things.
pub(super) fn declared_names(token: &Token<'_>) -> Option<Result<Value, Box<Diagnostic>>> {
    let word = token.word().filter(|word| word.contains(['[', '*', '?']))?;
    let pattern = match pattern(token.segments.first()?) {
        Ok(pattern) => pattern,
        Err(finding) => return Some(Err(finding)),
    };
    let Some(members) = pattern.members() else {
        let message =
            format!("`{word}` takes more names than can be listed; a range such as `[00..15]` is wanted");
        return Some(Err(wrong(token.span, message)));
    };
    if members.len() > MEMBERS_MAX {
        let message = format!("`{word}` stands for {} names: at most {MEMBERS_MAX}", members.len());
        return Some(Err(Box::new(Diagnostic::error(st::OUT_OF_RANGE, token.span, message))));
    }
    let unfit = members.iter().find_map(|member| Some((member, st::check_own_name(&member.name).err()?)));
    Some(match unfit {
        Some((member, error)) => Err(wrong(
            token.span,
            format!("`{}`, one of these, is no name for a thing of your own: {error}", member.name),
        )),
        None => Ok(Value::Names(pattern)),
    })
}

/// A pattern of names that are declared elsewhere.
pub(super) fn pattern_of_names(token: &Token<'_>) -> Option<Result<Value, Box<Diagnostic>>> {
    token.word().filter(|word| word.contains(['[', '*', '?']))?;
    Some(pattern(token.segments.first()?).map(Value::Names))
}
