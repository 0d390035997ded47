//! Avro values as JSON, by the schemas they were written with.
//!
//! A schema is told, never guessed: of a topic, for values that are a record and nothing else, or of a number, for those that
//! begin with the number of their schema in a registry. A value that its schema does not fit is shown as the bytes it is.

use super::{write_string, write_text};
use crate::kafka::TopicName;
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::ResolvedSchema;
use apache_avro::types::Value;
use std::collections::HashMap;

/// Bytes before a value with a number: a zero and the number. Source: Confluent, wire format.
const HEAD_BYTES: usize = 5;

/// A schema that values are read with.
#[derive(Debug)]
pub struct AvroSchema {
    /// The last one is that of the values; the others are those that it names.
    all: Vec<Schema>,
}

/// A text that is no schema.
#[derive(Debug, thiserror::Error)]
#[error("the schema of messages cannot be read: {0}")]
pub struct SchemaError(String);

impl AvroSchema {
    /// Reads a schema, or a list of them of which the last one is that of the values.
    ///
    /// # Errors
    /// When the text is none.
    pub fn parse(text: &str) -> Result<AvroSchema, SchemaError> {
        let refused = |error: &dyn std::fmt::Display| SchemaError(error.to_string());
        let json: serde_json::Value = serde_json::from_str(text).map_err(|error| refused(&error))?;
        let all = match json {
            serde_json::Value::Array(items) if items.iter().all(serde_json::Value::is_object) => {
                let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
                Schema::parse_list(texts.iter().map(String::as_str))
            }
            one => Schema::parse(&one).map(|schema| vec![schema]),
        };
        Ok(AvroSchema { all: all.map_err(|error| refused(&error))? })
    }

    /// The value that `bytes` are, all of them.
    fn read(&self, mut bytes: &[u8]) -> Option<Value> {
        let resolved = ResolvedSchema::try_from(self.all.iter().collect::<Vec<_>>()).ok()?;
        let reader = GenericDatumReader::builder(self.all.last()?).resolved_writer_schemata(resolved).build();
        let value = reader.ok()?.read_value(&mut bytes).ok()?;
        bytes.is_empty().then_some(value)
    }
}

/// The schemas that values are shown by.
#[derive(Debug, Default)]
pub struct Schemas {
    topics: HashMap<TopicName, AvroSchema>,
    numbers: HashMap<u32, AvroSchema>,
}

impl Schemas {
    /// The values of a topic are records of this schema.
    pub fn of_topic(&mut self, topic: &TopicName, schema: AvroSchema) {
        self.topics.insert(topic.clone(), schema);
    }

    /// Keys and values that begin with this number are of this schema.
    pub fn of_number(&mut self, number: u32, schema: AvroSchema) {
        self.numbers.insert(number, schema);
    }

    /// A value of `topic` as JSON, if it is of a schema that is known.
    pub fn json(&self, topic: &TopicName, value: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        self.write(&mut out, Some(topic), value).then_some(out)
    }

    /// Appends `bytes` as JSON, if they are of a schema that is known. `topic` is that of a value; none for keys.
    pub(super) fn write(&self, out: &mut Vec<u8>, topic: Option<&TopicName>, bytes: &[u8]) -> bool {
        let numbered = bytes.split_first_chunk::<HEAD_BYTES>().and_then(|(head, rest)| match head {
            [0, number @ ..] => self.numbers.get(&u32::from_be_bytes(*number))?.read(rest),
            _ => None,
        });
        let of_topic = || topic.and_then(|topic| self.topics.get(topic))?.read(bytes);
        match numbered.or_else(of_topic) {
            Some(value) => push(out, &value),
            None => return false,
        }
        true
    }
}

/// Appends a value: bytes that are text as a string, a union as what is in it.
fn push(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Union(_, inner) => push(out, inner),
        Value::Bytes(bytes) | Value::Fixed(_, bytes) => write_text(out, bytes),
        Value::String(text) | Value::Enum(_, text) => write_string(out, text),
        Value::Array(items) => {
            let mut before = b'[';
            for item in items {
                out.push(before);
                push(out, item);
                before = b',';
            }
            out.extend_from_slice(if items.is_empty() { b"[]" } else { b"]" });
        }
        Value::Record(fields) => {
            push_object(out, fields.iter().map(|(name, value)| (name.as_str(), value)));
        }
        Value::Map(entries) => {
            let mut sorted: Vec<_> = entries.iter().map(|(name, value)| (name.as_str(), value)).collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            push_object(out, sorted.into_iter());
        }
        Value::Decimal(decimal) => {
            // The scale is the schema's; the digits are here.
            let bytes = Vec::<u8>::try_from(decimal).unwrap_or_default();
            match i128_of(&bytes) {
                Some(unscaled) => {
                    out.extend_from_slice(format!("{{\"unscaled\":\"{unscaled}\"}}").as_bytes());
                }
                None => write_text(out, &bytes),
            }
        }
        // Numbers, times and the like, which JSON has or that crate has a text for.
        other => match serde_json::Value::try_from(other.clone()) {
            Ok(json) => out.extend_from_slice(json.to_string().as_bytes()),
            Err(_) => out.extend_from_slice(b"null"),
        },
    }
}

fn push_object<'v>(out: &mut Vec<u8>, members: impl Iterator<Item = (&'v str, &'v Value)>) {
    out.push(b'{');
    for (at, (name, value)) in members.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_string(out, name);
        out.push(b':');
        push(out, value);
    }
    out.push(b'}');
}

/// The number that bytes are in two's complement, the highest first; none for more than 16.
fn i128_of(bytes: &[u8]) -> Option<i128> {
    let first = *bytes.first()?;
    let begin = if first & 0x80 == 0 { 0 } else { -1 };
    (bytes.len() <= 16).then(|| bytes.iter().fold(begin, |number, byte| number << 8 | i128::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"[
        {"type":"enum","name":"Op","symbols":["INSERT","DELETE"]},
        {"type":"record","name":"Row","fields":[
            {"name":"op","type":"Op"},
            {"name":"id","type":["null","long"]},
            {"name":"name","type":"string"},
            {"name":"raw","type":"bytes"},
            {"name":"tags","type":{"type":"map","values":"string"}},
            {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}}]}
    ]"#;

    /// DELETE, 7, `a"`, two bytes, one tag, -1.
    const ROW: &[u8] = b"\x02\x02\x0e\x04a\"\x04\xff\x00\x02\x02t\x02u\x00\x02\xff";

    fn shown(schemas: &Schemas, topic: Option<&TopicName>, bytes: &[u8]) -> Option<String> {
        let mut out = Vec::new();
        let known = schemas.write(&mut out, topic, bytes);
        assert!(known || out.is_empty());
        known.then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn values_are_shown_by_their_schema() {
        let topic = TopicName::new("t").unwrap();
        let mut schemas = Schemas::default();
        assert_eq!(shown(&schemas, Some(&topic), ROW), None);
        schemas.of_topic(&topic, AvroSchema::parse(SCHEMA).unwrap());
        let row = r#"{"op":"DELETE","id":7,"name":"a\"","raw":{"base64":"/wA="},"tags":{"t":"u"},"price":{"unscaled":"-1"}}"#;
        assert_eq!(shown(&schemas, Some(&topic), ROW).as_deref(), Some(row));
        serde_json::from_str::<serde_json::Value>(row).unwrap();
        // another topic, a key, a record cut short, one with more behind it
        assert_eq!(shown(&schemas, TopicName::new("u").ok().as_ref(), ROW), None);
        assert_eq!(shown(&schemas, None, ROW), None);
        assert_eq!(shown(&schemas, Some(&topic), &ROW[..ROW.len() - 1]), None);
        assert_eq!(shown(&schemas, Some(&topic), &[ROW, b"\x00"].concat()), None);
    }

    #[test]
    fn values_with_a_number_are_shown_by_the_schema_of_the_number() {
        let mut schemas = Schemas::default();
        schemas.of_number(7, AvroSchema::parse(r#"{"type":"string"}"#).unwrap());
        let framed = |number: u32, rest: &[u8]| [&[0], &number.to_be_bytes()[..], rest].concat();
        assert_eq!(shown(&schemas, None, &framed(7, b"\x04ab")).as_deref(), Some("\"ab\""));
        assert_eq!(shown(&schemas, None, &framed(8, b"\x04ab")), None);
        assert_eq!(shown(&schemas, None, b"\x00\x00"), None);
    }

    #[test]
    fn a_text_that_is_no_schema_is_told() {
        assert!(AvroSchema::parse("{").is_err());
        let error = AvroSchema::parse(r#"{"type":"recrd"}"#).unwrap_err().to_string();
        assert!(error.contains("cannot be read"), "{error}");
    }
}
