//! The same work for every file of a project: on several cores, where the files are long together.

use crate::text::{FileId, FileSet};
use std::panic::resume_unwind;
use std::thread;

/// Texts shorter than this together are done with sooner than a thread begins.
const SHORT_BYTES: usize = 64 << 10;

/// Most parts that are worked on at a time.
const PARTS_MAX: usize = 8;

/// What `work` makes of each item, in their order; `file` says which file an item is about. Where the system gives no further
/// thread, this one does its part.
pub(super) fn of_each<T: Sync, R: Send>(
    items: &[T],
    files: &FileSet,
    file: impl Fn(&T) -> FileId,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let n_bytes: usize = items.iter().map(|item| files.text(file(item)).len()).sum();
    let n_parts = match n_bytes {
        ..SHORT_BYTES => 1,
        SHORT_BYTES.. => thread::available_parallelism().map_or(1, usize::from).min(PARTS_MAX),
    };
    let all = |part: &[T]| part.iter().map(&work).collect::<Vec<R>>();
    let mut parts = items.chunks(items.len().div_ceil(n_parts).max(1));
    let own = parts.next().unwrap_or_default();
    thread::scope(|scope| {
        let begin = |part| (part, thread::Builder::new().spawn_scoped(scope, move || all(part)));
        let others: Vec<_> = parts.map(begin).collect();
        let mut done = all(own);
        for (part, thread) in others {
            done.extend(match thread {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                Err(_) => all(part),
            });
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept() {
        for length in [10, SHORT_BYTES] {
            let mut files = FileSet::new();
            let ids: Vec<FileId> =
                (0..37).map(|n| files.add(format!("{n}.sync"), " ".repeat(length + n))).collect();
            let found = of_each(&ids, &files, |&id| id, |&id| files.text(id).len());
            assert_eq!(found, (length..length + 37).collect::<Vec<usize>>());
        }
    }

    #[test]
    fn no_files_are_no_work() {
        assert!(of_each(&[], &FileSet::new(), |&id| id, |_| ()).is_empty());
    }
}
