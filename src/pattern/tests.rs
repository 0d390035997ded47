//! Patterns against plain sets of names.

use super::*;
use proptest::prelude::*;

fn name(text: &str) -> NamePattern {
    let pattern = match text.strip_prefix('/') {
        Some(regex) => NamePattern::from_regex(regex.trim_end_matches('/')),
        None => NamePattern::from_glob(text),
    };
    pattern.unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn matcher(text: &str) -> Matcher {
    name(text).compile().expect("a checked pattern compiles")
}

fn table(text: &str) -> TableMatcher {
    let dot = text
        .match_indices('.')
        .find(|&(at, _)| text[..at].matches('[').count() == text[..at].matches(']').count());
    let (db, table) = text.split_at(dot.expect("two segments").0);
    let table = &table[1..];
    TablePattern::new(name(db), name(table)).compile().expect("a checked pattern compiles")
}

#[test]
fn matching() {
    let check = |pattern: &str, yes: &[&str], no: &[&str]| {
        let matcher = matcher(pattern);
        for name in yes {
            assert!(matcher.matches(name), "{pattern} takes {name}");
        }
        for name in no {
            assert!(!matcher.matches(name), "{pattern} does not take {name}");
        }
    };
    check("orders", &["orders"], &["Orders", "orders2", ""]);
    check("*", &["a", "a.b", "商城", "𝄞", "a\nb", "a\r"], &[""]);
    check("/a.*/", &["a", "a\nb"], &["b"]);
    check("tmp_*", &["tmp_", "tmp_a"], &["tmp", "xtmp_a"]);
    check("?", &["a", "ö", "𝄞"], &["ab"]);
    check("[a-cö]x", &["bx", "öx"], &["dx", "x"]);
    check("o_[00..15]", &["o_00", "o_07", "o_15"], &["o_7", "o_16", "o_015", "o_٠٠"]);
    check("[8..12]", &["8", "9", "10", "12"], &["08", "7", "13"]);
    check("a$b^c", &["a$b^c"], &["a$b"]);
    check("/orders_(?:eu|us)/", &["orders_eu"], &["orders_eux", "xorders_us"]);
    check("/a|ab/", &["a", "ab"], &["abc"]);
    check("/[^a]*/", &["b.c", "b\nc"], &["a"]);
}

#[test]
fn captures() {
    let check = |pattern: &str, name: &str, expected: Option<&[(&str, &str)]>| {
        let expected =
            expected.map(|pairs| pairs.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect());
        assert_eq!(matcher(pattern).captures(name), expected, "{pattern} {name}");
    };
    check("orders", "orders", Some(&[]));
    check("orders", "other", None);
    check("s_[n:00..63]", "s_07", Some(&[("n", "07")]));
    check("[a:0..9]_*_[with-dash:0..9]", "1_x_2", Some(&[("a", "1"), ("with-dash", "2")]));
    check("[0..3][n:0..3]", "12", Some(&[("n", "2")]));
    check("/(?P<region>eu|us)_(\\d+)(?<rest>x)?/", "eu_1", Some(&[("region", "eu"), ("rest", "")]));
    assert_eq!(matcher("/(?P<region>eu)_(?<n>\\d)/").capture_names(), ["region", "n"]);
    let pairs = table("d_[n:0..3].t_[m:0..3]").captures("d_1", "t_2").expect("a table it takes");
    assert_eq!(pairs, [("n".into(), "1".into()), ("m".into(), "2".into())]);
}

#[test]
fn members() {
    let names = |pattern: &str| -> Option<Vec<String>> {
        Some(name(pattern).members()?.into_iter().map(|member| member.name).collect())
    };
    assert_eq!(names("a"), Some(vec!["a".into()]));
    assert_eq!(names("s_[8..11]"), Some(vec!["s_8".into(), "s_9".into(), "s_10".into(), "s_11".into()]));
    assert_eq!(names("[ba][0..1]"), Some(vec!["a0".into(), "a1".into(), "b0".into(), "b1".into()]));
    assert_eq!(names("a*"), None);
    assert_eq!(names("/ab?/"), None);
    assert_eq!(names("[0..99999999][0..99999999]"), None);
    let last = name("s_[n:00..15]").members().and_then(|mut members| members.pop()).expect("members");
    assert_eq!(last, Member { name: "s_15".into(), captures: vec![("n".into(), "15".into())] });
}

#[test]
fn a_regex_that_is_a_glob() {
    let check = |regex: &str, glob: Option<&str>| {
        assert_eq!(
            NamePattern::Regex(regex.into()).as_glob().map(|glob| glob.to_string()).as_deref(),
            glob,
            "{regex}"
        );
    };
    check("orders_.*", Some("orders_*"));
    check("^orders_.+$", Some("orders_?*"));
    check("orders", Some("orders"));
    check(r"o\d\d[a-f]", Some("o[0-9][0-9][a-f]"));
    check(r"a\-b\$", Some("a-b$"));
    check(r"a\.b", None);
    check("a|b", None);
    check("orders_(eu|us)", None);
    check("(?i)orders", None);
    check("a?", None);
    check("a{2}", None);
    check("a b", None);
    check("[^a]", None);
}

#[test]
fn a_bad_regex_says_why() {
    let check = |regex: &str, message: &str| {
        let error = NamePattern::from_regex(regex).expect_err(regex);
        assert_eq!(error.to_string(), message, "{regex}");
        assert!(!error.in_glob());
    };
    check("(?=x)", "look-ahead and look-behind are not supported");
    check("a(b", "the group is not closed");
    check("*a", "repetition operator missing expression");
    check("[z-a]", "invalid character class range, the start must be <= the end");
    check("(a{1000}){1000}", "the regular expression is too large");
}

#[test]
fn patterns_print_as_they_are_written() {
    let check = |pattern: NamePattern, text: &str| assert_eq!(pattern.to_string(), text);
    check(NamePattern::Exact("orders".into()), "orders");
    check(NamePattern::Exact("order `x` items".into()), "`order ``x`` items`");
    check(NamePattern::Exact("a*".into()), "`a*`");
    check(NamePattern::Exact(String::new()), "``");
    check(name("s_[n:0..3]*"), "s_[n:0..3]*");
    check(name("/a.b/"), "/a.b/");
}

#[test]
fn relations() {
    let check = |a: &str, b: &str, relation: Relation| {
        assert_eq!(matcher(a).relation(&matcher(b)), relation, "{a} {b}");
        let back = match relation {
            Relation::Narrower => Relation::Wider,
            Relation::Wider => Relation::Narrower,
            Relation::Equal | Relation::Crossing | Relation::Disjoint | Relation::TooLarge => relation,
        };
        assert_eq!(matcher(b).relation(&matcher(a)), back, "{b} {a}");
    };
    check("a", "a", Relation::Equal);
    check("a", "b", Relation::Disjoint);
    check("a", "?", Relation::Narrower);
    check("a", "[a]", Relation::Equal);
    check("a", "b*", Relation::Disjoint);
    check("price_*", "*", Relation::Narrower);
    check("order_*", "*_log", Relation::Crossing);
    check("[00..63]", "[0-9][0-9]", Relation::Narrower);
    check("[0..99]", "[00..99]", Relation::Crossing);
    check("[0..9]", "[0-9]", Relation::Equal);
    check("*", "?*", Relation::Equal);
    check("*", "/.*/", Relation::Equal);
    check("?", "/./", Relation::Equal);
    check("*", r"/[\s\S]*/", Relation::Equal);
    check("ö*", "[ä-ü]*", Relation::Narrower);
    check("orders", "/(?i)ORDERS/", Relation::Narrower);
    check("/[^\\s\\S]/", "*", Relation::Disjoint);
    check("/\\w*\\b/", "/\\w+/", Relation::Equal);
    check("/.*a.{22}/", "b", Relation::Disjoint);
    check("/.*a.{22}/", "?*", Relation::TooLarge);
}

#[test]
fn columns_have_no_case() {
    let column = |text: &str| name(text).compile_column().expect("a checked pattern compiles");
    let check = |pattern: &str, yes: &[&str], no: &[&str]| {
        for name in yes {
            assert!(column(pattern).matches(name), "{pattern} takes {name}");
        }
        for name in no {
            assert!(!column(pattern).matches(name), "{pattern} does not take {name}");
        }
    };
    check("Email", &["email", "EMAIL", "Email"], &["e-mail", "email2"]);
    check("*_email", &["home_EMAIL", "_email"], &["email"]);
    check("Straße", &["STRAßE"], &["strasse"]);
    check("[a-c]x", &["BX"], &["dx"]);
    check("/(home|Work)_mail/", &["HOME_MAIL", "work_mail"], &["mail"]);
    let relation = |a: &str, b: &str| column(a).relation(&column(b));
    assert_eq!(relation("Email", "eMAIL"), Relation::Equal);
    assert_eq!(relation("email", "phone"), Relation::Disjoint);
    assert_eq!(relation("EMAIL", "e*"), Relation::Narrower);
    assert_eq!(relation("*_mail", "E*"), Relation::Crossing);
    assert_eq!(relation("e", "/E/"), Relation::Equal);
    let captures = column("C_[n:0..9]").captures("c_7");
    assert_eq!(captures, Some(vec![("n".to_owned(), "7".to_owned())]));
}

#[test]
fn relations_of_tables() {
    let check = |a: &str, b: &str, relation: Relation| {
        assert_eq!(table(a).relation(&table(b)), relation, "{a} {b}");
        assert_eq!(table(a).is_narrower(&table(b)), relation == Relation::Narrower, "{a} {b}");
        assert_eq!(table(b).is_narrower(&table(a)), relation == Relation::Wider, "{b} {a}");
    };
    check("catalog.price_*", "catalog.*", Relation::Narrower);
    check("shop_[00..15].orders_[00..63]", "shop_*.orders_*", Relation::Narrower);
    check("shop.order_*", "shop.*_log", Relation::Crossing);
    check("shop.tmp_*", "shop.orders", Relation::Disjoint);
    check("shop.*", "*.orders", Relation::Crossing);
    check("*.*", "shop.orders", Relation::Wider);
    check("shop.*", "/shop/./.*/", Relation::Equal);
}

#[test]
fn covered_by_several() {
    let check = |include: &str, excludes: &[&str], covered: Covered| {
        let excludes: Vec<TableMatcher> = excludes.iter().map(|text| table(text)).collect();
        assert_eq!(table(include).covered_by(&excludes.iter().collect::<Vec<_>>()), covered, "{include}");
    };
    check("shop.tmp_a", &["shop.tmp_*"], Covered::Yes);
    check("shop.*", &["shop.tmp_*"], Covered::No);
    check("shop.t_[0..9]", &["shop.t_[0..4]", "shop.t_[5..9]"], Covered::Yes);
    check("shop.t_[0..9]", &["shop.t_[0..4]", "shop.t_[6..9]"], Covered::No);
    check("shop.t_[0..9]", &[], Covered::No);
    // half of the tables in one database, all in the others
    check("[a-c].[0..9]", &["a.[0..4]", "*.[5..9]", "[b-c].*"], Covered::Yes);
    check("[a-c].[0..9]", &["a.[0..4]", "*.[6..9]", "[b-c].*"], Covered::No);
    check("a.*", &["a.b", "/a/./[^b].*/", "a.b?*"], Covered::Yes);
    check("/a/./.*/", &["/a/./.*a.{22}/"], Covered::TooLarge);
    // one name is enough to know
    check("a.*", &["/a/./.*a.{22}/"], Covered::No);
    assert_eq!(matcher("[0..9]").covered_by(&[&matcher("[0..7]"), &matcher("[8..9]")]), Covered::Yes);
}

/// Every name of up to four signs over this alphabet.
fn names() -> Vec<String> {
    let mut all = vec![String::new()];
    let mut from = 0;
    for _ in 0..4 {
        let to = all.len();
        for at in from..to {
            all.extend(['a', '0', '1', 'ö'].map(|sign| format!("{}{sign}", all[at])));
        }
        from = to;
    }
    all.remove(0);
    all
}

/// Whether two words over the alphabet and its patterns are told apart by names of four signs: patterns here
/// have at most three parts, each of one sign but `*`.
fn pattern() -> impl Strategy<Value = NamePattern> {
    let glob = prop::collection::vec(
        prop::sample::select(vec!["a", "0", "ö", "*", "?", "[a0]", "[0..1]", "[n:0..1]", "[a-z]"]),
        1..4,
    );
    let regex = prop::sample::select(vec![
        "a.*",
        "a|01",
        "[^a]+",
        ".",
        "a?0?",
        "(a|0)*",
        "\\w*",
        "\\d+",
        "(?i)A.",
        ".*ö",
        "[a0]{2,3}",
        "\\w+\\b.*",
    ]);
    prop_oneof![
        3 => glob.prop_map(|parts| name(&parts.concat())),
        1 => regex.prop_map(|regex| NamePattern::Regex(regex.into())),
        1 => "[a01ö]{1,3}".prop_map(NamePattern::Exact),
    ]
}

proptest! {
    #[test]
    fn relation_is_that_of_the_sets(a in pattern(), b in pattern()) {
        let (x, y) = (a.compile().expect("a pattern"), b.compile().expect("a pattern"));
        let (mut both, mut first, mut second) = (false, false, false);
        for name in names() {
            match (x.matches(&name), y.matches(&name)) {
                (true, true) => both = true,
                (true, false) => first = true,
                (false, true) => second = true,
                (false, false) => {}
            }
        }
        let relation = x.relation(&y);
        // what short names show must be in the answer; signs outside the alphabet may show more
        match relation {
            Relation::Equal => prop_assert!(!first && !second),
            Relation::Narrower => prop_assert!(!first),
            Relation::Wider => prop_assert!(!second),
            Relation::Disjoint => prop_assert!(!both),
            Relation::Crossing => {}
            Relation::TooLarge => prop_assert!(false, "small patterns are comparable"),
        }
        if both && first && second {
            prop_assert_eq!(relation, Relation::Crossing);
        }
        if both {
            prop_assert!(relation != Relation::Disjoint);
        }
        if first {
            prop_assert!(!matches!(relation, Relation::Equal | Relation::Narrower));
        }
        if second {
            prop_assert!(!matches!(relation, Relation::Equal | Relation::Wider));
        }
        prop_assert_eq!(x.relation(&x), Relation::Equal);
    }

    #[test]
    fn members_are_what_is_matched(parts in prop::collection::vec(
        prop::sample::select(vec!["a", "[0..11]", "[n:00..03]", "[a0ö]", "1"]), 1..4))
    {
        let pattern = name(&parts.concat());
        let matcher = pattern.compile().expect("a pattern");
        let members = pattern.members().expect("bounded");
        for member in &members {
            prop_assert!(matcher.matches(&member.name));
        }
        for name in names() {
            prop_assert_eq!(matcher.matches(&name), members.iter().any(|member| member.name == name));
        }
    }

    #[test]
    fn covered_is_that_of_the_sets(
        a in (pattern(), pattern()),
        others in prop::collection::vec((pattern(), pattern()), 0..4),
    ) {
        let compile = |(db, table): &(NamePattern, NamePattern)| {
            TablePattern::new(db.clone(), table.clone()).compile().expect("a pattern")
        };
        let one = compile(&a);
        let others: Vec<TableMatcher> = others.iter().map(compile).collect();
        let short: Vec<String> = names().into_iter().filter(|name| name.chars().count() < 3).collect();
        let outside = short.iter().any(|db| {
            let taken = |table: &String| others.iter().any(|other| other.matches(db, table));
            short.iter().any(|table| one.matches(db, table) && !taken(table))
        });
        let covered = one.covered_by(&others.iter().collect::<Vec<_>>());
        if outside {
            prop_assert_eq!(covered, Covered::No);
        }
        prop_assert!(covered != Covered::TooLarge);
    }

    #[test]
    fn some_table_is_that_of_the_sets(
        all in prop::collection::vec((pattern(), pattern()), 1..4),
        none in prop::collection::vec((pattern(), pattern()), 0..3),
    ) {
        let compile = |(db, table): &(NamePattern, NamePattern)| {
            TablePattern::new(db.clone(), table.clone()).compile().expect("a pattern")
        };
        let all: Vec<TableMatcher> = all.iter().map(compile).collect();
        let none: Vec<TableMatcher> = none.iter().map(compile).collect();
        let short: Vec<String> = names().into_iter().filter(|name| name.chars().count() < 3).collect();
        let there = short.iter().any(|db| short.iter().any(|table| {
            all.iter().all(|one| one.matches(db, table)) && !none.iter().any(|one| one.matches(db, table))
        }));
        let found = some_table(&all.iter().collect::<Vec<_>>(), &none.iter().collect::<Vec<_>>());
        prop_assert!(found.is_some());
        if there {
            prop_assert_eq!(found, Some(true));
        }
    }
}
