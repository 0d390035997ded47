//! The sending side of a life: batches, state changes and commits, over whatever target the plan names.
//!
//! Guarantees: rows come before the state that covers them; whatever fails has taken its producer with it, so that
//! nothing can be committed after a failure.

use super::schemas::Schemas;
use crate::catalog::{ClusterFacts, SourceCatalog};
use crate::checkpoint::EndsRecord;
use crate::checkpoint::{
    DurablePosition, OwnerRecord, PosRecord, StateChange, StateKey, StateRecord, TaskState,
};
use crate::engine::Covered;
use crate::engine::commit::HEARTBEAT_MS;
use crate::failpoint;
use crate::format::Registered;
use crate::kafka::{Batch, TopicId, TopicName, TopicTable};
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;
use crate::plan::{TargetKind, TaskId, TaskPlan, TopicSettings, io as secrets};
use crate::precheck::topics;
use crate::route::WantedSchema;
use crate::run::context::Context;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::precheck::repartitioned;
use crate::run::registry;
use crate::run::state_dir::{Breadcrumb, StateDir};
use crate::run::tap::Taps;
use crate::target::io::{Sending, Sink, Surroundings, Target as Inner};
use crate::target::kafka::io::{Admin, NewTopic, Watch};
use crate::target::lines::AvroSchema;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

/// Longest wait for one answer of a target.
const PATIENCE: Duration = Duration::from_secs(30);

/// Shortest wait for an answer: a healthy cluster on a long way needs no more.
const LEAST_PATIENCE: Duration = Duration::from_secs(3);

/// Records of a batch before it goes to the producer.
const BATCH_RECORDS: usize = 512;

/// Bytes of a batch before it goes to the producer.
const BATCH_BYTES: usize = 256 << 10;

/// Bytes that may wait in a producer's queue: no loss of throughput against four times as much.
const QUEUE_BYTES: u64 = 64 << 20;

/// A target as prepared for one life, before ownership.
pub(super) struct Target {
    task: TaskId,
    inner: Inner,
    admin: Option<Admin>,
    schemas: Schemas,
}

/// A target that is ours.
pub(super) struct Output {
    task: TaskId,
    inner: Inner,
    admin: Option<Admin>,
    schemas: Schemas,
    cluster: String,
    state_topic: String,
    sink: State,
    topics: TopicTable,
    partitions: BTreeMap<TopicId, NonZeroU32>,
    batch: Batch,
    pending: Vec<StateChange>,
    beat: u64,
    /// Number of the last commit, as acknowledged.
    seq: u64,
    /// Topics written to since their ends were noted.
    written: BTreeSet<TopicId>,
    taps: Taps,
}

enum State {
    Idle(Sink),
    Open(Sending),
    /// Taken by a call that failed.
    Gone,
}

/// Longest wait for an answer before a task is ours: no longer than the task would wait in all, and short where a cluster
/// that is away is to be told at once.
fn patience(plan: &TaskPlan, context: &Context) -> Duration {
    let window =
        if context.require_live { Duration::ZERO } else { Duration::from_millis(plan.retry.window_ms) };
    window.clamp(LEAST_PATIENCE, PATIENCE)
}

impl Target {
    /// The target of a plan, its secrets found. Nothing is sent.
    pub(super) fn open(plan: &TaskPlan, context: &Context) -> Result<Target, Failure> {
        let password = match &plan.target.kind {
            TargetKind::Kafka(kafka) => match &kafka.sasl {
                Some(sasl) => Some(
                    secrets::find(&sasl.password, &context.project)
                        .map_err(|error| Failure::new(Class::Precheck, error.to_string()))?
                        .value,
                ),
                None => None,
            },
            TargetKind::Stdout | TargetKind::File { .. } => None,
        };
        let state_file = context.state.path().join(format!("{}.state", plan.id));
        let surroundings = Surroundings {
            password,
            project: &context.project,
            state_file: &state_file,
            queue_bytes: QUEUE_BYTES,
        };
        let inner = Inner::new(&plan.target, &plan.id, surroundings)?;
        let admin = match inner.kafka() {
            Some(kafka) => Some(Admin::open(&kafka.connection, patience(plan, context))?),
            None => None,
        };
        let schemas = Schemas::open(plan, context, patience(plan, context))?;
        Ok(Target { task: plan.id.clone(), inner, admin, schemas })
    }

    /// The cluster, with those of `topics` that exist; none for targets without one.
    pub(super) fn facts(&self, topics: &[TopicName]) -> Result<Option<ClusterFacts>, Failure> {
        let (Some(admin), Some(kafka)) = (&self.admin, self.inner.kafka()) else { return Ok(None) };
        Ok(Some(admin.facts(topics.iter().chain([&kafka.settings.state_topic]))?))
    }

    /// What stands between a plan and the registry of its target. One that is away is waited for when a new schema needs it:
    /// what is known goes on without.
    pub(super) fn registry_findings(&self, plan: &TaskPlan, catalog: &SourceCatalog) -> registry::Answered {
        let wanted = registry::wanted(plan, catalog);
        match self.schemas.registry() {
            Some(registry) if !wanted.is_empty() => registry::ask(registry, &wanted),
            Some(_) | None => registry::Answered { findings: Vec::new(), is_away: false },
        }
    }

    /// Makes the data topics of the tables that are there, and the state topic.
    pub(super) fn make_topics(
        &self,
        plan: &TaskPlan,
        catalog: &SourceCatalog,
        facts: Option<&ClusterFacts>,
    ) -> Result<(), Failure> {
        let (Some(admin), Some(facts)) = (&self.admin, facts) else {
            return Ok(());
        };
        let missing: Vec<NewTopic> = topics(plan, catalog)
            .into_iter()
            .filter(|(name, settings)| settings.create && !facts.topics.contains_key(name.as_str()))
            .map(|(name, settings)| NewTopic::data(name, &settings))
            .collect();
        admin.create_topics(&missing)?;
        for topic in &missing {
            Event::info(Name::TopicCreated, format!("topic {} created", topic.name)).task(&self.task).emit();
        }
        self.make_state_topic(facts)
    }

    /// Makes the state topic alone, and its settings right.
    pub(super) fn make_state_topic(&self, facts: &ClusterFacts) -> Result<(), Failure> {
        if let (Some(admin), Some(kafka)) = (&self.admin, self.inner.kafka()) {
            admin.ensure_state_topic(&kafka.settings.state_topic, &kafka.state, facts)?;
        }
        Ok(())
    }

    /// Whether there is anything that state could have been stored in.
    pub(super) fn has_state(&self) -> Result<bool, Failure> {
        let (Some(admin), Some(kafka)) = (&self.admin, self.inner.kafka()) else { return Ok(true) };
        Ok(admin.partitions(&kafka.settings.state_topic)?.is_some())
    }

    /// The committed state as far as it can be seen, and with it who owns the task. A transaction that its dead owner left
    /// open hides the rest until our own producer ends it.
    pub(super) fn peek_state(&self) -> Result<TaskState, Failure> {
        Ok(self.inner.visible_state(PATIENCE)?)
    }

    /// Watches what is written to the state topic, committed or not, until `over`. True when `alive` recognises an owner.
    pub(super) fn watch_owner(
        &self,
        alive: impl Fn(&OwnerRecord) -> bool,
        over: impl Fn() -> bool,
    ) -> Result<bool, Failure> {
        let Some(kafka) = self.inner.kafka() else { return Ok(false) };
        let watch = Watch::open(&kafka.connection, &kafka.settings.state_topic, None, PATIENCE)?;
        while !over() {
            let Some(record) = watch.next(Duration::from_millis(200))? else { continue };
            let (Some(StateKey::Owner), Some(value)) = (StateKey::decode(&record.key), record.value) else {
                continue;
            };
            if let Ok(StateRecord::Owner(owner)) = StateRecord::decode(StateKey::Owner, &value)
                && alive(&owner)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Opens the target for sending; with transactions this fences whoever sent before.
    pub(super) fn take(mut self, facts: Option<&ClusterFacts>, taps: Taps) -> Result<Output, Failure> {
        if let Some(facts) = facts {
            self.inner.fit(facts);
        }
        let sink = self.inner.open(PATIENCE)?;
        let state_topic =
            self.inner.kafka().map(|kafka| kafka.settings.state_topic.to_string()).unwrap_or_default();
        Ok(Output {
            task: self.task,
            inner: self.inner,
            admin: self.admin,
            schemas: self.schemas,
            cluster: facts.map(|facts| facts.cluster_id.clone()).unwrap_or_default(),
            state_topic,
            sink: State::Idle(sink),
            topics: TopicTable::new(),
            partitions: BTreeMap::new(),
            batch: Batch::new(),
            pending: Vec::new(),
            beat: 0,
            seq: 0,
            written: BTreeSet::new(),
            taps,
        })
    }
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
        self.seq = state.pos.as_ref().map_or(0, |pos| pos.seq);
        self.beat = state.owner.as_ref().map_or(0, |owner| owner.beat);
        Ok(state)
    }

    /// A data topic and its number of partitions, made if it is missing and may be made.
    pub(super) fn topic(
        &mut self,
        name: &TopicName,
        settings: &TopicSettings,
    ) -> Result<(TopicId, NonZeroU32), Failure> {
        let id = self.topics.intern(name);
        if let Some(&partitions) = self.partitions.get(&id) {
            return Ok((id, partitions));
        }
        let partitions = match &self.admin {
            Some(admin) => {
                let mut partitions = admin.partitions(name)?;
                if partitions.is_none() && settings.create {
                    admin.create_topics(&[NewTopic::data(name.clone(), settings)])?;
                    Event::info(Name::TopicCreated, format!("topic {name} created")).task(&self.task).emit();
                    partitions = admin.partitions(name)?;
                }
                partitions
            }
            None => Some(settings.partitions.and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN)),
        };
        let Some(partitions) = partitions else {
            return Err(Failure::new(
                Class::Precheck,
                format!("L0204 topic-missing: topic {name} does not exist, and `create never` is set"),
            ));
        };
        self.partitions.insert(id, partitions);
        Ok((id, partitions))
    }

    /// A topic, if it exists: its number of partitions, and whether it takes no record without a key.
    pub(super) fn existing(
        &mut self,
        name: &TopicName,
    ) -> Result<Option<(TopicId, NonZeroU32, bool)>, Failure> {
        let Some(admin) = &self.admin else { return Ok(None) };
        let facts = admin.facts([name])?;
        let Some(topic) = facts.topics.get(name.as_str()) else { return Ok(None) };
        let compacted = topic.config.get("cleanup.policy").is_some_and(|policy| policy.contains("compact"));
        let Some(partitions) = NonZeroU32::new(topic.partitions) else { return Ok(None) };
        Ok(Some((self.topics.intern(name), partitions, compacted)))
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
        let (registered, stored) = self.schemas.numbers(table, wanted, flavor)?;
        self.pending.extend(stored.into_iter().map(StateChange::put));
        Ok(registered)
    }

    /// Values of a topic are of this schema, for a target that shows them.
    pub(super) fn decode(&mut self, topic: &TopicName, schema: Option<&str>) -> Result<(), Failure> {
        let lines = match &mut self.sink {
            State::Idle(Sink::Lines(lines)) | State::Open(Sending::Lines(lines)) => lines,
            State::Idle(Sink::Transactional(_) | Sink::AtLeastOnce(_))
            | State::Open(Sending::Transactional(_) | Sending::AtLeastOnce(_))
            | State::Gone => return Ok(()),
        };
        if let Some(schema) = schema {
            let schema = AvroSchema::parse(schema);
            lines.show(topic, schema.map_err(|error| Failure::new(Class::Bug, error.to_string()))?);
        }
        Ok(())
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
        if self.batch.is_empty() {
            return Ok(());
        }
        self.begin()?;
        self.written.extend(self.batch.records().map(|record| record.topic));
        if self.taps.any() {
            self.taps.show(&self.task, None, &self.topics, self.batch.records());
        }
        if let State::Open(sending) = &mut self.sink
            && let Err(failure) = sending.produce(&self.topics, &self.batch)
        {
            self.sink = State::Gone;
            return Err(failure.into());
        }
        self.batch.clear();
        Ok(())
    }

    /// Notes how far the topics reach that were written to, for the next commit: a topic that ends before that later on
    /// was deleted, or lost records.
    pub(super) fn note_ends(&mut self) -> Result<(), Failure> {
        let Some(admin) = &self.admin else { return Ok(()) };
        for topic in std::mem::take(&mut self.written) {
            if let (Some(name), Some(partitions)) = (self.topics.name(topic), self.partitions.get(&topic)) {
                let ends = admin.end_offsets(name, partitions.get())?;
                self.pending.push(StateChange::put(StateRecord::Ends(name.to_string(), EndsRecord { ends })));
            }
        }
        Ok(())
    }

    /// Holds the data topics against the ends that were noted.
    pub(super) fn ends_held<'e>(
        &self,
        noted: impl IntoIterator<Item = (&'e String, &'e EndsRecord)>,
    ) -> Result<(), Failure> {
        let Some(admin) = &self.admin else { return Ok(()) };
        for (topic, record) in noted {
            let Ok(name) = TopicName::new(topic.clone()) else { continue };
            let lost = |what: &str| {
                Failure::new(
                    Class::State,
                    format!(
                        "topic {topic} {what}: what was sent to it is gone. Load it anew under another name, or accept \
                         the loss with --accept-state-loss"
                    ),
                )
            };
            if admin.partitions(&name)?.is_none() {
                return Err(lost("does not exist any more"));
            }
            let partitions =
                record.ends.iter().map(|(partition, _)| *partition as u32 + 1).max().unwrap_or(0);
            let now: BTreeMap<i32, i64> = admin.end_offsets(&name, partitions)?.into_iter().collect();
            for (partition, end) in &record.ends {
                if now.get(partition).is_none_or(|now| now < end) {
                    return Err(lost(
                        "ends before what was acknowledged (deleted and made again, or a lost leader)",
                    ));
                }
            }
        }
        Ok(())
    }

    /// Holds the numbers of partitions of topics against those that were recorded.
    pub(super) fn partitions_held<'e>(
        &self,
        recorded: impl IntoIterator<Item = (&'e str, u32)>,
    ) -> Result<(), Failure> {
        let Some(admin) = &self.admin else { return Ok(()) };
        for (topic, recorded) in recorded.into_iter().collect::<BTreeSet<_>>() {
            let Ok(name) = TopicName::new(topic) else { continue };
            if let Some(now) = admin.partitions(&name)?
                && let Some(failure) = repartitioned(topic, now.get(), recorded)
            {
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Keeps a record for the next commit.
    pub(super) fn store(&mut self, record: StateRecord) {
        self.pending.push(StateChange::put(record));
    }

    /// Removes a record with the next commit.
    pub(super) fn remove(&mut self, key: StateKey) {
        self.pending.push(StateChange::Remove(key));
    }

    /// Says who we are; `release` gives the task up.
    pub(super) fn stage_owner(&mut self, release: bool, context: &Context) -> Result<(), Failure> {
        self.beat += 1;
        let owner = OwnerRecord {
            incarnation: context.incarnation.clone(),
            instance: context.state.instance().to_owned(),
            host: context.host.clone(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: context.started_s,
            beat: self.beat,
            interval_ms: HEARTBEAT_MS,
            released: release,
        };
        self.begin()?;
        self.stage(&StateChange::put(StateRecord::Owner(owner)))
    }

    /// Commits everything handed over so far with the position that covers it.
    pub(super) fn commit(&mut self, covered: Covered, context: &Context) -> Result<DurablePosition, Failure> {
        self.flush()?;
        self.begin()?;
        for change in std::mem::take(&mut self.pending) {
            self.stage(&change)?;
        }
        let State::Open(sending) = std::mem::replace(&mut self.sink, State::Gone) else {
            return Err(gone());
        };
        let sent = sending.commit(covered)?;
        self.seq = sent.durable.record().seq;
        self.sink = State::Idle(match sent.sink {
            Some(sink) => sink,
            None => self.replace_producer(context)?,
        });
        Ok(sent.durable)
    }

    /// A new producer after a commit during which the coordinator was in trouble; what was committed stands.
    fn replace_producer(&mut self, context: &Context) -> Result<Sink, Failure> {
        let sink = self.inner.open(PATIENCE)?;
        failpoint::hit("recover.reinit");
        let state = self.inner.load_state(PATIENCE)?;
        let ours = state.owner.as_ref().is_none_or(|owner| owner.instance == context.state.instance());
        if !ours {
            return Err(Failure::new(Class::OwnerLost, "another instance took the task over"));
        }
        if state.pos.as_ref().map_or(0, |pos| pos.seq) != self.seq {
            return Err(Failure::new(Class::Request, "the last commit is not in the state topic"));
        }
        Event::info(Name::KafkaProducerReplaced, "the coordinator's connection broke around a commit")
            .task(&self.task)
            .emit();
        Ok(sink)
    }

    /// This target, if nothing of it is on its way: the failure was elsewhere, and it may be used on.
    pub(super) fn at_rest(self) -> Option<Output> {
        (self.is_idle() && self.pending.is_empty()).then_some(self)
    }

    /// Stores what waits to be stored, with the position as it is. Nothing but state may be on its way.
    pub(super) fn store_now(&mut self, context: &Context) -> Result<(), Failure> {
        self.stage_pending()?;
        self.say(false, context)
    }

    /// The same, and gives the task up.
    pub(super) fn store_and_release(&mut self, context: &Context) -> Result<(), Failure> {
        self.stage_pending()?;
        self.say(true, context)
    }

    fn stage_pending(&mut self) -> Result<(), Failure> {
        self.begin()?;
        for change in std::mem::take(&mut self.pending) {
            self.stage(&change)?;
        }
        Ok(())
    }

    /// Says that we live, while nothing else can be done.
    pub(super) fn beat(&mut self, context: &Context) -> Result<(), Failure> {
        self.say(false, context)
    }

    /// Gives the task up.
    pub(super) fn release(&mut self, context: &Context) -> Result<(), Failure> {
        self.say(true, context)
    }

    fn say(&mut self, release: bool, context: &Context) -> Result<(), Failure> {
        self.stage_owner(release, context)?;
        let State::Open(sending) = std::mem::replace(&mut self.sink, State::Gone) else {
            return Err(gone());
        };
        self.sink = State::Idle(match sending.commit_state()? {
            Some(sink) => sink,
            None => self.replace_producer(context)?,
        });
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
        if let Err(failure) = sending.stage(change) {
            self.sink = State::Gone;
            return Err(failure.into());
        }
        Ok(())
    }
}

fn gone() -> Failure {
    Failure::new(Class::Bug, "a producer was used after it had failed")
}
