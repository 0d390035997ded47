//! Who runs a task: the question asked before the producer is made, and again after.
//!
//! Two instances of one task must never both believe they own it, and a dead one must not block its successor. The
//! owner record in the state topic says who; records still uncommitted say whether that one lives. No clocks of two
//! machines are compared, only the interval that the record itself names.

use crate::checkpoint::OwnerRecord;
use crate::failpoint::{Bug, planted};

/// Beats that must be missed before an owner counts as dead.
const MISSED_BEATS: u64 = 4;

/// What the owner record means before the producer is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nobody's, given up, or a former life of our own instance: go on.
    Free,
    /// Another instance's: watch for signs of life this long.
    Watch {
        /// Whose life.
        owner: OwnerRecord,
        /// How long, ms.
        for_ms: u64,
    },
}

/// Reads the owner record found at a start. `instance` is our own; the lock of the state directory proves that an
/// older life of it has ended.
pub fn claim(found: Option<&OwnerRecord>, instance: &str) -> Claim {
    match found {
        None => Claim::Free,
        Some(owner) if owner.released || owner.instance == instance => Claim::Free,
        Some(_) if planted(Bug::HostForInstance) => Claim::Free,
        Some(owner) => watch(owner),
    }
}

/// Signs of life of this owner are waited for.
pub fn watch(owner: &OwnerRecord) -> Claim {
    Claim::Watch { owner: owner.clone(), for_ms: owner.interval_ms.max(1) * MISSED_BEATS }
}

/// True when another process has the task by our own name, which a copied state directory gives it. `incarnation` is ours, by which
/// we have had the task: whatever of our name came before has ended, and what comes behind is not us.
pub fn is_twin(owner: &OwnerRecord, instance: &str, incarnation: &str) -> bool {
    owner.instance == instance && owner.incarnation != incarnation && !owner.released
}

/// True when `seen`, a record that appeared while watching (committed or not), proves that `watched` lives.
pub fn alive(watched: &OwnerRecord, seen: &OwnerRecord) -> bool {
    seen.incarnation == watched.incarnation && !seen.released
}

/// True when `seen` says that `watched` gives the task up. It may have been seen before it is committed.
pub fn gave_up(watched: &OwnerRecord, seen: &OwnerRecord) -> bool {
    seen.incarnation == watched.incarnation && seen.released
}

/// What the owner record means after our producer was made, when nobody else can commit any more.
///
/// `before` is what was found before, `instance` our own.
///
/// # Errors
/// The owner that came in between: we stop without writing.
pub fn confirm(
    before: Option<&OwnerRecord>,
    after: Option<&OwnerRecord>,
    instance: &str,
) -> Result<(), Box<OwnerRecord>> {
    match after {
        None => Ok(()),
        Some(_) if planted(Bug::OwnerNotReadAgain) => Ok(()),
        Some(owner) if owner.released || owner.instance == instance => Ok(()),
        // One that had given up and has the task again lives.
        Some(owner)
            if before.is_some_and(|before| before.incarnation == owner.incarnation && !before.released) =>
        {
            Ok(())
        }
        Some(owner) => Err(Box::new(owner.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(instance: &str, incarnation: &str) -> OwnerRecord {
        OwnerRecord {
            incarnation: incarnation.into(),
            instance: instance.into(),
            host: "h".into(),
            pid: 1,
            version: "0.1.0".into(),
            started: 0,
            beat: 1,
            interval_ms: 5_000,
            released: false,
        }
    }

    #[test]
    fn a_stranger_is_watched_for_four_of_his_own_beats() {
        assert_eq!(claim(None, "me"), Claim::Free);
        assert_eq!(claim(Some(&owner("me", "old life")), "me"), Claim::Free);
        let mut slow = owner("other", "x");
        slow.interval_ms = 7_000;
        assert_eq!(claim(Some(&slow), "me"), Claim::Watch { owner: slow.clone(), for_ms: 28_000 });
        slow.released = true;
        assert_eq!(claim(Some(&slow), "me"), Claim::Free);
    }

    #[test]
    fn who_has_our_name_and_comes_behind_us_is_another_one() {
        let twin = owner("me", "later");
        assert!(
            is_twin(&twin, "me", "ours") && !is_twin(&twin, "me", "later") && !is_twin(&twin, "you", "ours")
        );
        assert!(!is_twin(&OwnerRecord { released: true, ..twin.clone() }, "me", "ours"));
        assert_eq!(watch(&twin), Claim::Watch { owner: twin, for_ms: 20_000 });
    }

    #[test]
    fn only_the_watched_incarnation_counts_as_life() {
        let watched = owner("other", "x");
        assert!(alive(&watched, &OwnerRecord { beat: 2, ..watched.clone() }));
        assert!(!alive(&watched, &owner("other", "y")));
        let released = OwnerRecord { released: true, ..watched.clone() };
        assert!(!alive(&watched, &released) && gave_up(&watched, &released));
        assert!(!gave_up(&watched, &watched) && !gave_up(&owner("other", "y"), &released));
    }

    #[test]
    fn one_who_came_while_we_waited_keeps_the_task() {
        let dead = owner("other", "x");
        assert!(confirm(Some(&dead), Some(&dead), "me").is_ok());
        assert!(confirm(Some(&dead), None, "me").is_ok());
        assert!(confirm(None, Some(&owner("me", "z")), "me").is_ok());
        let gave_up = OwnerRecord { released: true, ..dead.clone() };
        assert!(confirm(Some(&gave_up), Some(&gave_up), "me").is_ok());
        assert_eq!(confirm(Some(&gave_up), Some(&dead), "me"), Err(Box::new(dead.clone())));
        let third = owner("third", "y");
        assert_eq!(confirm(Some(&dead), Some(&third), "me"), Err(Box::new(third)));
    }
}
