//! Room for values that do not stand in the log as users see them.

use super::cell::CellError;
use flate2::{Decompress, FlushDecompress, Status};

/// Holds, for the rows of one event, what cannot be borrowed from it: binary values whose trailing zero bytes the log cut off,
/// UUIDs in text order, inflated `COMPRESSED` columns. Kept from event to event, so that it allocates only to grow.
pub struct Scratch {
    bytes: Vec<u8>,
    limit: usize,
    inflate: Decompress,
}

impl Scratch {
    /// Room for at most `limit` bytes; an event that needs more is an error. Choose it like the limit for events:
    /// a compressed value can be a thousand times its size in the log.
    pub fn new(limit: usize) -> Scratch {
        Scratch { bytes: Vec::new(), limit, inflate: Decompress::new(true) }
    }

    /// Forgets what is there; room beyond `keep` bytes goes back.
    pub(super) fn clear(&mut self) {
        const KEEP: usize = 1 << 20;
        self.bytes.clear();
        if self.bytes.capacity() > KEEP {
            self.bytes.shrink_to(KEEP);
        }
    }

    /// What is there.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn reserve(&mut self, more: usize) -> Result<(), CellError> {
        if more > self.limit.saturating_sub(self.bytes.len()) {
            return Err(CellError("values larger than the limit for an event"));
        }
        Ok(())
    }

    /// Adds `bytes`.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), CellError> {
        self.reserve(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Adds `bytes` with zero bytes up to `len`.
    pub(super) fn push_padded(&mut self, bytes: &[u8], len: usize) -> Result<(), CellError> {
        self.reserve(len.max(bytes.len()))?;
        let end = self.bytes.len() + len;
        self.bytes.extend_from_slice(bytes);
        self.bytes.resize(end, 0);
        Ok(())
    }

    /// Adds the `len` bytes that `deflated` holds, behind a zlib header when `header` says so.
    pub(super) fn push_inflated(
        &mut self,
        deflated: &[u8],
        header: bool,
        len: usize,
    ) -> Result<(), CellError> {
        self.reserve(len)?;
        let start = self.bytes.len();
        self.bytes.resize(start + len, 0);
        self.inflate.reset(header);
        let status = self.inflate.decompress(deflated, &mut self.bytes[start..], FlushDecompress::Finish);
        match status {
            Ok(Status::StreamEnd) if self.inflate.total_out() == len as u64 => Ok(()),
            Ok(Status::Ok | Status::BufError | Status::StreamEnd) | Err(_) => {
                Err(CellError("a compressed value that cannot be inflated"))
            }
        }
    }
}
