//! L0113, L0114, L0118: what the server is among others, its clock, its load.

use super::gtid::logs_replicated;
use super::{BUSY, Needs, REPLICA_BLIND, TIME_ZONE, advice, error, set, warning};
use crate::catalog::{ServerFacts, Survey, TableFacts};
use crate::diagnostic::Diagnostic;
use crate::mysql::column_type::ColumnType;
use crate::mysql::position::Flavor;

/// Statements at work with which a server counts as busy.
const BUSY_THREADS: u64 = 32;

/// Age of a transaction that counts as long, seconds.
const LONG_TRANSACTION_S: u64 = 60;

/// Lag of a replica that counts as high, seconds.
const HIGH_LAG_S: u64 = 60;

/// A replica that does not log what it takes from its source has nothing to read.
pub(super) fn replica_blind(facts: &ServerFacts, survey: &Survey) -> Option<Diagnostic> {
    if logs_replicated(facts) {
        return None;
    }
    let name = match facts.flavor() {
        Flavor::MySql if facts.variable("log_replica_updates").is_some() => "log_replica_updates",
        Flavor::MySql | Flavor::MariaDb => "log_slave_updates",
    };
    let repair =
        format!("in its option file, then a restart:\n[mysqld]\n{name} = ON\nor read from its source");
    if let Some(upstream) = &survey.upstream {
        let message = format!(
            "the server is a replica of {} and does not log what it takes from there: `{name}` is OFF",
            upstream.address
        );
        return Some(error(REPLICA_BLIND, message).help(repair));
    }
    // MariaDB tells whether it is a replica to those only who may monitor replicas; this shows that it was one.
    let was_replica = facts.variable("gtid_slave_pos").is_some_and(|position| !position.is_empty());
    (!survey.upstream_known && was_replica).then(|| {
        let message = format!(
            "the server has taken changes from another one and does not log them: `{name}` is OFF; whether it still is a replica \
             we may not ask"
        );
        warning(REPLICA_BLIND, message)
            .help(format!("{repair}\nor let it be asked: GRANT SLAVE MONITOR ON *.* TO {};", facts.account))
    })
}

/// TIMESTAMP columns show local times at a server whose zone nobody can name.
pub(super) fn time_zone(
    facts: &ServerFacts,
    tables: &[TableFacts],
    survey: &Survey,
    needs: &Needs<'_>,
) -> Option<Diagnostic> {
    let of_system = facts.variable("time_zone").is_some_and(|zone| zone.eq_ignore_ascii_case("SYSTEM"));
    let system = facts.variable("system_time_zone").unwrap_or_default();
    let is_utc = ["UTC", "GMT", "Etc/UTC", "Universal", "Zulu"].contains(&system);
    let has_timestamp = |table: &TableFacts| {
        table.version.columns.iter().any(|column| matches!(column.ty, ColumnType::Timestamp { .. }))
    };
    if needs.time_zone.is_some()
        || !of_system
        || is_utc
        || system.is_empty()
        || !tables.iter().any(has_timestamp)
    {
        return None;
    }
    let message = format!(
        "the server's time zone is that of its system, `{system}`, a name that several zones share: TIMESTAMP columns show \
         local times there, messages say UTC, and so do texts in `where`"
    );
    let offset = survey.system_offset_min.unwrap_or(0);
    let sign = if offset < 0 { '-' } else { '+' };
    let zone = format!("'{sign}{:02}:{:02}'", offset.abs() / 60, offset.abs() % 60);
    Some(warning(TIME_ZONE, message).help(format!(
        "{}\nwhere it keeps this offset all year; or say it in the source, `time-zone \"Asia/Shanghai\"`, and texts in `where` are in \
         it; the zone of messages is `time-zone` of the format",
        set(facts, "time_zone", &zone)
    )))
}

/// Signs that this is no good hour for reading whole tables.
pub(super) fn busy(survey: &Survey, needs: &Needs<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let Some(upstream) = &survey.upstream {
        match upstream.lag_s {
            None => {
                let message = format!(
                    "replication from {} stands still: nothing new comes from this server",
                    upstream.address
                );
                found.push(advice(BUSY, message).help("START REPLICA;  -- START SLAVE on older servers"));
            }
            Some(lag_s) if lag_s >= HIGH_LAG_S => {
                let message = format!("the server is {lag_s} s behind its source {}", upstream.address);
                found.push(advice(BUSY, message).help("wait until it has caught up"));
            }
            Some(_) => {}
        }
    }
    if !needs.snapshot {
        return found;
    }
    if let Some(running) = survey.threads_running.filter(|&running| running >= BUSY_THREADS) {
        let message =
            format!("{running} statements are running at the server while existing rows are to be read");
        found.push(advice(BUSY, message).help(
            "begin in a quieter hour, below 30 % of its processors; `SHOW PROCESSLIST;` tells what runs",
        ));
    }
    if let Some(age_s) = survey.oldest_transaction_s.filter(|&age_s| age_s >= LONG_TRANSACTION_S) {
        let message = format!(
            "a transaction has been open for {age_s} s: tables that must be locked wait for it, and old rows pile up behind it"
        );
        found.push(advice(BUSY, message).help(
            "wait for its end; `SELECT trx_mysql_thread_id, trx_started FROM information_schema.INNODB_TRX;` tells whose it is",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, set};
    use crate::catalog::{SourceCatalog, Upstream};
    use crate::mysql::column_type::ColumnType;
    use crate::mysql::position::Flavor;

    fn replica(catalog: &mut SourceCatalog, lag_s: Option<u64>) {
        catalog.survey.upstream = Some(Upstream { address: "db1:3306".to_owned(), lag_s });
    }

    #[test]
    fn a_replica_must_log_what_it_takes() {
        let check = |logs: &str, is_replica: bool, expected: &[&str]| {
            let change = |catalog: &mut SourceCatalog| {
                set(catalog, "log_slave_updates", logs);
                if is_replica {
                    replica(catalog, Some(0));
                }
            };
            check(Flavor::MariaDb, false, change, expected);
        };
        check("ON", true, &[]);
        check("OFF", false, &[]);
        check("OFF", true, &["L0113 Error"]);
    }

    #[test]
    fn a_former_replica_that_may_not_be_asked_is_told_of() {
        let change = |catalog: &mut SourceCatalog| {
            set(catalog, "log_slave_updates", "OFF");
            set(catalog, "gtid_slave_pos", "0-1-5");
            catalog.survey.upstream_known = false;
        };
        check(Flavor::MariaDb, false, change, &["L0113 Warning"]);
    }

    #[test]
    fn a_zone_must_have_a_name() {
        let check = |zone: &str, system: &str, ty: ColumnType, expected: &[&str]| {
            let change = |catalog: &mut SourceCatalog| {
                set(catalog, "time_zone", zone);
                set(catalog, "system_time_zone", system);
                catalog.tables[0].version.columns[0].ty = ty;
            };
            check(Flavor::MySql, false, change, expected);
        };
        let timestamp = || ColumnType::Timestamp { fsp: 0 };
        check("SYSTEM", "CST", timestamp(), &["L0118 Warning"]);
        check("SYSTEM", "UTC", timestamp(), &[]);
        check("+08:00", "CST", timestamp(), &[]);
        check("SYSTEM", "CST", ColumnType::DateTime { fsp: 0 }, &[]);
    }

    #[test]
    fn a_better_hour() {
        let check = |snapshot, change: fn(&mut SourceCatalog), expected: &[&str]| {
            check(Flavor::MySql, snapshot, change, expected);
        };
        check(true, |catalog| catalog.survey.threads_running = Some(31), &[]);
        check(true, |catalog| catalog.survey.threads_running = Some(32), &["L0114 Advice"]);
        check(false, |catalog| catalog.survey.threads_running = Some(32), &[]);
        check(true, |catalog| catalog.survey.oldest_transaction_s = Some(60), &["L0114 Advice"]);
        check(false, |catalog| replica(catalog, None), &["L0114 Advice"]);
        check(false, |catalog| replica(catalog, Some(60)), &["L0114 Advice"]);
        check(false, |catalog| replica(catalog, Some(59)), &[]);
    }
}
