//! The stream of a life: that of the one before where its ring still holds the place, else one from the hub.

use crate::catalog::ServerFacts;
use crate::checkpoint::TaskState;
use crate::mysql::position::{BinlogPosition, Gtids, Position, SeenAgain};
use crate::mysql::schema::TableName;
use crate::run::failure::Failure;
use crate::run::follower::{Follower, Rereading};
use crate::run::framer::{Again, Asks, Framer};
use crate::run::hub::{Asking, Tie};
use crate::run::search::Search;
use crate::run::task::again::{seen_again, stream_from};
use crate::run::task::known::{Known, given};
use crate::run::task::source::Source;
use crate::run::task::{Input, Task};
use crate::source::mysql::io::{self as source, Closer, Session};
use crate::source::mysql::requirement::moved_to;
use std::sync::Arc;

/// Where the stream of a life begins that stands at `position`.
pub(super) fn begins_at(server: &ServerFacts, position: &Position, state: &TaskState) -> Position {
    let moved = |before: &Position| moved_to(server, before);
    stream_from(position, state.prepared.values(), moved)
}

/// What comes again from there on, where places of the log do not tell.
pub(super) fn comes_again(server: &ServerFacts, position: &Position, state: &TaskState) -> SeenAgain {
    let end = server.position.as_ref().filter(|end| end.server.same_log(&position.server));
    seen_again(&begins_at(server, position, state), position, end.map(|end| &end.file))
}

impl Task {
    pub(super) fn follow_log(
        &mut self,
        source: &mut Source,
        position: &Position,
        state: &TaskState,
        known: &Known,
    ) -> Result<Follower, Failure> {
        let (upto, position) = (position, &begins_at(&source.catalog.server, position, state));
        let seen = comes_again(&source.catalog.server, upto, state);
        // What began elsewhere may stand before no place, too.
        if let Some(follower) = self.follower.take().filter(|_| position.file.is_place())
            && follower.ring().rewind(&position.file)
        {
            return Ok(follower);
        }
        let tracker = known.tracker(&source.catalog.server, position);
        let plan = self.plan.clone();
        let parked = state.parked.clone();
        let wanted = Arc::new(move |name: &TableName| {
            plan.selects(&name.db, &name.table) && !parked.contains_key(name)
        });
        let rereading = Rereading::default();
        let reread = {
            let (endpoint, server) = (source.endpoint.clone(), position.server.clone());
            let open = rereading.clone();
            Box::new(move |name: &TableName| {
                let mut session = Session::open(&endpoint, Some(&server))?;
                open.begin(session.closer());
                Ok(source::fenced(&mut session, name)?)
            })
        };
        let ahead = {
            let (endpoint, server) = (source.endpoint.clone(), position.server.clone());
            let (plan, release) = (self.plan.clone(), source.catalog.server.version_number);
            let instance = self.context.state.instance().to_owned();
            let open = rereading.clone();
            Box::new(move |from: &BinlogPosition, upto: &BinlogPosition| {
                let (over, opened) = (|| open.over(), |closer| open.begin(closer));
                let (over, opened): (&dyn Fn() -> bool, &dyn Fn(Closer)) = (&over, &opened);
                let (plan, endpoint, server, instance) = (&*plan, &endpoint, &server, &*instance);
                let search = Search { plan, endpoint, server, release, over, opened, instance };
                let from = Position { server: server.clone(), file: from.clone(), gtids: Gtids::Off };
                search.statements(&from, upto)
            })
        };
        let asks = Asks { reread, ahead };
        let hub = self.context.hubs.of(&self.plan.source.name);
        // What cannot be asked is not needed to read, only to choose with whom.
        let log = match hub.has_others(&self.id) {
            true => source::log_files(&mut source.session).unwrap_or_default(),
            false => Vec::new(),
        };
        let feed = hub.attach(Asking {
            plan: self.plan.clone(),
            endpoint: source.endpoint.clone(),
            from: position.clone(),
            log,
            tie: Tie { waits: self.waits.clone(), detached: self.detached.clone(), over: Arc::default() },
        })?;
        let mut framer = Framer::new(position, tracker, wanted, asks);
        framer.give(given(&known.history, position));
        framer.pass_over(Again::new(position, upto, seen));
        let me = self.me.clone();
        Follower::start(&self.id.to_string(), feed, framer, rereading, move || {
            // A full inbox holds a wake already.
            let _ = me.try_send(Input::Wake);
        })
    }
}
