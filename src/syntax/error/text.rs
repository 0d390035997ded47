//! Escapes and placeholders inside texts.

use super::Finder;
use crate::diagnostic::{Diagnostic, Fix};
use crate::syntax::codes::S0008;
use crate::syntax::damage::unescape;
use crate::syntax::{NodeId, NodeKind};
use crate::text::Span;

impl Finder<'_> {
    pub(super) fn placeholders(&self, head: impl Iterator<Item = NodeId>, found: &mut Vec<Diagnostic>) {
        // A `}` that the finding of its `{` has covered already.
        let mut covered = None;
        for id in head {
            let node = self.tree.node(id);
            match node.kind {
                NodeKind::Escape if unescape(self.tree.text(id, self.text)).is_none() => {
                    let message = format!("`{}` is no sign of Unicode", self.tree.text(id, self.text));
                    let help = "`\\u{…}` takes a hexadecimal number up to 10FFFF, without D800 to DFFF";
                    found.push(Diagnostic::error(S0008, self.tree.span(id), message).help(help));
                }
                NodeKind::BadChar if covered == Some(node.start) => {}
                NodeKind::BadChar => match self.tree.text(id, self.text) {
                    "\\" => found.push(self.bad_escape(node.start)),
                    "{" if let Some(end) = self.doubled(node.start) => {
                        covered = Some(end - 1);
                        let span = Span::new(self.tree.file(), node.start, end);
                        let once = self.slice(node.start + 1, end - 1);
                        let message = format!("`{}` has its braces twice", self.slice(node.start, end));
                        found.push(Diagnostic::error(S0008, span, message).fix(Fix::machine(
                            format!("write `{once}`"),
                            span,
                            once,
                        )));
                    }
                    "{" => {
                        let close = self.lone_close(id);
                        covered = close;
                        found.push(self.lone_open(node.start, close));
                    }
                    _ => found.push(self.lone_end(self.tree.span(id))),
                },
                _ => {}
            }
        }
    }

    /// A `}` that no `{` begins.
    fn lone_end(&self, end: Span) -> Diagnostic {
        let finding = Diagnostic::error(S0008, end, "`}` ends no placeholder");
        let is_sign = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '-' | ':');
        let before = &self.text[..end.start as usize];
        let name = &before[before.trim_end_matches(is_sign).len()..];
        if !name.starts_with(char::is_alphabetic) {
            return finding.help("a brace that is meant as such is written `\\}`").fix(Fix::machine(
                "write `\\}`",
                end,
                "\\}",
            ));
        }
        let open = end.start - name.len() as u32;
        finding
            .help(format!("open it: `{{{name}}}`, or write `\\}}` for the brace itself"))
            .fix(Fix::choice("open the placeholder", Span::new(end.file, open, open), "{"))
            .fix(Fix::choice("write `\\}`", end, "\\}"))
    }

    fn bad_escape(&self, at: u32) -> Diagnostic {
        let next =
            self.text[at as usize + 1..].chars().next().filter(|&c| c != '"' && c != '\n' && c != '\r');
        let end = at + 1 + next.map_or(0, char::len_utf8) as u32;
        let span = Span::new(self.tree.file(), at, end);
        let backslash = Span::new(self.tree.file(), at, at + 1);
        Diagnostic::error(S0008, span, format!("`{}` is no escape", self.slice(at, end)))
            .help("escapes are `\\\"`, `\\\\`, `\\n`, `\\t`, `\\{`, `\\}` and `\\u{…}`; a backslash is written `\\\\`")
            .fix(Fix::choice("write `\\\\`", backslash, "\\\\"))
    }

    /// The end of `{{name}}`, whose first brace is at `at`.
    fn doubled(&self, at: u32) -> Option<u32> {
        let inner = self.text[at as usize..].strip_prefix("{{")?;
        let name = inner.split_once("}}")?.0;
        let is_sign = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.' | ':');
        (!name.is_empty() && name.chars().all(is_sign)).then(|| at + 4 + name.len() as u32)
    }

    /// The `}` that closes the bad `{` at `open`, with plain text between.
    fn lone_close(&self, open: NodeId) -> Option<u32> {
        let end = self.tree.node(self.tree.node(open).parent).subtree_end;
        // Both are leaves, so the next node is the next sibling.
        let sibling = |id: NodeId| Some(NodeId(id.0 + 1)).filter(|next| next.0 < end);
        let mut next = sibling(open)?;
        if self.tree.kind(next) == NodeKind::Text {
            next = sibling(next)?;
        }
        (self.tree.kind(next) == NodeKind::BadChar && self.tree.text(next, self.text) == "}")
            .then(|| self.tree.node(next).start)
    }

    fn lone_open(&self, at: u32, close: Option<u32>) -> Diagnostic {
        let file = self.tree.file();
        let here = Span::new(file, at, at + 1);
        if let Some(close) = close {
            let span = Span::new(file, at, close + 1);
            if let Some((name, filter)) = self.slice(at + 1, close).split_once('|')
                && ["lower", "upper"].contains(&filter.trim())
            {
                let written = format!("{{{}:{}}}", name.trim(), filter.trim());
                return Diagnostic::error(
                    S0008,
                    span,
                    format!("`{}` is no placeholder", self.slice(at, close + 1)),
                )
                .help("a filter follows a colon")
                .fix(Fix::machine(format!("write `{written}`"), span, written));
            }
            let mut fix = Fix::machine("write `\\{` and `\\}`", here, "\\{");
            fix.edits.extend(Fix::machine("", Span::new(file, close, close + 1), "\\}").edits);
            return Diagnostic::error(
                S0008,
                span,
                format!("`{}` is no placeholder", self.slice(at, close + 1)),
            )
            .help("a placeholder is a name such as `{db}`, `{origin.table}` or `{table:lower}`")
            .fix(fix);
        }
        let rest = &self.text[at as usize + 1..];
        let name =
            rest.len() - rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '-').len();
        let finding = Diagnostic::error(S0008, here, "`{` starts no placeholder");
        if name == 0 || !rest.starts_with(char::is_alphabetic) {
            return finding.help("a brace that is meant as such is written `\\{`").fix(Fix::machine(
                "write `\\{`",
                here,
                "\\{",
            ));
        }
        let behind = at + 1 + name as u32;
        finding
            .help(format!("close it: `{{{}}}`, or write `\\{{` for the brace itself", &rest[..name]))
            .fix(Fix::choice("close the placeholder", Span::new(file, behind, behind), "}"))
            .fix(Fix::choice("write `\\{`", here, "\\{"))
    }
}
