//! The help: nothing stands in it that cannot be done, and what other pages show stands in it.

use super::{project, run};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use syncc::statement::{Place, STATEMENTS, Support};

/// What the help of a command says; the words call it.
fn help(words: &[&str]) -> String {
    let output = run(project(&[]).path(), &[words, &["--help"]].concat());
    assert_eq!(output.status.code(), Some(0), "{words:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The commands that a help lists.
fn listed(help: &str) -> Vec<String> {
    let list =
        help.split("\nCommands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    let first = |line: &str| {
        let name = line.strip_prefix("  ")?;
        (!name.starts_with(' ')).then(|| name.split_whitespace().next().unwrap_or_default().to_owned())
    };
    list.lines().filter_map(first).collect()
}

/// All helps, by the words of their command; those of a command's commands, too.
fn all() -> BTreeMap<Vec<String>, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![Vec::new()];
    while let Some(words) = open.pop() {
        let text = help(&words.iter().map(String::as_str).collect::<Vec<_>>());
        open.extend(listed(&text).into_iter().map(|name| [words.clone(), vec![name]].concat()));
        found.insert(words, text);
    }
    found
}

/// Flags that a help describes, each with the first line of what it says about it.
fn flags(help: &str) -> BTreeMap<String, String> {
    let lines: Vec<&str> = help.lines().map(str::trim).collect();
    let named = |line: &str| {
        let is_flag = line.starts_with("--") || line.starts_with('-') && line.contains(", --");
        line.split([' ', ',', '=', '.']).find(|word| word.starts_with("--") && is_flag).map(str::to_owned)
    };
    let described = |(n, line): (usize, &&str)| Some((named(line)?, (*lines.get(n + 1)?).to_owned()));
    lines.iter().enumerate().filter_map(described).collect()
}

#[test]
fn every_flag_is_described_and_stands_in_the_manual() {
    let all = all();
    assert!(all.len() > 25 && all.keys().any(|words| words.len() == 2), "{:?}", all.keys());
    for (words, help) in &all {
        let flags = flags(help);
        assert!(flags.contains_key("--help"), "{words:?}: {flags:?}");
        for (flag, text) in &flags {
            assert!(!text.is_empty() && !text.starts_with('-'), "{words:?} says nothing about {flag}");
        }
        if let [command] = words.as_slice() {
            let page = run(project(&[]).path(), &["man", command]).stdout;
            let page = String::from_utf8(page).expect("text").replace("\\-", "-");
            for flag in flags.keys() {
                assert!(page.contains(&format!("{flag}\\fR")), "the manual page of {command} has no {flag}");
            }
        }
    }
}

#[test]
fn what_is_not_built_does_not_stand_in_the_help() {
    let all = all();
    let is_built = |word: &str| {
        let of_tests =
            STATEMENTS.iter().find(|spec| spec.word == word && spec.places.contains(&Place::TestFile));
        of_tests.is_none_or(|spec| spec.support == Support::Runs)
    };
    assert!(!is_built("test"), "it is built: let this test go");
    for (words, help) in &all {
        assert!(words.iter().all(|word| is_built(word)), "{words:?}");
        for phrase in ["not built", "not implemented", "cannot execute", "later release"] {
            assert!(!help.contains(phrase), "{words:?}: {phrase}");
        }
    }
    // Whatever is listed begins to do something: it does not say that it is unknown, and it does not break off.
    for words in all.keys().filter(|words| !words.is_empty() && words[0] != "init") {
        let here = project(&[]);
        let output = run(here.path(), &words.iter().map(String::as_str).collect::<Vec<_>>());
        let said = String::from_utf8_lossy(&output.stderr);
        for phrase in ["not built", "not implemented", "panicked", "unrecognized subcommand"] {
            assert!(!said.contains(phrase), "{words:?}: {said}");
        }
        assert_ne!(output.status.code(), Some(101), "{words:?}: {said}");
    }
}

/// Command lines in the documentation: the words behind `syncc`, as far as the line or its quote goes.
fn shown(text: &str) -> Vec<Vec<String>> {
    let ends = ['`', '|', '#', ';', '(', ')', '>'];
    let line = |rest: &str| {
        let line = rest.split(['\n']).next().and_then(|line| line.split(ends).next()).unwrap_or_default();
        let bare = |word: &str| word.trim_matches([',', '.', ':', '"', '\'', '[', ']', '…']).to_owned();
        line.split_whitespace().map(bare).collect()
    };
    text.split("syncc ").skip(1).map(line).collect()
}

#[test]
fn flags_in_the_documentation_are_real() {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (words, help) in all() {
        let command = words.first().cloned().unwrap_or_default();
        known.entry(command).or_default().extend(flags(&help).into_keys());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages =
        fs::read_dir(root.join("pipelines")).expect("it is there").flatten().map(|entry| entry.path());
    let pages = pages.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let mut n_flags = 0;
    for page in pages.chain([root.join("README.md")]) {
        let text = fs::read_to_string(&page).expect("it can be read");
        for words in shown(&text) {
            let Some(flags) = words.iter().filter(|word| !word.is_empty()).find_map(|word| known.get(word))
            else {
                continue;
            };
            for flag in words.iter().filter_map(|word| word.split('=').next()).filter(|word| word.len() > 2) {
                if flag.starts_with("--") {
                    n_flags += 1;
                    assert!(flags.contains(flag), "{}: {words:?}: there is no {flag}", page.display());
                }
            }
        }
    }
    assert!(n_flags > 5, "{n_flags} flags");
}
