//! What is told of topics.

use super::super::tests::{files, shown};
use super::*;
use crate::plan::compile_files;

const HEAD: &str = "edition 2026\nsource shop mysql \"db1\" {\npassword env P\n}\n\
    target bus kafka \"kafka1\"\npipeline shop from shop to bus {\n";

fn explained(lines: &str, known: &[(&str, &str)], topic: &str) -> Vec<TopicUse> {
    let text = format!("{HEAD}{lines}}}\n");
    let files = files(&[&text]);
    let Some((plan, origins)) = compile_files(&files).plan else { panic!("{}", shown(&[&text])) };
    let known = |_: &str| known.iter().map(|&(db, table)| Subject::table(db, table)).collect();
    explain_topic(&plan, &origins, &files, &known, topic)
}

/// What goes to a topic, as `what value (note) place`.
#[track_caller]
fn check(lines: &str, topic: &str, expected: &[&str]) {
    let uses = explained(lines, &[], topic);
    let tables = |one: &Decision| one.what.ends_with(" of") || one.what == "holds";
    let shown: Vec<String> = uses
        .iter()
        .flat_map(|one| one.decisions.iter().filter(|one| tables(one)))
        .map(|one| format!("{} {} ({}) {}", one.what, one.value, one.note, one.place).trim_end().to_owned())
        .collect();
    assert_eq!(shown, expected, "{lines}");
}

#[test]
fn a_topic_of_rows_has_its_settings() {
    let uses = explained(
        "include shop.*\ntopic \"{db}.{table}\" {\npartitions 12\ncleanup compact\n}\n",
        &[],
        "shop.orders",
    );
    let shown: String = uses.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        r#"shop.orders is written by pipeline shop from shop to bus

  rows of     shop.orders         include shop.*  0.sync:7
  named by    "{db}.{table}"                      0.sync:8
  format      canal-json          default
  create      when it is missing  default
  partitions  12                                  0.sync:9
  replicas    the cluster's own   default
  min-insync  the cluster's own   default
  cleanup     compact                             0.sync:10
  retention   the cluster's own   default
  pipeline    shop                                0.sync:6
  source      shop                                0.sync:2
  target      bus                                 0.sync:5
"#,
        "\n{shown}"
    );
}

#[test]
fn tables_are_found_by_the_names_of_their_topics() {
    check("include shop.*\n", "shop.orders", &["rows of shop.orders (include shop.*) 0.sync:7"]);
    check("include shop.*\nexclude shop.tmp_*\n", "shop.tmp_1", &[]);
    check("include shop.*\n", "crm.orders", &[]);
    check(
        "include shop.*\nrename database shop to commerce\nrename table shop.order_item to lines\n",
        "commerce.lines",
        &["rows of shop.order_item (include shop.*) 0.sync:7"],
    );
    check(
        "include shop.*\nrename database shop to commerce\n",
        "commerce.a",
        &["rows of shop.a (include shop.*) 0.sync:7"],
    );
    check("include *.*\ntopic \"all.{table}\"\n", "all.orders", &["rows of *.orders (include *.*) 0.sync:7"]);
    check(
        "include shop.a_[0..1]\ntopic \"a\"\nkey origin, id\n",
        "a",
        &[
            "rows of shop.a_0 (include shop.a_[0..1]) 0.sync:7",
            "rows of shop.a_1 (include shop.a_[0..1]) 0.sync:7",
        ],
    );
}

#[test]
fn names_that_were_captured_are_found() {
    let lang = "include shop./orders_(?<lang>[a-z]{2})/\n";
    check(
        &format!("{lang}table shop./orders_(?<lang>[a-z]{{2}})/ {{\ntopic \"orders.{{lang:upper}}\"\n}}\n"),
        "orders.DE",
        &["rows of shop.orders_de (include shop./orders_(?<lang>[a-z]{2})/) 0.sync:7"],
    );
    check(
        &format!("{lang}rename table shop./orders_(?<lang>[a-z]{{2}})/ to \"o_{{lang}}\"\n"),
        "shop.o_de",
        &["rows of shop.orders_de (include shop./orders_(?<lang>[a-z]{2})/) 0.sync:7"],
    );
    check(
        &format!("{lang}table shop./orders_(?<lang>[a-z]{{2}})/ {{\ntopic \"orders.{{lang}}\"\n}}\n"),
        "orders.deu",
        &[],
    );
    let shards = "include shop_[00..15].*\n";
    check(
        &format!("{shards}table shop_[n:00..15].* {{\ntopic \"s{{n}}.{{table}}\"\n}}\n"),
        "s07.orders",
        &["rows of shop_07.orders (include shop_[00..15].*) 0.sync:7"],
    );
    check(
        &format!("{shards}rename database shop_[n:00..15] to \"s{{n}}\"\n"),
        "s07.orders",
        &["rows of shop_07.orders (include shop_[00..15].*) 0.sync:7"],
    );
    check(&format!("{shards}rename database shop_[n:00..15] to \"s{{n}}\"\n"), "s77.orders", &[]);
}

#[test]
fn topics_that_hold_something_else() {
    check(
        "include shop.a\nmarkers topic \"{pipeline}.{source}.marks\"\n",
        "shop.shop.marks",
        &["holds begin and end of loads () 0.sync:8"],
    );
    check(
        "include shop.a\nmarkers data\n",
        "shop.a",
        &["rows of shop.a (include shop.a) 0.sync:7", "holds begin and end of loads () 0.sync:8"],
    );
    check("include shop.a\n", "syncc.shop.shop.bus.state", &["holds position and state of the task ()"]);
    check(
        "include shop.a\non-error dead-letter \"{table}.errors\"\n",
        "a.errors",
        &["rows that cannot be sent of shop.a () 0.sync:8"],
    );
    check(
        "include shop.*\non-oversize dead-letter \"{table}.large\"\n",
        "b.large",
        &["messages too large of shop.b () 0.sync:8"],
    );
    check(
        "include shop.a\nddl {\ntopic \"{pipeline}.ddl\"\n}\n",
        "shop.ddl",
        &["schema changes of shop.a () 0.sync:9"],
    );
}

#[test]
fn where_the_tables_are_known_no_other_is_guessed() {
    let lines = "include shop.*\n";
    let known = [("shop", "orders")];
    assert_eq!(explained(lines, &known, "shop.orders").len(), 1);
    assert_eq!(explained(lines, &known, "shop.ordres"), []);
}

#[test]
fn many_tables_are_counted() {
    let lines = "include shop.t[0..19]\ntopic \"all\"\nkey origin, id\n";
    let uses = explained(lines, &[], "all");
    let values: Vec<&str> = uses[0].decisions.iter().map(|one| one.value.as_str()).collect();
    assert_eq!(values[TABLES_MAX - 1..=TABLES_MAX], ["shop.t15", "and 12 more"]);
}

#[test]
fn copies_of_topics() {
    let relay = "include shop.a\n}\ntarget other kafka \"kafka2\"\npipeline copy {\n\
                 from bus topic \"shop.*\"\nto other\ntopic \"copy.{topic}\"\n";
    let uses = explained(relay, &[], "copy.shop.a");
    let shown: Vec<String> = uses.iter().map(ToString::to_string).collect();
    let copied = "copy.shop.a is written by pipeline copy from bus to other\n\n  \
                  copies    topic shop.a    of target bus, taken by shop.*  0.sync:11\n  \
                  named by  \"copy.{topic}\"                                  0.sync:13\n  \
                  pipeline  copy                                            0.sync:10\n  \
                  target    other                                           0.sync:12\n";
    assert_eq!(shown, [copied]);
    assert_eq!(explained(relay, &[], "copy.crm.a"), []);
}

#[test]
fn names_of_topics_to_suggest() {
    let files =
        files(&[&format!("{HEAD}include shop.a, shop.b_*\nmarkers topic \"{{pipeline}}.marks\"\n}}\n")]);
    let (plan, _) = compile_files(&files).plan.expect("compiles");
    let names: Vec<String> = topic_names(&plan, &|_| Vec::new()).into_iter().collect();
    assert_eq!(names, ["shop.a", "shop.marks", "syncc.shop.shop.bus.state"]);
}
