//! The tables that a script makes: a dump of structures, or what somebody wrote by hand.
//!
//! Knows names, not types. Tolerant: statements that make no table are passed over, and of a table whose columns come
//! from elsewhere only the name is known.

use super::lex::{Dialect, Token, tokens};
use crate::mysql::position::Flavor;

/// A table of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedTable {
    /// Database, as the statement or a `USE` before it says; empty where neither does.
    pub db: String,
    /// Its name.
    pub table: String,
    /// Names of its columns in order; none where they come from another table or a query, or a later statement changes
    /// them.
    pub columns: Option<Vec<String>>,
}

/// The tables of a script, in order; of two with one name the later counts. None when a quote or a comment is not closed.
///
/// Understands what `mysqldump` and `mariadb-dump` write: comments, settings, keys, constraints, generated columns, rows.
pub fn created_tables(script: &str) -> Option<Vec<CreatedTable>> {
    let dialect = Dialect { ansi_quotes: false, plain_backslash: false, flavor: Flavor::MySql };
    let tokens = tokens(script, dialect)?;
    let mut tables: Vec<CreatedTable> = Vec::new();
    let mut db = String::new();
    for statement in tokens.split(|token| *token == Token::Sign(';')) {
        let mut rest = Rest(statement);
        if rest.take("USE") {
            db = rest.name().unwrap_or_default();
        } else if rest.take("CREATE") {
            if let Some(table) = rest.created(&db) {
                tables.retain(|known| (&known.db, &known.table) != (&table.db, &table.table));
                tables.push(table);
            }
        } else if rest.take("ALTER") && rest.take("TABLE") {
            let Some((altered_db, altered)) = rest.table(&db) else { continue };
            // Keys and constraints are added apart from their table by some tools; columns may be, too.
            let changed =
                tables.iter_mut().find(|known| (&known.db, &known.table) == (&altered_db, &altered));
            if let Some(table) = changed.filter(|_| rest.changes_columns()) {
                table.columns = None;
            }
        }
    }
    Some(tables)
}

/// What is left of a statement.
struct Rest<'t, 's>(&'t [Token<'s>]);

impl Rest<'_, '_> {
    /// Goes on behind a keyword, if it is next.
    fn take(&mut self, keyword: &str) -> bool {
        let found = matches!(self.0.first(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    fn sign(&mut self, sign: char) -> bool {
        let found = self.0.first() == Some(&Token::Sign(sign));
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    fn name(&mut self) -> Option<String> {
        let name = match self.0.first()? {
            Token::Word(word) => (*word).to_owned(),
            Token::Name(name) => name.clone(),
            Token::Text | Token::Sign(_) => return None,
        };
        self.0 = &self.0[1..];
        Some(name)
    }

    /// Database and name.
    fn table(&mut self, db: &str) -> Option<(String, String)> {
        let first = self.name()?;
        match self.sign('.') {
            true => Some((first, self.name()?)),
            false => Some((db.to_owned(), first)),
        }
    }

    /// Behind `CREATE`: the table, if it makes one.
    fn created(&mut self, db: &str) -> Option<CreatedTable> {
        if self.take("OR") {
            self.take("REPLACE");
        }
        self.take("TEMPORARY");
        if !self.take("TABLE") {
            return None;
        }
        if self.take("IF") {
            self.take("NOT");
            self.take("EXISTS");
        }
        let (db, table) = self.table(db)?;
        let columns = if self.sign('(') { self.columns() } else { None };
        Some(CreatedTable { db, table, columns })
    }

    /// Behind the opening parenthesis: the names of the columns, if nothing else adds some.
    fn columns(&mut self) -> Option<Vec<String>> {
        const NO_COLUMN: [&str; 11] = [
            "PRIMARY",
            "KEY",
            "INDEX",
            "UNIQUE",
            "FULLTEXT",
            "SPATIAL",
            "VECTOR",
            "CONSTRAINT",
            "FOREIGN",
            "CHECK",
            "PERIOD",
        ];
        let mut columns = Vec::new();
        loop {
            let is_key = match (self.0.first()?, self.0.get(1)) {
                (Token::Word(word), _) if word.eq_ignore_ascii_case("LIKE") => return None,
                // No type has one of these names, so a column called `vector` or `period` has a word behind it that
                // no key has.
                (Token::Word(word), Some(Token::Word(next))) if is_soft(word) => {
                    ["KEY", "INDEX", "FOR"].iter().any(|key| next.eq_ignore_ascii_case(key))
                }
                (Token::Word(word), _) => NO_COLUMN.iter().any(|key| word.eq_ignore_ascii_case(key)),
                (Token::Name(_) | Token::Text | Token::Sign(_), _) => false,
            };
            if !is_key {
                columns.push(self.name()?);
            }
            if !self.skip_item()? {
                break;
            }
        }
        // `CREATE TABLE t (a INT) SELECT …` adds the columns of the query.
        let query = self.0.iter().any(|token| {
            matches!(token, Token::Word(word) if ["SELECT", "TABLE", "VALUES"].iter().any(|key| word.eq_ignore_ascii_case(key)))
        });
        (!query).then_some(columns)
    }

    /// Goes behind the comma or the closing parenthesis that ends an item; true for a comma.
    fn skip_item(&mut self) -> Option<bool> {
        let mut depth = 0u32;
        loop {
            let (token, rest) = self.0.split_first()?;
            self.0 = rest;
            match token {
                Token::Sign('(') => depth += 1,
                Token::Sign(')') if depth == 0 => return Some(false),
                Token::Sign(')') => depth -= 1,
                Token::Sign(',') if depth == 0 => return Some(true),
                Token::Word(_) | Token::Name(_) | Token::Text | Token::Sign(_) => {}
            }
        }
    }

    /// Behind the name of an ALTER TABLE: whether it may do something to columns.
    fn changes_columns(&self) -> bool {
        const KEYS: [&str; 9] =
            ["PRIMARY", "KEY", "INDEX", "UNIQUE", "FULLTEXT", "SPATIAL", "CONSTRAINT", "FOREIGN", "CHECK"];
        let is = |token: Option<&Token<'_>>, words: &[&str]| matches!(token, Some(Token::Word(word)) if words.iter().any(|one| word.eq_ignore_ascii_case(one)));
        let actions = ["ADD", "DROP", "CHANGE", "MODIFY", "RENAME"];
        (0..self.0.len()).any(|at| is(self.0.get(at), &actions) && !is(self.0.get(at + 1), &KEYS))
    }
}

/// Words that begin a key or a period, and may be the name of a column.
fn is_soft(word: &str) -> bool {
    ["VECTOR", "PERIOD"].iter().any(|soft| word.eq_ignore_ascii_case(soft))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tables as `db.table(a b)`, or `(?)` where the columns are not known.
    #[track_caller]
    fn check(script: &str, expected: &str) {
        let tables = created_tables(script).expect("quotes are closed");
        let shown = tables.iter().map(|one| {
            let columns = one.columns.as_ref().map_or("?".to_owned(), |columns| columns.join(" "));
            format!("{}.{}({columns})", one.db, one.table)
        });
        assert_eq!(shown.collect::<Vec<_>>().join(" "), expected);
    }

    #[test]
    fn a_dump() {
        check(
            "-- MySQL dump 10.13  Distrib 8.0.36\n\
             /*!40101 SET @saved_cs_client     = @@character_set_client */;\n\
             DROP TABLE IF EXISTS `orders`;\n\
             /*!50503 SET character_set_client = utf8mb4 */;\n\
             CREATE TABLE `orders` (\n  `order_id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'a, (b)',\n  \
             `status` enum('new','paid''s') NOT NULL DEFAULT 'new',\n  \
             `total` decimal(12,2) GENERATED ALWAYS AS (round((`net` * 1.19),2)) STORED,\n  \
             `net` decimal(12,2) DEFAULT NULL,\n  `key` int,\n  PRIMARY KEY (`order_id`),\n  \
             UNIQUE KEY `u` (`status`,`net`),\n  KEY `k` ((lower(`status`))),\n  \
             CONSTRAINT `c` FOREIGN KEY (`net`) REFERENCES `x` (`y`) ON DELETE CASCADE,\n  \
             CONSTRAINT `k2` CHECK ((`net` > 0))\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='a; b';\n\
             /*!40101 SET character_set_client = @saved_cs_client */;\n\
             LOCK TABLES `orders` WRITE;\nINSERT INTO `orders` VALUES (1,'CREATE TABLE x (y int);','a\\'b');\n",
            ".orders(order_id status total net key)",
        );
    }

    #[test]
    fn written_by_hand() {
        check(
            "use shop; create table if not exists a (id int primary key, vector int, period date, unique (id));\n\
             # the other database\ncreate or replace table `crm`.`b c` (`x``y` int, period for system_time (s, e));\n\
             create temporary table t (id int)",
            "shop.a(id vector period) crm.b c(x`y) shop.t(id)",
        );
        check("create database d; create view v as select 1; create index i on t (a)", "");
    }

    #[test]
    fn columns_from_elsewhere() {
        check("create table a like b; create table c (like b); create table d select 1", ".a(?) .c(?) .d(?)");
        check("create table a (id int) select 2 as x", ".a(?)");
        check("create table a (id int); alter table a add key (id), auto_increment = 5", ".a(id)");
        check("create table a (id int); alter table a add column x int", ".a(?)");
        check("create table a (id int); create table a (x int)", ".a(x)");
        check("create table a (id int", ".a(?)");
        assert_eq!(created_tables("create table a (id int default 'x)"), None);
    }
}
