//! S0901: relays that copy each other's topics in a circle.

use super::super::Rule;
use super::super::flow::Project;
use super::copies::{Copy, copies};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};

const CASCADE_CYCLE: Code = Code::new("S0901", "cascade-cycle");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: CASCADE_CYCLE,
        what: "Relays copy topics from target to target, and one of them copies back what the first has written.",
        why: "Every message goes round without an end.",
        wrong: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\ntarget dr kafka \"dr1:9092\"\n\npipeline there {\n  from bus topic \"shop.*\"\n  to dr\n}\npipeline back {\n  from dr topic \"*\"\n  to bus\n}\n"
        ),
        right: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\ntarget dr kafka \"dr1:9092\"\n\npipeline there {\n  from bus topic \"shop.*\"\n  to dr\n}\n"
        ),
    },
    run: check_cycles,
};

fn check_cycles(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut copies = copies(project);
    // What copies its own topics is a finding of its own.
    copies.retain(|copy| !copy.feeds(copy));
    copies.sort_by_key(|copy| copy.relay.span);
    let name = |copy: &Copy<'_>| project.program.target(copy.relay.target.value).name.value.as_str();
    let mut told = vec![false; copies.len()];
    // From the last on: of several lines of a circle the later is drawn.
    for last in (0..copies.len()).rev() {
        let Some(way) = circle(&copies, last).filter(|way| way.iter().all(|&n| !told[n])) else { continue };
        let mut names: Vec<&str> = way.iter().map(|&n| name(&copies[n])).collect();
        names.push(name(&copies[last]));
        let message = format!("topics are copied in a circle: {}", names.join(" → "));
        let mut finding = Diagnostic::error(CASCADE_CYCLE, copies[last].relay.span, message)
            .help("remove one of these lines, or take fewer topics in it");
        for &n in &way {
            told[n] = true;
            if n != last {
                finding = finding.beside(copies[n].relay.span, "copied on here");
            }
        }
        findings.push(finding);
    }
}

/// A way from a relay back to it, as numbers in order; the shortest.
fn circle(copies: &[Copy<'_>], start: usize) -> Option<Vec<usize>> {
    let mut ways = std::collections::VecDeque::from([vec![start]]);
    let mut seen = vec![false; copies.len()];
    while let Some(way) = ways.pop_front() {
        let end = way[way.len() - 1];
        if way.len() > 1 && copies[end].feeds(&copies[start]) {
            return Some(way);
        }
        for next in 0..copies.len() {
            if next != start && !seen[next] && copies[end].feeds(&copies[next]) {
                seen[next] = true;
                ways.push_back(way.iter().copied().chain([next]).collect());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    /// Relays between clusters `a`, `b` and `c`.
    #[track_caller]
    fn check(annotated: &str) {
        let used = |name: &&str| annotated.contains(&format!("to {name}\n"));
        let targets = ["a", "b", "c"].into_iter().filter(used);
        let targets: String = targets.map(|name| format!("target {name} kafka \"{name}\"\n")).collect();
        check_project(&[&format!("edition 2026\n{targets}{annotated}")]);
    }

    #[test]
    fn the_last_line_of_a_circle_is_told() {
        check(
            "pipeline x {\nfrom a topic \"t\"\nto b\n}\n\
             pipeline y {\nfrom b topic \"t\"  # error[S0901]: topics are copied in a circle: b → a → b\nto a\n}\n",
        );
        check(
            "pipeline x {\nfrom a topic \"t.*\"\nto b\n}\npipeline y {\nfrom b topic \"*\"\nto c\n}\n\
             pipeline z {\nfrom c topic \"*.u\"  # error[S0901]: topics are copied in a circle: c → a → b → c\nto a\n}\n",
        );
    }

    #[test]
    fn two_circles_are_two_findings() {
        check(
            "pipeline x {\nfrom a topic \"t\"\nto b\n}\n\
             pipeline y {\nfrom b topic \"t\"  # error[S0901]: topics are copied in a circle: b → a → b\nto a\n}\n\
             pipeline v {\nfrom a topic \"u\"\nto c\n}\n\
             pipeline w {\nfrom c topic \"u\"  # error[S0901]: topics are copied in a circle: c → a → c\nto a\n}\n",
        );
    }

    #[test]
    fn there_and_back_under_other_names_is_no_circle() {
        check(
            "pipeline x {\nfrom a topic \"t.*\"\nto b\n}\npipeline y {\nfrom b topic \"t.*\"\nto a\ntopic \"back.{topic}\"\n}\n",
        );
    }

    #[test]
    fn a_relay_that_feeds_itself_is_told_once() {
        check(
            "pipeline x {\nfrom a topic \"t\"  # error[S0902]: `t` takes the topics that this pipeline writes, `t`\nto a\nto b\n}\n",
        );
    }
}
