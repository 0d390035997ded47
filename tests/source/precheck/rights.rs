//! What the user at the source may do: too little, enough, too much.

use super::{catalog, check, every, found, found_by, found_with, repair};
use crate::source::plain;
use crate::support::{Kind, MySql};
use syncc::source::mysql::io::Session;

#[test]
fn a_sound_server_passes_and_what_is_missing_is_named() {
    every(|kind, server| {
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
        // 5.7 shows accounts in other quotes
        let repairs = before.iter().filter_map(|finding| finding.help.as_deref());
        let repairs: Vec<String> = repairs.map(|help| help.replace('\'', "`")).collect();
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
    every(|kind, server| {
        // 5.7 has no roles
        if kind == Kind::MySql5_7 {
            return;
        }
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
    every(|kind, server| {
        let db = server.database("wide");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.t (a int primary key)"));
        sql.run("create user mighty identified by 'sesame'; grant all on *.* to mighty with grant option");
        sql.run(&format!("grant insert, update (a) on `{db}`.t to mighty"));
        let user = plain(server, "mighty", "sesame");
        let before = found_by(&user, &db);
        check(&before, &["L0120 Warning"], server);
        let names_all = kind.is_mariadb() || kind == Kind::MySql5_7;
        let named = if names_all { "ALL PRIVILEGES on *.*" } else { "SUPER, " };
        for part in [named, "GRANT OPTION on *.*", "`t`"] {
            assert!(before[0].message.contains(part), "{kind:?} {part}: {:?}", before[0]);
        }
        repair(&mut sql, &before);
        check(&found_by(&user, &db), &[], server);
        sql.run("drop user mighty");
    });
}

/// MariaDB tells who is a replica, and who reads, to those who have a right of its own for it.
#[test]
fn what_a_standby_must_tell_is_asked_for() {
    for kind in Kind::EVERY.into_iter().filter(|kind| kind.is_mariadb()) {
        watched(MySql::shared(kind));
    }
}

fn watched(server: &MySql) {
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
