//! The Kafka target against a real broker.

mod link;
mod refusals;
mod security;
mod targets;
mod transactions;
mod trouble;

use std::path::Path;
use std::time::{Duration, Instant};

use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use secrecy::SecretString;
use syncc::checkpoint::{
    Fingerprint, OwnerRecord, StateChange, StateKey, StateRecord, TableRecord, TaskState,
};
use syncc::engine::commit::{Ledger, Policy};
use syncc::kafka::{Batch, TopicName, TopicTable};
use syncc::mysql::position::{BinlogPosition, Flavor, Gtids, Position, ServerIdentity};
use syncc::mysql::schema::TableName;
use syncc::plan::{
    CommitPolicy, Compression, Delivery, KafkaPlan, Mechanism, Sasl, SecretRef, StatePlan, TargetKind,
    TargetPlan, TaskId, Tls, TlsMode, TopicSettings,
};
use syncc::statement::Split;
use syncc::target::io::{Sink, Surroundings, Target};
use syncc::target::kafka::io::{
    Admin, AtLeastOnce, Class, Connection, Isolation as StateIsolation, KafkaFailure, NewTopic, Producer,
    ProducerSettings, Txn, Watch, read_all,
};
use syncc::target::kafka::requirement::{self, Needs, TopicNeed};

use crate::support::{Isolation, Kafka, KafkaOptions, wait};

/// Longer than anything takes on a busy machine.
const LONG: Duration = Duration::from_secs(30);

/// A task with topics of its own on a broker.
struct Task {
    plan: KafkaPlan,
    connection: Connection,
    settings: ProducerSettings,
    topics: TopicTable,
    ledger: Ledger,
}

impl Task {
    fn new(kafka: &Kafka, name: &str) -> Task {
        Task::of(kafka, &kafka.prefix(name))
    }

    fn of(kafka: &Kafka, prefix: &str) -> Task {
        Task::at(kafka.brokers(), prefix)
    }

    /// A task that reaches its broker at this address.
    fn at(brokers: String, prefix: &str) -> Task {
        let plan = plan(brokers, prefix);
        let connection = Connection::new(&plan, None, Path::new("."), "syncc-test").expect("valid settings");
        let id = TaskId { pipeline: "p".into(), source: "s".into(), target: "t".into() };
        let settings = ProducerSettings::new(&plan, &id, 8 << 20).expect("valid names");
        let server = ServerIdentity { flavor: Flavor::MySql, uuid: "u".into(), server_id: 1 };
        let file = BinlogPosition { file: "binlog.000001".into(), offset: 4 };
        let ledger = Ledger::new(
            Policy {
                commit: CommitPolicy { every_ms: 500, rows: 1_000, bytes: 1 << 20 },
                split: Split { bytes: 1 << 30, rows: None },
                open_ms: 20_000,
            },
            Fingerprint { task: id.to_string(), cluster: "c".into() },
            1,
            0,
            Position { server, file, gtids: Gtids::Off },
            None,
        );
        Task { plan, connection, settings, topics: TopicTable::new(), ledger }
    }

    fn data(&self) -> TopicName {
        name(&format!("{}.data", self.plan.state.prefix))
    }

    /// Makes the state topic and a data topic of three partitions.
    fn with_topics(kafka: &Kafka, name: &str) -> Task {
        let task = Task::new(kafka, name);
        task.create_topics(&[]);
        task
    }

    fn create_topics(&self, config: &[(&'static str, &str)]) {
        let admin = Admin::open(&self.connection, LONG).expect("valid settings");
        let state = &self.settings.state_topic;
        let facts = admin.facts([state]).expect("the broker answers");
        admin.ensure_state_topic(state, &self.plan.state, &facts).expect("it is made");
        let config = config.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let data = NewTopic { name: self.data(), partitions: Some(3), replicas: None, config };
        admin.create_topics(&[data]).expect("it is made");
    }

    fn open(&self) -> Producer {
        Producer::open(&self.connection, &self.settings, LONG).expect("the broker answers")
    }

    fn begin(&self) -> Txn {
        self.open().begin().expect("a new producer begins")
    }

    /// Values `from..to`, spread over the partitions.
    fn batch(&mut self, numbers: std::ops::Range<u32>) -> Batch {
        let topic = self.topics.intern(&self.data());
        let mut batch = Batch::new();
        for number in numbers {
            let start = batch.arena().len();
            let text = number.to_string();
            batch.arena().extend_from_slice(text.as_bytes());
            let end = batch.arena().len();
            batch.push(topic, (number % 3) as i32, Some(start..end), Some(start..end));
        }
        batch
    }

    fn state(&self) -> TaskState {
        let read = read_all(&self.connection, &self.settings.state_topic, StateIsolation::Committed, LONG)
            .expect("the state can be read");
        TaskState::fold(read.records).expect("the state is sound")
    }

    fn seen(&self, kafka: &Kafka) -> Vec<u32> {
        let received = kafka.consume(self.data().as_str(), Isolation::ReadCommitted);
        received.iter().map(|record| record.text().parse().expect("values are numbers")).collect()
    }
}

fn name(text: &str) -> TopicName {
    TopicName::new(text).expect("a topic name")
}

fn plan(brokers: String, prefix: &str) -> KafkaPlan {
    let plan = KafkaPlan::new(vec![brokers], Tls::mode(TlsMode::Off));
    KafkaPlan {
        transaction_timeout_ms: 20_000,
        state: StatePlan { prefix: prefix.to_owned(), replicas: None, min_insync: None },
        batch_bytes: 1_000_000,
        ..plan
    }
}

/// Numbers as a consumer sees them: by partition, in order.
fn by_partition(numbers: std::ops::Range<u32>) -> Vec<u32> {
    (0..3).flat_map(|partition| numbers.clone().filter(move |number| number % 3 == partition)).collect()
}

/// Of an owner that says nothing while it commits.
fn silent() -> Option<StateChange> {
    None
}

fn owner(incarnation: &str) -> StateChange {
    StateChange::put(StateRecord::Owner(OwnerRecord {
        incarnation: incarnation.to_owned(),
        instance: "i".into(),
        host: "h".into(),
        pid: 1,
        version: "0".into(),
        started: 0,
        beat: 1,
        interval_ms: 5_000,
        released: false,
    }))
}

/// Uses a transaction until it fails, as a task would notice it.
fn failure_of(mut txn: Txn, task: &mut Task) -> KafkaFailure {
    let batch = task.batch(0..3);
    if let Err(failure) = txn.produce(&task.topics, &batch) {
        return failure;
    }
    let covered = task.ledger.cover(0);
    match txn.commit(covered, &mut silent) {
        Ok(_) => panic!("the commit went through"),
        Err(failure) => failure,
    }
}
