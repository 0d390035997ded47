//! Sources, pipelines and targets.

use super::{Node, Picture, Shape, Targets, id};
use crate::plan::Plan;

/// Which pipeline goes from where to where.
pub fn flow(plan: &Plan, targets: Targets<'_>) -> Picture {
    let mut picture = Picture::default();
    for task in &plan.tasks {
        picture.node(Node::new(Shape::Source, &task.id.source, &task.id.source).detail("mysql"));
    }
    let tasks = plan.tasks.iter().map(|task| (&task.id.pipeline, &task.paused));
    let relays = plan.relays.iter().map(|relay| (&relay.pipeline, &relay.paused));
    for (name, paused) in tasks.chain(relays) {
        let node = Node::new(Shape::Pipeline, name, name);
        picture.node(if paused.is_some() { node.detail("paused") } else { node });
    }
    let of_relays = plan.relays.iter().flat_map(|relay| [&relay.from, &relay.to]);
    for name in plan.tasks.iter().map(|task| &task.target.name).chain(of_relays) {
        picture.node(Node::new(Shape::Target, name, name).detail(targets(name)));
    }
    for task in &plan.tasks {
        picture.edge(id(Shape::Source, &task.id.source), id(Shape::Pipeline, &task.id.pipeline), None);
    }
    for relay in &plan.relays {
        let topics = format!("topic {}", relay.topics);
        picture.edge(id(Shape::Target, &relay.from), id(Shape::Pipeline, &relay.pipeline), Some(topics));
    }
    for task in &plan.tasks {
        picture.edge(id(Shape::Pipeline, &task.id.pipeline), id(Shape::Target, &task.target.name), None);
    }
    for relay in &plan.relays {
        picture.edge(id(Shape::Pipeline, &relay.pipeline), id(Shape::Target, &relay.to), None);
    }
    picture
}
