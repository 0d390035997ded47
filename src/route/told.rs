//! A statement as a task tells it: whose names it has in messages, what kinds it is of, and whether those are sent.

use super::columns::{ColumnNames, compile};
use super::error::RouteError;
use crate::format::{Deed, Shape};
use crate::mysql::ddl::ir::Statement;
use crate::mysql::ddl::{Action, ColumnName, Names};
use crate::mysql::ident::{TableNameCase, same_column};
use crate::mysql::schema::TableName;
use crate::mysql::schema::model::Table;
use crate::pattern::Matcher;
use crate::plan::{ColumnRule, DdlPlan, TableDecision, TaskPlan};
use crate::statement::DdlKind;
use std::collections::BTreeSet;

/// What becomes of the columns of one table.
struct Columns<'d> {
    names: ColumnNames<'d>,
    /// Patterns of `columns`, and whether they say what is kept.
    rule: Option<(Vec<Matcher>, bool)>,
    masked: Vec<Matcher>,
}

impl<'d> Columns<'d> {
    fn new(decision: &'d TableDecision) -> Result<Columns<'d>, RouteError> {
        let compiled = |patterns: &[crate::pattern::NamePattern]| {
            patterns.iter().map(compile).collect::<Result<Vec<_>, _>>()
        };
        let rule = match &decision.columns {
            None => None,
            Some(ColumnRule::Only(patterns)) => Some((compiled(patterns)?, true)),
            Some(ColumnRule::Except(patterns)) => Some((compiled(patterns)?, false)),
        };
        let masked = decision.masks.iter().map(|mask| compile(&mask.column)).collect::<Result<_, _>>()?;
        Ok(Columns { names: ColumnNames::new(decision)?, rule, masked })
    }

    fn of(&self, column: &str) -> ColumnName {
        if let Some((patterns, keep)) = &self.rule
            && patterns.iter().any(|pattern| pattern.matches(column)) != *keep
        {
            return ColumnName::LeftOut;
        }
        // A name that cannot be made stops the table's rows; until then the statement has the source's.
        let name = self.names.of(column).unwrap_or_else(|_| column.to_owned());
        ColumnName::Sent { name, masked: self.masked.iter().any(|pattern| pattern.matches(column)) }
    }
}

/// The names of one statement in the messages of one task.
pub struct Told<'t> {
    plan: &'t TaskPlan,
    case: TableNameCase,
    home: &'t str,
    /// The table that it is about, as far as columns go.
    columns: Option<Columns<'t>>,
    /// Columns of that table, before and behind the statement.
    known: Vec<String>,
    /// Of a list, the numbers of what is told.
    kept: BTreeSet<usize>,
}

impl<'t> Told<'t> {
    /// Names for a statement of a task; `home` is the database in the message.
    pub fn new(plan: &'t TaskPlan, case: TableNameCase, home: &'t str) -> Told<'t> {
        Told { plan, case, home, columns: None, known: Vec::new(), kept: BTreeSet::new() }
    }

    /// The statement is about the columns of this table; `known` are those that it has before and behind it.
    ///
    /// # Errors
    /// A pattern that cannot be read.
    pub fn about(
        self,
        decision: &'t TableDecision,
        known: impl IntoIterator<Item = String>,
    ) -> Result<Told<'t>, RouteError> {
        Ok(Told { columns: Some(Columns::new(decision)?), known: known.into_iter().collect(), ..self })
    }

    /// Of a list of tables or pairs, those with these numbers are told.
    pub fn keeping(self, kept: BTreeSet<usize>) -> Told<'t> {
        Told { kept, ..self }
    }

    fn folded(&self, table: &TableName) -> TableName {
        TableName::new(self.case.fold(&table.db), self.case.fold(&table.table))
    }
}

impl Names for Told<'_> {
    fn home(&self) -> &str {
        self.home
    }

    fn table(&self, table: &TableName) -> TableName {
        let folded = self.folded(table);
        match self.plan.names(&folded.db, &folded.table) {
            // Where nothing is renamed, the statement keeps its spelling.
            Ok((db, name)) if db == folded.db && name == folded.table => table.clone(),
            Ok((db, name)) => TableName::new(db, name),
            Err(_) => table.clone(),
        }
    }

    fn database(&self, db: &str) -> String {
        let folded = self.case.fold(db);
        match self.plan.decide_database(&folded) {
            Ok(Some(decision)) if decision.db != folded => decision.db,
            Ok(_) | Err(_) => db.to_owned(),
        }
    }

    fn keeps(&self, number: usize) -> bool {
        self.kept.contains(&number)
    }

    fn has_column(&self, column: &str) -> bool {
        self.known.iter().any(|known| same_column(known, column))
    }

    fn column(&self, column: &str) -> ColumnName {
        match &self.columns {
            Some(columns) => columns.of(column),
            None => ColumnName::Sent { name: column.to_owned(), masked: false },
        }
    }

    fn foreign_column(&self, table: &TableName, column: &str) -> ColumnName {
        let folded = self.folded(table);
        let as_it_is = ColumnName::Sent { name: column.to_owned(), masked: false };
        match self.plan.decide(&folded.db, &folded.table) {
            Ok(Some(decision)) => Columns::new(&decision).map_or(as_it_is, |columns| columns.of(column)),
            Ok(None) | Err(_) => as_it_is,
        }
    }
}

/// The table as messages of schema changes show it: what is sent of it, by its names in messages.
///
/// # Errors
/// A pattern that cannot be read.
pub fn shape(decision: &TableDecision, table: &Table) -> Result<Shape, RouteError> {
    let names = Columns::new(decision)?;
    let sent = |column: &str| match names.of(column) {
        ColumnName::Sent { name, .. } => Some(name),
        ColumnName::LeftOut => None,
    };
    let mut shown = table.clone();
    shown.name = TableName::new(decision.db.clone(), decision.table.clone());
    shown.columns.retain_mut(|column| match sent(&column.name) {
        Some(name) => {
            column.name = name;
            true
        }
        None => false,
    });
    shown.keys.retain_mut(|key| {
        key.parts.iter_mut().all(|part| match &part.column {
            Some(column) => match sent(column) {
                Some(name) => {
                    part.column = Some(name);
                    true
                }
                None => false,
            },
            None => true,
        })
    });
    Ok(Shape { table: shown })
}

/// The kinds of a statement that does `actions`, where those count. None for a statement that is no kind.
pub fn kinds(statement: &Statement, actions: &[Vec<Action>]) -> Vec<DdlKind> {
    let one = match statement {
        Statement::CreateTable(_) => DdlKind::CreateTable,
        Statement::DropTables(_) => DdlKind::DropTable,
        Statement::RenameTables(_) => DdlKind::RenameTable,
        Statement::CreateDatabase(_) => DdlKind::CreateDatabase,
        Statement::AlterDatabase { .. } => DdlKind::AlterDatabase,
        Statement::DropDatabase(_) => DdlKind::DropDatabase,
        Statement::AlterTable(_) => {
            let mut kinds: Vec<DdlKind> = actions.iter().flatten().copied().map(kind).collect();
            kinds.sort_unstable();
            kinds.dedup();
            return if kinds.is_empty() { vec![DdlKind::AlterTable] } else { kinds };
        }
        Statement::Truncate(_)
        | Statement::Sequence { .. }
        | Statement::Transaction(_)
        | Statement::Rows(_)
        | Statement::NoEffect
        | Statement::Irrelevant
        | Statement::NotUnderstood(_) => return Vec::new(),
    };
    vec![one]
}

fn kind(action: Action) -> DdlKind {
    match action {
        Action::AddColumn => DdlKind::AddColumn,
        Action::DropColumn => DdlKind::DropColumn,
        Action::RenameColumn => DdlKind::RenameColumn,
        Action::ChangeColumn => DdlKind::ChangeColumn,
        Action::AddKey | Action::DropKey | Action::OtherKey => DdlKind::ChangeIndex,
        Action::Partitions => DdlKind::ChangePartitions,
        Action::Rename => DdlKind::RenameTable,
        Action::Other => DdlKind::AlterTable,
    }
}

/// The first kind of a statement that is not sent; a narrower kind counts more than the one it is a part of.
pub fn refused(plan: &DdlPlan, kinds: &[DdlKind]) -> Option<DdlKind> {
    let allowed = |kind: DdlKind| plan.allow.as_ref().is_some_and(|allow| allow.contains(&kind));
    let sent = |kind: DdlKind| {
        if plan.deny.contains(&kind) || allowed(kind) {
            return !plan.deny.contains(&kind);
        }
        match kind.within() {
            Some(wider) if plan.deny.contains(&wider) || allowed(wider) => !plan.deny.contains(&wider),
            Some(_) | None => plan.allow.is_none(),
        }
    };
    kinds.iter().copied().find(|kind| !sent(*kind))
}

/// What a statement does, as formats tell it: by the first of its actions, as Canal does. None for one that is never sent.
pub fn deed(statement: &Statement, actions: &[Vec<Action>], about_index: bool) -> Option<Deed> {
    Some(match statement {
        Statement::CreateTable(_) => Deed::CreateTable,
        Statement::DropTables(_) => Deed::DropTable,
        Statement::RenameTables(_) => Deed::RenameTable,
        Statement::Truncate(_) => Deed::Truncate,
        Statement::CreateDatabase(_) => Deed::CreateDatabase,
        Statement::AlterDatabase { .. } => Deed::AlterDatabase,
        Statement::DropDatabase(_) => Deed::DropDatabase,
        Statement::AlterTable(_) => match actions.first().and_then(|actions| actions.first()) {
            Some(Action::Rename) => Deed::RenameTable,
            Some(Action::AddKey) => Deed::CreateIndex { alone: about_index },
            Some(Action::DropKey) => Deed::DropIndex { alone: about_index },
            Some(
                Action::AddColumn
                | Action::DropColumn
                | Action::RenameColumn
                | Action::ChangeColumn
                | Action::OtherKey
                | Action::Partitions
                | Action::Other,
            )
            | None => Deed::AlterTable,
        },
        Statement::Sequence { .. }
        | Statement::Transaction(_)
        | Statement::Rows(_)
        | Statement::NoEffect
        | Statement::Irrelevant
        | Statement::NotUnderstood(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::{DdlPartition, DdlTopic, OnDeny, WordSet};

    #[track_caller]
    fn check(allow: Option<&[DdlKind]>, deny: &[DdlKind], kinds: &[DdlKind], expected: Option<DdlKind>) {
        let plan = DdlPlan {
            topic: DdlTopic::Same,
            partition: DdlPartition::To(0),
            allow: allow.map(|allow| WordSet::new(allow.to_vec())),
            deny: WordSet::new(deny.to_vec()),
            on_deny: OnDeny::Skip,
        };
        assert_eq!(refused(&plan, kinds), expected);
    }

    #[test]
    fn narrower_kinds_count_more() {
        use DdlKind::*;
        check(None, &[], &[CreateTable, DropColumn], None);
        check(Some(&[AlterTable]), &[DropColumn], &[AddColumn], None);
        check(Some(&[AlterTable]), &[DropColumn], &[AddColumn, DropColumn], Some(DropColumn));
        check(Some(&[AlterTable]), &[], &[CreateTable], Some(CreateTable));
        check(Some(&[AddColumn]), &[AlterTable], &[AddColumn], None);
        check(Some(&[AddColumn]), &[AlterTable], &[ChangeIndex], Some(ChangeIndex));
        check(Some(&[AddColumn]), &[], &[AlterTable], Some(AlterTable));
        check(None, &[AlterTable], &[AlterTable], Some(AlterTable));
        check(None, &[AlterTable], &[RenameTable, DropTable], None);
    }
}
