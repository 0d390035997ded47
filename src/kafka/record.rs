//! Records on their way to the producer: ranges of one arena, nothing owned per record.

use std::ops::Range;

/// A topic of a task, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicId(pub u32);

/// Records that go to the producer together. Keys and values lie in one arena, which is kept from batch to batch.
#[derive(Debug, Default)]
pub struct Batch {
    arena: Vec<u8>,
    slots: Vec<Slot>,
}

#[derive(Debug, Clone)]
struct Slot {
    topic: TopicId,
    partition: i32,
    key: Option<Range<u32>>,
    value: Option<Range<u32>>,
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
        let narrow = |range: Range<usize>| range.start as u32..range.end as u32;
        self.slots.push(Slot { topic, partition, key: key.map(narrow), value: value.map(narrow) });
    }

    /// The records in order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        self.slots.iter().map(|slot| Record {
            topic: slot.topic,
            partition: slot.partition,
            key: slot.key.as_ref().map(|range| &self.arena[range.start as usize..range.end as usize]),
            value: slot.value.as_ref().map(|range| &self.arena[range.start as usize..range.end as usize]),
        })
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// True without a record.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Bytes of all keys and values.
    pub fn bytes(&self) -> usize {
        self.arena.len()
    }

    /// Forgets the records, keeps the room.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.slots.clear();
    }
}
