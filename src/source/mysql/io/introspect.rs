//! What a server is and holds: settings, rights, log files, tables with their columns and keys.

use super::ask::Ask;
use super::column::{COLUMNS, column, is_of, is_row_life};
use super::failure::{FailureClass, SourceFailure};
use super::position::end_of_log;
use super::session::Session;
use super::text_row::TextRow;
use crate::catalog::{ColumnSchema, Engine, ServerFacts, TableFacts, TableKind};
use crate::mysql::ident::Quoted;
use crate::mysql::position::Flavor;
use crate::mysql::schema::{Column, ColumnText, TableName, TableVersion, hidden_columns};
use std::collections::BTreeMap;

/// Variables that decide whether and how a log can be read.
const VARIABLES: &[&str] = &[
    "log_bin",
    "binlog_format",
    "binlog_row_image",
    "binlog_row_metadata",
    "binlog_row_value_options",
    "binlog_transaction_compression",
    "log_bin_compress",
    "binlog_checksum",
    "binlog_order_commits",
    "encrypt_binlog",
    "binlog_encryption",
    "gtid_mode",
    "enforce_gtid_consistency",
    "gtid_strict_mode",
    "gtid_binlog_pos",
    "server_id",
    "log_slave_updates",
    "log_replica_updates",
    "lower_case_table_names",
    "max_allowed_packet",
    "binlog_expire_logs_seconds",
    "expire_logs_days",
    "mysql56_temporal_format",
    "character_set_server",
    "time_zone",
    "system_time_zone",
    "max_binlog_total_size",
    "partial_revokes",
    "innodb_native_foreign_keys",
    "gtid_slave_pos",
    "read_only",
    "super_read_only",
];

/// Reads what the checks before a start need to know.
///
/// What we may not ask is left out (position, log files), never guessed.
///
/// # Errors
/// A broken connection, or an answer that makes no sense.
pub fn facts(session: &mut Session) -> Result<ServerFacts, SourceFailure> {
    let list = VARIABLES.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(",");
    let mut variables = BTreeMap::new();
    for row in session.query(&format!("SHOW GLOBAL VARIABLES WHERE Variable_name IN ({list})"))? {
        if let (Some(name), Some(value)) = (row.text(0), row.text(1)) {
            variables.insert(name.to_ascii_lowercase(), value.to_owned());
        }
    }
    let account = account(&session.scalar("SELECT CURRENT_USER()")?.unwrap_or_default());
    let grants =
        session.query("SHOW GRANTS")?.iter().filter_map(|row| row.text(0)).map(without_password).collect();
    let log_is_on =
        variables.get("log_bin").is_some_and(|value| value.eq_ignore_ascii_case("ON") || value == "1");
    let position = if log_is_on { allowed(end_of_log(session))?.flatten() } else { None };
    let binlog_files = if log_is_on {
        let rows = allowed(session.query("SHOW BINARY LOGS"))?.unwrap_or_default();
        rows.iter().filter_map(|row| row.text(0)).map(str::to_owned).collect()
    } else {
        Vec::new()
    };
    let gtid_purged = match session.flavor() {
        Flavor::MySql => session.scalar("SELECT @@GLOBAL.gtid_purged")?,
        Flavor::MariaDb => None,
    };
    Ok(ServerFacts {
        identity: session.identity().clone(),
        version: session.version().to_owned(),
        version_number: version_number(session.version()),
        variables,
        account,
        grants,
        position,
        gtid_purged,
        binlog_files,
    })
}

/// The tables, views and sequences that `selected` takes by database and name, sorted by name; never those of the server itself.
///
/// Columns and keys are read for tables only; without SELECT on a table its keys stay unknown. Columns that
/// MariaDB logs but does not list are added behind the others.
///
/// # Errors
/// [`FailureClass::Table`] for a column whose type is not known, naming it; a broken connection. A table that goes away while it is
/// looked at is left out.
pub fn tables(
    session: &mut Session,
    selected: impl Fn(&str, &str) -> bool,
) -> Result<Vec<TableFacts>, SourceFailure> {
    let all = session.query(
        "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS FROM INFORMATION_SCHEMA.TABLES \
         WHERE TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')",
    )?;
    let mut found = Vec::new();
    for row in &all {
        let (Some(db), Some(table), Some(kind)) = (row.text(0), row.text(1), row.text(2)) else { continue };
        if SYSTEM.iter().any(|system| system.eq_ignore_ascii_case(db)) || !selected(db, table) {
            continue;
        }
        let kind = match kind {
            "BASE TABLE" => TableKind::Base,
            "SYSTEM VERSIONED" => TableKind::Versioned,
            "SEQUENCE" => TableKind::Sequence,
            "VIEW" => TableKind::View,
            // temporary tables and the server's own views
            _ => continue,
        };
        let name = TableName::new(db, table);
        let facts = TableFacts {
            version: TableVersion {
                name,
                columns: Vec::new(),
                primary_key: Vec::new(),
                unique_keys: Vec::new(),
            },
            kind,
            engine: engine(row.text(3)),
            rows_estimate: row.number(4).unwrap_or(0),
            old_temporals: Vec::new(),
            generated: Vec::new(),
        };
        found.extend(match kind {
            TableKind::Base | TableKind::Versioned => with_columns(session, facts, row.text(3))?,
            TableKind::View | TableKind::Sequence => Some(facts),
        });
    }
    found.sort_by(|a, b| a.version.name.cmp(&b.version.name));
    Ok(found)
}

/// Databases of the server itself.
pub(super) const SYSTEM: &[&str] = &["mysql", "information_schema", "performance_schema", "sys"];

/// How MariaDB marks a temporal column in the coding of old servers.
const OLD_TEMPORAL: &str = "/* mariadb-5.3 */";

/// Engines with consistent views; of all others nothing is promised.
fn engine(name: Option<&str>) -> Engine {
    match name {
        Some("InnoDB" | "ROCKSDB" | "TokuDB") => Engine::Transactional,
        Some("FEDERATED" | "MRG_MYISAM" | "MRG_MyISAM" | "CONNECT") => Engine::Elsewhere,
        _ => Engine::NonTransactional,
    }
}

/// A table with its columns and keys; none when it has gone.
fn with_columns(
    session: &mut Session,
    mut facts: TableFacts,
    engine: Option<&str>,
) -> Result<Option<TableFacts>, SourceFailure> {
    let name = &facts.version.name;
    let mut rows = session.rows(COLUMNS, &[&name.db, &name.table])?;
    rows.retain(|row| is_of(name, row));
    let lists_row_life = rows.iter().any(is_row_life);
    let is_old = |row: &&TextRow| row.text(1).is_some_and(|ty| ty.ends_with(OLD_TEMPORAL));
    facts.old_temporals =
        rows.iter().filter(is_old).filter_map(|row| row.text(0)).map(str::to_owned).collect();
    let listed = rows.iter().map(|row| column(name, row)).collect::<Result<Vec<_>, _>>()?;
    if listed.is_empty() {
        return Ok(None);
    }
    let computed = listed.iter().filter(|column| column.text.generated);
    facts.generated = computed.map(|column| column.name.clone()).collect();
    let mut columns: Vec<Column> = listed.into_iter().map(known_column).collect();
    let sql = format!("SHOW INDEX FROM {} FROM {}", Quoted(&name.table), Quoted(&name.db));
    let rows = match session.query(&sql) {
        Ok(rows) => rows,
        Err(SourceFailure { class: FailureClass::Table, .. }) => return Ok(None),
        // any right shows columns, keys need SELECT: the checks say so
        Err(SourceFailure { class: FailureClass::Privilege, .. }) => Vec::new(),
        Err(failure) => return Err(failure),
    };
    let (primary_key, unique_keys) = keys(&columns, &rows);
    if session.flavor() == Flavor::MariaDb {
        let long_keys = if engine == Some("MEMORY") { Vec::new() } else { long_keys(&rows) };
        columns.extend(hidden_columns(facts.kind == TableKind::Versioned && !lists_row_life, &long_keys));
    }
    facts.version = TableVersion { name: facts.version.name, columns, primary_key, unique_keys };
    Ok(Some(facts))
}

fn known_column(ColumnSchema { name, text }: ColumnSchema) -> Column {
    let ColumnText { ty, declared, nullable, collation, generated: _ } = text;
    Column { name, ty, nullable, declared, hidden: false, collation }
}

/// Primary key, and unique keys of columns that are all NOT NULL, in the server's order. Keys on expressions identify no row by
/// its columns and are passed over.
fn keys(columns: &[Column], rows: &[TextRow]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let mut indexes: Vec<(String, Option<Vec<usize>>)> = Vec::new();
    for row in rows {
        if row.text(1) != Some("0") {
            continue;
        }
        let Some(index) = row.text(2) else { continue };
        if indexes.last().is_none_or(|(name, _)| name != index) {
            indexes.push((index.to_owned(), Some(Vec::new())));
        }
        let at = row
            .text(4)
            .and_then(|name| columns.iter().position(|column| column.name == name))
            .filter(|&at| !columns[at].nullable);
        if let Some((_, key)) = indexes.last_mut() {
            match at {
                Some(at) => key.iter_mut().for_each(|key| key.push(at)),
                None => *key = None,
            }
        }
    }
    let mut primary = Vec::new();
    let mut unique = Vec::new();
    for (name, key) in indexes {
        match key {
            Some(key) if name == "PRIMARY" => primary = key,
            Some(key) => unique.push(key),
            None => {}
        }
    }
    (primary, unique)
}

/// MariaDB's unique keys over hashes, in the server's order: whether a column of it may be NULL. (In MEMORY tables a hash
/// index is an ordinary one.)
fn long_keys(rows: &[TextRow]) -> Vec<bool> {
    let mut keys: Vec<(&str, bool)> = Vec::new();
    for row in rows.iter().filter(|row| row.text(1) == Some("0") && row.text(10) == Some("HASH")) {
        let Some(index) = row.text(2) else { continue };
        let nullable = row.text(9) == Some("YES");
        match keys.last_mut() {
            Some((name, any)) if *name == index => *any |= nullable,
            Some(_) | None => keys.push((index, nullable)),
        }
    }
    keys.into_iter().map(|(_, nullable)| nullable).collect()
}

/// `user@host` as GRANT writes it. The host has no `@`, the user may.
fn account(current: &str) -> String {
    let (user, host) = current.rsplit_once('@').unwrap_or((current, "%"));
    format!("{}@{}", Quoted(user), Quoted(host))
}

/// `None` where a right is missing.
pub(super) fn allowed<T>(result: Result<T, SourceFailure>) -> Result<Option<T>, SourceFailure> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(SourceFailure { class: FailureClass::Privilege, .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A line of SHOW GRANTS without the password hash that MariaDB puts there; what stands behind it stays.
fn without_password(line: &str) -> String {
    let Some(at) = line.find(" IDENTIFIED ") else { return line.to_owned() };
    let with = line.rfind(" WITH ").filter(|&with| with > at).map_or("", |with| &line[with..]);
    format!("{}{with}", &line[..at])
}

/// The first three numbers; what MariaDB puts before its own for old replicas is passed over.
pub(super) fn version_number(version: &str) -> (u16, u16, u16) {
    let own = version.strip_prefix("5.5.5-").unwrap_or(version);
    let mut numbers = own.split(|c: char| !c.is_ascii_digit()).map(|digits| digits.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        for (text, number) in [
            ("8.0.15", (8, 0, 15)),
            ("9.7.4-2", (9, 7, 4)),
            ("26.7.0", (26, 7, 0)),
            ("5.5.5-10.11.18-MariaDB-0+deb12u1-log", (10, 11, 18)),
            ("11.8.9-MariaDB-4 from Debian-log", (11, 8, 9)),
            ("11", (11, 0, 0)),
            ("", (0, 0, 0)),
        ] {
            assert_eq!(version_number(text), number, "{text}");
        }
    }

    #[test]
    fn grants_lose_their_hash() {
        let line = "GRANT SELECT ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*2470C0C06DEE42FD'";
        assert_eq!(without_password(line), "GRANT SELECT ON *.* TO `a`@`%`");
        let with = format!("{line} WITH GRANT OPTION");
        assert_eq!(without_password(&with), "GRANT SELECT ON *.* TO `a`@`%` WITH GRANT OPTION");
        assert_eq!(without_password("GRANT USAGE ON *.* TO `a`@`%`"), "GRANT USAGE ON *.* TO `a`@`%`");
    }
}
