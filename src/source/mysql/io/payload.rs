//! Compressed transactions: the events inside of a TRANSACTION_PAYLOAD, one after the other.
//!
//! Memory: the packed bytes, the window of the compression, and one event; never the transaction.

use crate::mysql::binlog::event::{DecodeError, HEADER_BYTES, Header};
use crate::mysql::binlog::packed::{Packing, Payload};
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

/// Largest window of the compression as a power of two: what the highest level of the server uses, 128 MiB. The usual level 3 takes
/// 2 MiB.
const WINDOW_LOG: u32 = 27;

/// Room for packed bytes that is kept from transaction to transaction.
const KEEP: usize = 1 << 20;

/// Unpacks one transaction after the other.
pub(super) struct Transaction {
    decoder: Decoder<'static>,
    event_limit: usize,
    packing: Packing,
    packed: Vec<u8>,
    /// Bytes of `packed` that were read.
    read: usize,
    /// Bytes that came out.
    unpacked: u64,
    /// Bytes that must come out, where the server says it.
    announced: Option<u64>,
    /// The last frame is whole.
    frame_ended: bool,
    open: bool,
}

impl Transaction {
    /// Ready for transactions whose events have at most `event_limit` bytes.
    pub(super) fn new(event_limit: usize) -> std::io::Result<Transaction> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
        Ok(Transaction {
            decoder,
            event_limit,
            packing: Packing::Plain,
            packed: Vec::new(),
            read: 0,
            unpacked: 0,
            announced: None,
            frame_ended: true,
            open: false,
        })
    }

    /// Begins with the body of a TRANSACTION_PAYLOAD.
    ///
    /// # Errors
    /// When its head is damaged.
    pub(super) fn open(&mut self, body: &[u8]) -> Result<(), DecodeError> {
        let payload = Payload::parse(body)?;
        self.packed.clear();
        self.packed.extend_from_slice(payload.stream);
        self.decoder.reinit().map_err(|_| self.damaged())?;
        self.packing = payload.packing;
        (self.read, self.unpacked, self.announced) = (0, 0, payload.unpacked_bytes);
        self.frame_ended = true;
        self.open = true;
        Ok(())
    }

    /// Appends the next event, which has no checksum, to `into` and returns its length; none behind the last, or when no
    /// transaction is open.
    ///
    /// # Errors
    /// When the compression or the frame of an event is damaged, an event is larger than the limit, or there are more or fewer bytes
    /// than the server announced. `into` may then hold a part of an event.
    pub(super) fn next_event(&mut self, into: &mut Vec<u8>) -> Result<Option<usize>, DecodeError> {
        if !self.open {
            return Ok(None);
        }
        let start = into.len();
        let at = self.unpacked as usize;
        match self.fill(into, HEADER_BYTES)? {
            0 => {
                self.close()?;
                return Ok(None);
            }
            HEADER_BYTES => {}
            _ => return Err(DecodeError::Truncated { what: "an event of a transaction", offset: at }),
        }
        let size = Header::parse(&into[start..])?.size as usize;
        let Some(rest) = size.checked_sub(HEADER_BYTES) else {
            return Err(DecodeError::Invalid { what: "size of an event of a transaction", offset: at });
        };
        if size > self.event_limit {
            return Err(DecodeError::Limit { bytes: size as u64 });
        }
        if self.fill(into, rest)? < rest {
            return Err(DecodeError::Truncated { what: "an event of a transaction", offset: at });
        }
        Ok(Some(size))
    }

    fn close(&mut self) -> Result<(), DecodeError> {
        self.open = false;
        if self.packed.capacity() > KEEP {
            self.packed = Vec::new();
        }
        if self.announced.is_some_and(|announced| announced != self.unpacked) {
            return Err(self.damaged());
        }
        Ok(())
    }

    /// Appends `count` bytes to `into`, or all there are; returns how many.
    fn fill(&mut self, into: &mut Vec<u8>, count: usize) -> Result<usize, DecodeError> {
        if self.announced.is_some_and(|announced| announced < self.unpacked) {
            return Err(self.damaged());
        }
        let start = into.len();
        let filled = match self.packing {
            Packing::Plain => {
                let rest = &self.packed[self.read..];
                let rest = &rest[..rest.len().min(count)];
                into.extend_from_slice(rest);
                self.read += rest.len();
                rest.len()
            }
            Packing::Zstd => {
                into.resize(start + count, 0);
                let filled = self.inflate(&mut into[start..])?;
                into.truncate(start + filled);
                filled
            }
        };
        self.unpacked += filled as u64;
        Ok(filled)
    }

    /// Fills `out`, or as much of it as there is.
    fn inflate(&mut self, out: &mut [u8]) -> Result<usize, DecodeError> {
        let mut filled = 0;
        while filled < out.len() {
            if self.frame_ended && self.read == self.packed.len() {
                break;
            }
            let mut input = InBuffer::around(&self.packed[self.read..]);
            let mut output = OutBuffer::around(&mut out[filled..]);
            let hint = self.decoder.run(&mut input, &mut output).map_err(|_| self.damaged())?;
            let (read, written) = (input.pos(), output.pos());
            self.frame_ended = hint == 0;
            self.read += read;
            filled += written;
            if read == 0 && written == 0 {
                return Err(self.damaged());
            }
        }
        Ok(filled)
    }

    fn damaged(&self) -> DecodeError {
        DecodeError::Invalid { what: "compressed transaction", offset: self.unpacked as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event with `body` bytes behind its header.
    fn event(kind: u8, body: usize) -> Vec<u8> {
        let mut raw = vec![0; HEADER_BYTES + body];
        raw[4] = kind;
        let size = raw.len() as u32;
        raw[9..13].copy_from_slice(&size.to_le_bytes());
        raw[HEADER_BYTES..].iter_mut().enumerate().for_each(|(at, byte)| *byte = ((at * at) >> 8) as u8);
        raw
    }

    /// A payload of `stream`, with the sizes it announces.
    fn payload(packing: u8, stream: &[u8], unpacked: usize) -> Vec<u8> {
        let mut body = if packing == 0 { vec![2, 1, 0] } else { vec![2, 3, 0xfc, packing, 0] };
        body.extend([3, 9, 0xfe]);
        body.extend((unpacked as u64).to_le_bytes());
        body.extend([1, 9, 0xfe]);
        body.extend((stream.len() as u64).to_le_bytes());
        body.push(0);
        body.extend(stream);
        body
    }

    fn unpack(transaction: &mut Transaction, body: &[u8]) -> Result<Vec<Vec<u8>>, DecodeError> {
        transaction.open(body)?;
        let mut events = Vec::new();
        loop {
            let mut event = b"before".to_vec();
            match transaction.next_event(&mut event)? {
                Some(length) => {
                    assert_eq!(length, event.len() - 6);
                    events.push(event.split_off(6));
                }
                None => return Ok(events),
            }
        }
    }

    #[test]
    fn events_come_one_by_one_whatever_packs_them() {
        let events = [event(2, 5), event(19, 40), event(30, 300_000), event(30, 0), event(16, 8)];
        let plain = events.concat();
        let mut frames = zstd::encode_all(&plain[..100], 3).expect("compressed");
        frames.extend(zstd::encode_all(&plain[100..], 19).expect("compressed"));
        let mut transaction = Transaction::new(1 << 20).expect("a decoder");
        for (packing, stream) in
            [(255, plain.clone()), (0, zstd::encode_all(&plain[..], 3).expect("compressed")), (0, frames)]
        {
            let found = unpack(&mut transaction, &payload(packing, &stream, plain.len()));
            assert_eq!(found, Ok(events.to_vec()));
            // the bytes are there, but the server counted other ones
            for wrong in [plain.len() - 1, plain.len() + 1] {
                assert!(unpack(&mut transaction, &payload(packing, &stream, wrong)).is_err());
            }
        }
        assert_eq!(transaction.next_event(&mut Vec::new()), Ok(None), "nothing is open");
    }

    #[test]
    fn damage_is_told_and_does_no_harm() {
        let plain = [event(2, 50), event(30, 3_000), event(16, 8)].concat();
        let stream = zstd::encode_all(&plain[..], 3).expect("compressed");
        let mut transaction = Transaction::new(1 << 20).expect("a decoder");
        for len in 0..stream.len() {
            let cut = payload(0, &stream[..len], plain.len());
            assert!(unpack(&mut transaction, &cut).is_err(), "{len}");
            for bit in 0..8 {
                let mut bad = stream.clone();
                bad[len] ^= 1 << bit;
                // any outcome but a panic: without checksum some bits make other rows, which the event's checksum tells
                let _ = unpack(&mut transaction, &payload(0, &bad, plain.len()));
            }
        }
        for len in 1..plain.len() {
            if ![69, 69 + 3_019].contains(&len) {
                assert!(unpack(&mut transaction, &payload(255, &plain[..len], len)).is_err(), "{len}");
            }
        }
        let mut small = plain.clone();
        small[9] = 18;
        assert!(unpack(&mut transaction, &payload(255, &small, small.len())).is_err());
    }

    #[test]
    fn a_transaction_of_any_size_takes_the_room_of_an_event() {
        let zeros = [event(30, 100_000), vec![0; 0]].concat();
        let stream = {
            let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("an encoder");
            for _ in 0..2_000 {
                std::io::Write::write_all(&mut encoder, &zeros).expect("compressed");
            }
            encoder.finish().expect("compressed")
        };
        let mut transaction = Transaction::new(100_019).expect("a decoder");
        transaction.open(&payload(0, &stream, 2_000 * zeros.len())).expect("a payload");
        let mut event = Vec::new();
        let mut n_events = 0;
        while transaction.next_event(&mut event).expect("an event").is_some() {
            n_events += 1;
            event.clear();
        }
        assert_eq!(n_events, 2_000, "200 MB");
        assert!(event.capacity() < 300_000, "{}", event.capacity());
        assert!(transaction.packed.capacity() <= KEEP);
        let mut transaction = Transaction::new(100_018).expect("a decoder");
        transaction.open(&payload(0, &stream, 2_000 * zeros.len())).expect("a payload");
        assert_eq!(transaction.next_event(&mut event), Err(DecodeError::Limit { bytes: 100_019 }));
    }
}
