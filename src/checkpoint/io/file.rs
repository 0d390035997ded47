//! All records of a task in one file, replaced as a whole.
//!
//! The file is a first line, frames of key length, value length (32 bits, little-endian), key and value, and the
//! CRC-32 of all that. Written beside, synced, renamed over the old one, directory synced: a crash leaves the old
//! state or the new one. Readable by its owner only.
//!
//! Does not: lock. The state directory's lock belongs to whoever opens the store.

use crate::checkpoint::{DurablePosition, StateChange, StateRecord, Store, StoreError, TaskState};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const FIRST_LINE: &[u8] = b"syncc state 1\n";

/// State of one task in one file.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
    state: Option<TaskState>,
}

impl FileStore {
    /// A store in `path`, whose directory exists. The file need not.
    pub fn new(path: impl Into<PathBuf>) -> FileStore {
        FileStore { path: path.into(), state: None }
    }

    fn read(&self) -> Result<TaskState, StoreError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(TaskState::default()),
            Err(source) => return Err(StoreError::Io { action: "read", path: self.path.clone(), source }),
        };
        let damaged = |what| StoreError::Damaged { path: self.path.clone(), what };
        let records = split(&bytes).map_err(damaged)?;
        Ok(TaskState::fold(records.into_iter().map(|(key, value)| (key, Some(value))))?)
    }

    fn write(&self, state: &TaskState) -> Result<(), StoreError> {
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Io { action, path, source }
        };
        let beside = self.path.with_extension("tmp");
        write_synced(&beside, &join(state)).map_err(failed("write", &beside))?;
        fs::rename(&beside, &self.path).map_err(failed("replace", &self.path))?;
        let dir = match self.path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir,
            _ => Path::new("."),
        };
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed("sync", dir))
    }
}

impl Store for FileStore {
    fn load(&mut self) -> Result<TaskState, StoreError> {
        let state = self.read()?;
        self.state = Some(state.clone());
        Ok(state)
    }

    fn save(&mut self, durable: Option<&DurablePosition>, changes: &[StateChange]) -> Result<(), StoreError> {
        let mut state = match &self.state {
            Some(state) => state.clone(),
            None => self.read()?,
        };
        for change in changes {
            match change {
                StateChange::Put(record) => state.put(StateRecord::clone(record))?,
                StateChange::Remove(key) => state.remove(key),
            }
        }
        if let Some(durable) = durable {
            state.put(StateRecord::Pos(durable.record().clone()))?;
        }
        self.write(&state)?;
        self.state = Some(state);
        Ok(())
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn join(state: &TaskState) -> Vec<u8> {
    let mut bytes = FIRST_LINE.to_vec();
    for (key, value) in state.encode() {
        bytes.extend_from_slice(&(key.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&key);
        bytes.extend_from_slice(&value);
    }
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// Keys and values of a file, or what is wrong with it.
fn split(bytes: &[u8]) -> Result<Vec<Record<'_>>, &'static str> {
    let (body, sum) = bytes.split_last_chunk::<4>().ok_or("it is cut short")?;
    let mut rest =
        body.strip_prefix(FIRST_LINE).ok_or("it does not begin as a state file of this release")?;
    if crc32fast::hash(body).to_le_bytes() != *sum {
        return Err("the checksum does not match");
    }
    let mut records = Vec::new();
    while !rest.is_empty() {
        let (record, after) = frame(rest).ok_or("a record is cut short")?;
        records.push(record);
        rest = after;
    }
    Ok(records)
}

/// Key and value.
type Record<'b> = (&'b [u8], &'b [u8]);

/// The first record and what follows it.
fn frame(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let (key_len, rest) = bytes.split_first_chunk::<4>()?;
    let (value_len, rest) = rest.split_first_chunk::<4>()?;
    let (key, rest) = rest.split_at_checked(u32::from_le_bytes(*key_len) as usize)?;
    let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*value_len) as usize)?;
    Some(((key, value), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{StateKey, TableRecord};
    use crate::mysql::schema::TableName;

    fn orders(partitions: u32) -> StateRecord {
        let value = TableRecord { topic: "shop.orders".into(), partitions };
        StateRecord::Table(TableName::new("shop", "orders"), value)
    }

    #[test]
    fn saved_state_is_loaded_by_the_next_process() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("task.state");
        assert_eq!(FileStore::new(&path).load().unwrap(), TaskState::default());
        FileStore::new(&path).save(None, &[StateChange::put(orders(3))]).unwrap();
        let state = FileStore::new(&path).load().unwrap();
        assert_eq!(state.tables.len(), 1);
        let mut store = FileStore::new(&path);
        store.save(None, &[StateChange::Remove(orders(3).key())]).unwrap();
        assert_eq!(FileStore::new(&path).load().unwrap(), TaskState::default());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside the file");
    }

    #[test]
    fn other_users_cannot_read_it() {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("task.state");
            FileStore::new(&path).save(None, &[]).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn every_cut_and_every_flipped_byte_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("task.state");
        FileStore::new(&path).save(None, &[StateChange::put(orders(3))]).unwrap();
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            fs::write(&path, &whole[..at]).unwrap();
            assert!(FileStore::new(&path).load().is_err(), "cut at {at}");
            let mut flipped = whole.clone();
            flipped[at] ^= 0x10;
            fs::write(&path, flipped).unwrap();
            assert!(FileStore::new(&path).load().is_err(), "flipped at {at}");
        }
    }

    #[test]
    fn a_failed_save_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("task.state");
        let mut store = FileStore::new(&path);
        store.save(None, &[StateChange::put(orders(3))]).unwrap();
        fs::create_dir(path.with_extension("tmp")).unwrap();
        assert!(store.save(None, &[StateChange::Remove(StateKey::Owner)]).is_err());
        assert_eq!(FileStore::new(&path).load().unwrap().tables.len(), 1);
    }
}
