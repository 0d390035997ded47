//! S0803: a message that counts as sent before it is safe.

use super::super::Rule;
use super::super::flow::Project;
use super::producers::{is_told, producers};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::statement::{Acks, Delivery};

const ACKS_WEAK: Code = Code::new("S0803", "acks-weak");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: ACKS_WEAK,
        what: "`acks 1` or `acks 0` with `delivery at-least-once`.",
        why: "The position moves on when the leader has a message, or when it was merely sent. If that broker fails before the \
              others have copied it, the row is lost, and nothing tells of it.",
        wrong: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\" {\n  delivery at-least-once\n  acks 1\n}\n"
        ),
        right: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\" {\n  delivery at-least-once\n  acks all\n}\n"
        ),
    },
    run: check_acks_weak,
};

fn check_acks_weak(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for written in producers(project) {
        let at_least_once =
            written.cluster.delivery.as_ref().is_some_and(|delivery| delivery.value == Delivery::AtLeastOnce);
        let Some(acks) = written.producer.acks.as_ref().filter(|_| at_least_once) else { continue };
        let message = match acks.value {
            Acks::All => continue,
            Acks::Leader => {
                "a message counts as sent when one broker has it: rows are lost when that one fails"
            }
            Acks::None => "a message counts as sent before any broker has it: rows are lost when one fails",
        };
        if is_told(ACKS_WEAK, acks.span, findings) {
            continue;
        }
        findings.push(
            Diagnostic::warning(ACKS_WEAK, acks.span, message)
                .help("`acks all` waits for every replica that is in sync")
                .fix(Fix::machine("write `acks all`", acks.span, "acks all")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    #[test]
    fn of_a_target_and_of_one_pipeline() {
        check_project(&["edition 2026\n\
            source a mysql \"db\" {\npassword env P\n}\n\
            target bus kafka \"k\" {\ndelivery at-least-once\n\
            acks 0  # warning[S0803]: a message counts as sent before any broker has it: rows are lost when one fails\n}\n\
            pipeline p {\nfrom a\nto bus {\n\
            acks 1  # warning[S0803]: a message counts as sent when one broker has it: rows are lost when that one fails\n}\n\
            include a.b\n}\n\
            pipeline q {\nfrom a\nto bus {\nacks all\n}\ninclude a.c\n}\n"]);
    }
}
