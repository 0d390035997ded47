//! Transactions of one task: rows and their position, who owns it, what becomes of what is given up.

use super::*;

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
    let committed = txn.commit(covered, &mut silent).expect("it commits");
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
    let committed = txn.commit(covered, &mut silent).expect("it commits");
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
    txn.commit(covered, &mut silent).expect("it commits");
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
    newest.commit(covered, &mut silent).expect("the newest one owns the task");
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
    txn.commit(covered, &mut silent).expect("it commits");
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

    #[cfg(feature = "planted-bugs")]
    {
        use syncc::failpoint::plant;
        plant(Some("watch-committed"));
        let blind = Watch::open(&task.connection, state, Some(0), LONG).expect("the topic is there");
        let signs =
            std::iter::from_fn(|| blind.next(Duration::from_millis(500)).expect("the broker answers"));
        assert_eq!(signs.count(), 1, "the bug shows: the open transaction is no sign of life");
        plant(Some("state-up-to-open"));
        let read = read(StateIsolation::Committed, short).expect("nothing is waited for");
        assert_eq!(read.records, all.records[..1], "the bug shows: what is behind it would be missed");
        plant(None);
    }
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
    let failure = txn.commit(covered, &mut silent).map(drop).expect_err("the broker ended it");
    assert_eq!(failure.class, Class::Ownership, "{}", failure.source);
    assert!(task.seen(&kafka).is_empty());
}

/// In a transaction records wait for a fuller batch: nobody sees them before the commit, which sends what waits.
#[test]
fn batches_fill_while_a_transaction_is_written() {
    const CALLS: u32 = 5_000;
    let kafka = Kafka::shared();
    let mut task = Task::with_topics(kafka, "batches");
    let mut txn = task.begin();
    let began = Instant::now();
    for call in 0..CALLS {
        let rows = task.batch(3 * call..3 * call + 3);
        txn.produce(&task.topics, &rows).expect("rows are queued");
    }
    let lingers = u32::try_from(began.elapsed().as_millis() / 200).expect("it took no age");
    let covered = task.ledger.cover(0);
    txn.commit(covered, &mut silent).expect("it commits");
    assert_eq!(task.seen(kafka).len(), 3 * CALLS as usize);
    for partition in 0..3 {
        let n_batches = kafka.batches(task.data().as_str(), partition);
        // one for each time that the oldest record has lingered, and the last one
        assert!(n_batches <= lingers as usize + 2, "{n_batches} batches in {lingers} times 200 ms");
    }
}
