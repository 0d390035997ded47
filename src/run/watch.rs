//! Tells that the project's files may have changed. An event is only a reason to look: its kind and path mean nothing.
//!
//! The directories of the project are watched, the parent of every symbolic link on the way to them, and the real directory of
//! every linked file; never a file itself, because a file that is replaced by a rename falls silent.

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// After an event, this long without another one before the files are looked at.
pub(super) const SETTLE: Duration = Duration::from_millis(250);

/// Longest wait for silence.
pub(super) const SETTLE_MAX: Duration = Duration::from_secs(3);

/// Watches until it is dropped.
pub(super) struct Watch {
    watcher: RecommendedWatcher,
    places: BTreeSet<PathBuf>,
}

impl Watch {
    /// Calls `changed` whenever something happens in or around these directories.
    ///
    /// # Errors
    /// The system gives no watch (limits of inotify, say).
    pub(super) fn open(
        directories: &[PathBuf],
        changed: impl Fn() + Send + 'static,
    ) -> notify::Result<Watch> {
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading the files makes events of its own.
            if event.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            changed();
        })?;
        let places = places(directories);
        for place in &places {
            watcher.watch(place, RecursiveMode::NonRecursive)?;
        }
        Ok(Watch { watcher, places })
    }

    /// Watches the places that these directories have now: a link that was flipped leads elsewhere, and a directory that
    /// was made anew under its old name is another one. What cannot be watched is left to the look now and then.
    pub(super) fn renew(&mut self, directories: &[PathBuf]) {
        let places = places(directories);
        for gone in self.places.difference(&places) {
            // It may be gone from the disk, and then its watch is, too.
            let _ = self.watcher.unwatch(gone);
        }
        for place in &places {
            let _ = self.watcher.watch(place, RecursiveMode::NonRecursive);
        }
        self.places = places;
    }
}

/// What to watch for a project in these directories.
fn places(directories: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut places = BTreeSet::new();
    for directory in directories {
        places_of(directory, &mut places);
    }
    places
}

fn places_of(dir: &Path, places: &mut BTreeSet<PathBuf>) {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    links_on_the_way(&absolute, places);
    if let Ok(real) = absolute.canonicalize() {
        places.insert(real);
    }
    for entry in std::fs::read_dir(&absolute).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_symlink() {
            links_on_the_way(&path, places);
            if let Some(parent) = path.canonicalize().ok().and_then(|real| real.parent().map(Path::to_owned))
            {
                places.insert(parent);
            }
        }
    }
}

/// Adds the parent of every symbolic link among `path` and the directories above it.
fn links_on_the_way(path: &Path, places: &mut BTreeSet<PathBuf>) {
    for part in path.ancestors() {
        if part.is_symlink()
            && let Some(parent) = part.parent().and_then(|parent| parent.canonicalize().ok())
        {
            places.insert(parent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_on_the_way_is_watched_from_its_parent() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let root = root.path().canonicalize().expect("it exists");
        std::fs::create_dir(root.join("release")).expect("writable");
        symlink(root.join("release"), root.join("current")).expect("writable");
        let places = places(&[root.join("current")]);
        assert!(places.contains(&root), "flipping the link is seen");
        assert!(places.contains(&root.join("release")), "edits are seen");
    }

    #[test]
    fn a_linked_file_is_watched_in_its_real_directory() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let root = root.path().canonicalize().expect("it exists");
        std::fs::create_dir(root.join("project")).expect("writable");
        std::fs::create_dir(root.join("data")).expect("writable");
        std::fs::write(root.join("data/shop.sync"), "edition 2026\n").expect("writable");
        symlink(root.join("data/shop.sync"), root.join("project/shop.sync")).expect("writable");
        assert!(places(&[root.join("project")]).contains(&root.join("data")));
    }

    #[test]
    fn every_directory_of_the_project_is_watched() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let root = root.path().canonicalize().expect("it exists");
        std::fs::create_dir(root.join("prod")).expect("writable");
        std::fs::create_dir(root.join("platform")).expect("writable");
        let places = places(&[root.join("prod"), root.join("prod/../platform")]);
        assert_eq!(places, BTreeSet::from([root.join("platform"), root.join("prod")]));
    }

    #[test]
    fn a_flipped_link_is_followed() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let root = root.path().canonicalize().expect("it exists");
        for release in ["one", "two"] {
            std::fs::create_dir(root.join(release)).expect("writable");
        }
        symlink(root.join("one"), root.join("current")).expect("writable");
        let (tell, told) = std::sync::mpsc::sync_channel(16);
        let mut watch = Watch::open(&[root.join("current")], move || {
            let _ = tell.try_send(());
        })
        .expect("a watch");
        symlink(root.join("two"), root.join("next")).expect("writable");
        std::fs::rename(root.join("next"), root.join("current")).expect("writable");
        told.recv_timeout(Duration::from_secs(10)).expect("the flip is seen");
        watch.renew(&[root.join("current")]);
        while told.try_recv().is_ok() {}
        std::fs::write(root.join("two/shop.sync"), "edition 2026\n").expect("writable");
        told.recv_timeout(Duration::from_secs(10)).expect("an edit behind the new link is seen");
        assert!(!watch.places.contains(&root.join("one")));
    }

    #[test]
    fn a_change_is_told() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let (tell, told) = std::sync::mpsc::sync_channel(16);
        let _watch = Watch::open(&[root.path().to_owned()], move || {
            // A full channel has been told enough.
            let _ = tell.try_send(());
        })
        .expect("a watch");
        std::fs::write(root.path().join("shop.sync"), "edition 2026\n").expect("writable");
        told.recv_timeout(Duration::from_secs(10)).expect("an event");
    }
}
