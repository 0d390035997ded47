//! A statement with the places of its names, so that it can be written with others.
//!
//! Guarantees: what comes out is the text as it was, but for names that are others in messages, and for parts that are left
//! out as a whole; where a name cannot be told from something else, nothing comes out.
//! Does not: know which names are others, or what is selected (see [`Names`]).

use super::cursor::Cursor;
use super::ir::Statement;
use super::lex::{Token, name, placed_tokens};
use super::notes::{Action, Note, Notes};
use super::parse::{decode, dialect, statement};
use super::reserved::is_reserved;
use crate::mysql::binlog::query::Session;
use crate::mysql::ident::Quoted;
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;
use std::ops::Range;

/// A statement that was understood.
#[derive(Debug, Clone)]
pub struct Outline {
    text: String,
    /// Where the tokens stand.
    places: Vec<Range<usize>>,
    /// What they are, as far as names go.
    kinds: Vec<Kind>,
    notes: Vec<(Range<usize>, Note)>,
    lists_tables: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Name(u8),
    Point,
    Open,
    Other,
}

/// The names of one statement in messages.
pub trait Names {
    /// Database in which names without one stand, as in the message.
    fn home(&self) -> &str;
    /// A table, whether it is selected or not.
    fn table(&self, table: &TableName) -> TableName;
    /// A database.
    fn database(&self, db: &str) -> String;
    /// Whether a table of DROP TABLE, or a pair of RENAME TABLE, is sent; by its number in the list.
    fn keeps(&self, number: usize) -> bool;
    /// Whether the table that the statement is about has this column, before or behind it.
    fn has_column(&self, column: &str) -> bool;
    /// A column of that table.
    fn column(&self, column: &str) -> ColumnName;
    /// A column of another table.
    fn foreign_column(&self, table: &TableName, column: &str) -> ColumnName;
}

/// A column in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnName {
    /// It is sent by this name.
    Sent {
        /// The name.
        name: String,
        /// Its values are masked.
        masked: bool,
    },
    /// It is not sent.
    LeftOut,
}

/// Why a statement cannot be written with other names. Names columns and tables, no values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// A word that may be a renamed column, or a word of the language.
    #[error("`{0}` may be a renamed column or a word of SQL; quote it in the statement")]
    Word(String),
    /// An expression needs a column that is not sent.
    #[error("an expression needs the column `{0}`, which is not sent")]
    LeftOut(String),
    /// A column gets another name, and only one of the two is sent.
    #[error("a column is renamed, and only one of its two names is sent: `{0}`")]
    HalfSent(String),
    /// Names with others in front of them.
    #[error("a column stands with its table in front, which has another name in messages")]
    Qualified,
    /// The columns come from a query.
    #[error("its columns come from a query")]
    Query,
    /// A part that is left out begins or ends inside of a comment that is code.
    #[error("what is left out of it begins or ends inside of a comment that holds code")]
    Comment,
}

/// A statement with the names of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its text.
    pub sql: String,
    /// The part of it that is a list: what ALTER TABLE does, the tables of DROP TABLE; empty where there is none.
    pub list: String,
    /// What it does, action by action, without what is left out; empty where it is no ALTER TABLE and about no index.
    pub actions: Vec<Vec<Action>>,
    /// The tables of DROP TABLE and the pairs of RENAME TABLE that stayed, by number.
    pub kept: Vec<usize>,
}

impl Outline {
    /// Takes a statement apart; arguments as of [`parse`](super::parse()). None for one that is not understood, or that is about
    /// no table and no database.
    pub fn read(sql: &[u8], db: &str, session: &Session, flavor: Flavor) -> Option<Outline> {
        let mut scratch = String::new();
        let (text, certain) = decode(sql, session, flavor, &mut scratch);
        if !certain {
            return None;
        }
        let (tokens, places) = placed_tokens(text, dialect(session, flavor))?;
        let notes = Notes::default();
        let cursor = Cursor::new(&tokens, Some(db).filter(|db| !db.is_empty()))
            .in_dialect(dialect(session, flavor))
            .noting(&notes);
        let lists_tables = match statement(cursor) {
            Statement::DropTables(_) | Statement::RenameTables(_) => true,
            Statement::CreateTable(_)
            | Statement::AlterTable(_)
            | Statement::Truncate(_)
            | Statement::CreateDatabase(_)
            | Statement::AlterDatabase { .. }
            | Statement::DropDatabase(_) => false,
            Statement::Sequence { .. }
            | Statement::Transaction(_)
            | Statement::Rows(_)
            | Statement::NoEffect
            | Statement::Irrelevant
            | Statement::NotUnderstood(_) => return None,
        };
        let kinds = tokens.iter().map(|token| match token {
            Token::Word(_) => Kind::Word,
            Token::Name(_, quote) => Kind::Name(*quote),
            Token::Sign('.') => Kind::Point,
            Token::Sign('(') => Kind::Open,
            Token::Sign(_) | Token::Number(_) | Token::Text(..) | Token::Hex(_) | Token::Bits(_) => {
                Kind::Other
            }
        });
        let kinds = kinds.collect();
        Some(Outline { text: text.to_owned(), places, kinds, notes: notes.into_vec(), lists_tables })
    }

    /// What it does, action by action; empty where it is no ALTER TABLE and about no index.
    pub fn actions(&self) -> Vec<Vec<Action>> {
        self.actions_without(&[])
    }

    /// A statement of its own about an index.
    pub fn is_about_index(&self) -> bool {
        self.notes.iter().any(|(_, note)| matches!(note, Note::Does(_))) && !self.begins_with("alter")
    }

    fn begins_with(&self, word: &str) -> bool {
        let first = self.places.get(self.start()).map(|place| &self.text[place.clone()]);
        first.is_some_and(|first| first.eq_ignore_ascii_case(word))
    }

    /// The statement with other names. None when nothing of it is left.
    ///
    /// # Errors
    /// Where a name cannot be told from something else.
    pub fn written(&self, names: &dyn Names) -> Result<Option<Written>, Unclear> {
        Writer { outline: self, names, edits: Vec::new(), dropped: Vec::new() }.write()
    }

    fn parts(&self) -> impl Iterator<Item = (&Range<usize>, usize)> {
        self.notes.iter().filter_map(|(tokens, note)| match note {
            Note::Part { list } => Some((tokens, *list)),
            _ => None,
        })
    }

    fn actions_without(&self, dropped: &[Range<usize>]) -> Vec<Vec<Action>> {
        let mut all: Vec<(Range<usize>, Vec<Action>)> = Vec::new();
        for (tokens, note) in &self.notes {
            let Note::Does(action) = note else { continue };
            if dropped.iter().any(|gone| holds(gone, tokens)) {
                continue;
            }
            let part = self.parts().map(|(part, _)| part).find(|part| holds(part, tokens));
            let part = part.unwrap_or(tokens).clone();
            match all.last_mut() {
                Some((last, actions)) if *last == part => actions.push(*action),
                Some(_) | None => all.push((part, vec![*action])),
            }
        }
        let named: Vec<Range<usize>> = all.iter().map(|(part, _)| part.clone()).collect();
        let rest = self.parts().map(|(part, _)| part);
        let silent = rest.filter(|part| !self.lists_tables && !self.is_inner(part) && !named.contains(part));
        all.extend(
            silent.filter(|part| !dropped.contains(part)).map(|part| (part.clone(), vec![Action::Other])),
        );
        if !self.is_alter() {
            return Vec::new();
        }
        all.sort_by_key(|(part, _)| part.start);
        all.into_iter().map(|(_, actions)| actions).collect()
    }

    /// A part inside of another part.
    fn is_inner(&self, part: &Range<usize>) -> bool {
        self.parts().any(|(other, _)| other != part && holds(other, part))
    }

    /// ALTER TABLE, or a statement about an index.
    fn is_alter(&self) -> bool {
        self.begins_with("alter") || self.notes.iter().any(|(_, note)| matches!(note, Note::Does(_)))
    }

    /// First token of the statement itself.
    fn start(&self) -> usize {
        let prefix = self.notes.iter().find(|(_, note)| *note == Note::Prefix);
        prefix.map_or(0, |(tokens, _)| tokens.end)
    }

    /// The name that a token is.
    fn name_of(&self, token: usize) -> Option<String> {
        let text = &self.text[self.places[token].clone()];
        match self.kinds[token] {
            Kind::Word => Some(text.to_owned()),
            Kind::Name(quote) => Some(name(&text[1..text.len() - 1], quote).into_owned()),
            Kind::Point | Kind::Open | Kind::Other => None,
        }
    }
}

fn holds(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// One writing of a statement.
struct Writer<'o> {
    outline: &'o Outline,
    names: &'o dyn Names,
    /// Bytes and what stands in their place.
    edits: Vec<(Range<usize>, String)>,
    /// Parts that are left out.
    dropped: Vec<Range<usize>>,
}

impl Writer<'_> {
    fn write(mut self) -> Result<Option<Written>, Unclear> {
        self.drop_parts()?;
        let Some(kept) = self.cut_lists()? else { return Ok(None) };
        for (tokens, note) in &self.outline.notes {
            if !self.is_dropped(tokens) {
                self.edit(tokens, note)?;
            }
        }
        let start = self.outline.start();
        if start > 0 {
            let end = self.outline.places.get(start).map_or(self.outline.text.len(), |place| place.start);
            self.edits.push((0..end, String::new()));
        }
        let actions = self.outline.actions_without(&self.dropped);
        self.edits.sort_by_key(|(bytes, _)| (bytes.start, std::cmp::Reverse(bytes.end)));
        let list = self.outermost().map(|bytes| self.text(bytes)).unwrap_or_default();
        Ok(Some(Written { sql: self.text(0..self.outline.text.len()), list, actions, kept }))
    }

    fn is_dropped(&self, tokens: &Range<usize>) -> bool {
        self.dropped.iter().any(|gone| holds(gone, tokens))
    }

    /// Notes inside of a part that are not inside of an inner one.
    fn inside(&self, part: &Range<usize>) -> impl Iterator<Item = &(Range<usize>, Note)> {
        let inner: Vec<&Range<usize>> = self
            .outline
            .parts()
            .map(|(other, _)| other)
            .filter(|other| *other != part && holds(part, other))
            .collect();
        let own = move |tokens: &Range<usize>| !inner.iter().any(|inner| holds(inner, tokens));
        let part = part.clone();
        self.outline.notes.iter().filter(move |(tokens, _)| holds(&part, tokens) && own(tokens))
    }

    /// Finds the parts that are left out, inner ones first.
    fn drop_parts(&mut self) -> Result<(), Unclear> {
        let mut parts: Vec<Range<usize>> = self.outline.parts().map(|(part, _)| part.clone()).collect();
        parts.sort_by_key(|part| part.len());
        for part in parts {
            let inner: Vec<&Range<usize>> = self
                .outline
                .parts()
                .map(|(other, _)| other)
                .filter(|other| **other != part && holds(&part, other))
                .collect();
            let emptied = !inner.is_empty() && inner.iter().all(|inner| self.dropped.contains(inner));
            if emptied || self.leaves_out(&part)? {
                self.dropped.push(part);
            }
        }
        Ok(())
    }

    fn leaves_out(&self, part: &Range<usize>) -> Result<bool, Unclear> {
        if self.outline.lists_tables {
            let number = self.outline.parts().take_while(|(other, _)| *other != part).count();
            return Ok(!self.names.keeps(number));
        }
        let places: Vec<&Range<usize>> =
            self.inside(part).filter(|(_, note)| *note == Note::Place).map(|(tokens, _)| tokens).collect();
        let columns: Vec<(&Range<usize>, &String)> = self
            .inside(part)
            .filter_map(|(tokens, note)| match note {
                Note::Column { name } => Some((tokens, name)),
                _ => None,
            })
            .filter(|(tokens, _)| !places.iter().any(|place| holds(place, tokens)))
            .collect();
        let Some((_, first)) = columns.first() else { return Ok(false) };
        let is_out = |name: &str| self.names.column(name) == ColumnName::LeftOut;
        let n_out = columns.iter().filter(|(_, name)| is_out(name)).count();
        let does = |action: Action| self.inside(part).any(|(_, note)| *note == Note::Does(action));
        if n_out == columns.len() {
            return Ok(true);
        }
        if n_out > 0 {
            // A key over a column that is not sent is none of the table as it is sent.
            return if does(Action::RenameColumn) {
                Err(Unclear::HalfSent((*first).clone()))
            } else {
                Ok(true)
            };
        }
        // A default that is set is a value of the column.
        let sets_default = self.inside(part).any(|(tokens, note)| {
            *note == Note::Default
                && self.outline.name_of(tokens.start).is_some_and(|word| word.eq_ignore_ascii_case("SET"))
        });
        Ok(sets_default && self.is_masked(first))
    }

    fn is_masked(&self, column: &str) -> bool {
        matches!(self.names.column(column), ColumnName::Sent { masked: true, .. })
    }

    /// Takes dropped parts out of their lists. The numbers of the parts that stay, of the outermost list; none when it is empty.
    fn cut_lists(&mut self) -> Result<Option<Vec<usize>>, Unclear> {
        let mut lists: Vec<usize> = self.outline.parts().map(|(_, list)| list).collect();
        lists.dedup();
        lists.sort_unstable();
        lists.dedup();
        let mut outermost = Vec::new();
        for (depth, list) in lists.into_iter().enumerate() {
            let all = self.outline.parts().filter(|(_, of)| *of == list).map(|(part, _)| part.clone());
            let parts: Vec<Range<usize>> = all.collect();
            let kept: Vec<usize> = (0..parts.len()).filter(|&n| !self.dropped.contains(&parts[n])).collect();
            if depth == 0 && kept.is_empty() {
                return Ok(None);
            }
            let is_in_dropped = kept.is_empty();
            let mut at = 0;
            for &n in kept.iter().filter(|_| !is_in_dropped) {
                if n > at {
                    self.cut(self.byte(parts[at].start)..self.byte(parts[n].start))?;
                }
                at = n + 1;
            }
            if at > 0 && at < parts.len() {
                self.cut(self.end(&parts[at - 1])..self.end(&parts[parts.len() - 1]))?;
            }
            if depth == 0 {
                outermost = kept;
            }
        }
        Ok(Some(outermost))
    }

    fn byte(&self, token: usize) -> usize {
        self.outline.places[token].start
    }

    fn end(&self, tokens: &Range<usize>) -> usize {
        self.outline.places[tokens.end - 1].end
    }

    fn bytes(&self, tokens: &Range<usize>) -> Range<usize> {
        self.byte(tokens.start)..self.end(tokens)
    }

    /// Takes bytes out. Comments that are code begin and end outside of them, or inside.
    fn cut(&mut self, bytes: Range<usize>) -> Result<(), Unclear> {
        let mut gaps = String::new();
        let mut at = bytes.start;
        for place in
            self.outline.places.iter().filter(|place| bytes.start <= place.start && place.end <= bytes.end)
        {
            gaps.push_str(&self.outline.text[at.min(place.start)..place.start]);
            gaps.push(' ');
            at = place.end;
        }
        gaps.push_str(&self.outline.text[at.min(bytes.end)..bytes.end]);
        if gaps.matches("/*").count() != gaps.matches("*/").count() {
            return Err(Unclear::Comment);
        }
        self.edits.push((bytes, String::new()));
        Ok(())
    }

    fn edit(&mut self, tokens: &Range<usize>, note: &Note) -> Result<(), Unclear> {
        match note {
            Note::Table { name, qualified } => {
                let new = self.names.table(name);
                let stays = new.table == name.table
                    && if *qualified { new.db == name.db } else { new.db == self.names.home() };
                if !stays {
                    let at_home = !*qualified && new.db == self.names.home();
                    let table = Quoted(&new.table);
                    let text =
                        if at_home { table.to_string() } else { format!("{}.{table}", Quoted(&new.db)) };
                    self.edits.push((self.bytes(tokens), text));
                }
            }
            Note::Database(name) => {
                let new = self.names.database(name);
                if new != *name {
                    self.edits.push((self.bytes(tokens), Quoted(&new).to_string()));
                }
            }
            Note::Column { name } => self.rename(tokens, name, &self.names.column(name)),
            Note::ForeignColumn { table: Some(table), name } => {
                self.rename(tokens, name, &self.names.foreign_column(table, name));
            }
            Note::Qualified => {
                let renamed = self.outline.notes.iter().any(|(_, note)| match note {
                    Note::Table { name, .. } => self.names.table(name) != *name,
                    _ => false,
                });
                if renamed {
                    return Err(Unclear::Qualified);
                }
            }
            Note::Expression => self.expression(tokens)?,
            Note::Place => {
                let out = |tokens: &Range<usize>, note: &Note| match note {
                    Note::Column { name } => {
                        tokens.len() == 1 && self.names.column(name) == ColumnName::LeftOut
                    }
                    _ => false,
                };
                let behind = self.outline.notes.iter().any(|(at, note)| holds(tokens, at) && out(at, note));
                if behind {
                    self.cut(self.bytes(tokens))?;
                }
            }
            Note::Default => {
                let part = self
                    .outline
                    .parts()
                    .map(|(part, _)| part)
                    .filter(|part| holds(part, tokens))
                    .min_by_key(|part| part.len());
                let subject = part.and_then(|part| {
                    self.outline.notes.iter().find_map(|(at, note)| match note {
                        Note::Column { name } if holds(part, at) => Some(name),
                        _ => None,
                    })
                });
                if subject.is_some_and(|subject| self.is_masked(subject)) {
                    self.cut(self.bytes(tokens))?;
                }
            }
            Note::Query => return Err(Unclear::Query),
            Note::ForeignColumn { table: None, .. } | Note::Part { .. } | Note::Does(_) | Note::Prefix => {}
        }
        Ok(())
    }

    fn rename(&mut self, tokens: &Range<usize>, name: &str, new: &ColumnName) {
        if let ColumnName::Sent { name: new, .. } = new
            && new != name
        {
            self.edits.push((self.bytes(tokens), Quoted(new).to_string()));
        }
    }

    /// Renames columns in an expression, where everything else may stand, too.
    fn expression(&mut self, tokens: &Range<usize>) -> Result<(), Unclear> {
        let kind = |token: usize| self.outline.kinds.get(token).copied();
        let mut found = Vec::new();
        for token in tokens.clone() {
            let Some(name) = self.outline.name_of(token) else { continue };
            let bare = kind(token) == Some(Kind::Word);
            let calls = bare && kind(token + 1) == Some(Kind::Open);
            let qualifies = kind(token + 1) == Some(Kind::Point);
            if calls || qualifies || bare && is_reserved(&name) || !self.names.has_column(&name) {
                continue;
            }
            match self.names.column(&name) {
                ColumnName::LeftOut => return Err(Unclear::LeftOut(name)),
                ColumnName::Sent { name: new, .. } if new == name => {}
                ColumnName::Sent { .. } if bare && is_word_of_expressions(&name) => {
                    return Err(Unclear::Word(name));
                }
                new @ ColumnName::Sent { .. } => found.push((token..token + 1, name, new)),
            }
        }
        for (tokens, name, new) in found {
            self.rename(&tokens, &name, &new);
        }
        Ok(())
    }

    /// Bytes of the outermost list.
    fn outermost(&self) -> Option<Range<usize>> {
        let list = self.outline.parts().map(|(_, list)| list).min()?;
        let parts: Vec<&Range<usize>> =
            self.outline.parts().filter(|(_, of)| *of == list).map(|(part, _)| part).collect();
        Some(self.byte(parts.first()?.start)..self.end(parts.last()?))
    }

    /// Some of the text with all edits, which are in order; one inside of another counts for nothing.
    fn text(&self, all: Range<usize>) -> String {
        let text = &self.outline.text[..all.end];
        let (mut out, mut at) = (String::with_capacity(all.len()), all.start);
        for (bytes, new) in self.edits.iter().filter(|(bytes, _)| bytes.end <= all.end) {
            if bytes.start < at {
                continue;
            }
            out.push_str(&text[at..bytes.start]);
            out.push_str(new);
            at = bytes.end;
        }
        out.push_str(&text[at..]);
        out.trim().to_owned()
    }
}

/// Words that are names of columns without quotes, and mean something in expressions as well.
fn is_word_of_expressions(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "ASCII",
        "BINARY",
        "CHARSET",
        "DATE",
        "DATETIME",
        "DAY",
        "END",
        "ESCAPE",
        "HOUR",
        "JSON",
        "MICROSECOND",
        "MINUTE",
        "MONTH",
        "QUARTER",
        "SECOND",
        "SIGNED",
        "TIME",
        "TIMESTAMP",
        "UNICODE",
        "WEEK",
        "YEAR",
    ];
    WORDS.iter().any(|one| one.eq_ignore_ascii_case(word))
}

#[cfg(test)]
#[path = "outline_tests.rs"]
mod tests;
