//! Codes and pages of what is found at a server.

use crate::diagnostic::{Code, CodeDoc};

/// The server cannot be reached.
pub const MYSQL_UNREACHABLE: Code = Code::new("L0101", "mysql-unreachable");
/// The server refuses our login.
pub const MYSQL_LOGIN_FAILED: Code = Code::new("L0102", "mysql-login-failed");
/// The release is too old, or has not been tested.
pub const VERSION: Code = Code::new("L0103", "version");
/// A right is missing.
pub const PRIVILEGE_MISSING: Code = Code::new("L0104", "privilege-missing");
/// The server writes no log.
pub const BINLOG_OFF: Code = Code::new("L0105", "binlog-off");
/// Statements are logged, not rows.
pub const NOT_ROW_FORMAT: Code = Code::new("L0106", "not-row-format");
/// Rows are logged in part.
pub const ROW_IMAGE: Code = Code::new("L0107", "row-image");
/// The log does not name the columns of its rows.
pub const METADATA_MINIMAL: Code = Code::new("L0108", "metadata-minimal");
/// Transactions have no GTID.
pub const GTID_OFF: Code = Code::new("L0109", "gtid-off");
/// The log may be purged before it is read.
pub const RETENTION: Code = Code::new("L0110", "retention");
/// The log does not reach back to our position.
pub const POSITION_PURGED: Code = Code::new("L0111", "position-purged");
/// Two readers, or reader and server, have one id.
pub const SERVER_ID_IN_USE: Code = Code::new("L0112", "server-id-in-use");
/// A replica does not log what it takes from its source.
pub const REPLICA_BLIND: Code = Code::new("L0113", "replica-blind");
/// There is a better hour.
pub const BUSY: Code = Code::new("L0114", "busy");
/// The engine has no consistent views.
pub const ENGINE: Code = Code::new("L0115", "engine");
/// The log has events that are not decoded.
pub const COMPRESSION: Code = Code::new("L0116", "compression-or-encryption");
/// The tables are not as `schema.lock` has them.
pub const LOCK_DRIFT: Code = Code::new("L0117", "lock-drift");
/// What TIMESTAMP columns show at the server cannot be told.
pub const TIME_ZONE: Code = Code::new("L0118", "time-zone");
/// The server changes rows without logging it.
pub const CASCADE_INVISIBLE: Code = Code::new("L0119", "cascade-invisible");
/// The user may do more than read.
pub const PRIVILEGES_TOO_WIDE: Code = Code::new("L0120", "privileges-too-wide");
/// Temporal columns are stored as by old servers.
pub const OLD_TEMPORAL_COLUMNS: Code = Code::new("L0121", "old-temporal-columns");
/// Existing rows cannot be read beside the log.
pub const NO_LOCK_FREE_LOAD: Code = Code::new("L0122", "no-lock-free-load");
/// Transactions with and without GTID are mixed.
pub const GTID_TRANSITION: Code = Code::new("L0123", "gtid-mode-in-transition");
/// The key cannot be paged by.
pub const KEY_TRAP: Code = Code::new("L0124", "key-column-trap");
/// The table of `heartbeat` cannot be used.
pub const HEARTBEAT_TABLE: Code = Code::new("L0125", "heartbeat-table");
/// The history of a table cannot be told from its rows.
pub const NOT_A_TABLE: Code = Code::new("S0216", "not-a-table");
/// An `include` takes no table.
pub const MATCHES_NOTHING: Code = Code::new("S0212", "matches-nothing");
/// Rows of a table have no key.
pub const NO_PRIMARY_KEY: Code = Code::new("S0502", "no-primary-key");

/// The pages of these findings. They need a server, so no project file shows one.
pub const CODES: &[CodeDoc] = &[
    page(
        MYSQL_UNREACHABLE,
        "The name of the server cannot be resolved, its port does not answer, or TLS fails: the message says which step.",
        "Nothing can be read. A server that does not answer is waited for under `retry`; a certificate that is not trusted is \
         told at once.",
    ),
    page(
        MYSQL_LOGIN_FAILED,
        "The server refuses user or password, or asks for a login method that syncc does not know.",
        "Waiting does not mend it. syncc knows caching_sha2_password, client_ed25519 and mysql_native_password; it never sends a \
         password in clear.",
    ),
    page(
        VERSION,
        "The server is older than syncc can read (error), or of a release that it has not been tested with (warning).",
        "Older servers lack what the guarantees rest on; in others something may have changed since.",
    ),
    page(
        PRIVILEGE_MISSING,
        "The user lacks a right: to read the log, to see where it stands, to read a selected table with all its columns, or to \
         lock one that cannot be read page by page. With `standby` on MariaDB also, as a warning, to ask whether a server is a \
         replica. Rights count that come from the account or from a role in force, without what \
         a partial revoke takes back.",
        "The server answers such questions with nothing at all rather than with an error, and a task that goes on would miss \
         tables. The repair is the exact GRANT.",
    ),
    page(
        BINLOG_OFF,
        "`log_bin` is off.",
        "Changes are read from the binary log; without one there is nothing to read. It cannot be switched on while the server \
         runs.",
    ),
    page(
        NOT_ROW_FORMAT,
        "`binlog_format` is STATEMENT or MIXED.",
        "A statement does not tell which rows it changed, nor what they looked like.",
    ),
    page(
        ROW_IMAGE,
        "`binlog_row_image` is not FULL. Or a table of MariaDB 11.8 has generated columns that messages or `where` need.",
        "A message carries the whole row. With partial images columns would be missing, and rows loaded beside the log could not \
         be replaced by what the log says of them. MariaDB 11.8 leaves generated columns out of updates and deletes whatever it is \
         set to, so a message could have them after a load or an insert only: they are left out with `columns except`. A task \
         stops at the first row that lacks a column it needs; columns that it does not need may be missing.",
    ),
    page(
        METADATA_MINIMAL,
        "`binlog_row_metadata` is MINIMAL (MySQL) or NO_LOG or MINIMAL (MariaDB).",
        "The log then holds rows without names of columns. syncc looks the columns up and proves them for every place of the log, \
         and reads them again when a table changes; with FULL the log says them itself.",
    ),
    page(
        GTID_OFF,
        "`gtid_mode` is OFF.",
        "The position is one of this server alone: after a failover it means nothing, and no `standby` can be followed.",
    ),
    page(
        RETENTION,
        "The server keeps its binary log for a shorter time than an outage is waited out (`retry`) and existing rows take to load: a \
         warning. For a shorter time than the load alone: an error. On MariaDB also a size of all logs \
         (`max_binlog_total_size`) below that of the existing rows. The load is estimated from the server's own sizes of tables, at \
         `rate` or 20 MiB/s.",
        "A task that comes back after the outage finds the log it must go on from gone, and everything has to be loaded anew. Nothing \
         keeps a server from purging a log that a disconnected reader still needs.",
    ),
    page(
        POSITION_PURGED,
        "The log from where the task must go on is no longer on the server: it was purged, it was begun anew with RESET BINARY LOGS AND \
         GTIDS (RESET MASTER on MariaDB and before MySQL 8.4), or the server lost its end in a crash. Or `start at` names a place that \
         the log does not hold: it is gone, has yet to come, or lies inside of a transaction.",
        "What was purged is lost to the stream. Going on from the oldest file would leave a hole that nobody sees. A log that was reset \
         has its old names and numbers again, so a place in it says nothing of what was read: it is told by its size, by where its \
         events begin, and on MariaDB by the GTIDs before the place.",
    ),
    page(
        SERVER_ID_IN_USE,
        "Another reader of the log is registered under the server id of this task, the server itself has it, or the server has none \
         (`server_id` is 0).",
        "Servers tell readers apart by this id: the second one ends the connection of the first, and if both connect again, that \
         never ends. A server without an id sends its log to nobody.",
    ),
    page(
        REPLICA_BLIND,
        "The server is a replica, and `log_replica_updates` (`log_slave_updates`) is OFF: an error. On MariaDB, where a user without \
         SLAVE MONITOR may not ask, a warning when it has been a replica.",
        "What a replica takes from its own source then does not stand in its log, so nobody can read it there.",
    ),
    page(
        BUSY,
        "Advice: 32 or more statements run at once or a transaction is open for a minute while existing rows are to be read; the \
         server is a replica that is a minute behind or stands still. Open transactions are seen with the right PROCESS only.",
        "A load reads every page of every table. On a busy server it displaces what applications need, and locks wait for long \
         transactions.",
    ),
    page(
        ENGINE,
        "A table to be loaded is of an engine without consistent views, such as MyISAM, Aria or MEMORY: a warning. A table whose rows \
         stand elsewhere (FEDERATED, MERGE, CONNECT): an error.",
        "Rows of the first kind are visible before they are logged, so they can be read only while nobody writes: the table is locked \
         for the whole load. Rows of the second kind change without a word in this server's log.",
    ),
    page(
        COMPRESSION,
        "The server logs partial updates of JSON (`binlog_row_value_options`) without the whole row before (`binlog_row_image`).",
        "Such an event tells what changed in a document, not the document. It is put together with the row before, which must be \
         whole; syncc passes over nothing, so the task would stop at the first. Compressed transactions and events \
         (`binlog_transaction_compression`, `log_bin_compress`), encrypted logs, and partial updates with whole rows are decoded.",
    ),
    page(
        LOCK_DRIFT,
        "The tables at the server are not as `schema.lock` has them. Told by `check --live`, with every difference.",
        "The other checks rest on the lock file: what it says of columns, keys and types no longer holds. A running task is not \
         concerned, it reads the columns from the server and its log.",
    ),
    page(
        TIME_ZONE,
        "`time_zone` is SYSTEM, the system's zone is an abbreviation such as CST, a selected table has a TIMESTAMP column, and the \
         source has no `time-zone`.",
        "The log holds points in time and messages say them in UTC, or in `time-zone` of the format. What people see at the server is \
         local time of a zone that the abbreviation does not tell: CST is Chicago, Shanghai and Havana. Texts that `where` compares with \
         such a column are in UTC, too, until `time-zone` of the source says in which zone people write them.",
    ),
    page(
        CASCADE_INVISIBLE,
        "A foreign key of a selected table has ON DELETE or ON UPDATE with CASCADE or SET NULL, at a server that does not log what it \
         does: MariaDB, MySQL before 9.6, or `innodb_native_foreign_keys=ON`. TRUNCATE and the maintenance of partitions leave no row \
         events either, on any server.",
        "The engine changes the rows of the table by itself. Consumers keep rows that are gone, and see old values for ever.",
    ),
    page(
        PRIVILEGES_TOO_WIDE,
        "The user has rights that a reader of the log does not need: ALL, SUPER, FILE, GRANT OPTION, or any right to write but for \
         the table of `heartbeat`.",
        "The password of this user lies where syncc runs. Who gets hold of it should be able to read the selected tables, and nothing \
         else. The repair lists what to take away; `syncc doctor --grants` prints what is needed.",
    ),
    page(
        OLD_TEMPORAL_COLUMNS,
        "A table has DATETIME, TIMESTAMP or TIME columns in the coding before MySQL 5.6, as MariaDB makes them with \
         `mysql56_temporal_format=OFF`.",
        "Their values have other lengths in the log, and nothing in the log says so: all columns behind them would shift.",
    ),
    page(
        NO_LOCK_FREE_LOAD,
        "Existing rows are to be loaded, `gtid_mode` is OFF, and there is no `heartbeat … table`, or `binlog_order_commits` is OFF.",
        "Rows are loaded beside the running log; with GTIDs the server can be asked to show at least what has been read already. \
         With a heartbeat row, and commits in the order of the log, a write to it proves the same. Without either, each page is read under `LOCK TABLES … READ`: it waits up to 5 s for transactions that have written to the table, \
         whoever wants to write waits behind it, and what takes longer is tried again. The right LOCK TABLES is needed (L0104).",
    ),
    page(
        GTID_TRANSITION,
        "`gtid_mode` is ON_PERMISSIVE or OFF_PERMISSIVE.",
        "Transactions without GTID may stand between those with one; a set of GTIDs then does not say what has been read.",
    ),
    page(
        HEARTBEAT_TABLE,
        "`heartbeat … table DB.NAME` names a table that is not there, is not as it must be (InnoDB, a column `id`, a column `beat` of \
         type BIGINT, one row with `id` 1, in the log), or stands at a server that is read only.",
        "syncc counts the row up: so a quiet server shows that it lives and its position moves, and without GTIDs the write proves \
         what a page of existing rows shows. It makes no tables. The repair is the statements that make it; the rights are \
         SELECT and UPDATE on this table alone (L0104).",
    ),
    page(
        KEY_TRAP,
        "All keys that identify the rows of a table hold a FLOAT.",
        "A FLOAT never equals the number it is compared with, so pages by such a key would not end. The table is read in one go \
         instead, and again from the beginning after a stop.",
    ),
];

const fn page(code: Code, what: &'static str, why: &'static str) -> CodeDoc {
    CodeDoc { code, what, why, wrong: "", right: "" }
}
