//! `syncc verify`: what is in Kafka against what is in the source.

use super::Exit;
use super::form::Form;
use super::global::Global;
use super::output::{Failure, Output};
use super::{exit, front};
use crate::diagnostic::render::harmless;
use crate::mysql::schema::TableName;
use crate::plan::TaskPlan;
use crate::statement::{bytes, rate};
use crate::verify::{
    Difference, Kind, MOST_TOLD, Options, Progress, Report, TableReport, VerifyError, Watcher, verify,
};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::{IsTerminal, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Compares what is in Kafka with the source
///
/// Reads the topics of a pipeline as a consumer of committed records does, keeps the last row of each key, and holds the rows of
/// the source against them, through the pipeline's rules: names, `where`, columns, masks, key and format. The pipeline may run
/// meanwhile, and the source be written to: what is on its way is waited for. Nothing is written, nothing stands still.
///
/// It tells rows that the topic lacks (missing), rows that the source lacks (extra), and rows that are not the same (different),
/// with the place of their records. No value of a row is printed. Messages from before the rules were changed count by the rules
/// of now.
///
/// What cannot be proved is told and is no difference: rows that `start now` never sent, that `retention` has removed, or that a
/// TRUNCATE took.
///
/// Each key of a topic takes about 112 bytes of memory. Where there are more than --key-memory holds, topic and source are read
/// several times, a part of the keys each time.
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = "Examples:\n  syncc verify shop\n  syncc verify shop shop.orders --rate 20MiB/s\n  \
    syncc verify shop --format json\n\n\
    Exit codes: 0 nothing differs, 1 something does or the files have errors, 2 there is no such pipeline or table, or it has \
    never run, 3 the servers fail or the pipeline does not go on, 26 the state cannot be read."
)]
pub(super) struct Args {
    /// Name of the pipeline
    pipeline: String,
    /// Tables, as database.table; with each those that share its topic [default: all]
    #[arg(value_name = "TABLE", value_parser = table_of)]
    tables: Vec<TableName>,
    /// Most bytes a second that are read from the source, as 20MiB/s
    #[arg(long, value_name = "RATE", value_parser = |text: &str| rate(text).map_err(|_| "a rate has a unit, as in 20MiB/s"))]
    rate: Option<u64>,
    /// Memory for keys
    #[arg(long, value_name = "SIZE", default_value = "512MiB",
          value_parser = |text: &str| bytes(text).map_err(|_| "a size has a unit, as in 512MiB"))]
    key_memory: u64,
    /// Longest wait for the pipeline to come to where the source was read
    #[arg(long, value_name = "DURATION", value_parser = super::global::duration_of, default_value = "60s")]
    patience: Duration,
    /// Print the keys of messages of rows that are missing or different
    #[arg(long)]
    show_keys: bool,
    /// Form of the answer
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Form::Human)]
    format: Form,
}

fn table_of(text: &str) -> Result<TableName, &'static str> {
    match text.split_once('.') {
        Some((db, table)) if !db.is_empty() && !table.is_empty() => Ok(TableName::new(db, table)),
        Some(_) | None => Err("write a table as database.table"),
    }
}

/// Compares the tasks of the pipeline, one after the other.
pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(project) = front::planned(global, output)? else { return Ok(Exit::Findings) };
    let tasks: Vec<&TaskPlan> =
        project.plan.tasks.iter().filter(|task| task.id.pipeline == args.pipeline).collect();
    if tasks.is_empty() {
        let names: std::collections::BTreeSet<&str> =
            project.plan.tasks.iter().map(|task| task.id.pipeline.as_str()).collect();
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        return Err(Failure::usage(format!(
            "there is no pipeline `{}` that runs; declared: {names}",
            args.pipeline
        )));
    }
    let mut line = Line::new(global.quiet).map_err(|error| Failure::new(Exit::Failed, error))?;
    let mut all = Report::default();
    for task in tasks {
        let selected = |name: &&TableName| task.selects(&name.db, &name.table);
        let options = Options {
            tables: args.tables.iter().filter(selected).cloned().collect(),
            rate_bytes_s: args.rate,
            memory_bytes: args.key_memory,
            patience: args.patience,
            show_keys: args.show_keys,
        };
        if options.tables.is_empty() && !args.tables.is_empty() {
            continue;
        }
        let report = verify(task, &global.project, &options, &mut line);
        line.clear();
        let report = report.map_err(|VerifyError { exit, text }| Failure::new(exit::exit_of(exit), text))?;
        all.tables.extend(report.tables);
        all.notes.extend(report.notes);
    }
    let taken = |name: &TableName| {
        project
            .plan
            .tasks
            .iter()
            .any(|task| task.id.pipeline == args.pipeline && task.selects(&name.db, &name.table))
    };
    if let Some(unknown) = args.tables.iter().find(|name| !taken(name)) {
        return Err(Failure::usage(format!("pipeline `{}` does not send {unknown}", args.pipeline)));
    }
    match args.format {
        Form::Json => {
            let mut object = serde_json::to_value(&all).map_err(|error| Failure::new(Exit::Failed, error))?;
            object["version"] = 1.into();
            object["differs"] = all.differs().into();
            output.print(&format!("{object}\n"))?;
        }
        Form::Human => output.print(&human(&all))?,
    }
    Ok(if all.differs() { Exit::Findings } else { Exit::Fine })
}

fn human(report: &Report) -> String {
    let mut text = String::new();
    for table in &report.tables {
        let TableReport { table: name, topic, rows, missing, extra, different, .. } = table;
        text += &format!("{name} -> {topic}: {rows} rows");
        for (count, what) in [(missing, "missing"), (extra, "extra"), (different, "different")] {
            if *count > 0 {
                text += &format!(", {count} {what}");
            }
        }
        text.push('\n');
        for finding in &table.findings {
            text += &format!("  {}\n", of_finding(finding));
        }
        let n_more = (missing + extra + different).saturating_sub(MOST_TOLD as u64);
        if n_more > 0 {
            text += &format!("  and {n_more} more\n");
        }
        if table.older > 0 {
            text +=
                &format!("  note: {} rows were sent without a column that the table has now\n", table.older);
        }
        if table.letters > 0 {
            text += &format!(
                "  note: {} rows could not be sent as they are and were told of in dead-letter topics\n",
                table.letters
            );
        }
        if table.unsettled > 0 {
            text += &format!("  note: {} rows changed all the time and were not compared\n", table.unsettled);
        }
        for note in &table.notes {
            text += &format!("  note: {note}\n");
        }
    }
    for note in &report.notes {
        text += &format!("note: {note}\n");
    }
    let n_tables = report.tables.len();
    text += &match (report.differs(), n_tables) {
        (true, _) => "the topics differ from the source\n".to_owned(),
        (false, 0) => "there is no table to compare\n".to_owned(),
        (false, n) => format!("no difference in {n} tables\n"),
    };
    harmless(&text).into_owned()
}

fn of_finding(finding: &Difference) -> String {
    let Difference { kind, partition, offset, columns, key } = finding;
    let mut text = match kind {
        Kind::Missing => format!("missing     belongs to partition {partition}"),
        Kind::Extra => format!("extra       partition {partition}"),
        Kind::Different => format!("different   partition {partition}"),
        Kind::Unreadable => format!("unreadable  partition {partition}"),
    };
    if let Some(offset) = offset {
        text += &format!(", offset {offset}");
    }
    if !columns.is_empty() {
        text += &format!(", in {}", columns.join(", "));
    }
    if let Some(key) = key {
        text += &format!(", key {key}");
    }
    text
}

/// One line on a terminal that says how far it is; Ctrl-C ends the comparison.
struct Line {
    live: bool,
    drawn: Option<Instant>,
    stop: Arc<AtomicBool>,
}

impl Line {
    fn new(quiet: bool) -> std::io::Result<Line> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, stop.clone())?;
        }
        Ok(Line { live: !quiet && std::io::stderr().is_terminal(), drawn: None, stop })
    }

    fn clear(&mut self) {
        if self.drawn.take().is_some() {
            let _ = std::io::stderr().write_all(b"\r\x1b[2K");
        }
    }
}

impl Watcher for Line {
    fn progress(&mut self, progress: &Progress<'_>) {
        if !self.live || self.drawn.is_some_and(|at| at.elapsed() < Duration::from_millis(200)) {
            return;
        }
        self.drawn = Some(Instant::now());
        let Progress { what, records, rows, rows_estimate } = *progress;
        let of = if rows_estimate > 0 { format!(" of about {rows_estimate}") } else { String::new() };
        let text = match rows {
            0 => format!("{what}: {records} messages"),
            rows => format!("{what}: {records} messages, {rows}{of} rows"),
        };
        let _ = std::io::stderr().write_all(format!("\r\x1b[2K{}", harmless(&text)).as_bytes());
    }

    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
