//! Sources, pipelines and targets.

use super::{Node, Picture, Shape, id, kind};
use crate::plan::Plan;

/// Which pipeline goes from where to where.
pub fn flow(plan: &Plan) -> Picture {
    let mut picture = Picture::default();
    for task in &plan.tasks {
        picture.node(Node::new(Shape::Source, &task.id.source, &task.id.source).detail("mysql"));
    }
    for task in &plan.tasks {
        let node = Node::new(Shape::Pipeline, &task.id.pipeline, &task.id.pipeline);
        picture.node(if task.paused.is_some() { node.detail("paused") } else { node });
    }
    for task in &plan.tasks {
        let name = &task.id.target;
        picture.node(Node::new(Shape::Target, name, name).detail(kind(&task.target.kind)));
    }
    for task in &plan.tasks {
        picture.edge(id(Shape::Source, &task.id.source), id(Shape::Pipeline, &task.id.pipeline), None);
    }
    for task in &plan.tasks {
        picture.edge(id(Shape::Pipeline, &task.id.pipeline), id(Shape::Target, &task.id.target), None);
    }
    picture
}
