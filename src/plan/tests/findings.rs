//! What is found in texts, and how it is mended.

use super::super::*;
use super::{HEAD, HELLO, TAIL, check, files, shown};

#[test]
fn findings_about_shapes() {
    check("partition key", "1:11 S0015 `partition` takes `by` or `to` here, not `key`");
    check("rename table shop.a => b", "1:21 S0015 `rename` takes `to` here, not `=>`");
    check("rename table shop.a to shop.b", "1:24 S0015 the new name is written short, `b`");
    check("retry for 720", "1:11 S0017 `720` lacks its unit: a duration such as `30s` is wanted");
    check("retry for 12 h", "1:11 S0017 a unit follows its number without a blank: `12h`");
    check("retry for 12MiB", "1:11 S0017 `12MiB` is not a duration such as `30s`");
    check("retry for 1ms", "1:11 S0018 `1ms` is out of range: 1s to 365d");
    check("retry for 1h\nretry errors for 2h", "2:1 S0018 `errors for` is out of range: at most 1h");
    check("key primary\nkey none", "2:1 S0016 `key` is given twice");
    check("to bus", "1:4 S0016 `to` is given twice");
    check("table shop.a {\nkey id\n}\ntable shop.a {\nkey none\n}", "5:1 S0016 `key` is given twice");
    check("key origin", "1:5 S0015 `origin` is a word here, not a column");
    check("key `origin`", "");
    check("excldue shop.a", "1:1 S0013 `excldue` is no statement; did you mean `exclude`?");
    check("whitelist shop.a", "1:1 S0013 `whitelist` is no statement; here it is called `include`");
    check("brokers \"a\"", "1:1 S0014 `brokers` does not belong in a `pipeline`");
    check("table shop.a", "1:1 S0015 `table` lacks its block");
    check("retry for 1h {\n}", "1:14 S0015 `retry` takes no block");
    check("include shop", "1:9 S0015 `shop` is not a table as `DB.TABLE`");
    check("include", "1:1 S0015 `include` lacks a table as `DB.TABLE` at its end");
    check("include shop.a,", "1:15 S0015 `include` lacks a table as `DB.TABLE` at its end");
    check(
        "label 1a \"x\"",
        "1:7 S0015 `1a` is no name for a thing of your own: begins with a letter from A to Z",
    );
}

#[test]
fn findings_about_settings_of_tables() {
    check("key-change splt", "1:12 S0015 `key-change` takes `split` or `update` here, not `splt`");
    check("headers position schema", "1:18 S0015 `headers` takes a comma here, not `schema`");
    check("changes inserts", "1:9 S0015 `changes` takes `insert`, `update` or `delete` here, not `inserts`");
    check("online-ddl ghost", "1:12 S0015 `online-ddl` takes `off`, `gh-ost` or `pt-osc` here, not `ghost`");
    check("on-error dead-letter", "1:10 S0015 `on-error` lacks a text in quotes at its end");
    check("on-error warn", "1:10 S0807 `on-error warn` would lose rows, and nothing is ever skipped here");
    check(
        "on-oversize skip",
        "1:13 S0807 `on-oversize skip` would lose rows, and nothing is ever skipped here",
    );
    check("on-oversize park", "1:13 S0015 `on-oversize` takes `stop` or `dead-letter` here, not `park`");
    check("split after 1KiB", "1:13 S0018 `1KiB` is out of range: 1MiB to 1024GiB");
    check("limit 20MiB", "1:7 S0017 `20MiB` lacks its unit: a rate such as `20MiB/s` is wanted");
    check("paused", "1:1 S0015 `paused` lacks `because` at its end");
    check("key id as txt", "1:11 S0015 `key` takes `json`, `avro` or `text` here, not `txt`");
    check("mask email keep last 0", "1:22 S0018 `0` is out of range: 1 to 1_000");
    check("mask email with md5", "1:17 S0015 `mask` takes `sha256`, `null` or `fixed` here, not `md5`");
    check("mask email with sha256 salt \"abc\"", "1:29 S0301 a secret is never written into a file");
    check("ddl", "1:1 S0015 `ddl` lacks its arguments or its block");
    check("ddl off {\n}", "1:9 S0015 `ddl off` takes no block");
    check(
        "ddl {\nallow create-tabel\ntopic same\n}",
        "2:7 S0015 `allow` knows no `create-tabel`; did you mean `create-table`?",
    );
    check("tombstones on\ntombstones off", "2:1 S0016 `tombstones` is given twice");
    check("table shop.a {\nretry for 1h\n}", "2:1 S0014 `retry` does not belong in a `table`");
    check(
        "table shop.a {\nddl off\n}\ntable shop.a {\nddl {\ntopic same\n}\n}",
        "5:1 S0016 `ddl` is given twice",
    );
}

#[test]
fn findings_about_names() {
    let text = format!(
        "{HEAD}pipeline p from shp to buss {{\n}}\npipeline P from shop to warehouse {{\n}}\ntarget out stdout\n"
    );
    assert_eq!(
        shown(&[&text]),
        "0.sync:10:17 S0101 there is no source `shp`\n\
         0.sync:10:24 S0101 there is no target `buss`\n\
         0.sync:12:1 S0201 pipeline `P` includes no table\n\
         0.sync:12:10 S0105 the pipelines `P` and `p` look alike\n\
         0.sync:12:25 S0101 there is no target `warehouse`\n\
         0.sync:14:8 S0102 there are two targets called `out`\n"
    );
}

#[test]
fn a_broken_statement_has_no_consequences() {
    let text = HELLO.replace("\"kafka1:9092\"", "\"kafka1:9092");
    let found = shown(&[&text]);
    assert_eq!(found.lines().count(), 1, "{found}");
    assert!(found.starts_with("0.sync:6:18 S0001"), "{found}");
    let text = HELLO.replace("target bus kafka", "tarket bus kafka");
    assert_eq!(shown(&[&text]), "0.sync:6:1 S0013 `tarket` is no statement; did you mean `target`?\n");
    let text = HELLO.replace("mysql \"syncc@db1:3306\" {", "mysql \"syncc@db1:3306 {");
    let found = shown(&[&text]);
    assert_eq!(found.lines().count(), 1, "{found}");
}

#[test]
fn what_is_not_read_may_declare_anything() {
    let text = HELLO.replace("target bus kafka \"kafka1:9092\"\n", "use \"../platform\"\n");
    assert_eq!(shown(&[&text]), "0.sync:6:5 S0106 there is no directory `../platform`\n");
}

#[test]
fn addresses_are_addresses() {
    let source = |text: &str| HELLO.replace(" \"syncc@db1:3306\" {", &format!(" {{\n  address {text}"));
    let wrong = "0.sync:4:11 S0015 this is no address: the port is a number from 1 to 65535\n";
    assert_eq!(shown(&[&source("\"db1:x\"")]), wrong);
    assert_eq!(shown(&[&source("env A else \"db1:x\"")]), wrong.replace("4:11", "4:22"));
    let password = "0.sync:4:11 S0302 an address holds no password\n";
    assert_eq!(shown(&[&source("\"u:p@db1\"")]), password);
    assert_eq!(shown(&[&source("env A else \"db1\"")]), "");
    assert_eq!(shown(&[&source("param A")]), "0.sync:4:17 S0101 there is no param `A`\n");
}

#[test]
fn editions() {
    assert_eq!(shown(&[""]), "0.sync:1:1 S0011 the first statement of a file is `edition`\n");
    assert_eq!(
        shown(&["edition 2031\nnonsense here\n"]),
        "0.sync:1:9 S0012 edition 2031 is newer than this program, which knows editions up to 2026\n"
    );
    assert_eq!(shown(&["edition 1999\n"]), "0.sync:1:9 S0018 there never was an edition 1999\n");
    assert_eq!(
        shown(&["defaults {\n}\nedition 2026\n"]),
        "0.sync:1:1 S0011 the first statement of a file is `edition`\n"
    );
}

#[test]
fn secrets_are_never_written_and_never_repeated() {
    for literal in ["\"hunter2\"", "hunter2", "param hunter2", "env X else \"hunter2\""] {
        let text = HELLO.replace("env SHOP_DB_PASSWORD", literal);
        let compiled = compile_files(&files(&[&text]));
        assert_eq!(compiled.findings.len(), 1, "{literal}: {}", shown(&[&text]));
        assert_eq!(compiled.findings[0].code.number, "S0301");
        assert!(!format!("{:?}", compiled.findings).contains("hunter2"));
    }
    let text = HELLO.replace("env SHOP_DB_PASSWORD", "env X \"hunter2\"");
    assert!(!format!("{:?}", compile_files(&files(&[&text])).findings).contains("hunter2"));
}

/// Applies every certain repair of the one finding about `line`, and shows the line.
#[track_caller]
fn mended(line: &str) -> String {
    let text = format!("{HEAD}pipeline shop from shop to bus {{\ninclude shop.*\n{line}\n}}\n{TAIL}");
    let found = compile_files(&files(&[&text])).findings;
    assert_eq!(found.len(), 1, "{}", shown(&[&text]));
    let mut edits: Vec<_> = found[0]
        .fixes
        .iter()
        .filter(|fix| fix.safety == crate::diagnostic::Safety::Machine)
        .flat_map(|fix| fix.edits.clone())
        .collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    let mut text = text.clone();
    for edit in edits {
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    text.lines().nth(11).expect("the line").to_owned()
}

#[test]
fn certain_repairs() {
    let quotes = [
        ("topic orders", "topic \"orders\""),
        ("topic 'orders.{table}'", "topic \"orders.{table}\""),
        ("label team payments", "label team \"payments\""),
        ("include \"shop.b\"", "include shop.b"),
        ("include `shop.b`", "include shop.b"),
        ("format \"canal-json\"", "format canal-json"),
        ("format canal", "format canal-json"),
        ("mask a using null", "mask a with null"),
    ];
    for (written, expected) in quotes {
        assert_eq!(mended(written), expected);
    }
    // The only word that fits is not always what was meant.
    for doubtful in ["ddl on", "mask a with md5", "start initial", "partition by hash a", "columns"] {
        let certain = doubtful == "start initial";
        assert_eq!(mended(doubtful) != doubtful, certain, "{doubtful}");
    }
    assert_eq!(mended("partition key"), "partition by key");
    assert_eq!(mended("rename table shop.a => b"), "rename table shop.a to b");
    assert_eq!(mended("rename table shop.a b"), "rename table shop.a to b");
    assert_eq!(mended("rename table shop.a to shop.b"), "rename table shop.a to b");
    assert_eq!(mended("format canal_json"), "format canal-json");
    assert_eq!(mended("topic = \"x\""), "topic \"x\"");
    assert_eq!(mended("retry for 12 h"), "retry for 12h");
    assert_eq!(mended("exclude shop.a shop.b"), "exclude shop.a, shop.b");
    assert_eq!(mended("key id name"), "key id, name");
    assert_eq!(mended("partition by columns a"), "partition by column a");
    assert_eq!(mended("partition by keys"), "partition by keys", "`by key` or `by column keys`");
    assert_eq!(mended("exlude shop.a"), "exclude shop.a");
    assert_eq!(mended("columns except"), "columns except", "nothing is certain");
    assert_eq!(mended("delivery exactly-once"), "delivery exactly-once", "it belongs elsewhere");
}

#[test]
fn the_words_of_the_top_level_are_those_of_the_grammar() {
    use crate::statement::{Place, in_place};
    let files = [Place::File, Place::LockFile, Place::TestFile];
    let of_files = files.into_iter().flat_map(in_place);
    let mut ours: Vec<&str> = of_files.map(|spec| spec.word).collect();
    let mut theirs = crate::syntax::TOP_WORDS.to_vec();
    ours.sort_unstable();
    ours.dedup();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
}
