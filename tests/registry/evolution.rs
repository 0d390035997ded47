//! How schemas of `debezium-avro` grow under each rule of a real registry, and tables that wait because theirs was refused.

use crate::support::kafka::Received;
use crate::support::registry::Registry;
use crate::support::shop::Shop;
use crate::support::{Isolation, Kafka, Kind, MySql, wait};
use std::collections::BTreeSet;
use syncc::control::Status;

/// Table, the statement, what follows it, and the rules under which the registry refuses the new schema.
const CHANGES: &[(&str, &str, &str, &[&str])] = &[
    ("adds_null", "add column more int", "(4, 'four', 4)", &[]),
    ("adds", "add column more int not null", "(4, 'four', 4)", &["backward", "full"]),
    ("drops_null", "drop column name", "(4)", &[]),
    ("drops", "drop column must", "(4)", &["forward", "full"]),
    // readers take an int for a long, and not the other way round
    ("widens", "modify must int unsigned not null", "(4, 4)", &["forward", "full"]),
    ("narrows", "modify must int not null", "(4, 4)", &["backward", "full"]),
];

const RULES: [&str; 4] = ["backward", "forward", "full", "none"];

fn task_of(pipeline: &str) -> String {
    format!("{pipeline}.shop.bus")
}

/// Tables that wait in a pipeline.
fn parked(status: &Status, pipeline: &str) -> BTreeSet<String> {
    let of = status.tasks.iter().filter(|task| task.task == task_of(pipeline));
    of.flat_map(|task| &task.parked).map(|parked| parked.table.clone()).collect()
}

/// Of the rows after the changes, as Avro's own library reads them.
fn ids(registry: &Registry, records: &[Received]) -> Vec<i64> {
    let framed: Vec<&[u8]> = records.iter().map(|it| it.value.as_deref().expect("a row")).collect();
    let read = registry.read_with_java(&framed);
    read.iter().map(|value| value["after"]["id"].as_i64().expect("a number")).collect()
}

#[test]
fn debezium_avro_grows_as_the_rule_lets_it() {
    let registry = Registry::shared();
    let mut shop = Shop::new("evolution", MySql::shared(Kind::MySql9_7), Kafka::shared());
    let mut sql = shop.sql();
    for (table, ..) in CHANGES {
        let column = match *table {
            "adds_null" | "adds" | "drops_null" => "name text",
            "widens" => "must int not null",
            "narrows" => "must int unsigned not null",
            _ => "must int not null",
        };
        sql.run(&format!(
            "create table {table} (id int primary key, {column}); insert into {table} values (1, 1)"
        ));
    }
    shop.text.target = format!("  registry \"{}\"\n", registry.url());
    let pipeline = |name: &str, rule: &str| {
        format!(
            "  exclude DB.items\n  format debezium-avro {{\n    compatibility {rule}\n  }}\n  on-error park\n",
        ) + if name.is_empty() { "" } else { "}\n" }
    };
    shop.text.pipeline = RULES[0].to_owned();
    shop.text.include = "DB.*".to_owned();
    shop.text.topic = format!("PREFIX.{}.{{table}}", RULES[0]);
    shop.text.topic_block = "    partitions 1\n".to_owned();
    shop.text.rules = pipeline("", RULES[0]);
    for rule in &RULES[1..] {
        shop.text.rest += &format!(
            "\npipeline {rule} from shop to bus {{\n  include DB.*\n  topic \"PREFIX.{rule}.{{table}}\" {{\n    partitions 1\n  }}\n{}",
            pipeline(rule, rule)
        );
    }
    let mut syncc = shop.run();
    for (table, change, row, _) in CHANGES {
        sql.run(&format!("alter table {table} {change}; insert into {table} values {row}"));
    }
    for rule in RULES {
        let refused: BTreeSet<String> = CHANGES
            .iter()
            .filter(|(.., rules)| rules.contains(&rule))
            .map(|(table, ..)| format!("{}.{table}", shop.db))
            .collect();
        shop.wait_status(&mut syncc, &format!("what waits under {rule}"), |status| {
            parked(status, rule) == refused
        });
        for (table, ..) in CHANGES {
            let topic = format!("{}.{rule}.{table}", shop.prefix);
            let n = if refused.contains(&format!("{}.{table}", shop.db)) { 1 } else { 2 };
            let records = wait::until(&format!("{n} records of {topic}"), 60, || {
                let records = shop.kafka.consume(&topic, Isolation::ReadCommitted);
                if records.len() == n { Ok(records) } else { Err(format!("{}", records.len())) }
            });
            assert_eq!(registry.versions(&format!("{topic}-value")), n, "{topic}");
            assert_eq!(ids(registry, &records), [1, 4][..n], "{topic}");
        }
    }
    // what waits says why, by the field
    let status = shop.status().expect("it runs");
    let of_table = |rule: &str, table: &str| {
        let task = status.tasks.iter().find(|task| task.task == task_of(rule)).expect("it runs");
        let name = format!("{}.{table}", shop.db);
        task.parked.iter().find(|it| it.table == name).expect("it waits").reason.clone()
    };
    for (rule, table, field) in
        [("backward", "adds", "`more`"), ("forward", "drops", "`must`"), ("full", "widens", "`must`")]
    {
        let reason = of_table(rule, table);
        assert!(reason.contains(field) && reason.contains(&format!("{rule}.{table}-value")), "{reason}");
    }
    // mended at the source, the table goes on with all its rows
    sql.run("alter table adds drop column more");
    let output = shop.project.syncc(&["resume", "backward", &format!("{}.adds", shop.db)]);
    assert!(output.status.success(), "{output:?}");
    shop.wait_status(&mut syncc, "the mended table goes on", |status| {
        !parked(status, "backward").contains(&format!("{}.adds", shop.db))
    });
    sql.run("insert into adds values (5, 'five')");
    let topic = format!("{}.backward.adds", shop.prefix);
    let ids = wait::until("all rows of the mended table", 60, || {
        let records = shop.kafka.consume(&topic, Isolation::ReadCommitted);
        let ids: BTreeSet<i64> = ids(registry, &records).into_iter().collect();
        if ids.contains(&5) { Ok(ids) } else { Err(format!("{ids:?}")) }
    });
    assert_eq!(ids, BTreeSet::from([1, 4, 5]));
    assert_eq!(registry.versions(&format!("{topic}-value")), 1);
    shop.stop(&mut syncc);
}
