//! What a topic comes to: for each key the last row, as a hash, and where it lies.
//!
//! A key takes the same few bytes however long its row is, and where all keys do not fit, a part of them is looked at in each pass
//! ([`Slices`]). Rows without a key are counted.

use super::message::Row;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// Bytes that a key takes, with the room a table of hashes leaves free.
pub(super) const BYTES_PER_KEY: u64 = 112;

/// A key or a row without one, as the first bytes of a hash.
pub(super) type Id = u128;

/// The id of parts that are told apart by their lengths.
pub(super) fn id_of<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Id {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let bytes: [u8; 32] = hasher.finalize().into();
    let (first, _) = bytes.split_first_chunk::<16>().expect("a hash of 32 bytes has 16");
    u128::from_be_bytes(*first)
}

/// The id without the partition that its lowest bits may hold.
pub(super) fn bare(id: Id) -> Id {
    id >> 32
}

/// Which keys a pass looks at: each is in one of so many parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slices {
    /// Number of parts, a power of two.
    pub(super) parts: u32,
    /// The part of this pass.
    pub(super) part: u32,
}

impl Slices {
    pub(super) const ALL: Slices = Slices { parts: 1, part: 0 };

    fn takes(self, id: Id) -> bool {
        // The lowest bits may be a partition.
        (id >> 64) as u32 & (self.parts - 1) == self.part
    }
}

/// A set of columns that rows have, by number in [`Columns`].
pub(super) type Shape = u32;

/// The columns of a table as its rows are compared: those that messages have by the plan of now. A message from before a column
/// was added lacks it, and is compared by the others.
#[derive(Debug)]
pub(super) struct Columns {
    names: Vec<String>,
    /// A column that is not there is null.
    absent_is_null: bool,
    shapes: Vec<Vec<usize>>,
}

impl Columns {
    pub(super) fn new(names: Vec<String>, absent_is_null: bool) -> Columns {
        let all = (0..names.len()).collect();
        Columns { names, absent_is_null, shapes: vec![all] }
    }

    /// True when the other has the same columns.
    pub(super) fn same(&self, other: &Columns) -> bool {
        self.names == other.names
    }

    /// The hash of a row over the columns it has, and which they are.
    pub(super) fn content(&mut self, row: &Row) -> Content {
        let has = |at: &usize| self.absent_is_null || row.contains_key(&self.names[*at]);
        let held: Vec<usize> = (0..self.names.len()).filter(has).collect();
        let known = self.shapes.iter().position(|shape| *shape == held);
        let shape = known.unwrap_or_else(|| {
            self.shapes.push(held);
            self.shapes.len() - 1
        });
        Content { hash: self.hash(row, shape), shape: shape as Shape }
    }

    /// True when a row is what was met, in the columns that this has.
    pub(super) fn is(&self, row: &Row, content: Content) -> bool {
        self.hash(row, content.shape as usize) == content.hash
    }

    /// True when rows of this shape lack a column.
    pub(super) fn lacks(&self, content: Content) -> bool {
        self.shapes[content.shape as usize].len() < self.names.len()
    }

    fn hash(&self, row: &Row, shape: usize) -> u64 {
        let values = self.shapes[shape].iter().map(|at| {
            let value = row.get(&self.names[*at]).map_or("null", String::as_str);
            value.as_bytes()
        });
        (id_of(values) >> 64) as u64
    }

    /// The columns of this shape in which two rows differ.
    pub(super) fn differing(&self, row: &Row, other: &Row) -> Vec<String> {
        let value = |row: &Row, name: &String| match row.get(name) {
            None if self.absent_is_null => Some("null".to_owned()),
            value => value.cloned(),
        };
        let differ = |name: &&String| match (value(row, name), value(other, name)) {
            (Some(one), Some(other)) => one != other,
            _ => false,
        };
        self.names.iter().filter(differ).cloned().collect()
    }
}

/// What a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    hash: u64,
    shape: Shape,
}

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) partition: i32,
    pub(super) offset: i64,
}

/// The last that is known of an id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub(super) content: Content,
    pub(super) place: Place,
    /// How many rows there are: 0 and 1 with a key, any number without.
    pub(super) count: i32,
    /// Number of the table in its topic.
    pub(super) table: u16,
    /// Met in the source in this round.
    pub(super) seen: bool,
}

/// A row of the source that is not in the topic, or not so, and may still come.
pub(super) struct Awaited {
    pub(super) table: u16,
    pub(super) row: Row,
    /// It has come.
    pub(super) met: bool,
}

/// The topic so far.
pub(super) struct Fold {
    slices: Slices,
    most: usize,
    kept: HashMap<Id, Kept>,
    /// Keys that went are remembered: their row may have moved to another partition.
    pub(super) remembers: bool,
    /// Those that have changed since the round began, with the least and the greatest number of rows in that time.
    changed: HashMap<Id, (i32, i32)>,
    pub(super) awaited: HashMap<Id, Awaited>,
    /// Tables whose rows all went at some time: what is left of them in other partitions proves nothing.
    pub(super) truncated: HashSet<u16>,
}

impl Fold {
    /// Of the keys in `slices`; with more than `most` keys the parts are made smaller, in the first pass.
    pub(super) fn new(slices: Slices, most: usize) -> Fold {
        Fold {
            slices,
            most: most.max(1),
            kept: HashMap::new(),
            remembers: false,
            changed: HashMap::new(),
            awaited: HashMap::new(),
            truncated: HashSet::new(),
        }
    }

    pub(super) fn slices(&self) -> Slices {
        self.slices
    }

    /// True when the id belongs to this pass.
    pub(super) fn takes(&self, id: Id) -> bool {
        self.slices.takes(id)
    }

    /// What is known of an id.
    pub(super) fn get(&self, id: Id) -> Option<&Kept> {
        self.kept.get(&id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (Id, &Kept)> {
        self.kept.iter().map(|(id, kept)| (*id, kept))
    }

    /// Begins to note what changes.
    pub(super) fn begin_round(&mut self) {
        self.changed.clear();
        self.awaited.clear();
        self.kept.values_mut().for_each(|kept| kept.seen = false);
    }

    /// The least and the greatest number of rows since the round began.
    pub(super) fn range(&self, id: Id) -> (i32, i32) {
        let now = self.get(id).map_or(0, |kept| kept.count);
        self.changed.get(&id).copied().unwrap_or((now, now))
    }

    /// True when it has not changed since the round began.
    pub(super) fn is_still(&self, id: Id) -> bool {
        !self.changed.contains_key(&id)
    }

    /// Takes note that the source has the id.
    pub(super) fn see(&mut self, id: Id) {
        if let Some(kept) = self.kept.get_mut(&id) {
            kept.seen = true;
        }
    }

    /// The key has this row now, or none.
    pub(super) fn put(
        &mut self,
        id: Id,
        table: u16,
        content: Option<Content>,
        place: Place,
        columns: &[Columns],
    ) {
        if !self.takes(id) {
            return;
        }
        self.note(id);
        if let Some(awaited) = self.awaited.get_mut(&id) {
            let columns = &columns[usize::from(awaited.table)];
            awaited.met |= content.is_some_and(|content| columns.is(&awaited.row, content));
        }
        match content {
            Some(content) => {
                let seen = self.kept.get(&id).is_some_and(|kept| kept.seen);
                self.kept.insert(id, Kept { content, place, count: 1, table, seen });
                self.fit();
            }
            None if self.remembers => {
                let none = Kept {
                    content: Content { hash: 0, shape: 0 },
                    place,
                    count: 0,
                    table,
                    seen: self.kept.get(&id).is_some_and(|kept| kept.seen),
                };
                self.kept.insert(id, none);
                self.fit();
            }
            None => drop(self.kept.remove(&id)),
        }
    }

    /// One row more, or one less, of those that are all the same.
    pub(super) fn add(&mut self, id: Id, table: u16, content: Content, place: Place, more: i32) {
        if !self.takes(id) {
            return;
        }
        self.note(id);
        let kept = self.kept.entry(id).or_insert(Kept { content, place, count: 0, table, seen: false });
        kept.count += more;
        kept.place = place;
        let count = kept.count;
        if let Some((least, greatest)) = self.changed.get_mut(&id) {
            *least = (*least).min(count);
            *greatest = (*greatest).max(count);
        }
        if count == 0 {
            self.kept.remove(&id);
        }
        self.fit();
    }

    fn note(&mut self, id: Id) {
        let now = self.kept.get(&id).map_or(0, |kept| kept.count);
        self.changed.entry(id).or_insert((now, now));
    }

    /// Keeps half of the keys, until they fit. What is left out comes in a later pass.
    fn fit(&mut self) {
        if self.slices.part != 0 {
            return;
        }
        while self.kept.len() > self.most && self.slices.parts < 1 << 20 {
            self.slices.parts *= 2;
            let slices = self.slices;
            self.kept.retain(|id, _| slices.takes(*id));
            self.changed.retain(|id, _| slices.takes(*id));
            self.awaited.retain(|id, _| slices.takes(*id));
            self.kept.shrink_to(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(members: &[(&str, &str)]) -> Row {
        members.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const HERE: Place = Place { partition: 0, offset: 7 };

    #[test]
    fn a_row_is_compared_by_the_columns_it_was_sent_with() {
        let mut columns = Columns::new(vec!["id".into(), "name".into()], false);
        let old = columns.content(&row(&[("id", "1"), ("gone", "9")]));
        assert!(columns.lacks(old));
        assert!(columns.is(&row(&[("id", "1"), ("name", "\"x\"")]), old));
        assert!(!columns.is(&row(&[("id", "2"), ("name", "\"x\"")]), old));
        let new = columns.content(&row(&[("id", "1"), ("name", "\"x\"")]));
        assert!(!columns.lacks(new) && !columns.is(&row(&[("id", "1"), ("name", "null")]), new));
        let differing =
            columns.differing(&row(&[("id", "1"), ("name", "3")]), &row(&[("id", "1"), ("name", "4")]));
        assert_eq!(differing, ["name"]);

        let mut omitting = Columns::new(vec!["id".into(), "name".into()], true);
        let absent = omitting.content(&row(&[("id", "1")]));
        assert!(!omitting.lacks(absent) && omitting.is(&row(&[("id", "1"), ("name", "null")]), absent));
        assert!(!omitting.is(&row(&[("id", "1"), ("name", "2")]), absent));
    }

    #[test]
    fn keys_have_their_last_row_and_what_is_awaited_is_met_in_passing() {
        let mut columns = Columns::new(vec!["v".into()], false);
        let content = |columns: &mut Columns, v: &str| columns.content(&row(&[("v", v)]));
        let (one, two) = (content(&mut columns, "1"), content(&mut columns, "2"));
        let mut fold = Fold::new(Slices::ALL, 100);
        fold.put(7, 0, Some(one), HERE, std::slice::from_ref(&columns));
        fold.begin_round();
        assert!(fold.is_still(7) && !fold.get(7).unwrap().seen);
        fold.awaited.insert(7, Awaited { table: 0, row: row(&[("v", "2")]), met: false });
        fold.put(7, 0, Some(two), HERE, std::slice::from_ref(&columns));
        fold.put(7, 0, None, HERE, std::slice::from_ref(&columns));
        assert!(fold.awaited[&7].met && fold.get(7).is_none() && !fold.is_still(7));
        assert_eq!(fold.range(8), (0, 0));
    }

    #[test]
    fn rows_without_a_key_are_counted() {
        let mut columns = Columns::new(vec!["v".into()], false);
        let content = columns.content(&row(&[("v", "1")]));
        let mut fold = Fold::new(Slices::ALL, 100);
        fold.add(7, 0, content, HERE, 1);
        fold.add(7, 0, content, HERE, 1);
        fold.begin_round();
        assert_eq!(fold.range(7), (2, 2));
        fold.add(7, 0, content, HERE, -1);
        fold.add(7, 0, content, HERE, -1);
        fold.add(7, 0, content, HERE, 1);
        assert_eq!(fold.range(7), (0, 2));
        assert_eq!(fold.get(7).unwrap().count, 1);
    }

    #[test]
    fn more_keys_than_fit_are_left_for_other_passes() {
        let mut columns = Columns::new(vec!["v".into()], false);
        let content = columns.content(&row(&[("v", "1")]));
        let ids: Vec<Id> = (0..1_000_u32).map(|n| id_of([n.to_be_bytes().as_slice()])).collect();
        let mut first = Fold::new(Slices::ALL, 200);
        for id in &ids {
            first.put(*id, 0, Some(content), HERE, std::slice::from_ref(&columns));
        }
        let parts = first.slices().parts;
        assert!(parts >= 8 && first.all().count() <= 200);
        let mut met = 0;
        for part in 0..parts {
            let mut fold = Fold::new(Slices { parts, part }, 200);
            for id in &ids {
                fold.put(*id, 0, Some(content), HERE, std::slice::from_ref(&columns));
            }
            met += fold.all().count();
        }
        assert_eq!(met, 1_000);
    }
}
