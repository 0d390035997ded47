//! The built program: exit codes, streams and forms of output.

mod about;
mod against;
mod check;
mod explain;
mod graph;
mod help;
mod init;
mod live;
mod offline;
mod plan;
mod row;
mod secrets;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const RIGHT: &str = "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\n\
                     target bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n";

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (name, text) in files {
        fs::write(directory.path().join(name), text).expect("a file is written");
    }
    directory
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_syncc"));
    command.args(arguments).current_dir(directory).env_remove("CLICOLOR_FORCE").stdin(Stdio::null());
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    command(directory, arguments).output().expect("the program starts")
}

/// Exit code, standard output and standard error.
#[track_caller]
fn check(directory: &Path, arguments: &[&str], expected: (i32, &str, &str)) {
    let output = run(directory, arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(
        (output.status.code(), stdout.as_str(), stderr.as_str()),
        (Some(expected.0), expected.1, expected.2)
    );
}

fn with_input(directory: &Path, arguments: &[&str], input: &[u8]) -> Output {
    use std::io::Write;
    let mut child = command(directory, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("its input").write_all(input).expect("it reads");
    child.wait_with_output().expect("it ends")
}

#[test]
fn check_tells_by_exit_code() {
    let right = project(&[("shop.sync", RIGHT)]);
    check(right.path(), &["check"], (0, "no findings in 1 file\n", ""));
    check(right.path(), &["check", "-q"], (0, "", ""));

    let wrong = project(&[("shop.sync", &RIGHT.replace("9092\"", "9092\";"))]);
    let line = "shop.sync:6:31: error[S0004]: `;` has no meaning here\n";
    check(wrong.path(), &["check", "--format", "short"], (1, line, ""));
    // From elsewhere, the path still leads to the file.
    let elsewhere = wrong.path().to_string_lossy().into_owned();
    check(
        right.path(),
        &["check", "--format", "short", "-C", &elsewhere],
        (1, &format!("{elsewhere}/{line}"), ""),
    );

    let marked = project(&[("shop.sync", &format!("\u{FEFF}{RIGHT}"))]);
    assert_eq!(run(marked.path(), &["check"]).status.code(), Some(0));
    assert_eq!(run(marked.path(), &["check", "--fail-on", "advice"]).status.code(), Some(1));
}

#[test]
fn check_needs_files() {
    let empty = project(&[]);
    let output = run(empty.path(), &["check"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("holds no `.sync` file"));
    assert_eq!(run(empty.path(), &["check", "none.sync"]).status.code(), Some(2));
    assert_eq!(run(empty.path(), &["run"]).status.code(), Some(2));
    assert_eq!(run(empty.path(), &["chekc"]).status.code(), Some(2));
    assert_eq!(run(empty.path(), &["--help"]).status.code(), Some(0));
}

#[test]
fn check_of_some_files() {
    let broken = RIGHT.replace("shop.*", "shop.*;").replace("pipeline shop", "pipeline other");
    let files =
        project(&[("a.sync", RIGHT), ("b.sync", "edition 2026\n;\n"), ("c.sync", "edition 2026\n;\n")]);
    let line = "b.sync:2:1: error[S0004]: `;` has no meaning here\n";
    check(files.path(), &["check", "--format", "short", "b.sync"], (1, line, ""));
    let edited = with_input(
        project(&[("a.sync", RIGHT)]).path(),
        &["check", "--format", "short", "--stdin", "--stdin-path", "a.sync"],
        broken.as_bytes(),
    );
    assert_eq!(
        String::from_utf8_lossy(&edited.stdout),
        "a.sync:9:17: error[S0004]: `;` has no meaning here\n"
    );
}

#[test]
fn parameters_are_given_from_outside() {
    let text = RIGHT.replace("include shop.*", "include shop.orders\n  topic \"{region}.{table}\"")
        + "param region one-of eu, us, elsewhere-in-the-world default eu\n";
    let with_region = project(&[("shop.sync", &text)]);
    let explained = |arguments: &[&str], variable: &str| {
        let mut command = command(with_region.path(), arguments);
        let output =
            command.env("SYNCC_PARAM_REGION", variable).args(["explain", "table", "shop.orders"]).output();
        String::from_utf8(output.expect("the program starts").stdout).expect("text")
    };
    assert!(explained(&[], "us").contains("us.orders"));
    assert!(explained(&["--param", "region=eu"], "us").contains("eu.orders"));
    let wrong = "shop.sync:12:7: error[S0108]: `--param` gives `region` the value `ue`; did you mean `eu`?\n";
    check(with_region.path(), &["check", "--format", "short", "--param", "region=ue"], (1, wrong, ""));
    let undeclared =
        "syncc: there is no param `regoin`, which `--param` gives a value; did you mean `region`?\n";
    check(with_region.path(), &["check", "--param", "regoin=eu"], (2, "", undeclared));
    assert_eq!(run(with_region.path(), &["run", "--param", "regoin=eu"]).status.code(), Some(2));
    assert_eq!(run(with_region.path(), &["check", "--param", "region"]).status.code(), Some(2));
}

#[test]
fn every_combination_of_parameters_is_checked() {
    let by_region = |line: &str, values: &str| {
        let lines = format!("include shop.orders\n  topic \"{{region}}.{{table}}\" {{\n    {line}\n  }}");
        let params = format!("param region one-of eu, us default eu\nparam n by region {{\n{values}}}\n");
        project(&[("shop.sync", &(RIGHT.replace("include shop.*", &lines) + &params))])
    };
    // What a value makes of a name is looked at where it is chosen.
    let named = by_region("partitions 3", "  eu \"eu\"\n  us \"u s\"\n");
    let path = named.path().join("shop.sync");
    let text = fs::read_to_string(&path).expect("readable").replace("{region}.", "{n}.");
    fs::write(&path, text).expect("writable");
    check(named.path(), &["check", "-q"], (0, "", ""));
    let line = "shop.sync:17:6: error[S0109]: when `region` is `us`: S0404 \"u s.{table}\" gives no topic name: \
                Kafka takes letters, digits, `.`, `_` and `-` only, not ` `\n";
    check(named.path(), &["check", "--all-params", "--format", "short"], (1, line, ""));
    // What can be no value where it is used is one mistake, whatever is chosen.
    let numbered = by_region("partitions param n", "  eu 3\n  us 0\n");
    let line = "shop.sync:17:6: error[S0018]: `0` is out of range: 1 to 1_000_000\n";
    for arguments in [&["check", "--format", "short"][..], &["check", "--all-params", "--format", "short"]] {
        check(numbered.path(), arguments, (1, line, ""));
    }
}

#[test]
fn a_file_uses_another_directory() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let at = |path: &str| root.path().join(path);
    for (path, text) in [
        ("prod/shop.sync", RIGHT.replace("target bus kafka \"kafka1:9092\"", "use \"../platform\"")),
        ("platform/kafka.sync", "edition 2026\n\ntarget bus kafka \"kafka1:9092\";\n".to_owned()),
    ] {
        fs::create_dir_all(at(path).parent().expect("a directory")).expect("writable");
        fs::write(at(path), text).expect("writable");
    }
    let line = "../platform/kafka.sync:3:31: error[S0004]: `;` has no meaning here\n";
    check(&at("prod"), &["check", "--format", "short"], (1, line, ""));
    let outside = "shop.sync:6:5: error[S0106]: `../platform` lies outside of the project root\n";
    check(&at("prod"), &["check", "--format", "short", "--root", "."], (1, outside, ""));
    check(&at("prod"), &["check", "-q", "--fix"], (0, "", ""));
    assert!(!fs::read_to_string(at("platform/kafka.sync")).expect("readable").contains(';'));
}

#[test]
fn check_in_json() {
    let wrong = project(&[("shop.sync", &RIGHT.replace("9092\"", "9092\";"))]);
    let output = run(wrong.path(), &["check", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["diagnostics"][0]["code"], "S0004");
    assert_eq!(document["summary"]["fixable"], 1);
    let lines = run(wrong.path(), &["check", "--format", "jsonl"]).stdout;
    assert_eq!(String::from_utf8_lossy(&lines).lines().count(), 2);
}

#[test]
fn check_repairs() {
    let wrong = project(&[("shop.sync", &RIGHT.replace("9092\"", "9092\";"))]);
    let preview = run(wrong.path(), &["check", "--fix-dry-run"]);
    assert!(String::from_utf8_lossy(&preview.stdout).contains("+target bus kafka \"kafka1:9092\"\n"));
    check(wrong.path(), &["check", "--fix"], (0, "no findings in 1 file\n", "syncc: repaired shop.sync\n"));
    assert_eq!(fs::read_to_string(wrong.path().join("shop.sync")).expect("the file"), RIGHT);
}

#[test]
fn fmt_writes_or_lists() {
    let untidy = RIGHT.replace("  include", " include  ");
    let files =
        project(&[("a.sync", &untidy), ("b.sync", "edition 2026\n"), ("c.test.sync", "edition  2026\n")]);
    check(files.path(), &["fmt", "--check"], (1, "a.sync\nc.test.sync\n", ""));
    check(files.path(), &["fmt"], (0, "", "syncc: formatted a.sync\nsyncc: formatted c.test.sync\n"));
    assert_eq!(fs::read_to_string(files.path().join("a.sync")).expect("the file"), RIGHT);
    check(files.path(), &["fmt", "--check"], (0, "", ""));
}

#[test]
fn fmt_leaves_broken_files_alone() {
    let open = "edition   2026\npipeline a {\n";
    let note = "is left alone: its braces do not balance, or it is no text; `syncc check` says where\n";
    let files = project(&[("a.sync", open)]);
    check(files.path(), &["fmt", "--check"], (1, "", &format!("syncc: a.sync {note}")));
    check(files.path(), &["fmt"], (0, "", &format!("syncc: a.sync {note}")));
    assert_eq!(fs::read_to_string(files.path().join("a.sync")).expect("the file"), open);
    for input in [open.as_bytes(), b"a   \xff\n"] {
        let output = with_input(files.path(), &["fmt", "--stdin"], input);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), input));
    }
    let formatted = with_input(files.path(), &["fmt", "-"], b"a   b\n");
    assert_eq!(formatted.stdout, b"a b\n");
}

#[test]
fn fmt_reads_standard_input_and_shows_differences() {
    let here = project(&[("a.sync", "edition   2026\n")]);
    let diff = "--- a/a.sync\n+++ b/a.sync\n@@ -1 +1 @@\n-edition   2026\n+edition 2026\n";
    check(here.path(), &["fmt", "--diff"], (0, diff, ""));
    check(here.path(), &["fmt", "--diff", "--check"], (1, diff, ""));
    let of_input = |arguments: &[&str], input: &[u8]| {
        let output = with_input(here.path(), arguments, input);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let untidy = b"edition   2026\n";
    assert_eq!(
        of_input(&["fmt", "--stdin", "--diff", "--stdin-path", "a.sync"], untidy),
        (Some(0), diff.to_owned())
    );
    assert_eq!(of_input(&["fmt", "-", "--check"], untidy), (Some(1), String::new()));
    assert_eq!(
        of_input(&["fmt", "-", "--edition", "2026"], b"a  b\n"),
        (Some(0), "edition 2026\n\na b\n".to_owned())
    );
    assert_eq!(of_input(&["fmt", "-", "--edition", "2026"], untidy), (Some(0), "edition 2026\n".to_owned()));
    let output = run(here.path(), &["fmt", "--edition", "2031"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("this syncc knows the editions 2026"));
}

#[test]
fn colours_are_for_who_wants_them() {
    let wrong = project(&[("shop.sync", &RIGHT.replace("9092\"", "9092\";"))]);
    let colours = |arguments: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["check"], arguments].concat();
        let output =
            command(wrong.path(), &arguments).env_remove("NO_COLOR").envs(variables.iter().copied()).output();
        output.expect("the program starts").stdout.contains(&0x1b)
    };
    assert!(!colours(&[], &[]), "a pipe is no terminal");
    assert!(colours(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(colours(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colours(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!colours(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn explain_prints_a_page() {
    let here = project(&[]);
    for asked in ["S0001", "s0001", "sign-not-closed"] {
        let output = run(here.path(), &["explain", asked]);
        assert_eq!(output.status.code(), Some(0));
        assert!(output.stdout.starts_with(b"S0001 sign-not-closed\n"));
    }
    let text = "syncc: there is no code \"S00001\"; did you mean S0001?\n";
    check(here.path(), &["explain", "S00001"], (2, "", text));
}

#[test]
fn explain_tells_what_becomes_of_a_table() {
    let here = project(&[("shop.sync", RIGHT)]);
    let explained = run(here.path(), &["explain", "table", "shop.orders"]);
    assert_eq!(explained.status.code(), Some(0));
    let explained = String::from_utf8(explained.stdout).expect("text");
    for line in [
        "shop.orders is replicated by pipeline shop from shop to bus",
        "  selected          include shop.*                                     shop.sync:9",
        "  name              shop.orders                      as in the source",
        "  topic             shop.orders                      default",
        "  key               primary, else first unique       default",
        "  retry             12h                              default",
    ] {
        assert!(explained.lines().any(|found| found == line), "{explained}");
    }
    let not_sent = "no include of pipeline `shop` takes `crm.orders`; it has `shop.*` (shop.sync:9)\n";
    check(here.path(), &["explain", "table", "crm.orders"], (1, not_sent, ""));
    let text = "syncc: \"orders\" is no table; it is written DB.TABLE\n";
    check(here.path(), &["explain", "table", "orders"], (2, "", text));
}

#[test]
fn explain_tells_what_a_pipeline_says() {
    let text = RIGHT.replace(
        "  include shop.*\n",
        "  include shop.*\n  table shop.a {\n    mask b with null\n    key none\n  }\n  rename table shop.b to c\n",
    );
    let here = project(&[("shop.sync", &text)]);
    let output = run(here.path(), &["explain", "pipeline", "shop"]);
    let page = String::from_utf8(output.stdout).expect("text");
    assert!(page.starts_with("pipeline shop from shop to bus\n\n  include shop.* "), "{page}");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in [
        "include shop.* shop.sync:9",
        "rename table shop.b to \"c\" shop.sync:14",
        "format canal-json default",
        "commit every 500ms, 200000 rows, 64MiB default",
        "key none shop.sync:12",
        "mask b with null shop.sync:11",
        "password env SHOP_DB_PASSWORD shop.sync:4",
        "brokers kafka1:9092 shop.sync:6",
        "compression lz4 default",
    ] {
        assert_eq!(page.lines().filter(|found| words(found) == line).count(), 1, "{line}\n{page}");
    }
    for block in ["\n  table shop.a\n", "\n  source shop\n", "\n  target bus\n"] {
        assert!(page.contains(block), "{page}");
    }
    let text = "syncc: there is no pipeline \"shp\"; did you mean \"shop\"?\n";
    check(here.path(), &["explain", "pipeline", "shp"], (2, "", text));
}

/// What is not executed is refused before anything is opened: no server is asked, and no state is made.
#[test]
fn run_refuses_what_it_cannot_execute() {
    let idle = RIGHT.replace("  include", "  retry for env WAIT else 10m\n  include");
    let here = project(&[("shop.sync", &idle)]);
    check(here.path(), &["check"], (0, "no findings in 1 file\n", ""));
    let output = run(here.path(), &["run", "--log", "human"]);
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!((output.status.code(), said.matches("S0020").count()), (Some(1), 1), "{said}");
    assert!(said.contains("or pause the pipeline: `paused because"), "{said}");
    assert!(!here.path().join(".syncc").exists(), "no state was made");
}

#[test]
fn explain_shows_a_statement() {
    let here = project(&[]);
    let page = "label NAME \"TEXT\"\n\nA word for people and dashboards.\n\n  \
                stands in   a `pipeline`\n  \
                a change    takes effect in place\n  \
                since       2026\n\n\
                Example:\n\n    label team \"payments\"\n";
    check(here.path(), &["explain", "statement", "label"], (0, page, ""));
    let text = "syncc: there is no statement \"labels\"; did you mean label?\n";
    check(here.path(), &["explain", "statement", "labels"], (2, "", text));
    let list = run(here.path(), &["explain", "statements"]);
    let list = String::from_utf8(list.stdout).expect("text");
    for line in
        ["At the top level of a file:", "    label                   A word for people and dashboards."]
    {
        assert!(list.lines().any(|found| found == line), "{list}");
    }
}

#[test]
fn a_pipe_that_closes_early_is_no_failure() {
    let many = format!("{RIGHT}{}", ";\n".repeat(5000));
    let files = project(&[("shop.sync", &many)]);
    let mut child = command(files.path(), &["check", "--format", "short"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(1), ""));
}
