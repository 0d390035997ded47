//! What the messages of a table look like, as far as another one can be told from them.

use crate::format::FormatPlan;
use crate::plan::{TableDecision, TaskPlan};
use crate::target::kafka::requirement::Expected;

/// That of rows, and of schema changes where they go among the rows.
pub(super) fn of(plan: &TaskPlan, decision: &TableDecision) -> Expected {
    let (members, framed, bytes): (&[&'static [&'static str]], _, _) = match &decision.format {
        FormatPlan::CanalJson(_) => (&[&["database", "isDdl", "type"]], false, false),
        FormatPlan::MaxwellJson(_) => (&[&["database", "ts", "type"]], false, false),
        FormatPlan::DebeziumJson(_) => (&[&["source", "ts_ms"], &["payload", "schema"]], false, false),
        FormatPlan::Json(_) => (&[&["__op", "__ts_ms"]], false, false),
        FormatPlan::DtsAvro(_) => (&[], false, true),
        FormatPlan::Avro(_) | FormatPlan::DebeziumAvro(_) => (&[], true, false),
    };
    let mut members = members.to_vec();
    let among_rows =
        plan.ddl_topic(decision).is_ok_and(|to| to.is_some_and(|(topic, _)| topic == decision.topic));
    if among_rows {
        members.extend([&["kinds", "sql"] as &[_], &["source", "ts_ms"], &["payload", "schema"]]);
    }
    Expected { format: decision.format.name().to_string(), members, framed, bytes }
}
