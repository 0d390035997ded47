//! Holds what was committed to the broker against what the source wrote.

use super::broker::{Broker, Record};
use super::source::{Source, index};
use std::collections::{BTreeMap, HashSet};
use syncc::checkpoint::{PosRecord, StateRecord};

/// What a consumer sees of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Loaded(u64),
    /// Row `op` of source transaction `txn`.
    Change(usize, usize),
}

/// # Errors
/// The first thing that is wrong. `whole`: everything must have come.
pub(super) fn judge(source: &Source, broker: &Broker, whole: bool) -> Result<(), String> {
    let began = transactions(source, broker)?;
    let mut seen: BTreeMap<i64, Vec<Seen>> = BTreeMap::new();
    for (record, _) in broker.committed() {
        match *record {
            Record::Change { txn, op } => {
                seen.entry(source.log[txn][op].key).or_default().push(Seen::Change(txn, op));
            }
            Record::Loaded { key, value } => seen.entry(key).or_default().push(Seen::Loaded(value)),
            Record::State(_) => {}
        }
    }
    let Some(began) = began else { return Ok(()) };
    let initial = source.rows(began);
    let mut truth: BTreeMap<i64, Vec<(usize, usize)>> =
        initial.keys().map(|&key| (key, Vec::new())).collect();
    for (txn, ops) in source.log.iter().enumerate().skip(began) {
        for (op, change) in ops.iter().enumerate() {
            truth.entry(change.key).or_default().push((txn, op));
        }
    }
    for (key, list) in &seen {
        let changes = truth.get(key).map(Vec::as_slice).unwrap_or_default();
        of_key(source, initial.get(key).copied(), changes, list, whole)
            .map_err(|wrong| format!("key {key}: {wrong}\nwritten: {changes:?}\nseen: {list:?}"))?;
    }
    let missing = truth.keys().find(|key| !seen.contains_key(*key));
    match missing {
        Some(key) if whole => Err(format!("lost: nothing of key {key} came")),
        Some(_) | None => Ok(()),
    }
}

fn of_key(
    source: &Source,
    initial: Option<u64>,
    changes: &[(usize, usize)],
    list: &[Seen],
    whole: bool,
) -> Result<(), String> {
    let mut now = initial;
    let mut covered = initial.is_none();
    let mut loaded = false;
    let mut next = changes.iter();
    for one in list {
        match *one {
            Seen::Change(txn, op) => {
                if next.next() != Some(&(txn, op)) {
                    return Err(format!("change {op} of transaction {txn} is out of order or came twice"));
                }
                now = source.log[txn][op].value;
                covered = true;
            }
            Seen::Loaded(value) => {
                if loaded {
                    return Err("an existing row came twice".to_owned());
                }
                if now != Some(value) {
                    return Err(format!("existing row {value} where {now:?} is right"));
                }
                (loaded, covered) = (true, true);
            }
        }
    }
    match (whole, next.next(), covered) {
        (true, Some(change), _) => Err(format!("lost: change {change:?}")),
        (true, None, false) => Err("lost: the existing row".to_owned()),
        (_, _, _) => Ok(()),
    }
}

/// Looks at each committed transaction: the position covers exactly what has come so far. Where the stream began comes
/// back; none: nothing is committed.
fn transactions(source: &Source, broker: &Broker) -> Result<Option<usize>, String> {
    let mut began = None;
    let mut last: Option<&PosRecord> = None;
    let mut changes: HashSet<(usize, usize)> = HashSet::new();
    let mut records = broker.committed().peekable();
    while let Some((record, txn)) = records.next() {
        match record {
            Record::Change { txn, op } => {
                if !changes.insert((*txn, *op)) {
                    return Err(format!("duplicated: change {op} of transaction {txn}"));
                }
            }
            Record::Loaded { .. } => {}
            Record::State(state) => {
                if let StateRecord::Pos(pos) = &**state {
                    let at = index(&pos.position);
                    began.get_or_insert(at);
                    let (seq, place) = last.map_or((0, at), |last| (last.seq, index(&last.position)));
                    if pos.seq != seq + 1 || at < place {
                        return Err(format!("commit {} at {at} comes behind {seq} at {place}", pos.seq));
                    }
                    last = Some(pos);
                }
            }
        }
        if records.peek().is_some_and(|(_, next)| *next == txn) {
            continue;
        }
        let (Some(began), Some(pos)) = (began, last) else {
            if changes.is_empty() { continue } else { return Err("rows without a position".to_owned()) }
        };
        let at = index(&pos.position);
        let parts =
            pos.mid.iter().flat_map(|mid| &mid.tables).map(|table| table.rows as usize).sum::<usize>();
        let covered: usize = source.log[began..at].iter().map(Vec::len).sum::<usize>() + parts;
        let ahead = changes.iter().find(|(txn, op)| *txn > at || (*txn == at && *op >= parts));
        if let Some(ahead) = ahead {
            return Err(format!("row {ahead:?} is there, the position is {at}, {parts} rows"));
        }
        if changes.len() != covered {
            return Err(format!("lost: {} rows are there of {covered} before position {at}", changes.len()));
        }
    }
    Ok(began)
}
