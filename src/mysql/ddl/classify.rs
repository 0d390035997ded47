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
    /// Whether the definition or the rows of `table` may be others behind the statement.
    ///
    /// Names are compared without case, because a server may store them in another one than the statement has.
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
/// `sql` is in the client's character set, which `session` tells with the modes that decide about quotes; `db` is the
/// default database. Text that cannot be read as its character set says is trusted for its head, never for its names.
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

/// The tokens up to the first string of a statement that cannot be read whole, as account statements with raw hashes.
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

    /// Further tables of an ALTER TABLE: its new name, and the other one of EXCHANGE and CONVERT. False when a name is missing.
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
                // EXCHANGE PARTITION p WITH TABLE t, CONVERT PARTITION p TO TABLE t, CONVERT TABLE t TO PARTITION p
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

    /// UPDATE and DELETE: every name in front of `end` that can be a table; among them are aliases and columns of joins.
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

/// Kinds of objects that are no tables and hold none. (A tablespace that is dropped or altered keeps its tables as they are.)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UTF8MB4: u16 = 45;

    fn session(sql_mode: u64, client_collation: u16) -> Session {
        Session { sql_mode: Some(sql_mode), client_collation: Some(client_collation), ..Session::default() }
    }

    fn effect(sql: &str, flavor: Flavor) -> DdlEffect {
        classify(sql.as_bytes(), "v", &session(0, UTF8MB4), flavor)
    }

    fn named(tables: &[&str]) -> Vec<TableName> {
        let name = |text: &&str| {
            let (db, table) = text.split_once('.').expect("db.table");
            TableName::new(db, table)
        };
        tables.iter().map(name).collect()
    }

    /// Both families agree.
    #[track_caller]
    fn check(sql: &str, expected: DdlEffect) {
        for flavor in [Flavor::MySql, Flavor::MariaDb] {
            assert_eq!(effect(sql, flavor), expected, "{sql}");
        }
    }

    #[track_caller]
    fn check_tables(sql: &str, kind: TableDdl, tables: &[&str]) {
        check(sql, DdlEffect::Tables { tables: named(tables), kind });
    }

    #[test]
    fn control_of_the_transaction() {
        let check = |sql, control| check(sql, DdlEffect::Transaction(control));
        check("BEGIN", Transaction::Begin);
        check("begin work;", Transaction::Begin);
        check("START TRANSACTION WITH CONSISTENT SNAPSHOT", Transaction::Begin);
        check("COMMIT", Transaction::Commit);
        check("ROLLBACK", Transaction::Rollback);
        check("SAVEPOINT `a b`", Transaction::Savepoint);
        check("ROLLBACK TO `a`", Transaction::RollbackTo);
        check("ROLLBACK WORK TO SAVEPOINT a", Transaction::RollbackTo);
        check("XA START X'616263',X'',1", Transaction::XaStart);
        check("XA END X'616263',X'',1", Transaction::XaEnd);
        check("XA COMMIT X'616263',X'',1", Transaction::XaCommit);
        check("/* c */ XA ROLLBACK 'a'", Transaction::XaRollback);
    }

    #[test]
    fn definitions_of_tables() {
        use TableDdl::{Alter, Create, Drop, Rename, Truncate};
        check_tables("CREATE TABLE t (a INT, b INT)", Create, &["v.t"]);
        check_tables("CREATE TABLE t(a int)", Create, &["v.t"]);
        check_tables("CREATE TABLE IF NOT EXISTS `a``b`.`t` LIKE x.y", Create, &["a`b.t"]);
        check_tables("CREATE OR REPLACE TABLE 2t (a INT)", Create, &["v.2t"]);
        check_tables("create /*!32302 or replace */ table v2 . t (a int) select_x", Create, &["v2.t"]);
        check_tables("CREATE TABLE `if` (a INT)", Create, &["v.if"]);
        check_tables("CREATE TABLE t (a INT) START TRANSACTION", Create, &["v.t"]);
        check_tables("CREATE SEQUENCE s START WITH 5", Create, &["v.s"]);
        check_tables(
            "ALTER TABLE t ADD COLUMN b INT COMMENT 'RENAME TO x', RENAME COLUMN a TO c",
            Alter,
            &["v.t"],
        );
        check_tables("ALTER TABLE t RENAME TO u, ADD c INT", Alter, &["v.t", "v.u"]);
        check_tables("ALTER TABLE t RENAME AS w.u", Alter, &["v.t", "w.u"]);
        check_tables("ALTER TABLE t RENAME u", Alter, &["v.t", "v.u"]);
        check_tables("ALTER TABLE t RENAME KEY a TO b, RENAME INDEX c TO d", Alter, &["v.t"]);
        check_tables("ALTER IGNORE TABLE t DROP a", Alter, &["v.t"]);
        check_tables("ALTER TABLE IF EXISTS t DROP a", Alter, &["v.t"]);
        check_tables("ALTER TABLE t EXCHANGE PARTITION p WITH TABLE w.x", Alter, &["v.t", "w.x"]);
        check_tables(
            "ALTER TABLE t CONVERT TABLE x TO PARTITION p VALUES LESS THAN (1)",
            Alter,
            &["v.t", "v.x"],
        );
        check_tables("ALTER TABLE t ADD CHECK (a in ('TABLE')), PARTITION BY HASH(a)", Alter, &["v.t"]);
        check_tables("/* hi */ alter /*!50000 table */ t drop a", Alter, &["v.t"]);
        check_tables("/* lead */ -- note\n# another\nALTER TABLE t DROP a", Alter, &["v.t"]);
        check_tables("CREATE UNIQUE INDEX i USING BTREE ON w.t (a)", Alter, &["w.t"]);
        check_tables("CREATE OR REPLACE FULLTEXT INDEX i ON t (a)", Alter, &["v.t"]);
        check_tables("DROP INDEX `PRIMARY` ON `t`", Alter, &["v.t"]);
        check_tables("DROP TABLE IF EXISTS `t`,w.`u` /* generated by server */", Drop, &["v.t", "w.u"]);
        check_tables("DROP TABLES t WAIT 5 CASCADE", Drop, &["v.t"]);
        check_tables(
            "RENAME TABLE t TO _t_del, _t_gho TO t",
            Rename,
            &["v.t", "v._t_del", "v._t_gho", "v.t"],
        );
        check_tables("RENAME TABLES IF EXISTS t NOWAIT TO w.u", Rename, &["v.t", "w.u"]);
        check_tables("TRUNCATE v.t", Truncate, &["v.t"]);
        check_tables("TRUNCATE TABLE `t`;", Truncate, &["v.t"]);
        check_tables("SET STATEMENT max_statement_time=1, sql_mode='' FOR DROP TABLE t", Drop, &["v.t"]);
        check("DROP DATABASE v2", DdlEffect::Database("v2".into()));
        check("DROP SCHEMA IF EXISTS `v2`", DdlEffect::Database("v2".into()));
        check("ALTER DATABASE v CHARACTER SET latin1", DdlEffect::Database("v".into()));
        check("ALTER DATABASE DEFAULT CHARACTER SET latin1", DdlEffect::Database("v".into()));
        check("CREATE OR REPLACE DATABASE v2", DdlEffect::Database("v2".into()));
    }

    #[test]
    fn harmless_statements() {
        for sql in [
            "",
            "# Dummy event replacing event type 162 that slave cannot handle.",
            "CREATE DATABASE v2",
            "CREATE TEMPORARY TABLE t (a INT)",
            "CREATE OR REPLACE TEMPORARY TABLE t (a INT)",
            "DROP TEMPORARY TABLE IF EXISTS t",
            "CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `t2` AS select 1",
            "CREATE DEFINER=`root`@`localhost` TRIGGER tr BEFORE INSERT ON t FOR EACH ROW DROP TABLE t",
            "CREATE DEFINER=CURRENT_USER() PROCEDURE p() ALTER TABLE t DROP a",
            "CREATE DEFINER='a'@'b' EVENT e ON SCHEDULE EVERY 1 DAY DO TRUNCATE t",
            "CREATE OR REPLACE AGGREGATE FUNCTION f(x INT) RETURNS INT RETURN 1",
            "CREATE SPATIAL REFERENCE SYSTEM 4120 NAME 'x'",
            "DROP VIEW t",
            "DROP TRIGGER tr",
            "CREATE USER 'a'@'%' IDENTIFIED BY 'secret'",
            "ALTER USER a IDENTIFIED BY 'b'",
            "RENAME USER a TO b",
            "GRANT ALL ON v.t TO a",
            "SET PASSWORD FOR 'a'@'%'='x'",
            "ANALYZE TABLE t",
            "FLUSH TABLES t",
            "RELEASE SAVEPOINT a",
            "ALTER EVENT e DISABLE",
            "ALTER DEFINER=`a`@`b` VIEW w AS SELECT 1",
        ] {
            check(sql, DdlEffect::Nothing);
        }
        // hashes as raw bytes, one of them a quote
        let sql = b"CREATE USER 'a'@'%' IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$\xff\x1b''\x80'x'";
        assert_eq!(classify(sql, "", &session(0, UTF8MB4), Flavor::MySql), DdlEffect::Nothing);
    }

    #[test]
    fn changes_of_rows_by_statement() {
        let check = |sql, tables: &[&str]| check(sql, DdlEffect::Statement(named(tables)));
        check("INSERT INTO t VALUES (1)", &["v.t"]);
        check("REPLACE INTO `percona`.`checksums` (db) SELECT 'x' FROM shop.orders", &["percona.checksums"]);
        check("insert low_priority ignore t set a = 1", &["v.t"]);
        check("LOAD DATA INFILE '/x' REPLACE INTO TABLE w.t FIELDS TERMINATED BY ','", &["w.t"]);
        check("CREATE TABLE t AS SELECT 1", &["v.t"]);
        for (sql, table) in [
            ("UPDATE t SET a = 1", "v.t"),
            ("UPDATE a JOIN w.t AS x ON x.id = a.id SET x.b = 1", "w.t"),
            ("DELETE FROM t", "v.t"),
            ("DELETE FROM w.t WHERE a = 1", "w.t"),
            ("DELETE x FROM w.t x JOIN b USING (id)", "w.t"),
            ("WITH c AS (SELECT 1 FROM (SELECT 2) d) DELETE FROM t WHERE a IN (SELECT * FROM c)", "v.t"),
        ] {
            let DdlEffect::Statement(tables) = effect(sql, Flavor::MySql) else { panic!("{sql}") };
            assert!(named(&[table]).iter().all(|table| tables.contains(table)), "{sql}: {tables:?}");
        }
    }

    #[test]
    fn what_is_not_understood_may_touch_anything() {
        for sql in [
            "MYSTERY t",
            "CREATE MYSTERY t",
            "ALTER MYSTERY t",
            "BEGIN NOT ATOMIC DROP TABLE t; END",
            "DROP TABLE t SOMEHOW",
            "RENAME TABLE t INTO u",
            "IMPORT TABLE FROM '/x'",
            "SELECT f()",
            "CALL p()",
            "ALTER TABLE `t",
            "XA PREPARE 'a'",
            "(SELECT 1)",
        ] {
            check(sql, DdlEffect::Unknown);
        }
        assert_eq!(classify(b"DROP TABLE t", "", &session(0, UTF8MB4), Flavor::MySql), DdlEffect::Unknown);
        assert!(DdlEffect::Unknown.may_touch(&TableName::new("a", "b")));
    }

    #[test]
    fn character_sets_and_modes_decide_where_names_end() {
        let check = |sql: &[u8], session: Session, table: &str| {
            let expected = DdlEffect::Tables { tables: named(&[table]), kind: TableDdl::Drop };
            assert_eq!(classify(sql, "v", &session, Flavor::MySql), expected);
        };
        // the second byte of ソ in cp932 is a backslash, that of 郹 in gbk a backtick
        check(b"DROP TABLE `\x83\x5c`", session(0, 95), "v.ソ");
        check(b"DROP TABLE `\xe0\x60`", session(0, 28), "v.郹");
        check("DROP TABLE `à`".as_bytes(), session(0, UTF8MB4), "v.à");
        check(b"DROP TABLE `\xe0`", session(0, 8), "v.à");
        check(b"DROP TABLE \"a\"", session(MODE_ANSI_QUOTES, UTF8MB4), "v.a");
        check(b"DROP TABLE t -- '\\", session(MODE_NO_BACKSLASH_ESCAPES, UTF8MB4), "v.t");
        let unknown = |sql: &[u8], session: &Session| {
            assert_eq!(classify(sql, "v", session, Flavor::MySql), DdlEffect::Unknown);
        };
        unknown("DROP TABLE `à`".as_bytes(), &Session::default());
        unknown(b"DROP TABLE `\xe0`", &Session::default());
        unknown(b"DROP TABLE `\xe0`", &session(0, UTF8MB4));
        unknown(b"DROP TABLE \"a\"", &session(0, UTF8MB4));
    }

    #[test]
    fn code_of_one_family() {
        let sql = "ALTER /*M!100000 TABLE */ t DROP a";
        assert_eq!(
            effect(sql, Flavor::MariaDb),
            DdlEffect::Tables { tables: named(&["v.t"]), kind: TableDdl::Alter }
        );
        assert_eq!(effect(sql, Flavor::MySql), DdlEffect::Unknown);
    }

    #[test]
    fn case_of_names_does_not_hide_a_table() {
        let touched = |sql: &str, db: &str, table: &str| {
            effect(sql, Flavor::MySql).may_touch(&TableName::new(db, table))
        };
        assert!(touched("DROP TABLE V.Orders", "v", "orders"));
        assert!(!touched("DROP TABLE orders2", "v", "orders"));
        assert!(touched("DROP DATABASE V", "v", "orders"));
        assert!(!touched("DROP DATABASE w", "v", "orders"));
        assert!(!touched("COMMIT", "v", "orders"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(sql in any::<Vec<u8>>(), collation in any::<u16>(), head in "(ALTER|CREATE|DROP|RENAME|WITH|SET STATEMENT) ") {
            let sql = [head.as_bytes(), &sql].concat();
            classify(&sql, "v", &session(0, collation), Flavor::MariaDb);
        }
    }
}
