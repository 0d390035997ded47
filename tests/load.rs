//! How existing rows are read: several tables at once, no faster than wanted, at the hours that are wanted.

use std::time::{Duration, Instant};

use syncc::control::{Status, TaskState};

use crate::support::shop::{SOON, Shop, event};
use crate::support::way::{Way, Weather};
use crate::support::{Kafka, Kind, MySql, wait};

/// A shop with these tables besides `items`, all of which are loaded as `start` says.
fn shop(name: &str, kind: Kind, tables: &[&str], start: &str) -> Shop<'static> {
    let mut shop = Shop::new(name, MySql::shared(kind), Kafka::shared());
    for table in tables {
        shop.table(table);
    }
    shop.text.include = "DB.*".to_owned();
    shop.text.rules = rules(start);
    shop
}

fn rules(start: &str) -> String {
    format!("  start snapshot {{\n{start}  }}\n")
}

/// Tables that are loaded.
fn done(status: &Status) -> Vec<String> {
    let tables = status.tasks.iter().flat_map(|task| &task.tables);
    let name = |table: &str| table.split('.').next_back().unwrap_or_default().to_owned();
    tables.filter(|table| table.done).map(|table| name(&table.table)).collect()
}

/// Hours of UTC that begin in so many hours.
fn window(shop: &Shop<'_>, from: u32, to: u32) -> String {
    let now = shop.sql().text("select hour(utc_time())");
    let hour: u32 = now[0][0].as_deref().and_then(|hour| hour.parse().ok()).expect("an hour");
    format!("    window {:02}:00 to {:02}:00 \"UTC\"\n", (hour + from) % 24, (hour + to) % 24)
}

#[test]
fn a_table_that_cannot_be_read_does_not_hold_up_the_others() {
    for kind in [Kind::MariaDb10_11, Kind::MySql9_7] {
        let mut shop = shop("atonce", kind, &["b", "c"], "");
        // Nothing is read until the lock is there.
        shop.text.rules = rules(&window(&shop, 2, 3));
        shop.save();
        let mut syncc = shop.start(&[]);
        shop.wait_status(&mut syncc, "the load rests", |status| {
            status.tasks.iter().any(|task| task.snapshot.as_ref().is_some_and(|load| load.waits.is_some()))
        });
        let mut sql = shop.sql();
        sql.run("lock tables b write");
        shop.edit(|text| text.rules = rules("    parallel 2\n"));
        let status = shop.wait_status(&mut syncc, "the others are loaded", |status| done(status).len() == 2);
        assert_eq!(done(&status), ["c", "items"], "{kind:?}");
        assert_eq!(status.tasks[0].state, TaskState::Snapshot);
        sql.run("unlock tables");
        shop.wait_streaming(&mut syncc);
        for table in ["items", "b", "c"] {
            shop.wait_ids(table, &[1, 2, 3]);
        }
        shop.stop(&mut syncc);
    }
}

#[test]
fn several_at_once_share_the_time_that_a_distant_source_takes() {
    let tables = ["a", "b", "c", "d"];
    let [one, four] = [1, 4].map(|parallel| {
        let start = format!("    chunk 1 rows\n    parallel {parallel}\n");
        let mut shop = shop("distant", Kind::MySql9_7, &tables, &start);
        for table in tables {
            shop.insert(table, &(4..=20).collect::<Vec<_>>());
        }
        let way = Way::open();
        way.lead_to(shop.mysql.address());
        way.turn(Weather::Slow { delay: Duration::from_millis(20), bytes_per_second: u32::MAX });
        shop.text.address = way.address();
        let mut syncc = shop.run();
        for table in tables {
            shop.wait_ids(table, &(1..=20).collect::<Vec<_>>());
        }
        let said = syncc.stderr();
        let [from, to] = ["snapshot.started", "snapshot.done"].map(|name| {
            let told = event(&said, name).unwrap_or_else(|| panic!("{name} is told:\n{said}"));
            told["ts"].as_str().and_then(|ts| ts.parse::<jiff::Timestamp>().ok()).expect("a time")
        });
        shop.stop(&mut syncc);
        to.duration_since(from).as_secs_f64()
    });
    println!(
        "load of 4 tables, 20 ms away: parallel 1 {one:.1} s, parallel 4 {four:.1} s, {:.1} times as fast",
        one / four
    );
    assert!(four < 0.7 * one, "parallel 1 takes {one} s, parallel 4 {four} s");
}

#[test]
fn outside_of_its_hours_the_load_rests_and_the_stream_goes_on() {
    let mut shop = shop("hours", Kind::MariaDb10_11, &[], "");
    shop.text.rules = rules(&window(&shop, 2, 3));
    shop.save();
    let mut syncc = shop.start(&[]);
    let rests = |status: &Status| {
        let waits = status.tasks.iter().find_map(|task| task.snapshot.as_ref()?.waits.clone());
        waits.is_some_and(|waits| waits.starts_with("for the hours of its `window`"))
    };
    shop.wait_status(&mut syncc, "the load rests", rests);
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[4]);
    let status = shop.status().expect("it runs");
    assert!(rests(&status) && status.tasks[0].state == TaskState::Snapshot, "{status:?}");
    let shown = shop.project.syncc(&["status"]);
    let shown = String::from_utf8(shown.stdout).expect("text");
    assert!(shown.contains("the load waits for the hours of its `window`"), "{shown}");
    // a restart knows what is still to be done
    shop.stop(&mut syncc);
    let mut syncc = shop.start(&[]);
    shop.wait_status(&mut syncc, "the load rests again", rests);
    let hours = window(&shop, 23, 25);
    shop.edit(|text| text.rules = rules(&hours));
    shop.wait_streaming(&mut syncc);
    // the row that came as a change is a row that exists, too
    shop.wait_ids("items", &[1, 2, 3, 4, 4]);
    shop.stop(&mut syncc);
}

#[test]
fn a_slow_load_holds_up_nothing() {
    let mut shop = shop("rate", Kind::MySql9_7, &["more"], "");
    let mut sql = shop.sql();
    for table in ["items", "more"] {
        let rows: Vec<String> = (10..210).map(|id| format!("({id}, repeat('x', 1000))")).collect();
        sql.run(&format!("insert into {table} values {}", rows.join(", ")));
    }
    // 400 rows of 1,000 bytes
    shop.text.rules = rules("    chunk 20 rows\n    rate 25KiB/s\n    parallel 2\n");
    shop.save();
    let mut syncc = shop.start(&[]);
    let begun = |status: &Status| {
        let mut tables = status.tasks.iter().flat_map(|task| &task.tables);
        tables.any(|table| table.table.ends_with(".items") && table.rows > 0)
    };
    // its first chunk has passed the id that is inserted now
    shop.wait_status(&mut syncc, "the load begins", begun);
    let began = Instant::now();
    shop.insert("items", &[5]);
    wait::until("a change while rows are read", SOON, || {
        let ids = shop.ids("items");
        if ids.contains(&5) { Ok(()) } else { Err(format!("{} rows", ids.len())) }
    });
    let status = shop.status().expect("it runs");
    assert_eq!(status.tasks[0].state, TaskState::Snapshot, "{status:?}");
    shop.wait_streaming(&mut syncc);
    // About 390 KiB take 16 s; what was read when it began, and what may come at once, are less than half of it.
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(8), "{took:?}");
    let all: Vec<i64> = [1, 2, 3, 5].into_iter().chain(10..210).collect();
    shop.wait_ids("items", &all);
    shop.stop(&mut syncc);
}

#[test]
fn pipelines_of_one_source_take_turns() {
    let mut shop = shop("turns", Kind::MariaDb10_11, &["other"], "    chunk 1 rows\n    rate 1KiB/s\n");
    shop.text.include = "DB.items".to_owned();
    shop.text.rest = "pipeline second from shop to bus {\n  include DB.other\n  topic \"PREFIX.{table}\"\n  \
        start snapshot {\n    chunk 1 rows\n  }\n}\n"
        .to_owned();
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3]);
    shop.wait_ids("other", &[1, 2, 3]);
    shop.stop(&mut syncc);
}

#[test]
fn tables_are_loaded_anew_at_once_and_twice_and_one_that_is_not_there_is_told() {
    let shop = shop("anew", Kind::MySql9_7, &["b", "c"], "    chunk 1 rows\n    parallel 2\n");
    let mut syncc = shop.run();
    let table = |name: &str| format!("{}.{name}", shop.db);
    let (b, c, gone) = (table("b"), table("c"), table("gone"));
    let resnapshot = |tables: &[&str], code: i32| {
        let said = shop.project.syncc(&[&["resnapshot", "shop"], tables].concat());
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(code), "{text}");
        text
    };
    resnapshot(&[&b, &c], 0);
    // again, whether the first one is over or not: at least one of them is whole; what is not there keeps nothing from it
    let said = resnapshot(&[&c, &gone], 2);
    assert!(said.contains(&format!("{gone}: there is no such table at the source")), "{said}");
    shop.wait_streaming(&mut syncc);
    shop.wait_ids("b", &[1, 1, 2, 2, 3, 3]);
    wait::until("c is loaded anew", SOON, || {
        let ids = shop.ids("c");
        let enough = [1, 2, 3].iter().all(|id| ids.iter().filter(|&other| other == id).count() >= 2);
        if enough && ids.len() <= 9 { Ok(()) } else { Err(format!("{ids:?}")) }
    });
    wait::until("what is not there is told", SOON, || {
        let said = syncc.stderr();
        let text = format!("there is no table {gone} at the source");
        if said.contains(&text) { Ok(()) } else { Err(said) }
    });
    // made now, its rows come by the log, also when syncc is started again
    shop.table("gone");
    shop.wait_ids("gone", &[1, 2, 3]);
    shop.stop(&mut syncc);
    let mut syncc = shop.start(&[]);
    shop.wait_streaming(&mut syncc);
    shop.insert("gone", &[4]);
    shop.wait_ids("gone", &[1, 2, 3, 4]);
    shop.stop(&mut syncc);
}

/// Who asks for a table that a right hides learns what hides it, and not that it is gone.
#[test]
fn a_table_that_is_hidden_is_not_told_as_gone() {
    for kind in [Kind::MySql9_7, Kind::MariaDb10_11] {
        let shop = shop("unseen", kind, &[], "");
        let mut syncc = shop.run();
        let mut sql = shop.sql();
        let (user, items) = (format!("'{}'@'%'", shop.user), format!("{}.items", shop.db));
        let resnapshot = || shop.project.syncc(&["resnapshot", "shop", &items]);
        sql.run(&format!("revoke select, lock tables on *.* from {user}"));
        let said = resnapshot();
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(2), "{text}");
        assert!(text.contains(&format!("{items}: the source does not show it")), "{text}");
        assert!(text.contains("grant SELECT on it"), "{text}");
        sql.run(&format!("grant select, lock tables on *.* to {user}"));
        let said = resnapshot();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        shop.wait_ids("items", &[1, 1, 2, 2, 3, 3]);
        shop.stop(&mut syncc);
    }
}

/// What hides a table for a moment does not end its load: only the log says that it is gone.
#[cfg(feature = "failpoints")]
#[test]
fn a_table_that_is_hidden_for_a_moment_is_loaded_to_its_end() {
    for kind in [Kind::MySql9_7, Kind::MariaDb10_11] {
        let mut shop = shop("hidden", kind, &[], "    chunk 1 rows\n");
        shop.text.include = "DB.items".to_owned();
        shop.insert("items", &(4..=20).collect::<Vec<_>>());
        shop.save();
        let slow = [("FAILPOINTS", "win.selected=sleep(200)")];
        let mut syncc = shop.project.start_with(&["run", "--log", "json"], &slow);
        shop.wait_status(&mut syncc, "it loads", |status| status.tasks.iter().any(|task| task.records > 2));
        let mut sql = shop.sql();
        let user = format!("'{}'@'%'", shop.user);
        // it holds for connections to come; a statement is a reason to look at the table over one of them
        sql.run(&format!(
            "revoke select, lock tables on *.* from {user}; alter table items comment = 'moved'"
        ));
        wait::until("the table is missed", SOON, || {
            let said = syncc.stderr();
            if said.contains("its log does not say that it is gone") { Ok(()) } else { Err(said) }
        });
        shop.wait_status(&mut syncc, "it is told what the load waits for", |status| {
            let load = status.tasks[0].snapshot.as_ref().and_then(|load| load.waits.clone());
            load.is_some_and(|waits| waits.starts_with("for the source to show"))
        });
        sql.run(&format!("grant select, lock tables on *.* to {user}"));
        shop.wait_streaming(&mut syncc);
        shop.wait_ids("items", &(1..=20).collect::<Vec<_>>());
        // each line about a table says which task it is about
        let said = syncc.stderr();
        let lines = said.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let of_tables = ["snapshot.", "schema.", "window.", "table."];
        let nobody = |line: &serde_json::Value| {
            let event = line["event"].as_str().unwrap_or_default();
            of_tables.iter().any(|of| event.starts_with(of)) && line["task"].is_null()
        };
        assert_eq!(lines.filter(nobody).collect::<Vec<_>>(), [] as [serde_json::Value; 0]);
        // one that the log says is gone is waited for by nobody
        sql.run("drop table items");
        shop.stop(&mut syncc);
    }
}

/// Rows of a table without a key that are read faster than they are sent wait at the source, however large they are.
#[cfg(feature = "failpoints")]
#[test]
fn large_rows_of_a_table_without_a_key_wait_at_the_source() {
    let mut shop = shop("keyless", Kind::MariaDb10_11, &[], "");
    let mut sql = shop.sql();
    sql.run("create table loose (id int, large longblob)");
    for id in 0..40 {
        sql.run(&format!("insert into loose values ({id}, repeat('x', 8000000))"));
    }
    shop.text.include = "DB.loose".to_owned();
    shop.text.rules += "  table DB.loose {\n    columns except large\n  }\n";
    shop.save();
    let slow = [("FAILPOINTS", "txn.begun=8*sleep(2000)")];
    let mut syncc = shop.project.start_with(&["run", "--log", "json"], &slow);
    shop.wait_ids("loose", &(0..40).collect::<Vec<_>>());
    let peak_mib = syncc.peak_mib();
    assert!(peak_mib < 200, "{peak_mib} MiB");
    syncc.kill();
}

/// A table that is made behind the position has all of its rows in the log: a task that begins there finds it among the tables to
/// be loaded, and its rows come once.
#[test]
fn a_table_made_while_nothing_runs_is_sent_once() {
    for kind in [Kind::MySql9_7, Kind::MariaDb10_11] {
        let mut shop = shop("made", kind, &[], "");
        shop.text.include = "DB.*".to_owned();
        let mut syncc = shop.run();
        // one is made and seen, and has its first row while nothing runs
        shop.sql().run("create table unused (id int primary key, name text)");
        shop.insert("items", &[4]);
        shop.wait_ids("items", &[1, 2, 3, 4]);
        syncc.kill();
        shop.insert("unused", &[1]);
        shop.table("fresh");
        let mut syncc = shop.start(&[]);
        shop.wait_streaming(&mut syncc);
        for table in ["unused", "fresh"] {
            shop.insert(table, &[7]);
        }
        shop.wait_ids("fresh", &[1, 2, 3, 7]);
        shop.wait_ids("unused", &[1, 7]);
        shop.stop(&mut syncc);
        // one that is dropped and made anew has only what came since
        shop.sql().run("drop table fresh");
        shop.table("fresh");
        let mut syncc = shop.start(&[]);
        shop.wait_streaming(&mut syncc);
        shop.wait_ids("fresh", &[1, 1, 2, 2, 3, 3, 7]);
        shop.stop(&mut syncc);
    }
}
