//! `start`: where a task begins, and how existing rows are read.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Where the first start of a task begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Start {
    /// Existing rows, then the log.
    Snapshot(Snapshot),
    /// The log from now on.
    Now,
    /// The log from a place in the past.
    At(StartAt),
}

/// How existing rows are read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Snapshot {
    /// Topics, subjects and CREATE TABLE messages are made.
    pub schema: bool,
    /// Existing rows are sent.
    pub data: bool,
    /// Rows per chunk; none adapts.
    pub chunk_rows: Option<u32>,
    /// Most bytes a second; none is unlimited.
    pub rate_bytes_s: Option<u64>,
    /// Hours in which rows are read; none: always.
    pub window: Option<Window>,
    /// Chunks read at once; none: one.
    pub parallel: Option<u8>,
}

impl Default for Snapshot {
    fn default() -> Snapshot {
        Snapshot {
            schema: true,
            data: true,
            chunk_rows: None,
            rate_bytes_s: None,
            window: None,
            parallel: None,
        }
    }
}

/// Hours of every day.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// Begin, minutes since midnight.
    pub from_minute: u16,
    /// End, minutes since midnight; before the begin, it is on the next day.
    pub to_minute: u16,
    /// Zone of both, a name of the time zone database or an offset.
    pub zone: String,
}

/// Minutes of a day.
const DAY: u16 = 24 * 60;

impl Window {
    /// Minutes until it is open, when a clock of its zone shows this minute of the day; none: it is.
    pub fn opens_in(&self, minute: u16) -> Option<u16> {
        let since = |begin: u16| (minute + DAY - begin) % DAY;
        let length = (self.to_minute + DAY - self.from_minute) % DAY;
        (since(self.from_minute) >= length).then(|| DAY - since(self.from_minute))
    }
}

impl fmt::Display for Window {
    /// `22:00 to 06:00 Europe/Berlin`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Window { from_minute: from, to_minute: to, zone } = self;
        write!(f, "{:02}:{:02} to {:02}:{:02} {zone}", from / 60, from % 60, to / 60, to % 60)
    }
}

/// A place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StartAt {
    /// Behind all these transactions: a GTID set of MySQL or a GTID position of MariaDB, as its server prints it.
    Gtid(String),
    /// A byte offset in a file.
    Binlog {
        /// Name of the file.
        file: String,
        /// Offset.
        offset: u64,
    },
    /// The first transaction committed at this time or later, microseconds since 1970.
    TimeUs(i64),
}

impl Start {
    /// True when existing rows are read.
    pub fn loads(&self) -> bool {
        match self {
            Start::Snapshot(snapshot) => snapshot.data,
            Start::Now | Start::At(_) => false,
        }
    }

    /// True when tables are told before their first row.
    pub fn tells(&self) -> bool {
        match self {
            Start::Snapshot(snapshot) => snapshot.schema,
            Start::Now | Start::At(_) => false,
        }
    }

    /// True when topics and subjects are made before the first row, all at once.
    pub fn makes_ahead(&self) -> bool {
        match self {
            Start::Snapshot(snapshot) => snapshot.schema,
            Start::Now | Start::At(_) => true,
        }
    }

    /// How existing rows are read, where they are.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Start::Snapshot(snapshot) => Some(snapshot),
            Start::Now | Start::At(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_may_lie_around_midnight() {
        let window = |from: u16, to: u16| Window {
            from_minute: from * 60,
            to_minute: to * 60,
            zone: "Europe/Berlin".to_owned(),
        };
        let (night, day) = (window(22, 6), window(8, 18));
        assert_eq!(night.to_string(), "22:00 to 06:00 Europe/Berlin");
        for (minute, of_night, of_day) in [
            (0, None, Some(480)),
            (5 * 60 + 59, None, Some(121)),
            (6 * 60, Some(16 * 60), Some(120)),
            (8 * 60, Some(14 * 60), None),
            (17 * 60 + 59, Some(241), None),
            (18 * 60, Some(240), Some(14 * 60)),
            (22 * 60, None, Some(10 * 60)),
        ] {
            assert_eq!((night.opens_in(minute), day.opens_in(minute)), (of_night, of_day), "{minute}");
        }
    }
}
