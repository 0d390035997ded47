//! What readers copy works: the README's files, the pages of the findings.

use std::process::{Command, Output};

use crate::support::Project;

fn syncc(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_syncc"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program under test can be started")
}

#[track_caller]
fn check_clean(output: Output, what: &str) {
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    assert_eq!(output.status.code(), Some(0), "{what}:\n{}", String::from_utf8_lossy(&said));
}

#[test]
fn the_files_of_the_readme_are_clean_and_formatted() {
    let readme = include_str!("../README.md");
    let files: Vec<&str> = readme
        .split("```sync\n")
        .skip(1)
        .map(|rest| rest.split("```").next().expect("split gives one part at least"))
        .collect();
    assert!(!files.is_empty(), "the README shows a file");
    for file in files {
        let project = Project::new("readme", &[("readme.sync", file)]);
        check_clean(project.syncc(&["check"]), file);
        check_clean(project.syncc(&["fmt", "--check"]), file);
    }
}

#[test]
fn every_code_can_be_explained() {
    let codes = crate::tidy::all_codes();
    assert!(codes.len() > 20, "only {} codes", codes.len());
    let list = syncc(&["explain"]);
    assert!(list.status.success());
    let list = String::from_utf8(list.stdout).expect("text");
    let listed: Vec<&str> = list.lines().filter_map(|line| line.split(' ').next()).collect();
    for code in codes {
        assert!(listed.contains(&code.as_str()), "{code} is not listed");
        check_clean(syncc(&["explain", &code]), &code);
    }
}
