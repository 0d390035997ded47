//! Statements that this release compiles but does not execute.

use super::file::File;
use super::statement::Stmt;
use crate::statement::StatementSpec;
use crate::text::Span;

/// A statement that is not executed.
#[derive(Debug, Clone, Copy)]
pub struct Idle {
    /// Its row of the table.
    pub spec: &'static StatementSpec,
    /// From its word to its last argument.
    pub span: Span,
    /// Why.
    pub why: Why,
}

/// Why a statement is not executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No form of it is.
    Whole,
    /// The form that is written is not.
    Form,
    /// A value is to be read from the environment.
    Environment,
}

/// Two are equal when they stand at one place.
impl PartialEq for Idle {
    fn eq(&self, other: &Idle) -> bool {
        self.span == other.span
    }
}

/// Whose running a statement would have an effect on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Pipelines that read this source.
    Source(String),
    /// Pipelines that write to this target.
    Target(String),
    /// This pipeline.
    Pipeline(String),
    /// Pipelines that take settings of a profile.
    Profile,
    /// Every pipeline.
    Project,
}

impl File {
    /// Notes what is not executed of a statement and its block.
    pub(super) fn note_idle(&mut self, owner: &Owner, statement: &Stmt) {
        if let Some(why) = statement.idle {
            let idle = Idle { spec: statement.spec, span: statement.head, why };
            self.idle.push((owner.clone(), idle));
            match why {
                // What its block says is a part of it.
                Why::Whole | Why::Form => return,
                Why::Environment => {}
            }
        }
        for inner in &statement.body.statements {
            self.note_idle(owner, inner);
        }
    }
}
