//! The listening side.

use super::protocol::{Answer, LINE_MAX, Operation, Request, VERSION};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Connections served at once; more are closed.
const CONNECTIONS_MAX: usize = 16;

/// A client that says nothing for this long is closed.
const SILENCE: Duration = Duration::from_secs(30);

/// What the operations do.
pub trait Handler: Send + Sync + 'static {
    /// Carries out an operation and gives its result. Does not wait.
    fn handle(&self, operation: Operation) -> serde_json::Value;
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
    let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    // Dropping the set, with this future, ends every conversation.
    let mut conversations = tokio::task::JoinSet::new();
    loop {
        while conversations.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else { continue };
        let Ok(permit) = free.clone().try_acquire_owned() else { continue };
        let handler = handler.clone();
        conversations.spawn(async move {
            let _permit = permit;
            // A client that goes away has nobody left to tell.
            let _ = converse(stream, handler.as_ref()).await;
        });
    }
}

async fn converse(mut stream: UnixStream, handler: &dyn Handler) -> io::Result<()> {
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
        let mut text = serde_json::to_vec(&answer(&line, handler))?;
        text.push(b'\n');
        write.write_all(&text).await?;
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
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("control.sock");
        let server = Server::open(&path, runtime.handle(), Arc::new(Fixed)).expect("free path");
        let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(super::super::ask(&path, Operation::Stop).expect("answers"), serde_json::json!("stop"));
        drop(server);
        assert!(!path.exists());
    }
}
