//! What a log may hold, from the server to the message: texts of statements in other character sets and modes, encrypted
//! files, and what ends a task because rows could get lost.

use std::fs;

use crate::support::{Kafka, Kind, MySql, Sql};
use crate::torture::run::{Message, Run};
use encoding_rs::{Encoding, GBK, SHIFT_JIS, UTF_8, WINDOWS_1252};

/// A client: what it sets, the encoding of what it sends, and a table with comments that it writes down in its way.
struct Client {
    sets: &'static str,
    encoding: &'static Encoding,
    /// The table as the client quotes it, and by name.
    table: (&'static str, &'static str),
    /// Columns `a` and `b` as the client quotes them.
    columns: [&'static str; 2],
    /// Texts whose bytes end a string too late for who takes a second byte for a backslash, or a mode for another.
    comments: [&'static str; 2],
}

const CLIENTS: [Client; 5] = [
    Client {
        sets: "set names sjis",
        encoding: SHIFT_JIS,
        table: ("`表`", "表"),
        columns: ["`a`", "`b`"],
        comments: ["'ソ'", "'表, b int'"],
    },
    Client {
        sets: "set names gbk",
        encoding: GBK,
        table: ("`誠`", "誠"),
        columns: ["`a`", "`b`"],
        comments: ["'誠'", "'誠, b int'"],
    },
    Client {
        sets: "set names latin1",
        encoding: WINDOWS_1252,
        table: ("größe", "größe"),
        columns: ["a", "b"],
        comments: ["'é'", "'€'"],
    },
    Client {
        sets: "set names utf8mb4; set sql_mode = 'ANSI_QUOTES'",
        encoding: UTF_8,
        table: ("\"an\"\"si\"", "an\"si"),
        columns: ["\"a\"", "\"b\""],
        comments: ["'\"'", "'x\"y'"],
    },
    Client {
        sets: "set names utf8mb4; set sql_mode = 'NO_BACKSLASH_ESCAPES'",
        encoding: UTF_8,
        table: ("`back\\`", "back\\"),
        columns: ["`a`", "`b`"],
        comments: ["'\\'", "'a\\'"],
    },
];

impl Client {
    fn run(&self, sql: &mut Sql, statement: &str) {
        let (bytes, _, lost) = self.encoding.encode(statement);
        assert!(!lost, "{statement}");
        sql.run_bytes(&bytes);
    }
}

/// Two columns of one type exchange their names: no table map tells it, only the statement. Who cannot read it puts the values
/// behind it under the wrong names.
fn clients(kind: Kind, option: &str) {
    let server = MySql::start(kind, &[option]);
    let database = server.database("log");
    let mut run = Run::start(&server, Kafka::shared(), &database, "start now");
    run.says("task.started");
    let mut sql = server.sql();
    let mut marker = 0;
    let mut reach = |run: &mut Run<'_>| {
        marker += 1;
        run.upto_marker(&mut server.sql(), "what was done", marker)
    };
    for client in &CLIENTS {
        let (table, [a, b], [one, two]) = (client.table.0, client.columns, client.comments);
        sql.run("set names utf8mb4; set sql_mode = ''");
        sql.run(&format!("use `{database}`"));
        sql.run(client.sets);
        client.run(
            &mut sql,
            &format!(
                "create table {table} (id int primary key, {a} int comment {one}, {b} int comment {two})"
            ),
        );
        client.run(&mut sql, &format!("insert into {table} values (1, 10, 11)"));
        reach(&mut run);
        client.run(
            &mut sql,
            &format!(
                "alter table {table} change {a} {b} int comment {one}, change {b} {a} int comment {two} /* {b} */"
            ),
        );
        client.run(&mut sql, &format!("insert into {table} values (2, 21, 20)"));
    }
    let seen = reach(&mut run);
    run.stop();
    for client in &CLIENTS {
        let of_client = |message: &&Message| message.table() == client.table.1;
        let values = seen.iter().filter(of_client).map(|message| {
            let value = |name: &str| message.data()[name].as_str().expect("a value").to_owned();
            format!("{} a={} b={}", value("id"), value("a"), value("b"))
        });
        let values: Vec<String> = values.collect();
        assert_eq!(values, ["1 a=10 b=11", "2 a=20 b=21"], "{kind:?}: {}", client.sets);
    }
}

#[test]
fn statements_of_sjis_gbk_latin1_and_ansi_quotes_clients_on_mariadb() {
    clients(Kind::MariaDb10_11, "binlog-row-metadata=NO_LOG");
}

#[test]
fn statements_of_sjis_gbk_latin1_and_ansi_quotes_clients_on_mysql() {
    clients(Kind::MySql9_7, "binlog-row-metadata=MINIMAL");
}

/// MariaDB logs such an ALTER at its begin and again at its end, or only that it was given up. Who applies both exchanges the names
/// twice.
#[test]
fn an_alter_in_two_phases_counts_once() {
    for kind in Kind::EVERY.into_iter().filter(|kind| kind.is_mariadb()) {
        in_two_phases(kind);
    }
}

fn in_two_phases(kind: Kind) {
    let server = MySql::start(kind, &["binlog-row-metadata=NO_LOG", "binlog-alter-two-phase=ON"]);
    let database = server.database("log");
    let mut sql = server.sql();
    sql.run(&format!("use `{database}`; create table t (id int primary key, a int, b int)"));
    let mut run = Run::start(&server, Kafka::shared(), &database, "start now");
    run.says("task.started");
    sql.run("insert into t values (1, 10, 11)");
    run.upto_marker(&mut sql, "the first row", 1);
    sql.run("alter table t change a b int, change b a int; insert into t values (2, 21, 20)");
    run.upto_marker(&mut sql, "the second row", 2);
    sql.run("insert into t values (3, 31, 20)");
    let given_up = sql.try_run("alter table t change b c int, add unique key (a)");
    assert!(given_up.is_err(), "two rows have the same value");
    sql.run("insert into t values (4, 41, 40)");
    let seen = run.upto_marker(&mut sql, "the last row", 3);
    run.stop();
    let values: Vec<String> = seen
        .iter()
        .map(|message| format!("{:?} {:?}", message.data()["a"].as_str(), message.data()["b"].as_str()))
        .collect();
    let expected = [(10, 11), (20, 21), (20, 31), (40, 41)];
    assert_eq!(values, expected.map(|(a, b)| format!("Some(\"{a}\") Some(\"{b}\")")), "{kind:?}");
    let events = sql.text("show binlog events in 'binlog.000001'");
    let told = format!("{events:?}");
    assert!(told.contains("START ALTER") && told.contains("ROLLBACK ALTER"), "{kind:?} did it in two phases");
}

#[test]
fn an_encrypted_log_is_read() {
    let keys = tempfile::NamedTempFile::new().expect("a file");
    fs::write(keys.path(), format!("1;{}\n", "0123456789abcdef".repeat(4))).expect("written");
    let keys = format!("file-key-management-filename={}", keys.path().display());
    let options = ["plugin-load-add=file_key_management", &keys, "encrypt-binlog=ON"];
    let server = MySql::start(Kind::MariaDb10_11, &options);
    let database = server.database("log");
    let mut sql = server.sql();
    assert_eq!(sql.one("select @@encrypt_binlog"), "1");
    sql.run(&format!("use `{database}`; create table t (id int primary key, v varchar(20))"));
    let mut run = Run::start(&server, Kafka::shared(), &database, "start now");
    run.says("task.started");
    sql.run("insert into t values (1, 'one'); flush binary logs; insert into t values (2, 'two')");
    let seen = run.upto_marker(&mut sql, "the rows", 1);
    run.stop();
    let values: Vec<_> = seen.iter().map(|message| message.data()["v"].as_str()).collect();
    assert_eq!(values, [Some("one"), Some("two")]);
}

#[test]
fn places_that_are_0_inside_of_transactions() {
    let server = MySql::shared(Kind::MariaDb11_8);
    let database = server.database("log");
    let mut sql = server.sql();
    sql.run(&format!("use `{database}`; create table t (id int primary key)"));
    let mut run = Run::start(server, Kafka::shared(), &database, "start now");
    run.says("task.started");
    for first in [10, 20] {
        sql.run(&format!(
            "begin; insert into t values ({first}); insert into t values ({first} + 1); commit"
        ));
    }
    run.upto_marker(&mut sql, "the rows", 1);
    run.stop();
    sql.run("begin; insert into t values (30); insert into t values (31); commit");
    run.start_again();
    let seen = run.upto_marker(&mut sql, "the rows behind the stop", 2);
    run.stop();
    let values: Vec<_> = seen.iter().filter_map(|message| message.data()["id"].as_str()).collect();
    assert_eq!(values, ["10", "11", "20", "21", "30", "31"]);
}

/// A task follows the table `t`; `statements` end it with exit code 25 and these words, and nothing of them is sent.
#[track_caller]
fn stops(server: &MySql, statements: &str, says: &[&str]) {
    let database = server.database("log");
    let mut sql = server.sql();
    sql.run(&format!(
        "use `{database}`; create table t (id int primary key, v varchar(2000), w longtext);
         create table m (id int, v varchar(2000)) engine = myisam;
         insert into t values (1, 'one', 'w'), (2, 'two', 'w')"
    ));
    let mut run = Run::start(server, Kafka::shared(), &database, "start now");
    run.says("task.started");
    run.upto_marker(&mut sql, "the start", 1);
    // some of them are meant to fail
    let _ = sql.try_run(statements);
    let (code, said) = run.end();
    assert_eq!(code, Some(25), "{statements}\n{said}");
    for words in says {
        assert!(said.contains(words), "{statements}\n`{words}` in\n{said}");
    }
    let sent = run.seen().iter().filter(|message| message.table() != "marker").count();
    assert_eq!(sent, 0, "{statements}\n{said}");
}

#[test]
fn partial_row_images_of_a_session_end_the_task() {
    let says = ["the row image leaves out column", "`binlog_row_image`", "set FULL for every session"];
    for kind in [Kind::MySql9_7, Kind::MariaDb10_11] {
        let server = MySql::shared(kind);
        for image in ["MINIMAL", "NOBLOB"] {
            stops(
                server,
                &format!("set session binlog_row_image = {image}; update t set v = 'new' where id = 1"),
                &says,
            );
        }
    }
    let server = MySql::shared(Kind::MariaDb11_8);
    stops(server, "set session binlog_row_image = FULL_NODUP; update t set v = 'new' where id = 1", &says);
}

/// It logs them in inserts only, whatever `binlog_row_image` says.
#[test]
fn generated_columns_that_mariadb_11_8_leaves_out_end_the_task() {
    let statements = "create table g (id int primary key, v int as (id * 2) virtual, z int);
        begin; insert into g (id, z) values (1, 1); update g set z = 2; commit";
    stops(MySql::shared(Kind::MariaDb11_8), statements, &["leaves out column 2", "is a generated column"]);
}

#[test]
fn rows_that_were_logged_as_a_statement_end_the_task() {
    for kind in Kind::ALL {
        let says =
            ["a change of", ".t was logged as a statement", "set `binlog_format` to ROW for every session"];
        stops(
            MySql::shared(kind),
            "set session binlog_format = STATEMENT; update t set v = 'new' where id = 1",
            &says,
        );
    }
}

#[test]
fn an_incident_ends_the_task() {
    let options = ["max-binlog-stmt-cache-size=4096", "binlog-stmt-cache-size=4096"];
    let rows: Vec<String> = (0..100).map(|n| format!("({n}, repeat('x', 1000))")).collect();
    for kind in Kind::EVERY {
        let server = MySql::start(kind, &options);
        // a table without transactions keeps the rows, the log does not
        stops(
            &server,
            &format!("insert into m values {}", rows.join(", ")),
            &["Incident (26): the server says that changes are missing from its log"],
        );
    }
}
