//! From files that may have changed to a plan that may be applied. Whatever is wrong, the old plan stays.
//!
//! The work runs on a thread of its own; nothing running is touched. Texts equal to the last ones end it at once;
//! what disappears is looked at twice, because editors save files one after the other.

use super::context::Context;
use super::event::{Event, Name};
use super::task;
use super::{Options, Screen};
use crate::diagnostic::render::{Renderer, Style};
use crate::diagnostic::{Code, Diagnostic, Severity, Summary, json, short};
use crate::mysql::schema::TableName;
use crate::plan::{Plan, PlanDiff, Subject, TaskDiff, TaskId, TaskPlan, compile_project, diff};
use crate::project::io::{ReadError, Reading, read};
use crate::project::{Location, PROJECT_UNREADABLE, Project};
use crate::statement::secret_places;
use crate::text::FileSet;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Exit code for files with errors, of a command that asked for a look.
const FINDINGS: u8 = 1;

/// Exit code for a change that is refused.
const REFUSED: u8 = 4;

/// Columns of a drawing for somebody whose terminal is not known.
const DRAWN_WIDTH: usize = 100;

/// A removal, also that of a mask, counts only when it is still there after this.
const HOLD_BACK: Duration = Duration::from_secs(5);

/// A project that was read and compiled.
pub(super) struct Loaded {
    /// Its plan.
    pub(super) plan: Plan,
    /// Its texts, to tell whether anything changed.
    pub(super) texts: Texts,
    /// Its directories, to watch.
    pub(super) directories: Vec<PathBuf>,
}

impl Loaded {
    /// A plan that is not that of the files: the next look takes them for new, whatever they say.
    pub(super) fn stale(plan: Plan, directories: Vec<PathBuf>) -> Loaded {
        Loaded { plan, texts: Texts(Vec::new()), directories }
    }

    /// True for one that is not that of the files.
    pub(super) fn is_stale(&self) -> bool {
        self.texts.0.is_empty()
    }
}

/// What the last look found, to tell whether there is anything new.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// These texts; whatever followed from them has been told.
    Texts(Texts),
    /// Nothing that could be read, for this reason.
    Unreadable(String),
    /// Texts whose plan may yet be applied: what stood in its way lies outside the files.
    Unprepared,
}

/// Paths and texts of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Texts(Vec<(String, String)>);

impl Texts {
    /// Of a file set.
    pub(super) fn of(files: &FileSet) -> Texts {
        Texts(files.ids().map(|id| (files.path(id).to_owned(), files.text(id).to_owned())).collect())
    }
}

/// What became of a look at the files.
pub(super) enum Outcome {
    /// The texts are the ones last seen.
    Same,
    /// Other texts, the same plan.
    NoEffect {
        /// What is told about them.
        told: Told,
    },
    /// Findings, or a change that must not be made.
    Refused {
        /// Why.
        told: Told,
        /// Generation it would have been.
        generation: u64,
        /// Exit code of a command that asked for it.
        exit: u8,
    },
    /// To be applied.
    Accepted {
        /// The plan.
        plan: Plan,
        /// Its generation.
        generation: u64,
        /// What changes, for people.
        summary: String,
        /// Codes that were accepted.
        accepted: Vec<String>,
        /// Warnings and advice about the files and the change.
        told: Told,
    },
    /// Something disappeared and came back, or changed once more: look again.
    Again,
}

/// Findings, and the files they are in.
pub(super) struct Told {
    files: FileSet,
    /// What is told.
    pub(super) findings: Vec<Diagnostic>,
}

impl Told {
    /// Shows them, if there are any.
    pub(super) fn show(&self, screen: &mut dyn Screen) {
        if !self.findings.is_empty() {
            screen.findings(&self.files, &self.findings);
        }
    }

    /// A finding on one line.
    pub(super) fn line(&self, finding: &Diagnostic) -> String {
        short::line(finding, &self.files)
    }

    /// What somebody who asked for the look is told: the outcome, the findings as data and as drawings.
    pub(super) fn result(&self, outcome: &str, generation: u64, summary: &str) -> Value {
        let document =
            json::document(&self.findings, &self.files, Summary::of(&self.findings, self.files.len()));
        let report: Value = serde_json::from_str(&document).unwrap_or(Value::Null);
        let style = Style { ascii: false, color: false, width: DRAWN_WIDTH };
        let renderer = Renderer::new(&self.files, &secret_places(&self.files), style);
        let drawn: Vec<String> = self.findings.iter().map(|finding| renderer.draw(finding)).collect();
        serde_json::json!({
            "outcome": outcome, "generation": generation, "summary": summary, "report": report,
            "drawn": drawn.join("\n"),
        })
    }
}

/// How a look is made.
#[derive(Debug, Clone, Default)]
pub(super) struct Ask {
    /// Texts that were seen before are judged again.
    pub(super) forced: bool,
    /// Codes of changes that are accepted.
    pub(super) accept: Vec<String>,
}

/// Looks at files, one look at a time.
pub(super) struct Reload {
    project: Location,
    only: Vec<String>,
    context: Arc<Context>,
    seen: Arc<Mutex<Seen>>,
    directories: Arc<Mutex<Vec<PathBuf>>>,
    busy: Option<JoinHandle<()>>,
    again: bool,
}

impl Reload {
    /// Looks at the project whose texts and directories were last these.
    pub(super) fn new(
        options: &Options,
        context: Arc<Context>,
        texts: Texts,
        directories: Vec<PathBuf>,
    ) -> Reload {
        let (project, only) = (options.project.clone(), options.only.clone());
        let seen = Arc::new(Mutex::new(Seen::Texts(texts)));
        let directories = Arc::new(Mutex::new(directories));
        Reload { project, only, context, seen, directories, busy: None, again: false }
    }

    /// The directories of the project when it could last be read.
    pub(super) fn directories(&self) -> Vec<PathBuf> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// True while a look is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.busy.is_some()
    }

    /// Looks at the files; `tell` gets the outcome. While a look is under way, another one is only noted, and this is false.
    pub(super) fn begin(
        &mut self,
        running: &Plan,
        carried: BTreeMap<TaskId, BTreeSet<TableName>>,
        generation: u64,
        ask: Ask,
        tell: impl FnOnce(Outcome) + Send + 'static,
    ) -> bool {
        if self.busy.is_some() {
            self.again = true;
            return false;
        }
        let look = Look {
            project: self.project.clone(),
            only: self.only.clone(),
            context: self.context.clone(),
            seen: self.seen.clone(),
            directories: self.directories.clone(),
            running: running.clone(),
            carried,
            generation,
            ask,
        };
        let thread = std::thread::Builder::new().name("reload".into()).spawn(move || tell(look.run()));
        self.busy = thread.ok();
        self.busy.is_some()
    }

    /// A look ended. True when another one was asked for meanwhile.
    pub(super) fn ended(&mut self) -> bool {
        if let Some(thread) = self.busy.take() {
            let _ = thread.join();
        }
        std::mem::take(&mut self.again)
    }
}

struct Look {
    project: Location,
    only: Vec<String>,
    context: Arc<Context>,
    seen: Arc<Mutex<Seen>>,
    directories: Arc<Mutex<Vec<PathBuf>>>,
    running: Plan,
    carried: BTreeMap<TaskId, BTreeSet<TableName>>,
    generation: u64,
    ask: Ask,
}

impl Look {
    fn run(self) -> Outcome {
        let project = match self.read() {
            Ok(project) => project,
            Err(finding) if !self.is_new(Seen::Unreadable(finding.message.clone())) => return Outcome::Same,
            Err(finding) => return self.refused(FileSet::new(), vec![*finding]),
        };
        let texts = Texts::of(&project.files);
        if !self.is_new(Seen::Texts(texts.clone())) {
            return Outcome::Same;
        }
        let compiled = compile_project(&project);
        let files = project.files;
        let Some((plan, origins)) = compiled.plan else {
            return self.refused(files, compiled.findings);
        };
        // What the process was started with has no place in the files any more.
        if !compiled.undeclared.is_empty() {
            return self.refused(files, compiled.undeclared);
        }
        if !compiled.idle.is_empty() {
            return self.refused(files, compiled.idle);
        }
        let mut findings = compiled.findings;
        // One that is named and not declared any more has no tasks.
        let declared =
            self.only.iter().filter(|name| plan.tasks.iter().any(|task| task.id.pipeline == **name));
        let declared: Vec<String> = declared.cloned().collect();
        let plan = match (self.only.is_empty(), declared.is_empty()) {
            (false, true) => Plan { tasks: Vec::new(), ..plan },
            _ => plan.only(&declared).expect("only what is declared"),
        };
        if plan == self.running {
            return Outcome::NoEffect { told: Told { files, findings } };
        }
        let tables = |task: &TaskId| {
            let carried = self.carried.get(task).into_iter().flatten();
            carried.map(|table| Subject::table(&table.db, &table.table)).collect()
        };
        let mut change = diff(&self.running, &plan, &origins, &tables);
        let accepted = change.accept(&self.ask.accept);
        if change.is_refused() {
            return self.refused_change(files, change.findings);
        }
        let is_grave = |task: &TaskDiff| !task.tables_removed.is_empty() || !task.bared.is_empty();
        if !change.removed.is_empty() || change.changed.iter().any(is_grave) {
            let text =
                format!("{}: counts if the files still say so in {} s", lost(&change), HOLD_BACK.as_secs());
            Event::info(Name::ConfigHeldBack, text).emit();
            std::thread::sleep(HOLD_BACK);
            match self.read() {
                Ok(again) if Texts::of(&again.files) == texts => {}
                Ok(_) | Err(_) => {
                    // Should the next look find these texts once more, it is to take them for new.
                    self.is_new(Seen::Unprepared);
                    return Outcome::Again;
                }
            }
        }
        for new in plan.running().filter(|new| !self.needs_no_servers(new)) {
            if let Some(finding) = self.another_cluster(change.former(&new.id), new) {
                return self.refused_change(files, vec![finding]);
            }
            let findings = match task::prepare(new, &self.context) {
                Ok(findings) => findings,
                Err(failure) => {
                    let code = failure.code.unwrap_or(UNPREPARED);
                    vec![Diagnostic::nowhere(code, Severity::Error, failure.text)]
                }
            };
            if !findings.is_empty() {
                // What stands in the way lies outside the files: it is tried again at every look.
                self.is_new(Seen::Unprepared);
                return self.refused(files, findings);
            }
        }
        let summary = summary(&change);
        findings.extend(change.findings);
        let told = Told { files, findings };
        Outcome::Accepted { plan, generation: self.generation, summary, accepted, told }
    }

    /// That a task which runs would find another cluster at its target; who does not answer is met by what follows.
    fn another_cluster(&self, former: &TaskId, new: &TaskPlan) -> Option<Diagnostic> {
        let old = self.running.running().find(|old| old.id == *former)?;
        task::another_cluster(old, new, &self.context).ok().flatten()
    }

    /// Notes what was found. False when the last look found the same.
    fn is_new(&self, found: Seen) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = *seen != found;
        *seen = found;
        is_new || self.ask.forced
    }

    /// True for a task that runs as it is to run, or asks nothing else of its servers then: they may be away.
    fn needs_no_servers(&self, new: &TaskPlan) -> bool {
        self.running.running().any(|old| new.asks_no_more_than(old))
    }

    fn read(&self) -> Result<Project, Box<Diagnostic>> {
        let reading = load(&self.project)?;
        *self.directories.lock().unwrap_or_else(PoisonError::into_inner) = reading.directories;
        Ok(reading.project)
    }

    fn refused(&self, files: FileSet, findings: Vec<Diagnostic>) -> Outcome {
        Outcome::Refused { told: Told { files, findings }, generation: self.generation, exit: FINDINGS }
    }

    /// The files are right, but what they change cannot be done, or not without consent.
    fn refused_change(&self, files: FileSet, findings: Vec<Diagnostic>) -> Outcome {
        Outcome::Refused { told: Told { files, findings }, generation: self.generation, exit: REFUSED }
    }
}

/// What changes, in few words: `+1 task, -2 tables, ~retry`.
fn summary(change: &PlanDiff) -> String {
    let mut parts = Vec::new();
    parts.extend(change.renamed.iter().map(|(new, old)| format!("{old} is {new}")));
    parts.extend(change.added.iter().map(|task| format!("+{task}")));
    parts.extend(change.removed.iter().map(|task| format!("-{task}")));
    for task in &change.changed {
        parts.extend(task.changes.iter().map(|change| format!("{} changed", change.what)));
        parts.extend(task.tables_removed.iter().map(|table| format!("-{table}")));
    }
    parts.join(", ")
}

/// What disappears, and of what more is seen, in few words.
fn lost(change: &PlanDiff) -> String {
    let tables = change.changed.iter().flat_map(|task| &task.tables_removed);
    let tables = tables.map(ToString::to_string);
    let lost: Vec<String> = change.removed.iter().map(ToString::to_string).chain(tables).collect();
    let bared = change.changed.iter().flat_map(|task| &task.bared);
    let bared: Vec<String> = bared.map(|(table, what)| format!("{table} (`{what}`)")).collect();
    let told = [("no longer sent", lost), ("more may be seen of", bared)].into_iter();
    let told = told.filter(|(_, which)| !which.is_empty());
    told.map(|(what, which)| format!("{what}: {}", which.join(", "))).collect::<Vec<_>>().join("; ")
}

/// A server failed in a way that has no code of its own while a plan was prepared.
const UNPREPARED: Code = Code::new("L0101", "mysql-unreachable");

/// Reads a project, or says why not.
pub(super) fn load(location: &Location) -> Result<Reading, Box<Diagnostic>> {
    read(location).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        let finding = Diagnostic::nowhere(PROJECT_UNREADABLE, Severity::Error, format!("{error}{cause}"));
        Box::new(match error {
            ReadError::Empty { .. } => finding.help(
                "a project is a directory with `.sync` files; name another one with `syncc run -C DIR`",
            ),
            ReadError::Unreadable { .. }
            | ReadError::NotRegular { .. }
            | ReadError::Name { .. }
            | ReadError::FileTooLarge { .. }
            | ReadError::TooManyFiles { .. }
            | ReadError::TooLarge { .. }
            | ReadError::KeepsChanging { .. } => finding,
        })
    })
}
