//! What a cluster does not take.

use super::*;

#[test]
fn records_the_topic_does_not_take_are_told_apart() {
    let kafka = Kafka::shared();
    let mut task = Task::new(kafka, "oversize");
    task.create_topics(&[("max.message.bytes", "5000")]);
    task.settings.compression = Compression::None;
    let larger_than_the_queue = task.settings.queue_bytes as usize + 1;
    // those that carry a time take another way into the queue
    for (size, time) in
        [(10_000, None), (larger_than_the_queue, None), (larger_than_the_queue, Some(1_700_000_000_000))]
    {
        let mut txn = task.begin();
        let topic = task.topics.intern(&task.data());
        let mut batch = Batch::new();
        batch.arena().resize(size, b'x');
        batch.push(topic, 2, None, Some(0..size));
        if let Some(time) = time {
            batch.time(time);
        }
        let failure = match txn.produce(&task.topics, &batch) {
            Ok(()) => {
                let covered = task.ledger.cover(0);
                txn.commit(covered, &mut silent).map(drop).expect_err("the record is refused")
            }
            Err(failure) => failure,
        };
        assert_eq!(failure.class, Class::Oversize, "{size} bytes: {}", failure.source);
        assert_eq!((failure.topic.as_deref(), failure.partition), (Some(task.data().as_str()), Some(2)));
        assert!(task.seen(kafka).is_empty());
    }
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
    txn.commit(covered, &mut silent).expect("it commits");
    assert_eq!(task.seen(kafka), by_partition(0..3_000));
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
                txn.commit(covered, &mut silent).map(drop).expect_err("there is no such partition")
            }
            Err(failure) => failure,
        };
        assert_eq!(failure.class, Class::UnknownTopic, "{topic}: {}", failure.source);
        assert_eq!(failure.topic.as_deref(), Some(topic.as_str()));
    }
    assert!(!kafka.topics().iter().any(|(topic, _)| topic == "absent.topic"), "it is not made by asking");
}
