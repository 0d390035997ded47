//! Where a file may hold a secret in plain text: what neither drawings of the file nor words about it may show.
//!
//! Guarantees: nothing but references (`env NAME`, `file "PATH"`) is left visible behind the word of a secret, and no
//! password inside an address, no private key and no text that looks like a token, however broken the file is: lines are
//! looked at, not the tree, for findings about what no tree understands are drawn as well. Limits: a secret where none is
//! wanted, such as in a topic's name, is not known as one unless it looks like one.

use super::{STATEMENTS, closest};
use crate::diagnostic::Diagnostic;
use crate::text::{FileId, FileSet, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Words that begin a statement with a secret, in our language and in what people write instead.
const WORDS: [&str; 6] = ["password", "passwd", "passphrase", "pass", "pwd", "secret"];

/// What the last line of a key begins with.
const KEY_END: &str = "-----END ";

/// Shortest text that may be taken for a key or a token.
const TOKEN_MIN: usize = 32;

/// Bits a sign of a token has on average; words and names have less, whatever language they are of.
const TOKEN_BITS: f64 = 4.2;

/// The same of hexadecimal digits: more than a row of one or two of them.
const DIGEST_BITS: f64 = 1.5;

/// All places of `files` that may hold a secret, in order.
pub fn secret_places(files: &FileSet) -> Vec<Span> {
    files.ids().flat_map(|file| places_in(file, files.text(file), |_| true)).collect()
}

/// The places of one file, in those of its lines that are wanted.
fn places_in(file: FileId, text: &str, is_wanted: impl Fn(Range<u32>) -> bool) -> Vec<Span> {
    let mut places = Vec::new();
    let mut start = 0;
    let mut in_key = false;
    let has_key = holds_private_key(text);
    for line in text.split_inclusive(['\n', '\r']) {
        let place =
            |found: Range<usize>| Span::new(file, start + found.start as u32, start + found.end as u32);
        let written = line.trim_end_matches(['\n', '\r']);
        // The first and the last line of a key are the same for all.
        let ends = in_key && written.contains(KEY_END);
        if is_wanted(start..start + line.len() as u32) {
            match in_key && !ends && !written.is_empty() {
                true => places.push(place(0..written.len())),
                false => places.extend(in_line(written).into_iter().map(place)),
            }
        }
        let begins = || has_key && holds_private_key(written) && !written.contains(KEY_END);
        in_key = !ends && (in_key || begins());
        start += line.len() as u32;
    }
    places
}

/// Takes what lies in secret places out of the words of `findings`, and leaves out repairs that would write it again.
pub fn withhold(findings: &mut [Diagnostic], files: &FileSet) {
    let line_of = |file: FileId, offset| (file, files.line(file, offset));
    // Findings quote words, not lines: where one spans many, the words are at its ends.
    let lines_of = |finding: &Diagnostic| -> BTreeSet<(FileId, u32)> {
        spans(finding)
            .flat_map(|span| [line_of(span.file, span.start), line_of(span.file, span.end)])
            .collect()
    };
    let mut drawn: BTreeMap<FileId, BTreeSet<u32>> = BTreeMap::new();
    for (file, line) in findings.iter().flat_map(lines_of) {
        drawn.entry(file).or_default().insert(line);
    }
    let mut places: BTreeMap<(FileId, u32), Vec<Span>> = BTreeMap::new();
    for (file, lines) in drawn {
        let lines: Vec<Span> = lines.into_iter().map(|line| files.line_span(file, line)).collect();
        let is_drawn = |place: Range<u32>| {
            let next = lines.partition_point(|line| line.end < place.start);
            lines.get(next).is_some_and(|line| line.start < place.end)
        };
        for place in places_in(file, files.text(file), is_drawn) {
            places.entry(line_of(place.file, place.start)).or_default().push(place);
        }
    }
    if places.is_empty() {
        return;
    }
    for finding in findings {
        for place in lines_of(finding).iter().filter_map(|line| places.get(line)).flatten() {
            let written = files.slice(*place);
            // What a finding quotes may be cut elsewhere than we did.
            let core = written.trim_matches(|sign: char| !sign.is_alphanumeric());
            for secret in [written, core].into_iter().filter(|secret| !secret.is_empty()) {
                withhold_one(finding, secret);
            }
        }
    }
}

/// Everything that is drawn of a finding.
fn spans(finding: &Diagnostic) -> impl Iterator<Item = Span> + '_ {
    let here = finding.primary.iter().chain(&finding.labels).map(|label| label.span);
    here.chain(finding.related.iter().map(|related| related.span))
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
            let inner = &line[piece.inner.clone()];
            let shift = |range: Range<usize>| piece.inner.start + range.start..piece.inner.start + range.end;
            match in_address(inner) {
                Some(password) => found.push(shift(password)),
                None if piece.quoted && holds_private_key(inner) => found.push(piece.inner.clone()),
                None if piece.quoted => found.extend(token(inner).map(shift)),
                None => {}
            }
        }
    }
    found
}

fn begins_secret(piece: &Piece, line: &str, opens: bool, before: Option<&str>) -> bool {
    let word = line[piece.inner.clone()].trim_end_matches([':', '=', ',']);
    if opens {
        // `database.password`, `sasl.jaas.password`
        let last = word.rsplit('.').next().unwrap_or(word);
        // A statement that is something else is no misspelt one: `paused` is no `passwd`.
        let is_other = !WORDS.contains(&word) && STATEMENTS.iter().any(|spec| spec.word == word);
        return !is_other && closest(word, WORDS).or_else(|| closest(last, WORDS)).is_some();
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
            // A second brace is that of a template.
            "{" if at == first + 1 && pieces[first].text(line) == "{" => {}
            "{" | "}" | ";" if at > first => break,
            "#" | "##" | "//" | "--" if complete => break,
            "{" | "=" | ":" | "," | ";" | "else" | "from" => {}
            // The name that follows is looked at where it has signs around it.
            "env" if next.is_some_and(|next| variable_with_signs(next.text(line)).is_some()) => {}
            "env" if next.is_some() => {
                complete = true;
                at += 1;
            }
            "file" if next.is_some_and(|next| next.quoted || next.text(line).starts_with('/')) => {
                complete = true;
                at += 1;
            }
            // `env("NAME")`, as a function is called.
            "env(" if next.is_some() => {
                complete = true;
                at += 1;
            }
            ")" if complete => {}
            text if text.starts_with("env(") => complete = true,
            // `{{ NAME }}`, as templates have it.
            _ if is_braced(line, piece) => complete = true,
            text if named_variable(text).or_else(|| variable_with_signs(text)).is_some() => complete = true,
            // A reference without its name, and a word of the language behind one.
            "env" | "file" => {}
            text if complete && STATEMENTS.iter().any(|spec| spec.word == text) => {}
            _ => {
                complete |= piece.quoted;
                found.push(piece.inner.clone());
            }
        }
        at += 1;
    }
    at
}

/// True for the name of a variable between two pairs of braces.
fn is_braced(line: &str, piece: &Piece) -> bool {
    let name = piece.text(line);
    let is_sign = |sign: u8| sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == b'_';
    let (before, behind) = (&line[..piece.inner.start], &line[piece.inner.end..]);
    !name.is_empty()
        && name.bytes().all(is_sign)
        && before.trim_end().ends_with("{{")
        && behind.trim_start().starts_with("}}")
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

/// The variable that a text names as a shell or another tool would, in the place of a secret: `"${X}"`, `$SHOP_PASSWORD`, or
/// a word without quotes that says what it is, `SHOP_PASSWORD`. Whatever may itself be a secret names none.
pub fn named_variable(written: &str) -> Option<&str> {
    let inner = written.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(written);
    let is_quoted = inner.len() < written.len();
    let is_loud = |name: &str| {
        let is_sign = |sign: u8| sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == b'_';
        name.contains('_')
            && name.starts_with(|sign: char| sign.is_ascii_uppercase())
            && name.bytes().all(is_sign)
    };
    if let Some(name) = inner.strip_prefix("${") {
        let name = name.strip_suffix('}')?;
        let is_sign = |sign: u8| sign.is_ascii_alphanumeric() || sign == b'_';
        let is_name = name.starts_with(|sign: char| sign.is_ascii_alphabetic()) && name.bytes().all(is_sign);
        return is_name.then_some(name);
    }
    match inner.strip_prefix('$') {
        Some(name) => is_loud(name).then_some(name),
        None => (!is_quoted && is_loud(inner) && NAMES_END.iter().any(|end| inner.ends_with(end)))
            .then_some(inner),
    }
}

/// The variable that a text names with the signs of other tools: `env:SHOP_PASSWORD`, `%SHOP_PASSWORD%`.
pub fn variable_with_signs(written: &str) -> Option<&str> {
    let between = || written.strip_prefix('%')?.strip_suffix('%');
    let name = written.strip_prefix("env:").or_else(between)?;
    let is_sign = |sign: u8| sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == b'_';
    (name.starts_with(|sign: char| sign.is_ascii_uppercase()) && name.bytes().all(is_sign)).then_some(name)
}

/// What names of variables that hold secrets end with.
const NAMES_END: [&str; 7] = ["_PASSWORD", "_PASSWD", "_PASS", "_PWD", "_SECRET", "_TOKEN", "_SALT"];

/// True for a text with `scheme://user:password@` in it.
pub fn holds_login(text: &str) -> bool {
    text.match_indices("://").any(|(at, scheme)| {
        let authority = &text[at + scheme.len()..];
        let ends = |sign: char| sign.is_whitespace() || matches!(sign, '/' | '?' | '#' | '"' | '\'');
        let authority = &authority[..authority.find(ends).unwrap_or(authority.len())];
        authority
            .rsplit_once('@')
            .and_then(|(login, _)| login.split_once(':'))
            .is_some_and(|(_, it)| !it.is_empty())
    })
}

/// True for a text that holds a private key, or the line that one begins with.
pub fn holds_private_key(text: &str) -> bool {
    text.find("-----BEGIN ").is_some_and(|at| text[at..].contains("PRIVATE KEY-----"))
}

/// True for a text with a part that looks like a key or a token: 32 or more hexadecimal digits, or 32 or more of
/// `A–Z a–z 0–9 + / = _ -` that are as good as drawn by lot.
pub fn looks_secret(text: &str) -> bool {
    token(text).is_some()
}

/// The first such part.
fn token(text: &str) -> Option<Range<usize>> {
    let runs = |is_part: fn(u8) -> bool| {
        let bytes = text.as_bytes();
        let starts =
            (0..bytes.len()).filter(move |&at| is_part(bytes[at]) && (at == 0 || !is_part(bytes[at - 1])));
        starts
            .map(move |start| start..start + bytes[start..].iter().take_while(|byte| is_part(**byte)).count())
            .filter(|run| run.len() >= TOKEN_MIN)
    };
    let bits = |run: &Range<usize>| bits_per_sign(&text.as_bytes()[run.clone()]);
    let digits = runs(|byte| byte.is_ascii_hexdigit()).find(|run| bits(run) > DIGEST_BITS);
    let is_random = |run: &Range<usize>| bits(run) > TOKEN_BITS;
    digits.or_else(|| runs(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte)).find(is_random))
}

/// Shannon's entropy of the signs, bits each.
fn bits_per_sign(signs: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &sign in signs {
        counts[usize::from(sign)] += 1;
    }
    let share = |&count: &u32| f64::from(count) / signs.len() as f64;
    counts.iter().filter(|&&count| count > 0).map(share).map(|share| -share * share.log2()).sum()
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
    fn references_of_other_tools_are_none() {
        for line in ["password env(SHOP_PW)", "password env(\"SHOP_PW\")", "password {{ SHOP_PW }}"] {
            assert_eq!(masked(line), line);
        }
        assert_eq!(masked("password {{ swordfish }}"), "password {{ ********* }}");
    }

    #[test]
    fn what_names_a_variable() {
        for (written, name) in [
            ("\"${shop_pw}\"", Some("shop_pw")),
            ("$SHOP_PW", Some("SHOP_PW")),
            ("SHOP_PASSWORD", Some("SHOP_PASSWORD")),
            // These may be what is to be hidden.
            ("\"SHOP_PASSWORD\"", None),
            ("$ecret", None),
            ("HUNTER_2", None),
            ("\"${hunter-2}\"", None),
        ] {
            assert_eq!(named_variable(written), name, "{written}");
        }
    }

    #[test]
    fn what_looks_like_a_token() {
        for (text, found) in [
            ("d41d8cd98f00b204e9800998ecf8427e", true),
            ("D41D8CD98F00B204E9800998ECF8427E", true),
            ("d41d8cd98f00b204e9800998ecf8427", false),
            ("00000000000000000000000000000000", false),
            ("prefix-d41d8cd98f00b204e9800998ecf8427e-suffix", true),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", true),
            ("xoxb-2837465019-9Kd83hJq02LmXzVbTyUi", true),
            // names, paths, sets of transactions and dates
            ("commerce-orders-production-replicated-stream-eu", false),
            ("/etc/ssl/certs/internal-certificate-authority", false),
            ("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77", false),
            ("gggggggghhhhhhhhiiiiiiiijjjjjjjjkkkkkkkk_x", false),
            ("the customer's own words, as they were spoken in the year 2026", false),
        ] {
            assert_eq!(looks_secret(text), found, "{text}");
        }
    }

    #[test]
    fn all_lines_of_a_key_are_hidden() {
        let mut files = FileSet::new();
        let text =
            "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\ndef=\n-----END RSA PRIVATE KEY-----\nedition 2026\n";
        let file = files.add("a.sync", text);
        let hidden: Vec<&str> = secret_places(&files).into_iter().map(|place| files.slice(place)).collect();
        assert_eq!(hidden, ["MIIabc", "def="]);
        assert_eq!(files.text(file), text);
    }

    #[test]
    fn what_is_shown_of_a_line() {
        for (line, shown) in [
            ("  password env DB_PASSWORD  # rotated weekly", "  password env DB_PASSWORD  # rotated weekly"),
            ("  password file \"/run/p\" }", "  password file \"/run/p\" }"),
            ("  password \"hunter2\" # old", "  password \"*******\" # old"),
            ("  password hunter2", "  password *******"),
            ("  paused true", "  paused true"),
            ("  database.password \"hunter2\"", "  database.password \"*******\""),
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
            (
                "  topic \"d41d8cd98f00b204e9800998ecf8427e.x\"",
                "  topic \"********************************.x\"",
            ),
            (
                "  label key \"-----BEGIN EC PRIVATE KEY-----\"",
                "  label key \"******************************\"",
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
