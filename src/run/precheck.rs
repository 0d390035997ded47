//! What must hold before a task runs a plan: rules over facts, and the comparison with the plan that ran before.

use super::failure::{Class, Failure};
use crate::catalog::{ClusterFacts, SourceCatalog};
use crate::checkpoint::{Fingerprint, PlanPacking, StoredPlan};
use crate::diagnostic::{Diagnostic, Severity};
use crate::failpoint::{Bug, planted};
use crate::mysql::schema::TableName;
use crate::plan::{Delivery, Origins, Plan, Subject, TargetKind, TaskId, TaskPlan, diff};
use crate::precheck;
use crate::target::kafka::requirement as target;

/// Level of zstd for stored plans: small once, read rarely.
const PLAN_COMPRESSION: i32 = 3;

/// Largest plan that is unpacked, bytes; a plan of ten thousand tables stays far below.
const PLAN_BYTES_MAX: usize = 64 << 20;

/// Everything that stands between a plan and its servers.
pub(super) fn findings(
    plan: &TaskPlan,
    catalog: &SourceCatalog,
    cluster: Option<&ClusterFacts>,
) -> Vec<Diagnostic> {
    let mut findings = precheck::source_findings(plan, catalog);
    findings
        .extend(cluster.map(|cluster| precheck::target_findings(plan, catalog, cluster)).unwrap_or_default());
    findings
}

/// Timeout of the plan's transactions, ms.
pub(super) fn transaction_timeout_ms(plan: &TaskPlan) -> u64 {
    match &plan.target.kind {
        TargetKind::Kafka(kafka) => u64::from(kafka.transaction_timeout_ms),
        // Nothing is held back; the stall of a source is noticed all the same.
        TargetKind::Stdout | TargetKind::File { .. } => 60_000,
    }
}

/// How long a transaction of the plan's target may last, ms; none where records are sent without.
pub(super) fn transactional_for_ms(plan: &TaskPlan) -> Option<u32> {
    match &plan.target.kind {
        TargetKind::Kafka(kafka) => match kafka.delivery {
            Delivery::ExactlyOnce => Some(kafka.transaction_timeout_ms),
            Delivery::AtLeastOnce => None,
        },
        TargetKind::Stdout | TargetKind::File { .. } => None,
    }
}

/// A failure for a missing right, with the commands that grant it.
pub(super) fn with_grants(failure: Failure, plan: &TaskPlan) -> Failure {
    let Some(denied) = &failure.denied else { return failure };
    let commands = precheck::grants(plan, denied).join("\n");
    let text = format!("{}; these commands grant what the task needs there:\n{commands}", failure.text);
    Failure { text, ..failure }
}

/// The failure for state of another task or cluster, if it is.
pub(super) fn foreign(topic: &str, stored: &Fingerprint, ours: &Fingerprint) -> Option<Failure> {
    let (stored, ours) = ((&*stored.task, &*stored.cluster), (&*ours.task, &*ours.cluster));
    target::foreign_state(topic, stored, ours).map(|finding| Failure::new(Class::Precheck, line(&finding)))
}

/// The failure for a topic with another number of partitions than it had, if it has.
pub(super) fn repartitioned(topic: &str, now: u32, recorded: u32) -> Option<Failure> {
    target::partitions_changed(topic, now, recorded)
        .filter(|_| !planted(Bug::PartitionsReadAgain))
        .map(|finding| Failure { code: Some(finding.code), ..Failure::new(Class::Precheck, line(&finding)) })
}

/// Findings of at least this weight, one a line.
pub(super) fn lines(findings: &[Diagnostic], least: Severity) -> String {
    findings.iter().filter(|finding| finding.severity >= least).map(line).collect::<Vec<_>>().join("\n")
}

/// A finding on one line: code, name, message, and the next step.
pub(super) fn line(finding: &Diagnostic) -> String {
    let help = finding.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    format!("{} {}: {}{help}", finding.code.number, finding.code.name, finding.message)
}

/// A plan as it is stored.
pub(super) fn pack(bytes: &[u8]) -> (PlanPacking, Vec<u8>) {
    match zstd::bulk::compress(bytes, PLAN_COMPRESSION) {
        Ok(packed) => (PlanPacking::Zstd, packed),
        Err(_) => (PlanPacking::Plain, bytes.to_vec()),
    }
}

/// A stored plan; none when its parts are incomplete, or a newer release wrote something else.
pub(super) fn unpack(stored: &StoredPlan) -> Option<TaskPlan> {
    let (packing, bytes) = stored.bytes()?;
    let bytes = match packing {
        PlanPacking::Plain => bytes,
        PlanPacking::Zstd => zstd::bulk::decompress(&bytes, PLAN_BYTES_MAX).ok()?,
    };
    serde_json::from_slice(&bytes).ok()
}

/// Refuses what consumers would not survive, or what cannot be changed: the rules of a reload, for edits made while
/// nothing ran. `tables` are those the state knows. The codes that let something through come back.
pub(super) fn refuse_breaking(
    recorded: &TaskPlan,
    plan: &TaskPlan,
    tables: &[TableName],
    accept: &[String],
) -> Result<Vec<String>, Failure> {
    let one = |plan: &TaskPlan| Plan { tasks: vec![plan.clone()], ..Plan::default() };
    let known = |_: &TaskId| tables.iter().map(|table| Subject::table(&table.db, &table.table)).collect();
    let mut difference = diff(&one(recorded), &one(plan), &Origins::default(), &known);
    let accepted = difference.accept(accept);
    let text = lines(&difference.findings, Severity::Error);
    if text.is_empty() {
        return Ok(accepted);
    }
    Err(Failure::new(
        Class::Refused,
        format!("the files were changed in a way that cannot take effect on what is running:\n{text}"),
    ))
}
