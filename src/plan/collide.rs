//! Tables that come to one name, or to one topic, by rules that do not mean it.
//!
//! Names of tables that a pattern takes are known when the tables are there: what `check` says of the known ones (S0403) is held
//! against the others here. One `rename` that maps many tables to one name means it, and so does a topic that is written
//! without the table or the database.

use super::{DecideError, Decider, TaskPlan};
use crate::mysql::schema::TableName;
use foldhash::HashMap;

/// Names and topics that tables have taken, each by the first that came.
#[derive(Debug, Default)]
pub struct Taken {
    names: HashMap<(String, String), (TableName, Vec<usize>)>,
    topics: HashMap<String, (TableName, (String, String))>,
}

/// What two tables share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collision {
    /// The name in messages.
    Name {
        /// The table that has it already.
        other: TableName,
        /// `db.table`.
        name: String,
    },
    /// The topic, though its name has the names of database and table in it.
    Topic {
        /// The table that goes there already.
        other: TableName,
        /// The topic.
        topic: String,
    },
}

impl std::fmt::Display for Collision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Collision::Name { other, name } => write!(
                f,
                "it is called `{name}` in messages, as table {other} is: nothing would tell their rows apart; give one of them \
                 another name with `rename`, `exclude` it, or merge them by renaming both with one pattern"
            ),
            Collision::Topic { other, topic } => write!(
                f,
                "it goes to topic `{topic}`, as table {other} does, though their names differ: write a `topic` in which another \
                 sign stands between `{{db}}` and `{{table}}`, `rename` one of them, or `exclude` it"
            ),
        }
    }
}

impl Taken {
    /// Takes the name and the topic of a selected table. What it shares with one that came before, unless `is_gone` says that
    /// this one does not exist any more.
    ///
    /// # Errors
    /// The table is selected, but its rules give no topic or name.
    pub fn take(
        &mut self,
        plan: &TaskPlan,
        table: &TableName,
        is_gone: impl Fn(&TableName) -> bool,
    ) -> Result<Option<Collision>, DecideError> {
        let Some(place) = plan.place(table)? else { return Ok(None) };
        let stands = |other: &TableName| other != table && !is_gone(other);
        match self.names.get(&place.name) {
            Some((other, lines)) if stands(other) => {
                if *lines != place.lines {
                    let (db, table) = place.name;
                    return Ok(Some(Collision::Name { other: other.clone(), name: format!("{db}.{table}") }));
                }
            }
            Some(_) | None => drop(self.names.insert(place.name.clone(), (table.clone(), place.lines))),
        }
        if !place.is_apart {
            return Ok(None);
        }
        match self.topics.get(&place.topic) {
            Some((other, name)) if stands(other) => {
                let same = *name == place.name;
                Ok((!same).then(|| Collision::Topic { other: other.clone(), topic: place.topic }))
            }
            Some(_) | None => {
                self.topics.insert(place.topic, (table.clone(), place.name));
                Ok(None)
            }
        }
    }
}

/// Where messages of a table go, and what made it so.
#[derive(Debug)]
pub(super) struct PlaceOf {
    /// Database and table in messages.
    pub(super) name: (String, String),
    /// The `rename` lines that gave it.
    pub(super) lines: Vec<usize>,
    pub(super) topic: String,
    /// Tables of other names have other topics, as it is written.
    pub(super) is_apart: bool,
}

impl Decider {
    /// As [`Decider::decide`], of names and topic alone.
    fn place(&self, table: &TableName) -> Result<Option<PlaceOf>, DecideError> {
        let Some(decision) = self.decide(&table.db, &table.table)? else { return Ok(None) };
        Ok(Some(PlaceOf {
            name: (decision.db, decision.table),
            lines: self.rename_hits(&table.db, &table.table),
            topic: decision.topic.to_string(),
            is_apart: self.topic_is_apart(&table.db, &table.table),
        }))
    }
}

impl TaskPlan {
    fn place(&self, table: &TableName) -> Result<Option<PlaceOf>, DecideError> {
        super::decide::with_decider(self, |decider| decider.place(table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes the tables in order; what the last one shares.
    #[track_caller]
    fn check(rules: &str, tables: &[&str], expected: Option<&str>) {
        let text = format!(
            "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {{\n  password env SHOP_DB_PASSWORD\n}}\n\
             target bus kafka \"kafka1:9092\"\n\npipeline p from shop to bus {{\n  include *.*\n  key origin, id\n{rules}}}\n"
        );
        let plan = super::super::tests::plan(&[&text]);
        let mut taken = Taken::default();
        let mut last = None;
        for table in tables {
            let (db, table) = table.split_once('|').expect("db|table");
            assert!(last.is_none(), "{last:?}");
            last = taken
                .take(&plan.tasks[0], &TableName::new(db, table), |other| other.table == "left")
                .expect("it has a name");
        }
        let last = last.map(|collision| collision.to_string());
        assert_eq!(last.is_some(), expected.is_some(), "{last:?}");
        assert!(last.unwrap_or_default().contains(expected.unwrap_or_default()), "{expected:?}");
    }

    #[test]
    fn what_is_not_meant_is_found_and_what_is_meant_is_not() {
        let merge = "  rename table shop./orders_(?<year>[0-9]+)/ to orders\n";
        check(merge, &["shop|orders_1", "shop|orders_2"], None);
        check(merge, &["shop|orders_1", "shop|orders"], Some("as table shop.orders_1 is"));
        check(
            merge,
            &["shop|orders", "shop|orders_1"],
            Some("`shop.orders` in messages, as table shop.orders is"),
        );
        check("", &["a|b.c", "a.b|c"], Some("topic `a.b.c`"));
        check("  topic \"{db}-{table}\"\n", &["a-b|c", "a|b-c"], Some("topic `a-b-c`"));
        check("  topic \"{table}\"\n", &["a|c", "b|c"], None);
        check("  topic \"all\"\n", &["a|c", "b|d"], None);
        check("", &["a|c", "a|c"], None);
        check("  rename table a.c to left\n", &["a|left", "a|c"], None);
    }
}
