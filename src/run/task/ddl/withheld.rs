//! What is not sent of a statement, and whether that stops the task.

use super::Outgoing;
use crate::mysql::ddl::Unclear;
use crate::run::failure::{Class, Failure};
use crate::run::ring::Definition;
use crate::run::task::life::Life;
use crate::statement::OnDeny;

/// Why something is not sent.
pub(super) enum Why<'w> {
    Refused(&'w str),
    Unclear(&'w Unclear),
    NotUnderstood(&'w str),
    Copy(&'w str),
    NoMessage,
}

impl Life {
    /// Something of a statement is not sent.
    pub(super) fn withhold(
        &self,
        definition: &Definition,
        what: &str,
        on_deny: OnDeny,
        why: &Why<'_>,
        out: &mut Outgoing,
    ) -> Result<(), Failure> {
        let (unexpected, reason) = match why {
            Why::Refused(kind) => (false, format!("`{kind}` is denied or not allowed")),
            Why::Unclear(unclear) => (true, unclear.to_string()),
            Why::NotUnderstood(reason) => (true, format!("it is not understood: {reason}")),
            Why::Copy(why) => (true, (*why).to_owned()),
            Why::NoMessage => (true, "the format has no message for it".to_owned()),
        };
        let text = format!("a schema change of {what} is not sent, {reason}: {}", definition.shown);
        if on_deny == OnDeny::Stop {
            return Err(Failure::new(
                Class::Data,
                format!(
                    "behind {}: {text}. `on-deny stop` holds the task before it; it goes on where `ddl` allows the kind, or \
                     says `on-deny skip`",
                    self.ledger.position().file
                ),
            ));
        }
        out.withheld.push((unexpected, text));
        Ok(())
    }
}
