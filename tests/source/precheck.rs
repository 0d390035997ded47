//! What is found at a server before a start, and that the repair which is printed mends it.

use super::{each, plain, replica, session};
use crate::support::{Kind, MySql, Sql, wait};
use std::num::NonZeroU32;
use std::time::Duration;
use syncc::catalog::{SourceCatalog, TableKind};
use syncc::diagnostic::{Diagnostic, Severity};
use syncc::mysql::position::Flavor;
use syncc::source::mysql::io::{
    Dump, DumpRequest, Endpoint, Session, end_of_log, facts, start_position, survey, tables,
};
use syncc::source::mysql::reader_name;
use syncc::source::mysql::requirement::{Needs, findings, purged};

/// Server id of the reader.
const READER: u32 = 1 << 31;

/// What a server looks like to a session.
fn catalog(session: &mut Session, db: &str) -> SourceCatalog {
    let tables = tables(session, |database, _| database == db).expect("tables");
    let survey = survey(session, &tables, None).expect("a survey");
    SourceCatalog { server: facts(session).expect("facts"), tables, survey }
}

/// What is found for a user and database.
fn found_by(endpoint: &Endpoint, db: &str) -> Vec<Diagnostic> {
    found_with(endpoint, db, None, false)
}

/// What is found for a user and database where the files say the server's zone, or name others that may take its place.
fn found_with(endpoint: &Endpoint, db: &str, time_zone: Option<&str>, standby: bool) -> Vec<Diagnostic> {
    let mut session = Session::open(endpoint, None).expect("the user may log in");
    let name = reader_name("p.shop.bus");
    let needs = Needs {
        snapshot: true,
        retry_ms: 12 * 3_600_000,
        rate_bytes_s: None,
        reader: (READER, &name),
        include: &[],
        allows: &[],
        time_zone,
        heartbeat: None,
        standby,
    };
    findings(&catalog(&mut session, db), &needs)
}

/// What is found for the replication user.
fn found(server: &MySql, db: &str) -> Vec<Diagnostic> {
    found_by(&replica(server), db)
}

/// `CODE weight` of each.
fn codes(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(|finding| format!("{} {:?}", finding.code, finding.severity)).collect()
}

#[track_caller]
fn check(found: &[Diagnostic], expected: &[&str], server: &MySql) {
    assert_eq!(codes(found), expected, "{:?}: {found:#?}", server.kind());
}

/// The statements of a finding's repair: what stands before a semicolon, from the first word in capitals on.
fn statements(finding: &Diagnostic) -> Vec<String> {
    let help = finding.help.as_deref().unwrap_or_default();
    let begins = ["GRANT ", "REVOKE ", "SET ", "ALTER "];
    let one = |part: &str| {
        let at = begins.iter().filter_map(|word| part.find(word)).min()?;
        Some(part[at..].to_owned())
    };
    let lines = help.lines().filter(|line| !line.starts_with("--") && !line.starts_with("or"));
    // what stands behind the last semicolon of a line is a remark
    lines
        .flat_map(|line| line.rsplit_once(';').map_or("", |(before, _)| before).split(';'))
        .filter_map(one)
        .collect()
}

/// Runs the repairs of what is found; two findings may have the same.
fn repair(sql: &mut Sql, found: &[Diagnostic]) {
    let mut done: Vec<Vec<String>> = Vec::new();
    for statements in found.iter().map(statements) {
        if !done.contains(&statements) {
            statements.iter().for_each(|statement| sql.run(statement));
            done.push(statements);
        }
    }
}

/// Finds exactly `expected`, runs the repairs, and finds what is left.
#[track_caller]
fn mended(server: &MySql, db: &str, expected: &[&str], left: &[&str]) {
    let before = found(server, db);
    check(&before, expected, server);
    repair(&mut server.sql(), &before);
    check(&found(server, db), left, server);
}

#[test]
fn a_sound_server_passes_and_what_is_missing_is_named() {
    each(|kind, server| {
        let db = server.database("precheck");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.t (a int primary key)"));
        check(&found(server, &db), &[], server);
        sql.run("create user unprivileged identified by 'sesame'");
        // a right to write shows the table
        sql.run(&format!("grant insert on `{db}`.* to unprivileged"));
        let weak = plain(server, "unprivileged", "sesame");
        let status = if kind.is_mariadb() { "BINLOG MONITOR" } else { "REPLICATION CLIENT" };
        let before = found_by(&weak, &db);
        check(&before, &["L0104 Error", "L0104 Error", "L0104 Error", "L0120 Warning"], server);
        let repairs: Vec<&str> = before.iter().filter_map(|finding| finding.help.as_deref()).collect();
        assert_eq!(
            repairs,
            [
                format!("GRANT {status} ON *.* TO `unprivileged`@`%`;"),
                "GRANT REPLICATION SLAVE ON *.* TO `unprivileged`@`%`;".to_owned(),
                format!("GRANT SELECT ON `{db}`.`t` TO `unprivileged`@`%`;"),
                format!("REVOKE INSERT ON `{db}`.* FROM `unprivileged`@`%`;"),
            ],
            "{kind:?}"
        );
        repair(&mut sql, &before);
        check(&found_by(&weak, &db), &[], server);
    });
}

#[test]
fn rights_come_by_roles_and_by_columns() {
    each(|kind, server| {
        let db = server.database("roles");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.t (a int primary key, b int)"));
        sql.run("create role replicating");
        sql.run("grant replication slave, replication client on *.* to replicating");
        sql.run(&format!("create role reading; grant select on `{db}`.* to reading"));
        sql.run("grant reading to replicating");
        sql.run("create user by_role identified by 'sesame'; grant replicating to by_role");
        sql.run(&format!("grant select (b, a) on `{db}`.t to by_role"));
        let user = plain(server, "by_role", "sesame");
        let before = found_by(&user, &db);
        check(&before, &["L0104 Error"; 3], server);
        let only = before[2].message.clone();
        assert!(
            only.contains("but for its columns `") && only.contains("`a`") && only.contains("`b`"),
            "{only}"
        );
        // the second way out: the role that has it
        let help = before[0].help.as_deref().expect("a repair");
        let by_role = help.lines().last().and_then(|line| line.split_once(": ")).expect("the other way").1;
        assert!(by_role.starts_with("SET DEFAULT ROLE"), "{help}");
        sql.run(by_role);
        check(&found_by(&user, &db), &[], server);
        sql.run("drop user by_role; drop role reading; drop role replicating");
        let _ = kind;
    });
}

#[test]
fn what_is_revoked_from_a_database_is_missing() {
    let server = MySql::start(Kind::MySql9_7, &["partial-revokes=ON"]);
    let db = server.database("revoked");
    let mut sql = server.sql();
    sql.run(&format!("create table `{db}`.t (a int primary key)"));
    sql.run("create user partly identified by 'sesame'");
    sql.run("grant select, replication slave, replication client on *.* to partly");
    let user = plain(&server, "partly", "sesame");
    check(&found_by(&user, &db), &[], &server);
    // with the table visible by another right
    sql.run(&format!("revoke select on `{db}`.* from partly; grant insert on `{db}`.* to partly"));
    let before = found_by(&user, &db);
    check(&before, &["L0104 Error", "L0120 Warning"], &server);
    assert!(before[0].message.contains("was revoked"), "{:?}", before[0]);
    repair(&mut sql, &before);
    check(&found_by(&user, &db), &[], &server);
}

#[test]
fn rights_beyond_reading_are_told_and_can_be_taken_away() {
    each(|kind, server| {
        let db = server.database("wide");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.t (a int primary key)"));
        sql.run("create user mighty identified by 'sesame'; grant all on *.* to mighty with grant option");
        sql.run(&format!("grant insert, update (a) on `{db}`.t to mighty"));
        let user = plain(server, "mighty", "sesame");
        let before = found_by(&user, &db);
        check(&before, &["L0120 Warning"], server);
        let named = if kind.is_mariadb() { "ALL PRIVILEGES on *.*" } else { "SUPER, " };
        for part in [named, "GRANT OPTION on *.*", "`t`"] {
            assert!(before[0].message.contains(part), "{kind:?} {part}: {:?}", before[0]);
        }
        repair(&mut sql, &before);
        check(&found_by(&user, &db), &[], server);
        sql.run("drop user mighty");
    });
}

#[test]
fn settings_that_lose_rows_are_refused_and_can_be_set() {
    for kind in Kind::ALL {
        let mut options =
            vec!["binlog-format=MIXED", "binlog-row-image=MINIMAL", "binlog-row-metadata=MINIMAL"];
        let mut expected = vec!["L0106 Error", "L0107 Error"];
        match kind {
            Kind::MariaDb10_11 | Kind::MariaDb11_4 | Kind::MariaDb11_8 => {
                // compressed logs are read
                options.push("log-bin-compress=ON");
                expected.push("L0108 Advice");
            }
            Kind::MySql9_7 => {
                options.extend([
                    "binlog-transaction-compression=ON",
                    "binlog-row-value-options=PARTIAL_JSON",
                    "gtid-mode=OFF",
                ]);
                expected.extend(["L0116 Error", "L0108 Advice", "L0109 Warning", "L0122 Warning"]);
            }
            Kind::MySql8_0 | Kind::MySql5_7 => {
                options.extend(["gtid-mode=ON_PERMISSIVE"]);
                expected.extend(["L0108 Advice", "L0123 Error"]);
            }
        }
        let server = MySql::start(kind, &options);
        server.sql().run("create database d");
        mended(&server, "d", &expected, &[]);
    }
}

/// It has no `SET PERSIST`.
#[test]
fn repairs_for_5_7_can_be_run_there() {
    let options = ["binlog-format=MIXED", "binlog-row-image=MINIMAL", "gtid-mode=ON_PERMISSIVE"];
    let server = MySql::start(Kind::MySql5_7, &options);
    server.sql().run("create database d");
    mended(&server, "d", &["L0106 Error", "L0107 Error", "L0123 Error"], &[]);
}

/// MariaDB tells who is a replica, and who reads, to those who have a right of its own for it.
#[test]
fn what_a_standby_must_tell_is_asked_for() {
    let server = MySql::shared(Kind::MariaDb10_11);
    let mut sql = server.sql();
    sql.run("create or replace user watcher identified by 'sesame'");
    sql.run("grant select, replication slave, binlog monitor on *.* to watcher");
    let user = plain(server, "watcher", "sesame");
    let replicas = || catalog(&mut Session::open(&user, None).expect("may log in"), "none").survey.replicas;
    assert_eq!(replicas(), None);
    check(&found_by(&user, "none"), &[], server);
    let before = found_with(&user, "none", None, true);
    check(&before, &["L0104 Warning"], server);
    repair(&mut sql, &before);
    check(&found_with(&user, "none", None, true), &[], server);
    sql.run("grant replication master admin on *.* to watcher");
    assert!(replicas().is_some());
    let wide = found_by(&user, "none");
    check(&wide, &["L0120 Warning"], server);
    repair(&mut sql, &wide);
    check(&found_by(&user, "none"), &[], server);
    sql.run("drop user watcher");
}

#[test]
fn a_server_without_a_log_has_one_finding() {
    for kind in Kind::ALL {
        let options: &[&str] = match kind {
            Kind::MariaDb10_11 | Kind::MariaDb11_4 | Kind::MariaDb11_8 => {
                &["skip-log-bin", "log-slave-updates=OFF"]
            }
            Kind::MySql9_7 | Kind::MySql8_0 | Kind::MySql5_7 => &["skip-log-bin", "gtid-mode=OFF"],
        };
        let server = MySql::start(kind, options);
        let mut session = session(&server);
        check(&found(&server, "d"), &["L0105 Error"], &server);
        assert_eq!(end_of_log(&mut session), Ok(None), "{kind:?}");
        assert!(start_position(&mut session).is_err(), "{kind:?}");
    }
}

#[test]
fn old_and_unknown_releases_are_told_apart() {
    // MariaDB lets a server say what it likes
    let version = |version: &str| {
        let option = format!("version={version}");
        let server = MySql::start(Kind::MariaDb10_11, &[&option]);
        codes(&found(&server, "d"))
    };
    assert_eq!(version("10.4.34-MariaDB-log"), ["L0103 Error"]);
    assert_eq!(version("12.9.1-MariaDB-log"), ["L0103 Warning"]);
}

#[test]
fn a_log_that_is_kept_too_short_can_be_kept_longer() {
    for kind in Kind::ALL {
        let server = MySql::start(kind, &["binlog-expire-logs-seconds=3600"]);
        mended(&server, "d", &["L0110 Warning"], &[]);
    }
}

#[test]
fn a_purged_position_is_found_before_the_start() {
    for kind in Kind::ALL {
        let server = MySql::start(kind, &[]);
        let old = start_position(&mut session(&server)).expect("a position");
        server.sql().run("create database d");
        let gone = |server: &MySql| purged(&facts(&mut session(server)).expect("facts"), &old);
        assert_eq!(gone(&server), None, "{kind:?}");
        super::purge_all_logs(&server);
        let finding = gone(&server).expect("a finding");
        assert_eq!((finding.code.number, finding.severity), ("L0111", Severity::Error), "{kind:?}");
    }
}

#[test]
fn server_ids_are_of_one_reader_only() {
    for kind in [Kind::MySql9_7, Kind::MySql8_0] {
        let server = MySql::start(kind, &[]);
        let mut sql = server.sql();
        for id in [0, READER] {
            sql.run(&format!("set global server_id = {id}"));
            mended(&server, "d", &["L0112 Error"], &[]);
        }
        let position = start_position(&mut session(&server)).expect("a position");
        let request = |task| DumpRequest {
            start: &position,
            server_id: NonZeroU32::new(READER).expect("not zero"),
            uuid: "3e11fa47-71ca-11e1-9e33-c80aa9429562",
            heartbeat: Duration::from_secs(1),
            event_limit: 1 << 20,
            task,
        };
        // the task itself, as it runs
        let ours = Dump::open(&replica(&server), &request("p.shop.bus")).expect("a dump");
        check(&found(&server, "d"), &[], &server);
        ours.closer().expect("a handle").close();
        let other = Dump::open(&replica(&server), &request("somebody.else")).expect("a dump");
        let before = found(&server, "d");
        check(&before, &["L0112 Error"], &server);
        assert!(before[0].message.contains("syncc/somebody.else"), "{:?}", before[0]);
        // the repair is to stop it
        other.closer().expect("a handle").close();
        drop((ours, other));
        sql.run("flush binary logs");
        wait::until("the reader has gone", 60, || {
            sql.run("create database if not exists noise; drop database noise");
            let left = codes(&found(&server, "d"));
            if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
        });
    }
}

#[test]
fn a_replica_must_log_what_it_takes() {
    for kind in Kind::ALL {
        let change = match kind {
            Kind::MySql9_7 => "change replication source to source_host = '127.0.0.1', source_port = 1",
            _ => "change master to master_host = '127.0.0.1', master_port = 1",
        };
        let start = |logs: &str| {
            let option = format!("log-slave-updates={logs}");
            let server = MySql::start(kind, &[&option]);
            if kind.is_mariadb() {
                server.sql().run("grant slave monitor on *.* to syncc@localhost");
            }
            server
        };
        let blind = start("OFF");
        check(&found(&blind, "d"), &[], &blind);
        blind.sql().run(change);
        let before = found(&blind, "d");
        // that it stands still is told as well
        check(&before, &["L0113 Error", "L0114 Advice"], &blind);
        assert!(before[0].message.contains("127.0.0.1:1"), "{:?}", before[0]);
        // the repair is a line of the option file, and a restart
        let help = before[0].help.as_deref().expect("a repair");
        assert!(help.contains("[mysqld]\nlog_") && help.contains("_updates = ON"), "{help}");
        let logging = start("ON");
        logging.sql().run(change);
        check(&found(&logging, "d"), &["L0114 Advice"], &logging);
    }
}

#[test]
fn a_busy_server_is_told_of() {
    let server = MySql::start(Kind::MySql9_7, &[]);
    check(&found(&server, "d"), &[], &server);
    let sleepers: Vec<_> = (0..40)
        .map(|_| {
            let mut sql = server.sql();
            std::thread::spawn(move || drop(sql.try_run("select sleep(600)")))
        })
        .collect();
    wait::until("it is told", 60, || {
        let codes = codes(&found(&server, "d"));
        if codes == ["L0114 Advice"] { Ok(()) } else { Err(format!("{codes:?}")) }
    });
    let mut sql = server.sql();
    for row in sql.text("select id from information_schema.processlist where info like 'select sleep%'") {
        sql.run(&format!("kill {}", row[0].as_deref().expect("an id")));
    }
    for sleeper in sleepers {
        sleeper.join().expect("it ends");
    }
    wait::until("it is quiet again", 60, || {
        let codes = codes(&found(&server, "d"));
        if codes.is_empty() { Ok(()) } else { Err(format!("{codes:?}")) }
    });
}

#[test]
fn engines_without_views_are_told_and_can_be_changed() {
    each(|_, server| {
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
fn a_zone_that_many_share_is_told() {
    for kind in Kind::ALL {
        let server = MySql::start_in(kind, &[], Some("CST-8"));
        let mut sql = server.sql();
        sql.run("create database d; create table d.t (a int primary key, b datetime)");
        check(&found(&server, "d"), &[], &server);
        sql.run("alter table d.t add column c timestamp null");
        let before = found(&server, "d");
        assert!(statements(&before[0])[0].ends_with("time_zone = '+08:00'"), "{before:?}");
        mended(&server, "d", &["L0118 Warning"], &[]);
        // or the files say it
        sql.run("set global time_zone = 'SYSTEM'");
        check(&found(&server, "d"), &["L0118 Warning"], &server);
        let said = found_with(&replica(&server), "d", Some("Asia/Shanghai"), false);
        check(&said, &[], &server);
    }
}

#[test]
fn rows_that_the_engine_changes_are_told() {
    each(|kind, server| {
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
    let server = MySql::start(Kind::MariaDb10_11, &["mysql56-temporal-format=OFF"]);
    let mut sql = server.sql();
    sql.run("create database d; create table d.t (a int primary key, b timestamp(3) null, c int, d time(6))");
    let before = found(&server, "d");
    assert!(before[0].message.ends_with("`b`, `d`"), "{before:?}");
    mended(&server, "d", &["L0121 Error"], &[]);
}

#[test]
fn a_key_of_floats_is_told_and_another_key_mends_it() {
    each(|kind, server| {
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
        if kind.is_mariadb() {
            sql.run(&format!("create sequence `{db}`.s"));
            sql.run(&format!("create table `{db}`.h (a int primary key) with system versioning"));
            let facts =
                tables(&mut session(server), |database, table| database == db && matches!(table, "s" | "h"));
            let kinds: Vec<_> = facts.expect("tables").iter().map(|facts| facts.kind).collect();
            assert_eq!(kinds, [TableKind::Versioned, TableKind::Sequence]);
        }
        assert_eq!(session(server).flavor() == Flavor::MariaDb, kind == Kind::MariaDb10_11);
    });
}
