//! All formats, with the options that hold when nothing is written.

use syncc::format::{
    AvroOptions, CanalOptions, DebeziumAvroOptions, DebeziumJsonOptions, DtsOptions, FormatPlan, JsonOptions,
    MaxwellOptions,
};
use syncc::statement::{BigintUnsigned, BinaryForm, DecimalForm, EnumForm, FormatHeartbeat, Subject};

pub(crate) fn all() -> [FormatPlan; 8] {
    let debezium = DebeziumJsonOptions {
        snapshot_create: false,
        bigint_unsigned: BigintUnsigned::Long,
        decimal: DecimalForm::String,
        binary: BinaryForm::Bytes,
        schemas: false,
    };
    [
        FormatPlan::CanalJson(CanalOptions::default()),
        FormatPlan::CanalJson(CanalOptions {
            time_zone: Some("Europe/Berlin".into()),
            ..CanalOptions::default()
        }),
        FormatPlan::DtsAvro(DtsOptions {
            snapshot_init: false,
            heartbeat: FormatHeartbeat::Off,
            transactions: false,
        }),
        FormatPlan::DebeziumJson(debezium),
        FormatPlan::MaxwellJson(MaxwellOptions { omit_nulls: false, snapshot_bootstrap: false }),
        FormatPlan::Json(JsonOptions::plain()),
        FormatPlan::DebeziumAvro(DebeziumAvroOptions {
            subject: Subject::Topic,
            compatibility: None,
            snapshot_create: false,
            bigint_unsigned: BigintUnsigned::Long,
            decimal: DecimalForm::Precise,
            binary: BinaryForm::Bytes,
        }),
        FormatPlan::Avro(AvroOptions {
            subject: Subject::Topic,
            compatibility: None,
            bigint_unsigned: BigintUnsigned::Decimal,
            decimal: DecimalForm::Decimal,
            enum_form: EnumForm::Label,
        }),
    ]
}

/// Name of a format, with the one option that is measured.
pub(crate) fn name(plan: &FormatPlan) -> String {
    match plan {
        FormatPlan::CanalJson(options) if options.time_zone.is_some() => "canal-json in a zone".into(),
        plan => plan.name().to_string(),
    }
}
