//! Marks of loads: where a load begins and where it ends is told as often as it is true.

use serde_json::Value;
use std::collections::BTreeMap;

use crate::support::kafka::Received;
use crate::support::program::Running;
use crate::support::shop::{SOON, Shop};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};
#[cfg(feature = "failpoints")]
use syncc::control::TaskState;

/// Marks of one load, in order: kind, and rows where it ends.
type Load = Vec<(String, Option<String>)>;

fn read(shop: &Shop<'_>, topic: &str) -> Vec<Received> {
    shop.kafka.consume(&format!("{}.{topic}", shop.prefix), Isolation::ReadCommitted)
}

/// What the marks say of each table at the source, load by load in the order in which they began.
fn loads(marks: &[Received]) -> BTreeMap<String, Vec<Load>> {
    let mut of_tables: BTreeMap<String, Vec<(String, Load)>> = BTreeMap::new();
    for mark in marks {
        let loads = of_tables.entry(mark.header("origin_table")).or_default();
        let (id, rows) = (mark.header("id"), Some(mark.header("rows")).filter(|rows| !rows.is_empty()));
        assert!(!id.is_empty());
        let said = (mark.header("syncc-marker"), rows);
        match loads.iter_mut().find(|(known, _)| *known == id) {
            Some((_, load)) => load.push(said),
            None => loads.push((id, vec![said])),
        }
    }
    let without_ids = |loads: Vec<(String, Load)>| loads.into_iter().map(|(_, load)| load).collect();
    of_tables.into_iter().map(|(table, loads)| (table, without_ids(loads))).collect()
}

fn load(kind: &str, rows: u64) -> Load {
    vec![(format!("{kind}-begin"), None), (format!("{kind}-end"), Some(rows.to_string()))]
}

/// Ends at a point, and nothing of what it does after the last commit counts.
#[track_caller]
fn dies(shop: &Shop<'_>, point: &str) {
    let mut syncc = shop
        .project
        .start_with(&["run", "--log", "json", "--takeover"], &[("FAILPOINTS", &format!("{point}->return"))]);
    assert_ne!(syncc.wait(SOON), Some(0), "{point}: {}", syncc.stderr());
}

#[track_caller]
fn resnapshot(shop: &Shop<'_>, syncc: &mut Running, table: &str) {
    let before = read(shop, "marks").len();
    let output = shop.project.syncc(&["resnapshot", "shop", &format!("{}.{table}", shop.db)]);
    assert!(output.status.success(), "{output:?}");
    wait::until("the load anew is told", SOON, || {
        assert!(syncc.runs(), "{}", syncc.stderr());
        let marks = read(shop, "marks");
        if marks.len() == before + 2 { Ok(()) } else { Err(format!("{marks:?}")) }
    });
}

#[test]
fn a_load_is_told_once_whatever_crashes() {
    for kind in [Kind::MariaDb10_11, Kind::MySql9_7] {
        let mut shop = Shop::new("marks", MySql::shared(kind), Kafka::shared());
        shop.sql().run(
            "create table vacant like items;
             create table bare (line varchar(60)); insert into bare values ('x'), ('x')",
        );
        shop.text.include = "DB.*".to_owned();
        shop.text.rules = format!(
            "  start snapshot {{\n    chunk 1 rows\n    parallel 1\n  }}\n  rename table DB.items to goods\n  \
             markers topic \"{}.marks\"\n",
            shop.prefix
        );
        shop.save();
        // Before anything is stored, behind the beginning, around commits and in the middle of a table.
        for point in [
            "win.opened=return",
            "txn.state_written=1*off",
            "txn.commit_sent=2*off",
            "win.closing=return",
            "win.closed=1*off",
            "txn.commit_sent=4*off",
            "txn.state_written=5*off",
        ] {
            dies(&shop, point.trim_end_matches("=return"));
        }
        let mut syncc = shop.start(&["--takeover"]);
        shop.wait_streaming(&mut syncc);
        shop.wait_ids("goods", &[1, 2, 3]);

        let marks = read(&shop, "marks");
        let told = loads(&marks);
        assert_eq!(told["items"], [load("snapshot", 3)], "{marks:?}");
        assert_eq!(told["vacant"], [load("snapshot", 0)], "{marks:?}");
        // A table without a key begins anew, as another load, where its rows had not all come.
        let (last, before) = told["bare"].split_last().expect("it is loaded");
        assert_eq!(*last, load("snapshot", 2), "{marks:?}");
        let given_up = [("snapshot-begin".to_owned(), None), ("snapshot-given-up".to_owned(), None)];
        assert!(before.iter().all(|load| *load == given_up), "{marks:?}");

        // What the value says; the task and the table are the key.
        let mark = marks.iter().find(|mark| mark.header("origin_table") == "items").expect("it is there");
        let value: Value = serde_json::from_str(&mark.text()).expect("it is JSON");
        assert_eq!(value["marker"], "snapshot-begin");
        assert_eq!((&value["db"], &value["table"]), (&Value::from(shop.db.as_str()), &Value::from("goods")));
        assert_eq!(value["task"], "shop.shop.bus");
        assert!(value["position"].as_str().is_some_and(|place| place.contains(':')), "{value}");
        let key: Value = serde_json::from_slice(mark.key.as_deref().expect("a key")).expect("it is JSON");
        assert_eq!((&key["task"], &key["origin_table"]), (&value["task"], &Value::from("items")));

        // Loaded anew, rows take the place of others; what had none has none.
        resnapshot(&shop, &mut syncc, "items");
        resnapshot(&shop, &mut syncc, "items");
        resnapshot(&shop, &mut syncc, "vacant");
        let told = loads(&read(&shop, "marks"));
        assert_eq!(told["items"], [load("snapshot", 3), load("resync", 3), load("resync", 3)]);
        assert_eq!(told["vacant"], [load("snapshot", 0), load("snapshot", 0)]);
        shop.stop(&mut syncc);

        // A start alone tells nothing. A table that was left out and is sent again has been sent before.
        for include in ["DB.items, DB.vacant", "DB.*"] {
            shop.text.include = include.to_owned();
            let mut syncc = shop.run();
            shop.stop(&mut syncc);
        }
        let told = loads(&read(&shop, "marks"));
        assert_eq!(told["bare"].last(), Some(&load("resync", 2)));
        assert_eq!((told["items"].len(), told["vacant"].len()), (3, 2));
    }
}

#[test]
fn among_rows_a_load_stands_between_its_marks() {
    for kind in [Kind::MariaDb10_11, Kind::MySql9_7] {
        let mut shop = Shop::new("between", MySql::shared(kind), Kafka::shared());
        shop.text.topic_block = "    partitions 3\n    cleanup compact\n".to_owned();
        shop.text.rules =
            "  key primary as text\n  markers data\n  start snapshot {\n    chunk 1 rows\n  }\n".to_owned();
        shop.save();
        for point in ["win.closing", "win.closed=1*off", "txn.commit_sent=2*off"] {
            dies(&shop, point);
        }
        let mut syncc = shop.start(&["--takeover"]);
        shop.wait_ids("items", &[1, 2, 3]);
        shop.wait_streaming(&mut syncc);
        let is_mark = |record: &&Received| !record.header("syncc-marker").is_empty();
        wait::until("the end of the load is told", SOON, || {
            let records = read(&shop, "items");
            match records.iter().filter(is_mark).count() {
                6 => Ok(()),
                _ => Err(format!("{records:?}")),
            }
        });
        let records = read(&shop, "items");
        for partition in 0..3 {
            let of_it: Vec<&Received> = records.iter().filter(|one| one.partition == partition).collect();
            let kinds: Vec<String> = of_it.iter().map(|one| one.header("syncc-marker")).collect();
            assert_eq!(kinds.first().map(String::as_str), Some("snapshot-begin"), "{of_it:?}");
            assert_eq!(kinds.last().map(String::as_str), Some("snapshot-end"), "{of_it:?}");
        }
        for mark in records.iter().filter(is_mark) {
            assert_eq!((mark.key.as_deref(), &mark.value), (Some(&b"__syncc"[..]), &None));
        }
        shop.stop(&mut syncc);
    }
}

/// Waits until the marks of `items` are these loads.
#[cfg(feature = "failpoints")]
#[track_caller]
fn wait_loads(shop: &Shop<'_>, syncc: &mut Running, expected: &[Load]) {
    wait::until(&format!("{expected:?}"), SOON, || {
        assert!(syncc.runs(), "{}", syncc.stderr());
        let told = loads(&read(shop, "marks")).remove("items").unwrap_or_default();
        if told == expected { Ok(()) } else { Err(format!("{told:?}")) }
    });
}

/// What is told of a load is true from its beginning on: one that is under way when `markers` is switched on begins anew. One
/// that is given up has no end, and that is told.
#[cfg(feature = "failpoints")]
#[test]
fn loads_under_way_begin_anew_or_are_told_as_given_up() {
    let one = |kind: &str| (kind.to_owned(), None);
    for kind in [Kind::MariaDb10_11, Kind::MySql9_7] {
        let mut shop = Shop::new("switched", MySql::shared(kind), Kafka::shared());
        shop.text.rules = "  start snapshot {\n    chunk 1 rows\n    parallel 1\n  }\n".to_owned();
        shop.insert("items", &(4..9).collect::<Vec<_>>());
        shop.table("others");
        shop.save();
        let slow = [("FAILPOINTS", "win.selected=sleep(1500)")];
        let mut syncc = shop.project.start_with(&["run", "--log", "json"], &slow);
        shop.wait_status(&mut syncc, "rows are loaded", |status| {
            status.tasks.iter().any(|task| task.state == TaskState::Snapshot && task.records > 0)
        });
        let topic = format!("  markers topic \"{}.marks\"\n", shop.prefix);
        shop.edit(|text| text.rules.push_str(&topic));
        let output = shop.project.syncc(&["reload", "--wait", "--accept", "P1006"]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        wait_loads(&shop, &mut syncc, &[vec![one("resync-begin")]]);

        // loaded anew in the middle of it, and then left out of the files in the middle of that
        let table = format!("{}.items", shop.db);
        let output = shop.project.syncc(&["resnapshot", "shop", &table]);
        assert!(output.status.success(), "{output:?}");
        let given_up = vec![one("resync-begin"), one("resync-given-up")];
        wait_loads(&shop, &mut syncc, &[given_up.clone(), vec![one("resync-begin")]]);
        shop.edit(|text| text.include = "DB.others".to_owned());
        wait_loads(&shop, &mut syncc, &[given_up.clone(), given_up.clone()]);
        shop.edit(|text| text.include = "DB.items".to_owned());
        wait_loads(&shop, &mut syncc, &[given_up.clone(), given_up, load("resync", 8)]);
        shop.wait_streaming(&mut syncc);
        shop.stop(&mut syncc);
    }
}

/// What ends a load while nothing runs is told by the next start: its table is gone, or the position is.
#[cfg(feature = "failpoints")]
#[test]
fn loads_that_end_while_nothing_runs_are_told_as_given_up() {
    let one = |kind: &str| (kind.to_owned(), None);
    let given_up = vec![one("snapshot-begin"), one("snapshot-given-up")];
    let server = MySql::start(Kind::MariaDb10_11, &[]);
    let mut shop = Shop::new("ended", &server, Kafka::shared());
    shop.sql().run("create table gone like items; insert into gone select * from items");
    shop.text.include = "DB.*".to_owned();
    shop.text.rules = format!(
        "  start snapshot {{\n    chunk 1 rows\n    parallel 2\n  }}\n  markers topic \"{}.marks\"\n  \
         on-position-lost resnapshot\n",
        shop.prefix
    );
    shop.save();
    let both_begin = |shop: &Shop<'_>, syncc: &mut Running| {
        wait::until("both loads are under way", SOON, || {
            assert!(syncc.runs(), "{}", syncc.stderr());
            let told = loads(&read(shop, "marks"));
            let begun = |load: &Load| load.len() == 1;
            let n_begun = told.values().filter_map(|loads| loads.last()).filter(|load| begun(load)).count();
            if n_begun == 2 { Ok(()) } else { Err(format!("{told:?}")) }
        });
    };
    let slow = [("FAILPOINTS", "win.selected=sleep(3000)")];
    let mut syncc = shop.project.start_with(&["run", "--log", "json"], &slow);
    both_begin(&shop, &mut syncc);
    syncc.kill();
    // and what has its name now has no rows of its own
    shop.sql().run("drop table gone; create view gone as select * from items");
    let mut syncc = shop.start(&[]);
    shop.wait_ids("items", &[1, 2, 3]);
    shop.wait_streaming(&mut syncc);
    let told = loads(&read(&shop, "marks"));
    assert_eq!((&told["gone"], &told["items"]), (&vec![given_up.clone()], &vec![load("snapshot", 3)]));
    shop.stop(&mut syncc);

    // once more, and the log is gone meanwhile
    shop.sql().run("create table later like items; insert into later values (1, 'x'), (2, 'x'), (3, 'x')");
    let mut syncc = shop.project.start_with(&["run", "--log", "json"], &slow);
    let tables = ["items", "later"].map(|table| format!("{}.{table}", shop.db));
    shop.wait_streaming(&mut syncc);
    let output = shop.project.syncc(&["resnapshot", "shop", &tables[0], &tables[1]]);
    assert!(output.status.success(), "{output:?}");
    both_begin(&shop, &mut syncc);
    syncc.kill();
    shop.sql().run("insert into items values (4, 'x')");
    server.sql().run("flush logs");
    wait::until("the log is purged", SOON, || {
        let mut sql = server.sql();
        let logs = sql.text("show binary logs");
        let last = logs.last().and_then(|row| row[0].clone()).expect("there is a log");
        sql.run(&format!("purge binary logs to '{last}'"));
        if logs.len() == 1 { Ok(()) } else { Err(format!("{logs:?}")) }
    });
    let mut syncc = shop.start(&[]);
    let given_up = vec![one("resync-begin"), one("resync-given-up")];
    let items = vec![load("snapshot", 3), given_up.clone(), load("resync", 4)];
    let later = vec![given_up, load("resync", 3)];
    wait::until("what was lost is made good", SOON, || {
        assert!(syncc.runs(), "{}", syncc.stderr());
        let mut told = loads(&read(&shop, "marks"));
        // whether its first load had begun when the statement came that makes it
        let is_resync = |load: &Load| load[0].0 == "resync-begin";
        told.get_mut("later").expect("it is told").retain(is_resync);
        if (&told["items"], &told["later"]) == (&items, &later) { Ok(()) } else { Err(format!("{told:?}")) }
    });
    shop.stop(&mut syncc);
}

/// A load that is asked for anew while the table is read as a whole is that one: all of its rows are still to come.
#[test]
fn a_load_anew_of_a_table_that_is_read_as_a_whole_is_that_load() {
    let mut shop = Shop::new("whole", MySql::shared(Kind::MySql9_7), Kafka::shared());
    shop.sql().run("create table bare (line varchar(60)); insert into bare values ('x'), ('x')");
    shop.text.include = "DB.bare".to_owned();
    shop.text.rules = format!("  markers topic \"{}.marks\"\n", shop.prefix);
    let mut locks = shop.sql();
    locks.run("lock tables bare write");
    shop.save();
    let mut syncc = shop.start(&[]);
    wait::until("the load begins", SOON, || {
        assert!(syncc.runs(), "{}", syncc.stderr());
        if shop.kafka.topics().iter().any(|(topic, _)| *topic == format!("{}.marks", shop.prefix))
            && read(&shop, "marks").len() == 1
        {
            Ok(())
        } else {
            Err("there is no mark yet")
        }
    });
    let output = shop.project.syncc(&["resnapshot", "shop", &format!("{}.bare", shop.db)]);
    assert!(output.status.success(), "{output:?}");
    locks.run("unlock tables");
    shop.wait_streaming(&mut syncc);
    wait::until("the end of the load is told", SOON, || {
        let told = loads(&read(&shop, "marks"));
        if told["bare"] == [load("snapshot", 2)] { Ok(()) } else { Err(format!("{told:?}")) }
    });
    assert_eq!(shop.kafka.consume(&format!("{}.bare", shop.prefix), Isolation::ReadCommitted).len(), 2);
    shop.stop(&mut syncc);
}
