//! Columns of tables by the position they hold from.
//!
//! Guarantees: adding what is already held changes nothing, so that a statement read twice counts once; of each table the newest
//! version stays, and all that a position still in use needs. Numbers only grow, over all tables: also a table that is dropped
//! and made again goes on with larger ones.
//! Does not: know where records are kept, or what columns mean.

use super::codec::StateRecord;
use super::record::{SchemaRecord, StateKey};
use crate::mysql::position::{Gtids, Position};
use crate::mysql::schema::{TableName, TableState};
use std::collections::{BTreeMap, BTreeSet};

/// All versions of all tables that are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    tables: BTreeMap<TableName, BTreeMap<u32, SchemaRecord>>,
    /// The largest number that was given.
    largest: u32,
    /// Tables that may be gone, and kept for their number only.
    gone: BTreeSet<TableName>,
}

impl History {
    /// Takes a record as it was stored.
    pub(super) fn put(&mut self, table: TableName, number: u32, record: SchemaRecord) {
        self.largest = self.largest.max(number);
        if record.state == TableState::Gone {
            self.gone.insert(table.clone());
        }
        self.tables.entry(table).or_default().insert(number, record);
    }

    /// Forgets a record.
    pub(super) fn remove(&mut self, table: &TableName, number: u32) {
        if let Some(versions) = self.tables.get_mut(table) {
            versions.remove(&number);
            if versions.is_empty() {
                self.tables.remove(table);
            }
        }
    }

    /// All records, by table and number.
    pub(super) fn records(&self) -> impl Iterator<Item = StateRecord> {
        self.tables.iter().flat_map(|(table, versions)| {
            versions.iter().map(|(&number, record)| StateRecord::Schema {
                table: table.clone(),
                number,
                value: record.clone(),
            })
        })
    }

    /// The newest version of a table.
    pub fn newest(&self, table: &TableName) -> Option<&SchemaRecord> {
        self.tables.get(table)?.values().next_back()
    }

    /// The newest version of every table.
    pub fn all_newest(&self) -> impl Iterator<Item = (&TableName, &SchemaRecord)> {
        self.tables.iter().filter_map(|(table, versions)| Some((table, versions.values().next_back()?)))
    }

    /// The number of the newest version of a table.
    pub fn number(&self, table: &TableName) -> Option<u32> {
        self.tables.get(table)?.keys().next_back().copied()
    }

    /// The number that the next version gets.
    pub fn next_number(&self) -> u32 {
        self.largest + 1
    }

    /// What is known of every table by a task that goes on from a position: the newest version, but for those that people gave for
    /// a place behind it.
    pub fn all_known(&self, position: &Position) -> impl Iterator<Item = (&TableName, &SchemaRecord)> {
        self.tables.iter().filter_map(move |(table, versions)| {
            let known = |record: &&SchemaRecord| !(record.is_given() && is_behind(&record.since, position));
            Some((table, versions.values().rev().find(known)?))
        })
    }

    /// The versions that people gave for places behind a position.
    pub fn given_behind(&self, position: &Position) -> impl Iterator<Item = (&TableName, &SchemaRecord)> {
        let records = self
            .tables
            .iter()
            .flat_map(|(table, versions)| versions.values().map(move |record| (table, record)));
        records.filter(move |(_, record)| record.is_given() && is_behind(&record.since, position))
    }

    /// The version that holds at a position: the newest of those from there or before.
    pub fn at(&self, table: &TableName, position: &Position) -> Option<&SchemaRecord> {
        let versions = self.tables.get(table)?;
        versions.values().rev().find(|record| !is_behind(&record.since, position))
    }

    /// Adds what holds from now on; none when it holds already.
    pub fn add(&mut self, table: &TableName, record: SchemaRecord) -> Option<StateRecord> {
        if self.newest(table).is_some_and(|newest| newest.state == record.state) {
            return None;
        }
        let number = self.next_number();
        self.put(table.clone(), number, record.clone());
        Some(StateRecord::Schema { table: table.clone(), number, value: record })
    }

    /// Drops all versions of a table.
    pub fn forget(&mut self, table: &TableName) -> Vec<StateKey> {
        let versions = self.tables.remove(table).unwrap_or_default();
        versions.into_keys().map(|number| StateKey::Schema { table: table.clone(), number }).collect()
    }

    /// Drops the versions of a table that nothing needs: all but the newest and those that hold at `oldest`, the oldest position
    /// from which anything is still to be read, or behind it. That a table is gone is kept while it holds the largest number.
    pub fn prune(&mut self, table: &TableName, oldest: Option<&Position>) -> Vec<StateKey> {
        let mut dropped = self.prune_gone();
        dropped.extend(self.prune_one(table, oldest));
        dropped
    }

    /// Of tables that are gone: what was kept for its number, and is no longer the largest.
    fn prune_gone(&mut self) -> Vec<StateKey> {
        let mut dropped = Vec::new();
        for table in std::mem::take(&mut self.gone) {
            let Some(versions) = self.tables.get(&table) else { continue };
            if versions.values().next_back().is_none_or(|newest| newest.state != TableState::Gone) {
                continue;
            }
            match versions.first_key_value() {
                Some((&number, _)) if versions.len() == 1 && number < self.largest => {
                    self.tables.remove(&table);
                    dropped.push(StateKey::Schema { table, number });
                }
                Some(_) | None => drop(self.gone.insert(table)),
            }
        }
        dropped
    }

    fn prune_one(&mut self, table: &TableName, oldest: Option<&Position>) -> Vec<StateKey> {
        let Some(versions) = self.tables.get_mut(table) else { return Vec::new() };
        let needed_from = match oldest {
            None => versions.keys().next_back().copied(),
            Some(oldest) => versions
                .iter()
                .rev()
                .find(|(_, record)| !is_behind(&record.since, oldest))
                .map(|(&number, _)| number),
        };
        let dropped: Vec<u32> =
            versions.keys().copied().filter(|&n| needed_from.is_some_and(|from| n < from)).collect();
        versions.retain(|number, _| !dropped.contains(number));
        if versions.is_empty() {
            self.tables.remove(table);
        }
        dropped.into_iter().map(|number| StateKey::Schema { table: table.clone(), number }).collect()
    }
}

/// True when `since` lies behind `position`. Places of two servers are compared by their GTIDs; those that have none cannot be
/// compared, and count as behind: what they say is kept.
fn is_behind(since: &Position, position: &Position) -> bool {
    if since.server == position.server {
        return since.file > position.file;
    }
    match (&since.gtids, &position.gtids) {
        (Gtids::MySql(since), Gtids::MySql(position)) => !position.contains_set(since),
        (Gtids::MariaDb(since), Gtids::MariaDb(position)) => !since.beyond(position).is_empty(),
        (Gtids::Off | Gtids::MySql(_) | Gtids::MariaDb(_), _) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::codec::tests::position;
    use super::*;
    use crate::mysql::schema::TableVersion;
    use std::sync::Arc;

    fn orders() -> TableName {
        TableName::new("shop", "orders")
    }

    fn record(offset: u64, state: TableState) -> SchemaRecord {
        SchemaRecord { since: position(offset), statement: None, state }
    }

    /// A version that differs from others by the number of its keys.
    fn proven(number: usize) -> TableState {
        let unique_keys = vec![vec![0]; number];
        let columns =
            TableVersion { name: orders(), columns: Vec::new(), primary_key: Vec::new(), unique_keys };
        TableState::Proven { columns: Arc::new(columns), definition: None }
    }

    fn history() -> History {
        let mut history = History::default();
        for (offset, number) in [(100, 1), (200, 2), (300, 3)] {
            assert!(history.add(&orders(), record(offset, proven(number))).is_some());
        }
        history
    }

    #[test]
    fn what_holds_already_is_not_added() {
        let mut history = history();
        assert_eq!(history.add(&orders(), record(400, proven(3))), None);
        let added = history.add(&orders(), record(400, proven(2))).expect("it is another one");
        assert_eq!(added.key(), StateKey::Schema { table: orders(), number: 4 });
    }

    #[test]
    fn rewound_it_tells_what_held() {
        let history = history();
        let at = |offset| history.at(&orders(), &position(offset)).map(|record| record.state.clone());
        assert_eq!(at(99), None);
        assert_eq!(at(100), Some(proven(1)));
        assert_eq!(at(250), Some(proven(2)));
        assert_eq!(at(999), Some(proven(3)));
    }

    #[test]
    fn versions_stay_while_a_position_needs_them() {
        let check = |oldest: Option<u64>, dropped: &[u32]| {
            let oldest = oldest.map(position);
            let keys = history().prune(&orders(), oldest.as_ref());
            let expected: Vec<StateKey> =
                dropped.iter().map(|&number| StateKey::Schema { table: orders(), number }).collect();
            assert_eq!(keys, expected);
        };
        check(None, &[1, 2]);
        check(Some(250), &[1]);
        check(Some(300), &[1, 2]);
        check(Some(50), &[]);
    }

    #[test]
    fn what_people_gave_waits_for_its_place() {
        let mut history = history();
        history.add(&orders(), SchemaRecord::given(position(500), proven(7)));
        let known = |offset| {
            let at = position(offset);
            let known = history.all_known(&at).map(|(_, record)| record.state.clone()).collect::<Vec<_>>();
            (known, history.given_behind(&at).count())
        };
        assert_eq!(known(400), (vec![proven(3)], 1));
        assert_eq!(known(500), (vec![proven(7)], 0));
    }

    #[test]
    fn a_table_that_is_gone_leaves_nothing() {
        let mut history = history();
        history.add(&orders(), record(400, TableState::Gone));
        assert_eq!(history.prune(&orders(), Some(&position(350))).len(), 2);
        assert_eq!(history.newest(&orders()).map(|record| &record.state), Some(&TableState::Gone));
        assert_eq!(history.prune(&orders(), None).len(), 1);
        assert_eq!(history.newest(&orders()).map(|record| &record.state), Some(&TableState::Gone));

        // what comes next has a larger number, and only then the place is free
        let other = TableName::new("shop", "other");
        let added = history.add(&other, record(500, proven(1))).expect("it is new");
        assert_eq!(added.key(), StateKey::Schema { table: other.clone(), number: 5 });
        assert_eq!(history.prune(&other, None), [StateKey::Schema { table: orders(), number: 4 }]);
        assert_eq!(history.newest(&orders()), None);
        let again = history.add(&orders(), record(600, proven(1))).expect("it is new");
        assert_eq!(again.key(), StateKey::Schema { table: orders(), number: 6 });
    }
}
