//! Columns that the log does not name, proven by what else is in it; and rows that come without events.

use std::fs;
use std::path::PathBuf;

use crate::support::shop::{Shop, error};
use crate::support::{Kafka, Kind, MySql};

const BARE: [(Kind, &str); 2] =
    [(Kind::MariaDb10_11, "binlog-row-metadata=NO_LOG"), (Kind::MySql9_7, "binlog-row-metadata=MINIMAL")];

/// Columns of `items` that no statement of the log tells, a row of them, and more behind it than the reader keeps in memory.
fn unlogged(shop: &Shop<'_>) {
    let mut sql = shop.sql();
    sql.run("set sql_log_bin = 0; alter table items add column extra int; set sql_log_bin = 1");
    sql.run("insert into items values (4, 'c4n4ry', 1)");
    for id in 4..44 {
        sql.run(&format!("insert into other values ({id}, concat('c4n4ry', repeat('x', 600000)))"));
    }
}

#[test]
fn a_proof_may_lie_further_ahead_than_the_reader_keeps() {
    for (kind, option) in BARE {
        let server = MySql::start(kind, &[option]);
        let mut shop = Shop::new("ahead", &server, Kafka::shared());
        shop.table("other");
        shop.sql().run("alter table other modify name mediumtext");
        shop.text.include = "DB.*".to_owned();
        shop.text.rules = "  start now\n".to_owned();
        let mut syncc = shop.run();
        shop.stop(&mut syncc);
        unlogged(&shop);
        let mut syncc = shop.start(&[]);
        shop.wait_ids("other", &(4..44).collect::<Vec<_>>());
        shop.wait_ids("items", &[4]);
        shop.stop(&mut syncc);

        // a statement behind it takes the proof away
        unlogged_again(&shop);
        let said = error(&shop.ends(&[], 25));
        assert!(said.contains("another statement follows before they could be read"), "{said}");
    }
}

fn unlogged_again(shop: &Shop<'_>) {
    let mut sql = shop.sql();
    sql.run("set sql_log_bin = 0; alter table items add column more int; set sql_log_bin = 1");
    sql.run("insert into items values (5, 'c4n4ry', 1, 1)");
    for id in 44..84 {
        sql.run(&format!("insert into other values ({id}, concat('c4n4ry', repeat('x', 600000)))"));
    }
    sql.run("alter table items comment 'another'");
}

#[test]
fn tables_of_a_database_that_joins_later_are_followed() {
    for (kind, option) in BARE {
        let server = MySql::start(kind, &[option]);
        let mut shop = Shop::new("joining", &server, Kafka::shared());
        let other = server.database("joining");
        let mut sql = server.sql();
        sql.run(&format!("use `{other}`; create table t (id int primary key, name text); insert into t values (1, 'c4n4ry')"));
        let mut syncc = shop.run();
        shop.edit(|text| text.include = format!("DB.items\n  include `{other}`.t"));
        shop.wait_status(&mut syncc, "the other database has joined", |status| status.generation == 2);
        shop.wait_ids("t", &[1]);
        shop.stop(&mut syncc);
        // by the time the rows are read the table has had two other forms
        sql.run(
            "insert into t values (2, 'c4n4ry'); alter table t add column a int first; insert into t values (0, 3, 'c4n4ry');
             alter table t drop column a; insert into t values (4, 'c4n4ry')",
        );
        let mut syncc = shop.start(&[]);
        shop.wait_ids("t", &[1, 2, 3, 4]);
        shop.stop(&mut syncc);
    }
}

#[test]
fn rows_that_a_partition_brings_are_loaded() {
    for kind in [Kind::MariaDb10_11, Kind::MySql9_7] {
        let server = MySql::shared(kind);
        let mut shop = Shop::new("exchange", server, Kafka::shared());
        let mut sql = shop.sql();
        sql.run(
            "create table parts (id int primary key, name text)
               partition by range (id) (partition a values less than (100), partition b values less than maxvalue);
             insert into parts values (1, 'c4n4ry'), (101, 'c4n4ry');
             create table aside (id int primary key, name text); insert into aside values (102, 'c4n4ry'), (103, 'c4n4ry')",
        );
        shop.text.include = "DB.parts".to_owned();
        let mut syncc = shop.run();
        shop.wait_ids("parts", &[1, 101]);
        sql.run("alter table parts exchange partition b with table aside");
        shop.wait_ids("parts", &[1, 1, 101, 102, 103]);
        assert!(syncc.stderr().contains("came or went without change events"), "{}", syncc.stderr());
        sql.run("insert into parts values (104, 'c4n4ry')");
        shop.wait_ids("parts", &[1, 1, 101, 102, 103, 104]);
        shop.stop(&mut syncc);
    }
}

#[test]
fn rows_of_a_tablespace_that_is_imported_are_loaded() {
    for kind in [Kind::MariaDb10_11, Kind::MySql9_7] {
        let server = MySql::shared(kind);
        let mut shop = Shop::new("import", server, Kafka::shared());
        let mut sql = shop.sql();
        sql.run(
            "create table t (id int primary key, name text); insert into t values (1, 'c4n4ry');
             create table brought like t; insert into brought values (5, 'c4n4ry'), (6, 'c4n4ry')",
        );
        shop.text.include = "DB.t".to_owned();
        let mut syncc = shop.run();
        shop.wait_ids("t", &[1]);
        let folder = PathBuf::from(sql.one("select @@datadir")).join(&shop.db);
        sql.run("alter table t discard tablespace; flush tables brought for export");
        for end in ["ibd", "cfg"] {
            let file = |table: &str| folder.join(format!("{table}.{end}"));
            fs::copy(file("brought"), file("t")).expect("the server's files are ours");
        }
        sql.run("unlock tables; alter table t import tablespace");
        shop.wait_ids("t", &[1, 5, 6]);
        assert!(syncc.stderr().contains("came or went without change events"), "{}", syncc.stderr());
        sql.run("insert into t values (7, 'c4n4ry')");
        shop.wait_ids("t", &[1, 5, 6, 7]);
        shop.stop(&mut syncc);
    }
}

#[test]
fn columns_that_nothing_proves_may_be_given() {
    for (kind, option) in BARE {
        let server = MySql::start(kind, &[option]);
        let shop = Shop::new("given", &server, Kafka::shared());
        let mut syncc = shop.run();
        let items = format!("{}.items", shop.db);
        let file = shop.project.folder().join("items.sql");
        let set = |shop: &Shop<'_>, at: &str, text: &str| {
            std::fs::write(&file, text).expect("the folder is there");
            let file = file.to_str().expect("UTF-8");
            let done = shop.project.syncc(&["schema", "set", &items, "--at", at, "--from", file]);
            let said =
                String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
            (done.status.code(), said)
        };
        const TEXT: &str =
            "create table items (id int primary key, name text, extra int) default charset=utf8mb4;";
        let (code, said) = set(&shop, "binlog.000001:4", TEXT);
        assert!(code != Some(0), "the instance runs: {said}");
        shop.stop(&mut syncc);

        let mut sql = shop.sql();
        let status = if kind == Kind::MySql9_7 { "show binary log status" } else { "show master status" };
        let row = sql.text(status).remove(0);
        let at = format!("{}:{}", row[0].as_deref().expect("a file"), row[1].as_deref().expect("an offset"));
        // a row of columns that are not in the log, and no longer at the server
        sql.run(
            "set sql_log_bin = 0; alter table items add column extra int; set sql_log_bin = 1;
             insert into items values (4, 'c4n4ry', 1); alter table items drop column extra; insert into items values (5, 'c4n4ry')",
        );
        let said = error(&shop.ends(&[], 25));
        assert!(said.contains("are not proven") && said.contains("syncc schema set"), "{said}");

        let (code, said) = set(&shop, "binlog.000001:4", TEXT);
        assert!(code == Some(4) && said.contains("where task"), "{said}");
        let (code, said) = set(&shop, &at, "create table other (id int)");
        assert!(code == Some(4) && said.contains("must hold the one statement"), "{said}");
        let (code, said) = set(
            &shop,
            &at,
            "create table items (id int primary key, name text, extra bigint) default charset=utf8mb4",
        );
        assert_eq!(code, Some(0), "{said}");
        let said = error(&shop.ends(&[], 25));
        assert!(said.contains("are not proven"), "columns that do not fit are refused: {said}");
        let (code, said) = set(&shop, &at, TEXT);
        assert!(code == Some(0) && said.contains("has these columns from"), "{said}");
        let mut syncc = shop.start(&[]);
        shop.wait_ids("items", &[1, 2, 3, 4, 5]);
        shop.stop(&mut syncc);
    }
}
