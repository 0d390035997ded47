//! Where we are in a source's log.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A byte offset in a binlog file. File names of one server sort by their number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BinlogPosition {
    /// File name, such as `binlog.000007`.
    pub file: String,
    /// Byte offset; beyond 4 GiB for huge transactions.
    pub offset: u64,
}

/// Which family of server, and so which dialect of GTID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Flavor {
    /// MySQL and Percona Server.
    MySql,
    /// MariaDB.
    MariaDb,
}

/// Who the server is: a position by file and offset means something on this server only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServerIdentity {
    /// Family.
    pub flavor: Flavor,
    /// MySQL `@@server_uuid`, MariaDB `@@server_uid`; empty where there is none.
    pub uuid: String,
    /// `@@server_id`.
    pub server_id: u32,
}

/// A set of MySQL GTIDs: holes and tags are kept, never flattened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GtidSet {
    /// UUID in lower case and tag (empty for none) → half-open intervals `start..end`, sorted, apart.
    pub(super) intervals: BTreeMap<(String, String), Vec<(u64, u64)>>,
}

/// MariaDB: the last GTID of each domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MariaGtids {
    /// Domain → (server id, sequence number).
    pub domains: BTreeMap<u32, (u32, u64)>,
}

/// GTID part of a position.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Gtids {
    /// The server writes no GTIDs (MySQL with `gtid_mode=OFF`): the file position alone counts.
    Off,
    /// Everything contained has been seen.
    MySql(GtidSet),
    /// Position per domain.
    MariaDb(MariaGtids),
}

/// GTID of one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Gtid {
    /// MySQL.
    MySql {
        /// UUID in lower case.
        uuid: String,
        /// Tag; empty for none.
        tag: String,
        /// Number, from 1.
        number: u64,
    },
    /// MariaDB.
    MariaDb {
        /// Domain.
        domain: u32,
        /// Server that wrote it.
        server_id: u32,
        /// Number.
        sequence: u64,
    },
}

/// A place in the log between two transactions: everything before it has been seen, nothing after it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Whose log.
    pub server: ServerIdentity,
    /// End of the last transaction seen, by file and offset.
    pub file: BinlogPosition,
    /// The same by GTID.
    pub gtids: Gtids,
}
