//! What becomes of a statement: its messages, by what it is about.

use super::withheld::Why;
use super::{Message, Outgoing, Place};
use crate::format::{Deed, FormatPlan, Shape, tells, tells_tables_apart};
use crate::mysql::ddl::ir::Statement;
use crate::mysql::ddl::{DdlEffect, Outline, Written};
use crate::mysql::schema::model::Table;
use crate::mysql::schema::{TableName, TableState};
use crate::plan::{DdlPlan, PartitionRule, TableDecision};
use crate::route::{self, Told};
use crate::run::failure::{Class, Failure};
use crate::run::ring::Definition;
use crate::run::task::definitions::moves_rows_without_events;
use crate::run::task::life::Life;
use crate::statement::{DdlPartition, DdlTopic, OnDeny, Truncate, Word, WordSet};
use std::collections::BTreeSet;

/// One table of a list, or one pair of names, that is sent.
struct Item {
    number: usize,
    decision: TableDecision,
    ddl: DdlPlan,
    /// Its name before, and behind.
    names: (TableName, TableName),
}

impl Life {
    /// What becomes of a statement.
    ///
    /// # Errors
    /// The task stops before it.
    pub(in crate::run::task) fn outgoing(&self, definition: &Definition) -> Result<Outgoing, Failure> {
        let mut out = Outgoing::default();
        self.check_lost_rows(definition)?;
        let Some(outline) = &definition.outline else {
            self.not_understood(definition, &mut out)?;
            return Ok(out);
        };
        match &definition.statement {
            Statement::CreateTable(create) => self.of_table(definition, outline, &create.table, &mut out)?,
            Statement::AlterTable(alter) => self.of_table(definition, outline, &alter.table, &mut out)?,
            Statement::Truncate(table) => self.of_truncate(definition, outline, table, &mut out)?,
            Statement::DropTables(tables) => {
                let names = tables.iter().map(|table| (fold(definition, table), fold(definition, table)));
                self.of_list(definition, outline, names.collect(), &mut out)?;
            }
            Statement::RenameTables(pairs) => {
                let names =
                    pairs.iter().map(|pair| (fold(definition, &pair.from), fold(definition, &pair.to)));
                self.of_list(definition, outline, names.collect(), &mut out)?;
            }
            Statement::CreateDatabase(create) => {
                self.of_database(definition, outline, &create.name, &mut out)?
            }
            Statement::AlterDatabase { name, .. } | Statement::DropDatabase(name) => {
                self.of_database(definition, outline, name, &mut out)?;
            }
            Statement::Sequence { .. }
            | Statement::Transaction(_)
            | Statement::Rows(_)
            | Statement::NoEffect
            | Statement::Irrelevant
            | Statement::NotUnderstood(_) => {}
        }
        Ok(out)
    }

    /// Of a statement that is not understood, only its tables may be known.
    fn not_understood(&self, definition: &Definition, out: &mut Outgoing) -> Result<(), Failure> {
        let Statement::NotUnderstood(not) = &definition.statement else { return Ok(()) };
        for table in &not.tables {
            let name = fold(definition, table);
            if let Some(TableDecision { ddl: Some(ddl), .. }) = self.decide(&name)? {
                let why = Why::NotUnderstood(&not.reason);
                self.withhold(definition, &name.to_string(), ddl.on_deny, &why, out)?;
            }
        }
        Ok(())
    }

    /// Rows that come or go without events hold a task that is to stop before them.
    fn check_lost_rows(&self, definition: &Definition) -> Result<(), Failure> {
        let DdlEffect::Tables { tables, .. } = &definition.effect else { return Ok(()) };
        if !moves_rows_without_events(&definition.statement) {
            return Ok(());
        }
        for table in tables {
            let name = fold(definition, table);
            if self.decide(&name)?.is_some_and(|decision| decision.truncate == Truncate::Stop) {
                return Err(Failure::new(
                    Class::Data,
                    format!(
                        "behind {}: rows of {name} come or go without change events, by: {}. `truncate stop` holds the task \
                         before it; it goes on with `truncate warn` or `truncate emit`, and what is at consumers then is not what \
                         the table holds until it is loaded anew",
                        self.ledger.position().file,
                        definition.shown
                    ),
                ));
            }
        }
        Ok(())
    }

    /// TRUNCATE.
    fn of_truncate(
        &self,
        definition: &Definition,
        outline: &Outline,
        table: &TableName,
        out: &mut Outgoing,
    ) -> Result<(), Failure> {
        let name = fold(definition, table);
        let Some(decision) = self.decide(&name)? else { return Ok(()) };
        if decision.truncate != Truncate::Emit {
            return Ok(());
        }
        if matches!(decision.format, FormatPlan::DebeziumJson(_)) {
            out.truncated = Some(name);
            return Ok(());
        }
        self.of_table(definition, outline, table, out)
    }

    /// CREATE TABLE, ALTER TABLE, and TRUNCATE where it is sent.
    fn of_table(
        &self,
        definition: &Definition,
        outline: &Outline,
        table: &TableName,
        out: &mut Outgoing,
    ) -> Result<(), Failure> {
        let before = fold(definition, table);
        let behind = match &definition.statement {
            Statement::AlterTable(alter) => {
                alter.renamed().map_or_else(|| before.clone(), |other| fold(definition, other))
            }
            _ => before.clone(),
        };
        let (own, new) = (self.decide(&before)?, self.decide(&behind)?);
        let Some(decision) = own.clone().or_else(|| new.clone()) else { return Ok(()) };
        let ddl = match (&decision.ddl, &definition.statement) {
            (Some(ddl), _) => ddl.clone(),
            // Asked for without other schema changes, it stands among the rows.
            (None, Statement::Truncate(_)) => among_rows(&decision),
            (None, _) => return Ok(()),
        };
        let renames =
            route::deed(&definition.statement, &outline.actions(), false) == Some(Deed::RenameTable);
        // As Canal does, a message about a renamed table has its new name.
        let (db, name) = match (&new, renames) {
            (Some(new), true) => (new.db.clone(), new.table.clone()),
            (None, true) => self.names(&behind),
            (_, false) => (decision.db.clone(), decision.table.clone()),
        };
        let known = self.columns(&before).into_iter().chain(behind_of(definition, &behind));
        let told = Told::new(self.tables.plan(), definition.case, &db)
            .about(&decision, known)
            .map_err(|error| Failure::new(Class::Data, format!("table {before}: {error}")))?;
        let Some(written) =
            self.written(definition, outline, &told, (&before.to_string(), ddl.on_deny), out)?
        else {
            return Ok(());
        };
        let kinds = route::kinds(&definition.statement, &written.actions);
        if let Some(kind) = route::refused(&ddl, &kinds) {
            return self.withhold(
                definition,
                &before.to_string(),
                ddl.on_deny,
                &Why::Refused(kind.word()),
                out,
            );
        }
        let Some(deed) = route::deed(&definition.statement, &written.actions, outline.is_about_index())
        else {
            return Ok(());
        };
        let is_truncate = deed == Deed::Truncate;
        if !tells(&decision.format, deed) {
            return self.withhold(definition, &before.to_string(), OnDeny::Skip, &Why::NoMessage, out);
        }
        let place = self.place(&decision, &ddl)?;
        out.messages.push(Message {
            place,
            deed,
            kinds: if is_truncate { vec!["truncate"] } else { words(&kinds) },
            db,
            table: Some(name),
            sql: written.sql,
            schema: self.tables.number_behind(&definition.followed, &behind),
            before: self.shape_before(own.as_ref(), &before),
            after: self.shape_behind(new.as_ref().or(own.as_ref()), definition, &behind),
            charset: None,
            decision,
        });
        Ok(())
    }

    /// DROP TABLE and RENAME TABLE: one message for all tables that go to one place in one format, or one for each.
    fn of_list(
        &self,
        definition: &Definition,
        outline: &Outline,
        names: Vec<(TableName, TableName)>,
        out: &mut Outgoing,
    ) -> Result<(), Failure> {
        let kinds = route::kinds(&definition.statement, &[]);
        let mut items = Vec::new();
        let is_copy = |copy: &TableName, table: &TableName| self.tables.is_copy(copy, table);
        let cut_over: Vec<(TableName, TableName)> =
            names.iter().filter(|(before, behind)| is_copy(before, behind)).cloned().collect();
        for (copy, table) in &cut_over {
            self.of_copy(definition, (copy, table), out)?;
        }
        for (number, (before, behind)) in names.into_iter().enumerate() {
            // The table that makes room for its copy is no table any more that anybody is told of.
            if cut_over.iter().any(|(copy, table)| *copy == before || *table == before) {
                continue;
            }
            let Some(decision) =
                self.decide(&behind)?.map_or_else(|| self.decide(&before), |new| Ok(Some(new)))?
            else {
                continue;
            };
            let Some(ddl) = decision.ddl.clone() else { continue };
            if let Some(kind) = route::refused(&ddl, &kinds) {
                self.withhold(definition, &before.to_string(), ddl.on_deny, &Why::Refused(kind.word()), out)?;
                continue;
            }
            items.push(Item { number, decision, ddl, names: (before, behind) });
        }
        let mut groups: Vec<(Place, Vec<Item>)> = Vec::new();
        for item in items {
            let place = self.place(&item.decision, &item.ddl)?;
            let joins = |(other, items): &&mut (Place, Vec<Item>)| {
                *other == place
                    && items[0].decision.format == item.decision.format
                    && items[0].decision.headers == item.decision.headers
                    && !tells_tables_apart(&item.decision.format)
            };
            match groups.iter_mut().find(joins) {
                Some((_, items)) => items.push(item),
                None => groups.push((place, vec![item])),
            }
        }
        for (place, items) in groups {
            let first = &items[0];
            let (before, behind) = first.names.clone();
            let (db, table) = self.names(&behind);
            let kept: BTreeSet<usize> = items.iter().map(|item| item.number).collect();
            let told = Told::new(self.tables.plan(), definition.case, &db).keeping(kept);
            let about = (before.to_string(), first.ddl.on_deny);
            let Some(written) = self.written(definition, outline, &told, (&about.0, about.1), out)? else {
                continue;
            };
            let Some(deed) = route::deed(&definition.statement, &[], false) else { continue };
            let (old, new) = (self.decide(&before)?, self.decide(&behind)?);
            out.messages.push(Message {
                place,
                deed,
                kinds: words(&kinds),
                db,
                table: Some(table),
                sql: written.sql,
                schema: self.tables.number_behind(&definition.followed, &behind),
                before: self.shape_before(old.as_ref(), &before),
                after: match deed {
                    Deed::DropTable => None,
                    _ => self.shape_behind(new.as_ref(), definition, &behind),
                },
                charset: None,
                decision: first.decision.clone(),
            });
        }
        Ok(())
    }

    /// CREATE DATABASE, ALTER DATABASE, DROP DATABASE.
    fn of_database(
        &self,
        definition: &Definition,
        outline: &Outline,
        name: &str,
        out: &mut Outgoing,
    ) -> Result<(), Failure> {
        let db = definition.case.fold(name).into_owned();
        let decided = self.tables.plan().decide_database(&db);
        let decided =
            decided.map_err(|error| Failure::new(Class::Data, format!("database {db}: {error}")))?;
        let Some(decision) = decided else { return Ok(()) };
        // Of a database there is no topic of rows.
        let Some(ddl) = decision.ddl.clone().filter(|ddl| ddl.topic != DdlTopic::Same) else { return Ok(()) };
        let told = Told::new(self.tables.plan(), definition.case, &decision.db);
        let what = format!("database {db}");
        let Some(written) = self.written(definition, outline, &told, (&what, ddl.on_deny), out)? else {
            return Ok(());
        };
        let kinds = route::kinds(&definition.statement, &[]);
        if let Some(kind) = route::refused(&ddl, &kinds) {
            return self.withhold(definition, &what, ddl.on_deny, &Why::Refused(kind.word()), out);
        }
        let Some(deed) = route::deed(&definition.statement, &[], false) else { return Ok(()) };
        let place = self.place(&decision, &ddl)?;
        let changed = definition.followed.databases.iter().find(|database| database.name == db);
        let collation = changed.and_then(|database| database.collation.as_deref());
        out.messages.push(Message {
            place,
            deed,
            kinds: words(&kinds),
            db: decision.db.clone(),
            table: None,
            sql: written.sql,
            schema: None,
            before: None,
            after: None,
            charset: collation.and_then(|name| name.split('_').next()).map(str::to_owned),
            decision,
        });
        Ok(())
    }

    pub(super) fn decide(&self, name: &TableName) -> Result<Option<TableDecision>, Failure> {
        let decided = self.tables.plan().decide(&name.db, &name.table);
        decided.map_err(|error| Failure::new(Class::Data, format!("table {name}: {error}")))
    }

    /// The statement with the names of messages; none when nothing of it is sent.
    fn written(
        &self,
        definition: &Definition,
        outline: &Outline,
        told: &Told<'_>,
        (what, on_deny): (&str, OnDeny),
        out: &mut Outgoing,
    ) -> Result<Option<Written>, Failure> {
        match outline.written(told) {
            Ok(written) => Ok(written),
            Err(unclear) => {
                self.withhold(definition, what, on_deny, &Why::Unclear(&unclear), out)?;
                Ok(None)
            }
        }
    }

    pub(super) fn place(&self, decision: &TableDecision, ddl: &DdlPlan) -> Result<Place, Failure> {
        let partition = ddl.partition;
        // Statements about no table go to the first partition.
        let of_table = partition == DdlPartition::ByTable && !decision.table.is_empty();
        let table = of_table.then(|| (decision.hash, decision.db.clone(), decision.table.clone()));
        let topic = self.tables.plan().ddl_topic(decision);
        let topic = topic.map_err(|error| Failure::new(Class::Data, format!("topic of `ddl`: {error}")))?;
        let (topic, settings) = topic.unwrap_or_else(|| (decision.topic.clone(), decision.topic_settings));
        Ok(Place { topic, settings, partition, table })
    }

    /// Names in messages, of a table that is selected or not.
    fn names(&self, name: &TableName) -> (String, String) {
        let names = self.tables.plan().names(&name.db, &name.table);
        names.unwrap_or_else(|_| (name.db.clone(), name.table.clone()))
    }

    pub(super) fn columns(&self, name: &TableName) -> Vec<String> {
        self.tables.state(name).map(column_names).unwrap_or_default()
    }

    pub(super) fn shape_before(&self, decision: Option<&TableDecision>, name: &TableName) -> Option<Shape> {
        shape(decision?, self.tables.state(name)?)
    }

    pub(super) fn shape_behind(
        &self,
        decision: Option<&TableDecision>,
        definition: &Definition,
        name: &TableName,
    ) -> Option<Shape> {
        let changed = definition.followed.tables.iter().rev().find(|change| change.table == *name);
        let state = changed.map(|change| &change.state).or_else(|| self.tables.state(name));
        shape(decision?, state?)
    }
}

/// A TRUNCATE that is sent where no other schema change is.
fn among_rows(decision: &TableDecision) -> DdlPlan {
    let by_table = decision.partition == PartitionRule::ByTable;
    DdlPlan {
        topic: DdlTopic::Same,
        partition: if by_table { DdlPartition::ByTable } else { DdlPartition::To(0) },
        allow: None,
        deny: WordSet::default(),
        on_deny: OnDeny::Skip,
    }
}

/// A name as the server compares it.
pub(super) fn fold(definition: &Definition, name: &TableName) -> TableName {
    TableName::new(definition.case.fold(&name.db), definition.case.fold(&name.table))
}

pub(super) fn words(kinds: &[crate::statement::DdlKind]) -> Vec<&'static str> {
    kinds.iter().map(|kind| kind.word()).collect()
}

pub(super) fn behind_of(definition: &Definition, name: &TableName) -> Vec<String> {
    let changed = definition.followed.tables.iter().rev().find(|change| change.table == *name);
    changed.map(|change| column_names(&change.state)).unwrap_or_default()
}

fn column_names(state: &TableState) -> Vec<String> {
    let columns = state.last().map(|version| &version.columns);
    columns.into_iter().flatten().map(|column| column.name.clone()).collect()
}

fn shape(decision: &TableDecision, state: &TableState) -> Option<Shape> {
    let definition: &Table = match state {
        TableState::Proven { definition, .. } => definition.as_deref()?,
        TableState::Suspect { .. } | TableState::Gone => return None,
    };
    // Patterns that cannot be read stop the rows of the table.
    route::shape(decision, definition).ok()
}
