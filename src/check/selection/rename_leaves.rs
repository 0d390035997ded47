//! S0703: a RENAME TABLE that would take a table out of what is sent.

use super::super::Rule;
use super::super::flow::{Flow, Known, Project};
use super::super::locked::listed;
use super::super::settings::{Lane, Setting, Subject};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::{DdlKind, Property, Switch};
use crate::text::Span;
use std::collections::BTreeMap;

const RENAME_LEAVES_SELECTION: Code = Code::new("S0703", "rename-leaves-selection");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: RENAME_LEAVES_SELECTION,
        what: "`ddl` says `allow rename-table`, and a table is selected by its exact name or as a member of a range alone.",
        why: "Under its new name no `include` takes it: the rename is sent, and then nothing of the table any more.",
        wrong: pipeline!(
            "  include shop.orders\n  ddl {\n    topic same\n    allow create-table, rename-table\n  }\n"
        ),
        right: pipeline!(
            "  include shop.order*\n  ddl {\n    topic same\n    allow create-table, rename-table\n  }\n"
        ),
    },
    run: check_rename_leaves,
};

fn check_rename_leaves(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut leaving: BTreeMap<Span, Vec<String>> = BTreeMap::new();
    for flow in &project.flows {
        for lane in &flow.lanes {
            for known in &flow.known {
                let Some(allow) = allowing(lane, known) else { continue };
                if is_taken_by_pattern(flow, known) {
                    continue;
                }
                let name = format!("{}.{}", known.db, known.table);
                let names = leaving.entry(allow).or_default();
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }
    for (span, names) in leaving {
        let message = format!("after a RENAME TABLE nothing of {} is sent any more", listed(&names));
        findings.push(Diagnostic::warning(RENAME_LEAVES_SELECTION, span, message).help(
            "`include` a pattern that takes the new name, too; or `deny rename-table` with `on-deny stop`",
        ));
    }
}

/// The `allow` line that lets a table's RENAME TABLE pass; none where another line denies it, or `ddl` is off.
fn allowing(lane: &Lane<'_>, known: &Known) -> Option<Span> {
    let subject = Subject::One(known);
    let is_off = matches!(
        lane.setting((subject, Property::Ddl), |settings| settings.ddl.as_ref()),
        Setting::Given(ddl, _) if ddl.value == Switch::Off
    );
    let is_denied = matches!(
        lane.setting((subject, Property::DdlDeny), |settings| settings.ddl_deny.as_ref()),
        Setting::Given(deny, _) if deny.value.contains(&DdlKind::RenameTable)
    );
    match lane.setting((subject, Property::DdlAllow), |settings| settings.ddl_allow.as_ref()) {
        Setting::Given(allow, _) if allow.value.contains(&DdlKind::RenameTable) && !is_off && !is_denied => {
            Some(allow.span)
        }
        Setting::Given(..) | Setting::Default | Setting::Various => None,
    }
}

/// True when a pattern takes a table that takes other names as well.
fn is_taken_by_pattern(flow: &Flow<'_>, known: &Known) -> bool {
    flow.unbounded().any(|subject| match subject {
        Subject::All(include) => include.matcher.matches(&known.db, &known.table),
        Subject::One(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn exact_names_and_ranges() {
        check_diagnostics(
            "include d.a, d.t_[0..1], e.*\ninclude d.b*\nddl {\ntopic same\n\
             allow rename-table  # warning[S0703]: after a RENAME TABLE nothing of `d.a`, `d.t_0`, `d.t_1` is sent any more\n}\n",
        );
        check_diagnostics("include d.a\nddl {\ntopic same\nallow alter-table\n}\n");
        check_diagnostics(
            "include d.a, d.b\nheaders schema\nddl {\n\
             allow rename-table  # warning[S0703]: after a RENAME TABLE nothing of `d.b` is sent any more\n}\n\
             table d.a {\nddl off\n}\n",
        );
        check_diagnostics(
            "include d.a\nheaders schema\nddl {\nallow rename-table\non-deny stop\n}\n\
             table d.a {\nddl {\ndeny rename-table\n}\n}\n",
        );
        check_diagnostics("include d.*\nddl {\ntopic same\nallow rename-table\n}\n");
    }
}
