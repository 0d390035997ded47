//! The same log as servers compress it, and how it is unpacked.

use flate2::write::ZlibEncoder;
use std::io::{self, Write};
use syncc::mysql::binlog::event::{HEADER_BYTES, RawEvent};
use syncc::source::mysql::io::Unpacker;

/// Events of one transaction: about half a megabyte.
const TRANSACTION: usize = 128;

/// Type of a format description.
const FORMAT_DESCRIPTION: u8 = 15;

/// Type of a compressed transaction of MySQL.
const TRANSACTION_PAYLOAD: u8 = 40;

/// A log in a compressed form: raw events, the first of them a format description.
pub(crate) struct Compressed(Vec<Vec<u8>>);

impl Compressed {
    /// As MySQL has it with `binlog_transaction_compression`, at its level 3.
    pub(crate) fn by_mysql<'e>(events: impl Iterator<Item = &'e [u8]>) -> io::Result<Compressed> {
        let mut log = vec![description()];
        let events: Vec<&[u8]> = events.collect();
        for transaction in events.chunks(TRANSACTION) {
            let mut plain = Vec::new();
            for event in transaction {
                let start = plain.len();
                // inside there are no checksums
                plain.extend_from_slice(&event[..event.len() - 4]);
                let size = (plain.len() - start) as u32;
                plain[start + 9..start + 13].copy_from_slice(&size.to_le_bytes());
            }
            let stream = zstd::encode_all(&plain[..], 3)?;
            let mut body = vec![2, 1, 0, 1, 4, 0xfd];
            body.extend(&(stream.len() as u32).to_le_bytes()[..3]);
            body.push(0);
            body.extend(stream);
            log.push(super::event(TRANSACTION_PAYLOAD, &body));
        }
        Ok(Compressed(log))
    }

    /// As MariaDB has it with `log_bin_compress`: rows events alone.
    pub(crate) fn by_mariadb<'e>(events: impl Iterator<Item = &'e [u8]>) -> io::Result<Compressed> {
        let mut log = vec![description()];
        for event in events {
            if event[4] != super::WRITE_ROWS {
                log.push(event.to_vec());
                continue;
            }
            let body = &event[HEADER_BYTES..event.len() - 4];
            // table id, flags, no extra data, then columns and a bit for each
            let head = 8 + 2 + 1 + usize::from(body[10]).div_ceil(8);
            let (head, images) = body.split_at(head);
            let mut packed = head.to_vec();
            packed.push(0x84);
            packed.extend((images.len() as u32).to_be_bytes());
            let mut encoder = ZlibEncoder::new(packed, flate2::Compression::default());
            encoder.write_all(images)?;
            // the type of version 2, which has room for extra data
            log.push(super::event(169, &encoder.finish()?));
        }
        Ok(Compressed(log))
    }

    /// Bytes of the log.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// Gives each plain event to `take`, by the way that they have in the program.
    pub(crate) fn each(&self, mut take: impl FnMut(&RawEvent<'_>)) {
        let mut unpacker = Unpacker::new(1 << 24).unwrap_or_else(|error| unreachable!("{error}"));
        let mut block = Vec::new();
        for raw in &self.0 {
            block.clear();
            block.extend_from_slice(raw);
            let accepted = unpacker.accept(&mut block, 0);
            let mut next = Some(accepted.unwrap_or_else(|error| unreachable!("{error}")));
            while let Some(plain) = next {
                take(&plain.event(&block));
                if block.len() > 1 << 20 {
                    block.clear();
                }
                let pending = unpacker.pending(&mut block);
                next = pending.unwrap_or_else(|error| unreachable!("{error}"));
            }
        }
    }
}

/// It says that events have checksums.
fn description() -> Vec<u8> {
    let mut body = vec![4, 0];
    body.extend(b"9.7.4");
    body.resize(56, 0);
    body.push(19);
    body.extend([0; 18]);
    body.push(8);
    body.extend([0; 22]);
    body.push(1);
    super::event(FORMAT_DESCRIPTION, &body)
}
