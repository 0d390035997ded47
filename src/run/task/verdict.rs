//! Rows of the log that do not count, or not yet: behind a savepoint, and of XA transactions.
//!
//! A server that lets a transaction mix tables with and without transactions leaves rows in its log that ROLLBACK TO has
//! undone, and of one with temporary tables all that ROLLBACK has; the rows of an XA transaction stand where it was prepared, and
//! whether they count is said later, maybe never. They wait here until it is known.
//!
//! Guarantees: no row that was undone is sent; those of an XA transaction are sent once, where it is committed; until then
//! the position does not cover them, and what is needed to read them again is stored.

use super::Task;
use super::held::{Held, Store};
use super::life::Life;
use crate::catalog::{Engine, TableFacts};
use crate::checkpoint::{StateKey, StateRecord, XaRecord};
use crate::failpoint::{Bug, planted};
use crate::mysql::binlog::event::Header;
use crate::mysql::position::{BinlogPosition, Gtid, Gtids, NotSeenAgain, Position, SeenAgain};
use crate::mysql::schema::TableName;
use crate::run::context::wall_ms;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::ring::{MappedTable, Verdict};
use crate::run::state_dir::random_id;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

/// Rows of a life that wait.
#[derive(Debug)]
pub(super) struct Waiting {
    store: Store,
    /// Rows of the source transaction under the cursor; none: they count as they come.
    group: Option<Group>,
    /// Prepared, and read in this life.
    prepared: BTreeMap<String, Prepared>,
    /// Prepared, and not read again yet.
    unread: BTreeMap<String, XaRecord>,
    /// Rows that count now, in their order.
    released: VecDeque<Held>,
    /// Rows of them that were sent.
    n_released: u32,
    /// What the source transaction under the cursor says, from its end on.
    outcome: Option<Outcome>,
    /// Why what it says cannot be followed.
    lost: Option<String>,
    /// Where it begins, if rows of it were sent that do not count.
    undone: Option<BinlogPosition>,
    /// Where source transactions begin whose rows do not count.
    rolled_back: BTreeSet<BinlogPosition>,
    /// It was read before, and only its rows are of interest.
    again: bool,
    /// What was seen, where places of the log do not tell.
    seen: SeenAgain,
    /// Tables that ROLLBACK does not reach.
    lasting: HashSet<TableName>,
    body: Vec<u8>,
    /// XA transactions that were warned of.
    told: HashSet<String>,
}

#[derive(Debug, Default)]
struct Group {
    rows: Vec<Held>,
    /// Name, and number of the events before it.
    savepoints: Vec<(String, usize)>,
}

#[derive(Debug)]
struct Prepared {
    rows: Vec<Held>,
    record: XaRecord,
}

#[derive(Debug)]
enum Outcome {
    Prepared(String),
    /// Committed or rolled back.
    Decided(String, Option<Gtid>),
}

impl Waiting {
    /// Nothing waits; `unread` are the XA transactions that the state knows, `seen` is what comes again for them where places of the
    /// log do not tell, `rolled_back` where source transactions begin whose rows do not count, `spill` where rows go that memory does
    /// not hold.
    pub(super) fn new(
        spill: PathBuf,
        unread: BTreeMap<String, XaRecord>,
        seen: SeenAgain,
        rolled_back: BTreeSet<BinlogPosition>,
        tables: &[TableFacts],
    ) -> Waiting {
        let lasting = tables.iter().filter(|table| table.engine != Engine::Transactional);
        Waiting {
            store: Store::new(spill),
            group: None,
            prepared: BTreeMap::new(),
            unread,
            released: VecDeque::new(),
            n_released: 0,
            outcome: None,
            lost: None,
            undone: None,
            rolled_back,
            again: false,
            seen,
            lasting: lasting.map(|table| table.version.name.clone()).collect(),
            body: Vec::new(),
            told: HashSet::new(),
        }
    }

    /// Whether a source transaction that begins was seen before, where its place does not tell.
    ///
    /// # Errors
    /// [`Class::PositionLost`]: the log does not have what was read.
    pub(super) fn is_seen(&mut self, gtid: Option<&Gtid>) -> Result<Option<bool>, Failure> {
        let Some(gtid) = gtid.filter(|_| self.comes_again()) else { return Ok(None) };
        self.seen.pass(gtid).map(Some).map_err(not_the_log)
    }

    /// The stream has come to a place between two source transactions.
    ///
    /// # Errors
    /// [`Class::PositionLost`]: the log does not have what was read.
    pub(super) fn come_to(&mut self, file: &str, offset: u64) -> Result<(), Failure> {
        if !self.comes_again() {
            return Ok(());
        }
        self.seen.come_to(&BinlogPosition::new(file, offset)).map_err(not_the_log)
    }

    /// True while what was seen may still come, where places of the log do not tell: they are none of the position until then.
    pub(super) fn comes_again(&self) -> bool {
        !self.seen.is_over()
    }

    /// A source transaction begins. True when it is to be read although it was before: it prepared what is undecided.
    pub(super) fn begin(&mut self, seen: bool, gtid: Option<&Gtid>, file: &str, offset: u64) -> bool {
        let is_undone =
            !self.rolled_back.is_empty() && self.rolled_back.contains(&BinlogPosition::new(file, offset));
        self.group = is_undone.then(Group::default);
        self.outcome = None;
        self.lost = None;
        let is_it = |record: &XaRecord| match (gtid, &record.gtid) {
            (Some(gtid), Some(of)) => gtid == of,
            (None, None) | (Some(_), None) | (None, Some(_)) => {
                record.at.file == file && record.at.offset == offset
            }
        };
        self.again = seen && self.unread.values().any(is_it);
        self.again
    }

    /// True when rows of the source transaction under the cursor were sent that do not count.
    pub(super) fn is_undone(&self) -> bool {
        self.undone.is_some()
    }

    /// Where that begins.
    pub(super) fn take_undone(&mut self) -> Option<BinlogPosition> {
        self.undone.take()
    }

    /// XA transactions that are prepared and not decided: how many, and when the oldest was prepared, seconds since 1970.
    pub(super) fn undecided(&self) -> (usize, Option<u32>) {
        let read = self.prepared.values().map(|prepared| &prepared.record);
        let unread = self.unread.iter().filter(|(xid, _)| !self.prepared.contains_key(*xid));
        let records = || read.clone().chain(unread.clone().map(|(_, record)| record));
        (records().count(), records().map(|record| record.prepared).min())
    }

    /// Bytes of rows that wait in a file.
    pub(super) fn spill_bytes(&self) -> u64 {
        self.store.file_bytes()
    }

    /// True while rows wait that count now.
    pub(super) fn has_released(&self) -> bool {
        !self.released.is_empty()
    }

    /// True while rows of the source transaction under the cursor do not count yet.
    pub(super) fn holds(&self) -> bool {
        self.group.is_some()
    }

    /// Keeps rows of the source transaction under the cursor.
    pub(super) fn keep(
        &mut self,
        header: Header,
        table: &Arc<MappedTable>,
        body: &[u8],
    ) -> Result<(), Failure> {
        let held = self.store.keep(header, table, body).map_err(|error| not_kept(&error))?;
        if let Some(group) = &mut self.group {
            group.rows.push(held);
        }
        Ok(())
    }

    /// The source transaction under the cursor is about to end: what it holds counts. True when that is anything.
    pub(super) fn release(&mut self) -> bool {
        let rows = self.group.take().map(|group| group.rows).unwrap_or_default();
        self.count(rows);
        self.has_released()
    }

    fn count(&mut self, rows: Vec<Held>) {
        self.n_released = 0;
        self.released.extend(rows);
    }
}

impl Life {
    /// What the log says about its rows.
    pub(super) fn verdict(&mut self, verdict: &Verdict, time: u32, now_ms: u64) -> Result<(), Failure> {
        let waiting = &mut self.waiting;
        match verdict {
            Verdict::Savepoint(name) => {
                let group = waiting.group.get_or_insert_default();
                group.savepoints.retain(|(other, _)| other != name);
                group.savepoints.push((name.clone(), group.rows.len()));
            }
            Verdict::BackTo(_) if planted(Bug::BackToIgnored) => {}
            Verdict::BackTo(name) => {
                let group = waiting.group.get_or_insert_default();
                let Some(at) = group.savepoints.iter().position(|(other, _)| other == name) else {
                    return Err(
                        self.cannot_tell("ROLLBACK TO goes to a savepoint that the log does not show")
                    );
                };
                let n_rows = group.savepoints[at].1;
                group.savepoints.truncate(at + 1);
                let undone = group.rows.split_off(n_rows);
                self.forget(undone)?;
            }
            // Without transactions what was handed to the target is there, too.
            Verdict::Undone
                if self.ledger.parts() > 0
                    || self.n_rows > 0 && self.transactional_for_ms.is_none() && self.output.is_open() =>
            {
                // None of them is sent any more, before its end or by a cut.
                let undone = waiting.group.take().map(|group| group.rows).unwrap_or_default();
                waiting.store.drop_all(undone);
                let text = "a transaction ends in ROLLBACK, and rows of it were sent that cannot be taken back: those it inserted \
                            stay in their topics, and an UPDATE or DELETE of it is mended by a load";
                waiting.lost = Some(text.to_owned());
            }
            Verdict::Undone => {
                let undone = waiting.group.take().map(|group| group.rows).unwrap_or_default();
                self.forget(undone)?;
                if self.n_rows > 0 {
                    let place = BinlogPosition::new(&*self.transaction.file, self.transaction.start);
                    self.waiting.undone = Some(place);
                }
            }
            Verdict::Prepares if planted(Bug::XaAtPrepare) => {}
            Verdict::Prepares => waiting.group = Some(Group::default()),
            Verdict::Prepared(xid) => {
                let rows = waiting.group.take().map(|group| group.rows).unwrap_or_default();
                let record = waiting.unread.remove(xid).unwrap_or_else(|| XaRecord {
                    gtid: self.gtid.clone(),
                    at: BinlogPosition::new(&*self.transaction.file, self.transaction.start),
                    before: self.ledger.position().clone(),
                    prepared: time,
                });
                waiting.prepared.insert(xid.clone(), Prepared { rows, record });
                waiting.outcome = Some(Outcome::Prepared(xid.clone()));
            }
            Verdict::Committed(xid) => {
                let Some(prepared) = waiting.prepared.remove(xid) else {
                    return self.committed_unread(xid, now_ms);
                };
                waiting.count(prepared.rows);
                waiting.outcome = Some(Outcome::Decided(xid.clone(), prepared.record.gtid));
            }
            Verdict::RolledBack(xid) => {
                if let Some(prepared) = waiting.prepared.remove(xid) {
                    waiting.store.drop_all(prepared.rows);
                    waiting.outcome = Some(Outcome::Decided(xid.clone(), prepared.record.gtid));
                }
            }
        }
        Ok(())
    }

    /// An XA transaction that was prepared before the task's first position is committed: its rows are in the tables alone. While
    /// all tables are loaded they come by that, which begins anew, as nobody can tell which tables it changed.
    fn committed_unread(&mut self, xid: &str, now_ms: u64) -> Result<(), Failure> {
        if !self.loads || !self.load.is_of_all() {
            self.waiting.lost = Some(format!(
                "XA transaction {xid} is committed, and was prepared where this task did not read: its rows are not known"
            ));
            return Ok(());
        }
        let text = format!(
            "XA transaction {xid} is committed, and was prepared before this task began to read: all tables are loaded from their \
             first row on"
        );
        self.told(Event::warn(Name::WindowRedone, text));
        let id = random_id().unwrap_or_default();
        let tables: Vec<TableName> = self.load.progress().into_iter().map(|one| one.table).collect();
        tables.iter().try_for_each(|table| self.load_under(id.clone(), table, now_ms))
    }

    /// Rows of the source transaction under the cursor do not count.
    ///
    /// # Errors
    /// [`Class::Data`]: some of them are of a table that has no transactions.
    fn forget(&mut self, undone: Vec<Held>) -> Result<(), Failure> {
        let waiting = &mut self.waiting;
        let lasting =
            undone.iter().map(|held| &held.table().name).find(|name| waiting.lasting.contains(*name));
        if let Some(table) = lasting {
            let text = format!("ROLLBACK undoes rows, and those of {table}, which has no transactions, stay");
            return Err(self.cannot_tell(&text));
        }
        waiting.store.drop_all(undone);
        Ok(())
    }

    /// What the source transaction under the cursor says, which ends there, must be such that the task can go on.
    ///
    /// # Errors
    /// [`Class::PositionLost`], with what lets it go on.
    pub(super) fn not_lost(&mut self, gtid: Option<&Gtid>, file: &str, offset: u64) -> Result<(), Failure> {
        let Some(why) = self.waiting.lost.take() else { return Ok(()) };
        let mut behind = self.ledger.position().clone();
        let from = behind.file.clone();
        behind.advance(gtid, file, offset);
        let behind = match behind.gtids {
            Gtids::Off => behind.file.to_string(),
            Gtids::MySql(_) | Gtids::MariaDb(_) => behind.gtids.to_string(),
        };
        let task = self.output.task();
        Err(Failure::new(
            Class::PositionLost,
            format!(
                "behind {from}: {why}. Once nothing is prepared any more (XA RECOVER), let `on-position-lost resnapshot` load all tables \
                 anew; or go on behind it with `syncc state set-position {task} {behind} --accept-gap`, and load the tables that it \
                 changed with `syncc resnapshot {} TABLE`",
                task.pipeline
            ),
        ))
    }

    fn cannot_tell(&self, what: &str) -> Failure {
        let place = &self.ledger.position().file;
        Failure::new(Class::Data, format!("behind {place}: {what}; which rows count cannot be told"))
    }

    /// Sends the next rows that count now.
    pub(super) fn released(&mut self, now_ms: u64, wall_ms: i64) -> Result<(), Failure> {
        let Some(held) = self.waiting.released.pop_front() else { return Ok(()) };
        let mut body = std::mem::take(&mut self.waiting.body);
        let (header, table) = self.waiting.store.take(held, &mut body).map_err(|error| not_kept(&error))?;
        let first = self.waiting.n_released;
        let sent = self.rows(header, &body, &table, Some(first), now_ms, wall_ms);
        self.waiting.body = body;
        self.waiting.n_released = first + sent?;
        Ok(())
    }

    /// Where the position goes at the end of the source transaction under the cursor, and what is stored of it.
    pub(super) fn advance(
        &mut self,
        gtid: Option<&Gtid>,
        file: &str,
        offset: u64,
    ) -> impl FnOnce(&mut Position) + use<> {
        let again = self.waiting.again;
        let (mut holds_back, mut decided) = (false, None);
        match self.waiting.outcome.take() {
            None => {}
            Some(Outcome::Prepared(xid)) => {
                // A set of GTIDs can leave this one out, and the server then sends it again.
                holds_back = true;
                let record = &self.waiting.prepared[&xid].record;
                self.output.store(StateRecord::Xa(xid, record.clone()));
                self.ledger.touch();
            }
            Some(Outcome::Decided(xid, of)) => {
                decided = of;
                self.output.remove(StateKey::Xa(xid));
                self.ledger.touch();
            }
        }
        let end = match self.waiting.comes_again() {
            // What was seen may stand behind this place.
            true => kept(&self.ledger.position().file, gtid),
            false => BinlogPosition::new(file, offset),
        };
        let gtid = gtid.cloned();
        move |position| {
            let of_set = matches!(position.gtids, Gtids::MySql(_));
            if again || holds_back && of_set {
                if position.file < end && !again {
                    position.advance(None, &end.file, end.offset);
                }
                return;
            }
            if of_set && let Some(decided) = &decided {
                position.advance(Some(decided), &end.file, end.offset);
            }
            position.advance(gtid.as_ref(), &end.file, end.offset);
        }
    }
}

/// The place of a position that goes on by GTIDs alone: none any more once these are those of a later place, so that nobody holds
/// the one against the other.
fn kept(place: &BinlogPosition, gtid: Option<&Gtid>) -> BinlogPosition {
    let offset = if gtid.is_some() { 0 } else { place.offset };
    BinlogPosition::new(place.file.clone(), offset)
}

impl Task {
    /// Warns of an XA transaction that is prepared for so long that the log may lose its rows.
    pub(super) fn watch_prepared(&self, life: &mut Life) {
        let Some(kept_ms) = self.retention.kept_ms() else { return };
        let now_s = wall_ms() / 1_000;
        let old = |record: &XaRecord| (now_s - i64::from(record.prepared)) * 1_000 >= kept_ms as i64 / 2;
        let waiting = &mut life.waiting;
        for (xid, prepared) in &waiting.prepared {
            if old(&prepared.record) && waiting.told.insert(xid.clone()) {
                let text = format!(
                    "XA transaction {xid} is prepared since {} and not decided; when the log that holds its rows is purged, they \
                     are lost. Commit or roll it back (XA RECOVER lists it)",
                    prepared.record.at
                );
                Event::warn(Name::SourceRetentionLow, text).task(&self.id).emit();
            }
        }
    }
}

/// A failure to go on at a position, with the XA transactions that are lost with it.
pub(super) fn naming_prepared(failure: Failure, prepared: &BTreeMap<String, XaRecord>) -> Failure {
    if failure.class != Class::PositionLost || prepared.is_empty() {
        return failure;
    }
    let xids = prepared.iter().map(|(xid, record)| format!("{xid} (at {})", record.at));
    let text = format!(
        "{}. XA transactions that were prepared and not decided, whose rows may be lost with the log: {}",
        failure.text,
        xids.collect::<Vec<_>>().join(", ")
    );
    Failure { text, ..failure }
}

fn not_the_log(lacks: NotSeenAgain) -> Failure {
    let text =
        format!("the log is read again from before the position, and is not the one that was read: {lacks}");
    Failure::new(Class::PositionLost, text)
}

fn not_kept(error: &std::io::Error) -> Failure {
    let text = format!(
        "rows of an undecided transaction cannot be kept in the state directory: {error}; commit or roll back what is prepared, or \
         give the directory more room"
    );
    Failure::new(Class::Data, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gtids_that_go_on_leave_no_place_behind() {
        let place = BinlogPosition::new("b.000005", 1_000);
        assert_eq!(kept(&place, None), place);
        let gtid = Gtid::MariaDb { domain: 0, server_id: 2, sequence: 11 };
        assert!(!kept(&place, Some(&gtid)).is_place());
    }
}
