//! What a server is and holds: settings, rights, log files, tables with their columns and keys.

use super::failure::{FailureClass, SourceFailure};
use super::position::end_of_log;
use super::session::Session;
use crate::catalog::ServerFacts;
use crate::mysql::position::Flavor;
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
        grants,
        position,
        gtid_purged,
        binlog_files,
    })
}

/// `None` where a right is missing.
fn allowed<T>(result: Result<T, SourceFailure>) -> Result<Option<T>, SourceFailure> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(SourceFailure { class: FailureClass::Privilege, .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A line of SHOW GRANTS without the password hash that MariaDB puts there.
fn without_password(line: &str) -> String {
    match line.find(" IDENTIFIED ") {
        Some(at) => line[..at].to_owned(),
        None => line.to_owned(),
    }
}

/// The first three numbers; what MariaDB puts before its own for old replicas is passed over.
fn version_number(version: &str) -> (u16, u16, u16) {
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
        assert_eq!(without_password("GRANT USAGE ON *.* TO `a`@`%`"), "GRANT USAGE ON *.* TO `a`@`%`");
    }
}
