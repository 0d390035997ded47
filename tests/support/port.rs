//! Ports for servers.
//!
//! Taken below 32768, where the system's own range for outgoing connections begins: in that range a client's socket
//! now and then sits on the port between the choice and the start of the server. Whoever starts a server still has
//! to try again when it finds its port taken.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;

/// Ports this process has given out; none is given twice, since a server may not have bound its own yet.
static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A port of the loopback address that was free a moment ago.
pub(crate) fn free() -> u16 {
    let mut given = GIVEN.lock().expect("no test panics while it holds this lock");
    let given = given.get_or_insert_default();
    loop {
        let random = RandomState::new().hash_one(given.len());
        let port = 10_000 + (random % 22_000) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() && given.insert(port) {
            return port;
        }
    }
}
