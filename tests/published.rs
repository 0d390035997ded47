//! What readers copy works: the examples, the quickstart's project, the README's file, the pages of the findings.

use std::path::Path;
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

/// The folders below `pipelines` that hold a `.sync` file.
fn projects() -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        let entries: Vec<_> = std::fs::read_dir(folder)
            .expect("the examples can be read")
            .map(|entry| entry.expect("the examples can be read").path())
            .collect();
        if entries.iter().any(|path| path.extension().is_some_and(|ending| ending == "sync")) {
            found.push(folder.display().to_string());
        }
        for path in entries.iter().filter(|path| path.is_dir()) {
            walk(path, found);
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines"), &mut found);
    found
}

#[test]
fn every_project_of_pipelines_is_clean_and_formatted() {
    let projects = projects();
    assert!(projects.len() > 1, "where are the examples?");
    for project in &projects {
        check_clean(syncc(&["check", "-C", project]), project);
        check_clean(syncc(&["fmt", "--check", "-C", project]), project);
    }
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
