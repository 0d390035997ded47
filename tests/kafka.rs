//! The Kafka target against a real broker.

mod link;

use std::path::Path;
use std::time::{Duration, Instant};

use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use secrecy::SecretString;
use syncc::checkpoint::{
    Fingerprint, OwnerRecord, StateChange, StateKey, StateRecord, TableRecord, TaskState,
};
use syncc::engine::commit::Ledger;
use syncc::kafka::{Batch, TopicName, TopicTable};
use syncc::mysql::position::{BinlogPosition, Flavor, Gtids, Position, ServerIdentity};
use syncc::mysql::schema::TableName;
use syncc::plan::{
    CommitPolicy, Compression, Delivery, KafkaPlan, Mechanism, Sasl, SecretRef, StatePlan, TargetKind,
    TargetPlan, TaskId, Tls, TlsMode, TopicSettings,
};
use syncc::target::io::{Sink, Surroundings, Target};
use syncc::target::kafka::io::{
    Admin, AtLeastOnce, Class, Connection, Isolation as StateIsolation, KafkaFailure, NewTopic, Producer,
    ProducerSettings, Txn, Watch, read_all,
};
use syncc::target::kafka::requirement::{self, Needs, TopicNeed};

use self::link::{Link, Next};
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
        let plan = plan(kafka.brokers(), prefix);
        let connection = Connection::new(&plan, None, Path::new("."), "syncc-test").expect("valid settings");
        let id = TaskId { pipeline: "p".into(), source: "s".into(), target: "t".into() };
        let settings = ProducerSettings::new(&plan, &id, 8 << 20).expect("valid names");
        let server = ServerIdentity { flavor: Flavor::MySql, uuid: "u".into(), server_id: 1 };
        let file = BinlogPosition { file: "binlog.000001".into(), offset: 4 };
        let ledger = Ledger::new(
            CommitPolicy { every_ms: 500, rows: 1_000, bytes: 1 << 20 },
            Fingerprint { task: id.to_string(), cluster: "c".into() },
            1,
            0,
            Position { server, file, gtids: Gtids::Off },
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
    match txn.commit(covered) {
        Ok(_) => panic!("the commit went through"),
        Err(failure) => failure,
    }
}

#[test]
fn rows_and_their_position_appear_together_and_once() {
    let kafka = Kafka::shared();
    let mut task = Task::with_topics(kafka, "commit");
    let mut txn = task.begin();
    let rows = task.batch(0..3_000);
    txn.produce(&task.topics, &rows).expect("rows are queued");
    let table = TableName::new("shop", "orders");
    let pinned = StateRecord::Table(table.clone(), TableRecord { topic: "t".into(), partitions: 3 });
    txn.stage(&StateChange::put(pinned)).expect("state is queued");
    assert!(task.seen(kafka).is_empty(), "nothing is visible before the commit");
    let covered = task.ledger.cover(0);
    let committed = txn.commit(covered).expect("it commits");
    task.ledger.committed(&committed.durable, 0);
    assert_eq!(task.seen(kafka), by_partition(0..3_000));
    let state = task.state();
    assert_eq!(state.pos.as_ref(), Some(committed.durable.record()));
    assert!(state.tables.contains_key(&table));

    let producer = committed.producer.expect("the coordinator was in no trouble");
    let mut txn = producer.begin().expect("the producer goes on");
    let rows = task.batch(3_000..3_003);
    txn.produce(&task.topics, &rows).expect("rows are queued");
    txn.stage(&StateChange::Remove(StateKey::Table(table))).expect("state is queued");
    let covered = task.ledger.cover(0);
    let committed = txn.commit(covered).expect("it commits");
    assert_eq!(committed.durable.record().seq, 2);
    assert_eq!(task.seen(kafka), by_partition(0..3_003));
    assert!(task.state().tables.is_empty());
}

#[test]
fn a_full_queue_keeps_the_order() {
    let kafka = Kafka::shared();
    let mut task = Task::with_topics(kafka, "full");
    task.settings.queue_bytes = 16 << 10;
    let mut txn = task.begin();
    for start in (0..30_000).step_by(3_000) {
        let rows = task.batch(start..start + 3_000);
        txn.produce(&task.topics, &rows).expect("rows are queued");
    }
    let covered = task.ledger.cover(0);
    txn.commit(covered).expect("it commits");
    assert_eq!(task.seen(kafka), by_partition(0..30_000));
}

#[test]
fn a_commit_without_rows_stores_who_owns_the_task() {
    let kafka = Kafka::shared();
    let task = Task::with_topics(kafka, "owner");
    let mut txn = task.begin();
    txn.stage(&owner("first")).expect("state is queued");
    assert!(txn.commit_state().expect("it commits").is_some());
    let state = task.state();
    assert_eq!(state.owner.map(|owner| owner.incarnation).as_deref(), Some("first"));
    assert_eq!(state.pos, None);
}

#[test]
fn a_second_producer_takes_the_task_from_the_first() {
    let kafka = Kafka::shared();
    let mut task = Task::with_topics(kafka, "fence");
    let idle = task.open();
    let mut open = task.begin();
    let rows = task.batch(0..3);
    open.produce(&task.topics, &rows).expect("rows are queued");
    let newest = task.begin();
    assert_eq!(failure_of(open, &mut task).class, Class::Ownership, "inside a transaction");
    let begun = idle.begin();
    let failure = match begun {
        Ok(txn) => failure_of(txn, &mut task),
        Err(failure) => failure,
    };
    assert_eq!(failure.class, Class::Ownership, "between transactions: {}", failure.source);
    let mut newest = newest;
    let rows = task.batch(10..13);
    newest.produce(&task.topics, &rows).expect("rows are queued");
    let covered = task.ledger.cover(0);
    newest.commit(covered).expect("the newest one owns the task");
    assert_eq!(task.seen(kafka), by_partition(10..13));
}

#[test]
fn rows_of_a_dropped_transaction_never_appear() {
    let kafka = Kafka::shared();
    let mut task = Task::with_topics(kafka, "dropped");
    let mut txn = task.begin();
    let rows = task.batch(0..300);
    txn.produce(&task.topics, &rows).expect("rows are queued");
    txn.stage(&owner("dropped")).expect("state is queued");
    wait::until("rows of the open transaction are in the topic", 20, || {
        let there = kafka.consume(task.data().as_str(), Isolation::ReadUncommitted).len();
        if there == 300 { Ok(()) } else { Err(there.to_string()) }
    });
    let began = Instant::now();
    drop(txn);
    assert!(began.elapsed() < Duration::from_secs(2), "dropping took {:?}", began.elapsed());
    let mut txn = task.begin();
    assert_eq!(task.state().owner, None);
    let rows = task.batch(300..303);
    txn.produce(&task.topics, &rows).expect("rows are queued");
    let covered = task.ledger.cover(0);
    txn.commit(covered).expect("it commits");
    assert_eq!(task.seen(kafka), by_partition(300..303));
}

#[test]
fn the_state_is_read_past_no_open_transaction() {
    let kafka = Kafka::shared();
    let task = Task::with_topics(kafka, "foreign");
    let mut txn = task.begin();
    txn.stage(&owner("ours")).expect("state is queued");
    txn.commit_state().expect("it commits");

    let state = &task.settings.state_topic;
    let watch = Watch::open(&task.connection, state, None, LONG).expect("the topic is there");
    let foreign: BaseProducer =
        kafka.client().set("transactional.id", format!("{state}.foreign")).create().expect("valid settings");
    foreign.init_transactions(LONG).expect("the broker answers");
    foreign.begin_transaction().expect("no transaction is open");
    foreign
        .send(BaseRecord::to(state.as_str()).partition(0).key("owner").payload("foreign"))
        .map_err(|(error, _)| error)
        .expect("the queue has room");
    foreign.flush(LONG).expect("the broker answers");

    let seen = watch.next(LONG).expect("the broker answers").expect("an uncommitted record is seen");
    assert_eq!((seen.key.as_slice(), seen.value.as_deref()), (&b"owner"[..], Some(&b"foreign"[..])));
    let read = |isolation, patience| read_all(&task.connection, state, isolation, patience);
    let short = Duration::from_millis(1_500);
    let failure = read(StateIsolation::Committed, short).expect_err("a committed record might be hidden");
    assert_eq!(failure.class, Class::ForeignWriter);
    let all = read(StateIsolation::Uncommitted, LONG).expect("all can be read");
    assert_eq!(all.records.len(), 2);
    // who looks before it owns anything must not wait for a transaction that its dead owner left open
    let visible = read(StateIsolation::Visible, LONG).expect("what is visible can be read");
    assert_eq!(visible.records, all.records[..1]);

    foreign.abort_transaction(LONG).expect("the broker answers");
    assert_eq!(task.state().owner.map(|owner| owner.incarnation).as_deref(), Some("ours"));
    assert_eq!(watch.next(Duration::from_millis(300)).expect("the broker answers"), None);
}

#[test]
fn a_state_topic_that_is_missing_is_said_to_be() {
    let kafka = Kafka::shared();
    let task = Task::new(kafka, "missing");
    let state = &task.settings.state_topic;
    let failure =
        read_all(&task.connection, state, StateIsolation::Committed, LONG).expect_err("it is missing");
    assert_eq!(failure.class, Class::UnknownTopic);
    assert_eq!(failure.topic.as_deref(), Some(state.as_str()));
}

#[test]
fn records_the_topic_does_not_take_are_told_apart() {
    let kafka = Kafka::shared();
    let mut task = Task::new(kafka, "oversize");
    task.create_topics(&[("max.message.bytes", "5000")]);
    task.settings.compression = Compression::None;
    let mut txn = task.begin();
    let topic = task.topics.intern(&task.data());
    let mut batch = Batch::new();
    batch.arena().resize(10_000, b'x');
    batch.push(topic, 2, None, Some(0..10_000));
    let failure = match txn.produce(&task.topics, &batch) {
        Ok(()) => {
            let covered = task.ledger.cover(0);
            txn.commit(covered).map(drop).expect_err("the record is refused")
        }
        Err(failure) => failure,
    };
    assert_eq!(failure.class, Class::Oversize, "{}", failure.source);
    assert_eq!((failure.topic.as_deref(), failure.partition), (Some(task.data().as_str()), Some(2)));
    assert!(task.seen(kafka).is_empty());
}

#[test]
fn small_records_are_not_refused_for_the_size_of_their_batch() {
    let kafka = Kafka::shared();
    let mut task = Task::new(kafka, "batches");
    task.create_topics(&[("max.message.bytes", "5000")]);
    task.settings.compression = Compression::None;
    let facts = Admin::open(&task.connection, LONG).and_then(|admin| admin.facts([&task.data()]));
    task.settings.fit(&facts.expect("the broker answers"));
    let mut txn = task.begin();
    let rows = task.batch(0..3_000);
    txn.produce(&task.topics, &rows).expect("rows are queued");
    let covered = task.ledger.cover(0);
    txn.commit(covered).expect("it commits");
    assert_eq!(task.seen(kafka), by_partition(0..3_000));
}

#[test]
fn a_transaction_that_the_broker_ended_is_an_ownership_question() {
    let often = "transaction.abort.timed.out.transaction.cleanup.interval.ms=100";
    let kafka = Kafka::start(KafkaOptions { acls: false, properties: &[often] });
    let mut task = Task::of(&kafka, "timeout");
    task.create_topics(&[]);
    task.settings.transaction_timeout_ms = 1_000;
    let mut txn = task.begin();
    let rows = task.batch(0..3);
    txn.produce(&task.topics, &rows).expect("rows are queued");
    txn.stage(&owner("slow")).expect("state is queued");
    let state = &task.settings.state_topic;
    wait::until("the record is in the topic", 20, || {
        let there = kafka.consume(state.as_str(), Isolation::ReadUncommitted).len();
        if there == 1 { Ok(()) } else { Err(there.to_string()) }
    });
    let read = read_all(&task.connection, state, StateIsolation::Committed, LONG).expect("it is ended");
    assert_eq!(read.records, []);
    let covered = task.ledger.cover(0);
    let failure = txn.commit(covered).map(drop).expect_err("the broker ended it");
    assert_eq!(failure.class, Class::Ownership, "{}", failure.source);
    assert!(task.seen(&kafka).is_empty());
}

#[test]
fn topics_and_partitions_that_are_missing_are_named() {
    let kafka = Kafka::shared();
    let mut task = Task::with_topics(kafka, "unknown");
    for (topic, partition) in [(task.data(), 3), (name("absent.topic"), 0)] {
        let mut txn = task.begin();
        let id = task.topics.intern(&topic);
        let mut batch = Batch::new();
        batch.push(id, partition, None, None);
        let failure = match txn.produce(&task.topics, &batch) {
            Ok(()) => {
                let covered = task.ledger.cover(0);
                txn.commit(covered).map(drop).expect_err("there is no such partition")
            }
            Err(failure) => failure,
        };
        assert_eq!(failure.class, Class::UnknownTopic, "{topic}: {}", failure.source);
        assert_eq!(failure.topic.as_deref(), Some(topic.as_str()));
    }
    assert!(!kafka.topics().iter().any(|(topic, _)| topic == "absent.topic"), "it is not made by asking");
}

#[test]
fn login_and_certificates_are_checked_at_once() {
    let kafka = Kafka::shared();
    let task = Task::new(kafka, "login");
    let folder = tempfile::tempdir().expect("a folder");
    let other_ca = folder.path().join("other.pem");
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=other",
            "-keyout",
        ])
        .arg(folder.path().join("other.key"))
        .arg("-out")
        .arg(&other_ca)
        .output()
        .expect("openssl is there");
    assert!(made.status.success());
    let open = |brokers: String, ca: &Path, password: Option<&str>, timeout| {
        let mut plan = plan(brokers, &task.plan.state.prefix);
        plan.tls.mode = TlsMode::VerifyFull;
        plan.tls.ca = Some(ca.display().to_string());
        plan.sasl = password.map(|_| Sasl {
            user: Kafka::USER.to_owned(),
            mechanism: Mechanism::ScramSha512,
            password: SecretRef::Env("X".into()),
        });
        let connection =
            Connection::new(&plan, password.map(SecretString::from), Path::new("."), "syncc-test")
                .expect("valid settings");
        let producer = Producer::open(&connection, &task.settings, timeout).map(drop);
        let admin = Admin::open(&connection, timeout).expect("valid settings").facts([]).map(drop);
        if let (Err(producer), Err(admin)) = (&producer, &admin) {
            assert_eq!(producer.class, admin.class, "{} / {}", producer.source, admin.source);
        }
        producer.and(admin)
    };
    let sasl = kafka.sasl_brokers();
    open(sasl.clone(), &kafka.ca_file(), Some(Kafka::PASSWORD), LONG).expect("the right password is taken");
    let check = |brokers: &str, ca: &Path, password, class, finding| {
        let began = Instant::now();
        let failure = open(brokers.to_owned(), ca, password, LONG).expect_err("it must fail");
        assert_eq!(failure.class, class, "{}", failure.source);
        assert!(began.elapsed() < LONG / 2, "it took {:?}", began.elapsed());
        assert_eq!(failure.finding().map(|finding| finding.code.number), Some(finding));
        let words = format!("{failure} {} {failure:?}", failure.source);
        assert!(!words.contains("canary"), "{words}");
    };
    check(&sasl, &kafka.ca_file(), Some("canary"), Class::Login, "L0202");
    check(&sasl, &other_ca, Some(Kafka::PASSWORD), Class::Config, "L0201");
    let unreachable = open("127.0.0.1:1".into(), &other_ca, None, Duration::from_secs(2));
    let failure = unreachable.expect_err("nobody listens");
    assert_eq!(failure.class, Class::Transient);
    assert!(failure.source.words.contains("127.0.0.1:1"), "{}", failure.source);
}

#[test]
fn a_user_without_rights_is_told_which() {
    let kafka = Kafka::start(KafkaOptions { acls: true, properties: &[] });
    let mut plan = plan(kafka.sasl_brokers(), "rights");
    plan.tls.mode = TlsMode::VerifyFull;
    plan.tls.ca = Some(kafka.ca_file().display().to_string());
    plan.sasl = Some(Sasl {
        user: Kafka::USER.to_owned(),
        mechanism: Mechanism::ScramSha512,
        password: SecretRef::Env("X".into()),
    });
    let password = SecretString::from(Kafka::PASSWORD);
    let connection = Connection::new(&plan, Some(password), Path::new("."), "syncc-test").expect("valid");
    let task = Task::of(&kafka, "rights");
    task.create_topics(&[]);
    let failure = Producer::open(&connection, &task.settings, LONG).map(drop).expect_err("no rights");
    assert_eq!(failure.class, Class::Denied, "{}", failure.source);
    assert_eq!(failure.finding().map(|finding| finding.code.number), Some("L0203"));
    for (kind, resource) in [("--transactional-id", "rights.p.s.t"), ("--topic", "rights.p.s.t.state")] {
        let mut arguments = vec!["--add", "--allow-principal", "User:alice", kind, resource];
        arguments.extend(["--operation", "Write", "--operation", "Describe"]);
        if kind == "--topic" {
            arguments.extend(["--operation", "Read"]);
        }
        kafka.tool("org.apache.kafka.tools.AclCommand", &arguments);
    }
    let mut txn = Producer::open(&connection, &task.settings, LONG)
        .and_then(Producer::begin)
        .expect("the least rights are enough");
    txn.stage(&owner("least")).expect("state is queued");
    txn.commit_state().expect("it commits");
    let state = &task.settings.state_topic;
    let read =
        read_all(&connection, state, StateIsolation::Committed, LONG).expect("no right to a group is needed");
    assert_eq!(read.records.len(), 1);
    let facts = Admin::open(&connection, LONG).expect("valid").facts([state]).expect("what we may see");
    assert_eq!(facts.transaction_max_timeout_ms, None);
    assert_eq!(facts.topics[state.as_str()].partitions, 1);
    assert!(facts.topics[state.as_str()].config.is_empty());
}

#[test]
fn without_transactions_the_position_follows_the_rows() {
    let kafka = Kafka::shared();
    let mut task = Task::with_topics(kafka, "atleast");
    let open =
        |task: &Task| AtLeastOnce::open(&task.connection, &task.settings, LONG).expect("the broker answers");
    let mut producer = open(&task);
    producer.stage(&owner("first"));
    let mut producer = producer.save_state().expect("it is saved");
    let rows = task.batch(0..300);
    producer.produce(&task.topics, &rows).expect("rows are queued");
    let covered = task.ledger.cover(0);
    let (durable, _) = producer.flush_and_save(covered).expect("it is saved");
    task.ledger.committed(&durable, 0);
    assert_eq!(task.seen(kafka), by_partition(0..300));
    let state = task.state();
    assert_eq!(state.pos.as_ref(), Some(durable.record()));
    assert!(state.owner.is_some());

    let mut producer = open(&task);
    let mut batch = Batch::new();
    batch.push(task.topics.intern(&task.data()), 7, None, None);
    producer.produce(&task.topics, &batch).ok();
    let covered = task.ledger.cover(0);
    let failure = producer.flush_and_save(covered).map(drop).expect_err("a row was refused");
    assert!(matches!(failure.class, Class::UnknownTopic | Class::Protocol), "{}", failure.source);
    assert_eq!(task.state().pos.as_ref(), Some(durable.record()), "no position without its rows");
}

#[test]
fn every_target_is_sent_to_in_the_same_way() {
    let kafka = Kafka::shared();
    let folder = tempfile::tempdir().expect("a folder");
    let check = |number: usize, kind: fn(&Task) -> TargetKind| {
        let mut task = Task::with_topics(kafka, "sink");
        let id = TaskId { pipeline: "p".into(), source: "s".into(), target: "t".into() };
        let target = TargetPlan { name: "t".into(), kind: kind(&task) };
        let state_file = folder.path().join(number.to_string());
        let surroundings = Surroundings {
            password: None,
            project: folder.path(),
            state_file: &state_file,
            queue_bytes: 1 << 20,
        };
        let target = Target::new(&target, &id, surroundings).expect("valid settings");
        assert_eq!(target.load_state(LONG).expect("there is none"), TaskState::default());
        let mut sending = target.open(LONG).and_then(Sink::begin).expect("it opens");
        sending.stage(&owner("one")).expect("it is taken");
        let sink = sending.commit_state().expect("it is stored").expect("it goes on");
        let mut sending = sink.begin().expect("it goes on");
        let rows = task.batch(0..3);
        sending.produce(&task.topics, &rows).expect("rows are taken");
        let covered = task.ledger.cover(0);
        let sent = sending.commit(covered).expect("it is stored");
        assert!(sent.sink.is_some());
        let state = target.load_state(LONG).expect("it can be read");
        assert_eq!(state.pos.as_ref(), Some(sent.durable.record()));
        assert_eq!(state.owner.map(|owner| owner.incarnation).as_deref(), Some("one"));
        if target.kafka().is_some() {
            assert_eq!(task.seen(kafka), by_partition(0..3));
        } else {
            let lines = folder.path().join(format!("{}.jsonl", task.data()));
            assert_eq!(std::fs::read_to_string(lines).expect("it was written").lines().count(), 3);
        }
    };
    check(0, |task| TargetKind::Kafka(Box::new(task.plan.clone())));
    check(1, |task| {
        TargetKind::Kafka(Box::new(KafkaPlan { delivery: Delivery::AtLeastOnce, ..task.plan.clone() }))
    });
    check(2, |_| TargetKind::File { path: "{topic}.jsonl".into() });
}

#[test]
fn a_cluster_says_what_it_has() {
    let kafka = Kafka::shared();
    let mut task = Task::new(kafka, "facts");
    let admin = Admin::open(&task.connection, LONG).expect("valid settings");
    let state = task.settings.state_topic.clone();
    let mut facts = admin.facts([&state]).expect("the broker answers");
    assert!(!facts.cluster_id.is_empty());
    assert_eq!((facts.brokers, facts.topics.len()), (1, 0));
    assert_eq!(facts.transaction_max_timeout_ms, Some(900_000));
    let settings = TopicSettings {
        create: true,
        partitions: None,
        replicas: None,
        cleanup: None,
        retention_ms: Some(77_000),
    };
    admin.create_topics(&[NewTopic::data(task.data(), &settings)]).expect("it is made");
    admin.create_topics(&[NewTopic::data(task.data(), &settings)]).expect("it is there");
    admin.ensure_state_topic(&state, &task.plan.state, &facts).expect("it is made");
    let data = task.data();
    facts = admin.facts([&state, &data]).expect("the broker answers");
    assert_eq!(facts.topics[data.as_str()].config["retention.ms"], "77000");
    let needs = |timeout| Needs {
        transaction_timeout_ms: Some(timeout),
        state_topic: state.clone(),
        topics: vec![
            TopicNeed { name: data.clone(), create: false },
            TopicNeed { name: name("absent"), create: false },
        ],
    };
    let found = requirement::findings(&facts, &needs(60_000));
    let codes: Vec<&str> = found.iter().map(|finding| finding.code.number).collect();
    assert_eq!(codes, ["L0204", "L0216"], "a made state topic is as it must be");

    task.settings.transaction_timeout_ms = 900_001;
    let failure = Producer::open(&task.connection, &task.settings, LONG).map(drop).expect_err("too long");
    assert_eq!(failure.class, Class::InvalidTransactionTimeout, "{}", failure.source);
    assert_eq!(requirement::findings(&facts, &needs(900_001))[0].code.number, "L0214");
    assert_eq!(admin.partitions(&data).expect("the broker answers").map(|n| n.get()), Some(1));
    assert_eq!(admin.partitions(&name("absent")).expect("the broker answers"), None);
    assert_eq!(admin.end_offsets(&data, 1).expect("the broker answers"), [(0, 0)]);
}

/// A broker that clients reach through a link.
fn linked() -> (Link, Kafka) {
    let link = Link::open();
    let advertised = format!("advertised.listeners=PLAINTEXT://127.0.0.1:{}", link.port());
    // The broker talks to itself through the link too, so the link has to know it before it asks.
    let kafka = Kafka::start(KafkaOptions { acls: false, properties: &[&advertised] });
    link.lead_to(kafka.brokers());
    (link, kafka)
}

/// Commits rows while the end of the transaction goes astray as `next`; the rows are there once, and the producer is
/// not used again.
#[track_caller]
fn commit_astray(link: &Link, kafka: &Kafka, task: &mut Task, next: Next, rows: std::ops::Range<u32>) {
    let mut txn = task.begin();
    let batch = task.batch(rows.clone());
    txn.produce(&task.topics, &batch).expect("rows are queued");
    let covered = task.ledger.cover(0);
    link.next(next);
    let committed = txn.commit(covered).expect("the client library asks again");
    assert!(link.has_struck(), "{next:?}");
    assert!(
        committed.producer.is_none(),
        "{next:?}: the producer may have a second end of a transaction on its way"
    );
    task.ledger.committed(&committed.durable, 0);
    assert_eq!(task.state().pos.as_ref(), Some(committed.durable.record()));
    assert_eq!(task.seen(kafka), by_partition(0..rows.end), "{next:?}");
}

#[test]
fn a_late_end_of_a_transaction_does_not_end_the_next_one() {
    let (link, kafka) = linked();
    let mut task = Task::of(&kafka, "astray");
    task.settings.transaction_timeout_ms = 6_000;
    task.create_topics(&[]);
    commit_astray(&link, &kafka, &mut task, Next::CutBeforeAnswer, 0..30);
    commit_astray(&link, &kafka, &mut task, Next::DropAnswer, 30..60);
    commit_astray(&link, &kafka, &mut task, Next::HoldAndCut, 60..90);

    let mut open = task.begin();
    let rows = task.batch(90..120);
    open.produce(&task.topics, &rows).expect("rows are queued");
    wait::until("rows of the open transaction are in the topic", 20, || {
        let there = kafka.consume(task.data().as_str(), Isolation::ReadUncommitted).len();
        if there == 120 { Ok(()) } else { Err(there.to_string()) }
    });
    link.release();
    drop(open);
    drop(task.open());
    assert_eq!(task.seen(&kafka), by_partition(0..90), "nobody committed the rows");
}

/// Why a producer in doubt is not used again. When this fails, the client library or the broker refuses the late request
/// by itself, and the caution can go.
#[test]
fn a_late_end_of_a_transaction_ends_the_next_one_of_the_same_producer() {
    let (link, kafka) = linked();
    kafka.create_topic("rows", 1, &[]);
    let producer: BaseProducer =
        kafka.client().set("transactional.id", "careless").create().expect("valid settings");
    producer.init_transactions(LONG).expect("the broker answers");
    for row in ["committed", "open"] {
        producer.begin_transaction().expect("no transaction is open");
        producer
            .send(BaseRecord::to("rows").partition(0).key("k").payload(row))
            .map_err(|(error, _)| error)
            .expect("the queue has room");
        producer.flush(LONG).expect("the broker answers");
        if row == "committed" {
            link.next(Next::HoldAndCut);
            producer.commit_transaction(LONG).expect("the client library asks again");
        }
    }
    link.release();
    wait::until("the open row is committed by the late request", 20, || {
        let seen = kafka.consume("rows", Isolation::ReadCommitted).len();
        if seen == 2 { Ok(()) } else { Err(seen.to_string()) }
    });
}

#[test]
fn a_broker_that_hangs_or_is_gone_holds_nobody_up() {
    let kafka = Kafka::start(KafkaOptions::default());
    let mut task = Task::of(&kafka, "gone");
    task.settings.transaction_timeout_ms = 3_000;
    task.create_topics(&[]);
    let in_time = |what: &str, limit_ms, run: &mut dyn FnMut()| {
        let began = Instant::now();
        run();
        assert!(began.elapsed() < Duration::from_millis(limit_ms), "{what} took {:?}", began.elapsed());
    };
    let with_rows = |task: &mut Task| {
        let mut txn = task.begin();
        let rows = task.batch(0..300);
        txn.produce(&task.topics, &rows).expect("rows are queued");
        txn
    };

    let watch = Watch::open(&task.connection, &task.settings.state_topic, None, LONG).expect("it is there");
    assert_eq!(watch.next(Duration::from_millis(100)).expect("the broker answers"), None);
    let mut dropped = Some(with_rows(&mut task));
    let mut committed = Some(with_rows(&mut task));
    kafka.signal(rustix::process::Signal::STOP);
    in_time("dropping while it hangs", 1_000, &mut || drop(dropped.take()));
    in_time("a commit while it hangs", 6_000, &mut || {
        let covered = task.ledger.cover(0);
        let txn = committed.take().expect("it is used once");
        let failure = txn.commit(covered).map(drop).expect_err("nobody answers");
        assert_eq!(failure.class, Class::Transient, "{}", failure.source);
    });
    in_time("an answer of the watch", 8_000, &mut || {
        let silence = watch.next(Duration::from_millis(100)).expect_err("silence proves nothing");
        assert_eq!(silence.class, Class::Transient, "{}", silence.source);
    });
    kafka.signal(rustix::process::Signal::CONT);
    wait::until("the watch sees the topic again", 20, || watch.next(Duration::ZERO).map_err(|it| it.source));

    let mut dropped = Some(with_rows(&mut task));
    kafka.kill();
    in_time("dropping when it is gone", 1_000, &mut || drop(dropped.take()));
    in_time("opening when it is gone", 4_000, &mut || {
        let opened = Producer::open(&task.connection, &task.settings, Duration::from_secs(2));
        assert_eq!(opened.map(drop).expect_err("nobody is there").class, Class::Transient);
    });
    kafka.start_again();
    let mut txn = task.begin();
    let rows = task.batch(300..330);
    txn.produce(&task.topics, &rows).expect("rows are queued");
    let covered = task.ledger.cover(0);
    txn.commit(covered).expect("it commits");
    let seen = task.seen(&kafka);
    assert_eq!(seen, by_partition(300..330), "what was not committed is not there");
}
