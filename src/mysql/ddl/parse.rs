//! Bytes of a statement → what it says.
//!
//! Decodes with the client's character set first (a second byte may look like a quote), then reads tokens as the modes of
//! the session say, then the head. Tolerant inside of what is known: expressions, comments, partitions and options of
//! storage are passed over. An unknown head, action, attribute or option is never passed over: the statement is not
//! understood then.

use super::author::{Author, author};
use super::create::CreateHead;
use super::cursor::{Cursor, Parsed, is_word, shortened};
use super::effect::{DdlEffect, TableDdl};
use super::ir::{KeyKind, NotUnderstood, Renaming, SequenceAction, Statement, Transaction};
use super::lex::{self, Dialect, Token, tokens};
use super::notes::Note;
use crate::mysql::binlog::query::{MODE_ANSI_QUOTES, MODE_NO_BACKSLASH_ESCAPES, MODE_ORACLE, Session};
use crate::mysql::charset::collation;
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;

/// Reads a statement of the log.
///
/// `sql` is in the client's character set, which `session` tells with the modes that decide about quotes; `db` is the
/// default database, empty without one. Never fails: what is not understood says so.
pub fn parse(sql: &[u8], db: &str, session: &Session, flavor: Flavor) -> Statement {
    let dialect = dialect(session, flavor);
    let mut scratch = String::new();
    let (text, certain) = decode(sql, session, flavor, &mut scratch);
    let unclosed = "a quote or a comment is not closed";
    let statement = match tokens(text, dialect) {
        Some(tokens) => {
            let db_of_session = Some(db).filter(|db| !db.is_empty());
            let mut statement = statement(Cursor::new(&tokens, db_of_session).in_dialect(dialect));
            if author(sql, session, flavor) == Author::Either {
                let printed = std::str::from_utf8(sql).ok().and_then(|text| self::tokens(text, dialect));
                let meant =
                    |tokens: Vec<_>| self::statement(Cursor::new(&tokens, db_of_session).in_dialect(dialect));
                // Most often it is a comment that the two read differently.
                if printed.is_none_or(|tokens| meant(tokens) != statement) {
                    statement = doubtful(statement);
                }
            }
            if let Statement::NotUnderstood(not) = &mut statement {
                not.databases = Some(named_databases(&tokens, db));
            }
            statement
        }
        // A sign that was read wrongly may have closed a quote, but not in front of the head.
        None => head_only(text, dialect).unwrap_or_else(|| unknown(unclosed.to_owned())),
    };
    let nameless = matches!(statement.effect(), DdlEffect::Nothing | DdlEffect::Transaction(_));
    if !nameless && !certain {
        return unknown("its text does not fit the character set of the client".to_owned());
    }
    statement
}

/// A statement whose names may be other ones, if it makes a table.
fn doubtful(statement: Statement) -> Statement {
    let Statement::CreateTable(create) = statement else { return statement };
    let is_certain = create.table.table.is_ascii() && create.table.db.is_ascii();
    Statement::NotUnderstood(NotUnderstood {
        tables: if is_certain { vec![create.table] } else { Vec::new() },
        databases: None,
        kind: TableDdl::Create,
        reason: "its text may be the server's, and then in UTF-8, or the client's".to_owned(),
    })
}

/// How the session's text is read.
pub(super) fn dialect(session: &Session, flavor: Flavor) -> Dialect {
    let mode = session.sql_mode.unwrap_or(0);
    Dialect {
        ansi_quotes: mode & MODE_ANSI_QUOTES != 0,
        plain_backslash: mode & MODE_NO_BACKSLASH_ESCAPES != 0,
        oracle: flavor == Flavor::MariaDb && mode & MODE_ORACLE != 0,
        flavor,
    }
}

/// The text of a statement, and whether its quotes are certain to be where they seem to be.
pub(super) fn decode<'t>(
    sql: &'t [u8],
    session: &Session,
    flavor: Flavor,
    scratch: &'t mut String,
) -> (&'t str, bool) {
    if author(sql, session, flavor) == Author::Server
        && let Ok(text) = std::str::from_utf8(sql)
    {
        return (text, true);
    }
    let charset = session.client_collation.and_then(|id| collation(id, flavor).ok()).map(|one| one.charset);
    match (charset, std::str::from_utf8(sql)) {
        (Some(charset), _) => {
            let text = charset.to_utf8(sql, scratch);
            // where a character has several bytes and ASCII among them, a broken one may have eaten a quote
            let ascii_inside = charset.max_char_bytes() > 1 && !charset.name().starts_with("utf8");
            (text.text, text.broken == 0 || !ascii_inside)
        }
        // no character set is known: ASCII is the same in all that a client can use
        (None, Ok(text)) => (text, text.is_ascii()),
        (None, Err(_)) => {
            scratch.extend(sql.iter().map(|&byte| char::from(byte)));
            (scratch.as_str(), false)
        }
    }
}

/// A statement whose strings cannot be read, as account statements with raw hashes.
fn head_only(text: &str, dialect: Dialect) -> Option<Statement> {
    let end = text.find(['\'', '"', '`'])?;
    let tokens = tokens(&text[..end], dialect)?;
    Some(statement(Cursor::new(&tokens, None))).filter(|statement| *statement == Statement::Irrelevant)
}

fn unknown(reason: String) -> Statement {
    not_understood(Vec::new(), TableDdl::Alter, reason)
}

fn not_understood(tables: Vec<TableName>, kind: TableDdl, reason: String) -> Statement {
    Statement::NotUnderstood(NotUnderstood { tables, databases: None, kind, reason })
}

/// Every name in front of a point may be a database, and the default one is.
fn named_databases(tokens: &[Token<'_>], db: &str) -> Vec<String> {
    let pairs = tokens.windows(2).filter(|pair| pair[1] == Token::Sign('.'));
    let named = pairs.filter_map(|pair| match pair[0] {
        Token::Word(word) => Some(word.to_owned()),
        Token::Name(raw, quote) => Some(lex::name(raw, quote).into_owned()),
        _ => None,
    });
    let mut databases: Vec<String> = named.chain([db.to_owned()]).filter(|db| !db.is_empty()).collect();
    databases.sort();
    databases.dedup();
    databases
}

/// Statements about rights, upkeep, replication and sessions, and those that only read: none changes columns or rows.
const IRRELEVANT: &[&str] = &[
    "ANALYZE",
    "BACKUP",
    "BINLOG",
    "CACHE",
    "CALL",
    "CHANGE",
    "CHECK",
    "CHECKSUM",
    "CLONE",
    "DEALLOCATE",
    "DESC",
    "DESCRIBE",
    "DO",
    "EXECUTE",
    "EXPLAIN",
    "FLUSH",
    "GET",
    "GRANT",
    "HANDLER",
    "HELP",
    "INSTALL",
    "KILL",
    "LOCK",
    "OPTIMIZE",
    "PREPARE",
    "PURGE",
    "RELEASE",
    "REPAIR",
    "RESET",
    "RESTART",
    "REVOKE",
    "SET",
    "SHOW",
    "SHUTDOWN",
    "SIGNAL",
    "RESIGNAL",
    "START",
    "STOP",
    "TABLE",
    "UNINSTALL",
    "UNLOCK",
    "USE",
    "VALUES",
];

/// Reads a statement from its head.
pub(super) fn statement(mut cursor: Cursor<'_, '_>) -> Statement {
    // MariaDB keeps what holds for one statement in front of it
    while cursor.take_all(&["SET", "STATEMENT"]) {
        loop {
            match cursor.next() {
                None => return unknown("`SET STATEMENT` is not followed by `FOR`".to_owned()),
                token if is_word(token, "FOR") => break,
                Some(_) => {}
            }
        }
    }
    if cursor.here() > 0 {
        cursor.note(0, || Note::Prefix);
    }
    while cursor.take_sign('(') {}
    if cursor.at_end() {
        return Statement::Irrelevant;
    }
    let head = cursor.word().unwrap_or_default();
    let parsed = match head.as_str() {
        "BEGIN" => {
            cursor.take("WORK");
            cursor.end().map(|()| Statement::Transaction(Transaction::Begin))
        }
        "START" if cursor.take("TRANSACTION") => Ok(Statement::Transaction(Transaction::Begin)),
        "COMMIT" => Ok(Statement::Transaction(Transaction::Commit)),
        "ROLLBACK" => {
            cursor.take("WORK");
            let to = cursor.take("TO");
            Ok(Statement::Transaction(if to { Transaction::RollbackTo } else { Transaction::Rollback }))
        }
        "SAVEPOINT" => Ok(Statement::Transaction(Transaction::Savepoint)),
        "XA" => cursor.xa(),
        "CREATE" => return cursor.create(),
        "ALTER" => return cursor.alter(),
        "DROP" => return cursor.drop_object(),
        "RENAME" => cursor.rename(),
        "TRUNCATE" => cursor.truncate(),
        "INSERT" | "REPLACE" => Ok(cursor.insert()),
        "UPDATE" => Ok(cursor.rows_up_to("SET")),
        "DELETE" => Ok(cursor.rows_up_to("WHERE")),
        "LOAD" => Ok(cursor.load()),
        "WITH" => Ok(cursor.with()),
        "SELECT" => cursor.select(),
        head if IRRELEVANT.contains(&head) => Ok(Statement::Irrelevant),
        "" => Err(cursor.unexpected("a statement")),
        head => Err(format!("`{}` begins no statement that is known", shortened(head))),
    };
    parsed.unwrap_or_else(unknown)
}

/// What `CREATE` and `ALTER` may have in front of the kind of object.
struct Prefix {
    or_replace: bool,
    temporary: bool,
    key: Option<KeyKind>,
    object: String,
}

impl Cursor<'_, '_> {
    fn xa(&mut self) -> Parsed<Statement> {
        Ok(Statement::Transaction(match self.word().unwrap_or_default().as_str() {
            "START" | "BEGIN" => Transaction::XaStart,
            "END" => Transaction::XaEnd,
            "COMMIT" => Transaction::XaCommit,
            "ROLLBACK" => Transaction::XaRollback,
            _ => return Err("of XA, only START, END, COMMIT and ROLLBACK are known in the log".to_owned()),
        }))
    }

    /// Behind SELECT. Servers log one to say that a function was called, which may have changed rows.
    fn select(&mut self) -> Parsed<Statement> {
        let is_call = matches!(
            (self.peek(), self.peek_at(1), self.peek_at(2), self.peek_at(3)),
            (Some(Token::Name(..)), Some(Token::Sign('.')), Some(Token::Name(..)), Some(Token::Sign('(')))
        );
        if is_call { Err("a stored function was called".to_owned()) } else { Ok(Statement::Irrelevant) }
    }

    /// The words between CREATE, ALTER or DROP and the name of an object.
    fn prefix(&mut self) -> Parsed<Prefix> {
        let mut prefix = Prefix { or_replace: false, temporary: false, key: None, object: String::new() };
        loop {
            let start = *self;
            let Some(word) = self.word() else { return Err(start.unexpected("a kind of object")) };
            match word.as_str() {
                "OR" => {
                    self.expect("REPLACE")?;
                    prefix.or_replace = true;
                }
                "TEMPORARY" => prefix.temporary = true,
                "UNIQUE" => prefix.key = Some(KeyKind::Unique),
                "FULLTEXT" | "SPATIAL" | "VECTOR" => prefix.key = Some(KeyKind::Plain),
                "ONLINE" | "OFFLINE" | "IGNORE" | "AGGREGATE" | "UNDO" | "SQL" | "JSON" | "RELATIONAL"
                | "DUALITY" | "EXTERNAL" | "MATERIALIZED" => {}
                "SECURITY" => self.expect_any(&["DEFINER", "INVOKER"])?,
                "ALGORITHM" => {
                    self.take_sign('=');
                    self.name()?;
                }
                "DEFINER" => self.definer(),
                _ => {
                    prefix.object = word;
                    let of_key = prefix.object == "INDEX" || is_other_object(&prefix.object);
                    if prefix.key.is_some() && !of_key {
                        return Err(start.unexpected("`INDEX`"));
                    }
                    return Ok(prefix);
                }
            }
        }
    }

    fn create(mut self) -> Statement {
        let prefix = match self.prefix() {
            Ok(prefix) => prefix,
            Err(reason) => return unknown(reason),
        };
        let Prefix { or_replace, temporary, key, object } = prefix;
        let parsed = match object.as_str() {
            "TABLE" => {
                let if_not_exists = self.if_not_exists();
                let head = CreateHead { or_replace, temporary, if_not_exists };
                return self.about_table(TableDdl::Create, |cursor, table| cursor.create_table(table, head));
            }
            "SEQUENCE" => {
                let if_not_exists = self.if_not_exists();
                let action = SequenceAction::Create { if_not_exists };
                return self.about_table(TableDdl::Create, |cursor, table| {
                    cursor.sequence_options()?;
                    let names = vec![table];
                    Ok(if temporary { Statement::NoEffect } else { Statement::Sequence { names, action } })
                });
            }
            "INDEX" => self.create_index(key.unwrap_or(KeyKind::Plain), or_replace),
            "DATABASE" | "SCHEMA" => self.create_database(or_replace),
            object if is_other_object(object) => Ok(Statement::Irrelevant),
            object => Err(format!("`CREATE {}` is not known", shortened(object))),
        };
        self.of_index(parsed)
    }

    fn alter(mut self) -> Statement {
        let object = match self.prefix() {
            Ok(prefix) => prefix.object,
            Err(reason) => return unknown(reason),
        };
        let parsed = match object.as_str() {
            "TABLE" => {
                let if_exists = self.if_exists();
                return self
                    .about_table(TableDdl::Alter, |cursor, table| cursor.alter_table(table, if_exists));
            }
            "SEQUENCE" => {
                let _ = self.if_exists();
                return self.about_table(TableDdl::Alter, |cursor, table| {
                    if cursor.at_end() {
                        return Err(cursor.unexpected("an option of a sequence"));
                    }
                    cursor.sequence_options()?;
                    Ok(Statement::Sequence { names: vec![table], action: SequenceAction::Alter })
                });
            }
            "DATABASE" | "SCHEMA" => self.alter_database(),
            "INSTANCE" => Ok(Statement::Irrelevant),
            object if is_other_object(object) => Ok(Statement::Irrelevant),
            object => Err(format!("`ALTER {}` is not known", shortened(object))),
        };
        parsed.unwrap_or_else(unknown)
    }

    fn drop_object(mut self) -> Statement {
        let Prefix { temporary, object, .. } = match self.prefix() {
            Ok(prefix) => prefix,
            Err(reason) => return unknown(reason),
        };
        let parsed = match object.as_str() {
            "TABLE" | "TABLES" if temporary => self.tables().map(|_| Statement::NoEffect),
            "SEQUENCE" if temporary => self.tables().map(|_| Statement::NoEffect),
            "TABLE" | "TABLES" => self.tables().map(Statement::DropTables),
            "SEQUENCE" => {
                self.tables().map(|names| Statement::Sequence { names, action: SequenceAction::Drop })
            }
            "INDEX" => self.drop_index(),
            "DATABASE" | "SCHEMA" => self.drop_database(),
            "PREPARE" => Ok(Statement::Irrelevant),
            object if is_other_object(object) => Ok(Statement::Irrelevant),
            object => Err(format!("`DROP {}` is not known", shortened(object))),
        };
        self.of_index(parsed)
    }

    /// Reads the name of a table and what follows; what is not understood is known to be about that table.
    fn about_table(
        mut self,
        kind: TableDdl,
        rest: impl FnOnce(&mut Self, TableName) -> Parsed<Statement>,
    ) -> Statement {
        let table = match self.table() {
            Ok(table) => table,
            Err(reason) => return unknown(reason),
        };
        let behind = self;
        rest(&mut self, table.clone()).unwrap_or_else(|reason| {
            let others = match kind {
                TableDdl::Alter => behind.other_tables(),
                TableDdl::Create | TableDdl::Drop | TableDdl::Rename | TableDdl::Truncate => Some(Vec::new()),
            };
            match others {
                Some(others) => not_understood(std::iter::once(table).chain(others).collect(), kind, reason),
                None => unknown(reason),
            }
        })
    }

    /// CREATE INDEX and DROP INDEX name their table behind ON.
    fn of_index(mut self, parsed: Parsed<Statement>) -> Statement {
        parsed.unwrap_or_else(|reason| {
            while let Some(token) = self.next() {
                if is_word(Some(token), "ON") {
                    return match self.table() {
                        Ok(table) => not_understood(vec![table], TableDdl::Alter, reason),
                        Err(_) => unknown(reason),
                    };
                }
            }
            unknown(reason)
        })
    }

    /// `[IF EXISTS] t, … [WAIT n] [RESTRICT|CASCADE]` to the end.
    fn tables(&mut self) -> Parsed<Vec<TableName>> {
        let _ = self.if_exists();
        let (list, mut tables) = (self.here(), Vec::new());
        loop {
            let start = self.here();
            tables.push(self.table()?);
            self.note(start, || Note::Part { list });
            if !self.take_sign(',') {
                break;
            }
        }
        self.wait()?;
        let _ = self.take_any(&["RESTRICT", "CASCADE"]);
        self.end()?;
        Ok(tables)
    }

    fn truncate(&mut self) -> Parsed<Statement> {
        self.take("TABLE");
        let table = self.table()?;
        self.wait()?;
        self.end()?;
        Ok(Statement::Truncate(table))
    }

    fn rename(&mut self) -> Parsed<Statement> {
        if self.take("USER") {
            return Ok(Statement::Irrelevant);
        }
        self.expect_any(&["TABLE", "TABLES"])?;
        let if_exists = self.if_exists();
        let (list, mut pairs) = (self.here(), Vec::new());
        loop {
            let start = self.here();
            let from = self.table()?;
            self.wait()?;
            self.expect("TO")?;
            let to = self.table()?;
            self.note(start, || Note::Part { list });
            pairs.push(Renaming { from, to, if_exists });
            if !self.take_sign(',') {
                break;
            }
        }
        self.end()?;
        Ok(Statement::RenameTables(pairs))
    }

    /// `= user@host`, `= CURRENT_USER()`.
    fn definer(&mut self) {
        self.take_sign('=');
        self.next();
        if self.take_sign('@') {
            self.next();
            // hosts need no quotes
            while self.take_sign('.') || self.take_sign('-') {
                self.next();
            }
        }
        if self.take_sign('(') {
            self.take_sign(')');
        }
    }
}

/// Kinds of objects that are no tables and hold none. (A tablespace that is dropped or altered keeps its tables as they
/// are.)
fn is_other_object(word: &str) -> bool {
    matches!(
        word,
        "VIEW"
            | "PROCEDURE"
            | "FUNCTION"
            | "TRIGGER"
            | "EVENT"
            | "PACKAGE"
            | "LIBRARY"
            | "USER"
            | "ROLE"
            | "SERVER"
            | "TABLESPACE"
            | "LOGFILE"
            | "MASKING"
            | "RESOURCE"
            | "REFERENCE"
    )
}
