//! S0702: schema changes that readers cannot put between the right rows.

use super::super::Rule;
use super::super::flow::Project;
use super::super::settings::{Lane, Setting, Subject};
use super::switched_on;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::{DdlPartition, DdlTopic, Header, Property};
use crate::text::Span;

const DDL_ORDER_LOST: Code = Code::new("S0702", "ddl-order-lost");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: DDL_ORDER_LOST,
        what: "Schema changes go to another topic than the rows, as they do by default, or to all partitions of it.",
        why: "Kafka keeps an order within one partition only. A reader that follows both topics may see a row before the change of \
              its table, or after it. With `headers schema` every message says the version of its table's columns, so that rows and \
              changes can be matched whatever their order.",
        wrong: pipeline!("  include shop.*\n  ddl {\n    topic \"shop.ddl\"\n  }\n"),
        right: pipeline!("  include shop.*\n  headers schema\n  ddl {\n    topic \"shop.ddl\"\n  }\n"),
    },
    run: check_order_lost,
};

fn check_order_lost(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        for lane in flow.lanes.iter().filter(|lane| !lane.may_lack(&["ddl", "headers", "format"])) {
            for subject in flow.subjects() {
                let Some((span, message)) = lost(lane, subject) else { continue };
                findings.push(
                    Diagnostic::advice(DDL_ORDER_LOST, span, message).help(
                        "with `headers schema` they can be matched; `topic same` puts them among the rows, in order within a partition",
                    ),
                );
            }
        }
    }
}

/// Why schema changes of tables have no place among their rows, and where that is said.
fn lost(lane: &Lane<'_>, subject: Subject<'_>) -> Option<(Span, &'static str)> {
    let on = switched_on(lane, subject)?;
    match lane.setting((subject, Property::Headers), |settings| settings.headers.as_ref()) {
        Setting::Given(headers, _) if headers.value.contains(&Header::Schema) => return None,
        Setting::Various => return None,
        Setting::Given(..) | Setting::Default => {}
    }
    let elsewhere = "readers cannot tell which rows came before a schema change: it goes to another topic";
    match lane.setting((subject, Property::DdlTopic), |settings| settings.ddl_topic.as_ref()) {
        Setting::Default => Some((on, elsewhere)),
        Setting::Various => None,
        Setting::Given(topic, _) => match topic.value {
            DdlTopic::Topic(_) => Some((topic.span, elsewhere)),
            DdlTopic::Same => match lane
                .setting((subject, Property::DdlPartition), |settings| settings.ddl_partition.as_ref())
            {
                Setting::Given(partition, _) if partition.value == DdlPartition::ToAll => Some((
                    partition.span,
                    "readers cannot tell which rows came before a schema change: it goes to every partition",
                )),
                Setting::Given(..) | Setting::Default | Setting::Various => None,
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn another_topic_or_all_partitions() {
        let elsewhere = "  # advice[S0702]: readers cannot tell which rows came before a schema change: it goes to another topic";
        check_diagnostics(&format!("include shop.*\nddl {{{elsewhere}\nallow create-table\n}}\n"));
        check_diagnostics(&format!("include shop.*\nddl {{\ntopic \"x\"{elsewhere}\n}}\n"));
        check_diagnostics(
            "include shop.*\nddl {\ntopic same\n\
             partition to all  # advice[S0702]: readers cannot tell which rows came before a schema change: it goes to every partition\n}\n",
        );
    }

    #[test]
    fn order_that_is_kept() {
        check_diagnostics("include shop.*\nddl off\n");
        check_diagnostics("include shop.*\nddl {\ntopic same\n}\n");
        check_diagnostics(
            "include shop.a\nddl {\ntopic \"shop.a\"  # warning[S0407]: schema changes go to `shop.a`, a topic of rows\n}\n",
        );
        check_diagnostics("include shop.*\nheaders op, schema\nddl {\ntopic \"x\"\n}\n");
        check_diagnostics(
            "include shop.*\nheaders schema\nddl {\n}\ntable shop.a {\nddl off\nheaders none\n}\n",
        );
    }
}
