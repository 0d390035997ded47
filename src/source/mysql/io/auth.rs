//! The login: greeting, encryption, and the password under the method the server asks for.
//!
//! Methods: `mysql_native_password`, `caching_sha2_password` (in full under TLS, or under the server's RSA key on a plain line),
//! `client_ed25519`. All others are refused by name; a password is never sent in clear over a plain line.

use super::connect::Endpoint;
use super::failure::{FailureClass, SourceFailure};
use super::wire::Wire;
use mysql_common::constants::CapabilityFlags;
use mysql_common::crypto;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{AuthPlugin, HandshakeResponse, SslRequest};
use mysql_common::proto::MySerialize;
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::panic;

/// What the server says of itself before anybody has logged in.
#[derive(Debug, Clone)]
struct Greeting {
    /// What it can do.
    capabilities: CapabilityFlags,
    /// Challenge for the method it proposes.
    nonce: Vec<u8>,
    /// The method it proposes.
    plugin: AuthPlugin<'static>,
}

/// utf8mb4_general_ci, known to every server.
const COLLATION: u8 = 45;

/// A public key longer than this is none: RSA with 16384 bits takes 3 KiB.
const KEY_LIMIT: usize = 16 << 10;

/// Logs in over a fresh socket.
pub(super) fn login(mut wire: Wire, endpoint: &Endpoint) -> Result<Wire, SourceFailure> {
    let mut packet = Vec::new();
    wire.receive(&mut packet)?;
    if packet.first() == Some(&0xff) {
        return Err(SourceFailure::from_packet(&packet));
    }
    if packet.first() != Some(&10) {
        return Err(SourceFailure::protocol("what answers there is no MySQL server of protocol 10"));
    }
    let greeting =
        greeting(&packet).ok_or_else(|| SourceFailure::protocol("the server's greeting is cut"))?;
    let offered = greeting.capabilities;
    let needed = CapabilityFlags::CLIENT_PROTOCOL_41
        | CapabilityFlags::CLIENT_SECURE_CONNECTION
        | CapabilityFlags::CLIENT_PLUGIN_AUTH;
    if !offered.contains(needed) {
        return Err(SourceFailure::protocol("the server is too old: it lacks login by plugin"));
    }
    // neither files of ours, nor several statements in one, nor compression
    let mut flags = needed
        | CapabilityFlags::CLIENT_LONG_PASSWORD
        | CapabilityFlags::CLIENT_LONG_FLAG
        | CapabilityFlags::CLIENT_TRANSACTIONS
        | (offered
            & (CapabilityFlags::CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA
                | CapabilityFlags::CLIENT_CONNECT_ATTRS));
    if let Some(tls) = endpoint.tls() {
        if !offered.contains(CapabilityFlags::CLIENT_SSL) {
            return Err(SourceFailure::new(
                FailureClass::Tls,
                "the server offers no TLS, and the file asks for it".to_owned(),
            ));
        }
        flags |= CapabilityFlags::CLIENT_SSL;
        let mut request = Vec::new();
        SslRequest::new(flags, u32::MAX, COLLATION).serialize(&mut request);
        wire.send(&request)?;
        wire = wire.encrypt(&tls)?;
    }

    // a server whose default method we do not know may still have another one for our user: it will say so
    let proposed = Some(greeting.plugin.clone()).filter(supported);
    let plugin = proposed.unwrap_or(AuthPlugin::MysqlNativePassword);
    let nonce = greeting.nonce.clone();
    let secret = endpoint.password();
    let password = secret.as_ref().map(ExposeSecret::expose_secret);
    let scramble = plugin.gen_data(password, trimmed(&plugin, &nonce)?);
    let mut response = Vec::new();
    HandshakeResponse::new(
        scramble.as_ref().map(|data| data.to_vec()),
        (8, 0, 0),
        Some(endpoint.user().as_bytes()),
        None::<Vec<u8>>,
        Some(plugin.borrow()),
        flags,
        flags.contains(CapabilityFlags::CLIENT_CONNECT_ATTRS).then(|| attributes(endpoint)),
        u32::MAX,
    )
    .serialize(&mut response);
    wire.send(&response)?;
    prove(&mut wire, endpoint, plugin, nonce)?;
    Ok(wire)
}

/// What the connection says of itself: who looks at the server's connections sees the program and the task.
pub(super) fn attributes(endpoint: &Endpoint) -> HashMap<String, String> {
    [
        ("_client_name", "syncc"),
        ("_client_version", env!("CARGO_PKG_VERSION")),
        ("program_name", endpoint.program()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Reads the greeting. By hand: the driver's reader overflows on some lengths.
/// Source: `Protocol::HandshakeV10` of MySQL's documentation.
fn greeting(packet: &[u8]) -> Option<Greeting> {
    let mut rest = ParseBuf(packet.get(1..)?);
    let end = rest.0.iter().position(|&byte| byte == 0)?;
    // the version, its zero, and the connection's number
    rest.checked_eat(end + 5)?;
    let mut nonce = rest.checked_eat(8)?.to_vec();
    rest.checked_eat(1)?;
    let low = u32::from(rest.checked_eat_u16_le()?);
    // collation and status
    rest.checked_eat(3)?;
    let high = u32::from(rest.checked_eat_u16_le()?);
    let length = usize::from(rest.checked_eat_u8()?);
    rest.checked_eat(10)?;
    nonce.extend_from_slice(rest.checked_eat(length.saturating_sub(8).max(13))?);
    let name = rest.eat_all();
    Some(Greeting {
        capabilities: CapabilityFlags::from_bits_truncate(high << 16 | low),
        nonce,
        plugin: AuthPlugin::from_bytes(name.split(|&byte| byte == 0).next().unwrap_or_default()).into_owned(),
    })
}

fn supported(plugin: &AuthPlugin<'_>) -> bool {
    match plugin {
        AuthPlugin::MysqlNativePassword | AuthPlugin::CachingSha2Password | AuthPlugin::Ed25519 => true,
        AuthPlugin::MysqlOldPassword
        | AuthPlugin::MysqlClearPassword
        | AuthPlugin::MariadbParsec { .. }
        | AuthPlugin::Other(_) => false,
    }
}

/// The challenge without what follows it: 20 bytes, 32 for ed25519.
fn trimmed<'n>(plugin: &AuthPlugin<'_>, nonce: &'n [u8]) -> Result<&'n [u8], SourceFailure> {
    let length = if *plugin == AuthPlugin::Ed25519 { 32 } else { 20 };
    // an empty challenge may stand where the server will switch the method anyway
    nonce.get(..length).ok_or_else(|| SourceFailure::protocol("the server's challenge is too short"))
}

/// Answers until the server says yes or no.
fn prove(
    wire: &mut Wire,
    endpoint: &Endpoint,
    mut plugin: AuthPlugin<'static>,
    mut nonce: Vec<u8>,
) -> Result<(), SourceFailure> {
    let secret = endpoint.password();
    let password = secret.as_ref().map(ExposeSecret::expose_secret);
    let mut packet = Vec::new();
    // switch, fast path refused, key asked for, password sent, verdict: a server that asks for more is playing
    for _ in 0..8 {
        packet.clear();
        wire.receive(&mut packet)?;
        match packet.as_slice() {
            [0x00, ..] => return Ok(()),
            [0xff, ..] => return Err(denied(SourceFailure::from_packet(&packet))),
            [0xfe] => return Err(refused("mysql_old_password")),
            [0xfe, switch @ ..] => {
                let end = switch.iter().position(|&byte| byte == 0).unwrap_or(switch.len());
                let asked = AuthPlugin::from_bytes(&switch[..end]).into_owned();
                if !supported(&asked) {
                    return Err(refused(&String::from_utf8_lossy(asked.as_bytes())));
                }
                plugin = asked;
                nonce = switch.get(end + 1..).unwrap_or_default().to_vec();
                let answer = plugin.gen_data(password, trimmed(&plugin, &nonce)?);
                wire.send(answer.as_deref().unwrap_or_default())?;
            }
            [0x01, 0x03] if plugin == AuthPlugin::CachingSha2Password => {}
            [0x01, 0x04] if plugin == AuthPlugin::CachingSha2Password => {
                let mut secret = password.unwrap_or_default().as_bytes().to_vec();
                secret.push(0);
                if wire.encrypted() {
                    wire.send(&secret)?;
                } else {
                    wire.send(&[0x02])?;
                }
            }
            [0x01, key @ ..] if plugin == AuthPlugin::CachingSha2Password && !wire.encrypted() => {
                let answer = under_key(password.unwrap_or_default(), &nonce, key)?;
                wire.send(&answer)?;
            }
            _ => return Err(SourceFailure::protocol("the server's login dialogue makes no sense")),
        }
    }
    Err(SourceFailure::protocol("the server's login dialogue does not end"))
}

/// The server's no. Whatever its number: the login was refused, unless the server is merely too busy or going down.
pub(super) fn denied(failure: SourceFailure) -> SourceFailure {
    match failure.class {
        FailureClass::Lost => failure,
        _ => SourceFailure { class: FailureClass::Login, ..failure },
    }
}

/// A login method that is not spoken here.
pub(super) fn refused(method: &str) -> SourceFailure {
    SourceFailure::new(
        FailureClass::Login,
        format!(
            "the server asks for login method `{method}` (MySQL asks at random for a user it does not know); syncc knows \
             caching_sha2_password, client_ed25519 and mysql_native_password"
        ),
    )
}

/// The password, mixed with the challenge, under the server's public key.
fn under_key(password: &str, nonce: &[u8], key: &[u8]) -> Result<Vec<u8>, SourceFailure> {
    let nonce = trimmed(&AuthPlugin::CachingSha2Password, nonce)?;
    if key.len() > KEY_LIMIT {
        return Err(SourceFailure::protocol("the server's public key is too long"));
    }
    let mixed: Vec<u8> = password
        .bytes()
        .chain([0])
        .zip(nonce.iter().cycle())
        .map(|(byte, challenge)| byte ^ challenge)
        .collect();
    // the library panics on what is no key, and on passwords longer than the key can take
    panic::catch_unwind(|| crypto::encrypt(&mixed, key))
        .map_err(|_| SourceFailure::protocol("the server's public key cannot be used for this password"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Tls, TlsMode};
    use crate::source::mysql::io::Session;
    use crate::source::mysql::io::ask;
    use crate::source::mysql::io::row_session::RowSession;
    use proptest::prelude::*;
    use secrecy::SecretString;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::Duration;

    /// Capabilities of a server of today, with or without TLS.
    fn hello(tls: bool, plugin: &str) -> Vec<u8> {
        let mut flags = CapabilityFlags::CLIENT_PROTOCOL_41
            | CapabilityFlags::CLIENT_SECURE_CONNECTION
            | CapabilityFlags::CLIENT_PLUGIN_AUTH
            | CapabilityFlags::CLIENT_LOCAL_FILES;
        flags.set(CapabilityFlags::CLIENT_SSL, tls);
        let flags = flags.bits().to_le_bytes();
        let mut packet = b"\x0a9.7.4\0\x01\0\0\0abcdefgh\0".to_vec();
        packet.extend_from_slice(&flags[..2]);
        packet.extend_from_slice(b"\x2d\x02\0");
        packet.extend_from_slice(&flags[2..]);
        packet.extend_from_slice(b"\x15\0\0\0\0\0\0\0\0\0\0ijklmnopqrst\0");
        packet.extend_from_slice(plugin.as_bytes());
        packet.push(0);
        packet
    }

    /// A way to log in.
    type Login = fn(&Endpoint) -> Result<(), SourceFailure>;

    /// Long enough for every answer.
    const PATIENT: Duration = Duration::from_secs(10);

    /// The connection of our own.
    const OWN: Login = |endpoint| RowSession::open(endpoint, &ask::nobody(), PATIENT).map(drop);

    /// The driver.
    const DRIVER: Login = |endpoint| Session::open(endpoint, None).map(drop);

    /// A server that says its lines to each who connects, each after a packet of the client but the first, whatever that packet
    /// holds. Returns the failure of the login and all that the client sent.
    fn check(mode: TlsMode, lines: &[Vec<u8>], login: Login, deadline: Duration) -> (SourceFailure, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let address = listener.local_addr().expect("bound");
        let over = AtomicBool::new(false);
        let tls = Tls::mode(mode);
        let password = Some(SecretString::from("open sesame"));
        let endpoint = Endpoint::new("127.0.0.1", address.port(), "cdc", password, &tls, Path::new("/"))
            .expect("usable")
            .with_deadline(deadline);
        let serve = || {
            let mut heard = Vec::new();
            for socket in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                serve(socket.expect("a client"), lines, &mut heard);
            }
            heard
        };
        thread::scope(|scope| {
            let server = scope.spawn(serve);
            let failure = login(&endpoint).expect_err("a session with a false server");
            over.store(true, Ordering::Relaxed);
            TcpStream::connect(address).expect("it listens");
            (failure, server.join().expect("the server ended"))
        })
    }

    fn serve(mut socket: TcpStream, lines: &[Vec<u8>], heard: &mut Vec<u8>) {
        // A client that was let in waits for an answer of its own.
        socket.set_read_timeout(Some(PATIENT)).expect("a socket");
        let mut sequence = 0;
        for line in lines {
            let mut packet = (line.len() as u32).to_le_bytes()[..3].to_vec();
            packet.push(sequence);
            packet.extend(line);
            let _ = socket.write_all(&packet);
            let mut bytes = [0; 4096];
            let count = socket.read(&mut bytes).unwrap_or(0);
            heard.extend_from_slice(&bytes[..count]);
            // the client answers with the next number, and begins each command at 0
            sequence = bytes[3].wrapping_add(1);
        }
    }

    #[track_caller]
    fn refuses(mode: TlsMode, lines: &[Vec<u8>], class: FailureClass, says: &str) {
        for login in [OWN, DRIVER] {
            let (failure, heard) = check(mode, lines, login, PATIENT);
            assert_eq!(failure.class, class, "{failure}");
            assert!(failure.message.contains(says), "{failure}");
            assert!(!failure.message.contains("sesame"), "{failure}");
            assert!(!heard.windows(6).any(|window| window == b"sesame"), "the password went out");
        }
    }

    #[test]
    fn the_password_never_goes_out_in_clear() {
        let native = || hello(false, "mysql_native_password");
        let switch = |plugin: &str| [b"\xfe", plugin.as_bytes(), b"\0abcdefghijklmnopqrst\0"].concat();
        let login = FailureClass::Login;
        refuses(TlsMode::Off, &[native(), switch("mysql_clear_password")], login, "`mysql_clear_password`");
        refuses(TlsMode::Off, &[native(), switch("dialog")], login, "`dialog`");
        refuses(TlsMode::Off, &[native(), b"\xfe".to_vec()], login, "`mysql_old_password`");
        // the whole password is asked for on a plain line: only under a key, and this is none
        let sha = hello(false, "caching_sha2_password");
        let key = b"\x01-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----".to_vec();
        refuses(TlsMode::Off, &[sha, b"\x01\x04".to_vec(), key], FailureClass::Protocol, "public key");
    }

    #[test]
    fn a_line_that_should_be_encrypted_is_or_there_is_none() {
        let says = "offers no TLS";
        refuses(TlsMode::Require, &[hello(false, "mysql_native_password")], FailureClass::Tls, says);
        for login in [OWN, DRIVER] {
            let (failure, _) = check(
                TlsMode::Require,
                &[hello(true, "mysql_native_password"), b"plain".to_vec()],
                login,
                PATIENT,
            );
            assert!(matches!(failure.class, FailureClass::Tls | FailureClass::Lost), "{failure}");
        }
    }

    #[test]
    fn files_are_never_sent() {
        let ok = b"\0\0\0\x02\0\0\0".to_vec();
        let lines = [hello(false, "mysql_native_password"), ok, b"\xfb/etc/passwd".to_vec()];
        refuses(TlsMode::Off, &lines, FailureClass::Protocol, "file");
    }

    proptest! {
        // each waits for its deadline
        #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

        #[test]
        fn no_dialogue_makes_us_panic(
            plugin in "caching_sha2_password|mysql_native_password|client_ed25519|[a-z]{0,9}",
            answers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4),
        ) {
            let mut lines = vec![hello(false, &plugin)];
            lines.extend(answers);
            for login in [OWN, DRIVER] {
                check(TlsMode::Off, &lines, login, Duration::from_millis(50));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn no_greeting_makes_us_panic(tail in prop::collection::vec(any::<u8>(), 0..90), at in 0_usize..70, byte: u8) {
            greeting(&tail);
            let mut whole = hello(true, "caching_sha2_password");
            let at = at % whole.len();
            whole[at] = byte;
            greeting(&whole);
            greeting(&whole[..at]);
        }
    }
}
