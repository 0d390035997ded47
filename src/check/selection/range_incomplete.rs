//! S0213: a range of which members are missing.

use super::super::Rule;
use super::super::flow::{Flow, Project};
use super::super::locked::listed;
use super::super::selector::Selector;
use super::taken::{Taken, includes};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::pattern::{NamePattern, TablePattern};

const RANGE_INCOMPLETE: Code = Code::new("S0213", "range-incomplete");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: RANGE_INCOMPLETE,
        what: "Some members of a numeric range in an `include` are no tables that `schema.lock` lists for the sources of the \
               pipeline.",
        why: "A range such as `[00..63]` promises exactly these tables. A shard that is missing is a shard whose rows nobody gets.",
        wrong: locked!(
            "  include shop.orders_[0..2]\n  key origin, id\n",
            "  table shop.orders_0 {\n    primary id\n    column id \"bigint not null\"\n  }\n  \
             table shop.orders_1 {\n    primary id\n    column id \"bigint not null\"\n  }\n"
        ),
        right: locked!(
            "  include shop.orders_[0..1]\n  key origin, id\n",
            "  table shop.orders_0 {\n    primary id\n    column id \"bigint not null\"\n  }\n  \
             table shop.orders_1 {\n    primary id\n    column id \"bigint not null\"\n  }\n"
        ),
    },
    run: check_range_incomplete,
};

fn check_range_incomplete(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in project.flows.iter().filter(|flow| flow.locks.complete()) {
        for (include, taken) in includes(flow) {
            let missing = match taken {
                Taken::Tables => missing(flow, include),
                Taken::Views(_) | Taken::OtherCase(..) | Taken::Nothing => continue,
            };
            if !missing.is_empty() {
                let message =
                    format!("`{}` promises tables that are not there: {}", include.pattern, listed(&missing));
                findings.push(
                    Diagnostic::error(RANGE_INCOMPLETE, include.span, message)
                        .label(match missing.len() {
                            1 => "one of its members is missing".to_owned(),
                            n => format!("{n} of its members are missing"),
                        })
                        .help(
                            "a range takes exactly its members: write the range that is there, or `exclude` the others; where \
                             they are new, `syncc schema pull` adds them",
                        ),
                );
            }
        }
    }
}

/// Members without a table, as they are written.
fn missing(flow: &Flow<'_>, include: &Selector<'_>) -> Vec<String> {
    let TablePattern { db, table } = include.pattern;
    if !is_range(db) && !is_range(table) {
        return Vec::new();
    }
    let Some(dbs) = db.members() else { return Vec::new() };
    let locks = flow.locks.only(include.source);
    let mut missing = Vec::new();
    for db in dbs.iter().map(|member| NamePattern::Exact(member.name.clone())) {
        let tables = match table.members() {
            Some(members) => members.into_iter().map(|member| NamePattern::Exact(member.name)).collect(),
            None => vec![table.clone()],
        };
        for table in tables {
            let member = TablePattern::new(db.clone(), table);
            let Ok(matcher) = member.compile() else { continue };
            let excluded = flow.exclude.iter().filter(|one| one.is_for_all_of(include)).any(|one| {
                use crate::pattern::Relation::{Equal, Narrower};
                matches!(matcher.relation(&one.matcher), Equal | Narrower)
            });
            if !excluded && !locks.any_table(&member, &matcher) {
                missing.push(member.to_string());
            }
        }
    }
    missing
}

/// True for a pattern with a numeric range; dots stand in no other one.
fn is_range(pattern: &NamePattern) -> bool {
    match pattern {
        NamePattern::Glob(glob) => glob.contains(".."),
        NamePattern::Exact(_) | NamePattern::Regex(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_locked;

    /// Tables with one column and a key.
    fn tables(names: &[&str]) -> String {
        let table = |name: &&str| format!("table {name} {{\nprimary id\ncolumn id \"int not null\"\n}}\n");
        names.iter().map(table).collect()
    }

    #[test]
    fn members_are_named() {
        let tables = tables(&["d.t_00", "d.t_02", "e_0.x", "e_1.y"]);
        check_locked(
            "include d.t_[00..02]  # error[S0213]: `d.t_[00..02]` promises tables that are not there: `d.t_01`\n\
             include e_[0..2].*  # error[S0213]: `e_[0..2].*` promises tables that are not there: `e_2.*`\n",
            &tables,
        );
        check_locked("include d.t_[00..02], e_[0..1].*\nexclude d.t_01\n", &tables);
        check_locked("include d.t_0[012], e_[01].[xy]\n", &tables);
        check_locked(
            "include d.u_[0..9]  # error[S0212]: `schema.lock` lists no table that fits `d.u_[0..9]`\n",
            &tables,
        );
    }
}
