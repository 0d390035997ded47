//! `target`.

use super::argument::{own_name, quantity, secret, text, texts, words};
use super::left_out::LeftOut;
use super::pipeline::Retry;
use super::registry::{Registry, registry};
use super::settings::{Conflict, add, differ, once};
use super::shape::Value;
use super::statement::{Reader, Stmt};
use super::tls::{Tls, tls};
use super::unplaced::given_twice;
use crate::diagnostic::Diagnostic;
use crate::statement::{
    self as st, Acks, Compression, Delivery, Mechanism, SecretRef, TemplatePart, Version,
};
use crate::text::{Span, Spanned};
use std::collections::BTreeMap;

/// `target NAME kafka | stdout | file`.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its name.
    pub name: Spanned<String>,
    /// The line that declares it.
    pub head: Span,
    /// Text of the `##` lines before it.
    pub doc: Option<Spanned<String>>,
    /// What it is.
    pub kind: TargetKind,
    /// What could not be read of it.
    pub left_out: LeftOut,
}

/// Kind of a target, with its statements.
#[derive(Debug, Clone, PartialEq)]
pub enum TargetKind {
    /// A Kafka cluster.
    Kafka(Box<Kafka>),
    /// Standard output.
    Stdout,
    /// A file per topic.
    File {
        /// Path with `{topic}`.
        path: Spanned<String>,
    },
}

/// Statements of a Kafka target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kafka {
    /// `brokers`, or the address of the header.
    pub brokers: Option<Spanned<Vec<String>>>,
    /// `user … with …`.
    pub user: Option<Spanned<(String, Mechanism)>>,
    /// `password`.
    pub password: Option<Spanned<SecretRef>>,
    /// `tls`.
    pub tls: Option<Spanned<Tls>>,
    /// `registry`.
    pub registry: Option<Spanned<Registry>>,
    /// `delivery`.
    pub delivery: Option<Spanned<Delivery>>,
    /// `broker-version`.
    pub broker_version: Option<Spanned<Version>>,
    /// `transaction-timeout`, ms.
    pub transaction_timeout_ms: Option<Spanned<u64>>,
    /// `state`.
    pub state: State,
    /// Settings of the producer.
    pub producer: Producer,
    /// `retry`.
    pub retry: Retry,
}

/// `state`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// `prefix`.
    pub prefix: Option<Spanned<String>>,
    /// `replicas`.
    pub replicas: Option<Spanned<u64>>,
    /// `min-insync`.
    pub min_insync: Option<Spanned<u64>>,
}

once! {
    /// Settings of the producer: of a target, or nearer to the pipeline.
    Producer {
        /// `acks`.
        acks: Acks = "acks";
        /// `compression`.
        compression: Compression = "compression";
        /// `batch`, bytes.
        batch_bytes: u64 = "batch";
        /// `linger`, ms.
        linger_ms: u64 = "linger";
        /// `in-flight`.
        in_flight: u64 = "in-flight";
    }
}

impl Producer {
    /// Takes a statement of the producer; false when it is another one.
    pub(super) fn take(&mut self, statement: &Stmt) -> bool {
        match statement.spec.word {
            "acks" => {
                let acks = match quantity(statement).map(|count| count.value) {
                    Some(0) => Acks::None,
                    Some(_) => Acks::Leader,
                    None => Acks::All,
                };
                self.acks = Some(Spanned::new(acks, statement.head));
            }
            "compression" => {
                let codec = match words(statement).first() {
                    Some(&"none") => Compression::None,
                    Some(&"zstd") => Compression::Zstd,
                    Some(&"snappy") => Compression::Snappy,
                    Some(&"gzip") => Compression::Gzip,
                    _ => Compression::Lz4,
                };
                self.compression = Some(Spanned::new(codec, statement.head));
            }
            "batch" => self.batch_bytes = quantity(statement),
            "linger" => self.linger_ms = quantity(statement),
            "in-flight" => self.in_flight = quantity(statement),
            _ => return false,
        }
        self.lines.insert(statement.head, statement.line);
        true
    }
}

impl Reader<'_> {
    pub(super) fn target(&mut self, statement: Stmt) -> Option<Target> {
        let [name, ..] = statement.args.as_slice() else { return None };
        let name = own_name(name)?;
        let left_out = statement.body.left_out.clone();
        let kind = match words(&statement).first() {
            Some(&"stdout") => {
                self.takes_no_statements(&statement, "stdout");
                TargetKind::Stdout
            }
            Some(&"file") => {
                self.takes_no_statements(&statement, "file");
                TargetKind::File { path: self.file_path(&statement)? }
            }
            _ => TargetKind::Kafka(Box::new(self.kafka(&statement))),
        };
        Some(Target { name, head: statement.head, doc: statement.doc, kind, left_out })
    }

    fn file_path(&mut self, statement: &Stmt) -> Option<Spanned<String>> {
        let (path, span) = statement.args.iter().find_map(|item| match &item.value {
            Value::Template(path) => Some((path, item.span)),
            _ => None,
        })?;
        let holes = path.parts.iter().filter(|part| matches!(part, TemplatePart::Hole { .. })).count();
        let topics = path
            .parts
            .iter()
            .filter(|part| matches!(part, TemplatePart::Hole { name, filter: None } if name == "topic"))
            .count();
        if holes != 1 || topics != 1 {
            self.findings.push(
                Diagnostic::error(
                    st::WRONG_ARGUMENTS,
                    span,
                    "the path of a `file` target holds `{topic}`, once",
                )
                .help("each topic has a file of its own, such as \"out/{topic}.jsonl\""),
            );
        }
        Some(Spanned::new(path.to_string(), span))
    }

    fn takes_no_statements(&mut self, statement: &Stmt, kind: &str) {
        for inner in &statement.body.statements {
            self.findings.push(
                Diagnostic::error(
                    st::STATEMENT_NOT_HERE,
                    inner.head,
                    format!("`{}` does not belong in a `{kind}` target", inner.spec.word),
                )
                .help("it belongs in a `kafka` target"),
            );
        }
    }

    fn kafka(&mut self, statement: &Stmt) -> Kafka {
        let mut kafka = Kafka { brokers: addresses(statement), ..Kafka::default() };
        for inner in &statement.body.statements {
            match inner.spec.word {
                "brokers" => match &kafka.brokers {
                    Some(first) => self.findings.push(given_twice("brokers", inner.head, first.span)),
                    None => kafka.brokers = addresses(inner),
                },
                "user" => {
                    let mechanism = match words(inner).last() {
                        Some(&"plain") => Mechanism::Plain,
                        Some(&"scram-sha-256") => Mechanism::ScramSha256,
                        Some(&"oauthbearer") => Mechanism::OauthBearer,
                        _ => Mechanism::ScramSha512,
                    };
                    kafka.user = text(inner).map(|user| Spanned::new((user.value, mechanism), user.span));
                }
                "password" => kafka.password = secret(inner),
                "tls" => kafka.tls = tls(inner),
                "registry" => kafka.registry = registry(inner),
                "delivery" => {
                    let delivery = match words(inner).first() {
                        Some(&"at-least-once") => Delivery::AtLeastOnce,
                        _ => Delivery::ExactlyOnce,
                    };
                    kafka.delivery = Some(Spanned::new(delivery, inner.head));
                }
                "broker-version" => kafka.broker_version = self.broker_version(inner),
                "retry" => kafka.retry.take(inner),
                "transaction-timeout" => kafka.transaction_timeout_ms = quantity(inner),
                "state" => {
                    kafka.state = state(inner);
                    self.findings.extend(too_few_replicas(&kafka.state));
                }
                other => {
                    let taken = kafka.producer.take(inner);
                    debug_assert!(taken, "`{other}` is in the table, but not read in a target");
                }
            }
        }
        self.check_token(&kafka);
        kafka
    }

    /// A token expires: only a file can be read again.
    fn check_token(&mut self, kafka: &Kafka) {
        let Some(user) = kafka.user.as_ref().filter(|user| user.value.1 == Mechanism::OauthBearer) else {
            return;
        };
        if let Some(password) =
            kafka.password.as_ref().filter(|password| matches!(password.value, SecretRef::Env(_)))
        {
            self.findings.push(
                Diagnostic::error(
                    st::WRONG_ARGUMENTS,
                    password.span,
                    "the token of `oauthbearer` is read from a file, not from the environment",
                )
                .also(user.span, "expects a token")
                .help("a token expires, and a variable stays as it was at the start: write `password file \"PATH\"`"),
            );
        }
    }

    fn broker_version(&mut self, statement: &Stmt) -> Option<Spanned<Version>> {
        let (version, span) = statement.args.iter().find_map(|item| match item.value {
            Value::Version(version) => Some((version, item.span)),
            _ => None,
        })?;
        if version < OLDEST_BROKER {
            let message = format!("`{version}` is out of range: at least {OLDEST_BROKER}");
            self.findings.push(Diagnostic::error(st::OUT_OF_RANGE, span, message));
            return None;
        }
        Some(Spanned::new(version, statement.head))
    }
}

/// Oldest broker that the client library speaks to without loss of order. Source: librdkafka, `INTRODUCTION.md`, broker
/// version compatibility; the managed service's own consumers go back to it, too.
const OLDEST_BROKER: Version = Version::new(0, 10, 2);

fn state(statement: &Stmt) -> State {
    let mut state = State::default();
    for inner in &statement.body.statements {
        match inner.spec.word {
            "prefix" => state.prefix = text(inner),
            "replicas" => state.replicas = quantity(inner),
            _ => state.min_insync = quantity(inner),
        }
    }
    state
}

/// Replicas of a state topic where none are written, on a cluster that has as many brokers. Source: `language.md`, defaults.
const REPLICAS_DEFAULT: u64 = 3;

/// More replicas that must have a record than there are: nothing could ever be written.
fn too_few_replicas(state: &State) -> Option<Diagnostic> {
    let min_insync = state.min_insync.as_ref()?;
    let most = state.replicas.as_ref().map_or(REPLICAS_DEFAULT, |replicas| replicas.value);
    let n = min_insync.value;
    if n <= most {
        return None;
    }
    let message = format!("`min-insync {n}` is out of range: a state topic has {most} replicas");
    let finding = Diagnostic::error(st::OUT_OF_RANGE, min_insync.span, message)
        .help("a record waits for that many replicas, so nothing could ever be written");
    Some(match &state.replicas {
        Some(replicas) => finding.also(replicas.span, "said here"),
        None => finding.label("as many as a state topic has by itself at most"),
    })
}

fn addresses(statement: &Stmt) -> Option<Spanned<Vec<String>>> {
    let found = texts(statement);
    let span = found.first()?.span.to(found.last()?.span);
    Some(Spanned::new(found.into_iter().map(|text| text.value).collect(), span))
}
