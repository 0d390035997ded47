//! Keys of records that are no rows, on topics that take no record without a key: what reads the keys of rows reads them, too.

use super::avro_binary::push_bytes;
use super::avro_schema::Frame;
use super::{AvroSchema, FormatPlan};
use crate::statement::KeyForm;

/// What such a key says.
const NAME: &str = "__syncc";

/// How it is written, by how the keys of rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkerKey {
    /// Plain text.
    Text,
    /// A JSON string.
    Json,
    /// The same, with its schema beside it.
    JsonWithSchema,
    /// A string of Avro, framed for a registry.
    Avro,
}

impl MarkerKey {
    /// The key beside those of a format in this form, or in the format's own.
    pub fn of(plan: &FormatPlan, form: Option<KeyForm>) -> MarkerKey {
        match (form, plan) {
            (Some(KeyForm::Text), _) => MarkerKey::Text,
            (Some(KeyForm::Avro), _) | (None, FormatPlan::Avro(_) | FormatPlan::DebeziumAvro(_)) => {
                MarkerKey::Avro
            }
            (None, FormatPlan::DebeziumJson(options)) if options.schemas => MarkerKey::JsonWithSchema,
            (Some(KeyForm::Json), _)
            | (
                None,
                FormatPlan::CanalJson(_)
                | FormatPlan::DtsAvro(_)
                | FormatPlan::DebeziumJson(_)
                | FormatPlan::MaxwellJson(_)
                | FormatPlan::Json(_),
            ) => MarkerKey::Json,
        }
    }

    /// Its schema, where it has one in a registry.
    pub fn schema(self) -> Option<AvroSchema> {
        match self {
            MarkerKey::Avro => Some(AvroSchema { name: NAME.to_owned(), text: "\"string\"".to_owned() }),
            MarkerKey::Text | MarkerKey::Json | MarkerKey::JsonWithSchema => None,
        }
    }

    /// The key; `id` is the number of its schema. None where that is needed and missing.
    pub fn bytes(self, id: Option<u32>) -> Option<Vec<u8>> {
        Some(match self {
            MarkerKey::Text => NAME.into(),
            MarkerKey::Json => format!("\"{NAME}\"").into_bytes(),
            MarkerKey::JsonWithSchema => {
                format!("{{\"schema\":{{\"type\":\"string\",\"optional\":false}},\"payload\":\"{NAME}\"}}")
                    .into_bytes()
            }
            MarkerKey::Avro => {
                let mut key = Vec::new();
                Frame::new(id?).push(&mut key);
                push_bytes(NAME.as_bytes(), &mut key);
                key
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AvroOptions, CanalOptions, DebeziumJsonOptions};
    use super::*;
    use crate::statement::{BigintUnsigned, BinaryForm, DecimalForm, EnumForm, Subject};

    #[test]
    fn as_the_keys_of_rows_are_written() {
        let canal = FormatPlan::CanalJson(CanalOptions::default());
        let debezium = |schemas| {
            FormatPlan::DebeziumJson(DebeziumJsonOptions {
                snapshot_create: false,
                bigint_unsigned: BigintUnsigned::Long,
                decimal: DecimalForm::String,
                binary: BinaryForm::Bytes,
                schemas,
            })
        };
        let avro = FormatPlan::Avro(AvroOptions {
            subject: Subject::Topic,
            compatibility: None,
            bigint_unsigned: BigintUnsigned::Decimal,
            decimal: DecimalForm::Decimal,
            enum_form: EnumForm::Label,
        });
        let check = |plan: &FormatPlan, form, expected: &[u8]| {
            let key = MarkerKey::of(plan, form);
            assert_eq!(key.bytes(Some(258)).as_deref(), Some(expected), "{form:?}");
            assert_eq!(key.schema().is_some(), key.bytes(None).is_none());
        };
        let framed = b"\0\0\0\x01\x02\x0e__syncc";
        check(&canal, None, b"\"__syncc\"");
        check(&canal, Some(KeyForm::Text), b"__syncc");
        check(&canal, Some(KeyForm::Avro), framed);
        check(&avro, None, framed);
        check(&avro, Some(KeyForm::Json), b"\"__syncc\"");
        check(&debezium(false), None, b"\"__syncc\"");
        let whole = b"{\"schema\":{\"type\":\"string\",\"optional\":false},\"payload\":\"__syncc\"}";
        check(&debezium(true), None, whole);
        check(&debezium(true), Some(KeyForm::Json), b"\"__syncc\"");
    }
}
