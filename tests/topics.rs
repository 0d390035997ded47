//! Topics as they are declared, and names that are known only when a table appears.

use crate::support::shop::{Shop, error, event, finished};
use crate::support::{Kafka, KafkaOptions, Kind, MySql};

/// Most signs of a topic's name.
const LONGEST: usize = 249;

fn shop(name: &str) -> Shop<'static> {
    Shop::new(name, MySql::shared(Kind::MariaDb10_11), Kafka::shared())
}

#[test]
fn a_topic_is_made_as_declared_and_filled_as_the_target_says() {
    let mut shop = shop("declared");
    shop.text.topic_block =
        "    partitions 3\n    replicas 1\n    min-insync 1\n    cleanup compact, delete\n    retention 2h\n"
            .to_owned();
    shop.text.target =
        "  acks all\n  linger 20ms\n  batch 16KiB\n  in-flight 1\n  compression gzip\n".to_owned();
    let mut syncc = shop.run();
    shop.insert("items", &[4, 5]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    shop.stop(&mut syncc);
    let topic = format!("{}.items", shop.prefix);
    let found = shop.kafka.topics().into_iter().find(|(name, _)| *name == topic);
    assert_eq!(found, Some((topic.clone(), 3)));
    let told = shop.kafka.tool(
        "kafka.admin.ConfigCommand",
        &["--describe", "--entity-type", "topics", "--entity-name", &topic],
    );
    for setting in ["min.insync.replicas=1", "retention.ms=7200000"] {
        assert!(told.contains(setting), "{setting}: {told}");
    }
    let policy = ["cleanup.policy=compact,delete", "cleanup.policy=delete,compact"];
    assert!(policy.iter().any(|policy| told.contains(policy)), "{told}");
    // Every way to send it, over the same rows.
    for (n, target) in [
        "  compression none\n",
        "  compression lz4\n  batch 1MiB\n  linger 0ms\n  in-flight 5\n",
        "  compression snappy\n",
        "  compression zstd\n",
    ]
    .into_iter()
    .enumerate()
    {
        shop.edit(|text| text.target = target.to_owned());
        let id = 6 + n as i64;
        let mut syncc = shop.start(&[]);
        shop.insert("items", &[id]);
        shop.wait_ids("items", &(1..=id).collect::<Vec<_>>());
        shop.stop(&mut syncc);
    }
}

/// The task stops before the first row of a table whose topic has no name that Kafka takes.
#[track_caller]
fn check(name: &str, filler: usize, table: &str, words: &[&str]) {
    let mut shop = shop(name);
    shop.text.include = "DB.*".to_owned();
    shop.text.topic = format!("PREFIX.{}{{table}}", "x".repeat(filler));
    let mut syncc = shop.run();
    let own = format!("{}items", "x".repeat(filler));
    shop.wait_ids(&own, &[1, 2, 3]);
    shop.table(&format!("`{table}`"));
    let said = finished(&mut syncc, 25);
    let told = error(&said);
    for word in [table, &shop.db].iter().chain(words) {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert_eq!(shop.ids(&own), [1, 2, 3]);
}

#[test]
fn a_name_that_kafka_refuses_stops_before_the_table() {
    check("illegal", 0, "caf\u{e9}", &["is no topic name"]);
    check("toolong", LONGEST - 64, &"t".repeat(64), &["is no topic name", "249"]);
}

#[test]
fn a_name_of_the_greatest_length_is_taken() {
    let mut shop = shop("longest");
    let used = shop.prefix.len() + ".items".len();
    let filler = "y".repeat(LONGEST - used - 1);
    shop.text.topic = format!("PREFIX.{filler}.{{table}}");
    let mut syncc = shop.run();
    shop.wait_ids(&format!("{filler}.items"), &[1, 2, 3]);
    assert!(shop.kafka.topics().iter().any(|(topic, _)| topic.len() == LONGEST));
    shop.stop(&mut syncc);
}

/// S0403, with names that are known only when the table is there.
#[test]
fn a_table_that_comes_to_the_topic_of_another_stops() {
    let mut shop = shop("onetopic");
    let (old, new) = (format!("{}.big_items", shop.db), format!("{}_big.items", shop.db));
    shop.table("big_items");
    shop.mysql.sql().run(&format!("create database {}_big", shop.db));
    shop.text.include = "DB.*, DB_big.*".to_owned();
    shop.text.topic = "PREFIX.{db}_{table}".to_owned();
    let mut syncc = shop.run();
    let topic = format!("{}_big_items", shop.db);
    shop.wait_ids(&topic, &[1, 2, 3]);
    shop.mysql.sql().run(&format!("create table {new} (id int primary key, name text)"));
    shop.mysql.sql().run(&format!("insert into {new} values (9, 'c4n4ry 9')"));
    let said = finished(&mut syncc, 25);
    for word in ["S0403", &old, &new, "another sign"] {
        assert!(error(&said).contains(word), "{word}: {said}");
    }
    assert_eq!(shop.ids(&topic), [1, 2, 3]);
    let said = shop.ends(&["--once"], 20);
    assert!(error(&said).contains("S0403") && error(&said).contains("goes to topic"), "{said}");
}

#[test]
fn a_table_that_takes_the_name_of_another_stops_or_waits() {
    let rename = "  key origin, id\n  rename table DB./(?<base>[a-z]+)_eu/ to \"{base}\"\n";
    let mut shop = shop("collide");
    shop.text.include = "DB.*".to_owned();
    shop.text.rules = rename.to_owned();
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3]);
    // One that takes no other's name is sent.
    shop.table("more_eu");
    shop.wait_ids("more", &[1, 2, 3]);
    shop.table("items_eu");
    let said = finished(&mut syncc, 25);
    let (old, new) = (format!("{}.items", shop.db), format!("{}.items_eu", shop.db));
    for word in ["S0403", &old, &new, "`exclude`"] {
        assert!(error(&said).contains(word), "{word}: {said}");
    }
    assert_eq!(shop.ids("items"), [1, 2, 3]);

    // Where both are there, the start is refused, and `check` says it.
    let said = shop.ends(&["--once"], 20);
    assert!(error(&said).contains("S0403") && error(&said).contains(&new), "{said}");
    let output = shop.project.syncc(&["check", "--live", "--format", "short"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("S0403") && said.contains(&new), "{said}");
    shop.text.rules = format!("{rename}  exclude DB.items_eu\n");
    let mut syncc = shop.run();
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.stop(&mut syncc);

    // With `park` that table waits, and the others go on.
    let mut shop = self::shop("collide");
    shop.text.include = "DB.*".to_owned();
    shop.text.rules = format!("{rename}  on-error park\n");
    let mut syncc = shop.run();
    shop.table("items_eu");
    let table = format!("{}.items_eu", shop.db);
    let status = shop.wait_status(&mut syncc, "it waits", |status| {
        status.tasks[0].parked.iter().any(|parked| parked.table == table)
    });
    assert!(status.tasks[0].parked[0].reason.contains("S0403"), "{status:?}");
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.stop(&mut syncc);
}

#[test]
fn weaker_acknowledgements_are_warned_of_and_sent_or_refused() {
    for acks in ["1", "0"] {
        let mut shop = shop("acks");
        shop.text.target = format!("  delivery at-least-once\n  acks {acks}\n");
        let mut syncc = shop.run();
        shop.insert("items", &[4, 5]);
        shop.wait_ids("items", &[1, 2, 3, 4, 5]);
        shop.stop(&mut syncc);
        let output = shop.project.syncc(&["check", "--format", "short"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains("warning[S0803]"), "{said}");

        shop.text.target = format!("  acks {acks}\n");
        shop.save();
        let mut refused = shop.start(&[]);
        let said = finished(&mut refused, 1);
        assert!(said.contains("S0810"), "{said}");
    }
}

/// Topics of three replicas stand the loss of a broker: rows go on, nothing is lost or sent twice.
#[test]
fn three_replicas_stand_the_loss_of_a_broker() {
    let kafka = Kafka::start(KafkaOptions {
        properties: &["transaction.state.log.replication.factor=3", "transaction.state.log.min.isr=2"],
        ..KafkaOptions::default()
    });
    let others = [kafka.join(2), kafka.join(3)];
    let mut shop = Shop::new("replicas", MySql::shared(Kind::MariaDb10_11), &kafka);
    shop.text.topic_block = "    replicas 3\n    min-insync 2\n    partitions 3\n".to_owned();
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3]);
    let said = syncc.stderr();
    assert!(!said.contains("L0216") && event(&said, "topic.created").is_some(), "{said}");
    for topic in [format!("{}.items", shop.prefix), format!("{}.shop.shop.bus.state", shop.prefix)] {
        let told = kafka.tool("org.apache.kafka.tools.TopicCommand", &["--describe", "--topic", &topic]);
        assert!(told.contains("ReplicationFactor: 3") && told.contains("min.insync.replicas=2"), "{told}");
    }
    others[0].kill();
    shop.insert("items", &[4, 5, 6, 7, 8, 9]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    shop.stop(&mut syncc);

    shop.text.topic = "PREFIX.more.{table}".to_owned();
    shop.text.topic_block = "    replicas 4\n".to_owned();
    shop.text.pipeline = "other".to_owned();
    let said = shop.ends(&["--once"], 20);
    assert!(error(&said).contains("L0206") && error(&said).contains("4 replicas"), "{said}");
}
