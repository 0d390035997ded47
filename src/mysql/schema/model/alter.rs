//! ALTER TABLE on a known table.

use super::Doubt;
use super::collation::{Collations, charset_of};
use super::keys::PRIMARY;
use super::table::{Column, Key, Table};
use crate::mysql::ddl::ir::{
    AlterAction, AlterTable, CharsetClause, ColumnDef, Generated, KeyDef, Place, TableBody, TypeKind,
};
use crate::mysql::ident::{TableNameCase, same_column};
use crate::mysql::position::Flavor;
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
            period: body.period.clone(),
        };
        for def in &body.columns {
            table.columns.push(self.column(def, Some(&table.collation))?);
        }
        table.names_differ()?;
        for key in &body.keys {
            table.add_key(key, self.flavor)?;
        }
        for (start, end) in [&body.system_time, &body.period].into_iter().flatten() {
            table.not_null(start);
            table.not_null(end);
        }
        table.finish_keys(Some(self.flavor));
        Ok(table)
    }

    /// `table` behind the actions of an ALTER TABLE, but for its name.
    ///
    /// In two stages, as the servers do it (`mysql_prepare_alter_table`): first the columns that are there, in their order,
    /// are dropped, changed in place or renamed, each known by the name it had; then what is added or goes to another place,
    /// in the order of the statement, by the new names. A column that goes to another place is where it was until then.
    pub(super) fn alter(
        &self,
        table: &Table,
        alter: &AlterTable,
        of_database: Option<&str>,
    ) -> Result<Table, Doubt> {
        let actions = &alter.actions[..];
        let mut new = Table { columns: Vec::with_capacity(table.columns.len() + 1), ..table.clone() };
        let convert = self.default_of_alter(&mut new, actions, of_database)?;
        let convert = convert.as_deref();
        let mut work = Work { table, used: vec![false; actions.len()], fates: Vec::new() };
        for column in &table.columns {
            let stays = self.stay(column, &mut new, &mut work, actions, convert)?;
            new.columns.extend(stays);
        }
        work.all_found(actions, self.flavor)?;
        for (at, action) in actions.iter().enumerate() {
            match action {
                AlterAction::AddColumn { column, place, if_not_exists, .. } => {
                    if *if_not_exists && new.column(&column.name).is_some() {
                        work.used[at] = false;
                        continue;
                    }
                    work.used[at] = true;
                    let column = self.settled(column, &new, convert)?;
                    new.push_column(column, place)?;
                }
                AlterAction::ChangeColumn { column, place, .. }
                    if !work.used[at] && self.flavor == Flavor::MariaDb =>
                {
                    // one that the statement itself has added
                    let Some(before) = new.added(&column.name, table) else { continue };
                    new.columns.remove(before);
                    work.used[at] = true;
                    let column = self.settled(column, &new, convert)?;
                    new.push_column(column, place)?;
                }
                AlterAction::ChangeColumn { column, place, .. }
                    if *place != Place::Default && work.used[at] =>
                {
                    let before = new.columns.iter().position(|one| one.name == column.name);
                    let column = new.columns.remove(before.ok_or_else(|| unknown(&column.name))?);
                    new.push_column(column, place)?;
                }
                _ => {}
            }
        }
        for action in actions {
            if let AlterAction::AddPeriod { start, end, system: false } = action {
                new.period = Some((start.clone(), end.clone()));
            }
        }
        new.names_differ()?;
        if self.flavor == Flavor::MariaDb && (alter.remakes || work.remakes(actions)) {
            new.forget_hashes();
        }
        let adds = new.alter_keys(actions, &work, self.flavor)?;
        for action in actions {
            match action {
                AlterAction::AddVersioning => new.versioned = true,
                AlterAction::DropVersioning => new.versioned = false,
                AlterAction::Engine(engine) => new.engine = Some(engine.clone()),
                AlterAction::AddPeriod { start, end, .. } => {
                    new.not_null(start);
                    new.not_null(end);
                }
                _ => {}
            }
        }
        // MariaDB leaves the keys in the order they have, unless it has to look for another one that identifies rows
        let sorted = self.flavor == Flavor::MySql || adds || work.loses_implicit_key(actions, &new);
        new.finish_keys(sorted.then_some(self.flavor));
        Ok(new)
    }

    /// Settles the table's new default, and tells what all columns go over to, if anything.
    fn default_of_alter(
        &self,
        new: &mut Table,
        actions: &[AlterAction],
        of_database: Option<&str>,
    ) -> Result<Option<String>, Doubt> {
        let mut convert = None;
        let of_default = |clause: &CharsetClause| clause.charset.as_deref() == Some("default");
        for action in actions {
            let AlterAction::Convert(clause) = action else { continue };
            let outer = if of_default(clause) { of_database } else { Some(new.collation.as_str()) };
            new.collation = self.settle(clause, outer)?;
            convert = Some(new.collation.clone());
        }
        // a default that is named is the default, in front of CONVERT or behind it
        for action in actions {
            let AlterAction::DefaultCharset(clause) = action else { continue };
            let outer = if of_default(clause) { of_database } else { Some(new.collation.as_str()) };
            let settled = self.settle(clause, outer)?;
            // MySQL 8 takes both for one choice, of which only the collation is the later one
            let is_kept = self.flavor == Flavor::MySql
                && self.session.of_mysql_8()
                && clause.collation.is_none()
                && convert.as_deref().is_some_and(|convert| charset_of(convert) == charset_of(&settled));
            if !is_kept {
                new.collation = settled;
            }
        }
        Ok(convert)
    }

    /// A new column by the default of the table, or as all columns are converted.
    fn settled(&self, def: &ColumnDef, table: &Table, convert: Option<&str>) -> Result<Column, Doubt> {
        let is_binary = def.charset.charset.as_deref() == Some("binary");
        let Some(convert) = convert.filter(|_| !is_binary) else {
            return self.column(def, Some(&table.collation));
        };
        // CONVERT overrules what the column says itself, but for binary strings and the attribute BINARY
        let binary = def.charset.binary.then(|| format!("{}_bin", charset_of(convert)));
        let convert = binary.as_deref().unwrap_or(convert);
        let def = ColumnDef { charset: CharsetClause::default(), ..def.clone() };
        let mut column = self.column(&def, Some(convert))?;
        // of types whose character set does not follow the table
        column.take_collation(convert);
        Ok(column)
    }

    /// MySQL makes TINYTEXT (TINYBLOB) of a column that is changed to TEXT (BLOB) and converted by one statement, unless a
    /// length is given.
    /// (Observed on 9.7; MariaDB keeps the type.)
    fn shrink(&self, def: &ColumnDef, column: &mut Column) {
        use TypeKind as K;
        let named = matches!(def.ty.kind, K::Text | K::MediumText | K::Blob | K::MediumBlob)
            && def.ty.length.is_none();
        if self.flavor == Flavor::MySql && named {
            column.ty.kind = match column.ty.kind {
                TypeKind::Text | TypeKind::MediumText => TypeKind::TinyText,
                TypeKind::Blob | TypeKind::MediumBlob => TypeKind::TinyBlob,
                other => other,
            };
        }
    }

    /// What becomes of a column that is there; none when it is gone.
    fn stay(
        &self,
        column: &Column,
        new: &mut Table,
        work: &mut Work<'_>,
        actions: &[AlterAction],
        convert: Option<&str>,
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
                AlterAction::ChangeColumn { old: name, column: def, .. } if names(name) => {
                    work.used[at] = true;
                    work.fates.push((old, Some(def.name.clone())));
                    let mut changed = self.settled(def, new, convert)?;
                    if convert.is_some() {
                        self.shrink(def, &mut changed);
                    }
                    return Ok(Some(changed));
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
        if let Some(convert) = convert {
            column.convert(convert)?;
        }
        Ok(Some(column))
    }
}

fn unknown(name: &str) -> Doubt {
    Doubt::UnknownColumn(name.to_owned())
}

/// What is going on in an ALTER TABLE.
struct Work<'t> {
    table: &'t Table,
    /// Actions on columns that were there.
    used: Vec<bool>,
    /// Old names of columns with their new ones, none when they are gone.
    fates: Vec<(String, Option<String>)>,
}

impl Work<'_> {
    /// # Errors
    /// An action names a column that was not there.
    fn all_found(&self, actions: &[AlterAction], flavor: Flavor) -> Result<(), Doubt> {
        let adds = |wanted: &str| {
            flavor == Flavor::MariaDb
                && actions.iter().any(|action| {
                    matches!(action, AlterAction::AddColumn { column, .. } if same_column(&column.name, wanted))
                })
        };
        for (at, action) in actions.iter().enumerate() {
            let name = match action {
                // MariaDB takes a change of what the same statement adds.
                AlterAction::ChangeColumn { old, column, if_exists, .. } => {
                    Some(old).filter(|_| !*if_exists && !adds(&column.name))
                }
                AlterAction::DropColumn { name, if_exists }
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

impl Work<'_> {
    /// Whether one of the actions makes another definition; what IF EXISTS and IF NOT EXISTS pass over does not.
    fn remakes(&self, actions: &[AlterAction]) -> bool {
        let changes = |(at, action): (usize, &AlterAction)| match action {
            AlterAction::AddColumn { .. }
            | AlterAction::DropColumn { .. }
            | AlterAction::ChangeColumn { .. }
            | AlterAction::RenameColumn { .. } => self.used[at],
            AlterAction::AddKey(key) => {
                !key.if_not_exists || !key.name.as_deref().is_some_and(|name| self.table.has_key(name))
            }
            AlterAction::DropKey { name, if_exists }
            | AlterAction::RenameKey { old: name, if_exists, .. } => !if_exists || self.table.has_key(name),
            AlterAction::DropPrimaryKey { if_exists } => !if_exists || self.table.has_key(PRIMARY),
            AlterAction::RenameTo(_)
            | AlterAction::Exchange(_)
            | AlterAction::PartitionToTable(_)
            | AlterAction::TableToPartition(_)
            | AlterAction::RowsWithoutEvents
            | AlterAction::ImportRows => false,
            AlterAction::SetInvisible { .. }
            | AlterAction::DropConstraint { .. }
            | AlterAction::DefaultCharset(_)
            | AlterAction::Convert(_)
            | AlterAction::Engine(_)
            | AlterAction::AddVersioning
            | AlterAction::DropVersioning
            | AlterAction::AddPeriod { .. } => true,
        };
        actions.iter().enumerate().any(changes)
    }

    /// Whether the key that identified rows is still there, and does so no more for what became of its columns.
    fn loses_implicit_key(&self, actions: &[AlterAction], new: &Table) -> bool {
        let drops = |key: &Key| {
            actions.iter().any(|action| match action {
                AlterAction::DropKey { name, .. } | AlterAction::DropConstraint { name } => {
                    same_column(name, &key.name)
                }
                _ => false,
            })
        };
        let now = |name: &String| match self.fates.iter().find(|(old, _)| same_column(old, name)) {
            Some((_, now)) => now.clone(),
            None => Some(name.clone()),
        };
        let never_null = |name: &String| {
            now(name).is_some_and(|name| new.column(&name).is_some_and(|column| !column.nullable))
        };
        let key = self.table.implicit_key().filter(|key| !drops(key));
        key.is_some_and(|key| !key.parts.iter().filter_map(|part| part.column.as_ref()).all(never_null))
    }
}

impl Table {
    /// # Errors
    /// Two columns have one name.
    fn names_differ(&self) -> Result<(), Doubt> {
        let mut names: Vec<_> =
            self.columns.iter().map(|column| TableNameCase::Insensitive.fold(&column.name)).collect();
        names.sort();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Doubt::DuplicateColumn(pair[0].to_string())),
            None => Ok(()),
        }
    }

    /// The place of a column that was not in the table before.
    fn added(&self, name: &str, before: &Table) -> Option<usize> {
        let at = self.columns.iter().position(|column| same_column(&column.name, name))?;
        before.column(name).is_none().then_some(at)
    }

    /// Puts a column in its place.
    fn push_column(&mut self, column: Column, place: &Place) -> Result<(), Doubt> {
        let at = match place {
            Place::Default => self.columns.len(),
            Place::First => usize::from(self.columns.first().is_some_and(Column::is_generated_key)),
            Place::After(name) => {
                let found = self.columns.iter().position(|column| same_column(&column.name, name));
                found.ok_or_else(|| Doubt::UnknownColumn(name.clone()))? + 1
            }
        };
        self.columns.insert(at, column);
        Ok(())
    }

    /// What becomes of columns as keys see it. Servers find the columns of a key by name, and so also one that the same statement drops
    /// and adds. (Observed on MySQL 5.7, 8.0 and 9.7, and MariaDB 10.11, 11.4 and 11.8.)
    ///
    /// # Errors
    /// Such a column comes as another one than it went.
    fn gone_or_renamed(
        &self,
        actions: &[AlterAction],
        work: &Work<'_>,
    ) -> Result<Vec<(String, Option<String>)>, Doubt> {
        let mut fates = Vec::new();
        for (old, new) in &work.fates {
            let names = |name: &String| same_column(name, old);
            let added = actions
                .iter()
                .any(|action| matches!(action, AlterAction::AddColumn { column, .. } if names(&column.name)));
            let in_key = |key: &Key| key.parts.iter().any(|part| part.column.as_ref().is_some_and(names));
            if new.is_some() || !added || !self.keys.iter().any(in_key) {
                fates.push((old.clone(), new.clone()));
                continue;
            }
            let of = |table: &Table| table.column(old).map(|one| (one.ty.clone(), one.collation.clone()));
            if of(self) != of(work.table) {
                return Err(Doubt::ComesAgain(old.clone()));
            }
        }
        Ok(fates)
    }

    /// Keys of the old table follow their columns, then keys are added: true if any are.
    fn alter_keys(
        &mut self,
        actions: &[AlterAction],
        work: &Work<'_>,
        flavor: Flavor,
    ) -> Result<bool, Doubt> {
        for action in actions {
            match action {
                AlterAction::DropPrimaryKey { if_exists } => self.drop_key(PRIMARY, *if_exists)?,
                AlterAction::DropKey { name, if_exists } => self.drop_key(name, *if_exists)?,
                // of a check or a foreign key, if not of a key
                AlterAction::DropConstraint { name } => self.drop_key(name, true)?,
                AlterAction::RenameKey { old, new, if_exists } => self.rename_key(old, new, *if_exists)?,
                _ => {}
            }
        }
        self.follow_columns(&self.gone_or_renamed(actions, work)?);
        self.forget_prefixes();
        let n_kept = self.keys.len();
        let add =
            |table: &mut Table, keys: &[KeyDef]| keys.iter().try_for_each(|key| table.add_key(key, flavor));
        for (at, action) in actions.iter().enumerate() {
            match action {
                AlterAction::AddKey(key) => self.add_key(key, flavor)?,
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
        Ok(self.keys.len() > n_kept)
    }
}
