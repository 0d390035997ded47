//! What Canal, Maxwell and Debezium wrote for known SQL, held against what syncc writes for the same SQL.
//!
//! `tests/format/torture.sql` is there before the start, `tests/format/changes.sql` runs while the log is followed; the messages
//! of the originals, from MySQL 9.7, lie beside them. Members are compared as text, byte for byte. Every difference stands in
//! `tests/format/FORMAT/differences.txt` below its reason, and the reason on the format's page; one that is not listed fails, and
//! so does a listed one that is none any more.

mod bytes;
mod canal;
mod debezium;
mod differences;
pub(crate) mod json;
mod maxwell;
mod readers;
mod said;
mod schema_changes;

use crate::support::kafka::Received;
use crate::support::{Isolation, Kafka, Kind, MySql, Project, wait};
use std::collections::BTreeMap;
use std::sync::OnceLock;

const BEFORE: &str = include_str!("format/torture.sql");
const CHANGES: &str = include_str!("format/changes.sql");

/// One pipeline for each: name and statement.
const PIPELINES: &[(&str, &str)] = &[
    ("canal", "format canal-json {\n    snapshot-op init\n  }"),
    ("maxwell", "format maxwell-json {\n    snapshot-op bootstrap\n  }"),
    ("debezium", "format debezium-json {\n    decimal precise\n  }"),
    ("schemas", "format debezium-json {\n    decimal precise\n    schemas on\n  }"),
    // as files have them that say no more; for readers
    ("plain-canal", "format canal-json"),
    ("plain-maxwell", "format maxwell-json"),
    ("plain-debezium", "format debezium-json"),
];

/// Those that tell of schema changes, in a topic of its own for each.
const TELLING: &[&str] = &["canal", "maxwell", "debezium"];

/// Tables that come under their names while the log is followed. What is in them then is loaded, at a time of its own.
const LOADED_ANEW: &[&str] = &["ddl2", "ddl3", "new1", "new1_old"];

/// The server behind the changes, and what each pipeline wrote. All tests of this file share one run.
struct Goldens {
    server: MySql,
    written: BTreeMap<&'static str, Vec<Received>>,
    schema_changes: BTreeMap<&'static str, Vec<Received>>,
}

fn goldens() -> &'static Goldens {
    static GOLDENS: OnceLock<Goldens> = OnceLock::new();
    GOLDENS.get_or_init(run)
}

fn written(pipeline: &str) -> &'static [Received] {
    goldens().written.get(pipeline).expect("the pipelines have their names")
}

/// What a pipeline told of the statements that changed schemas while the log was followed.
fn schema_changes_of(pipeline: &str) -> &'static [Received] {
    goldens().schema_changes.get(pipeline).expect("it tells of them")
}

fn server() -> &'static MySql {
    &goldens().server
}

fn run() -> Goldens {
    let (server, kafka) = (MySql::start(Kind::MySql9_7, &[]), Kafka::shared());
    let mut sql = server.sql();
    sql.run(BEFORE);
    // tables without a key are read under a lock
    sql.run(&format!("grant lock tables on *.* to '{}'@'localhost'", MySql::USER));
    let prefix = kafka.prefix("goldens-");
    let mut text = format!(
        "edition 2026\n\nsource dbz mysql \"{}@{}\" {{\n  password env GOLDENS_PASSWORD\n}}\n\n\
         target bus kafka \"{}\" {{\n  state {{\n    prefix \"{prefix}-state\"\n  }}\n}}\n",
        MySql::USER,
        server.address(),
        kafka.brokers(),
    );
    for (name, format) in PIPELINES {
        let ddl = match TELLING.contains(name) {
            true => format!("  ddl {{\n    topic \"{prefix}-{name}-ddl\"\n  }}\n"),
            false => String::new(),
        };
        text += &format!(
            "\npipeline {name} from dbz to bus {{\n  include torture*.*, `odd-Db`.*\n{ddl}  {format}\n  topic \"{prefix}-{name}\" {{\n    partitions 1\n  }}\n}}\n"
        );
    }
    let mut project = Project::new("goldens", &[("goldens.sync", &text)]);
    project.env("GOLDENS_PASSWORD", MySql::PASSWORD);
    let mut syncc = project.start(&["run"]);
    project.wait_for_status(&mut syncc, "all pipelines follow the log", 180, |status| {
        let tasks = status["tasks"].as_array().map_or(&[][..], Vec::as_slice);
        tasks.len() == PIPELINES.len() && tasks.iter().all(|task| task["state"] == "streaming")
    });
    let told = |name: &str| kafka.consume(&format!("{prefix}-{name}-ddl"), Isolation::ReadCommitted);
    // tables that are there are told of, too
    let before: BTreeMap<&str, usize> = TELLING.iter().map(|name| (*name, told(name).len())).collect();
    // as the client sent them: lines of comments would be part of the statements behind them
    let changes: Vec<&str> = CHANGES.lines().filter(|line| !line.starts_with("--")).collect();
    sql.run(&changes.join("\n"));
    let all = PIPELINES.iter().map(|(name, _)| {
        let records = wait::until(&format!("the last row of {name}"), 180, || {
            assert!(syncc.runs(), "syncc ended:\n{}", syncc.stderr());
            let records = kafka.consume(&format!("{prefix}-{name}"), Isolation::ReadCommitted);
            let last = |text: &str| text.contains("\"marker\"") && text.contains("9999");
            let there = records.iter().any(|record| last(&record.text()));
            if there { Ok(records) } else { Err(format!("{} records", records.len())) }
        });
        (*name, records)
    });
    let written = all.collect();
    let schema_changes = TELLING.iter().map(|name| (*name, told(name).split_off(before[name]))).collect();
    assert_eq!(syncc.stop(), Some(0), "{}", syncc.stderr());
    Goldens { server, written, schema_changes }
}
