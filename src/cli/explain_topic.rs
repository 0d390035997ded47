//! `syncc explain topic NAME`: who writes a topic, and which line says so.

use super::explain_json::{Answer, Document};
use super::form::Form;
use super::global::Global;
use super::output::{Failure, Output};
use super::{Exit, front};
use crate::plan::{explain_topic, merged_topics, topic_names};
use crate::statement::closest;

/// Prints what every pipeline writes to a topic. Exit code 1 when none writes to it, or the files have errors.
pub(super) fn run(asked: &str, form: Form, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(project) = front::planned(global, output)? else { return Ok(Exit::Findings) };
    let known = |source: &str| project.known_tables(source);
    let uses = explain_topic(&project.plan, &project.origins, &project.files, &known, asked);
    let mut document = Document::new("topic", asked);
    document.answers = uses.iter().map(|one| Answer::new(&one.by, &one.decisions)).collect();
    if uses.is_empty() {
        let names = topic_names(&project.plan, &known);
        let near = closest(asked, names.iter().map(String::as_str));
        let more = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        document.message = Some(format!("nothing is written to topic \"{asked}\"{more}"));
    }
    match (form, &document.message) {
        (Form::Json, _) => output.print(&document.text())?,
        (Form::Human, Some(message)) => output.print(&format!("{message}\n"))?,
        (Form::Human, None) => {
            let texts: Vec<String> = merged_topics(uses.clone()).iter().map(ToString::to_string).collect();
            output.print(&texts.join("\n"))?;
        }
    }
    Ok(if uses.is_empty() { Exit::Findings } else { Exit::Fine })
}
