//! The events of a source as one task needs them: every one behind its position, once, in the order of the log, from
//! whichever connection has them.
//!
//! Guarantees: nothing that the task has seen comes again, nothing is left out, and a change of the connection shows to
//! nobody: a stream that begins earlier is skipped up to where the task stands, inside of a transaction, too.
//! Does not: understand events beyond where transactions begin.

use super::Hub;
use super::blocks::{Got, RawBlock};
use super::stream::Stream;
use super::walk::{self, Kind, Walker};
use crate::mysql::binlog::control::FormatDescription;
use crate::mysql::position::{Gtid, Gtids, Position};
use crate::plan::TaskPlan;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::place::Place;
use crate::source::mysql::io::Endpoint;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a task shares with its feed.
#[derive(Debug, Clone, Default)]
pub(in crate::run) struct Tie {
    /// The task waits for something else than events, and may do so for long.
    pub(in crate::run) waits: Arc<AtomicBool>,
    /// Nobody wants its events any more.
    pub(in crate::run) over: Arc<AtomicBool>,
}

/// A cursor in a stream.
struct Attached {
    stream: Arc<Stream>,
    cursor: u64,
    /// The stream is the source's hub, not one of its own.
    shared: bool,
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.stream.blocks.leave(self.cursor);
    }
}

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

/// Events behind a task's position.
pub(in crate::run) struct Feed {
    hub: Arc<Hub>,
    plan: Arc<TaskPlan>,
    endpoint: Endpoint,
    tie: Tie,
    attached: Option<Attached>,
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
    block: Option<(Arc<RawBlock>, usize)>,
    /// A private stream was held against the hub in this block.
    compared: bool,
}

/// What comes next.
pub(in crate::run) enum Fed {
    /// Events of a block.
    Events {
        /// The block.
        block: Arc<RawBlock>,
        /// Which of its events.
        events: Range<usize>,
        /// The stream goes on here, and in files of this format: it began elsewhere.
        enter: Option<Entrance>,
    },
    /// The stream ended.
    Stop(Failure),
    /// Nobody wants more.
    Over,
}

/// Where a stream goes on that began elsewhere, and in files of which format.
pub(in crate::run) type Entrance = (Place, Option<Arc<FormatDescription>>);

/// What becomes of an event.
enum Step {
    Hand,
    HandFirst,
    Drop,
    /// It stands behind what is to be compared with the hub first.
    Compare,
}

impl Feed {
    /// A feed for a task that stands at `boundary`.
    pub(super) fn new(
        hub: Arc<Hub>,
        plan: Arc<TaskPlan>,
        endpoint: Endpoint,
        tie: Tie,
        boundary: Position,
    ) -> Feed {
        let walker = Walker::new(&boundary.file);
        Feed {
            hub,
            plan,
            endpoint,
            tie,
            attached: None,
            boundary,
            n_behind: 0,
            open: None,
            seek: Seek::Here,
            passing: false,
            walker,
            block: None,
            compared: false,
        }
    }

    /// Where it goes on.
    pub(super) fn boundary(&self) -> &Position {
        &self.boundary
    }

    /// The stream that it reads.
    pub(super) fn stream(&self) -> Option<&Arc<Stream>> {
        self.attached.as_ref().map(|attached| &attached.stream)
    }

    pub(super) fn plan(&self) -> &Arc<TaskPlan> {
        &self.plan
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn tie(&self) -> &Tie {
        &self.tie
    }

    /// Reads on in this stream. `begins` says that the stream begins where the feed stands.
    pub(super) fn follow(&mut self, stream: Arc<Stream>, cursor: u64, shared: bool, begins: bool) {
        self.attached = Some(Attached { stream, cursor, shared });
        self.seek = if begins && self.n_behind == 0 { Seek::Here } else { Seek::Boundary };
        self.passing = false;
        self.block = None;
    }

    /// The stream is the hub now.
    pub(super) fn share(&mut self) {
        if let Some(attached) = &mut self.attached {
            attached.shared = true;
        }
    }

    /// True when the server had nothing more, and all of it has been handed out.
    pub(in crate::run) fn is_drained(&self) -> bool {
        let Some(attached) = &self.attached else { return false };
        match &self.block {
            Some((block, at)) => {
                *at >= block.events.len() && block.drained && attached.stream.blocks.is_dry(attached.cursor)
            }
            None => false,
        }
    }

    /// Ends every wait of this feed, from another thread.
    pub(in crate::run) fn ender(&self) -> impl Fn() + Send + Sync + use<> {
        let (tie, hub) = (self.tie.clone(), self.hub.clone());
        move || {
            tie.over.store(true, Ordering::Relaxed);
            hub.wake();
        }
    }

    /// The next events, once there are some.
    pub(in crate::run) fn next(&mut self) -> Fed {
        loop {
            if self.tie.over.load(Ordering::Relaxed) {
                return Fed::Over;
            }
            let had = match self.take() {
                Ok(Some(fed)) => return fed,
                Ok(None) => self.load(),
                Err(failure) => Err(failure),
            };
            if let Err(failure) = had {
                self.attached = None;
                self.block = None;
                return Fed::Stop(failure);
            }
        }
    }

    /// Gets the next block.
    fn load(&mut self) -> Result<(), Failure> {
        let Some(attached) = &self.attached else { return self.reopen() };
        match attached.stream.blocks.next(attached.cursor, &self.tie.over) {
            Got::Block(block) => {
                if self.block.is_none() {
                    self.walker = block.stamp.walker.clone();
                }
                self.block = Some((block, 0));
                self.compared = false;
                Ok(())
            }
            Got::Over => {
                if !self.tie.over.load(Ordering::Relaxed) {
                    self.attached = None;
                }
                Ok(())
            }
            Got::Ended(failure) => Err(failure),
            Got::Detached => {
                self.attached = None;
                self.block = None;
                let text = "is slower than others that read the source with it, or waits: it goes on over a connection of its own";
                Event::info(Name::StreamDetached, text)
                    .task(&self.plan.id)
                    .position(&self.boundary.file)
                    .emit();
                self.reopen()
            }
        }
    }

    /// Goes on over another connection.
    fn reopen(&mut self) -> Result<(), Failure> {
        let hub = self.hub.clone();
        hub.reopen(self)
    }

    /// The next events of the block at hand; none when it holds no more.
    fn take(&mut self) -> Result<Option<Fed>, Failure> {
        let Some((block, mut at)) = self.block.take() else { return Ok(None) };
        let mut handed: Option<(usize, Option<Entrance>)> = None;
        while at < block.events.len() {
            let before = (self.seek != Seek::Here).then(|| self.walker.clone());
            match self.step(&block, at)? {
                Step::Hand => {
                    handed.get_or_insert((at, None));
                }
                Step::HandFirst => {
                    let enter = before.map(|walker| (walker.here().clone(), walker.format().cloned()));
                    handed.get_or_insert((at, enter));
                }
                Step::Drop if handed.is_some() => {
                    let (from, enter) = handed.take().expect("there is one");
                    let fed = Fed::Events { block: block.clone(), events: from..at, enter };
                    self.block = Some((block, at + 1));
                    return Ok(Some(fed));
                }
                Step::Drop => {}
                Step::Compare => {
                    self.compared = true;
                    if let Some((from, enter)) = handed.take() {
                        let fed = Fed::Events { block: block.clone(), events: from..at, enter };
                        // Compared when it is looked at again.
                        self.compared = false;
                        self.block = Some((block, at));
                        return Ok(Some(fed));
                    }
                    let hub = self.hub.clone();
                    if hub.merge(self) {
                        return Ok(None);
                    }
                    continue;
                }
            }
            at += 1;
        }
        let n_events = block.events.len();
        let fed =
            handed.map(|(from, enter)| Fed::Events { block: block.clone(), events: from..n_events, enter });
        self.block = Some((block, n_events));
        Ok(fed)
    }

    /// Looks at one event, and counts it if it is handed out.
    fn step(&mut self, block: &RawBlock, at: usize) -> Result<Step, Failure> {
        let event = &block.events[at];
        let body = &block.bytes[event.body.clone()];
        let kind = if event.inside { inner(walk::kind(&event.header)) } else { walk::kind(&event.header) };
        let is_private = self.attached.as_ref().is_some_and(|attached| !attached.shared);
        let between = matches!(kind, Kind::Begin | Kind::Quiet);
        if between && self.seek == Seek::Here {
            self.bound();
            if is_private && !self.compared {
                return Ok(Step::Compare);
            }
        }
        self.walker.pass(event, body);
        let mut gtid = None;
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
            return self.found(kind, gtid);
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
    fn begins(&self, event: &crate::source::mysql::io::Plain, kind: Kind) -> bool {
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

    /// The first event behind the boundary was passed: it is handed out, or is the first of those that were.
    fn found(&mut self, kind: Kind, gtid: Option<Gtid>) -> Result<Step, Failure> {
        if self.n_behind == 0 {
            self.seek = Seek::Here;
            self.open = gtid;
            self.count(kind);
            return Ok(Step::HandFirst);
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

    /// Tells that it reads the same connection as others again.
    pub(super) fn told_of_merge(&self) {
        Event::info(Name::StreamMerged, "reads the connection of the other tasks of the source again")
            .task(&self.plan.id)
            .position(&self.boundary.file)
            .emit();
    }
}

/// Inside of a compressed transaction nothing begins.
fn inner(kind: Kind) -> Kind {
    match kind {
        Kind::Begin | Kind::Quiet | Kind::Apart => Kind::Part,
        Kind::End | Kind::Part => kind,
    }
}
