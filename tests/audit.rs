//! What a start leaves in the log for whoever asks later: which version ran which generation, against which servers, with which
//! rights, and what was weakened.

use serde_json::Value;

use crate::support::shop::{CANARY, Shop};
use crate::support::{Kafka, Kind, MySql};

/// Events of a log, with what changes from run to run replaced.
fn lines(shop: &Shop<'_>, said: &str, names: &[&str]) -> Vec<String> {
    let events = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let told = events.filter(|event| names.iter().any(|name| event["event"] == *name));
    told.map(|event| {
        let text = event["msg"].as_str().expect("a message").to_owned();
        let text = text.replace(&shop.user, "USER").replace(env!("CARGO_PKG_VERSION"), "VERSION");
        format!("{} {text}", event["event"].as_str().expect("a name"))
    })
    .collect()
}

#[test]
fn a_start_tells_who_ran_what_where_and_how() {
    let mut shop = Shop::new("audit", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    shop.text.source = "  tls off because \"one machine\"\n".to_owned();
    let mut syncc = shop.run();
    let said = syncc.stderr();
    let lines =
        lines(&shop, &said, &["process.started", "precheck.passed", "owner.acquired", "task.started"]);
    let told = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(told("process.started syncc VERSION"), 1, "{lines:#?}");
    let identities: Vec<&String> = lines.iter().filter(|line| line.contains("rights: ")).collect();
    let [identities] = identities[..] else { panic!("{lines:#?}") };
    for part in [
        "precheck.passed reads server ",
        " as `USER`@`%`; rights: ",
        "SELECT, RELOAD, LOCK TABLES",
        "; writes to cluster ",
    ] {
        assert!(identities.contains(part), "`{part}` is missing: {identities}");
    }
    assert!(!identities.contains("IDENTIFIED"));
    assert!(!identities.contains(CANARY), "{identities}");
    assert_eq!(told("precheck.passed shop: tls off because \"one machine\""), 1, "{lines:#?}");
    let started = crate::support::shop::event(&said, "task.started").expect("it has started");
    assert_eq!(started["generation"], 1, "{started}");
    shop.stop(&mut syncc);
}
