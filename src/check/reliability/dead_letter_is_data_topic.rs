//! S0808: rows that cannot be sent among rows that can.

use super::super::Rule;
use super::super::flow::Project;
use super::super::side::{Purpose, meetings};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};

const DEAD_LETTER_IS_DATA_TOPIC: Code = Code::new("S0808", "dead-letter-is-data-topic");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: DEAD_LETTER_IS_DATA_TOPIC,
        what: "`dead-letter` names a topic that rows go to.",
        why: "Readers of the rows meet messages of another form, and nobody finds the rows that could not be sent among the others.",
        wrong: pipeline!("  include shop.orders\n  on-error dead-letter \"shop.orders\"\n"),
        right: pipeline!("  include shop.orders\n  on-error dead-letter \"shop.errors\"\n"),
    },
    run: check_dead_letter,
};

fn check_dead_letter(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for met in meetings(project, Purpose::DeadLetter) {
        let message = format!("what cannot be sent goes to `{}`, a topic of rows", met.name);
        findings.push(
            Diagnostic::error(DEAD_LETTER_IS_DATA_TOPIC, met.span, message)
                .beside(met.rows, "these rows go there")
                .help("write another topic"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn exactly_equal_names() {
        check_diagnostics(
            "include shop.a, shop.b\n\
             on-error dead-letter \"shop.b\"  # error[S0808]: what cannot be sent goes to `shop.b`, a topic of rows\n\
             table shop.a {\non-oversize dead-letter \"{db}.{table}\"  # error[S0808]: what cannot be sent goes to `shop.a`, a topic of rows\n}\n",
        );
        check_diagnostics(
            "include shop.*\ntopic \"all\"\n\
             on-error dead-letter \"all\"  # error[S0808]: what cannot be sent goes to `all`, a topic of rows\n",
        );
        check_diagnostics(
            "include shop.a\non-error dead-letter \"{db}.{table}.errors\"\non-oversize dead-letter \"shop.b\"\n",
        );
    }
}
