//! `syncc init`: a first project that passes, and nothing that is there is touched.

use super::{check, project, run};
use std::fs;

#[test]
fn flags_make_a_project_that_passes() {
    let here = project(&[]);
    let flags =
        ["init", "prod", "--from", "mysql", "mysql://syncc@db1:3306/shop", "--to", "kafka1:9092,kafka2:9092"];
    let output = run(here.path(), &flags);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "wrote prod/shop.sync\nwrote prod/.gitignore\n\nNext:\n  export SHOP_DB_PASSWORD=...\n  syncc check -C prod --env\n  \
         syncc doctor -C prod --grants\n  syncc run -C prod\n"
    );
    assert!(output.stderr.is_empty());
    check(here.path(), &["check", "-C", "prod", "--fail-on", "advice"], (0, "no findings in 1 file\n", ""));
    check(here.path(), &["fmt", "--check", "-C", "prod"], (0, "", ""));
    let again = "syncc: there is a project in prod already: it holds shop.sync\n";
    check(here.path(), &flags, (2, "", again));
}

#[test]
fn nobody_to_ask_takes_what_is_offered() {
    let here = project(&[]);
    let output = run(here.path(), &["init"]);
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("syncc@127.0.0.1:3306, 127.0.0.1:9092, shop.*: edit it"), "{said}");
    check(here.path(), &["check", "--fail-on", "advice"], (0, "no findings in 1 file\n", ""));
}

#[test]
fn jobs_and_hints_go_to_the_root_of_the_repository() {
    let repository = project(&[(".gitlab-ci.yml", "mine\n"), (".editorconfig", "mine\n")]);
    fs::create_dir(repository.path().join(".git")).expect("a directory");
    let prod = repository.path().join("prod");
    fs::create_dir(&prod).expect("a directory");
    let from = ["--from", "mysql", "db1", "--to", "kafka1", "--tables", "shop.orders"];
    for ci in ["github", "gitlab"] {
        let output = run(&prod, &[&["init", "--editor", "--ci", ci], &from[..]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        fs::remove_file(prod.join("shop.sync")).expect("it was written");
    }
    let read = |path: &str| fs::read_to_string(repository.path().join(path)).expect("it was written");
    assert!(
        read(".github/workflows/syncc.yml")
            .contains("syncc check -C prod --format github --against origin/${{ github.base_ref }}")
    );
    assert!(read("syncc.gitlab-ci.yml").contains("syncc check -C prod --format junit"));
    assert_eq!((read(".gitlab-ci.yml"), read(".editorconfig")), ("mine\n".into(), "mine\n".into()));
    let task: serde_json::Value = serde_json::from_str(&read(".vscode/tasks.json")).expect("JSON");
    assert_eq!(task["tasks"][0]["problemMatcher"]["fileLocation"][1], "${workspaceFolder}");
}

#[test]
fn what_makes_no_project_writes_nothing() {
    let here = project(&[]);
    for (flags, told) in [
        (&["--from", "mysql", "syncc:hunter2@db1"][..], "leave the password out of the address"),
        (&["--from", "postgres", "db1"], "--from takes `mysql ADDRESS`, not `postgres`"),
        (&["--tables", "a b"], "--tables is not understood: "),
        (&["--tables", "shop.[a"], "--tables is not understood: "),
        (&["--to", "kafka1:x"], "--to is not understood: "),
        (&["--to", "syncc:hunter2@kafka1"], "--to is not understood: "),
    ] {
        let output = run(here.path(), &[&["init"], flags].concat());
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(told) && !said.contains("hunter2"), "{flags:?}: {said}");
    }
    assert_eq!(fs::read_dir(here.path()).expect("a directory").count(), 0);
}
