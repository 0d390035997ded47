//! A child process in a process group of its own, killed when it is dropped.

use std::fs::{File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process_group, prlimit};

use super::run::Run;
use super::wait;

/// A running, or ended but not forgotten, child process.
pub(crate) struct Process {
    child: Child,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts `command` without input; stdout is appended to `stdout`, stderr to `stderr`.
    pub(crate) fn spawn(command: &mut Command, stdout: &Path, stderr: &Path) -> Process {
        let program = command.get_program().to_owned();
        let child = command
            .stdin(Stdio::null())
            .stdout(append(stdout))
            .stderr(append(stderr))
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        Run::get().begin(child.id());
        Process { child, ended: None }
    }

    /// How it ended; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().expect("a child of ours can be waited for");
            if self.ended.is_some() {
                Run::get().end(self.child.id());
            }
        }
        self.ended
    }

    /// Most memory it has had resident so far, MiB.
    ///
    /// # Panics
    /// When it has ended.
    #[track_caller]
    pub(crate) fn peak_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("a running process has a status");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel counts it");
        peak.trim().trim_end_matches(" kB").parse::<u64>().expect("a number of KiB") / 1024
    }

    /// Lets no file of it grow beyond so many bytes; `None` lifts the limit.
    ///
    /// # Panics
    /// When it has ended.
    #[track_caller]
    pub(crate) fn limit_files(&self, bytes: Option<u64>) {
        let process = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(process, Resource::Fsize, limit).expect("it runs, and is ours");
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// When it still runs after `seconds`.
    #[track_caller]
    pub(crate) fn wait(&mut self, seconds: u64) -> ExitStatus {
        wait::until("the end of the process", seconds, || self.ended().ok_or("it still runs"))
    }

    /// Sends `signal` to its process group; nothing happens when it has ended.
    pub(crate) fn signal(&mut self, signal: Signal) {
        if self.ended().is_none()
            && let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
        {
            // it may end in between, and then there is nobody to tell
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        if self.ended.is_none() && self.child.wait().is_ok() {
            Run::get().end(self.child.id());
        }
    }
}

fn append(file: &Path) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", file.display()))
}
