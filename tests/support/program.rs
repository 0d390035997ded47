//! syncc itself, run as a user runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};

use rustix::process::Signal;
use serde_json::Value;

use super::process::Process;
use super::run::{Run, tail};
use super::wait;

/// The program under test.
const SYNCC: &str = env!("CARGO_BIN_EXE_syncc");

/// A project folder of its own, gone after the test run.
pub(crate) struct Project {
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

impl Project {
    /// A project with these files, each a name and a text.
    pub(crate) fn new(name: &str, files: &[(&str, &str)]) -> Project {
        let project = Project { folder: Run::get().new_folder(name), environment: Vec::new() };
        for (file, text) in files {
            project.write(file, text);
        }
        project
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Sets an environment variable for all that is started from now on.
    pub(crate) fn env(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Writes a file the way editors do: a new file beside it, then a rename over it.
    pub(crate) fn write(&self, file: &str, text: &str) {
        let beside = self.folder.join(format!(".{file}.new"));
        fs::write(&beside, text).expect("the project's folder is writable");
        fs::rename(&beside, self.folder.join(file)).expect("the project's folder is writable");
    }

    /// Runs `syncc ARGUMENTS` in the project to its end.
    pub(crate) fn syncc(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().expect("the program under test can be started");
        // what it said is searched at the end of the run, as what is said by those that go on
        if !output.stderr.is_empty() {
            let said = Run::get().new_folder("syncc").join("stderr");
            fs::write(said, &output.stderr).expect("the run's folder is writable");
        }
        output
    }

    /// Starts `syncc ARGUMENTS` in the project. Its output is kept in the files of [`Running`].
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        self.start_with(arguments, &[])
    }

    /// As [`Project::start`], with environment variables for this start alone.
    pub(crate) fn start_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Running {
        self.spawn(self.command(arguments), environment)
    }

    /// As [`Project::start_with`]. What is written beyond [`Running::limit_files`] fails as it does on a full disk, and the
    /// signal that comes with it is ignored.
    pub(crate) fn start_on_a_disk_that_fills(
        &self,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Running {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", SYNCC]).args(arguments);
        self.spawn(self.at_home(command), environment)
    }

    /// As [`Project::start`], on one processor alone.
    pub(crate) fn start_on(&self, processor: &str, arguments: &[&str]) -> Running {
        let mut command = Command::new("taskset");
        command.args(["-c", processor, SYNCC]).args(arguments);
        self.spawn(self.at_home(command), &[])
    }

    fn spawn(&self, mut command: Command, environment: &[(&str, &str)]) -> Running {
        // beside the project, not in it: syncc watches that
        let logs = Run::get().new_folder("syncc");
        let stderr = logs.join("stderr");
        command.envs(environment.iter().copied());
        let process = Process::spawn(&mut command, &logs.join("stdout"), &stderr);
        Running { process, stdout: logs.join("stdout"), stderr }
    }

    /// What `syncc status --format json` says of the instance that runs in this project.
    ///
    /// # Errors
    /// What the program says when none answers.
    pub(crate) fn status(&self) -> Result<Value, String> {
        let output = self.syncc(&["status", "--format", "json"]);
        if output.status.success() {
            serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Waits until the status satisfies `holds`, and returns it.
    ///
    /// # Panics
    /// After `seconds`, with the last status, or when `running` ends before.
    #[track_caller]
    pub(crate) fn wait_for_status(
        &self,
        running: &mut Running,
        what: &str,
        seconds: u64,
        holds: impl Fn(&Value) -> bool,
    ) -> Value {
        wait::until(what, seconds, || {
            if !running.runs() {
                panic!("syncc ended before: {what}\n{}", running.last_words());
            }
            match self.status() {
                Ok(status) if holds(&status) => Ok(status),
                Ok(status) => Err(format!("{status:#}\n{}", running.last_words())),
                Err(error) => Err(format!("{error}\n{}", running.last_words())),
            }
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(SYNCC);
        command.args(arguments);
        self.at_home(command)
    }

    fn at_home(&self, mut command: Command) -> Command {
        command.current_dir(&self.folder).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A running syncc; killed when dropped.
pub(crate) struct Running {
    process: Process,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Running {
    /// What it has written to stdout until now.
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.stdout).unwrap_or_default()).into_owned()
    }

    /// What it has written to stderr until now.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.stderr).unwrap_or_default()).into_owned()
    }

    /// The last lines of stderr, for messages.
    pub(crate) fn last_words(&self) -> String {
        tail(&self.stderr, 20)
    }

    /// Waits until stderr contains `text`.
    ///
    /// # Panics
    /// After `seconds`, or when it ends before.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str, seconds: u64) {
        let stderr = self.stderr.clone();
        wait::until(&format!("`{text}` in stderr"), seconds, || {
            // asked before the file is read, so that the last words of a process that ended count
            let ended = self.process.ended();
            if fs::read(&stderr).is_ok_and(|said| String::from_utf8_lossy(&said).contains(text)) {
                return Ok(());
            }
            let said = tail(&stderr, 20);
            match ended {
                Some(status) => panic!("syncc ended with {status} before it said `{text}`:\n{said}"),
                None => Err(said),
            }
        });
    }

    /// Most memory it has had resident so far, MiB.
    #[track_caller]
    pub(crate) fn peak_mib(&self) -> u64 {
        self.process.peak_mib()
    }

    /// Lets no file of it grow beyond so many bytes; `None` lifts the limit.
    #[track_caller]
    pub(crate) fn limit_files(&self, bytes: Option<u64>) {
        self.process.limit_files(bytes);
    }

    /// True while it runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.process.ended().is_none()
    }

    /// Sends a signal.
    pub(crate) fn signal(&mut self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits for its end and gives the exit code; `None` when a signal ended it.
    #[track_caller]
    pub(crate) fn wait(&mut self, seconds: u64) -> Option<i32> {
        let stderr = self.stderr.clone();
        let ended: ExitStatus = wait::until("the end of syncc", seconds, || {
            self.process.ended().ok_or_else(|| format!("it runs and said:\n{}", tail(&stderr, 20)))
        });
        ended.code()
    }

    /// Asks it to stop (SIGTERM) and gives the exit code.
    #[track_caller]
    pub(crate) fn stop(&mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.wait(60)
    }

    /// Kills it on the spot.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.wait(10);
    }
}
