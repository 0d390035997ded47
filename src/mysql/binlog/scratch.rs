//! Room for values that do not stand in the log as users see them.

use super::cell::CellError;
use super::inflate::Inflate;
use crate::mysql::json::apply_diffs;

const TOO_MUCH: CellError = CellError("values larger than the limit for an event");

/// Holds, for the rows of one event, what cannot be borrowed from it: binary values whose trailing zero bytes the log cut off,
/// UUIDs in text order, inflated `COMPRESSED` columns, JSON documents of which the log has only what changed. Kept from event to event, so that it allocates only to grow.
pub struct Scratch {
    bytes: Vec<u8>,
    limit: usize,
    inflate: Inflate,
}

impl Scratch {
    /// Room for at most `limit` bytes; an event that needs more is an error. Choose it like the limit for events:
    /// a compressed value can be a thousand times its size in the log.
    pub fn new(limit: usize) -> Scratch {
        Scratch { bytes: Vec::new(), limit, inflate: Inflate::new() }
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
            return Err(TOO_MUCH);
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

    /// Adds the document that `document` becomes by `diffs`, behind four bytes of its length.
    pub(super) fn push_updated(&mut self, document: &[u8], diffs: &[u8]) -> Result<(), CellError> {
        // what is copied is no more than both; places and lengths of members are larger than they were, but bounded by them
        self.reserve(document.len().saturating_add(diffs.len()))?;
        let start = self.bytes.len();
        self.bytes.extend([0; 4]);
        apply_diffs(document, diffs, &mut self.bytes).map_err(|error| CellError(error.what))?;
        if self.bytes.len() > self.limit {
            return Err(TOO_MUCH);
        }
        let len = (self.bytes.len() - start - 4) as u32;
        self.bytes[start..start + 4].copy_from_slice(&len.to_le_bytes());
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
        match self.inflate.append(deflated, header, len, &mut self.bytes) {
            true => Ok(()),
            false => Err(CellError("a compressed value that cannot be inflated")),
        }
    }
}
