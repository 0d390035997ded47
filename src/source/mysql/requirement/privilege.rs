//! L0104, L0120: rights that are missing, and rights that a reader has no use for.

use super::super::grants::{Grant, Grants, Scope};
use super::super::page::paging_key;
use super::super::rights::selects;
use super::beat::proves;
use super::{MATCHES_NOTHING, Needs, PRIVILEGE_MISSING, PRIVILEGES_TOO_WIDE, error, warning};
use crate::catalog::{Engine, ServerFacts, Survey, TableFacts};
use crate::diagnostic::Diagnostic;
use crate::mysql::ident::Quoted;
use crate::mysql::position::Flavor;

/// Rights that readers of logs are given. All others are more than one needs, such as REPLICATION MASTER ADMIN, which sets variables
/// of the log.
const HARMLESS: &[&str] = &[
    "USAGE",
    "SELECT",
    "SHOW DATABASES",
    "SHOW VIEW",
    "LOCK TABLES",
    "RELOAD",
    "PROCESS",
    "REPLICATION SLAVE",
    "REPLICATION REPLICA",
    "REPLICATION CLIENT",
    "BINLOG MONITOR",
    "SLAVE MONITOR",
    "REPLICA MONITOR",
];

/// One finding for each right that is missing, with the statement that gives it.
pub(super) fn missing(
    facts: &ServerFacts,
    grants: &Grants,
    tables: &[TableFacts],
    needs: &Needs<'_>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut missing = |right: &str, on: &str, why: &str| {
        let account = &grants.account;
        let message = format!("the user {account} may not {why}");
        let grant = format!("GRANT {right} ON {on} TO {account};");
        found.push(error(PRIVILEGE_MISSING, message).help(grant + &by_role(facts.flavor(), grants)));
    };
    // the server was asked for the end of its log and did not tell
    if facts.position.is_none() {
        let status = match facts.flavor() {
            Flavor::MySql => "REPLICATION CLIENT",
            Flavor::MariaDb => "BINLOG MONITOR",
        };
        missing(status, "*.*", "see where the log stands");
    }
    if !grants.global(&["REPLICATION SLAVE", "REPLICATION REPLICA"]) {
        missing("REPLICATION SLAVE", "*.*", "read the log");
    }
    for table in tables.iter().filter(|table| table.kind.has_rows()) {
        let name = &table.version.name;
        let (db, quoted) = (Quoted(&name.db), Quoted(&name.table));
        if !readable(grants, table) {
            let columns = grants.columns(&name.db, &name.table, "SELECT");
            if grants.is_revoked(&name.db, &["SELECT"]) {
                missing(
                    "SELECT",
                    &format!("{db}.*"),
                    &format!("read {name}: SELECT on {db} was revoked from it"),
                );
            } else if columns.is_empty() {
                missing("SELECT", &format!("{db}.{quoted}"), &format!("read {name}"));
            } else {
                let why = format!("read {name} but for its columns `{}`", columns.join("`, `"));
                missing("SELECT", &format!("{db}.{quoted}"), &why);
            }
            continue;
        }
        let locks = needs.snapshot
            && match table.engine {
                Engine::NonTransactional => true,
                Engine::Transactional => {
                    facts.flavor() == Flavor::MySql
                        && (paging_key(&table.version).is_none()
                            || is_without_gtids(facts) && !proves(facts, needs))
                }
                Engine::Elsewhere => false,
            };
        if locks && !grants.on_database(&name.db, &["LOCK TABLES"]) {
            let why = match paging_key(&table.version) {
                Some(_) if table.engine == Engine::Transactional => {
                    format!("lock {name} for each page of its rows, as `gtid_mode` is OFF")
                }
                Some(_) | None => format!("lock {name}, which cannot be read page by page"),
            };
            missing("LOCK TABLES", &format!("{db}.*"), &why);
        }
    }
    found
}

/// A server that may take over, or be left, is asked whether it is a replica: by that it is told whether what it lacks will still
/// come. MariaDB says it to whoever has a right of its own for it.
pub(super) fn unasked(
    facts: &ServerFacts,
    grants: &Grants,
    survey: &Survey,
    needs: &Needs<'_>,
) -> Option<Diagnostic> {
    (needs.standby && facts.flavor() == Flavor::MariaDb && !survey.upstream_known).then(|| {
        let account = &grants.account;
        let message = format!(
            "the user {account} may not ask whether the server is a replica: a server of `standby` that will never have what was \
             read is waited for like one that lags"
        );
        let grant = format!("GRANT SLAVE MONITOR ON *.* TO {account};");
        warning(PRIVILEGE_MISSING, message).help(grant + &by_role(facts.flavor(), grants))
    })
}

/// Pages are read under locks where the server cannot be asked to show what has been read already.
pub(super) fn is_without_gtids(facts: &ServerFacts) -> bool {
    facts.variable("gtid_mode").is_some_and(|mode| mode.eq_ignore_ascii_case("OFF"))
}

/// An `include` that takes nothing: a server shows only tables on which the user has some right, so nothing at all may be a right
/// that is missing.
pub(super) fn unseen(grants: &Grants, tables: &[TableFacts], needs: &Needs<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for pattern in needs.include {
        let Ok(matcher) = pattern.compile() else { continue };
        let takes = |table: &TableFacts| matcher.matches(&table.version.name.db, &table.version.name.table);
        if tables.iter().any(takes) {
            continue;
        }
        let refused = selects(pattern).into_iter().filter(|(_, db, table)| !match (db, table) {
            (Some(db), Some(table)) => grants.on_table(db, table, &["SELECT"]),
            (Some(db), None) => grants.on_database(db, &["SELECT"]),
            (None, _) => grants.global(&["SELECT"]),
        });
        let account = &grants.account;
        let repairs: Vec<String> =
            refused.map(|(on, ..)| format!("GRANT SELECT ON {on} TO {account};")).collect();
        found.push(if repairs.is_empty() {
            warning(MATCHES_NOTHING, format!("the server has no table that `include {pattern}` takes"))
                .help("mend its name, or make the table: its rows are sent from then on")
        } else {
            let message = format!("the user {account} may see no table that `include {pattern}` takes");
            error(PRIVILEGE_MISSING, message).help(repairs.join("\n"))
        });
    }
    found
}

/// A role that was granted and is not in force may have it.
fn by_role(flavor: Flavor, grants: &Grants) -> String {
    let account = &grants.account;
    match (grants.roles.first(), flavor) {
        (None, _) => String::new(),
        (Some(_), Flavor::MySql) => {
            format!("\nor, if a role has it that is not in force: SET DEFAULT ROLE ALL TO {account};")
        }
        (Some(role), Flavor::MariaDb) => {
            format!("\nor, if a role has it that is not in force: SET DEFAULT ROLE {role} FOR {account};")
        }
    }
}

/// Whether all columns of a table may be read.
pub(super) fn readable(grants: &Grants, table: &TableFacts) -> bool {
    grants.on_table(&table.version.name.db, &table.version.name.table, &["SELECT"])
}

/// One finding that names everything a reader has no use for, with the statements that take it away.
pub(super) fn excess(facts: &ServerFacts, grants: &Grants, needs: &Needs<'_>) -> Option<Diagnostic> {
    let mut named = Vec::new();
    let mut repairs = Vec::new();
    // last: MySQL does not revoke a dynamic right any more whose GRANT OPTION went before
    let mut options = Vec::new();
    for grant in grants.all() {
        let on = shown(&grant.scope);
        let to = &grant.to;
        let too_much: Vec<&str> = grant.names().filter(|name| is_too_much(grant, name, needs)).collect();
        let all = too_much.iter().any(|name| matches!(*name, "ALL" | "ALL PRIVILEGES"));
        if all {
            named.push(format!("ALL PRIVILEGES on {on}"));
            repairs.push(format!("REVOKE ALL PRIVILEGES ON {on} FROM {to};"));
            repairs.push(format!("GRANT {} ON {on} TO {to};", least(facts.flavor(), &grant.scope, needs)));
        } else if !too_much.is_empty() {
            named.push(format!("{} on {on}", in_short(&too_much)));
            repairs.push(format!("REVOKE {} ON {on} FROM {to};", too_much.join(", ")));
        }
        if grant.grantable {
            let revoke = format!("REVOKE GRANT OPTION ON {on} FROM {to};");
            if !options.contains(&revoke) {
                named.push(format!("GRANT OPTION on {on}"));
                options.push(revoke);
            }
        }
    }
    repairs.extend(options);
    if named.is_empty() {
        return None;
    }
    let message = format!(
        "the user {} may do more than read: {}; who gets hold of its password may do it too",
        grants.account,
        named.join("; ")
    );
    if facts.flavor() == Flavor::MySql
        && let Some(role) = grants.roles.first()
    {
        repairs.push(format!("-- what a role gives goes with it: REVOKE {role} FROM {};", grants.account));
    }
    Some(warning(PRIVILEGES_TOO_WIDE, message).help(repairs.join("\n")))
}

fn is_too_much(grant: &Grant, name: &str, needs: &Needs<'_>) -> bool {
    let beats = matches!(name, "INSERT" | "UPDATE")
        && matches!(&grant.scope, Scope::Table(db, table)
            if needs.heartbeat.is_some_and(|(d, t)| d == db && t == table));
    !beats && !HARMLESS.contains(&name)
}

/// What remains of everything.
fn least(flavor: Flavor, scope: &Scope, needs: &Needs<'_>) -> &'static str {
    match (scope, flavor) {
        (Scope::Global, Flavor::MySql) => "SELECT, REPLICATION SLAVE, REPLICATION CLIENT",
        (Scope::Global, Flavor::MariaDb) if needs.standby => {
            "SELECT, REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR"
        }
        (Scope::Global, Flavor::MariaDb) => "SELECT, REPLICATION SLAVE, BINLOG MONITOR",
        (Scope::Database(_) | Scope::Table(..), _) => "SELECT",
    }
}

fn shown(scope: &Scope) -> String {
    match scope {
        Scope::Global => "*.*".to_owned(),
        Scope::Database(pattern) => format!("{}.*", Quoted(pattern)),
        Scope::Table(db, table) => format!("{}.{}", Quoted(db), Quoted(table)),
    }
}

/// The gravest first, and not all of a hundred.
fn in_short(rights: &[&str]) -> String {
    const NAMED: usize = 5;
    let grave = |right: &&str| matches!(*right, "SUPER" | "FILE" | "CREATE USER" | "SHUTDOWN");
    let (first, rest): (Vec<&str>, Vec<&str>) = rights.iter().copied().partition(grave);
    let sorted: Vec<&str> = first.into_iter().chain(rest).collect();
    match sorted.len().saturating_sub(NAMED) {
        0 => sorted.join(", "),
        more => format!("{} and {more} more", sorted[..NAMED].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, int, needs, sound, table};
    use super::super::{Needs, findings};
    use super::*;
    use crate::diagnostic::Code;
    use crate::pattern::{NamePattern, TablePattern};

    /// What is to be run about one code, for these lines and one table.
    #[track_caller]
    fn repairs(flavor: Flavor, lines: &[&str], table: TableFacts, code: Code, expected: &[&str]) {
        let mut catalog = sound(flavor);
        catalog.server.account = "`cdc`@`10.%`".to_owned();
        catalog.server.grants = lines.iter().map(|line| (*line).to_owned()).collect();
        catalog.server.grants.push("GRANT SELECT, UPDATE ON `ops`.`beat` TO `cdc`@`10.%`".to_owned());
        catalog.tables = vec![table];
        let found = findings(&catalog, &Needs { heartbeat: Some(("ops", "beat")), ..needs(true) });
        let asked: Vec<String> = found
            .into_iter()
            .filter(|finding| finding.code == code)
            .filter_map(|finding| finding.help)
            .collect();
        assert_eq!(asked, expected);
    }

    #[test]
    fn only_what_is_missing_is_asked_for() {
        let with = |flavor, grants: &[&str], table: TableFacts, expected: &[&str]| {
            repairs(flavor, grants, table, PRIVILEGE_MISSING, expected);
        };
        let keyed = || table(int(), true, Engine::Transactional);
        let keyless = || table(int(), false, Engine::Transactional);
        let weak = "GRANT USAGE ON *.* TO `cdc`@`10.%`";
        let replication = "GRANT REPLICATION SLAVE ON *.* TO `cdc`@`10.%`;";
        with(
            Flavor::MySql,
            &[weak],
            keyed(),
            &[replication, "GRANT SELECT ON `shop`.`orders` TO `cdc`@`10.%`;"],
        );
        let reads = "GRANT SELECT, REPLICATION SLAVE ON *.* TO `cdc`@`10.%`";
        with(Flavor::MySql, &[reads], keyed(), &[]);
        with(Flavor::MySql, &[reads], keyless(), &["GRANT LOCK TABLES ON `shop`.* TO `cdc`@`10.%`;"]);
        with(Flavor::MariaDb, &[reads], keyless(), &[]);
        let isam = table(int(), true, Engine::NonTransactional);
        with(Flavor::MariaDb, &[reads], isam, &["GRANT LOCK TABLES ON `shop`.* TO `cdc`@`10.%`;"]);
        let revoked = "REVOKE SELECT ON `shop`.* FROM `cdc`@`10.%`";
        with(Flavor::MySql, &[reads, revoked], keyed(), &["GRANT SELECT ON `shop`.* TO `cdc`@`10.%`;"]);
        let columns = "GRANT SELECT (`b`), REPLICATION SLAVE ON `shop`.`orders` TO `cdc`@`10.%`";
        with(
            Flavor::MySql,
            &["GRANT REPLICATION SLAVE ON *.* TO `cdc`@`10.%`", columns],
            keyed(),
            &["GRANT SELECT ON `shop`.`orders` TO `cdc`@`10.%`;"],
        );
        with(
            Flavor::MySql,
            &["GRANT SELECT ON *.* TO `cdc`@`10.%`", "GRANT `reader`@`%` TO `cdc`@`10.%`"],
            keyed(),
            &["GRANT REPLICATION SLAVE ON *.* TO `cdc`@`10.%`;\n\
               or, if a role has it that is not in force: SET DEFAULT ROLE ALL TO `cdc`@`10.%`;"],
        );
        check(Flavor::MariaDb, true, |catalog| catalog.server.position = None, &["L0104 Error"]);
    }

    #[test]
    fn an_include_that_takes_nothing_may_be_a_missing_right() {
        let pattern = |db: &str, table: &str| {
            let of = |text: &str| NamePattern::from_glob(text).expect("a pattern");
            TablePattern::new(of(db), of(table))
        };
        let check = |grant: &str, include: TablePattern, expected: &[&str]| {
            let mut catalog = sound(Flavor::MySql);
            let replicates = "GRANT REPLICATION SLAVE ON *.* TO `cdc`@`%`".to_owned();
            let reads = "GRANT SELECT ON `shop`.`orders` TO `cdc`@`%`".to_owned();
            catalog.server.grants = vec![replicates, reads, grant.to_owned()];
            let found = findings(&catalog, &Needs { include: &[include], ..needs(true) });
            let shown: Vec<String> = found
                .iter()
                .map(|d| format!("{} {}", d.code, d.help.as_deref().unwrap_or_default()))
                .collect();
            let begins = |(shown, expected): (&String, &&str)| shown.starts_with(expected);
            assert!(shown.len() == expected.len() && shown.iter().zip(expected).all(begins), "{shown:?}");
        };
        let all = "GRANT SELECT ON `crm_1`.* TO `cdc`@`%`";
        check("", pattern("shop", "*"), &[]);
        check("", pattern("shop", "ordres"), &["L0104 GRANT SELECT ON `shop`.`ordres` TO `cdc`@`%`;"]);
        check("", pattern("crm_1", "*"), &["L0104 GRANT SELECT ON `crm\\_1`.* TO `cdc`@`%`;"]);
        check(all, pattern("crm_1", "*"), &["S0212 mend its name"]);
        check(all, pattern("crm_1", "people"), &["S0212 mend its name"]);
        check("", pattern("*", "people"), &["L0104 GRANT SELECT ON *.* TO `cdc`@`%`;"]);
    }

    #[test]
    fn a_standby_of_mariadb_must_tell_whether_it_is_a_replica() {
        let check = |flavor, standby, upstream_known, expected: &[&str]| {
            let mut catalog = sound(flavor);
            catalog.survey.upstream_known = upstream_known;
            let found = findings(&catalog, &Needs { standby, ..needs(true) });
            let shown: Vec<String> = found
                .iter()
                .map(|d| format!("{} {:?} {}", d.code, d.severity, d.help.as_deref().unwrap_or_default()))
                .collect();
            assert_eq!(shown, expected);
        };
        let asked = "L0104 Warning GRANT SLAVE MONITOR ON *.* TO `cdc`@`%`;";
        check(Flavor::MariaDb, true, false, &[asked]);
        check(Flavor::MariaDb, true, true, &[]);
        check(Flavor::MariaDb, false, false, &[]);
        check(Flavor::MySql, true, false, &[]);
    }

    #[test]
    fn what_a_reader_has_no_use_for_is_taken_away() {
        let with = |flavor, grants: &[&str], expected: &[&str]| {
            let table = table(int(), true, Engine::Transactional);
            repairs(flavor, grants, table, PRIVILEGES_TOO_WIDE, expected);
        };
        let reads = "GRANT SELECT, REPLICATION SLAVE ON *.* TO `cdc`@`10.%`";
        with(Flavor::MySql, &[reads], &[]);
        with(Flavor::MySql, &[reads, "GRANT RELOAD, PROCESS ON *.* TO `cdc`@`10.%`"], &[]);
        with(
            Flavor::MariaDb,
            &[reads, "GRANT SLAVE MONITOR, REPLICATION MASTER ADMIN ON *.* TO `cdc`@`10.%`"],
            &["REVOKE REPLICATION MASTER ADMIN ON *.* FROM `cdc`@`10.%`;"],
        );
        with(
            Flavor::MySql,
            &[reads, "GRANT SELECT, INSERT, UPDATE (`a`) ON `shop`.* TO `cdc`@`10.%` WITH GRANT OPTION"],
            &["REVOKE INSERT, UPDATE ON `shop`.* FROM `cdc`@`10.%`;\n\
               REVOKE GRANT OPTION ON `shop`.* FROM `cdc`@`10.%`;"],
        );
        with(Flavor::MySql, &[reads, "GRANT INSERT, UPDATE ON `ops`.`beat` TO `cdc`@`10.%`"], &[]);
        with(
            Flavor::MariaDb,
            &["GRANT ALL PRIVILEGES ON *.* TO `cdc`@`10.%`"],
            &["REVOKE ALL PRIVILEGES ON *.* FROM `cdc`@`10.%`;\n\
               GRANT SELECT, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `cdc`@`10.%`;"],
        );
        with(
            Flavor::MariaDb,
            &[reads, "GRANT `writer` TO `cdc`@`10.%`", "GRANT DELETE ON `shop`.`t` TO `writer`"],
            &["REVOKE DELETE ON `shop`.`t` FROM `writer`;"],
        );
    }
}
