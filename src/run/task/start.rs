//! The beginning of a life: secrets, precheck, ownership, the committed position, and everything the stream needs.
//!
//! The order matters. Who owns the task is asked before the producer is made, because making it would stop a healthy
//! owner; and asked again after, when nobody else can commit any more.

use super::counts::Counts;
use super::cut::PlanOfCut;
use super::gauge::Gauge;
use super::known::{Known, given, table_name_case};
use super::life::Life;
use super::marks::Marks;
use super::online::Online;
use super::output::{Output, Target, not_gone};
use super::progress::Paces;
use super::reader::load_key;
use super::salts;
use super::source::{Refused, Source, open_source};
use super::tables::Tables;
use super::verdict::{Waiting, naming_prepared, stream_from};
use super::{Ended, Input, Task};
use crate::catalog::{ClusterFacts, SourceCatalog};
use crate::change::{SourceInfo, TransactionInfo};
use crate::checkpoint::OwnerRecord;
use crate::checkpoint::{Fingerprint, SnapRecord, SnapState, StateKey, StateRecord, StoredPlan, TaskState};
use crate::control;
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::commit::{Ledger, Policy};
use crate::engine::load::{Load, TableLoad};
use crate::engine::owner::{Claim, alive, claim, confirm, gave_up};
use crate::failpoint::{Bug, hit, planted};
use crate::kafka::TopicName;
use crate::mysql::binlog::scratch::Scratch;
use crate::mysql::position::{BinlogPosition, Gtids, Position};
use crate::mysql::schema::TableName;
use crate::plan::{TargetKind, TaskPlan, TlsMode};
use crate::precheck::{estimate, how_to_allow, topics};
use crate::run::context::Context;
use crate::run::event::{Event, Name, counted};
use crate::run::failure::{Class, Failure};
use crate::run::follower::{Follower, Rereading};
use crate::run::framer::{Asks, Framer};
use crate::run::hub::{Asking, Tie};
use crate::run::precheck;
use crate::run::search::Search;
use crate::run::tap::Taps;
use crate::source::mysql::io::{self as source, ChunkReader, Closer, Session};
use crate::source::mysql::requirement::{log_kept_ms, moved_to};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Connects to both ends of a plan and holds them against it; nothing running is touched. Returns the errors found.
pub(in crate::run) fn prepare(plan: &TaskPlan, context: &Context) -> Result<Vec<Diagnostic>, Failure> {
    salts::find(plan, context)?;
    let (source, _) = open_source(plan, context)?;
    let target = Target::open(plan, context)?;
    let topics: Vec<TopicName> = topics(plan, &source.catalog).into_keys().collect();
    let facts = target.facts(&topics)?;
    let mut findings = precheck::findings(plan, &source.catalog, facts.as_ref());
    findings.extend(target.registry_findings(plan, &source.catalog).findings);
    findings.retain(|finding| finding.severity == Severity::Error);
    if planted(Bug::SecondProducer) {
        drop(target.take(facts.as_ref(), Taps::default(), Arc::default())?);
    }
    Ok(findings)
}

impl Task {
    /// One life.
    pub(super) fn life(&mut self) -> Result<Ended, Failure> {
        if let Some(command) = self.orders.take() {
            match command {
                super::Command::Drain => return Ok(Ended::Drained),
                super::Command::Swap { plan, generation } => return Ok(Ended::Swapped { plan, generation }),
            }
        }
        self.n_lives += 1;
        let coming = self.context.hubs.of(&self.plan.source.name).comes(&self.id);
        let (salts, open_files) = salts::find(&self.plan, &self.context)?;
        let salts = Arc::new(salts);
        self.warn_of(&open_files);
        self.status().waits_for = Some("the target has not answered yet");
        self.inherit()?;
        let target = Target::open(&self.plan, &self.context)?;
        if self.is_halted(&target)? {
            return self.halt(target);
        }
        if self.position.is_none() && !self.lost && !self.plan.source.standby.is_empty() {
            self.recall(&target)?;
        }
        self.status().waits_for = Some("the source has not answered yet what it is asked at the start");
        let mut source = self.choose_source(self.position.as_ref())?;
        self.retention.kept_ms = log_kept_ms(&source.catalog.server);
        self.status().waits_for = Some("the target has not answered yet what it is asked at the start");
        let facts = self.checked(&source, &target)?;
        self.topics_kept(&source.catalog, &target, facts.as_ref())?;
        target.make_topics(&self.plan, &source.catalog, facts.as_ref())?;
        let Some((mut output, state)) = self.take_over(target, facts.as_ref())? else {
            // The next life begins with the order.
            return self.life();
        };
        self.status().waits_for = Some("the source has not answered yet where the log is to be read from");
        let mut state = match self.lost {
            true => self.without_position(&source, state, &mut output),
            false => self.heal(&source, facts.as_ref(), &salts, state, &mut output)?,
        };
        self.resume_stored(&state, &mut output);
        match self.plan_of_cut(&state)? {
            PlanOfCut::Present => {}
            PlanOfCut::Stored => {
                self.output = Some(output);
                return self.life();
            }
            PlanOfCut::Passed => return Ok(Ended::Passed),
        }
        let mut known = Known::of_state(&state, &self.plan, &mut output);
        let mut creates = Vec::new();
        let mut repartitioned = false;
        let position = match self.committed_position(&mut source, &output, &state)? {
            Some(_) if self.lost => {
                let position = self.first_position(&mut source, &mut known, &mut output, &mut creates)?;
                if let Some(position) = &position {
                    self.note_lost(&mut state, position, &mut output);
                }
                position
            }
            Some(position) => {
                repartitioned = self.hold_partitions(&mut output, &mut state)?;
                let known = self.add_databases(&mut source, &position, &mut known, &mut output)?;
                known.then_some(position)
            }
            None => self.first_position(&mut source, &mut known, &mut output, &mut creates)?,
        };
        let Some(position) = position else {
            // The next life begins with the order; without this, a successor would wait for missed beats.
            let _ = output.release(&self.context);
            return self.life();
        };
        self.find_end(&mut source)?;
        self.follow(&position.server);
        let generation = self.settle_generation(&mut output, &state)?;
        if state.pos.is_some() && self.plan.start.loads() && !state.plans.contains_key(&generation) {
            self.look_again(&mut source, &position)?;
        }
        let open_loads = self.table_loads(&source, &mut output, &state);
        let follower = self.follow_log(&mut source, &position, &state, &known)?;
        drop(coming);
        let known_tables = open_loads.known.clone();
        let tables = Tables::new(
            self.plan.clone(),
            salts,
            source.catalog.server.flavor(),
            known.history,
            &state,
            known_tables,
        );
        // Later on columns are those of the stream, and the server may be ahead of it.
        if state.pos.is_none() && self.plan.start.makes_ahead() {
            tables.register(&source.catalog, &mut output)?;
        }
        let fingerprint = Fingerprint { task: self.id.to_string(), cluster: output.cluster().to_owned() };
        let seq = state.pos.as_ref().map_or(0, |pos| pos.seq);
        let mid = state.pos.as_ref().and_then(|pos| pos.mid.clone());
        let policy = Policy {
            commit: self.plan.commit,
            split: self.plan.stream.split,
            open_ms: precheck::transaction_timeout_ms(&self.plan) / 3,
        };
        let mut ledger = Ledger::new(policy, fingerprint, generation, seq, position.clone(), mid);
        if self.lost {
            ledger.touch();
        }
        if repartitioned || !state.plans.contains_key(&generation) {
            self.fence(generation, &state, &mut output, &mut ledger)?;
        }
        self.gauge = match self.gauge.take() {
            Some(gauge) if gauge.asks(&position.server) => Some(gauge),
            Some(_) | None => Some(Gauge::start(
                &self.id,
                source.endpoint.clone(),
                position.server.clone(),
                position.file.clone(),
                self.status.clone(),
            )),
        };
        self.pulse = self.plan.source.beat_table().map(|table| {
            let every = Duration::from_millis(self.plan.source.heartbeat.every_ms);
            self.context.pulses.of(&source.endpoint, &position.server, table, every)
        });
        // from here on the server is asked only where the log or the load has a question
        source.session.quit();
        hit("task.attached");
        self.carry(&open_loads.known);
        let reads = self.reads(source.endpoint.clone(), position.server.clone());
        let weak = weakened(&self.plan);
        for switch in weak.iter().filter(|_| self.n_lives == 1) {
            Event::warn(Name::PrecheckPassed, switch.clone()).task(&self.id).emit();
        }
        {
            let mut status = self.status();
            status.weakened = weak;
            status.labels = self.plan.labels.iter().cloned().collect();
        }
        let now_ms = self.clock.now_ms();
        if open_loads.n_open > 0 {
            Event::info(Name::SnapshotStarted, format!("{} to load", counted(open_loads.n_open, "table")))
                .task(&self.id)
                .emit();
        }
        Event::info(Name::TaskStarted, format!("follows {}", counted(source.catalog.tables.len(), "table")))
            .task(&self.id)
            .generation(generation)
            .position(&position.file)
            .emit();
        let mut life = Life {
            ledger,
            marks: Marks::new(&self.plan, &open_loads.tables),
            load: Load::new(open_loads.tables, reads.policy().clone()),
            follower,
            output,
            tables,
            reads,
            number: self.n_lives,
            generation,
            transaction_timeout_ms: precheck::transaction_timeout_ms(&self.plan),
            transactional_for_ms: precheck::transactional_for_ms(&self.plan).map(u64::from),
            block: None,
            skip: false,
            gtid: None,
            waiting: Waiting::new(
                self.context.state.path().join(format!("{}.spill", self.id)),
                state.prepared.clone(),
                &source.catalog.tables,
            ),
            source: SourceInfo {
                name: self.id.source.clone(),
                flavor: source.catalog.server.flavor(),
                version: source.catalog.server.version.clone(),
            },
            transaction: TransactionInfo::place(position.file.file.as_str().into(), position.file.offset),
            transaction_number: 0,
            n_rows: 0,
            online: {
                let of = |record| Online::of_record(record, generation);
                state.online.iter().map(|(copy, record)| (copy.clone(), of(record))).collect()
            },
            idle: false,
            paced_ms: None,
            moved_ms: now_ms,
            beat_ms: now_ms,
            breadcrumb_ms: 0,
            ends_ms: 0,
            status_ms: 0,
            records: 0,
            rate: (0, now_ms, 0.0),
            event_s: 0,
            scratch: Some(Scratch::new(self.plan.source.event_limit())),
            event_limit: self.plan.source.event_limit(),
            before: Vec::new(),
            after: Vec::new(),
            key: Vec::new(),
            load_announced: false,
            counts: Counts::default(),
            paces: Paces::default(),
            loads: self.plan.start.loads(),
            source_failed: false,
            has_committed: false,
        };
        let case = table_name_case(&source.catalog.server);
        let told = life.send_creates(&creates, case, now_ms);
        let ended = told.and_then(|()| self.stream(&mut life)).map_err(|failure| self.sized(failure, &life));
        self.records += life.records;
        life.counts.schemas_registered += life.output.take_registered();
        self.counters.add(&mut life.counts);
        // What ended on the way to the target leaves a healthy stream behind: the next life goes back on its ring.
        if matches!(ended, Ok(Ended::Paused | Ended::Healing | Ended::Swapped { .. })) {
            self.output = life.output.at_rest();
        } else if ended.is_err() {
            if life.source_failed {
                self.output = life.output.at_rest();
            } else {
                self.follower = Some(life.follower);
            }
        }
        ended
    }

    /// A record that a topic refused for its size: the limit is read again, unless that was done and it is no lower than it was;
    /// then the row is named that does not fit.
    fn sized(&mut self, failure: Failure, life: &Life) -> Failure {
        let Some(topic) = failure.too_small.as_deref() else { return failure };
        let told = life.output.told_limit(topic);
        let before = self.refused.insert(topic.to_owned(), told);
        if before.is_none_or(|before| told < before) {
            let text = format!("{}; what the topic takes is read again", failure.text);
            return Failure { class: Class::Request, text, ..failure };
        }
        let committed = self.status().position.clone();
        life.located(failure, committed.as_deref())
    }

    /// Tells once of secret files that others may read.
    pub(super) fn warn_of(&self, open_files: &[PathBuf]) {
        for file in open_files.iter().filter(|_| self.n_lives == 1) {
            let text = format!("S0306: the secret file {} may be read by others; chmod 600", file.display());
            Event::warn(Name::PrecheckPassed, text).task(&self.id).emit();
        }
    }

    /// Holds the servers against the plan. Errors end the task, but for those of a table that waits alone: what keeps that one
    /// keeps nothing else. Warnings are told once.
    fn checked(&self, source: &Source, target: &Target) -> Result<Option<ClusterFacts>, Failure> {
        let topics: Vec<TopicName> = topics(&self.plan, &source.catalog).into_keys().collect();
        let facts = target.facts(&topics)?;
        let mut findings = self.found(&source.catalog, target, facts.as_ref());
        let is_error = |finding: &Diagnostic| finding.severity == Severity::Error;
        if findings.iter().any(is_error) && target.has_state()? {
            let waiting = target.peek_state()?.parked;
            if !waiting.is_empty() {
                let mut others = source.catalog.clone();
                others.tables.retain(|table| !waiting.contains_key(&table.version.name));
                findings = self.found(&others, target, facts.as_ref());
            }
        }
        let text = precheck::lines(&findings, Severity::Error);
        if !text.is_empty() {
            return Err(Failure::new(Class::Precheck, text));
        }
        if self.n_lives == 1 {
            self.tell_findings(&findings, source);
        }
        Ok(facts)
    }

    /// No topic is made anew that rows were sent to: whoever reads it would have but the rest.
    fn topics_kept(
        &self,
        catalog: &SourceCatalog,
        target: &Target,
        facts: Option<&ClusterFacts>,
    ) -> Result<(), Failure> {
        let Some(facts) = facts.filter(|_| !self.context.accept_state_loss) else { return Ok(()) };
        let topics = topics(&self.plan, catalog);
        let mut missing = topics.keys().filter(|topic| !facts.topics.contains_key(topic.as_str())).peekable();
        if missing.peek().is_none() || !target.has_state()? {
            return Ok(());
        }
        not_gone(&target.peek_state()?, &self.plan, missing)
    }

    /// What stands between the plan and its servers. A registry that is away is told, and waited for later.
    fn found(
        &self,
        catalog: &SourceCatalog,
        target: &Target,
        facts: Option<&ClusterFacts>,
    ) -> Vec<Diagnostic> {
        let mut findings = precheck::findings(&self.plan, catalog, facts);
        let registry = target.registry_findings(&self.plan, catalog);
        if registry.is_away && !self.context.require_live {
            for finding in registry.findings.iter().filter(|_| self.n_lives == 1) {
                Event::warn(Name::PrecheckPassed, precheck::line(finding)).task(&self.id).emit();
            }
        } else {
            findings.extend(registry.findings);
        }
        findings
    }

    /// Tells what was found and keeps nothing from running, with how it is answered in the files; and what there is to load.
    fn tell_findings(&self, findings: &[Diagnostic], source: &Source) {
        for finding in findings {
            let text = precheck::line(finding);
            let event = match finding.severity {
                Severity::Advice => Event::info(Name::PrecheckPassed, text),
                Severity::Warning | Severity::Error => {
                    let allow = how_to_allow(&self.plan, finding).map(|allow| format!("; {allow}"));
                    Event::warn(Name::PrecheckPassed, text + &allow.unwrap_or_default())
                }
            };
            event.task(&self.id).emit();
        }
        if self.plan.start.loads() {
            let estimate = estimate(&self.plan, &source.catalog);
            Event::info(Name::PrecheckPassed, format!("existing rows: {estimate}")).task(&self.id).emit();
        }
    }

    /// The target as ours, and its state. None when an order came before.
    pub(super) fn take_over(
        &mut self,
        target: Target,
        facts: Option<&ClusterFacts>,
    ) -> Result<Option<(Output, TaskState)>, Failure> {
        match self.output.take() {
            // Nothing happened to the producer: the task is still ours. Without transactions nobody is stopped by that, so
            // the record is looked at all the same.
            Some(mut output) => {
                output.fit(facts);
                let state = output.read_state()?;
                confirm(None, state.owner.as_ref(), self.context.state.instance())
                    .map_err(|other| self.taken(&other))?;
                Ok(Some((output, state)))
            }
            None => self.own(target, facts),
        }
    }

    /// Takes ownership: who has the task, does that one live, a producer that fences, and the question once more.
    /// None when an order came while the owner was watched: nothing has been taken then.
    pub(super) fn own(
        &self,
        target: Target,
        facts: Option<&ClusterFacts>,
    ) -> Result<Option<(Output, TaskState)>, Failure> {
        let instance = self.context.state.instance();
        let before = loop {
            let before = target.peek_state()?;
            hit("start.peeked");
            let claim = claim(before.owner.as_ref(), instance);
            let Claim::Watch { owner, for_ms } = claim else { break before };
            if self.takes_over() {
                break before;
            }
            let lives = self.watch(&target, &owner, for_ms)?;
            if self.orders.look().is_some() {
                return Ok(None);
            }
            if !lives {
                self.set_state(control::TaskState::Starting);
                break before;
            }
            if !self.context.standby {
                return Err(Failure::new(
                    if self.committed.is_some() { Class::OwnerLost } else { Class::Elsewhere },
                    format!(
                        "active elsewhere: {} (pid {}, syncc {}) runs task {}; stop it first, stand by with --standby, or take over \
                         with --takeover if it is known dead",
                        owner.host, owner.pid, owner.version, self.id
                    ),
                ));
            }
        };
        let mut output = target.take(facts, self.taps.clone(), self.status.clone())?;
        hit(if self.n_lives > 1 { "recover.reinit" } else { "start.inited" });
        let state = output.read_state()?;
        hit("start.state_read");
        if let Err(other) = confirm(before.owner.as_ref(), state.owner.as_ref(), instance)
            && !self.takes_over()
        {
            return Err(self.taken(&other));
        }
        hit("start.owner_reread");
        Event::info(Name::OwnerAcquired, "owns the task").task(&self.id).emit();
        Ok(Some((output, state)))
    }

    /// Watches the owner of the task for so long. True when it lives.
    fn watch(&self, target: &Target, owner: &OwnerRecord, for_ms: u64) -> Result<bool, Failure> {
        let until_ms = self.clock.now_ms() + for_ms;
        let (host, pid) = (&owner.host, owner.pid);
        let waits = |left_ms: u64| {
            let left_s = left_ms.div_ceil(1_000);
            let text = format!("for signs of life of {host} (pid {pid}), {left_s} s left");
            self.status().waiting.replace(text).is_some()
        };
        if self.context.standby {
            self.set_state(control::TaskState::Standby);
        }
        // who reads the event finds the state
        let told = waits(for_ms);
        if !told {
            let text = match self.context.standby {
                true => format!("stands by: {host} (pid {pid}) runs this task"),
                false => format!(
                    "{host} (pid {pid}) ran this task last; watching {} s for signs of life",
                    for_ms / 1_000
                ),
            };
            Event::info(Name::OwnerElsewhere, text).task(&self.id).emit();
        }
        let over = || {
            let left_ms = until_ms.saturating_sub(self.clock.now_ms());
            waits(left_ms);
            left_ms == 0 || self.orders.look().is_some()
        };
        let sign = |seen: &OwnerRecord| {
            let lives = alive(owner, seen);
            (lives || gave_up(owner, seen)).then_some(lives)
        };
        let sign = target.watch_owner(sign, over);
        if matches!(sign, Ok(Some(false))) {
            Event::info(Name::OwnerElsewhere, format!("{host} (pid {pid}) has given the task up"))
                .task(&self.id)
                .emit();
            // Whoever took it before that is committed would undo the last commit of its owner.
            while !over() && !target.peek_state()?.owner.is_some_and(|owner| owner.released) {
                std::thread::sleep(SOON_COMMITTED);
            }
        }
        // Who stands by waits on.
        if !(self.context.standby && matches!(sign, Ok(Some(true)))) {
            self.status().waiting = None;
        }
        Ok(sign? == Some(true))
    }

    fn taken(&self, other: &OwnerRecord) -> Failure {
        Failure::new(
            Class::OwnerLost,
            format!("{} (pid {}) took task {} while this one started", other.host, other.pid, self.id),
        )
    }

    /// True when nobody is asked for the task. It is so once: whoever takes it from us later on keeps it, else two
    /// instances that were both told to take over would do so for ever.
    pub(super) fn takes_over(&self) -> bool {
        self.context.takeover && self.committed.is_none()
    }

    /// True when lost state is begun anew; not what this process itself has stored.
    pub(super) fn accepts_loss(&self) -> bool {
        self.context.accept_state_loss && self.committed.is_none()
    }

    /// Where the stream begins: the committed position; none on a first start.
    fn committed_position(
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
    fn recall(&mut self, target: &Target) -> Result<(), Failure> {
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
    fn look_again(&self, source: &mut Source, position: &Position) -> Result<(), Failure> {
        let mut chunks = ChunkReader::open(&source.endpoint, &position.server)?
            .beats(&source.endpoint, self.plan.source.beat_table().as_ref());
        chunks.wait_for(position)?;
        chunks.quit();
        source.catalog.tables =
            source::tables(&mut source.session, |db, table| self.plan.selects(db, table))?;
        Ok(())
    }

    /// The generation this life runs, and its plan stored if it is new.
    pub(super) fn settle_generation(
        &mut self,
        output: &mut Output,
        state: &TaskState,
    ) -> Result<u64, Failure> {
        if let (Some(_), Some(pos)) = (&self.after_cut, &state.pos) {
            self.status().generation = pos.generation;
            return Ok(pos.generation);
        }
        let newest = state.plans.iter().next_back();
        let recorded = newest.and_then(|(_, stored)| precheck::unpack(stored));
        let latest = newest.map_or(0, |(&generation, _)| generation);
        let generation = if recorded.as_ref() == Some(&*self.plan) {
            // A pipeline that was removed and is declared again has an older one.
            latest.max(self.generation.unwrap_or(0))
        } else {
            if let (None, Some(recorded)) = (self.committed, &recorded) {
                // The files were edited while nothing ran, or before this task could begin: the rules of a reload hold for
                // what the state says, not for what came in between.
                let tables: Vec<TableName> = state.snaps.keys().cloned().collect();
                let accept = &self.context.accept;
                let recorded = recorded.called(&self.id);
                let accepted = precheck::refuse_breaking(&recorded, &self.plan, &tables, accept)?;
                self.orders.wish(|wishes| wishes.accepted.extend(accepted));
            }
            self.generation.unwrap_or(0).max(latest + 1)
        };
        if generation > latest {
            let bytes = serde_json::to_vec(&*self.plan).expect("a plan is plain data");
            let (packing, bytes) = precheck::pack(&bytes);
            for record in StoredPlan::records(generation, packing, &bytes) {
                output.store(record);
            }
            for (&old, stored) in state.plans.iter().rev().skip(PLANS_KEPT - 1) {
                for key in stored.keys(old) {
                    output.remove(key);
                }
            }
        }
        self.generation = Some(generation);
        self.status().generation = generation;
        Ok(generation)
    }

    /// Which tables are to be loaded, continued or left alone.
    fn table_loads(&self, source: &Source, output: &mut Output, state: &TaskState) -> Loads {
        let snapshot = crate::run::state_dir::random_id().unwrap_or_default();
        let mut open = Loads { tables: Vec::new(), known: HashSet::new(), n_open: 0 };
        for table in source.catalog.tables.iter().filter(|table| table.kind.has_rows()) {
            let name = table.version.name.clone();
            let key = load_key(table);
            let wanted = state.snaps.get(&name).is_some_and(|record| record.state != SnapState::Done);
            let fresh = || SnapRecord {
                snapshot: snapshot.clone(),
                state: if self.plan.start.loads() || wanted { SnapState::Pending } else { SnapState::Done },
                key: key.iter().flatten().map(|&at| table.version.columns[at].name.clone()).collect(),
                max: None,
                rows: 0,
                again: state
                    .snaps
                    .get(&name)
                    .map_or_else(|| state.tables.contains_key(&name), |record| record.again),
            };
            let record = match state.snaps.get(&name) {
                Some(record) => {
                    let same_key = record.key == fresh().key;
                    let keyless_unfinished = key.is_none() && record.state != SnapState::Done;
                    if record.state == SnapState::Done || (same_key && !keyless_unfinished) {
                        record.clone()
                    } else {
                        fresh()
                    }
                }
                None => fresh(),
            };
            if state.snaps.get(&name) != Some(&record) {
                output.store(StateRecord::Snap(name.clone(), record.clone()));
            }
            if record.state != SnapState::Done && !state.parked.contains_key(&name) {
                open.n_open += 1;
            }
            open.known.insert(name.clone());
            if state.parked.contains_key(&name) {
                continue;
            }
            open.tables.push(TableLoad::new(
                Arc::new(table.version.clone()),
                key,
                record,
                table.rows_estimate,
            ));
        }
        for name in state.snaps.keys().filter(|name| !self.plan.selects(&name.db, &name.table)) {
            // Rows stopped when the table left the plan; declared again, it is loaded again.
            output.remove(StateKey::Snap(name.clone()));
            if state.parked.contains_key(name) {
                output.remove(StateKey::Park(name.clone()));
            }
        }
        open.known.extend(state.snaps.keys().cloned());
        open
    }

    fn follow_log(
        &mut self,
        source: &mut Source,
        position: &Position,
        state: &TaskState,
        known: &Known,
    ) -> Result<Follower, Failure> {
        let moved = |before: &Position| moved_to(&source.catalog.server, before);
        let from = stream_from(position, state.prepared.values(), moved);
        let position = &from;
        if let Some(follower) = self.follower.take()
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
            tie: Tie { waits: self.waits.clone(), ..Tie::default() },
        })?;
        let mut framer = Framer::new(position, tracker, wanted, asks);
        framer.give(given(&known.history, position));
        let me = self.me.clone();
        Follower::start(&self.id.to_string(), feed, framer, rereading, move || {
            // A full inbox holds a wake already.
            let _ = me.try_send(Input::Wake);
        })
    }
}

/// How often it is looked whether an owner's last words are committed.
const SOON_COMMITTED: Duration = Duration::from_millis(50);

/// Plans kept in the state besides the newest.
const PLANS_KEPT: usize = 10;

/// Tables of a life and their loads.
struct Loads {
    tables: Vec<TableLoad>,
    known: HashSet<TableName>,
    n_open: usize,
}

/// Switches of the plan that weaken a connection, as `status` and the start keep showing them.
fn weakened(plan: &TaskPlan) -> Vec<String> {
    let target = match &plan.target.kind {
        TargetKind::Kafka(kafka) => Some((plan.target.name.as_str(), &kafka.tls)),
        TargetKind::Stdout | TargetKind::File { .. } => None,
    };
    std::iter::once((plan.source.name.as_str(), &plan.source.tls))
        .chain(target)
        .filter_map(|(name, tls)| {
            let because = tls.because.as_ref()?;
            (tls.mode == TlsMode::Off).then(|| format!("{name}: tls off because \"{because}\""))
        })
        .collect()
}
