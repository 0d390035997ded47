//! Braces.

use super::Finder;
use crate::diagnostic::{Diagnostic, Fix, Safety, TextEdit};
use crate::syntax::codes::{S0002, S0003, S0004};
use crate::syntax::damage::{BraceFault, Damage, first_on_line, indent, line_start};
use crate::text::Span;
use std::ops::Range;

impl Finder<'_> {
    pub(super) fn braces(&mut self, damage: &Damage) {
        for fault in &damage.braces {
            let finding = match fault {
                BraceFault::Unclosed { open, outside, insert } => self.unclosed(open, *outside, *insert),
                BraceFault::Extra { brace, stray, orphans } => self.extra(brace, stray.as_ref(), *orphans),
                BraceFault::Unopened { head, instead, stray } => self.unopened(head, instead, stray),
                BraceFault::Commented { sign, comment, stray } => self.commented(sign, comment, stray),
                BraceFault::Bracketed { open, close } => self.bracketed(open, close),
                BraceFault::Doubled { open, close } => self.doubled_braces(open, close),
                BraceFault::Headless { open, data: Some(_), .. } => self.data(open),
                BraceFault::Headless { open, head_end, data: None } => self.headless(open, *head_end),
            };
            self.found.push(finding);
        }
    }

    fn unclosed(&self, open: &Range<u32>, outside: u32, insert: u32) -> Diagnostic {
        let blanks = " ".repeat(indent(self.text, open.start) as usize);
        let file = self.tree.file();
        let word_end = outside
            + self.text[outside as usize..]
                .bytes()
                .take_while(|byte| !byte.is_ascii_whitespace() && *byte != b'{')
                .count() as u32;
        let message = format!("the block of `{}` is not closed", self.head_words(open));
        let finding = Diagnostic::error(S0002, self.span(open), message);
        let finding = if word_end == outside {
            finding.label("opened here, and open to the end of the file")
        } else {
            finding.label("opened here").also(Span::new(file, outside, word_end), "it had to end before this")
        };
        finding.help("write `}` on a line of its own").fix(Fix::machine(
            "insert `}`",
            Span::new(file, insert, insert),
            format!("\n{blanks}}}"),
        ))
    }

    /// The first two words of the line on which a block opens.
    fn head_words(&self, open: &Range<u32>) -> String {
        let line = self.slice(line_start(self.text, open.start), open.start);
        let words: Vec<&str> = line.split_ascii_whitespace().take(2).collect();
        if words.is_empty() { "{".to_owned() } else { words.join(" ") }
    }

    fn extra(&self, brace: &Range<u32>, stray: Option<&Range<u32>>, orphans: bool) -> Diagnostic {
        let behind = &self.text[brace.end as usize..];
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let behind = &behind[blanks..];
        let alone =
            first_on_line(self.text, brace.start) && (behind.is_empty() || behind.starts_with(['\n', '\r']));
        let removed = if alone {
            let line_sign = if behind.starts_with("\r\n") { 2 } else { 1.min(behind.len() as u32) };
            let end = brace.end + blanks as u32 + line_sign;
            Span::new(self.tree.file(), line_start(self.text, brace.start), end)
        } else {
            self.span(brace)
        };
        let message = match (stray, orphans) {
            (Some(_), true) => "this `}` comes too early: statements of the block follow it",
            (Some(_), false) | (None, true) | (None, false) => "`}` closes nothing",
        };
        let mut finding = Diagnostic::error(S0003, self.span(brace), message);
        if let Some(stray) = stray {
            finding = finding.label("one too many").also(self.span(stray), "nothing is left to close here");
        }
        let fix = Fix::machine("remove `}`", removed, "");
        finding.help("remove it, or write the `{` that it should close").fix(fix)
    }

    fn unopened(&self, head: &Range<u32>, instead: &Range<u32>, stray: &Range<u32>) -> Diagnostic {
        let words = self.slice(head.start, head.end);
        Diagnostic::error(S0003, self.span(head), format!("the block of `{words}` is not opened"))
            .label("`{` is missing at the end")
            .also(self.span(stray), "closes nothing")
            .help("write `{` at the end of the line")
            .fix(Fix::machine("add `{`", self.span(instead), " {"))
    }

    fn commented(&self, sign: &Range<u32>, comment: &Range<u32>, stray: &Range<u32>) -> Diagnostic {
        Diagnostic::error(S0003, self.span(comment), "the head of this block is in a comment")
            .label("its lines are not")
            .also(self.span(stray), "closes nothing")
            .help("take the head out of the comment, or put all lines of the block into one")
            .fix(Fix::choice("take the head out of the comment", self.span(sign), ""))
    }

    fn bracketed(&self, open: &Range<u32>, close: &Range<u32>) -> Diagnostic {
        let edit = |range, text: &str| TextEdit { span: self.span(range), text: text.to_owned() };
        let sign = self.slice(open.start, open.end);
        let blank = if self.text[..open.start as usize].ends_with([' ', '\t']) { "" } else { " " };
        Diagnostic::error(S0004, self.span(open), format!("`{sign}` opens no block"))
            .also(self.span(close), "its end")
            .help("a block stands between `{` and `}`")
            .fix(Fix {
                title: "write braces".to_owned(),
                safety: Safety::Machine,
                edits: vec![edit(open, &format!("{blank}{{")), edit(close, "}")],
            })
    }

    fn doubled_braces(&self, open: &Range<u32>, close: &Range<u32>) -> Diagnostic {
        let edit = |range| TextEdit { span: self.span(range), text: String::new() };
        Diagnostic::error(S0004, self.span(open), "the braces of this block are doubled").fix(Fix {
            title: "write them once".to_owned(),
            safety: Safety::Machine,
            edits: vec![edit(open), edit(close)],
        })
    }

    fn data(&self, open: &Range<u32>) -> Diagnostic {
        Diagnostic::error(S0004, self.span(open), "`{` begins no statement").help(
            "a statement begins with a word, and nothing stands in braces but the statements of its block; JSON is not read",
        )
    }

    fn headless(&self, open: &Range<u32>, head_end: Option<u32>) -> Diagnostic {
        let finding = Diagnostic::error(S0004, self.span(open), "`{` begins no statement");
        let Some(head_end) = head_end else {
            return finding.help("a block follows the words of its statement, on the same line");
        };
        let span = Span::new(self.tree.file(), head_end, open.end);
        finding.help("write it at the end of the line above").fix(Fix {
            title: "move `{` to the line above".to_owned(),
            safety: Safety::Machine,
            edits: vec![TextEdit { span, text: " {".to_owned() }],
        })
    }
}
