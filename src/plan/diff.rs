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
use crate::statement::{Reload, Thing};
use crate::text::Span;
use std::collections::BTreeMap;

/// Everything that differs between two plans.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanDiff {
    /// Tasks of the new plan alone.
    pub added: Vec<TaskId>,
    /// Tasks of the old plan alone.
    pub removed: Vec<TaskId>,
    /// Tasks of both that differ.
    pub changed: Vec<TaskDiff>,
    /// What is to be said about it. An error means that the change is refused unless its code is accepted.
    pub findings: Vec<Diagnostic>,
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
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// Lets go through what is accepted by the code of its finding, as far as that code can be.
    pub fn accept(&mut self, codes: &[String]) {
        for finding in &mut self.findings {
            if ACCEPTABLE.contains(&finding.code) && codes.iter().any(|code| code == finding.code.number) {
                finding.severity = Severity::Warning;
                finding.help = Some("accepted".to_owned());
            }
        }
    }

    /// True when a finding forbids the change.
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Compares two plans. `tables` are those a task of the old plan is known to carry or could: what its source holds.
/// `origins` are those of the new plan.
pub fn diff(old: &Plan, new: &Plan, origins: &Origins, tables: &dyn Fn(&TaskId) -> Vec<Subject>) -> PlanDiff {
    let mut diff = PlanDiff::default();
    let of_new: BTreeMap<&TaskId, &TaskPlan> = new.tasks.iter().map(|task| (&task.id, task)).collect();
    let of_old: BTreeMap<&TaskId, &TaskPlan> = old.tasks.iter().map(|task| (&task.id, task)).collect();
    diff.added = of_new.keys().filter(|id| !of_old.contains_key(*id)).map(|id| (*id).clone()).collect();
    diff.removed = of_old.keys().filter(|id| !of_new.contains_key(*id)).map(|id| (*id).clone()).collect();
    for (id, old_task) in &of_old {
        if let Some(new_task) = of_new.get(id).filter(|new_task| new_task != &old_task) {
            let mut compared = Comparison { id, origins, found: Vec::new(), findings: BTreeMap::new() };
            let (tables_added, tables_removed) = compared.tasks(old_task, new_task, &tables(id));
            let (changes, findings) = compared.finish();
            diff.findings.extend(findings);
            diff.changed.push(TaskDiff { id: (*id).clone(), changes, tables_added, tables_removed });
        }
    }
    let mut gone = diff.removed.clone();
    let mut renamed: BTreeMap<MovedPlan, (TaskId, TaskId)> = BTreeMap::new();
    for added in &diff.added {
        let is_moved = |removed: &TaskId| new.moved.iter().any(|moved| moved.apply(removed) == *added);
        if let Some(n) = gone.iter().position(is_moved) {
            gone.remove(n);
        } else if let Some((n, moved)) =
            gone.iter().enumerate().find_map(|(n, removed)| Some((n, twin(removed, added, old, new)?)))
        {
            // A pipeline of many sources is renamed once.
            renamed.entry(moved).or_insert_with(|| (gone[n].clone(), added.clone()));
            gone.remove(n);
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
    // What it carries and where it comes from is still the same.
    let is_same =
        from.rules == to.rules && from.source.host == to.source.host && from.source.port == to.source.port;
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
    match span {
        Some(span) => {
            let before = Span::new(span.file, span.start, span.start);
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
        if old.rules == new.rules {
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
        let patterns = old.rules.include != new.rules.include || old.rules.exclude != new.rules.exclude;
        let backfill = if added.is_empty() { Reload::Rewire } else { Reload::Backfill };
        self.plain(patterns || !added.is_empty() || !removed.is_empty(), "include", backfill);
        self.plain(self.found.len() == n_before, "table", Reload::Rewire);
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
mod tests {
    use super::super::tests::{HELLO, files};
    use super::*;
    use crate::plan::compile_files;

    /// Replaces `from` by `to` in the hello-world project and shows what that changes for its tables `a` and `b`.
    fn diff_of(from: &str, to: &str) -> (PlanDiff, String) {
        let base = HELLO.replace("shop.*\n", "shop.a, shop.b\n");
        let changed = base.replace(from, to);
        assert_ne!(base, changed);
        let compile = |text: &str| compile_files(&files(&[text])).plan.expect("compiles");
        let ((old, _), (new, origins)) = (compile(&base), compile(&changed));
        let table = |name| Subject { key: vec!["id".to_owned()], ..Subject::table("shop", name) };
        let tables = |_: &TaskId| ["a", "b", "c"].map(table).to_vec();
        let found = diff(&old, &new, &origins, &tables);
        let files = files(&[&changed]);
        let shown = found.findings.iter().map(|finding| {
            let line =
                finding.primary.as_ref().map(|label| files.line_col(label.span.file, label.span.start).line);
            format!("{} {} {}", line.unwrap_or(0), finding.code, finding.message)
        });
        let shown = shown.collect::<Vec<_>>().join("\n");
        (found, shown)
    }

    #[track_caller]
    fn check(from: &str, to: &str, changes: &[(&str, Reload)], findings: &str) {
        let (found, shown) = diff_of(from, to);
        let made: Vec<_> = found
            .changed
            .iter()
            .flat_map(|task| &task.changes)
            .map(|change| (change.what, change.reload))
            .collect();
        assert_eq!(made, changes);
        assert_eq!(shown, findings);
    }

    const INCLUDE: &str = "  include shop.a, shop.b\n";

    #[test]
    fn what_is_simply_done() {
        let add = |line: &str| format!("{INCLUDE}  {line}\n");
        check(INCLUDE, &add("retry for 1h"), &[("retry", Reload::InPlace)], "");
        check(INCLUDE, &add("label a \"b\""), &[("label", Reload::InPlace)], "");
        check(INCLUDE, &add("start snapshot {\nchunk 10 rows\n}"), &[("chunk", Reload::InPlace)], "");
        check("db1:3306", "db2:3306", &[("address", Reload::Rewire)], "");
        check("\"kafka1:9092\"", "\"kafka2:9092\"", &[("brokers", Reload::Rewire)], "");
        // A line with no effect on any table is taken over, and nothing else.
        check(INCLUDE, &add("table shop.x {\nkey none\n}"), &[("table", Reload::Rewire)], "");
        check(INCLUDE, &add("rename table shop.x to y"), &[("table", Reload::Rewire)], "");
    }

    #[test]
    fn tables_come_and_go() {
        let table = |name| Subject { key: vec!["id".to_owned()], ..Subject::table("shop", name) };
        let (found, shown) = diff_of("shop.a, shop.b", "shop.a, shop.c");
        assert_eq!(found.changed[0].tables_added, [table("c")]);
        assert_eq!(found.changed[0].tables_removed, [table("b")]);
        assert_eq!(found.changed[0].reload(), Reload::Backfill);
        assert_eq!(
            shown,
            "8 P1001 no longer sent: shop.b of `shop.shop.bus`\n\
             9 P1009 existing rows are loaded first: shop.c of `shop.shop.bus`"
        );
        assert!(!found.is_refused());
    }

    #[test]
    fn what_breaks_consumers() {
        let breaks = |line: &str, what: &'static str, finding: &str| {
            let told = finding.replace("TELL", "its consumers would read two kinds of messages");
            check(INCLUDE, &format!("{INCLUDE}  {line}\n"), &[(what, Reload::Breaks)], &told);
        };
        breaks("key none", "key", "10 P1002 `key` changes for shop.a, shop.b of `shop.shop.bus`: TELL");
        breaks(
            "partition to 1",
            "partition",
            "10 P1003 `partition` changes for shop.a, shop.b of `shop.shop.bus`: TELL",
        );
        breaks(
            "topic \"{db}.{table}\" {\npartitions 3\n}",
            "partitions",
            "11 P1003 `partitions` changes for shop.a, shop.b of `shop.shop.bus`: TELL",
        );
        breaks(
            "topic \"x.{table}\"",
            "topic",
            "10 P1007 `topic` changes for shop.a, shop.b of `shop.shop.bus`: readers of the old topic would get nothing more",
        );
        breaks(
            "rename table shop.a to z",
            "rename",
            "10 P1007 `rename` changes for shop.a of `shop.shop.bus`: readers of the old topic would get nothing more",
        );
        breaks(
            "rename column shop.a.x to y",
            "rename",
            "10 P1006 `rename` changes for shop.a of `shop.shop.bus`: TELL",
        );
        breaks(
            "format canal-json {\nenum label\n}",
            "format",
            "10 P1006 `format` changes for shop.a, shop.b of `shop.shop.bus`: TELL",
        );
        check(
            "kafka \"kafka1:9092\"",
            "stdout",
            &[("target", Reload::Breaks)],
            "6 P1005 `target` changes for `shop.shop.bus`: its consumers would read two kinds of messages",
        );
    }

    #[test]
    fn other_messages_of_the_same_rows() {
        let tell = |what: &str, line: u32, code: &str| {
            format!(
                "{line} {code} `{what}` changes for shop.a, shop.b of `shop.shop.bus`: its consumers would read two kinds of messages"
            )
        };
        for (statement, what, code) in [
            ("key primary as text", "key", "P1002"),
            ("partition by key using crc32", "partition", "P1003"),
            ("key-change update", "key-change", "P1006"),
            ("headers op", "headers", "P1006"),
            ("tombstones on", "tombstones", "P1006"),
            ("format json", "format", "P1006"),
        ] {
            let text = format!("{INCLUDE}  {statement}\n");
            check(INCLUDE, &text, &[(what, Reload::Breaks)], &tell(what, 10, code));
        }
        for (statement, what) in [("timestamp event", "timestamp"), ("markers off", "markers")] {
            let told = format!(
                "10 P1006 `{what}` changes for `shop.shop.bus`: its consumers would read two kinds of messages"
            );
            check(INCLUDE, &format!("{INCLUDE}  {statement}\n"), &[(what, Reload::Breaks)], &told);
        }
        check(
            INCLUDE,
            &format!("{INCLUDE}  names upper\n"),
            &[("names", Reload::Breaks)],
            &tell("names", 10, "P1006"),
        );
    }

    #[test]
    fn rows_sent_before_keep_their_form() {
        for (statement, what) in [
            ("mask x with null", "mask"),
            ("changes insert", "changes"),
            ("table shop.* {\nwhere a > 1\n}", "where"),
        ] {
            let line = 10 + u32::from(what == "where");
            let told = format!(
                "{line} P1004 `{what}` changes for shop.a, shop.b of `shop.shop.bus`: rows sent before stay as they are"
            );
            check(INCLUDE, &format!("{INCLUDE}  {statement}\n"), &[(what, Reload::Rewire)], &told);
        }
    }

    /// Keys and partitions are made of masked values.
    #[test]
    fn a_mask_of_a_key_changes_the_key() {
        let key = format!("{INCLUDE}  key x\n");
        check(
            INCLUDE,
            &format!("{key}  mask x with sha256 salt env S\n"),
            &[("key", Reload::Breaks), ("mask", Reload::Breaks)],
            "10 P1002 `key` changes for shop.a, shop.b of `shop.shop.bus`: its consumers would read two kinds of messages\n\
             11 P1002 `mask` changes for shop.a, shop.b of `shop.shop.bus`: its consumers would read two kinds of messages",
        );
        check(
            INCLUDE,
            &format!("{INCLUDE}  partition by column x\n  mask x with sha256 salt env S\n"),
            &[("partition", Reload::Breaks), ("mask", Reload::Breaks)],
            "10 P1003 `partition` changes for shop.a, shop.b of `shop.shop.bus`: its consumers would read two kinds of messages\n\
             11 P1003 `mask` changes for shop.a, shop.b of `shop.shop.bus`: its consumers would read two kinds of messages",
        );
        // The primary key, where it is known.
        check(
            INCLUDE,
            &format!("{INCLUDE}  mask id with sha256 salt env S\n"),
            &[("mask", Reload::Breaks)],
            "10 P1002 `mask` changes for shop.a, shop.b of `shop.shop.bus`: its consumers would read two kinds of messages",
        );
    }

    #[test]
    fn what_becomes_of_failures_changes_in_place() {
        for (statement, what, reload) in [
            ("on-error park", "on-error", Reload::InPlace),
            ("on-oversize dead-letter \"x\"", "on-oversize", Reload::InPlace),
            ("on-invalid-value stop", "on-invalid-value", Reload::Rewire),
            ("on-position-lost resnapshot", "on-position-lost", Reload::InPlace),
            ("truncate stop", "truncate", Reload::InPlace),
            ("split after 1MiB", "split", Reload::InPlace),
            ("limit 1MiB/s", "limit", Reload::InPlace),
            ("online-ddl off", "online-ddl", Reload::Rewire),
            ("paused because \"x\"", "paused", Reload::InPlace),
            ("ddl {\ntopic same\nallow create-table\n}\ntruncate warn", "ddl", Reload::Rewire),
        ] {
            check(INCLUDE, &format!("{INCLUDE}  {statement}\n"), &[(what, reload)], "");
        }
    }

    #[test]
    fn what_is_refused() {
        check(
            INCLUDE,
            &format!("{INCLUDE}  start now\n"),
            &[("start", Reload::Refused)],
            "10 P1011 `start` of `shop.shop.bus` was fixed at its first start",
        );
        check(
            "\"kafka1:9092\"",
            "\"kafka1:9092\" {\nstate {\nprefix \"x\"\n}\n}",
            &[("prefix", Reload::Refused)],
            "8 P1011 `prefix` of `shop.shop.bus` was fixed at its first start",
        );
    }

    #[test]
    fn a_new_name_would_begin_anew() {
        let (found, shown) = diff_of("pipeline shop from", "pipeline store from");
        assert_eq!(shown, "8 P1008 `shop.shop.bus` is called `store.shop.bus` now, and would begin anew");
        assert!(found.is_refused() && found.added.len() == 1 && found.removed.len() == 1);
        let fix = &found.findings[0].fixes[0];
        assert_eq!(fix.edits[0].text, "moved pipeline shop to store\n");
        // The line that the repair adds is the end of it.
        let (found, shown) =
            diff_of("pipeline shop from", &format!("{}pipeline store from", fix.edits[0].text));
        assert!(!found.is_refused() && shown.is_empty() && found.removed.len() == 1, "{shown}");
        let (found, _) = diff_of(
            "  include shop.a, shop.b\n}",
            "  include shop.a, shop.b\n}\npipeline q from shop to bus {\ninclude shop.c\n}",
        );
        assert!(found.findings.is_empty() && found.added.len() == 1);
    }

    #[test]
    fn other_columns_leave_old_rows_as_they_are() {
        check(
            INCLUDE,
            &format!("{INCLUDE}  columns except x\n"),
            &[("columns", Reload::Rewire)],
            "10 P1004 `columns` changes for shop.a, shop.b of `shop.shop.bus`: rows sent before stay as they are",
        );
        check(
            INCLUDE,
            &format!("{INCLUDE}  table shop.a {{\n    where x > 0\n  }}\n"),
            &[("where", Reload::Rewire)],
            "11 P1004 `where` changes for shop.a of `shop.shop.bus`: rows sent before stay as they are",
        );
    }
}
