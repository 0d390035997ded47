//! The state records of a task: what is stored in the transaction of the rows it describes.

use crate::mysql::ddl::Action;
use crate::mysql::key::KeyPart;
use crate::mysql::position::{BinlogPosition, Gtid, Position};
use crate::mysql::schema::{TableName, TableState};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Key of a state record, one compacted series each.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StateKey {
    /// `pos`.
    Pos,
    /// `owner`.
    Owner,
    /// `plan/<generation>/<part>`.
    Plan {
        /// Generation.
        generation: u64,
        /// Part of a large plan, from 0.
        part: u32,
    },
    /// `table/<db>.<t>`.
    Table(TableName),
    /// `snap/<db>.<t>`.
    Snap(TableName),
    /// `schema/<db>.<t>/<n>`: what is known of a table from a position on.
    Schema {
        /// Which.
        table: TableName,
        /// Number of the version, from 1.
        number: u32,
    },
    /// `schema/<db>`: what new tables of a database get.
    Database(String),
    /// `park/<db>.<t>`.
    Park(TableName),
    /// `xa/<xid>`, the name as `XA COMMIT` writes it.
    Xa(String),
    /// `online/<db>.<t>`: a copy that a tool for online schema changes made.
    Online(TableName),
    /// `ends/<topic>`.
    Ends(String),
    /// `ctl`.
    Ctl,
    /// `registry/<subject>`.
    Subject(String),
    /// `retired`.
    Retired,
}

/// `pos`: everything up to here is in the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PosRecord {
    /// Number of the commit, +1 each.
    pub seq: u64,
    /// The position.
    pub position: Position,
    /// What of the source transaction behind the position is in the target, too; none: nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mid: Option<MidRecord>,
    /// Generation of the plan it was reached under.
    pub generation: u64,
    /// Whose state this is.
    pub fingerprint: Fingerprint,
}

/// A source transaction that was cut: its first parts are in the target, the rest is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MidRecord {
    /// Its GTID, where the server writes them.
    pub gtid: Option<Gtid>,
    /// Where it begins.
    pub at: BinlogPosition,
    /// Parts that are in the target.
    pub parts: u32,
    /// What they hold.
    pub tables: Vec<MidTable>,
    /// Partitions of topics that have its beginning, where that is a message of its own: its end belongs there, too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub begun: BTreeMap<String, BTreeSet<i32>>,
}

/// Rows of one table in the first parts of a source transaction: the first ones of it, in the order of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MidTable {
    /// Which.
    pub table: TableName,
    /// How many, those that conditions left out among them.
    pub rows: u64,
    /// Running hash of their keys.
    pub hash: u64,
}

/// Whose state a topic holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Task id.
    pub task: String,
    /// Cluster the state lies on; empty for targets without a cluster.
    pub cluster: String,
}

/// `owner`: who runs the task; also the heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerRecord {
    /// One life of one process.
    pub incarnation: String,
    /// One state directory.
    pub instance: String,
    /// Host name, for people.
    pub host: String,
    /// Process id, for people.
    pub pid: u32,
    /// Program version.
    pub version: String,
    /// Start, seconds since 1970.
    pub started: u64,
    /// +1 each beat.
    pub beat: u64,
    /// Interval of beats, ms.
    pub interval_ms: u64,
    /// Given up on purpose: anybody may take the task.
    pub released: bool,
}

/// `table/<db>.<t>`: where the table goes, pinned at its first row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRecord {
    /// Topic.
    pub topic: String,
    /// Number of partitions the hash was computed with.
    pub partitions: u32,
}

/// `snap/<db>.<t>`: progress of the load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapRecord {
    /// Id of the load.
    pub snapshot: String,
    /// How far.
    pub state: SnapState,
    /// Names of the key columns; empty: barrier read.
    pub key: Vec<String>,
    /// How these compare: the type of each, and its collation; empty where an older release has stored it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
    /// Greatest key when the load of the table began.
    pub max: Option<Vec<KeyPart>>,
    /// Rows sent.
    pub rows: u64,
    /// Rows of the table had been sent before it was to be loaded: the load takes their place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

impl SnapRecord {
    /// A load that has not begun, of a table whose key nobody has looked at yet.
    pub fn pending(snapshot: impl Into<String>, again: bool) -> SnapRecord {
        SnapRecord { again, ..SnapRecord::unread(snapshot, SnapState::Pending) }
    }

    /// A table none of whose rows need a load: they all come by the log.
    pub fn none_needed() -> SnapRecord {
        SnapRecord::unread(String::new(), SnapState::Done)
    }

    /// True where its last key means the same under a key of these columns that compare so. An order that an older release did not
    /// store is trusted.
    pub fn is_ordered_by(&self, columns: &[String], order: &[String]) -> bool {
        self.key == columns && (self.order == order || self.order.is_empty())
    }

    fn unread(snapshot: impl Into<String>, state: SnapState) -> SnapRecord {
        let (key, order) = (Vec::new(), Vec::new());
        SnapRecord { snapshot: snapshot.into(), state, key, order, max: None, rows: 0, again: false }
    }
}

/// How far the load of a table is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapState {
    /// Not begun.
    Pending,
    /// Rows up to and including this key are sent; none yet without one.
    Copying {
        /// Last key.
        last: Option<Vec<KeyPart>>,
    },
    /// All sent.
    Done,
}

/// `schema/<db>.<t>/<n>`: what is known of a table from `since` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaRecord {
    /// Valid from here on.
    pub since: Position,
    /// The statement that made it so, without the strings in it; none: it was found so.
    pub statement: Option<String>,
    /// What is known.
    pub state: TableState,
}

/// Stands in place of the statement of columns that people gave.
const GIVEN: &str = "given by hand";

impl SchemaRecord {
    /// Columns that people gave, from a place on that the task need not have reached.
    pub fn given(since: Position, state: TableState) -> SchemaRecord {
        SchemaRecord { since, statement: Some(GIVEN.to_owned()), state }
    }

    /// True for columns that people gave.
    pub fn is_given(&self) -> bool {
        self.statement.as_deref() == Some(GIVEN)
    }
}

/// `schema/<db>`: what new tables of a database get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseRecord {
    /// Default collation, by name.
    pub collation: String,
    /// All its tables have records, so that one without does not exist.
    pub complete: bool,
}

/// `park/<db>.<t>`: rows of the table wait from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkRecord {
    /// Between two source transactions; the next one holds the first row that waits.
    pub position: Position,
    /// Rows of the table in that transaction that were sent before.
    pub rows_sent: u64,
    /// Why.
    pub reason: String,
}

/// `online/<db>.<t>`: what a tool for online schema changes did to its copy of a table, until the copy takes the table's place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnlineRecord {
    /// Generation of the plan by whose names it is written.
    pub generation: u64,
    /// Texts of actions of ALTER TABLE, as they will be sent.
    pub lists: Vec<String>,
    /// What they do, action by action.
    pub actions: Vec<Vec<Action>>,
    /// Why it cannot be written, if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unclear: Option<String>,
}

/// `ends/<topic>`: end offset of each partition after our last write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndsRecord {
    /// (partition, end offset).
    pub ends: Vec<(i32, i64)>,
}

/// `ctl`: what an operator has asked for, as long as it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CtlRecord {
    /// The task stands still, since this many seconds since 1970.
    #[serde(default)]
    pub paused_since: Option<u64>,
    /// What was skipped by hand or lost, and is not loaded anew yet.
    #[serde(default)]
    pub gaps: Vec<GapRecord>,
}

/// A part of the log that was skipped by hand, or lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapRecord {
    /// When, seconds since 1970.
    pub accepted_s: u64,
    /// Where the task was, for people.
    pub from: String,
    /// Where it went on.
    pub to: String,
    /// Tables that may lack changes: those it carried, without those that were loaded anew since.
    pub tables: BTreeSet<TableName>,
    /// The log between was gone; the tables are loaded anew without being asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
}

impl CtlRecord {
    /// True when nothing is asked for: such a record need not be stored.
    pub fn is_empty(&self) -> bool {
        *self == CtlRecord::default()
    }
}

/// `registry/<subject>`: numbers that a schema registry gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectRecord {
    /// Where the registry is: another one gives other numbers.
    pub registry: String,
    /// (SHA-256 of rule and schema, number), the newest last.
    pub schemas: Vec<(String, u32)>,
}

/// `plan/<generation>/<part>`: a piece of the plan that was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanPart {
    /// Number of parts of this generation.
    pub parts: u32,
    /// How the joined parts are packed.
    pub packing: PlanPacking,
    /// The bytes of this part.
    pub bytes: Vec<u8>,
}

/// How a stored plan is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanPacking {
    /// JSON as it is.
    Plain,
    /// One zstd frame around the JSON.
    Zstd,
}

/// `xa/<xid>`: prepared, and neither committed nor rolled back as far as has been read. Its rows are in the log only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct XaRecord {
    /// GTID of the group that holds its rows.
    pub gtid: Option<Gtid>,
    /// Where that group begins.
    pub at: BinlogPosition,
    /// A position before it, to read it again from.
    pub before: Position,
    /// When it was prepared, seconds since 1970.
    pub prepared: u32,
}

/// `retired`: the task was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredRecord {
    /// Where it had come to.
    pub position: Position,
}

/// A position that is stored: what comes back from a commit, an acknowledgement, or loading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurablePosition(PosRecord);

impl DurablePosition {
    /// For those who have just stored it: the producer after a commit, the store after a save, the loader.
    pub fn stored(record: PosRecord) -> DurablePosition {
        DurablePosition(record)
    }

    /// The record.
    pub fn record(&self) -> &PosRecord {
        &self.0
    }
}
