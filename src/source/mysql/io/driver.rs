//! The SQL driver: how it connects, and what its errors mean.
//!
//! It logs in like our own connection and knows no steps: where it does not say which of them failed, or where it panics
//! over what a broken server sends, our own connection is asked for the reason.

use super::auth::{attributes, denied, refused};
use super::connect::{Endpoint, KEEPALIVE};
use super::failure::{FailureClass, SourceFailure};
use mysql_async::{Conn, DriverError, Error, IoError, Opts, OptsBuilder};
use secrecy::ExposeSecret;
use std::any::Any;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// Largest packet the driver takes.
const PACKET: usize = 64 << 20;

/// Prepared statements kept per session.
const STATEMENTS: usize = 8;

/// How a piece of the driver's work ended that did not succeed.
pub(super) enum Trouble {
    /// The driver says why.
    Said(Error),
    /// The deadline passed.
    Late,
    /// It panicked.
    Panicked,
}

/// Runs work of the driver to its end, or to its deadline.
pub(super) fn drive<T>(
    runtime: &Runtime,
    patience: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Trouble> {
    let bounded = async {
        match timeout(patience, work).await {
            Ok(result) => result.map_err(Trouble::Said),
            Err(_) => Err(Trouble::Late),
        }
    };
    let ended: Result<_, Box<dyn Any + Send>> =
        panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(bounded)));
    ended.unwrap_or(Err(Trouble::Panicked))
}

/// Connects and logs in.
pub(super) fn connect(runtime: &Runtime, endpoint: &Endpoint) -> Result<Conn, SourceFailure> {
    connect_to(runtime, endpoint, &endpoint.addresses()?)
}

/// The same, at the first of these addresses where somebody answers.
fn connect_to(
    runtime: &Runtime,
    endpoint: &Endpoint,
    addresses: &[SocketAddr],
) -> Result<Conn, SourceFailure> {
    let deadline = endpoint.deadline();
    let mut last = None;
    for &address in addresses {
        last = Some(match drive(runtime, deadline, Conn::new(options(endpoint, address))) {
            Ok(conn) => return Ok(conn),
            Err(Trouble::Said(Error::Io(IoError::Io(error)))) if no_tcp(error.kind()) => {
                endpoint.no_tcp(address, &error)
            }
            Err(Trouble::Said(error)) => return Err(endpoint.at(step(endpoint, &error))),
            Err(Trouble::Late | Trouble::Panicked) => match endpoint.connect_to(&[address], deadline) {
                Err(failure) if failure.is_silence() => failure,
                Err(failure) => return Err(failure),
                Ok(_) => endpoint.at(SourceFailure::new(
                    FailureClass::Lost,
                    format!("no end within {} s", deadline.as_secs_f32()),
                )),
            },
        });
    }
    Err(last.expect("a name has at least one address"))
}

/// True for errors that come before any byte went over the line.
fn no_tcp(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkDown, NetworkUnreachable,
    };
    matches!(kind, AddrNotAvailable | ConnectionRefused | HostUnreachable | NetworkDown | NetworkUnreachable)
}

/// The step of connecting that an error comes from.
fn step(endpoint: &Endpoint, error: &Error) -> SourceFailure {
    match (error, endpoint.tls()) {
        (Error::Io(IoError::Tls(error)), Some(tls)) => tls.refusal_of_driver(&error.to_string()),
        (Error::Server(_), _) => denied(failure(error, endpoint.deadline())),
        _ => failure(error, endpoint.deadline()),
    }
}

/// Everything the driver must know. It keeps to TCP, and asks the server for nothing by itself.
fn options(endpoint: &Endpoint, address: SocketAddr) -> Opts {
    let password = endpoint.password().map(|secret| secret.expose_secret().to_owned());
    OptsBuilder::default()
        .ip_or_hostname(endpoint.host())
        .tcp_port(address.port())
        .resolved_ips(Some(vec![address.ip()]))
        .user(Some(endpoint.user()))
        .pass(password)
        .ssl_opts(endpoint.tls().map(|tls| tls.driver()))
        .connect_attributes(attributes(endpoint))
        .prefer_socket(false)
        .max_allowed_packet(Some(PACKET))
        .tcp_keepalive(Some(KEEPALIVE))
        .wait_timeout(Some(28_800))
        .stmt_cache_size(STATEMENTS)
        .into()
}

/// What an error of the driver means. Its texts may hold bytes of packets, so only fixed ones are passed on.
pub(super) fn failure(error: &Error, patience: Duration) -> SourceFailure {
    match error {
        Error::Server(error) => SourceFailure::from_server(error.code, &error.message),
        Error::Io(IoError::Io(error)) => SourceFailure::from_io(error, patience),
        Error::Io(IoError::Tls(_)) => {
            SourceFailure::new(FailureClass::Lost, "the encrypted connection broke")
        }
        Error::Driver(DriverError::UnknownAuthPlugin { name }) => refused(name),
        Error::Driver(DriverError::MysqlOldPasswordDisabled) => refused("mysql_old_password"),
        Error::Driver(DriverError::CleartextPluginDisabled) => refused("mysql_clear_password"),
        Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            SourceFailure::new(FailureClass::Tls, "the server offers no TLS, and the file asks for it")
        }
        Error::Driver(DriverError::ConnectionClosed) => {
            SourceFailure::new(FailureClass::Lost, "the connection is closed")
        }
        Error::Driver(DriverError::PacketTooLarge) => SourceFailure::new(
            FailureClass::TooLarge,
            format!("the server sends more than {PACKET} bytes at once"),
        ),
        Error::Driver(DriverError::LocalInfile(_)) => {
            SourceFailure::protocol("the server asked for a file of this machine")
        }
        Error::Driver(_) | Error::Other(_) | Error::Url(_) => {
            SourceFailure::protocol("what the server sends makes no sense to the SQL driver")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Tls, TlsMode};
    use std::io::Write;
    use std::net::TcpListener;
    use std::path::Path;
    use std::thread;

    /// A server that says it is too busy, to two who come: the driver, and our own connection.
    fn busy(listener: &TcpListener) {
        for _ in 0..2 {
            let (mut socket, _) = listener.accept().expect("a client");
            socket.write_all(b"\x08\0\0\0\xff\x10\x04too m").expect("it listens");
        }
    }

    #[test]
    fn behind_an_address_that_is_silent_the_next_one_is_asked() {
        let silent = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let answers = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let addresses = [&silent, &answers].map(|listener| listener.local_addr().expect("bound"));
        let endpoint = Endpoint::new("127.0.0.1", 1, "cdc", None, &Tls::mode(TlsMode::Off), Path::new("/"))
            .expect("usable")
            .with_deadline(Duration::from_millis(200));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("handles");
        thread::scope(|scope| {
            scope.spawn(|| busy(&answers));
            let by_driver = connect_to(&runtime, &endpoint, &addresses).map(drop).expect_err("it is busy");
            let by_ours = endpoint.connect_to(&addresses, PATIENT).map(drop).expect_err("it is busy");
            assert_eq!((by_driver.code, by_ours.code), (Some(1040), Some(1040)), "{by_driver}, {by_ours}");
        });
        let failure = connect_to(&runtime, &endpoint, &addresses[..1]).map(drop).expect_err("nobody answers");
        assert_eq!(failure.class, FailureClass::Lost, "{failure}");
        let failure = endpoint.connect_to(&addresses[..1], PATIENT).map(drop).expect_err("nobody answers");
        assert_eq!(failure.class, FailureClass::Lost, "{failure}");
    }

    const PATIENT: Duration = Duration::from_secs(10);
}
