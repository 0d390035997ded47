//! S0504: many tables become one, and their keys may be equal.

use super::super::Rule;
use super::super::flow::{Flow, Known, NewName, Placed, Project, sources};
use super::super::locked::written;
use super::super::renaming::Renaming;
use super::super::settings::{Lane, Setting, Subject};
use super::message_key::message_key;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::hir::LockedTable;
use crate::statement::{KeyRule, Property, Rename, name_text};
use crate::text::Span;
use std::collections::BTreeMap;

const KEY_SPACE_SHARED: Code = Code::new("S0504", "key-space-shared");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: KEY_SPACE_SHARED,
        what: "Several tables are sent under one name into one topic, and the key has no `origin`: tables that are renamed to one, or \
               one table of several sources. An error where no `key` is written, else a warning.",
        why: "A number that is unique in one shard is used again in the next. Two rows with one key are one row to a consumer: \
              compaction keeps the last, a delete of one deletes the other.",
        wrong: pipeline!(
            "  include shop.orders_[00..15]\n  rename table shop.orders_[00..15] to orders\n  key order_id\n"
        ),
        right: pipeline!(
            "  include shop.orders_[00..15]\n  rename table shop.orders_[00..15] to orders\n  key origin, order_id\n"
        ),
    },
    run: check_key_space_shared,
};

/// Tables that become one: the first, its source, and how many there are.
struct Merge<'a> {
    placed: Placed<'a>,
    source: usize,
    n_tables: usize,
    /// Its key as it is written; none where that is not known, or another table has another one.
    key: Option<String>,
}

fn check_key_space_shared(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        for lane in 0..flow.lanes.len() {
            // By topic, name, and the lines that make the name: two lines that give one name are S0403.
            let mut merges: BTreeMap<_, Merge<'_>> = BTreeMap::new();
            for (source, _) in sources(project.program, flow.pipeline).enumerate() {
                for placed in flow.placed(lane, source).filter(|placed| placed.is_shared) {
                    let NewName { db, table, lines } = placed.name;
                    let locked = flow.locks.table(source, &placed.known.db, &placed.known.table);
                    let key = written_key(&flow.lanes[lane], placed.known, locked);
                    let merge = merges.entry((placed.topic, db, table, lines)).or_insert_with(|| Merge {
                        placed,
                        source,
                        n_tables: 0,
                        key: key.clone(),
                    });
                    merge.n_tables += 1;
                    merge.key = merge.key.take().filter(|first| key.as_ref() == Some(first));
                }
            }
            let shared = merges.into_values().filter(|merge| merge.n_tables > 1);
            findings.extend(shared.filter_map(|merge| finding(flow, lane, &merge)));
        }
    }
}

/// The key of a table's messages with `origin` before it, as a statement.
fn written_key(lane: &Lane<'_>, known: &Known, locked: Option<&LockedTable>) -> Option<String> {
    let key = message_key(lane, known, locked)?;
    let columns: Vec<String> = key.columns.iter().map(|name| name_text(name)).collect();
    Some(format!("key origin, {}", columns.join(", ")))
}

/// A block with the key for the tables of a line that renames tables, behind that line.
fn block_with_key(flow: &Flow<'_>, line: &Renaming<'_>, key: &str) -> Option<Fix> {
    let Rename::Table { from, .. } = line.rename else { return None };
    if flow.blocks().any(|block| block.pattern.value == *from) {
        return None;
    }
    let behind = Span::new(line.span.file, line.span.end, line.span.end);
    let text = format!("\n  table {} {{\n    {key}\n  }}", written(from));
    Some(Fix::machine(format!("add `{key}` for these tables"), behind, text))
}

fn finding(flow: &Flow<'_>, lane: usize, merge: &Merge<'_>) -> Option<Diagnostic> {
    let Placed { known, name, topic, .. } = merge.placed;
    let lane = &flow.lanes[lane];
    let locked = flow.locks.table(merge.source, &known.db, &known.table);
    let message = format!(
        "{} tables are sent as `{}.{}` into `{topic}`, and their keys may be equal",
        merge.n_tables, name.db, name.table
    );
    let key = merge.key.as_deref();
    match lane.setting((Subject::One(known), Property::Key), |settings| settings.key.as_ref()) {
        Setting::Various => None,
        Setting::Default if lane.may_lack_for(known, &["key"]) => None,
        // Without a key in the table there is none in its messages.
        Setting::Default if locked.is_some_and(|table| !table.incomplete && table.row_key().is_none()) => {
            None
        }
        Setting::Default => {
            let line = name.lines.1.or(name.lines.0);
            let span = line.map_or_else(|| merge.placed.span(), |line| flow.renames[line].span);
            let finding = Diagnostic::error(KEY_SPACE_SHARED, span, message).help(format!(
                "write `{}`: origin tells the tables apart",
                key.unwrap_or("key origin, COLUMNS")
            ));
            let line = line.map(|line| &flow.renames[line]);
            let fix = line.zip(key).and_then(|(line, key)| block_with_key(flow, line, key));
            Some(Diagnostic { fixes: fix.into_iter().collect(), ..finding })
        }
        Setting::Given(rule, _) => match &rule.value.rule {
            KeyRule::None | KeyRule::Columns { origin: true, .. } => None,
            KeyRule::Primary => {
                Some(Diagnostic::warning(KEY_SPACE_SHARED, rule.span, message).help(format!(
                    "write `{}`; if they are unique in all tables, say so with `allow`",
                    key.unwrap_or("key origin, COLUMNS")
                )))
            }
            KeyRule::Columns { origin: false, .. } => {
                let behind_word = rule.span.start + "key".len() as u32;
                let at = Span::new(rule.span.file, behind_word, behind_word);
                Some(
                    Diagnostic::warning(KEY_SPACE_SHARED, rule.span, message)
                        .help("add `origin`; if they are unique in all tables, say so with `allow`")
                        .fix(Fix::machine("add `origin`", at, " origin,")),
                )
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_locked, check_project, check_repaired, check_repaired_locked};

    #[test]
    fn drawn_at_the_rename_or_at_the_key() {
        check_locked(
            "include shop.o_[0..1]\n\
             rename table shop.o_[0..1] to o  # error[S0504]: 2 tables are sent as `shop.o` into `shop.o`, and their keys may be equal\n",
            "table shop.o_0 {\nprimary id\ncolumn id \"int not null\"\n}\ntable shop.o_1 {\nprimary id\ncolumn id \"int not null\"\n}\n",
        );
        check_locked(
            "include s*.o\nrename database s* to shop\n\
             key id  # warning[S0504]: 2 tables are sent as `shop.o` into `shop.o`, and their keys may be equal\n",
            "table s1.o {\nprimary id\ncolumn id \"int not null\"\n}\ntable s2.o {\nprimary id\ncolumn id \"int not null\"\n}\n",
        );
        check_locked(
            "include s*.o\nrename database s* to shop\npartition to 0\n",
            "table s1.o {\ncolumn id \"int not null\"\n}\ntable s2.o {\ncolumn id \"int not null\"\n}\n",
        );
    }

    #[test]
    fn sources_are_told_apart_by_their_topic() {
        let project = |topic: &str, said: &str| {
            format!(
                "edition 2026\nsource a mysql \"db1\" {{\npassword env P\n}}\nsource b mysql \"db2\" {{\npassword env P\n}}\n\
                 target bus kafka \"kafka1\"\npipeline p {{\nfrom a\nfrom b\nto bus\ninclude shop.o\n\
                 rename table shop.o to orders{said}\ntopic \"{topic}\"\n}}\n"
            )
        };
        let said = "  # error[S0504]: 2 tables are sent as `shop.orders` into `all.orders`, and their keys may be equal";
        check_project(&[&project("all.{table}", said)]);
        check_project(&[&project("{source}.{table}", "")]);
        // Without a rename it is the topic that makes them one.
        let named = project("all.{table}", "").replace("rename table shop.o to orders\n", "");
        let said =
            "  # error[S0504]: 2 tables are sent as `shop.o` into `all.o`, and their keys may be equal";
        check_project(&[&named.replace("topic \"all.{table}\"", &format!("topic \"all.{{table}}\"{said}"))]);
        check_project(&[&named.replace("include shop.o\n", "include shop.o\nkey origin, id\n")]);
    }

    #[test]
    fn a_key_is_written_for_the_tables_that_become_one() {
        let table =
            |name, key| format!("table shop.{name} {{\nprimary {key}\ncolumn {key} \"int not null\"\n}}\n");
        let lines = "include shop.*\nrename table shop.o_[0..1] to o\n";
        check_repaired_locked(
            lines,
            &(table("o_0", "id") + &table("o_1", "id")),
            "include shop.*\nrename table shop.o_[0..1] to o\n  table shop.o_[0..1] {\n    key origin, id\n  }\n",
        );
        // Nobody knows which of two is meant.
        check_repaired_locked(lines, &(table("o_0", "id") + &table("o_1", "no")), lines);
    }

    #[test]
    fn origin_is_added() {
        check_repaired(
            "include shop.o_[0..1]\nrename table shop.o_[0..1] to o\nkey  id, no\n",
            "include shop.o_[0..1]\nrename table shop.o_[0..1] to o\nkey origin,  id, no\n",
        );
    }
}
