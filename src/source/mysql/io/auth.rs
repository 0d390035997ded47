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
use mysql_common::packets::{AuthPlugin, HandshakePacket, HandshakeResponse, SslRequest};
use mysql_common::proto::{MyDeserialize, MySerialize};
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::panic;

/// What the server says of itself before anybody has logged in.
#[derive(Debug, Clone)]
pub(super) struct Greeting {
    /// Version text; MariaDB may put `5.5.5-` before its own.
    pub(super) version: String,
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
    let hello = HandshakePacket::deserialize((), &mut ParseBuf(&packet))
        .map_err(|_| SourceFailure::protocol("the server's greeting is cut"))?;
    let greeting = Greeting { version: hello.server_version_str().into_owned() };
    let offered = hello.capabilities();
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

    let nonce = hello.nonce();
    let offered_plugin = hello.auth_plugin().map(AuthPlugin::into_owned);
    // a server whose default method we do not know may still have another one for our user: it will say so
    let plugin = offered_plugin.filter(supported).unwrap_or(AuthPlugin::MysqlNativePassword);
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
