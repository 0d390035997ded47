//! CREATE TABLE.

use super::cursor::{Cursor, Parsed, is_word};
use super::ir::{CreateBody, CreateTable, KeyDef, SequenceAction, Statement, TableBody};
use super::key::Element;
use super::lex::Token;
use super::notes::Note;
use super::option::Options;
use crate::mysql::ident::same_column;
use crate::mysql::schema::TableName;

/// What stands in front of the name.
#[derive(Clone, Copy, Default)]
pub(super) struct CreateHead {
    pub(super) or_replace: bool,
    pub(super) temporary: bool,
    pub(super) if_not_exists: bool,
}

impl Cursor<'_, '_> {
    /// Behind the name of a new table.
    pub(super) fn create_table(&mut self, table: TableName, head: CreateHead) -> Parsed<Statement> {
        let body = self.create_body()?;
        self.end()?;
        if head.temporary {
            return Ok(Statement::NoEffect);
        }
        let is_sequence = matches!(&body, CreateBody::Columns(body) if body.options.sequence);
        if is_sequence {
            let action = SequenceAction::Create { if_not_exists: head.if_not_exists };
            return Ok(Statement::Sequence { names: vec![table], action });
        }
        let CreateHead { or_replace, if_not_exists, temporary: _ } = head;
        Ok(Statement::CreateTable(CreateTable { table, if_not_exists, or_replace, body }))
    }

    fn create_body(&mut self) -> Parsed<CreateBody> {
        if self.take("LIKE") {
            return Ok(CreateBody::Like(self.table()?));
        }
        let mut body = TableBody::default();
        let in_parentheses = self.at_sign('(') && !self.at_query(1);
        if in_parentheses {
            self.next();
            if self.take("LIKE") {
                let table = self.table()?;
                self.expect_sign(')')?;
                return Ok(CreateBody::Like(table));
            }
            self.elements(&mut body)?;
        }
        let mut options = Options::default();
        loop {
            if self.table_option(&mut options)? {
                self.take_sign(',');
            } else {
                break;
            }
        }
        body.options = options.checked()?;
        if self.take_all(&["PARTITION", "BY"]) {
            self.partition_by()?;
        }
        if self.query()? {
            return Ok(CreateBody::Query);
        }
        if body.columns.is_empty() {
            // an engine of MariaDB may know the columns
            let discovers = !in_parentheses && (body.options.engine.is_some() || body.options.sequence);
            return match discovers {
                true if body.options.sequence => Ok(CreateBody::Columns(body)),
                true => Ok(CreateBody::Discovered),
                false => Err(self.unexpected("the columns")),
            };
        }
        Ok(CreateBody::Columns(body))
    }

    /// Behind the opening parenthesis.
    fn elements(&mut self, body: &mut TableBody) -> Parsed<()> {
        let mut default_words = Vec::new();
        let list = self.here();
        loop {
            let start = self.here();
            match self.element()? {
                Some(Element::Key(key)) => body.keys.push(key),
                Some(Element::Check) => {}
                Some(Element::SystemTime(start, end)) => body.system_time = Some((start, end)),
                Some(Element::Period(start, end)) => body.period = Some((start, end)),
                None => {
                    let defined = self.column_def()?;
                    default_words.extend(defined.default_word);
                    body.columns.push(defined.column);
                    body.keys.extend(defined.keys);
                }
            }
            self.note(start, || Note::Part { list });
            if !self.take_sign(',') {
                break;
            }
        }
        let is_column = |word: &String| body.columns.iter().any(|column| same_column(&column.name, word));
        if let Some(word) = default_words.iter().find(|word| !is_column(word)) {
            return Err(format!("the default `{word}` is neither a value nor a column"));
        }
        self.expect_sign(')')
    }

    /// Whether a query begins `ahead` of here.
    fn at_query(&self, mut ahead: usize) -> bool {
        while self.peek_at(ahead) == Some(Token::Sign('(')) {
            ahead += 1;
        }
        let next = self.peek_at(ahead + 1);
        let is = |word: &str| is_word(self.peek_at(ahead), word);
        is("SELECT")
            || is("VALUES") && (is_word(next, "ROW") || next == Some(Token::Sign('(')))
            || is("TABLE") && matches!(next, Some(Token::Word(_) | Token::Name(..)))
            || is("WITH") && self.at_table_expression(ahead + 1)
    }

    /// Whether `[RECURSIVE] name AS` or `[RECURSIVE] name (` stands `ahead` of here.
    fn at_table_expression(&self, ahead: usize) -> bool {
        let ahead = ahead + usize::from(is_word(self.peek_at(ahead), "RECURSIVE"));
        is_word(self.peek_at(ahead + 1), "AS") || self.peek_at(ahead + 1) == Some(Token::Sign('('))
    }

    /// `[IGNORE|REPLACE] [AS] query`: what it selects is not looked at.
    fn query(&mut self) -> Parsed<bool> {
        let announced = self.take_any(&["IGNORE", "REPLACE"]) | self.take("AS");
        let start = self.here();
        if !self.at_query(0) {
            return if announced { Err(self.unexpected("a query")) } else { Ok(false) };
        }
        while !self.at_end() {
            if self.at_sign('(') {
                self.query_group()?;
            } else if self.at_sign(')') {
                return Err(self.unexpected("the end"));
            } else {
                self.next();
            }
        }
        self.note(start, || Note::Query);
        Ok(true)
    }

    /// A group of a query, in which anything may stand.
    fn query_group(&mut self) -> Parsed<()> {
        let mut depth = 0_usize;
        loop {
            if self.at_sign('(') {
                depth += 1;
            } else if self.at_sign(')') {
                depth -= 1;
            }
            if self.next().is_none() {
                return Err("a parenthesis is not closed".to_owned());
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Keys and columns of `ADD (…)`, handed on one by one.
    pub(super) fn added_elements(&mut self) -> Parsed<(Vec<super::ir::ColumnDef>, Vec<KeyDef>)> {
        let mut body = TableBody::default();
        self.elements(&mut body)?;
        Ok((body.columns, body.keys))
    }
}
