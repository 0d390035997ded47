//! Many tables whose definitions change all the time.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::shop::{SOON, Shop};
use crate::support::{Isolation, Kafka, KafkaOptions, Kind, MySql, wait};

/// Tables: `SYNCC_MANY_TABLES`, for a soak with the 10,000 of F63.
fn n_tables() -> usize {
    std::env::var("SYNCC_MANY_TABLES")
        .map_or(500, |text| text.parse().expect("SYNCC_MANY_TABLES is a number"))
}

/// Statements that change each table.
const ROUNDS: usize = 3;

/// Most memory, MiB: what buffers may hold, and what is known of the tables, KiB each.
fn most_mib() -> u64 {
    const TABLE_KIB: u64 = 32;
    256 + n_tables() as u64 * TABLE_KIB / 1024
}

/// Rows by table and id, with the number of the column that was added last before the row; each row once.
fn rows(shop: &Shop<'_>) -> BTreeMap<(String, usize), Option<usize>> {
    let mut rows = BTreeMap::new();
    for record in shop.kafka.consume(&format!("{}.all", shop.prefix), Isolation::ReadCommitted) {
        let message: Value = serde_json::from_str(&record.text()).expect("canal-json is JSON");
        let table = message["table"].as_str().expect("rows have a table").to_owned();
        let row = message["data"][0].as_object().expect("a row").clone();
        let id = row["id"].as_str().expect("values are text").parse().expect("a number");
        let newest = (1..=ROUNDS).rev().find(|round| row.contains_key(&format!("c{round}")));
        let before = rows.insert((table, id), newest);
        assert!(before.is_none(), "a row came twice: {row:?}");
    }
    rows
}

/// F63: memory is bounded, and each row comes once, under the columns it was written with, also over the death of the process.
#[test]
fn many_tables_may_change_all_the_time() {
    let (server, kafka) = (MySql::start(Kind::MariaDb10_11, &[]), Kafka::start(KafkaOptions::default()));
    let mut shop = Shop::new("many", &server, &kafka);
    shop.text.include = "DB.t*".to_owned();
    shop.text.topic = "PREFIX.all".to_owned();
    let n_tables = n_tables();
    let tables: Vec<String> = (0..n_tables).map(|number| format!("t{number:05}")).collect();
    let mut sql = shop.sql();
    for table in &tables {
        sql.run(&format!(
            "create table {table} (id int primary key, name text); insert into {table} values (0, 'c4n4ry')"
        ));
    }
    let mut syncc = {
        shop.save();
        shop.start(&[])
    };
    let mut expected = BTreeMap::new();
    expected.extend(tables.iter().map(|table| ((table.clone(), 0), None)));
    let wait_rows = |syncc: &mut crate::support::program::Running, expected: &BTreeMap<_, _>| {
        wait::until(&format!("{} rows", expected.len()), 10 * SOON, || {
            assert!(syncc.runs(), "{}", syncc.stderr());
            let found = rows(&shop);
            if found == *expected { Ok(()) } else { Err(format!("{} rows", found.len())) }
        });
    };
    wait_rows(&mut syncc, &expected);
    let loaded_mib = syncc.peak_mib();
    let mut peak_mib = 0;
    for round in 1..=ROUNDS {
        for (number, table) in tables.iter().enumerate() {
            sql.run(&format!(
                "alter table {table} add column c{round} int; insert into {table} (id, c{round}) values ({round}, {round})"
            ));
            expected.insert((table.clone(), round), Some(round));
            if round == 2 && number == n_tables / 2 {
                peak_mib = syncc.peak_mib();
                syncc.kill();
                syncc = shop.start(&[]);
            }
        }
    }
    wait_rows(&mut syncc, &expected);
    let peak_mib = peak_mib.max(syncc.peak_mib());
    println!(
        "{n_tables} tables, {} statements: {loaded_mib} MiB resident at most when loaded, {peak_mib} MiB at the end",
        ROUNDS * n_tables
    );
    assert!(peak_mib <= most_mib(), "{peak_mib} MiB");
    shop.stop(&mut syncc);
}
