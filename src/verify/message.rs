//! What a message says of a row, read back from its bytes.
//!
//! The reader knows nothing of the encoders: JSON is read as JSON, Avro by its schema, and a value is compared as the text
//! that it has there. So it tells what a consumer sees, whoever wrote it.

use crate::format::{FormatPlan, fixed_schema};
use crate::kafka::TopicName;
use crate::target::lines::{AvroSchema, SchemaError, Schemas};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Columns of a row by their names in messages, each as the JSON text of its value.
pub(super) type Row = BTreeMap<String, String>;

/// Bytes before a value with the number of its schema.
const FRAME_BYTES: usize = 5;

/// Database and table as messages name them; none where they do not.
pub(super) type Names = Option<(String, String)>;

/// What a message is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// A row came, changed, or went.
    Row {
        names: Names,
        /// As it was, where the message tells.
        before: Option<Row>,
        /// As it is; none: it went.
        after: Option<Row>,
    },
    /// A key has no row any more.
    Tombstone,
    /// All rows went.
    Truncate { names: Names },
    /// It is not about rows: a marker, a schema change, a sign of life.
    Aside,
}

/// A message that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unreadable(pub(super) &'static str);

/// Reads the messages of one topic.
pub(super) struct Reader {
    shape: Shape,
    topic: TopicName,
    schemas: Schemas,
    known: Vec<u32>,
    /// Values are framed for a registry.
    framed: bool,
    /// Keys are.
    framed_keys: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Canal,
    Maxwell,
    Debezium,
    Dts,
    /// `json`, `avro`: columns beside `__op`.
    Flat,
}

impl Reader {
    /// A reader for a format; `framed_keys` when keys begin with the number of a schema.
    ///
    /// # Errors
    /// The schema of the format is none.
    pub(super) fn new(
        format: &FormatPlan,
        topic: &TopicName,
        framed_keys: bool,
    ) -> Result<Reader, SchemaError> {
        let mut schemas = Schemas::default();
        if let Some(schema) = fixed_schema(format) {
            schemas.of_topic(topic, AvroSchema::parse(schema)?);
        }
        let (shape, framed) = match format {
            FormatPlan::CanalJson(_) => (Shape::Canal, false),
            FormatPlan::MaxwellJson(_) => (Shape::Maxwell, false),
            FormatPlan::DebeziumJson(_) => (Shape::Debezium, false),
            FormatPlan::DebeziumAvro(_) => (Shape::Debezium, true),
            FormatPlan::DtsAvro(_) => (Shape::Dts, false),
            FormatPlan::Json(_) => (Shape::Flat, false),
            FormatPlan::Avro(_) => (Shape::Flat, true),
        };
        Ok(Reader { shape, topic: topic.clone(), schemas, known: Vec::new(), framed, framed_keys })
    }

    /// True when messages name their tables.
    pub(super) fn names_tables(&self) -> bool {
        self.shape != Shape::Flat
    }

    /// The number of a schema that a value needs and the reader lacks.
    pub(super) fn lacks(&self, value: Option<&[u8]>) -> Option<u32> {
        let number = value.filter(|_| self.framed).and_then(number_of)?;
        (!self.known.contains(&number)).then_some(number)
    }

    /// Values with this number are of this schema.
    ///
    /// # Errors
    /// When the text is none.
    pub(super) fn learn(&mut self, number: u32, schema: &str) -> Result<(), SchemaError> {
        self.schemas.of_number(number, AvroSchema::parse(schema)?);
        self.known.push(number);
        Ok(())
    }

    /// The bytes of a key that tell one row from another: without the number of its schema.
    pub(super) fn identity<'k>(&self, key: &'k [u8]) -> &'k [u8] {
        match self.framed_keys && number_of(key).is_some() {
            true => &key[FRAME_BYTES..],
            false => key,
        }
    }

    /// Reads a message.
    ///
    /// # Errors
    /// When it is none of the format.
    pub(super) fn read(&self, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<Message, Unreadable> {
        let Some(value) = value else {
            return Ok(match key {
                None => Message::Aside,
                Some(_) => Message::Tombstone,
            });
        };
        let decoded;
        let text = match self.framed || self.shape == Shape::Dts {
            false => value,
            true => {
                let json = self.schemas.json(&self.topic, value);
                decoded = json.ok_or(Unreadable("it is no Avro of its schema"))?;
                &decoded
            }
        };
        match self.shape {
            Shape::Canal => parse::<Canal<'_>>(text)?.message(),
            Shape::Maxwell => parse::<Maxwell<'_>>(text).map(Maxwell::message),
            Shape::Debezium => {
                let payload = parse::<DebeziumMessage<'_>>(text)?.payload;
                let text = payload.map_or(text, |payload| payload.get().as_bytes());
                parse::<Debezium<'_>>(text).map(Debezium::message)
            }
            Shape::Dts => parse::<Dts<'_>>(text)?.message(),
            Shape::Flat => Ok(flat(parse(text)?)),
        }
    }
}

/// The number of a schema that bytes begin with.
fn number_of(bytes: &[u8]) -> Option<u32> {
    match bytes.split_first_chunk::<FRAME_BYTES>()? {
        ([0, number @ ..], _) => Some(u32::from_be_bytes(*number)),
        _ => None,
    }
}

fn parse<'t, T: Deserialize<'t>>(text: &'t [u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(text).map_err(|_| Unreadable("it is no JSON of its format"))
}

/// A JSON object whose values are kept as they are.
type Raw<'t> = BTreeMap<String, &'t RawValue>;

fn row(raw: Raw<'_>) -> Row {
    raw.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect()
}

/// A row as it was, of the values that have changed and of the row as it is.
fn former(after: &Row, old: Row) -> Row {
    let mut before = after.clone();
    before.extend(old);
    before
}

#[derive(Deserialize)]
struct Canal<'t> {
    #[serde(borrow)]
    data: Option<Vec<Raw<'t>>>,
    #[serde(borrow)]
    old: Option<Vec<Raw<'t>>>,
    database: String,
    table: Option<String>,
    #[serde(rename = "type")]
    kind: String,
}

impl Canal<'_> {
    fn message(self) -> Result<Message, Unreadable> {
        let names = self.table.map(|table| (self.database, table));
        let mut rows = self.data.unwrap_or_default();
        let is_row = matches!(self.kind.as_str(), "INSERT" | "INIT" | "UPDATE" | "DELETE");
        match (self.kind.as_str(), rows.pop()) {
            ("TRUNCATE", _) => Ok(Message::Truncate { names }),
            _ if !is_row => Ok(Message::Aside),
            (_, None) => Err(Unreadable("it holds no row")),
            _ if !rows.is_empty() => Err(Unreadable("it holds several rows")),
            ("DELETE", Some(data)) => Ok(Message::Row { names, before: Some(row(data)), after: None }),
            (_, Some(data)) => {
                let after = row(data);
                let old = self.old.and_then(|mut old| old.pop());
                Ok(Message::Row {
                    names,
                    before: old.map(|old| former(&after, row(old))),
                    after: Some(after),
                })
            }
        }
    }
}

#[derive(Deserialize)]
struct Maxwell<'t> {
    #[serde(borrow)]
    data: Option<Raw<'t>>,
    #[serde(borrow)]
    old: Option<&'t RawValue>,
    database: Option<String>,
    table: Option<String>,
    #[serde(rename = "type")]
    kind: String,
}

impl Maxwell<'_> {
    fn message(self) -> Message {
        let names = self.database.zip(self.table);
        match (self.kind.as_str(), self.data) {
            ("delete", Some(data)) => Message::Row { names, before: Some(row(data)), after: None },
            ("insert" | "update" | "bootstrap-insert", Some(data)) => {
                let after = row(data);
                // Of a schema change `old` is a table.
                let old = self.old.and_then(|old| serde_json::from_str::<Raw<'_>>(old.get()).ok());
                Message::Row { names, before: old.map(|old| former(&after, row(old))), after: Some(after) }
            }
            _ => Message::Aside,
        }
    }
}

/// With its schema, or plain.
#[derive(Deserialize)]
struct DebeziumMessage<'t> {
    #[serde(borrow)]
    payload: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct Debezium<'t> {
    #[serde(borrow, default)]
    before: Option<Raw<'t>>,
    #[serde(borrow, default)]
    after: Option<Raw<'t>>,
    #[serde(default)]
    op: Option<String>,
    #[serde(default)]
    source: Option<DebeziumSource>,
}

#[derive(Deserialize)]
struct DebeziumSource {
    db: Option<String>,
    table: Option<String>,
}

impl Debezium<'_> {
    fn message(self) -> Message {
        let names = self.source.and_then(|source| source.db.zip(source.table));
        match self.op.as_deref() {
            Some("t") => Message::Truncate { names },
            Some("c" | "u" | "d" | "r") => {
                Message::Row { names, before: self.before.map(row), after: self.after.map(row) }
            }
            _ => Message::Aside,
        }
    }
}

#[derive(Deserialize)]
struct Dts<'t> {
    operation: String,
    #[serde(rename = "objectName")]
    object: Option<String>,
    #[serde(borrow)]
    fields: Option<&'t RawValue>,
    #[serde(borrow, rename = "beforeImages")]
    before: Option<&'t RawValue>,
    #[serde(borrow, rename = "afterImages")]
    after: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct DtsField {
    name: String,
}

impl Dts<'_> {
    fn message(self) -> Result<Message, Unreadable> {
        if !matches!(self.operation.as_str(), "INSERT" | "INIT" | "UPDATE" | "DELETE") {
            return Ok(Message::Aside);
        }
        let point = |name: &str| name.replace("\\u002E", ".");
        let names = self.object.as_deref().and_then(|object| object.split_once('.'));
        let names = names.map(|(db, table)| (point(db), point(table)));
        let fields: Vec<DtsField> = parse(self.fields.map_or("[]", RawValue::get).as_bytes())?;
        let image = |image: Option<&RawValue>| -> Result<Option<Row>, Unreadable> {
            let Some(image) = image else { return Ok(None) };
            let values: Option<Vec<&RawValue>> = parse(image.get().as_bytes())?;
            let Some(values) = values else { return Ok(None) };
            if values.len() != fields.len() {
                return Err(Unreadable("it has more or fewer values than fields"));
            }
            let named = fields.iter().zip(values);
            Ok(Some(named.map(|(field, value)| (field.name.clone(), value.get().to_owned())).collect()))
        };
        Ok(Message::Row { names, before: image(self.before)?, after: image(self.after)? })
    }
}

fn flat(mut raw: Raw<'_>) -> Message {
    let Some(op) = raw.remove("__op") else { return Message::Aside };
    raw.retain(|name, _| name != "__ts_ms" && name != "__deleted");
    match op.get() {
        "\"d\"" => Message::Row { names: None, before: Some(row(raw)), after: None },
        _ => Message::Row { names: None, before: None, after: Some(row(raw)) },
    }
}
