//! The settings of tables: one line each, from which the types of every stage are made.

/// Calls a macro with all settings of tables: variant of [`Property`], field, type and word of the statement, and the block
/// that it stands in.
///
/// To add one: a line here, a row in the table of statements, and the lines the compiler then asks for.
macro_rules! table_properties {
    ($make:ident) => {
        $make! {
            /// `topic`.
            Topic, topic: Template, "topic", "";
            /// `topic { create }`.
            TopicCreate, topic_create: Create, "create", "topic";
            /// `topic { partitions }`.
            TopicPartitions, topic_partitions: u32, "partitions", "topic";
            /// `topic { replicas }`.
            TopicReplicas, topic_replicas: u16, "replicas", "topic";
            /// `topic { cleanup }`.
            TopicCleanup, topic_cleanup: Cleanup, "cleanup", "topic";
            /// `topic { retention }`.
            TopicRetention, topic_retention: Millis, "retention", "topic";
            /// `topic { min-insync }`.
            TopicMinInsync, topic_min_insync: u16, "min-insync", "topic";
            /// `key`.
            Key, key: Key, "key", "";
            /// `key-change`.
            KeyChange, key_change: KeyChange, "key-change", "";
            /// `partition`.
            Partition, partition: Partition, "partition", "";
            /// `format`.
            Format, format: FormatName, "format", "";
            /// `format { subject }`.
            Subject, subject: Subject, "subject", "format";
            /// `format { compatibility }`.
            Compatibility, compatibility: Compatibility, "compatibility", "format";
            /// `format { nulls }`.
            Nulls, nulls: Nulls, "nulls", "format";
            /// `format { snapshot-op }`.
            SnapshotOp, snapshot_op: SnapshotOp, "snapshot-op", "format";
            /// `format { bigint-unsigned }`.
            BigintUnsigned, bigint_unsigned: BigintUnsigned, "bigint-unsigned", "format";
            /// `format { decimal }`.
            Decimal, decimal: DecimalForm, "decimal", "format";
            /// `format { binary }`.
            Binary, binary: BinaryForm, "binary", "format";
            /// `format { enum }`.
            EnumForm, enum_form: EnumForm, "enum", "format";
            /// `format { time-zone }`.
            TimeZone, time_zone: Quoted, "time-zone", "format";
            /// `format { schemas }`.
            Schemas, schemas: Switch, "schemas", "format";
            /// `format { dialect }`.
            Dialect, dialect: Dialect, "dialect", "format";
            /// `format { heartbeat }`.
            FormatHeartbeat, format_heartbeat: FormatHeartbeat, "heartbeat", "format";
            /// `format { transactions }`.
            Transactions, transactions: Switch, "transactions", "format";
            /// `tombstones`.
            Tombstones, tombstones: Switch, "tombstones", "";
            /// `headers`.
            Headers, headers: WordSet<Header>, "headers", "";
            /// `changes`.
            Changes, changes: WordSet<ChangeKind>, "changes", "";
            /// `columns`.
            Columns, columns: ColumnRule, "columns", "";
            /// `ddl`.
            Ddl, ddl: Switch, "ddl", "";
            /// `ddl { topic }`.
            DdlTopic, ddl_topic: DdlTopic, "topic", "ddl";
            /// `ddl { partition }`.
            DdlPartition, ddl_partition: DdlPartition, "partition", "ddl";
            /// `ddl { allow }`.
            DdlAllow, ddl_allow: WordSet<DdlKind>, "allow", "ddl";
            /// `ddl { deny }`.
            DdlDeny, ddl_deny: WordSet<DdlKind>, "deny", "ddl";
            /// `ddl { on-deny }`.
            DdlOnDeny, ddl_on_deny: OnDeny, "on-deny", "ddl";
            /// `truncate`.
            Truncate, truncate: Truncate, "truncate", "";
            /// `on-error`.
            OnError, on_error: OnError, "on-error", "";
            /// `on-oversize`.
            OnOversize, on_oversize: OnOversize, "on-oversize", "";
            /// `on-invalid-value`.
            OnInvalidValue, on_invalid_value: OnInvalidValue, "on-invalid-value", "";
        }
    };
}

pub(crate) use table_properties;

macro_rules! property {
    ($($(#[$doc:meta])* $variant:ident, $field:ident: $type:ty, $word:literal, $block:literal;)+) => {
        /// A setting of tables.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Property {
            $($(#[$doc])* $variant,)+
        }

        impl Property {
            /// All of them, in the order of a row's way.
            pub const ALL: &'static [Property] = &[$(Property::$variant,)+];

            /// Word of its statement.
            pub fn word(self) -> &'static str {
                match self {
                    $(Property::$variant => $word,)+
                }
            }

            /// Word of the block its statement stands in; empty without one.
            pub fn block(self) -> &'static str {
                match self {
                    $(Property::$variant => $block,)+
                }
            }
        }
    };
}

table_properties!(property);
