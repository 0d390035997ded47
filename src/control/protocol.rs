//! What goes over the socket.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Version of the protocol; fields are added within one.
pub(super) const VERSION: u32 = 1;

/// Longest line either side accepts, bytes.
pub(super) const LINE_MAX: usize = 1 << 20;

/// What can be asked for, with what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Operation {
    /// The status of every task.
    Status,
    /// The plans that run, so that files can be compared with them.
    Plan,
    /// A look at the files now.
    Reload {
        /// Codes of changes that are accepted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        accept: Vec<String>,
        /// Answer when the change is active, not when it was accepted.
        #[serde(default)]
        wait: bool,
    },
    /// The tasks of a pipeline stand still until they are resumed.
    Pause {
        /// Its name.
        pipeline: String,
    },
    /// The tasks of a pipeline go on, or tables of it that wait alone.
    Resume {
        /// Its name.
        pipeline: String,
        /// `db.table` each; none: the tasks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tables: Vec<String>,
    },
    /// Existing rows of tables are loaded anew.
    Resnapshot {
        /// The pipeline.
        pipeline: String,
        /// `db.table` each.
        tables: Vec<String>,
    },
    /// Messages of a pipeline as they are produced, one an event, until the asker goes away.
    Tap {
        /// The pipeline.
        pipeline: String,
        /// Of this table alone, `db.table`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        table: Option<String>,
        /// So many, then the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u64>,
    },
    /// Drain and end.
    Stop,
}

impl Operation {
    /// Names of all of them, as they are written.
    pub const NAMES: [&'static str; 8] =
        ["status", "plan", "reload", "pause", "resume", "resnapshot", "tap", "stop"];

    /// Its name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Operation::Status => "status",
            Operation::Plan => "plan",
            Operation::Reload { .. } => "reload",
            Operation::Pause { .. } => "pause",
            Operation::Resume { .. } => "resume",
            Operation::Resnapshot { .. } => "resnapshot",
            Operation::Tap { .. } => "tap",
            Operation::Stop => "stop",
        }
    }

    /// True for what changes something: one of these runs at a time. `stop` interrupts whatever runs.
    pub(super) fn is_exclusive(&self) -> bool {
        match self {
            Operation::Reload { .. }
            | Operation::Pause { .. }
            | Operation::Resume { .. }
            | Operation::Resnapshot { .. } => true,
            Operation::Status | Operation::Plan | Operation::Tap { .. } | Operation::Stop => false,
        }
    }

    /// The line that asks for it.
    pub(super) fn line(&self, id: u64) -> serde_json::Result<Vec<u8>> {
        let mut object = Map::new();
        object.insert("v".into(), VERSION.into());
        object.insert("id".into(), id.into());
        if let Value::Object(own) = serde_json::to_value(self)? {
            object.extend(own);
        }
        let mut line = serde_json::to_vec(&object)?;
        line.push(b'\n');
        Ok(line)
    }

    /// What a line asks for, and its id; else the refusal.
    pub(super) fn read(line: &[u8]) -> Result<(u64, Operation), Answer> {
        let mut object: Map<String, Value> = serde_json::from_slice(line)
            .map_err(|error| Answer::refused(0, USAGE, format!("not a request: {error}")))?;
        let number = |value: Option<Value>| value.as_ref().and_then(Value::as_u64);
        let version = number(object.remove("v"));
        let Some(id) = number(object.remove("id")) else {
            return Err(Answer::refused(0, USAGE, "not a request: `id` is a number that comes back"));
        };
        if version != Some(u64::from(VERSION)) {
            let found = version.map_or_else(|| "of this request".to_owned(), |version| version.to_string());
            let text = format!("protocol version {found} is not known; known: {VERSION}");
            return Err(Answer::refused(id, USAGE, text));
        }
        let name = object.get("op").and_then(Value::as_str).unwrap_or_default().to_owned();
        if !Operation::NAMES.contains(&&*name) {
            let known = Operation::NAMES.join(", ");
            let text = format!("there is no operation `{name}`; known: {known}");
            return Err(Answer::refused(id, USAGE, text));
        }
        serde_json::from_value(Value::Object(object))
            .map(|operation| (id, operation))
            .map_err(|error| Answer::refused(id, USAGE, format!("`{name}`: {error}")))
    }
}

/// Exit code for a request that cannot be carried out as it is.
pub(super) const USAGE: u8 = 2;

/// An answer: exactly one a question, after any number of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Version of the protocol.
    pub v: u32,
    /// Of the question; 0 when that could not be read.
    pub id: u64,
    /// Done.
    pub ok: bool,
    /// Exit code for a command line that asked.
    pub exit: u8,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Answer {
    /// An answer with a result.
    pub fn done(id: u64, result: Value) -> Answer {
        Answer { v: VERSION, id, ok: true, exit: 0, result: Some(result), error: None }
    }

    /// A refusal, with the exit code of a command that gets it.
    pub fn refused(id: u64, exit: u8, error: impl Into<String>) -> Answer {
        Answer { v: VERSION, id, ok: false, exit, result: None, error: Some(error.into()) }
    }
}

/// Something on the way to the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct EventLine {
    /// Version of the protocol.
    pub(super) v: u32,
    /// Of the question.
    pub(super) id: u64,
    /// What happened.
    pub(super) event: Value,
}

/// A line of the answering side.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Line {
    Event(EventLine),
    Answer(Answer),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_on_the_wire() {
        let pipeline = || "p".to_owned();
        let all = [
            Operation::Status,
            Operation::Plan,
            Operation::Reload { accept: vec!["P1003".into()], wait: true },
            Operation::Pause { pipeline: pipeline() },
            Operation::Resume { pipeline: pipeline(), tables: vec!["a.b".into()] },
            Operation::Resnapshot { pipeline: pipeline(), tables: vec!["a.b".into()] },
            Operation::Tap { pipeline: pipeline(), table: Some("a.b".into()), count: Some(3) },
            Operation::Stop,
        ];
        assert_eq!(all.each_ref().map(Operation::name), Operation::NAMES);
        for operation in all {
            let line = operation.line(7).expect("plain data");
            assert_eq!(Operation::read(&line), Ok((7, operation)));
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_with_what_is() {
        let refusal = |line: &str| {
            let answer = Operation::read(line.as_bytes()).expect_err("refused");
            assert_eq!((answer.ok, answer.exit), (false, 2));
            (answer.id, answer.error.expect("a reason"))
        };
        assert_eq!(
            refusal(r#"{"v":1,"id":8,"op":"dance"}"#),
            (
                8,
                "there is no operation `dance`; known: status, plan, reload, pause, resume, resnapshot, tap, stop".into()
            )
        );
        assert_eq!(
            refusal(r#"{"v":2,"id":9,"op":"status"}"#),
            (9, "protocol version 2 is not known; known: 1".into())
        );
        let (id, error) = refusal(r#"{"v":1,"id":9,"op":"pause"}"#);
        assert!(id == 9 && error.contains("missing field `pipeline`"), "{error}");
        let (_, error) = refusal(r#"{"v":1,"id":9,"op":"reload","wiat":true}"#);
        assert!(error.contains("unknown field `wiat`"), "{error}");
        assert_eq!(refusal("{").0, 0);
        assert_eq!(refusal(r#"{"v":1,"op":"status"}"#).0, 0);
    }
}
