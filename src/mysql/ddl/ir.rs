//! What a statement of the log says, as far as tables, columns and keys are concerned.
//!
//! Names are as the statement spells them, a table without a database stands in the default one. What the text leaves
//! open (lengths, character sets, nullability) is open here, too: the model settles it by the rules of the server.
//! Does not hold: expressions, defaults, comments, partitions, options of storage.

use super::effect::TableDdl;
use crate::mysql::schema::TableName;
use serde::{Deserialize, Serialize};

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// CREATE TABLE.
    CreateTable(CreateTable),
    /// ALTER TABLE, CREATE INDEX, DROP INDEX.
    AlterTable(AlterTable),
    /// DROP TABLE.
    DropTables(Vec<TableName>),
    /// RENAME TABLE: the pairs happen one after another.
    RenameTables(Vec<Renaming>),
    /// TRUNCATE TABLE: rows vanish without events.
    Truncate(TableName),
    /// CREATE DATABASE.
    CreateDatabase(CreateDatabase),
    /// ALTER DATABASE.
    AlterDatabase {
        /// Its name.
        name: String,
        /// Its new default.
        charset: CharsetClause,
    },
    /// DROP DATABASE, with all tables in it.
    DropDatabase(String),
    /// CREATE SEQUENCE, ALTER SEQUENCE, DROP SEQUENCE of MariaDB: they share the names of tables.
    Sequence {
        /// The sequences.
        names: Vec<TableName>,
        /// What becomes of them.
        action: SequenceAction,
    },
    /// Control of the transaction.
    Transaction(Transaction),
    /// Changes rows of these tables by a statement instead of by row events.
    Rows(Vec<TableName>),
    /// About tables, but neither columns nor keys nor rows in the log change: temporary tables, upkeep.
    NoEffect,
    /// About something else: views, routines, accounts, sessions.
    Irrelevant,
    /// Not understood.
    NotUnderstood(NotUnderstood),
}

/// A statement that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUnderstood {
    /// The tables it is about; empty: it may have touched any table of `databases`.
    pub tables: Vec<TableName>,
    /// The databases that it can be about: the default one and those that it names. None: any.
    pub databases: Option<Vec<String>>,
    /// What it does to them, by its head.
    pub kind: TableDdl,
    /// What was met instead of what was expected. Holds words of the statement, never strings.
    pub reason: String,
}

/// CREATE TABLE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTable {
    /// The table.
    pub table: TableName,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// OR REPLACE.
    pub or_replace: bool,
    /// Where its columns come from.
    pub body: CreateBody,
}

/// Where the columns of a new table come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateBody {
    /// They are written out.
    Columns(TableBody),
    /// They are those of another table.
    Like(TableName),
    /// Some or all are those of a query.
    Query,
    /// The engine knows them (MariaDB).
    Discovered,
}

/// Columns, keys and options of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableBody {
    /// Columns in order.
    pub columns: Vec<ColumnDef>,
    /// Keys in order; those of columns (`a INT UNIQUE`) among the others, as they stand.
    pub keys: Vec<KeyDef>,
    /// PERIOD FOR SYSTEM_TIME: start and end.
    pub system_time: Option<(String, String)>,
    /// PERIOD FOR p: start and end.
    pub period: Option<(String, String)>,
    /// Options behind the parenthesis.
    pub options: TableOptions,
}

/// Options of a table that matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// `[DEFAULT] CHARACTER SET`, `COLLATE`.
    pub charset: CharsetClause,
    /// WITH SYSTEM VERSIONING.
    pub versioned: bool,
    /// ENGINE.
    pub engine: Option<String>,
    /// MariaDB's SEQUENCE=1.
    pub sequence: bool,
}

/// CHARACTER SET and COLLATE, as written; a name in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CharsetClause {
    /// CHARACTER SET; `default` for CHARACTER SET DEFAULT.
    pub charset: Option<String>,
    /// COLLATE.
    pub collation: Option<String>,
    /// The attribute BINARY: the binary collation of the character set.
    pub binary: bool,
    /// CHARACTER SET stands behind COLLATE.
    pub charset_last: bool,
}

impl CharsetClause {
    /// True when nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == CharsetClause::default()
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDef {
    /// Its name.
    pub name: String,
    /// Its type, as written; labels stand apart, because what they are depends on the character set.
    pub ty: Type,
    /// Labels of ENUM and SET.
    pub labels: Vec<Label>,
    /// Its character set.
    pub charset: CharsetClause,
    /// NULL or NOT NULL, where written.
    pub nullable: Option<bool>,
    /// AS (…).
    pub generated: Option<Generated>,
    /// AUTO_INCREMENT.
    pub auto_increment: bool,
    /// INVISIBLE.
    pub invisible: bool,
    /// SRID.
    pub srid: Option<u32>,
    /// WITH SYSTEM VERSIONING, WITHOUT SYSTEM VERSIONING.
    pub versioned: Option<bool>,
}

/// A label of ENUM or SET, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// A string, of the character set of the client.
    Text(String),
    /// A number in hexadecimal or binary: bytes of the character set of the column.
    Bytes(Vec<u8>),
}

/// How a column gets its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Generated {
    /// Computed when read.
    Virtual,
    /// Computed when written.
    Stored,
    /// AS ROW START.
    RowStart,
    /// AS ROW END.
    RowEnd,
}

/// The type of a column: as written in a [`ColumnDef`], settled in a table of the model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Type {
    /// Which.
    pub kind: TypeKind,
    /// The first number in parentheses: characters, bytes, digits, bits, digits of the fraction, dimensions.
    pub length: Option<u64>,
    /// The second number in parentheses.
    pub scale: Option<u64>,
    /// UNSIGNED.
    pub unsigned: bool,
    /// ZEROFILL.
    pub zerofill: bool,
    /// Labels of ENUM and SET; those of a definition stand in [`ColumnDef::labels`].
    pub labels: Vec<String>,
    /// MariaDB's COMPRESSED.
    pub compressed: bool,
}

impl Type {
    /// A type without anything behind it.
    pub fn new(kind: TypeKind) -> Type {
        Type {
            kind,
            length: None,
            scale: None,
            unsigned: false,
            zerofill: false,
            labels: Vec::new(),
            compressed: false,
        }
    }
}

/// Types by name; synonyms are one, but for those whose meaning depends on the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the types")]
pub enum TypeKind {
    TinyInt,
    SmallInt,
    MediumInt,
    Int,
    BigInt,
    Float,
    Double,
    /// REAL: FLOAT under REAL_AS_FLOAT, else DOUBLE. Not in the model.
    Real,
    Decimal,
    Bit,
    Year,
    Date,
    Time,
    DateTime,
    Timestamp,
    Char,
    VarChar,
    TinyText,
    Text,
    MediumText,
    LongText,
    Binary,
    VarBinary,
    TinyBlob,
    Blob,
    MediumBlob,
    LongBlob,
    Enum,
    Set,
    Json,
    Geometry,
    Point,
    LineString,
    Polygon,
    MultiPoint,
    MultiLineString,
    MultiPolygon,
    GeometryCollection,
    Vector,
    Uuid,
    Inet4,
    Inet6,
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDef {
    /// Its name, where one is given; that of a constraint counts, too.
    pub name: Option<String>,
    /// Which.
    pub kind: KeyKind,
    /// Its parts.
    pub parts: Vec<KeyPart>,
    /// USING HASH.
    pub hash: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
}

/// Kinds of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyKind {
    /// PRIMARY KEY.
    Primary,
    /// UNIQUE.
    Unique,
    /// KEY, INDEX, FULLTEXT, SPATIAL, VECTOR.
    Plain,
    /// The key that a FOREIGN KEY makes where no other serves it.
    Foreign,
}

/// A part of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPart {
    /// A column, or the first characters of one.
    Column {
        /// Its name.
        name: String,
        /// Number of characters (bytes of binary strings).
        prefix: Option<u32>,
    },
    /// An expression.
    Expression,
    /// The table's period, WITHOUT OVERLAPS: it stands for its two columns.
    Period,
}

/// ALTER TABLE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterTable {
    /// The table.
    pub table: TableName,
    /// IF EXISTS.
    pub if_exists: bool,
    /// Its actions, in order.
    pub actions: Vec<AlterAction>,
    /// Among the actions that are left out is one for which a server writes the definition anew.
    pub remakes: bool,
}

impl AlterTable {
    /// The name that the table has behind it, where it gets another one.
    pub fn renamed(&self) -> Option<&TableName> {
        self.actions.iter().rev().find_map(|action| match action {
            AlterAction::RenameTo(name) => Some(name),
            _ => None,
        })
    }
}

/// Where a column goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// To the end, or where it is.
    Default,
    /// FIRST.
    First,
    /// AFTER this one.
    After(String),
}

/// One action of ALTER TABLE. Those that change neither columns nor keys nor names are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlterAction {
    /// ADD COLUMN.
    AddColumn {
        /// The column.
        column: Box<ColumnDef>,
        /// Where it goes.
        place: Place,
        /// IF NOT EXISTS.
        if_not_exists: bool,
        /// Keys that its attributes make.
        keys: Vec<KeyDef>,
    },
    /// DROP COLUMN.
    DropColumn {
        /// Its name.
        name: String,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// CHANGE COLUMN, MODIFY COLUMN.
    ChangeColumn {
        /// Its name before; that of the new one for MODIFY.
        old: String,
        /// The new one.
        column: Box<ColumnDef>,
        /// Where it goes.
        place: Place,
        /// IF EXISTS.
        if_exists: bool,
        /// Keys that its attributes make.
        keys: Vec<KeyDef>,
    },
    /// RENAME COLUMN.
    RenameColumn {
        /// Its name before.
        old: String,
        /// Its name from now on.
        new: String,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// ALTER COLUMN … SET VISIBLE, SET INVISIBLE.
    SetInvisible {
        /// Its name.
        name: String,
        /// Which of the two.
        invisible: bool,
    },
    /// ADD KEY and its like, also as an attribute of a column.
    AddKey(KeyDef),
    /// DROP PRIMARY KEY.
    DropPrimaryKey {
        /// IF EXISTS.
        if_exists: bool,
    },
    /// DROP KEY, DROP INDEX.
    DropKey {
        /// Its name.
        name: String,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// DROP CONSTRAINT: of a check, a foreign key, or a key.
    DropConstraint {
        /// Its name.
        name: String,
    },
    /// RENAME KEY, RENAME INDEX.
    RenameKey {
        /// Its name before.
        old: String,
        /// Its name from now on.
        new: String,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// `[DEFAULT] CHARACTER SET`, `COLLATE`: of columns to come.
    DefaultCharset(CharsetClause),
    /// CONVERT TO CHARACTER SET: of all columns.
    Convert(CharsetClause),
    /// ENGINE.
    Engine(String),
    /// ADD SYSTEM VERSIONING.
    AddVersioning,
    /// DROP SYSTEM VERSIONING.
    DropVersioning,
    /// ADD PERIOD FOR SYSTEM_TIME, ADD PERIOD FOR p: start and end.
    AddPeriod {
        /// First column.
        start: String,
        /// Second column.
        end: String,
        /// FOR SYSTEM_TIME.
        system: bool,
    },
    /// `RENAME [TO]`.
    RenameTo(TableName),
    /// EXCHANGE PARTITION … WITH TABLE: rows change places, columns do not.
    Exchange(TableName),
    /// CONVERT PARTITION … TO TABLE: a new table with the columns of this one.
    PartitionToTable(TableName),
    /// CONVERT TABLE … TO PARTITION: that table is gone.
    TableToPartition(TableName),
    /// TRUNCATE PARTITION, DROP PARTITION, DISCARD TABLESPACE and their like: rows go without events.
    RowsWithoutEvents,
    /// IMPORT TABLESPACE: rows come without events.
    ImportRows,
}

/// A pair of RENAME TABLE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renaming {
    /// The name before.
    pub from: TableName,
    /// The name from now on.
    pub to: TableName,
    /// IF EXISTS.
    pub if_exists: bool,
}

/// CREATE DATABASE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateDatabase {
    /// Its name.
    pub name: String,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// OR REPLACE: what was in it is gone.
    pub or_replace: bool,
    /// Its default.
    pub charset: CharsetClause,
}

/// What becomes of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SequenceAction {
    /// CREATE SEQUENCE.
    Create {
        /// IF NOT EXISTS.
        if_not_exists: bool,
    },
    /// ALTER SEQUENCE.
    Alter,
    /// DROP SEQUENCE.
    Drop,
}

/// Control of the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transaction {
    /// BEGIN, START TRANSACTION.
    Begin,
    /// COMMIT.
    Commit,
    /// ROLLBACK.
    Rollback,
    /// SAVEPOINT x.
    Savepoint,
    /// ROLLBACK TO x.
    RollbackTo,
    /// XA START x.
    XaStart,
    /// XA END x.
    XaEnd,
    /// XA COMMIT x.
    XaCommit,
    /// XA ROLLBACK x.
    XaRollback,
}
