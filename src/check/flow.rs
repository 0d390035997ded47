//! A program as its rules look at it: patterns compiled once, the tables that are known, and which setting holds where.

use super::index::{Index, exact_table};
use super::locked::{self, Locks};
use super::pairs::Pairs;
use super::renaming::{Renamed, Renaming};
use super::selector::{Selector, selectors};
use super::settings::{Lane, Setting, Subject};
use crate::ast::{Settings, TableBlock, Target, TargetKind};
use crate::hir::{LockedTable, Pipeline, Program, TargetId};
use crate::mysql::schema::TableName;
use crate::pattern::{Covered, Relation, TableMatcher, TablePattern};
use crate::statement::{NameCase, Names, RENAME_PLACEHOLDERS, Rename, TOPIC_PLACEHOLDERS, Template};
use crate::text::{Span, Spanned};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

/// Most known tables of a pipeline. What a rule finds in this many it need not find in more.
const KNOWN_MAX: usize = 20_000;

/// A program and its pipelines.
pub(super) struct Project<'p> {
    pub(super) program: &'p Program,
    pub(super) flows: Vec<Flow<'p>>,
    /// For every target, the number of its cluster.
    clusters: Vec<usize>,
}

/// A pipeline.
pub(super) struct Flow<'p> {
    pub(super) pipeline: &'p Pipeline,
    pub(super) include: Vec<Selector<'p>>,
    pub(super) exclude: Vec<Selector<'p>>,
    pub(super) renames: Vec<Renaming<'p>>,
    /// Tables that are surely selected, if they exist, each once: those the lines of the pipeline name, members of
    /// ranges, and those of `schema.lock`.
    pub(super) known: Vec<Known>,
    /// Numbers of known tables, one for each group of those about which the same levels say something.
    groups: Vec<usize>,
    /// What `schema.lock` says of the sources.
    pub(super) locks: Locks<'p>,
    /// The known tables in every source: what `schema.lock` says of them.
    tables: Vec<Vec<Option<&'p LockedTable>>>,
    /// One for each target.
    pub(super) lanes: Vec<Lane<'p>>,
    /// Case of names that no line gives.
    case: NameCase,
    /// Tables that lines of `rename` that could not be read may be about; none when that may be any table.
    unread_renames: Option<Vec<TableMatcher>>,
    /// Numbers of the includes that take more tables than can be listed, and are not taken away altogether.
    unbounded: Vec<usize>,
    /// The known tables towards every source: their new names.
    names: Vec<Vec<Option<NewName>>>,
    /// For every target and source: their topics.
    topics: Vec<Vec<Vec<Option<Topic<'p>>>>>,
    pub(super) include_index: Index<'p>,
    exclude_index: Index<'p>,
    rename_index: Index<'p>,
}

/// The topic of a known table.
struct Topic<'p> {
    name: String,
    /// The template that gives it, where one is written.
    template: Option<&'p Spanned<Template>>,
    is_shared: bool,
}

/// A known table on its way to a target.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) known: &'a Known,
    pub(super) name: &'a NewName,
    pub(super) topic: &'a str,
    pub(super) template: Option<&'a Spanned<Template>>,
    /// Another table goes to its topic, or this one on another way. Most topics have one table alone, and rules about what
    /// meets in a topic need not look at these.
    pub(super) is_shared: bool,
}

impl Placed<'_> {
    /// Where its topic is said: in a template, else where the table is named.
    pub(super) fn span(&self) -> Span {
        self.template.map_or(self.known.span, |template| template.span)
    }
}

/// A table that is known by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) db: Rc<str>,
    pub(super) table: Rc<str>,
    /// Where it is named: at an `include` if one does so.
    pub(super) span: Span,
    /// A line of the pipeline names it, or it is a member of a range; else it is known from `schema.lock` alone.
    pub(super) written: bool,
    /// What says something about it. Tables that have this in common share it.
    pub(super) near: Rc<Near>,
}

/// For every target, the numbers of the levels that say something about a table.
pub(super) type Near = [Box<[usize]>];

impl Known {
    /// True when the two are one table, if they are of one source.
    pub(super) fn is_same_table(&self, other: &Known) -> bool {
        (&self.db, &self.table) == (&other.db, &other.table)
    }
}

/// A table's name in messages, and the lines that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewName {
    pub(super) db: Rc<str>,
    pub(super) table: Rc<str>,
    /// Indexes of renames: of the database, of the table.
    pub(super) lines: (Option<usize>, Option<usize>),
}

impl NewName {
    /// True when a line names the table anew.
    pub(super) fn is_new(&self) -> bool {
        self.lines != (None, None)
    }
}

impl<'p> Project<'p> {
    pub(super) fn new(program: &'p Program) -> Project<'p> {
        let mut flows: Vec<Flow<'p>> =
            program.pipelines.iter().map(|pipeline| Flow::new(program, pipeline)).collect();
        let clusters = clusters(program);
        let shared = shared_topics(&flows, &clusters);
        let topics = flows.iter_mut().flat_map(|flow| flow.topics.iter_mut().flatten().flatten().flatten());
        topics.zip(shared).for_each(|(topic, is_shared)| topic.is_shared = is_shared);
        Project { program, flows, clusters }
    }

    /// Number of the cluster that a target is: targets with the same brokers are one.
    pub(super) fn cluster(&self, target: TargetId) -> usize {
        self.clusters[target.0 as usize]
    }
}

impl<'p> Flow<'p> {
    fn new(program: &'p Program, pipeline: &'p Pipeline) -> Flow<'p> {
        let include = selectors(pipeline, &pipeline.include, |own| &own.include);
        let exclude = selectors(pipeline, &pipeline.exclude, |own| &own.exclude);
        let renames: Vec<Renaming<'p>> = pipeline.renames.iter().filter_map(Renaming::new).collect();
        let mut flow = Flow {
            pipeline,
            include_index: Index::new(include.iter().map(|one| Some(one.pattern))),
            exclude_index: Index::new(exclude.iter().map(|one| Some(one.pattern))),
            rename_index: Index::new(renames.iter().map(Renaming::pattern)),
            include,
            exclude,
            renames,
            known: Vec::new(),
            groups: Vec::new(),
            locks: Locks::new(program, pipeline),
            tables: Vec::new(),
            case: case(program, pipeline),
            unread_renames: pipeline.left_out.tables("rename"),
            lanes: (0..pipeline.to.len()).map(|n| Lane::new(program, pipeline, n)).collect(),
            unbounded: Vec::new(),
            names: Vec::new(),
            topics: Vec::new(),
        };
        flow.known = flow.known();
        let mut seen = HashSet::new();
        flow.groups =
            (0..flow.known.len()).filter(|&n| seen.insert(Rc::as_ptr(&flow.known[n].near))).collect();
        flow.unbounded = (0..flow.include.len())
            .filter(|&n| {
                let Selector { pattern, matcher, .. } = &flow.include[n];
                !is_bounded(pattern) && !flow.is_unselected(matcher)
            })
            .collect();
        let sources: Vec<&'p str> = sources(program, pipeline).collect();
        let table =
            |n: usize, one: &Known| flow.locks.table(n, &one.db, &one.table).filter(|_| flow.is_from(n, one));
        flow.tables =
            (0..sources.len()).map(|n| flow.known.iter().map(|one| table(n, one)).collect()).collect();
        flow.names = sources
            .iter()
            .zip(&flow.tables)
            .enumerate()
            .map(|(n, (source, tables))| {
                let name = |(one, table): (&Known, &Option<_>)| {
                    let is_there = (table.is_some() || one.written && !flow.locks.is_complete(n))
                        && flow.is_from(n, one);
                    is_there.then(|| flow.new_name(source, &one.db, &one.table))?
                };
                flow.known.iter().zip(tables).map(name).collect()
            })
            .collect();
        flow.topics = flow
            .lanes
            .iter()
            .map(|lane| {
                sources
                    .iter()
                    .zip(&flow.names)
                    .map(|(source, names)| {
                        let known = flow.known.iter().zip(names);
                        known.map(|(one, name)| flow.topic(lane, source, one, name.as_ref()?)).collect()
                    })
                    .collect()
            })
            .collect();
        flow
    }

    /// True when an `include` takes the table and no `exclude` does, from one source at least.
    pub(super) fn selects(&self, db: &str, table: &str) -> bool {
        if self.pipeline.own.is_empty() {
            return self.selects_from(0, db, table);
        }
        (0..self.pipeline.from.len()).any(|source| self.selects_from(source, db, table))
    }

    /// True when the table is selected from the n-th source.
    fn selects_from(&self, source: usize, db: &str, table: &str) -> bool {
        let included = |n: usize| Some(&self.include[n].matcher);
        let excluded = |n: usize| Some(&self.exclude[n].matcher);
        self.include_index.hits(db, table, included).any(|n| self.include[n].is_for(source))
            && !self.exclude_index.hits(db, table, excluded).any(|n| self.exclude[n].is_for(source))
    }

    /// True when a table that is selected from some source is selected from the n-th.
    fn is_from(&self, source: usize, known: &Known) -> bool {
        self.pipeline.own.is_empty() || self.selects_from(source, &known.db, &known.table)
    }

    /// True when a column has another name in messages.
    pub(super) fn renames_columns(&self) -> bool {
        self.renames.iter().any(|one| one.kind() == Renamed::Column)
    }

    /// True when an `include` and a pattern have a table in common.
    pub(super) fn is_met(&self, pattern: &TablePattern, matcher: &TableMatcher) -> bool {
        match exact_table(pattern) {
            Some((db, table)) => {
                self.include_index.hits(db, table, |n| Some(&self.include[n].matcher)).next().is_some()
            }
            None => {
                self.include.iter().any(|include| matcher.relation(&include.matcher) != Relation::Disjoint)
            }
        }
    }

    /// The known tables with their names towards the n-th source.
    pub(super) fn named(&self, source: usize) -> impl Iterator<Item = (&Known, &NewName)> {
        self.known.iter().zip(&self.names[source]).filter_map(|(known, name)| Some((known, name.as_ref()?)))
    }

    /// The known tables with their topics, from the n-th source to a target.
    pub(super) fn placed(&self, lane: usize, source: usize) -> impl Iterator<Item = Placed<'_>> {
        self.known.iter().zip(&self.names[source]).zip(&self.topics[lane][source]).filter_map(
            |((known, name), topic)| {
                let Topic { name: topic, template, is_shared } = topic.as_ref()?;
                let name = name.as_ref()?;
                Some(Placed { known, name, topic, template: *template, is_shared: *is_shared })
            },
        )
    }

    fn known(&self) -> Vec<Known> {
        let blocks = self.blocks().map(|block| (&block.pattern.value, block.pattern.span));
        let renames = self.renames.iter().filter_map(|one| match one.rename {
            Rename::Table { from, .. } => Some((from, one.span)),
            Rename::Column { table, .. } => Some((table, one.span)),
            Rename::Database { .. } => None,
        });
        let includes = self.include.iter().map(|one| (one.pattern, one.span));
        // Each with its first place.
        let mut found: Vec<(Rc<str>, Rc<str>, Span)> = Vec::new();
        let settle = |found: &mut Vec<(Rc<str>, Rc<str>, Span)>| {
            found.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
            found.dedup_by(|later, first| (&later.0, &later.1) == (&first.0, &first.1));
        };
        let mut seen = HashSet::new();
        for (pattern, span) in includes.chain(blocks).chain(renames) {
            let (Some(n_dbs), Some(n_tables)) = (pattern.db.count(), pattern.table.count()) else { continue };
            if !seen.insert(pattern) {
                continue;
            }
            let n_members = n_dbs.saturating_mul(n_tables);
            if found.len() + n_members > KNOWN_MAX {
                settle(&mut found);
                if found.len() + n_members > KNOWN_MAX {
                    continue;
                }
            }
            let tables = pattern.table.names().unwrap_or_default();
            for db in pattern.db.names().unwrap_or_default() {
                let selected = tables.iter().filter(|table| self.selects(&db, table));
                found.extend(selected.map(|table| (db.clone(), table.clone(), span)));
            }
        }
        settle(&mut found);
        let mut nears = Nears::default();
        let mut known: Vec<Known> = found
            .into_iter()
            .map(|(db, table, span)| Known {
                near: nears.of(&self.lanes, &db, &table),
                db,
                table,
                span,
                written: true,
            })
            .collect();
        let unwritten = self.known_by_lock(&known, &mut nears);
        if !unwritten.is_empty() {
            known.extend(unwritten.into_iter().take(KNOWN_MAX.saturating_sub(known.len())));
            known.sort_by(|a, b| (&a.db, &a.table).cmp(&(&b.db, &b.table)));
        }
        known
    }

    /// Selected tables of `schema.lock` that no line names; `written` are those that lines do, in order.
    fn known_by_lock(&self, written: &[Known], nears: &mut Nears) -> Vec<Known> {
        let is_written = |name: &TableName| {
            let order = |one: &Known| (&*one.db, &*one.table).cmp(&(name.db.as_str(), name.table.as_str()));
            written.binary_search_by(order).is_ok()
        };
        let mut found: BTreeMap<&TableName, Span> = BTreeMap::new();
        for include in &self.include {
            let locks = self.locks.only(include.source);
            for table in
                locks.sources().flat_map(|lock| locked::tables(lock, include.pattern, &include.matcher))
            {
                let name = &table.name.value;
                if !is_written(name) && self.selects(&name.db, &name.table) {
                    found.entry(name).or_insert(include.span);
                }
            }
        }
        let known = |(TableName { db, table }, span): (&TableName, Span)| Known {
            near: nears.of(&self.lanes, db, table),
            db: db.as_str().into(),
            table: table.as_str().into(),
            span,
            written: false,
        };
        found.into_iter().map(known).collect()
    }

    /// Where a table is selected: at the first `include` that takes it.
    pub(super) fn included_at(&self, known: &Known) -> Span {
        let mut hits = self.include_index.hits(&known.db, &known.table, |n| Some(&self.include[n].matcher));
        hits.next().map_or(known.span, |include| self.include[include].span)
    }

    /// The known tables whose columns are known, in the n-th source.
    pub(super) fn locked(&self, source: usize) -> impl Iterator<Item = (&Known, &'p LockedTable)> {
        // Those that only a pattern takes may be excluded by a line that could not be read.
        let only_written = self.pipeline.left_out.may_be(&["exclude"]);
        let known = self.known.iter().zip(&self.tables[source]);
        known
            .filter(move |(known, _)| known.written || !only_written)
            .filter_map(|(known, table)| Some((known, (*table)?)))
    }

    /// All `table` blocks.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &'p TableBlock> {
        self.pipeline.tables.iter().chain(self.pipeline.to.iter().flat_map(|to| &to.tables))
    }

    /// Groups of tables that together hold every selected one: of the known one for all that have their settings in common,
    /// and what unbounded patterns take.
    pub(super) fn subjects(&self) -> impl Iterator<Item = Subject<'_>> {
        self.groups.iter().map(|&n| Subject::One(&self.known[n])).chain(self.unbounded())
    }

    /// What unbounded patterns take.
    pub(super) fn unbounded(&self) -> impl Iterator<Item = Subject<'_>> {
        self.unbounded.iter().map(|&n| Subject::All(&self.include[n]))
    }

    /// True when no table of a pattern is selected.
    pub(super) fn is_idle(&self, pattern: &TablePattern) -> bool {
        match exact_table(pattern) {
            Some((db, table)) => !self.selects(db, table),
            None => pattern.compile().is_ok_and(|tables| self.is_unselected(&tables)),
        }
    }

    fn is_unselected(&self, tables: &TableMatcher) -> bool {
        let met = |one: &Selector<'_>| tables.relation(&one.matcher) != Relation::Disjoint;
        let is_met = |(db, table): (&str, &str)| {
            self.include_index.hits(db, table, |n| Some(&self.include[n].matcher)).next().is_some()
        };
        if !tables.sample().is_some_and(is_met) && !self.include.iter().any(met) {
            return true;
        }
        if self.shows_left(tables) {
            return false;
        }
        // What is left out of one source may come from another.
        let everywhere = self.exclude.iter().filter(|one| one.source.is_none());
        let excludes: Vec<&TableMatcher> = everywhere.map(|one| &one.matcher).collect();
        tables.covered_by(&excludes) == Covered::Yes
    }

    /// True when one name shows that the excludes do not take all of a pattern: most are far from it, and this is seen at once.
    pub(super) fn shows_left(&self, tables: &TableMatcher) -> bool {
        let is_left = |(db, table): (&str, &str)| {
            let hits = self.exclude_index.hits(db, table, |n| Some(&self.exclude[n].matcher)).next();
            hits.is_none()
        };
        tables.sample().is_some_and(is_left)
    }

    /// True when `schema.lock` lists no table that is selected and that a pattern takes. False where that is told already: at an
    /// include that itself takes nothing, or at the range of which a member is missing.
    pub(super) fn fits_nothing(&self, tables: &TableMatcher) -> bool {
        let is_told = |include: &Selector<'_>| {
            tables.relation(&include.matcher) != Relation::Disjoint
                && (is_bounded(include.pattern)
                    || !self.locks.only(include.source).any_table(include.pattern, &include.matcher))
        };
        let fits = |known: &Known| {
            let mut sources = 0..self.pipeline.from.len();
            tables.matches(&known.db, &known.table)
                && sources.any(|n| self.locks.table(n, &known.db, &known.table).is_some())
        };
        self.locks.complete() && !self.known.iter().any(fits) && !self.include.iter().any(is_told)
    }

    /// True when a line renames nothing that is selected.
    pub(super) fn renames_nothing(&self, renaming: &Renaming<'_>) -> bool {
        match renaming.pattern().and_then(exact_table) {
            Some((db, table)) => !self.selects(db, table),
            None => self.is_unselected(&renaming.tables),
        }
    }

    /// Pairs of renames of one kind that may take a table in common, the first in the file first.
    pub(super) fn rename_pairs(&self) -> Pairs<impl Iterator<Item = (&Renaming<'p>, &Renaming<'p>)>> {
        let pairs = (0..self.renames.len()).flat_map(move |n| {
            let (named, open): (&[usize], _) = match self.renames[n].pattern().and_then(exact_table) {
                // Lines that name other tables are no match for one that names a table.
                Some((db, table)) => (self.rename_index.named(db, table), usize::MAX),
                None => (&[], n),
            };
            let named = named.iter().filter(move |&&other| other < n);
            let open = self.rename_index.open.iter().filter(move |&&other| other < open);
            named.chain(open).copied().map(move |other| (n.min(other), n.max(other)))
        });
        let pairs = pairs.map(|(first, later)| (&self.renames[first], &self.renames[later]));
        Pairs::new(pairs.filter(|(first, later)| first.kind() == later.kind()))
    }

    /// A name of the source in the case of messages.
    pub(super) fn cased(&self, name: &str) -> String {
        self.case.apply(name)
    }

    /// The rename of a kind that holds for a table: the narrowest.
    fn renaming(&self, kind: Renamed, db: &str, table: &str) -> Option<usize> {
        let hits = self
            .rename_index
            .hits(db, table, |n| Some(&self.renames[n].tables))
            .filter(|&n| self.renames[n].kind() == kind);
        hits.reduce(|best, n| {
            let relation = self.renames[n].tables.relation(&self.renames[best].tables);
            if relation == Relation::Narrower { n } else { best }
        })
    }

    /// A table's name in messages; none when a placeholder stands for nothing.
    pub(super) fn new_name(&self, source: &str, db: &Rc<str>, table: &Rc<str>) -> Option<NewName> {
        let lines = (self.renaming(Renamed::Database, db, table), self.renaming(Renamed::Table, db, table));
        let named = |line: Option<usize>, old: &Rc<str>| match (line, self.case) {
            (None, NameCase::AsSource) => Some(old.clone()),
            (None, case) => Some(case.apply(old).into()),
            (Some(line), _) => {
                let renaming = &self.renames[line];
                let names = self.names_of(source, (db, table), (db, table));
                let name = names.expand(renaming.to(), &renaming.captures(db, table), RENAME_PLACEHOLDERS);
                name.ok().map(Rc::from)
            }
        };
        // One that keeps its name may be renamed by a line that could not be read.
        let takes = |tables: &TableMatcher| tables.matches(db, table);
        let may_be_renamed = self.unread_renames.as_ref().is_none_or(|lines| lines.iter().any(takes));
        if lines == (None, None) && (may_be_renamed || self.pipeline.left_out.may_be(&["names"])) {
            return None;
        }
        Some(NewName { db: named(lines.0, db)?, table: named(lines.1, table)?, lines })
    }

    pub(super) fn names_of<'a>(
        &'a self,
        source: &'a str,
        new: (&'a str, &'a str),
        origin: (&'a str, &'a str),
    ) -> Names<'a> {
        let pipeline = self.pipeline.name.value.as_str();
        Names { source, pipeline, db: new.0, table: new.1, origin_db: origin.0, origin_table: origin.1 }
    }

    /// The topic of any table of the n-th source, which has a name, and where it is selected; none when it is not, or its topic is not known.
    pub(super) fn topic_of(
        &self,
        lane: usize,
        (n, source): (usize, &str),
        db: &str,
        table: &str,
    ) -> Option<(String, Span)> {
        if !self.selects_from(n, db, table) {
            return None;
        }
        let mut hits = self.include_index.hits(db, table, |n| Some(&self.include[n].matcher));
        let include = hits.find(|&include| self.include[include].is_for(n))?;
        let span = self.include[include].span;
        let near = Nears::default().of(&self.lanes, db, table);
        let known = Known { db: db.into(), table: table.into(), span, written: false, near };
        let name = self.new_name(source, &known.db, &known.table)?;
        let topic = self.topic(&self.lanes[lane], source, &known, &name)?;
        Some((topic.name, span))
    }

    /// The topic of a known table; none when that is not known, or a placeholder stands for nothing.
    fn topic(&self, lane: &Lane<'p>, source: &str, known: &Known, name: &NewName) -> Option<Topic<'p>> {
        if lane.may_lack_nearer(known, "topic", |settings| settings.topic.as_ref()) {
            return None;
        }
        let (name, template) = match lane.setting(Subject::One(known), |settings| settings.topic.as_ref()) {
            Setting::Default => (format!("{}.{}", name.db, name.table), None),
            Setting::Various => return None,
            Setting::Given(template, tables) => {
                let captures = tables.and_then(|tables| tables.captures(&known.db, &known.table));
                let names = self.names_of(source, (&name.db, &name.table), (&known.db, &known.table));
                let captures = captures.unwrap_or_default();
                let name = names.expand(&template.value, &captures, TOPIC_PLACEHOLDERS).ok()?;
                (name, Some(template))
            }
        };
        Some(Topic { name, template, is_shared: false })
    }
}

/// True when the tables of a pattern can be listed.
fn is_bounded(TablePattern { db, table }: &TablePattern) -> bool {
    db.count().is_some() && table.count().is_some()
}

/// What says something about tables, each once: there are few of these, and many tables.
#[derive(Default)]
struct Nears {
    /// By the numbers of all levels, those of a target behind a sign of their own.
    all: HashMap<Vec<Option<usize>>, Rc<Near>>,
    /// The numbers of the last table.
    last: Vec<Option<usize>>,
}

impl Nears {
    /// What says something about a table towards each target.
    fn of(&mut self, lanes: &[Lane<'_>], db: &str, table: &str) -> Rc<Near> {
        self.last.clear();
        for lane in lanes {
            self.last.extend(lane.near(db, table).map(Some));
            self.last.push(None);
        }
        if let Some(near) = self.all.get(&self.last) {
            return near.clone();
        }
        let near: Rc<Near> = self
            .last
            .split(Option::is_none)
            .take(lanes.len())
            .map(|levels| levels.iter().copied().flatten().collect())
            .collect();
        self.all.insert(self.last.clone(), near.clone());
        near
    }
}

/// For every target, the number of its cluster.
fn clusters(program: &Program) -> Vec<usize> {
    let mut numbers: HashMap<Vec<&str>, usize> = HashMap::new();
    let mut clusters = Vec::new();
    for target in &program.targets {
        let next = numbers.len();
        clusters.push(*numbers.entry(cluster(target)).or_insert(next));
    }
    clusters
}

/// What tells a cluster from another: its brokers, or else the target's name.
fn cluster(target: &Target) -> Vec<&str> {
    match &target.kind {
        TargetKind::Kafka(kafka) => {
            let mut brokers: Vec<&str> =
                kafka.brokers.iter().flat_map(|brokers| &brokers.value).map(String::as_str).collect();
            brokers.sort_unstable();
            brokers
        }
        TargetKind::Stdout | TargetKind::File { .. } => vec!["", target.name.value.as_str()],
    }
}

/// For every topic of every flow, in order: whether it has that name in its cluster more than once.
fn shared_topics(flows: &[Flow<'_>], clusters: &[usize]) -> Vec<bool> {
    let mut first: HashMap<(usize, &str), usize> = HashMap::new();
    let mut shared = Vec::new();
    for flow in flows {
        for (lane, topics) in flow.lanes.iter().zip(&flow.topics) {
            let cluster = clusters[lane.to.target.value.0 as usize];
            for topic in topics.iter().flatten().flatten() {
                match first.entry((cluster, &topic.name)) {
                    Entry::Vacant(free) => {
                        free.insert(shared.len());
                        shared.push(false);
                    }
                    Entry::Occupied(taken) => {
                        shared[*taken.get()] = true;
                        shared.push(true);
                    }
                }
            }
        }
    }
    shared
}

fn case(program: &Program, pipeline: &Pipeline) -> NameCase {
    let of = |settings: &Settings| settings.task.once.names.as_ref().map(|names| names.value);
    of(&pipeline.settings).or(of(&program.defaults.settings)).unwrap_or(NameCase::AsSource)
}

/// Names of a pipeline's sources.
pub(super) fn sources<'p>(program: &'p Program, pipeline: &'p Pipeline) -> impl Iterator<Item = &'p str> {
    pipeline.from.iter().map(|from| program.source(from.value).name.value.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::testing::check_diagnostics;
    use super::*;
    use crate::text::FileSet;

    /// What rules think becomes of a table is what the plan makes of it.
    #[test]
    fn names_and_topics_are_those_of_the_plan() {
        let mut files = FileSet::new();
        files.add(
            "a.sync",
            "edition 2026\nsource s mysql \"db\" {\npassword env P\n}\ntarget o stdout\n\
             defaults {\ntopic \"d.{db}.{table}\"\n}\n\
             pipeline p from s to o {\nnames upper\n\
             include shop.*, shop_[0..2].t_[0..2], crm.[a-c], `ä b`.x\nexclude crm.b, shop_1.*\n\
             rename database shop to commerce\nrename database shop_[n:0..2] to \"shop{n}\"\nrename database `ä b` to ab\n\
             rename table shop_*.t_[m:0..2] to \"t{m}\"\nrename table shop_0.t_0 to first\nrename table shop.a to b\n\
             table shop_[k:0..2].t_* {\ntopic \"{source}.{k}.{origin.table}.{table:upper}\"\n}\n\
             table shop_0.t_* {\ntopic \"{pipeline}.{origin.db}.{table}\"\n}\n}\n",
        );
        let (plan, _) = crate::plan::compile_files(&files).plan.expect("compiles");
        let (program, _) = crate::hir::program(&crate::project::Project::of(files));
        let project = Project::new(&program);
        let placed: Vec<Placed<'_>> = project.flows[0].placed(0, 0).collect();
        assert_eq!(placed.len(), 10);
        for one in placed {
            let Known { db, table, .. } = one.known;
            let decision = plan.tasks[0].decide(db, table).expect("a decision").expect("selected");
            let made = (&*one.name.db, &*one.name.table, one.topic);
            assert_eq!(made, (decision.db.as_str(), decision.table.as_str(), decision.topic.as_str()));
        }
    }

    /// A line that could not be read is silent about the tables that it cannot be about.
    #[test]
    fn what_a_broken_line_may_be_about() {
        let lacks = "error[S0015]: `rename` lacks a new name at its end";
        check_diagnostics(&format!(
            "include shop.a, shop.b, shop.c\nkey origin, id\nrename table shop.c to  # {lacks}\n\
             topic \"all\"  # warning[S0406]: `a` and `b` share the topic `all`\n"
        ));
        check_diagnostics(&format!(
            "include shop.a, shop.b\nkey origin, id\nrename table shop.* to  # {lacks}\ntopic \"all\"\n"
        ));
        // A nearer topic is not that of the pipeline, whatever it says.
        check_diagnostics(
            "include shop.a, shop.b\nkey origin, id\ntopic  # error[S0015]: `topic` lacks a text in quotes at its end\n\
             table shop.[a-b] {\ntopic \"all\"  # warning[S0406]: `a` and `b` share the topic `all`\n}\n",
        );
        check_diagnostics(
            "include shop.a, shop.b\nkey origin, id\ntopic \"all\"\n\
             table shop.[a-b] {\ntopic  # error[S0015]: `topic` lacks a text in quotes at its end\n}\n",
        );
    }
}
