//! `syncc init`: a first project.

mod answers;
mod ci;
mod editor;
mod project;

use super::Exit;
use super::global::Global;
use super::output::{Failure, Output};
use super::revision::place_in_repository;
use crate::diagnostic::{Severity, short};
use crate::plan::compile_project;
use crate::project::{Project, io::list};
use crate::text::{FileSet, Span};
use answers::Answers;
use clap::ValueEnum;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes a first project
///
/// A .sync file that passes `syncc check`, and a .gitignore for what runs leave behind; with --ci a job that checks the
/// project, with --editor hints for editors. No file is overwritten. On a terminal it asks for what the flags do not say,
/// elsewhere it takes what it would have offered. The password is never asked for: the files name a variable.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    syncc init\n  \
    syncc init prod --from mysql syncc@db1:3306 --to kafka1:9092,kafka2:9092 --tables 'shop.*'\n  \
    syncc init prod --from mysql mysql://syncc@db1:3306/shop --to kafka1:9092 --ci github --editor\n\n\
    Exit codes: 0 written, 2 there is a project already, or a flag is not understood.")]
pub(super) struct Args {
    /// Directory of the project; it is made if needed [default: that of -C]
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// The server: the word `mysql` (also for MariaDB), then `[mysql://][USER@]HOST[:PORT][/DATABASE]`
    #[arg(long, num_args = 2, value_names = ["mysql", "ADDRESS"])]
    from: Option<Vec<String>>,
    /// First brokers of the Kafka cluster, `HOST[:PORT]` with commas between
    #[arg(long, value_name = "BROKERS", value_delimiter = ',')]
    to: Vec<String>,
    /// Tables, as in `include`; repeatable
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    tables: Vec<String>,
    /// Also write a job that checks the project
    #[arg(long, value_name = "SYSTEM")]
    ci: Option<Ci>,
    /// Also write .editorconfig and a task of VS Code
    #[arg(long)]
    editor: bool,
}

/// A system that runs jobs for a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ci {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
}

/// A file to be written.
struct NewFile {
    path: PathBuf,
    text: String,
}

pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let directory = args.directory.as_deref().unwrap_or(&global.project);
    refuse_second_project(directory)?;
    let answers = Answers::get(args)?;
    let name = format!("{}.sync", answers.name());
    let text = project::text(&answers);
    refuse_what_does_not_compile(&name, &text)?;
    fs::create_dir_all(directory).map_err(|error| failed(directory, &error))?;
    let mut files = vec![
        NewFile { path: directory.join(&name), text },
        NewFile { path: directory.join(".gitignore"), text: ".syncc/\n".to_owned() },
    ];
    let repository = Place::of(directory);
    match args.ci {
        Some(Ci::Github) => files.push(ci::github(&repository)),
        Some(Ci::Gitlab) => files.push(ci::gitlab(&repository)),
        None => {}
    }
    if args.editor {
        files.extend(editor::files(&repository));
    }
    for file in &files {
        output.print(&write(file)?)?;
    }
    output.print(&next_steps(&answers, directory))?;
    Ok(Exit::Fine)
}

/// A project in its repository.
struct Place {
    /// Root of the repository; without one the project itself.
    root: PathBuf,
    /// The project from there, for `-C`.
    project: String,
}

impl Place {
    fn of(directory: &Path) -> Place {
        let project = place_in_repository(directory);
        let depth = project.split('/').filter(|part| !part.is_empty()).count();
        let real = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
        match real.ancestors().nth(depth) {
            Some(root) if depth > 0 => Place { root: root.to_owned(), project },
            _ => Place { root: directory.to_owned(), project: ".".to_owned() },
        }
    }
}

fn refuse_second_project(directory: &Path) -> Result<(), Failure> {
    let listing = match list(directory) {
        Ok(listing) => listing,
        Err(_) if !directory.exists() => return Ok(()),
        Err(error) => return Err(Failure::usage(error)),
    };
    match listing.entries.first() {
        None => Ok(()),
        Some(entry) => {
            let shown = directory.display();
            Err(Failure::usage(format!("there is a project in {shown} already: it holds {}", entry.name)))
        }
    }
}

/// What was said may make no project: `a b.c` is no pattern.
fn refuse_what_does_not_compile(name: &str, text: &str) -> Result<(), Failure> {
    let mut files = FileSet::new();
    files.add(name, text);
    let project = Project::of(files);
    let findings = compile_project(&project).findings;
    let Some(finding) = findings.iter().find(|finding| finding.severity == Severity::Error) else {
        return Ok(());
    };
    let line = |span: Span| {
        let line = project.files.line(span.file, span.start);
        project.files.slice(project.files.line_span(span.file, line)).trim_start()
    };
    let line = finding.primary.as_ref().map_or("", |label| line(label.span));
    let flag = match line.split(' ').next().unwrap_or_default() {
        "source" => "--from",
        "target" | "brokers" => "--to",
        _ => "--tables",
    };
    let said = short::line(finding, &project.files);
    let said = said.split_once("]: ").map_or(said.as_str(), |(_, said)| said);
    // Not what was typed: it may hold a password.
    Err(Failure::usage(format!("{flag} is not understood: {said}")))
}

/// Writes a file that is not there yet, and says what became of it.
fn write(file: &NewFile) -> Result<String, Failure> {
    let path = &file.path;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
    }
    match File::create_new(path) {
        Ok(mut new) => {
            new.write_all(file.text.as_bytes()).map_err(|error| failed(path, &error))?;
            Ok(format!("wrote {}\n", shown(path)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Ok(format!("left {} alone: it is there already\n", shown(path)))
        }
        Err(error) => Err(failed(path, &error)),
    }
}

/// `./shop.sync` is `shop.sync` to a reader.
fn shown(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(".").unwrap_or(path).display()
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

fn next_steps(answers: &Answers, directory: &Path) -> String {
    let here = directory == Path::new(".");
    let project = if here { String::new() } else { format!(" -C {}", directory.display()) };
    let mut text = format!("\nNext:\n  export {}=...\n  syncc check{project} --env\n", answers.variable());
    text += &format!("  syncc doctor{project} --grants\n");
    if cfg!(feature = "run") {
        text += &format!("  syncc run{project}\n");
    }
    text
}
