//! `syncc explain pipeline NAME`: what a pipeline takes and what it says, line by line.

use super::global::Global;
use super::output::{Failure, Output};
use super::{Exit, front};
use crate::plan::{Part, TaskPlan};
use crate::statement::{Property, closest};

/// Prints every task of the pipeline: its patterns, renames and settings, with the lines that say them. Exit code 1 when the
/// files have errors.
pub(super) fn run(asked: &str, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(project) = front::planned(global, output)? else { return Ok(Exit::Findings) };
    let tasks: Vec<&TaskPlan> = project.plan.tasks.iter().filter(|task| task.id.pipeline == asked).collect();
    if tasks.is_empty() {
        let names = project.plan.tasks.iter().map(|task| task.id.pipeline.as_str());
        let more = closest(asked, names).map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        return Err(Failure::usage(format!(
            "there is no pipeline \"{asked}\" that reads from a source{more}"
        )));
    }
    for (n, task) in tasks.into_iter().enumerate() {
        let gap = if n == 0 { "" } else { "\n" };
        let place = |part| {
            let span = project.origins.span(&task.id, part)?;
            let line = project.files.line_col(span.file, span.start).line;
            Some(format!("{}:{line}", project.files.path(span.file)))
        };
        output.print(&format!("{gap}{}", page(task, &place)))?;
    }
    Ok(Exit::Fine)
}

fn page(task: &TaskPlan, place: &dyn Fn(Part) -> Option<String>) -> String {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |text: String, part: Part| lines.push((text, place(part).unwrap_or_default()));
    let rules = &task.rules;
    for (n, pattern) in rules.include.iter().enumerate() {
        line(format!("include {pattern}"), Part::Include(n));
    }
    for (n, pattern) in rules.exclude.iter().enumerate() {
        line(format!("exclude {pattern}"), Part::Exclude(n));
    }
    for (n, rename) in rules.renames.iter().enumerate() {
        line(format!("rename {rename}"), Part::Rename(n));
    }
    for (n, layer) in rules.layers.iter().enumerate() {
        let of = match (&layer.tables, layer.level) {
            (Some(tables), _) => format!("table {tables}: "),
            (None, 0) => "defaults: ".to_owned(),
            (None, _) => String::new(),
        };
        for &property in Property::ALL {
            if let Some(value) = layer.shown(property) {
                line(format!("{of}{} {value}", property.word()), Part::Layer(n, property));
            }
        }
        for (at, mask) in layer.masks.iter().enumerate() {
            line(format!("{of}mask {} {}", mask.column, mask.method), Part::Mask(n, at));
        }
        for (at, condition) in layer.conditions.iter().enumerate() {
            line(format!("{of}where {condition}"), Part::Condition(n, at));
        }
    }
    let width = lines.iter().map(|(text, _)| text.chars().count()).filter(|&n| n <= 60).max().unwrap_or(0);
    let mut page = format!("pipeline {} from {} to {}\n\n", task.id.pipeline, task.id.source, task.id.target);
    for (text, place) in lines {
        page += format!("  {text:<width$}  {place}").trim_end();
        page.push('\n');
    }
    page
}
