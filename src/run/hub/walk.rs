//! What can be told of events without understanding them: where they stand, and where transactions begin and end.
//!
//! Guarantees: what is called a beginning is one; an end may be missed, a beginning never is, in logs that have them.

use crate::mysql::binlog::control::{FormatDescription, Rotate};
use crate::mysql::binlog::event::{EventType, Header};
use crate::mysql::binlog::gtid::{MariaGtid, MySqlGtid};
use crate::mysql::position::{BinlogPosition, Gtid};
use crate::run::place::Place;
use crate::source::mysql::io::Plain;
use std::sync::Arc;

/// What an event is to who passes it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A transaction, or a statement with its GTID, begins.
    Begin,
    /// A transaction ends behind it.
    End,
    /// Part of the log that is neither.
    Part,
    /// The server has nothing more to send, so it stands between two transactions.
    Quiet,
    /// Between transactions, about the file or the connection: it comes again when a stream begins elsewhere.
    Apart,
}

/// What an event is.
pub(super) fn kind(header: &Header) -> Kind {
    match header.event_type {
        EventType::Heartbeat | EventType::HeartbeatV2 => Kind::Quiet,
        _ if header.is_artificial() => Kind::Apart,
        EventType::Gtid | EventType::GtidTagged | EventType::AnonymousGtid | EventType::MariaGtid => {
            Kind::Begin
        }
        EventType::Xid | EventType::XaPrepare => Kind::End,
        EventType::FormatDescription
        | EventType::Rotate
        | EventType::PreviousGtids
        | EventType::GtidList
        | EventType::StartEncryption
        | EventType::BinlogCheckpoint
        | EventType::Stop => Kind::Apart,
        _ => Kind::Part,
    }
}

/// The GTID that begins a transaction; none for an anonymous one, and for one that cannot be read: the task tells of that.
pub(super) fn gtid(header: &Header, body: &[u8]) -> Option<Gtid> {
    match header.event_type {
        EventType::Gtid => MySqlGtid::parse(body).ok().map(|gtid| gtid.gtid()),
        EventType::GtidTagged => MySqlGtid::parse_tagged(body).ok().map(|gtid| gtid.gtid()),
        EventType::MariaGtid => MariaGtid::parse(body).ok().map(|gtid| gtid.gtid(header.server_id)),
        _ => None,
    }
}

/// Where a stream stands, event by event.
#[derive(Debug, Clone)]
pub(super) struct Walker {
    place: Place,
    inside: bool,
    /// False while the place is only where somebody asked to begin.
    real: bool,
    format: Option<Arc<FormatDescription>>,
}

impl Walker {
    /// Before the first event of a stream that was asked for from `place` on.
    pub(super) fn new(place: &BinlogPosition) -> Walker {
        let real = place.offset > 4 && !place.file.is_empty();
        let place = Place { file: place.file.as_str().into(), offset: place.offset };
        Walker { place, inside: false, real, format: None }
    }

    /// Behind the last event that has a place; none when none had one yet.
    pub(super) fn place(&self) -> Option<BinlogPosition> {
        self.real.then(|| self.place.position())
    }

    /// Where the walk stands, for who goes on from here.
    pub(super) fn here(&self) -> &Place {
        &self.place
    }

    /// The format of the file.
    pub(super) fn format(&self) -> Option<&Arc<FormatDescription>> {
        self.format.as_ref()
    }

    /// True when the file goes on at or behind `place` with an event of this header, which the walk has just passed.
    pub(super) fn began_behind(&self, header: &Header, place: &BinlogPosition) -> bool {
        let start = self.place.offset.saturating_sub(u64::from(header.size));
        BinlogPosition::new(&*self.place.file, start) >= *place
    }

    /// Goes behind an event.
    pub(super) fn pass(&mut self, event: &Plain, body: &[u8]) {
        if event.inside {
            // It has no place; the next event behind the compressed transaction tells.
            return;
        }
        let header = &event.header;
        match header.event_type {
            EventType::Rotate => {
                if let Ok(rotate) = Rotate::parse(body) {
                    self.place.rotate(rotate.file, rotate.position);
                }
                self.inside = false;
            }
            EventType::FormatDescription => {
                self.format = FormatDescription::parse(body).ok().map(Arc::new);
                self.inside = false;
                self.place.pass(header, false);
            }
            _ => {
                let begins = kind(header) == Kind::Begin;
                self.inside |= begins;
                self.real |= begins;
                self.place.pass(header, self.inside);
            }
        }
    }
}
