//! Rows that wait: they may still be undone, or somebody is to say that they count.
//!
//! They are kept as the log has them, in memory, and beyond a bound in a file that has no name, so that nothing is left of it
//! however the process ends.
//!
//! Guarantees: memory is bounded by [`MEMORY_BYTES`] and what names the events; the file by [`FILE_BYTES`].

use crate::mysql::binlog::event::Header;
use crate::run::ring::MappedTable;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes of rows that wait in memory, all transactions together.
const MEMORY_BYTES: usize = 16 << 20;

/// Bytes of rows that wait in the file.
const FILE_BYTES: u64 = 10 << 30;

/// What an event takes besides its bytes.
const EVENT_BYTES: usize = size_of::<Held>();

/// Where rows wait.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    memory: usize,
    file: Option<File>,
    end: u64,
    n_in_file: usize,
}

/// A rows event that waits.
#[derive(Debug)]
pub(super) struct Held {
    header: Header,
    table: Arc<MappedTable>,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Memory(Box<[u8]>),
    File { at: u64, len: usize },
}

impl Held {
    /// Whose rows.
    pub(super) fn table(&self) -> &MappedTable {
        &self.table
    }
}

impl Store {
    /// An empty store, whose file would be made at `path`.
    pub(super) fn new(path: PathBuf) -> Store {
        Store { path, memory: 0, file: None, end: 0, n_in_file: 0 }
    }

    /// Keeps an event.
    ///
    /// # Errors
    /// The file cannot be written, or would grow beyond its bound.
    pub(super) fn keep(&mut self, header: Header, table: &Arc<MappedTable>, body: &[u8]) -> io::Result<Held> {
        let place = if self.memory + EVENT_BYTES + body.len() <= MEMORY_BYTES {
            self.memory += EVENT_BYTES + body.len();
            Place::Memory(body.into())
        } else {
            self.write(body)?
        };
        Ok(Held { header, table: table.clone(), place })
    }

    fn write(&mut self, body: &[u8]) -> io::Result<Place> {
        if self.end + body.len() as u64 > FILE_BYTES {
            let text = format!("more than {} GiB of rows wait", FILE_BYTES >> 30);
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, text));
        }
        let file = match &self.file {
            Some(file) => file,
            None => {
                let mut options = OpenOptions::new();
                // Not one that is there: it is what a crash has left, or leads elsewhere.
                let options = options.read(true).write(true).create_new(true).mode(0o600);
                let _ = std::fs::remove_file(&self.path);
                let file = options.open(&self.path)?;
                std::fs::remove_file(&self.path)?;
                self.file.insert(file)
            }
        };
        file.write_all_at(body, self.end)?;
        let place = Place::File { at: self.end, len: body.len() };
        self.end += body.len() as u64;
        self.n_in_file += 1;
        Ok(place)
    }

    /// Bytes that the file takes.
    pub(super) fn file_bytes(&self) -> u64 {
        self.end
    }

    /// Gives an event back; its body is put into `body`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn take(&mut self, held: Held, body: &mut Vec<u8>) -> io::Result<(Header, Arc<MappedTable>)> {
        body.clear();
        match &held.place {
            Place::Memory(bytes) => body.extend_from_slice(bytes),
            Place::File { at, len } => {
                body.resize(*len, 0);
                let file = self.file.as_ref().ok_or(io::ErrorKind::NotFound)?;
                file.read_exact_at(body, *at)?;
            }
        }
        self.forget(&held.place);
        Ok((held.header, held.table))
    }

    /// Drops events.
    pub(super) fn drop_all(&mut self, events: impl IntoIterator<Item = Held>) {
        for held in events {
            self.forget(&held.place);
        }
    }

    fn forget(&mut self, place: &Place) {
        match place {
            Place::Memory(bytes) => self.memory -= EVENT_BYTES + bytes.len(),
            Place::File { .. } => {
                self.n_in_file -= 1;
                if self.n_in_file == 0 {
                    self.end = 0;
                    self.file = None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::binlog::event::EventType;
    use crate::mysql::schema::TableName;
    use std::sync::OnceLock;

    #[test]
    fn what_is_kept_comes_back_from_memory_and_file() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("spill");
        let mut store = Store::new(path.clone());
        let table =
            Arc::new(MappedTable { number: 7, name: TableName::new("a", "b"), columns: OnceLock::new() });
        let header = Header {
            time: 5,
            event_type: EventType::WriteRows,
            server_id: 1,
            size: 9,
            end_position: 99,
            flags: 0,
        };
        let body = |n: usize| vec![n as u8; 1 << 20];
        let mut kept: Vec<Held> =
            (0..20).map(|n| store.keep(header, &table, &body(n)).expect("room")).collect();
        assert!(store.memory <= MEMORY_BYTES);
        assert!(store.n_in_file >= 4, "{}", store.n_in_file);
        assert_eq!(store.file_bytes(), (store.n_in_file as u64) << 20);
        assert!(!path.exists(), "the file has no name");
        store.drop_all(kept.drain(1..3));
        let mut bytes = Vec::new();
        for (held, n) in kept.into_iter().zip([0].into_iter().chain(3..20)) {
            let (found, table) = store.take(held, &mut bytes).expect("readable");
            assert_eq!((found.end_position, table.number), (99, 7));
            assert!(bytes == body(n), "event {n}");
        }
        assert_eq!((store.memory, store.n_in_file, store.end), (0, 0, 0));
        assert!(store.file.is_none());
    }
}
