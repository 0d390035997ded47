//! Waiting for a condition, with a deadline and the last state seen.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// Time between two looks. Short against everything waited for, long against the cost of a look.
const INTERVAL: Duration = Duration::from_millis(20);

/// Calls `look` until it gives `Ok`, and returns that.
///
/// # Panics
/// After `seconds`, with `what` was waited for and the last `Err`.
#[track_caller]
pub(crate) fn until<T, E: Display>(what: &str, seconds: u64, mut look: impl FnMut() -> Result<T, E>) -> T {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        match look() {
            Ok(value) => return value,
            Err(state) if Instant::now() >= deadline => {
                panic!("{what}: not within {seconds} s; last state: {state}")
            }
            Err(_) => std::thread::sleep(INTERVAL),
        }
    }
}
