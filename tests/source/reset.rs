//! A log that began again under its old names: told from the one that was read, also where an event of it begins by chance at the
//! place up to which the old one was read.

use super::session;
use crate::support::{Kind, MySql, Sql};
use std::fs;
use syncc::mysql::position::{BinlogPosition, Gtids, Position};
use syncc::source::mysql::io::{end_of_log, log_lacks};

/// A table whose rows take as many bytes of the log as is asked for.
struct Log {
    server: MySql,
    sql: Sql,
}

impl Log {
    fn new(kind: Kind, options: &[&str]) -> Log {
        let server = MySql::start(kind, options);
        let mut sql = server.sql();
        sql.run("set session binlog_annotate_row_events = off");
        let mut log = Log { server, sql };
        log.make();
        log
    }

    fn make(&mut self) {
        self.sql.run("create or replace database shop; create table shop.items (text longtext)");
    }

    fn write(&mut self, n_transactions: usize, bytes: u64) {
        for _ in 0..n_transactions {
            self.sql.run(&format!("insert into shop.items values (repeat('x', {bytes}))"));
        }
    }

    fn end(&self) -> Position {
        end_of_log(&mut session(&self.server)).expect("may ask").expect("a log")
    }

    /// Writes two transactions, the second of which ends at `place`.
    fn fill(&mut self, place: &BinlogPosition) {
        let before = self.end().file.offset;
        self.write(1, 1_000);
        let after = self.end().file.offset;
        self.write(1, 1_000 + place.offset - after - (after - before));
        assert_eq!(self.end().file, *place);
    }

    /// Ends the old log and writes another one: `n_transactions`, then as many bytes as make one end where the old one did.
    fn begin_again(&mut self, n_transactions: usize, place: &BinlogPosition) {
        self.sql.run("reset master");
        self.make();
        self.write(n_transactions, 1);
        self.fill(place);
    }

    #[track_caller]
    fn lacks(&self, position: &Position) -> Option<String> {
        log_lacks(&mut session(&self.server), position).expect("the server answers")
    }

    /// End of the last event of the head of the file that is written.
    fn head(&mut self) -> BinlogPosition {
        let file = self.end().file.file;
        let events = self.sql.text(&format!("show binlog events in '{file}' limit 10"));
        let event = events.iter().rev().find(|event| event[2].as_deref() == Some("Binlog_checkpoint"));
        let end = event.and_then(|event| event[4].clone()).expect("a file begins with it");
        BinlogPosition::new(file, end.parse().expect("an offset"))
    }
}

fn check(kind: Kind, options: &[&str]) {
    let mut log = Log::new(kind, options);
    log.write(12, 1);
    log.write(1, 30_000);
    let read = log.end();
    assert_eq!(log.lacks(&read), None, "{kind:?}: at the end of the log");
    log.write(1, 1);
    assert_eq!(log.lacks(&read), None, "{kind:?}: with more behind it");

    log.sql.run("set gtid_domain_id = 7, server_id = 77");
    log.write(1, 1);
    log.sql.run("set gtid_domain_id = 0, server_id = 1");
    let two_domains = log.end();
    log.write(1, 1);
    assert_eq!(log.lacks(&two_domains), None, "{kind:?}: of two domains and writers");
    let more = Position { gtids: gtids(&format!("{},9-9-9", two_domains.gtids)), ..two_domains.clone() };
    assert_eq!(log.lacks(&more), None, "{kind:?}: a domain that the log does not know");

    log.sql.run("flush binary logs");
    assert_eq!(log.lacks(&read), None, "{kind:?}: in a file that has ended");
    log.write(3, 1);
    let by_gtid = Position { file: log.head(), ..log.end() };
    assert_eq!(log.lacks(&by_gtid), None, "{kind:?}: by GTID, before its first transaction came");

    for n_transactions in [0, 40] {
        log.begin_again(n_transactions, &read.file);
        assert_ne!(log.end().gtids, read.gtids);
        assert!(log.lacks(&read).is_some(), "{kind:?}: another log that ends there");
        log.write(40, 1);
        let why = log.lacks(&read).unwrap_or_else(|| panic!("{kind:?}: another log passed there"));
        assert!(why.contains("it was reset"), "{why}");
    }
}

fn gtids(text: &str) -> Gtids {
    Gtids::MariaDb(text.parse().expect("a position"))
}

#[test]
fn another_log_is_told_by_the_gtids_before_the_place() {
    for kind in [Kind::MariaDb10_11, Kind::MariaDb11_8] {
        check(kind, &[]);
    }
}

#[test]
fn another_log_is_told_where_logs_are_encrypted() {
    let keys = tempfile::NamedTempFile::new().expect("a file");
    fs::write(keys.path(), format!("1;{}\n", "0123456789abcdef".repeat(4))).expect("written");
    let keys = format!("file-key-management-filename={}", keys.path().display());
    let options = ["plugin-load-add=file_key_management", &keys, "encrypt-binlog=ON"];
    check(Kind::MariaDb10_11, &options);
}
