//! `syncc plan --against`: what changes, as people and machines read it.

use super::{RIGHT, check, project, run};

const LOCK: &str = "edition 2026\n\nlock source shop {\n  server \"8.4.2\"\n  lower-case-table-names 0\n  table shop.orders {\n    \
                    rows 1_000_000\n    primary id\n    column id \"int not null\"\n  }\n  table shop.people {\n    primary id\n    \
                    column id \"int not null\"\n    column phone \"varchar(20)\"\n  }\n}\n";

fn old() -> tempfile::TempDir {
    project(&[("shop.sync", &RIGHT.replace("shop.*", "shop.people")), ("schema.lock", LOCK)])
}

#[test]
fn people_read_what_comes_goes_and_changes() {
    let (old, new) = (old(), project(&[("schema.lock", LOCK)]));
    let old = old.path().to_string_lossy().into_owned();
    let pipeline =
        "  include shop.*\n  retry for 24h\n  table shop.people {\n    columns except phone\n  }\n";
    std::fs::write(new.path().join("shop.sync"), RIGHT.replace("  include shop.*\n", pipeline))
        .expect("a file");
    let text = "pipeline shop\n  \
        + table    shop.orders  -> shop.orders           existing rows are loaded first: about 1_000_000 rows, 3MiB, under a minute at 20MiB/s  P1009\n  \
        ~ retry                 12h -> 1d                in place\n  \
        ~ columns  shop.people  all -> all except phone  rows sent before keep the old form  P1004\n\n\
        1 to add, 2 to change, 0 to remove, 0 refused. Nothing was changed.\n";
    check(new.path(), &["plan", "--against", &old, "--width", "100"], (0, text, ""));
    let output = run(new.path(), &["plan", "--against", &old, "--detailed-exitcode"]);
    assert_eq!(output.status.code(), Some(10));
    let none = "pipeline shop\n  = unchanged\n\n0 to add, 0 to change, 0 to remove, 0 refused. Nothing was changed.\n";
    check(new.path(), &["plan", "--against", ".", "--detailed-exitcode"], (0, none, ""));
}

#[test]
fn what_is_refused_is_drawn_and_has_its_exit_code() {
    let (old, new) = (old(), project(&[("schema.lock", LOCK)]));
    let old = old.path().to_string_lossy().into_owned();
    let text = RIGHT.replace("  include shop.*\n", "  include shop.people\n  key phone\n");
    std::fs::write(new.path().join("shop.sync"), text).expect("a file");
    let output = run(new.path(), &["plan", "--against", &old, "--detailed-exitcode"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.contains("  ! key  shop.people  primary, else first unique -> phone  consumers would"),
        "{said}"
    );
    let accept =
        "Accept with: syncc reload --accept P1002 (a fence record in every partition marks the place)";
    let end = format!("0 to remove, 1 refused. Nothing was changed.\n{accept}\n\nP1002\n");
    assert!(said.contains(&end), "{said}");

    let output = run(new.path(), &["plan", "--against", &old, "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["version"], 1);
    assert_eq!(document["diagnostics"][0]["code"], "P1002");
    assert_eq!(document["plan"]["counts"]["refuse"], 1);
    let change = &document["plan"]["tasks"][0]["changes"][0];
    assert_eq!(
        (&change["mark"], &change["what"], &change["to"]),
        (&"refuse".into(), &"key".into(), &"phone".into())
    );
}

#[test]
fn files_with_errors_have_no_plan() {
    let (old, new) = (old(), project(&[("shop.sync", &RIGHT.replace("to bus {", "to buss {"))]));
    let output = run(new.path(), &["plan", "--against", &old.path().to_string_lossy()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(run(new.path(), &["plan"]).status.code(), Some(3), "nothing runs here");
}

#[test]
fn a_task_that_comes_tells_its_topic_of_marks() {
    let (old, new) = (old(), project(&[("schema.lock", LOCK)]));
    let old = old.path().to_string_lossy().into_owned();
    let more = "pipeline more from shop to bus {\n  include shop.orders\n  topic \"more.{table}\"\n  markers topic \"{pipeline}.marks\"\n}\n";
    let text = format!("{}{more}", RIGHT.replace("shop.*", "shop.people"));
    std::fs::write(new.path().join("shop.sync"), text).expect("a file");
    let output = run(new.path(), &["plan", "--against", &old, "--width", "100"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = said.lines().find(|line| line.contains("+ markers")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("-> more.marks ") && line.ends_with("begin and end of loads"), "{said}");
}
