//! Braces inside of a word, where shells and regular expressions have them: `shop_{00..63}`, `erp.{a, b}`, `d.t_[a-z]{2}`.

use super::{Range, line_end, line_start};
use crate::syntax::{NodeKind, Tree};

/// A word with a `{` in it, and its `}` on the same line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::syntax) struct BracedWord {
    /// All of the word.
    pub(in crate::syntax) word: Range,
    /// The braces, and what is between them.
    pub(in crate::syntax) braces: Range,
    /// What was meant.
    pub(in crate::syntax) meant: Meant,
    /// The word, and what follows it on its line: of that nothing more is said.
    pub(in crate::syntax) line: Range,
}

/// What braces in a word mean elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::syntax) enum Meant {
    /// `{00..63}`, `{n:00..63}`.
    Numbers,
    /// `{a, b}`.
    Names,
    /// `[a-z]{2}`: how often, in a regular expression.
    Times,
}

/// All such words of a file, in order.
pub(super) fn find(tree: &Tree, text: &str) -> Vec<BracedWord> {
    let mut found: Vec<BracedWord> = Vec::new();
    for open in tree.leaves().filter(|&leaf| tree.kind(leaf) == NodeKind::Open) {
        let at = tree.node(open).start;
        if found.last().is_some_and(|last| at < last.line.end) {
            continue;
        }
        found.extend(braced_word(text, at));
    }
    found
}

fn braced_word(text: &str, open: u32) -> Option<BracedWord> {
    let (start, end) = (line_start(text, open), line_end(text, open));
    let before = &text[start as usize..open as usize];
    let own = before.rsplit([' ', '\t', ',', '"', '{', '}']).next().filter(|own| !own.is_empty())?;
    let (inner, _) = text[open as usize + 1..end as usize].split_once('}')?;
    let close = open + inner.len() as u32 + 2;
    let tail = &text[close as usize..end as usize];
    let tail = &tail[..tail.find([' ', '\t', ',', '{', '}']).unwrap_or(tail.len())];
    let meant = meant(own, inner)?;
    let word = open - own.len() as u32..close + tail.len() as u32;
    Some(BracedWord { line: word.start..end, word, braces: open..close, meant })
}

/// What braces behind `own` mean, if they can be no block.
fn meant(own: &str, inner: &str) -> Option<Meant> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|sign| sign.is_ascii_digit());
    let is_name = |text: &str| {
        !text.is_empty() && text.chars().all(|sign| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '*'))
    };
    let numbers =
        inner.split_once(':').filter(|(name, _)| is_name(name)).map_or(inner, |(_, numbers)| numbers);
    if numbers.split_once("..").is_some_and(|(first, last)| is_number(first) && is_number(last)) {
        return Some(Meant::Numbers);
    }
    let is_pattern = own.ends_with([']', ')', '.', '*', '+']) || own.contains(['/', '(']);
    if is_pattern && inner.split(',').all(is_number) {
        return Some(Meant::Times);
    }
    let mut names = inner.split(',').map(str::trim);
    (inner.contains(',') && own.ends_with(['.', '_', '-']) && names.all(is_name)).then_some(Meant::Names)
}
