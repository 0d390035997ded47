//! S0607: two schemas under one name.

use super::super::Rule;
use super::super::flow::{Known, Placed, Project};
use super::super::settings::{Lane, Setting, Subject as Tables};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::Subject;
use crate::text::Span;
use std::collections::HashMap;

const SUBJECT_CLASH: Code = Code::new("S0607", "subject-clash");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: SUBJECT_CLASH,
        what: "Two tables with different names go to one topic, and the registry knows their schemas by the topic alone.",
        why: "A subject holds versions of one schema. The registry refuses the second table's, or takes it for a new version of the \
              first one's, and readers of both fail.",
        wrong: registry!(
            "  include shop.orders, shop.lines\n  topic \"shop.all\"\n  key origin, id\n  format avro\n"
        ),
        right: registry!(
            "  include shop.orders, shop.lines\n  topic \"shop.{table}\"\n  key origin, id\n  format avro\n"
        ),
    },
    run: check_subject_clash,
};

fn check_subject_clash(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        for (n, lane) in flow.lanes.iter().enumerate() {
            let mut first: HashMap<&str, Placed<'_>> = HashMap::new();
            let placed = (0..flow.pipeline.from.len()).flat_map(|source| flow.placed(n, source));
            for placed in placed.filter(|placed| placed.is_shared) {
                let Some(span) = subject_of_topic(lane, placed.known) else { continue };
                let other = first.entry(placed.topic).or_insert(placed);
                let names = |placed: &Placed<'_>| (placed.name.db.clone(), placed.name.table.clone());
                // Tables of one name are merged.
                if names(other) == names(&placed) {
                    continue;
                }
                let shown = |placed: &Placed<'_>| format!("{}.{}", placed.name.db, placed.name.table);
                let message = format!(
                    "`{}` and `{}` share the subject `{}-value`",
                    shown(other),
                    shown(&placed),
                    placed.topic
                );
                findings.push(
                    Diagnostic::error(SUBJECT_CLASH, placed.span(), message)
                        .label("both tables go to this topic")
                        .beside(span, "a schema is called after its topic")
                        .help("give each table a topic of its own, or write `subject topic-record` in the `format` block"),
                );
            }
        }
    }
}

/// True when the schemas of a table are known by its topic alone: no other table belongs into that topic.
pub(in crate::check) fn shares_subject(lane: &Lane<'_>, known: &Known) -> bool {
    subject_of_topic(lane, known).is_some()
}

/// Where it is said, if it is, that schemas of a table are called after its topic.
fn subject_of_topic(lane: &Lane<'_>, known: &Known) -> Option<Span> {
    let tables = Tables::One(known);
    if lane.may_lack_nearer(known, "format", |settings| settings.format.as_ref()) {
        return None;
    }
    let Setting::Given(format, _) = lane.setting(tables, |settings| settings.format.as_ref()) else {
        return None;
    };
    if !format.value.needs_registry() || lane.is_damaged(format.span) {
        return None;
    }
    let of = |settings: &'_ crate::ast::Settings| {
        settings.format.as_ref().is_some_and(|own| own.value == format.value)
    };
    let subject = lane.setting(tables, |settings| settings.subject.as_ref().filter(|_| of(settings)));
    match subject {
        Setting::Default => Some(format.span),
        Setting::Given(subject, _) => (subject.value == Subject::Topic).then_some(subject.span),
        Setting::Various => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_project};

    const HEAD: &str = "edition 2026\nsource shop mysql \"db1\" {\npassword env P\n}\n\
        target bus kafka \"kafka1\" {\nregistry \"https://r\"\n}\npipeline p from shop to bus {\n";

    #[test]
    fn two_tables_and_one_topic() {
        check_project(&[&format!(
            "{HEAD}include shop.a, shop.b\nformat avro\nkey origin, id\n\
             topic \"all\"  # error[S0607]: `shop.a` and `shop.b` share the subject `all-value`\n}}\n",
        )]);
        check_project(&[&format!(
            "{HEAD}include shop.a_[0..2]\nrename table shop.a_[0..2] to a\nkey origin, id\nformat avro\n}}\n",
        )]);
        // The format of other tables has no subjects.
        check_diagnostics(
            "include shop.a, shop.b\nkey origin, id\n\
             topic \"all\"  # warning[S0406]: `a` and `b` share the topic `all`\n",
        );
    }
}
