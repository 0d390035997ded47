//! `syncc state`: what is stored about tasks, read and edited by hand.

use super::global::Global;
use super::output::{Failure, Output};
use super::{Exit, front};
use crate::plan::{Plan, TaskPlan};
use crate::run::{StateToolError, forget, set_position, state_records};
use data_encoding::BASE64;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// Reads and edits what is stored about tasks
///
/// The state of a task lies with its target, in the transactions of its rows. Reading it disturbs nobody. It is edited while
/// nobody runs the task, for what nothing else helps: a transaction that cannot be read, a task that is to begin anew.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  syncc state show\n  syncc state export state.jsonl\n  \
    syncc state set-position shop.shop.bus 0-1-812 --accept-gap\n  syncc state forget shop.shop.bus\n\n\
    Exit codes: 0 done, 1 the files have errors, 2 no such task or position, 20 the target refuses, 21 somebody runs the \
    task, 24 the target cannot be reached, 26 the state cannot be read.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    /// State directory [default: .syncc in the project]
    #[arg(long, value_name = "DIR", global = true)]
    state: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print all records, of one task or all; keys of rows of unfinished loads are among them
    Show {
        /// Task, as pipeline.source.target
        task: Option<String>,
    },
    /// Write all records as JSON lines to a file that its owner alone may read
    Export {
        /// The file; it must not be there yet
        file: PathBuf,
        /// Task, as pipeline.source.target
        task: Option<String>,
    },
    /// Let a task go on at another position of the same server; what lies between is skipped, and noted in its state
    SetPosition {
        /// Task, as pipeline.source.target
        task: String,
        /// GTIDs as the server prints them, or FILE:OFFSET where it has none
        position: String,
        /// Changes between the two positions are skipped, or come twice
        #[arg(long, required = true)]
        accept_gap: bool,
    },
    /// Forget a task: its next start is a first one, which loads existing rows again
    Forget {
        /// Task, as pipeline.source.target
        task: String,
    },
}

pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(project) = front::planned(global, output)? else { return Ok(Exit::Findings) };
    let directory = args.state.clone().unwrap_or_else(|| global.project.join(".syncc"));
    let location = global.location();
    match &args.command {
        Command::Show { task } => {
            for plan in chosen(&project.plan, task.as_deref())? {
                output.print(&format!("{}\n", plan.id))?;
                for (key, value) in state_records(&location, &directory, plan).map_err(failed)? {
                    output.print(&format!("  {}  {}\n", String::from_utf8_lossy(&key), shown(&value)))?;
                }
            }
        }
        Command::Export { file, task } => {
            let mut lines = String::new();
            for plan in chosen(&project.plan, task.as_deref())? {
                for (key, value) in state_records(&location, &directory, plan).map_err(failed)? {
                    let task = plan.id.to_string();
                    let key = String::from_utf8_lossy(&key);
                    lines += &match std::str::from_utf8(&value) {
                        Ok(value) => json!({"task": task, "key": key, "value": value}).to_string(),
                        Err(_) => json!({"task": task, "key": key, "value_base64": BASE64.encode(&value)})
                            .to_string(),
                    };
                    lines.push('\n');
                }
            }
            let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
            let written = opened.and_then(|mut file| file.write_all(lines.as_bytes()));
            written.map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
            output.print(&format!("{} records\n", lines.lines().count()))?;
        }
        Command::SetPosition { task, position, accept_gap: _ } => {
            let plan = one(&project.plan, task)?;
            let (from, to) = set_position(&location, &directory, plan, position).map_err(failed)?;
            output.print(&format!("{task} goes on at {to}; it was at {from}\n"))?;
            output.print(
                "`syncc status` shows the gap until the tables are loaded anew (`syncc resnapshot`)\n",
            )?;
        }
        Command::Forget { task } => {
            let plan = one(&project.plan, task)?;
            forget(&location, &directory, plan).map_err(failed)?;
            output.print(&format!("{task} is forgotten; its next start is a first one\n"))?;
        }
    }
    Ok(Exit::Fine)
}

/// A stored value for people: what cannot be read is told by its length.
fn shown(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => crate::diagnostic::render::harmless(text).replace('\n', " "),
        Err(_) => format!("({} bytes)", value.len()),
    }
}

fn chosen<'p>(plan: &'p Plan, task: Option<&str>) -> Result<Vec<&'p TaskPlan>, Failure> {
    match task {
        None => Ok(plan.tasks.iter().collect()),
        Some(task) => Ok(vec![one(plan, task)?]),
    }
}

fn one<'p>(plan: &'p Plan, task: &str) -> Result<&'p TaskPlan, Failure> {
    plan.tasks.iter().find(|plan| plan.id.to_string() == task).ok_or_else(|| {
        let known: Vec<String> = plan.tasks.iter().map(|task| task.id.to_string()).collect();
        Failure::usage(format!("there is no task `{task}`; declared: {}", known.join(", ")))
    })
}

fn failed(error: StateToolError) -> Failure {
    Failure::new(super::exit::exit_of(error.exit), error)
}
