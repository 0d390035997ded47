//! The tree-sitter grammar and all query files.

use std::collections::BTreeSet;
use std::path::Path;

use tree_sitter::{Language, Node, Parser, Query, QueryCursor, StreamingIterator, Tree};

use super::corpus::{File, files};
use super::kinds::{Look, Painted, check_painted};
use syncc::syntax::NodeKind;

fn language() -> Language {
    tree_sitter_syncc::LANGUAGE.into()
}

fn parsed(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&language()).expect("the parser was generated for this library");
    parser.parse(text, None).expect("without a limit there is always a tree")
}

/// The project files without an error node: what a broken text becomes is each grammar's own affair.
fn sound_files() -> impl Iterator<Item = &'static File> {
    let sound: Vec<&File> = files().iter().filter(|file| file.is_sound()).collect();
    assert!(sound.len() > 20, "only {} files", sound.len());
    sound.into_iter()
}

fn all<'t>(node: Node<'t>, found: &mut Vec<Node<'t>>) {
    found.push(node);
    for child in node.children(&mut node.walk()) {
        all(child, found);
    }
}

#[test]
fn statements_are_where_syncc_sees_them() {
    for file in sound_files() {
        let tree = parsed(&file.text);
        assert!(!tree.root_node().has_error(), "{}:\n{}", file.name, tree.root_node().to_sexp());
        let mut nodes = Vec::new();
        all(tree.root_node(), &mut nodes);
        let theirs: BTreeSet<(usize, usize)> = nodes
            .iter()
            .filter(|node| node.kind() == "statement")
            .map(|node| (node.start_byte(), node.end_byte()))
            .collect();
        let own =
            file.tree.descendants(file.tree.root()).filter(|&id| file.tree.kind(id) == NodeKind::Statement);
        let ours: BTreeSet<(usize, usize)> =
            own.map(|id| (file.tree.node(id).start as usize, file.tree.node(id).end as usize)).collect();
        let differing: Vec<&str> =
            ours.symmetric_difference(&theirs).map(|&(from, to)| &file.text[from..to]).collect();
        assert!(differing.is_empty(), "{}:\n{}", file.name, differing.join("\n---\n"));
    }
}

/// The look of a capture of `highlights.scm`.
fn look(capture: Option<&str>) -> Look {
    match capture {
        None => Look::Name,
        Some("comment") => Look::Comment,
        Some("comment.documentation") => Look::Documentation,
        Some("keyword") => Look::Keyword,
        Some("property") => Look::Property,
        Some("keyword.operator") => Look::Word,
        Some("constant.builtin") => Look::Constant,
        Some("type") => Look::Declared,
        Some("variable.member") => Look::QuotedName,
        Some("string.regexp") => Look::Regex,
        Some("string") => Look::Text,
        Some("string.escape") => Look::Escape,
        Some("variable.parameter") => Look::Placeholder,
        Some("number") => Look::Number,
        Some("operator") => Look::Operator,
        Some("punctuation.bracket" | "punctuation.delimiter" | "punctuation.special") => Look::Punctuation,
        Some(other) => panic!("capture {other}"),
    }
}

/// The file as an editor paints it: the inner node over the outer one, the later pattern over the earlier one.
fn painted(file: &File, query: &Query) -> Painted {
    let tree = parsed(&file.text);
    let mut cursor = QueryCursor::new();
    let mut found = Vec::new();
    let mut captures = cursor.captures(query, tree.root_node(), file.text.as_bytes());
    while let Some((matched, index)) = captures.next() {
        let capture = matched.captures[*index];
        let name = query.capture_names()[capture.index as usize];
        if !name.starts_with('_') {
            let range = capture.node.byte_range();
            found.push((std::cmp::Reverse(range.len()), matched.pattern_index, range, name));
        }
    }
    found.sort_by_key(|(length, pattern, ..)| (*length, *pattern));
    let mut bytes = vec![None; file.text.len()];
    for (_, _, range, name) in found {
        bytes[range].fill(Some(name.to_owned()));
    }
    Painted(bytes)
}

#[test]
fn every_file_looks_as_it_is_read() {
    let query =
        Query::new(&language(), tree_sitter_syncc::HIGHLIGHTS_QUERY).expect("the query fits the grammar");
    let mut n_checked = 0;
    for file in sound_files() {
        n_checked += check_painted(file, file.tree.leaves(), &painted(file, &query), look);
    }
    assert!(n_checked > 1000, "only {n_checked} leaves");
}

#[test]
fn every_query_fits_the_grammar() {
    fn walk(folder: &Path, n_queries: &mut usize) {
        for entry in std::fs::read_dir(folder).expect("a folder of the repository can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                walk(&path, n_queries);
            } else if path.extension().is_some_and(|ending| ending == "scm") {
                *n_queries += 1;
                let text = std::fs::read_to_string(&path).expect("a query is a text");
                if let Err(error) = Query::new(&language(), &text) {
                    panic!("{}: {error}", path.display());
                }
            }
        }
    }
    let mut n_queries = 0;
    walk(&super::path("editors"), &mut n_queries);
    assert!(n_queries > 10, "only {n_queries} queries");
}

/// `test/corpus` holds cases as tree-sitter's command line knows them: a title between two rules of `=`, a text, a rule
/// of `-`, and the tree.
#[test]
fn the_cases_of_the_grammar_hold() {
    let cases = super::text("editors/tree-sitter-syncc/test/corpus/statements.txt");
    let parts: Vec<&str> = cases.split("==================\n").skip(1).collect();
    assert!(parts.len() >= 2, "no case");
    for case in parts.chunks(2) {
        let [title, body] = case else { panic!("a title without a body: {case:?}") };
        let (text, tree) = body.split_once("\n---\n").unwrap_or_else(|| panic!("{title}: no rule of `-`"));
        let tree = tree.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(parsed(text).root_node().to_sexp(), tree.replace(" )", ")"), "{title}");
    }
}
