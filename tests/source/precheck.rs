//! What is found at a server before a start.

use super::{each, plain, session};
use crate::support::{Kind, MySql};
use syncc::catalog::TableKind;
use syncc::mysql::position::Position;
use syncc::source::mysql::io::{Session, end_of_log, facts, start_position, tables};
use syncc::source::mysql::requirement::{Needs, findings};

/// Codes found for a user and database, each with its repair.
fn found(server: &MySql, session: &mut Session, db: &str, resume: Option<&Position>) -> Vec<String> {
    let tables = tables(session, |database, _| database == db).expect("tables");
    let facts = facts(session).expect("facts");
    assert_eq!(
        facts.identity.flavor == syncc::mysql::position::Flavor::MariaDb,
        server.kind() == Kind::MariaDb10_11
    );
    findings(&facts, &tables, &Needs { snapshot: true, resume })
        .into_iter()
        .map(|finding| format!("{} {}", finding.code, finding.help.unwrap_or_default()))
        .collect()
}

#[test]
fn a_sound_server_passes_and_what_is_missing_is_named() {
    each(|kind, server| {
        let db = server.database("precheck");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.t (a int primary key)"));
        assert_eq!(found(server, &mut session(server), &db, None), Vec::<String>::new(), "{kind:?}");
        sql.run("create user unprivileged identified by 'sesame'");
        sql.run(&format!("grant insert on `{db}`.* to unprivileged"));
        let mut weak = Session::open(&plain(server, "unprivileged", "sesame"), None).expect("may log in");
        let status = if kind == Kind::MariaDb10_11 { "BINLOG MONITOR" } else { "REPLICATION CLIENT" };
        assert_eq!(
            found(server, &mut weak, &db, None),
            [
                format!("L0104 GRANT {status} ON *.* TO `unprivileged`@`%`;"),
                "L0104 GRANT REPLICATION SLAVE ON *.* TO `unprivileged`@`%`;".to_owned(),
                format!("L0104 GRANT SELECT ON `{db}`.`t` TO `unprivileged`@`%`;"),
            ],
            "{kind:?}"
        );
        for grant in [format!("{status}, replication slave on *.*"), format!("select on `{db}`.t")] {
            sql.run(&format!("grant {grant} to unprivileged"));
        }
        let mut enough = Session::open(&plain(server, "unprivileged", "sesame"), None).expect("may log in");
        assert_eq!(found(server, &mut enough, &db, None), Vec::<String>::new(), "{kind:?}");
    });
}

#[test]
fn settings_that_lose_rows_are_refused() {
    for kind in Kind::ALL {
        let mut options = vec!["binlog-format=MIXED", "binlog-row-image=MINIMAL"];
        let mut expected = vec!["L0106", "L0107"];
        match kind {
            // compressed logs are read
            Kind::MariaDb10_11 | Kind::MariaDb11_4 | Kind::MariaDb11_8 => options.push("log-bin-compress=ON"),
            Kind::MySql9_7 => {
                options.extend([
                    "binlog-transaction-compression=ON",
                    "binlog-row-value-options=PARTIAL_JSON",
                    "gtid-mode=OFF",
                ]);
                expected.extend(["L0116", "L0109"]);
            }
            Kind::MySql8_0 | Kind::MySql5_7 => {
                options.extend(["gtid-mode=ON_PERMISSIVE"]);
                expected.push("L0123");
            }
        }
        let server = MySql::start(kind, &options);
        server.sql().run("create database d");
        let codes: Vec<String> = found(&server, &mut session(&server), "d", None)
            .iter()
            .filter_map(|finding| finding.split(' ').next().map(str::to_owned))
            .collect();
        assert_eq!(codes, expected, "{kind:?}");
    }
    for kind in Kind::ALL {
        let options: &[&str] = match kind {
            Kind::MariaDb10_11 | Kind::MariaDb11_4 | Kind::MariaDb11_8 => {
                &["skip-log-bin", "log-slave-updates=OFF"]
            }
            Kind::MySql9_7 | Kind::MySql8_0 | Kind::MySql5_7 => &["skip-log-bin", "gtid-mode=OFF"],
        };
        let server = MySql::start(kind, options);
        let mut session = session(&server);
        let found = found(&server, &mut session, "d", None);
        assert!(matches!(&found[..], [finding] if finding.starts_with("L0105 ")), "{kind:?} {found:?}");
        assert_eq!(end_of_log(&mut session), Ok(None), "{kind:?}");
        assert!(start_position(&mut session).is_err(), "{kind:?}");
    }
}

#[test]
fn a_purged_position_is_found_before_the_start() {
    for kind in Kind::ALL {
        let server = MySql::start(kind, &[]);
        let old = start_position(&mut session(&server)).expect("a position");
        server.sql().run("create database d");
        assert_eq!(found(&server, &mut session(&server), "d", Some(&old)), Vec::<String>::new(), "{kind:?}");
        super::purge_all_logs(&server);
        let found = found(&server, &mut session(&server), "d", Some(&old));
        assert!(matches!(&found[..], [finding] if finding.starts_with("L0111 ")), "{kind:?} {found:?}");
    }
}

#[test]
fn tables_are_seen_as_they_are() {
    each(|kind, server| {
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
        if kind == Kind::MariaDb10_11 {
            sql.run(&format!("create sequence `{db}`.s"));
            sql.run(&format!("create table `{db}`.h (a int primary key) with system versioning"));
            let facts =
                tables(&mut session(server), |database, table| database == db && matches!(table, "s" | "h"));
            let kinds: Vec<_> = facts.expect("tables").iter().map(|facts| facts.kind).collect();
            assert_eq!(kinds, [TableKind::Versioned, TableKind::Sequence]);
        }
    });
}
