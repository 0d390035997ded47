//! The reader of one source: a dump connection, a thread, a ring.
//!
//! Guarantees: bytes are copied once, from the connection's buffer into a block; a block is published as soon as the
//! socket has nothing more; a failure comes out behind the last good event, once, and ends the stream.

use super::failure::{Class, Failure};
use super::framer::Framer;
use super::panic_text;
use super::ring::{BLOCK_BYTES, Block, Entry, RING_BYTES, Ring, What};
use crate::source::mysql::io::{Closer, Dump, Unpacker};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// The connection over which the reader asks the server something, while it does: to end its wait from outside.
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

/// A running reader. Dropping it ends the connections and the thread.
pub(super) struct Hub {
    ring: Arc<Ring>,
    closer: Closer,
    rereading: Rereading,
    thread: Option<JoinHandle<()>>,
}

impl Hub {
    /// Starts to read. `wake` is called after each block.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn start(
        name: &str,
        dump: Dump,
        framer: Framer,
        rereading: Rereading,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Hub, Failure> {
        let ring = Arc::new(Ring::new(RING_BYTES));
        let closer = dump.closer()?;
        let unpacker = Unpacker::new(dump.event_limit())
            .map_err(|error| Failure::new(Class::Request, format!("cannot unpack events: {error}")))?;
        let thread = std::thread::Builder::new().name(format!("reader {name}")).spawn({
            let ring = ring.clone();
            move || {
                let reader = Reader { dump, unpacker, framer, ring: ring.clone(), found: Vec::new() };
                let ended = catch_unwind(AssertUnwindSafe(|| reader.run(&wake)));
                if let Err(panic) = ended {
                    // Without a word the task would wait for ever.
                    let text =
                        format!("this is a bug in syncc, in the reader: {}", panic_text(panic.as_ref()));
                    let what = What::Stop(Failure::new(Class::Request, text));
                    let entry = Entry { header: None, body: 0..0, what };
                    ring.publish(Block { entries: vec![entry], ..Block::default() });
                    wake();
                }
            }
        });
        let thread = thread
            .map_err(|error| Failure::new(Class::Request, format!("cannot start a thread: {error}")))?;
        Ok(Hub { ring, closer, rereading, thread: Some(thread) })
    }

    /// The blocks.
    pub(super) fn ring(&self) -> &Ring {
        &self.ring
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.ring.close();
        self.closer.close();
        self.rereading.end();
        if let Some(thread) = self.thread.take() {
            // Whatever it had to say stands in the ring.
            let _ = thread.join();
        }
    }
}

struct Reader {
    dump: Dump,
    unpacker: Unpacker,
    framer: Framer,
    ring: Arc<Ring>,
    found: Vec<What>,
}

impl Reader {
    fn run(mut self, wake: &impl Fn()) {
        loop {
            let mut block =
                Block { start: self.framer.between(), bytes: self.ring.spare(), entries: Vec::new() };
            let ended = self.fill(&mut block);
            let mut last = ended.is_err();
            if let Err(failure) = ended {
                block.entries.push(Entry { header: None, body: 0..0, what: What::Stop(failure) });
            }
            if !last
                && self.framer.waits_for_proof()
                && self.ring.full(block.bytes.len())
                && let Err(failure) = self.framer.look_ahead()
            {
                last = true;
                block.entries.push(Entry { header: None, body: 0..0, what: What::Stop(failure) });
            }
            if !block.entries.is_empty() && !self.ring.publish(block) {
                return;
            }
            wake();
            if last {
                return;
            }
            if !self.dump.buffered()
                && let Err(failure) = self.framer.caught_up()
            {
                let entry = Entry { header: None, body: 0..0, what: What::Stop(failure) };
                self.ring.publish(Block { entries: vec![entry], ..Block::default() });
                wake();
                return;
            }
        }
    }

    /// Reads at least one event, and more while there are some without waiting and the block has room.
    fn fill(&mut self, block: &mut Block) -> Result<(), Failure> {
        loop {
            let pending = self.unpacker.pending(&mut block.bytes);
            let plain = match pending.map_err(|error| self.framer.damaged(&error))? {
                Some(plain) => plain,
                None if !block.bytes.is_empty() && !self.dump.buffered() => return Ok(()),
                None => {
                    let start = block.bytes.len();
                    self.dump.read_event(&mut block.bytes)?;
                    let accepted = self.unpacker.accept(&mut block.bytes, start);
                    accepted.map_err(|error| self.framer.damaged(&error))?
                }
            };
            self.framer.take(&plain.event(&block.bytes), plain.inside, &mut self.found)?;
            for what in self.found.drain(..) {
                block.entries.push(Entry { header: Some(plain.header), body: plain.body.clone(), what });
            }
            if block.bytes.len() >= BLOCK_BYTES {
                return Ok(());
            }
        }
    }
}
