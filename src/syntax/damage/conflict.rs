//! Unfinished merges.

use super::{Range, line_end};
use crate::syntax::{NodeId, NodeKind, Tree};

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

/// All conflicts of a file, in order. A marker is the first sign of a statement, so that the layout of a line makes no
/// difference.
pub(super) fn find(tree: &Tree, text: &str) -> Vec<Conflict> {
    let mut found: Vec<Conflict> = Vec::new();
    let mut open = false;
    for id in tree.descendants(tree.root()).filter(|&id| tree.kind(id) == NodeKind::Statement) {
        let start = tree.node(id).start;
        let Some(marker) = marker(tree, id, text) else { continue };
        let line =
            start..start + text[start as usize..line_end(text, start) as usize].trim_end().len() as u32;
        match found.last_mut() {
            Some(conflict) if open && marker != Marker::Ours => conflict.markers.push(line),
            Some(_) | None => found.push(Conflict { markers: vec![line] }),
        }
        open = match marker {
            Marker::Ours => true,
            Marker::Between => open,
            Marker::Theirs => false,
        };
    }
    found
}

/// Git writes seven signs, then a blank and a name; `=======` stands alone.
fn marker(tree: &Tree, statement: NodeId, text: &str) -> Option<Marker> {
    let first = tree.children(statement).next()?;
    match (tree.kind(first), tree.text(first, text)) {
        (NodeKind::Op, "<<<<<<<") => Some(Marker::Ours),
        (NodeKind::Op, "=======") => Some(Marker::Between),
        (NodeKind::Op, ">>>>>>>") => Some(Marker::Theirs),
        (NodeKind::Bad, "|") if text[tree.node(first).start as usize..].starts_with("|||||||") => {
            Some(Marker::Between)
        }
        _ => None,
    }
}
