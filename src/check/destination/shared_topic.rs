//! S0406: tables that share a topic without anybody having said so.

use super::super::Rule;
use super::super::flow::{Project, Setting, Subject};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::statement::TemplatePart;
use crate::text::Span;
use std::collections::BTreeMap;

const TOPIC_SHARED_BY_ACCIDENT: Code = Code::new("S0406", "topic-shared-by-accident");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: TOPIC_SHARED_BY_ACCIDENT,
        what: "Tables with different names go to one topic, because its template has no `{table}`.",
        why: "Rows of different shapes are mixed, and keys of two tables can be equal: compaction then loses rows.",
        wrong: pipeline!("  include shop.orders, shop.customers\n  topic \"shop.all\"\n"),
        right: pipeline!("  include shop.orders, shop.customers\n  topic \"shop.all.{table}\"\n"),
    },
    run: check_shared_topic,
};

fn check_shared_topic(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        for lane in &flow.lanes {
            for source in flow.sources(project.program) {
                // The first table of each topic, by the template's place.
                let mut first: BTreeMap<(Span, String), String> = BTreeMap::new();
                for known in &flow.known {
                    let Setting::Given(topic, _) =
                        lane.setting(Subject::One(known), |settings| settings.topic.as_ref())
                    else {
                        continue;
                    };
                    let names_table = topic.value.parts.iter().any(|part| match part {
                        TemplatePart::Hole { name, .. } => name == "table" || name == "origin.table",
                        TemplatePart::Text(_) => false,
                    });
                    let (Some(name), Some(expanded)) =
                        (flow.new_name(source, &known.db, &known.table), flow.topic(lane, source, known))
                    else {
                        continue;
                    };
                    let other =
                        first.entry((topic.span, expanded.clone())).or_insert_with(|| name.table.clone());
                    if !names_table && *other != name.table {
                        let message = format!("`{other}` and `{}` share the topic `{expanded}`", name.table);
                        let before_quote = Span::new(topic.span.file, topic.span.end - 1, topic.span.end - 1);
                        findings.push(
                            Diagnostic::warning(TOPIC_SHARED_BY_ACCIDENT, topic.span, message)
                                .fix(Fix::machine("add `{table}`", before_quote, ".{table}")),
                        );
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_repaired};

    #[test]
    fn two_names_and_one_topic() {
        check_diagnostics(
            "include shop.a, shop.b\ntopic \"all\"  # warning[S0406]: `a` and `b` share the topic `all`\n",
        );
        check_diagnostics("include shop.a_[0..3]\nrename table shop.a_[0..3] to a\ntopic \"all\"\n");
        check_diagnostics("include shop.a_[0..3]\ntable shop.a_[n:0..3] {\ntopic \"all.{n}\"\n}\n");
        check_repaired(
            "include shop.a, shop.b\ntopic \"all\"\n",
            "include shop.a, shop.b\ntopic \"all.{table}\"\n",
        );
    }
}
