//! Braces inside of words.

use super::Finder;
use crate::diagnostic::{Diagnostic, Fix, Safety, TextEdit};
use crate::syntax::codes::{S0001, S0004};
use crate::syntax::damage::{BracedWord, Damage, Meant};
use crate::text::Span;

impl Finder<'_> {
    pub(super) fn braced_words(&mut self, damage: &Damage) {
        for word in &damage.braced_words {
            let finding = match word.meant {
                Meant::Numbers => self.numbers_in_braces(word),
                Meant::Names => self.names_in_braces(word),
                Meant::Times => self.bare_regex(word),
            };
            self.found.push(finding);
        }
    }

    fn numbers_in_braces(&self, word: &BracedWord) -> Diagnostic {
        let inner = self.slice(word.braces.start + 1, word.braces.end - 1);
        let edit = |at: u32, text: &str| TextEdit {
            span: Span::new(self.tree.file(), at, at + 1),
            text: text.to_owned(),
        };
        Diagnostic::error(S0004, self.span(&word.braces), "a range has no braces")
            .help(format!("it is written `[{inner}]`"))
            .fix(Fix {
                title: format!("write `[{inner}]`"),
                safety: Safety::Machine,
                edits: vec![edit(word.braces.start, "["), edit(word.braces.end - 1, "]")],
            })
    }

    fn names_in_braces(&self, word: &BracedWord) -> Diagnostic {
        let before = self.slice(word.word.start, word.braces.start);
        let behind = self.slice(word.braces.end, word.word.end);
        let inner = self.slice(word.braces.start + 1, word.braces.end - 1);
        let names: Vec<String> =
            inner.split(',').map(|name| format!("{before}{}{behind}", name.trim())).collect();
        let names = names.join(", ");
        Diagnostic::error(S0004, self.span(&word.braces), "names have no braces")
            .help("each stands by itself, with commas between them")
            .fix(Fix::choice(format!("write `{names}`"), self.span(&word.word), names))
    }

    /// A regular expression whose slashes, or the second of them, are missing.
    fn bare_regex(&self, word: &BracedWord) -> Diagnostic {
        let shown = self.slice(word.word.start, word.word.end);
        let end = Span::new(self.tree.file(), word.word.end, word.word.end);
        let begins = |at: &usize| *at == 0 || shown[..*at].ends_with('.');
        let slash = shown
            .find('/')
            .filter(|at| begins(at) && !shown[at + 1..].contains('/'))
            .map(|at| word.word.start + at as u32);
        match slash {
            Some(at) => Diagnostic::error(S0001, self.span(&(at..at + 1)), "the `/` is not closed")
                .label("opened here")
                .help("a regular expression ends with `/` on its line")
                .fix(Fix::machine("close it", end, "/")),
            None => {
                let begin = word.word.start + shown.find('.').map_or(0, |dot| dot as u32 + 1);
                let regex = self.slice(begin, word.word.end);
                let finding = Diagnostic::error(
                    S0004,
                    self.span(&word.braces),
                    "only a regular expression counts signs",
                )
                .help("it stands between `/` and `/`");
                match regex.contains('/') {
                    true => finding,
                    false => finding.fix(Fix::choice(
                        format!("write `/{regex}/`"),
                        self.span(&(begin..word.word.end)),
                        format!("/{regex}/"),
                    )),
                }
            }
        }
    }
}
