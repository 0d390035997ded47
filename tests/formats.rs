//! Every format that is executed but canal-json, from a real server into a real cluster: load, changes, keys, and what idle
//! topics get.

mod options;

use crate::support::shop::Shop;
use crate::support::{Isolation, Kafka, Kind, MySql, kafka::Received, wait};
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::ResolvedSchema;
use apache_avro::types::Value as Avro;
use std::collections::BTreeMap;

/// A shop whose items go to one partition in a format.
fn shop(name: &str, kind: Kind, format: &str) -> Shop<'static> {
    let mut shop = Shop::new(name, MySql::shared(kind), Kafka::shared());
    shop.text.topic_block = "    partitions 1\n".into();
    shop.text.rules = format!("  {format}\n");
    shop
}

/// Loads three rows, then inserts, updates, changes a key and deletes.
fn records(shop: &Shop<'_>) -> Vec<Received> {
    let mut syncc = shop.run();
    wait_records(shop, 3);
    let mut sql = shop.sql();
    sql.run("insert into items values (4, null)");
    sql.run("update items set name = 'new' where id = 4");
    sql.run("update items set id = 5 where id = 4");
    sql.run("delete from items where id = 1");
    let records = wait_records(shop, 8);
    shop.stop(&mut syncc);
    records
}

/// Waits for so many records of rows; those of idle topics do not count.
fn wait_records(shop: &Shop<'_>, n: usize) -> Vec<Received> {
    wait::until(&format!("{n} records"), 60, || {
        let mut records = shop.kafka.consume(&format!("{}.items", shop.prefix), Isolation::ReadCommitted);
        records.retain(|record| record.key.is_some());
        if records.len() == n { Ok(records) } else { Err(format!("{} so far", records.len())) }
    })
}

fn key(record: &Received) -> String {
    String::from_utf8(record.key.clone().expect("the table has a key")).expect("keys are JSON")
}

/// A value without its times.
fn timeless(record: &Received) -> String {
    let text = record.text();
    let (front, rest) = text.split_once("\"__ts_ms\":").or(text.split_once("\"ts\":")).expect("a time");
    format!("{front}{}", rest.trim_start_matches(|sign: char| sign.is_ascii_digit()).trim_start_matches(','))
}

#[test]
fn json_from_a_server() {
    let shop = shop("json", Kind::MySql9_7, "format json");
    let records = records(&shop);
    let told: Vec<(String, String)> = records.iter().map(|record| (key(record), timeless(record))).collect();
    let row = |id: i64| format!("{{\"id\":{id},\"name\":\"c4n4ry {id}\",");
    let expected = [
        ("{\"id\":1}", format!("{}\"__op\":\"r\",\"__deleted\":false}}", row(1))),
        ("{\"id\":2}", format!("{}\"__op\":\"r\",\"__deleted\":false}}", row(2))),
        ("{\"id\":3}", format!("{}\"__op\":\"r\",\"__deleted\":false}}", row(3))),
        ("{\"id\":4}", "{\"id\":4,\"name\":null,\"__op\":\"c\",\"__deleted\":false}".into()),
        ("{\"id\":4}", "{\"id\":4,\"name\":\"new\",\"__op\":\"u\",\"__deleted\":false}".into()),
        ("{\"id\":4}", "{\"id\":4,\"name\":\"new\",\"__op\":\"d\",\"__deleted\":true}".into()),
        ("{\"id\":5}", "{\"id\":5,\"name\":\"new\",\"__op\":\"c\",\"__deleted\":false}".into()),
        ("{\"id\":1}", format!("{}\"__op\":\"d\",\"__deleted\":true}}", row(1))),
    ];
    let expected: Vec<(String, String)> =
        expected.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    assert_eq!(told, expected);
}

#[test]
fn maxwell_json_from_a_server() {
    let shop = shop("maxwell", Kind::MariaDb10_11, "format maxwell-json");
    let records = records(&shop);
    let head = format!("{{\"database\":\"{}\",\"table\":\"items\"", shop.db);
    let keys: Vec<String> = records.iter().map(key).collect();
    let expected: Vec<String> =
        [1, 2, 3, 4, 4, 4, 5, 1].map(|id| format!("{head},\"pk.id\":{id}}}")).to_vec();
    assert_eq!(keys, expected);
    let told: Vec<String> = records[2..].iter().map(timeless).collect();
    let expected = [
        r#","type":"insert","data":{"id":3,"name":"c4n4ry 3"}}"#,
        r#","type":"insert","data":{"id":4,"name":null}}"#,
        r#","type":"update","data":{"id":4,"name":"new"},"old":{"name":null}}"#,
        r#","type":"delete","data":{"id":4,"name":"new"}}"#,
        r#","type":"insert","data":{"id":5,"name":"new"}}"#,
        r#","type":"delete","data":{"id":1,"name":"c4n4ry 1"}}"#,
    ];
    let expected: Vec<String> = expected.iter().map(|tail| format!("{head}{tail}")).collect();
    assert_eq!(told, expected);
}

#[test]
fn debezium_json_from_a_server() {
    let shop = shop("debezium", Kind::MariaDb10_11, "format debezium-json");
    let mut syncc = shop.run();
    wait_records(&shop, 3);
    let mut sql = shop.sql();
    sql.run("insert into items values (4, null)");
    sql.run("update items set name = 'new' where id = 4");
    sql.run("update items set id = 5 where id = 4");
    sql.run("delete from items where id = 1");
    // three of the load, insert, update; delete, tombstone and insert of the changed key; delete and tombstone
    let records = wait_records(&shop, 10);
    shop.stop(&mut syncc);
    let told: Vec<String> = records
        .iter()
        .map(|record| {
            let text = record.text();
            if record.value.is_none() {
                return format!("{} tombstone", key(record));
            }
            let (images, rest) = text.split_once(",\"source\":{").expect("a source");
            let (source, rest) = rest.split_once("},\"transaction\":null,\"op\":\"").expect("a transaction");
            let names = format!("\"db\":\"{}\",", shop.db);
            assert!(source.contains(&names) && source.contains("\"table\":\"items\""), "{source}");
            let snapshot = if rest.starts_with('r') { "true" } else { "false" };
            assert!(source.contains(&format!("\"snapshot\":\"{snapshot}\"")), "{source}");
            format!("{} {} {images}}}", key(record), &rest[..1])
        })
        .collect();
    let row = |id: i64, name: &str| format!("{{\"id\":{id},\"name\":{name}}}");
    let old = |id: i64| row(id, &format!("\"c4n4ry {id}\""));
    let new = |id: i64| row(id, "\"new\"");
    let expected = [
        format!("{{\"id\":1}} r {{\"before\":null,\"after\":{}}}", old(1)),
        format!("{{\"id\":2}} r {{\"before\":null,\"after\":{}}}", old(2)),
        format!("{{\"id\":3}} r {{\"before\":null,\"after\":{}}}", old(3)),
        format!("{{\"id\":4}} c {{\"before\":null,\"after\":{}}}", row(4, "null")),
        format!("{{\"id\":4}} u {{\"before\":{},\"after\":{}}}", row(4, "null"), new(4)),
        format!("{{\"id\":4}} d {{\"before\":{},\"after\":null}}", new(4)),
        "{\"id\":4} tombstone".to_owned(),
        format!("{{\"id\":5}} c {{\"before\":null,\"after\":{}}}", new(5)),
        format!("{{\"id\":1}} d {{\"before\":{},\"after\":null}}", old(1)),
        "{\"id\":1} tombstone".to_owned(),
    ];
    assert_eq!(told, expected);
}

/// The fields of a record as a client of the service reads them.
pub(crate) fn dts_fields(record: &Received) -> BTreeMap<String, Avro> {
    let text = include_str!("../src/format/dts/record.avsc");
    let schemas: Vec<serde_json::Value> = serde_json::from_str(text).expect("the schema is JSON");
    let texts: Vec<String> = schemas.iter().map(ToString::to_string).collect();
    let schemas = Schema::parse_list(texts.iter().map(String::as_str)).expect("the schema is Avro");
    let resolved = ResolvedSchema::try_from(schemas.iter().collect::<Vec<_>>()).expect("all names are there");
    let last = schemas.last().expect("there is a schema");
    let reader =
        GenericDatumReader::builder(last).resolved_writer_schemata(resolved).build().expect("a reader");
    let mut bytes = record.value.as_deref().expect("no tombstones");
    let Avro::Record(fields) = reader.read_value(&mut bytes).expect("a record of the schema") else {
        panic!("no record")
    };
    assert!(bytes.is_empty());
    fields.into_iter().collect()
}

/// Its operation and its object.
fn dts(record: &Received) -> (String, Option<String>) {
    let fields = dts_fields(record);
    let Avro::Enum(_, operation) = &fields["operation"] else { panic!("no symbol") };
    let object = match &fields["objectName"] {
        Avro::Union(1, name) => match name.as_ref() {
            Avro::String(name) => Some(name.clone()),
            other => panic!("{other:?}"),
        },
        Avro::Union(..) => None,
        other => panic!("{other:?}"),
    };
    (operation.clone(), object)
}

#[test]
fn dts_avro_from_a_server() {
    let format = "format dts-avro {\n    snapshot-op init\n    heartbeat every 1s\n  }\n  partition to 0";
    let shop = shop("dts", Kind::MySql9_7, format);
    let records = records(&shop);
    let told: Vec<String> = records
        .iter()
        .map(|record| {
            let (operation, object) = dts(record);
            assert_eq!(object.as_deref(), Some(&*format!("{}.items", shop.db)));
            format!("{} {operation}", key(record))
        })
        .collect();
    let expected = [
        "{\"id\":1} INIT",
        "{\"id\":2} INIT",
        "{\"id\":3} INIT",
        "{\"id\":4} INSERT",
        "{\"id\":4} UPDATE",
        "{\"id\":4} DELETE",
        "{\"id\":5} INSERT",
        "{\"id\":1} DELETE",
    ];
    assert_eq!(told, expected);

    // A topic beats although no row has come to it since the start.
    let topic = format!("{}.items", shop.prefix);
    let beats = || {
        let all = shop.kafka.consume(&topic, Isolation::ReadCommitted);
        all.into_iter().filter(|record| record.key.is_none()).collect::<Vec<_>>()
    };
    let before = beats().len();
    let mut syncc = shop.run();
    let beats = wait::until("a heartbeat of a new life", 60, || {
        let found = beats();
        if found.len() > before { Ok(found) } else { Err(format!("{} as before", found.len())) }
    });
    shop.stop(&mut syncc);
    assert!(beats.iter().all(|beat| dts(beat) == ("HEARTBEAT".into(), None)));
}

/// Topics that compact take no record without a key: what is of no row has one of its own there.
#[test]
fn dts_avro_on_a_topic_that_compacts() {
    let format = "format dts-avro {\n    heartbeat every 1s\n    transactions on\n  }\n  partition to 0";
    let mut shop = shop("dtscompact", Kind::MariaDb10_11, format);
    shop.text.topic_block += "    cleanup compact\n";
    let mut syncc = shop.run();
    shop.insert("items", &[4]);
    let told = wait::until("the row, both ends of its transaction, and heartbeats", 60, || {
        assert!(syncc.runs(), "{}", syncc.stderr());
        let records = shop.kafka.consume(&format!("{}.items", shop.prefix), Isolation::ReadCommitted);
        let told: Vec<String> =
            records.iter().map(|record| format!("{} {}", key(record), dts(record).0)).collect();
        let beats = told.iter().filter(|told| told.ends_with("HEARTBEAT")).count();
        if beats > 1 && told.iter().any(|told| told.ends_with("COMMIT")) {
            Ok(told)
        } else {
            Err(told.join(", "))
        }
    });
    shop.stop(&mut syncc);
    let expected = [
        "{\"id\":1} INSERT",
        "{\"id\":2} INSERT",
        "{\"id\":3} INSERT",
        "\"__syncc\" BEGIN",
        "{\"id\":4} INSERT",
        "\"__syncc\" COMMIT",
    ];
    let (beats, rest): (Vec<&String>, Vec<&String>) =
        told.iter().partition(|told| told.ends_with("HEARTBEAT"));
    assert_eq!(rest, expected);
    assert!(beats.iter().all(|beat| *beat == "\"__syncc\" HEARTBEAT"), "{beats:?}");
}
