//! The formatter: one layout for every file, without options.
//!
//! Guarantees: formatting twice is formatting once; the same signs that are not blank stand in the same order, comments
//! too; the head of a statement that contains an error keeps its bytes. A file in which braces or merge markers do not fit
//! is left alone, because its layout cannot be known.
//! Does not align, sort or wrap, so that one changed value is one changed line.

mod head;

use crate::syntax::{NodeId, NodeKind, Parse, Tree, parse};
use crate::text::FileId;

/// Blanks for each level of blocks.
const INDENT: &str = "  ";

/// What became of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Formatted {
    /// The text in its layout; equal to the input when nothing was to do.
    Text(String),
    /// Braces do not balance, a merge is unfinished, or the file holds bytes that are no text: it stays as it is.
    LeftAlone,
}

/// Formats the text of a file.
pub fn format(text: &str) -> Formatted {
    let parse: Parse = parse(FileId(0), text);
    let tree = &parse.tree;
    if parse.not_utf8() || parse.unreadable() || tree.braces_misfit() {
        return Formatted::LeftAlone;
    }
    let mut writer = Writer { tree, text, out: String::with_capacity(text.len()), pending: Pending::Nothing };
    writer.items(tree.root(), 0);
    if writer.out.starts_with('\u{FEFF}') {
        // A stray sign that would become a byte order mark.
        return Formatted::LeftAlone;
    }
    if !writer.out.is_empty() {
        writer.out.push('\n');
    }
    Formatted::Text(writer.out)
}

/// What stands between the last thing written and the next one in the input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pending {
    /// No line end.
    Nothing,
    /// One line end.
    Line,
    /// An empty line.
    EmptyLine,
}

struct Writer<'a> {
    tree: &'a Tree,
    text: &'a str,
    /// Never ends in a line end: that is written before the next item.
    out: String,
    pending: Pending,
}

impl Writer<'_> {
    /// Writes what is directly inside of a block or the file.
    fn items(&mut self, parent: NodeId, level: usize) {
        // The line of the `{`, or the beginning of the file: no empty line may follow.
        let mut first = true;
        for id in self.tree.children(parent) {
            match self.tree.kind(id) {
                NodeKind::Nl => {
                    self.pending = match self.pending {
                        Pending::Nothing => Pending::Line,
                        Pending::Line | Pending::EmptyLine => Pending::EmptyLine,
                    };
                }
                NodeKind::Doc | NodeKind::Comment => {
                    if self.pending == Pending::Nothing && !self.out.is_empty() {
                        self.out.push(' ');
                    } else {
                        self.begin_line(level, first);
                        first = false;
                    }
                    self.out.push_str(self.tree.text(id, self.text).trim_end_matches([' ', '\t']));
                    self.pending = Pending::Nothing;
                }
                NodeKind::Statement => {
                    self.begin_line(level, first);
                    first = false;
                    self.statement(id, level);
                }
                _ => {}
            }
        }
    }

    fn begin_line(&mut self, level: usize, first: bool) {
        if !self.out.is_empty() {
            self.out.push_str(if self.pending == Pending::EmptyLine && !first { "\n\n" } else { "\n" });
        }
        (0..level).for_each(|_| self.out.push_str(INDENT));
        self.pending = Pending::Nothing;
    }

    fn statement(&mut self, statement: NodeId, level: usize) {
        let block = self.tree.children(statement).find(|&id| self.tree.kind(id) == NodeKind::Block);
        let before = self.out.len();
        head::write(self.tree, self.text, statement, &mut self.out);
        let Some(block) = block else { return };
        if self.out.len() > before {
            self.out.push(' ');
        }
        self.out.push('{');
        self.pending = Pending::Nothing;
        let open = self.out.len();
        self.items(block, level + 1);
        if self.out.len() > open {
            self.pending = Pending::Line;
            self.begin_line(level, true);
        }
        self.out.push('}');
        self.pending = Pending::Nothing;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::property_tests::{CORPUS, mutants};

    #[track_caller]
    fn check(input: &str, expected: &str) {
        assert_eq!(format(input), Formatted::Text(expected.to_owned()), "{input}");
        assert_eq!(format(expected), Formatted::Text(expected.to_owned()), "twice");
    }

    #[test]
    fn blanks() {
        check("a   b\t\"c  d\"  \n", "a b \"c  d\"\n");
        check("a b , c,d\n", "a b, c, d\n");
        check("a=>b->c\n", "a => b -> c\n");
        check("a ( 'x' ,2 )\n", "a ('x', 2)\n");
        check(
            "where a>0 and(b  in('x','y')or not( c is   not null ))\n",
            "where a > 0 and (b in ('x', 'y') or not (c is not null))\n",
        );
        check("a shop . b\n", "a shop . b\n");
    }

    #[test]
    fn lines() {
        check("\n\na\n\n\n\nb\n\n", "a\n\nb\n");
        check("a\r\nb\rc", "a\nb\nc\n");
        check("\u{FEFF}a\n", "a\n");
        check("", "");
        check(" \n \n", "");
    }

    #[test]
    fn blocks() {
        check("a{b\nc}\n", "a {\n  b\n  c\n}\n");
        check("a { b } c\n", "a {\n  b\n}\nc\n");
        check("a {\n\n b\n\n\n c\n\n}\n", "a {\n  b\n\n  c\n}\n");
        check("a {\n\n}\nb {  }\n", "a {}\nb {}\n");
        check("a {\n    b {\n c\n }}\n", "a {\n  b {\n    c\n  }\n}\n");
    }

    #[test]
    fn comments() {
        check("a   # x  \n#y\n\n  ## z\nb\n", "a # x\n#y\n\n## z\nb\n");
        check("a { # x\n\n b # y\n} # z\n", "a { # x\n  b # y\n} # z\n");
        check("a {\n\n # x\n\n}\n", "a {\n  # x\n}\n");
        check("a { # x\n}\n", "a { # x\n}\n");
    }

    #[test]
    fn broken_heads_keep_their_bytes() {
        check("  a   \"b  ;;\n", "a   \"b  ;;\n");
        check("p {\n a  ; b { c   d\n}\n}\n", "p {\n  a  ; b {\n    c d\n  }\n}\n");
        check("--  a  b\n", "--  a  b\n");
    }

    #[test]
    fn misfits_are_left_alone() {
        for text in [
            "a {\n",
            "a\n  }\n",
            "a {\n<<<<<<< x\n  b\n}\n",
            "a // b {\n  c\n}\n",
            "a\0 b\n",
            "a  \u{FFFD}\n",
        ] {
            assert_eq!(format(text), Formatted::LeftAlone, "{text:?}");
        }
    }

    #[test]
    fn examples_are_formatted() {
        for (name, text) in CORPUS {
            assert_eq!(format(text), Formatted::Text((*text).to_owned()), "{name}");
        }
    }

    /// Everything that is not blank.
    fn signs(text: &str) -> String {
        text.chars().filter(|sign| !matches!(sign, ' ' | '\t' | '\r' | '\n' | '\u{FEFF}')).collect()
    }

    /// Texts of the leaves that are not blank, and the nesting they stand in.
    fn tokens(text: &str) -> Vec<(NodeKind, usize, String)> {
        let parse = parse(FileId(0), text);
        let tree = &parse.tree;
        let depth = |id| {
            std::iter::successors(Some(id), |&id| (id != tree.root()).then(|| tree.node(id).parent)).count()
        };
        tree.leaves()
            .filter(|&id| {
                !matches!(tree.kind(id), NodeKind::File | NodeKind::Ws | NodeKind::Nl | NodeKind::Bom)
            })
            .map(|id| (tree.kind(id), depth(id), signs(tree.text(id, text))))
            // Blanks behind an open quote are no text that anybody wrote.
            .filter(|(kind, _, signs)| {
                *kind != NodeKind::Text && *kind != NodeKind::SqlText || !signs.is_empty()
            })
            .collect()
    }

    #[test]
    fn mutants_keep_their_tokens() {
        let mut n_formatted = 0;
        for text in mutants(4000) {
            let Formatted::Text(once) = format(&text) else { continue };
            n_formatted += 1;
            assert_eq!(signs(&once), signs(&text), "{text:?}");
            assert_eq!(tokens(&once), tokens(&text), "{text:?}");
            assert_eq!(format(&once), Formatted::Text(once.clone()), "{text:?}");
        }
        assert!(n_formatted > 500, "{n_formatted} of the mutants balance");
    }
}
