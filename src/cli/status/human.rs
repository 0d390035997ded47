//! The status as a table for people, each task with what is to be known about it.

use super::super::run::{duration, timestamp};
use crate::control::{LastError, Status, TaskStatus};
use crate::diagnostic::render::harmless;
use std::fmt::Write as _;

/// Heads of the columns.
const HEADS: [&str; 6] = ["TASK", "STATE", "LAG", "BEHIND", "ROWS/S", "LOAD"];

/// The whole.
pub(super) fn text(status: &Status, tables: bool) -> String {
    let mut text = match status.generation {
        0 => format!("starting, process {}\n", status.pid),
        generation => format!("generation {generation}, process {}\n", status.pid),
    };
    if let Some(pending) = &status.pending {
        let _ = writeln!(
            text,
            "generation {} is on its way; not yet in force for {}",
            pending.generation,
            pending.tasks.join(", ")
        );
    }
    if let Some(refused) = &status.refused {
        let errors =
            if refused.errors == 1 { "1 error".to_owned() } else { format!("{} errors", refused.errors) };
        let _ = writeln!(text, "files refused: {errors}; the running generation stays active");
        for finding in &refused.findings {
            let _ = writeln!(text, "  {finding}");
        }
    }
    let rows: Vec<[String; 6]> =
        std::iter::once(HEADS.map(str::to_owned)).chain(status.tasks.iter().map(row)).collect();
    let widths: [usize; 6] =
        std::array::from_fn(|n| rows.iter().map(|row| row[n].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; 6]| {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    let mut rows = rows.iter();
    if !status.tasks.is_empty() {
        text += &rows.next().map(line).unwrap_or_default();
    }
    for (task, row) in status.tasks.iter().zip(rows) {
        text += &line(row);
        text += &details(task, tables);
    }
    for paused in &status.paused {
        let _ = writeln!(text, "{}  paused by the files: {}", paused.task, paused.because);
    }
    harmless(&text).into_owned()
}

fn row(task: &TaskStatus) -> [String; 6] {
    let lag = match task.lag_seconds {
        lag if lag < 60.0 => format!("{lag:.1} s"),
        lag => duration(lag as u64),
    };
    let behind = task.lag_bytes.map_or_else(|| "?".to_owned(), bytes);
    let rate = if task.state.sends() { format!("{:.0}", task.records_per_second) } else { "-".to_owned() };
    [task.task.clone(), task.state.name().to_owned(), lag, behind, rate, load(task)]
}

/// `2/5 tables, 1200 of about 9000 rows, 3 min left`; for a load that is over, `done`.
fn load(task: &TaskStatus) -> String {
    let Some(load) = &task.snapshot else { return "-".to_owned() };
    if load.tables_done == load.tables {
        return "done".to_owned();
    }
    let eta = load.eta_seconds.map(|eta| format!(", {} left", duration(eta))).unwrap_or_default();
    format!("{}/{} tables, {} of about {} rows{eta}", load.tables_done, load.tables, load.rows, load.estimate)
}

fn details(task: &TaskStatus, tables: bool) -> String {
    let mut text = String::new();
    if let Some(position) = &task.position {
        let _ = writeln!(text, "  at {position} (commit {}, generation {})", task.seq, task.generation);
    }
    if !task.labels.is_empty() {
        let named = task.labels.iter().map(|(name, label)| format!("{name} \"{label}\""));
        let _ = writeln!(text, "  labels {}", named.collect::<Vec<_>>().join(", "));
    }
    if let Some(waiting) = &task.waiting {
        let _ = writeln!(text, "  waits {waiting}");
    }
    if let Some(waits) = task.snapshot.as_ref().and_then(|load| load.waits.as_ref()) {
        let _ = writeln!(text, "  the load waits {waits}");
    }
    if let Some(stalled) = &task.stalled {
        let _ = writeln!(text, "  stalled: {stalled}");
    }
    if let Some(error) = &task.error {
        let kind = task.error_kind.as_ref().map(|kind| format!("{kind}: ")).unwrap_or_default();
        let _ = writeln!(text, "  {kind}{error}");
    } else if let Some(LastError { at, kind, text: error }) = &task.last_error {
        let _ = writeln!(text, "  last error, at {}: {kind}: {error}", timestamp(at * 1_000));
    }
    if let Some(left) = task.retry_seconds_left {
        let _ = writeln!(text, "  tries again; gives up in {}", duration(left));
    }
    for parked in &task.parked {
        let _ = writeln!(text, "  {} waits behind {}: {}", parked.table, parked.position, parked.reason);
    }
    for suspect in &task.suspect {
        let _ = writeln!(text, "  the columns of {} are not certain: {}", suspect.table, suspect.reason);
    }
    if let Some(age) = task.oldest_prepared_seconds {
        let age = duration(age);
        let _ = writeln!(text, "  {} prepared and not decided (XA), the oldest for {age}", task.prepared);
    }
    for gap in &task.gaps {
        let tables = gap.tables.join(", ");
        let (what, how) = match gap.lost {
            true => ("gone from the log", "being"),
            false => ("skipped by hand", "to be"),
        };
        let _ = writeln!(text, "  {what}: {} to {}; {how} loaded anew: {tables}", gap.from, gap.to);
    }
    for weakened in &task.weakened {
        let _ = writeln!(text, "  {weakened}");
    }
    for table in task.tables.iter().filter(|_| tables) {
        let state = match (table.done, table.eta_seconds) {
            (true, _) => format!("loaded, {} rows", table.rows),
            (false, None) => format!("loading, {} of about {} rows", table.rows, table.estimate),
            (false, Some(eta)) => {
                let (rows, estimate, rate) = (table.rows, table.estimate, table.rows_per_second);
                format!("loading, {rows} of about {estimate} rows, {rate:.0} rows/s, {} left", duration(eta))
            }
        };
        let _ = writeln!(text, "  {}  {state}", table.table);
    }
    text
}

/// A number of bytes in the largest unit it has one of.
fn bytes(n: u64) -> String {
    let units = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, unit)| n >= *unit) {
        Some((name, unit)) => format!("{:.1} {name}", n as f64 / unit as f64),
        None => format!("{n} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{
        ParkedTable, PausedTask, Pending, Progress, Refused, SuspectTable, TableStatus, TaskState,
    };

    #[test]
    fn people_see_state_place_and_trouble() {
        let retrying = TaskStatus {
            task: "p.s.t".into(),
            state: TaskState::Retrying,
            generation: 2,
            position: Some("binlog.000001:4".into()),
            seq: 7,
            lag_seconds: 75.0,
            lag_bytes: Some(3 << 20),
            error: Some("the server is away; start it".into()),
            error_kind: Some("connection".into()),
            retry_seconds_left: Some(43_000),
            parked: vec![ParkedTable { table: "a.b".into(), position: "b:9".into(), reason: "odd".into() }],
            suspect: vec![SuspectTable { table: "a.e".into(), reason: "a test".into() }],
            prepared: 2,
            oldest_prepared_seconds: Some(75),
            ..TaskStatus::default()
        };
        let table = |table: &str, done, eta_seconds: Option<u64>| TableStatus {
            table: table.into(),
            rows: 5,
            estimate: 20,
            done,
            rows_per_second: if eta_seconds.is_some() { 3.1 } else { 0.0 },
            eta_seconds,
        };
        let loading = TaskStatus {
            task: "other.s.t".into(),
            state: TaskState::Snapshot,
            records_per_second: 3.0,
            snapshot: Some(Progress {
                tables_done: 1,
                tables: 2,
                rows: 10,
                estimate: 25,
                eta_seconds: Some(61),
                waits: Some("for its turn".into()),
                rests: true,
            }),
            tables: vec![table("a.c", true, None), table("a.d", false, Some(5))],
            last_error: Some(LastError {
                at: 951_782_400,
                kind: "request".into(),
                text: "it was busy".into(),
            }),
            ..TaskStatus::default()
        };
        let status = Status {
            generation: 2,
            pid: 9,
            tasks: vec![loading, retrying],
            refused: Some(Refused {
                errors: 1,
                findings: vec!["a.sync:1:1: error[S0101]: no".into()],
                ..Refused::default()
            }),
            pending: Some(Pending { generation: 3, tasks: vec!["p.s.t".into()] }),
            paused: vec![PausedTask { task: "q.s.t".into(), because: "later".into() }],
            ..Status::default()
        };
        assert_eq!(
            text(&status, true),
            "\
generation 2, process 9
generation 3 is on its way; not yet in force for p.s.t
files refused: 1 error; the running generation stays active
  a.sync:1:1: error[S0101]: no
TASK       STATE     LAG    BEHIND   ROWS/S  LOAD
other.s.t  snapshot  0.0 s  ?        3       1/2 tables, 10 of about 25 rows, 1 min left
  the load waits for its turn
  last error, at 2000-02-29T00:00:00.000Z: request: it was busy
  a.c  loaded, 5 rows
  a.d  loading, 5 of about 20 rows, 3 rows/s, 5 s left
p.s.t      retrying  1 min  3.0 MiB  -       -
  at binlog.000001:4 (commit 7, generation 2)
  connection: the server is away; start it
  tries again; gives up in 11 h 56 min
  a.b waits behind b:9: odd
  the columns of a.e are not certain: a test
  2 prepared and not decided (XA), the oldest for 1 min
q.s.t  paused by the files: later
"
        );
    }
}
