//! A checked program to a plan: one task per pipeline, source and target, with defaults filled in.
//!
//! Guarantees: two programs that mean the same give equal plans, whatever the order of their lines and files; sets are
//! sorted, what is written twice counts once.

use super::connect::{kafka_plan, source_plan, to_u16, to_u32};
use super::{
    CommitPolicy, Layer, Origins, Part, Plan, Property, Retry, Snapshot, Start, TableRules, TargetKind,
    TargetPlan, TaskId, TaskPlan,
};
use crate::ast::{self, Settings};
use crate::check::Checked;
use crate::hir::{Pipeline, Program, To};
use crate::pattern::TablePattern;
use crate::text::{Span, Spanned};

/// Half a second of lag is readable, and a transaction of these sizes stays far below its timeout.
const COMMIT: CommitPolicy = CommitPolicy { every_ms: 500, rows: 20_000, bytes: 8 << 20 };
/// Compiles a program.
pub fn compile(checked: &Checked) -> (Plan, Origins) {
    let program = checked.program();
    let mut origins = Origins::default();
    let mut tasks = Vec::new();
    for pipeline in &program.pipelines {
        for from in &pipeline.from {
            for to in &pipeline.to {
                let task = Compiler { program, pipeline, to }.task(program.source(from.value), &mut origins);
                tasks.extend(task);
            }
        }
    }
    tasks.sort_by(|a, b| a.id.cmp(&b.id));
    (Plan { tasks }, origins)
}

struct Compiler<'p> {
    program: &'p Program,
    pipeline: &'p Pipeline,
    to: &'p To,
}

/// Parts of a task and where they are written.
pub(super) struct Noted<'o> {
    task: TaskId,
    origins: &'o mut Origins,
}

impl Noted<'_> {
    pub(super) fn note(&mut self, part: Part, span: Option<Span>) {
        self.origins.note(&self.task, part, span);
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
}

impl Compiler<'_> {
    /// None for a source without address or a target without brokers, which no checked program has.
    fn task(&self, source: &ast::Source, origins: &mut Origins) -> Option<TaskPlan> {
        let target = self.program.target(self.to.target.value);
        let id = TaskId {
            pipeline: self.pipeline.name.value.clone(),
            source: source.name.value.clone(),
            target: target.name.value.clone(),
        };
        let mut noted = Noted { task: id.clone(), origins };
        noted.note(Part::Pipeline, Some(self.pipeline.head));
        let start = self.pipeline.start.as_ref().or(source.start.as_ref());
        let mut labels: Vec<(String, String)> =
            self.pipeline.labels.iter().map(|(name, text)| (name.value.clone(), text.clone())).collect();
        labels.sort();
        Some(TaskPlan {
            source: source_plan(source, self.retry(Some(&source.retry), &mut noted), &mut noted)?,
            target: self.target_plan(target, &mut noted)?,
            start: noted.value(Part::Start, start).unwrap_or_else(|| Start::Snapshot(Snapshot::default())),
            retry: self.retry(None, &mut noted),
            commit: self.commit(&mut noted),
            rules: self.rules(&mut noted),
            paused: noted.value(Part::Paused, self.pipeline.paused.as_ref()),
            labels,
            id,
        })
    }

    fn target_plan(&self, target: &ast::Target, noted: &mut Noted<'_>) -> Option<TargetPlan> {
        noted.note(Part::Target, Some(target.head));
        let kind = match &target.kind {
            ast::TargetKind::Stdout => TargetKind::Stdout,
            ast::TargetKind::File { path } => TargetKind::File { path: path.value.clone() },
            ast::TargetKind::Kafka(kafka) => {
                let retry = self.retry(Some(&kafka.retry), noted);
                TargetKind::Kafka(Box::new(kafka_plan(kafka, &self.to.producer, retry, noted)?))
            }
        };
        Some(TargetPlan { name: target.name.value.clone(), kind })
    }

    /// How long failures of one end are waited out, or of the task as a whole without one: the pipeline's own word wins,
    /// then that of the end.
    fn retry(&self, end: Option<&ast::Retry>, noted: &mut Noted<'_>) -> Retry {
        let levels = [Some(&self.pipeline.retry), end, Some(&self.program.defaults.retry)];
        let nearest =
            |of: fn(&ast::Retry) -> Option<&Spanned<u64>>| levels.into_iter().flatten().find_map(of);
        let window = nearest(|retry| retry.window_ms.as_ref());
        let errors = nearest(|retry| retry.errors_ms.as_ref());
        if end.is_none() {
            noted.note(Part::RetryFor, window.map(|window| window.span));
            noted.note(Part::RetryErrors, errors.map(|errors| errors.span));
        }
        let plain = Retry::default();
        let window_ms = window.map_or(plain.window_ms, |window| window.value);
        let errors_ms = errors.map_or(plain.errors_ms, |errors| errors.value);
        // Errors are a part of what is waited out; a shorter window shortens the default of the other.
        Retry { window_ms, errors_ms: errors_ms.min(window_ms) }
    }

    fn commit(&self, noted: &mut Noted<'_>) -> CommitPolicy {
        let all = &self.program.defaults.commit;
        let written = self.to.commit.as_ref().or(self.pipeline.commit.as_ref()).or(all.as_ref());
        match noted.value(Part::Commit, written) {
            None => COMMIT,
            Some(commit) => CommitPolicy {
                every_ms: to_u32(commit.every_ms),
                rows: commit.rows.map_or(COMMIT.rows, to_u32),
                bytes: commit.bytes.unwrap_or(COMMIT.bytes),
            },
        }
    }

    fn rules(&self, noted: &mut Noted<'_>) -> TableRules {
        let mut blocks: Vec<(u8, Option<&TablePattern>, &Settings)> = vec![
            (0, None, &self.program.defaults.settings),
            (1, None, &self.pipeline.settings),
            (2, None, &self.to.settings),
        ];
        for (level, tables) in [(3, &self.pipeline.tables), (4, &self.to.tables)] {
            blocks.extend(tables.iter().map(|block| (level, Some(&block.pattern.value), &block.settings)));
        }
        blocks.retain(|(_, _, settings)| **settings != Settings::default());
        blocks.sort_by_key(|&(level, pattern, _)| (level, pattern));
        TableRules {
            include: noted.set(&self.pipeline.include, Part::Include),
            exclude: noted.set(&self.pipeline.exclude, Part::Exclude),
            renames: noted.set(&self.pipeline.renames, Part::Rename),
            layers: blocks
                .into_iter()
                .enumerate()
                .map(|(n, (level, pattern, settings))| layer(n, level, pattern, settings, noted))
                .collect(),
        }
    }
}

fn layer(
    n: usize,
    level: u8,
    tables: Option<&TablePattern>,
    settings: &Settings,
    noted: &mut Noted<'_>,
) -> Layer {
    let part = |property| Part::Layer(n, property);
    Layer {
        level,
        tables: tables.cloned(),
        topic: noted.value(part(Property::Topic), settings.topic.as_ref()),
        topic_create: noted.value(part(Property::TopicCreate), settings.topic_create.as_ref()),
        topic_partitions: noted
            .value(part(Property::TopicPartitions), settings.topic_partitions.as_ref())
            .map(to_u32),
        topic_replicas: noted
            .value(part(Property::TopicReplicas), settings.topic_replicas.as_ref())
            .map(to_u16),
        topic_cleanup: noted.value(part(Property::TopicCleanup), settings.topic_cleanup.as_ref()),
        topic_retention_ms: noted.value(part(Property::TopicRetention), settings.topic_retention_ms.as_ref()),
        partition: noted.value(part(Property::Partition), settings.partition.as_ref()),
        key: noted.value(part(Property::Key), settings.key.as_ref()),
        columns: noted.value(part(Property::Columns), settings.columns.as_ref()),
        format: noted.value(part(Property::Format), settings.format.as_ref()),
        snapshot_init: noted.value(part(Property::SnapshotOp), settings.snapshot_init.as_ref()),
        enum_label: noted.value(part(Property::Enum), settings.enum_label.as_ref()),
    }
}
