//! The tree of a file in which only braces are missing or too many, as it was meant.
//!
//! Where the indentation says what is wrong, the file is read with the repairs that its findings offer, so that what stands
//! around a wrong brace is looked at in its place. A text that lacks its end, and swallowed the `{` behind it, is closed before
//! that for the same reason. Guarantee: every node lies where its text lies in the file as it is;
//! what was added is empty.

use super::damage::{BraceFault, Damage, Range, text_begin};
use super::parse::{Parse, nodes};
use super::{NodeId, NodeKind, Tree};

/// Most faults of a file that is read as it was meant: a file with more is no pipeline, or has another mistake.
const FAULTS_MAX: usize = 32;

/// A change that puts a brace or a quote right.
#[derive(Debug, Clone, Copy)]
struct Edit {
    /// Where, byte offset.
    at: u32,
    /// Bytes that go.
    removed: u32,
    /// What comes.
    added: &'static str,
}

impl Edit {
    /// What mends a fault; none where the text does not say it.
    fn mending(fault: &BraceFault) -> Option<Vec<Edit>> {
        let add = |at, added| vec![Edit { at, removed: 0, added }];
        let remove = |range: &Range| Edit { at: range.start, removed: range.end - range.start, added: "" };
        match fault {
            BraceFault::Unclosed { insert, .. } => Some(add(*insert, "\n}")),
            BraceFault::Unopened { instead, .. } => Some(vec![Edit { added: " {", ..remove(instead) }]),
            BraceFault::Extra { brace, .. } => Some(vec![remove(brace)]),
            BraceFault::Commented { sign, .. } => Some(vec![remove(sign)]),
            BraceFault::Doubled { open, close } => Some(vec![remove(open), remove(close)]),
            BraceFault::Bracketed { open, close } => {
                Some(vec![Edit { added: "{", ..remove(open) }, Edit { added: "}", ..remove(close) }])
            }
            BraceFault::Headless { .. } => None,
        }
    }
}

/// The file as it was meant; none where its braces fit, or where they do not fit after the repairs either.
pub fn balanced(parse: &Parse, text: &str) -> Option<Parse> {
    let damage = &parse.tree.damage;
    if damage.braces.len() > FAULTS_MAX {
        return None;
    }
    let mending: Vec<Vec<Edit>> = damage.braces.iter().map(Edit::mending).collect::<Option<_>>()?;
    let mut edits = mending.concat();
    edits.extend(closed_texts(&parse.tree, text));
    if edits.is_empty() {
        return None;
    }
    edits.sort_by_key(|edit| edit.at);
    let nodes = nodes(&applied(text, &edits)?).ok()?;
    let mut tree = Tree { file: parse.tree.file, nodes, damage: Damage::default() };
    if !tree.is_balanced() {
        return None;
    }
    for node in &mut tree.nodes {
        let end = place(node.end, false, &edits);
        // What is empty begins where it ends, also before what was removed.
        node.start = if node.start == node.end { end } else { place(node.start, true, &edits) };
        node.end = end;
    }
    tree.damage = Damage::beside_braces(damage);
    Some(Parse { tree, too_deep: None, nul: None })
}

/// The quotes that end texts before the `{` that they swallowed, or begin the word in front of one that is the end.
fn closed_texts(tree: &Tree, text: &str) -> impl Iterator<Item = Edit> {
    let is_open = |id: &NodeId| {
        tree.kind(*id) == NodeKind::String
            && tree.children(*id).any(|part| tree.kind(part) == NodeKind::Missing)
    };
    tree.descendants(tree.root()).filter(is_open).filter_map(|id| {
        let inside = tree.text(id, text).trim_end().strip_suffix('{')?;
        let closed = inside.trim_end_matches([' ', '\t']);
        let start = tree.node(id).start;
        let at = match closed {
            "\"" => text_begin(text, start),
            _ => start + closed.len() as u32,
        };
        (closed.len() < inside.len()).then_some(Edit { at, removed: 0, added: "\"" })
    })
}

/// The text with the changes made; none where two of them meet.
fn applied(text: &str, edits: &[Edit]) -> Option<String> {
    let mut mended = String::with_capacity(text.len() + 2 * edits.len());
    let mut from = 0;
    for edit in edits {
        mended += text.get(from..edit.at as usize)?;
        mended += edit.added;
        from = (edit.at + edit.removed) as usize;
    }
    mended += text.get(from..)?;
    Some(mended)
}

/// Where a byte of the mended text lies in the text as it is: what was added lies where it was added, and behind what was
/// removed begins what follows it.
fn place(at: u32, begins: bool, edits: &[Edit]) -> u32 {
    let mut at = at;
    for edit in edits {
        let added = edit.added.len() as u32;
        let before = at < edit.at || (at == edit.at && (added > 0 || !begins));
        if before {
            break;
        }
        at = if at < edit.at + added { edit.at } else { at - added + edit.removed };
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use crate::text::FileId;

    /// The statements of the file as it was meant, each under the one around it; `None` where that is not known.
    fn meant(text: &str) -> Option<String> {
        let parse = balanced(&parse(FileId(0), text), text)?;
        let tree = &parse.tree;
        let mut shown = String::new();
        for id in tree.descendants(tree.root()).filter(|&id| tree.kind(id) == NodeKind::Statement) {
            let block = tree.children(id).find(|&child| tree.kind(child) == NodeKind::Block);
            let end = block.map_or(tree.node(id).end, |block| tree.node(block).start);
            let mut depth = 0;
            let mut around = tree.node(id).parent;
            while around != tree.root() {
                depth += usize::from(tree.kind(around) == NodeKind::Block);
                around = tree.node(around).parent;
            }
            let head = text[tree.node(id).start as usize..end as usize].trim_end();
            shown.push_str(&format!("{}{head}\n", "-".repeat(depth)));
        }
        Some(shown)
    }

    #[test]
    fn what_stands_around_a_wrong_brace_stands_in_its_place() {
        let whole = "pipeline p {\n  to k {\n    topic \"x\" {\n      partitions 3\n    }\n    key id\n  }\n  include a.b\n}\nparam x\n";
        let expected = "pipeline p\n-to k\n--topic \"x\"\n---partitions 3\n--key id\n-include a.b\nparam x\n";
        assert_eq!(meant(whole), None, "nothing is wrong");
        let lines: Vec<&str> = whole.lines().collect();
        for (n, line) in lines.iter().enumerate() {
            let mut without = lines.clone();
            let shorter = line.trim_end_matches([' ', '{']);
            match line.trim() {
                "}" => drop(without.remove(n)),
                _ if shorter != *line => without[n] = shorter,
                _ => continue,
            }
            let text = without.join("\n");
            assert_eq!(meant(&text).as_deref(), Some(expected), "without line {n}:\n{text}");
        }
        for (n, brace) in [(3, "}"), (4, "}"), (4, "  }"), (5, "}"), (6, "}"), (7, "}")] {
            let mut more = lines.clone();
            more.insert(n + 1, brace);
            let text = more.join("\n");
            assert_eq!(meant(&text).as_deref(), Some(expected), "one more behind line {n}:\n{text}");
        }
    }

    #[test]
    fn what_is_empty_stays_before_a_brace_that_is_removed() {
        let text = "pipeline p {{\n  include a.}}\n";
        let parse = balanced(&parse(FileId(0), text), text).expect("braces that fit");
        let tree = &parse.tree;
        assert!(tree.descendants(tree.root()).all(|id| tree.node(id).start <= tree.node(id).end));
    }

    #[test]
    fn what_proves_nothing_is_left_as_it_is() {
        assert_eq!(meant("pipeline p\n{\n  include a.b\n}\n"), None);
        assert_eq!(meant("pipeline p {\n<<<<<<< a\n  include a.b\n=======\n>>>>>>> b\n"), None);
    }
}
