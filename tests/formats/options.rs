//! Every option of every format, and renames in every format, from real servers.

use crate::support::kafka::Received;
use crate::support::registry::Registry;
use crate::support::{Isolation, Kafka, Kind, MySql, Project, wait};
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use std::collections::BTreeMap;

/// Format, its options, what the message of the loaded row holds, and what that of its insert by the log.
const OPTIONS: &[(&str, &str, &[&str], &[&str])] = &[
    (
        "canal-json",
        "",
        &[r#""type":"INSERT""#, r#""e":"2""#, r#""s":"5""#, r#""ts":"2024-03-05 02:20:31""#, r#""gtid":"""#],
        &[],
    ),
    ("canal-json", "snapshot-op init", &[r#""type":"INIT""#], &[r#""type":"INSERT""#]),
    ("canal-json", "enum label", &[r#""e":"b""#, r#""s":"x,z""#], &[r#""e":"b""#]),
    (
        "canal-json",
        "time-zone \"Asia/Shanghai\"",
        &[r#""ts":"2024-03-05 10:20:31""#],
        &[r#""ts":"2024-03-05 10:20:31""#],
    ),
    (
        "canal-json",
        "time-zone \"-03:00\"",
        &[r#""ts":"2024-03-04 23:20:31""#],
        &[r#""ts":"2024-03-04 23:20:31""#],
    ),
    (
        "canal-json",
        "dialect dts",
        &[r#","id":1,"isDdl":false"#, r#""sqlType":{"id":3,"#],
        &[r#""sqlType":{"id":3,"#],
    ),
    (
        "debezium-json",
        "",
        &[r#""op":"r""#, r#""id":-1,"#, r#""d":"19.99""#, r#""bin":"AP9B+w==""#],
        &[r#""op":"c""#],
    ),
    ("debezium-json", "snapshot-op create", &[r#""op":"c""#], &[r#""op":"c""#]),
    ("debezium-json", "bigint-unsigned precise", &[r#""id":"AP//////////""#], &[r#""id":"AP/////////+""#]),
    ("debezium-json", "decimal numeric", &[r#""d":19.99,"#], &[r#""d":19.99,"#]),
    ("debezium-json", "decimal double", &[r#""d":19.99,"#], &[r#""d":19.99,"#]),
    ("debezium-json", "decimal precise", &[r#""d":"B88=""#], &[r#""d":"B88=""#]),
    ("debezium-json", "binary hex", &[r#""bin":"00ff41fb""#], &[r#""bin":"00ff41fb""#]),
    ("debezium-json", "binary base64", &[r#""bin":"AP9B+w==""#], &[r#""bin":"AP9B+w==""#]),
    ("debezium-json", "binary base64-url-safe", &[r#""bin":"AP9B-w==""#], &[r#""bin":"AP9B-w==""#]),
    (
        "debezium-json",
        "schemas on",
        &[r#"{"schema":{"type":"struct","#, r#","payload":{"before":null,"#],
        &[r#","payload":{"#],
    ),
    (
        "maxwell-json",
        "",
        &[r#""type":"insert""#, r#""id":18446744073709551615,"#, r#""n":null"#],
        &[r#""type":"insert""#],
    ),
    ("maxwell-json", "snapshot-op bootstrap", &[r#""type":"bootstrap-insert""#], &[r#""type":"insert""#]),
    ("maxwell-json", "nulls omit", &[r#""s":["x","z"],"ts":"#], &[r#""s":["x","z"],"ts":"#]),
    ("json", "", &[r#""__op":"r""#, r#""n":null"#, r#""d":19.99,"#, r#""e":"b""#], &[r#""__op":"c""#]),
    ("json", "nulls omit", &[r#""s":["x","z"],"ts":"#], &[r#""s":["x","z"],"ts":"#]),
    ("json", "decimal string", &[r#""d":"19.99""#], &[r#""d":"19.99""#]),
    ("json", "binary hex", &[r#""bin":"00ff41fb""#], &[r#""bin":"00ff41fb""#]),
    ("json", "enum index", &[r#""e":2,"n":null,"s":5,"#], &[r#""e":2,"n":null,"s":5,"#]),
    (
        "avro",
        "",
        &[r#""__op":"r""#, r#""id":[0,255,255,255,255,255,255,255,255]"#, r#""d":[7,207]"#, r#""e":"b""#],
        &[r#""__op":"c""#, r#""n":null"#],
    ),
    ("avro", "bigint-unsigned long", &[r#""id":-1,"#], &[r#""id":-2,"#]),
    (
        "avro",
        "bigint-unsigned string",
        &[r#""id":"18446744073709551615""#],
        &[r#""id":"18446744073709551614""#],
    ),
    ("avro", "decimal string", &[r#""d":"19.99""#], &[r#""d":"19.99""#]),
    ("avro", "enum index", &[r#""e":2,"#, r#""s":5,"#], &[r#""e":2,"#, r#""s":5,"#]),
    ("debezium-avro", "", &[r#""op":"r""#, r#""id":-1,"#, r#""d":[7,207]"#], &[r#""op":"c""#]),
    ("debezium-avro", "snapshot-op create", &[r#""op":"c""#], &[r#""op":"c""#]),
    ("debezium-avro", "decimal string", &[r#""d":"19.99""#], &[r#""d":"19.99""#]),
    ("debezium-avro", "decimal double", &[r#""d":19.99,"#], &[r#""d":19.99,"#]),
];

/// With `dts-avro`, whose bytes are read elsewhere. A name that is part of another one stands behind it.
const FORMATS: [&str; 7] =
    ["canal-json", "dts-avro", "debezium-json", "debezium-avro", "maxwell-json", "avro", "json"];

/// A key or message as text: with a registry its schema, and behind it what it says as JSON.
fn told(bytes: &[u8], is_registered: bool) -> String {
    let (schema, value) = parts(bytes, is_registered);
    schema + &value
}

/// The schema that a registry has of it, and what it says.
fn parts(bytes: &[u8], is_registered: bool) -> (String, String) {
    if !is_registered || bytes.is_empty() {
        return (String::new(), String::from_utf8_lossy(bytes).into_owned());
    }
    let text = Registry::shared().schema_of(bytes);
    let schema = Schema::parse_str(&text).expect("the registry holds what is Avro");
    let reader = GenericDatumReader::builder(&schema).build().expect("a reader");
    let value = reader.read_value(&mut &bytes[5..]).unwrap_or_else(|error| panic!("{error}: {bytes:?}"));
    (text, serde_json::Value::try_from(value).expect("JSON has it").to_string())
}

fn is_registered(rule: &str) -> bool {
    rule.contains("format avro") || rule.contains("format debezium-avro")
}

/// Starts a pipeline for each of `rules` over the table, and gives the first `n` records of each.
fn run(
    server: &MySql,
    db: &str,
    rules: &[String],
    n: usize,
    changes: &str,
) -> BTreeMap<usize, Vec<Received>> {
    let kafka = Kafka::shared();
    let prefix = kafka.prefix("options-");
    let mut text = format!(
        "edition 2026\n\nsource shop mysql \"{}@{}\" {{\n  password env OPTIONS_PASSWORD\n}}\n\n\
         target bus kafka \"{}\" {{\n  registry \"{}\"\n  state {{\n    prefix \"{prefix}-state\"\n  }}\n}}\n",
        MySql::USER,
        server.address(),
        kafka.brokers(),
        Registry::shared().url(),
    );
    for (number, rules) in rules.iter().enumerate() {
        text += &format!(
            "\npipeline p{number} from shop to bus {{\n  include {db}.*\n{rules}  topic \"{prefix}-{number}\" {{\n    partitions 1\n  }}\n}}\n"
        );
    }
    let mut project = Project::new("options", &[("options.sync", &text)]);
    project.env("OPTIONS_PASSWORD", MySql::PASSWORD);
    let mut syncc = project.start(&["run"]);
    project.wait_for_status(&mut syncc, "all pipelines follow the log", 180, |status| {
        let tasks = status["tasks"].as_array().map_or(&[][..], Vec::as_slice);
        tasks.len() == rules.len() && tasks.iter().all(|task| task["state"] == "streaming")
    });
    server.sql().run(changes);
    let records = (0..rules.len()).map(|number| {
        let records = wait::until(&format!("the records of {}", rules[number]), 120, || {
            assert!(syncc.runs(), "syncc ended:\n{}", syncc.stderr());
            let mut records = kafka.consume(&format!("{prefix}-{number}"), Isolation::ReadCommitted);
            // those of idle topics have none
            records.retain(|record| record.key.is_some());
            if records.len() >= n { Ok(records) } else { Err(format!("{} records", records.len())) }
        });
        (number, records)
    });
    let records = records.collect();
    assert_eq!(syncc.stop(), Some(0), "{}", syncc.stderr());
    records
}

/// The table has every option's types, one row, and gets another one with the same values.
#[test]
fn every_option_from_a_server() {
    let server = MySql::shared(Kind::MySql9_7);
    let db = server.database("options");
    let values = "19.99, 0x00ff41fb, 'b', null, 'x,z', from_unixtime(1709605231)";
    server.sql().run(&format!(
        "create table {db}.items (id bigint unsigned primary key, d decimal(10,2), bin varbinary(4),
           e enum('a','b'), n int null, s set('x','y','z'), ts timestamp null);
         insert into {db}.items values (18446744073709551615, {values})"
    ));
    let rules: Vec<String> = OPTIONS
        .iter()
        .map(|(format, option, ..)| match *option {
            "" => format!("  format {format}\n"),
            option => format!("  format {format} {{\n    {option}\n  }}\n"),
        })
        .collect();
    let insert = format!("insert into {db}.items values (18446744073709551614, {values})");
    let records = run(server, &db, &rules, 2, &insert);
    for (number, (format, option, loaded, streamed)) in OPTIONS.iter().enumerate() {
        let is_registered = is_registered(&rules[number]);
        let text = |record: &Received| parts(record.value.as_deref().unwrap_or_default(), is_registered).1;
        let texts: Vec<String> = records[&number].iter().map(text).collect();
        for (text, parts) in texts.iter().zip([loaded, streamed]) {
            for part in *parts {
                assert!(text.contains(part), "{format} {option}: no {part} in {text}");
            }
            if *option == "nulls omit" {
                assert!(!text.contains("\"n\""), "{format} {option}: {text}");
            }
        }
        let has_gtid =
            !matches!(*option, "dialect dts") && !["json", "avro", "maxwell-json"].contains(format);
        assert!(
            texts.iter().all(|text| text.contains("\"gtid\":") == has_gtid),
            "{format} {option}: {texts:?}"
        );
        // a row of the load has no transaction, and Canal leaves the text empty
        let is_told = |text: &String| gtid(text).is_some_and(|gtid| gtid.contains(':'));
        let told: Vec<bool> = texts.iter().map(is_told).collect();
        assert_eq!(told[..2], [false, format.starts_with("debezium")], "{format} {option}: {texts:?}");
    }
}

/// The text of the first member `gtid`; none where there is none, or it is null.
fn gtid(text: &str) -> Option<String> {
    let (_, behind) = text.split_once("\"gtid\":\"")?;
    Some(behind.split('"').next().expect("there is a first part").to_owned())
}

/// Old names are nowhere in a record, in no format; new ones are wherever the format names things.
#[test]
fn renames_are_in_every_place_of_every_format() {
    let server = MySql::shared(Kind::MySql9_7);
    let db = server.database("wasdb");
    server.sql().run(&format!(
        "create table {db}.wastable (wasid int primary key, waswide bigint unsigned, wasenum enum('a'), wastext text);
         insert into {db}.wastable values (1, 1, 'a', 'x')"
    ));
    let columns = ["id", "wide", "enum", "text"]
        .map(|column| format!("  rename column {db}.wastable.was{column} to is{column}\n"))
        .concat();
    let rename =
        format!("  rename database {db} to isdb\n  rename table {db}.wastable to istable\n{columns}");
    let schemas = "  format debezium-json {\n    schemas on\n  }\n";
    let formats = FORMATS.iter().map(|format| format!("  format {format}\n")).chain([schemas.to_owned()]);
    let rules: Vec<String> = formats.map(|format| format!("{rename}{format}")).collect();
    let changes = format!(
        "insert into {db}.wastable values (2, 18446744073709551615, null, 'y');
         update {db}.wastable set wastext = 'z' where wasid = 2;
         update {db}.wastable set wasid = 3 where wasid = 2;
         delete from {db}.wastable where wasid = 3"
    );
    // two inserts, an update, a delete and an insert of the changed key, a delete: six at least
    for (number, records) in run(server, &db, &rules, 6, &changes) {
        let rule = &rules[number];
        for record in &records {
            let [key, value] = [&record.key, &record.value]
                .map(|bytes| told(bytes.as_deref().unwrap_or_default(), is_registered(rule)));
            for text in [&key, &value] {
                assert!(!text.contains("was"), "{rule}: an old name in {text}");
            }
            assert!(key.contains("isid"), "{rule}: {key}");
            if value.is_empty() {
                continue;
            }
            for (name, places) in places(rule) {
                let found = value.matches(name).count();
                assert!(places.contains(&found), "{rule}: {name} {found} times in {value}");
            }
        }
    }
}

/// How often names stand in a message: at least and at most.
fn places(rule: &str) -> Vec<(&'static str, std::ops::RangeInclusive<usize>)> {
    let format = FORMATS.iter().find(|format| rule.contains(*format)).expect("a format");
    match *format {
        // data, mysqlType, sqlType, and pkNames; `old` when it changed
        "canal-json" => {
            vec![("\"isid\"", 4..=4), ("\"istext\"", 3..=4), ("\"isdb\"", 1..=1), ("\"istable\"", 1..=1)]
        }
        // objectName; fields and pk_uk_info
        "dts-avro" => vec![("isdb.istable", 1..=1), ("isid", 2..=2), ("istext", 1..=1)],
        "debezium-json" if rule.contains("schemas") => {
            vec![
                ("shop.isdb.istable.Value", 2..=2),
                ("shop.isdb.istable.Envelope", 1..=1),
                ("\"isid\"", 3..=4),
            ]
        }
        "debezium-json" => {
            vec![("\"db\":\"isdb\"", 1..=1), ("\"table\":\"istable\"", 1..=1), ("\"isid\"", 1..=2)]
        }
        "debezium-avro" => vec![
            ("\"namespace\":\"shop.isdb.istable\"", 1..=2),
            ("\"db\":\"isdb\"", 1..=1),
            ("\"table\":\"istable\"", 1..=1),
            ("\"isid\"", 2..=3),
        ],
        // the record's name; a field, and its value
        "avro" => {
            vec![("\"name\":\"istable\"", 1..=1), ("\"namespace\":\"isdb\"", 1..=1), ("\"isid\"", 2..=2)]
        }
        "maxwell-json" => vec![("\"database\":\"isdb\",\"table\":\"istable\"", 1..=1), ("\"isid\"", 1..=1)],
        // the flat row names neither database nor table
        _ => vec![("\"isid\"", 1..=1), ("istable", 0..=0)],
    }
}
