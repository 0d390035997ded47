//! Statements that change rows: which tables they may change.

use super::cursor::{Cursor, is_word};
use super::ir::Statement;
use super::lex::Token;
use crate::mysql::schema::TableName;

impl Cursor<'_, '_> {
    /// Behind INSERT and REPLACE.
    pub(super) fn insert(mut self) -> Statement {
        while self.take_any(&["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO"]) {}
        Statement::Rows(self.table().into_iter().collect())
    }

    /// Behind LOAD.
    pub(super) fn load(mut self) -> Statement {
        if self.take("INDEX") {
            return Statement::Irrelevant;
        }
        while let Some(token) = self.next() {
            if is_word(Some(token), "INTO") && self.take("TABLE") {
                return Statement::Rows(self.table().into_iter().collect());
            }
        }
        Statement::Rows(Vec::new())
    }

    /// Behind WITH: the statement that the common table expressions belong to.
    pub(super) fn with(mut self) -> Statement {
        let mut depth = 0_usize;
        while let Some(token) = self.next() {
            match token {
                Token::Sign('(') => depth += 1,
                Token::Sign(')') => depth = depth.saturating_sub(1),
                token if depth == 0 && is_word(Some(token), "UPDATE") => return self.rows_up_to("SET"),
                token if depth == 0 && is_word(Some(token), "DELETE") => return self.rows_up_to("WHERE"),
                token if depth == 0 && is_word(Some(token), "SELECT") => return Statement::Irrelevant,
                _ => {}
            }
        }
        Statement::Rows(Vec::new())
    }

    /// UPDATE and DELETE: every name in front of `end` that can be a table; among them are aliases and columns of joins.
    pub(super) fn rows_up_to(mut self, end: &str) -> Statement {
        let mut tables: Vec<TableName> = Vec::new();
        while !self.at(end) && self.peek().is_some() {
            match self.table() {
                Ok(table) if !tables.contains(&table) => tables.push(table),
                Ok(_) => {}
                Err(_) => drop(self.next()),
            }
        }
        Statement::Rows(tables)
    }
}
