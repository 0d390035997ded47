//! The beginning of a life: secrets, precheck, ownership, the committed position, and everything the stream needs.
//!
//! The order matters. Who owns the task is asked before the producer is made, because making it would stop a healthy
//! owner; and asked again after, when nobody else can commit any more.

mod checks;
mod generation;
mod loads;
mod log;
mod ownership;
mod position;

use super::counts::Counts;
use super::cut::PlanOfCut;
use super::gauge::Gauge;
use super::known::{Known, table_name_case};
use super::life::Life;
use super::lost::without_position;
use super::marks::Marks;
use super::online::Online;
use super::output::{Output, Target};
use super::progress::Paces;
use super::source::open_source;
use super::tables::Tables;
use super::verdict::Waiting;
use super::vigil::{ours, seen_to_live, silent};
use super::{Ended, Task, salts};
use crate::change::{SourceInfo, TransactionInfo};
use crate::checkpoint::Fingerprint;
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::commit::{Ledger, Policy};
use crate::engine::load::Load;
use crate::failpoint::{Bug, hit, planted};
use crate::kafka::TopicName;
use crate::mysql::binlog::scratch::Scratch;
use crate::plan::TaskPlan;
use crate::precheck::topics;
use crate::run::context::{Context, wall_ms};
use crate::run::event::{Event, Name, counted};
use crate::run::failure::{Class, Failure};
use crate::run::precheck;
use crate::run::tap::Taps;
use checks::weakened;
use log::comes_again;
use std::collections::HashSet;
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
    pub(in crate::run::task) fn life(&mut self) -> Result<Ended, Failure> {
        let mut kept = None;
        let ended = self.live(&mut kept);
        // What failed elsewhere before the first row leaves a target by which the task is seen to live.
        if let (Err(failure), Some(output)) = (&ended, kept)
            && failure.spares_target()
        {
            self.output = output.unstored();
        }
        ended
    }

    /// A life; until it streams its target is in `kept`.
    fn live(&mut self, kept: &mut Option<Output>) -> Result<Ended, Failure> {
        if let Some(command) = self.orders.take() {
            match command {
                super::Command::Drain => {
                    self.give_up();
                    return Ok(Ended::Drained);
                }
                super::Command::Swap { plan, generation } => return Ok(Ended::Swapped { plan, generation }),
            }
        }
        self.n_lives += 1;
        // What the last life had staged and did not commit is staged again.
        self.fenced.clear();
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
        let mut output = self.output.take();
        let source = seen_to_live(&mut output, || self.choose_source(self.position.as_ref()));
        self.output = output;
        let mut source = source??;
        self.retention.begin(&source.catalog.server, wall_ms());
        self.status().waits_for = Some("the target has not answered yet what it is asked at the start");
        let facts = self.checked(&source, &target)?;
        self.topics_kept(&source.catalog, &target, facts.as_ref())?;
        target.make_topics(&self.plan, &source.catalog, facts.as_ref())?;
        let Some((output, state)) = self.take_over(target, facts.as_ref())? else {
            // The next life begins with the order.
            return self.life();
        };
        let output = kept.insert(output);
        if self.is_paused_otherwise(&state) {
            self.output = kept.take();
            return self.life();
        }
        self.status().waits_for = Some("the source has not answered yet where the log is to be read from");
        // Of loads that had begun the end is still to be told, whatever else of that position is forgotten.
        let begun = if self.lost { loads::begun(&state) } else { Vec::new() };
        let mut state = match self.lost {
            true => {
                let mut state = state;
                output.change(without_position(&mut state, &source.catalog.tables));
                state
            }
            false => self.heal(&source, facts.as_ref(), &salts, state, output)?,
        };
        self.resume_stored(&state, output);
        match self.plan_of_cut(&state)? {
            PlanOfCut::Present => {}
            PlanOfCut::Stored => {
                self.output = kept.take();
                return self.life();
            }
            PlanOfCut::Passed => {
                self.output = kept.take().and_then(Output::unstored);
                return Ok(Ended::Passed);
            }
        }
        let mut known = Known::of_state(&state, &self.plan, output);
        let mut creates = Vec::new();
        let mut repartitioned = false;
        let position = match self.committed_position(&mut source, output, &state)? {
            Some(_) if self.lost => {
                let position = self.first_position(&mut source, &mut known, output, &mut creates)?;
                if let Some(position) = &position {
                    self.note_lost(&mut state, position, output);
                }
                position
            }
            Some(position) => {
                repartitioned = self.hold_partitions(output, &mut state)?;
                let known = self.add_databases(&mut source, &position, &mut known, output)?;
                known.then_some(position)
            }
            None => self.first_position(&mut source, &mut known, output, &mut creates)?,
        };
        let Some(position) = position else {
            return self.put_off(kept.take());
        };
        self.find_end(&mut source)?;
        self.follow(&position.server);
        let generation = self.settle_generation(output, &state)?;
        if state.pos.is_some() && self.plan.start.loads() && !state.plans.contains_key(&generation) {
            seen_to_live(kept, || self.look_again(&mut source, &position))??;
        }
        let anew = self.tells_loads_anew(&state, generation);
        let output = ours(kept)?;
        let mut open_loads = self.table_loads(&source, output, &state, anew);
        open_loads.given_up.extend(begun.into_iter().filter(|_| !anew));
        let follow = || self.follow_log(&mut source, &position, &state, &known);
        let follower = seen_to_live(kept, follow)??;
        let output = ours(kept)?;
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
            let registered = tables.register(&source.catalog, output);
            if registered.is_err() {
                self.counters.schemas_refused += output.take_answers().refused;
            }
            registered?;
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
            self.fence(generation, &state, output, &mut ledger)?;
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
        let Some(output) = kept.take() else { return Err(silent()) };
        let mut life = Life {
            ledger,
            marks: Marks::new(&self.plan, &open_loads.tables, &open_loads.given_up),
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
                comes_again(&source.catalog.server, &position, &state),
                self.undone.clone(),
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
            beaten: false,
            scratch: Some(Scratch::new(self.plan.source.event_limit())),
            event_limit: self.plan.source.event_limit(),
            before: Vec::new(),
            after: Vec::new(),
            key: Vec::new(),
            load_announced: false,
            look_ms: u64::MAX,
            told_unseen: HashSet::new(),
            counts: Counts::default(),
            paces: Paces::default(),
            loads: self.plan.start.loads(),
            source_failed: false,
            has_committed: false,
            has_heard: false,
            has_loaded: false,
        };
        let case = table_name_case(&source.catalog.server);
        let mut told = life.send_creates(&creates, case, now_ms);
        for (table, _) in &open_loads.given_up {
            told = told.and_then(|()| life.give_up_load(table, now_ms));
        }
        let ended = told.and_then(|()| self.stream(&mut life)).map_err(|failure| self.sized(failure, &life));
        self.records += life.records;
        life.counts.answered(life.output.take_answers());
        self.counters.add(&mut life.counts);
        match &ended {
            Ok(Ended::Paused | Ended::Healing | Ended::Swapped { .. } | Ended::Passed) => {
                self.output = life.output.at_rest();
            }
            Ok(Ended::Undone) => {
                self.follower = Some(life.follower);
                drop(life.reads);
                let why = "a transaction ended in ROLLBACK behind rows of it";
                self.output = life.output.recovered(why, self.committed.is_some())?;
            }
            Ok(Ended::Drained | Ended::Loaded) => {}
            Err(failure) => {
                // What ended on the way to the target leaves a healthy stream behind: the next life goes back on its ring.
                if !life.source_failed {
                    self.follower = Some(life.follower);
                }
                // And what ended elsewhere a healthy target, by which the task is seen to live while it waits. Tables are not kept
                // locked for that.
                drop(life.reads);
                if failure.spares_target() {
                    let why = "something else failed while a transaction was open";
                    self.output = life.output.recovered(why, self.committed.is_some())?;
                }
            }
        }
        ended
    }

    /// An order came before it was known where to begin: the next life begins with it. Who goes on under another plan keeps the
    /// task; without the word of one who ends, a successor would wait for missed beats.
    fn put_off(&mut self, output: Option<Output>) -> Result<Ended, Failure> {
        match (self.orders.look(), output) {
            (Some(super::Command::Swap { .. }), output) => self.output = output.and_then(Output::unstored),
            (Some(super::Command::Drain) | None, Some(mut output)) => drop(output.release()),
            (Some(super::Command::Drain) | None, None) => {}
        }
        self.life()
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
}
