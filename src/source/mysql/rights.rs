//! The statements that give a user what tasks need of a server, ready to paste. Pure, and known without a server.

use crate::mysql::ident::Quoted;
use crate::mysql::position::Flavor;
use crate::pattern::{NamePattern, TablePattern};
use std::collections::BTreeSet;

/// Most tables of one pattern that get a statement each; where there are more, the database gets it.
const TABLES_MAX: usize = 16;

/// Most databases of one pattern that get a statement each.
const DATABASES_MAX: usize = 64;

/// What the tasks of one source do there.
#[derive(Debug, Clone)]
pub struct Use<'u> {
    /// The user.
    pub user: &'u str,
    /// Patterns of the tables that are read.
    pub tables: Vec<&'u TablePattern>,
    /// The table that a heartbeat updates, as database and name.
    pub heartbeat: Option<(&'u str, &'u str)>,
    /// Existing rows are loaded.
    pub loads: bool,
    /// Other servers may take the place of this one: each is asked whether it is a replica.
    pub standby: bool,
    /// Kind of server, where it is known.
    pub flavor: Option<Flavor>,
}

/// The statements, and comments where one depends on the server.
pub fn statements(of: &Use<'_>) -> Vec<String> {
    let account = format!("'{}'@'%'", of.user.replace('\\', "\\\\").replace('\'', "''"));
    let grant = |rights: &str, on: &str| format!("GRANT {rights} ON {on} TO {account};");
    let monitor = if of.standby { "BINLOG MONITOR, SLAVE MONITOR" } else { "BINLOG MONITOR" };
    let mut lines = match of.flavor {
        Some(Flavor::MySql) => vec![grant("REPLICATION SLAVE, REPLICATION CLIENT", "*.*")],
        Some(Flavor::MariaDb) => vec![grant(&format!("REPLICATION SLAVE, {monitor}"), "*.*")],
        None => vec![format!(
            "{}  -- on MariaDB: {monitor} for REPLICATION CLIENT",
            grant("REPLICATION SLAVE, REPLICATION CLIENT", "*.*")
        )],
    };
    let scopes: BTreeSet<Scope> = of.tables.iter().flat_map(|pattern| scopes(pattern)).collect();
    let covered = |scope: &Scope| match scope {
        Scope::Everything => false,
        Scope::Database(_) => scopes.contains(&Scope::Everything),
        Scope::Table(db, _) => {
            scopes.contains(&Scope::Everything) || scopes.contains(&Scope::Database(quoted_name(db)))
        }
    };
    lines.extend(
        scopes.iter().filter(|scope| !covered(scope)).map(|scope| grant("SELECT", &scope.to_string())),
    );
    if let Some((db, table)) = of.heartbeat {
        lines.extend(beat_table(db, table));
        lines.push(grant("SELECT, UPDATE", &format!("{}.{}", Quoted(db), Quoted(table))));
    }
    if of.loads && of.flavor != Some(Flavor::MariaDb) {
        let databases: BTreeSet<String> = scopes
            .iter()
            .map(|scope| match scope {
                Scope::Everything => "*.*".to_owned(),
                Scope::Database(_) => scope.to_string(),
                Scope::Table(db, _) => format!("{}.*", Quoted(db)),
            })
            .collect();
        lines.push("-- only where a table without a usable key, or of MyISAM, is loaded:".to_owned());
        lines.extend(databases.iter().map(|on| format!("-- {}", grant("LOCK TABLES", on))));
    }
    lines
}

/// The statements that make the table of a heartbeat, and its row.
pub(super) fn beat_table(db: &str, table: &str) -> [String; 3] {
    let (db, table) = (Quoted(db), Quoted(table));
    [
        format!("CREATE DATABASE IF NOT EXISTS {db};"),
        format!(
            "CREATE TABLE IF NOT EXISTS {db}.{table} (id INT NOT NULL PRIMARY KEY, beat BIGINT NOT NULL) ENGINE=InnoDB;"
        ),
        format!("INSERT IGNORE INTO {db}.{table} VALUES (1, 0);"),
    ]
}

/// What SELECT is granted on for a pattern, as GRANT writes it; with each the names that tell whether it is: database and table, or
/// a database, or neither for everything.
pub(super) fn selects(pattern: &TablePattern) -> Vec<(String, Option<String>, Option<String>)> {
    let one = |scope: Scope| {
        let on = scope.to_string();
        match scope {
            Scope::Everything => (on, None, None),
            Scope::Database(pattern) => (on, Some(pattern.replace('\\', "")), None),
            Scope::Table(db, table) => (on, Some(db), Some(table)),
        }
    };
    scopes(pattern).into_iter().map(one).collect()
}

/// On what a right is granted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Everything,
    /// Pattern of the server, its signs escaped.
    Database(String),
    Table(String, String),
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Scope::Everything => f.write_str("*.*"),
            Scope::Database(pattern) => write!(f, "{}.*", Quoted(pattern)),
            Scope::Table(db, table) => write!(f, "{}.{}", Quoted(db), Quoted(table)),
        }
    }
}

fn scopes(pattern: &TablePattern) -> Vec<Scope> {
    let databases = match pattern.db.members().filter(|members| members.len() <= DATABASES_MAX) {
        Some(members) => members.into_iter().map(|member| member.name).collect::<Vec<_>>(),
        None => return vec![of_many_databases(&pattern.db)],
    };
    let tables = pattern.table.members().filter(|members| members.len() <= TABLES_MAX);
    let of_db = |db: String| match &tables {
        None => vec![Scope::Database(quoted_name(&db))],
        Some(tables) => tables.iter().map(|table| Scope::Table(db.clone(), table.name.clone())).collect(),
    };
    databases.into_iter().flat_map(of_db).collect()
}

/// The server's own pattern for databases that cannot be listed: what comes before the first wildcard, and any end.
fn of_many_databases(pattern: &NamePattern) -> Scope {
    let prefix = match pattern {
        NamePattern::Glob(text) => text.split(['*', '?', '[']).next().unwrap_or_default(),
        NamePattern::Exact(_) | NamePattern::Regex(_) => "",
    };
    if prefix.is_empty() { Scope::Everything } else { Scope::Database(quoted_name(prefix) + "%") }
}

/// A name in which no sign is a wildcard of the server. Source: MySQL manual, GRANT, "Database Privileges".
fn quoted_name(name: &str) -> String {
    name.replace('\\', "\\\\").replace('_', "\\_").replace('%', "\\%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(db: &str, table: &str) -> TablePattern {
        let of = |text: &str| match text.strip_prefix('/') {
            Some(regex) => NamePattern::from_regex(regex.trim_end_matches('/')),
            None => NamePattern::from_glob(text),
        };
        TablePattern::new(of(db).expect("a pattern"), of(table).expect("a pattern"))
    }

    #[track_caller]
    fn check(patterns: &[(&str, &str)], flavor: Option<Flavor>, expected: &[&str]) {
        let patterns: Vec<TablePattern> = patterns.iter().map(|(db, table)| pattern(db, table)).collect();
        let tables = patterns.iter().collect();
        let of = Use {
            user: "o'neil",
            tables,
            heartbeat: Some(("ops", "beat")),
            loads: true,
            standby: false,
            flavor,
        };
        let lines = statements(&of);
        let selects: Vec<&str> = lines
            .iter()
            .filter_map(|line| line.strip_prefix("GRANT SELECT ON ")?.strip_suffix(" TO 'o''neil'@'%';"))
            .collect();
        assert_eq!(selects, expected);
        assert!(lines.iter().any(|line| line.starts_with("GRANT SELECT, UPDATE ON `ops`.`beat`")));
    }

    #[test]
    fn a_select_for_what_is_read_and_no_more() {
        let mysql = Some(Flavor::MySql);
        check(&[("shop", "orders"), ("shop", "`x")], mysql, &["`shop`.```x`", "`shop`.`orders`"]);
        check(&[("shop", "*"), ("shop", "orders")], mysql, &["`shop`.*"]);
        check(&[("my_shop", "a*")], mysql, &["`my\\_shop`.*"]);
        check(
            &[("shop_[0..1]", "t_[0..1]")],
            mysql,
            &["`shop_0`.`t_0`", "`shop_0`.`t_1`", "`shop_1`.`t_0`", "`shop_1`.`t_1`"],
        );
        check(&[("shop_*", "t")], mysql, &["`shop\\_%`.*"]);
        check(&[("/a|b/", "t"), ("shop", "t")], mysql, &["*.*"]);
    }

    #[test]
    fn the_kind_of_server_decides_about_the_rest() {
        let patterns = [pattern("shop", "t")];
        let of = |flavor, loads, standby| {
            let tables = patterns.iter().collect();
            statements(&Use { user: "syncc", tables, heartbeat: None, loads, standby, flavor })
        };
        let lines = |flavor, loads| of(flavor, loads, false);
        assert_eq!(
            lines(Some(Flavor::MariaDb), true),
            [
                "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO 'syncc'@'%';",
                "GRANT SELECT ON `shop`.`t` TO 'syncc'@'%';",
            ]
        );
        assert_eq!(lines(Some(Flavor::MySql), false).len(), 2);
        assert_eq!(
            of(Some(Flavor::MariaDb), false, true)[0],
            "GRANT REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR ON *.* TO 'syncc'@'%';"
        );
        assert!(
            of(None, false, true)[0]
                .ends_with("-- on MariaDB: BINLOG MONITOR, SLAVE MONITOR for REPLICATION CLIENT")
        );
        let unknown = lines(None, true);
        assert!(unknown[0].contains("-- on MariaDB: BINLOG MONITOR"));
        assert_eq!(unknown[3], "-- GRANT LOCK TABLES ON `shop`.* TO 'syncc'@'%';");
    }
}
