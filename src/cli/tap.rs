//! `syncc tap`: messages of a pipeline as they are produced.

use super::Exit;
use super::form::Form;
use super::global::Global;
use super::instance::Instance;
use super::output::{Failure, Output};
use crate::control::{Answer, Operation};
use crate::diagnostic::render::harmless;
use serde_json::Value;

/// Shows messages as they are produced
///
/// From now on, until Ctrl-C or --count: topic, partition, key and value of each message that is handed to the target,
/// masks included. What is shown may yet be sent anew after a failure. The stream never waits for who looks on: what comes
/// faster than it is read is left out, and counted. Keys and values longer than 16 KiB are cut.
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = "Examples:\n  syncc tap shop\n  syncc tap shop shop.orders --count 10 --format json\n\n\
                             Exit codes: 0 shown, 2 there is no such pipeline or table, 3 none runs here, or it ended."
)]
pub(super) struct Args {
    /// Name of the pipeline
    pipeline: String,
    /// Of this table alone, as database.table
    table: Option<String>,
    /// End after so many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Form of a message: for people, or one JSON object a line
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Form::Human)]
    format: Form,
    #[command(flatten)]
    instance: Instance,
}

/// Shows until it is enough, or nobody reads any more.
pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let operation =
        Operation::Tap { pipeline: args.pipeline.clone(), table: args.table.clone(), count: args.count };
    let mut failed = None;
    let answer = args.instance.ask(global, &operation, None, |message| {
        let text = match args.format {
            Form::Json => format!("{message}\n"),
            Form::Human => human(&message),
        };
        match output.print(&text).and_then(|()| output.flush()) {
            Ok(()) => !output.is_closed(),
            Err(failure) => {
                failed = Some(failure);
                false
            }
        }
    })?;
    match (failed, answer) {
        (Some(failure), _) => Err(failure),
        (None, Answer { ok: true, .. }) => Ok(Exit::Fine),
        (None, Answer { exit, error, .. }) => {
            Err(Failure::new(super::exit::exit_of(exit), error.unwrap_or_default()))
        }
    }
}

/// A line for the place, then key and value.
fn human(message: &Value) -> String {
    let mut text = String::new();
    if let Some(missed) = message["missed"].as_u64() {
        text += &format!("({missed} more went by)\n");
    }
    let topic = message["topic"].as_str().unwrap_or_default();
    text += &format!("{topic}/{}", message["partition"]);
    for part in ["key", "value"] {
        let shown = match (&message[part], &message[format!("{part}_base64")]) {
            (Value::String(shown), _) => shown.clone(),
            (_, Value::String(shown)) => format!("base64 {shown}"),
            _ => "null".to_owned(),
        };
        text += &format!("  {shown}");
        if let Some(bytes) = message[format!("{part}_bytes")].as_u64() {
            text += &format!(" … ({bytes} bytes)");
        }
    }
    // A value must not steer the terminal; a line end in it would pretend to be a message.
    harmless(&text).replace('\r', "?") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_is_a_line() {
        let message = json!({"topic": "t", "partition": 3, "key": "1", "value": "a\u{1b}[2J", "missed": 7});
        assert_eq!(human(&message), "(7 more went by)\nt/3  1  a?[2J\n");
        let message =
            json!({"topic": "t", "partition": 0, "key": null, "value_base64": "AAE=", "value_bytes": 9});
        assert_eq!(human(&message), "t/0  null  base64 AAE= … (9 bytes)\n");
    }
}
