//! What the lines of SHOW GRANTS allow.
//!
//! Both families list what the roles in force give as well: MySQL merges it into the lines of the account, MariaDB adds
//! the lines of the roles. A role that was granted but is not in force is only named.

use crate::catalog::ServerFacts;

/// The rights of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grants {
    /// As it stands behind `TO`: `` `cdc`@`%` ``.
    pub(super) account: String,
    /// Roles granted to it, as the server writes them.
    pub(super) roles: Vec<String>,
    grants: Vec<Grant>,
    /// MySQL `partial_revokes`: rights taken back from a database that were given for everything.
    revoked: Vec<Grant>,
    /// Names of databases are no patterns.
    literal: bool,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    rights: Vec<Right>,
    pub(super) scope: Scope,
    /// To whom: the account, or a role in force.
    pub(super) to: String,
    /// WITH GRANT OPTION.
    pub(super) grantable: bool,
}

/// One right.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Right {
    /// In upper case.
    name: String,
    /// The columns it is limited to; none: it is not.
    columns: Option<Vec<String>>,
}

/// On what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// On everything.
    Global,
    /// A pattern with `%`, `_` and `\`.
    Database(String),
    /// One table.
    Table(String, String),
}

impl Grants {
    /// The rights of our user.
    pub(super) fn of(facts: &ServerFacts) -> Grants {
        let literal = facts.variable("partial_revokes").is_some_and(|it| it.eq_ignore_ascii_case("ON"));
        Grants::parse(&facts.account, &facts.grants, literal)
    }

    /// Reads the lines; what is not understood (routines, proxies) grants nothing here.
    fn parse(account: &str, lines: &[String], literal: bool) -> Grants {
        let mut parsed = Grants {
            account: account.to_owned(),
            roles: Vec::new(),
            grants: Vec::new(),
            revoked: Vec::new(),
            literal,
        };
        for line in lines {
            let grant = line.strip_prefix("GRANT ").and_then(|rest| split_outside_quotes(rest, " TO "));
            let revoke = line.strip_prefix("REVOKE ").and_then(|rest| split_outside_quotes(rest, " FROM "));
            let Some((what, to)) = grant.or(revoke) else { continue };
            match split_outside_quotes(what, " ON ") {
                None if to.starts_with(account) => parsed.roles.push(what.trim().to_owned()),
                None => {}
                Some((rights, object)) => {
                    let Some(scope) = scope(object) else { continue };
                    let with = split_outside_quotes(to, " WITH ");
                    let to = with.map_or(to, |(to, _)| to).trim().to_owned();
                    let grantable = with.is_some_and(|(_, options)| options.contains("GRANT OPTION"));
                    let read = Grant { rights: rights_of(rights), scope, to, grantable };
                    if revoke.is_some() { parsed.revoked.push(read) } else { parsed.grants.push(read) }
                }
            }
        }
        parsed
    }

    /// The lines.
    pub(super) fn all(&self) -> &[Grant] {
        &self.grants
    }

    /// True when any of `names` is granted on everything.
    pub(super) fn global(&self, names: &[&str]) -> bool {
        self.grants.iter().any(|grant| grant.scope == Scope::Global && grant.gives(names))
    }

    /// True when any of `names` is granted on a table, on its database or on everything.
    pub(super) fn on_table(&self, db: &str, table: &str, names: &[&str]) -> bool {
        self.on_database(db, names) || self.of_table(db, table).any(|grant| grant.gives(names))
    }

    /// The columns of a table that `name` is limited to; none where it is not given for single columns.
    pub(super) fn columns(&self, db: &str, table: &str, name: &str) -> Vec<&str> {
        let rights = self.of_table(db, table).flat_map(|grant| &grant.rights);
        let columns = rights.filter(|right| right.name == name).filter_map(|right| right.columns.as_ref());
        columns.flatten().map(String::as_str).collect()
    }

    /// True when any of `names` is granted on a database or on everything.
    pub(super) fn on_database(&self, db: &str, names: &[&str]) -> bool {
        let everywhere = self.global(names) && !self.is_revoked(db, names);
        everywhere
            || self.grants.iter().any(|grant| match &grant.scope {
                Scope::Database(pattern) => self.covers(pattern, db) && grant.gives(names),
                Scope::Global | Scope::Table(..) => false,
            })
    }

    /// True when a database is left out of what is granted on everything.
    pub(super) fn is_revoked(&self, db: &str, names: &[&str]) -> bool {
        self.revoked
            .iter()
            .any(|revoke| matches!(&revoke.scope, Scope::Database(name) if name == db) && revoke.gives(names))
    }

    fn of_table(&self, db: &str, table: &str) -> impl Iterator<Item = &Grant> {
        self.grants
            .iter()
            .filter(move |grant| matches!(&grant.scope, Scope::Table(d, t) if d == db && t == table))
    }

    fn covers(&self, pattern: &str, db: &str) -> bool {
        if self.literal { pattern == db } else { matches(pattern.as_bytes(), db.as_bytes()) }
    }
}

impl Grant {
    /// True when it gives any of these rights on all columns.
    fn gives(&self, names: &[&str]) -> bool {
        self.rights
            .iter()
            .any(|right| right.columns.is_none() && (right.is_all() || names.contains(&right.name.as_str())))
    }

    /// The rights by name, each once.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.rights.iter().map(|right| right.name.as_str())
    }
}

impl Right {
    fn is_all(&self) -> bool {
        matches!(self.name.as_str(), "ALL" | "ALL PRIVILEGES")
    }
}

fn rights_of(list: &str) -> Vec<Right> {
    let mut rights = Vec::new();
    let (mut depth, mut quoted) = (0_usize, false);
    let (mut name, mut columns) = (String::new(), String::new());
    for sign in list.chars().chain([',']) {
        match sign {
            '`' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                let of = std::mem::take(&mut columns);
                let columns =
                    (!of.is_empty()).then(|| of.split(',').map(|column| column.trim().to_owned()).collect());
                let name = std::mem::take(&mut name).trim().to_ascii_uppercase();
                rights.push(Right { name, columns });
            }
            sign if depth == 0 => name.push(sign),
            sign => columns.push(sign),
        }
    }
    rights
}

fn scope(object: &str) -> Option<Scope> {
    let object = object.trim();
    if object == "*.*" {
        return Some(Scope::Global);
    }
    let (db, rest) = quoted(object)?;
    match rest.strip_prefix('.')? {
        "*" => Some(Scope::Database(db)),
        table => {
            let (table, "") = quoted(table)? else { return None };
            Some(Scope::Table(db, table))
        }
    }
}

/// A name in backticks at the beginning, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('`')?;
    let mut name = String::new();
    loop {
        let (part, tail) = rest.split_once('`')?;
        name.push_str(part);
        match tail.strip_prefix('`') {
            Some(more) => {
                name.push('`');
                rest = more;
            }
            None => return Some((name, tail)),
        }
    }
}

/// Splits at the first `glue` that is not inside backticks.
fn split_outside_quotes<'t>(text: &'t str, glue: &str) -> Option<(&'t str, &'t str)> {
    let inside = |at: usize| text[..at].matches('`').count() % 2 == 1;
    let (at, _) = text.match_indices(glue).find(|(at, _)| !inside(*at))?;
    Some((&text[..at], &text[at + glue.len()..]))
}

/// The server's patterns in names of databases: `%` any signs, `_` one, `\` takes the next as it is.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'%', rest @ ..], _) => (0..=name.len()).any(|at| matches(rest, &name[at..])),
        ([b'_', rest @ ..], [_, tail @ ..]) => matches(rest, tail),
        ([b'\\', sign, rest @ ..], [first, tail @ ..]) => sign == first && matches(rest, tail),
        ([sign, rest @ ..], [first, tail @ ..]) => sign == first && matches(rest, tail),
        ([], _) | (_, []) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CDC: &str = "`c TO d`@`%`";

    fn grants(lines: &[&str]) -> Grants {
        Grants::parse(CDC, &lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>(), false)
    }

    #[test]
    fn scopes_and_rights_are_told_apart() {
        let grants = grants(&[
            "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `c TO d`@`%` WITH GRANT OPTION",
            "GRANT SELECT, LOCK TABLES ON `shop\\_%`.* TO `c TO d`@`%`",
            "GRANT SELECT, INSERT ON `x``y`.`t ON u` TO `c TO d`@`%`",
            "GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `c TO d`@`%`",
        ]);
        assert!(grants.roles.is_empty());
        assert!(grants.all()[0].grantable && !grants.all()[1].grantable);
        assert!(grants.all().iter().all(|grant| grant.to == CDC));
        assert!(grants.global(&["REPLICATION SLAVE"]));
        assert!(!grants.global(&["SELECT"]));
        assert!(grants.on_table("shop_eu", "t", &["SELECT"]));
        assert!(grants.on_database("shop_", &["LOCK TABLES"]));
        assert!(!grants.on_table("shopXeu", "t", &["SELECT"]));
        assert!(grants.on_table("x`y", "t ON u", &["SELECT"]));
        assert!(!grants.on_table("x`y", "other", &["SELECT"]));
        assert!(!grants.on_database("x`y", &["SELECT"]));
    }

    #[test]
    fn a_right_on_columns_is_none_on_the_table() {
        let grants = grants(&["GRANT SELECT (`a`, `b(`), INSERT ON `d`.`t` TO `c TO d`@`%`"]);
        assert!(!grants.on_table("d", "t", &["SELECT"]) && grants.on_table("d", "t", &["INSERT"]));
        assert_eq!(grants.columns("d", "t", "SELECT"), ["a", "b("]);
        assert!(grants.columns("d", "t", "INSERT").is_empty());
    }

    #[test]
    fn what_is_taken_back_from_a_database_is_not_given() {
        let lines = ["GRANT SELECT ON *.* TO `c TO d`@`%`", "REVOKE SELECT ON `shop`.* FROM `c TO d`@`%`"];
        let grants = grants(&lines);
        assert!(grants.on_table("crm", "t", &["SELECT"]) && !grants.on_table("shop", "t", &["SELECT"]));
        // With partial revokes names of databases are no patterns.
        let lines = ["GRANT SELECT ON `shop_1`.* TO `c TO d`@`%`".to_owned()];
        assert!(Grants::parse(CDC, &lines, false).on_database("shopX1", &["SELECT"]));
        assert!(!Grants::parse(CDC, &lines, true).on_database("shopX1", &["SELECT"]));
        assert!(Grants::parse(CDC, &lines, true).on_database("shop_1", &["SELECT"]));
    }

    #[test]
    fn roles_in_force_count_and_others_are_named() {
        let all = grants(&["GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION"]);
        assert!(all.global(&["REPLICATION SLAVE"]) && all.on_table("a", "b", &["SELECT"]));
        let maria = grants(&[
            "GRANT `reader` TO `c TO d`@`%`",
            "GRANT `inner` TO `reader`",
            "GRANT SELECT ON `a`.* TO `reader`",
        ]);
        assert_eq!(maria.roles, ["`reader`"]);
        assert!(maria.on_table("a", "b", &["SELECT"]));
        assert_eq!(maria.all()[0].to, "`reader`");
        let idle = grants(&["GRANT USAGE ON *.* TO `c TO d`@`%`", "GRANT `reader`@`%` TO `c TO d`@`%`"]);
        assert_eq!(idle.roles, ["`reader`@`%`"]);
        assert!(!idle.global(&["SELECT"]));
    }

    #[test]
    fn nonsense_grants_nothing() {
        for line in ["", "GRANT", "GRANT  TO ", "GRANT SELECT ON `a TO b", "GRANT SELECT ON `a`.`b`x TO c"] {
            assert!(!grants(&[line]).on_table("a", "b", &["SELECT"]), "{line}");
        }
    }
}
