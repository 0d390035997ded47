//! What a task waits for that does not move although something waits: each reason is told, and ends with it.

use std::collections::BTreeMap;
use std::time::Duration;

use rustix::process::Signal;
use syncc::control::TaskState;

use crate::support::program::Running;
use crate::support::shop::{SOON, Shop, event, ids};
use crate::support::way::{Way, Weather};
use crate::support::{Kafka, KafkaOptions, Kind, MySql, wait};

/// The reason of each pipeline.
const REASONS: [(&str, &str); 4] = [
    ("shop", "existing rows were asked for, and the source does not send them"),
    ("keyless", "a table without a usable key is read at one place, and the log waits for its rows"),
    ("slow", "a source transaction has begun, and the source sends no more of it"),
    ("commits", "the target has not acknowledged a commit"),
];

/// What is told of each pipeline that stalls.
fn stalled(shop: &Shop<'_>) -> BTreeMap<String, String> {
    let tasks = shop.status().map(|status| status.tasks).unwrap_or_default();
    let told = tasks.into_iter().filter_map(|task| {
        let pipeline = task.task.split('.').next().unwrap_or_default().to_owned();
        Some((pipeline, task.stalled?))
    });
    told.collect()
}

/// Waits until a topic holds these ids, each once.
#[track_caller]
fn wait_topic(kafka: &Kafka, topic: &str, expected: &[i64]) {
    wait::until(&format!("rows in {topic}"), 3 * SOON, || {
        let found = ids(kafka, topic);
        assert!(found.len() <= expected.len(), "something came twice in {topic}: {found:?}");
        if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
    });
}

/// Waits until each of these reasons has been told of its pipeline.
#[track_caller]
fn wait_told(shop: &Shop<'_>, syncc: &Running, reasons: &[(&str, &str)]) {
    let mut left = reasons.to_vec();
    wait::until("every reason is told", 4 * SOON, || {
        let told = stalled(shop);
        left.retain(|(pipeline, reason)| {
            let wanted = format!("although something waits: {reason}");
            !told.get(*pipeline).is_some_and(|told| told.ends_with(&wanted))
        });
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?} of {told:#?}\n{}", syncc.last_words())) }
    });
}

/// Waits until these pipelines follow the log.
#[track_caller]
fn wait_streaming(shop: &Shop<'_>, syncc: &mut Running, pipelines: &[&str]) {
    shop.wait_status(syncc, "they follow the log", |status| {
        let streams = |pipeline: &&str| {
            let prefix = format!("{pipeline}.");
            let mut tasks = status.tasks.iter().filter(|task| task.task.starts_with(&prefix));
            tasks.any(|task| task.state == TaskState::Streaming)
        };
        pipelines.iter().all(streams)
    });
}

#[test]
fn each_reason_of_a_stall_is_told_and_ends_with_it() {
    let mysql = MySql::start(Kind::MariaDb10_11, &[]);
    let (good, far) = (Kafka::start(KafkaOptions::default()), Kafka::start(KafkaOptions::default()));
    let way = Way::open();
    way.lead_to(mysql.address());
    let mut shop = Shop::new("stalls", &mysql, &good);
    shop.table("orders");
    shop.sql().run(
        "create table keyless (id int, name text);
         insert into keyless values (1, 'one'), (2, 'two'), (3, 'three');
         create table huge (id int primary key, name mediumtext)",
    );
    let source = |name: &str, address: &str| {
        let user = &shop.user;
        format!("source {name} mysql \"{user}@{address}\" {{\n  password env SHOP_TEST_PASSWORD\n}}\n")
    };
    let target = |name: &str, brokers: &str| {
        format!(
            "target {name} kafka \"{brokers}\" {{\n  transaction-timeout 300s\n  state {{\n    prefix \"PREFIX\"\n  }}\n}}\n"
        )
    };
    let pipeline = |name: &str, source: &str, target: &str, table: &str| {
        format!(
            "pipeline {name} from {source} to {target} {{\n  include DB.{table}\n  topic \"PREFIX.{{table}}\"\n  \
             split after 1GiB\n}}\n"
        )
    };
    let address = mysql.address();
    shop.text.rest = [
        source("place", &address),
        source("narrow", &way.address()),
        source("other", &address),
        target("patient", &good.brokers()),
        target("far", &far.brokers()),
        pipeline("keyless", "place", "bus", "keyless"),
        pipeline("slow", "narrow", "patient", "huge"),
        pipeline("commits", "other", "far", "orders"),
    ]
    .concat();
    // who reads the rows of these tables waits
    let mut locks = shop.sql();
    locks.run("lock tables items write, keyless write");
    shop.save();
    let mut syncc = shop.start(&[]);
    wait_streaming(&shop, &mut syncc, &["slow", "commits"]);
    let topic = |table: &str| format!("{}.{table}", shop.prefix);
    // how far topics reach is asked for now, and not again for a minute
    shop.insert("orders", &[4]);
    wait_topic(&far, &topic("orders"), &[1, 2, 3, 4]);
    way.turn(Weather::Slow { delay: Duration::ZERO, bytes_per_second: 3 << 10 });
    far.signal(Signal::STOP);
    shop.sql().run("insert into huge values (1, repeat('x', 900000))");
    shop.insert("orders", &[5]);

    wait_told(&shop, &syncc, &REASONS);
    assert!(event(&syncc.stderr(), "task.stalled").is_some(), "{}", syncc.stderr());

    locks.run("unlock tables");
    way.turn(Weather::Fair);
    far.signal(Signal::CONT);
    wait_topic(&good, &topic("items"), &[1, 2, 3]);
    wait_topic(&good, &topic("keyless"), &[1, 2, 3]);
    wait_topic(&good, &topic("huge"), &[1]);
    wait_topic(&far, &topic("orders"), &[1, 2, 3, 4, 5]);
    wait::until("nothing stalls", SOON, || {
        let told = stalled(&shop);
        if told.is_empty() { Ok(()) } else { Err(format!("{told:#?}")) }
    });
    shop.stop(&mut syncc);
}

/// What is held up by other means than those: a view that is not opened, and a start.
const MORE_REASONS: [(&str, &str); 2] = [
    (
        "view",
        "a table without a usable key is to be read at one place, and the source has not opened a view of it",
    ),
    ("shop", "the source has not answered yet what it is asked at the start"),
];

#[test]
fn views_and_starts_are_told() {
    let (mysql, kafka) = (MySql::shared(Kind::MySql9_7), Kafka::shared());
    let way = Way::open();
    way.lead_to(mysql.address());
    way.turn(Weather::Slow { delay: Duration::ZERO, bytes_per_second: 150 });
    let mut shop = Shop::new("stalls2", mysql, kafka);
    shop.sql().run(
        "create table keyless (id int, name text);
         insert into keyless values (1, 'one'), (2, 'two'), (3, 'three')",
    );
    shop.text.address = way.address();
    shop.text.rest = format!(
        "source locked mysql \"{}@{}\" {{\n  password env SHOP_TEST_PASSWORD\n}}\n\
         pipeline view from locked to bus {{\n  include DB.keyless\n  topic \"PREFIX.{{table}}\"\n}}\n",
        shop.user,
        mysql.address()
    );
    let mut locks = shop.sql();
    locks.run("lock tables keyless write");
    shop.save();
    let mut syncc = shop.start(&[]);
    // before it has become a stall, it is seen what a start waits for
    shop.wait_status(&mut syncc, "what the start waits for", |status| {
        status.tasks.iter().any(|task| {
            let waiting = task.waiting.as_deref().unwrap_or_default();
            task.task.starts_with("shop.") && waiting.starts_with("because the source has not answered yet")
        })
    });
    wait_told(&shop, &syncc, &MORE_REASONS);
    locks.run("unlock tables");
    way.turn(Weather::Fair);
    let topic = |table: &str| format!("{}.{table}", shop.prefix);
    wait_topic(kafka, &topic("items"), &[1, 2, 3]);
    wait_topic(kafka, &topic("keyless"), &[1, 2, 3]);
    shop.stop(&mut syncc);
}

/// A target that is slower than its source is full, and where it stands still that is told.
#[test]
fn a_full_target_is_told() {
    let mysql = MySql::start(Kind::MariaDb10_11, &[]);
    let way = Way::open();
    let far = Kafka::behind(&way);
    let mut shop = Shop::new("full", &mysql, &far);
    shop.text.brokers = way.address();
    shop.text.target = "  transaction-timeout 300s\n  compression none\n".to_owned();
    shop.text.rules = "  split after 1GiB\n".to_owned();
    shop.text.include = "DB.*".to_owned();
    shop.sql().run("create table wide (id int primary key, name mediumtext)");
    let mut syncc = shop.run();
    let before = shop.status().expect("a status").tasks[0].records;
    // what the queue of a producer holds, and as much again, while far less than that arrives
    way.turn(Weather::Slow { delay: Duration::ZERO, bytes_per_second: 1 << 20 });
    let mut sql = shop.sql();
    sql.run("begin");
    for id in 1..=80 {
        sql.run(&format!("insert into wide values ({id}, repeat('x', 900000))"));
    }
    sql.run("commit");
    // inside of the transaction nothing is committed: from here on the target is only written to
    shop.wait_status(&mut syncc, "rows are on their way", |status| status.tasks[0].records > before);
    way.turn(Weather::Silent);
    wait_told(&shop, &syncc, &[("shop", "the target takes no more rows")]);
    way.turn(Weather::Fair);
    wait_topic(&far, &format!("{}.wide", shop.prefix), &(1..=80).collect::<Vec<_>>());
    shop.stop(&mut syncc);
}
