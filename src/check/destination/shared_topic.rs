//! S0406: tables that share a topic without anybody having said so.

use super::super::Rule;
use super::super::answers::Answers;
use super::super::flow::{Flow, Placed, Project};
use super::super::formats::shares_subject;
use super::super::keys::message_key;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::statement::{Template, TemplatePart};
use crate::text::Span;
use foldhash::HashMap;
use std::collections::{BTreeMap, BTreeSet};

pub(in crate::check) const TOPIC_SHARED_BY_ACCIDENT: Code = Code::new("S0406", "topic-shared-by-accident");

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
        let answers = Answers::new(project.program, flow, TOPIC_SHARED_BY_ACCIDENT);
        for lane in 0..flow.lanes.len() {
            for source in 0..flow.pipeline.from.len() {
                // The first table of each topic, by the template's place.
                let mut first: HashMap<(Span, &str), &str> = HashMap::default();
                let mut by_topic: BTreeMap<&str, Met<'_>> = BTreeMap::new();
                // All tables of each topic, and those among them whose own block answers.
                let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
                let mut answered = Vec::new();
                for placed in flow.placed(lane, source).filter(|placed| placed.is_shared) {
                    let tells_apart = |template: &Template| template.names_table() || holds_signs(template);
                    let Some(template) = placed.template.filter(|template| !tells_apart(&template.value))
                    else {
                        continue;
                    };
                    let (topic, table) = (placed.topic, &*placed.name.table);
                    // What follows from one subject for all of them is an error of its own.
                    if shares_subject(&flow.lanes[lane], placed.known) {
                        continue;
                    }
                    all.entry(topic).or_default().insert(table);
                    if let Some(place) = answers.place(placed.known) {
                        answered.push((place, topic, table));
                        continue;
                    }
                    match by_topic.get_mut(topic) {
                        Some(met) => met.add(flow, (lane, source), template.span, placed),
                        None => {
                            by_topic.insert(
                                topic,
                                Met { template: template.span, placed, found: None, differ: false },
                            );
                        }
                    }
                    let other = *first.entry((template.span, topic)).or_insert(table);
                    if other != table {
                        let message = format!("`{other}` and `{table}` share the topic `{topic}`");
                        let before_quote = template.span.end - 1;
                        let before_quote = Span::new(template.span.file, before_quote, before_quote);
                        // Where something is renamed, the tables may have been meant to have one name.
                        let renames = !flow.renames.is_empty() || flow.pipeline.left_out.may_be(&["rename"]);
                        let fix = if renames { Fix::choice } else { Fix::machine };
                        findings.push(
                            Diagnostic::warning(TOPIC_SHARED_BY_ACCIDENT, template.span, message)
                                .help("add `{table}`; to merge tables, `rename` them to one name by one pattern")
                                .fix(fix("add `{table}`", before_quote, ".{table}")),
                        );
                    }
                }
                // Keys that differ weigh more, and are told.
                let met = by_topic.into_values().filter(|met| !met.differ);
                findings.extend(met.filter_map(|met| met.found));
                findings.extend(answered.into_iter().filter_map(|(place, topic, table)| {
                    let other = all[topic].iter().find(|other| **other != table)?;
                    let message = format!("`{table}` and `{other}` share the topic `{topic}`");
                    Some(Diagnostic::warning(TOPIC_SHARED_BY_ACCIDENT, place, message))
                }));
            }
        }
    }
}

/// True for a template with signs that other tools have around placeholders, `$table`: what it gives is no name (S0404), and what was
/// meant would tell tables apart.
fn holds_signs(template: &Template) -> bool {
    template.parts.iter().any(|part| match part {
        TemplatePart::Text(text) => text.contains(['$', '<', '%']),
        TemplatePart::Hole { .. } => false,
    })
}

/// The first table of a topic, and what was found of the others that go there by other lines.
struct Met<'a> {
    template: Span,
    placed: Placed<'a>,
    found: Option<Diagnostic>,
    /// Some of them are keyed by other columns.
    differ: bool,
}

impl Met<'_> {
    fn add(&mut self, flow: &Flow<'_>, way: (usize, usize), template: Span, other: Placed<'_>) {
        let (topic, a, b) = (other.topic, &self.placed.name.table, &other.name.table);
        self.differ |= differ_in_key(flow, way, &self.placed, &other);
        if self.template == template || a == b || self.found.is_some() {
            return;
        }
        let message = format!("`{a}` and `{b}` share the topic `{topic}`");
        let (earlier, later) = (self.template.min(template), self.template.max(template));
        let finding = Diagnostic::warning(TOPIC_SHARED_BY_ACCIDENT, later, message)
            .beside(earlier, "the same topic")
            .help(
                "give one of them another topic; to merge tables, `rename` them to one name by one pattern",
            );
        self.found = Some(finding);
    }
}

/// True for tables that are keyed by different columns.
fn differ_in_key(
    flow: &Flow<'_>,
    (lane, source): (usize, usize),
    one: &Placed<'_>,
    other: &Placed<'_>,
) -> bool {
    let columns = |placed: &Placed<'_>| {
        let table = flow.locks.table(source, &placed.known.db, &placed.known.table);
        let key = message_key(&flow.lanes[lane], placed.known, table)?;
        Some((key.origin, key.columns.into_iter().map(str::to_owned).collect::<Vec<String>>()))
    };
    columns(one).zip(columns(other)).is_some_and(|(one, other)| one != other)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_repaired};

    #[test]
    fn two_blocks_and_one_topic() {
        check_diagnostics(
            "include shop.a, shop.b\ntable shop.a {\ntopic \"all\"\n}\n\
             table shop.b {\ntopic \"all\"  # warning[S0406]: `a` and `b` share the topic `all`\n}\n",
        );
        check_diagnostics(
            "include shop.a, shop.b\ntable shop.a {\ntopic \"all\"\n}\ntable shop.b {\ntopic \"all\"\n\
             allow S0406 because \"one feed\"\n}\n",
        );
    }

    #[test]
    fn the_block_of_a_table_answers() {
        check_diagnostics(
            "include shop.a, shop.b\ntopic \"all\"\ntable shop.a {\nallow S0406 because \"one feed\"\n}\n",
        );
        check_diagnostics(
            "include shop.a, shop.b, shop.c\n\
             topic \"all\"  # warning[S0406]: `b` and `c` share the topic `all`\n\
             table shop.a {\nallow S0406 because \"one feed\"\n}\n",
        );
    }

    #[test]
    fn two_names_and_one_topic() {
        check_diagnostics(
            "include shop.a, shop.b\ntopic \"all\"  # warning[S0406]: `a` and `b` share the topic `all`\n",
        );
        check_diagnostics(
            "include shop.a_[0..3]\nrename table shop.a_[0..3] to a\ntopic \"all\"\nkey none\n",
        );
        check_diagnostics("include shop.a_[0..3]\ntable shop.a_[n:0..3] {\ntopic \"all.{n}\"\n}\n");
        check_repaired(
            "include shop.a, shop.b\ntopic \"all\"\n",
            "include shop.a, shop.b\ntopic \"all.{table}\"\n",
        );
    }
}
