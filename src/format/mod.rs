//! Change → bytes. Knows values and names, not Kafka.
//!
//! An [`Encoder`] belongs to one version of one table: all that can be known before the first row is computed when it is
//! built, so that writing a row allocates nothing.

mod avro;
mod avro_binary;
mod avro_cell;
mod avro_change;
mod avro_fields;
mod avro_schema;
mod canal;
mod ddl;
mod debezium;
mod dts;
mod json;
mod json_key;
mod json_row;
mod json_string;
mod json_value;
mod labels;
mod marker;
mod maxwell;
mod number;
mod plan;
#[cfg(test)]
mod sample;
mod scratch;
mod text;
mod unsaid;
mod unscaled;
mod wkt;

use crate::change::{EventMeta, RowChange};
use crate::mysql::charset::CharsetError;
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableVersion;
use crate::mysql::value::Value;
use crate::statement::{FormatHeartbeat, FormatName, KeyForm};
use avro::AvroTable;
pub use avro_change::{ChangeKind, SchemaChange, schema_changes};
use avro_fields::AvroKey;
pub use avro_schema::AvroSchema;
use canal::{CanalTable, ValueWriter};
pub use ddl::{DdlMessage, Deed, Shape, tells, tells_tables_apart, write_ddl};
use debezium::{Cell, DebeziumAvroTable, DebeziumTable};
use dts::DtsTable;
use json::JsonTable;
use json_key::JsonKey;
use json_value::JsonCell;
pub use marker::MarkerKey;
use maxwell::MaxwellTable;
pub use plan::{
    AvroOptions, CanalOptions, DebeziumAvroOptions, DebeziumJsonOptions, DtsOptions, FormatPlan, JsonOptions,
    MaxwellOptions,
};
pub use scratch::Scratch;
pub use text::{TextColumns, TextKey};
pub use unsaid::Mapped;

/// A column as messages carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    /// Index into the columns of the table version.
    pub index: usize,
    /// Name in messages.
    pub name: String,
}

/// A table as messages carry it.
#[derive(Debug, Clone, Copy)]
pub struct OutputTable<'a> {
    /// Name of the source in the project.
    pub source: &'a str,
    /// Database in messages.
    pub db: &'a str,
    /// Table in messages.
    pub table: &'a str,
    /// The table at the source.
    pub version: &'a TableVersion,
    /// Columns that are sent, in table order.
    pub columns: &'a [OutputColumn],
}

/// Why an encoder cannot be built, or a row not written. Names columns, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Text that cannot be converted.
    #[error("column `{column}`: {why}")]
    Charset {
        /// Column at the source.
        column: String,
        /// Why.
        why: CharsetError,
    },
    /// A row with more or fewer values than the table version has columns.
    #[error("the row has {found} values, the table {expected} columns")]
    Width {
        /// Values in the row.
        found: usize,
        /// Columns of the table.
        expected: usize,
    },
    /// A schema that no registry has given a number.
    #[error("`{0}` has no number for its schema: the target needs a `registry`")]
    NotRegistered(FormatName),
    /// A name that Avro does not take.
    #[error(
        "the {what} is called `{name}` in messages, which is no name to Avro: give it another one by `rename`"
    )]
    AvroName {
        /// What has it.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Two fields with one name.
    #[error("two fields of a message or key are called `{name}`: give the column another name by `rename`")]
    FieldTwice {
        /// The name.
        name: String,
    },
    /// A time zone that this release does not know.
    #[error("there is no time zone `{0}`")]
    TimeZone(String),
    /// A value that cannot be what its column says.
    #[error("column `{column}` holds {what}")]
    Value {
        /// Column at the source.
        column: String,
        /// What is wrong, without the value.
        what: &'static str,
    },
    /// A value that the format has no words for, where nothing may stand for it.
    #[error("column `{column}` holds {what}, for which the format has no words (`on-invalid-value stop`)")]
    Unsaid {
        /// Column at the source.
        column: String,
        /// The value, without what it is.
        what: &'static str,
    },
}

/// What is known of a table's schemas once a registry has them.
#[derive(Debug, Clone, Copy)]
pub struct Registered {
    /// Family of the source; it stands in schemas of Debezium.
    pub flavor: Flavor,
    /// Number of the keys' schema.
    pub key: Option<u32>,
    /// Number of the messages' schema.
    pub value: Option<u32>,
}

impl Registered {
    /// Of a table whose format has no schemas.
    pub fn nowhere(flavor: Flavor) -> Registered {
        Registered { flavor, key: None, value: None }
    }
}

/// Writes messages of one table version.
#[derive(Debug)]
pub enum Encoder {
    /// `canal-json`.
    CanalJson(CanalTable),
    /// `dts-avro`.
    DtsAvro(DtsTable),
    /// `maxwell-json`.
    MaxwellJson(MaxwellTable),
    /// `debezium-json`.
    DebeziumJson(DebeziumTable),
    /// `debezium-avro`.
    DebeziumAvro(DebeziumAvroTable),
    /// `avro`.
    Avro(AvroTable),
    /// `json`.
    Json(JsonTable),
}

impl Encoder {
    /// Prepares an encoder of a format without schemas.
    ///
    /// # Errors
    /// When a column is of a character set that is not supported, or the format needs a registry.
    pub fn build(plan: &FormatPlan, table: OutputTable<'_>) -> Result<Encoder, FormatError> {
        Encoder::with_schema(plan, table, Registered::nowhere(Flavor::MySql))
    }

    /// Prepares an encoder.
    ///
    /// # Errors
    /// When a column is of a character set that is not supported, or the schema has no number.
    pub fn with_schema(
        plan: &FormatPlan,
        table: OutputTable<'_>,
        registered: Registered,
    ) -> Result<Encoder, FormatError> {
        let id = || registered.value.ok_or(FormatError::NotRegistered(plan.name()));
        match plan {
            FormatPlan::CanalJson(options) => Ok(Encoder::CanalJson(CanalTable::new(options, table)?)),
            FormatPlan::DtsAvro(options) => Ok(Encoder::DtsAvro(DtsTable::new(options, table)?)),
            FormatPlan::MaxwellJson(options) => Ok(Encoder::MaxwellJson(MaxwellTable::new(options, table)?)),
            FormatPlan::DebeziumJson(options) => {
                Ok(Encoder::DebeziumJson(DebeziumTable::new(options, table)?))
            }
            FormatPlan::DebeziumAvro(options) => {
                Ok(Encoder::DebeziumAvro(DebeziumAvroTable::new(options, table, registered.flavor, id()?)?))
            }
            FormatPlan::Avro(options) => Ok(Encoder::Avro(AvroTable::new(options, table, id()?)?)),
            FormatPlan::Json(options) => Ok(Encoder::Json(JsonTable::new(options, table)?)),
        }
    }

    /// The schema of the messages of a table, for formats that have one in a registry.
    ///
    /// # Errors
    /// When Avro does not take a name, or a column is of a character set that is not supported.
    pub fn schema(
        plan: &FormatPlan,
        table: OutputTable<'_>,
        flavor: Flavor,
    ) -> Result<Option<AvroSchema>, FormatError> {
        match plan {
            FormatPlan::Avro(options) => avro::schema(options, table).map(Some),
            FormatPlan::DebeziumAvro(options) => debezium::schema(options, table, flavor).map(Some),
            FormatPlan::CanalJson(_)
            | FormatPlan::DtsAvro(_)
            | FormatPlan::DebeziumJson(_)
            | FormatPlan::MaxwellJson(_)
            | FormatPlan::Json(_) => Ok(None),
        }
    }

    /// Appends the message of `change` with the number `id` to `out`. Returns how many places of text had no meaning in their character set.
    ///
    /// # Errors
    /// When the row does not fit the table version; `out` then ends in half a message.
    pub fn encode(
        &self,
        change: &RowChange<'_, '_>,
        meta: &EventMeta<'_>,
        id: u64,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        match self {
            Encoder::CanalJson(table) => table.encode(change, meta, id, scratch, out),
            Encoder::DtsAvro(table) => table.encode(change, meta, id, scratch, out),
            Encoder::MaxwellJson(table) => table.encode(change, meta, scratch, out),
            Encoder::DebeziumJson(table) => table.encode(change, meta, scratch, out),
            Encoder::DebeziumAvro(table) => table.encode(change, meta, scratch, out),
            Encoder::Avro(table) => table.encode(change, meta, scratch, out),
            Encoder::Json(table) => table.encode(change, meta, scratch, out),
        }
    }
}

impl Encoder {
    /// Appends the message that says that the table is empty, for a format that has one among rows.
    pub fn encode_truncate(&self, meta: &EventMeta<'_>, out: &mut Vec<u8>) {
        match self {
            Encoder::DebeziumJson(table) => table.encode_truncate(meta, out),
            Encoder::CanalJson(_)
            | Encoder::DtsAvro(_)
            | Encoder::MaxwellJson(_)
            | Encoder::DebeziumAvro(_)
            | Encoder::Avro(_)
            | Encoder::Json(_) => {}
        }
    }
}

/// The Avro schema of all messages of a format, which both sides have without a registry; none for other formats.
pub fn fixed_schema(plan: &FormatPlan) -> Option<&'static str> {
    match plan {
        FormatPlan::DtsAvro(_) => Some(include_str!("dts/record.avsc")),
        FormatPlan::CanalJson(_)
        | FormatPlan::DebeziumJson(_)
        | FormatPlan::DebeziumAvro(_)
        | FormatPlan::MaxwellJson(_)
        | FormatPlan::Avro(_)
        | FormatPlan::Json(_) => None,
    }
}

/// How often an idle topic gets a message of a format, in ms; none for formats that have no such message.
pub fn heartbeat_every_ms(plan: &FormatPlan) -> Option<u64> {
    match plan {
        FormatPlan::DtsAvro(options) => match options.heartbeat {
            FormatHeartbeat::Every(ms) => Some(ms),
            FormatHeartbeat::Off => None,
        },
        FormatPlan::CanalJson(_)
        | FormatPlan::DebeziumJson(_)
        | FormatPlan::DebeziumAvro(_)
        | FormatPlan::MaxwellJson(_)
        | FormatPlan::Avro(_)
        | FormatPlan::Json(_) => None,
    }
}

/// Appends the message of an idle topic with the number `id`, for a format that [has one](heartbeat_every_ms).
pub fn write_heartbeat(meta: &EventMeta<'_>, id: u64, out: &mut Vec<u8>) {
    dts::write_heartbeat(meta, id, out);
}

/// An end of a source transaction, as a message of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// Before the first of its rows.
    Begin,
    /// Behind the last.
    Commit,
}

/// True for a format with messages where source transactions begin and end.
pub fn has_boundaries(plan: &FormatPlan) -> bool {
    match plan {
        FormatPlan::DtsAvro(options) => options.transactions,
        FormatPlan::CanalJson(_)
        | FormatPlan::DebeziumJson(_)
        | FormatPlan::DebeziumAvro(_)
        | FormatPlan::MaxwellJson(_)
        | FormatPlan::Avro(_)
        | FormatPlan::Json(_) => false,
    }
}

/// Appends the message of an end of the source transaction of `meta` with the number `id`, for a format that [has them](has_boundaries).
pub fn write_boundary(boundary: Boundary, meta: &EventMeta<'_>, id: u64, out: &mut Vec<u8>) {
    dts::write_boundary(boundary, meta, id, out);
}

/// Writes key bytes of rows of one table version.
#[derive(Debug)]
pub enum KeyEncoder {
    /// A JSON object in the values of `canal-json`.
    CanalJson(JsonKey<ValueWriter>),
    /// A JSON object in the values of `debezium-json`, with its schema where asked for.
    DebeziumJson(JsonKey<Cell>),
    /// A record in the values of `debezium-avro`.
    DebeziumAvro(AvroKey<debezium::AvroCell>),
    /// A record in the values of `avro`.
    Avro(AvroKey<avro::Cell>),
    /// A JSON object in the values of the format.
    Json(JsonKey<JsonCell>),
    /// The texts of the columns.
    Text(TextKey),
}

impl KeyEncoder {
    /// Prepares a key of the columns of `table` in this form, or that of the format, with `origin` in front if given, where it has
    /// no schema in a registry.
    ///
    /// # Errors
    /// When a column is of a character set that is not supported, or the form needs a registry.
    pub fn build(
        plan: &FormatPlan,
        form: Option<KeyForm>,
        table: OutputTable<'_>,
        origin: Option<&str>,
    ) -> Result<KeyEncoder, FormatError> {
        KeyEncoder::with_schema(plan, form, table, origin, Registered::nowhere(Flavor::MySql))
    }

    /// Prepares a key of the columns of `table` in this form, or that of the format, with `origin` in front if given.
    ///
    /// # Errors
    /// When a column is of a character set that is not supported, or the schema has no number.
    pub fn with_schema(
        plan: &FormatPlan,
        form: Option<KeyForm>,
        table: OutputTable<'_>,
        origin: Option<&str>,
        registered: Registered,
    ) -> Result<KeyEncoder, FormatError> {
        let id = || registered.key.ok_or(FormatError::NotRegistered(plan.name()));
        let plan = match form {
            None => plan,
            Some(KeyForm::Json) => &plan.hashed(),
            Some(KeyForm::Avro) => &plan.of_avro_key(),
            Some(KeyForm::Text) => return Ok(KeyEncoder::Text(TextKey::new(&plan.texts(), table, origin)?)),
        };
        match plan {
            FormatPlan::CanalJson(options) => Ok(KeyEncoder::CanalJson(canal::key(options, table, origin)?)),
            FormatPlan::MaxwellJson(_) => Ok(KeyEncoder::Json(maxwell::key(table, origin)?)),
            FormatPlan::DebeziumJson(options) => {
                Ok(KeyEncoder::DebeziumJson(debezium::key(options, table, origin)?))
            }
            FormatPlan::Json(options) => Ok(KeyEncoder::Json(json::key(options, table, origin)?)),
            // The service's own records say nothing of a key: the values are those of `json`.
            FormatPlan::DtsAvro(_) => Ok(KeyEncoder::Json(json::key(&JsonOptions::plain(), table, origin)?)),
            FormatPlan::DebeziumAvro(options) => {
                Ok(KeyEncoder::DebeziumAvro(debezium::avro_key(options, table, origin, id()?)?))
            }
            FormatPlan::Avro(options) => Ok(KeyEncoder::Avro(avro::key(options, table, origin, id()?)?)),
        }
    }

    /// The schema of keys of the columns of `table`, where they have one in a registry.
    ///
    /// # Errors
    /// When Avro does not take a name, or a column is of a character set that is not supported.
    pub fn schema(
        plan: &FormatPlan,
        form: Option<KeyForm>,
        table: OutputTable<'_>,
        has_origin: bool,
    ) -> Result<Option<AvroSchema>, FormatError> {
        let plan = match form {
            None => plan,
            Some(KeyForm::Json | KeyForm::Text) => return Ok(None),
            Some(KeyForm::Avro) => &plan.of_avro_key(),
        };
        match plan {
            FormatPlan::Avro(options) => avro::key_schema(options, table, has_origin).map(Some),
            FormatPlan::DebeziumAvro(options) => debezium::key_schema(options, table, has_origin).map(Some),
            FormatPlan::CanalJson(_)
            | FormatPlan::DtsAvro(_)
            | FormatPlan::DebeziumJson(_)
            | FormatPlan::MaxwellJson(_)
            | FormatPlan::Json(_) => Ok(None),
        }
    }

    /// True when both rows have the same values in the key's columns.
    pub fn same(&self, before: &[Value<'_>], after: &[Value<'_>]) -> bool {
        match self {
            KeyEncoder::CanalJson(key) => key.same(before, after),
            KeyEncoder::DebeziumJson(key) => key.same(before, after),
            KeyEncoder::DebeziumAvro(key) => key.same(before, after),
            KeyEncoder::Avro(key) => key.same(before, after),
            KeyEncoder::Json(key) => key.same(before, after),
            KeyEncoder::Text(key) => key.same(before, after),
        }
    }

    /// Appends the key of `row` to `out`.
    ///
    /// # Errors
    /// When the row does not fit the table version.
    pub fn encode(
        &self,
        row: &[Value<'_>],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        scratch.of_key(|scratch| match self {
            KeyEncoder::CanalJson(key) => key.encode(row, scratch, out),
            KeyEncoder::DebeziumJson(key) => key.encode(row, scratch, out),
            KeyEncoder::DebeziumAvro(key) => key.encode(row, scratch, out),
            KeyEncoder::Avro(key) => key.encode(row, scratch, out),
            KeyEncoder::Json(key) => key.encode(row, scratch, out),
            KeyEncoder::Text(key) => key.encode(row, scratch, out),
        })
    }
}

/// True when a column did not change. Floats are compared by their bits, so that `0` and `-0` differ as their texts do.
fn unchanged(before: &Value<'_>, after: &Value<'_>) -> bool {
    match (before, after) {
        (Value::Float(before), Value::Float(after)) => before.to_bits() == after.to_bits(),
        (Value::Double(before), Value::Double(after)) => before.to_bits() == after.to_bits(),
        (before, after) => before == after,
    }
}
