//! Projects as people write them, each with one mistake: it is found at its line, once, and nothing else is.
//!
//! Before the line of a mistake stands `>>> CODE`; `>>> CODE mended` where its certain repair leaves nothing of it, and
//! `>>> CODE offered` where it has none, and the first of those that are offered leaves nothing of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use syncc::diagnostic::{Diagnostic, Fix, Safety, TextEdit};
use syncc::plan::compile_files;
use syncc::text::FileSet;

/// What a case expects: place and code of its findings, and whether they are repaired.
type Expected = Vec<(String, String)>;

/// Behind the code of a finding that is repaired.
const MENDED: &str = " mended";

/// Behind the code of a finding whose repair a person chooses.
const OFFERED: &str = " offered";

/// A repair may uncover another finding; so often that is followed.
const ROUNDS_MAX: usize = 4;

/// Files by name, with what is found in each.
type Files<'t> = BTreeMap<&'t str, (String, Expected)>;

#[test]
fn a_shop_and_its_lock_file() {
    check(include_str!("mistakes/shop.txt"));
}

#[test]
fn many_servers_with_the_same_tables() {
    check(include_str!("mistakes/shards.txt"));
}

#[test]
fn a_carrier_and_its_files() {
    check(include_str!("mistakes/carrier.txt"));
}

#[test]
fn a_chain_of_hotels_and_its_files() {
    check(include_str!("mistakes/hotel.txt"));
}

#[test]
fn a_library_and_mistakes_with_followers() {
    check(include_str!("mistakes/library.txt"));
}

#[test]
fn a_museum_and_its_files() {
    check(include_str!("mistakes/museum.txt"));
}

#[test]
fn a_clinic_and_its_tests() {
    check(include_str!("mistakes/clinic.txt"));
}

#[test]
fn a_theatre_and_its_files() {
    check(include_str!("mistakes/theatre.txt"));
}

/// Every case of a project; all that differ are told together.
#[track_caller]
pub(crate) fn check(text: &str) {
    let mut cases = text.split("\ncase ");
    let base = files(cases.next().unwrap_or_default());
    let wrong: Vec<String> = cases.filter_map(|case| differs(&base, case)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is found in a case, if that is not what it expects.
fn differs(base: &Files<'_>, case: &str) -> Option<String> {
    let (name, own) = case.split_at(case.find('\n').expect("a name"));
    let mut all = base.clone();
    all.extend(files(own));
    let mut project = FileSet::new();
    for (path, (text, _)) in &all {
        project.add(*path, text.clone());
    }
    let mut expected: Expected = all.into_values().flat_map(|(_, expected)| expected).collect();
    let is_repaired = |code: &String| code.ends_with(MENDED) || code.ends_with(OFFERED);
    let left: Vec<String> =
        expected.iter().filter(|(_, code)| !is_repaired(code)).map(|(_, code)| code.clone()).collect();
    let is_mended = left.len() < expected.len();
    let is_offered = expected.iter().any(|(_, code)| code.ends_with(OFFERED));
    for (_, code) in &mut expected {
        *code = code.trim_end_matches(MENDED).trim_end_matches(OFFERED).to_owned();
    }
    expected.sort();
    let findings = compile_files(&project).findings;
    let mut found: Expected = Vec::new();
    for finding in &findings {
        let place = finding.primary.as_ref().map_or_else(String::new, |label| {
            let line = project.line(label.span.file, label.span.start);
            format!("{}:{line}", project.path(label.span.file))
        });
        found.push((place, finding.code.number.to_owned()));
    }
    found.sort();
    let said: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    if found != expected {
        return Some(format!("{name}\n  expected {expected:?}\n  found    {found:?}\n  {said:?}"));
    }
    if is_offered && findings.iter().any(|finding| fix(finding, Safety::Machine).is_some()) {
        return Some(format!("{name}\n  is repaired, and should be offered"));
    }
    let safety = if is_offered { Safety::Choice } else { Safety::Machine };
    let still = if is_mended { codes(&repaired(project, findings, safety)) } else { Vec::new() };
    let mut left = if is_mended { left } else { Vec::new() };
    left.sort();
    (still != left).then(|| format!("{name}\n  repaired {still:?}\n  expected {left:?}"))
}

fn codes(findings: &[Diagnostic]) -> Vec<String> {
    let mut codes: Vec<String> = findings.iter().map(|finding| finding.code.number.to_owned()).collect();
    codes.sort();
    codes
}

/// The first repair of a finding that is as safe as that.
fn fix(finding: &Diagnostic, safety: Safety) -> Option<&Fix> {
    finding.fixes.iter().find(|fix| fix.safety == safety)
}

/// What is found when the first repair of every finding that is as safe as that is made.
fn repaired(mut project: FileSet, mut findings: Vec<Diagnostic>, safety: Safety) -> Vec<Diagnostic> {
    for _ in 0..ROUNDS_MAX {
        let certain = findings.iter().filter_map(|finding| fix(finding, safety));
        let mut edits: Vec<&TextEdit> = certain.flat_map(|fix| &fix.edits).collect();
        edits.sort_by_key(|edit| Reverse(edit.span));
        let mut now = FileSet::new();
        for id in project.ids() {
            let mut text = project.text(id).to_owned();
            for edit in edits.iter().filter(|edit| edit.span.file == id) {
                text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
            }
            now.add(project.path(id), text);
        }
        findings = compile_files(&now).findings;
        project = now;
    }
    findings
}

/// The files of a text, behind a line `=== NAME FORM…` each.
fn files(text: &str) -> Files<'_> {
    let mut files = Files::new();
    for file in text.split("\n=== ").skip(1) {
        let (head, lines) = file.split_once('\n').expect("a file has lines");
        let mut words = head.split(' ');
        let path = words.next().expect("a name");
        let (mut text, mut expected, mut n_lines) = (String::new(), Expected::new(), 0);
        for line in lines.lines() {
            match line.strip_prefix(">>> ") {
                Some(code) => expected.push((format!("{path}:{}", n_lines + 1), code.to_owned())),
                None => {
                    n_lines += 1;
                    text += line;
                    text.push('\n');
                }
            }
        }
        for form in words {
            text = match form {
                "crlf" => text.replace('\n', "\r\n"),
                "tabs" => text.replace("  ", "\t"),
                "bom" => format!("\u{feff}{text}"),
                other => panic!("`{other}` is no form of a file"),
            };
        }
        files.insert(path, (text, expected));
    }
    files
}
