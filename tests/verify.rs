//! `syncc verify` against real servers: nothing is found where nothing is wrong, though both ends go on, and whatever is planted
//! in a topic is found.

use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rustix::process::Signal;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::kafka::Received;
use crate::support::registry::Registry;
use crate::support::shop::{CANARY, SOON, Shop};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};

/// Runs `syncc verify shop …`: exit code, what it found, what it said besides.
#[track_caller]
fn verify(shop: &Shop<'_>, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let output = shop.project.syncc(&[&["verify", "shop", "--format", "json"], arguments].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, said) = (text(&output.stdout), text(&output.stderr));
    assert!(!out.contains(CANARY) && !said.contains(CANARY), "a row was told:\n{out}{said}");
    (output.status.code(), serde_json::from_str(&out).unwrap_or_default(), said)
}

/// What was found about a table.
#[track_caller]
fn of<'r>(report: &'r Value, table: &str) -> &'r Value {
    let tables = report["tables"].as_array().unwrap_or_else(|| panic!("no report: {report}"));
    let ends = |one: &&Value| one["table"].as_str().is_some_and(|name| name.ends_with(&format!(".{table}")));
    tables.iter().find(ends).unwrap_or_else(|| panic!("no {table} in {report:#}"))
}

fn counts(table: &Value) -> [u64; 4] {
    ["rows", "missing", "extra", "different"].map(|name| table[name].as_u64().expect("a number"))
}

#[track_caller]
fn clean(shop: &Shop<'_>, arguments: &[&str]) -> Value {
    let (code, report, said) = verify(shop, arguments);
    assert_eq!(code, Some(0), "{report:#}\n{said}");
    report
}

fn records(shop: &Shop<'_>, table: &str) -> Vec<Received> {
    shop.kafka.consume(&format!("{}.{table}", shop.prefix), Isolation::ReadCommitted)
}

/// Sends a record as somebody else would.
#[track_caller]
fn plant(shop: &Shop<'_>, table: &str, like: &Received, value: Option<&[u8]>) {
    let producer: BaseProducer = shop.kafka.client().create().expect("the settings are valid");
    let topic = format!("{}.{table}", shop.prefix);
    let mut record = BaseRecord::<[u8], [u8]>::to(&topic).partition(like.partition);
    if let Some(key) = &like.key {
        record = record.key(key);
    }
    if let Some(value) = value {
        record = record.payload(value);
    }
    producer.send(record).map_err(|(error, _)| error).expect("the queue has room");
    producer.flush(Duration::from_secs(30)).expect("the broker takes it");
}

/// A shop with a table of many types, part of which is sent, and one without a key.
fn shop(name: &str, kind: Kind, format: &str) -> Shop<'static> {
    shop_on(name, MySql::shared(kind), format)
}

/// The same on this server.
fn shop_on<'s>(name: &str, server: &'s MySql, format: &str) -> Shop<'s> {
    let mut shop = Shop::new(name, server, Kafka::shared());
    let db = shop.db.clone();
    shop.sql().run(
        "create table people (
           id bigint unsigned not null, shard char(3) not null, name varchar(60) character set latin1, born date,
           at timestamp(3) null, score decimal(12,4), ratio double, doc json, photo varbinary(20), kind enum('a', 'b'),
           hidden text, active int not null default 1, primary key (shard, id));
         create table notes (line varchar(60), n int);
         insert into notes values ('x', 1), ('x', 1), ('y', 2)",
    );
    let mut sql = shop.sql();
    for id in 1..=60 {
        sql.run(&format!(
            "insert into people values ({id}, 's{}', 'M\u{fc}ller {CANARY} {id}', '1970-02-01', '2024-03-05 02:20:31.120',
               {id}.5, 0.1 * {id}, '{{\"a\": [1, {id}]}}', x'00ff41', 'b', '{CANARY}', {})",
            id % 3,
            id % 5
        ));
    }
    shop.text.include = format!("{db}.items, {db}.people, {db}.notes");
    shop.text.topic_block = "    partitions 3\n".into();
    shop.text.rules = format!(
        "  {format}\n  rename database {db} to other\n  table DB.people {{
    columns except hidden
    mask name keep last 2
    where active > 0
  }}\n"
    );
    shop
}

/// Writes to all tables until it is told to stop.
fn writes(shop: &Shop<'_>, stop: &AtomicBool) {
    let mut sql = shop.sql();
    let mut n = 0_u32;
    while !stop.load(Ordering::Relaxed) {
        n += 1;
        let id = n * 7 % 60 + 1;
        sql.run(&format!("update people set score = {n}, active = {} where id = {id}", n % 4));
        sql.run(&format!("insert into items values ({}, '{CANARY}')", 1_000 + n));
        match n % 4 {
            0 => sql.run(&format!("delete from items where id = {}", 1_000 + n / 2)),
            1 => sql.run(&format!("update items set id = {} where id = {}", 100_000 + n, 1_000 + n)),
            2 => sql.run(&format!("insert into notes values ('{CANARY}', {})", n % 8)),
            _ => sql.run(&format!("update notes set line = 'z' where n = {} limit 1", n % 8)),
        }
    }
}

/// Everything that a format can get wrong, planted and found.
fn planted_in(shop: &Shop<'_>) {
    let mut syncc = shop.run();
    shop.sql()
        .run(&format!("update items set name = '{CANARY} new' where id = 2; delete from items where id = 1"));
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| writes(shop, &stop));
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..3 {
                clean(shop, &[]);
            }
        }));
        stop.store(true, Ordering::Relaxed);
        if let Err(panic) = found {
            std::panic::resume_unwind(panic);
        }
    });
    let before = clean(shop, &[]);
    assert_eq!(before["differs"], false);
    let people = of(&before, "people");
    let sql_rows = shop.sql().one("select count(*) from people where active > 0");
    assert_eq!(people["rows"].to_string(), sql_rows, "{people:#}");

    // The first three messages of the load: of rows 1, 2 and 3; 1 has gone, 2 has changed, 3 is there.
    let all = records(shop, "items");
    let first = |id| all.iter().find(|record| is_row(record, id)).expect("the row was sent");
    let (extra, changed, gone) = (first(1), first(2), first(3));
    plant(shop, "items", extra, extra.value.as_deref());
    plant(shop, "items", changed, changed.value.as_deref());
    plant(shop, "items", gone, None);
    let (code, report, said) = verify(shop, &[&format!("{}.items", shop.db)]);
    assert_eq!(code, Some(1), "{report:#}\n{said}");
    assert_eq!(report["tables"].as_array().map(Vec::len), Some(1));
    let items = of(&report, "items");
    assert_eq!(counts(items)[1..], [1, 1, 1], "{items:#}");
    let findings = items["findings"].as_array().expect("findings");
    let kinds: Vec<&str> = findings.iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, ["missing", "extra", "different"]);
    assert_eq!(findings[2]["columns"], serde_json::json!(["name"]));
    assert_eq!(findings[1]["partition"], extra.partition);
    assert!(findings[0]["key"].is_null() && findings[1]["offset"].is_u64());
    // people are as they were
    let (code, report, _) = verify(shop, &[&format!("{}.people", shop.db), "--show-keys"]);
    assert_eq!(code, Some(0), "{report:#}");

    // for people, with the key where it is asked for
    let human = shop.project.syncc(&["verify", "shop", "--show-keys"]);
    let text = String::from_utf8(human.stdout).expect("text");
    assert_eq!(human.status.code(), Some(1));
    for part in [
        ", 1 missing, 1 extra, 1 different\n",
        "  missing     belongs to partition ",
        ", in name, key ",
        "the topics differ",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    // what repairs it
    shop.sql().run(&format!(
        "update items set name = '{CANARY} again' where id in (2, 3); insert into items values (1, '{CANARY}')"
    ));
    clean(shop, &[]);
    shop.stop(&mut syncc);
}

/// True for the message of the load of `items` with this id, in any format: it names the row by its text.
fn is_row(record: &Received, id: i64) -> bool {
    let name = format!("{CANARY} {id}");
    let value = record.value.as_deref().unwrap_or_default();
    value.windows(name.len()).any(|window| window == name.as_bytes())
}

#[test]
fn what_is_planted_is_found_in_canal_json() {
    let shop = shop("vcanal", Kind::MariaDb10_11, "format canal-json\n  markers data");
    planted_in(&shop);
}

/// Without GTIDs a file and an offset say what is where.
#[test]
fn what_is_planted_is_found_without_gtids() {
    let server = MySql::start(Kind::MySql5_7, &["gtid-mode=OFF", "enforce-gtid-consistency=OFF"]);
    planted_in(&shop_on("vnogtid", &server, "format canal-json"));
}

/// `json` does not name tables: those of the same columns are one in a topic, others cannot be told apart.
#[test]
fn tables_that_messages_do_not_tell_apart_are_compared_as_one_or_refused() {
    let mut shop = Shop::new("vone", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    shop.sql().run("create table more like items");
    shop.sql().run(&format!("insert into more values (11, '{CANARY}'), (12, '{CANARY}')"));
    shop.text.include = "DB.items, DB.more".into();
    shop.text.topic = "PREFIX.items".into();
    shop.text.topic_block = "    partitions 1\n".into();
    shop.text.rules = "  format json\n".into();
    let mut syncc = shop.run();
    let report = clean(&shop, &[]);
    assert_eq!((counts(of(&report, "items"))[0], counts(of(&report, "more"))[0]), (3, 2), "{report:#}");
    plant(&shop, "items", &records(&shop, "items")[0], None);
    let (code, report, said) = verify(&shop, &[]);
    assert_eq!(code, Some(1), "{report:#}\n{said}");
    shop.sql().run("alter table more add column n int");
    let (code, _, said) = verify(&shop, &[]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("have different columns") && said.contains("do not say of which table"), "{said}");
    shop.stop(&mut syncc);
}

#[test]
fn what_is_planted_is_found_in_json() {
    let mut shop = shop("vjson", Kind::MySql9_7, "format json");
    shop.text.include = "DB.items, DB.people".into();
    shop.sql().run("drop table notes; create table notes (line varchar(60), n int)");
    shop.text.topic_block = "    partitions 2\n".into();
    planted_in(&shop);
}

#[test]
fn what_is_planted_is_found_in_maxwell_json() {
    planted_in(&shop("vmaxwell", Kind::MySql9_7, "format maxwell-json"));
}

#[test]
fn what_is_planted_is_found_in_debezium_json() {
    planted_in(&shop(
        "vdebezium",
        Kind::MariaDb11_8,
        "format debezium-json {\n    schemas on\n  }\n  markers data",
    ));
}

#[test]
fn what_is_planted_is_found_in_dts_avro() {
    planted_in(&shop("vdts", Kind::MySql8_0, "format dts-avro"));
}

#[test]
fn what_is_planted_is_found_in_avro_of_a_registry() {
    for (name, format) in [("vavro", "avro"), ("vdebav", "debezium-avro")] {
        // Marks of loads are no rows, with the key that they have on a topic that compacts, too.
        let mut shop = shop(name, Kind::MySql9_7, &format!("format {format}\n  markers data"));
        shop.text.topic_block = "    partitions 3\n    cleanup compact\n".into();
        shop.text.include = "DB.items, DB.people".into();
        shop.text.target = format!("  registry \"{}\"\n", Registry::shared().url());
        planted_in(&shop);
    }
}

#[test]
fn a_little_memory_takes_several_looks_and_finds_the_same() {
    let shop = shop("vmemory", Kind::MariaDb10_11, "format canal-json");
    let mut syncc = shop.run();
    clean(&shop, &["--key-memory", "1KiB"]);
    let all = records(&shop, "people");
    plant(&shop, "people", &all[0], None);
    plant(&shop, "people", &all[1], None);
    let notes = records(&shop, "notes");
    plant(&shop, "notes", &notes[0], notes[0].value.as_deref());
    for memory in ["1KiB", "512MiB"] {
        let (code, report, said) = verify(&shop, &["--key-memory", memory]);
        assert_eq!(code, Some(1), "{said}");
        assert_eq!(counts(of(&report, "people")), [48, 2, 0, 0], "{memory}: {report:#}");
        assert_eq!(counts(of(&report, "notes")), [3, 0, 1, 0], "{memory}: {report:#}");
        assert_eq!(counts(of(&report, "items")), [3, 0, 0, 0], "{memory}: {report:#}");
    }
    shop.stop(&mut syncc);
}

#[test]
fn what_cannot_be_proved_is_told_and_is_no_difference() {
    let mut shop = Shop::new("vproof", MySql::shared(Kind::MySql9_7), Kafka::shared());
    shop.text.topic_block = "    partitions 1\n".into();
    shop.save();
    let (code, _, said) = verify(&shop, &[]);
    assert!(code == Some(2) && said.contains("has never committed anything"), "{said}");
    shop.text.rules = "  start now\n".into();
    let mut syncc = shop.run();
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[4]);
    let report = clean(&shop, &[]);
    assert_eq!(counts(of(&report, "items")), [4, 3, 0, 0]);
    assert!(of(&report, "items")["notes"][0].as_str().is_some_and(|note| note.contains("never loaded")));
    let db = &shop.db;
    let (code, _, said) = verify(&shop, &[&format!("{db}.nothing")]);
    assert!(code == Some(2) && said.contains("does not send"), "{said}");

    // A table with a former column, and one that was truncated.
    shop.sql().run(&format!(
        "alter table items add column more int default 7; insert into items values (5, '{CANARY}', 8)"
    ));
    shop.wait_ids("items", &[4, 5]);
    let report = clean(&shop, &[]);
    assert_eq!(of(&report, "items")["older"], 1, "{report:#}");
    shop.stop(&mut syncc);

    // It does not run, and the source goes on.
    shop.insert_more(6);
    let (code, _, said) = verify(&shop, &["--patience", "2s"]);
    assert!(code == Some(3) && said.contains("is it running"), "{said}");
}

#[test]
fn what_retention_has_removed_is_told_and_is_no_difference() {
    let mut shop = Shop::new("vretention", MySql::shared(Kind::MySql9_7), Kafka::shared());
    shop.text.topic_block = "    partitions 1\n".into();
    let mut syncc = shop.run();
    assert_eq!(counts(of(&clean(&shop, &[]), "items")), [3, 0, 0, 0]);
    let offsets = shop.project.folder().join("offsets.json");
    let topic = format!("{}.items", shop.prefix);
    let text =
        format!("{{\"partitions\":[{{\"topic\":\"{topic}\",\"partition\":0,\"offset\":2}}],\"version\":1}}");
    std::fs::write(&offsets, text).expect("the project's folder is writable");
    let offsets = offsets.display().to_string();
    shop.kafka.tool("org.apache.kafka.tools.DeleteRecordsCommand", &["--offset-json-file", &offsets]);
    let report = clean(&shop, &[]);
    let items = of(&report, "items");
    assert_eq!(counts(items), [3, 2, 0, 0], "{report:#}");
    assert!(items["notes"][0].as_str().is_some_and(|note| note.contains("retention")), "{report:#}");
    shop.stop(&mut syncc);
}

impl Shop<'_> {
    /// One row more in a table with the column `more`.
    fn insert_more(&self, id: i64) {
        self.sql().run(&format!("insert into items values ({id}, '{CANARY}', 1)"));
    }
}

#[test]
fn it_ends_when_it_is_asked_to() {
    let shop = shop("vstop", Kind::MariaDb10_11, "format canal-json");
    let mut syncc = shop.run();
    let sessions = || {
        let counted = "select count(*) from information_schema.processlist where user =";
        shop.sql().one(&format!("{counted} '{}'", shop.user)).parse::<u64>().expect("a number")
    };
    let before = sessions();
    let mut verifies = shop.project.start(&["verify", "shop", "--rate", "1KiB/s"]);
    // it listens to signals before it asks the source anything, and at this rate it is at work for many seconds
    wait::until("it is at the source", SOON, || {
        let now = sessions();
        if now > before { Ok(()) } else { Err(format!("{now} sessions, {before} before")) }
    });
    verifies.signal(Signal::INT);
    assert_eq!(verifies.wait(20), Some(3), "{}", verifies.stderr());
    assert!(verifies.stderr().contains("stopped before the comparison was done"), "{}", verifies.stderr());
    assert_eq!(verifies.stdout(), "");
    shop.stop(&mut syncc);
}
