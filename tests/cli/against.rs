//! Two states of a project compared: a git revision, or another directory.

use super::{RIGHT, check, project, run};
use std::fs;
use std::path::Path;
use std::process::Command;

fn git(directory: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("git is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A repository whose `main` has the project in `prod`.
fn repository() -> tempfile::TempDir {
    let repository = project(&[]);
    fs::create_dir(repository.path().join("prod")).expect("a directory");
    fs::write(repository.path().join("prod/shop.sync"), RIGHT).expect("a file");
    git(repository.path(), &["init", "-q"]);
    git(repository.path(), &["add", "."]);
    git(repository.path(), &["commit", "-q", "-m", "first"]);
    repository
}

#[test]
fn a_branch_is_compared_with_a_revision() {
    let repository = repository();
    let prod = repository.path().join("prod");
    check(&prod, &["check", "--against", "main", "--format", "short"], (0, "", ""));
    fs::write(prod.join("shop.sync"), RIGHT.replace("shop.*\n", "shop.*\n  key none\n")).expect("a file");
    let line = "shop.sync:10:3: error[P1002]: `key` changes for shop.* of `shop.shop.bus`: its consumers would read two \
                kinds of messages\n";
    check(&prod, &["check", "--against", "main", "--format", "short"], (1, line, ""));
    check(
        repository.path(),
        &["check", "-C", "prod", "--against", "HEAD", "--format", "short"],
        (1, &format!("prod/{line}"), ""),
    );
    check(
        &prod,
        &["check", "--against", "HEAD", "--format", "short", "--only", "pipeline:shop"],
        (1, line, ""),
    );
    let nothing = "syncc: \"nowhere\" is neither a directory nor a git revision\n";
    check(&prod, &["check", "--against", "nowhere"], (2, "", nothing));
    let option = run(&prod, &["check", "--against=--output=x"]);
    assert_eq!(option.status.code(), Some(2));
}

#[test]
fn a_new_name_is_written_down_by_a_repair() {
    let repository = repository();
    let prod = repository.path().join("prod");
    let renamed = RIGHT.replace("pipeline shop", "pipeline store");
    fs::write(prod.join("shop.sync"), renamed).expect("a file");
    let output = run(&prod, &["check", "--against", "main", "--fix"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    let text = fs::read_to_string(prod.join("shop.sync")).expect("a file");
    assert!(text.contains("\nmoved pipeline shop to store\npipeline store "), "{text}");
}

#[test]
fn what_is_not_there_or_broken_is_said() {
    let repository = repository();
    let other = repository.path().join("new");
    fs::create_dir(&other).expect("a directory");
    fs::write(other.join("a.sync"), RIGHT).expect("a file");
    let note = "syncc: there is no project at main: everything is new\n";
    check(&other, &["check", "--against", "main", "-q"], (0, "", note));

    let outside = project(&[("shop.sync", RIGHT)]);
    let output = run(outside.path(), &["check", "--against", "main"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("lies in no git repository"));

    let broken = project(&[("shop.sync", &RIGHT.replace("to bus {", "to buss {"))]);
    let broken = broken.path().to_string_lossy().into_owned();
    let output = run(outside.path(), &["check", "--against", &broken]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("shop.sync:8:28: error[S0101]"));
}

#[test]
fn a_directory_is_compared_with_another() {
    let old = project(&[("shop.sync", RIGHT)]);
    let new = project(&[("shop.sync", &RIGHT.replace("shop.*", "crm.*"))]);
    let line = "shop.sync:8:1: warning[P1001]: no longer sent: shop.* of `shop.shop.bus`\n\
                shop.sync:9:11: advice[P1009]: existing rows are loaded first: crm.* of `shop.shop.bus`\n";
    let old = old.path().to_string_lossy().into_owned();
    check(new.path(), &["check", "--against", &old, "--format", "short"], (0, line, ""));
}

#[test]
fn a_lock_file_tells_which_columns_consumers_lose() {
    let lock = |columns: &str| {
        format!(
            "edition 2026\n\nlock source shop {{\n  server \"8.4.2\"\n  lower-case-table-names 0\n  table shop.orders {{\n    \
             primary id\n    column id \"int not null\"\n{columns}  }}\n}}\n"
        )
    };
    let repository = repository();
    let prod = repository.path().join("prod");
    fs::write(prod.join("schema.lock"), lock("    column status \"varchar(20)\"\n")).expect("a file");
    git(repository.path(), &["add", "."]);
    git(repository.path(), &["commit", "-q", "-m", "lock"]);
    fs::write(prod.join("schema.lock"), lock("    column state \"varchar(20)\"\n")).expect("a file");
    let lines = "schema.lock:6:9: error[P1010]: `status` of `shop.orders` is gone: consumers miss it\n\
                 schema.lock:9:12: warning[P1004]: `state` of `shop.orders` is new: rows sent before are without it\n";
    check(&prod, &["check", "--against", "main", "--format", "short"], (1, lines, ""));
    let output = run(&prod, &["plan", "--against", "main"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stdout).contains("`status` of `shop.orders` is gone"));
}
