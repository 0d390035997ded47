//! Named points where a test may end the process, and bugs that a test may plant. Both are features of their own and
//! absent from releases.

/// Ends the process when a test asked for it at this point by `FAILPOINTS` (`name=3*off->return`: at the fourth time).
#[cfg(feature = "run")]
#[inline]
pub(crate) fn hit(name: &str) {
    #[cfg(feature = "failpoints")]
    fail::fail_point!(name, |_| std::process::abort());
    #[cfg(not(feature = "failpoints"))]
    let _ = name;
}

/// Ends the process shortly after this point, from another thread, when a test asked for it: the way to end it inside a
/// call that must not be interrupted otherwise.
#[cfg(feature = "failpoints")]
pub(crate) fn hit_during_next_call(name: &str) {
    /// About a third of what a commit takes: its request is on the way by then.
    const INTO_THE_CALL: std::time::Duration = std::time::Duration::from_millis(1);
    fail::fail_point!(name, |_| {
        std::thread::spawn(|| {
            std::thread::sleep(INTO_THE_CALL);
            std::process::abort();
        });
    });
}

/// Reads what tests asked for, once, at the start of the process.
#[cfg(feature = "run")]
pub(crate) fn arm() {
    #[cfg(feature = "failpoints")]
    // Kept for the life of the process: dropping it disarms.
    std::mem::forget(fail::FailScenario::setup());
}

/// Defines [`Bug`] and the names of its values.
macro_rules! bugs {
    ($($(#[$doc:meta])* $bug:ident $name:literal,)*) => {
        /// Bugs that the tests must find out.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[cfg_attr(not(feature = "run"), allow(dead_code, reason = "some are those of what touches a server"))]
        pub(crate) enum Bug {
            $($(#[$doc])* $bug,)*
        }

        #[cfg(feature = "planted-bugs")]
        impl Bug {
            fn name(self) -> &'static str {
                match self {
                    $(Bug::$bug => $name,)*
                }
            }
        }
    };
}

bugs! {
    /// The position is committed in a transaction of its own, after the rows.
    PositionApart "position-apart",
    /// The position is committed before the rows that it covers.
    PositionFirst "position-first",
    /// Rows that the stream touched meanwhile are emitted by the load all the same.
    TouchedKept "touched-kept",
    /// Of an update only the key after it is noted.
    OnlyAfterKey "only-after-key",
    /// A chunk is read without waiting until it shows what was emitted.
    NoVisibilityWait "no-visibility-wait",
    /// The greatest key is asked for without waiting until it shows what lies before the beginning.
    GreatestKeyTooEarly "greatest-key-too-early",
    /// A window is opened inside of a source transaction.
    WindowInside "window-inside",
    /// The stream goes on while a table is opened that is read at one place.
    BarrierUnheld "barrier-unheld",
    /// Pages go on behind a text by its bytes, and are in the order of its collation.
    PagesByBytes "pages-by-bytes",
    /// The owner is not looked at again when the producer is there.
    OwnerNotReadAgain "owner-not-read-again",
    /// Two instances on hosts of one name are taken for one.
    HostForInstance "host-for-instance",
    /// Only committed records are signs of life.
    WatchCommitted "watch-committed",
    /// A new plan is prepared with a producer of the task that runs.
    SecondProducer "second-producer",
    /// The state is read up to the first open transaction.
    StateUpToOpen "state-up-to-open",
    /// A producer is used again although its commit took so long that it may have been sent twice.
    KeptAfterTimeout "kept-after-timeout",
    /// A producer is used again although its coordinator was in trouble during the commit.
    KeptAfterTrouble "kept-after-trouble",
    /// Of a transaction that was cut, all is sent again.
    PartsSentAgain "parts-sent-again",
    /// The rest of a transaction that was cut is sent under the plan of the files.
    TailUnderEdit "tail-under-edit",
    /// A position says the generation of the next plan.
    GenerationEarly "generation-early",
    /// Rows are hashed by the number of partitions that a topic happens to have.
    PartitionsReadAgain "partitions-read-again",
    /// Holes of a GTID set are filled.
    SetFlattened "set-flattened",
    /// Numbers of a MariaDB domain tell what was read.
    BySequence "by-sequence",
    /// Who goes over to another connection leaves out one transaction too many.
    MergeTooFar "merge-too-far",
    /// Checksums of events are not looked at.
    NoChecksum "no-checksum",
    /// Events that nobody knows are passed over.
    UnknownSkipped "unknown-skipped",
    /// Rows that ROLLBACK TO has undone are sent.
    BackToIgnored "back-to-ignored",
    /// Rows of an XA transaction are sent where it is prepared.
    XaAtPrepare "xa-at-prepare",
}

#[cfg(feature = "planted-bugs")]
thread_local! {
    /// The bug of this thread, instead of that of the process.
    static HERE: std::cell::Cell<Option<&'static str>> = const { std::cell::Cell::new(None) };
}

/// Plants a bug in what this thread does, or takes it out.
#[cfg(feature = "planted-bugs")]
pub fn plant(bug: Option<&'static str>) {
    HERE.set(bug);
}

/// True when the test asked for this bug, by [`plant`] or for the process by `SYNCC_PLANTED_BUG`.
#[inline]
pub(crate) fn planted(bug: Bug) -> bool {
    #[cfg(feature = "planted-bugs")]
    {
        static EVERYWHERE: std::sync::LazyLock<Option<String>> =
            std::sync::LazyLock::new(|| std::env::var("SYNCC_PLANTED_BUG").ok());
        HERE.get().or(EVERYWHERE.as_deref()) == Some(bug.name())
    }
    #[cfg(not(feature = "planted-bugs"))]
    {
        let _ = bug;
        false
    }
}
