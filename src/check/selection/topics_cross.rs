//! The part of S0206 about topics: tables that share one, and give it different numbers of partitions or replicas.

use super::super::flow::{Known, Project};
use super::super::settings::{Lane, Setting, Subject};
use crate::ast::Settings;
use crate::diagnostic::Diagnostic;
use crate::hir::OVERRIDES_CROSS;
use crate::statement::{FormatName, Property};
use crate::text::{Span, Spanned};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Display;

/// A number for a topic: by its cluster, its name and the word of the statement.
type Numbers<'a> = BTreeMap<(usize, &'a str, &'static str), Number<'a>>;

/// A number that is given to a topic for a table.
struct Number<'a> {
    number: String,
    span: Span,
    known: &'a Known,
    format: Option<FormatName>,
}

pub(super) fn check_topics_cross(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut told = Numbers::new();
    for flow in &project.flows {
        for (n, lane) in flow.lanes.iter().enumerate() {
            let cluster = project.cluster(lane.to.target.value);
            let placed = (0..flow.pipeline.from.len()).flat_map(|source| flow.placed(n, source));
            for placed in placed.filter(|placed| placed.is_shared) {
                let numbers = [
                    (
                        "partitions",
                        given(lane, placed.known, Property::TopicPartitions, |settings| {
                            settings.topic_partitions.as_ref()
                        }),
                    ),
                    (
                        "replicas",
                        given(lane, placed.known, Property::TopicReplicas, |settings| {
                            settings.topic_replicas.as_ref()
                        }),
                    ),
                ];
                for (word, (number, span)) in
                    numbers.into_iter().filter_map(|(word, given)| Some((word, given?)))
                {
                    let format = match lane
                        .setting((Subject::One(placed.known), Property::Format), |settings| {
                            settings.format.as_ref()
                        }) {
                        Setting::Given(format, _) => Some(format.value),
                        Setting::Default | Setting::Various => None,
                    };
                    let own = Number { number, span, known: placed.known, format };
                    let first = match told.entry((cluster, placed.topic, word)) {
                        Entry::Vacant(free) => {
                            free.insert(own);
                            continue;
                        }
                        Entry::Occupied(taken) => taken.into_mut(),
                    };
                    // Of two formats in a topic, and of one table that is sent twice, other rules speak.
                    let is_told = first.format != own.format || first.known.is_same_table(own.known);
                    if first.number == own.number || is_told {
                        continue;
                    }
                    let (number, at, first) = (own.number, &first.span, &first.number);
                    let (later, other) = if *at <= span { (span, *at) } else { (*at, span) };
                    let (here, there) = if *at <= span { (&number, first) } else { (first, &number) };
                    let message = format!(
                        "the topic `{}` gets `{word} {here}` here and `{word} {there}` elsewhere",
                        placed.topic
                    );
                    findings.push(
                        Diagnostic::error(OVERRIDES_CROSS, later, message)
                            .beside(other, format!("`{word} {there}`"))
                            .help("a topic is made once: write one number for all tables that go there"),
                    );
                }
            }
        }
    }
}

/// The number that holds for a table, where one is written.
fn given<'p, T: PartialEq + Display + 'p>(
    lane: &Lane<'p>,
    known: &Known,
    property: Property,
    of: impl Fn(&'p Settings) -> Option<&'p Spanned<T>>,
) -> Option<(String, Span)> {
    match lane.setting((Subject::One(known), property), of) {
        Setting::Given(number, _) => Some((number.value.to_string(), number.span)),
        Setting::Default | Setting::Various => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_project};

    #[test]
    fn one_topic_of_two_sizes() {
        check_diagnostics(
            "include shop.a_[0..1]\nrename table shop.a_[0..1] to a\nkey origin, id\n\
             table shop.a_0 {\ntopic \"a\" {\npartitions 6\n}\n}\ntable shop.a_1 {\ntopic \"a\" {\n\
             partitions 12  # error[S0206]: the topic `a` gets `partitions 12` here and `partitions 6` elsewhere\nreplicas 3\n}\n}\n",
        );
        check_diagnostics(
            "include shop.a, shop.b\ntopic \"{table}\" {\npartitions 6\n}\ntable shop.b {\ntopic \"b\" {\npartitions 12\n}\n}\n",
        );
    }

    #[test]
    fn two_pipelines_into_one_topic() {
        let ends = "edition 2026\nsource s mysql \"db\" {\npassword env P\n}\ntarget k kafka \"k\"\n";
        let pipeline = |name: &str, n: u32, said: &str| {
            format!(
                "pipeline {name} from s to k {{\ninclude shop.{name}\nkey none\npartition by table\ntopic \"all\" {{\npartitions {n}{said}\n}}\n}}\n"
            )
        };
        let said = "  # error[S0206]: the topic `all` gets `partitions 12` here and `partitions 6` elsewhere";
        check_project(&[&format!("{ends}{}{}", pipeline("a", 6, ""), pipeline("b", 12, said))]);
        check_project(&[&format!("{ends}{}{}", pipeline("a", 6, ""), pipeline("b", 6, ""))]);
    }
}
