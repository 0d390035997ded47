//! Conditions of `where` that end before they are complete: what stands at the place, and what MySQL would have there.

use super::Finder;
use super::sign::opens_quote;
use crate::diagnostic::{Diagnostic, Fix};
use crate::syntax::codes::{S0004, S0015};
use crate::syntax::damage::line_end;
use crate::syntax::{NodeId, NodeKind};
use crate::text::Span;

/// Operators that want an operand behind them, longest first.
const OPERATORS: &[&str] = &["<=>", "<>", "<=", ">=", "!=", "=", "<", ">"];
const WORD_OPERATORS: &[&str] = &["and", "or", "not", "like", "regexp", "in"];

/// Signs that are taken for an operator, and the one that is meant.
const MISSPELT: &[(&str, &str)] = &[("==", "="), ("=>", ">="), ("=<", "<="), ("><", "<>"), ("=!", "<>")];

/// Words of other dialects for what conditions have too.
const SYNONYMS: &[(&str, &str)] =
    &[("rlike", "regexp"), ("ilike", "like"), ("isnull", "is null"), ("notnull", "is not null")];

/// Words of SQL that a condition does not have, and what to do instead.
const ABSENT: &[(&str, &str)] = &[
    ("xor", "write it out: `(a or b) and not (a and b)`"),
    ("div", "a condition does not calculate"),
    ("mod", "a condition does not calculate"),
    ("interval", "a condition does not calculate"),
    ("escape", "the sign that takes the next one as such is always `\\`"),
    ("collate", "a column is compared by its own collation"),
    ("sounds", "compare with `like` or `regexp`"),
    ("member", "compare with `=` or `in`"),
];

/// Words before a text or column that make it something else to the server.
const PREFIXES: &[(&str, &str)] = &[
    ("date", "write the text alone: it is compared as what the column is"),
    ("time", "write the text alone: it is compared as what the column is"),
    ("timestamp", "write the text alone: it is compared as what the column is"),
    ("binary", "a column is compared by its own collation"),
    ("x", "literals are numbers and texts"),
    ("b", "literals are numbers and texts"),
    ("case", "write it with `and`, `or` and `not`"),
];

/// Functions for which the language has another form.
const FUNCTIONS: &[(&str, &str)] = &[
    ("isnull", "write `column is null`"),
    ("ifnull", "write `column is null or …`"),
    ("coalesce", "write `column is null or …`"),
    ("lower", "whether case counts is up to the column's collation"),
    ("upper", "whether case counts is up to the column's collation"),
    ("now", "write a time, such as '2026-09-01 10:00:00': a row is asked once, when it is sent"),
    ("curdate", "write a date, such as '2026-09-01': a row is asked once, when it is sent"),
    ("year", "write `created_at >= '2026-01-01'`"),
    ("date", "write `created_at >= '2026-09-01' and created_at < '2026-09-02'`"),
    ("regexp_like", "write `column regexp '…'`"),
];

impl Finder<'_> {
    pub(super) fn condition(&self, head: impl Iterator<Item = NodeId>, found: &mut Vec<Diagnostic>) {
        for id in head {
            let kind = self.tree.kind(id);
            if kind == NodeKind::BadTail {
                found.push(self.tail(id));
                return;
            }
            if !self.tree.lacks_condition(id) {
                continue;
            }
            if kind == NodeKind::WhereGroup {
                found.push(Diagnostic::error(S0015, self.tree.span(id), "nothing stands in the parentheses"));
            } else {
                found.push(
                    Diagnostic::error(S0015, self.tree.span(id), "`where` takes a condition")
                        .help("for example `where status = 'paid' and amount > 0`"),
                );
            }
            return;
        }
    }

    /// What was wrong at the place where a condition stopped being one.
    fn tail(&self, id: NodeId) -> Diagnostic {
        let node = self.tree.node(id);
        let mut start = node.start;
        let mut operator: Option<Span> = None;
        loop {
            let rest = self.slice(start, node.end);
            let blanks = rest.len() - rest.trim_start().len();
            start += blanks as u32;
            let rest = rest.trim();
            let end = start + rest.len() as u32;
            if rest.is_empty() {
                let shown = operator.map_or("where", |at| self.slice(at.start, at.end));
                let at = self.slice(node.start, node.end).trim_end().len() as u32 + node.start;
                let span = Span::new(self.tree.file(), at - shown.len() as u32, at);
                return Diagnostic::error(S0015, span, format!("a value is missing behind `{shown}`"))
                    .label("value expected here");
            }
            let Some(next) = leading_operator(rest) else {
                return self.stop(Span::new(self.tree.file(), start, end), operator);
            };
            let at = Span::new(self.tree.file(), start, start + next.len() as u32);
            if let Some(found) = self.misplaced_operator(operator, at, rest) {
                return found;
            }
            operator = Some(at);
            start = at.end;
        }
    }

    /// An operator where none can stand: behind another one, or before any value.
    fn misplaced_operator(&self, before: Option<Span>, at: Span, rest: &str) -> Option<Diagnostic> {
        let shown = self.slice(at.start, at.end);
        if let Some(before) = before.filter(|before| before.end == at.start) {
            let span = before.to(at);
            let sign = self.slice(span.start, span.end);
            if let Some((_, meant)) = MISSPELT.iter().find(|(misspelt, _)| *misspelt == sign) {
                return Some(
                    Diagnostic::error(S0015, span, format!("`{sign}` is no operator"))
                        .help(match *meant {
                            "=" => "values are compared with `=`".to_owned(),
                            meant => format!("write `{meant}`"),
                        })
                        .fix(Fix::machine(format!("write `{meant}`"), span, *meant)),
                );
            }
        }
        let lower = shown.to_ascii_lowercase();
        // `x not null`, as a column is declared.
        let behind = rest[shown.len()..].trim_start();
        let is_null = behind.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("null"))
            && !behind[4..].starts_with(|sign: char| sign.is_alphanumeric() || sign == '_');
        if before.is_none()
            && lower == "not"
            && is_null
            && !self.word_before(at.start).eq_ignore_ascii_case("where")
        {
            let place = Span::new(at.file, at.start, at.start);
            return Some(
                Diagnostic::error(S0015, at, "`is` is missing before `not null`")
                    .help("write `is not null`")
                    .fix(Fix::machine("write `is not null`", place, "is ")),
            );
        }
        if before.is_none() && lower != "not" && self.word_before(at.start).eq_ignore_ascii_case("where") {
            return Some(
                Diagnostic::error(S0015, at, format!("a value is missing before `{shown}`"))
                    .label("value expected before this"),
            );
        }
        let compares =
            leading_operator(rest[shown.len()..].trim_start()).is_some_and(|next| OPERATORS.contains(&next));
        (before.is_none() && lower == "not" && compares).then(|| {
            Diagnostic::error(S0015, at, format!("`{shown}` stands before a comparison, not in it"))
                .help("write `not a = 1`, or `a <> 1`")
        })
    }

    /// The word that ends before `at`, blanks passed over; empty without one.
    fn word_before(&self, at: u32) -> &str {
        let before = self.slice(0, at).trim_end_matches([' ', '\t']);
        let is_word = |sign: char| sign.is_alphanumeric() || sign == '_';
        let start = before
            .rfind(|sign| !is_word(sign))
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        &before[start..]
    }

    /// `rest` is what follows the last operator, or the last operand when there is none.
    fn stop(&self, rest: Span, operator: Option<Span>) -> Diagnostic {
        let text = self.slice(rest.start, rest.end);
        let first = text.chars().next().unwrap_or(' ');
        let sign = Span::new(rest.file, rest.start, rest.start + first.len_utf8() as u32);
        let word_len = text.find(|c: char| c.is_whitespace() || "(),;".contains(c)).unwrap_or(text.len());
        let word = Span::new(rest.file, rest.start, rest.start + word_len.max(first.len_utf8()) as u32);
        let shown = self.slice(word.start, word.end);
        let double = |sign: &str, plain: &str| {
            let span = Span::new(rest.file, rest.start, rest.start + 2);
            text.starts_with(sign).then(|| {
                Diagnostic::error(S0004, span, format!("`{sign}` has no meaning here"))
                    .help(format!("write `{plain}`"))
                    .fix(Fix::machine(format!("write `{plain}`"), span, plain))
            })
        };
        if let Some(found) = double("&&", "and").or_else(|| double("||", "or")) {
            return found;
        }
        let lower = shown.to_ascii_lowercase();
        let number_behind = |text: &str| text.starts_with(|sign: char| sign.is_ascii_digit());
        match first {
            '`' | '/' if opens_quote(text) => self.open_quote(rest.start, 0),
            ')' if self.slice(0, rest.start).trim_end().ends_with(',') => self.missing_item(rest.start),
            ')' => {
                let finding =
                    Diagnostic::error(S0004, sign, "`)` closes nothing").help("remove it, or open it with `(`");
                match text[1..].trim().is_empty() {
                    true => finding.fix(Fix::machine("remove it", sign, "")),
                    false => finding,
                }
            }
            '(' => self.call(sign),
            ',' if text[1..].trim_start().starts_with(')') => self.missing_item(sign.end),
            ',' => Diagnostic::error(S0015, sign, "`,` has no place here").help(
                "a list of values stands in parentheses: `status in ('new', 'paid')`; conditions are joined with `and`",
            ),
            '!' => Diagnostic::error(S0004, sign, "`!` has no meaning here")
                .help("write `not`")
                .fix(Fix::machine("write `not`", sign, "not ")),
            '+' if number_behind(&text[1..]) && operator.is_some() => {
                Diagnostic::error(S0015, sign, "`+` has no place in a condition")
                    .help("a number above zero has no sign")
                    .fix(Fix::machine("remove it", sign, ""))
            }
            '.' if number_behind(&text[1..]) => Diagnostic::error(S0015, sign, "a digit is missing before the point")
                .fix(Fix::machine("write `0.`", sign, "0.")),
            '-' if text.starts_with("->") => {
                let arrow = Span::new(rest.file, rest.start, rest.start + 2);
                Diagnostic::error(S0015, arrow, "a condition does not look into JSON")
                    .help("compare a column; a generated column can hold the value")
            }
            '@' => Diagnostic::error(S0015, sign, "a condition has no variables").help("write the value"),
            '+' | '-' | '*' | '/' | '%' | '^' | '&' | '|' | '~' => {
                Diagnostic::error(S0015, sign, format!("`{first}` has no place in a condition"))
                    .help("a condition does not calculate")
            }
            _ if lower == "is" => self.is_what(word, rest),
            _ if lower == "between" => {
                Diagnostic::error(S0015, word, format!("`{shown}` takes two values: `between 1 and 5`"))
            }
            _ if operator.is_none() && (first.is_alphanumeric() || "_'\"`$".contains(first)) => {
                self.next_to(word, &lower)
            }
            _ if first.is_control() => {
                Diagnostic::error(S0004, sign, format!("U+{:04X} has no meaning here", u32::from(first)))
            }
            ';' => {
                let finding = Diagnostic::error(S0004, sign, "`;` has no meaning here")
                    .help("a statement ends with its line; no sign is needed");
                match text[1..].trim().is_empty() {
                    true => finding.fix(Fix::machine("remove it", sign, "")),
                    false => finding,
                }
            }
            _ => Diagnostic::error(S0004, sign, format!("`{first}` has no meaning here"))
                .help("texts stand in single quotes, names with other signs in backticks"),
        }
    }

    /// A list that goes on behind its last comma, which is before `at`.
    fn missing_item(&self, at: u32) -> Diagnostic {
        let end = self.slice(0, at).trim_end().len() as u32;
        let comma = Span::new(self.tree.file(), end - 1, end);
        Diagnostic::error(S0015, comma, "a value is missing behind `,`")
            .label("value expected here")
            .fix(Fix::machine("remove the comma", comma, ""))
    }

    /// A parenthesis behind a value: a function, or a subquery.
    fn call(&self, paren: Span) -> Diagnostic {
        let name = self.word_before(paren.start);
        let lower = name.to_ascii_lowercase();
        let inside = self.slice(paren.end, line_end(self.text, paren.end)).trim_start();
        let selects = inside.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"));
        if selects || lower == "exists" {
            return Diagnostic::error(S0015, paren, "a condition has no subqueries")
                .help("it sees the columns of one row");
        }
        let before = self.slice(0, paren.start).trim_end();
        let span = match name {
            "" => paren,
            name => Span::new(paren.file, (before.len() - name.len()) as u32, paren.end),
        };
        let finding = Diagnostic::error(S0015, span, "a condition calls no functions");
        match FUNCTIONS.iter().find(|(function, _)| *function == lower) {
            Some((_, help)) => finding.help(*help),
            None => finding
                .help("conditions compare columns with values: `= <> < > in between like regexp is null`"),
        }
    }

    /// `is` and something else than `null`.
    fn is_what(&self, word: Span, rest: Span) -> Diagnostic {
        let shown = self.slice(word.start, word.end);
        let behind = self.slice(word.end, rest.end);
        let not_len = match behind.trim_start().get(..3) {
            Some(not) if not.eq_ignore_ascii_case("not") => behind.len() - behind.trim_start().len() + 3,
            _ => 0,
        };
        let operator = Span::new(rest.file, word.start, word.end + not_len as u32);
        let asked = behind[not_len..].trim_start();
        let value_len = asked.find(|sign: char| !sign.is_alphanumeric()).unwrap_or(asked.len());
        let at = rest.end - asked.len() as u32;
        let value = Span::new(rest.file, at, at + value_len as u32);
        let finding = |span: Span| {
            Diagnostic::error(S0015, span, format!("`{shown}` is followed by `null` or `not null`"))
        };
        let equals = if not_len > 0 { "<>" } else { "=" };
        match asked[..value_len].to_ascii_lowercase().as_str() {
            "unknown" => finding(value).fix(Fix::machine("write `null`", value, "null")),
            "true" | "false" => finding(operator.to(value))
                .help("a column of whole numbers is a condition by itself: `active`, `not active`")
                .fix(Fix::choice(format!("write `{equals}`"), operator, equals)),
            "" if asked.starts_with(['\'', '"', '-']) => finding(operator)
                .help(format!("a value is compared with `{equals}`"))
                .fix(Fix::machine(format!("write `{equals}`"), operator, equals)),
            number if number.starts_with(|sign: char| sign.is_ascii_digit()) => finding(operator)
                .help(format!("a value is compared with `{equals}`"))
                .fix(Fix::machine(format!("write `{equals}`"), operator, equals)),
            // What is empty is a text or none at all.
            "empty" => finding(operator.to(value))
                .fix(Fix::choice(format!("write `{equals} ''`"), operator.to(value), format!("{equals} ''")))
                .fix(Fix::choice("write `null`", value, "null")),
            "nul" | "nill" | "nil" | "none" | "nulll" => {
                finding(value).fix(Fix::machine("write `null`", value, "null"))
            }
            _ => finding(word),
        }
    }

    /// A value or word directly behind a value.
    fn next_to(&self, word: Span, lower: &str) -> Diagnostic {
        let shown = self.slice(word.start, word.end);
        if let Some((_, ours)) = SYNONYMS.iter().find(|(theirs, _)| *theirs == lower) {
            return Diagnostic::error(S0015, word, format!("`{shown}` is written `{ours}`"))
                .fix(Fix::machine(format!("write `{ours}`"), word, *ours));
        }
        if let Some((_, help)) = ABSENT.iter().find(|(absent, _)| *absent == lower) {
            return Diagnostic::error(S0015, word, format!("a condition has no `{shown}`")).help(*help);
        }
        let before = self.word_before(word.start);
        let prefix = before.to_ascii_lowercase();
        let end = self.slice(0, word.start).trim_end().len();
        let span = Span::new(word.file, (end - before.len()) as u32, end as u32);
        if prefix == "select" {
            return Diagnostic::error(S0015, span, "a condition has no subqueries")
                .help("it sees the columns of one row");
        }
        if let Some((_, help)) = PREFIXES.iter().find(|(known, _)| *known == prefix) {
            return Diagnostic::error(S0015, span, format!("a condition has no `{before}` before a value"))
                .help(*help);
        }
        let finding = Diagnostic::error(S0015, word, format!("an operator is missing before `{shown}`"))
            .label("`=`, `and` or another operator expected before this");
        // `'it's'`: the text ended at the quote that was meant as a sign of it.
        match self.text[..word.start as usize].ends_with('\'') {
            true => finding.help("a single quote inside of a text is doubled: `'it''s'`"),
            false => finding,
        }
    }
}

fn leading_operator(rest: &str) -> Option<&str> {
    let sign = OPERATORS
        .iter()
        .find(|operator| rest.starts_with(**operator))
        .map(|operator| &rest[..operator.len()]);
    sign.or_else(|| {
        let len = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let word = &rest[..len];
        let ends = !rest[len..].starts_with(|c: char| c.is_alphanumeric() || "_$-.".contains(c));
        (ends && WORD_OPERATORS.contains(&word.to_ascii_lowercase().as_str())).then_some(word)
    })
}
