//! Where a pipeline's rows come from: sources by name or pattern, and topics of a target.

use super::ends::Scopes;
use super::program::{Selection, SourceId};
use crate::ast::{self, given_twice};
use crate::diagnostic::Diagnostic;
use crate::pattern::NamePattern;
use crate::text::{Span, Spanned};
use std::collections::BTreeMap;

/// What a pipeline reads.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    /// Sources, each once.
    pub(super) sources: Vec<Spanned<SourceId>>,
    /// What is selected from one of them alone.
    pub(super) own: BTreeMap<SourceId, Selection>,
    /// A source is not known.
    pub(super) unknown: bool,
}

impl Feeds {
    /// Resolves the sources of a pipeline. Of those at the places that are `told` of nothing more is said.
    pub(super) fn resolve(
        froms: Vec<ast::From>,
        scopes: Scopes<'_>,
        told: &[Span],
        findings: &mut Vec<Diagnostic>,
    ) -> Feeds {
        let mut feeds = Feeds::default();
        for from in froms {
            let ids = scopes.sources.matching(&from.sources.value);
            if ids.is_empty() {
                feeds.unknown = true;
                if !told.contains(&from.sources.span) {
                    report_unknown(&from.sources, scopes, findings);
                }
            }
            let mut again: Option<Span> = None;
            for id in ids.into_iter().map(SourceId) {
                match feeds.sources.iter().find(|first| first.value == id) {
                    Some(first) => again = again.or(Some(first.span)),
                    None => feeds.sources.push(Spanned::new(id, from.sources.span)),
                }
                if from.is_narrowed() {
                    let own = feeds.own.entry(id).or_default();
                    own.include.extend(from.include.iter().cloned());
                    own.exclude.extend(from.exclude.iter().cloned());
                }
            }
            // A second line that says more about a source adds to the first.
            if let Some(first) = again.filter(|_| !from.is_narrowed()) {
                findings.push(given_twice("from", from.sources.span, first));
            }
        }
        feeds
    }
}

fn report_unknown(name: &Spanned<NamePattern>, scopes: Scopes<'_>, findings: &mut Vec<Diagnostic>) {
    let Scopes { sources, program, .. } = scopes;
    match &name.value {
        NamePattern::Exact(exact) => {
            if !program.may_know(exact) {
                findings.push(scopes.no_source(&Spanned::new(exact.clone(), name.span)));
            }
        }
        NamePattern::Glob(_) | NamePattern::Regex(_) => {
            let matcher = name.value.compile();
            // A source whose statement could not be read may be one of these.
            let may_match = program.opaque
                || matcher.is_ok_and(|matcher| {
                    program
                        .mentions
                        .iter()
                        .any(|mentioned| *mentioned == name.value.to_string() || matcher.matches(mentioned))
                });
            if !may_match {
                findings.push(sources.nothing_matches(name));
            }
        }
    }
}
