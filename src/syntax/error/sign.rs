//! Signs that are not closed, start nothing, or lack what follows them.

use super::Finder;
use crate::diagnostic::{Diagnostic, Fix, Safety, TextEdit};
use crate::syntax::codes::{S0001, S0004, S0015};
use crate::syntax::damage::{line_end, line_start, text_begin, word_before};
use crate::syntax::{NodeId, NodeKind};
use crate::text::Span;

/// Signs at which a word ends.
const WORD_ENDS: &[char] = &[' ', '\t', '\r', '\n', ',', '{', '}', '(', ')', '#', '"', '\'', '`'];

/// Words behind which a `/` begins no regular expression.
const PATH_WORDS: [&str; 7] = ["file", "ca", "cert", "use", "schema", "time-zone", "registry"];

/// Most places that are offered for the backtick that begins a name.
const OPENED_MAX: usize = 3;

/// Longest word without quotes that is taken for one text, in bytes before and behind a sign.
const WORD_MAX: usize = 256;

impl Finder<'_> {
    /// S0001: the first open quote, backtick or `/`, which swallowed what follows; else the first open parenthesis.
    pub(super) fn open_signs(&self, head: impl Iterator<Item = NodeId>, found: &mut Vec<Diagnostic>) {
        let mut quote = None;
        let mut parens = Vec::new();
        for id in head {
            let start = self.tree.node(id).start;
            match self.tree.kind(id) {
                NodeKind::String | NodeKind::SqlString if self.lacks_end(id) => {
                    quote.get_or_insert(start);
                }
                NodeKind::Bad | NodeKind::BadTail
                    if opens_quote(self.tree.text(id, self.text)) && self.unquoted(start).is_none() =>
                {
                    quote.get_or_insert(start);
                }
                NodeKind::Group | NodeKind::WhereGroup if self.lacks_end(id) && !self.closed_in_tail(id) => {
                    parens.push(id);
                }
                _ => {}
            }
        }
        if let Some(at) = quote {
            found.push(self.open_quote(at, parens.len()));
        } else if let Some(&first) = parens.first() {
            let start = self.tree.node(first).start;
            let behind = &self.text[start as usize..line_end(self.text, start) as usize];
            let end = self.tree.node(first).end;
            let insert = start + self.slice(start, end).trim_end().len() as u32;
            let insert = Span::new(self.tree.file(), insert, insert);
            let finding = Diagnostic::error(S0001, self.sign(start), "`(` is not closed")
                .label("opened here")
                .help("write `)` on the same line");
            found.push(if behind.contains(['{', '#']) {
                finding
            } else {
                finding.fix(Fix::machine("close it", insert, ")".repeat(parens.len())))
            });
        }
    }

    /// S0001 for a quote, backtick or `/` at `at`, inside of `n_parens` open parentheses.
    pub(super) fn open_quote(&self, at: u32, n_parens: usize) -> Diagnostic {
        let end = line_end(self.text, at);
        let line = self.slice(at, end);
        let sign = line.chars().next().unwrap_or('"');
        if sign == '`' && self.ends_name(at) {
            return self.name_unopened(at);
        }
        let (what, help) = match sign {
            '`' => ("backtick", "a name in backticks ends on its line; a backtick inside is doubled"),
            '/' => (
                "`/`",
                "a regular expression ends with `/` on its line; a path or an address stands in double quotes",
            ),
            '\'' => ("single quote", "a text ends on its line; a single quote inside is doubled"),
            _ => ("double quote", "a text ends on its line; a double quote inside is written `\\\"`"),
        };
        let finding = Diagnostic::error(S0001, self.sign(at), format!("the {what} is not closed"))
            .label("opened here")
            .help(help);
        // A block behind it is none of the text.
        let text = line.trim_end();
        let text = text.strip_suffix('{').filter(|text| text.ends_with([' ', '\t'])).unwrap_or(text);
        let inner = text[1..].trim();
        let is_template = sign == '"' && balances(inner);
        let unclear = inner.contains('#')
            || (inner.contains(['{', '}']) && !is_template)
            // The closing sign would be an escaped one.
            || inner.ends_with('\\')
            || (sign == '/' && (inner.contains(['/', '\\']) || !self.begins_segment(at)));
        if inner.is_empty() && sign == '"' {
            return self.text_unopened(at, finding);
        }
        if sign == '`' && !inner.contains(char::is_alphanumeric) && !inner.is_empty() {
            // A name in backticks is no pattern.
            return finding.fix(Fix::choice("remove it", self.sign(at), ""));
        }
        if unclear || inner.is_empty() {
            return finding;
        }
        let insert = at + text.trim_end().len() as u32;
        let title = if text.len() < line.trim_end().len() {
            "close it before the block"
        } else {
            "close it at the line end"
        };
        let insert = Span::new(self.tree.file(), insert, insert);
        let close = format!("{sign}{}", ")".repeat(n_parens));
        let before = self.slice(line_start(self.text, at), at);
        let in_condition = sign == '\'' || before.trim_start().starts_with("where ");
        finding.fix(match in_condition && goes_on(inner) {
            true => Fix::choice(title, insert, close),
            false => Fix::machine(title, insert, close),
        })
    }

    /// S0001 for a double quote with nothing behind it: where it touches a word, it ends a text that none begins.
    fn text_unopened(&self, at: u32, finding: Diagnostic) -> Diagnostic {
        let word = word_before(self.text, at);
        if word.is_empty() || word.contains(['"', '`', '\'']) {
            return finding;
        }
        let open = text_begin(self.text, at);
        Diagnostic::error(S0001, self.sign(at), "the double quote opens nothing")
            .label("closed here")
            .help("a text begins and ends with a double quote")
            .fix(Fix::machine("open it", Span::new(self.tree.file(), open, open), "\""))
    }

    /// S0001 for a backtick that ends a name which none begins.
    fn name_unopened(&self, at: u32) -> Diagnostic {
        let finding = Diagnostic::error(S0001, self.sign(at), "the backtick opens nothing")
            .label("closed here")
            .help("a name in backticks begins and ends with one");
        let start = line_start(self.text, at);
        let before = self.slice(start, at);
        let open = |from: usize| Span::new(self.tree.file(), start + from as u32, start + from as u32);
        let from = before.rfind(|sign: char| !(sign.is_alphanumeric() || "_-$ \t".contains(sign)));
        // Behind a dot or a comma all of it is the name; else the words may be part of the statement.
        if let Some(from) = from.filter(|&from| before[from..].starts_with(['.', ','])) {
            let blanks = before[from + 1..].len() - before[from + 1..].trim_start().len();
            return finding.fix(Fix::machine("open it", open(from + 1 + blanks), "`"));
        }
        let words = before.char_indices().zip([' '].into_iter().chain(before.chars()));
        let begins = words.filter(|((_, sign), last)| !" \t".contains(*sign) && " \t".contains(*last));
        let begins: Vec<usize> = begins
            .map(|((at, _), _)| at)
            .skip(1)
            .filter(|&begin| from.is_none_or(|from| begin > from))
            .collect();
        let last = begins.len().saturating_sub(OPENED_MAX);
        begins[last..].iter().fold(finding, |finding, &begin| {
            let name = &before[begin..];
            finding.fix(Fix::choice(format!("write ``{name}``"), open(begin), "`"))
        })
    }

    /// True when a sign stands behind a letter, and before none.
    fn ends_name(&self, at: u32) -> bool {
        let is_part = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '$');
        let (before, behind) = (&self.text[..at as usize], &self.text[at as usize + 1..]);
        before.ends_with(is_part) && !behind.starts_with(is_part)
    }

    /// True when a name may begin here.
    fn begins_segment(&self, at: u32) -> bool {
        self.text[..at as usize].ends_with(['.', ' ', '\t', '\n', '\r', '(', ','])
    }

    fn lacks_end(&self, id: NodeId) -> bool {
        self.tree.children(id).any(|child| self.tree.kind(child) == NodeKind::Missing)
    }

    /// True when a parenthesis of a condition is only open because the part behind it was not understood.
    fn closed_in_tail(&self, group: NodeId) -> bool {
        let end = self.tree.node(group).end;
        self.tree.kind(group) == NodeKind::WhereGroup
            && self.slice(end, line_end(self.text, end)).contains(')')
    }

    fn sign(&self, at: u32) -> Span {
        let len = self.text[at as usize..].chars().next().map_or(0, char::len_utf8);
        Span::new(self.tree.file(), at, at + len as u32)
    }

    /// S0004: signs that start nothing.
    pub(super) fn foreign_signs(&self, head: impl Iterator<Item = NodeId>, found: &mut Vec<Diagnostic>) {
        let signs: Vec<NodeId> =
            head.filter(|&id| matches!(self.tree.kind(id), NodeKind::Bad | NodeKind::BadClose)).collect();
        let last_bracket = signs.iter().rfind(|&&id| self.tree.text(id, self.text) == "]").copied();
        let mut covered = 0;
        for (index, &id) in signs.iter().enumerate() {
            let node = self.tree.node(id);
            if node.start < covered {
                continue;
            }
            if let Some(word) = self.unquoted(node.start) {
                covered = word.end;
                found.push(self.needs_quotes(word));
                continue;
            }
            covered = node.end;
            for &next in &signs[index + 1..] {
                let next = self.tree.node(next);
                if next.start != covered || next.kind != node.kind {
                    break;
                }
                covered = next.end;
            }
            let span = Span::new(self.tree.file(), node.start, covered);
            if node.kind == NodeKind::BadClose {
                found.push(self.removable(span, "`)` closes nothing", "remove it, or open it with `(`"));
                continue;
            }
            let close = last_bracket.filter(|&close| close > id && self.tree.text(id, self.text) == "[");
            if let Some(close) = close {
                let close = self.tree.span(close);
                covered = close.end;
                found.push(self.list_brackets(span, close));
                continue;
            }
            found.push(self.foreign_sign(span));
        }
    }

    fn foreign_sign(&self, span: Span) -> Diagnostic {
        let shown = self.slice(span.start, span.end);
        let first = shown.chars().next().unwrap_or(' ');
        let message = if first.is_control() {
            format!("U+{:04X} has no meaning here", u32::from(first))
        } else {
            format!("`{shown}` has no meaning here")
        };
        let help = match first {
            ';' => "a statement ends with its line; no sign is needed",
            ':' => "no sign is needed between a word and its value",
            '%' => {
                return Diagnostic::error(S0004, span, message)
                    .help("the sign for \"anything\" is `*`")
                    .fix(Fix::machine("write `*`", span, "*"));
            }
            '[' if !self.text[..span.start as usize].ends_with(WORD_ENDS) => {
                return Diagnostic::error(S0004, span, "the bracket of a pattern is not closed")
                    .help("`[abc]`, `[a-z]`, `[00..63]` and `[n:00..63]` are what a pattern may hold");
            }
            '[' | ']' => "lists are written without brackets: `a, b`",
            '|' => {
                "several names have commas between them: `a, b`; a regular expression stands between `/` and `/`"
            }
            '\\' => "an escape stands inside double quotes only",
            '.' => return self.quoted_names(span, message),
            _ => "text with other signs stands in double quotes, a name with other signs in backticks",
        };
        self.removable(span, &message, help)
    }

    /// A dot that touches a text: names in double quotes, as SQL may write them.
    fn quoted_names(&self, dot: Span, message: String) -> Diagnostic {
        let finding = Diagnostic::error(S0004, dot, message)
            .help("a dot stands between names; a name stands in backticks, or in nothing: `shop.orders`");
        let inside = |text: &str| text.is_empty() || text.contains(['"', '`', '\\', '{', '}']);
        let (start, end) = (line_start(self.text, dot.start), line_end(self.text, dot.end));
        let before = self.slice(start, dot.start);
        let first = match before.strip_suffix('"') {
            Some(rest) => rest.rfind('"').map(|open| (start + open as u32, &rest[open + 1..])),
            None => before.rfind(WORD_ENDS).map(|gap| (start + gap as u32 + 1, &before[gap + 1..])),
        };
        let behind = self.slice(dot.end, end);
        let second = match behind.strip_prefix('"') {
            Some(rest) => rest.find('"').map(|close| (dot.end + close as u32 + 2, &rest[..close])),
            None => {
                let len = behind.find(WORD_ENDS).unwrap_or(behind.len());
                Some((dot.end + len as u32, &behind[..len]))
            }
        };
        let (Some((start, db)), Some((end, table))) = (first, second) else { return finding };
        if inside(db) || inside(table) || table.contains('.') {
            return finding;
        }
        let plain =
            |name: &str| name.chars().all(|sign| sign.is_alphanumeric() || sign == '_' || sign == '*');
        let name = |name: &str| if plain(name) { name.to_owned() } else { format!("`{name}`") };
        let written = format!("{}.{}", name(db), name(table));
        let span = Span::new(self.tree.file(), start, end);
        finding.fix(Fix::machine(format!("write {written}"), span, written))
    }

    /// A sign that can be taken away, unless that would join two words.
    fn removable(&self, span: Span, message: &str, help: &str) -> Diagnostic {
        let finding = Diagnostic::error(S0004, span, message).help(help);
        let word_before = !self.text[..span.start as usize].ends_with(WORD_ENDS) && span.start > 0;
        let behind = &self.text[span.end as usize..];
        let word_behind = !behind.starts_with(WORD_ENDS) && !behind.is_empty();
        if word_before && word_behind {
            return finding;
        }
        let quote_behind =
            behind.starts_with(['"', '\'', '`']) && !self.text[..span.start as usize].ends_with([' ', '\t']);
        finding.fix(Fix::machine("remove it", span, if quote_behind { " " } else { "" }))
    }

    fn list_brackets(&self, open: Span, close: Span) -> Diagnostic {
        let edit = |span| TextEdit { span, text: String::new() };
        Diagnostic::error(S0004, open.to(close), "lists have no brackets")
            .help("write the items with commas between them: `a, b`")
            .fix(Fix {
                title: "remove the brackets".to_owned(),
                safety: Safety::Machine,
                edits: vec![edit(open), edit(close)],
            })
    }

    /// The word around a sign when it holds a `:` between other signs, as addresses do.
    fn unquoted(&self, at: u32) -> Option<std::ops::Range<u32>> {
        let mut from = (at as usize).saturating_sub(WORD_MAX);
        let mut to = (at as usize + WORD_MAX).min(self.text.len());
        while !self.text.is_char_boundary(from) {
            from -= 1;
        }
        while !self.text.is_char_boundary(to) {
            to += 1;
        }
        let start = self.text[from..at as usize].rfind(WORD_ENDS).map_or(from, |found| from + found + 1);
        let end = self.text[at as usize..to].find(WORD_ENDS).map_or(to, |found| at as usize + found);
        let word = self.text[start..end].trim_end_matches([';', ':']);
        let range = start as u32..(start + word.len()) as u32;
        let before = self.text[..start].trim_end_matches([' ', '\t']);
        let before = &before[before.rfind(WORD_ENDS).map_or(0, |at| at + 1)..];
        let path = word.contains('/') && PATH_WORDS.contains(&before);
        let address = word.find(':').is_some_and(|colon| colon > 0);
        ((address || path) && !word.contains('\\') && range.contains(&at)).then_some(range)
    }

    fn needs_quotes(&self, word: std::ops::Range<u32>) -> Diagnostic {
        let shown = self.slice(word.start, word.end);
        let span = self.span(&word);
        if let Some((from, to)) = shown.split_once('-').filter(|(from, to)| is_clock(from) && is_clock(to)) {
            let written = format!("{from} to {to}");
            return Diagnostic::error(S0004, span, format!("`{shown}` is no span of time"))
                .help(format!("write `{written}`"))
                .fix(Fix::machine(format!("write `{written}`"), span, written));
        }
        if let Some((hour, minutes)) = shown.split_once(':')
            && hour.len() == 1
            && is_clock(&format!("0{shown}"))
        {
            let written = format!("0{hour}:{minutes}");
            return Diagnostic::error(S0004, span, format!("`{shown}` is no time of day"))
                .help("hours have two digits")
                .fix(Fix::machine(format!("write `{written}`"), span, written));
        }
        let start = line_start(self.text, word.start);
        let before = self.slice(start, word.start);
        if let Some(date) = before.trim_end().rsplit([' ', '\t']).next().filter(|date| is_date(date)) {
            let written = format!("{date}T{shown}Z");
            let begin = start + (date.as_ptr() as usize - before.as_ptr() as usize) as u32;
            let whole = Span::new(self.tree.file(), begin, word.end);
            return Diagnostic::error(S0004, whole, "a date and its time are one word")
                .help("`T` stands between them, and behind them `Z`, or how far the clock is ahead: `+02:00`")
                .fix(Fix::choice(format!("write `{written}`"), whole, written));
        }
        Diagnostic::error(S0004, span, format!("`{shown}` is text without quotes"))
            .help(format!("write `\"{shown}\"`"))
            .fix(Fix::machine("put it in quotes", span, format!("\"{shown}\"")))
    }

    /// A dot without a name behind it.
    pub(super) fn missing_names(&self, head: impl Iterator<Item = NodeId>, found: &mut Vec<Diagnostic>) {
        for id in head.filter(|&id| self.tree.kind(id) == NodeKind::Missing) {
            let parent = self.tree.node(id).parent;
            if matches!(self.tree.kind(parent), NodeKind::Path | NodeKind::WherePath) {
                let (start, end) = (self.tree.node(parent).start, self.tree.node(id).start);
                let dot = Span::new(self.tree.file(), end - 1, end);
                let message = format!("a name is missing behind `{}`", self.slice(start, end));
                found.push(Diagnostic::error(S0015, dot, message).label("name expected after the dot"));
                return;
            }
        }
    }
}

/// True for a time of day, `22:00`.
fn is_clock(text: &str) -> bool {
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|sign| sign.is_ascii_digit());
    text.split_once(':').is_some_and(|(hour, minute)| digits(hour) && digits(minute))
}

/// True for a day, `2026-09-01`.
fn is_date(text: &str) -> bool {
    let form: String = text.chars().map(|sign| if sign.is_ascii_digit() { '0' } else { sign }).collect();
    form == "0000-00-00"
}

/// True when every brace of a text has its partner, none inside of another.
fn balances(text: &str) -> bool {
    let mut is_open = false;
    text.chars().filter(|sign| matches!(sign, '{' | '}')).all(|sign| {
        let fits = is_open == (sign == '}');
        is_open = sign == '{';
        fits
    }) && !is_open
}

/// True for the inside of a text in a condition that may hold more of the condition: where the text was to end is not known.
fn goes_on(inner: &str) -> bool {
    const WORDS: [&str; 7] = ["and", "or", "is", "in", "not", "like", "between"];
    let mut words = inner.split(|sign: char| !sign.is_alphanumeric());
    inner.contains(['=', '<', '>', ','])
        || words.any(|word| WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// True when a text that was not understood begins with a backtick or `/` that is not closed in it.
pub(super) fn opens_quote(text: &str) -> bool {
    text.chars().next().is_some_and(|first| "`/".contains(first) && text.matches(first).count() % 2 == 1)
}
