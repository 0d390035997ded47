//! What is found at tables, and how they are seen.

use super::{check, every, found, mended, repair};
use crate::source::session;
use crate::support::{Kind, MySql};
use syncc::catalog::TableKind;
use syncc::mysql::position::Flavor;
use syncc::source::mysql::io::tables;

#[test]
fn engines_without_views_are_told_and_can_be_changed() {
    every(|_, server| {
        let db = server.database("engines");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.t (a int primary key) engine=myisam"));
        // it may not lock the table either, which such an engine needs
        mended(server, &db, &["L0104 Error", "L0115 Warning"], &[]);
        sql.run(&format!("create table `{db}`.m (a int primary key) engine=myisam"));
        sql.run(&format!("create table `{db}`.u (a int primary key) engine=merge union=(`{db}`.m)"));
        let found = found(server, &db);
        check(&found, &["L0115 Warning", "L0115 Error"], server);
        assert!(found[1].message.contains("stand in other tables"), "{found:?}");
        // the repair is to leave it out
        sql.run(&format!("drop table `{db}`.u; drop table `{db}`.m"));
        check(&self::found(server, &db), &[], server);
    });
}

#[test]
fn rows_that_the_engine_changes_are_told() {
    every(|kind, server| {
        let db = server.database("cascades");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.p (a int primary key)"));
        sql.run(&format!(
            "create table `{db}`.c (a int primary key, p int, q int, constraint `f``1` foreign key (p) references `{db}`.p (a) \
             on delete cascade, constraint f2 foreign key (q) references `{db}`.p (a) on delete no action)"
        ));
        match kind {
            // foreign keys are executed above the engine, and logged
            Kind::MySql9_7 => check(&found(server, &db), &[], server),
            _ => {
                let before = found(server, &db);
                assert!(before[0].message.contains("(ON DELETE CASCADE)"), "{before:?}");
                mended(server, &db, &["L0119 Warning"], &[]);
            }
        }
    });
    let native = MySql::start(Kind::MySql9_7, &["innodb-native-foreign-keys=ON"]);
    let mut sql = native.sql();
    sql.run("create database d; create table d.p (a int primary key)");
    sql.run(
        "create table d.c (a int primary key, p int, foreign key (p) references d.p (a) on update set null)",
    );
    mended(&native, "d", &["L0119 Warning"], &[]);
}

#[test]
fn columns_in_the_old_coding_are_refused_and_can_be_rewritten() {
    for kind in Kind::EVERY.into_iter().filter(|kind| kind.is_mariadb()) {
        let server = MySql::start(kind, &["mysql56-temporal-format=OFF"]);
        let mut sql = server.sql();
        sql.run(
            "create database d; create table d.t (a int primary key, b timestamp(3) null, c int, d time(6))",
        );
        let before = found(&server, "d");
        assert!(before[0].message.ends_with("`b`, `d`"), "{kind:?} {before:?}");
        mended(&server, "d", &["L0121 Error"], &[]);
    }
}

#[test]
fn a_key_of_floats_is_told_and_another_key_mends_it() {
    every(|kind, server| {
        let db = server.database("floats");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.t (a float not null primary key, b int not null)"));
        let before = found(server, &db);
        repair(&mut sql, &before);
        // on MySQL the table is locked for a moment when it is read
        let expected: &[&str] = match kind.is_mariadb() {
            true => &["L0124 Warning"],
            false => &["L0104 Error", "L0124 Warning"],
        };
        check(&before, expected, server);
        check(&found(server, &db), &["L0124 Warning"], server);
        // the repair that is named: another unique key
        sql.run(&format!("alter table `{db}`.t add unique key (b)"));
        check(&found(server, &db), &[], server);
    });
}

#[test]
fn tables_are_seen_as_they_are() {
    every(|kind, server| {
        let db = server.database("kinds");
        let mut sql = server.sql();
        sql.run(&format!(
            "create table `{db}`.t (a int, b varchar(5) charset latin1 not null, c int not null, d int as (a + 1) stored, \
             unique bc (b(2), c), unique a_only (a), key c (c), unique c_only (c))"
        ));
        sql.run(&format!("create table `{db}`.`T``2` (x int, primary key (x)) engine=myisam"));
        sql.run(&format!("create view `{db}`.v as select a from `{db}`.t"));
        let facts = tables(&mut session(server), |database, _| database == db).expect("tables");
        let names: Vec<_> =
            facts.iter().map(|facts| (facts.version.name.table.as_str(), facts.kind)).collect();
        assert_eq!(
            names,
            [("T`2", TableKind::Base), ("t", TableKind::Base), ("v", TableKind::View)],
            "{kind:?}"
        );
        let table = &facts[1].version;
        let columns: Vec<_> =
            table.columns.iter().map(|column| (column.name.as_str(), column.nullable)).collect();
        assert_eq!(columns, [("a", true), ("b", false), ("c", false), ("d", true)]);
        assert_eq!(table.columns[1].collation.as_deref(), Some("latin1_swedish_ci"));
        assert_eq!((&table.primary_key[..], table.unique_keys.len()), (&[][..], 2), "{kind:?}");
        assert!(table.unique_keys.contains(&vec![1, 2]) && table.unique_keys.contains(&vec![2]), "{kind:?}");
        assert_eq!(facts[0].version.primary_key, [0]);
        if kind.is_mariadb() {
            sql.run(&format!("create sequence `{db}`.s"));
            sql.run(&format!("create table `{db}`.h (a int primary key) with system versioning"));
            let facts =
                tables(&mut session(server), |database, table| database == db && matches!(table, "s" | "h"));
            let kinds: Vec<_> = facts.expect("tables").iter().map(|facts| facts.kind).collect();
            assert_eq!(kinds, [TableKind::Versioned, TableKind::Sequence]);
        }
        assert_eq!(session(server).flavor() == Flavor::MariaDb, kind.is_mariadb());
    });
}
