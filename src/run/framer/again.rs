//! Which transactions of a stream were read before: it begins before the position of its task where rows of prepared XA
//! transactions are needed again.
//!
//! What is known of tables is as of the position, so a statement that comes again must not be followed once more.

use crate::mysql::position::{BinlogPosition, Gtid, Position, SeenAgain, TransactionPlace};

/// The part of a stream that was read before.
#[derive(Debug)]
pub(in crate::run) struct Again {
    upto: Position,
    seen: SeenAgain,
}

impl Again {
    /// A stream begins at `from` for a task that stands at `upto`; `seen` tells what was seen where places of the log do not. None
    /// where nothing comes again.
    pub(in crate::run) fn new(from: &Position, upto: &Position, seen: SeenAgain) -> Option<Again> {
        (from != upto).then(|| Again { upto: upto.clone(), seen })
    }

    /// Whether the transaction that begins there was read. Where that cannot be told the task ends, which asks for itself.
    pub(super) fn has(&mut self, gtid: Option<&Gtid>, file: &str, offset: u64) -> bool {
        // What the log lacks tells whoever asks for its rows.
        let _ = self.seen.come_to(&BinlogPosition::new(file, offset));
        match gtid.filter(|_| !self.seen.is_over()) {
            Some(gtid) => self.seen.pass(gtid).unwrap_or(true),
            None => {
                let place = TransactionPlace { server: &self.upto.server, gtid, file, end: offset + 1 };
                self.upto.contains(&place).unwrap_or(false)
            }
        }
    }
}
