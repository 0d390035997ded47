//! Writes lines to standard output or to files, and keeps the task's state in its state directory.
//!
//! Guarantees: at least once. The position is stored after the lines of the rows before it have been written, in files
//! synced too; after a crash the rows since then are written again, and a line that it cut short is taken back.

use super::{AvroSchema, Schemas, write_line};
use crate::checkpoint::io::FileStore;
use crate::checkpoint::{DurablePosition, StateChange, Store, StoreError, TaskState};
use crate::engine::Covered;
use crate::kafka::{Batch, TopicId, TopicName, TopicTable};
use rustix::fs::{FlockOperation, flock};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What stands for the topic in the path of a file.
const TOPIC_HOLE: &str = "{topic}";

/// Where lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Medium {
    /// Standard output, all topics mixed.
    Stdout,
    /// A file per topic.
    Files {
        /// Path with `{topic}`; without it all topics share the file.
        path: PathBuf,
    },
}

/// Why lines or state could not be written.
#[derive(Debug, thiserror::Error)]
pub enum LineFailure {
    /// Whoever read our standard output has closed it.
    #[error("standard output was closed")]
    Closed,
    /// An output refused.
    #[error("cannot write to {to}")]
    Write {
        /// Standard output, or a path.
        to: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The state could not be read or stored.
    #[error(transparent)]
    State(#[from] StoreError),
}

impl LineFailure {
    /// True for trouble that may pass; anything else is for a person to mend.
    pub fn may_pass(&self) -> bool {
        match self {
            LineFailure::Write { .. } | LineFailure::State(StoreError::Io { .. }) => true,
            LineFailure::Closed | LineFailure::State(StoreError::Damaged { .. } | StoreError::Record(_)) => {
                false
            }
        }
    }
}

/// Writes the lines of one task.
pub struct LineSink {
    output: Output,
    /// Boxed, as it holds the whole state: a sink is moved at every commit.
    store: Box<FileStore>,
    staged: Vec<StateChange>,
    rows: u64,
    text: Vec<u8>,
    schemas: Schemas,
}

enum Output {
    Stdout,
    Files { path: PathBuf, open: HashMap<TopicName, File> },
}

impl LineSink {
    /// A sink whose state lies in `state`. Nothing is opened yet.
    pub fn new(medium: &Medium, state: &Path) -> LineSink {
        let output = match medium {
            Medium::Stdout => Output::Stdout,
            Medium::Files { path } => Output::Files { path: path.clone(), open: HashMap::new() },
        };
        LineSink {
            output,
            store: Box::new(FileStore::new(state)),
            staged: Vec::new(),
            rows: 0,
            text: Vec::new(),
            schemas: Schemas::default(),
        }
    }

    /// The stored state.
    ///
    /// # Errors
    /// When it cannot be read or used.
    pub fn load(&mut self) -> Result<TaskState, LineFailure> {
        Ok(self.store.load()?)
    }

    /// Writes the lines of `batch`.
    ///
    /// # Errors
    /// When the output refuses; some lines may have been written.
    pub fn produce(&mut self, topics: &TopicTable, batch: &Batch) -> Result<(), LineFailure> {
        self.rows += batch.len() as u64;
        let mut records = batch.records().peekable();
        while let Some(first) = records.peek() {
            let topic = first.topic;
            let name = name(topics, topic);
            self.text.clear();
            while let Some(record) = records.next_if(|record| record.topic == topic) {
                write_line(&mut self.text, name, &record, &self.schemas);
            }
            self.output.write(name, &self.text)?;
        }
        Ok(())
    }

    /// The values of a topic are Avro of this schema.
    pub fn show(&mut self, topic: &TopicName, schema: AvroSchema) {
        self.schemas.of_topic(topic, schema);
    }

    /// Keys and values that begin with this number of a registry are Avro of this schema.
    pub fn show_number(&mut self, number: u32, schema: AvroSchema) {
        self.schemas.of_number(number, schema);
    }

    /// Notes a change of the task's state, stored with the position that covers it.
    pub fn stage(&mut self, change: &StateChange) {
        self.staged.push(change.clone());
    }

    /// Syncs what was written, then stores what was staged and the position.
    ///
    /// # Errors
    /// Any; rows may have been written without the position, and will come again.
    pub fn commit(mut self, covered: Covered) -> Result<(DurablePosition, LineSink), LineFailure> {
        self.output.sync()?;
        let durable = DurablePosition::stored(covered.into_record());
        self.store.save(Some(&durable), &self.staged)?;
        self.staged.clear();
        self.rows = 0;
        Ok((durable, self))
    }

    /// Stores what was staged; the stored position stays as it is.
    ///
    /// # Errors
    /// As [`commit`](LineSink::commit).
    ///
    /// # Panics
    /// When there are rows since the last commit: they need the position that covers them.
    pub fn commit_state(mut self) -> Result<LineSink, LineFailure> {
        assert_eq!(self.rows, 0, "rows are committed with the position that covers them");
        self.store.save(None, &self.staged)?;
        self.staged.clear();
        Ok(self)
    }
}

fn name(topics: &TopicTable, id: TopicId) -> &TopicName {
    topics.name(id).expect("records name topics of the task's own table")
}

impl Output {
    fn write(&mut self, topic: &TopicName, text: &[u8]) -> Result<(), LineFailure> {
        match self {
            Output::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(text).and_then(|()| out.flush()).map_err(|source| match source.kind() {
                    io::ErrorKind::BrokenPipe => LineFailure::Closed,
                    _ => LineFailure::Write { to: "standard output".to_owned(), source },
                })
            }
            Output::Files { path, open } => {
                let path = file_of(path, topic);
                let failed = |source| LineFailure::Write { to: format!("`{}`", path.display()), source };
                if !open.contains_key(topic) {
                    open.insert(topic.clone(), open_to_append(&path).map_err(failed)?);
                }
                open.get_mut(topic).expect("it was just opened").write_all(text).map_err(failed)
            }
        }
    }

    fn sync(&mut self) -> Result<(), LineFailure> {
        match self {
            Output::Stdout => Ok(()),
            Output::Files { path, open } => open.iter_mut().try_for_each(|(topic, file)| {
                file.sync_data().map_err(|source| LineFailure::Write {
                    to: format!("`{}`", file_of(path, topic).display()),
                    source,
                })
            }),
        }
    }
}

fn file_of(path: &Path, topic: &TopicName) -> PathBuf {
    // A topic name holds no separator and is neither `.` nor `..`.
    PathBuf::from(path.to_string_lossy().replace(TOPIC_HOLE, topic.as_str()))
}

/// What every line begins with.
const LINE_HEAD: &[u8] = b"{\"topic\":";

/// Bytes that are read at once in search of the last line.
const BLOCK_BYTES: u64 = 64 * 1024;

fn open_to_append(path: &Path) -> io::Result<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(folder)?;
    let is_new = !path.exists();
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    if file.metadata()?.is_file() {
        // Another task may write to the same file: nobody does while it is looked at.
        flock(&file, FlockOperation::LockExclusive)?;
        let mended = mend(&mut file);
        flock(&file, FlockOperation::Unlock)?;
        mended?;
    }
    if is_new {
        // A file whose folder does not know it is gone after a crash of the machine.
        File::open(folder)?.sync_all()?;
    }
    Ok(file)
}

/// Makes a folder and those above it that are not there; each that it makes is known to the one above it when this returns.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().map(|above| match above.as_os_str().is_empty() {
        true => Path::new("."),
        false => above,
    });
    // Nothing stands above a root, or above the working directory by this name: what is wrong with these the system tells.
    let Some(above) = above.filter(|above| *above != folder) else { return fs::create_dir(folder) };
    make_folder(above)?;
    match fs::create_dir(folder) {
        // Another task makes the same one.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        made => made?,
    }
    File::open(above)?.sync_all()
}

/// Takes back a line that a crash has cut short: its row is behind the stored position, and comes again. The end of a file that
/// we did not write stays, and is ended.
fn mend(file: &mut File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let begin = last_line(file, length)?;
    if begin == length {
        return Ok(());
    }
    let mut head = vec![0; (length - begin).min(LINE_HEAD.len() as u64) as usize];
    file.seek(SeekFrom::Start(begin))?;
    file.read_exact(&mut head)?;
    if LINE_HEAD.starts_with(&head) { file.set_len(begin) } else { file.write_all(b"\n") }
}

/// Where what follows the last line end begins.
fn last_line(file: &mut File, length: u64) -> io::Result<u64> {
    let mut block = Vec::new();
    let mut end = length;
    while end > 0 {
        let begin = end.saturating_sub(BLOCK_BYTES);
        block.resize((end - begin) as usize, 0);
        file.seek(SeekFrom::Start(begin))?;
        file.read_exact(&mut block)?;
        if let Some(at) = memchr::memrchr(b'\n', &block) {
            return Ok(begin + at as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{StateRecord, TableRecord};
    use crate::mysql::schema::TableName;

    fn batch(topics: &mut TopicTable, records: &[(&str, &str)]) -> Batch {
        let mut batch = Batch::new();
        for (topic, value) in records {
            let topic = topics.intern(&TopicName::new(*topic).unwrap());
            let start = batch.arena().len();
            batch.arena().extend_from_slice(value.as_bytes());
            let end = batch.arena().len();
            batch.push(topic, 0, None, Some(start..end));
        }
        batch
    }

    fn values(path: &Path) -> Vec<String> {
        let text = fs::read_to_string(path).unwrap();
        let value = |line: &str| match serde_json::from_str::<serde_json::Value>(line) {
            Ok(line) => line["value"].to_string(),
            Err(_) => "cut".to_owned(),
        };
        text.lines().map(value).collect()
    }

    #[test]
    fn a_file_per_topic_goes_on_where_it_ended() {
        let dir = tempfile::tempdir().unwrap();
        let medium = Medium::Files { path: dir.path().join("out/{topic}.jsonl") };
        let state = dir.path().join("task.state");
        let mut topics = TopicTable::new();
        let change = StateChange::put(StateRecord::Table(
            TableName::new("shop", "a"),
            TableRecord { topic: "a".into(), partitions: 1 },
        ));
        let mut sink = LineSink::new(&medium, &state);
        sink.stage(&change);
        let mut sink = sink.commit_state().unwrap();
        let rows = batch(&mut topics, &[("a", "1"), ("b", "2"), ("a", "3")]);
        sink.produce(&topics, &rows).unwrap();
        drop(sink);
        let a = dir.path().join("out/a.jsonl");
        let mut cut = OpenOptions::new().append(true).open(&a).unwrap();
        cut.write_all(b"{\"topic\":\"a").unwrap();

        let mut sink = LineSink::new(&medium, &state);
        let loaded = sink.load().unwrap();
        assert_eq!((loaded.tables.len(), loaded.pos), (1, None));
        let rows = batch(&mut topics, &[("a", "4")]);
        sink.produce(&topics, &rows).unwrap();
        assert_eq!(values(&a), ["1", "3", "4"]);
        assert_eq!(values(&dir.path().join("out/b.jsonl")), ["2"]);
    }

    #[test]
    fn folders_are_made_from_the_top() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b/c");
        make_folder(&deep).unwrap();
        make_folder(&deep).unwrap();
        assert!(deep.is_dir());
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(make_folder(&file.join("below")).is_err());
    }

    #[test]
    fn only_a_line_of_ours_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/file");
        let check = |before: &str, after: &str| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, before).unwrap();
            open_to_append(&path).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after);
        };
        check("", "");
        check("{\"topic\":1}\n", "{\"topic\":1}\n");
        check("{\"topic\":1}\n{", "{\"topic\":1}\n");
        check("{\"topic\":\"cut", "");
        let long = format!("a\n{{\"topic\":\"{}", "x".repeat(200_000));
        check(&long, "a\n");
        check("notes of somebody", "notes of somebody\n");
    }

    #[test]
    #[should_panic(expected = "the position that covers them")]
    fn rows_without_a_position_are_not_committed() {
        let dir = tempfile::tempdir().unwrap();
        let medium = Medium::Files { path: dir.path().join("all.jsonl") };
        let mut topics = TopicTable::new();
        let mut sink = LineSink::new(&medium, &dir.path().join("task.state"));
        let rows = batch(&mut topics, &[("a", "1")]);
        sink.produce(&topics, &rows).unwrap();
        drop(sink.commit_state());
    }

    #[test]
    fn an_output_that_refuses_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("folder");
        fs::create_dir(&path).unwrap();
        let mut topics = TopicTable::new();
        let mut sink = LineSink::new(&Medium::Files { path }, &dir.path().join("task.state"));
        let rows = batch(&mut topics, &[("a", "1")]);
        let failure = sink.produce(&topics, &rows).unwrap_err();
        assert!(failure.to_string().contains("folder"), "{failure}");
        assert!(failure.may_pass());
    }
}
