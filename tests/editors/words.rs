//! The word lists of the highlighting files are those of the table of statements.
//!
//! A line that contains `generated: LIST` says that the line below holds that list; `SNAPSHOTS=overwrite` writes it
//! anew. The query files of the other editors are made from the one of tree-sitter in the same way.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use syncc::statement::{STATEMENTS, Shape};

use super::text;
use crate::snapshot;

/// Words that stand for a value whatever the statement is, or that lead to one.
const LITERALS: [&str; 3] = ["false", "null", "true"];
const REFERENCES: [&str; 1] = ["param"];

/// The words of the language by their role.
pub(super) struct Words {
    /// First words of statements.
    pub(super) statements: BTreeSet<String>,
    /// Words in front of a value: `from`, `because`.
    pub(super) connecting: BTreeSet<String>,
    /// Words that are a value: `verify-full`.
    pub(super) values: BTreeSet<String>,
}

impl Words {
    /// Those of the table of statements.
    pub(super) fn get() -> &'static Words {
        static WORDS: OnceLock<Words> = OnceLock::new();
        WORDS.get_or_init(|| {
            let mut words = Words {
                statements: STATEMENTS.iter().map(|spec| spec.word.to_owned()).collect(),
                connecting: REFERENCES.map(str::to_owned).into(),
                values: LITERALS.map(str::to_owned).into(),
            };
            for spec in STATEMENTS {
                words.add(&spec.signature().alternatives, false);
            }
            words.values = words.values.difference(&words.connecting).cloned().collect();
            words
        })
    }

    /// Adds the words of a signature; `followed`: a value comes behind each of the sequences.
    fn add(&mut self, sequences: &[Vec<Shape>], followed: bool) {
        for sequence in sequences {
            for (n, shape) in sequence.iter().enumerate() {
                let followed = sequence.get(n + 1).map_or(followed, |next| match next {
                    Shape::Word(word) => is_word(word),
                    Shape::Optional(_) | Shape::Idle(_) => false,
                    Shape::Value { .. } | Shape::List(_) | Shape::Choice(_) => true,
                });
                match shape {
                    Shape::Word(word) if is_word(word) && followed => {
                        self.connecting.insert(word.clone());
                    }
                    Shape::Word(word) if is_word(word) => {
                        self.values.insert(word.clone());
                    }
                    Shape::Word(_) => {}
                    // `env NAME | file "PATH"` is one value in a signature
                    Shape::Value { kind, .. } => {
                        let shown = kind.shown().split(' ').filter(|word| is_word(word));
                        self.connecting.extend(shown.map(str::to_owned));
                    }
                    Shape::List(item) => self.add(&[vec![(**item).clone()]], followed),
                    Shape::Optional(inner) | Shape::Choice(inner) | Shape::Idle(inner) => {
                        self.add(inner, followed);
                    }
                }
            }
        }
    }

    fn list(&self, name: &str) -> &BTreeSet<String> {
        match name {
            "statement words" => &self.statements,
            "connecting words" => &self.connecting,
            "value words" => &self.values,
            _ => panic!("there is no list of {name}"),
        }
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
}

/// How a kind of file writes a list: what stands before and behind it, and between two words.
struct Notation {
    before: &'static str,
    behind: &'static str,
    between: &'static str,
}

const JSON: Notation = Notation { before: "(?:", behind: ")", between: "|" };
const QUERY: Notation = Notation { before: " \"", behind: "\")", between: "\" \"" };
const VIM: Notation = Notation { before: "contained ", behind: "\n", between: " " };

/// `text` with the lists of the table in its generated lines.
fn generated(text: &str, notation: &Notation) -> String {
    let mut result = String::new();
    let mut list = None;
    for line in text.split_inclusive('\n') {
        if let Some(name) = list.take() {
            let words: Vec<&str> = Words::get().list(name).iter().map(String::as_str).collect();
            let start =
                line.find(notation.before).expect("a generated line has a list") + notation.before.len();
            let end = start + line[start..].find(notation.behind).expect("a list has an end");
            result.push_str(&format!("{}{}{}", &line[..start], words.join(notation.between), &line[end..]));
        } else {
            let name = line.split_once("generated: ").map(|(_, name)| name);
            list = name.map(|name| name.trim_end_matches(['\n', ',', '"']));
            result.push_str(line);
        }
    }
    result
}

#[track_caller]
fn check_generated(name: &str, expected: String) {
    if let Err(difference) = snapshot::compare(expected, &super::path(name)) {
        panic!("{name} is generated; `SNAPSHOTS=overwrite` in front of this test writes it\n{difference}");
    }
}

#[track_caller]
fn check_lists(name: &str, notation: &Notation) {
    let text = text(name);
    assert!(text.matches("generated: ").count() >= 3, "{name} has all three lists");
    check_generated(name, generated(&text, notation));
}

#[test]
fn the_textmate_grammar_knows_the_words_of_the_table() {
    check_lists("editors/vscode/syntaxes/syncc.tmLanguage.json", &JSON);
}

#[test]
fn the_vim_syntax_knows_the_words_of_the_table() {
    check_lists("editors/vim/syntax/syncc.vim", &VIM);
}

#[test]
fn the_tree_sitter_query_knows_the_words_of_the_table() {
    check_lists("editors/tree-sitter-syncc/queries/highlights.scm", &QUERY);
}

/// Names of captures that Helix has other words for.
const HELIX: [(&str, &str); 6] = [
    ("comment.documentation", "comment.line.documentation"),
    ("property", "variable.other.member"),
    ("string.escape", "constant.character.escape"),
    ("number", "constant.numeric"),
    ("variable.member", "variable.other.member"),
    ("type", "namespace"),
];

/// Names of captures that Zed has other words for.
const ZED: [(&str, &str); 6] = [
    ("comment.documentation", "comment.doc"),
    ("keyword.operator", "keyword"),
    ("constant.builtin", "constant"),
    ("variable.parameter", "variable.special"),
    ("variable.member", "variable"),
    ("string.regexp", "string.regex"),
];

/// `query` with other names of captures.
fn renamed(query: &str, names: &[(&str, &str)]) -> String {
    let mut result = String::new();
    let mut rest = query;
    while let Some(at) = rest.find('@') {
        let (before, capture) = rest.split_at(at + 1);
        let is_name = |c: char| c.is_alphanumeric() || ['.', '_'].contains(&c);
        let (name, behind) = capture.split_at(capture.find(|c| !is_name(c)).unwrap_or(capture.len()));
        let other = names.iter().find(|(known, _)| *known == name).map_or(name, |(_, other)| *other);
        result.push_str(before);
        result.push_str(other);
        rest = behind;
    }
    result + rest
}

#[test]
fn the_queries_of_other_editors_are_those_of_tree_sitter() {
    let own = |name: &str| text(&format!("editors/tree-sitter-syncc/queries/{name}.scm"));
    let highlights = generated(&own("highlights"), &QUERY);
    check_generated("editors/nvim/queries/syncc/highlights.scm", highlights.clone());
    check_generated("editors/helix/runtime/queries/syncc/highlights.scm", renamed(&highlights, &HELIX));
    check_generated("editors/zed/languages/syncc/highlights.scm", renamed(&highlights, &ZED));
    for name in ["folds", "indents", "injections", "locals"] {
        check_generated(&format!("editors/nvim/queries/syncc/{name}.scm"), own(name));
    }
    for name in ["injections", "locals"] {
        check_generated(&format!("editors/helix/runtime/queries/syncc/{name}.scm"), own(name));
    }
}

#[test]
fn words_have_the_role_they_play() {
    let words = Words::get();
    let has = |list: &BTreeSet<String>, all: &[&str]| all.iter().all(|word| list.contains(*word));
    assert!(has(&words.statements, &["pipeline", "include", "where", "column"]));
    assert!(
        has(&words.connecting, &["to", "from", "because", "env", "by", "every", "using"]),
        "{:?}",
        words.connecting
    );
    assert!(
        has(&words.values, &["verify-full", "if-missing", "canal-json", "snapshot", "rows"]),
        "{:?}",
        words.values
    );
}
