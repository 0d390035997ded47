//! Statements of a tree against the table: which there are, whether they may stand where they do, with typed arguments.
//!
//! A statement that is broken, unknown, or misplaced gives its one finding and is left out; what
//! it mentions is remembered, so that nothing is said later about names it may have declared.

mod inner;

use super::allow::Allow;
use super::binding::{Bindings, Uses, Values};
use super::condition::lower as lower_condition;
use super::idle::Why;
use super::left_out::LeftOut;
use super::shape::{Item, Origin, Shaped, Value, shape};
use super::unplaced::{foreign, given_twice, kind_of_change, named_twice, word_as_column};
use crate::diagnostic::Diagnostic;
use crate::pattern::NamePattern;
use crate::statement::{self as st, Block, FormatName, Once, Place, StatementSpec, Support, Word};
use crate::syntax::{self, NodeId, NodeKind, Parse, Tree};
use crate::text::{Span, Spanned};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A statement that fits the table.
#[derive(Debug)]
pub(super) struct Stmt {
    pub(super) spec: &'static StatementSpec,
    /// From its word to its last argument.
    pub(super) head: Span,
    /// What goes away when it is removed: its line, or the statement alone.
    pub(super) line: Span,
    /// It in the tree.
    pub(super) id: NodeId,
    /// Its block in the tree.
    pub(super) block: Option<NodeId>,
    /// Its arguments.
    pub(super) args: Vec<Item>,
    /// Its block; empty without one.
    pub(super) body: Body,
    /// Text of the `##` lines before it.
    pub(super) doc: Option<Spanned<String>>,
    /// Why this release does not execute it; none where it does, if it does all that is in its block.
    pub(super) idle: Option<Why>,
}

/// The statements of a block.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) statements: Vec<Stmt>,
    /// What could not be read: what seems to be missing may be in it.
    pub(super) left_out: LeftOut,
}

/// Reads statements of one file.
pub(super) struct Reader<'t> {
    pub(super) tree: &'t Tree,
    pub(super) text: &'t str,
    /// Values of parameters.
    pub(super) values: &'t Values,
    /// Captures around.
    pub(super) bindings: Bindings,
    /// Number of the source that is read, among those that a range declares.
    pub(super) member: usize,
    /// What was noted about parameters.
    pub(super) noted: Uses,
    pub(super) findings: Vec<Diagnostic>,
    /// Every name in statements that were left out.
    pub(super) mentions: BTreeSet<String>,
    /// Words of statements without the name of what they declare or use: it may be any.
    pub(super) nameless: BTreeSet<&'static str>,
    /// Statements that stand where they do not belong: what seems to be missing elsewhere may be one of them.
    pub(super) misplaced: LeftOut,
    /// Where a statement names a column, by the place of the statement and the name.
    pub(super) columns: BTreeMap<(Span, String), Span>,
    /// Files may be added that are not read.
    pub(super) opaque: bool,
    /// `allow`, of all blocks.
    pub(super) allows: Vec<Allow>,
    /// The statement around what is being read.
    pub(super) scope: Span,
    /// The statement of the file that is being read.
    pub(super) top: Span,
    /// The format whose block is being read.
    pub(super) format: Option<FormatName>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(parse: &'t Parse, text: &'t str, values: &'t Values) -> Reader<'t> {
        Reader {
            tree: &parse.tree,
            text,
            values,
            bindings: Bindings::default(),
            member: 0,
            noted: Uses::default(),
            findings: Vec::new(),
            mentions: BTreeSet::new(),
            nameless: BTreeSet::new(),
            misplaced: LeftOut::default(),
            columns: BTreeMap::new(),
            opaque: parse.not_utf8(),
            allows: Vec::new(),
            scope: parse.tree.span(parse.tree.root()),
            top: parse.tree.span(parse.tree.root()),
            format: None,
        }
    }

    /// A statement of the file, looked at without those beside it.
    pub(super) fn alone(&mut self, id: NodeId) -> Option<Stmt> {
        self.statement(id, Place::File, &mut HashMap::new(), None)
    }

    /// The statements directly below `parent`, which stands for `place`.
    pub(super) fn body(&mut self, parent: NodeId, place: Place) -> Body {
        let mut body = Body::default();
        let mut seen: HashMap<(&str, String), Span> = HashMap::new();
        let mut doc: Vec<NodeId> = Vec::new();
        // Behind a broken statement that may have swallowed its `{`, or a list that goes on or begins below: what is indented
        // deeper belonged to it.
        let mut skip_deeper_than: Option<u32> = None;
        for child in self.tree.children(parent) {
            match self.tree.kind(child) {
                NodeKind::Doc => doc.push(child),
                NodeKind::Statement => {
                    let column = self.column(self.tree.node(child).start);
                    let skipped = skip_deeper_than.is_some_and(|limit| column > limit);
                    if skipped {
                        self.mention(child);
                        body.left_out.add(&self.skipped(child, place));
                        doc.clear();
                        continue;
                    }
                    skip_deeper_than = None;
                    let doc = self.documentation(&doc);
                    let broken = self.tree.has_error(child);
                    let read = match broken {
                        true => self.without_signs(child, place, &mut seen, doc),
                        false => self.statement(child, place, &mut seen, doc),
                    };
                    match read {
                        Some(statement) if spec_of_exception(&statement, place) => self.allow(&statement),
                        Some(statement) => body.statements.push(statement),
                        None => {
                            self.mention(child);
                            let left_out = self.left_out(child, place);
                            // What a `}` that came too early tore off belonged to the statement before.
                            if let (true, Some(before)) = (broken, body.statements.last_mut())
                                && place == Place::File
                            {
                                before.body.left_out.add(&left_out);
                            }
                            body.left_out.add(&left_out);
                            let goes_on = broken || self.ends_with_comma(child) || self.is_bare(child);
                            skip_deeper_than = goes_on.then_some(column);
                        }
                    }
                }
                _ => continue,
            }
            if self.tree.kind(child) == NodeKind::Statement {
                doc = Vec::new();
            }
        }
        body
    }

    /// The text of `##` lines, and where they stand.
    fn documentation(&self, lines: &[NodeId]) -> Option<Spanned<String>> {
        let span = self.tree.span(*lines.first()?).to(self.tree.span(*lines.last()?));
        let line = |&id: &NodeId| self.tree.text(id, self.text).trim_start_matches('#').trim();
        Some(Spanned::new(lines.iter().map(line).collect::<Vec<_>>().join("\n"), span))
    }

    fn statement(
        &mut self,
        id: NodeId,
        place: Place,
        seen: &mut HashMap<(&'static str, String), Span>,
        doc: Option<Spanned<String>>,
    ) -> Option<Stmt> {
        let mark = self.bindings.mark();
        let read = self.bound_statement(id, place, seen, doc);
        self.bindings.back_to(mark);
        read
    }

    /// A statement that is whole without signs that mean nothing in it: `include [a.b, a.c]`. Of what else is wrong with it
    /// nothing is said, as long as these stand there.
    fn without_signs(
        &mut self,
        id: NodeId,
        place: Place,
        seen: &mut HashMap<(&'static str, String), Span>,
        doc: Option<Spanned<String>>,
    ) -> Option<Stmt> {
        if !self.tree.has_only_needless_signs(id, self.text) {
            return None;
        }
        let n_findings = self.findings.len();
        let read = self.statement(id, place, seen, doc);
        if read.is_none() {
            self.findings.truncate(n_findings);
        }
        read
    }

    /// A statement whose captures stay bound.
    fn bound_statement(
        &mut self,
        id: NodeId,
        place: Place,
        seen: &mut HashMap<(&'static str, String), Span>,
        doc: Option<Spanned<String>>,
    ) -> Option<Stmt> {
        let (word, word_span) = self.word(id)?;
        let Some(row) = st::find(word, place) else {
            let otherwise = self.added_otherwise(id, place).map(Some);
            match otherwise.or_else(|| self.goes_on(id, word, place)) {
                Some(finding) => self.findings.extend(finding),
                None => self.findings.push(self.no_statement(id, word, word_span, place)),
            }
            let ours = foreign(word, place).unwrap_or(word);
            if let Some(spec) = st::STATEMENTS.iter().find(|spec| spec.word == ours) {
                self.misplaced.add(&LeftOut::word(spec.word));
            }
            return None;
        };
        let spec = &match self.as_option(row, word_span, place) {
            Ok(spec) => spec,
            Err(finding) => {
                self.findings.push(*finding);
                return None;
            }
        };
        let clause = self.tree.children(id).find(|&child| self.tree.kind(child) == NodeKind::WhereClause);
        if place == Place::File
            && spec.word == "source"
            && let Some(member) = self.members(id).get(self.member)
        {
            self.bind_member(member);
        }
        let tokens = self.tokens(id);
        if let Some(finding) = kind_of_change(spec, place, word_span, &tokens) {
            self.findings.push(finding);
            return None;
        }
        if let Some(finding) = self.negated(spec, word_span, &tokens) {
            self.findings.push(finding);
            return None;
        }
        let head = match clause {
            Some(clause) => self.tree.span(clause),
            None => tokens.last().map_or(word_span, |last| word_span.to(last.span)),
        };
        let shaped = match clause {
            Some(clause) => self.condition(clause),
            None => shape(spec, word_span, &tokens, self.values),
        };
        let (args, form) = match shaped {
            Shaped::Fits(args, form) => (args, form),
            Shaped::Wrong(findings) => {
                self.findings.extend(findings);
                // What the block holds is looked at all the same: its mistakes are its own.
                if let (Some(block), Block::May(inner) | Block::Must(inner) | Block::Instead(inner)) =
                    (self.block(id), spec.block)
                    && inner.holds_statements()
                {
                    self.body(block, inner);
                }
                return None;
            }
        };
        if let Some(finding) = word_as_column(spec, &args) {
            self.findings.push(finding);
            return None;
        }
        if let Some(finding) = named_twice(spec, &args) {
            self.findings.push(finding);
            return None;
        }
        self.note_columns(spec, head, &args);
        let is_bound = self.note_params(id, &args);
        self.bind_captures(&args);
        let outer = self.format;
        if spec.word == "format" {
            self.format = args.first().and_then(|item| match &item.value {
                Value::Word(word) => FormatName::from_word(word),
                _ => None,
            });
        }
        let n_findings = self.findings.len();
        let body = self.inner(id, spec, head, args.is_empty());
        if let (Some(format), Some(name), "format") = (self.format, args.first(), spec.word) {
            self.join_options(id, format, name.span, n_findings);
        }
        self.format = outer;
        let body = body.filter(|_| is_bound)?;
        if spec.once != Once::No {
            let form = match (spec.once, args.first().map(|item| &item.value)) {
                (Once::PerForm, Some(Value::Word(word))) if word == "errors" => word.clone(),
                _ => String::new(),
            };
            if let Some(&first) = seen.get(&(spec.word, form.clone())) {
                self.findings.push(given_twice(spec.word, head, first));
                return None;
            }
            seen.insert((spec.word, form), head);
        }
        let idle = match (spec.support, form) {
            (Support::Compiles, _) => Some(Why::Whole),
            (Support::Runs, Support::Compiles) => Some(Why::Form),
            (Support::Runs, Support::Runs) => {
                args.iter().any(|item| item.origin == Origin::Env).then_some(Why::Environment)
            }
        };
        let line = self.line_of(head);
        Some(Stmt { spec: row, head, line, id, block: self.block(id), args, body, doc, idle })
    }

    /// Notes where the columns of a statement about tables stand.
    fn note_columns(&mut self, spec: &StatementSpec, head: Span, args: &[Item]) {
        if !matches!(spec.word, "key" | "columns" | "mask" | "partition" | "rename") {
            return;
        }
        let text = self.text;
        self.columns.extend(args.iter().filter_map(|item| match &item.value {
            Value::Column(name) | Value::Columns(NamePattern::Exact(name)) => {
                Some(((head, name.clone()), item.span))
            }
            Value::ColumnPath(_, NamePattern::Exact(name)) => {
                Some(((head, name.clone()), last_segment(text, item.span, name)?))
            }
            _ => None,
        }));
    }

    /// The one argument of `where`.
    fn condition(&self, clause: NodeId) -> Shaped {
        let Some(condition) = syntax::condition(self.tree, self.text, clause) else {
            return Shaped::Wrong(Vec::new());
        };
        match lower_condition(condition, self.text) {
            Ok(condition) => {
                let span = self.tree.span(clause);
                Shaped::Fits(
                    vec![Item {
                        value: Value::Condition(Box::new(condition)),
                        span,
                        origin: Origin::Written,
                    }],
                    Support::Runs,
                )
            }
            Err(findings) => Shaped::Wrong(findings),
        }
    }

    fn column(&self, at: u32) -> u32 {
        let line = self.text[..at as usize].rfind(['\n', '\r']).map_or(0, |end| end + 1);
        at - line as u32
    }
}

/// Where a name stands that a path ends with.
fn last_segment(text: &str, path: Span, name: &str) -> Option<Span> {
    let written = &text[path.start as usize..path.end as usize];
    let forms = [name.to_owned(), format!("`{}`", name.replace('`', "``"))];
    let ends = |form: &&String| written.strip_suffix(form.as_str()).is_some_and(|rest| rest.ends_with('.'));
    let form = forms.iter().find(ends)?;
    Some(Span::new(path.file, path.end - form.len() as u32, path.end))
}

/// True for an `allow` that answers findings; in a `ddl` block it names kinds.
fn spec_of_exception(statement: &Stmt, place: Place) -> bool {
    statement.spec.word == "allow" && place != Place::Ddl
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax;
    use crate::text::FileId;

    /// A file whose statement or block at `place` holds a text.
    fn around(place: Place, text: &str) -> String {
        let (before, behind) = match place {
            Place::File | Place::LockFile | Place::TestFile => ("", ""),
            Place::Source | Place::Start => ("source s mysql {\n", "\n}"),
            Place::Target | Place::State | Place::Registry => ("target t kafka {\n", "\n}"),
            Place::Pipeline | Place::From | Place::Topic | Place::Format | Place::Ddl => {
                ("pipeline p {\n", "\n}")
            }
            Place::To => ("pipeline p {\nto t {\n", "\n}\n}"),
            Place::Table => ("pipeline p {\ntable a.b {\n", "\n}\n}"),
            Place::Defaults => ("defaults {\n", "\n}"),
            Place::Profile => ("profile p {\n", "\n}"),
            Place::Test | Place::Row | Place::Expect => ("test p \"t\" {\n", "\n}"),
            Place::Lock | Place::LockTable => ("lock source s {\n", "\n}"),
            Place::Options => ("param p by q {\n", "\n}"),
        };
        let edition = if text.starts_with("edition") { "" } else { "edition 2026\n" };
        format!("{edition}{before}{text}{behind}\n")
    }

    /// Every example fits its row, at every place where its statement may stand.
    #[test]
    fn examples_fit_the_table() {
        let values = Values::default();
        for spec in st::STATEMENTS {
            for &place in spec.places {
                let text = around(place, spec.example);
                let parse = syntax::parse(FileId(0), &text);
                let mut found = syntax::errors(&parse, &text);
                found.extend(match place {
                    Place::LockFile | Place::Lock | Place::LockTable => {
                        super::super::lower_lock(&parse, &text).1
                    }
                    Place::TestFile | Place::Test | Place::Row | Place::Expect => {
                        super::super::lower_tests(&parse, &text, &values).1
                    }
                    _ => super::super::lower(&parse, &text, &values).1,
                });
                assert!(found.is_empty(), "`{}` in {}: {found:?}\n{text}", spec.word, place.called());
                assert!(spec.example.contains(spec.word), "{}", spec.word);
            }
        }
    }

    /// Message and help of every finding about lines of a pipeline.
    #[track_caller]
    fn check(lines: &str, expected: &[(&str, &str)]) {
        let text = around(Place::Pipeline, lines);
        let parse = syntax::parse(FileId(0), &text);
        let mut found = syntax::errors(&parse, &text);
        found.extend(super::super::lower(&parse, &text, &Values::default()).1);
        let shown: Vec<(&str, &str)> = found
            .iter()
            .map(|finding| (finding.message.as_str(), finding.help.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn lists_as_other_tools_write_them() {
        let lacks = "`include` lacks a table as `DB.TABLE` at its end";
        let lists = "it is written `include DB.TABLE, …`; a list stands on one line, with commas between its items, or `include` is repeated for each";
        check("include\n  shop.a\n  shop.b\n", &[(lacks, lists)]);
        check("include shop.a,\n  shop.b\n", &[(lacks, lists)]);
        check("include\n  - shop.a\n", &[(lacks, lists)]);
        let items = "items of a list stand on the line of their word, without signs before them and with commas between them";
        check(
            "include shop.a\nshop.b\n",
            &[("`shop.b` is no statement", &format!("{items}: `include shop.b`"))],
        );
        check(
            "include shop.a where x > 0\n",
            &[(
                "`include` takes a comma here, not `where`",
                "`where` begins a statement of its own, on its own line, in the `to` of a pipeline, a `table` or a `profile`",
            )],
        );
        check(
            "topic \"{table}\" partitions 12\n",
            &[(
                "`topic` does not take `partitions` here",
                "`partitions` stands in the block of `topic`, between `{` and `}`",
            )],
        );
        check("key by id\n", &[("`key` takes no `by` before its first item", "")]);
        check(
            "columns without a\n",
            &[(
                "`columns` knows no `without`; did you mean `except`?",
                "it is written `columns except COLUMN, … | COLUMN, …`",
            )],
        );
        check("- shop.b\n", &[("`-` is no statement", items)]);
        check(
            "rename table shop.a to\n",
            &[(
                "`rename` lacks a new name at its end",
                "it is written `rename database DATABASE to NAME | table DB.TABLE to NAME | column DB.TABLE.COLUMN to NAME`",
            )],
        );
    }
}
