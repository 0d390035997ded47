//! What is wrong with a file beyond the error nodes of its tree: merge conflicts, private keys, comments of other languages,
//! look-alike signs, bytes that are no text, braces that do not fit.
//!
//! Found once, when the file is parsed, because later stages must stay silent about the statements that hold it; drawn by
//! [`error`](super::error).

mod brace;
mod braced_word;
mod comment;
mod conflict;
mod layout;
mod look_alike;
mod private_key;

pub(super) use brace::BraceFault;
pub(super) use braced_word::{BracedWord, Meant};
pub(super) use comment::ForeignComment;
pub(super) use conflict::Conflict;
pub(super) use look_alike::{LookAlike, LookAlikeKind};

use super::{NodeKind, Tree};

/// Byte range of the file at hand.
pub(super) type Range = std::ops::Range<u32>;

/// Everything found in one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Damage {
    /// Unfinished merges.
    pub(super) conflicts: Vec<Conflict>,
    /// Keys; the next stage speaks of them.
    pub(super) private_keys: Vec<Range>,
    /// Comments of other languages.
    pub(super) comments: Vec<ForeignComment>,
    /// Signs that look like others.
    pub(super) look_alikes: Vec<LookAlike>,
    /// Every sign that stands for bytes which are not UTF-8.
    pub(super) not_utf8: Vec<Range>,
    /// `\u{…}` with a number that is no sign.
    pub(super) no_such_sign: Vec<Range>,
    /// Braces inside of words.
    pub(super) braced_words: Vec<BracedWord>,
    /// Braces missing or too many.
    pub(super) braces: Vec<BraceFault>,
    /// Where the parts above say enough about a statement that nothing else is said about its signs. Sorted, without overlap.
    explained: Vec<Range>,
    /// Statements whose head touches one of these are not looked at by later stages. Sorted, without overlap.
    pub(super) silent: Vec<Range>,
}

impl Damage {
    /// Looks through a tree.
    pub(super) fn find(tree: &Tree, text: &str) -> Damage {
        let mut damage = Damage { conflicts: conflict::find(tree, text), ..Damage::default() };
        damage.private_keys = private_key::find(text);
        damage.comments = comment::find(tree, text);
        damage.comments.retain(|one| !meets(&damage.private_keys, one.range.start, one.range.end));
        if !text.is_ascii() {
            damage.look_alikes = look_alike::find(tree, text);
            damage.not_utf8 = text
                .match_indices(char::REPLACEMENT_CHARACTER)
                .map(|(at, sign)| at as u32..(at + sign.len()) as u32)
                .collect();
        }
        damage.no_such_sign = tree
            .leaves()
            .filter(|&leaf| tree.kind(leaf) == NodeKind::Escape && unescape(tree.text(leaf, text)).is_none())
            .map(|leaf| tree.node(leaf).start..tree.node(leaf).end)
            .collect();
        damage.braced_words = braced_word::find(tree, text);
        if damage.conflicts.is_empty() {
            // With both versions of a merge in the file its braces prove nothing.
            let (braces, orphans) = brace::find(tree, text, &damage.comments);
            // Where words are torn by braces, the others prove nothing.
            damage.braces = if damage.braced_words.is_empty() { braces } else { Vec::new() };
            damage.silent = orphans;
        }
        let explained = (damage.conflicts.iter().map(Conflict::range))
            .chain(damage.private_keys.iter().cloned())
            .chain(damage.comments.iter().map(|comment| comment.range.clone()))
            .chain(damage.look_alikes.iter().map(|found| found.range.clone()))
            .chain(damage.not_utf8.iter().cloned())
            .chain(damage.braced_words.iter().map(|word| word.line.clone()))
            .chain(damage.braces.iter().flat_map(BraceFault::explained));
        damage.explained = merged(explained.collect());
        damage.silent.extend(damage.explained.iter().chain(&damage.no_such_sign).cloned());
        damage.silent = merged(damage.silent);
        damage
    }

    /// What else is wrong with a file whose braces were put right.
    pub(super) fn beside_braces(&self) -> Damage {
        let silent = self.explained.iter().chain(&self.no_such_sign).cloned().collect();
        Damage { braces: Vec::new(), silent: merged(silent), ..self.clone() }
    }

    /// True when later stages say nothing about a statement whose head lies here.
    pub(super) fn touches(&self, start: u32, end: u32) -> bool {
        meets(&self.silent, start, end)
    }

    /// True when a comment of another language covers the place.
    pub(super) fn in_comment(&self, at: u32) -> bool {
        let before = self.comments.partition_point(|comment| comment.range.start <= at);
        before > 0 && self.comments[before - 1].range.contains(&at)
    }

    /// True when nothing more is said about the signs of a statement whose head lies here.
    pub(super) fn explains(&self, start: u32, end: u32) -> bool {
        meets(&self.explained, start, end)
    }
}

/// True when one of the ranges, sorted and without overlap, shares a byte with `start..end`; an empty range counts as one
/// byte.
pub(super) fn meets(ranges: &[Range], start: u32, end: u32) -> bool {
    let next = ranges.partition_point(|range| range.end <= start);
    ranges.get(next).is_some_and(|range| range.start < end.max(start + 1))
}

/// The same places as sorted ranges that do not overlap.
fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            Some(_) | None => merged.push(range),
        }
    }
    merged
}

/// The sign an escape stands for; none when its number is no Unicode sign.
pub(super) fn unescape(escape: &str) -> Option<char> {
    match escape.as_bytes().get(1)? {
        b'n' => Some('\n'),
        b't' => Some('\t'),
        b'u' => {
            let digits = escape.strip_prefix("\\u{")?.strip_suffix('}')?;
            u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
        }
        &other => Some(char::from(other)),
    }
}

/// First byte of the line that holds `at`.
pub(super) fn line_start(text: &str, at: u32) -> u32 {
    text.as_bytes()[..at as usize]
        .iter()
        .rposition(|&b| b == b'\n' || b == b'\r')
        .map_or(0, |found| found as u32 + 1)
}

/// Behind the last byte of the line that holds `at`, without its line end.
pub(super) fn line_end(text: &str, at: u32) -> u32 {
    let rest = &text.as_bytes()[at as usize..];
    at + memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len()) as u32
}

/// What touches a place from the left, behind the last blank or comma of its line.
pub(super) fn word_before(text: &str, at: u32) -> &str {
    let before = &text[line_start(text, at) as usize..at as usize];
    before.rsplit([' ', '\t', ',']).next().unwrap_or_default()
}

/// Where a text begins whose end is at `at` and whose first quote is missing: behind the words that prose follows, else at the
/// word that its end touches.
pub(super) fn text_begin(text: &str, at: u32) -> u32 {
    let start = line_start(text, at);
    let line = &text[start as usize..at as usize];
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let first = match words.as_slice() {
        ["test" | "label", _, prose, ..] => Some(*prose),
        _ => words.iter().position(|word| *word == "because").and_then(|n| words.get(n + 1).copied()),
    };
    match first {
        // Words of a line are parts of it.
        Some(first) => start + (first.as_ptr() as usize - line.as_ptr() as usize) as u32,
        None => at - word_before(text, at).len() as u32,
    }
}

/// Number of blanks at the beginning of the line that holds `at`.
pub(super) fn indent(text: &str, at: u32) -> u32 {
    let start = line_start(text, at) as usize;
    text.as_bytes()[start..].iter().take_while(|&&b| b == b' ' || b == b'\t').count() as u32
}

/// True when only blanks stand between the beginning of the line and `at`.
pub(super) fn first_on_line(text: &str, at: u32) -> bool {
    let before = text[..at as usize].trim_end_matches([' ', '\t']);
    before.is_empty() || before.ends_with(['\n', '\r'])
}
