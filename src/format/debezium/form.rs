//! What a column becomes in Debezium's messages: the one decision that values and schemas are written by.

use super::super::{DebeziumAvroOptions, DebeziumJsonOptions, FormatError};
use crate::mysql::charset::Charset;
use crate::mysql::column_type::ColumnType;
use crate::mysql::schema::Column;
use crate::statement::{BigintUnsigned, BinaryForm, DecimalForm};

/// Digits of the greatest BIGINT UNSIGNED.
const BIGINT_DIGITS: u8 = 20;

/// What of the options the forms depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct FormRules {
    bigint_unsigned: BigintUnsigned,
    decimal: DecimalForm,
    binary: BinaryForm,
}

impl FormRules {
    pub(super) fn of_json(options: &DebeziumJsonOptions) -> FormRules {
        let DebeziumJsonOptions { bigint_unsigned, decimal, binary, .. } = *options;
        FormRules { bigint_unsigned, decimal, binary }
    }

    pub(super) fn of_avro(options: &DebeziumAvroOptions) -> FormRules {
        let DebeziumAvroOptions { bigint_unsigned, decimal, binary, .. } = *options;
        FormRules { bigint_unsigned, decimal, binary }
    }
}

/// Type of Kafka Connect and, where it has one, meaning of Debezium's.
#[derive(Debug)]
pub enum Form {
    /// `int16`.
    Int16,
    /// `int32`.
    Int32,
    /// `int64`; an unsigned value above 2⁶³ − 1 wraps.
    Int64,
    /// `boolean`, a single bit.
    Boolean,
    /// `io.debezium.data.Bits`: bytes from the lowest on.
    Bits {
        /// Declared length.
        bits: u8,
    },
    /// `float`.
    Float,
    /// `double`.
    Double,
    /// `double` of a decimal's text.
    DecimalDouble,
    /// Text of a decimal.
    DecimalText,
    /// `org.apache.kafka.connect.data.Decimal`.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits behind the point.
        scale: u8,
        /// Written as a number, not as the bytes of the unscaled one.
        number: bool,
    },
    /// `io.debezium.time.Year`.
    Year,
    /// `io.debezium.time.Date`: days.
    Date,
    /// `io.debezium.time.MicroTime`.
    MicroTime,
    /// `io.debezium.time.Timestamp`: ms, the clock read as UTC.
    Timestamp,
    /// `io.debezium.time.MicroTimestamp`: µs, the clock read as UTC.
    MicroTimestamp,
    /// `io.debezium.time.ZonedTimestamp`: text of an instant.
    ZonedTimestamp,
    /// Text of a character set.
    Text(Charset),
    /// Text that a type has of itself.
    PlainText,
    /// Bytes, Base64.
    Bytes,
    /// Text of bytes.
    BytesText(BinaryForm),
    /// `io.debezium.data.Enum`.
    Enum(Vec<String>),
    /// `io.debezium.data.EnumSet`.
    EnumSet(Vec<String>),
    /// `io.debezium.data.Json`.
    Json,
    /// `io.debezium.data.geometry.Point`.
    Point,
    /// `io.debezium.data.geometry.Geometry`.
    Geometry,
    /// `io.debezium.data.FloatVector`.
    FloatVector,
}

impl Form {
    /// Whether messages of a column may hold null: a NOT NULL geometry is empty after an INSERT IGNORE without a value.
    pub(super) fn may_be_null(&self, column: &Column) -> bool {
        column.nullable || matches!(self, Form::Point | Form::Geometry)
    }

    /// The form of a column.
    ///
    /// # Errors
    /// When the column is of a character set that is not supported.
    pub(super) fn of(options: FormRules, column: &Column) -> Result<Form, FormatError> {
        let number = options.decimal == DecimalForm::Numeric;
        Ok(match &column.ty {
            ColumnType::TinyInt { .. } | ColumnType::SmallInt { unsigned: false } => Form::Int16,
            ColumnType::SmallInt { unsigned: true }
            | ColumnType::MediumInt { .. }
            | ColumnType::Int { unsigned: false } => Form::Int32,
            ColumnType::Int { unsigned: true } | ColumnType::BigInt { unsigned: false } => Form::Int64,
            ColumnType::BigInt { unsigned: true } => match options.bigint_unsigned {
                BigintUnsigned::Long => Form::Int64,
                BigintUnsigned::Precise | BigintUnsigned::Decimal | BigintUnsigned::String => {
                    Form::Decimal { precision: BIGINT_DIGITS, scale: 0, number }
                }
            },
            // `float(7,4)`: digits behind the point are declared.
            ColumnType::Float if column.declared.contains('(') => Form::Double,
            ColumnType::Float => Form::Float,
            ColumnType::Double => Form::Double,
            &ColumnType::Decimal { precision, scale } => match options.decimal {
                DecimalForm::String => Form::DecimalText,
                DecimalForm::Double => Form::DecimalDouble,
                DecimalForm::Numeric | DecimalForm::Precise | DecimalForm::Decimal | DecimalForm::Number => {
                    Form::Decimal { precision, scale, number }
                }
            },
            ColumnType::Bit { bits: 1 } => Form::Boolean,
            &ColumnType::Bit { bits } => Form::Bits { bits },
            ColumnType::Year => Form::Year,
            ColumnType::Date => Form::Date,
            ColumnType::Time { .. } => Form::MicroTime,
            ColumnType::DateTime { fsp: 0..=3 } => Form::Timestamp,
            ColumnType::DateTime { .. } => Form::MicroTimestamp,
            ColumnType::Timestamp { .. } => Form::ZonedTimestamp,
            ColumnType::Char(text) | ColumnType::VarChar(text) | ColumnType::Text(text) => Form::Text(
                Charset::from_name(&text.charset)
                    .map_err(|why| FormatError::Charset { column: column.name.clone(), why })?,
            ),
            ColumnType::Binary { .. } | ColumnType::VarBinary { .. } | ColumnType::Blob { .. } => {
                match options.binary {
                    BinaryForm::Bytes => Form::Bytes,
                    BinaryForm::Base64 | BinaryForm::Base64UrlSafe | BinaryForm::Hex => {
                        Form::BytesText(options.binary)
                    }
                }
            }
            ColumnType::Enum(labels) => Form::Enum(labels.labels.clone()),
            ColumnType::Set(labels) => Form::EnumSet(labels.labels.clone()),
            ColumnType::Json => Form::Json,
            ColumnType::Geometry if column.declared.starts_with("point") => Form::Point,
            ColumnType::Geometry => Form::Geometry,
            ColumnType::Vector => Form::FloatVector,
            ColumnType::Uuid | ColumnType::Inet4 | ColumnType::Inet6 => Form::PlainText,
        })
    }
}
