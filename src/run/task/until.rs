//! `run --until`: a place in the log at which a run ends.

use super::first::Looked;
use super::life::Life;
use super::source::Source;
use super::{Failure, Task};
use crate::run::Until;
use crate::run::event::{Event, Name};
use crate::run::failure::Class;
use crate::run::search::begin;

impl Task {
    /// Finds the place where the run is to end, once. What was read already is no reason not to end there.
    ///
    /// # Errors
    /// There is no such place, or we may not ask for it.
    pub(super) fn find_end(&mut self, source: &mut Source) -> Result<(), Failure> {
        let (Some(until), None) = (&self.context.until, &self.until) else { return Ok(()) };
        let found = match until {
            Until::Now => {
                let end = source.catalog.server.position.clone();
                Some(end.ok_or_else(|| {
                    let text = "--until now: where the log ends we may not ask: REPLICATION CLIENT (MariaDB: BINLOG \
                                MONITOR) is needed";
                    Failure::new(Class::Precheck, text)
                })?)
            }
            Until::At(at) => {
                let plan = self.plan.clone();
                let over = || self.orders.look().is_some();
                let place = Looked::of(source, &self.context);
                let search = place.search(&plan, &over);
                begin(&search, &mut source.session, &source.catalog.server, at).map_err(|failure| {
                    Failure { text: failure.text.replace("start at", "--until"), ..failure }
                })?
            }
        };
        if let Some(end) = &found {
            let text = format!("ends when it has come to {end}");
            Event::info(Name::PrecheckPassed, text).task(&self.id).position(&end.file).emit();
        }
        self.until = found;
        Ok(())
    }

    /// True when the run is to end here.
    pub(super) fn is_at_end(&self, life: &Life) -> bool {
        self.until.as_ref().is_some_and(|end| life.ledger.position().covers(end))
    }
}
