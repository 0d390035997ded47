//! Which server a life reads: the one at `address`, or the first of `standby` whose log goes on where the task stands.
//!
//! A server is judged by GTIDs before anything of it is used. One that has not executed all that was read is waited for while it
//! may still get it; one that never will is refused by name.

use super::{Failure, Task};
use crate::catalog::SourceCatalog;
use crate::checkpoint::MidRecord;
use crate::mysql::position::{Flavor, Position, ServerIdentity};
use crate::mysql::schema::TableName;
use crate::plan::{OnFailover, TaskPlan};
use crate::run::context::Context;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Side};
use crate::source::mysql::io::{self as mysql, Endpoint, Session, log_lacks, start_position};
use crate::source::mysql::requirement::{self as rules, Standing};
use std::path::PathBuf;
use std::sync::PoisonError;

/// A source as prepared for one life.
pub(super) struct Source {
    pub(super) endpoint: Endpoint,
    pub(super) session: Session,
    pub(super) catalog: SourceCatalog,
}

/// Connects to the source of a plan and looks at what it selects; also the secret files that others may read.
pub(super) fn open_source(plan: &TaskPlan, context: &Context) -> Result<(Source, Vec<PathBuf>), Failure> {
    let resolved = mysql::resolve(&plan.source, &context.project)?;
    Ok((look_at(plan, &resolved.endpoint)?, resolved.open_files))
}

fn look_at(plan: &TaskPlan, endpoint: &Endpoint) -> Result<Source, Failure> {
    let endpoint = endpoint.for_task(&plan.id.to_string());
    let mut session = Session::open(&endpoint, None)?;
    let server = mysql::facts(&mut session)?;
    let tables = mysql::tables(&mut session, |db, table| plan.selects(db, table))?;
    let survey = mysql::survey(&mut session, &tables, plan.source.beat_table().as_ref())?;
    Ok(Source { endpoint, session, catalog: SourceCatalog { server, tables, survey } })
}

impl Task {
    /// The server of this life. `position` is where the task stands, as far as it is known by now.
    pub(super) fn choose_source(&self, position: Option<&Position>) -> Result<Source, Failure> {
        let resolved = mysql::resolve(&self.plan.source, &self.context.project)?;
        self.warn_of(&resolved.open_files);
        let carried = self.carried.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut refused: Option<Refused> = None;
        for endpoint in [&resolved.endpoint].into_iter().chain(&resolved.standby) {
            let tried =
                look_at(&self.plan, endpoint).map_err(Refused::away).and_then(|mut source| match position {
                    Some(position) => {
                        let cut = self.cut.as_ref();
                        self.judge(&mut source, position, cut, carried.iter()).map(|()| source)
                    }
                    None => Ok(source),
                });
            match tried {
                Ok(source) => {
                    self.tell_of(&source, position);
                    return Ok(source);
                }
                Err(next) => {
                    let next = next.at(endpoint);
                    refused = Some(match refused {
                        None => next,
                        Some(before) => before.and(next),
                    });
                }
            }
        }
        Err(refused.expect("there is at least one address").failure)
    }

    /// Whether the task can go on at `position` on this server, where also the transaction must be whose first parts were
    /// sent. `tables` are those it carries.
    pub(super) fn judge<'t>(
        &self,
        source: &mut Source,
        position: &Position,
        cut: Option<&MidRecord>,
        tables: impl Iterator<Item = &'t TableName>,
    ) -> Result<(), Refused> {
        let SourceCatalog { server, survey, .. } = &mut source.catalog;
        let moved = !position.server.same_log(&server.identity);
        if moved && server.flavor() == Flavor::MariaDb && server.position.is_some() {
            // what is logged need not be visible yet: here only what is visible counts
            let visible =
                start_position(&mut source.session).map_err(|failure| Refused::away(failure.into()))?;
            server.position = Some(visible);
        }
        let stops = moved && self.plan.source.on_failover == OnFailover::Stop;
        let standing = match moved {
            true if stops => {
                Standing::Blind("another server answers, and `on-failover stop` is set".to_owned())
            }
            true if rules::is_namesake(server, position) && !self.followed.contains(&server.identity) => {
                rules::namesake(server)
            }
            true | false => match (rules::standing(server, survey, position), cut) {
                (Standing::Usable, Some(cut)) if cut.gtid.is_some() => {
                    let mut behind = position.clone();
                    behind.advance(cut.gtid.as_ref(), &position.file.file, position.file.offset);
                    rules::standing(server, survey, &behind)
                }
                (standing, _) => standing,
            },
        };
        let standing = match standing {
            Standing::Usable if !moved => {
                let lacks = log_lacks(&mut source.session, position);
                match lacks.map_err(|failure| Refused::away(failure.into()))? {
                    Some(why) => Standing::Blind(why),
                    None => Standing::Usable,
                }
            }
            standing => standing,
        };
        let tables = || tables.map(ToString::to_string).collect::<Vec<_>>().join(", ");
        Err(match standing {
            Standing::Usable => return Ok(()),
            Standing::Lagging(missing) => {
                let who =
                    if survey.upstream_known { "the replica" } else { "the server, if it is a replica," };
                let text = format!("{who} has not executed yet what was read: {missing}");
                Refused::new(Weight::Lags, Failure::new(Class::Connection, text))
            }
            Standing::Diverged(missing) => {
                let text = format!(
                    "the source has diverged: it has not executed what was read, and takes changes from nobody: {missing}; it lost \
                     its tail, or is another server. These tables must be loaded anew: {}",
                    tables()
                );
                Refused::new(Weight::Never, Failure::new(Class::PositionLost, text))
            }
            Standing::Blind(why) => {
                let code = rules::POSITION_PURGED;
                let text = format!(
                    "{} {}: {why}; these tables must be loaded anew: {}",
                    code.number,
                    code.name,
                    tables()
                );
                let failure =
                    Failure { code: Some(code), for_good: stops, ..Failure::new(Class::PositionLost, text) };
                Refused::new(Weight::Never, failure)
            }
        })
    }

    /// Tells once which server is read, and every time it is another one.
    fn tell_of(&self, source: &Source, position: Option<&Position>) {
        let server = &source.catalog.server;
        let text = format!("{} at {}", server.version, source.endpoint.address());
        if let Some(position) = position.filter(|position| !position.server.same_log(&server.identity)) {
            let holds =
                format!("goes on at {text}, which has executed all that was read: {}", position.gtids);
            Event::warn(Name::SourceFailover, holds).task(&self.id).emit();
        } else if self.n_lives == 1 {
            Event::info(Name::SourceConnected, text).task(&self.id).emit();
        }
    }

    /// The server is the one that the task reads from now on; a stream of another one is of no use.
    pub(super) fn follow(&mut self, server: &ServerIdentity) {
        if self.followed.last() != Some(server) {
            self.follower = None;
            self.followed.retain(|other| other != server);
            self.followed.push(server.clone());
        }
    }
}

/// How much a refusal says about what is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// It does not answer, or lets nobody in.
    Away,
    /// It can never be gone on from.
    Never,
    /// It may be gone on from soon: as long as there is such a server, nothing is lost.
    Lags,
}

/// Why a server is not used.
#[derive(Debug)]
pub(super) struct Refused {
    weight: Weight,
    failure: Failure,
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Failure {
        refused.failure
    }
}

impl Refused {
    fn new(weight: Weight, failure: Failure) -> Refused {
        Refused { weight, failure: Failure { side: Side::Source, ..failure } }
    }

    fn away(failure: Failure) -> Refused {
        Refused::new(Weight::Away, failure)
    }

    /// With the address it is about.
    fn at(mut self, endpoint: &Endpoint) -> Refused {
        let address = endpoint.address();
        if !self.failure.text.contains(&address) {
            self.failure.text = format!("{address}: {}", self.failure.text);
        }
        self
    }

    /// What this and another one come to.
    fn and(self, other: Refused) -> Refused {
        let text = format!("{}; {}", self.failure.text, other.failure.text);
        let mut heavier = if other.weight > self.weight { other } else { self };
        heavier.failure.text = text;
        heavier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_long_as_a_server_may_come_nothing_is_lost() {
        let of = |weight, class| Refused::new(weight, Failure::new(class, format!("{weight:?}")));
        let away = || of(Weight::Away, Class::Connection);
        let never = || of(Weight::Never, Class::PositionLost);
        let lags = || of(Weight::Lags, Class::Connection);
        let check = |refused: Refused, class, text| {
            assert_eq!((refused.failure.class, refused.failure.text.as_str()), (class, text));
        };
        check(away().and(never()), Class::PositionLost, "Away; Never");
        check(never().and(lags()), Class::Connection, "Never; Lags");
        check(lags().and(never()).and(away()), Class::Connection, "Lags; Never; Away");
    }
}
