//! Patterns against their languages, written out name by name: what they take and capture, and how they relate, exactly.
//!
//! The languages come from the parts a pattern is made of, never from the pattern's text or its automaton.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Most names of a language in these tests.
const NAMES_MAX: usize = 400;

/// A part of a pattern with finitely many texts.
#[derive(Debug, Clone)]
enum Part {
    Sign(char),
    Class(BTreeSet<char>),
    /// From, to, digits, captured.
    Range(u32, u32, usize, bool),
    Seq(Vec<Part>),
    /// Alternatives.
    Union(Vec<Part>),
    Maybe(Box<Part>),
    /// A named group.
    Group(Box<Part>),
}

/// What a pattern's captures stand for in one reading of a name.
type Captures = BTreeMap<String, String>;

impl Part {
    /// Every text of the part with what its captures stand for, and the pattern. Captures are numbered from `n` on.
    fn written(&self, n: &mut usize) -> (Vec<(String, Captures)>, String) {
        let name = |n: &mut usize| {
            *n += 1;
            format!("c{n}")
        };
        let captured = |texts: Vec<(String, Captures)>, name: &str| {
            let with = |(text, mut captures): (String, Captures)| {
                captures.insert(name.to_owned(), text.clone());
                (text, captures)
            };
            texts.into_iter().map(with).collect::<Vec<_>>()
        };
        match self {
            Part::Sign(sign) => (vec![(sign.to_string(), Captures::new())], sign.to_string()),
            Part::Class(signs) => {
                let texts = signs.iter().map(|sign| (sign.to_string(), Captures::new())).collect();
                (texts, format!("[{}]", signs.iter().collect::<String>()))
            }
            Part::Range(from, to, width, is_captured) => {
                let texts = (*from..=*to).map(|number| (format!("{number:0width$}"), Captures::new()));
                let (texts, range) = (texts.collect(), format!("{from:0width$}..{to:0width$}"));
                match is_captured {
                    false => (texts, format!("[{range}]")),
                    true => {
                        let name = name(n);
                        (captured(texts, &name), format!("[{name}:{range}]"))
                    }
                }
            }
            Part::Seq(parts) => {
                let mut texts = vec![(String::new(), Captures::new())];
                let mut pattern = String::new();
                for part in parts {
                    let (more, text) = part.written(n);
                    pattern += &text;
                    let pairs = texts.iter().flat_map(|before| more.iter().map(move |after| (before, after)));
                    let join = |((a, first), (b, second)): (&(String, Captures), &(String, Captures))| {
                        (
                            format!("{a}{b}"),
                            first.iter().chain(second).map(|(k, v)| (k.clone(), v.clone())).collect(),
                        )
                    };
                    texts = pairs.map(join).take(NAMES_MAX + 1).collect();
                }
                (texts, pattern)
            }
            Part::Union(parts) => {
                let (texts, patterns): (Vec<_>, Vec<_>) = parts.iter().map(|part| part.written(n)).unzip();
                (texts.concat(), format!("(?:{})", patterns.join("|")))
            }
            Part::Maybe(part) => {
                let (mut texts, pattern) = part.written(n);
                texts.push((String::new(), Captures::new()));
                (texts, format!("(?:{pattern})?"))
            }
            Part::Group(part) => {
                let name = name(n);
                let (texts, pattern) = part.written(n);
                (captured(texts, &name), format!("(?P<{name}>{pattern})"))
            }
        }
    }
}

/// A pattern and its language.
#[derive(Debug, Clone)]
struct Written {
    pattern: NamePattern,
    /// The names it takes, each with its possible captures.
    names: BTreeMap<String, Vec<Captures>>,
}

impl Written {
    fn new(part: &Part, is_regex: bool) -> Option<Written> {
        let (texts, text) = part.written(&mut 0);
        let pattern = match is_regex {
            true => NamePattern::from_regex(&text),
            false => NamePattern::from_glob(&text),
        };
        let mut names: BTreeMap<String, Vec<Captures>> = BTreeMap::new();
        for (name, captures) in texts {
            names.entry(name).or_default().push(captures);
        }
        names.remove("");
        let pattern = pattern.unwrap_or_else(|error| panic!("{text}: {error}"));
        (!names.is_empty() && names.len() <= NAMES_MAX).then_some(Written { pattern, names })
    }

    fn matcher(&self) -> Matcher {
        self.pattern.compile().expect("it was read")
    }

    fn language(&self) -> BTreeSet<&str> {
        self.names.keys().map(String::as_str).collect()
    }
}

fn sign() -> impl Strategy<Value = Part> {
    prop_oneof![
        2 => prop::sample::select(vec!['a', 'b', '0', '1', 'ö']).prop_map(Part::Sign),
        1 => prop::collection::btree_set(prop::sample::select(vec!['a', 'b', '0', '1', 'ö']), 1..4)
            .prop_map(Part::Class),
    ]
}

/// A range of one digit, of two digits with leading zeros, or of numbers from 8 on.
fn range() -> impl Strategy<Value = Part> {
    (prop::sample::select(vec![(0, 1), (0, 2), (8, 1)]), 0_u32..4, any::<bool>()).prop_map(
        |((from, width), more, captured)| {
            let (from, more) = (from + more % 2, more);
            Part::Range(from, from + more, width, captured)
        },
    )
}

fn glob() -> impl Strategy<Value = Written> {
    let parts = prop::collection::vec(prop_oneof![3 => sign(), 1 => range()], 1..4);
    parts.prop_map(Part::Seq).prop_filter_map("too many names", |part| Written::new(&part, false))
}

fn regex() -> impl Strategy<Value = Written> {
    let part = sign().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Part::Seq),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Part::Union),
            inner.clone().prop_map(|part| Part::Maybe(Box::new(part))),
            inner.prop_map(|part| Part::Group(Box::new(part))),
        ]
    });
    part.prop_filter_map("too many names", |part| Written::new(&part, true))
}

fn pattern() -> impl Strategy<Value = Written> {
    prop_oneof![2 => glob(), 2 => regex()]
}

/// How two sets relate; neither is empty.
fn related<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> Relation {
    match (a.is_subset(b), b.is_subset(a)) {
        (true, true) => Relation::Equal,
        (true, false) => Relation::Narrower,
        (false, true) => Relation::Wider,
        (false, false) if a.is_disjoint(b) => Relation::Disjoint,
        (false, false) => Relation::Crossing,
    }
}

/// The tables of a pattern.
fn tables((db, table): &(Written, Written)) -> BTreeSet<(&str, &str)> {
    let dbs = db.names.keys().map(String::as_str);
    dbs.flat_map(|db| table.names.keys().map(move |table| (db, table.as_str()))).collect()
}

fn matchers(patterns: &[(Written, Written)]) -> Vec<TableMatcher> {
    let compile =
        |(db, table): &(Written, Written)| TableMatcher { db: db.matcher(), table: table.matcher() };
    patterns.iter().map(compile).collect()
}

proptest! {
    /// Of its own names and those of another pattern, a pattern takes its own.
    #[test]
    fn what_is_taken(a in pattern(), b in pattern()) {
        let matcher = a.matcher();
        for name in a.names.keys().chain(b.names.keys()) {
            prop_assert_eq!(matcher.matches(name), a.names.contains_key(name), "{} {}", a.pattern, name);
        }
    }

    /// Captures are those of a way to read the name; a group that took no part is empty.
    #[test]
    fn what_is_captured(a in pattern(), b in pattern()) {
        let matcher = a.matcher();
        for name in a.names.keys().chain(b.names.keys()) {
            let Some(found) = matcher.captures(name) else {
                prop_assert!(!a.names.contains_key(name), "{} takes {}", a.pattern, name);
                continue;
            };
            let order: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
            prop_assert_eq!(&order, &matcher.capture_names());
            let taken: Captures = found.into_iter().filter(|(_, text)| !text.is_empty()).collect();
            let without_empty = |captures: &Captures| -> Captures {
                captures.iter().filter(|(_, text)| !text.is_empty()).map(|(k, v)| (k.clone(), v.clone())).collect()
            };
            let readings = &a.names[name];
            prop_assert!(readings.iter().any(|one| without_empty(one) == taken), "{} {name}: {taken:?}", a.pattern);
        }
    }

    #[test]
    fn relation(a in pattern(), b in pattern()) {
        let expected = related(&a.language(), &b.language());
        prop_assert_eq!(a.matcher().relation(&b.matcher()), expected, "{} {}", a.pattern, b.pattern);
    }

    #[test]
    fn relation_of_tables(a in (pattern(), pattern()), b in (pattern(), pattern())) {
        let matchers = matchers(&[a.clone(), b.clone()]);
        prop_assert_eq!(matchers[0].relation(&matchers[1]), related(&tables(&a), &tables(&b)));
    }

    /// An include under its excludes.
    #[test]
    fn covered(a in (pattern(), pattern()), others in prop::collection::vec((pattern(), pattern()), 0..4)) {
        let rest: BTreeSet<_> = others.iter().flat_map(tables).collect();
        let expected = if tables(&a).is_subset(&rest) { Covered::Yes } else { Covered::No };
        let one = &matchers(std::slice::from_ref(&a))[0];
        let others = matchers(&others);
        prop_assert_eq!(one.covered_by(&others.iter().collect::<Vec<_>>()), expected);
    }

    /// A union is covered by its parts, and each part by the union.
    #[test]
    fn unions(parts in prop::collection::vec(pattern(), 1..4), db in pattern()) {
        let names: Vec<&str> = parts.iter().flat_map(|one| one.language()).collect();
        let whole = NamePattern::from_regex(&names.join("|")).expect("a union").compile().expect("it was read");
        let whole = TableMatcher { db: db.matcher(), table: whole };
        let pairs: Vec<(Written, Written)> = parts.iter().map(|one| (db.clone(), one.clone())).collect();
        let parts = matchers(&pairs);
        prop_assert_eq!(whole.covered_by(&parts.iter().collect::<Vec<_>>()), Covered::Yes);
        for part in &parts {
            prop_assert_eq!(part.covered_by(&[&whole]), Covered::Yes);
        }
    }

    #[test]
    fn some_table_of_all_and_none(
        all in prop::collection::vec((pattern(), pattern()), 1..4),
        none in prop::collection::vec((pattern(), pattern()), 0..3),
    ) {
        let mut left = tables(&all[0]);
        for one in &all[1..] {
            let other = tables(one);
            left.retain(|table| other.contains(table));
        }
        for one in &none {
            let other = tables(one);
            left.retain(|table| !other.contains(table));
        }
        let (all, none) = (matchers(&all), matchers(&none));
        let found = some_table(&all.iter().collect::<Vec<_>>(), &none.iter().collect::<Vec<_>>());
        prop_assert_eq!(found, Some(!left.is_empty()));
    }

    /// Bounded globs say their members with the captures of each.
    #[test]
    fn members(a in glob()) {
        let members = a.pattern.members().expect("a bounded glob");
        let names: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
        prop_assert_eq!(names, a.language());
        for member in &members {
            let captures: Captures = member.captures.iter().cloned().collect();
            prop_assert!(a.names[&member.name].contains(&captures), "{} {member:?}", a.pattern);
        }
    }

    /// `*` and `?` by their definition.
    #[test]
    fn wildcards(text in "[ab*?ö]{1,5}", name in "[abcö]{1,6}") {
        fn takes(pattern: &[char], name: &[char]) -> bool {
            match (pattern.split_first(), name.split_first()) {
                (None, None) => true,
                (None, Some(_)) => false,
                (Some(('*', rest)), Some((_, after))) => takes(rest, name) || takes(pattern, after),
                (Some(('*', rest)), None) => takes(rest, name),
                (Some(('?', rest)), Some((_, after))) => takes(rest, after),
                (Some((sign, rest)), Some((first, after))) => sign == first && takes(rest, after),
                (Some(_), None) => false,
            }
        }
        let matcher = NamePattern::from_glob(&text).expect("a glob").compile().expect("it was read");
        let signs = |text: &str| text.chars().collect::<Vec<_>>();
        prop_assert_eq!(matcher.matches(&name), takes(&signs(&text), &signs(&name)));
    }
}
