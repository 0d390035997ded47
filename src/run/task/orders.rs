//! What is wanted of a task: by the supervisor, and by an operator. Giving an order never waits, whatever the task is busy with.

use super::reads::Answer;
use crate::mysql::schema::TableName;
use crate::plan::TaskPlan;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

/// What comes to a task's thread.
pub(in crate::run) enum Input {
    /// There may be a new block.
    Wake,
    /// A read for the load ended.
    Answer(Answer),
}

/// What the supervisor wants.
#[derive(Debug, Clone)]
pub(in crate::run) enum Command {
    /// Go on under another plan from the next transaction end on.
    Swap {
        /// The plan.
        plan: Arc<TaskPlan>,
        /// Its generation.
        generation: u64,
    },
    /// End at the next transaction end and give up ownership.
    Drain,
}

/// What an operator wants of a task besides; it holds until it is carried out and stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::run) struct Wishes {
    /// Stand still, or go on.
    pub(in crate::run) paused: Option<bool>,
    /// Tables whose existing rows are loaded anew.
    pub(in crate::run) anew: BTreeSet<TableName>,
    /// Tables that wait alone and are to go on.
    pub(in crate::run) heal: BTreeSet<TableName>,
    /// Tables that cannot go on or be loaded, and why: for whoever asked.
    pub(in crate::run) kept: BTreeMap<TableName, String>,
    /// Codes of changes that were accepted with a plan that is not stored yet.
    pub(in crate::run) accepted: BTreeSet<String>,
}

/// The last thing the supervisor wants of a task, kept until it is done. Giving an order never waits, whatever the task
/// is busy with; wake the task afterwards.
#[derive(Debug, Clone, Default)]
pub(in crate::run) struct Orders(Arc<Mutex<(Option<Command>, Wishes)>>);

impl Orders {
    /// An operator wishes something.
    pub(in crate::run) fn wish(&self, wish: impl FnOnce(&mut Wishes)) {
        wish(&mut self.slot().1);
    }

    /// What an operator wishes.
    pub(in crate::run) fn wishes(&self) -> Wishes {
        self.slot().1.clone()
    }

    /// Orders something; a later plan replaces an earlier one, and nothing replaces the end.
    pub(in crate::run) fn give(&self, command: Command) {
        let slot = &mut self.slot().0;
        if !matches!(*slot, Some(Command::Drain)) {
            *slot = Some(command);
        }
    }

    /// What is to be done.
    pub(super) fn look(&self) -> Option<Command> {
        self.slot().0.clone()
    }

    /// Takes what is to be done.
    pub(super) fn take(&self) -> Option<Command> {
        self.slot().0.take()
    }

    /// `command` was carried out; what came after it stands.
    pub(super) fn done(&self, command: &Command) {
        let slot = &mut self.slot().0;
        let same = match (&*slot, command) {
            (Some(Command::Drain), Command::Drain) => true,
            (Some(Command::Swap { generation: new, .. }), Command::Swap { generation, .. }) => {
                new == generation
            }
            (Some(Command::Drain | Command::Swap { .. }) | None, _) => false,
        };
        if same {
            *slot = None;
        }
    }

    fn slot(&self) -> MutexGuard<'_, (Option<Command>, Wishes)> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
