//! The schema registry of a plan: what it must take, whether it would, and the numbers it gives.
//!
//! What is asked beforehand changes nothing there. A number is asked for once: it is kept in the state of the task, so that known
//! schemas need no registry.

use crate::catalog::SourceCatalog;
use crate::diagnostic::Diagnostic;

use crate::mysql::schema::TableName;
use crate::plan::{RegistryPlan, TargetKind, TaskPlan};
use crate::route::{Salts, WantedSchema, breaks, schemas};
use crate::statement::{Compatibility, MaskMethod};
use crate::target::registry::io::{Registry, open as open_registry};
use crate::target::registry::requirement;
use crate::target::registry::{Class, Refusal};
use secrecy::SecretString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A schema that a table needs.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which table.
    pub table: TableName,
    /// The schema.
    pub schema: WantedSchema,
}

/// What a registry says beforehand.
#[derive(Debug)]
pub struct Answered {
    /// Errors that were found.
    pub findings: Vec<Diagnostic>,
    /// Set when it could not be asked, though it may be there later.
    pub is_away: bool,
}

/// The registry of a plan; none where the target has none. Nothing is sent.
///
/// # Errors
/// A missing password, files of `tls` that cannot be used, an address that cannot be used.
pub fn open(plan: &TaskPlan, project: &Path, patience: Duration) -> Result<Option<Registry>, Refusal> {
    plan_of(plan).map(|registry| open_registry(registry, project, patience)).transpose()
}

/// Where the registry of a plan is; none where the target has none.
pub fn url(plan: &TaskPlan) -> Option<&str> {
    plan_of(plan).map(|registry| registry.url.as_str())
}

fn plan_of(plan: &TaskPlan) -> Option<&RegistryPlan> {
    match &plan.target.kind {
        TargetKind::Kafka(kafka) => kafka.registry.as_ref(),
        TargetKind::Stdout | TargetKind::File { .. } => None,
    }
}

/// The schemas of the tables that are there now. A table that cannot be routed is told when its first row comes.
pub fn wanted(plan: &TaskPlan, catalog: &SourceCatalog) -> Vec<Wanted> {
    let salts = any_salts(plan);
    let flavor = catalog.server.flavor();
    let mut wanted = Vec::new();
    for table in catalog.tables.iter().filter(|table| table.kind.has_rows()) {
        let name = &table.version.name;
        let Ok(Some(decision)) = plan.decide(&name.db, &name.table) else { continue };
        let version = Arc::new(table.version.clone());
        let schemas = schemas(&decision, &version, &plan.id, &salts, flavor).unwrap_or_default();
        wanted.extend(schemas.into_iter().map(|schema| Wanted { table: name.clone(), schema }));
    }
    wanted
}

/// Salts that are none: a schema does not depend on them.
fn any_salts(plan: &TaskPlan) -> Salts {
    let masks = plan.rules.layers.iter().flat_map(|layer| &layer.masks);
    Salts::new(masks.filter_map(|rule| match &rule.method {
        MaskMethod::Sha256 { salt: Some(salt) } => Some((salt.clone(), SecretString::from(String::new()))),
        _ => None,
    }))
}

/// Asks whether the registry is there, takes our login, and would take these schemas.
pub fn ask(registry: &Registry, wanted: &[Wanted]) -> Answered {
    let away = |refusal: &Refusal| Answered {
        findings: vec![requirement::unusable(registry.url(), refusal)],
        is_away: matches!(refusal.class, Class::Unreachable | Class::Broken),
    };
    if let Err(refusal) = registry.probe() {
        return away(&refusal);
    }
    let mut findings = Vec::new();
    for Wanted { table, schema } in wanted {
        match refused(registry, schema) {
            Ok(None) => {}
            Ok(Some(field)) => findings.push(requirement::incompatible(
                &schema.subject,
                &table.to_string(),
                field.as_deref(),
                "it is not compatible with the newest one",
            )),
            Err(refusal) => return away(&refusal),
        }
    }
    Answered { findings, is_away: false }
}

/// Whether a schema would be refused, and for which field, where that can be found.
fn refused(registry: &Registry, wanted: &WantedSchema) -> Result<Option<Option<String>>, Refusal> {
    let WantedSchema { subject, rule, schema, .. } = wanted;
    if registry.has(subject, &schema.text)? {
        return Ok(None);
    }
    // The rule that the subject will have by then is not that of the registry: ours is held against it.
    if let Some(rule) = rule
        && !registry.is_ruled_by(subject, *rule)?
    {
        let field = broken_field(registry, subject, &schema.text, Some(*rule))?;
        return Ok(field.map(Some));
    }
    if registry.takes(subject, &schema.text)? {
        return Ok(None);
    }
    broken_field(registry, subject, &schema.text, *rule).map(Some)
}

/// The field of a new schema that breaks readers of the newest one.
pub(super) fn broken_field(
    registry: &Registry,
    subject: &str,
    schema: &str,
    rule: Option<Compatibility>,
) -> Result<Option<String>, Refusal> {
    Ok(registry.latest(subject)?.and_then(|latest| breaks(&latest, schema, rule)))
}
