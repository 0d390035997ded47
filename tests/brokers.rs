//! Three brokers, of which some go and come again: leaders and coordinators change, and replicas get too few.

use crate::support::program::Running;
use crate::support::shop::{SOON, Shop, event};
use crate::support::{Isolation, Kafka, KafkaOptions, Kind, MySql, wait};

/// Three brokers, each with a copy of everything; the first is the controller, too.
struct Cluster {
    brokers: [Kafka; 3],
}

impl Cluster {
    fn start() -> Cluster {
        let first = Kafka::start(KafkaOptions {
            properties: &["transaction.state.log.replication.factor=3", "transaction.state.log.min.isr=2"],
            ..KafkaOptions::default()
        });
        let (second, third) = (first.join(2), first.join(3));
        Cluster { brokers: [first, second, third] }
    }

    /// A shop that sends to it.
    fn shop(&self, name: &str) -> Shop<'_> {
        let mut shop = Shop::new(name, MySql::shared(Kind::MariaDb10_11), &self.brokers[0]);
        shop.text.target = "  transaction-timeout 10s\n".to_owned();
        shop.text.topic_block = "    replicas 3\n    min-insync 2\n".to_owned();
        shop
    }

    /// Starts it; it knows the addresses of all brokers.
    #[track_caller]
    fn run(&self, shop: &Shop<'_>) -> Running {
        let addresses = self.brokers.each_ref().map(|broker| format!("\"{}\"", broker.brokers()));
        let all = format!("kafka {{\n  brokers {}\n", addresses.join(", "));
        let one = format!("kafka {} {{\n", addresses[0]);
        shop.project.write("shop.sync", &shop.file().replace(&one, &all));
        let mut syncc = shop.start(&[]);
        shop.wait_streaming(&mut syncc);
        syncc
    }
}

/// Waits until the topic holds these rows, each once, in the order of their ids.
#[track_caller]
fn wait_rows(shop: &Shop<'_>, syncc: &mut Running, n_rows: i64) {
    let topic = format!("{}.items", shop.prefix);
    wait::until(&format!("{n_rows} rows in order"), 4 * SOON, || {
        assert!(syncc.runs(), "{}", syncc.stderr());
        let records = shop.kafka.consume(&topic, Isolation::ReadCommitted);
        let ids: Vec<i64> = records
            .iter()
            .map(|record| {
                let message: serde_json::Value = serde_json::from_str(&record.text()).expect("JSON");
                message["data"][0]["id"].as_str().expect("values are text").parse().expect("a number")
            })
            .collect();
        let so_far: Vec<i64> = (1..=n_rows).take(ids.len()).collect();
        assert_eq!(ids, so_far, "{}", syncc.stderr());
        if ids.len() as i64 == n_rows { Ok(()) } else { Err(format!("{ids:?}\n{}", syncc.last_words())) }
    });
}

/// F30: each broker goes in turn, in an orderly way and killed, and rows are written all the while.
#[test]
fn leaders_and_coordinators_change() {
    let cluster = Cluster::start();
    let shop = cluster.shop("leaders");
    let mut syncc = cluster.run(&shop);
    let mut n_rows = 3;
    let mut insert = |syncc: &mut Running, waits: bool| {
        shop.insert("items", &[n_rows + 1, n_rows + 2]);
        n_rows += 2;
        if waits {
            wait_rows(&shop, syncc, n_rows);
        }
    };
    for goes in [Kafka::stop, Kafka::kill] {
        for (broker, is_controller) in cluster.brokers.iter().zip([true, false, false]) {
            insert(&mut syncc, true);
            // what is on its way meets it
            insert(&mut syncc, false);
            goes(broker);
            // others lead in its place, but for the controller's, which nobody else can move
            insert(&mut syncc, !is_controller);
            broker.start_again();
            insert(&mut syncc, true);
        }
    }
    shop.stop(&mut syncc);
}

/// F35: with one of three replicas nothing is acknowledged; nothing is lost or sent twice once there are enough.
#[test]
fn too_few_replicas_are_waited_for() {
    let cluster = Cluster::start();
    let shop = cluster.shop("replicas");
    let mut syncc = cluster.run(&shop);
    wait_rows(&shop, &mut syncc, 3);
    let [_, second, third] = &cluster.brokers;
    second.kill();
    third.stop();
    shop.insert("items", &[4, 5, 6]);
    wait::until("it waits", 4 * SOON, || {
        assert!(syncc.runs(), "{}", syncc.stderr());
        if event(&syncc.stderr(), "kafka.lost").is_some() { Ok(()) } else { Err(syncc.last_words()) }
    });
    assert_eq!(shop.ids("items"), [1, 2, 3], "what one replica has is not committed");
    shop.insert("items", &[7]);
    third.start_again();
    wait_rows(&shop, &mut syncc, 7);
    second.start_again();
    shop.insert("items", &[8]);
    wait_rows(&shop, &mut syncc, 8);
    shop.stop(&mut syncc);
}
