//! Rows that cannot be sent, and what is told of them in dead-letter topics.

use crate::support::shop::{CANARY, SOON, Shop, event, finished};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};
use rustix::process::Signal;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// What is told in a topic, with the keys of its records.
#[track_caller]
fn letters(topic: &str) -> Vec<(Option<Vec<u8>>, Value)> {
    let read = Kafka::shared().consume(topic, Isolation::ReadCommitted).into_iter();
    let parsed = read.map(|record| {
        let letter = serde_json::from_str(&record.text()).expect("a letter is JSON");
        (record.key, letter)
    });
    parsed.collect()
}

/// Waits until so much is told in a topic.
#[track_caller]
fn wait_letters(topic: &str, n: usize) -> Vec<(Option<Vec<u8>>, Value)> {
    wait::until(&format!("{n} letters in {topic}"), SOON, || match letters(topic) {
        found if found.len() == n => Ok(found),
        found => Err(format!("{found:?}")),
    })
}

/// What `syncc verify` says of a table, all of it and the table's part; nothing may differ.
#[track_caller]
fn compared(shop: &Shop<'_>, table: &str) -> (Value, Value) {
    let output = shop.project.syncc(&["verify", "shop", "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert_eq!(output.status.code(), Some(0), "{report:#}\n{}", String::from_utf8_lossy(&output.stderr));
    let tables = report["tables"].as_array().expect("tables");
    let name = format!("{}.{table}", shop.db);
    let found = tables.iter().find(|one| one["table"] == name).expect("it is compared").clone();
    (report, found)
}

fn decoded(value: &Value) -> Vec<u8> {
    data_encoding::BASE64.decode(value.as_str().expect("it is text").as_bytes()).expect("it is base64")
}

/// Text of `n` hashes of `id`, which no compression makes small.
fn noise(id: u32, n: u32) -> String {
    let hash = |i: u32| data_encoding::HEXLOWER.encode(&Sha256::digest(format!("{id} {i}")));
    (0..n).map(hash).collect()
}

#[test]
fn messages_too_large_are_told_of_once_and_the_others_go_on() {
    let mut shop = Shop::new("oversize", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    shop.sql().run("alter table items add dropped varchar(20), add masked varchar(20)");
    let (topic, dead) = (format!("{}.items", shop.prefix), format!("{}.items.large", shop.prefix));
    shop.text.rules = format!(
        "  on-oversize dead-letter \"{}.{{table}}.large\"\n  commit every 20ms, 100 rows\n  table DB.items {{\n    columns except dropped\n    \
         mask masked with null\n  }}\n",
        shop.prefix
    );
    Kafka::shared().create_topic(&topic, 2, &[("max.message.bytes", "6000")]);
    let mut syncc = shop.run();
    let insert = |id: u32, n: u32| {
        shop.sql()
            .run(&format!("insert into items values ({id}, '{}', '{CANARY}-d', '{CANARY}-m')", noise(id, n)));
    };
    insert(4, 1);
    insert(5, 150);
    let found = wait_letters(&dead, 1);
    let (key, letter) = &found[0];
    for (member, expected) in [
        ("reason", Value::from("oversize")),
        ("pipeline", Value::from("shop")),
        ("source", Value::from("shop")),
        ("db", Value::from(shop.db.as_str())),
        ("table", Value::from("items")),
        ("topic", Value::from(topic.as_str())),
        ("op", Value::from("c")),
        ("row", Value::from(0)),
    ] {
        assert_eq!(letter[member], expected, "{member}: {letter}");
    }
    // What would have gone out: no masked value, no column that is not sent.
    assert_eq!(Some(&decoded(&letter["key"])), key.as_ref());
    let message = decoded(&letter["value"]);
    assert_eq!(letter["bytes"], message.len());
    assert_eq!(letter["sha256"], data_encoding::HEXLOWER.encode(&Sha256::digest(&message)));
    let message: Value = serde_json::from_slice(&message).expect("canal-json is JSON");
    assert_eq!(message["data"][0]["name"], noise(5, 150));
    assert_eq!(message["data"][0]["masked"], Value::Null);
    let shown = format!("{letter}{message}");
    assert!(!shown.contains(CANARY) && !shown.contains("dropped"), "{shown}");
    let told = event(&syncc.stderr(), "record.dead_letter").expect("it is logged");
    assert!(told["msg"].as_str().is_some_and(|text| text.contains("takes 6000")), "{told}");

    // The whole does not fit the other topic either: its beginning is told.
    Kafka::shared().alter_topic(&dead, "max.message.bytes=5000");
    shop.stop(&mut syncc);
    insert(6, 150);
    let mut syncc = shop.start(&[]);
    let (_, letter) = &wait_letters(&dead, 2)[1];
    let begins = decoded(&letter["value"]);
    assert!(begins.len() == 1024 && letter["bytes"].as_u64() > Some(9_000), "{letter}");
    shop.wait_status(&mut syncc, "it is counted", |status| status.tasks[0].counters.dead_letters == 1);

    // The limit goes down under a running task: it is read again.
    insert(7, 60);
    shop.wait_ids("items", &[1, 2, 3, 4, 7]);
    Kafka::shared().alter_topic(&topic, "max.message.bytes=1500");
    insert(8, 60);
    insert(9, 1);
    let (_, letter) = &wait_letters(&dead, 3)[2];
    assert!(letter["error"].as_str().is_some_and(|text| text.contains("takes 1500")), "{letter}");
    shop.wait_ids("items", &[1, 2, 3, 4, 7, 9]);
    // the refusal is seen by the report of the message, or by the commit that it keeps from happening
    let said = syncc.stderr();
    assert!(event(&said, "record.oversize").is_some() || said.contains("MSG_SIZE_TOO_LARGE"), "{said}");

    // An update of a key is two messages; where one does not fit, both are told.
    shop.sql().run(&format!("update items set id = 10, name = '{}' where id = 9", noise(10, 60)));
    insert(11, 1);
    shop.wait_ids("items", &[1, 2, 3, 4, 7, 9, 11]);
    let keys: Vec<_> = wait_letters(&dead, 5)[3..].iter().map(|(key, _)| key.clone()).collect();
    assert_ne!(keys[0], keys[1]);

    // Kills in between: neither rows nor what is told comes twice.
    let mut expected: Vec<i64> = vec![1, 2, 3, 4, 7, 9, 11];
    for round in 0..4 {
        for id in 20 + round * 10..28 + round * 10 {
            insert(id, if id % 2 == 0 { 60 } else { 1 });
            expected.extend((id % 2 == 1).then_some(i64::from(id)));
        }
        syncc.signal(Signal::KILL);
        drop(syncc);
        syncc = shop.start(&[]);
    }
    shop.wait_ids("items", &expected);
    let found = wait_letters(&dead, 5 + 16);
    let places: BTreeSet<String> = found
        .iter()
        .map(|(_, letter)| format!("{} {} {}", letter["file"], letter["offset"], letter["key"]))
        .collect();
    assert_eq!(places.len(), found.len(), "{found:?}");
    // 5, 6 and 8, 10 in the place of 9, and each second one: nothing is taken for lost
    let (report, table) = compared(&shop, "items");
    assert_eq!(
        (&table["missing"], &table["extra"], &table["different"]),
        (&0.into(), &0.into(), &0.into()),
        "{report}"
    );
    assert_eq!(table["letters"], 20, "{report}");
    shop.stop(&mut syncc);
}

#[test]
fn rows_that_cannot_be_read_or_written_are_told_of_and_the_others_go_on() {
    let server = MySql::start(Kind::MySql9_7, &["binlog-row-metadata=MINIMAL"]);
    let mut shop = Shop::new("letters", &server, Kafka::shared());
    shop.sql().run(
        "create table states (id int primary key, state enum('new'), secret varchar(20));
         insert into states values (1, 'new', 'c4n4ry')",
    );
    let (states, items) = (format!("{}.states.dead", shop.prefix), format!("{}.items.dead", shop.prefix));
    shop.text.include = "DB.*".to_owned();
    shop.text.rules = format!(
        "  on-error dead-letter \"{}.{{table}}.dead\"\n  table DB.states {{\n    format json\n  }}\n",
        shop.prefix
    );
    let mut syncc = shop.run();
    // A label that neither the log nor a statement in it tells.
    shop.sql().run(
        "set sql_log_bin = 0; alter table states modify state enum('new', 'old'); set sql_log_bin = 1;
         insert into states values (2, 'old', 'c4n4ry'), (3, 'new', 'c4n4ry')",
    );
    let (key, letter) = &wait_letters(&states, 1)[0];
    assert_eq!(
        (&letter["reason"], &letter["op"]),
        (&Value::from("unwritable"), &Value::from("c")),
        "{letter}"
    );
    assert_eq!(key.as_deref(), Some(&b"{\"id\":2}"[..]), "{letter}");
    assert!(letter["error"].as_str().is_some_and(|text| text.contains("`state`")), "{letter}");
    assert!(letter["value"].is_null() && !letter.to_string().contains(CANARY), "{letter}");
    let topic = format!("{}.states", shop.prefix);
    wait::until("the other rows", SOON, || {
        let read = Kafka::shared().consume(&topic, Isolation::ReadCommitted);
        let ids: Vec<Value> = read
            .iter()
            .map(|record| serde_json::from_str::<Value>(&record.text()).expect("JSON")["id"].clone())
            .collect();
        if ids == [1, 3] { Ok(()) } else { Err(format!("{ids:?}")) }
    });

    shop.wait_status(&mut syncc, "it is counted", |status| status.tasks[0].counters.dead_letters == 1);

    // Columns that nobody tells of: nothing of the event can be read. Who is awake might read them between.
    shop.stop(&mut syncc);
    shop.sql().run(
        "set sql_log_bin = 0; alter table items add column extra int; set sql_log_bin = 1;
         insert into items values (4, 'c4n4ry', 1); alter table items drop column extra",
    );
    shop.insert("items", &[5]);
    let mut syncc = shop.start(&[]);
    let (key, letter) = &wait_letters(&items, 1)[0];
    assert_eq!((&letter["reason"], &letter["op"]), (&Value::from("unreadable"), &Value::Null), "{letter}");
    assert!(
        key.is_none() && letter["offset"].as_u64() > Some(4) && !letter.to_string().contains(CANARY),
        "{letter}"
    );
    shop.wait_ids("items", &[1, 2, 3, 5]);
    shop.wait_status(&mut syncc, "it is counted", |status| status.tasks[0].counters.dead_letters == 1);
    let (report, table) = compared(&shop, "states");
    assert_eq!((&table["missing"], &table["letters"]), (&0.into(), &1.into()), "{report}");
    // which row the letter is of it does not say
    let (report, table) = compared(&shop, "items");
    assert_eq!((&table["missing"], &table["letters"]), (&1.into(), &0.into()), "{report}");
    assert!(table["notes"].to_string().contains("1 letters in its dead-letter topics"), "{report}");
    shop.stop(&mut syncc);
}

/// Where what is told does not fit either, nothing is left out.
#[test]
fn a_dead_letter_topic_that_takes_nothing_stops_before_the_row() {
    let mut shop = Shop::new("nowhere", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    let (topic, dead) = (format!("{}.items", shop.prefix), format!("{}.dead", shop.prefix));
    shop.text.rules = format!("  on-oversize dead-letter \"{dead}\"\n");
    Kafka::shared().create_topic(&topic, 1, &[("max.message.bytes", "3000")]);
    Kafka::shared().create_topic(&dead, 1, &[("max.message.bytes", "1000")]);
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3]);
    shop.sql().run(&format!("insert into items values (4, '{}')", noise(4, 60)));
    let said = finished(&mut syncc, 25);
    assert!(said.contains(&dead) && said.contains(&format!("{}.items", shop.db)), "{said}");
    assert_eq!((shop.ids("items"), letters(&dead).len()), (vec![1, 2, 3], 0));
    Kafka::shared().alter_topic(&dead, "max.message.bytes=9000");
    let mut syncc = shop.start(&[]);
    wait_letters(&dead, 1);
    shop.stop(&mut syncc);
}
