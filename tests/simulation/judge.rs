//! Holds what was committed to the broker against what the source wrote.

use super::broker::{Broker, Record};
use super::plan::Plan;
use super::source::{KEYLESS, LATE, Source, TABLES, What, index, may_be_hidden, table_of};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use syncc::checkpoint::{PosRecord, StateRecord};
use syncc::mysql::position::Position;

/// What a consumer sees of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// A value, behind so many source transactions.
    Loaded(u64, usize),
    /// Change `op` of source transaction `txn`.
    Change(usize, usize),
}

/// What the commits say of the source.
#[derive(Default)]
struct Told<'b> {
    /// Where each table begins.
    began: [Option<usize>; TABLES.len()],
    /// The generation that each transaction was sent under; those before the beginning have none.
    generations: BTreeMap<usize, u64>,
    last: Option<&'b PosRecord>,
}

/// # Errors
/// The first thing that is wrong.
pub(super) fn judge(source: &Source, broker: &Broker) -> Result<(), String> {
    let told = commits(source, broker)?;
    let mut seen: BTreeMap<i64, Vec<Seen>> = BTreeMap::new();
    for (record, _) in broker.committed() {
        match *record {
            Record::Change { txn, op } => {
                if let What::Rows(ops) = &source.log[txn].what {
                    let op_of = ops[op];
                    seen.entry(op_of.key).or_default().push(Seen::Change(txn, op));
                    if op_of.from != op_of.key {
                        seen.entry(op_of.from).or_default().push(Seen::Change(txn, op));
                    }
                }
            }
            Record::Loaded { key, value, at } => {
                seen.entry(key).or_default().push(Seen::Loaded(value, at));
            }
            Record::State(_) => {}
        }
    }
    let mut written: BTreeMap<i64, Vec<(usize, usize)>> = BTreeMap::new();
    for (&txn, &generation) in &told.generations {
        let plan = Plan { generation };
        let What::Rows(ops) = &source.log[txn].what else { continue };
        for (at, op) in ops.iter().enumerate().filter(|(_, op)| plan.sends(op.key)) {
            written.entry(op.key).or_default().push((txn, at));
            if op.from != op.key {
                written.entry(op.from).or_default().push((txn, at));
            }
        }
    }
    let rows = source.rows(source.log.len());
    let keys: BTreeSet<i64> = seen.keys().chain(written.keys()).chain(rows.keys()).copied().collect();
    for key in keys {
        let list = seen.get(&key).map(Vec::as_slice).unwrap_or_default();
        let changes = written.get(&key).map(Vec::as_slice).unwrap_or_default();
        let wrong = in_order(source, key, changes, list);
        let wrong = wrong.and_then(|()| at_the_end(source, &told, key, rows.get(&key).copied(), list));
        wrong.map_err(|wrong| format!("key {key}: {wrong}\nwritten: {changes:?}\nseen: {list:?}"))?;
    }
    Ok(())
}

/// Changes in their order, each once; existing rows where they are right.
fn in_order(source: &Source, key: i64, changes: &[(usize, usize)], list: &[Seen]) -> Result<(), String> {
    let mut n_loaded = 0;
    let mut next = changes.iter().peekable();
    for one in list {
        match *one {
            Seen::Change(txn, op) => {
                if next.next() != Some(&(txn, op)) {
                    return Err(format!("change {op} of transaction {txn} is out of order or came twice"));
                }
            }
            Seen::Loaded(value, at) => {
                n_loaded += 1;
                // A table without a key is read from its beginning by the next life.
                if n_loaded > 1 && table_of(key) != KEYLESS {
                    return Err("an existing row came twice".to_owned());
                }
                if next.peek().is_some_and(|(txn, _)| *txn < at) {
                    return Err(format!("an existing row came before a change that lies before {at}"));
                }
                let right = source.rows(at).get(&key).copied();
                if right != Some(value) {
                    return Err(format!("existing row {value} where {right:?} is right"));
                }
            }
        }
    }
    match next.next() {
        Some(change) => Err(format!("lost: change {change:?}")),
        None => Ok(()),
    }
}

/// What a consumer has in the end is what the table has.
fn at_the_end(
    source: &Source,
    told: &Told<'_>,
    key: i64,
    row: Option<u64>,
    list: &[Seen],
) -> Result<(), String> {
    if told.began[table_of(key)].is_none() || may_be_hidden(key) {
        return Ok(());
    }
    let (has, from) = match list.last() {
        None => (None, 0),
        Some(&Seen::Loaded(value, at)) => (Some(value), at),
        Some(&Seen::Change(txn, op)) => match &source.log[txn].what {
            What::Rows(ops) if ops[op].key == key => (ops[op].value, txn),
            What::Rows(_) | What::Statement { .. } => (None, txn),
        },
    };
    let empties =
        |what: &What| matches!(what, What::Statement { table, truncates: true } if *table == table_of(key));
    match (row, has) {
        (row, has) if row == has => Ok(()),
        // its end was told by the statement
        (None, Some(_)) if source.log[from..].iter().any(|one| empties(&one.what)) => Ok(()),
        (row, has) => Err(format!("lost: a consumer has {has:?}, the table {row:?}")),
    }
}

/// Looks at each commit: the position covers exactly what has come so far, under one plan.
fn commits<'b>(source: &Source, broker: &'b Broker) -> Result<Told<'b>, String> {
    let mut told = Told::default();
    let mut came: HashSet<(usize, usize)> = HashSet::new();
    // of the transactions that have passed
    let mut n_passed = 0;
    let mut records = broker.committed().peekable();
    while records.peek().is_some() {
        let mut commit = Vec::new();
        let mut pos = None;
        let (mut n_rows, mut n_statements) = (0, 0);
        while let Some((record, txn)) = records.next() {
            match record {
                Record::Change { txn, op } => {
                    if !came.insert((*txn, *op)) {
                        return Err(format!("duplicated: change {op} of transaction {txn}"));
                    }
                    match &source.log[*txn].what {
                        What::Rows(_) => n_rows += 1,
                        What::Statement { .. } => n_statements += 1,
                    }
                    commit.push(record);
                }
                Record::Loaded { .. } => commit.push(record),
                Record::State(state) => {
                    if let StateRecord::Pos(record) = &**state {
                        pos = Some(record);
                    }
                }
            }
            if records.peek().is_none_or(|(_, next)| *next != txn) {
                break;
            }
        }
        let Some(pos) = pos else {
            if commit.is_empty() { continue } else { return Err("rows without a position".to_owned()) }
        };
        if n_statements > 1 || (n_statements > 0 && n_rows > 0) {
            return Err(format!("commit {} holds a schema change among rows", pos.seq));
        }
        n_passed += told.passes(source, pos)?;
        told.holds(source, &commit, pos)?;
        let at = index(&pos.position);
        let plan = Plan { generation: pos.generation };
        let parts = match &pos.mid {
            Some(mid) => {
                let rows: u64 = mid.tables.iter().map(|table| table.rows).sum();
                plan.messages(source, at, Some(rows as usize))
            }
            None => 0,
        };
        if came.len() != n_passed + parts {
            let expected = n_passed + parts;
            return Err(format!("lost: {} changes are there of {expected} before position {at}", came.len()));
        }
    }
    // All of a transaction may have come in parts before a commit says that it is over.
    if let Some(cut) = told.last.filter(|last| last.mid.is_some()) {
        told.generations.insert(index(&cut.position), cut.generation);
    }
    Ok(told)
}

impl<'b> Told<'b> {
    /// The position goes on to that of a commit; the changes on the way are counted.
    fn passes(&mut self, source: &Source, pos: &'b PosRecord) -> Result<usize, String> {
        let at = index(&pos.position);
        let before = self.last.map_or((0, at), |last| (last.seq, index(&last.position)));
        if pos.seq != before.0 + 1 || at < before.1 {
            return Err(format!("commit {} at {at} comes behind {} at {}", pos.seq, before.0, before.1));
        }
        same(&pos.position, &source.place(at))?;
        let plan = Plan { generation: pos.generation };
        for (table, began) in self.began.iter_mut().enumerate() {
            if table != LATE || plan.has_late() {
                began.get_or_insert(before.1);
            }
        }
        let mut n_changes = 0;
        let cut = self.last.filter(|last| last.mid.is_some());
        if cut.is_some_and(|cut| cut.generation != pos.generation) {
            return Err(format!("transaction {} is sent under two plans", before.1));
        }
        for txn in before.1..at {
            self.generations.insert(txn, pos.generation);
            n_changes += plan.messages(source, txn, None);
        }
        self.last = Some(pos);
        Ok(n_changes)
    }

    /// The rows of a commit lie where its position says, and are those of its plan.
    fn holds(&self, source: &Source, commit: &[&Record], pos: &PosRecord) -> Result<(), String> {
        let (at, plan) = (index(&pos.position), Plan { generation: pos.generation });
        for record in commit {
            let (sent, place) = match record {
                Record::Change { txn, op } => match &source.log[*txn].what {
                    What::Rows(ops) => (plan.sends(ops[*op].key), *txn),
                    What::Statement { table, .. } => (plan.selects(*table), *txn),
                },
                Record::Loaded { key, at, .. } => (plan.sends(*key), *at),
                Record::State(_) => continue,
            };
            if !sent {
                return Err(format!("{record:?} is none of generation {}", plan.generation));
            }
            if place > at || (place == at && pos.mid.is_none() && matches!(record, Record::Change { .. })) {
                return Err(format!("{record:?} is there, the position is {at}"));
            }
        }
        Ok(())
    }
}

/// A position names exactly what lies before its place.
fn same(stored: &Position, right: &Position) -> Result<(), String> {
    if stored.gtids == right.gtids {
        return Ok(());
    }
    Err(format!("the position says {}, and {} were read", stored.gtids, right.gtids))
}
