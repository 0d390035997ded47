//! How a cluster is reached: from the plan to the settings of the client library that every client shares.
//!
//! Guarantees: a connection that is meant to be verified has a file of roots, or is an error that lists where one was
//! looked for; secrets reach the client library and nothing else.

use super::error::KafkaFailure;
use super::events::{Events, Throttled};
use super::token::TokenFile;
use crate::plan::{KafkaPlan, Mechanism, SecretRef, TlsMode, Version};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::path::{Path, PathBuf};

/// Where distributions keep their roots. The client library's own OpenSSL is built without any such path.
/// Source: librdkafka, `rd_kafka_ssl_probe_and_set_default_ca_location`, without its directories.
const SYSTEM_ROOTS: [&str; 8] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
    "/opt/homebrew/etc/ca-certificates/cert.pem",
];

/// Shortest and longest pause before a broken connection is tried again, in ms. The retry window of the task is above
/// this, so the pauses can be short.
const RECONNECT_MS: (u32, u32) = (100, 1_000);

/// How long a topic that the cluster does not know is looked for, in ms. Topics are waited for when they are made, so this
/// only bridges the moment until every broker knows them.
const SPREAD_MS: u32 = 5_000;

/// How a cluster is reached.
#[derive(Clone)]
pub struct Connection {
    brokers: String,
    client_id: String,
    tls: TlsMode,
    roots: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
    login: Option<Login>,
    broker_version: Option<Version>,
    /// How long brokers hold back what producers of this connection send.
    throttled: Throttled,
}

#[derive(Clone)]
struct Login {
    user: String,
    mechanism: Mechanism,
    password: SecretString,
    /// Of OAUTHBEARER.
    token: Option<TokenFile>,
}

/// Shows what may be seen; a setting that is added later stays hidden until it is added here.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = self.login.as_ref();
        f.debug_struct("Connection")
            .field("brokers", &self.brokers)
            .field("client_id", &self.client_id)
            .field("tls", &self.tls)
            .field("roots", &self.roots)
            .field("certificate", &self.identity.as_ref().map(|(certificate, _)| certificate))
            .field("user", &login.map(|login| &login.user))
            .field("mechanism", &login.map(|login| login.mechanism))
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// The connection a plan describes. `password` is the one `plan.sasl` refers to; relative paths start at `project`.
    ///
    /// # Errors
    /// [`Class::Config`](super::Class::Config) when a file is missing, or the client library cannot do what is asked.
    pub fn new(
        plan: &KafkaPlan,
        password: Option<SecretString>,
        project: &Path,
        client_id: &str,
    ) -> Result<Connection, KafkaFailure> {
        const WHAT: &str = "prepare the connection to Kafka";
        let refuse = |words: String| KafkaFailure::config(WHAT, words);
        let login = match (&plan.sasl, password) {
            (None, _) => None,
            (Some(sasl), Some(password)) => {
                let token = match (sasl.mechanism, &sasl.password) {
                    (Mechanism::OauthBearer, SecretRef::File(file)) => {
                        Some(TokenFile { path: project.join(file), user: sasl.user.clone() })
                    }
                    (Mechanism::OauthBearer, SecretRef::Env(name)) => {
                        return Err(refuse(format!(
                            "the token of `oauthbearer` is in a file, not in `env {name}`"
                        )));
                    }
                    (Mechanism::Plain | Mechanism::ScramSha256 | Mechanism::ScramSha512, _) => None,
                };
                Some(Login { user: sasl.user.clone(), mechanism: sasl.mechanism, password, token })
            }
            (Some(sasl), None) => return Err(refuse(format!("no password for user `{}`", sasl.user))),
        };
        let tls = &plan.tls;
        if tls.server_name.is_some() && tls.mode != TlsMode::Off {
            return Err(refuse("the client library takes no other `server-name` than the broker's".into()));
        }
        let existing = |role: &str, path: &str| {
            let path = project.join(path);
            match path.is_file() {
                true => Ok(path),
                false => Err(refuse(format!("{role} file `{}` is missing", path.display()))),
            }
        };
        let roots = match (tls.mode, &tls.ca) {
            (TlsMode::Off, _) => None,
            (_, Some(ca)) => Some(existing("root certificate", ca)?),
            (mode, None) => match system_roots(&SYSTEM_ROOTS) {
                Some(path) => Some(path),
                None if mode == TlsMode::Require => None,
                None => return Err(refuse(no_roots(&SYSTEM_ROOTS))),
            },
        };
        let identity = match (tls.mode, &tls.identity) {
            (TlsMode::Off, _) | (_, None) => None,
            (_, Some((certificate, key))) => {
                Some((existing("certificate", certificate)?, existing("key", key)?))
            }
        };
        Ok(Connection {
            brokers: plan.brokers.join(","),
            client_id: client_id.to_owned(),
            tls: tls.mode,
            roots,
            identity,
            login,
            broker_version: plan.broker_version,
            throttled: Throttled::default(),
        })
    }

    /// What collects the words of a client, and gives it its token.
    pub(super) fn events(&self) -> Events {
        Events::new(self.login.as_ref().and_then(|login| login.token.clone()), self.throttled.clone())
    }

    /// Client id of its clients.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Longest that a broker has held a producer of this connection back at a time since the last call, ms; none: it was not held
    /// back.
    pub fn take_throttled_ms(&self) -> Option<u64> {
        self.throttled.take_ms()
    }

    /// Settings every client shares. Holds the password: neither kept nor printed.
    pub(super) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        // Trouble with the transaction coordinator is told by log lines of level INFO only.
        config.set_log_level(RDKafkaLogLevel::Info);
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", &self.client_id)
            .set("log.connection.close", "true")
            .set("topic.metadata.propagation.max.ms", SPREAD_MS.to_string())
            .set("socket.keepalive.enable", "true")
            .set("allow.auto.create.topics", "false")
            .set("enable.metrics.push", "false")
            .set("reconnect.backoff.ms", RECONNECT_MS.0.to_string())
            .set("reconnect.backoff.max.ms", RECONNECT_MS.1.to_string());
        if let Some(version) = self.broker_version {
            config.set("broker.version.fallback", version.numbers());
        }
        let protocol = match (self.tls, &self.login) {
            (TlsMode::Off, None) => "plaintext",
            (TlsMode::Off, Some(_)) => "sasl_plaintext",
            (TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull, None) => "ssl",
            (TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull, Some(_)) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        match self.tls {
            TlsMode::Off => {}
            TlsMode::Require => {
                config.set("enable.ssl.certificate.verification", "false");
                config.set("ssl.endpoint.identification.algorithm", "none");
            }
            TlsMode::VerifyCa => {
                config.set("ssl.endpoint.identification.algorithm", "none");
            }
            TlsMode::VerifyFull => {
                config.set("ssl.endpoint.identification.algorithm", "https");
            }
        }
        if let Some(roots) = &self.roots {
            config.set("ssl.ca.location", text(roots));
        }
        if let Some((certificate, key)) = &self.identity {
            config.set("ssl.certificate.location", text(certificate));
            config.set("ssl.key.location", text(key));
        }
        if let Some(login) = &self.login {
            let mechanism = match login.mechanism {
                Mechanism::Plain => "PLAIN",
                Mechanism::ScramSha256 => "SCRAM-SHA-256",
                Mechanism::ScramSha512 => "SCRAM-SHA-512",
                Mechanism::OauthBearer => "OAUTHBEARER",
            };
            config.set("sasl.mechanism", mechanism);
            if login.token.is_none() {
                config.set("sasl.username", &login.user).set("sasl.password", login.password.expose_secret());
            }
        }
        config
    }

    /// Settings of a consumer that reads given partitions, outside of any group.
    pub(super) fn reader(&self, committed_only: bool) -> ClientConfig {
        let mut config = self.client();
        config
            // The client library wants a name to assign partitions; nothing is ever committed under it.
            .set("group.id", &self.client_id)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "error")
            .set("isolation.level", if committed_only { "read_committed" } else { "read_uncommitted" })
            // The broker answers an empty fetch of an idle topic after this long.
            .set("fetch.wait.max.ms", "50");
        config
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn system_roots(paths: &[&str]) -> Option<PathBuf> {
    paths.iter().map(PathBuf::from).find(|path| path.is_file())
}

fn no_roots(paths: &[&str]) -> String {
    format!("no file of root certificates; looked for {}; name one with `tls {{ ca … }}`", paths.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::Class;
    use super::*;
    use crate::plan::{Sasl, Tls};

    fn plan(mode: TlsMode, sasl: bool) -> KafkaPlan {
        let sasl = sasl.then(|| Sasl {
            user: "alice".into(),
            mechanism: Mechanism::ScramSha512,
            password: SecretRef::Env("PW".into()),
        });
        let brokers = vec!["a:9092".into(), "b:9092".into()];
        KafkaPlan { sasl, batch_bytes: 1_000_000, ..KafkaPlan::new(brokers, Tls::mode(mode)) }
    }

    fn connection(plan: &KafkaPlan, dir: &Path) -> Result<Connection, KafkaFailure> {
        Connection::new(plan, Some(SecretString::from("canary")), dir, "syncc")
    }

    #[test]
    fn modes_become_settings() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.pem"), "x").unwrap();
        let check = |mode, sasl, expected: [(&str, Option<&str>); 4]| {
            let mut plan = plan(mode, sasl);
            plan.tls.ca = Some("ca.pem".into());
            let config = connection(&plan, dir.path()).unwrap().client();
            for (key, value) in expected {
                assert_eq!(config.get(key), value, "{mode:?} {key}");
            }
            assert_eq!(config.get("log.connection.close"), Some("true"));
        };
        let ca = dir.path().join("ca.pem");
        let ca = ca.to_str();
        const PROTOCOL: &str = "security.protocol";
        const NAME: &str = "ssl.endpoint.identification.algorithm";
        const VERIFY: &str = "enable.ssl.certificate.verification";
        const CA: &str = "ssl.ca.location";
        check(TlsMode::Off, false, [(PROTOCOL, Some("plaintext")), (NAME, None), (VERIFY, None), (CA, None)]);
        check(
            TlsMode::VerifyFull,
            true,
            [(PROTOCOL, Some("sasl_ssl")), (NAME, Some("https")), (VERIFY, None), (CA, ca)],
        );
        check(
            TlsMode::VerifyCa,
            false,
            [(PROTOCOL, Some("ssl")), (NAME, Some("none")), (VERIFY, None), (CA, ca)],
        );
        check(
            TlsMode::Require,
            false,
            [(PROTOCOL, Some("ssl")), (NAME, Some("none")), (VERIFY, Some("false")), (CA, ca)],
        );
    }

    #[test]
    fn missing_files_and_passwords_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let mut ca = plan(TlsMode::VerifyFull, false);
        ca.tls.ca = Some("absent.pem".into());
        let failure = connection(&ca, dir.path()).unwrap_err();
        assert_eq!(failure.class, Class::Config);
        assert!(failure.source.words.contains("absent.pem"));
        let failure = Connection::new(&plan(TlsMode::Off, true), None, dir.path(), "syncc").unwrap_err();
        assert!(failure.source.words.contains("alice"));
        assert_eq!(system_roots(&["/absent/one"]), None);
        assert!(no_roots(&["/absent/one", "/absent/two"]).contains("/absent/one, /absent/two"));
    }

    #[test]
    fn the_password_is_not_shown() {
        let connection = connection(&plan(TlsMode::Off, true), Path::new(".")).unwrap();
        assert_eq!(connection.client().get("sasl.password"), Some("canary"));
        let shown = format!("{connection:?}");
        assert!(shown.contains("alice") && !shown.contains("canary"), "{shown}");
    }
}
