//! Messages shown to somebody as they are produced.
//!
//! Guarantees: the task never waits for who watches: what does not fit is left out and counted; nobody watching costs one
//! look at a flag for each batch. What is shown is what is sent, masks included.

use crate::control::{Reply, Told};
use crate::kafka::{Record, TopicTable};
use crate::mysql::schema::TableName;
use crate::plan::TaskId;
use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of a key or value that are shown; the rest is left out.
const SHOWN_BYTES_MAX: usize = 16 << 10;

/// Who watches the messages of one task.
#[derive(Debug, Clone, Default)]
pub(super) struct Taps(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    any: AtomicBool,
    taps: Mutex<Vec<Tap>>,
}

/// One who watches; clones watch several tasks together.
#[derive(Debug, Clone)]
pub(super) struct Tap {
    table: Option<TableName>,
    watcher: Arc<Mutex<Option<Watcher>>>,
}

#[derive(Debug)]
struct Watcher {
    reply: Reply,
    /// Messages until it is enough; none: until the watcher goes away.
    left: Option<u64>,
    shown: u64,
    missed: u64,
}

impl Tap {
    /// Shows to `reply` the messages of one table, or all; `count` of them.
    pub(super) fn new(table: Option<TableName>, count: Option<u64>, reply: Reply) -> Tap {
        let watcher = Watcher { reply, left: count, shown: 0, missed: 0 };
        Tap { table, watcher: Arc::new(Mutex::new(Some(watcher))) }
    }

    /// Shows a message. False when it was the last, or nobody watches any more.
    fn show(&self, message: impl FnOnce() -> Value) -> bool {
        let mut place = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(watcher) = place.as_mut() else { return false };
        if watcher.left == Some(0) {
            return false;
        }
        let mut message = message();
        if watcher.missed > 0
            && let Value::Object(members) = &mut message
        {
            members.insert("missed".into(), watcher.missed.into());
        }
        match watcher.reply.event(message) {
            Told::Sent => {
                watcher.shown += 1;
                watcher.missed = 0;
            }
            Told::Full => {
                watcher.missed += 1;
                return true;
            }
            Told::Gone => {
                *place = None;
                return false;
            }
        }
        watcher.left = watcher.left.map(|left| left - 1);
        if watcher.left != Some(0) {
            return true;
        }
        if let Some(Watcher { reply, shown, .. }) = place.take() {
            reply.done(json!({ "shown": shown }));
        }
        false
    }

    fn is_gone(&self) -> bool {
        let place = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        place.as_ref().is_none_or(|watcher| watcher.reply.is_gone())
    }
}

impl Taps {
    /// True when somebody watches.
    pub(super) fn any(&self) -> bool {
        self.0.any.load(Ordering::Relaxed)
    }

    /// Somebody watches from now on.
    pub(super) fn add(&self, tap: Tap) {
        let mut taps = self.taps();
        // Those who went away while there was nothing to show.
        taps.retain(|tap| !tap.is_gone());
        taps.push(tap);
        self.0.any.store(true, Ordering::Relaxed);
    }

    /// Shows records: to those who watch `table`, or without one to those who watch everything.
    pub(super) fn show<'r>(
        &self,
        task: &TaskId,
        table: Option<&TableName>,
        topics: &TopicTable,
        records: impl Iterator<Item = Record<'r>>,
    ) {
        let mut taps = self.taps();
        for record in records {
            taps.retain(|tap| {
                tap.table.as_ref() != table || tap.show(|| message(task, table, topics, &record))
            });
        }
        self.0.any.store(!taps.is_empty(), Ordering::Relaxed);
    }

    fn taps(&self) -> MutexGuard<'_, Vec<Tap>> {
        self.0.taps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn message(task: &TaskId, table: Option<&TableName>, topics: &TopicTable, record: &Record<'_>) -> Value {
    let mut members = Map::new();
    members.insert("task".into(), task.to_string().into());
    if let Some(table) = table {
        members.insert("table".into(), table.to_string().into());
    }
    members.insert("topic".into(), topics.name(record.topic).map(ToString::to_string).into());
    members.insert("partition".into(), record.partition.into());
    bytes(&mut members, "key", record.key);
    bytes(&mut members, "value", record.value);
    Value::Object(members)
}

/// Text as it is; anything else as Base64. Absent bytes are `null`.
fn bytes(members: &mut Map<String, Value>, name: &str, bytes: Option<&[u8]>) {
    let Some(bytes) = bytes else {
        members.insert(name.to_owned(), Value::Null);
        return;
    };
    let shown = &bytes[..bytes.len().min(SHOWN_BYTES_MAX)];
    if shown.len() < bytes.len() {
        members.insert(format!("{name}_bytes"), bytes.len().into());
    }
    match std::str::from_utf8(shown) {
        Ok(text) => members.insert(name.to_owned(), text.into()),
        // A cut may fall into a sign.
        Err(error) if error.error_len().is_none() && shown.len() < bytes.len() => {
            let text = String::from_utf8_lossy(&shown[..error.valid_up_to()]).into_owned();
            members.insert(name.to_owned(), text.into())
        }
        Err(_) => members.insert(format!("{name}_base64"), BASE64.encode(shown).into()),
    };
}
