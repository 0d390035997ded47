//! What is found at a server before a start, and that the repair which is printed mends it.

mod rights;
mod tables;

use super::{replica, session};
use crate::support::{Kind, MySql, Sql, wait};
use std::num::NonZeroU32;
use std::time::Duration;
use syncc::catalog::SourceCatalog;
use syncc::diagnostic::{Diagnostic, Severity};
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
    let needs = Needs { time_zone, standby, ..needs(&name) };
    findings(&catalog(&mut session, db), &needs)
}

/// How long failures are waited out.
const RETRY_MS: u64 = 12 * 3_600_000;

/// What a task that reads under this name needs.
fn needs(name: &str) -> Needs<'_> {
    Needs {
        snapshot: true,
        retry_ms: RETRY_MS,
        rate_bytes_s: None,
        reader: (READER, name),
        include: &[],
        allows: &[],
        time_zone: None,
        heartbeat: None,
        standby: false,
    }
}

/// What is found for the replication user.
fn found(server: &MySql, db: &str) -> Vec<Diagnostic> {
    found_by(&replica(server), db)
}

/// `CODE weight` of each.
fn codes(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(|finding| format!("{} {:?}", finding.code, finding.severity)).collect()
}

/// All servers of all releases, one after the other: what is told, and the statement that repairs it, differs between them.
fn every(test: impl Fn(Kind, &MySql)) {
    for kind in Kind::EVERY {
        test(kind, MySql::shared(kind));
    }
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
fn settings_that_lose_rows_are_refused_and_can_be_set() {
    // 5.7 has no row metadata, and other repairs
    for kind in Kind::EVERY.into_iter().filter(|kind| *kind != Kind::MySql5_7) {
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

#[test]
fn a_server_without_a_log_has_one_finding() {
    for kind in Kind::EVERY {
        let options: &[&str] = match kind {
            Kind::MariaDb10_11 | Kind::MariaDb11_4 | Kind::MariaDb11_8 => {
                &["skip-log-bin", "log-slave-updates=OFF"]
            }
            Kind::MySql9_7 | Kind::MySql8_0 | Kind::MySql5_7 => {
                &["skip-log-bin", "gtid-mode=OFF", "server-id=0"]
            }
        };
        let server = MySql::start(kind, options);
        let mut session = session(&server);
        let before = found(&server, "d");
        check(&before, &["L0105 Error"], &server);
        assert_eq!(end_of_log(&mut session), Ok(None), "{kind:?}");
        assert!(start_position(&mut session).is_err(), "{kind:?}");
        session.quit();
        // the repair is lines of its option file, of which it has none, and a restart
        let help = before[0].help.as_deref().expect("a repair");
        let (_, settings) = help.split_once("[mysqld]\n").expect("lines of an option file");
        let printed = |line: &&str| {
            let name = line.split('=').next().unwrap_or_default().replace('-', "_");
            settings.lines().any(|setting| setting.split(' ').next() == Some(name.as_str()))
        };
        server.stop();
        server.configure(|file| {
            let kept = file.lines().filter(|line| !printed(line) && !options.contains(line));
            kept.chain(settings.lines()).map(|line| format!("{line}\n")).collect()
        });
        server.start_again();
        check(&found(&server, "d"), &[], &server);
        let mut session = self::session(&server);
        assert!(start_position(&mut session).is_ok(), "{kind:?}");
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
    for kind in Kind::EVERY {
        // 5.7 counts in days, and keeps its log for ever by itself
        let (options, retry_ms) = match kind {
            Kind::MySql5_7 => ("expire-logs-days=1", 48 * 3_600_000),
            _ => ("binlog-expire-logs-seconds=3600", RETRY_MS),
        };
        let server = MySql::start(kind, &[options]);
        let found = || {
            let mut session = session(&server);
            findings(&catalog(&mut session, "d"), &Needs { retry_ms, ..needs("syncc/p.shop.bus") })
        };
        let before = found();
        check(&before, &["L0110 Warning"], &server);
        repair(&mut server.sql(), &before);
        check(&found(), &[], &server);
    }
}

#[test]
fn a_purged_position_is_found_before_the_start() {
    for kind in Kind::EVERY {
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
    for kind in Kind::EVERY {
        let server = MySql::start(kind, &[]);
        let mut sql = server.sql();
        // MariaDB takes no 0, and tells who reads to those alone who have a right of their own for it
        let ids: &[u32] = if kind.is_mariadb() { &[READER] } else { &[0, READER] };
        for id in ids {
            sql.run(&format!("set global server_id = {id}"));
            mended(&server, "d", &["L0112 Error"], &[]);
        }
        let mut also = vec![];
        if kind.is_mariadb() {
            sql.run("grant replication master admin on *.* to syncc@localhost");
            also.push("L0120 Warning");
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
        check(&found(&server, "d"), &also, &server);
        ours.closer().expect("a handle").close();
        let other = Dump::open(&replica(&server), &request("somebody.else")).expect("a dump");
        let before = found(&server, "d");
        check(&before, &[&["L0112 Error"], &also[..]].concat(), &server);
        assert!(before[0].message.contains("syncc/somebody.else"), "{:?}", before[0]);
        // the repair is to stop it
        other.closer().expect("a handle").close();
        drop((ours, other));
        sql.run("flush binary logs");
        wait::until("the reader has gone", 60, || {
            sql.run("create database if not exists noise; drop database noise");
            let left = codes(&found(&server, "d"));
            if left == also { Ok(()) } else { Err(format!("{left:?}")) }
        });
    }
}

#[test]
fn a_replica_must_log_what_it_takes() {
    for kind in Kind::EVERY {
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
    for kind in [Kind::MySql9_7, Kind::MySql5_7, Kind::MariaDb11_4] {
        let server = &MySql::start(kind, &[]);
        check(&found(server, "d"), &[], server);
        let sleepers: Vec<_> = (0..40)
            .map(|_| {
                let mut sql = server.sql();
                std::thread::spawn(move || drop(sql.try_run("select sleep(600)")))
            })
            .collect();
        wait::until("it is told", 60, || {
            let codes = codes(&found(server, "d"));
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
            let codes = codes(&found(server, "d"));
            if codes.is_empty() { Ok(()) } else { Err(format!("{codes:?}")) }
        });
    }
}

#[test]
fn a_zone_that_many_share_is_told() {
    for kind in Kind::EVERY {
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
