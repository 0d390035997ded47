//! Statements of all kinds, where the log names no columns: versions, character sets, partitions, rows that a statement brings
//! along, and the copies that tools for online schema changes put in the place of a table.
//!
//! Most of it happens while syncc is down, so that nothing is left to be looked up when it reads.

use crate::definitions::Scene;
use crate::support::run::installed;
use crate::support::{Kind, MySql, wait};
use std::process::Command;

/// Servers whose log names no columns.
const NAMELESS: [(Kind, &[&str]); 2] = [
    (Kind::MariaDb10_11, &["binlog-row-metadata=NO_LOG"]),
    (Kind::MySql9_7, &["binlog-row-metadata=MINIMAL"]),
];

/// Statements run while syncc is down, and the rows it then reads.
#[track_caller]
fn check(server: &MySql, statements: &str, expected: &[&str]) {
    let mut scene = Scene::new(server, "start now");
    scene.run.stop();
    scene.sql.run(statements);
    scene.run.start_again();
    scene.reach();
    scene.run.stop();
    assert_eq!(scene.rows(), expected, "{:?}", server.kind());
}

#[test]
fn character_sets_follow_their_tables_and_databases() {
    for (kind, options) in NAMELESS {
        let server = MySql::start(kind, options);
        check(
            &server,
            "set names utf8mb4;
             create table c (id int primary key, s varchar(9) character set latin1, e enum('é') character set latin1);
             insert into c values (2, 'é', 'é');
             alter table c convert to character set utf8mb4, modify e int; insert into c values (3, 'ß', 1);
             alter table c modify s varchar(9) character set latin1; insert into c values (4, 'ü', 1);
             alter table c default character set latin1, add u varchar(9); insert into c values (5, 'é', 1, 'é');
             alter database character set cp1251; create table d (id int primary key, s varchar(9));
             insert into d values (6, 'ж'); create table d2 like c; insert into d2 values (7, 'é', 1, 'é')",
            &["2 e=1 s=é", "3 e=1 s=ß", "4 e=1 s=ü", "5 e=1 s=é u=é", "6 s=ж", "7 e=1 s=é u=é"],
        );
    }
}

#[test]
fn rows_that_come_with_their_table() {
    for (kind, options) in NAMELESS {
        let server = MySql::start(kind, options);
        check(
            &server,
            "create table s select id, b, a from t; alter table s change a b int, change b a int;
             insert into s values (2, 20, 21); create table if not exists s (x int); drop table if exists none, s;
             create table s (id int primary key, `b``x` int) comment 'a, b int'; insert into s values (3, 31)",
            &["1 a=10 b=11", "2 a=20 b=21", "3 b`x=31"],
        );
    }
}

/// A name that changed behind the log's back shows in no table map: it is noticed once the stream has caught up.
#[test]
fn names_are_held_against_those_of_the_server() {
    for (kind, options) in NAMELESS {
        let server = MySql::start(kind, options);
        let mut scene = Scene::new(&server, "start now");
        scene.sql.run("alter table t add c int; insert into t values (2, 20, 21, 22)");
        scene.reach();
        scene.sql.run("set sql_log_bin = 0; alter table t change a z int; set sql_log_bin = 1");
        scene.sql.run("alter table t add d int; insert into t values (3, 30, 31, 32, 33)");
        let (code, said) = scene.run.end();
        assert_eq!(code, Some(25), "{said}");
        for words in ["are not what they should be", "(id, a, b, c, d)", "(id, z, b, c, d)"] {
            assert!(said.contains(words), "without {words}: {said}");
        }
    }
}

#[test]
fn an_alter_that_is_logged_twice_counts_once() {
    let server = MySql::start(Kind::MariaDb10_11, &["binlog-row-metadata=NO_LOG"]);
    let mut scene = Scene::new(&server, "start now");
    scene.run.stop();
    scene.sql.run(
        "set binlog_alter_two_phase = 1; insert into t values (2, 20, 20);
         alter table t add c int after id; insert into t values (3, 32, 20, 31)",
    );
    // begun, logged, and taken back
    assert!(scene.sql.try_run("alter table t add unique (a), add z int first").is_err(), "20 is there twice");
    scene.sql.run("insert into t values (4, 42, 40, 41); alter table t change c a int, change a c int");
    scene.sql.run("insert into t values (5, 50, 52, 51)");
    scene.run.start_again();
    scene.reach();
    scene.run.stop();
    let expected = ["2 a=20 b=20", "3 a=20 b=31 c=32", "4 a=40 b=41 c=42", "5 a=50 b=51 c=52"];
    assert_eq!(scene.rows(), expected);
}

/// Of a table with system versioning the history is left out, before and after it gets and loses that property.
#[test]
fn versioned_tables_come_and_go() {
    let server = MySql::start(Kind::MariaDb10_11, &["binlog-row-metadata=NO_LOG"]);
    check(
        &server,
        "set system_versioning_alter_history = keep;
         insert into t values (2, 20, 21); alter table t add system versioning; insert into t values (3, 30, 31);
         update t set a = 33 where id = 3; alter table t add c int after id; insert into t values (4, 42, 40, 41);
         delete from t where id = 4; alter table t drop system versioning; insert into t values (5, 52, 50, 51)",
        &[
            "2 a=20 b=21",
            "3 a=30 b=31",
            "3 a=33 b=31",
            "4 a=40 b=41 c=42",
            "4 a=40 b=41 c=42",
            "5 a=50 b=51 c=52",
        ],
    );
}

/// History cannot be told from the rows of a table whose start and end of a row are columns like others: nothing of it is sent,
/// however it came to be known.
#[test]
fn versioned_tables_with_columns_of_their_own_stop_the_task() {
    const LIFE: &str = "s timestamp(6) generated always as row start, e timestamp(6) generated always as row end, \
                        period for system_time (s, e)";
    let created =
        format!("create table own (id int primary key, a int, b int, {LIFE}) with system versioning");
    let added = "alter table later add s timestamp(6) generated always as row start,
        add e timestamp(6) generated always as row end, add period for system_time (s, e), add system versioning";
    let unlogged = format!("set sql_log_bin = 0; {created}; set sql_log_bin = 1");
    for names in ["binlog-row-metadata=NO_LOG", "binlog-row-metadata=FULL"] {
        let server = MySql::start(Kind::MariaDb10_11, &[names]);
        for (statements, table) in [(created.as_str(), "own"), (added, "later"), (&unlogged, "own")] {
            let mut scene = Scene::new(&server, "start now");
            scene.sql.run(statements);
            scene.sql.run(&format!(
                "insert into {table} (id, a, b) values (2, 20, 21); update {table} set a = 22 where id = 2;
                 delete from {table} where id = 2"
            ));
            let (code, said) = scene.run.end();
            assert_eq!(code, Some(25), "{names} {statements}: {said}");
            let told = format!(".{table} has system versioning with columns of its own");
            assert!(said.contains(&told), "{names} {statements}: {said}");
            let rows = scene.rows();
            assert!(rows.is_empty(), "{names} {statements}: {rows:?}");
        }
    }
}

/// Where names have no case, statements may spell them as they like.
#[test]
fn names_without_case() {
    let options = &["binlog-row-metadata=NO_LOG", "lower-case-table-names=1"];
    let server = MySql::start(Kind::MariaDb10_11, options);
    check(
        &server,
        "insert into T values (2, 20, 21); alter table `T` change A b int, change B a int;
         insert into t values (3, 31, 30); create table Fresh like LATER; alter table FRESH drop column A;
         insert into fresh values (4, 41); rename table Fresh to Other; insert into OTHER values (5, 51)",
        &["2 a=20 b=21", "3 a=30 b=31", "4 b=41", "5 b=51"],
    );
}

/// Rows that EXCHANGE PARTITION brings are in no event: both tables are loaded anew. What TRUNCATE PARTITION takes is told.
#[test]
fn rows_of_partitions_change_places() {
    for (kind, options) in NAMELESS {
        let server = MySql::start(kind, options);
        let mut scene = Scene::new(&server, "start snapshot");
        scene.sql.run(
            "create table p (id int primary key, a int, b int) partition by range (id)
               (partition p0 values less than (10), partition p1 values less than maxvalue);
             create table x (id int primary key, a int, b int); insert into p values (5, 50, 51), (15, 150, 151);
             insert into x values (6, 60, 61); alter table p exchange partition p0 with table x",
        );
        scene.wait_rows(7, "both tables are loaded anew");
        scene.sql.run("alter table p truncate partition p0; insert into p values (7, 70, 71)");
        scene.reach();
        scene.run.says("table.truncated");
        scene.run.stop();
        let mut rows = scene.rows();
        rows.sort();
        let expected = [
            "1 a=10 b=11",
            "15 a=150 b=151",
            "15 a=150 b=151",
            "5 a=50 b=51",
            "5 a=50 b=51",
            "6 a=60 b=61",
            "6 a=60 b=61",
            "7 a=70 b=71",
        ];
        assert_eq!(rows, expected, "{kind:?}");
    }
}

/// Rows of the table that a tool changes; the columns of the third and fourth have changed places.
const CHANGED: [&str; 5] =
    ["1 a=10 b=11", "2 a=20 b=21", "3 a=30 b=31 c=32", "4 a=40 b=41 c=42", "5 a=50 b=51"];

/// The columns that a tool gives the table, one after the other; none of them shows in a table map.
const ONLINE: [&str; 2] = ["add column c int after id", "drop column c, modify b int after id"];

#[test]
fn changed_by_pt_online_schema_change() {
    let tool = installed("percona-toolkit").join("pt-online-schema-change");
    for (kind, options) in NAMELESS {
        let server = MySql::start(kind, options);
        changed_online(&server, |scene, alter| {
            let place = format!("h=127.0.0.1,P={},u=root,D={},t=t", server.port(), scene.database());
            let output = Command::new(&tool)
                .args(["--alter", alter, "--execute", "--no-check-replication-filters"])
                .args(["--recursion-method=none", "--charset=utf8mb4", &place])
                .output()
                .expect("perl is installed");
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() && said.contains("Successfully altered"), "{said}{wrong}");
        });
    }
}

/// The statements of gh-ost, and its cut-over: the sentry holds the name of the old table until the rename waits for it.
#[test]
fn changed_as_by_gh_ost() {
    for (kind, options) in NAMELESS {
        let server = MySql::start(kind, options);
        changed_online(&server, |scene, alter| {
            let database = scene.database();
            scene.sql.run(
                "drop table if exists _t_gho, _t_del, _t_ghc;
                 create /* gh-ost */ table _t_ghc (id bigint unsigned auto_increment primary key,
                   last_update timestamp not null default current_timestamp on update current_timestamp,
                   hint varchar(64) not null, value varchar(4096) not null, unique key (hint)) comment='gh-ost-v1';
                 create /* gh-ost */ table _t_gho like t",
            );
            scene.sql.run(&format!("alter /* gh-ost */ table _t_gho {alter}"));
            scene.sql.run(
                "insert into _t_ghc (hint, value) values ('heartbeat', now(6)) on duplicate key update value = values(value);
                 insert ignore into _t_gho (id, a, b) select id, a, b from t lock in share mode;
                 replace into _t_gho (id, a, b) select id, a, b from t order by id limit 1;
                 create table _t_del (id int auto_increment primary key) comment='ghost-cut-over-sentry';
                 lock tables t write, _t_del write",
            );
            std::thread::scope(|scope| {
                let cut_over = scope.spawn(|| {
                    server.sql().run(&format!(
                        "rename /* gh-ost */ table {database}.t to {database}._t_del, {database}._t_gho to {database}.t"
                    ));
                });
                let mut other = server.sql();
                wait::until("the rename waits", 60, || {
                    let waits = "select count(*) from information_schema.processlist where info like 'rename%' \
                                 and state like 'Waiting for table%'";
                    if other.one(waits) == "1" { Ok(()) } else { Err("it does not") }
                });
                scene.sql.run("drop table _t_del; unlock tables");
                cut_over.join().expect("it is renamed");
            });
            scene.sql.run("drop table _t_ghc, _t_del");
        });
    }
}

/// A table is changed twice: while syncc follows, and while it is down. Its rows come once, and under their names.
fn changed_online(server: &MySql, change: impl Fn(&mut Scene<'_>, &str)) {
    let mut scene = Scene::new(server, "start snapshot");
    scene.sql.run("insert into t values (2, 20, 21)");
    change(&mut scene, ONLINE[0]);
    scene.sql.run("insert into t values (3, 32, 30, 31)");
    scene.reach();
    scene.run.stop();
    scene.sql.run("insert into t values (4, 42, 40, 41)");
    change(&mut scene, ONLINE[1]);
    scene.sql.run("insert into t values (5, 51, 50)");
    scene.run.start_again();
    scene.reach();
    scene.run.stop();
    assert_eq!(scene.rows(), CHANGED, "{:?}", server.kind());
}
