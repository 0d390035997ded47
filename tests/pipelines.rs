//! The projects of `pipelines/`, which people copy: each is checked, formatted and planned, and found by its README.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use syncc::diagnostic::{Severity, short};
use syncc::fmt::{Formatted, format};
use syncc::plan::compile_project;
use syncc::project::{LOCK_NAME, Location, io};
use syncc::statement::{Block, Place, STATEMENTS, find};
use syncc::syntax::{NodeId, NodeKind, Tree, parse};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines")
}

fn readme() -> String {
    fs::read_to_string(folder().join("README.md")).expect("pipelines has a README")
}

/// The folders that hold `.sync` files and are not there for others to `use`.
fn projects() -> BTreeSet<PathBuf> {
    fn walk(folder: &Path, found: &mut BTreeSet<PathBuf>, used: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder of the repository can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                walk(&path, found, used);
            } else if path.extension().is_some_and(|ending| ending == "sync") {
                let text = fs::read_to_string(&path).expect("an example is a text");
                let names = text.lines().filter_map(|line| line.strip_prefix("use \"")?.strip_suffix('"'));
                used.extend(
                    names.map(|name| folder.join(name).canonicalize().expect("what is used is there")),
                );
                found.insert(folder.canonicalize().expect("it was just read"));
            }
        }
    }
    let (mut found, mut used) = (BTreeSet::new(), BTreeSet::new());
    walk(&folder(), &mut found, &mut used);
    let projects: BTreeSet<PathBuf> = found.difference(&used).cloned().collect();
    assert!(projects.len() > 3, "only {projects:?}");
    projects
}

/// Without an error or a warning; advice is explained in the README.
#[test]
fn every_project_is_clean_and_has_a_plan() {
    let readme = readme();
    for folder in projects() {
        let reading = io::read(&Location::new(&folder)).expect("an example can be read");
        let compiled = compile_project(&reading.project);
        let wrong: Vec<String> = compiled
            .findings
            .iter()
            .filter(|it| it.severity != Severity::Advice || !readme.contains(&it.code.to_string()))
            .map(|it| short::line(it, &reading.project.files))
            .collect();
        assert!(wrong.is_empty(), "{}:\n{}", folder.display(), wrong.join("\n"));
        let (plan, _) = compiled.plan.unwrap_or_else(|| panic!("{} has no plan", folder.display()));
        assert!(!plan.tasks.is_empty(), "{}", folder.display());
    }
}

#[test]
fn every_file_is_formatted() {
    for folder in projects() {
        let files = io::read(&Location::new(&folder)).expect("an example can be read").project.files;
        for file in files.ids() {
            let text = files.text(file);
            assert_eq!(format(text), Formatted::Text(text.to_owned()), "{}", files.path(file));
        }
    }
}

/// As a user calls it, with each value that a parameter can have.
#[test]
fn the_program_checks_every_project_with_every_parameter() {
    for folder in projects() {
        let output = Command::new(env!("CARGO_BIN_EXE_syncc"))
            .args(["check", "--all-params", "--format", "short", "-C"])
            .arg(&folder)
            .output()
            .expect("the program under test can be started");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{}:\n{said}", folder.display());
        for loud in ["error[", "warning["] {
            assert!(!said.contains(loud), "{}:\n{said}", folder.display());
        }
    }
}

#[test]
fn the_readme_leads_to_every_project() {
    let readme = readme();
    for project in projects() {
        let name = project.strip_prefix(folder()).expect("it is below pipelines");
        let top = name.components().next().expect("it is not pipelines itself").as_os_str();
        assert!(readme.contains(&format!("]({}/", top.display())), "{} is not in the README", name.display());
    }
}

/// Adds the word and the place of each statement below a node.
fn collect(tree: &Tree, text: &str, node: NodeId, place: Place, found: &mut BTreeSet<(String, Place)>) {
    for statement in tree.children(node).filter(|&child| tree.kind(child) == NodeKind::Statement) {
        let head = tree.children(statement).next().expect("a statement has a head");
        let word = if tree.kind(head) == NodeKind::WhereClause { "where" } else { tree.text(head, text) };
        found.insert((word.to_owned(), place));
        let block = tree.children(statement).find(|&child| tree.kind(child) == NodeKind::Block);
        if let (Some(block), Some(spec)) = (block, find(word, place))
            && let Block::May(inside) | Block::Must(inside) | Block::Instead(inside) = spec.block
        {
            collect(tree, text, block, inside, found);
        }
    }
}

#[test]
fn the_projects_show_every_statement_of_the_language() {
    let mut shown = BTreeSet::new();
    for folder in projects() {
        let files = io::read(&Location::new(&folder)).expect("an example can be read").project.files;
        for file in files.ids() {
            let place = match files.path(file) {
                name if name.ends_with(LOCK_NAME) => Place::LockFile,
                name if name.ends_with(".test.sync") => Place::TestFile,
                _ => Place::File,
            };
            let tree = parse(file, files.text(file)).tree;
            collect(&tree, files.text(file), tree.root(), place, &mut shown);
        }
    }
    let missing: Vec<String> = STATEMENTS
        .iter()
        .filter(|spec| !spec.places.iter().any(|&place| shown.contains(&(spec.word.to_owned(), place))))
        .map(|spec| format!("`{}` in {}", spec.word, spec.places[0].called()))
        .collect();
    assert!(missing.is_empty(), "in no project of pipelines: {}", missing.join(", "));
}

/// The page of tested versions names the servers that tests start, and no other.
#[test]
fn tested_versions_are_those_of_the_tests() {
    use crate::support::Kind;
    let page = fs::read_to_string(folder().join("versions.md")).expect("the page is there");
    let install = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/install"))
        .expect("the installer is there");
    let told: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| ")?.split('`').nth(1)).collect();
    let servers = Kind::EVERY.into_iter().map(Kind::part);
    let tested: BTreeSet<&str> = servers.chain(["kafka-4.1", "registry-3.0"]).collect();
    assert_eq!(told, tested);
    for (variable, series) in [("KAFKA=", "kafka-4.1"), ("REGISTRY=", "registry-3.0")] {
        let release = install.lines().find_map(|line| line.strip_prefix(variable)).expect("it is installed");
        let row = page.lines().find(|line| line.contains(series)).expect("a row");
        assert!(row.contains(&format!("| {release}")), "{series} is {release}: {row}");
    }
    let listed = install.lines().find(|line| line.starts_with("# Parts: the servers ")).expect("a list");
    for part in &tested {
        assert!(listed.contains(part), "{part} is no part that is installed");
    }
}
