//! The ends of a task as a comparison sees them: its source, its cluster, its state.

use super::fold::{Fold, Place};
use super::topic::{Meta, Surroundings, Topic};
use super::{Options, Progress, VerifyError, Watcher};
use crate::catalog::{TableFacts, TopicFacts};
use crate::checkpoint::{SnapState, TaskState};
use crate::kafka::TopicName;
use crate::mysql::position::{Flavor, Position, ServerIdentity};
use crate::mysql::schema::TableName;
use crate::plan::{TableDecision, TargetKind, TaskPlan, io as secrets};
use crate::route::{MARKER, Salts};
use crate::source::mysql::io::{self as mysql, Endpoint, Session, end_of_log};
use crate::target::io::{Surroundings as Around, Target};
use crate::target::kafka::io::{Admin, Connection, Follower};
use crate::target::registry::io::{Registry, open as open_registry};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two looks at the position of the task.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The tables of a topic.
pub(super) type Tables = Vec<(TableFacts, TableDecision)>;

pub(super) struct World<'w> {
    pub(super) plan: &'w TaskPlan,
    pub(super) options: &'w Options,
    watcher: &'w mut dyn Watcher,
    pub(super) endpoint: Endpoint,
    session: Session,
    pub(super) meta: Meta,
    tables: Vec<TableFacts>,
    connection: Connection,
    admin: Admin,
    registry: Option<Registry>,
    salts: Salts,
    stored: Follower,
    pub(super) state: TaskState,
    pub(super) facts: TopicFacts,
}

/// It is to end.
fn stopped() -> VerifyError {
    VerifyError::failed("stopped before the comparison was done; nothing was found out")
}

/// What went wrong, for people.
fn failed(error: &dyn std::error::Error) -> VerifyError {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    VerifyError::failed(text)
}

impl<'w> World<'w> {
    pub(super) fn open(
        plan: &'w TaskPlan,
        project: &Path,
        options: &'w Options,
        watcher: &'w mut dyn Watcher,
    ) -> Result<World<'w>, VerifyError> {
        let TargetKind::Kafka(kafka) = &plan.target.kind else {
            let text = format!("task {} does not write to Kafka: there is nothing to compare with", plan.id);
            return Err(VerifyError::usage(text));
        };
        let password = kafka.sasl.as_ref().map(|sasl| secrets::find(&sasl.password, project)).transpose();
        let password = password.map_err(|error| failed(&error))?.map(|secret| secret.value);
        let (salts, _) = secrets::salts(plan, project).map_err(|error| failed(&error))?;
        let around = Around { password, project, state_file: project, queue_bytes: 1 << 20 };
        let target = Target::new(&plan.target, &plan.id, around).map_err(|error| failed(&error))?;
        let target = target.kafka().expect("a plan of Kafka makes a target of it");
        let connection = target.connection.clone();
        let admin = Admin::open(&connection, PATIENCE).map_err(|error| failed(&error))?;
        let state_topic = &target.settings.state_topic;
        if admin.partitions(state_topic).map_err(|error| failed(&error))?.is_none() {
            return Err(never_ran(plan));
        }
        let stored =
            Follower::open(&connection, state_topic, 1, MARKER, PATIENCE).map_err(|error| failed(&error))?;
        let registry = match &kafka.registry {
            Some(registry) => {
                Some(open_registry(registry, project, PATIENCE).map_err(|error| failed(&error))?)
            }
            None => None,
        };
        let resolved = mysql::resolve(&plan.source, project).map_err(|error| failed(&error))?;
        let mut opened =
            Session::open(&resolved.endpoint, None).map(|session| (resolved.endpoint.clone(), session));
        for endpoint in &resolved.standby {
            // The one that is away may be the one that was lost: another is read by now.
            if opened.is_err()
                && let Ok(session) = Session::open(endpoint, None)
            {
                opened = Ok((endpoint.clone(), session));
            }
        }
        let (endpoint, session) = opened.map_err(|error| failed(&error))?;
        let mut world = World {
            plan,
            options,
            watcher,
            endpoint,
            session,
            meta: Meta::new("", Flavor::MySql, ""),
            tables: Vec::new(),
            connection,
            admin,
            registry,
            salts: Salts::new(salts),
            stored,
            state: TaskState::default(),
            facts: TopicFacts::default(),
        };
        world.follow_state()?;
        let position = world.position()?.clone();
        for endpoint in resolved.standby {
            if position.server.same_log(world.session.identity()) {
                break;
            }
            if let Ok(session) = Session::open(&endpoint, None) {
                world.session = session;
                world.endpoint = endpoint;
            }
        }
        if !position.server.same_log(world.session.identity()) {
            let text = format!(
                "the task has read another server than the one at {}: run it once, so that it goes on there",
                world.endpoint.address()
            );
            return Err(VerifyError::failed(text));
        }
        let session = &mut world.session;
        world.meta = Meta::new(&plan.source.name, session.flavor(), session.version());
        world.tables = mysql::tables(session, |db, table| plan.selects(db, table))
            .map_err(|error| failed(&error))?
            .into_iter()
            .filter(|table| table.kind.has_rows())
            .collect();
        Ok(world)
    }

    /// Topics with their tables: those that are asked for, and what else is in a topic whose messages do not name tables.
    pub(super) fn topics(&self) -> Result<BTreeMap<TopicName, Tables>, VerifyError> {
        let asked = &self.options.tables;
        let known = |name: &TableName| self.tables.iter().any(|table| table.version.name == *name);
        if let Some(unknown) = asked.iter().find(|name| !known(name)) {
            let text = format!("pipeline {} takes no table {unknown} of the source", self.plan.id.pipeline);
            return Err(VerifyError::usage(text));
        }
        let mut topics: BTreeMap<TopicName, Tables> = BTreeMap::new();
        for table in &self.tables {
            let name = &table.version.name;
            let decision = self.plan.decide(&name.db, &name.table);
            let decision = decision.map_err(|error| VerifyError::failed(format!("{name}: {error}")))?;
            if let Some(decision) = decision {
                topics.entry(decision.topic.clone()).or_default().push((table.clone(), decision));
            }
        }
        if !asked.is_empty() {
            topics.retain(|_, tables| tables.iter().any(|(table, _)| asked.contains(&table.version.name)));
        }
        Ok(topics)
    }

    /// Prepares a topic; none where it does not exist.
    pub(super) fn topic(
        &mut self,
        name: &TopicName,
        tables: Tables,
        fold: Fold,
    ) -> Result<Option<(Topic, Follower)>, VerifyError> {
        let facts = self.admin.facts([name]).map_err(|error| failed(&error))?;
        let Some(facts) = facts.topics.get(name.as_str()) else { return Ok(None) };
        self.facts = facts.clone();
        let partitions = NonZeroU32::new(facts.partitions).unwrap_or(NonZeroU32::MIN);
        let surroundings =
            Surroundings { plan: self.plan, salts: &self.salts, flavor: self.session.flavor(), partitions };
        let topic = Topic::new(name, tables, fold, &surroundings);
        let topic = topic.map_err(|error| VerifyError::failed(format!("topic {name}: {error}")))?;
        let follower = Follower::open(&self.connection, name, partitions.get(), MARKER, PATIENCE);
        Ok(Some((topic, follower.map_err(|error| failed(&error))?)))
    }

    /// Reads the topic to the end that it has now.
    pub(super) fn follow(
        &mut self,
        follower: &mut Follower,
        topic: &mut Topic,
        records: &mut u64,
    ) -> Result<(), VerifyError> {
        let World { watcher, registry, .. } = self;
        let mut refused = None;
        let name = topic.name.to_string();
        let flow = follower.catch_up(self.options.patience, &mut |record| {
            if watcher.stops() {
                return ControlFlow::Break(());
            }
            watcher.progress(&Progress { what: &name, records: *records, rows: 0, rows_estimate: 0 });
            let Some(record) = record else { return ControlFlow::Continue(()) };
            *records += 1;
            if record.marked {
                return ControlFlow::Continue(());
            }
            if let Some(number) = topic.lacks(record.value)
                && let Err(error) = learn(registry.as_ref(), topic, number)
            {
                refused = Some(error);
                return ControlFlow::Break(());
            }
            let place = Place { partition: record.partition, offset: record.offset };
            topic.take(record.key, record.value, place);
            ControlFlow::Continue(())
        });
        match (flow.map_err(|error| failed(&error))?, refused) {
            (_, Some(error)) => Err(error),
            (ControlFlow::Break(()), None) => Err(stopped()),
            (ControlFlow::Continue(()), None) => Ok(()),
        }
    }

    /// Gives the values of another topic, to the end that it has now; none where there is no such topic.
    pub(super) fn read_other(
        &mut self,
        name: &TopicName,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), VerifyError> {
        let partitions = self.admin.partitions(name).map_err(|error| failed(&error))?;
        let Some(partitions) = partitions else { return Ok(()) };
        let follower = Follower::open(&self.connection, name, partitions.get(), MARKER, PATIENCE);
        let World { watcher, options, .. } = self;
        let flow = follower.map_err(|error| failed(&error))?.catch_up(options.patience, &mut |record| {
            if watcher.stops() {
                return ControlFlow::Break(());
            }
            if let Some(value) = record.and_then(|record| record.value) {
                each(value);
            }
            ControlFlow::Continue(())
        });
        match flow.map_err(|error| failed(&error))? {
            ControlFlow::Break(()) => Err(stopped()),
            ControlFlow::Continue(()) => Ok(()),
        }
    }

    /// Reads the state of the task as it is now.
    pub(super) fn follow_state(&mut self) -> Result<(), VerifyError> {
        let World { watcher, state, stored, .. } = self;
        let mut unknown = None;
        let flow = stored.catch_up(self.options.patience, &mut |record| {
            if watcher.stops() {
                return ControlFlow::Break(());
            }
            if let Some(record) = record
                && let Err(error) = state.apply(record.key.unwrap_or_default(), record.value)
            {
                unknown.get_or_insert(error);
            }
            ControlFlow::Continue(())
        });
        match (flow.map_err(|error| failed(&error))?, unknown) {
            (_, Some(error)) => Err(VerifyError { exit: 26, text: failed(&error).text }),
            (ControlFlow::Break(()), None) => Err(stopped()),
            (ControlFlow::Continue(()), None) => Ok(()),
        }
    }

    /// What the task has committed.
    pub(super) fn position(&self) -> Result<&Position, VerifyError> {
        self.state.pos.as_ref().map(|pos| &pos.position).ok_or_else(|| never_ran(self.plan))
    }

    /// The server that is read.
    pub(super) fn server(&self) -> &ServerIdentity {
        self.session.identity()
    }

    /// Waits until the task has committed all that is in the log now.
    pub(super) fn wait_for_task(&mut self) -> Result<(), VerifyError> {
        let end = end_of_log(&mut self.session).map_err(|error| failed(&error))?;
        let end =
            end.ok_or_else(|| VerifyError::failed("the server writes no log any more: `log_bin` is off"))?;
        let deadline = Instant::now() + self.options.patience;
        loop {
            self.follow_state()?;
            if self.position()?.covers(&end) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let text = format!(
                    "task {} has not come to {} within {} s: is it running and does it follow? `syncc status` tells",
                    self.plan.id,
                    end.file,
                    self.options.patience.as_secs()
                );
                return Err(VerifyError::failed(text));
            }
            self.go_on()?;
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// Tells how far it is.
    ///
    /// # Errors
    /// It is to end.
    pub(super) fn tell(&mut self, progress: &Progress<'_>) -> Result<(), VerifyError> {
        self.watcher.progress(progress);
        self.go_on()
    }

    fn go_on(&self) -> Result<(), VerifyError> {
        if self.watcher.stops() { Err(stopped()) } else { Ok(()) }
    }

    /// Why rows of a table may be missing though nothing is wrong; none when they may not.
    pub(super) fn excuse(&self, table: &TableFacts, is_cut: bool) -> Option<String> {
        let snap = self.state.snaps.get(&table.version.name);
        if snap.is_some_and(|snap| snap.state != SnapState::Done) {
            return Some("it is being loaded: rows may be missing".to_owned());
        }
        if !self.plan.start.loads() {
            return Some(
                "existing rows were never loaded (`start`): those that have not changed may be missing"
                    .to_owned(),
            );
        }
        let compacts =
            self.facts.config.get("cleanup.policy").is_some_and(|policy| policy.contains("compact"));
        (is_cut && !compacts)
            .then(|| "the first messages of the topic are gone (`retention`): rows may be missing".to_owned())
    }

    pub(super) fn patience(&self) -> Duration {
        PATIENCE
    }
}

fn never_ran(plan: &TaskPlan) -> VerifyError {
    VerifyError::usage(format!("task {} has never committed anything: run it first", plan.id))
}

/// Asks the registry for a schema.
fn learn(registry: Option<&Registry>, topic: &mut Topic, number: u32) -> Result<(), VerifyError> {
    let registry = registry.ok_or_else(|| VerifyError::usage("the target has no `registry`"))?;
    let schema = registry.schema_of(number).map_err(|refusal| failed(&refusal))?;
    let schema = schema.ok_or_else(|| {
        VerifyError::failed(format!("{} has no schema with the number {number}", registry.url()))
    })?;
    topic.learn(number, &schema).map_err(|error| failed(&error))
}
