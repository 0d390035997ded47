//! What the writers committed, key by key in commit order: the truth that messages are held against.
//!
//! It comes from the writers alone. A writer holds the locks of all keys of its transaction from before the first
//! statement until it knows whether the transaction was committed, so the order in which a key's lock was held is the
//! order in which the server committed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Number of an executed row operation; never given twice.
pub(super) type Op = u64;

/// Values of the key columns, as text.
pub(super) type Key = Vec<String>;

/// A table of the workload: key columns, then `op_id`, `ver` and `note`.
#[derive(Debug)]
pub(super) struct Shape {
    /// Its name.
    pub(super) name: &'static str,
    /// Key columns: names.
    pub(super) key: &'static [&'static str],
    /// Key columns and the key, as `create table` wants them: what stands before and after the other columns.
    pub(super) columns: (&'static str, &'static str),
    /// The server knows a key, so an update of it is a delete and an insert, and existing rows are read once.
    pub(super) keyed: bool,
    /// Keys in use and rows in the beginning.
    pub(super) size: (usize, usize),
    /// The key number `n`.
    pub(super) nth: fn(usize) -> Key,
}

/// The tables that writers change; every transaction also leaves its number in [`LEDGER`].
pub(super) const SHAPES: [Shape; 4] = [
    Shape {
        name: "items",
        key: &["id"],
        columns: ("id int not null", ", primary key (id)"),
        keyed: true,
        size: (1_800, 1_500),
        // both signs, so that the order of keys is not the order of their bytes
        nth: |n| vec![(n as i64 * 7 - 5_000).to_string()],
    },
    Shape {
        name: "names",
        key: &["name"],
        columns: ("name varchar(40) not null", ", primary key (name)"),
        keyed: true,
        size: (700, 550),
        // mixed case under a collation that ignores it: the server's order is not the order of bytes
        nth: |n| {
            let word = ["alpha", "Beta", "gamma", "Größe", "東京", "zeta"][n % 6];
            vec![format!("{word} {n}")]
        },
    },
    Shape {
        name: "parts",
        key: &["kind", "code", "step"],
        columns: (
            "step smallint unsigned not null, kind int not null, code varchar(12) not null",
            ", primary key (kind, code, step)",
        ),
        keyed: true,
        size: (700, 550),
        nth: |n| vec![(n % 9).to_string(), format!("c{}", n / 27), (n / 9 % 3 + 65_000).to_string()],
    },
    Shape {
        name: "visits",
        key: &["visitor"],
        columns: ("visitor int not null", ", index (visitor)"),
        keyed: false,
        size: (60, 45),
        nth: |n| vec![n.to_string()],
    },
];

/// One row per committed transaction, written by the transaction itself.
pub(super) const LEDGER: Shape = Shape {
    name: "ledger",
    key: &["txn"],
    columns: ("txn bigint not null", ", primary key (txn)"),
    keyed: true,
    size: (0, 0),
    nth: |n| vec![n.to_string()],
};

/// A row: the operation that gave it its values, and how many changes its key had until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    /// `op_id`.
    pub(super) op: Op,
    /// `ver`.
    pub(super) ver: usize,
}

impl Row {
    /// `note`: text that follows from the operation, between nothing and two hundred characters.
    pub(super) fn note(self) -> String {
        let length = (self.op.wrapping_mul(0x9e37_79b9) >> 7) as usize % 200;
        let mut note = format!("é'{}\"", self.op);
        while note.chars().count() < length {
            note.push(char::from(b'a' + (note.len() % 26) as u8));
        }
        note
    }
}

/// What was committed of one key. Between two neighbouring states lies one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct History {
    /// The row after each change, in commit order; first what was there in the beginning.
    pub(super) states: Vec<Option<Row>>,
    /// So many of the first changes may have happened before the stream began.
    pub(super) early: usize,
}

impl History {
    /// A key with this row, or none, in the beginning.
    pub(super) fn new(row: Option<Row>) -> History {
        History { states: vec![row], early: 0 }
    }

    /// The row as it is now.
    pub(super) fn row(&self) -> Option<Row> {
        self.states.last().copied().flatten()
    }

    /// Number of changes.
    pub(super) fn changes(&self) -> usize {
        self.states.len() - 1
    }
}

/// A key of the workload.
pub(super) struct Slot {
    /// Its values.
    pub(super) key: Key,
    history: Mutex<History>,
}

impl Slot {
    /// Its history, locked.
    pub(super) fn lock(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The truth about one database.
pub(super) struct Truth {
    /// By table of [`SHAPES`], the keys.
    pub(super) tables: Vec<Vec<Slot>>,
    ledger: Mutex<Vec<(u64, History)>>,
    operations: AtomicU64,
    transactions: AtomicU64,
    pace: Mutex<Pace>,
    moved: Condvar,
}

/// How many transactions the writers may begin, and how far they are.
#[derive(Debug, Clone, Copy, Default)]
struct Pace {
    granted: u64,
    begun: u64,
    committed: u64,
    ended: u64,
    over: bool,
}

impl Truth {
    /// Keys and the rows of the beginning; `scale` in a hundred of all.
    pub(super) fn new(scale: usize) -> Truth {
        let operations = AtomicU64::new(1);
        let tables = SHAPES
            .iter()
            .map(|shape| {
                let (keys, rows) = (shape.size.0 * scale / 100, shape.size.1 * scale / 100);
                let slot = |n| {
                    let exists = n * rows / keys != (n + 1) * rows / keys;
                    let row = exists.then(|| Row { op: operations.fetch_add(1, Ordering::Relaxed), ver: 0 });
                    Slot { key: (shape.nth)(n), history: Mutex::new(History::new(row)) }
                };
                (0..keys).map(slot).collect()
            })
            .collect();
        Truth {
            tables,
            ledger: Mutex::default(),
            operations,
            transactions: AtomicU64::new(1),
            pace: Mutex::default(),
            moved: Condvar::new(),
        }
    }

    /// A new operation.
    pub(super) fn operation(&self) -> Op {
        self.operations.fetch_add(1, Ordering::Relaxed)
    }

    /// A new transaction.
    pub(super) fn transaction(&self) -> u64 {
        self.transactions.fetch_add(1, Ordering::Relaxed)
    }

    /// A transaction was committed; its row in the ledger came by `op`.
    pub(super) fn committed(&self, transaction: u64, op: Op) {
        let mut history = History::new(None);
        history.states.push(Some(Row { op, ver: 1 }));
        self.ledger().push((transaction, history));
        self.pace().committed += 1;
    }

    /// The stream has begun: what is committed from now on must be seen. What was committed before may be.
    pub(super) fn stream_began(&self) {
        for slot in self.tables.iter().flatten() {
            let mut history = slot.lock();
            history.early = history.changes();
        }
        // A transaction that came to its keys after the loop above is later, and one more that may be is no loss.
        for (_, history) in self.ledger().iter_mut() {
            history.early = history.changes();
        }
    }

    /// Everything: table, key, history.
    pub(super) fn histories(&self) -> Vec<(&'static str, Key, History)> {
        let slots = SHAPES.iter().zip(&self.tables).flat_map(|(shape, slots)| {
            slots.iter().map(|slot| (shape.name, slot.key.clone(), slot.lock().clone()))
        });
        let ledger = self.ledger();
        let ledger =
            ledger.iter().map(|(txn, history)| (LEDGER.name, vec![txn.to_string()], history.clone()));
        slots.chain(ledger).collect()
    }

    /// Lets writers begin so many more transactions.
    pub(super) fn grant(&self, transactions: u64) {
        self.pace().granted += transactions;
        self.moved.notify_all();
    }

    /// Transactions that are granted and have not begun.
    pub(super) fn waiting(&self) -> u64 {
        let pace = self.pace();
        pace.granted - pace.begun
    }

    /// `Err` while granted transactions are not at their end; those that were rolled back count as well.
    pub(super) fn rests(&self) -> Result<(), String> {
        let pace = self.pace();
        if pace.ended == pace.granted { Ok(()) } else { Err(format!("{pace:?}")) }
    }

    /// A transaction is at its end, whatever became of it.
    pub(super) fn ended(&self) {
        self.pace().ended += 1;
    }

    /// Number of committed transactions.
    pub(super) fn n_committed(&self) -> u64 {
        self.pace().committed
    }

    /// Waits for leave to begin a transaction; false: it is over.
    pub(super) fn may_begin(&self) -> bool {
        let mut pace = self.pace();
        loop {
            if pace.begun < pace.granted {
                pace.begun += 1;
                return true;
            }
            if pace.over {
                return false;
            }
            pace = self.moved.wait(pace).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the writers when they have done what was granted.
    pub(super) fn end(&self) {
        self.pace().over = true;
        self.moved.notify_all();
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ledger(&self) -> MutexGuard<'_, Vec<(u64, History)>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the writers when it is dropped, so also when a test fails.
pub(super) struct Ending<'t>(pub(super) &'t Truth);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
