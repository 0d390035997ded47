//! What the exit code of the process says.

use std::process::ExitCode;

/// Exit code. The number of each meaning never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Nothing to report; a clean stop.
    Fine = 0,
    /// Findings in the files, or a difference that was asked for.
    Findings = 1,
    /// Wrong usage, or a file that cannot be read.
    Usage = 2,
    /// The world failed in a way that has no code of its own.
    Failed = 3,
    /// A change was refused.
    Refused = 4,
    /// Changes are pending, where that was asked.
    Pending = 10,
    /// The precheck found what would make the run fail.
    Precheck = 20,
    /// Another instance holds a task.
    ActiveElsewhere = 21,
    /// The ownership of a task was lost.
    OwnershipLost = 22,
    /// The position is no longer on the server, or the source has diverged.
    PositionLost = 23,
    /// The time for trying again is over.
    RetryOver = 24,
    /// Data that is not understood.
    Data = 25,
    /// The state is lost, newer than this release, or of another project.
    State = 26,
}

/// The exit code with this number; one that has no name is a failure.
#[cfg(feature = "run")]
pub(super) fn exit_of(code: u8) -> Exit {
    const ALL: [Exit; 13] = [
        Exit::Fine,
        Exit::Findings,
        Exit::Usage,
        Exit::Failed,
        Exit::Refused,
        Exit::Pending,
        Exit::Precheck,
        Exit::ActiveElsewhere,
        Exit::OwnershipLost,
        Exit::PositionLost,
        Exit::RetryOver,
        Exit::Data,
        Exit::State,
    ];
    ALL.into_iter().find(|exit| *exit as u8 == code).unwrap_or(Exit::Failed)
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
