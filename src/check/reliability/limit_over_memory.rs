//! S0811: events that do not fit into the memory.

use super::super::Rule;
use super::super::flow::Project;
use crate::ast::Source;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::size_text;

const LIMIT_OVER_MEMORY: Code = Code::new("S0811", "limit-over-memory");

/// Memory of a process where nothing is said, bytes.
const MEMORY_BYTES: u64 = 512 << 20;

/// Largest event, where nothing is written, bytes.
const EVENT_LIMIT_BYTES: u64 = 96 << 20;

/// What the process takes besides events, MiB each.
const SHARES_MIB: [(&str, u64); 4] =
    [("the rings of the log", 96), ("what waits to be sent", 96), ("rows of the load", 64), ("the rest", 16)];

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: LIMIT_OVER_MEMORY,
        what: "The largest `event-limit`, times 2.5, and what else a process takes are more than its memory: 512 MiB, or what \
               `--memory` says.",
        why: "An event is held as it came, unpacked, and as messages. Without the room for it the process would be ended by the \
              system in the middle of a large transaction, again and again.",
        wrong: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n  event-limit 256MiB\n}\ntarget bus kafka \"kafka1:9092\"\n"
        ),
        right: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n  event-limit 64MiB\n}\ntarget bus kafka \"kafka1:9092\"\n"
        ),
    },
    run: check_limit_over_memory,
};

fn check_limit_over_memory(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let program = project.program;
    let limit =
        |source: &Source| source.event_limit_bytes.as_ref().map_or(EVENT_LIMIT_BYTES, |limit| limit.value);
    // Of several with the largest limit, the first.
    let Some(source) = program.sources.iter().rev().max_by_key(|source| limit(source)) else { return };
    let memory = program.memory_bytes.unwrap_or(MEMORY_BYTES);
    let rest: u64 = SHARES_MIB.iter().map(|(_, mib)| mib << 20).sum();
    let events = limit(source).saturating_mul(5).div_ceil(2).next_multiple_of(1 << 20);
    if events.saturating_add(rest) <= memory {
        return;
    }
    let span = source.event_limit_bytes.as_ref().map_or(source.head, |limit| limit.span);
    let needed = size_in_mib(events + rest);
    let message = format!(
        "`event-limit {}` takes {needed} of memory, and there are {}",
        size_text(limit(source)),
        size_text(memory)
    );
    let shares: Vec<String> = SHARES_MIB.iter().map(|(what, mib)| format!("{mib}MiB for {what}")).collect();
    let fitting = (memory.saturating_sub(rest) * 2 / 5) >> 20;
    let smaller = match fitting {
        0 => String::new(),
        fitting => format!(", or write at most `event-limit {fitting}MiB`"),
    };
    findings.push(
        Diagnostic::error(LIMIT_OVER_MEMORY, span, message)
            .label(format!("{} for events, 2.5 times the limit", size_in_mib(events)))
            .help(format!("with {}; run it with `--memory {needed}`{smaller}", shares.join(", "))),
    );
}

fn size_in_mib(bytes: u64) -> String {
    format!("{}MiB", bytes >> 20)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    #[test]
    fn the_largest_counts() {
        check_project(&["edition 2026\n\
            source a mysql \"a\" {\npassword env P\nevent-limit 128MiB\n}\n\
            source b mysql \"b\" {\npassword env P\n\
            event-limit 256MiB  # error[S0811]: `event-limit 256MiB` takes 912MiB of memory, and there are 512MiB\n}\n\
            target out stdout\npipeline p {\nfrom a\nfrom b\nto out\ninclude a.b\ntopic \"{source}\"\n}\n"]);
        check_project(&["edition 2026\n\
            source a mysql \"a\" {\npassword env P\nevent-limit 96MiB\n}\n\
            target out stdout\npipeline p from a to out {\ninclude a.b\n}\n"]);
    }
}
