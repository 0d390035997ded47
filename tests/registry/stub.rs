//! A registry that behaves as told, over plain HTTP or TLS.

use openssl::ssl::{SslAcceptor, SslFiletype, SslMethod, SslVerifyMode};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// As a registry without rules.
    Works,
    /// With this status, and a text.
    Says(u16, String),
    /// With a place to go to.
    Redirects(String),
    /// Not at all.
    Hangs,
    /// With more bytes than anybody wants.
    Floods,
    /// Registers nothing: every schema is refused.
    Refuses,
}

struct State {
    mood: Mood,
    /// Schemas by subject, oldest first.
    subjects: BTreeMap<String, Vec<(u32, String)>>,
    /// `METHOD PATH` of all requests, and the login they had.
    asked: Vec<(String, Option<String>)>,
}

/// A stub that lives as long as the process: its thread ends with its listener.
#[derive(Clone)]
pub(super) struct Stub {
    state: Arc<Mutex<State>>,
    address: String,
    scheme: &'static str,
}

/// Certificate, key and the authority that clients must be signed by, if any.
pub(super) struct Tls<'a> {
    pub(super) certificate: &'a Path,
    pub(super) key: &'a Path,
    pub(super) clients_of: Option<&'a Path>,
}

impl Stub {
    pub(super) fn start(tls: Option<Tls<'_>>) -> Stub {
        let acceptor = tls.as_ref().map(|tls| {
            let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).expect("OpenSSL works");
            builder.set_certificate_chain_file(tls.certificate).expect("a certificate");
            builder.set_private_key_file(tls.key, SslFiletype::PEM).expect("a key");
            if let Some(ca) = tls.clients_of {
                builder.set_ca_file(ca).expect("an authority");
                builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
            }
            Arc::new(builder.build())
        });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let state = State { mood: Mood::Works, subjects: BTreeMap::new(), asked: Vec::new() };
        let stub = Stub {
            state: Arc::new(Mutex::new(state)),
            address: listener.local_addr().expect("bound").to_string(),
            scheme: if tls.is_some() { "https" } else { "http" },
        };
        let served = stub.clone();
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (served, acceptor) = (served.clone(), acceptor.clone());
                std::thread::spawn(move || match acceptor {
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(socket) {
                            served.serve(stream);
                        }
                    }
                    None => served.serve(socket),
                });
            }
        });
        stub
    }

    pub(super) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    pub(super) fn set(&self, mood: Mood) {
        self.lock().mood = mood;
    }

    /// What was asked since the last call.
    pub(super) fn asked(&self) -> Vec<(String, Option<String>)> {
        std::mem::take(&mut self.lock().asked)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request after the other, until the client goes.
    fn serve<S: Read + Write>(&self, mut stream: S) {
        let mut buffer = Vec::new();
        while let Some((head, body)) = request(&mut stream, &mut buffer) {
            let line = head.lines().next().unwrap_or_default();
            let line = line.strip_suffix(" HTTP/1.1").unwrap_or(line).to_owned();
            let login = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("authorization").then(|| value.to_owned())
            });
            let (status, extra, answer) = {
                let mut state = self.lock();
                state.asked.push((line.clone(), login));
                match state.mood.clone() {
                    Mood::Works => state.answer(&line, &body),
                    Mood::Says(status, text) => (status, String::new(), text),
                    Mood::Redirects(place) => (307, format!("location: {place}\r\n"), String::new()),
                    Mood::Refuses if line.starts_with("POST") && line.ends_with("/versions") => {
                        (409, String::new(), "{\"error_code\":409,\"message\":\"no\"}".to_owned())
                    }
                    Mood::Refuses => state.answer(&line, &body),
                    Mood::Floods => {
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
                        drop(state);
                        let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
                        while stream.write_all(&chunk).is_ok() {}
                        return;
                    }
                    Mood::Hangs => {
                        drop(state);
                        while self.lock().mood == Mood::Hangs {
                            std::thread::sleep(Duration::from_millis(20));
                        }
                        return;
                    }
                }
            };
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{extra}\r\n", answer.len());
            if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(answer.as_bytes())).is_err() {
                return;
            }
        }
    }
}

impl State {
    fn answer(&mut self, line: &str, body: &str) -> (u16, String, String) {
        let missing =
            || (404, String::new(), "{\"error_code\":40401,\"message\":\"no such subject\"}".to_owned());
        let ok = |text: String| (200, String::new(), text);
        let (method, path) = line.split_once(' ').unwrap_or_default();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match (method, parts.as_slice()) {
            ("GET", ["config"]) => ok("{\"compatibilityLevel\":\"NONE\"}".into()),
            ("GET" | "PUT", ["config", _]) => ok("{\"compatibilityLevel\":\"BACKWARD\"}".into()),
            ("POST", ["subjects", subject, "versions"]) => {
                let schema: serde_json::Value = serde_json::from_str(body).expect("JSON");
                let schema = schema["schema"].as_str().expect("a schema").to_owned();
                let known = self.subjects.values().flatten().find(|(_, known)| *known == schema);
                let next = self.subjects.values().map(Vec::len).sum::<usize>() as u32 + 1;
                let id = known.map_or(next, |(id, _)| *id);
                let versions = self.subjects.entry((*subject).to_owned()).or_default();
                if !versions.iter().any(|(known, _)| *known == id) {
                    versions.push((id, schema));
                }
                ok(format!("{{\"id\":{id}}}"))
            }
            ("POST", ["subjects", subject]) => {
                let schema: serde_json::Value = serde_json::from_str(body).expect("JSON");
                let versions = self.subjects.get(*subject).into_iter().flatten();
                let mut known = versions.filter(|(_, known)| schema["schema"] == **known);
                known.next().map_or_else(missing, |(id, _)| ok(format!("{{\"id\":{id}}}")))
            }
            ("GET", ["subjects", subject, "versions", "latest"]) => match self.subjects.get(*subject) {
                Some(versions) => {
                    let (id, schema) = versions.last().expect("not empty");
                    ok(serde_json::json!({ "subject": subject, "id": id, "schema": schema }).to_string())
                }
                None => missing(),
            },
            ("POST", ["compatibility", "subjects", subject, "versions", "latest"]) => {
                match self.subjects.get(*subject) {
                    Some(_) => ok("{\"is_compatible\":true}".into()),
                    None => missing(),
                }
            }
            _ => (404, String::new(), "no such path".into()),
        }
    }
}

/// The head of the next request and its body; none at the end.
fn request(stream: &mut impl Read, buffer: &mut Vec<u8>) -> Option<(String, String)> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(buffer[..end].to_vec()).ok()?;
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
            });
            let whole = end + 4 + length.unwrap_or(0);
            if buffer.len() >= whole {
                let body = String::from_utf8(buffer[end + 4..whole].to_vec()).ok()?;
                buffer.drain(..whole);
                return Some((head, body));
            }
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(read) => buffer.extend_from_slice(&piece[..read]),
        }
    }
}
