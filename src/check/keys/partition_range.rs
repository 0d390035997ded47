//! S0507: a partition that the topic does not have.

use super::super::Rule;
use super::super::flow::Project;
use super::super::settings::Setting;
use super::min_insync::check_min_insync;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::{PartitionRule, Property};

const PARTITION_OUT_OF_RANGE: Code = Code::new("S0507", "partition-out-of-range");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: PARTITION_OUT_OF_RANGE,
        what: "`partition to` names a partition that the topic does not have.",
        why: "Partitions count from 0: a topic with 12 of them has 0 to 11. Kafka refuses a message for another.",
        wrong: pipeline!(
            "  include shop.*\n  topic \"{db}.{table}\" {\n    partitions 12\n  }\n  partition to 12\n"
        ),
        right: pipeline!(
            "  include shop.*\n  topic \"{db}.{table}\" {\n    partitions 12\n  }\n  partition to 11\n"
        ),
    },
    run: check_partition_range,
};

fn check_partition_range(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    check_min_insync(project, findings);
    for flow in &project.flows {
        for lane in &flow.lanes {
            for subject in flow.subjects() {
                let Setting::Given(rule, _) =
                    lane.setting((subject, Property::Partition), |settings| settings.partition.as_ref())
                else {
                    continue;
                };
                let PartitionRule::To(partition) = rule.value.rule else { continue };
                let Setting::Given(count, _) = lane
                    .setting((subject, Property::TopicPartitions), |settings| {
                        settings.topic_partitions.as_ref()
                    })
                else {
                    continue;
                };
                if partition >= count.value {
                    let message = format!("there is no partition {partition}: the topic has {}", count.value);
                    findings.push(
                        Diagnostic::error(PARTITION_OUT_OF_RANGE, rule.span, message)
                            .beside(count.span, "declared here")
                            .help(match count.value {
                                1 => "its only partition is 0".to_owned(),
                                count => format!("partitions count from 0: it has 0 to {}", count - 1),
                            }),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn the_last_is_one_less() {
        check_diagnostics("include shop.*\ntopic \"{db}.{table}\" {\npartitions 3\n}\npartition to 2\n");
        check_diagnostics(
            "include shop.a\ntopic \"{db}.{table}\" {\npartitions 3\n}\ntable shop.a {\n\
             partition to 3  # error[S0507]: there is no partition 3: the topic has 3\n}\n",
        );
        check_diagnostics(
            "include shop.a\ntopic \"{db}.{table}\" {\npartitions 3\n}\ntable shop.a {\n\
             partition to 3\ntopic \"x\" {\npartitions 4\n}\n}\n",
        );
        check_diagnostics("include shop.a\npartition to 3\n");
    }
}
