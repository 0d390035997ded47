//! A project as declarations that point to each other.

use super::lock::{Lock, LockedTable, SourceLock};
use super::param::Param;
use super::profile::Profile;
use crate::ast::{
    self, Allow, Cut, Defaults, Filled, Idle, LeftOut, Moved, Owner, Settings, TableBlock, Test,
};
use crate::diagnostic::{Diagnostic, Fix};
use crate::mysql::schema::TableName;
use crate::pattern::{NamePattern, TablePattern};
use crate::project::Schema;
use crate::statement::{MaskMethod, Rename, SecretRef, Start, Template, Text, is_slip, name_text};
use crate::text::{FileId, Span, Spanned};
use std::collections::{BTreeMap, BTreeSet};

/// Index of a source in [`Program::sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// Index of a target in [`Program::targets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetId(pub u32);

/// All files of a project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Program {
    /// `source`; the first of each name.
    pub sources: Vec<ast::Source>,
    /// `target`; the first of each name.
    pub targets: Vec<ast::Target>,
    /// `pipeline`; the first of each name.
    pub pipelines: Vec<Pipeline>,
    /// All `defaults` blocks together.
    pub defaults: Defaults,
    /// `moved`.
    pub moved: Vec<Moved>,
    /// `profile`; the first of each name.
    pub profiles: Vec<Profile>,
    /// `param`; the first of each name.
    pub params: Vec<Param>,
    /// Names of parameters that something uses.
    pub used_params: BTreeSet<String>,
    /// Names that several places use and nothing declares, where a parameter is called nearly so: that is told.
    pub misspelt_params: BTreeSet<String>,
    /// Values that took the place of parameters.
    pub filled: Vec<Filled>,
    /// `allow`, of all blocks.
    pub allows: Vec<Allow>,
    /// Statements that this release does not execute.
    pub idle: Vec<(Owner, Idle)>,
    /// What `schema.lock` says of the sources' tables.
    pub lock: Lock,
    /// `test`, of all files with tests.
    pub tests: Vec<Test>,
    /// What is said about the texts of files with tests. It keeps nothing from running.
    pub test_findings: Vec<Diagnostic>,
    /// A parameter has a value that was given from outside; what tests expect is said for the values that the files give.
    pub chosen: bool,
    /// The scripts that tests name, by their file and the path.
    pub schemas: BTreeMap<(FileId, String), Schema>,
    /// Memory the process may use, bytes; none: what holds by default.
    pub memory_bytes: Option<u64>,
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
    /// A file was not read to its end: it may declare and use anything.
    pub opaque: bool,
    /// Files of directories that were added with `use`: what they declare is there for other projects, too.
    pub shared: BTreeSet<FileId>,
}

impl Program {
    /// A source.
    pub fn source(&self, id: SourceId) -> &ast::Source {
        &self.sources[id.0 as usize]
    }

    /// A target.
    pub fn target(&self, id: TargetId) -> &ast::Target {
        &self.targets[id.0 as usize]
    }

    /// Every variable and file that must be there when the program runs, where the text names it. Those with a value of
    /// their own in the text are not needed.
    pub fn needs(&self) -> Vec<Spanned<SecretRef>> {
        let mut needs = Vec::new();
        for source in &self.sources {
            needs.extend(source.password.clone());
            if let Some(Spanned { value: Text::Env { name, default: None }, span }) = &source.address {
                needs.push(Spanned::new(SecretRef::Env(name.clone()), *span));
            }
        }
        for target in &self.targets {
            match &target.kind {
                ast::TargetKind::Kafka(kafka) => {
                    needs.extend(kafka.password.clone());
                    needs
                        .extend(kafka.registry.as_ref().and_then(|registry| registry.value.password.clone()));
                }
                ast::TargetKind::Stdout | ast::TargetKind::File { .. } => {}
            }
        }
        for mask in self.settings().flat_map(|settings| &settings.masks) {
            if let MaskMethod::Sha256 { salt: Some(salt) } = &mask.value.method {
                needs.push(Spanned::new(salt.clone(), mask.span));
            }
        }
        needs
    }

    /// What `defaults`, pipelines, `to` and `table` blocks say of tables.
    pub(super) fn settings(&self) -> impl Iterator<Item = &Settings> {
        let blocks = |tables| <[TableBlock]>::iter(tables).map(|table| &table.settings);
        let of_pipelines = self.pipelines.iter().flat_map(move |pipeline| {
            let of_targets =
                pipeline.to.iter().flat_map(move |to| [&to.settings].into_iter().chain(blocks(&to.tables)));
            [&pipeline.settings].into_iter().chain(blocks(&pipeline.tables)).chain(of_targets)
        });
        [&self.defaults.settings].into_iter().chain(of_pipelines)
    }

    /// The names of the sources that `schema.lock` speaks of, and what it says of each.
    pub fn locked_sources(&self) -> impl Iterator<Item = (&str, &SourceLock)> {
        self.lock.sources().map(|(id, lock)| (self.source(id).name.value.as_str(), lock))
    }

    /// What `schema.lock` says of a table, by the sources of which it says something.
    pub fn locked_tables(&self, db: &str, table: &str) -> BTreeMap<&str, Listed<'_>> {
        let name = TableName::new(db, table);
        self.locked_sources().filter_map(|(source, lock)| Some((source, lock.listed(&name)?))).collect()
    }

    /// Where a statement names a column; the statement where that is not known.
    pub fn place_of_column(&self, statement: Span, column: &str) -> Span {
        self.columns.get(&(statement, column.to_owned())).copied().unwrap_or(statement)
    }

    /// What writes another name in place of a column of a statement; none where the statement names that already.
    pub fn other_column(&self, statement: Span, column: &str, other: &str) -> Option<Fix> {
        let place = *self.columns.get(&(statement, column.to_owned()))?;
        let text = name_text(other);
        let names_it = self.columns.contains_key(&(statement, other.to_owned()));
        let is_sure = is_slip(column, other);
        (!names_it).then(|| Fix::sure_if(is_sure, format!("write `{text}`"), place, text))
    }

    /// True when a statement that was left out may have declared or used `name`, so that nothing is said about its absence.
    pub fn may_know(&self, name: &str) -> bool {
        self.opaque || self.mentions.contains(name)
    }
}

/// What `schema.lock` says of a name in a source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Listed<'p> {
    /// It is this table.
    Table(&'p LockedTable),
    /// It is a view, or something else without rows of its own.
    View,
    /// All tables of the source are listed, and it is not among them.
    Nowhere,
}

/// `pipeline NAME`.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// Its name.
    pub name: Spanned<String>,
    /// The line that declares it.
    pub head: Span,
    /// Text of the `##` lines before it.
    pub doc: Option<Spanned<String>>,
    /// Sources, each once.
    pub from: Vec<Spanned<SourceId>>,
    /// What is selected from one source alone.
    pub own: BTreeMap<SourceId, Selection>,
    /// Topics that are copied.
    pub relays: Vec<Relay>,
    /// Targets, each once.
    pub to: Vec<To>,
    /// `include`, one per pattern.
    pub include: Vec<Spanned<TablePattern>>,
    /// `exclude`, one per pattern.
    pub exclude: Vec<Spanned<TablePattern>>,
    /// `rename`.
    pub renames: Vec<Spanned<Rename>>,
    /// What becomes of its tables.
    pub settings: Settings,
    /// `table`, one block per pattern.
    pub tables: Vec<TableBlock>,
    /// `start`.
    pub start: Option<Spanned<Start>>,
    /// Places of its options, by their words.
    pub start_options: BTreeMap<&'static str, Span>,
    /// `paused`: why.
    pub paused: Option<Spanned<String>>,
    /// `label`, each name once.
    pub labels: Vec<(Spanned<String>, String)>,
    /// Where the new name of each `rename` stands, by the line's place.
    pub new_names: BTreeMap<Span, Span>,
    /// Where the tables of each `rename` of tables and columns stand, by the line's place.
    pub renamed: BTreeMap<Span, Span>,
    /// What goes with each pattern of `include` and `exclude` when it is removed, by the pattern's place.
    pub cuts: BTreeMap<Span, Cut>,
    /// A source is not known; no finding tells of others that seem unused.
    pub unknown_source: bool,
    /// The same for a target.
    pub unknown_target: bool,
    /// What could not be read, also of its profiles; `from` and `to` where a name is not known.
    pub left_out: LeftOut,
}

/// Tables that are sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// `include`, one per pattern.
    pub include: Vec<Spanned<TablePattern>>,
    /// `exclude`, one per pattern.
    pub exclude: Vec<Spanned<TablePattern>>,
}

/// `from TARGET topic PATTERN`.
#[derive(Debug, Clone, PartialEq)]
pub struct Relay {
    /// The target whose topics are copied.
    pub target: Spanned<TargetId>,
    /// Which of its topics.
    pub topics: Spanned<NamePattern>,
    /// From its word to its last argument.
    pub span: Span,
}

impl Pipeline {
    /// Tables that are sent from one of its sources.
    pub fn selection(&self, source: SourceId) -> Selection {
        let own = self.own.get(&source).cloned().unwrap_or_default();
        Selection {
            include: self.include.iter().chain(&own.include).cloned().collect(),
            exclude: self.exclude.iter().chain(&own.exclude).cloned().collect(),
        }
    }

    /// What goes when patterns of one list are removed together, by their places in order.
    pub fn cuts_of(&self, patterns: &[Span]) -> Vec<Span> {
        let Some(Cut { list, own }) = patterns.first().and_then(|first| self.cuts.get(first)) else {
            return Vec::new();
        };
        if let [_] = patterns {
            return vec![*own];
        }
        let behind = self.cuts.range(Span::new(list.file, list.start, list.start)..);
        let all: Vec<Span> =
            behind.take_while(|(_, cut)| cut.list == *list).map(|(place, _)| *place).collect();
        let is_cut = |place: &Span| patterns.binary_search(place).is_ok();
        let Some(kept) = all.iter().position(|place| !is_cut(place)) else { return vec![*list] };
        // The first that is kept loses what stands before it, and each one behind it takes its comma along.
        let leading = (kept > 0).then(|| Span::new(list.file, all[0].start, all[kept].start));
        let behind = (kept + 1..all.len()).filter(|&n| is_cut(&all[n]));
        let behind = behind.map(|n| Span::new(list.file, all[n - 1].end, all[n].end));
        leading.into_iter().chain(behind).collect()
    }

    /// What a copied topic is called in a target, where that is written: each keeps its name by default. Those of `defaults`
    /// speak of tables.
    pub fn topic_of_relay<'p>(&'p self, to: &'p To) -> Option<&'p Spanned<Template>> {
        to.settings.topic.as_ref().or(self.settings.topic.as_ref())
    }
}

/// `to TARGET`.
#[derive(Debug, Clone, PartialEq)]
pub struct To {
    /// The target.
    pub target: Spanned<TargetId>,
    /// What becomes of tables there.
    pub settings: Settings,
    /// `table`, one block per pattern.
    pub tables: Vec<TableBlock>,
}
