//! `syncc check`: what its flags make of findings.

use super::{RIGHT, check, command, project, run};
use crate::support::Project;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// Two pipelines; each has one mistake.
const TWO: &str = "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\n\
                   target bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  include shop.orders\n}\n\n\
                   pipeline crm from shop to bus {\n  include crm.*\n  include crm.orders\n}\n";

#[test]
fn weights_decide_the_exit_code() {
    let files = project(&[("a.sync", TWO)]);
    let exit = |arguments: &[&str]| run(files.path(), &[&["check", "-q"], arguments].concat()).status.code();
    assert_eq!(exit(&[]), Some(0));
    assert_eq!(exit(&["--fail-on", "warning"]), Some(1));
    assert_eq!(exit(&["--deny", "S0203"]), Some(1));
    assert_eq!(exit(&["--deny", "S0211,include-covered"]), Some(1));
    assert_eq!(exit(&["--warn", "S0203"]), Some(0));
    assert_eq!(exit(&["--deny", "S9999"]), Some(2));
    let denied = run(files.path(), &["check", "--format", "short", "--deny", "S0203"]);
    assert!(String::from_utf8_lossy(&denied.stdout).starts_with("a.sync:10:11: error[S0203]"));
}

#[test]
fn one_pipeline_alone() {
    let files = project(&[("a.sync", TWO)]);
    let lines = |arguments: &[&str]| {
        let output = run(files.path(), &[&["check", "--format", "short"], arguments].concat());
        String::from_utf8_lossy(&output.stdout).lines().map(|line| line[..11].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(lines(&[]), ["a.sync:10:1", "a.sync:15:1"]);
    assert_eq!(lines(&["--only", "pipeline:crm"]), ["a.sync:15:1"]);
    let text = "syncc: there is no pipeline \"cmr\"; did you mean \"crm\"?\n";
    check(files.path(), &["check", "--only", "pipeline:cmr"], (2, "", text));
    let text = "syncc: --only takes `pipeline:NAME`, not \"crm\"\n";
    check(files.path(), &["check", "--only", "crm"], (2, "", text));
}

#[test]
fn the_environment_is_looked_at_when_asked() {
    let open = RIGHT.replace("password env SHOP_DB_PASSWORD", "password file \"secret\"");
    let files =
        project(&[("a.sync", &RIGHT.replace("SHOP_DB_PASSWORD", "SYNCC_TEST_UNSET")), ("secret", "x")]);
    check(files.path(), &["check", "-q"], (0, "", ""));
    let line = "a.sync:4:3: error[S0305]: the variable `SYNCC_TEST_UNSET` is not set here\n";
    check(files.path(), &["check", "--env", "--format", "short"], (1, line, ""));
    let set = command(files.path(), &["check", "--env", "-q"]).env("SYNCC_TEST_UNSET", "x").output();
    assert_eq!(set.expect("the program starts").status.code(), Some(0));

    let files = project(&[("a.sync", &open), ("secret", "x")]);
    let secret = files.path().join("secret");
    let set_mode =
        |mode| fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).expect("our own file");
    set_mode(0o644);
    let line = "a.sync:4:3: warning[S0306]: others may read the secret file ./secret\n";
    check(files.path(), &["check", "--env", "--format", "short"], (0, line, ""));
    set_mode(0o600);
    check(files.path(), &["check", "--env", "--format", "short"], (0, "", ""));
    fs::remove_file(&secret).expect("our own file");
    let gone = "a.sync:4:3: error[S0305]: the secret file `./secret` cannot be read: No such file or directory (os error 2)\n";
    check(files.path(), &["check", "--env", "--format", "short"], (1, gone, ""));
}

#[test]
fn every_secret_is_looked_for() {
    let text = RIGHT
        .replace("kafka1:9092\"", "kafka1:9092\" {\n  registry \"https://r\" {\n    user \"u\"\n    password env SYNCC_TEST_R\n  }\n}")
        .replace("shop.*\n", "shop.*\n  format avro\n  table shop.a {\n    mask x with sha256 salt env SYNCC_TEST_S\n  }\n");
    let files = project(&[("a.sync", &text)]);
    let output = run(files.path(), &["check", "--env", "--format", "short"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    for name in ["SHOP_DB_PASSWORD", "SYNCC_TEST_R", "SYNCC_TEST_S"] {
        assert!(said.contains(&format!("error[S0305]: the variable `{name}` is not set here")), "{said}");
    }
}

#[test]
fn github_gets_annotations_and_a_summary() {
    let files = project(&[("a.sync", &RIGHT.replace("9092\"", "9092\";"))]);
    let summary = files.path().join("summary.md");
    let output = command(files.path(), &["check", "--format", "github"])
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .expect("the program starts");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "::error file=a.sync,line=6,endLine=6,col=31,endColumn=32,title=S0004::`;` has no meaning \
         here%0Ahelp: a statement ends with its line; no sign is needed\n1 error in 1 file\n"
    );
    let table = fs::read_to_string(&summary).expect("the summary is written");
    assert!(table.contains("| error | S0004 unexpected-character | a.sync:6:31 |"), "{table}");
}

#[test]
fn paths_in_a_repository_begin_at_its_root() {
    let repository = project(&[]);
    let prod = repository.path().join("deploy/prod");
    fs::create_dir_all(&prod).expect("a directory");
    fs::create_dir(repository.path().join(".git")).expect("a directory");
    fs::write(prod.join("a.sync"), RIGHT.replace("9092\"", "9092\";")).expect("a file");
    let output = run(&prod, &["check", "--format", "github"]);
    assert!(output.stdout.starts_with(b"::error file=deploy/prod/a.sync,line=6"));
    let output = run(&prod, &["check", "--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "deploy/prod/a.sync");
}

#[test]
fn watching_checks_again_when_a_file_is_saved() {
    let project = Project::new("watched", &[("a.sync", RIGHT)]);
    let mut running = project.start(&["check", "--watch", "--format", "short"]);
    let said = |project: &Project, text: &str, running: &mut crate::support::program::Running| {
        project.write("a.sync", text);
        crate::support::wait::until("a finding of the saved file", 30, || {
            assert!(running.runs(), "{}", running.last_words());
            let said = running.stdout();
            if said.contains("S0004") { Ok(()) } else { Err(said) }
        });
    };
    said(&project, &RIGHT.replace("9092\"", "9092\";"), &mut running);
    running.signal(rustix::process::Signal::INT);
    assert_eq!(running.wait(30), Some(0), "{}", running.last_words());
}

#[test]
fn a_check_has_an_end() {
    let files = project(&[("a.sync", RIGHT)]);
    check(files.path(), &["check", "--timeout", "10m", "-q"], (0, "", ""));
    let wrong = run(files.path(), &["check", "--timeout", "10"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("a duration has a unit, as in 10s or 2m"));
    // Reading what nobody writes takes for ever.
    let mut waits =
        command(files.path(), &["check", "--stdin", "--stdin-path", "a.sync", "--timeout", "50ms"]);
    let mut child = waits.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn();
    let child = child.as_mut().expect("the program starts");
    let _held = child.stdin.take();
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
}

/// Files that are named lie in their project, wherever the shell is.
#[test]
fn the_project_is_where_the_named_file_is() {
    let files = project(&[]);
    fs::create_dir(files.path().join("prod")).expect("the folder is writable");
    for (name, text) in
        [("a.sync", "edition 2026\nsorce s mysql \"db\"\n"), ("b.sync", "edition 2026\nparam\n")]
    {
        fs::write(files.path().join("prod").join(name), text).expect("the folder is writable");
    }
    let output = run(files.path(), &["check", "prod/a.sync", "--format", "short"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(said.starts_with("prod/a.sync:2:1: error[S0013]") && said.lines().count() == 1, "{said}");
}

/// What people and editors read leads to the file from the working directory; the JSON form names files by their project.
#[test]
fn paths_lead_to_the_file_from_here() {
    let files = project(&[]);
    for folder in ["prod", "platform"] {
        fs::create_dir(files.path().join(folder)).expect("the folder is writable");
    }
    let write =
        |name: &str, text: &str| fs::write(files.path().join(name), text).expect("the folder is writable");
    write("prod/a.sync", "edition 2026\nuse \"../platform\"\n;\n");
    write("platform/b.sync", "edition 2026\n;\n");
    let said = |arguments: &[&str]| {
        let output = run(files.path(), &[&["check", "-C", "./prod"], arguments].concat());
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let short = said(&["--format", "short"]);
    let paths: Vec<&str> =
        short.lines().filter_map(|line| line.split_once(": ")).map(|(place, _)| place).collect();
    assert_eq!(paths, ["platform/b.sync:2:1", "prod/a.sync:3:1"], "{short}");
    let drawn = said(&[]);
    assert!(drawn.contains("[platform/b.sync:2:1]") && drawn.contains("[prod/a.sync:3:1]"), "{drawn}");
    let document: serde_json::Value = serde_json::from_str(&said(&["--format", "json"])).expect("JSON");
    let paths: Vec<&serde_json::Value> =
        document["diagnostics"].as_array().expect("a list").iter().map(|finding| &finding["file"]).collect();
    assert_eq!(paths, ["../platform/b.sync", "a.sync"]);
}

/// The example of the JSON form, member by member.
#[test]
fn the_documented_json_is_what_is_printed() {
    let text = "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n  start now\n}\n\
                target bus kafka \"kafka1:9092\"\n\npipeline shop from shop to buss {\n  include shop.*\n}\n";
    let files = project(&[("shop.sync", text)]);
    let output = run(files.path(), &["check", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let span = |start: (u32, u32, u32), end: (u32, u32, u32)| {
        let point = |(line, col, offset)| serde_json::json!({"line": line, "col": col, "offset": offset});
        serde_json::json!({"start": point(start), "end": point(end)})
    };
    let here = span((9, 28, 156), (9, 32, 160));
    let expected = serde_json::json!({
        "version": 1,
        "diagnostics": [{
            "code": "S0101", "name": "unknown-name", "severity": "error",
            "message": "there is no target `buss`",
            "file": "shop.sync", "span": here,
            "labels": [{"file": "shop.sync", "span": here, "text": "did you mean `bus`?"}],
            "help": "declared targets: bus",
            "fixes": [{
                "title": "write `bus`", "safety": "machine",
                "edits": [{"file": "shop.sync", "span": here, "text": "bus"}],
            }],
            "related": [
                {"file": "shop.sync", "span": span((7, 8, 104), (7, 11, 107)), "message": "declared here"},
            ],
            "url": null,
        }],
        "summary": {"errors": 1, "warnings": 0, "advice": 0, "files": 1, "fixable": 1},
    });
    assert_eq!(document, expected);
    assert_eq!(output.status.code(), Some(1));
}

/// Who names a file has that one repaired.
#[test]
fn repairs_stay_in_the_files_that_are_named() {
    let wrong = RIGHT.replace("9092\"", "9092\";");
    let other = "edition 2026\n\nprofile bulk {\n  linger 5ms;\n}\n";
    let files = project(&[("shop.sync", &wrong), ("bulk.sync", other)]);
    let read = |name: &str| fs::read_to_string(files.path().join(name)).expect("readable");
    let dry = run(files.path(), &["check", "shop.sync", "--fix-dry-run"]);
    assert!(!String::from_utf8_lossy(&dry.stdout).contains("bulk.sync"), "{dry:?}");
    run(files.path(), &["check", "shop.sync", "--fix"]);
    assert_eq!((read("shop.sync").as_str(), read("bulk.sync").as_str()), (RIGHT, other));
}

/// Places count the bytes of the file, also behind bytes that are no text; nobody writes into such a file.
#[test]
fn bytes_that_are_no_text_move_no_place() {
    let files = project(&[]);
    let text = [RIGHT.as_bytes(), b"# caf\xe9 \xff\xfe\ntarget lake kafka \"x\" ; # \xe9\n"].concat();
    fs::write(files.path().join("a.sync"), &text).expect("the folder is writable");
    let output = run(files.path(), &["check", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let found = document["diagnostics"].as_array().expect("a list");
    let at = |code: &str| {
        let finding = found.iter().find(|finding| finding["code"] == code);
        &finding.unwrap_or_else(|| panic!("{code} in {document}"))["span"]["start"]
    };
    assert_eq!(at("S0010"), &serde_json::json!({"line": 11, "col": 6, "offset": RIGHT.len() + 5}));
    let sign = text.iter().rposition(|byte| *byte == b';').expect("it is there");
    assert_eq!(at("S0004"), &serde_json::json!({"line": 12, "col": 23, "offset": sign}));
    assert_eq!(document["summary"]["fixable"], 0);
    let drawn = run(files.path(), &["check"]);
    assert!(!String::from_utf8_lossy(&drawn.stdout).contains("--fix"), "{drawn:?}");
    run(files.path(), &["check", "--fix"]);
    assert_eq!(fs::read(files.path().join("a.sync")).expect("it is there"), text);
}

#[test]
fn standard_input_alone_is_a_project() {
    // Beside a project it is another one, and what it declares is not declared twice.
    let files = project(&[("a.sync", RIGHT)]);
    let wrong = RIGHT.replace("9092\"", "9092\";");
    let said = |arguments: &[&str], text: &str| {
        let output = super::with_input(
            files.path(),
            &[&["check", "--format", "short"], arguments].concat(),
            text.as_bytes(),
        );
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(said(&["--stdin"], RIGHT), (Some(0), String::new()));
    let line = "6:31: error[S0004]: `;` has no meaning here\n";
    assert_eq!(said(&["--stdin"], &wrong), (Some(1), format!("<stdin>:{line}")));
    assert_eq!(said(&["--stdin", "--stdin-path", "a.sync"], &wrong), (Some(1), format!("a.sync:{line}")));
    // The project is where the file lies.
    fs::create_dir(files.path().join("prod")).expect("the folder is writable");
    let prod = ["--stdin", "--stdin-path", "prod/a.sync"];
    assert_eq!(said(&prod, &wrong), (Some(1), format!("prod/a.sync:{line}")));
}
