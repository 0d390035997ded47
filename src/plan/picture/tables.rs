//! Tables and topics.

use super::{Node, Picture, Shape, Targets, id};
use crate::pattern::NamePattern;
use crate::plan::{Plan, RelayPlan, Subject, TaskPlan, subjects};

/// Which table goes to which topic, through which pipeline, and which topics are copied. `known` are the tables of a source,
/// where it is known which it has; else each pattern is drawn as one.
pub fn tables(plan: &Plan, targets: Targets<'_>, known: &dyn Fn(&str) -> Vec<Subject>) -> Picture {
    let mut picture = Picture::default();
    for task in &plan.tasks {
        picture.node(Node::new(Shape::Source, &task.id.source, &task.id.source).detail("mysql"));
        let name = &task.target.name;
        picture.node(Node::new(Shape::Target, name, name).detail(targets(name)));
    }
    for name in plan.relays.iter().flat_map(|relay| [&relay.from, &relay.to]) {
        picture.node(Node::new(Shape::Target, name, name).detail(targets(name)));
    }
    for task in &plan.tasks {
        let (source, target) = (&task.id.source, &task.target.name);
        let known = known(source);
        let subjects = if known.is_empty() { subjects([task]) } else { known };
        for (subject, topic) in subjects.iter().filter_map(|subject| Some((subject, topic(task, subject)?))) {
            let from = Node::new(Shape::Table, &table_path(source, subject), subject.to_string());
            let to = Node::new(Shape::Topic, &format!("{target}.{topic}"), topic);
            picture.edge(from.id.clone(), to.id.clone(), Some(task.id.pipeline.clone()));
            picture.node(from.inside(id(Shape::Source, source)));
            picture.node(to.inside(id(Shape::Target, target)));
        }
    }
    for relay in &plan.relays {
        let RelayPlan { pipeline, from, topics, to, .. } = relay;
        let copied = Node::new(Shape::Topic, &format!("{from}.{topics}"), topics.to_string());
        let name = copied_name(relay);
        let copy = Node::new(Shape::Topic, &format!("{to}.{name}"), name);
        picture.edge(copied.id.clone(), copy.id.clone(), Some(pipeline.clone()));
        picture.node(copied.inside(id(Shape::Target, from)));
        picture.node(copy.inside(id(Shape::Target, to)));
    }
    picture
}

/// What the topics of a relay are called in its target.
fn copied_name(relay: &RelayPlan) -> String {
    let mut name = relay.topic.clone();
    name.fill(|hole| match hole {
        "topic" => Some(relay.topics.to_string()),
        "pipeline" => Some(relay.pipeline.clone()),
        _ => None,
    });
    name.to_string()
}

/// The full name of a table, or of a pattern of tables: names that are no plain words stand in backticks, so that it names
/// nothing else.
pub(super) fn table_path(source: &str, subject: &Subject) -> String {
    let exact = |name: &str| NamePattern::Exact(name.to_owned()).to_string();
    match subject.other() {
        None => format!("{source}.{}.{}", exact(&subject.db), exact(&subject.table)),
        Some(_) => format!("{source}.{subject}"),
    }
}

/// The topic of a table; for a pattern with `*` in place of what it takes. None where it is not sent.
pub(super) fn topic(task: &TaskPlan, subject: &Subject) -> Option<String> {
    let topic = |subject: &Subject| {
        let decision = task.decide(&subject.db, &subject.table).ok().flatten()?;
        Some(decision.topic.as_str().to_owned())
    };
    let one = topic(subject)?;
    let Some(other) = subject.other() else { return Some(one) };
    let Some(other) = topic(&other).filter(|other| other.len() == one.len()) else {
        return Some("*".to_owned());
    };
    // What differs between two tables of a pattern is what the pattern leaves open.
    let mut shown = String::new();
    for (a, b) in one.chars().zip(other.chars()) {
        match a == b {
            true => shown.push(a),
            false if shown.ends_with('*') => {}
            false => shown.push('*'),
        }
    }
    Some(shown)
}
