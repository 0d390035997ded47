//! A server: its log, and tables that show a transaction some time after it is in the log.

use crate::dice::Dice;
use std::collections::BTreeMap;
use std::sync::Arc;
use syncc::mysql::column_type::ColumnType;
use syncc::mysql::position::{
    BinlogPosition, Flavor, Gtid, GtidSet, Gtids, MariaGtids, Position, ServerIdentity,
};
use syncc::mysql::schema::{Column, TableName, TableVersion};

/// Tables; those of their keys begin with a hundred of their number.
pub(super) const TABLES: [&str; 4] = ["items", "orders", "queue", "late"];

/// Has no key that pages can go by.
pub(super) const KEYLESS: usize = 2;

/// Is not selected by the first plan.
pub(super) const LATE: usize = 3;

/// Keys of a table.
const KEYS: usize = 8;

/// The file of the log.
pub(super) const FILE: &str = "binlog.000001";

const UUID: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

/// A change of one row: the value after it, none when it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Op {
    /// Its key before, which is another one when the change is one of the key.
    pub(super) from: i64,
    pub(super) key: i64,
    pub(super) value: Option<u64>,
}

/// A transaction of the log.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) gtid: Option<Gtid>,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Rows(Vec<Op>),
    /// A statement that changes a table's columns, or takes its rows without a word.
    Statement {
        table: usize,
        truncates: bool,
    },
}

/// How the server says where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    File,
    Set,
    Domain,
}

/// Rows by key; a value is given once.
pub(super) type Rows = BTreeMap<i64, u64>;

#[derive(Debug)]
pub(super) struct Source {
    dialect: Dialect,
    initial: Rows,
    /// Transactions.
    pub(super) log: Vec<Transaction>,
    /// So many of them show in the tables.
    pub(super) visible: usize,
    values: u64,
    /// Numbers that are given and not in the log yet.
    numbers: Vec<u64>,
    last_number: u64,
}

impl Source {
    pub(super) fn new(dice: &mut Dice) -> Source {
        let dialect = [Dialect::File, Dialect::Set, Dialect::Domain][dice.below(3)];
        let keys = (0..TABLES.len()).flat_map(|table| (0..KEYS).map(move |key| (table * 100 + key) as i64));
        let initial: Rows = keys.filter(|_| dice.percent(60)).zip(1..).collect();
        let values = initial.len() as u64;
        Source { dialect, initial, log: Vec::new(), visible: 0, values, numbers: Vec::new(), last_number: 0 }
    }

    /// Writes one more transaction; some are long, some are statements.
    pub(super) fn write(&mut self, dice: &mut Dice) {
        let gtid = self.gtid(dice);
        let what = if dice.percent(10) {
            What::Statement { table: dice.below(TABLES.len()), truncates: dice.percent(40) }
        } else {
            let n_ops = if dice.percent(15) { 6 + dice.below(8) } else { 1 + dice.below(3) };
            What::Rows((0..n_ops).map(|_| self.op(dice)).collect())
        };
        self.log.push(Transaction { gtid, what });
    }

    fn op(&mut self, dice: &mut Dice) -> Op {
        let table = dice.below(TABLES.len());
        let mut key = || (table * 100 + dice.below(KEYS)) as i64;
        let (key, other) = (key(), key());
        self.values += 1;
        // Another key may be seen by another plan, and is another change then.
        let moves = dice.percent(20) && ![key, other].iter().any(|&key| may_be_hidden(key));
        let value = (moves || !dice.percent(25)).then_some(self.values);
        Op { from: if moves { other } else { key }, key, value }
    }

    /// Transactions that commit together come into the log in any order of their numbers; those of a domain say nothing at all.
    fn gtid(&mut self, dice: &mut Dice) -> Option<Gtid> {
        match self.dialect {
            Dialect::File => None,
            Dialect::Set => {
                while self.numbers.len() < 3 {
                    self.last_number += 1;
                    self.numbers.push(self.last_number);
                }
                let number = self.numbers.swap_remove(dice.below(3));
                Some(Gtid::MySql { uuid: UUID.to_owned(), tag: String::new(), number })
            }
            Dialect::Domain => {
                self.last_number += 1;
                // each once, most of them in order
                let back = if dice.percent(20) { dice.below(1_000) as u64 } else { 0 };
                let sequence = 100_000 + self.last_number * 10_000 - back * 50;
                Some(Gtid::MariaDb { domain: 0, server_id: 1, sequence: sequence + self.last_number % 50 })
            }
        }
    }

    /// The tables after so many transactions.
    pub(super) fn rows(&self, n_transactions: usize) -> Rows {
        let mut rows = self.initial.clone();
        for transaction in &self.log[..n_transactions] {
            match &transaction.what {
                What::Rows(ops) => {
                    for op in ops {
                        rows.remove(&op.from);
                        match op.value {
                            Some(value) => drop(rows.insert(op.key, value)),
                            None => drop(rows.remove(&op.key)),
                        }
                    }
                }
                What::Statement { table, truncates: true } => rows.retain(|key, _| table_of(*key) != *table),
                What::Statement { truncates: false, .. } => {}
            }
        }
        rows
    }

    /// Columns of a table after so many transactions.
    pub(super) fn version(&self, table: usize, n_transactions: usize) -> Arc<TableVersion> {
        let alters = |transaction: &&Transaction| match transaction.what {
            What::Statement { table: altered, truncates: false } => altered == table,
            What::Statement { .. } | What::Rows(_) => false,
        };
        let number = self.log[..n_transactions].iter().filter(alters).count();
        let column = |name: String| Column {
            name,
            ty: ColumnType::BigInt { unsigned: false },
            nullable: false,
            declared: "bigint".into(),
            hidden: false,
            collation: None,
        };
        Arc::new(TableVersion {
            name: TableName::new("shop", TABLES[table]),
            columns: vec![column("id".to_owned()), column(format!("v{number}"))],
            primary_key: if table == KEYLESS { Vec::new() } else { vec![0] },
            unique_keys: Vec::new(),
        })
    }

    /// The position behind so many transactions.
    pub(super) fn place(&self, n_transactions: usize) -> Position {
        let flavor = if self.dialect == Dialect::Domain { Flavor::MariaDb } else { Flavor::MySql };
        let gtids = self.log[..n_transactions].iter().filter_map(|transaction| transaction.gtid.as_ref());
        Position {
            server: ServerIdentity { flavor, uuid: "u".into(), server_id: 1 },
            file: BinlogPosition::new(FILE, offset(n_transactions)),
            gtids: match self.dialect {
                Dialect::File => Gtids::Off,
                Dialect::Set => {
                    let numbers = gtids.filter_map(|gtid| match gtid {
                        Gtid::MySql { number, .. } => Some(format!(":{number}")),
                        Gtid::MariaDb { .. } => None,
                    });
                    let numbers: String = numbers.collect();
                    let text = if numbers.is_empty() { String::new() } else { format!("{UUID}{numbers}") };
                    Gtids::MySql(text.parse::<GtidSet>().expect("a set"))
                }
                Dialect::Domain => {
                    let mut last = MariaGtids::default();
                    for gtid in gtids {
                        last.add(gtid);
                    }
                    Gtids::MariaDb(last)
                }
            },
        }
    }

    /// The first transaction that the server sends to who stands there.
    pub(super) fn begins(&self, position: &Position) -> usize {
        match &position.gtids {
            Gtids::Off => index(position),
            Gtids::MySql(set) => {
                let is_new = |one: &Transaction| !one.gtid.as_ref().is_some_and(|gtid| set.contains(gtid));
                self.log.iter().position(is_new).unwrap_or(self.log.len())
            }
            Gtids::MariaDb(last) => {
                let is_last = |one: &Transaction| match (&one.gtid, last.domains.get(&0)) {
                    (Some(Gtid::MariaDb { sequence, .. }), Some((_, last))) => sequence == last,
                    (_, _) => false,
                };
                self.log.iter().position(is_last).map_or(0, |at| at + 1)
            }
        }
    }

    /// True when the tables show all of it.
    pub(super) fn shows(&self, position: &Position) -> bool {
        match (&position.gtids, self.place(self.visible).gtids) {
            (Gtids::MySql(wanted), Gtids::MySql(visible)) => visible.contains_set(wanted),
            (_, _) => index(position) <= self.visible,
        }
    }
}

/// The offset behind so many transactions.
pub(super) fn offset(n_transactions: usize) -> u64 {
    4 + 100 * n_transactions as u64
}

/// How many transactions lie before a place.
pub(super) fn index(position: &Position) -> usize {
    (position.file.offset / 100) as usize
}

/// The table of a key.
pub(super) fn table_of(key: i64) -> usize {
    (key / 100) as usize
}

/// True for keys that some plans leave out.
pub(super) fn may_be_hidden(key: i64) -> bool {
    key % 100 == 7
}
