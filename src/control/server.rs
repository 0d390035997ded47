//! The listening side.

use super::protocol::{Answer, EventLine, LINE_MAX, Operation, VERSION};
use super::reply::{Busy, Replies, Reply};
use serde::Serialize;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{ReadHalf, WriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Connections served at once; more are closed.
const CONNECTIONS_MAX: usize = 16;

/// A client that says nothing for this long is closed.
const SILENCE: Duration = Duration::from_secs(30);

/// Exit code of a command that finds another one at work.
const BUSY: u8 = 3;

/// Exit code of a command that gets no answer.
const NO_ANSWER: u8 = 3;

/// What the operations do.
pub trait Handler: Send + Sync + 'static {
    /// Begins an operation, whose outcome goes to `reply`. Does not wait.
    fn handle(&self, operation: Operation, reply: Reply);
}

/// A listening socket; closed and removed when dropped.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    serving: JoinHandle<()>,
}

impl Server {
    /// Listens at `path` on `runtime`, with access for the owner alone. A socket file left by a dead process is
    /// replaced: the lock of the state directory proves that nobody listens there.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn open(path: &Path, runtime: &Handle, handler: Arc<dyn Handler>) -> io::Result<Server> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let _inside = runtime.enter();
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        let serving = runtime.spawn(serve(listener, handler));
        Ok(Server { path: path.to_owned(), serving })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn serve(listener: UnixListener, handler: Arc<dyn Handler>) {
    let busy = Busy::default();
    let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    // Dropping the set, with this future, ends every conversation.
    let mut conversations = tokio::task::JoinSet::new();
    loop {
        while conversations.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else { continue };
        let Ok(permit) = free.clone().try_acquire_owned() else { continue };
        let (handler, busy) = (handler.clone(), busy.clone());
        conversations.spawn(async move {
            let _permit = permit;
            // A client that goes away has nobody left to tell.
            let _ = converse(stream, handler.as_ref(), &busy).await;
        });
    }
}

async fn converse(mut stream: UnixStream, handler: &dyn Handler, busy: &Busy) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read);
    loop {
        let mut line = Vec::new();
        let mut bounded = (&mut lines).take(LINE_MAX as u64 + 1);
        let read = match tokio::time::timeout(SILENCE, bounded.read_until(b'\n', &mut line)).await {
            Ok(read) => read?,
            Err(_) => return Ok(()),
        };
        if read == 0 || read > LINE_MAX {
            return Ok(());
        }
        let (id, operation) = match Operation::read(&line) {
            Ok(asked) => asked,
            Err(answer) => {
                say(&mut write, &answer).await?;
                continue;
            }
        };
        let working = match operation.is_exclusive().then(|| busy.take(id, operation.name())).transpose() {
            Ok(working) => working,
            Err((other, name)) => {
                let text = format!("busy: `{name}` with id {other} runs; ask again when it is done");
                say(&mut write, &Answer::refused(id, BUSY, text)).await?;
                continue;
            }
        };
        let (reply, replies) = Reply::new(id, working);
        handler.handle(operation, reply);
        if !answer(id, replies, &mut lines, &mut write).await? {
            return Ok(());
        }
    }
}

/// Passes events and the answer on. False when the asker has gone away before.
async fn answer(
    id: u64,
    mut replies: Replies,
    lines: &mut BufReader<ReadHalf<'_>>,
    write: &mut WriteHalf<'_>,
) -> io::Result<bool> {
    // What the asker sends meanwhile waits; its end does not.
    let mut listens = true;
    let answer = loop {
        tokio::select! {
            biased;
            // 1: what happened comes before the answer.
            Some(event) = replies.events.recv() => {
                say(write, &EventLine { v: VERSION, id, event }).await?;
            }
            // 2: the answer.
            answer = &mut replies.answer => break answer,
            // 3: the end of the asker.
            more = lines.fill_buf(), if listens => {
                if more?.is_empty() {
                    return Ok(false);
                }
                listens = false;
            }
        }
    };
    while let Ok(event) = replies.events.try_recv() {
        say(write, &EventLine { v: VERSION, id, event }).await?;
    }
    let ended = |_| Answer::refused(id, NO_ANSWER, "what was asked has ended before it was answered");
    say(write, &answer.unwrap_or_else(ended)).await?;
    Ok(true)
}

async fn say(write: &mut WriteHalf<'_>, what: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(what)?;
    text.push(b'\n');
    match tokio::time::timeout(SILENCE, write.write_all(&text)).await {
        Ok(written) => written,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ControlError, ask, converse};
    use super::*;
    use serde_json::{Value, json};
    use std::sync::Mutex;

    /// Answers with the operation's name; `pause` is answered when the test says so.
    #[derive(Default)]
    struct Fixed(Mutex<Option<Reply>>);

    impl Handler for Fixed {
        fn handle(&self, operation: Operation, reply: Reply) {
            match operation {
                Operation::Pause { .. } => *self.0.lock().expect("no panic") = Some(reply),
                Operation::Tap { count, .. } => {
                    for n in 0..count.unwrap_or_default() {
                        reply.event(json!(n));
                    }
                    reply.done(Value::Null);
                }
                Operation::Plan => drop(reply),
                other => reply.done(json!(other.name())),
            }
        }
    }

    struct Open {
        handler: Arc<Fixed>,
        server: Option<Server>,
        path: PathBuf,
        _runtime: tokio::runtime::Runtime,
        _dir: tempfile::TempDir,
    }

    fn open() -> Open {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("control.sock");
        let handler = Arc::new(Fixed::default());
        let server = Server::open(&path, runtime.handle(), handler.clone()).expect("free path");
        Open { handler, server: Some(server), path, _runtime: runtime, _dir: dir }
    }

    #[test]
    fn a_socket_answers_and_goes_away() {
        let mut open = open();
        let mode = std::fs::metadata(&open.path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(ask(&open.path, &Operation::Stop).expect("answers"), json!("stop"));
        assert!(matches!(ask(&open.path, &Operation::Plan), Err(ControlError::Refused { exit: 3, .. })));
        open.server = None;
        assert!(!open.path.exists());
    }

    #[test]
    fn events_come_before_the_answer() {
        let open = open();
        let mut seen = Vec::new();
        let tap = Operation::Tap { pipeline: "p".into(), table: None, count: Some(200) };
        let answer = converse(&open.path, &tap, None, |event| {
            seen.push(event);
            true
        });
        assert!(answer.expect("answers").ok);
        assert_eq!(seen, (0..200).map(|n| json!(n)).collect::<Vec<_>>());
    }

    #[test]
    fn one_change_at_a_time() {
        let open = open();
        let pause = Operation::Pause { pipeline: "p".into() };
        let first = std::thread::spawn({
            let (path, pause) = (open.path.clone(), pause.clone());
            move || converse(&path, &pause, None, |_| true)
        });
        let reply = loop {
            if let Some(reply) = open.handler.0.lock().expect("no panic").take() {
                break reply;
            }
            std::thread::yield_now();
        };
        let busy = converse(&open.path, &pause, None, |_| true).expect("it answers");
        let text = busy.error.expect("a reason");
        assert!(!busy.ok && text.starts_with("busy: `pause` with id "), "{text}");
        // what changes nothing, and the end, are not held up
        assert_eq!(ask(&open.path, &Operation::Status).expect("answers"), json!("status"));
        assert_eq!(ask(&open.path, &Operation::Stop).expect("answers"), json!("stop"));
        reply.done(json!("paused"));
        assert!(first.join().expect("no panic").expect("answers").ok);
    }

    #[test]
    fn a_line_that_is_too_long_and_one_asker_too_many_are_closed() {
        use std::io::{Read, Write};
        use std::os::unix::net::UnixStream;
        let open = open();
        let mut long = UnixStream::connect(&open.path).expect("it listens");
        // the end of a line that is too long may find nobody who reads it
        let _ = long.write_all(&vec![b' '; LINE_MAX + 2]);
        let mut text = Vec::new();
        let _ = long.read_to_end(&mut text);
        assert_eq!(text, b"");
        let line = Operation::Status.line(1).expect("plain data");
        let ask = |stream: &mut UnixStream| {
            let _ = stream.write_all(&line);
            let mut first = [0];
            stream.read(&mut first).unwrap_or(0)
        };
        let mut all: Vec<UnixStream> = Vec::new();
        for _ in 0..CONNECTIONS_MAX {
            let mut one = UnixStream::connect(&open.path).expect("it listens");
            assert_eq!(ask(&mut one), 1);
            all.push(one);
        }
        let mut more = UnixStream::connect(&open.path).expect("it listens");
        assert_eq!(ask(&mut more), 0);
    }
}
