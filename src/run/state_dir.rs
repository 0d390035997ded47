//! The local state directory: one process at a time, who this instance is, and a breadcrumb of each task's position.
//!
//! For Kafka targets nothing here is needed to go on: the state topic holds everything. The breadcrumb tells a lost
//! state topic from a first start.

use super::failure::{Class, Failure};
use crate::plan::{Plan, TaskId};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// File of the plan that ran last.
const PLAN: &str = "plan.json";

/// The directory, locked for this process until it is dropped.
#[derive(Debug)]
pub(crate) struct StateDir {
    path: PathBuf,
    instance: String,
    /// None: only looked at.
    _lock: Option<File>,
}

/// Where a task was when it last looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Breadcrumb {
    /// Cluster that holds the state topic.
    pub(super) cluster: String,
    /// State topic.
    pub(super) topic: String,
    /// Number of a commit that was acknowledged.
    pub(super) seq: u64,
    /// Its position, for people.
    pub(super) position: String,
}

impl StateDir {
    /// Creates, locks and reads the directory.
    ///
    /// # Errors
    /// Another process holds it (exit 21), or it cannot be written.
    pub(crate) fn open(path: &Path) -> Result<StateDir, Failure> {
        let broken = |what: &str, error: &dyn std::fmt::Display| {
            Failure::new(
                Class::State,
                format!("cannot {what} in the state directory {}: {error}", path.display()),
            )
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| broken("create a file", &error))?;
        let lock = private()
            .create(true)
            .truncate(false)
            .open(path.join("lock"))
            .map_err(|error| broken("open the lock", &error))?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(Failure::new(
                Class::Elsewhere,
                format!(
                    "the state directory {} is in use by another syncc; stop that one, or give this one its own \
                     with --state",
                    path.display()
                ),
            ));
        }
        let instance_file = path.join("instance-id");
        let instance = match fs::read_to_string(&instance_file) {
            Ok(text) if !text.trim().is_empty() => text.trim().to_owned(),
            Ok(_) | Err(_) => {
                let instance = random_id().map_err(|error| broken("make an id", &error))?;
                replace(&instance_file, instance.as_bytes()).map_err(|error| broken("write", &error))?;
                instance
            }
        };
        Ok(StateDir { path: path.to_owned(), instance, _lock: Some(lock) })
    }

    /// The directory without a lock, to look at what it holds. It need not be there.
    pub(super) fn look(path: &Path) -> StateDir {
        StateDir { path: path.to_owned(), instance: String::new(), _lock: None }
    }

    /// Id of this directory, and so of its owner.
    pub(crate) fn instance(&self) -> &str {
        &self.instance
    }

    /// The directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The breadcrumb of a task; none when there is none that can be read.
    pub(super) fn breadcrumb(&self, task: &str) -> Option<Breadcrumb> {
        serde_json::from_slice(&fs::read(self.crumb_file(task)).ok()?).ok()
    }

    /// Leaves a breadcrumb. A failure is no reason to stop: the state topic is what counts.
    pub(super) fn leave(&self, task: &str, crumb: &Breadcrumb) -> std::io::Result<()> {
        replace(&self.crumb_file(task), &serde_json::to_vec(crumb)?)
    }

    /// Tasks that ran here and differ from `task` by one name.
    pub(super) fn strangers(&self, task: &TaskId) -> Vec<TaskId> {
        let files = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let names =
            files.filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".pos")?.to_owned()));
        let ids = names.filter_map(|name| {
            let mut parts = name.split('.').map(str::to_owned);
            let id = TaskId { pipeline: parts.next()?, source: parts.next()?, target: parts.next()? };
            parts.next().is_none().then_some(id)
        });
        let differs = |id: &TaskId| {
            let pairs =
                [(&id.pipeline, &task.pipeline), (&id.source, &task.source), (&id.target, &task.target)];
            pairs.iter().filter(|(a, b)| a != b).count() == 1
        };
        let mut ids: Vec<TaskId> = ids.filter(differs).collect();
        ids.sort();
        ids
    }

    /// Takes the breadcrumb of a task away.
    pub(super) fn forget(&self, task: &str) {
        // One that stays is met by the next start, which asks.
        let _ = fs::remove_file(self.crumb_file(task));
    }

    /// Keeps the plan that runs, for a start on files with errors. It holds where secrets are, never what they are.
    pub(super) fn keep_plan(&self, plan: &Plan) -> std::io::Result<()> {
        replace(&self.path.join(PLAN), &serde_json::to_vec(plan)?)
    }

    /// The plan that was kept; none when there is none that can be read.
    pub(super) fn kept_plan(&self) -> Option<Plan> {
        serde_json::from_slice(&fs::read(self.path.join(PLAN)).ok()?).ok()
    }

    fn crumb_file(&self, task: &str) -> PathBuf {
        self.path.join(format!("{task}.pos"))
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

/// Replaces a file as a whole: a crash leaves the old or the new one.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = private().create(true).truncate(true).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

/// A random id of 128 bits, in hex.
pub(super) fn random_id() -> std::io::Result<String> {
    let mut bytes = [0u8; 16];
    std::io::Read::read_exact(&mut File::open("/dev/urandom")?, &mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_and_one_id_for_ever() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("state");
        let first = StateDir::open(&path).expect("the first takes it");
        let instance = first.instance().to_owned();
        let second = StateDir::open(&path).expect_err("the second must not");
        assert_eq!(second.exit_code(), 21);
        drop(first);
        let again = StateDir::open(&path).expect("free again");
        assert_eq!(again.instance(), instance);
    }

    #[test]
    fn breadcrumbs_come_back() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let state = StateDir::open(dir.path()).expect("free");
        let crumb =
            Breadcrumb { cluster: "c".into(), topic: "t".into(), seq: 9, position: "binlog.000001:4".into() };
        assert_eq!(state.breadcrumb("p.s.t"), None);
        state.leave("p.s.t", &crumb).expect("writable");
        assert_eq!(state.breadcrumb("p.s.t"), Some(crumb.clone()));
        state.leave("x.r.t", &crumb).expect("writable");
        let id =
            |pipeline: &str| TaskId { pipeline: pipeline.into(), source: "s".into(), target: "t".into() };
        assert_eq!(state.strangers(&id("q")), [id("p")], "and not the one with two other names");
    }
}
