//! S0810: settings that Kafka refuses together with transactions.

use super::super::Rule;
use super::super::flow::Project;
use super::producers::{is_told, producers};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::statement::{Acks, Delivery};
use crate::text::Span;

const ACKS_WITH_EXACTLY_ONCE: Code = Code::new("S0810", "acks-with-exactly-once");

/// Most requests without an answer of an idempotent producer. Source: Kafka, `ProducerConfig`, `enable.idempotence`.
const IN_FLIGHT_MAX: u64 = 5;

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: ACKS_WITH_EXACTLY_ONCE,
        what: "`acks` other than `all`, or `in-flight` over 5, where `delivery` is `exactly-once`, as it is by default.",
        why: "A transaction is only worth something if no message of it can be lost, repeated or overtaken: Kafka refuses a \
              producer with both. Whoever wants the weaker setting writes `delivery at-least-once`.",
        wrong: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\" {\n  acks 1\n}\n"
        ),
        right: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n"
        ),
    },
    run: check_acks_with_exactly_once,
};

fn check_acks_with_exactly_once(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for written in producers(project) {
        let delivery = written.cluster.delivery.as_ref();
        let exactly_once = delivery.is_none_or(|delivery| delivery.value == Delivery::ExactlyOnce);
        // A `delivery` that could not be read may be the other one.
        if !exactly_once || (delivery.is_none() && written.left_out.may_be(&["delivery"])) {
            continue;
        }
        let mut report = |what: String, span: Span| {
            if is_told(ACKS_WITH_EXACTLY_ONCE, span, findings) {
                return;
            }
            let default = if delivery.is_none() { ", the default" } else { "" };
            let message = format!("Kafka refuses {what} with `delivery exactly-once`{default}");
            let line = written.producer.lines.get(&span).copied().unwrap_or(span);
            let finding = Diagnostic::error(ACKS_WITH_EXACTLY_ONCE, span, message)
                .help("remove the line, or write `delivery at-least-once` into the target")
                .fix(Fix::machine("remove the line", line, ""));
            findings.push(match delivery {
                Some(delivery) => finding.beside(delivery.span, "asked for here"),
                None => finding,
            });
        };
        let producer = &written.producer;
        match producer.acks.as_ref().map(|acks| (acks.value, acks.span)) {
            Some((Acks::Leader, span)) => report("`acks 1`".to_owned(), span),
            Some((Acks::None, span)) => report("`acks 0`".to_owned(), span),
            Some((Acks::All, _)) | None => {}
        }
        if let Some(in_flight) = producer.in_flight.as_ref().filter(|count| count.value > IN_FLIGHT_MAX) {
            report(format!("`in-flight {}`, more than {IN_FLIGHT_MAX},", in_flight.value), in_flight.span);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    #[test]
    fn by_default_and_when_it_is_written() {
        check_project(&["edition 2026\n\
            source a mysql \"db\" {\npassword env P\n}\n\
            target bus kafka \"k\" {\n\
            acks 1  # error[S0810]: Kafka refuses `acks 1` with `delivery exactly-once`, the default\n\
            in-flight 5\n}\n\
            target hub kafka \"h\" {\ndelivery exactly-once\nacks all\n\
            in-flight 6  # error[S0810]: Kafka refuses `in-flight 6`, more than 5, with `delivery exactly-once`\n}\n\
            pipeline p {\nfrom a\nto bus {\n\
            acks 0  # error[S0810]: Kafka refuses `acks 0` with `delivery exactly-once`, the default\n}\n\
            to hub\ninclude a.b\n}\n"]);
    }

    #[test]
    fn of_what_holds_for_a_target() {
        check_project(&["edition 2026\n\
            source a mysql \"db\" {\npassword env P\n}\n\
            target bus kafka \"k\"\ntarget hub kafka \"h\" {\nacks all\n}\n\
            defaults {\nacks 1  # error[S0810]: Kafka refuses `acks 1` with `delivery exactly-once`, the default\n}\n\
            profile fast {\n\
            in-flight 9  # error[S0810]: Kafka refuses `in-flight 9`, more than 5, with `delivery exactly-once`, the default\n}\n\
            pipeline p from a to bus {\ninclude a.b\n}\npipeline q from a to bus {\nwith fast\ninclude a.c\n}\n\
            pipeline r from a to hub {\ninclude a.d\n}\n"]);
    }

    #[test]
    fn a_delivery_that_cannot_be_read_may_be_the_other() {
        check_project(&["edition 2026\n\
            source a mysql \"db\" {\npassword env P\n}\n\
            target bus kafka \"k\" {\nacks 1\n\
            delivery at-most-once  # error[S0015]: `delivery` takes `exactly-once` or `at-least-once` here, not `at-most-once`\n}\n\
            pipeline p from a to bus {\ninclude a.b\n}\n"]);
    }
}
