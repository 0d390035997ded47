//! A checked program to a plan: one task per pipeline, source and target, with defaults filled in.
//!
//! Guarantees: two programs that mean the same give equal plans, whatever the order of their lines and files; sets are
//! sorted, what is written twice counts once.

use super::endpoint::{DEFAULT_USER, MYSQL_PORT};
use super::{
    CommitPolicy, Compression, Delivery, KafkaPlan, Layer, Origins, Part, Plan, Property, Retry, Sasl,
    SourcePlan, Start, StatePlan, TableRules, TargetKind, TargetPlan, TaskId, TaskPlan, Text, Tls, TlsMode,
};
use crate::ast::{self, Producer, Settings};
use crate::check::Checked;
use crate::hir::{Pipeline, Program, To};
use crate::pattern::TablePattern;
use crate::statement::{Address, is_loopback};
use crate::text::{Span, Spanned};

/// Longest wait for a lost connection: 12 hours, as DTS.
const RETRY_WINDOW_MS: u64 = 12 * 3_600_000;
/// Longest wait for a statement or request that fails otherwise: 10 minutes, as DTS.
const RETRY_ERRORS_MS: u64 = 10 * 60_000;
/// Half a second of lag is readable, and a transaction of these sizes stays far below its timeout.
const COMMIT: CommitPolicy = CommitPolicy { every_ms: 500, rows: 20_000, bytes: 8 << 20 };
/// How long a crash may hold back other readers.
const TRANSACTION_TIMEOUT_MS: u32 = 60_000;
/// Prefix of state topics.
const STATE_PREFIX: &str = "syncc";
/// Bytes of a record batch.
const BATCH_BYTES: u32 = 1 << 20;
/// Kafka's port, where an address has none.
const KAFKA_PORT: u16 = 9092;

/// Compiles a program.
pub fn compile(checked: &Checked) -> (Plan, Origins) {
    let program = checked.program();
    let mut origins = Origins::default();
    let mut tasks = Vec::new();
    for pipeline in &program.pipelines {
        for from in &pipeline.from {
            for to in &pipeline.to {
                let task = Compiler { program, pipeline, to }.task(program.source(from.value), &mut origins);
                tasks.extend(task);
            }
        }
    }
    tasks.sort_by(|a, b| a.id.cmp(&b.id));
    (Plan { tasks }, origins)
}

struct Compiler<'p> {
    program: &'p Program,
    pipeline: &'p Pipeline,
    to: &'p To,
}

/// Parts of a task and where they are written.
struct Noted<'o> {
    task: TaskId,
    origins: &'o mut Origins,
}

impl Noted<'_> {
    fn note(&mut self, part: Part, span: Option<Span>) {
        self.origins.note(&self.task, part, span);
    }

    fn value<T: Clone>(&mut self, part: Part, value: Option<&Spanned<T>>) -> Option<T> {
        self.note(part, value.map(|value| value.span));
        value.map(|value| value.value.clone())
    }

    /// A list in its own order, each once.
    fn set<T: Clone + Ord>(&mut self, written: &[Spanned<T>], part: fn(usize) -> Part) -> Vec<T> {
        let mut written: Vec<&Spanned<T>> = written.iter().collect();
        written.sort_by(|a, b| (&a.value, a.span).cmp(&(&b.value, b.span)));
        written.dedup_by(|a, b| a.value == b.value);
        for (n, one) in written.iter().enumerate() {
            self.note(part(n), Some(one.span));
        }
        written.into_iter().map(|one| one.value.clone()).collect()
    }
}

impl Compiler<'_> {
    /// None for a source without address or a target without brokers, which no checked program has.
    fn task(&self, source: &ast::Source, origins: &mut Origins) -> Option<TaskPlan> {
        let target = self.program.target(self.to.target.value);
        let id = TaskId {
            pipeline: self.pipeline.name.value.clone(),
            source: source.name.value.clone(),
            target: target.name.value.clone(),
        };
        let mut noted = Noted { task: id.clone(), origins };
        noted.note(Part::Pipeline, Some(self.pipeline.head));
        let start = self.pipeline.start.as_ref().or(source.start.as_ref());
        let mut labels: Vec<(String, String)> =
            self.pipeline.labels.iter().map(|(name, text)| (name.value.clone(), text.clone())).collect();
        labels.sort();
        Some(TaskPlan {
            source: source_plan(source, &mut noted)?,
            target: self.target_plan(target, &mut noted)?,
            start: noted.value(Part::Start, start).unwrap_or(Start::Snapshot { chunk_rows: None }),
            retry: self.retry(&mut noted),
            commit: self.commit(&mut noted),
            rules: self.rules(&mut noted),
            paused: noted.value(Part::Paused, self.pipeline.paused.as_ref()),
            labels,
            id,
        })
    }

    fn target_plan(&self, target: &ast::Target, noted: &mut Noted<'_>) -> Option<TargetPlan> {
        noted.note(Part::Target, Some(target.head));
        let kind = match &target.kind {
            ast::TargetKind::Stdout => TargetKind::Stdout,
            ast::TargetKind::File { path } => TargetKind::File { path: path.value.clone() },
            ast::TargetKind::Kafka(kafka) => {
                TargetKind::Kafka(Box::new(kafka_plan(kafka, &self.to.producer, noted)?))
            }
        };
        Some(TargetPlan { name: target.name.value.clone(), kind })
    }

    fn retry(&self, noted: &mut Noted<'_>) -> Retry {
        let (own, all) = (&self.pipeline.retry, &self.program.defaults.retry);
        let window = own.window_ms.as_ref().or(all.window_ms.as_ref());
        let errors = own.errors_ms.as_ref().or(all.errors_ms.as_ref());
        let window_ms = noted.value(Part::RetryFor, window).unwrap_or(RETRY_WINDOW_MS);
        let errors_ms = noted.value(Part::RetryErrors, errors).unwrap_or(RETRY_ERRORS_MS);
        // Errors are a part of what is waited out; a shorter window shortens the default of the other.
        Retry { window_ms, errors_ms: errors_ms.min(window_ms) }
    }

    fn commit(&self, noted: &mut Noted<'_>) -> CommitPolicy {
        let all = &self.program.defaults.commit;
        let written = self.to.commit.as_ref().or(self.pipeline.commit.as_ref()).or(all.as_ref());
        match noted.value(Part::Commit, written) {
            None => COMMIT,
            Some(commit) => CommitPolicy {
                every_ms: to_u32(commit.every_ms),
                rows: commit.rows.map_or(COMMIT.rows, to_u32),
                bytes: commit.bytes.unwrap_or(COMMIT.bytes),
            },
        }
    }

    fn rules(&self, noted: &mut Noted<'_>) -> TableRules {
        let mut blocks: Vec<(u8, Option<&TablePattern>, &Settings)> = vec![
            (0, None, &self.program.defaults.settings),
            (1, None, &self.pipeline.settings),
            (2, None, &self.to.settings),
        ];
        for (level, tables) in [(3, &self.pipeline.tables), (4, &self.to.tables)] {
            blocks.extend(tables.iter().map(|block| (level, Some(&block.pattern.value), &block.settings)));
        }
        blocks.retain(|(_, _, settings)| **settings != Settings::default());
        blocks.sort_by_key(|&(level, pattern, _)| (level, pattern));
        TableRules {
            include: noted.set(&self.pipeline.include, Part::Include),
            exclude: noted.set(&self.pipeline.exclude, Part::Exclude),
            renames: noted.set(&self.pipeline.renames, Part::Rename),
            layers: blocks
                .into_iter()
                .enumerate()
                .map(|(n, (level, pattern, settings))| layer(n, level, pattern, settings, noted))
                .collect(),
        }
    }
}

fn layer(
    n: usize,
    level: u8,
    tables: Option<&TablePattern>,
    settings: &Settings,
    noted: &mut Noted<'_>,
) -> Layer {
    let part = |property| Part::Layer(n, property);
    Layer {
        level,
        tables: tables.cloned(),
        topic: noted.value(part(Property::Topic), settings.topic.as_ref()),
        topic_create: noted.value(part(Property::TopicCreate), settings.topic_create.as_ref()),
        topic_partitions: noted
            .value(part(Property::TopicPartitions), settings.topic_partitions.as_ref())
            .map(to_u32),
        topic_replicas: noted
            .value(part(Property::TopicReplicas), settings.topic_replicas.as_ref())
            .map(to_u16),
        topic_cleanup: noted.value(part(Property::TopicCleanup), settings.topic_cleanup.as_ref()),
        topic_retention_ms: noted.value(part(Property::TopicRetention), settings.topic_retention_ms.as_ref()),
        partition: noted.value(part(Property::Partition), settings.partition.as_ref()),
        key: noted.value(part(Property::Key), settings.key.as_ref()),
        columns: noted.value(part(Property::Columns), settings.columns.as_ref()),
        format: noted.value(part(Property::Format), settings.format.as_ref()),
        snapshot_init: noted.value(part(Property::SnapshotOp), settings.snapshot_init.as_ref()),
        enum_label: noted.value(part(Property::Enum), settings.enum_label.as_ref()),
    }
}

fn source_plan(source: &ast::Source, noted: &mut Noted<'_>) -> Option<SourcePlan> {
    noted.note(Part::Source, Some(source.head));
    let address = noted.value(Part::Address, source.address.as_ref())?;
    let user = noted.value(Part::User, source.user.as_ref());
    let (host, port, of_address) = match address {
        Text::Literal(text) => {
            let address = Address::parse(&text).ok()?;
            let user = address.user.unwrap_or_else(|| DEFAULT_USER.to_owned());
            (Text::Literal(address.host), address.port.unwrap_or(MYSQL_PORT), user)
        }
        env @ Text::Env { .. } => (env, MYSQL_PORT, String::new()),
    };
    let loopback = match &host {
        Text::Literal(host) if is_loopback(host) => Loopback::Yes,
        Text::Literal(_) => Loopback::No,
        Text::Env { .. } => Loopback::Later,
    };
    Some(SourcePlan {
        name: source.name.value.clone(),
        host,
        port,
        user: user.unwrap_or(of_address),
        password: noted.value(Part::Password, source.password.as_ref()),
        tls: tls_plan(noted.value(Part::SourceTls, source.tls.as_ref()), loopback),
    })
}

fn kafka_plan(kafka: &ast::Kafka, to: &Producer, noted: &mut Noted<'_>) -> Option<KafkaPlan> {
    let written = noted.value(Part::Brokers, kafka.brokers.as_ref())?;
    let addresses: Vec<Address> = written.iter().filter_map(|broker| Address::parse(broker).ok()).collect();
    let loopback = match addresses.iter().all(|address| is_loopback(&address.host)) {
        true => Loopback::Yes,
        false => Loopback::No,
    };
    let user = noted.value(Part::Sasl, kafka.user.as_ref());
    let sasl = user.zip(kafka.password.as_ref()).map(|((user, mechanism), password)| Sasl {
        user,
        mechanism,
        password: password.value.clone(),
    });
    let own = &kafka.producer;
    let compression = to.compression.as_ref().or(own.compression.as_ref());
    let batch = to.batch_bytes.as_ref().or(own.batch_bytes.as_ref());
    let linger = to.linger_ms.as_ref().or(own.linger_ms.as_ref());
    let timeout = noted.value(Part::TransactionTimeout, kafka.transaction_timeout_ms.as_ref());
    Some(KafkaPlan {
        brokers: addresses.into_iter().map(broker).collect(),
        sasl,
        tls: tls_plan(noted.value(Part::TargetTls, kafka.tls.as_ref()), loopback),
        delivery: noted.value(Part::Delivery, kafka.delivery.as_ref()).unwrap_or(Delivery::ExactlyOnce),
        transaction_timeout_ms: timeout.map_or(TRANSACTION_TIMEOUT_MS, to_u32),
        state: StatePlan {
            prefix: noted
                .value(Part::StatePrefix, kafka.state.prefix.as_ref())
                .unwrap_or_else(|| STATE_PREFIX.to_owned()),
            replicas: noted.value(Part::StateReplicas, kafka.state.replicas.as_ref()).map(to_u16),
            min_insync: noted.value(Part::StateMinInsync, kafka.state.min_insync.as_ref()).map(to_u16),
        },
        compression: noted.value(Part::Compression, compression).unwrap_or(Compression::Lz4),
        batch_bytes: noted.value(Part::Batch, batch).map_or(BATCH_BYTES, to_u32),
        linger_ms: noted.value(Part::Linger, linger).map_or(0, to_u32),
    })
}

fn broker(address: Address) -> String {
    let port = address.port.unwrap_or(KAFKA_PORT);
    if address.host.contains(':') {
        format!("[{}]:{port}", address.host)
    } else {
        format!("{}:{port}", address.host)
    }
}

/// Whether an address is one of the machine itself.
enum Loopback {
    Yes,
    No,
    /// Known when the environment is.
    Later,
}

fn tls_plan(written: Option<ast::Tls>, loopback: Loopback) -> Tls {
    match written {
        Some(tls) => Tls {
            mode: tls.mode,
            because: tls.because,
            ca: tls.ca,
            identity: tls.identity,
            server_name: tls.server_name,
            off_on_loopback: false,
        },
        None => Tls {
            mode: if matches!(loopback, Loopback::Yes) { TlsMode::Off } else { TlsMode::VerifyFull },
            because: None,
            ca: None,
            identity: None,
            server_name: None,
            off_on_loopback: matches!(loopback, Loopback::Later),
        },
    }
}

/// The statement table keeps all such numbers in range.
fn to_u32(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn to_u16(count: u64) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}
