//! What holds for every project.

use super::random::{self, DATABASES, Line, TABLES, plain, project};
use super::*;
use crate::diagnostic::Diagnostic;
use crate::pattern::{NamePattern, TableMatcher, TablePattern};
use crate::text::FileSet;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeSet;

/// Numbers below a limit, drawn with a seed (SplitMix64).
fn dice(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |limit| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut drawn = state;
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (drawn ^ (drawn >> 31)) as usize % limit.max(1)
    }
}

/// What is found, in an order of its own. Of two lines that disagree either may be drawn.
fn findings(compiled: &Compiled) -> Vec<String> {
    let shown = |finding: &Diagnostic| format!("{} {}", finding.code.number, finding.severity as u8);
    let mut shown: Vec<String> = compiled.findings.iter().map(shown).collect();
    shown.sort();
    shown
}

fn sides(compiled: Compiled) -> (Vec<String>, Option<Plan>) {
    (findings(&compiled), compiled.plan.map(|(plan, _)| plan))
}

/// Tables whose settings the tests look at.
fn tables() -> impl Iterator<Item = (&'static str, &'static str)> {
    DATABASES.into_iter().flat_map(|db| TABLES.into_iter().map(move |table| (db, table)))
}

/// A pattern as the model reads it.
fn matcher(pattern: &str) -> TableMatcher {
    let (db, table) = pattern.split_once('.').expect("two segments");
    let name = |text: &str| match text.strip_prefix('/') {
        Some(regex) => NamePattern::from_regex(regex.trim_end_matches('/')),
        None => NamePattern::from_glob(text),
    };
    let pattern = TablePattern::new(name(db).expect("a name"), name(table).expect("a name"));
    pattern.compile().expect("a pattern")
}

/// The tables a pattern takes, of those the tests look at.
fn taken(pattern: &str) -> BTreeSet<(&'static str, &'static str)> {
    let matcher = matcher(pattern);
    tables().filter(|(db, table)| matcher.matches(db, table)).collect()
}

/// What the model says about a setting of a table.
#[derive(Debug, PartialEq)]
enum Holds {
    /// Nothing is written.
    Default,
    /// One of these lines, which are equal.
    Line(String),
    /// Blocks of one level disagree, and none of them is narrower than another.
    Disagreement,
}

/// By the rule alone: the nearest level wins, in it the patterns that no other is narrower than.
fn holds(project: &[Line], pipeline: &Line, to: &str, word: &str, table: (&str, &str)) -> Holds {
    let says = |lines: &[Line]| lines.iter().find(|line| line.head.starts_with(&format!("{word} "))).cloned();
    let block = |line: &Line| line.block.clone().unwrap_or_default();
    let blocks = |lines: &[Line]| -> Vec<(String, Line)> {
        let tables = lines.iter().filter(|line| line.head.starts_with("table "));
        tables.filter_map(|line| Some((line.head[6..].to_owned(), says(&block(line))?))).collect()
    };
    let own = block(pipeline);
    let there = own.iter().find(|line| line.head == format!("to {to}")).map(block).unwrap_or_default();
    let defaults = project.iter().find(|line| line.head == "defaults").map(block).unwrap_or_default();
    for of_tables in [blocks(&there), blocks(&own)] {
        let hits: Vec<_> =
            of_tables.iter().filter(|(pattern, _)| taken(pattern).contains(&table_of(table))).collect();
        if hits.is_empty() {
            continue;
        }
        // Of those that no other is narrower than; blocks that agree may cross.
        let narrowest = hits.iter().filter(|(pattern, _)| {
            let own = taken(pattern);
            !hits.iter().any(|(other, _)| taken(other).is_subset(&own) && taken(other) != own)
        });
        let lines: BTreeSet<&str> = narrowest.map(|(_, line)| line.head.as_str()).collect();
        return match lines.iter().collect::<Vec<_>>().as_slice() {
            [line] => Holds::Line((**line).to_owned()),
            _ => Holds::Disagreement,
        };
    }
    let everywhere = says(&there).or_else(|| says(&own)).or_else(|| says(&defaults));
    everywhere.map_or(Holds::Default, |line| Holds::Line(line.head))
}

fn table_of(table: (&str, &str)) -> (&'static str, &'static str) {
    tables().find(|one| *one == table).expect("one of those the tests look at")
}

/// The lines of a block of one word, without it.
fn said<'l>(lines: &'l [Line], word: &str) -> Vec<&'l str> {
    lines.iter().filter_map(|line| line.head.strip_prefix(word)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        rng_seed: RngSeed::Fixed(2026),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Neither plan nor findings depend on the order of statements, on which file they stand in, on comments or empty lines.
    #[test]
    fn order_and_files_mean_nothing(project in project(), seed: u64) {
        let mut dice = dice(seed);
        let moved: Vec<Line> = project.iter().map(|line| line.shuffled(&mut dice)).collect();
        let moved = random::shuffled(moved, &mut dice);
        let n_files = dice(3) + 1;
        let moved = random::files(&moved, n_files, dice);
        let (plain_files, texts) = (plain(&project), |files: &FileSet| {
            files.ids().map(|id| files.text(id).to_owned()).collect::<Vec<_>>().join("\n---\n")
        });
        let (before, after) = (sides(compile_files(&plain_files)), sides(compile_files(&moved)));
        prop_assert_eq!(before, after, "{}\n===\n{}", texts(&plain_files), texts(&moved));
    }

    /// A file split in two, comments and empty lines are no change.
    #[test]
    fn splitting_a_file_changes_nothing(project in project(), seed: u64) {
        let whole = compile_files(&plain(&project)).plan;
        let split = compile_files(&random::files(&project, 2, dice(seed))).plan;
        if let (Some((old, _)), Some((new, origins))) = (whole, split) {
            prop_assert_eq!(diff(&old, &new, &origins, &|_| Vec::new()), PlanDiff::default());
        }
    }

    /// The nearest level wins, in it the narrowest pattern; where none is the narrowest of lines that disagree, that is S0206.
    #[test]
    fn precedence_is_that_of_the_rule(project in project()) {
        let files = plain(&project);
        let compiled = compile_files(&files);
        let text = files.text(crate::text::FileId(0));
        let line_at = |place: &str| {
            let number: usize = place.rsplit(':').next().and_then(|line| line.parse().ok()).unwrap_or(0);
            text.lines().nth(number.wrapping_sub(1)).unwrap_or_default().trim().trim_end_matches(" {").to_owned()
        };
        let mut disagreement = false;
        for pipeline in project.iter().filter(|line| line.head.starts_with("pipeline ")) {
            let lines = pipeline.block.as_deref().unwrap_or_default();
            let selected = |table: (&str, &str)| {
                let takes = |word| said(lines, word).into_iter().any(|pattern| taken(pattern).contains(&table));
                takes("include ") && !takes("exclude ")
            };
            for table in tables().filter(|table| selected(*table)) {
                for to in lines.iter().filter_map(|line| line.head.strip_prefix("to ")) {
                    let by = format!("pipeline {} from {} to {to}", &pipeline.head[9..], said(lines, "from ")[0]);
                    let decisions = compiled.plan.as_ref().and_then(|(plan, origins)| {
                        let all = explain_table(plan, origins, &files, &Default::default(), table);
                        all.into_iter().find_map(|one| match one {
                            Explanation::Sent { by: other, decisions, .. } if other.to_string() == by => Some(decisions),
                            Explanation::Sent { .. } | Explanation::Undecided { .. } | Explanation::NotSent { .. } => None,
                        })
                    });
                    prop_assert!(compiled.plan.is_none() || decisions.is_some(), "{table:?} {by}\n{text}");
                    for word in ["topic", "key", "partition", "format", "columns"] {
                        let expected = holds(&project, pipeline, to, word, table);
                        disagreement |= expected == Holds::Disagreement;
                        let Some(decisions) = &decisions else { continue };
                        let found = decisions.iter().find(|decision| *decision.what == *word).expect("every setting is told");
                        let line = if found.place.is_empty() { Holds::Default } else { Holds::Line(line_at(&found.place)) };
                        prop_assert_eq!(line, expected, "{} of {:?} {}\n{}", word, table, by, text);
                    }
                }
            }
        }
        let crossing = compiled.findings.iter().any(|finding| finding.code.number == "S0206");
        prop_assert!(!disagreement || crossing, "{text}");
    }
}
