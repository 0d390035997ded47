//! Conditions as they are written, and what they become.

use super::*;
use crate::diagnostic::Safety;
use crate::syntax::{self, parse};
use crate::text::FileId;

fn read(condition: &str) -> Result<Where, Vec<Diagnostic>> {
    let text = format!("where {condition}");
    let parsed = parse(FileId(0), &text);
    assert_eq!(syntax::errors(&parsed, &text), [], "{condition}");
    let tree = parsed.tree;
    let clause = tree.descendants(tree.root()).find(|&id| tree.kind(id) == NodeKind::WhereClause);
    lower(syntax::condition(&tree, &text, clause.expect("a clause")).expect("a condition"), &text)
}

/// The condition as it is understood.
#[track_caller]
fn check(condition: &str, expected: &str) {
    let read = read(condition).unwrap_or_else(|found| panic!("{condition}: {found:?}"));
    assert_eq!(read.condition.to_string(), expected);
    let tests = read.condition.tests();
    assert_eq!(tests.len(), read.places.len());
    for (test, place) in tests.iter().zip(&read.places) {
        assert_eq!(test.operands().len(), place.operands.len(), "{condition}");
    }
    let again = self::read(expected).expect(expected);
    assert_eq!(again, read, "written and read again");
}

/// The place of each finding as text, its message, and its repair.
#[track_caller]
fn refused(condition: &str, expected: &[&str]) {
    let text = format!("where {condition}");
    let found = read(condition).err().unwrap_or_default();
    let shown: Vec<String> = found
        .iter()
        .map(|finding| {
            let place = finding.primary.as_ref().map_or("", |label| slice(&text, label.span));
            let repair = finding.fixes.iter().find(|fix| fix.safety == Safety::Machine);
            let repair = repair.map(|fix| format!(" -> {}", fix.edits[0].text)).unwrap_or_default();
            format!("{} {place} | {}{repair}", finding.code.number, finding.message)
        })
        .collect();
    assert_eq!(shown, expected, "{condition}");
}

#[test]
fn conditions() {
    check("status <> 'draft'", "status <> 'draft'");
    check("a != 1", "a <> 1");
    check("a > 0 AND b in ('EUR','USD')", "a > 0 and b in ('EUR', 'USD')");
    check("not a is not null or b", "a is null or b");
    check("not not a = true", "a = 1");
    check("not (a = 1 or b like 'x\\%')", r"not (a = 1 or b like 'x\%')");
    check("(a = 1) is null", "(a = 1) is null");
    check("(((a))) = ((5))", "a = 5");
    check("`a b` <=> NULL and `true` = 1", "`a b` <=> null and `true` = 1");
    check(r"a = 'it\'s ''x''\n\\'", r"a = 'it''s ''x''\n\\'");
    check("a not between -1 and 8_192.50", "a not between -1 and 8192.5");
    check("订单 = 1", "订单 = 1");
    check("a regexp '^x' and not b", "a regexp '^x' and not b");
}

#[test]
fn equal_words_are_equal_conditions() {
    let same = |one: &str, other: &str| assert_eq!(read(one).expect(one), read(other).expect(other));
    same("a = 1 and (b = 2 and c = 3)", "a=1 AND b=2 AND c = 3.0");
    same("not a = 1", "NOT (a = 1)");
}

#[test]
fn what_mysql_has_there() {
    refused("status = \"paid\"", &["S0015 \"paid\" | texts of a condition stand in single quotes -> 'paid'"]);
    refused(
        "\"status = 'paid'\"",
        &["S0015 \"status = 'paid'\" | a condition stands without quotes -> status = 'paid'"],
    );
    refused("1 < a < 5", &["S0015 < | `<` follows a comparison"]);
    refused("a = (1, 2)", &["S0015 (1, 2) | `=` takes one value, not a list -> in"]);
    refused("a <> (1, 2)", &["S0015 (1, 2) | `<>` takes one value, not a list -> not in"]);
    refused("a in 1", &["S0015 1 | `in` takes a list in parentheses -> (1)"]);
    refused(
        "shop.orders.a = 1",
        &[
            "S0015 shop.orders.a | `shop.orders.a`: a condition sees the columns of one row, by their names alone -> a",
        ],
    );
    refused("a > 12h", &["S0015 12h | `12h` is no number: a condition knows no units"]);
    refused("a > 1..5", &["S0015 1..5 | `1..5` is no value"]);
    refused("a > 1e3", &["S0015 1e3 | `1e3` has an exponent"]);
    refused("a > 0xFF", &["S0015 0xFF | `0xFF`: numbers of a condition are decimal"]);
    refused(
        "a > 2026-09-01",
        &["S0015 2026-09-01 | `2026-09-01`: dates stand in single quotes -> '2026-09-01'"],
    );
    refused("a-b > 0", &["S0015 a-b | `a-b`: a condition does not calculate"]);
    refused("a_* = 1", &["S0015 a_* | `a_*` is a pattern, and a condition names one column"]);
    refused(
        "at > CURRENT_DATE",
        &["S0015 CURRENT_DATE | `CURRENT_DATE` is a function, and a condition calls none"],
    );
    refused("'x'", &["S0015 'x' | a text alone is no condition"]);
    refused("(a, b)", &["S0015 (a, b) | a list alone is no condition"]);
    refused("(a = 1) = b", &["S0015 a = 1 | a condition is compared with something"]);
    refused("a between null and 5", &["S0015 null | `null` is no bound of `between`"]);
    refused("a like 5", &["S0015 5 | `like` takes a text in single quotes"]);
    refused(r"a regexp '\d'", &[r"S0008 \d | `\d` is no escape: MySQL reads it as `d`"]);
}

#[test]
fn two_mistakes_are_two_findings() {
    refused(
        "a = \"x\" and b in 2",
        &[
            "S0015 \"x\" | texts of a condition stand in single quotes -> 'x'",
            "S0015 2 | `in` takes a list in parentheses -> (2)",
        ],
    );
}

#[test]
fn an_expression_between_slashes_is_a_text() {
    refused(
        "a regexp /^x\\/'y$/",
        &["S0015 /^x\\/'y$/ | `regexp` takes a text in single quotes -> '^x/''y$'"],
    );
    refused("a not regexp /\\d+/", &["S0015 /\\d+/ | `regexp` takes a text in single quotes"]);
    refused("a like /x/", &["S0015 /x/ | `like` takes a text in single quotes"]);
}
