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
            } else if let Some(finding) = lacking(&from.sources, scopes) {
                feeds.unknown = true;
                findings.push(finding);
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
    // A range that could not be read may have declared it.
    let begin = |text: &str| text.split('[').next().unwrap_or_default().to_owned();
    let mut ranges = program.mentions.iter().filter(|mentioned| mentioned.contains('['));
    match &name.value {
        NamePattern::Exact(exact) => {
            let is_in = |range: &String| !begin(range).is_empty() && exact.starts_with(&begin(range));
            if !program.may_know(exact) && !ranges.any(is_in) {
                findings.push(scopes.no_source(&Spanned::new(exact.clone(), name.span)));
            }
        }
        NamePattern::Glob(_) | NamePattern::Regex(_) => {
            let matcher = name.value.compile();
            let own = begin(&name.value.to_string());
            // A source whose statement could not be read may be one of these.
            let may_match = program.opaque
                || ranges.any(|range| begin(range) == own)
                || matcher
                    .is_ok_and(|matcher| program.mentions.iter().any(|mentioned| matcher.matches(mentioned)));
            if !may_match {
                findings.push(sources.nothing_matches(name));
            }
        }
    }
}

/// What is said of a range of which some names are declared, and others are not.
fn lacking(range: &Spanned<NamePattern>, scopes: Scopes<'_>) -> Option<Diagnostic> {
    let NamePattern::Glob(text) = &range.value else { return None };
    // A set of signs says what may be there.
    let members = text.contains("..").then(|| range.value.members())??;
    let is_lacking = |name: &String| scopes.sources.id(name).is_none() && !scopes.program.may_know(name);
    let names: Vec<String> = members.into_iter().map(|member| member.name).filter(is_lacking).collect();
    scopes.sources.lacking(range.span, &names)
}
