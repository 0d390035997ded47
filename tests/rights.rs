//! A cluster whose brokers grant nothing that no ACL allows: what `run` and `check --live` say of it, and that the least rights
//! are enough.

use crate::support::shop::{SOON, Shop, error, event, finished};
use crate::support::{Isolation, Kafka, KafkaOptions, Kind, MySql, wait};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::time::Duration;

/// A cluster with ACLs.
fn secured() -> Kafka {
    Kafka::start(KafkaOptions { acls: true, properties: &[] })
}

/// A shop that logs in to a cluster as [`Kafka::USER`].
fn shop(kafka: &Kafka) -> Shop<'_> {
    let mut shop = Shop::new("rights", MySql::shared(Kind::MariaDb10_11), kafka);
    shop.text.brokers = kafka.sasl_brokers();
    shop.text.target = format!(
        "  tls verify-full ca \"{}\"\n  user \"{}\" with scram-sha-512\n  password env SHOP_TEST_KAFKA\n",
        kafka.ca_file().display(),
        Kafka::USER
    );
    shop.project.env("SHOP_TEST_KAFKA", Kafka::PASSWORD);
    shop
}

/// Does what a command says that syncc printed, by the listener that needs no login.
#[track_caller]
fn obey(kafka: &Kafka, command: &str) {
    let words: Vec<&str> = command.split_whitespace().collect();
    assert_eq!(words[0], "kafka-acls", "{command}");
    let server = words.iter().position(|word| *word == "--bootstrap-server").expect("it names the cluster");
    assert_eq!(words[server + 1], kafka.sasl_brokers(), "{command}");
    let others = words[1..server].iter().chain(&words[server + 2..]).copied();
    kafka.tool("org.apache.kafka.tools.AclCommand", &others.collect::<Vec<_>>());
}

/// Each right that is missing is named with the command that grants it; whoever obeys comes to the end, and has no more rights
/// than those.
#[test]
fn each_missing_right_comes_with_its_command() {
    let kafka = secured();
    let shop = shop(&kafka);
    let mut granted = Vec::new();
    let said = loop {
        shop.save();
        let mut syncc = shop.start(&["--once"]);
        let code = syncc.wait(60);
        let said = syncc.stderr();
        if code == Some(0) {
            break said;
        }
        assert_eq!(code, Some(20), "{said}");
        let text = error(&said);
        assert!(text.contains("L0203"), "{text}");
        let command = text.lines().find(|line| line.starts_with("kafka-acls ")).expect("a command");
        assert!(!granted.contains(&command.to_owned()), "it was granted: {text}");
        obey(&kafka, command);
        granted.push(command.to_owned());
        assert!(granted.len() < 9, "{granted:?}");
    };
    assert_eq!(shop.ids("items"), [1, 2, 3], "{said}");
    let (prefix, task) = (&shop.prefix, "shop.shop.bus");
    let on = |what: String| granted.iter().any(|command| command.ends_with(&what));
    assert!(on(format!("--topic {prefix}.items")), "{granted:?}");
    assert!(on(format!("--topic {prefix}.{task}.state")), "{granted:?}");
    assert!(on(format!("--transactional-id {prefix}.{task}")), "{granted:?}");
    assert_eq!(granted.len(), 3, "{granted:?}");
}

/// What `doctor --grants` lists is enough; a right that is taken away is missed by name.
#[test]
fn the_least_rights_are_enough() {
    let kafka = secured();
    let mut shop = shop(&kafka);
    let marks = format!("{}.marks", shop.prefix);
    shop.text.rules += &format!("  markers topic \"{marks}\"\n");
    shop.save();
    grant_all(&kafka, &shop);
    let mut syncc = shop.run();
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.stop(&mut syncc);
    assert_eq!(kafka.consume(&marks, Isolation::ReadCommitted).len(), 2);

    // While nothing runs.
    let topic = format!("{}.items", shop.prefix);
    let acl =
        ["--remove", "--force", "--allow-principal", "User:alice", "--operation", "Write", "--topic", &topic];
    kafka.tool("org.apache.kafka.tools.AclCommand", &acl);
    shop.insert("items", &[5]);
    let said = shop.ends(&[], 20);
    let text = error(&said);
    for word in ["L0203", topic.as_str(), "--operation Write"] {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
    assert_eq!(kafka.consume(&topic, Isolation::ReadCommitted).len(), 4);
}

/// What `doctor --grants` lists, done.
#[track_caller]
pub(crate) fn grant_all(kafka: &Kafka, shop: &Shop<'_>) {
    let output = shop.project.syncc(&["doctor", "--grants"]);
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    let commands: Vec<&str> = listed.lines().filter(|line| line.starts_with("kafka-acls ")).collect();
    assert!(commands.len() >= 3, "{listed}");
    commands.iter().for_each(|command| obey(kafka, command));
}

/// L0209: a record of somebody else is seen by whoever may read the topic; the least rights do not ask for that.
#[test]
fn who_else_writes_to_a_topic_is_told() {
    let kafka = secured();
    let shop = shop(&kafka);
    shop.save();
    let topic = format!("{}.items", shop.prefix);
    kafka.create_topic(&topic, 2, &[]);
    let producer: BaseProducer = kafka.client().create().expect("the settings are valid");
    let foreign = BaseRecord::<[u8], [u8]>::to(&topic).partition(1).payload(b"{\"id\":1}");
    producer.send(foreign).unwrap_or_else(|(error, _)| panic!("{error}"));
    producer.flush(Duration::from_secs(20)).expect("the broker takes it");
    grant_all(&kafka, &shop);
    let check = || {
        let output = shop.project.syncc(&["check", "--live", "--format", "short"]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let said = check();
    assert!(!said.contains("L0209") && !said.contains("L0203"), "{said}");

    let read = ["--add", "--allow-principal", "User:alice", "--operation", "Read", "--topic", &topic];
    kafka.tool("org.apache.kafka.tools.AclCommand", &read);
    let ran = |said: &str| said.contains(&format!("--list --topic {topic}"));
    for (said, command) in [(check(), true), (finished(&mut shop.start(&["--once"]), 0), false)] {
        assert!(command || ran(&said), "{said}");
        for word in ["L0209", topic.as_str(), "canal-json", "partition 1, offset 0"] {
            assert!(said.contains(word), "`{word}` is not in: {said}");
        }
    }
    assert_eq!(kafka.consume(&topic, Isolation::ReadCommitted).len(), 4);

    // What syncc has written itself is no stranger's.
    let shop = self::shop(&kafka);
    let topic = format!("{}.items", shop.prefix);
    shop.save();
    grant_all(&kafka, &shop);
    let read = ["--add", "--allow-principal", "User:alice", "--operation", "Read", "--topic", &topic];
    kafka.tool("org.apache.kafka.tools.AclCommand", &read);
    finished(&mut shop.start(&["--once"]), 0);
    let output = shop.project.syncc(&["check", "--live", "--format", "short"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("L0216") && !said.contains("L0209"), "{said}");
}

/// Marks of loads are no stranger's records, whether they stand among rows or in a topic of their own.
#[test]
fn marks_of_loads_are_no_strangers() {
    let kafka = Kafka::shared();
    for markers in ["data", "topic \"PREFIX.marks\""] {
        let mut shop = Shop::new("ownmarks", MySql::shared(Kind::MariaDb10_11), kafka);
        shop.text.rules = format!("  markers {}\n", markers.replace("PREFIX", &shop.prefix));
        shop.save();
        // an empty table, so that the last record of its topic is a mark
        shop.sql().run("delete from items");
        finished(&mut shop.start(&["--once"]), 0);
        let topic = if markers == "data" { "items" } else { "marks" };
        let records = kafka.consume(&format!("{}.{topic}", shop.prefix), Isolation::ReadCommitted);
        assert!(records.last().is_some_and(|mark| !mark.header("syncc-marker").is_empty()), "{records:?}");
        kafka.delete_topic(&format!("{}.shop.shop.bus.state", shop.prefix));
        // as on a new disk: nothing tells that it ever ran but the topics
        let said = finished(&mut shop.start(&["--once", "--state", "another"]), 0);
        assert!(!said.contains("L0209"), "{said}");
        let output = shop.project.syncc(&["check", "--live", "--format", "short"]);
        assert!(!String::from_utf8_lossy(&output.stdout).contains("L0209"), "{output:?}");
    }
}

/// L0213, F37: a quota below what is sent is told when it holds back, with the command that raises it, and is no reason to
/// start anew.
#[test]
fn a_quota_that_holds_back_is_told() {
    let kafka = secured();
    let mut shop = shop(&kafka);
    shop.text.target.push_str("  compression none\n");
    shop.save();
    grant_all(&kafka, &shop);
    let quota = |rate: u32| {
        let set = format!("producer_byte_rate={rate}");
        ["--alter", "--entity-type", "users", "--entity-name", "alice", "--add-config", &set]
            .map(str::to_owned)
    };
    let set = |arguments: &[String]| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        kafka.tool("kafka.admin.ConfigCommand", &arguments);
    };
    set(&quota(20_000));
    let mut syncc = shop.run();
    shop.sql().run("insert into items select seq, repeat(md5(seq), 100) from seq_101_to_200");
    // It is told every ten seconds, and behind what is held back.
    let told = wait::until("it is told", 2 * SOON, || {
        let said = syncc.stderr();
        event(&said, "kafka.throttled").ok_or(said)
    });
    let text = told["msg"].as_str().unwrap_or_default().to_owned();
    let raise = quota(1_000_000_000);
    let command = format!("kafka-configs --bootstrap-server {} {}", kafka.sasl_brokers(), raise.join(" "));
    let command = command.replace("1000000000", "…");
    for word in ["L0213", "user `alice`", command.as_str(), "allow L0213"] {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
    set(&raise);
    shop.wait_ids("items", &(1..=3).chain(101..=200).collect::<Vec<_>>());
    shop.stop(&mut syncc);
    let said = syncc.stderr();
    for name in ["owner.lost", "task.retrying", "kafka.lost"] {
        assert!(event(&said, name).is_none(), "{name}: {said}");
    }
}

/// The findings about topics, on a topic each: what is declared or sent, how the topic is, and what is said.
#[test]
fn topics_that_do_not_fit_are_told_before_a_row() {
    let kafka = Kafka::shared();
    let check = |block: &str, table: &str, topic: (i32, &[(&str, &str)]), code: i32, words: &[&str]| {
        let mut shop = Shop::new("topics", MySql::shared(Kind::MariaDb10_11), kafka);
        shop.sql().run(table);
        shop.text.include = "DB.items, DB.other".to_owned();
        shop.text.topic_block = block.to_owned();
        kafka.create_topic(&format!("{}.other", shop.prefix), topic.0, topic.1);
        shop.save();
        let output = shop.project.syncc(&["check", "--live", "--format", "short"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains(words[0]), "{words:?} of check: {said}");
        let mut syncc = shop.start(&["--once"]);
        let said = finished(&mut syncc, code);
        for word in words {
            assert!(said.contains(word), "`{word}` is not in: {said}");
        }
    };
    let keyed = "create table other (id int primary key, name text)";
    let keyless = "create table other (id int)";
    check("    partitions 3\n", keyed, (2, &[]), 20, &["L0205", "2 partitions, and 3 are declared"]);
    check("    replicas 3\n", keyed, (1, &[]), 20, &["L0206", "3 replicas, and there are 1 brokers"]);
    check("", keyed, (1, &[("min.insync.replicas", "2")]), 20, &["L0206", "min.insync.replicas=1"]);
    check("", keyless, (1, &[("cleanup.policy", "compact")]), 20, &["L0207", "have no key"]);
    let short = [("retention.ms", "3600000"), ("cleanup.policy", "delete")];
    check("    retention 7d\n", keyed, (1, &short), 20, &["L0207", "retention.ms=604800000"]);
    check("", keyed, (1, &[("max.message.bytes", "60000")]), 0, &["L0208", "takes 60000 bytes"]);
}

/// Brokers that say nothing of their version are written to as one of the files' version.
#[test]
fn an_old_version_is_a_warning_without_transactions() {
    let kafka = Kafka::shared();
    let mut shop = Shop::new("old", MySql::shared(Kind::MariaDb10_11), kafka);
    shop.text.target = "  delivery at-least-once\n  broker-version 0.10.2\n".to_owned();
    let said = shop.ends(&["--once"], 0);
    assert!(said.contains("L0212") && said.contains("0.10.2"), "{said}");
    assert_eq!(shop.ids("items"), [1, 2, 3]);
}
