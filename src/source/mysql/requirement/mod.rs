//! What a task needs of its server, held against what the server is. Pure: the facts come from elsewhere.

mod beat;
mod gtid;
mod log;
mod place;
mod privilege;
mod retention;
mod table;
#[cfg(test)]
mod testing;
mod version;

pub use super::codes::*;
use super::grants::Grants;
use crate::catalog::{ServerFacts, SourceCatalog};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;
use crate::pattern::TablePattern;
pub use gtid::{Standing, is_namesake, moved_to, namesake, standing};
pub use retention::{EXPIRY, Estimate, LogKept, log_kept, log_kept_ms, purged};

/// What a task needs of its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs<'n> {
    /// Existing rows of the tables are loaded.
    pub snapshot: bool,
    /// How long failures are waited out, ms.
    pub retry_ms: u64,
    /// Most bytes a second that the load reads; none: as fast as it goes.
    pub rate_bytes_s: Option<u64>,
    /// Server id under which the task registers as a replica, and its [name](super::reader_name) there.
    pub reader: (u32, &'n str),
    /// What the task includes.
    pub include: &'n [TablePattern],
    /// Codes that the files answer for some tables.
    pub allows: &'n [(TablePattern, Vec<String>)],
    /// Zone of the server's clocks as the files say it.
    pub time_zone: Option<&'n str>,
    /// The table that a heartbeat updates, as database and name.
    pub heartbeat: Option<(&'n str, &'n str)>,
    /// Other servers may take the place of this one.
    pub standby: bool,
}

/// Everything that stands between a task and its server, `catalog` holding the tables the task selects. Whether the log
/// still holds a position is asked of [`purged`] and [`standing`].
pub fn findings(catalog: &SourceCatalog, needs: &Needs<'_>) -> Vec<Diagnostic> {
    let SourceCatalog { server, tables, survey } = catalog;
    let mut found = Vec::new();
    found.extend(version::version(server));
    found.extend(log::log_off(server));
    // without a log there is nothing to say about how it is written
    if found.iter().any(|finding: &Diagnostic| finding.code == BINLOG_OFF) {
        return found;
    }
    found.extend(log::log_settings(server));
    found.extend(log::server_id(server, survey, needs));
    found.extend(gtid::gtid_mode(server, needs));
    let grants = Grants::of(server);
    found.extend(beat::heartbeat(server, &grants, survey, needs));
    found.extend(privilege::missing(server, &grants, tables, needs));
    found.extend(privilege::unseen(&grants, tables, needs));
    found.extend(privilege::unasked(server, &grants, survey, needs));
    found.extend(privilege::excess(server, &grants, needs));
    found.extend(retention::retention(catalog, needs));
    found.extend(place::replica_blind(server, survey));
    found.extend(place::time_zone(server, tables, survey, needs));
    found.extend(place::busy(survey, needs));
    for table in tables.iter().filter(|table| table.kind.has_rows()) {
        // the keys of a table that may not be read are unknown; that it may not has been said
        if privilege::readable(&grants, table) {
            let told = table::table(server, table, needs);
            found.extend(told.into_iter().filter(|finding| !answered(needs, &table.version.name, finding)));
        }
    }
    found.extend(table::cascades(server, survey, needs));
    found
}

/// Whether the files answer what is found about a table; errors never.
fn answered(needs: &Needs<'_>, table: &TableName, finding: &Diagnostic) -> bool {
    let is_about = |pattern: &TablePattern| {
        pattern.compile().is_ok_and(|pattern| pattern.matches(&table.db, &table.table))
    };
    finding.severity < Severity::Error
        && needs
            .allows
            .iter()
            .any(|(pattern, codes)| codes.iter().any(|code| code == finding.code.number) && is_about(pattern))
}

fn error(code: Code, message: String) -> Diagnostic {
    Diagnostic::nowhere(code, Severity::Error, message)
}

fn warning(code: Code, message: String) -> Diagnostic {
    Diagnostic::nowhere(code, Severity::Warning, message)
}

fn advice(code: Code, message: String) -> Diagnostic {
    Diagnostic::nowhere(code, Severity::Advice, message)
}

/// What sets a variable for now and for the next start, `value` as SQL writes it.
fn set(facts: &ServerFacts, name: &str, value: &str) -> String {
    match persists(facts) {
        true => format!("SET PERSIST {name} = {value};"),
        false => {
            format!(
                "SET GLOBAL {name} = {value};  -- and `{name} = {}` in its option file",
                value.trim_matches('\'')
            )
        }
    }
}

/// Whether the server keeps by itself what is set with `SET PERSIST`, which is new in MySQL 8.0.
fn persists(facts: &ServerFacts) -> bool {
    facts.flavor() == Flavor::MySql && facts.version_number >= (8, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::testing::{needs, set, sound};
    use super::*;

    /// Which releases a repair is for: `SET PERSIST` came with MySQL 8.0.
    #[test]
    fn repairs_are_in_the_words_of_the_release() {
        let helps = |flavor, version_number, variables: &[(&str, &str)], heartbeat| {
            let mut catalog = sound(flavor);
            catalog.server.version_number = version_number;
            variables.iter().for_each(|(name, value)| set(&mut catalog, name, value));
            let found = findings(&catalog, &Needs { heartbeat, ..needs(true) });
            found.into_iter().filter_map(|finding| finding.help).collect::<Vec<_>>().join("\n")
        };
        let wrong = [
            ("binlog_format", "MIXED"),
            ("gtid_mode", "OFF"),
            ("binlog_order_commits", "OFF"),
            ("binlog_row_metadata", "MINIMAL"),
        ];
        let beat = Some(("ops", "beat"));
        let old = helps(Flavor::MySql, (5, 7, 44), &wrong, beat);
        assert!(!old.contains("PERSIST"), "{old}");
        for part in [
            "SET GLOBAL binlog_format = 'ROW';  -- and `binlog_format = ROW` in its option file",
            "SET GLOBAL enforce_gtid_consistency = WARN;",
            "SET GLOBAL gtid_mode = OFF_PERMISSIVE;",
            "-- and in its option file: `enforce_gtid_consistency = ON` and `gtid_mode = ON`",
            "SET GLOBAL binlog_order_commits = ON;",
        ] {
            assert!(old.contains(part), "{part}: {old}");
        }
        let half = helps(Flavor::MySql, (5, 7, 44), &[("gtid_mode", "OFF_PERMISSIVE")], None);
        assert!(half.contains("SET GLOBAL gtid_mode = ON;") && !half.contains("PERSIST"), "{half}");
        let new = helps(Flavor::MySql, (8, 0, 15), &wrong, beat);
        assert!(!new.contains("SET GLOBAL") && !new.contains("option file"), "{new}");
        assert!(new.contains("SET PERSIST gtid_mode = ON_PERMISSIVE;"), "{new}");
        let maria = helps(Flavor::MariaDb, (11, 4, 1), &wrong[..1], None);
        assert!(maria.contains("SET GLOBAL binlog_format") && !maria.contains("PERSIST"), "{maria}");
    }
}
