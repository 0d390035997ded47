//! Commands about the program, the machine and the rights: `version`, `man`, `completions`, `doctor`, and the help.

use super::{RIGHT, check, project, run};
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn said(arguments: &[&str]) -> String {
    let output = run(project(&[]).path(), arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Names of all commands, as the help lists them.
fn commands() -> Vec<String> {
    let help = said(&["-h"]);
    let list = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a list");
    list.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn every_command_teaches_with_examples() {
    let commands = commands();
    assert!(commands.len() > 8, "{commands:?}");
    for command in &commands {
        let short = said(&[command, "-h"]);
        assert!(short.lines().count() <= 50, "{command} -h is longer than a screen:\n{short}");
        let long = said(&[command, "--help"]);
        assert!(long.contains("Examples:\n  syncc "), "{command} --help has no example:\n{long}");
    }
    assert!(said(&["-h"]).lines().count() <= 50);
}

/// What an example shows can be typed.
#[test]
fn examples_are_command_lines() {
    for command in commands() {
        let long = said(&[&command, "--help"]);
        let examples = long.split("Examples:\n").nth(1).expect("examples");
        for line in examples.lines().take_while(|line| line.starts_with("  syncc ")) {
            let line = line.trim().split("  ").next().expect("split gives one part");
            let words = line.split_whitespace().skip(1).take_while(|word| !["|", ">", "<"].contains(word));
            let flags = words.clone().filter(|word| word.starts_with("--"));
            for flag in flags {
                assert!(long.contains(flag), "{command} has no {flag}: {line}");
            }
            assert!(words.clone().any(|word| word == command), "{line}");
        }
    }
}

#[test]
fn versions_in_both_forms() {
    let text = said(&["version"]);
    assert!(
        text.starts_with(&format!("syncc {}\nedition 2026\nlibrdkafka ", env!("CARGO_PKG_VERSION"))),
        "{text}"
    );
    let object: serde_json::Value =
        serde_json::from_str(&said(&["version", "--format", "json"])).expect("JSON");
    assert_eq!((&object["version"], &object["edition"]), (&env!("CARGO_PKG_VERSION").into(), &2026.into()));
}

#[test]
fn manual_and_completions_know_every_command() {
    let page = said(&["man"]);
    let scripts: Vec<String> =
        ["bash", "zsh", "fish", "elvish", "powershell"].map(|shell| said(&["completions", shell])).to_vec();
    for command in commands() {
        assert!(page.contains(&format!("syncc\\-{command}(1)")), "{command}");
        assert!(said(&["man", &command]).contains(&format!("syncc\\-{command}")), "{command}");
        assert!(scripts.iter().all(|script| script.contains(&command)), "{command}");
    }
    let here = project(&[]);
    check(
        here.path(),
        &["man", "chekc"],
        (2, "", "syncc: there is no command `chekc`; did you mean `check`?\n"),
    );
}

/// Bash itself is asked what it offers.
#[test]
fn bash_completes_what_can_be_explained() {
    let here = project(&[]);
    fs::write(here.path().join("syncc.bash"), said(&["completions", "bash"]))
        .expect("the folder is writable");
    let offered = |words: &[&str]| {
        let last = words.len() - 1;
        let asked = format!(
            "source syncc.bash; COMP_WORDS=({}); COMP_CWORD={last}; _syncc syncc '{}' '{}'; echo \"${{COMPREPLY[@]}}\"",
            words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
            words[last],
            words[last - 1],
        );
        let output =
            std::process::Command::new("bash").args(["-c", &asked]).current_dir(here.path()).output();
        String::from_utf8(output.expect("bash starts").stdout).expect("text").trim_end().to_owned()
    };
    assert_eq!(
        offered(&["syncc", "explain", "S010"]),
        "S0101 S0102 S0103 S0104 S0105 S0106 S0107 S0108 S0109"
    );
    assert_eq!(offered(&["syncc", "explain", "t"]), "table topic");
    assert_eq!(offered(&["syncc", "explain", "statement", "on-e"]), "on-error");
    assert_eq!(offered(&["syncc", "explain", "format", "canal"]), "canal-json");
    assert_eq!(offered(&["syncc", "explain", "table", ""]), "");
    assert_eq!(offered(&["syncc", "man", "che"]), "check");
}

/// A reference in a page is the command of the page, and the word for one of its own.
#[test]
fn every_page_that_a_page_refers_to_can_be_printed() {
    let mut left: Vec<Vec<String>> = vec![Vec::new()];
    let mut n_pages = 0;
    while let Some(words) = left.pop() {
        let asked: Vec<&str> = ["man"].into_iter().chain(words.iter().map(String::as_str)).collect();
        let page = said(&asked).replace("\\-", "-");
        let title = ["syncc"].into_iter().chain(asked.into_iter().skip(1)).collect::<Vec<_>>().join("-");
        let head = format!(".TH {title} 1 \"\" \"syncc {}\" \"syncc manual\"", env!("CARGO_PKG_VERSION"));
        assert!(page.contains(&head), "{head}: {page}");
        for name in page.lines().filter_map(|line| line.strip_suffix("(1)")) {
            let word = name.strip_prefix(&format!("{title}-")).unwrap_or_else(|| panic!("{title}: {name}"));
            left.push([words.as_slice(), &[word.to_owned()]].concat());
        }
        n_pages += 1;
    }
    assert!(n_pages > commands().len() + 5, "{n_pages}");
    let here = project(&[]);
    check(
        here.path(),
        &["man", "schema", "pul"],
        (2, "", "syncc: there is no command `pul`; did you mean `pull`?\n"),
    );
    check(here.path(), &["man", "check", "x"], (2, "", "syncc: `check` has no commands of its own\n"));
}

#[test]
fn the_doctor_looks_at_machine_project_and_state() {
    let files = project(&[("a.sync", RIGHT)]);
    let output = run(files.path(), &["doctor"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("ok       project       1 file\n") && text.contains("./.syncc can be made\n"),
        "{text}"
    );
    let state = files.path().join("state");
    fs::create_dir(&state).expect("a directory");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).expect("our own directory");
    let output = run(files.path(), &["doctor", "--state", "state"]);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("look     state         others may look into state")
    );

    let none = project(&[]);
    let output = run(none.path(), &["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("problem  project       holds no `.sync` file\n")
    );
}

#[test]
fn the_doctor_prints_the_rights_of_a_project() {
    let files = project(&[("a.sync", RIGHT)]);
    let output = run(files.path(), &["doctor", "--grants"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("GRANT SELECT ON `shop`.* TO 'syncc'@'%';\n"), "{text}");
    let wrong = project(&[("a.sync", &RIGHT.replace("to bus {", "to buss {"))]);
    assert_eq!(run(wrong.path(), &["doctor", "--grants"]).status.code(), Some(1));
}
