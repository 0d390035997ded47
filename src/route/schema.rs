//! The schemas that records of a table version need, and what a registry calls them.

use super::error::RouteError;
use super::mask::Salts;
use super::partition::Hashed;
use super::shown::Shown;
use crate::format::{AvroSchema, Encoder, KeyEncoder, schema_changes};
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableVersion;
use crate::plan::{TableDecision, TaskId};
use crate::statement::{Compatibility, Subject};
use crate::target::registry::{Role, subject};
use std::sync::Arc;

/// A schema that must be registered before the first record that is written by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedSchema {
    /// Key or message.
    pub role: Role,
    /// What it is called.
    pub subject: String,
    /// The rule of the subject; none is the registry's own.
    pub rule: Option<Compatibility>,
    /// The schema.
    pub schema: AvroSchema,
}

/// The schemas of a table version; none for formats and keys that have none.
///
/// # Errors
/// When the rules do not fit the table, or Avro does not take a name.
pub fn schemas(
    decision: &TableDecision,
    version: &Arc<TableVersion>,
    task: &TaskId,
    salts: &Salts,
    flavor: Flavor,
) -> Result<Vec<WantedSchema>, RouteError> {
    let shown = Shown::new(decision, version, task, salts)?;
    let table = shown.table(decision, task);
    let key = match &shown.key {
        None => None,
        Some(key) => {
            let Hashed { table, origin } = key.hashed(table);
            KeyEncoder::schema(&decision.format, decision.key_form, table, origin.is_some())?
        }
    };
    let value = Encoder::schema(&decision.format, table, flavor)?;
    // A key in Avro beside a format without: the registry knows it by its topic.
    let (style, rule) = decision.format.registered().unwrap_or((Subject::Topic, None));
    let wanted = [(Role::Key, key), (Role::Value, value)].into_iter().filter_map(|(role, schema)| {
        let schema = schema?;
        let subject = subject(style, decision.topic.as_str(), &schema.name, role);
        Some(WantedSchema { role, subject, rule, schema })
    });
    Ok(wanted.collect())
}

/// What in a new schema breaks readers under `rule`, in words; without a rule, whoever it breaks. None when nothing does, or
/// the schemas cannot be compared.
pub fn breaks(old: &str, new: &str, rule: Option<Compatibility>) -> Option<String> {
    let changes = schema_changes(old, new)?;
    let broken = changes.into_iter().find(|change| match rule {
        Some(Compatibility::Backward) => change.breaks_backward(),
        Some(Compatibility::Forward) => change.breaks_forward(),
        Some(Compatibility::None) => false,
        Some(Compatibility::Full) | None => change.breaks_backward() || change.breaks_forward(),
    });
    broken.map(|change| change.to_string())
}
