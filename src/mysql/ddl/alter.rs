//! ALTER TABLE, CREATE INDEX, DROP INDEX.

use super::cursor::{Cursor, Parsed, is_word};
use super::ir::{AlterAction, AlterTable, CharsetClause, ColumnDef, KeyDef, KeyKind, Place, Statement};
use super::key::Element;
use super::lex::Token;
use super::notes::{Action, Note};
use super::option::Options;
use crate::mysql::ident::same_column;
use crate::mysql::schema::TableName;

impl Cursor<'_, '_> {
    /// Behind the name of an altered table.
    pub(super) fn alter_table(&mut self, table: TableName, if_exists: bool) -> Parsed<Statement> {
        self.wait()?;
        let mut actions = Vec::new();
        let mut options = Options::default();
        let mut remakes = false;
        let list = self.here();
        while !self.at_end() {
            let before = *self;
            let n_before = actions.len();
            self.action(&mut actions, &mut options)?;
            remakes |= actions.len() == n_before && before.remakes();
            self.note(before.here(), || Note::Part { list });
            if self.peek().is_none() || self.at_end() {
                break;
            }
            let goes_on = self.at_all(&["PARTITION", "BY"]) || self.at_all(&["REMOVE", "PARTITIONING"]);
            let side_by_side = before.at_option() && self.at_option();
            if !self.take_sign(',') && !goes_on && !side_by_side {
                return Err(self.unexpected("`,` or the end"));
            }
            if self.at_end() && !goes_on {
                return Err(self.unexpected("an action"));
            }
        }
        let options = options.checked()?;
        if !options.charset.is_empty() {
            actions.push(AlterAction::DefaultCharset(options.charset));
        }
        if options.versioned {
            actions.push(AlterAction::AddVersioning);
        }
        actions.extend(options.engine.map(AlterAction::Engine));
        Ok(Statement::AlterTable(AlterTable { table, if_exists, actions, remakes }))
    }

    /// Whether a server writes the definition anew for the action that follows, by its first word.
    fn remakes(&self) -> bool {
        const OTHERS: [&str; 14] = [
            "ALGORITHM",
            "ANALYZE",
            "CHECK",
            "DISABLE",
            "DISCARD",
            "ENABLE",
            "EXCHANGE",
            "IMPORT",
            "LOCK",
            "OPTIMIZE",
            "REBUILD",
            "REPAIR",
            "TRUNCATE",
            "WITHOUT",
        ];
        let validation = self.at_all(&["WITH", "VALIDATION"]);
        !validation && self.peek_word().is_none_or(|word| !OTHERS.contains(&word.as_str()))
    }

    /// Whether an option of the table follows: those stand side by side without commas.
    fn at_option(&self) -> bool {
        let mut ahead = *self;
        ahead.table_option(&mut Options::default()).is_ok_and(|taken| taken)
    }

    /// Notes what the action does that has begun.
    fn does(&self, action: Action) {
        self.note(self.here() - 1, || Note::Does(action));
    }

    fn action(&mut self, actions: &mut Vec<AlterAction>, options: &mut Options) -> Parsed<()> {
        let before = *self;
        match self.word().unwrap_or_default().as_str() {
            "ADD" => return self.add(actions),
            "DROP" => return self.drop_action(actions),
            "CHANGE" => {
                self.take("COLUMN");
                let if_exists = self.if_exists();
                let old = self.column()?;
                return self.changed(Some(old), if_exists, actions);
            }
            "MODIFY" => {
                self.take("COLUMN");
                let if_exists = self.if_exists();
                return self.changed(None, if_exists, actions);
            }
            "ALTER" => return self.alter_action(actions),
            "RENAME" => return self.rename_action(actions),
            "CONVERT" => return self.convert(actions),
            "ORDER" => {
                self.does(Action::Other);
                self.expect("BY")?;
                loop {
                    self.column()?;
                    let _ = self.take_any(&["ASC", "DESC"]);
                    if !self.take_sign(',') {
                        return Ok(());
                    }
                }
            }
            "ENABLE" | "DISABLE" => {
                self.does(Action::OtherKey);
                return self.expect("KEYS");
            }
            "FORCE" | "SECONDARY_LOAD" | "SECONDARY_UNLOAD" => {
                self.does(Action::Other);
                if self.take("PARTITION") {
                    self.expect_sign('(')?;
                    self.partition_names()?;
                    self.expect_sign(')')?;
                }
                return Ok(());
            }
            "ALGORITHM" | "LOCK" => {
                self.take_sign('=');
                return if self.take("DEFAULT") { Ok(()) } else { self.name().map(drop) };
            }
            "WITH" | "WITHOUT" if self.take("VALIDATION") => return Ok(()),
            "PARTITION" => {
                self.does(Action::Partitions);
                self.expect("BY")?;
                return self.partition_by();
            }
            "REMOVE" | "UPGRADE" => {
                self.does(Action::Partitions);
                return self.expect("PARTITIONING");
            }
            "COALESCE" => {
                self.does(Action::Partitions);
                self.expect("PARTITION")?;
                self.take_log_option();
                return self.number().map(drop);
            }
            "REORGANIZE" => {
                self.does(Action::Partitions);
                self.expect("PARTITION")?;
                self.take_log_option();
                if self.peek().is_none() || self.at_end() {
                    return Ok(());
                }
                self.partition_names()?;
                self.expect("INTO")?;
                return self.partitions();
            }
            "EXCHANGE" => {
                self.does(Action::Partitions);
                self.expect("PARTITION")?;
                self.name()?;
                self.expect("WITH")?;
                self.expect("TABLE")?;
                actions.push(AlterAction::Exchange(self.table()?));
                if self.at("WITH") || self.at("WITHOUT") {
                    self.next();
                    self.expect("VALIDATION")?;
                }
                return Ok(());
            }
            "ANALYZE" | "CHECK" | "OPTIMIZE" | "REPAIR" | "REBUILD" if self.take("PARTITION") => {
                self.does(Action::Partitions);
                self.take_log_option();
                self.partition_names()?;
                while self.take_any(&["QUICK", "FAST", "MEDIUM", "EXTENDED", "CHANGED", "USE_FRM"])
                    || self.take_all(&["FOR", "UPGRADE"])
                {}
                return Ok(());
            }
            "TRUNCATE" => {
                self.does(Action::Partitions);
                self.expect("PARTITION")?;
                self.partition_names()?;
                actions.push(AlterAction::RowsWithoutEvents);
                return Ok(());
            }
            "DISCARD" => {
                self.does(Action::Other);
                actions.push(AlterAction::RowsWithoutEvents);
                return self.tablespace();
            }
            "IMPORT" => {
                self.does(Action::Other);
                actions.push(AlterAction::ImportRows);
                return self.tablespace();
            }
            _ => {}
        }
        *self = before;
        if self.table_option(options)? { Ok(()) } else { Err(self.unexpected("an action of ALTER TABLE")) }
    }

    /// NO_WRITE_TO_BINLOG, LOCAL.
    fn take_log_option(&mut self) {
        let _ = self.take_any(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
    }

    /// `[PARTITION …] TABLESPACE`.
    fn tablespace(&mut self) -> Parsed<()> {
        if self.take("PARTITION") {
            self.does(Action::Partitions);
            self.partition_names()?;
        }
        self.expect("TABLESPACE")
    }

    /// Names of partitions, or ALL.
    fn partition_names(&mut self) -> Parsed<()> {
        if self.take("ALL") {
            return Ok(());
        }
        self.name()?;
        while self.take_sign(',') {
            self.name()?;
        }
        Ok(())
    }

    fn add(&mut self, actions: &mut Vec<AlterAction>) -> Parsed<()> {
        if self.take("PARTITION") {
            self.does(Action::Partitions);
            let _ = self.if_not_exists();
            self.take_log_option();
            return if self.take("PARTITIONS") { self.number().map(drop) } else { self.partitions() };
        }
        if self.at_all(&["SYSTEM", "VERSIONING"]) {
            self.next();
            self.next();
            actions.push(AlterAction::AddVersioning);
            return Ok(());
        }
        if !self.at("COLUMN") {
            match self.element()? {
                Some(Element::Key(key)) => {
                    self.does(if key.kind == KeyKind::Foreign { Action::OtherKey } else { Action::AddKey });
                    actions.push(AlterAction::AddKey(key));
                    return Ok(());
                }
                Some(Element::Check) => {
                    self.does(Action::OtherKey);
                    return Ok(());
                }
                Some(Element::SystemTime(start, end)) => {
                    actions.push(AlterAction::AddPeriod { start, end, system: true });
                    return Ok(());
                }
                Some(Element::Period(start, end)) => {
                    actions.push(AlterAction::AddPeriod { start, end, system: false });
                    return Ok(());
                }
                None => {}
            }
        }
        self.does(Action::AddColumn);
        self.take("COLUMN");
        let if_not_exists = self.if_not_exists();
        if self.take_sign('(') {
            let (columns, keys) = self.added_elements()?;
            let added = columns.into_iter().map(|column| AlterAction::AddColumn {
                column: Box::new(column),
                place: Place::Default,
                if_not_exists,
                keys: Vec::new(),
            });
            actions.extend(added);
            actions.extend(keys.into_iter().map(AlterAction::AddKey));
            return Ok(());
        }
        let defined = self.column_def()?.without_default_word()?;
        let place = self.place()?;
        let column = Box::new(defined.column);
        actions.push(AlterAction::AddColumn { column, place, if_not_exists, keys: defined.keys });
        Ok(())
    }

    fn place(&mut self) -> Parsed<Place> {
        let start = self.here();
        let place = match () {
            () if self.take("FIRST") => Place::First,
            () if self.take("AFTER") => Place::After(self.column()?),
            () => return Ok(Place::Default),
        };
        self.note(start, || Note::Place);
        Ok(place)
    }

    fn drop_action(&mut self, actions: &mut Vec<AlterAction>) -> Parsed<()> {
        let word = self.peek_word();
        match word.as_deref() {
            Some("KEY" | "INDEX" | "CONSTRAINT") => self.does(Action::DropKey),
            Some("PRIMARY" | "FOREIGN" | "CHECK") => self.does(Action::OtherKey),
            Some("PARTITION") => self.does(Action::Partitions),
            Some(_) | None => {}
        }
        match word.as_deref() {
            Some("PRIMARY") => {
                self.next();
                self.expect("KEY")?;
                actions.push(AlterAction::DropPrimaryKey { if_exists: false });
            }
            Some("KEY" | "INDEX") => {
                self.next();
                let if_exists = self.if_exists();
                let name = self.key_to_drop()?;
                actions.push(AlterAction::DropKey { name, if_exists });
            }
            Some("FOREIGN") => {
                self.next();
                self.expect("KEY")?;
                let _ = self.if_exists();
                self.name()?;
            }
            Some("CHECK") => {
                self.next();
                self.name()?;
            }
            Some("CONSTRAINT") => {
                self.next();
                let _ = self.if_exists();
                let name = self.key_to_drop()?;
                actions.push(AlterAction::DropConstraint { name });
            }
            Some("PARTITION") => {
                self.next();
                let _ = self.if_exists();
                self.partition_names()?;
                actions.push(AlterAction::RowsWithoutEvents);
            }
            Some("SYSTEM") if is_word(self.peek_at(1), "VERSIONING") => {
                self.next();
                self.next();
                actions.push(AlterAction::DropVersioning);
            }
            Some("PERIOD") if self.at_period() => {
                self.next();
                let _ = self.if_exists();
                self.expect("FOR")?;
                self.name()?;
            }
            _ => {
                self.does(Action::DropColumn);
                self.take("COLUMN");
                let if_exists = self.if_exists();
                let name = self.column()?;
                actions.push(AlterAction::DropColumn { name, if_exists });
                let _ = self.take_any(&["RESTRICT", "CASCADE"]);
            }
        }
        Ok(())
    }

    /// The name of a key; PRIMARY needs no quotes in MariaDB.
    fn key_to_drop(&mut self) -> Parsed<String> {
        if self.take("PRIMARY") { Ok("PRIMARY".to_owned()) } else { self.name() }
    }

    /// Behind MODIFY, or behind CHANGE and the old name.
    fn changed(
        &mut self,
        old: Option<String>,
        if_exists: bool,
        actions: &mut Vec<AlterAction>,
    ) -> Parsed<()> {
        let defined = self.column_def()?.without_default_word()?;
        let place = self.place()?;
        let renames = old.as_ref().is_some_and(|old| !same_column(old, &defined.column.name));
        self.does(if renames { Action::RenameColumn } else { Action::ChangeColumn });
        let old = old.unwrap_or_else(|| defined.column.name.clone());
        let column: Box<ColumnDef> = Box::new(defined.column);
        actions.push(AlterAction::ChangeColumn { old, column, place, if_exists, keys: defined.keys });
        Ok(())
    }

    fn alter_action(&mut self, actions: &mut Vec<AlterAction>) -> Parsed<()> {
        match self.peek_word().as_deref() {
            Some("INDEX" | "KEY") => {
                self.does(Action::OtherKey);
                self.next();
                let _ = self.if_exists();
                self.name()?;
                return if self.take("NOT") {
                    self.expect("IGNORED")
                } else {
                    self.expect_any(&["VISIBLE", "INVISIBLE", "IGNORED"])
                };
            }
            Some("CHECK" | "CONSTRAINT") => {
                self.does(Action::OtherKey);
                self.next();
                self.name()?;
                self.take("NOT");
                return self.expect("ENFORCED");
            }
            _ => {}
        }
        self.does(Action::ChangeColumn);
        self.take("COLUMN");
        let _ = self.if_exists();
        let name = self.column()?;
        let start = self.here();
        if self.take("DROP") {
            return if self.take("MASKING") { self.expect("POLICY") } else { self.expect("DEFAULT") };
        }
        self.expect("SET")?;
        if self.take_all(&["MASKING", "POLICY"]) {
            return self.name().map(drop);
        }
        if self.take("DEFAULT") {
            self.default_value()?;
            self.note(start, || Note::Default);
            return Ok(());
        }
        let invisible = self.at("INVISIBLE");
        self.expect_any(&["INVISIBLE", "VISIBLE"])?;
        actions.push(AlterAction::SetInvisible { name, invisible });
        Ok(())
    }

    fn rename_action(&mut self, actions: &mut Vec<AlterAction>) -> Parsed<()> {
        if self.take("COLUMN") {
            self.does(Action::RenameColumn);
            let if_exists = self.if_exists();
            let old = self.column()?;
            self.expect("TO")?;
            let new = self.column()?;
            actions.push(AlterAction::RenameColumn { old, new, if_exists });
            return Ok(());
        }
        if self.take_any(&["INDEX", "KEY"]) {
            self.does(Action::OtherKey);
            let if_exists = self.if_exists();
            let old = self.name()?;
            self.expect("TO")?;
            let new = self.name()?;
            actions.push(AlterAction::RenameKey { old, new, if_exists });
            return Ok(());
        }
        if !self.take_any(&["TO", "AS"]) {
            self.take_sign('=');
        }
        self.does(Action::Rename);
        actions.push(AlterAction::RenameTo(self.table()?));
        Ok(())
    }

    fn convert(&mut self, actions: &mut Vec<AlterAction>) -> Parsed<()> {
        if self.take("PARTITION") {
            self.does(Action::Partitions);
            self.name()?;
            self.expect("TO")?;
            self.expect("TABLE")?;
            actions.push(AlterAction::PartitionToTable(self.table()?));
            if self.at("WITH") || self.at("WITHOUT") {
                self.next();
                self.expect("VALIDATION")?;
            }
            return Ok(());
        }
        if self.take("TABLE") {
            self.does(Action::Partitions);
            let table = self.table()?;
            self.expect("TO")?;
            self.expect("PARTITION")?;
            self.name()?;
            self.partition_values()?;
            if self.at("WITH") || self.at("WITHOUT") {
                self.next();
                self.expect("VALIDATION")?;
            }
            actions.push(AlterAction::TableToPartition(table));
            return Ok(());
        }
        self.does(Action::ChangeColumn);
        self.expect("TO")?;
        if !self.take_charset() {
            return Err(self.unexpected("`CHARACTER SET`"));
        }
        let mut charset = CharsetClause { charset: Some(self.charset_name()?), ..CharsetClause::default() };
        if self.take("COLLATE") {
            charset.collation = Some(self.charset_name()?);
        }
        actions.push(AlterAction::Convert(charset));
        Ok(())
    }

    /// Behind CREATE … INDEX.
    pub(super) fn create_index(&mut self, kind: KeyKind, or_replace: bool) -> Parsed<Statement> {
        let if_not_exists = self.if_not_exists();
        let name = self.name()?;
        let hash = self.using()?;
        self.expect("ON")?;
        let table = self.table()?;
        self.wait()?;
        let list = self.here();
        let key = self.key(Some(name.clone()), kind)?;
        self.does(Action::AddKey);
        self.note(list, || Note::Part { list });
        self.online_options()?;
        self.end()?;
        let key = KeyDef { hash: key.hash || hash == Some(true), if_not_exists, ..key };
        let replaced = or_replace.then_some(AlterAction::DropKey { name, if_exists: true });
        let actions = replaced.into_iter().chain([AlterAction::AddKey(key)]).collect();
        Ok(Statement::AlterTable(AlterTable { table, if_exists: false, actions, remakes: false }))
    }

    /// Behind DROP INDEX.
    pub(super) fn drop_index(&mut self) -> Parsed<Statement> {
        let if_exists = self.if_exists();
        let name = self.key_to_drop()?;
        self.expect("ON")?;
        let table = self.table()?;
        self.does(Action::DropKey);
        self.wait()?;
        self.online_options()?;
        self.end()?;
        let action = AlterAction::DropKey { name, if_exists };
        Ok(Statement::AlterTable(AlterTable {
            table,
            if_exists: false,
            actions: vec![action],
            remakes: false,
        }))
    }

    /// ALGORITHM and LOCK, in any order.
    fn online_options(&mut self) -> Parsed<()> {
        while self.at("ALGORITHM") || self.at("LOCK") {
            self.next();
            self.take_sign('=');
            if !self.take("DEFAULT") {
                self.name()?;
            }
        }
        self.wait()
    }

    /// The other tables that an ALTER TABLE names, if it can be told without understanding it.
    pub(super) fn other_tables(mut self) -> Option<Vec<TableName>> {
        let mut tables = Vec::new();
        let mut depth = 0_usize;
        while let Some(token) = self.next() {
            match token {
                Token::Sign('(') => depth += 1,
                Token::Sign(')') => depth = depth.saturating_sub(1),
                token if depth == 0 && is_word(Some(token), "RENAME") => {
                    if ["COLUMN", "INDEX", "KEY", "CONSTRAINT"].iter().any(|object| self.take(object)) {
                        continue;
                    }
                    if !self.take_any(&["TO", "AS"]) {
                        self.take_sign('=');
                    }
                    tables.push(self.table().ok()?);
                }
                token if depth == 0 && is_word(Some(token), "TABLE") => tables.push(self.table().ok()?),
                _ => {}
            }
        }
        Some(tables)
    }
}
