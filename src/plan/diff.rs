//! What a new plan changes in what runs: per task, by the reload class of each statement.
//!
//! Settings of tables are compared by what becomes of the tables a task is known to carry, not by the lines that say so:
//! another line with the same outcome is no change. Does not: decide; the supervisor refuses, accepts or applies.

use super::change::{
    ACCEPTABLE, FORMAT_CHANGED, OLD_ROWS_DIFFER, OTHER_SERVER, SNAPSHOT_NEEDED, TOPIC_MOVED,
};
use super::change::{FIXED_AT_FIRST_START, FLOW_REMOVED, RENAMED_WITHOUT_MOVED};
use super::{
    DecideError, Decider, KafkaPlan, MovedPlan, Origins, Part, Plan, Start, StreamPlan, Subject, TargetKind,
    TaskId, TaskPlan,
};
use crate::diagnostic::{Code, Diagnostic, Fix, Severity};
use crate::pattern::TablePattern;
use crate::statement::{Reload, Thing};
use crate::text::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that differs between two plans.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanDiff {
    /// Tasks that are called otherwise, and what they were called; under the new name they may stand in `changed`.
    pub renamed: Vec<(TaskId, TaskId)>,
    /// Tasks of the new plan alone.
    pub added: Vec<TaskId>,
    /// Tasks of the old plan alone.
    pub removed: Vec<TaskId>,
    /// Tasks of both that differ.
    pub changed: Vec<TaskDiff>,
    /// What is to be said about it. An error means that the change is refused unless its code is accepted.
    pub findings: Vec<Diagnostic>,
    /// Tasks of the old plan that have another name in the new one, which no `moved` tells.
    pub unmoved: BTreeSet<TaskId>,
}

/// What differs in one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskDiff {
    /// The task.
    pub id: TaskId,
    /// The differences, each setting once.
    pub changes: Vec<Change>,
    /// Tables that are sent from now on.
    pub tables_added: Vec<Subject>,
    /// Tables that are not sent any more.
    pub tables_removed: Vec<Subject>,
    /// Of what more is seen than before, and the statement: tables, or patterns of those that are not known yet, of which a mask, a
    /// left-out column or a condition is gone or another one, and patterns that are not left out any more.
    pub bared: Vec<(String, &'static str)>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The statement, in the words of the language.
    pub what: &'static str,
    /// What it takes to follow.
    pub reload: Reload,
    /// The finding that speaks of it; none for what is simply done.
    pub code: Option<Code>,
}

impl TaskDiff {
    /// What it takes to follow all of it: the most that one of the changes takes.
    pub fn reload(&self) -> Reload {
        self.changes.iter().map(|change| change.reload).max().unwrap_or(Reload::InPlace)
    }
}

impl PlanDiff {
    /// True when both plans mean the same.
    pub fn is_empty(&self) -> bool {
        self.renamed.is_empty() && self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// Lets go through what is accepted by the code of its finding, as far as that code can be. The codes that did come
    /// back, sorted, each once.
    pub fn accept(&mut self, codes: &[String]) -> Vec<String> {
        let mut accepted = Vec::new();
        for finding in self.findings.iter_mut().filter(|finding| finding.severity == Severity::Error) {
            if ACCEPTABLE.contains(&finding.code) && codes.iter().any(|code| code == finding.code.number) {
                finding.severity = Severity::Warning;
                finding.help = Some("accepted: a fence in every partition marks the place".to_owned());
                accepted.push(finding.code.number.to_owned());
            }
        }
        accepted.sort();
        accepted.dedup();
        accepted
    }

    /// What a task of the new plan was called in the old one.
    pub fn former<'i>(&'i self, id: &'i TaskId) -> &'i TaskId {
        self.renamed.iter().find(|(new, _)| new == id).map_or(id, |(_, old)| old)
    }

    /// True when a finding forbids the change.
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Compares two plans. `tables` are those a task of the old plan is known to carry or could: what its source holds.
/// `origins` are those of the new plan.
pub fn diff(old: &Plan, new: &Plan, origins: &Origins, tables: &dyn Fn(&TaskId) -> Vec<Subject>) -> PlanDiff {
    let (old, renamed) = &old.called_as_in(new);
    let mut diff = PlanDiff { renamed: renamed.clone(), ..PlanDiff::default() };
    let of_new: BTreeMap<&TaskId, &TaskPlan> = new.tasks.iter().map(|task| (&task.id, task)).collect();
    let of_old: BTreeMap<&TaskId, &TaskPlan> = old.tasks.iter().map(|task| (&task.id, task)).collect();
    diff.added = of_new.keys().filter(|id| !of_old.contains_key(*id)).map(|id| (*id).clone()).collect();
    diff.removed = of_old.keys().filter(|id| !of_new.contains_key(*id)).map(|id| (*id).clone()).collect();
    for (id, old_task) in &of_old {
        if let Some(new_task) = of_new.get(id).filter(|new_task| new_task != &old_task) {
            let mut compared =
                Comparison { id, origins, found: Vec::new(), findings: BTreeMap::new(), bared: Vec::new() };
            let (tables_added, tables_removed) = compared.tasks(old_task, new_task, &tables(diff.former(id)));
            let bared = std::mem::take(&mut compared.bared);
            let (changes, findings) = compared.finish();
            diff.findings.extend(findings);
            let id = (*id).clone();
            diff.changed.push(TaskDiff { id, changes, tables_added, tables_removed, bared });
        }
    }
    let mut gone = diff.removed.clone();
    let mut renamed: BTreeMap<MovedPlan, (TaskId, TaskId)> = BTreeMap::new();
    for added in diff.added.clone() {
        let added = &added;
        if let Some((n, moved)) =
            gone.iter().enumerate().find_map(|(n, removed)| Some((n, twin(removed, added, old, new)?)))
        {
            // A pipeline of many sources is renamed once.
            renamed.entry(moved).or_insert_with(|| (gone[n].clone(), added.clone()));
            diff.unmoved.insert(gone.remove(n));
        }
    }
    for (moved, (removed, added)) in renamed {
        diff.findings.push(renamed_without_moved(&moved, &removed, &added, origins));
    }
    for removed in gone {
        let message = format!("`{removed}` is no longer sent");
        diff.findings.push(Diagnostic::nowhere(FLOW_REMOVED, Severity::Warning, message));
    }
    diff
}

/// How `removed` was renamed to `added`: one thing has another name, and it is in one of the two plans only.
fn twin(removed: &TaskId, added: &TaskId, old: &Plan, new: &Plan) -> Option<MovedPlan> {
    let names = |id: &TaskId| [id.pipeline.clone(), id.source.clone(), id.target.clone()];
    let (before, after) = (names(removed), names(added));
    let differing: Vec<usize> = (0..3).filter(|&n| before[n] != after[n]).collect();
    let [n] = differing.as_slice() else { return None };
    let used = |plan: &Plan, name: &str| plan.tasks.iter().any(|task| names(&task.id)[*n] == name);
    if used(new, &before[*n]) || used(old, &after[*n]) {
        return None;
    }
    let find = |plan: &Plan, id: &TaskId| plan.tasks.iter().find(|task| task.id == *id).cloned();
    let (from, to) = (find(old, removed)?, find(new, added)?);
    // What it carries and where it comes from is still the same; one who renames it may change a line, too.
    let carries_same = from.rules.include.iter().any(|pattern| to.rules.include.contains(pattern));
    let is_same = carries_same && from.source.host == to.source.host && from.source.port == to.source.port;
    let thing = [Thing::Pipeline, Thing::Source, Thing::Target][*n];
    is_same.then(|| MovedPlan { thing, from: before[*n].clone(), to: after[*n].clone() })
}

fn renamed_without_moved(
    moved: &MovedPlan,
    removed: &TaskId,
    added: &TaskId,
    origins: &Origins,
) -> Diagnostic {
    let part = match moved.thing {
        Thing::Pipeline => Part::Pipeline,
        Thing::Source => Part::Source,
        Thing::Target => Part::Target,
    };
    let span = origins.span(added, part);
    let message = format!("`{removed}` is called `{added}` now, and would begin anew");
    let line = format!("moved {} {} to {}", moved.thing.word(), moved.from, moved.to);
    let finding = placed(RENAMED_WITHOUT_MOVED, Severity::Error, span, message)
        .help(format!("keep the old name, under which position and progress are stored, or write `{line}`"));
    match origins.span(added, Part::Beginning(moved.thing)) {
        Some(beginning) => {
            let before = Span::new(beginning.file, beginning.start, beginning.start);
            finding.fix(Fix::machine(format!("add `{line}`"), before, format!("{line}\n")))
        }
        None => finding,
    }
}

fn placed(code: Code, severity: Severity, span: Option<Span>, message: String) -> Diagnostic {
    match span {
        Some(span) => Diagnostic::at(code, severity, span, message),
        None => Diagnostic::nowhere(code, severity, message),
    }
}

pub(super) struct Comparison<'a> {
    pub(super) id: &'a TaskId,
    pub(super) origins: &'a Origins,
    found: Vec<Change>,
    /// Tables by code, place and statement: one finding speaks of all that one line changes.
    findings: BTreeMap<(Code, Option<Span>, &'static str), Vec<String>>,
    /// Of what more is seen than before, and the statement.
    pub(super) bared: Vec<(String, &'static str)>,
}

impl Comparison<'_> {
    fn tasks(&mut self, old: &TaskPlan, new: &TaskPlan, tables: &[Subject]) -> (Vec<Subject>, Vec<Subject>) {
        self.source(old, new);
        self.target(old, new);
        self.start(&old.start, &new.start);
        self.plain(old.retry != new.retry, "retry", Reload::InPlace);
        self.plain(old.commit != new.commit, "commit", Reload::InPlace);
        self.plain(old.paused != new.paused, "paused", Reload::InPlace);
        self.plain(old.labels != new.labels, "label", Reload::InPlace);
        self.plain(old.allows != new.allows, "allow", Reload::InPlace);
        self.stream(&old.stream, &new.stream);
        // In another zone a condition on times takes other rows.
        if old.rules == new.rules && old.source.time_zone == new.source.time_zone {
            return (Vec::new(), Vec::new());
        }
        self.rules(old, new, tables)
    }

    fn stream(&mut self, old: &StreamPlan, new: &StreamPlan) {
        let StreamPlan { timestamp, markers, online_ddl, on_position_lost, split, limit_bytes } = new;
        if old.timestamp != *timestamp {
            self.breaks(FORMAT_CHANGED, "timestamp", self.place(Part::Timestamp), None);
        }
        if old.markers != *markers {
            self.breaks(FORMAT_CHANGED, "markers", self.place(Part::Markers), None);
        }
        self.plain(old.online_ddl != *online_ddl, "online-ddl", Reload::Rewire);
        self.plain(old.on_position_lost != *on_position_lost, "on-position-lost", Reload::InPlace);
        self.plain(old.split != *split, "split", Reload::InPlace);
        self.plain(old.limit_bytes != *limit_bytes, "limit", Reload::InPlace);
    }

    /// How fast existing rows are read may change at any time; where a task began may not.
    fn start(&mut self, old: &Start, new: &Start) {
        match (old, new) {
            (Start::Snapshot(a), Start::Snapshot(b)) if (a.schema, a.data) == (b.schema, b.data) => {
                self.plain(a.chunk_rows != b.chunk_rows, "chunk", Reload::InPlace);
                self.plain(a.rate_bytes_s != b.rate_bytes_s, "rate", Reload::InPlace);
                self.plain(a.window != b.window, "window", Reload::InPlace);
                self.plain(a.parallel != b.parallel, "parallel", Reload::InPlace);
            }
            (Start::Snapshot(_) | Start::Now | Start::At(_), _) => {
                self.fixed(old != new, "start", Part::Start);
            }
        }
    }

    fn source(&mut self, old: &TaskPlan, new: &TaskPlan) {
        let (a, b) = (&old.source, &new.source);
        // Whether it is the same lineage is proven when the connection is made.
        self.plain(a.host != b.host || a.port != b.port, "address", Reload::Rewire);
        self.plain(a.user != b.user || a.password != b.password, "user", Reload::Rewire);
        self.plain(a.tls != b.tls, "tls", Reload::Rewire);
        self.plain(a.time_zone != b.time_zone, "time-zone", Reload::Rewire);
        self.plain(a.standby != b.standby, "standby", Reload::InPlace);
        self.plain(a.on_failover != b.on_failover, "on-failover", Reload::InPlace);
        self.plain(a.server_ids != b.server_ids, "server-id", Reload::Rewire);
        self.plain(a.readers != b.readers, "readers", Reload::InPlace);
        self.plain(a.heartbeat != b.heartbeat, "heartbeat", Reload::Rewire);
        self.plain(a.event_limit_bytes != b.event_limit_bytes, "event-limit", Reload::Rewire);
        self.plain(a.retry != b.retry, "retry", Reload::InPlace);
    }

    fn target(&mut self, old: &TaskPlan, new: &TaskPlan) {
        match (&old.target.kind, &new.target.kind) {
            (TargetKind::Kafka(a), TargetKind::Kafka(b)) => self.kafka(a, b),
            (TargetKind::Stdout, TargetKind::Stdout) => {}
            (TargetKind::File { path: a }, TargetKind::File { path: b }) => {
                self.plain(a != b, "target", Reload::Rewire);
            }
            (TargetKind::Kafka(_) | TargetKind::Stdout | TargetKind::File { .. }, _) => {
                self.breaks(OTHER_SERVER, "target", self.place(Part::Target), None);
            }
        }
    }

    fn kafka(&mut self, a: &KafkaPlan, b: &KafkaPlan) {
        self.plain(a.brokers != b.brokers, "brokers", Reload::Rewire);
        self.plain(a.sasl != b.sasl, "user", Reload::Rewire);
        self.plain(a.tls != b.tls, "tls", Reload::Rewire);
        self.plain(a.delivery != b.delivery, "delivery", Reload::Rewire);
        let timeout = a.transaction_timeout_ms != b.transaction_timeout_ms;
        self.plain(timeout, "transaction-timeout", Reload::Rewire);
        self.plain(a.compression != b.compression, "compression", Reload::Rewire);
        self.plain(a.batch_bytes != b.batch_bytes, "batch", Reload::Rewire);
        self.plain(a.linger_ms != b.linger_ms, "linger", Reload::Rewire);
        self.plain(a.acks != b.acks, "acks", Reload::Rewire);
        self.plain(a.in_flight != b.in_flight, "in-flight", Reload::Rewire);
        self.plain(a.registry != b.registry, "registry", Reload::Rewire);
        self.plain(a.broker_version != b.broker_version, "broker-version", Reload::Rewire);
        self.plain(a.retry != b.retry, "retry", Reload::InPlace);
        self.fixed(a.state.prefix != b.state.prefix, "prefix", Part::StatePrefix);
        self.fixed(a.state.replicas != b.state.replicas, "replicas", Part::StateReplicas);
        self.fixed(a.state.min_insync != b.state.min_insync, "min-insync", Part::StateMinInsync);
    }

    /// Rules that differ: what becomes of each table under the old and under the new ones.
    fn rules(&mut self, old: &TaskPlan, new: &TaskPlan, tables: &[Subject]) -> (Vec<Subject>, Vec<Subject>) {
        let (Ok(before), Ok(after)) = (Decider::new(old), Decider::new(new)) else {
            self.breaks(FORMAT_CHANGED, "pipeline", self.place(Part::Pipeline), None);
            return (Vec::new(), Vec::new());
        };
        let n_before = self.found.len();
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for table in tables {
            let (db, name) = (table.db.as_str(), table.table.as_str());
            match (before.decide(db, name), after.decide(db, name)) {
                (Ok(None), Ok(None)) => {}
                (Ok(None), Ok(Some(_)) | Err(_)) | (Err(_), Ok(Some(_))) => added.push(table.clone()),
                (Ok(Some(_)) | Err(_), Ok(None)) => removed.push(table.clone()),
                (Ok(Some(old)), Ok(Some(made))) => self.table(table, &old, &made, &after),
                (_, Err(error)) => self.undecided(table, &error),
            }
        }
        let kept = |pattern: &&TablePattern| new.rules.exclude.contains(pattern);
        let bared = old.rules.exclude.iter().filter(|pattern| !kept(pattern));
        self.bared.extend(bared.map(|pattern| (pattern.to_string(), "exclude")));
        self.unmet(old, new, tables);
        let patterns = old.rules.include != new.rules.include || old.rules.exclude != new.rules.exclude;
        let backfill = if added.is_empty() { Reload::Rewire } else { Reload::Backfill };
        self.plain(patterns || !added.is_empty() || !removed.is_empty(), "include", backfill);
        self.plain(old.rules != new.rules && self.found.len() == n_before, "table", Reload::Rewire);
        for table in &removed {
            self.note(FLOW_REMOVED, self.place(Part::Pipeline), "include", table.to_string());
        }
        for table in added.iter().filter(|_| new.start.loads()) {
            let hits = after.hits(&table.db, &table.table);
            let include = hits.include.first().map_or(Part::Pipeline, |&n| Part::Include(n));
            let rows = table.load_text(&new.start).map_or_else(String::new, |rows| format!(" ({rows})"));
            self.note(SNAPSHOT_NEEDED, self.place(include), "include", format!("{table}{rows}"));
        }
        (added, removed)
    }

    fn undecided(&mut self, table: &Subject, error: &DecideError) {
        let shown = format!("{table} ({error})");
        self.breaks(TOPIC_MOVED, "topic", self.place(Part::Pipeline), Some(shown));
    }

    pub(super) fn place(&self, part: Part) -> Option<Span> {
        self.origins.span(self.id, part).or_else(|| self.origins.span(self.id, Part::Pipeline))
    }

    pub(super) fn plain(&mut self, differs: bool, what: &'static str, reload: Reload) {
        if differs && !self.found.iter().any(|change| change.what == what) {
            self.found.push(Change { what, reload, code: None });
        }
    }

    fn fixed(&mut self, differs: bool, what: &'static str, part: Part) {
        if differs {
            self.found.push(Change { what, reload: Reload::Refused, code: Some(FIXED_AT_FIRST_START) });
            self.note(FIXED_AT_FIRST_START, self.place(part), what, String::new());
        }
    }

    pub(super) fn breaks(
        &mut self,
        code: Code,
        what: &'static str,
        span: Option<Span>,
        table: Option<String>,
    ) {
        if !self.found.iter().any(|change| change.what == what) {
            self.found.push(Change { what, reload: Reload::Breaks, code: Some(code) });
        }
        self.note(code, span, what, table.unwrap_or_default());
    }

    /// Rows sent before keep the old form.
    pub(super) fn old_rows(&mut self, what: &'static str, span: Option<Span>, table: String) {
        if !self.found.iter().any(|change| change.what == what) {
            self.found.push(Change { what, reload: Reload::Rewire, code: Some(OLD_ROWS_DIFFER) });
        }
        self.note(OLD_ROWS_DIFFER, span, what, table);
    }

    pub(super) fn note(&mut self, code: Code, span: Option<Span>, what: &'static str, table: String) {
        self.findings.entry((code, span, what)).or_default().push(table);
    }

    fn finish(self) -> (Vec<Change>, Vec<Diagnostic>) {
        let findings = self
            .findings
            .into_iter()
            .map(|((code, span, what), tables)| finding(self.id, code, span, what, &tables))
            .collect();
        (self.found, findings)
    }
}

/// Most tables that a message names.
const NAMED_TABLES: usize = 3;

fn finding(id: &TaskId, code: Code, span: Option<Span>, what: &str, tables: &[String]) -> Diagnostic {
    let named: Vec<&str> = tables.iter().filter(|name| !name.is_empty()).map(String::as_str).collect();
    let shown = match named.len() {
        0 => format!("`{id}`"),
        n if n > NAMED_TABLES => {
            format!("{} and {} more tables of `{id}`", named[..NAMED_TABLES].join(", "), n - NAMED_TABLES)
        }
        _ => format!("{} of `{id}`", named.join(", ")),
    };
    if code == FLOW_REMOVED {
        return placed(code, Severity::Warning, span, format!("no longer sent: {shown}"));
    }
    if code == SNAPSHOT_NEEDED {
        let message = format!("existing rows are loaded first: {shown}");
        return placed(code, Severity::Advice, span, message);
    }
    if code == OLD_ROWS_DIFFER {
        let message = format!("`{what}` changes for {shown}: rows sent before stay as they are");
        return placed(code, Severity::Warning, span, message);
    }
    if code == FIXED_AT_FIRST_START {
        let message = format!("`{what}` of {shown} was fixed at its first start");
        return placed(code, Severity::Error, span, message)
            .help("take the change back, or give the pipeline another name: then it begins anew");
    }
    let message = match code == TOPIC_MOVED {
        true => format!("`{what}` changes for {shown}: readers of the old topic would get nothing more"),
        false => format!("`{what}` changes for {shown}: its consumers would read two kinds of messages"),
    };
    placed(code, Severity::Error, span, message)
        .help("take the change back, or send to another topic by a pipeline of its own")
}

#[cfg(test)]
mod tests;
