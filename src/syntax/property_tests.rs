//! Properties of the parser: every text parses, the leaves are the text, damage stays where it is.

use super::{NodeKind, Parse, errors, parse};
use crate::text::FileId;
use proptest::prelude::*;

/// The example files of the language.
pub(crate) const CORPUS: &[(&str, &str)] = &[
    ("hello", include_str!("../../pipelines/hello/hello.sync")),
    ("shop", SHOP),
    ("platform", include_str!("../../tests/corpus/large/platform/kafka.sync")),
    ("main", include_str!("../../tests/corpus/large/prod/main.sync")),
    ("profiles", include_str!("../../tests/corpus/large/prod/profiles.sync")),
    ("orders", include_str!("../../tests/corpus/large/prod/orders.sync")),
    ("catalog", include_str!("../../tests/corpus/large/prod/catalog.sync")),
    ("relay", include_str!("../../tests/corpus/large/prod/relay.sync")),
    ("orders test", include_str!("../../tests/corpus/large/prod/orders.test.sync")),
    ("lock", include_str!("../../tests/corpus/lock/schema.lock")),
];

const SHOP: &str = include_str!("../../tests/corpus/shop/shop.sync");

/// Signs that mean something to the grammar, and some that mean nothing.
const SIGNS: &[&str] = &[
    "\"",
    "'",
    "`",
    "{",
    "}",
    "(",
    ")",
    "/",
    "\\",
    "#",
    ".",
    ",",
    "-",
    "->",
    "=",
    "<<<<<<<",
    "\n",
    "\r",
    "\r\n",
    " ",
    "\t",
    "where ",
    "and ",
    "\nsource ",
    "not ",
    "is null",
    "between",
    "[",
    "]",
    "*",
    "0",
    "12h",
    "2026-01-01",
    "ö",
    "订",
    "\u{feff}",
    "\u{a0}",
    "“",
    "”",
    ";",
    ":",
    "%",
    "//",
    "--",
    "/*",
    "*/",
    "\u{202e}",
    "\u{fffd}",
    "\0",
    "а",
];

#[track_caller]
fn holds(text: &str) -> Parse {
    let parse = parse(FileId(0), text);
    let printed: String = parse.tree.leaves().map(|leaf| parse.tree.text(leaf, text)).collect();
    assert_eq!(printed, text, "the leaves are the text");
    let found = errors(&parse, text);
    for finding in &found {
        let spans = finding.primary.iter().chain(&finding.labels).map(|label| label.span);
        let edits = finding.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
        for span in spans.chain(edits) {
            assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} of {finding:?}");
        }
    }
    for id in parse.tree.descendants(parse.tree.root()) {
        let head_is_broken = parse.tree.kind(id) == NodeKind::Statement && parse.tree.has_error(id);
        assert!(!head_is_broken || !found.is_empty(), "silent statements have a finding in {text:?}");
    }
    parse
}

#[test]
fn examples_have_no_error() {
    for (name, text) in CORPUS {
        let parse = holds(text);
        assert_eq!(errors(&parse, text), [], "{name}");
        for id in parse.tree.descendants(parse.tree.root()) {
            assert!(!parse.tree.kind(id).is_error(), "{name}: {:?}", parse.tree.text(id, text));
        }
    }
}

/// Numbers without a source of chance, so that a failure can be repeated.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        // Vigna's splitmix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }
}

/// Some thousand texts near the examples: signs inserted, removed, pieces moved.
pub(crate) fn mutants(n: usize) -> impl Iterator<Item = String> {
    let mut numbers = Numbers(2026);
    (0..n).map(move |_| {
        let (_, text) = CORPUS[numbers.below(CORPUS.len())];
        let mut signs: Vec<char> = text.chars().collect();
        // Short texts fail more readably, and let more of them run.
        let from = numbers.below(signs.len());
        signs.drain(..from);
        signs.truncate(300);
        for _ in 0..=numbers.below(4) {
            let at = numbers.below(signs.len() + 1);
            match numbers.below(4) {
                0 if at < signs.len() => {
                    signs.remove(at);
                }
                1 => {
                    let to = (at + numbers.below(30)).min(signs.len());
                    let piece: Vec<char> = signs.drain(at..to).collect();
                    let back = numbers.below(signs.len() + 1);
                    signs.splice(back..back, piece);
                }
                _ => {
                    let sign = SIGNS[numbers.below(SIGNS.len())];
                    signs.splice(at..at, sign.chars());
                }
            }
        }
        signs.into_iter().collect()
    })
}

#[test]
fn mutants_of_the_examples_parse() {
    mutants(3000).for_each(|text| {
        holds(&text);
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_parses(text in "\\PC{0,80}") {
        holds(&text);
    }

    #[test]
    fn any_mix_of_signs_parses(signs in prop::collection::vec(prop::sample::select(SIGNS), 0..40)) {
        holds(&signs.concat());
    }
}

/// Texts of the top-level declarations.
fn declarations(text: &str) -> Vec<String> {
    let parse = parse(FileId(0), text);
    let tree = &parse.tree;
    let statements = tree.children(tree.root()).filter(|&id| tree.kind(id) == NodeKind::Statement);
    statements.map(|id| tree.text(id, text).to_owned()).collect()
}

#[test]
fn one_sign_damages_one_declaration() {
    let whole = declarations(SHOP);
    for at in (0..SHOP.len()).step_by(11) {
        for sign in ["", "\"", "{", "}", "(", "'"] {
            let behind = if sign.is_empty() { at + 1 } else { at };
            let edited = format!("{}{sign}{}", &SHOP[..at], &SHOP[behind..]);
            let now = declarations(&edited);
            let lost = whole.iter().filter(|declaration| !now.contains(declaration)).count();
            // A removed line end or the first letter of `source` joins a declaration to the one above it.
            assert!(lost <= 2, "{lost} declarations lost by {sign:?} at {at}");
            if sign == "\"" || sign == "(" || sign == "'" || sign == "{" {
                assert!(lost <= 1, "{lost} declarations lost by {sign:?} at {at}");
            }
        }
    }
}

#[test]
fn nesting_is_counted_on_the_tree() {
    let deep = |n: usize| format!("a {}b{}\n", "(".repeat(n), ")".repeat(n));
    assert!(parse(FileId(0), &deep(32)).too_deep.is_none());
    assert_eq!(parse(FileId(0), &deep(33)).too_deep.map(|span| span.start), Some(34));
    // Brackets that open nothing: in comments, in texts, one behind the other.
    let honest = ["# ((((({{{{{\n", "a \"(({\\{\"\n", "a '((('\n", "a (\n", "a {}\n"].concat().repeat(200);
    assert!(parse(FileId(0), &honest).too_deep.is_none());
}

#[test]
fn hostile_nesting_ends() {
    let quoted = format!("a /\"/ {}\n", "(".repeat(100_000));
    for text in [
        quoted,
        "/\"/ {\n".repeat(100_000),
        "{".repeat(100_000),
        "where ".to_owned() + &"not ".repeat(50_000),
    ] {
        holds(&text);
    }
}

#[test]
fn top_words_are_those_of_the_grammar() {
    let grammar = include_str!("../../grammar/sync.pest");
    let rule =
        grammar.split("top       = _{").nth(1).and_then(|rest| rest.split(')').next()).unwrap_or_default();
    let words: Vec<&str> = rule.split('"').skip(1).step_by(2).collect();
    assert_eq!(words, super::TOP_WORDS);
}

/// Milliseconds each; minutes when a step looks through the rest of the line for every sign.
#[test]
fn hostile_repetition_ends() {
    let pieces = [
        ";",
        "a;",
        ";a ",
        "}",
        "{}",
        "{a}",
        "{ a;}\n",
        "/*\n",
        "a --x ",
        "// \n",
        "\"{",
        "`",
        "`\n",
        "=======\n",
        "[",
        "[ ]",
        "a:",
        "(",
        ")\n",
        "“",
        "“\n",
        "\u{a0}",
        "\u{fffd}\n",
        "\u{202e}",
        "where = ",
        "where a <>\n",
        "'\n",
        "a {\nuse x\n",
        "аb ",
        "\\",
        ".",
        "a.\n",
        "\"\\q\"",
        "source \"{\n}\n",
    ];
    for piece in pieces {
        for text in
            [piece.repeat(10_000 / piece.len()), format!("\"{}\"", piece.repeat(10_000 / piece.len()))]
        {
            let parse = parse(FileId(0), &text);
            errors(&parse, &text);
            for id in parse.tree.descendants(parse.tree.root()) {
                if parse.tree.kind(id) == NodeKind::Statement {
                    parse.tree.has_error(id);
                }
            }
        }
    }
}
