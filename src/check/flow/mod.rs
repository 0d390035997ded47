//! A program as its rules look at it: patterns compiled once, the tables that are known, and which setting holds where.

mod guess;
mod known;
mod naming;

use super::index::{Index, exact_table};
use super::is_long;
use super::locked::Locks;
use super::renaming::{ColumnRenames, Renaming};
use super::selector::{Selector, selectors};
use super::settings::{Lane, Subject};
use crate::ast::{Settings, TableBlock, Target, TargetKind};
use crate::hir::{LockedTable, Pipeline, Program, TargetId};
use crate::parallel;
use crate::pattern::{Covered, Relation, TableMatcher, TablePattern};
use crate::statement::{NameCase, Template};
use crate::text::{Span, Spanned};
use foldhash::{HashMap, HashSet};
use std::sync::Arc;

pub(super) use guess::Guess;
use guess::Guesses;
pub(super) use known::Known;
pub(super) use naming::NewName;
use naming::{Topic, shared_topics};

/// Most pairs of an unbounded include and a block of settings that one question is asked about.
const UNBOUNDED_PAIRS_MAX: usize = 100_000;

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
    columns_renamed: ColumnRenames,
    /// What was meant by patterns that take nothing.
    pub(super) guesses: Guesses,
    /// Unbounded includes were left out: there are too many to ask about all of them.
    pub(super) is_cut: bool,
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

impl<'p> Project<'p> {
    pub(super) fn new(program: &'p Program) -> Project<'p> {
        let mut flows: Vec<Flow<'p>> =
            parallel::map(&program.pipelines, is_long(program), |pipeline| Flow::new(program, pipeline));
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
            columns_renamed: ColumnRenames::new(&renames),
            is_cut: false,
            include,
            exclude,
            renames,
            known: Vec::new(),
            groups: Vec::new(),
            locks: Locks::new(program, pipeline),
            tables: Vec::new(),
            case: case(program, pipeline),
            unread_renames: pipeline.left_out.tables("rename"),
            lanes: Vec::new(),
            guesses: Guesses::default(),
            unbounded: Vec::new(),
            names: Vec::new(),
            topics: Vec::new(),
        };
        flow.guesses = flow.guesses();
        if let Some(unread) = &flow.unread_renames {
            let meant = flow.meant_by_renames();
            flow.unread_renames = Some(unread.iter().cloned().chain(meant).collect());
        }
        let lane = |n| Lane::new(program, pipeline, n, &flow.guesses.blocks);
        flow.lanes = (0..pipeline.to.len()).map(lane).collect();
        flow.known = flow.known();
        let mut seen = HashSet::default();
        flow.groups =
            (0..flow.known.len()).filter(|&n| seen.insert(Arc::as_ptr(&flow.known[n].near))).collect();
        flow.unbounded = (0..flow.include.len())
            .filter(|&n| {
                let Selector { pattern, matcher, .. } = &flow.include[n];
                !is_bounded(pattern) && !flow.is_left_out(matcher)
            })
            .collect();
        let n_blocks = flow.lanes.iter().map(Lane::n_levels).max().unwrap_or_default();
        flow.is_cut = flow.unbounded.len() > UNBOUNDED_PAIRS_MAX / n_blocks.max(1);
        flow.unbounded.truncate(UNBOUNDED_PAIRS_MAX / n_blocks.max(1));
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

    /// The lines of `rename` that may be about a column of this name.
    pub(super) fn renames_of<'s>(
        &'s self,
        column: &str,
    ) -> impl Iterator<Item = &'s Renaming<'p>> + use<'s, 'p> {
        self.columns_renamed.of(column).map(|n| &self.renames[n])
    }

    /// True when an `include` and a pattern have a table in common.
    pub(super) fn is_met(&self, pattern: &TablePattern, matcher: &TableMatcher) -> bool {
        self.meeting(pattern, matcher).next().is_some()
    }

    /// The includes that have a table in common with a pattern.
    pub(super) fn meeting<'s>(
        &'s self,
        pattern: &TablePattern,
        matcher: &'s TableMatcher,
    ) -> impl Iterator<Item = &'s Selector<'p>> {
        let (named, all): (Vec<usize>, &[Selector<'p>]) = match exact_table(pattern) {
            Some((db, table)) => {
                let of = |n: usize| Some(&self.include[n].matcher);
                (self.include_index.hits(db, table, of).collect(), &[])
            }
            None => (Vec::new(), &self.include),
        };
        let meets = |one: &&Selector<'p>| matcher.relation(&one.matcher) != Relation::Disjoint;
        named.into_iter().map(|n| &self.include[n]).chain(all.iter().filter(meets))
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
            .filter(|(known, _)| known.written || !self.is_meant_to_be_excluded(&known.db, &known.table))
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

    /// True when no table is selected, as far as lines can tell: none of its settings holds for anything.
    pub(super) fn takes_no_table(&self) -> bool {
        self.subjects().next().is_none()
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
        self.is_left_out(tables)
    }

    /// True when the excludes take all of a pattern.
    fn is_left_out(&self, tables: &TableMatcher) -> bool {
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
    pub(super) fn fits_nothing(&self, pattern: Option<&TablePattern>, tables: &TableMatcher) -> bool {
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
        // Those that no line names are of the lock file, and a pattern that takes none of it takes none of them.
        let may_fit = pattern.is_none_or(|pattern| self.locks.any_table(pattern, tables));
        self.locks.complete()
            && !self.known.iter().filter(|known| known.written || may_fit).any(fits)
            && !self.include.iter().any(is_told)
    }
}

/// True when the tables of a pattern can be listed.
fn is_bounded(TablePattern { db, table }: &TablePattern) -> bool {
    db.count().is_some() && table.count().is_some()
}

/// For every target, the number of its cluster.
fn clusters(program: &Program) -> Vec<usize> {
    let mut numbers: HashMap<Vec<&str>, usize> = HashMap::default();
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
