//! A position that the log does not reach back to any more, and what the files say becomes of it.

use crate::support::shop::{SOON, Shop, error, event, finished};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};

/// What happens while nothing runs, and is purged then: rows come and go, and a column comes.
#[track_caller]
fn lose(shop: &Shop<'_>, id: i64) {
    let mut sql = shop.sql();
    sql.run(&format!(
        "insert into items (id, name) values ({id}, 'c4n4ry'); delete from items where id = {id} - 3;
         alter table items add column c{id} int; flush logs"
    ));
    purge(shop);
}

/// Takes all files of the log but the last.
#[track_caller]
fn purge(shop: &Shop<'_>) {
    let mut sql = shop.sql();
    wait::until("the log is purged", SOON, || {
        let logs = sql.text("show binary logs");
        let last = logs.last().and_then(|row| row[0].clone()).expect("there is a log");
        // a file that somebody reads stays, and a connection that has ended may take a moment
        sql.run(&format!("purge binary logs to '{last}'"));
        if logs.len() == 1 { Ok(()) } else { Err(format!("{logs:?}")) }
    });
}

#[test]
fn what_is_lost_is_loaded_anew_where_the_files_say_so() {
    for kind in [Kind::MariaDb10_11, Kind::MySql9_7] {
        let server = MySql::start(kind, &[]);
        let mut shop = Shop::new("lost", &server, Kafka::shared());
        let items = format!("{}.items", shop.db);
        let marks = format!("{}.marks", shop.prefix);
        shop.text.rules = format!("  markers topic \"{marks}\"\n");
        let mut syncc = shop.run();
        shop.wait_ids("items", &[1, 2, 3]);
        shop.stop(&mut syncc);

        lose(&shop, 4);
        let said = shop.ends(&[], 23);
        assert!(error(&said).contains(&format!("loaded anew: {items}")), "{said}");
        assert_eq!(shop.ids("items"), [1, 2, 3]);

        // a crash in the middle of it changes nothing
        shop.text.rules += "  on-position-lost resnapshot\n";
        shop.save();
        let mut syncc =
            shop.project.start_with(&["run", "--log", "json"], &[("FAILPOINTS", "win.closing=return")]);
        assert_ne!(syncc.wait(60), Some(0));
        let told = event(&syncc.stderr(), "source.position_lost").expect("it is told");
        assert!(told["msg"].as_str().is_some_and(|text| text.contains(&items)), "{told}");
        assert_eq!(shop.ids("items"), [1, 2, 3]);

        // the present, without what was deleted meanwhile
        let mut syncc = shop.start(&["--takeover"]);
        shop.wait_ids("items", &[1, 2, 2, 3, 3, 4]);
        shop.wait_status(&mut syncc, "nothing is missing any more", |status| {
            status.tasks.iter().all(|task| task.gaps.is_empty())
        });
        shop.sql().run("insert into items values (5, 'c4n4ry', 9)");
        shop.wait_ids("items", &[1, 2, 2, 3, 3, 4, 5]);
        shop.stop(&mut syncc);

        let told = shop.kafka.consume(&marks, Isolation::ReadCommitted);
        let told: Vec<String> = told.iter().map(|mark| mark.header("syncc-marker")).collect();
        assert_eq!(told, ["snapshot-begin", "snapshot-end", "resync-begin", "resync-end"]);

        // it is over: nothing is loaded again
        let mut syncc = shop.start(&[]);
        shop.wait_streaming(&mut syncc);
        shop.sql().run("insert into items values (6, 'c4n4ry', 9)");
        shop.wait_ids("items", &[1, 2, 2, 3, 3, 4, 5, 6]);
        assert!(event(&syncc.stderr(), "source.position_lost").is_none());
        syncc.signal(rustix::process::Signal::TERM);
        finished(&mut syncc, 0);
    }
}

/// Every table of a task whose position is lost is named, by whoever notices it.
#[test]
fn all_tables_of_a_lost_position_are_named() {
    for kind in [Kind::MariaDb10_11, Kind::MySql9_7] {
        let server = MySql::start(kind, &[]);
        let mut shop = Shop::new("tables", &server, Kafka::shared());
        shop.table("orders");
        shop.text.include = "DB.*".to_owned();
        shop.text.topic = "PREFIX.{table}".to_owned();
        let mut syncc = shop.run();
        shop.wait_ids("orders", &[1, 2, 3]);
        shop.stop(&mut syncc);
        shop.sql().run("insert into items values (4, 'c4n4ry'); flush logs");
        purge(&shop);
        let both = format!("{0}.items, {0}.orders", shop.db);
        let said = shop.ends(&[], 23);
        assert!(error(&said).contains(&format!("loaded anew: {both}")), "{kind:?}: {said}");
        let live = shop.project.syncc(&["check", "--live"]);
        let live = String::from_utf8_lossy(&live.stdout).into_owned();
        assert!(live.contains("L0111") && live.contains(&both), "{kind:?}: {live}");
    }
}

/// F78: of two pipelines of one source only one has lost its position; the other goes on.
#[test]
fn what_one_has_lost_holds_up_no_other() {
    for kind in [Kind::MariaDb10_11, Kind::MySql9_7] {
        let server = MySql::start(kind, &[]);
        let mut shop = Shop::new("onelost", &server, Kafka::shared());
        shop.table("orders");
        shop.text.rest =
            "pipeline second from shop to bus {\n  include DB.orders\n  topic \"PREFIX.{table}\"\n}\n"
                .to_owned();
        shop.save();
        let mut syncc = shop.run();
        shop.wait_ids("items", &[1, 2, 3]);
        shop.wait_ids("orders", &[1, 2, 3]);
        shop.stop(&mut syncc);

        // only the second one sees what is purged then
        let mut syncc = shop.start(&["--only", "pipeline:second"]);
        shop.wait_streaming(&mut syncc);
        shop.insert("items", &[4]);
        shop.sql().run("flush logs");
        shop.insert("orders", &[4]);
        shop.wait_ids("orders", &[1, 2, 3, 4]);
        shop.stop(&mut syncc);
        purge(&shop);

        let mut syncc = shop.start(&[]);
        wait::until("the lost position is told", SOON, || {
            let said = syncc.stderr();
            if said.contains("L0111") { Ok(()) } else { Err(said) }
        });
        shop.insert("orders", &[5]);
        shop.wait_ids("orders", &[1, 2, 3, 4, 5]);
        assert_eq!(shop.ids("items"), [1, 2, 3]);
        syncc.signal(rustix::process::Signal::TERM);
        finished(&mut syncc, 23);
    }
}
