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
    let line = "a.sync:4:3: error[S0305]: the variable `SYNCC_TEST_UNSET` is not set here; a value is taken from it\n";
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
        "::error file=a.sync,line=6,endLine=6,col=31,endColumn=32,title=S0004 unexpected-character::`;` has no meaning \
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
    assert!(said.starts_with("a.sync:2:1: error[S0013]") && said.lines().count() == 1, "{said}");
}
