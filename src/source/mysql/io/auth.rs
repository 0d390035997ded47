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
pub(super) struct Greeting {
    /// Version text; MariaDB may put `5.5.5-` before its own.
    pub(super) version: String,
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

/// Logs in over a fresh socket. `program` names the connection in the server's list of connections.
pub(super) fn login(
    mut wire: Wire,
    endpoint: &Endpoint,
    program: &str,
) -> Result<(Wire, Greeting), SourceFailure> {
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
        wire = wire.encrypt(tls.connection()?)?;
    }

    // a server whose default method we do not know may still have another one for our user: it will say so
    let proposed = Some(greeting.plugin.clone()).filter(supported);
    let plugin = proposed.unwrap_or(AuthPlugin::MysqlNativePassword);
    let nonce = greeting.nonce.clone();
    let password = endpoint.password().map(ExposeSecret::expose_secret);
    let scramble = plugin.gen_data(password, trimmed(&plugin, &nonce)?);
    let attributes = HashMap::from([
        ("_client_name".to_owned(), "syncc".to_owned()),
        ("_client_version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("program_name".to_owned(), program.to_owned()),
    ]);
    let mut response = Vec::new();
    HandshakeResponse::new(
        scramble.as_ref().map(|data| data.to_vec()),
        (8, 0, 0),
        Some(endpoint.user().as_bytes()),
        None::<Vec<u8>>,
        Some(plugin.borrow()),
        flags,
        flags.contains(CapabilityFlags::CLIENT_CONNECT_ATTRS).then_some(attributes),
        u32::MAX,
    )
    .serialize(&mut response);
    wire.send(&response)?;
    prove(&mut wire, endpoint, plugin, nonce)?;
    Ok((wire, greeting))
}

/// Reads the greeting. By hand: the driver's reader overflows on some lengths.
/// Source: `Protocol::HandshakeV10` of MySQL's documentation.
fn greeting(packet: &[u8]) -> Option<Greeting> {
    let mut rest = ParseBuf(packet.get(1..)?);
    let end = rest.0.iter().position(|&byte| byte == 0)?;
    let version = String::from_utf8_lossy(rest.checked_eat(end)?).into_owned();
    // the zero, and the connection's number
    rest.checked_eat(5)?;
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
        version,
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
    let password = endpoint.password().map(ExposeSecret::expose_secret);
    let mut packet = Vec::new();
    // switch, fast path refused, key asked for, password sent, verdict: a server that asks for more is playing
    for _ in 0..8 {
        packet.clear();
        wire.receive(&mut packet)?;
        match packet.as_slice() {
            [0x00, ..] => return Ok(()),
            [0xff, ..] => {
                let failure = SourceFailure::from_packet(&packet);
                // whatever the number: the login was refused, unless the server is merely too busy or going down
                return Err(match failure.class {
                    FailureClass::Lost | FailureClass::Login => failure,
                    _ => SourceFailure { class: FailureClass::Login, ..failure },
                });
            }
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

fn refused(method: &str) -> SourceFailure {
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
    use proptest::prelude::*;
    use secrecy::SecretString;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::path::Path;
    use std::thread;

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

    /// A server that says its lines, each after a packet of the client but the first, whatever that packet holds. Returns the failure
    /// of the session and all that the client sent.
    fn check(mode: TlsMode, lines: Vec<Vec<u8>>) -> (SourceFailure, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let server = thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("a client");
            let mut heard = Vec::new();
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
            heard
        });
        let tls =
            Tls { mode, because: None, ca: None, identity: None, server_name: None, off_on_loopback: false };
        let password = Some(SecretString::from("open sesame"));
        let endpoint =
            Endpoint::new("127.0.0.1", port, "cdc", password, &tls, Path::new("/")).expect("usable");
        let failure = match Session::open(&endpoint, None) {
            Ok(_) => panic!("a session with a false server"),
            Err(failure) => failure,
        };
        (failure, server.join().expect("the server ended"))
    }

    #[track_caller]
    fn refuses(mode: TlsMode, lines: Vec<Vec<u8>>, class: FailureClass, says: &str) {
        let (failure, heard) = check(mode, lines);
        assert_eq!(failure.class, class, "{failure}");
        assert!(failure.message.contains(says), "{failure}");
        assert!(!heard.windows(6).any(|window| window == b"sesame"), "the password went out");
    }

    #[test]
    fn the_password_never_goes_out_in_clear() {
        let native = || hello(false, "mysql_native_password");
        let switch = |plugin: &str| [b"\xfe", plugin.as_bytes(), b"\0abcdefghijklmnopqrst\0"].concat();
        let login = FailureClass::Login;
        refuses(
            TlsMode::Off,
            vec![native(), switch("mysql_clear_password")],
            login,
            "`mysql_clear_password`",
        );
        refuses(TlsMode::Off, vec![native(), switch("dialog")], login, "`dialog`");
        refuses(TlsMode::Off, vec![native(), b"\xfe".to_vec()], login, "`mysql_old_password`");
        // the whole password is asked for on a plain line: only under a key, and this is none
        let sha = hello(false, "caching_sha2_password");
        let key = b"\x01-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----".to_vec();
        refuses(TlsMode::Off, vec![sha, b"\x01\x04".to_vec(), key], FailureClass::Protocol, "public key");
    }

    #[test]
    fn a_line_that_should_be_encrypted_is_or_there_is_none() {
        let says = "offers no TLS";
        refuses(TlsMode::Require, vec![hello(false, "mysql_native_password")], FailureClass::Tls, says);
        let (failure, _) =
            check(TlsMode::Require, vec![hello(true, "mysql_native_password"), b"plain".to_vec()]);
        assert!(matches!(failure.class, FailureClass::Tls | FailureClass::Lost), "{failure}");
    }

    #[test]
    fn files_are_never_sent() {
        let ok = b"\0\0\0\x02\0\0\0".to_vec();
        let lines = vec![hello(false, "mysql_native_password"), ok, b"\xfb/etc/passwd".to_vec()];
        refuses(TlsMode::Off, lines, FailureClass::Protocol, "file");
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
