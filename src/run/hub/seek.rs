//! Which events of a stream one task is handed: every one behind its position, once, in the order of the log, whatever stream
//! they come from and wherever that began.
//!
//! Guarantees: nothing that was handed out comes again, nothing is left out, inside of a transaction, too; another log in the
//! place of the one that was read is told apart where GTIDs tell it.
//! Does not: know streams, wait, or understand events beyond where transactions begin.

use super::blocks::RawBlock;
use super::walk::{self, Kind, Walker};
use crate::mysql::binlog::control::FormatDescription;
use crate::mysql::position::{Gtid, Gtids, Position};
use crate::run::failure::{Class, Failure};
use crate::run::place::Place;
use crate::source::mysql::io::Plain;
use std::sync::Arc;

/// How far the events of a stream that began elsewhere are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seek {
    /// They are not.
    Here,
    /// Up to the first one behind the boundary.
    Boundary,
    /// So many more of the transaction that was handed out in part.
    Part(usize),
}

/// Where a stream goes on that began elsewhere, and in files of which format.
pub(in crate::run) type Entrance = (Place, Option<Arc<FormatDescription>>);

/// What becomes of an event.
#[derive(Debug)]
pub(super) enum Step {
    /// It is handed out.
    Hand,
    /// It is the first one that is, of a stream that began elsewhere.
    HandFirst(Entrance),
    /// It was handed out before.
    Drop,
    /// It stands behind what is to be compared with the hub first, and was not looked at yet.
    Compare,
}

/// What was handed out, and where the stream at hand stands.
pub(super) struct Seeker {
    /// Everything up to here has been handed out.
    boundary: Position,
    /// Events of the log behind it that were, too.
    n_behind: usize,
    /// GTID of the transaction they are of.
    open: Option<Gtid>,
    seek: Seek,
    /// What is left out is a transaction that was seen.
    passing: bool,
    walker: Walker,
}

impl Seeker {
    /// For a task that stands at `boundary`.
    pub(super) fn new(boundary: Position) -> Seeker {
        let walker = Walker::new(&boundary.file);
        Seeker { boundary, n_behind: 0, open: None, seek: Seek::Here, passing: false, walker }
    }

    /// Where it goes on.
    pub(super) fn boundary(&self) -> &Position {
        &self.boundary
    }

    /// Another stream comes now. `begins` says that it begins at the boundary.
    pub(super) fn follow(&mut self, begins: bool) {
        self.seek = if begins && self.n_behind == 0 { Seek::Here } else { Seek::Boundary };
        self.passing = false;
    }

    /// The stream is looked at from here on.
    pub(super) fn enter(&mut self, walker: Walker) {
        self.walker = walker;
    }

    /// Looks at one event, and counts it if it is handed out. With `compares`, what stands between two transactions is to be held
    /// against the hub first.
    ///
    /// # Errors
    /// The stream has another transaction in the place of one that was handed out in part.
    pub(super) fn step(&mut self, block: &RawBlock, at: usize, compares: bool) -> Result<Step, Failure> {
        let event = &block.events[at];
        let body = &block.bytes[event.body.clone()];
        let kind = if event.inside { inner(walk::kind(&event.header)) } else { walk::kind(&event.header) };
        let between = matches!(kind, Kind::Begin | Kind::Quiet);
        if between && self.seek == Seek::Here {
            self.bound();
            if compares {
                return Ok(Step::Compare);
            }
        }
        let before = (self.seek != Seek::Here).then(|| self.walker.clone());
        self.walker.pass(event, body);
        let mut gtid = None;
        if kind == Kind::Quiet {
            // Whatever was passed has ended.
            self.passing = false;
        }
        if kind == Kind::Begin {
            gtid = walk::gtid(&event.header, body);
            // Whoever attached where others were has more in its set than the stream leaves out.
            self.passing = match (&self.boundary.gtids, &gtid) {
                (Gtids::MySql(set), Some(gtid)) => set.contains(gtid),
                _ => false,
            };
            if self.seek == Seek::Here && !self.passing {
                let here = self.walker.here();
                let start = here.offset.saturating_sub(u64::from(event.header.size));
                if *self.boundary.file.file != *here.file {
                    self.boundary.file.file = here.file.to_string();
                }
                self.boundary.file.offset = start;
                self.open.clone_from(&gtid);
            }
        }
        if self.seek == Seek::Boundary && !self.passing && self.begins(event, kind) {
            return self.found(kind, gtid, before.as_ref());
        }
        if self.passing && matches!(kind, Kind::Begin | Kind::End | Kind::Part) {
            return Ok(Step::Drop);
        }
        match self.seek {
            Seek::Here => self.count(kind),
            Seek::Boundary => return Ok(Step::Drop),
            Seek::Part(left) => {
                if matches!(kind, Kind::Begin | Kind::End | Kind::Part) {
                    self.seek = if left > 1 { Seek::Part(left - 1) } else { Seek::Here };
                }
                return Ok(Step::Drop);
            }
        }
        Ok(Step::Hand)
    }

    /// True when the event that was just passed is the first one behind the boundary.
    fn begins(&self, event: &Plain, kind: Kind) -> bool {
        match (&self.boundary.gtids, kind) {
            (_, Kind::Apart) => false,
            (Gtids::MySql(_), Kind::Begin) => true,
            // Nothing more is to come, and all that came was seen.
            (Gtids::MySql(_), Kind::Quiet) => self.n_behind == 0,
            (Gtids::MySql(_), Kind::Part | Kind::End) => false,
            (Gtids::MariaDb(_) | Gtids::Off, Kind::Quiet) => {
                self.n_behind == 0 && self.walker.place().is_some_and(|place| place >= self.boundary.file)
            }
            (Gtids::MariaDb(_) | Gtids::Off, Kind::Begin | Kind::Part | Kind::End) => {
                !event.inside && self.walker.began_behind(&event.header, &self.boundary.file)
            }
        }
    }

    /// The first event behind the boundary was passed: it is handed out, or is the first of those that were. `before` is where the
    /// stream stood.
    fn found(&mut self, kind: Kind, gtid: Option<Gtid>, before: Option<&Walker>) -> Result<Step, Failure> {
        if self.n_behind == 0 {
            self.seek = Seek::Here;
            self.open = gtid;
            self.count(kind);
            let walker = before.unwrap_or(&self.walker);
            return Ok(Step::HandFirst((walker.here().clone(), walker.format().cloned())));
        }
        if self.open.is_some() && self.open != gtid {
            return Err(Failure::new(
                Class::Connection,
                format!(
                    "the log behind {} is another one over another connection; it is read from the last commit on",
                    self.boundary.file
                ),
            ));
        }
        self.seek = if self.n_behind > 1 { Seek::Part(self.n_behind - 1) } else { Seek::Here };
        Ok(Step::Drop)
    }

    /// An event was handed out.
    fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Begin | Kind::Part => self.n_behind += 1,
            Kind::End => {
                self.n_behind += 1;
                self.bound();
            }
            Kind::Quiet => self.bound(),
            Kind::Apart => {}
        }
    }

    /// All that was handed out is whole.
    fn bound(&mut self) {
        if self.n_behind > 0 {
            let (open, here) = (self.open.take(), self.walker.here());
            self.boundary.advance(open.as_ref(), &here.file, here.offset);
            self.n_behind = 0;
        }
    }
}

/// Inside of a compressed transaction nothing begins.
fn inner(kind: Kind) -> Kind {
    match kind {
        Kind::Begin | Kind::Quiet | Kind::Apart => Kind::Part,
        Kind::End | Kind::Part => kind,
    }
}

#[cfg(test)]
#[path = "seek_tests.rs"]
mod tests;
