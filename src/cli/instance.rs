//! The running instance that a subcommand asks.

use super::Exit;
use super::exit::exit_of;
use super::global::Global;
use super::output::{Failure, Output};
use crate::control::{Answer, ControlError, Operation, converse};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// Longest silence of an instance that answers at once, or says within ten seconds why it cannot.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which instance.
#[derive(Debug, clap::Args)]
pub(super) struct Instance {
    /// Control socket [default: .syncc/control.sock in the project]
    #[arg(long, value_name = "SOCKET")]
    control: Option<PathBuf>,
}

impl Instance {
    /// Its socket.
    pub(super) fn socket(&self, global: &Global) -> PathBuf {
        self.control.clone().unwrap_or_else(|| global.project.join(".syncc/control.sock"))
    }

    /// Asks; each event on the way goes to `event` until that is false.
    pub(super) fn ask(
        &self,
        global: &Global,
        operation: &Operation,
        patience: Option<Duration>,
        event: impl FnMut(Value) -> bool,
    ) -> Result<Answer, Failure> {
        converse(&self.socket(global), operation, patience, event).map_err(failed)
    }

    /// Asks for what is done at once; a refusal is a failure with its exit code.
    pub(super) fn result(&self, global: &Global, operation: &Operation) -> Result<Value, Failure> {
        match self.ask(global, operation, Some(PATIENCE), |_| true)? {
            Answer { ok: true, result, .. } => Ok(result.unwrap_or(Value::Null)),
            Answer { exit, error, .. } => {
                Err(Failure::new(exit_of(exit), error.unwrap_or_else(|| "refused".to_owned())))
            }
        }
    }
}

/// No answer came.
fn failed(error: ControlError) -> Failure {
    Failure::new(Exit::Failed, error)
}

/// Prints what each task came to: `shop.shop.bus  paused`.
pub(super) fn print_tasks(result: &Value, output: &mut Output) -> Result<(), Failure> {
    for task in result["tasks"].as_array().into_iter().flatten() {
        let part = |name: &str| task[name].as_str().unwrap_or_default().to_owned();
        output.print(&format!("{}  {}\n", part("task"), part("state")))?;
    }
    Ok(())
}
