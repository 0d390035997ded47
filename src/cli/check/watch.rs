//! `check --watch`: checks again whenever a file is saved.
//!
//! Looks at the directory a few times a second instead of waiting for events: it works on every file system, takes none of
//! the system's few watches, and a look costs less than the check that follows.

use super::Check;
use crate::cli::Exit;
use crate::cli::output::{Failure, Output, note};
use crate::project::io::{Listing, list, read};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Between two looks. People take it for at once.
const LOOK: Duration = Duration::from_millis(200);

/// Clears the screen and what has scrolled away.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J\u{1b}[3J";

/// Checks until a signal comes, or nobody reads any more.
pub(super) fn run(check: &Check<'_>, output: &mut Output) -> Result<Exit, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, stop.clone())
            .map_err(|error| Failure::new(Exit::Failed, error))?;
    }
    let on_terminal = std::io::stdout().is_terminal();
    while !stop.load(Ordering::Relaxed) && !output.is_closed() {
        // Listed first: what is saved during the check is another check.
        let directories = directories(check);
        let seen = look(&directories);
        if on_terminal {
            output.print(CLEAR)?;
        }
        if let Err(failure) = check.once(output) {
            note(&failure.to_string());
        }
        if on_terminal && !check.global.quiet {
            output.print("\nwaiting for a file to be saved; Ctrl-C ends\n")?;
        }
        output.finish()?;
        while !stop.load(Ordering::Relaxed) && look(&directories) == seen {
            std::thread::sleep(LOOK);
        }
    }
    Ok(Exit::Fine)
}

/// The directories of the project as far as they can be found.
fn directories(check: &Check<'_>) -> Vec<PathBuf> {
    read(&check.location)
        .map_or_else(|_| vec![check.location.directory.clone()], |reading| reading.directories)
}

fn look(directories: &[PathBuf]) -> Vec<Option<Listing>> {
    directories.iter().map(|directory| list(directory).ok()).collect()
}
