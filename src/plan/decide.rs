//! What becomes of one table: selection, names, and the settings of the nearest level.

use super::narrow::Relations;
use super::settle::Near;
use super::{Layer, Rename, TableDecision, TableRules, TaskId, TaskPlan, Template};
use crate::kafka::{TopicName, TopicNameError};
use crate::mysql::shadow;
use crate::pattern::{Matcher, NamePattern, PatternError, Relation, TableMatcher};
use crate::statement::{
    ExpandError, Names, OnlineDdl, Property, RENAME_PLACEHOLDERS, TOPIC_PLACEHOLDERS, WordSet,
};
use std::cell::RefCell;
use std::rc::Rc;

/// Why nothing can become of a table that is selected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    /// Its topic would have a name that Kafka refuses.
    #[error("`{name}` is no topic name: {why}")]
    Topic {
        /// The name.
        name: String,
        /// Why.
        why: TopicNameError,
    },
    /// A placeholder of its topic or of a new name stands for nothing.
    #[error(transparent)]
    Expand(#[from] ExpandError),
    /// A pattern that cannot be read, in a plan of another release.
    #[error("a pattern of the plan cannot be read: {0}")]
    Pattern(String),
    /// A new name that is empty.
    #[error("the new name is empty")]
    EmptyName,
}

impl TaskPlan {
    /// True when the task carries this table. Patterns of the task last asked about are kept compiled, per thread.
    pub fn selects(&self, db: &str, table: &str) -> bool {
        with_decider(self, |decider| Ok(decider.selects(db, table))).unwrap_or(false)
    }

    /// True when a tool for online schema changes fills `table` in order to put it in the place of `base`, so that no row of it
    /// is new.
    pub fn is_copy(&self, db: &str, table: &str, base: &str) -> bool {
        let is_shadow = || with_decider(self, |decider| Ok(decider.shadow_of(db, table).is_some()));
        shadow::is_copy(table) && shadow::bases(table).any(|one| one == base) && is_shadow().unwrap_or(false)
    }

    /// The selected table that a tool for online schema changes copies into `table`; none when it is no such copy.
    pub fn copied(&self, db: &str, table: &str) -> Option<String> {
        let base = with_decider(self, |decider| Ok(decider.shadow_of(db, table).map(str::to_owned)));
        base.ok().flatten().filter(|_| shadow::is_copy(table))
    }

    /// True when tables of this database may be selected.
    pub fn captures(&self, db: &str) -> bool {
        with_decider(self, |decider| Ok(decider.captures(db))).unwrap_or(false)
    }

    /// Database and table in messages, whether the table is selected or not.
    ///
    /// # Errors
    /// Its rules give no name.
    pub fn names(&self, db: &str, table: &str) -> Result<(String, String), DecideError> {
        with_decider(self, |decider| decider.names(db, table))
    }

    /// What becomes of statements about a database, by the settings that are written for no table; none when no pattern takes
    /// tables of it. The decision has no table, and `topic` is nothing.
    ///
    /// # Errors
    /// Its rules give no name.
    pub fn decide_database(&self, db: &str) -> Result<Option<TableDecision>, DecideError> {
        with_decider(self, |decider| decider.decide_database(db))
    }

    /// What becomes of a table; none when it is not selected. Patterns of the task last asked about are kept compiled, per
    /// thread.
    ///
    /// # Errors
    /// The table is selected, but its rules give no topic or name.
    pub fn decide(&self, db: &str, table: &str) -> Result<Option<TableDecision>, DecideError> {
        with_decider(self, |decider| decider.decide(db, table))
    }
}

thread_local! {
    /// Compiling patterns takes milliseconds, and a task asks about one table after the other.
    static LAST: RefCell<Option<Rc<Decider>>> = const { RefCell::new(None) };
}

pub(super) fn with_decider<T>(
    plan: &TaskPlan,
    ask: impl FnOnce(&Decider) -> Result<T, DecideError>,
) -> Result<T, DecideError> {
    let last = LAST.with_borrow(Clone::clone);
    let same = |last: &Rc<Decider>| {
        last.task == plan.id
            && last.online_ddl == plan.stream.online_ddl
            && last.time_zone == plan.source.time_zone
            && last.rules == plan.rules
    };
    let decider = match last.filter(same) {
        Some(last) => last,
        None => {
            let made = Rc::new(Decider::new(plan)?);
            LAST.set(Some(made.clone()));
            made
        }
    };
    ask(&decider)
}

/// The rules of a task with all patterns compiled.
#[derive(Debug)]
pub struct Decider {
    task: TaskId,
    rules: TableRules,
    /// Tools whose shadow tables no pattern takes.
    online_ddl: WordSet<OnlineDdl>,
    /// Zone of texts in conditions.
    time_zone: Option<String>,
    include: Vec<TableMatcher>,
    exclude: Vec<TableMatcher>,
    databases: Vec<(Matcher, Template)>,
    tables: Vec<(TableMatcher, Template)>,
    columns: Vec<(TableMatcher, Matcher, NamePattern, Template)>,
    /// Patterns of the layers.
    layers: Vec<Option<TableMatcher>>,
    /// Of `databases`, `tables`, `columns` and `layers`.
    relations: [Relations; 4],
}

/// Which rules hit a table, as indexes into the task's lists; for explanations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// `include` patterns that take it.
    pub include: Vec<usize>,
    /// `exclude` patterns that take it.
    pub exclude: Vec<usize>,
}

impl Decider {
    /// Zone of texts that conditions compare with a TIMESTAMP; none: UTC.
    pub(super) fn time_zone(&self) -> Option<String> {
        self.time_zone.clone()
    }

    /// Compiles the patterns of a task.
    ///
    /// # Errors
    /// A pattern that cannot be read; a checked project has none.
    pub fn new(plan: &TaskPlan) -> Result<Decider, DecideError> {
        let unreadable = |error: PatternError| DecideError::Pattern(error.to_string());
        let compile = |patterns: &[crate::pattern::TablePattern]| {
            patterns
                .iter()
                .map(|pattern| pattern.compile().map_err(unreadable))
                .collect::<Result<Vec<_>, _>>()
        };
        let rules = &plan.rules;
        let mut decider = Decider {
            task: plan.id.clone(),
            rules: rules.clone(),
            online_ddl: plan.stream.online_ddl.clone(),
            time_zone: plan.source.time_zone.clone(),
            include: compile(&rules.include)?,
            exclude: compile(&rules.exclude)?,
            databases: Vec::new(),
            tables: Vec::new(),
            columns: Vec::new(),
            layers: Vec::new(),
            relations: Default::default(),
        };
        for rename in &rules.renames {
            match rename {
                Rename::Database { from, to } => {
                    decider.databases.push((from.compile().map_err(unreadable)?, to.clone()));
                }
                Rename::Table { from, to } => {
                    decider.tables.push((from.compile().map_err(unreadable)?, to.clone()));
                }
                Rename::Column { table, column, to } => decider.columns.push((
                    table.compile().map_err(unreadable)?,
                    column.compile_column().map_err(unreadable)?,
                    column.clone(),
                    to.clone(),
                )),
            }
        }
        for layer in &rules.layers {
            let matcher = layer.tables.as_ref().map(|tables| tables.compile().map_err(unreadable));
            decider.layers.push(matcher.transpose()?);
        }
        Ok(decider)
    }

    /// True when the task carries this table: an `include` takes it, no `exclude` does, and it is no shadow table.
    pub fn selects(&self, db: &str, table: &str) -> bool {
        self.takes(db, table) && self.shadow_of(db, table).is_none()
    }

    /// The selected table that a tool for online schema changes is changing by means of `table`; none when it is no such shadow
    /// table, or an `include` names it.
    pub fn shadow_of<'n>(&self, db: &str, table: &'n str) -> Option<&'n str> {
        let base = self.online_ddl.items().iter().find_map(|tool| match tool {
            OnlineDdl::GhOst => shadow::gh_ost_bases(table).find(|base| self.takes(db, base)),
            OnlineDdl::PtOsc => shadow::pt_osc_bases(table).find(|base| self.takes(db, base)),
        })?;
        let names_it = |n: &usize| matches!(self.rules.include[*n].table, NamePattern::Exact(_));
        (!self.hits(db, table).include.iter().any(names_it)).then_some(base)
    }

    /// True when an `include` takes a name and no `exclude` does.
    fn takes(&self, db: &str, table: &str) -> bool {
        let hit = |patterns: &[TableMatcher]| patterns.iter().any(|pattern| pattern.matches(db, table));
        hit(&self.include) && !hit(&self.exclude)
    }

    /// True when some pattern takes tables of this database.
    pub fn captures(&self, db: &str) -> bool {
        self.include.iter().any(|pattern| pattern.db.matches(db))
    }

    /// The patterns that take a table.
    pub fn hits(&self, db: &str, table: &str) -> Hits {
        let of = |patterns: &[TableMatcher]| {
            (0..patterns.len()).filter(|&n| patterns[n].matches(db, table)).collect()
        };
        Hits { include: of(&self.include), exclude: of(&self.exclude) }
    }

    /// What becomes of a table; none when it is not selected.
    ///
    /// # Errors
    /// The table is selected, but its rules give no topic or name.
    pub fn decide(&self, db: &str, table: &str) -> Result<Option<TableDecision>, DecideError> {
        if !self.selects(db, table) {
            return Ok(None);
        }
        let (new_db, new_table) = self.names(db, table)?;
        let near = Near::new(self, db, table);
        let names = self.placeholders((&new_db, &new_table), (db, table));
        let topic = match near.setting(|layer| layer.topic.as_ref()) {
            Some((template, n)) => {
                let captures = self.layers[n].as_ref().and_then(|tables| tables.captures(db, table));
                names.expand(template, &captures.unwrap_or_default(), TOPIC_PLACEHOLDERS)?
            }
            None => format!("{new_db}.{new_table}"),
        };
        let topic = TopicName::new(topic.clone()).map_err(|why| DecideError::Topic { name: topic, why })?;
        let column_names = self.column_names(db, table, &names)?;
        let decision = near.decide((new_db.clone(), new_table.clone()), topic)?;
        Ok(Some(TableDecision { column_names, names: self.rules.names, ..decision }))
    }

    /// True when tables of other names have other topics, as the topic of this one is written: with database and table.
    pub(super) fn topic_is_apart(&self, db: &str, table: &str) -> bool {
        let near = Near::new(self, db, table);
        let Some((template, _)) = near.setting(|layer| layer.topic.as_ref()) else { return true };
        template.names_table() && template.placeholders().any(|name| name == "db" || name == "origin.db")
    }

    /// As [`TaskPlan::decide_database`].
    fn decide_database(&self, db: &str) -> Result<Option<TableDecision>, DecideError> {
        if !self.captures(db) {
            return Ok(None);
        }
        let names = self.placeholders((db, ""), (db, ""));
        let new_db = match self.database_rename(db) {
            Some(n) => {
                let (pattern, to) = &self.databases[n];
                names.expand(to, &pattern.captures(db).unwrap_or_default(), RENAME_PLACEHOLDERS)?
            }
            None => self.rules.names.apply(db),
        };
        self.decide_unnamed(new_db).map(Some)
    }

    /// What holds where no block speaks of a table. The decision has no table, and `topic` is nothing.
    ///
    /// # Errors
    /// None: its topic has a name.
    pub(super) fn decide_unnamed(&self, db: String) -> Result<TableDecision, DecideError> {
        let nowhere = "none".to_owned();
        let topic =
            TopicName::new(nowhere.clone()).map_err(|why| DecideError::Topic { name: nowhere, why })?;
        Near::of_no_table(self).decide((db, String::new()), topic)
    }

    /// A template that is a setting of a table, with what it stands for there. Captures are those of the block it is written in.
    ///
    /// # Errors
    /// The table has no name, or a placeholder stands for nothing.
    pub fn expand(
        &self,
        property: Property,
        template: &Template,
        (db, table): (&str, &str),
    ) -> Result<String, DecideError> {
        let (new_db, new_table) = self.names(db, table)?;
        let tables = self.layer_of(db, table, property).and_then(|n| self.layers[n].as_ref());
        let captures = tables.and_then(|tables| tables.captures(db, table)).unwrap_or_default();
        let names = self.placeholders((&new_db, &new_table), (db, table));
        Ok(names.expand(template, &captures, TOPIC_PLACEHOLDERS)?)
    }

    fn placeholders<'a>(&'a self, made: (&'a str, &'a str), origin: (&'a str, &'a str)) -> Names<'a> {
        Names {
            source: &self.task.source,
            pipeline: &self.task.pipeline,
            db: made.0,
            table: made.1,
            origin_db: origin.0,
            origin_table: origin.1,
        }
    }

    /// Names in messages. The narrower pattern wins.
    fn names(&self, db: &str, table: &str) -> Result<(String, String), DecideError> {
        let names = self.placeholders((db, table), (db, table));
        let new_db = match self.database_rename(db) {
            Some(n) => {
                let (pattern, to) = &self.databases[n];
                names.expand(to, &pattern.captures(db).unwrap_or_default(), RENAME_PLACEHOLDERS)?
            }
            None => self.rules.names.apply(db),
        };
        let new_table = match self.table_rename(db, table) {
            Some(n) => {
                let (pattern, to) = &self.tables[n];
                names.expand(to, &pattern.captures(db, table).unwrap_or_default(), RENAME_PLACEHOLDERS)?
            }
            None => self.rules.names.apply(table),
        };
        if new_db.is_empty() || new_table.is_empty() {
            return Err(DecideError::EmptyName);
        }
        Ok((new_db, new_table))
    }

    fn database_rename(&self, db: &str) -> Option<usize> {
        let hits: Vec<usize> =
            (0..self.databases.len()).filter(|&n| self.databases[n].0.matches(db)).collect();
        self.relations[0].narrowest(&hits, |a, b| self.databases[a].0.relation(&self.databases[b].0))
    }

    fn table_rename(&self, db: &str, table: &str) -> Option<usize> {
        let hits: Vec<usize> =
            (0..self.tables.len()).filter(|&n| self.tables[n].0.matches(db, table)).collect();
        self.relations[1].narrowest(&hits, |a, b| self.tables[a].0.relation(&self.tables[b].0))
    }

    /// Index into the task's `renames` of the line that names the database or the table anew.
    pub fn rename_hits(&self, db: &str, table: &str) -> Vec<usize> {
        let nth = |wanted: usize, is: fn(&Rename) -> bool| {
            self.rules.renames.iter().enumerate().filter(|(_, rename)| is(rename)).map(|(n, _)| n).nth(wanted)
        };
        let database =
            self.database_rename(db).and_then(|n| nth(n, |rename| matches!(rename, Rename::Database { .. })));
        let of_table = self
            .table_rename(db, table)
            .and_then(|n| nth(n, |rename| matches!(rename, Rename::Table { .. })));
        database.into_iter().chain(of_table).collect()
    }

    /// Index into the task's `renames` of the first line that names columns of the table anew.
    pub fn column_rename_hit(&self, db: &str, table: &str) -> Option<usize> {
        let is_of_table = |rename: &Rename| matches!(rename, Rename::Column { .. });
        let lines = self.rules.renames.iter().enumerate().filter(|(_, rename)| is_of_table(rename));
        let mut hit = lines.zip(&self.columns).filter(|(_, (tables, ..))| tables.matches(db, table));
        hit.next().map(|((n, _), _)| n)
    }

    /// Renamed columns of a table, the strongest first. Placeholders of the column's own pattern stay.
    fn column_names(
        &self,
        db: &str,
        table: &str,
        names: &Names<'_>,
    ) -> Result<Vec<(NamePattern, Template)>, DecideError> {
        let hits = (0..self.columns.len()).filter(|&n| self.columns[n].0.matches(db, table)).collect();
        let sorted = self.relations[2].narrower_first(hits, |a, b| {
            let (a, b) = (&self.columns[a], &self.columns[b]);
            match a.0.relation(&b.0) {
                Relation::Equal => a.1.relation(&b.1),
                other => other,
            }
        });
        sorted
            .into_iter()
            .map(|n| {
                let (tables, column, pattern, to) = &self.columns[n];
                let captures = tables.captures(db, table).unwrap_or_default();
                let own = column.capture_names();
                let kept = |name: &str| name == "column" || own.contains(&name);
                Ok(((*pattern).clone(), names.expand_part(to, &captures, RENAME_PLACEHOLDERS, kept)?))
            })
            .collect()
    }

    /// The settings by level.
    pub(super) fn layers(&self) -> &[Layer] {
        &self.rules.layers
    }

    /// Indexes of the layers that take a table.
    pub(super) fn layers_of(&self, db: &str, table: &str) -> Vec<usize> {
        let takes = |n: &usize| self.layers[*n].as_ref().is_none_or(|tables| tables.matches(db, table));
        (0..self.layers.len()).filter(takes).collect()
    }

    /// The narrowest of several layers that take one table.
    pub(super) fn narrowest_layer(&self, hits: &[usize]) -> Option<usize> {
        self.relations[3].narrowest(hits, |a, b| self.layer_relation(a, b))
    }

    /// Puts narrower layers before wider ones.
    pub(super) fn narrower_layers_first(&self, hits: Vec<usize>) -> Vec<usize> {
        self.relations[3].narrower_first(hits, |a, b| self.layer_relation(a, b))
    }

    fn layer_relation(&self, a: usize, b: usize) -> Relation {
        match (&self.layers[a], &self.layers[b]) {
            (Some(a), Some(b)) => a.relation(b),
            (Some(_), None) => Relation::Narrower,
            (None, _) => Relation::Wider,
        }
    }

    /// Index of the layer that gives a setting of a table.
    pub fn layer_of(&self, db: &str, table: &str, property: Property) -> Option<usize> {
        let near = Near::new(self, db, table);
        let format = near.format();
        // An option counts where it is written with the format that holds.
        let counts = |layer: &Layer| property.block() != "format" || layer.format == Some(format);
        near.setting(|layer| (counts(layer) && layer.gives(property)).then_some(())).map(|((), n)| n)
    }

    /// Indexes of the layers that mask columns of a table, the strongest first.
    pub fn masking_layers(&self, db: &str, table: &str) -> Vec<usize> {
        Near::new(self, db, table).masking()
    }

    /// Index of the layer whose conditions hold for a table.
    pub fn filtering_layer(&self, db: &str, table: &str) -> Option<usize> {
        let near = Near::new(self, db, table);
        near.setting(|layer| (!layer.conditions.is_empty()).then_some(())).map(|((), n)| n)
    }
}
