//! What a statement may have touched, for those who need no columns.

use super::ir::{AlterAction, CreateBody, SequenceAction, Statement, Transaction};
use crate::mysql::ident::TableNameCase;
use crate::mysql::schema::TableName;

/// What a statement of the log does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DdlEffect {
    /// Nothing to the columns or rows of any table.
    Nothing,
    /// Begins, ends or divides the transaction.
    Transaction(Transaction),
    /// Defines tables anew, or empties them.
    Tables {
        /// All tables it names as its objects, as it spells them; old and new names of renamed ones.
        tables: Vec<TableName>,
        /// What becomes of them.
        kind: TableDdl,
    },
    /// Drops or alters a database with all that is in it.
    Database(String),
    /// Changes rows of these tables by a statement instead of by row events.
    Statement(Vec<TableName>),
    /// Not understood: may have touched anything.
    Unknown,
}

/// What becomes of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableDdl {
    /// CREATE TABLE, also OR REPLACE and LIKE.
    Create,
    /// ALTER TABLE, also with RENAME, indexes and partitions.
    Alter,
    /// DROP TABLE.
    Drop,
    /// RENAME TABLE.
    Rename,
    /// TRUNCATE TABLE: the rows vanish without events.
    Truncate,
}

impl DdlEffect {
    /// Whether columns may be others behind the statement.
    pub fn defines(&self) -> bool {
        match self {
            // rows go, columns stay
            DdlEffect::Tables { kind, .. } => *kind != TableDdl::Truncate,
            DdlEffect::Database(_) | DdlEffect::Unknown => true,
            DdlEffect::Nothing | DdlEffect::Transaction(_) | DdlEffect::Statement(_) => false,
        }
    }

    /// Whether the definition or the rows of `table` may be others behind the statement.
    ///
    /// Names are compared without case, because a server may store them in another one than the statement has.
    pub fn may_touch(&self, table: &TableName) -> bool {
        let same = |a: &str, b: &str| TableNameCase::Insensitive.same(a, b);
        match self {
            DdlEffect::Nothing | DdlEffect::Transaction(_) => false,
            DdlEffect::Tables { tables, kind: _ } | DdlEffect::Statement(tables) => {
                tables.iter().any(|named| same(&named.db, &table.db) && same(&named.table, &table.table))
            }
            DdlEffect::Database(db) => same(db, &table.db),
            DdlEffect::Unknown => true,
        }
    }
}

impl Statement {
    /// What it may have touched.
    pub fn effect(&self) -> DdlEffect {
        let tables = |tables: Vec<TableName>, kind| DdlEffect::Tables { tables, kind };
        match self {
            // In a log of rows a server writes out the columns instead of the query; where the query stands, the rows come
            // from it and not from row events.
            Statement::CreateTable(create) if create.body == CreateBody::Query => {
                DdlEffect::Statement(vec![create.table.clone()])
            }
            Statement::CreateTable(create) => tables(vec![create.table.clone()], TableDdl::Create),
            Statement::AlterTable(alter) => {
                let others = alter.actions.iter().filter_map(|action| match action {
                    AlterAction::RenameTo(other)
                    | AlterAction::Exchange(other)
                    | AlterAction::PartitionToTable(other)
                    | AlterAction::TableToPartition(other) => Some(other),
                    AlterAction::AddColumn { .. }
                    | AlterAction::DropColumn { .. }
                    | AlterAction::ChangeColumn { .. }
                    | AlterAction::RenameColumn { .. }
                    | AlterAction::SetInvisible { .. }
                    | AlterAction::AddKey(_)
                    | AlterAction::DropPrimaryKey { .. }
                    | AlterAction::DropKey { .. }
                    | AlterAction::DropConstraint { .. }
                    | AlterAction::RenameKey { .. }
                    | AlterAction::DefaultCharset(_)
                    | AlterAction::Convert(_)
                    | AlterAction::Engine(_)
                    | AlterAction::AddVersioning
                    | AlterAction::DropVersioning
                    | AlterAction::AddPeriod { .. }
                    | AlterAction::RowsWithoutEvents
                    | AlterAction::ImportRows => None,
                });
                tables(std::iter::once(&alter.table).chain(others).cloned().collect(), TableDdl::Alter)
            }
            Statement::DropTables(dropped) => tables(dropped.clone(), TableDdl::Drop),
            Statement::RenameTables(pairs) => {
                let names = pairs.iter().flat_map(|pair| [pair.from.clone(), pair.to.clone()]);
                tables(names.collect(), TableDdl::Rename)
            }
            Statement::Truncate(table) => tables(vec![table.clone()], TableDdl::Truncate),
            Statement::CreateDatabase(create) if create.or_replace => {
                DdlEffect::Database(create.name.clone())
            }
            Statement::AlterDatabase { name, .. } | Statement::DropDatabase(name) => {
                DdlEffect::Database(name.clone())
            }
            Statement::Sequence { names, action } => {
                let kind = match action {
                    SequenceAction::Create { .. } => TableDdl::Create,
                    SequenceAction::Alter => TableDdl::Alter,
                    SequenceAction::Drop => TableDdl::Drop,
                };
                tables(names.clone(), kind)
            }
            Statement::Transaction(control) => DdlEffect::Transaction(*control),
            Statement::Rows(changed) if changed.is_empty() => DdlEffect::Unknown,
            Statement::Rows(changed) => DdlEffect::Statement(changed.clone()),
            Statement::CreateDatabase(_) | Statement::NoEffect | Statement::Irrelevant => DdlEffect::Nothing,
            Statement::NotUnderstood(not) if not.tables.is_empty() => DdlEffect::Unknown,
            Statement::NotUnderstood(not) => tables(not.tables.clone(), not.kind),
        }
    }
}
