//! Findings as drawings. The only user of miette.
//!
//! Guarantees: what is drawn from a file or a message cannot move the cursor, set colours or turn the direction of writing
//! of a terminal. Lines and columns are those of [`FileSet::line_col`]. What lies in places named as secret is not drawn.
//! Limits: a place on a line longer than [`LINE_BYTES_MAX`] is named and not drawn.

use super::{Diagnostic, Severity, words};
use crate::text::{FileId, FileSet, Span};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};
use std::borrow::Cow;
use std::fmt;
use textwrap::WordSplitter;

/// Longest line that is drawn, in bytes.
const LINE_BYTES_MAX: usize = 2000;

/// In place of a blank at which no line is broken; of a plane for private use, so that no text has it.
const GLUE: &str = "\u{F8FFF}";

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// ASCII signs instead of lines and arrows.
    pub ascii: bool,
    /// Colours and links, as ANSI escapes.
    pub color: bool,
    /// Width of the terminal in columns; help texts are wrapped at it.
    pub width: usize,
}

/// Draws findings about one set of files.
pub struct Renderer<'a> {
    files: &'a FileSet,
    /// Texts in a form that is safe to print; same length as the files.
    texts: Vec<Cow<'a, str>>,
    handler: GraphicalReportHandler,
    ascii: bool,
}

impl<'a> Renderer<'a> {
    /// A renderer for findings about `files`; of what lies in `secrets` only the length is drawn.
    pub fn new(files: &'a FileSet, secrets: &[Span], style: Style) -> Renderer<'a> {
        let theme = GraphicalTheme {
            characters: if style.ascii { ThemeCharacters::ascii() } else { ThemeCharacters::unicode() },
            styles: if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(style.width.max(40))
            // `rename-table` is one word.
            .with_word_splitter(WordSplitter::NoHyphenation)
            .with_links(style.color);
        let text = |id| {
            let secrets: Vec<Span> = secrets.iter().filter(|secret| secret.file == id).copied().collect();
            if secrets.is_empty() {
                harmless(files.text(id))
            } else {
                Cow::Owned(harmless(&masked(files.text(id), secrets)).into_owned())
            }
        };
        let texts = files.ids().map(text).collect();
        Renderer { files, texts, handler, ascii: style.ascii }
    }

    /// Words of ours in a form that is safe to print, and that keeps code on one line. What a person wrote in another script
    /// stays as it is.
    fn words(&self, text: &str) -> String {
        let text = harmless(text);
        let text = if self.ascii { text.replace('…', "...") } else { text.into_owned() };
        let lines = text
            .lines()
            .map(|line| words(line).iter().map(|word| word.replace(' ', GLUE)).collect::<Vec<_>>().join(" "));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// One finding, with a line end.
    pub fn draw(&self, diagnostic: &Diagnostic) -> String {
        let mut text = String::new();
        let shown = self.shown(diagnostic);
        match self.handler.render_report(&mut text, &shown) {
            Ok(()) => text.replace(GLUE, " "),
            // Never hide a finding because it could not be drawn.
            Err(fmt::Error) => format!("{}\n", super::short::line(diagnostic, self.files)),
        }
    }

    fn shown(&self, diagnostic: &Diagnostic) -> Shown<'_> {
        let primary = diagnostic.primary.as_ref();
        let file = primary.map(|label| label.span.file);
        let mut labels = Vec::new();
        let mut related = Vec::new();
        for (index, label) in primary.into_iter().chain(&diagnostic.labels).enumerate() {
            let text = Some(self.words(&label.text)).filter(|text| !text.is_empty());
            if Some(label.span.file) == file {
                labels.push(labeled(label.span, text, index == 0));
            } else {
                related.push(self.elsewhere(label.span, text.unwrap_or_default()));
            }
        }
        for other in &diagnostic.related {
            let text = self.words(&other.message);
            if Some(other.span.file) == file {
                labels.push(labeled(other.span, Some(text), false));
            } else {
                related.push(self.elsewhere(other.span, text));
            }
        }
        let mut shown = Shown {
            code: Some(diagnostic.code.number),
            severity: match diagnostic.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
                Severity::Advice => miette::Severity::Advice,
            },
            message: self.words(&diagnostic.message),
            help: diagnostic.help.as_deref().map(|help| self.words(help)),
            source: file.map(|file| self.source(file)),
            labels,
            related,
        };
        if let Some(span) = primary.map(|label| label.span).filter(|_| self.too_long(&shown)) {
            let at = self.files.line_col(span.file, span.start);
            shown.message += &format!(" ({}:{}:{})", self.files.path(span.file), at.line, at.col);
            shown.labels.clear();
        }
        shown
    }

    /// True when a line that would be drawn is longer than anybody reads.
    fn too_long(&self, shown: &Shown<'_>) -> bool {
        let Some(source) = &shown.source else { return false };
        shown.labels.iter().any(|label| {
            let end = label.offset() + label.len();
            let first = self.files.line_col(source.file, label.offset() as u32).line;
            let last = self.files.line_col(source.file, end as u32).line;
            let around = first.saturating_sub(1).max(1)..=(last + 1);
            around.into_iter().any(|line| self.files.line_span(source.file, line).len() > LINE_BYTES_MAX)
        })
    }

    fn elsewhere(&self, span: Span, message: String) -> Shown<'_> {
        Shown {
            code: None,
            severity: miette::Severity::Advice,
            message,
            help: None,
            source: Some(self.source(span.file)),
            labels: vec![labeled(span, None, true)],
            related: Vec::new(),
        }
    }

    fn source(&self, file: FileId) -> Source<'_> {
        Source { files: self.files, file, text: &self.texts[file.0 as usize] }
    }
}

fn labeled(span: Span, text: Option<String>, primary: bool) -> LabeledSpan {
    let place = SourceSpan::new((span.start as usize).into(), span.len());
    if primary {
        LabeledSpan::new_primary_with_span(text, place)
    } else {
        LabeledSpan::new_with_span(text, place)
    }
}

/// The text with a star for each byte of a secret, so that places stay right. Line ends stay.
pub(super) fn masked(text: &str, mut secrets: Vec<Span>) -> String {
    secrets.sort_unstable();
    let mut secrets = secrets.into_iter().peekable();
    let mut masked = String::with_capacity(text.len());
    for (at, sign) in text.char_indices() {
        while secrets.next_if(|secret| secret.end as usize <= at).is_some() {}
        let hidden = secrets.peek().is_some_and(|secret| secret.start as usize <= at);
        if hidden && !matches!(sign, '\n' | '\r') {
            masked.extend(std::iter::repeat_n('*', sign.len_utf8()));
        } else {
            masked.push(sign);
        }
    }
    masked
}

/// The same text without anything that steers a terminal: every such sign is replaced by others of the same length in
/// bytes, so that places stay right. Line ends and tabs stay.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let steers = |sign: char| {
        (sign.is_control() && !matches!(sign, '\n' | '\r' | '\t'))
            || matches!(sign, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let replaced = text.chars().map(|sign| match sign.len_utf8() {
        _ if !steers(sign) => sign,
        1 => '?',
        2 => '·',
        _ => char::REPLACEMENT_CHARACTER,
    });
    Cow::Owned(replaced.collect())
}

/// A finding as miette wants it.
#[derive(Debug)]
struct Shown<'a> {
    code: Option<&'static str>,
    severity: miette::Severity,
    message: String,
    help: Option<String>,
    source: Option<Source<'a>>,
    labels: Vec<LabeledSpan>,
    related: Vec<Shown<'a>>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = _>>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        let as_dyn = |shown: &'a Shown<'_>| shown as &dyn miette::Diagnostic;
        (!self.related.is_empty())
            .then(|| Box::new(self.related.iter().map(as_dyn)) as Box<dyn Iterator<Item = _>>)
    }
}

/// One file, read by line numbers instead of being searched from its beginning for each label.
struct Source<'a> {
    files: &'a FileSet,
    file: FileId,
    text: &'a str,
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.files.path(self.file)).finish()
    }
}

impl SourceCode for Source<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        n_before: usize,
        n_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        if end > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let first = self.files.line_col(self.file, span.offset() as u32);
        // A span that ends with its line does not reach the next one.
        let last = self.files.line_col(self.file, end.saturating_sub(usize::from(!span.is_empty())) as u32);
        let (from, to, start, end, column) = if n_before == 0 && n_after == 0 {
            (first.line, last.line, span.offset(), end, first.col - 1)
        } else {
            let from = first.line.saturating_sub(n_before as u32).max(1);
            let to = (last.line + n_after as u32).min(self.files.n_lines(self.file));
            let start = self.files.line_span(self.file, from).start as usize;
            (from, to, start, self.files.line_span(self.file, to).end as usize, 0)
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.files.path(self.file).to_owned(),
            &self.text.as_bytes()[start..end],
            SourceSpan::new(start.into(), end - start),
            from as usize - 1,
            column as usize,
            // Pieces are joined when the lines of one reach the next.
            (to - from + 1) as usize,
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    const PLAIN: Style = Style { ascii: false, color: false, width: 100 };
    const CODE: Code = Code::new("S0503", "keys-differ-in-topic");

    fn files() -> (FileSet, FileId, FileId) {
        let mut files = FileSet::new();
        let orders = files.add(
            "prod/orders.sync",
            "table shop.orders {\n  # only unique inside one shard\n  key origin, order_id\n}\n",
        );
        let billing = files.add("prod/billing.sync", "  topic \"eu.shop.orders\"\n  key invoice_no\n}\n");
        (files, orders, billing)
    }

    fn finding(orders: FileId, billing: FileId) -> Diagnostic {
        Diagnostic::error(
            CODE,
            Span::new(orders, 59, 75),
            "tables with different keys share topic \"eu.shop.orders\"",
        )
        .label("keyed by origin and order_id")
        .help("give one of them its own topic, or set the same `key` for both")
        .related(Span::new(billing, 31, 41), "keyed by invoice_no, same topic")
    }

    #[test]
    fn two_files() {
        let (files, orders, billing) = files();
        let drawn = Renderer::new(&files, &[], PLAIN).draw(&finding(orders, billing));
        snapbox::assert_data_eq!(
            drawn,
            snapbox::str![[r#"
S0503

  × tables with different keys share topic "eu.shop.orders"
   ╭─[prod/orders.sync:3:7]
 2 │   # only unique inside one shard
 3 │   key origin, order_id
   ·       ────────┬───────
   ·               ╰── keyed by origin and order_id
 4 │ }
   ╰────
  help: give one of them its own topic, or set the same `key` for both

Advice: 
  ☞ keyed by invoice_no, same topic
   ╭─[prod/billing.sync:2:7]
 1 │   topic "eu.shop.orders"
 2 │   key invoice_no
   ·       ──────────
 3 │ }
   ╰────

"#]]
        );
    }

    #[test]
    fn ascii_and_colours() {
        let (files, orders, billing) = files();
        let found = finding(orders, billing).help("columns: a, …");
        let ascii = Renderer::new(&files, &[], Style { ascii: true, ..PLAIN }).draw(&found);
        assert!(ascii.is_ascii() && ascii.contains("a, ..."), "{ascii}");
        let coloured = Renderer::new(&files, &[], Style { color: true, ..PLAIN }).draw(&found);
        assert!(coloured.contains("\u{1b}["));
    }

    #[test]
    fn a_word_of_the_language_is_not_broken() {
        let (files, orders, _) = files();
        let found = Diagnostic::error(CODE, Span::new(orders, 0, 5), "m")
            .help("write a line that names the kind, such as rename-table");
        let narrow = Renderer::new(&files, &[], Style { width: 60, ..PLAIN }).draw(&found);
        assert!(narrow.contains("rename-table"), "{narrow}");
        let code = "`allow S0503 because \"it is so\"`";
        let found = Diagnostic::error(
            CODE,
            Span::new(orders, 0, 5),
            format!("it is said by a line such as {code} in it"),
        )
        .help(format!("write into this block {code} and all is well"));
        for width in 45..90 {
            let narrow = Renderer::new(&files, &[], Style { width, ..PLAIN }).draw(&found);
            assert_eq!(narrow.matches(code).count(), 2, "{narrow}");
        }
    }

    #[test]
    fn every_place_can_be_drawn() {
        for text in ["", "a", "a\n", "ö\r\n\rb", "a\tb\u{1b}[31mc\u{202e}\u{85}\n"] {
            let mut files = FileSet::new();
            let file = files.add("a.sync", text);
            let renderer = Renderer::new(&files, &[], PLAIN);
            for start in 0..=text.len() {
                for end in start..=text.len() {
                    if text.get(start..end).is_none() {
                        continue;
                    }
                    let span = Span::new(file, start as u32, end as u32);
                    let at = files.line_col(file, span.start);
                    let drawn = renderer.draw(&Diagnostic::error(CODE, span, "m\u{1b}[1m"));
                    let place = format!("[a.sync:{}:{}]", at.line, at.col);
                    assert!(drawn.contains(&place), "{place} in {drawn}");
                    assert!(!drawn.contains(['\u{1b}', '\u{202e}', '\u{85}']), "{drawn:?}");
                }
            }
        }
    }

    #[test]
    fn secrets_are_not_drawn() {
        let (files, orders, billing) = files();
        let secrets = [Span::new(orders, 59, 65), Span::new(billing, 31, 33)];
        let drawn = Renderer::new(&files, &secrets, PLAIN).draw(&finding(orders, billing));
        assert!(drawn.contains("  key ******, order_id\n"), "{drawn}");
        assert!(drawn.contains("  key **voice_no\n"), "{drawn}");
        let mut files = FileSet::new();
        let file = files.add("a.sync", "aö€\nb");
        let secret = Span::new(file, 1, 8);
        let drawn = Renderer::new(&files, &[secret], PLAIN).draw(&Diagnostic::error(CODE, secret, "m"));
        assert!(drawn.contains("a*****\n") && drawn.contains("▶ *\n"), "{drawn}");
    }

    #[test]
    fn long_lines_are_named_only() {
        let mut files = FileSet::new();
        let file = files.add("a.sync", "x".repeat(100_000));
        let drawn = Renderer::new(&files, &[], PLAIN).draw(&Diagnostic::error(
            CODE,
            Span::new(file, 7, 8),
            "message",
        ));
        assert!(drawn.len() < 200 && drawn.contains("message (a.sync:1:8)"), "{drawn}");
    }
}
