//! S0812: exactly-once with brokers that have no transactions.

use super::super::Rule;
use super::super::flow::Project;
use crate::ast::TargetKind;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::statement::{Delivery, Version};
use crate::text::Span;

const NO_TRANSACTIONS: Code = Code::new("S0812", "exactly-once-without-transactions");

/// First version whose transactions can be relied on. Source: `delivery.md`, what syncc needs of a broker.
const FIRST: Version = Version::new(2, 1, 0);

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: NO_TRANSACTIONS,
        what: "`broker-version` below 2.1 with `delivery exactly-once`, as it is by default.",
        why: "Rows and position are one Kafka transaction. Brokers before 0.11 have none, and those before 2.1 lose track of a \
              producer that rests.",
        wrong: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\" {\n  broker-version 0.10.2\n}\n"
        ),
        right: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\" {\n  broker-version 0.10.2\n  delivery at-least-once\n}\n"
        ),
    },
    run: check_no_transactions,
};

fn check_no_transactions(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for target in &project.program.targets {
        let TargetKind::Kafka(cluster) = &target.kind else { continue };
        let Some(version) = cluster.broker_version.as_ref().filter(|version| version.value < FIRST) else {
            continue;
        };
        let delivery = cluster.delivery.as_ref();
        let exactly_once = delivery.is_none_or(|delivery| delivery.value == Delivery::ExactlyOnce);
        // A `delivery` that could not be read may be the other one.
        if !exactly_once || (delivery.is_none() && target.left_out.may_be(&["delivery"])) {
            continue;
        }
        let default = if delivery.is_none() { ", the default," } else { "" };
        let message = format!(
            "`delivery exactly-once`{default} needs Kafka {FIRST}, and this one is {}",
            version.value
        );
        let title = "write `delivery at-least-once`";
        let finding = Diagnostic::error(NO_TRANSACTIONS, version.span, message)
            .help("with `delivery at-least-once` a crash sends some rows again");
        findings.push(match delivery {
            Some(delivery) => finding.beside(delivery.span, "asked for here").fix(Fix::machine(
                title,
                delivery.span,
                "delivery at-least-once",
            )),
            None => {
                let before = Span::new(version.span.file, version.span.start, version.span.start);
                finding.fix(Fix::machine(title, before, "delivery at-least-once\n  "))
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    #[test]
    fn brokers_before_transactions() {
        check_project(&["edition 2026\n\
            source a mysql \"db\" {\npassword env P\n}\n\
            target bus kafka \"k\" {\n\
            broker-version 2.0  # error[S0812]: `delivery exactly-once`, the default, needs Kafka 2.1, and this one is 2.0\n}\n\
            target hub kafka \"h\" {\ndelivery exactly-once\n\
            broker-version 0.11  # error[S0812]: `delivery exactly-once` needs Kafka 2.1, and this one is 0.11\n}\n\
            target old kafka \"o\" {\ndelivery at-least-once\nbroker-version 0.10.2\n}\n\
            target new kafka \"n\" {\nbroker-version 2.1\n}\n\
            pipeline p {\nfrom a\nto bus\nto hub\nto old\nto new\ninclude a.b\n}\n"]);
    }
}
