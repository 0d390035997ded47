//! State read and edited by hand, and state that former releases have written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use syncc::checkpoint::{CodecError, FORMAT, TaskState};

use crate::support::shop::{SOON, Shop, event};
use crate::support::{Kafka, Kind, MySql};

const TASK: &str = "shop.shop.bus";

fn shop(name: &str) -> Shop<'static> {
    Shop::new(name, MySql::shared(Kind::MariaDb10_11), Kafka::shared())
}

/// Runs `syncc state …`: exit code and what it printed.
#[track_caller]
fn state(shop: &Shop<'_>, arguments: &[&str]) -> (Option<i32>, String) {
    let output = shop.project.syncc(&[&["state"], arguments].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

/// The end of the log.
#[track_caller]
fn end_of_log(shop: &Shop<'_>) -> String {
    shop.mysql.sql().one("select @@global.gtid_binlog_pos")
}

#[test]
fn what_is_skipped_is_seen_until_it_is_loaded_anew() {
    let shop = shop("gap");
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3]);
    // while it runs its state is read, and changed by nobody else
    let (code, said) = state(&shop, &["show"]);
    assert_eq!(code, Some(0), "{said}");
    for record in [TASK, "  pos  1 ", "  owner  1 ", "  snap/", "  table/", "  plan/1/0  ("] {
        assert!(said.contains(record), "{record}:\n{said}");
    }
    let here = end_of_log(&shop);
    assert_eq!(state(&shop, &["set-position", TASK, &here, "--accept-gap"]).0, Some(21));
    assert_eq!(state(&shop, &["forget", TASK]).0, Some(21));
    let (code, said) = state(&shop, &["forget", TASK, "--state", "elsewhere"]);
    assert!(code == Some(21) && said.contains("active elsewhere"), "{said}");
    assert_eq!(state(&shop, &["set-position", TASK, &here]).0, Some(2), "without consent");
    assert_eq!(state(&shop, &["forget", "shop.shop.other"]).0, Some(2));
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.stop(&mut syncc);

    assert_eq!(state(&shop, &["export", "state.jsonl"]).0, Some(0));
    assert_eq!(state(&shop, &["export", "state.jsonl"]).0, Some(2), "nothing is overwritten");
    let file = shop.project.folder().join("state.jsonl");
    assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
    let lines = fs::read_to_string(&file).expect("text");
    assert!(fold(&lines).expect("it can be read").pos.is_some());

    shop.insert("items", &[5]);
    let (code, said) = state(&shop, &["set-position", TASK, "mariadb-bin.000001:4", "--accept-gap"]);
    assert!(code == Some(2) && said.contains("this task goes by GTIDs"), "{said}");
    let (code, said) = state(&shop, &["set-position", TASK, &end_of_log(&shop), "--accept-gap"]);
    assert_eq!(code, Some(0), "{said}");
    let mut syncc = shop.start(&[]);
    shop.wait_streaming(&mut syncc);
    shop.insert("items", &[6]);
    shop.wait_ids("items", &[1, 2, 3, 4, 6]);
    assert!(event(&syncc.stderr(), "state.edited").is_some());
    let items = format!("{}.items", shop.db);
    let status = shop.status().expect("it runs");
    assert_eq!(status.tasks[0].gaps.len(), 1);
    assert_eq!(status.tasks[0].gaps[0].tables, [items.as_str()]);
    assert!(shop.project.syncc(&["resnapshot", "shop", &items]).status.success());
    shop.wait_ids("items", &[1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 6]);
    shop.wait_status(&mut syncc, "nothing is missing", |status| status.tasks[0].gaps.is_empty());
    shop.stop(&mut syncc);

    let (code, said) = state(&shop, &["forget", TASK]);
    assert_eq!(code, Some(0), "{said}");
    let mut syncc = shop.start(&[]);
    shop.wait_streaming(&mut syncc);
    shop.wait_ids("items", &[1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 6]);
    shop.stop(&mut syncc);
    assert_eq!(syncc.wait(SOON), Some(0));
}

/// What was sent comes again from a position in the past on, and nothing is skipped because it lies before where the task was.
fn sends_again(kind: Kind, gtids: &str) {
    let shop = Shop::new("back", MySql::shared(kind), Kafka::shared());
    let mut syncc = shop.run();
    shop.insert("items", &[4]);
    let back = shop.mysql.sql().one(gtids);
    // so that the place lies in another file than the one the task comes to
    shop.mysql.sql().run("flush binary logs");
    shop.insert("items", &[5, 6]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6]);
    shop.stop(&mut syncc);

    let (code, said) = state(&shop, &["set-position", TASK, &back, "--accept-gap"]);
    assert_eq!(code, Some(0), "{said}");
    let mut syncc = shop.start(&[]);
    shop.wait_streaming(&mut syncc);
    shop.insert("items", &[7]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 5, 6, 6, 7]);
    shop.stop(&mut syncc);
    // and the place is known again
    let (_, said) = state(&shop, &["show"]);
    let pos = said.lines().find(|line| line.trim_start().starts_with("pos ")).unwrap_or_default();
    assert!(pos.contains("bin") && !pos.contains("\"file\":\"\""), "{pos}");
}

#[test]
fn a_position_in_the_past_sends_again_what_lies_behind_it_mariadb() {
    sends_again(Kind::MariaDb10_11, "select @@global.gtid_binlog_pos");
}

#[test]
fn a_position_in_the_past_sends_again_what_lies_behind_it_mysql() {
    sends_again(Kind::MySql9_7, "select @@global.gtid_executed");
}

/// The state that exported lines hold.
fn fold(lines: &str) -> Result<TaskState, CodecError> {
    TaskState::fold(records(lines).into_iter().map(|(key, value)| (key, Some(value))))
}

fn records(lines: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let record = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("a line is JSON");
        let value = match (&line["value"], &line["value_base64"]) {
            (Value::String(text), _) => text.clone().into_bytes(),
            (_, Value::String(text)) => data_encoding::BASE64.decode(text.as_bytes()).expect("Base64"),
            other => panic!("no value: {other:?}"),
        };
        (line["key"].as_str().expect("a key").as_bytes().to_vec(), value)
    };
    lines.lines().map(record).collect()
}

/// `format-N.jsonl` are exports of releases that wrote format N.
#[test]
fn state_of_former_releases_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/state");
    let mut n_read = 0_u32;
    for entry in fs::read_dir(&folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let lines = fs::read_to_string(&path).expect("text");
        let state = fold(&lines).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(state.unknown.is_empty(), "{}: {:?}", path.display(), state.unknown.keys());
        assert!(state.pos.is_some_and(|pos| pos.seq > 0));
        assert!(state.plans.values().all(|plan| plan.bytes().is_some()) && !state.plans.is_empty());
        assert!(!state.snaps.is_empty() && !state.tables.is_empty());
        n_read += 1;
    }
    assert_eq!(n_read, FORMAT, "each format has an export");
    // what a newer release has written is told, not guessed at
    let newer = (b"pos".to_vec(), Some(b"999 00000000 {}".to_vec()));
    assert!(matches!(TaskState::fold([newer]), Err(CodecError::TooNew { found: 999, .. })));
}
