//! S0405: a placeholder that stands for nothing.

use super::super::Rule;
use super::super::flow::Project;
use super::super::renaming::{Renamed, Renaming};
use super::super::side::sides;
use crate::diagnostic::{CodeDoc, Diagnostic};
use crate::hir::Program;
use crate::pattern::NamePattern;
use crate::statement::{
    FILTERS, PLACEHOLDER_UNBOUND, RELAY_PLACEHOLDERS, RENAME_PLACEHOLDERS, Rename, TOPIC_PLACEHOLDERS,
    Template, TemplatePart, filter_unknown, placeholder_unbound,
};
use crate::text::Span;

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: PLACEHOLDER_UNBOUND,
        what: "A placeholder in a topic or a new name that is not known, or not known at this place; also one with a filter that \
               does not exist.",
        why: "Nothing can be put in its place. In a topic there are the names of the table after `rename`, its source's names as \
              `{origin.db}` and `{origin.table}`, source and pipeline, and the captures of the `table` block around it; in a new \
              name, the captures of the line's own pattern.",
        wrong: pipeline!(
            "  include shop.orders_[00..63]\n  table shop.orders_[00..63] {\n    topic \"orders.{n}\"\n  }\n"
        ),
        right: pipeline!(
            "  include shop.orders_[00..63]\n  table shop.orders_[n:00..63] {\n    topic \"orders.{n}\"\n  }\n"
        ),
    },
    run: check_placeholders,
};

fn check_placeholders(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        if !flow.pipeline.relays.is_empty() {
            // Topics are copied as they are: there are no tables to speak of.
            for topic in flow.pipeline.to.iter().filter_map(|to| flow.pipeline.topic_of_relay(to)) {
                check_template(project.program, &topic.value, topic.span, RELAY_PLACEHOLDERS, findings);
            }
            continue;
        }
        // What could not be read of it may say that topics are copied.
        let may_relay = flow.pipeline.from.is_empty() && flow.pipeline.left_out.may_be(&["from"]);
        for lane in &flow.lanes {
            for (topic, tables) in lane.topics() {
                let mut known = TOPIC_PLACEHOLDERS.to_vec();
                if may_relay {
                    known.extend(RELAY_PLACEHOLDERS);
                }
                if let Some(tables) = tables {
                    known.extend(tables.db.capture_names());
                    known.extend(tables.table.capture_names());
                }
                check_template(project.program, &topic.value, topic.span, &known, findings);
            }
        }
        for side in flow.lanes.iter().flat_map(sides) {
            let mut known = side.placeholders().to_vec();
            if let Some(tables) = side.tables {
                known.extend(tables.db.capture_names());
                known.extend(tables.table.capture_names());
            }
            check_template(project.program, side.template, side.span, &known, findings);
        }
        for renaming in &flow.renames {
            let mut known = RENAME_PLACEHOLDERS.to_vec();
            known.extend(renaming.tables.db.capture_names());
            known.extend(renaming.tables.table.capture_names());
            known.extend(renaming.column.iter().flat_map(|column| column.capture_names()));
            if renaming.kind() == Renamed::Column {
                known.push("column");
            }
            let span = flow.pipeline.new_names.get(&renaming.span).copied().unwrap_or(renaming.span);
            let n_found = findings.len();
            check_template(project.program, renaming.to(), span, &known, findings);
            for finding in &mut findings[n_found..] {
                name_the_range(renaming, finding);
            }
            findings.extend(numbered(renaming, span));
        }
    }
}

/// Proposes to give a range the name that stands for nothing, where the line has a range without one.
fn name_the_range(renaming: &Renaming<'_>, finding: &mut Diagnostic) {
    let hole = finding.message.strip_prefix("`{").and_then(|rest| rest.split_once("}`"));
    let range = patterns(renaming).into_iter().find_map(unnamed_range);
    if let (Some((name, _)), Some(range)) = (hole, range)
        && finding.fixes.is_empty()
    {
        finding.help = Some(format!("give the range this name: `[{name}:{range}]`"));
    }
}

/// The bounds of the first range of a pattern, where it has no name.
fn unnamed_range(pattern: &NamePattern) -> Option<&str> {
    let NamePattern::Glob(text) = pattern else { return None };
    let mut sets = text.split('[').skip(1).filter_map(|rest| Some(rest.split_once(']')?.0));
    sets.find(|set| set.contains("..") && set.chars().all(|sign| sign.is_ascii_digit() || sign == '.'))
}

/// The patterns that a line's captures come from.
fn patterns<'p>(renaming: &Renaming<'p>) -> Vec<&'p NamePattern> {
    match renaming.rename {
        Rename::Database { from, .. } => vec![from],
        Rename::Table { from, .. } => vec![&from.db, &from.table],
        Rename::Column { table, column, .. } => vec![&table.db, &table.table, column],
    }
}

/// A finding for `$1` or `\1`, by which other tools take a group of a pattern; in a line of one name it is a part of the new one.
fn numbered(renaming: &Renaming<'_>, span: Span) -> Option<Diagnostic> {
    if patterns(renaming).iter().all(|pattern| matches!(pattern, NamePattern::Exact(_))) {
        return None;
    }
    let literals = renaming.to().parts.iter().filter_map(|part| match part {
        TemplatePart::Text(text) => Some(text.as_str()),
        TemplatePart::Hole { .. } => None,
    });
    let number = |text: &str| {
        text.match_indices(['$', '\\']).find_map(|(at, sign)| {
            let digit = text[at + 1..].chars().next().filter(char::is_ascii_digit)?;
            Some(format!("{sign}{digit}"))
        })
    };
    let written = literals.into_iter().find_map(number)?;
    Some(
        Diagnostic::error(PLACEHOLDER_UNBOUND, span, format!("`{written}` stands for nothing here"))
            .help("name what the pattern takes, `(?<name>…)` or `[name:0..9]`, and write `{name}`"),
    )
}

fn check_template(
    program: &Program,
    template: &Template,
    span: Span,
    known: &[&str],
    findings: &mut Vec<Diagnostic>,
) {
    let params: Vec<&str> = program.params.iter().map(|param| param.name.value.as_str()).collect();
    for (n, part) in template.parts.iter().enumerate() {
        let TemplatePart::Hole { name, filter } = part else { continue };
        let place = template.place_of(n, span);
        let is_braces = place != span;
        if let Some(filter) = filter.as_deref().filter(|filter| !FILTERS.contains(filter)) {
            findings.push(filter_unknown(filter, place, is_braces));
        // A parameter that could not be read would be known here; one that has no value is a finding of its own.
        } else if !known.contains(&name.as_str())
            && !params.contains(&name.as_str())
            && !program.may_know(name)
            && !program.misspelt_params.contains(name)
        {
            let known: Vec<&str> = known.iter().chain(&params).copied().collect();
            findings.push(placeholder_unbound(name, place, is_braces, &known));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_project};

    #[test]
    fn what_is_known_where() {
        check_diagnostics(
            "include shop.*\ntopic \"{source}.{pipeline}.{db}.{table:lower}.{origin.db}.{origin.table}\"\n\
             table shop.t_[n:0..3] {\ntopic \"a.{n}\"\n}\n\
             table shop.u_[n:0..3] {\ntopic \"a.{m}\"  # error[S0405]: `{m}` stands for nothing here\n}\n\
             to out {\ntopic \"a.{n}\"  # error[S0405]: `{n}` stands for nothing here\n}\n",
        );
        check_diagnostics(
            "include shop.*\ntopic \"{db}.{table:loewr}\"  # error[S0405]: there is no filter `loewr`\n",
        );
        check_diagnostics(
            "include shop.*\ntopic \"{topic}.{table}\"  # error[S0405]: `{topic}` stands for nothing here\n",
        );
    }

    #[test]
    fn in_topics_that_hold_no_rows() {
        check_diagnostics(
            "include shop.*\nheaders schema\nmarkers topic \"{pipeline}.{source}.m\"\n\
             ddl {\ntopic \"{table}.ddl\"  # error[S0405]: `{table}` stands for nothing here\nallow create-table\n}\n\
             on-error dead-letter \"{db}.{table}.errors\"\n\
             on-oversize dead-letter \"{x}.large\"  # error[S0405]: `{x}` stands for nothing here\n",
        );
    }

    #[test]
    fn in_renames() {
        check_diagnostics(
            "include shop.*\nrename table shop./u_(.*)/ to \"u_$1\"  # error[S0405]: `$1` stands for nothing here\n\
             rename table shop.w_[0..3] to \"w{n}\"  # error[S0405]: `{n}` stands for nothing here\n",
        );
        check_diagnostics(
            "include shop.*\nrename table shop./t_(?<lang>[a-z]{2})/ to \"t_{lang}\"\n\
             rename column shop.a./c_(?<x>.)/ to \"{x}_{column}\"\n\
             rename database shop to \"{db}\"  # error[S0405]: `{db}` stands for nothing here\n",
        );
    }

    /// The placeholder is drawn, not the line.
    #[test]
    fn drawn_where_it_stands() {
        let mut files = crate::text::FileSet::new();
        let file = files.add(
            "a.sync",
            "edition 2026\nsource s mysql \"db\" {\npassword env P\n}\ntarget o stdout\npipeline p from s to o {\n\
             include a.b\nrename table a.b to \"x_{n}\"\n}\n",
        );
        let findings = crate::plan::compile_files(&files).findings;
        let label = findings[0].primary.as_ref().expect("a place");
        assert_eq!((files.slice(label.span), label.span.file), ("{n}", file));
    }

    #[test]
    fn parameters_are_known_everywhere() {
        check_project(&["edition 2026\n\
            param region one-of eu, us  # error[S0108]: `region` has no value\n\
            param zone text default \"z1\"\n\
            source a mysql \"db\" {\npassword env P\n}\ntarget out stdout\n\
            pipeline p from a to out {\ninclude a.b\ntopic \"{region}.{zone}.{table}\"\n\
            to b {\ntopic \"{zome}.{table}\"  # error[S0405]: `{zome}` stands for nothing here\n}\n}\ntarget b stdout\n"]);
    }

    #[test]
    fn once_for_all_members_of_a_range() {
        check_project(&["edition 2026\n\
            source a_[n:0..3] mysql \"db-{n}\" {\n\
            password env \"P_{m}\"  # error[S0405]: `{m}` stands for nothing here\n}\n\
            target out stdout\n\
            pipeline p {\nfrom a_*\nto out\ninclude a.b\nkey origin, id\n}\n"]);
    }
}
