//! The folder of this test run, and the janitor that cleans up behind it.
//!
//! The janitor is a small shell process with the read end of a pipe. The pipe closes when this process ends, however
//! it ends (return, panic, Ctrl-C, `kill -9`); then the janitor kills what was registered and still lives and
//! removes the folder. After a panic it leaves the logs. Where `SYNCC_TEST_LEAKS` names a file, it searches all that syncc has
//! said in the run for what never may be said, and writes there where it stands. So a server that all tests share needs no last owner.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use super::shop::CANARY;

/// Registered are leaders of process groups. What is called `data` is large and tells nothing after a failure.
const JANITOR: &str = r#"
trap '' INT TERM HUP
declare -A live
keep=
while read -r word group; do
  case $word in
    begin) live[$group]=1 ;;
    end) unset "live[$group]" ;;
    keep) keep=1 ;;
  esac
done
for group in "${!live[@]}"; do kill -9 -- "-$group" 2>/dev/null; done
[ -z "$SYNCC_TEST_LEAKS" ] || bash -c "$3" search "$1" "$2" >>"$SYNCC_TEST_LEAKS"
for try in 1 2 3; do
  if [ -n "$keep" ]; then
    find "$1" -depth -type d -name data -exec rm -rf {} + 2>/dev/null && break
  else
    rm -rf "$1" 2>/dev/null && break
  fi
  sleep 0.2
done
"#;

/// Names the files below `$1` in which `$2` stands and never may: what syncc said in its log and to who asked it, and what it
/// keeps in state directories. What it prints because it was asked to show rows is in other files.
pub(crate) const SEARCH: &str = r#"
find "$1" -type f \( -path '*/syncc-*/stderr' -o -name '*.pos' -o -name plan.json -o -name instance-id \) \
  -exec grep -laF -e "$2" {} +
exit 0
"#;

/// This test run.
pub(crate) struct Run {
    folder: PathBuf,
    janitor: Mutex<ChildStdin>,
    folders: AtomicUsize,
}

impl Run {
    /// The run of this process; the first call starts the janitor.
    #[expect(clippy::zombie_processes, reason = "the janitor ends after this process, that is its purpose")]
    pub(crate) fn get() -> &'static Run {
        static RUN: OnceLock<Run> = OnceLock::new();
        RUN.get_or_init(|| {
            let folder = tempfile::Builder::new()
                .prefix("syncc-test-")
                .tempdir()
                .expect("the system's temporary folder is writable")
                .keep();
            let mut child = Command::new("bash")
                .args(["-c", JANITOR, "janitor"])
                .arg(&folder)
                .args([CANARY, SEARCH])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .process_group(0)
                .spawn()
                .expect("bash is installed");
            let janitor = Mutex::new(child.stdin.take().expect("stdin is piped"));
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                before(panic);
                let run = Run::get();
                run.tell("keep", 0);
                eprintln!("logs of the servers and of syncc: {}", run.folder.display());
            }));
            Run { folder, janitor, folders: AtomicUsize::new(0) }
        })
    }

    /// A new empty folder of this run, its name begins with `name`.
    pub(crate) fn new_folder(&self, name: &str) -> PathBuf {
        let number = self.folders.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.join(format!("{name}-{number}"));
        fs::create_dir(&folder).expect("the run's folder is writable");
        folder
    }

    /// From now on the janitor kills the process group `leader` when this process ends.
    pub(crate) fn begin(&self, leader: u32) {
        self.tell("begin", leader);
    }

    /// The process group `leader` has ended.
    pub(crate) fn end(&self, leader: u32) {
        self.tell("end", leader);
    }

    fn tell(&self, word: &str, group: u32) {
        let mut janitor = self.janitor.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // One write per line, so that lines of several threads never mix. Without a janitor the servers are still
        // stopped by their owners; a test run is no place to fail for that.
        let _ = janitor.write_all(format!("{word} {group}\n").as_bytes());
    }
}

/// The folder with the programs of the servers, after `tests/support/install PART` has put them there.
pub(crate) fn installed(part: &str) -> PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("bash")
        .arg(repository.join("tests/support/install"))
        .arg(part)
        .output()
        .expect("bash is installed");
    assert!(
        output.status.success(),
        "tests/support/install {part} failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let cache = std::env::var_os("SYNCC_TEST_CACHE").map_or_else(|| repository.join(".cache"), PathBuf::from);
    cache.canonicalize().expect("install has made the cache folder").join(part)
}

/// The last `lines` lines of the file, for messages; empty when it cannot be read.
pub(crate) fn tail(file: &Path, lines: usize) -> String {
    let text = String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
