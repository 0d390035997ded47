//! S0408: one topic in two forms.

use super::super::Rule;
use super::super::flow::{Flow, Known, Placed, Project};
use super::super::settings::{Lane, Setting, Subject};
use crate::ast::{Target, TargetKind};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::{FormatName, Property};
use crate::text::Span;
use foldhash::HashMap;

const TOPIC_TWO_FORMATS: Code = Code::new("S0408", "topic-two-formats");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: TOPIC_TWO_FORMATS,
        what: "Messages of two formats go to one topic, or of one format with schemas from two registries.",
        why: "A reader of the topic expects one form; it fails at the first message of the other, or reads something else.",
        wrong: pipeline!(
            "  include shop.a_[1..2]\n  rename table shop.a_[1..2] to a\n  key origin, id\n  table shop.a_2 {\n    format json\n  }\n"
        ),
        right: pipeline!(
            "  include shop.a_[1..2]\n  rename table shop.a_[1..2] to a\n  key origin, id\n  format json\n"
        ),
    },
    run: check_two_formats,
};

/// How messages of a table are written.
struct Form<'a> {
    format: FormatName,
    registry: Option<&'a str>,
    table: String,
    span: Span,
}

fn check_two_formats(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut first: HashMap<(usize, &str), Form<'_>> = HashMap::default();
    for flow in &project.flows {
        for (n, lane) in flow.lanes.iter().enumerate() {
            let target = project.program.target(lane.to.target.value);
            let placed = (0..flow.pipeline.from.len()).flat_map(|source| flow.placed(n, source));
            for placed in placed.filter(|placed| placed.is_shared) {
                let Some(form) = form(flow, lane, target, &placed) else { continue };
                let other = match first.entry((project.cluster(lane.to.target.value), placed.topic)) {
                    std::collections::hash_map::Entry::Vacant(free) => {
                        free.insert(form);
                        continue;
                    }
                    std::collections::hash_map::Entry::Occupied(taken) => taken.into_mut(),
                };
                let topic = placed.topic;
                let message = if other.format != form.format {
                    format!(
                        "`{topic}` gets messages of two formats, `{}` and `{}`",
                        other.format, form.format
                    )
                } else if form.format.needs_registry() && other.registry != form.registry {
                    format!("`{topic}` gets schemas from two registries")
                } else {
                    continue;
                };
                let (a, b) = if other.span <= form.span { (&*other, &form) } else { (&form, &*other) };
                let shown = |form: &Form<'_>| format!("`{}` is sent as `{}`", form.table, form.format);
                findings.push(
                    Diagnostic::error(TOPIC_TWO_FORMATS, b.span, message)
                        .label(shown(b))
                        .beside(a.span, shown(a))
                        .help("write one `format` for all tables of the topic, or give some of them another topic"),
                );
            }
        }
    }
}

fn form<'a>(flow: &Flow<'_>, lane: &Lane<'_>, target: &'a Target, placed: &Placed<'_>) -> Option<Form<'a>> {
    let known: &Known = placed.known;
    if lane.may_lack_nearer(known, "format", |settings| settings.format.as_ref()) {
        return None;
    }
    let (format, span) =
        match lane.setting((Subject::One(known), Property::Format), |settings| settings.format.as_ref()) {
            Setting::Default => (FormatName::CanalJson, None),
            Setting::Given(format, _) => (format.value, Some(format.span)),
            Setting::Various => return None,
        };
    let registry = match &target.kind {
        TargetKind::Kafka(kafka) => kafka.registry.as_ref().map(|registry| registry.value.url.value.as_str()),
        TargetKind::Stdout | TargetKind::File { .. } => None,
    };
    // Two pipelines of one form each are told apart by their targets.
    let span = span.unwrap_or_else(|| if flow.lanes.len() > 1 { lane.to.target.span } else { placed.span() });
    let table = format!("{}.{}", known.db, known.table);
    Some(Form { format, registry, table, span })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_project};

    #[test]
    fn tables_of_one_topic() {
        check_diagnostics(
            "include shop.a, shop.b\nrename table shop./a|b/ to c\nkey origin, id\ntable shop.a {\nformat json\n}\n\
             table shop.b {\nformat maxwell-json  # error[S0408]: `shop.c` gets messages of two formats, `json` and `maxwell-json`\n}\n",
        );
        check_diagnostics("include shop.a, shop.b\ntable shop.a {\nformat json\n}\n");
        // One form with two options is one form.
        check_diagnostics(
            "include shop.a, shop.b\nrename table shop./a|b/ to c\nkey origin, id\nformat json\n\
             table shop.a {\nformat json {\nnulls omit\n}\n}\n",
        );
    }

    #[test]
    fn two_pipelines_into_one_cluster() {
        check_project(&["edition 2026\n\
            source a mysql \"db\" {\npassword env P\n}\n\
            target o kafka \"k\" {\nregistry \"https://one\"\n}\ntarget q kafka \"k\" {\nregistry \"https://two\"\n}\n\
            target r kafka \"l\" {\nregistry \"https://two\"\n}\n\
            pipeline x from a to o {\ninclude a.b\nformat avro\n}\n\
            pipeline y from a to q {\ninclude a.b\n\
            format avro  # error[S0408]: `a.b` gets schemas from two registries\n}\n\
            pipeline z from a to r {\ninclude a.b\nformat avro\n}\n"]);
    }
}
