//! The lines of `check --format short`, as editors read them.

use std::fs;

use regex::Regex;
use serde_json::{Value, json};

use super::vim::vim;
use crate::support::Project;

/// A project with an error, a warning and advice, and what `check --format short` prints about it.
fn findings() -> (Project, String) {
    let broken = "edition 2026\n\nsource shop mysql \"u@127.0.0.1\" {\n  password env P\n}\n\
                  target bus kafka \"127.0.0.1\"\n\npipeline shop from shop to bas {\n  include shop.*\n}\n";
    let warned = "edition 2026\n\nsource spare mysql \"u@127.0.0.1\" {\n  password env P\n}\n";
    let advised = "\u{feff}edition 2026\n";
    let project = Project::new("editors", &[("a.sync", broken), ("b.sync", warned), ("c.sync", advised)]);
    let output = project.syncc(&["check", "--format", "short"]);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
    (project, said)
}

/// The lines with a place, taken apart: file, line, column, weight, code, message.
fn with_place(said: &str) -> Vec<[String; 6]> {
    let found: Vec<[String; 6]> = said
        .lines()
        .filter_map(|line| {
            let [file, line, column, rest] = line.splitn(4, ':').collect::<Vec<_>>().try_into().ok()?;
            let (weight, rest) = rest.trim_start().split_once('[')?;
            let (code, message) = rest.split_once("]: ")?;
            Some([file, line, column, weight, code, message].map(str::to_owned))
        })
        .collect();
    for weight in ["error", "warning", "advice"] {
        assert!(found.iter().any(|it| it[3] == weight), "no {weight} in:\n{said}");
    }
    found
}

#[test]
fn the_problem_matcher_of_vs_code_takes_every_finding_apart() {
    let package: Value = serde_json::from_str(&super::text("editors/vscode/package.json")).expect("JSON");
    let pattern = &package["contributes"]["problemMatchers"][0]["pattern"];
    let regex =
        Regex::new(pattern["regexp"].as_str().expect("a pattern has an expression")).expect("an expression");
    let fields = ["file", "line", "column", "severity", "code", "message"];
    let groups = fields.map(|field| pattern[field].as_u64().expect("each field names its group") as usize);
    let (_project, said) = findings();
    let taken: Vec<[String; 6]> = said
        .lines()
        .filter_map(|line| regex.captures(line))
        .map(|found| groups.map(|group| found[group].to_owned()))
        .collect();
    assert_eq!(taken, with_place(&said));
}

#[test]
fn the_quickfix_list_of_vim_has_every_finding() {
    let (project, said) = findings();
    let file = project.folder().join("findings.txt");
    fs::write(&file, &said).expect("the project's folder is writable");
    vim(&super::path("tests/editors/quickfix.vim"), &[("SYNCC_FINDINGS", &file.display().to_string())]);
    let written = fs::read_to_string(file.with_extension("txt.json")).expect("Vim has written it");
    let expected: Vec<Value> = with_place(&said)
        .into_iter()
        .map(|[file, line, column, weight, code, message]| {
            let number = |text: String| text.parse::<u32>().expect("a number");
            let kind = match weight.as_str() {
                "error" => "e",
                "warning" => "w",
                _ => "I",
            };
            json!({ "file": file, "line": number(line), "column": number(column), "type": kind,
                    "text": format!("[{code}]: {message}") })
        })
        .collect();
    let found: Value = serde_json::from_str(&written).expect("JSON");
    assert_eq!(found, Value::Array(expected), "of:\n{said}");
}
