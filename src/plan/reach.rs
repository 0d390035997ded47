//! Whether a plan asks its servers for anything that the one before it did not.

use super::{StreamPlan, TableRules, TaskPlan};
use crate::pattern::{Relation, TablePattern};

impl TaskPlan {
    /// True when nobody need be asked before a task that runs by `old` goes over to this plan: both ends are reached as before, and
    /// what is sent is the same, the same way, or less. So it can be followed while a server is away.
    pub fn asks_no_more_than(&self, old: &TaskPlan) -> bool {
        // Where it began is fixed, and how existing rows are read, when and how often it is committed and tried is its own matter.
        let TaskPlan {
            id,
            source,
            target,
            start: _,
            retry: _,
            commit: _,
            stream,
            rules,
            paused: _,
            labels: _,
            allows: _,
        } = self;
        let is_reached_as =
            *id == old.id && source.is_reached_as(&old.source) && target.is_reached_as(&old.target);
        is_reached_as && stream.sends_as(&old.stream) && rules.take_no_more_than(&old.rules)
    }
}

impl StreamPlan {
    fn sends_as(&self, old: &StreamPlan) -> bool {
        let StreamPlan { timestamp, markers, online_ddl, on_position_lost: _, split: _, limit_bytes: _ } =
            self;
        (timestamp, markers, online_ddl) == (&old.timestamp, &old.markers, &old.online_ddl)
    }
}

impl TableRules {
    /// True when no table is taken that was not, and each is treated as before.
    fn take_no_more_than(&self, old: &TableRules) -> bool {
        let TableRules { include, exclude, names, renames, layers } = self;
        let is_same = (names, renames, layers) == (&old.names, &old.renames, &old.layers);
        is_same && all_within(include, &old.include) && all_within(&old.exclude, exclude)
    }
}

/// True when each of the first is one of the others, or narrower than one of them.
fn all_within(some: &[TablePattern], others: &[TablePattern]) -> bool {
    some.iter().all(|one| others.iter().any(|other| one == other || is_narrower(one, other)))
}

fn is_narrower(one: &TablePattern, other: &TablePattern) -> bool {
    match (one.compile(), other.compile()) {
        (Ok(one), Ok(other)) => matches!(one.relation(&other), Relation::Narrower | Relation::Equal),
        (Err(_), _) | (_, Err(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::{TaskPlan, compile_files};
    use crate::text::FileSet;

    fn task(source: &str, target: &str, rules: &str) -> TaskPlan {
        let mut files = FileSet::new();
        files.add(
            "a.sync",
            format!(
                "edition 2026\n\nsource shop mysql \"u@db\" {{\n  password env P\n{source}}}\n\ntarget bus kafka \"k:9092\" {{\n\
                 {target}}}\n\npipeline p from shop to bus {{\n{rules}}}\n"
            ),
        );
        let compiled = compile_files(&files);
        let findings = compiled.findings;
        let (plan, _) = compiled.plan.unwrap_or_else(|| panic!("{findings:?}"));
        plan.tasks[0].clone()
    }

    #[test]
    fn servers_are_asked_only_where_something_else_is_wanted_of_them() {
        let old = task("", "", "include shop.*\nexclude shop.tmp_*\n");
        let check = |source: &str, target: &str, rules: &str, expected: bool| {
            let new = task(source, target, rules);
            assert_ne!(new, old, "{source}{target}{rules}");
            assert_eq!(new.asks_no_more_than(&old), expected, "{source}{target}{rules}");
        };
        let same = "include shop.*\nexclude shop.tmp_*\n";
        for rule in ["retry for 48h\n", "limit 1MiB/s\n", "label team \"a\"\n", "commit every 100ms\n"] {
            check("", "", &format!("{same}{rule}"), true);
        }
        check("retry for 48h\n", "", same, true);
        check("", "", "include shop.orders\nexclude shop.tmp_*\n", true);
        check("", "", "include shop.*\nexclude shop.tmp_*\nexclude shop.old_*\n", true);
        check("", "", "include shop.*\nexclude shop.t*\n", true);
        check("", "", "include shop.*\n", false);
        check("", "", "include shop.*\ninclude crm.*\nexclude shop.tmp_*\n", false);
        check("", "", &format!("{same}topic \"{{table}}\"\n"), false);
        check("event-limit 8MiB\n", "", same, false);
        check("", "linger 7ms\n", same, false);
    }
}
