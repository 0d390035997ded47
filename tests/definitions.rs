//! Statements that change columns while rows flow, and while syncc is down.
//!
//! All of them exchange the names of two columns of one type, which no table map shows: whoever takes today's columns
//! for yesterday's rows puts values under wrong names.

use crate::support::{Kafka, Kind, MySql, Sql};
use crate::torture::run::{Message, Run};
use std::collections::BTreeSet;

/// Exchanges the names of `a` and `b`.
const SWAP: &str = "alter table t change a b int, change b a int";

/// One table with one row, followed by syncc.
pub(crate) struct Scene<'s> {
    pub(crate) sql: Sql,
    pub(crate) run: Run<'s>,
    database: String,
    markers: u32,
}

impl<'s> Scene<'s> {
    pub(crate) fn new(server: &MySql, start: &str) -> Scene<'s> {
        let database = server.database("definitions");
        let mut sql = server.sql();
        sql.run(&format!("use `{database}`"));
        sql.run("create table t (id int primary key, a int, b int); insert into t values (1, 10, 11)");
        sql.run("create table later (id int primary key, a int, b int)");
        let mut run = Run::start(server, Kafka::shared(), &database, start);
        // a row from before the start would be no row of the log
        run.says(if start == "start now" { "task.started" } else { "snapshot.done" });
        let mut scene = Scene { sql, run, database, markers: 0 };
        scene.reach();
        scene
    }

    /// Its database.
    pub(crate) fn database(&self) -> String {
        self.database.clone()
    }

    /// Waits until so many rows of `t` and others are in Kafka.
    #[track_caller]
    pub(crate) fn wait_rows(&mut self, n_rows: usize, what: &str) {
        self.run.messages(what, |messages| {
            let n = messages.iter().filter(|message| message.table() != "marker").count();
            if n >= n_rows { Ok(()) } else { Err(format!("{n} of {n_rows} rows")) }
        });
    }

    /// Waits until everything until now is in Kafka.
    #[track_caller]
    pub(crate) fn reach(&mut self) {
        self.markers += 1;
        self.run.upto_marker(&mut self.sql, "what was done", self.markers);
    }

    /// Each row of `t` and `later` as its members, in order: `1 a=10 b=11`.
    pub(crate) fn rows(&self) -> Vec<String> {
        let shown = |message: &Message| {
            let mut text = message.data()["id"].as_str().unwrap_or("?").to_owned();
            for (name, value) in message.data().iter().filter(|(name, _)| *name != "id") {
                text.push_str(&format!(" {name}={}", value.as_str().unwrap_or("NULL")));
            }
            text
        };
        let seen = self.run.seen();
        seen.iter().filter(|message| message.table() != "marker").map(shown).collect()
    }
}

/// The servers, with and without names in the log.
fn each(named: bool, check: impl Fn(&MySql)) {
    for (kind, option) in [
        (Kind::MariaDb10_11, "binlog-row-metadata=NO_LOG"),
        (Kind::MySql9_7, "binlog-row-metadata=MINIMAL"),
        (Kind::MySql8_0, "binlog-row-metadata=MINIMAL"),
    ] {
        if named { check(MySql::shared(kind)) } else { check(&MySql::start(kind, &[option])) }
    }
}

#[test]
fn followed_by_their_names() {
    each(true, |server| {
        let mut scene = Scene::new(server, "start snapshot");
        scene.sql.run(SWAP);
        scene.sql.run("insert into t values (2, 21, 20)");
        scene.sql.run(
            "alter table t add column c varchar(5) character set latin1 after b, modify a bigint unsigned",
        );
        scene.sql.run("insert into t values (3, 31, 'é', 30)");
        scene.reach();
        scene.run.stop();
        // all of it at once, and nothing of it is there any more when it is read
        scene.sql.run(
            "alter table t drop column c; insert into t values (4, 41, 40); alter table t change a x int",
        );
        scene.sql.run("insert into t values (5, 51, 50)");
        scene.sql.run("rename table t to u; insert into u values (6, 61, 60); alter table u drop column x");
        scene.sql.run("insert into u values (7, 71); drop table u");
        scene.run.start_again();
        scene.reach();
        scene.run.stop();
        let expected = [
            "1 a=10 b=11",
            "2 a=20 b=21",
            "3 a=30 b=31 c=é",
            "4 a=40 b=41",
            "5 b=51 x=50",
            "6 b=61 x=60",
            "7 b=71",
        ];
        assert_eq!(scene.rows(), expected);
        let seen = scene.run.seen();
        let third = seen.iter().find(|message| message.table() == "t" && message.data()["id"] == "3");
        let types = &third.expect("row 3").json["mysqlType"];
        let widths = ["bigint unsigned", "bigint(20) unsigned"];
        assert!(types["c"] == "varchar(5)" && widths.iter().any(|it| types["a"] == *it), "{types}");
    });
}

#[test]
fn proven_without_names() {
    each(false, |server| {
        let mut scene = Scene::new(server, "start snapshot");
        // read again between the statement and the row
        scene.sql.run(SWAP);
        scene.sql.run("insert into t values (2, 21, 20)");
        scene.reach();
        // columns stay, names do not matter
        scene.sql.run("truncate table t; create index at on t (a); insert into t values (3, 31, 30)");
        scene.reach();
        // the position is past the statement, and no row told the columns
        scene.sql.run(SWAP);
        scene.reach();
        scene.run.stop();
        scene.sql.run("insert into t values (4, 40, 41)");
        scene.run.start_again();
        scene.reach();
        scene.run.stop();
        // rows before and after a statement, all while nothing ran; one table had none before
        scene.sql.run("insert into t values (5, 50, 51); insert into later values (6, 60, 61)");
        scene.sql.run(&format!("{SWAP}; {}", SWAP.replace("table t", "table later")));
        scene.sql.run("insert into t values (7, 71, 70); insert into later values (8, 81, 80)");
        scene.run.start_again();
        scene.reach();
        scene.run.stop();
        let expected = [
            "1 a=10 b=11",
            "2 a=20 b=21",
            "3 a=30 b=31",
            "4 a=40 b=41",
            "5 a=50 b=51",
            "6 a=60 b=61",
            "7 a=70 b=71",
            "8 a=80 b=81",
        ];
        assert_eq!(scene.rows(), expected);
    });
}

/// All of it happened while nothing ran, and nothing of it is left when it is read: only the statements tell the columns.
#[test]
fn statements_tell_what_the_log_does_not_name() {
    each(false, |server| {
        let mut scene = Scene::new(server, "start now");
        scene.run.stop();
        scene.sql.run("insert into t values (2, 20, 21)");
        scene.sql.run(SWAP);
        scene.sql.run("insert into t values (3, 31, 30)");
        scene.sql.run("alter table t change b c int, add b int after c, add d int first, drop a");
        scene.sql.run("insert into t values (40, 4, 42, 41)");
        // is there already: nothing happens, and yet MySQL logs it
        scene.sql.run("create table if not exists t (x int, y int)");
        scene.sql.run("alter table t modify c int after b, modify D int after ID");
        scene.sql.run("insert into t values (5, 50, 51, 52)");
        // a copy takes the place of the original
        scene.sql.run("create table _t_gho like t; alter table _t_gho change b c2 int, change c b int");
        scene.sql.run("rename table t to _t_del, _t_gho to t; drop table _t_del");
        scene.sql.run("insert into t values (6, 60, 62, 61)");
        scene.sql.run(
            "alter table t rename to u; insert into u values (7, 70, 72, 71); alter table u rename to t",
        );
        scene.sql.run("drop table t; create table t (b int, id int primary key)");
        scene.sql.run("insert into t values (81, 8); create table later2 like later; insert into later2 values (9, 90, 91)");
        for failpoints in ["txn.rows=2*off->return", "txn.rows=5*off->return"] {
            scene.run.start_to_die(failpoints);
        }
        scene.run.start_again();
        scene.reach();
        scene.run.stop();
        let expected = [
            "2 a=20 b=21",
            "3 a=30 b=31",
            "4 b=41 c=42 d=40",
            "5 D=50 b=51 c=52",
            "6 D=60 b=61 c2=62",
            "7 D=70 b=71 c2=72",
            "8 b=81",
            "9 a=90 b=91",
        ];
        assert_eq!(scene.rows(), expected);
    });
}

/// What no statement in the log tells stops the task before the first row, with both lists of columns.
#[test]
fn unproven_without_names() {
    each(false, |server| {
        let mut scene = Scene::new(server, "start now");
        scene.run.stop();
        scene.sql.run("insert into t values (2, 20, 21)");
        scene.sql.run("set sql_log_bin = 0; alter table t add extra bigint; set sql_log_bin = 1");
        scene.sql.run("insert into t values (3, 30, 31, 32); alter table t drop column extra");
        for _ in 0..2 {
            scene.run.start_again();
            let (code, said) = scene.run.end();
            assert_eq!(code, Some(25), "{said}");
            for word in [
                ".t are not proven",
                "(int, int, int, bigint)",
                "(id int",
                "a int",
                "alter table t drop column extra",
            ] {
                assert!(said.contains(word), "without {word}: {said}");
            }
        }
        // what came before may have been committed, or may be tried again with the next start
        let rows = scene.rows();
        assert!(rows.is_empty() || rows == ["2 a=20 b=21"], "{rows:?}");
    });
}

/// Seen while it runs, what no statement tells is read again and proven: no later statement is in the way.
#[test]
fn what_no_statement_tells_is_read_again() {
    each(false, |server| {
        let mut scene = Scene::new(server, "start now");
        scene.sql.run("set sql_log_bin = 0; alter table t add extra bigint after id; set sql_log_bin = 1");
        scene.sql.run("insert into t values (3, 32, 30, 31)");
        scene.reach();
        // from there on statements count again
        scene.run.stop();
        scene.sql.run("alter table t change a b int, change b a int; insert into t values (4, 42, 41, 40)");
        scene.sql.run("alter table t drop extra; insert into t values (5, 51, 50)");
        scene.run.start_again();
        scene.reach();
        scene.run.stop();
        assert_eq!(scene.rows(), ["3 a=30 b=31 extra=32", "4 a=40 b=41 extra=42", "5 a=50 b=51"]);
    });
}

/// A table that comes under a selected name brings rows that nobody has sent.
#[test]
fn a_table_that_is_renamed_into_the_selection_brings_its_rows() {
    each(false, |server| {
        let mut scene = Scene::new(server, "start snapshot");
        let (outside, database) = (server.database("outside"), scene.database());
        scene.sql.run(&format!(
            "create table `{outside}`.x (id int primary key, a int, b int);
             insert into `{outside}`.x values (2, 20, 21), (3, 30, 31);
             rename table `{outside}`.x to `{database}`.fresh; insert into fresh values (4, 40, 41)"
        ));
        scene.run.messages("its rows are sent", |messages| {
            let of_it = messages.iter().filter(|message| message.table() == "fresh");
            let ids: BTreeSet<String> =
                of_it.filter_map(|message| Some(message.data()["id"].as_str()?.to_owned())).collect();
            let all = BTreeSet::from(["2", "3", "4"].map(str::to_owned));
            if ids == all { Ok(()) } else { Err(format!("{ids:?}")) }
        });
        scene.run.stop();
        let rows: BTreeSet<String> = scene.rows().into_iter().collect();
        let expected = ["1 a=10 b=11", "2 a=20 b=21", "3 a=30 b=31", "4 a=40 b=41"].map(str::to_owned);
        assert_eq!(rows, BTreeSet::from(expected), "{:?}", server.kind());
    });
}

#[test]
fn dropped_and_made_anew() {
    each(false, |server| {
        let mut scene = Scene::new(server, "start now");
        scene.sql.run("drop table t; create table t (id int primary key, b int, a int); insert into t values (2, 21, 20)");
        scene.reach();
        scene.sql.run(
            "create table fresh (id int primary key, b int, a int); insert into fresh values (3, 31, 30)",
        );
        scene.reach();
        scene.sql.run("rename table t to old_t, fresh to t; insert into t values (4, 41, 40); insert into old_t values (5, 51, 50)");
        scene.reach();
        scene.run.stop();
        scene.sql.run("insert into later values (6, 60, 61); drop table later");
        scene.run.start_again();
        scene.reach();
        scene.run.stop();
        let expected = ["2 a=20 b=21", "3 a=30 b=31", "4 a=40 b=41", "5 a=50 b=51", "6 a=60 b=61"];
        assert_eq!(scene.rows(), expected);
    });
}

/// Rows of the table that is loaded while it changes.
const LARGE_ROWS: usize = 2_048;

#[test]
fn loaded_while_columns_come() {
    for named in [true, false] {
        each(named, |server| {
            let database = server.database("definitions");
            let mut sql = server.sql();
            sql.run(&format!("use `{database}`"));
            sql.run("create table t (id int primary key auto_increment, a int, b int); insert into t values (1, null, null)");
            for _ in 0..LARGE_ROWS.ilog2() {
                sql.run("insert into t (a) select null from t");
            }
            sql.run("update t set a = id * 10, b = id * 10 + 1");
            let start = "start snapshot {\n    chunk 20 rows\n  }";
            let mut run = Run::start(server, Kafka::shared(), &database, start);
            run.says("snapshot.started");
            for number in 0..4 {
                sql.run(&format!("alter table t add column c{number} int first"));
            }
            sql.run("insert into t (id, a, b) values (1000000, 10000000, 10000001)");
            run.says("snapshot.done");
            let messages = run.upto_marker(&mut sql, "the last row", 1);
            run.stop();
            let number = |message: &Message, name: &str| -> i64 {
                message.data()[name].as_str().and_then(|text| text.parse().ok()).expect("a number")
            };
            let mut ids: Vec<i64> = Vec::new();
            for message in &messages {
                let id = number(message, "id");
                assert_eq!(
                    (number(message, "a"), number(message, "b")),
                    (id * 10, id * 10 + 1),
                    "{}",
                    message.text
                );
                ids.push(id);
            }
            ids.sort_unstable();
            let twice: Vec<i64> =
                ids.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
            // one that comes while rows are loaded comes by the log, and may be among those loaded
            assert!(twice.iter().all(|id| *id == 1_000_000), "named: {named}: twice: {twice:?}");
            ids.dedup();
            assert_eq!(ids.len(), LARGE_ROWS + 1, "named: {named}");
        });
    }
}
