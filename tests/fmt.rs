//! The formatter on files: `fmt/<case>.sync` becomes `<case>.out`, the small ones of `fmt/odd.txt` what stands below them, and every
//! `.sync` file of the repository is formatted.

use super::snapshot;
use std::fs;
use std::path::{Path, PathBuf};
use syncc::fmt::{Formatted, format};

#[test]
fn cases_become_what_is_recorded() {
    let mut n_cases = 0;
    for case in sync_files(&root().join("tests/fmt")) {
        n_cases += 1;
        let text = fs::read_to_string(&case).expect("a case can be read");
        let Formatted::Text(formatted) = format(&text) else { panic!("{} is left alone", case.display()) };
        if let Err(difference) = snapshot::compare(formatted, &case.with_extension("out")) {
            panic!("{difference}");
        }
    }
    assert!(n_cases > 0);
}

/// A text as the file of odd inputs writes it.
fn shown(text: &str) -> String {
    text.replace("\u{FFFD}M", "\u{FEFF}").replace('␍', "\r").replace('⇥', "\t").replace('␠', " ")
}

#[test]
fn odd_inputs_become_what_the_rules_say() {
    let text = fs::read_to_string(root().join("tests/fmt/odd.txt")).expect("the file can be read");
    let mut differ = Vec::new();
    let cases: Vec<&str> = text.split("\n=== ").skip(1).collect();
    for case in &cases {
        let (name, rest) = case.split_once('\n').expect("a name");
        let (input, output) = match rest.strip_prefix("---") {
            Some(output) => ("", output.trim_start_matches('\n')),
            None => {
                rest.split_once("\n---").map(|(i, o)| (i, o.trim_start_matches('\n'))).expect("an output")
            }
        };
        let input = match input {
            "" => String::new(),
            input => shown(&format!("{input}\n")),
        };
        let expected = match output.trim_end_matches('\n') {
            "(left alone)" => Formatted::LeftAlone,
            "(the same)" => Formatted::Text(input.clone()),
            "" => Formatted::Text(String::new()),
            output => Formatted::Text(shown(&format!("{output}\n"))),
        };
        let formatted = format(&input);
        if formatted != expected {
            differ.push(format!("=== {name}\n{formatted:?}\n{expected:?}"));
        }
        if let Formatted::Text(once) = &formatted {
            assert_eq!(format(once), Formatted::Text(once.clone()), "{name}, twice");
        }
    }
    assert!(cases.len() >= 40 && differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn files_of_the_repository_are_formatted() {
    // Cases of the formatter and of findings are wrong on purpose.
    let wrong = [root().join("tests/fmt"), root().join("tests/ui")];
    let mut n_files = 0;
    for folder in ["pipelines", "tests", "docs", "editors"] {
        for path in sync_files(&root().join(folder)) {
            if wrong.iter().any(|folder| path.starts_with(folder)) {
                continue;
            }
            n_files += 1;
            let text = fs::read_to_string(&path).expect("a file can be read");
            assert_eq!(format(&text), Formatted::Text(text.clone()), "{}", path.display());
        }
    }
    assert!(n_files > 0);
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All `*.sync` files below a directory, in order; none where there is no such directory.
fn sync_files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let below = |path: PathBuf| if path.is_dir() { sync_files(&path) } else { vec![path] };
    let files = paths.into_iter().flat_map(below);
    files.filter(|path| path.extension().is_some_and(|ending| ending == "sync")).collect()
}
