//! Heartbeat rows: one row at each server that `heartbeat … table` names is counted up as often as said.
//!
//! A quiet server then shows that it lives, and positions move. Tasks of one source share the thread that writes. A write that
//! fails is told and tried again at the next turn; it stops nobody, since whether the source lives is seen in its log.

use super::event::{Event, Name};
use crate::mysql::position::ServerIdentity;
use crate::mysql::schema::TableName;
use crate::source::mysql::io::{BeatRow, Closer, Endpoint, SourceFailure};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// All of a process.
#[derive(Debug, Default)]
pub(super) struct Pulses(Mutex<Vec<Weak<Pulse>>>);

/// A row, and how often it is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    server: ServerIdentity,
    table: TableName,
    every: Duration,
}

/// The writing thread; it ends when this is dropped.
pub(super) struct Pulse {
    row: Row,
    open: Arc<Mutex<Option<Closer>>>,
    _stop: Sender<()>,
}

impl std::fmt::Debug for Pulse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pulse").field("row", &self.row).finish_non_exhaustive()
    }
}

impl Pulses {
    /// The one that counts up this row; made if nobody has it.
    pub(super) fn of(
        &self,
        endpoint: &Endpoint,
        server: &ServerIdentity,
        table: TableName,
        every: Duration,
    ) -> Arc<Pulse> {
        let row = Row { server: server.clone(), table, every };
        let mut pulses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pulses.retain(|pulse| pulse.strong_count() > 0);
        if let Some(pulse) = pulses.iter().filter_map(Weak::upgrade).find(|pulse| pulse.row == row) {
            return pulse;
        }
        let pulse = Arc::new(Pulse::start(endpoint.clone(), row));
        pulses.push(Arc::downgrade(&pulse));
        pulse
    }
}

impl Pulse {
    /// Without a thread nothing is written, which nobody rests on.
    fn start(endpoint: Endpoint, row: Row) -> Pulse {
        let (stop, stopped) = bounded(0);
        let open = Arc::new(Mutex::new(None));
        let mut writer =
            Writer { endpoint, row: row.clone(), connection: None, open: open.clone(), told: None };
        let thread = std::thread::Builder::new().name(format!("pulse {}", row.table));
        if let Err(error) = thread.spawn(move || writer.run(&stopped)) {
            let text = format!("the row of `heartbeat` in {} is not written: {error}", row.table);
            Event::warn(Name::SourceHeartbeatFailed, text).emit();
        }
        Pulse { row, open, _stop: stop }
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        // A wait for an answer ends; a connection that is being made has an end of its own.
        if let Some(closer) = self.open.lock().unwrap_or_else(PoisonError::into_inner).take() {
            closer.close();
        }
    }
}

struct Writer {
    endpoint: Endpoint,
    row: Row,
    connection: Option<BeatRow>,
    open: Arc<Mutex<Option<Closer>>>,
    /// The failure that was told last.
    told: Option<String>,
}

impl Writer {
    fn run(&mut self, stopped: &Receiver<()>) {
        loop {
            match self.write() {
                Ok(()) => self.told = None,
                Err(failure) => self.tell(&failure),
            }
            match stopped.recv_timeout(self.row.every) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn write(&mut self) -> Result<(), SourceFailure> {
        let result = self.connected().and_then(BeatRow::write);
        if result.is_err() {
            self.connection = None;
            *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        result
    }

    fn connected(&mut self) -> Result<&mut BeatRow, SourceFailure> {
        if self.connection.is_none() {
            let connection = BeatRow::open(&self.endpoint, &self.row.server, &self.row.table)?;
            *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection.closer()?);
            self.connection = Some(connection);
        }
        Ok(self.connection.as_mut().expect("opened above"))
    }

    /// Each reason once.
    fn tell(&mut self, failure: &SourceFailure) {
        let text = format!("the row of `heartbeat` in {} is not written: {failure}", self.row.table);
        if self.told.as_ref() != Some(&text) {
            Event::warn(Name::SourceHeartbeatFailed, text.clone()).emit();
            self.told = Some(text);
        }
    }
}
