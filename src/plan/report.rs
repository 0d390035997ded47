//! What a new plan changes, line by line, as people read it: what comes, goes, changes, and what is refused.

use super::change::ACCEPTABLE;
use super::{Change, Decider, Plan, PlanDiff, Subject, TaskDiff, TaskId, TaskPlan, outcomes};
use super::{FLOW_REMOVED, OLD_ROWS_DIFFER, RENAMED_WITHOUT_MOVED, SNAPSHOT_NEEDED, TOPIC_MOVED};
use crate::diagnostic::Severity;
use crate::statement::Reload;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a new plan changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Every task of either plan, sorted by id.
    pub tasks: Vec<TaskReport>,
    /// Lines of each mark.
    pub counts: Counts,
    /// Codes by which what is refused can be accepted.
    pub acceptable: Vec<&'static str>,
}

/// What changes in one task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskReport {
    /// Pipeline.
    pub pipeline: String,
    /// Source.
    pub source: String,
    /// Target.
    pub target: String,
    /// It is paused.
    pub paused: bool,
    /// Where `run` would start it; none where that was not asked, or it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begins: Option<Begins>,
    /// The changes; empty for none.
    pub changes: Vec<Line>,
}

/// A place of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Begins {
    /// The position, for people, or what it will be.
    pub at: String,
    /// The task has come there; otherwise it begins there for the first time.
    pub stored: bool,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What kind of change.
    pub mark: Mark,
    /// The statement, or `table` and `task`.
    pub what: String,
    /// Tables or patterns it is about; empty for the whole task.
    pub tables: Vec<String>,
    /// What held; none where there is nothing short to say.
    pub from: Option<String>,
    /// What holds from now on.
    pub to: Option<String>,
    /// What it takes to follow, or what follows from it.
    pub effect: String,
    /// The finding that speaks of it.
    pub code: Option<&'static str>,
}

/// Kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// Comes.
    Add,
    /// Becomes something else.
    Change,
    /// Goes.
    Remove,
    /// Is refused.
    Refuse,
}

/// How many lines there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// [`Mark::Add`].
    pub add: usize,
    /// [`Mark::Change`].
    pub change: usize,
    /// [`Mark::Remove`].
    pub remove: usize,
    /// [`Mark::Refuse`].
    pub refuse: usize,
}

/// Describes a difference. `tables` are those it was made by.
pub fn report(old: &Plan, new: &Plan, diff: &PlanDiff, tables: &dyn Fn(&TaskId) -> Vec<Subject>) -> Report {
    let (old, _) = &old.called_as_in(new);
    let before: BTreeMap<&TaskId, &TaskPlan> = old.tasks.iter().map(|task| (&task.id, task)).collect();
    let after: BTreeMap<&TaskId, &TaskPlan> = new.tasks.iter().map(|task| (&task.id, task)).collect();
    let mut all: Vec<&TaskId> = before.keys().chain(after.keys()).copied().collect();
    all.sort();
    all.dedup();
    let mut report = Report::default();
    let errors = diff.findings.iter().filter(|finding| finding.severity == Severity::Error);
    report.acceptable = errors
        .map(|finding| finding.code)
        .filter(|code| ACCEPTABLE.contains(code))
        .map(|code| code.number)
        .collect();
    report.acceptable.sort_unstable();
    report.acceptable.dedup();
    for id in all {
        let mut changes = match (before.get(id), after.get(id)) {
            (Some(old), Some(new)) => match diff.changed.iter().find(|changed| changed.id == *id) {
                Some(changed) => changed_lines(old, new, changed, &tables(diff.former(id))),
                None => Vec::new(),
            },
            (None, Some(new)) => added(new),
            (Some(_), None) | (None, None) => vec![removed(diff, id)],
        };
        let former = diff.former(id);
        if former != id {
            let names = (Some(former.to_string()), Some(id.to_string()));
            let name = line(Mark::Change, "name", "position and progress are handed over");
            changes.insert(0, Line { from: names.0, to: names.1, ..name });
        }
        for line in &changes {
            report.counts.count(line.mark);
        }
        report.tasks.push(TaskReport {
            pipeline: id.pipeline.clone(),
            source: id.source.clone(),
            target: id.target.clone(),
            paused: after.get(id).is_some_and(|task| task.paused.is_some()),
            begins: None,
            changes,
        });
    }
    report
}

impl Counts {
    fn count(&mut self, mark: Mark) {
        match mark {
            Mark::Add => self.add += 1,
            Mark::Change => self.change += 1,
            Mark::Remove => self.remove += 1,
            Mark::Refuse => self.refuse += 1,
        }
    }

    /// True when nothing changes.
    pub fn is_empty(&self) -> bool {
        *self == Counts::default()
    }
}

fn line(mark: Mark, what: &str, effect: impl Into<String>) -> Line {
    let effect = effect.into();
    Line { mark, what: what.to_owned(), tables: Vec::new(), from: None, to: None, effect, code: None }
}

/// A task that comes, and the topic for marks of its loads where it has one of its own.
fn added(task: &TaskPlan) -> Vec<Line> {
    let topic = task.own_marker_topic().ok().flatten();
    let markers = topic.map(|topic| {
        let to = Some(topic.to_string());
        Line { to, ..line(Mark::Add, "markers", "begin and end of loads") }
    });
    [added_task(task)].into_iter().chain(markers).collect()
}

fn added_task(task: &TaskPlan) -> Line {
    let effect =
        if task.start.loads() { "existing rows are loaded first" } else { "no existing rows are loaded" };
    let tables = task.rules.include.iter().map(ToString::to_string).collect();
    Line { tables, ..line(Mark::Add, "task", effect) }
}

fn removed(diff: &PlanDiff, id: &TaskId) -> Line {
    match diff.unmoved.contains(id) {
        true => {
            let effect = "another name: it would begin anew";
            Line { code: Some(RENAMED_WITHOUT_MOVED.number), ..line(Mark::Refuse, "task", effect) }
        }
        false => Line { code: Some(FLOW_REMOVED.number), ..line(Mark::Remove, "task", "no longer sent") },
    }
}

fn changed_lines(old: &TaskPlan, new: &TaskPlan, changed: &TaskDiff, tables: &[Subject]) -> Vec<Line> {
    let mut lines = Vec::new();
    for table in &changed.tables_added {
        let to = topic(new, table);
        let rows = table.load_text(&new.start).map_or_else(String::new, |rows| format!(": {rows}"));
        let (effect, code) = match new.start.loads() {
            true => (format!("existing rows are loaded first{rows}"), Some(SNAPSHOT_NEEDED.number)),
            false => (String::new(), None),
        };
        let tables = vec![table.to_string()];
        lines.push(Line { tables, to, code, ..line(Mark::Add, "table", effect) });
    }
    for table in &changed.tables_removed {
        let (tables, code) = (vec![table.to_string()], Some(FLOW_REMOVED.number));
        lines.push(Line { tables, code, ..line(Mark::Remove, "table", "no longer sent") });
    }
    for change in &changed.changes {
        let moved = !changed.tables_added.is_empty() || !changed.tables_removed.is_empty();
        if change.what == "include" && moved {
            continue;
        }
        lines.extend(of_change(change, old, new, tables));
    }
    lines
}

/// The topic of a table; for one that stands for a pattern there are many.
fn topic(task: &TaskPlan, table: &Subject) -> Option<String> {
    let decision = Decider::new(task).ok()?.decide(&table.db, &table.table).ok().flatten()?;
    table.other().is_none().then(|| decision.topic.as_str().to_owned())
}

/// A change, once for all tables to which it means the same.
fn of_change(change: &Change, old: &TaskPlan, new: &TaskPlan, tables: &[Subject]) -> Vec<Line> {
    let (mark, effect) = match change.reload {
        Reload::Breaks if change.code == Some(TOPIC_MOVED) => {
            (Mark::Refuse, "readers of the old topic would get nothing more")
        }
        Reload::Breaks => (Mark::Refuse, "consumers would read two kinds of messages"),
        Reload::Refused => (Mark::Refuse, "fixed at the first start"),
        _ if change.code == Some(OLD_ROWS_DIFFER) => (Mark::Change, "rows sent before keep the old form"),
        Reload::InPlace | Reload::Content => (Mark::Change, "in place"),
        Reload::Rewire | Reload::Backfill => (Mark::Change, "at the next commit"),
    };
    let code = change.code.map(|code| code.number);
    let plain = Line { code, ..line(mark, change.what, effect) };
    let mut same: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for table in tables {
        let of = |task: &TaskPlan| Some(told(&outcomes(task, &table.db, &table.table)?, change.what));
        if let Some((from, to)) = of(old).zip(of(new)).filter(|(from, to)| from != to) {
            same.entry(differing(from, to)).or_default().push(table.to_string());
        }
    }
    if same.is_empty() {
        return vec![plain];
    }
    let of_tables = |((from, to), tables): ((String, String), Vec<String>)| Line {
        tables: if is_of_tasks(change.what) { Vec::new() } else { tables },
        from: Some(from),
        to: Some(to),
        ..plain.clone()
    };
    same.into_iter().map(of_tables).collect()
}

/// What settings that belong to the whole task come to is the same for all its tables.
fn is_of_tasks(what: &str) -> bool {
    ["retry", "commit", "split", "limit", "markers", "timestamp", "online-ddl", "on-position-lost"]
        .contains(&what)
}

/// Both sides without what they share at the same place.
fn differing(from: Vec<String>, to: Vec<String>) -> (String, String) {
    let shown =
        |values: Vec<String>| if values.is_empty() { "default".to_owned() } else { values.join("; ") };
    if from.len() != to.len() {
        return (shown(from), shown(to));
    }
    let (from, to) = from.into_iter().zip(to).filter(|(from, to)| from != to).unzip();
    (shown(from), shown(to))
}

/// The outcomes of what a change is about, among all outcomes of a table.
fn told(outcomes: &[(String, String)], what: &str) -> Vec<String> {
    let names: &[&str] = match what {
        "rename" | "names" => &["name", "column"],
        "mask" => &["masked"],
        "topic options" => &["create", "replicas", "min-insync", "cleanup", "retention"],
        "retry" => &["retry", "errors"],
        what => &[what],
    };
    outcomes
        .iter()
        .filter(|(name, value)| names.contains(&name.as_str()) && !value.is_empty())
        .map(|(_, value)| value.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HELLO, files};
    use super::super::{compile_files, diff, subjects};
    use super::*;

    #[track_caller]
    fn check(from: &str, to: &str, expected: &[&str]) {
        let base = HELLO.replace("shop.*\n", "shop.a, shop.b\n");
        let compile = |text: &str| compile_files(&files(&[text])).plan.expect("compiles");
        let ((old, _), (new, origins)) = (compile(&base), compile(&base.replace(from, to)));
        let tables = |id: &TaskId| subjects(old.tasks.iter().chain(&new.tasks).filter(|task| task.id == *id));
        let report = report(&old, &new, &diff(&old, &new, &origins, &tables), &tables);
        let shown = |line: &Line| {
            let (from, to) = (line.from.as_deref().unwrap_or("-"), line.to.as_deref().unwrap_or("-"));
            let code = line.code.unwrap_or("-");
            format!(
                "{:?} {} [{}] {from} > {to}: {} {code}",
                line.mark,
                line.what,
                line.tables.join(" "),
                line.effect
            )
        };
        let lines: Vec<String> = report.tasks.iter().flat_map(|task| &task.changes).map(shown).collect();
        assert_eq!(lines, expected);
    }

    const INCLUDE: &str = "  include shop.a, shop.b\n";

    #[test]
    fn lines_say_what_was_and_what_will_be() {
        check("shop.a", "shop.a", &[]);
        check(
            "shop.a, shop.b",
            "shop.a, shop.c",
            &[
                "Add table [shop.c] - > shop.c: existing rows are loaded first P1009",
                "Remove table [shop.b] - > -: no longer sent P1001",
            ],
        );
        check(INCLUDE, &format!("{INCLUDE}  retry for 1h\n"), &["Change retry [] 12h > 1h: in place -"]);
        check(
            INCLUDE,
            &format!("{INCLUDE}  topic \"{{db}}.{{table}}\" {{\n    partitions 3\n  }}\n"),
            &[
                "Refuse partitions [shop.a shop.b] default > 3: consumers would read two kinds of messages P1003",
            ],
        );
        check(
            INCLUDE,
            &format!("{INCLUDE}  table shop.a {{\n    columns except x\n  }}\n"),
            &["Change columns [shop.a] all > all except x: rows sent before keep the old form P1004"],
        );
        check(
            INCLUDE,
            &format!("{INCLUDE}  start now\n"),
            &["Refuse start [] - > -: fixed at the first start P1011"],
        );
    }

    #[test]
    fn tasks_come_and_go() {
        check(
            "pipeline shop from",
            "pipeline store from",
            &[
                "Refuse task [] - > -: another name: it would begin anew P1008",
                "Add task [shop.a shop.b] - > -: existing rows are loaded first -",
            ],
        );
        check(
            "pipeline shop from",
            "moved pipeline shop to store\npipeline store from",
            &["Change name [] shop.shop.bus > store.shop.bus: position and progress are handed over -"],
        );
        check(
            "kafka1:9092\"\n",
            "kafka1:9092\"\ntarget two stdout\npipeline q from shop to two {\n  include a.b\n}\n",
            &["Add task [a.b] - > -: existing rows are loaded first -"],
        );
    }
}
