//! ALTER TABLE on a known table.

use super::Doubt;
use super::collation::Collations;
use super::keys::PRIMARY;
use super::table::{Column, Table};
use crate::mysql::ddl::ir::{AlterAction, CharsetClause, ColumnDef, Generated, KeyDef, Place, TableBody};
use crate::mysql::ident::same_column;
use crate::mysql::schema::TableName;

impl Collations<'_> {
    /// A new table, whose database has the default collation `of_database`.
    pub(super) fn table(
        &self,
        name: TableName,
        body: &TableBody,
        of_database: Option<&str>,
    ) -> Result<Table, Doubt> {
        let collation = self.settle(&body.options.charset, of_database)?;
        let mut table = Table {
            name,
            collation,
            columns: Vec::with_capacity(body.columns.len()),
            keys: Vec::new(),
            versioned: body.options.versioned
                || body.columns.iter().any(|column| column.versioned == Some(true)),
            sequence: body.options.sequence,
            engine: body.options.engine.clone(),
        };
        for def in &body.columns {
            let column = self.column(def, Some(&table.collation))?;
            table.push_column(column, None)?;
        }
        for key in &body.keys {
            table.add_key(key)?;
        }
        for (start, end) in [&body.system_time, &body.period].into_iter().flatten() {
            table.not_null(start);
            table.not_null(end);
        }
        table.finish_keys();
        Ok(table)
    }

    /// `table` behind the actions of an ALTER TABLE, but for its name.
    ///
    /// In two stages, as the servers do it: first the columns that are there, in their order, are dropped, changed in place
    /// or renamed, each known by the name it had; then what is added or goes to another place, in the order of the statement,
    /// by the new names.
    pub(super) fn alter(
        &self,
        table: &Table,
        actions: &[AlterAction],
        of_database: Option<&str>,
    ) -> Result<Table, Doubt> {
        let mut new = Table { columns: Vec::with_capacity(table.columns.len() + 1), ..table.clone() };
        let convert = self.default_of_alter(&mut new, actions, of_database)?;
        let mut work = Work { table, used: vec![false; actions.len()], moved: Vec::new(), fates: Vec::new() };
        for column in &table.columns {
            if let Some(column) = self.stay(column, &mut new, &mut work, actions, convert)? {
                new.push_column(column, None)?;
            }
        }
        work.all_found(actions)?;
        for (at, action) in actions.iter().enumerate() {
            match action {
                AlterAction::AddColumn { column, place, if_not_exists, .. } => {
                    if *if_not_exists && new.column(&column.name).is_some() {
                        work.used[at] = false;
                        continue;
                    }
                    work.used[at] = true;
                    let column = self.settled(column, &new, convert)?;
                    new.push_column(column, Some(place))?;
                }
                AlterAction::ChangeColumn { place, .. } => {
                    let moved = work.moved.iter().position(|(by, _)| *by == at);
                    if let Some(moved) = moved {
                        let (_, column) = work.moved.swap_remove(moved);
                        new.push_column(column, Some(place))?;
                    }
                }
                _ => {}
            }
        }
        new.alter_keys(actions, &work)?;
        for action in actions {
            match action {
                AlterAction::AddVersioning => new.versioned = true,
                AlterAction::DropVersioning => new.versioned = false,
                AlterAction::Engine(engine) => new.engine = Some(engine.clone()),
                AlterAction::AddPeriod { start, end } => {
                    new.not_null(start);
                    new.not_null(end);
                }
                _ => {}
            }
        }
        new.finish_keys();
        Ok(new)
    }

    /// Settles the table's new default; true when all columns go over to it.
    fn default_of_alter(
        &self,
        new: &mut Table,
        actions: &[AlterAction],
        of_database: Option<&str>,
    ) -> Result<bool, Doubt> {
        let mut convert = false;
        for action in actions {
            let (AlterAction::DefaultCharset(clause) | AlterAction::Convert(clause)) = action else {
                continue;
            };
            let of_default = clause.charset.as_deref() == Some("default");
            let outer = if of_default { of_database } else { Some(new.collation.as_str()) };
            new.collation = self.settle(clause, outer)?;
            convert |= matches!(action, AlterAction::Convert(_));
        }
        Ok(convert)
    }

    /// A new column by the default of the table.
    fn settled(&self, def: &ColumnDef, table: &Table, convert: bool) -> Result<Column, Doubt> {
        // CONVERT overrules what the column says itself, but for binary strings
        let converted = ColumnDef { charset: CharsetClause::default(), ..def.clone() };
        let is_binary = def.charset.charset.as_deref() == Some("binary");
        let def = if convert && !is_binary { &converted } else { def };
        let mut column = self.column(def, Some(&table.collation))?;
        if convert && column.collation.is_some() {
            column.collation = Some(table.collation.clone());
        }
        Ok(column)
    }

    /// What becomes of a column that is there; none when it is gone or goes to another place.
    fn stay(
        &self,
        column: &Column,
        new: &mut Table,
        work: &mut Work<'_>,
        actions: &[AlterAction],
        convert: bool,
    ) -> Result<Option<Column>, Doubt> {
        let mut column = column.clone();
        let old = column.name.clone();
        let names = |name: &str| same_column(name, &old);
        for (at, action) in actions.iter().enumerate() {
            match action {
                AlterAction::DropColumn { name, .. } if names(name) => {
                    work.used[at] = true;
                    work.fates.push((old, None));
                    return Ok(None);
                }
                AlterAction::ChangeColumn { old: name, column: def, place, .. } if names(name) => {
                    work.used[at] = true;
                    work.fates.push((old, Some(def.name.clone())));
                    let changed = self.settled(def, new, convert)?;
                    if *place == Place::Default {
                        return Ok(Some(changed));
                    }
                    work.moved.push((at, changed));
                    return Ok(None);
                }
                AlterAction::RenameColumn { old: name, new, .. } if names(name) => {
                    work.used[at] = true;
                    work.fates.push((old.clone(), Some(new.clone())));
                    column.name.clone_from(new);
                }
                AlterAction::SetInvisible { name, invisible } if names(name) => {
                    work.used[at] = true;
                    column.invisible = *invisible;
                }
                _ => {}
            }
        }
        if convert {
            column.convert(&new.collation);
        }
        Ok(Some(column))
    }
}

/// What is going on in an ALTER TABLE.
struct Work<'t> {
    table: &'t Table,
    /// Actions on columns that were there.
    used: Vec<bool>,
    /// Columns that go to another place, with the number of their action.
    moved: Vec<(usize, Column)>,
    /// Old names of columns with their new ones, none when they are gone.
    fates: Vec<(String, Option<String>)>,
}

impl Work<'_> {
    /// # Errors
    /// An action names a column that was not there.
    fn all_found(&self, actions: &[AlterAction]) -> Result<(), Doubt> {
        for (at, action) in actions.iter().enumerate() {
            let name = match action {
                AlterAction::DropColumn { name, if_exists }
                | AlterAction::ChangeColumn { old: name, if_exists, .. }
                | AlterAction::RenameColumn { old: name, if_exists, .. } => {
                    Some(name).filter(|_| !*if_exists)
                }
                AlterAction::SetInvisible { name, .. } => Some(name),
                _ => None,
            };
            if let Some(name) = name.filter(|_| !self.used[at]) {
                return Err(Doubt::UnknownColumn(name.clone()));
            }
        }
        Ok(())
    }
}

impl Table {
    /// Puts a column in its place.
    fn push_column(&mut self, column: Column, place: Option<&Place>) -> Result<(), Doubt> {
        if self.column(&column.name).is_some() {
            return Err(Doubt::DuplicateColumn(column.name));
        }
        let at = match place {
            None | Some(Place::Default) => self.columns.len(),
            Some(Place::First) => usize::from(self.columns.first().is_some_and(Column::is_generated_key)),
            Some(Place::After(name)) => {
                let found = self.columns.iter().position(|column| same_column(&column.name, name));
                found.ok_or_else(|| Doubt::UnknownColumn(name.clone()))? + 1
            }
        };
        self.columns.insert(at, column);
        Ok(())
    }

    /// Keys of the old table follow their columns, then keys are added.
    fn alter_keys(&mut self, actions: &[AlterAction], work: &Work<'_>) -> Result<(), Doubt> {
        for action in actions {
            match action {
                AlterAction::DropPrimaryKey { if_exists } => self.drop_key(PRIMARY, *if_exists)?,
                AlterAction::DropKey { name, if_exists } => self.drop_key(name, *if_exists)?,
                // of a check or a foreign key, if not of a key
                AlterAction::DropConstraint { name } => self.drop_key(name, true)?,
                AlterAction::RenameKey { old, new } => self.rename_key(old, new)?,
                _ => {}
            }
        }
        self.follow_columns(&work.fates);
        let add = |table: &mut Table, keys: &[KeyDef]| keys.iter().try_for_each(|key| table.add_key(key));
        for (at, action) in actions.iter().enumerate() {
            match action {
                AlterAction::AddKey(key) => self.add_key(key)?,
                AlterAction::AddColumn { keys, .. } | AlterAction::ChangeColumn { keys, .. }
                    if work.used[at] =>
                {
                    add(self, keys)?;
                }
                _ => {}
            }
        }
        // a column of the old table that was the end of the row's life may be gone
        let own_life =
            |table: &Table| table.columns.iter().any(|column| column.generated == Some(Generated::RowEnd));
        if own_life(work.table) && !own_life(self) {
            self.versioned = false;
        }
        Ok(())
    }
}
