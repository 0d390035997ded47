//! Another state of the project: a revision of its git repository, or another directory.
//!
//! Asks the program `git`, which must be there for revisions only; it reads its own objects and opens no connection.
//! Links of a repository are not followed.

use super::comparison::State;
use super::output::{Failure, note};
use crate::diagnostic::{Severity, short};
use crate::hir::{self, Program};
use crate::plan::{Plan, compile_project};
use crate::project::{self, Location, io::ReadError};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

/// Largest list of files or texts that is taken from git, bytes.
const ANSWER_BYTES_MAX: usize = 1 << 30;

/// The plan of another state of a project.
pub(super) struct Revision {
    plan: Plan,
    program: Program,
}

impl Revision {
    /// Compiles what `against` names: a directory where there is one of that name, else a revision of the repository that
    /// the project at `location` lies in. A revision without the project is one without pipelines.
    pub(super) fn read(against: &str, location: &Location) -> Result<Revision, Failure> {
        if Path::new(against).is_dir() {
            return Revision::compiled(
                against,
                &Location { directory: against.into(), root: None, ..location.clone() },
            );
        }
        let git = Git { directory: &location.directory };
        let laid_out = tempfile::tempdir().map_err(|error| Failure::new(super::Exit::Failed, error))?;
        let root = laid_out.path().to_owned();
        let directory = root.join(git.lay_out(against, &root)?);
        Revision::compiled(against, &Location { directory, root: Some(root), ..location.clone() })
    }

    fn compiled(shown: &str, location: &Location) -> Result<Revision, Failure> {
        let project = match project::io::read(location) {
            Ok(reading) => reading.project,
            Err(ReadError::Empty { .. }) => return Ok(Revision::without_project(shown)),
            Err(_) if !location.directory.exists() => return Ok(Revision::without_project(shown)),
            Err(error) => return Err(Failure::usage(error)),
        };
        let compiled = compile_project(&project);
        let Some((plan, _)) = compiled.plan else {
            let first = compiled.findings.iter().find(|finding| finding.severity == Severity::Error);
            let first = first.map_or_else(String::new, |finding| short::line(finding, &project.files));
            return Err(Failure::usage(format!(
                "the project at {shown} has errors, so nothing can be compared with it: {first}"
            )));
        };
        Ok(Revision { plan, program: hir::program(&project).0 })
    }

    fn without_project(shown: &str) -> Revision {
        note(&format!("there is no project at {shown}: everything is new"));
        Revision { plan: Plan::default(), program: Program::default() }
    }

    /// What it is compared by.
    pub(super) fn state(&self) -> State<'_> {
        State { plan: &self.plan, program: &self.program }
    }
}

/// Where a project is in the repository it lies in, with `/`; empty at its root, or outside of any.
pub(super) fn place_in_repository(directory: &Path) -> String {
    let Ok(real) = fs::canonicalize(directory) else { return String::new() };
    let Some(root) = real.ancestors().find(|above| above.join(".git").exists()) else { return String::new() };
    let parts = real.strip_prefix(root).unwrap_or(Path::new("")).components();
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The repository that a directory lies in.
struct Git<'d> {
    directory: &'d Path,
}

impl Git<'_> {
    /// Writes all project files of a revision below `root`, at their places in the repository. Returns the place of the
    /// directory.
    fn lay_out(&self, revision: &str, root: &Path) -> Result<PathBuf, Failure> {
        let place = self.ask(&["rev-parse", "--show-prefix"], None).map_err(|said| {
            Failure::usage(format!(
                "\"{revision}\" is no directory, and {} lies in no git repository: {said}",
                self.directory.display()
            ))
        })?;
        let place = PathBuf::from(String::from_utf8_lossy(&place).trim_end_matches(['\n', '/']));
        let commit = format!("{revision}^{{commit}}");
        let commit =
            self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit], None).map_err(
                |_| Failure::usage(format!("\"{revision}\" is neither a directory nor a git revision")),
            )?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        let failed = |said: String| Failure::new(super::Exit::Failed, format!("git: {said}"));
        let list = self.ask(&["ls-tree", "-r", "-z", "--full-tree", &commit], None).map_err(failed)?;
        let wanted = project_files(&list);
        let hashes: String = wanted.iter().map(|(hash, _)| format!("{hash}\n")).collect();
        let texts = self.ask(&["cat-file", "--batch"], Some(&hashes)).map_err(failed)?;
        let mut rest = texts.as_slice();
        for (_, path) in wanted {
            let Some((text, more)) = object(rest) else {
                return Err(failed(format!("{} cannot be read", path.display())));
            };
            write_below(root, &path, text).map_err(|error| Failure::new(super::Exit::Failed, error))?;
            rest = more;
        }
        Ok(place)
    }

    /// What a command of git answers; on failure what it said.
    fn ask(&self, arguments: &[&str], input: Option<&str>) -> Result<Vec<u8>, String> {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.directory).args(arguments);
        // A hook of git sets these, and they would hold for another directory.
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
            command.env_remove(variable);
        }
        command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
        let stdin = match input {
            None => Stdio::null(),
            Some(text) => as_file(text).map_err(|error| error.to_string())?.into(),
        };
        let answer = command.stdin(stdin).output().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "the program `git` is not there".to_owned(),
            _ => error.to_string(),
        })?;
        if !answer.status.success() {
            let said = String::from_utf8_lossy(&answer.stderr);
            return Err(said.lines().next().unwrap_or("it failed").trim_start_matches("fatal: ").to_owned());
        }
        if answer.stdout.len() > ANSWER_BYTES_MAX {
            return Err("the answer is too large".to_owned());
        }
        Ok(answer.stdout)
    }
}

/// A file to be read from its beginning: a pipe would fill up while git's own answer waits.
fn as_file(text: &str) -> std::io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file)
}

/// Hashes and paths of the files that belong to projects, from the answer of `ls-tree -z`.
fn project_files(list: &[u8]) -> Vec<(String, PathBuf)> {
    let text = String::from_utf8_lossy(list);
    let entry = |line: &str| {
        let (about, path) = line.split_once('\t')?;
        let mut words = about.split(' ');
        let (mode, _, hash) = (words.next()?, words.next()?, words.next()?);
        let path = PathBuf::from(path);
        let name = path.file_name().and_then(OsStr::to_str)?;
        let is_regular = mode.starts_with("100");
        let stays_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        (is_regular && stays_inside && project::role(name).is_some()).then(|| (hash.to_owned(), path.clone()))
    };
    text.split('\0').filter_map(entry).collect()
}

/// The first object in the answer of `cat-file --batch`, and what follows: `HASH TYPE SIZE`, then the bytes, each with a line
/// end.
fn object(answer: &[u8]) -> Option<(&[u8], &[u8])> {
    let line_end = answer.iter().position(|&byte| byte == b'\n')?;
    let head = std::str::from_utf8(&answer[..line_end]).ok()?;
    let size: usize = head.rsplit(' ').next()?.parse().ok()?;
    let rest = &answer[line_end + 1..];
    Some((rest.get(..size)?, rest.get(size + 1..)?))
}

fn write_below(root: &Path, path: &Path, text: &[u8]) -> std::io::Result<()> {
    let place = root.join(path);
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(place, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_git_are_read() {
        let list = [
            "100644 blob aa\tprod/a.sync",
            "100644 blob bb\tprod/a.txt",
            "120000 blob cc\tprod/link.sync",
            "100755 blob dd\tb.sync",
            "100644 blob ee\t../c.sync",
        ];
        let list = list.join("\0");
        let list = list.as_bytes();
        let files: Vec<_> =
            project_files(list).into_iter().map(|(hash, path)| (hash, path.display().to_string())).collect();
        let expected = [("aa", "prod/a.sync"), ("dd", "b.sync")];
        assert_eq!(files, expected.map(|(hash, path)| (hash.to_owned(), path.to_owned())));

        let answer = b"aa blob 3\na\nb\nbb blob 0\n\n";
        let (first, rest) = object(answer).expect("an object");
        assert_eq!(first, b"a\nb");
        assert_eq!(object(rest), Some((&b""[..], &b""[..])));
        assert_eq!(object(b"aa missing\n"), None);
        assert_eq!(object(b"aa blob 9\nshort"), None);
    }
}
