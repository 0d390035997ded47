//! What happens to the log and to the tables of a source while, or before, they are read.

use crate::support::kafka::Received;
use crate::support::shop::{CANARY, SOON, Shop, error, event, finished};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};
use syncc::control::TaskState;

/// Both families of servers.
const KINDS: [Kind; 2] = [Kind::MariaDb10_11, Kind::MySql9_7];

/// Ends every file of the log but the last one.
#[track_caller]
fn purge(shop: &Shop<'_>) {
    let mut sql = shop.sql();
    sql.run("flush logs");
    wait::until("the log is purged", SOON, || {
        let logs = sql.text("show binary logs");
        let last = logs.last().and_then(|row| row[0].clone()).expect("there is a log");
        // a file that somebody reads stays
        sql.run(&format!("purge binary logs to '{last}'"));
        if logs.len() == 1 { Ok(()) } else { Err(format!("{logs:?}")) }
    });
}

/// Waits for these rows; one that changed while its table was loaded may come as a change and, behind it, as it is then.
#[track_caller]
fn wait_all(shop: &Shop<'_>, table: &str, expected: &[i64]) {
    wait::until(&format!("rows {expected:?} of {table}"), SOON, || {
        let mut ids = shop.ids(table);
        ids.dedup();
        if ids == expected { Ok(()) } else { Err(format!("{ids:?}")) }
    });
}

fn reset(shop: &Shop<'_>) {
    shop.sql().run(match shop.mysql.kind().is_mariadb() {
        true => "reset master",
        false => "reset binary logs and gtids",
    });
}

/// F23: a log that begins again with the same names, and reaches further than the old one did, is another log.
#[test]
fn a_log_that_was_reset_is_another_log() {
    for kind in KINDS {
        let server = MySql::start(kind, &[]);
        let shop = Shop::new("reset", &server, Kafka::shared());
        let mut syncc = shop.run();
        shop.insert("items", &[4]);
        shop.wait_ids("items", &[1, 2, 3, 4]);
        shop.stop(&mut syncc);
        reset(&shop);
        let said = shop.ends(&[], 23);
        assert!(error(&said).contains("loaded anew"), "{kind:?}: {said}");
        // one event that is longer than all of the old log: the old place lies inside of it, whatever the servers wrote
        shop.sql().run("insert into items (id, name) values (5, repeat('c4n4ry', 8000))");
        let said = shop.ends(&[], 23);
        assert!(error(&said).contains("loaded anew"), "{kind:?}: {said}");
        let live = shop.project.syncc(&["check", "--live", "--format", "short"]);
        let live = String::from_utf8_lossy(&live.stdout).into_owned();
        assert!(live.contains("L0111"), "{kind:?}: {live}");
        assert_eq!(shop.ids("items"), [1, 2, 3, 4], "{kind:?}: nothing was sent over the gap");
    }
}

/// F23: a log that begins again under its reader, who is sent nothing more and told nothing by some servers.
#[test]
fn a_log_that_is_reset_under_its_reader_is_noticed() {
    for kind in KINDS {
        let server = MySql::start(kind, &[]);
        let shop = Shop::new("under", &server, Kafka::shared());
        let mut syncc = shop.run();
        shop.insert("items", &[4]);
        shop.wait_ids("items", &[1, 2, 3, 4]);
        reset(&shop);
        shop.insert("items", &[5]);
        assert_eq!(syncc.wait(3 * SOON), Some(23), "{kind:?}: {}", syncc.stderr());
        assert!(error(&syncc.stderr()).contains("loaded anew"), "{kind:?}: {}", syncc.stderr());
    }
}

/// F10: a server that lost the end of its log in a crash has lost transactions that were sent.
#[test]
fn a_log_without_its_end_stops_the_task() {
    for kind in KINDS {
        let server = MySql::start(kind, &[]);
        let shop = Shop::new("tail", &server, Kafka::shared());
        let mut syncc = shop.run();
        shop.stop(&mut syncc);
        let file = server.folder().join("data/binlog.000001");
        let before = std::fs::metadata(&file).expect("the log is there").len();
        let mut syncc = shop.start(&[]);
        shop.insert("items", &[4]);
        shop.wait_ids("items", &[1, 2, 3, 4]);
        shop.stop(&mut syncc);
        server.kill();
        let log = std::fs::OpenOptions::new().write(true).open(&file).expect("the log is there");
        log.set_len(before).expect("the log is cut");
        server.start_again();
        shop.sql().run("delete from items where id = 4");
        let said = shop.ends(&[], 23);
        assert!(error(&said).contains("items"), "{kind:?}: {said}");
        assert_eq!(shop.ids("items"), [1, 2, 3, 4]);
    }
}

/// F22: whoever reads a file of the log keeps it.
#[test]
fn a_purge_during_a_load_does_no_harm() {
    for kind in KINDS {
        let server = MySql::start(kind, &[]);
        let mut shop = Shop::new("purgeload", &server, Kafka::shared());
        shop.text.rules = "  start snapshot {\n    chunk 2 rows\n  }\n".to_owned();
        shop.insert("items", &(4..20).collect::<Vec<_>>());
        shop.save();
        let slow = [("FAILPOINTS", "win.selected=sleep(300)")];
        let mut syncc = shop.project.start_with(&["run", "--log", "json"], &slow);
        shop.wait_status(&mut syncc, "it loads", |status| {
            status.tasks.iter().any(|task| task.state == TaskState::Snapshot && task.seq > 0)
        });
        let mut sql = shop.sql();
        for id in 20..30 {
            sql.run(&format!("insert into items values ({id}, '{CANARY}'); flush logs"));
            let logs = sql.text("show binary logs");
            let last = logs.last().and_then(|row| row[0].clone()).expect("there is a log");
            sql.run(&format!("purge binary logs to '{last}'"));
        }
        shop.wait_streaming(&mut syncc);
        wait_all(&shop, "items", &(1..30).collect::<Vec<_>>());
        shop.stop(&mut syncc);
        assert!(event(&syncc.stderr(), "task.retrying").is_none(), "{kind:?}: {}", syncc.stderr());
    }
}

/// F44: rows that a chunk has seen are gone before it is sent.
#[test]
fn rows_that_go_under_a_chunk_do_not_come_back() {
    let gone = ["truncate items", "drop table items; create table items (id int primary key, name text)"];
    for (kind, gone) in KINDS.into_iter().flat_map(|kind| gone.map(|gone| (kind, gone))) {
        let mut shop = Shop::new("gone", MySql::shared(kind), Kafka::shared());
        shop.text.topic_block = "    partitions 1\n".to_owned();
        shop.text.rules = "  start snapshot {\n    chunk 2 rows\n    parallel 1\n  }\n".to_owned();
        shop.insert("items", &(4..15).collect::<Vec<_>>());
        shop.save();
        let slow = [("FAILPOINTS", "win.selected=sleep(500)")];
        let mut syncc = shop.project.start_with(&["run", "--log", "json"], &slow);
        shop.wait_status(&mut syncc, "rows are loaded", |status| {
            status.tasks.iter().any(|task| task.state == TaskState::Snapshot && task.records > 0)
        });
        shop.sql().run(&format!("{gone}; insert into items values (100, '{CANARY}')"));
        shop.wait_streaming(&mut syncc);
        let topic = format!("{}.items", shop.prefix);
        let ids = wait::until("the row behind it", SOON, || {
            let records = shop.kafka.consume(&topic, Isolation::ReadCommitted);
            let texts: Vec<String> = records.iter().map(Received::text).collect();
            match texts.iter().position(|text| text.contains("\"id\":\"100\"")) {
                Some(at) => Ok(texts[at..].to_vec()),
                None => Err(format!("{texts:?}")),
            }
        });
        assert!(ids.iter().all(|text| text.contains("\"id\":\"100\"")), "{kind:?} {gone}: {ids:?}");
        shop.stop(&mut syncc);
        // all rows of a table that is made come by the log: the chunk is not read once more
        let is_made = gone.contains("create table");
        let redone = syncc.stderr().contains("window.redone");
        assert!(
            redone || is_made || kind == Kind::MariaDb10_11,
            "no chunk was under way: {}",
            syncc.stderr()
        );
    }
}

/// F76: while nothing runs, the key of a table that is half loaded gets another order.
#[cfg(feature = "failpoints")]
#[test]
fn a_key_that_compares_otherwise_after_a_stop_is_loaded_anew() {
    for kind in KINDS {
        let mut shop = Shop::new("order", MySql::shared(kind), Kafka::shared());
        let mut sql = shop.sql();
        sql.run("create table words (id varchar(9) character set utf8mb4 collate utf8mb4_bin primary key, name text)");
        for word in ["a", "B", "c", "D", "e"] {
            sql.run(&format!("insert into words values ('{word}', '{CANARY}')"));
        }
        shop.text.include = "DB.words".to_owned();
        shop.text.rules = "  start snapshot {\n    chunk 2 rows\n  }\n".to_owned();
        shop.save();
        let once = [("FAILPOINTS", "win.selected=1*off->sleep(60000)")];
        let mut syncc = shop.project.start_with(&["run", "--log", "json"], &once);
        let topic = format!("{}.words", shop.prefix);
        let texts = || {
            let records = shop.kafka.consume(&topic, Isolation::ReadCommitted);
            records.iter().map(Received::text).collect::<Vec<_>>()
        };
        wait::until("the first chunk", SOON, || if texts().len() == 2 { Ok(()) } else { Err("not yet") });
        syncc.kill();
        // what is greater than `D` now is not all that is missing
        sql.run("alter table words modify id varchar(9) character set utf8mb4 collate utf8mb4_general_ci");
        let mut syncc = shop.start(&[]);
        shop.wait_streaming(&mut syncc);
        for word in ["a", "B", "c", "D", "e"] {
            let sent = texts().iter().any(|text| text.contains(&format!("\"id\":\"{word}\"")));
            assert!(sent, "{kind:?} {word}: {:?}", texts());
        }
        shop.stop(&mut syncc);
    }
}

/// F73: transactions without GTID among those with GTID cannot be told apart from those that were read.
#[test]
fn gtids_that_are_switched_off_stop_the_task() {
    let server = MySql::start(Kind::MySql9_7, &[]);
    let shop = Shop::new("stepped", &server, Kafka::shared());
    let mut syncc = shop.run();
    let mut sql = server.sql();
    sql.run("set global gtid_mode = on_permissive");
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    sql.run("set global gtid_mode = off_permissive");
    shop.insert("items", &[5]);
    let said = finished(&mut syncc, 23);
    assert!(error(&said).contains("GTIDs are not of the same kind"), "{said}");
    assert_eq!(shop.ids("items"), [1, 2, 3, 4]);
}

/// F73: numbers of a domain that go back say nothing about what was read.
#[test]
fn numbers_that_go_back_in_a_domain_hide_nothing() {
    let server = MySql::start(Kind::MariaDb10_11, &["gtid-strict-mode=OFF"]);
    let shop = Shop::new("backwards", &server, Kafka::shared());
    let mut syncc = shop.run();
    let write = |id: i64, sequence: u64| {
        shop.sql()
            .run(&format!("set gtid_seq_no = {sequence}; insert into items values ({id}, '{CANARY} {id}')"));
    };
    write(4, 1_000);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    write(5, 500);
    write(6, 900);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6]);
    syncc.kill();
    write(7, 700);
    write(8, 1_001);
    write(9, 600);
    // the server does not find the place by such a number, and nothing is passed over
    let said = shop.ends(&[], 23);
    assert!(error(&said).contains("loaded anew"), "{said}");
    assert_eq!(shop.ids("items"), [1, 2, 3, 4, 5, 6]);
}

/// F64: what is no table of rows is passed over, and is not in the way of what is.
#[test]
fn sequences_are_passed_over() {
    let mut shop = Shop::new("sequences", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    shop.sql().run("create sequence numbers");
    shop.text.include = "DB.*".to_owned();
    let mut syncc = shop.run();
    shop.sql().run(&format!(
        "select nextval(numbers); create sequence more; insert into items select 3 + nextval(more), '{CANARY}'; \
         select setval(numbers, 2000)"
    ));
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.stop(&mut syncc);
    let topics = shop.kafka.topics();
    let made: Vec<&str> = topics.iter().filter_map(|(name, _)| name.strip_prefix(&shop.prefix)).collect();
    assert!(!made.contains(&".numbers") && !made.contains(&".more"), "{made:?}");
}

/// F62: a source that brings nothing to send is followed, and nothing stays open for it.
#[test]
fn a_source_without_rows_for_us_is_followed() {
    for kind in KINDS {
        let server = MySql::start(kind, &[]);
        let shop = Shop::new("filtered", &server, Kafka::shared());
        let mut syncc = shop.run();
        shop.table("others");
        purge(&shop);
        let last =
            shop.sql().text("show binary logs").pop().and_then(|mut row| row.remove(0)).expect("a log");
        let at = format!("{last}:");
        shop.wait_status(&mut syncc, "the position is in the new file", |status| {
            status.tasks[0].position.as_ref().is_some_and(|position| position.starts_with(&at))
        });
        syncc.kill();
        shop.insert("items", &[4]);
        let mut syncc = shop.start(&[]);
        shop.wait_streaming(&mut syncc);
        shop.wait_ids("items", &[1, 2, 3, 4]);
        shop.stop(&mut syncc);
    }
}

/// F56: tables come and go while others are being loaded.
#[test]
fn edits_during_a_load_harm_no_table() {
    let mut shop = Shop::new("editload", MySql::shared(Kind::MySql9_7), Kafka::shared());
    shop.table("more");
    shop.table("late");
    shop.insert("items", &(4..12).collect::<Vec<_>>());
    shop.text.include = "DB.items, DB.more".to_owned();
    shop.text.rules = "  start snapshot {\n    chunk 1 rows\n  }\n".to_owned();
    shop.save();
    let slow = [("FAILPOINTS", "win.selected=sleep(250)")];
    let mut syncc = shop.project.start_with(&["run", "--log", "json"], &slow);
    let loads = |shop: &Shop<'_>, syncc: &mut crate::support::program::Running| {
        shop.wait_status(syncc, "it loads", |status| {
            status.tasks.iter().any(|task| task.state == TaskState::Snapshot && task.seq > 0)
        })
    };
    let generation = loads(&shop, &mut syncc).tasks[0].generation;
    shop.edit(|text| text.include = "DB.items, DB.more, DB.late".to_owned());
    shop.wait_status(&mut syncc, "the edit is taken", |status| status.tasks[0].generation != generation);
    loads(&shop, &mut syncc);
    shop.insert("late", &[4]);
    shop.insert("items", &[12]);
    wait_all(&shop, "items", &(1..13).collect::<Vec<_>>());
    wait_all(&shop, "more", &[1, 2, 3]);
    wait_all(&shop, "late", &[1, 2, 3, 4]);
    shop.stop(&mut syncc);
}
