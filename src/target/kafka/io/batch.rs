//! Records into the client library's queue, many at a call.
//!
//! One of the two modules with `unsafe` (the other is `token`). What it relies on, from librdkafka's `rdkafka.h`:
//!
//! * all its functions may be called from any thread; a client handle is valid until it is destroyed, which
//!   [`BaseProducer`] does when dropped;
//! * a topic handle is counted, must be given back before its client is destroyed, and every client call may use it until
//!   then. [`NativeProducer`] owns both and its fields drop in that order;
//! * `rd_kafka_produce_batch` with `RD_KAFKA_MSG_F_COPY` reads keys and values before it returns and keeps no pointer to
//!   them; with a given partition it ignores the partition of each message; it sets `err` of every message.

#![expect(unsafe_code, reason = "the batch call and the early-ending flush exist in the C interface only")]

use super::error::KafkaFailure;
use super::events::Events;
use crate::checkpoint::StateChange;
use crate::engine::commit::HEARTBEAT_MS;
use crate::kafka::{Batch, Headers, Record, TopicId, TopicTable};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, PurgeConfig};
use rdkafka_sys as sys;
use std::ffi::{CString, c_void};
use std::ptr::{self, NonNull};
use std::time::{Duration, Instant};

/// Pause before a full queue is tried again: an eighth of the time in which a fast broker empties 4 MiB.
const QUEUE_FULL_PAUSE: Duration = Duration::from_micros(300);

/// Longest that giving up a client's records may take before it is destroyed.
const PURGE_PATIENCE: Duration = Duration::from_millis(50);

/// How often it is said that the owner lives while records wait to be delivered.
const BEAT: Duration = Duration::from_millis(HEARTBEAT_MS);

/// What says that the owner of the task lives; none where it gives the task up.
pub type Alive<'a> = &'a mut dyn FnMut() -> Option<StateChange>;

/// Most events taken between two batches; there are none as long as all goes well.
const EVENTS_PER_BATCH: usize = 64;

/// A producer of the client library and the handles of the topics it has written to.
///
/// The order of the fields matters: see the module's safety notes.
pub(super) struct NativeProducer {
    topics: Vec<Option<TopicHandle>>,
    state: TopicHandle,
    producer: BaseProducer<Events>,
    /// Reused: (topic, partition, number in the batch).
    order: Vec<(TopicId, i32, u32)>,
}

struct TopicHandle(NonNull<sys::rd_kafka_topic_t>);

// SAFETY: the handle is a counted reference to an object that librdkafka guards with its own locks.
unsafe impl Send for TopicHandle {}

impl Drop for TopicHandle {
    fn drop(&mut self) {
        // SAFETY: this is the one reference that `rd_kafka_topic_new` handed to us, given back once; the client still
        // exists because `NativeProducer` drops it after its handles.
        unsafe { sys::rd_kafka_topic_destroy(self.0.as_ptr()) }
    }
}

fn open_topic(producer: &BaseProducer<Events>, name: &str) -> Result<TopicHandle, KafkaFailure> {
    const WHAT: &str = "open a topic";
    let text = CString::new(name)
        .map_err(|_| KafkaFailure::config(WHAT, "the name contains a NUL byte").on(name))?;
    // SAFETY: the client handle is valid while `producer` is; the name is copied; no configuration means the client's.
    let handle =
        unsafe { sys::rd_kafka_topic_new(producer.client().native_ptr(), text.as_ptr(), ptr::null_mut()) };
    NonNull::new(handle)
        .map(TopicHandle)
        .ok_or_else(|| KafkaFailure::config(WHAT, "the client library refuses the name").on(name))
}

impl NativeProducer {
    /// Wraps a client; `state_topic` is where [`send_state`](NativeProducer::send_state) writes.
    pub(super) fn new(
        producer: BaseProducer<Events>,
        state_topic: &str,
    ) -> Result<NativeProducer, KafkaFailure> {
        let state = open_topic(&producer, state_topic)?;
        Ok(NativeProducer { topics: Vec::new(), state, producer, order: Vec::new() })
    }

    /// The client, for its other calls.
    pub(super) fn client(&self) -> &BaseProducer<Events> {
        &self.producer
    }

    /// What the client said on its own.
    pub(super) fn events(&self) -> &Events {
        self.producer.client().context()
    }

    /// Queues all records of `batch`. Order per partition is kept; a full queue is waited out.
    ///
    /// # Errors
    /// A record that was refused, or one given up meanwhile. How many records are queued is not known then.
    pub(super) fn send(&mut self, topics: &TopicTable, batch: &Batch) -> Result<(), KafkaFailure> {
        let records: Vec<Record<'_>> = batch.records().collect();
        self.order.clear();
        self.order.extend(records.iter().zip(0..).map(|(record, at)| (record.topic, record.partition, at)));
        self.order.sort_unstable();
        let order = std::mem::take(&mut self.order);
        let mut messages = Vec::new();
        let result = order.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).try_for_each(|run| {
            let (id, partition, _) = run[0];
            let placed = |failure: KafkaFailure| match topics.name(id) {
                Some(name) if failure.topic.is_none() => failure.on(name.as_str()).at(partition),
                _ => failure,
            };
            if run.iter().any(|(_, _, at)| !records[*at as usize].is_plain()) {
                let name = topics.name(id).expect("records name topics of the task's own table").as_str();
                return run
                    .iter()
                    .try_for_each(|(_, _, at)| self.enqueue_one(name, &records[*at as usize]))
                    .map_err(placed);
            }
            messages.clear();
            messages.extend(run.iter().map(|(_, _, at)| message(&records[*at as usize])));
            let handle = self.open(topics, id)?;
            self.enqueue(handle, partition, &mut messages).map_err(placed)
        });
        self.order = order;
        result
    }

    /// Queues one record for the state topic.
    ///
    /// # Errors
    /// As [`send`](NativeProducer::send).
    pub(super) fn send_state(&self, key: &[u8], value: Option<&[u8]>) -> Result<(), KafkaFailure> {
        let headers = Headers::default();
        let record =
            Record { topic: TopicId(0), partition: 0, key: Some(key), value, headers, time_ms: None };
        self.enqueue(self.state.0, 0, &mut [message(&record)])
    }

    fn open(
        &mut self,
        topics: &TopicTable,
        id: TopicId,
    ) -> Result<NonNull<sys::rd_kafka_topic_t>, KafkaFailure> {
        let at = id.0 as usize;
        if let Some(Some(handle)) = self.topics.get(at) {
            return Ok(handle.0);
        }
        let name = topics.name(id).expect("records name topics of the task's own table");
        let handle = open_topic(&self.producer, name.as_str())?;
        let pointer = handle.0;
        if self.topics.len() <= at {
            self.topics.resize_with(at + 1, || None);
        }
        self.topics[at] = Some(handle);
        Ok(pointer)
    }

    /// Queues `messages`, in order, waiting whenever the queue is full.
    fn enqueue(
        &self,
        topic: NonNull<sys::rd_kafka_topic_t>,
        partition: i32,
        messages: &mut [sys::rd_kafka_message_t],
    ) -> Result<(), KafkaFailure> {
        const WHAT: &str = "produce a record";
        let mut rest = messages;
        let mut was_empty = false;
        while !rest.is_empty() {
            let count = i32::try_from(rest.len()).unwrap_or(i32::MAX);
            // SAFETY: `topic` is a handle of this client that lives in `self`; `rest` holds at least `count` messages,
            // whose keys and values are borrowed from a batch that outlives this call and are copied by it.
            unsafe {
                sys::rd_kafka_produce_batch(
                    topic.as_ptr(),
                    partition,
                    sys::RD_KAFKA_MSG_F_COPY,
                    rest.as_mut_ptr(),
                    count,
                )
            };
            let done = &rest[..count as usize];
            let refused =
                done.iter().position(|m| m.err != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR);
            let queued = match refused {
                None => done.len(),
                // Once the queue is full the call refuses everything that follows, so the order is kept.
                Some(at) => match Code::from(done[at].err) {
                    Code::QueueFull if at == 0 && was_empty => {
                        return Err(self.explain(WHAT, Code::MessageSizeTooLarge));
                    }
                    Code::QueueFull => at,
                    code => return Err(self.explain(WHAT, code)),
                },
            };
            self.take_events();
            if let Some(failure) = self.events().undelivered() {
                return Err(failure);
            }
            rest = &mut rest[queued..];
            if !rest.is_empty() && refused.is_some() {
                was_empty = self.wait_for_room();
            }
        }
        Ok(())
    }

    /// Queues one record with its headers and its time, which the call for many cannot carry.
    fn enqueue_one(&self, topic: &str, record: &Record<'_>) -> Result<(), KafkaFailure> {
        const WHAT: &str = "produce a record";
        let mut one = BaseRecord::<[u8], [u8]>::to(topic).partition(record.partition);
        one.key = record.key;
        one.payload = record.value;
        one.timestamp = record.time_ms;
        if !record.headers.is_empty() {
            let room = OwnedHeaders::new_with_capacity(record.headers.iter().len());
            let added = |headers: OwnedHeaders, (key, value): (&str, &[u8])| {
                headers.insert(Header { key, value: Some(value) })
            };
            one.headers = Some(record.headers.iter().fold(room, added));
        }
        let mut was_empty = false;
        loop {
            let refused = self.producer.send(one);
            self.take_events();
            if let Some(failure) = self.events().undelivered() {
                return Err(failure);
            }
            match refused {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(Code::QueueFull), _)) if was_empty => {
                    return Err(self.explain(WHAT, Code::MessageSizeTooLarge));
                }
                Err((KafkaError::MessageProduction(Code::QueueFull), again)) => {
                    one = again;
                    was_empty = self.wait_for_room();
                }
                Err((KafkaError::MessageProduction(code), _)) => return Err(self.explain(WHAT, code)),
                Err((error, _)) => return Err(KafkaFailure::config(WHAT, error.to_string()).on(topic)),
            }
        }
    }

    /// Pauses before a full queue is tried again. True when nothing waits in it: a record that it has no room for then is larger
    /// than the queue, and never gets in.
    fn wait_for_room(&self) -> bool {
        std::thread::sleep(QUEUE_FULL_PAUSE);
        self.producer.in_flight_count() == 0
    }

    /// A failure with the reason behind a code that only says that there is one.
    pub(super) fn explain(&self, what: &'static str, code: Code) -> KafkaFailure {
        self.take_events();
        let inner = self.producer.client().fatal_error();
        match (inner, self.events().undelivered()) {
            // What became of a record is what the caller must know: a later code tells of the consequences.
            (None, Some(lost)) => KafkaFailure { what, ..lost },
            (Some((fatal, words)), _) => KafkaFailure::of(what, fatal, words),
            (None, None) => KafkaFailure::of(what, code, code.to_string()),
        }
    }

    /// Waits until nothing is queued or on its way; `false` when that takes longer than `patience`. Every [`BEAT`] it says that the
    /// owner of the task lives.
    ///
    /// Returns as soon as it is so: records that are delivered make no events, so nothing has to be polled meanwhile.
    ///
    /// # Errors
    /// As [`send_state`](NativeProducer::send_state).
    pub(super) fn flush(&self, patience: Duration, alive: Alive<'_>) -> Result<bool, KafkaFailure> {
        let began = Instant::now();
        let mut said = began;
        loop {
            let left = patience.saturating_sub(began.elapsed());
            // Records that were given up count as queued until their events are taken.
            let slice = left.min(Duration::from_millis(100)).as_millis() as i32;
            // SAFETY: the client handle is valid while `self.producer` is.
            let answer = unsafe { sys::rd_kafka_flush(self.producer.client().native_ptr(), slice) };
            self.take_events();
            if answer == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                return Ok(true);
            }
            if left.is_zero() || self.events().undelivered().is_some() {
                return Ok(false);
            }
            if said.elapsed() >= BEAT {
                said = Instant::now();
                if let Some(change) = alive() {
                    self.send_change(&change)?;
                }
            }
        }
    }

    /// Queues a change of the task's state.
    ///
    /// # Errors
    /// As [`send`](NativeProducer::send).
    pub(super) fn send_change(&self, change: &StateChange) -> Result<(), KafkaFailure> {
        let (key, value) = change.encode();
        self.send_state(&key, value.as_deref())
    }

    /// Takes events that wait, without waiting for any. Each poll takes one, so it is asked first if there are some.
    pub(super) fn take_events(&self) {
        // SAFETY: the client handle and the queue reference obtained from it are valid; the reference is given back.
        let waiting = unsafe {
            let queue = sys::rd_kafka_queue_get_main(self.producer.client().native_ptr());
            let waiting = sys::rd_kafka_queue_length(queue);
            sys::rd_kafka_queue_destroy(queue);
            waiting
        };
        for _ in 0..waiting.min(EVENTS_PER_BATCH) {
            self.producer.poll(Duration::ZERO);
        }
    }
}

impl Drop for NativeProducer {
    /// Gives up what is queued, so that destroying the client waits for no broker.
    fn drop(&mut self) {
        self.producer.purge(PurgeConfig::default().queue().inflight());
        let deadline = Instant::now() + PURGE_PATIENCE;
        while self.producer.in_flight_count() > 0 && Instant::now() < deadline {
            self.producer.poll(Duration::ZERO);
        }
    }
}

fn message(record: &Record<'_>) -> sys::rd_kafka_message_t {
    let (key, key_len) = parts(record.key);
    let (payload, len) = parts(record.value);
    sys::rd_kafka_message_t {
        err: sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR,
        rkt: ptr::null_mut(),
        partition: record.partition,
        payload,
        len,
        key,
        key_len,
        offset: 0,
        _private: ptr::null_mut(),
    }
}

/// Pointer and length as C wants them: an empty value has a pointer, a missing one has none.
fn parts(bytes: Option<&[u8]>) -> (*mut c_void, usize) {
    match bytes {
        Some(bytes) => (bytes.as_ptr().cast_mut().cast(), bytes.len()),
        None => (ptr::null_mut(), 0),
    }
}
