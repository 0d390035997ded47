//! Files of lines, written by syncc as a user runs it.

use crate::support::shop::{Shop, event, finished};
use crate::support::{Kafka, Kind, MySql, wait};
use rustix::process::Signal;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

/// A shop whose pipeline ends in a file per topic; `rules` are those of the pipeline.
fn shop(rules: &str) -> (Shop<'static>, PathBuf) {
    let shop = Shop::new("lines", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    let file = format!(
        "edition 2026\nsource shop mysql \"{}@{}\" {{\n  password env SHOP_TEST_PASSWORD\n}}\n\
         target out file \"out/{{topic}}.jsonl\"\n\
         pipeline shop from shop to out {{\n  include {}.items\n  topic \"{{table}}\"\n{rules}}}\n",
        shop.user,
        shop.mysql.address(),
        shop.db
    );
    shop.project.write("shop.sync", &file);
    let path = shop.project.folder().join("out/items.jsonl");
    (shop, path)
}

/// The lines of a file, each of which must be whole.
#[track_caller]
fn lines(path: &PathBuf) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("it was written");
    assert!(text.ends_with('\n'), "the last line is not whole");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// At least once: whatever was cut short is written again, whole.
#[test]
fn a_killed_task_leaves_whole_lines_and_loses_none() {
    let (shop, path) = shop("  commit every 50ms, 500 rows\n");
    shop.sql().run(
        "set max_recursive_iterations = 100000;
         insert into items with recursive n as (select 10 as i union all select i + 1 from n where i < 30000)
           select i, repeat('x', 200) from n",
    );
    for _ in 0..3 {
        let size = fs::metadata(&path).map_or(0, |file| file.len());
        let mut syncc = shop.start(&[]);
        wait::until("the file grows", 60, || {
            let now = fs::metadata(&path).map_or(0, |file| file.len());
            if now > size { Ok(()) } else { Err(syncc.stderr()) }
        });
        syncc.signal(Signal::KILL);
        drop(syncc);
        // what a crash in the middle of a line leaves
        let mut file = OpenOptions::new().append(true).open(&path).expect("it is there");
        file.write_all(b"{\"topic\":\"items\",\"partition\":0,\"key\":{\"i").expect("the disk has room");
    }
    finished(&mut shop.start(&["--once"]), 0);
    let id = |line: &Value| line["key"]["id"].as_u64().expect("a key has its column");
    let ids: BTreeSet<u64> = lines(&path).iter().map(id).collect();
    let expected: BTreeSet<u64> = (1..=3).chain(10..=30_000).collect();
    assert_eq!(ids.len(), expected.len());
    assert_eq!(ids, expected);
}

#[test]
fn avro_is_shown_decoded() {
    let (shop, path) = shop("  format dts-avro\n");
    finished(&mut shop.start(&["--once"]), 0);
    // Between them, or behind, may be one that says that the topic lives.
    let mut lines = lines(&path);
    lines.retain(|line| line["value"]["operation"] != "HEARTBEAT");
    assert_eq!(lines.len(), 3);
    for (line, id) in lines.iter().zip(1..) {
        let value = &line["value"];
        assert_eq!(value["operation"], "INSERT", "{line}");
        assert_eq!(value["objectName"], format!("{}.items", shop.db));
        assert_eq!(value["afterImages"][0]["value"], id.to_string());
        assert_eq!(line["key"]["id"], id);
    }
}

/// Without a registry the numbers are of the task alone; keys and values are shown by the schemas behind them, also those that
/// a later life writes.
#[test]
fn avro_of_a_registry_is_shown_decoded() {
    let rows = |lines: &[Value], row: fn(&Value) -> &Value| -> Vec<(Value, Value)> {
        lines.iter().map(|line| (line["key"].clone(), row(&line["value"]).clone())).collect()
    };
    let check = |format: &str, row: fn(&Value) -> &Value| {
        let (shop, path) = shop(&format!("  format {format}\n  key primary as avro\n"));
        finished(&mut shop.start(&["--once"]), 0);
        shop.insert("items", &[4]);
        let mut syncc = shop.start(&[]);
        wait::until("the row of the second life", 60, || match lines(&path) {
            lines if lines.len() >= 4 => Ok(()),
            lines => Err(format!("{lines:?}\n{}", syncc.stderr())),
        });
        shop.stop(&mut syncc);
        for ((key, row), id) in rows(&lines(&path), row).iter().zip(1..=4) {
            assert_eq!(
                (&key["id"], &row["id"]),
                (&Value::from(id), &Value::from(id)),
                "{format}: {key} {row}"
            );
            assert_eq!(row["name"], format!("c4n4ry {id}"), "{format}: {row}");
        }
    };
    check("avro", |value| value);
    check("debezium-avro", |value| &value["after"]);
}

/// Whoever keeps the state in another directory is another reader of the source: neither ends the connection of the other.
#[test]
fn two_runs_of_one_project_read_beside_each_other() {
    let shop = Shop::new("beside", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    let file = format!(
        "edition 2026\nsource shop mysql \"{}@{}\" {{\n  password env SHOP_TEST_PASSWORD\n}}\ntarget out stdout\n\
         pipeline shop from shop to out {{\n  include {}.items\n  topic \"{{table}}\"\n}}\n",
        shop.user,
        shop.mysql.address(),
        shop.db
    );
    shop.project.write("shop.sync", &file);
    let mut runs = [shop.start(&[]), shop.start(&["--state", "other"])];
    for id in 4..=6 {
        for syncc in &mut runs {
            wait::until("the row before", 60, || {
                let before = format!("\"id\":\"{}\"", id - 1);
                if syncc.stdout().contains(&before) { Ok(()) } else { Err(syncc.last_words()) }
            });
        }
        shop.insert("items", &[id]);
    }
    for mut syncc in runs {
        shop.stop(&mut syncc);
        let said = syncc.stderr();
        for name in ["source.lost", "owner.lost", "task.retrying"] {
            assert!(event(&said, name).is_none(), "{said}");
        }
    }
}
