//! Keys and partitions from a real server into a real cluster.

use crate::support::shop::{Shop, error};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};

const TWELVE: &str = "    partitions 12\n";

/// A shop whose `items` go by these rules; existing rows are 1 to 3.
fn shop(rules: &str) -> Shop<'static> {
    let mut shop = Shop::new("routes", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    shop.text.topic_block = TWELVE.to_owned();
    shop.text.rules = rules.to_owned();
    shop
}

/// Every record of a topic as `partition key kind`, where each partition is in order; tombstones have no kind.
fn records(shop: &Shop<'_>, table: &str) -> Vec<String> {
    let received = shop.kafka.consume(&format!("{}.{table}", shop.prefix), Isolation::ReadCommitted);
    let told = received.iter().map(|record| {
        let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or(b"-")).into_owned();
        let kind = match &record.value {
            None => "tombstone".to_owned(),
            Some(value) => {
                let message: serde_json::Value = serde_json::from_slice(value).expect("canal-json is JSON");
                message["type"].as_str().expect("a message has a type").to_owned()
            }
        };
        format!("{} {key} {kind}", record.partition)
    });
    told.collect()
}

#[track_caller]
fn wait_records(shop: &Shop<'_>, table: &str, expected: &[&str]) {
    let mut expected: Vec<String> = expected.iter().map(|it| (*it).to_owned()).collect();
    expected.sort_by_key(|record| record.split(' ').next().map(|n| n.parse::<i32>().unwrap_or(-1)));
    wait::until(&format!("{expected:?} in {table}"), 60, || {
        let records = records(shop, table);
        if records == expected { Ok(()) } else { Err(format!("{records:?}")) }
    });
}

/// The three policies of the managed service, on one project: of two tables, of one without a key, and where a key changes.
#[test]
fn policies_of_the_managed_service() {
    let mut shop = shop("  partition by key using java-hash\n  key primary as text\n");
    let db = shop.db.clone();
    shop.sql().run(
        "create table orders (id int, sku varchar(20), primary key (id, sku));
         create table log (id int);
         insert into orders values (1001, 'SKU-1');
         insert into log values (1001)",
    );
    shop.text.include = "DB.items, DB.orders, DB.log".to_owned();
    let mut syncc = shop.run();
    // Java's hash of `1` is 49, of `1001_SKU-1` -805398846
    wait_records(&shop, "items", &["1 1 INSERT", "2 2 INSERT", "3 3 INSERT"]);
    wait_records(&shop, "orders", &["2 1001,SKU-1 INSERT"]);
    wait_records(&shop, "log", &["0 - INSERT"]);
    shop.sql().run("update items set id = 1002 where id = 3; delete from log");
    wait_records(&shop, "items", &["1 1 INSERT", "2 2 INSERT", "3 3 INSERT", "3 3 DELETE", "9 1002 INSERT"]);
    wait_records(&shop, "log", &["0 - INSERT", "0 - DELETE"]);
    shop.stop(&mut syncc);

    let table = |table: &str| {
        let hash = format!("{db}{table}")
            .encode_utf16()
            .fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
        (hash & i32::MAX) % 12
    };
    let check = |rule: &str, partition: i32| {
        let mut other = Shop::new("policy", shop.mysql, shop.kafka);
        other.text.topic_block = TWELVE.to_owned();
        other.text.include = format!("{db}.items");
        other.text.rules = format!("  partition {rule}\n  key primary as text\n");
        other.ends(&["--once"], 0);
        let expected = ["1", "2", "1002"].map(|id| format!("{partition} {id} INSERT"));
        assert_eq!(records(&other, "items"), expected, "{rule}");
    };
    check("to 0", 0);
    check("by table using java-hash", table("items"));
}

/// Tombstones come where the topic compacts, each to the partition of its delete; `key-change update` splits nothing.
#[test]
fn tombstones_and_changed_keys() {
    let mut compacted = shop("");
    compacted.text.topic_block.push_str("    cleanup compact\n");
    let mut syncc = compacted.run();
    compacted.sql().run("update items set id = 1002 where id = 3; delete from items where id = 1");
    // what Kafka's Java client makes of the keys
    let of = |id: u32| {
        let key = format!("{{\"id\":{id}}}");
        (syncc::kafka::java_partition(key.as_bytes(), 12.try_into().expect("it is no zero")), key)
    };
    let expected: Vec<String> = [
        (1, "INSERT"),
        (2, "INSERT"),
        (3, "INSERT"),
        (3, "DELETE"),
        (3, "tombstone"),
        (1002, "INSERT"),
        (1, "DELETE"),
        (1, "tombstone"),
    ]
    .iter()
    .map(|(id, kind)| format!("{} {} {kind}", of(*id).0, of(*id).1))
    .collect();
    wait::until("deletes and tombstones", 60, || {
        let mut records = records(&compacted, "items");
        let mut expected = expected.clone();
        records.sort();
        expected.sort();
        if records == expected { Ok(()) } else { Err(format!("{records:?}")) }
    });
    compacted.stop(&mut syncc);

    let whole = shop("  key-change update\n  partition to 5\n");
    let mut syncc = whole.run();
    whole.sql().run("update items set id = 1002 where id = 3");
    let existing = [1, 2, 3].map(|id| format!("5 {{\"id\":{id}}} INSERT"));
    let all = [&existing[0], &existing[1], &existing[2], "5 {\"id\":1002} UPDATE"];
    wait_records(&whole, "items", &all);
    whole.stop(&mut syncc);
}

/// F34: the number of partitions is kept, and another one is refused before a row is sent.
#[test]
fn another_number_of_partitions_is_refused() {
    let mut few = shop("");
    few.text.topic_block.clear();
    few.ends(&["--once"], 0);
    let topic = format!("{}.items", few.prefix);
    let before = few.kafka.consume(&topic, Isolation::ReadUncommitted).len();
    few.kafka.add_partitions(&topic, 2);
    few.insert("items", &[4, 5, 6, 7]);
    let said = few.ends(&[], 20);
    let text = error(&said);
    for word in ["L0205", &topic, "2 partitions", "had 1", "--accept P1003"] {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
    assert_eq!(few.kafka.consume(&topic, Isolation::ReadUncommitted).len(), before, "nothing was sent");

    // Accepted, it goes on with the new number behind a fence in every partition; and stays so.
    let fences = || {
        let read = few.kafka.consume(&topic, Isolation::ReadCommitted).into_iter();
        let fences: Vec<_> = read.filter(|record| record.value.is_none()).collect();
        assert!(fences.iter().all(|fence| fence.headers.contains(&("id".to_owned(), b"P1003".to_vec()))));
        fences.iter().map(|fence| fence.partition).collect::<Vec<_>>()
    };
    let mut syncc = few.start(&["--accept", "P1003"]);
    few.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(fences(), [0, 1]);
    few.stop(&mut syncc);
    let rows = few.kafka.consume(&topic, Isolation::ReadCommitted);
    let fence =
        rows.iter().find(|record| record.partition == 0 && record.value.is_none()).map(|it| it.offset);
    let behind = rows.iter().filter(|row| row.partition == 0 && Some(row.offset) > fence).count();
    assert!(rows.iter().any(|row| row.partition == 1 && row.value.is_some()), "{rows:?}");
    assert_eq!(behind + rows.iter().filter(|row| row.partition == 1 && row.value.is_some()).count(), 4);
    let mut syncc = few.start(&[]);
    few.insert("items", &[8]);
    few.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7, 8]);

    // With an edit that says the new number, under a running task.
    few.kafka.add_partitions(&topic, 3);
    few.edit(|text| text.topic_block = "    partitions 3\n".to_owned());
    let output = few.project.syncc(&["reload", "--wait", "--accept", "P1003"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    few.insert("items", &[9]);
    few.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(fences(), [0, 0, 1, 1, 2]);
    few.stop(&mut syncc);
}
