//! What only the look before a start asks a server: its own source, its replicas, its load, foreign keys.
//!
//! What we may not ask is left out, never guessed; nothing of it is needed to run.

use super::ask::Ask;
use super::beat::beat_table;
use super::failure::{FailureClass, SourceFailure};
use super::introspect::allowed;
use super::session::Session;
use super::size::sizes;
use super::text_row::TextRow;
use crate::catalog::{Cascade, Engine, Replica, Survey, TableFacts, Upstream};
use crate::mysql::ident::Quoted;
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;

/// Asks. `tables` are those the tasks select, `beat` is the table of `heartbeat`.
///
/// # Errors
/// A broken connection, or an answer that makes no sense.
pub fn survey(
    session: &mut Session,
    tables: &[TableFacts],
    beat: Option<&TableName>,
) -> Result<Survey, SourceFailure> {
    let upstream = allowed(upstream(session))?;
    Ok(Survey {
        upstream_known: upstream.is_some(),
        upstream: upstream.flatten(),
        replicas: allowed(replicas(session))?,
        threads_running: threads_running(session)?,
        system_offset_min: system_offset_min(session)?,
        oldest_transaction_s: allowed(oldest_transaction_s(session))?.flatten(),
        sizes: {
            let with_rows = tables.iter().filter(|table| table.kind.has_rows());
            let names: Vec<TableName> = with_rows.map(|table| table.version.name.clone()).collect();
            sizes(session, &names)?
        },
        cascades: cascades(session, tables)?,
        beat: beat.map(|table| beat_table(session, table)).transpose()?,
    })
}

/// The server's own source, if it has one. Of several the first counts.
fn upstream(session: &mut Session) -> Result<Option<Upstream>, SourceFailure> {
    // Where host, port and lag stand. Source: `Master_info` of MySQL 5.7 to 9.7, MariaDB 10.11; they have never moved.
    const COLUMNS: [usize; 3] = [1, 3, 32];
    let (old, before) = match session.flavor() {
        Flavor::MySql => ("SHOW SLAVE STATUS", 0),
        // connection and thread state come before
        Flavor::MariaDb => ("SHOW ALL SLAVES STATUS", 2),
    };
    let rows = in_either_words(session, old, "SHOW REPLICA STATUS")?;
    let Some(row) = rows.first() else { return Ok(None) };
    let [host, port, lag] = COLUMNS.map(|at| row.text(before + at));
    let address = format!("{}:{}", host.unwrap_or_default(), port.unwrap_or_default());
    Ok(Some(Upstream { address, lag_s: lag.and_then(|lag| lag.parse().ok()) }))
}

/// Who is registered as a replica. MariaDB tells administrators only.
fn replicas(session: &mut Session) -> Result<Vec<Replica>, SourceFailure> {
    let rows = in_either_words(session, "SHOW SLAVE HOSTS", "SHOW REPLICAS")?;
    let replica = |row: &TextRow| {
        Some(Replica { server_id: row.number(0)?, host: row.text(1).unwrap_or_default().to_owned() })
    };
    Ok(rows.iter().filter_map(replica).collect())
}

fn threads_running(session: &mut Session) -> Result<Option<u64>, SourceFailure> {
    let rows = session.query("SHOW GLOBAL STATUS LIKE 'Threads_running'")?;
    Ok(rows.first().and_then(|row| row.number(1)))
}

/// How far the system's clock is ahead of UTC now, minutes.
fn system_offset_min(session: &mut Session) -> Result<Option<i32>, SourceFailure> {
    let minutes = session.scalar(
        "SELECT TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM'))",
    )?;
    Ok(minutes.and_then(|minutes| minutes.parse().ok()))
}

/// Needs PROCESS, which a replication user has no other use for.
fn oldest_transaction_s(session: &mut Session) -> Result<Option<u64>, SourceFailure> {
    let age = session.scalar(
        "SELECT MAX(TIMESTAMPDIFF(SECOND, CONVERT_TZ(trx_started, 'SYSTEM', '+00:00'), UTC_TIMESTAMP())) \
         FROM INFORMATION_SCHEMA.INNODB_TRX",
    )?;
    Ok(age.and_then(|age| age.parse().ok()))
}

/// Foreign keys of `tables` whose actions change rows.
///
/// MySQL lists them for whoever may read the table. MariaDB does not, so there the text of each table is read.
fn cascades(session: &mut Session, tables: &[TableFacts]) -> Result<Vec<Cascade>, SourceFailure> {
    let selected = |name: &TableName| tables.iter().any(|table| table.version.name == *name);
    let mut found = Vec::new();
    match session.flavor() {
        Flavor::MySql => {
            let rows = session.query(
                "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE \
                 FROM INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS \
                 WHERE DELETE_RULE IN ('CASCADE', 'SET NULL') OR UPDATE_RULE IN ('CASCADE', 'SET NULL')",
            )?;
            for row in &rows {
                let (Some(db), Some(table), Some(constraint)) = (row.text(0), row.text(1), row.text(2))
                else {
                    continue;
                };
                let child = TableName::new(db, table);
                if selected(&child) {
                    let rules = [("ON DELETE", row.text(3)), ("ON UPDATE", row.text(4))];
                    let acts =
                        |(_, rule): &(&str, Option<&str>)| matches!(rule, Some("CASCADE" | "SET NULL"));
                    let actions: Vec<String> = rules
                        .into_iter()
                        .filter(acts)
                        .map(|(when, rule)| format!("{when} {}", rule.unwrap_or_default()))
                        .collect();
                    let actions = actions.join(" ");
                    found.push(Cascade { child, constraint: constraint.to_owned(), actions });
                }
            }
        }
        Flavor::MariaDb => {
            for table in tables.iter().filter(|table| table.engine == Engine::Transactional) {
                let name = &table.version.name;
                let sql = format!("SHOW CREATE TABLE {}.{}", Quoted(&name.db), Quoted(&name.table));
                let rows = match session.query(&sql) {
                    // it has gone, or may not be read: that is told elsewhere
                    Err(SourceFailure { class: FailureClass::Table | FailureClass::Privilege, .. }) => {
                        continue;
                    }
                    rows => rows?,
                };
                let text = rows.first().and_then(|row| row.text(1)).unwrap_or_default();
                found.extend(text.lines().filter_map(|line| {
                    let (constraint, actions) = cascade_of(line)?;
                    Some(Cascade { child: name.clone(), constraint, actions })
                }));
            }
        }
    }
    found.sort_by(|a, b| (&a.child, &a.constraint).cmp(&(&b.child, &b.constraint)));
    Ok(found)
}

/// Name and actions of a foreign key that changes rows, from its line of SHOW CREATE TABLE.
fn cascade_of(line: &str) -> Option<(String, String)> {
    let rest = line.trim_start().strip_prefix("CONSTRAINT `")?;
    let (name, rest) = rest.split_once("` FOREIGN KEY (")?;
    let actions = rest.rsplit_once(')')?.1.trim_end_matches(',').trim();
    (actions.contains("CASCADE") || actions.contains("SET NULL"))
        .then(|| (name.replace("``", "`"), actions.to_owned()))
}

/// Rows of a statement in the words of old servers or, where they are not understood, of new ones.
fn in_either_words(session: &mut Session, old: &str, new: &str) -> Result<Vec<TextRow>, SourceFailure> {
    match session.query(old) {
        Err(SourceFailure { code: Some(1064), .. }) => session.query(new),
        rows => rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_key_is_read_from_its_line() {
        let check = |line: &str, expected: Option<(&str, &str)>| {
            let found = cascade_of(line);
            assert_eq!(found.as_ref().map(|(name, actions)| (name.as_str(), actions.as_str())), expected);
        };
        let head = "  CONSTRAINT `c``1` FOREIGN KEY (`p)`) REFERENCES `o`.`p` (`id`)";
        check(&format!("{head} ON DELETE CASCADE,"), Some(("c`1", "ON DELETE CASCADE")));
        check(
            &format!("{head} ON DELETE SET NULL ON UPDATE CASCADE"),
            Some(("c`1", "ON DELETE SET NULL ON UPDATE CASCADE")),
        );
        check(head, None);
        check(&format!("{head} ON DELETE NO ACTION,"), None);
        check("  `a` varchar(10) DEFAULT 'FOREIGN KEY ( ON DELETE CASCADE',", None);
    }
}
