//! CREATE DATABASE, ALTER DATABASE and DROP DATABASE.

use super::cursor::{Cursor, Parsed};
use super::ir::{CharsetClause, CreateDatabase, Statement};
use super::notes::Note;

impl Cursor<'_, '_> {
    /// Behind the name of the statement.
    pub(super) fn create_database(&mut self, or_replace: bool) -> Parsed<Statement> {
        let if_not_exists = self.if_not_exists();
        let name = self.database()?;
        let charset = self.database_options()?;
        Ok(Statement::CreateDatabase(CreateDatabase { name, if_not_exists, or_replace, charset }))
    }

    /// Behind the name of the statement.
    pub(super) fn alter_database(&mut self) -> Parsed<Statement> {
        // CHARSET and what else begins an option may be the name of a database, if an option follows
        let mut without_name = *self;
        if let Some(db) = self.db
            && !without_name.at_end()
            && let Ok(charset) = without_name.database_options()
        {
            return Ok(Statement::AlterDatabase { name: db.to_owned(), charset });
        }
        let name = self.database()?;
        if self.take_all(&["UPGRADE", "DATA", "DIRECTORY", "NAME"]) {
            return self.end().map(|()| Statement::NoEffect);
        }
        if self.at_end() {
            return Err(self.unexpected("an option of a database"));
        }
        let charset = self.database_options()?;
        Ok(Statement::AlterDatabase { name, charset })
    }

    /// Options of a database to the end.
    fn database_options(&mut self) -> Parsed<CharsetClause> {
        let mut charset = CharsetClause::default();
        while !self.at_end() {
            if self.default_charset(&mut charset)? {
                continue;
            }
            self.take("DEFAULT");
            if self.take_any(&["ENCRYPTION", "COMMENT"]) {
                self.take_sign('=');
                self.text()?;
            } else {
                self.expect("READ")?;
                self.expect("ONLY")?;
                self.take_sign('=');
                if !self.take("DEFAULT") {
                    self.number()?;
                }
            }
        }
        Ok(charset)
    }

    /// Behind the name of the statement.
    pub(super) fn drop_database(&mut self) -> Parsed<Statement> {
        let _ = self.if_exists();
        let name = self.database()?;
        self.end()?;
        Ok(Statement::DropDatabase(name))
    }

    fn database(&mut self) -> Parsed<String> {
        let start = self.here();
        let name = self.name()?;
        self.note(start, || Note::Database(name.clone()));
        Ok(name)
    }
}
