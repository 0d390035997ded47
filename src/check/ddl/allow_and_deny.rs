//! S0701: a kind of schema change that is allowed and denied.

use super::super::Rule;
use super::super::flow::{Flow, Project};
use super::super::settings::Setting;
use crate::ast::Settings;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::pattern::Relation;
use crate::statement::{DdlKind, Property, WordSet};
use crate::text::Spanned;
use std::collections::BTreeMap;

const DDL_ALLOW_AND_DENY: Code = Code::new("S0701", "ddl-allow-and-deny");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: DDL_ALLOW_AND_DENY,
        what: "One kind of schema change stands in `allow` and in `deny` of one block, or is denied outside and allowed in a nearer block.",
        why: "The order of lines never matters, so neither of the two can win. Each of the two lists holds in inner blocks until one \
              is written there, so what is denied outside stays denied where only `allow` is written. A narrower kind may be denied where a wider one is allowed: `allow alter-table` with `deny drop-column`.",
        wrong: pipeline!(
            "  include shop.*\n  headers schema\n  ddl {\n    allow create-table, drop-table\n    deny drop-table\n    on-deny stop\n  }\n"
        ),
        right: pipeline!(
            "  include shop.*\n  headers schema\n  ddl {\n    allow create-table\n    deny drop-table\n    on-deny stop\n  }\n"
        ),
    },
    run: check_allow_and_deny,
};

fn check_allow_and_deny(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let defaults = &project.program.defaults.settings;
    for (allow, deny) in project.flows.iter().flat_map(|flow| lists(flow, defaults)) {
        let both: Vec<&DdlKind> =
            deny.value.items().iter().filter(|kind| allow.value.contains(kind)).collect();
        if both.is_empty() {
            continue;
        }
        let shown = both.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(" and ");
        let verb = if both.len() == 1 { "is" } else { "are" };
        let (first, later) =
            if allow.span < deny.span { (allow.span, deny.span) } else { (deny.span, allow.span) };
        findings.push(
            Diagnostic::error(DDL_ALLOW_AND_DENY, later, format!("{shown} {verb} allowed and denied"))
                .also(first, "the other list")
                .help("leave it in one of the two lists; a list that a nearer block writes itself takes the place of the outer one"),
        );
    }
}

/// One of the two lists.
type Kinds = Spanned<WordSet<DdlKind>>;

/// Every `allow` and `deny` that hold together, each pair once; without those of which `deny` is the nearer, and wins.
fn lists<'p>(flow: &Flow<'p>, defaults: &Settings) -> Vec<(&'p Kinds, &'p Kinds)> {
    let mut found = BTreeMap::new();
    for lane in &flow.lanes {
        let written = |of: fn(&Settings) -> bool| lane.blocks().any(|(settings, _)| of(settings));
        if !written(|settings| settings.ddl_allow.is_some())
            || !written(|settings| settings.ddl_deny.is_some())
        {
            continue;
        }
        for subject in flow.subjects() {
            let allow = lane.setting((subject, Property::DdlAllow), |settings| settings.ddl_allow.as_ref());
            let deny = lane.setting((subject, Property::DdlDeny), |settings| settings.ddl_deny.as_ref());
            if let (Setting::Given(allow, allowed), Setting::Given(deny, denied)) = (allow, deny) {
                let is_default = |given: &Kinds| {
                    let lists = [&defaults.ddl_allow, &defaults.ddl_deny];
                    lists.into_iter().flatten().any(|list| list.span == given.span)
                };
                let deny_is_nearer = match (allowed, denied) {
                    (None, None) => is_default(allow) && !is_default(deny),
                    (None, Some(_)) => true,
                    (Some(_), None) => false,
                    (Some(allowed), Some(denied)) => denied.relation(allowed) == Relation::Narrower,
                };
                if deny_is_nearer {
                    continue;
                }
                found.insert((allow.span, deny.span), (allow, deny));
            }
        }
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn one_kind_in_both_lists() {
        check_diagnostics(
            "include shop.*\nheaders schema\nddl {\ndeny add-column, drop-column\n\
             allow drop-column, add-column, create-table  # error[S0701]: `add-column` and `drop-column` are allowed and denied\n\
             on-deny skip\n}\n",
        );
        check_diagnostics(
            "include shop.*\nheaders schema\nddl {\nallow alter-table\ndeny drop-column\non-deny stop\n}\n",
        );
    }

    #[test]
    fn a_list_of_an_outer_block_holds_inside() {
        check_diagnostics(
            "include shop.*\nheaders schema\nddl {\ndeny drop-table\non-deny stop\n}\n\
             table shop.a {\nddl {\n\
             allow create-table, drop-table  # error[S0701]: `drop-table` is allowed and denied\n}\n}\n\
             table shop.b {\nddl {\nallow drop-table\ndeny create-table\n}\n}\n",
        );
        // The nearer one wins.
        check_diagnostics(
            "include shop.*\nheaders schema\nddl {\nallow create-table, drop-table\non-deny stop\n}\n\
             table shop.a {\nddl {\ndeny drop-table\n}\n}\n",
        );
    }
}
