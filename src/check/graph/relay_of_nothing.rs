//! S0904: a relay of topics that nothing writes.

use super::super::Rule;
use super::super::flow::Project;
use super::copies::as_written;
use super::outputs::Outputs;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::TargetId;
use crate::pattern::NamePattern;
use crate::statement::closest;
use std::collections::BTreeMap;

const RELAY_OF_NOTHING: Code = Code::new("S0904", "relay-of-nothing");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: RELAY_OF_NOTHING,
        what: "A relay takes topics of a target that this project sends rows to, but none that its pipelines write.",
        why: "It would wait for ever, and look healthy. Of a target that only others and relays write to nothing is said, nor of \
              topics that begin with `_`. Where others write such topics beside this project, answer with `allow`.",
        wrong: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\ntarget dr kafka \"dr1:9092\"\n\npipeline copy {\n  from bus topic \"shpo.*\"\n  to dr\n}\n"
        ),
        right: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\ntarget dr kafka \"dr1:9092\"\n\npipeline copy {\n  from bus topic \"shop.*\"\n  to dr\n}\n"
        ),
    },
    run: check_relay_of_nothing,
};

fn check_relay_of_nothing(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut by_target: BTreeMap<TargetId, Outputs> = BTreeMap::new();
    for relay in project.flows.iter().flat_map(|flow| &flow.pipeline.relays) {
        let target = relay.target.value;
        let outputs = by_target.entry(target).or_insert_with(|| Outputs::to(target, project));
        let topics = &relay.topics.value;
        // Such are of Kafka and of what stands around it, and written by no pipeline.
        let is_internal = as_written(topics).starts_with('_');
        if project.program.opaque || is_internal || !outputs.has_rows || outputs.meet(topics) {
            continue;
        }
        let (written, name) = (as_written(topics), &project.program.target(target).name.value);
        let message = format!("no pipeline writes topics to `{name}` that `{written}` takes");
        let finding = Diagnostic::warning(RELAY_OF_NOTHING, relay.topics.span, message).help(format!(
            "take topics that are written, or `allow S0904` with the reason where others write these to `{name}`"
        ));
        let near: Vec<String> = outputs
            .texts()
            .map(|made| shaped(written, made))
            .filter(|near| NamePattern::from_glob(near).is_ok_and(|near| outputs.meet(&near)))
            .collect();
        findings.push(match closest(written, near.iter().map(String::as_str)) {
            Some(near) => finding.label(format!("did you mean `{near}`?")),
            None => finding,
        });
    }
}

/// What was written, but for words of a topic's name that are others in one that is there.
fn shaped(written: &str, made: &str) -> String {
    let is_open = |word: &str| word.contains(['*', '?', '[']);
    let mut made = made.split('.');
    let words = written.split('.').map(|own| match made.next() {
        Some(other) if !is_open(own) && !is_open(other) => other,
        _ => own,
    });
    words.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;
    use super::shaped;

    /// A pipeline with the first lines writes to `bus`, a relay with the last ones reads it.
    #[track_caller]
    fn check(rows: &str, relay: &str) {
        check_project(&[&format!(
            "edition 2026\nsource s mysql \"db\" {{\npassword env P\n}}\ntarget bus kafka \"k\"\ntarget dr kafka \"d\"\n\
             pipeline rows from s to bus {{\n{rows}}}\npipeline copy {{\n{relay}to dr\n}}\n"
        )]);
    }

    fn nothing(topics: &str) -> String {
        format!(
            "from bus topic \"{topics}\"  # warning[S0904]: no pipeline writes topics to `bus` that `{topics}` takes\n"
        )
    }

    #[test]
    fn known_tables() {
        check("include shop.orders\n", "from bus topic \"shop.orders\"\n");
        check("include shop.orders\n", "from bus topic \"*\"\n");
        check("include shop.orders\n", &nothing("shop.lines"));
        check("include shop.orders\nrename table shop.orders to sales\n", &nothing("shop.orders"));
        check("include shop.orders\nrename table shop.orders to sales\n", "from bus topic \"*.sales\"\n");
        check("include shop.orders\ntopic \"all\"\n", &nothing("shop.*"));
        check("include shop.t_[0..3]\n", "from bus topic \"shop.t_3\"\n");
        check("include shop.t_[0..3]\n", &nothing("shop.t_4"));
    }

    #[test]
    fn tables_that_are_not_known() {
        check("include shop.*\n", "from bus topic \"shop.lines\"\n");
        check("include shop.*\n", &nothing("crm.*"));
        check("include shop.*\ntopic \"{source}.{table}\"\n", "from bus topic \"s.lines\"\n");
        check("include shop.*\ntopic \"x.{table:upper}\"\n", "from bus topic \"x.LINES\"\n");
        check("include shop.*\ntable shop.a* {\ntopic \"a.{table}\"\n}\n", "from bus topic \"a.all\"\n");
        check("include shop.*\nrename database shop to crm\n", "from bus topic \"crm.*\"\n");
        check("include shop./[a-c]+b/\n", "from bus topic \"shop.ab\"\n");
        check("include shop.*\nnames upper\n", "from bus topic \"SHOP.A\"\n");
        check("include shop.*\nnames upper\n", &nothing("shop.a"));
    }

    #[test]
    fn topics_besides_those_of_rows() {
        check(
            "include shop.a\nddl {\nallow alter-table\n}\nheaders schema\n",
            "from bus topic \"rows.schema-changes\"\n",
        );
        check("include shop.a\non-error dead-letter \"{table}.dead\"\n", "from bus topic \"*.dead\"\n");
        check("include shop.a\n", &nothing("*.dead"));
        check("include shop.a\n", "from bus topic \"_schemas\"\n");
    }

    #[test]
    fn of_clusters_that_others_fill_nothing_is_said() {
        check_project(&["edition 2026\ntarget bus kafka \"k\"\ntarget dr kafka \"d\"\n\
             pipeline there {\nfrom bus topic \"shop.*\"\nto dr\n}\n\
             pipeline back {\nfrom dr topic \"shop.*\"\nto bus\ntopic \"dr.{topic}\"\n}\n"]);
        check(
            "include shop.a\n",
            "from bus topic \"crm.*\"\nallow S0904 because \"written by the suppliers\"\n",
        );
    }

    #[test]
    fn what_another_relay_writes_is_written() {
        let copies = |topics: &str| {
            check_project(&[&format!(
                "edition 2026\nsource s mysql \"db\" {{\npassword env P\n}}\n\
                 target a kafka \"a\"\ntarget b kafka \"b\"\ntarget c kafka \"c\"\n\
                 pipeline rows from s to b {{\ninclude crm.a\n}}\n\
                 pipeline x {{\nfrom a topic \"shop.*\"\nto b\ntopic \"copy.{{topic}}\"\n}}\n\
                 pipeline y {{\nfrom b topic {topics}\nto c\n}}\n"
            )]);
        };
        copies("\"copy.shop.orders\"");
        copies("\"shop.*\"  # warning[S0904]: no pipeline writes topics to `b` that `shop.*` takes");
    }

    #[test]
    fn behind_a_mistake_nothing_is_said() {
        check(
            "include shop.a\ntopc \"x\"  # error[S0013]: `topc` is no statement; did you mean `topic`?\n",
            "from bus topic \"x\"\n",
        );
    }

    #[test]
    fn a_guess_keeps_wildcards() {
        assert_eq!(shaped("shpo.*", "shop.orders"), "shop.*");
        assert_eq!(shaped("shpo.orders", "shop.*"), "shop.orders");
        assert_eq!(shaped("shop.order", "shop.orders"), "shop.orders");
        assert_eq!(shaped("shop.orders.old", "shop.orders"), "shop.orders.old");
    }
}
