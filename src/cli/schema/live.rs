//! `syncc schema pull`, `diff` and `check`: the lock file against the servers.

use super::super::form::Form;
use super::super::global::Global;
use super::super::output::{Failure, Output, note};
use super::super::{Exit, front, here};
use crate::catalog::SourceSchema;
use crate::diagnostic::{Diagnostic, Severity};
use crate::hir;
use crate::lockfile::{Change, Pulled, changes, pulled, renewed, write};
use crate::mysql::temporal::write_timestamp;
use crate::mysql::value::Timestamp;
use crate::plan::{Plan, SourcePlan, TableRules, compile_project};
use crate::project::{LOCK_NAME, Project, io::write_text};
use crate::source::mysql::io::{self as mysql, Session, SourceFailure};
use crate::statement::closest;
use crate::text::FileSet;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes schema.lock from the servers
///
/// Asks every source of the project, or those that are named, for the tables of the databases that an `include` names, and
/// writes what it sees. Nothing is written when nothing but estimates of rows has changed. Addresses, users, passwords and
/// certificates are those that `run` uses.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  syncc schema pull\n  syncc schema pull shop crm")]
pub(super) struct PullArgs {
    /// Sources to ask [default: all]
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
}

/// Prints how the servers differ from schema.lock
///
/// `+` is new at the server, `-` has gone there, `~` has changed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  syncc schema diff\n  syncc schema diff shop --format json")]
pub(super) struct DiffArgs {
    /// Sources to ask [default: all]
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// Form of the differences
    #[arg(long, value_name = "FORM", default_value = "human")]
    format: Form,
}

/// Tells by its exit code whether schema.lock is what the servers have
///
/// First looks whether the file is sound and speaks of every source, then asks the servers. Exit code 1 when anything
/// differs, with the differences.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  syncc schema check\n  syncc schema check shop")]
pub(super) struct CheckArgs {
    /// Sources to ask [default: all]
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
}

pub(super) fn pull(args: &PullArgs, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(mut asked) = Asked::open(&args.sources, global, output)? else { return Ok(Exit::Findings) };
    if !asked.lock_findings.is_empty() {
        note("what schema.lock says is not read, because it has errors; it is written anew");
        asked.locked.clear();
    }
    let day = today();
    let mut sources = asked.locked.clone();
    for source in &asked.sources {
        let live = source.schema(global)?;
        let old = asked.locked.get(&source.plan.name);
        let new = renewed(old, live, &day);
        if !global.quiet {
            let difference = old.map(|old| changes(&old.schema, &new.schema)).unwrap_or_default();
            output.print(&summary(&source.plan.name, &new.schema, old.is_none()))?;
            output.print(&difference.iter().map(|change| format!("  {change}\n")).collect::<String>())?;
        }
        sources.insert(source.plan.name.clone(), new);
    }
    if sources == asked.locked && asked.has_file {
        if !global.quiet {
            output.print("schema.lock is up to date\n")?;
        }
        return Ok(Exit::Fine);
    }
    let path = global.project.join(LOCK_NAME);
    write_text(&path, &write(&sources))
        .map_err(|error| Failure::new(Exit::Failed, format!("{}: {error}", path.display())))?;
    if !global.quiet {
        output.print("schema.lock is written\n")?;
    }
    Ok(Exit::Fine)
}

pub(super) fn diff(args: &DiffArgs, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(differences) = differences(&args.sources, global, output)? else { return Ok(Exit::Findings) };
    match args.format {
        Form::Human => print(&differences, global, output)?,
        Form::Json => {
            let text = serde_json::to_string_pretty(&Document { version: 1, sources: &differences })
                .map_err(|error| Failure::new(Exit::Failed, error))?;
            output.print(&format!("{text}\n"))?;
        }
    }
    Ok(Exit::Fine)
}

pub(super) fn check(args: &CheckArgs, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(differences) = differences(&args.sources, global, output)? else { return Ok(Exit::Findings) };
    print(&differences, global, output)?;
    let drifted = differences.iter().any(|source| !source.locked || !source.changes.is_empty());
    Ok(if drifted { Exit::Findings } else { Exit::Fine })
}

/// The document of `schema diff --format json`.
#[derive(Serialize)]
struct Document<'d> {
    version: u32,
    sources: &'d [Difference],
}

/// How a source differs from the lock file.
#[derive(Serialize)]
struct Difference {
    source: String,
    /// The lock file speaks of it.
    locked: bool,
    changes: Vec<Change>,
}

/// Asks the servers how they differ; none when the files or the lock file have errors, which are drawn.
fn differences(
    names: &[String],
    global: &Global,
    output: &mut Output,
) -> Result<Option<Vec<Difference>>, Failure> {
    let Some(asked) = Asked::open(names, global, output)? else { return Ok(None) };
    if !asked.lock_findings.is_empty() {
        draw(&asked.lock_findings, &asked.files, global, output)?;
        return Ok(None);
    }
    let one = |source: &Source| {
        let live = source.schema(global)?;
        let old = asked.locked.get(&source.plan.name);
        let changes = old.map(|old| changes(&old.schema, &live)).unwrap_or_default();
        Ok(Difference { source: source.plan.name.clone(), locked: old.is_some(), changes })
    };
    asked.sources.iter().map(one).collect::<Result<_, Failure>>().map(Some)
}

fn print(differences: &[Difference], global: &Global, output: &mut Output) -> Result<(), Failure> {
    for Difference { source, locked, changes } in differences {
        let said = match (locked, changes.len()) {
            (false, _) => "is not in schema.lock; `syncc schema pull` adds it".to_owned(),
            (true, 0) if global.quiet => continue,
            (true, 0) => "is as schema.lock says".to_owned(),
            (true, 1) => "differs from schema.lock in 1 place".to_owned(),
            (true, n) => format!("differs from schema.lock in {n} places"),
        };
        output.print(&format!("{source} {said}\n"))?;
        output.print(&changes.iter().map(|change| format!("  {change}\n")).collect::<String>())?;
    }
    Ok(())
}

/// A source to ask.
struct Source {
    plan: SourcePlan,
    /// Rules of the pipelines that read it.
    rules: Vec<TableRules>,
}

/// A project with a lock file to be read or written.
struct Asked {
    files: FileSet,
    sources: Vec<Source>,
    /// There is a lock file.
    has_file: bool,
    /// What it says of the sources.
    locked: BTreeMap<String, Pulled>,
    /// What keeps it from being read.
    lock_findings: Vec<Diagnostic>,
}

impl Asked {
    /// Reads the project; none when its files have errors of their own, which are drawn. What the lock file lacks is no
    /// error here: it is about to be written.
    fn open(names: &[String], global: &Global, output: &mut Output) -> Result<Option<Asked>, Failure> {
        let project = front::read(&global.location())?;
        let lock_file = project.files.ids().find(|&id| project.files.path(id) == LOCK_NAME);
        let unlocked = without_lock(&project);
        let compiled = compile_project(&unlocked);
        let Some((plan, _)) = compiled.plan else {
            draw(&compiled.findings, &unlocked.files, global, output)?;
            return Ok(None);
        };
        let (program, findings) = hir::program(&project);
        let locked = program.locked_sources().map(|(name, lock)| (name.to_owned(), pulled(lock))).collect();
        let of_lock = |finding: &Diagnostic| {
            finding.severity == Severity::Error
                && finding.primary.as_ref().is_some_and(|label| Some(label.span.file) == lock_file)
        };
        Ok(Some(Asked {
            sources: chosen(&plan, names)?,
            has_file: lock_file.is_some(),
            locked,
            lock_findings: findings.into_iter().filter(of_lock).collect(),
            files: project.files,
        }))
    }
}

/// The project with an empty lock file, so that every file keeps its place.
fn without_lock(project: &Project) -> Project {
    let mut files = FileSet::new();
    for id in project.files.ids() {
        let path = project.files.path(id);
        let text = if path == LOCK_NAME { "edition 2026\n" } else { project.files.text(id) };
        files.add(path, text);
    }
    project.with_files(files)
}

/// The sources of a plan that are named, or all.
fn chosen(plan: &Plan, names: &[String]) -> Result<Vec<Source>, Failure> {
    let mut sources: BTreeMap<&str, Source> = BTreeMap::new();
    for task in &plan.tasks {
        let source = sources.entry(&task.source.name);
        let source = source.or_insert_with(|| Source { plan: task.source.clone(), rules: Vec::new() });
        source.rules.push(task.rules.clone());
    }
    if let Some(unknown) = names.iter().find(|name| !sources.contains_key(name.as_str())) {
        let near = closest(unknown, sources.keys().copied());
        let guess = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        return Err(Failure::usage(format!("no pipeline reads a source \"{unknown}\"{guess}")));
    }
    let is_meant = |name: &str| names.is_empty() || names.iter().any(|asked| asked == name);
    Ok(sources.into_iter().filter(|(name, _)| is_meant(name)).map(|(_, source)| source).collect())
}

impl Source {
    /// Asks the server.
    fn schema(&self, global: &Global) -> Result<SourceSchema, Failure> {
        let failed = |failure: SourceFailure| {
            Failure::new(Exit::Failed, format!("source `{}`: {failure}", self.plan.name))
        };
        let resolved = mysql::resolve(&self.plan, &global.project).map_err(failed)?;
        let mut session = Session::open(&resolved.endpoint, None).map_err(failed)?;
        let schema = schema_of(&mut session, &self.rules);
        session.quit();
        schema.map_err(failed)
    }
}

/// The tables of the databases that the rules name.
pub(in crate::cli) fn schema_of<'r>(
    session: &mut Session,
    rules: impl IntoIterator<Item = &'r TableRules>,
) -> Result<SourceSchema, SourceFailure> {
    let patterns = rules.into_iter().flat_map(|rules| &rules.include);
    // Patterns of a plan can be read.
    let databases: Vec<_> =
        patterns.filter_map(|pattern| Some((&pattern.db, pattern.db.compile().ok()?))).collect();
    mysql::schema(session, |db, case| {
        databases.iter().any(|(pattern, one)| {
            let in_other_case =
                || pattern.folded(case)?.compile().ok().map(|one| one.matches(&case.fold(db)));
            one.matches(db) || in_other_case() == Some(true)
        })
    })
}

fn summary(source: &str, schema: &SourceSchema, is_new: bool) -> String {
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let views = match schema.views.len() {
        0 => String::new(),
        n => format!(", {}", count(n, "view")),
    };
    let new = if is_new { " (new)" } else { "" };
    let server = schema.server.as_deref().unwrap_or("?");
    format!("{source}: {server}, {}{views}{new}\n", count(schema.tables.len(), "table"))
}

/// Draws errors.
fn draw(
    findings: &[Diagnostic],
    files: &FileSet,
    global: &Global,
    output: &mut Output,
) -> Result<(), Failure> {
    let shown = here::from_here(files, &global.project);
    let renderer = front::renderer(&shown, global.style());
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Error) {
        output.print(&format!("{}\n", renderer.draw(finding)))?;
    }
    Ok(())
}

/// The day, in UTC.
fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut text = Vec::new();
    write_timestamp(
        Timestamp { seconds: u32::try_from(seconds).unwrap_or(u32::MAX), micros: 0, fsp: 0 },
        &mut text,
    );
    // `2026-09-20 10:15:00`
    String::from_utf8_lossy(text.get(..10).unwrap_or_default()).into_owned()
}
