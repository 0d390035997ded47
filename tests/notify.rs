//! What a service manager is told, as one that listens to a datagram socket hears it.

use rustix::process::Signal;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use crate::support::shop::{SOON, Shop, finished};
use crate::support::{Kafka, Kind, MySql};

/// The manager's end.
struct Manager(UnixDatagram);

impl Manager {
    /// The next message with a line that begins so; messages before it are passed over.
    #[track_caller]
    fn hears(&self, line: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(SOON);
        let mut bytes = [0; 4_096];
        let mut heard = Vec::new();
        while Instant::now() < deadline {
            let Ok(len) = self.0.recv(&mut bytes) else { continue };
            let message = String::from_utf8(bytes[..len].to_vec()).expect("text");
            if message.lines().any(|one| one.starts_with(line)) {
                return message;
            }
            heard.push(message);
        }
        panic!("{line} was not heard, but {heard:?}")
    }
}

#[test]
fn a_manager_hears_when_it_is_ready_looks_lives_and_stops() {
    let shop = Shop::new("notify", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    shop.save();
    let socket = shop.project.folder().join("notify.socket");
    let listens = UnixDatagram::bind(&socket).expect("a socket can be made in the project's folder");
    listens.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
    let manager = Manager(listens);
    let socket = socket.display().to_string();
    let environment = [("NOTIFY_SOCKET", socket.as_str()), ("WATCHDOG_USEC", "4000000")];
    let mut syncc = shop.project.start_with(&["run", "--log", "json"], &environment);

    let ready = manager.hears("READY=1");
    assert!(ready.lines().any(|line| line.starts_with("STATUS=generation ")), "{ready}");
    // half of the time that is allowed, again and again
    manager.hears("WATCHDOG=1");
    manager.hears("WATCHDOG=1");
    syncc.signal(Signal::HUP);
    let reloading = manager.hears("RELOADING=1");
    assert!(reloading.lines().any(|line| line.starts_with("MONOTONIC_USEC=")), "{reloading}");
    manager.hears("READY=1");
    syncc.signal(Signal::TERM);
    manager.hears("STOPPING=1");
    finished(&mut syncc, 0);
}
