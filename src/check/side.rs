//! Topics besides those of rows: of schema changes, of markers, of rows that cannot be sent.

use super::flow::{Flow, Placed, Project, sources};
use super::settings::{Lane, Setting};
use crate::hir::TargetId;
use crate::pattern::TableMatcher;
use crate::statement::{
    DdlTopic, Markers, Names, OnError, OnOversize, Property, TASK_PLACEHOLDERS, TOPIC_PLACEHOLDERS, Template,
};
use crate::text::Span;
use std::collections::HashMap;

/// What goes to a topic besides rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Schema changes.
    Ddl,
    /// Marks of loads.
    Markers,
    /// Rows that cannot be sent, and messages that are too large.
    DeadLetter,
}

/// A topic besides those of rows, as written.
pub(super) struct Side<'p, 'l> {
    pub(super) purpose: Purpose,
    pub(super) template: &'p Template,
    pub(super) span: Span,
    /// Tables of the block it stands in; none means all.
    pub(super) tables: Option<&'l TableMatcher>,
}

impl Side<'_, '_> {
    /// Placeholders that mean something in it, besides captures.
    pub(super) fn placeholders(&self) -> &'static [&'static str] {
        match self.purpose {
            Purpose::Ddl | Purpose::Markers => TASK_PLACEHOLDERS,
            Purpose::DeadLetter => TOPIC_PLACEHOLDERS,
        }
    }

    /// Its name from a source where no table is needed to know it.
    fn own_name(&self, flow: &Flow<'_>, source: &str) -> Option<String> {
        name_without_table(flow, source, self.template)
    }

    /// Its name for a table from a source; none when it is not for that table, or a placeholder stands for nothing.
    fn name(&self, flow: &Flow<'_>, source: &str, placed: &Placed<'_>) -> Option<String> {
        let (db, table) = (&*placed.known.db, &*placed.known.table);
        let captures = match self.tables {
            None => Vec::new(),
            Some(tables) => tables.captures(db, table).filter(|_| tables.matches(db, table))?,
        };
        let names = Names {
            source,
            pipeline: flow.pipeline.name.value.as_str(),
            db: &placed.name.db,
            table: &placed.name.table,
            origin_db: db,
            origin_table: table,
        };
        names.expand(self.template, &captures, self.placeholders()).ok()
    }
}

/// What a template gives where no table is needed to know it.
fn name_without_table(flow: &Flow<'_>, source: &str, template: &Template) -> Option<String> {
    let pipeline = flow.pipeline.name.value.as_str();
    let names = Names { source, pipeline, db: "", table: "", origin_db: "", origin_table: "" };
    names.expand(template, &[], TASK_PLACEHOLDERS).ok()
}

/// All such topics that are written for a pipeline towards a target.
pub(super) fn sides<'p, 'l>(lane: &'l Lane<'p>) -> Vec<Side<'p, 'l>> {
    let mut found = Vec::new();
    for (settings, tables) in lane.blocks() {
        let mut side = |purpose, template, span| found.push(Side { purpose, template, span, tables });
        if let Some(topic) = &settings.ddl_topic
            && let DdlTopic::Topic(template) = &topic.value
        {
            side(Purpose::Ddl, template, topic.span);
        }
        if let Some(topic) = &settings.task.once.markers
            && let Markers::Topic(template) = &topic.value
        {
            side(Purpose::Markers, template, topic.span);
        }
        if let Some(topic) = &settings.on_error
            && let OnError::DeadLetter(template) = &topic.value
        {
            side(Purpose::DeadLetter, template, topic.span);
        }
        if let Some(topic) = &settings.on_oversize
            && let OnOversize::DeadLetter(template) = &topic.value
        {
            side(Purpose::DeadLetter, template, topic.span);
        }
    }
    found
}

/// A topic besides those of rows that is one of rows.
pub(super) struct Meeting {
    /// Its name.
    pub(super) name: String,
    /// Where it is written.
    pub(super) span: Span,
    /// Where the topic of rows is said.
    pub(super) rows: Span,
}

/// Every topic for a purpose whose name is exactly that of rows at the same target.
pub(super) fn meetings(project: &Project<'_>, purpose: Purpose) -> Vec<Meeting> {
    let of_lane = |lane| sides(lane).into_iter().filter(move |side| side.purpose == purpose);
    // Most projects have none.
    if !project.flows.iter().flat_map(|flow| &flow.lanes).any(|lane| of_lane(lane).next().is_some()) {
        return Vec::new();
    }
    let mut rows: HashMap<(TargetId, String), Span> = HashMap::new();
    for flow in &project.flows {
        for (n, lane) in flow.lanes.iter().enumerate() {
            for placed in (0..flow.pipeline.from.len()).flat_map(|source| flow.placed(n, source)) {
                rows.entry((lane.to.target.value, placed.topic.to_owned())).or_insert(placed.span());
            }
            // What patterns take goes there whatever it is called, where the topic has no placeholder for that.
            for subject in flow.unbounded() {
                let Setting::Given(topic, _) =
                    lane.setting((subject, Property::Topic), |settings| settings.topic.as_ref())
                else {
                    continue;
                };
                for source in sources(project.program, flow.pipeline) {
                    if let Some(name) = name_without_table(flow, source, &topic.value) {
                        rows.entry((lane.to.target.value, name)).or_insert(topic.span);
                    }
                }
            }
        }
    }
    let mut found = Vec::new();
    for flow in &project.flows {
        for (n, lane) in flow.lanes.iter().enumerate() {
            for side in of_lane(lane) {
                for (m, source) in sources(project.program, flow.pipeline).enumerate() {
                    let names: Vec<String> = match side.own_name(flow, source) {
                        Some(name) => vec![name],
                        None => {
                            flow.placed(n, m).filter_map(|placed| side.name(flow, source, &placed)).collect()
                        }
                    };
                    let met = names.into_iter().find_map(|name| {
                        let rows = *rows.get(&(lane.to.target.value, name.clone()))?;
                        Some(Meeting { name, span: side.span, rows })
                    });
                    found.extend(met);
                }
            }
        }
    }
    found
}
