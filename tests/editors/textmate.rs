//! The TextMate grammar, through the engine of VS Code.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;

use super::corpus::files;
use super::kinds::{Look, Painted, check_painted};
use crate::support::run::installed;

/// The look of a scope; the longest beginning that is listed counts.
fn look(scope: Option<&str>) -> Look {
    const LOOKS: [(&str, Look); 20] = [
        ("comment.line.documentation", Look::Documentation),
        ("comment", Look::Comment),
        ("keyword.control", Look::Keyword),
        ("keyword.other.unit", Look::Number),
        ("keyword.other", Look::Word),
        ("keyword.operator.word", Look::Word),
        ("keyword.operator.wildcard", Look::Name),
        ("keyword.operator", Look::Operator),
        ("constant.language", Look::Constant),
        ("constant.numeric", Look::Number),
        ("constant.character.escape", Look::Escape),
        ("constant.other.range", Look::Name),
        ("entity.name.type", Look::Declared),
        ("string.regexp", Look::Regex),
        ("string", Look::Text),
        ("variable.other.property", Look::Property),
        ("variable.other.quoted", Look::QuotedName),
        ("variable.other", Look::Name),
        ("variable.parameter", Look::Placeholder),
        ("punctuation", Look::Punctuation),
    ];
    let scope = scope.unwrap_or_default();
    let known = LOOKS.iter().filter(|(start, _)| scope.starts_with(start));
    known.max_by_key(|(start, _)| start.len()).unwrap_or_else(|| panic!("scope {scope:?}")).1
}

/// The texts of all project files, painted.
fn painted() -> Vec<Painted> {
    let input = json!({
        "grammar": super::path("editors/vscode/syntaxes/syncc.tmLanguage.json"),
        "texts": files().iter().map(|file| &file.text).collect::<Vec<_>>(),
    });
    let mut node = Command::new("node")
        .arg(super::path("tests/editors/tokenize.js"))
        .env("NODE_PATH", installed("editors").join("node_modules"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Node.js is installed");
    let mut stdin = node.stdin.take().expect("stdin is piped");
    stdin.write_all(input.to_string().as_bytes()).expect("Node.js reads its input");
    drop(stdin);
    let output = node.wait_with_output().expect("Node.js ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tokens: Vec<Vec<(usize, usize, String)>> = serde_json::from_slice(&output.stdout).expect("tokens");
    let paint = |(file, tokens): (&super::corpus::File, Vec<(usize, usize, String)>)| {
        let mut bytes = vec![None; file.text.len()];
        for (start, end, scope) in tokens {
            // the engine sees a line end behind the last line, too
            bytes[start..end.min(file.text.len())].fill(Some(scope));
        }
        Painted(bytes)
    };
    files().iter().zip(tokens).map(paint).collect()
}

#[test]
fn every_sound_statement_looks_as_it_is_read() {
    let mut n_checked = 0;
    for (file, painted) in files().iter().zip(painted()) {
        n_checked += check_painted(file, file.sound_leaves(), &painted, look);
    }
    assert!(n_checked > 1000, "only {n_checked} leaves");
}
