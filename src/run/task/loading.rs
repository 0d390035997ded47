//! The load of existing rows within a life: what is read, what was answered, and when it is sent.

use super::life::Life;
use super::reads::{Answer, Found};
use crate::checkpoint::{SnapRecord, SnapState, StateKey, StateRecord};
use crate::engine::load::{Closed, TableLoad};
use crate::failpoint::hit;
use crate::mysql::schema::{TableName, TableState};
use crate::run::event::{Event, Name};
use crate::run::failure::Failure;
use crate::run::state_dir::random_id;

/// A table that the source does not show is asked for again after this, ms.
const LOOK_AGAIN_MS: u64 = 5_000;

impl Life {
    /// Loads the existing rows of a table from its first one on. One that is read as a whole at a place still to come is loaded by
    /// that.
    pub(super) fn load_anew(&mut self, table: &TableName, now_ms: u64) -> Result<(), Failure> {
        self.load_under(random_id().unwrap_or_default(), table, now_ms)
    }

    /// The same as a part of the load with this id.
    pub(super) fn load_under(&mut self, id: String, table: &TableName, now_ms: u64) -> Result<(), Failure> {
        if self.load.is_at_barrier(table) && !self.tables.waits(table) {
            return Ok(());
        }
        self.give_up_load(table, now_ms)?;
        let record = SnapRecord::pending(id, self.tables.has_sent(table));
        self.load_announced = false;
        self.tables.learn(table);
        self.load.add(TableLoad::unread(table.clone(), record.clone()));
        self.output.store(StateRecord::Snap(table.clone(), record));
        self.ledger.touch();
        Ok(())
    }

    /// The source does not show a table that is to be loaded. It is gone only if the log says so: a right that is taken for a moment
    /// hides it as well, and what is forgotten of its load then is never sent.
    fn unseen(&mut self, table: &TableName, now_ms: u64) -> Result<(), Failure> {
        if self.is_gone(table) {
            return self.vanished(table, now_ms);
        }
        self.look_ms = now_ms + LOOK_AGAIN_MS;
        if self.told_unseen.insert(table.clone()) {
            let text = format!(
                "the source does not show {table}, and its log does not say that it is gone, as far as it is read: its existing \
                 rows are waited for. Unless it was dropped, grant SELECT on it, or take it out with `exclude`"
            );
            self.told(Event::warn(Name::SnapshotStarted, text));
        }
        Ok(())
    }

    /// True when what is known of the tables by the log has none of this name.
    pub(super) fn is_gone(&self, table: &TableName) -> bool {
        match self.tables.state(table) {
            None | Some(TableState::Gone) => true,
            Some(TableState::Proven { .. } | TableState::Suspect { .. }) => false,
        }
    }

    /// A table was to be loaded and is gone: should one of its name be made later, the log has all of its rows.
    pub(super) fn vanished(&mut self, table: &TableName, now_ms: u64) -> Result<(), Failure> {
        self.give_up_load(table, now_ms)?;
        let text = format!("there is no table {table} at the source: nothing of it is loaded");
        self.told(Event::warn(Name::SnapshotTableDone, text));
        self.load.leave(table);
        self.tables.forget(table);
        self.output.remove(StateKey::Snap(table.clone()));
        self.ledger.touch();
        Ok(())
    }

    /// An answer of the reading thread.
    pub(super) fn answered(&mut self, answer: Answer, now_ms: u64) -> Result<(), Failure> {
        if answer.life != self.number {
            return Ok(());
        }
        self.reads.answered(&answer);
        let read = answer.read;
        match answer.what.map_err(Failure::of_load)? {
            Found::Columns(found) => {
                if let Some(table) = self.load.columns_read(read, found) {
                    self.unseen(&table, now_ms)?;
                }
            }
            Found::MaxKey(max) => {
                if let Some((table, record)) = self.load.max_read(read, max) {
                    self.store_snap(table, record, now_ms)?;
                }
            }
            Found::Chunk(chunk) => {
                hit("win.read");
                self.load.chunk_read(read, chunk);
            }
            Found::Barrier(at) => self.load.barrier_opened(read, at),
            Found::Rows { rows, end } => {
                self.barrier_rows(rows.as_ref(), end, now_ms)?;
                if !end {
                    self.reads.go();
                }
            }
            Found::Moved => self.load.moved(read),
        }
        Ok(())
    }

    /// Begins the reads that may be under way now. Between two source transactions only.
    pub(super) fn read_on(&mut self, now_ms: u64, wall_ms: i64) -> Result<(), Failure> {
        self.reads.rest = None;
        self.reads.holds(self.load.held());
        if now_ms >= self.look_ms {
            self.look_ms = u64::MAX;
            self.load.look_again();
        }
        while let Some(need) = self.load.wants() {
            let Some((turn, memory)) = self.reads.begin(need, wall_ms) else { break };
            let Some(mut ask) = self.load.next(self.ledger.position(), memory) else { break };
            hit("win.opened");
            if let Some((table, record)) = ask.begins.take().filter(|_| self.marks.is_some()) {
                self.store_snap(table, record, now_ms)?;
            }
            self.reads.ask(ask, turn)?;
        }
        Ok(())
    }

    /// Emits chunks whose high mark has been passed. Between two source transactions only.
    pub(super) fn windows(&mut self, now_ms: u64) -> Result<(), Failure> {
        while let Some(closed) = self.load.close(self.ledger.position()) {
            match closed {
                Closed::Redo(table, cause) => {
                    self.counts.redone(cause);
                    let text = format!("a chunk of {table} is read again: {cause:?}");
                    self.told(Event::info(Name::WindowRedone, text));
                }
                Closed::Emit(rows) => {
                    hit("win.closing");
                    let sent = match self.emit(&rows, now_ms) {
                        Err(failure) if self.parks(&rows.version.name, &failure) => {
                            self.park(&rows.version.name, failure);
                            continue;
                        }
                        sent => sent?,
                    };
                    self.has_loaded = true;
                    if let Some(record) = self.load.emitted(&rows, sent) {
                        self.store_snap(rows.version.name.clone(), record, now_ms)?;
                    }
                    hit("win.closed");
                }
            }
        }
        Ok(())
    }

    /// Keeps the progress of a table's load for the next commit, and tells of it.
    pub(super) fn store_snap(
        &mut self,
        table: TableName,
        record: SnapRecord,
        now_ms: u64,
    ) -> Result<(), Failure> {
        self.mark_load(&table, &record, now_ms)?;
        if record.state == SnapState::Done {
            let text = format!("{table}: {} rows loaded", record.rows);
            self.told(Event::info(Name::SnapshotTableDone, text));
        }
        self.output.store(StateRecord::Snap(table, record));
        self.ledger.touch();
        Ok(())
    }
}
