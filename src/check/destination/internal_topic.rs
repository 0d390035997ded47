//! S0410: rows into topics that are not for data.

use super::super::Rule;
use super::super::flow::Project;
use super::super::side::sides;
use crate::ast::TargetKind;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::Program;
use crate::statement::TemplatePart;
use std::collections::BTreeSet;

const INTERNAL_TOPIC: Code = Code::new("S0410", "internal-topic");

/// Prefix of state topics where none is written.
const STATE_PREFIX: &str = "syncc";

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: INTERNAL_TOPIC,
        what: "A topic's name begins with `__`, or is that of one of syncc's own state topics.",
        why: "Kafka keeps topics such as `__consumer_offsets` for itself. A row in a state topic would be taken for the position of a \
              task.",
        wrong: pipeline!("  include shop.orders\n  topic \"__orders\"\n"),
        right: pipeline!("  include shop.orders\n  topic \"orders\"\n"),
    },
    run: check_internal_topic,
};

fn check_internal_topic(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let states = state_topics(project.program);
    for flow in &project.flows {
        for (n, lane) in flow.lanes.iter().enumerate() {
            let target = project.program.target(lane.to.target.value);
            if !matches!(target.kind, TargetKind::Kafka(_)) {
                continue;
            }
            for (topic, _) in lane.topics() {
                if let Some(TemplatePart::Text(text)) = topic.value.parts.first()
                    && text.starts_with("__")
                {
                    let message = format!("\"{}\" is a name of Kafka's own topics", topic.value);
                    findings.push(
                        Diagnostic::error(INTERNAL_TOPIC, topic.span, message)
                            .help("choose a name that does not begin with `__`"),
                    );
                }
            }
            for side in sides(lane) {
                if let Some(TemplatePart::Text(text)) = side.template.parts.first()
                    && text.starts_with("__")
                {
                    let message = format!("\"{}\" is a name of Kafka's own topics", side.template);
                    findings.push(
                        Diagnostic::error(INTERNAL_TOPIC, side.span, message)
                            .help("choose a name that does not begin with `__`"),
                    );
                }
            }
            for placed in (0..flow.pipeline.from.len()).flat_map(|source| flow.placed(n, source)) {
                let name = placed.topic;
                let message = if name.ends_with(STATE_SUFFIX) && states.contains(name) {
                    format!("`{name}` is a topic that holds the state of a task")
                } else if name.starts_with("__") {
                    format!("`{name}` is a name of Kafka's own topics")
                } else {
                    continue;
                };
                findings.push(
                    Diagnostic::error(INTERNAL_TOPIC, placed.span(), message)
                        .help("name the table anew with `rename`, or write another `topic`"),
                );
            }
        }
    }
}

/// What their names end with.
const STATE_SUFFIX: &str = ".state";

/// Names of the state topics of all tasks: `PREFIX.PIPELINE.SOURCE.TARGET.state`.
fn state_topics(program: &Program) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for pipeline in &program.pipelines {
        for (from, to) in pipeline.from.iter().flat_map(|from| pipeline.to.iter().map(move |to| (from, to))) {
            let (source, target) = (program.source(from.value), program.target(to.target.value));
            if let TargetKind::Kafka(kafka) = &target.kind {
                let prefix = kafka.state.prefix.as_ref().map_or(STATE_PREFIX, |prefix| prefix.value.as_str());
                names.insert(format!(
                    "{prefix}.{}.{}.{}{STATE_SUFFIX}",
                    pipeline.name.value, source.name.value, target.name.value
                ));
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn names_of_kafka_and_of_ours() {
        check_diagnostics(
            "include shop.*\ntopic \"__{table}\"  # error[S0410]: \"__{table}\" is a name of Kafka's own topics\n",
        );
        check_diagnostics("include __x.a  # error[S0410]: `__x.a` is a name of Kafka's own topics\n");
        check_diagnostics("include shop.__x\n");
        check_diagnostics(
            "include shop.a\n\
             topic \"syncc.p.shop.bus.state\"  # error[S0410]: `syncc.p.shop.bus.state` is a topic that holds the state of a task\n",
        );
    }
}
