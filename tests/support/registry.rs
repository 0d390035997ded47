//! Schema registries: a real one, and what reads messages with it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use super::process::Process;
use super::run::{Run, installed, tail};
use super::{port, wait};

/// Name of the installed part.
const PART: &str = "registry-3.0";

/// Seconds until it must answer; it needs six on a quiet machine.
const START_SECONDS: u64 = 180;

/// Confluent's interface, below the address.
const PATH: &str = "/apis/ccompat/v7";

/// A registry with an empty store, which it forgets when it ends.
pub(crate) struct Registry {
    port: u16,
    login: bool,
    _process: Process,
}

impl Registry {
    /// A user of a registry with logins.
    pub(crate) const USER: &str = "reguser";
    /// The password of [`Registry::USER`].
    pub(crate) const PASSWORD: &str = "regpw";

    /// Starts one that this test alone uses, with logins or without.
    #[track_caller]
    pub(crate) fn start(login: bool) -> Registry {
        let programs = installed(PART);
        let folder = Run::get().new_folder("registry");
        for _ in 0..5 {
            let port = port::free();
            let log = folder.join("registry.log");
            let _ = fs::remove_file(&log);
            let mut command = Command::new("java");
            command
                .args(["-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"])
                .args(["-Dquarkus.http.host=127.0.0.1", &format!("-Dquarkus.http.port={port}")]);
            if login {
                command.args([
                    "-Dquarkus.http.auth.basic=true",
                    "-Dquarkus.security.users.embedded.enabled=true",
                    "-Dquarkus.security.users.embedded.plain-text=true",
                    &format!("-Dquarkus.security.users.embedded.users.{}={}", Self::USER, Self::PASSWORD),
                    "-Dquarkus.http.auth.permission.p.paths=/apis/*",
                    "-Dquarkus.http.auth.permission.p.policy=authenticated",
                ]);
            }
            command.arg("-jar").arg(programs.join("registry.jar")).current_dir(&folder);
            let mut process = Process::spawn(&mut command, &log, &log);
            let answers = wait::until("the registry answers", START_SECONDS, || {
                if let Some(status) = process.ended() {
                    let said = tail(&log, 60);
                    assert!(said.contains("already bound"), "the registry ended with {status}:\n{said}");
                    return Ok(false);
                }
                // it does not say in its log when it is ready
                let config = ureq::Agent::config_builder().http_status_as_error(false);
                let agent = config.timeout_global(Some(Duration::from_secs(2))).build().new_agent();
                let answer = agent.get(format!("http://127.0.0.1:{port}{PATH}/config")).call();
                match answer.map(|answer| answer.status().as_u16()) {
                    Ok(200 | 401) if process.ended().is_none() => Ok(true),
                    Ok(status) => Err(format!("it answers {status}")),
                    Err(error) => Err(error.to_string()),
                }
            });
            if answers {
                return Registry { port, login, _process: process };
            }
        }
        panic!("the registry found its port taken five times");
    }

    /// The one that all tests of this run share; take subjects of your own.
    #[track_caller]
    pub(crate) fn shared() -> &'static Registry {
        static SHARED: OnceLock<Registry> = OnceLock::new();
        SHARED.get_or_init(|| Registry::start(false))
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    /// What a `GET` answers; null when there is no such thing.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        let mut request =
            ureq::get(format!("{}{path}", self.url())).config().http_status_as_error(false).build();
        if self.login {
            let login = data_encoding::BASE64.encode(format!("{}:{}", Self::USER, Self::PASSWORD).as_bytes());
            request = request.header("authorization", format!("Basic {login}"));
        }
        let mut answer = request.call().expect("the registry answers");
        match answer.status().as_u16() {
            200 => serde_json::from_str(&answer.body_mut().read_to_string().expect("text")).expect("JSON"),
            404 => Value::Null,
            other => panic!("GET {path}: {other}"),
        }
    }

    /// Numbers of the versions of a subject.
    #[track_caller]
    pub(crate) fn versions(&self, subject: &str) -> usize {
        self.get(&format!("/subjects/{subject}/versions")).as_array().map_or(0, Vec::len)
    }

    /// The schema that a framed message names.
    #[track_caller]
    pub(crate) fn schema_of(&self, framed: &[u8]) -> String {
        let (head, _) = framed.split_first_chunk::<5>().expect("framed");
        assert_eq!(head[0], 0, "the magic byte");
        let id = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let found = self.get(&format!("/schemas/ids/{id}"));
        found["schema"].as_str().unwrap_or_else(|| panic!("no schema {id}")).to_owned()
    }

    /// Messages as Avro's original library reads them, by the schemas that the registry has for them.
    #[track_caller]
    pub(crate) fn read_with_java(&self, framed: &[&[u8]]) -> Vec<Value> {
        let mut schemas = BTreeMap::new();
        for message in framed {
            schemas.entry(message[1..5].to_vec()).or_insert_with(|| self.schema_of(message));
        }
        let mut child = Command::new("java")
            .args(["-XX:TieredStopAtLevel=1", "-cp"])
            .arg(jars(&installed(PART).join("lib")))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/registry/ReadAvro.java"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Java is there");
        let mut lines = String::new();
        for message in framed {
            let datum = data_encoding::HEXLOWER.encode(&message[5..]);
            lines.push_str(&format!("{}\t{datum}\n", schemas[&message[1..5]]));
        }
        child.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("Java reads");
        let output = child.wait_with_output().expect("Java ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("text");
        let read: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect();
        assert_eq!(read.len(), framed.len());
        read
    }
}

/// The jars that Avro's library is made of.
fn jars(lib: &Path) -> String {
    let wanted = [
        "org.apache.avro.avro-",
        "com.fasterxml.jackson.core.",
        "org.slf4j.slf4j-api",
        "org.apache.commons.commons-compress",
    ];
    let files = fs::read_dir(lib).expect("installed").map(|file| file.expect("a file").path());
    let name = |file: &PathBuf| {
        file.file_name()
            .is_some_and(|name| wanted.iter().any(|wanted| name.to_string_lossy().starts_with(wanted)))
    };
    files.filter(name).map(|file| file.display().to_string()).collect::<Vec<_>>().join(":")
}
