//! S0206: two `table` blocks that disagree about the same tables.

use super::super::Rule;
use super::super::flow::{Flow, Project};
use super::super::index::exact_table;
use super::super::pairs::{Beginnings, Groups, Pairs, SEARCH, told_of_cut};
use super::masks_cross::check_masks_cross;
use super::topics_cross::check_topics_cross;
use crate::ast::{Conflict, TableBlock};
use crate::diagnostic::{CodeDoc, Diagnostic};
use crate::hir::OVERRIDES_CROSS;
use crate::pattern::{Relation, TableMatcher, some_table};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: OVERRIDES_CROSS,
        what: "Two `table` blocks of one level both take some tables, neither is the narrower one, and they give a setting two \
               different values. Or tables that share a topic give it different numbers of partitions or replicas.",
        why: "The narrower pattern wins, wherever it stands. Of two that cross neither does, and the order of lines never matters.",
        wrong: pipeline!(
            "  include shop.*\n  table shop.order_* {\n    key order_id\n  }\n  table shop.*_log {\n    key none\n  }\n"
        ),
        right: pipeline!(
            "  include shop.*\n  table shop.order_* {\n    key order_id\n  }\n  table shop.audit_log {\n    key none\n  }\n"
        ),
    },
    run: check_overrides_cross,
};

/// Most crossings of one level. Who has that many mends them by one change, and further ones show then.
pub(super) const CROSSINGS_MAX: usize = 100;

fn check_overrides_cross(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    check_masks_cross(project, findings);
    check_topics_cross(project, findings);
    for flow in &project.flows {
        if flow.is_cut
            && let Some(last) = flow.include.last()
        {
            told_of_cut(OVERRIDES_CROSS, last.span, "`include` lines and `table` blocks", findings);
        }
        check_level(flow, &flow.pipeline.tables, findings);
        for to in &flow.pipeline.to {
            check_level(flow, &to.tables, findings);
        }
    }
}

fn check_level(flow: &Flow<'_>, blocks: &[TableBlock], findings: &mut Vec<Diagnostic>) {
    if blocks.len() < 2 {
        return;
    }
    let compiled = |block| -> Option<(&TableBlock, TableMatcher)> {
        let block: &TableBlock = block;
        Some((block, block.pattern.value.compile().ok()?))
    };
    let blocks: Vec<(&TableBlock, TableMatcher)> = blocks.iter().filter_map(compiled).collect();
    let mut crossings: Vec<Crossing> = Vec::new();
    // Two exact names are of two tables: blocks of one pattern are one block.
    let exact: Vec<bool> =
        blocks.iter().map(|(block, _)| exact_table(&block.pattern.value).is_some()).collect();
    let beginnings = Beginnings::new(blocks.iter().map(|(block, _)| &block.pattern.value));
    let mut pairs = Pairs::new(beginnings.pairs().filter(|&(m, n)| !(exact[m] && exact[n])));
    while let Some((m, n)) = pairs.next() {
        let ((first, others), (later, tables)) = (&blocks[m], &blocks[n]);
        let conflicts = first.settings.disagreements(&later.settings);
        if conflicts.is_empty() {
            continue;
        }
        let too_large = match others.relation(tables) {
            Relation::Narrower | Relation::Wider | Relation::Disjoint => continue,
            Relation::Equal | Relation::Crossing => false,
            Relation::TooLarge => true,
        };
        pairs.costs(conflicts.len() * (SEARCH + blocks.len() / 10));
        for conflict in conflicts {
            // A narrower block decides for the tables it takes.
            let deciding = blocks
                .iter()
                .filter(|(third, _)| third.settings.gives(&conflict))
                .filter(|(_, third)| [tables, others].iter().all(|one| third.is_narrower(one)))
                .map(|(_, third)| third);
            let none: Vec<&TableMatcher> =
                flow.exclude.iter().map(|one| &one.matcher).chain(deciding).collect();
            let open = flow
                .include
                .iter()
                .any(|include| some_table(&[others, tables, &include.matcher], &none) != Some(false));
            if open {
                crossings.push(Crossing { first: m, later: n, conflict, too_large });
            }
        }
        if crossings.len() >= CROSSINGS_MAX {
            break;
        }
    }
    if crossings.is_empty()
        && let Some((last, _)) = blocks.last()
    {
        pairs.told(OVERRIDES_CROSS, last.pattern.span, "`table` blocks", findings);
    }
    for Crossing { first, later, conflict, too_large } in last_of_groups(crossings) {
        let (a, b) = (&blocks[first].0.pattern.value, &blocks[later].0.pattern.value);
        let message = format!("`{a}` and `{b}` disagree about `{}`", conflict.word);
        let help = if too_large {
            "a regular expression is too large to compare, so the two are taken to have tables in common"
        } else {
            "neither is narrower: add a `table` block for what both take, or change one of them"
        };
        findings.push(
            Diagnostic::error(OVERRIDES_CROSS, conflict.second, message)
                .label(format!("for `{b}`"))
                .beside(conflict.first, format!("for `{a}`"))
                .help(help),
        );
    }
}

/// Two blocks that disagree about a setting, by their numbers.
struct Crossing {
    first: usize,
    later: usize,
    conflict: Conflict,
    too_large: bool,
}

/// Of blocks that disagree about one setting with each other, directly or through third ones, the last two: so many findings
/// there are however the blocks stand.
fn last_of_groups(crossings: Vec<Crossing>) -> Vec<Crossing> {
    let mut groups: BTreeMap<&str, Groups> = BTreeMap::new();
    for one in &crossings {
        groups.entry(one.conflict.word).or_default().join(one.first, one.later);
    }
    let last: BTreeSet<(&str, (usize, usize))> =
        groups.into_iter().flat_map(|(word, of)| of.last().map(move |pair| (word, pair))).collect();
    crossings.into_iter().filter(|one| last.contains(&(one.conflict.word, (one.first, one.later)))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn crossing_patterns_with_two_conditions() {
        check_diagnostics(
            "include shop.*\ntable shop.order_* {\nwhere a > 1\n}\ntable shop.*_log {\n\
             where a > 2  # error[S0206]: `shop.order_*` and `shop.*_log` disagree about `where`\n}\n",
        );
        check_diagnostics(
            "include shop.*\ntable shop.order_* {\nwhere a > 1\nwhere b\n}\ntable shop.*_log {\nwhere b\nwhere a > 1\n}\n",
        );
    }

    #[test]
    fn crossing_patterns_with_two_values() {
        check_diagnostics(
            "include shop.*\ntable shop.order_* {\nkey id\npartition by table\n}\ntable shop.*_log {\n\
             key none  # error[S0206]: `shop.order_*` and `shop.*_log` disagree about `key`\n\
             partition by table\n}\n",
        );
        // One is narrower.
        check_diagnostics("include shop.*\ntable shop.order_* {\nkey id\n}\ntable shop.* {\nkey none\n}\n");
        // Two levels.
        check_diagnostics(
            "include shop.*\ntable shop.order_* {\nkey id\n}\nto out {\ntable shop.*_log {\nkey none\n}\n}\n",
        );
    }

    #[test]
    fn equal_sets_in_two_words() {
        check_diagnostics(
            "include shop.*\ntable shop.a* {\nkey id\n}\ntable shop.a** {\n\
             key none  # error[S0206]: `shop.a*` and `shop.a**` disagree about `key`\n}\n",
        );
    }

    #[test]
    fn three_that_disagree_are_one_finding() {
        let blocks = [
            "table shop.a* {\nkey id\n}\n",
            "table shop.*b {\nkey none\n}\n",
            "table shop.*c* {\nkey id\n}\n",
        ];
        let last = |lines: &str, drawn: &str, others: &str| {
            let said = format!("  # error[S0206]: {others} disagree about `key`");
            check_diagnostics(&format!(
                "include shop.*\n{}",
                lines.replace(drawn, &format!("{drawn}{said}"))
            ));
        };
        last(&blocks.concat(), "table shop.*c* {\nkey id", "`shop.*b` and `shop.*c*`");
        let turned = [blocks[0], blocks[2], blocks[1]].concat();
        last(&turned, "key none", "`shop.*c*` and `shop.*b`");
    }

    #[test]
    fn nothing_is_left_to_decide() {
        check_diagnostics(
            "include shop.order_*, shop.a_log\nexclude shop.order_*_log, shop.order_log\n\
             table shop.order_* {\nkey id\n}\ntable shop.*_log {\nkey none\n}\n",
        );
        let crossing = "table shop.order_* {\nkey id\n}\ntable shop.*_log {\nkey none\n}\n";
        check_diagnostics(&format!(
            "include shop.*\n{crossing}table shop.order_*_log {{\nkey none\n}}\ntable shop.order_log {{\nkey none\n}}\n"
        ));
    }
}
