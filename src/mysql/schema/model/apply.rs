//! A statement on all tables.

use super::collation::Collations;
use super::table::{Column, Table};
use super::{Change, Database, Doubt, Known, Model};
use crate::mysql::binlog::query::Session;
use crate::mysql::ddl::ir::{
    AlterAction, AlterTable, CreateBody, CreateDatabase, CreateTable, NotUnderstood, Renaming,
    SequenceAction, Statement, Type, TypeKind,
};
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;
use std::collections::HashMap;
use std::sync::Arc;

impl Model {
    /// Follows a statement that `session` ran. What it changed, in order.
    ///
    /// A table of a database that was not told is not followed; a statement on one changes nothing.
    pub fn apply(&mut self, statement: &Statement, session: &Session) -> Vec<Change> {
        let rules = Collations { flavor: self.flavor, session };
        let mut changes = Vec::new();
        match statement {
            Statement::CreateTable(create) => self.create_table(create, rules, &mut changes),
            Statement::AlterTable(alter) => self.alter_table(alter, rules, &mut changes),
            Statement::DropTables(tables) => {
                tables.iter().for_each(|table| self.drop_table(table, &mut changes))
            }
            Statement::RenameTables(pairs) => pairs.iter().for_each(|pair| self.rename(pair, &mut changes)),
            Statement::CreateDatabase(create) => self.create_database(create, rules, &mut changes),
            Statement::AlterDatabase { name, charset } => {
                let Some(database) = self.databases.get_mut(&*self.case.fold(name)) else { return changes };
                let of_default = charset.charset.as_deref() == Some("default");
                let server = rules.of_server();
                let outer = if of_default { server.as_deref() } else { Some(database.collation.as_str()) };
                match rules.settle(charset, outer) {
                    Ok(collation) => {
                        database.collation.clone_from(&collation);
                        changes.push(Change::Database { name: name.clone(), collation: Some(collation) });
                    }
                    Err(doubt) => {
                        self.databases.remove(&*self.case.fold(name));
                        changes.push(Change::Doubted { db: name.clone(), table: None, doubt });
                    }
                }
            }
            Statement::DropDatabase(name) => self.drop_database(name, &mut changes),
            Statement::Sequence { names, action } => self.sequence(names, *action, &mut changes),
            Statement::NotUnderstood(not) => self.not_understood(not, &mut changes),
            Statement::Truncate(_)
            | Statement::Transaction(_)
            | Statement::Rows(_)
            | Statement::NoEffect
            | Statement::Irrelevant => {}
        }
        changes
    }

    fn follows(&self, name: &TableName) -> bool {
        self.databases.contains_key(&*self.case.fold(&name.db))
    }

    fn define(&mut self, name: &TableName, table: Result<Table, Doubt>, changes: &mut Vec<Change>) {
        if !self.follows(name) {
            return;
        }
        match table {
            Ok(table) => {
                let table = Arc::new(table);
                self.insert(name, Known::Table(table.clone()));
                changes.push(Change::Defined(table));
            }
            Err(doubt) => self.doubt(name, doubt, changes),
        }
    }

    fn doubt(&mut self, name: &TableName, doubt: Doubt, changes: &mut Vec<Change>) {
        self.insert(name, Known::Doubted);
        changes.push(Change::Doubted { db: name.db.clone(), table: Some(name.table.clone()), doubt });
    }

    fn drop_table(&mut self, name: &TableName, changes: &mut Vec<Change>) {
        if self.remove(name).is_some() {
            changes.push(Change::Dropped(name.clone()));
        }
    }

    fn create_table(&mut self, create: &CreateTable, rules: Collations<'_>, changes: &mut Vec<Change>) {
        let name = &create.table;
        if create.if_not_exists && !create.or_replace {
            match self.entry(name) {
                // MySQL logs the statement, whether the table was there or not
                Some(_) => return,
                // MariaDB logs it only when it made the table
                None if self.flavor == Flavor::MariaDb || self.is_complete(&name.db) => {}
                None if self.follows(name) => return self.doubt(name, Doubt::MaybeThere, changes),
                None => return,
            }
        }
        let of_database = self.database(&name.db).map(str::to_owned);
        let table = match &create.body {
            CreateBody::Columns(body) => rules.table(name.clone(), body, of_database.as_deref()),
            CreateBody::Like(other) => self.copy(other, name),
            CreateBody::Query | CreateBody::Discovered => Err(Doubt::Query),
        };
        self.define(name, table.and_then(|table| rules.labels_kept(table)), changes);
    }

    /// A table like another one.
    fn copy(&self, of: &TableName, name: &TableName) -> Result<Table, Doubt> {
        let table = self.table(of).ok_or(Doubt::UnknownTable)?;
        let mut copy = Table { name: name.clone(), ..Table::clone(table) };
        copy.forget_hashes();
        Ok(copy)
    }

    fn alter_table(&mut self, alter: &AlterTable, rules: Collations<'_>, changes: &mut Vec<Change>) {
        let name = &alter.table;
        let renamed = alter.actions.iter().rev().find_map(|action| match action {
            AlterAction::RenameTo(name) => Some(name),
            _ => None,
        });
        let target = renamed.unwrap_or(name);
        let of_database = self.database(&name.db).map(str::to_owned);
        let made = match self.table(name) {
            Some(table) => rules.alter(table, alter, of_database.as_deref()),
            None if alter.if_exists && self.entry(name).is_none() => return,
            None => Err(Doubt::UnknownTable),
        };
        for action in &alter.actions {
            match action {
                AlterAction::PartitionToTable(other) => {
                    let copy = self.copy(name, other);
                    self.define(other, copy, changes);
                }
                AlterAction::TableToPartition(other) => self.drop_table(other, changes),
                _ => {}
            }
        }
        if target != name {
            self.drop_table(name, changes);
        }
        let made = made.and_then(|table| rules.labels_kept(table));
        self.define(target, made.map(|table| Table { name: target.clone(), ..table }), changes);
    }

    fn rename(&mut self, pair: &Renaming, changes: &mut Vec<Change>) {
        let before = self.remove(&pair.from);
        match before {
            Some(Known::Table(table)) => {
                changes.push(Change::Dropped(pair.from.clone()));
                let table = Table { name: pair.to.clone(), ..Table::clone(&table) };
                self.define(&pair.to, Ok(table), changes);
            }
            Some(Known::Doubted) => {
                changes.push(Change::Dropped(pair.from.clone()));
                self.define(&pair.to, Err(Doubt::UnknownTable), changes);
            }
            None if pair.if_exists && self.follows(&pair.from) => {}
            None => self.define(&pair.to, Err(Doubt::UnknownTable), changes),
        }
    }

    fn create_database(&mut self, create: &CreateDatabase, rules: Collations<'_>, changes: &mut Vec<Change>) {
        let known = self.database(&create.name).is_some();
        if known && create.if_not_exists && !create.or_replace {
            return;
        }
        if known {
            self.drop_database(&create.name, changes);
        }
        match rules.settle(&create.charset, rules.of_server().as_deref()) {
            Ok(collation) => {
                // a database that may have been there before may have tables
                let complete = !create.if_not_exists || self.flavor == Flavor::MariaDb;
                let database = Database { collation: collation.clone(), complete, tables: HashMap::new() };
                self.databases.insert(self.case.fold(&create.name).into_owned(), database);
                changes.push(Change::Database { name: create.name.clone(), collation: Some(collation) });
            }
            Err(doubt) => {
                changes.push(Change::Doubted { db: create.name.clone(), table: None, doubt });
            }
        }
    }

    fn drop_database(&mut self, name: &str, changes: &mut Vec<Change>) {
        let Some(database) = self.databases.remove(&*self.case.fold(name)) else { return };
        let mut tables: Vec<TableName> = database
            .tables
            .into_iter()
            .map(|(key, known)| match known {
                Known::Table(table) => table.name.clone(),
                Known::Doubted => TableName::new(name, key),
            })
            .collect();
        tables.sort();
        changes.extend(tables.into_iter().map(Change::Dropped));
        changes.push(Change::Database { name: name.to_owned(), collation: None });
    }

    fn sequence(&mut self, names: &[TableName], action: SequenceAction, changes: &mut Vec<Change>) {
        for name in names {
            match action {
                SequenceAction::Create { if_not_exists } => {
                    if !(if_not_exists && self.entry(name).is_some()) {
                        let of_database = self.database(&name.db).unwrap_or("utf8mb4_general_ci").to_owned();
                        self.define(name, Ok(sequence(name, of_database)), changes);
                    }
                }
                SequenceAction::Alter => {}
                // of a table it is a warning, and logged
                SequenceAction::Drop if self.table(name).is_some_and(|table| !table.sequence) => {}
                SequenceAction::Drop => self.drop_table(name, changes),
            }
        }
    }

    fn not_understood(&mut self, not: &NotUnderstood, changes: &mut Vec<Change>) {
        let doubt = Doubt::Statement(not.reason.clone());
        for name in not.tables.iter().filter(|name| self.follows(name)).cloned().collect::<Vec<_>>() {
            self.doubt(&name, doubt.clone(), changes);
        }
        if !not.tables.is_empty() {
            return;
        }
        let names = not.databases.as_ref().map(|names| names.iter().map(|name| self.case.fold(name)));
        let names: Option<Vec<_>> = names.map(Iterator::collect);
        for (name, database) in &mut self.databases {
            if names.as_ref().is_none_or(|names| names.iter().any(|one| one == name)) {
                database.tables.values_mut().for_each(|table| *table = Known::Doubted);
                changes.push(Change::Doubted { db: name.clone(), table: None, doubt: doubt.clone() });
            }
        }
    }
}

/// The table that MariaDB keeps a sequence in.
fn sequence(name: &TableName, collation: String) -> Table {
    let column = |name: &str, kind: TypeKind, width: u64, unsigned: bool| Column {
        name: name.to_owned(),
        ty: Type { length: Some(width), unsigned, ..Type::new(kind) },
        collation: None,
        nullable: false,
        generated: None,
        auto_increment: false,
        invisible: false,
        srid: None,
    };
    let counter = |name: &str| column(name, TypeKind::BigInt, 21, false);
    let columns = vec![
        counter("next_not_cached_value"),
        counter("minimum_value"),
        counter("maximum_value"),
        counter("start_value"),
        counter("increment"),
        column("cache_size", TypeKind::BigInt, 21, true),
        column("cycle_option", TypeKind::TinyInt, 1, true),
        counter("cycle_count"),
    ];
    let name = name.clone();
    Table {
        name,
        collation,
        columns,
        keys: Vec::new(),
        versioned: false,
        sequence: true,
        engine: None,
        period: None,
    }
}
