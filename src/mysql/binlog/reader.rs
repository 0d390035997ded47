//! A cursor over the bytes of one event that cannot leave them.

use super::event::DecodeError;

/// Reads from the front; every failure tells how far it came.
#[derive(Debug, Clone)]
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    /// At the start of `bytes`.
    pub(super) fn new(bytes: &'b [u8]) -> Reader<'b> {
        Reader { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// Bytes left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// True at the end.
    pub(super) fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Everything that is left.
    pub(super) fn rest(&mut self) -> &'b [u8] {
        let rest = &self.bytes[self.at..];
        self.at = self.bytes.len();
        rest
    }

    /// The next `len` bytes.
    pub(super) fn take(&mut self, len: usize, what: &'static str) -> Result<&'b [u8], DecodeError> {
        if len > self.left() {
            return Err(DecodeError::Truncated { what, offset: self.at });
        }
        let taken = &self.bytes[self.at..self.at + len];
        self.at += len;
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    pub(super) fn array<const N: usize>(&mut self, what: &'static str) -> Result<&'b [u8; N], DecodeError> {
        match self.bytes[self.at..].first_chunk::<N>() {
            Some(chunk) => {
                self.at += N;
                Ok(chunk)
            }
            None => Err(DecodeError::Truncated { what, offset: self.at }),
        }
    }

    /// One byte.
    pub(super) fn u8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        self.array::<1>(what).map(|&[byte]| byte)
    }

    /// Two bytes, little-endian, as all numbers of the log's frame.
    pub(super) fn u16(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        self.array(what).map(|&bytes| u16::from_le_bytes(bytes))
    }

    /// Four bytes.
    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.array(what).map(|&bytes| u32::from_le_bytes(bytes))
    }

    /// Six bytes.
    pub(super) fn u48(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        self.array(what).map(|&[a, b, c, d, e, f]| u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }

    /// Seven bytes.
    pub(super) fn u56(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        self.array(what).map(|&[a, b, c, d, e, f, g]| u64::from_le_bytes([a, b, c, d, e, f, g, 0]))
    }

    /// Eight bytes.
    pub(super) fn u64(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        self.array(what).map(|&bytes| u64::from_le_bytes(bytes))
    }

    /// A length-encoded integer of the client protocol: below 251 itself, else 252, 253, 254 and 2, 3, 8 bytes.
    pub(super) fn lenenc(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        let offset = self.at;
        match self.u8(what)? {
            small @ 0..=250 => Ok(u64::from(small)),
            252 => self.u16(what).map(u64::from),
            253 => self.array(what).map(|&[a, b, c]| u64::from(u32::from_le_bytes([a, b, c, 0]))),
            254 => self.u64(what),
            251 | 255 => Err(DecodeError::Invalid { what, offset }),
        }
    }

    /// A length-encoded integer that counts bytes or things of this event.
    pub(super) fn lenenc_usize(&mut self, what: &'static str) -> Result<usize, DecodeError> {
        let offset = self.at;
        usize::try_from(self.lenenc(what)?).map_err(|_| DecodeError::Invalid { what, offset })
    }

    /// A length-encoded string.
    pub(super) fn lenenc_bytes(&mut self, what: &'static str) -> Result<&'b [u8], DecodeError> {
        let len = self.lenenc_usize(what)?;
        self.take(len, what)
    }

    /// An integer of `mysql::serialization`: the number of trailing one bits of the first byte is the number of bytes that
    /// follow it, and the value sits above those bits. Source: MySQL, `libs/mysql/serialization/variable_length_integers.h`.
    pub(super) fn varlen(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        let first = self.u8(what)?;
        let more = first.trailing_ones() as usize;
        if more == 8 {
            return self.u64(what);
        }
        let mut bytes = [0; 8];
        bytes[0] = first;
        bytes[1..=more].copy_from_slice(self.take(more, what)?);
        Ok(u64::from_le_bytes(bytes) >> (more + 1))
    }

    /// The signed form of [`Reader::varlen`]: the lowest bit is the sign.
    pub(super) fn varlen_signed(&mut self, what: &'static str) -> Result<i64, DecodeError> {
        let raw = self.varlen(what)?;
        let magnitude = (raw >> 1) as i64;
        Ok(if raw & 1 == 1 { !magnitude } else { magnitude })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_encoded_integers() {
        let mut reader = Reader::new(&[250, 252, 1, 2, 253, 1, 2, 3, 254, 1, 0, 0, 0, 0, 0, 0, 128, 251]);
        assert_eq!(reader.lenenc("n"), Ok(250));
        assert_eq!(reader.lenenc("n"), Ok(0x0201));
        assert_eq!(reader.lenenc("n"), Ok(0x03_02_01));
        assert_eq!(reader.lenenc("n"), Ok(0x8000_0000_0000_0001));
        assert_eq!(reader.lenenc("n"), Err(DecodeError::Invalid { what: "n", offset: 17 }));
        assert_eq!(reader.lenenc("n"), Err(DecodeError::Truncated { what: "n", offset: 18 }));
    }

    #[test]
    fn serialized_integers() {
        // 3 in one byte; 127 is the greatest of one byte, 128 takes two; 0xff marks eight plain bytes
        let mut reader = Reader::new(&[
            3 << 1,
            127 << 1,
            0b01,
            0b10,
            0xff,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            (2 << 1 | 1) << 1,
            2 << 2,
        ]);
        assert_eq!(reader.varlen("n"), Ok(3));
        assert_eq!(reader.varlen("n"), Ok(127));
        assert_eq!(reader.varlen("n"), Ok(128));
        assert_eq!(reader.varlen("n"), Ok(1));
        assert_eq!(reader.varlen_signed("n"), Ok(-3));
        assert_eq!(reader.varlen_signed("n"), Ok(2));
        assert!(reader.is_empty());
    }
}
