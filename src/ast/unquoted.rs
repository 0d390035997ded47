//! S0015 for texts with placeholders that lack their quotes: `topic {db}.{table}`.
//!
//! Such a text is one leaf of the tree, and its statement is left out. The repair puts it in quotes; it is certain where the
//! statement then fits and every placeholder means something.

use super::binding::Values;
use super::placed;
use super::shape::{Shaped, shape};
use super::token::Token;
use crate::diagnostic::{Diagnostic, Fix, Safety, TextEdit};
use crate::statement::{
    self as st, FILTERS, Place, RENAME_PLACEHOLDERS, StatementSpec, TASK_PLACEHOLDERS, TOPIC_PLACEHOLDERS,
    TemplatePart,
};
use crate::syntax::{self, NodeKind, Tree};
use crate::text::{FileId, Span};

/// Looks through a file whose statements stand at `place`.
pub(super) fn look(tree: &Tree, text: &str, place: Place, values: &Values, findings: &mut Vec<Diagnostic>) {
    if !tree.leaves().any(|leaf| tree.kind(leaf) == NodeKind::Unquoted) {
        return;
    }
    placed::each(tree, text, place, &mut |placed| {
        if tree.lacks_only_quotes(placed.id) {
            let finder = Finder { text, values, captures: placed.captures };
            findings.push(finder.finding(placed.tokens, placed.spec));
        }
    });
}

struct Finder<'a> {
    text: &'a str,
    values: &'a Values,
    /// Captures of the statement and of those around it.
    captures: &'a [String],
}

impl Finder<'_> {
    fn finding(&self, tokens: &[Token<'_>], spec: Option<&StatementSpec>) -> Diagnostic {
        let texts = unquoted(tokens);
        let first = texts.first().copied().unwrap_or_else(|| tokens[0].span);
        let shown = &self.text[first.start as usize..first.end as usize];
        let finding =
            Diagnostic::error(st::WRONG_ARGUMENTS, first, format!("`{shown}` is text without quotes"));
        let edits: Vec<TextEdit> = texts.iter().map(|&span| self.quoted(span, spec)).collect();
        let Some(spec) = spec.filter(|spec| self.fits(spec, tokens, &edits)) else {
            let finding = finding.help("a text with placeholders stands in double quotes");
            return match spec {
                Some(spec) => finding.help(format!("it is written `{}`", spec.usage())),
                None => finding,
            };
        };
        let written = edits.first().map_or("", |edit| edit.text.as_str()).to_owned();
        let of_column = tokens.get(1).and_then(Token::word) == Some("column");
        let sure = edits.iter().all(|edit| self.is_known(spec, of_column, &edit.text));
        finding.help(format!("a text with placeholders stands in double quotes: `{written}`")).fix(Fix {
            title: "put it in double quotes".to_owned(),
            safety: if sure { Safety::Machine } else { Safety::Choice },
            edits,
        })
    }

    /// A text as it is written: in quotes, each placeholder in one pair of braces and without a `$`. In a new name, `table`
    /// and `db` can only mean the old ones.
    fn quoted(&self, span: Span, spec: Option<&StatementSpec>) -> TextEdit {
        let bare = &self.text[span.start as usize..span.end as usize];
        let mut text = bare.replace("${", "{").replace("{{", "{").replace("}}", "}");
        if spec.is_some_and(|spec| spec.word == "rename") {
            for name in ["db", "table"] {
                for end in [":", "}"] {
                    text = text.replace(&format!("{{{name}{end}"), &format!("{{origin.{name}{end}"));
                }
            }
        }
        TextEdit { span, text: format!("\"{text}\"") }
    }

    /// True when the statement fits its row with these edits.
    fn fits(&self, spec: &StatementSpec, tokens: &[Token<'_>], edits: &[TextEdit]) -> bool {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return false };
        let mut head = String::new();
        let mut at = first.span.start;
        for edit in edits {
            head.push_str(&self.text[at as usize..edit.span.start as usize]);
            head.push_str(&edit.text);
            at = edit.span.end;
        }
        head.push_str(&self.text[at as usize..last.span.end as usize]);
        arguments(&head, |word, tokens| matches!(shape(spec, word, tokens, self.values), Shaped::Fits(..)))
            .unwrap_or(false)
    }

    /// True when every placeholder of a text in quotes stands for something in this statement.
    fn is_known(&self, spec: &StatementSpec, of_column: bool, quoted: &str) -> bool {
        let known = match spec.word {
            "rename" => RENAME_PLACEHOLDERS,
            "topic" if spec.places.contains(&Place::Ddl) => TASK_PLACEHOLDERS,
            "markers" => TASK_PLACEHOLDERS,
            "topic" | "on-error" | "on-oversize" => TOPIC_PLACEHOLDERS,
            _ => &[],
        };
        let is_known = |part: &TemplatePart| match part {
            TemplatePart::Text(_) => true,
            TemplatePart::Hole { name, filter } => {
                let name = name.as_str();
                let is_name = known.contains(&name)
                    || (spec.word == "rename" && of_column && name == "column")
                    || self.captures.iter().any(|capture| capture == name)
                    || self.values.of(name).is_some();
                is_name && filter.as_deref().is_none_or(|filter| FILTERS.contains(&filter))
            }
        };
        arguments(quoted, |_, tokens| tokens.iter().flat_map(|token| &token.parts).all(is_known))
            .unwrap_or(false)
    }
}

/// The place of each text: an unquoted part, and what touches it.
fn unquoted(tokens: &[Token<'_>]) -> Vec<Span> {
    let mut texts: Vec<Span> = Vec::new();
    let is_bare = |token: &Token<'_>| !matches!(token.kind, NodeKind::String | NodeKind::SqlString);
    for (n, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == NodeKind::Unquoted) {
        let mut span = token.span;
        for before in tokens[..n].iter().rev() {
            if before.span.end != span.start || before.kind == NodeKind::Comma || !is_bare(before) {
                break;
            }
            span.start = before.span.start;
        }
        match texts.last_mut() {
            Some(last) if last.end >= span.start => last.end = span.end,
            Some(_) | None => texts.push(span),
        }
    }
    texts
}

/// Reads the head of a statement that stands in no file: its word, and its arguments.
fn arguments<T>(head: &str, read: impl FnOnce(Span, &[Token<'_>]) -> T) -> Option<T> {
    let parse = syntax::parse(FileId(0), head);
    let tree = &parse.tree;
    let statement = tree.children(tree.root()).find(|&id| tree.kind(id) == NodeKind::Statement)?;
    if tree.has_error(statement) {
        return None;
    }
    let parts = tree.children(statement).filter(|&part| tree.kind(part) != NodeKind::Ws);
    let tokens: Vec<Token<'_>> = parts.map(|part| Token::new(tree, head, part)).collect();
    let (first, rest) = tokens.split_first()?;
    // A text alone has no word.
    Some(read(first.span, if first.kind == NodeKind::Path { rest } else { &tokens }))
}

#[cfg(test)]
mod tests {
    use super::super::lower;
    use super::*;

    /// The one finding about a line of a pipeline: its text, and the line after the repair where that is certain.
    #[track_caller]
    fn check(line: &str, shown: &str, expected: Option<&str>) {
        let before = "edition 2026\npipeline p from s to t {\n";
        let text = format!("{before}{line}\n}}\n");
        let parse = syntax::parse(FileId(0), &text);
        assert_eq!(syntax::errors(&parse, &text), []);
        let (_, found) = lower(&parse, &text, &Values::default());
        let [finding] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(finding.message, format!("`{shown}` is text without quotes"));
        let fix = finding.fixes.iter().find(|fix| fix.safety == Safety::Machine);
        let mended = fix.map(|fix| {
            let mut mended = text.clone();
            for edit in fix.edits.iter().rev() {
                mended.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
            }
            mended
        });
        assert_eq!(mended, expected.map(|line| format!("{before}{line}\n}}\n")));
    }

    #[test]
    fn templates_are_put_in_quotes() {
        check("topic {db}.{table}", "{db}.{table}", Some("topic \"{db}.{table}\""));
        check("topic lake.{table:lower}", "lake.{table:lower}", Some("topic \"lake.{table:lower}\""));
        check(
            "topic v1-{table} { partitions 12 }",
            "v1-{table}",
            Some("topic \"v1-{table}\" { partitions 12 }"),
        );
        check(
            "topic {table} {\n  partitions 12\n}",
            "{table}",
            Some("topic \"{table}\" {\n  partitions 12\n}"),
        );
        check("topic ${db}.${table}", "${db}.${table}", Some("topic \"{db}.{table}\""));
        check("topic {{db}}.{{table}}", "{{db}}.{{table}}", Some("topic \"{db}.{table}\""));
        check("markers topic {pipeline}.m # x", "{pipeline}.m", Some("markers topic \"{pipeline}.m\" # x"));
    }

    #[test]
    fn a_new_name_is_made_of_the_old_ones() {
        check(
            "rename table a.b to {table}_v2",
            "{table}_v2",
            Some("rename table a.b to \"{origin.table}_v2\""),
        );
        check("rename table a.b_[n:0..9] to b_{n}", "b_{n}", Some("rename table a.b_[n:0..9] to \"b_{n}\""));
        check(
            "rename column a.b.c to {column}_x",
            "{column}_x",
            Some("rename column a.b.c to \"{column}_x\""),
        );
    }

    #[test]
    fn what_would_stay_wrong_is_not_certain() {
        check("topic {db}.{tabel}", "{db}.{tabel}", None);
        check("topic {db:title}.x", "{db:title}.x", None);
        check("key {table}_id", "{table}_id", None);
        check("include {db}.orders", "{db}.orders", None);
        check("tpoic {db}.{table}", "{db}.{table}", None);
    }
}
