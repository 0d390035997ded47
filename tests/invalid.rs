//! Values for which a format has no words (`on-invalid-value`).

use serde_json::{Value, json};

use crate::support::shop::{CANARY, SOON, Shop, error};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};

/// A shop whose rows can hold what `debezium-json` cannot say.
fn shop(name: &str, kind: Kind) -> Shop<'static> {
    let mut shop = Shop::new(name, MySql::shared(kind), Kafka::shared());
    shop.sql().run("alter table items add day date, add big bigint unsigned, add at timestamp null");
    shop.text.topic_block = "    partitions 1\n".to_owned();
    shop
}

/// Statements of a pipeline in this format.
fn rules(more: &str) -> String {
    format!("  format debezium-json\n  commit every 50ms\n{more}")
}

/// A row with these values; the server takes them as people have set it up who have such rows.
fn insert(shop: &Shop<'_>, id: u32, values: &str) {
    let mut sql = shop.sql();
    sql.run("set sql_mode = '', time_zone = '+00:00'");
    sql.run(&format!("insert into items values ({id}, '{CANARY} {id}', {values})"));
}

/// Waits for so many messages; the rows in them behind their change.
#[track_caller]
fn wait_rows(shop: &Shop<'_>, n: usize) -> Vec<Value> {
    let topic = format!("{}.items", shop.prefix);
    wait::until(&format!("{n} messages"), SOON, || {
        let records = shop.kafka.consume(&topic, Isolation::ReadCommitted);
        assert!(records.len() <= n, "{} messages", records.len());
        if records.len() < n {
            return Err(format!("{} so far", records.len()));
        }
        let row = |text: String| serde_json::from_str::<Value>(&text).expect("JSON")["after"].clone();
        Ok(records.iter().map(|record| row(record.text())).collect())
    })
}

#[test]
fn something_else_is_sent_and_counted_or_the_task_stops() {
    for kind in [Kind::MySql9_7, Kind::MariaDb10_11] {
        let mut shop = shop("invalid", kind);
        shop.text.rules = rules("");
        let mut syncc = shop.run();
        insert(&shop, 4, "'0000-00-00', 18446744073709551615, '0000-00-00'");
        let rows = wait_rows(&shop, 4);
        let told = json!([rows[3]["day"], rows[3]["big"], rows[3]["at"]]);
        assert_eq!(told, json!([null, -1, null]), "{kind:?}");
        let status = shop.wait_status(&mut syncc, "they are counted", |status| {
            let counters = &status.tasks[0].counters;
            (counters.dates_mapped, counters.numbers_mapped) == (2, 1)
        });
        assert_eq!(status.tasks[0].counters.text_replaced, 0);

        // An edit counts from the next transaction on; what the format can say goes on.
        shop.edit(|text| text.rules = rules("  on-invalid-value stop\n"));
        shop.wait_status(&mut syncc, "the edit counts", |status| status.tasks[0].generation == 2);
        insert(&shop, 5, "'2026-02-28', 9223372036854775807, '2026-02-28'");
        wait_rows(&shop, 5);
        insert(&shop, 6, "'2026-02-00', 1, null");
        assert_eq!(syncc.wait(SOON), Some(25), "{}", syncc.stderr());
        let said = error(&syncc.stderr());
        let column = "column `day` holds a date that no calendar has";
        assert!(said.contains(column) && said.contains(&format!("{}.items", shop.db)), "{said}");
        // A restart meets it again, and nothing was sent in its place.
        let said = error(&shop.ends(&[], 25));
        assert!(said.contains(column), "{said}");
        wait_rows(&shop, 5);

        // Sent after all, by rule of the table.
        shop.text.rules =
            rules("  on-invalid-value stop\n  table DB.items {\n    on-invalid-value map\n  }\n");
        let mut syncc = shop.run();
        assert_eq!(wait_rows(&shop, 6)[5]["day"], Value::Null);
        shop.stop(&mut syncc);
    }
}

#[test]
fn its_row_is_told_of_where_rows_are_that_cannot_be_sent() {
    let mut shop = shop("invaliddead", Kind::MySql9_7);
    let dead = format!("{}.dead", shop.prefix);
    // An existing row, too.
    insert(&shop, 4, "null, 18446744073709551615, null");
    shop.text.rules = rules(&format!("  on-invalid-value stop\n  on-error dead-letter \"{dead}\"\n"));
    let mut syncc = shop.run();
    wait_rows(&shop, 3);
    insert(&shop, 5, "null, null, '0000-00-00'");
    insert(&shop, 6, "null, 1, null");
    wait_rows(&shop, 4);
    let letters = wait::until("two letters", SOON, || {
        let records = shop.kafka.consume(&dead, Isolation::ReadCommitted);
        if records.len() == 2 { Ok(records) } else { Err(format!("{} letters", records.len())) }
    });
    // They may stand in two partitions.
    let mut letters = letters;
    letters.sort_by(|a, b| a.key.cmp(&b.key));
    for (letter, (key, what)) in letters.iter().zip([
        ("{\"id\":4}", "column `big` holds a number above 2⁶³ − 1"),
        ("{\"id\":5}", "column `at` holds a date that no calendar has"),
    ]) {
        assert_eq!(letter.key.as_deref(), Some(key.as_bytes()));
        let letter: Value = serde_json::from_str(&letter.text()).expect("a letter is JSON");
        assert_eq!(letter["reason"], "unwritable", "{letter}");
        assert!(letter["error"].as_str().is_some_and(|text| text.contains(what)), "{letter}");
    }
    shop.stop(&mut syncc);
}
