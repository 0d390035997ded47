//! The local state directory: one process at a time, who this instance is, and a breadcrumb of each task's position.
//!
//! For Kafka targets nothing here is needed to go on: the state topic holds everything. The breadcrumb tells a lost
//! state topic from a first start.

use super::failure::{Class, Failure};
use crate::plan::{Plan, TaskId};
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::process::geteuid;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
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
    /// Another process holds it (exit 21), others may write to it, or it cannot be written.
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
        if let Some(why) = open_to_others(path).map_err(|error| broken("look", &error))? {
            return Err(Failure::new(Class::State, why));
        }
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
        let instance = match own(&instance_file).map(|text| String::from_utf8_lossy(&text).trim().to_owned())
        {
            Ok(text) if !text.is_empty() => text,
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
        serde_json::from_slice(&own(&self.crumb_file(task)).ok()?).ok()
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
        serde_json::from_slice(&own(&self.path.join(PLAN)).ok()?).ok()
    }

    fn crumb_file(&self, task: &str) -> PathBuf {
        self.path.join(format!("{task}.pos"))
    }
}

/// Why a directory cannot hold state: who may write to it decides who we are, and where the next start goes on.
fn open_to_others(path: &Path) -> std::io::Result<Option<String>> {
    let meta = fs::metadata(path)?;
    let (mode, owner, we) = (meta.mode() & 0o7777, meta.uid(), geteuid().as_raw());
    let shown = path.display();
    Ok(if owner != we {
        Some(format!(
            "the state directory {shown} belongs to user {owner}, and this is user {we}: give it to us with `chown {we} {shown}`, or \
             name one of our own with --state; in a volume, a directory below it"
        ))
    } else if mode & 0o022 != 0 {
        Some(format!(
            "others may write to the state directory {shown} (mode {mode:04o}): take that from them with `chmod 700 {shown}`"
        ))
    } else {
        None
    })
}

/// How files are opened that are ours alone. A link in the place of one leads elsewhere, and is not followed.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits() as i32);
    options
}

/// What a file of ours holds.
fn own(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = OpenOptions::new().read(true).custom_flags(OFlags::NOFOLLOW.bits() as i32).open(path)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
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
    Read::read_exact(&mut File::open("/dev/urandom")?, &mut bytes)?;
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
    fn a_directory_that_others_may_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("state");
        drop(StateDir::open(&path).expect("it is made"));
        for (mode, holds) in [(0o777, false), (0o1777, false), (0o770, false), (0o755, true), (0o700, true)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
            let opened = StateDir::open(&path);
            assert_eq!(opened.is_ok(), holds, "{mode:o}");
            if let Err(refused) = opened {
                assert_eq!(refused.exit_code(), 26);
                assert!(refused.text.contains(&format!("chmod 700 {}", path.display())), "{}", refused.text);
            }
        }
        // whoever runs the tests as root can also give it away
        if geteuid().is_root() {
            std::os::unix::fs::chown(&path, Some(1), None).expect("root may");
            let refused = StateDir::open(&path).expect_err("it is another one's");
            assert!(refused.text.contains("belongs to user 1"), "{}", refused.text);
        }
    }

    #[test]
    fn a_link_that_was_put_in_the_place_of_a_file_is_not_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (path, victim) = (dir.path().join("state"), dir.path().join("victim"));
        fs::write(&victim, "theirs").expect("writable");
        let state = StateDir::open(&path).expect("free");
        let crumb =
            Breadcrumb { cluster: "c".into(), topic: "t".into(), seq: 9, position: "binlog.000001:4".into() };
        symlink(&victim, path.join("p.s.t.new")).expect("a link");
        assert!(state.leave("p.s.t", &crumb).is_err());
        fs::remove_file(path.join("p.s.t.new")).expect("it is there");
        state.leave("p.s.t", &crumb).expect("writable");
        let mode = fs::metadata(path.join("p.s.t.pos")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::rename(path.join("p.s.t.pos"), &victim).expect("writable");
        symlink(&victim, path.join("p.s.t.pos")).expect("a link");
        assert_eq!(state.breadcrumb("p.s.t"), None);
        drop(state);
        fs::remove_file(path.join("lock")).expect("it is there");
        symlink(&victim, path.join("lock")).expect("a link");
        assert_eq!(StateDir::open(&path).expect_err("it leads elsewhere").exit_code(), 26);
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
