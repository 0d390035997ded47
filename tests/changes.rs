//! Kinds of changes that are sent, and those that are left out.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::support::dice::Dice;
use crate::support::shop::Shop;
use crate::support::{Isolation, Kafka, Kind, MySql};

/// Type and id of every message of `items`, in order.
fn messages(shop: &Shop<'_>) -> Vec<String> {
    let records = shop.kafka.consume(&format!("{}.items", shop.prefix), Isolation::ReadCommitted);
    let shown = |text: String| {
        let message: Value = serde_json::from_str(&text).expect("JSON");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        format!("{} {}", text(&message["type"]), text(&message["data"][0]["id"]))
    };
    records.into_iter().map(|record| shown(record.text())).collect()
}

#[test]
fn other_kinds_are_left_out() {
    let mut shop = Shop::new("kinds", MySql::shared(Kind::MySql9_7), Kafka::shared());
    shop.text.rules = "  partition to 0\n  changes insert, update\n".to_owned();
    let mut syncc = shop.run();
    let mut sql = shop.sql();
    sql.run("update items set name = 'x' where id = 1; delete from items where id = 1");
    // one of the key is an update: both of its messages
    sql.run("update items set id = 9 where id = 2");
    shop.insert("items", &[10]);
    shop.wait_ids("items", &[1, 1, 2, 2, 3, 9, 10]);
    let found = messages(&shop);
    let stream = ["UPDATE 1", "DELETE 2", "INSERT 9", "INSERT 10"];
    assert_eq!(found, [&["INSERT 1", "INSERT 2", "INSERT 3"][..], &stream].concat());

    shop.edit(|text| text.rules = "  partition to 0\n  changes delete\n".to_owned());
    shop.wait_status(&mut syncc, "the edit counts", |status| status.generation == 2);
    shop.wait_streaming(&mut syncc);
    sql.run("insert into items values (11, ''); update items set name = 'y' where id = 3; delete from items where id = 3");
    shop.wait_ids("items", &[1, 1, 2, 2, 3, 3, 9, 10]);
    assert_eq!(messages(&shop).last().map(String::as_str), Some("DELETE 3"));
    shop.stop(&mut syncc);
}

#[test]
fn what_exists_comes_although_its_changes_do_not() {
    for kind in [Kind::MariaDb10_11, Kind::MySql9_7] {
        let mut shop = Shop::new("existing", MySql::shared(kind), Kafka::shared());
        let rows: Vec<String> = (4..=150).map(|id| format!("({id}, '')")).collect();
        shop.sql().run(&format!("insert into items values {}", rows.join(", ")));
        shop.text.rules = "  changes insert\n  start snapshot {\n    chunk 5 rows\n  }\n".to_owned();
        shop.save();
        let mut syncc = shop.start(&[]);
        let loaded = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (mut sql, mut dice) = (shop.sql(), Dice::part(3, 1));
                while !loaded.load(Ordering::Relaxed) {
                    sql.run(&format!(
                        "update items set name = concat(name, 'x') where id = {}",
                        1 + dice.below(150)
                    ));
                }
            });
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                shop.wait_streaming(&mut syncc);
            }));
            loaded.store(true, Ordering::Relaxed);
            outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        });
        shop.insert("items", &[151]);
        shop.wait_ids("items", &(1..=151).collect::<Vec<_>>());
        shop.stop(&mut syncc);
    }
}
