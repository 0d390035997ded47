//! Sets of MySQL GTIDs: text, algebra, and the bytes a dump request carries.
//!
//! Guarantees: holes and tags are kept; two sets are equal exactly when they hold the same GTIDs; no
//! operation panics or overflows on any input. Cost is in the number of intervals, never in the number of
//! transactions.

mod bytes;

use super::Gtid;
use crate::failpoint::{Bug, planted};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Greatest number of a transaction: 2⁶³ − 2 (MySQL `GNO_END` is 2⁶³ − 1 and excluded).
pub const MAX_NUMBER: u64 = i64::MAX as u64 - 1;

/// Half-open `start..end`.
type Interval = (u64, u64);

/// A set of MySQL GTIDs: holes and tags are kept, never flattened.
///
/// Stored and printed as the canonical text, such as
/// `3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7:billing:1-2`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct GtidSet {
    /// UUID in lower case and tag (empty for none) → intervals, sorted, not touching, not empty.
    intervals: BTreeMap<(String, String), Vec<Interval>>,
}

impl GtidSet {
    /// The empty set.
    pub fn new() -> GtidSet {
        GtidSet::default()
    }

    /// True when nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// Adds one GTID. A MariaDB GTID is never an element: false, and nothing is added.
    pub fn add(&mut self, gtid: &Gtid) -> bool {
        match gtid {
            Gtid::MySql { uuid, tag, number } => {
                let first = if planted(Bug::SetFlattened) { 1 } else { *number };
                self.add_range(uuid, tag, first, number.saturating_add(1));
                true
            }
            Gtid::MariaDb { .. } => false,
        }
    }

    /// True when the GTID is in it.
    pub fn contains(&self, gtid: &Gtid) -> bool {
        match gtid {
            Gtid::MySql { uuid, tag, number } => {
                let key = (uuid.to_ascii_lowercase(), tag.clone());
                self.intervals.get(&key).is_some_and(|list| {
                    let behind = list.partition_point(|&(start, _)| start <= *number);
                    behind > 0 && *number < list[behind - 1].1
                })
            }
            Gtid::MariaDb { .. } => false,
        }
    }

    /// True when every element of `other` is in it.
    pub fn contains_set(&self, other: &GtidSet) -> bool {
        other.difference(self).is_empty()
    }

    /// Elements of either.
    pub fn union(&self, other: &GtidSet) -> GtidSet {
        let mut all = self.clone();
        for ((uuid, tag), list) in &other.intervals {
            for &(start, end) in list {
                all.add_range(uuid, tag, start, end);
            }
        }
        all
    }

    /// Elements of both.
    pub fn intersection(&self, other: &GtidSet) -> GtidSet {
        self.difference(&self.difference(other))
    }

    /// Elements of this that are not in `other`.
    pub fn difference(&self, other: &GtidSet) -> GtidSet {
        let mut rest = GtidSet::new();
        for (key, list) in &self.intervals {
            let holes = other.intervals.get(key).map_or(&[][..], Vec::as_slice);
            let left = subtract(list, holes);
            if !left.is_empty() {
                rest.intervals.insert(key.clone(), left);
            }
        }
        rest
    }

    /// UUID, tag (empty for none) and half-open intervals, in canonical order.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &str, &[(u64, u64)])> {
        self.intervals.iter().map(|((uuid, tag), list)| (uuid.as_str(), tag.as_str(), list.as_slice()))
    }

    /// Adds `start..end`, clipped to the numbers a GTID can have. `uuid` in any case.
    fn add_range(&mut self, uuid: &str, tag: &str, start: u64, end: u64) {
        let (start, end) = (start.max(1), end.min(MAX_NUMBER + 1));
        if start >= end {
            return;
        }
        let list = self.intervals.entry((uuid.to_ascii_lowercase(), tag.to_owned())).or_default();
        // those that overlap or touch become one
        let from = list.partition_point(|&(_, before)| before < start);
        let to = list.partition_point(|&(after, _)| after <= end);
        if from == to {
            list.insert(from, (start, end));
        } else {
            let joined = (start.min(list[from].0), end.max(list[to - 1].1));
            list.splice(from..to, [joined]);
        }
    }
}

/// `list` without `holes`; both sorted and apart.
fn subtract(list: &[Interval], holes: &[Interval]) -> Vec<Interval> {
    let mut left = Vec::new();
    let mut next = 0;
    for &(mut start, end) in list {
        while next < holes.len() && holes[next].1 <= start {
            next += 1;
        }
        let mut hole = next;
        while start < end && hole < holes.len() && holes[hole].0 < end {
            if start < holes[hole].0 {
                left.push((start, holes[hole].0));
            }
            start = start.max(holes[hole].1);
            hole += 1;
        }
        if start < end {
            left.push((start, end));
        }
    }
    left
}

fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

/// Why a text is no GTID set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GtidSetError {
    /// Not 32 hexadecimal digits with or without dashes.
    #[error("`{0}` is no UUID")]
    Uuid(String),
    /// Not a number or range from 1 on.
    #[error("`{0}` is no range of transaction numbers")]
    Interval(String),
    /// Not 1…32 of a–z, 0–9 and `_`, not beginning with a digit.
    #[error("`{0}` is no GTID tag")]
    Tag(String),
    /// A UUID or tag without numbers.
    #[error("`{0}` names no transaction")]
    NoInterval(String),
}

impl FromStr for GtidSet {
    type Err = GtidSetError;

    /// Reads what MySQL prints and accepts: `uuid:1-5:7:tag:1-2,uuid:…`, white space anywhere around signs,
    /// any letter case.
    fn from_str(text: &str) -> Result<GtidSet, GtidSetError> {
        let mut set = GtidSet::new();
        for group in text.split(',').map(str::trim).filter(|group| !group.is_empty()) {
            let mut parts = group.split(':').map(str::trim);
            let uuid = canonical_uuid(parts.next().unwrap_or_default())?;
            let mut tag = String::new();
            // what still waits for its first interval
            let mut open = Some(uuid.as_str());
            for part in parts {
                if part.starts_with(|sign: char| sign.is_ascii_digit()) {
                    let (start, end) = interval(part)?;
                    set.add_range(&uuid, &tag, start, end);
                    open = None;
                } else {
                    if open.is_some_and(|open| open != uuid) {
                        return Err(GtidSetError::NoInterval(tag));
                    }
                    tag = canonical_tag(part)?;
                    open = Some("tag");
                }
            }
            if open.is_some() {
                return Err(GtidSetError::NoInterval(group.to_owned()));
            }
        }
        Ok(set)
    }
}

fn canonical_uuid(text: &str) -> Result<String, GtidSetError> {
    let wrong = || GtidSetError::Uuid(text.to_owned());
    let dashes_fit =
        text.len() == 32 || text.len() == 36 && text.match_indices('-').map(|(at, _)| at).eq([8, 13, 18, 23]);
    let digits: String =
        text.chars().filter(|&sign| sign != '-').map(|sign| sign.to_ascii_lowercase()).collect();
    if !dashes_fit || digits.len() != 32 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    Ok([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

fn canonical_tag(text: &str) -> Result<String, GtidSetError> {
    let tag = text.to_ascii_lowercase();
    let fits = (1..=32).contains(&tag.len())
        && tag.bytes().all(|sign| matches!(sign, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        && !tag.starts_with(|sign: char| sign.is_ascii_digit());
    if fits { Ok(tag) } else { Err(GtidSetError::Tag(text.to_owned())) }
}

fn interval(text: &str) -> Result<Interval, GtidSetError> {
    let number =
        |part: &str| part.trim().parse::<u64>().ok().filter(|number| (1..=MAX_NUMBER).contains(number));
    let bounds = match text.split_once('-') {
        Some((first, last)) => number(first).zip(number(last)),
        None => number(text).map(|number| (number, number)),
    };
    bounds
        .filter(|(first, last)| first <= last)
        .map(|(first, last)| (first, last + 1))
        .ok_or_else(|| GtidSetError::Interval(text.to_owned()))
}

impl fmt::Display for GtidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last_uuid = None;
        for ((uuid, tag), list) in &self.intervals {
            if last_uuid != Some(uuid) {
                write!(f, "{}{uuid}", if last_uuid.is_some() { "," } else { "" })?;
            }
            last_uuid = Some(uuid);
            if !tag.is_empty() {
                write!(f, ":{tag}")?;
            }
            for (start, end) in list {
                write!(f, ":{start}")?;
                if end - start > 1 {
                    write!(f, "-{}", end - 1)?;
                }
            }
        }
        Ok(())
    }
}

impl Serialize for GtidSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GtidSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<GtidSet, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const A: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
    const B: &str = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

    fn set(text: &str) -> GtidSet {
        text.replace('A', A).replace('B', B).parse().expect("a GTID set")
    }

    fn gtid(uuid: &str, tag: &str, number: u64) -> Gtid {
        Gtid::MySql { uuid: uuid.into(), tag: tag.into(), number }
    }

    #[test]
    fn text_is_read_and_printed_canonically() {
        let check = |text: &str, canonical: &str| {
            let canonical = canonical.replace('A', A).replace('B', B);
            assert_eq!(set(text).to_string(), canonical, "{text}");
            assert_eq!(set(&canonical), set(text), "{text}");
        };
        check("", "");
        check(" , ", "");
        check("A:1-5:7:9-12,\nB:1", "A:1-5:7:9-12,B:1");
        check("B:3, A : 1 - 2 : 3", "A:1-3,B:3");
        check("A:1-102:billing:1-2", "A:1-102:billing:1-2");
        check("A:billing:4:zoo:1,A:7", "A:7:billing:4:zoo:1");
        check("A:ZOO:4", "A:zoo:4");
        check("A:5-6:1-4:2", "A:1-6");
        check("A:9223372036854775806", "A:9223372036854775806");
        let upper_without_dashes = format!("{}:1", A.to_uppercase().replace('-', ""));
        assert_eq!(upper_without_dashes.parse(), Ok(set("A:1")));
    }

    #[test]
    fn what_is_no_set_is_told() {
        let check = |text: &str, error: GtidSetError| {
            assert_eq!(text.replace('A', A).parse::<GtidSet>(), Err(error), "{text}");
        };
        check("x:1", GtidSetError::Uuid("x".into()));
        check(
            "3e11fa4-771ca-11e1-9e33-c80aa9429562:1",
            GtidSetError::Uuid("3e11fa4-771ca-11e1-9e33-c80aa9429562".into()),
        );
        check("A:0", GtidSetError::Interval("0".into()));
        check("A:5-3", GtidSetError::Interval("5-3".into()));
        check("A:9223372036854775807", GtidSetError::Interval("9223372036854775807".into()));
        check("A:1-2-3", GtidSetError::Interval("1-2-3".into()));
        check("A:b-c:1", GtidSetError::Tag("b-c".into()));
        check("A:", GtidSetError::Tag(String::new()));
        check("A:one:two:1", GtidSetError::NoInterval("one".into()));
        check("A", GtidSetError::NoInterval(A.into()));
        check("A:1:tag", GtidSetError::NoInterval(format!("{A}:1:tag")));
    }

    #[test]
    fn bytes_of_a_dump_request() {
        let uuid =
            [0x3e, 0x11, 0xfa, 0x47, 0x71, 0xca, 0x11, 0xe1, 0x9e, 0x33, 0xc8, 0x0a, 0xa9, 0x42, 0x95, 0x62];
        let number = |number: u64| number.to_le_bytes();
        let untagged =
            [&number(1)[..], &uuid, &number(2), &number(1), &number(6), &number(7), &number(8)].concat();
        assert_eq!(set("A:1-5:7").encode(), untagged);
        assert_eq!(GtidSet::new().encode(), [0; 8]);
    }

    /// PREVIOUS_GTIDS as MySQL 9.7 wrote it.
    #[test]
    fn bytes_with_tags_are_those_of_the_server() {
        let set: GtidSet = "3e11fa47-71ca-11e1-9e33-c80aa9429562:5:zoo:7,\n\
             3e6290bd-ea70-11f1-93e4-02fc00000001:1-3:a_very_long_tag_of_32_characters:1:billing:1-2"
            .parse()
            .expect("text of a server");
        let written = "0105000000000001\
            3e11fa4771ca11e19e33c80aa9429562000100000000000000\
            05000000000000000600000000000000\
            3e11fa4771ca11e19e33c80aa9429562067a6f6f0100000000000000\
            07000000000000000800000000000000\
            3e6290bdea7011f193e402fc00000001000100000000000000\
            01000000000000000400000000000000\
            3e6290bdea7011f193e402fc0000000140\
            615f766572795f6c6f6e675f7461675f6f665f33325f63686172616374657273\
            010000000000000001000000000000000200000000000000\
            3e6290bdea7011f193e402fc000000010e62696c6c696e67\
            010000000000000001000000000000000300000000000000";
        let hex: String = set.encode().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, written);
    }

    #[test]
    fn an_impossible_number_is_not_added() {
        let mut empty = GtidSet::new();
        for number in [0, MAX_NUMBER + 1, u64::MAX] {
            empty.add(&gtid(A, "", number));
        }
        assert_eq!(empty, GtidSet::new());
    }

    #[test]
    fn stored_as_text() {
        let stored = serde_json::to_string(&set("A:1-5:t:7")).expect("a set is storable");
        assert_eq!(stored, format!("\"{A}:1-5:t:7\""));
        assert_eq!(serde_json::from_str::<GtidSet>(&stored).expect("what was stored"), set("A:1-5:t:7"));
    }

    /// The same as plain elements.
    type Plain = BTreeSet<(usize, u64)>;

    const GROUPS: [(&str, &str); 3] = [(A, ""), (A, "tag"), (B, "")];

    fn build(plain: &Plain) -> GtidSet {
        let mut set = GtidSet::new();
        for &(group, number) in plain {
            set.add(&gtid(GROUPS[group].0, GROUPS[group].1, number));
        }
        set
    }

    proptest! {
        #[test]
        fn algebra_is_that_of_plain_sets(
            a in prop::collection::vec((0..3usize, 1..20u64), 0..40),
            b in prop::collection::vec((0..3usize, 1..20u64), 0..40),
        ) {
            // added in any order, and from a set in order: the same
            let mut shuffled = GtidSet::new();
            for &(group, number) in &a {
                shuffled.add(&gtid(GROUPS[group].0, GROUPS[group].1, number));
            }
            let (a, b): (Plain, Plain) = (a.into_iter().collect(), b.into_iter().collect());
            let (x, y) = (build(&a), build(&b));
            prop_assert_eq!(&shuffled, &x);
            prop_assert_eq!(x.union(&y), build(&a.union(&b).copied().collect()));
            prop_assert_eq!(x.difference(&y), build(&a.difference(&b).copied().collect()));
            prop_assert_eq!(x.intersection(&y), build(&a.intersection(&b).copied().collect()));
            prop_assert_eq!(x.contains_set(&y), a.is_superset(&b));
            prop_assert_eq!(x.is_empty(), a.is_empty());
            for (group, &(uuid, tag)) in GROUPS.iter().enumerate() {
                for number in 0..21 {
                    prop_assert_eq!(x.contains(&gtid(uuid, tag, number)), a.contains(&(group, number)));
                }
            }
            prop_assert_eq!(x.to_string().parse::<GtidSet>().expect("canonical text"), x);
        }

        #[test]
        fn no_text_panics(text in "[0-9a-f:, \\-]{0,60}") {
            let _ = text.parse::<GtidSet>();
        }
    }
}
