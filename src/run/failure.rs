//! Why a task cannot go on, and what follows from it.

use super::place::Place;
use super::precheck;
use crate::diagnostic::Code;
use crate::mysql::binlog::event::DecodeError;
use crate::mysql::schema::TableName;
use crate::source::mysql::io::{FailureClass, SourceFailure};
use crate::target::io::SinkFailure;
use crate::target::kafka::acl::Denied;
use crate::target::kafka::io::{self as kafka, KafkaFailure};
use crate::target::registry::{self, Refusal, requirement};
use std::error::Error;

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A connection was lost or refused: tried again for `retry for`.
    Connection,
    /// A statement or request failed: tried again for `retry errors for`.
    Request,
    /// An event came damaged, from the disk or on its way: read once more; at the same place again, it stays so.
    Damaged,
    /// Somebody took our place, or our own transaction timed out: the owner record tells.
    Ownership,
    /// The world does not meet what the plan needs.
    Precheck,
    /// Whoever logs in is not let in, or may not do what the task has done before: as a failed precheck, but a task that has run
    /// tries again a few times, since a secret or a right may just be on its way.
    Denied,
    /// Another instance runs the task.
    Elsewhere,
    /// Another instance took the task.
    OwnerLost,
    /// The source's log no longer holds our position, or is another one.
    PositionLost,
    /// The retry window is over.
    Expired,
    /// Something in the log or a row is not understood; going on would lose or falsify it.
    Data,
    /// The state is gone, newer than this release, or of another project.
    State,
    /// The files ask for a change that needs consent, or cannot be made.
    Refused,
    /// It was started in a way that cannot be.
    Usage,
    /// A bug in syncc.
    Bug,
}

/// On which side something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The source, or the way to it.
    Source,
    /// There too, where existing rows are read.
    Load,
    /// The target, or the way to it.
    Target,
    /// Here.
    Here,
}

/// A failure: plain data, so that it can be reported more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What follows.
    pub(crate) class: Class,
    /// Where it failed.
    pub(crate) side: Side,
    /// What happened, where, and what to do. Never a row value, never a secret.
    pub(crate) text: String,
    /// Code of the finding that says the same, where there is one.
    pub(crate) code: Option<Code>,
    /// Topic that refused a record for its size.
    pub(crate) too_small: Option<Box<str>>,
    /// Place of the log where an event came damaged.
    pub(crate) damaged_at: Option<String>,
    /// Nothing but other files lets the task go on.
    pub(crate) for_good: bool,
    /// What the user may not do.
    pub(crate) denied: Option<Box<Denied>>,
}

impl Failure {
    /// What could not be read where a stream stands.
    pub(super) fn unread(place: &Place, error: &DecodeError) -> Failure {
        let unread = Failure::new(Class::Data, format!("at {place}: {error}"));
        match error {
            DecodeError::Limit { .. } => unread,
            _ => Failure { class: Class::Damaged, damaged_at: Some(place.to_string()), ..unread },
        }
    }

    /// A failure of this class.
    pub(crate) fn new(class: Class, text: impl Into<String>) -> Failure {
        Failure {
            class,
            side: Side::Here,
            text: text.into(),
            code: None,
            too_small: None,
            damaged_at: None,
            for_good: false,
            denied: None,
        }
    }

    /// The same, on a side.
    fn on(self, side: Side) -> Failure {
        Failure { side, ..self }
    }

    /// The same, of a read of existing rows.
    pub(super) fn of_load(self) -> Failure {
        self.on(Side::Load)
    }

    /// A schema registry that cannot be used.
    pub(crate) fn of_registry(url: &str, refusal: &Refusal) -> Failure {
        let class = match refusal.class {
            registry::Class::Unreachable => Class::Connection,
            registry::Class::Broken => Class::Request,
            registry::Class::Setting => Class::Precheck,
            registry::Class::Incompatible | registry::Class::Invalid => Class::Data,
        };
        let finding = requirement::unusable(url, refusal);
        Failure { code: Some(finding.code), ..Failure::new(class, precheck::line(&finding)).on(Side::Target) }
    }

    /// A schema that the registry refuses; `field` is what breaks its rule, `said` its own words.
    pub(crate) fn of_schema(subject: &str, table: &TableName, field: Option<&str>, said: &str) -> Failure {
        let finding = requirement::incompatible(subject, &table.to_string(), field, said);
        Failure {
            code: Some(finding.code),
            ..Failure::new(Class::Data, precheck::line(&finding)).on(Side::Target)
        }
    }

    /// True for one that is waited out and lies elsewhere than at the target: what is open there may be used on.
    pub(crate) fn spares_target(&self) -> bool {
        let is_registry = self.code == Some(requirement::REGISTRY_UNREACHABLE);
        let is_waited_out =
            matches!(self.class, Class::Connection | Class::Request | Class::Damaged | Class::Denied);
        is_waited_out && (self.side != Side::Target || is_registry)
    }

    /// Exit code of a process that ends for it (`cli.md` of the manual, exit codes).
    pub(crate) fn exit_code(&self) -> u8 {
        match self.class {
            Class::Connection | Class::Request | Class::Expired => 24,
            Class::Ownership | Class::OwnerLost => 22,
            Class::Precheck | Class::Denied => 20,
            Class::Elsewhere => 21,
            Class::PositionLost => 23,
            Class::Data | Class::Damaged => 25,
            Class::State => 26,
            Class::Refused => 4,
            Class::Usage => 2,
            Class::Bug => 101,
        }
    }

    /// Name of the class in logs and `status`.
    pub(crate) fn kind(&self) -> &'static str {
        match self.class {
            Class::Connection => "connection",
            Class::Request => "request",
            Class::Ownership => "ownership",
            Class::Precheck | Class::Denied => "precheck",
            Class::Elsewhere => "elsewhere",
            Class::OwnerLost => "owner-lost",
            Class::PositionLost => "position-lost",
            Class::Expired => "retry-expired",
            Class::Data => "data",
            Class::Damaged => "damaged",
            Class::State => "state",
            Class::Refused => "refused",
            Class::Usage => "usage",
            Class::Bug => "bug",
        }
    }
}

impl From<SourceFailure> for Failure {
    fn from(failure: SourceFailure) -> Failure {
        let class = match failure.class {
            FailureClass::Unreachable
            | FailureClass::Lost
            | FailureClass::Behind
            // whether it may be gone on from is for the next life to judge
            | FailureClass::OtherServer
            | FailureClass::Protocol => Class::Connection,
            FailureClass::Login => Class::Denied,
            FailureClass::Tls | FailureClass::Privilege | FailureClass::Setting => Class::Precheck,
            FailureClass::PositionLost | FailureClass::Ahead | FailureClass::Diverged => Class::PositionLost,
            FailureClass::Identity => Class::Ownership,
            FailureClass::TooLarge => Class::Data,
            FailureClass::Damaged => Class::Damaged,
            FailureClass::Table | FailureClass::Server => Class::Request,
        };
        let finding = failure.finding();
        let text = finding.as_ref().map_or_else(|| format!("source: {failure}"), precheck::line);
        let code = finding.map(|finding| finding.code);
        // the server's words name file and place
        let damaged_at = (class == Class::Damaged).then(|| failure.message.clone());
        Failure { code, damaged_at, ..Failure::new(class, text).on(Side::Source) }
    }
}

impl From<KafkaFailure> for Failure {
    fn from(failure: KafkaFailure) -> Failure {
        let class = match failure.class {
            kafka::Class::Ownership => Class::Ownership,
            kafka::Class::Transient => Class::Connection,
            kafka::Class::UnknownTopic | kafka::Class::Protocol => Class::Request,
            kafka::Class::Oversize => Class::Data,
            kafka::Class::Login | kafka::Class::Denied => Class::Denied,
            kafka::Class::Config | kafka::Class::InvalidTransactionTimeout => Class::Precheck,
            kafka::Class::ForeignWriter => Class::State,
        };
        let finding = failure.finding();
        let text =
            finding.as_ref().map_or_else(|| format!("kafka: {failure}: {}", failure.source), precheck::line);
        let code = finding.map(|finding| finding.code);
        let denied = failure.denied().map(Box::new);
        let too_small =
            failure.topic.filter(|_| failure.class == kafka::Class::Oversize).map(String::into_boxed_str);
        Failure { code, too_small, denied, ..Failure::new(class, text).on(Side::Target) }
    }
}

impl From<SinkFailure> for Failure {
    fn from(failure: SinkFailure) -> Failure {
        match failure {
            SinkFailure::Kafka(failure) => failure.into(),
            SinkFailure::State(error) => Failure::new(Class::State, format!("state: {error}")),
            SinkFailure::Lines(failure) => {
                let class = if failure.may_pass() { Class::Request } else { Class::State };
                let cause = failure.source().map(|cause| format!(": {cause}")).unwrap_or_default();
                Failure::new(class, format!("target: {failure}{cause}")).on(Side::Target)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kafka_says_decides_how_long_it_is_tried() {
        let check = |class, expected| {
            let source = kafka::Cause { code: None, words: "words".to_owned() };
            let failure = KafkaFailure { class, what: "commit", topic: None, partition: None, source };
            let failure = Failure::from(failure);
            assert_eq!((failure.class, failure.side), (expected, Side::Target), "{class:?}");
        };
        check(kafka::Class::Transient, Class::Connection);
        // what nobody knows the meaning of is tried for `retry errors for`, not once and not for `retry for`
        check(kafka::Class::Protocol, Class::Request);
        check(kafka::Class::UnknownTopic, Class::Request);
        check(kafka::Class::Ownership, Class::Ownership);
        check(kafka::Class::Login, Class::Denied);
        check(kafka::Class::ForeignWriter, Class::State);
    }
}
