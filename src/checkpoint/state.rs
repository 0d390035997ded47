//! The state of a task, folded from its records in the order they were written.

use super::codec::{CodecError, StateRecord};
use super::history::History;
use super::record::{
    CtlRecord, DatabaseRecord, EndsRecord, OnlineRecord, OwnerRecord, ParkRecord, PlanPacking, PlanPart,
    PosRecord, RetiredRecord, SnapRecord, StateKey, SubjectRecord, TableRecord, XaRecord,
};
use crate::kafka::limits::STATE_PART_BYTES;
use crate::mysql::schema::TableName;
use std::collections::BTreeMap;

/// Everything stored about a task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskState {
    /// How far it is.
    pub pos: Option<PosRecord>,
    /// Who runs it.
    pub owner: Option<OwnerRecord>,
    /// Plans by generation.
    pub plans: BTreeMap<u64, StoredPlan>,
    /// Where tables go.
    pub tables: BTreeMap<TableName, TableRecord>,
    /// Loads.
    pub snaps: BTreeMap<TableName, SnapRecord>,
    /// Columns of tables, by the position they hold from.
    pub schemas: History,
    /// What new tables of a database get.
    pub databases: BTreeMap<String, DatabaseRecord>,
    /// Tables whose rows wait.
    pub parked: BTreeMap<TableName, ParkRecord>,
    /// XA transactions that are prepared, by name.
    pub prepared: BTreeMap<String, XaRecord>,
    /// Copies that tools for online schema changes have made, and what they did to each.
    pub online: BTreeMap<TableName, OnlineRecord>,
    /// End offsets by topic.
    pub ends: BTreeMap<String, EndsRecord>,
    /// What an operator has asked for.
    pub ctl: CtlRecord,
    /// Numbers of schemas by subject.
    pub subjects: BTreeMap<String, SubjectRecord>,
    /// Set when the task was removed.
    pub retired: Option<RetiredRecord>,
    /// Records of other releases, by key bytes, as they are.
    pub unknown: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// The parts of one plan that have been read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredPlan {
    parts: BTreeMap<u32, PlanPart>,
}

impl StoredPlan {
    /// Records that store a packed plan, in parts of at most [`STATE_PART_BYTES`].
    pub fn records(generation: u64, packing: PlanPacking, bytes: &[u8]) -> Vec<StateRecord> {
        let chunks: Vec<&[u8]> =
            if bytes.is_empty() { vec![bytes] } else { bytes.chunks(STATE_PART_BYTES).collect() };
        let parts = chunks.len() as u32;
        (0..)
            .zip(chunks)
            .map(|(part, chunk)| StateRecord::Plan {
                generation,
                part,
                value: PlanPart { parts, packing, bytes: chunk.to_vec() },
            })
            .collect()
    }

    /// The packed plan; none while parts are missing or contradict each other.
    pub fn bytes(&self) -> Option<(PlanPacking, Vec<u8>)> {
        let first = self.parts.get(&0)?;
        let mut bytes = Vec::new();
        for part in 0..first.parts {
            let found = self.parts.get(&part)?;
            if (found.parts, found.packing) != (first.parts, first.packing) {
                return None;
            }
            bytes.extend_from_slice(&found.bytes);
        }
        Some((first.packing, bytes))
    }

    /// Keys of the parts, for removing the plan.
    pub fn keys(&self, generation: u64) -> impl Iterator<Item = StateKey> {
        self.parts.keys().map(move |part| StateKey::Plan { generation, part: *part })
    }
}

impl TaskState {
    /// Folds records in the order they were written; a record without a value removes its key. What a newer release has written
    /// and an older one has replaced since does not count.
    ///
    /// # Errors
    /// The first record that cannot be used, and of those of a newer release the first that stands.
    pub fn fold<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        records: impl IntoIterator<Item = (K, Option<V>)>,
    ) -> Result<TaskState, CodecError> {
        let mut state = TaskState::default();
        // Only what cannot be read is kept until the end: a topic holds far more records than a state has keys.
        let mut unread: Vec<(Vec<u8>, CodecError)> = Vec::new();
        for (key, value) in records {
            let key = key.as_ref();
            let applied = state.apply(key, value.as_ref().map(AsRef::as_ref));
            unread.retain(|(other, _)| other != key);
            match applied {
                Err(newer @ CodecError::TooNew { .. }) => unread.push((key.to_vec(), newer)),
                applied => applied?,
            }
        }
        match unread.into_iter().next() {
            Some((_, newer)) => Err(newer),
            None => Ok(state),
        }
    }

    /// Takes the next record.
    ///
    /// # Errors
    /// When it is damaged, of a newer format, or a `pos` that goes back.
    pub fn apply(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), CodecError> {
        match (StateKey::decode(key), value) {
            (Some(key), Some(value)) => self.put(StateRecord::decode(key, value)?)?,
            (Some(key), None) => self.remove(&key),
            (None, Some(value)) => {
                self.unknown.insert(key.to_vec(), value.to_vec());
            }
            (None, None) => {
                self.unknown.remove(key);
            }
        }
        Ok(())
    }

    /// Takes a record that is being stored.
    ///
    /// # Errors
    /// A `pos` that goes back.
    pub fn put(&mut self, record: StateRecord) -> Result<(), CodecError> {
        match record {
            StateRecord::Pos(value) => {
                if let Some(before) = &self.pos
                    && before.seq > value.seq
                {
                    return Err(CodecError::SequenceBackwards { before: before.seq, after: value.seq });
                }
                self.pos = Some(value);
            }
            StateRecord::Owner(value) => self.owner = Some(value),
            StateRecord::Plan { generation, part, value } => {
                self.plans.entry(generation).or_default().parts.insert(part, value);
            }
            StateRecord::Table(name, value) => {
                self.tables.insert(name, value);
            }
            StateRecord::Snap(name, value) => {
                self.snaps.insert(name, value);
            }
            StateRecord::Schema { table, number, value } => self.schemas.put(table, number, value),
            StateRecord::Database(db, value) => {
                self.databases.insert(db, value);
            }
            StateRecord::Park(name, value) => {
                self.parked.insert(name, value);
            }
            StateRecord::Xa(xid, value) => {
                self.prepared.insert(xid, value);
            }
            StateRecord::Online(name, value) => {
                self.online.insert(name, value);
            }
            StateRecord::Ends(topic, value) => {
                self.ends.insert(topic, value);
            }
            StateRecord::Ctl(value) => self.ctl = value,
            StateRecord::Subject(subject, value) => {
                self.subjects.insert(subject, value);
            }
            StateRecord::Retired(value) => self.retired = Some(value),
        }
        Ok(())
    }

    /// Forgets a record.
    pub fn remove(&mut self, key: &StateKey) {
        match key {
            StateKey::Pos => self.pos = None,
            StateKey::Owner => self.owner = None,
            StateKey::Plan { generation, part } => {
                if let Some(plan) = self.plans.get_mut(generation) {
                    plan.parts.remove(part);
                    if plan.parts.is_empty() {
                        self.plans.remove(generation);
                    }
                }
            }
            StateKey::Table(name) => {
                self.tables.remove(name);
            }
            StateKey::Snap(name) => {
                self.snaps.remove(name);
            }
            StateKey::Schema { table, number } => self.schemas.remove(table, *number),
            StateKey::Database(db) => {
                self.databases.remove(db);
            }
            StateKey::Park(name) => {
                self.parked.remove(name);
            }
            StateKey::Xa(xid) => {
                self.prepared.remove(xid);
            }
            StateKey::Online(name) => {
                self.online.remove(name);
            }
            StateKey::Ends(topic) => {
                self.ends.remove(topic);
            }
            StateKey::Ctl => self.ctl = CtlRecord::default(),
            StateKey::Subject(subject) => {
                self.subjects.remove(subject);
            }
            StateKey::Retired => self.retired = None,
        }
    }

    /// All records as key and value bytes, sorted by kind: folding them gives this state again.
    pub fn encode(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut records = Vec::new();
        records.extend(self.owner.clone().map(|value| StateRecord::Owner(value).encode()));
        records.extend(self.pos.clone().map(|value| StateRecord::Pos(value).encode()));
        for (&generation, plan) in &self.plans {
            for (&part, value) in &plan.parts {
                records.push(StateRecord::Plan { generation, part, value: value.clone() }.encode());
            }
        }
        let tables = self.tables.iter();
        records.extend(tables.map(|(name, value)| StateRecord::Table(name.clone(), value.clone()).encode()));
        let snaps = self.snaps.iter();
        records.extend(snaps.map(|(name, value)| StateRecord::Snap(name.clone(), value.clone()).encode()));
        records.extend(self.schemas.records().map(|record| record.encode()));
        let databases = self.databases.iter();
        records
            .extend(databases.map(|(db, value)| StateRecord::Database(db.clone(), value.clone()).encode()));
        let parked = self.parked.iter();
        records.extend(parked.map(|(name, value)| StateRecord::Park(name.clone(), value.clone()).encode()));
        let prepared = self.prepared.iter();
        records.extend(prepared.map(|(xid, value)| StateRecord::Xa(xid.clone(), value.clone()).encode()));
        let online = self.online.iter();
        records.extend(online.map(|(name, value)| StateRecord::Online(name.clone(), value.clone()).encode()));
        let ends = self.ends.iter();
        records.extend(ends.map(|(topic, value)| StateRecord::Ends(topic.clone(), value.clone()).encode()));
        let ctl = Some(&self.ctl).filter(|ctl| !ctl.is_empty());
        records.extend(ctl.map(|value| StateRecord::Ctl(value.clone()).encode()));
        let subjects = self.subjects.iter();
        records
            .extend(subjects.map(|(name, value)| StateRecord::Subject(name.clone(), value.clone()).encode()));
        records.extend(self.retired.clone().map(|value| StateRecord::Retired(value).encode()));
        records.extend(self.unknown.iter().map(|(key, value)| (key.clone(), value.clone())));
        records
    }
}

#[cfg(test)]
mod tests {
    use super::super::codec::tests::pos;
    use super::*;

    fn fold(records: &[(Vec<u8>, Option<Vec<u8>>)]) -> Result<TaskState, CodecError> {
        TaskState::fold(records.iter().map(|(key, value)| (key, value.as_ref())))
    }

    fn stored(record: StateRecord) -> (Vec<u8>, Option<Vec<u8>>) {
        let (key, value) = record.encode();
        (key, Some(value))
    }

    fn table(partitions: u32) -> StateRecord {
        let value = TableRecord { topic: "shop.orders".into(), partitions };
        StateRecord::Table(TableName::new("shop", "orders"), value)
    }

    #[test]
    fn the_last_record_of_a_key_counts() {
        let state = fold(&[stored(StateRecord::Pos(pos(1))), stored(table(3)), stored(table(6))]).unwrap();
        assert_eq!(state.pos, Some(pos(1)));
        assert_eq!(state.tables[&TableName::new("shop", "orders")].partitions, 6);
    }

    #[test]
    fn a_tombstone_removes() {
        let key = table(3).key().encode();
        assert_eq!(fold(&[stored(table(3)), (key, None)]).unwrap(), TaskState::default());
    }

    #[test]
    fn unknown_keys_are_kept() {
        let newer = (b"zz/1".to_vec(), Some(b"anything".to_vec()));
        let state = fold(std::slice::from_ref(&newer)).unwrap();
        assert_eq!(state.unknown[b"zz/1".as_slice()], b"anything");
        assert_eq!(fold(&[newer, (b"zz/1".to_vec(), None)]).unwrap(), TaskState::default());
    }

    #[test]
    fn commit_numbers_only_grow() {
        let twice = [stored(StateRecord::Pos(pos(2))), stored(StateRecord::Pos(pos(2)))];
        assert!(fold(&twice).is_ok());
        let back = [stored(StateRecord::Pos(pos(2))), stored(StateRecord::Pos(pos(1)))];
        assert_eq!(fold(&back), Err(CodecError::SequenceBackwards { before: 2, after: 1 }));
    }

    #[test]
    fn damage_names_the_record() {
        let (key, value) = table(3).encode();
        let mut value = value;
        value.pop();
        assert_eq!(
            fold(&[(key, Some(value))]).unwrap_err().to_string(),
            "state record `table/shop.orders` is damaged: the checksum does not match"
        );
    }

    #[test]
    fn what_a_newer_release_wrote_counts_until_it_is_replaced() {
        let (key, value) = StateRecord::Pos(pos(1)).encode();
        let text = String::from_utf8(value).unwrap();
        let newer = (key.clone(), Some(text.replacen('1', "9", 1).into_bytes()));
        let refused = |records: &[_]| matches!(fold(records), Err(CodecError::TooNew { found: 9, .. }));
        assert!(refused(&[newer.clone(), stored(table(3))]));
        let older = stored(StateRecord::Pos(pos(2)));
        assert!(refused(&[older.clone(), newer.clone()]));
        assert_eq!(fold(&[newer.clone(), stored(table(3)), older]).unwrap().pos, Some(pos(2)));
        assert_eq!(fold(&[newer, (key, None)]).unwrap(), TaskState::default());
    }

    /// Records come one after the other from a topic that may hold millions, and none is kept.
    #[test]
    fn a_record_is_let_go_of_before_the_next_one_comes() {
        let mut before: Option<std::rc::Weak<[u8]>> = None;
        let records = (1..=100).map(|seq| {
            assert!(before.take().is_none_or(|before| before.upgrade().is_none()), "{seq}");
            let (key, value) = StateRecord::Pos(pos(seq)).encode();
            let value: std::rc::Rc<[u8]> = value.into();
            before = Some(std::rc::Rc::downgrade(&value));
            (key, Some(value))
        });
        assert_eq!(TaskState::fold(records).unwrap().pos, Some(pos(100)));
    }

    #[test]
    fn large_plans_come_in_parts() {
        let bytes: Vec<u8> = (0..2 * STATE_PART_BYTES + 10).map(|n| n as u8).collect();
        let records = StoredPlan::records(4, PlanPacking::Zstd, &bytes);
        assert_eq!(records.len(), 3);
        let mut encoded: Vec<_> = records.into_iter().map(stored).collect();
        let state = fold(&encoded).unwrap();
        assert_eq!(state.plans[&4].bytes(), Some((PlanPacking::Zstd, bytes)));
        encoded.remove(1);
        assert_eq!(fold(&encoded).unwrap().plans[&4].bytes(), None);
    }

    #[test]
    fn a_state_folds_from_its_own_records() {
        let mut records =
            vec![stored(StateRecord::Pos(pos(9))), stored(table(3)), (b"later".to_vec(), Some(vec![1]))];
        records.extend(StoredPlan::records(1, PlanPacking::Plain, b"{}").into_iter().map(stored));
        let state = fold(&records).unwrap();
        let again =
            TaskState::fold(state.encode().into_iter().map(|(key, value)| (key, Some(value)))).unwrap();
        assert_eq!(again, state);
    }
}
