//! A server: its log, and tables that show a transaction some time after it is in the log.

use crate::dice::Dice;
use std::collections::BTreeMap;
use std::sync::Arc;
use syncc::mysql::column_type::ColumnType;
use syncc::mysql::position::{BinlogPosition, Flavor, Gtids, Position, ServerIdentity};
use syncc::mysql::schema::{Column, TableName, TableVersion};

/// Tables; those of their keys begin with a hundred of their number.
pub(super) const TABLES: [&str; 2] = ["items", "orders"];

/// Keys of a table.
const KEYS: usize = 8;

/// A change of one row: the value after it, none when it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Op {
    pub(super) key: i64,
    pub(super) value: Option<u64>,
}

/// Rows by key; a value is given once.
pub(super) type Rows = BTreeMap<i64, u64>;

#[derive(Debug)]
pub(super) struct Source {
    initial: Rows,
    /// Transactions.
    pub(super) log: Vec<Vec<Op>>,
    /// So many of them show in the tables.
    pub(super) visible: usize,
    values: u64,
}

impl Source {
    pub(super) fn new(dice: &mut Dice) -> Source {
        let keys = (0..TABLES.len()).flat_map(|table| (0..KEYS).map(move |key| (table * 100 + key) as i64));
        let initial: Rows = keys.filter(|_| dice.percent(60)).zip(1..).collect();
        let values = initial.len() as u64;
        Source { initial, log: Vec::new(), visible: 0, values }
    }

    /// Writes one more transaction; some are long.
    pub(super) fn write(&mut self, dice: &mut Dice) {
        let n_ops = if dice.percent(15) { 6 + dice.below(8) } else { 1 + dice.below(3) };
        let op = |source: &mut Source, dice: &mut Dice| {
            let key = (dice.below(TABLES.len()) * 100 + dice.below(KEYS)) as i64;
            source.values += 1;
            Op { key, value: (!dice.percent(25)).then_some(source.values) }
        };
        let ops = (0..n_ops).map(|_| op(self, dice)).collect();
        self.log.push(ops);
    }

    /// The tables after so many transactions.
    pub(super) fn rows(&self, n_transactions: usize) -> Rows {
        let mut rows = self.initial.clone();
        for op in self.log[..n_transactions].iter().flatten() {
            match op.value {
                Some(value) => drop(rows.insert(op.key, value)),
                None => drop(rows.remove(&op.key)),
            }
        }
        rows
    }
}

/// The position behind so many transactions.
pub(super) fn place(n_transactions: usize) -> Position {
    Position {
        server: ServerIdentity { flavor: Flavor::MariaDb, uuid: "u".into(), server_id: 1 },
        file: BinlogPosition::new("binlog.000001", offset(n_transactions)),
        gtids: Gtids::Off,
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

/// Columns of a table.
pub(super) fn version(table: usize) -> Arc<TableVersion> {
    let column = |name: &str| Column {
        name: name.into(),
        ty: ColumnType::BigInt { unsigned: false },
        nullable: false,
        declared: "bigint".into(),
        hidden: false,
        collation: None,
    };
    Arc::new(TableVersion {
        name: TableName::new("shop", TABLES[table]),
        columns: vec![column("id"), column("v")],
        primary_key: vec![0],
        unique_keys: Vec::new(),
    })
}
