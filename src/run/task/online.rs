//! Schema changes that a tool makes on a copy of a table: what it did to the copy is sent when the copy takes the table's place.
//!
//! Kept in the state, in the names of messages: a change that began before the task went on reading the log, or under other
//! files, is not known, and is told as withheld instead of sent in half.

use crate::checkpoint::OnlineRecord;
use crate::mysql::ddl::Action;
use crate::mysql::ident::Quoted;

/// The text of an ALTER TABLE, and what it does, action by action.
type Altered = (String, Vec<Vec<Action>>);

/// What was done to a copy of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Online {
    /// These actions, with the names of messages.
    Did {
        /// Their texts.
        lists: Vec<String>,
        /// What they do.
        actions: Vec<Vec<Action>>,
    },
    /// Something that cannot be written, and why.
    Unclear(String),
}

impl Online {
    /// A copy that was just made.
    pub(super) fn fresh() -> Online {
        Online::Did { lists: Vec::new(), actions: Vec::new() }
    }

    /// What the state says, for a task under the plan of this generation.
    pub(super) fn of_record(record: &OnlineRecord, generation: u64) -> Online {
        match &record.unclear {
            Some(why) => Online::Unclear(why.clone()),
            None if record.generation != generation && !record.lists.is_empty() => {
                Online::Unclear("the files were changed while a tool worked on it".to_owned())
            }
            None => Online::Did { lists: record.lists.clone(), actions: record.actions.clone() },
        }
    }

    /// What the state is to say.
    pub(super) fn record(&self, generation: u64) -> OnlineRecord {
        match self {
            Online::Did { lists, actions } => {
                OnlineRecord { generation, lists: lists.clone(), actions: actions.clone(), unclear: None }
            }
            Online::Unclear(why) => {
                OnlineRecord { generation, unclear: Some(why.clone()), ..OnlineRecord::default() }
            }
        }
    }

    /// The copy was altered.
    pub(super) fn alter(&mut self, list: String, does: Vec<Vec<Action>>) {
        if let Online::Did { lists, actions } = self {
            lists.push(list);
            actions.extend(does);
        }
    }

    /// One ALTER TABLE that does all of it to a table; none when nothing was done.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub(super) fn statement(&self, table: &str) -> Result<Option<Altered>, String> {
        match self {
            Online::Unclear(why) => Err(why.clone()),
            Online::Did { lists, .. } if lists.is_empty() => Ok(None),
            Online::Did { lists, actions } => {
                Ok(Some((format!("ALTER TABLE {} {}", Quoted(table), lists.join(", ")), actions.clone())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_of_many() {
        let mut online = Online::fresh();
        assert_eq!(online.statement("t"), Ok(None));
        online.alter("add a int".into(), vec![vec![Action::AddColumn]]);
        online.alter("drop b, drop c".into(), vec![vec![Action::DropColumn]; 2]);
        let (sql, actions) = online.statement("t`1").expect("clear").expect("something");
        assert_eq!(sql, "ALTER TABLE `t``1` add a int, drop b, drop c");
        assert_eq!(actions.concat(), [Action::AddColumn, Action::DropColumn, Action::DropColumn]);
        assert_eq!(Online::of_record(&online.record(3), 3), online);
        assert!(Online::of_record(&online.record(3), 4).statement("t").is_err(), "other files, other names");
        assert_eq!(Online::Unclear("why".into()).statement("t"), Err("why".to_owned()));
    }
}
