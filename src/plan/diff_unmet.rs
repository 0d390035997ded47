//! What a new plan shows more of tables that nobody knows yet: only their rules can be compared.

use super::diff::Comparison;
use super::diff_table::{is_narrower, masks_all_of};
use super::{Layer, Subject, TaskPlan};

impl Comparison<'_> {
    /// Rules that take none of the known `tables`, and are gone or say less in the new plan. What comes under them is seen as the
    /// other rules say.
    pub(super) fn unmet(&mut self, old: &TaskPlan, new: &TaskPlan, tables: &[Subject]) {
        for layer in old.rules.layers.iter().filter(|layer| !is_met(layer, tables)) {
            let of_same = |other: &&Layer| other.level == layer.level && other.tables == layer.tables;
            let same = new.rules.layers.iter().find(of_same);
            let masks = same.map_or(&[][..], |same| &same.masks);
            let conditions = same.map_or(&[][..], |same| &same.conditions);
            let columns = same.and_then(|same| same.columns.as_ref());
            let bared = [
                ("columns", !is_narrower(layer.columns.as_ref(), columns)),
                ("mask", !masks_all_of(masks, &layer.masks)),
                ("where", !layer.conditions.iter().all(|condition| conditions.contains(condition))),
            ];
            let tables = layer.tables.as_ref().map_or_else(|| "*.*".to_owned(), ToString::to_string);
            let bared = bared.into_iter().filter(|&(_, is_bared)| is_bared);
            self.bared.extend(bared.map(|(what, _)| (tables.clone(), what)));
        }
    }
}

/// True for rules that a known table shows. A pattern that cannot be read takes none.
fn is_met(layer: &Layer, tables: &[Subject]) -> bool {
    let Some(pattern) = &layer.tables else { return !tables.is_empty() };
    pattern.compile().is_ok_and(|matcher| tables.iter().any(|one| matcher.matches(&one.db, &one.table)))
}
