//! Source transactions that go to the target in several parts.
//!
//! A position lies between two source transactions, so a transaction that is cut is read from its beginning again after a
//! restart. What tells the parts that are in the target from the rest is counted here: per table, how many rows they
//! hold, and a running hash of the keys of these rows. Rows are counted, not events: another server cuts events
//! differently. They are counted per table, because a table may leave the transaction while it lasts.
//!
//! Guarantees: a row that is in the target is not sent again, and one that is not in it is; when what is read again is
//! not what was read before, that is an error and never a guess.

use crate::checkpoint::{MidRecord, MidTable};
use crate::failpoint::{Bug, planted};
use crate::mysql::position::{BinlogPosition, Gtid};
use crate::mysql::schema::{TableName, TableVersion};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Most bytes of what is stored of a transaction that is cut: it is part of one record, whose topic may take no more than 1 MiB of it,
/// and the position beside it has a set of GTIDs.
const STORED_MAX: usize = 512 << 10;

/// Bytes that are stored of a table besides its names: members, a number of rows, a hash.
const TABLE_BYTES: usize = 96;

/// Bytes that are stored of a topic besides its name.
const TOPIC_BYTES: usize = 8;

/// Bytes that are stored of a partition.
const PARTITION_BYTES: usize = 11;

/// Any odd number without a pattern in its bits.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// True when a task that stored this goes on under the plan of then: the rest of a transaction goes to the target as its
/// beginning went.
pub fn goes_on_as_stored(cut: Option<&MidRecord>) -> bool {
    cut.is_some() && !planted(Bug::TailUnderEdit)
}

/// How far the source transaction under the cursor is, row by row.
#[derive(Debug, Default)]
pub struct Progress {
    /// The transaction whose first parts are in the target, until its end.
    cut: Option<MidRecord>,
    /// It is the one under the cursor.
    again: bool,
    gtid: Option<Gtid>,
    at: Option<(Arc<str>, u64)>,
    tables: Vec<Counted>,
    /// Partitions of topics that have its beginning as a message.
    begun: BTreeMap<String, BTreeSet<i32>>,
    /// Bytes that would be stored of it.
    stored: usize,
}

#[derive(Debug)]
struct Counted {
    version: Arc<TableVersion>,
    rows: u64,
    hash: u64,
    /// Rows that are in the target, and their hash.
    before: Option<(u64, u64)>,
    /// Its rows are not sent any more.
    left: bool,
}

/// What was read again is not what was read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    /// The table that shows it.
    pub table: TableName,
    /// How.
    pub how: Difference,
}

/// How a transaction differs from what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Other rows, or in another order.
    Rows,
    /// It has fewer of them.
    Fewer,
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            Difference::Rows => "has other rows",
            Difference::Fewer => "has fewer rows",
        };
        write!(f, "table {} {how} in it than when its first part was sent", self.table)
    }
}

impl Progress {
    /// A task that begins; `cut` is the transaction that its last commit cut.
    pub fn new(cut: Option<MidRecord>) -> Progress {
        Progress { cut, ..Progress::default() }
    }

    /// True while a transaction has parts in the target and its end is to come.
    pub fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    /// What is to be stored with any position before that end.
    pub fn record(&self) -> Option<&MidRecord> {
        self.cut.as_ref()
    }

    /// Parts of the transaction under the cursor that are in the target.
    pub fn parts(&self) -> u32 {
        self.cut.as_ref().filter(|_| self.again).map_or(0, |cut| cut.parts)
    }

    /// A transaction begins.
    pub fn begin(&mut self, gtid: Option<&Gtid>, file: &Arc<str>, offset: u64) {
        self.gtid = gtid.cloned();
        self.at = Some((file.clone(), offset));
        self.tables.clear();
        self.again = self.cut.as_ref().is_some_and(|cut| match (gtid, &cut.gtid) {
            (Some(gtid), Some(cut)) => gtid == cut,
            (None, None) => *cut.at.file == **file && cut.at.offset == offset,
            (Some(_), None) | (None, Some(_)) => false,
        });
        let cut = self.cut.as_ref().filter(|_| self.again);
        self.begun = cut.map(|cut| cut.begun.clone()).unwrap_or_default();
        let begun = self.begun.iter();
        self.stored = begun.map(|(topic, them)| topic_bytes(topic) + them.len() * PARTITION_BYTES).sum();
    }

    /// The transaction has a message in this partition. True when it is the first, and its beginning is to be told before it.
    pub fn begins_in(&mut self, topic: &str, partition: i32) -> bool {
        let is_first = match self.begun.get_mut(topic) {
            Some(partitions) => partitions.insert(partition),
            None => {
                self.stored += topic_bytes(topic);
                self.begun.insert(topic.to_owned(), BTreeSet::from([partition])).is_none()
            }
        };
        self.stored += if is_first { PARTITION_BYTES } else { 0 };
        is_first
    }

    /// The partitions in which its beginning was told, in this part of it or in a former one.
    pub fn begun(&self) -> &BTreeMap<String, BTreeSet<i32>> {
        &self.begun
    }

    /// The number of a table within the transaction, for [`row`](Progress::row).
    pub fn table(&mut self, version: &Arc<TableVersion>) -> usize {
        let known = self.tables.iter().rposition(|counted| counted.version.name == version.name);
        known.unwrap_or_else(|| {
            let cut = self.cut.as_ref().filter(|_| self.again);
            let before = cut.and_then(|cut| cut.tables.iter().find(|table| table.table == version.name));
            let before = before.map(|table| (table.rows, table.hash));
            self.stored += TABLE_BYTES + quoted(&version.name.db) + quoted(&version.name.table);
            self.tables.push(Counted { version: version.clone(), rows: 0, hash: 0, before, left: false });
            self.tables.len() - 1
        })
    }

    /// Takes the next row of a table; `key` is what identifies it, all of it where nothing does. True when it is to be sent,
    /// false when it is in the target.
    ///
    /// # Errors
    /// The rows that are in the target are not those that come again.
    pub fn row(&mut self, table: usize, key: &[u8]) -> Result<bool, Differs> {
        let counted = &mut self.tables[table];
        counted.rows += 1;
        counted.hash = mix(counted.hash, key);
        match counted.before {
            None => Ok(true),
            Some((rows, _)) if counted.rows > rows => Ok(true),
            Some((rows, hash)) if counted.rows == rows && counted.hash != hash => {
                Err(Differs { table: counted.version.name.clone(), how: Difference::Rows })
            }
            Some(_) => Ok(planted(Bug::PartsSentAgain)),
        }
    }

    /// True when the transaction under the cursor has shown rows.
    pub fn has_rows(&self) -> bool {
        !self.tables.is_empty()
    }

    /// Rows of a table are not sent any more, from the beginning of the transaction on.
    pub fn leave(&mut self, table: &TableName) {
        if let Some(counted) = self.tables.iter_mut().find(|counted| counted.version.name == *table) {
            counted.left = true;
        }
        if let Some(cut) = &mut self.cut {
            cut.tables.retain(|counted| counted.table != *table);
        }
    }

    /// True when the transaction under the cursor may be cut: no other one is, all that is in the target has been passed,
    /// and what is stored of it has room.
    pub fn may_cut(&self) -> bool {
        let passed =
            |counted: &Counted| counted.before.is_none_or(|(rows, _)| counted.left || counted.rows >= rows);
        let alone = match &self.cut {
            None => true,
            Some(cut) => {
                let met = self.tables.iter().filter(|one| one.before.is_some() && !one.left).count();
                self.again && met == cut.tables.len() && self.tables.iter().all(passed)
            }
        };
        alone && self.stored <= STORED_MAX
    }

    /// Cuts the transaction under the cursor: its rows so far are about to be committed.
    ///
    /// # Panics
    /// Where it may not be cut.
    pub fn cut(&mut self) -> &MidRecord {
        assert!(self.may_cut(), "a transaction was cut before what is in the target was passed");
        let parts = self.parts() + 1;
        let (file, offset) = self.at.clone().expect("a transaction is under the cursor");
        let counted = self.tables.iter_mut().filter(|counted| !counted.left);
        let tables = counted
            .map(|counted| {
                counted.before = Some((counted.rows, counted.hash));
                MidTable { table: counted.version.name.clone(), rows: counted.rows, hash: counted.hash }
            })
            .collect();
        self.again = true;
        let at = BinlogPosition::new(&*file, offset);
        let begun = self.begun.clone();
        self.cut.insert(MidRecord { gtid: self.gtid.clone(), at, parts, tables, begun })
    }

    /// The transaction under the cursor ends.
    ///
    /// # Errors
    /// It ends before all that is in the target came again.
    pub fn end(&mut self) -> Result<(), Differs> {
        if !std::mem::take(&mut self.again) {
            return Ok(());
        }
        let Some(cut) = self.cut.take() else { return Ok(()) };
        for before in cut.tables {
            let counted = self.tables.iter().find(|counted| counted.version.name == before.table);
            if counted.is_none_or(|counted| counted.rows < before.rows) {
                return Err(Differs { table: before.table, how: Difference::Fewer });
            }
        }
        Ok(())
    }
}

/// Bytes that are stored of a topic.
fn topic_bytes(topic: &str) -> usize {
    TOPIC_BYTES + quoted(topic)
}

/// Most bytes of a name in a record: signs that JSON escapes take six.
fn quoted(name: &str) -> usize {
    name.bytes().map(|byte| if byte < b' ' { 6 } else { 1 + usize::from(matches!(byte, b'"' | b'\\')) }).sum()
}

/// The hash of one more key. It guards against mistakes, not against people, and is stored: it stays as it is.
fn mix(hash: u64, key: &[u8]) -> u64 {
    let step = |hash: u64, word: u64| {
        let mixed = (hash ^ word).wrapping_mul(MIX);
        mixed ^ (mixed >> 32)
    };
    let mut hash = step(hash, key.len() as u64);
    let mut words = key.chunks_exact(8);
    for word in &mut words {
        hash = step(hash, u64::from_le_bytes(word.try_into().expect("eight bytes")));
    }
    let mut last = [0; 8];
    last[..words.remainder().len()].copy_from_slice(words.remainder());
    step(hash, u64::from_le_bytes(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(table: &str) -> Arc<TableVersion> {
        Arc::new(TableVersion {
            name: TableName::new("shop", table),
            columns: Vec::new(),
            primary_key: Vec::new(),
            unique_keys: Vec::new(),
        })
    }

    fn begin(progress: &mut Progress, offset: u64) {
        progress.begin(None, &"b.000001".into(), offset);
    }

    /// Takes rows of a table, and tells which are to be sent.
    fn rows(progress: &mut Progress, table: &str, keys: &[u8]) -> Result<Vec<bool>, Differs> {
        let table = progress.table(&version(table));
        keys.iter().map(|key| progress.row(table, &[*key])).collect()
    }

    fn cut_after(keys: &[(&str, &[u8])]) -> MidRecord {
        let mut progress = Progress::default();
        begin(&mut progress, 4);
        for (table, keys) in keys {
            rows(&mut progress, table, keys).unwrap();
        }
        progress.cut().clone()
    }

    #[test]
    fn what_is_in_the_target_is_not_sent_again() {
        let cut = cut_after(&[("a", &[1, 2]), ("b", &[7])]);
        let mut progress = Progress::new(Some(cut));
        begin(&mut progress, 4);
        assert_eq!(rows(&mut progress, "a", &[1]), Ok(vec![false]));
        assert!(!progress.may_cut());
        assert_eq!(rows(&mut progress, "b", &[7, 8]), Ok(vec![false, true]));
        assert_eq!(rows(&mut progress, "a", &[2, 3]), Ok(vec![false, true]));
        assert!(progress.may_cut());
        let again = progress.cut().clone();
        assert_eq!(again.parts, 2);
        // the second cut is that of a life that saw everything at once
        assert_eq!(
            again.tables,
            cut_after(&[("b", &[7, 8]), ("a", &[1, 2, 3])]).tables_in(&["a", "b"], &again)
        );
        progress.end().unwrap();
        assert!(!progress.is_cut());
    }

    impl MidRecord {
        /// The tables in the order in which another record has them.
        fn tables_in(&self, names: &[&str], order: &MidRecord) -> Vec<MidTable> {
            assert_eq!(names.len(), order.tables.len());
            let named = |table: &MidTable| self.tables.iter().find(|one| one.table == table.table).cloned();
            order.tables.iter().filter_map(named).collect()
        }
    }

    #[test]
    fn other_rows_are_noticed() {
        let differs = |how| Err(Differs { table: TableName::new("shop", "a"), how });
        let cut = || cut_after(&[("a", &[1, 2])]);
        let mut other = Progress::new(Some(cut()));
        begin(&mut other, 4);
        assert_eq!(rows(&mut other, "a", &[1, 3]), differs(Difference::Rows));
        let mut order = Progress::new(Some(cut()));
        begin(&mut order, 4);
        assert_eq!(rows(&mut order, "a", &[2, 1]), differs(Difference::Rows));
        let mut fewer = Progress::new(Some(cut()));
        begin(&mut fewer, 4);
        rows(&mut fewer, "a", &[1]).unwrap();
        assert_eq!(fewer.end(), differs(Difference::Fewer).map(|_: Vec<bool>| ()));
        let mut none = Progress::new(Some(cut()));
        begin(&mut none, 4);
        assert_eq!(none.end(), differs(Difference::Fewer).map(|_: Vec<bool>| ()));
    }

    #[test]
    fn another_transaction_may_come_before() {
        let mut progress = Progress::new(Some(cut_after(&[("a", &[1])])));
        begin(&mut progress, 999);
        assert_eq!(rows(&mut progress, "a", &[1]), Ok(vec![true]));
        assert!(!progress.may_cut(), "two cannot be cut at once");
        progress.end().unwrap();
        assert!(progress.is_cut());
        begin(&mut progress, 4);
        assert_eq!(rows(&mut progress, "a", &[1, 2]), Ok(vec![false, true]));
    }

    #[test]
    fn a_transaction_is_known_by_its_gtid() {
        let gtid = |sequence| Gtid::MariaDb { domain: 0, server_id: 1, sequence };
        let mut progress = Progress::default();
        progress.begin(Some(&gtid(5)), &"b.000001".into(), 4);
        rows(&mut progress, "a", &[1]).unwrap();
        let cut = progress.cut().clone();
        let mut elsewhere = Progress::new(Some(cut));
        elsewhere.begin(Some(&gtid(4)), &"b.000001".into(), 4);
        assert_eq!(rows(&mut elsewhere, "a", &[1]), Ok(vec![true]));
        elsewhere.end().unwrap();
        elsewhere.begin(Some(&gtid(5)), &"other.000009".into(), 77);
        assert_eq!(rows(&mut elsewhere, "a", &[1]), Ok(vec![false]));
    }

    #[test]
    fn a_table_may_leave_in_the_middle() {
        let mut progress = Progress::new(Some(cut_after(&[("a", &[1]), ("b", &[2])])));
        begin(&mut progress, 4);
        rows(&mut progress, "a", &[1]).unwrap();
        rows(&mut progress, "b", &[2]).unwrap();
        progress.leave(&TableName::new("shop", "b"));
        assert!(progress.may_cut());
        let cut = progress.cut().clone();
        assert_eq!(cut.tables.len(), 1);
        let mut progress = Progress::new(Some(cut));
        begin(&mut progress, 4);
        assert_eq!(rows(&mut progress, "a", &[1]), Ok(vec![false]));
        progress.end().unwrap();
    }

    #[test]
    fn a_transaction_in_parts_begins_once_in_each_partition() {
        let mut progress = Progress::default();
        begin(&mut progress, 4);
        rows(&mut progress, "a", &[1]).unwrap();
        assert!(progress.begins_in("t", 3) && !progress.begins_in("t", 3));
        let cut = progress.cut().clone();
        assert!(progress.begins_in("t", 0) && progress.begins_in("u", 3));
        let mut progress = Progress::new(Some(cut));
        begin(&mut progress, 99);
        assert!(progress.begins_in("t", 3), "another one");
        begin(&mut progress, 4);
        // what was told behind the cut is told again
        assert!(!progress.begins_in("t", 3) && progress.begins_in("t", 0));
        assert_eq!(*progress.begun(), BTreeMap::from([("t".to_owned(), BTreeSet::from([0, 3]))]));
        begin(&mut progress, 200);
        assert!(progress.begun().is_empty());
    }

    #[test]
    fn what_is_stored_of_a_transaction_fits_into_a_record() {
        let stored = |fill: &dyn Fn(&mut Progress, usize)| {
            let mut progress = Progress::default();
            begin(&mut progress, 4);
            rows(&mut progress, "a", &[1]).unwrap();
            let n_filled = (0..1_000_000).take_while(|n| {
                fill(&mut progress, *n);
                progress.may_cut()
            });
            let n_filled = n_filled.count();
            // as it was before the last one
            let mut progress = Progress::default();
            begin(&mut progress, 4);
            (0..n_filled).for_each(|n| fill(&mut progress, n));
            let cut = progress.cut();
            let bytes = serde_json::to_vec(cut).expect("it is plain data").len();
            assert!(bytes <= STORED_MAX, "{bytes} bytes of {n_filled}");
            assert!(
                bytes > STORED_MAX / 3,
                "it is cut only as long as there is room: {bytes} bytes of {n_filled}"
            );
            let mut again = Progress::new(Some(cut.clone()));
            begin(&mut again, 4);
            (0..n_filled).for_each(|n| fill(&mut again, n));
            assert_eq!(again.stored, progress.stored, "counted alike by a life that comes later");
        };
        let long = "t".repeat(240);
        stored(&|progress, n| {
            progress.begins_in(&format!("{long}{n}"), 0);
        });
        stored(&|progress, n| {
            progress.begins_in("t", n as i32);
        });
        stored(&|progress, n| {
            let table = progress.table(&version(&format!("\u{1}\"{n}")));
            progress.row(table, b"key").expect("it is the same every time");
        });
    }

    #[test]
    fn a_hash_tells_lengths_and_order_apart() {
        let all = [&b""[..], b"\0", b"\0\0", b"12345678", b"12345678\0", b"1234567"];
        let mut hashes: Vec<u64> = all.iter().map(|key| mix(0, key)).collect();
        hashes.push(mix(mix(0, b"a"), b"b"));
        hashes.push(mix(mix(0, b"b"), b"a"));
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), all.len() + 2);
        assert_eq!(mix(7, b"stored"), 15_331_560_787_510_951_429, "it is stored: never changed");
    }
}
