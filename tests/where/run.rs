//! Filtered tables from a real server to Kafka: existing rows, changes across the border, another condition, one that does not fit.

use crate::support::shop::{SOON, Shop, error};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};
use serde_json::Value;
use syncc::control::TaskState;

/// A shop whose table `orders` is sent where orders are paid.
fn shop(name: &str, mysql: &'static MySql) -> Shop<'static> {
    let mut shop = Shop::new(name, mysql, Kafka::shared());
    shop.sql().run(
        "create table orders (id int primary key, status varchar(20) character set latin1, amount decimal(10,2) not null)",
    );
    shop.text.include = "DB.orders".to_owned();
    shop.text.topic_block = "    partitions 1\n".to_owned();
    shop.text.rules =
        "  table DB.orders {\n    where status = 'paid'\n    where amount > 0.5\n  }\n".to_owned();
    shop
}

/// Messages of the topic of `table`, each as its type and ids.
fn messages(shop: &Shop<'_>, table: &str) -> Vec<String> {
    let records = shop.kafka.consume(&format!("{}.{table}", shop.prefix), Isolation::ReadCommitted);
    let shown = records.iter().map(|record| {
        let message: Value = serde_json::from_str(&record.text()).expect("canal-json is JSON");
        let rows = message["data"].as_array().expect("a message of rows has them");
        let ids: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
        format!("{} {}", message["type"].as_str().expect("a type"), ids.join(" "))
    });
    shown.collect()
}

/// Waits until the topic of `table` holds these messages.
#[track_caller]
fn wait_messages(shop: &Shop<'_>, table: &str, expected: &[&str]) {
    wait::until(&format!("messages of {table}"), SOON, || {
        let messages = messages(shop, table);
        assert!(messages.len() <= expected.len(), "more messages than expected: {messages:?}");
        if messages == expected { Ok(()) } else { Err(format!("{messages:?}")) }
    });
}

fn the_border(mysql: &'static MySql, name: &str) {
    let mut shop = shop(name, mysql);
    // without a key all rows are read at one place
    shop.sql().run("create table notes (id int, text varchar(20))");
    shop.text.include = "DB.orders, DB.notes".to_owned();
    shop.text.rules += "  table DB.notes {\n    key none\n    where id between 2 and 3\n  }\n";
    shop.sql().run(
        "insert into orders values (1, 'paid', 10), (2, 'new', 10), (3, null, 10), (4, 'PAID ', 0.51), (5, 'paid', 0.5);
         insert into notes values (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')",
    );
    let mut syncc = shop.run();
    assert_eq!(messages(&shop, "orders"), ["INSERT 1", "INSERT 4"]);
    assert_eq!(messages(&shop, "notes"), ["INSERT 2", "INSERT 3"]);
    let mut sql = shop.sql();
    for statement in [
        "insert into orders values (6, 'paid', 1), (7, 'new', 1)",
        "update orders set status = 'sent' where id = 1",
        "update orders set status = 'paid' where id in (2, 3)",
        "update orders set amount = 20 where id = 4",
        "update orders set amount = 2 where id = 7",
        "delete from orders where id in (6, 7)",
        "update orders set id = 40 where id = 4",
        "update orders set id = 20, status = null where id = 2",
        "update orders set id = 50, amount = 5 where id = 5",
        "delete from notes where id = 1",
        "update notes set id = 9 where id = 2",
    ] {
        sql.run(statement);
    }
    let expected = [
        "INSERT 1",
        "INSERT 4",
        "INSERT 6",
        "DELETE 1",
        "INSERT 2",
        "INSERT 3",
        "UPDATE 4",
        "DELETE 6",
        "DELETE 4",
        "INSERT 40",
        "DELETE 2",
        "INSERT 50",
    ];
    wait_messages(&shop, "orders", &expected);
    wait_messages(&shop, "notes", &["INSERT 2", "INSERT 3", "DELETE 2"]);
    shop.stop(&mut syncc);
}

#[test]
fn rows_cross_the_border_of_a_filter() {
    the_border(MySql::shared(Kind::MariaDb10_11), "border");
}

#[test]
fn rows_cross_the_border_of_a_filter_from_mysql() {
    the_border(MySql::shared(Kind::MySql9_7), "borders");
}

#[test]
fn another_condition_holds_from_the_edit_on() {
    let mut shop = shop("another", MySql::shared(Kind::MariaDb10_11));
    shop.sql().run("insert into orders values (1, 'paid', 1), (2, 'sent', 1)");
    let mut syncc = shop.run();
    shop.edit(|text| text.rules = text.rules.replace("= 'paid'", "in ('paid', 'sent')"));
    shop.wait_status(&mut syncc, "the edit counts", |status| status.generation == 2);
    shop.wait_streaming(&mut syncc);
    shop.sql().run("insert into orders values (3, 'sent', 1), (4, 'new', 1), (5, 'paid', 1)");
    wait_messages(&shop, "orders", &["INSERT 1", "INSERT 3", "INSERT 5"]);
    let said = syncc.stderr();
    assert!(said.contains("generation 2 prepared: where changed"), "{said}");
    shop.stop(&mut syncc);
}

#[test]
fn a_condition_that_does_not_fit_stops_the_start() {
    let mut shop = shop("misfit", MySql::shared(Kind::MariaDb10_11));
    for (condition, said) in [
        ("stauts = 'paid'", "there is no column `stauts`"),
        ("amount > '0'", "column `amount` is decimal(10,2), and is compared with a text"),
    ] {
        shop.text.rules = format!("  table DB.orders {{\n    where {condition}\n  }}\n");
        let output = shop.ends(&[], 20);
        let error = error(&output);
        assert!(error.contains("S0219") && error.contains(said), "{condition}: {error}\nof: {output}");
    }
}

/// `time-zone` of the source: what a session in that zone selects is sent, of existing rows and of the log.
#[test]
fn texts_are_in_the_zone_of_the_source() {
    let mut shop = Shop::new("zone", MySql::shared(Kind::MySql9_7), Kafka::shared());
    let mut sql = shop.sql();
    // in Berlin clocks go from 02:00 to 03:00 at 01:00 of UTC, and back at 01:00
    sql.run(
        "set time_zone = '+00:00';
         create table t (id int primary key, name text, at timestamp(3) not null);
         insert into t values (1, 'c4n4ry', '2024-03-31 00:59:59.999'), (2, 'c4n4ry', '2024-03-31 01:00:00'),
             (3, 'c4n4ry', '2024-10-27 02:59:59.999'), (4, 'c4n4ry', '2024-10-27 03:00:00')",
    );
    shop.text.include = "DB.t".to_owned();
    shop.text.source = "  time-zone \"Europe/Berlin\"\n".to_owned();
    let rules = |from: &str| {
        format!("  table DB.t {{\n    where at >= '{from}' and at < '2024-10-27 04:00:00'\n  }}\n")
    };
    for (from, why) in [("2024-03-31 02:30:00", "never show"), ("2024-10-27 02:30:00", "show twice")] {
        shop.text.rules = rules(from);
        let said = shop.ends(&[], 20);
        let told = error(&said);
        assert!(told.contains("S0219") && told.contains(why), "{said}");
    }
    shop.text.rules = rules("2024-03-31 03:00:00");
    let mut syncc = shop.run();
    shop.wait_ids("t", &[2, 3]);
    sql.run(
        "insert into t values (5, 'c4n4ry', '2024-03-31 00:59:59'), (6, 'c4n4ry', '2024-03-31 01:00:01')",
    );
    shop.wait_ids("t", &[2, 3, 6]);

    // without it the same texts are in UTC
    shop.edit(|text| text.source.clear());
    shop.wait_status(&mut syncc, "the task goes by the edit", |status| {
        status.tasks[0].generation == 2 && status.tasks[0].state == TaskState::Streaming
    });
    sql.run(
        "insert into t values (7, 'c4n4ry', '2024-03-31 02:59:59'), (8, 'c4n4ry', '2024-03-31 03:00:00')",
    );
    shop.wait_ids("t", &[2, 3, 6, 8]);
    shop.stop(&mut syncc);
}
