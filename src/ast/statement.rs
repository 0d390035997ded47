//! Statements of a tree against the table: which there are, whether they may stand where they do, with typed arguments.
//!
//! A statement that is broken, unknown, or misplaced gives its one finding and is left out; what
//! it mentions is remembered, so that nothing is said later about names it may have declared.

use super::allow::Allow;
use super::binding::{Bindings, Filled, Unbound, Uses, Values};
use super::condition::lower as lower_condition;
use super::idle::Why;
use super::left_out::LeftOut;
use super::shape::{Item, Origin, Shaped, Value, shape};
use super::token::Token;
use super::value::pattern;
use crate::diagnostic::{Diagnostic, Fix};
use crate::pattern::{NamePattern, TablePattern};
use crate::statement::{
    self as st, Block, FormatName, FormatSpec, Once, Place, StatementSpec, Support, Word,
};
use crate::syntax::{self, NodeId, NodeKind, Parse, Tree};
use crate::text::{Span, Spanned};
use std::collections::{BTreeSet, HashMap};

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
    pub(super) doc: Option<String>,
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
    values: &'t Values,
    /// Captures around.
    pub(super) bindings: Bindings,
    /// Number of the source that is read, among those that a range declares.
    pub(super) member: usize,
    /// What was noted about parameters.
    pub(super) noted: Uses,
    pub(super) findings: Vec<Diagnostic>,
    /// Every name in statements that were left out.
    pub(super) mentions: BTreeSet<String>,
    /// Statements that stand where they do not belong: what seems to be missing elsewhere may be one of them.
    pub(super) misplaced: LeftOut,
    /// Files may be added that are not read.
    pub(super) opaque: bool,
    /// `allow`, of all blocks.
    pub(super) allows: Vec<Allow>,
    /// The statement around what is being read.
    pub(super) scope: Span,
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
            misplaced: LeftOut::default(),
            opaque: parse.not_utf8(),
            allows: Vec::new(),
            scope: parse.tree.span(parse.tree.root()),
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
        let mut doc: Vec<&str> = Vec::new();
        // Behind a broken statement that may have swallowed its `{`, or a list that goes on or begins below: what is indented
        // deeper belonged to it.
        let mut skip_deeper_than: Option<u32> = None;
        for child in self.tree.children(parent) {
            match self.tree.kind(child) {
                NodeKind::Doc => doc.push(self.tree.text(child, self.text).trim_start_matches('#').trim()),
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
                    let doc = (!doc.is_empty()).then(|| doc.join("\n"));
                    let broken = self.tree.has_error(child);
                    match if broken { None } else { self.statement(child, place, &mut seen, doc) } {
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

    fn statement(
        &mut self,
        id: NodeId,
        place: Place,
        seen: &mut HashMap<(&'static str, String), Span>,
        doc: Option<String>,
    ) -> Option<Stmt> {
        let mark = self.bindings.mark();
        let read = self.bound_statement(id, place, seen, doc);
        self.bindings.back_to(mark);
        read
    }

    /// A statement whose captures stay bound.
    fn bound_statement(
        &mut self,
        id: NodeId,
        place: Place,
        seen: &mut HashMap<(&'static str, String), Span>,
        doc: Option<String>,
    ) -> Option<Stmt> {
        let (word, word_span) = self.word(id)?;
        let Some(row) = st::find(word, place) else {
            match self.goes_on(id, word, place) {
                Some(finding) => self.findings.extend(finding),
                None => self.findings.push(unplaced(word, word_span, place, self.format)),
            }
            let ours = st::foreign_word(word).unwrap_or(word);
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
        let is_bound = self.note_params(id, &args);
        self.bind_captures(&args);
        let outer = self.format;
        if spec.word == "format" {
            self.format = args.first().and_then(|item| match &item.value {
                Value::Word(word) => FormatName::from_word(word),
                _ => None,
            });
        }
        let body = self.inner(id, spec, head, args.is_empty());
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

    fn inner(&mut self, id: NodeId, spec: &StatementSpec, head: Span, bare: bool) -> Option<Body> {
        let outer = std::mem::replace(&mut self.scope, self.tree.span(id));
        let body = self.inner_body(id, spec, head, bare);
        self.scope = outer;
        body
    }

    /// The row of an option as the format around it has it; a finding where that has no such option.
    fn as_option(
        &self,
        spec: &'static StatementSpec,
        span: Span,
        place: Place,
    ) -> Result<StatementSpec, Box<Diagnostic>> {
        let format = match self.format {
            Some(format) if place == Place::Format && spec.word != "allow" => format.spec(),
            Some(_) | None => return Ok(*spec),
        };
        if let Some(option) = format.option(spec.word) {
            return Ok(StatementSpec { args: option.args, default: option.default, ..*spec });
        }
        let names =
            |words: Vec<&str>| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let own = names(format.options.iter().map(|option| option.property.word()).collect());
        let others = names(FormatSpec::having(spec.word).map(|format| format.name.word()).collect());
        let message = format!("`{}` is no option of `{}`", spec.word, format.name);
        Err(Box::new(
            Diagnostic::error(st::STATEMENT_NOT_HERE, span, message)
                .help(format!("`{}` has {own}; `{}` is one of {others}", format.name, spec.word)),
        ))
    }

    fn inner_body(&mut self, id: NodeId, spec: &StatementSpec, head: Span, bare: bool) -> Option<Body> {
        match (self.block(id), spec.block) {
            // Its lines are no statements.
            (Some(_), Block::May(inner) | Block::Must(inner)) if !inner.holds_statements() => {
                Some(Body::default())
            }
            (Some(block), Block::May(inner) | Block::Must(inner)) => Some(self.body(block, inner)),
            (Some(block), Block::Instead(inner)) if bare => Some(self.body(block, inner)),
            (None, Block::No | Block::May(_)) => Some(Body::default()),
            (None, Block::Instead(_)) if !bare => Some(Body::default()),
            (None, Block::Instead(_)) => {
                let finding = Diagnostic::error(
                    st::WRONG_ARGUMENTS,
                    head,
                    format!("`{}` lacks its arguments or its block", spec.word),
                )
                .help(format!("it is written `{}`", spec.usage()));
                self.findings.push(finding);
                None
            }
            (None, Block::Must(_)) => {
                let finding =
                    Diagnostic::error(st::WRONG_ARGUMENTS, head, format!("`{}` lacks its block", spec.word))
                        .help(format!("it is written `{} {{ … }}`", spec.usage()));
                self.findings.push(finding);
                None
            }
            (Some(block), Block::No | Block::Instead(_)) => {
                let open = self.tree.span(block);
                let form = self.text[head.start as usize..head.end as usize].trim();
                let what = if spec.block == Block::No { spec.word } else { form };
                let finding = Diagnostic::error(
                    st::WRONG_ARGUMENTS,
                    Span::new(open.file, open.start, open.start + 1),
                    format!("`{what}` takes no block"),
                )
                .help(format!("it is written `{}`", spec.usage()));
                self.findings.push(finding);
                None
            }
        }
    }

    /// The word a statement begins with; a finding where it begins with something else.
    fn word(&mut self, id: NodeId) -> Option<(&'t str, Span)> {
        match self.first_word(id) {
            Some(word) => Some((self.tree.text(word, self.text), self.tree.span(word))),
            None => {
                let span = self.tree.span(self.first(id)?);
                self.findings.push(
                    Diagnostic::error(st::UNKNOWN_STATEMENT, span, "a statement begins with a word")
                        .help("one statement stands on one line; a block opens on the line of its statement"),
                );
                None
            }
        }
    }

    /// An argument of a statement as it is written.
    pub(super) fn argument(&self, id: NodeId, n: usize) -> Option<Token<'t>> {
        let mut arguments = self
            .tree
            .children(id)
            .filter(|&child| !matches!(self.tree.kind(child), NodeKind::Ws | NodeKind::Block))
            .skip(1);
        arguments.nth(n).map(|child| Token::new(self.tree, self.text, child))
    }

    /// The arguments of a statement, with values in the place of the placeholders that have one.
    fn tokens(&mut self, id: NodeId) -> Vec<Token<'t>> {
        let mut tokens: Vec<Token<'t>> = self
            .tree
            .children(id)
            .filter(|&child| !matches!(self.tree.kind(child), NodeKind::Ws | NodeKind::Block))
            .skip(1)
            .map(|child| Token::new(self.tree, self.text, child))
            .collect();
        let mark = self.bindings.mark();
        for token in &tokens {
            for capture in token.captures() {
                // In a range of sources it has its text already.
                if !self.bindings.names().contains(&capture) {
                    self.bindings.bind(capture, None);
                }
            }
        }
        for token in tokens.iter_mut().filter(|token| token.kind == NodeKind::String) {
            for (param, value) in self.bindings.fill(&mut token.parts, self.values) {
                if let Some(value) = value {
                    self.noted.filled.push(Filled { span: token.span, param: param.clone(), value });
                }
                self.noted.params.insert(param);
            }
        }
        self.bindings.back_to(mark);
        tokens
    }

    /// Notes the parameters among arguments. False when one of them stands for nothing, and the statement is left out.
    fn note_params(&mut self, id: NodeId, args: &[Item]) -> bool {
        let mut is_bound = true;
        for item in args {
            let (names, placeholder) = match (&item.value, &item.origin) {
                (Value::Unbound(holes), Origin::Written | Origin::Env) => {
                    (self.placeholders(id, item.span, holes), true)
                }
                (Value::Unbound(_), Origin::Param(param)) => (vec![param.name.clone()], false),
                (_, Origin::Param(param)) => {
                    let name = param.name.value.clone();
                    self.noted.params.insert(name.clone());
                    let value = param.value.clone();
                    self.noted.filled.push(Filled { span: item.span, param: name, value });
                    continue;
                }
                (_, Origin::Written | Origin::Env) => continue,
            };
            is_bound = false;
            for name in names {
                if self.values.of(&name.value).is_some() {
                    self.noted.params.insert(name.value);
                    continue;
                }
                let known = if placeholder { self.bindings.names() } else { Vec::new() };
                self.noted.unbound.push(Unbound { name, placeholder, known });
            }
        }
        is_bound
    }

    /// Where placeholders of these names stand in an argument.
    fn placeholders(&self, id: NodeId, argument: Span, names: &[String]) -> Vec<Spanned<String>> {
        let holes = self.tree.descendants(id).filter(|&node| self.tree.kind(node) == NodeKind::Hole);
        let named = holes.filter_map(|hole| {
            let span = self.tree.span(hole);
            let name = self.tree.children(hole).find(|&part| self.tree.kind(part) == NodeKind::HoleName)?;
            let name = self.tree.text(name, self.text).split(':').next()?.to_owned();
            (argument.contains(span) && names.contains(&name)).then(|| Spanned::new(name, span))
        });
        named.collect()
    }

    /// Captures of a table's pattern are known in its block.
    fn bind_captures(&mut self, args: &[Item]) {
        for item in args {
            if let Value::Table(TablePattern { db, table }) = &item.value {
                for name in db.capture_names().into_iter().chain(table.capture_names()) {
                    self.bindings.bind(name, None);
                }
            }
        }
    }

    fn block(&self, id: NodeId) -> Option<NodeId> {
        self.tree.children(id).find(|&child| self.tree.kind(child) == NodeKind::Block)
    }

    fn mention(&mut self, id: NodeId) {
        let unbound: Vec<Span> = self.noted.unbound.iter().map(|one| one.name.span).collect();
        // What it would have added is not known.
        let word = self.tree.text(id, self.text).split([' ', '\t', '"']).next();
        self.opaque |= word == Some("use");
        for node in self.tree.descendants(id) {
            match self.tree.kind(node) {
                // Whether something is known by this name is the question.
                NodeKind::Glob | NodeKind::HoleName
                    if unbound.iter().any(|span| span.contains(self.tree.span(node))) => {}
                NodeKind::Glob => {
                    let name = self.tree.text(node, self.text);
                    self.mentions.insert(name.to_owned());
                    // What it looks like is what was meant, and what the rest of the project says.
                    if !name.is_ascii() {
                        self.mentions.insert(unicode_security::skeleton(name).collect());
                    }
                }
                NodeKind::HoleName => {
                    let name = self.tree.text(node, self.text);
                    self.mentions.insert(name.split(':').next().unwrap_or(name).to_owned());
                }
                NodeKind::Quoted => {
                    self.mentions.insert(st::unquote(self.tree.text(node, self.text)));
                }
                _ => {}
            }
        }
    }

    /// The word a statement begins with, if it begins with one.
    fn first_word(&self, id: NodeId) -> Option<NodeId> {
        let first = self.first(id)?;
        match self.tree.kind(first) {
            NodeKind::Path => Some(first),
            NodeKind::WhereClause => self.tree.children(first).next(),
            _ => None,
        }
    }

    fn ends_with_comma(&self, id: NodeId) -> bool {
        let parts = self.tree.children(id).filter(|&child| self.tree.kind(child) != NodeKind::Ws);
        parts.last().is_some_and(|last| self.tree.kind(last) == NodeKind::Comma)
    }

    /// A word and nothing else.
    fn is_bare(&self, id: NodeId) -> bool {
        let mut parts = self.tree.children(id).filter(|&child| self.tree.kind(child) != NodeKind::Ws);
        parts.next().is_some_and(|word| self.tree.kind(word) == NodeKind::Path) && parts.next().is_none()
    }

    fn first(&self, id: NodeId) -> Option<NodeId> {
        self.tree.children(id).find(|&child| self.tree.kind(child) != NodeKind::Ws)
    }

    /// What a statement that belonged to a broken one would have been, if it stood beside that one.
    fn skipped(&self, id: NodeId, place: Place) -> LeftOut {
        let word = self.first_word(id).map(|word| self.tree.text(word, self.text));
        let spec = word.and_then(|word| st::find(word, place));
        spec.map_or_else(LeftOut::default, |spec| LeftOut::word(spec.word))
    }

    /// What a statement would have been that was left out of a block.
    fn left_out(&self, id: NodeId, place: Place) -> LeftOut {
        let Some(word) = self.first_word(id) else { return LeftOut::unknown() };
        let word = self.tree.text(word, self.text);
        let here = || st::in_place(place).map(|spec| spec.word);
        let elsewhere = || st::STATEMENTS.iter().map(|spec| spec.word).find(|other| *other == word);
        let meant = here().find(|other| *other == word).or_else(elsewhere);
        let meant = meant.or_else(|| st::foreign_word(word)).or_else(|| st::closest(word, here()));
        match meant {
            Some(meant @ ("rename" | "table")) => LeftOut::about(meant, self.named_tables(id)),
            Some(meant) => LeftOut::word(meant),
            None => LeftOut::unknown(),
        }
    }

    /// Patterns of tables in the head of a statement; none where there is no whole one.
    fn named_tables(&self, id: NodeId) -> Option<Vec<TablePattern>> {
        let parts = self.tree.children(id).filter(|&part| self.tree.kind(part) == NodeKind::Path).skip(1);
        let mut is_of_database = false;
        let mut tables = Vec::new();
        for part in parts {
            let token = Token::new(self.tree, self.text, part);
            is_of_database |= token.word() == Some("database");
            let names = || {
                token
                    .segments
                    .iter()
                    .map(|segment| pattern(segment).ok())
                    .collect::<Option<Vec<NamePattern>>>()
            };
            match token.segments.len() {
                // Behind the database stands its new name.
                1 if is_of_database && token.word() != Some("database") && tables.is_empty() => {
                    let any = NamePattern::Glob("*".to_owned());
                    tables.push(TablePattern { db: names()?.remove(0), table: any });
                }
                2.. if token.segments.iter().all(|segment| segment.kind != NodeKind::Missing) => {
                    let mut names = names()?;
                    tables.push(TablePattern { table: names.remove(1), db: names.remove(0) });
                }
                2.. => return None,
                _ => {}
            }
        }
        (!tables.is_empty()).then_some(tables)
    }

    fn column(&self, at: u32) -> u32 {
        let line = self.text[..at as usize].rfind(['\n', '\r']).map_or(0, |end| end + 1);
        at - line as u32
    }
}

/// True for an `allow` that answers findings; in a `ddl` block it names kinds.
fn spec_of_exception(statement: &Stmt, place: Place) -> bool {
    statement.spec.word == "allow" && place != Place::Ddl
}

/// `key origin`, `columns except`: where a word and a column may both stand, the word wins, and these want columns behind
/// them.
fn word_as_column(spec: &StatementSpec, args: &[Item]) -> Option<Diagnostic> {
    let reserved: &[&str] = match spec.word {
        "key" => &["origin", "primary", "none"],
        "columns" => &["except"],
        _ => return None,
    };
    let (word, span) = args.iter().find_map(|item| {
        let name = match &item.value {
            Value::Column(name) | Value::Columns(NamePattern::Exact(name)) => name,
            _ => return None,
        };
        // In backticks it is longer.
        let bare = item.span.len() == name.len();
        (bare && reserved.contains(&name.as_str())).then_some((name, item.span))
    })?;
    Some(
        Diagnostic::error(st::WRONG_ARGUMENTS, span, format!("`{word}` is a word here, not a column"))
            .help(format!("it is written `{}`; a column of that name stands in backticks", spec.usage())),
    )
}

/// A word that is no statement here.
fn unplaced(word: &str, span: Span, place: Place, format: Option<FormatName>) -> Diagnostic {
    let here = || {
        let format = format.filter(|_| place == Place::Format).map(FormatName::spec);
        let fits =
            move |spec: &&StatementSpec| format.is_none_or(|format| format.option(spec.word).is_some());
        st::in_place(place).filter(fits).map(|spec| spec.word)
    };
    let places = st::places_of(word);
    if !places.is_empty() {
        let homes: Vec<&str> = places.iter().map(|place| place.called()).collect();
        let message = format!("`{word}` does not belong into {}", place.called());
        let finding = Diagnostic::error(st::STATEMENT_NOT_HERE, span, message)
            .help(format!("it belongs into {}", homes.join(" or ")));
        return match st::closest(word, here()) {
            Some(near) => finding.label(format!("did you mean `{near}`?")),
            None => finding,
        };
    }
    let finding = |message: String| Diagnostic::error(st::UNKNOWN_STATEMENT, span, message);
    if let Some(finding) = said_otherwise(word, span, place) {
        return finding;
    }
    let known = || st::STATEMENTS.iter().map(|spec| spec.word);
    if let Some(ours) = st::foreign_word(word) {
        let finding = finding(format!("`{word}` is no statement; here it is called `{ours}`"));
        return if here().any(|word| word == ours) {
            finding.fix(Fix::machine(format!("write `{ours}`"), span, ours))
        } else {
            finding
        };
    }
    match st::closest(word, here()) {
        Some(near) => finding(format!("`{word}` is no statement; did you mean `{near}`?")).fix(Fix::machine(
            format!("write `{near}`"),
            span,
            near,
        )),
        // The item of a list, as YAML has it, or below its statement.
        None if word.starts_with('-') || word.contains('.') => {
            let includes = word.contains('.') && here().any(|word| word == "include");
            let example = match includes {
                true => format!(": `include {}`", word.trim_start_matches('-')),
                false => String::new(),
            };
            finding(format!("`{word}` is no statement")).help(format!(
                "items of a list stand on the line of their word, without signs before them and with commas between them{example}"
            ))
        }
        None => match st::closest(word, known()) {
            Some(near) => finding(format!("`{word}` is no statement; did you mean `{near}`?")),
            None => finding(format!("`{word}` is no statement")).help(format!(
                "what {} takes: {}",
                place.called(),
                here().collect::<Vec<_>>().join(", ")
            )),
        },
    }
}

/// What stands elsewhere here: the rest of a condition or of an address, or more than one word.
fn said_otherwise(word: &str, span: Span, place: Place) -> Option<Diagnostic> {
    let has = |word: &str| st::in_place(place).any(|spec| spec.word == word);
    let finding = |message: &str| Diagnostic::error(st::UNKNOWN_STATEMENT, span, message);
    match word.to_ascii_lowercase().as_str() {
        "column.exclude.list" if has("columns") => Some(
            finding("`column.exclude.list` is no statement; here it is called `columns except`")
                .fix(Fix::machine("write `columns except`", span, "columns except")),
        ),
        "port" | "database.port" if has("address") => {
            Some(finding("the port is a part of the address").help("write `address \"HOST:PORT\"`"))
        }
        "port" if has("brokers") => {
            Some(finding("the port is a part of the address").help("write `brokers \"HOST:PORT\"`"))
        }
        _ => None,
    }
}

/// One value in two places; drawn at the later.
pub(crate) fn given_twice(what: &str, later: Span, first: Span) -> Diagnostic {
    let finding = Diagnostic::error(st::GIVEN_TWICE, later, format!("`{what}` is given twice"))
        .help("the order of lines never matters, so neither can win: remove one");
    if first.file == later.file {
        finding.also(first, "first here")
    } else {
        finding.related(first, "first here")
    }
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
