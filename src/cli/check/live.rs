//! `check --live`: asks every server of the project once, tells each item while it goes on, and hands over what was found.
//!
//! The rules are those that `run` holds a task against before it starts.

use super::standby::Standby;
use crate::catalog::{ClusterFacts, SourceCatalog};
use crate::check::ENV_UNSET;
use crate::checkpoint::TaskState;
use crate::cli::output::progress;
use crate::cli::schema::schema_of;
use crate::diagnostic::render::harmless;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::hir::Program;
use crate::kafka::TopicName;
use crate::lockfile::{changes, pulled};
use crate::mysql::position::Position;
use crate::plan::io::{self as secrets, SecretError};
use crate::plan::{Plan, TargetKind, TaskPlan};
use crate::precheck::{self, Block, Item, Seen};
use crate::run::registry::{self, Wanted};
use crate::run::start_place;
use crate::source::mysql::io::{self as mysql, FailureClass, Session, SourceFailure};
use crate::source::mysql::requirement::{
    LOCK_DRIFT, MYSQL_UNREACHABLE, NOT_A_TABLE, POSITION_PURGED, Standing, standing,
};
use crate::target::io::{SinkFailure, Surroundings, Target};
use crate::target::kafka::io::Admin;
use crate::target::kafka::requirement::KAFKA_UNREACHABLE;
use crate::target::registry::requirement;
use crate::text::Span;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest wait for one answer of a cluster.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most differences to the lock file that a finding lists.
const DRIFT_MAX: usize = 20;

/// What is asked, and where things are written.
pub(super) struct Live<'l> {
    /// The tasks, of all or of one pipeline.
    pub(super) plan: &'l Plan,
    /// Where their parts are declared.
    pub(super) program: &'l Program,
    /// Directory of the project.
    pub(super) directory: &'l Path,
    /// The one pipeline that is asked about.
    pub(super) pipeline: Option<&'l str>,
    /// No line per item.
    pub(super) quiet: bool,
}

impl Live<'_> {
    /// Asks all servers of pipelines that are not paused.
    pub(super) fn findings(&self) -> Vec<Diagnostic> {
        let tasks: Vec<&TaskPlan> = self
            .plan
            .running()
            .filter(|task| self.pipeline.is_none_or(|name| task.id.pipeline == name))
            .collect();
        let mut sources: BTreeMap<&str, Vec<&TaskPlan>> = BTreeMap::new();
        let mut targets: BTreeMap<&str, Vec<&TaskPlan>> = BTreeMap::new();
        for task in tasks {
            sources.entry(&task.source.name).or_default().push(task);
            targets.entry(&task.target.name).or_default().push(task);
        }
        let mut findings = Vec::new();
        let mut asked = Sources::default();
        for (name, tasks) in sources {
            if let Some(catalog) = self.source(name, &tasks, &mut findings) {
                asked.catalogs.insert(name, catalog);
            }
            asked.standbys.insert(name, self.standbys(&tasks, &mut findings));
        }
        for (name, tasks) in targets {
            self.target(name, &tasks, &asked, &mut findings);
        }
        findings
    }

    /// Asks a source; none when it could not be asked.
    fn source(
        &self,
        name: &str,
        tasks: &[&TaskPlan],
        findings: &mut Vec<Diagnostic>,
    ) -> Option<SourceCatalog> {
        let asked = Instant::now();
        let who = format!("source {name}");
        match self.ask_source(tasks) {
            Ok(Asked { catalog, address, drift, begins }) => {
                let text = format!("{address} answered in {} ms", asked.elapsed().as_millis());
                self.tell(&who, &Item { name: "connection", worst: None, text });
                let mut found: Vec<Diagnostic> = Vec::new();
                for task in tasks {
                    add_each(&mut found, task, precheck::source_findings(task, &catalog));
                }
                let estimates = tasks.iter().filter(|task| task.start.loads());
                let estimate = estimates
                    .map(|task| precheck::estimate(task, &catalog))
                    .max_by_key(|estimate| estimate.bytes);
                for item in precheck::source_items(&found, &Seen { catalog: &catalog, estimate }) {
                    self.tell(&who, &item);
                }
                for (task, begin) in begins {
                    let (worst, text) = match &begin {
                        Ok(position) => (None, format!("{} begins at {position}", task.id)),
                        Err(finding) => (Some(finding.severity), told(finding)),
                    };
                    self.tell(&who, &Item { name: "start", worst, text });
                    add_each(&mut found, task, begin.err().into_iter().collect());
                }
                if let Some(drift) = drift {
                    let worst = drift.as_ref().map(|finding| finding.severity);
                    let text = drift.as_ref().map_or_else(|| "as the server".to_owned(), told);
                    self.tell(&who, &Item { name: "schema.lock", worst, text });
                    add_each(
                        &mut found,
                        tasks.first()?,
                        precheck::answered(tasks.first()?, drift.into_iter().collect()),
                    );
                }
                findings.extend(found.into_iter().map(|finding| self.placed(finding, tasks)));
                Some(catalog)
            }
            // that the secret is not there has been said
            Err(failure) if failure.message.starts_with(ENV_UNSET.number) => {
                self.tell(&who, &no_secret(&failure.message));
                None
            }
            Err(failure) => {
                let code = match failure.class {
                    FailureClass::Table => NOT_A_TABLE,
                    _ => MYSQL_UNREACHABLE,
                };
                let finding = failure
                    .finding()
                    .unwrap_or_else(|| Diagnostic::nowhere(code, Severity::Error, failure.to_string()));
                self.refused(&who, finding, tasks, findings);
                None
            }
        }
    }

    /// Asks the server of some tasks.
    fn ask_source<'t>(&self, tasks: &[&'t TaskPlan]) -> Result<Asked<'t>, SourceFailure> {
        let plan = &tasks.first().expect("a source has a task").source;
        let endpoint = mysql::resolve(plan, self.directory)?.endpoint;
        let mut session = Session::open(&endpoint, None)?;
        let catalog = catalog(&mut session, tasks)?;
        let locked = self.program.locked_sources().find(|(name, _)| *name == plan.name);
        let drift = match locked {
            None => None,
            Some((_, lock)) => {
                let rules = tasks.iter().map(|task| &task.rules);
                let live = schema_of(&mut session, rules)?;
                Some(drift(&plan.name, &changes(&pulled(lock).schema, &live)))
            }
        };
        let mut begin =
            |task: &&'t TaskPlan| Some((*task, start_place(task, &endpoint, &mut session, &catalog.server)?));
        let begins = tasks.iter().filter_map(&mut begin).collect();
        session.quit();
        Ok(Asked { catalog, address: endpoint.address(), drift, begins })
    }

    /// Asks a target; those that are no cluster have nobody to ask.
    fn target(&self, name: &str, tasks: &[&TaskPlan], sources: &Sources<'_>, findings: &mut Vec<Diagnostic>) {
        let catalogs = &sources.catalogs;
        let asked = Instant::now();
        let who = format!("target {name}");
        let mut found = Vec::new();
        match self.ask_cluster(tasks, catalogs) {
            Ok(None) => return,
            Ok(Some(cluster)) => {
                let text = format!("answered in {} ms", asked.elapsed().as_millis());
                self.tell(&who, &Item { name: "connection", worst: None, text });
                let nothing = SourceCatalog::empty();
                for task in tasks {
                    let catalog = catalogs.get(task.source.name.as_str()).unwrap_or(&nothing);
                    add_each(&mut found, task, precheck::target_findings(task, catalog, &cluster));
                }
                for item in precheck::target_items(&found, &cluster) {
                    self.tell(&who, &item);
                }
                self.registry(&who, tasks, catalogs, &mut found);
                for task in tasks {
                    self.position(task, &cluster, sources, &mut found);
                }
            }
            Err(Unasked::Secret(error)) => {
                self.tell(&who, &no_secret(&error.to_string()));
                return;
            }
            Err(Unasked::Failed(failure)) => {
                let finding = match &failure {
                    SinkFailure::Kafka(failure) => {
                        failure.finding().map(|finding| match failure.denied().zip(tasks.first()) {
                            Some((denied, task)) => finding.help(precheck::grants(task, &denied).join("\n")),
                            None => finding,
                        })
                    }
                    SinkFailure::Lines(_) | SinkFailure::State(_) => None,
                };
                let finding = finding.unwrap_or_else(|| {
                    Diagnostic::nowhere(KAFKA_UNREACHABLE, Severity::Error, said(&failure))
                        .help("check `brokers`, and that they run")
                });
                self.refused(&who, finding, tasks, findings);
                return;
            }
        }
        findings.extend(found.into_iter().map(|finding| self.placed(finding, tasks)));
    }

    /// The cluster with all topics of the tasks.
    fn ask_cluster(
        &self,
        tasks: &[&TaskPlan],
        catalogs: &BTreeMap<&str, SourceCatalog>,
    ) -> Result<Option<ClusterFacts>, Unasked> {
        let first = tasks.first().expect("a target has a task");
        let target = self.open_target(first)?;
        let Some(kafka) = target.kafka() else { return Ok(None) };
        let admin = Admin::open(&kafka.connection, PATIENCE).map_err(SinkFailure::from)?;
        let mut topics: Vec<TopicName> = Vec::new();
        for task in tasks {
            topics.extend(TopicName::new(task.id.state_topic(task.state_prefix())));
            let catalog = catalogs.get(task.source.name.as_str());
            topics
                .extend(catalog.into_iter().flat_map(|catalog| precheck::topics(task, catalog).into_keys()));
        }
        let mut facts = admin.facts(&topics).map_err(SinkFailure::from)?;
        let is_state = |name: &str| tasks.iter().any(|task| task.id.state_topic(task.state_prefix()) == name);
        admin.look_at_last(&mut facts, is_state);
        Ok(Some(facts))
    }

    /// Asks the registry of a cluster whether it takes the schemas of the tasks.
    fn registry(
        &self,
        who: &str,
        tasks: &[&TaskPlan],
        catalogs: &BTreeMap<&str, SourceCatalog>,
        found: &mut Vec<Diagnostic>,
    ) {
        let first = tasks.first().expect("a target has a task");
        let wanted: Vec<Wanted> = tasks
            .iter()
            .filter_map(|task| Some((task, catalogs.get(task.source.name.as_str())?)))
            .flat_map(|(task, catalog)| registry::wanted(task, catalog))
            .collect();
        let Some(url) = registry::url(first).filter(|_| !wanted.is_empty()) else { return };
        let answered = match registry::open(first, self.directory, PATIENCE) {
            Ok(None) => return,
            Ok(Some(registry)) => registry::ask(&registry, &wanted).findings,
            Err(refusal) => vec![requirement::unusable(url, &refusal)],
        };
        let item = match answered.as_slice() {
            [] => Item { name: "registry", worst: None, text: format!("takes {} schemas", wanted.len()) },
            [first, ..] => Item {
                name: "registry",
                worst: Some(first.severity),
                text: format!("{} {}", first.code, first.message),
            },
        };
        self.tell(who, &item);
        found.extend(answered);
    }

    fn open_target(&self, task: &TaskPlan) -> Result<Target, Unasked> {
        let password = match &task.target.kind {
            TargetKind::Kafka(kafka) => match &kafka.sasl {
                Some(sasl) => Some(secrets::find(&sasl.password, self.directory)?.value),
                None => None,
            },
            TargetKind::Stdout | TargetKind::File { .. } => None,
        };
        let surroundings = Surroundings {
            password,
            project: self.directory,
            state_file: Path::new(""),
            // nothing is sent
            queue_bytes: 1 << 20,
        };
        Ok(Target::new(&task.target, &task.id, surroundings)?)
    }

    /// Whether the source still has the log behind the position that a task has stored.
    fn position(
        &self,
        task: &TaskPlan,
        cluster: &ClusterFacts,
        sources: &Sources<'_>,
        found: &mut Vec<Diagnostic>,
    ) {
        let name = task.source.name.as_str();
        let who = format!("task {}", task.id);
        let tell = |worst, text: String| self.tell(&who, &Item { name: "position", worst, text });
        if !cluster.topics.contains_key(&task.id.state_topic(task.state_prefix())) {
            tell(None, "none yet: it has not run".to_owned());
            return;
        }
        let state = self.open_target(task).and_then(|target| Ok(target.visible_state(PATIENCE)?));
        let state: TaskState = match state {
            Ok(state) => state,
            Err(failure) => {
                tell(Some(Severity::Warning), format!("its state cannot be read: {}", said(&failure)));
                return;
            }
        };
        let Some(pos) = &state.pos else {
            tell(None, "none yet: it has not run".to_owned());
            return;
        };
        let at = &pos.position;
        for standby in sources.standbys.get(name).into_iter().flatten() {
            self.stands_by(task, standby, at, found);
        }
        let Some(catalog) = sources.catalogs.get(name) else { return };
        let why = match self.standing(task, catalog, at) {
            Standing::Usable => {
                tell(None, format!("{}, and the log reaches back to it", at.file));
                return;
            }
            Standing::Lagging(missing) => {
                tell(None, format!("the source is a replica that has not executed {missing} yet"));
                return;
            }
            Standing::Diverged(missing) => format!("the source has not executed {missing}, and never will"),
            Standing::Blind(why) => why,
        };
        let tables: Vec<String> = state.snaps.keys().map(ToString::to_string).collect();
        let message = format!("task {}: {why}", task.id);
        tell(Some(Severity::Error), format!("{POSITION_PURGED} {why}"));
        found.push(Diagnostic::nowhere(POSITION_PURGED, Severity::Error, message).help(format!(
            "these tables must be loaded anew, after the state of the task is removed or under another `state {{ prefix … }}`: {}",
            tables.join(", ")
        )));
    }

    /// How the source of a task stands to its position: by GTIDs, and where it is the one that was read by its log, too.
    fn standing(&self, task: &TaskPlan, catalog: &SourceCatalog, at: &Position) -> Standing {
        let by_gtids = standing(&catalog.server, &catalog.survey, at);
        if by_gtids != Standing::Usable || !at.server.same_log(&catalog.server.identity) {
            return by_gtids;
        }
        match self.lacks(task, at) {
            Ok(Some(why)) => Standing::Blind(why),
            // it has answered a moment ago; a start asks again
            Ok(None) | Err(_) => Standing::Usable,
        }
    }

    fn lacks(&self, task: &TaskPlan, at: &Position) -> Result<Option<String>, SourceFailure> {
        let endpoint = mysql::resolve(&task.source, self.directory)?.endpoint;
        let mut session = Session::open(&endpoint, Some(&at.server))?;
        let lacks = mysql::log_lacks(&mut session, at);
        session.quit();
        lacks
    }

    /// A server that could not be asked.
    fn refused(&self, who: &str, finding: Diagnostic, tasks: &[&TaskPlan], findings: &mut Vec<Diagnostic>) {
        self.tell(who, &Item { name: "connection", worst: Some(finding.severity), text: told(&finding) });
        findings.push(self.placed(finding, tasks));
    }

    /// The finding at the line that declares what it is about.
    pub(super) fn placed(&self, finding: Diagnostic, tasks: &[&TaskPlan]) -> Diagnostic {
        let task = tasks.first().expect("it is about a task");
        let Some(span) = self.head(Block::of(finding.code), task) else { return finding };
        Diagnostic { primary: Some(Label { span, text: String::new() }), ..finding }
    }

    fn head(&self, block: Block, task: &TaskPlan) -> Option<Span> {
        match block {
            Block::Source => {
                let mut all = self.program.sources.iter();
                all.find(|source| source.name.value == task.source.name).map(|source| source.head)
            }
            Block::Target => {
                let mut all = self.program.targets.iter();
                all.find(|target| target.name.value == task.target.name).map(|target| target.head)
            }
            Block::Pipeline => {
                let mut all = self.program.pipelines.iter();
                all.find(|pipeline| pipeline.name.value == task.id.pipeline).map(|pipeline| pipeline.head)
            }
        }
    }

    pub(super) fn tell(&self, who: &str, item: &Item) {
        if self.quiet {
            return;
        }
        let mark = match item.worst {
            None => "ok",
            Some(Severity::Advice) => "advice",
            Some(Severity::Warning) => "look",
            Some(Severity::Error) => "problem",
        };
        progress(&harmless(&format!("{mark:<8} {who:<16} {:<14} {}", item.name, item.text)));
    }
}

/// The servers that answered, by the name of their source.
#[derive(Default)]
struct Sources<'t> {
    catalogs: BTreeMap<&'t str, SourceCatalog>,
    standbys: BTreeMap<&'t str, Vec<Standby>>,
}

/// What a server is, with the tables that the tasks select.
pub(super) fn catalog(session: &mut Session, tasks: &[&TaskPlan]) -> Result<SourceCatalog, SourceFailure> {
    let plan = &tasks.first().expect("a source has a task").source;
    let server = mysql::facts(session)?;
    let tables = mysql::tables(session, |db, table| tasks.iter().any(|task| task.selects(db, table)))?;
    let survey = mysql::survey(session, &tables, plan.beat_table().as_ref())?;
    Ok(SourceCatalog { server, tables, survey })
}

/// Why a cluster was not asked.
#[derive(Debug, thiserror::Error)]
enum Unasked {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Failed(#[from] SinkFailure),
}

/// The item of a server whose password is not there.
fn no_secret(why: &str) -> Item {
    Item { name: "connection", worst: Some(Severity::Error), text: format!("not asked: {why}") }
}

/// Adds what no other task has brought, with how it is answered.
pub(super) fn add_each(found: &mut Vec<Diagnostic>, task: &TaskPlan, more: Vec<Diagnostic>) {
    for mut finding in more {
        if found.iter().any(|one| (one.code, &one.message) == (finding.code, &finding.message)) {
            continue;
        }
        if let Some(how) = precheck::how_to_allow(task, &finding) {
            finding.help = Some(finding.help.map_or_else(|| how.clone(), |help| format!("{help}\n{how}")));
        }
        found.push(finding);
    }
}

/// How the lock file differs, in one finding.
fn drift(source: &str, changes: &[crate::lockfile::Change]) -> Option<Diagnostic> {
    if changes.is_empty() {
        return None;
    }
    let mut listed: Vec<String> = changes.iter().take(DRIFT_MAX).map(ToString::to_string).collect();
    if let Some(more) = changes.len().checked_sub(DRIFT_MAX).filter(|&more| more > 0) {
        listed.push(format!("and {more} more: `syncc schema diff {source}`"));
    }
    let places = if changes.len() == 1 { "1 place".to_owned() } else { format!("{} places", changes.len()) };
    let message = format!("source {source} differs from schema.lock in {places}");
    let help = format!("{}\n`syncc schema pull {source}` takes it over", listed.join("\n"));
    Some(Diagnostic::nowhere(LOCK_DRIFT, Severity::Warning, message).help(help))
}

/// What a server said.
struct Asked<'t> {
    catalog: SourceCatalog,
    address: String,
    /// How it differs from the lock file; none where that does not speak of it.
    drift: Option<Option<Diagnostic>>,
    /// Where the tasks with `start at` would begin.
    begins: Vec<(&'t TaskPlan, Result<Position, Diagnostic>)>,
}

/// Code and message.
pub(super) fn told(finding: &Diagnostic) -> String {
    format!("{} {}", finding.code, finding.message)
}

/// An error and its causes.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}
