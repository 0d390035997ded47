//! `syncc explain pipeline NAME`: what a pipeline takes and says, line by line.

use super::explain_json::{Answer, Document};
use super::form::Form;
use super::global::Global;
use super::output::{Failure, Output};
use super::{Exit, front};
use crate::plan::{Decision, PipelinePage, explain_pipeline, merged_pages};
use crate::statement::closest;

/// Prints every way of the pipeline: its patterns, renames and settings, with the lines that say them, or what holds without
/// one. Exit code 1 when the files have errors.
pub(super) fn run(asked: &str, form: Form, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(project) = front::planned(global, output)? else { return Ok(Exit::Findings) };
    let pages = explain_pipeline(&project.plan, &project.origins, &project.files, asked);
    if pages.is_empty() {
        let names = project.program.pipelines.iter().map(|pipeline| pipeline.name.value.as_str());
        let more = closest(asked, names).map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        return Err(Failure::usage(format!("there is no pipeline \"{asked}\"{more}")));
    }
    match form {
        Form::Human => {
            let texts: Vec<String> = merged_pages(pages).iter().map(page).collect();
            output.print(&texts.join("\n"))?;
        }
        Form::Json => {
            let mut document = Document::new("pipeline", asked);
            document.answers = pages.iter().map(|page| Answer::new(&page.by, &page.decisions)).collect();
            output.print(&document.text())?;
        }
    }
    Ok(Exit::Fine)
}

/// A page for people: the lines of a block together, in the order of their first.
fn page(PipelinePage { by, decisions }: &PipelinePage) -> String {
    let text = |Decision { what, value, .. }: &Decision| format!("{what} {value}");
    let width = decisions.iter().map(|one| text(one).chars().count()).filter(|&n| n <= 60).max().unwrap_or(0);
    let mut page = format!("{by}\n");
    let mut blocks: Vec<&str> = Vec::new();
    for Decision { note, .. } in decisions {
        if !blocks.contains(&note.as_str()) {
            blocks.push(note);
        }
    }
    for block in blocks {
        page += &if block.is_empty() { "\n".to_owned() } else { format!("\n  {block}\n") };
        let indent = if block.is_empty() { 2 } else { 4 };
        for one in decisions.iter().filter(|one| one.note == block) {
            let place = if one.place.is_empty() { "default" } else { &one.place };
            let width = width + 4 - indent;
            page += &format!("{:indent$}{:<width$}  {place}\n", "", text(one));
        }
    }
    page
}
