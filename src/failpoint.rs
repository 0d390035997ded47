//! Named points where a test may end the process, and bugs that a test may plant. Both are features of their own and
//! absent from releases.

/// Ends the process when a test asked for it at this point by `FAILPOINTS` (`name=3*off->return`: at the fourth time).
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
pub(crate) fn arm() {
    #[cfg(feature = "failpoints")]
    // Kept for the life of the process: dropping it disarms.
    std::mem::forget(fail::FailScenario::setup());
}

/// Bugs that the tests must find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// The position is committed in a transaction of its own, after the rows.
    PositionApart,
    /// Rows that the stream touched meanwhile are emitted by the load all the same.
    TouchedKept,
}

/// True when the test asked for this bug by `SYNCC_PLANTED_BUG`.
#[inline]
pub(crate) fn planted(bug: Bug) -> bool {
    #[cfg(feature = "planted-bugs")]
    {
        let name = match bug {
            Bug::PositionApart => "position-apart",
            Bug::TouchedKept => "touched-kept",
        };
        std::env::var("SYNCC_PLANTED_BUG").is_ok_and(|asked| asked == name)
    }
    #[cfg(not(feature = "planted-bugs"))]
    {
        let _ = bug;
        false
    }
}
