//! The way of a row in its shortest form, on every server: existing rows, then changes, a kill, an edit, a stop.

use std::collections::BTreeMap;

use crate::support::{Isolation, Kafka, Kind, MySql, Project, wait};

/// The project, for the tables `include` says.
fn text(server: &MySql, kafka: &Kafka, prefix: &str, include: &str) -> String {
    format!(
        "edition 2026\n\n\
         source shop mysql \"{}@{}\" {{\n  password env SMOKE_PASSWORD\n}}\n\n\
         target bus kafka \"{}\" {{\n  state {{\n    prefix \"{prefix}\"\n  }}\n}}\n\n\
         pipeline smoke from shop to bus {{\n{include}}}\n",
        MySql::USER,
        server.address(),
        kafka.brokers(),
    )
}

/// Kind of change and column `v` of the messages of a topic, in order, per key.
fn seen(kafka: &Kafka, topic: &str) -> BTreeMap<String, Vec<(String, String)>> {
    let mut seen: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for received in kafka.consume(topic, Isolation::ReadCommitted) {
        let message: serde_json::Value = serde_json::from_str(&received.text()).expect("canal-json is JSON");
        let key = String::from_utf8(received.key.expect("the table has a key")).expect("a key is JSON");
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("NULL").to_owned();
        seen.entry(key).or_default().push((text(&message["type"]), text(&message["data"][0]["v"])));
    }
    seen
}

#[track_caller]
fn check(kind: Kind) {
    let (server, kafka) = (MySql::shared(kind), Kafka::shared());
    let database = server.database("smoke");
    let prefix = kafka.prefix("smoke-state-");
    let mut sql = server.sql();
    sql.run(&format!(
        "create table {database}.t (id int primary key, v varchar(20) null);
         insert into {database}.t values (1, 'one'), (2, 'zwölf'), (3, null);
         create table {database}.late (id int primary key, v varchar(20));
         insert into {database}.late values (7, 'there before')"
    ));
    let only_t = format!("  include {database}.t\n");
    let mut project = Project::new("smoke", &[("smoke.sync", &text(server, kafka, &prefix, &only_t))]);
    project.env("SMOKE_PASSWORD", MySql::PASSWORD);
    let streams = |status: &serde_json::Value| status["tasks"][0]["state"] == "streaming";

    let mut running = project.start(&["run"]);
    project.wait_for_status(&mut running, "it follows the log", 60, streams);
    sql.run(&format!("update {database}.t set v = 'uno' where id = 1"));
    let topic = format!("{database}.t");
    wait::until("the update is in Kafka", 30, || {
        let seen = seen(kafka, &topic);
        if seen.get("{\"id\":1}").is_some_and(|it| it.len() > 1) { Ok(()) } else { Err(format!("{seen:?}")) }
    });
    running.kill();
    sql.run(&format!("delete from {database}.t where id = 2; insert into {database}.t values (4, 'four')"));

    let mut running = project.start(&["run"]);
    project.wait_for_status(&mut running, "it follows the log again", 60, streams);
    project
        .write("smoke.sync", &text(server, kafka, &prefix, &format!("{only_t}  include {database}.late\n")));
    wait::until("the new table is in Kafka", 60, || {
        let seen = seen(kafka, &format!("{database}.late"));
        if seen.is_empty() { Err(running.stderr()) } else { Ok(()) }
    });
    running.wait_for("config.active", 30);
    project.wait_for_status(&mut running, "it follows the log under the new plan", 60, |status| {
        streams(status) && status["generation"] == 2
    });
    assert_eq!(running.stop(), Some(0), "{}", running.stderr());

    let rows = |all: &[(&str, &[(&str, &str)])]| -> BTreeMap<String, Vec<(String, String)>> {
        let own = |(kind, v): &(&str, &str)| ((*kind).to_owned(), (*v).to_owned());
        all.iter().map(|(key, it)| (format!("{{\"id\":{key}}}"), it.iter().map(own).collect())).collect()
    };
    assert_eq!(
        seen(kafka, &topic),
        rows(&[
            ("1", &[("INSERT", "one"), ("UPDATE", "uno")]),
            ("2", &[("INSERT", "zwölf"), ("DELETE", "zwölf")]),
            ("3", &[("INSERT", "NULL")]),
            ("4", &[("INSERT", "four")]),
        ])
    );
    assert_eq!(seen(kafka, &format!("{database}.late")), rows(&[("7", &[("INSERT", "there before")])]));
}

#[test]
fn mariadb_to_kafka() {
    check(Kind::MariaDb10_11);
}

#[test]
fn mysql_9_7_to_kafka() {
    check(Kind::MySql9_7);
}

#[test]
fn mysql_8_0_to_kafka() {
    check(Kind::MySql8_0);
}
