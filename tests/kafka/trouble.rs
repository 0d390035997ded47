//! Answers that come late or never, brokers that hang or are gone.

use super::link::{Link, Next};
use super::*;
use crate::support::way::{Way, Weather};

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
    let committed = txn.commit(covered, &mut silent).expect("the client library asks again");
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

/// Rows that take long to go out are no silence: whoever stands by sees the owner while they do.
#[test]
fn the_owner_is_seen_to_live_while_rows_are_on_their_way() {
    let way = Way::open();
    let kafka = Kafka::behind(&way);
    let mut task = Task::at(way.address(), &kafka.prefix("slow"));
    task.settings.transaction_timeout_ms = 60_000;
    task.create_topics(&[]);
    let watcher = Task::new(&kafka, "watcher");
    let watch =
        Watch::open(&watcher.connection, &task.settings.state_topic, None, LONG).expect("it is there");
    for transactional in [true, false] {
        let mut beats = 0;
        let mut alive = || {
            beats += 1;
            Some(owner(&format!("{transactional} {beats}")))
        };
        let rows = large(&mut task, 2 << 20);
        let covered = task.ledger.cover(0);
        let slow = Weather::Slow { delay: Duration::ZERO, bytes_per_second: 256 << 10 };
        let durable = if transactional {
            let mut txn = task.begin();
            way.turn(slow);
            txn.produce(&task.topics, &rows).expect("rows are queued");
            txn.commit(covered, &mut alive).expect("it commits").durable
        } else {
            let mut plain = AtLeastOnce::open(&task.connection, &task.settings, LONG).expect("it opens");
            way.turn(slow);
            plain.produce(&task.topics, &rows).expect("rows are queued");
            plain.flush_and_save(covered, &mut alive).expect("it is saved").0
        };
        way.turn(Weather::Fair);
        task.ledger.committed(&durable, 0);
        assert!(beats >= 1, "it took long enough");
        let StateChange::Put(said) = owner(&format!("{transactional} 1")) else { unreachable!("it is put") };
        let expected = said.encode();
        wait::until("the first beat is seen", 20, || match watch.next(Duration::from_millis(500)) {
            Ok(Some(record)) if record.value.as_ref() == Some(&expected.1) => Ok(()),
            other => Err(format!("{other:?}")),
        });
    }
}

/// Rows of so many bytes in all.
fn large(task: &mut Task, bytes: usize) -> Batch {
    const ROW: usize = 64 << 10;
    let topic = task.topics.intern(&task.data());
    let mut batch = Batch::new();
    let mut dice = 1_u64;
    for number in 0..bytes / ROW {
        let start = batch.arena().len();
        // nothing that gets smaller
        batch.arena().extend((0..ROW).map(|_| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 56) as u8
        }));
        let end = batch.arena().len();
        batch.push(topic, (number % 3) as i32, None, Some(start..end));
    }
    batch
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
        let failure = txn.commit(covered, &mut silent).map(drop).expect_err("nobody answers");
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
    txn.commit(covered, &mut silent).expect("it commits");
    let seen = task.seen(&kafka);
    assert_eq!(seen, by_partition(300..330), "what was not committed is not there");
}
