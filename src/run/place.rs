//! Where a stream stands in the log.

use crate::mysql::binlog::event::{EventType, Header};
use crate::mysql::position::BinlogPosition;
use std::fmt;
use std::sync::Arc;

/// How far an offset may seem to go back before it is one that outgrew the header.
const OUTGROWN: u64 = 1 << 31;

/// The place behind the last event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) struct Place {
    /// The file.
    pub(in crate::run) file: Arc<str>,
    /// Offset in it, beyond what headers can hold.
    pub(in crate::run) offset: u64,
}

impl Place {
    /// The same, as positions are stored.
    pub(in crate::run) fn position(&self) -> BinlogPosition {
        BinlogPosition::new(&*self.file, self.offset)
    }

    /// Goes behind an event; `inside` tells whether it stands in a transaction.
    pub(in crate::run) fn pass(&mut self, header: &Header, inside: bool) {
        let beats = matches!(header.event_type, EventType::Heartbeat | EventType::HeartbeatV2);
        if !header.is_artificial() && !beats {
            self.offset = end_offset(self.offset, header, inside);
        }
    }

    /// Goes to where a ROTATE leads.
    pub(in crate::run) fn rotate(&mut self, file: &str, offset: u64) {
        if *self.file != *file {
            self.file = file.into();
        }
        self.offset = offset;
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.offset)
    }
}

/// Offset behind an event. Headers hold 32 bits of it, and 0 inside transactions of MariaDB 11.8.
///
/// Between transactions 0 says that the event has no place: a dump from the middle of a file begins with the
/// FORMAT_DESCRIPTION of its beginning. Source: `fake_rotate_event` and its neighbours in MariaDB `sql_repl.cc`,
/// `send_format_description_event` in MySQL `rpl_binlog_sender.cc`.
fn end_offset(before: u64, header: &Header, inside: bool) -> u64 {
    if header.end_position == 0 {
        return if inside { before + u64::from(header.size) } else { before };
    }
    let high = before & !u64::from(u32::MAX);
    let end = high | u64::from(header.end_position);
    if end + OUTGROWN < before { end + (1 << 32) } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(end_position: u32, size: u32) -> Header {
        Header { time: 0, event_type: EventType::Xid, server_id: 1, size, end_position, flags: 0 }
    }

    #[test]
    fn offsets_outgrow_the_header() {
        assert_eq!(end_offset(100, &header(131, 31), false), 131);
        assert_eq!(
            end_offset(100, &header(0, 31), true),
            131,
            "inside a transaction the header may not tell"
        );
        assert_eq!(end_offset(100, &header(0, 31), false), 100, "between two, the event has no place");
        let before = u64::from(u32::MAX) - 10;
        assert_eq!(end_offset(before, &header(20, 31), false), (1 << 32) + 20);
        assert_eq!(end_offset((1 << 32) + 20, &header(51, 31), false), (1 << 32) + 51);
        assert_eq!(end_offset(1_000, &header(900, 31), false), 900, "no file grew by 4 GiB in between");
    }
}
