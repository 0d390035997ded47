//! Rounds over a topic and its tables, until what differs is certain.
//!
//! One round reads the source once. What differs in it must differ in the next one, too: between the two everything that was
//! on its way has come, whatever the round did not think of.

mod letters;
mod verdict;

use super::fold::{Awaited, BYTES_PER_KEY, Fold, Id, Place, Slices, bare};
use super::report::{Kind, MOST_TOLD, Report, TableReport};
use super::topic::{Expected, Topic, TopicError};
use super::world::{Tables, World};
use super::{Progress, VerifyError};
use crate::change::RowBatch;
use crate::kafka::TopicName;
use crate::mysql::key::KeyPart;
use crate::source::mysql::io::{Barrier, ChunkReader, ChunkRequest, FailureClass, SourceFailure};
use crate::target::kafka::io::Follower;
use letters::Letters;
use std::collections::{HashMap, HashSet};
use std::thread;
use std::time::{Duration, Instant};

/// Rows of one page of the source.
const PAGE_ROWS: u32 = 4_096;

/// Bytes of one page.
const PAGE_BYTES: usize = 8 << 20;

/// Rows that are awaited at once; beyond, the task is waited for before more is read.
const MOST_AWAITED: usize = 10_000;

/// Rounds after which what changes all the time is left alone.
const MOST_ROUNDS: usize = 4;

/// Tries of a read that the server could not show yet.
const TRIES: usize = 12;

/// A row that differs.
struct Differing {
    kind: Kind,
    /// Number of its table in the topic.
    table: u16,
    place: Place,
    /// Columns that differ.
    columns: Vec<String>,
    /// Key of the message, where it is asked for.
    key: Option<String>,
}

impl Differing {
    fn new(kind: Kind, table: u16, place: Place) -> Differing {
        Differing { kind, table, place, columns: Vec::new(), key: None }
    }
}

/// What differs in one round.
#[derive(Default)]
struct Found {
    /// By id; with the table and a place.
    rows: HashMap<Id, Differing>,
    /// Rows of the topic that were not met, and changed meanwhile.
    unsettled: HashMap<Id, u16>,
    /// Rows of each table that belong in the topic.
    met: Vec<u64>,
    /// Rows of each table that have fewer columns than the table has now.
    older: Vec<u64>,
    /// Rows of each table that were told of in dead-letter topics.
    letters: Vec<u64>,
}

/// Compares a topic with its tables, and puts what is found into the report.
pub(super) fn compare(
    world: &mut World<'_>,
    name: &TopicName,
    tables: Tables,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let most = usize::try_from(world.options.memory_bytes / BYTES_PER_KEY).unwrap_or(usize::MAX);
    let first = Fold::new(Slices::ALL, most);
    let names: Vec<String> = tables.iter().map(|(table, _)| table.version.name.to_string()).collect();
    let letters = Letters::of(world.plan, &tables)?;
    let prepared = world.topic(name, tables, first)?;
    let mut reports: Vec<TableReport> = names
        .into_iter()
        .map(|table| TableReport {
            task: world.plan.id.to_string(),
            table,
            topic: name.to_string(),
            ..TableReport::default()
        })
        .collect();
    let Some((topic, follower)) = prepared else {
        for report in &mut reports {
            report.notes.push("its topic does not exist: no row of it was ever sent".to_owned());
        }
        report.tables.extend(reports);
        return Ok(());
    };
    let mut comparison = Comparison { world, topic, follower, letters, records: 0 };
    comparison.passes(most, &mut reports, report)?;
    report.tables.extend(reports);
    Ok(())
}

struct Comparison<'c, 'w> {
    world: &'c mut World<'w>,
    topic: Topic,
    follower: Follower,
    letters: Letters,
    records: u64,
}

impl Comparison<'_, '_> {
    /// Looks at one part of the keys after the other.
    fn passes(
        &mut self,
        most: usize,
        reports: &mut [TableReport],
        report: &mut Report,
    ) -> Result<(), VerifyError> {
        let mut part = 0;
        loop {
            let mut found = self.settled()?;
            self.set_aside(&mut found)?;
            self.add(&found, reports);
            let parts = self.topic.fold.slices().parts;
            part += 1;
            if part >= parts {
                break;
            }
            self.follower.rewind();
            self.topic.restart(Fold::new(Slices { parts, part }, most));
        }
        self.judge(reports, report);
        Ok(())
    }

    /// Rounds until nothing differs, or the same does twice.
    fn settled(&mut self) -> Result<Found, VerifyError> {
        let mut found = self.round()?;
        for _ in 1..MOST_ROUNDS {
            if found.rows.is_empty() && found.unsettled.is_empty() {
                break;
            }
            let again = self.round()?;
            let once: HashSet<Id> = found.rows.into_keys().chain(found.unsettled.into_keys()).collect();
            found = Found {
                rows: again.rows.into_iter().filter(|(id, _)| once.contains(id)).collect(),
                unsettled: again.unsettled.into_iter().filter(|(id, _)| once.contains(id)).collect(),
                ..again
            };
            if found.unsettled.is_empty() {
                break;
            }
        }
        Ok(found)
    }

    /// Reads the source once.
    fn round(&mut self) -> Result<Found, VerifyError> {
        let n_tables = self.topic.tables.len();
        let zeros = || vec![0; n_tables];
        let mut found = Found { met: zeros(), older: zeros(), letters: zeros(), ..Found::default() };
        self.follow()?;
        self.topic.fold.begin_round();
        let mut counted = HashMap::new();
        for number in 0..n_tables {
            self.table(number, &mut found, &mut counted)?;
        }
        self.settle(&mut found)?;
        self.count(&counted, &mut found);
        self.left_over(&mut found);
        self.look_up(&mut found)?;
        Ok(found)
    }

    fn follow(&mut self) -> Result<(), VerifyError> {
        self.world.follow(&mut self.follower, &mut self.topic, &mut self.records)?;
        self.world.follow_state()
    }

    /// Reads a table of the source: each page shows what the topic has shown before.
    fn table(
        &mut self,
        number: usize,
        found: &mut Found,
        counted: &mut HashMap<Id, (u16, i32, i32)>,
    ) -> Result<(), VerifyError> {
        let table = &self.topic.tables[number];
        let name = table.version.name.to_string();
        let estimate = table.facts.rows_estimate;
        let refused = |failure: &SourceFailure| {
            let hint = match failure.class {
                FailureClass::Table => "; if its columns have just been changed, compare again",
                _ => "",
            };
            VerifyError::failed(format!("table {name}: {failure}{hint}"))
        };
        let mut rows = 0;
        let Some(key) = table.paging().map(<[usize]>::to_vec) else {
            let facts = [table.facts.clone()];
            let version = table.version.clone();
            let mut barrier = self.patiently(
                |world| {
                    let contains = world.position()?.file.clone();
                    Ok(Barrier::open(&world.endpoint, world.server(), &facts, &contains))
                },
                &refused,
            )?;
            barrier.start(version).map_err(|failure| refused(&failure))?;
            let batches = |barrier: &mut Barrier| barrier.next(PAGE_ROWS as usize, PAGE_BYTES);
            while let Some(batch) = batches(&mut barrier).map_err(|failure| refused(&failure))? {
                rows += batch.len() as u64;
                self.rows(number, &batch, found, counted)?;
                self.world.tell(&Progress {
                    what: &name,
                    records: self.records,
                    rows,
                    rows_estimate: estimate,
                })?;
            }
            barrier.quit();
            return Ok(());
        };
        let version = table.version.clone();
        let open = ChunkReader::open(&self.world.endpoint, self.world.server());
        let mut reader = open.map_err(|failure| refused(&failure))?;
        let upto = self.patiently(
            |world| {
                let contains = world.position()?.clone();
                Ok(reader.max_key(&version, &key, &contains))
            },
            &refused,
        )?;
        let Some(upto) = upto else { return Ok(()) };
        let mut after: Option<Vec<KeyPart>> = None;
        loop {
            let began = Instant::now();
            let chunk = self.patiently(
                |world| {
                    let contains = world.position()?.clone();
                    Ok(reader.read(&ChunkRequest {
                        table: version.clone(),
                        key: key.clone(),
                        after: after.clone(),
                        upto: upto.clone(),
                        limit: PAGE_ROWS,
                        max_bytes: PAGE_BYTES,
                        contains,
                    }))
                },
                &refused,
            )?;
            rows += chunk.rows.len() as u64;
            self.rows(number, &chunk.rows, found, counted)?;
            self.world.tell(&Progress {
                what: &name,
                records: self.records,
                rows,
                rows_estimate: estimate,
            })?;
            self.slow_down(chunk.rows.bytes(), began)?;
            if chunk.done || chunk.last.is_none() {
                break;
            }
            after = chunk.last;
            self.follow()?;
            if self.topic.fold.awaited.len() >= MOST_AWAITED {
                self.settle(found)?;
                self.follow()?;
            }
        }
        reader.quit();
        Ok(())
    }

    /// Reads again while the server cannot show yet what the task has read.
    fn patiently<T>(
        &mut self,
        mut read: impl FnMut(&mut World<'_>) -> Result<Result<T, SourceFailure>, VerifyError>,
        refused: &dyn Fn(&SourceFailure) -> VerifyError,
    ) -> Result<T, VerifyError> {
        let mut tries = 0;
        loop {
            match read(self.world)? {
                Ok(found) => return Ok(found),
                Err(failure) if failure.class == FailureClass::Behind && tries < TRIES => tries += 1,
                Err(failure) => return Err(refused(&failure)),
            }
        }
    }

    /// Keeps to the rate that was asked for.
    fn slow_down(&mut self, bytes: usize, began: Instant) -> Result<(), VerifyError> {
        let Some(rate) = self.world.options.rate_bytes_s else { return Ok(()) };
        let due = Duration::from_secs_f64(bytes as f64 / rate.max(1) as f64);
        while let Some(left) = due.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
            thread::sleep(left.min(Duration::from_millis(200)));
            let what = self.topic.name.to_string();
            self.world.tell(&Progress { what: &what, records: self.records, rows: 0, rows_estimate: 0 })?;
        }
        Ok(())
    }

    /// Holds rows of the source against what the topic has.
    fn rows(
        &mut self,
        number: usize,
        batch: &RowBatch,
        found: &mut Found,
        counted: &mut HashMap<Id, (u16, i32, i32)>,
    ) -> Result<(), VerifyError> {
        let mut values = Vec::new();
        let is_counted = self.topic.tables[number].is_counted();
        for at in 0..batch.len() {
            batch.row(at, &mut values);
            let expected = self.topic.expected(number, &values, &self.world.meta.event());
            if matches!(expected, Err(TopicError::Route(_))) && self.letters.take_errors(number) {
                found.met[number] += 1;
                found.letters[number] += 1;
                continue;
            }
            let name = &self.topic.tables[number].version.name;
            let expected = expected.map_err(|error| VerifyError::failed(format!("table {name}: {error}")))?;
            let Some(expected) = expected.filter(|expected| self.topic.fold.takes(expected.id)) else {
                continue;
            };
            found.met[number] += 1;
            if is_counted {
                let of = counted.entry(expected.id).or_insert((number as u16, 0, expected.partition));
                of.1 += 1;
                self.topic.fold.see(expected.id);
                continue;
            }
            self.hold(number as u16, expected, found);
        }
        Ok(())
    }

    fn hold(&mut self, number: u16, expected: Expected, found: &mut Found) {
        let Expected { id, row, partition, key } = expected;
        self.topic.fold.see(id);
        let kept = self.topic.fold.get(id).copied().filter(|kept| kept.count > 0);
        let columns = self.topic.columns(number);
        if let Some(kept) = kept {
            found.older[usize::from(number)] += u64::from(columns.lacks(kept.content));
            if columns.is(&row, kept.content) {
                return;
            }
        }
        let place = kept.map_or(Place { partition, offset: -1 }, |kept| kept.place);
        let kind = if kept.is_some() { Kind::Different } else { Kind::Missing };
        let key = key.filter(|_| self.world.options.show_keys);
        let key = key.map(|key| String::from_utf8_lossy(&key).into_owned());
        found.rows.insert(id, Differing { key, ..Differing::new(kind, number, place) });
        self.topic.fold.awaited.insert(id, Awaited { table: number, row, met: false });
    }

    /// Waits until everything that the pages may have shown is in the topic; what has come by then does not differ.
    fn settle(&mut self, found: &mut Found) -> Result<(), VerifyError> {
        self.world.wait_for_task()?;
        self.world.follow(&mut self.follower, &mut self.topic, &mut self.records)?;
        for (id, awaited) in &mut self.topic.fold.awaited {
            if std::mem::take(&mut awaited.met) {
                found.rows.remove(id);
            }
        }
        // Those that still differ are looked up with their rows at the end of the round.
        let differing = &found.rows;
        self.topic.fold.awaited.retain(|id, _| differing.contains_key(id));
        let excess = self.topic.fold.awaited.len().saturating_sub(MOST_TOLD * 10);
        let drop: Vec<Id> = self.topic.fold.awaited.keys().take(excess).copied().collect();
        drop.iter().for_each(|id| {
            self.topic.fold.awaited.remove(id);
        });
        Ok(())
    }

    /// Rows without a key: as many as there were at some time.
    fn count(&self, counted: &HashMap<Id, (u16, i32, i32)>, found: &mut Found) {
        for (id, (number, count, partition)) in counted {
            let (least, greatest) = self.topic.fold.range(*id);
            let kind = match *count {
                count if count > greatest => Kind::Missing,
                count if count < least => Kind::Extra,
                _ => continue,
            };
            let place = Place { partition: *partition, offset: -1 };
            let place = self.topic.fold.get(*id).map_or(place, |kept| kept.place);
            found.rows.insert(*id, Differing::new(kind, *number, place));
        }
    }

    /// What the topic has and the source has not shown.
    fn left_over(&self, found: &mut Found) {
        let fold = &self.topic.fold;
        let mut places: HashMap<Id, u32> = HashMap::new();
        if fold.remembers {
            fold.all().for_each(|(id, _)| *places.entry(bare(id)).or_default() += 1);
        }
        for (id, kept) in fold.all().filter(|(_, kept)| kept.count > 0 && !kept.seen) {
            let (least, _) = fold.range(id);
            let moved = places.get(&bare(id)).is_some_and(|places| *places > 1);
            if moved || fold.truncated.contains(&kept.table) {
                continue;
            }
            if fold.is_still(id) || (self.topic.tables[usize::from(kept.table)].is_counted() && least > 0) {
                found.rows.insert(id, Differing::new(Kind::Extra, kept.table, kept.place));
            } else if !self.topic.tables[usize::from(kept.table)].is_counted() {
                found.unsettled.insert(id, kept.table);
            }
        }
    }

    /// Which columns differ, for those that will be told.
    fn look_up(&mut self, found: &mut Found) -> Result<(), VerifyError> {
        let ids: Vec<Id> = self.topic.fold.awaited.keys().copied().collect();
        for id in ids {
            let Some(differing) = found.rows.get_mut(&id).filter(|one| one.kind == Kind::Different) else {
                continue;
            };
            let place = differing.place;
            let patience = self.world.patience();
            let record = self.follower.record(place.partition, place.offset, patience);
            let record = record.map_err(|failure| VerifyError::failed(failure.to_string()))?;
            let Some((key, value)) = record else { continue };
            if let Some(row) = self.topic.row_of(key.as_deref(), value.as_deref()) {
                let expected = &self.topic.fold.awaited[&id].row;
                differing.columns = self.topic.columns(differing.table).differing(expected, &row);
            }
        }
        Ok(())
    }
}
