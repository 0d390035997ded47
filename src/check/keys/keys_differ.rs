//! S0503: tables with different keys in one topic.

use super::super::Rule;
use super::super::answers::Answers;
use super::super::destination::TOPIC_SHARED_BY_ACCIDENT;
use super::super::flow::{Flow, Known, Placed, Project, sources};
use super::super::pairs::Pairs;
use super::message_key::{MessageKey, message_key};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::Program;
use crate::text::Span;
use std::collections::BTreeMap;

const KEYS_DIFFER_IN_TOPIC: Code = Code::new("S0503", "keys-differ-in-topic");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: KEYS_DIFFER_IN_TOPIC,
        what: "Two tables share a topic, and the columns of their keys differ.",
        why: "A consumer reads all keys of a topic in one way. Two that are made of different columns cannot be told apart, and a value \
              of one can be equal to a value of the other.",
        wrong: pipeline!(
            "  include shop.orders, crm.invoices\n  table shop.orders {\n    topic \"sales\"\n    key order_id\n  }\n  \
             table crm.invoices {\n    topic \"sales\"\n    key invoice_no\n  }\n"
        ),
        right: pipeline!(
            "  include shop.orders, crm.invoices\n  table shop.orders {\n    topic \"orders\"\n    key order_id\n  }\n  \
             table crm.invoices {\n    topic \"invoices\"\n    key invoice_no\n  }\n"
        ),
    },
    run: check_keys_differ,
};

/// A table in a topic, with its key.
struct Keyed<'a> {
    flow: &'a Flow<'a>,
    /// Numbers of the target and of the source in its pipeline.
    way: (usize, usize),
    placed: Placed<'a>,
    line: Option<Span>,
    /// `origin` and the columns, by their names in messages.
    parts: Vec<String>,
    /// Its own block answers S0406.
    shares: bool,
}

fn check_keys_differ(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut topics: BTreeMap<(u32, &str), Vec<Keyed<'_>>> = BTreeMap::new();
    for flow in &project.flows {
        let answers = Answers::new(project.program, flow, TOPIC_SHARED_BY_ACCIDENT);
        for (n, lane) in flow.lanes.iter().enumerate() {
            for (m, source) in sources(project.program, flow.pipeline).enumerate() {
                for placed in flow.placed(n, m).filter(|placed| placed.is_shared) {
                    let table = flow.locks.table(m, &placed.known.db, &placed.known.table);
                    let Some(key) = message_key(lane, placed.known, table) else { continue };
                    let Some(parts) = parts(flow, source, placed.known, &key) else { continue };
                    let keyed = topics.entry((lane.to.target.value.0, placed.topic)).or_default();
                    let shares = answers.place(placed.known).is_some();
                    keyed.push(Keyed { flow, way: (n, m), placed, line: key.line, parts, shares });
                }
            }
        }
    }
    for ((_, topic), mut keyed) in topics {
        keyed.sort_by_key(place);
        let Some((first, other)) = differing(project.program, topic, &keyed, findings) else { continue };
        findings.push(
            Diagnostic::error(
                KEYS_DIFFER_IN_TOPIC,
                place(other),
                format!("tables with different keys share topic `{topic}`"),
            )
            .label(keyed_by(other))
            .beside(place(first), format!("{}, same topic", keyed_by(first)))
            .help("give one of them its own topic, or set the same `key` for both"),
        );
    }
}

/// The first table, as the lines stand, whose key is not that of an earlier one, and the earlier one; no other rule speaks of
/// the two.
fn differing<'k, 'a>(
    program: &Program,
    topic: &str,
    keyed: &'k [Keyed<'a>],
    findings: &mut Vec<Diagnostic>,
) -> Option<(&'k Keyed<'a>, &'k Keyed<'a>)> {
    if keyed.windows(2).all(|pair| pair[0].parts == pair[1].parts) {
        return None;
    }
    let mut pairs = Pairs::new((0..keyed.len()).flat_map(|n| (0..n).map(move |m| (&keyed[m], &keyed[n]))));
    while let Some((one, other)) = pairs.next() {
        if one.parts != other.parts {
            pairs.costs(program.allows.len() / 10);
            if !is_told(program, one, other) {
                return Some((one, other));
            }
        }
    }
    pairs.told(KEYS_DIFFER_IN_TOPIC, place(keyed.last()?), &format!("tables in topic `{topic}`"), findings);
    None
}

/// `origin` and the names of a key's columns in messages.
fn parts(flow: &Flow<'_>, source: &str, known: &Known, key: &MessageKey<'_>) -> Option<Vec<String>> {
    let origin = key.origin.then(|| "origin".to_owned()).map(Some);
    let columns = key.columns.iter().map(|column| Some(flow.column_name(source, known, column)?.name));
    origin.into_iter().chain(columns).collect()
}

fn keyed_by(keyed: &Keyed<'_>) -> String {
    let Known { db, table, .. } = keyed.placed.known;
    format!("`{db}.{table}` is keyed by {}", keyed.parts.join(", "))
}

/// Where a table's key is given: at its `key`, else where it is named anew, gets its topic, or is selected.
fn place(keyed: &Keyed<'_>) -> Span {
    let Keyed { flow, placed, line, .. } = keyed;
    let renamed = placed.name.lines.1.or(placed.name.lines.0).map(|line| flow.renames[line].span);
    line.or(renamed).unwrap_or_else(|| placed.span())
}

/// True when another rule speaks of the two. Of tables on one way: S0406 of a template without the table's name, unless it is
/// answered; S0403 of two lines that give one name. S0214 of one table that two pipelines send.
fn is_told(program: &Program, one: &Keyed<'_>, other: &Keyed<'_>) -> bool {
    let source = |keyed: &Keyed<'_>| keyed.flow.pipeline.from[keyed.way.1].value;
    if !std::ptr::eq(one.flow, other.flow) {
        return source(one) == source(other) && one.placed.known.is_same_table(other.placed.known);
    }
    if one.way != other.way {
        return false;
    }
    let template = |keyed: &Keyed<'_>| keyed.placed.template.map(|template| template.span);
    let (a, b) = (one.placed.name, other.placed.name);
    let shared = template(one).is_some() && template(one) == template(other) && a.table != b.table;
    let collide = (&a.db, &a.table) == (&b.db, &b.table) && a.lines != b.lines;
    let is_answered = |template: Span| {
        let mut allows = program.allows.iter();
        allows.any(|allow| allow.code.value == TOPIC_SHARED_BY_ACCIDENT.number && allow.covers(template))
    };
    let by_template = one
        .placed
        .template
        .is_some_and(|template| !template.value.names_table() && !is_answered(template.span));
    shared && by_template && !one.shares && !other.shares || collide
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_locked, check_project};

    const ENDS: &str = "edition 2026\nsource shop mysql \"db1\" {\npassword env P\n}\n\
        source crm mysql \"db2\" {\npassword env P\n}\ntarget bus kafka \"kafka1\"\n";

    #[test]
    fn written_keys_and_those_of_tables() {
        // A shared topic that is answered leaves the keys to tell.
        check_locked(
            "include d.a, d.b\ntopic \"t\"  # error[S0503]: tables with different keys share topic `t`\n\
             allow S0406 because \"one topic\"\n",
            "table d.a {\nprimary id\ncolumn id \"int not null\"\n}\ntable d.b {\nprimary no\ncolumn no \"int not null\"\n}\n",
        );
        check_diagnostics(
            "include d.a, d.b, d.c\ntable d.a {\ntopic \"t\"\nkey id\n}\ntable d.b {\ntopic \"t\"\n\
             key no  # error[S0503]: tables with different keys share topic `t`\n}\n\
             table d.c {\ntopic \"t\"\nkey id\n}\n",
        );
        check_locked(
            "include d.t_*\nkey primary\npartition by table\n\
             rename table d.t_* to t\ntable d.* {\nkey origin, id\n}\n",
            "table d.t_0 {\nprimary id\ncolumn id \"int not null\"\n}\ntable d.t_1 {\nprimary no\ncolumn no \"int not null\"\ncolumn id \"int not null\"\n}\n",
        );
        check_locked(
            "include d.a, d.b\ntable d.a {\n\
             topic \"t\"\n}\ntable d.b {\ntopic \"t\"  # error[S0503]: tables with different keys share topic `t`\n}\n",
            "table d.a {\nprimary id\ncolumn id \"int not null\"\n}\ntable d.b {\nprimary no\ncolumn no \"int not null\"\n}\n",
        );
        check_locked(
            "include d.a, d.b\nrename column d.b.no to id\ntable d.a {\ntopic \"t\"\n}\ntable d.b {\ntopic \"t\"\n}\n",
            "table d.a {\nprimary id\ncolumn id \"int not null\"\n}\ntable d.b {\nprimary no\ncolumn no \"int not null\"\n}\n",
        );
    }

    #[test]
    fn lines_of_two_pipelines() {
        // Where the lines stand, and whether one is there twice, means nothing.
        let first = "pipeline a from shop to bus {\ninclude shop.a\n";
        let second = "pipeline b from crm to bus {\ninclude crm.a\ntopic \"first.a\"\n\
            key no  # error[S0503]: tables with different keys share topic `first.a`\n}\n";
        for renames in
            ["", "rename table shop.a to a\n", "rename table shop.a to a\nrename table shop.a to a\n"]
        {
            check_project(&[&format!("{ENDS}{first}key id\ntopic \"first.a\"\n{renames}}}\n{second}")]);
        }
    }

    #[test]
    fn one_table_of_two_pipelines_is_sent_twice() {
        check_project(&[&format!(
            "{ENDS}pipeline rest from crm to bus {{\ninclude crm.*\n}}\n\
             pipeline a from shop to bus {{\ninclude shop.a\nkey id\n}}\npipeline b from shop to bus {{\n\
             include shop.a  # error[S0214]: pipelines `a` and `b` both send `shop.a` to topic `shop.a`\n\
             key no\n}}\n"
        )]);
    }

    #[test]
    fn one_topic_for_everything_is_said_once() {
        check_locked(
            "include d.a, d.b\ntopic \"all\"  # warning[S0406]: `a` and `b` share the topic `all`\n",
            "table d.a {\nprimary id\ncolumn id \"int not null\"\n}\ntable d.b {\nprimary no\ncolumn no \"int not null\"\n}\n",
        );
    }
}
