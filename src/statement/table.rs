//! The rows.

use super::spec::{Block, Once, Place, Reload, StatementSpec, Support};

use Block::{May, Must, No as NoBlock};
use Once::{No as Often, PerForm, Yes as Single};
use Place::{
    Ddl, Defaults, File, Format, From, Lock, LockFile, LockTable, Pipeline, Profile, Registry, Source, State,
    Table, Target, Test, To, Topic,
};
use Reload::{Backfill, Breaks, Content, InPlace, Refused, Rewire};

/// Blocks whose statements say what becomes of tables.
const SETTINGS: &[Place] = &[Pipeline, To, Table, Defaults, Profile];

/// A statement that this release executes.
#[expect(clippy::too_many_arguments, reason = "one argument per column of the table")]
const fn runs(
    word: &'static str,
    places: &'static [Place],
    args: &'static str,
    block: Block,
    once: Once,
    default: &'static str,
    reload: Reload,
    doc: &'static str,
    example: &'static str,
) -> StatementSpec {
    let support = Support::Runs;
    StatementSpec { word, places, args, block, once, default, reload, since: 2026, support, doc, example }
}

/// A statement that this release compiles but does not execute.
#[expect(clippy::too_many_arguments, reason = "one argument per column of the table")]
const fn compiles(
    word: &'static str,
    places: &'static [Place],
    args: &'static str,
    block: Block,
    once: Once,
    default: &'static str,
    reload: Reload,
    doc: &'static str,
    example: &'static str,
) -> StatementSpec {
    let support = Support::Compiles;
    StatementSpec { word, places, args, block, once, default, reload, since: 2026, support, doc, example }
}

/// A statement that this release does not even compile.
#[expect(clippy::too_many_arguments, reason = "one argument per column of the table")]
const fn named(
    word: &'static str,
    places: &'static [Place],
    args: &'static str,
    block: Block,
    once: Once,
    default: &'static str,
    reload: Reload,
    doc: &'static str,
    example: &'static str,
) -> StatementSpec {
    let support = Support::Named;
    StatementSpec { word, places, args, block, once, default, reload, since: 2026, support, doc, example }
}

/// Every statement of the language.
#[rustfmt::skip]
pub static STATEMENTS: &[StatementSpec] = &[
    // ---------- file ----------
    runs("edition", &[File, LockFile], "NUMBER", NoBlock, Single, "", InPlace,
        "The rules by which this file is read. The first statement of every file.",
        "edition 2026"),
    runs("use", &[File], "TEXT", NoBlock, Often, "", Rewire,
        "Adds the files of another directory, relative to this file.",
        "use \"../platform\""),
    runs("param", &[File], "NAME (one-of NAME+ [default NAME] | integer [default NUMBER] | text [default TEXT] | by NAME)",
        May(Place::Options), Often, "", Content,
        "A value chosen when the program starts, by `--param NAME=VALUE` or `SYNCC_PARAM_NAME`, used as `{NAME}` in texts and \
         as `param NAME` where a value stands. With `by`, one value for each option of another.",
        "param region one-of eu, us default eu"),
    named("moved", &[File], "(pipeline | source | target) NAME to NAME", NoBlock, Often, "", InPlace,
        "Hands the state of a renamed thing over.",
        "moved pipeline order_shards to orders"),
    runs("defaults", &[File], "", Must(Defaults), Often, "", Content,
        "Settings of all pipelines; a pipeline's own win.",
        "defaults {\n  retry for 6h\n}"),
    runs("profile", &[File], "NAME", Must(Profile), Often, "", Content,
        "A named bundle of settings, added with `with`.",
        "profile pii {\n  columns except password*, card_number\n}"),
    named("test", &[File], "NAME TEXT", Must(Test), Often, "", InPlace,
        "Rows in, expected messages out; run by `syncc test`.",
        "test shop \"rows are sent\" {\n  expect nothing else\n}"),
    runs("source", &[File], "NAME mysql [ADDRESS] | RANGE mysql [ADDRESS]", May(Source), Often, "", Rewire,
        "A MySQL or MariaDB server that changes are read from. A range of names declares one for each: `{n}` of \
         `shard_[n:00..15]` and `{source}` stand for number and name in the texts of the block.",
        "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}"),
    runs("target", &[File], "NAME kafka [ADDRESS] | NAME stdout | NAME file TEMPLATE", May(Target), Often, "", Rewire,
        "Where messages go: a Kafka cluster, standard output, or a file per topic.",
        "target bus kafka \"kafka1:9092\""),
    runs("pipeline", &[File], "NAME [from NAME to NAME] | NAME from NAMES to NAME", May(Pipeline), Often, "", Rewire,
        "Which tables go from which sources to which targets, and what becomes of them on the way.",
        "pipeline shop from shop to bus {\n  include shop.*\n}"),

    // ---------- source ----------
    runs("address", &[Source], "PLAIN", NoBlock, Single, "", Rewire,
        "Where the server is: `[USER@]HOST[:3306]`.",
        "address env CATALOG_ADDRESS else \"catalog.internal:3306\""),
    runs("user", &[Source], "TEXT", NoBlock, Single, "that of the address, else syncc", Rewire,
        "User at the server.",
        "user \"syncc\""),
    runs("password", &[Source, Target], "SECRET", NoBlock, Single, "", Rewire,
        "Where the password is found when the program starts.",
        "password file \"/run/secrets/shop_db\""),
    compiles("time-zone", &[Source], "ZONE", NoBlock, Single, "the server's", Rewire,
        "Zone of the server's TIMESTAMP columns, where the server does not say it: a name of the time zone database, or an offset.",
        "time-zone \"Europe/Berlin\""),
    compiles("standby", &[Source], "ADDRESS+", NoBlock, Single, "", InPlace,
        "Addresses tried after `address`, in order, when the server is lost.",
        "standby \"db2:3306\", \"db3:3306\""),
    compiles("on-failover", &[Source], "stop | follow", NoBlock, Single, "follow", InPlace,
        "What to do when another server answers: `follow` goes on where its log is proven to continue the other's.",
        "on-failover stop"),
    compiles("server-id", &[Source], "auto | NUMBER(1..4_294_967_295) [to NUMBER(1..4_294_967_295)]", NoBlock, Single, "auto", Rewire,
        "Ids under which syncc registers as a replica, one for each of the `readers`; without an end, as many as are needed.",
        "server-id 4001 to 4004"),
    compiles("readers", &[Source], "NUMBER(1..16)", NoBlock, Single, "4", InPlace,
        "Most connections that read the log at once.",
        "readers 2"),
    runs("heartbeat", &[Source], "every DURATION(1s..1h) [<table DB.NAME>]", NoBlock, Single, "every 10s", Rewire,
        "How often a quiet server shows that it lives; three missed are a dead connection. In the table one row is updated as often.",
        "heartbeat every 10s"),
    runs("event-limit", &[Source], "SIZE(1MiB..1GiB)", NoBlock, Single, "96MiB", Rewire,
        "Largest event of the log that is read. A larger one needs more of `--memory`.",
        "event-limit 64MiB"),
    runs("tls", &[Source, Target, Registry],
        "off [because TEXT] | (require | verify-ca | verify-full) [ca TEXT] [cert TEXT key file TEXT] [name TEXT]",
        NoBlock, Single, "verify-full; off for loopback", Rewire,
        "Encryption, and how much of the server's certificate is verified.",
        "tls verify-full ca \"/etc/ssl/shop-ca.pem\""),
    runs("start", &[Source, Pipeline],
        "snapshot | now | <at gtid GTID> | <at binlog BINLOG> | <at TIMESTAMP>", May(Place::Start), Single, "snapshot", Refused,
        "Where the first start begins: with the existing rows, with the log from now on, or at a place in the log.",
        "start snapshot {\n  chunk 8_192 rows\n}"),
    runs("chunk", &[Place::Start], "NUMBER(1..10_000_000) rows", NoBlock, Single, "adapts", InPlace,
        "Rows read by one SELECT of the first load.",
        "start snapshot {\n  chunk 8_192 rows\n}"),
    compiles("rate", &[Place::Start], "RATE(1KiB/s..)", NoBlock, Single, "no limit", InPlace,
        "Most bytes a second that the first load reads from a source.",
        "start snapshot {\n  rate 20MiB/s\n}"),
    compiles("window", &[Place::Start], "CLOCK to CLOCK ZONE", NoBlock, Single, "at any hour", InPlace,
        "Hours of the first load, in a time zone; an end before the begin is on the next day.",
        "start snapshot {\n  window 22:00 to 06:00 \"Europe/Berlin\"\n}"),
    compiles("parallel", &[Place::Start], "NUMBER(1..64)", NoBlock, Single, "1", InPlace,
        "Chunks read at once from a source.",
        "start snapshot {\n  parallel 2\n}"),
    compiles("schema", &[Place::Start], "on | off", NoBlock, Single, "on", Refused,
        "Whether the first load makes topics, subjects, and a CREATE TABLE message for each table.",
        "start snapshot {\n  schema off\n}"),
    runs("data", &[Place::Start], "on | off", NoBlock, Single, "on", Refused,
        "Whether the first load sends existing rows.",
        "start snapshot {\n  data off\n}"),

    // ---------- target ----------
    runs("brokers", &[Target], "ADDRESS+", NoBlock, Single, "", Rewire, "First brokers to ask: `HOST[:9092]`.",
        "brokers \"kafka1.internal:9093\", \"kafka2.internal:9093\""),
    runs("user", &[Target], "TEXT with (plain | scram-sha-256 | scram-sha-512 | <oauthbearer>)", NoBlock, Single, "", Rewire,
        "User and SASL mechanism. The password of `oauthbearer` is a token, read from a file and again before it expires.",
        "user \"syncc\" with scram-sha-512"),
    compiles("registry", &[Target], "URL", May(Registry), Single, "", Rewire,
        "The schema registry of formats with Avro.",
        "registry \"https://registry.internal\""),
    compiles("user", &[Registry], "TEXT", NoBlock, Single, "", Rewire, "User at the registry.",
        "registry \"https://registry.internal\" {\n  user \"syncc\"\n}"),
    compiles("password", &[Registry], "SECRET", NoBlock, Single, "", Rewire, "Password at the registry.",
        "registry \"https://registry.internal\" {\n  user \"syncc\"\n  password env REGISTRY_PASSWORD\n}"),
    runs("delivery", &[Target], "exactly-once | at-least-once", NoBlock, Single, "exactly-once", Rewire,
        "What a crash may do: nothing, or send rows again.",
        "delivery at-least-once"),
    runs("broker-version", &[Target], "VERSION", NoBlock, Single, "what they say", Rewire,
        "Version of brokers that cannot say theirs. Exactly-once needs 2.1; 0.10.2 is the oldest.",
        "broker-version 2.8"),
    runs("transaction-timeout", &[Target], "DURATION(10s..15m)", NoBlock, Single, "60s", Rewire,
        "How long a crash may hold back other readers.",
        "transaction-timeout 2m"),
    runs("state", &[Target], "", Must(State), Single, "", Refused, "The topics that hold the positions of tasks.",
        "state {\n  prefix \"syncc\"\n}"),
    runs("prefix", &[State], "TEXT", NoBlock, Single, "\"syncc\"", Refused,
        "First part of their names: at most 60 of `a–z A–Z 0–9 . _ -`.",
        "state {\n  prefix \"shop.syncc\"\n}"),
    runs("replicas", &[State], "NUMBER(1..32767)", NoBlock, Single, "3, or the number of brokers", Refused, "Replicas of a state topic.",
        "state {\n  replicas 3\n}"),
    runs("min-insync", &[State], "NUMBER(1..32767)", NoBlock, Single, "replicas - 1, at least 1", Refused,
        "`min.insync.replicas` of a state topic.",
        "state {\n  min-insync 2\n}"),
    runs("acks", &[Target, To, Defaults, Profile], "all | NUMBER(0..1)", NoBlock, Single, "all", Rewire,
        "Whose answer a message waits for: all replicas in sync, the leader (1), or nobody (0).",
        "acks all"),
    runs("compression", &[Target, To, Defaults, Profile], "none | lz4 | zstd | snappy | gzip", NoBlock, Single, "lz4", Rewire,
        "Codec of record batches.",
        "compression zstd"),
    runs("batch", &[Target, To, Defaults, Profile], "SIZE(1KiB..100MiB)", NoBlock, Single, "1MiB", Rewire,
        "Largest record batch.",
        "batch 512KiB"),
    runs("linger", &[Target, To, Defaults, Profile], "DURATION(0ms..15m)", NoBlock, Single, "0ms", Rewire,
        "How long a batch waits to fill.",
        "linger 20ms"),
    runs("in-flight", &[Target, To, Defaults, Profile], "NUMBER(1..1_000)", NoBlock, Single, "5", Rewire,
        "Requests to a broker without an answer. Above 5 a retry may change the order.",
        "in-flight 3"),

    // ---------- pipeline ----------
    runs("from", &[Pipeline], "NAME | NAMES | <NAME topic TEXT>", May(From), Often, "", Rewire,
        "A source, or all that a pattern takes. With `topic`: the topics of a target, which are copied (a relay).",
        "from shard_*"),
    runs("to", &[Pipeline], "NAME", May(To), Often, "", Rewire, "A target, and what differs there.",
        "to bus {\n  linger 20ms\n}"),
    runs("table", &[Pipeline, To], "DB.TABLE", Must(Table), Often, "", Content,
        "Settings of the tables a pattern takes; the narrower pattern wins.",
        "table shop.orders {\n  partition by column customer_id\n}"),
    runs("include", &[Pipeline], "DB.TABLE+", NoBlock, Often, "", Backfill, "Tables that are sent.",
        "include shop.*, crm.customers"),
    runs("exclude", &[Pipeline], "DB.TABLE+", NoBlock, Often, "", Backfill, "Tables that are not sent; wins over `include`.",
        "exclude shop.tmp_*"),
    runs("include", &[From], "DB.TABLE+", NoBlock, Often, "", Backfill, "Tables sent from this source alone.",
        "from shop {\n  include shop.*\n}"),
    runs("exclude", &[From], "DB.TABLE+", NoBlock, Often, "", Backfill, "Tables not sent from this source.",
        "from shop {\n  exclude shop.tmp_*\n}"),
    runs("rename", &[Pipeline],
        "database DATABASE to NEWNAME | table DB.TABLE to NEWNAME | column DB.TABLE.COLUMN to NEWNAME",
        NoBlock, Often, "", Breaks, "Another name in messages. Every other statement uses the source's names.",
        "rename table shop.order_item to order_lines"),
    runs("names", &[Pipeline, Defaults, Profile], "as-source | lower | upper", NoBlock, Single, "as-source", Breaks,
        "Case of the names of databases, tables and columns in messages, before `rename`.",
        "names lower"),
    runs("format", SETTINGS,
        "canal-json | <dts-avro | debezium-json | debezium-avro | maxwell-json | avro | json>",
        May(Format), Single, "canal-json", Breaks,
        "The shape of a message. Its block holds the options that the format has.",
        "format canal-json {\n  enum label\n}"),
    runs("snapshot-op", &[Format], "insert | init | bootstrap | read | create", NoBlock, Single, "insert; debezium: read", Breaks,
        "Type that a message of the first load says.",
        "format canal-json {\n  snapshot-op init\n}"),
    runs("enum", &[Format], "index | label", NoBlock, Single, "canal-json: index; json, avro: label", Breaks,
        "How ENUM and SET are written.",
        "format canal-json {\n  enum label\n}"),
    runs("subject", &[Format], "topic | record | topic-record", NoBlock, Single, "topic", Breaks,
        "What the registry calls a schema: after the topic, the record or both.",
        "format avro {\n  subject record\n}"),
    runs("compatibility", &[Format], "backward | forward | full | none", NoBlock, Single, "the registry's own", Breaks,
        "Which changes of a schema the registry takes.",
        "format avro {\n  compatibility backward\n}"),
    runs("nulls", &[Format], "write | omit", NoBlock, Single, "write", Breaks,
        "Whether columns that are NULL are written.",
        "format json {\n  nulls omit\n}"),
    runs("bigint-unsigned", &[Format],
        "long | precise | decimal | string",
        NoBlock, Single, "debezium: long; avro: decimal", Breaks,
        "Form of BIGINT UNSIGNED.",
        "format avro {\n  bigint-unsigned decimal\n}"),
    runs("decimal", &[Format],
        "string | numeric | double | precise | decimal | number",
        NoBlock, Single, "debezium-json: string; debezium-avro: precise; avro: decimal; json: number", Breaks,
        "Form of DECIMAL.",
        "format json {\n  decimal string\n}"),
    runs("binary", &[Format], "bytes | base64 | base64-url-safe | hex", NoBlock, Single, "debezium: bytes; json: base64", Breaks,
        "Form of binary columns.",
        "format json {\n  binary hex\n}"),
    runs("time-zone", &[Format], "<ZONE>", NoBlock, Single, "\"UTC\"", Breaks,
        "Zone of TIMESTAMP text.",
        "format canal-json {\n  time-zone \"Europe/Berlin\"\n}"),
    runs("schemas", &[Format], "off | on", NoBlock, Single, "off", Breaks,
        "Whether the schema is part of each message.",
        "format debezium-json {\n  schemas on\n}"),
    runs("dialect", &[Format], "canal | <dts>", NoBlock, Single, "canal", Breaks,
        "Whose details are followed: those of Canal, or those of the managed service.",
        "format canal-json {\n  dialect dts\n}"),
    runs("heartbeat", &[Format], "every DURATION(1s..1d) | off", NoBlock, Single, "every 1m", Breaks,
        "How often an idle topic gets a message.",
        "format dts-avro {\n  heartbeat off\n}"),
    runs("topic", SETTINGS, "TEMPLATE", May(Topic), Single, "\"{db}.{table}\"", Breaks,
        "Topic of a table's messages, from its names after `rename`.",
        "topic \"{db}.{table}\" {\n  partitions 12\n}"),
    runs("create", &[Topic], "if-missing | never", NoBlock, Single, "if-missing", InPlace, "Whether syncc makes the topic.",
        "topic \"{db}.{table}\" {\n  create never\n}"),
    runs("partitions", &[Topic], "NUMBER(1..1_000_000)", NoBlock, Single, "the cluster's", Breaks, "Partitions of a topic that is made.",
        "topic \"{db}.{table}\" {\n  partitions 12\n}"),
    runs("replicas", &[Topic], "NUMBER(1..32767)", NoBlock, Single, "the cluster's", InPlace, "Replicas of a topic that is made.",
        "topic \"{db}.{table}\" {\n  replicas 3\n}"),
    runs("cleanup", &[Topic], "delete | compact | compact, delete", NoBlock, Single, "the cluster's", InPlace,
        "`cleanup.policy` of a topic that is made. A compacted topic gets tombstones.",
        "topic \"{db}.{table}\" {\n  cleanup compact, delete\n}"),
    runs("retention", &[Topic], "DURATION(1ms..)", NoBlock, Single, "the cluster's", InPlace, "`retention.ms` of a topic that is made.",
        "topic \"{db}.{table}\" {\n  retention 7d\n}"),
    runs("partition", SETTINGS,
        "by key [using (murmur2 | <java-hash | canal-hash | crc32>)] | by table [using (murmur2 | <java-hash | canal-hash | crc32>)] | by database [using (murmur2 | <java-hash | canal-hash | crc32>)] | by column COLUMN+ [using (murmur2 | <java-hash | canal-hash | crc32>)] | to NUMBER(0..999_999)",
        NoBlock, Single, "by key", Breaks,
        "Which partition a message goes to. Rows with one key stay in order in one partition.",
        "partition by column customer_id"),
    runs("key", SETTINGS,
        "primary [as (json | <avro | text>)] | none | origin, COLUMN+ [as (json | <avro | text>)] | COLUMN+ [as (json | <avro | text>)]",
        NoBlock, Single, "primary", Breaks,
        "Key of a message: the primary key or else the first unique one, these columns, or none; `origin` is where a row comes from.",
        "key origin, order_id"),
    runs("key-change", SETTINGS, "split | <update>", NoBlock, Single, "split", Breaks,
        "What an update of the key becomes: a delete of the old key and an insert of the new one, or one update.",
        "key-change update"),
    runs("tombstones", SETTINGS,
        "on | off",
        NoBlock, Single, "on when the topic compacts or the format is debezium, else off", Breaks,
        "Whether an empty message follows a delete.",
        "tombstones on"),
    runs("headers", SETTINGS, "none | <(position | schema | event-time | op | transaction)+>", NoBlock, Single, "none", Breaks,
        "Headers of a message.",
        "headers position, schema"),
    runs("timestamp", &[Pipeline, To, Defaults, Profile], "produce | <event>", NoBlock, Single, "produce", Breaks,
        "Time of a message: when it is produced, or when the source made the change.",
        "timestamp event"),
    runs("markers", &[Pipeline, To, Defaults, Profile],
        "<data> | <topic TEMPLATE> | off",
        NoBlock, Single, "topic \"{pipeline}.syncc-markers\"", Breaks,
        "Where marks of transactions go.",
        "markers off"),
    compiles("changes", SETTINGS, "(insert | update | delete)+", NoBlock, Single, "all", Rewire,
        "Kinds of changes that are sent.",
        "changes insert, update"),
    compiles("online-ddl", &[Pipeline, Source, Defaults, Profile],
        "off | (gh-ost | pt-osc)+",
        NoBlock, Single, "gh-ost, pt-osc", Rewire,
        "Tools whose shadow tables are left out.",
        "online-ddl gh-ost"),
    runs("ddl", &[Pipeline, Table, Defaults, Profile], "off | <>", Block::Instead(Ddl), Single, "off", Rewire,
        "Whether schema changes are sent as messages, and how.",
        "ddl {\n  deny drop-column\n  on-deny stop\n}"),
    named("ddl", &[Test], "TEXT", NoBlock, Often, "", InPlace, "A schema change.",
        "ddl \"ALTER TABLE shop.orders ADD COLUMN note text\""),
    compiles("topic", &[Ddl], "same | TEMPLATE", NoBlock, Single, "\"{pipeline}.schema-changes\"", Rewire,
        "Topic of schema changes.",
        "ddl {\n  topic \"commerce.schema-changes\"\n}"),
    compiles("partition", &[Ddl],
        "by table | to NUMBER(0..999_999) | to all",
        NoBlock, Single, "to 0; with `topic same` that of the table", Rewire,
        "Partition of schema changes.",
        "ddl {\n  partition to 0\n}"),
    compiles("allow", &[Ddl],
        "(create-table | drop-table | rename-table | alter-table | add-column | drop-column | rename-column | change-column | change-index | change-partitions | create-database | alter-database | drop-database)+",
        NoBlock, Single, "all", Rewire,
        "Kinds that are sent; a narrower kind wins over `alter-table`.",
        "ddl {\n  allow create-table, alter-table\n}"),
    compiles("deny", &[Ddl],
        "(create-table | drop-table | rename-table | alter-table | add-column | drop-column | rename-column | change-column | change-index | change-partitions | create-database | alter-database | drop-database)+",
        NoBlock, Single, "", Rewire,
        "Kinds that are not sent; a narrower kind wins over `alter-table`.",
        "ddl {\n  deny drop-column\n  on-deny stop\n}"),
    compiles("on-deny", &[Ddl], "skip | stop", NoBlock, Single, "skip", Rewire,
        "What happens at a kind that is denied or not allowed.",
        "ddl {\n  deny drop-column\n  on-deny stop\n}"),
    runs("truncate", &[Pipeline, Table, Defaults, Profile],
        "<emit> | warn | <stop>",
        NoBlock, Single, "emit where schema changes are sent, else warn", InPlace,
        "What happens at a TRUNCATE: it is sent as a schema change, logged, or the task stops before it.",
        "truncate stop"),
    runs("columns", SETTINGS, "except COLUMNS+ | COLUMNS+", NoBlock, Single, "all", Rewire, "Columns that are sent.",
        "columns except password_hash, internal_*"),
    runs("mask", SETTINGS,
        "COLUMNS+ (with sha256 [salt SECRET] | with null | with fixed TEXT | keep last NUMBER(1..1_000) | keep first NUMBER(1..1_000))",
        NoBlock, Often, "", Rewire,
        "What stands in place of the values of columns, in messages, keys and partition hashes alike: the SHA-256 of salt and text in \
         hexadecimal digits, NULL, one text for all, or their first or last characters with `*` for each of the others. NULL stays \
         NULL. Masks of several levels add up by column; the nearest level wins.",
        "mask email with sha256 salt env PII_SALT"),
    runs("where", &[To, Table, Profile], "CONDITION", NoBlock, Often, "", Rewire,
        "Rows that are sent: those for which the SQL condition is true, as MySQL would select them. Several lines must all be true. An update out of it is sent as a delete, one into it as an insert; texts for TIMESTAMP columns are in UTC.",
        "where status <> 'draft'"),
    runs("retry", &[Pipeline, Defaults, Profile],
        "for DURATION(1s..365d) | off | forever | errors for DURATION(1s..365d)",
        NoBlock, PerForm, "for 12h, errors for 10m", InPlace,
        "How long failures are waited out.",
        "retry for 6h"),
    compiles("retry", &[Source, Target], "for DURATION(1s..365d) | off | forever | errors for DURATION(1s..365d)", NoBlock, PerForm,
        "for 12h, errors for 10m", InPlace, "How long failures of this server are waited out; a pipeline's own wins.",
        "retry for 6h"),
    runs("on-error", &[Pipeline, Table, Defaults, Profile],
        "stop | <park> | <dead-letter TEMPLATE>",
        NoBlock, Single, "stop", InPlace,
        "What becomes of a row that cannot be sent: the task stops, its table waits, or the row goes to a topic.",
        "on-error park"),
    runs("on-oversize", SETTINGS, "stop | <dead-letter TEMPLATE>", NoBlock, Single, "stop", InPlace,
        "What becomes of a message that is larger than its topic takes.",
        "on-oversize dead-letter \"shop.oversize\""),
    runs("on-position-lost", &[Pipeline, Defaults, Profile], "stop | <resnapshot>", NoBlock, Single, "stop", InPlace,
        "What happens when the log of the server does not reach back to the position any more.",
        "on-position-lost resnapshot"),
    runs("on-invalid-value", &[Pipeline, Table, Defaults, Profile], "map | <stop>", NoBlock, Single, "map", Rewire,
        "What becomes of a value that the format cannot say: what its page says, or the task stops.",
        "on-invalid-value stop"),
    runs("commit", &[Pipeline, To, Defaults, Profile],
        "every DURATION(1ms..10m) [, NUMBER(1..1_000_000_000) rows] [, SIZE(1KiB..1GiB)]",
        NoBlock, Single, "every 500ms, 20_000 rows, 8MiB", InPlace,
        "When what was sent is committed: whichever comes first.",
        "commit every 1s, 50_000 rows, 16MiB"),
    compiles("split", &[Pipeline, To, Defaults, Profile],
        "after SIZE(1MiB..1024GiB) [, NUMBER(1..1_000_000_000) rows]",
        NoBlock, Single, "after 256MiB, 500_000 rows", InPlace,
        "Where a large transaction of the source is cut: whichever comes first.",
        "split after 64MiB, 100_000 rows"),
    compiles("limit", &[Pipeline, Defaults, Profile], "RATE(1KiB/s..)", NoBlock, Single, "", InPlace,
        "Most bytes a second of the stream.",
        "limit 20MiB/s"),
    runs("paused", &[Pipeline], "because TEXT", NoBlock, Single, "", InPlace, "The pipeline is checked, not run.",
        "paused because \"the target is being rebuilt\""),
    runs("label", &[Pipeline], "NAME TEXT", NoBlock, Often, "", InPlace, "A word for people and dashboards.",
        "label team \"payments\""),
    runs("allow", &[Source, Target, State, Registry, Pipeline, From, To, Table, Defaults, Profile, Topic, Format, Place::Start],
        "CODE [because TEXT]",
        NoBlock, Often, "", InPlace,
        "Answers a warning or advice about this block, and says why.",
        "allow S0303 because \"the servers share a private network\""),
    runs("with", &[Pipeline, To, Table], "NAME+", NoBlock, Often, "", Content,
        "Adds profiles. What the block itself says wins over them.",
        "with pii"),
    runs("sensitive", &[Defaults], "COLUMNS+", NoBlock, Often, "", InPlace,
        "Columns that must be masked or left out wherever they are selected.",
        "sensitive email, *_email, phone"),

    // ---------- test ----------
    named("schema", &[Test], "TEXT", NoBlock, Single, "", InPlace, "Types of the rows.",
        "schema \"schema/shop.sql\""),
    named("insert", &[Test], "DB.TABLE [in NAME]", Must(Test), Often, "", InPlace, "A row that is inserted.",
        "insert shop.orders in shop {\n  order_id 91\n}"),
    named("update", &[Test], "DB.TABLE [in NAME]", Must(Test), Often, "", InPlace, "A row that is changed.",
        "update shop.orders in shop {\n  order_id 91\n}"),
    named("delete", &[Test], "DB.TABLE [in NAME]", Must(Test), Often, "", InPlace, "A row that is deleted.",
        "delete shop.orders in shop {\n  order_id 91\n}"),
    named("expect", &[Test], "TEXT | nothing else | file TEXT", May(Test), Often, "", InPlace, "A message that must come.",
        "expect nothing else"),

    // ---------- schema.lock ----------
    runs("lock", &[LockFile], "source NAME | source RANGE", Must(Lock), Often, "", InPlace,
        "The schema of a source, or of a range of them that have the same; written by `schema pull`.",
        "lock source shop {\n  server \"8.4.2\"\n}"),
    runs("server", &[Lock], "TEXT", NoBlock, Single, "", InPlace, "Version of the server.",
        "server \"8.4.2\""),
    runs("lower-case-table-names", &[Lock], "NUMBER(0..2)", NoBlock, Single, "0", InPlace,
        "How the server compares names of databases and tables.",
        "lower-case-table-names 0"),
    runs("binlog-expires", &[Lock], "DURATION", NoBlock, Single, "", InPlace, "How long the server keeps its log.",
        "binlog-expires 7d"),
    runs("pulled", &[Lock], "DATE", NoBlock, Single, "", InPlace, "When it was written.",
        "pulled 2026-09-20"),
    runs("table", &[Lock], "DB.NAME", Must(LockTable), Often, "", InPlace, "A table, its columns and its keys.",
        "table shop.orders {\n  primary order_id\n  column order_id \"bigint unsigned not null\"\n}"),
    runs("view", &[Lock], "DB.NAME", NoBlock, Often, "", InPlace,
        "What is no table with rows of its own: a view, a sequence, a history.",
        "view shop.v_orders"),
    runs("rows", &[LockTable], "NUMBER", NoBlock, Single, "", InPlace, "Number of rows, as a power of ten.",
        "table shop.orders {\n  rows 10_000_000\n}"),
    runs("primary", &[LockTable], "COLUMN+", NoBlock, Single, "", InPlace, "Columns of the primary key, in its order.",
        "table shop.orders {\n  primary order_id\n  column order_id \"bigint not null\"\n}"),
    runs("unique", &[LockTable], "COLUMN+", NoBlock, Often, "", InPlace, "Columns of a unique key.",
        "table shop.orders {\n  unique order_no\n  column order_no \"varchar(20)\"\n}"),
    runs("index", &[LockTable], "COLUMN+", NoBlock, Often, "", InPlace, "Columns of an index.",
        "table shop.orders {\n  index customer_id\n  column customer_id \"bigint\"\n}"),
    runs("column", &[LockTable], "COLUMN TEXT", NoBlock, Often, "", InPlace,
        "A column, and its type as SHOW CREATE TABLE words it.",
        "table shop.orders {\n  column order_id \"bigint unsigned not null\"\n}"),
];

#[cfg(test)]
mod tests {
    use super::super::{Shape, Signature};
    use super::*;

    #[test]
    fn a_word_has_one_meaning_in_a_block() {
        for (n, spec) in STATEMENTS.iter().enumerate() {
            for other in &STATEMENTS[n + 1..] {
                let shared = spec.places.iter().find(|place| other.places.contains(place));
                assert!(spec.word != other.word || shared.is_none(), "`{}` twice in {shared:?}", spec.word);
            }
        }
    }

    #[test]
    fn every_row_is_documented_and_its_signature_holds_no_unknown_kind() {
        fn words(sequences: &[Vec<Shape>], found: &mut Vec<String>) {
            for shape in sequences.iter().flatten() {
                match shape {
                    Shape::Word(word) => found.push(word.clone()),
                    Shape::Value { .. } => {}
                    Shape::List(item) => words(&[vec![(**item).clone()]], found),
                    Shape::Optional(inner) | Shape::Choice(inner) => words(inner, found),
                    Shape::Partly(Support::Named, _) => {}
                    Shape::Partly(Support::Runs | Support::Compiles, inner) => words(inner, found),
                }
            }
        }
        for spec in STATEMENTS {
            assert!(spec.doc.ends_with('.'), "{}", spec.word);
            let mut found = Vec::new();
            if spec.support != Support::Named {
                words(&Signature::parse(spec.args).alternatives, &mut found);
            }
            for word in found {
                assert!(!word.starts_with(|c: char| c.is_ascii_uppercase()), "`{word}` of `{}`", spec.word);
            }
        }
    }

    #[test]
    fn no_statement_inside_a_block_begins_with_a_word_of_the_top_level() {
        let is_top = |spec: &&StatementSpec| [File, LockFile].iter().any(|top| spec.places.contains(top));
        let top: Vec<&str> = STATEMENTS.iter().filter(is_top).map(|spec| spec.word).collect();
        for spec in STATEMENTS.iter().filter(|spec| !is_top(spec)) {
            assert!(!top.contains(&spec.word), "{}", spec.word);
        }
    }
}
