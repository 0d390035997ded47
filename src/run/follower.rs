//! The events of a source on their way to one task: a thread that frames what the task is fed, and the ring from which the
//! task takes it.
//!
//! Guarantees: a failure comes out behind the last good event, once, and ends the thread; what the task has taken stays for
//! a while, so that it may go back without asking the source.

use super::failure::{Class, Failure};
use super::framer::Framer;
use super::hub::{Fed, Feed};
use super::panic_text;
use super::ring::{Block, Entry, RING_BYTES, Ring, What};
use crate::source::mysql::io::Closer;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// The connection over which the framer asks the server something, while it does: to end its wait from outside.
#[derive(Clone, Default)]
pub(super) struct Rereading(Arc<(Mutex<Option<Closer>>, AtomicBool)>);

impl Rereading {
    /// A connection was opened; it takes the place of the one before.
    pub(super) fn begin(&self, closer: Closer) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(closer);
    }

    /// True when nobody wants an answer any more.
    pub(super) fn over(&self) -> bool {
        self.0.1.load(Ordering::Relaxed)
    }

    fn end(&self) {
        self.0.1.store(true, Ordering::Relaxed);
        if let Some(closer) = self.0.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            closer.close();
        }
    }
}

/// A running framer. Dropping it ends its connections and the thread.
pub(super) struct Follower {
    ring: Arc<Ring>,
    end: Box<dyn Fn() + Send + Sync>,
    rereading: Rereading,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    /// Starts to frame. `wake` is called after each block.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn start(
        name: &str,
        feed: Feed,
        framer: Framer,
        rereading: Rereading,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Follower, Failure> {
        let ring = Arc::new(Ring::new(RING_BYTES));
        let end = Box::new(feed.ender());
        let thread = std::thread::Builder::new().name(format!("framer {name}")).spawn({
            let ring = ring.clone();
            move || {
                let framing = Framing { feed, framer, ring: ring.clone(), found: Vec::new() };
                let ended = catch_unwind(AssertUnwindSafe(|| framing.run(&wake)));
                if let Err(panic) = ended {
                    // Without a word the task would wait for ever.
                    let text =
                        format!("this is a bug in syncc, in the framer: {}", panic_text(panic.as_ref()));
                    ring.publish(Block::stop(Failure::new(Class::Request, text)));
                    wake();
                }
            }
        });
        let thread = thread
            .map_err(|error| Failure::new(Class::Request, format!("cannot start a thread: {error}")))?;
        Ok(Follower { ring, end, rereading, thread: Some(thread) })
    }

    /// The blocks.
    pub(super) fn ring(&self) -> &Ring {
        &self.ring
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.ring.close();
        (self.end)();
        self.rereading.end();
        if let Some(thread) = self.thread.take() {
            // Whatever it had to say stands in the ring.
            let _ = thread.join();
        }
    }
}

struct Framing {
    feed: Feed,
    framer: Framer,
    ring: Arc<Ring>,
    found: Vec<What>,
}

impl Framing {
    fn run(mut self, wake: &impl Fn()) {
        loop {
            let (mut block, mut ended) = match self.feed.next() {
                Fed::Over => return,
                Fed::Stop(failure) => (Block::default(), Err(failure)),
                Fed::Events { block, events, enter } => {
                    if let Some((place, format)) = enter {
                        self.framer.enter(place, format.as_deref());
                    }
                    let start = self.framer.between();
                    // All of it is kept as long as any of it is: headers say what events were before they were unpacked.
                    let size = block.bytes.len();
                    let mut framed = Block { start, raw: Some(block), size, ..Block::default() };
                    let ended = self.frame(&mut framed, events);
                    (framed, ended)
                }
            };
            if ended.is_ok() && self.framer.waits_for_proof() && self.ring.full(block.size) {
                ended = self.framer.look_ahead();
            }
            let last = ended.is_err();
            if let Err(failure) = ended {
                block.entries.push(Entry::stop(failure));
            }
            if !block.entries.is_empty() && !self.ring.publish(block) {
                return;
            }
            wake();
            if last {
                return;
            }
            if self.feed.is_drained()
                && let Err(failure) = self.framer.caught_up()
            {
                self.ring.publish(Block::stop(failure));
                wake();
                return;
            }
        }
    }

    fn frame(&mut self, block: &mut Block, events: std::ops::Range<usize>) -> Result<(), Failure> {
        let Some(raw) = block.raw.clone() else { return Ok(()) };
        for plain in &raw.events[events] {
            self.framer.take(&plain.event(&raw.bytes), plain.inside, &mut self.found)?;
            for what in self.found.drain(..) {
                block.entries.push(Entry { header: Some(plain.header), body: plain.body.clone(), what });
            }
        }
        Ok(())
    }
}
