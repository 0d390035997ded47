//! What statements of the log make of tables: their columns, keys and defaults as of each place of the log.
//!
//! Told what is there at one place, the model follows every statement from then on, by the rules of the server that logged
//! it. What it cannot follow it says, and forgets: it never knows a table wrongly on purpose. That a table fits the rows
//! is proven elsewhere, against the table maps of the log.
//! Does not: know positions, rows or the server of today.

mod alter;
mod apply;
mod collation;
mod keys;
mod settle;
mod table;
#[cfg(test)]
mod tests;

use crate::mysql::binlog::query::Session;
use crate::mysql::ddl::ir::{CreateBody, Statement};
use crate::mysql::ddl::{self};
use crate::mysql::ident::TableNameCase;
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;
use collation::Collations;
use std::collections::HashMap;
use std::sync::Arc;
pub use table::{Column, Key, Part, Table, Wording};

/// All tables of the databases that are followed.
#[derive(Debug, Clone)]
pub struct Model {
    flavor: Flavor,
    case: TableNameCase,
    databases: HashMap<String, Database>,
}

#[derive(Debug, Clone)]
struct Database {
    /// Default collation.
    collation: String,
    /// All its tables were told or created here, so that one that is not here does not exist.
    complete: bool,
    /// By name, as names are compared.
    tables: HashMap<String, Known>,
}

#[derive(Debug, Clone)]
enum Known {
    Table(Arc<Table>),
    /// It is there, but not known how.
    Doubted,
}

/// What a statement changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A table is there under its name, new or with another definition.
    Defined(Arc<Table>),
    /// A table is no longer there under this name.
    Dropped(TableName),
    /// What a table is like from here on is not known; it is forgotten until [`Model::set_table`].
    Doubted {
        /// The database, as names are compared where no table is told.
        db: String,
        /// The table; none: any table of the database.
        table: Option<String>,
        /// Why.
        doubt: Doubt,
    },
    /// A database has this default collation from here on; none: it is gone, with all its tables.
    Database {
        /// Its name.
        name: String,
        /// Its default.
        collation: Option<String>,
    },
}

/// Why a statement could not be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The statement was not understood.
    #[error("the statement is not understood: {0}")]
    Statement(String),
    /// It changes a table that is not known.
    #[error("the table was not known before it")]
    UnknownTable,
    /// It changes or names a column that the table does not have.
    #[error("it names a column `{0}`, which the known table does not have")]
    UnknownColumn(String),
    /// It makes a column that the table has already.
    #[error("it makes a column `{0}`, which the known table has already")]
    DuplicateColumn(String),
    /// It drops or renames a key that the table does not have.
    #[error("it names a key `{0}`, which the known table does not have")]
    UnknownKey(String),
    /// It makes a primary key of a table that has one.
    #[error("it makes a primary key, and the known table has one already")]
    SecondPrimaryKey,
    /// A column has the default character set of a database whose default is not known.
    #[error("the default character set of the database is not known")]
    DatabaseDefault,
    /// A character set that no known server has.
    #[error("the character set `{0}` is not known")]
    Charset(String),
    /// A label of ENUM or SET that is given in bytes.
    #[error("a label has bytes that mean nothing in the character set `{0}`")]
    Label(String),
    /// Two columns have the same labels in a character set of wide characters.
    #[error(
        "the labels of `{0}` are those of another column, too, and MySQL 5.7 damages them when it writes a table with such"
    )]
    SharedLabels(String),
    /// A collation of another character set.
    #[error("the collation `{collation}` does not belong to the character set `{charset}`")]
    Collation {
        /// The character set.
        charset: String,
        /// The collation.
        collation: String,
    },
    /// A column of a key goes, and another one of its name comes: what part of that the key holds depends on the server.
    #[error("its column `{0}` goes and comes again as another one, and stays in its keys")]
    ComesAgain(String),
    /// The columns come from a query, which a log of rows writes out.
    #[error("the columns come from a query")]
    Query,
    /// Whether a table was there decides what the statement did, and that is not known.
    #[error("it depends on whether the table was there, which is not known")]
    MaybeThere,
}

impl Model {
    /// A model that knows no database.
    pub fn new(flavor: Flavor, case: TableNameCase) -> Model {
        Model { flavor, case, databases: HashMap::new() }
    }

    /// Tells a database with its default collation. `complete`: all its tables are told, too, before the first statement.
    pub fn set_database(&mut self, name: &str, collation: &str, complete: bool) {
        let tables = match self.databases.remove(&*self.case.fold(name)) {
            Some(before) => before.tables,
            None => HashMap::new(),
        };
        let database = Database { collation: collation.to_owned(), complete, tables };
        self.databases.insert(self.case.fold(name).into_owned(), database);
    }

    /// The default collation of a database, if it is known.
    pub fn database(&self, name: &str) -> Option<&str> {
        self.databases.get(&*self.case.fold(name)).map(|database| database.collation.as_str())
    }

    /// Tells a table as it is at the place of the log where the model stands. Its database must have been told.
    pub fn set_table(&mut self, table: Arc<Table>) {
        let name = table.name.clone();
        self.insert(&name, Known::Table(table));
    }

    /// Forgets how a table is, for instance because rows of the log contradict it: it is there, but not known how.
    pub fn forget(&mut self, name: &TableName) {
        self.insert(name, Known::Doubted);
    }

    /// Whether all tables of a database are known by name, so that one that is not does not exist.
    pub fn is_complete(&self, db: &str) -> bool {
        self.databases.get(&*self.case.fold(db)).is_some_and(|database| database.complete)
    }

    /// How a table is; none when it is not there, not known, or in doubt.
    pub fn table(&self, name: &TableName) -> Option<&Arc<Table>> {
        match self.entry(name)? {
            Known::Table(table) => Some(table),
            Known::Doubted => None,
        }
    }

    /// All tables that are known.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        let all = self.databases.values().flat_map(|database| database.tables.values());
        all.filter_map(|known| match known {
            Known::Table(table) => Some(table),
            Known::Doubted => None,
        })
    }

    fn entry(&self, name: &TableName) -> Option<&Known> {
        self.databases.get(&*self.case.fold(&name.db))?.tables.get(&*self.case.fold(&name.table))
    }

    /// Tables of databases that are not followed are not kept.
    fn insert(&mut self, name: &TableName, known: Known) {
        if let Some(database) = self.databases.get_mut(&*self.case.fold(&name.db)) {
            database.tables.insert(self.case.fold(&name.table).into_owned(), known);
        }
    }

    fn remove(&mut self, name: &TableName) -> Option<Known> {
        self.databases.get_mut(&*self.case.fold(&name.db))?.tables.remove(&*self.case.fold(&name.table))
    }
}

impl Table {
    /// The table that SHOW CREATE TABLE describes.
    ///
    /// The text is taken for one of a session with the server's defaults, which a server writes out wherever they matter.
    /// Servers print characters beyond U+FFFF in labels as `?`.
    ///
    /// # Errors
    /// A text that makes no table.
    pub fn from_create(
        text: &str,
        name: &TableName,
        session: &Session,
        flavor: Flavor,
    ) -> Result<Table, Doubt> {
        match ddl::parse(text.as_bytes(), &name.db, session, flavor) {
            Statement::CreateTable(create) => match create.body {
                CreateBody::Columns(body) => Collations { flavor, session }.table(name.clone(), &body, None),
                CreateBody::Like(_) | CreateBody::Query | CreateBody::Discovered => Err(Doubt::Query),
            },
            Statement::NotUnderstood(not) => Err(Doubt::Statement(not.reason)),
            _ => Err(Doubt::Statement("it makes no table".to_owned())),
        }
    }
}
