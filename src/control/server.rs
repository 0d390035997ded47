//! The listening side.

use super::protocol::{Answer, LINE_MAX, Operation, Request, VERSION};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Connections served at once; more are closed.
const CONNECTIONS_MAX: usize = 16;

/// A client that says nothing for this long is closed.
const SILENCE: Duration = Duration::from_secs(30);

/// What the operations do.
pub trait Handler: Send + Sync + 'static {
    /// Carries out an operation and gives its result.
    fn handle(&self, operation: Operation) -> serde_json::Value;
}

/// A listening socket; removed when dropped.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens at `path`, with access for the owner alone. A socket file left by a dead process is replaced: the lock
    /// of the state directory proves that nobody listens there.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn open(path: &Path, handler: Arc<dyn Handler>) -> io::Result<Server> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        let ended = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new().name("control".into()).spawn({
            let ended = ended.clone();
            move || serve(&listener, &handler, &ended)
        })?;
        Ok(Server { path: path.to_owned(), ended, thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that waits in accept.
        drop(UnixStream::connect(&self.path));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = std::fs::remove_file(&self.path);
    }
}

fn serve(listener: &UnixListener, handler: &Arc<dyn Handler>, ended: &AtomicBool) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if ended.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        if open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS_MAX {
            open.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let (handler, open) = (handler.clone(), open.clone());
        // A connection ends by itself: at end of input, at a bad line, or after its silence. It holds nothing.
        let _ = std::thread::Builder::new().name("control client".into()).spawn(move || {
            let _ = converse(&stream, handler.as_ref());
            open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

fn converse(stream: &UnixStream, handler: &dyn Handler) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE))?;
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        let read = (&mut lines).take(LINE_MAX as u64 + 1).read_until(b'\n', &mut line)?;
        if read == 0 || read > LINE_MAX {
            return Ok(());
        }
        let answer = answer(&line, handler);
        let mut text = serde_json::to_vec(&answer)?;
        text.push(b'\n');
        (&*stream).write_all(&text)?;
    }
}

fn answer(line: &[u8], handler: &dyn Handler) -> Answer {
    let known = || Operation::ALL.map(Operation::name).join(", ");
    let request: Request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => return Answer::refused(0, format!("not a request: {error}")),
    };
    if request.v != VERSION {
        return Answer::refused(
            request.id,
            format!("protocol version {} is not known; known: {VERSION}", request.v),
        );
    }
    match Operation::named(&request.op) {
        Some(operation) => Answer::done(request.id, handler.handle(operation)),
        None => {
            Answer::refused(request.id, format!("there is no operation `{}`; known: {}", request.op, known()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Handler for Fixed {
        fn handle(&self, operation: Operation) -> serde_json::Value {
            serde_json::json!(operation.name())
        }
    }

    fn check(line: &str, expected: &str) {
        let answer = answer(line.as_bytes(), &Fixed);
        assert_eq!(serde_json::to_string(&answer).expect("plain data"), expected);
    }

    #[test]
    fn questions_and_answers() {
        check(r#"{"v":1,"id":7,"op":"status"}"#, r#"{"v":1,"id":7,"ok":true,"exit":0,"result":"status"}"#);
        check(
            r#"{"v":1,"id":8,"op":"dance"}"#,
            r#"{"v":1,"id":8,"ok":false,"exit":2,"error":"there is no operation `dance`; known: status, stop"}"#,
        );
        check(
            r#"{"v":2,"id":9,"op":"status"}"#,
            r#"{"v":1,"id":9,"ok":false,"exit":2,"error":"protocol version 2 is not known; known: 1"}"#,
        );
    }

    #[test]
    fn a_socket_answers_and_goes_away() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("control.sock");
        let server = Server::open(&path, Arc::new(Fixed)).expect("free path");
        assert_eq!(super::super::ask(&path, Operation::Stop).expect("answers"), serde_json::json!("stop"));
        drop(server);
        assert!(!path.exists());
    }
}
