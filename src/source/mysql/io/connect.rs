//! Where a server is and how to log in: secrets and certificates read, names resolved, connections opened.

use super::auth::login;
use super::failure::{FailureClass, SourceFailure};
use super::tls::TlsClient;
use super::wire::Wire;
use crate::plan::io as secrets;
use crate::plan::{SecretRef, SourcePlan, Text, Tls};
use secrecy::SecretString;
use socket2::{SockRef, TcpKeepalive};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::time::Duration;
use std::{env, fs, io, thread};

/// How long finding the address may take, and again what follows for each address: TCP, and TLS with the login.
const CONNECT: Duration = Duration::from_secs(10);

/// Largest packet that a login takes. The longest there is has a public key of 3 KiB.
const LOGIN_PACKET: usize = 64 << 10;

/// Largest packet that a SQL session takes.
const SQL_PACKET: usize = 1 << 30;

/// Silence after which the system asks whether the other end is still there: what lies between, such as NAT, forgets lines on which
/// nothing moves.
pub(super) const KEEPALIVE: Duration = Duration::from_secs(60);

/// A server, with everything a connection needs. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Endpoint {
    host: String,
    port: u16,
    user: String,
    password: Option<SecretString>,
    /// Where the password stands, and where its path begins: it is looked up anew for each connection.
    kept: Option<(SecretRef, PathBuf)>,
    tls: Option<TlsClient>,
    /// The settings and where paths in them begin, if they name files: these are read anew for each connection.
    tls_files: Option<(Tls, PathBuf)>,
    /// Names the connection in the server's lists.
    program: String,
    deadline: Duration,
}

/// A source plan with its secrets found.
#[derive(Debug)]
pub struct Resolved {
    /// The server.
    pub endpoint: Endpoint,
    /// Those that may take its place, in order.
    pub standby: Vec<Endpoint>,
    /// Secret files that others than their owner may read (S0306).
    pub open_files: Vec<PathBuf>,
}

/// Reads what a plan only names: environment, secret and certificate files. Relative paths begin at `project`.
///
/// # Errors
/// [`FailureClass::Setting`], naming the variable or file, never its content.
pub fn resolve(plan: &SourcePlan, project: &Path) -> Result<Resolved, SourceFailure> {
    let mut open_files = Vec::new();
    let variable = match &plan.host {
        Text::Literal(_) => None,
        Text::Env { name, default } => match (env::var(name), default) {
            (Ok(value), _) => Some(value),
            (Err(env::VarError::NotPresent), Some(_)) => None,
            (Err(error), _) => return Err(no_variable(name, &error)),
        },
    };
    let login = plan.login(variable.as_deref()).map_err(|error| {
        SourceFailure::new(FailureClass::Setting, format!("the address of source `{}`: {error}", plan.name))
    })?;
    let password = match &plan.password {
        None => None,
        Some(reference) => {
            let secret = secrets::find(reference, project)
                .map_err(|error| SourceFailure::new(FailureClass::Setting, with_cause(&error)))?;
            open_files.extend(secret.open_file);
            Some(secret.value)
        }
    };
    if let Some((_, key)) = &plan.tls.identity {
        note_if_open(&project.join(key), &mut open_files);
    }
    let tls = Tls { mode: login.tls, ..plan.tls.clone() };
    let kept = plan.password.clone().map(|reference| (reference, project.to_owned()));
    let at = |host: &str, port: u16| {
        let endpoint = Endpoint::new(host, port, &login.user, password.clone(), &tls, project)?;
        Ok(Endpoint { kept: kept.clone(), ..endpoint })
    };
    let endpoint = at(&login.host, login.port)?;
    // The plan has them as HOST:PORT.
    let standby = plan.standby.iter().filter_map(|address| {
        let (host, port) = address.rsplit_once(':')?;
        Some(at(host, port.parse().ok()?))
    });
    let standby = standby.collect::<Result<_, _>>()?;
    Ok(Resolved { endpoint, standby, open_files })
}

fn no_variable(name: &str, error: &env::VarError) -> SourceFailure {
    let why = match error {
        env::VarError::NotPresent => "is not set",
        env::VarError::NotUnicode(_) => "is no UTF-8 text",
    };
    SourceFailure::new(FailureClass::Setting, format!("the environment variable `{name}` {why}"))
}

/// An error and what caused it, in one line.
fn with_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// Remembers a file that group or others may read. Where the system has no such rights, nothing is said.
fn note_if_open(path: &Path, open_files: &mut Vec<PathBuf>) {
    #[cfg(unix)]
    if let Ok(meta) = fs::metadata(path) {
        use std::os::unix::fs::PermissionsExt;
        if meta.permissions().mode() & 0o044 != 0 {
            open_files.push(path.to_owned());
        }
    }
    #[cfg(not(unix))]
    let _ = (path, open_files);
}

impl Endpoint {
    /// A server by its parts; certificate files of `tls` are read now, and for each connection; relative paths begin at `project`.
    ///
    /// # Errors
    /// [`FailureClass::Setting`] for a file that cannot be read or holds no certificate.
    pub fn new(
        host: &str,
        port: u16,
        user: &str,
        password: Option<SecretString>,
        tls: &Tls,
        project: &Path,
    ) -> Result<Endpoint, SourceFailure> {
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let has_files = tls.ca.is_some() || tls.identity.is_some();
        let tls_files = has_files.then(|| (tls.clone(), project.to_owned()));
        let tls = TlsClient::new(tls, host, project)?;
        let program = "syncc".to_owned();
        Ok(Endpoint {
            host: host.to_owned(),
            port,
            user: user.to_owned(),
            password,
            kept: None,
            tls,
            tls_files,
            program,
            deadline: CONNECT,
        })
    }

    /// The same server, with another deadline than 10 s for each step: finding the address, and for each address TCP, TLS
    /// and login.
    pub fn with_deadline(&self, deadline: Duration) -> Endpoint {
        Endpoint { deadline, ..self.clone() }
    }

    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The same server, whose lists of connections then name the task as well.
    pub fn for_task(&self, task: &str) -> Endpoint {
        // it stands in a comment of SQL, too
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let task: String = task.chars().filter(plain).collect();
        Endpoint { program: format!("syncc:{task}"), ..self.clone() }
    }

    /// `HOST:PORT`, for people.
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The user who logs in.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Whether connections are encrypted.
    pub fn encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// As it is kept now: it may have been changed since the server was last logged in to. What cannot be read is as it was.
    pub(super) fn password(&self) -> Option<SecretString> {
        let kept = self.kept.as_ref().and_then(|(reference, project)| secrets::find(reference, project).ok());
        kept.map(|secret| secret.value).or_else(|| self.password.clone())
    }

    /// By the files as they are now: certificates are renewed while the program runs. What cannot be used, such as a certificate
    /// without its new key, is as it was.
    pub(super) fn tls(&self) -> Option<TlsClient> {
        let read = |(tls, project): &(Tls, PathBuf)| TlsClient::new(tls, &self.host, project).ok().flatten();
        self.tls_files.as_ref().and_then(read).or_else(|| self.tls.clone())
    }

    /// `syncc` and the task.
    pub(super) fn program(&self) -> &str {
        &self.program
    }

    /// What a statement begins with: the list of processes shows statements, not programs.
    pub(super) fn comment(&self) -> String {
        format!("/* {} */ ", self.program)
    }

    /// Connects and logs in; afterwards the server may be silent for `patience`.
    pub(super) fn connect(&self, patience: Duration) -> Result<Wire, SourceFailure> {
        self.connect_to(&self.addresses()?, patience)
    }

    /// The same, at the first of these addresses where somebody answers.
    pub(super) fn connect_to(
        &self,
        addresses: &[SocketAddr],
        patience: Duration,
    ) -> Result<Wire, SourceFailure> {
        let mut last = None;
        for &address in addresses {
            match self.log_in(address) {
                Ok(mut wire) => {
                    wire.set_limit(SQL_PACKET);
                    wire.set_patience(patience)?;
                    return Ok(wire);
                }
                Err(failure) if failure.is_silence() => last = Some(failure),
                Err(failure) => return Err(failure),
            }
        }
        Err(last.expect("a name has at least one address"))
    }

    fn log_in(&self, address: SocketAddr) -> Result<Wire, SourceFailure> {
        let socket = TcpStream::connect_timeout(&address, self.deadline)
            .and_then(|socket| {
                socket.set_nodelay(true)?;
                let keepalive = TcpKeepalive::new().with_time(KEEPALIVE);
                SockRef::from(&socket).set_tcp_keepalive(&keepalive)?;
                Ok(socket)
            })
            .map_err(|error| self.no_tcp(address, &error))?;
        let wire = Wire::new(socket, LOGIN_PACKET, self.deadline)?.within(self.deadline);
        login(wire, self).map_err(|failure| match failure.class {
            FailureClass::TooLarge => {
                let text = "what answers there is no MySQL server: it sends more than any login needs";
                self.at(SourceFailure::protocol(text))
            }
            _ => self.at(failure),
        })
    }

    /// A failure with the step it happened in.
    pub(super) fn at(&self, failure: SourceFailure) -> SourceFailure {
        let address = self.address();
        let message = match failure.class {
            FailureClass::Unreachable => format!("{address}: {}", failure.message),
            FailureClass::Tls => format!("TLS with {address}: {}", failure.message),
            _ => format!("login of `{}` at {address}: {}", self.user, failure.message),
        };
        SourceFailure { message, ..failure }
    }

    /// The addresses behind the name, at least one.
    pub(super) fn addresses(&self) -> Result<Vec<SocketAddr>, SourceFailure> {
        if let Ok(ip) = self.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, self.port)]);
        }
        let unresolved = |error: &dyn std::fmt::Display| {
            let text = format!("the name cannot be resolved: {error}");
            self.at(SourceFailure::new(FailureClass::Unreachable, text))
        };
        // the system's resolver takes no deadline: it is asked aside, and left alone when it takes too long
        let (answer, answered) = sync_channel(1);
        let place = (self.host.clone(), self.port);
        thread::Builder::new()
            .name("syncc-resolve".to_owned())
            .spawn(move || {
                let found = place.to_socket_addrs().map(Iterator::collect::<Vec<_>>);
                // nobody waits any more when it comes too late
                drop(answer.send(found));
            })
            .map_err(|error| unresolved(&error))?;
        match answered.recv_timeout(self.deadline) {
            Ok(Ok(addresses)) if addresses.is_empty() => Err(unresolved(&"it has no address")),
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(error)) => Err(unresolved(&error)),
            Err(_) => Err(unresolved(&format!("no answer within {} s", self.deadline.as_secs_f32()))),
        }
    }

    /// There is no TCP connection to an address of the server.
    pub(super) fn no_tcp(&self, address: SocketAddr, error: &io::Error) -> SourceFailure {
        let named = self.host.parse() == Ok(address.ip());
        let to = if named { String::new() } else { format!(" to {address}") };
        self.at(SourceFailure::new(FailureClass::Unreachable, format!("no TCP connection{to}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::TlsMode;
    use secrecy::ExposeSecret;

    fn plan(password: SecretRef) -> SourcePlan {
        let plan = SourcePlan::new("shop", Text::Literal("[::1]".to_owned()), Tls::mode(TlsMode::Off));
        SourcePlan { user: "cdc".to_owned(), password: Some(password), ..plan }
    }

    #[test]
    fn one_line_end_is_not_part_of_a_secret_and_nobody_sees_it() {
        let folder = tempfile::tempdir().expect("a folder");
        for (text, secret) in
            [("pw\n", "pw"), ("pw\r\n", "pw"), ("pw\n\n", "pw\n"), (" pw ", " pw "), ("", "")]
        {
            fs::write(folder.path().join("pw"), text).expect("written");
            let resolved =
                resolve(&plan(SecretRef::File("pw".to_owned())), folder.path()).expect("a readable secret");
            let password = resolved.endpoint.password().expect("a password");
            assert_eq!(password.expose_secret(), secret);
        }
        fs::write(folder.path().join("pw"), "hunter2").expect("written");
        let resolved =
            resolve(&plan(SecretRef::File("pw".to_owned())), folder.path()).expect("a readable secret");
        assert!(!format!("{resolved:?}").contains("hunter2"));
        assert_eq!(resolved.endpoint.address(), "[::1]:3306");
    }

    #[test]
    fn a_password_that_is_changed_in_its_file_holds_for_the_next_connection() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pw");
        fs::write(&file, "old").expect("written");
        let resolved =
            resolve(&plan(SecretRef::File("pw".to_owned())), folder.path()).expect("a readable secret");
        let endpoint = resolved.endpoint.for_task("p.shop.bus");
        let password = || endpoint.password().expect("a password").expose_secret().to_owned();
        assert_eq!(password(), "old");
        fs::write(&file, "new").expect("written");
        assert_eq!(password(), "new");
        fs::remove_file(&file).expect("it is there");
        assert_eq!(
            password(),
            "old",
            "a file that is just being replaced is no reason to log in without one"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_open_to_others_is_noted() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pw");
        fs::write(&path, "x").expect("written");
        for (mode, open) in [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1), (0o644, 1)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode set");
            let resolved =
                resolve(&plan(SecretRef::File("pw".to_owned())), folder.path()).expect("a readable secret");
            assert_eq!(resolved.open_files.len(), open, "{mode:o}");
        }
    }

    #[test]
    fn missing_secrets_are_named() {
        let failure =
            resolve(&plan(SecretRef::Env("SYNCC_TEST_UNSET".to_owned())), Path::new(".")).expect_err("unset");
        assert_eq!(failure.class, FailureClass::Setting);
        assert_eq!(
            failure.message,
            "S0305: the environment variable `SYNCC_TEST_UNSET` is not set; it has to hold a secret"
        );
        let failure =
            resolve(&plan(SecretRef::File("gone".to_owned())), Path::new("/nowhere")).expect_err("no file");
        assert!(failure.message.starts_with("the secret file `/nowhere/gone` cannot be read"), "{failure}");
    }
}
