//! Rows that were told of in dead-letter topics: their topic lacks them, or has them as they were before.
//!
//! A letter names its row by the key of the message. Where it has none, or rows are told apart otherwise, it says only that rows
//! may be missing.

use super::{Comparison, Found};
use crate::kafka::TopicName;
use crate::plan::TaskPlan;
use crate::verify::VerifyError;
use crate::verify::fold::{Id, bare};
use crate::verify::report::Kind;
use crate::verify::world::Tables;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Where rows of each table of a topic are told of, by number.
#[derive(Debug, Default)]
pub(super) struct Letters {
    topics: Vec<BTreeSet<TopicName>>,
    takes_errors: Vec<bool>,
    /// Letters that name no row.
    nameless: BTreeMap<u16, u64>,
}

/// What counts of a letter.
#[derive(Deserialize)]
struct Letter {
    db: String,
    table: String,
    key: Option<String>,
}

impl Letters {
    pub(super) fn of(plan: &TaskPlan, tables: &Tables) -> Result<Letters, VerifyError> {
        let mut letters = Letters::default();
        for (table, decision) in tables {
            let name = &table.version.name;
            let to = plan.dead_letters((&name.db, &name.table), decision);
            let to = to.map_err(|error| VerifyError::failed(format!("{name}, `dead-letter`: {error}")))?;
            letters.takes_errors.push(to.errors.is_some());
            letters.topics.push([to.errors, to.oversize].into_iter().flatten().collect());
        }
        Ok(letters)
    }

    /// True where a row that cannot be written is told of.
    pub(super) fn take_errors(&self, number: usize) -> bool {
        self.takes_errors[number]
    }

    /// Letters of a table that name no row.
    pub(super) fn nameless(&self, number: u16) -> u64 {
        self.nameless.get(&number).copied().unwrap_or(0)
    }
}

impl Comparison<'_, '_> {
    /// Takes out of what was found what was told of in dead-letter topics.
    pub(super) fn set_aside(&mut self, found: &mut Found) -> Result<(), VerifyError> {
        if found.rows.is_empty() {
            return Ok(());
        }
        let topics: BTreeSet<TopicName> = self.letters.topics.iter().flatten().cloned().collect();
        let mut told: HashSet<(u16, Id)> = HashSet::new();
        let mut nameless: BTreeMap<u16, u64> = BTreeMap::new();
        for name in &topics {
            let topic = &self.topic;
            self.world.read_other(name, &mut |value| {
                // What somebody else wrote there is no letter.
                let Ok(letter) = serde_json::from_slice::<Letter>(value) else { return };
                let of = |table: &crate::mysql::schema::TableName| {
                    (&table.db, &table.table) == (&letter.db, &letter.table)
                };
                let Some(number) = topic.tables.iter().position(|table| of(&table.version.name)) else {
                    return;
                };
                let number = number as u16;
                let key = letter.key.and_then(|key| data_encoding::BASE64.decode(key.as_bytes()).ok());
                match key.and_then(|key| topic.id_of_key(number, &key)) {
                    Some(id) => drop(told.insert((number, bare(id)))),
                    None => *nameless.entry(number).or_default() += 1,
                }
            })?;
        }
        self.letters.nameless = nameless;
        let counts = &mut found.letters;
        found.rows.retain(|id, differing| {
            let is_told = told.contains(&(differing.table, bare(*id)));
            // What is left of a row that went is told of as the row that could not be sent.
            if is_told && differing.kind != Kind::Extra {
                counts[usize::from(differing.table)] += 1;
            }
            !is_told
        });
        Ok(())
    }
}
