//! What becomes of single tables.

use super::super::*;
use super::{HEAD, HELLO, TAIL, check, decided, pipeline, plan};

#[test]
fn names_topics_and_levels() {
    let task = pipeline(
        r#"
include shop.*
include shop_[n:00..15].orders_[00..63]
include i18n./translations_(?<lang>[a-z]{2})/
exclude shop.tmp_*
rename database shop to commerce
rename database shop_[00..15] to shop
rename table shop.order_item to order_lines
rename table shop.`order notes` to order_notes
rename table i18n./translations_(?<lang>[a-z]{2})/ to "translations_{lang}"
rename column shop.customers.cust_no to customer_number
topic "{pipeline}.{db:upper}.{table}" {
  partitions 12
}
format canal-json {
  enum label
}
table shop_[n:00..15].orders_[00..63] {
  topic "orders_{n}" {
    cleanup compact
  }
  key origin, order_id
}
table shop.* {
  partition by table
}
table shop.price_* {
  partition by column product_id
  columns except internal_*, draft
}
table shop.log {
  key none
  partition to 3
  format canal-json {
    snapshot-op init
  }
}"#,
    );
    let orders = decided(&task, "shop", "orders");
    assert_eq!((orders.db.as_str(), orders.table.as_str()), ("commerce", "orders"));
    assert_eq!(orders.topic.as_str(), "shop.COMMERCE.orders");
    assert_eq!(orders.topic_settings.partitions, Some(12));
    assert_eq!(orders.partition, PartitionRule::ByTable);
    assert_eq!(decided(&task, "shop", "order_item").topic.as_str(), "shop.COMMERCE.order_lines");
    assert_eq!(decided(&task, "shop", "order notes").table, "order_notes");
    assert_eq!(decided(&task, "i18n", "translations_de").table, "translations_de");
    let shard = decided(&task, "shop_07", "orders_12");
    assert_eq!((shard.db.as_str(), shard.topic.as_str()), ("shop", "orders_07"));
    assert!(shard.tombstones);
    assert_eq!(shard.key, KeyRule::Columns { origin: true, columns: vec!["order_id".into()] });
    assert_eq!(shard.topic_settings.partitions, Some(12), "each option is a property of its own");
    let price = decided(&task, "shop", "price_eu");
    assert_eq!(price.partition, PartitionRule::ByColumns(vec!["product_id".into()]));
    assert!(matches!(price.columns, Some(ColumnRule::Except(ref columns)) if columns.len() == 2));
    let log = decided(&task, "shop", "log");
    assert_eq!((log.key, log.partition), (KeyRule::None, PartitionRule::To(3)));
    let crate::format::FormatPlan::CanalJson(options) = log.format else { panic!("{:?}", log.format) };
    assert!(options.enum_label && options.snapshot_init);
    assert_eq!(decided(&task, "shop", "customers").column_names.len(), 1);
    assert!(task.decide("shop", "tmp_x").expect("no error").is_none());
    assert!(task.decide("shop", "订单").is_err(), "no topic name");
}

#[test]
fn shadow_tables_are_left_out_of_patterns() {
    let selects = |lines: &str, table: &str| pipeline(lines).selects("shop", table);
    for shadow in ["_orders_gho", "_orders_20260920101500_del", "_orders_new", "__orders_old"] {
        assert!(!selects("include shop.*", shadow), "{shadow}");
        assert!(!selects("include shop.*, shop._*", shadow), "{shadow}");
        assert!(selects("include shop.*\nonline-ddl off", shadow), "{shadow}");
        assert!(selects(&format!("include shop.*, shop.{shadow}"), shadow), "{shadow} is named");
    }
    assert!(selects("include shop.*\nexclude shop.orders", "_orders_gho"), "of nothing that is sent");
    assert!(selects("include shop.*\nonline-ddl gh-ost", "_orders_new"), "of the other tool");
    assert!(!selects("include shop.*\nonline-ddl gh-ost", "_orders_gho"));
    assert!(selects("include shop.*", "_orders_tmp"), "no form of theirs");

    let task = pipeline("include shop.*");
    assert!(task.is_copy("shop", "_orders_gho", "orders") && task.is_copy("shop", "__orders_new", "orders"));
    assert!(!task.is_copy("shop", "_orders_del", "orders") && !task.is_copy("shop", "_items_gho", "orders"));
    assert!(!pipeline("include shop.*\nonline-ddl off").is_copy("shop", "_orders_gho", "orders"));
}

#[test]
fn one_decider_serves_many_tables() {
    let task = pipeline(
        "include shop_[00..15].orders_[00..63]\ntable shop_[n:00..15].orders_[00..63] {\ntopic \"o_{n}\"\n}\n\
         table shop_*.orders_* {\nkey none\n}\ntable shop_0?.* {\npartition to 1\n}",
    );
    let decider = Decider::new(&task).expect("patterns");
    for (db, table) in (0..16).flat_map(|db| (0..64).map(move |table| (db, table))) {
        let decision = decider.decide(&format!("shop_{db:02}"), &format!("orders_{table:02}"));
        let decision = decision.expect("a decision").expect("selected");
        assert_eq!((decision.topic.as_str(), decision.key), (format!("o_{db:02}").as_str(), KeyRule::None));
        assert_eq!(decision.partition == PartitionRule::To(1), db < 10);
    }
}

#[test]
fn options_are_those_of_their_format() {
    check("format debezium-json {\nnulls omit\n}", "2:1 S0014 `nulls` is no option of `debezium-json`");
    check("format json {\nnulls\n}", "2:1 S0015 `nulls` lacks `write` or `omit` at its end");
    check(
        "format json {\ndecimal precise\n}",
        "2:9 S0015 `decimal` takes `number` or `string` here, not `precise`",
    );
    check("format maxwell-json {\nenum label\n}", "2:1 S0014 `enum` is no option of `maxwell-json`");
    check("format canal-json {\nenumm label\n}", "2:1 S0013 `enumm` is no statement; did you mean `enum`?");
    check("format dts-avro {\nheartbeat every 1ms\n}", "2:17 S0018 `1ms` is out of range: 1s to 1d");
    // The near word is one of another format.
    check("format json {\nsubjct topic\n}", "2:1 S0013 `subjct` is no statement; did you mean `subject`?");
}

#[test]
fn an_option_counts_for_its_format() {
    let text = HELLO
        .replace("\"kafka1:9092\"", "\"kafka1:9092\" {\nregistry \"https://r\"\n}")
        .replace("include shop.*", "include shop.*\nformat json {\ndecimal string\n}\ntable shop.a {\nformat avro\n}\ntable shop.b {\nformat json {\nnulls omit\n}\n}");
    let task = plan(&[&text]).tasks.remove(0);
    let format = |table: &str| format!("{:?}", decided(&task, "shop", table).format);
    assert_eq!(
        format("a"),
        "Avro(AvroOptions { subject: Topic, compatibility: None, bigint_unsigned: Decimal, decimal: Decimal, enum_form: Label })"
    );
    let json = |nulls: bool| {
        format!(
            "Json(JsonOptions {{ omit_nulls: {nulls}, decimal: String, binary: Base64, enum_form: Label }})"
        )
    };
    assert_eq!((format("b"), format("c")), (json(true), json(false)));
}

#[test]
fn an_option_of_a_profile_counts_for_its_format() {
    let text = format!(
        "{HEAD}profile p {{\nformat avro {{\ndecimal string\nsubject record\n}}\n}}\n\
         pipeline shop from shop to bus {{\ninclude shop.*\ntable shop.a {{\nwith p\nformat json\n}}\n\
         table shop.b {{\nwith p\nformat avro {{\nsubject topic\n}}\n}}\n}}\n{TAIL}"
    );
    let text = text
        .replace("target bus kafka \"kafka1\"", "target bus kafka \"kafka1\" {\nregistry \"https://r\"\n}");
    let plan = plan(&[&text]);
    let format = |table: &str| format!("{:?}", decided(&plan.tasks[1], "shop", table).format);
    assert_eq!(
        format("a"),
        "Json(JsonOptions { omit_nulls: false, decimal: Number, binary: Base64, enum_form: Label })"
    );
    assert_eq!(
        format("b"),
        "Avro(AvroOptions { subject: Topic, compatibility: None, bigint_unsigned: Decimal, decimal: String, enum_form: Label })"
    );
}

#[test]
fn kept_patterns_are_those_of_the_task_asked_about() {
    let (one, other) = (pipeline("include shop.a"), pipeline("include shop.b"));
    for _ in 0..2 {
        assert!(one.selects("shop", "a") && !one.selects("shop", "b"));
        assert!(other.selects("shop", "b") && !other.selects("shop", "a"));
    }
}
