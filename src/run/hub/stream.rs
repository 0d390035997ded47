//! One dump connection, and the thread that reads it into a ring.
//!
//! Guarantees: bytes are copied once, from the connection's buffer into a block; a block is published as soon as the
//! socket has nothing more; a failure comes out behind the last good event, once, and ends the stream.

use super::blocks::{Blocks, RawBlock, Stamp};
use super::slots::Slot;
use super::walk::{self, Kind, Walker};
use crate::mysql::binlog::event::DecodeError;
use crate::mysql::position::{Gtids, Position};
use crate::plan::{SourcePlan, TaskPlan};
use crate::run::failure::{Class, Failure};
use crate::run::panic_text;
use crate::run::ring::BLOCK_BYTES;
use crate::source::mysql::io::{Closer, Dump, DumpRequest, Endpoint, Unpacker};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Offset of the first event of a file.
const HEAD: u64 = 4;

/// Bytes of blocks a stream holds.
const RING_BYTES: usize = 8 << 20;

/// A running reader. Dropping it ends the connection and the thread.
pub(super) struct Stream {
    /// The source as it was declared when the stream began.
    pub(super) source: SourcePlan,
    /// Where it began.
    pub(super) start: Position,
    /// What it has read.
    pub(super) blocks: Arc<Blocks>,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Stream {
    /// Connects, as the reader of this slot in an instance of this id, and starts to read behind `start`, or before it where servers
    /// cannot be told its place.
    ///
    /// # Errors
    /// Those of the connection; the thread cannot be started.
    pub(super) fn open(
        plan: &TaskPlan,
        endpoint: &Endpoint,
        start: &Position,
        slot: Slot,
        instance: &str,
    ) -> Result<Stream, Failure> {
        let start = &within_reach(start);
        let (server_id, uuid) = plan.reader_identity(slot.number(), instance);
        let request = DumpRequest {
            start,
            server_id,
            uuid: &uuid,
            heartbeat: Duration::from_millis(plan.source.heartbeat.every_ms),
            event_limit: plan.source.event_limit(),
            task: &plan.id.to_string(),
        };
        let dump = Dump::open(endpoint, &request)?;
        let handle = Handle(Arc::new(Mutex::new(Some(dump.closer()?))));
        let unpacker = Unpacker::new(dump.event_limit())
            .map_err(|error| Failure::new(Class::Request, format!("cannot unpack events: {error}")))?;
        let begun = match &start.gtids {
            Gtids::MySql(set) => Some(Arc::new(set.clone())),
            Gtids::MariaDb(_) | Gtids::Off => None,
        };
        let stamp = Stamp { walker: Walker::new(&start.file), begun };
        let blocks = Arc::new(Blocks::new(RING_BYTES, stamp.clone()));
        let name = format!("reader {}", plan.source.name);
        let thread = std::thread::Builder::new().name(name).spawn({
            let (blocks, handle) = (blocks.clone(), handle.clone());
            move || {
                let _slot = slot;
                let reader = Reader { dump, unpacker, stamp, blocks: blocks.clone() };
                // Without a word its tasks would wait for ever.
                let ended = catch_unwind(AssertUnwindSafe(|| reader.run())).unwrap_or_else(|panic| {
                    let text = panic_text(panic.as_ref());
                    let text = format!("this is a bug in syncc, in the reader: {text}");
                    Some(Failure::new(Class::Request, text))
                });
                handle.end();
                if let Some(failure) = ended {
                    blocks.finish(failure);
                }
            }
        });
        let thread = thread
            .map_err(|error| Failure::new(Class::Request, format!("cannot start a thread: {error}")))?;
        let (source, start) = (plan.source.clone(), start.clone());
        Ok(Stream { source, start, blocks, handle, thread: Some(thread) })
    }

    /// Its tasks have to look for another one, since its connection is wanted for more of them. Whoever is busy with what it has
    /// had does not keep the connection.
    pub(super) fn give_up(&self) {
        self.blocks.give_up();
        self.handle.end();
    }

    /// True when a task of this plan, on this server, can be served by what it reads.
    pub(super) fn is_of(&self, source: &SourcePlan, seen: &Position) -> bool {
        let same_kind = std::mem::discriminant(&self.start.gtids) == std::mem::discriminant(&seen.gtids);
        self.source.is_reached_as(source) && self.start.server.same_log(&seen.server) && same_kind
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.blocks.close();
        self.handle.end();
        if let Some(thread) = self.thread.take() {
            // Whatever it had to say stands in the ring.
            let _ = thread.join();
        }
    }
}

/// Where a connection begins that brings all that lies behind `start`. By file and offset that is not beyond 4 GiB: the command holds
/// 32 bits, and a transaction that is larger than that has places behind it. The file is read from its head then; who is handed
/// events leaves out what lies before his position.
fn within_reach(start: &Position) -> Position {
    let by_gtids = match &start.gtids {
        Gtids::MySql(_) => true,
        Gtids::MariaDb(gtids) => !gtids.is_empty(),
        Gtids::Off => false,
    };
    let mut start = start.clone();
    if !by_gtids && u32::try_from(start.file.offset).is_err() {
        start.file.offset = HEAD;
    }
    start
}

/// Ends the connection from outside. It also keeps it open: a server that waits to be read sees its end only once all handles are
/// gone, and tasks that are busy with what was read keep the stream for long.
#[derive(Clone)]
struct Handle(Arc<Mutex<Option<Closer>>>);

impl Handle {
    fn end(&self) {
        if let Some(closer) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            closer.close();
        }
    }
}

struct Reader {
    dump: Dump,
    unpacker: Unpacker,
    stamp: Stamp,
    blocks: Arc<Blocks>,
}

impl Reader {
    /// Reads until nobody wants more, or until it fails.
    fn run(mut self) -> Option<Failure> {
        loop {
            let (bytes, spares) = self.blocks.spare();
            let mut block =
                RawBlock { stamp: self.stamp.clone(), bytes, events: Vec::new(), drained: false, spares };
            let failure = self.fill(&mut block).err();
            block.drained = !self.dump.buffered();
            if !block.events.is_empty() && !self.blocks.publish(block, self.stamp.clone()) {
                return None;
            }
            if failure.is_some() {
                return failure;
            }
        }
    }

    /// Reads at least one event, and more while there are some without waiting and the block has room.
    fn fill(&mut self, block: &mut RawBlock) -> Result<(), Failure> {
        loop {
            let pending = self.unpacker.pending(&mut block.bytes);
            let plain = match pending.map_err(|error| self.damaged(&error))? {
                Some(plain) => plain,
                None if !block.bytes.is_empty() && !self.dump.buffered() => return Ok(()),
                None => {
                    let start = block.bytes.len();
                    self.dump.read_event(&mut block.bytes)?;
                    let accepted = self.unpacker.accept(&mut block.bytes, start);
                    accepted.map_err(|error| self.damaged(&error))?
                }
            };
            let body = &block.bytes[plain.body.clone()];
            self.stamp.walker.pass(&plain, body);
            if walk::kind(&plain.header) == Kind::Begin
                && let Some(begun) = &mut self.stamp.begun
                && let Some(gtid) = walk::gtid(&plain.header, body)
            {
                // A copy at most once for each block.
                Arc::make_mut(begun).add(&gtid);
            }
            block.events.push(plain);
            if block.bytes.len() >= BLOCK_BYTES {
                return Ok(());
            }
        }
    }

    /// What could not be read where the stream stands.
    fn damaged(&self, error: &DecodeError) -> Failure {
        Failure::unread(self.stamp.walker.here(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::position::{BinlogPosition, Flavor, ServerIdentity};

    #[test]
    fn connections_begin_where_commands_reach() {
        let begins = |gtids: Gtids, offset: u64| {
            let server = ServerIdentity { flavor: Flavor::MySql, uuid: String::new(), server_id: 1 };
            let start = Position { server, file: BinlogPosition::new("b.000001", offset), gtids };
            within_reach(&start).file.offset
        };
        let beyond = 1 << 32;
        assert_eq!(begins(Gtids::Off, beyond - 1), beyond - 1);
        assert_eq!(begins(Gtids::Off, beyond), HEAD);
        assert_eq!(begins(Gtids::MariaDb(Default::default()), beyond), HEAD);
        assert_eq!(begins(Gtids::MariaDb("0-1-2".parse().expect("a position")), beyond), beyond);
        assert_eq!(begins(Gtids::MySql(Default::default()), beyond), beyond);
    }
}
