//! What is told of a pipeline, line by line.

use super::*;
use crate::plan::compile_files;
use crate::plan::tests::files;

/// `block: what value place`; what holds by default has no place.
fn explained(text: &str, name: &str) -> Vec<(String, Vec<String>)> {
    let files = files(&[text]);
    let (plan, origins) = compile_files(&files).plan.expect("compiles");
    let line = |Decision { what, value, note, place }: &Decision| {
        let place = place.rsplit(':').next().unwrap_or_default();
        format!("{note}: {what} {value} {place}").trim().to_owned()
    };
    explain_pipeline(&plan, &origins, &files, name)
        .into_iter()
        .map(|page| (page.by.to_string(), page.decisions.iter().map(line).collect()))
        .collect()
}

const SHOP: &str = "edition 2026
source shop mysql \"syncc@db1\" {
  password env P
  heartbeat every 5s
}
target bus kafka \"kafka1\" {
  delivery at-least-once
  state {
    prefix \"own\"
  }
}
profile bulk {
  compression zstd
  on-error park
}
defaults {
  retry for 2h
  truncate stop
}
pipeline shop {
  from shop
  with bulk
  include shop.*
  topic \"{db}.{table}\" {
    partitions 12
  }
  to bus {
    linger 20ms
  }
  start snapshot {
    parallel 2
  }
  commit every 1s
  split after 64MiB
  label team \"web\"
  table shop.orders {
    where `total` > 3   and id > 1
    where a = 'x'
  }
}
";

#[test]
fn every_setting_has_its_line_or_its_default() {
    let pages = explained(SHOP, "shop");
    let [(by, lines)] = pages.as_slice() else { panic!("{pages:?}") };
    assert_eq!(by, "pipeline shop from shop to bus");
    for said in [
        ": include shop.* 23",
        ": topic partitions 12 25",
        ": topic replicas the cluster's",
        ": format canal-json",
        ": format enum index",
        ": key primary, else first unique",
        ": on-error park 14",
        "defaults: truncate stop 18",
        ": start snapshot 30",
        ": start parallel 2 31",
        ": start chunk adapts",
        ": commit every 1s, 200000 rows, 64MiB 33",
        ": split after 64MiB, 500000 rows 34",
        ": retry for 2h 17",
        ": retry errors for 10m",
        ": label team \"web\" 35",
        "table shop.orders: where `total` > 3 and id > 1 37",
        "table shop.orders: where a = 'x' 38",
        "source shop: address db1:3306 2",
        "source shop: user syncc 2",
        "source shop: password env P 3",
        "source shop: tls verify-full; off for loopback",
        "source shop: heartbeat every 5s 4",
        "source shop: readers 4",
        "target bus: brokers kafka1:9092 6",
        "target bus: delivery at-least-once 7",
        "target bus: compression zstd 13",
        "target bus: linger 20ms 28",
        "target bus: acks all",
        "target bus state: prefix \"own\" 9",
        "target bus: retry for 2h, errors for 10m 17",
    ] {
        assert!(lines.iter().any(|line| line == said), "{said}\n{}", lines.join("\n"));
    }
    let given = |word: &str| lines.iter().filter(|line| line.contains(word)).count();
    assert_eq!((given(": truncate"), given(": on-error")), (1, 1), "{}", lines.join("\n"));
    assert!(lines.iter().all(|line| !line.ends_with(' ')));
}

/// Of the statements that a pipeline, its ends and its tables may hold, none is left out.
#[test]
fn no_statement_is_forgotten() {
    let lines = explained(SHOP, "shop").remove(0).1;
    let is_told = |words: &str| lines.iter().any(|line| line.contains(&format!(": {words} ")));
    // What holds others, or says which tables; a password without a user; what stands for nothing without a line.
    let apart =
        ["from", "to", "table", "with", "allow", "exclude", "rename", "mask", "paused", "password", "state"];
    let mut missing: Vec<&str> = STATEMENTS
        .iter()
        .filter(|spec| {
            [Place::Source, Place::Target, Place::Pipeline, Place::To]
                .iter()
                .any(|at| spec.places.contains(at))
        })
        .map(|spec| spec.word)
        .filter(|word| !apart.contains(word) && !is_told(word))
        .collect();
    missing.dedup();
    assert!(missing.is_empty(), "{missing:?}\n{}", lines.join("\n"));
}

#[test]
fn copies_of_topics_are_told() {
    let text = format!(
        "{SHOP}target dr kafka \"kafka2\"\npipeline copy {{\nfrom bus topic \"shop.*\"\nto dr\npaused because \"later\"\n}}\n"
    );
    let expected = [
        ": from bus topic shop.* 43".to_owned(),
        ": to dr 44".to_owned(),
        ": topic \"{topic}\"".to_owned(),
        ": paused because \"later\" 45".to_owned(),
    ];
    assert_eq!(explained(&text, "copy"), [("pipeline copy from bus to dr".to_owned(), expected.to_vec())]);
    assert_eq!(explained(&text, "none"), []);
}
