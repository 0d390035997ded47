//! How many bytes of the source's log lie behind the committed position, asked of the server now and then.
//!
//! A thread with a short connection of its own, every ten seconds while the task is behind: what the task has read tells
//! nothing about what it has not. While nothing waits, nobody is asked. Once a minute in any case it is looked whether the
//! log still holds the position, and has not begun again under its reader: MariaDB then sends nothing more, and no error. How long
//! the server keeps its log is asked with it: it can be set at any time.

use crate::control::TaskStatus;
use crate::mysql::position::{BinlogPosition, ServerIdentity, file_number};
use crate::plan::TaskId;
use crate::run::event::{Event, Name};
use crate::source::mysql::io::{Closer, Endpoint, Session, SourceFailure, log_files, log_kept_now};
use crate::source::mysql::requirement::LogKept;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the server is asked while the task is behind.
const EVERY: Duration = Duration::from_secs(10);

/// Every so many of these it is asked although nothing waits.
const IN_ANY_CASE: u32 = 6;

/// The committed position, for the thread.
pub(super) type Place = Arc<Mutex<Option<BinlogPosition>>>;

/// How long the server keeps its log; the outer none: not asked since somebody looked.
type Kept = Arc<Mutex<Option<Option<LogKept>>>>;

/// The asking thread; it ends when this is dropped.
pub(super) struct Gauge {
    server: ServerIdentity,
    /// Where the task is.
    pub(super) place: Place,
    /// The log ends before a place that was read in it.
    is_short: Arc<AtomicBool>,
    kept: Kept,
    open: Arc<Mutex<Option<Closer>>>,
    _stop: Sender<()>,
    _thread: Option<JoinHandle<()>>,
}

impl Gauge {
    /// Starts to ask `server` for the log behind `at`. Without a thread the lag in bytes stays unknown, nothing else.
    pub(super) fn start(
        task: &TaskId,
        endpoint: Endpoint,
        server: ServerIdentity,
        at: BinlogPosition,
        status: Arc<Mutex<TaskStatus>>,
    ) -> Gauge {
        let (stop, stopped) = bounded(0);
        let place = Place::new(Mutex::new(Some(at)));
        let open = Arc::new(Mutex::new(None));
        let is_short = Arc::new(AtomicBool::new(false));
        let kept = Kept::default();
        let asking = Asking {
            task: task.clone(),
            endpoint,
            server: server.clone(),
            place: place.clone(),
            status,
            open: open.clone(),
            is_short: is_short.clone(),
            kept: kept.clone(),
            told: false,
        };
        let thread = std::thread::Builder::new().name(format!("gauge {task}"));
        let thread = thread.spawn(move || asking.run(&stopped)).ok();
        Gauge { server, place, is_short, kept, open, _stop: stop, _thread: thread }
    }

    /// True when it asks this server.
    pub(super) fn asks(&self, server: &ServerIdentity) -> bool {
        self.server == *server
    }

    /// True once the log was seen to end before a place that had been read in it.
    pub(super) fn is_short(&self) -> bool {
        self.is_short.load(Ordering::Relaxed)
    }

    /// How long the server keeps its log, if it was asked since the last look.
    pub(super) fn take_kept(&self) -> Option<Option<LogKept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        // A wait for an answer ends; the thread then finds nobody who wants it. A connection that is being made has an
        // end of its own.
        if let Some(closer) = self.open.lock().unwrap_or_else(PoisonError::into_inner).take() {
            closer.close();
        }
    }
}

struct Asking {
    task: TaskId,
    endpoint: Endpoint,
    server: ServerIdentity,
    place: Place,
    status: Arc<Mutex<TaskStatus>>,
    open: Arc<Mutex<Option<Closer>>>,
    is_short: Arc<AtomicBool>,
    kept: Kept,
    told: bool,
}

impl Asking {
    fn run(mut self, stopped: &Receiver<()>) {
        for turn in 0u32.. {
            let behind = {
                let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
                if status.behind_since_ms.is_none() {
                    status.lag_bytes = Some(0);
                }
                status.behind_since_ms.is_some()
            };
            // The place from before the question: what is committed meanwhile may lie behind what it tells.
            let before = self.place();
            // A server that does not answer is told of by who reads from it.
            if (behind || turn % IN_ANY_CASE == IN_ANY_CASE - 1)
                && let Ok(files) = self.ask()
            {
                self.judge(&files);
                if before.is_some_and(|place| ends_before(&files, &place)) {
                    self.is_short.store(true, Ordering::Relaxed);
                }
            }
            match stopped.recv_timeout(EVERY) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn ask(&self) -> Result<Vec<(String, u64)>, SourceFailure> {
        let mut session = Session::open(&self.endpoint, Some(&self.server))?;
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.closer());
        let files = log_files(&mut session);
        if files.is_ok()
            && let Ok(kept) = log_kept_now(&mut session)
        {
            *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        }
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
        session.quit();
        files
    }

    fn place(&self) -> Option<BinlogPosition> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn judge(&mut self, files: &[(String, u64)]) {
        let Some(place) = self.place() else { return };
        let bytes = bytes_behind(files, &place);
        {
            let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
            // What waits may have been committed meanwhile.
            status.lag_bytes = if status.behind_since_ms.is_none() { Some(0) } else { bytes };
        }
        // Where GTIDs alone count, the server tells when it is asked for the log.
        let is_gone = bytes.is_none() && place.is_place() && !files.is_empty();
        if is_gone && !std::mem::replace(&mut self.told, true) {
            let text = format!(
                "the server does not hold {} any more, where this task has to go on when it starts anew: keep the log longer, or \
                 load the tables anew",
                place.file
            );
            Event::warn(Name::SourceRetentionLow, text).task(&self.task).position(&place).emit();
        }
    }
}

/// Bytes of the log behind a place; none when its file is not among them.
fn bytes_behind(files: &[(String, u64)], place: &BinlogPosition) -> Option<u64> {
    let at = files.iter().position(|(file, _)| *file == place.file)?;
    let behind: u64 = files[at..].iter().map(|(_, size)| size).sum();
    Some(behind.saturating_sub(place.offset))
}

/// Whether the log ends before a place: its file is shorter, or has yet to come.
fn ends_before(files: &[(String, u64)], place: &BinlogPosition) -> bool {
    match (files.iter().find(|(file, _)| *file == place.file), files.last()) {
        (Some((_, size)), _) => *size < place.offset,
        (None, Some((last, _))) => file_number(last) < file_number(&place.file),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_a_place_is_counted_over_files() {
        let files = [("b.1".to_owned(), 100), ("b.2".to_owned(), 50), ("b.3".to_owned(), 7)];
        let behind = |file: &str, offset| bytes_behind(&files, &BinlogPosition::new(file, offset));
        assert_eq!(behind("b.1", 100), Some(57));
        assert_eq!(behind("b.2", 4), Some(53));
        assert_eq!(behind("b.3", 7), Some(0));
        // asked before what has been read since
        assert_eq!(behind("b.3", 9), Some(0));
        assert_eq!(behind("b.0", 4), None);
    }

    #[test]
    fn a_log_that_ends_before_its_reader_began_again() {
        let files = [("b.2".to_owned(), 50), ("b.3".to_owned(), 7)];
        let ends_before = |file: &str, offset| ends_before(&files, &BinlogPosition::new(file, offset));
        for (file, offset, expected) in
            [("b.3", 7, false), ("b.3", 8, true), ("b.2", 51, true), ("b.4", 4, true), ("b.1", 999, false)]
        {
            assert_eq!(ends_before(file, offset), expected, "{file}:{offset}");
        }
    }
}
