//! The JSON form of what `syncc explain` says of a table, a topic or a pipeline.

use crate::plan::{Decision, Way};
use serde::Serialize;

/// Version of the form; members are only added.
const VERSION: u32 = 1;

/// One answer of the program.
#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    version: u32,
    /// `table`, `topic` or `pipeline`.
    asked: &'static str,
    name: &'a str,
    /// One for each path that has to do with it.
    pub(super) answers: Vec<Answer<'a>>,
    /// Why there is no answer.
    pub(super) message: Option<String>,
}

/// What one path from a source to a target does.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    by: String,
    decisions: Vec<Line<'a>>,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    what: &'a str,
    value: &'a str,
    note: &'a str,
    /// None for what holds by default.
    file: Option<&'a str>,
    /// From 1; none where the file as a whole says it.
    line: Option<u32>,
}

impl<'a> Document<'a> {
    pub(super) fn new(asked: &'static str, name: &'a str) -> Document<'a> {
        Document { version: VERSION, asked, name, answers: Vec::new(), message: None }
    }

    /// The object, with a line break at its end.
    pub(super) fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings and numbers are always JSON") + "\n"
    }
}

impl<'a> Answer<'a> {
    pub(super) fn new(by: &Way, decisions: &'a [Decision]) -> Answer<'a> {
        Answer { by: by.to_string(), decisions: decisions.iter().map(line).collect() }
    }
}

fn line(decision: &Decision) -> Line<'_> {
    let numbered = decision.place.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
    let (file, line) = match numbered {
        Some((file, line)) => (Some(file), Some(line)),
        None => (Some(decision.place.as_str()).filter(|file| !file.is_empty()), None),
    };
    Line { what: decision.what.trim(), value: &decision.value, note: &decision.note, file, line }
}
