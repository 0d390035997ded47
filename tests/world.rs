//! Bad input and a bad world: what syncc says, with which exit code it ends, and that nothing is lost.

use std::fs;
use std::time::{Duration, Instant};

use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rustix::process::Signal;

use crate::support::shop::{CANARY, SOON, Shop, Text, error, event, finished, ids};
use crate::support::{Isolation, Kafka, KafkaOptions, Kind, MySql, Project, port, wait};

fn maria() -> &'static MySql {
    MySql::shared(Kind::MariaDb10_11)
}

/// A shop on the shared servers.
fn shop(name: &str) -> Shop<'static> {
    Shop::new(name, maria(), Kafka::shared())
}

/// Runs the shop, which must end with `code` and an error that has all of `words`.
#[track_caller]
fn check(shop: &Shop<'_>, code: i32, words: &[&str]) {
    let said = shop.ends(&[], code);
    has_all(&error(&said), words, &said);
}

#[track_caller]
fn has_all(text: &str, words: &[&str], said: &str) {
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}\nof: {said}");
    }
}

/// Runs the shop to the end of the load: whatever was wrong is mended, and nothing was lost or sent twice.
#[track_caller]
fn check_mended(shop: &Shop<'_>, expected: &[i64]) {
    shop.ends(&["--once"], 0);
    assert_eq!(shop.ids("items"), expected);
}

// --- found before the first row ----------------------------------------------------------------------------------

fn a_wrong_password(mysql: &MySql) {
    let mut shop = Shop::new("login", mysql, Kafka::shared());
    let address = mysql.address();
    shop.project.env("SHOP_TEST_PASSWORD", &format!("{CANARY}-wrong"));
    check(&shop, 20, &["L0102", "login", &address, &shop.user, "check `user` and `password`"]);
    shop.project.env("SHOP_TEST_PASSWORD", &format!("{CANARY}-secret"));
    check_mended(&shop, &[1, 2, 3]);
}

#[test]
fn a_missing_secret_names_its_variable() {
    let mut shop = shop("secret");
    shop.text.target = "  user \"alice\" with scram-sha-512\n  password env SHOP_TEST_GONE\n".to_owned();
    check(&shop, 20, &["S0305", "SHOP_TEST_GONE"]);
    shop.text.target.clear();
    let file = shop.file().replace("password env SHOP_TEST_PASSWORD", "password env SHOP_TEST_LOST");
    shop.project.write("shop.sync", &file);
    let said = finished(&mut shop.start(&[]), 20);
    has_all(&error(&said), &["S0305", "SHOP_TEST_LOST"], &said);
    check_mended(&shop, &[1, 2, 3]);
}

#[test]
fn a_wrong_password_is_told_at_once() {
    a_wrong_password(maria());
    a_wrong_password(MySql::shared(Kind::MySql9_7));
}

#[test]
fn a_missing_right_comes_with_its_grant() {
    a_missing_right(maria());
    a_missing_right(MySql::shared(Kind::MySql9_7));
}

fn a_missing_right(mysql: &MySql) {
    let shop = Shop::new("grants", mysql, Kafka::shared());
    let user = &shop.user;
    mysql.sql().run(&format!("revoke replication slave on *.* from '{user}'@'%'"));
    check(&shop, 20, &["L0104", "GRANT", "REPLICATION SLAVE", user]);
    mysql.sql().run(&format!("grant replication slave on *.* to '{user}'@'%'"));
    check_mended(&shop, &[1, 2, 3]);
}

#[test]
fn the_settings_of_the_log_are_checked() {
    let mysql = MySql::start(Kind::MariaDb10_11, &[]);
    let shop = Shop::new("log", &mysql, Kafka::shared());
    let set = |setting: &str| mysql.sql().run(&format!("set global {setting}"));
    set("binlog_format = MIXED");
    check(&shop, 20, &["L0106", "binlog_format", "MIXED", "ROW"]);
    set("binlog_format = ROW");
    set("binlog_row_image = MINIMAL");
    check(&shop, 20, &["L0107", "binlog_row_image", "FULL"]);
    set("binlog_row_image = FULL");
    check_mended(&shop, &[1, 2, 3]);
}

#[test]
fn a_purged_position_is_a_loss_that_is_told() {
    let mysql = MySql::start(Kind::MariaDb10_11, &[]);
    let shop = Shop::new("purged", &mysql, Kafka::shared());
    check_mended(&shop, &[1, 2, 3]);
    shop.insert("items", &[4]);
    let mut sql = mysql.sql();
    sql.run("flush binary logs");
    // a log that a reader has open stays, and the server learns that ours has gone when it sends the next event
    wait::until("the first log is purged", SOON, || {
        sql.run("purge binary logs to 'binlog.000002'");
        let logs = sql.text("show binary logs");
        if logs.len() == 1 { Ok(()) } else { Err(format!("{logs:?}")) }
    });
    let table = format!("{}.items", shop.db);
    check(&shop, 23, &["L0111", "binlog.000001", "must be loaded anew", &table]);
    assert_eq!(shop.ids("items"), [1, 2, 3], "nothing was sent over the gap");
}

#[test]
fn a_server_without_a_log_is_refused() {
    let mysql = MySql::start(Kind::MariaDb10_11, &["skip-log-bin", "log-slave-updates=OFF"]);
    let shop = Shop::new("nolog", &mysql, Kafka::shared());
    check(&shop, 20, &["L0105", "log_bin", "option file", "[mysqld]"]);
    assert!(shop.ids("items").is_empty());
}

#[test]
fn without_gtids_a_heartbeat_row_stands_for_the_locks() {
    for kind in [Kind::MySql9_7, Kind::MySql5_7] {
        let mysql = MySql::start(kind, &["gtid-mode=OFF", "enforce-gtid-consistency=OFF"]);
        let mut shop = Shop::new("beat", &mysql, Kafka::shared());
        shop.table("other");
        let mut sql = mysql.sql();
        sql.run(&format!("revoke lock tables on *.* from '{}'@'%'", shop.user));
        shop.text.source = "  heartbeat every 1s table ops.beat\n".to_owned();
        shop.text.rules = "  start snapshot {\n    chunk 1 rows\n  }\n".to_owned();

        // what is printed mends it
        let said = shop.ends(&[], 20);
        let told = error(&said);
        has_all(&told, &["L0125", "ops.beat", "L0104", "count up"], &said);
        let statements: Vec<&str> = told
            .lines()
            .filter_map(|line| {
                let at = ["CREATE ", "INSERT ", "GRANT "].iter().filter_map(|word| line.find(word)).min()?;
                Some(&line[at..])
            })
            .collect();
        assert_eq!(statements.len(), 4, "{told}");
        sql.run(&statements.concat());

        let mut syncc = shop.run();
        shop.wait_ids("items", &[1, 2, 3]);
        let said = syncc.stderr();
        assert!(!said.contains("L0122") && said.contains("L0109"), "{said}");

        // nobody writes, and the position moves
        let at = shop.status().expect("a status").tasks[0].position.clone();
        shop.wait_status(&mut syncc, "the position moves", |status| status.tasks[0].position != at);
        // what a plan takes in is looked for behind a write, and loaded
        shop.edit(|text| text.include = "DB.items, DB.other".to_owned());
        shop.wait_ids("other", &[1, 2, 3]);
        shop.insert("items", &[4]);
        shop.wait_ids("items", &[1, 2, 3, 4]);

        // a write that fails is told, and stops nobody
        sql.run(&format!("revoke update on ops.beat from '{}'@'%'", shop.user));
        wait::until("the failure is told", SOON, || {
            let said = syncc.stderr();
            event(&said, "source.heartbeat_failed").map(|_| ()).ok_or(said)
        });
        shop.insert("items", &[5]);
        shop.wait_ids("items", &[1, 2, 3, 4, 5]);
        sql.run(&format!("grant update on ops.beat to '{}'@'%'", shop.user));
        let beat = sql.text("select beat from ops.beat");
        wait::until("it is counted up again", SOON, || {
            let now = sql.text("select beat from ops.beat");
            if now == beat { Err(format!("{now:?}")) } else { Ok(()) }
        });
        shop.stop(&mut syncc);
    }
}

#[test]
fn without_gtids_mysql_is_loaded_under_short_locks() {
    for kind in [Kind::MySql9_7, Kind::MySql5_7] {
        let mysql = MySql::start(kind, &["gtid-mode=OFF", "enforce-gtid-consistency=OFF"]);
        let mut shop = Shop::new("nogtid", &mysql, Kafka::shared());
        shop.text.rules = "  start snapshot {\n    chunk 1 rows\n  }\n".to_owned();
        shop.sql().run(&format!("revoke lock tables on *.* from '{}'@'%'", shop.user));
        check(&shop, 20, &["L0104", "LOCK TABLES", "for each page of its rows"]);
        shop.sql().run(&format!("grant lock tables on *.* to '{}'@'%'", shop.user));
        let mut syncc = shop.run();
        shop.wait_ids("items", &[1, 2, 3]);
        assert!(syncc.stderr().contains("L0122"), "{}", syncc.stderr());
        shop.insert("items", &[4, 5]);
        shop.wait_ids("items", &[1, 2, 3, 4, 5]);
        shop.stop(&mut syncc);
        shop.insert("items", &[6]);
        let mut syncc = shop.run();
        shop.wait_ids("items", &[1, 2, 3, 4, 5, 6]);
        shop.stop(&mut syncc);
    }
}

#[test]
fn topics_are_not_made_where_that_is_forbidden() {
    let mut shop = shop("never");
    shop.text.topic_block = "    create never\n".to_owned();
    let topic = format!("{}.items", shop.prefix);
    check(&shop, 20, &["L0204", &topic, "create if-missing"]);
    assert!(Kafka::shared().topics().iter().all(|(name, _)| *name != topic));
    Kafka::shared().create_topic(&topic, 2, &[]);
    check_mended(&shop, &[1, 2, 3]);
}

#[test]
fn a_state_topic_must_keep_state() {
    let shop = shop("state");
    let topic = format!("{}.shop.shop.bus.state", shop.prefix);
    Kafka::shared().create_topic(&topic, 2, &[("cleanup.policy", "compact")]);
    check(&shop, 20, &["L0215", &topic, "2 partitions"]);
    let shop = self::shop("state");
    let topic = format!("{}.shop.shop.bus.state", shop.prefix);
    Kafka::shared().create_topic(&topic, 1, &[("cleanup.policy", "delete")]);
    check(&shop, 20, &["L0215", &topic, "cleanup.policy=compact"]);
}

#[test]
fn transactions_longer_than_the_brokers_allow_are_refused() {
    let kafka = Kafka::start(KafkaOptions {
        properties: &["transaction.max.timeout.ms=30000"],
        ..KafkaOptions::default()
    });
    let mut shop = Shop::new("timeout", maria(), &kafka);
    check(&shop, 20, &["L0214", "60000 ms", "30000 ms", "transaction-timeout"]);
    shop.text.target = "  transaction-timeout 30s\n".to_owned();
    check_mended(&shop, &[1, 2, 3]);
}

#[test]
fn state_of_another_task_is_left_alone() {
    let first = shop("foreign");
    check_mended(&first, &[1, 2, 3]);
    // what a mirror of topics under another name, or a restored backup, leaves
    let mut second = shop("foreign");
    second.text.pipeline = "copy".to_owned();
    let topic = format!("{}.copy.shop.bus.state", second.prefix);
    let kafka = Kafka::shared();
    kafka.create_topic(&topic, 1, &[("cleanup.policy", "compact")]);
    let producer: BaseProducer = kafka.client().create().expect("the settings are valid");
    let records = kafka.consume(&format!("{}.shop.shop.bus.state", first.prefix), Isolation::ReadCommitted);
    for record in &records {
        let key = record.key.clone().unwrap_or_default();
        let mut copy = BaseRecord::<[u8], [u8]>::to(&topic).key(key.as_slice());
        copy.payload = record.value.as_deref();
        producer.send(copy).unwrap_or_else(|(error, _)| panic!("{error}"));
    }
    producer.flush(Duration::from_secs(20)).expect("the broker takes them");
    check(&second, 20, &["L0217", "shop.shop.bus", "copy.shop.bus", "prefix"]);
    assert!(second.ids("items").is_empty());
}

#[test]
fn a_position_of_another_server_is_not_gone_on_from() {
    let mut shop = shop("server");
    check_mended(&shop, &[1, 2, 3]);
    let other = MySql::start(Kind::MariaDb10_11, &[]);
    let user = &shop.user;
    other.sql().run(&format!(
        "create database {0}; create table {0}.items (id int primary key, name text);
         create user '{user}'@'%' identified by '{CANARY}-secret'; grant all on *.* to '{user}'@'%'",
        shop.db
    ));
    shop.text.address = other.address();
    check(&shop, 23, &["another server"]);
    shop.text.address.clear();
    shop.insert("items", &[4]);
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.stop(&mut syncc);
}

// --- unreachable -------------------------------------------------------------------------------------------------

#[test]
fn an_unreachable_server_is_waited_for_as_long_as_said() {
    let mut shop = shop("away");
    shop.text.address = format!("127.0.0.1:{}", port::free());
    shop.text.rules = "  retry for 3s\n".to_owned();
    let began = Instant::now();
    check(&shop, 24, &[&shop.text.address, "retry window is over", "position is kept"]);
    assert!(began.elapsed() >= Duration::from_secs(3), "it waits as long as said");
    let said = shop.ends(&["--require-live"], 20);
    has_all(&error(&said), &["L0101", &shop.text.address], &said);
    assert!(event(&said, "source.lost").is_none(), "it does not wait:\n{said}");
    shop.text.address.clear();
    check_mended(&shop, &[1, 2, 3]);
}

#[test]
fn an_unreachable_broker_is_waited_for_as_long_as_said() {
    let mut shop = shop("brokers");
    shop.text.brokers = format!("127.0.0.1:{}", port::free());
    shop.text.rules = "  retry for 3s\n".to_owned();
    let began = Instant::now();
    check(&shop, 24, &[&shop.text.brokers, "retry window is over", "position is kept"]);
    assert!(began.elapsed() >= Duration::from_secs(3), "it waits as long as said");
    let said = shop.ends(&["--require-live"], 20);
    has_all(&error(&said), &["L0201", &shop.text.brokers], &said);
    shop.text.brokers.clear();
    check_mended(&shop, &[1, 2, 3]);
}

#[test]
fn each_end_is_waited_for_as_long_as_it_says() {
    let mut shop = shop("ends");
    let away = format!("127.0.0.1:{}", port::free());
    let (short, long) = ("  retry for 2s\n".to_owned(), "  retry for 1h\n".to_owned());
    // the word of the other end, and that of all pipelines, do not count
    shop.text.rest = "defaults {\n  retry for 1h\n}\n".to_owned();
    (shop.text.source, shop.text.target) = (short.clone(), long.clone());
    shop.text.address = away.clone();
    check(&shop, 24, &[&away, "retry window is over"]);
    shop.text.address.clear();
    (shop.text.source, shop.text.target) = (long.clone(), short.clone());
    shop.text.brokers = away.clone();
    check(&shop, 24, &[&away, "retry window is over"]);
    shop.text.brokers.clear();
    // a pipeline's own does
    (shop.text.source, shop.text.rules) = (long, short);
    shop.text.address = away.clone();
    check(&shop, 24, &[&away, "retry window is over"]);
    shop.text.address.clear();
    check_mended(&shop, &[1, 2, 3]);
}

#[test]
fn an_answer_in_a_table_block_is_about_that_table() {
    let mut shop = shop("answers");
    shop.sql().run("create table bare_1 (id int, name text); create table bare_2 (id int, name text)");
    shop.text.include = "DB.items, DB.bare_*".to_owned();
    shop.text.rules =
        "  table DB.bare_1 {\n    allow S0502 because \"its readers count rows\"\n  }\n".to_owned();
    let mut syncc = shop.run();
    let said = syncc.stderr();
    let told: Vec<&str> = said.lines().filter(|line| line.contains("S0502")).collect();
    assert!(told.len() == 1 && told[0].contains("bare_2"), "{said}");
    shop.stop(&mut syncc);
}

// --- files -------------------------------------------------------------------------------------------------------

#[test]
fn files_that_are_no_project_do_not_start() {
    let project = Project::new("files", &[]);
    let run = |project: &Project, code| {
        let mut syncc = project.start(&["run", "--log", "json"]);
        finished(&mut syncc, code)
    };
    let said = run(&project, 2);
    has_all(&said, &["S0021", "no `.sync` file", "syncc run -C"], &said);
    project.write("shop.sync", "");
    let said = run(&project, 1);
    has_all(&said, &["S0011", "edition 2026"], &said);
    project.write("shop.sync", "edition 2026\n");
    let said = run(&project, 1);
    has_all(&said, &["pipeline"], &said);
}

#[test]
fn a_file_that_goes_away_changes_nothing() {
    let shop = shop("gone");
    let mut syncc = shop.run();
    fs::remove_file(shop.project.folder().join("shop.sync")).expect("it is there");
    let status = shop.wait_refused(&mut syncc, Some("S0021"));
    assert_eq!((status.generation, status.refused.map(|refused| refused.errors)), (1, Some(1)));
    has_all(&syncc.stderr(), &["no `.sync` file"], "");
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.save();
    shop.wait_refused(&mut syncc, None);
    shop.stop(&mut syncc);
}

// --- data --------------------------------------------------------------------------------------------------------

#[test]
fn a_table_without_a_key_is_told_and_loaded_all_the_same() {
    let mut shop = shop("keyless");
    shop.sql().run(&format!(
        "create table loose (id int, name text); insert into loose values (1, '{CANARY}'), (1, '{CANARY}'), (2, null)"
    ));
    shop.edit(|text| text.include = "DB.*".to_owned());
    let mut syncc = shop.run();
    let said = syncc.stderr();
    let warned =
        said.lines().any(|line| line.contains("\"warn\"") && line.contains(&format!("{}.loose", shop.db)));
    assert!(warned, "{said}");
    shop.insert("loose", &[3]);
    shop.insert("items", &[4]);
    shop.wait_ids("loose", &[1, 1, 2, 3]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.stop(&mut syncc);
}

#[test]
fn a_message_too_large_stops_before_it_and_names_its_place() {
    let shop = shop("large");
    let topic = format!("{}.items", shop.prefix);
    Kafka::shared().create_topic(&topic, 1, &[("max.message.bytes", "3000")]);
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3]);
    let mut sql = shop.sql();
    // random, so that no compression makes it small
    sql.run(&format!(
        "insert into items values (4, '{CANARY}'); insert into items
         select 5, group_concat(sha2(seq, 512) separator '{CANARY}') from seq_1_to_60; insert into items values (6, 'a')"
    ));
    let said = finished(&mut syncc, 25);
    has_all(&error(&said), &[&topic, &format!("{}.items", shop.db), "max.message.bytes"], &said);
    let before = shop.ids("items");
    assert!(before.starts_with(&[1, 2, 3]) && !before.contains(&5) && !before.contains(&6), "{before:?}");
    Kafka::shared().alter_topic(&topic, "max.message.bytes=900000");
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6]);
    shop.stop(&mut syncc);
}

// --- instances and state -----------------------------------------------------------------------------------------

#[test]
fn a_state_directory_belongs_to_one_process() {
    let shop = shop("lock");
    let mut first = shop.run();
    let said = shop.ends(&[], 21);
    has_all(&error(&said), &["state directory", ".syncc", "in use", "--state"], &said);
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.stop(&mut first);
}

#[test]
fn a_second_instance_leaves_the_first_alone() {
    let shop = shop("twice");
    let mut first = shop.run();
    let elsewhere = Project::new("twice", &[]);
    let elsewhere = elsewhere.folder().display().to_string();
    let said = shop.ends(&["--state", &elsewhere], 21);
    let pid = shop.status().expect("the first answers").pid.to_string();
    has_all(&error(&said), &["active elsewhere", &pid, "shop.shop.bus", "--takeover"], &said);
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.stop(&mut first);
    assert!(event(&first.stderr(), "owner.lost").is_none(), "the first was not disturbed");
    // given up cleanly, it is free for anybody at once
    let said = shop.ends(&["--once", "--state", &elsewhere], 0);
    assert!(event(&said, "owner.elsewhere").is_none(), "nobody is watched:\n{said}");
    assert_eq!(shop.ids("items"), [1, 2, 3, 4]);
}

#[test]
fn lost_state_is_not_begun_anew_in_silence() {
    let shop = shop("lost");
    check_mended(&shop, &[1, 2, 3]);
    let topic = format!("{}.shop.shop.bus.state", shop.prefix);
    Kafka::shared().delete_topic(&topic);
    check(&shop, 26, &[&topic, "shop.shop.bus", "--accept-state-loss"]);
    check(&shop, 26, &[&topic]);
    assert_eq!(shop.ids("items"), [1, 2, 3], "nothing was sent");
    shop.ends(&["--accept-state-loss", "--once"], 0);
    assert_eq!(shop.ids("items"), [1, 1, 2, 2, 3, 3], "as asked for: from the beginning");
}

#[test]
fn state_lost_while_running_ends_it() {
    let mut shop = shop("vanish");
    // what is produced to a topic that is gone is given up at half of this
    shop.text.target = "  transaction-timeout 10s\n".to_owned();
    let mut syncc = shop.run();
    let topic = format!("{}.shop.shop.bus.state", shop.prefix);
    Kafka::shared().delete_topic(&topic);
    shop.insert("items", &[4]);
    let said = finished(&mut syncc, 26);
    has_all(&error(&said), &[&topic, "--accept-state-loss"], &said);
    assert_eq!(shop.ids("items"), [1, 2, 3], "what no position covers is not seen");
}

// --- stop and start ----------------------------------------------------------------------------------------------

#[test]
fn a_stop_drains_and_a_start_goes_on() {
    let shop = shop("drain");
    let mut expected = vec![1, 2, 3];
    for round in 0..3 {
        let mut syncc = shop.run();
        let from = 10 * (round + 1);
        let ids: Vec<i64> = (from..from + 5).collect();
        shop.insert("items", &ids);
        expected.extend(ids);
        shop.wait_ids("items", &expected);
        if round == 1 {
            syncc.kill();
        } else {
            shop.stop(&mut syncc);
            assert!(event(&syncc.stderr(), "task.stopped").is_some());
        }
        let ids = [from + 5, from + 6];
        shop.insert("items", &ids);
        expected.extend(ids);
    }
    // by the socket, too
    let mut syncc = shop.run();
    shop.wait_ids("items", &expected);
    syncc.signal(Signal::INT);
    finished(&mut syncc, 0);
    check_mended(&shop, &expected);
}

#[test]
fn once_ends_after_the_load() {
    let mut shop = shop("once");
    shop.table("more");
    shop.edit(|Text { include, .. }| *include = "DB.*".to_owned());
    let said = shop.ends(&["--once"], 0);
    assert!(event(&said, "task.stopped").is_some(), "{said}");
    assert_eq!((shop.ids("items"), shop.ids("more")), (vec![1, 2, 3], vec![1, 2, 3]));
    shop.insert("more", &[4]);
    shop.ends(&["--once"], 0);
    let mut syncc = shop.run();
    shop.wait_ids("more", &[1, 2, 3, 4]);
    shop.stop(&mut syncc);
    assert_eq!(ids(Kafka::shared(), &format!("{}.items", shop.prefix)), [1, 2, 3]);
}
