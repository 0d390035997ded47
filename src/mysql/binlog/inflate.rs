//! Deflated bytes of known length, by one decompressor that is kept.

use flate2::{Decompress, FlushDecompress, Status};

/// A decompressor for streams of deflate.
pub(super) struct Inflate(Decompress);

impl Inflate {
    /// With its room, which all streams share.
    pub(super) fn new() -> Inflate {
        Inflate(Decompress::new(true))
    }

    /// Appends the `len` bytes that `deflated` holds, behind a zlib header when `header` says so. False when it holds anything
    /// else; `into` is then as it was.
    pub(super) fn append(&mut self, deflated: &[u8], header: bool, len: usize, into: &mut Vec<u8>) -> bool {
        let start = into.len();
        into.resize(start + len, 0);
        self.0.reset(header);
        let status = self.0.decompress(deflated, &mut into[start..], FlushDecompress::Finish);
        let whole = matches!(status, Ok(Status::StreamEnd)) && self.0.total_out() == len as u64;
        if !whole {
            into.truncate(start);
        }
        whole
    }
}
