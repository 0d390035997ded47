//! What is said of arguments that do not fit: what was expected at the first of them, and what would mend it.

use super::aside;
use super::token::Token;
use crate::diagnostic::{Diagnostic, Fix};
use crate::statement::{self as st, Kind, Once, StatementSpec};
use crate::syntax::NodeKind;
use crate::text::Span;

/// What could stand at a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expected {
    Word(String),
    Value(Kind),
    End,
}

/// Where arguments left their signature.
pub(super) struct Misfit<'m> {
    /// Number of the furthest argument that did not fit; behind the last one where something is missing.
    pub(super) at: usize,
    /// What would have.
    pub(super) expected: &'m [Expected],
    /// Whether other arguments fit.
    pub(super) fits: &'m dyn Fn(&[Token<'_>]) -> bool,
    /// Whether a word is the name of a parameter.
    pub(super) is_param: &'m dyn Fn(&str) -> bool,
}

impl Misfit<'_> {
    /// What is wrong with the arguments of a statement, whose word is at `word`.
    pub(super) fn finding(&self, spec: &StatementSpec, word: Span, tokens: &[Token<'_>]) -> Diagnostic {
        let told = self
            .needless(spec, tokens)
            .or_else(|| self.second_comma(spec, tokens))
            .or_else(|| self.grouped_digits(tokens))
            .or_else(|| self.turned_round(spec, tokens))
            .or_else(|| self.nameless(spec, word, tokens));
        if let Some(finding) = told {
            return finding;
        }
        let wanted = expectation(self.expected);
        let mut help = format!("it is written `{}`", self.usage(spec));
        let (span, message) = match tokens.get(self.at) {
            Some(token) => {
                let shown = match token.kind {
                    // A text may be a secret that landed in the wrong place.
                    NodeKind::String | NodeKind::SqlString => "this text".to_owned(),
                    _ if spec.word == "password" => "this".to_owned(),
                    _ => format!("`{}`", token.text),
                };
                let message = match near_word(token, self.expected) {
                    Some(near) => format!("`{}` knows no {shown}; did you mean `{near}`?", spec.word),
                    None if wanted == NOTHING => format!("`{}` does not take {shown} here", spec.word),
                    None if self.expected.len() > LISTED_WORDS => {
                        help = format!("it takes {wanted}");
                        format!("`{}` does not take {shown} here", spec.word)
                    }
                    None => format!("`{}` takes {wanted} here, not {shown}", spec.word),
                };
                (token.span, message)
            }
            None => {
                let last = tokens.last().map_or(word, |token| token.span);
                (
                    Span::new(last.file, last.end, last.end),
                    format!("`{}` lacks {wanted} at its end", spec.word),
                )
            }
        };
        let span = if span.is_empty() { tokens.last().map_or(word, |token| token.span) } else { span };
        let repairs = self.repairs(spec.word, word, tokens);
        // What would mend the statement was meant as a part of it.
        if let Some(elsewhere) = aside::said_elsewhere(spec, tokens, self.at)
            && (repairs.is_empty() || self.at == 0)
        {
            help = elsewhere;
        }
        // The items may stand below, as other tools write them.
        let lacks_items = tokens.last().is_none_or(|token| token.kind == NodeKind::Comma);
        if self.at == tokens.len() && lacks_items && spec.takes_list() {
            help += "; a list stands on one line, with commas between its items";
            if spec.once == Once::No {
                help += &format!(", or `{}` is repeated for each", spec.word);
            }
        }
        let mut finding = Diagnostic::error(st::WRONG_ARGUMENTS, span, message).help(help);
        for fix in repairs {
            finding = finding.fix(fix);
        }
        finding
    }

    /// The form of the statement; what may be left out of a long one is not shown, unless it is what is missing.
    fn usage(&self, spec: &StatementSpec) -> String {
        let whole = spec.usage();
        let short = if whole.len() > USAGE_MAX { spec.usage_in_short() } else { return whole };
        let is_shown = |expected: &Expected| match expected {
            Expected::Word(word) => word == "," || short.contains(word.as_str()),
            Expected::Value(_) | Expected::End => true,
        };
        if self.expected.iter().all(is_shown) { short } else { whole }
    }

    /// A sign or a word before the first argument that is none of ours: `password = env X`, `key by id`, `columns without a`.
    fn needless(&self, spec: &StatementSpec, tokens: &[Token<'_>]) -> Option<Diagnostic> {
        let [first, next, ..] = tokens else { return None };
        if self.at != 1 {
            return None;
        }
        let finding = |message: String| Diagnostic::error(st::WRONG_ARGUMENTS, first.span, message);
        let removed = Span::new(first.span.file, first.span.start, next.span.start);
        let fits_without = || (self.fits)(&tokens[1..]);
        if matches!(first.kind, NodeKind::Op | NodeKind::Arrow) {
            return fits_without().then(|| {
                finding(format!("no sign stands between `{}` and its value", spec.word)).fix(Fix::machine(
                    "remove it",
                    removed,
                    "",
                ))
            });
        }
        let word = first.word()?;
        if let Some(finding) = self.exception(spec, tokens, word) {
            return Some(finding);
        }
        (FILLERS.contains(&word) && fits_without()).then(|| {
            finding(format!("`{}` takes no `{word}` before its first item", spec.word)).fix(Fix::machine(
                format!("remove `{word}`"),
                removed,
                "",
            ))
        })
    }

    /// A word that turns a list round, in other words or misspelt. `columns excpt ssn` may be that, or a name behind which a comma
    /// is missing: the one would send what the other leaves out, so nothing is chosen.
    fn exception(&self, spec: &StatementSpec, tokens: &[Token<'_>], word: &str) -> Option<Diagnostic> {
        let is_sure = EXCEPTIONS.contains(&word);
        if !is_sure {
            st::closest(word, ["except"])?;
        }
        let span = tokens[0].span;
        let mut replaced = tokens.to_vec();
        replaced[0] = Token::imagined("except", span);
        (self.fits)(&replaced).then(|| {
            let message = format!("`{}` knows no `{word}`; did you mean `except`?", spec.word);
            let finding = Diagnostic::error(st::WRONG_ARGUMENTS, span, message)
                .help(format!("it is written `{}`", self.usage(spec)));
            let behind = Span::new(span.file, span.end, span.end);
            match is_sure {
                true => finding.fix(Fix::machine("write `except`", span, "except")),
                false => finding
                    .fix(Fix::choice("write `except`", span, "except"))
                    .fix(Fix::choice("add `,`", behind, ",")),
            }
        })
    }

    /// `op,, schema`.
    fn second_comma(&self, spec: &StatementSpec, tokens: &[Token<'_>]) -> Option<Diagnostic> {
        let [.., before, second] = tokens.get(..=self.at)? else { return None };
        let mut without = tokens.to_vec();
        without.remove(self.at);
        (before.kind == NodeKind::Comma && second.kind == NodeKind::Comma && (self.fits)(&without)).then(
            || {
                Diagnostic::error(
                    st::WRONG_ARGUMENTS,
                    second.span,
                    format!("`{}` has a comma too many", spec.word),
                )
                .fix(Fix::machine("remove it", second.span, ""))
            },
        )
    }

    /// Commas between the digits of a number: `50,000 rows`.
    fn grouped_digits(&self, tokens: &[Token<'_>]) -> Option<Diagnostic> {
        let [first, comma, second] = tokens.get(self.at.checked_sub(1)?..self.at + 2)? else { return None };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|sign| sign.is_ascii_digit());
        let touch = first.span.end == comma.span.start && comma.span.end == second.span.start;
        let is_grouped = touch && is_number(first.text) && is_number(second.text) && second.text.len() == 3;
        if comma.kind != NodeKind::Comma || !is_grouped {
            return None;
        }
        let (plain, written) =
            (format!("{}{}", first.text, second.text), format!("{}_{}", first.text, second.text));
        let mut mended = tokens.to_vec();
        let span = first.span.to(second.span);
        mended.splice(self.at - 1..self.at + 2, [Token::valued(&plain, NodeKind::Quantity, span)]);
        (self.fits)(&mended).then(|| {
            Diagnostic::error(st::WRONG_ARGUMENTS, span, "a number has no commas")
                .help(format!("write `{written}`"))
                .fix(Fix::machine(format!("write `{written}`"), span, written))
        })
    }

    /// A kind before the name: `target kafka bus`, `source mysql shop "db1"`.
    fn turned_round(&self, spec: &StatementSpec, tokens: &[Token<'_>]) -> Option<Diagnostic> {
        let [kind, name, ..] = tokens else { return None };
        let mut turned = tokens.to_vec();
        turned.swap(0, 1);
        let (first, second) = (kind.word()?, name.word()?);
        (self.at == 1 && matches!(spec.word, "source" | "target") && (self.fits)(&turned)).then(|| {
            let span = kind.span.to(name.span);
            let written = format!("{second} {first}");
            Diagnostic::error(
                st::WRONG_ARGUMENTS,
                span,
                format!("the name of a `{}` stands before its kind", spec.word),
            )
            .fix(Fix::machine(format!("write `{written}`"), span, written))
        })
    }

    /// A word without its name, whose next word was taken for one: `pipeline from shop to bus`, `pipeline p from to bus`.
    fn nameless(&self, spec: &StatementSpec, word: Span, tokens: &[Token<'_>]) -> Option<Diagnostic> {
        let taken = tokens.get(self.at.checked_sub(1)?)?;
        let is_wanted =
            |expected: &Expected| matches!(expected, Expected::Word(word) if taken.word() == Some(word));
        let (shown, place) = match self.at.checked_sub(2).and_then(|before| tokens.get(before)) {
            Some(before) => (before.word()?, before.span),
            None => (spec.word, word),
        };
        self.expected.iter().any(is_wanted).then(|| {
            let what = if spec.word == "allow" { "code of a finding" } else { "name" };
            Diagnostic::error(st::WRONG_ARGUMENTS, place, format!("`{shown}` lacks its {what}"))
                .help(format!("it is written `{}`", self.usage(spec)))
        })
    }

    /// What mends the statement at the argument that did not fit: a word before it, another word in its place, or nothing there.
    fn repairs(&self, spec: &str, word: Span, tokens: &[Token<'_>]) -> Vec<Fix> {
        let at = self.at;
        let here = tokens.get(at);
        let fits = self.fits;
        let wanted = self.expected.iter().filter_map(|expected| match expected {
            Expected::Word(word) => Some(word.as_str()),
            Expected::Value(_) | Expected::End => None,
        });
        if let Some(fix) = here.and_then(|token| self.with_param(tokens, token)) {
            return vec![fix];
        }
        let mut found: Vec<Repair> = Vec::new();
        match here.and_then(|token| self.requoted(tokens, token)) {
            // It is what was meant, but for its signs.
            Some(Repair { title, span, text, is_sure: true }) => {
                return vec![Fix::machine(title, span, text)];
            }
            other => found.extend(other),
        }
        let mut replacing: Vec<(&str, Span)> = Vec::new();
        // `columns except` alone would name a column of that name.
        // … and `include a.* except a.b` with a comma would send what is to be left out.
        let is_exception = here
            .and_then(|token| token.word())
            .is_some_and(|word| word == "except" || EXCEPTIONS.contains(&word));
        let wanted = wanted.filter(|wanted| *wanted != "," || !is_exception);
        for wanted in wanted.filter(|wanted| *wanted != "except" || !tokens.is_empty()) {
            let end = tokens.last().map_or(word, |token| token.span).end;
            let before = here.map_or(end, |token| token.span.start);
            let before = Span::new(word.file, before, before);
            let mut inserted = tokens.to_vec();
            inserted.insert(at.min(tokens.len()), Token::imagined(wanted, before));
            if fits(&inserted) {
                let (span, text) = match (here, wanted) {
                    (Some(_), ",") => {
                        // A comma stands behind what is before it, not before what follows.
                        let last =
                            at.checked_sub(1).and_then(|at| tokens.get(at)).map_or(word, |token| token.span);
                        (Span::new(word.file, last.end, last.end), ",".to_owned())
                    }
                    (Some(_), _) => (before, format!("{wanted} ")),
                    (None, _) => (before, format!(" {wanted}")),
                };
                found.push(Repair { title: format!("add `{wanted}`"), span, text, is_sure: true });
            } else if let Some(token) = here {
                let mut replaced = tokens.to_vec();
                replaced[at] = Token::imagined(wanted, token.span);
                if fits(&replaced) {
                    replacing.push((wanted, token.span));
                }
            }
        }
        // A word that is missing before what stands here, and not another one in its place: `retry 12h`.
        if !found.is_empty() && here.is_some_and(|token| token.kind == NodeKind::Quantity) {
            replacing.clear();
        }
        // Of several words that would fit, the one that was probably meant.
        let near = here.and_then(|token| {
            let words = || replacing.iter().map(|&(word, _)| word);
            let ours = st::foreign_value(token.text).iter().find(|ours| words().any(|word| word == **ours));
            ours.copied().or_else(|| st::closest(token.text, words()))
        });
        // `at-most-once` is near to `at-least-once`, and its opposite. What a value was without TLS is the owner's choice.
        let is_sure = |word: &str| {
            here.is_some_and(|token| {
                spec != "tls" && st::foreign_value(token.text).contains(&word)
                    || st::is_slip(token.text, word)
            })
        };
        if let Some(near) = near {
            replacing.retain(|&(word, _)| word == near);
        }
        let is_comma = here.is_some_and(|token| token.kind == NodeKind::Comma);
        let is_sign = here.is_some_and(|token| matches!(token.kind, NodeKind::Op | NodeKind::Arrow));
        found.extend(replacing.into_iter().map(|(word, span)| Repair {
            title: format!("write `{word}`"),
            span,
            // In place of a comma it needs the blank that a comma does not.
            text: if is_comma { format!(" {word}") } else { word.to_owned() },
            // That it is the only one that fits does not make it what was meant.
            is_sure: near.is_some_and(is_sure) || is_sign || LINKS.contains(&word),
        }));
        // `topic = "x"`, `key -> id`: no sign is needed.
        if let Some(token) = here.filter(|token| matches!(token.kind, NodeKind::Op | NodeKind::Arrow)) {
            let mut without = tokens.to_vec();
            without.remove(at);
            if found.is_empty() && fits(&without) {
                let (start, end) =
                    match (tokens.get(at + 1), at.checked_sub(1).map(|before| tokens[before].span)) {
                        (Some(next), _) => (token.span.start, next.span.start),
                        (None, Some(before)) => (before.end, token.span.end),
                        (None, None) => (token.span.start, token.span.end),
                    };
                let span = Span::new(word.file, start, end);
                found.push(Repair {
                    title: format!("remove `{}`: no sign is needed", token.text),
                    span,
                    text: String::new(),
                    is_sure: true,
                });
            }
        }
        // Without its quotes a text is often the word that was meant.
        // `key origni customer_id`: a comma alone would make a column of the word.
        if let ("key", Some(comma), [first, _, ..]) =
            (spec, found.first_mut().filter(|one| one.text == ","), tokens)
            && at == 1
            && let Some(near) = first.word().and_then(|word| st::closest(word, ["origin"]))
        {
            comma.is_sure = false;
            let text = format!("{near},");
            found.insert(
                0,
                Repair { title: format!("write `{text}`"), span: first.span, text, is_sure: false },
            );
        }
        if found.is_empty() {
            found.extend(self.torn_name(tokens));
        }
        found.dedup_by(|later, first| (later.span, &later.text) == (first.span, &first.text));
        let is_only = found.len() == 1;
        let fix = |Repair { title, span, text, is_sure }: Repair| match is_only && is_sure {
            true => Fix::machine(title, span, text),
            false => Fix::choice(title, span, text),
        };
        found.into_iter().map(fix).collect()
    }

    /// A name with a blank in it that stands in no backticks: `rename table shop.price list to prices`.
    fn torn_name(&self, tokens: &[Token<'_>]) -> Option<Repair> {
        let begun = tokens.get(self.at.checked_sub(1)?)?;
        let last = begun.segments.last().filter(|last| last.kind == NodeKind::Glob)?;
        let words = tokens[self.at..].iter().take_while(|token| token.word().is_some());
        (1..=words.count()).find_map(|n_words| {
            let behind = self.at + n_words;
            let mut whole = tokens.to_vec();
            whole.drain(self.at..behind);
            if !(self.fits)(&whole) {
                return None;
            }
            let words = tokens[self.at..behind].iter().map(|token| token.text);
            let name = [last.text].into_iter().chain(words).collect::<Vec<_>>().join(" ");
            Some(Repair {
                title: format!("put `{name}` in backticks"),
                span: last.span.to(tokens[behind - 1].span),
                text: format!("`{name}`"),
                is_sure: false,
            })
        })
    }

    /// The name of a parameter where its value is wanted.
    fn with_param(&self, tokens: &[Token<'_>], token: &Token<'_>) -> Option<Fix> {
        let name = token.word().filter(|name| (self.is_param)(name))?;
        let mut mended = tokens.to_vec();
        mended.insert(self.at, Token::imagined("param", token.span));
        let text = format!("param {name}");
        (self.fits)(&mended).then(|| Fix::machine(format!("write `{text}`"), token.span, text))
    }

    /// A list of names that all stand in quotes.
    fn all_unquoted(&self, tokens: &[Token<'_>]) -> Option<Repair> {
        let list = &tokens[self.at..];
        let (first, last) = (list.first()?, list.last()?);
        let is_text = |token: &Token<'_>| matches!(token.kind, NodeKind::String | NodeKind::SqlString);
        if list.len() < 3 || !list.iter().all(|token| is_text(token) || token.kind == NodeKind::Comma) {
            return None;
        }
        let mut names = Vec::new();
        for token in list {
            names.push(match is_text(token) {
                true => Token::bare(token.text.get(1..token.text.len().saturating_sub(1))?, token.span)?,
                false => Token::imagined(",", token.span),
            });
        }
        let text: Vec<&str> =
            names.iter().filter(|name| name.kind == NodeKind::Path).map(|name| name.text).collect();
        let text = text.join(", ");
        let mended: Vec<Token<'_>> = tokens[..self.at].iter().cloned().chain(names).collect();
        (self.fits)(&mended).then(|| Repair {
            title: "remove the quotes".to_owned(),
            span: first.span.to(last.span),
            text,
            is_sure: true,
        })
    }

    /// Quotes around what has none, or none around what has them.
    fn requoted(&self, tokens: &[Token<'_>], token: &Token<'_>) -> Option<Repair> {
        let inner = token.text.get(1..token.text.len().saturating_sub(1)).unwrap_or_default();
        let fits = |other: Token<'_>| {
            let mut replaced = tokens.to_vec();
            replaced[self.at] = other;
            (self.fits)(&replaced)
        };
        let quoted = |text: &str| Repair {
            title: "put it in double quotes".to_owned(),
            span: token.span,
            text: format!("\"{text}\""),
            is_sure: true,
        };
        let repair = |title: &str, text: &str, is_sure| Repair {
            title: title.to_owned(),
            span: token.span,
            text: text.to_owned(),
            is_sure,
        };
        let fits_bare = |text: &str| {
            let number = text.starts_with(|sign: char| sign.is_ascii_digit());
            let kinds = [NodeKind::Quantity, NodeKind::Timestamp];
            Token::bare(text, token.span).is_some_and(fits)
                || number && kinds.into_iter().any(|kind| fits(Token::valued(text, kind, token.span)))
        };
        match token.kind {
            NodeKind::String | NodeKind::SqlString if fits_bare(inner) => {
                Some(repair("remove the quotes", inner, true))
            }
            NodeKind::String => {
                let name = inner.replace(' ', "-");
                let one = || fits_bare(&name).then(|| repair(&format!("write `{name}`"), &name, false));
                self.all_unquoted(tokens).or_else(one)
            }
            NodeKind::Group => {
                let parts = inner.split(',').map(|part| Token::bare(part.trim(), token.span));
                let listed = parts
                    .map(|part| part.map(|part| [Token::imagined(",", token.span), part]))
                    .collect::<Option<Vec<_>>>()?;
                let mut opened = tokens.to_vec();
                opened.splice(self.at..=self.at, listed.into_iter().flatten().skip(1));
                (self.fits)(&opened).then(|| repair("remove the parentheses", inner.trim(), true))
            }
            // A path of a file: its slashes are read as those of a regular expression.
            NodeKind::Path if token.text.starts_with('/') => {
                let touching =
                    tokens[self.at..].windows(2).take_while(|two| two[0].span.end == two[1].span.start);
                let last = self.at + touching.count();
                let path: String = tokens[self.at..=last].iter().map(|token| token.text).collect();
                let mut replaced = tokens.to_vec();
                replaced.splice(self.at..=last, [Token::valued(&path, NodeKind::String, token.span)]);
                let is_plain = !path.contains(['"', '\\', '{']);
                (is_plain && (self.fits)(&replaced))
                    .then(|| Repair { span: token.span.to(tokens[last].span), ..quoted(&path) })
            }
            NodeKind::SqlString if !inner.contains(['"', '\\', '\'']) => {
                fits(Token::valued(inner, NodeKind::String, token.span)).then(|| quoted(inner))
            }
            NodeKind::Path | NodeKind::Quantity if !token.text.contains(['"', '`', '/', '\\', '{']) => {
                fits(Token::valued(token.text, NodeKind::String, token.span)).then(|| quoted(token.text))
            }
            _ => None,
        }
    }
}

/// Longest form of a statement that is shown as it is.
const USAGE_MAX: usize = 100;

/// What people write for `except`.
const EXCEPTIONS: [&str; 6] = ["without", "not", "exclude", "excluding", "but", "minus"];

/// Words before a list that say nothing.
const FILLERS: [&str; 10] = ["by", "on", "of", "only", "all", "column", "columns", "table", "tables", "from"];

/// Words that only link what stands around them: another one in their place means the same.
const LINKS: [&str; 10] = ["to", "by", "with", "for", "from", "as", "using", "every", "after", "because"];

/// One way to mend a statement.
struct Repair {
    title: String,
    span: Span,
    text: String,
    /// What was written leaves no doubt.
    is_sure: bool,
}

/// What is wanted where the arguments are complete.
const NOTHING: &str = "nothing";

/// Most words that a message lists.
const LISTED_WORDS: usize = 5;

/// The word that was probably meant, where there are too many to list them all.
fn near_word<'e>(token: &Token<'_>, expected: &'e [Expected]) -> Option<&'e str> {
    let words = expected.iter().filter_map(|expected| match expected {
        Expected::Word(word) => Some(word.as_str()),
        Expected::Value(_) | Expected::End => None,
    });
    let near = st::closest(token.word()?, words)?;
    (expected.len() > LISTED_WORDS).then_some(near)
}

fn expectation(expected: &[Expected]) -> String {
    let mut words: Vec<String> = expected
        .iter()
        .filter_map(|expected| match expected {
            Expected::Word(word) if word == "," => Some("a comma".to_owned()),
            Expected::Word(word) => Some(format!("`{word}`")),
            Expected::Value(kind) => Some(kind.called().to_owned()),
            Expected::End => None,
        })
        .collect();
    words.dedup();
    match words.as_slice() {
        [] => NOTHING.into(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// What other tools do with rows that cannot be sent, and nothing here does.
pub(super) fn errors_skipped(spec: &StatementSpec, tokens: &[Token<'_>]) -> Option<Diagnostic> {
    let [only] = tokens else { return None };
    let word = only.word().filter(|_| matches!(spec.word, "on-error" | "on-oversize"))?;
    if !matches!(word, "skip" | "ignore" | "continue" | "warn") {
        return None;
    }
    let message = format!("`{} {word}` would lose rows, and nothing is ever skipped here", spec.word);
    let finding = Diagnostic::error(st::ERRORS_SKIPPED, only.span, message);
    let choice = |finding: Diagnostic, text: &str| {
        finding.fix(Fix::choice(format!("write `{text}`"), only.span, text))
    };
    Some(if spec.word == "on-error" {
        let finding = finding
            .help("`park` lets the table wait without a loss, `dead-letter \"TOPIC\"` keeps the row in a topic, `stop` is the default");
        choice(choice(finding, "park"), "stop")
    } else {
        choice(
            finding.help("`dead-letter \"TOPIC\"` keeps the message in another topic, `stop` is the default"),
            "stop",
        )
    })
}
