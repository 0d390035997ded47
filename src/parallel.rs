//! The same work for each of many items, on several cores.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Most threads that work at a time, this one among them.
const THREADS_MAX: usize = 8;

/// What `work` makes of each item, in their order. Each thread takes the next item that no other has: some take much longer
/// than others. Work that is not long is done sooner than a thread begins, and has none but this one; so has it where
/// the system gives no further thread.
pub(crate) fn map<'i, T: Sync, R: Send>(
    items: &'i [T],
    is_long: bool,
    work: impl Fn(&'i T) -> R + Sync,
) -> Vec<R> {
    let n_threads = match is_long {
        true => thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX).min(items.len()),
        false => 1,
    };
    if n_threads <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let share = || {
        let mut done = Vec::with_capacity(items.len() / n_threads);
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(n) else { return done };
            done.push((n, work(item)));
        }
    };
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let begin = |_| thread::Builder::new().spawn_scoped(scope, share);
        let others: Vec<_> = (1..n_threads).filter_map(|n| begin(n).ok()).collect();
        let mut done = share();
        for thread in others {
            done.extend(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|&(n, _)| n);
    done.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept() {
        let items = Vec::from_iter(0..1_000);
        let (caller, by_others) = (thread::current().id(), AtomicUsize::new(0));
        let are_several = thread::available_parallelism().map_or(1, usize::from) > 1;
        for is_long in [false, true] {
            let made = map(&items, is_long, |n| {
                if thread::current().id() != caller {
                    by_others.fetch_add(1, Ordering::Relaxed);
                }
                // This thread would be through with all of them before another one begins.
                while is_long && are_several && by_others.load(Ordering::Relaxed) == 0 {
                    thread::yield_now();
                }
                n * 2
            });
            assert_eq!(made, Vec::from_iter((0..2_000).step_by(2)));
        }
    }

    #[test]
    fn no_items_are_no_work() {
        assert!(map(&[], true, |_: &u8| ()).is_empty());
    }

    #[test]
    #[should_panic = "the last one"]
    fn a_panic_is_that_of_the_caller() {
        map(&[1, 2, 3], true, |&n| assert!(n < 3, "the last one"));
    }
}
