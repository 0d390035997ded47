//! What must hold for every text. Each function panics where it does not; fuzz targets and tests call them.

use syncc::diagnostic::Severity;
use syncc::fmt::Formatted;
use syncc::mysql::binlog::query::{MODE_ANSI_QUOTES, MODE_NO_BACKSLASH_ESCAPES, Session};
use syncc::mysql::ddl::{Statement, parse as parse_ddl};
use syncc::mysql::ident::TableNameCase;
use syncc::mysql::position::Flavor;
use syncc::mysql::schema::model::{Change, Model, Wording};
use syncc::pattern::{NamePattern, Relation};
use syncc::plan::compile_files;
use syncc::syntax::{Parse, errors};
use syncc::text::{FileId, FileSet};

/// Parses; the leaves of the tree are the text, and the printed text gives the same tree.
pub(crate) fn parse(text: &str) {
    let first = syncc::syntax::parse(FileId(0), text);
    let printed = printed(&first, text);
    assert_eq!(printed, text, "the leaves are the text");
    assert_eq!(first, syncc::syntax::parse(FileId(0), &printed), "the same tree");
    for finding in errors(&first, text) {
        let labels = finding.primary.iter().chain(&finding.labels).map(|label| label.span);
        let edits = finding.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
        for span in labels.chain(edits) {
            assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} of {finding:?}");
        }
    }
}

/// Formats; doing it twice is doing it once, nothing but blanks changes, and a text that is left alone has a reason.
pub(crate) fn format(text: &str) {
    let formatted = match syncc::fmt::format(text) {
        Formatted::Text(formatted) => formatted,
        Formatted::LeftAlone => {
            let parse = syncc::syntax::parse(FileId(0), text);
            assert!(!errors(&parse, text).is_empty(), "left alone without a finding");
            return;
        }
    };
    assert_eq!(syncc::fmt::format(&formatted), Formatted::Text(formatted.clone()), "twice is once");
    assert_eq!(signs(text), signs(&formatted), "the same signs");
}

/// Lowers, resolves and checks; findings lie in the text, and without an error there is a plan. A formatted text gives
/// the same plan.
pub(crate) fn check(text: &str) {
    let one = |text: &str| {
        let mut files = FileSet::new();
        files.add("a.sync", text);
        compile_files(&files)
    };
    let compiled = one(text);
    let failed = compiled.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(compiled.plan.is_none(), failed, "{:?}", compiled.findings);
    for finding in &compiled.findings {
        let labels = finding.primary.iter().chain(&finding.labels).map(|label| label.span);
        let edits = finding.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
        for span in labels.chain(edits) {
            assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} of {finding:?}");
        }
    }
    if let (Some((plan, _)), Formatted::Text(formatted)) = (&compiled.plan, syncc::fmt::format(text)) {
        let again = one(&formatted).plan.map(|(plan, _)| plan);
        assert_eq!(again.as_ref(), Some(plan), "formatting changes the plan");
    }
}

/// Compares patterns, one a line (`/…/` is a regular expression): a relation and its mirror fit, and no name that one of
/// them takes contradicts it.
pub(crate) fn patterns(text: &str) {
    let patterns: Vec<NamePattern> = text.lines().take(4).filter_map(pattern).collect();
    let matchers: Vec<_> = patterns.iter().filter_map(|pattern| pattern.compile().ok()).collect();
    let names: Vec<String> = matchers.iter().filter_map(|matcher| matcher.some_name()).collect();
    for a in &matchers {
        for b in &matchers {
            let relation = a.relation(b);
            assert_eq!(mirrored(relation), b.relation(a), "{a:?} {b:?}");
            for name in names.iter().map(String::as_str).chain(text.lines()) {
                let (in_a, in_b) = (a.matches(name), b.matches(name));
                let fits = match relation {
                    Relation::Equal => in_a == in_b,
                    Relation::Narrower => !in_a || in_b,
                    Relation::Wider => !in_b || in_a,
                    Relation::Disjoint => !(in_a && in_b),
                    Relation::Crossing | Relation::TooLarge => true,
                };
                assert!(fits, "{relation:?} and {name:?}: {a:?} {b:?}");
            }
        }
    }
}

/// Reads a text as statements of the log, in every mode of both families, and follows them: nothing panics, what is not
/// understood says why, and nothing of a string is in what it says.
pub(crate) fn ddl(text: &str) {
    for (flavor, sql_mode) in
        [(Flavor::MySql, 0), (Flavor::MariaDb, MODE_ANSI_QUOTES), (Flavor::MySql, MODE_NO_BACKSLASH_ESCAPES)]
    {
        let session = Session { sql_mode: Some(sql_mode), client_collation: Some(45), ..Session::default() };
        let mut model = Model::new(flavor, TableNameCase::Insensitive);
        model.set_database("v", "utf8mb4_general_ci", true);
        for statement in ["create table t (a int primary key, b varchar(10) unique, c text)", text] {
            let parsed = parse_ddl(statement.as_bytes(), "v", &session, flavor);
            if let Statement::NotUnderstood(not) = &parsed {
                assert!(!not.reason.is_empty() && not.reason.len() < 400, "{not:?}");
            }
            for change in model.apply(&parsed, &session) {
                if let Change::Defined(table) = change {
                    assert!(!table.columns.is_empty(), "{statement}");
                    // digits out of bounds are refused, nothing else happens
                    let _ = table.version(Wording::of(flavor, (9, 7, 0)));
                }
            }
        }
    }
}

fn pattern(line: &str) -> Option<NamePattern> {
    match line.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        Some(regex) => NamePattern::from_regex(regex).ok(),
        None => NamePattern::from_glob(line).ok(),
    }
}

fn mirrored(relation: Relation) -> Relation {
    match relation {
        Relation::Narrower => Relation::Wider,
        Relation::Wider => Relation::Narrower,
        Relation::Equal | Relation::Disjoint | Relation::Crossing | Relation::TooLarge => relation,
    }
}

fn printed(parse: &Parse, text: &str) -> String {
    parse.tree.leaves().map(|leaf| parse.tree.text(leaf, text)).collect()
}

/// All signs that are no blank and no mark of byte order, which the formatter takes away.
fn signs(text: &str) -> String {
    text.chars().filter(|sign| !matches!(sign, ' ' | '\t' | '\n' | '\r' | '\u{feff}')).collect()
}
