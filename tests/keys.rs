//! Tables with every kind of key are loaded in small chunks while they are written to: each row ends as the server has it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::source::chunk::KEYS;
use crate::support::dice::Dice;
use crate::support::shop::{SOON, Shop};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};

/// Keys that are not only types: servers as in [`KEYS`], columns and keys, columns that are given, their values.
const OTHERS: &[(&str, &str, &str, &[&str])] = &[
    ("", "k tinyint, primary key (k)", "k", &["-128", "-1", "0", "127"]),
    ("", "k mediumint unsigned, primary key (k)", "k", &["0", "8388608", "16777215"]),
    ("", "k int unsigned, primary key (k)", "k", &["0", "2147483648", "4294967295"]),
    // no key that pages: read in one go
    ("", "k float, primary key (k)", "k", &["0.1", "0.2", "1.5", "1e30"]),
    ("", "k int", "k", &["1", "1", "null"]),
    ("", "k int, l int not null, unique (k)", "k, l", &["1, 1", "null, 2", "null, 3"]),
    // sorted by the whole value, unique by its beginning
    (
        "",
        "k varchar(40) charset latin1, primary key (k(3))",
        "k",
        &["'aab'", "'aAD2 2'", "'b'", "'C trailing  '", "'aac\\\\'"],
    ),
    ("", "k blob not null, primary key (k(2))", "k", &["x'0001ff'", "x'00ff'", "x'ff'", "''"]),
    (
        "",
        "k int not null, l int null, unique (l), unique (k)",
        "k, l",
        &["3, null", "1, 1", "2, null", "4, 5"],
    ),
    ("S", "k int, g int as (k * 2) stored not null, unique (g)", "k", &["5", "-5", "0"]),
    ("S", "k int, g int as (k * 2) stored, primary key (g)", "k", &["5", "-5", "0"]),
    ("", "v int, k int auto_increment invisible, primary key (k)", "v", &["7", "8", "9", "10", "11"]),
    (
        "",
        "a date, b varbinary(4), c decimal(5,2), d bigint unsigned, primary key (d, c, b, a)",
        "a, b, c, d",
        &[
            "'2024-01-01', x'00', -1.50, 18446744073709551615",
            "'2024-01-02', x'00', -1.50, 18446744073709551615",
            "'2024-01-01', x'0000', -1.50, 18446744073709551615",
            "'2024-01-01', x'00', 1.05, 0",
            "'2024-01-01', '', 1.05, 0",
        ],
    ),
];

/// A table of the test.
struct Table {
    name: String,
    /// What it is about.
    about: String,
    n_rows: usize,
}

/// Rows by their `id`: their `n`.
type Rows = BTreeMap<i64, i64>;

#[test]
fn mariadb_every_key() {
    every_key(Kind::MariaDb10_11);
}

#[test]
fn mysql_every_key() {
    every_key(Kind::MySql9_7);
}

fn every_key(kind: Kind) {
    let mut shop = Shop::new("keys", MySql::shared(kind), Kafka::shared());
    let mut sql = shop.sql();
    sql.run("set names utf8mb4; set sql_mode = '', time_zone = '+00:00'");
    let here = |to: &str| to.is_empty() || (to == "M") == kind.is_mariadb();
    let types = KEYS.iter().map(|&(to, columns, values)| {
        let names = if columns.contains("a``b") { "k, `a``b`, c" } else { "k" };
        (to, format!("{columns}, primary key ({names})"), names, values)
    });
    let others = OTHERS.iter().map(|&(to, columns, names, values)| (to, columns.to_owned(), names, values));
    let mut tables = Vec::new();
    for (at, (_, about, names, values)) in types.chain(others).filter(|(to, ..)| here(to)).enumerate() {
        let name = format!("k{at}");
        sql.run(&format!("create table {name} (id int, n int, {about})"));
        for (id, value) in values.iter().enumerate() {
            sql.run(&format!("insert into {name} (id, n, {names}) values ({id}, 0, {value})"));
        }
        tables.push(Table { name, about, n_rows: values.len() });
    }
    if kind == Kind::MySql9_7 {
        sql.run("set sql_generate_invisible_primary_key = on; create table k_hidden (id int, n int)");
        sql.run("insert into k_hidden values (0, 0), (1, 0), (2, 0), (3, 0), (4, 0)");
        tables.push(Table { name: "k_hidden".into(), about: "my_row_id".into(), n_rows: 5 });
    }
    shop.text.include = "DB.k*".to_owned();
    shop.text.rules =
        "  format canal-json {\n    snapshot-op init\n  }\n  key none\n  partition by table\n  \
        allow S0501 because \"a test\"\n  start snapshot {\n    chunk 2 rows\n    parallel 4\n  }\n"
            .to_owned();
    shop.save();
    let mut syncc = shop.start(&[]);
    let loaded = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut sql, mut dice) = (shop.sql(), Dice::part(7, 1));
            sql.run("set sql_mode = ''");
            while !loaded.load(Ordering::Relaxed) {
                let table = &tables[dice.below(tables.len())];
                let id = dice.below(table.n_rows);
                sql.run(&format!("update {} set n = n + 1 where id = {id}", table.name));
            }
        });
        let status =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| shop.wait_streaming(&mut syncc)));
        loaded.store(true, Ordering::Relaxed);
        if let Err(panic) = status {
            std::panic::resume_unwind(panic);
        }
    });
    for table in &tables {
        let there: Rows = sql
            .text(&format!("select id, n from {}", table.name))
            .into_iter()
            .map(|row| {
                let mut numbers = row.into_iter().map(|value| value.and_then(|value| value.parse().ok()));
                let mut next = || numbers.next().flatten().expect("a number");
                (next(), next())
            })
            .collect();
        assert_eq!(there.len(), table.n_rows);
        wait::until(&format!("the rows of {} ({kind:?}): {}", table.name, table.about), SOON, || {
            let heard = heard(&shop, table);
            if heard == there { Ok(()) } else { Err(format!("{heard:?} instead of {there:?}")) }
        });
    }
    shop.stop(&mut syncc);
}

/// What a reader ends with. A row of the load comes once at most, and shows what came before it.
fn heard(shop: &Shop<'_>, table: &Table) -> Rows {
    let mut rows = Rows::new();
    let mut loaded = Rows::new();
    for record in shop.kafka.consume(&format!("{}.{}", shop.prefix, table.name), Isolation::ReadCommitted) {
        let message: Value = serde_json::from_str(&record.text()).expect("JSON");
        let number = |name: &str| -> i64 {
            let text = message["data"][0][name].as_str().expect("values are text");
            text.parse().expect("a number")
        };
        let (id, n) = (number("id"), number("n"));
        if message["type"] == "INIT" {
            assert_eq!(loaded.insert(id, n), None, "{}: row {id} was loaded twice", table.about);
            assert!(rows.get(&id).is_none_or(|&before| before == n), "{}: row {id} is stale", table.about);
        } else {
            assert_eq!(message["type"], "UPDATE", "{}", table.about);
        }
        rows.insert(id, n);
    }
    rows
}
