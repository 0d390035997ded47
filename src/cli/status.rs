//! `syncc status`: what a running instance does.

use super::Exit;
use super::form::Form;
use super::global::Global;
use super::instance::Instance;
use super::output::{Failure, Output};
use super::run::duration;
use crate::control::{Operation, Status, TaskState, TaskStatus};
use std::fmt::Write as _;

/// Tells what a running `syncc run` does
///
/// For each task: state, position, lag, progress of the load; and the generation of the files that is active. Asks
/// the instance whose state directory is in the project (or --control SOCKET).
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = "Examples:\n  syncc status\n  syncc status --tables\n  syncc status -C prod --format json\n\n\
                       Exit codes: 0 it answered, 3 none runs here."
)]
pub(super) struct Args {
    /// Form of the answer
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Form::Human)]
    format: Form,
    /// Also tell about every table
    #[arg(long)]
    tables: bool,
    #[command(flatten)]
    instance: Instance,
}

/// Asks and prints.
pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let answer = args.instance.result(global, &Operation::Status)?;
    match args.format {
        Form::Json => output.print(&format!("{answer:#}\n"))?,
        Form::Human => {
            let status: Status =
                serde_json::from_value(answer).map_err(|error| Failure::new(Exit::Failed, error))?;
            output.print(&human(&status, args.tables))?;
        }
    }
    Ok(Exit::Fine)
}

fn human(status: &Status, tables: bool) -> String {
    let mut text = match status.generation {
        0 => format!("starting, process {}\n", status.pid),
        generation => format!("generation {generation}, process {}\n", status.pid),
    };
    if let Some(refused) = &status.refused {
        let _ = writeln!(
            text,
            "files refused: {} error{} ({}); the running generation stays active",
            refused.errors,
            if refused.errors == 1 { "" } else { "s" },
            refused.codes.join(", ")
        );
    }
    for task in &status.tasks {
        text += &of_task(task, tables);
    }
    text
}

fn of_task(task: &TaskStatus, tables: bool) -> String {
    let mut text = format!("{}  {}", task.task, task.state.name());
    if let (TaskState::Snapshot, Some(load)) = (task.state, &task.snapshot) {
        let _ = write!(
            text,
            "  {}/{} tables, {} of about {} rows",
            load.tables_done, load.tables, load.rows, load.estimate
        );
    }
    if task.state == TaskState::Streaming {
        let _ = write!(text, "  {:.0} rows/s, lag {:.1} s", task.records_per_second, task.lag_seconds);
    }
    text.push('\n');
    if let Some(position) = &task.position {
        let _ = writeln!(text, "  at {position} (commit {})", task.seq);
    }
    if let Some(waiting) = &task.waiting {
        let _ = writeln!(text, "  waits {waiting}");
    }
    if let Some(error) = &task.error {
        let _ = writeln!(text, "  {error}");
    }
    if let Some(left) = task.retry_seconds_left {
        let _ = writeln!(text, "  tries again; gives up in {}", duration(left));
    }
    for parked in &task.parked {
        let _ = writeln!(text, "  {} waits behind {}: {}", parked.table, parked.position, parked.reason);
    }
    for weakened in &task.weakened {
        let _ = writeln!(text, "  {weakened}");
    }
    for table in task.tables.iter().filter(|_| tables) {
        let state = if table.done { "loaded" } else { "loading" };
        let _ = writeln!(text, "  {}  {state}, {} rows", table.table, table.rows);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_state_place_and_trouble() {
        let task = TaskStatus {
            task: "p.s.t".into(),
            state: TaskState::Retrying,
            position: Some("binlog.000001:4".into()),
            seq: 7,
            error: Some("the server is away".into()),
            ..TaskStatus::default()
        };
        let status = Status { generation: 2, pid: 9, tasks: vec![task], ..Status::default() };
        assert_eq!(
            human(&status, false),
            "generation 2, process 9\np.s.t  retrying\n  at binlog.000001:4 (commit 7)\n  the server is away\n"
        );
    }
}
