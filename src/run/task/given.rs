//! `schema set`: columns of a table that nothing proves, given by somebody who knows them.
//!
//! They are stored as a version of the table from a place on, while the task runs nowhere. Its next life takes them up where its stream
//! comes to that place; they must fit the log there, as any others.

use super::Task;
use super::known::wording;
use super::output::Target;
use crate::checkpoint::SchemaRecord;
use crate::mysql::ddl::created_tables;
use crate::mysql::position::{BinlogPosition, Position};
use crate::mysql::schema::{TableName, TableState};
use crate::run::failure::{Class, Failure};
use crate::source::mysql::io::defined;
use std::sync::Arc;

impl Task {
    /// Stores what the CREATE TABLE statement `text` makes as the columns of `table` from `at` on. What was done, for people.
    pub(in crate::run) fn give_schema(
        &mut self,
        table: &TableName,
        at: &BinlogPosition,
        text: &str,
    ) -> Result<String, Failure> {
        let refused = |what: String| Failure::new(Class::Refused, what);
        let target = Target::open(&self.plan, &self.context)?;
        if !target.has_state()? {
            return Err(refused(format!(
                "task {} has no state: it has never run, and reads the columns itself",
                self.id
            )));
        }
        let facts = target.facts(&[])?;
        let Some((mut output, state)) = self.own(target, facts.as_ref())? else {
            return Err(refused(format!("task {} was asked to end", self.id)));
        };
        let given = self.given(table, at, text, state.pos.as_ref().map(|pos| &pos.position));
        let stored = given.map(|record| {
            let mut history = state.schemas.clone();
            history.add(table, record)
        });
        let done = match stored {
            Ok(Some(record)) => {
                output.store(record);
                output.store_now()
            }
            Ok(None) => Ok(()),
            Err(failure) => Err(failure),
        };
        output.release()?;
        done?;
        Ok(format!("task {}: {table} has these columns from {at} on", self.id))
    }

    fn given(
        &self,
        table: &TableName,
        at: &BinlogPosition,
        text: &str,
        position: Option<&Position>,
    ) -> Result<SchemaRecord, Failure> {
        let refused = |what: String| Failure::new(Class::Refused, what);
        let Some(position) = position else {
            return Err(refused(format!(
                "task {} has no position: it reads the columns itself when it starts",
                self.id
            )));
        };
        if *at < position.file {
            return Err(refused(format!(
                "{at} lies before {}, where task {} stands: give the columns from there on, or from a place behind it",
                position.file, self.id
            )));
        }
        match created_tables(text).as_deref() {
            Some([one]) if one.table == table.table && (one.db.is_empty() || one.db == table.db) => {}
            Some(_) | None => {
                return Err(refused(format!(
                    "the file must hold the one statement that makes {table}, as SHOW CREATE TABLE prints it"
                )));
            }
        }
        let source = self.choose_source(Some(position))?;
        let server = &source.catalog.server;
        let definition = defined(text.trim().trim_end_matches(';'), table, server.flavor())
            .map_err(|doubt| refused(format!("the statement that makes {table}: {doubt}")))?;
        let columns = definition
            .version(wording(server))
            .map_err(|error| refused(format!("the statement that makes {table}: {error}")))?;
        let since = Position { file: at.clone(), ..position.clone() };
        let state = TableState::Proven { columns: Arc::new(columns), definition: Some(Arc::new(definition)) };
        Ok(SchemaRecord::given(since, state))
    }
}
