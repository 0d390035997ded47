//! Tables in whose own block a finding is answered: of them it is drawn at that block, whoever else makes it.

use super::flow::{Flow, Known};
use crate::diagnostic::Code;
use crate::hir::Program;
use crate::pattern::TableMatcher;
use crate::text::Span;

/// The blocks of a pipeline's tables in which one code is answered.
pub(super) struct Answers(Vec<(TableMatcher, Span)>);

impl Answers {
    pub(super) fn new(program: &Program, flow: &Flow<'_>, code: Code) -> Answers {
        let allows: Vec<_> = program.allows.iter().filter(|allow| allow.code.value == code.number).collect();
        if allows.is_empty() {
            return Answers(Vec::new());
        }
        let answered =
            flow.blocks().filter(|block| allows.iter().any(|allow| allow.covers(block.pattern.span)));
        let compiled =
            answered.filter_map(|block| Some((block.pattern.value.compile().ok()?, block.pattern.span)));
        Answers(compiled.collect())
    }

    /// Where the finding of a table is drawn.
    pub(super) fn place(&self, known: &Known) -> Option<Span> {
        self.0.iter().find(|(tables, _)| tables.matches(&known.db, &known.table)).map(|(_, place)| *place)
    }
}
