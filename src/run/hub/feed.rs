//! The events of a source as one task needs them: every one behind its position, once, in the order of the log, from
//! whichever connection has them.
//!
//! Guarantees: a change of the connection shows to nobody; what of each is handed out `seek` decides.
//! Does not: understand events.

use super::Hub;
use super::blocks::{Got, RawBlock};
use super::seek::{Entrance, Seeker, Step};
use super::stream::Stream;
use crate::mysql::position::Position;
use crate::plan::TaskPlan;
use crate::run::event::{Event, Name};
use crate::run::failure::Failure;
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
    /// It held up others, or waits, and does not read with them: until it reads the shared connection again.
    pub(in crate::run) detached: Arc<AtomicBool>,
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

/// Events behind a task's position.
pub(in crate::run) struct Feed {
    hub: Arc<Hub>,
    plan: Arc<TaskPlan>,
    endpoint: Endpoint,
    tie: Tie,
    attached: Option<Attached>,
    seeker: Seeker,
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

impl Feed {
    /// A feed for a task that stands at `boundary`.
    pub(super) fn new(
        hub: Arc<Hub>,
        plan: Arc<TaskPlan>,
        endpoint: Endpoint,
        tie: Tie,
        boundary: Position,
    ) -> Feed {
        let seeker = Seeker::new(boundary);
        Feed { hub, plan, endpoint, tie, attached: None, seeker, block: None, compared: false }
    }

    /// Where it goes on.
    pub(super) fn boundary(&self) -> &Position {
        self.seeker.boundary()
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
        if shared {
            self.tie.detached.store(false, Ordering::Relaxed);
        }
        self.attached = Some(Attached { stream, cursor, shared });
        self.seeker.follow(begins);
        self.block = None;
    }

    /// The stream is the hub now.
    pub(super) fn share(&mut self) {
        self.tie.detached.store(false, Ordering::Relaxed);
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
                    self.seeker.enter(block.stamp.walker.clone());
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
                    .position(&self.boundary().file)
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
            let is_private = self.attached.as_ref().is_some_and(|attached| !attached.shared);
            match self.seeker.step(&block, at, is_private && !self.compared)? {
                Step::Hand => {
                    handed.get_or_insert((at, None));
                }
                Step::HandFirst(entrance) => {
                    handed.get_or_insert((at, Some(entrance)));
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

    /// Tells that it reads the same connection as others again.
    pub(super) fn told_of_merge(&self) {
        Event::info(Name::StreamMerged, "reads the connection of the other tasks of the source again")
            .task(&self.plan.id)
            .position(&self.boundary().file)
            .emit();
    }
}
