//! The reader of one source: a dump connection, a thread, a ring.
//!
//! Guarantees: bytes are copied once, from the connection's buffer into a block; a block is published as soon as the
//! socket has nothing more; a failure comes out behind the last good event, once, and ends the stream.

use super::failure::{Class, Failure};
use super::framer::Framer;
use super::ring::{BLOCK_BYTES, Block, Entry, RING_BYTES, Ring, What};
use crate::mysql::binlog::event::HEADER_BYTES;
use crate::source::mysql::io::{Closer, Dump};
use std::sync::Arc;
use std::thread::JoinHandle;

/// A running reader. Dropping it ends the connection and the thread.
pub(super) struct Hub {
    ring: Arc<Ring>,
    closer: Closer,
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
        wake: impl Fn() + Send + 'static,
    ) -> Result<Hub, Failure> {
        let ring = Arc::new(Ring::new(RING_BYTES));
        let closer = dump.closer()?;
        let thread = std::thread::Builder::new().name(format!("reader {name}")).spawn({
            let ring = ring.clone();
            move || Reader { dump, framer, ring, found: Vec::new() }.run(wake)
        });
        let thread = thread
            .map_err(|error| Failure::new(Class::Request, format!("cannot start a thread: {error}")))?;
        Ok(Hub { ring, closer, thread: Some(thread) })
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
        if let Some(thread) = self.thread.take() {
            // A reader that panicked has published a failure or nothing; either way there is no more to learn here.
            let _ = thread.join();
        }
    }
}

struct Reader {
    dump: Dump,
    framer: Framer,
    ring: Arc<Ring>,
    found: Vec<What>,
}

impl Reader {
    fn run(mut self, wake: impl Fn()) {
        loop {
            let mut block = Block { start: self.framer.between(), ..Block::default() };
            let ended = self.fill(&mut block);
            let last = ended.is_err();
            if let Err(failure) = ended {
                block.entries.push(Entry { header: None, body: 0..0, what: What::Stop(failure) });
            }
            if self.framer.waits_for_proof() && self.ring.full(block.bytes.len()) {
                self.framer.give_up_proofs();
            }
            if !block.entries.is_empty() && !self.ring.publish(block) {
                return;
            }
            wake();
            if last {
                return;
            }
        }
    }

    /// Reads at least one event, and more while the socket has them and the block has room.
    fn fill(&mut self, block: &mut Block) -> Result<(), Failure> {
        loop {
            let start = block.bytes.len();
            let length = self.dump.read_event(&mut block.bytes)?;
            let end = start + length;
            let framed = self.framer.frame(&block.bytes[start..end], &mut self.found)?;
            let body = start + HEADER_BYTES..start + HEADER_BYTES + framed.body_bytes;
            for what in self.found.drain(..) {
                block.entries.push(Entry { header: Some(framed.header), body: body.clone(), what });
            }
            if end >= BLOCK_BYTES || !self.dump.buffered() {
                return Ok(());
            }
        }
    }
}
