//! What a listener of the managed service's own client gets of a shop: rows and the ends of their transactions, a schema
//! change, and what idle topics get.

use super::consumers::{Read, subscribed};
use super::message::Cell;
use crate::support::shop::Shop;
use crate::support::{Isolation, Kafka, Kind, MySql, wait};

#[test]
fn the_services_own_client() {
    let mut shop = Shop::new("subscription", MySql::shared(Kind::MySql9_7), Kafka::shared());
    shop.text.topic_block = "    partitions 1\n".into();
    shop.text.rules = "  start snapshot {\n    schema off\n  }\n  ddl {\n    topic same\n  }\n  \
                       format dts-avro {\n    heartbeat every 1s\n    transactions on\n  }\n  partition to 0\n"
        .into();
    let mut syncc = shop.run();
    let records = |with_key: usize, others: usize| {
        wait::until(&format!("{with_key} rows and {others} records without a key"), 120, || {
            let records = shop.kafka.consume(&format!("{}.items", shop.prefix), Isolation::ReadCommitted);
            let n = records.iter().filter(|record| record.key.is_some()).count();
            let state = format!("{n} of {}", records.len());
            if n == with_key && records.len() >= n + others { Ok(records) } else { Err(state) }
        })
    };
    records(3, 0);
    let mut sql = shop.sql();
    sql.run("insert into items values (4, null)");
    sql.run("update items set name = 'new' where id = 4");
    sql.run("update items set id = 5 where id = 4");
    sql.run("delete from items where id = 1");
    sql.run("alter table items add column `größe` decimal(5, 2)");
    sql.run("insert into items values (6, 'x', -1.50)");
    // the schema change, a heartbeat, and both ends of five transactions
    let records = records(9, 12);
    shop.stop(&mut syncc);

    let read = subscribed(&records);
    let (beats, read): (Vec<&Read>, Vec<&Read>) =
        read.iter().partition(|read| read.said.field("operation").text() == "HEARTBEAT");
    assert!(!beats.is_empty());
    for beat in beats {
        assert_eq!(shown(beat, &shop.db), "HEARTBEAT null null [] null -> null");
    }
    let told: Vec<String> = read.iter().map(|read| shown(read, &shop.db)).collect();
    let items = |operation: &str, images: &str| format!("{operation} DB items [id] {images}");
    let [begin, commit] = ["BEGIN", "COMMIT"].map(|end| format!("{end} null null [] null -> null"));
    let expected = [
        items("INSERT", "null -> {id: 1, name: c4n4ry 1}"),
        items("INSERT", "null -> {id: 2, name: c4n4ry 2}"),
        items("INSERT", "null -> {id: 3, name: c4n4ry 3}"),
        begin.clone(),
        items("INSERT", "null -> {id: 4, name: null}"),
        commit.clone(),
        begin.clone(),
        items("UPDATE", "{id: 4, name: null} -> {id: 4, name: new}"),
        commit.clone(),
        begin.clone(),
        items("DELETE", "{id: 4, name: new} -> null"),
        items("INSERT", "null -> {id: 5, name: new}"),
        commit.clone(),
        begin.clone(),
        items("DELETE", "{id: 1, name: c4n4ry 1} -> null"),
        commit.clone(),
        "DDL DB null [] null -> {ddl: alter table items add column `größe` decimal(5, 2)}".to_owned(),
        begin,
        items("INSERT", "null -> {id: 6, name: x, größe: -1.50}"),
        commit,
    ];
    assert_eq!(told, expected);
}

/// `operation database table [key] before -> after`, with `DB` for the shop's database.
fn shown(read: &Read, db: &str) -> String {
    let said = |name| text(read.said.field(name));
    let names = format!("{} {} {}", said("database").replace(db, "DB"), said("table"), said("key"));
    assert!(said("server").starts_with("MySQL "), "{}", said("server"));
    assert!(said("seconds").parse::<u32>().is_ok(), "{}", said("seconds"));
    format!("{} {names} {} -> {}", said("operation"), said("before"), said("after"))
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".into(),
        Cell::List(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        Cell::Record(fields) => {
            let fields = fields.iter().map(|(name, cell)| format!("{name}: {}", text(cell)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        cell => cell.text().to_owned(),
    }
}
