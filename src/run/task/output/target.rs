//! A target before it is ours: what is asked of it, and what is made there.

use super::{Output, PATIENCE, State, Who, topics};
use crate::catalog::{ClusterFacts, SourceCatalog};
use crate::checkpoint::{OwnerRecord, StateKey, StateRecord, TaskState};
use crate::control::TaskStatus;
use crate::kafka::{Batch, TopicName, TopicTable};
use crate::plan::{TargetKind, TaskId, TaskPlan, io as secrets};
use crate::precheck;
use crate::run::context::Context;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::registry;
use crate::run::tap::Taps;
use crate::run::task::schemas::Schemas;
use crate::target::io::{Surroundings, Target as Inner};
use crate::target::kafka::io::{Admin, NewTopic, Watch};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Shortest wait for an answer: a healthy cluster on a long way needs no more.
const LEAST_PATIENCE: Duration = Duration::from_secs(3);

/// Bytes that may wait in a producer's queue: as much as a fast broker takes while a batch of each partition is on its way. A
/// commit holds more than that; what waits is sent while the rest of it is written.
const QUEUE_BYTES: u64 = 32 << 20;

/// A target as prepared for one life, before ownership.
pub(in crate::run::task) struct Target {
    task: TaskId,
    who: Who,
    inner: Inner,
    admin: Option<Admin>,
    schemas: Schemas,
}

/// Longest wait for an answer before a task is ours: no longer than the task would wait in all, and short where a cluster
/// that is away is to be told at once.
fn patience(plan: &TaskPlan, context: &Context) -> Duration {
    let window = if context.require_live {
        Duration::ZERO
    } else {
        Duration::from_millis(plan.target_retry().window_ms)
    };
    window.clamp(LEAST_PATIENCE, PATIENCE)
}

impl Target {
    /// The target of a plan, its secrets found. Nothing is sent.
    pub(in crate::run::task) fn open(plan: &TaskPlan, context: &Context) -> Result<Target, Failure> {
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
        Ok(Target { task: plan.id.clone(), who: Who::of(context), inner, admin, schemas })
    }

    /// The cluster, with those of `topics` that exist; none for targets without one.
    pub(in crate::run::task) fn facts(&self, topics: &[TopicName]) -> Result<Option<ClusterFacts>, Failure> {
        let (Some(admin), Some(kafka)) = (&self.admin, self.inner.kafka()) else { return Ok(None) };
        let mut facts = admin.facts(topics.iter().chain([&kafka.settings.state_topic]))?;
        // Later on what is there is ours; that it stays so is asked by `check --live`.
        if !facts.topics.contains_key(kafka.settings.state_topic.as_str()) {
            admin.look_at_last(&mut facts, |_| false);
        }
        Ok(Some(facts))
    }

    /// What stands between a plan and the registry of its target. One that is away is waited for when a new schema needs it:
    /// what is known goes on without.
    pub(in crate::run::task) fn registry_findings(
        &self,
        plan: &TaskPlan,
        catalog: &SourceCatalog,
    ) -> registry::Answered {
        let wanted = registry::wanted(plan, catalog);
        match self.schemas.registry() {
            Some(registry) if !wanted.is_empty() => registry::ask(registry, &wanted),
            Some(_) | None => registry::Answered { findings: Vec::new(), is_away: false },
        }
    }

    /// Makes the data topics of the tables that are there, unless each is made with its first row, and the state topic.
    pub(in crate::run::task) fn make_topics(
        &self,
        plan: &TaskPlan,
        catalog: &SourceCatalog,
        facts: Option<&ClusterFacts>,
    ) -> Result<(), Failure> {
        let (Some(admin), Some(facts)) = (&self.admin, facts) else {
            return Ok(());
        };
        let missing: Vec<NewTopic> = precheck::topics(plan, catalog)
            .into_iter()
            .filter(|_| plan.start.makes_ahead())
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
    pub(in crate::run::task) fn make_state_topic(&self, facts: &ClusterFacts) -> Result<(), Failure> {
        if let (Some(admin), Some(kafka)) = (&self.admin, self.inner.kafka()) {
            admin.ensure_state_topic(&kafka.settings.state_topic, &kafka.state, facts)?;
        }
        Ok(())
    }

    /// Whether there is anything that state could have been stored in.
    pub(in crate::run::task) fn has_state(&self) -> Result<bool, Failure> {
        let (Some(admin), Some(kafka)) = (&self.admin, self.inner.kafka()) else { return Ok(true) };
        Ok(admin.partitions(&kafka.settings.state_topic)?.is_some())
    }

    /// The committed state as far as it can be seen, and with it who owns the task. A transaction that its dead owner left
    /// open hides the rest until our own producer ends it.
    pub(in crate::run::task) fn peek_state(&self) -> Result<TaskState, Failure> {
        Ok(self.inner.visible_state(PATIENCE)?)
    }

    /// Watches the owner records that are written to the state topic, committed or not, until `over` or until `tell` makes
    /// something of one.
    pub(in crate::run::task) fn watch_owner<T>(
        &self,
        tell: impl Fn(&OwnerRecord) -> Option<T>,
        over: impl Fn() -> bool,
    ) -> Result<Option<T>, Failure> {
        let Some(kafka) = self.inner.kafka() else { return Ok(None) };
        let watch = Watch::open(&kafka.connection, &kafka.settings.state_topic, None, PATIENCE)?;
        // Last words may have come before the watch began, behind the look at the state that led here.
        if let Some(owner) = self.peek_state()?.owner.filter(|owner| owner.released)
            && let Some(told) = tell(&owner)
        {
            return Ok(Some(told));
        }
        while !over() {
            let Some(record) = watch.next(Duration::from_millis(200))? else { continue };
            let (Some(StateKey::Owner), Some(value)) = (StateKey::decode(&record.key), record.value) else {
                continue;
            };
            if let Ok(StateRecord::Owner(owner)) = StateRecord::decode(StateKey::Owner, &value)
                && let Some(told) = tell(&owner)
            {
                return Ok(Some(told));
            }
        }
        Ok(None)
    }

    /// Opens the target for sending; with transactions this fences whoever sent before. Messages are shown to `taps`, and what the
    /// target is waited for is told in `status`.
    pub(in crate::run::task) fn take(
        mut self,
        facts: Option<&ClusterFacts>,
        taps: Taps,
        status: Arc<Mutex<TaskStatus>>,
    ) -> Result<Output, Failure> {
        if let Some(facts) = facts {
            self.inner.fit(facts);
        }
        let sink = self.inner.open(PATIENCE)?;
        Ok(self.sending(State::Idle(sink), facts, taps, status))
    }

    /// The target with what was opened of it.
    fn sending(
        self,
        sink: State,
        facts: Option<&ClusterFacts>,
        taps: Taps,
        status: Arc<Mutex<TaskStatus>>,
    ) -> Output {
        let state_topic =
            self.inner.kafka().map(|kafka| kafka.settings.state_topic.to_string()).unwrap_or_default();
        Output {
            task: self.task,
            who: self.who,
            inner: self.inner,
            admin: self.admin,
            schemas: self.schemas,
            cluster: facts.map(|facts| facts.cluster_id.clone()).unwrap_or_default(),
            state_topic,
            sink,
            topics: TopicTable::new(),
            partitions: BTreeMap::new(),
            limits: facts.map(topics::limits).unwrap_or_default(),
            batch: Batch::new(),
            pending: Vec::new(),
            beat: 0,
            seq: 0,
            released: false,
            written: BTreeSet::new(),
            ends: BTreeMap::new(),
            taps,
            status,
        }
    }
}

impl Output {
    /// Goes on under another plan, for which `target` was opened. The producer stays; how long cluster and registry are waited for
    /// is as that plan says, and topics are as the cluster says now: it may send to others.
    pub(in crate::run::task) fn take_up(&mut self, target: Target, facts: Option<&ClusterFacts>) {
        (self.admin, self.schemas) = (target.admin, target.schemas);
        if let Some(facts) = facts {
            self.inner.fit(facts);
            self.limits = topics::limits(facts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::compile_files;
    use crate::run::state_dir::StateDir;
    use crate::target::registry::io::Registry;
    use crate::text::FileSet;

    /// The plan of a task that waits so long for its target.
    fn plan(retry: &str) -> TaskPlan {
        let mut files = FileSet::new();
        let text = format!(
            "edition 2026\n\nsource shop mysql \"u@db\" {{\n  password env P\n}}\n\ntarget bus kafka \"localhost\" {{\n  \
             retry for {retry}\n  registry \"http://localhost:1\"\n}}\n\npipeline p from shop to bus {{\n  \
             include shop.*\n  topic \"{{table}}\"\n  format avro\n}}\n"
        );
        files.add("a.sync", text);
        let compiled = compile_files(&files);
        let (plan, _) = compiled.plan.unwrap_or_else(|| panic!("{:?}", compiled.findings));
        plan.tasks[0].clone()
    }

    #[test]
    fn an_edit_of_retry_counts_for_a_target_that_is_kept() {
        let dir = tempfile::tempdir().expect("a directory");
        let state = StateDir::open(&dir.path().join("state")).expect("nobody else has it");
        let context = Context::new(dir.path().to_owned(), state);
        let opened = |retry| Target::open(&plan(retry), &context).expect("nothing is sent");
        let patience = |output: &Output| {
            let of_cluster = output.admin.as_ref().map(Admin::patience);
            (of_cluster, output.schemas.registry().and_then(Registry::patience))
        };
        let mut output = opened("1s").sending(State::Gone, None, Taps::default(), Arc::default());
        assert_eq!(patience(&output), (Some(LEAST_PATIENCE), Some(LEAST_PATIENCE)));
        output.take_up(opened("1h"), None);
        assert_eq!(patience(&output), (Some(PATIENCE), Some(PATIENCE)));
    }
}
