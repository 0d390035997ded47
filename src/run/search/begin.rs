//! `start at`: the position that a place of the log is, whatever way it is written.
//!
//! Guarantees: a position lies between two transactions, and with GTIDs it names all before it; what is not in the log, because
//! it is gone or has yet to come, is refused.

use super::{Go, Search, Walked, place_of};
use crate::catalog::ServerFacts;
use crate::diagnostic::{Diagnostic, Severity};
use crate::mysql::binlog::event::EventType;
use crate::mysql::position::{BinlogPosition, Flavor, Gtid, GtidSet, Gtids, Position};
use crate::mysql::temporal::write_timestamp;
use crate::mysql::value::Timestamp;
use crate::plan::TaskPlan;
use crate::run::failure::{Class, Failure};
use crate::run::ring::What;
use crate::source::mysql::io::{Endpoint, Session, clock_us, gtids_of};
use crate::source::mysql::requirement::{POSITION_PURGED, purged};
use crate::statement::{Start, StartAt};
use std::cmp::Ordering;
use std::fmt::Display;

/// Offset of the first event of a file.
const FIRST_EVENT: u64 = 4;

const SECOND_US: i64 = 1_000_000;

/// Events that stand at the beginning of a file, before anything has happened.
const HEAD: [EventType; 6] = [
    EventType::Rotate,
    EventType::FormatDescription,
    EventType::PreviousGtids,
    EventType::GtidList,
    EventType::BinlogCheckpoint,
    EventType::StartEncryption,
];

/// Finds the position; none when nobody wants to know any more.
///
/// # Errors
/// [`Class::Precheck`] when there is no such place; what keeps the log from being read.
pub(in crate::run) fn begin(
    search: &Search<'_>,
    session: &mut Session,
    facts: &ServerFacts,
    at: &StartAt,
) -> Result<Option<Position>, Failure> {
    let Some(end) = facts.position.as_ref().filter(|_| !facts.binlog_files.is_empty()) else {
        return Err(refused(
            &"where the log begins and ends we may not ask: REPLICATION CLIENT (MariaDB: BINLOG MONITOR) is needed",
        ));
    };
    let begin = Begin { search, facts, end };
    let found = match at {
        StartAt::Gtid(text) => Some(begin.behind(session, text)?),
        StartAt::Binlog { file, offset } => begin.at_place(session, file, *offset)?,
        StartAt::TimeUs(us) => begin.at_time(session, *us)?,
    };
    Ok(found)
}

struct Begin<'b> {
    search: &'b Search<'b>,
    facts: &'b ServerFacts,
    end: &'b Position,
}

/// What a walk from the beginning of a file has passed.
struct Passed {
    /// End of the events that every file begins with: until there, nothing has happened in it.
    head: u64,
    /// The last place between two transactions.
    place: BinlogPosition,
    /// MySQL: all transactions before it.
    set: GtidSet,
    /// The transaction that has begun: where, when it was committed, and its GTID.
    open: Option<(BinlogPosition, Option<u64>, Option<Gtid>)>,
}

/// What a walk asks about.
#[derive(Clone, Copy)]
enum Seen {
    /// The head of the first file lies behind.
    Head,
    /// The open transaction ends, with an event of this second since 1970.
    Ending(i64),
    /// A place between two transactions.
    Between,
}

impl Begin<'_> {
    fn at(&self, file: BinlogPosition, gtids: Gtids) -> Position {
        Position { server: self.facts.identity.clone(), file, gtids }
    }

    fn oldest(&self) -> &str {
        self.facts.binlog_files.first().map_or("", String::as_str)
    }

    /// Behind the transactions of a set, or of a position of MariaDB.
    fn behind(&self, session: &mut Session, text: &str) -> Result<Position, Failure> {
        let wrong = |error: &dyn Display, like: &str| {
            refused(&format_args!(
                "`start at gtid`: {error}; a position of this server looks like \"{like}\""
            ))
        };
        let gtids = match (self.facts.flavor(), &self.end.gtids) {
            (_, Gtids::Off) => {
                return Err(refused(
                    &"`start at gtid`: `gtid_mode` is OFF; write `start at binlog \"FILE:OFFSET\"`",
                ));
            }
            (Flavor::MySql, _) => {
                let like = format!("{}:1-100", self.facts.identity.uuid);
                Gtids::MySql(text.parse().map_err(|error| wrong(&error, &like))?)
            }
            (Flavor::MariaDb, _) => Gtids::MariaDb(text.parse().map_err(|error| wrong(&error, "0-1-100"))?),
        };
        let missing = match (&gtids, &self.end.gtids) {
            (Gtids::MySql(ours), Gtids::MySql(executed)) => ours.difference(executed).to_string(),
            (Gtids::MariaDb(ours), Gtids::MariaDb(executed)) => ours.beyond(executed).to_string(),
            (Gtids::Off | Gtids::MySql(_) | Gtids::MariaDb(_), _) => String::new(),
        };
        if !missing.is_empty() {
            return Err(refused(&format_args!("`start at gtid`: the server has not executed {missing}")));
        }
        // the file claims nothing: what counts are the GTIDs
        let position = self.at(BinlogPosition::new(self.oldest(), 0), gtids);
        let lost = match &position.gtids {
            Gtids::MariaDb(ours) => {
                let before = gtids_of(session, &BinlogPosition::new(self.oldest(), FIRST_EVENT))?;
                let lost = before.beyond(ours);
                (!lost.is_empty())
                    .then(|| format!("the oldest file, {}, begins behind {lost}", self.oldest()))
            }
            Gtids::Off | Gtids::MySql(_) => purged(self.facts, &position).map(|finding| finding.message),
        };
        match lost {
            Some(lost) => Err(refused(&format_args!("`start at gtid`: {lost}"))),
            None => Ok(position),
        }
    }

    /// At an offset of a file.
    fn at_place(&self, session: &mut Session, file: &str, offset: u64) -> Result<Option<Position>, Failure> {
        let wanted = BinlogPosition::new(file, offset.max(FIRST_EVENT));
        if !self.facts.binlog_files.iter().any(|known| known == file) {
            return Err(refused(&format_args!(
                "`start at binlog`: the server has no log file `{file}`; the oldest is {}, the newest {}",
                self.oldest(),
                self.end.file.file
            )));
        }
        if wanted > self.end.file {
            return Err(refused(&format_args!(
                "`start at binlog`: {wanted} lies behind the end of the log, which is {}",
                self.end.file
            )));
        }
        let mut before: Option<BinlogPosition> = None;
        let found = self.first(file, |passed, seen| match seen {
            Seen::Head if wanted.offset <= passed.head => Ok(Go::Home),
            Seen::Head | Seen::Ending(_) => Ok(Go::On),
            Seen::Between => match passed.place.cmp(&wanted) {
                Ordering::Less => {
                    before = Some(passed.place.clone());
                    Ok(Go::On)
                }
                Ordering::Equal => Ok(Go::Home),
                Ordering::Greater => {
                    let nearest = before.as_ref().map(|before| format!("{before} and ")).unwrap_or_default();
                    Err(refused(&format_args!(
                        "`start at binlog`: {wanted} does not lie between two transactions; the nearest places that do are \
                         {nearest}{}",
                        passed.place
                    )))
                }
            },
        })?;
        let Some(passed) = found else { return Ok(None) };
        let place = match wanted.offset <= passed.head {
            true => BinlogPosition::new(file, FIRST_EVENT),
            false => wanted,
        };
        self.position(session, place, passed.set).map(Some)
    }

    /// Before the first transaction committed at `us` or later.
    fn at_time(&self, session: &mut Session, us: i64) -> Result<Option<Position>, Failure> {
        let now_us = clock_us(session)?;
        if us > now_us {
            return Err(refused(&format_args!(
                "`start at` a time: {} has yet to come; the server's clock says {}",
                shown(us),
                shown(now_us)
            )));
        }
        let second = us.div_euclid(SECOND_US);
        // files whose first second is before that one; times of files rise
        let files = &self.facts.binlog_files;
        let (mut low, mut high) = (0, files.len());
        let mut oldest_s = None;
        while low < high {
            let middle = low.midpoint(high);
            let Some(begun_s) = self.begun_s(&files[middle])? else { return Ok(None) };
            if middle == 0 {
                oldest_s = Some(begun_s);
            }
            if begun_s < second {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        // in the second in which the oldest file begins, something may have stood in the one before
        if let Some(oldest_s) = oldest_s.filter(|_| low == 0) {
            return Err(refused(&format_args!(
                "`start at` a time: the log does not reach back to {}; its oldest file, {}, begins at {}",
                shown(us),
                self.oldest(),
                shown(oldest_s * SECOND_US)
            )));
        }
        let file = &files[low.saturating_sub(1)];
        let mut place = None;
        let found = self.first(file, |passed, seen| {
            let Seen::Ending(ended_s) = seen else { return Ok(Go::On) };
            let Some((begin, committed_us, _)) = &passed.open else { return Ok(Go::On) };
            let late = match committed_us {
                Some(committed_us) => i64::try_from(*committed_us).unwrap_or(i64::MAX) >= us,
                // a whole second is all that is known: rather a transaction too many than one too few
                None => ended_s >= second,
            };
            if late {
                place = Some(begin.clone());
            }
            Ok(if late { Go::Home } else { Go::On })
        })?;
        let Some(passed) = found else { return Ok(None) };
        let place = place.unwrap_or(passed.place);
        self.position(session, place, passed.set).map(Some)
    }

    /// The second in which a file begins.
    fn begun_s(&self, file: &str) -> Result<Option<i64>, Failure> {
        let mut begun_s = 0;
        let from = self.at(BinlogPosition::new(file, FIRST_EVENT), Gtids::Off);
        let walked = self.search.walk(&from, |event, _| {
            let header = &event.header;
            if header.event_type == EventType::FormatDescription && header.time > 0 {
                begun_s = i64::from(header.time);
                return Ok(Go::Home);
            }
            Ok(Go::On)
        })?;
        Ok((walked == Walked::Home).then_some(begun_s))
    }

    /// Walks from the beginning of a file until `look` has seen enough, or the log ends.
    fn first(
        &self,
        file: &str,
        mut look: impl FnMut(&Passed, Seen) -> Result<Go, Failure>,
    ) -> Result<Option<Passed>, Failure> {
        let from = self.at(BinlogPosition::new(file, FIRST_EVENT), Gtids::Off);
        let mut passed = Passed { head: 0, place: from.file.clone(), set: GtidSet::new(), open: None };
        let mut in_head = true;
        let walked = self.search.walk(&from, |event, found| {
            if in_head {
                in_head = HEAD.contains(&event.header.event_type);
                if event.header.event_type == EventType::PreviousGtids {
                    passed.set = GtidSet::decode(event.body).ok_or_else(|| {
                        refused(&format_args!("{file}: the GTIDs before it cannot be read"))
                    })?;
                }
                if !in_head && look(&passed, Seen::Head)? == Go::Home {
                    return Ok(Go::Home);
                }
            }
            for what in found {
                if let What::Begin { gtid, committed_us, file, offset } = what {
                    let begin = BinlogPosition::new(&**file, *offset);
                    passed.open = Some((begin, *committed_us, gtid.clone()));
                }
                let Some(place) = place_of(what) else { continue };
                if let What::End { .. } = what {
                    if look(&passed, Seen::Ending(i64::from(event.header.time)))? == Go::Home {
                        return Ok(Go::Home);
                    }
                    if let Some((_, _, Some(gtid))) = passed.open.take() {
                        passed.set.add(&gtid);
                    }
                }
                passed.place = place;
                if in_head {
                    passed.head = passed.place.offset;
                } else if look(&passed, Seen::Between)? == Go::Home {
                    return Ok(Go::Home);
                }
                if passed.place >= self.end.file {
                    return Ok(Go::Home);
                }
            }
            Ok(Go::On)
        })?;
        Ok((walked == Walked::Home).then_some(passed))
    }

    /// The position of a place, `set` being what MySQL executed before it.
    fn position(
        &self,
        session: &mut Session,
        place: BinlogPosition,
        set: GtidSet,
    ) -> Result<Position, Failure> {
        let gtids = match &self.end.gtids {
            Gtids::Off => Gtids::Off,
            Gtids::MySql(_) => Gtids::MySql(set),
            Gtids::MariaDb(_) => Gtids::MariaDb(gtids_of(session, &place)?),
        };
        Ok(self.at(place, gtids))
    }
}

/// Where a first start of a task would begin, as `start at` says; none where it says nothing.
///
/// # Errors
/// The finding, when there is no such place or the log cannot be read.
pub fn start_place(
    plan: &TaskPlan,
    endpoint: &Endpoint,
    session: &mut Session,
    facts: &ServerFacts,
) -> Option<Result<Position, Diagnostic>> {
    let at = match &plan.start {
        Start::At(at) => at,
        Start::Snapshot(_) | Start::Now => return None,
    };
    let (server, release, over) = (&facts.identity, facts.version_number, &|| false);
    let search = Search { plan, endpoint, server, release, over, opened: &|_| {}, instance: "" };
    match begin(&search, session, facts, at) {
        Ok(position) => position.map(Ok),
        Err(failure) => {
            let code = failure.code.unwrap_or(POSITION_PURGED);
            let named = format!("{} {}: ", code.number, code.name);
            let text = failure.text.strip_prefix(&named).unwrap_or(&failure.text);
            let finding = Diagnostic::nowhere(code, Severity::Error, text.to_owned());
            Some(Err(finding.help("`start now`, or a place that the log holds")))
        }
    }
}

fn refused(why: &dyn Display) -> Failure {
    let text = format!("{} {}: {why}", POSITION_PURGED.number, POSITION_PURGED.name);
    Failure { code: Some(POSITION_PURGED), ..Failure::new(Class::Precheck, text) }
}

/// A moment for people, in UTC.
fn shown(us: i64) -> String {
    let seconds = u32::try_from(us.div_euclid(SECOND_US).max(0)).unwrap_or(u32::MAX);
    let mut text = Vec::new();
    write_timestamp(Timestamp { seconds, micros: 0, fsp: 0 }, &mut text);
    format!("{} UTC", String::from_utf8_lossy(&text))
}
