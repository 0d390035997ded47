//! Topics as they are declared, and names that are known only when a table appears.

use crate::support::shop::{Shop, error, finished};
use crate::support::{Kafka, Kind, MySql};

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
