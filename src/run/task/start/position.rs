//! The committed position: that it is ours, that nothing of it was lost, and that the log goes on from there.

use crate::checkpoint::{Fingerprint, TaskState};
use crate::mysql::position::Position;
use crate::run::failure::{Class, Failure};
use crate::run::precheck;
use crate::run::task::Task;
use crate::run::task::again::stream_from;
use crate::run::task::output::{Output, Target};
use crate::run::task::source::{Refused, Source};
use crate::run::task::verdict::naming_prepared;
use crate::source::mysql::io::{self as source, ChunkReader};
use crate::source::mysql::requirement::moved_to;
use std::collections::HashSet;

impl Task {
    /// Where the stream begins: the committed position; none on a first start.
    pub(super) fn committed_position(
        &mut self,
        source: &mut Source,
        output: &Output,
        state: &TaskState,
    ) -> Result<Option<Position>, Failure> {
        let crumb = self.context.state.breadcrumb(&self.id.to_string());
        let seq = state.pos.as_ref().map_or(0, |pos| pos.seq);
        if let Some(committed) = self.committed
            && seq < committed
        {
            return Err(Failure::new(
                Class::State,
                format!(
                    "the state of task {} was lost while it ran: commit {committed} of topic {} was acknowledged, {seq} is \
                     there. Restore the topic, or begin anew with --accept-state-loss",
                    self.id,
                    output.state_topic()
                ),
            ));
        }
        if let Some(crumb) = crumb
            && seq < crumb.seq
            && !self.accepts_loss()
        {
            return Err(Failure::new(
                Class::State,
                format!(
                    "the state of task {} is gone or older than it was: commit {} of topic {} was seen, {seq} is there. \
                     Is this the right cluster? --accept-state-loss begins anew",
                    self.id, crumb.seq, crumb.topic
                ),
            ));
        }
        let Some(pos) = &state.pos else { return Ok(None) };
        let fingerprint = Fingerprint { task: self.id.to_string(), cluster: output.cluster().to_owned() };
        if let Some(foreign) = precheck::foreign(output.state_topic(), &pos.fingerprint, &fingerprint) {
            return Err(foreign);
        }
        if self.lost {
            return Ok(Some(pos.position.clone()));
        }
        self.position = Some(pos.position.clone());
        let named = |refused: Refused| naming_prepared(refused.into(), &state.prepared);
        self.judge(source, &pos.position, pos.mid.as_ref(), state.snaps.keys()).map_err(named)?;
        let position = moved_to(&source.catalog.server, &pos.position);
        let from = stream_from(&pos.position, state.prepared.values(), Position::clone);
        if from != pos.position {
            // What was prepared on another server than that of the position, which was judged just now, has no place on this one.
            let from = match pos.position.server.same_log(&source.catalog.server.identity) {
                true => moved_to(&source.catalog.server, &from),
                false => from,
            };
            self.judge(source, &from, None, state.snaps.keys()).map_err(named)?;
        }
        if !self.context.accept_state_loss {
            // A topic that no table uses any more may be gone.
            let used: HashSet<&str> = state
                .tables
                .iter()
                .filter(|(name, _)| self.plan.selects(&name.db, &name.table))
                .map(|(_, record)| record.topic.as_str())
                .collect();
            output.ends_held(state.ends.iter().filter(|(topic, _)| used.contains(topic.as_str())))?;
        }
        Ok(Some(position))
    }

    /// Remembers what an earlier process has stored, as far as it can be seen: by it a server is chosen.
    pub(super) fn recall(&mut self, target: &Target) -> Result<(), Failure> {
        if !target.has_state()? {
            return Ok(());
        }
        let state = target.peek_state()?;
        self.carry(state.snaps.keys());
        if let Some(pos) = state.pos {
            self.position = Some(pos.position);
            self.cut = pos.mid;
        }
        Ok(())
    }

    /// Looks at the tables again, now that all before `position` is visible. A plan that is new may load tables; one that
    /// got its name and rows before this position must not be taken for one that comes later.
    pub(super) fn look_again(&self, source: &mut Source, position: &Position) -> Result<(), Failure> {
        let mut chunks = ChunkReader::open(&source.endpoint, &position.server)?
            .beats(&source.endpoint, self.plan.source.beat_table().as_ref());
        chunks.wait_for(position)?;
        chunks.quit();
        source.catalog.tables =
            source::tables(&mut source.session, |db, table| self.plan.selects(db, table))?;
        Ok(())
    }
}
