//! Records on their way to the producer: ranges of one arena, nothing owned per record.

use super::TopicName;
use std::collections::HashMap;
use std::ops::Range;

/// A topic of a task, by number in its [`TopicTable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicId(pub u32);

/// The topics of a task by number. It only grows, and outlives the producers that use its numbers.
#[derive(Debug, Clone, Default)]
pub struct TopicTable {
    names: Vec<TopicName>,
    ids: HashMap<TopicName, TopicId>,
}

impl TopicTable {
    /// An empty table.
    pub fn new() -> TopicTable {
        TopicTable::default()
    }

    /// The number of `name`, a new one if it has none yet.
    pub fn intern(&mut self, name: &TopicName) -> TopicId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = TopicId(self.names.len() as u32);
        self.names.push(name.clone());
        self.ids.insert(name.clone(), id);
        id
    }

    /// The name behind a number of this table.
    pub fn name(&self, id: TopicId) -> Option<&TopicName> {
        self.names.get(id.0 as usize)
    }
}

/// Records that go to the producer together. Keys, values and headers lie in one arena, which is kept from batch to batch.
#[derive(Debug, Default)]
pub struct Batch {
    arena: Vec<u8>,
    slots: Vec<Slot>,
    headers: Vec<HeaderSlot>,
    total: u64,
}

#[derive(Debug, Clone)]
struct Slot {
    topic: TopicId,
    partition: i32,
    key: Option<Range<u32>>,
    value: Option<Range<u32>>,
    /// Those of the record, in `headers` of the batch.
    headers: Range<u32>,
    time_ms: Option<i64>,
}

#[derive(Debug, Clone)]
struct HeaderSlot {
    name: &'static str,
    value: Range<u32>,
}

/// A place in a batch.
#[derive(Debug)]
pub struct Mark {
    bytes: usize,
    records: usize,
    headers: usize,
    total: u64,
}

/// The headers of one record, borrowed from its batch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Headers<'a> {
    slots: &'a [HeaderSlot],
    arena: &'a [u8],
}

impl<'a> Headers<'a> {
    /// Name and value of each, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static str, &'a [u8])> + use<'a> {
        let arena = self.arena;
        self.slots.iter().map(move |slot| (slot.name, slice(arena, &slot.value)))
    }

    /// True without a header.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

fn slice<'a>(arena: &'a [u8], range: &Range<u32>) -> &'a [u8] {
    &arena[range.start as usize..range.end as usize]
}

fn narrow(range: Range<usize>) -> Range<u32> {
    range.start as u32..range.end as u32
}

/// One record, borrowed from its batch. A tombstone has no value.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Topic.
    pub topic: TopicId,
    /// Partition, always computed by syncc.
    pub partition: i32,
    /// Key bytes.
    pub key: Option<&'a [u8]>,
    /// Value bytes.
    pub value: Option<&'a [u8]>,
    /// Headers.
    pub headers: Headers<'a>,
    /// Its time, ms since 1970; none: when it is produced.
    pub time_ms: Option<i64>,
}

impl Record<'_> {
    /// True for a record without headers, whose time is that of its production.
    pub fn is_plain(&self) -> bool {
        self.headers.is_empty() && self.time_ms.is_none()
    }

    /// Bytes of key, value and headers.
    pub fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        headers + self.key.map_or(0, <[u8]>::len) + self.value.map_or(0, <[u8]>::len)
    }
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Batch {
        Batch::default()
    }

    /// The arena, to append a key or a value to; [`Batch::push`] says which bytes are what.
    pub fn arena(&mut self) -> &mut Vec<u8> {
        &mut self.arena
    }

    /// Adds a record whose key and value are ranges of the arena.
    pub fn push(
        &mut self,
        topic: TopicId,
        partition: i32,
        key: Option<Range<usize>>,
        value: Option<Range<usize>>,
    ) {
        self.total += 1;
        let headers = self.headers.len() as u32..self.headers.len() as u32;
        let (key, value) = (key.map(narrow), value.map(narrow));
        self.slots.push(Slot { topic, partition, key, value, headers, time_ms: None });
    }

    /// Adds a header to the last record; its value is a range of the arena.
    pub fn header(&mut self, name: &'static str, value: Range<usize>) {
        self.headers.push(HeaderSlot { name, value: narrow(value) });
        let end = self.headers.len() as u32;
        if let Some(last) = self.slots.last_mut() {
            last.headers.end = end;
        }
    }

    /// Gives the last record a time, ms since 1970.
    pub fn time(&mut self, time_ms: i64) {
        if let Some(last) = self.slots.last_mut() {
            last.time_ms = Some(time_ms);
        }
    }

    /// Where the batch ends now, to come back to with [`Batch::undo`].
    pub fn mark(&self) -> Mark {
        Mark {
            bytes: self.arena.len(),
            records: self.slots.len(),
            headers: self.headers.len(),
            total: self.total,
        }
    }

    /// Forgets what was added behind `mark`; the batch must not have been cleared since.
    pub fn undo(&mut self, mark: &Mark) {
        self.arena.truncate(mark.bytes);
        self.slots.truncate(mark.records);
        self.headers.truncate(mark.headers);
        self.total = mark.total;
    }

    /// The records in order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        self.slots.iter().map(|slot| Record {
            topic: slot.topic,
            partition: slot.partition,
            key: slot.key.as_ref().map(|range| slice(&self.arena, range)),
            value: slot.value.as_ref().map(|range| slice(&self.arena, range)),
            headers: Headers {
                slots: &self.headers[slot.headers.start as usize..slot.headers.end as usize],
                arena: &self.arena,
            },
            time_ms: slot.time_ms,
        })
    }

    /// The records behind `mark`; the batch must not have been cleared since.
    pub fn since(&self, mark: &Mark) -> impl Iterator<Item = Record<'_>> {
        self.records().skip(mark.records)
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Number of records since the batch was made, those it has forgotten included.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// True without a record.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Bytes of all keys, values and headers.
    pub fn bytes(&self) -> usize {
        self.arena.len()
    }

    /// Forgets the records, keeps the room.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.slots.clear();
        self.headers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_taken_back() {
        let mut batch = Batch::new();
        batch.arena().extend_from_slice(b"ab");
        batch.push(TopicId(0), 0, None, Some(0..2));
        let mark = batch.mark();
        batch.arena().extend_from_slice(b"cd");
        batch.push(TopicId(0), 0, None, Some(2..4));
        batch.header("h", 2..3);
        batch.undo(&mark);
        assert_eq!((batch.len(), batch.bytes(), batch.total()), (1, 2, 1));
    }

    #[test]
    fn headers_belong_to_the_record_before_them() {
        let mut batch = Batch::new();
        batch.arena().extend_from_slice(b"abcd");
        batch.push(TopicId(0), 0, None, Some(0..1));
        batch.push(TopicId(0), 0, None, Some(1..2));
        batch.header("h", 2..3);
        batch.header("i", 3..4);
        batch.time(7);
        batch.push(TopicId(0), 0, None, None);
        let shown = |record: Record<'_>| {
            let headers = record.headers.iter().map(|(name, value)| (name, value.to_vec()));
            (headers.collect::<Vec<_>>(), record.time_ms, record.is_plain())
        };
        let found: Vec<_> = batch.records().map(shown).collect();
        let headers = vec![("h", b"c".to_vec()), ("i", b"d".to_vec())];
        assert_eq!(found, [(vec![], None, true), (headers, Some(7), false), (vec![], None, true)]);
    }

    #[test]
    fn a_topic_keeps_its_number() {
        let name = |text: &str| TopicName::new(text).unwrap();
        let mut topics = TopicTable::new();
        let orders = topics.intern(&name("shop.orders"));
        let lines = topics.intern(&name("shop.lines"));
        assert_ne!(orders, lines);
        assert_eq!(topics.intern(&name("shop.orders")), orders);
        assert_eq!(topics.name(lines), Some(&name("shop.lines")));
        assert_eq!(topics.name(TopicId(2)), None);
    }
}
