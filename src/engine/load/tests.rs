//! The load against a model: a table under random writes, read through views that lag behind the log.

use super::*;
use crate::change::Cell;
use crate::mysql::column_type::ColumnType;
use crate::mysql::ddl::TableDdl;
use crate::mysql::position::{BinlogPosition, Flavor, Gtids, ServerIdentity};
use crate::mysql::schema::Column;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

fn at(offset: u64) -> Position {
    Position {
        server: ServerIdentity { flavor: Flavor::MariaDb, uuid: "u".into(), server_id: 1 },
        file: BinlogPosition::new("binlog.000001", offset),
        gtids: Gtids::Off,
    }
}

fn version() -> Arc<TableVersion> {
    let column = |name: &str| Column {
        name: name.into(),
        ty: ColumnType::BigInt { unsigned: false },
        nullable: false,
        declared: "bigint".into(),
        hidden: false,
        collation: None,
    };
    Arc::new(TableVersion {
        name: TableName::new("shop", "orders"),
        columns: vec![column("id"), column("v")],
        primary_key: vec![0],
        unique_keys: Vec::new(),
    })
}

fn watched(load: &mut Load) -> Option<Vec<usize>> {
    let version = version();
    load.watch(&version.name, &version)
}

fn altered(table: &str) -> DdlEffect {
    DdlEffect::Tables { tables: vec![TableName::new("shop", table)], kind: TableDdl::Alter }
}

fn pending() -> SnapRecord {
    SnapRecord { snapshot: "s".into(), state: SnapState::Pending, key: vec!["id".into()], max: None, rows: 0 }
}

fn load(chunk_rows: u32) -> Load {
    Load::new([TableLoad::new(version(), Some(vec![0]), pending(), 10)], Some(chunk_rows))
}

fn id(part: &KeyPart) -> i64 {
    match part {
        KeyPart::Int(id) => *id,
        KeyPart::UInt(_)
        | KeyPart::Double(_)
        | KeyPart::Literal(_)
        | KeyPart::Text(_)
        | KeyPart::Bytes(_) => panic!("the model's key is an integer"),
    }
}

fn chunk(rows: &[(i64, i64)], limit: usize, high: u64) -> Chunk {
    let mut batch = RowBatch::new(2);
    for &(id, v) in rows {
        batch.push(Cell::Int(id));
        batch.push(Cell::Int(v));
    }
    let last = rows.last().map(|&(id, _)| vec![KeyPart::Int(id)]);
    Chunk { done: batch.len() < limit, rows: batch, last, high: at(high).file, read_ms: 1 }
}

#[test]
fn an_empty_table_is_done_after_its_greatest_key_was_asked_for() {
    let mut load = load(2);
    assert!(matches!(load.next(&at(4)), Some(Ask::MaxKey { .. })));
    assert!(load.next(&at(4)).is_none(), "one read at a time");
    assert_eq!(load.max_read(None).map(|(_, record)| record.state), Some(SnapState::Done));
    assert!(load.done());
}

#[test]
fn a_chunk_waits_until_its_high_mark_is_passed_and_leaves_out_touched_rows() {
    let mut load = load(2);
    load.next(&at(4));
    load.max_read(Some(vec![KeyPart::Int(9)]));
    assert!(matches!(load.next(&at(4)), Some(Ask::Chunk { after: None, limit: 2, .. })));
    load.touch(b"1");
    load.chunk_read(chunk(&[(1, 1), (2, 2)], 2, 100));
    assert!(load.close(&at(99)).is_none());
    let Some(Closed::Emit(rows)) = load.close(&at(100)) else { panic!("H is passed") };
    assert!(!rows.keeps(b"1"));
    assert!(rows.keeps(b"2"));
    let record = load.emitted(&rows, 1).expect("the table is known");
    assert_eq!(record.state, SnapState::Copying { last: Some(vec![KeyPart::Int(2)]) });
    assert_eq!(record.rows, 1);
}

#[test]
fn a_definition_that_moves_throws_the_window_away_and_asks_for_columns() {
    let mut load = load(2);
    load.next(&at(4));
    load.max_read(Some(vec![KeyPart::Int(9)]));
    load.next(&at(4));
    load.chunk_read(chunk(&[(1, 1)], 2, 100));
    load.definition_moved(&altered("other"));
    assert!(load.close(&at(50)).is_none(), "another table's definition is no reason");
    // As the statement spells it: the server may fold names.
    load.definition_moved(&altered("Orders"));
    assert!(matches!(load.close(&at(50)), Some(Closed::Redo(_, Redo::Definition))));
    assert!(matches!(load.next(&at(50)), Some(Ask::Columns { .. })));
    load.definition_moved(&DdlEffect::Unknown);
    load.columns_read(Some((version(), Some(vec![0]))));
    assert!(matches!(load.next(&at(60)), Some(Ask::Columns { .. })), "it moved while they were read");
    load.columns_read(Some((version(), Some(vec![0]))));
    assert!(matches!(load.next(&at(50)), Some(Ask::Chunk { after: None, .. })), "the same key goes on");
}

#[test]
fn another_key_starts_the_table_anew_and_a_dropped_table_ends() {
    let mut load = load(2);
    load.next(&at(4));
    load.max_read(Some(vec![KeyPart::Int(9)]));
    load.definition_moved(&DdlEffect::Unknown);
    load.next(&at(4));
    load.columns_read(Some((version(), Some(vec![1]))));
    assert!(matches!(load.next(&at(4)), Some(Ask::MaxKey { .. })));
    load.max_read(Some(vec![KeyPart::Int(9)]));
    load.definition_moved(&DdlEffect::Unknown);
    load.next(&at(4));
    load.columns_read(None);
    assert!(load.done());
}

#[test]
fn a_table_without_a_key_is_read_at_one_place_where_the_stream_stops() {
    let record = SnapRecord { key: Vec::new(), ..pending() };
    let mut load = Load::new([TableLoad::new(version(), None, record, 10)], None);
    assert!(matches!(load.next(&at(4)), Some(Ask::Barrier { .. })));
    assert!(load.opening_barrier());
    load.barrier_opened(at(70).file);
    assert!(!load.holds(&at(69)));
    assert!(!load.reached_barrier(&at(69)), "its rows show changes that are still to come");
    assert!(load.holds(&at(70)));
    assert!(load.reached_barrier(&at(70)));
    assert!(!load.reached_barrier(&at(70)), "they are asked for once");
    assert!(matches!(load.barrier_emitted(3, false), Some((_, record)) if record.state != SnapState::Done));
    assert!(load.holds(&at(70)));
    let (_, record) = load.barrier_emitted(2, true).expect("the barrier was open");
    assert_eq!((record.state, record.rows), (SnapState::Done, 5));
    assert!(!load.holds(&at(70)));
}

#[test]
fn keys_are_noted_by_the_columns_of_the_stream() {
    let mut load = load(2);
    load.next(&at(4));
    load.max_read(Some(vec![KeyPart::Int(9)]));
    load.next(&at(4));
    let read = version();
    // The chunk is read behind `alter table … add column v first`; the stream still stands before it.
    let columns = |names: &[usize]| TableVersion {
        columns: names.iter().map(|&at| read.columns[at].clone()).collect(),
        ..(*read).clone()
    };
    assert_eq!(load.watch(&read.name, &columns(&[1, 0])), Some(vec![1]));
    assert_eq!(load.watch(&TableName::new("shop", "other"), &columns(&[1, 0])), None);
    assert_eq!(load.watch(&read.name, &columns(&[1])), None, "a key that is not there yet");
    load.chunk_read(chunk(&[(1, 1)], 2, 100));
    assert!(matches!(load.close(&at(100)), Some(Closed::Redo(_, Redo::Definition))));
}

#[test]
fn the_answer_of_a_read_that_was_given_up_is_nobody_elses() {
    let other = Arc::new(TableVersion { name: TableName::new("shop", "zoo"), ..(*version()).clone() });
    let mut load = Load::new([TableLoad::new(other.clone(), Some(vec![0]), pending(), 1)], Some(2));
    assert!(matches!(load.next(&at(4)), Some(Ask::MaxKey { .. })));
    // Both tables get other rows by `rename table` while the question is on its way.
    load.add(TableLoad::unread(other.name.clone(), pending()));
    load.add(TableLoad::new(version(), Some(vec![0]), pending(), 1));
    assert!(load.next(&at(9)).is_none(), "no second question before the first is answered");
    assert_eq!(load.max_read(Some(vec![KeyPart::Int(1)])), None);
    assert!(matches!(load.next(&at(9)), Some(Ask::MaxKey { version, .. }) if version.name.table == "orders"));
}

/// One write: a key gets a value, or goes.
#[derive(Debug, Clone, Copy)]
struct Write {
    key: i64,
    value: Option<i64>,
}

/// What a consumer has seen of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Snapshot(i64),
    Change(Option<i64>),
}

/// Writes one transaction each, at places 10, 20, …; a view sees a prefix that may end before what the reader has.
#[derive(Debug)]
struct Model {
    initial: BTreeMap<i64, i64>,
    log: Vec<Write>,
}

impl Model {
    fn state(&self, n_writes: usize) -> BTreeMap<i64, i64> {
        let mut state = self.initial.clone();
        for write in &self.log[..n_writes] {
            match write.value {
                Some(value) => drop(state.insert(write.key, value)),
                None => drop(state.remove(&write.key)),
            }
        }
        state
    }

    /// Runs load and stream over the model. `dice` decides how far each view is ahead and how far H lies above it.
    fn run(&self, chunk_rows: u32, dice: &[u8], obey: bool) -> BTreeMap<i64, Vec<Seen>> {
        let mut seen: BTreeMap<i64, Vec<Seen>> = BTreeMap::new();
        let mut load = load(chunk_rows);
        let mut dice = dice.iter().copied().cycle();
        let mut roll = move |below: usize| usize::from(dice.next().unwrap_or(0)) % below.max(1);
        let mut passed = 0;
        loop {
            match load.next(&at(passed as u64 * 10)) {
                Some(Ask::MaxKey { .. }) => {
                    let view = passed + roll(self.log.len() - passed + 1);
                    let max = self.state(view).last_key_value().map(|(&key, _)| vec![KeyPart::Int(key)]);
                    load.max_read(max);
                }
                Some(Ask::Chunk { after, upto, limit, .. }) => {
                    // A view that obeys the rule contains all the task has emitted; one that does not lags behind.
                    let lag = if obey { 0 } else { roll(3) };
                    let view = passed.saturating_sub(lag) + roll(self.log.len() - passed + 1);
                    let high = (view + roll(3)).min(self.log.len()).max(passed);
                    let after = after.map_or(i64::MIN, |after| id(&after[0]) + 1);
                    let rows: Vec<(i64, i64)> = self
                        .state(view)
                        .range(after..=id(&upto[0]).max(after))
                        .filter(|&(&key, _)| key <= id(&upto[0]))
                        .take(limit as usize)
                        .map(|(&key, &value)| (key, value))
                        .collect();
                    load.chunk_read(chunk(&rows, limit as usize, high as u64 * 10));
                }
                Some(Ask::Columns { .. } | Ask::Barrier { .. }) => {
                    panic!("nothing moved, and there is a key")
                }
                None => {}
            }
            while let Some(closed) = load.close(&at(passed as u64 * 10)) {
                let Closed::Emit(rows) = closed else { panic!("nothing moved") };
                let mut sent = 0;
                let mut values = Vec::new();
                for index in 0..rows.rows.len() {
                    rows.rows.row(index, &mut values);
                    let (crate::mysql::value::Value::Int(key), crate::mysql::value::Value::Int(value)) =
                        (values[0], values[1])
                    else {
                        panic!("two integers a row")
                    };
                    if rows.keeps(&key.to_be_bytes()) {
                        seen.entry(key).or_default().push(Seen::Snapshot(value));
                        sent += 1;
                    }
                }
                load.emitted(&rows, sent);
            }
            if passed == self.log.len() && load.done() {
                return seen;
            }
            if passed < self.log.len()
                && (watched(&mut load).is_none() || roll(2) == 0 || load.next(&at(0)).is_none())
            {
                let write = self.log[passed];
                passed += 1;
                if watched(&mut load).is_some() {
                    load.touch(&write.key.to_be_bytes());
                }
                seen.entry(write.key).or_default().push(Seen::Change(write.value));
            }
        }
    }

    /// Per key: changes in order, at most one snapshot row equal to the fold of what came before, nothing missing.
    fn verify(&self, seen: &BTreeMap<i64, Vec<Seen>>) -> Result<(), String> {
        let keys: HashSet<i64> =
            self.initial.keys().copied().chain(self.log.iter().map(|write| write.key)).collect();
        for key in keys {
            let list = seen.get(&key).cloned().unwrap_or_default();
            let mut now = self.initial.get(&key).copied();
            let mut covered = now.is_none();
            let mut n_snapshots = 0;
            let mut changes = self.log.iter().filter(|write| write.key == key);
            for one in &list {
                match *one {
                    Seen::Change(value) => {
                        now = value;
                        covered = true;
                        if changes.next().map(|write| write.value) != Some(value) {
                            return Err(format!("key {key}: a change out of order"));
                        }
                    }
                    Seen::Snapshot(value) => {
                        n_snapshots += 1;
                        covered = true;
                        if now != Some(value) || n_snapshots > 1 {
                            return Err(format!("key {key}: snapshot row {value} where {now:?} is right"));
                        }
                    }
                }
            }
            if changes.next().is_some() || !covered {
                return Err(format!("key {key}: something is missing"));
            }
        }
        Ok(())
    }
}

fn models() -> impl Strategy<Value = (Model, u32, Vec<u8>)> {
    let write = (0..8i64, proptest::option::of(100..1000i64)).prop_map(|(key, value)| Write { key, value });
    let initial = proptest::collection::btree_map(0..8i64, 0..100i64, 0..8);
    (initial, proptest::collection::vec(write, 0..30), 1..5u32, proptest::collection::vec(any::<u8>(), 1..60))
        .prop_map(|(initial, log, chunk_rows, dice)| (Model { initial, log }, chunk_rows, dice))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn every_row_is_seen_and_none_is_stale((model, chunk_rows, dice) in models()) {
        let seen = model.run(chunk_rows, &dice, true);
        prop_assert_eq!(model.verify(&seen), Ok(()));
    }
}

#[test]
fn the_model_notices_views_that_lag_behind_the_reader() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let caught = (0..2_000).any(|_| {
        let (model, chunk_rows, dice) =
            models().new_tree(&mut runner).expect("the strategy gives values").current();
        model.verify(&model.run(chunk_rows, &dice, false)).is_err()
    });
    assert!(caught, "a load without the visibility rule must be found out");
}
