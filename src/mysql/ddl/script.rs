//! The tables that a script makes: a dump of structures, or what somebody wrote by hand.
//!
//! Knows names, not types. Tolerant: statements that make no table are passed over, and of a table whose columns come
//! from elsewhere only the name is known.

use super::cursor::Cursor;
use super::effect::TableDdl;
use super::ir::{AlterAction, CreateBody, NotUnderstood, Statement};
use super::lex::{Dialect, Token, tokens};
use super::parse::statement;
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
    let dialect =
        Dialect { ansi_quotes: false, plain_backslash: false, oracle: false, flavor: Flavor::MySql };
    let tokens = tokens(script, dialect)?;
    let mut tables: Vec<CreatedTable> = Vec::new();
    let mut db = String::new();
    for tokens in tokens.split(|token| *token == Token::Sign(';')) {
        let mut cursor = Cursor::new(tokens, Some(&db));
        if cursor.take("USE") {
            db = cursor.name().unwrap_or_default();
            continue;
        }
        let (table, columns, is_new) = match statement(cursor) {
            Statement::CreateTable(create) => {
                let columns = match create.body {
                    CreateBody::Columns(body) => {
                        Some(body.columns.into_iter().map(|column| column.name).collect())
                    }
                    CreateBody::Like(_) | CreateBody::Query | CreateBody::Discovered => None,
                };
                (create.table, columns, true)
            }
            Statement::NotUnderstood(NotUnderstood { tables, kind: TableDdl::Create, .. }) => {
                let Some(table) = tables.into_iter().next() else { continue };
                (table, None, true)
            }
            // Keys and constraints are added apart from their table by some tools; columns may be, too.
            Statement::AlterTable(alter) if alter.actions.iter().any(changes_columns) => {
                (alter.table, None, false)
            }
            Statement::NotUnderstood(NotUnderstood { tables, kind: TableDdl::Alter, .. }) => {
                let Some(table) = tables.into_iter().next() else { continue };
                (table, None, false)
            }
            _ => continue,
        };
        let known = tables.iter().position(|known| known.db == table.db && known.table == table.table);
        let created = CreatedTable { db: table.db, table: table.table, columns };
        match known {
            Some(at) => tables[at] = created,
            None if is_new => tables.push(created),
            None => {}
        }
    }
    Some(tables)
}

/// Whether an action makes other columns of a table.
fn changes_columns(action: &AlterAction) -> bool {
    matches!(
        action,
        AlterAction::AddColumn { .. }
            | AlterAction::DropColumn { .. }
            | AlterAction::ChangeColumn { .. }
            | AlterAction::RenameColumn { .. }
    )
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
            "shop.a(id vector period) crm.b c(x`y)",
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
