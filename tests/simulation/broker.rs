//! A broker with one partition: transactions, epochs that fence, requests that come late.

use syncc::checkpoint::{OwnerRecord, StateRecord, TaskState};

/// What a record is.
#[derive(Debug, Clone)]
pub(super) enum Record {
    /// Change `op` of source transaction `txn`; a statement is the only one of its transaction.
    Change { txn: usize, op: usize },
    /// An existing row, sent behind so many source transactions.
    Loaded { key: i64, value: u64, at: usize },
    /// State of the task.
    State(Box<StateRecord>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Open,
    Committed,
    Aborted,
}

/// The producer is not the newest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fenced;

/// How long a transaction may stay open, ms.
const TRANSACTION_TIMEOUT_MS: u64 = 60_000;

#[derive(Debug, Default)]
pub(super) struct Broker {
    /// Records, and the transaction they came in.
    entries: Vec<(Record, usize)>,
    fates: Vec<Fate>,
    epoch: u64,
    opened_ms: u64,
    late_ends: Vec<u64>,
}

impl Broker {
    /// Opens a producer: the open transaction ends, earlier producers are refused.
    pub(super) fn init(&mut self) -> u64 {
        self.finish(Fate::Aborted);
        self.epoch += 1;
        self.epoch
    }

    pub(super) fn produce(&mut self, epoch: u64, records: Vec<Record>, now_ms: u64) -> Result<(), Fenced> {
        if epoch != self.epoch {
            return Err(Fenced);
        }
        if !self.is_open() && !records.is_empty() {
            self.fates.push(Fate::Open);
            self.opened_ms = now_ms;
        }
        let txn = self.fates.len().wrapping_sub(1);
        self.entries.extend(records.into_iter().map(|record| (record, txn)));
        Ok(())
    }

    /// Commits the open transaction.
    pub(super) fn end(&mut self, epoch: u64) -> Result<(), Fenced> {
        if epoch != self.epoch {
            return Err(Fenced);
        }
        self.finish(Fate::Committed);
        Ok(())
    }

    /// The same request comes once more, later.
    pub(super) fn end_again_later(&mut self, epoch: u64) {
        self.late_ends.push(epoch);
    }

    /// A request that was late arrives. True when there was one.
    pub(super) fn late_end(&mut self) -> bool {
        match self.late_ends.pop() {
            Some(epoch) => {
                let _ = self.end(epoch);
                true
            }
            None => false,
        }
    }

    /// Ends what has been open for too long, and refuses its producer.
    pub(super) fn tick(&mut self, now_ms: u64) {
        if self.is_open() && now_ms >= self.opened_ms + TRANSACTION_TIMEOUT_MS {
            self.init();
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.fates.last() == Some(&Fate::Open)
    }

    fn finish(&mut self, fate: Fate) {
        if let Some(last) = self.fates.last_mut().filter(|last| **last == Fate::Open) {
            *last = fate;
        }
    }

    /// The committed state; of an open transaction nothing shows, and nothing can stand behind it.
    pub(super) fn state(&self) -> Result<TaskState, String> {
        let mut state = TaskState::default();
        for (record, _) in self.committed() {
            if let Record::State(record) = record {
                let (key, value) = record.encode();
                state.apply(&key, Some(&value)).map_err(|error| error.to_string())?;
            }
        }
        Ok(state)
    }

    /// Committed records in their order, and their transaction.
    pub(super) fn committed(&self) -> impl Iterator<Item = (&Record, usize)> {
        let committed = self.entries.iter().filter(|(_, txn)| self.fates[*txn] == Fate::Committed);
        committed.map(|(record, txn)| (record, *txn))
    }

    /// Records there are, whatever became of them.
    pub(super) fn n_records(&self) -> usize {
        self.entries.len()
    }

    /// Owner records from the one of this number on, committed or not.
    pub(super) fn owners(&self, from: usize) -> impl Iterator<Item = &OwnerRecord> {
        self.entries[from..].iter().filter_map(|(record, _)| match record {
            Record::State(record) => match &**record {
                StateRecord::Owner(owner) => Some(owner),
                _ => None,
            },
            Record::Change { .. } | Record::Loaded { .. } => None,
        })
    }
}
