//! Every place where settings of a producer are written.

use super::super::flow::Project;
use crate::ast::{Kafka, LeftOut, Producer, Target, TargetKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::text::Span;

/// Settings as they hold together, and the cluster they are for.
pub(super) struct Written<'p> {
    pub(super) cluster: &'p Kafka,
    pub(super) producer: Producer,
    /// What could not be read of the target: what seems to hold by default may be written.
    pub(super) left_out: &'p LeftOut,
}

/// Those of all Kafka targets, then what holds for each `to` of all pipelines: its own, those of the pipeline, of the target, of
/// the defaults. So one line may come several times.
pub(super) fn producers<'p>(project: &Project<'p>) -> impl Iterator<Item = Written<'p>> {
    let program = project.program;
    let kafka = |target: &'p Target, over: &dyn Fn(&Producer) -> Producer| match &target.kind {
        TargetKind::Kafka(cluster) => {
            Some(Written { cluster, producer: over(&cluster.producer), left_out: &target.left_out })
        }
        TargetKind::Stdout | TargetKind::File { .. } => None,
    };
    let own = program.targets.iter().filter_map(move |target| kafka(target, &Producer::clone));
    let all = &program.defaults.settings.task.producer;
    let ways = program.pipelines.iter().flat_map(|pipeline| pipeline.to.iter().map(move |to| (pipeline, to)));
    let of_ways = ways.filter_map(move |(pipeline, to)| {
        let near = to.settings.task.over(&pipeline.settings.task).producer;
        kafka(program.target(to.target.value), &|own| near.over(own).over(all))
    });
    own.chain(of_ways)
}

/// True when a finding of this code is drawn there already.
pub(super) fn is_told(code: Code, place: Span, findings: &[Diagnostic]) -> bool {
    findings.iter().any(|finding| {
        finding.code == code && finding.primary.as_ref().is_some_and(|label| label.span == place)
    })
}
