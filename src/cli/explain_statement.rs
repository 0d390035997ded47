//! `syncc explain statement NAME` and `syncc explain statements`: the table of the language.

use super::Exit;
use super::explain::{WIDTH_MAX, wrapped};
use super::global::Global;
use super::output::{Failure, Output};
use crate::statement::{Place, Reload, STATEMENTS, StatementSpec, Support, closest};
use std::collections::BTreeMap;

/// Columns in front of what a statement does, in the list.
const LIST_INDENT: usize = 28;

/// Prints what is known of every statement with this word.
pub(super) fn run(word: &str, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let rows: Vec<&StatementSpec> = STATEMENTS.iter().filter(|spec| spec.word == word).collect();
    if rows.is_empty() {
        let near = closest(word, STATEMENTS.iter().map(|spec| spec.word));
        let more = near.map_or("`syncc explain statements` lists all".to_owned(), |near| {
            format!("did you mean {near}?")
        });
        return Err(Failure::usage(format!("there is no statement \"{word}\"; {more}")));
    }
    let width = global.style().width.min(WIDTH_MAX);
    let texts: Vec<String> = rows.into_iter().map(|spec| page(spec, width)).collect();
    output.print(&texts.join("\n"))?;
    Ok(Exit::Fine)
}

/// Prints all statements, those of one place together.
pub(super) fn list(global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let width = global.style().width.min(WIDTH_MAX).saturating_sub(LIST_INDENT);
    let mut groups: BTreeMap<&[Place], Vec<&StatementSpec>> = BTreeMap::new();
    for spec in STATEMENTS {
        groups.entry(spec.places).or_default().push(spec);
    }
    let mut text = String::new();
    for (places, specs) in groups {
        let is_top = places.iter().any(|place| !place.is_block());
        let at = if is_top { "At" } else { "In" };
        text += &format!("{at} {}:\n", called(places));
        for spec in specs {
            let mark = match (spec.support, spec.is_partly_idle()) {
                (Support::Compiles, _) => "*",
                (Support::Runs, true) => "+",
                (Support::Runs, false) => "",
            };
            let doc = wrapped(spec.doc, width);
            let mut lines = doc.lines();
            text += &format!("  {mark:1} {:<23} {}\n", spec.word, lines.next().unwrap_or_default());
            lines.for_each(|line| text += &format!("{:LIST_INDENT$}{line}\n", ""));
        }
        text.push('\n');
    }
    text += "* is not executed by this release: `syncc run` refuses it. + some forms of it are not.\n\
             `syncc explain statement NAME` tells more about one.\n";
    output.print(&text)?;
    Ok(Exit::Fine)
}

fn called(places: &[Place]) -> String {
    places.iter().map(|place| place.called()).collect::<Vec<_>>().join(", ")
}

fn page(spec: &StatementSpec, width: usize) -> String {
    let indented = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
    let mut text = format!("{}\n\n{}\n", spec.usage(), wrapped(spec.doc, width));
    let mut fact = |what: &str, value: &str| {
        if !value.is_empty() {
            text += &format!("  {what:<12}{value}\n");
        }
    };
    fact("stands in", &called(spec.places));
    fact("default", spec.default);
    fact("a change", effect(spec.reload));
    fact("since", &spec.since.to_string());
    let idle = spec.signature().idle_forms().join(", ");
    match spec.support {
        Support::Runs if idle.is_empty() => {}
        Support::Runs => fact("not yet", &format!("this release does not execute {idle}")),
        Support::Compiles => fact("not yet", "this release does not execute it"),
    }
    text + "\nExample:\n\n" + &indented(spec.example)
}

/// What a change of a statement does to what runs.
fn effect(reload: Reload) -> &'static str {
    match reload {
        Reload::Content => "has the effect of what it holds",
        Reload::InPlace => "takes effect in place",
        Reload::Rewire => "takes effect at the next transaction boundary",
        Reload::Backfill => "loads existing rows of new tables while the stream goes on",
        Reload::Breaks => "breaks consumers: it is refused unless it is accepted",
        Reload::Refused => "is refused after the first start",
    }
}
