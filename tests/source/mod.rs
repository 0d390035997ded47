//! The source against real servers: logging in, the dump, facts and tables, existing rows.

mod barrier;
pub(crate) mod chunk;
mod dump;
mod events;
mod files;
mod harm;
mod hidden;
mod login;
mod precheck;
mod reset;
pub(crate) mod stream;
mod torture;
mod traps;
mod visibility;

use crate::support::{Kind, MySql, wait};
use secrecy::SecretString;
use std::path::Path;
use syncc::mysql::schema::TableVersion;
use syncc::plan::{Tls, TlsMode};
use syncc::source::mysql::io::{Endpoint, Session, tables};

/// TLS settings with nothing but a mode.
pub(crate) fn tls(mode: TlsMode) -> Tls {
    Tls { mode, because: None, ca: None, identity: None, server_name: None, off_on_loopback: false }
}

/// `user` on a server, plain text.
pub(crate) fn plain(server: &MySql, user: &str, password: &str) -> Endpoint {
    secured(server, user, password, &tls(TlsMode::Off))
}

/// `user` on a server.
pub(crate) fn secured(server: &MySql, user: &str, password: &str, tls: &Tls) -> Endpoint {
    Endpoint::new("127.0.0.1", server.port(), user, Some(SecretString::from(password)), tls, Path::new("/"))
        .expect("usable settings")
}

/// The replication user of a server, plain text.
pub(crate) fn replica(server: &MySql) -> Endpoint {
    plain(server, MySql::USER, MySql::PASSWORD)
}

/// A session of the replication user.
pub(crate) fn session(server: &MySql) -> Session {
    Session::open(&replica(server), None).expect("the replication user may log in")
}

/// Purges all log files but a new one. The server may keep a file for a moment after it has gone on to the next.
pub(crate) fn purge_all_logs(server: &MySql) {
    let mut sql = server.sql();
    sql.run("flush binary logs");
    wait::until("the old logs are gone", 30, || {
        let files: Vec<String> = sql
            .text("show binary logs")
            .into_iter()
            .filter_map(|row| row.into_iter().next().flatten())
            .collect();
        let newest = files.last().expect("a log");
        sql.run(&format!("purge binary logs to '{newest}'"));
        if files.len() == 1 { Ok(()) } else { Err(format!("{files:?}")) }
    });
}

/// One table as the server describes it.
pub(crate) fn tables_of(server: &MySql, db: &str, table: &str) -> TableVersion {
    let found = tables(&mut session(server), |database, name| database == db && name == table);
    let [facts] = &found.expect("tables")[..] else { panic!("{db}.{table} is not one table") };
    facts.version.clone()
}

/// All servers, one after the other.
pub(crate) fn each(test: impl Fn(Kind, &MySql)) {
    for kind in Kind::ALL {
        test(kind, MySql::shared(kind));
    }
}
