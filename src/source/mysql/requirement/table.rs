//! L0115, L0119, L0121, L0124, S0216, S0502: what single tables are.

use super::super::page::paging_key;
use super::{
    CASCADE_INVISIBLE, ENGINE, KEY_TRAP, NO_PRIMARY_KEY, NOT_A_TABLE, Needs, OLD_TEMPORAL_COLUMNS, answered,
    error, warning,
};
use crate::catalog::{Engine, ServerFacts, Survey, TableFacts};
use crate::diagnostic::Diagnostic;
use crate::mysql::ident::Quoted;
use crate::mysql::position::Flavor;

pub(super) fn table(facts: &ServerFacts, table: &TableFacts, needs: &Needs<'_>) -> Vec<Diagnostic> {
    let name = &table.version.name;
    let alter = format!("ALTER TABLE {}.{}", Quoted(&name.db), Quoted(&name.table));
    let mut found = Vec::new();
    if table.has_own_life() {
        let message = format!(
            "table {name} has system versioning with columns of its own for start and end of a row: its history cannot be \
             told from its rows"
        );
        found.push(error(NOT_A_TABLE, message).help(format!("`exclude {name}`")));
    }
    if table.engine == Engine::Elsewhere {
        let message = format!(
            "the rows of table {name} stand in other tables or servers, and change there without a word in this log"
        );
        found.push(error(ENGINE, message).help(format!("`exclude {name}`, and include what holds the rows")));
        return found;
    }
    if !table.old_temporals.is_empty() {
        let message = format!(
            "columns of table {name} are stored as before MySQL 5.6, which the log does not tell: `{}`",
            table.old_temporals.join("`, `")
        );
        let is_off = |value: &str| value == "0" || value.eq_ignore_ascii_case("OFF");
        let first = match facts.variable("mysql56_temporal_format").is_some_and(is_off) {
            true => "SET GLOBAL mysql56_temporal_format = ON; ",
            false => "",
        };
        found.push(error(OLD_TEMPORAL_COLUMNS, message).help(format!("{first}{alter} FORCE;")));
    }
    let key = table.version.row_key();
    if key.is_none() {
        let message = format!(
            "table {name} has no primary key and no unique key without nullable columns: its rows have no key in Kafka"
        );
        found
            .push(warning(NO_PRIMARY_KEY, message).help("add a primary key, or name the columns with `key`"));
    }
    if !needs.snapshot {
        return found;
    }
    if table.engine == Engine::NonTransactional {
        let message =
            format!("table {name} has an engine without consistent views: it is locked while it is loaded");
        found.push(warning(ENGINE, message).help(format!("{alter} ENGINE=InnoDB; or `exclude {name}`")));
    } else if key.is_some() && paging_key(&table.version).is_none() {
        let message =
            format!("the key of {name} holds a FLOAT, which cannot be paged by: the table is read in one go");
        found.push(
            warning(KEY_TRAP, message).help("another unique key without nullable columns, of other types"),
        );
    }
    found
}

/// Rows that the server changes on its own, without an event.
///
/// From MySQL 9.6 on foreign keys are executed above the engine, and what they do is logged; MariaDB leaves them to InnoDB.
pub(super) fn cascades(facts: &ServerFacts, survey: &Survey, needs: &Needs<'_>) -> Vec<Diagnostic> {
    let (major, minor, _) = facts.version_number;
    let native = facts.variable("innodb_native_foreign_keys").is_some_and(|it| it.eq_ignore_ascii_case("ON"));
    if facts.flavor() == Flavor::MySql && (major, minor) >= (9, 6) && !native {
        return Vec::new();
    }
    let told = survey.cascades.iter().filter_map(|cascade| {
        let child = &cascade.child;
        let message = format!(
            "foreign key `{}` of {child} changes rows of that table ({}), and this server does not log it: they change without a \
             message",
            cascade.constraint, cascade.actions
        );
        let finding = warning(CASCADE_INVISIBLE, message).help(format!(
            "ALTER TABLE {}.{} DROP FOREIGN KEY {}; and change these rows by statements or a trigger, whose rows are logged",
            Quoted(&child.db),
            Quoted(&child.table),
            Quoted(&cascade.constraint)
        ));
        (!answered(needs, child, &finding)).then_some(finding)
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, int, set, table};
    use super::*;
    use crate::catalog::{Cascade, SourceCatalog, TableKind};
    use crate::mysql::column_type::ColumnType;
    use crate::mysql::schema::{TableName, hidden_columns};

    #[test]
    fn tables() {
        let check = |table: TableFacts, snapshot, expected: &[&str]| {
            let change = |catalog: &mut SourceCatalog| {
                catalog.server.grants =
                    vec!["GRANT SELECT, LOCK TABLES, REPLICATION SLAVE ON *.* TO `cdc`@`%`".to_owned()];
                catalog.tables = vec![table];
            };
            check(Flavor::MariaDb, snapshot, change, expected);
        };
        check(table(int(), false, Engine::Transactional), true, &["S0502 Warning"]);
        check(table(int(), true, Engine::NonTransactional), true, &["L0115 Warning"]);
        check(table(int(), true, Engine::NonTransactional), false, &[]);
        check(table(int(), true, Engine::Elsewhere), false, &["L0115 Error"]);
        check(table(ColumnType::Float, true, Engine::Transactional), true, &["L0124 Warning"]);
        let old_temporals = vec!["t".to_owned()];
        let old = TableFacts { old_temporals, ..table(int(), true, Engine::Transactional) };
        check(old, false, &["L0121 Error"]);
        let versioned =
            TableFacts { kind: TableKind::Versioned, ..table(int(), true, Engine::Transactional) };
        check(versioned.clone(), true, &["S0216 Error"]);
        let mut implicit = versioned;
        implicit.version.columns.extend(hidden_columns(true, &[]));
        check(implicit, true, &[]);
        let view = TableFacts { kind: TableKind::View, ..table(int(), false, Engine::NonTransactional) };
        check(view, true, &[]);
    }

    #[test]
    fn foreign_keys_that_the_engine_executes_are_told_of() {
        let check = |flavor, version, native: &str, expected: &[&str]| {
            let change = |catalog: &mut SourceCatalog| {
                catalog.server.version_number = version;
                set(catalog, "innodb_native_foreign_keys", native);
                catalog.survey.cascades.push(Cascade {
                    child: TableName::new("shop", "lines"),
                    constraint: "fk".to_owned(),
                    actions: "ON DELETE CASCADE".to_owned(),
                });
            };
            check(flavor, false, change, expected);
        };
        check(Flavor::MySql, (8, 0, 15), "OFF", &["L0119 Warning"]);
        check(Flavor::MySql, (9, 7, 4), "OFF", &[]);
        check(Flavor::MySql, (9, 7, 4), "ON", &["L0119 Warning"]);
        check(Flavor::MariaDb, (10, 11, 18), "OFF", &["L0119 Warning"]);
    }
}
