//! What stands elsewhere than behind a word: said where arguments go on with it.

use super::token::Token;
use crate::statement::{self as st, Block, StatementSpec};
use crate::syntax::NodeKind;

/// Where the argument `at` belongs, when it is one of another statement, or one too many.
pub(super) fn said_elsewhere(spec: &StatementSpec, tokens: &[Token<'_>], at: usize) -> Option<String> {
    let token = tokens.get(at)?;
    let word = token.word();
    if at == 0 {
        return (spec.word == "ddl" && word == Some("on"))
            .then(|| "a block lets schema changes be sent: `ddl { topic same }`".to_owned());
    }
    match (spec.word, token.kind, word) {
        ("pipeline", NodeKind::Comma, _) => {
            return Some(
                "its head names one source and one target; more of them stand in the block, on lines of their own: \
                 `from NAME`, `to NAME`"
                    .to_owned(),
            );
        }
        ("target", NodeKind::Comma | NodeKind::String, _) => {
            return Some(
                "several brokers stand in the block: `brokers \"HOST:9092\", \"HOST:9092\"`".to_owned(),
            );
        }
        ("to" | "from" | "allow" | "label", NodeKind::Comma, _) => {
            return Some(format!("one on each line: `{}` is repeated", spec.word));
        }
        ("include" | "exclude", _, Some("as" | "to")) => {
            return Some("a new name is given by `rename table DB.TABLE to NAME`".to_owned());
        }
        ("include", _, Some("except" | "without" | "but" | "minus")) => {
            return Some("what is left out stands on a line of its own: `exclude DB.TABLE`".to_owned());
        }
        ("include", NodeKind::Group, _) => {
            return Some("columns are chosen in a block: `table DB.TABLE { columns A, B }`".to_owned());
        }
        _ => {}
    }
    let word = word?;
    if let Block::May(inner) | Block::Must(inner) | Block::Instead(inner) = spec.block
        && st::find(word, inner).is_some()
    {
        return Some(format!("`{word}` stands in the block of `{}`, between `{{` and `}}`", spec.word));
    }
    let homes = st::places_of(word);
    let homes: Vec<&str> = homes.iter().map(|place| place.called()).collect();
    match homes.as_slice() {
        [] => None,
        [most @ .., last] => {
            let homes =
                if most.is_empty() { (*last).to_owned() } else { format!("{} or {last}", most.join(", ")) };
            Some(format!("`{word}` begins a statement of its own, on its own line, in {homes}"))
        }
    }
}
