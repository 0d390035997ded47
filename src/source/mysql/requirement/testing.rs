//! A sound server, and what is found when it is not.

use super::{Needs, findings};
use crate::catalog::{Engine, ServerFacts, SourceCatalog, Survey, TableFacts, TableKind};
use crate::mysql::column_type::ColumnType;
use crate::mysql::position::{BinlogPosition, Flavor, Gtids, Position, ServerIdentity};
use crate::mysql::schema::{Column, TableName, TableVersion};

pub(super) const UUID: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

/// Id and name of the reader.
pub(super) const READER: (u32, &str) = (1 << 31, "syncc/p.shop.bus");

/// What a task with a retry window of 12 h needs.
pub(super) fn needs(snapshot: bool) -> Needs<'static> {
    let retry_ms = 12 * 3_600_000;
    Needs {
        snapshot,
        retry_ms,
        rate_bytes_s: None,
        reader: READER,
        include: &[],
        allows: &[],
        time_zone: None,
        heartbeat: None,
        standby: false,
    }
}

pub(super) fn position(gtids: &str) -> Position {
    Position {
        server: ServerIdentity { flavor: Flavor::MySql, uuid: UUID.to_owned(), server_id: 1 },
        file: BinlogPosition::new("binlog.000003", 4),
        gtids: Gtids::MySql(gtids.parse().unwrap()),
    }
}

pub(super) fn int() -> ColumnType {
    ColumnType::Int { unsigned: false }
}

/// `shop.orders` with a column `a`.
pub(super) fn table(ty: ColumnType, keyed: bool, engine: Engine) -> TableFacts {
    let column = Column {
        name: "a".to_owned(),
        ty,
        nullable: false,
        declared: String::new(),
        hidden: false,
        collation: None,
    };
    TableFacts {
        version: TableVersion {
            name: TableName::new("shop", "orders"),
            columns: vec![column],
            primary_key: if keyed { vec![0] } else { Vec::new() },
            unique_keys: Vec::new(),
        },
        kind: TableKind::Base,
        engine,
        rows_estimate: 0,
        old_temporals: Vec::new(),
        generated: Vec::new(),
    }
}

/// A sound server of either family with one InnoDB table that has a key.
pub(super) fn sound(flavor: Flavor) -> SourceCatalog {
    let (version, version_number, status) = match flavor {
        Flavor::MySql => ("9.7.4", (9, 7, 4), "REPLICATION CLIENT"),
        Flavor::MariaDb => ("10.11.18-MariaDB", (10, 11, 18), "BINLOG MONITOR"),
    };
    let variables = [("log_bin", "ON"), ("binlog_format", "ROW"), ("binlog_row_image", "FULL")];
    let server = ServerFacts {
        identity: ServerIdentity { flavor, uuid: UUID.to_owned(), server_id: 1 },
        version: version.to_owned(),
        version_number,
        variables: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        account: "`cdc`@`%`".to_owned(),
        grants: vec![format!("GRANT SELECT, REPLICATION SLAVE, {status} ON *.* TO `cdc`@`%`")],
        position: Some(position(&format!("{UUID}:1-100"))),
        gtid_purged: Some(format!("{UUID}:1-10")),
        binlog_files: vec!["binlog.000003".to_owned(), "binlog.000004".to_owned()],
    };
    let survey = Survey { upstream_known: true, ..Survey::default() };
    SourceCatalog { server, tables: vec![table(int(), true, Engine::Transactional)], survey }
}

pub(super) fn set(catalog: &mut SourceCatalog, name: &str, value: &str) {
    catalog.server.variables.insert(name.to_owned(), value.to_owned());
}

/// Changes a sound server and lists what is found, as `CODE severity`.
#[track_caller]
pub(super) fn check(
    flavor: Flavor,
    snapshot: bool,
    change: impl FnOnce(&mut SourceCatalog),
    expected: &[&str],
) {
    let mut catalog = sound(flavor);
    change(&mut catalog);
    let found = findings(&catalog, &needs(snapshot));
    let shown: Vec<String> = found.iter().map(|d| format!("{} {:?}", d.code, d.severity)).collect();
    assert_eq!(shown, expected);
    assert!(found.iter().all(|finding| finding.help.is_some()));
}

#[test]
fn a_sound_server_has_no_findings() {
    for flavor in [Flavor::MySql, Flavor::MariaDb] {
        check(flavor, true, |_| {}, &[]);
    }
}
