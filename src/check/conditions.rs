//! The conditions of `where` over the columns that `schema.lock` lists.

use super::flow::Project;
use crate::ast::{TestPlace, Where};
use crate::hir::LockedTable;
use crate::mysql::schema::{Column, TableVersion};
use crate::mysql::zone::Zone;
use crate::text::Spanned;
use crate::transform::filter::{Condition, Test};

/// Most findings of a rule about one line.
pub(super) const FINDINGS_MAX: usize = 20;

/// A table whose rows are filtered.
pub(super) struct Filtered<'p> {
    pub(super) table: &'p LockedTable,
    /// Zone of the source, where one is written.
    pub(super) zone: Option<Zone>,
    /// The lines that hold for it, all of them.
    pub(super) lines: &'p [Spanned<Where>],
}

/// The tables of the lock file for which there are conditions, once for each way they are sent. A table of which a part was left
/// out may have other columns; nothing is said of it.
pub(super) fn filtered<'p>(project: &Project<'p>) -> Vec<Filtered<'p>> {
    let mut found = Vec::new();
    for flow in &project.flows {
        for lane in &flow.lanes {
            for (source, from) in flow.pipeline.from.iter().enumerate() {
                let written = project.program.source(from.value).time_zone.as_ref();
                let zone = written.and_then(|zone| Zone::from_name(&zone.value));
                for (known, table) in flow.locked(source).filter(|(_, table)| !table.incomplete) {
                    let lines = lane.conditions(known);
                    if !lines.is_empty() {
                        found.push(Filtered { table, zone: zone.clone(), lines });
                    }
                }
            }
        }
    }
    found
}

/// The columns of a table as far as conditions look at them.
pub(super) fn version(table: &LockedTable) -> TableVersion {
    let columns = table.columns.iter().map(|column| Column {
        name: column.name.value.clone(),
        ty: column.text.ty.clone(),
        nullable: column.text.nullable,
        declared: column.text.declared.clone(),
        hidden: false,
        collation: column.text.collation.clone(),
    });
    TableVersion {
        name: table.name.value.clone(),
        columns: columns.collect(),
        primary_key: table.primary_key.clone(),
        unique_keys: Vec::new(),
    }
}

/// A question of a condition, and what is around it.
pub(super) struct Asked<'p> {
    pub(super) test: &'p Test,
    pub(super) place: &'p TestPlace,
    /// `not` stands directly before it, or in it.
    pub(super) negated: bool,
    /// The row is sent when it holds: no `not` or `is null` is around it.
    pub(super) wanted: bool,
}

/// The questions of a line, in the order of the text.
pub(super) fn asked(line: &Where) -> Vec<Asked<'_>> {
    let mut found = Vec::new();
    let mut places = line.places.iter();
    walk(&line.condition, true, &mut places, &mut found);
    found
}

fn walk<'p>(
    condition: &'p Condition,
    wanted: bool,
    places: &mut std::slice::Iter<'p, TestPlace>,
    found: &mut Vec<Asked<'p>>,
) {
    match condition {
        Condition::And(inner) | Condition::Or(inner) => {
            inner.iter().for_each(|one| walk(one, wanted, places, found));
        }
        Condition::Not(inner) => match &**inner {
            Condition::Test(test) => {
                found.extend(places.next().map(|place| Asked { test, place, negated: true, wanted }));
            }
            inner => walk(inner, false, places, found),
        },
        Condition::Unknown(inner) => walk(inner, false, places, found),
        Condition::Test(test) => {
            found.extend(places.next().map(|place| Asked { test, place, negated: false, wanted }));
        }
    }
}
