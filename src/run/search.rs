//! Looking at a part of the log that no task reads: for a place to begin, and for the statements on the way.
//!
//! Each look is a connection of its own, under an identity of its own, and ends where it has seen enough.
//! Does not: decode rows, or know tables.

mod begin;

pub(in crate::run) use begin::begin;
pub use begin::start_place;

use super::failure::{Class, Failure};
use super::framer::{Asks, Framer};
use super::ring::What;
use crate::mysql::binlog::event::RawEvent;
use crate::mysql::ddl::DdlEffect;
use crate::mysql::ident::TableNameCase;
use crate::mysql::position::{BinlogPosition, Gtids, Position, ServerIdentity};
use crate::mysql::schema::Tracker;
use crate::mysql::schema::model::Wording;
use crate::plan::TaskPlan;
use crate::source::mysql::io::{Closer, Dump, DumpRequest, Endpoint, Unpacker};
use std::sync::Arc;
use std::time::Duration;

/// How often an idle server says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Events between two looks at whether anybody still wants to know.
const EVENTS_PER_LOOK: u32 = 1_024;

/// Where to look, and for whom.
pub(in crate::run) struct Search<'s> {
    /// The task.
    pub(in crate::run) plan: &'s TaskPlan,
    /// Its server.
    pub(in crate::run) endpoint: &'s Endpoint,
    /// Who that is.
    pub(in crate::run) server: &'s ServerIdentity,
    /// Release of the server.
    pub(in crate::run) release: (u16, u16, u16),
    /// True when nobody wants the answer any more.
    pub(in crate::run) over: &'s dyn Fn() -> bool,
    /// Takes what ends a look from outside.
    pub(in crate::run) opened: &'s dyn Fn(Closer),
    /// Id of the instance that looks.
    pub(in crate::run) instance: &'s str,
}

/// What becomes of a walk behind an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Go {
    On,
    Home,
}

/// How a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walked {
    /// It was told to.
    Home,
    /// Nobody wants to know any more.
    Over,
}

impl Search<'_> {
    /// Gives each event behind `from`, and what it is, to `each`.
    fn walk(
        &self,
        from: &Position,
        mut each: impl FnMut(&RawEvent<'_>, &[What]) -> Result<Go, Failure>,
    ) -> Result<Walked, Failure> {
        let (server_id, uuid) = self.plan.searcher_identity(self.instance);
        let event_limit = self.plan.source.event_limit();
        let request = DumpRequest {
            start: from,
            server_id,
            uuid: &uuid,
            heartbeat: HEARTBEAT,
            event_limit,
            task: &self.plan.id.to_string(),
        };
        let mut dump = Dump::open(self.endpoint, &request)?;
        (self.opened)(dump.closer()?);
        let mut unpacker = Unpacker::new(event_limit)
            .map_err(|error| Failure::new(Class::Request, format!("cannot unpack events: {error}")))?;
        let mut framer = self.framer(from);
        let mut bytes = Vec::new();
        let mut found = Vec::new();
        for n in 0_u32.. {
            if (n.is_multiple_of(EVENTS_PER_LOOK) || !dump.buffered()) && (self.over)() {
                return Ok(Walked::Over);
            }
            bytes.clear();
            let plain = match unpacker.pending(&mut bytes).map_err(|error| framer.damaged(&error))? {
                Some(plain) => plain,
                None => {
                    dump.read_event(&mut bytes)?;
                    unpacker.accept(&mut bytes, 0).map_err(|error| framer.damaged(&error))?
                }
            };
            let event = plain.event(&bytes);
            framer.take(&event, plain.inside, &mut found)?;
            if each(&event, &found)? == Go::Home {
                return Ok(Walked::Home);
            }
            found.clear();
        }
        Ok(Walked::Over)
    }

    /// Statements about definitions between two places; none when nobody wants to know any more.
    ///
    /// # Errors
    /// The log cannot be read or understood.
    pub(in crate::run) fn statements(
        &self,
        from: &Position,
        upto: &BinlogPosition,
    ) -> Result<Option<Vec<DdlEffect>>, Failure> {
        let mut effects = Vec::new();
        if from.gtids == Gtids::Off && from.file >= *upto {
            return Ok(Some(effects));
        }
        let walked = self.walk(from, |_, found| {
            for what in found {
                if let What::Definition(definition) = what {
                    effects.push(definition.effect.clone());
                }
            }
            let reached = found.iter().filter_map(place_of).any(|place| place >= *upto);
            Ok(if reached { Go::Home } else { Go::On })
        })?;
        Ok((walked == Walked::Home).then_some(effects))
    }

    /// A framer for which nobody wants rows.
    fn framer(&self, from: &Position) -> Framer {
        let tracker = Tracker::new(Wording::of(self.server.flavor, self.release), TableNameCase::Sensitive);
        let asks = Asks {
            reread: Box::new(|table| {
                Err(Failure::new(Class::Bug, format!("nobody wants the rows of {table}")))
            }),
            ahead: Box::new(|_, _| Ok(None)),
        };
        Framer::new(from, tracker, Arc::new(|_| false), asks)
    }
}

/// The place between two transactions that an entry tells.
fn place_of(what: &What) -> Option<BinlogPosition> {
    match what {
        What::End { file, offset } | What::Reached { file, offset, .. } => {
            Some(BinlogPosition::new(&**file, *offset))
        }
        What::Begin { .. }
        | What::Writer(_)
        | What::Rows(_)
        | What::Verdict(_)
        | What::Definition(_)
        | What::Stop(_) => None,
    }
}
