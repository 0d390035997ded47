//! Source transactions that are cut: their parts come once and in order, whatever happens in between.

use crate::support::program::Running;
use crate::support::shop::{CANARY, Shop, error, event, finished};
use crate::support::{Isolation, Kafka, KafkaOptions, Kind, MySql, wait};
use rustix::process::Signal;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use syncc::checkpoint::{PosRecord, StateKey, StateRecord};
use syncc::control::TaskState;

/// Rows of a large transaction.
const ROWS: i64 = 20_000;

/// Ids of its rows begin here.
const FIRST: i64 = 1_000;

/// Rows of a part.
const PART: usize = 3_000;

/// A shop whose transactions are cut at [`PART`] rows, with a table of digits to make rows of.
fn shop(name: &str, kind: Kind) -> Shop<'static> {
    let mut shop = Shop::new(name, MySql::shared(kind), Kafka::shared());
    shop.text.rules = format!("  split after 64MiB, {PART} rows\n");
    shop.sql().run("create table digits (d int primary key); insert into digits values (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)");
    shop
}

/// Inserts [`ROWS`] rows into `items`, and changes that `more` says, in one transaction.
fn large(shop: &Shop, more: &str) {
    shop.sql().run(&format!(
        "begin;
         insert into items select {FIRST} + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d, '{CANARY}'
           from digits f join digits e join digits c join digits b join digits a where f.d < {} order by 1;
         {more}
         commit",
        ROWS / 10_000
    ));
}

fn start(shop: &Shop, failpoints: &str) -> Running {
    shop.project.start_with(&["run", "--log", "json"], &[("FAILPOINTS", failpoints)])
}

/// Waits until syncc has ended itself at its failpoint.
#[track_caller]
fn dies(syncc: &mut Running) {
    assert_eq!(syncc.wait(60), None, "{}", syncc.stderr());
}

/// The positions of all commits, in their order.
fn commits(shop: &Shop) -> Vec<PosRecord> {
    let topic = format!("{}.{}.shop.bus.state", shop.prefix, shop.text.pipeline);
    let pos = |key: &[u8], value: &[u8]| match StateRecord::decode(StateKey::decode(key)?, value) {
        Ok(StateRecord::Pos(pos)) => Some(pos),
        _ => None,
    };
    let records = shop.kafka.consume(&topic, Isolation::ReadCommitted);
    records.iter().filter_map(|record| pos(record.key.as_deref()?, record.value.as_deref()?)).collect()
}

/// Rows in the first parts of the transaction that is cut, of which there must be so many: a part ends with an event.
#[track_caller]
fn cut(shop: &Shop, parts: u32) -> usize {
    let mid = commits(shop).pop().and_then(|pos| pos.mid).expect("a transaction is cut");
    let rows = mid.tables.iter().map(|table| table.rows).sum::<u64>() as usize;
    assert_eq!(mid.parts, parts);
    let least = PART * parts as usize;
    assert!((least..least + PART / 2).contains(&rows), "{rows} rows in {parts} parts");
    rows
}

/// All rows of the large transaction must have come once, per partition in their order, besides those in `others`.
#[track_caller]
fn complete(shop: &Shop, others: &[i64]) {
    let mut expected: Vec<i64> = (FIRST..FIRST + ROWS).chain(others.iter().copied()).collect();
    expected.sort_unstable();
    wait::until("all rows of the transaction", 60, || {
        let ids = shop.ids("items");
        if ids.len() < expected.len() { Err(format!("{} rows", ids.len())) } else { Ok(()) }
    });
    assert!(shop.ids("items") == expected, "rows are missing or came twice");
    let mut last: BTreeMap<i32, i64> = BTreeMap::new();
    let mut parts: BTreeSet<String> = BTreeSet::new();
    for record in shop.kafka.consume(&format!("{}.items", shop.prefix), Isolation::ReadCommitted) {
        let message: Value = serde_json::from_str(&record.text()).expect("canal-json is JSON");
        let id: i64 = message["data"][0]["id"].as_str().and_then(|id| id.parse().ok()).expect("a number");
        if (FIRST..FIRST + ROWS).contains(&id) {
            let before = last.insert(record.partition, id);
            assert!(before < Some(id), "{id} came behind {before:?}");
            let header = |wanted| record.headers.iter().find(|(name, _)| name == wanted);
            assert_eq!(header("split").is_some(), header("part").is_some());
            parts.extend(header("part").map(|(_, part)| String::from_utf8_lossy(part).into_owned()));
        } else {
            assert!(record.headers.is_empty(), "{:?}", record.headers);
        }
    }
    let numbered: BTreeSet<String> = (2..2 + parts.len()).map(|part| part.to_string()).collect();
    assert!(parts == numbered && !parts.is_empty(), "{parts:?}");
}

#[test]
fn a_transaction_in_parts_survives_deaths_in_it_on_mysql() {
    survives_deaths("splitmy", Kind::MySql9_7);
}

#[test]
fn a_transaction_in_parts_survives_deaths_in_it_on_mariadb() {
    survives_deaths("splitma", Kind::MariaDb10_11);
}

fn survives_deaths(name: &str, kind: Kind) {
    let shop = shop(name, kind);
    let mut syncc = shop.run();
    shop.stop(&mut syncc);
    large(&shop, "");
    // two parts are there, the third is on its way
    dies(&mut start(&shop, "txn.split=2*off->return"));
    assert_eq!(shop.ids("items").len(), 3 + cut(&shop, 2));
    // while what is there comes again, and behind a part more
    dies(&mut start(&shop, "txn.rows=4*off->return"));
    dies(&mut start(&shop, "txn.split=1*off->return"));
    assert_eq!(shop.ids("items").len(), 3 + cut(&shop, 3));
    let mut syncc = start(&shop, "");
    complete(&shop, &[1, 2, 3]);
    shop.insert("items", &[4]);
    complete(&shop, &[1, 2, 3, 4]);
    shop.stop(&mut syncc);
    let commits = commits(&shop);
    assert_eq!(commits.last().map(|pos| pos.mid.is_none()), Some(true));
    let parts = commits.iter().filter_map(|pos| pos.mid.as_ref()).map(|mid| mid.parts);
    assert_eq!(parts.max(), Some(6), "{ROWS} rows are seven parts, the last of which ends the transaction");
    let seqs: Vec<u64> = commits.iter().map(|pos| pos.seq).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<u64>>());
}

#[test]
fn what_began_under_a_plan_ends_under_it() {
    let mut shop = shop("splitplan", Kind::MySql9_7);
    shop.table("extras");
    shop.text.include = "DB.items, DB.extras".to_owned();
    let mut syncc = shop.run();
    shop.stop(&mut syncc);
    large(&shop, &format!("insert into extras values (7, '{CANARY}');"));
    dies(&mut start(&shop, "txn.split=2*off->return"));
    // a narrower condition, and a table less: both hold behind the transaction
    shop.edit(|text| {
        text.include = "DB.items".to_owned();
        text.rules.push_str("  table DB.items {\n    where id < 100\n  }\n");
    });
    dies(&mut start(&shop, "txn.split=1*off->return"));
    let mut syncc = start(&shop, "");
    complete(&shop, &[1, 2, 3]);
    shop.wait_ids("extras", &[1, 2, 3, 7]);
    shop.wait_streaming(&mut syncc);
    shop.insert("items", &[200_000, 4]);
    shop.insert("extras", &[8]);
    shop.insert("items", &[5]);
    complete(&shop, &[1, 2, 3, 4, 5]);
    assert_eq!(shop.ids("extras"), [1, 2, 3, 7]);
    shop.stop(&mut syncc);
}

#[test]
fn a_stop_in_a_transaction_waits_for_its_next_part_only() {
    let shop = shop("splitstop", Kind::MariaDb10_11);
    let mut syncc = shop.run();
    shop.stop(&mut syncc);
    large(&shop, "");
    // events are slow: the transaction would take a minute
    let mut syncc = start(&shop, "txn.rows=sleep(100)");
    shop.wait_status(&mut syncc, "rows are on their way", |status| {
        status.tasks.iter().any(|task| task.records > 500)
    });
    syncc.signal(Signal::TERM);
    finished(&mut syncc, 0);
    let mid = commits(&shop).last().and_then(|pos| pos.mid.clone()).expect("it was cut");
    assert!(mid.tables[0].rows < ROWS as u64);
    let mut syncc = start(&shop, "");
    complete(&shop, &[1, 2, 3]);
    shop.stop(&mut syncc);
}

/// What its task is going over to behind a transaction that was cut does not count while it stands still in it.
#[test]
fn a_pause_in_a_transaction_that_was_cut_keeps_its_plan() {
    let mut shop = shop("splitpause", Kind::MariaDb10_11);
    let mut syncc = shop.run();
    shop.stop(&mut syncc);
    large(&shop, "");
    dies(&mut start(&shop, "txn.split=2*off->return"));
    let generation = commits(&shop).last().map(|pos| pos.generation);
    shop.edit(|text| {
        text.address = "127.0.0.1:1".to_owned();
        text.rules.push_str("  table DB.items {\n    where id < 100\n  }\n");
    });
    let mut syncc = start(&shop, "");
    shop.wait_status(&mut syncc, "the source is away", |status| {
        status.tasks.iter().any(|task| task.state == TaskState::Retrying)
    });
    let said = shop.project.syncc(&["pause", "shop"]);
    assert!(said.status.success(), "{said:?}");
    let status = shop.wait_status(&mut syncc, "it stands still", |status| {
        status.tasks.iter().any(|task| task.state == TaskState::Paused)
    });
    assert_eq!(Some(status.tasks[0].generation), generation);
    shop.edit(|text| text.address.clear());
    let said = shop.project.syncc(&["resume", "shop"]);
    assert!(said.status.success(), "{said:?}");
    complete(&shop, &[1, 2, 3]);
    shop.insert("items", &[200_000, 4]);
    complete(&shop, &[1, 2, 3, 4]);
    shop.stop(&mut syncc);
}

/// A stop that comes while the end of such a transaction is committed gives the task up.
#[test]
fn a_stop_where_the_new_plan_begins_gives_the_task_up() {
    let mut shop = shop("splitend", Kind::MySql9_7);
    let mut syncc = shop.run();
    shop.stop(&mut syncc);
    large(&shop, "");
    dies(&mut start(&shop, "txn.split=2*off->return"));
    shop.edit(|text| text.rules.push_str("  table DB.items {\n    where id < 100\n  }\n"));
    let mut syncc = start(&shop, "drain.begun=1*sleep(5000)");
    wait::until("the last part but one", 60, || match commits(&shop).pop().and_then(|pos| pos.mid) {
        Some(mid) if mid.parts == 6 => Ok(()),
        mid => Err(format!("{mid:?}")),
    });
    syncc.signal(Signal::TERM);
    finished(&mut syncc, 0);
    let topic = format!("{}.shop.shop.bus.state", shop.prefix);
    let owner = |key: &[u8], value: &[u8]| match StateRecord::decode(StateKey::decode(key)?, value) {
        Ok(StateRecord::Owner(owner)) => Some(owner),
        _ => None,
    };
    let words = shop.kafka.consume(&topic, Isolation::ReadCommitted);
    let last = words.iter().rev().find_map(|word| owner(word.key.as_deref()?, word.value.as_deref()?));
    assert_eq!(last.map(|owner| owner.released), Some(true), "{}", syncc.stderr());
}

#[test]
fn a_slow_transaction_is_cut_before_the_broker_ends_it() {
    let mut shop = shop("splitslow", Kind::MySql9_7);
    shop.text.target = "  transaction-timeout 10s\n".to_owned();
    shop.text.rules = String::new();
    let mut syncc = shop.run();
    shop.stop(&mut syncc);
    large(&shop, "");
    let mut syncc = start(&shop, "txn.rows=sleep(300)");
    complete(&shop, &[1, 2, 3]);
    shop.stop(&mut syncc);
    let said = syncc.stderr();
    assert!(event(&said, "transaction.cut").is_some(), "{said}");
    assert!(event(&said, "task.retrying").is_none() && event(&said, "kafka.lost").is_none(), "{said}");
}

#[test]
fn another_transaction_in_its_place_stops_the_task() {
    let shop = shop("splitother", Kind::MariaDb10_11);
    let mut syncc = shop.run();
    shop.stop(&mut syncc);
    large(&shop, "");
    dies(&mut start(&shop, "txn.split=2*off->return"));
    // what a server filters otherwise looks the same to a task that knows other rows: one that is told of another hash
    let mut pos = commits(&shop).pop().expect("there are commits");
    pos.seq += 1;
    let mid = pos.mid.as_mut().expect("it was cut");
    mid.tables[0].hash ^= 1;
    write_state(&shop, StateRecord::Pos(pos));
    let said = shop.ends(&[], 23);
    assert!(error(&said).contains("is another one now: table"), "{said}");
    assert_eq!(shop.ids("items").len(), 3 + cut(&shop, 2), "nothing was sent on a guess");
}

/// Size of the transaction whose memory is measured, MiB: `SYNCC_SPLIT_MIB`, for a soak.
fn mebibytes() -> u64 {
    std::env::var("SYNCC_SPLIT_MIB").map_or(200, |text| text.parse().expect("SYNCC_SPLIT_MIB is a number"))
}

/// The bound does not move with the transaction: it is what buffers may hold.
const MEMORY_MIB: u64 = 256;

#[test]
fn memory_does_not_grow_with_the_transaction_on_mysql() {
    memory("memorymy", Kind::MySql9_7);
}

#[test]
fn memory_does_not_grow_with_the_transaction_on_mariadb() {
    memory("memoryma", Kind::MariaDb10_11);
}

fn memory(name: &str, kind: Kind) {
    /// Bytes of a row.
    const ROW: u64 = 10_000;
    let (server, kafka) = (MySql::start(kind, &[]), Kafka::start(KafkaOptions::default()));
    let mut shop = Shop::new(name, &server, &kafka);
    shop.text.rules = "  split after 64MiB\n".to_owned();
    let mut syncc = shop.run();
    let mib = mebibytes();
    let rows = (mib << 20) / ROW;
    let mut sql = shop.sql();
    sql.run("begin");
    for first in (0..rows).step_by(100) {
        let rows: Vec<String> = (first..rows.min(first + 100))
            .map(|n| format!("({}, repeat(sha2({n}, 256), {}))", FIRST as u64 + n, ROW / 64))
            .collect();
        sql.run(&format!("insert into items values {}", rows.join(", ")));
    }
    sql.run("commit");
    shop.insert("items", &[4]);
    wait::until("the row behind the transaction", 60 + mib, || {
        let last = commits(&shop).pop().expect("there are commits");
        let records = shop.status().map_or(0, |status| status.tasks[0].records);
        assert!(syncc.runs(), "{}", syncc.stderr());
        if records == rows + 4 && last.mid.is_none() { Ok(()) } else { Err(format!("{records} of {rows}")) }
    });
    let peak = syncc.peak_mib();
    println!("{kind:?}: {rows} rows, {mib} MiB in one transaction, {peak} MiB resident at most");
    assert!(peak <= MEMORY_MIB, "{peak} MiB");
    let parts = commits(&shop).into_iter().filter_map(|pos| pos.mid).map(|mid| mid.parts).max();
    assert!(parts >= Some((mib / 64) as u32 - 1), "{parts:?} parts");
    shop.stop(&mut syncc);
}

/// Writes a state record behind those that are there.
fn write_state(shop: &Shop, record: StateRecord) {
    use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
    let topic = format!("{}.{}.shop.bus.state", shop.prefix, shop.text.pipeline);
    let (key, value) = record.encode();
    let producer: BaseProducer = shop.kafka.client().create().expect("a producer can be made");
    producer
        .send(BaseRecord::to(&topic).partition(0).key(&key).payload(&value))
        .unwrap_or_else(|(error, _)| panic!("{error}"));
    producer.flush(std::time::Duration::from_secs(30)).expect("the broker is there");
}

/// What comes packed takes the memory that it has when it is unpacked, and waits at the source when that is used up.
#[cfg(feature = "failpoints")]
#[test]
fn packed_events_wait_at_the_source_too() {
    let server = MySql::start(Kind::MariaDb10_11, &[]);
    let mut shop = Shop::new("packed", &server, Kafka::shared());
    let mut sql = shop.sql();
    sql.run("set global log_bin_compress = on; create table large (id int primary key, text longtext)");
    shop.text.include = "DB.large".to_owned();
    shop.text.rules = "  table DB.large {\n    columns except text\n  }\n".to_owned();
    let mut syncc = shop.run();
    shop.stop(&mut syncc);
    let mut sql = shop.sql();
    for id in 0..400 {
        sql.run(&format!("insert into large values ({id}, repeat('x', 1000000))"));
    }
    let mut syncc = start(&shop, "txn.rows=1*sleep(10000)");
    shop.wait_ids("large", &(0..400).collect::<Vec<_>>());
    let peak_mib = syncc.peak_mib();
    assert!(peak_mib < 200, "{peak_mib} MiB");
    shop.stop(&mut syncc);
}
