//! Braces that are missing or too many, and the statements they tear out of their blocks.

use super::{Damage, ForeignComment, Range, first_on_line, indent, layout, line_end, line_start};
use crate::syntax::parse::nodes;
use crate::syntax::{NodeId, NodeKind, TOP_WORDS, Tree};
use std::collections::HashMap;

/// Words of statements that have a block, and none of whose values stands in brackets.
const BLOCK_WORDS: [&str; 16] = [
    "source", "target", "pipeline", "profile", "defaults", "test", "table", "to", "topic", "format", "ddl",
    "insert", "update", "delete", "expect", "registry",
];

/// Words of statements that stand in the block of a topic, and nowhere beside one.
const TOPIC_WORDS: [&str; 5] = ["partitions", "cleanup", "retention", "min-insync", "create"];

/// Words of statements that stand in the block of `start`, and nowhere beside one.
const START_WORDS: [&str; 6] = ["chunk", "rate", "window", "parallel", "schema", "data"];

/// Most comments that are tried as the head of a block.
const COMMENTED_MAX: usize = 8;

/// One brace that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::syntax) enum BraceFault {
    /// A `}` is missing.
    Unclosed {
        /// The `{`.
        open: Range,
        /// Where the block had to end: the next line that is outside of it, or the end of the file.
        outside: u32,
        /// Where the `}` belongs: behind the last line of the block.
        insert: u32,
    },
    /// A `}` is too many.
    Extra {
        /// The one to take away.
        brace: Range,
        /// The one that found nothing to close, when it is another.
        stray: Option<Range>,
        /// True when statements were torn out of their block.
        orphans: bool,
    },
    /// A `{` is missing: statements below a head are indented as its block would be, and a `}` follows them.
    Unopened {
        /// The head, without blanks behind it.
        head: Range,
        /// What stands in place of the `{`: another sign, or nothing.
        instead: Range,
        /// The `}` that finds nothing to close.
        stray: Range,
    },
    /// The head of a block stands in a comment, and its `}` does not.
    Commented {
        /// The sign of the comment, with a blank behind it.
        sign: Range,
        /// The comment.
        comment: Range,
        /// The `}` that finds nothing to close.
        stray: Range,
    },
    /// Brackets of another kind stand for the braces of a block.
    Bracketed {
        /// The sign that opens it.
        open: Range,
        /// The sign that closes it.
        close: Range,
    },
    /// A `{` stands twice, and the `}` of both, too.
    Doubled {
        /// The second `{`.
        open: Range,
        /// Its `}`.
        close: Range,
    },
    /// A `{` at the beginning of a statement.
    Headless {
        /// The `{`.
        open: Range,
        /// End of the line above that it belongs to.
        head_end: Option<u32>,
        /// The whole block where it is data of another language, such as JSON.
        data: Option<Range>,
    },
}

impl BraceFault {
    /// A `{` that is missing behind a head, in whose place `(` or `:` may stand.
    pub(super) fn unopened(text: &str, head: Range, stray: Range) -> BraceFault {
        let written = &text[head.start as usize..head.end as usize];
        let bare = written.strip_suffix(['(', '[', ':']).unwrap_or(written).trim_end();
        let end = head.start + bare.len() as u32;
        BraceFault::Unopened { head: head.start..end, instead: end..head.end, stray }
    }

    /// Places of which nothing more is said: data of another language, brackets that stand for braces.
    pub(super) fn explained(&self) -> Vec<Range> {
        match self {
            BraceFault::Headless { data, .. } => data.iter().cloned().collect(),
            BraceFault::Bracketed { open, close } => vec![open.clone(), close.clone()],
            BraceFault::Unopened { instead, .. } if !instead.is_empty() => vec![instead.clone()],
            BraceFault::Unclosed { .. }
            | BraceFault::Extra { .. }
            | BraceFault::Unopened { .. }
            | BraceFault::Commented { .. }
            | BraceFault::Doubled { .. } => Vec::new(),
        }
    }
}

/// True when the statement begins with a word that only stands at top level. An option of a parameter may be called `test`; the
/// name of a test is a text.
fn starts_with_top_word(tree: &Tree, statement: NodeId, text: &str) -> bool {
    let is_text = |id: NodeId| tree.kind(id) == NodeKind::String;
    match tree.children(statement).next().map(|first| tree.text(first, text)) {
        Some("test") => tree.children(statement).any(is_text),
        Some(word) => TOP_WORDS.contains(&word),
        None => false,
    }
}

/// All faults, and the ranges in which statements stand at a place that was not meant.
pub(super) fn find(tree: &Tree, text: &str, comments: &[ForeignComment]) -> (Vec<BraceFault>, Vec<Range>) {
    let mut finder = Finder { tree, text, comments, faults: Vec::new(), silent: Vec::new() };
    finder.run();
    let Finder { faults, silent, .. } = finder;
    if let Some(fault) = commented(tree, text, &faults) {
        return (vec![fault], silent);
    }
    let bracketed = bracketed(tree, text);
    if !bracketed.is_empty() {
        return (faults.into_iter().chain(bracketed).collect(), silent);
    }
    match by_layout(tree, text, comments, &faults) {
        Some(better) => (better, silent),
        None => (faults, silent),
    }
}

/// Blocks between `(` and `)`, or `[` and `]`: the one ends the line of a statement that has a block, the other stands on a line
/// of its own.
fn bracketed(tree: &Tree, text: &str) -> Vec<BraceFault> {
    let mut open: Vec<(&str, Range)> = Vec::new();
    let mut found = Vec::new();
    let signs = tree.leaves().filter(|&leaf| {
        matches!(tree.kind(leaf), NodeKind::Paren | NodeKind::BadClose | NodeKind::ParenClose | NodeKind::Bad)
    });
    for leaf in signs {
        let place = tree.node(leaf).start..tree.node(leaf).end;
        if !ends_line(text, place.end) {
            continue;
        }
        let is_first = first_on_line(text, place.start);
        match (tree.text(leaf, text), is_first) {
            ("(", false) if has_block(text, place.start) => open.push((")", place)),
            ("[", false) if has_block(text, place.start) => open.push(("]", place)),
            (close, true) if open.last().is_some_and(|(wanted, _)| *wanted == close) => {
                found.extend(open.pop().map(|(_, open)| BraceFault::Bracketed { open, close: place }));
            }
            _ => {}
        }
    }
    found
}

/// True when nothing but blanks and a comment stands behind a place on its line.
fn ends_line(text: &str, at: u32) -> bool {
    let behind = text[at as usize..].trim_start_matches([' ', '\t']);
    behind.is_empty() || behind.starts_with(['\n', '\r', '#'])
}

/// True when the line of a place begins with the word of a statement that has a block.
fn has_block(text: &str, at: u32) -> bool {
    let word = text[line_start(text, at) as usize..].split_ascii_whitespace().next();
    word.is_some_and(|word| BLOCK_WORDS.contains(&word))
}

/// The head that stands in a comment, where a `}` finds nothing to close and everything fits with that head.
fn commented(tree: &Tree, text: &str, faults: &[BraceFault]) -> Option<BraceFault> {
    if faults.is_empty() {
        return None;
    }
    let stray = tree.leaves().find(|&leaf| tree.kind(leaf) == NodeKind::Stray)?;
    let stray = tree.node(stray).start..tree.node(stray).end;
    let heads = commented_heads(tree, text, stray.start);
    heads.into_iter().rev().take(COMMENTED_MAX).find_map(|comment| {
        let sign = comment.start..text_of_comment(text, &comment);
        let mut with_head = text.to_owned();
        with_head.replace_range(sign.start as usize..sign.end as usize, "");
        let tree = Tree { file: tree.file(), nodes: nodes(&with_head).ok()?, damage: Damage::default() };
        let stray = stray.clone();
        tree.is_balanced().then_some(BraceFault::Commented { sign, comment, stray })
    })
}

/// The first word at a place, that of a comment without its sign.
fn first_word(text: &str, at: u32) -> Option<&str> {
    let line = text[at as usize..].lines().next()?;
    line.trim_start_matches('#').split_ascii_whitespace().next()
}

/// Comments on lines of their own that read like the head of a block, before a place, without those whose `}` is in a comment.
fn commented_heads(tree: &Tree, text: &str, before: u32) -> Vec<Range> {
    let (mut heads, mut pending): (Vec<Range>, Vec<Range>) = (Vec::new(), Vec::new());
    for leaf in tree.leaves() {
        let place = tree.node(leaf).start..tree.node(leaf).end;
        if place.start >= before {
            break;
        }
        match tree.kind(leaf) {
            NodeKind::Comment | NodeKind::Doc if first_on_line(text, place.start) => {
                let said = tree.text(leaf, text).trim_start_matches('#').trim();
                if said.starts_with('}') {
                    if pending.pop().is_none() {
                        heads.pop();
                    }
                } else if said.ends_with('{') && said.starts_with(|sign: char| sign.is_ascii_lowercase()) {
                    pending.push(place);
                }
            }
            NodeKind::Bom | NodeKind::Nl | NodeKind::Ws | NodeKind::Doc | NodeKind::Comment => {}
            _ if place.is_empty() => {}
            // A block of which only the end is left is none.
            NodeKind::Close | NodeKind::Stray => pending.clear(),
            _ => {
                // A head behind one of the same kind took its place: no block of these holds another one.
                let word = first_word(text, place.start);
                pending.retain(|head| first_word(text, head.start) != word);
                heads.append(&mut pending);
            }
        }
    }
    heads
}

/// Behind the sign of a comment, and behind the blank that follows it where it is one.
fn text_of_comment(text: &str, comment: &Range) -> u32 {
    let said = &text[comment.start as usize..comment.end as usize];
    let behind = said.trim_start_matches('#');
    let is_one = behind.starts_with(' ') && !behind.starts_with("  ");
    comment.start + (said.len() - behind.len()) as u32 + u32::from(is_one)
}

/// What the layout says of several faults, where nothing else than braces is wrong.
fn by_layout(
    tree: &Tree,
    text: &str,
    comments: &[ForeignComment],
    faults: &[BraceFault],
) -> Option<Vec<BraceFault>> {
    let is_headless =
        |fault: &BraceFault| matches!(fault, BraceFault::Headless { .. } | BraceFault::Doubled { .. });
    let swallows = |id: NodeId| {
        tree.kind(id) == NodeKind::Missing && tree.text(tree.node(id).parent, text).contains(['{', '}'])
    };
    let unclear = faults.len() < 2
        || faults.iter().any(is_headless)
        || comments.iter().any(|comment| {
            text[comment.range.start as usize..comment.range.end as usize].contains(['{', '}'])
        })
        || tree.descendants(tree.root()).any(swallows);
    if unclear { None } else { layout::find(tree, text) }
}

struct Finder<'a> {
    tree: &'a Tree,
    text: &'a str,
    comments: &'a [ForeignComment],
    faults: Vec<BraceFault>,
    silent: Vec<Range>,
}

impl Finder<'_> {
    fn run(&mut self) {
        let root = self.tree.root();
        // Braces that a text or a foreign comment swallowed or added; each explains one fault that follows from it.
        let (mut excused_strays, mut excused_blocks) = (0i32, 0i32);
        // The last top-level statement with a top-level word, and those without one behind it.
        let (mut torn_from, mut orphans) = (None, Vec::new());
        let mut last_statement: HashMap<NodeId, NodeId> = HashMap::new();
        let mut comment = 0;
        for id in self.tree.descendants(root) {
            let node = self.tree.node(id);
            while self.comments.get(comment).is_some_and(|c| c.range.end <= node.start) {
                comment += 1;
            }
            let commented = self.comments.get(comment).is_some_and(|c| c.range.contains(&node.start));
            match node.kind {
                NodeKind::Statement => {
                    if let Some(block) = self.headless(id) {
                        self.headless_fault(block, last_statement.get(&node.parent).copied());
                    }
                    last_statement.insert(node.parent, id);
                    if node.parent != root {
                        continue;
                    }
                    let is_below = torn_from.is_some_and(|torn_from| self.is_below(torn_from, id));
                    if starts_with_top_word(self.tree, id, self.text) && !is_below {
                        (excused_strays, excused_blocks) = (0, 0);
                        torn_from = Some(id);
                        orphans.clear();
                    } else {
                        orphans.push(id);
                    }
                }
                NodeKind::String | NodeKind::SqlString if self.child(id, NodeKind::Missing).is_some() => {
                    let text = self.tree.text(id, self.text);
                    let net = text.matches('{').count() as i32 - text.matches('}').count() as i32;
                    excused_strays += net.max(0);
                    excused_blocks += (-net).max(0);
                }
                NodeKind::Open if commented => excused_blocks += 1,
                NodeKind::Close if commented && excused_blocks > 0 => excused_blocks -= 1,
                NodeKind::Close if commented => excused_strays += 1,
                NodeKind::Stray if commented => {}
                NodeKind::Stray => {
                    let excused = excused_strays > 0;
                    excused_strays -= i32::from(excused);
                    let orphans = std::mem::take(&mut orphans);
                    self.stray(id, torn_from.take(), &orphans, excused);
                }
                NodeKind::Unclosed if excused_blocks > 0 => excused_blocks -= 1,
                NodeKind::Unclosed => self.unclosed(node.parent),
                _ => {}
            }
        }
    }

    fn child(&self, id: NodeId, kind: NodeKind) -> Option<NodeId> {
        self.tree.children(id).find(|&child| self.tree.kind(child) == kind)
    }

    fn range(&self, id: NodeId) -> Range {
        self.tree.node(id).start..self.tree.node(id).end
    }

    fn stray(&mut self, stray: NodeId, torn_from: Option<NodeId>, orphans: &[NodeId], excused: bool) {
        for &orphan in orphans {
            self.silent.push(self.range(orphan));
        }
        if excused {
            return;
        }
        let block = torn_from.and_then(|statement| self.child(statement, NodeKind::Block));
        if let Some(head) = self.unopened(torn_from, orphans, block) {
            let found = self.range(stray);
            self.silent.push(head.start..found.end);
            self.faults.push(BraceFault::unopened(self.text, head, found));
            return;
        }
        let early = block.and_then(|block| {
            let close = || self.child(block, NodeKind::Close).filter(|_| !orphans.is_empty());
            self.misplaced(block).or_else(close)
        });
        let found = self.range(stray);
        self.faults.push(match early {
            Some(close) => BraceFault::Extra {
                brace: self.range(close),
                stray: Some(found),
                orphans: !orphans.is_empty(),
            },
            None => BraceFault::Extra { brace: found, stray: None, orphans: !orphans.is_empty() },
        });
    }

    /// The head whose block lacks its `{`: of a block at top level, or of one inside of a block that was closed in its place.
    fn unopened(
        &self,
        torn_from: Option<NodeId>,
        orphans: &[NodeId],
        block: Option<NodeId>,
    ) -> Option<Range> {
        let lists: Vec<Vec<NodeId>> = match (torn_from, block) {
            (Some(torn_from), Some(_)) => self.lists(torn_from),
            _ => vec![torn_from.into_iter().chain(orphans.iter().copied()).collect()],
        };
        let pairs = lists.iter().flat_map(|list| list.windows(2));
        let opens = |pair: &&[NodeId]| {
            let has_block = self.child(pair[0], NodeKind::Block).is_some();
            !has_block
                && self.column(pair[0]).zip(self.column(pair[1])).is_some_and(|(head, below)| below > head)
        };
        let head = pairs.filter(opens).map(|pair| pair[0]).min();
        let head = head.or_else(|| self.unindented_head(&lists))?;
        let Range { start, end } = self.range(head);
        let written = self.text[start as usize..end as usize].trim_end().len() as u32;
        Some(start..start + written)
    }

    /// The same in a file without any indentation: the one statement that wants a block, has none, and is followed by others.
    fn unindented_head(&self, lists: &[Vec<NodeId>]) -> Option<NodeId> {
        let is_indented =
            || self.text.lines().any(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty());
        if is_indented() {
            return None;
        }
        let pairs = lists.iter().flat_map(|list| list.windows(2));
        let mut heads = pairs.filter(|pair| self.wants_block(pair[0], pair[1])).map(|pair| pair[0]);
        heads.next().filter(|_| heads.next().is_none())
    }

    /// True for a statement without the block that it has to have, or that holds what follows.
    fn wants_block(&self, head: NodeId, next: NodeId) -> bool {
        if self.child(head, NodeKind::Block).is_some() {
            return false;
        }
        let word = |id: NodeId| first_word(self.text, self.tree.node(id).start).unwrap_or_default();
        match word(head) {
            "pipeline" | "profile" | "defaults" | "table" | "insert" | "update" | "delete" => true,
            "test" => starts_with_top_word(self.tree, head, self.text),
            // What follows one of the file itself belongs to it.
            "source" | "target" => self.tree.node(head).parent == self.tree.root(),
            "topic" => TOPIC_WORDS.contains(&word(next)),
            "param" => self.tree.text(head, self.text).split_ascii_whitespace().any(|word| word == "by"),
            "start" => START_WORDS.contains(&word(next)),
            _ => false,
        }
    }

    /// The statements of every block in or of a node, those of a block together.
    fn lists(&self, around: NodeId) -> Vec<Vec<NodeId>> {
        let is = |id: &NodeId, kind| self.tree.kind(*id) == kind;
        let statements = |block| self.tree.children(block).filter(|id| is(id, NodeKind::Statement)).collect();
        let within = self.tree.descendants(around).chain([around]);
        within.filter(|id| is(id, NodeKind::Block)).map(statements).collect()
    }

    /// True for what is indented deeper than a statement before it without a block: it would be in that.
    fn is_below(&self, head: NodeId, id: NodeId) -> bool {
        let is_deeper = self.column(head).zip(self.column(id)).is_some_and(|(head, below)| below > head);
        is_deeper && self.child(head, NodeKind::Block).is_none()
    }

    /// Blanks before what stands first on its line.
    fn column(&self, id: NodeId) -> Option<u32> {
        let start = self.tree.node(id).start;
        first_on_line(self.text, start).then(|| indent(self.text, start))
    }

    /// The first `}` in or of a block that stands further left or right than the line which opened its block, or behind which
    /// statements stand further right than that line.
    fn misplaced(&self, block: NodeId) -> Option<NodeId> {
        let differs = |&id: &NodeId| {
            let opened = indent(self.text, self.tree.node(self.tree.node(id).parent).start);
            self.tree.kind(id) == NodeKind::Close && self.column(id).is_some_and(|column| column != opened)
        };
        let early = |pair: &[NodeId]| {
            let is_deeper =
                self.column(pair[0]).zip(self.column(pair[1])).is_some_and(|(closed, next)| next > closed);
            let closed = self.child(pair[0], NodeKind::Block).filter(|_| is_deeper)?;
            self.child(closed, NodeKind::Close)
        };
        let lists = self.lists(block);
        let early = lists.iter().flat_map(|list| list.windows(2)).filter_map(early).min();
        self.tree.descendants(block).find(differs).into_iter().chain(early).min()
    }

    fn unclosed(&mut self, block: NodeId) {
        let block_end = self.tree.node(block).end;
        let culprit = self.culprit(block);
        let open = self.tree.node(culprit).start;
        let own = indent(self.text, open);
        let mut outside = None;
        let mut insert = line_end(self.text, open).min(block_end);
        let mut indented = false;
        let mut at = next_line(self.text, insert);
        while at < block_end {
            let end = line_end(self.text, at);
            let line = self.text[at as usize..end as usize].trim();
            if !(line.is_empty() || line.starts_with('#')) {
                if indent(self.text, at) <= own && indented {
                    outside = Some(at + indent(self.text, at));
                    break;
                }
                // A block that is not indented says nothing about where it ends.
                indented |= indent(self.text, at) > own;
                insert = end.min(block_end);
            }
            at = next_line(self.text, end);
        }
        // A top-level word in the first column ends the block before its line begins.
        let outside = outside.unwrap_or_else(|| next_line(self.text, block_end).min(self.text.len() as u32));
        let end = self.tree.node(culprit).end;
        if culprit != block && outside < end {
            self.silent.push(outside..end);
        }
        self.faults.push(BraceFault::Unclosed { open: open..open + 1, outside, insert });
    }

    /// The block whose `}` is missing: this one, or an inner one that was closed by a `}` further left than its head.
    fn culprit(&self, block: NodeId) -> NodeId {
        let inner =
            self.tree.children(block).filter_map(|child| self.child(child, NodeKind::Block)).find(|&inner| {
                self.child(inner, NodeKind::Close).is_some_and(|close| {
                    let at = self.tree.node(close).start;
                    first_on_line(self.text, at)
                        && indent(self.text, at) < indent(self.text, self.tree.node(inner).start)
                })
            });
        inner.map_or(block, |inner| self.culprit(inner))
    }

    /// The block of a statement without a head.
    fn headless(&self, statement: NodeId) -> Option<NodeId> {
        self.tree.children(statement).next().filter(|&first| self.tree.kind(first) == NodeKind::Block)
    }

    fn headless_fault(&mut self, block: NodeId, before: Option<NodeId>) {
        let Range { start, end } = self.range(block);
        let around = |fault: &BraceFault| matches!(fault, BraceFault::Headless { data: Some(data), .. } if data.end > start);
        if self.faults.iter().rev().any(around) {
            return;
        }
        if let Some(fault) = self.doubled(block) {
            self.silent.push(start..end);
            self.faults.push(fault);
            return;
        }
        if self.is_data(block) {
            self.silent.push(start..end);
            let fault =
                BraceFault::Headless { open: start..start + 1, head_end: None, data: Some(start..end) };
            self.faults.push(fault);
            return;
        }
        let head = before.filter(|&before| {
            let between = &self.text[self.tree.node(before).end as usize..start as usize];
            self.child(before, NodeKind::Block).is_none() && between.trim().is_empty()
        });
        self.silent.push(self.range(block));
        self.silent.extend(head.map(|head| self.range(head)));
        let head_end = head.map(|head| self.tree.node(head).end);
        self.faults.push(BraceFault::Headless { open: start..start + 1, head_end, data: None });
    }

    /// A block that is all of another one, whose braces touch those of it.
    fn doubled(&self, block: NodeId) -> Option<BraceFault> {
        let around = self.tree.node(self.tree.node(block).parent).parent;
        let outer = self.child(around, NodeKind::Open)?;
        let (open, close) = (self.child(block, NodeKind::Open)?, self.child(block, NodeKind::Close)?);
        let between = |from: u32, to: u32| self.text[from as usize..to as usize].trim_matches([' ', '\t']);
        let outer_close = self.child(around, NodeKind::Close)?;
        let (opens, closes) = (self.range(open), self.range(close));
        let touches = between(self.range(outer).end, opens.start).is_empty()
            && between(closes.end, self.range(outer_close).start).trim().is_empty();
        // What ends on its line is no block.
        (touches && ends_line(self.text, opens.end))
            .then_some(BraceFault::Doubled { open: opens, close: closes })
    }

    /// True when a block without a head is no block: it begins with a text, or ends on its line.
    fn is_data(&self, block: NodeId) -> bool {
        let node = self.tree.node(block);
        let first = self.child(block, NodeKind::Statement).and_then(|first| self.tree.children(first).next());
        first.is_some_and(|first| self.tree.kind(first) == NodeKind::String)
            || line_end(self.text, node.start) >= node.end
    }
}

/// First byte of the line behind a line end; behind the end of the text when there is none.
fn next_line(text: &str, line_end: u32) -> u32 {
    let crlf = text.as_bytes()[line_end as usize..].starts_with(b"\r\n");
    line_end + if crlf { 2 } else { 1 }
}
