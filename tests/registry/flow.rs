//! From a server through syncc into a cluster and its registry, and back by readers that know neither.

use super::stub::{Mood, Stub};
use crate::support::kafka::Received;
use crate::support::program::Running;
use crate::support::registry::Registry;
use crate::support::shop::{Shop, error, finished};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use serde_json::{Value, json};

/// A shop whose items go to one partition, with a registry beside the cluster.
fn shop(name: &str, kind: Kind, url: &str, format: &str) -> Shop<'static> {
    let mut shop = Shop::new(name, MySql::shared(kind), Kafka::shared());
    shop.text.topic_block = "    partitions 1\n".into();
    shop.text.target = format!("  registry \"{url}\"\n");
    shop.text.rules = format!("  {format}\n");
    shop
}

/// What `check --live` says.
fn checked(shop: &Shop<'_>) -> String {
    let output = shop.project.syncc(&["check", "--live"]);
    String::from_utf8([output.stdout, output.stderr].concat()).expect("text")
}

/// Waits for so many records in a topic.
fn wait_records(shop: &Shop<'_>, table: &str, n: usize) -> Vec<Received> {
    wait::until(&format!("{n} records of {table}"), 60, || {
        let records = shop.kafka.consume(&format!("{}.{table}", shop.prefix), Isolation::ReadCommitted);
        assert!(records.len() <= n, "{} records of {table}", records.len());
        if records.len() == n { Ok(records) } else { Err(format!("{} so far", records.len())) }
    })
}

/// Values as Avro's own library reads them; null for a tombstone.
fn values(registry: &Registry, records: &[Received]) -> Vec<Value> {
    let framed: Vec<&[u8]> = records.iter().filter_map(|record| record.value.as_deref()).collect();
    let mut read = registry.read_with_java(&framed).into_iter();
    let value = |record: &Received| match record.value {
        Some(_) => read.next().expect("one for each"),
        None => Value::Null,
    };
    records.iter().map(value).collect()
}

fn keys(registry: &Registry, records: &[Received]) -> Vec<Value> {
    let framed: Vec<&[u8]> = records.iter().filter_map(|record| record.key.as_deref()).collect();
    registry.read_with_java(&framed)
}

/// Inserts, updates, changes a key, deletes.
fn change(shop: &Shop<'_>) {
    let mut sql = shop.sql();
    sql.run("insert into items values (4, null)");
    sql.run("update items set name = 'new' where id = 4");
    sql.run("update items set id = 5 where id = 4");
    sql.run("delete from items where id = 1");
}

#[test]
fn avro_from_a_server() {
    let registry = Registry::shared();
    let shop = shop("avro", Kind::MySql9_7, &registry.url(), "format avro");
    let mut syncc = shop.run();
    wait_records(&shop, "items", 3);
    change(&shop);
    let records = wait_records(&shop, "items", 8);
    shop.wait_status(&mut syncc, "a schema each of key and message", |status| {
        status.tasks[0].counters.schemas_registered == 2
    });
    shop.stop(&mut syncc);
    let told: Vec<Value> = values(registry, &records)
        .into_iter()
        .map(|mut value| {
            assert!(value["__ts_ms"].take().as_i64().is_some_and(|ms| ms > 1_700_000_000_000));
            value
        })
        .collect();
    let row = |id: i64, name: Value, op: &str| json!({ "id": id, "name": name, "__op": op, "__ts_ms": null, "__deleted": op == "d" });
    let canary = |id: i64| Value::from(format!("c4n4ry {id}"));
    let expected = [
        row(1, canary(1), "r"),
        row(2, canary(2), "r"),
        row(3, canary(3), "r"),
        row(4, Value::Null, "c"),
        row(4, "new".into(), "u"),
        row(4, "new".into(), "d"),
        row(5, "new".into(), "c"),
        row(1, canary(1), "d"),
    ];
    assert_eq!(told, expected);
    let told = keys(registry, &records);
    let ids = [1, 2, 3, 4, 4, 4, 5, 1].map(|id| json!({ "id": id }));
    assert_eq!(told, ids);
    let topic = format!("{}.items", shop.prefix);
    assert_eq!(registry.versions(&format!("{topic}-value")), 1);
    let latest = registry.get(&format!("/subjects/{topic}-key/versions/latest"));
    let schema: Value = serde_json::from_str(latest["schema"].as_str().unwrap()).unwrap();
    assert_eq!(
        (schema["name"].as_str(), schema["namespace"].as_str().unwrap().contains(&shop.db)),
        (Some("Key"), true)
    );
}

#[test]
fn debezium_avro_from_a_server() {
    let registry = Registry::shared();
    let shop = shop(
        "dbzavro",
        Kind::MariaDb10_11,
        &registry.url(),
        "format debezium-avro {\n    subject record\n  }",
    );
    let mut syncc = shop.run();
    wait_records(&shop, "items", 3);
    change(&shop);
    // each of the two deletes has its tombstone
    let records = wait_records(&shop, "items", 10);
    shop.stop(&mut syncc);
    let values = values(registry, &records);
    let ops: Vec<Option<&str>> = values.iter().map(|value| value["op"].as_str()).collect();
    let (r, c, u, d) = (Some("r"), Some("c"), Some("u"), Some("d"));
    assert_eq!(ops, [r, r, r, c, u, d, None, c, d, None]);
    assert_eq!(values[0]["after"], json!({ "id": 1, "name": "c4n4ry 1" }));
    assert_eq!(values[4]["before"], json!({ "id": 4, "name": null }));
    assert_eq!(values[4]["after"], json!({ "id": 4, "name": "new" }));
    assert_eq!(values[8]["after"], Value::Null);
    let source = &values[4]["source"];
    assert_eq!((source["connector"].as_str(), source["snapshot"].as_str()), (Some("mariadb"), Some("false")));
    assert_eq!(source["gtid"].as_str().map(|gtid| gtid.split('-').count()), Some(3));
    assert_eq!(values[0]["source"]["snapshot"], "true");
    assert_eq!(keys(registry, &records)[6], json!({ "id": 4 }), "the key of a tombstone");
    assert_eq!(registry.versions(&format!("shop.{}.items.Envelope", shop.db)), 1);
}

/// 12345678901234567890123456789012345.123456789012345678901234567890 without its point.
const EXACT: &str = "1e02bc1e97858bdc6cb95058f3424d7d3a7fec7b03e2668e3f0ad2";

/// Columns of many types; a row of the load and one of the log have the same bytes, and two libraries read the same.
fn every_type(name: &str, kind: Kind, more: &str, more_values: &str, told: &[(&str, Value)]) {
    let registry = Registry::shared();
    let mut shop = shop(name, kind, &registry.url(), "format avro");
    shop.text.include = "DB.everything".into();
    let mut sql = shop.sql();
    sql.run("set sql_mode = ''");
    sql.run(&format!(
        "create table everything (id int primary key, tiny tinyint unsigned not null, big bigint unsigned,
           exact decimal(65,30), cents decimal(10,2) not null, f float, d double, flag bit(1), bits bit(12), word bit(64),
           y year, day date not null, zero date not null, t time(3), at0 datetime not null, at6 datetime(6), ts timestamp(3) null,
           c char(5) character set latin1, v varchar(20) character set utf8mb4, b binary(4), vb varbinary(9), bl blob,
           e enum('a','b') not null, s set('x','y','z'), j json, p point, n int{more})"
    ));
    let row = |id: i64| {
        format!(
            "insert into everything values ({id}, 200, 18446744073709551615, 12345678901234567890123456789012345.123456789012345678901234567890,
               -19.99, 0.5, 1e7, b'1', b'100000000011', 18446744073709551615, 2024, '2024-03-05', '0000-00-00', '-01:02:03.5',
               '1582-10-10 01:02:03', '2024-03-05 10:20:30.120001', '2024-03-05 02:20:31.12', 'é', '李雷', x'6162', x'00ff41', x'fbef',
               'b', 'x,z', '{{\"a\": 1}}', st_geomfromtext('POINT(3 2)'), null{more_values})"
        )
    };
    sql.run("set time_zone = '+00:00'");
    sql.run(&row(1));
    let mut syncc = shop.run();
    sql.run(&row(2));
    let records = wait_records(&shop, "everything", 2);
    shop.stop(&mut syncc);
    let tail = |record: &Received| {
        let value = record.value.clone().expect("a row");
        // frame, id, the columns, and what is about the change: op, time and flag
        value[6..value.len() - 9].to_vec()
    };
    assert_eq!(tail(&records[0]), tail(&records[1]), "the load and the log");
    let read = values(registry, &records);
    for (name, value) in told {
        assert_eq!(&read[1][name], value, "{name}: {}", read[1]);
    }
    // The same by another library, which must come to the end of the bytes.
    for record in &records {
        let framed = record.value.as_deref().expect("a row");
        let schema = Schema::parse_str(&registry.schema_of(framed)).expect("a schema");
        let mut datum = &framed[5..];
        let reader = GenericDatumReader::builder(&schema).build().expect("a reader");
        let Avro::Record(fields) = reader.read_value(&mut datum).expect("a datum") else {
            panic!("no record")
        };
        assert!(datum.is_empty());
        let exact = fields.iter().find(|(name, _)| name == "exact").map(|(_, value)| value.clone());
        let Some(Avro::Union(1, exact)) = exact else { panic!("{exact:?}") };
        let Avro::Decimal(exact) = *exact else { panic!("{exact:?}") };
        let bytes = Vec::<u8>::try_from(exact).expect("bytes");
        assert_eq!(data_encoding::HEXLOWER.encode(&bytes), EXACT);
        assert_eq!(fields.len(), read[1].as_object().expect("a record").len());
    }
}

/// What both families say of the columns they share.
fn shared_values() -> Vec<(&'static str, Value)> {
    let number = |text: &str| serde_json::from_str::<Value>(text).expect("a number");
    vec![
        ("tiny", 200.into()),
        ("big", number("18446744073709551615")),
        ("cents", number("-19.99")),
        ("f", number("0.5")),
        ("d", number("1.0E7")),
        ("flag", true.into()),
        ("bits", 0b1000_0000_0011.into()),
        ("word", number("18446744073709551615")),
        ("y", 2024.into()),
        ("day", 19787.into()),
        ("zero", Value::Null),
        ("t", number("-3723500000")),
        ("at0", number("-12219721077000000")),
        ("at6", number("1709634030120001")),
        ("ts", number("1709605231120000")),
        ("c", "é".into()),
        ("v", "李雷".into()),
        ("e", "b".into()),
        ("s", json!(["x", "z"])),
        ("j", "{\"a\": 1}".into()),
        ("n", Value::Null),
    ]
}

#[test]
fn every_type_of_mysql() {
    every_type("types", Kind::MySql9_7, ", vec vector(2)", ", string_to_vector('[1.5,-2]')", &{
        let mut told = shared_values();
        told.push(("vec", json!([1.5, -2.0])));
        told
    });
}

#[test]
fn every_type_of_mariadb() {
    every_type(
        "typesm",
        Kind::MariaDb11_8,
        ", u uuid, i4 inet4, i6 inet6",
        ", '123e4567-e89b-12d3-a456-426655440000', '192.0.2.1', '::1'",
        &{
            let mut told = shared_values();
            told.push(("u", "123e4567-e89b-12d3-a456-426655440000".into()));
            told.push(("i4", "192.0.2.1".into()));
            told.push(("i6", "::1".into()));
            told
        },
    );
}

/// A column that can be NULL is added: a new version before the first row that has it. One that cannot stops the task.
#[test]
fn schemas_grow_and_are_refused() {
    let registry = Registry::shared();
    let shop =
        shop("grows", Kind::MySql9_7, &registry.url(), "format avro {\n    compatibility backward\n  }");
    let mut syncc = shop.run();
    let mut sql = shop.sql();
    wait_records(&shop, "items", 3);
    let subject = format!("{}.items-value", shop.prefix);
    sql.run("alter table items add qty int");
    sql.run("insert into items values (4, 'four', 4)");
    let records = wait_records(&shop, "items", 4);
    assert_eq!(registry.versions(&subject), 2);
    assert_eq!(values(registry, &records)[3]["qty"], 4);
    assert_ne!(records[2].value.as_ref().unwrap()[..5], records[3].value.as_ref().unwrap()[..5]);
    // the same schema again is known
    sql.run("alter table items modify name varchar(300)");
    sql.run("insert into items values (5, 'five', null)");
    wait_records(&shop, "items", 5);
    assert_eq!(registry.versions(&subject), 2);
    sql.run("alter table items add size int not null");
    sql.run("insert into items values (6, 'six', null, 6)");
    let said = finished(&mut syncc, 25);
    let text = error(&said);
    assert!(text.contains("L0211") && text.contains(&format!("`{subject}`")), "{text}");
    assert!(
        text.contains(&format!("field `size` of `{}.items` is new and cannot be null", shop.db)),
        "{text}"
    );
    wait_records(&shop, "items", 5);
    // A live check finds the same, and a wider rule lets it pass.
    let check = checked(&shop);
    assert!(check.contains("L0211") && check.contains("field `size`"), "{check}");
}

#[test]
fn a_registry_in_trouble() {
    let stub = Stub::start(None);
    let mut shop = shop("trouble", Kind::MySql9_7, &stub.url(), "format avro");
    shop.text.rules.push_str("  retry for 10m\n");
    let registered = |stub: &Stub| -> Vec<String> {
        let asked = stub.asked().into_iter().map(|(line, _)| line);
        asked.filter(|line| line.starts_with("POST /subjects") && line.ends_with("/versions")).collect()
    };
    let mut syncc = shop.run();
    wait_records(&shop, "items", 3);
    assert_eq!(registered(&stub).len(), 2, "key and message, before the load");
    // What is known goes on without the registry, a new schema waits for it.
    stub.set(Mood::Says(503, "away".into()));
    let mut sql = shop.sql();
    sql.run("insert into items values (4, 'four')");
    wait_records(&shop, "items", 4);
    assert_eq!(registered(&stub), [""; 0]);
    for (mood, id) in [
        (Mood::Says(503, "away".into()), 5),
        (Mood::Says(500, "{\"error_code\":50001,\"message\":\"store\"}".into()), 6),
    ] {
        stub.set(mood);
        sql.run(&format!("alter table items add c{id} int"));
        sql.run(&format!("insert into items (id, name) values ({id}, 'x')"));
        wait::until("the new schema is asked for", 60, || {
            if registered(&stub).is_empty() { Err("not yet") } else { Ok(()) }
        });
        assert!(syncc.runs(), "{}", syncc.stderr());
        stub.set(Mood::Works);
        wait_records(&shop, "items", id);
    }
    shop.stop(&mut syncc);
    // A new process knows the numbers as well.
    stub.set(Mood::Says(503, "away".into()));
    stub.asked();
    let mut syncc = shop.start(&[]);
    sql.run("insert into items (id, name) values (7, 'seven')");
    wait_records(&shop, "items", 7);
    assert_eq!(registered(&stub), [""; 0]);
    shop.stop(&mut syncc);
    assert!(syncc.stderr().contains("L0210"), "{}", syncc.stderr());
    // A schema that is refused stops the task, and says where.
    stub.set(Mood::Refuses);
    let mut syncc = shop.start(&[]);
    sql.run("alter table items add last int");
    sql.run("insert into items (id, name) values (8, 'eight')");
    let text = error(&finished(&mut syncc, 25));
    assert!(text.contains(&format!("`{}.items-value`", shop.prefix)), "{text}");
}

/// Who waits for a registry in the middle of a transaction is seen to live: whoever stands by does not take the task over.
#[test]
fn a_registry_that_hangs_in_a_transaction() {
    let stub = Stub::start(None);
    let mut shop = shop("hangs", Kind::MySql9_7, &stub.url(), "format avro");
    shop.text.include = "DB.items, DB.fresh".to_owned();
    shop.table("fresh");
    let mut syncc = shop.run();
    wait_records(&shop, "fresh", 3);
    let mut sql = shop.sql();
    sql.run("alter table fresh add more int");
    stub.asked();
    stub.set(Mood::Hangs);
    sql.run("begin; insert into items values (4, 'four'); insert into fresh (id) values (4); commit");
    wait::until("the new schema is asked for", 60, || {
        if stub.asked().is_empty() { Err("not yet") } else { Ok(()) }
    });
    let words = || {
        let topic = format!("{}.shop.shop.bus.state", shop.prefix);
        let records = shop.kafka.consume(&topic, Isolation::ReadUncommitted);
        records.iter().filter(|record| record.key.as_deref() == Some(b"owner")).count()
    };
    let before = words();
    wait::until("the owner is seen to live", 60, || {
        let status = shop.status().expect("it runs");
        assert_eq!(status.tasks[0].recoveries, 0, "it still waits for the first answer: {}", syncc.stderr());
        let now = words();
        if now >= before + 2 { Ok(()) } else { Err(format!("{before}, {now}")) }
    });
    stub.set(Mood::Works);
    wait_records(&shop, "items", 4);
    wait_records(&shop, "fresh", 4);
    shop.stop(&mut syncc);
}

#[test]
fn a_registry_that_is_none() {
    let stub = Stub::start(None);
    let shop = shop("none", Kind::MySql9_7, &stub.url(), "format avro");
    stub.set(Mood::Says(401, "who are you".into()));
    let said = shop.ends(&[], 20);
    assert!(said.contains("L0210") && said.contains("the login is refused"), "{said}");
    let check = checked(&shop);
    assert!(check.contains("L0210"), "{check}");
    stub.set(Mood::Floods);
    let said = shop.ends(&[], 20);
    assert!(said.contains("longer than 1048576 bytes"), "{said}");
}

/// The login comes from a secret, and is not said.
#[test]
fn a_registry_with_logins() {
    let registry = Registry::start(true);
    let mut shop =
        shop("login", Kind::MySql9_7, &registry.url(), "format avro {\n    subject topic-record\n  }");
    shop.text.target = format!(
        "  registry \"{}\" {{\n    user \"{}\"\n    password env REGISTRY_PASSWORD\n  }}\n",
        registry.url(),
        Registry::USER
    );
    shop.project.env("REGISTRY_PASSWORD", Registry::PASSWORD);
    let mut syncc = shop.run();
    let records = wait_records(&shop, "items", 3);
    shop.stop(&mut syncc);
    assert!(!syncc.stderr().contains(Registry::PASSWORD));
    assert_eq!(values(&registry, &records)[2]["id"], 3);
    let (topic, record) = (format!("{}.items", shop.prefix), format!("{}.items", shop.db));
    assert_eq!(registry.versions(&format!("{topic}-{record}")), 1);
    assert_eq!(registry.versions(&format!("{topic}-{record}.Key")), 1);
}

/// Keys in Avro beside messages that are not.
#[test]
fn keys_as_avro() {
    let registry = Registry::shared();
    let shop = shop("askey", Kind::MySql9_7, &registry.url(), "key origin, id as avro");
    let mut syncc: Running = shop.run();
    let records = wait_records(&shop, "items", 3);
    shop.stop(&mut syncc);
    let key = json!({ "origin": format!("shop.{}.items", shop.db), "id": 1 });
    assert_eq!(keys(registry, &records)[0], key);
    assert!(records[0].text().starts_with('{'), "the message is JSON");
}

/// On a topic that compacts, the fence of an accepted break has a key that readers of the rows' keys can read.
#[test]
fn a_fence_among_keys_of_avro_is_a_string() {
    let registry = Registry::shared();
    let mut shop = shop("fence", Kind::MariaDb10_11, &registry.url(), "format avro");
    shop.text.topic_block = "    partitions 2\n    cleanup compact\n".into();
    shop.ends(&["--once"], 0);
    shop.text.topic = "PREFIX.new.{table}".into();
    shop.text.rules = "  format json\n".into();
    shop.ends(&["--once", "--accept", "P1006", "--accept", "P1007"], 0);
    let records = wait_records(&shop, "items", 5);
    let keys = keys(registry, &records);
    let fences: Vec<&Received> = records.iter().filter(|record| record.value.is_none()).collect();
    assert_eq!(fences.iter().map(|fence| fence.partition).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(keys.iter().filter(|key| **key == "__syncc").count(), 2, "{keys:?}");
    assert_eq!(
        keys.iter().filter(|key| key["id"].is_number() || key["id"].is_string()).count(),
        3,
        "{keys:?}"
    );
}
