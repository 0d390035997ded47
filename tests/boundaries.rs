//! BEGIN and COMMIT of `dts-avro`: each partition sees whole transactions, whatever happens to syncc in them.

use crate::formats::dts_fields;
use crate::support::kafka::Received;
use crate::support::shop::{CANARY, Shop};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};
use apache_avro::types::Value as Avro;
use std::collections::{BTreeMap, BTreeSet};

/// Rows of the large transaction in each of two tables.
const ROWS: usize = 2_000;

/// Partitions of each topic.
const PARTITIONS: usize = 3;

#[test]
fn transactions_begin_and_end_in_each_partition_on_mysql() {
    begin_and_end("boundmy", Kind::MySql9_7);
}

#[test]
fn transactions_begin_and_end_in_each_partition_on_mariadb() {
    begin_and_end("boundma", Kind::MariaDb10_11);
}

/// A large transaction over three tables and two topics is cut, and syncc dies in it twice; others are small.
fn begin_and_end(name: &str, kind: Kind) {
    let mut shop = Shop::new(name, MySql::shared(kind), Kafka::shared());
    shop.table("extras");
    shop.table("more");
    shop.text.include = "DB.items, DB.extras, DB.more".into();
    shop.text.topic_block = format!("    partitions {PARTITIONS}\n");
    shop.text.rules = "  split after 64MiB, 700 rows\n  partition by key\n  headers transaction\n  \
                       format dts-avro {\n    heartbeat off\n    transactions on\n  }\n  \
                       table DB.more {\n    topic \"PREFIX.extras\"\n    where id < 100000\n  }\n"
        .replace("PREFIX", &shop.prefix);
    let mut syncc = shop.run();
    shop.stop(&mut syncc);
    let mut sql = shop.sql();
    let rows = |table: &str| {
        let rows: Vec<String> = (1_000..1_000 + ROWS).map(|id| format!("({id}, '{CANARY} {id}')")).collect();
        rows.chunks(100)
            .map(|rows| format!("insert into {table} values {};", rows.join(", ")))
            .collect::<String>()
    };
    sql.run(&format!("begin; {} insert into more values (7, 'x'); {} commit", rows("items"), rows("extras")));
    for failpoint in ["txn.split=2*off->return", "txn.split=1*off->return"] {
        let environment = [("FAILPOINTS", failpoint)];
        let mut syncc = shop.project.start_with(&["run", "--log", "json"], &environment);
        assert_eq!(syncc.wait(60), None, "{}", syncc.stderr());
    }
    let mut syncc = shop.run();
    // a row, the same in a partition of another topic, a changed key, and a transaction of which no row is sent
    sql.run("begin; insert into items values (4, 'x'); insert into more values (4, 'x'); commit");
    sql.run("update items set id = 50 where id = 4");
    sql.run("insert into more values (200000, 'x')");
    sql.run("insert into items values (5, 'last')");
    let topics = ["items", "extras"].map(|table| format!("{}.{table}", shop.prefix));
    let n_rows = 9 + 2 * ROWS + 1 + 2 + 2 + 1;
    let records = wait::until("all rows", 120, || {
        assert!(syncc.runs(), "{}", syncc.stderr());
        let records = topics.each_ref().map(|topic| shop.kafka.consume(topic, Isolation::ReadCommitted));
        let found = records.iter().flatten().filter(|record| record.key.is_some()).count();
        if found == n_rows { Ok(records) } else { Err(format!("{found} of {n_rows} rows")) }
    });
    shop.stop(&mut syncc);

    let mut begun: BTreeMap<String, usize> = BTreeMap::new();
    for (topic, records) in topics.iter().zip(&records) {
        for partition in 0..PARTITIONS as i32 {
            let of = records.iter().filter(|record| record.partition == partition);
            for transaction in bracketed(&format!("{topic} {partition}"), of) {
                *begun.entry(transaction).or_default() += 1;
            }
        }
    }
    // the large one in all partitions of both topics, one row in each of two, the change of a key in one or two, one in one
    let mut found: Vec<usize> = begun.into_values().collect();
    found.sort_unstable();
    assert!(matches!(found[..], [1, 1 | 2, 2, 6]), "{found:?}");
}

/// Holds the records of one partition: rows of the log stand between a BEGIN and a COMMIT of their transaction, those of the
/// load outside, and each transaction comes once. The transactions come back.
fn bracketed<'r>(place: &str, records: impl Iterator<Item = &'r Received>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open: Option<(String, usize)> = None;
    for record in records {
        let fields = dts_fields(record);
        let Avro::Enum(_, operation) = &fields["operation"] else { panic!("no symbol") };
        let text = |name: &str| match &fields[name] {
            Avro::String(text) => text.clone(),
            other => panic!("{name}: {other:?}"),
        };
        let Avro::Map(tags) = &fields["tags"] else { panic!("no tags") };
        let (transaction, at) = (text("safeSourcePosition"), text("sourcePosition"));
        match operation.as_str() {
            "BEGIN" => {
                assert!(open.is_none(), "{place}: a BEGIN in a transaction");
                assert!(seen.insert(transaction.clone()), "{place}: {transaction} begins twice");
                assert_eq!(at, transaction);
                open = Some((transaction, 0));
            }
            "COMMIT" => {
                let (begun, rows) = open.take().unwrap_or_else(|| panic!("{place}: a COMMIT of nothing"));
                assert_eq!(begun, transaction, "{place}");
                assert!(rows > 0, "{place}: {transaction} is empty");
                assert!(offset(&at) > offset(&transaction), "{at} ends {transaction}");
            }
            _ if !tags.contains_key("server_id") => {
                assert!(open.is_none(), "{place}: the load in a transaction")
            }
            _ => {
                let (begun, rows) = open.as_mut().unwrap_or_else(|| panic!("{place}: a row outside"));
                assert_eq!(*begun, transaction, "{place}");
                *rows += 1;
                continue;
            }
        }
        if operation == "BEGIN" || operation == "COMMIT" {
            assert!(record.key.is_none() && fields["fields"] == Avro::Union(0, Box::new(Avro::Null)));
            assert!(tags.contains_key("GTID") && tags.contains_key("readerThroughoutTime"), "{tags:?}");
            // of the headers only those of parts
            assert!(record.headers.iter().all(|(name, _)| name == "split" || name == "part"));
        }
    }
    assert_eq!(open, None, "{place}: a transaction without an end");
    seen
}

fn offset(position: &str) -> u64 {
    position.split_once('@').and_then(|(offset, _)| offset.parse().ok()).expect("an offset")
}
