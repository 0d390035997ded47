//! `syncc explain`: the page of a code, the list of all, a statement, a format, a pipeline, a topic, or what becomes of a table.

use super::form::Form;
use super::global::Global;
use super::output::{Failure, Output};
use super::{
    Exit, explain_format, explain_pipeline, explain_row, explain_statement, explain_table, explain_topic,
    pages,
};
use crate::diagnostic::{CodeDoc, words};
use crate::statement::closest;

/// Widest line of a page; longer ones tire the eye.
pub(super) const WIDTH_MAX: usize = 100;

/// Explains a finding, a statement, a table or a topic
///
/// With a code: what it means, why it matters, and an example of it, wrong and right. Codes are printed with every finding;
/// their names do as well. With `table DB.TABLE`: what becomes of that table, and which line says so. With `topic NAME`: who
/// writes it. With `pipeline NAME`: every setting of it and of its two ends, line by line. With `format NAME`: its options, and what is in its
/// messages. With `statement NAME`: what a statement takes, where it stands, and what holds without it; `statements` lists
/// them. With `row FILE`: what becomes of one row, in JSON: `{"table": "shop.orders", "after": {"id": 7, "status": "paid"}}`, with
/// `before` alone for a delete and both for an update; types come from schema.lock. Without any of these: all codes.
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = "Examples:\n  syncc explain\n  syncc explain S0101\n  syncc explain unknown-name\n  syncc explain table shop.orders\n  \
                       syncc explain topic shop.orders --format json\n  syncc explain pipeline shop\n  syncc explain format canal-json\n  \
                       syncc explain row row.json\n  syncc explain statement retry\n  syncc explain statements\n\n\
    Exit codes: 0 explained, 1 no pipeline sends the table, nothing is written to the topic, or the files have errors, 2 wrong \
    usage or a file that cannot be read."
)]
pub(super) struct Args {
    /// Code or name of a finding, such as S0101 or unknown-name
    #[arg(value_name = "CODE")]
    code: Option<String>,
    /// After the word `table`, `topic`, `pipeline`, `format` or `statement`: which one; after `row`: a file, or `-`
    #[arg(value_name = "DB.TABLE|NAME|FILE")]
    name: Option<String>,
    /// Form of the answer about a table, a row, a topic or a pipeline
    #[arg(long, value_name = "FORM", default_value = "human")]
    format: Form,
}

pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let form = args.format;
    match (args.code.as_deref(), &args.name) {
        (Some("table"), Some(table)) => return explain_table::run(table, form, global, output),
        (Some("topic"), Some(name)) => return explain_topic::run(name, form, global, output),
        (Some("pipeline"), Some(name)) => return explain_pipeline::run(name, form, global, output),
        (Some("row"), Some(file)) => return explain_row::run(file, form, global, output),
        (Some("row"), None) => return Err(Failure::usage("`explain row` takes a file with a row, or `-`")),
        (Some("topic"), None) => return Err(Failure::usage("`explain topic` takes the name of one")),
        (Some("pipeline"), None) => return Err(Failure::usage("`explain pipeline` takes the name of one")),
        (Some("table"), None) => return Err(Failure::usage("`explain table` takes a table as DB.TABLE")),
        _ => {}
    }
    if form == Form::Json {
        return Err(Failure::usage(
            "`--format json` is for `explain table`, `explain row`, `explain topic` and `explain pipeline`",
        ));
    }
    match (args.code.as_deref(), &args.name) {
        (Some("format"), Some(name)) => return explain_format::run(name, global, output),
        (Some("format"), None) => return Err(Failure::usage("`explain format` takes the name of one")),
        (Some("statement"), Some(word)) => return explain_statement::run(word, global, output),
        (Some("statement"), None) => {
            return Err(Failure::usage("`explain statement` takes the word a statement begins with"));
        }
        (Some("statements"), None) => return explain_statement::list(global, output),
        (asked, Some(more)) => return Err(Failure::usage(misplaced(asked.unwrap_or_default(), more))),
        (_, None) => {}
    }
    let Some(asked) = args.code.as_deref() else {
        output.print(&list(&pages::all()))?;
        return Ok(Exit::Fine);
    };
    let page = pages::find(asked)?;
    output.print(&page_text(&page, global.style().width.min(WIDTH_MAX)))?;
    Ok(Exit::Fine)
}

/// Words that take a name behind them.
const NAMED: [&str; 6] = ["table", "topic", "pipeline", "format", "row", "statement"];

/// What is said of a name behind something that takes none.
fn misplaced(asked: &str, more: &str) -> String {
    if let Some(near) = closest(asked, NAMED) {
        return format!("there is no \"{asked}\" to explain; did you mean `explain {near} {more}`?");
    }
    match pages::find(asked) {
        Ok(_) => format!("nothing stands behind a code: `syncc explain {asked}` explains it"),
        Err(_) => format!(
            "\"{asked}\" is no code, and \"{more}\" may stand behind {} alone",
            NAMED.map(|word| format!("`{word}`")).join(", ")
        ),
    }
}

/// All codes with their names, one a line.
fn list(pages: &[CodeDoc]) -> String {
    let line = |page: &CodeDoc| format!("{} {}\n", page.code.number, page.code.name);
    pages.iter().map(line).chain(["\nsyncc explain CODE tells more about one.\n".to_owned()]).collect()
}

fn page_text(page: &CodeDoc, width: usize) -> String {
    let indented = |text: &str| {
        text.lines()
            .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") })
            .collect::<String>()
    };
    let what = wrapped(page.what, width);
    let why = wrapped(page.why, width);
    let mut text = format!("{} {}\n\n{what}\nWhy it matters:\n\n{why}", page.code.number, page.code.name);
    if !page.wrong.is_empty() {
        text += &format!("\nWrong:\n\n{}", indented(page.wrong));
    }
    if !page.right.is_empty() {
        text += &format!("\nRight:\n\n{}", indented(page.right));
    }
    text
}

/// The text in lines of at most `width` columns, where its words allow it.
pub(super) fn wrapped(text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut columns = 0;
    for word in words(text) {
        let len = word.chars().count();
        if columns > 0 && columns + 1 + len > width {
            lines.push('\n');
            columns = 0;
        } else if columns > 0 {
            lines.push(' ');
            columns += 1;
        }
        lines.push_str(word);
        columns += len;
    }
    lines.push('\n');
    lines
}
