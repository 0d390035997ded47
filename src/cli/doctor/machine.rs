//! The machine: facts read from it, and what they mean.

use crate::project;
use rustix::fs::{Access, access, statvfs};
use rustix::process::{Resource, getrlimit, getuid};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// Watches of the system are per user; a run takes one instance.
const INOTIFY_FREE_MIN: u64 = 4;

/// Connections to brokers, sources and files of a run of some tasks stay far below.
const FILES_MIN: u64 = 1024;

/// Free room below which positions may soon not be written any more.
const FREE_BYTES_MIN: u64 = 64 << 20;

/// Before this no release was made: such a clock was never set. 2026-01-01.
const RELEASED: Duration = Duration::from_secs(1_767_225_600);

/// How far in the future a file may be: clocks of two machines differ a little.
const CLOCK_SLACK: Duration = Duration::from_secs(60);

/// What is so on this machine; none for what could not be found out.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    system: Option<String>,
    git: Option<String>,
    /// Most instances of inotify of a user, and how many this user has.
    inotify: Option<(u64, u64)>,
    /// Most open files; none: no limit.
    files: Option<Option<u64>>,
    now: Option<Duration>,
    synchronized: bool,
    /// Last change of the newest project file.
    newest_file: Option<Duration>,
    project: ProjectState,
    state: StateDirectory,
}

/// The project directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum ProjectState {
    #[default]
    Unknown,
    Files(usize),
    Unreadable(String),
}

/// The state directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct StateDirectory {
    path: PathBuf,
    exists: bool,
    /// It, or the directory it will be made in, can be written.
    writable: bool,
    /// Others than its owner may read or write it.
    open: bool,
    free_bytes: Option<u64>,
}

/// How good something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Fine,
    Warning,
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) what: &'static str,
    pub(super) state: State,
    pub(super) text: String,
}

impl Facts {
    /// Reads them.
    pub(super) fn read(project: &Path, state: &Path) -> Facts {
        let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse().ok();
        let (project, newest_file) = project_state(project);
        Facts {
            system: fs::read_to_string("/proc/sys/kernel/osrelease")
                .ok()
                .map(|release| format!("Linux {}", release.trim())),
            git: git_version(),
            inotify: number("/proc/sys/fs/inotify/max_user_instances")
                .map(|most| (most, inotify_instances())),
            files: Some(getrlimit(Resource::Nofile).current),
            now: since_epoch(SystemTime::now()),
            synchronized: Path::new("/run/systemd/timesync/synchronized").exists(),
            newest_file,
            project,
            state: state_directory(state),
        }
    }
}

fn since_epoch(time: SystemTime) -> Option<Duration> {
    time.duration_since(SystemTime::UNIX_EPOCH).ok()
}

fn git_version() -> Option<String> {
    let answer = Command::new("git").arg("--version").output().ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    text.trim().strip_prefix("git version ").map(str::to_owned)
}

/// Instances of inotify that processes of this user hold, as far as they can be looked into.
fn inotify_instances() -> u64 {
    let own = getuid().as_raw();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let files = processes
        .filter(|process| process.metadata().is_ok_and(|meta| meta.uid() == own))
        .flat_map(|process| fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten());
    let is_inotify = |link: &PathBuf| link.as_os_str() == "anon_inode:inotify";
    files.filter_map(|file| fs::read_link(file.path()).ok()).filter(is_inotify).count() as u64
}

fn project_state(directory: &Path) -> (ProjectState, Option<Duration>) {
    let listing = match project::io::list(directory) {
        Ok(listing) => listing,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            return (ProjectState::Unreadable(format!("{error}{}", cause.unwrap_or_default())), None);
        }
    };
    let paths = listing.entries.iter().map(|entry| listing.directory.join(&entry.name));
    let unreadable = paths.clone().find(|path| access(path, Access::READ_OK).is_err());
    let newest =
        paths.filter_map(|path| fs::metadata(path).ok()?.modified().ok()).filter_map(since_epoch).max();
    match unreadable {
        Some(path) => (ProjectState::Unreadable(format!("{} cannot be read", path.display())), newest),
        None => (ProjectState::Files(listing.entries.len()), newest),
    }
}

fn state_directory(path: &Path) -> StateDirectory {
    let exists = path.is_dir();
    // What is not there yet is made in the nearest directory that is.
    let there = path.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("."));
    StateDirectory {
        path: path.to_owned(),
        exists,
        writable: access(there, Access::WRITE_OK | Access::EXEC_OK).is_ok(),
        open: exists && fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0),
        free_bytes: statvfs(there).ok().map(|volume| volume.f_bavail.saturating_mul(volume.f_frsize)),
    }
}

/// What the facts mean, in the order of the report.
pub(super) fn items(facts: &Facts) -> Vec<Item> {
    let item = |what, state, text: String| Item { what, state, text };
    let mut items = Vec::new();
    items.extend(facts.system.clone().map(|system| item("system", State::Fine, system)));
    items.push(match &facts.git {
        Some(version) => item("git", State::Fine, version.clone()),
        None => item("git", State::Warning, "not there: `--against REVISION` needs it".to_owned()),
    });
    items.extend(facts.inotify.map(|(most, used)| inotify(most, used)));
    items.extend(facts.files.map(files));
    items.extend(facts.now.map(|now| clock(now, facts.newest_file, facts.synchronized)));
    items.extend(match &facts.project {
        ProjectState::Unknown => None,
        ProjectState::Files(0) => Some(item("project", State::Bad, "holds no `.sync` file".to_owned())),
        ProjectState::Files(n) => {
            Some(item("project", State::Fine, format!("{n} file{}", if *n == 1 { "" } else { "s" })))
        }
        ProjectState::Unreadable(why) => Some(item("project", State::Bad, why.clone())),
    });
    items.push(state(&facts.state));
    items
}

fn inotify(most: u64, used: u64) -> Item {
    let free = most.saturating_sub(used);
    let (state, hint) = if free >= INOTIFY_FREE_MIN {
        (State::Fine, "")
    } else {
        let hint =
            "; without a free one saved files are seen after 30 s: sysctl fs.inotify.max_user_instances=512";
        (State::Warning, hint)
    };
    Item { what: "inotify", state, text: format!("{used} of {most} instances of this user in use{hint}") }
}

fn files(limit: Option<u64>) -> Item {
    let (state, text) = match limit {
        None => (State::Fine, "no limit".to_owned()),
        Some(limit) if limit >= FILES_MIN => (State::Fine, format!("at most {limit}")),
        Some(limit) => {
            (State::Warning, format!("at most {limit}; brokers and sources take many: ulimit -n 4096"))
        }
    };
    Item { what: "open files", state, text }
}

fn clock(now: Duration, newest_file: Option<Duration>, synchronized: bool) -> Item {
    let ahead = newest_file.and_then(|file| file.checked_sub(now)).filter(|ahead| *ahead > CLOCK_SLACK);
    let (state, text) = if now < RELEASED {
        (State::Bad, "it was never set: certificates of servers seem to be of the future".to_owned())
    } else if let Some(ahead) = ahead {
        let text = format!("a file of the project was saved {} s in the future", ahead.as_secs());
        (State::Warning, text)
    } else if synchronized {
        (State::Fine, "synchronized".to_owned())
    } else {
        (State::Fine, "set; whether it is synchronized is not known".to_owned())
    };
    Item { what: "clock", state, text }
}

fn state(directory: &StateDirectory) -> Item {
    let shown = directory.path.display();
    let low = directory.free_bytes.filter(|free| *free < FREE_BYTES_MIN);
    let (state, text) = if !directory.writable {
        let text = format!("{shown} cannot be written by this user; `run --state DIR` takes another one");
        (State::Bad, text)
    } else if let Some(free) = low {
        (State::Warning, format!("{shown} has {} MiB left", free >> 20))
    } else if directory.open {
        (State::Warning, format!("others may look into {shown}: chmod 700 {shown}"))
    } else if directory.exists {
        (State::Fine, format!("{shown} can be written"))
    } else {
        (State::Fine, format!("{shown} can be made"))
    };
    Item { what: "state", state, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(item: Item, state: State, text: &str) {
        assert_eq!(item.state, state, "{}", item.text);
        assert!(item.text.contains(text), "{}", item.text);
    }

    #[test]
    fn limits_are_judged() {
        check(inotify(128, 3), State::Fine, "3 of 128");
        check(inotify(128, 126), State::Warning, "sysctl");
        check(files(Some(256)), State::Warning, "ulimit");
        check(files(None), State::Fine, "no limit");
    }

    #[test]
    fn a_clock_is_judged_by_what_it_cannot_be() {
        let now = RELEASED + Duration::from_secs(1000);
        check(clock(now, Some(now), true), State::Fine, "synchronized");
        check(clock(now, Some(now + Duration::from_secs(3600)), true), State::Warning, "3600 s");
        check(clock(Duration::ZERO, None, true), State::Bad, "never set");
    }

    #[test]
    fn the_state_directory_must_be_ours() {
        let good = StateDirectory {
            path: ".syncc".into(),
            exists: true,
            writable: true,
            open: false,
            free_bytes: Some(1 << 40),
        };
        check(state(&good), State::Fine, "can be written");
        check(state(&StateDirectory { exists: false, ..good.clone() }), State::Fine, "can be made");
        check(state(&StateDirectory { open: true, ..good.clone() }), State::Warning, "chmod 700");
        check(state(&StateDirectory { free_bytes: Some(1 << 20), ..good.clone() }), State::Warning, "1 MiB");
        check(state(&StateDirectory { writable: false, ..good }), State::Bad, "cannot be written");
    }
}
