//! What is said of names that were probably meant to be others.

use super::flow::{Flow, Guess, Known};
use super::locked::written;
use crate::diagnostic::{Diagnostic, Fix, Safety};
use crate::hir::LockedTable;
use crate::pattern::NamePattern;
use crate::statement::{ColumnRule, closest};
use crate::text::Span;

/// Adds to a finding about a pattern of tables, which stands alone at `place`, what was meant.
pub(super) fn meant(finding: Diagnostic, place: Span, guess: &Guess) -> Diagnostic {
    let text = written(&guess.pattern);
    let safety = if guess.is_sure { Safety::Machine } else { Safety::Choice };
    let fix = Fix { safety, ..Fix::machine(format!("write `{text}`"), place, text) };
    labelled(finding, guess).fix(fix)
}

/// The same without a repair: more than the pattern stands there.
pub(super) fn labelled(finding: Diagnostic, guess: &Guess) -> Diagnostic {
    let finding = finding.label(format!("did you mean `{}`?", written(&guess.pattern)));
    match guess.is_new_name {
        true => finding.help("this is the name in messages: tables are named as in the source everywhere"),
        false => finding,
    }
}

impl Flow<'_> {
    /// True when a line about columns of a table names one that the table does not have, and this one was meant: that is told there.
    pub(super) fn is_meant_column(&self, known: &Known, table: &LockedTable, column: &str) -> bool {
        let names = || table.columns.iter().map(|column| column.name.value.as_str());
        let named = self.lanes.iter().flat_map(|lane| lane.settings_of(known)).flat_map(|settings| {
            let rule = settings.columns.as_ref().into_iter().flat_map(|rule| {
                let (ColumnRule::Only(patterns) | ColumnRule::Except(patterns)) = &rule.value;
                patterns.iter()
            });
            settings.masks.iter().map(|mask| &mask.value.column).chain(rule)
        });
        let mut exact = named.filter_map(|pattern| match pattern {
            NamePattern::Exact(name) => Some(name.as_str()),
            NamePattern::Glob(_) | NamePattern::Regex(_) => None,
        });
        exact.any(|name| table.column(name).is_none() && closest(name, names()) == Some(column))
    }

    /// Masks of profiles that name a column which the table does not have, where this one was meant, with the name.
    pub(super) fn masks_meant<'s>(
        &'s self,
        known: &'s Known,
        table: &'s LockedTable,
        column: &'s str,
    ) -> impl Iterator<Item = (Span, &'s str)> {
        let names = || table.columns.iter().map(|column| column.name.value.as_str());
        let settings = self.lanes.iter().flat_map(|lane| lane.settings_of(known));
        settings.flat_map(|settings| &settings.profile_masks).filter_map(move |mask| {
            let NamePattern::Exact(name) = &mask.value.column else { return None };
            let is_meant = table.column(name).is_none() && closest(name, names()) == Some(column);
            is_meant.then_some((mask.span, name.as_str()))
        })
    }

    /// The same for a known table, in any source.
    pub(super) fn has_misspelt(&self, known: &Known, column: &str) -> bool {
        let mut tables =
            (0..self.pipeline.from.len()).filter_map(|n| self.locks.table(n, &known.db, &known.table));
        tables.any(|table| self.is_meant_column(known, table, column))
    }
}
