//! The shared reader of a source: one dump connection for all of its tasks that stand near each other, and connections of
//! their own for those that do not.
//!
//! Guarantees: who is slow or waits holds up nobody for long; whoever stands where the hub has been reads with it again;
//! there are never more connections than the source allows.
//! Does not: understand events, know columns, or store anything; each task frames what it is fed by itself.

mod blocks;
mod feed;
mod seek;
mod slots;
mod stream;
#[cfg(test)]
mod tests;
mod walk;

pub(super) use blocks::RawBlock;
pub(super) use feed::{Fed, Feed, Tie};

use super::failure::Failure;
use crate::failpoint::hit;
use crate::mysql::position::{BinlogPosition, Gtids, Position, cmp_files};
use crate::plan::{SourcePlan, TaskId, TaskPlan};
use crate::source::mysql::io::Endpoint;
use blocks::Stamp;
use slots::Slots;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use stream::Stream;

/// Log between two tasks that are worth two connections: reading it twice costs less than waiting for it.
const FAR_BYTES: u64 = 256 << 20;

/// How long the first of several tasks waits for the others, so that they begin with one connection.
const GATHER: Duration = Duration::from_secs(1);

/// Interval at which who waits looks whether it still does.
const LOOK: Duration = Duration::from_millis(50);

/// How long a task goes without a connection before another one is shared anew.
const WITHOUT: Duration = Duration::from_secs(2);

/// The hubs of a process, by the names of their sources.
pub(super) struct Hubs {
    /// Id of the instance.
    instance: String,
    by_source: Mutex<BTreeMap<String, Arc<Hub>>>,
}

impl Hubs {
    /// Those of an instance of this id.
    pub(super) fn new(instance: &str) -> Hubs {
        Hubs { instance: instance.to_owned(), by_source: Mutex::default() }
    }

    /// The connections that read each source, by its name, sorted: those that are shared, and those beside them.
    pub(super) fn streams(&self) -> Vec<(String, usize, usize)> {
        let hubs = self.by_source.lock().unwrap_or_else(PoisonError::into_inner);
        hubs.iter()
            .map(|(source, hub)| (source.clone(), hub.lock()))
            .map(|(source, state)| {
                // Not taken hold of: whoever lets go of one last waits for its thread.
                let is_open = |stream: &Weak<Stream>| stream.strong_count() > 0;
                let private =
                    state.private.iter().filter(|stream| is_open(stream) && !stream.ptr_eq(&state.main));
                (source, usize::from(is_open(&state.main)), private.count())
            })
            .collect()
    }

    /// That of a source.
    pub(super) fn of(&self, source: &str) -> Arc<Hub> {
        let mut hubs = self.by_source.lock().unwrap_or_else(PoisonError::into_inner);
        let hub = || Arc::new(Hub { instance: self.instance.clone(), ..Hub::default() });
        hubs.entry(source.to_owned()).or_insert_with(hub).clone()
    }
}

impl std::fmt::Debug for Hubs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hubs")
    }
}

/// The connections of one source, and who waits for one.
#[derive(Default)]
pub(super) struct Hub {
    state: Mutex<State>,
    changed: Condvar,
    slots: Slots,
    /// Id of the instance that reads.
    instance: String,
}

#[derive(Default)]
struct State {
    /// Tasks that are about to ask for the stream.
    coming: BTreeSet<TaskId>,
    /// Tasks that have asked.
    waiting: BTreeMap<TaskId, Waiting>,
    /// The stream that is shared.
    main: Weak<Stream>,
    /// Others.
    private: Vec<Weak<Stream>>,
    /// Somebody connects for more than itself.
    opening: bool,
}

struct Waiting {
    boundary: Position,
    source: SourcePlan,
    /// Log between it and the end, bytes; none where that was not asked.
    behind: Option<u64>,
    since: Instant,
    tie: Tie,
    /// A cursor that was made for it.
    given: Option<(Arc<Stream>, u64)>,
}

/// A task on its way to the stream.
pub(super) struct Coming {
    hub: Arc<Hub>,
    task: TaskId,
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.hub.lock().coming.remove(&self.task);
        self.hub.changed.notify_all();
    }
}

/// Who asks for a stream, and from where on.
pub(super) struct Asking {
    /// The task.
    pub(super) plan: Arc<TaskPlan>,
    /// The server.
    pub(super) endpoint: Endpoint,
    /// Where it stands.
    pub(super) from: Position,
    /// The files of the log and their sizes; empty where they are not known.
    pub(super) log: Vec<(String, u64)>,
    /// What it shares with its feed.
    pub(super) tie: Tie,
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A task will ask for the stream soon: others that ask before may wait for it a little.
    pub(super) fn comes(self: &Arc<Hub>, task: &TaskId) -> Coming {
        self.lock().coming.insert(task.clone());
        Coming { hub: self.clone(), task: task.clone() }
    }

    /// True when another task of the source is there or on its way.
    pub(super) fn has_others(&self, task: &TaskId) -> bool {
        let state = self.lock();
        let others = state.coming.iter().chain(state.waiting.keys()).any(|other| other != task);
        others || state.main.upgrade().is_some()
    }

    /// The events behind a position, over a connection that others share where there is one.
    ///
    /// # Errors
    /// Those of connecting.
    ///
    /// # Panics
    /// Where connecting does, and in the task that does it alone.
    pub(super) fn attach(self: &Arc<Hub>, asking: Asking) -> Result<Feed, Failure> {
        let Asking { plan, endpoint, from, log, tie } = asking;
        let behind = bytes_between(&log, &from.file);
        let mut feed = Feed::new(self.clone(), plan, endpoint, tie, from);
        self.join(&mut feed, behind)?;
        Ok(feed)
    }

    /// Another connection for a task that lost its place.
    fn reopen(self: &Arc<Hub>, feed: &mut Feed) -> Result<(), Failure> {
        self.join(feed, None)
    }

    /// Wakes whoever waits for blocks, to look at something else.
    fn wake(&self) {
        let streams: Vec<_> = {
            let state = self.lock();
            let private = state.private.iter().filter_map(Weak::upgrade);
            state.main.upgrade().into_iter().chain(private).collect()
        };
        streams.iter().for_each(|stream| stream.blocks.wake());
        self.changed.notify_all();
    }

    /// Waits until a stream serves the task, or opens one.
    fn join(self: &Arc<Hub>, feed: &mut Feed, behind: Option<u64>) -> Result<(), Failure> {
        let plan = feed.plan().clone();
        let id = plan.id.clone();
        let mut state = self.lock();
        state.coming.remove(&id);
        let waiting = Waiting {
            boundary: feed.boundary().clone(),
            source: plan.source.clone(),
            behind,
            since: Instant::now(),
            tie: feed.tie().clone(),
            given: None,
        };
        let since = waiting.since;
        let mut without = since;
        state.waiting.insert(id.clone(), waiting);
        self.changed.notify_all();
        loop {
            if feed.tie().over.load(Ordering::Relaxed) {
                state.waiting.remove(&id);
                return Ok(());
            }
            if let Some((stream, cursor)) = state.waiting.get_mut(&id).and_then(|mine| mine.given.take()) {
                let shared = state.main.ptr_eq(&Arc::downgrade(&stream));
                state.waiting.remove(&id);
                let begins = stream.start == *feed.boundary();
                feed.follow(stream, cursor, shared, begins);
                return Ok(());
            }
            let main = state.main.upgrade().filter(|main| main.blocks.tail().is_some());
            if let Some(main) = &main
                && !is_far(main, &plan, feed.boundary(), behind)
                && let Some(cursor) = serve(main, &plan.source, feed.boundary(), feed.tie())
            {
                state.waiting.remove(&id);
                feed.follow(main.clone(), cursor, true, false);
                return Ok(());
            }
            let gathered = state.coming.is_empty() || since.elapsed() >= GATHER;
            if !state.opening && (main.is_some() || gathered) {
                let count = plan.source.readers;
                if let Some(slot) = self.slots.take(count) {
                    let is_main = main.is_none();
                    let start = if is_main || !self.slots.has_free(count) {
                        state.common_start(&id)
                    } else {
                        feed.boundary().clone()
                    };
                    state.opening = true;
                    drop(state);
                    // A panic is the task's; whoever else waits opens one then.
                    let opened = catch_unwind(AssertUnwindSafe(|| {
                        hit("hub.open");
                        Stream::open(&plan, feed.endpoint(), &start, slot, &self.instance)
                    }));
                    state = self.lock();
                    state.opening = false;
                    self.changed.notify_all();
                    let stream = match opened {
                        Ok(Ok(stream)) => Arc::new(stream),
                        Ok(Err(failure)) => {
                            state.waiting.remove(&id);
                            return Err(failure);
                        }
                        Err(panic) => {
                            state.waiting.remove(&id);
                            drop(state);
                            resume_unwind(panic);
                        }
                    };
                    state.give(&stream, &id);
                    if is_main {
                        state.main = Arc::downgrade(&stream);
                    } else {
                        state.private.retain(|other| other.strong_count() > 0);
                        state.private.push(Arc::downgrade(&stream));
                    }
                    continue;
                }
                if without.elapsed() >= WITHOUT {
                    // Two tasks share what one had, from the earlier of their places on.
                    let private = state.private.iter().filter_map(Weak::upgrade);
                    let mut others = private.filter(|stream| stream.blocks.tail().is_some());
                    if let Some(stream) = others.next().or(main) {
                        stream.give_up();
                        without = Instant::now();
                    }
                }
            }
            state = self.changed.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Goes over to the shared stream if that serves the feed, which stands between two transactions. The feed's own stream is the
    /// shared one from now on where there is none.
    fn merge(self: &Arc<Hub>, feed: &mut Feed) -> bool {
        let mut state = self.lock();
        let main = state.main.upgrade().filter(|main| main.blocks.tail().is_some());
        let Some(main) = main else {
            if let Some(stream) = feed.stream() {
                state.main = Arc::downgrade(stream);
                feed.share();
            }
            return false;
        };
        if feed.stream().is_some_and(|own| Arc::ptr_eq(own, &main)) {
            feed.share();
            return false;
        }
        let Some(tail) = main.blocks.tail().filter(|tail| is_ahead(tail, feed.boundary())) else {
            return false;
        };
        drop(tail);
        let Some(cursor) = serve(&main, &feed.plan().source, feed.boundary(), feed.tie()) else {
            return false;
        };
        drop(state);
        feed.follow(main, cursor, true, false);
        feed.told_of_merge();
        true
    }
}

impl State {
    /// Where a stream begins that serves who asks and all that wait near it.
    fn common_start(&self, asking: &TaskId) -> Position {
        let mine = &self.waiting[asking];
        let mut start = mine.boundary.clone();
        for other in self.near(mine) {
            start = earlier(&start, &other.boundary);
        }
        start
    }

    /// Who waits for the same log, not far from `mine`.
    fn near<'s>(&'s self, mine: &'s Waiting) -> impl Iterator<Item = &'s Waiting> {
        self.waiting.values().filter(move |other| {
            let same = other.source.is_reached_as(&mine.source)
                && other.boundary.server.same_log(&mine.boundary.server)
                && std::mem::discriminant(&other.boundary.gtids)
                    == std::mem::discriminant(&mine.boundary.gtids);
            let apart = match (mine.behind, other.behind) {
                (Some(mine), Some(other)) => mine.abs_diff(other),
                _ => 0,
            };
            same && apart <= FAR_BYTES
        })
    }

    /// Gives a cursor at the beginning of a new stream to who opened it, and to all that it serves.
    fn give(&mut self, stream: &Arc<Stream>, opener: &TaskId) {
        for (id, waiting) in &mut self.waiting {
            let serves = waiting.boundary == stream.start
                || id == opener
                || stream.is_of(&waiting.source, &waiting.boundary)
                    && is_known(&stream.start)
                    && waiting.boundary.contains_position(&stream.start) == Some(true);
            if serves && waiting.given.is_none() {
                let cursor = stream.blocks.attach_first(&waiting.tie);
                waiting.given = Some((stream.clone(), cursor));
            }
        }
    }
}

/// A cursor in a stream from which on all comes that lies behind `boundary`, if it has that, and the boundary says where it lies.
fn serve(stream: &Stream, source: &SourcePlan, boundary: &Position, tie: &Tie) -> Option<u64> {
    (is_known(boundary) && stream.is_of(source, boundary))
        .then(|| stream.blocks.attach(boundary, tie))
        .flatten()
}

/// True when a file and an offset say where a position lies; after a failover they do not.
fn is_known(position: &Position) -> bool {
    matches!(position.gtids, Gtids::MySql(_)) || position.file.is_place()
}

/// The earlier one of two positions of one log; of sets, what both hold.
fn earlier(a: &Position, b: &Position) -> Position {
    match (&a.gtids, &b.gtids) {
        (Gtids::MySql(of_a), Gtids::MySql(of_b)) => Position {
            server: a.server.clone(),
            file: a.file.clone().min(b.file.clone()),
            gtids: Gtids::MySql(of_a.intersection(of_b)),
        },
        // What nobody can place begins a stream of its own.
        _ if !is_known(a) || !is_known(b) => a.clone(),
        _ if b.file < a.file => b.clone(),
        _ => a.clone(),
    }
}

/// True when a stream has come at least to `boundary`.
fn is_ahead(tail: &Stamp, boundary: &Position) -> bool {
    let by_set = match (&tail.begun, &boundary.gtids) {
        (Some(begun), Gtids::MySql(set)) => begun.contains_set(set),
        _ => false,
    };
    by_set || tail.walker.place().is_some_and(|place| place >= boundary.file)
}

/// True when a stream is so far behind `boundary` that it is not waited for.
fn is_far(stream: &Stream, plan: &TaskPlan, boundary: &Position, behind: Option<u64>) -> bool {
    let Some(tail) = stream.blocks.tail() else { return true };
    if plan.source.readers < 2 || is_ahead(&tail, boundary) {
        return false;
    }
    match (tail.walker.place(), behind) {
        (Some(place), Some(_)) if place.file == boundary.file.file => {
            boundary.file.offset.saturating_sub(place.offset) > FAR_BYTES
        }
        (Some(place), Some(_)) => cmp_files(&place.file, &boundary.file.file).is_lt(),
        _ => false,
    }
}

/// Bytes of the log behind a place; none when the log does not hold it.
fn bytes_between(log: &[(String, u64)], place: &BinlogPosition) -> Option<u64> {
    let at = log.iter().position(|(file, _)| *file == place.file)?;
    let all: u64 = log[at..].iter().map(|(_, bytes)| bytes).sum();
    Some(all.saturating_sub(place.offset))
}
