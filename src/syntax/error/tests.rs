use super::errors;
use crate::diagnostic::{Diagnostic, Safety, Severity};
use crate::syntax::codes::{DOCS, S0002, S0003};
use crate::syntax::property_tests::mutants;
use crate::syntax::{NodeKind, parse};
use crate::text::{FileId, FileSet};

fn find(text: &str) -> Vec<Diagnostic> {
    errors(&parse(FileId(0), text), text)
}

/// `LINE:COL CODE MESSAGE`, one a line.
fn listed(text: &str) -> String {
    let mut files = FileSet::new();
    let file = files.add("a.sync", text);
    let line = |finding: &Diagnostic| {
        let at = finding.primary.as_ref().map_or(0, |label| label.span.start);
        let place = files.line_col(file, at);
        format!("{}:{} {} {}\n", place.line, place.col, finding.code, finding.message)
    };
    find(text).iter().map(line).collect()
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(listed(text).trim_end(), expected, "{text}");
}

/// The text after all certain repairs.
fn repaired(text: &str) -> String {
    let mut edits: Vec<_> = find(text)
        .into_iter()
        .filter_map(|finding| finding.fixes.into_iter().find(|fix| fix.safety == Safety::Machine))
        .flat_map(|fix| fix.edits)
        .collect();
    edits.sort_by_key(|edit| std::cmp::Reverse((edit.span.start, edit.span.end)));
    let mut text = text.to_owned();
    for edit in edits {
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    text
}

#[track_caller]
fn check_repair(text: &str, expected: &str) {
    assert_ne!(find(text), [], "{text}");
    let now = repaired(text);
    assert_eq!(now, expected);
    assert_eq!(listed(&now), "", "{now}");
}

#[test]
fn one_broken_file_in_a_single_pass() {
    check(
        r#"edition 2026
source shop mysql "db1:3306 {
  password env SHOP_DB_PASSWORD
}
target bus kafka "kafka1:9092"; "x"

pipeline shop from shop to bus {
  include shop.
  exclude shop.`tmp
  rename table shop.order_item => order_lines
  where (status = 'new' and amount >
  topic "{db.{table}"
  retry for 12h

pipeline second from shop to bus {
  include shop.*
}
}
"#,
        "2:19 S0001 the double quote is not closed
5:31 S0004 `;` has no meaning here
7:32 S0002 the block of `pipeline shop` is not closed
8:15 S0015 a name is missing behind `shop.`
9:16 S0001 the backtick is not closed
11:9 S0001 `(` is not closed
12:10 S0008 `{` starts no placeholder
18:1 S0003 `}` closes nothing",
    );
}

#[test]
fn every_page_shows_its_finding() {
    for doc in DOCS {
        let found: Vec<_> = find(doc.wrong).iter().map(|finding| finding.code).collect();
        assert_eq!(found, [doc.code], "wrong example of {}: {}", doc.code, listed(doc.wrong));
        check(doc.right, "");
    }
}

#[test]
fn open_signs() {
    check("a \"x # y\nb\n", "1:3 S0001 the double quote is not closed");
    check("a ('x\n", "1:4 S0001 the single quote is not closed");
    check("a x./b\n", "1:5 S0001 the `/` is not closed");
    check("where a in (1, 2\n", "1:12 S0001 `(` is not closed");
    check_repair("a \"x  \n", "a \"x\"  \n");
    check(
        "a \"{{db}}.{{table:lower}}\"\n",
        "1:4 S0008 `{{db}}` has its braces twice\n1:11 S0008 `{{table:lower}}` has its braces twice",
    );
    check_repair("a \"{{db}}.{{table:lower}}\"\n", "a \"{db}.{table:lower}\"\n");
    check_repair("a \"{table|lower}\"\n", "a \"{table:lower}\"\n");
    check_repair("a ((x\n", "a ((x))\n");
    check_repair("a ('x\n", "a ('x')\n");
    check_repair("a x.`b c\n", "a x.`b c`\n");
    check_repair("a \"x {\n}\n", "a \"x\" {\n}\n");
    check_repair("a \"{x}.y {\n}\n", "a \"{x}.y\" {\n}\n");
    check_repair("a x.`b c {\n}\n", "a x.`b c` {\n}\n");
    check_repair("a x y\" {\n}\n", "a x \"y\" {\n}\n");
    check_repair("a x.b c` y\n", "a x.`b c` y\n");
    check("a x.b c` y\n", "1:8 S0001 the backtick opens nothing");
    assert_eq!(repaired("a \"x { y\n"), "a \"x { y\n", "with a brace in it nobody knows where the text ends");
}

#[test]
fn missing_braces() {
    check(
        "pipeline a {\n  x\n\n# b\npipeline b {\n}\n",
        "1:12 S0002 the block of `pipeline a` is not closed",
    );
    check_repair(
        "pipeline a {\n  x\n\n# b\npipeline b {\n}\n",
        "pipeline a {\n  x\n}\n\n# b\npipeline b {\n}\n",
    );
    // The indentation tells which block it is.
    let inner = "pipeline a {\n  table t {\n    key x\n  include y\n}\n";
    check(inner, "2:11 S0002 the block of `table t` is not closed");
    check_repair(inner, "pipeline a {\n  table t {\n    key x\n  }\n  include y\n}\n");
    check_repair("pipeline a {\n  x", "pipeline a {\n  x\n}");
}

#[test]
fn braces_too_many() {
    check("a\n}\n", "2:1 S0003 `}` closes nothing");
    let early = "pipeline a {\n  table t {\n    key x\n    }\n    partition by key\n  }\n  include y\n}\n";
    check(early, "4:5 S0003 this `}` comes too early: statements of the block follow it");
    check_repair(early, "pipeline a {\n  table t {\n    key x\n    partition by key\n  }\n  include y\n}\n");
    check_repair("pipeline a {\n  x\n  }\n  y\n}\n", "pipeline a {\n  x\n  y\n}\n");
    check_repair("pipeline a\n{\n  x\n}\n", "pipeline a {\n  x\n}\n");
}

#[test]
fn torn_out_statements_are_silent() {
    let text = "pipeline a {\n  x\n  }\n  y\n}\n";
    let parse = parse(FileId(0), text);
    let tree = &parse.tree;
    let silent: Vec<_> = tree
        .descendants(tree.root())
        .filter(|&id| tree.kind(id) == NodeKind::Statement && tree.has_error(id))
        .map(|id| tree.text(id, text))
        .collect();
    assert_eq!(silent, ["y"]);
}

#[test]
fn foreign_signs() {
    check_repair("a \"x\";\n", "a \"x\"\n");
    check_repair("a: b\n", "a b\n");
    check_repair("a:\"b\"\n", "a \"b\"\n");
    check_repair("brokers kafka1:9092, https://x.y/z;\n", "brokers \"kafka1:9092\", \"https://x.y/z\"\n");
    check_repair("include shop.%\n", "include shop.*\n");
    check_repair("include [a, b]\n", "include a, b\n");
    check_repair("a )\n", "a \n");
    check("a;b;;c\n", "1:2 S0004 `;` has no meaning here\n1:4 S0004 `;;` has no meaning here");
    check("a \u{7}\n", "1:3 S0004 U+0007 has no meaning here");
}

#[test]
fn foreign_comments() {
    check_repair("-- a 'b' {\nx // y \"z\n", "# a 'b' {\nx # y \"z\n");
    check_repair("/* a */\nb\n", "# a\nb\n");
    check_repair("/*\n * a {\n */\nb {\n}\n", "#\n # * a {\n #\nb {\n}\n");
    check("a /* b */ c\n", "1:3 S0005 `/*` begins no comment here");
    check("where a = 1 -- b\n", "1:13 S0005 `--` begins no comment here");
    check("a x--y\n", "");
    // Braces that were meant to be commented out explain what follows from them.
    check("pipeline a {\n  // table t {\n  x\n}\n", "2:3 S0005 `//` begins no comment here");
    check("pipeline a {\n  // }\n  x\n}\n", "2:3 S0005 `//` begins no comment here");
}

#[test]
fn merges() {
    let text = "a\n<<<<<<< HEAD\nb {\n=======\nb \"{\n>>>>>>> other\nc\n}\n<<<<<<< HEAD\n>>>>>>> x\n";
    check(text, "2:1 S0006 unfinished merge\n9:1 S0006 unfinished merge");
}

#[test]
fn look_alikes() {
    check_repair("a “b” \u{a0}c\n", "a \"b\"  c\n");
    check_repair("include shop.оrders\n", "include shop.orders\n");
    check_repair("a b，c – d\n", "a b,c - d\n");
    check_repair("# a \u{202e}b\n", "# a b\n");
    check("a \"“\u{a0}о\" '“' `“аb` # “\n", "");
    check("include shop.заказы, 商城.订单\n", "");
    check("a “b:1”; \"\n", "1:3 S0007 `“b:1”` has typographic quotes");
}

#[test]
fn texts() {
    check("a \"\\q\" \"}\"\n", "1:4 S0008 `\\q` is no escape\n1:9 S0008 `}` ends no placeholder");
    check("a \"\\u{D800}\"\n", "1:4 S0008 `\\u{D800}` is no sign of Unicode");
    check_repair("a \"}{ \"\n", "a \"\\}\\{ \"\n");
    // A brace of a placeholder is offered, as well as one that is none.
    assert_eq!(repaired("a \"x.table}\"\n"), "a \"x.table}\"\n");
    // Few texts take a backslash.
    assert_eq!(repaired("a \"\\q\"\n"), "a \"\\q\"\n");
    check_repair("a \"{1x} {}\"\n", "a \"\\{1x\\} \\{\\}\"\n");
}

#[test]
fn conditions() {
    check("include a..b\n", "1:10 S0015 a name is missing behind `a.`");
    check("where\n", "1:1 S0015 `where` takes a condition");
    check("where a = \n", "1:9 S0015 a value is missing behind `=`");
    check("where a and not\n", "1:13 S0015 a value is missing behind `not`");
    check("where (a == 1)\n", "1:10 S0015 `==` is no operator");
    check_repair("where a == 1\n", "where a = 1\n");
    check_repair("where a = 1 && b = 2\n", "where a = 1 and b = 2\n");
    check("where lower(a) = 'x'\n", "1:7 S0015 a condition calls no functions");
    check("where a `b`\n", "1:9 S0015 an operator is missing before ``b``");
    check("where a b\n", "1:9 S0015 an operator is missing before `b`");
    check("where a is b\n", "1:9 S0015 `is` is followed by `null` or `not null`");
    check("where a between 1\n", "1:9 S0015 `between` takes two values: `between 1 and 5`");
    check("where a = 1)\n", "1:12 S0004 `)` closes nothing");
    check("where a in ()\n", "1:12 S0015 nothing stands in the parentheses");
    check("where a = `b\n", "1:11 S0001 the backtick is not closed");
}

/// What MySQL has in conditions and we do not.
#[test]
fn conditions_of_mysql() {
    check("where a > now() - interval 7 day\n", "1:11 S0015 a condition calls no functions");
    check("where a in (select b from c)\n", "1:13 S0015 a condition has no subqueries");
    check("where not exists (select 1)\n", "1:18 S0015 a condition has no subqueries");
    check("where a xor b\n", "1:9 S0015 a condition has no `xor`");
    check("where a like 'x|%' escape '|'\n", "1:20 S0015 a condition has no `escape`");
    check("where a = date '2026-01-01'\n", "1:11 S0015 a condition has no `date` before a value");
    check("where binary a = 'x'\n", "1:7 S0015 a condition has no `binary` before a value");
    check("where a->'$.b' = 1\n", "1:8 S0015 a condition does not look into JSON");
    check("where a % 2 = 0\n", "1:9 S0015 `%` has no place in a condition");
    check("where @a = 1\n", "1:7 S0015 a condition has no variables");
    check("where and a = 1\n", "1:7 S0015 a value is missing before `and`");
    check("where a not = 1\n", "1:9 S0015 `not` stands before a comparison, not in it");
    check("where a is true\n", "1:9 S0015 `is` is followed by `null` or `not null`");
    check_repair("where a is 'x'\n", "where a = 'x'\n");
    check_repair("where a is not 5\n", "where a <> 5\n");
    check_repair("where a is unknown\n", "where a is null\n");
    check_repair("where a is nul\n", "where a is null\n");
    check_repair("where a => 1\n", "where a >= 1\n");
    check_repair("where a =< 1\n", "where a <= 1\n");
    check_repair("where a rlike 'x'\n", "where a regexp 'x'\n");
    check_repair("where a isnull\n", "where a is null\n");
    check_repair("where !a\n", "where not a\n");
    check_repair("where a > .5\n", "where a > 0.5\n");
    check_repair("where a > +5\n", "where a > 5\n");
    check_repair("where a in (1, 2,)\n", "where a in (1, 2)\n");
    check("where a = 'it\\'s'\n", "");
    check("where a = 'x\\'\n", "1:11 S0001 the single quote is not closed");
}

#[test]
fn bytes() {
    check("a\0b \"\n", "1:2 S0010 the file is no text: it holds a NUL");
    check(
        "a \u{FFFD};\nb \u{FFFD};\nc;\n",
        "1:3 S0010 the file holds bytes that are not UTF-8, or `\u{FFFD}` in their place\n3:2 S0004 `;` has no meaning here",
    );
    let found = find("\u{FEFF}a\n");
    assert_eq!(found.iter().map(|finding| finding.severity).collect::<Vec<_>>(), [Severity::Advice]);
    check_repair("\u{FEFF}a\n", "a\n");
}

/// A certain repair removes its finding; what that one had hidden may show.
#[test]
fn repairs_of_mutants_help() {
    for text in mutants(1500) {
        for finding in find(&text) {
            let Some(fix) = finding.fixes.iter().find(|fix| fix.safety == Safety::Machine) else { continue };
            let alike = find(&text).iter().filter(|other| other.code == finding.code).count();
            if [S0002, S0003].contains(&finding.code) && alike > 1 {
                // One brace of several proves nothing.
                continue;
            }
            let mut edits = fix.edits.clone();
            edits.sort_by_key(|edit| std::cmp::Reverse((edit.span.start, edit.span.end)));
            let mut now = text.clone();
            for edit in edits {
                now.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
            }
            let same = |other: &Diagnostic| {
                (other.code, &other.message, &other.primary)
                    == (finding.code, &finding.message, &finding.primary)
            };
            assert!(!find(&now).iter().any(same), "{finding:?} of {text:?}\nleaves {:?}", listed(&now));
        }
    }
}
