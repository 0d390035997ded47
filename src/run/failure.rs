//! Why a task cannot go on, and what follows from it.

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A connection was lost or refused: tried again for `retry for`.
    Connection,
    /// A statement or request failed: tried again for `retry errors for`.
    Request,
    /// Somebody took our place, or our own transaction timed out: the owner record tells.
    Ownership,
    /// The world does not meet what the plan needs.
    Precheck,
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
    /// A bug in syncc.
    Bug,
}

/// A failure: plain data, so that it can be reported more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What follows.
    pub(crate) class: Class,
    /// What happened, where, and what to do. Never a row value, never a secret.
    pub(crate) text: String,
}

impl Failure {
    /// A failure of this class.
    pub(crate) fn new(class: Class, text: impl Into<String>) -> Failure {
        Failure { class, text: text.into() }
    }

    /// Exit code of a process that ends for it (`cli.md` of the manual, exit codes).
    pub(crate) fn exit_code(&self) -> u8 {
        match self.class {
            Class::Connection | Class::Request | Class::Expired => 24,
            Class::Ownership | Class::OwnerLost => 22,
            Class::Precheck => 20,
            Class::Elsewhere => 21,
            Class::PositionLost => 23,
            Class::Data => 25,
            Class::State => 26,
            Class::Bug => 101,
        }
    }

    /// Name of the class in logs and `status`.
    pub(crate) fn kind(&self) -> &'static str {
        match self.class {
            Class::Connection => "connection",
            Class::Request => "request",
            Class::Ownership => "ownership",
            Class::Precheck => "precheck",
            Class::Elsewhere => "elsewhere",
            Class::OwnerLost => "owner-lost",
            Class::PositionLost => "position-lost",
            Class::Expired => "retry-expired",
            Class::Data => "data",
            Class::State => "state",
            Class::Bug => "bug",
        }
    }
}
