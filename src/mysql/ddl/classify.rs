//! Head and names of a statement → what it may have touched.

use super::lex::{Dialect, Token, tokens};
use crate::mysql::binlog::query::{MODE_ANSI_QUOTES, MODE_NO_BACKSLASH_ESCAPES, Session};
use crate::mysql::charset::collation;
use crate::mysql::ident::TableNameCase;
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;

/// What a statement of the log does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DdlEffect {
    /// Nothing to the columns or rows of any table.
    Nothing,
    /// Begins, ends or divides the transaction.
    Transaction(Transaction),
    /// Defines tables anew, or empties them.
    Tables {
        /// All tables it names as its objects, as it spells them; old and new names of renamed ones.
        tables: Vec<TableName>,
        /// What becomes of them.
        kind: TableDdl,
    },
    /// Drops or alters a database with all that is in it.
    Database(String),
    /// Changes rows of these tables by a statement instead of by row events.
    Statement(Vec<TableName>),
    /// Not understood: may have touched anything.
    Unknown,
}

/// What becomes of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableDdl {
    /// CREATE TABLE, also OR REPLACE and LIKE.
    Create,
    /// ALTER TABLE, also with RENAME, indexes and partitions.
    Alter,
    /// DROP TABLE.
    Drop,
    /// RENAME TABLE.
    Rename,
    /// TRUNCATE TABLE: the rows vanish without events.
    Truncate,
}

/// Control of the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transaction {
    /// BEGIN, START TRANSACTION.
    Begin,
    /// COMMIT.
    Commit,
    /// ROLLBACK.
    Rollback,
    /// SAVEPOINT x.
    Savepoint,
    /// ROLLBACK TO x.
    RollbackTo,
    /// XA START x.
    XaStart,
    /// XA END x.
    XaEnd,
    /// XA COMMIT x.
    XaCommit,
    /// XA ROLLBACK x.
    XaRollback,
}

impl DdlEffect {
    /// Whether columns may be others behind the statement.
    pub fn defines(&self) -> bool {
        match self {
            // rows go, columns stay
            DdlEffect::Tables { kind, .. } => *kind != TableDdl::Truncate,
            DdlEffect::Database(_) | DdlEffect::Unknown => true,
            DdlEffect::Nothing | DdlEffect::Transaction(_) | DdlEffect::Statement(_) => false,
        }
    }

    /// Whether the definition or the rows of `table` may be others behind the statement.
    ///
    /// Names are compared without case, because a server may store them in another one than the statement
    /// has.
    pub fn may_touch(&self, table: &TableName) -> bool {
        let same = |a: &str, b: &str| TableNameCase::Insensitive.same(a, b);
        match self {
            DdlEffect::Nothing | DdlEffect::Transaction(_) => false,
            DdlEffect::Tables { tables, kind: _ } | DdlEffect::Statement(tables) => {
                tables.iter().any(|named| same(&named.db, &table.db) && same(&named.table, &table.table))
            }
            DdlEffect::Database(db) => same(db, &table.db),
            DdlEffect::Unknown => true,
        }
    }
}

/// Tells what a statement does.
///
/// `sql` is in the client's character set, which `session` tells with the modes that decide about quotes;
/// `db` is the default database. Text that cannot be read as its character set says is trusted for its head,
/// never for its names.
pub fn classify(sql: &[u8], db: &str, session: &Session, flavor: Flavor) -> DdlEffect {
    let mode = session.sql_mode.unwrap_or(0);
    let dialect = Dialect {
        ansi_quotes: mode & MODE_ANSI_QUOTES != 0,
        plain_backslash: mode & MODE_NO_BACKSLASH_ESCAPES != 0,
        flavor,
    };
    let mut scratch = String::new();
    let charset = session.client_collation.and_then(|id| collation(id, flavor).ok()).map(|one| one.charset);
    let (text, certain) = match (charset, std::str::from_utf8(sql)) {
        (Some(charset), _) => {
            let text = charset.to_utf8(sql, &mut scratch);
            (text.text, text.broken == 0)
        }
        // no character set is known: ASCII is the same in all that a client can use
        (None, Ok(text)) => (text, text.is_ascii()),
        (None, Err(_)) => {
            scratch.extend(sql.iter().map(|&byte| char::from(byte)));
            (scratch.as_str(), false)
        }
    };
    // A sign that was read wrongly may have closed a quote, but not in front of the head.
    let Some(tokens) = tokens(text, dialect).or_else(|| head_only(text, dialect)) else {
        return DdlEffect::Unknown;
    };
    let effect = Statement { tokens: &tokens, db }.effect();
    match effect {
        DdlEffect::Tables { .. } | DdlEffect::Database(_) | DdlEffect::Statement(_) if !certain => {
            DdlEffect::Unknown
        }
        DdlEffect::Tables { tables, .. } | DdlEffect::Statement(tables) if tables.is_empty() => {
            DdlEffect::Unknown
        }
        effect => effect,
    }
}

/// The tokens up to the first string of a statement that cannot be read whole, as account statements with raw
/// hashes.
fn head_only(text: &str, dialect: Dialect) -> Option<Vec<Token<'_>>> {
    let end = text.find(['\'', '"', '`'])?;
    let tokens = tokens(&text[..end], dialect)?;
    let accounts = Statement { tokens: &tokens, db: "" }.effect() == DdlEffect::Nothing;
    accounts.then_some(tokens)
}

/// The rest of a statement that is read from its front.
#[derive(Clone, Copy)]
struct Statement<'t> {
    tokens: &'t [Token<'t>],
    db: &'t str,
}

impl<'t> Statement<'t> {
    fn effect(mut self) -> DdlEffect {
        if self.tokens.is_empty() {
            return DdlEffect::Nothing;
        }
        let head = self.word().unwrap_or_default();
        match head.as_str() {
            "BEGIN" => {
                self.take("WORK");
                if self.at_end() { DdlEffect::Transaction(Transaction::Begin) } else { DdlEffect::Unknown }
            }
            "START" if self.take("TRANSACTION") => DdlEffect::Transaction(Transaction::Begin),
            "COMMIT" => DdlEffect::Transaction(Transaction::Commit),
            "ROLLBACK" => {
                self.take("WORK");
                let to = self.take("TO");
                DdlEffect::Transaction(if to { Transaction::RollbackTo } else { Transaction::Rollback })
            }
            "SAVEPOINT" => DdlEffect::Transaction(Transaction::Savepoint),
            "XA" => match self.word().unwrap_or_default().as_str() {
                "START" | "BEGIN" => DdlEffect::Transaction(Transaction::XaStart),
                "END" => DdlEffect::Transaction(Transaction::XaEnd),
                "COMMIT" => DdlEffect::Transaction(Transaction::XaCommit),
                "ROLLBACK" => DdlEffect::Transaction(Transaction::XaRollback),
                _ => DdlEffect::Unknown,
            },
            "SET" if self.take("STATEMENT") => {
                match self.tokens.iter().position(|token| is_word(token, "FOR")) {
                    Some(at) => Statement { tokens: &self.tokens[at + 1..], ..self }.effect(),
                    None => DdlEffect::Unknown,
                }
            }
            "CREATE" => self.create(),
            "ALTER" => self.alter(),
            "DROP" => self.drop(),
            "RENAME" => self.rename(),
            "TRUNCATE" => {
                self.take("TABLE");
                self.tables(TableDdl::Truncate)
            }
            "INSERT" | "REPLACE" => self.insert(),
            "UPDATE" => self.statement_up_to("SET"),
            "DELETE" => self.statement_up_to("WHERE"),
            "LOAD" => self.load(),
            "WITH" => self.with(),
            // "GRANT" … "KILL": rights, upkeep, replication, session; none changes columns or rows
            "GRANT" | "REVOKE" | "SET" | "ANALYZE" | "OPTIMIZE" | "REPAIR" | "CHECK" | "CHECKSUM"
            | "FLUSH" | "RESET" | "PURGE" | "CACHE" | "INSTALL" | "UNINSTALL" | "LOCK" | "UNLOCK" | "USE"
            | "RELEASE" | "START" | "STOP" | "CHANGE" | "BACKUP" | "KILL" => DdlEffect::Nothing,
            _ => DdlEffect::Unknown,
        }
    }

    /// Behind CREATE.
    fn create(mut self) -> DdlEffect {
        let mut replace = false;
        let mut temporary = false;
        loop {
            let Some(word) = self.word() else { return DdlEffect::Unknown };
            match word.as_str() {
                "OR" => replace = self.take("REPLACE"),
                "TEMPORARY" => temporary = true,
                // what may stand before the kind of object
                "UNIQUE" | "FULLTEXT" | "SPATIAL" | "VECTOR" | "ONLINE" | "OFFLINE" | "AGGREGATE"
                | "UNDO" | "SQL" | "JSON" | "RELATIONAL" | "DUALITY" => {}
                "SECURITY" => drop(self.word()),
                "ALGORITHM" => {
                    self.take_sign('=');
                    self.word();
                }
                "DEFINER" => self.definer(),
                "TABLE" | "SEQUENCE" => {
                    if temporary {
                        return DdlEffect::Nothing;
                    }
                    self.if_exists();
                    let Some(table) = self.table() else { return DdlEffect::Unknown };
                    // In a log of rows a server writes out the columns instead of the query; where the query
                    // stands, the rows come from it and not from row events.
                    let by_query = self.tokens.iter().any(|token| is_word(token, "SELECT"));
                    return if by_query {
                        DdlEffect::Statement(vec![table])
                    } else {
                        DdlEffect::Tables { tables: vec![table], kind: TableDdl::Create }
                    };
                }
                "INDEX" => return self.index(),
                "DATABASE" | "SCHEMA" if replace => return self.database(),
                "DATABASE" | "SCHEMA" => return DdlEffect::Nothing,
                word if is_other_object(word) => return DdlEffect::Nothing,
                _ => return DdlEffect::Unknown,
            }
        }
    }

    /// Behind ALTER.
    fn alter(mut self) -> DdlEffect {
        loop {
            let Some(word) = self.word() else { return DdlEffect::Unknown };
            match word.as_str() {
                "ONLINE" | "OFFLINE" | "IGNORE" | "UNDO" | "SQL" | "JSON" | "RELATIONAL" | "DUALITY" => {}
                "SECURITY" => drop(self.word()),
                "ALGORITHM" => {
                    self.take_sign('=');
                    self.word();
                }
                "DEFINER" => self.definer(),
                "TABLE" | "SEQUENCE" => {
                    self.if_exists();
                    let Some(table) = self.table() else { return DdlEffect::Unknown };
                    let mut tables = vec![table];
                    if !self.other_tables(&mut tables) {
                        return DdlEffect::Unknown;
                    }
                    return DdlEffect::Tables { tables, kind: TableDdl::Alter };
                }
                "DATABASE" | "SCHEMA" => return self.database(),
                "INSTANCE" => return DdlEffect::Nothing,
                word if is_other_object(word) => return DdlEffect::Nothing,
                _ => return DdlEffect::Unknown,
            }
        }
    }

    /// Behind DROP.
    fn drop(mut self) -> DdlEffect {
        loop {
            let Some(word) = self.word() else { return DdlEffect::Unknown };
            match word.as_str() {
                "TEMPORARY" => return DdlEffect::Nothing,
                "ONLINE" | "OFFLINE" | "UNDO" => {}
                "TABLE" | "TABLES" | "SEQUENCE" => return self.tables(TableDdl::Drop),
                "INDEX" => return self.index(),
                "DATABASE" | "SCHEMA" => return self.database(),
                "PREPARE" => return DdlEffect::Nothing,
                word if is_other_object(word) => return DdlEffect::Nothing,
                _ => return DdlEffect::Unknown,
            }
        }
    }

    /// Behind RENAME.
    fn rename(mut self) -> DdlEffect {
        match self.word().unwrap_or_default().as_str() {
            "USER" => DdlEffect::Nothing,
            "TABLE" | "TABLES" => {
                self.if_exists();
                let mut tables = Vec::new();
                loop {
                    let Some(from) = self.table() else { return DdlEffect::Unknown };
                    self.wait();
                    if !self.take("TO") {
                        return DdlEffect::Unknown;
                    }
                    let Some(to) = self.table() else { return DdlEffect::Unknown };
                    tables.extend([from, to]);
                    if !self.take_sign(',') {
                        break;
                    }
                }
                if self.at_end() {
                    DdlEffect::Tables { tables, kind: TableDdl::Rename }
                } else {
                    DdlEffect::Unknown
                }
            }
            _ => DdlEffect::Unknown,
        }
    }

    /// A list of tables to the end of the statement.
    fn tables(mut self, kind: TableDdl) -> DdlEffect {
        self.if_exists();
        let mut tables = Vec::new();
        loop {
            let Some(table) = self.table() else { return DdlEffect::Unknown };
            tables.push(table);
            if !self.take_sign(',') {
                break;
            }
        }
        self.wait();
        if !self.take("RESTRICT") {
            self.take("CASCADE");
        }
        if self.at_end() { DdlEffect::Tables { tables, kind } } else { DdlEffect::Unknown }
    }

    /// `[IF …] name [USING …] ON table` behind CREATE INDEX and DROP INDEX.
    fn index(mut self) -> DdlEffect {
        let Some(at) = self.tokens.iter().position(|token| is_word(token, "ON")) else {
            return DdlEffect::Unknown;
        };
        self.tokens = &self.tokens[at + 1..];
        match self.table() {
            Some(table) => DdlEffect::Tables { tables: vec![table], kind: TableDdl::Alter },
            None => DdlEffect::Unknown,
        }
    }

    /// The name of a database; ALTER DATABASE means the default one without.
    fn database(mut self) -> DdlEffect {
        self.if_exists();
        let options = ["DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "ENCRYPTION", "READ", "COMMENT"];
        let name = match self.tokens.first() {
            Some(Token::Word(word)) if options.iter().any(|option| word.eq_ignore_ascii_case(option)) => None,
            Some(Token::Word(_) | Token::Name(_)) => self.name(),
            Some(Token::Text | Token::Sign(_)) | None => return DdlEffect::Unknown,
        };
        match name {
            Some(name) => DdlEffect::Database(name),
            None if self.db.is_empty() => DdlEffect::Unknown,
            None => DdlEffect::Database(self.db.to_owned()),
        }
    }

    /// Further tables of an ALTER TABLE: its new name, and the other one of EXCHANGE and CONVERT. False when
    /// a name is missing.
    fn other_tables(mut self, tables: &mut Vec<TableName>) -> bool {
        let mut depth = 0usize;
        while let Some((token, rest)) = self.tokens.split_first() {
            self.tokens = rest;
            match token {
                Token::Sign('(') => depth += 1,
                Token::Sign(')') => depth = depth.saturating_sub(1),
                // RENAME is a reserved word
                token if depth == 0 && is_word(token, "RENAME") => {
                    if ["COLUMN", "INDEX", "KEY", "CONSTRAINT"].iter().any(|object| self.take(object)) {
                        continue;
                    }
                    if !self.take("TO") && !self.take("AS") {
                        self.take_sign('=');
                    }
                    let Some(table) = self.table() else { return false };
                    tables.push(table);
                }
                // EXCHANGE PARTITION p WITH TABLE t, CONVERT PARTITION p TO TABLE t, CONVERT TABLE t TO
                // PARTITION p
                token if depth == 0 && is_word(token, "TABLE") => {
                    let Some(table) = self.table() else { return false };
                    tables.push(table);
                }
                Token::Word(_) | Token::Name(_) | Token::Text | Token::Sign(_) => {}
            }
        }
        true
    }

    /// Behind INSERT and REPLACE.
    fn insert(mut self) -> DdlEffect {
        while ["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO"]
            .iter()
            .any(|word| self.take(word))
        {}
        DdlEffect::Statement(self.table().into_iter().collect())
    }

    /// Behind LOAD.
    fn load(mut self) -> DdlEffect {
        while let Some((token, rest)) = self.tokens.split_first() {
            self.tokens = rest;
            if is_word(token, "INTO") && self.take("TABLE") {
                return DdlEffect::Statement(self.table().into_iter().collect());
            }
        }
        DdlEffect::Unknown
    }

    /// Behind WITH: the statement that the common table expressions belong to.
    fn with(mut self) -> DdlEffect {
        let mut depth = 0usize;
        while let Some((token, rest)) = self.tokens.split_first() {
            match token {
                Token::Sign('(') => depth += 1,
                Token::Sign(')') => depth = depth.saturating_sub(1),
                token if depth == 0 && is_word(token, "UPDATE") => {
                    return Statement { tokens: rest, ..self }.statement_up_to("SET");
                }
                token if depth == 0 && is_word(token, "DELETE") => {
                    return Statement { tokens: rest, ..self }.statement_up_to("WHERE");
                }
                Token::Word(_) | Token::Name(_) | Token::Text | Token::Sign(_) => {}
            }
            self.tokens = rest;
        }
        DdlEffect::Unknown
    }

    /// UPDATE and DELETE: every name in front of `end` that can be a table; among them are aliases and
    /// columns of joins.
    fn statement_up_to(mut self, end: &str) -> DdlEffect {
        let mut tables = Vec::new();
        while let Some((token, rest)) = self.tokens.split_first() {
            if is_word(token, end) {
                break;
            }
            match self.table() {
                Some(table) if !tables.contains(&table) => tables.push(table),
                Some(_) => {}
                None => self.tokens = rest,
            }
        }
        DdlEffect::Statement(tables)
    }

    /// `= user@host`, `= CURRENT_USER()`.
    fn definer(&mut self) {
        self.take_sign('=');
        self.tokens = self.tokens.get(1..).unwrap_or_default();
        if self.take_sign('@') {
            self.tokens = self.tokens.get(1..).unwrap_or_default();
        }
        if self.take_sign('(') {
            self.take_sign(')');
        }
    }

    /// IF EXISTS, IF NOT EXISTS.
    fn if_exists(&mut self) {
        // a table may be called `if` where what follows is no EXISTS
        let exists = |at: usize| self.tokens.get(at).is_some_and(|token| is_word(token, "EXISTS"));
        let not = self.tokens.get(1).is_some_and(|token| is_word(token, "NOT"));
        let len = match self.tokens.first() {
            Some(token) if is_word(token, "IF") && exists(1) => 2,
            Some(token) if is_word(token, "IF") && not && exists(2) => 3,
            Some(_) | None => 0,
        };
        self.tokens = &self.tokens[len..];
    }

    /// MariaDB: WAIT n, NOWAIT.
    fn wait(&mut self) {
        if self.take("WAIT") {
            self.word();
        } else {
            self.take("NOWAIT");
        }
    }

    /// A table: `t`, `db.t`, `.t`.
    fn table(&mut self) -> Option<TableName> {
        if self.take_sign('.') {
            return Some(TableName::new(self.db, self.name()?));
        }
        let first = self.name()?;
        if self.take_sign('.') {
            return Some(TableName::new(first, self.name()?));
        }
        (!self.db.is_empty()).then(|| TableName::new(self.db, first))
    }

    fn name(&mut self) -> Option<String> {
        let (token, rest) = self.tokens.split_first()?;
        let name = match token {
            Token::Word(word) => (*word).to_owned(),
            Token::Name(name) => name.clone(),
            Token::Text | Token::Sign(_) => return None,
        };
        self.tokens = rest;
        Some(name)
    }

    /// The next bare word in upper case.
    fn word(&mut self) -> Option<String> {
        let (token, rest) = self.tokens.split_first()?;
        let Token::Word(word) = token else { return None };
        self.tokens = rest;
        Some(word.to_ascii_uppercase())
    }

    fn take(&mut self, word: &str) -> bool {
        let taken = self.tokens.first().is_some_and(|token| is_word(token, word));
        if taken {
            self.tokens = &self.tokens[1..];
        }
        taken
    }

    fn take_sign(&mut self, sign: char) -> bool {
        let taken = self.tokens.first() == Some(&Token::Sign(sign));
        if taken {
            self.tokens = &self.tokens[1..];
        }
        taken
    }

    fn at_end(&self) -> bool {
        self.tokens.iter().all(|token| *token == Token::Sign(';'))
    }
}

fn is_word(token: &Token<'_>, word: &str) -> bool {
    matches!(token, Token::Word(found) if found.eq_ignore_ascii_case(word))
}

/// Kinds of objects that are no tables and hold none. (A tablespace that is dropped or altered keeps its
/// tables as they are.)
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
            | "RESOURCE"
            | "REFERENCE"
    )
}
