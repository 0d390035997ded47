//! The tables that a task begins with, told as CREATE TABLE (the half `schema` of `start snapshot`).
//!
//! Guarantees: they are in the transaction that stores the first position, so that each is told once, and before any row.

use super::Life;
use crate::change::Origin;
use crate::mysql::ddl::{self, Outline};
use crate::mysql::ident::TableNameCase;
use crate::mysql::schema::{Followed, TableName};
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::ring::Definition;
use crate::source::mysql::io::shown_session;

impl Life {
    /// Sends what SHOW CREATE TABLE said of tables at the first position. What may not be sent, or cannot be written, is told in
    /// the log: nobody has changed anything that a consumer would miss.
    pub(in crate::run::task) fn send_creates(
        &mut self,
        creates: &[(TableName, String)],
        case: TableNameCase,
        now_ms: u64,
    ) -> Result<(), Failure> {
        let (session, flavor) = (shown_session(), self.source.flavor);
        for (table, text) in creates {
            let statement = ddl::parse(text.as_bytes(), &table.db, &session, flavor);
            let definition = Definition {
                effect: statement.effect(),
                statement,
                followed: Followed::default(),
                shown: ddl::shown(text.as_bytes(), &session, flavor).into(),
                outline: Outline::read(text.as_bytes(), &table.db, &session, flavor),
                case,
            };
            let outgoing = match self.outgoing(&definition) {
                Ok(outgoing) => outgoing,
                Err(failure) if failure.class == Class::Data => {
                    self.told(Event::warn(Name::SchemaWithheld, failure.text));
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            for (_, text) in outgoing.withheld {
                self.told(Event::info(Name::SchemaWithheld, text));
            }
            for mut message in outgoing.messages {
                // As when it was made: there was nothing before.
                message.before = None;
                self.send_message(&message, Origin::Snapshot, None, now_ms)?;
            }
        }
        Ok(())
    }
}
