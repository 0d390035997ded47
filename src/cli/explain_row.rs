//! `syncc explain row FILE`: what becomes of one row.

use super::form::Form;
use super::front::Planned;
use super::global::Global;
use super::output::{Failure, Output};
use super::{Exit, explain_table, front};
use crate::change::{EventMeta, Origin, RowChange, SourceInfo, TransactionInfo};
use crate::diagnostic::render::harmless;
use crate::format::{Registered, fixed_schema};
use crate::hir::{Listed, LockedTable};
use crate::kafka::{Batch, TopicId};
use crate::mysql::ident::same_column;
use crate::mysql::position::Flavor;
use crate::mysql::schema::{Column, TableName, TableVersion};
use crate::mysql::value::Value;
use crate::plan::{PartitionRule, TableDecision, TaskPlan};
use crate::route::{RouteError, Salts, TableRoute, schemas};
use crate::statement::{MaskMethod, SecretRef};
use crate::target::lines::{AvroSchema, Schemas, write_line};
use crate::target::registry::Role;
use crate::transform::Typed;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use std::io::Read as _;
use std::num::NonZeroU32;
use std::sync::Arc;

/// Largest file that is read, bytes: a row is smaller.
const ROW_BYTES_MAX: u64 = 16 << 20;

/// Numbers of the schemas that a registry would give.
const KEY_SCHEMA: u32 = 1;
const VALUE_SCHEMA: u32 = 2;

/// A row as it is written in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Table at the source.
    table: String,
    /// As it was; none for an insert.
    before: Option<Map<String, Json>>,
    /// As it is; none for a delete.
    after: Option<Map<String, Json>>,
}

/// What a task makes of the row.
struct Made {
    task: String,
    topic: String,
    /// None where the files do not say how many partitions there are.
    partitions: Option<u32>,
    /// One object each: partition, key, value and what else there is. Empty where the row is not sent.
    messages: Vec<Json>,
    notes: Vec<&'static str>,
}

/// Prints what every pipeline sends of the row. Exit code 1 when none takes the table, or the files have errors.
pub(super) fn run(file: &str, form: Form, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let written = read(file)?;
    let Some((db, table)) = explain_table::names(&written.table) else {
        return Err(Failure::usage(format!("\"{}\" is no table; it is written DB.TABLE", written.table)));
    };
    if written.before.is_none() && written.after.is_none() {
        return Err(Failure::usage(format!("{file}: a row has `after`, `before`, or both")));
    }
    let Some(project) = front::planned(global, output)? else { return Ok(Exit::Findings) };
    let mut made = Vec::new();
    for task in project.plan.tasks.iter().filter(|task| task.selects(&db, &table)) {
        made.push(of_task(&project, task, &TableName::new(&db, &table), &written)?);
    }
    if made.is_empty() {
        return explain_table::run(&written.table, form, global, output);
    }
    output.print(&match form {
        Form::Human => made.iter().map(human).collect::<Vec<_>>().join("\n"),
        Form::Json => format!("{}\n", document(&made)),
    })?;
    Ok(Exit::Fine)
}

fn read(file: &str) -> Result<Written, Failure> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().lock().take(ROW_BYTES_MAX).read_to_string(&mut text),
        file => std::fs::File::open(file).and_then(|file| file.take(ROW_BYTES_MAX).read_to_string(&mut text)),
    };
    read.map_err(|error| Failure::usage(format!("{file}: {error}")))?;
    serde_json::from_str(&text).map_err(|error| {
        let like = r#"{"table": "shop.orders", "after": {"id": 7, "status": "paid"}}"#;
        Failure::usage(format!("{file}: {error}; a row looks like {like}"))
    })
}

fn of_task(project: &Planned, task: &TaskPlan, name: &TableName, written: &Written) -> Result<Made, Failure> {
    let told = |error: &dyn std::fmt::Display| Failure::new(Exit::Findings, format!("{name}: {error}"));
    let known = project.program.locked_tables(&name.db, &name.table);
    let Some(Listed::Table(locked)) = known.get(task.source.name.as_str()) else {
        let text =
            format!("schema.lock does not list {name} of source {}: `syncc schema pull`", task.source.name);
        return Err(Failure::usage(text));
    };
    let version = Arc::new(version_of(locked));
    let Some(decision) = task.decide(&name.db, &name.table).map_err(|error| told(&error))? else {
        return Err(Failure::usage(format!("{name} is not selected")));
    };
    let (salts, mut notes) = salts(task, &decision);
    let wanted =
        schemas(&decision, &version, &task.id, &salts, Flavor::MySql).map_err(|error| told(&error))?;
    let mut shown = Schemas::default();
    if let Some(schema) = fixed_schema(&decision.format) {
        shown.of_topic(&decision.topic, AvroSchema::parse(schema).map_err(|error| told(&error))?);
    }
    for wanted in &wanted {
        let number = if wanted.role == Role::Key { KEY_SCHEMA } else { VALUE_SCHEMA };
        let schema = AvroSchema::parse(&wanted.schema.text).map_err(|error| told(&error))?;
        shown.of_number(number, schema);
    }
    let declared = decision.topic_settings.partitions;
    let least = match &decision.partition {
        PartitionRule::To(partition) => partition + 1,
        _ => 1,
    };
    let partitions = declared.unwrap_or(least).max(1);
    if declared.is_none() && !matches!(decision.partition, PartitionRule::To(_)) {
        notes.push("the files do not say how many partitions the topic has, so the partition is not known");
    }
    let registered = Registered { flavor: Flavor::MySql, key: Some(KEY_SCHEMA), value: Some(VALUE_SCHEMA) };
    let n = NonZeroU32::new(partitions).unwrap_or(NonZeroU32::MIN);
    let mut route = TableRoute::build(&decision, &version, TopicId(0), n, &task.id, &salts, registered)
        .map_err(|error| told(&error))?;
    let row = |row: &Option<Map<String, Json>>| row.as_ref().map(|row| typed(&version, row)).transpose();
    let (before, after) = (row(&written.before)?, row(&written.after)?);
    let mut batch = Batch::new();
    push(&mut route, before.as_deref(), after.as_deref(), task, &mut batch).map_err(|error| told(&error))?;
    let mut messages = Vec::new();
    for record in batch.records() {
        let mut line = Vec::new();
        write_line(&mut line, &decision.topic, &record, &shown);
        messages.push(serde_json::from_slice(&line).map_err(|error| told(&error))?);
    }
    if messages.is_empty() {
        notes.push("`where` leaves it out");
    }
    Ok(Made {
        task: task.id.to_string(),
        topic: decision.topic.to_string(),
        partitions: declared.or(matches!(decision.partition, PartitionRule::To(_)).then_some(partitions)),
        messages,
        notes,
    })
}

/// The columns as `schema.lock` lists them.
fn version_of(locked: &LockedTable) -> TableVersion {
    let columns: Vec<Column> = locked
        .columns
        .iter()
        .map(|column| Column {
            name: column.name.value.clone(),
            ty: column.text.ty.clone(),
            nullable: column.text.nullable,
            declared: column.text.declared.clone(),
            hidden: false,
            collation: column.text.collation.clone(),
        })
        .collect();
    let never_null = |key: &&Vec<usize>| key.iter().all(|&at| !columns[at].nullable);
    TableVersion {
        name: locked.name.value.clone(),
        primary_key: locked.primary_key.clone(),
        unique_keys: locked.unique_keys.iter().filter(never_null).cloned().collect(),
        columns,
    }
}

/// Salts that are none: no secret is asked for.
fn salts(task: &TaskPlan, decision: &TableDecision) -> (Salts, Vec<&'static str>) {
    let of = |method: &MaskMethod| -> Option<SecretRef> {
        match method {
            MaskMethod::Sha256 { salt } => salt.clone(),
            _ => None,
        }
    };
    let all = task.rules.layers.iter().flat_map(|layer| &layer.masks).filter_map(|rule| of(&rule.method));
    let salts = Salts::new(all.map(|salt| (salt, SecretString::from(String::new()))));
    let salted = decision.masks.iter().any(|rule| of(&rule.method).is_some());
    (salts, if salted { vec!["hashes are shown without their salt"] } else { Vec::new() })
}

/// The values of a row; columns that are not written are NULL.
fn typed(version: &TableVersion, row: &Map<String, Json>) -> Result<Vec<Typed>, Failure> {
    let known = |name: &&String| version.columns.iter().any(|column| same_column(&column.name, name));
    if let Some(unknown) = row.keys().find(|name| !known(name)) {
        return Err(Failure::usage(format!("{} has no column `{unknown}` in schema.lock", version.name)));
    }
    let value = |column: &Column| {
        let written = row.iter().find(|(name, _)| same_column(&column.name, name));
        let written = written.map_or(&Json::Null, |(_, value)| value);
        Typed::parse(written, &column.ty).map_err(|error| {
            let why = error.to_string().replace("the fixed text", "the value");
            Failure::usage(format!("column `{}`: {why}", column.name))
        })
    };
    version.columns.iter().map(value).collect()
}

/// The cells of a row; none of a row that is not there.
fn values(row: Option<&[Typed]>) -> Vec<Value<'_>> {
    row.unwrap_or_default().iter().map(Typed::value).collect()
}

fn push(
    route: &mut TableRoute,
    before: Option<&[Typed]>,
    after: Option<&[Typed]>,
    task: &TaskPlan,
    batch: &mut Batch,
) -> Result<(), RouteError> {
    let (old, new) = (values(before), values(after));
    let change = match (before, after) {
        (Some(_), Some(_)) => RowChange::Update { before: &old, after: &new },
        (Some(_), None) => RowChange::Delete { before: &old },
        (None, _) => RowChange::Insert { after: &new },
    };
    let source = SourceInfo { name: task.source.name.clone(), flavor: Flavor::MySql, version: String::new() };
    let place = TransactionInfo::place("".into(), 0);
    let meta = EventMeta {
        origin: Origin::Stream,
        event_ms: 0,
        now_ms: 0,
        source: &source,
        transaction: &place,
        offset: 0,
        row: 0,
        number: 0,
    };
    route.push(&change, &meta, batch).map(drop)
}

fn human(made: &Made) -> String {
    let Made { task, topic, partitions, messages, notes } = made;
    let mut text = format!("{task} -> {topic}\n");
    for message in messages {
        let partition = match partitions {
            Some(_) => message["partition"].to_string(),
            None => "?".to_owned(),
        };
        text += &format!(
            "  partition  {partition}\n  key        {}\n  message    {}\n",
            message["key"], message["value"]
        );
        if let Some(headers) = message.get("headers") {
            text += &format!("  headers    {headers}\n");
        }
    }
    if messages.is_empty() {
        text += "  nothing is sent\n";
    }
    for note in notes {
        text += &format!("  note: {note}\n");
    }
    harmless(&text).into_owned()
}

fn document(made: &[Made]) -> Json {
    let of = |made: &Made| {
        json!({
            "task": made.task, "topic": made.topic, "partitions": made.partitions, "messages": made.messages,
            "notes": made.notes,
        })
    };
    json!({ "version": 1, "answers": made.iter().map(of).collect::<Vec<_>>() })
}
