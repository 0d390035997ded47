//! The asking side.

use super::protocol::{Answer, Operation, Request, VERSION};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens.
    #[error("no syncc runs at {}: start one with `syncc run`, or name the project with -C", .0.display())]
    NotRunning(PathBuf),
    /// It listens but does not answer.
    #[error("the running syncc does not answer")]
    Io(#[from] io::Error),
    /// It answers something else.
    #[error("the running syncc answers in a way this one does not read: {0}")]
    Unreadable(String),
    /// It refuses.
    #[error("{0}")]
    Refused(String),
}

/// Asks the instance that listens at `socket` and returns its result.
///
/// # Errors
/// Nobody listens there, or the answer is a refusal or cannot be read.
pub fn ask(socket: &Path, operation: Operation) -> Result<serde_json::Value, ControlError> {
    let stream = UnixStream::connect(socket).map_err(|_| ControlError::NotRunning(socket.to_owned()))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = Request { v: VERSION, id: 1, op: operation.name().to_owned() };
    let mut line = serde_json::to_vec(&request).map_err(io::Error::from)?;
    line.push(b'\n');
    (&stream).write_all(&line)?;
    let mut text = String::new();
    BufReader::new(&stream).read_line(&mut text)?;
    let answer: Answer =
        serde_json::from_str(&text).map_err(|error| ControlError::Unreadable(error.to_string()))?;
    match answer {
        Answer { ok: true, result, .. } => Ok(result.unwrap_or(serde_json::Value::Null)),
        Answer { error, .. } => Err(ControlError::Refused(error.unwrap_or_default())),
    }
}
