//! What all targets promise, and what a cluster says of itself.

use super::*;

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
    let (durable, _) = producer.flush_and_save(covered, &mut silent).expect("it is saved");
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
    let failure = producer.flush_and_save(covered, &mut silent).map(drop).expect_err("a row was refused");
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
        let sent = sending.commit(covered, &mut silent).expect("it is stored");
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
        min_insync: Some(1),
        cleanup: None,
        retention_ms: Some(77_000),
    };
    admin.create_topics(&[NewTopic::data(task.data(), &settings)]).expect("it is made");
    admin.create_topics(&[NewTopic::data(task.data(), &settings)]).expect("it is there");
    admin.ensure_state_topic(&state, &task.plan.state, &facts).expect("it is made");
    let data = task.data();
    facts = admin.facts([&state, &data]).expect("the broker answers");
    assert_eq!(facts.topics[data.as_str()].config["retention.ms"], "77000");
    assert_eq!(facts.topics[data.as_str()].config["min.insync.replicas"], "1");
    let needs = |timeout| Needs {
        brokers: kafka.brokers(),
        transaction_timeout_ms: Some(timeout),
        broker_version: None,
        state_topic: state.clone(),
        state_replicas: None,
        topics: vec![TopicNeed::plain(data.clone(), false), TopicNeed::plain(name("absent"), false)],
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
