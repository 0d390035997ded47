//! Several tasks of one source: one connection for those that stand near each other, none held up by another one.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::Signal;
use serde_json::Value;
use syncc::control::TaskState;

use crate::support::kafka::Received;
use crate::support::program::Running;
use crate::support::shop::{SOON, Shop, event, finished, ids};
use crate::support::way::{Way, Weather};
use crate::support::{Isolation, Kafka, KafkaOptions, Kind, MySql, wait};

/// How long files must be left alone before they are read, ms.
const SETTLE_MS: u128 = 250;

/// Where an instance with the state directory `other` is asked.
const OTHER: &str = "other/control.sock";

/// Connections over which the log of the server is read.
fn dumps(mysql: &MySql) -> Vec<String> {
    let query = "select id from information_schema.processlist where command like 'Binlog Dump%' order by id";
    mysql.sql().text(query).into_iter().flatten().flatten().collect()
}

/// Ids under which the server knows who reads its log.
fn replicas(mysql: &MySql) -> Vec<String> {
    let query = if mysql.kind().is_mariadb() { "show slave hosts" } else { "show replicas" };
    mysql.sql().text(query).into_iter().filter_map(|row| row.into_iter().next().flatten()).collect()
}

/// Waits until so many connections read the log.
#[track_caller]
fn wait_dumps(mysql: &MySql, n_dumps: usize) -> Vec<String> {
    wait::until(&format!("{n_dumps} connections read the log"), SOON, || {
        let dumps = dumps(mysql);
        if dumps.len() == n_dumps { Ok(dumps) } else { Err(format!("{dumps:?}")) }
    })
}

/// Waits until what syncc said holds `text`.
#[track_caller]
fn wait_said(syncc: &mut Running, text: &str) {
    wait::until(&format!("`{text}` is said"), SOON, || {
        let said = syncc.stderr();
        if said.contains(text) { Ok(()) } else { Err(said) }
    });
}

/// Inserts rows of half a MiB each, more than rings and queues hold.
fn insert_large(shop: &Shop<'_>, ids: std::ops::Range<i64>) {
    let mut sql = shop.sql();
    for id in ids {
        sql.run(&format!("insert into large values ({id}, repeat('x', 500000))"));
    }
}

#[track_caller]
fn wait_topic(kafka: &Kafka, topic: &str, expected: &[i64]) {
    wait::until(&format!("{} rows in {topic}", expected.len()), SOON, || {
        let found = ids(kafka, topic);
        assert!(found.len() <= expected.len(), "something came twice in {topic}: {found:?}");
        if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
    });
}

/// A target that hangs holds up nobody: the other one goes on, and the first catches up by itself.
fn a_target_hangs(kind: Kind) {
    let mysql = MySql::start(kind, &[]);
    let (good, bad) = (Kafka::start(KafkaOptions::default()), Kafka::start(KafkaOptions::default()));
    let mut shop = Shop::new("hang", &mysql, &good);
    shop.sql().run("create table large (id int primary key, name mediumtext)");
    shop.text.include = "DB.*".to_owned();
    shop.text.rest =
        format!("target far kafka \"{}\" {{\n  state {{\n    prefix \"PREFIX\"\n  }}\n}}\n", bad.brokers());
    shop.text.source = "  readers 2\n  server-id 4001 to 4002\n".to_owned();
    let file = shop.file().replace("from shop to bus {", "{\n  from shop\n  to bus\n  to far");
    shop.project.write("shop.sync", &file);
    let mut syncc = shop.start(&[]);
    shop.wait_streaming(&mut syncc);
    assert_eq!(replicas(&mysql), ["4001"]);
    shop.insert("items", &[4]);
    let (items, large) = (format!("{}.items", shop.prefix), format!("{}.large", shop.prefix));
    for kafka in [&good, &bad] {
        wait_topic(kafka, &items, &[1, 2, 3, 4]);
    }
    assert_eq!(dumps(&mysql).len(), 1, "two tasks read over one connection");

    bad.signal(Signal::STOP);
    insert_large(&shop, 0..160);
    let rows: Vec<i64> = (0..160).collect();
    wait_topic(&good, &large, &rows);
    shop.insert("items", &[5]);
    wait_topic(&good, &items, &[1, 2, 3, 4, 5]);
    // one is seen to be parted from the other, although it hangs
    let status = shop.wait_status(&mut syncc, "one is parted from the other", |status| {
        status.tasks.iter().any(|task| task.state == TaskState::Detached)
    });
    assert!(status.streams.len() == 1 && status.streams[0].hub == 1, "{:?}", status.streams);
    bad.signal(Signal::CONT);
    wait_topic(&bad, &large, &rows);
    wait_topic(&bad, &items, &[1, 2, 3, 4, 5]);
    wait_said(&mut syncc, "stream.detached");
    wait_said(&mut syncc, "stream.merged");
    wait_dumps(&mysql, 1);
    let status = shop.wait_streaming(&mut syncc);
    assert_eq!((status.streams[0].hub, status.streams[0].private), (1, 0));
    shop.insert("items", &[6]);
    for kafka in [&good, &bad] {
        wait_topic(kafka, &items, &[1, 2, 3, 4, 5, 6]);
    }
    shop.stop(&mut syncc);
}

#[test]
fn a_target_that_hangs_holds_up_no_other_mariadb() {
    a_target_hangs(Kind::MariaDb10_11);
}

#[test]
fn a_target_that_hangs_holds_up_no_other_mysql() {
    a_target_hangs(Kind::MySql9_7);
}

/// Where all tasks of a source wait, nobody reads its log: the connection is given back, and asked for again when one goes on.
/// Waiting tasks for which there are no connections left share one.
#[test]
fn tasks_that_wait_hold_no_connection_and_share_those_there_are() {
    let mysql = MySql::start(Kind::MariaDb10_11, &[]);
    let bad = Kafka::start(KafkaOptions::default());
    let mut shop = Shop::new("waiting", &mysql, &bad);
    shop.sql().run("create table large (id int primary key, name mediumtext)");
    shop.text.include = "DB.*".to_owned();
    shop.text.source = "  readers 2\n  server-id 4011 to 4012\n".to_owned();
    let pipeline = |name: &str| {
        format!(
            "pipeline {name} from shop to bus {{\n  include DB.*\n  topic \"PREFIX.{name}.{{table}}\"\n}}\n"
        )
    };
    shop.text.rest = ["second", "third"].map(pipeline).concat();
    let mut syncc = shop.run();
    wait_dumps(&mysql, 1);
    bad.signal(Signal::STOP);
    insert_large(&shop, 0..170);
    // the tasks wait once their target has not answered for as long as a healthy one may take
    wait::until("nobody reads the log", 3 * SOON, || {
        let dumps = dumps(&mysql);
        if dumps.is_empty() { Ok(()) } else { Err(format!("{dumps:?}\n{}", syncc.last_words())) }
    });
    let closed = Instant::now();
    shop.insert("items", &[4]);
    bad.signal(Signal::CONT);
    // three tasks go on at once, and there are two connections
    let prefix = &shop.prefix;
    let topics = [prefix.clone(), format!("{prefix}.second"), format!("{prefix}.third")];
    let rows: Vec<i64> = (0..170).collect();
    let mut most = 0;
    wait::until("all rows in three topics", 3 * SOON, || {
        most = most.max(dumps(&mysql).len());
        let missing = topics.iter().find(|topic| ids(&bad, &format!("{topic}.items")).len() < 4);
        missing.map_or(Ok(()), |topic| Err(format!("{topic}, {:?}", closed.elapsed())))
    });
    for topic in &topics {
        wait_topic(&bad, &format!("{topic}.large"), &rows);
        wait_topic(&bad, &format!("{topic}.items"), &[1, 2, 3, 4]);
    }
    assert!(most <= 2, "{most} connections, `readers` is 2");
    wait_dumps(&mysql, 1);
    shop.stop(&mut syncc);
}

/// Two pipelines with positions of their own read over one connection, also after a restart at different ones.
fn two_pipelines(kind: Kind) {
    let mysql = MySql::start(kind, &[]);
    let mut shop = Shop::new("two", &mysql, Kafka::shared());
    shop.table("orders");
    shop.text.rest =
        "pipeline second from shop to bus {\n  include DB.orders\n  topic \"PREFIX.{table}\"\n}\n".to_owned();
    let mut syncc = shop.run();
    wait_dumps(&mysql, 1);
    shop.insert("items", &[4]);
    shop.insert("orders", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.wait_ids("orders", &[1, 2, 3, 4]);

    // one stands still while the other goes on
    let paused = shop.project.syncc(&["pause", "second"]);
    assert!(paused.status.success(), "{}", String::from_utf8_lossy(&paused.stderr));
    shop.insert("orders", &[5]);
    shop.sql().run("alter table orders add column more int");
    shop.sql().run("insert into orders values (6, 'six', 6)");
    shop.insert("items", &[5]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    syncc.kill();
    shop.insert("items", &[6]);
    let mut syncc = shop.start(&[]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6]);
    let resumed = shop.project.syncc(&["resume", "second"]);
    assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
    shop.sql().run("insert into orders values (7, 'seven', 7)");
    shop.wait_ids("orders", &[1, 2, 3, 4, 5, 6, 7]);
    shop.insert("items", &[7]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7]);
    wait_dumps(&mysql, 1);

    // both at once, from different places
    syncc.kill();
    let mut syncc = shop.start(&[]);
    shop.wait_streaming(&mut syncc);
    shop.insert("items", &[8]);
    shop.sql().run("insert into orders values (8, 'eight', 8)");
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7, 8]);
    shop.wait_ids("orders", &[1, 2, 3, 4, 5, 6, 7, 8]);
    wait_dumps(&mysql, 1);
    shop.stop(&mut syncc);
}

#[test]
fn two_pipelines_share_a_connection_mariadb() {
    two_pipelines(Kind::MariaDb10_11);
}

#[test]
fn two_pipelines_share_a_connection_mysql() {
    two_pipelines(Kind::MySql9_7);
}

/// Pipelines of one project in processes of their own.
#[test]
fn a_project_is_split_over_processes() {
    let mut shop = Shop::new("split", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    shop.table("orders");
    shop.text.rest =
        "pipeline second from shop to bus {\n  include DB.orders\n  topic \"PREFIX.{table}\"\n}\n".to_owned();
    shop.save();
    let said = shop.ends(&["--only", "pipeline:third"], 2);
    assert!(said.contains("there is no pipeline `third`"), "{said}");
    let mut one = shop.start(&["--only", "pipeline:shop"]);
    let mut other = shop.start(&["--only", "pipeline:second", "--state", "other"]);
    let status = shop.wait_streaming(&mut one);
    assert_eq!(status.tasks.iter().map(|task| task.task.as_str()).collect::<Vec<_>>(), ["shop.shop.bus"]);
    // a row that comes while its table is loaded may be told by both
    wait_said(&mut other, "all existing rows are loaded");
    shop.insert("items", &[4]);
    shop.insert("orders", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.wait_ids("orders", &[1, 2, 3, 4]);
    // a reload concerns who runs what it changes
    shop.edit(|text| text.rest = text.rest.replace("  topic", "  retry for 1h\n  topic"));
    wait_said(&mut other, "generation 2 active");
    shop.insert("items", &[5]);
    shop.insert("orders", &[5]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    shop.wait_ids("orders", &[1, 2, 3, 4, 5]);
    assert!(!one.stderr().contains("generation 2 active"), "{}", one.stderr());
    shop.stop(&mut one);
    shop.stop(&mut other);
}

/// A panic while a connection is opened is the error of the task that opens it, and holds up nobody.
#[cfg(feature = "failpoints")]
#[test]
fn a_panic_while_connecting_holds_up_nobody() {
    let mut shop = Shop::new("panic", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    shop.table("orders");
    shop.text.rest =
        "pipeline second from shop to bus {\n  include DB.orders\n  topic \"PREFIX.{table}\"\n}\n".to_owned();
    shop.save();
    let once = [("FAILPOINTS", "hub.open=1*panic")];
    let mut syncc = shop.project.start_with(&["run", "--log", "json"], &once);
    shop.wait_streaming(&mut syncc);
    shop.wait_ids("items", &[1, 2, 3]);
    shop.wait_ids("orders", &[1, 2, 3]);
    let told = event(&syncc.stderr(), "task.retrying").unwrap_or_else(|| panic!("{}", syncc.stderr()));
    assert!(told["error"]["text"].as_str().is_some_and(|text| text.contains("a bug in syncc")), "{told}");
    shop.stop(&mut syncc);
}

/// A second instance waits for the first one to fall silent.
#[test]
fn who_stands_by_takes_over() {
    let shop = Shop::new("standby", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    let mut first = shop.run();
    let mut second = shop.start(&["--standby", "--state", "other"]);
    wait_said(&mut second, "stands by");
    let said = shop.project.syncc(&["status", "--control", OTHER, "--format", "json"]);
    let status: serde_json::Value = serde_json::from_slice(&said.stdout).expect("a status is JSON");
    let task = &status["tasks"][0];
    assert_eq!(task["state"], "standby", "{status:#}");
    assert!(task["waiting"].as_str().is_some_and(|waiting| waiting.contains("signs of life")), "{status:#}");
    let table = shop.project.syncc(&["status", "--control", OTHER]);
    assert!(String::from_utf8_lossy(&table.stdout).contains("standby"), "{table:?}");
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    first.kill();
    let killed = Instant::now();
    shop.insert("items", &[5]);
    wait_said(&mut second, "owns the task");
    let silent = killed.elapsed();
    println!("taken over {:.1} s after the owner was killed", silent.as_secs_f64());
    // four beats of five seconds, and what asking and a busy machine take; not as long as to watch twice
    assert!(silent < Duration::from_secs(40), "{silent:?}");
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    // the first comes back and stands by in its turn, and has the task after an orderly end, too
    let mut first = shop.start(&["--standby"]);
    wait_said(&mut first, "stands by");
    shop.stop(&mut second);
    // and is not left to find out by its silence
    wait_said(&mut first, "has given the task up");
    shop.insert("items", &[6]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6]);
    shop.stop(&mut first);
}

/// Who stands by asks again whether the task stands still once it has it: the state may say another thing by then.
#[test]
fn a_pause_outlives_its_owner() {
    let shop = Shop::new("still", MySql::shared(Kind::MySql9_7), Kafka::shared());
    let mut first = shop.run();
    let mut second = shop.start(&["--standby", "--state", "other"]);
    wait_said(&mut second, "stands by");
    let said = shop.project.syncc(&["pause", "shop"]);
    assert!(said.status.success(), "{said:?}");
    first.kill();
    shop.insert("items", &[4]);
    wait_said(&mut second, "owns the task");
    wait::until("the task stands still", SOON, || {
        assert!(second.runs(), "{}", second.stderr());
        let said = shop.project.syncc(&["status", "--control", OTHER, "--format", "json"]);
        let status: Value = serde_json::from_slice(&said.stdout).expect("a status is JSON");
        if status["tasks"][0]["state"] == "paused" { Ok(()) } else { Err(format!("{status:#}")) }
    });
    assert_eq!(shop.ids("items"), [1, 2, 3]);
    let said = shop.project.syncc(&["resume", "shop", "--control", OTHER]);
    assert!(said.status.success(), "{said:?}");
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.stop(&mut second);
}

/// Whoever is taken over by force ends with a code of its own, and says who has the task now.
#[test]
fn who_is_taken_over_ends_with_22() {
    let shop = Shop::new("fenced", MySql::shared(Kind::MySql9_7), Kafka::shared());
    let mut first = shop.run();
    let mut second = shop.start(&["--takeover", "--state", "other"]);
    wait_said(&mut second, "owns the task");
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    let said = finished(&mut first, 22);
    let lost = event(&said, "owner.lost").unwrap_or_else(|| panic!("no owner.lost: {said}"));
    assert_eq!(lost["level"], "error", "{lost}");
    let text = lost["error"]["text"].as_str().unwrap_or_default();
    let said = shop.project.syncc(&["status", "--control", OTHER, "--format", "json"]);
    let status: serde_json::Value = serde_json::from_slice(&said.stdout).expect("a status is JSON");
    assert!(text.contains(&format!("(pid {},", status["pid"])) && text.contains("shop.shop.bus"), "{lost}");
    // the other one has noticed nothing
    shop.insert("items", &[5]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    shop.stop(&mut second);
    assert!(event(&second.stderr(), "kafka.lost").is_none(), "{}", second.stderr());
}

/// Words of the owner in the state topic of the task, committed ones.
fn words_of_owner(shop: &Shop<'_>) -> Vec<Value> {
    let topic = format!("{}.shop.shop.bus.state", shop.prefix);
    let of_owner = |record: &Received| record.key.as_deref() == Some(b"owner");
    let payload = |record: &Received| {
        let text = record.text();
        let json = text.splitn(3, ' ').nth(2).unwrap_or_else(|| panic!("no record: {text}"));
        serde_json::from_str(json).expect("it is JSON")
    };
    shop.kafka
        .consume(&topic, Isolation::ReadCommitted)
        .iter()
        .filter(|one| of_owner(one))
        .map(payload)
        .collect()
}

/// A source that goes in the middle of a transaction is waited for, and who waits is seen to live: before it tries again, and
/// while it does, because a source that takes connections and says nothing is waited for much longer.
#[test]
fn who_waits_for_a_source_is_seen_to_live() {
    for weather in [Weather::Gone, Weather::Silent] {
        waits_for_a_source(weather);
    }
}

fn waits_for_a_source(weather: Weather) {
    let way = Way::open();
    let mysql = MySql::start(Kind::MariaDb10_11, &[]);
    way.lead_to(mysql.address());
    let mut shop = Shop::new("waits", &mysql, Kafka::shared());
    shop.sql().run("create table large (id int primary key, name mediumtext)");
    shop.text.include = "DB.*".to_owned();
    shop.text.address = way.address();
    let mut syncc = shop.run();
    let before = shop.status().expect("a status").tasks[0].records;
    way.turn(Weather::Slow { delay: Duration::ZERO, bytes_per_second: 1 << 20 });
    let mut sql = shop.sql();
    sql.run("begin");
    for id in 0..32 {
        sql.run(&format!("insert into large values ({id}, repeat('x', 500000))"));
    }
    sql.run("commit");
    shop.wait_status(&mut syncc, "rows are on their way", |status| status.tasks[0].records > before + 3);
    way.turn(weather);
    let n_words = wait::until("the loss is noticed", SOON, || {
        let recoveries = shop.status().map_or(0, |status| status.tasks[0].recoveries);
        if recoveries > 0 { Ok(words_of_owner(&shop).len()) } else { Err(syncc.stderr()) }
    });
    wait::until("the owner is seen to live", SOON, || {
        assert!(syncc.runs(), "{}", syncc.stderr());
        let n_now = words_of_owner(&shop).len();
        if n_now >= n_words + 4 { Ok(()) } else { Err(n_now.to_string()) }
    });
    assert_eq!(shop.ids("items"), [1, 2, 3]);
    way.turn(Weather::Fair);
    wait_topic(shop.kafka, &format!("{}.large", shop.prefix), &(0..32).collect::<Vec<_>>());
    shop.stop(&mut syncc);
}

/// Of two that take a task which nobody has, the slower stands by where it may, and disturbs the other one no longer than that.
#[cfg(feature = "failpoints")]
#[test]
fn who_stands_by_and_comes_too_late_stands_by_again() {
    let shop = Shop::new("late", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    let mut first = shop.run();
    shop.stop(&mut first);
    let late = [("FAILPOINTS", "start.peeked=1*sleep(15000)")];
    let mut other =
        shop.project.start_with(&["run", "--log", "json", "--standby", "--state", "other"], &late);
    wait::until("the slower one is about to look who has the task", SOON, || {
        let said = shop.project.syncc(&["status", "--control", OTHER, "--format", "json"]);
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let is_near = said.contains("the target has not answered yet what it is asked at the start");
        if is_near { Ok(()) } else { Err(said) }
    });
    let mut first = shop.start(&[]);
    shop.wait_streaming(&mut first);
    wait_said(&mut other, "took task shop.shop.bus while this one started");
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    wait_said(&mut other, "stands by");
    let said = shop.project.syncc(&["status", "--control", OTHER, "--format", "json"]);
    let status: Value = serde_json::from_slice(&said.stdout).expect("a status is JSON");
    let task = &status["tasks"][0];
    assert_eq!((&task["state"], &task["error"]), (&Value::from("standby"), &Value::Null), "{status:#}");
    assert!(first.runs() && other.runs(), "{}\n{}", first.stderr(), other.stderr());
    shop.stop(&mut first);
    wait_said(&mut other, "owns the task");
    shop.insert("items", &[5]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    shop.stop(&mut other);
}

/// An edit in the search for the first position is taken without giving the task up.
#[test]
fn an_edit_in_the_first_search_keeps_the_task() {
    let mysql = MySql::start(Kind::MariaDb10_11, &[]);
    let way = Way::open();
    way.lead_to(mysql.address());
    let mut shop = Shop::new("search", &mysql, Kafka::shared());
    let first = shop.sql().text("show binary logs")[0][0].clone().expect("a file");
    shop.sql().run("create table large (id int primary key, name mediumtext)");
    insert_large(&shop, 0..8);
    shop.text.address = way.address();
    shop.text.rules = format!("  start at binlog \"{first}:4\"\n");
    way.turn(Weather::Slow { delay: Duration::ZERO, bytes_per_second: 100 << 10 });
    shop.save();
    let mut syncc = shop.start(&[]);
    // who starts now, too, sees that somebody has the task
    wait::until("the owner is seen to live", SOON, || {
        let topics = shop.kafka.topics();
        let there = topics.iter().any(|(topic, _)| *topic == format!("{}.shop.shop.bus.state", shop.prefix));
        let n_words = if there { words_of_owner(&shop).len() } else { 0 };
        if n_words >= 2 { Ok(()) } else { Err(n_words.to_string()) }
    });
    shop.edit(|text| text.rules.push_str("  split after 1GiB\n"));
    wait_said(&mut syncc, "task.swapped");
    way.turn(Weather::Fair);
    shop.wait_ids("items", &[1, 2, 3]);
    let words = words_of_owner(&shop);
    assert!(words.iter().all(|word| word["released"] == false), "{words:?}");
    assert_eq!(syncc.stderr().matches("owner.acquired").count(), 1, "{}", syncc.stderr());
    shop.stop(&mut syncc);
}

/// Producer id and epoch of a task, as its cluster knows them.
fn producer(kafka: &Kafka, transactional_id: &str) -> String {
    let class = "org.apache.kafka.tools.TransactionsCommand";
    let said = kafka.tool(class, &["describe", "--transactional-id", transactional_id]);
    let mut lines = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let (head, row) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let of = |name: &str| {
        let at = head.iter().position(|word| *word == name).unwrap_or_else(|| panic!("no {name}: {said}"));
        row[at].to_owned()
    };
    format!("{} {}", of("ProducerId"), of("ProducerEpoch"))
}

/// A reload touches only the task that it changes, and takes effect soon.
#[test]
fn a_reload_leaves_other_tasks_alone() {
    let mysql = MySql::start(Kind::MariaDb10_11, &[]);
    let mut shop = Shop::new("alone", &mysql, Kafka::shared());
    let tables = ["one", "two", "three"];
    for table in ["orders"].iter().chain(&tables) {
        shop.table(table);
    }
    shop.text.rest =
        "pipeline second from shop to bus {\n  include DB.orders\n  topic \"PREFIX.{table}\"\n}\n".to_owned();
    let mut syncc = shop.run();
    shop.insert("orders", &[4]);
    shop.wait_ids("orders", &[1, 2, 3, 4]);
    let of_second = format!("{}.second.shop.bus", shop.prefix);
    let of_shop = format!("{}.shop.shop.bus", shop.prefix);
    let producers = || [&of_second, &of_shop].map(|id| producer(Kafka::shared(), id));
    let (connection, before) = (wait_dumps(&mysql, 1), producers());

    let mut shortest = u128::MAX;
    for table in tables {
        let saved = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        shop.edit(|text| text.include = format!("{}, DB.{table}", text.include));
        shop.insert("orders", &[saved as i64 % 1_000_000_000]);
        shop.wait_ids(table, &[1, 2, 3]);
        let records = Kafka::shared().consume(&format!("{}.{table}", shop.prefix), Isolation::ReadCommitted);
        let first = records.iter().map(|record| record.time_ms as u128).min().expect("three records");
        shortest = shortest.min(first - saved);
    }
    println!(
        "from the save of a file to the first message of its new table: {shortest} ms, {:.1} times the time in which files settle",
        shortest as f64 / SETTLE_MS as f64
    );
    // Below 4 where nothing else runs; tests run side by side, and what is waited for by mistake takes many seconds.
    assert!(shortest <= 20 * SETTLE_MS, "{shortest} ms");
    wait::until("the other pipeline sent its rows", SOON, || match shop.ids("orders").len() {
        7 => Ok(()),
        n_rows => Err(n_rows.to_string()),
    });
    // The changed task keeps its producer, too: its target is the same.
    assert_eq!((wait_dumps(&mysql, 1), producers()), (connection, before));
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.stop(&mut syncc);
}

/// A project that is copied with its state directory has the name of the one it was copied from: one of the two ends.
#[test]
fn who_has_a_copy_of_the_state_directory_does_not_fence_for_ever() {
    let shop = Shop::new("copied", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    let mut first = shop.run();
    let folder = shop.project.folder();
    std::fs::create_dir(folder.join("other")).expect("a folder");
    std::fs::copy(folder.join(".syncc/instance-id"), folder.join("other/instance-id")).expect("it is there");
    let mut second = shop.start(&["--state", "other"]);
    finished(&mut first, 22);
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.stop(&mut second);
}
