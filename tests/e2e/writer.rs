//! Writers: transactions of all kinds over the tables of the workload, recorded in the truth.

use super::truth::{History, Key, LEDGER, Row, SHAPES, Shape, Truth};
use crate::support::dice::Dice;
use crate::support::{MySql, Sql, wait};
use std::sync::MutexGuard;

/// Rows of one insert when the tables are filled.
const ROWS_PER_INSERT: usize = 200;

/// How long the server may be away.
const SERVER_SECONDS: u64 = 120;

/// Makes the tables and the rows of the beginning.
pub(super) fn fill(sql: &mut Sql, database: &str, truth: &Truth) {
    for shape in SHAPES.iter().chain([&LEDGER]) {
        let (columns, keys) = shape.columns;
        sql.run(&format!(
            "create table `{database}`.{} ({columns}, op_id bigint not null, ver int not null, \
             note varchar(250) not null{keys}) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_general_ci",
            shape.name
        ));
    }
    for (shape, slots) in SHAPES.iter().zip(&truth.tables) {
        let rows: Vec<(&Key, Row)> =
            slots.iter().filter_map(|slot| Some((&slot.key, slot.lock().row()?))).collect();
        for rows in rows.chunks(ROWS_PER_INSERT) {
            let rows: Vec<String> = rows.iter().map(|(key, row)| values(key, *row)).collect();
            sql.run(&format!(
                "insert into `{database}`.{} ({}) values {}",
                shape.name,
                names(shape),
                rows.join(", ")
            ));
        }
    }
}

/// Writes transactions as long as the truth gives leave.
pub(super) fn write(server: &MySql, database: &str, truth: &Truth, mut dice: Dice) {
    let mut session = None;
    while truth.may_begin() {
        let picked = pick(truth, &mut dice);
        let mut slots: Vec<Taken<'_>> = picked
            .into_iter()
            .map(|(table, nth)| {
                let slot = &truth.tables[table][nth];
                let history = slot.lock();
                Taken { shape: &SHAPES[table], key: &slot.key, now: history.row(), history, done: Vec::new() }
            })
            .collect();
        let transaction = truth.transaction();
        let (work, entry) = Work::over(&mut slots, truth, transaction, &mut dice);
        let committed = {
            let sql = session.get_or_insert_with(|| connect(server, database));
            match run(sql, &work) {
                Ok(()) => work.kept,
                Err(()) => {
                    // Of a transaction whose end is not known the ledger knows it.
                    session = None;
                    let sql = session.insert(connect(server, database));
                    sql.one(&format!("select count(*) from {} where txn = {transaction}", LEDGER.name)) == "1"
                }
            }
        };
        if committed {
            for taken in &mut slots {
                taken.history.states.append(&mut taken.done);
            }
            truth.committed(transaction, entry);
        }
        drop(slots);
        truth.ended();
    }
}

/// A key of a transaction: its lock, and what the transaction has made of it so far.
struct Taken<'t> {
    shape: &'static Shape,
    key: &'t Key,
    history: MutexGuard<'t, History>,
    now: Option<Row>,
    done: Vec<Option<Row>>,
}

impl Taken<'_> {
    /// The key's next row, by a new operation.
    fn next(&self, truth: &Truth) -> Row {
        Row { op: truth.operation(), ver: self.history.changes() + self.done.len() + 1 }
    }

    /// The transaction changes it to this.
    fn becomes(&mut self, row: Option<Row>) {
        self.now = row;
        self.done.push(row);
    }

    /// The condition that finds its row.
    fn is(&self) -> String {
        let parts: Vec<String> = self
            .shape
            .key
            .iter()
            .zip(self.key)
            .map(|(name, value)| format!("{name} = {}", text(value)))
            .collect();
        parts.join(" and ")
    }
}

/// Statements of a transaction.
struct Work {
    statements: Vec<String>,
    /// It ends with a commit.
    kept: bool,
}

impl Work {
    /// Decides what happens to the keys. Gives also the operation of the row in the ledger.
    fn over(slots: &mut [Taken<'_>], truth: &Truth, transaction: u64, dice: &mut Dice) -> (Work, u64) {
        let entry = truth.operation();
        let undone_from = dice.percent(8).then(|| dice.below(slots.len()));
        let mut work = Work { statements: vec!["begin".to_owned()], kept: !dice.percent(10) };
        let row = values(&vec![transaction.to_string()], Row { op: entry, ver: 1 });
        work.statements.push(format!("insert into {} ({}) values {row}", LEDGER.name, names(&LEDGER)));
        let mut at = 0;
        while at < slots.len() {
            if undone_from == Some(at) {
                work.statements.push("savepoint here".to_owned());
            }
            let undone = undone_from.is_some_and(|from| at >= from);
            let before: Vec<(Option<Row>, usize)> =
                slots[at..].iter().map(|taken| (taken.now, taken.done.len())).collect();
            let used = work.change(&mut slots[at..], truth, dice);
            if undone {
                for (taken, (now, done)) in slots[at..].iter_mut().zip(before) {
                    taken.now = now;
                    taken.done.truncate(done);
                }
            }
            at += used;
        }
        if undone_from.is_some() {
            work.statements.push("rollback to savepoint here".to_owned());
        }
        work.statements.push(if work.kept { "commit" } else { "rollback" }.to_owned());
        (work, entry)
    }

    /// Changes the first key, or moves its row to the second. Returns how many keys were used.
    fn change(&mut self, slots: &mut [Taken<'_>], truth: &Truth, dice: &mut Dice) -> usize {
        let (first, others) = slots.split_first_mut().expect("called with a key");
        let table = first.shape.name;
        if first.now.is_none() {
            self.insert(first, truth);
            return 1;
        }
        if let Some(second) = others.first_mut()
            && second.shape.name == table
            && second.shape.keyed
            && second.now.is_none()
            && dice.percent(70)
        {
            let row = second.next(truth);
            let keys: Vec<String> = second
                .shape
                .key
                .iter()
                .zip(second.key)
                .map(|(name, value)| format!("{name} = {}", text(value)))
                .collect();
            let found = first.is();
            self.statements.push(format!(
                "update {table} set {}, {} where {found}",
                keys.join(", "),
                sets(row)
            ));
            first.becomes(None);
            second.becomes(Some(row));
            return 2;
        }
        match dice.below(10) {
            0 | 1 => self.delete(first),
            // away and back inside one transaction
            2 => {
                self.delete(first);
                self.insert(first, truth);
            }
            3 if first.shape.keyed => {
                let row = first.next(truth);
                self.statements.push(format!(
                    "insert into {table} ({}) values {} on duplicate key update {}",
                    names(first.shape),
                    values(first.key, row),
                    sets(row)
                ));
                first.becomes(Some(row));
            }
            // twice inside one transaction
            4 => {
                self.update(first, truth);
                self.update(first, truth);
            }
            _ => self.update(first, truth),
        }
        1
    }

    fn insert(&mut self, taken: &mut Taken<'_>, truth: &Truth) {
        let row = taken.next(truth);
        let (table, names, values) = (taken.shape.name, names(taken.shape), values(taken.key, row));
        self.statements.push(format!("insert into {table} ({names}) values {values}"));
        taken.becomes(Some(row));
    }

    fn update(&mut self, taken: &mut Taken<'_>, truth: &Truth) {
        let row = taken.next(truth);
        self.statements.push(format!("update {} set {} where {}", taken.shape.name, sets(row), taken.is()));
        taken.becomes(Some(row));
    }

    fn delete(&mut self, taken: &mut Taken<'_>) {
        self.statements.push(format!("delete from {} where {}", taken.shape.name, taken.is()));
        taken.becomes(None);
    }
}

/// One to six different keys, in the one order that all writers lock them in. Half of all picks fall on few keys.
fn pick(truth: &Truth, dice: &mut Dice) -> Vec<(usize, usize)> {
    let mut picked: Vec<(usize, usize)> = (0..=dice.below(6))
        .map(|_| {
            let table = dice.below(SHAPES.len());
            let keys = truth.tables[table].len();
            let nth = dice.below(keys);
            if dice.percent(50) { (table, nth) } else { (table, nth * nth / keys * 7 % keys) }
        })
        .collect();
    picked.sort_unstable();
    picked.dedup();
    picked
}

/// Runs a transaction to its end; `Err` when it is not known how it ended.
fn run(sql: &mut Sql, work: &Work) -> Result<(), ()> {
    for statement in &work.statements {
        if sql.try_run(statement).is_err() {
            return Err(());
        }
    }
    Ok(())
}

/// A session in the database, as soon as the server is there.
fn connect(server: &MySql, database: &str) -> Sql {
    wait::until("the server answers a writer", SERVER_SECONDS, || {
        let mut sql = Sql::connect(server.port(), "root", "")?;
        sql.try_run(&format!("use `{database}`"))?;
        // no locks on the gaps between keys: writers meet at keys, whose order the truth knows
        sql.try_run("set session transaction isolation level read committed")?;
        Ok::<_, mysql_async::Error>(sql)
    })
}

fn names(shape: &Shape) -> String {
    format!("{}, op_id, ver, note", shape.key.join(", "))
}

fn values(key: &Key, row: Row) -> String {
    let key: Vec<String> = key.iter().map(|value| text(value)).collect();
    format!("({}, {}, {}, {})", key.join(", "), row.op, row.ver, text(&row.note()))
}

fn sets(row: Row) -> String {
    format!("op_id = {}, ver = {}, note = {}", row.op, row.ver, text(&row.note()))
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}
