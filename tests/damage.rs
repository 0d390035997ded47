//! Events that come damaged: from the way, which is taken once more, or from where they are stored.

use crate::support::shop::{Shop, error, event};
use crate::support::{Kafka, Kind, MySql};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Stands in the row whose event is damaged.
const MARK: &[u8] = b"damage-me";

/// A way to a server on which one bit behind [`MARK`] turns, as often as `times` says. Its address.
fn noisy(server: &MySql, times: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    let (to, left) = (server.address(), Arc::new(AtomicUsize::new(times)));
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(&to) else { continue };
            let pair = || (client.try_clone().expect("a handle"), server.try_clone().expect("a handle"));
            let ((from_client, to_server), (to_client, from_server), left) = (pair(), pair(), left.clone());
            thread::spawn(move || copy(from_client, to_server, &AtomicUsize::new(0)));
            thread::spawn(move || copy(from_server, to_client, &left));
        }
    });
    address
}

fn copy(mut from: TcpStream, mut to: TcpStream, left: &AtomicUsize) {
    let mut bytes = vec![0; 1 << 20];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        let found = bytes[..length].windows(MARK.len()).position(|window| window == MARK);
        let turn = |left: usize| left.checked_sub(1);
        if let Some(at) = found
            && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, turn).is_ok()
        {
            bytes[at + MARK.len() - 1] ^= 1;
        }
        if to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

fn insert(shop: &Shop<'_>) {
    shop.sql().run("insert into items values (4, 'c4n4ry damage-me')");
}

#[test]
fn on_the_way_it_is_read_once_more() {
    for kind in [Kind::MySql9_7, Kind::MariaDb10_11] {
        let server = MySql::shared(kind);
        let mut shop = Shop::new("damage", server, Kafka::shared());
        shop.text.rules = "  start now\n".to_owned();
        shop.text.address = noisy(server, 1);
        let mut syncc = shop.run();
        shop.insert("items", &[5]);
        insert(&shop);
        shop.insert("items", &[6]);
        shop.wait_ids("items", &[4, 5, 6]);
        let told = event(&syncc.stderr(), "task.retrying").expect("it is logged");
        assert_eq!(told["error"]["kind"], "damaged", "{told}");
        assert!(told["msg"].as_str().is_some_and(|text| text.contains("it is read once more")), "{told}");
        shop.stop(&mut syncc);
    }
}

/// Without a look at checksums the damage is a row like any other.
#[cfg(feature = "planted-bugs")]
#[test]
fn a_missing_look_at_checksums_is_found() {
    let server = MySql::shared(Kind::MariaDb10_11);
    let mut shop = Shop::new("unlooked", server, Kafka::shared());
    shop.text.rules = "  start now\n".to_owned();
    shop.text.address = noisy(server, 1);
    shop.save();
    let bug = [("SYNCC_PLANTED_BUG", "no-checksum")];
    let mut syncc = shop.project.start_with(&["run", "--log", "json"], &bug);
    shop.wait_streaming(&mut syncc);
    insert(&shop);
    shop.wait_ids("items", &[4]);
    shop.stop(&mut syncc);
    assert!(event(&syncc.stderr(), "task.retrying").is_none(), "it is not noticed");
    let topic = format!("{}.items", shop.prefix);
    let sent = shop.kafka.consume(&topic, crate::support::Isolation::ReadCommitted);
    assert!(!sent[0].text().contains("damage-me"), "the row is another one: {}", sent[0].text());
}

#[test]
fn twice_at_one_place_stops_the_task() {
    let server = MySql::shared(Kind::MySql9_7);
    let mut shop = Shop::new("damage", server, Kafka::shared());
    shop.text.rules = "  start now\n".to_owned();
    shop.text.address = noisy(server, usize::MAX);
    let mut syncc = shop.run();
    insert(&shop);
    let said = error(&crate::support::shop::finished(&mut syncc, 25));
    assert!(said.contains("checksum of the event") && said.contains("came damaged twice"), "{said}");
    assert!(said.contains("binlog."), "the place is told: {said}");
}

#[test]
fn where_it_is_stored_it_stops_the_task() {
    for kind in [Kind::MySql9_7, Kind::MariaDb10_11] {
        let server = MySql::start(kind, &[]);
        let mut shop = Shop::new("damage", &server, Kafka::shared());
        shop.text.rules = "  start now\n".to_owned();
        let mut syncc = shop.run();
        shop.stop(&mut syncc);
        insert(&shop);
        let file = server.folder().join("data/binlog.000001");
        let mut bytes = std::fs::read(&file).expect("the log is there");
        let at = bytes.windows(MARK.len()).rposition(|window| window == MARK).expect("it is in the log");
        bytes[at] ^= 1;
        std::fs::write(&file, &bytes).expect("the log is written");
        let said = error(&shop.ends(&[], 25));
        assert!(said.contains("came damaged twice"), "{kind:?}: {said}");
    }
}
