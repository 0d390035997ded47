//! From the plan to the settings of the client library.
//!
//! Guarantees: a connection that is meant to be verified has a file of roots, or is an error that lists where one was
//! looked for; secrets reach the client library and nothing else.

use super::error::KafkaFailure;
use super::events::Events;
use super::token::TokenFile;
use crate::catalog::ClusterFacts;
use crate::kafka::TopicName;
use crate::kafka::limits::MAX_MESSAGE_BYTES_DEFAULT;
use crate::plan::{Acks, Compression, KafkaPlan, Mechanism, SecretRef, TaskId, TlsMode, Version};
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

/// Largest record the client itself lets pass, in bytes: the topic's own limit is what counts.
const CLIENT_RECORD_LIMIT_BYTES: u32 = 256 * 1024 * 1024;

/// What the broker may count in a batch that the client library does not, bytes.
const BATCH_SLACK_BYTES: u32 = 512;

/// Most requests without an answer whose order an idempotent producer keeps.
const IDEMPOTENT_IN_FLIGHT_MAX: u32 = 5;

/// Room a record takes in the producer queue besides its value, in bytes, counted by bounding the number of records.
const QUEUE_RECORD_OVERHEAD_BYTES: u64 = 256;

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
        })
    }

    /// What collects the words of a client, and gives it its token.
    pub(super) fn events(&self) -> Events {
        Events::new(self.login.as_ref().and_then(|login| login.token.clone()))
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

    /// Settings of a producer; a transactional one when `transactional`.
    pub(super) fn producer(&self, settings: &ProducerSettings, transactional: bool) -> ClientConfig {
        let mut config = self.client();
        let queue_records = (settings.queue_bytes / QUEUE_RECORD_OVERHEAD_BYTES).max(1_000);
        config
            .set("enable.idempotence", settings.is_idempotent().to_string())
            .set("acks", acks(settings.acks))
            .set("max.in.flight.requests.per.connection", settings.in_flight.to_string())
            .set("delivery.report.only.error", "true")
            .set("message.max.bytes", CLIENT_RECORD_LIMIT_BYTES.to_string())
            .set("message.timeout.ms", settings.message_timeout_ms().to_string())
            .set("socket.timeout.ms", settings.socket_timeout_ms().to_string())
            .set("batch.size", settings.batch_bytes.to_string())
            .set("batch.num.messages", "1000000")
            .set("linger.ms", settings.linger_ms.to_string())
            .set("queue.buffering.max.kbytes", (settings.queue_bytes / 1024).max(1).to_string())
            .set("queue.buffering.max.messages", queue_records.to_string())
            .set("compression.codec", codec(settings.compression));
        if transactional {
            config
                .set("transactional.id", &settings.transactional_id)
                .set("transaction.timeout.ms", settings.transaction_timeout_ms.to_string());
        }
        config
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn acks(acks: Acks) -> &'static str {
    match acks {
        Acks::All => "all",
        Acks::Leader => "1",
        Acks::None => "0",
    }
}

fn codec(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "none",
        Compression::Lz4 => "lz4",
        Compression::Zstd => "zstd",
        Compression::Snappy => "snappy",
        Compression::Gzip => "gzip",
    }
}

fn system_roots(paths: &[&str]) -> Option<PathBuf> {
    paths.iter().map(PathBuf::from).find(|path| path.is_file())
}

fn no_roots(paths: &[&str]) -> String {
    format!("no file of root certificates; looked for {}; name one with `tls {{ ca … }}`", paths.join(", "))
}

/// Settings of one task's producer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerSettings {
    /// `<prefix>.<task>`: the same for every life of the task, on every host.
    pub transactional_id: String,
    /// How long the broker keeps a transaction open that nobody ends, ms.
    pub transaction_timeout_ms: u32,
    /// Largest batch, bytes.
    pub batch_bytes: u32,
    /// Wait for a fuller batch, ms.
    pub linger_ms: u32,
    /// Codec.
    pub compression: Compression,
    /// Whose answer a record waits for.
    pub acks: Acks,
    /// Requests without an answer, per broker.
    pub in_flight: u32,
    /// Version of brokers that cannot say theirs.
    pub broker_version: Option<Version>,
    /// Bytes of values that may wait to be sent.
    pub queue_bytes: u64,
    /// Where state records go.
    pub state_topic: TopicName,
}

impl ProducerSettings {
    /// The settings a plan describes; `queue_bytes` is the task's share of the memory.
    ///
    /// # Errors
    /// [`Class::Config`](super::Class::Config) when the names do not make a topic name.
    pub fn new(plan: &KafkaPlan, task: &TaskId, queue_bytes: u64) -> Result<ProducerSettings, KafkaFailure> {
        Ok(ProducerSettings {
            transactional_id: transactional_id(&plan.state.prefix, task),
            transaction_timeout_ms: plan.transaction_timeout_ms,
            batch_bytes: plan.batch_bytes,
            linger_ms: plan.linger_ms,
            compression: plan.compression,
            acks: plan.acks,
            in_flight: plan.in_flight,
            broker_version: plan.broker_version,
            queue_bytes,
            state_topic: state_topic(&plan.state.prefix, task)?,
        })
    }

    /// Makes batches no larger than any of the topics takes: a batch is refused as a whole, and its records are not to
    /// blame. A topic whose limit we may not see counts with the broker's default.
    pub fn fit(&mut self, facts: &ClusterFacts) {
        let limits = facts.topics.values().map(|topic| {
            let limit = topic.config.get("max.message.bytes").and_then(|limit| limit.parse().ok());
            limit.unwrap_or(MAX_MESSAGE_BYTES_DEFAULT as u32)
        });
        for limit in limits {
            self.batch_bytes = self.batch_bytes.min(limit.saturating_sub(BATCH_SLACK_BYTES)).max(1);
        }
    }

    /// Whether the broker drops what a retry repeats. It refuses to without all replicas' answers, and with more requests
    /// under way than it remembers. Source: Kafka, `ProducerConfig`, `enable.idempotence`; brokers before 0.11 cannot.
    fn is_idempotent(&self) -> bool {
        let old = self.broker_version.is_some_and(|version| version < Version::new(0, 11, 0));
        self.acks == Acks::All && self.in_flight <= IDEMPOTENT_IN_FLIGHT_MAX && !old
    }

    /// How long a record may wait for its acknowledgement, ms: it is given up before the broker ends the transaction.
    pub(super) fn message_timeout_ms(&self) -> u32 {
        (self.transaction_timeout_ms / 10 * 9).max(1)
    }

    /// How long an answer may take, ms: a dead connection is noticed in time to be replaced within the transaction.
    pub(super) fn socket_timeout_ms(&self) -> u32 {
        (self.transaction_timeout_ms / 2).clamp(500, 30_000)
    }
}

/// The transactional id of a task.
pub fn transactional_id(prefix: &str, task: &TaskId) -> String {
    task.transactional_id(prefix)
}

/// The state topic of a task.
///
/// # Errors
/// [`Class::Config`](super::Class::Config) when the names do not make a topic name.
pub fn state_topic(prefix: &str, task: &TaskId) -> Result<TopicName, KafkaFailure> {
    let name = task.state_topic(prefix);
    TopicName::new(name.as_str())
        .map_err(|error| KafkaFailure::config("name the state topic", error.to_string()).on(name))
}

#[cfg(test)]
mod tests {
    use super::super::Class;
    use super::*;
    use crate::catalog::TopicFacts;
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

    fn task(pipeline: &str) -> TaskId {
        TaskId { pipeline: pipeline.into(), source: "shop".into(), target: "bus".into() }
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

    #[test]
    fn timeouts_end_inside_the_transaction() {
        let mut settings =
            ProducerSettings::new(&plan(TlsMode::Off, false), &task("main"), 64 << 20).unwrap();
        for timeout in [1_000, 10_000, 60_000, 900_000] {
            settings.transaction_timeout_ms = timeout;
            assert!(settings.message_timeout_ms() < timeout);
            assert!(settings.socket_timeout_ms() < timeout);
        }
        assert_eq!(settings.state_topic.as_str(), "syncc.main.shop.bus.state");
        assert_eq!(settings.transactional_id, "syncc.main.shop.bus");
    }

    #[test]
    fn what_a_broker_does_not_promise_is_not_asked_for() {
        let check = |change: fn(&mut KafkaPlan), expected: [&str; 3]| {
            let mut plan = plan(TlsMode::Off, false);
            change(&mut plan);
            let settings = ProducerSettings::new(&plan, &task("main"), 64 << 20).unwrap();
            let config = connection(&plan, Path::new(".")).unwrap().producer(&settings, false);
            let keys = ["enable.idempotence", "acks", "max.in.flight.requests.per.connection"];
            assert_eq!(keys.map(|key| config.get(key).unwrap_or_default()), expected);
        };
        check(|_| {}, ["true", "all", "5"]);
        check(|plan| plan.in_flight = 1, ["true", "all", "1"]);
        check(|plan| plan.in_flight = 6, ["false", "all", "6"]);
        check(|plan| plan.acks = Acks::Leader, ["false", "1", "5"]);
        check(|plan| plan.acks = Acks::None, ["false", "0", "5"]);
        check(|plan| plan.broker_version = Some(Version::new(0, 10, 2)), ["false", "all", "5"]);
        let mut old = plan(TlsMode::Off, false);
        old.broker_version = Some(Version::new(0, 10, 2));
        let client = connection(&old, Path::new(".")).unwrap().client();
        assert_eq!(client.get("broker.version.fallback"), Some("0.10.2"));
    }

    #[test]
    fn batches_fit_the_smallest_topic() {
        let topic = |limit: Option<&str>| TopicFacts {
            config: limit
                .map(|limit| ("max.message.bytes".to_owned(), limit.to_owned()))
                .into_iter()
                .collect(),
            ..TopicFacts::default()
        };
        let check = |limits: &[Option<&str>], expected| {
            let mut settings =
                ProducerSettings::new(&plan(TlsMode::Off, false), &task("main"), 64 << 20).unwrap();
            let mut facts = ClusterFacts::default();
            facts
                .topics
                .extend(limits.iter().zip(0..).map(|(limit, n): (_, u32)| (n.to_string(), topic(*limit))));
            settings.fit(&facts);
            assert_eq!(settings.batch_bytes, expected, "{limits:?}");
        };
        check(&[], 1_000_000);
        check(&[None, Some("2000000")], 1_000_000);
        check(&[Some("100000"), Some("50000")], 49_488);
        check(&[Some("100")], 1);
    }

    #[test]
    fn names_outside_kafkas_alphabet_are_refused() {
        assert_eq!(state_topic("syncc", &task("größe")).unwrap_err().class, Class::Config);
    }
}
