//! Whole tables at one place of the log.

use super::{each, plain, session};
use crate::support::{Kind, MySql, wait};
use std::collections::HashMap;
use std::sync::Arc;
use syncc::source::mysql::io::{
    Barrier, ChunkReader, ChunkRequest, FailureClass, end_of_log, start_position, tables,
};
use syncc::source::mysql::page::paging_key;

#[test]
fn rows_and_position_belong_together() {
    each(|kind, server| {
        let db = server.database("barrier");
        let mut sql = server.sql();
        sql.run("create user locker identified by 'sesame'");
        sql.run("grant select, lock tables, replication client on *.* to locker");
        for (name, engine) in [("inno", "innodb"), ("isam", "myisam")] {
            sql.run(&format!("create table `{db}`.{name} (a int, b varchar(20)) engine={engine}"));
            sql.run(&format!("insert into `{db}`.{name} values (1, 'x'), (1, 'x'), (2, null)"));
        }
        let facts = tables(&mut session(server), |database, _| database == db).expect("tables");
        assert_eq!(facts.len(), 2);
        let before = end_of_log(&mut session(server)).expect("may ask").expect("a log");
        for facts in &facts {
            let one = std::slice::from_ref(facts);
            let mut barrier =
                Barrier::open(&plain(server, "locker", "sesame"), &before.server, one, &before.file)
                    .expect("a barrier");
            assert!(barrier.position().file >= before.file, "{kind:?}");
            barrier.keep().expect("it is still held");
            let name = &facts.version.name;
            if name.table == "inno" {
                // no lock is left, and the view stays as it was
                sql.run(&format!("insert into `{db}`.inno values (3, 'later')"));
                sql.run(&format!("delete from `{db}`.inno where a = 3"));
            }
            barrier.start(Arc::new(facts.version.clone())).expect("a table");
            let mut sizes = Vec::new();
            while let Some(rows) = barrier.next(2, 1 << 20).expect("rows") {
                sizes.push(rows.len());
            }
            assert_eq!(sizes, [2, 1], "{kind:?} {name}");
            assert_eq!(barrier.next(2, 1 << 20).expect("nothing more").map(|rows| rows.len()), None);
        }
    });
}

/// Whoever vanishes without a word holds locks and views for a minute, not for the hours that servers wait by themselves.
#[test]
fn the_server_waits_for_holders_of_locks_for_a_minute() {
    const OPTIONS: [&str; 4] =
        ["general-log=ON", "log-output=TABLE", "gtid-mode=OFF", "enforce-gtid-consistency=OFF"];
    for (kind, options) in [(Kind::MySql9_7, &OPTIONS[..]), (Kind::MariaDb10_11, &OPTIONS[..2])] {
        let server = MySql::start(kind, options);
        let db = server.database("held");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.inno (id int primary key) engine=innodb"));
        sql.run(&format!("create table `{db}`.isam (id int primary key) engine=myisam"));
        sql.run(&format!("insert into `{db}`.inno values (1), (2)"));
        sql.run("create user holder identified by 'sesame'");
        sql.run("grant select, lock tables, replication client on *.* to holder");
        let facts = tables(&mut session(&server), |database, _| database == db).expect("tables");
        let start = start_position(&mut session(&server)).expect("a position");
        let endpoint = plain(&server, "holder", "sesame").for_task("held");
        for facts in &facts {
            let one = std::slice::from_ref(facts);
            Barrier::open(&endpoint, &start.server, one, &start.file).expect("a barrier").quit();
        }
        let table = Arc::new(facts[0].version.clone());
        let key = paging_key(&table).expect("a key").to_vec();
        let mut reader = ChunkReader::open(&endpoint, &start.server).expect("a reader");
        let upto = reader.max_key(&table, &key, &start).expect("a greatest key").expect("rows");
        let request =
            ChunkRequest { table, key, after: None, upto, limit: 10, max_bytes: 1 << 20, contains: start };
        assert_eq!(reader.read(&request).expect("a page").rows.len(), 2);

        let said = sql.text(
            "select thread_id, convert(argument using utf8mb4) from mysql.general_log
             where argument like '/* syncc:held */%' order by event_time",
        );
        let mut limits: HashMap<String, bool> = HashMap::new();
        let mut n_held = 0;
        for row in &said {
            let [Some(thread), Some(statement)] = &row[..] else { panic!("{row:?}") };
            let is_limited = limits.entry(thread.clone()).or_default();
            if statement.contains("_timeout = 60") {
                *is_limited = true;
            } else if statement.contains("wait_timeout = DEFAULT") {
                *is_limited = false;
            } else if statement.contains("LOCK TABLES `") || statement.contains("CONSISTENT SNAPSHOT") {
                assert!(*is_limited, "{kind:?}: {statement}");
                n_held += 1;
            }
        }
        // and the server ends a statement that takes a day
        let a_day = ["max_execution_time = 86400000", "max_statement_time = 86400"];
        let limited = said.iter().flatten().flatten();
        let limited = limited.filter(|text| a_day.iter().any(|limit| text.ends_with(limit))).count();
        // with views MySQL has another session for the lock
        assert_eq!(limited, if kind.is_mariadb() { 2 } else { 3 }, "{kind:?}: {said:?}");
        // two barriers, the greatest key, a page
        assert!(n_held >= 4, "{kind:?}: {n_held}");
        // whoever holds nothing between two pages may rest for as long as the load does
        if !kind.is_mariadb() {
            assert!(limits.values().any(|is_limited| !is_limited), "{limits:?}");
        }
        reader.quit();
    }
}

/// INFORMATION_SCHEMA shows the columns of before while an ALTER waits for its end, and so does the lock of a barrier.
#[test]
fn an_alter_that_runs_while_columns_are_read_is_noticed() {
    each(|kind, server| {
        let db = server.database("barrier_alter");
        let mut sql = server.sql();
        sql.run("create user alters identified by 'sesame'");
        sql.run("grant select, lock tables, replication client on *.* to alters");
        for engine in ["innodb", "myisam"] {
            sql.run(&format!("create table `{db}`.{engine} (e enum('a','b')) engine={engine}"));
            sql.run(&format!("insert into `{db}`.{engine} values ('a'), ('b')"));
            let mut reader = server.sql();
            reader.run("begin");
            reader.run(&format!("select * from `{db}`.{engine}"));
            std::thread::scope(|scope| {
                let alter = scope.spawn(|| {
                    let alter = "modify e enum('a','new','b')";
                    server.sql().run(&format!("alter table `{db}`.{engine} {alter}"));
                });
                wait::until("the ALTER waits for who reads the table", 30, || {
                    let waiting = format!(
                        "select count(*) from information_schema.processlist where info like 'alter table `{db}`%' and state = \
                         'Waiting for table metadata lock'"
                    );
                    let found = sql.text(&waiting)[0][0].clone();
                    if found.as_deref() == Some("1") { Ok(()) } else { Err(format!("{found:?}")) }
                });
                let facts = tables(&mut session(server), |database, table| database == db && table == engine)
                    .expect("tables");
                let before = end_of_log(&mut session(server)).expect("may ask").expect("a log");
                // On MySQL, and without a consistent view, it locks the table, and so waits behind the ALTER.
                reader.run("commit");
                alter.join().expect("it ends");
                let endpoint = plain(server, "alters", "sesame");
                let opened = Barrier::open(&endpoint, &before.server, &facts, &before.file);
                let class = opened.map(|_| ()).map_err(|failure| failure.class);
                assert_eq!(class, Err(FailureClass::Table), "{kind:?} {engine}");
            });
        }
    });
}
