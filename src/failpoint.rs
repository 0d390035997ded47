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

/// Bugs that the tests must find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// The position is committed in a transaction of its own, after the rows.
    #[cfg(feature = "run")]
    PositionApart,
    /// Rows that the stream touched meanwhile are emitted by the load all the same.
    TouchedKept,
    /// A chunk is read without waiting until it shows what was emitted.
    NoVisibilityWait,
    /// The greatest key is asked for without waiting until it shows what lies before the beginning.
    GreatestKeyTooEarly,
    /// The owner is not looked at again when the producer is there.
    OwnerNotReadAgain,
    /// Two instances on hosts of one name are taken for one.
    HostForInstance,
    /// Of a transaction that was cut, all is sent again.
    PartsSentAgain,
}

#[cfg(feature = "planted-bugs")]
impl Bug {
    fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "run")]
            Bug::PositionApart => "position-apart",
            Bug::TouchedKept => "touched-kept",
            Bug::NoVisibilityWait => "no-visibility-wait",
            Bug::GreatestKeyTooEarly => "greatest-key-too-early",
            Bug::OwnerNotReadAgain => "owner-not-read-again",
            Bug::HostForInstance => "host-for-instance",
            Bug::PartsSentAgain => "parts-sent-again",
        }
    }
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
