//! Every place where settings of a producer are written.

use super::super::flow::Project;
use crate::ast::{Kafka, LeftOut, Producer, TargetKind};
use crate::hir::Program;

/// Settings as written in one block, and the cluster they are for.
pub(super) struct Written<'p> {
    pub(super) cluster: &'p Kafka,
    pub(super) producer: &'p Producer,
    /// What could not be read of the target: what seems to hold by default may be written.
    pub(super) left_out: &'p LeftOut,
}

/// Those of all Kafka targets, then those of the `to` of all pipelines.
pub(super) fn producers<'p>(project: &Project<'p>) -> impl Iterator<Item = Written<'p>> {
    let program: &'p Program = project.program;
    let own = program.targets.iter().filter_map(|target| match &target.kind {
        TargetKind::Kafka(cluster) => {
            Some(Written { cluster, producer: &cluster.producer, left_out: &target.left_out })
        }
        TargetKind::Stdout | TargetKind::File { .. } => None,
    });
    let of_pipelines = program.pipelines.iter().flat_map(|pipeline| &pipeline.to).filter_map(|to| {
        let target = program.target(to.target.value);
        match &target.kind {
            TargetKind::Kafka(cluster) => {
                Some(Written { cluster, producer: &to.settings.task.producer, left_out: &target.left_out })
            }
            TargetKind::Stdout | TargetKind::File { .. } => None,
        }
    });
    own.chain(of_pipelines)
}
