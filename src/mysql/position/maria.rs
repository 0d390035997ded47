//! Positions of MariaDB: the last GTID of each domain.

use super::{BinlogPosition, Gtid};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// MariaDB: the last GTID of each domain. Stored and printed as MariaDB's text, `0-1-100,1-2-5`, by domain.
///
/// Not a set: numbers of a domain may go backwards without `gtid_strict_mode`, so it tells nothing about what
/// was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct MariaGtids {
    /// Domain → (server id, sequence number).
    pub domains: BTreeMap<u32, (u32, u64)>,
}

/// How GTIDs that were read up to a place of a log stand to those that the log has before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtPlace {
    /// As far as can be told, it is the log that was read.
    Same,
    /// Before the place stands what was not read: it is another log.
    Behind,
    /// What was read does not stand before the place. In the same log it stands behind it, where reading began by GTID.
    Ahead,
}

/// What was seen of a log that is read from an earlier place on, where its own places tell nothing of that: on another server
/// than before, or behind a position that somebody wrote.
///
/// In each domain all servers have the same transactions in the same order, whatever their numbers. So what comes before the last
/// one that was seen of its domain, and that one itself, was seen; what comes behind it was not. Domains stand to each other in any
/// order: up to the end that the log had when reading began, what was seen may come behind what was not, and no place of it says
/// that all before was seen and nothing behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenAgain {
    /// Of the domains in which something is to come again, the last GTID that was seen.
    last: BTreeMap<u32, (u32, u64)>,
    /// Of these domains, what came last.
    passed: BTreeMap<u32, (u32, u64)>,
    /// Where the log ended when it began to be read; none where that is not known.
    end: Option<BinlogPosition>,
}

/// The last GTID that was seen of a domain does not stand before this one, as far as it can stand anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{domain}-{}-{} was read, and does not stand before {domain}-{server_id}-{sequence}", last.0, last.1)]
pub struct NotSeenAgain {
    domain: u32,
    server_id: u32,
    sequence: u64,
    last: (u32, u64),
}

impl SeenAgain {
    /// A log is read from `from` on, and was seen up to `seen`; `end` is where it ends now, behind all that was seen.
    pub fn new(from: &MariaGtids, seen: &MariaGtids, end: Option<BinlogPosition>) -> SeenAgain {
        let again = seen.domains.iter().filter(|(domain, last)| from.domains.get(domain) != Some(last));
        SeenAgain {
            last: again.map(|(&domain, &last)| (domain, last)).collect(),
            passed: BTreeMap::new(),
            end,
        }
    }

    /// True when nothing that was seen is to come any more.
    pub fn is_over(&self) -> bool {
        self.last.is_empty() && self.end.is_none()
    }

    /// Whether the next transaction of the log was seen. Numbers tell nothing of that, but where the end of the log is not known:
    /// there a greater one than the last that was seen says that this one will never come.
    ///
    /// # Errors
    /// It cannot be told: the log does not have what was seen.
    pub fn pass(&mut self, gtid: &Gtid) -> Result<bool, NotSeenAgain> {
        let &Gtid::MariaDb { domain, server_id, sequence } = gtid else { return Ok(false) };
        match self.last.get(&domain) {
            None => Ok(false),
            Some(&last) if last == (server_id, sequence) => {
                self.last.remove(&domain);
                self.passed.remove(&domain);
                Ok(true)
            }
            Some(&last) if sequence > last.1 && self.end.is_none() => {
                Err(NotSeenAgain { domain, server_id, sequence, last })
            }
            Some(_) => {
                self.passed.insert(domain, (server_id, sequence));
                Ok(true)
            }
        }
    }

    /// The log has been read up to a place between two transactions. Behind the end that it had nothing comes again, and a domain of
    /// which nothing came is one that the server has forgotten (`FLUSH BINARY LOGS DELETE_DOMAIN_ID`).
    ///
    /// # Errors
    /// Of a domain came something, and not the last that was seen.
    pub fn come_to(&mut self, place: &BinlogPosition) -> Result<(), NotSeenAgain> {
        if self.end.as_ref().is_none_or(|end| place < end) {
            return Ok(());
        }
        self.end = None;
        let last = std::mem::take(&mut self.last);
        match self.passed.pop_first() {
            Some((domain, (server_id, sequence))) => {
                Err(NotSeenAgain { domain, server_id, sequence, last: last[&domain] })
            }
            None => Ok(()),
        }
    }
}

/// Why a text is no MariaDB position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MariaGtidsError {
    /// Not `domain-server-sequence`.
    #[error("`{0}` is no MariaDB GTID (domain-server-sequence)")]
    Gtid(String),
    /// A domain stands twice.
    #[error("domain {0} stands twice")]
    Twice(u32),
}

impl MariaGtids {
    /// Takes the GTID as the last of its domain. A MySQL GTID has none: false, and nothing changes.
    pub fn add(&mut self, gtid: &Gtid) -> bool {
        match gtid {
            Gtid::MariaDb { domain, server_id, sequence } => {
                self.domains.insert(*domain, (*server_id, *sequence));
                true
            }
            Gtid::MySql { .. } => false,
        }
    }

    /// The GTIDs that `other` has not reached: numbers of a domain rise on servers that are strict about them.
    pub fn beyond(&self, other: &MariaGtids) -> MariaGtids {
        let reached = |domain: &u32, sequence: u64| {
            other.domains.get(domain).is_some_and(|&(_, reached)| reached >= sequence)
        };
        let ahead = self.domains.iter().filter(|(domain, (_, sequence))| !reached(domain, *sequence));
        MariaGtids { domains: ahead.map(|(&domain, &last)| (domain, last)).collect() }
    }

    /// How these stand to `logged`, the last GTIDs of a log before the place up to which it was read. Domains of only one of them tell
    /// nothing: a server forgets those that it is told to, and a position that somebody wrote need not name all. One that agrees
    /// is enough where none is behind: the others may have been read on another server.
    pub fn at_place_of(&self, logged: &MariaGtids) -> AtPlace {
        let both =
            || self.domains.iter().filter_map(|(domain, read)| Some((read, logged.domains.get(domain)?)));
        if both().any(|(read, logged)| read.1 < logged.1) {
            AtPlace::Behind
        } else if both().next().is_none() || both().any(|(read, logged)| read == logged) {
            AtPlace::Same
        } else {
            AtPlace::Ahead
        }
    }

    /// True without a domain.
    pub fn is_empty(&self) -> bool {
        self.domains.is_empty()
    }
}

impl FromStr for MariaGtids {
    type Err = MariaGtidsError;

    fn from_str(text: &str) -> Result<MariaGtids, MariaGtidsError> {
        let mut domains = BTreeMap::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let wrong = || MariaGtidsError::Gtid(part.to_owned());
            let mut numbers = part.split('-').map(plain_number);
            let mut next = || numbers.next().flatten().ok_or_else(wrong);
            let (domain, server_id, sequence) = (next()?, next()?, next()?);
            if part.split('-').count() != 3 {
                return Err(wrong());
            }
            let domain = u32::try_from(domain).map_err(|_| wrong())?;
            let server_id = u32::try_from(server_id).map_err(|_| wrong())?;
            if domains.insert(domain, (server_id, sequence)).is_some() {
                return Err(MariaGtidsError::Twice(domain));
            }
        }
        Ok(MariaGtids { domains })
    }
}

/// A number of digits alone (`parse` would take a sign).
fn plain_number(text: &str) -> Option<u64> {
    text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl fmt::Display for MariaGtids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (domain, (server_id, sequence))) in self.domains.iter().enumerate() {
            write!(f, "{}{domain}-{server_id}-{sequence}", if at > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

impl Serialize for MariaGtids {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MariaGtids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MariaGtids, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_was_seen_up_to_the_last_of_its_domain() {
        let gtids = |text: &str| text.parse::<MariaGtids>().expect("GTIDs");
        let mut again = SeenAgain::new(&gtids("0-1-5,1-1-9"), &gtids("0-1-8,1-1-9,2-7-3"), None);
        let mut pass = |domain, server_id, sequence| {
            let seen = again.pass(&Gtid::MariaDb { domain, server_id, sequence });
            (seen.map_err(|error| error.to_string()), again.is_over())
        };
        let told = |seen| (Ok::<bool, String>(seen), false);
        assert_eq!(pass(0, 1, 6), told(true));
        assert_eq!(pass(1, 1, 10), told(false), "of this domain nothing comes again");
        assert_eq!(pass(2, 7, 1), told(true));
        assert_eq!(pass(0, 2, 7), told(true), "whoever wrote it");
        assert_eq!(pass(0, 1, 8), told(true));
        assert_eq!(pass(0, 1, 3), told(false), "numbers tell nothing behind the last that was seen");
        let lacks = "2-7-3 was read, and does not stand before 2-1-4".to_owned();
        assert_eq!(pass(2, 1, 4), (Err(lacks), false));
        assert_eq!(pass(2, 7, 3), (Ok(true), true));
        assert_eq!(pass(2, 7, 4), (Ok(false), true));
    }

    #[test]
    fn what_was_seen_stands_before_the_end_that_the_log_had() {
        let gtids = |text: &str| text.parse::<MariaGtids>().expect("GTIDs");
        let gtid = |domain, sequence| Gtid::MariaDb { domain, server_id: 1, sequence };
        let place = |offset| BinlogPosition::new("b.000002", offset);
        let begun = |seen: &str| SeenAgain::new(&gtids("0-1-5"), &gtids(seen), Some(place(900)));
        // numbers that went back, and a domain that is forgotten
        let mut again = begun("0-1-7,3-1-4");
        assert_eq!(again.pass(&gtid(0, 100)), Ok(true));
        assert_eq!(again.pass(&gtid(0, 7)), Ok(true));
        assert_eq!(again.pass(&gtid(0, 8)), Ok(false));
        assert_eq!((again.come_to(&place(899)), again.is_over()), (Ok(()), false));
        assert_eq!((again.come_to(&place(900)), again.is_over()), (Ok(()), true));
        assert_eq!(again.pass(&gtid(3, 1)), Ok(false));
        // up to that end a place counts for nothing, even where nothing is to come again
        assert!(!begun("0-1-5").is_over());
        let mut lacking = begun("0-1-7");
        assert_eq!(lacking.pass(&gtid(0, 9)), Ok(true));
        let told = lacking.come_to(&place(1_000)).map_err(|error| error.to_string());
        assert_eq!(told, Err("0-1-7 was read, and does not stand before 0-1-9".to_owned()));
    }

    #[test]
    fn text_there_and_back() {
        let check = |text: &str, canonical: &str| {
            assert_eq!(
                text.parse::<MariaGtids>().map(|gtids| gtids.to_string()),
                Ok(canonical.into()),
                "{text}"
            );
        };
        check("", "");
        check("7-202-2, 0-202-20117", "0-202-20117,7-202-2");
        check("4294967295-1-18446744073709551615", "4294967295-1-18446744073709551615");
    }

    #[test]
    fn what_is_no_position_is_told() {
        let check =
            |text: &str, error: MariaGtidsError| assert_eq!(text.parse::<MariaGtids>(), Err(error), "{text}");
        for text in ["0-1", "0-1-2-3", "0--1", "0-+1-2", "x-1-2", "4294967296-1-1", "0-4294967296-1", "-"] {
            check(text, MariaGtidsError::Gtid(text.into()));
        }
        check("0-1-2,0-1-3", MariaGtidsError::Twice(0));
    }

    #[test]
    fn what_another_position_has_not_reached() {
        let check = |ours: &str, other: &str, beyond: &str| {
            let (ours, other): (MariaGtids, MariaGtids) = (ours.parse().unwrap(), other.parse().unwrap());
            assert_eq!(ours.beyond(&other).to_string(), beyond);
        };
        check("0-1-5,1-1-7", "0-2-5,1-1-8,3-1-1", "");
        check("0-1-5,1-1-7", "0-2-4", "0-1-5,1-1-7");
    }

    #[test]
    fn a_log_is_another_one_by_what_stands_before_a_place() {
        let check = |read: &str, logged: &str, expected| {
            let (read, logged): (MariaGtids, MariaGtids) = (read.parse().unwrap(), logged.parse().unwrap());
            assert_eq!(read.at_place_of(&logged), expected, "{read} {logged}");
        };
        check("0-1-5", "0-1-5", AtPlace::Same);
        check("0-1-5", "", AtPlace::Same);
        check("0-1-5,1-1-7", "0-1-5,2-1-9", AtPlace::Same);
        check("0-1-5,1-1-7", "0-1-5,1-1-3", AtPlace::Same);
        check("0-1-5", "0-1-6", AtPlace::Behind);
        check("0-1-5,1-1-7", "0-1-5,1-1-8", AtPlace::Behind);
        check("0-1-5", "0-1-4", AtPlace::Ahead);
        check("0-1-5", "0-2-5", AtPlace::Ahead);
    }

    #[test]
    fn the_last_gtid_of_a_domain_counts_even_when_smaller() {
        let mut gtids: MariaGtids = "0-1-100,1-2-5".parse().expect("a position");
        gtids.add(&Gtid::MariaDb { domain: 0, server_id: 9, sequence: 7 });
        assert_eq!(gtids.to_string(), "0-9-7,1-2-5");
        assert!(!gtids.add(&Gtid::MySql { uuid: String::new(), tag: String::new(), number: 1 }));
    }
}
