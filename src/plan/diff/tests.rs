//! What two plans differ in, and what is said about it.

use super::super::tests::{HELLO, files};
use super::*;
use crate::plan::compile_files;

/// Replaces `from` by `to` in the hello-world project and shows what that changes for its tables `a` and `b`.
fn diff_of(from: &str, to: &str) -> (PlanDiff, String) {
    let base = HELLO.replace("shop.*\n", "shop.a, shop.b\n");
    let changed = base.replace(from, to);
    assert_ne!(base, changed);
    let compile = |text: &str| compile_files(&files(&[text])).plan.expect("compiles");
    let ((old, _), (new, origins)) = (compile(&base), compile(&changed));
    let table = |name| Subject { key: vec!["id".to_owned()], ..Subject::table("shop", name) };
    let tables = |_: &TaskId| ["a", "b", "c"].map(table).to_vec();
    let found = diff(&old, &new, &origins, &tables);
    let files = files(&[&changed]);
    let shown = found.findings.iter().map(|finding| {
        let line =
            finding.primary.as_ref().map(|label| files.line_col(label.span.file, label.span.start).line);
        format!("{} {} {}", line.unwrap_or(0), finding.code, finding.message)
    });
    let shown = shown.collect::<Vec<_>>().join("\n");
    (found, shown)
}

#[track_caller]
fn check(from: &str, to: &str, changes: &[(&str, Reload)], findings: &str) {
    let (found, shown) = diff_of(from, to);
    let made: Vec<_> = found
        .changed
        .iter()
        .flat_map(|task| &task.changes)
        .map(|change| (change.what, change.reload))
        .collect();
    assert_eq!(made, changes);
    assert_eq!(shown, findings);
}

const INCLUDE: &str = "  include shop.a, shop.b\n";

#[test]
fn what_is_simply_done() {
    let add = |line: &str| format!("{INCLUDE}  {line}\n");
    check(INCLUDE, &add("retry for 1h"), &[("retry", Reload::InPlace)], "");
    check(INCLUDE, &add("label a \"b\""), &[("label", Reload::InPlace)], "");
    check(INCLUDE, &add("start snapshot {\nchunk 10 rows\n}"), &[("chunk", Reload::InPlace)], "");
    check("db1:3306", "db2:3306", &[("address", Reload::Rewire)], "");
    check("\"kafka1:9092\"", "\"kafka2:9092\"", &[("brokers", Reload::Rewire)], "");
    // A line with no effect on any table is taken over, and nothing else.
    check(INCLUDE, &add("table shop.x {\nkey none\n}"), &[("table", Reload::Rewire)], "");
    check(INCLUDE, &add("rename table shop.x to y"), &[("table", Reload::Rewire)], "");
}

#[test]
fn tables_come_and_go() {
    let table = |name| Subject { key: vec!["id".to_owned()], ..Subject::table("shop", name) };
    let (found, shown) = diff_of("shop.a, shop.b", "shop.a, shop.c");
    assert_eq!(found.changed[0].tables_added, [table("c")]);
    assert_eq!(found.changed[0].tables_removed, [table("b")]);
    assert_eq!(found.changed[0].reload(), Reload::Backfill);
    assert_eq!(
        shown,
        "8 P1001 no longer sent: shop.b of `shop.shop.bus`\n\
         9 P1009 existing rows are loaded first: shop.c of `shop.shop.bus`"
    );
    assert!(!found.is_refused());
}

#[test]
fn what_breaks_consumers() {
    let breaks = |line: &str, what: &'static str, finding: &str| {
        let told = finding.replace("TELL", "its consumers would read two kinds of messages");
        check(INCLUDE, &format!("{INCLUDE}  {line}\n"), &[(what, Reload::Breaks)], &told);
    };
    breaks("key none", "key", "10 P1002 `key` changes for shop.a, shop.b of `shop.shop.bus`: TELL");
    breaks(
        "partition to 1",
        "partition",
        "10 P1003 `partition` changes for shop.a, shop.b of `shop.shop.bus`: TELL",
    );
    breaks(
        "topic \"{db}.{table}\" {\npartitions 3\n}",
        "partitions",
        "11 P1003 `partitions` changes for shop.a, shop.b of `shop.shop.bus`: TELL",
    );
    breaks(
        "topic \"x.{table}\"",
        "topic",
        "10 P1007 `topic` changes for shop.a, shop.b of `shop.shop.bus`: readers of the old topic would get nothing more",
    );
    breaks(
        "rename table shop.a to z",
        "rename",
        "10 P1007 `rename` changes for shop.a of `shop.shop.bus`: readers of the old topic would get nothing more",
    );
    breaks(
        "rename column shop.a.x to y",
        "rename",
        "10 P1006 `rename` changes for shop.a of `shop.shop.bus`: TELL",
    );
    breaks(
        "format canal-json {\nenum label\n}",
        "format",
        "10 P1006 `format` changes for shop.a, shop.b of `shop.shop.bus`: TELL",
    );
    check(
        "kafka \"kafka1:9092\"",
        "stdout",
        &[("target", Reload::Breaks)],
        "6 P1005 `target` changes for `shop.shop.bus`: its consumers would read two kinds of messages",
    );
}

#[test]
fn other_messages_of_the_same_rows() {
    let tell = |what: &str, line: u32, code: &str| {
        format!(
            "{line} {code} `{what}` changes for shop.a, shop.b of `shop.shop.bus`: its consumers would read two kinds of messages"
        )
    };
    for (statement, what, code) in [
        ("key primary as text", "key", "P1002"),
        ("partition by key using crc32", "partition", "P1003"),
        ("key-change update", "key-change", "P1006"),
        ("headers op", "headers", "P1006"),
        ("tombstones on", "tombstones", "P1006"),
        ("format json", "format", "P1006"),
    ] {
        let text = format!("{INCLUDE}  {statement}\n");
        check(INCLUDE, &text, &[(what, Reload::Breaks)], &tell(what, 10, code));
    }
    for (statement, what) in [("timestamp event", "timestamp"), ("markers data", "markers")] {
        let told = format!(
            "10 P1006 `{what}` changes for `shop.shop.bus`: its consumers would read two kinds of messages"
        );
        check(INCLUDE, &format!("{INCLUDE}  {statement}\n"), &[(what, Reload::Breaks)], &told);
    }
    check(
        INCLUDE,
        &format!("{INCLUDE}  names upper\n"),
        &[("names", Reload::Breaks)],
        &tell("names", 10, "P1006"),
    );
}

#[test]
fn rows_sent_before_keep_their_form() {
    for (statement, what) in [
        ("mask x with null", "mask"),
        ("changes insert", "changes"),
        ("table shop.* {\nwhere a > 1\n}", "where"),
    ] {
        let line = 10 + u32::from(what == "where");
        let told = format!(
            "{line} P1004 `{what}` changes for shop.a, shop.b of `shop.shop.bus`: rows sent before stay as they are"
        );
        check(INCLUDE, &format!("{INCLUDE}  {statement}\n"), &[(what, Reload::Rewire)], &told);
    }
}

/// Keys and partitions are made of masked values.
#[test]
fn a_mask_of_a_key_changes_the_key() {
    let key = format!("{INCLUDE}  key x\n");
    check(
        INCLUDE,
        &format!("{key}  mask x with sha256 salt env S\n"),
        &[("key", Reload::Breaks), ("mask", Reload::Breaks)],
        "10 P1002 `key` changes for shop.a, shop.b of `shop.shop.bus`: its consumers would read two kinds of messages\n\
         11 P1002 `mask` changes for shop.a, shop.b of `shop.shop.bus`: its consumers would read two kinds of messages",
    );
    check(
        INCLUDE,
        &format!("{INCLUDE}  partition by column x\n  mask x with sha256 salt env S\n"),
        &[("partition", Reload::Breaks), ("mask", Reload::Breaks)],
        "10 P1003 `partition` changes for shop.a, shop.b of `shop.shop.bus`: its consumers would read two kinds of messages\n\
         11 P1003 `mask` changes for shop.a, shop.b of `shop.shop.bus`: its consumers would read two kinds of messages",
    );
    // The primary key, where it is known.
    check(
        INCLUDE,
        &format!("{INCLUDE}  mask id with sha256 salt env S\n"),
        &[("mask", Reload::Breaks)],
        "10 P1002 `mask` changes for shop.a, shop.b of `shop.shop.bus`: its consumers would read two kinds of messages",
    );
}

#[test]
fn what_becomes_of_failures_changes_in_place() {
    for (statement, what, reload) in [
        ("on-error park", "on-error", Reload::InPlace),
        ("on-oversize dead-letter \"x\"", "on-oversize", Reload::InPlace),
        ("on-invalid-value stop", "on-invalid-value", Reload::Rewire),
        ("on-position-lost resnapshot", "on-position-lost", Reload::InPlace),
        ("truncate stop", "truncate", Reload::InPlace),
        ("split after 1MiB", "split", Reload::InPlace),
        ("limit 1MiB/s", "limit", Reload::InPlace),
        ("online-ddl off", "online-ddl", Reload::Rewire),
        ("paused because \"x\"", "paused", Reload::InPlace),
        ("ddl {\ntopic same\nallow create-table\n}\ntruncate warn", "ddl", Reload::Rewire),
    ] {
        check(INCLUDE, &format!("{INCLUDE}  {statement}\n"), &[(what, reload)], "");
    }
}

#[test]
fn what_is_refused() {
    check(
        INCLUDE,
        &format!("{INCLUDE}  start now\n"),
        &[("start", Reload::Refused)],
        "10 P1011 `start` of `shop.shop.bus` was fixed at its first start",
    );
    check(
        "\"kafka1:9092\"",
        "\"kafka1:9092\" {\nstate {\nprefix \"x\"\n}\n}",
        &[("prefix", Reload::Refused)],
        "8 P1011 `prefix` of `shop.shop.bus` was fixed at its first start",
    );
}

#[test]
fn a_new_name_would_begin_anew() {
    let (found, shown) = diff_of("pipeline shop from", "pipeline store from");
    assert_eq!(shown, "8 P1008 `shop.shop.bus` is called `store.shop.bus` now, and would begin anew");
    assert!(found.is_refused() && found.added.len() == 1 && found.removed.len() == 1);
    let fix = &found.findings[0].fixes[0];
    assert_eq!(fix.edits[0].text, "moved pipeline shop to store\n");
    // The line that the repair adds is the end of it.
    let (found, shown) = diff_of("pipeline shop from", &format!("{}pipeline store from", fix.edits[0].text));
    assert!(!found.is_refused() && shown.is_empty() && found.removed.is_empty(), "{shown}");
    assert!(found.renamed.len() == 1 && found.changed.is_empty(), "{:?}", found.changed);
    // Nor does it part what is said of the pipeline from it.
    let (found, _) = diff_of("pipeline shop from", "## Orders.\n## All.\npipeline store from");
    let (old, new) = (fix.edits[0].span, found.findings[0].fixes[0].edits[0].span);
    assert_eq!((old.start, old.end), (new.start, new.end));
    let (found, _) = diff_of(
        "  include shop.a, shop.b\n}",
        "  include shop.a, shop.b\n}\npipeline q from shop to bus {\ninclude shop.c\n}",
    );
    assert!(found.findings.is_empty() && found.added.len() == 1);
}

#[test]
fn who_is_renamed_may_change_too() {
    let renamed = "8 P1008 `shop.shop.bus` is called `store.shop.bus` now, and would begin anew";
    let with = |line: &str| {
        diff_of(
            "pipeline shop from shop to bus {\n  include shop.a, shop.b\n}",
            &format!("pipeline store from shop to bus {{\n  include shop.a, shop.c\n{line}}}"),
        )
    };
    assert_eq!(with("  headers op\n").1, renamed);
    let (found, shown) = with("  to other\n}\ntarget other stdout\nprofile x {\n");
    assert_eq!(shown, renamed);
    assert!(found.unmoved.len() == 1 && found.added.len() == 2, "{:?}", found.added);
    // Another pipeline that comes as one goes is no other name of it.
    let (found, shown) = diff_of(
        "pipeline shop from shop to bus {\n  include shop.a, shop.b\n}",
        "pipeline store from shop to bus {\n  include shop.x\n}",
    );
    assert!(shown.contains("P1001") && found.unmoved.is_empty(), "{shown}");
}

#[test]
fn other_columns_leave_old_rows_as_they_are() {
    check(
        INCLUDE,
        &format!("{INCLUDE}  columns except x\n"),
        &[("columns", Reload::Rewire)],
        "10 P1004 `columns` changes for shop.a, shop.b of `shop.shop.bus`: rows sent before stay as they are",
    );
    check(
        INCLUDE,
        &format!("{INCLUDE}  table shop.a {{\n    where x > 0\n  }}\n"),
        &[("where", Reload::Rewire)],
        "11 P1004 `where` changes for shop.a of `shop.shop.bus`: rows sent before stay as they are",
    );
}

#[test]
fn what_shows_more_is_told_apart_from_what_shows_less() {
    let of_known = |before: &str, after: &str, known: &[&str]| {
        let with = |lines: &str| format!("{INCLUDE}{lines}");
        let compile = |text: String| {
            let base = HELLO.replace("  include shop.*\n", &text);
            compile_files(&files(&[&base])).plan.expect("compiles")
        };
        let ((old, _), (new, origins)) = (compile(with(before)), compile(with(after)));
        let subject = |name: &&str| Subject { key: vec!["id".to_owned()], ..Subject::table("shop", *name) };
        let tables = |_: &TaskId| known.iter().map(subject).collect::<Vec<_>>();
        let found = diff(&old, &new, &origins, &tables);
        let bared = found.changed.into_iter().flat_map(|task| task.bared);
        bared.map(|(which, what)| format!("{what} {which}")).collect::<Vec<_>>().join(", ")
    };
    let of = |before: &str, after: &str| of_known(before, after, &["a"]);
    let null = "  mask email with null\n";
    let both = "  mask email with null\n  mask phone with null\n";
    let kept = "  mask email keep last 4\n";
    for (before, after, bared) in [
        (null, "", "mask shop.a"),
        (null, kept, "mask shop.a"),
        (both, null, "mask shop.a"),
        (null, both, ""),
        ("", null, ""),
        (null, "  mask email with null\n  table shop.a {\n    mask phone with null\n  }\n", ""),
        (null, "  mask email with null\n  table shop.a {\n    mask email keep last 4\n  }\n", "mask shop.a"),
        ("  columns except a, b\n", "  columns except a\n", "columns shop.a"),
        ("  columns except a\n", "  columns except a, b\n", ""),
        ("  columns id, a\n", "  columns id\n", ""),
        ("  columns id\n", "  columns id, a\n", "columns shop.a"),
        ("  columns id\n", "", "columns shop.a"),
        ("  table shop.a {\n    where x > 0\n  }\n", "", "where shop.a"),
        ("", "  table shop.a {\n    where x > 0\n  }\n", ""),
        ("  exclude shop.s*\n", "", "exclude shop.s*"),
        ("", "  exclude shop.s*\n", ""),
    ] {
        assert_eq!(of(before, after), bared, "{before} -> {after}");
    }
    // what nobody knows yet is told by its rules
    let of_b = "  table shop.b {\n    columns except x\n    mask email with null\n    where x > 0\n  }\n";
    let all_of_b = "columns shop.b, mask shop.b, where shop.b";
    for (before, after, known, bared) in [
        (null, "", &[][..], "mask *.*"),
        (null, both, &[], ""),
        ("  columns except a\n", "", &[], "columns *.*"),
        (of_b, "", &["a"], all_of_b),
        (of_b, "", &[], all_of_b),
        (of_b, "", &["a", "b"], all_of_b),
        (of_b, of_b, &[], ""),
    ] {
        assert_eq!(of_known(before, after, known), bared, "{before} -> {after}, {known:?}");
    }
    // other rows are above a time that is read in another zone
    let filtered = format!("{INCLUDE}  table shop.a {{\n    where at > '2024-01-01'\n  }}\n");
    let zoned = |zone: &str| {
        let text = HELLO.replace("  include shop.*\n", &filtered);
        let text = text.replace("  password env", &format!("  time-zone \"{zone}\"\n  password env"));
        compile_files(&files(&[&text])).plan.expect("compiles")
    };
    let ((old, _), (new, origins)) = (zoned("UTC"), zoned("+02:00"));
    let found = diff(&old, &new, &origins, &|_: &TaskId| vec![Subject::table("shop", "a")]);
    assert_eq!(found.changed[0].bared, [("shop.a".to_owned(), "where")]);
}
