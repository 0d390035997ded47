//! Braces that are missing or too many, and the statements they tear out of their blocks.

use super::{ForeignComment, Range, first_on_line, indent, layout, line_end};
use crate::syntax::{NodeId, NodeKind, TOP_WORDS, Tree};
use std::collections::HashMap;

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
        /// The `}` that finds nothing to close.
        stray: Range,
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
    /// What holds data of another language, of which nothing more is said.
    pub(super) fn data(&self) -> Option<Range> {
        match self {
            BraceFault::Headless { data, .. } => data.clone(),
            BraceFault::Unclosed { .. } | BraceFault::Extra { .. } | BraceFault::Unopened { .. } => None,
        }
    }
}

/// True when the statement begins with a word that only stands at top level.
fn starts_with_top_word(tree: &Tree, statement: NodeId, text: &str) -> bool {
    tree.children(statement).next().is_some_and(|first| TOP_WORDS.contains(&tree.text(first, text)))
}

/// All faults, and the ranges in which statements stand at a place that was not meant.
pub(super) fn find(tree: &Tree, text: &str, comments: &[ForeignComment]) -> (Vec<BraceFault>, Vec<Range>) {
    let mut finder = Finder { tree, text, comments, faults: Vec::new(), silent: Vec::new() };
    finder.run();
    let Finder { faults, silent, .. } = finder;
    match by_layout(tree, text, comments, &faults) {
        Some(better) => (better, silent),
        None => (faults, silent),
    }
}

/// What the layout says of several faults, where nothing else than braces is wrong.
fn by_layout(
    tree: &Tree,
    text: &str,
    comments: &[ForeignComment],
    faults: &[BraceFault],
) -> Option<Vec<BraceFault>> {
    let is_headless = |fault: &BraceFault| matches!(fault, BraceFault::Headless { .. });
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
                    if starts_with_top_word(self.tree, id, self.text) {
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
            self.faults.push(BraceFault::Unopened { head, stray: found });
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
        let head = pairs.filter(opens).map(|pair| pair[0]).min()?;
        let Range { start, end } = self.range(head);
        let written = self.text[start as usize..end as usize].trim_end().len() as u32;
        Some(start..start + written)
    }

    /// The statements of every block in or of a node, those of a block together.
    fn lists(&self, around: NodeId) -> Vec<Vec<NodeId>> {
        let is = |id: &NodeId, kind| self.tree.kind(*id) == kind;
        let statements = |block| self.tree.children(block).filter(|id| is(id, NodeKind::Statement)).collect();
        let within = self.tree.descendants(around).chain([around]);
        within.filter(|id| is(id, NodeKind::Block)).map(statements).collect()
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
