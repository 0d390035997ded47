//! A checked program to a plan: one task per pipeline, source and target, with defaults filled in.
//!
//! Guarantees: two programs that mean the same give equal plans, whatever the order of their lines and files; sets are
//! sorted, what is written twice counts once.

use super::connect::{kafka_plan, source_plan, to_u32};
use super::{
    Allows, CommitPolicy, Layer, MovedPlan, Origins, Part, Plan, RelayPlan, Retry, Snapshot, Start,
    StreamPlan, TableRules, TargetKind, TargetPlan, TaskId, TaskPlan,
};
use crate::ast::{self, Settings, TaskSettings, Where};
use crate::check::Checked;
use crate::hir::{Pipeline, Program, SourceId, To};
use crate::pattern::TablePattern;
use crate::statement::{NameCase, Split, Template, Thing};
use crate::text::{Span, Spanned};
use std::collections::BTreeMap;

/// Half a second of lag is readable. While there is more to send than the target takes, it is age that ends most commits:
/// each stops the stream for a few round trips, and a fast target would be stopped dozens of times a second.
const COMMIT: CommitPolicy = CommitPolicy { every_ms: 500, rows: 200_000, bytes: 64 << 20 };

/// Compiles a program.
pub fn compile(checked: &Checked) -> (Plan, Origins) {
    let program = checked.program();
    let mut origins = Origins::default();
    let mut tasks = Vec::new();
    for pipeline in &program.pipelines {
        for from in &pipeline.from {
            for to in &pipeline.to {
                tasks.extend(Compiler { program, pipeline, to, source: from.value }.task(&mut origins));
            }
        }
    }
    tasks.sort_by(|a, b| a.id.cmp(&b.id));
    let relays = relays(program, &mut origins);
    (Plan { tasks, relays, moved: moved(program) }, origins)
}

struct Compiler<'p> {
    program: &'p Program,
    pipeline: &'p Pipeline,
    to: &'p To,
    source: SourceId,
}

fn moved(program: &Program) -> Vec<MovedPlan> {
    let plan = |moved: &ast::Moved| MovedPlan {
        thing: moved.thing,
        from: moved.from.value.clone(),
        to: moved.to.value.clone(),
    };
    let is_declared = |moved: &&ast::Moved| {
        let name = &moved.from.value;
        match moved.thing {
            Thing::Pipeline => program.pipelines.iter().any(|one| one.name.value == *name),
            Thing::Source => program.sources.iter().any(|one| one.name.value == *name),
            Thing::Target => program.targets.iter().any(|one| one.name.value == *name),
        }
    };
    // From what is still there nothing is handed over (S0107).
    let handed = program.moved.iter().filter(|moved| !is_declared(moved));
    let mut moved: Vec<MovedPlan> = handed.map(plan).collect();
    moved.sort();
    moved.dedup();
    moved
}

/// What copies topics, in the order of names.
fn relays(program: &Program, origins: &mut Origins) -> Vec<RelayPlan> {
    let mut relays = Vec::new();
    for pipeline in &program.pipelines {
        for (relay, to) in
            pipeline.relays.iter().flat_map(|relay| pipeline.to.iter().map(move |to| (relay, to)))
        {
            let topic = pipeline.topic_of_relay(to);
            let target = program.target(to.target.value);
            let plan = RelayPlan {
                pipeline: pipeline.name.value.clone(),
                from: program.target(relay.target.value).name.value.clone(),
                topics: relay.topics.value.clone(),
                to: target.name.value.clone(),
                topic: topic.map_or_else(|| Template::hole("topic"), |topic| topic.value.clone()),
                paused: pipeline.paused.as_ref().map(|because| because.value.clone()),
            };
            let mut noted = Noted(origins.relay(plan.clone()));
            noted.note(Part::Pipeline, Some(pipeline.head));
            noted.note(Part::Relay, Some(relay.span));
            noted.note(Part::Target, Some(to.target.span));
            noted.note(Part::RelayTopic, topic.map(|topic| topic.span));
            noted.note(Part::Paused, pipeline.paused.as_ref().map(|because| because.span));
            relays.push(plan);
        }
    }
    relays.sort();
    relays
}

/// Parts of a task and where they are written.
pub(super) struct Noted<'o>(&'o mut BTreeMap<Part, Span>);

impl Noted<'_> {
    pub(super) fn note(&mut self, part: Part, span: Option<Span>) {
        if let Some(span) = span {
            self.0.insert(part, span);
        }
    }

    /// Where a declaration begins: with what is said of it.
    pub(super) fn beginning(&mut self, thing: Thing, head: Span, doc: Option<&Spanned<String>>) {
        self.note(Part::Beginning(thing), Some(doc.map_or(head, |doc| doc.span)));
    }

    pub(super) fn value<T: Clone>(&mut self, part: Part, value: Option<&Spanned<T>>) -> Option<T> {
        self.note(part, value.map(|value| value.span));
        value.map(|value| value.value.clone())
    }

    /// A list in its own order, each once.
    fn set<T: Clone + Ord>(&mut self, written: &[Spanned<T>], part: fn(usize) -> Part) -> Vec<T> {
        let mut written: Vec<&Spanned<T>> = written.iter().collect();
        written.sort_by(|a, b| (&a.value, a.span).cmp(&(&b.value, b.span)));
        written.dedup_by(|a, b| a.value == b.value);
        for (n, one) in written.iter().enumerate() {
            self.note(part(n), Some(one.span));
        }
        written.into_iter().map(|one| one.value.clone()).collect()
    }

    fn layer(&mut self, n: usize, level: u8, tables: Option<&TablePattern>, settings: &Settings) -> Layer {
        let layer = Layer::new(n, level, tables, settings, |part, span| self.note(part, Some(span)));
        for (nth, condition) in layer.conditions.iter().enumerate() {
            let says_it = |line: &&Spanned<Where>| line.value.condition.conjuncts().contains(condition);
            self.note(
                Part::Condition(n, nth),
                settings.conditions.iter().find(says_it).map(|line| line.span),
            );
        }
        layer
    }
}

impl Compiler<'_> {
    /// None for a source without address or a target without brokers, which no checked program has.
    fn task(&self, origins: &mut Origins) -> Option<TaskPlan> {
        let source = self.program.source(self.source);
        let target = self.program.target(self.to.target.value);
        let id = TaskId {
            pipeline: self.pipeline.name.value.clone(),
            source: source.name.value.clone(),
            target: self.target_id(target),
        };
        let mut noted = Noted(origins.task(id.clone()));
        noted.note(Part::Pipeline, Some(self.pipeline.head));
        noted.beginning(Thing::Pipeline, self.pipeline.head, self.pipeline.doc.as_ref());
        let (start, options) = match &self.pipeline.start {
            Some(start) => (Some(start), &self.pipeline.start_options),
            None => (source.start.as_ref(), &source.start_options),
        };
        for (&word, &place) in options {
            noted.note(Part::StartOption(word), Some(place));
        }
        let mut labels: Vec<&(Spanned<String>, String)> = self.pipeline.labels.iter().collect();
        labels.sort_by(|(a, _), (b, _)| a.value.cmp(&b.value));
        for (n, (name, _)) in labels.iter().enumerate() {
            noted.note(Part::Label(n), Some(name.span));
        }
        Some(TaskPlan {
            source: source_plan(
                source,
                self.retry_at(&source.retry, Part::SourceRetry, &mut noted),
                &mut noted,
            )?,
            target: self.target_plan(target, &mut noted)?,
            start: noted.value(Part::Start, start).unwrap_or_else(|| Start::Snapshot(Snapshot::default())),
            retry: self.retry(&mut noted),
            commit: self.commit(&mut noted),
            stream: self.stream(source, &mut noted),
            rules: self.rules(&mut noted),
            paused: noted.value(Part::Paused, self.pipeline.paused.as_ref()),
            labels: labels.into_iter().map(|(name, text)| (name.value.clone(), text.clone())).collect(),
            allows: Allows {
                source: self.allows(source.head),
                target: self.allows(target.head),
                pipeline: self.allows(self.pipeline.head),
                tables: self.table_allows(),
            },
            id,
        })
    }

    /// Codes that the block beginning with `head` answers.
    fn allows(&self, head: Span) -> Vec<String> {
        let here = self.program.allows.iter().filter(|allow| allow.covers(head));
        let mut codes: Vec<String> = here.map(|allow| allow.code.value.clone()).collect();
        codes.sort();
        codes.dedup();
        codes
    }

    /// Codes that `table` blocks answer, by the tables they are for.
    fn table_allows(&self) -> Vec<(TablePattern, Vec<String>)> {
        let around = self.allows(self.pipeline.head);
        let blocks = self.pipeline.tables.iter().chain(&self.to.tables);
        let answers = |block: &ast::TableBlock| {
            let mut codes = self.allows(block.pattern.span);
            codes.retain(|code| !around.contains(code));
            (!codes.is_empty()).then(|| (block.pattern.value.clone(), codes))
        };
        blocks.filter_map(answers).collect()
    }

    /// Its name; of a target that the pipeline sends to more than once, with the topic that tells this `to` from the others.
    fn target_id(&self, target: &ast::Target) -> String {
        let name = &target.name.value;
        let same = self.pipeline.to.iter().filter(|to| to.target.value == self.to.target.value);
        match &self.to.settings.topic {
            Some(topic) if same.count() > 1 => format!("{name}[{}]", topic.value),
            Some(_) | None => name.clone(),
        }
    }

    fn target_plan(&self, target: &ast::Target, noted: &mut Noted<'_>) -> Option<TargetPlan> {
        noted.note(Part::Target, Some(target.head));
        noted.beginning(Thing::Target, target.head, target.doc.as_ref());
        let kind = match &target.kind {
            ast::TargetKind::Stdout => TargetKind::Stdout,
            ast::TargetKind::File { path } => TargetKind::File { path: path.value.clone() },
            ast::TargetKind::Kafka(kafka) => {
                let retry = self.retry_at(&kafka.retry, Part::TargetRetry, noted);
                let near = self.to.settings.task.over(&self.pipeline.settings.task).producer;
                let all = &self.program.defaults.settings.task.producer;
                let producer = near.over(&kafka.producer).over(all);
                TargetKind::Kafka(Box::new(kafka_plan(kafka, &producer, retry, noted)?))
            }
        };
        Some(TargetPlan { name: target.name.value.clone(), kind })
    }

    /// How long failures are waited out that are of neither end.
    fn retry(&self, noted: &mut Noted<'_>) -> Retry {
        let (retry, window, errors) = self.settled_retry(None);
        noted.note(Part::RetryFor, window);
        noted.note(Part::RetryErrors, errors);
        retry
    }

    /// How long failures of one end are waited out: the pipeline's own word wins, then that of the end.
    fn retry_at(&self, end: &ast::Retry, part: Part, noted: &mut Noted<'_>) -> Retry {
        let (retry, window, errors) = self.settled_retry(Some(end));
        noted.note(part, window.or(errors));
        retry
    }

    fn settled_retry(&self, end: Option<&ast::Retry>) -> (Retry, Option<Span>, Option<Span>) {
        let (own, all) = (&self.pipeline.settings.task.retry, &self.program.defaults.settings.task.retry);
        let levels = [Some(own), end, Some(all)];
        let nearest =
            |of: fn(&ast::Retry) -> Option<&Spanned<u64>>| levels.into_iter().flatten().find_map(of);
        let window = nearest(|retry| retry.window_ms.as_ref());
        let errors = nearest(|retry| retry.errors_ms.as_ref());
        let plain = Retry::default();
        let window_ms = window.map_or(plain.window_ms, |window| window.value);
        let errors_ms = errors.map_or(plain.errors_ms, |errors| errors.value);
        // Errors are a part of what is waited out; a shorter window shortens the default of the other.
        let retry = Retry { window_ms, errors_ms: errors_ms.min(window_ms) };
        (retry, window.map(|window| window.span), errors.map(|errors| errors.span))
    }

    fn commit(&self, noted: &mut Noted<'_>) -> CommitPolicy {
        match noted.value(Part::Commit, self.settings().once.commit.as_ref()) {
            None => COMMIT,
            Some(commit) => CommitPolicy {
                every_ms: to_u32(commit.every_ms),
                rows: commit.rows.map_or(COMMIT.rows, to_u32),
                bytes: commit.bytes.unwrap_or(COMMIT.bytes),
            },
        }
    }

    /// What is said nearest about the task as a whole.
    fn settings(&self) -> TaskSettings {
        let (to, own) = (&self.to.settings.task, &self.pipeline.settings.task);
        to.over(own).over(&self.program.defaults.settings.task)
    }

    fn stream(&self, source: &ast::Source, noted: &mut Noted<'_>) -> StreamPlan {
        let once = self.settings().once;
        let own = self.pipeline.settings.task.once.online_ddl.as_ref();
        let online_ddl = own.or(source.online_ddl.as_ref()).or(once.online_ddl.as_ref());
        let plain = StreamPlan::default();
        let split = noted.value(Part::Split, once.split.as_ref());
        StreamPlan {
            timestamp: noted.value(Part::Timestamp, once.timestamp.as_ref()).unwrap_or(plain.timestamp),
            markers: noted.value(Part::Markers, once.markers.as_ref()).unwrap_or(plain.markers),
            online_ddl: noted.value(Part::OnlineDdl, online_ddl).unwrap_or(plain.online_ddl),
            on_position_lost: noted
                .value(Part::OnPositionLost, once.on_position_lost.as_ref())
                .unwrap_or(plain.on_position_lost),
            split: split
                .map_or(plain.split, |split| Split { rows: split.rows.or(plain.split.rows), ..split }),
            limit_bytes: noted.value(Part::Limit, once.limit_bytes.as_ref()),
        }
    }

    fn rules(&self, noted: &mut Noted<'_>) -> TableRules {
        let selection = self.pipeline.selection(self.source);
        let mut blocks: Vec<(u8, Option<&TablePattern>, &Settings)> = vec![
            (0, None, &self.program.defaults.settings),
            (1, None, &self.pipeline.settings),
            (2, None, &self.to.settings),
        ];
        for (level, tables) in [(3, &self.pipeline.tables), (4, &self.to.tables)] {
            blocks.extend(tables.iter().map(|block| (level, Some(&block.pattern.value), &block.settings)));
        }
        blocks.retain(|(_, _, settings)| settings.concerns_tables());
        blocks.sort_by_key(|&(level, pattern, _)| (level, pattern));
        TableRules {
            names: noted
                .value(Part::Names, self.settings().once.names.as_ref())
                .unwrap_or(NameCase::AsSource),
            include: noted.set(&selection.include, Part::Include),
            exclude: noted.set(&selection.exclude, Part::Exclude),
            renames: noted.set(&self.pipeline.renames, Part::Rename),
            layers: blocks
                .into_iter()
                .enumerate()
                .map(|(n, (level, pattern, settings))| noted.layer(n, level, pattern, settings))
                .collect(),
        }
    }
}
