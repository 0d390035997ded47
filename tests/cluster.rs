//! What happens to topics and to the cluster while rows are sent to them.

use crate::support::shop::{SOON, Shop, error, finished};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::sync::OnceLock;
use std::time::Duration;

/// A broker of these tests alone: some of what they change holds for everybody.
fn kafka() -> &'static Kafka {
    static OWN: OnceLock<Kafka> = OnceLock::new();
    OWN.get_or_init(|| Kafka::start(crate::support::KafkaOptions::default()))
}

/// A shop whose producer gives up what cannot be delivered after five seconds.
fn shop(name: &str) -> Shop<'static> {
    let mut shop = Shop::new(name, MySql::shared(Kind::MariaDb10_11), kafka());
    shop.text.target = "  transaction-timeout 10s\n".to_owned();
    shop
}

fn topic(shop: &Shop<'_>) -> String {
    format!("{}.items", shop.prefix)
}

/// Changes a setting of a topic, as `name=value`.
fn alter(shop: &Shop<'_>, setting: &str) {
    let entity = ["--alter", "--entity-type", "topics", "--entity-name", &topic(shop)].map(str::to_owned);
    let entity: Vec<&str> = entity.iter().map(String::as_str).chain(["--add-config", setting]).collect();
    shop.kafka.tool("kafka.admin.ConfigCommand", &entity);
}

/// F32: nothing is made in its place, and the loss is not passed over.
#[test]
fn a_topic_that_is_deleted_stops_the_task() {
    let shop = shop("deleted");
    let mut syncc = shop.run();
    shop.kafka.delete_topic(&topic(&shop));
    shop.insert("items", &[4]);
    let said = finished(&mut syncc, 26);
    for part in [topic(&shop).as_str(), "does not exist any more", "--accept-state-loss"] {
        assert!(error(&said).contains(part), "{part}: {said}");
    }
    assert!(!shop.kafka.topics().iter().any(|(name, _)| *name == topic(&shop)), "it was made again");
}

/// F33: a topic of the same name is another topic.
#[test]
fn a_topic_that_is_made_anew_stops_the_task() {
    let shop = shop("anew");
    let mut syncc = shop.run();
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.stop(&mut syncc);
    let mut syncc = shop.start(&[]);
    shop.wait_streaming(&mut syncc);
    shop.kafka.delete_topic(&topic(&shop));
    shop.kafka.create_topic(&topic(&shop), 1, &[]);
    shop.insert("items", &[5]);
    let said = finished(&mut syncc, 26);
    for part in [topic(&shop).as_str(), "deleted and made again", "--accept-state-loss"] {
        assert!(error(&said).contains(part), "{part}: {said}");
    }
    let said = shop.ends(&[], 26);
    assert!(error(&said).contains("deleted and made again"), "{said}");
}

/// F34: keys stay where they are while the task runs; the next start asks (`routes`).
#[test]
fn partitions_that_are_added_get_no_rows() {
    let mut shop = shop("added");
    shop.text.topic_block = "    partitions 2\n".to_owned();
    let mut syncc = shop.run();
    let name = topic(&shop);
    shop.kafka.add_partitions(&name, 7);
    shop.insert("items", &(4..30).collect::<Vec<_>>());
    shop.wait_ids("items", &(1..30).collect::<Vec<_>>());
    let partitions = shop.kafka.consume(&name, Isolation::ReadCommitted);
    assert!(partitions.iter().all(|record| record.partition < 2), "keys went elsewhere");
    shop.stop(&mut syncc);
}

/// F39: somebody else's open transaction in a data topic hides what comes behind it and holds up nobody but readers.
#[test]
fn a_foreign_transaction_in_a_topic_holds_up_readers_only() {
    let shop = shop("foreign");
    let mut syncc = shop.run();
    shop.stop(&mut syncc);
    let foreign: BaseProducer = shop
        .kafka
        .client()
        .set("transactional.id", format!("{}.foreign", shop.prefix))
        .create()
        .expect("valid settings");
    let patience = Duration::from_secs(20);
    foreign.init_transactions(patience).expect("the broker answers");
    foreign.begin_transaction().expect("no transaction is open");
    let name = topic(&shop);
    foreign
        .send(BaseRecord::to(&name).partition(0).key("k").payload("open"))
        .map_err(|(error, _)| error)
        .expect("the queue has room");
    foreign.flush(patience).expect("the broker answers");

    shop.insert("items", &[4]);
    let mut syncc = shop.start(&[]);
    let seq = |shop: &Shop<'_>| shop.status().map_or(0, |status| status.tasks[0].seq);
    shop.wait_streaming(&mut syncc);
    let before = seq(&shop);
    shop.insert("items", &[5]);
    shop.wait_status(&mut syncc, "the row is committed", |status| status.tasks[0].seq > before);
    assert_eq!(shop.ids("items"), [1, 2, 3], "they are hidden");
    foreign.abort_transaction(patience).expect("the broker answers");
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    shop.stop(&mut syncc);
}

/// F41: a limit that is lowered while rows are sent is read again; the row that does not fit stops the task before it.
#[test]
fn a_limit_that_is_lowered_stops_before_the_row() {
    let shop = shop("lowered");
    let mut syncc = shop.run();
    let large = |id: i64| {
        shop.sql().run(&format!(
            "insert into items select {id}, group_concat(sha2(seq + {id}, 512) separator 'c4n4ry') from seq_1_to_60"
        ));
    };
    large(4);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    alter(&shop, "max.message.bytes=3000");
    shop.insert("items", &[5]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    large(6);
    shop.insert("items", &[7]);
    let said = finished(&mut syncc, 25);
    for part in [topic(&shop).as_str(), "max.message.bytes", &format!("{}.items", shop.db)] {
        assert!(error(&said).contains(part), "{part}: {said}");
    }
    alter(&shop, "max.message.bytes=900000");
    let mut syncc = shop.start(&[]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7]);
    shop.stop(&mut syncc);
    wait::until("the broker lets go of it", SOON, || {
        if shop.status().is_none() { Ok(()) } else { Err("it runs") }
    });
}
