//! What a task needs of its server, held against what the server is. Pure: the facts come from elsewhere.

pub use super::codes::*;
use super::grants::Grants;
use super::page::paging_key;
use crate::catalog::{Engine, ServerFacts, TableFacts, TableKind};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::mysql::ident::Quoted;
use crate::mysql::position::{Flavor, GtidSet, Gtids, Position};

/// What a task needs of its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs<'n> {
    /// Existing rows of the tables are loaded.
    pub snapshot: bool,
    /// Where the task goes on; none at its first start.
    pub resume: Option<&'n Position>,
}

/// Everything that stands between a task and its server. `tables` are those the task selects.
pub fn findings(facts: &ServerFacts, tables: &[TableFacts], needs: &Needs<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    found.extend(version(facts));
    found.extend(log_off(facts));
    // without a log there is nothing to say about how it is written
    if found.iter().any(|finding: &Diagnostic| finding.code == BINLOG_OFF) {
        return found;
    }
    found.extend(log_settings(facts));
    found.extend(gtid_mode(facts, needs));
    found.extend(privileges(facts, tables, needs));
    found.extend(needs.resume.and_then(|position| purged(facts, position)));
    let grants = Grants::parse(&facts.grants);
    for table in tables.iter().filter(|table| table.kind.has_rows()) {
        // the keys of a table that may not be read are unknown; that it may not has been said
        if readable(&grants, table) {
            found.extend(table_findings(table, needs));
        }
    }
    found
}

/// The GTIDs of `position` that the server has not executed: it lags, lost its tail, or is another line of history. MySQL accepts
/// such a reader without a word when the GTIDs are not of its own UUID. None when there are none, or where the set cannot tell.
pub fn ahead_of(facts: &ServerFacts, position: &Position) -> Option<GtidSet> {
    let Gtids::MySql(ours) = &position.gtids else { return None };
    let Some(Position { gtids: Gtids::MySql(executed), .. }) = &facts.position else { return None };
    let extra = ours.difference(executed);
    (!extra.is_empty()).then_some(extra)
}

fn error(code: Code, message: String) -> Diagnostic {
    Diagnostic::nowhere(code, Severity::Error, message)
}

fn warning(code: Code, message: String) -> Diagnostic {
    Diagnostic::nowhere(code, Severity::Warning, message)
}

/// Releases the tests run against: MySQL 5.7.22, 8.0.15 and 9.7, MariaDB 10.11, 11.4 and 11.8.
fn version(facts: &ServerFacts) -> Option<Diagnostic> {
    let (major, minor, _) = facts.version_number;
    let (name, oldest, tested) = match facts.flavor() {
        Flavor::MySql => {
            let tested = [(5, 7, 22), (8, 0, 15)].contains(&facts.version_number) || (major, minor) == (9, 7);
            ("MySQL", (5, 7), tested)
        }
        Flavor::MariaDb => ("MariaDB", (10, 5), [(10, 11), (11, 4), (11, 8)].contains(&(major, minor))),
    };
    if (major, minor) < oldest {
        let message = format!("{name} {} is too old", facts.version);
        return Some(error(VERSION, message).help(format!("{name} {}.{} or newer", oldest.0, oldest.1)));
    }
    (!tested).then(|| {
        warning(VERSION, format!("syncc has not been tested with {name} {}", facts.version))
            .help("tested: MySQL 5.7.22, 8.0.15 and 9.7, MariaDB 10.11, 11.4 and 11.8")
    })
}

fn log_off(facts: &ServerFacts) -> Option<Diagnostic> {
    let on = facts.variable("log_bin").is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("on"));
    (!on).then(|| {
        let unset = if facts.identity.server_id == 0 { "server_id = 1\n" } else { "" };
        error(BINLOG_OFF, "the server writes no binary log: `log_bin` is off".to_owned()).help(format!(
            "in its option file, then a restart:\n[mysqld]\nlog_bin = binlog\nbinlog_format = ROW\n{unset}"
        ))
    })
}

/// Settings of the log, with the value each must have, where the server knows the variable.
fn log_settings(facts: &ServerFacts) -> Vec<Diagnostic> {
    let must = [
        (NOT_ROW_FORMAT, "binlog_format", "ROW", "changes are logged as statements, not as rows"),
        (ROW_IMAGE, "binlog_row_image", "FULL", "changed rows are logged in part only"),
    ];
    let mut found = Vec::new();
    for (code, name, wanted, why) in must {
        let Some(value) = facts.variable(name) else { continue };
        if value.eq_ignore_ascii_case(wanted) {
            continue;
        }
        let repair = match facts.flavor() {
            Flavor::MySql => format!("SET PERSIST {name} = '{wanted}';"),
            Flavor::MariaDb => {
                format!("SET GLOBAL {name} = '{wanted}'; and `{name} = {wanted}` in its option file")
            }
        };
        let message = format!("`{name}` is {value}: {why}");
        found.push(error(code, message).help(format!("{repair} Sessions that are open keep the old value.")));
    }
    found.extend(partial_json(facts));
    found
}

/// Partial updates of JSON are put together with the row before, which must be whole.
fn partial_json(facts: &ServerFacts) -> Option<Diagnostic> {
    let options = facts.variable("binlog_row_value_options").filter(|options| !options.is_empty())?;
    let image = facts.variable("binlog_row_image").filter(|image| !image.eq_ignore_ascii_case("FULL"))?;
    let message = format!(
        "`binlog_row_value_options` is {options} and `binlog_row_image` is {image}: Update_rows_partial events (39) are decoded \
         only with the whole row before"
    );
    Some(error(COMPRESSION, message).help(
        "SET PERSIST binlog_row_value_options = ''; or SET PERSIST binlog_row_image = 'FULL'; Sessions that are open keep the \
         old value.",
    ))
}

fn gtid_mode(facts: &ServerFacts, needs: &Needs<'_>) -> Option<Diagnostic> {
    let mode = facts.variable("gtid_mode").unwrap_or("ON");
    let steps = "on the server, each step after the one before has reached all its replicas:\n\
                 SET PERSIST enforce_gtid_consistency = WARN;  -- watch its log for statements to mend\n\
                 SET PERSIST enforce_gtid_consistency = ON;\n\
                 SET PERSIST gtid_mode = OFF_PERMISSIVE;\n\
                 SET PERSIST gtid_mode = ON_PERMISSIVE;\n\
                 -- wait until SHOW STATUS LIKE 'ongoing_anonymous_transaction_count' is 0\n\
                 SET PERSIST gtid_mode = ON;";
    if mode.eq_ignore_ascii_case("ON") || facts.flavor() == Flavor::MariaDb {
        return None;
    }
    if !mode.eq_ignore_ascii_case("OFF") {
        let message = format!("`gtid_mode` is {mode}: transactions with and without GTID are mixed");
        return Some(error(GTID_TRANSITION, message).help(format!("finish the switch {steps}")));
    }
    Some(if needs.snapshot {
        let message = "`gtid_mode` is OFF: existing rows cannot be read beside a running log".to_owned();
        error(GTID_OFF, message).help(format!("write `start now`, or switch GTIDs on, {steps}"))
    } else {
        let message = "`gtid_mode` is OFF: the position means something on this server only".to_owned();
        warning(GTID_OFF, message).help(format!("switch GTIDs on, {steps}"))
    })
}

fn privileges(facts: &ServerFacts, tables: &[TableFacts], needs: &Needs<'_>) -> Vec<Diagnostic> {
    let grants = Grants::parse(&facts.grants);
    let mut found = Vec::new();
    let mut missing = |right: &str, on: &str, why: &str| {
        let message = format!("the user {} may not {why}", grants.account);
        found.push(
            error(PRIVILEGE_MISSING, message).help(format!("GRANT {right} ON {on} TO {};", grants.account)),
        );
    };
    let status = match facts.flavor() {
        Flavor::MySql => "REPLICATION CLIENT",
        Flavor::MariaDb => "BINLOG MONITOR",
    };
    // the server was asked for the end of its log and did not tell: this holds with roles too
    if facts.position.is_none() {
        missing(status, "*.*", "see where the log stands");
    }
    // what a role gives is not told: then nothing is said to be missing
    if grants.roles {
        return found;
    }
    if !grants.global(&["REPLICATION SLAVE", "REPLICATION REPLICA"]) {
        missing("REPLICATION SLAVE", "*.*", "read the log");
    }
    for table in tables.iter().filter(|table| table.kind.has_rows()) {
        let name = &table.version.name;
        let (db, quoted) = (Quoted(&name.db), Quoted(&name.table));
        if !readable(&grants, table) {
            missing("SELECT", &format!("{db}.{quoted}"), &format!("read {name}"));
            continue;
        }
        let locks = needs.snapshot
            && match table.engine {
                Engine::NonTransactional => true,
                Engine::Transactional => {
                    facts.flavor() == Flavor::MySql && paging_key(&table.version).is_none()
                }
            };
        if locks && !grants.on_database(&name.db, &["LOCK TABLES"]) {
            let why = format!("lock {name}, which cannot be read page by page");
            missing("LOCK TABLES", &format!("{db}.*"), &why);
        }
    }
    found
}

/// Whether SELECT is granted, as far as the lines tell: what a role gives is not told.
fn readable(grants: &Grants, table: &TableFacts) -> bool {
    grants.roles || grants.on_table(&table.version.name.db, &table.version.name.table, &["SELECT"])
}

/// Whether the log still reaches back to a position.
fn purged(facts: &ServerFacts, position: &Position) -> Option<Diagnostic> {
    let lost = |what: String| {
        error(POSITION_PURGED, format!("the log the task must go on from is gone: {what}")).help(
            "the tables must be loaded anew: give the task another `state { prefix … }`, or remove its state",
        )
    };
    if let Gtids::MySql(ours) = &position.gtids {
        let purged: GtidSet = facts.gtid_purged.as_deref()?.parse().ok()?;
        let gap = purged.difference(ours);
        return (!gap.is_empty()).then(|| lost(format!("the server has purged {gap}")));
    }
    if !position.server.same_log(&facts.identity) || facts.binlog_files.is_empty() {
        return None;
    }
    (!facts.binlog_files.contains(&position.file.file)).then(|| {
        let oldest = facts.binlog_files.first().map(String::as_str).unwrap_or_default();
        lost(format!("the position is in {}, the oldest file is {oldest}", position.file.file))
    })
}

fn table_findings(table: &TableFacts, needs: &Needs<'_>) -> Vec<Diagnostic> {
    let name = &table.version.name;
    let mut found = Vec::new();
    if table.kind == TableKind::Versioned && table.version.row_end().is_none() {
        let message = format!(
            "table {name} has system versioning with columns of its own for start and end of a row: its history cannot be \
             told from its rows"
        );
        found.push(error(NOT_A_TABLE, message).help(format!("`exclude {name}`")));
    }
    let key = table.version.row_key();
    if key.is_none() {
        let message = format!(
            "table {name} has no primary key and no unique key without nullable columns: its rows have no key in Kafka"
        );
        found
            .push(warning(NO_PRIMARY_KEY, message).help("add a primary key, or name the columns with `key`"));
    }
    if !needs.snapshot {
        return found;
    }
    if table.engine == Engine::NonTransactional {
        let message =
            format!("table {name} has an engine without consistent views: it is locked while it is loaded");
        let alter = format!("ALTER TABLE {}.{} ENGINE=InnoDB;", Quoted(&name.db), Quoted(&name.table));
        found.push(warning(ENGINE, message).help(format!("{alter} or `exclude {name}`")));
    } else if key.is_some() && paging_key(&table.version).is_none() {
        let message =
            format!("the key of {name} holds a FLOAT, which cannot be paged by: the table is read in one go");
        found.push(
            warning(KEY_TRAP, message).help("another unique key without nullable columns, of other types"),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::column_type::ColumnType;
    use crate::mysql::position::{BinlogPosition, ServerIdentity};
    use crate::mysql::schema::hidden_columns;
    use crate::mysql::schema::{Column, TableName, TableVersion};

    const UUID: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

    fn position(gtids: &str) -> Position {
        Position {
            server: ServerIdentity { flavor: Flavor::MySql, uuid: UUID.to_owned(), server_id: 1 },
            file: BinlogPosition::new("binlog.000003", 4),
            gtids: Gtids::MySql(gtids.parse().unwrap()),
        }
    }

    fn table(ty: ColumnType, keyed: bool, engine: Engine) -> TableFacts {
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
        }
    }

    fn int() -> ColumnType {
        ColumnType::Int { unsigned: false }
    }

    /// A sound server of either family.
    fn sound(flavor: Flavor) -> ServerFacts {
        let (version, version_number, status) = match flavor {
            Flavor::MySql => ("9.7.4", (9, 7, 4), "REPLICATION CLIENT"),
            Flavor::MariaDb => ("10.11.18-MariaDB", (10, 11, 18), "BINLOG MONITOR"),
        };
        let variables = [("log_bin", "ON"), ("binlog_format", "ROW"), ("binlog_row_image", "FULL")];
        ServerFacts {
            identity: ServerIdentity { flavor, uuid: UUID.to_owned(), server_id: 1 },
            version: version.to_owned(),
            version_number,
            variables: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            grants: vec![format!("GRANT SELECT, REPLICATION SLAVE, {status} ON *.* TO `cdc`@`%`")],
            position: Some(position(&format!("{UUID}:1-100"))),
            gtid_purged: Some(format!("{UUID}:1-10")),
            binlog_files: vec!["binlog.000003".to_owned(), "binlog.000004".to_owned()],
        }
    }

    /// Changes a sound server and one InnoDB table with a key, and lists what is found, as `CODE severity`.
    fn check(
        flavor: Flavor,
        snapshot: bool,
        change: impl FnOnce(&mut ServerFacts, &mut TableFacts),
        expected: &[&str],
    ) {
        let mut facts = sound(flavor);
        let mut table = table(int(), true, Engine::Transactional);
        change(&mut facts, &mut table);
        let found = findings(&facts, &[table], &Needs { snapshot, resume: None });
        let shown: Vec<String> = found.iter().map(|d| format!("{} {:?}", d.code, d.severity)).collect();
        assert_eq!(shown, expected);
        assert!(found.iter().all(|finding| finding.help.is_some()));
    }

    fn set(facts: &mut ServerFacts, name: &str, value: &str) {
        facts.variables.insert(name.to_owned(), value.to_owned());
    }

    #[test]
    fn sound_servers_have_no_findings() {
        for flavor in [Flavor::MySql, Flavor::MariaDb] {
            for snapshot in [true, false] {
                check(flavor, snapshot, |_, _| {}, &[]);
            }
        }
    }

    #[test]
    fn releases() {
        let check = |flavor, number, expected: &[&str]| {
            check(flavor, true, |facts, _| facts.version_number = number, expected);
        };
        check(Flavor::MySql, (5, 6, 51), &["L0103 Error"]);
        check(Flavor::MySql, (5, 7, 22), &[]);
        check(Flavor::MySql, (5, 7, 44), &["L0103 Warning"]);
        check(Flavor::MySql, (8, 0, 15), &[]);
        check(Flavor::MySql, (8, 4, 0), &["L0103 Warning"]);
        check(Flavor::MySql, (26, 7, 0), &["L0103 Warning"]);
        check(Flavor::MariaDb, (10, 4, 1), &["L0103 Error"]);
        check(Flavor::MariaDb, (11, 8, 9), &[]);
        check(Flavor::MariaDb, (12, 1, 0), &["L0103 Warning"]);
    }

    #[test]
    fn the_log_must_hold_whole_rows_in_events_that_are_decoded() {
        let check = |name: &str, value: &str, expected: &[&str]| {
            check(Flavor::MySql, true, |facts, _| set(facts, name, value), expected);
        };
        check("log_bin", "OFF", &["L0105 Error"]);
        check("binlog_format", "MIXED", &["L0106 Error"]);
        check("binlog_row_image", "NOBLOB", &["L0107 Error"]);
        check("binlog_row_image", "FULL_NODUP", &["L0107 Error"]);
        check("binlog_row_image", "full", &[]);
        check("binlog_transaction_compression", "ON", &[]);
        check("log_bin_compress", "ON", &[]);
        check("binlog_row_value_options", "PARTIAL_JSON", &[]);
    }

    #[test]
    fn gtids() {
        let check = |mode: &str, snapshot, expected: &[&str]| {
            check(Flavor::MySql, snapshot, |facts, _| set(facts, "gtid_mode", mode), expected);
        };
        check("ON", true, &[]);
        check("OFF", true, &["L0109 Error"]);
        check("OFF", false, &["L0109 Warning"]);
        check("ON_PERMISSIVE", false, &["L0123 Error"]);
        check("OFF_PERMISSIVE", true, &["L0123 Error"]);
    }

    #[test]
    fn only_what_is_missing_is_asked_for() {
        let with = |flavor, grants: &[&str], table: TableFacts, expected: &[&str]| {
            let mut facts = sound(flavor);
            facts.grants = grants.iter().map(|line| (*line).to_owned()).collect();
            let found = findings(&facts, &[table], &Needs { snapshot: true, resume: None });
            let asked: Vec<String> = found
                .into_iter()
                .filter(|finding| finding.code == PRIVILEGE_MISSING)
                .filter_map(|finding| finding.help)
                .collect();
            assert_eq!(asked, expected);
        };
        let keyed = || table(int(), true, Engine::Transactional);
        let keyless = || table(int(), false, Engine::Transactional);
        let weak = "GRANT USAGE ON *.* TO `cdc`@`10.%`";
        with(
            Flavor::MySql,
            &[weak],
            keyed(),
            &[
                "GRANT REPLICATION SLAVE ON *.* TO `cdc`@`10.%`;",
                "GRANT SELECT ON `shop`.`orders` TO `cdc`@`10.%`;",
            ],
        );
        let reads = "GRANT SELECT, REPLICATION SLAVE ON *.* TO `cdc`@`10.%`";
        with(Flavor::MySql, &[reads], keyed(), &[]);
        with(Flavor::MySql, &[reads], keyless(), &["GRANT LOCK TABLES ON `shop`.* TO `cdc`@`10.%`;"]);
        with(Flavor::MariaDb, &[reads], keyless(), &[]);
        let isam = table(int(), true, Engine::NonTransactional);
        with(Flavor::MariaDb, &[reads], isam, &["GRANT LOCK TABLES ON `shop`.* TO `cdc`@`10.%`;"]);
        with(Flavor::MySql, &[weak, "GRANT `reader`@`%` TO `cdc`@`10.%`"], keyed(), &[]);
        check(Flavor::MariaDb, true, |facts, _| facts.position = None, &["L0104 Error"]);
    }

    #[test]
    fn a_purged_position_is_told_with_what_is_lost() {
        let check = |change: &dyn Fn(&mut ServerFacts, &mut Position), expected: Option<&str>| {
            let mut facts = sound(Flavor::MySql);
            let mut position = position(&format!("{UUID}:1-50"));
            change(&mut facts, &mut position);
            let needs = Needs { snapshot: false, resume: Some(&position) };
            let found = findings(&facts, &[], &needs);
            let purged = found.iter().find(|finding| finding.code == POSITION_PURGED);
            assert_eq!(purged.map(|finding| finding.message.as_str()), expected);
        };
        check(&|_, _| {}, None);
        let gone = format!("the log the task must go on from is gone: the server has purged {UUID}:51-60");
        check(&|facts, _| facts.gtid_purged = Some(format!("{UUID}:1-60")), Some(&gone));
        check(&|_, position| position.gtids = Gtids::Off, None);
        check(
            &|_, position| {
                position.gtids = Gtids::Off;
                position.file.file = "binlog.000002".to_owned();
            },
            Some(
                "the log the task must go on from is gone: the position is in binlog.000002, the oldest file is binlog.000003",
            ),
        );
    }

    #[test]
    fn a_reader_ahead_of_its_server_is_noticed() {
        let facts = sound(Flavor::MySql);
        let extra = |gtids: &str| ahead_of(&facts, &position(gtids)).map(|set| set.to_string());
        assert_eq!(extra(&format!("{UUID}:1-100")), None);
        assert_eq!(extra(&format!("{UUID}:1-103")), Some(format!("{UUID}:101-103")));
        let foreign = "00000000-71ca-11e1-9e33-c80aa9429562:1";
        assert_eq!(extra(&format!("{foreign},{UUID}:1")), Some(foreign.to_owned()));
    }

    #[test]
    fn tables() {
        let check = |table: TableFacts, snapshot, expected: &[&str]| {
            check(
                Flavor::MariaDb,
                snapshot,
                |facts, it| {
                    facts.grants = vec!["GRANT ALL PRIVILEGES ON *.* TO `a`@`%`".to_owned()];
                    *it = table;
                },
                expected,
            );
        };
        check(table(int(), false, Engine::Transactional), true, &["S0502 Warning"]);
        check(table(int(), true, Engine::NonTransactional), true, &["L0115 Warning"]);
        check(table(int(), true, Engine::NonTransactional), false, &[]);
        check(table(ColumnType::Float, true, Engine::Transactional), true, &["L0124 Warning"]);
        let versioned =
            TableFacts { kind: TableKind::Versioned, ..table(int(), true, Engine::Transactional) };
        check(versioned.clone(), true, &["S0216 Error"]);
        let mut implicit = versioned;
        implicit.version.columns.extend(hidden_columns(true, &[]));
        check(implicit, true, &[]);
        let view = TableFacts { kind: TableKind::View, ..table(int(), false, Engine::NonTransactional) };
        check(view, true, &[]);
    }
}
