//! A format and its options, as a plan stores them.

use crate::statement::{
    BigintUnsigned, BinaryForm, Compatibility, DecimalForm, EnumForm, FormatHeartbeat, FormatName, Subject,
};
use serde::{Deserialize, Serialize};

/// A format and its options.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FormatPlan {
    /// `canal-json`.
    CanalJson(CanalOptions),
    /// `dts-avro`.
    DtsAvro(DtsOptions),
    /// `debezium-json`.
    DebeziumJson(DebeziumJsonOptions),
    /// `debezium-avro`.
    DebeziumAvro(DebeziumAvroOptions),
    /// `maxwell-json`.
    MaxwellJson(MaxwellOptions),
    /// `avro`.
    Avro(AvroOptions),
    /// `json`.
    Json(JsonOptions),
}

impl FormatPlan {
    /// Name of the format.
    pub fn name(&self) -> FormatName {
        match self {
            FormatPlan::CanalJson(_) => FormatName::CanalJson,
            FormatPlan::DtsAvro(_) => FormatName::DtsAvro,
            FormatPlan::DebeziumJson(_) => FormatName::DebeziumJson,
            FormatPlan::DebeziumAvro(_) => FormatName::DebeziumAvro,
            FormatPlan::MaxwellJson(_) => FormatName::MaxwellJson,
            FormatPlan::Avro(_) => FormatName::Avro,
            FormatPlan::Json(_) => FormatName::Json,
        }
    }

    /// How values are texts outside of messages: as those of `canal-json` are, with its options where it is the format.
    pub(crate) fn texts(&self) -> CanalOptions {
        match self {
            FormatPlan::CanalJson(options) => options.clone(),
            FormatPlan::DtsAvro(_)
            | FormatPlan::DebeziumJson(_)
            | FormatPlan::DebeziumAvro(_)
            | FormatPlan::MaxwellJson(_)
            | FormatPlan::Avro(_)
            | FormatPlan::Json(_) => CanalOptions::default(),
        }
    }

    /// The format whose text of values is hashed where columns choose a partition: one without schemas, so that a partition
    /// depends on values alone.
    pub(crate) fn hashed(&self) -> FormatPlan {
        match self {
            FormatPlan::DebeziumJson(options) => {
                FormatPlan::DebeziumJson(DebeziumJsonOptions { schemas: false, ..options.clone() })
            }
            FormatPlan::DebeziumAvro(options) => FormatPlan::DebeziumJson(DebeziumJsonOptions {
                snapshot_create: options.snapshot_create,
                bigint_unsigned: options.bigint_unsigned,
                decimal: options.decimal,
                binary: options.binary,
                schemas: false,
            }),
            FormatPlan::Avro(_) => FormatPlan::Json(JsonOptions::plain()),
            FormatPlan::CanalJson(_)
            | FormatPlan::DtsAvro(_)
            | FormatPlan::MaxwellJson(_)
            | FormatPlan::Json(_) => self.clone(),
        }
    }

    /// The format whose keys are those of `key … as avro`: its own, or that of its family in Avro.
    pub(crate) fn of_avro_key(&self) -> FormatPlan {
        match self {
            FormatPlan::Avro(_) | FormatPlan::DebeziumAvro(_) => self.clone(),
            FormatPlan::DebeziumJson(options) => FormatPlan::DebeziumAvro(DebeziumAvroOptions {
                subject: Subject::Topic,
                compatibility: None,
                snapshot_create: options.snapshot_create,
                bigint_unsigned: options.bigint_unsigned,
                decimal: DecimalForm::Precise,
                binary: options.binary,
            }),
            FormatPlan::CanalJson(_)
            | FormatPlan::DtsAvro(_)
            | FormatPlan::MaxwellJson(_)
            | FormatPlan::Json(_) => FormatPlan::Avro(AvroOptions {
                subject: Subject::Topic,
                compatibility: None,
                bigint_unsigned: BigintUnsigned::Decimal,
                decimal: DecimalForm::Decimal,
                enum_form: EnumForm::Label,
            }),
        }
    }

    /// How its schemas are called in the registry and which changes of them it takes; none for formats without a registry.
    pub fn registered(&self) -> Option<(Subject, Option<Compatibility>)> {
        match self {
            FormatPlan::Avro(options) => Some((options.subject, options.compatibility)),
            FormatPlan::DebeziumAvro(options) => Some((options.subject, options.compatibility)),
            FormatPlan::CanalJson(_)
            | FormatPlan::DtsAvro(_)
            | FormatPlan::DebeziumJson(_)
            | FormatPlan::MaxwellJson(_)
            | FormatPlan::Json(_) => None,
        }
    }
}

/// Options of `canal-json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CanalOptions {
    /// `snapshot-op init`: snapshot rows have type INIT, not INSERT.
    pub snapshot_init: bool,
    /// `enum label`: labels instead of indexes, also for SET.
    pub enum_label: bool,
    /// `time-zone`: zone of TIMESTAMP text; none is UTC.
    pub time_zone: Option<String>,
    /// `dialect dts`: without `gtid`, and `sqlType` by the declaration of the column.
    pub dts: bool,
}

/// Options of `dts-avro`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DtsOptions {
    /// `snapshot-op init`.
    pub snapshot_init: bool,
    /// `heartbeat`.
    pub heartbeat: FormatHeartbeat,
    /// `transactions on`: records where source transactions begin and end.
    #[serde(default)]
    pub transactions: bool,
}

/// Options of `debezium-json`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DebeziumJsonOptions {
    /// `snapshot-op create`.
    pub snapshot_create: bool,
    /// `bigint-unsigned`.
    pub bigint_unsigned: BigintUnsigned,
    /// `decimal`.
    pub decimal: DecimalForm,
    /// `binary`.
    pub binary: BinaryForm,
    /// `schemas on`.
    pub schemas: bool,
}

/// Options of `debezium-avro`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DebeziumAvroOptions {
    /// `subject`.
    pub subject: Subject,
    /// `compatibility`; none is the registry's own.
    pub compatibility: Option<Compatibility>,
    /// `snapshot-op create`.
    pub snapshot_create: bool,
    /// `bigint-unsigned`.
    pub bigint_unsigned: BigintUnsigned,
    /// `decimal`.
    pub decimal: DecimalForm,
    /// `binary`.
    pub binary: BinaryForm,
}

/// Options of `maxwell-json`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MaxwellOptions {
    /// `nulls omit`.
    pub omit_nulls: bool,
    /// `snapshot-op bootstrap`.
    pub snapshot_bootstrap: bool,
}

/// Options of `avro`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AvroOptions {
    /// `subject`.
    pub subject: Subject,
    /// `compatibility`; none is the registry's own.
    pub compatibility: Option<Compatibility>,
    /// `bigint-unsigned`.
    pub bigint_unsigned: BigintUnsigned,
    /// `decimal`.
    pub decimal: DecimalForm,
    /// `enum`.
    pub enum_form: EnumForm,
}

/// Options of `json`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JsonOptions {
    /// `nulls omit`.
    pub omit_nulls: bool,
    /// `decimal`.
    pub decimal: DecimalForm,
    /// `binary`.
    pub binary: BinaryForm,
    /// `enum`.
    pub enum_form: EnumForm,
}

impl JsonOptions {
    /// The options when nothing is written.
    pub fn plain() -> JsonOptions {
        JsonOptions {
            omit_nulls: false,
            decimal: DecimalForm::Number,
            binary: BinaryForm::Base64,
            enum_form: EnumForm::Label,
        }
    }
}
