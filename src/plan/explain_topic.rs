//! Who writes a topic: its tasks and tables, with the lines that say so.

use super::explain::{decisions_text, default_note, place};
use super::topic_reading::{candidates, readings};
use super::{
    Decider, Decision, Origins, Part, Plan, RelayPlan, Subject, TableDecision, TargetKind, TaskPlan, Way,
    subjects,
};
use crate::pattern::{FILLER, NamePattern, TableMatcher, TablePattern};
use crate::statement::{
    DdlTopic, Markers, Names, OnError, OnOversize, Place, Property, Support, TASK_PLACEHOLDERS,
    TOPIC_PLACEHOLDERS, Template, duration_text, in_place,
};
use crate::text::FileSet;
use std::collections::BTreeSet;
use std::fmt;

/// What is said of a table whose rows go to the topic.
const ROWS_OF: &str = "rows of";

/// Most tables that are named one by one.
const TABLES_MAX: usize = 8;

/// What one task, or one relay, writes to a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicUse {
    /// The topic.
    pub topic: String,
    /// Which pipeline, from where to where.
    pub by: Way,
    /// What goes there, and how the topic is made.
    pub decisions: Vec<Decision>,
}

impl fmt::Display for TopicUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} is written by {}\n", self.topic, self.by)?;
        decisions_text(&self.decisions, f)
    }
}

/// Everything that a plan writes to a topic, in the order of its tasks; empty when nothing does. `known` are the tables of a
/// source, where it is known which it has; else its patterns are asked.
pub fn explain_topic(
    plan: &Plan,
    origins: &Origins,
    files: &FileSet,
    known: &dyn Fn(&str) -> Vec<Subject>,
    topic: &str,
) -> Vec<TopicUse> {
    let of_task = |task: &TaskPlan| {
        let known = known(&task.id.source);
        Writer { task, decider: Decider::new(task).ok()?, origins, files }.explain(&known, topic)
    };
    let tasks = plan.tasks.iter().filter_map(of_task);
    tasks.chain(plan.relays.iter().filter_map(|relay| of_relay(relay, origins, files, topic))).collect()
}

/// The topics of a plan whose names are known: those of tables that are named, and those that tasks have besides.
pub fn topic_names(plan: &Plan, known: &dyn Fn(&str) -> Vec<Subject>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for task in &plan.tasks {
        let known = known(&task.id.source);
        for subject in if known.is_empty() { subjects([task]) } else { known } {
            if subject.other().is_none()
                && let Ok(Some(decision)) = task.decide(&subject.db, &subject.table)
            {
                names.insert(decision.topic.as_str().to_owned());
            }
        }
        names.extend(own_markers(task));
        names.extend(state(task));
    }
    names
}

fn of_relay(relay: &RelayPlan, origins: &Origins, files: &FileSet, topic: &str) -> Option<TopicUse> {
    let mut template = relay.topic.clone();
    template.fill(|hole| (hole == "pipeline").then(|| relay.pipeline.clone()));
    let topics = relay.topics.compile().ok()?;
    let copied = readings(&template, topic).into_iter().find_map(|reading| {
        let (_, of) = reading.into_iter().find(|(hole, _)| hole == "topic")?;
        topics.matches(&of).then_some(of)
    })?;
    let RelayPlan { pipeline, from, to, paused, .. } = relay;
    let line = |what: &str, value: String, note: String, part| Decision {
        what: what.to_owned(),
        value,
        note,
        place: origins.relay_span(relay, part).map_or_else(String::new, |span| place(files, span)),
    };
    let named_by = line("named by", format!("\"{}\"", relay.topic), String::new(), Part::RelayTopic);
    let mut decisions = vec![
        line(
            "copies",
            format!("topic {copied}"),
            format!("of target {from}, taken by {}", relay.topics),
            Part::Relay,
        ),
        Decision { note: default_note(&named_by.place), ..named_by },
        line("pipeline", pipeline.clone(), String::new(), Part::Pipeline),
        line("target", to.clone(), String::new(), Part::Target),
    ];
    if let Some(why) = paused {
        decisions.push(line(
            "paused",
            "nothing is written now".into(),
            format!("because {why}"),
            Part::Paused,
        ));
    }
    Some(TopicUse {
        topic: topic.to_owned(),
        by: Way { pipeline: pipeline.clone(), from: vec![from.clone()], to: to.clone() },
        decisions,
    })
}

/// Topic for marks of loads alone.
fn own_markers(task: &TaskPlan) -> Option<String> {
    Some(task.own_marker_topic().ok()??.to_string())
}

/// Topic that holds the position.
fn state(task: &TaskPlan) -> Option<String> {
    match &task.target.kind {
        TargetKind::Kafka(kafka) => Some(task.id.state_topic(&kafka.state.prefix)),
        TargetKind::Stdout | TargetKind::File { .. } => None,
    }
}

/// The name of a topic where no table is needed to know it.
fn own_name(task: &TaskPlan, template: &Template) -> Option<String> {
    let (source, pipeline) = (&task.id.source, &task.id.pipeline);
    let names = Names { source, pipeline, db: "", table: "", origin_db: "", origin_table: "" };
    names.expand(template, &[], TASK_PLACEHOLDERS).ok()
}

/// That this release does not execute a form of a statement, where it does not.
fn idle_note(statement: &str, form: &str) -> String {
    let idle = in_place(Place::Pipeline).filter(|spec| spec.word == statement).any(|spec| {
        spec.support != Support::Runs
            || spec.signature().idle_forms().iter().any(|idle| idle.trim_start_matches('`').starts_with(form))
    });
    if idle { "not executed by this release".to_owned() } else { String::new() }
}

/// A table, and what becomes of it.
struct Sent {
    subject: Subject,
    decision: TableDecision,
}

/// Whether something of a table goes to the topic.
type Goes<'f> = &'f dyn Fn(&&Sent) -> bool;

/// Without the tables for which a pattern among the others stands that goes to the same topic.
fn widest(sent: Vec<Sent>) -> Vec<Sent> {
    let pattern = |sent: &Sent| {
        let open = |name: &str| NamePattern::from_glob(&name.replace(FILLER, "*")).ok();
        let is_open = sent.subject.shown.contains('*');
        let names = open(&sent.subject.db).zip(open(&sent.subject.table)).filter(|_| is_open);
        names.and_then(|(db, table)| TablePattern::new(db, table).compile().ok())
    };
    let patterns: Vec<(TableMatcher, String)> =
        sent.iter().filter_map(|one| Some((pattern(one)?, one.decision.topic.as_str().to_owned()))).collect();
    let stands_alone = |one: &Sent| {
        let Subject { db, table, shown, .. } = &one.subject;
        let covers = |(pattern, topic): &(TableMatcher, String)| {
            topic == one.decision.topic.as_str() && pattern.matches(db, table)
        };
        shown.contains('*') || !patterns.iter().any(covers)
    };
    sent.into_iter().filter(stands_alone).collect()
}

struct Writer<'a> {
    task: &'a TaskPlan,
    decider: Decider,
    origins: &'a Origins,
    files: &'a FileSet,
}

impl Writer<'_> {
    fn explain(&self, known: &[Subject], topic: &str) -> Option<TopicUse> {
        let named = subjects([self.task]);
        let tables = if known.is_empty() { &named } else { known };
        let mut written = self.of_tables(&self.sent(tables), topic);
        if written.is_empty() && known.is_empty() {
            let guessed = self.sent(&candidates(self.task, &named, topic));
            written = self.of_tables(&widest(guessed), topic);
        }
        let marks = match self.task.stream.markers {
            Markers::Data => written.iter().any(|line| line.what == ROWS_OF).then(|| topic.to_owned()),
            Markers::Topic(_) | Markers::Off => own_markers(self.task),
        };
        let besides = [
            (marks, "begin and end of loads", Part::Markers),
            (state(self.task), "position and state of the task", Part::StatePrefix),
        ];
        for (name, value, part) in besides {
            if name.as_deref() == Some(topic) {
                written.push(self.decision("holds", value.to_owned(), String::new(), self.place(part)));
            }
        }
        if written.is_empty() {
            return None;
        }
        let id = &self.task.id;
        for (what, name, part) in [
            ("pipeline", &id.pipeline, Part::Pipeline),
            ("source", &id.source, Part::Source),
            ("target", &id.target, Part::Target),
        ] {
            written.push(self.decision(what, name.clone(), String::new(), self.place(part)));
        }
        if let Some(why) = &self.task.paused {
            let note = format!("because {why}");
            written.push(self.decision(
                "paused",
                "nothing is written now".into(),
                note,
                self.place(Part::Paused),
            ));
        }
        Some(TopicUse { topic: topic.to_owned(), by: Way::of(id), decisions: written })
    }

    /// Of some tables, those that are sent.
    fn sent(&self, tables: &[Subject]) -> Vec<Sent> {
        let of_table = |subject: &Subject| {
            let decision = self.decider.decide(&subject.db, &subject.table).ok().flatten()?;
            Some(Sent { subject: subject.clone(), decision })
        };
        tables.iter().filter_map(of_table).collect()
    }

    fn of_tables(&self, tables: &[Sent], topic: &str) -> Vec<Decision> {
        let rows: Vec<&Sent> = tables.iter().filter(|sent| sent.decision.topic.as_str() == topic).collect();
        let mut all = self.table_lines(ROWS_OF, &rows, &|sent| self.selected(&sent.subject));
        if let Some(first) = rows.first() {
            self.topic_lines(first, &mut all);
        }
        let ddl = |sent: &&Sent| match sent.decision.ddl.as_ref().map(|ddl| &ddl.topic) {
            Some(DdlTopic::Topic(template)) => own_name(self.task, template).as_deref() == Some(topic),
            Some(DdlTopic::Same) => sent.decision.topic.as_str() == topic,
            None => false,
        };
        let errors = |sent: &&Sent| match &sent.decision.on_error {
            OnError::DeadLetter(template) => {
                self.dead_letter(sent, template, Property::OnError) == Some(topic.into())
            }
            OnError::Stop | OnError::Park => false,
        };
        let oversize = |sent: &&Sent| match &sent.decision.on_oversize {
            OnOversize::DeadLetter(template) => {
                self.dead_letter(sent, template, Property::OnOversize) == Some(topic.into())
            }
            OnOversize::Stop => false,
        };
        let kinds: [(&str, Goes<'_>, &[Property], &str); 3] = [
            ("schema changes of", &ddl, &[Property::DdlTopic, Property::Ddl], ""),
            ("rows that cannot be sent of", &errors, &[Property::OnError], "dead-letter"),
            ("messages too large of", &oversize, &[Property::OnOversize], "dead-letter"),
        ];
        for (what, goes, properties, form) in kinds {
            let of_kind: Vec<&Sent> = tables.iter().filter(goes).collect();
            let last = properties[properties.len() - 1];
            let note = idle_note(last.word(), form);
            all.extend(self.table_lines(what, &of_kind, &|sent| {
                let line = properties.iter().find_map(|&property| self.layer_line(&sent.subject, property));
                (note.clone(), line.unwrap_or_default())
            }));
        }
        all
    }

    /// A line for each of the first tables, with a note and its place.
    fn table_lines(
        &self,
        what: &str,
        tables: &[&Sent],
        told: &dyn Fn(&Sent) -> (String, String),
    ) -> Vec<Decision> {
        let line = |sent: &&Sent| {
            let (note, place) = told(sent);
            self.decision(what, sent.subject.to_string(), note, place)
        };
        let mut lines: Vec<Decision> = tables.iter().take(TABLES_MAX).map(line).collect();
        if tables.len() > TABLES_MAX {
            let more = format!("and {} more", tables.len() - TABLES_MAX);
            lines.push(self.decision("", more, String::new(), String::new()));
        }
        lines
    }

    /// The `include` that takes a table.
    fn selected(&self, subject: &Subject) -> (String, String) {
        let hits = self.decider.hits(&subject.db, &subject.table);
        let include = hits.include.first().map(|&n| {
            let pattern = &self.task.rules.include[n];
            (format!("include {pattern}"), self.place(Part::Include(n)))
        });
        include.unwrap_or_default()
    }

    /// How the topic is named and made.
    fn topic_lines(&self, first: &Sent, all: &mut Vec<Decision>) {
        let Sent { subject, decision } = first;
        let topic = |property| self.layer_line(subject, property).unwrap_or_default();
        let template = self.decider.layer_of(&subject.db, &subject.table, Property::Topic);
        let template = template.and_then(|n| self.task.rules.layers[n].topic.as_ref());
        let template = template.map_or("\"{db}.{table}\"".to_owned(), |template| format!("\"{template}\""));
        let mut line = |what: &str, value: String, property| {
            let place = topic(property);
            all.push(Decision { what: what.to_owned(), value, note: default_note(&place), place });
        };
        line("named by", template, Property::Topic);
        line("format", decision.format.name().to_string(), Property::Format);
        if let TargetKind::Kafka(_) = self.task.target.kind {
            let settings = decision.topic_settings;
            let own = || "the cluster's own".to_owned();
            let create = if settings.create { "when it is missing" } else { "never" };
            line("create", create.to_owned(), Property::TopicCreate);
            line(
                "partitions",
                settings.partitions.map_or_else(own, |n| n.to_string()),
                Property::TopicPartitions,
            );
            line("replicas", settings.replicas.map_or_else(own, |n| n.to_string()), Property::TopicReplicas);
            line(
                "min-insync",
                settings.min_insync.map_or_else(own, |n| n.to_string()),
                Property::TopicMinInsync,
            );
            line(
                "cleanup",
                settings.cleanup.map_or_else(own, |cleanup| cleanup.to_string()),
                Property::TopicCleanup,
            );
            line(
                "retention",
                settings.retention_ms.map_or_else(own, duration_text),
                Property::TopicRetention,
            );
        }
    }

    fn dead_letter(&self, sent: &Sent, template: &Template, property: Property) -> Option<String> {
        let Sent { subject, decision } = sent;
        let layer = self.decider.layer_of(&subject.db, &subject.table, property)?;
        let tables = self.task.rules.layers[layer].tables.as_ref();
        let captures = tables.and_then(|tables| tables.compile().ok()?.captures(&subject.db, &subject.table));
        let names = Names {
            source: &self.task.id.source,
            pipeline: &self.task.id.pipeline,
            db: &decision.db,
            table: &decision.table,
            origin_db: &subject.db,
            origin_table: &subject.table,
        };
        names.expand(template, &captures.unwrap_or_default(), TOPIC_PLACEHOLDERS).ok()
    }

    /// Where a setting of a table is written; none where it is not.
    fn layer_line(&self, subject: &Subject, property: Property) -> Option<String> {
        let layer = self.decider.layer_of(&subject.db, &subject.table, property)?;
        Some(self.place(Part::Layer(layer, property)))
    }

    fn decision(&self, what: &str, value: String, note: String, place: String) -> Decision {
        Decision { what: what.to_owned(), value, note, place }
    }

    fn place(&self, part: Part) -> String {
        self.origins.span(&self.task.id, part).map(|span| place(self.files, span)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
