//! Schema changes as messages: which of them are sent, with what names, and where among the rows.

use crate::support::kafka::Received;
use crate::support::run::installed;
use crate::support::shop::{Shop, finished};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};
use serde_json::Value;
use std::process::Command;

const KINDS: [Kind; 2] = [Kind::MySql9_7, Kind::MariaDb10_11];

/// A shop that takes its whole database and sends schema changes to `PREFIX.ddl`.
fn shop(name: &str, kind: Kind, ddl: &str, rules: &str) -> Shop<'static> {
    let mut shop = Shop::new(name, MySql::shared(kind), Kafka::shared());
    shop.text.include = "DB.*".into();
    shop.text.topic_block = "    partitions 1\n".into();
    let topic = format!("{}.ddl", shop.prefix);
    let start = "  start snapshot {\n    schema off\n  }\n";
    shop.text.rules = format!("{start}  ddl {{\n    topic \"{topic}\"\n{ddl}  }}\n{rules}");
    shop
}

fn topic(shop: &Shop<'_>) -> String {
    format!("{}.ddl", shop.prefix)
}

/// The records of a topic, once there are so many.
#[track_caller]
fn wait_records(shop: &Shop<'_>, topic: &str, n: usize) -> Vec<Received> {
    wait::until(&format!("{n} records of {topic}"), 60, || {
        let records = shop.kafka.consume(topic, Isolation::ReadCommitted);
        let shown: Vec<String> = records.iter().map(Received::text).collect();
        if records.len() == n { Ok(records) } else { Err(format!("{}: {shown:#?}", records.len())) }
    })
}

/// Waits until a row of `items` is in Kafka: everything before it is, too.
#[track_caller]
fn reach(shop: &Shop<'_>, id: i64) {
    shop.insert("items", &[id]);
    wait::until("the last row", 60, || {
        let ids = shop.ids("items");
        if ids.contains(&id) { Ok(()) } else { Err(format!("{ids:?}")) }
    });
}

fn json(record: &Received) -> Value {
    serde_json::from_str(&record.text()).expect("messages are JSON")
}

/// `TYPE database.table: sql`, without the names of this test run.
fn shown(shop: &Shop<'_>, records: &[Received]) -> Vec<String> {
    let line = |record: &Received| {
        let message = json(record);
        assert_eq!(message["isDdl"], true, "{message}");
        for null in ["data", "old", "pkNames", "sqlType", "mysqlType"] {
            assert!(message[null].is_null(), "{message}");
        }
        let text = |member: &str| message[member].as_str().expect("text").to_owned();
        format!("{} {}.{}: {}", text("type"), text("database"), text("table"), text("sql"))
    };
    records.iter().map(|record| line(record).replace(&shop.db, "DB")).collect()
}

#[test]
fn canal_messages_of_what_is_selected() {
    for kind in KINDS {
        let mut shop = shop("ddlcanal", kind, "", "  exclude DB.hidden, DB.secrets\n");
        shop.text.rules = shop.text.rules.replace("DB", &shop.db);
        let mut syncc = shop.run();
        let mut sql = shop.sql();
        let user = format!("{}_x", shop.user);
        sql.run(&format!(
            "create user '{user}'@'%' identified by 'c4n4ry-pw'; grant select on {}.* to '{user}'@'%'",
            shop.db
        ));
        let password = if kind.is_mariadb() { "password('c4n4ry-pw2')" } else { "'c4n4ry-pw2'" };
        sql.run(&format!("set password for '{user}'@'%' = {password}; drop user '{user}'@'%'"));
        sql.run("create table made (id int primary key, a int)");
        sql.run("alter table made add column b int default 7 /* note */, add index (a)");
        sql.run("alter table made add unique u (b)");
        sql.run("create index i on made (a, b)");
        sql.run("drop index i on made");
        sql.run("create table hidden (id int primary key)");
        sql.run("alter table hidden add x int; drop table hidden");
        sql.run("create temporary table made2 (id int); create view v as select 1; drop view v");
        sql.run("create table copy like made");
        sql.run("create table secrets (id int primary key); create table other (id int primary key)");
        sql.run("rename table secrets to hidden, other to third");
        sql.run("drop table hidden, third, copy");
        sql.run("truncate table made");
        sql.run("alter table made rename to made3");
        sql.run("analyze table made3");
        reach(&shop, 10);
        let said = syncc.stderr();
        shop.wait_status(&mut syncc, "the messages are counted", |status| {
            status.tasks[0].counters.ddl_sent == 11
        });
        shop.stop(&mut syncc);
        let records = wait_records(&shop, &topic(&shop), 11);
        assert!(records.iter().all(|record| record.partition == 0 && record.key.is_none()));
        let expected = [
            "CREATE DB.made: create table made (id int primary key, a int)",
            "ALTER DB.made: alter table made add column b int default 7 /* note */, add index (a)",
            "CINDEX DB.made: alter table made add unique u (b)",
            "CINDEX DB.made: create index i on made (a, b)",
            "DINDEX DB.made: drop index i on made",
            "CREATE DB.copy: create table copy like made",
            "CREATE DB.other: create table other (id int primary key)",
            "RENAME DB.third: rename table other to third",
            "ERASE DB.third: DROP TABLE `third`,`copy` /* generated by server */",
            "TRUNCATE DB.made: truncate table made",
            "RENAME DB.made3: alter table made rename to made3",
        ];
        assert_eq!(shown(&shop, &records), expected, "{kind:?}");
        assert!(!said.contains("c4n4ry-pw"), "{said}");
    }
}

/// Names in every place of a statement are those of messages; columns that are not sent and defaults of masked ones are in none.
#[test]
fn names_are_those_of_messages() {
    for kind in KINDS {
        let rules = "  rename database DB to commerce\n  rename table DB.made to lines\n  rename column DB.made.a to x\n  \
                     table DB.made {\n    columns except hid\n    mask secret with null\n  }\n  headers schema\n";
        let mut shop = shop("ddlnames", kind, "", rules);
        shop.text.topic = "PREFIX.{origin.table}".into();
        let mut syncc = shop.run();
        let mut sql = shop.sql();
        let db = shop.db.clone();
        sql.run("create table made (id int primary key, a int, hid int, key k (hid), key (a))");
        sql.run("alter table made add hid2 int, add b int after a, add secret varchar(9) default 'c4n4ry', drop column hid");
        sql.run("alter table made drop column hid2, add hid int");
        sql.run("alter table made drop column hid");
        sql.run(&format!("alter table {db}.made change a a2 int, add c int as (a2 + 1)"));
        sql.run("insert into made (id, a2) values (1, 1)");
        reach(&shop, 10);
        shop.stop(&mut syncc);
        let records = wait_records(&shop, &topic(&shop), 4);
        let expected = [
            "CREATE commerce.lines: create table `lines` (id int primary key, `x` int, key (`x`))",
            "ALTER commerce.lines: alter table `lines` add hid2 int, add b int after `x`, add secret varchar(9)",
            "ALTER commerce.lines: alter table `lines` drop column hid2",
            "ALTER commerce.lines: alter table `commerce`.`lines` change `x` a2 int, add c int as (a2 + 1)",
        ];
        let found: Vec<String> =
            shown(&shop, &records).iter().map(|line| line.trim_end().to_owned()).collect();
        assert_eq!(found, expected, "{kind:?}");

        // rows are written with the columns of the last statement
        let number = |record: &Received| {
            let found = record.headers.iter().find(|(name, _)| name == "schema").expect("a schema");
            String::from_utf8_lossy(&found.1).parse::<u32>().expect("a number")
        };
        let numbers: Vec<u32> = records.iter().map(number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        let rows = wait_records(&shop, &format!("{}.made", shop.prefix), 1);
        assert_eq!(number(&rows[0]), numbers[3]);
    }
}

/// In one topic of one partition, what separates commits takes an offset of its own.
#[test]
fn commits_stand_around_a_schema_change() {
    let mut shop = Shop::new("ddlorder", MySql::shared(Kind::MySql9_7), Kafka::shared());
    shop.text.topic_block = "    partitions 1\n".into();
    // nothing but a schema change ends a commit for a long time
    shop.text.rules = "  start snapshot {\n    schema off\n  }\n  ddl {\n    topic same\n  }\n  commit every 1m, 100_000 rows, 64MiB\n".into();
    let mut syncc = shop.run();
    shop.stop(&mut syncc);
    let mut sql = shop.sql();
    sql.run("insert into items values (4, 'a'); insert into items values (5, 'b')");
    sql.run("alter table items add x int");
    sql.run("insert into items values (6, 'c', 1); insert into items values (7, 'd', 1)");
    sql.run("truncate table items; insert into items values (8, 'e', 1)");
    let mut syncc = shop.run();
    let records = wait_records(&shop, &format!("{}.items", shop.prefix), 10);
    shop.stop(&mut syncc);
    let kinds: Vec<(String, i64)> = records[3..]
        .iter()
        .map(|record| (json(record)["type"].as_str().expect("a type").to_owned(), record.offset))
        .collect();
    let words: Vec<&str> = kinds.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words, ["INSERT", "INSERT", "ALTER", "INSERT", "INSERT", "TRUNCATE", "INSERT"]);
    let apart: Vec<bool> = kinds.windows(2).map(|pair| pair[1].1 > pair[0].1 + 1).collect();
    assert_eq!(apart, [false, true, true, false, true, true], "{kinds:?}");
}

#[test]
fn a_crash_sends_a_schema_change_once() {
    for kind in KINDS {
        let shop = shop("ddlcrash", kind, "", "");
        let mut syncc = shop.run();
        shop.stop(&mut syncc);
        let mut sql = shop.sql();
        sql.run("insert into items values (4, 'a'); alter table items add x int; insert into items values (5, 'b', 1)");
        let mut syncc =
            shop.project.start_with(&["run", "--log", "json"], &[("FAILPOINTS", "ddl.produced=return")]);
        wait::until("the process ends in the middle of it", 60, || {
            if syncc.runs() { Err("it runs".to_owned()) } else { Ok(()) }
        });
        assert_eq!(shop.kafka.consume(&topic(&shop), Isolation::ReadCommitted), [], "nothing was committed");
        let mut syncc = shop.start(&["--takeover"]);
        reach_again(&shop, 5);
        shop.stop(&mut syncc);
        let found = shown(&shop, &wait_records(&shop, &topic(&shop), 1));
        assert_eq!(found, ["ALTER DB.items: alter table items add x int"]);
        assert_eq!(shop.ids("items"), [1, 2, 3, 4, 5]);
    }
}

#[track_caller]
fn reach_again(shop: &Shop<'_>, id: i64) {
    wait::until("the last row", 60, || {
        let ids = shop.ids("items");
        if ids.contains(&id) { Ok(()) } else { Err(format!("{ids:?}")) }
    });
}

#[test]
fn what_is_denied_is_passed_over_or_holds_the_task() {
    let ddl = "    allow alter-table\n    deny drop-column\n    on-deny skip\n";
    let mut shop = shop("ddldeny", Kind::MariaDb10_11, ddl, "");
    let mut syncc = shop.run();
    let mut sql = shop.sql();
    sql.run("create table made (id int primary key, a int, b int)");
    sql.run("alter table made add c int, drop column a");
    sql.run("alter table made add d int");
    reach(&shop, 10);
    let said = syncc.stderr();
    shop.stop(&mut syncc);
    let found = shown(&shop, &wait_records(&shop, &topic(&shop), 1));
    assert_eq!(found, ["ALTER DB.made: alter table made add d int"]);
    for word in ["schema.withheld", "`create-table` is denied or not allowed", "`drop-column` is denied"] {
        assert!(said.contains(word), "without {word}: {said}");
    }

    shop.text.rules = shop.text.rules.replace("on-deny skip", "on-deny stop");
    sql.run("insert into items values (11, 'a'); alter table made drop column b; insert into items values (12, 'b')");
    let said = shop.ends(&[], 25);
    assert!(said.contains("`on-deny stop` holds the task before it"), "{said}");
    assert!(!shop.ids("items").contains(&12));
    // it goes on where the file says otherwise
    shop.text.rules = shop.text.rules.replace("    deny drop-column\n", "");
    let mut syncc = shop.run();
    reach_again(&shop, 12);
    shop.stop(&mut syncc);
    let found = shown(&shop, &wait_records(&shop, &topic(&shop), 2));
    assert_eq!(found[1], "ALTER DB.made: alter table made drop column b");
}

#[test]
fn a_truncate_is_sent_told_or_holds_the_task() {
    for kind in KINDS {
        let mut shop = shop("ddltruncate", kind, "", "  truncate stop\n");
        let mut syncc = shop.run();
        let mut sql = shop.sql();
        sql.run("truncate table items");
        let said = finished(&mut syncc, 25);
        assert!(said.contains("`truncate stop` holds the task before it"), "{said}");
        shop.text.rules = shop.text.rules.replace("truncate stop", "truncate warn");
        let mut syncc = shop.run();
        reach(&shop, 10);
        let said = syncc.stderr();
        shop.stop(&mut syncc);
        assert!(said.contains("table.truncated"), "{said}");
        sql.run("create table parts (id int primary key) partition by hash (id) partitions 2");
        sql.run("alter table parts truncate partition p0");
        shop.text.rules = shop.text.rules.replace("truncate warn", "truncate stop");
        let said = shop.ends(&[], 25);
        assert!(said.contains("rows of") && said.contains("parts"), "{said}");
        let found = shown(&shop, &wait_records(&shop, &topic(&shop), 1));
        assert!(found[0].starts_with("CREATE DB.parts"), "{found:?}");
    }
}

/// One ALTER, one RENAME of two tables, one DROP, one TRUNCATE.
fn in_format(kind: Kind, format: &str, truncate: &str) -> (Shop<'static>, Vec<Received>, Vec<Received>) {
    let mut shop = shop("ddlformat", kind, "", "");
    shop.text.rules.push_str(&format!("  format {format}\n{truncate}"));
    let mut syncc = shop.run();
    let mut sql = shop.sql();
    sql.run("alter table items add column qty int unsigned");
    sql.run("create table a (id int primary key); create table b (id int primary key)");
    sql.run("rename table a to c, b to d; drop table d; truncate table items");
    sql.run("insert into items values (10, 'x', 1)");
    let rows = format!("{}.items", shop.prefix);
    wait::until("the last row", 60, || {
        let n = shop.kafka.consume(&rows, Isolation::ReadCommitted).len();
        let expected = if truncate.contains("emit") && format.starts_with("debezium") { 5 } else { 4 };
        if n >= expected { Ok(()) } else { Err(format!("{n} records")) }
    });
    shop.stop(&mut syncc);
    let records = shop.kafka.consume(&topic(&shop), Isolation::ReadCommitted);
    let rows = shop.kafka.consume(&rows, Isolation::ReadCommitted);
    (shop, records, rows)
}

#[test]
fn json_messages() {
    for kind in KINDS {
        let (shop, records, _) = in_format(kind, "json", "  truncate emit\n");
        let messages: Vec<Value> = records.iter().map(json).collect();
        let kinds: Vec<String> = messages.iter().map(|message| message["kinds"].to_string()).collect();
        let expected = [
            "[\"add-column\"]",
            "[\"create-table\"]",
            "[\"create-table\"]",
            "[\"rename-table\"]",
            "[\"drop-table\"]",
            "[\"truncate\"]",
        ];
        assert_eq!(kinds, expected);
        assert_eq!(messages[0]["database"], shop.db.as_str());
        assert_eq!(messages[0]["sql"], "alter table items add column qty int unsigned");
        assert_eq!(messages[3]["sql"], "rename table a to c, b to d");
        assert_eq!(messages[3]["table"], "c");
        assert!(messages.iter().all(|message| message["gtid"].is_string() && message["schema"].is_u64()));
    }
}

#[test]
fn maxwell_messages() {
    for kind in KINDS {
        let (_, records, _) = in_format(kind, "maxwell-json", "");
        let messages: Vec<Value> = records.iter().map(json).collect();
        let shown: Vec<String> = messages
            .iter()
            .map(|message| {
                let def = message["def"]["table"].as_str().unwrap_or("-");
                format!(
                    "{} {} {def}",
                    message["type"].as_str().unwrap_or("?"),
                    message["table"].as_str().unwrap_or("?")
                )
            })
            .collect();
        let expected = [
            "table-alter items items",
            "table-create a a",
            "table-create b b",
            "table-alter a c",
            "table-alter b d",
            "table-drop d -",
        ];
        assert_eq!(shown, expected, "{kind:?}");
        let columns = |definition: &Value| definition["columns"].as_array().expect("columns").len();
        assert_eq!((columns(&messages[0]["old"]), columns(&messages[0]["def"])), (2, 3));
        let added = &messages[0]["def"]["columns"][2];
        assert_eq!(*added, serde_json::json!({"type": "int", "name": "qty", "signed": false}));
        assert_eq!(messages[3]["sql"], "rename table a to c");
    }
}

#[test]
fn debezium_messages() {
    for kind in KINDS {
        let (shop, records, rows) = in_format(kind, "debezium-json", "  truncate emit\n");
        let messages: Vec<Value> = records.iter().map(json).collect();
        let shown: Vec<String> = messages
            .iter()
            .map(|message| {
                let change = &message["tableChanges"][0];
                let id = change["id"].as_str().unwrap_or("?").replace(&shop.db, "DB");
                format!("{} {id}", change["type"].as_str().unwrap_or("?"))
            })
            .collect();
        let table = |name: &str| format!("\"DB\".\"{name}\"");
        let expected = [
            format!("ALTER {}", table("items")),
            format!("CREATE {}", table("a")),
            format!("CREATE {}", table("b")),
            format!("ALTER {}", table("c")),
            format!("ALTER {}", table("d")),
            format!("DROP {}", table("d")),
        ];
        assert_eq!(shown, expected, "{kind:?}");
        let key = String::from_utf8(records[0].key.clone().expect("a key")).expect("text");
        assert_eq!(key, format!("{{\"databaseName\":\"{}\"}}", shop.db));
        assert_eq!(messages[0]["tableChanges"][0]["table"]["columns"][2]["typeName"], "INT UNSIGNED");
        // among the rows, before the one that came behind it
        let ops: Vec<String> =
            rows.iter().map(|row| json(row)["op"].as_str().expect("an op").to_owned()).collect();
        assert_eq!(ops, ["r", "r", "r", "t", "c"]);
        assert!(rows[3].key.is_none() && json(&rows[3])["after"].is_null());
    }
}

#[test]
fn dts_messages() {
    let (shop, records, _) = in_format(Kind::MySql9_7, "dts-avro", "");
    let texts: Vec<String> = records
        .iter()
        .map(|record| String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned())
        .collect();
    let expected = [
        "alter table items add column qty int unsigned",
        "create table a",
        "create table b",
        "rename table a to c, b to d",
        "DROP TABLE `d`",
        "truncate table items",
    ];
    assert_eq!(texts.len(), expected.len());
    for (text, statement) in texts.iter().zip(expected) {
        assert!(text.contains(statement) && text.contains(&shop.db), "{text}");
    }
}

/// Databases have messages of their own, in a topic of their own only.
#[test]
fn databases() {
    let mut shop = shop("ddldb", Kind::MySql9_7, "", "");
    shop.text.include = "DB.*, DB_*.*".into();
    let mut syncc = shop.run();
    let db = shop.db.clone();
    shop.sql().run(&format!(
        "create database {db}_two character set latin1; create database other_{db}; drop database other_{db}"
    ));
    shop.sql().run(&format!("alter database {db}_two character set utf8mb4; drop database {db}_two"));
    reach(&shop, 10);
    shop.stop(&mut syncc);
    let found = shown(&shop, &wait_records(&shop, &topic(&shop), 3));
    let expected = [
        "QUERY DB_two.: create database DB_two character set latin1",
        "QUERY DB_two.: alter database DB_two character set utf8mb4",
        "QUERY DB_two.: drop database DB_two",
    ];
    assert_eq!(found, expected);
}

/// What a tool does to its copy of a table is one ALTER TABLE of the table, where the copy takes its place.
#[test]
fn a_change_by_a_tool_is_one_statement() {
    for kind in KINDS {
        let rules = "  rename table DB.items to lines\n";
        let mut shop = shop("ddlonline", kind, "", rules);
        shop.text.topic = "PREFIX.{origin.table}".into();
        let mut syncc = shop.run();
        let mut sql = shop.sql();
        // as gh-ost does
        sql.run("create table _items_gho like items; alter table _items_gho add column x int, add index (x)");
        sql.run("insert into _items_gho (id, name) select id, name from items");
        sql.run("create table _items_del (id int primary key); drop table _items_del");
        sql.run("rename table items to _items_del, _items_gho to items; drop table _items_del");
        // as pt-online-schema-change does
        sql.run(
            "create table _items_new like items; alter table _items_new drop column x, add y int default 3",
        );
        sql.run("rename table items to _items_old, _items_new to items; drop table if exists _items_old");
        // one is killed in between, one ends in between; both know the rest from the state
        sql.run("create table _items_new like items; alter table _items_new add z int");
        reach_with(&shop, "insert into items (id) values (10)", 10);
        syncc.signal(rustix::process::Signal::KILL);
        assert_ne!(syncc.wait(60), Some(0));
        let mut syncc = shop.start(&["--takeover"]);
        sql.run("alter table _items_new add u int");
        reach_with(&shop, "insert into items (id) values (11)", 11);
        shop.stop(&mut syncc);
        let mut syncc = shop.run();
        sql.run("rename table items to _items_old, _items_new to items; drop table if exists _items_old");
        // one that is given up, and made again
        sql.run(
            "create table _items_new like items; alter table _items_new add w int; drop table _items_new",
        );
        sql.run("create table _items_new like items; alter table _items_new drop u");
        sql.run("rename table items to _items_old, _items_new to items; drop table if exists _items_old");
        reach_with(&shop, "insert into items (id) values (12)", 12);
        // one that goes on under other files
        sql.run("create table _items_new like items; alter table _items_new add v int");
        reach_with(&shop, "insert into items (id) values (13)", 13);
        shop.edit(|text| text.rules.push_str("  commit every 200ms\n"));
        shop.wait_status(&mut syncc, "the files are active", |status| status.tasks[0].generation == 2);
        sql.run("rename table items to _items_old, _items_new to items; drop table if exists _items_old");
        reach_with(&shop, "insert into items (id) values (14)", 14);
        let said = syncc.stderr();
        shop.stop(&mut syncc);
        let found = shown(&shop, &wait_records(&shop, &topic(&shop), 4));
        let expected = [
            "ALTER DB.lines: ALTER TABLE `lines` add column x int, add index (x)",
            "ALTER DB.lines: ALTER TABLE `lines` drop column x, add y int default 3",
            "ALTER DB.lines: ALTER TABLE `lines` add z int, add u int",
            "ALTER DB.lines: ALTER TABLE `lines` drop u",
        ];
        assert_eq!(found, expected, "{kind:?}");
        assert!(said.contains("the files were changed while a tool worked on it"), "{said}");
    }
}

/// A change that began before the first start is not known, and told.
#[test]
fn a_change_by_a_tool_that_began_before_is_withheld() {
    let shop = shop("ddlbegan", Kind::MariaDb10_11, "", "");
    let mut sql = shop.sql();
    sql.run("create table _items_new like items; alter table _items_new add z int");
    let mut syncc = shop.run();
    sql.run("rename table items to _items_old, _items_new to items; drop table if exists _items_old");
    reach_with(&shop, "insert into items (id) values (11)", 11);
    let said = syncc.stderr();
    shop.stop(&mut syncc);
    assert!(said.contains("a tool began to change it before"), "{said}");
}

/// The tool itself: one message each time it runs. (It refuses MySQL 8.0.15 for a bug of that server.)
#[test]
fn pt_online_schema_change_is_one_message() {
    let tool = installed("percona-toolkit").join("pt-online-schema-change");
    for kind in [Kind::MySql9_7, Kind::MySql5_7, Kind::MariaDb10_11, Kind::MariaDb11_8] {
        let shop = shop("ddltool", kind, "", "");
        let mut syncc = shop.run();
        let alters = ["add column x int after id", "drop column x, add key by_name (name(8))"];
        for (alter, id) in alters.into_iter().zip([4, 5]) {
            let place = format!("h=127.0.0.1,P={},u=root,D={},t=items", shop.mysql.port(), shop.db);
            let output = Command::new(&tool)
                .args(["--alter", alter, "--execute", "--no-check-replication-filters"])
                .args(["--recursion-method=none", "--charset=utf8mb4", &place])
                .output()
                .expect("perl is installed");
            assert!(output.status.success(), "{kind:?}: {output:?}");
            reach_with(&shop, &format!("insert into items (id) values ({id})"), id);
        }
        let said = syncc.stderr();
        shop.stop(&mut syncc);
        let found = shown(&shop, &wait_records(&shop, &topic(&shop), 2));
        let expected = alters.map(|alter| format!("ALTER DB.items: ALTER TABLE `items` {alter}"));
        assert_eq!(found, expected, "{kind:?}: {said}");
        assert_eq!(shop.ids("items"), [1, 2, 3, 4, 5], "the copy's rows are those of the table");
    }
}

#[track_caller]
fn reach_with(shop: &Shop<'_>, statement: &str, id: i64) {
    shop.sql().run(statement);
    reach_again(shop, id);
}

/// The halves of the first load: tables and rows, each alone, both; a crash in the middle sends each once.
#[test]
fn tables_are_told_before_their_rows() {
    for kind in [Kind::MySql9_7, Kind::MariaDb10_11, Kind::MySql8_0, Kind::MySql5_7, Kind::MariaDb11_8] {
        for (half, n_tables, rows) in
            [("", 2, &[1, 2, 3][..]), ("    schema off\n", 0, &[1, 2, 3]), ("    data off\n", 2, &[])]
        {
            if !half.is_empty() && !KINDS.contains(&kind) {
                continue;
            }
            let mut shop = shop("ddlhalves", kind, "", "");
            let lines = "  rename table DB.items to lines\n  columns except secret\n";
            let block = format!("  start snapshot {{\n{half}  }}\n");
            shop.text.rules =
                shop.text.rules.replace("  start snapshot {\n    schema off\n  }\n", &block) + lines;
            shop.text.topic = "PREFIX.{origin.table}".into();
            shop.sql().run("alter table items add secret int default 7");
            shop.sql().run("create table other (id int primary key, name text comment 'a, b')");
            shop.save();
            // once before the first commit, once while rows are sent
            let points = [("ddl.produced", n_tables > 0), ("win.closing", !rows.is_empty())];
            for (point, _) in points.iter().filter(|(_, hit)| *hit) {
                let variables = format!("{point}=return");
                let mut syncc = shop
                    .project
                    .start_with(&["run", "--log", "json", "--takeover"], &[("FAILPOINTS", &variables)]);
                assert_ne!(syncc.wait(60), Some(0), "it ends in the middle");
            }
            let mut syncc = shop.start(&["--takeover"]);
            shop.wait_ids("items", rows);
            shop.wait_streaming(&mut syncc);
            let records = wait_records(&shop, &topic(&shop), n_tables);
            assert_eq!(shop.ids("items"), rows);
            shop.sql().run("alter table other add x int");
            reach_with(&shop, "insert into items (id) values (9)", 9);
            shop.stop(&mut syncc);
            wait_records(&shop, &topic(&shop), n_tables + 1);
            let found = shown(&shop, &records);
            if n_tables > 0 {
                assert!(found[0].starts_with("CREATE DB.lines: CREATE TABLE `lines` ("), "{found:?}");
                assert!(found[1].starts_with("CREATE DB.other: CREATE TABLE `other` ("), "{found:?}");
                assert!(!found[0].contains("secret") && found[1].contains("'a, b'"), "{found:?}");
            }
        }
    }
}
