//! What every byte of a project file should look like, told by syncc's own tree.

use std::ops::Range;

use syncc::statement::unquote;
use syncc::syntax::{NodeId, NodeKind};

use super::corpus::File;
use super::words::Words;

/// What a reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Comment,
    Documentation,
    /// The first word of a statement.
    Keyword,
    /// A name in its place.
    Property,
    /// A word in front of a value.
    Word,
    /// A word that is a value.
    Constant,
    /// What a statement declares.
    Declared,
    Name,
    QuotedName,
    Regex,
    Text,
    Escape,
    Placeholder,
    Number,
    Operator,
    Punctuation,
}

/// What stands there, and where in the text.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) range: Range<usize>,
    pub(super) look: Look,
}

/// Words that declare the name behind them.
const DECLARING: [&str; 5] = ["source", "target", "pipeline", "profile", "param"];

/// The looks of one leaf; of blanks, line ends and dots of names there are none.
pub(super) fn expected(file: &File, leaf: NodeId) -> Vec<Expected> {
    let node = file.tree.node(leaf);
    let range = node.start as usize..node.end as usize;
    let text = &file.text[range.clone()];
    let sql = |word: &str| {
        if ["null", "true", "false"].contains(&word.to_lowercase().as_str()) {
            Look::Constant
        } else {
            Look::Word
        }
    };
    let look = match node.kind {
        NodeKind::Comment => Look::Comment,
        NodeKind::Doc => Look::Documentation,
        NodeKind::KwWhere => Look::Keyword,
        NodeKind::KwAnd | NodeKind::KwOr | NodeKind::Not => Look::Word,
        // these hold blanks: `is not null`
        NodeKind::KwLike | NodeKind::KwIn | NodeKind::KwBetween | NodeKind::IsNull => {
            let place = |word: &str| word.as_ptr() as usize - file.text.as_ptr() as usize;
            let words = text.split_whitespace();
            return words
                .map(|word| Expected { range: place(word)..place(word) + word.len(), look: sql(word) })
                .collect();
        }
        NodeKind::Cmp | NodeKind::Op | NodeKind::Arrow => Look::Operator,
        NodeKind::Quote | NodeKind::Text | NodeKind::Squote | NodeKind::SqlText => Look::Text,
        NodeKind::Escape | NodeKind::SquoteEsc => Look::Escape,
        NodeKind::HoleName => Look::Placeholder,
        NodeKind::Timestamp | NodeKind::Clock | NodeKind::Quantity => Look::Number,
        NodeKind::Quoted => Look::QuotedName,
        NodeKind::Regex => Look::Regex,
        NodeKind::Open | NodeKind::Close | NodeKind::Paren | NodeKind::ParenClose | NodeKind::Comma => {
            Look::Punctuation
        }
        NodeKind::Glob => glob(file, leaf, text),
        _ => return Vec::new(),
    };
    vec![Expected { range, look }]
}

fn glob(file: &File, leaf: NodeId, text: &str) -> Look {
    let tree = &file.tree;
    let path = tree.node(leaf).parent;
    if tree.node(path).start != tree.node(leaf).start || tree.node(path).end != tree.node(leaf).end {
        return Look::Name;
    }
    if tree.kind(path) == NodeKind::WherePath {
        let literal = ["null", "true", "false"].contains(&text.to_lowercase().as_str());
        return if literal { Look::Constant } else { Look::Name };
    }
    let words = Words::get();
    let statement = tree.node(path).parent;
    let first = tree.children(statement).next().expect("a path is a child of a statement");
    let second = tree.children(statement).filter(|&it| tree.kind(it) != NodeKind::Ws).nth(1);
    if path == first {
        return if words.statements.contains(text) { Look::Keyword } else { Look::Property };
    }
    if second == Some(path) && DECLARING.contains(&unquote(tree.text(first, &file.text)).as_ref()) {
        Look::Declared
    } else if words.connecting.contains(text) {
        Look::Word
    } else if words.values.contains(text) {
        Look::Constant
    } else {
        Look::Name
    }
}

/// What an engine painted: for each byte of a file the name of the innermost scope, capture or group.
pub(super) struct Painted(pub(super) Vec<Option<String>>);

/// Holds what an engine painted against what the tree says, on the leaves given.
#[track_caller]
pub(super) fn check_painted(
    file: &File,
    leaves: impl Iterator<Item = NodeId>,
    painted: &Painted,
    look: impl Fn(Option<&str>) -> Look,
) -> usize {
    let mut n_checked = 0;
    let mut wrong = Vec::new();
    for expected in leaves.flat_map(|leaf| expected(file, leaf)) {
        n_checked += 1;
        let got: Vec<Look> =
            painted.0[expected.range.clone()].iter().map(|name| look(name.as_deref())).collect();
        if let Some(n) = got.iter().position(|got| *got != expected.look) {
            let at = expected.range.start + n;
            let line = file.text[..at].matches('\n').count() + 1;
            let text = &file.text[expected.range.clone()];
            let name = &painted.0[at];
            wrong.push(format!(
                "{}:{line}: `{text}` should be {:?}, is {:?} ({name:?})",
                file.name, expected.look, got[n]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    n_checked
}
