//! `syncc explain topic NAME`: who writes a topic, and which line says so.

use super::explain_json::{Answer, Document};
use super::form::Form;
use super::global::Global;
use super::output::{Failure, Output};
use super::{Exit, front};
use crate::plan::{explain_topic, topic_names};
use crate::statement::closest;

/// Prints what every pipeline writes to a topic. Exit code 1 when none writes to it, or the files have errors.
pub(super) fn run(asked: &str, form: Form, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(project) = front::planned(global, output)? else { return Ok(Exit::Findings) };
    let known = |source: &str| project.known_tables(source);
    let uses = explain_topic(&project.plan, &project.origins, &project.files, &known, asked);
    let mut document = Document::new("topic", asked);
    let mut texts: Vec<String> = uses.iter().map(ToString::to_string).collect();
    document.answers = uses.iter().map(|one| Answer::new(&one.by, &one.decisions)).collect();
    if uses.is_empty() {
        let names = topic_names(&project.plan, &known);
        let near = closest(asked, names.iter().map(String::as_str));
        let more = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        texts.push(format!("nothing is written to topic \"{asked}\"{more}\n"));
        document.message = Some(texts[0].trim_end().to_owned());
    }
    match form {
        Form::Human => output.print(&texts.join("\n"))?,
        Form::Json => output.print(&document.text())?,
    }
    Ok(if uses.is_empty() { Exit::Findings } else { Exit::Fine })
}
