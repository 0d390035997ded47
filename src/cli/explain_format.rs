//! `syncc explain format NAME`: the options of a format, and what is in its messages.

use super::Exit;
use super::explain::{WIDTH_MAX, wrapped};
use super::global::Global;
use super::output::{Failure, Output};
use crate::statement::{FormatName, Signature, Word, closest};

/// Widest first cell that others are set in for.
const CELL_MAX: usize = 20;

/// Prints what is known of a format.
pub(super) fn run(asked: &str, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(name) = FormatName::from_word(asked) else {
        let names = || FormatName::ALL.iter().map(|name| name.word());
        let more = match closest(asked, names()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
        };
        return Err(Failure::usage(format!("there is no format \"{asked}\"; {more}")));
    };
    output.print(&page(name, global.style().width.min(WIDTH_MAX)))?;
    Ok(Exit::Fine)
}

fn page(name: FormatName, width: usize) -> String {
    let mut text = format!("format {name}\n");
    if name.needs_registry() {
        text += "\nIts schemas lie in the `registry` of the target.\n";
    }
    text += "\nOptions, in its block:\n\n";
    let options: Vec<[String; 3]> = name
        .spec()
        .options
        .iter()
        .map(|option| {
            let args = Signature::parse(option.args);
            let idle = args.idle_forms();
            let idle = match idle.as_slice() {
                [] => String::new(),
                idle => format!("; not executed yet: {}", idle.join(", ")),
            };
            [option.property.word().to_owned(), args.to_string(), format!("default {}{idle}", option.default)]
        })
        .collect();
    let wide = |n: usize| options.iter().map(|row| row[n].chars().count()).max().unwrap_or(0);
    let (first, second) = (wide(0), wide(1));
    for [word, args, default] in &options {
        text += &format!("  {word:<first$}  {args:<second$}  {default}\n");
    }
    for section in ["One message per row", "Types"] {
        text += &format!("\n{section}:\n\n{}", section_text(document(name), section, width));
    }
    text
}

/// The page for readers of messages; tests compare its types with what is sent.
fn document(name: FormatName) -> &'static str {
    match name {
        FormatName::CanalJson => include_str!("../../pipelines/canal-json.md"),
        FormatName::DebeziumJson => include_str!("../../pipelines/debezium-json.md"),
        FormatName::MaxwellJson => include_str!("../../pipelines/maxwell-json.md"),
        FormatName::Json => include_str!("../../pipelines/json.md"),
        FormatName::DtsAvro => include_str!("../../pipelines/dts-avro.md"),
        FormatName::DebeziumAvro => include_str!("../../pipelines/debezium-avro.md"),
        FormatName::Avro => include_str!("../../pipelines/avro.md"),
    }
}

/// A section of a page for a terminal: rows of tables in columns, its code as it is, other lines wrapped.
fn section_text(document: &str, title: &str, width: usize) -> String {
    let rest = document.split_once(&format!("\n## {title}\n")).map_or("", |(_, rest)| rest);
    let section = rest.split("\n## ").next().unwrap_or_default();
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split(" | ").map(|cell| plain(cell.trim())).collect()
    };
    let rows = || section.lines().filter(|line| line.starts_with("| "));
    let wide = |n: usize| {
        rows()
            .filter_map(|line| cells(line).get(n).map(|cell| cell.chars().count()))
            .filter(|&wide| wide <= CELL_MAX)
            .max()
            .unwrap_or(0)
    };
    let widths = [wide(0), wide(1)];
    let mut text = String::new();
    let mut is_code = false;
    for line in section.trim().lines().filter(|line| !line.starts_with("|---")) {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if is_code {
            text += &format!("    {line}\n");
        } else if line.starts_with('|') {
            text += &row(&cells(line), widths, width);
        } else if line.is_empty() {
            text.push('\n');
        } else {
            text += &wrapped(&plain(line), width);
        }
    }
    text
}

/// A row of a table; its last cell goes on below itself.
fn row(cells: &[String], widths: [usize; 2], width: usize) -> String {
    let Some((last, before)) = cells.split_last() else { return String::new() };
    let mut start = "  ".to_owned();
    for (cell, wide) in before.iter().zip(widths) {
        start += &format!("{cell:<wide$}  ");
    }
    let indent = start.chars().count();
    let lines = wrapped(last, width.saturating_sub(indent).max(CELL_MAX));
    let mut text = String::new();
    for (n, line) in lines.lines().enumerate() {
        let begin = if n == 0 { start.clone() } else { " ".repeat(indent) };
        text += format!("{begin}{line}").trim_end();
        text.push('\n');
    }
    text
}

/// Without the signs of Markdown.
fn plain(text: &str) -> String {
    text.replace(['`'], "").replace("**", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_a_page_with_its_options() {
        for &name in FormatName::ALL {
            let page = page(name, 100);
            for option in name.spec().options {
                assert!(page.contains(&format!("  {} ", option.property.word())), "{page}");
                assert!(page.contains(&format!("default {}", option.default)), "{page}");
            }
            for section in ["One message per row", "Types"] {
                assert!(!section_text(document(name), section, 100).is_empty(), "{name}: {section}");
            }
        }
    }

    #[test]
    fn the_page_of_canal_json_has_messages_and_types() {
        let page = page(FormatName::CanalJson, 80);
        for line in [
            "  dialect      canal | dts    default canal",
            "  es                start of the statement at the source, ms since 1970 (the log",
            "  BIGINT     -5       decimal; unsigned above 9223372036854775807 has 3",
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
        assert!(page.lines().all(|line| line.chars().count() <= 125 && !line.contains("**")), "{page}");
    }
}
