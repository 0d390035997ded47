//! Conditions against real servers: what a filter keeps is what the server selects.
//!
//! Thousands of conditions over rows with columns of all types, made from a seed. `SYNCC_WHERE_SEED` gives other ones.

mod conditions;
mod run;
mod table;

use crate::source::session;
use crate::support::dice::Dice;
use crate::support::{Kind, MySql, Sql};
use conditions::Maker;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use syncc::mysql::schema::TableVersion;
use syncc::mysql::value::Value;
use syncc::mysql::zone::Zone;
use syncc::source::mysql::io::{ChunkReader, ChunkRequest, start_position, tables};
use syncc::source::mysql::page::paging_key;
use syncc::transform::filter::{Condition, Filter, Misfit, Why};

/// Conditions for each server.
const CONDITIONS: usize = 3_000;
/// Rows of the table.
const ROWS: usize = 120;
/// Conditions asked in one statement.
const TOGETHER: usize = 50;

#[test]
fn a_filter_keeps_what_mysql_selects() {
    check(Kind::MySql9_7);
}

#[test]
fn a_filter_keeps_what_mysql_8_0_selects() {
    check(Kind::MySql8_0);
}

#[test]
fn a_filter_keeps_what_mariadb_selects() {
    check(Kind::MariaDb10_11);
}

#[track_caller]
fn check(kind: Kind) {
    let seed = std::env::var("SYNCC_WHERE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let server = MySql::shared(kind);
    let db = server.database("filter");
    let mut sql = server.sql();
    sql.run("set names utf8mb4");
    sql.run("set sql_mode = '', time_zone = '+00:00'");
    let columns = table::columns(kind);
    table::fill(&mut sql, &db, &columns, ROWS, &mut Dice::new(seed));
    let (version, rows) = read(server, &db);
    let mut maker = Maker::new(&columns, kind, Dice::part(seed, 1));
    let conditions: Vec<Condition> = (0..CONDITIONS).map(|_| maker.condition(3)).collect();
    let mut kept_any = 0;
    // the second half as a session in another zone, which is `time-zone` of a source
    let zone = Zone::from_name("+05:30");
    for (at, asked) in conditions.chunks(TOGETHER).enumerate() {
        let zone = zone.as_ref().filter(|_| at * TOGETHER >= CONDITIONS / 2);
        sql.run(&format!("set time_zone = '{}'", if zone.is_some() { "+05:30" } else { "+00:00" }));
        let selected = selected(&mut sql, &db, asked);
        for (condition, selected) in asked.iter().zip(selected) {
            let mut filter = match Filter::bind(condition, &version, zone) {
                Ok(filter) => filter,
                // the first instants of all are none in this zone
                Err(misfits) if zone.is_some() && misfits.iter().all(is_no_value) => continue,
                Err(misfits) => panic!("{kind:?}, seed {seed}: {condition}: {misfits:?}"),
            };
            let kept: BTreeSet<i64> =
                rows.iter().filter(|(_, row)| filter.keeps(row)).map(|(id, _)| *id).collect();
            assert_eq!(kept, selected, "{kind:?}, seed {seed}: {condition}");
            kept_any += usize::from(!kept.is_empty() && kept.len() < ROWS);
        }
    }
    assert!(kept_any > CONDITIONS / 3, "only {kept_any} conditions tell rows apart");
    println!("{kind:?}: {CONDITIONS} conditions over {ROWS} rows agree, {kept_any} of them tell rows apart");
}

fn is_no_value(misfit: &Misfit) -> bool {
    matches!(misfit.why, Why::NoMoment { .. })
}

/// The table as the source knows it, and its rows as the load reads them.
fn read(server: &MySql, db: &str) -> (TableVersion, Vec<(i64, Vec<Value<'static>>)>) {
    let found = tables(&mut session(server), |database, _| database == db).expect("tables").pop();
    let version = Arc::new(found.expect("the table").version);
    let contains = start_position(&mut session(server)).expect("a position");
    let mut reader = ChunkReader::open(&crate::source::replica(server), &contains.server).expect("a reader");
    let key = paging_key(&version).expect("a key").to_vec();
    let upto = reader.max_key(&version, &key, &contains).expect("a greatest key").expect("rows");
    let request = ChunkRequest {
        table: Arc::clone(&version),
        key,
        after: None,
        upto,
        limit: ROWS as u32,
        max_bytes: 1 << 24,
        contains,
    };
    let chunk = reader.read(&request).expect("a page");
    // Values are borrowed from their batch, which lives as long as the test.
    let batch = Box::leak(Box::new(chunk.rows));
    let rows = (0..batch.len()).map(|at| {
        let mut values = Vec::new();
        batch.row(at, &mut values);
        let Some(&Value::Int(id)) = values.first() else {
            panic!("the first column is the number of the row")
        };
        (id, values)
    });
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.len(), ROWS);
    (Arc::unwrap_or_clone(version), rows)
}

/// Numbers of the rows that the server selects for each condition.
fn selected(sql: &mut Sql, db: &str, conditions: &[Condition]) -> Vec<BTreeSet<i64>> {
    let mut query = String::new();
    for (at, condition) in conditions.iter().enumerate() {
        let all = if at > 0 { " union all " } else { "" };
        let _ = write!(query, "{all}(select {at}, id from `{db}`.t where {condition})");
    }
    let mut selected = vec![BTreeSet::new(); conditions.len()];
    for row in sql.text(&query) {
        let number =
            |at: usize| row[at].as_deref().and_then(|digits| digits.parse::<i64>().ok()).expect("a number");
        selected[number(0) as usize].insert(number(1));
    }
    selected
}
