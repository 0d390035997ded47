//! A server that asks for files of this machine gets none.

use super::tls;
use secrecy::SecretString;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;
use syncc::mysql::position::{Flavor, ServerIdentity};
use syncc::plan::TlsMode;
use syncc::source::mysql::io::{ChunkReader, Endpoint, Session};

/// What a login offers: protocol 4.1, plugins, files of the client, several statements.
const CAPABILITIES: u32 = 0x000b_a28f;

/// How long the server waits for what a client sends.
const PATIENCE: Duration = Duration::from_secs(10);

/// A packet with its number.
fn packet(number: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = (payload.len() as u32).to_le_bytes()[..3].to_vec();
    packet.push(number);
    packet.extend_from_slice(payload);
    packet
}

/// The next packet; none when the client has gone.
fn receive(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = [0; 4];
    client.read_exact(&mut head).ok()?;
    let mut payload = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
    client.read_exact(&mut payload).ok()?;
    Some(payload)
}

/// A server that lets one client in and answers the first thing that it asks with the wish for a file. What the client sends
/// then comes back.
fn asks_for(file: &Path) -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("it is bound").port();
    let file = file.display().to_string();
    let server = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client");
        client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut greeting = vec![10];
        greeting.extend_from_slice(b"8.0.36\0\x07\0\0\0abcdefgh\0");
        greeting.extend_from_slice(&(CAPABILITIES as u16).to_le_bytes());
        greeting.extend_from_slice(&[45, 2, 0]);
        greeting.extend_from_slice(&((CAPABILITIES >> 16) as u16).to_le_bytes());
        greeting.push(21);
        greeting.extend_from_slice(&[0; 10]);
        greeting.extend_from_slice(b"ijklmnopqrst\0mysql_native_password\0");
        client.write_all(&packet(0, &greeting)).expect("the client reads");
        receive(&mut client).expect("a login");
        client.write_all(&packet(2, &[0, 0, 0, 2, 0, 0, 0])).expect("the client reads");
        receive(&mut client).expect("a question");
        let mut wish = vec![0xfb];
        wish.extend_from_slice(file.as_bytes());
        client.write_all(&packet(1, &wish)).expect("the client reads");
        let mut sent = Vec::new();
        // to the end of the connection, which has to come
        client.read_to_end(&mut sent).expect("the client hangs up");
        sent
    });
    (port, server)
}

/// True when the client sent nothing but ends: an empty packet, which says that no file comes, and its leave.
fn is_nothing(mut sent: &[u8]) -> bool {
    while let [size, 0, 0, _, rest @ ..] = sent {
        match (size, rest) {
            (0, rest) => sent = rest,
            // COM_QUIT
            (1, [1, rest @ ..]) => sent = rest,
            _ => return false,
        }
    }
    sent.is_empty()
}

#[test]
fn a_server_that_asks_for_a_file_gets_none_and_is_left() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("secret");
    std::fs::write(&file, "sesame").expect("writable");
    let anybody = ServerIdentity { flavor: Flavor::MySql, uuid: String::new(), server_id: 0 };
    for by_driver in [true, false] {
        let (port, server) = asks_for(&file);
        let password = Some(SecretString::from("open"));
        let endpoint = Endpoint::new("127.0.0.1", port, "cdc", password, &tls(TlsMode::Off), Path::new("/"))
            .expect("usable");
        let entered = match by_driver {
            true => Session::open(&endpoint, None).map(drop),
            false => ChunkReader::open(&endpoint, &anybody).map(drop),
        };
        let sent = server.join().expect("the server ends");
        assert!(entered.is_err(), "it goes on with such a server");
        assert!(is_nothing(&sent), "{:?}", String::from_utf8_lossy(&sent));
    }
}
