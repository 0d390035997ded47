//! `syncc status`: what a running instance does.

mod human;

use super::Exit;
use super::form::Form;
use super::global::{Global, duration_of};
use super::instance::Instance;
use super::output::{Failure, Output};
use crate::control::{Operation, Status};
use serde_json::Value;
use std::io::{self, IsTerminal};
use std::time::Duration;

/// How often a live table is drawn anew.
const REFRESH: Duration = Duration::from_secs(1);

/// To the upper left corner, and nothing from there on.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

/// Tells what a running `syncc run` does
///
/// For each task: state, lag in time and in bytes of the source's log, rows a second, progress of the load with the time it
/// still takes, position, and the last failure with its cause and the next step; and the generation of the files that is
/// active, or why an edit was refused. Asks the instance whose state directory is in the project (or --control SOCKET).
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = "Examples:\n  syncc status\n  syncc status shop --tables\n  syncc status --watch\n  \
                       syncc status --lag-over 5s || page-somebody\n  syncc status -C prod --format json\n\n\
                       Exit codes: 0 it answered, 1 a task is further behind than --lag-over, 2 there is no such \
                       pipeline, 3 none runs here."
)]
pub(super) struct Args {
    /// Of this pipeline alone
    pipeline: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Form::Human)]
    format: Form,
    /// Also tell about every table
    #[arg(long)]
    tables: bool,
    /// Tell it anew every second, until Ctrl-C or the end of the instance
    #[arg(long)]
    watch: bool,
    /// Exit with 1 where a task is further behind than this, or does not run
    #[arg(long, value_name = "DURATION", value_parser = duration_of)]
    lag_over: Option<Duration>,
    #[command(flatten)]
    instance: Instance,
}

/// Asks and prints.
pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let live = args.watch && args.format == Form::Human && io::stdout().is_terminal();
    loop {
        let answer = args.instance.result(global, &Operation::Status)?;
        let (status, answer) = chosen(answer, args.pipeline.as_deref())?;
        let text = match args.format {
            Form::Json if args.watch => format!("{answer}\n"),
            Form::Json => format!("{answer:#}\n"),
            Form::Human => human::text(&status, args.tables),
        };
        if live {
            output.print(CLEAR)?;
        }
        output.print(&text)?;
        if !args.watch {
            return Ok(judged(&status, args.lag_over));
        }
        output.flush()?;
        if output.is_closed() {
            return Ok(Exit::Fine);
        }
        std::thread::sleep(REFRESH);
    }
}

/// The status of one pipeline, or all, as it is read and as it came.
fn chosen(mut answer: Value, pipeline: Option<&str>) -> Result<(Status, Value), Failure> {
    let read = |answer: &Value| {
        serde_json::from_value::<Status>(answer.clone()).map_err(|error| Failure::new(Exit::Failed, error))
    };
    let Some(pipeline) = pipeline else { return Ok((read(&answer)?, answer)) };
    let of_pipeline = |task: &str| task.split('.').next() == Some(pipeline);
    let all = read(&answer)?;
    let tasks = all.tasks.iter().map(|task| &task.task);
    if !tasks.chain(all.paused.iter().map(|paused| &paused.task)).any(|task| of_pipeline(task)) {
        return Err(Failure::usage(format!("no task of a pipeline `{pipeline}` is there")));
    }
    for list in ["tasks", "paused"] {
        if let Some(list) = answer[list].as_array_mut() {
            list.retain(|task| task["task"].as_str().is_some_and(of_pipeline));
        }
    }
    Ok((read(&answer)?, answer))
}

/// Whether a task is too far behind.
fn judged(status: &Status, lag_over: Option<Duration>) -> Exit {
    let Some(limit) = lag_over else { return Exit::Fine };
    let is_late = |lag: f64| lag > limit.as_secs_f64();
    let late = status.tasks.iter().any(|task| is_late(task.lag_seconds) || !task.state.sends());
    if late || status.tasks.is_empty() { Exit::Findings } else { Exit::Fine }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{TaskState, TaskStatus};

    #[test]
    fn a_limit_is_for_lag_and_for_what_does_not_run() {
        let judge = |state, lag_seconds| {
            let task = TaskStatus { state, lag_seconds, ..TaskStatus::default() };
            judged(&Status { tasks: vec![task], ..Status::default() }, Some(Duration::from_secs(5)))
        };
        assert_eq!(judge(TaskState::Streaming, 5.0), Exit::Fine);
        assert_eq!(judge(TaskState::Streaming, 5.1), Exit::Findings);
        assert_eq!(judge(TaskState::Failed, 0.0), Exit::Findings);
        assert_eq!(judge(TaskState::Paused, 0.0), Exit::Findings);
    }

    #[test]
    fn one_pipeline_is_shown_alone() {
        let task = |task: &str| TaskStatus { task: task.into(), ..TaskStatus::default() };
        let status = Status { tasks: vec![task("a.s.t"), task("b.s.t")], ..Status::default() };
        let answer = serde_json::to_value(status).expect("plain data");
        let (shown, _) = chosen(answer.clone(), Some("b")).expect("it is there");
        assert_eq!(shown.tasks.len(), 1);
        assert_eq!(shown.tasks[0].task, "b.s.t");
        assert!(chosen(answer, Some("c")).is_err());
    }
}
