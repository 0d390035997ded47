//! `check --live`: the files and the servers in one list.

use serde_json::Value;

use crate::support::shop::Shop;
use crate::support::{Kafka, Kind, MySql, port};

/// `check --live` with more arguments: exit code, standard output, standard error.
fn live(shop: &Shop<'_>, more: &[&str]) -> (i32, String, String) {
    shop.project.write("shop.sync", &shop.file());
    let arguments: Vec<&str> = ["check", "--live"].iter().chain(more).copied().collect();
    let output = shop.project.syncc(&arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// The findings of `--format json`, as `CODE line`.
fn found(text: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(text).expect("JSON");
    let findings = document["diagnostics"].as_array().expect("a list").clone();
    findings
        .iter()
        .map(|finding| {
            let line = &finding["span"]["start"]["line"];
            format!("{} {line}", finding["code"].as_str().unwrap_or_default())
        })
        .collect()
}

#[test]
fn a_sound_project_has_a_line_per_item() {
    for kind in [Kind::MariaDb10_11, Kind::MySql9_7] {
        let shop = Shop::new("live", MySql::shared(kind), Kafka::shared());
        let (code, out, lines) = live(&shop, &["--format", "json"]);
        // One broker is all that the tests have.
        assert_eq!((code, found(&out)), (0, vec!["L0216 6".to_owned()]), "{out}{lines}");
        let items = ["connection", "version", "log format", "rights", "retention", "tables", "foreign keys"];
        for item in items {
            let is_fine = |line: &str| line.starts_with("ok ") && line.contains(&format!(" {item} "));
            assert!(lines.lines().any(is_fine), "{item}: {lines}");
        }
        assert!(lines.contains("1 table, about ") && lines.contains("to load"), "{lines}");
        assert!(lines.contains("ok       target bus       connection"), "{lines}");
        let (code, out, lines) = live(&shop, &["--quiet", "--format", "short"]);
        assert_eq!(code, 0);
        assert!(out.contains("warning[L0216]") && lines.is_empty(), "{out}{lines}");
        let (code, ..) = live(&shop, &["--fail-on", "warning"]);
        assert_eq!(code, 1);
    }
}

#[test]
fn what_is_found_stands_at_the_line_it_is_about_and_is_answered_there() {
    let mysql = MySql::start(Kind::MySql9_7, &["binlog-expire-logs-seconds=3600"]);
    let mut shop = Shop::new("live", &mysql, Kafka::shared());
    shop.sql().run("create table other (a int)");
    shop.text.include = "DB.*".to_owned();
    let user = shop.user.clone();
    mysql.sql().run(&format!("revoke replication slave on *.* from '{user}'@'%'"));
    let (code, out, lines) = live(&shop, &["--format", "json"]);
    assert_eq!(code, 1, "{lines}");
    assert_eq!(found(&out), ["L0104 3", "L0110 3", "L0216 6", "S0502 12"], "{out}");
    assert!(lines.contains("problem  source shop      rights"), "{lines}");
    let (_, drawn, _) = live(&shop, &[]);
    assert!(drawn.contains("GRANT REPLICATION SLAVE ON *.* TO"), "{drawn}");
    assert!(drawn.contains("`allow L0110 because \"…\"` in source `shop`"), "{drawn}");
    mysql.sql().run(&format!("grant replication slave on *.* to '{user}'@'%'"));
    shop.text.source = "  allow L0110 because \"a day is planned\"\n".to_owned();
    shop.text.target = "  allow L0216 because \"one broker in tests\"\n".to_owned();
    shop.text.rules = "  allow S0502 because \"rows are only counted\"\n".to_owned();
    let (code, out, lines) = live(&shop, &["--format", "json", "--fail-on", "advice"]);
    assert_eq!((code, found(&out)), (0, Vec::new()), "{lines}");
    // `run` takes the same answers
    let said = shop.ends(&["--once"], 0);
    for code in ["L0110", "L0216", "S0502"] {
        assert!(!said.contains(code), "{said}");
    }
}

#[test]
fn servers_that_do_not_answer_are_findings() {
    let nowhere = format!("127.0.0.1:{}", port::free());
    let mut shop = Shop::new("live", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    shop.text.address = nowhere.clone();
    shop.text.brokers = nowhere.clone();
    let (code, out, lines) = live(&shop, &["--format", "json"]);
    assert_eq!((code, found(&out)), (1, vec!["L0101 3".to_owned(), "L0201 6".to_owned()]), "{out}{lines}");
    assert!(lines.contains(&format!("problem  source shop      connection     L0101 {nowhere}")), "{lines}");
    shop.text.address.clear();
    shop.text.brokers.clear();
    shop.project.env("SHOP_TEST_PASSWORD", "wrong");
    let (code, out, _) = live(&shop, &["--format", "json"]);
    assert_eq!((code, found(&out)), (1, vec!["L0102 3".to_owned(), "L0216 6".to_owned()]), "{out}");
}

#[test]
fn a_lock_file_that_has_become_stale_is_told_with_every_difference() {
    let shop = Shop::new("live", MySql::shared(Kind::MySql9_7), Kafka::shared());
    shop.project.write("shop.sync", &shop.file());
    let pull = || shop.project.syncc(&["schema", "pull"]);
    assert!(pull().status.success());
    let (_, out, lines) = live(&shop, &["--format", "json"]);
    assert_eq!(found(&out), ["L0216 6"], "{out}");
    assert!(lines.contains("schema.lock    as the server"), "{lines}");
    shop.sql().run("alter table items add column note varchar(9)");
    let (code, out, _) = live(&shop, &["--format", "json"]);
    assert_eq!((code, found(&out)), (0, vec!["L0117 3".to_owned(), "L0216 6".to_owned()]), "{out}");
    assert!(out.contains("items.note") && out.contains("syncc schema pull shop"), "{out}");
    assert!(pull().status.success());
    let (_, out, _) = live(&shop, &["--format", "json"]);
    assert_eq!(found(&out), ["L0216 6"], "{out}");
}

#[test]
fn a_position_that_is_lost_is_told_while_nothing_runs() {
    let mysql = MySql::start(Kind::MySql9_7, &[]);
    let shop = Shop::new("live", &mysql, Kafka::shared());
    let (_, _, lines) = live(&shop, &[]);
    assert!(lines.contains("none yet: it has not run"), "{lines}");
    shop.ends(&["--once"], 0);
    let (code, _, lines) = live(&shop, &[]);
    assert!(code == 0 && lines.contains("the log reaches back to it"), "{lines}");
    shop.insert("items", &[4]);
    crate::source::purge_all_logs(&mysql);
    let (code, out, lines) = live(&shop, &["--format", "json"]);
    assert_eq!((code, found(&out)), (1, vec!["L0111 3".to_owned(), "L0216 6".to_owned()]), "{out}{lines}");
    assert!(out.contains(&format!("{}.items", shop.db)), "{out}");
}

#[test]
fn files_with_errors_ask_nobody() {
    let mut shop = Shop::new("live", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    shop.text.rules = "  partition by nonsense\n  nonsense\n".to_owned();
    let (code, out, lines) = live(&shop, &["--format", "short"]);
    assert_eq!(code, 1);
    assert!(!out.contains("[L0") && lines.contains("the servers are not asked"), "{out}{lines}");
}
