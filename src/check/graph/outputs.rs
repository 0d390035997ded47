//! Topics that the pipelines of a project write to a target.

use super::super::flow::{Flow, Project, sources};
use super::super::renaming::Renamed;
use super::super::settings::{Lane, Subject};
use super::super::side::sides;
use super::copies::{as_written, copies, meet, pattern_of};
use crate::hir::TargetId;
use crate::pattern::NamePattern;
use crate::statement::{Template, TemplatePart};

/// What the project writes to a target.
pub(super) struct Outputs {
    /// Patterns that together take every topic, names where these are known.
    topics: Vec<NamePattern>,
    /// Rows of a source are among it, not only what relays copy.
    pub(super) has_rows: bool,
}

impl Outputs {
    pub(super) fn to(target: TargetId, project: &Project<'_>) -> Outputs {
        let copied = copies(project).into_iter().filter(|copy| copy.to == target).map(|copy| copy.made);
        let mut outputs = Outputs { topics: copied.collect(), has_rows: false };
        for flow in project.flows.iter().filter(|flow| !flow.pipeline.from.is_empty()) {
            for (n, lane) in flow.lanes.iter().enumerate() {
                if lane.to.target.value == target {
                    outputs.has_rows = true;
                    outputs.add_rows(project, flow, n);
                    outputs.add_others(flow, lane);
                }
            }
        }
        outputs
    }

    /// True when one of them may be a topic that a pattern takes.
    pub(super) fn meet(&self, topics: &NamePattern) -> bool {
        self.topics.iter().any(|made| meet(made, topics))
    }

    /// As they would be written.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.topics.iter().map(as_written)
    }

    fn add_rows(&mut self, project: &Project<'_>, flow: &Flow<'_>, n: usize) {
        let lane = &flow.lanes[n];
        let mut all_known = !lane.may_lack(&["from", "include", "rename", "names", "topic"]);
        for source in 0..flow.pipeline.from.len() {
            let before = self.topics.len();
            self.topics
                .extend(flow.placed(n, source).map(|placed| NamePattern::Exact(placed.topic.to_owned())));
            all_known &= self.topics.len() - before == flow.named(source).count();
        }
        if !all_known {
            self.topics.push(NamePattern::Glob("*".to_owned()));
        }
        if flow.locks.complete() {
            return;
        }
        let unnamed = |kind| !flow.renames.iter().any(|one| one.kind() == kind);
        let text = |name: &NamePattern, kind| match name {
            NamePattern::Exact(text) | NamePattern::Glob(text) if unnamed(kind) => Some(flow.cased(text)),
            _ => None,
        };
        let hole = |name: &str| TemplatePart::Hole { name: name.to_owned(), filter: None };
        let default = Template { parts: vec![hole("db"), TemplatePart::Text(".".to_owned()), hole("table")] };
        let mut sources = sources(project.program, flow.pipeline);
        let source = sources.next().filter(|_| sources.next().is_none());
        for subject in flow.unbounded() {
            let Subject::All(include) = subject else { continue };
            let known = |hole: &str| match hole {
                "db" => text(&include.pattern.db, Renamed::Database),
                "table" => text(&include.pattern.table, Renamed::Table),
                "source" => source.map(str::to_owned),
                "pipeline" => Some(flow.pipeline.name.value.clone()),
                _ => None,
            };
            let templates = lane.topics().map(|(topic, _)| &topic.value).chain([&default]);
            self.topics.extend(templates.map(|template| pattern_of(template, known)));
        }
    }

    /// Schema changes, marks of transactions, rows that cannot be sent.
    fn add_others(&mut self, flow: &Flow<'_>, lane: &Lane<'_>) {
        let pipeline = flow.pipeline.name.value.as_str();
        let known = |hole: &str| (hole == "pipeline").then(|| pipeline.to_owned());
        self.topics.extend(sides(lane).iter().map(|side| pattern_of(side.template, known)));
        self.topics.push(NamePattern::Exact(format!("{pipeline}.schema-changes")));
    }
}
