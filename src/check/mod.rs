//! Is this program sensible? One rule per file; each only reports.
//!
//! A [`Checked`] is the proof that no finding so far weighs as an error; only from it can a plan be compiled.
//!
//! Offline nothing is guessed: a rule speaks of what the files alone decide (exact names, ranges, literal parts of
//! patterns). A pattern that could take a name that would be wrong is no finding.

#[macro_use]
mod example;

mod allow;
mod answers;
mod columns;
mod conditions;
mod consequence;
mod ddl;
mod destination;
mod flow;
mod formats;
mod graph;
mod index;
mod keys;
mod locked;
mod misspelt;
mod names;
mod pairs;
mod reliability;
mod renaming;
mod secrets;
mod selection;
mod selector;
mod settings;
mod side;
#[cfg(test)]
mod testing;
mod tests;

pub use allow::ALLOW_UNUSED;
pub use destination::NAMES_COLLIDE;
pub use secrets::{ENV_UNSET, SECRET_FILE_OPEN};
pub use selection::WHERE_TYPE;

use crate::diagnostic::{CodeDoc, Diagnostic, Severity};
use crate::hir::{Pipeline, Program};
use crate::parallel;
use flow::Project;
use std::collections::{BTreeSet, HashSet};

/// One rule and its page.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What it finds.
    pub doc: CodeDoc,
    /// Adds what it finds.
    run: fn(&Project<'_>, &mut Vec<Diagnostic>),
}

/// The rules of each area. Those of one group run one after the other and see what was found before in it; groups know nothing
/// of each other.
static GROUPS: &[&[&[Rule]]] = &[
    &[names::RULES],
    &[selection::RULES, secrets::RULES],
    &[destination::RULES],
    &[keys::RULES],
    &[formats::RULES],
    &[ddl::RULES],
    &[reliability::RULES],
    &[graph::RULES],
];

/// All rules.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    GROUPS.iter().copied().flatten().copied().flatten()
}

/// All rules, those about tests too.
fn all_rules() -> impl Iterator<Item = &'static Rule> {
    rules().chain(tests::RULES)
}

/// The pages of all rules, and of findings about secrets that only the environment can show.
pub fn pages() -> impl Iterator<Item = CodeDoc> {
    all_rules().map(|rule| rule.doc).chain(secrets::LIVE_PAGES.iter().copied()).chain([allow::PAGE])
}

/// A program without a finding that weighs as an error.
#[derive(Debug, Clone)]
pub struct Checked(Program);

impl Checked {
    /// The program.
    pub fn program(&self) -> &Program {
        &self.0
    }
}

/// What checking gives.
#[derive(Debug, Clone)]
pub struct Report {
    /// All findings, those of the earlier stages first.
    pub findings: Vec<Diagnostic>,
    /// The program, when nothing weighs as an error but in tests.
    pub checked: Option<Checked>,
}

/// Programs with fewer lines about tables are checked sooner than a thread begins.
const LONG: usize = 500;

/// True when the pipelines are worth several threads.
fn is_long(program: &Program) -> bool {
    let lines =
        |one: &Pipeline| 1 + one.include.len() + one.exclude.len() + one.tables.len() + one.renames.len();
    program.pipelines.iter().map(lines).sum::<usize>() >= LONG
}

/// Adds to findings about a text what the parameters in it stand for.
fn show_values(findings: &mut [Diagnostic], program: &Program) {
    if program.filled.is_empty() {
        return;
    }
    for finding in findings {
        let Some(place) = finding.primary.as_ref().map(|label| label.span) else { continue };
        let here = program.filled.iter().filter(|filled| filled.span == place);
        let values: BTreeSet<String> =
            here.map(|filled| format!("`{{{}}}` is `{}` here", filled.param, filled.value)).collect();
        if !values.is_empty() {
            let values = Vec::from_iter(values).join(", ");
            finding.help = Some(match &finding.help {
                Some(help) => format!("{help}; {values}"),
                None => values,
            });
        }
    }
}

/// Runs every rule. `findings` are those of the earlier stages, `later` the pages of findings that stages to come make.
pub fn run(program: Program, mut findings: Vec<Diagnostic>, later: &[CodeDoc]) -> Report {
    let n_earlier = findings.len();
    let is_read = !findings.iter().any(|finding| finding.severity == Severity::Error);
    let project = Project::new(&program);
    let of_groups = parallel::map(GROUPS, is_long(&program), |areas| {
        let mut found = Vec::new();
        areas.iter().copied().flatten().for_each(|rule| (rule.run)(&project, &mut found));
        found
    });
    findings.extend(of_groups.into_iter().flatten());
    // Two targets of a pipeline, or two tables of a pattern, show the same line to a rule twice.
    let mut seen = HashSet::new();
    let mut nth = 0;
    findings.retain(|finding| {
        nth += 1;
        let place = finding.primary.as_ref().map(|label| label.span);
        nth <= n_earlier || seen.insert((finding.code, place))
    });
    consequence::hide(&program, &mut findings);
    show_values(&mut findings, &program);
    allow::answer(&program, is_read, &mut findings, later);
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    findings.extend(program.test_findings.iter().cloned());
    for rule in tests::RULES {
        (rule.run)(&project, &mut findings);
    }
    consequence::hide(&program, &mut findings);
    Report { findings, checked: (!failed).then_some(Checked(program)) }
}
