//! From what differs to what is told: counts, places, and what of it should not be.

use super::{Comparison, Differing, Found};
use crate::verify::identity::Proof;
use crate::verify::report::{Difference, Kind, MOST_TOLD, Report, TableReport};

impl Comparison<'_, '_> {
    /// Adds what was found among one part of the keys.
    pub(super) fn add(&self, found: &Found, reports: &mut [TableReport]) {
        for (number, report) in reports.iter_mut().enumerate() {
            report.rows += found.met[number];
            report.older += found.older[number];
            report.letters += found.letters[number];
        }
        let mut rows: Vec<_> = found.rows.values().collect();
        rows.sort_by_key(|one| (one.table, one.kind, one.place.partition, one.place.offset));
        for Differing { kind, table: number, place, columns, key } in rows {
            let report = &mut reports[usize::from(*number)];
            match kind {
                Kind::Missing => report.missing += 1,
                Kind::Extra => report.extra += 1,
                Kind::Different | Kind::Unreadable => report.different += 1,
            }
            if report.findings.len() < MOST_TOLD {
                report.findings.push(Difference {
                    kind: *kind,
                    partition: place.partition,
                    offset: (place.offset >= 0 && *kind != Kind::Missing).then_some(place.offset),
                    columns: columns.clone(),
                    key: key.clone(),
                });
            }
        }
        for number in found.unsettled.values() {
            reports[usize::from(*number)].unsettled += 1;
        }
    }

    /// What of it should not be.
    pub(super) fn judge(&self, reports: &mut [TableReport], report: &mut Report) {
        let name = &self.topic.name;
        for (report, (table, number)) in reports.iter_mut().zip(self.topic.tables.iter().zip(0_u16..)) {
            let mut proof = table.proof;
            report.notes.extend(table.notes.iter().cloned());
            if let Some(excuse) = self.world.excuse(&table.facts, self.follower.is_cut()) {
                proof.missing = false;
                report.notes.push(excuse);
            }
            let n_nameless = self.letters.nameless(number);
            if n_nameless > 0 {
                proof = Proof { missing: false, different: false, ..proof };
                report.notes.push(format!(
                    "{n_nameless} letters in its dead-letter topics do not say of which rows they are: rows may be missing or older"
                ));
            }
            if self.world.state.parked.contains_key(&table.version.name) {
                proof = Proof { missing: false, extra: false, different: false };
                report.notes.push("it is parked: its changes wait in the log".to_owned());
            }
            if self.topic.fold.truncated.contains(&number) {
                report.notes.push("it was truncated: rows that are left over are not told".to_owned());
            }
            if self.topic.fold.remembers {
                report.notes.push(
                    "its rows move between partitions: of a key in several of them, what is left over is not told"
                        .to_owned(),
                );
            }
            report.differs = (report.missing > 0 && proof.missing)
                || (report.extra > 0 && proof.extra)
                || (report.different > 0 && proof.different);
        }
        if let (Some((place, why)), Some(first)) = (&self.topic.first_unreadable, reports.first_mut()) {
            first.differs = true;
            first.findings.insert(
                0,
                Difference {
                    kind: Kind::Unreadable,
                    partition: place.partition,
                    offset: Some(place.offset),
                    columns: Vec::new(),
                    key: None,
                },
            );
            let n = self.topic.unreadable;
            report.notes.push(format!("topic {name}: {n} records cannot be read: {why}"));
        }
        if self.topic.of_others > 0 {
            let n = self.topic.of_others;
            report.notes.push(format!("topic {name}: {n} messages are of tables that were not compared"));
        }
        for gap in &self.world.state.ctl.gaps {
            report.notes.push(format!("what lies between {} and {} was skipped by hand", gap.from, gap.to));
        }
    }
}
