//! A pipeline that reads every source of a range, and writes their tables to one topic.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Isolation, Kafka, Kind, MySql, Project, wait};

const MEMBERS: [u32; 3] = [1, 2, 3];

/// Values of `v` in the order of their messages, per key: (origin, id).
fn seen(kafka: &Kafka, topic: &str) -> BTreeMap<(String, String), Vec<String>> {
    let mut seen: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for received in kafka.consume(topic, Isolation::ReadCommitted) {
        let message: Value = serde_json::from_str(&received.text()).expect("canal-json is JSON");
        let key: Value =
            serde_json::from_slice(&received.key.expect("a row has a key")).expect("a key is JSON");
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let v = text(&message["data"][0]["v"]);
        seen.entry((text(&key["origin"]), text(&key["id"]))).or_default().push(v);
    }
    seen
}

#[test]
fn every_member_sends_its_rows_under_keys_of_its_own() {
    let (server, kafka) = (MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    let database = server.database("ranges");
    let prefix = kafka.prefix("ranges-");
    let mut sql = server.sql();
    for n in MEMBERS {
        sql.run(&format!(
            "create database {database}_{n};
             create table {database}_{n}.orders (id int primary key, v varchar(20));
             insert into {database}_{n}.orders values (1, 'there {n}'), (2, 'too {n}')"
        ));
    }
    // Every member of the range is the same server: all that keeps their rows apart is where they come from.
    let text = |narrowed: &str| {
        format!(
            "edition 2026\n\n\
             source shard_[n:1..3] mysql \"{}@{}\" {{\n  password env \"RANGES_PASSWORD_{{n}}\"\n}}\n\n\
             target bus kafka \"{}\" {{\n  state {{\n    prefix \"{prefix}\"\n  }}\n}}\n\n\
             pipeline orders {{\n  from shard_*\n{narrowed}  to bus\n\n  include {database}_[1..3].orders\n  \
             rename database {database}_[1..3] to shop\n\n  topic \"{prefix}.{{db}}.{{table}}\"\n  \
             key origin, id\n}}\n",
            MySql::USER,
            server.address(),
            kafka.brokers(),
        )
    };
    let mut project = Project::new("ranges", &[("ranges.sync", &text(""))]);
    for n in MEMBERS {
        project.env(&format!("RANGES_PASSWORD_{n}"), MySql::PASSWORD);
    }
    let streams = |status: &Value| {
        let tasks = status["tasks"].as_array().expect("a status lists tasks");
        tasks.len() == MEMBERS.len() && tasks.iter().all(|task| task["state"] == "streaming")
    };
    let topic = format!("{prefix}.shop.orders");
    let mut expected: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let key =
        |source: u32, n: u32, id: &str| (format!("shard_{source}.{database}_{n}.orders"), id.to_owned());
    for (source, n) in MEMBERS.iter().flat_map(|source| MEMBERS.map(|n| (*source, n))) {
        expected.insert(key(source, n, "1"), vec![format!("there {n}")]);
        expected.insert(key(source, n, "2"), vec![format!("too {n}")]);
    }

    let mut running = project.start(&["run"]);
    project.wait_for_status(&mut running, "all members follow the log", 60, streams);
    assert_eq!(seen(kafka, &topic), expected);

    project.write("ranges.sync", &text(&format!("  from shard_1 {{\n    exclude {database}_2.*\n  }}\n")));
    project.wait_for_status(&mut running, "all members follow the log under the new plan", 60, |status| {
        streams(status) && status["generation"] == 2
    });
    // What shard_1 no longer sends comes before a row that it sends.
    sql.run(&format!(
        "update {database}_2.orders set v = 'later' where id = 1;
         update {database}_3.orders set v = 'later' where id = 1"
    ));
    for (source, n) in MEMBERS.iter().flat_map(|source| [(*source, 2), (*source, 3)]) {
        if (source, n) != (1, 2) {
            expected.entry(key(source, n, "1")).or_default().push("later".to_owned());
        }
    }
    wait::until("the updates are in Kafka", 60, || {
        let seen = seen(kafka, &topic);
        if seen == expected { Ok(()) } else { Err(format!("{seen:?}\n{}", running.stderr())) }
    });
    assert_eq!(running.stop(), Some(0), "{}", running.stderr());
    assert_eq!(seen(kafka, &topic), expected);
}
