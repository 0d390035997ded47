//! Where a file may hold a secret in plain text: what neither drawings of the file nor words about it may show.
//!
//! Guarantees: nothing but references (`env NAME`, `file "PATH"`) is left visible behind the word of a secret, and no
//! password inside an address, however broken the file is: lines are looked at, not the tree, for findings about what no
//! tree understands are drawn as well. Limits: a secret where none is wanted, such as in a topic's name, is not known as one.

use super::closest;
use crate::diagnostic::Diagnostic;
use crate::text::{FileId, FileSet, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Words that begin a statement with a secret, in our language and in what people write instead.
const WORDS: [&str; 6] = ["password", "passwd", "passphrase", "pass", "pwd", "secret"];

/// All places of `files` that may hold a secret, in order.
pub fn secret_places(files: &FileSet) -> Vec<Span> {
    let mut places = Vec::new();
    for file in files.ids() {
        let mut start = 0;
        for line in files.text(file).split_inclusive(['\n', '\r']) {
            let place =
                |found: Range<usize>| Span::new(file, start + found.start as u32, start + found.end as u32);
            places.extend(in_line(line.trim_end_matches(['\n', '\r'])).into_iter().map(place));
            start += line.len() as u32;
        }
    }
    places
}

/// Takes what lies in secret places out of the words of `findings`, and leaves out repairs that would write it again.
pub fn withhold(findings: &mut [Diagnostic], files: &FileSet) {
    if findings.is_empty() {
        return;
    }
    let line_of = |file: FileId, offset| (file, files.line_col(file, offset).line);
    let mut places: BTreeMap<(FileId, u32), Vec<Span>> = BTreeMap::new();
    for place in secret_places(files) {
        places.entry(line_of(place.file, place.start)).or_default().push(place);
    }
    if places.is_empty() {
        return;
    }
    for finding in findings {
        let here = finding.primary.iter().chain(&finding.labels).map(|label| label.span);
        let spans = here.chain(finding.related.iter().map(|related| related.span));
        // Findings quote words, not lines: where one spans many, the words are at its ends.
        let lines: BTreeSet<_> =
            spans.flat_map(|span| [line_of(span.file, span.start), line_of(span.file, span.end)]).collect();
        for place in lines.iter().filter_map(|line| places.get(line)).flatten() {
            let written = files.slice(*place);
            // What a finding quotes may be cut elsewhere than we did.
            let core = written.trim_matches(|sign: char| !sign.is_alphanumeric());
            for secret in [written, core].into_iter().filter(|secret| !secret.is_empty()) {
                withhold_one(finding, secret);
            }
        }
    }
}

fn withhold_one(finding: &mut Diagnostic, secret: &str) {
    finding.fixes.retain(|fix| fix.edits.iter().all(|edit| without(&edit.text, secret).is_none()));
    let labels = finding.primary.iter_mut().chain(&mut finding.labels).map(|label| &mut label.text);
    let related = finding.related.iter_mut().map(|related| &mut related.message);
    let titles = finding.fixes.iter_mut().map(|fix| &mut fix.title);
    let texts = std::iter::once(&mut finding.message).chain(&mut finding.help);
    for text in texts.chain(labels).chain(related).chain(titles) {
        if let Some(clean) = without(text, secret) {
            *text = clean;
        }
    }
}

/// The text with stars for the secret, where it stands for itself; none when it is nowhere.
fn without(text: &str, secret: &str) -> Option<String> {
    let in_word = |sign: Option<char>| sign.is_some_and(char::is_alphanumeric);
    let mut clean = String::new();
    let mut kept = 0;
    for (at, _) in text.match_indices(secret) {
        let end = at + secret.len();
        let is_part = |outside: Option<char>, inside: Option<char>| in_word(outside) && in_word(inside);
        if is_part(text[..at].chars().next_back(), secret.chars().next())
            || is_part(text[end..].chars().next(), secret.chars().next_back())
        {
            continue;
        }
        clean += &text[kept..at];
        clean += "***";
        kept = end;
    }
    (kept > 0).then(|| clean + &text[kept..])
}

/// The same in one line, as byte ranges.
fn in_line(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let pieces = pieces(line);
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        let before = at.checked_sub(1).map(|before| pieces[before].text(line));
        let opens =
            at == 0 || before.is_some_and(|text| matches!(text, "{" | "}" | ";" | "#" | "##" | "//" | "--"));
        at += 1;
        if begins_secret(piece, line, opens, before) {
            at = behind_word(line, &pieces, at, &mut found);
        } else {
            found.extend(
                in_address(&line[piece.inner.clone()])
                    .map(|range| piece.inner.start + range.start..piece.inner.start + range.end),
            );
        }
    }
    found
}

fn begins_secret(piece: &Piece, line: &str, opens: bool, before: Option<&str>) -> bool {
    let word = line[piece.inner.clone()].trim_end_matches([':', '=', ',']);
    if opens {
        return closest(word, WORDS).is_some();
    }
    !piece.quoted && word == "salt" && before.is_some_and(|before| before.starts_with("sha"))
}

/// Goes on behind the word of a secret up to the end of its statement. Returns the next piece to look at.
fn behind_word(line: &str, pieces: &[Piece], mut at: usize, found: &mut Vec<Range<usize>>) -> usize {
    let first = at;
    // What follows a complete reference may be a note; the first thing behind the word may not.
    let mut complete = false;
    while let Some(piece) = pieces.get(at) {
        let next = pieces.get(at + 1);
        match piece.text(line) {
            "{" | "}" | ";" if at > first => break,
            "#" | "##" | "//" | "--" if complete => break,
            "{" | "=" | ":" | "," | ";" | "else" | "from" => {}
            "env" if next.is_some() => {
                complete = true;
                at += 1;
            }
            "file" if next.is_some_and(|next| next.quoted) => {
                complete = true;
                at += 1;
            }
            _ => {
                complete |= piece.quoted;
                found.push(piece.inner.clone());
            }
        }
        at += 1;
    }
    at
}

/// The password in `user:password@host`, with a scheme before it or without, or in `?password=…`.
fn in_address(text: &str) -> Option<Range<usize>> {
    let start = text.find("://").map_or(0, |scheme| scheme + 3);
    if let Some(at) = text.rfind('@').filter(|&at| at > start)
        && let Some(colon) = text[start..at].find(':')
    {
        return Some(start + colon + 1..at);
    }
    let name = text.to_ascii_lowercase();
    let value = WORDS.iter().find_map(|word| name.find(&format!("{word}=")).map(|at| at + word.len() + 1))?;
    let end = text[value..].find(['&', ';', ',']).map_or(text.len(), |end| value + end);
    Some(value..end)
}

/// A word, a text in quotes, or a sign between them.
struct Piece {
    /// All of it.
    outer: Range<usize>,
    /// Without quotes.
    inner: Range<usize>,
    quoted: bool,
}

impl Piece {
    fn text<'l>(&self, line: &'l str) -> &'l str {
        &line[self.outer.clone()]
    }
}

fn pieces(line: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(sign) = line[at..].chars().next() {
        let rest = &line[at..];
        if sign.is_whitespace() {
            at += sign.len_utf8();
        } else if is_quote(sign) {
            let piece = quoted(line, at, sign);
            at = piece.outer.end;
            pieces.push(piece);
        } else {
            let length = match sign {
                '{' | '}' | ';' | ',' | '=' => 1,
                '#' | '/' | '-' if sign == '#' || rest.starts_with("//") || rest.starts_with("--") => {
                    rest.find(|other| other != sign).unwrap_or(rest.len())
                }
                // A brace or a quote inside of a bare word may be part of a secret.
                _ => rest.find(|sign: char| sign.is_whitespace() || is_quote(sign)).unwrap_or(rest.len()),
            };
            let range = at..at + length;
            pieces.push(Piece { outer: range.clone(), inner: range, quoted: false });
            at += length;
        }
    }
    pieces
}

/// A text in quotes; one that does not end goes on to the end of the line.
fn quoted(line: &str, start: usize, quote: char) -> Piece {
    let inner = start + quote.len_utf8();
    let mut escaped = false;
    for (offset, sign) in line[inner..].char_indices() {
        let ends = !escaped && (sign == quote || (quote != '"' && quote != '\'' && is_quote(sign)));
        if ends {
            let end = inner + offset;
            return Piece { outer: start..end + sign.len_utf8(), inner: inner..end, quoted: true };
        }
        escaped = sign == '\\' && !escaped;
    }
    Piece { outer: start..line.len(), inner: inner..line.len(), quoted: true }
}

fn is_quote(sign: char) -> bool {
    matches!(sign, '"' | '\'' | '`' | '\u{AB}' | '\u{BB}' | '\u{2018}'..='\u{201F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(line: &str) -> String {
        let mut bytes = line.as_bytes().to_vec();
        in_line(line).into_iter().for_each(|range| bytes[range].fill(b'*'));
        String::from_utf8(bytes).expect("whole signs are masked")
    }

    #[test]
    fn what_is_shown_of_a_line() {
        for (line, shown) in [
            ("  password env DB_PASSWORD  # rotated weekly", "  password env DB_PASSWORD  # rotated weekly"),
            ("  password file \"/run/p\" }", "  password file \"/run/p\" }"),
            ("  password \"hunter2\" # old", "  password \"*******\" # old"),
            ("  password hunter2", "  password *******"),
            ("  password \"hunter2", "  password \"*******"),
            ("  password “hunter 2”", "  password “********”"),
            ("  password 'a\\' b' c", "  password '*****' *"),
            ("  password #hunter2", "  password ********"),
            ("  password {hunter2}", "  password {********"),
            ("  password env X else \"hunter2\"", "  password env X else \"*******\""),
            ("  password env X \"hunter2\"", "  password env X \"*******\""),
            ("  password: 'hunter2',", "  password: '*******',"),
            ("  pasword = hunter2", "  pasword = *******"),
            ("  \"password\": \"hunter2\"", "  \"password\": \"*******\""),
            ("# password \"hunter2\"", "# password \"*******\""),
            (
                "source a mysql \"x\" { password \"hunter2\" }",
                "source a mysql \"x\" { password \"*******\" }",
            ),
            ("source a mysql \"u:hunter2@db1\" {", "source a mysql \"u:*******@db1\" {"),
            ("source a mysql u:hunter2@db1", "source a mysql u:*******@db1"),
            ("  address env A else \"mysql://u:h@2@db1:1\"", "  address env A else \"mysql://u:***@db1:1\""),
            ("  address \"jdbc:db1?password=hunter2&a=b\"", "  address \"jdbc:db1?password=*******&a=b\""),
            ("  mask email with sha256 salt \"hunter2\"", "  mask email with sha256 salt \"*******\""),
            ("  columns except password, salt", "  columns except password, salt"),
            ("  include shop.*", "  include shop.*"),
            ("target bus kafka \"kafka1:9092\"", "target bus kafka \"kafka1:9092\""),
        ] {
            assert_eq!(masked(line), shown, "{line}");
        }
    }
}
