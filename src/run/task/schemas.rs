//! Numbers of the schemas that a task's records are written by.
//!
//! Guarantees: a schema is registered before the first record that is written by it; its number is stored in the transaction
//! of that record, and from then on the registry is not asked for it again.

use crate::checkpoint::{StateRecord, SubjectRecord, TaskState};
use crate::format::Registered;
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;
use crate::plan::{TaskId, TaskPlan};
use crate::route::WantedSchema;
use crate::run::context::Context;
use crate::run::event::{Event, Name};
use crate::run::failure::Failure;
use crate::run::registry::{self as asked, broken_field};
use crate::target::registry::io::Registry;
use crate::target::registry::{Class, Refusal, Role, level};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::Duration;

/// Numbers that are kept for each subject: more versions than are ever read at once.
const KEPT: usize = 32;

/// The registry of a task, and the numbers it has given.
pub(super) struct Schemas {
    task: TaskId,
    /// None: a target without a registry.
    registry: Option<Registry>,
    known: BTreeMap<String, SubjectRecord>,
    /// What the registry has said since it was last counted.
    answers: Answers,
}

/// How often a registry has said what.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Answers {
    /// Schemas that it has taken.
    pub(super) taken: u64,
    /// Schemas that it will not have.
    pub(super) refused: u64,
}

impl Schemas {
    /// The registry of a plan. Nothing is sent.
    ///
    /// # Errors
    /// Settings that cannot be used, a password that is missing.
    pub(super) fn open(plan: &TaskPlan, context: &Context, patience: Duration) -> Result<Schemas, Failure> {
        let url = asked::url(plan).unwrap_or_default();
        let registry = asked::open(plan, &context.project, patience)
            .map_err(|refusal| Failure::of_registry(url, &refusal))?;
        Ok(Schemas { task: plan.id.clone(), registry, known: BTreeMap::new(), answers: Answers::default() })
    }

    /// Those of a target without a registry.
    pub(super) fn none(task: TaskId) -> Schemas {
        Schemas { task, registry: None, known: BTreeMap::new(), answers: Answers::default() }
    }

    /// True when the registry is to be asked for some of these.
    pub(super) fn asks_for(&self, wanted: &[WantedSchema]) -> bool {
        let url = self.url();
        self.registry.is_some() && wanted.iter().any(|one| self.known_number(&url, one).is_none())
    }

    fn url(&self) -> String {
        self.registry.as_ref().map(Registry::url).unwrap_or_default().to_owned()
    }

    fn known_number(&self, url: &str, wanted: &WantedSchema) -> Option<u32> {
        let known = self.known.get(&wanted.subject).filter(|known| known.registry == url)?;
        let hash = hash(wanted);
        known.schemas.iter().find(|(known, _)| *known == hash).map(|(_, number)| *number)
    }

    /// The registry, where there is one.
    pub(super) fn registry(&self) -> Option<&Registry> {
        self.registry.as_ref()
    }

    /// What the registry has said since the last call.
    pub(super) fn take_answers(&mut self) -> Answers {
        std::mem::take(&mut self.answers)
    }

    /// Takes up what the state knows.
    pub(super) fn recall(&mut self, state: &TaskState) {
        self.known = state.subjects.clone();
    }

    /// The numbers of the schemas of a table, and what is to be stored of them.
    ///
    /// # Errors
    /// When the registry refuses a schema, or one is new and the registry cannot be used.
    pub(super) fn numbers(
        &mut self,
        table: &TableName,
        wanted: &[WantedSchema],
        flavor: Flavor,
    ) -> Result<(Registered, Vec<StateRecord>), Failure> {
        let (mut registered, mut stored) = (Registered::nowhere(flavor), Vec::new());
        for one in wanted {
            let (number, record) = self.number(table, one)?;
            match one.role {
                Role::Key => registered.key = Some(number),
                Role::Value => registered.value = Some(number),
            }
            stored.extend(record.map(|record| StateRecord::Subject(one.subject.clone(), record)));
        }
        Ok((registered, stored))
    }

    fn number(
        &mut self,
        table: &TableName,
        wanted: &WantedSchema,
    ) -> Result<(u32, Option<SubjectRecord>), Failure> {
        let WantedSchema { subject, rule, schema, .. } = wanted;
        let url = self.url();
        if let Some(number) = self.known_number(&url, wanted) {
            return Ok((number, None));
        }
        let known = self.known.get(subject).filter(|known| known.registry == url);
        let number = match &self.registry {
            Some(registry) => {
                let number = match registry.register(subject, &schema.text, *rule) {
                    Ok(number) => number,
                    Err(refusal) => {
                        self.answers.refused += u64::from(refusal.class.is_of_schema());
                        return Err(refused(registry, table, wanted, &refusal));
                    }
                };
                self.answers.taken += 1;
                let text = format!("schema {number} of {table} registered as `{subject}`");
                Event::info(Name::RegistryRegistered, text).task(&self.task).emit();
                number
            }
            // Nobody else reads what a target without a registry gets: numbers of its own, one for each schema.
            None => 1 + self.known.values().map(|known| known.schemas.len() as u32).sum::<u32>(),
        };
        let mut record = known.cloned().unwrap_or(SubjectRecord { registry: url, schemas: Vec::new() });
        record.schemas.push((hash(wanted), number));
        let surplus = record.schemas.len().saturating_sub(KEPT);
        record.schemas.drain(..surplus);
        self.known.insert(subject.clone(), record.clone());
        Ok((number, Some(record)))
    }
}

/// By what a schema is known: its text and its rule.
fn hash(wanted: &WantedSchema) -> String {
    let mut sha = Sha256::new();
    sha.update(wanted.rule.map(level).unwrap_or_default());
    sha.update([0]);
    sha.update(&wanted.schema.text);
    data_encoding::HEXLOWER.encode(&sha.finalize())
}

/// Why a schema has no number: the field that breaks the rule, where it is one.
fn refused(registry: &Registry, table: &TableName, wanted: &WantedSchema, refusal: &Refusal) -> Failure {
    match refusal.class {
        Class::Incompatible => {
            let field = broken_field(registry, &wanted.subject, &wanted.schema.text, wanted.rule);
            Failure::of_schema(&wanted.subject, table, field.ok().flatten().as_deref(), &refusal.text)
        }
        Class::Invalid => Failure::of_schema(&wanted.subject, table, None, &refusal.text),
        Class::Unreachable | Class::Broken | Class::Setting => Failure::of_registry(registry.url(), refusal),
    }
}
