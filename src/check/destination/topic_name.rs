//! S0404: a topic that Kafka would refuse.

use super::super::Rule;
use super::super::flow::{Flow, Placed, Project, sources};
use super::super::renaming::Renamed;
use super::super::selector::Selector;
use super::super::settings::{Lane, Setting, Subject};
use super::super::side::sides;
use crate::ast::TargetKind;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::hir::Program;
use crate::kafka::TopicName;
use crate::pattern::{NamePattern, Relation};
use crate::statement::{Names, OWN_NAME_MAX, Property, TOPIC_PLACEHOLDERS, Template, TemplatePart};
use crate::text::{Span, Spanned};
use std::sync::Arc;

const BAD_TOPIC_NAME: Code = Code::new("S0404", "bad-topic-name");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: BAD_TOPIC_NAME,
        what: "A topic's name, or the `prefix` of state topics, would be empty, `.` or `..`, longer than 249 characters, or hold a sign that Kafka does not take. Names of \
               databases and tables become part of it unless they are renamed.",
        why: "Kafka takes letters, digits, `.`, `_` and `-`; it refuses to make the topic, and the task would stop at the first row.",
        wrong: pipeline!("  include shop.`order items`\n"),
        right: pipeline!("  include shop.`order items`\n  rename table shop.`order items` to order_items\n"),
    },
    run: check_topic_name,
};

/// Most signs of a name that are shown; one that is too long is not worth more.
const SHOWN_MAX: usize = 60;

const HELP: &str = "name it anew with `rename`, or write a `topic` without this part";

fn check_topic_name(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for target in &project.program.targets {
        let TargetKind::Kafka(cluster) = &target.kind else { continue };
        findings.extend(cluster.state.prefix.as_ref().and_then(in_prefix));
    }
    for flow in &project.flows {
        for lane in &flow.lanes {
            for (topic, _) in lane.topics() {
                findings.extend(in_template(project.program, &topic.value, topic.span));
            }
            findings.extend(
                sides(lane).iter().filter_map(|side| in_template(project.program, side.template, side.span)),
            );
        }
        for (n, lane) in flow.lanes.iter().enumerate() {
            for (m, source) in sources(project.program, flow.pipeline).enumerate() {
                findings.extend(flow.placed(n, m).filter_map(|placed| in_name(project.program, placed)));
                for subject in flow.unbounded() {
                    findings.extend(in_names(flow, lane, source, subject));
                }
            }
        }
    }
}

/// A mistake in the first part of the names of state topics. Own names take at most 60 characters each, so that with a
/// prefix of as many the longest name still fits.
fn in_prefix(prefix: &Spanned<String>) -> Option<Diagnostic> {
    let text = &prefix.value;
    let why = match (text.chars().count(), text.chars().find(|&sign| !is_topic_sign(sign))) {
        (0, _) => "is empty".to_owned(),
        (_, Some(sign)) => format!("holds `{}`", sign.escape_debug()),
        (length, _) if length > OWN_NAME_MAX => format!("has {length} characters, more than {OWN_NAME_MAX}"),
        _ if !text.starts_with(|sign: char| sign.is_ascii_alphanumeric()) => {
            "begins with no letter and no digit".to_owned()
        }
        _ => return None,
    };
    let message = format!("the prefix of state topics {why}");
    Some(Diagnostic::error(BAD_TOPIC_NAME, prefix.span, message).help(
        "it is the first part of topics and transactional ids: letters, digits, `.`, `_` and `-`, at most 60 of them",
    ))
}

fn is_topic_sign(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || matches!(sign, '.' | '_' | '-')
}

/// A mistake in the template itself.
fn in_template(program: &Program, template: &Template, span: Span) -> Option<Diagnostic> {
    let text: String = template
        .parts
        .iter()
        .map(|part| match part {
            TemplatePart::Text(text) => text.as_str(),
            TemplatePart::Hole { .. } => "",
        })
        .collect();
    if template.as_literal().is_none() && (text.is_empty() || text.chars().all(|sign| sign == '.')) {
        return None;
    }
    let why = TopicName::check(&text).err()?;
    let message = format!("\"{template}\" gives no topic name: {why}");
    if let Some((param, place)) = value_at_fault(program, span) {
        return Some(
            Diagnostic::error(BAD_TOPIC_NAME, place, message)
                .beside(span, format!("`{{{param}}}` is used here"))
                .help("the value becomes part of a topic's name"),
        );
    }
    let finding = Diagnostic::error(BAD_TOPIC_NAME, span, message);
    // A value took the place of a parameter: what was written is not known here.
    let is_filled = program.filled.iter().any(|filled| filled.span == span);
    if let Some(meant) = with_braces(&template.to_string()).filter(|_| !is_filled) {
        let text = format!("\"{meant}\"");
        return Some(
            finding.help("a placeholder stands in braces and nothing else: `{db}`").fix(Fix::machine(
                format!("write {text}"),
                span,
                text,
            )),
        );
    }
    // `${db}`, `%s`, `db/table`
    Some(match text.chars().find(|&sign| !is_topic_sign(sign)) {
        Some('$') if template.to_string().contains("${") => {
            finding.help("a placeholder is written without `$`: `{db}`")
        }
        Some('/' | ':' | ' ') => finding.help("names are parted by `.`, `_` or `-`"),
        Some(_) | None => finding,
    })
}

/// The parameter in a text whose value holds a sign that no topic takes, and where that is written. However many topics it is in,
/// that is one mistake.
fn value_at_fault(program: &Program, span: Span) -> Option<(&str, Span)> {
    let mut filled = program.filled.iter().filter(|filled| filled.span == span);
    let filled = filled.find(|filled| !filled.value.chars().all(is_topic_sign))?;
    let param = program.params.iter().find(|param| param.name.value == filled.param)?;
    Some((&filled.param, param.value.place?))
}

/// A template whose placeholders have the signs of other tools, as it is written here: `$table`, `${table}`, `<table>`, `%table%`.
/// None where nothing is mended by that, or more is wrong.
fn with_braces(template: &str) -> Option<String> {
    let mut mended = template.to_owned();
    for name in TOPIC_PLACEHOLDERS {
        for written in
            [format!("${{{name}}}"), format!("%{{{name}}}"), format!("<{name}>"), format!("%{name}%")]
        {
            mended = mended.replace(&written, &format!("{{{name}}}"));
        }
        let shell = format!("${name}");
        let is_part = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '.');
        if mended.split(&shell).skip(1).all(|behind| !behind.starts_with(|sign| is_part(sign) && sign != '.'))
        {
            mended = mended.replace(&shell, &format!("{{{name}}}"));
        }
    }
    let mut depth = 0;
    let is_plain = mended.chars().all(|sign| {
        depth += i32::from(sign == '{') - i32::from(sign == '}');
        depth > 0 || sign == '}' || is_topic_sign(sign)
    });
    (is_plain && mended != template).then_some(mended)
}

/// A mistake that comes from the name of a table.
fn in_name(program: &Program, placed: Placed<'_>) -> Option<Diagnostic> {
    let Placed { known, topic, template, .. } = placed;
    let why = TopicName::check(topic).err()?;
    let shown: String = topic.chars().take(SHOWN_MAX).collect();
    let rest = if shown.len() < topic.len() { "…" } else { "" };
    let message = format!("`{shown}{rest}` is no topic name: {why}");
    let finding = Diagnostic::error(BAD_TOPIC_NAME, known.span, message).help(HELP);
    match template {
        Some(template) if in_template(program, &template.value, template.span).is_some() => None,
        Some(template) => Some(finding.beside(template.span, "its topic is made here")),
        None => Some(finding),
    }
}

/// A mistake that comes from what the names of all tables of a pattern share.
fn in_names(flow: &Flow<'_>, lane: &Lane<'_>, source: &str, subject: Subject<'_>) -> Option<Diagnostic> {
    let setting = lane.setting((subject, Property::Topic), |settings| settings.topic.as_ref());
    let written = match &setting {
        Setting::Various => return None,
        Setting::Default => None,
        Setting::Given(topic, _) => Some(topic),
    };
    match subject {
        Subject::One(_) => None,
        Subject::All(all) => {
            let shared = shared_names(flow, source, all);
            let default =
                ["db", "table"].map(|name| TemplatePart::Hole { name: name.to_owned(), filter: None });
            let parts = written.map_or(default.as_slice(), |topic| topic.value.parts.as_slice());
            let (name, sign) = parts.iter().find_map(|part| {
                let TemplatePart::Hole { name: hole, .. } = part else { return None };
                let (_, name) = shared.iter().find(|(shared, _)| shared == hole)?;
                // All of them, so that the one asked for is among them.
                let names = Names {
                    source,
                    pipeline: &flow.pipeline.name.value,
                    db: name,
                    table: name,
                    origin_db: name,
                    origin_table: name,
                };
                let name =
                    names.expand(&Template { parts: vec![part.clone()] }, &[], TOPIC_PLACEHOLDERS).ok()?;
                let sign = name.chars().find(|&sign| !is_topic_sign(sign))?;
                Some((name, sign))
            })?;
            let message = format!("`{name}` would be part of a topic name, and Kafka does not take `{sign}`");
            Some(Diagnostic::error(BAD_TOPIC_NAME, all.span, message).help(HELP))
        }
    }
}

/// The names that all tables of a pattern share, by placeholder.
fn shared_names(flow: &Flow<'_>, source: &str, all: &Selector<'_>) -> Vec<(&'static str, Arc<str>)> {
    let exact = |pattern: &NamePattern| match pattern {
        NamePattern::Exact(name) => Some(Arc::from(name.as_str())),
        NamePattern::Glob(_) | NamePattern::Regex(_) => None,
    };
    let (origin_db, origin_table) = (exact(&all.pattern.db), exact(&all.pattern.table));
    // A rename that takes some of the tables leaves open how the others are called.
    let renamed = |kind: Renamed| {
        flow.renames
            .iter()
            .any(|one| one.kind() == kind && one.tables.relation(&all.matcher) != Relation::Disjoint)
    };
    let table = origin_table.clone().filter(|_| !renamed(Renamed::Table));
    // A database is renamed with all of its tables, whatever they are called.
    let db = origin_db.as_ref().and_then(|db| Some(flow.new_name(source, db, &"_".into())?.db));
    [("db", db), ("table", table), ("origin.db", origin_db), ("origin.table", origin_table)]
        .into_iter()
        .filter_map(|(hole, name)| Some((hole, name?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_project, check_repaired};

    #[test]
    fn in_the_text_of_a_topic() {
        check_diagnostics(
            "include shop.*\n\
             topic \"orders/{table}\"  # error[S0404]: \"orders/{table}\" gives no topic name: Kafka takes letters, digits, `.`, `_` and `-` only, not `/`\n",
        );
        check_diagnostics(
            "include shop.a\ntopic \"..\"  # error[S0404]: \"..\" gives no topic name: `.` and `..` are no topic names\n",
        );
        check_diagnostics("include shop.a\ntopic \"{db}.{table}\"\n");
    }

    #[test]
    fn placeholders_with_the_signs_of_other_tools() {
        for written in ["x.$table", "x.${table}", "x.<table>", "x.%table%"] {
            let lines = |topic: &str| format!("include shop.*\ntopic \"{topic}\"\n");
            check_repaired(&lines(written), &lines("x.{table}"));
        }
        assert_eq!(super::with_braces("$db.$table").as_deref(), Some("{db}.{table}"));
        for other in ["x.$1", "x.$tables", "x.{table}", "a/$table"] {
            assert_eq!(super::with_braces(other), None, "{other}");
        }
    }

    #[test]
    fn from_the_names_of_tables() {
        check_diagnostics(
            "include shop.订单  # error[S0404]: `shop.订单` is no topic name: Kafka takes letters, digits, `.`, `_` and `-` only, not `订`\n",
        );
        check_diagnostics("include shop.订单\ntopic \"orders\"\n");
        check_diagnostics("include shop.订单\nrename table shop.订单 to orders\n");
        check_diagnostics(
            "include 商城.*  # error[S0404]: `商城` would be part of a topic name, and Kafka does not take `商`\n",
        );
        check_diagnostics("include 商城.*\nrename database 商城 to shop\n");
        check_diagnostics("include 商城.*\ntopic \"shop.{table}\"\n");
        check_diagnostics("include 商城.*\ntable 商城.* {\ntopic \"shop.{table}\"\n}\n");
        check_diagnostics(
            "include *.订单  # error[S0404]: `订单` would be part of a topic name, and Kafka does not take `订`\n",
        );
    }

    #[test]
    fn the_first_part_of_state_topics() {
        let with = |prefix: &str, said: &str| {
            check_project(&[&format!(
                "edition 2026\nsource a mysql \"db\" {{\npassword env P\n}}\n\
                 target bus kafka \"k\" {{\nstate {{\nprefix \"{prefix}\"{said}\n}}\n}}\n\
                 pipeline p from a to bus {{\ninclude a.b\n}}\n"
            )]);
        };
        with("shop.syncc", "");
        with("", "  # error[S0404]: the prefix of state topics is empty");
        with("shop/1", "  # error[S0404]: the prefix of state topics holds `/`");
        with(".shop", "  # error[S0404]: the prefix of state topics begins with no letter and no digit");
        with(&"x".repeat(60), "");
        with(&"x".repeat(61), "  # error[S0404]: the prefix of state topics has 61 characters, more than 60");
    }

    #[test]
    fn too_long() {
        let long = "a".repeat(246);
        check_diagnostics(&format!(
            "include shop.{long}  # error[S0404]: `shop.{}…` is no topic name: 251 characters; Kafka takes at most 249\n",
            "a".repeat(55)
        ));
    }
}
