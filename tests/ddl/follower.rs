//! A tracker that reads the log of a real server, as a task does, and what it knows against what the server shows.

use super::servers::{described, read};
use crate::source::stream;
use crate::support::{Kind, MySql, Sql};
use syncc::mysql::binlog::event::{EventType, RawEvent};
use syncc::mysql::binlog::query::Query;
use syncc::mysql::binlog::table_map::TableMap;
use syncc::mysql::ddl::{Statement, parse};
use syncc::mysql::ident::TableNameCase;
use syncc::mysql::position::Flavor;
use syncc::mysql::schema::model::Wording;
use syncc::mysql::schema::{Resolution, TableName, TableState, Tracker};
use syncc::source::mysql::io::{Dump, Unpacker};

/// A server of one test, and a tracker at the end of its log.
pub(super) struct Follower<'s> {
    kind: Kind,
    flavor: Flavor,
    wording: Wording,
    dump: Dump,
    unpacker: Unpacker,
    /// Offset up to which the log was read.
    at: u64,
    tracker: Tracker,
    /// Reads what the server shows.
    reader: Sql,
    server: &'s MySql,
}

impl<'s> Follower<'s> {
    /// At the end of the log of a server that nobody else writes to.
    pub(super) fn start(server: &'s MySql) -> Follower<'s> {
        let kind = server.kind();
        let flavor = if kind.is_mariadb() { Flavor::MariaDb } else { Flavor::MySql };
        let version = match kind {
            Kind::MariaDb10_11 => (10, 11, 0),
            Kind::MariaDb11_4 => (11, 4, 0),
            Kind::MariaDb11_8 => (11, 8, 0),
            Kind::MySql9_7 => (9, 7, 0),
            Kind::MySql8_0 => (8, 0, 15),
            Kind::MySql5_7 => (5, 7, 22),
        };
        let wording = Wording::of(flavor, version);
        let start = syncc::source::mysql::io::end_of_log(&mut crate::source::session(server));
        let start = start.expect("may ask").expect("a log");
        let dump = stream::open(server, &start, stream::OTHERS_TOO).expect("a dump");
        let unpacker = Unpacker::new(dump.event_limit()).expect("room");
        let mut reader = server.sql();
        reader.run("set names utf8mb4; set sql_mode = ''");
        let tracker = Tracker::new(wording, TableNameCase::Sensitive);
        Follower { kind, flavor, wording, dump, unpacker, at: start.file.offset, tracker, reader, server }
    }

    /// Which server it is.
    pub(super) fn server(&self) -> &'s MySql {
        self.server
    }

    /// Forgets all that is known; of the database `db`, which is empty, all is known from here on.
    pub(super) fn begin(&mut self, db: &str) {
        let skipped = self.catch_up("");
        assert_eq!(skipped, Vec::<String>::new());
        let collation = self.reader.one(&format!(
            "select default_collation_name from information_schema.schemata where schema_name = '{db}'"
        ));
        self.tracker = Tracker::new(self.wording, TableNameCase::Sensitive);
        self.tracker.follow_database(db, &collation, true);
    }

    /// Reads the log up to its end. Returns what was not understood of statements in database `db`, and of its tables.
    pub(super) fn catch_up(&mut self, db: &str) -> Vec<String> {
        let status =
            if self.kind == Kind::MySql9_7 { "show binary log status" } else { "show master status" };
        let end = self.reader.text(status)[0][1].clone().expect("a place");
        let end: u64 = end.parse().expect("a number");
        let (mut wrong, mut raw) = (Vec::new(), Vec::new());
        while self.at < end {
            raw.clear();
            self.dump.read_event(&mut raw).expect("an event");
            let mut next = Some(self.unpacker.accept(&mut raw, 0).expect("a whole event"));
            while let Some(plain) = next {
                let event = plain.event(&raw);
                let is_beat = event.header.event_type == EventType::Heartbeat;
                if !is_beat && !event.header.is_artificial() {
                    self.at = self.at.max(u64::from(event.header.end_position));
                }
                wrong.extend(self.event(&event, db));
                next = self.unpacker.pending(&mut raw).expect("a whole event");
            }
        }
        wrong
    }

    fn event(&mut self, event: &RawEvent<'_>, db: &str) -> Vec<String> {
        match event.header.event_type {
            EventType::Query => {
                let query = Query::parse(event.body).expect("a statement");
                let home = String::from_utf8_lossy(query.db).into_owned();
                let shown = String::from_utf8_lossy(query.sql).into_owned();
                let statement = parse(query.sql, &home, &query.session, self.flavor);
                let mut wrong = Vec::new();
                if let Statement::NotUnderstood(not) = &statement
                    && home == db
                {
                    wrong.push(format!("not understood: {}: {shown}", not.reason));
                }
                let followed = self.tracker.follow(&statement, &query.session, &shown);
                wrong.extend(followed.tables.into_iter().filter_map(|change| match change.state {
                    TableState::Suspect { reason, .. } => {
                        Some(format!("{}: {reason} (flags {:#x})", change.table, event.header.flags))
                    }
                    TableState::Proven { .. } | TableState::Gone => None,
                }));
                wrong
            }
            EventType::TableMap => {
                let map = TableMap::parse(event.body, self.flavor).expect("a table map");
                match self.tracker.on_table_map(&map) {
                    _ if map.db != db => Vec::new(),
                    Resolution::Known(_) | Resolution::NoTable => Vec::new(),
                    other => vec![format!("the rows of {}: {other:?}", map.table)],
                }
            }
            _ => Vec::new(),
        }
    }

    /// What is known of a table.
    pub(super) fn table(&self, name: &TableName) -> Option<&syncc::mysql::schema::model::Table> {
        self.tracker.definition(name).map(AsRef::as_ref)
    }

    /// What is known of the tables of a database otherwise than the server shows it.
    pub(super) fn differences(&mut self, db: &str) -> Vec<String> {
        let names = self.reader.text(&format!(
            "select table_name from information_schema.tables where table_schema = '{db}' \
             and table_type in ('BASE TABLE', 'SYSTEM VERSIONED')"
        ));
        let names: Vec<String> = names.into_iter().flatten().flatten().collect();
        let mut wrong = Vec::new();
        for name in names {
            let theirs = read(&mut self.reader, db, &name);
            let table = self.tracker.definition(&TableName::new(db, &name));
            let ours = table.map_or(Vec::new(), |table| described(table, self.wording));
            if ours != theirs {
                wrong.push(format!("{name}: {ours:?}\n  the server has {theirs:?}"));
            }
        }
        wrong
    }
}
