//! One table version on its way to one topic: everything decided once, nothing per row.

use super::border::Border;
use super::envelope::{Envelope, op_of};
use super::error::RouteError;
use super::mask::Salts;
use super::partition::{Hashed, Partitioner};
use super::shown::Shown;
use crate::change::{EventMeta, Origin, RowChange};
use crate::format::{Encoder, KeyEncoder, Mapped, OutputColumn, OutputTable, Registered, Scratch};
use crate::kafka::{Batch, TopicId};
use crate::mysql::ident::same_column;
use crate::mysql::schema::{Column, TableVersion};
use crate::mysql::value::Value;
use crate::plan::{KeyRule, PartitionRule, TableDecision, TaskId};
use crate::statement::{ChangeKind, KeyChange, OnInvalidValue, PartitionHash, WordSet};
use crate::transform::RowMask;
use crate::transform::filter::Condition;
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

/// Writes the records of rows of one table version into a batch.
///
/// Rows are masked before anything else looks at them, so that neither key, partition nor message can show a value that is
/// masked.
///
/// Rows with one key go to one partition, in order. An update that changes the key is a delete of the old key and an
/// insert of the new one, each to its own partition, so that no reader keeps the row under its old key; with
/// `key-change update` it is one update under the new key. An update that keeps its key goes to the partition of the row as it is now, also where `partition by column` has it elsewhere than before.
/// With conditions, an update that takes a row out of them is a delete, one that brings it in an insert. Kinds of changes that are
/// not sent are left out behind that, and before an update of the key is split; existing rows are no changes.
#[derive(Debug)]
pub struct TableRoute {
    version: Arc<TableVersion>,
    border: Option<Border>,
    /// None where no column is masked.
    mask: Option<RowMask>,
    /// Kinds that are sent.
    changes: WordSet<ChangeKind>,
    /// The last change is of a kind that is not.
    withheld: bool,
    topic: TopicId,
    partitions: NonZeroU32,
    encoder: Encoder,
    key: Option<KeyEncoder>,
    partition: Partitioner,
    tombstones: bool,
    envelope: Envelope,
    /// An update of the key is a delete and an insert.
    split: bool,
    scratch: Scratch,
    broken_text: u64,
    mapped: Mapped,
    used: Vec<usize>,
}

impl TableRoute {
    /// Prepares the route of `version` as `decision` wants it. `topic` has `partitions` partitions, and its [`schemas`](super::schemas)
    /// are registered.
    ///
    /// # Errors
    /// When the rules do not fit the table: a key column that does not exist, is not sent or loses its value to a mask, two
    /// columns of one name, a partition that does not exist, a character set that is not supported, a condition that cannot be
    /// evaluated, a mask that its column cannot have.
    pub fn build(
        decision: &TableDecision,
        version: &Arc<TableVersion>,
        topic: TopicId,
        partitions: NonZeroU32,
        task: &TaskId,
        salts: &Salts,
        registered: Registered,
    ) -> Result<TableRoute, RouteError> {
        let shown = Shown::new(decision, version, task, salts)?;
        let table = shown.table(decision, task);
        let (rule, hash, format) = (&decision.partition, decision.hash, &decision.format);
        let key = shown.key.as_ref();
        let partition = match rule {
            PartitionRule::ByKey => {
                let primary = shown.primary_key();
                let hashed = match (hash, &decision.key) {
                    (PartitionHash::CanalHash, KeyRule::Primary | KeyRule::None) => primary.as_ref(),
                    (PartitionHash::CanalHash, KeyRule::Columns { .. })
                    | (PartitionHash::Murmur2 | PartitionHash::Crc32 | PartitionHash::JavaHash, _) => key,
                };
                let hashed = hashed.map(|key| key.hashed(table));
                Partitioner::by_key(hash, format, &decision.db, hashed, partitions)?
            }
            PartitionRule::ByTable => Partitioner::by_table(hash, &decision.db, &decision.table, partitions),
            PartitionRule::ByDatabase => Partitioner::by_database(hash, &decision.db, partitions),
            PartitionRule::ByColumns(wanted) => {
                let columns = shown.named("partition", wanted)?;
                let hashed = Hashed { table: OutputTable { columns: &columns, ..table }, origin: None };
                Partitioner::by_columns(hash, format, &decision.db, hashed)?
            }
            PartitionRule::To(partition) => match i32::try_from(*partition) {
                Ok(number) if *partition < partitions.get() => Partitioner::Fixed(number),
                _ => {
                    let (partition, partitions) = (*partition, partitions.get());
                    return Err(RouteError::NoSuchPartition { partition, partitions });
                }
            },
        };
        let key = match key {
            None => None,
            Some(key) => {
                let Hashed { table, origin } = key.hashed(table);
                Some(KeyEncoder::with_schema(format, decision.key_form, table, origin, registered)?)
            }
        };
        Ok(TableRoute {
            encoder: Encoder::with_schema(&decision.format, table, registered)?,
            version: version.clone(),
            border: Border::build(&decision.conditions, version, decision.time_zone.as_deref())?,
            used: used_columns(decision, version, &shown.columns),
            mask: shown.mask,
            changes: decision.changes.clone(),
            withheld: false,
            topic,
            partitions,
            key,
            partition,
            tombstones: decision.tombstones,
            envelope: Envelope::default(),
            split: decision.key_change == KeyChange::Split,
            scratch: match decision.on_invalid_value {
                OnInvalidValue::Map => Scratch::new(),
                OnInvalidValue::Stop => Scratch::strict(),
            },
            broken_text: 0,
            mapped: Mapped::default(),
        })
    }

    /// What the records carry besides; nothing without this call.
    pub fn with_envelope(self, envelope: Envelope) -> TableRoute {
        TableRoute { envelope, ..self }
    }

    /// What the records carry besides.
    pub fn envelope(&mut self) -> &mut Envelope {
        &mut self.envelope
    }

    /// The table version whose rows it takes.
    pub fn version(&self) -> &Arc<TableVersion> {
        &self.version
    }

    /// Indexes of the columns whose values it looks at: those sent, those of conditions, and those of the keys that identify rows.
    pub fn used(&self) -> &[usize] {
        &self.used
    }

    /// Appends the records of a change. Returns their number.
    ///
    /// # Errors
    /// When the row does not fit the table version. The batch then holds whole records only.
    pub fn push(
        &mut self,
        change: &RowChange<'_, '_>,
        meta: &EventMeta<'_>,
        batch: &mut Batch,
    ) -> Result<usize, RouteError> {
        // Conditions are about the values at the source; whatever comes behind them sees masked ones.
        self.withheld = false;
        let inside = match &mut self.border {
            None => *change,
            Some(border) => match border.seen(change) {
                Some(inside) => inside,
                None => return Ok(0),
            },
        };
        self.withheld = meta.origin == Origin::Stream && !self.changes.contains(&kind_of(&inside));
        if self.withheld {
            return Ok(0);
        }
        let Some(mut mask) = self.mask.take() else { return self.push_seen(&inside, meta, batch) };
        let pushed = mask.masked(&inside, |masked| self.push_seen(masked, meta, batch));
        self.mask = Some(mask);
        let (pushed, broken) = pushed?;
        self.broken_text += broken as u64;
        pushed
    }

    /// The key of the row that a change leaves behind, or takes away, as its message would have it; none for keyless tables, for
    /// what no condition takes, and where the key cannot be written either.
    pub fn key(&mut self, change: &RowChange<'_, '_>) -> Option<Vec<u8>> {
        let inside = match &mut self.border {
            None => *change,
            Some(border) => border.seen(change)?,
        };
        let Some(mut mask) = self.mask.take() else { return self.key_of(&inside) };
        let key = mask.masked(&inside, |masked| self.key_of(masked));
        self.mask = Some(mask);
        key.ok()?.0
    }

    fn key_of(&mut self, change: &RowChange<'_, '_>) -> Option<Vec<u8>> {
        let (RowChange::Insert { after: row }
        | RowChange::Update { after: row, .. }
        | RowChange::Delete { before: row }) = change;
        let mut key = Vec::new();
        self.key.as_ref()?.encode(row, &mut self.scratch, &mut key).ok()?;
        Some(key)
    }

    /// True when the last change is of a kind that is not sent: whoever reads the messages still has the row as it was before.
    pub fn withheld(&self) -> bool {
        self.withheld
    }

    /// Appends the record that says that the table is empty, where the format has one among rows: without a key, to the partition
    /// of all its rows, or the first.
    pub fn push_truncate(&mut self, meta: &EventMeta<'_>, batch: &mut Batch) {
        let partition = match &self.partition {
            Partitioner::Fixed(partition) => *partition,
            Partitioner::Key(_) | Partitioner::Columns(..) | Partitioner::Texts { .. } => 0,
        };
        let arena = batch.arena();
        let start = arena.len();
        self.encoder.encode_truncate(meta, arena);
        let value = start..arena.len();
        batch.push(self.topic, partition, None, Some(value));
        self.envelope.put("t", meta, batch);
    }

    /// Appends the records of a change that is masked already.
    fn push_seen(
        &mut self,
        change: &RowChange<'_, '_>,
        meta: &EventMeta<'_>,
        batch: &mut Batch,
    ) -> Result<usize, RouteError> {
        let pushed = match change {
            RowChange::Insert { after } => self.push_record(change, after, meta, batch),
            RowChange::Delete { before } => self.push_delete(change, before, meta, batch),
            RowChange::Update { before, after }
                if self.split && self.key_changed(before, after, batch)? =>
            {
                let deleted = self.push_delete(&RowChange::Delete { before }, before, meta, batch)?;
                let inserted = self.push_record(&RowChange::Insert { after }, after, meta, batch)?;
                Ok(deleted + inserted)
            }
            RowChange::Update { after, .. } => self.push_record(change, after, meta, batch),
        };
        self.scratch.trim();
        pushed
    }

    /// How many places of text had no meaning in their character set since the last call; they were sent as U+FFFD.
    pub fn take_broken_text(&mut self) -> u64 {
        std::mem::take(&mut self.broken_text)
    }

    /// How many values were sent as something else since the last call, besides text.
    pub fn take_mapped(&mut self) -> Mapped {
        std::mem::take(&mut self.mapped)
    }

    fn push_delete(
        &mut self,
        change: &RowChange<'_, '_>,
        before: &[Value<'_>],
        meta: &EventMeta<'_>,
        batch: &mut Batch,
    ) -> Result<usize, RouteError> {
        let deleted = self.push_record(change, before, meta, batch)?;
        if !self.tombstones || self.key.is_none() {
            return Ok(deleted);
        }
        let start = batch.arena().len();
        self.push_key(before, batch).map_err(|error| undo(batch, start, error))?;
        let key = start..batch.arena().len();
        let partition =
            self.partition_of(before, Some(key.clone()), batch).map_err(|error| undo(batch, start, error))?;
        batch.push(self.topic, partition, Some(key), None);
        self.envelope.put(op_of(change, meta), meta, batch);
        Ok(deleted + 1)
    }

    fn push_record(
        &mut self,
        change: &RowChange<'_, '_>,
        row: &[Value<'_>],
        meta: &EventMeta<'_>,
        batch: &mut Batch,
    ) -> Result<usize, RouteError> {
        let start = batch.arena().len();
        let pushed = self.write_record(change, row, meta, batch);
        pushed.map_err(|error| undo(batch, start, error))?;
        Ok(1)
    }

    fn write_record(
        &mut self,
        change: &RowChange<'_, '_>,
        row: &[Value<'_>],
        meta: &EventMeta<'_>,
        batch: &mut Batch,
    ) -> Result<(), RouteError> {
        let key = self.push_key(row, batch)?;
        let partition = self.partition_of(row, key.clone(), batch)?;
        let id = batch.total() + 1;
        let arena = batch.arena();
        let start = arena.len();
        // The value is what counts: what stands in the key stands in it, too.
        self.scratch.take_mapped();
        let broken = self.encoder.encode(change, meta, id, &mut self.scratch, arena)?;
        self.mapped += self.scratch.take_mapped();
        self.broken_text += broken as u64;
        let value = start..arena.len();
        batch.push(self.topic, partition, key, Some(value));
        self.envelope.put(op_of(change, meta), meta, batch);
        Ok(())
    }

    /// Writes the key of `row`; none for keyless tables.
    fn push_key(&mut self, row: &[Value<'_>], batch: &mut Batch) -> Result<Option<Range<usize>>, RouteError> {
        let Some(key) = &self.key else { return Ok(None) };
        let arena = batch.arena();
        let start = arena.len();
        key.encode(row, &mut self.scratch, arena)?;
        Ok(Some(start..arena.len()))
    }

    fn partition_of(
        &mut self,
        row: &[Value<'_>],
        key: Option<Range<usize>>,
        batch: &mut Batch,
    ) -> Result<i32, RouteError> {
        self.partition.of(row, key, self.partitions, &mut self.scratch, batch.arena())
    }

    /// True when an update gives the row another key: other bytes, not only other values of one text.
    ///
    /// Both are written behind the records of the batch, where there is room already, and taken back.
    fn key_changed(
        &mut self,
        before: &[Value<'_>],
        after: &[Value<'_>],
        batch: &mut Batch,
    ) -> Result<bool, RouteError> {
        if self.key.as_ref().is_none_or(|key| key.same(before, after)) {
            return Ok(false);
        }
        let start = batch.arena().len();
        let old = self.push_key(before, batch).map_err(|error| undo(batch, start, error))?;
        let new = self.push_key(after, batch).map_err(|error| undo(batch, start, error))?;
        let arena = batch.arena();
        let changed = old.map(|old| &arena[old]) != new.map(|new| &arena[new]);
        arena.truncate(start);
        Ok(changed)
    }
}

/// Keys and partitions are made of columns that are sent; rows are found again by the table's own keys.
fn used_columns(decision: &TableDecision, version: &TableVersion, sent: &[OutputColumn]) -> Vec<usize> {
    let asked: Vec<&str> = decision.conditions.iter().flat_map(Condition::columns).collect();
    let keys = version.unique_keys.iter().chain([&version.primary_key]);
    let keys: Vec<usize> = keys.flatten().copied().collect();
    let used = |&(index, column): &(usize, &Column)| {
        sent.iter().any(|sent| sent.index == index)
            || keys.contains(&index)
            || asked.iter().any(|name| same_column(&column.name, name))
    };
    version.columns.iter().enumerate().filter(used).map(|(index, _)| index).collect()
}

fn kind_of(change: &RowChange<'_, '_>) -> ChangeKind {
    match change {
        RowChange::Insert { .. } => ChangeKind::Insert,
        RowChange::Update { .. } => ChangeKind::Update,
        RowChange::Delete { .. } => ChangeKind::Delete,
    }
}

/// Takes back the bytes of half a record.
fn undo(batch: &mut Batch, start: usize, error: RouteError) -> RouteError {
    batch.arena().truncate(start);
    error
}
