//! What is told over HTTP, to whom, and what is not.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use serde_json::Value;

use crate::support::program::Running;
use crate::support::shop::{CANARY, SOON, Shop, event, finished};
use crate::support::{Kafka, Kind, MySql, wait};

const TOKEN: &str = "0123456789abcdef-token";

fn shop(name: &str) -> Shop<'static> {
    Shop::new(name, MySql::shared(Kind::MariaDb10_11), Kafka::shared())
}

/// Where a running syncc listens.
#[track_caller]
pub(crate) fn address(syncc: &Running) -> SocketAddr {
    let started = event(&syncc.stderr(), "process.started").filter(|event| event["level"] == "info");
    let all = syncc.stderr();
    let text = started.map(|event| event["msg"].to_string()).unwrap_or(all);
    let at = text.split("listens at ").nth(1).expect("it says where");
    let at: String = at.chars().take_while(|sign| !matches!(sign, '"' | ' ' | '\n')).collect();
    at.parse().expect("an address")
}

/// Sends lines of a request and reads the answer to its end: the code and the rest.
fn ask(address: SocketAddr, lines: &[&str]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let _ = stream.write_all(format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes());
    let mut bytes = Vec::new();
    // a server that closes before it has read everything resets the connection
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let code = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    (code, text)
}

/// Code and answer of a GET.
pub(crate) fn get(address: SocketAddr, path: &str) -> (u16, String) {
    ask(address, &[&format!("GET {path} HTTP/1.1"), "Host: localhost"])
}

#[test]
fn it_tells_whether_it_lives_and_what_runs() {
    let shop = shop("http");
    shop.save();
    let mut syncc = shop.start(&["--listen", "127.0.0.1:0"]);
    shop.wait_streaming(&mut syncc);
    let at = address(&syncc);
    // somebody who never ends his request
    let mut slow = TcpStream::connect(at).expect("it listens");
    slow.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").expect("it is read");

    assert_eq!(get(at, "/livez").0, 200);
    let (code, ready) = get(at, "/readyz");
    assert!(code == 200 && ready.contains("tasks streaming 1"), "{ready}");
    assert!(!ready.contains("shop"), "no names: {ready}");
    let (code, page) = get(at, "/");
    assert!(code == 200 && page.contains("shop.shop.bus  streaming"), "{page}");
    for header in ["content-type: text/plain", "x-content-type-options: nosniff", "cache-control: no-store"] {
        assert!(page.contains(header), "{page}");
    }
    assert!(!page.contains("access-control"), "{page}");
    let (code, status) = get(at, "/status");
    let body = status.split("\r\n\r\n").nth(1).expect("a body");
    let status: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(
        (code, &status["version"], &status["tasks"][0]["state"]),
        (200, &1.into(), &"streaming".into())
    );
    let labels = "pipeline=\"shop\",source=\"shop\",target=\"bus\"";
    let at_rest = format!("syncc_lag_seconds{{{labels}}} 0.0\n");
    let (code, metrics) = wait::until("nothing waits any more", SOON, || {
        let (code, metrics) = get(at, "/metrics");
        if metrics.contains(&at_rest) { Ok((code, metrics)) } else { Err(metrics) }
    });
    for line in [
        format!("syncc_rows_total{{{labels},op=\"read\"}} 3\n"),
        format!("syncc_task_state{{{labels},state=\"streaming\"}} 1.0\n"),
        format!("syncc_snapshot_rows_done{{{labels},table=\"{}.items\"}} 3.0\n", shop.db),
        "syncc_config_generation 1.0\n".to_owned(),
        "syncc_config_refused 0.0\n".to_owned(),
    ] {
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
    assert!(code == 200 && metrics.contains("application/openmetrics-text") && metrics.ends_with("# EOF\n"));
    for text in [&ready, &page, &metrics, body] {
        assert!(!text.contains(CANARY), "{text}");
    }

    // what is not answered
    assert_eq!(get(at, "/other").0, 404);
    assert_eq!(ask(at, &["POST /status HTTP/1.1", "Host: localhost", "Content-Length: 0"]).0, 405);
    assert_eq!(ask(at, &["GET /status HTTP/1.1", "Host: evil.example"]).0, 421);
    assert_eq!(ask(at, &["GET /livez HTTP/1.1", "Host: evil.example"]).0, 200);
    let long = format!("X-Long: {}", "x".repeat(1 << 20));
    let (code, _) = ask(at, &["GET /status HTTP/1.1", "Host: localhost", &long]);
    assert!(code == 431 || code == 0, "a head of 1 MiB is answered with {code}");
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest);
    let rest = String::from_utf8_lossy(&rest).into_owned();
    assert!(!rest.contains("200 OK"), "who is slow is left: {rest}");
    let _ = slow.shutdown(Shutdown::Both);

    // a refused edit leaves it ready, and shows
    shop.project.write("shop.sync", &shop.file().replace("to bus {", "to buss {"));
    shop.wait_refused(&mut syncc, Some("S0101"));
    assert!(get(at, "/metrics").1.contains("syncc_config_refused 1.0\n"));
    let (code, ready) = get(at, "/readyz");
    assert!(code == 200 && ready.contains("stale configuration 1"), "{ready}");
    shop.stop(&mut syncc);
}

#[test]
fn names_are_for_who_has_the_token() {
    let shop = shop("token");
    shop.save();
    shop.project.write("token", &format!("{TOKEN}\n"));
    let mut syncc = shop.start(&["--listen", "0", "--listen-token-file", "token"]);
    shop.wait_streaming(&mut syncc);
    let at = address(&syncc);
    assert_eq!(get(at, "/livez").0, 200);
    assert_eq!(get(at, "/readyz").0, 200);
    for path in ["/", "/status", "/metrics", "/other"] {
        assert_eq!(get(at, path).0, 401, "{path}");
        let wrong = format!("Authorization: Bearer {}", TOKEN.replace('t', "T"));
        assert_eq!(ask(at, &[&format!("GET {path} HTTP/1.1"), "Host: localhost", &wrong]).0, 401);
    }
    let right = format!("Authorization: Bearer {TOKEN}");
    assert_eq!(ask(at, &["GET /status HTTP/1.1", "Host: localhost", &right]).0, 200);
    syncc.signal(rustix::process::Signal::TERM);
    let said = finished(&mut syncc, 0);
    assert!(!said.contains(TOKEN), "{said}");

    let mut open = shop.start(&["--listen", "0.0.0.0:0"]);
    let said = finished(&mut open, 2);
    assert!(said.contains("is reachable from other machines") && said.contains("--listen-open"), "{said}");
}

#[test]
fn it_speaks_tls() {
    use openssl::ssl::{SslConnector, SslMethod};
    let shop = shop("https");
    shop.save();
    let tls = shop.kafka.ca_file();
    let tls = tls.parent().expect("beside the certificate").to_owned();
    let file = |name: &str| tls.join(name).display().to_string();
    let (cert, key) = (file("broker.crt"), file("broker.key"));
    let listen = ["--listen", "127.0.0.1:0", "--listen-tls-cert", &cert, "--listen-tls-key", &key];
    let mut syncc = shop.start(&listen);
    shop.wait_streaming(&mut syncc);
    let at = address(&syncc);
    let mut builder = SslConnector::builder(SslMethod::tls_client()).expect("OpenSSL");
    builder.set_ca_file(file("ca.crt")).expect("a certificate");
    let stream = TcpStream::connect(at).expect("it listens");
    let mut stream = builder.build().connect("localhost", stream).expect("the chain is right");
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it is read");
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
    assert!(!get(at, "/livez").1.contains("200"), "plain text is not answered");
    shop.stop(&mut syncc);
    let mut wrong = shop.start(&["--listen", "0", "--listen-tls-cert", &key, "--listen-tls-key", &cert]);
    let said = finished(&mut wrong, 2);
    assert!(said.contains("cannot be used"), "{said}");
}
