//! Signs that look like others.

use super::Range;
use crate::syntax::{NodeKind, Tree};

/// One cause: a sign, a run of signs, a pair of quotes or a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::syntax) struct LookAlike {
    /// Where to draw it.
    pub(in crate::syntax) range: Range,
    /// What it is.
    pub(in crate::syntax) kind: LookAlikeKind,
    /// Places with the text that was meant; empty when nobody can tell.
    pub(in crate::syntax) edits: Vec<(Range, String)>,
}

/// What kind of look-alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::syntax) enum LookAlikeKind {
    /// Blanks, also those without width.
    Blank,
    /// Typographic quotes.
    Quotes,
    /// Another sign.
    Sign,
    /// A word with letters of two scripts.
    Word,
    /// A sign that turns the direction of writing.
    Direction,
}

/// All of a file, in order.
pub(super) fn find(tree: &Tree, text: &str) -> Vec<LookAlike> {
    let mut found: Vec<LookAlike> = Vec::new();
    for (at, sign) in text.char_indices().filter(|&(_, sign)| turns_direction(sign)) {
        let range = at as u32..(at + sign.len_utf8()) as u32;
        push(&mut found, text, range, LookAlikeKind::Direction, "");
    }
    for leaf in tree.leaves() {
        let node = tree.node(leaf);
        match node.kind {
            NodeKind::Glob => {
                let (place, word) = (node.start..node.end, tree.text(leaf, text));
                found.extend(mixed_word(place.clone(), word).or_else(|| wide_number(place, word)));
            }
            NodeKind::Bad | NodeKind::BadTail => {
                for (at, sign) in tree.text(leaf, text).char_indices() {
                    if let Some((kind, ascii)) = ascii_form(sign) {
                        let start = node.start + at as u32;
                        push(&mut found, text, start..start + sign.len_utf8() as u32, kind, ascii);
                    }
                }
            }
            _ => {}
        }
    }
    found.sort_by_key(|found| found.range.start);
    found
}

/// Adds a sign, joining it with its neighbour and a closing quote with its opening one.
fn push(found: &mut Vec<LookAlike>, text: &str, range: Range, kind: LookAlikeKind, ascii: &str) {
    let edit = (range.clone(), ascii.to_owned());
    if let Some(last) = found.last_mut() {
        let joins = match kind {
            LookAlikeKind::Quotes => {
                let between = text.get(last.range.end as usize..range.start as usize);
                last.edits.len() == 1 && between.is_some_and(|between| !between.contains(['\n', '\r']))
            }
            LookAlikeKind::Blank | LookAlikeKind::Sign | LookAlikeKind::Direction => {
                last.range.end == range.start
            }
            LookAlikeKind::Word => false,
        };
        if joins && last.kind == kind && last.range.end <= range.start {
            last.range.end = range.end;
            last.edits.push(edit);
            return;
        }
    }
    found.push(LookAlike { range, kind, edits: vec![edit] });
}

/// What a sign outside of text was probably meant to be.
fn ascii_form(sign: char) -> Option<(LookAlikeKind, &'static str)> {
    use LookAlikeKind::{Blank, Quotes, Sign};
    /// The signs that have full-width forms at U+FF01 and following, in that order.
    const FULL_WIDTH: &str =
        "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
    Some(match sign {
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => {
            (Blank, " ")
        }
        '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' => (Blank, ""),
        '“' | '”' | '„' | '‟' | '«' | '»' | '＂' | '″' | '「' | '」' => (Quotes, "\""),
        '‘' | '’' | '‚' | '‛' | '＇' | '′' => (Quotes, "'"),
        '´' | '｀' => (Quotes, "`"),
        '–' | '—' | '―' | '−' | '‐' | '‑' | '‒' => (Sign, "-"),
        '→' | '⇒' | '➔' => (Sign, "->"),
        '、' => (Sign, ","),
        '。' => (Sign, "."),
        '\u{FF01}'..='\u{FF5E}' => {
            let at = (u32::from(sign) - 0xFF01) as usize;
            (Sign, FULL_WIDTH.get(at..=at)?)
        }
        _ => return None,
    })
}

/// Bidirectional controls: they can make a line read as something else than it says.
/// Source: Unicode Technical Standard 55, "Unicode Source Code Handling".
fn turns_direction(sign: char) -> bool {
    matches!(sign, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A number in the wide digits of East Asian keyboards, with its unit: `５０ms`.
fn wide_number(range: Range, word: &str) -> Option<LookAlike> {
    let is_wide = |sign: char| matches!(sign, '０'..='９');
    let is_number = word.starts_with(is_wide) && word.chars().all(|sign| is_wide(sign) || sign.is_ascii());
    let plain =
        || word.chars().map(|sign| ascii_form(sign).map_or(sign.to_string(), |(_, plain)| plain.to_owned()));
    is_number.then(|| LookAlike {
        edits: vec![(range.clone(), plain().collect())],
        range,
        kind: LookAlikeKind::Sign,
    })
}

/// A word that mixes Latin letters with Cyrillic or Greek ones.
fn mixed_word(range: Range, word: &str) -> Option<LookAlike> {
    let latin = |c: char| c.is_ascii_alphabetic() || matches!(c, '\u{C0}'..='\u{24F}');
    let foreign = |c: char| {
        matches!(c, '\u{370}'..='\u{52F}' | '\u{1C80}'..='\u{1C8F}' | '\u{1F00}'..='\u{1FFF}'
            | '\u{2DE0}'..='\u{2DFF}' | '\u{A640}'..='\u{A69F}')
    };
    if !(word.chars().any(latin) && word.chars().any(foreign)) {
        return None;
    }
    let meant: String =
        word.chars()
            .map(|c| {
                if c.is_ascii() {
                    c.to_string()
                } else {
                    unicode_security::skeleton(&c.to_string()).collect()
                }
            })
            .collect();
    let edits = if meant.is_ascii() { vec![(range.clone(), meant)] } else { Vec::new() };
    Some(LookAlike { range, kind: LookAlikeKind::Word, edits })
}
