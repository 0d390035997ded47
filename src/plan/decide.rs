//! What becomes of one table: selection, names, and the settings of the nearest level.

use super::narrow::Relations;
use super::{
    FormatName, KeyRule, Layer, PartitionRule, Rename, TableDecision, TableRules, TaskId, TaskPlan, Template,
    TopicSettings,
};
use crate::format::{CanalOptions, FormatPlan};
use crate::kafka::{TopicName, TopicNameError};
use crate::pattern::{Matcher, NamePattern, PatternError, Relation, TableMatcher};
use crate::statement::{Cleanup, ExpandError, Names, RENAME_PLACEHOLDERS, TOPIC_PLACEHOLDERS};
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

fn with_decider<T>(
    plan: &TaskPlan,
    ask: impl FnOnce(&Decider) -> Result<T, DecideError>,
) -> Result<T, DecideError> {
    let last = LAST.with_borrow(Clone::clone);
    let decider = match last.filter(|last| last.task == plan.id && last.rules == plan.rules) {
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

    /// True when the task carries this table: an `include` takes it and no `exclude` does.
    pub fn selects(&self, db: &str, table: &str) -> bool {
        let takes = |patterns: &[TableMatcher]| patterns.iter().any(|pattern| pattern.matches(db, table));
        takes(&self.include) && !takes(&self.exclude)
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
        let names = self.placeholders((&new_db, &new_table), (db, table));
        let topic = match self.setting(db, table, |layer| layer.topic.as_ref()) {
            Some((template, n)) => {
                let captures = self.layers[n].as_ref().and_then(|tables| tables.captures(db, table));
                names.expand(template, &captures.unwrap_or_default(), TOPIC_PLACEHOLDERS)?
            }
            None => format!("{new_db}.{new_table}"),
        };
        let topic = TopicName::new(topic.clone()).map_err(|why| DecideError::Topic { name: topic, why })?;
        let topic_settings = TopicSettings {
            create: self.value(db, table, |layer| layer.topic_create).unwrap_or(true),
            partitions: self.value(db, table, |layer| layer.topic_partitions),
            replicas: self.value(db, table, |layer| layer.topic_replicas),
            cleanup: self.value(db, table, |layer| layer.topic_cleanup),
            retention_ms: self.value(db, table, |layer| layer.topic_retention_ms),
        };
        let format = match self.value(db, table, |layer| layer.format).unwrap_or(FormatName::CanalJson) {
            FormatName::CanalJson => FormatPlan::CanalJson(CanalOptions {
                snapshot_init: self.value(db, table, |layer| layer.snapshot_init).unwrap_or(false),
                enum_label: self.value(db, table, |layer| layer.enum_label).unwrap_or(false),
            }),
        };
        let key = self.setting(db, table, |layer| layer.key.as_ref());
        let partition = self.setting(db, table, |layer| layer.partition.as_ref());
        let columns = self.setting(db, table, |layer| layer.columns.as_ref());
        Ok(Some(TableDecision {
            topic,
            topic_settings,
            key: key.map_or(KeyRule::Primary, |(rule, _)| rule.clone()),
            partition: partition.map_or(PartitionRule::ByKey, |(rule, _)| rule.clone()),
            columns: columns.map(|(rule, _)| rule.clone()),
            column_names: self.column_names(db, table, &names)?,
            format,
            tombstones: matches!(topic_settings.cleanup, Some(Cleanup::Compact | Cleanup::CompactDelete)),
            db: new_db,
            table: new_table,
        }))
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
            None => db.to_owned(),
        };
        let new_table = match self.table_rename(db, table) {
            Some(n) => {
                let (pattern, to) = &self.tables[n];
                names.expand(to, &pattern.captures(db, table).unwrap_or_default(), RENAME_PLACEHOLDERS)?
            }
            None => table.to_owned(),
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

    /// A setting of the nearest level, and the index of its layer.
    pub fn setting<'d, T>(
        &'d self,
        db: &str,
        table: &str,
        of: impl Fn(&'d Layer) -> Option<T>,
    ) -> Option<(T, usize)> {
        let mut hits: Vec<usize> = (0..self.layers.len())
            .filter(|&n| of(&self.rules.layers[n]).is_some())
            .filter(|&n| self.layers[n].as_ref().is_none_or(|tables| tables.matches(db, table)))
            .collect();
        let level = hits.iter().map(|&n| self.rules.layers[n].level).max()?;
        hits.retain(|&n| self.rules.layers[n].level == level);
        let best = self.relations[3].narrowest(&hits, |a, b| match (&self.layers[a], &self.layers[b]) {
            (Some(a), Some(b)) => a.relation(b),
            (Some(_), None) => Relation::Narrower,
            (None, _) => Relation::Wider,
        })?;
        of(&self.rules.layers[best]).map(|value| (value, best))
    }

    fn value<'d, T>(&'d self, db: &str, table: &str, of: impl Fn(&'d Layer) -> Option<T>) -> Option<T> {
        self.setting(db, table, of).map(|(value, _)| value)
    }
}
