//! The asking side.

use super::protocol::{Answer, Line, Operation};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a socket is looked at whose end is waited for.
const LOOK: Duration = Duration::from_millis(50);

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
    #[error("{text}")]
    Refused {
        /// Exit code of a command that asked.
        exit: u8,
        /// Why.
        text: String,
    },
}

/// Waits until nobody listens at `socket` any more. False when somebody still does after `patience`.
pub fn wait_for_end(socket: &Path, patience: Duration) -> bool {
    let since = Instant::now();
    while UnixStream::connect(socket).is_ok() {
        if since.elapsed() >= patience {
            return false;
        }
        std::thread::sleep(LOOK);
    }
    true
}

/// Asks the instance that listens at `socket` and returns its result.
///
/// # Errors
/// Nobody listens there, or the answer is a refusal or cannot be read.
pub fn ask(socket: &Path, operation: &Operation) -> Result<serde_json::Value, ControlError> {
    let answer = converse(socket, operation, Some(PATIENCE), |_| true)?;
    match answer {
        Answer { ok: true, result, .. } => Ok(result.unwrap_or(serde_json::Value::Null)),
        Answer { exit, error, .. } => Err(ControlError::Refused { exit, text: error.unwrap_or_default() }),
    }
}

/// Asks the instance that listens at `socket`, hands each event on its way to `event` until that is false, and returns the
/// answer, which may be a refusal. Waits `patience` for each line; none: as long as it takes.
///
/// # Errors
/// Nobody listens there, it falls silent, or its lines cannot be read.
pub fn converse(
    socket: &Path,
    operation: &Operation,
    patience: Option<Duration>,
    mut event: impl FnMut(serde_json::Value) -> bool,
) -> Result<Answer, ControlError> {
    let stream = UnixStream::connect(socket).map_err(|_| ControlError::NotRunning(socket.to_owned()))?;
    stream.set_read_timeout(patience)?;
    let id = u64::from(std::process::id());
    (&stream).write_all(&operation.line(id).map_err(io::Error::from)?)?;
    let mut lines = BufReader::new(&stream);
    let mut text = String::new();
    loop {
        text.clear();
        if lines.read_line(&mut text)? == 0 {
            return Err(ControlError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        let line = serde_json::from_str(&text);
        match line.map_err(|error| ControlError::Unreadable(error.to_string()))? {
            Line::Event(line) => {
                if !event(line.event) {
                    return Ok(Answer::done(id, serde_json::Value::Null));
                }
            }
            Line::Answer(answer) => return Ok(answer),
        }
    }
}
