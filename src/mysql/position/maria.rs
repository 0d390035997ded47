//! Positions of MariaDB: the last GTID of each domain.

use super::Gtid;
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
