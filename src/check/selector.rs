//! Patterns of tables that a pipeline takes or leaves out, compiled once.

use crate::hir::{Pipeline, Selection};
use crate::pattern::{TableMatcher, TablePattern};
use crate::text::{Span, Spanned};

/// A pattern of tables and its place.
pub(super) struct Selector<'p> {
    pub(super) pattern: &'p TablePattern,
    pub(super) span: Span,
    pub(super) matcher: TableMatcher,
    /// Number of the one source of the pipeline that it is for; none: all.
    pub(super) source: Option<usize>,
}

impl<'p> Selector<'p> {
    /// True when it says something about the n-th source.
    pub(super) fn is_for(&self, source: usize) -> bool {
        self.source.is_none_or(|own| own == source)
    }

    /// True when it says something about every source that the other is for.
    pub(super) fn is_for_all_of(&self, other: &Selector<'_>) -> bool {
        self.source.is_none() || self.source == other.source
    }

    pub(super) fn new(pattern: &'p TablePattern, span: Span) -> Option<Selector<'p>> {
        Some(Selector { pattern, span, matcher: pattern.compile().ok()?, source: None })
    }
}

/// The patterns of a pipeline's `include` or `exclude`, then those of its single sources. Patterns that reach this stage can
/// be read; one that cannot would be left out.
pub(super) fn selectors<'p>(
    pipeline: &'p Pipeline,
    all: &'p [Spanned<TablePattern>],
    of: fn(&'p Selection) -> &'p [Spanned<TablePattern>],
) -> Vec<Selector<'p>> {
    let of_all = all.iter().map(|one| (one, None));
    let of_one = pipeline.from.iter().enumerate().flat_map(|(n, from)| {
        let own = pipeline.own.get(&from.value).map(of).unwrap_or_default();
        own.iter().map(move |one| (one, Some(n)))
    });
    let selector = |(one, source): (&'p Spanned<TablePattern>, Option<usize>)| {
        Some(Selector { source, ..Selector::new(&one.value, one.span)? })
    };
    of_all.chain(of_one).filter_map(selector).collect()
}
