//! What tells rows of a table apart in its topic, and what its rules leave to be told.

use crate::format::FormatPlan;
use crate::mysql::ident::same_column;
use crate::mysql::schema::TableVersion;
use crate::plan::{KeyRule, PartitionRule, TableDecision};
use crate::statement::{ChangeKind, KeyChange, MaskRule};

/// What tells one row of a table from another in its topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Identity {
    /// The key of the message.
    Key,
    /// Columns of the row.
    Columns(Vec<String>),
    /// Nothing: equal rows are counted.
    Whole,
}

/// What can be told of a table from its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) missing: bool,
    pub(super) extra: bool,
    pub(super) different: bool,
}

/// True for a format that leaves columns out that are null.
pub(super) fn omits_nulls(format: &FormatPlan) -> bool {
    match format {
        FormatPlan::Json(options) => options.omit_nulls,
        FormatPlan::MaxwellJson(options) => options.omit_nulls,
        FormatPlan::CanalJson(_)
        | FormatPlan::DtsAvro(_)
        | FormatPlan::DebeziumJson(_)
        | FormatPlan::DebeziumAvro(_)
        | FormatPlan::Avro(_) => false,
    }
}

/// What tells rows apart: the key of messages where no two rows share one and every change names it, else the primary key as
/// it is sent, else nothing.
pub(super) fn identity(
    decision: &TableDecision,
    version: &TableVersion,
    sent: impl Fn(usize) -> Option<String>,
) -> Identity {
    let unique = || version.unique_keys.iter().chain([&version.primary_key]).filter(|key| !key.is_empty());
    let has_key = match &decision.key {
        KeyRule::None => false,
        KeyRule::Primary => unique().next().is_some(),
        KeyRule::Columns { columns, .. } => unique().any(|key| {
            key.iter().all(|&at| columns.iter().any(|name| same_column(name, &version.columns[at].name)))
        }),
    };
    if has_key && decision.key_change == KeyChange::Split {
        return Identity::Key;
    }
    let is_masked = |at: usize| {
        let name = &version.columns[at].name;
        let takes = |mask: &MaskRule| mask.column.compile_column().is_ok_and(|pattern| pattern.matches(name));
        decision.masks.iter().any(takes)
    };
    let name = |&at: &usize| if is_masked(at) { None } else { sent(at) };
    let columns = Some(&version.primary_key).filter(|key| !key.is_empty());
    match columns.and_then(|key| key.iter().map(name).collect::<Option<Vec<String>>>()) {
        Some(columns) => Identity::Columns(columns),
        None if has_key => Identity::Key,
        None => Identity::Whole,
    }
}

/// True when an update may bring a key to another partition.
pub(super) fn wanders(rule: &PartitionRule, version: &TableVersion) -> bool {
    match rule {
        PartitionRule::ByKey | PartitionRule::ByTable | PartitionRule::ByDatabase | PartitionRule::To(_) => {
            false
        }
        PartitionRule::ByColumns(columns) => !columns
            .iter()
            .all(|name| version.primary_key.iter().any(|&at| same_column(name, &version.columns[at].name))),
    }
}

/// What the rules of a table leave to be told from its messages.
pub(super) fn proof(
    decision: &TableDecision,
    identity: &Identity,
    tells_before: bool,
) -> (Proof, Vec<String>) {
    let sends = |kind: ChangeKind| decision.changes.contains(&kind);
    let mut notes = Vec::new();
    let mut proof = Proof { missing: true, extra: true, different: true };
    let mut lacks = |parts: [&mut bool; 3], text: &str| {
        parts.into_iter().for_each(|part| *part = false);
        notes.push(text.to_owned());
    };
    let Proof { missing, extra, different } = &mut proof;
    let mut unused = [true, true];
    let [a, b] = &mut unused;
    if !sends(ChangeKind::Insert) {
        lacks([missing, different, a], "inserts are not sent (`changes`), so rows may be missing or old");
    }
    if !sends(ChangeKind::Update) {
        lacks([different, a, b], "updates are not sent (`changes`), so rows may be old");
    }
    if !sends(ChangeKind::Delete) {
        lacks([extra, a, b], "deletes are not sent (`changes`), so rows may be left over");
    }
    if *identity == Identity::Whole && !tells_before {
        lacks(
            [missing, extra, different],
            "its messages have no key and do not tell the row as it was: after an update or a delete the two cannot be \
             compared",
        );
    } else if matches!(identity, Identity::Columns(_)) && !tells_before {
        lacks(
            [extra, a, b],
            "its messages do not tell the key as it was: after an update of it a row may be left over",
        );
    } else if *identity == Identity::Key && decision.key_change == KeyChange::Update {
        lacks([extra, a, b], "with `key-change update` the row of a former key is left over");
    }
    (proof, notes)
}
