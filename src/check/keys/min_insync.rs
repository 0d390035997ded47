//! The half of S0018 about `min-insync`: more replicas that must have a record than a topic has.

use super::super::flow::Project;
use super::super::settings::Setting;
use crate::diagnostic::Diagnostic;
use crate::statement::{OUT_OF_RANGE, Property};
use crate::text::Span;
use std::collections::BTreeSet;

pub(super) fn check_min_insync(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut told: BTreeSet<Span> = BTreeSet::new();
    for flow in &project.flows {
        for (lane, subject) in flow.lanes.iter().flat_map(|lane| flow.subjects().map(move |one| (lane, one)))
        {
            let min_insync = lane
                .setting((subject, Property::TopicMinInsync), |settings| settings.topic_min_insync.as_ref());
            let replicas =
                lane.setting((subject, Property::TopicReplicas), |settings| settings.topic_replicas.as_ref());
            let (Setting::Given(least, _), Setting::Given(replicas, _)) = (min_insync, replicas) else {
                continue;
            };
            if least.value <= replicas.value || !told.insert(least.span) {
                continue;
            }
            let message = format!(
                "`min-insync {}` is out of range: the topic has {} replicas",
                least.value, replicas.value
            );
            findings.push(
                Diagnostic::error(OUT_OF_RANGE, least.span, message)
                    .beside(replicas.span, "said here")
                    .help("a record waits for that many replicas, so nothing could ever be written"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn at_most_all_of_them() {
        check_diagnostics("include shop.*\ntopic \"{db}.{table}\" {\nreplicas 3\nmin-insync 3\n}\n");
        check_diagnostics(
            "include shop.*\ntopic \"{db}.{table}\" {\nreplicas 2\n\
             min-insync 3  # error[S0018]: `min-insync 3` is out of range: the topic has 2 replicas\n}\n",
        );
    }
}
