//! Rows of the log that do not count, or not yet: of XA transactions, and behind savepoints.

use crate::support::shop::{CANARY, SOON, Shop, error, event, finished};
use crate::support::{Kafka, Kind, MySql, wait};
use syncc::checkpoint::{TaskState, XaRecord};

/// A shop on a server of its own: what is prepared stays prepared for all that share one.
fn shop<'s>(name: &str, server: &'s MySql) -> Shop<'s> {
    Shop::new(name, server, Kafka::shared())
}

/// Runs a statement of an XA transaction that inserts these rows, up to PREPARE.
fn prepare(shop: &Shop, xid: &str, ids: &[i64]) {
    let rows: Vec<String> = ids.iter().map(|id| format!("({id}, '{CANARY}')")).collect();
    shop.sql().run(&format!(
        "xa start {xid}; insert into items values {}; xa end {xid}; xa prepare {xid}",
        rows.join(", ")
    ));
}

/// What the state says of XA transactions.
fn prepared(shop: &Shop) -> Vec<(String, XaRecord)> {
    let topic = format!("{}.{}.shop.bus.state", shop.prefix, shop.text.pipeline);
    let records = shop.kafka.consume(&topic, crate::support::Isolation::ReadCommitted);
    let state =
        TaskState::fold(records.into_iter().map(|record| (record.key.unwrap_or_default(), record.value)));
    state.expect("the state can be read").prepared.into_iter().collect()
}

#[test]
fn mysql_rows_come_where_xa_commits_them() {
    decided_later("xamy", Kind::MySql9_7);
}

#[test]
fn mysql_8_0_rows_come_where_xa_commits_them() {
    decided_later("xamyold", Kind::MySql8_0);
}

#[test]
fn mariadb_rows_come_where_xa_commits_them() {
    decided_later("xama", Kind::MariaDb10_11);
}

#[test]
fn rows_of_other_releases_come_where_xa_commits_them() {
    for (name, kind) in
        [("xamy57", Kind::MySql5_7), ("xama114", Kind::MariaDb11_4), ("xama118", Kind::MariaDb11_8)]
    {
        decided_later(name, kind);
    }
}

fn decided_later(name: &str, kind: Kind) {
    let server = MySql::start(kind, &[]);
    let shop = shop(name, &server);
    let mut syncc = shop.run();
    prepare(&shop, "'yes','b',7", &[10, 11]);
    prepare(&shop, "'no'", &[20]);
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    let names = |shop: &Shop| prepared(shop).into_iter().map(|(xid, _)| xid).collect::<Vec<_>>();
    wait::until("both are known as prepared", SOON, || match names(&shop).as_slice() {
        [no, yes] if no == "x'6e6f',x'',1" && yes == "x'796573',x'62',7" => Ok(()),
        other => Err(format!("{other:?}")),
    });
    // twice: what is prepared is read again by every life
    for id in [5, 6] {
        syncc.kill();
        syncc = shop.start(&[]);
        shop.wait_streaming(&mut syncc);
        shop.insert("items", &[id]);
    }
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6]);
    let mut sql = shop.sql();
    sql.run("xa rollback 'no'");
    sql.run("xa commit 'yes','b',7");
    // one phase, one that holds nothing, and one that is never prepared
    sql.run(&format!(
        "xa start 'one'; insert into items values (30, '{CANARY}'); xa end 'one'; xa commit 'one' one phase"
    ));
    sql.run("xa start 'void'; xa end 'void'; xa prepare 'void'; xa commit 'void'");
    sql.run(&format!(
        "xa start 'gone'; insert into items values (40, '{CANARY}'); xa end 'gone'; xa rollback 'gone'"
    ));
    // in the session that prepared it: another one may come before the server has let go of it
    sql.run(&format!(
        "xa start 'last'; insert into items values (50, '{CANARY}'); xa end 'last'; xa prepare 'last'"
    ));
    sql.run("xa commit 'last'");
    shop.insert("items", &[7]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7, 10, 11, 30, 50]);
    syncc.kill();
    syncc = shop.start(&[]);
    shop.wait_streaming(&mut syncc);
    shop.insert("items", &[8]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 30, 50]);
    assert_eq!(prepared(&shop), []);
    shop.stop(&mut syncc);
}

#[test]
fn rows_that_memory_does_not_hold_wait_in_a_file() {
    let server = MySql::start(Kind::MariaDb10_11, &[]);
    let shop = shop("xalarge", &server);
    let mut syncc = shop.run();
    let mut sql = shop.sql();
    sql.run("xa start 'large'");
    for first in (1_000..4_000).step_by(100) {
        let rows: Vec<String> =
            (first..first + 100).map(|id| format!("({id}, repeat('{CANARY}', 1700))")).collect();
        sql.run(&format!("insert into items values {}", rows.join(", ")));
    }
    sql.run("xa end 'large'; xa prepare 'large'");
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    let left = || std::fs::read_dir(shop.project.folder().join(".syncc")).expect("a state directory").count();
    let before = left();
    let mut seen = shop.wait_status(&mut syncc, "what waits is told", |status| status.tasks[0].prepared == 1);
    let task = seen.tasks.remove(0);
    assert!(task.spill_bytes > 1 << 20, "{task:?}");
    assert!(task.oldest_prepared_seconds.is_some_and(|age| age < SOON), "{task:?}");
    sql.run("xa commit 'large'");
    let expected: Vec<i64> = (1..=4).chain(1_000..4_000).collect();
    wait::until("all rows", SOON, || {
        let ids = shop.ids("items");
        if ids == expected { Ok(()) } else { Err(format!("{} rows", ids.len())) }
    });
    assert_eq!(left(), before, "the file has no name");
    shop.wait_status(&mut syncc, "nothing waits", |status| {
        let task = &status.tasks[0];
        (task.prepared, task.oldest_prepared_seconds, task.spill_bytes) == (0, None, 0)
    });
    shop.stop(&mut syncc);
}

/// Runs `syncc state …`, which must work.
#[track_caller]
fn state<'a>(shop: &Shop, arguments: impl IntoIterator<Item = &'a str>) {
    let arguments: Vec<&str> = ["state"].into_iter().chain(arguments).collect();
    let done = shop.project.syncc(&arguments);
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// The arguments of the `syncc state …` that a message has.
#[track_caller]
fn printed(told: &str) -> &str {
    let command = told.split_once("`syncc state ").and_then(|(_, rest)| rest.split_once('`'));
    command.unwrap_or_else(|| panic!("no command: {told}")).0
}

/// Rows that were prepared where nobody read stop the task at each start. What is told leads out of it, by hand or by the files.
#[test]
fn a_commit_whose_rows_were_never_read_stops_the_task_and_tells_the_ways_out() {
    for (name, kind) in [("xaunknownmy", Kind::MySql9_7), ("xaunknownma", Kind::MariaDb10_11)] {
        let server = MySql::start(kind, &[]);
        let mut shop = shop(name, &server);
        prepare(&shop, "'early'", &[10]);
        let mut syncc = shop.run();
        // so that the load is over, and committed
        shop.insert("items", &[4]);
        shop.wait_ids("items", &[1, 2, 3, 4]);
        shop.sql().run("xa commit 'early'");
        let said = finished(&mut syncc, 23);
        assert!(error(&said).contains("XA transaction x'6561726c79',x'',1 is committed"), "{said}");

        let told = error(&shop.ends(&[], 23));
        state(&shop, printed(&told).split(' '));
        let mut syncc = shop.start(&[]);
        shop.wait_streaming(&mut syncc);
        let items = format!("{}.items", shop.db);
        assert!(shop.project.syncc(&["resnapshot", "shop", &items]).status.success());
        shop.wait_ids("items", &[1, 1, 2, 2, 3, 3, 4, 4, 10]);
        shop.wait_status(&mut syncc, "nothing is missing", |status| status.tasks[0].gaps.is_empty());

        // what is prepared before a place that is set by hand is not known behind it
        prepare(&shop, "'late'", &[20]);
        wait::until("it is known as prepared", SOON, || {
            if prepared(&shop).len() == 1 { Ok(()) } else { Err("not yet") }
        });
        shop.stop(&mut syncc);
        let end = if kind.is_mariadb() { "@@gtid_binlog_pos" } else { "@@gtid_executed" };
        let end = shop.sql().one(&format!("select {end}")).replace('\n', "");
        state(&shop, ["set-position", "shop.shop.bus", &end, "--accept-gap"]);
        assert_eq!(prepared(&shop), []);
        shop.text.rules = "  on-position-lost resnapshot\n".to_owned();
        let mut syncc = shop.run();
        shop.sql().run("xa commit 'late'");
        shop.wait_ids("items", &[1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 10, 10, 20]);
        shop.wait_status(&mut syncc, "nothing is missing", |status| status.tasks[0].gaps.is_empty());
        assert!(event(&syncc.stderr(), "source.position_lost").is_some(), "{}", syncc.stderr());
        shop.insert("items", &[5]);
        shop.wait_ids("items", &[1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 10, 10, 20]);
        shop.stop(&mut syncc);
    }
}

/// Whoever reads the table waits: the load goes on for as long as the lock is held.
#[test]
fn a_load_that_is_under_way_brings_rows_that_were_prepared_before_it() {
    for (name, kind) in [("xaloadmy", Kind::MySql9_7), ("xaloadma", Kind::MariaDb10_11)] {
        let server = MySql::start(kind, &[]);
        let mut shop = shop(name, &server);
        shop.table("locked");
        shop.text.include = "DB.items, DB.locked".to_owned();
        shop.text.rules = "  start snapshot {\n    parallel 2\n  }\n".to_owned();
        prepare(&shop, "'early'", &[10]);
        prepare(&shop, "'void'", &[20]);
        let mut locks = shop.sql();
        locks.run("lock tables locked write");
        shop.save();
        let mut syncc = shop.start(&[]);
        shop.wait_ids("items", &[1, 2, 3]);
        shop.sql().run("xa rollback 'void'");
        shop.sql().run("xa commit 'early'");
        // loaded anew as a whole: nobody knows what the transaction changed
        wait::until("the rows of the transaction", SOON, || {
            assert!(syncc.runs(), "{}", syncc.last_words());
            let ids = shop.ids("items");
            if ids == [1, 1, 2, 2, 3, 3, 10] { Ok(()) } else { Err(format!("{ids:?}")) }
        });
        syncc.kill();
        syncc = shop.start(&[]);
        locks.run("unlock tables");
        shop.wait_streaming(&mut syncc);
        shop.wait_ids("locked", &[1, 2, 3]);
        shop.insert("items", &[4]);
        shop.wait_ids("items", &[1, 1, 2, 2, 3, 3, 4, 10]);
        shop.stop(&mut syncc);
    }
}

#[test]
fn a_log_that_was_purged_under_a_prepared_transaction_names_it() {
    for (name, kind) in [("xapurgemy", Kind::MySql9_7), ("xapurgema", Kind::MariaDb10_11)] {
        let server = MySql::start(kind, &[]);
        let shop = shop(name, &server);
        let mut syncc = shop.run();
        prepare(&shop, "'old'", &[10]);
        shop.insert("items", &[4]);
        shop.wait_ids("items", &[1, 2, 3, 4]);
        wait::until("it is known as prepared", SOON, || {
            if prepared(&shop).len() == 1 { Ok(()) } else { Err("not yet") }
        });
        let mut sql = shop.sql();
        sql.run("flush binary logs");
        shop.insert("items", &[5]);
        shop.wait_ids("items", &[1, 2, 3, 4, 5]);
        shop.stop(&mut syncc);
        let logs = sql.text("show binary logs");
        let last = logs.last().and_then(|row| row[0].clone()).expect("there is a log");
        sql.run(&format!("purge binary logs to '{last}'"));
        let said = shop.ends(&[], 23);
        assert!(error(&said).contains("prepared and not decided"), "{said}");
        assert!(error(&said).contains("x'6f6c64',x'',1"), "{said}");
    }
}

#[test]
fn rows_behind_a_savepoint_count_unless_they_are_undone() {
    for (name, kind) in [
        ("savepointma", Kind::MariaDb10_11),
        ("savepointnew", Kind::MariaDb11_8),
        ("savepointmy", Kind::MySql9_7),
    ] {
        let server = MySql::start(kind, &[]);
        let mut shop = shop(name, &server);
        shop.sql().run("create table notes (id int primary key, name text) engine = MyISAM");
        shop.text.include = "DB.items, DB.notes".to_owned();
        if !kind.is_mariadb() {
            shop.text.include = "DB.items".to_owned();
        }
        let mut syncc = shop.run();
        let mut sql = shop.sql();
        let row = |id: i64| format!("insert into items values ({id}, '{CANARY}');");
        sql.run(&format!(
            "begin; {} savepoint a; {} rollback to a; {} savepoint `B x`; {} release savepoint a; commit",
            row(10),
            row(11),
            row(12),
            row(13)
        ));
        let mut expected = vec![1, 2, 3, 10, 12, 13];
        if kind.is_mariadb() {
            // a table without transactions among them: the log keeps what is undone
            sql.run(&format!(
                "begin; {} savepoint a; {} insert into notes values (1, '{CANARY}'); savepoint `b`; {} rollback to a; {} \
                 savepoint A; {} savepoint c; {} rollback to savepoint c; commit",
                row(20),
                row(21),
                row(22),
                row(23),
                row(24),
                row(25),
            ));
            expected.extend([20, 23, 24]);
        }
        shop.insert("items", &[30]);
        expected.push(30);
        shop.wait_ids("items", &expected);
        shop.stop(&mut syncc);
        let said = syncc.stderr();
        assert!(event(&said, "task.retrying").is_none(), "{said}");
        if kind.is_mariadb() {
            assert_eq!(shop.ids("notes"), [1]);
            let file = sql.text("show binary logs").pop().and_then(|mut row| row.remove(0)).expect("a log");
            let log = sql.text(&format!("show binlog events in '{file}'"));
            let undone =
                |row: &Vec<Option<String>>| row[5].as_deref().is_some_and(|it| it.contains("ROLLBACK TO"));
            assert!(log.iter().any(undone), "the log of {kind:?} shows nothing that is undone");
        }
    }
}

/// A transaction with a temporary table stands in the log although it was rolled back. Rows of tables without transactions stay,
/// and stand there by themselves.
#[test]
fn rows_of_a_transaction_that_was_rolled_back_are_not_sent() {
    for (name, kind) in [("undonema", Kind::MariaDb10_11), ("undonenew", Kind::MariaDb11_8)] {
        let server = MySql::start(kind, &[]);
        let mut shop = shop(name, &server);
        shop.sql().run("create table notes (id int primary key, name text) engine = MyISAM");
        shop.text.include = "DB.items, DB.notes".to_owned();
        let mut syncc = shop.run();
        let row = |table: &str, id: i64| format!("insert into {table} values ({id}, '{CANARY}');");
        let rolled_back = |sql: &mut crate::support::Sql, n: i64| {
            sql.run(&format!(
                "begin; {} create temporary table t{n} (id int); {} savepoint a; {} {} rollback",
                row("items", 100 + n),
                row("notes", n),
                row("items", 200 + n),
                row("items", 300 + n),
            ));
        };
        let mut sql = shop.sql();
        rolled_back(&mut sql, 1);
        rolled_back(&mut sql, 2);
        sql.run(&row("items", 4));
        rolled_back(&mut sql, 3);
        sql.run(&row("items", 5));
        shop.wait_ids("items", &[1, 2, 3, 4, 5]);
        shop.wait_ids("notes", &[1, 2, 3]);
        shop.stop(&mut syncc);
        assert!(event(&syncc.stderr(), "transaction.undone").is_some(), "{}", syncc.stderr());
        let file = sql.text("show binary logs").pop().and_then(|mut row| row.remove(0)).expect("a log");
        let log = sql.text(&format!("show binlog events in '{file}'"));
        let ends = |row: &Vec<Option<String>>| row[5].as_deref() == Some("ROLLBACK");
        assert_eq!(log.iter().filter(|row| ends(row)).count(), 3, "of {kind:?}: {log:?}");

        // what was sent in parts cannot be taken back, nor what was sent without a transaction
        for (rules, target, id) in
            [("  split after 64MiB, 3000 rows\n", "", 6), ("", "  delivery at-least-once\n", 7)]
        {
            (shop.text.rules, shop.text.target) = (rules.to_owned(), target.to_owned());
            let mut syncc = shop.run();
            sql.run(&format!(
                "begin; insert into items select seq, '{CANARY}' from seq_1000_to_19999; create temporary table t{id} (id int); \
                 rollback"
            ));
            let told = error(&finished(&mut syncc, 23));
            assert!(told.contains("a transaction ends in ROLLBACK, and rows of it were sent"), "{told}");
            state(&shop, printed(&told).split(' '));
            let mut syncc = shop.run();
            sql.run(&row("items", id));
            wait::until("the task goes on", SOON, || {
                let ids = shop.ids("items");
                if ids.contains(&id) { Ok(()) } else { Err(format!("{} rows", ids.len())) }
            });
            shop.stop(&mut syncc);
        }
    }
}

/// What stands between a prepared transaction and the position is read again by each life, and its statements are not followed
/// once more: names that were swapped would be swapped back.
#[test]
fn a_statement_behind_what_is_prepared_is_followed_once() {
    // only statements tell columns
    let server = MySql::start(Kind::MariaDb10_11, &["binlog-row-metadata=NO_LOG"]);
    let mut shop = shop("xaswap", &server);
    shop.sql()
        .run("create table pairs (id int primary key, a int, b int); insert into pairs values (1, 10, 11)");
    shop.text.include = "DB.items, DB.pairs".to_owned();
    let mut syncc = shop.run();
    prepare(&shop, "'yes'", &[10]);
    shop.sql().run("alter table pairs change a b int, change b a int; insert into pairs values (2, 21, 20)");
    shop.wait_ids("pairs", &[1, 2]);
    wait::until("it is known as prepared", SOON, || {
        if prepared(&shop).len() == 1 { Ok(()) } else { Err("not yet") }
    });
    for id in [3, 4] {
        syncc.kill();
        syncc = shop.start(&[]);
        shop.wait_streaming(&mut syncc);
        shop.sql().run(&format!("insert into pairs values ({id}, {id}1, {id}0)"));
        let expected: Vec<i64> = (1..=id).collect();
        shop.wait_ids("pairs", &expected);
    }
    shop.sql().run("xa commit 'yes'");
    shop.wait_ids("items", &[1, 2, 3, 10]);
    shop.stop(&mut syncc);
    let topic = format!("{}.pairs", shop.prefix);
    for record in shop.kafka.consume(&topic, crate::support::Isolation::ReadCommitted) {
        let message: serde_json::Value = serde_json::from_str(&record.text()).expect("JSON");
        let row = &message["data"][0];
        let value = |name: &str| row[name].as_str().and_then(|text| text.parse::<i64>().ok());
        let id = value("id").expect("an id");
        assert_eq!((value("a"), value("b")), (Some(id * 10), Some(id * 10 + 1)), "{message}");
    }
}
