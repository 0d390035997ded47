//! L0110, L0111: how long the log is kept, against how long it will be needed, and whether it still holds a position.

use super::{Needs, POSITION_PURGED, RETENTION, error, set, warning};
use crate::catalog::{ServerFacts, SourceCatalog};
use crate::diagnostic::Diagnostic;
use crate::mysql::position::{GtidSet, Gtids, Position};
use crate::statement::{FOREVER_MS, duration_text};
use std::fmt;

/// Bytes a second that a load is expected to read where nothing limits it.
const LOAD_BYTES_S: u64 = 20 << 20;

/// What existing rows come to, by the server's own estimates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Tables with rows.
    pub n_tables: usize,
    /// Their rows.
    pub rows: u64,
    /// Their bytes, without indexes.
    pub bytes: u64,
    /// How long the load takes, ms.
    pub load_ms: u64,
}

impl Estimate {
    /// Of the tables of `catalog`, read with at most `rate_bytes_s`.
    pub fn of(catalog: &SourceCatalog, rate_bytes_s: Option<u64>) -> Estimate {
        let sizes = &catalog.survey.sizes;
        let bytes = sizes.iter().map(|size| size.bytes).sum::<u64>();
        let rate = rate_bytes_s.unwrap_or(LOAD_BYTES_S).max(1);
        Estimate {
            n_tables: catalog.tables.iter().filter(|table| table.kind.has_rows()).count(),
            rows: sizes.iter().map(|size| size.rows).sum(),
            bytes,
            load_ms: bytes.saturating_mul(1_000) / rate,
        }
    }
}

impl fmt::Display for Estimate {
    /// `3 tables, about 12000 rows and 3.4 GiB to load: 2m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = match rounded(self.load_ms) {
            0 => "less than a second".to_owned(),
            load_ms => duration_text(load_ms),
        };
        write!(
            f,
            "{}, about {} and {} to load: {time}",
            counted(self.n_tables as u64, "table"),
            counted(self.rows, "row"),
            size(self.bytes)
        )
    }
}

/// An estimate has no more digits.
fn size(bytes: u64) -> String {
    let units = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None => counted(bytes, "byte"),
    }
}

fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Variables that say how long the log is kept, the one that counts first, and what they count in, ms.
pub const EXPIRY: [(&str, f64); 2] =
    [("binlog_expire_logs_seconds", 1_000.0), ("expire_logs_days", 86_400_000.0)];

/// How long a server keeps its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogKept {
    /// So long, ms.
    pub ms: u64,
    /// The variable that says so.
    pub variable: &'static str,
}

/// How long the server with these variables keeps its log; none: for ever, as far as time goes. The older variable holds where the
/// newer is 0 or unknown.
pub fn log_kept<'v>(variable: impl Fn(&str) -> Option<&'v str>) -> Option<LogKept> {
    EXPIRY.into_iter().find_map(|(name, unit_ms)| {
        let value = variable(name)?.parse::<f64>().ok().filter(|&value| value > 0.0)?;
        Some(LogKept { ms: (value * unit_ms) as u64, variable: name })
    })
}

/// How long the server keeps its log, ms; none: for ever, as far as time goes.
pub fn log_kept_ms(facts: &ServerFacts) -> Option<u64> {
    log_kept(|name| facts.variable(name)).map(|kept| kept.ms)
}

pub(super) fn retention(catalog: &SourceCatalog, needs: &Needs<'_>) -> Vec<Diagnostic> {
    let facts = &catalog.server;
    let mut found = Vec::new();
    let estimate = needs.snapshot.then(|| Estimate::of(catalog, needs.rate_bytes_s));
    let load_ms = estimate.map_or(0, |estimate| estimate.load_ms);
    // A window without an end is a finding of its own.
    let retry_ms = if needs.retry_ms == FOREVER_MS { 0 } else { needs.retry_ms };
    if let Some(kept_ms) = log_kept_ms(facts) {
        let wanted_ms = retry_ms.saturating_add(load_ms);
        let kept = duration_text(kept_ms);
        let repair = || set(facts, expiry(facts), &expiry_value(facts, wanted_ms));
        if load_ms > kept_ms {
            let message = format!(
                "the server keeps its log for {kept}, and existing rows will take about {}: a load that is interrupted cannot go \
                 on from its log",
                duration_text(rounded(load_ms))
            );
            found.push(error(RETENTION, message).help(repair()));
        } else if wanted_ms > kept_ms {
            let load = match rounded(load_ms) {
                0 => String::new(),
                load_ms => format!(" and {} for existing rows", duration_text(load_ms)),
            };
            let message = format!(
                "the server keeps its log for {kept}, but an outage is waited out for {}{load}: what a task must go on from may be \
                 gone by then",
                duration_text(retry_ms)
            );
            found.push(warning(RETENTION, message).help(format!("{}\nor a shorter `retry for`", repair())));
        }
    }
    let total = facts.variable("max_binlog_total_size").and_then(|size| size.parse::<u64>().ok());
    if let (Some(total), Some(Estimate { bytes, .. })) = (total.filter(|&total| total > 0), estimate)
        && bytes > total
    {
        let message = format!(
            "the server keeps {total} bytes of its log (`max_binlog_total_size`), and existing rows are about {bytes}: who \
             writes as much meanwhile purges what the task needs"
        );
        let repair = set(facts, "max_binlog_total_size", &bytes.next_power_of_two().to_string());
        found.push(warning(RETENTION, message).help(repair));
    }
    found
}

/// The variable that says how long.
fn expiry(facts: &ServerFacts) -> &'static str {
    match facts.variable("binlog_expire_logs_seconds") {
        Some(_) => "binlog_expire_logs_seconds",
        None => "expire_logs_days",
    }
}

/// Its value for at least `wanted_ms`, in whole days.
fn expiry_value(facts: &ServerFacts, wanted_ms: u64) -> String {
    let days = wanted_ms.div_ceil(86_400_000).max(1);
    match expiry(facts) {
        "expire_logs_days" => days.to_string(),
        _ => (days * 86_400).to_string(),
    }
}

/// Whole seconds: an estimate has no others.
fn rounded(ms: u64) -> u64 {
    ms / 1_000 * 1_000
}

/// Whether the log still reaches back to a position.
pub fn purged(facts: &ServerFacts, position: &Position) -> Option<Diagnostic> {
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
    // Where only GTIDs are known, the server tells when it is asked for the log.
    let placed = position.server.same_log(&facts.identity) && position.has_place();
    if !placed || facts.binlog_files.is_empty() {
        return None;
    }
    (!facts.binlog_files.contains(&position.file.file)).then(|| {
        let oldest = facts.binlog_files.first().map(String::as_str).unwrap_or_default();
        lost(format!("the position is in {}, the oldest file is {oldest}", position.file.file))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{UUID, check, position, set, sound};
    use super::*;
    use crate::catalog::TableSize;
    use crate::mysql::position::Flavor;

    #[test]
    fn a_purged_position_is_told_with_what_is_lost() {
        let check = |change: &dyn Fn(&mut ServerFacts, &mut Position), expected: Option<&str>| {
            let mut facts = sound(Flavor::MySql).server;
            let mut position = position(&format!("{UUID}:1-50"));
            change(&mut facts, &mut position);
            assert_eq!(purged(&facts, &position).map(|finding| finding.message).as_deref(), expected);
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
    fn the_log_must_outlast_load_and_outage() {
        let check = |name: &str, value: &str, bytes: u64, expected: &[&str]| {
            let change = |catalog: &mut SourceCatalog| {
                set(catalog, name, value);
                let name = catalog.tables[0].version.name.clone();
                catalog.survey.sizes.push(TableSize { name, rows: 0, bytes });
            };
            check(Flavor::MariaDb, true, change, expected);
        };
        // The retry window of the tests is 12 h.
        check("binlog_expire_logs_seconds", "0", u64::MAX >> 20, &[]);
        check("binlog_expire_logs_seconds", "259200", 0, &[]);
        check("binlog_expire_logs_seconds", "43199", 0, &["L0110 Warning"]);
        check("expire_logs_days", "0.100000", 0, &["L0110 Warning"]);
        check("expire_logs_days", "1.000000", 0, &[]);
        // A day at 20 MiB/s is 1.7 TB.
        check("expire_logs_days", "1.000000", 2_000_000_000_000, &["L0110 Error"]);
        check("expire_logs_days", "1.000000", 1_000_000_000_000, &["L0110 Warning"]);
        check("max_binlog_total_size", "1000", 2_000, &["L0110 Warning"]);
        check("max_binlog_total_size", "0", 2_000, &[]);
    }

    #[test]
    fn the_repair_is_in_whole_days_of_the_variable_that_counts() {
        let mut facts = sound(Flavor::MySql).server;
        assert_eq!(expiry_value(&facts, 90_000_000), "2");
        facts.variables.insert("binlog_expire_logs_seconds".to_owned(), "1".to_owned());
        assert_eq!(expiry_value(&facts, 90_000_000), "172800");
        assert_eq!(log_kept_ms(&facts), Some(1_000));
    }
}
