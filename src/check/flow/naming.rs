//! The names of known tables in messages, and their topics.

use super::super::index::exact_table;
use super::super::pairs::Pairs;
use super::super::renaming::{Renamed, Renaming};
use super::super::settings::{Lane, Setting, Subject};
use super::known::Nears;
use super::{Flow, Known};
use crate::pattern::{Relation, TableMatcher};
use crate::statement::{NameCase, Names, Property, RENAME_PLACEHOLDERS, TOPIC_PLACEHOLDERS, Template};
use crate::text::{Span, Spanned};
use foldhash::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// The topic of a known table.
pub(in crate::check) struct Topic<'p> {
    pub(in crate::check) name: String,
    /// The template that gives it, where one is written.
    pub(in crate::check) template: Option<&'p Spanned<Template>>,
    pub(in crate::check) is_shared: bool,
}

/// A table's name in messages, and the lines that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::check) struct NewName {
    pub(in crate::check) db: Arc<str>,
    pub(in crate::check) table: Arc<str>,
    /// Indexes of renames: of the database, of the table.
    pub(in crate::check) lines: (Option<usize>, Option<usize>),
}

impl NewName {
    /// True when a line names the table anew.
    pub(in crate::check) fn is_new(&self) -> bool {
        self.lines != (None, None)
    }
}

impl<'p> Flow<'p> {
    /// True when a line renames nothing that is selected.
    pub(in crate::check) fn renames_nothing(&self, renaming: &Renaming<'_>) -> bool {
        match renaming.pattern().and_then(exact_table) {
            Some((db, table)) => !self.selects(db, table),
            None => self.is_unselected(&renaming.tables),
        }
    }

    /// Pairs of renames of one kind that may take a table in common, the first in the file first.
    pub(in crate::check) fn rename_pairs(
        &self,
    ) -> Pairs<impl Iterator<Item = (&Renaming<'p>, &Renaming<'p>)>> {
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
    pub(in crate::check) fn cased(&self, name: &str) -> String {
        self.case.apply(name)
    }

    /// The rename of a kind that holds for a table, of those that take it: the narrowest.
    fn renaming(&self, hits: &[usize], kind: Renamed) -> Option<usize> {
        let of_kind = hits.iter().copied().filter(|&n| self.renames[n].kind() == kind);
        of_kind.reduce(|best, n| {
            let relation = self.renames[n].tables.relation(&self.renames[best].tables);
            if relation == Relation::Narrower { n } else { best }
        })
    }

    /// A table's name in messages; none when a placeholder stands for nothing.
    pub(in crate::check) fn new_name(
        &self,
        source: &str,
        db: &Arc<str>,
        table: &Arc<str>,
    ) -> Option<NewName> {
        let hits: Vec<usize> = self.rename_index.hits(db, table, |n| Some(&self.renames[n].tables)).collect();
        let lines = (self.renaming(&hits, Renamed::Database), self.renaming(&hits, Renamed::Table));
        let named = |line: Option<usize>, old: &Arc<str>| match (line, self.case) {
            (None, NameCase::AsSource) => Some(old.clone()),
            (None, case) => Some(case.apply(old).into()),
            (Some(line), _) => {
                let renaming = &self.renames[line];
                let names = self.names_of(source, (db, table), (db, table));
                let name = names.expand(renaming.to(), &renaming.captures(db, table), RENAME_PLACEHOLDERS);
                name.ok().map(Arc::from)
            }
        };
        // A name that it keeps may be given anew by a line that could not be read.
        let takes = |tables: &TableMatcher| tables.matches(db, table);
        let may_be_renamed = self.unread_renames.as_ref().is_none_or(|lines| lines.iter().any(takes));
        let keeps = (lines.0.is_none() || lines.1.is_none()) && may_be_renamed;
        if keeps || lines == (None, None) && self.pipeline.left_out.may_be(&["names"]) {
            return None;
        }
        Some(NewName { db: named(lines.0, db)?, table: named(lines.1, table)?, lines })
    }

    pub(in crate::check) fn names_of<'a>(
        &'a self,
        source: &'a str,
        new: (&'a str, &'a str),
        origin: (&'a str, &'a str),
    ) -> Names<'a> {
        let pipeline = self.pipeline.name.value.as_str();
        Names { source, pipeline, db: new.0, table: new.1, origin_db: origin.0, origin_table: origin.1 }
    }

    /// The topic of any table of the n-th source, which has a name, and where it is selected; none when it is not, or its topic is not known.
    pub(in crate::check) fn topic_of(
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
    pub(in crate::check) fn topic(
        &self,
        lane: &Lane<'p>,
        source: &str,
        known: &Known,
        name: &NewName,
    ) -> Option<Topic<'p>> {
        if lane.may_lack_nearer(known, "topic", |settings| settings.topic.as_ref()) {
            return None;
        }
        let (name, template) =
            match lane.setting((Subject::One(known), Property::Topic), |settings| settings.topic.as_ref()) {
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

/// For every topic of every flow, in order: whether it has that name in its cluster more than once.
pub(in crate::check) fn shared_topics(flows: &[Flow<'_>], clusters: &[usize]) -> Vec<bool> {
    let mut first: HashMap<(usize, &str), usize> = HashMap::default();
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
