//! `syncc explain pipeline NAME`: what a pipeline takes and what it says, line by line.

use super::explain_json::{Answer, Document};
use super::form::Form;
use super::global::Global;
use super::output::{Failure, Output};
use super::{Exit, front};
use crate::plan::{Decision, Part, TaskPlan};
use crate::statement::{Property, closest};

/// Prints every task of the pipeline: its patterns, renames and settings, with the lines that say them. Exit code 1 when the
/// files have errors.
pub(super) fn run(asked: &str, form: Form, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(project) = front::planned(global, output)? else { return Ok(Exit::Findings) };
    let tasks: Vec<&TaskPlan> = project.plan.tasks.iter().filter(|task| task.id.pipeline == asked).collect();
    if tasks.is_empty() {
        let names = project.plan.tasks.iter().map(|task| task.id.pipeline.as_str());
        let more = closest(asked, names).map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        return Err(Failure::usage(format!(
            "there is no pipeline \"{asked}\" that reads from a source{more}"
        )));
    }
    let mut pages: Vec<(String, Vec<Decision>)> = Vec::new();
    for task in tasks {
        let place = |part| {
            let span = project.origins.span(&task.id, part)?;
            let line = project.files.line_col(span.file, span.start).line;
            Some(format!("{}:{line}", project.files.path(span.file)))
        };
        let by = format!("pipeline {} from {} to {}", task.id.pipeline, task.id.source, task.id.target);
        pages.push((by, lines(task, &place)));
    }
    match form {
        Form::Human => {
            let texts: Vec<String> = pages.iter().map(|(by, lines)| page(by, lines)).collect();
            output.print(&texts.join("\n"))?;
        }
        Form::Json => {
            let mut document = Document::new("pipeline", asked);
            document.answers = pages.iter().map(|(by, lines)| Answer::new(by, lines)).collect();
            output.print(&document.text())?;
        }
    }
    Ok(Exit::Fine)
}

/// What a task takes and says; a note tells the block.
fn lines(task: &TaskPlan, place: &dyn Fn(Part) -> Option<String>) -> Vec<Decision> {
    let mut lines = Vec::new();
    let mut line = |block: &str, what: &str, value: String, part: Part| {
        lines.push(Decision {
            what: what.to_owned(),
            value,
            note: block.to_owned(),
            place: place(part).unwrap_or_default(),
        });
    };
    let rules = &task.rules;
    for (n, pattern) in rules.include.iter().enumerate() {
        line("", "include", pattern.to_string(), Part::Include(n));
    }
    for (n, pattern) in rules.exclude.iter().enumerate() {
        line("", "exclude", pattern.to_string(), Part::Exclude(n));
    }
    for (n, rename) in rules.renames.iter().enumerate() {
        line("", "rename", rename.to_string(), Part::Rename(n));
    }
    for (n, layer) in rules.layers.iter().enumerate() {
        let of = match (&layer.tables, layer.level) {
            (Some(tables), _) => format!("table {tables}"),
            (None, 0) => "defaults".to_owned(),
            (None, _) => String::new(),
        };
        for &property in Property::ALL {
            if let Some(value) = layer.shown(property) {
                line(&of, property.word(), value, Part::Layer(n, property));
            }
        }
        for (at, mask) in layer.masks.iter().enumerate() {
            line(&of, "mask", format!("{} {}", mask.column, mask.method), Part::Mask(n, at));
        }
        for (at, condition) in layer.conditions.iter().enumerate() {
            line(&of, "where", condition.to_string(), Part::Condition(n, at));
        }
    }
    lines
}

fn page(by: &str, lines: &[Decision]) -> String {
    let statement = |Decision { what, value, note, .. }: &Decision| match note.as_str() {
        "" => format!("{what} {value}"),
        block => format!("{block}: {what} {value}"),
    };
    let texts: Vec<String> = lines.iter().map(statement).collect();
    let width = texts.iter().map(|text| text.chars().count()).filter(|&n| n <= 60).max().unwrap_or(0);
    let mut page = format!("{by}\n\n");
    for (text, Decision { place, .. }) in texts.iter().zip(lines) {
        page += format!("  {text:<width$}  {place}").trim_end();
        page.push('\n');
    }
    page
}
