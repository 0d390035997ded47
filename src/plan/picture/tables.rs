//! Tables and topics.

use super::{Node, Picture, Shape, id, kind};
use crate::plan::{Plan, Subject, TaskPlan, subjects};

/// Which table goes to which topic, through which pipeline. `known` are the tables of a source, where it is known which it
/// has; else each pattern is drawn as one.
pub fn tables(plan: &Plan, known: &dyn Fn(&str) -> Vec<Subject>) -> Picture {
    let mut picture = Picture::default();
    for task in &plan.tasks {
        picture.node(Node::new(Shape::Source, &task.id.source, &task.id.source).detail("mysql"));
        let name = &task.id.target;
        picture.node(Node::new(Shape::Target, name, name).detail(kind(&task.target.kind)));
    }
    for task in &plan.tasks {
        let (source, target) = (&task.id.source, &task.id.target);
        let known = known(source);
        let subjects = if known.is_empty() { subjects([task]) } else { known };
        for (subject, topic) in subjects.iter().filter_map(|subject| Some((subject, topic(task, subject)?))) {
            let from = Node::new(Shape::Table, &format!("{source}.{subject}"), subject.to_string());
            let to = Node::new(Shape::Topic, &format!("{target}.{topic}"), topic);
            picture.edge(from.id.clone(), to.id.clone(), Some(task.id.pipeline.clone()));
            picture.node(from.inside(id(Shape::Source, source)));
            picture.node(to.inside(id(Shape::Target, target)));
        }
    }
    picture
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
