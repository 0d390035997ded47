//! What the lines of SHOW GRANTS allow.

/// The rights of one account. What comes through a role is not known: its lines name the role only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grants {
    /// As it stands behind `TO`: `` `cdc`@`%` ``.
    pub(super) account: String,
    /// Some rights come through roles.
    pub(super) roles: bool,
    grants: Vec<Grant>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Grant {
    /// In upper case, without column lists.
    rights: Vec<String>,
    scope: Scope,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Scope {
    Global,
    /// A pattern with `%`, `_` and `\`.
    Database(String),
    Table(String, String),
}

impl Grants {
    /// Reads the lines; what is not understood (routines, proxies) grants nothing here.
    pub(super) fn parse(lines: &[String]) -> Grants {
        let mut parsed = Grants { account: "the user".to_owned(), roles: false, grants: Vec::new() };
        for line in lines {
            let Some(rest) = line.strip_prefix("GRANT ") else { continue };
            let Some((what, account)) = split_outside_quotes(rest, " TO ") else { continue };
            match split_outside_quotes(what, " ON ") {
                None => parsed.roles = true,
                Some((rights, object)) => {
                    if let Some(scope) = scope(object) {
                        parsed.grants.push(Grant { rights: rights_of(rights), scope });
                    }
                    parsed.account = account.split(" WITH ").next().unwrap_or(account).trim().to_owned();
                }
            }
        }
        parsed
    }

    /// True when any of `names` is granted on everything.
    pub(super) fn global(&self, names: &[&str]) -> bool {
        self.grants.iter().any(|grant| grant.scope == Scope::Global && grant.gives(names))
    }

    /// True when any of `names` is granted on a table, on its database or on everything.
    pub(super) fn on_table(&self, db: &str, table: &str, names: &[&str]) -> bool {
        self.on_database(db, names)
            || self.grants.iter().any(|grant| {
                matches!(&grant.scope, Scope::Table(d, t) if d == db && t == table) && grant.gives(names)
            })
    }

    /// True when any of `names` is granted on a database or on everything.
    pub(super) fn on_database(&self, db: &str, names: &[&str]) -> bool {
        self.grants.iter().any(|grant| {
            let covers = match &grant.scope {
                Scope::Global => true,
                Scope::Database(pattern) => matches(pattern.as_bytes(), db.as_bytes()),
                Scope::Table(..) => false,
            };
            covers && grant.gives(names)
        })
    }
}

impl Grant {
    fn gives(&self, names: &[&str]) -> bool {
        self.rights.iter().any(|right| {
            matches!(right.as_str(), "ALL" | "ALL PRIVILEGES") || names.contains(&right.as_str())
        })
    }
}

fn rights_of(list: &str) -> Vec<String> {
    let mut rights = Vec::new();
    let mut depth = 0_usize;
    let mut right = String::new();
    for sign in list.chars().chain([',']) {
        match sign {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => rights.push(std::mem::take(&mut right).trim().to_ascii_uppercase()),
            sign if depth == 0 => right.push(sign),
            _ => {}
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

    fn grants(lines: &[&str]) -> Grants {
        Grants::parse(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn scopes_and_rights_are_told_apart() {
        let grants = grants(&[
            "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `c TO d`@`%` WITH GRANT OPTION",
            "GRANT SELECT, LOCK TABLES ON `shop\\_%`.* TO `c TO d`@`%`",
            "GRANT SELECT (`a`, `b`), INSERT ON `x``y`.`t ON u` TO `c TO d`@`%`",
            "GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `c TO d`@`%`",
        ]);
        assert_eq!((grants.account.as_str(), grants.roles), ("`c TO d`@`%`", false));
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
    fn everything_includes_everything_and_roles_are_noted() {
        let all = grants(&["GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION"]);
        assert!(all.global(&["REPLICATION SLAVE"]) && all.on_table("a", "b", &["SELECT"]));
        let by_role = grants(&["GRANT USAGE ON *.* TO `a`@`%`", "GRANT `reader`@`%` TO `a`@`%`"]);
        assert!(by_role.roles && !by_role.global(&["SELECT"]));
    }

    #[test]
    fn nonsense_grants_nothing() {
        for line in ["", "GRANT", "GRANT  TO ", "GRANT SELECT ON `a TO b", "GRANT SELECT ON `a`.`b`x TO c"] {
            assert!(!grants(&[line]).on_table("a", "b", &["SELECT"]), "{line}");
        }
    }
}
