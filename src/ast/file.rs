//! A file as typed nodes.

use super::allow::Allow;
use super::argument::own_name;
use super::binding::{Uses, Values};
use super::idle::{Idle, Owner};
use super::left_out::LeftOut;
use super::moved::{Moved, moved};
use super::param::Param;
use super::pipeline::Pipeline;
use super::secret;
use super::settings::Settings;
use super::shape::Value;
use super::source::Source;
use super::statement::{Reader, Stmt};
use super::target::Target;
use super::token::Token;
use super::unquoted;
use super::value::is_about_own_name;
use crate::diagnostic::{Diagnostic, Fix};
use crate::pattern::NamePattern;
use crate::statement::{self as st, Place, Thing};
use crate::syntax::{NodeId, NodeKind, Parse};
use crate::text::{Span, Spanned};
use std::collections::{BTreeMap, BTreeSet};

/// The editions this program knows, oldest first.
pub const EDITIONS: &[u64] = &[2026];

/// One file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct File {
    /// `source`.
    pub sources: Vec<Source>,
    /// `target`.
    pub targets: Vec<Target>,
    /// `pipeline`.
    pub pipelines: Vec<Pipeline>,
    /// `defaults`.
    pub defaults: Vec<Defaults>,
    /// `profile`.
    pub profiles: Vec<Profile>,
    /// `moved`.
    pub moved: Vec<Moved>,
    /// `param`.
    pub params: Vec<Param>,
    /// `use`: the paths as written.
    pub uses: Vec<Spanned<String>>,
    /// `allow`, of all blocks.
    pub allows: Vec<Allow>,
    /// Statements that this release does not execute.
    pub idle: Vec<(Owner, Idle)>,
    /// What was noted about parameters.
    pub noted: Uses,
    /// Every name in statements that were left out: they may have declared or used it.
    pub mentions: BTreeSet<String>,
    /// Words of statements without the name of what they declare or use: it may be any.
    pub nameless: BTreeSet<&'static str>,
    /// Statements that stand where they do not belong: what seems to be missing elsewhere may be one of them.
    pub misplaced: LeftOut,
    /// Where a statement names a column, by the place of the statement and the name.
    pub columns: BTreeMap<(Span, String), Span>,
    /// A pipeline could not be read: it may use any source and target.
    pub lacks_pipeline: bool,
    /// The file was not read to its end: it may declare and use anything.
    pub opaque: bool,
}

/// `defaults`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Defaults {
    /// What becomes of tables.
    pub settings: Settings,
    /// `sensitive`, one per pattern.
    pub sensitive: Vec<Spanned<NamePattern>>,
    /// What could not be read of it.
    pub left_out: LeftOut,
}

/// `profile NAME`.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Its name.
    pub name: Spanned<String>,
    /// What it adds.
    pub settings: Settings,
    /// What could not be read of it.
    pub left_out: LeftOut,
}

/// Lowers a parsed file with the values of the project's parameters. Statements with a syntax error are left out; [`crate::syntax::errors`] speaks of them.
pub fn lower(parse: &Parse, text: &str, values: &Values) -> (File, Vec<Diagnostic>) {
    let mut reader = match reader(parse, text, values) {
        Ok(reader) => reader,
        Err(findings) => return (File { opaque: true, ..File::default() }, findings),
    };
    let body = reader.body(parse.tree.root(), Place::File);
    let mut file = File { lacks_pipeline: body.left_out.has("pipeline"), ..File::default() };
    for statement in body.statements {
        if statement.spec.word == "source" {
            let sources = reader.each_member(statement, |reader, member, rank, statement| {
                file.note_idle(&Owner::Source(member.name.clone()), &statement);
                reader.source(member, rank, statement)
            });
            file.sources.extend(sources);
            continue;
        }
        file.note_idle(&owner(&statement), &statement);
        match statement.spec.word {
            "target" => file.targets.extend(reader.target(statement)),
            "pipeline" => file.pipelines.extend(reader.pipeline(statement)),
            "defaults" => file.defaults.push(defaults(&statement)),
            "profile" => file.profiles.extend(profile(&statement)),
            "moved" => file.moved.extend(moved(&statement)),
            "param" => file.params.extend(reader.param(&statement)),
            "use" => file.uses.extend(path(&statement)),
            other => debug_assert_eq!(other, "edition", "in the table, but not read in a file"),
        }
    }
    file.noted = reader.noted;
    unquoted::look(&parse.tree, text, Place::File, values, &mut reader.findings);
    secret::look(&parse.tree, text, &mut reader.findings);
    file.mentions = reader.mentions;
    file.nameless = reader.nameless;
    file.misplaced = reader.misplaced;
    file.allows = reader.allows;
    file.columns = reader.columns;
    file.opaque = reader.opaque;
    once_per_name(&mut reader.findings);
    (file, reader.findings)
}

/// A name that is none for a thing of one's own is told of where it stands first, and not wherever it is used.
fn once_per_name(findings: &mut Vec<Diagnostic>) {
    let mut told = BTreeSet::new();
    findings.retain(|finding| !is_about_own_name(finding) || told.insert(finding.message.clone()));
}

/// The paths of a file's `use` statements. Findings about them are those of [`lower`].
pub fn uses(parse: &Parse, text: &str) -> Vec<String> {
    let tree = &parse.tree;
    let statements = tree.children(tree.root()).filter(|&id| tree.kind(id) == NodeKind::Statement);
    let path = |id: NodeId| {
        let mut parts = tree.children(id).filter(|&part| tree.kind(part) != NodeKind::Ws);
        let (word, path, rest) = (parts.next()?, parts.next()?, parts.next());
        let is_use = tree.text(word, text) == "use" && rest.is_none();
        if is_use { Token::new(tree, text, path).plain() } else { None }
    };
    statements.filter_map(path).collect()
}

fn path(statement: &Stmt) -> Option<Spanned<String>> {
    statement.args.iter().find_map(|item| match &item.value {
        Value::Text(path) => Some(Spanned::new(path.clone(), item.span)),
        _ => None,
    })
}

fn owner(statement: &Stmt) -> Owner {
    if let Some(Moved { thing, to, .. }) = moved(statement).filter(|_| statement.spec.word == "moved") {
        return match thing {
            Thing::Pipeline => Owner::Pipeline(to.value),
            Thing::Source => Owner::Source(to.value),
            Thing::Target => Owner::Target(to.value),
        };
    }
    let name = statement.args.first().and_then(own_name).map(|name| name.value);
    match (statement.spec.word, name) {
        ("target", Some(name)) => Owner::Target(name),
        ("pipeline", Some(name)) => Owner::Pipeline(name),
        ("profile", Some(_)) => Owner::Profile,
        _ => Owner::Project,
    }
}

/// A reader of a file whose edition this program knows; else what keeps the file from being read.
pub(super) fn reader<'t>(
    parse: &'t Parse,
    text: &'t str,
    values: &'t Values,
) -> Result<Reader<'t>, Vec<Diagnostic>> {
    if parse.unreadable() {
        return Err(Vec::new());
    }
    let mut reader = Reader::new(parse, text, values);
    match first_edition(&mut reader) {
        None => Ok(reader),
        Some(edition) => {
            reader.findings.push(edition);
            Err(reader.findings)
        }
    }
}

fn profile(statement: &Stmt) -> Option<Profile> {
    let mut settings = Settings::default();
    for inner in &statement.body.statements {
        let taken = settings.take(inner);
        debug_assert!(taken, "`{}` is in the table, but not read in a `profile`", inner.spec.word);
    }
    let name = statement.args.first().and_then(own_name)?;
    Some(Profile { name, settings, left_out: statement.body.left_out.clone() })
}

fn defaults(statement: &Stmt) -> Defaults {
    let mut defaults = Defaults { left_out: statement.body.left_out.clone(), ..Defaults::default() };
    for inner in &statement.body.statements {
        match inner.spec.word {
            "sensitive" => {
                defaults.sensitive.extend(inner.args.iter().filter_map(|item| match &item.value {
                    Value::Columns(pattern) => Some(Spanned::new(pattern.clone(), item.span)),
                    _ => None,
                }))
            }
            other => {
                let taken = defaults.settings.take(inner);
                debug_assert!(taken, "`{other}` is in the table, but not read in `defaults`");
            }
        }
    }
    defaults
}

/// Looks whether the file begins with an edition this program knows. A finding is returned when nothing else can be said
/// about the file; a missing edition is noted, and the file read by the newest.
fn first_edition(reader: &mut Reader<'_>) -> Option<Diagnostic> {
    let tree = reader.tree;
    let is_edition = |id: &NodeId| {
        let text = tree.text(*id, reader.text);
        text.strip_prefix("edition").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    };
    let mut statements: Vec<_> =
        tree.children(tree.root()).filter(|&id| tree.kind(id) == NodeKind::Statement).collect();
    let n_statements = statements.len();
    // What cannot be read may be meant as a comment, or be `edition` with a mistake that has been told already.
    statements.retain(|id| is_edition(id) || !tree.has_error(*id));
    if statements.is_empty() && n_statements > 0 {
        return None;
    }
    if statements.first().is_some_and(is_edition) {
        return year(reader, tree.span(statements[0]));
    }
    // Told as what it is.
    if statements.first().is_some_and(|&id| is_meant_as_edition(reader, id)) {
        return None;
    }
    if let Some(&first) = statements.first().filter(|&&first| reader.is_bare_edition(first)) {
        let span = tree.span(first);
        let text = format!("edition {}", tree.text(first, reader.text).trim_end());
        let finding =
            Diagnostic::error(st::EDITION_MISSING, span, "the first statement of a file is `edition`")
                .help(format!("it has its word before the year: `{text}`"))
                .fix(Fix::machine(format!("write `{text}`"), span, text));
        reader.findings.push(finding);
        return None;
    }
    let at = reader.text.len() - reader.text.trim_start_matches('\u{FEFF}').len();
    let (file, at) = (tree.file(), at as u32);
    let start = Span::new(file, at, at);
    let span = statements.first().map_or(start, |&id| {
        let span = tree.span(id);
        let line = reader.text[span.start as usize..].lines().next().unwrap_or("").trim_end().len();
        Span::new(file, span.start, span.start + line as u32)
    });
    let mut finding =
        Diagnostic::error(st::EDITION_MISSING, span, "the first statement of a file is `edition`")
            .help("it says by which rules the file is read: `edition 2026`");
    let written = statements.iter().find(|id| is_edition(id)).map(|&id| tree.span(id));
    let insert = Fix::machine("add `edition 2026`", start, "edition 2026\n\n");
    finding = match written {
        Some(edition) => {
            let mut fix = insert;
            fix.title = "move `edition` to the top".into();
            fix.edits.push(crate::diagnostic::TextEdit { span: edition, text: String::new() });
            finding.also(edition, "this is too late").fix(fix)
        }
        None => finding.fix(insert),
    };
    reader.findings.push(finding);
    None
}

impl Reader<'_> {
    /// True for the year of an edition in place of the first statement of a file.
    pub(super) fn is_bare_edition(&self, id: NodeId) -> bool {
        let tree = self.tree;
        let mut statements = tree.children(tree.root()).filter(|&id| tree.kind(id) == NodeKind::Statement);
        let year = tree.text(id, self.text).trim().parse::<u64>();
        year.is_ok_and(|year| EDITIONS.contains(&year)) && statements.next() == Some(id)
    }
}

/// True for a statement whose word is another tool's for `edition`, or misspelt.
fn is_meant_as_edition(reader: &Reader<'_>, id: NodeId) -> bool {
    let first = reader.tree.children(id).next();
    let Some(word) = first.map(|first| reader.tree.text(first, reader.text)) else { return false };
    let known = || st::in_place(Place::File).map(|spec| spec.word);
    let meant = st::foreign_word(word).or_else(|| st::closest(word, known()));
    meant == Some("edition") && !known().any(|known| known == word)
}

/// Checks the year of an `edition` statement; its shape is checked with all others.
fn year(reader: &Reader<'_>, span: Span) -> Option<Diagnostic> {
    let newest = EDITIONS[EDITIONS.len() - 1];
    let line = reader.text[span.start as usize..span.end as usize].lines().next().unwrap_or("");
    let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty()).skip(1);
    let written = words.next()?;
    let year: u64 = written.parse().ok()?;
    let at = span.start + line.find(written)? as u32;
    let span = Span::new(span.file, at, at + written.len() as u32);
    if year > newest {
        return Some(
            Diagnostic::error(
                st::EDITION_TOO_NEW,
                span,
                format!("edition {year} is newer than this program, which knows editions up to {newest}"),
            )
            .help(format!("install a syncc that knows edition {year}")),
        );
    }
    (!EDITIONS.contains(&year)).then(|| {
        Diagnostic::error(st::OUT_OF_RANGE, span, format!("there never was an edition {year}"))
            .help(format!("the first is {}", EDITIONS[0]))
    })
}
