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
/// Transactions have no GTID.
pub const GTID_OFF: Code = Code::new("L0109", "gtid-off");
/// The log does not reach back to our position.
pub const POSITION_PURGED: Code = Code::new("L0111", "position-purged");
/// The engine has no consistent views.
pub const ENGINE: Code = Code::new("L0115", "engine");
/// The log has events that are not decoded.
pub const COMPRESSION: Code = Code::new("L0116", "compression-or-encryption");
/// Transactions with and without GTID are mixed.
pub const GTID_TRANSITION: Code = Code::new("L0123", "gtid-mode-in-transition");
/// The key cannot be paged by.
pub const KEY_TRAP: Code = Code::new("L0124", "key-column-trap");
/// The history of a table cannot be told from its rows.
pub const NOT_A_TABLE: Code = Code::new("S0216", "not-a-table");
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
        "The user lacks a right: to read the log, to see where it stands, to read a selected table, or to lock one that cannot be \
         read page by page.",
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
        "`binlog_row_image` is not FULL.",
        "A message carries the whole row. With partial images columns would be missing, and rows loaded beside the log could not \
         be replaced by what the log says of them. MariaDB 11.8 leaves generated columns out of updates and deletes whatever it is \
         set to; a task stops at the first such row.",
    ),
    page(
        GTID_OFF,
        "`gtid_mode` is OFF. An error when existing rows are to be loaded, else a warning.",
        "Rows are loaded beside the running log; only with GTIDs can the server be asked to show at least what has been read \
         already. Without them the position is one of this server alone: after a failover it means nothing.",
    ),
    page(
        POSITION_PURGED,
        "The log from where the task must go on is no longer on the server.",
        "What was purged is lost to the stream. Going on from the oldest file would leave a hole that nobody sees.",
    ),
    page(
        ENGINE,
        "A table to be loaded is of an engine without consistent views, such as MyISAM, Aria or MEMORY.",
        "Its rows are visible before they are logged, so it can be read only while nobody writes: it is locked for the whole \
         load.",
    ),
    page(
        COMPRESSION,
        "The server logs partial updates of JSON (`binlog_row_value_options`) without the whole row before (`binlog_row_image`).",
        "Such an event tells what changed in a document, not the document. It is put together with the row before, which must be \
         whole; syncc passes over nothing, so the task would stop at the first. Compressed transactions and events \
         (`binlog_transaction_compression`, `log_bin_compress`), encrypted logs, and partial updates with whole rows are decoded.",
    ),
    page(
        GTID_TRANSITION,
        "`gtid_mode` is ON_PERMISSIVE or OFF_PERMISSIVE.",
        "Transactions without GTID may stand between those with one; a set of GTIDs then does not say what has been read.",
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
