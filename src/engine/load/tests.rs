//! The load against a model: a table under random writes, read through views that lag behind the log.

use super::*;
use crate::change::{Cell, RowBatch};
use crate::mysql::column_type::{ColumnType, Text};
use crate::mysql::ddl::TableDdl;
use crate::mysql::position::{BinlogPosition, Flavor, Gtids, ServerIdentity};
use crate::mysql::schema::Column;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::collections::HashSet;

fn at(offset: u64) -> Position {
    Position {
        server: ServerIdentity { flavor: Flavor::MariaDb, uuid: "u".into(), server_id: 1 },
        file: BinlogPosition::new("binlog.000001", offset),
        gtids: Gtids::Off,
    }
}

fn version() -> Arc<TableVersion> {
    version_of("orders")
}

fn version_of(table: &str) -> Arc<TableVersion> {
    let column = |name: &str| Column {
        name: name.into(),
        ty: ColumnType::BigInt { unsigned: false },
        nullable: false,
        declared: "bigint".into(),
        hidden: false,
        collation: None,
    };
    Arc::new(TableVersion {
        name: TableName::new("shop", table),
        columns: vec![column("id"), column("v")],
        primary_key: vec![0],
        unique_keys: Vec::new(),
    })
}

fn altered(table: &str) -> DdlEffect {
    DdlEffect::Tables { tables: vec![TableName::new("shop", table)], kind: TableDdl::Alter }
}

fn pending() -> SnapRecord {
    SnapRecord { key: vec!["id".into()], ..SnapRecord::pending("s", false) }
}

fn policy(chunk_rows: u32, parallel: usize) -> Policy {
    Policy { chunk_rows: Some(chunk_rows), parallel, rate_bytes_s: None }
}

fn table(name: &str) -> TableLoad {
    TableLoad::new(version_of(name), Some(vec![0]), pending(), 10)
}

fn load(chunk_rows: u32) -> Load {
    Load::new([table("orders")], policy(chunk_rows, 1))
}

/// What a window may hold.
const MEMORY: usize = WINDOWS_BYTES;

/// Asks for the next read, which must be of this kind: a word, and the table.
#[track_caller]
fn asked(load: &mut Load, offset: u64, expected: &str) -> ReadId {
    let ask = load.next(&at(offset), MEMORY).expect("a read is wanted");
    let found = match &ask.what {
        Wanted::Columns(table) => format!("columns {}", table.table),
        Wanted::MaxKey { version, .. } => format!("max {}", version.name.table),
        Wanted::Chunk { version, after, .. } => match after {
            None => format!("chunk {}", version.name.table),
            Some(after) => format!("chunk {} after {}", version.name.table, id(&after[0])),
        },
        Wanted::Barrier(version) => format!("barrier {}", version.name.table),
    };
    assert_eq!(found, expected);
    let begins = matches!(ask.what, Wanted::MaxKey { .. } | Wanted::Barrier(_));
    let expected = begins.then_some(SnapState::Copying { last: None });
    assert_eq!(ask.begins.map(|(_, record)| record.state), expected, "{found}");
    ask.read
}

/// The greatest key of a table is 9.
#[track_caller]
fn bounded(load: &mut Load, table: &str) {
    let read = asked(load, 4, &format!("max {table}"));
    load.max_read(read, Some(vec![KeyPart::Int(9)]));
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
    let read = asked(&mut load, 4, "max orders");
    assert!(load.next(&at(4), MEMORY).is_none(), "one read at a time");
    assert_eq!(load.max_read(read, None).map(|(_, record)| record.state), Some(SnapState::Done));
    assert!(load.done());
}

#[test]
fn a_chunk_waits_until_its_high_mark_is_passed_and_leaves_out_touched_rows() {
    let mut load = load(2);
    bounded(&mut load, "orders");
    let read = asked(&mut load, 4, "chunk orders");
    load.touch(read, b"1");
    load.chunk_read(read, chunk(&[(1, 1), (2, 2)], 2, 100));
    assert!(load.close(&at(99)).is_none());
    let Some(Closed::Emit(rows)) = load.close(&at(100)) else { panic!("H is passed") };
    assert!(!rows.keeps(b"1"));
    assert!(rows.keeps(b"2"));
    let record = load.emitted(&rows, 1).expect("the table is known");
    assert_eq!(record.state, SnapState::Copying { last: Some(vec![KeyPart::Int(2)]) });
    assert_eq!(record.rows, 1);
    asked(&mut load, 100, "chunk orders after 2");
}

#[test]
fn a_definition_that_moves_throws_the_window_away_and_asks_for_columns() {
    let mut load = load(2);
    bounded(&mut load, "orders");
    let read = asked(&mut load, 4, "chunk orders");
    load.chunk_read(read, chunk(&[(1, 1)], 2, 100));
    load.definition_moved(&altered("other"));
    assert!(load.close(&at(50)).is_none(), "another table's definition is no reason");
    // As the statement spells it: the server may fold names.
    load.definition_moved(&altered("Orders"));
    assert!(matches!(load.close(&at(50)), Some(Closed::Redo(_, Redo::Definition))));
    let read = asked(&mut load, 50, "columns orders");
    load.definition_moved(&DdlEffect::Unknown);
    load.columns_read(read, Some((version(), Some(vec![0]))));
    // it moved while they were read
    let read = asked(&mut load, 60, "columns orders");
    load.columns_read(read, Some((version(), Some(vec![0]))));
    // the same key goes on
    asked(&mut load, 50, "chunk orders");
}

#[test]
fn another_key_starts_the_table_anew_and_one_that_is_not_seen_is_asked_for_again() {
    let mut load = load(2);
    bounded(&mut load, "orders");
    load.definition_moved(&DdlEffect::Unknown);
    let read = asked(&mut load, 4, "columns orders");
    load.columns_read(read, Some((version(), Some(vec![1]))));
    bounded(&mut load, "orders");
    load.definition_moved(&DdlEffect::Unknown);
    let read = asked(&mut load, 4, "columns orders");
    assert_eq!(load.columns_read(read, None), Some(version().name.clone()));
    assert_eq!(load.unseen().collect::<Vec<_>>(), [&version().name]);
    assert!(load.next(&at(4), MEMORY).is_none() && !load.done());
    load.look_again();
    let read = asked(&mut load, 4, "columns orders");
    load.columns_read(read, None);
    load.definition_moved(&altered("orders"));
    let read = asked(&mut load, 4, "columns orders");
    // as it was
    load.columns_read(read, Some((version(), Some(vec![1]))));
    asked(&mut load, 4, "chunk orders");
    load.leave(&version().name);
    assert!(load.next(&at(4), MEMORY).is_none());
}

#[test]
fn a_key_that_compares_otherwise_starts_the_table_anew() {
    let text = |collation: &str| {
        let mut version = (*version()).clone();
        let text = Text { charset: "utf8mb4".into(), max_bytes: 80, compressed: false };
        version.columns[0].ty = ColumnType::VarChar(text);
        version.columns[0].declared = "varchar(20)".into();
        version.columns[0].collation = Some(collation.into());
        Arc::new(version)
    };
    let bin = text("utf8mb4_bin");
    let mut load = Load::new([TableLoad::new(bin.clone(), Some(vec![0]), pending(), 10)], policy(2, 1));
    bounded(&mut load, "orders");
    let read = asked(&mut load, 4, "chunk orders");
    load.chunk_read(read, chunk(&[(1, 1), (2, 2)], 2, 100));
    let Some(Closed::Emit(rows)) = load.close(&at(100)) else { panic!("H is passed") };
    load.emitted(&rows, 2);
    load.definition_moved(&altered("orders"));
    let read = asked(&mut load, 100, "columns orders");
    load.columns_read(read, Some((bin, Some(vec![0]))));
    let read = asked(&mut load, 100, "chunk orders after 2");
    load.definition_moved(&altered("orders"));
    load.chunk_read(read, chunk(&[(3, 3)], 2, 110));
    assert!(matches!(load.close(&at(110)), Some(Closed::Redo(_, Redo::Definition))));
    let read = asked(&mut load, 110, "columns orders");
    load.columns_read(read, Some((text("utf8mb4_general_ci"), Some(vec![0]))));
    let read = asked(&mut load, 110, "max orders");
    let (_, record) = load.max_read(read, Some(vec![KeyPart::Int(9)])).expect("the table is known");
    assert_eq!((record.rows, record.order), (0, vec!["varchar(20) collate utf8mb4_general_ci".to_owned()]));
    asked(&mut load, 110, "chunk orders");
}

#[test]
fn a_table_that_is_not_as_it_was_is_looked_at_again() {
    let mut load = load(2);
    bounded(&mut load, "orders");
    let read = asked(&mut load, 4, "chunk orders");
    load.moved(read);
    asked(&mut load, 4, "columns orders");
}

/// What INFORMATION_SCHEMA shows while an ALTER runs are the columns of before, and the view that opens behind it holds rows of after.
#[test]
fn a_barrier_counts_for_nothing_once_its_definition_moves_before_its_place() {
    let record = SnapRecord { key: Vec::new(), ..pending() };
    let mut load = Load::new([TableLoad::new(version(), None, record, 10)], policy(2, 2));
    let read = asked(&mut load, 4, "barrier orders");
    load.barrier_opened(read, at(70).file);
    load.definition_moved(&altered("other"));
    assert_eq!(load.void_barrier(), None);
    assert!(load.is_at_barrier(&version().name));
    load.definition_moved(&altered("orders"));
    assert_eq!(load.void_barrier(), Some(read));
    assert!(!load.is_at_barrier(&version().name) && !load.holds(&at(70)) && !load.reached_barrier(&at(70)));
    assert!(load.next(&at(70), MEMORY).is_none() && !load.done(), "until whoever reads has been told");
    load.moved(read);
    assert_eq!(load.void_barrier(), None);
    let read = asked(&mut load, 70, "columns orders");
    load.columns_read(read, Some((version(), None)));
    let read = asked(&mut load, 70, "barrier orders");
    load.barrier_opened(read, at(90).file);
    load.definition_moved(&DdlEffect::Unknown);
    load.leave(&version().name);
    load.moved(read);
    assert!(load.done(), "a table that leaves meanwhile does not come back");
}

#[test]
fn a_table_without_a_key_is_read_at_one_place_where_the_stream_stops() {
    let record = SnapRecord { key: Vec::new(), ..pending() };
    let keyless = |name: &str| TableLoad::new(version_of(name), None, record.clone(), 10);
    let mut load = Load::new([keyless("orders"), keyless("queue"), table("zoo")], policy(2, 3));
    let read = asked(&mut load, 4, "barrier orders");
    // One of them at a time; tables with keys go on.
    bounded(&mut load, "zoo");
    let window = asked(&mut load, 4, "chunk zoo");
    assert!(load.next(&at(4), MEMORY).is_none());
    load.chunk_read(window, chunk(&[(1, 1)], 2, 75));
    assert!(load.opening_barrier());
    load.barrier_opened(read, at(70).file);
    assert!(!load.holds(&at(69)));
    assert!(!load.reached_barrier(&at(69)), "its rows show changes that are still to come");
    assert!(load.holds(&at(70)));
    assert!(load.reached_barrier(&at(70)));
    assert!(!load.reached_barrier(&at(70)), "they are asked for once");
    assert!(load.close(&at(70)).is_none(), "a window with a later place waits for the stream");
    assert!(matches!(load.barrier_emitted(3, false), Some((_, record)) if record.state != SnapState::Done));
    load.leave(&version().name);
    assert!(load.holds(&at(70)), "all of its rows come first");
    let (_, record) = load.barrier_emitted(2, true).expect("the barrier was open");
    assert_eq!((record.state, record.rows), (SnapState::Done, 5));
    assert!(!load.holds(&at(70)));
    asked(&mut load, 70, "barrier queue");
    assert!(load.opening_barrier());
    assert!(load.close(&at(75)).is_some());
}

#[test]
fn keys_are_noted_by_the_columns_of_the_stream() {
    let mut load = load(2);
    bounded(&mut load, "orders");
    let window = asked(&mut load, 4, "chunk orders");
    let read = version();
    // The chunk is read behind `alter table … add column v first`; the stream still stands before it.
    let columns = |names: &[usize]| TableVersion {
        columns: names.iter().map(|&at| read.columns[at].clone()).collect(),
        ..(*read).clone()
    };
    assert_eq!(load.watch(&read.name, &columns(&[1, 0])), Some(Watch { window, key: vec![1] }));
    assert_eq!(load.watch(&TableName::new("shop", "other"), &columns(&[1, 0])), None);
    assert_eq!(load.watch(&read.name, &columns(&[1])), None, "a key that is not there yet");
    load.chunk_read(window, chunk(&[(1, 1)], 2, 100));
    assert!(matches!(load.close(&at(100)), Some(Closed::Redo(_, Redo::Definition))));
}

#[test]
fn the_answer_of_a_read_that_was_given_up_is_nobody_elses() {
    let mut load = Load::new([table("zoo")], policy(2, 2));
    let old = asked(&mut load, 4, "max zoo");
    // It gets other rows by `rename table` while the question is on its way, and so does another one.
    load.add(TableLoad::unread(version_of("zoo").name.clone(), pending()));
    load.add(table("orders"));
    asked(&mut load, 9, "max orders");
    assert!(
        load.next(&at(9), MEMORY).is_none(),
        "a read whose answer nobody wants is under way all the same"
    );
    assert_eq!(load.max_read(old, Some(vec![KeyPart::Int(1)])), None);
    asked(&mut load, 9, "columns zoo");
}

#[test]
fn so_many_tables_are_read_at_once_and_each_in_its_order() {
    let mut load = Load::new(["a", "b", "c"].map(table), policy(2, 2));
    let (a, b) = (asked(&mut load, 4, "max a"), asked(&mut load, 4, "max b"));
    assert_eq!(load.wants(), None);
    load.max_read(b, Some(vec![KeyPart::Int(9)]));
    let b = asked(&mut load, 4, "chunk b");
    load.max_read(a, None);
    let c = asked(&mut load, 4, "max c");
    // A window of one table knows nothing of another's keys.
    assert_eq!(load.watch(&version_of("b").name, &version_of("b")).map(|watch| watch.window), Some(b));
    assert_eq!(load.watch(&version_of("c").name, &version_of("c")), None);
    load.chunk_read(b, chunk(&[(1, 1), (2, 2)], 2, 50));
    let Some(Closed::Emit(rows)) = load.close(&at(50)) else { panic!("H is passed") };
    load.emitted(&rows, 2);
    asked(&mut load, 50, "chunk b after 2");
    load.max_read(c, None);
    assert!(!load.done());
}

#[test]
fn a_window_holds_what_it_was_given() {
    let mut load = Load::new(["a", "b"].map(table), policy(1_000, 64));
    assert_eq!(load.wants(), Some(Need::Nothing), "a greatest key is asked for");
    bounded(&mut load, "a");
    assert_eq!(load.wants(), Some(Need::Memory));
    let ask = load.next(&at(4), 1 << 20).expect("a chunk is wanted");
    assert!(matches!(ask.what, Wanted::Chunk { max_bytes, .. } if max_bytes == 1 << 19));
    assert_eq!(load.held(), 1 << 20);
    let key = [7; 1 << 10];
    for number in 0..600u32 {
        load.touch(ask.read, &[&number.to_be_bytes()[..], &key].concat());
    }
    load.chunk_read(ask.read, chunk(&[(1, 1)], 1_000, 4));
    assert!(matches!(load.close(&at(4)), Some(Closed::Redo(_, Redo::Touched))));
    assert_eq!(load.held(), 0);
    let again = load.next(&at(4), MEMORY).expect("it is read again");
    assert!(matches!(again.what, Wanted::Chunk { limit: 500, max_bytes: CHUNK_BYTES, .. }));
    load.add(table("a"));
    assert_eq!(load.held(), MEMORY, "its rows may be on their way");
    load.chunk_read(again.read, chunk(&[(1, 1)], 1_000, 4));
    assert_eq!(load.held(), 0);
}

#[test]
fn chunks_of_a_slow_load_are_made_for_a_second() {
    let slow = Policy { chunk_rows: None, parallel: 1, rate_bytes_s: Some(100 << 10) };
    let mut load = Load::new([table("a")], slow);
    bounded(&mut load, "a");
    let ask = load.next(&at(4), MEMORY).expect("a chunk is wanted");
    assert!(matches!(ask.what, Wanted::Chunk { limit: FIRST_CHUNK_ROWS, .. }));
    let rows: Vec<(i64, i64)> = (0..10_000).map(|id| (id, id)).collect();
    load.chunk_read(ask.read, chunk(&rows, 1, 4));
    let Some(Closed::Emit(rows)) = load.close(&at(4)) else { panic!("H is passed") };
    assert!(rows.rows.bytes() > 100 << 10);
    load.emitted(&rows, 10_000);
    let ask = load.next(&at(4), MEMORY).expect("the next one");
    assert!(matches!(ask.what, Wanted::Chunk { limit, .. } if limit == FIRST_CHUNK_ROWS / 2));
}

/// One write: a key of a table gets a value, or goes.
#[derive(Debug, Clone, Copy)]
struct Write {
    table: usize,
    key: i64,
    value: Option<i64>,
}

/// Tables of the model.
const TABLES: [&str; 3] = ["a", "b", "c"];

/// A row of the model: its table and its key.
type RowId = (usize, i64);

/// What a consumer has seen of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Snapshot(i64),
    Change(Option<i64>),
}

/// Rules of the algorithm that a run may break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// None is broken.
    All,
    /// R ⊆ V: views lag behind the reader.
    Visible,
    /// Rows wait for H.
    High,
    /// Of every open window keys are noted: only the first one's are.
    EveryWindow,
}

/// Transactions end at places 10, 20, …; a view sees a prefix of them.
#[derive(Debug)]
struct Model {
    initial: BTreeMap<RowId, i64>,
    log: Vec<Vec<Write>>,
    chunk_rows: u32,
    parallel: usize,
}

/// A run of a load over a model. `roll` decides which read is answered when, how far its view is ahead, and how far H lies
/// above it.
struct Run<'m> {
    model: &'m Model,
    broken: Rule,
    load: Load,
    /// Reads on their way.
    asks: Vec<Ask>,
    /// Transactions that were emitted.
    passed: usize,
    seen: BTreeMap<RowId, Vec<Seen>>,
    /// Most windows that were open at once.
    n_windows: usize,
}

impl Model {
    fn rows(&self, table: usize, n_transactions: usize) -> BTreeMap<i64, i64> {
        let of_table = self.initial.iter().filter(|((of, _), _)| *of == table);
        let mut rows: BTreeMap<i64, i64> = of_table.map(|(&(_, key), &value)| (key, value)).collect();
        for write in self.log[..n_transactions].iter().flatten().filter(|write| write.table == table) {
            match write.value {
                Some(value) => drop(rows.insert(write.key, value)),
                None => drop(rows.remove(&write.key)),
            }
        }
        rows
    }

    fn run(&self, mut seed: u64, broken: Rule) -> (BTreeMap<RowId, Vec<Seen>>, usize) {
        let mut roll = move |below: usize| {
            // splitmix64
            seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let x = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (x ^ (x >> 31)) as usize % below.max(1)
        };
        let mut run = Run {
            model: self,
            broken,
            load: Load::new(TABLES.map(table), policy(self.chunk_rows, self.parallel)),
            asks: Vec::new(),
            passed: 0,
            seen: BTreeMap::new(),
            n_windows: 0,
        };
        for _ in 0..10_000 {
            run.turn(&mut roll);
            if run.passed == self.log.len() && run.load.done() {
                return (run.seen, run.n_windows);
            }
        }
        panic!("the load does not end");
    }

    /// Per row: changes in order, at most one snapshot row equal to the fold of what came before, nothing missing.
    fn verify(&self, seen: &BTreeMap<RowId, Vec<Seen>>) -> Result<(), String> {
        let written = self.log.iter().flatten().map(|write| (write.table, write.key));
        let ids: HashSet<RowId> = self.initial.keys().copied().chain(written).collect();
        for id in ids {
            let list = seen.get(&id).cloned().unwrap_or_default();
            let mut now = self.initial.get(&id).copied();
            let mut covered = now.is_none();
            let mut n_snapshots = 0;
            let mut changes = self.log.iter().flatten().filter(|write| (write.table, write.key) == id);
            for one in &list {
                match *one {
                    Seen::Change(value) => {
                        now = value;
                        covered = true;
                        if changes.next().map(|write| write.value) != Some(value) {
                            return Err(format!("row {id:?}: a change out of order"));
                        }
                    }
                    Seen::Snapshot(value) => {
                        n_snapshots += 1;
                        covered = true;
                        if now != Some(value) || n_snapshots > 1 {
                            return Err(format!("row {id:?}: snapshot row {value} where {now:?} is right"));
                        }
                    }
                }
            }
            if changes.next().is_some() || !covered {
                return Err(format!("row {id:?}: something is missing"));
            }
        }
        Ok(())
    }
}

impl Run<'_> {
    /// One step: a read begins, one is answered, or a transaction passes.
    fn turn(&mut self, roll: &mut impl FnMut(usize) -> usize) {
        match roll(3) {
            0 => self.asks.extend(self.load.next(&at(self.passed as u64 * 10), MEMORY)),
            1 if !self.asks.is_empty() => {
                let ask = self.asks.swap_remove(roll(self.asks.len()));
                self.answer(ask, roll);
            }
            _ => self.pass(),
        }
        self.close();
        let is_window = |read: &&Read| matches!(read.doing, Doing::Window(_));
        self.n_windows = self.n_windows.max(self.load.reads.values().filter(is_window).count());
    }

    fn answer(&mut self, ask: Ask, roll: &mut impl FnMut(usize) -> usize) {
        let end = self.model.log.len();
        let asked_at = ask.contains.file.offset as usize / 10;
        // What the server has logged by now is ahead of what the task has passed.
        let least = match self.broken {
            Rule::Visible => asked_at.saturating_sub(roll(3)),
            Rule::All | Rule::High | Rule::EveryWindow => asked_at,
        };
        let view = least + roll(end - least + 1);
        match ask.what {
            Wanted::MaxKey { version, .. } => {
                let rows = self.model.rows(number_of(&version), view);
                let max = rows.last_key_value().map(|(&key, _)| vec![KeyPart::Int(key)]);
                self.load.max_read(ask.read, max);
            }
            Wanted::Chunk { version, after, upto, limit, .. } => {
                let high = match self.broken {
                    Rule::High => 0,
                    Rule::All | Rule::Visible | Rule::EveryWindow => (view + roll(3)).min(end),
                };
                let after = after.map_or(i64::MIN, |after| id(&after[0]) + 1);
                let rows = self.model.rows(number_of(&version), view);
                let rows: Vec<(i64, i64)> = rows
                    .into_iter()
                    .filter(|&(key, _)| key >= after && key <= id(&upto[0]))
                    .take(limit as usize)
                    .collect();
                self.load.chunk_read(ask.read, chunk(&rows, limit as usize, high as u64 * 10));
            }
            Wanted::Columns(_) | Wanted::Barrier(_) => panic!("nothing moved, and there is a key"),
        }
    }

    /// The next transaction passes the emit stage.
    fn pass(&mut self) {
        let Some(transaction) = self.model.log.get(self.passed) else { return };
        self.passed += 1;
        for write in transaction {
            let version = version_of(TABLES[write.table]);
            let first = self.load.reads.keys().next().copied();
            if let Some(watch) = self.load.watch(&version.name, &version)
                && (self.broken != Rule::EveryWindow || Some(watch.window) == first)
            {
                self.load.touch(watch.window, &write.key.to_be_bytes());
            }
            self.seen.entry((write.table, write.key)).or_default().push(Seen::Change(write.value));
        }
    }

    fn close(&mut self) {
        while let Some(closed) = self.load.close(&at(self.passed as u64 * 10)) {
            let Closed::Emit(rows) = closed else { panic!("nothing moved") };
            let table = number_of(&rows.version);
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
                    self.seen.entry((table, key)).or_default().push(Seen::Snapshot(value));
                    sent += 1;
                }
            }
            self.load.emitted(&rows, sent);
        }
    }
}

fn number_of(version: &TableVersion) -> usize {
    TABLES.iter().position(|table| *table == version.name.table).expect("a table of the model")
}

fn models() -> impl Strategy<Value = (Model, u64)> {
    let write = (0..TABLES.len(), 0..6i64, proptest::option::of(100..1000i64))
        .prop_map(|(table, key, value)| Write { table, key, value });
    let transaction = proptest::collection::vec(write, 1..4);
    let initial = proptest::collection::btree_map((0..TABLES.len(), 0..6i64), 0..100i64, 0..16);
    let log = proptest::collection::vec(transaction, 0..30);
    (initial, log, 1..4u32, 1..4usize, any::<u64>()).prop_map(|(initial, log, chunk_rows, parallel, seed)| {
        (Model { initial, log, chunk_rows, parallel }, seed)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn every_row_is_seen_and_none_is_stale((model, seed) in models()) {
        let (seen, _) = model.run(seed, Rule::All);
        prop_assert_eq!(model.verify(&seen), Ok(()));
    }
}

/// True when one of 2,000 schedules shows it.
fn shown(broken: Rule, wrong: impl Fn(&Model, &BTreeMap<RowId, Vec<Seen>>, usize) -> bool) -> bool {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    (0..2_000).any(|_| {
        let (model, seed) = models().new_tree(&mut runner).expect("the strategy gives values").current();
        let (seen, n_windows) = model.run(seed, broken);
        wrong(&model, &seen, n_windows)
    })
}

#[test]
fn the_model_notices_every_rule_that_is_broken() {
    for broken in [Rule::Visible, Rule::High, Rule::EveryWindow] {
        assert!(shown(broken, |model, seen, _| model.verify(seen).is_err()), "{broken:?} must be found out");
    }
    assert!(shown(Rule::All, |_, _, n_windows| n_windows == TABLES.len()), "windows are open at once");
}

#[test]
fn the_load_of_all_tables_is_told_from_those_of_single_ones() {
    let named = |name: &str| {
        let mut version = (*version()).clone();
        version.name = TableName::new("shop", name);
        Arc::new(version)
    };
    let table = |name: &str, snapshot: &str, state: SnapState| {
        let record = SnapRecord { snapshot: snapshot.into(), state, ..pending() };
        TableLoad::new(named(name), Some(vec![0]), record, 10)
    };
    let is_of_all = |tables: Vec<TableLoad>| Load::new(tables, policy(2, 1)).is_of_all();
    let (done, open) = (SnapState::Done, SnapState::Pending);
    assert!(is_of_all(vec![table("a", "1", open.clone()), table("b", "2", open.clone())]));
    assert!(is_of_all(vec![table("a", "1", done.clone()), table("b", "1", open.clone())]));
    assert!(is_of_all(vec![table("made", "", done.clone()), table("b", "1", open.clone())]));
    assert!(!is_of_all(vec![table("a", "1", done.clone()), table("b", "2", open)]));
    assert!(!is_of_all(vec![table("a", "1", done)]));
}
