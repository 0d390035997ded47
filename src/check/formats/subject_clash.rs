//! S0607: two schemas under one name.

use super::super::Rule;
use super::super::flow::{Known, Placed, Project};
use super::super::settings::{Lane, Setting, Subject as Tables};
use crate::ast::{Target, TargetKind};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::{Property, Subject};
use crate::text::Span;
use std::collections::{HashMap, HashSet};

const SUBJECT_CLASH: Code = Code::new("S0607", "subject-clash");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: SUBJECT_CLASH,
        what: "Two tables of which the registry knows the schemas by one name: they go to one topic and have different names, or, with \
               `subject record`, two pipelines give them one name.",
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

/// What a schema is called by.
#[derive(PartialEq, Eq, Hash)]
enum Name<'a> {
    Topic(&'a str),
    /// Database and table after `rename`.
    Record(&'a str, &'a str),
}

/// The first table of a subject.
struct First<'a> {
    placed: Placed<'a>,
    /// Number of its pipeline.
    flow: usize,
}

fn check_subject_clash(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut first: HashMap<(&str, Name<'_>), First<'_>> = HashMap::new();
    let mut told: HashSet<(Span, String)> = HashSet::new();
    for (n_flow, flow) in project.flows.iter().enumerate() {
        for (n, lane) in flow.lanes.iter().enumerate() {
            let Some(registry) = registry(project.program.target(lane.to.target.value)) else { continue };
            let placed = (0..flow.pipeline.from.len()).flat_map(|source| flow.placed(n, source));
            for placed in placed {
                let Some((subject, span)) = subject(lane, placed.known) else { continue };
                let record = || (&*placed.name.db, &*placed.name.table);
                let name = match subject {
                    Subject::Topic => Name::Topic(placed.topic),
                    Subject::Record => Name::Record(record().0, record().1),
                    // Only tables of one name in one topic share it.
                    Subject::TopicRecord => continue,
                };
                let shown = match &name {
                    Name::Topic(topic) => format!("{topic}-value"),
                    Name::Record(db, table) => format!("{db}.{table}"),
                };
                let other = first.entry((registry, name)).or_insert(First { placed, flow: n_flow });
                let is_clash = match subject {
                    // Tables of one name are merged.
                    Subject::Topic => (&*other.placed.name.db, &*other.placed.name.table) != record(),
                    // What one pipeline gives one name is merged, or told of as that; tables of one name in two sources
                    // are mostly of one form.
                    Subject::Record | Subject::TopicRecord => {
                        other.flow != n_flow && !other.placed.known.is_same_table(placed.known)
                    }
                };
                if !is_clash || !told.insert((placed.span(), shown.clone())) {
                    continue;
                }
                findings.push(clash(subject, &shown, &other.placed, &placed, span));
            }
        }
    }
}

fn registry(target: &Target) -> Option<&str> {
    match &target.kind {
        TargetKind::Kafka(kafka) => kafka.registry.as_ref().map(|registry| registry.value.url.value.as_str()),
        TargetKind::Stdout | TargetKind::File { .. } => None,
    }
}

fn clash(
    subject: Subject,
    shown: &str,
    other: &Placed<'_>,
    placed: &Placed<'_>,
    given_at: Span,
) -> Diagnostic {
    // Under their new names, but where those are the same.
    let (first, second) = match subject {
        Subject::Topic | Subject::TopicRecord => {
            let name = |placed: &Placed<'_>| format!("{}.{}", placed.name.db, placed.name.table);
            (name(other), name(placed))
        }
        Subject::Record => {
            let name = |placed: &Placed<'_>| format!("{}.{}", placed.known.db, placed.known.table);
            (name(other), name(placed))
        }
    };
    let message = format!("`{first}` and `{second}` share the subject `{shown}`");
    let (span, label, why) = match subject {
        Subject::Topic | Subject::TopicRecord => {
            (placed.span(), "both tables go to this topic", "a schema is called after its topic")
        }
        Subject::Record => (
            placed.known.span,
            "it has the same name as the other",
            "a schema is called after its table alone",
        ),
    };
    let finding = Diagnostic::error(SUBJECT_CLASH, span, message).label(label);
    let finding = match given_at.file == span.file {
        true => finding.beside(given_at, why),
        false => finding.related(given_at, why),
    };
    finding.help("give each table a topic of its own, or write `subject topic-record` in the `format` block")
}

/// True when the schemas of a table are known by its topic alone: no other table belongs in that topic.
pub(in crate::check) fn shares_subject(lane: &Lane<'_>, known: &Known) -> bool {
    subject(lane, known).is_some_and(|(subject, _)| subject == Subject::Topic)
}

/// What the schemas of a table are called after, where they go to a registry, and where that is said.
fn subject(lane: &Lane<'_>, known: &Known) -> Option<(Subject, Span)> {
    let tables = Tables::One(known);
    if lane.may_lack_nearer(known, "format", |settings| settings.format.as_ref()) {
        return None;
    }
    let Setting::Given(format, _) =
        lane.setting((tables, Property::Format), |settings| settings.format.as_ref())
    else {
        return None;
    };
    if !format.value.needs_registry() || lane.is_damaged(format.span) {
        return None;
    }
    let of = |settings: &'_ crate::ast::Settings| {
        settings.format.as_ref().is_some_and(|own| own.value == format.value)
    };
    let subject = lane
        .setting((tables, Property::Subject), |settings| settings.subject.as_ref().filter(|_| of(settings)));
    match subject {
        Setting::Default => Some((Subject::Topic, format.span)),
        Setting::Given(subject, _) => Some((subject.value, subject.span)),
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
        check_project(&[&format!(
            "{HEAD}include shop.a, shop.b, shop.c\nformat avro\nkey origin, id\n\
             topic \"all\"  # error[S0607]: `shop.a` and `shop.b` share the subject `all-value`\n}}\n",
        )]);
        // The format of other tables has no subjects.
        check_diagnostics(
            "include shop.a, shop.b\nkey origin, id\n\
             topic \"all\"  # warning[S0406]: `a` and `b` share the topic `all`\n",
        );
    }

    #[test]
    fn two_pipelines_and_one_registry() {
        let other = "target dr kafka \"other\" {\nregistry \"https://r\"\n}\n";
        let head = HEAD.replace("pipeline p from", &format!("{other}pipeline p from"));
        check_project(&[&format!(
            "{head}include shop.a\nformat avro\ntopic \"all\"\n}}\n\
             pipeline q from shop to dr {{\ninclude crm.b\nformat avro\n\
             topic \"all\"  # error[S0607]: `shop.a` and `crm.b` share the subject `all-value`\n}}\n",
        )]);
        check_project(&[&format!(
            "{head}include shop.a\nformat avro\n}}\npipeline q from shop to dr {{\ninclude shop.a\nformat avro\n}}\n",
        )]);
    }

    #[test]
    fn schemas_called_after_their_tables() {
        check_project(&[&format!(
            "{HEAD}include shop.a\nformat avro {{\nsubject record\n}}\n}}\n\
             pipeline q from shop to bus {{\n\
             include crm.a  # error[S0607]: `shop.a` and `crm.a` share the subject `shop.a`\n\
             rename database crm to shop\ntopic \"crm.{{table}}\"\nformat avro {{\nsubject record\n}}\n}}\n",
        )]);
        // Members of a range are of one form.
        check_project(&[&format!(
            "{HEAD}include shop.a_[0..2]\nrename table shop.a_[0..2] to a\ntopic \"{{origin.table}}\"\nkey origin, id\n\
             format avro {{\nsubject record\n}}\n}}\n",
        )]);
    }
}
