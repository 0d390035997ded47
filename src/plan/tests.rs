//! Texts to plans.

mod defaults;
mod equal;
mod findings;
mod pages;
mod tables;

use super::*;
use crate::text::FileSet;

pub(super) const HELLO: &str = r#"edition 2026

source shop mysql "syncc@db1:3306" {
  password env SHOP_DB_PASSWORD
}
target bus kafka "kafka1:9092"

pipeline shop from shop to bus {
  include shop.*
}
"#;

/// Head of a project; a test adds a pipeline.
const HEAD: &str = r#"edition 2026
source shop mysql "syncc@db1" {
  password env P
}
source crm mysql "127.0.0.1" {
  password file "secret"
}
target bus kafka "kafka1"
target out stdout
"#;

/// What uses the rest of the head, so that nothing is left over.
const TAIL: &str = "pipeline rest from crm to out {\ninclude crm.*\n}\n";

pub(super) fn files(texts: &[&str]) -> FileSet {
    let mut files = FileSet::new();
    for (n, text) in texts.iter().enumerate() {
        files.add(format!("{n}.sync"), *text);
    }
    files
}

/// Findings as `file:line:col code message`.
pub(super) fn shown(texts: &[&str]) -> String {
    let files = files(texts);
    let lines = compile_files(&files).findings.into_iter().map(|finding| {
        let place = finding.primary.map(|label| {
            let at = files.line_col(label.span.file, label.span.start);
            format!("{}:{}:{} ", files.path(label.span.file), at.line, at.col)
        });
        format!("{}{} {}\n", place.unwrap_or_default(), finding.code, finding.message)
    });
    lines.collect()
}

#[track_caller]
pub(super) fn plan(texts: &[&str]) -> Plan {
    match compile_files(&files(texts)).plan {
        Some((plan, _)) => plan,
        None => panic!("{}", shown(texts)),
    }
}

#[track_caller]
fn pipeline(body: &str) -> TaskPlan {
    let text = format!("{HEAD}pipeline shop from shop to bus {{\n{body}\n}}\n");
    plan(&[&text]).tasks.remove(0)
}

#[track_caller]
fn check(body: &str, expected: &str) {
    let text = format!("{HEAD}pipeline shop from shop to bus {{\ninclude shop.*\n{body}\n}}\n{TAIL}");
    let found = shown(&[&text]);
    // Lines count from the first line of `body`.
    let found: Vec<String> = found
        .lines()
        .map(|line| {
            let mut parts = line.splitn(4, [':']);
            parts.next();
            let n: usize = parts.next().and_then(|n| n.parse().ok()).unwrap_or(0);
            format!("{}:{}", n.saturating_sub(11), parts.collect::<Vec<_>>().join(":"))
        })
        .collect();
    assert_eq!(found.join("\n"), expected);
}

fn decided(task: &TaskPlan, db: &str, table: &str) -> TableDecision {
    task.decide(db, table).expect("a decision").expect("selected")
}
