//! From the name of a topic back to the tables that may have given it.

use super::{Rename, Subject, TaskPlan};
use crate::pattern::{FILLER, NamePattern, TablePattern};
use crate::statement::{OnError, OnOversize, Template, TemplatePart};
use std::collections::BTreeSet;

/// Most ways to read one name.
const READINGS_MAX: usize = 64;

/// What placeholders of a template stand for, by name.
pub(super) type Reading = Vec<(String, String)>;

/// The ways in which a name may have come from a template: a text for each placeholder. One that stands twice has the same
/// text at both places.
pub(super) fn readings(template: &Template, name: &str) -> Vec<Reading> {
    let mut found = Vec::new();
    read(&template.parts, name, &mut Vec::new(), &mut found);
    found
}

fn read(parts: &[TemplatePart], name: &str, so_far: &mut Reading, found: &mut Vec<Reading>) {
    if found.len() == READINGS_MAX {
        return;
    }
    match parts {
        [] if name.is_empty() => found.push(so_far.clone()),
        [] => {}
        [TemplatePart::Text(text), rest @ ..] => {
            if let Some(name) = name.strip_prefix(text.as_str()) {
                read(rest, name, so_far, found);
            }
        }
        [TemplatePart::Hole { name: hole, .. }, rest @ ..] => {
            for (end, sign) in name.char_indices() {
                let text = &name[..end + sign.len_utf8()];
                let known = so_far.iter().find(|(other, _)| other == hole);
                if known.is_some_and(|(_, known)| !known.eq_ignore_ascii_case(text)) {
                    continue;
                }
                so_far.push((hole.clone(), text.to_owned()));
                read(rest, &name[text.len()..], so_far, found);
                so_far.pop();
            }
        }
    }
}

/// Tables that would be sent to the topic if they were there: the texts that its name gives, in place of what patterns
/// leave open.
pub(super) fn candidates(task: &TaskPlan, named: &[Subject], topic: &str) -> Vec<Subject> {
    let mut guesses: Vec<(String, String)> = Vec::new();
    let dbs: BTreeSet<&str> = named.iter().map(|subject| subject.db.as_str()).collect();
    let tables: BTreeSet<&str> = named.iter().map(|subject| subject.table.as_str()).collect();
    for template in templates(task) {
        for reading in readings(&template, topic) {
            let text = |holes: [&str; 2]| {
                reading.iter().find(|(hole, _)| holes.contains(&hole.as_str())).map(|(_, text)| text.as_str())
            };
            let (db, table) = (text(["origin.db", "db"]), text(["origin.table", "table"]));
            guesses
                .extend(table.iter().flat_map(|&table| dbs.iter().map(move |&db| (db.into(), table.into()))));
            guesses
                .extend(db.iter().flat_map(|&db| tables.iter().map(move |&table| (db.into(), table.into()))));
            guesses.extend(db.zip(table).map(|(db, table)| (db.to_owned(), table.to_owned())));
            guesses.extend(unmade(task, &reading, db, table));
        }
    }
    guesses.sort();
    guesses.dedup();
    let open = |name: &str| name.replace(FILLER, "*");
    let subject = |(db, table): (String, String)| Subject {
        shown: format!("{}.{}", open(&db), open(&table)),
        ..Subject::table(db, table)
    };
    guesses.into_iter().map(subject).collect()
}

/// Tables whose names were made anew, or went into the topic in parts: by what the patterns with captures take once these are
/// known.
fn unmade(
    task: &TaskPlan,
    reading: &Reading,
    db: Option<&str>,
    table: Option<&str>,
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut add = |(sample_db, sample_table): (String, String)| {
        found.extend(table.map(|table| (sample_db.clone(), table.to_owned())));
        found.extend(db.map(|db| (db.to_owned(), sample_table.clone())));
        found.push((sample_db, sample_table));
    };
    let some = |pattern: &TablePattern| pattern.compile().ok()?.some_table();
    for pattern in task.rules.layers.iter().filter_map(|layer| layer.tables.as_ref()) {
        let captured = cases(reading).filter_map(|captures| pattern.filled(&captures));
        captured.filter_map(|filled| some(&filled)).for_each(&mut add);
    }
    for rename in &task.rules.renames {
        match (rename, db, table) {
            (Rename::Table { from, to }, _, Some(table)) => {
                for reading in readings(to, table) {
                    let captured = cases(&reading).filter_map(|captures| from.filled(&captures));
                    let all = captured.chain(reading.is_empty().then(|| from.clone()));
                    all.filter_map(|filled| some(&filled)).for_each(&mut add);
                }
            }
            (Rename::Database { from, to }, Some(db), _) => {
                let any = NamePattern::Glob("*".to_owned());
                for reading in readings(to, db) {
                    let captured = cases(&reading).filter_map(|captures| from.filled(&captures));
                    let all = captured.map(|db| TablePattern::new(db, any.clone()));
                    all.filter_map(|filled| some(&filled)).for_each(&mut add);
                }
            }
            (Rename::Database { .. } | Rename::Table { .. } | Rename::Column { .. }, _, _) => {}
        }
    }
    found
}

/// What captures may have been: a filter may have changed their case.
fn cases(reading: &Reading) -> impl Iterator<Item = Reading> {
    let all = |change: fn(&str) -> String| -> Reading {
        reading.iter().map(|(name, text)| (name.clone(), change(text))).collect()
    };
    let mut cases = vec![all(str::to_owned), all(str::to_lowercase), all(str::to_uppercase)];
    cases.dedup();
    cases.into_iter()
}

/// What topics of tables are named by, with what the task gives filled in.
fn templates(task: &TaskPlan) -> BTreeSet<Template> {
    let hole = Template::hole;
    let default = [hole("db"), Template::literal("."), hole("table")];
    let mut found =
        BTreeSet::from([Template { parts: default.into_iter().flat_map(|one| one.parts).collect() }]);
    for layer in &task.rules.layers {
        found.extend(layer.topic.clone());
        if let Some(OnError::DeadLetter(template)) = &layer.on_error {
            found.insert(template.clone());
        }
        if let Some(OnOversize::DeadLetter(template)) = &layer.on_oversize {
            found.insert(template.clone());
        }
    }
    let id = &task.id;
    let filled = |mut template: Template| {
        template.fill(|hole| match hole {
            "source" => Some(id.source.clone()),
            "pipeline" => Some(id.pipeline.clone()),
            _ => None,
        });
        template
    };
    found.into_iter().map(filled).filter(is_open).collect()
}

/// True for a template with a placeholder.
fn is_open(template: &Template) -> bool {
    template.parts.iter().any(|part| matches!(part, TemplatePart::Hole { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_read_a_name() {
        let text = |text: &str| TemplatePart::Text(text.into());
        let hole = |name: &str| TemplatePart::Hole { name: name.into(), filter: None };
        let check = |parts: &[TemplatePart], name: &str, expected: &[&str]| {
            let shown = |reading: Reading| {
                reading.into_iter().map(|(hole, text)| format!("{hole}={text}")).collect::<Vec<_>>().join(" ")
            };
            let template = Template { parts: parts.to_vec() };
            let found: Vec<String> = readings(&template, name).into_iter().map(shown).collect();
            assert_eq!(found, expected);
        };
        let both = [hole("db"), text("."), hole("table")];
        check(&both, "a.b", &["db=a table=b"]);
        check(&both, "a.b.c", &["db=a table=b.c", "db=a.b table=c"]);
        check(&both, "a.", &[]);
        check(&[text("x")], "x", &[""]);
        check(&[text("x")], "xy", &[]);
        check(&[hole("db"), text("-"), hole("db")], "a-a", &["db=a db=a"]);
        check(&[hole("db"), text("-"), hole("db")], "a-b", &[]);
    }
}
