//! `syncc explain topic`, `explain format`, and the JSON form.

use super::{RIGHT, check, project, run};
use serde_json::{Value, json};

#[test]
fn explain_tells_who_writes_a_topic() {
    let here = project(&[("shop.sync", RIGHT)]);
    let explained = run(here.path(), &["explain", "topic", "shop.orders"]);
    assert_eq!(explained.status.code(), Some(0));
    let text = String::from_utf8(explained.stdout).expect("text");
    for words in [
        "shop.orders is written by pipeline shop from shop to bus",
        "rows of shop.orders include shop.* shop.sync:9",
        "named by \"{db}.{table}\" default",
        "partitions the cluster's own default",
        "pipeline shop shop.sync:8",
        "source shop shop.sync:3",
        "target bus shop.sync:6",
    ] {
        let is_it = |line: &str| line.split_whitespace().eq(words.split_whitespace());
        assert!(text.lines().any(is_it), "{words}\n{text}");
    }
    let text = "nothing is written to topic \"syncc.shp.shop.bus.state\"; did you mean \"syncc.shop.shop.bus.state\"?\n";
    check(here.path(), &["explain", "topic", "syncc.shp.shop.bus.state"], (1, text, ""));
    check(here.path(), &["explain", "topic", "crm.a"], (1, "nothing is written to topic \"crm.a\"\n", ""));
    check(here.path(), &["explain", "topic"], (2, "", "syncc: `explain topic` takes the name of one\n"));
}

#[test]
fn explain_answers_machines_too() {
    let here = project(&[("shop.sync", RIGHT)]);
    let asked = |arguments: &[&str]| -> Value {
        let output = run(here.path(), &[&["explain", "--format", "json"], arguments].concat());
        serde_json::from_slice(&output.stdout).expect("one JSON object")
    };
    let include = |what: &str, value: &str, note: &str| json!({"what": what, "value": value, "note": note, "file": "shop.sync", "line": 9});
    for (arguments, first) in [
        (["table", "shop.orders"], include("selected", "include shop.*", "")),
        (["topic", "shop.orders"], include("rows of", "shop.orders", "include shop.*")),
        (["pipeline", "shop"], include("include", "shop.*", "")),
    ] {
        let answer = asked(&arguments);
        assert_eq!((&answer["version"], &answer["asked"]), (&json!(1), &json!(arguments[0])));
        assert_eq!((&answer["name"], &answer["message"]), (&json!(arguments[1]), &Value::Null));
        assert_eq!(answer["answers"][0]["by"], "pipeline shop from shop to bus");
        assert_eq!(answer["answers"][0]["decisions"][0], first);
    }
    let none = asked(&["table", "crm.a"]);
    let why = "no include of pipeline `shop` takes `crm.a`; it has `shop.*` (shop.sync:9)";
    assert_eq!((&none["answers"], &none["message"]), (&json!([]), &json!(why)));
    let text = "syncc: `--format json` is for `explain table`, `explain row`, `explain topic` and `explain pipeline`\n";
    check(here.path(), &["explain", "S0101", "--format", "json"], (2, "", text));
}

#[test]
fn explain_shows_a_format() {
    let here = project(&[]);
    let page = "format avro\n\nIts schemas lie in the `registry` of the target.\n\nOptions, in its block:\n\n  \
                subject          topic | record | topic-record     default topic\n  \
                compatibility    backward | forward | full | none  default the registry's own\n  \
                bigint-unsigned  decimal | long | string           default decimal\n  \
                decimal          decimal | string                  default decimal\n  \
                enum             label | index                     default label\n\nOne message per row:\n\n";
    let output = run(here.path(), &["explain", "format", "avro"]);
    let shown = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success() && shown.starts_with(page), "{shown}");
    assert!(shown.contains("\nTypes:\n"), "{shown}");
    let text = "syncc: there is no format \"canal\"; \
                there are canal-json, dts-avro, debezium-json, debezium-avro, maxwell-json, avro, json\n";
    check(here.path(), &["explain", "format", "canal"], (2, "", text));
}
