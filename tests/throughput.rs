//! Rows from the log into topics, each once and in order, and how fast against what server and broker can do at best.
//!
//! `tests/bench/throughput` measures; without it a few rows show that the rig does what it says. Ratios of one run only:
//! *wire* is the time to read the same log and do nothing with it, *produce* the time to send the same records, by a
//! producer with the same settings, and do nothing else.

use crate::source::session;
use crate::source::stream::{OTHERS_TOO, events, open};
use crate::support::shop::{Shop, ids};
use crate::support::{Isolation, Kafka, KafkaOptions, Kind, MySql, Project};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::types::RDKafkaErrorCode;
use std::time::{Duration, Instant};
use syncc::mysql::position::Position;
use syncc::source::mysql::io::end_of_log;

/// Rows where nothing is measured.
const FEW_ROWS: usize = 3_000;
/// Formats and compressions; the first two are tried with few rows, too.
const COMBINATIONS: [(&str, &str); 6] = [
    ("canal-json", "none"),
    ("dts-avro", "lz4"),
    ("canal-json", "lz4"),
    ("dts-avro", "none"),
    ("json", "lz4"),
    ("debezium-json", "lz4"),
];
/// Rows of a transaction.
const TRANSACTION: usize = 1_000;
/// Time for everything, however many rows.
const PATIENCE_S: u64 = 900;

/// Thirteen columns, about 190 bytes a row in the log.
const TABLE: &str = "(id bigint unsigned primary key, customer_id int unsigned, status varchar(20), amount decimal(12,2), \
     paid tinyint(1), email varchar(100), note varchar(200), weight double, items smallint, day date, \
     created_at datetime(3), updated_at timestamp null, address text)";
const ROW: &str = "n, n mod 50000, 'new', n * 1.25, n mod 2, concat('somebody.', n, '@example.org'), null, n / 8, 3, \
     '2024-03-05', '2024-03-05 10:20:30.120', '2024-03-05 10:20:30', '12 Quai des Étoiles, 3rd floor, ring \"Meier\"'";

#[test]
fn rows_of_the_log_come_once_and_fast() {
    let rows =
        std::env::var("SYNCC_THROUGHPUT_ROWS").map_or(FEW_ROWS, |rows| rows.parse().expect("a number"));
    let mysql = MySql::start(Kind::MySql9_7, &[]);
    let kafka = Kafka::start(KafkaOptions::default());
    let mut shop = Shop::new("throughput", &mysql, &kafka);
    shop.text.include = "DB.orders".to_owned();
    let mut sql = shop.sql();
    sql.run(&format!("create table orders {TABLE}; set cte_max_recursion_depth = {TRANSACTION}"));
    let start = end_of_log(&mut session(&mysql)).expect("may ask").expect("a log");
    for first in (0..rows).step_by(TRANSACTION) {
        let last = (first + TRANSACTION).min(rows);
        sql.run(&format!(
            "insert into orders with recursive numbers as (select {first} + 1 as n union all select n + 1 from numbers \
             where n < {last}) select {ROW} from numbers"
        ));
    }
    let wire = wire(&mysql, &start);
    println!("wire            {:>9.0} rows/s", rate(rows, wire));
    let combinations = if rows > FEW_ROWS { &COMBINATIONS[..] } else { &COMBINATIONS[..2] };
    for &(format, compression) in combinations {
        anew(&mut shop, &start, format, compression);
        let (taken, processor) = stream(&shop);
        let topic = format!("{}.orders", shop.prefix);
        if format == "canal-json" {
            assert!(ids(&kafka, &topic).into_iter().eq(1..=rows as i64), "each row once");
        }
        let produce = produce(&kafka, &topic, compression, rows);
        println!(
            "{format:<10} {compression:<4} {:>9.0} rows/s, {:.2} of wire, {:.2} of produce, {:.2} µs of processor time a row",
            rate(rows, taken),
            wire.as_secs_f64() / taken.as_secs_f64(),
            produce.as_secs_f64() / taken.as_secs_f64(),
            processor.as_secs_f64() * 1e6 / rows as f64,
        );
    }
}

/// The shop with a first start at a place, in this format.
fn anew(shop: &mut Shop<'_>, start: &Position, format: &str, compression: &str) {
    let password = ("SHOP_TEST_PASSWORD", "c4n4ry-secret");
    shop.project = Project::new("throughput", &[]);
    shop.project.env(password.0, password.1);
    shop.prefix = shop.kafka.prefix("throughput");
    let (file, offset) = (&start.file.file, start.file.offset);
    shop.text.rules = format!("  format {format}\n  start at binlog \"{file}:{offset}\"\n");
    shop.text.target = format!("  compression {compression}\n");
    shop.save();
}

/// Runs syncc to the end of the log. Time from its start of reading, and processor time of the whole process.
fn stream(shop: &Shop<'_>) -> (Duration, Duration) {
    let before = processor_time_of_ended();
    let mut syncc = shop.start(&["--until", "now"]);
    syncc.wait_for("task.started", 60);
    let began = Instant::now();
    assert_eq!(syncc.wait(PATIENCE_S), Some(0), "{}", syncc.last_words());
    (began.elapsed(), processor_time_of_ended() - before)
}

/// Time to read the log behind `start`.
fn wire(mysql: &MySql, start: &Position) -> Duration {
    let mut dump = open(mysql, start, OTHERS_TOO).expect("a dump");
    let began = Instant::now();
    let mut last = began;
    // the end is told by a heartbeat, which may take its time
    events(mysql, &mut dump, |_, _| last = Instant::now());
    last - began
}

/// Time to send the records of a topic to another one, in one transaction.
fn produce(kafka: &Kafka, topic: &str, compression: &str, rows: usize) -> Duration {
    let records = kafka.consume(topic, Isolation::ReadCommitted);
    assert!(records.len() >= rows, "{topic} has {} records", records.len());
    let copy = format!("{topic}.copy");
    kafka.create_topic(&copy, 1 + records.iter().map(|record| record.partition).max().unwrap_or(0), &[]);
    let mut config = kafka.client();
    for (name, value) in [
        ("transactional.id", copy.as_str()),
        ("enable.idempotence", "true"),
        ("compression.codec", compression),
        ("linger.ms", "200"),
        ("batch.size", "1000000"),
        ("batch.num.messages", "1000000"),
        ("queue.buffering.max.kbytes", "65536"),
        ("queue.buffering.max.messages", "1000000"),
        ("delivery.report.only.error", "true"),
    ] {
        config.set(name, value);
    }
    let producer: BaseProducer = config.create().expect("the settings are valid");
    let patience = Duration::from_secs(PATIENCE_S);
    producer.init_transactions(patience).expect("a producer of its own");
    let began = Instant::now();
    producer.begin_transaction().expect("none is open");
    for record in &records {
        let mut wanted = BaseRecord::<[u8], [u8]>::to(&copy).partition(record.partition);
        wanted = match (&record.key, &record.value) {
            (Some(key), Some(value)) => wanted.key(key).payload(value),
            (Some(key), None) => wanted.key(key),
            (None, Some(value)) => wanted.payload(value),
            (None, None) => continue,
        };
        while let Err((error, same)) = producer.send(wanted) {
            assert_eq!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
            producer.poll(Duration::from_millis(1));
            wanted = same;
        }
    }
    producer.commit_transaction(patience).expect("nobody else sends there");
    began.elapsed()
}

/// Processor time of the child processes that have ended.
fn processor_time_of_ended() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let (_, fields) = stat.rsplit_once(") ").expect("the program's name stands in parentheses");
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks = |number: usize| -> u64 { fields[number - 3].parse().expect("a number") };
    // cutime and cstime, which Linux shows in hundredths of a second
    Duration::from_millis(10 * (ticks(16) + ticks(17)))
}

fn rate(rows: usize, time: Duration) -> f64 {
    rows as f64 / time.as_secs_f64()
}
