//! The files for Vim, in Vim.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::corpus::{File, files};
use super::kinds::{Look, Painted, check_painted};
use crate::support::run::{Run, installed};

/// Runs a script in a Vim that knows `editors/vim` and nothing of the user's.
pub(super) fn vim(script: &Path, environment: &[(&str, &str)]) {
    installed("editors");
    let output = Command::new("vim")
        .args(["-N", "-u", "NONE", "-i", "NONE", "-n", "-es", "--not-a-term", "--cmd"])
        .arg(format!("set runtimepath^={}", super::path("editors/vim").display()))
        .arg("-S")
        .arg(script)
        .envs(environment.iter().copied())
        .output()
        .expect("Vim is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !said.contains("Error"),
        "{}{said}",
        String::from_utf8_lossy(&output.stdout)
    );
}

/// The look of a highlight group.
fn look(group: Option<&str>) -> Look {
    match group.expect("each byte has a group, if an empty one") {
        "synccComment" => Look::Comment,
        "synccDoc" => Look::Documentation,
        "synccKeyword" => Look::Keyword,
        "synccProperty" => Look::Property,
        "synccWord" | "synccSqlWord" => Look::Word,
        "synccConstant" | "synccSqlConstant" => Look::Constant,
        "synccDeclared" => Look::Declared,
        "synccName" | "synccWildcard" => Look::Name,
        "synccQuoted" => Look::QuotedName,
        "synccRegex" => Look::Regex,
        "synccString" | "synccSqlString" => Look::Text,
        "synccEscape" | "synccSqlEscape" => Look::Escape,
        "synccPlaceholder" => Look::Placeholder,
        "synccNumber" => Look::Number,
        "synccOperator" => Look::Operator,
        // commas and parentheses have none of their own
        "synccBrace" | "synccArguments" | "synccCondition" => Look::Punctuation,
        other => panic!("group {other:?}"),
    }
}

/// What `paint.vim` wrote about a file.
fn painted(file: &File, written: &str) -> Painted {
    let mut bytes = vec![None; file.text.len()];
    // Vim keeps a byte order mark apart
    let text = file.text.trim_start_matches('\u{feff}');
    let mut start = file.text.len() - text.len();
    for (line, text) in written.lines().zip(text.split('\n')) {
        let mut at = start;
        for run in line.split(' ') {
            let (group, count) = run.split_once('*').expect("a run is GROUP*COUNT");
            let count: usize = count.parse().expect("a count is a number");
            bytes[at..at + count].fill(Some(group.to_owned()));
            at += count;
        }
        start += text.len() + 1;
    }
    Painted(bytes)
}

#[test]
fn every_sound_statement_looks_as_it_is_read() {
    let folder = Run::get().new_folder("vim");
    let place = |n: usize| folder.join(format!("{n}.sync"));
    for (n, file) in files().iter().enumerate() {
        fs::write(place(n), &file.text).expect("the run's folder is writable");
    }
    let names: Vec<String> = (0..files().len()).map(|n| place(n).display().to_string()).collect();
    vim(&super::path("tests/editors/paint.vim"), &[("SYNCC_FILES", &names.join("\n"))]);
    let mut n_checked = 0;
    for (n, file) in files().iter().enumerate() {
        let written =
            fs::read_to_string(place(n).with_extension("sync.painted")).expect("Vim has written it");
        n_checked += check_painted(file, file.sound_leaves(), &painted(file, &written), look);
    }
    assert!(n_checked > 1000, "only {n_checked} leaves");
}
