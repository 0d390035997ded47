//! Unfinished merges.

use super::Range;

/// What a merge left behind: up to four markers, and both versions between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::syntax) struct Conflict {
    /// Lines of the markers, in order; at least one.
    pub(in crate::syntax) markers: Vec<Range>,
}

impl Conflict {
    /// From the first marker to the last.
    pub(in crate::syntax) fn range(&self) -> Range {
        let end = self.markers.last().map_or(0, |last| last.end);
        self.markers.first().map_or(0..0, |first| first.start..end)
    }
}

/// Marker a line begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marker {
    Ours,
    Between,
    Theirs,
}

/// All conflicts of a file, by line.
pub(super) fn find(text: &str) -> Vec<Conflict> {
    let mut found: Vec<Conflict> = Vec::new();
    let mut open = false;
    let mut start = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        let at = start as u32;
        start += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        let Some(marker) = marker(line) else { continue };
        let range = at..at + line.len() as u32;
        match found.last_mut() {
            Some(conflict) if open && marker != Marker::Ours => conflict.markers.push(range),
            Some(_) | None => found.push(Conflict { markers: vec![range] }),
        }
        open = match marker {
            Marker::Ours => true,
            Marker::Between => open,
            Marker::Theirs => false,
        };
    }
    found
}

fn marker(line: &str) -> Option<Marker> {
    // Git writes seven signs, then a blank and a name; `=======` stands alone.
    let of = |sign: &str, marker| {
        let rest = line.strip_prefix(sign)?;
        (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some(marker)
    };
    of("<<<<<<<", Marker::Ours)
        .or_else(|| of("=======", Marker::Between))
        .or_else(|| of("|||||||", Marker::Between))
        .or_else(|| of(">>>>>>>", Marker::Theirs))
}
