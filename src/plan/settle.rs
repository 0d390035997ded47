//! The settings that hold for one table: the nearest of its levels, then what holds by default.

use super::decide::{DecideError, Decider};
use super::{DdlPlan, Layer, TableDecision, TopicSettings};
use crate::format::{
    AvroOptions, CanalOptions, DebeziumAvroOptions, DebeziumJsonOptions, DtsOptions, FormatPlan, JsonOptions,
    MaxwellOptions,
};
use crate::kafka::TopicName;
use crate::statement::{
    BigintUnsigned, BinaryForm, Cleanup, Create, DdlPartition, DdlTopic, DecimalForm, Dialect, EnumForm,
    FormatHeartbeat, FormatName, KeyRule, MaskRule, Nulls, OnDeny, PartitionRule, SnapshotOp, Subject,
    Switch, Template, TemplatePart, Truncate,
};

/// A minute between messages of an idle topic: the subscribe SDK reconnects after 64 empty polls.
const FORMAT_HEARTBEAT_MS: u64 = 60_000;

/// The levels that speak of one table.
pub(super) struct Near<'d> {
    decider: &'d Decider,
    /// Indexes of layers that take the table.
    hits: Vec<usize>,
}

impl<'d> Near<'d> {
    pub(super) fn new(decider: &'d Decider, db: &str, table: &str) -> Near<'d> {
        Near { decider, hits: decider.layers_of(db, table) }
    }

    /// The levels that speak of all tables.
    pub(super) fn of_no_table(decider: &'d Decider) -> Near<'d> {
        let layers = decider.layers();
        Near { decider, hits: (0..layers.len()).filter(|&n| layers[n].tables.is_none()).collect() }
    }

    /// A setting of the nearest level that gives it, and the index of its layer.
    pub(super) fn setting<T>(&self, of: impl Fn(&'d Layer) -> Option<T>) -> Option<(T, usize)> {
        let rules = self.decider.layers();
        let given = |n: &usize| of(&rules[*n]).is_some();
        let level = self.hits.iter().copied().filter(given).map(|n| rules[n].level).max()?;
        let hits: Vec<usize> =
            self.hits.iter().copied().filter(given).filter(|&n| rules[n].level == level).collect();
        let best = self.decider.narrowest_layer(&hits)?;
        of(&rules[best]).map(|value| (value, best))
    }

    fn value<T>(&self, of: impl Fn(&'d Layer) -> Option<T>) -> Option<T> {
        self.setting(of).map(|(value, _)| value)
    }

    /// The format that holds.
    pub(super) fn format(&self) -> FormatName {
        self.value(|layer| layer.format).unwrap_or(FormatName::CanalJson)
    }

    /// Indexes of layers with masks, the strongest first.
    pub(super) fn masking(&self) -> Vec<usize> {
        let rules = self.decider.layers();
        let masking = self.hits.iter().copied().filter(|&n| !rules[n].masks.is_empty()).collect();
        let mut sorted = self.decider.narrower_layers_first(masking);
        sorted.sort_by_key(|&n| std::cmp::Reverse(rules[n].level));
        sorted
    }

    /// The decision for a table with these names and this topic.
    pub(super) fn decide(
        &self,
        (db, table): (String, String),
        topic: TopicName,
    ) -> Result<TableDecision, DecideError> {
        let plain = TableDecision::plain(db, table, topic);
        let format = self.format_plan();
        let cleanup = self.value(|layer| layer.topic_cleanup);
        let compacts = matches!(cleanup, Some(Cleanup::Compact | Cleanup::CompactDelete));
        let debezium = matches!(format, FormatPlan::DebeziumJson(_) | FormatPlan::DebeziumAvro(_));
        let tombstones = self.value(|layer| layer.tombstones);
        let key = self.value(|layer| layer.key.as_ref());
        let partition = self.value(|layer| layer.partition.as_ref());
        // Its subscribe SDK reads partition 0 only.
        let to_zero = matches!(format, FormatPlan::DtsAvro(_)).then_some(PartitionRule::To(0));
        let ddl = self.ddl(partition.map(|partition| &partition.rule));
        let written = self.value(|layer| layer.truncate);
        let truncate = written.unwrap_or(match (&ddl, format.name()) {
            (Some(_), FormatName::CanalJson | FormatName::DtsAvro) => Truncate::Emit,
            _ => Truncate::Warn,
        });
        let masks: Vec<MaskRule> =
            self.masking().into_iter().flat_map(|n| self.decider.layers()[n].masks.clone()).collect();
        let conditions = self.value(|layer| (!layer.conditions.is_empty()).then(|| layer.conditions.clone()));
        Ok(TableDecision {
            topic_settings: TopicSettings {
                create: self.value(|layer| layer.topic_create) != Some(Create::Never),
                partitions: self.value(|layer| layer.topic_partitions),
                replicas: self.value(|layer| layer.topic_replicas),
                min_insync: self.value(|layer| layer.topic_min_insync),
                cleanup,
                retention_ms: self.value(|layer| layer.topic_retention).map(|retention| retention.0),
            },
            key: key.map_or(KeyRule::Primary, |key| key.rule.clone()),
            key_form: key.and_then(|key| key.form),
            key_change: self.value(|layer| layer.key_change).unwrap_or(plain.key_change),
            hash: partition.map_or(plain.hash, |partition| partition.hash),
            partition: partition
                .map(|partition| partition.rule.clone())
                .or(to_zero)
                .unwrap_or(PartitionRule::ByKey),
            columns: self.value(|layer| layer.columns.clone()),
            masks,
            conditions: conditions.unwrap_or_default(),
            time_zone: self.decider.time_zone(),
            headers: self.value(|layer| layer.headers.clone()).unwrap_or_default(),
            tombstones: tombstones.map_or(compacts || debezium, |switch| switch == Switch::On),
            changes: self.value(|layer| layer.changes.clone()).unwrap_or(plain.changes),
            ddl,
            truncate,
            on_error: self.value(|layer| layer.on_error.clone()).unwrap_or(plain.on_error),
            on_oversize: self.value(|layer| layer.on_oversize.clone()).unwrap_or(plain.on_oversize),
            on_invalid_value: self.value(|layer| layer.on_invalid_value).unwrap_or(plain.on_invalid_value),
            format,
            ..plain
        })
    }

    fn ddl(&self, partition: Option<&PartitionRule>) -> Option<DdlPlan> {
        if self.value(|layer| layer.ddl) != Some(Switch::On) {
            return None;
        }
        let topic = self.value(|layer| layer.ddl_topic.clone()).unwrap_or_else(|| {
            let pipeline = TemplatePart::Hole { name: "pipeline".to_owned(), filter: None };
            let behind = TemplatePart::Text(".schema-changes".to_owned());
            DdlTopic::Topic(Template { parts: vec![pipeline, behind] })
        });
        let by_table = topic == DdlTopic::Same && partition == Some(&PartitionRule::ByTable);
        let default = if by_table { DdlPartition::ByTable } else { DdlPartition::To(0) };
        Some(DdlPlan {
            topic,
            partition: self.value(|layer| layer.ddl_partition).unwrap_or(default),
            allow: self.value(|layer| layer.ddl_allow.clone()),
            deny: self.value(|layer| layer.ddl_deny.clone()).unwrap_or_default(),
            on_deny: self.value(|layer| layer.ddl_on_deny).unwrap_or(OnDeny::Skip),
        })
    }

    /// The format with its options. An option counts where it is written with the format that holds.
    fn format_plan(&self) -> FormatPlan {
        let name = self.format();
        let subject = self.option(name, |layer| layer.subject).unwrap_or(Subject::Topic);
        let compatibility = self.option(name, |layer| layer.compatibility);
        let omit_nulls = self.option(name, |layer| layer.nulls) == Some(Nulls::Omit);
        let snapshot_op = self.option(name, |layer| layer.snapshot_op);
        let bigint = self.option(name, |layer| layer.bigint_unsigned);
        let decimal = self.option(name, |layer| layer.decimal);
        let binary = self.option(name, |layer| layer.binary);
        let enum_form = self.option(name, |layer| layer.enum_form);
        match name {
            FormatName::CanalJson => FormatPlan::CanalJson(CanalOptions {
                snapshot_init: snapshot_op == Some(SnapshotOp::Init),
                enum_label: enum_form == Some(EnumForm::Label),
                time_zone: self.option(name, |layer| layer.time_zone.clone()).map(|zone| zone.0),
                dts: self.option(name, |layer| layer.dialect) == Some(Dialect::Dts),
            }),
            FormatName::DtsAvro => FormatPlan::DtsAvro(DtsOptions {
                snapshot_init: snapshot_op == Some(SnapshotOp::Init),
                heartbeat: self
                    .option(name, |layer| layer.format_heartbeat)
                    .unwrap_or(FormatHeartbeat::Every(FORMAT_HEARTBEAT_MS)),
                transactions: self.option(name, |layer| layer.transactions) == Some(Switch::On),
            }),
            FormatName::DebeziumJson => FormatPlan::DebeziumJson(DebeziumJsonOptions {
                snapshot_create: snapshot_op == Some(SnapshotOp::Create),
                bigint_unsigned: bigint.unwrap_or(BigintUnsigned::Long),
                decimal: decimal.unwrap_or(DecimalForm::String),
                binary: binary.unwrap_or(BinaryForm::Bytes),
                schemas: self.option(name, |layer| layer.schemas) == Some(Switch::On),
            }),
            FormatName::DebeziumAvro => FormatPlan::DebeziumAvro(DebeziumAvroOptions {
                subject,
                compatibility,
                snapshot_create: snapshot_op == Some(SnapshotOp::Create),
                bigint_unsigned: bigint.unwrap_or(BigintUnsigned::Long),
                decimal: decimal.unwrap_or(DecimalForm::Precise),
                binary: binary.unwrap_or(BinaryForm::Bytes),
            }),
            FormatName::MaxwellJson => FormatPlan::MaxwellJson(MaxwellOptions {
                omit_nulls,
                snapshot_bootstrap: snapshot_op == Some(SnapshotOp::Bootstrap),
            }),
            FormatName::Avro => FormatPlan::Avro(AvroOptions {
                subject,
                compatibility,
                bigint_unsigned: bigint.unwrap_or(BigintUnsigned::Decimal),
                decimal: decimal.unwrap_or(DecimalForm::Decimal),
                enum_form: enum_form.unwrap_or(EnumForm::Label),
            }),
            FormatName::Json => FormatPlan::Json(JsonOptions {
                omit_nulls,
                decimal: decimal.unwrap_or(DecimalForm::Number),
                binary: binary.unwrap_or(BinaryForm::Base64),
                enum_form: enum_form.unwrap_or(EnumForm::Label),
            }),
        }
    }

    fn option<T>(&self, format: FormatName, of: impl Fn(&'d Layer) -> Option<T>) -> Option<T> {
        self.value(|layer| if layer.format == Some(format) { of(layer) } else { None })
    }
}
