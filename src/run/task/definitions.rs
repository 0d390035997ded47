//! What a statement of the log does to the tables of a life: other columns, rows that come or go without events.

use super::life::Life;
use crate::checkpoint::{SnapRecord, StateRecord};
use crate::mysql::ddl::ir::{AlterAction, CreateBody, CreateTable};
use crate::mysql::ddl::{DdlEffect, Statement, TableDdl};
use crate::mysql::schema::{Followed, TableChange, TableName, TableState};
use crate::run::event::{Event, Name};
use crate::run::failure::Failure;
use crate::run::ring::Definition;

impl Life {
    /// True for a statement that is sent while rows from before it are not committed.
    pub(super) fn waits_for_commit(&self, definition: &Definition) -> Result<bool, Failure> {
        // Rows of its own source transaction stay with it.
        let before = self.ledger.has_rows() && self.n_rows == 0;
        Ok(before && !self.outgoing(definition)?.is_empty())
    }

    /// A statement may have changed definitions, or made rows come or go without events.
    pub(super) fn definition(&mut self, definition: &Definition, now_ms: u64) -> Result<(), Failure> {
        let Definition { statement, effect, followed, shown, outline: _, case: _ } = definition;
        self.tables.define(followed, shown);
        self.load.definition_moved(effect);
        for table in made_without_rows(statement, followed) {
            self.made(table, now_ms)?;
        }
        match effect {
            DdlEffect::Tables { tables, kind } => {
                if renames(*kind, tables) {
                    self.renamed(tables, now_ms)?;
                }
                for table in gets_rows_without_events(statement) {
                    self.enter(table, now_ms)?;
                }
                if moves_rows_without_events(statement) {
                    for table in
                        tables.iter().filter(|table| self.tables.tells_of_lost_rows(table, statement))
                    {
                        self.counts.truncates += 1;
                        let text = format!("rows of {table} came or went without change events, by: {shown}");
                        self.told(Event::warn(Name::TableTruncated, text));
                    }
                }
            }
            DdlEffect::Database(_)
            | DdlEffect::Unknown
            | DdlEffect::Nothing
            | DdlEffect::Transaction(_)
            | DdlEffect::Statement(_) => {}
        }
        Ok(())
    }

    /// A table under a selected name may hold rows that nobody has sent: it is loaded, unless a tool for online changes put
    /// its copy in the place of the original.
    fn renamed(&mut self, tables: &[TableName], now_ms: u64) -> Result<(), Failure> {
        for table in tables {
            let is_copy = |other: &TableName| self.tables.is_copy(other, table);
            if !tables.iter().any(is_copy) {
                self.enter(table, now_ms)?;
            }
        }
        Ok(())
    }

    /// A table was made where none of its name was: the log has all of its rows, and none of them is loaded. One that was to be
    /// loaded and is gone has none left.
    fn made(&mut self, table: &TableName, now_ms: u64) -> Result<(), Failure> {
        let is_needed = !self.tables.is_known(table) || self.load.is_open(table);
        if is_needed && self.tables.selects(table) && !self.tables.waits(table) {
            self.give_up_load(table, now_ms)?;
            self.load.leave(table);
            self.tables.learn(table);
            self.output.store(StateRecord::Snap(table.clone(), SnapRecord::none_needed()));
            self.ledger.touch();
        }
        Ok(())
    }

    /// A selected table has rows that nobody has sent: it is loaded.
    fn enter(&mut self, table: &TableName, now_ms: u64) -> Result<(), Failure> {
        if self.loads && self.tables.selects(table) && !self.tables.waits(table) {
            self.load_anew(table, now_ms)?;
        }
        Ok(())
    }
}

/// True for a statement by which rows come or go that no event tells of: consumers keep what it takes away, and lack what it
/// brings until the table is loaded anew.
pub(super) fn moves_rows_without_events(statement: &Statement) -> bool {
    let moves = |action: &AlterAction| {
        matches!(
            action,
            AlterAction::RowsWithoutEvents
                | AlterAction::ImportRows
                | AlterAction::Exchange(_)
                | AlterAction::PartitionToTable(_)
                | AlterAction::TableToPartition(_)
        )
    };
    match statement {
        Statement::Truncate(_) => true,
        Statement::AlterTable(alter) => alter.actions.iter().any(moves),
        Statement::NotUnderstood(not) => not.kind == TableDdl::Truncate,
        Statement::CreateTable(_)
        | Statement::DropTables(_)
        | Statement::RenameTables(_)
        | Statement::CreateDatabase(_)
        | Statement::AlterDatabase { .. }
        | Statement::DropDatabase(_)
        | Statement::Sequence { .. }
        | Statement::Transaction(_)
        | Statement::Rows(_)
        | Statement::NoEffect
        | Statement::Irrelevant => false,
    }
}

/// The tables that a statement has made, as far as that is certain: all of their rows come behind it.
fn made_without_rows<'d>(
    statement: &Statement,
    followed: &'d Followed,
) -> impl Iterator<Item = &'d TableName> + use<'d> {
    let makes = matches!(
        statement,
        Statement::CreateTable(CreateTable { body: CreateBody::Columns(_) | CreateBody::Like(_), .. })
    );
    let is_made = move |change: &&TableChange| makes && matches!(change.state, TableState::Proven { .. });
    followed.tables.iter().filter(is_made).map(|change| &change.table)
}

/// The tables that have rows behind a statement which no event tells of: by an import, or by partitions that change places.
fn gets_rows_without_events(statement: &Statement) -> Vec<&TableName> {
    let Statement::AlterTable(alter) = statement else { return Vec::new() };
    let mut tables = Vec::new();
    for action in &alter.actions {
        if let AlterAction::ImportRows | AlterAction::TableToPartition(_) | AlterAction::Exchange(_) = action
        {
            tables.push(&alter.table);
        }
        if let AlterAction::Exchange(other) | AlterAction::PartitionToTable(other) = action {
            tables.push(other);
        }
    }
    tables
}

/// True for a statement that may give a table another name.
fn renames(kind: TableDdl, tables: &[TableName]) -> bool {
    match kind {
        TableDdl::Rename => true,
        TableDdl::Alter => tables.len() > 1,
        TableDdl::Create | TableDdl::Drop | TableDdl::Truncate => false,
    }
}
