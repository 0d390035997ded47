//! The sending side of a life: batches, state changes and commits, over whatever target the plan names.
//!
//! Guarantees: rows come before the state that covers them; whatever fails has taken its producer with it, so that
//! nothing can be committed after a failure.

mod target;
mod topics;

pub(super) use target::Target;
pub(super) use topics::not_gone;

use super::schemas::{Answers, Schemas};
use super::vigil::speaking_meanwhile;
use crate::checkpoint::{
    DurablePosition, EndsRecord, OwnerRecord, PosRecord, StateChange, StateKey, StateRecord, TaskState,
};
use crate::control::TaskStatus;
use crate::diagnostic::Diagnostic;
use crate::engine::Covered;
use crate::engine::commit::HEARTBEAT_MS;
use crate::engine::owner::is_twin;
use crate::failpoint::{self, Bug, planted};
use crate::format::Registered;
use crate::kafka::{Batch, TopicId, TopicName, TopicTable};
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;
use crate::plan::{TaskId, TaskPlan};
use crate::precheck;
use crate::route::WantedSchema;
use crate::run::context::Context;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::state_dir::{Breadcrumb, StateDir};
use crate::run::tap::Taps;
use crate::target::io::{Sending, Sink, Target as Inner};
use crate::target::kafka::io::Admin;
use crate::target::lines::AvroSchema;
use crate::target::lines::io::LineSink;
use crate::target::registry::Role;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longest wait for one answer of a target.
const PATIENCE: Duration = Duration::from_secs(30);

/// Records of a batch before it goes to the producer.
const BATCH_RECORDS: usize = 512;

/// Bytes of a batch before it goes to the producer.
const BATCH_BYTES: usize = 256 << 10;

/// Longest wait for a target that answered until now.
const SOON: Duration = Duration::from_secs(5);

/// Why a producer is replaced after a commit during which the coordinator was in trouble.
const BROKE: &str = "the coordinator's connection broke around a commit";

/// A target that is ours.
pub(super) struct Output {
    task: TaskId,
    who: Who,
    inner: Inner,
    admin: Option<Admin>,
    schemas: Schemas,
    cluster: String,
    state_topic: String,
    sink: State,
    topics: TopicTable,
    partitions: BTreeMap<TopicId, NonZeroU32>,
    /// Bytes that topics take in one batch of records, as the cluster said; without those it does not say it of.
    limits: BTreeMap<String, u64>,
    batch: Batch,
    pending: Vec<StateChange>,
    beat: u64,
    /// Number of the last commit, as acknowledged.
    seq: u64,
    /// What was said last is that the task is given up: another may have it as soon as that is committed.
    released: bool,
    /// Topics written to since their ends were noted.
    written: BTreeSet<TopicId>,
    /// How far topics reached when that was noted last.
    ends: BTreeMap<String, EndsRecord>,
    taps: Taps,
    /// What the task does, as `status` shows it.
    status: Arc<Mutex<TaskStatus>>,
}

enum State {
    Idle(Sink),
    Open(Sending),
    /// Taken by a call that failed.
    Gone,
}

impl Output {
    /// Name of the state topic; empty for targets without one.
    pub(super) fn state_topic(&self) -> &str {
        &self.state_topic
    }

    /// Id of the cluster; empty for targets without one.
    pub(super) fn cluster(&self) -> &str {
        &self.cluster
    }

    /// The committed state, which nobody else can change any more.
    pub(super) fn read_state(&mut self) -> Result<TaskState, Failure> {
        let state = self.inner.load_state(PATIENCE)?;
        self.schemas.recall(&state);
        self.ends.clone_from(&state.ends);
        self.seq = state.pos.as_ref().map_or(0, |pos| pos.seq);
        self.beat = state.owner.as_ref().map_or(0, |owner| owner.beat);
        Ok(state)
    }

    /// Shows those who watch this table what was added to the batch for it since `first`.
    pub(super) fn show(&self, table: &TableName, first: usize) {
        if self.taps.any() {
            self.taps.show(&self.task, Some(table), &self.topics, self.batch.records().skip(first));
        }
    }

    /// The numbers of the schemas of a table, which are registered if they are new.
    pub(super) fn schemas(
        &mut self,
        table: &TableName,
        wanted: &[WantedSchema],
        flavor: Flavor,
    ) -> Result<Registered, Failure> {
        let (registered, stored) = if self.schemas.asks_for(wanted) {
            // Which may take long, in the middle of a transaction.
            let mut schemas = std::mem::replace(&mut self.schemas, Schemas::none(self.task.clone()));
            let asked =
                speaking_meanwhile(|| schemas.numbers(table, wanted, flavor), || self.speak_between());
            self.schemas = schemas;
            asked??
        } else {
            self.schemas.numbers(table, wanted, flavor)?
        };
        if let Some(lines) = self.lines() {
            for one in wanted {
                let number = match one.role {
                    Role::Key => registered.key,
                    Role::Value => registered.value,
                };
                if let Some(number) = number {
                    lines.show_number(number, parsed(&one.schema.text)?);
                }
            }
        }
        self.pending.extend(stored.into_iter().map(StateChange::put));
        Ok(registered)
    }

    /// What the registry has said since the last call.
    pub(super) fn take_answers(&mut self) -> Answers {
        self.schemas.take_answers()
    }

    /// How long brokers have held back what is sent, if they did since the last call, with how that is told.
    pub(super) fn take_throttled(&self, plan: &TaskPlan) -> Option<Diagnostic> {
        let kafka = self.inner.kafka()?;
        let ms = kafka.connection.take_throttled_ms()?;
        let found = precheck::quota(plan, kafka.connection.client_id(), ms);
        precheck::answered(plan, found.into_iter().collect()).pop()
    }

    /// Values of a topic are of this schema, for a target that shows them.
    pub(super) fn decode(&mut self, topic: &TopicName, schema: Option<&str>) -> Result<(), Failure> {
        if let (Some(schema), Some(lines)) = (schema, self.lines()) {
            lines.show(topic, parsed(schema)?);
        }
        Ok(())
    }

    /// The lines that are written, where the target is lines.
    fn lines(&mut self) -> Option<&mut LineSink> {
        match &mut self.sink {
            State::Idle(Sink::Lines(lines)) | State::Open(Sending::Lines(lines)) => Some(lines),
            State::Idle(Sink::Transactional(_) | Sink::AtLeastOnce(_))
            | State::Open(Sending::Transactional(_) | Sending::AtLeastOnce(_))
            | State::Gone => None,
        }
    }

    /// The batch that routes append to.
    pub(super) fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// True while records or state are on their way.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.sink, State::Open(_))
    }

    /// True while no row is on its way.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.sink, State::Idle(_)) && self.batch.is_empty()
    }

    /// Hands the batch to the producer when it is large enough.
    pub(super) fn flush_if_full(&mut self) -> Result<(), Failure> {
        if self.batch.len() >= BATCH_RECORDS || self.batch.bytes() >= BATCH_BYTES {
            return self.flush();
        }
        Ok(())
    }

    /// Hands the batch to the producer.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        if planted(Bug::PositionFirst) {
            return Ok(());
        }
        self.hand_over()
    }

    fn hand_over(&mut self) -> Result<(), Failure> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.begin()?;
        self.written.extend(self.batch.records().map(|record| record.topic));
        if self.taps.any() {
            self.taps.show(&self.task, None, &self.topics, self.batch.records());
        }
        if let State::Open(sending) = &mut self.sink {
            let sent = told(&self.status, || sending.produce(&self.topics, &self.batch));
            if let Err(failure) = sent {
                self.sink = State::Gone;
                return Err(failure.into());
            }
        }
        self.batch.clear();
        Ok(())
    }

    /// Keeps a record for the next commit.
    pub(super) fn store(&mut self, record: StateRecord) {
        self.pending.push(StateChange::put(record));
    }

    /// Keeps changes for the next commit.
    pub(super) fn change(&mut self, changes: Vec<StateChange>) {
        self.pending.extend(changes);
    }

    /// Removes a record with the next commit.
    pub(super) fn remove(&mut self, key: StateKey) {
        self.pending.push(StateChange::Remove(key));
    }

    /// Says who we are; `release` gives the task up.
    pub(super) fn stage_owner(&mut self, release: bool) -> Result<(), Failure> {
        self.beat += 1;
        self.released = release;
        let owner = self.who.says(self.beat, release);
        self.begin()?;
        self.stage(&owner)
    }

    /// Commits everything handed over so far with the position that covers it.
    pub(super) fn commit(&mut self, covered: Covered) -> Result<DurablePosition, Failure> {
        self.flush()?;
        self.begin()?;
        for change in std::mem::take(&mut self.pending) {
            self.stage(&change)?;
        }
        let State::Open(sending) = std::mem::replace(&mut self.sink, State::Gone) else {
            return Err(gone());
        };
        // Of who gives the task up the last word stands; without transactions it goes last, and until then we are seen to live.
        let speaks = !self.released || matches!(sending, Sending::AtLeastOnce(_));
        let (beat, who) = (&mut self.beat, &self.who);
        let mut alive = || {
            speaks.then(|| {
                *beat += 1;
                who.says(*beat, false)
            })
        };
        let sent = sending.commit(covered, &mut alive)?;
        self.seq = sent.durable.record().seq;
        self.rest(sent.sink)?;
        if planted(Bug::PositionFirst) {
            self.hand_over()?;
        }
        Ok(sent.durable)
    }

    /// A new producer in the place of one at rest.
    pub(super) fn renew(&mut self, why: &str) -> Result<(), Failure> {
        if let State::Idle(_) = &self.sink {
            self.sink = State::Gone;
            self.sink = State::Idle(self.replace_producer(why, PATIENCE)?);
        }
        Ok(())
    }

    /// A new producer, for one that is not to be used any more; what was committed stands.
    fn replace_producer(&mut self, why: &str, patience: Duration) -> Result<Sink, Failure> {
        let sink = self.inner.open(patience)?;
        failpoint::hit("recover.reinit");
        let state = self.inner.load_state(patience)?;
        let ours = state.owner.as_ref().is_none_or(|owner| owner.instance == self.who.instance);
        if !ours {
            return Err(taken_over());
        }
        if state.pos.as_ref().map_or(0, |pos| pos.seq) != self.seq {
            return Err(Failure::new(Class::Request, "the last commit is not in the state topic"));
        }
        Event::info(Name::KafkaProducerReplaced, why).task(&self.task).emit();
        Ok(sink)
    }

    /// This target, if nothing of it is on its way: the failure was elsewhere, and it may be used on.
    pub(super) fn at_rest(self) -> Option<Output> {
        (self.is_idle() && self.pending.is_empty()).then_some(self)
    }

    /// The task whose rows it takes.
    pub(super) fn task(&self) -> &TaskId {
        &self.task
    }

    /// This target for the life that follows one which did not end at it: as it is, or with a new producer, by which what is on its
    /// way ends at once, for the reason `why`. None where it fails, too, or does not answer soon. `has_committed`: the task has
    /// been had by this process, whatever of our name comes behind it is another one.
    ///
    /// # Errors
    /// Another one has the task, or may have it: that counts more than any failure.
    pub(super) fn recovered(
        mut self,
        why: &'static str,
        has_committed: bool,
    ) -> Result<Option<Output>, Failure> {
        if self.is_idle() && self.pending.is_empty() {
            return Ok(Some(self));
        }
        if matches!(self.sink, State::Gone) {
            return Ok(None);
        }
        self.batch.clear();
        self.pending.clear();
        self.sink = State::Gone;
        // A new producer would stop whoever has taken the task meanwhile.
        let owner = self.inner.visible_state(SOON).ok().and_then(|state| state.owner);
        let Some(owner) = owner else { return Ok(None) };
        let is_twin = has_committed && is_twin(&owner, &self.who.instance, &self.who.incarnation);
        if owner.instance != self.who.instance || is_twin {
            return if owner.released { Ok(None) } else { Err(taken_over()) };
        }
        let renewed = self.replace_producer(why, SOON).and_then(|sink| {
            self.sink = State::Idle(sink);
            self.beat()
        });
        match renewed {
            Ok(()) => Ok(Some(self)),
            Err(failure) if matches!(failure.class, Class::Ownership | Class::OwnerLost) => Err(failure),
            Err(_) => Ok(None),
        }
    }

    /// This target without what waits to be stored, if nothing of it is on its way.
    pub(super) fn unstored(mut self) -> Option<Output> {
        self.pending.clear();
        self.at_rest()
    }

    /// Stores what waits to be stored, with the position as it is. Nothing but state may be on its way.
    pub(super) fn store_now(&mut self) -> Result<(), Failure> {
        self.stage_pending()?;
        self.say(false)
    }

    /// The same, and gives the task up.
    pub(super) fn store_and_release(&mut self) -> Result<(), Failure> {
        self.stage_pending()?;
        self.say(true)
    }

    fn stage_pending(&mut self) -> Result<(), Failure> {
        self.begin()?;
        for change in std::mem::take(&mut self.pending) {
            self.stage(&change)?;
        }
        Ok(())
    }

    /// Says that we live, while nothing else can be done.
    pub(super) fn beat(&mut self) -> Result<(), Failure> {
        self.say(false)
    }

    /// Says that we live in the middle of something.
    pub(super) fn speak_between(&mut self) -> Result<(), Failure> {
        if self.is_idle() {
            // A transaction of its own: one that stays open until something else ends would outlive its timeout.
            return self.beat();
        }
        self.stage_owner(false)
    }

    /// Gives the task up.
    pub(super) fn release(&mut self) -> Result<(), Failure> {
        self.say(true)
    }

    fn say(&mut self, release: bool) -> Result<(), Failure> {
        self.stage_owner(release)?;
        let State::Open(sending) = std::mem::replace(&mut self.sink, State::Gone) else {
            return Err(gone());
        };
        let sink = sending.commit_state()?;
        self.rest(sink)
    }

    /// After a commit that stands: with its producer, or with a new one. A new one would fence whoever has the task by now.
    fn rest(&mut self, sink: Option<Sink>) -> Result<(), Failure> {
        self.sink = match sink {
            Some(sink) => State::Idle(sink),
            None if self.released => State::Gone,
            None => State::Idle(self.replace_producer(BROKE, PATIENCE)?),
        };
        Ok(())
    }

    /// Leaves a breadcrumb of what was committed.
    pub(super) fn leave_breadcrumb(&self, dir: &StateDir, record: &PosRecord) -> std::io::Result<()> {
        let crumb = Breadcrumb {
            cluster: self.cluster.clone(),
            topic: self.state_topic.clone(),
            seq: record.seq,
            position: record.position.to_string(),
        };
        dir.leave(&self.task.to_string(), &crumb)
    }

    fn begin(&mut self) -> Result<(), Failure> {
        match std::mem::replace(&mut self.sink, State::Gone) {
            State::Idle(sink) => {
                self.sink = State::Open(sink.begin()?);
                failpoint::hit("txn.begun");
                Ok(())
            }
            State::Open(sending) => {
                self.sink = State::Open(sending);
                Ok(())
            }
            State::Gone => Err(gone()),
        }
    }

    fn stage(&mut self, change: &StateChange) -> Result<(), Failure> {
        let State::Open(sending) = &mut self.sink else { return Err(gone()) };
        if let Err(failure) = told(&self.status, || sending.stage(change)) {
            self.sink = State::Gone;
            return Err(failure.into());
        }
        Ok(())
    }
}

/// Tells what the target is waited for while it is handed something.
fn told<T>(status: &Mutex<TaskStatus>, hand_over: impl FnOnce() -> T) -> T {
    let waits_for = |what| {
        let mut status = status.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut status.waits_for, what)
    };
    let before = waits_for(Some("the target takes no more rows"));
    let handed = hand_over();
    waits_for(before);
    handed
}

/// Who we are, as the owner of a task.
struct Who {
    incarnation: String,
    instance: String,
    host: String,
    started_s: u64,
}

impl Who {
    fn of(context: &Context) -> Who {
        Who {
            incarnation: context.incarnation.clone(),
            instance: context.state.instance().to_owned(),
            host: context.host.clone(),
            started_s: context.started_s,
        }
    }

    /// Who we are, said for the so manieth time.
    fn says(&self, beat: u64, released: bool) -> StateChange {
        StateChange::put(StateRecord::Owner(OwnerRecord {
            incarnation: self.incarnation.clone(),
            instance: self.instance.clone(),
            host: self.host.clone(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: self.started_s,
            beat,
            interval_ms: HEARTBEAT_MS,
            released,
        }))
    }
}

fn taken_over() -> Failure {
    Failure::new(Class::OwnerLost, "another instance took the task over")
}

fn gone() -> Failure {
    Failure::new(Class::Bug, "a producer was used after it had failed")
}

fn parsed(schema: &str) -> Result<AvroSchema, Failure> {
    AvroSchema::parse(schema).map_err(|error| Failure::new(Class::Bug, error.to_string()))
}
