//! What tools for online schema changes do to their copies, told as changes of the tables.

use super::statement::{behind_of, fold, words};
use super::withheld::Why;
use super::{Message, Outgoing};
use crate::checkpoint::{StateKey, StateRecord};
use crate::mysql::ddl::ir::{AlterTable, Statement};
use crate::mysql::schema::TableName;
use crate::route::{self, Told};
use crate::run::failure::{Class, Failure};
use crate::run::ring::Definition;
use crate::run::task::life::Life;
use crate::run::task::online::Online;
use crate::statement::Word;

impl Life {
    /// Notes what a tool for online schema changes does to its copy of a table.
    pub(super) fn follow_copy(&mut self, definition: &Definition) -> Result<(), Failure> {
        let (table, alters) = match &definition.statement {
            Statement::CreateTable(create) => (&create.table, false),
            Statement::AlterTable(alter) => (&alter.table, true),
            Statement::RenameTables(pairs) => {
                for pair in pairs {
                    self.forget_copy(&fold(definition, &pair.from));
                }
                return Ok(());
            }
            Statement::DropTables(tables) => {
                for table in tables {
                    self.forget_copy(&fold(definition, table));
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        let copy = fold(definition, table);
        let Some(base) = self.tables.plan().copied(&copy.db, &copy.table) else { return Ok(()) };
        if !alters {
            self.note_copy(copy, Online::fresh());
            return Ok(());
        }
        let base = TableName::new(copy.db.clone(), base);
        let Some(decision) = self.decide(&base)? else { return Ok(()) };
        let known = self.columns(&copy).into_iter().chain(behind_of(definition, &copy));
        let told = Told::new(self.tables.plan(), definition.case, &decision.db)
            .about(&decision, known)
            .map_err(|error| Failure::new(Class::Data, format!("table {base}: {error}")))?;
        let written = match &definition.outline {
            Some(outline) if !outline.is_about_index() => {
                outline.written(&told).map_err(|why| why.to_string())
            }
            Some(_) | None => {
                Err("the tool changed its copy by another statement than ALTER TABLE".to_owned())
            }
        };
        let Some(mut online) = self.online.get(&copy).cloned() else { return Ok(()) };
        match written {
            Ok(Some(written)) => online.alter(written.list, written.actions),
            Ok(None) => return Ok(()),
            Err(why) => online = Online::Unclear(why),
        }
        self.note_copy(copy, online);
        Ok(())
    }

    /// What is known of a copy is stored with the position behind the statement.
    fn note_copy(&mut self, copy: TableName, online: Online) {
        self.output.store(StateRecord::Online(copy.clone(), online.record(self.generation)));
        self.ledger.touch();
        self.online.insert(copy, online);
    }

    fn forget_copy(&mut self, copy: &TableName) {
        if self.online.remove(copy).is_some() {
            self.output.remove(StateKey::Online(copy.clone()));
            self.ledger.touch();
        }
    }

    /// A copy takes the place of its table: what was done to it is one ALTER TABLE.
    pub(super) fn of_copy(
        &self,
        definition: &Definition,
        (copy, table): (&TableName, &TableName),
        out: &mut Outgoing,
    ) -> Result<(), Failure> {
        let Some(decision) = self.decide(table)? else { return Ok(()) };
        let Some(ddl) = decision.ddl.clone() else { return Ok(()) };
        let unknown = || Err("a tool began to change it before this task went on reading the log".to_owned());
        let statement =
            match self.online.get(copy).map_or_else(unknown, |online| online.statement(&decision.table)) {
                Ok(statement) => statement,
                Err(why) => {
                    return self.withhold(definition, &table.to_string(), ddl.on_deny, &Why::Copy(&why), out);
                }
            };
        let Some((sql, actions)) = statement else { return Ok(()) };
        let altered = Statement::AlterTable(AlterTable {
            table: table.clone(),
            if_exists: false,
            actions: Vec::new(),
            remakes: false,
        });
        let kinds = route::kinds(&altered, &actions);
        if let Some(kind) = route::refused(&ddl, &kinds) {
            return self.withhold(
                definition,
                &table.to_string(),
                ddl.on_deny,
                &Why::Refused(kind.word()),
                out,
            );
        }
        let Some(deed) = route::deed(&altered, &actions, false) else { return Ok(()) };
        out.messages.push(Message {
            place: self.place(&decision, &ddl)?,
            deed,
            kinds: words(&kinds),
            db: decision.db.clone(),
            table: Some(decision.table.clone()),
            sql,
            schema: self.tables.number_behind(&definition.followed, table),
            before: self.shape_before(Some(&decision), table),
            after: self.shape_behind(Some(&decision), definition, table),
            charset: None,
            decision,
        });
        Ok(())
    }
}
