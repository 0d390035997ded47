//! A way over TCP to a server that can be made bad: cut, cut inside a packet, silent, slow, or leading nowhere.
//!
//! Bytes pass through two threads a connection. Nothing is known of what they mean.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use super::port;

/// How long a write may find the other end busy before the connection is looked at again.
const BUSY: Duration = Duration::from_millis(100);

/// What a way is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Bytes pass.
    Fair,
    /// Bytes wait and go nowhere, in both directions, and connections are taken without an answer.
    Silent,
    /// Connections are reset as soon as they are made.
    Gone,
    /// Every packet comes that much later, and no more bytes pass in a second.
    Slow {
        /// How much later, for up to [`PIECE`] bytes.
        delay: Duration,
        /// In each direction of a connection.
        bytes_per_second: u32,
    },
}

/// Bytes that are late together.
const PIECE: usize = 16 << 10;

/// A way: whoever connects to [`Way::address`] is connected to the server it leads to.
pub(crate) struct Way {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    to: Option<String>,
    weather: Weather,
    open: Vec<Weak<Connection>>,
    /// Bytes from the server after which their connection ends.
    cut_after: Option<usize>,
}

/// Both sockets of a connection. They are closed when both threads have let go of it.
struct Connection {
    client: TcpStream,
    server: TcpStream,
    over: AtomicBool,
}

impl Way {
    /// A way that leads nowhere yet.
    pub(crate) fn open() -> Way {
        let (listener, port) = loop {
            let port = port::free();
            if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
                break (listener, port);
            }
        };
        let state = State { to: None, weather: Weather::Fair, open: Vec::new(), cut_after: None };
        let shared = Arc::new(Shared { state: Mutex::new(state), moved: Condvar::new() });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&serving);
                thread::spawn(move || shared.connect(client));
            }
        });
        Way { port, shared }
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The server (`host:port`) it leads to.
    pub(crate) fn lead_to(&self, server: String) {
        self.shared.state().to = Some(server);
    }

    /// Makes it so from now on, also for connections that are there.
    pub(crate) fn turn(&self, weather: Weather) {
        self.shared.state().weather = weather;
        self.shared.moved.notify_all();
    }

    /// Resets all connections; returns how many there were.
    pub(crate) fn cut(&self) -> usize {
        let open = std::mem::take(&mut self.shared.state().open);
        self.shared.moved.notify_all();
        open.iter().filter_map(Weak::upgrade).map(|connection| connection.reset()).count()
    }

    /// Ends the connection that carries the byte after so many more from the server, behind that byte.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.shared.state().cut_after = Some(bytes);
    }

    /// True once the connection was ended that [`Way::cut_after`] asked for.
    pub(crate) fn has_cut(&self) -> bool {
        self.shared.state().cut_after.is_none()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while bytes go nowhere; what the way is like then. None: the connection is over.
    fn weather(&self, over: &AtomicBool) -> Option<Weather> {
        let mut state = self.state();
        while state.weather == Weather::Silent && !over.load(Ordering::SeqCst) {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        (!over.load(Ordering::SeqCst)).then_some(state.weather)
    }

    fn connect(self: Arc<Self>, client: TcpStream) -> Option<()> {
        if self.weather(&AtomicBool::new(false)) == Some(Weather::Gone) {
            reset(&client);
            return None;
        }
        let to = self.state().to.clone()?;
        let server = TcpStream::connect(to).ok()?;
        for socket in [&client, &server] {
            socket.set_nodelay(true).ok()?;
            socket.set_write_timeout(Some(BUSY)).ok()?;
        }
        let connection = Arc::new(Connection { client, server, over: AtomicBool::new(false) });
        {
            let mut state = self.state();
            state.open.retain(|connection| connection.strong_count() > 0);
            state.open.push(Arc::downgrade(&connection));
        }
        let (shared, same) = (Arc::clone(&self), Arc::clone(&connection));
        thread::spawn(move || {
            shared.carry(&same, &same.client, &same.server, false);
            same.end();
        });
        self.carry(&connection, &connection.server, &connection.client, true);
        connection.end();
        Some(())
    }

    /// Carries bytes until an end closes.
    fn carry(&self, connection: &Connection, mut from: &TcpStream, to: &TcpStream, from_server: bool) {
        let mut bytes = vec![0; PIECE];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            let Some(weather) = self.weather(&connection.over) else { return };
            match weather {
                Weather::Slow { delay, bytes_per_second } => {
                    let sending = Duration::from_secs_f64(length as f64 / f64::from(bytes_per_second));
                    thread::sleep(delay + sending);
                }
                Weather::Gone => connection.reset(),
                Weather::Fair | Weather::Silent => {}
            }
            let (length, last) = if from_server { self.until_cut(length) } else { (length, false) };
            if write(connection, to, &bytes[..length]).is_err() || last {
                return;
            }
        }
    }

    /// Of `length` bytes from the server those that still pass, and whether they are the last.
    fn until_cut(&self, length: usize) -> (usize, bool) {
        let mut state = self.state();
        match state.cut_after {
            Some(left) if left < length => {
                state.cut_after = None;
                (left, true)
            }
            Some(left) => {
                state.cut_after = Some(left - length);
                (length, false)
            }
            None => (length, false),
        }
    }
}

/// Writes all, unless the connection ends meanwhile.
fn write(connection: &Connection, mut to: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        if connection.over.load(Ordering::SeqCst) {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        match to.write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Connection {
    /// Ends it in an orderly way: what was written still comes.
    fn end(&self) {
        if self.over.swap(true, Ordering::SeqCst) {
            return;
        }
        for socket in [&self.client, &self.server] {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Ends it at once: both ends are told that it was reset.
    fn reset(&self) {
        self.over.store(true, Ordering::SeqCst);
        for socket in [&self.client, &self.server] {
            reset(socket);
        }
    }
}

/// Prepares a socket to be reset where it is closed, and wakes who reads from it.
fn reset(socket: &TcpStream) {
    let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
    let _ = socket.shutdown(Shutdown::Read);
}
