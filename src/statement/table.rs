//! The rows.

use super::spec::{Block, Once, Place, Reload, StatementSpec};

use Block::{May, Must, No as NoBlock};
use Once::{No as Often, PerForm, Yes as Single};
use Place::{
    Ddl, Defaults, File, Format, From, Lock, LockTable, Pipeline, Profile, Registry, Source, State, Table,
    Target, Test, To, Topic,
};
use Reload::{Backfill, Breaks, Content, InPlace, Refused, Rewire};

/// Blocks whose statements say what becomes of tables.
const SETTINGS: &[Place] = &[Pipeline, To, Table, Defaults, Profile];

#[expect(clippy::too_many_arguments, reason = "one argument per column of the table")]
const fn row(
    word: &'static str,
    places: &'static [Place],
    args: &'static str,
    block: Block,
    once: Once,
    default: &'static str,
    reload: Reload,
    doc: &'static str,
) -> StatementSpec {
    StatementSpec { word, places, args, block, once, default, reload, since: 2026, built: true, doc }
}

#[expect(clippy::too_many_arguments, reason = "one argument per column of the table")]
const fn later(
    word: &'static str,
    places: &'static [Place],
    args: &'static str,
    block: Block,
    once: Once,
    default: &'static str,
    reload: Reload,
    doc: &'static str,
) -> StatementSpec {
    StatementSpec { word, places, args, block, once, default, reload, since: 2026, built: false, doc }
}

/// Every statement of the language.
#[rustfmt::skip]
pub static STATEMENTS: &[StatementSpec] = &[
    // ---------- file ----------
    row("edition", &[File], "NUMBER", NoBlock, Single, "", InPlace,
        "The rules by which this file is read. The first statement of every file."),
    row("use", &[File], "TEXT", NoBlock, Often, "", Rewire,
        "Adds the files of another directory, relative to this file."),
    later("param", &[File], "NAME (one-of NAME+ [default NAME] | integer [default NUMBER] | text [default TEXT] | by NAME)",
        Block::May(File), Often, "", Content, "A value chosen when the program starts."),
    later("moved", &[File], "(pipeline | source | target) NAME to NAME", NoBlock, Often, "", InPlace,
        "Hands the state of a renamed thing over."),
    row("defaults", &[File], "", Must(Defaults), Often, "", Content,
        "Settings of all pipelines; a pipeline's own win."),
    later("profile", &[File], "NAME", Must(Profile), Often, "", Content,
        "A named bundle of settings, added with `with`."),
    later("lock", &[File], "source NAME", Must(Lock), Often, "", InPlace,
        "The schema of a source, written by `schema pull`."),
    later("test", &[File], "NAME TEXT", Must(Test), Often, "", InPlace,
        "Rows in, expected messages out; run by `syncc test`."),
    row("source", &[File], "NAME mysql [ADDRESS] | <RANGE mysql [TEMPLATE]>", May(Source), Often, "", Rewire,
        "A MySQL or MariaDB server that changes are read from."),
    row("target", &[File], "NAME kafka [ADDRESS] | NAME stdout | NAME file TEMPLATE", May(Target), Often, "", Rewire,
        "Where messages go: a Kafka cluster, standard output, or a file per topic."),
    row("pipeline", &[File], "NAME [from NAME to NAME] | <NAME from RANGE to NAME>", May(Pipeline), Often, "", Rewire,
        "Which tables go from which sources to which targets, and what becomes of them on the way."),

    // ---------- source ----------
    row("address", &[Source], "PLAIN", NoBlock, Single, "", Rewire,
        "Where the server is: `[USER@]HOST[:3306]`."),
    row("user", &[Source], "TEXT", NoBlock, Single, "that of the address, else syncc", Rewire,
        "User at the server."),
    row("password", &[Source, Target], "SECRET", NoBlock, Single, "", Rewire,
        "Where the password is found when the program starts."),
    later("time-zone", &[Source], "TEXT", NoBlock, Single, "", Rewire, "Zone of the server's TIMESTAMP columns."),
    later("standby", &[Source], "ADDRESS+", NoBlock, Single, "", InPlace, "Addresses tried after `address`."),
    later("on-failover", &[Source], "stop | follow", NoBlock, Single, "follow", InPlace,
        "What to do when another server answers."),
    later("server-id", &[Source], "auto | NUMBER [to NUMBER]", NoBlock, Single, "auto", Rewire,
        "Ids under which syncc registers as a replica."),
    later("readers", &[Source], "NUMBER(1..16)", NoBlock, Single, "4", InPlace, "Most dump connections at once."),
    later("heartbeat", &[Source], "every DURATION [table DB.TABLE]", NoBlock, Single, "every 10s", Rewire,
        "How often a quiet server shows that it lives."),
    later("event-limit", &[Source], "SIZE(1MiB..1GiB)", NoBlock, Single, "96MiB", Rewire,
        "Largest event of the log that is read."),
    row("tls", &[Source, Target],
        "off [because TEXT] | (require | verify-ca | verify-full) [ca TEXT] [cert TEXT key file TEXT] [name TEXT]",
        NoBlock, Single, "verify-full; off for loopback", Rewire,
        "Encryption, and how much of the server's certificate is verified."),
    row("start", &[Source, Pipeline],
        "snapshot | now | <at gtid TEXT> | <at binlog TEXT> | <at WORD>", May(Place::Start), Single, "snapshot", Refused,
        "Where the first start begins: with the existing rows, or with the log from now on."),
    row("chunk", &[Place::Start], "NUMBER(1..10_000_000) rows", NoBlock, Single, "adapts", InPlace,
        "Rows read by one SELECT of the first load."),
    later("rate", &[Place::Start], "NUMBER", NoBlock, Single, "", InPlace, "Bytes a second of the first load."),
    later("window", &[Place::Start], "TEXT", NoBlock, Single, "", InPlace, "Hours of the first load."),
    later("parallel", &[Place::Start], "NUMBER", NoBlock, Single, "", InPlace, "Chunks read at once."),
    later("schema", &[Place::Start], "on | off", NoBlock, Single, "on", Refused, "Whether topics and schemas are made."),
    later("data", &[Place::Start], "on | off", NoBlock, Single, "on", Refused, "Whether existing rows are sent."),

    // ---------- target ----------
    row("brokers", &[Target], "ADDRESS+", NoBlock, Single, "", Rewire, "First brokers to ask: `HOST[:9092]`."),
    row("user", &[Target], "TEXT with (plain | scram-sha-256 | scram-sha-512)", NoBlock, Single, "", Rewire,
        "User and SASL mechanism."),
    later("registry", &[Target], "TEXT", May(Registry), Single, "", Rewire, "The schema registry."),
    later("user", &[Registry], "TEXT", NoBlock, Single, "", Rewire, "User at the registry."),
    later("password", &[Registry], "SECRET", NoBlock, Single, "", Rewire, "Password at the registry."),
    row("delivery", &[Target], "exactly-once | at-least-once", NoBlock, Single, "exactly-once", Rewire,
        "What a crash may do: nothing, or send rows again."),
    later("broker-version", &[Target], "TEXT", NoBlock, Single, "", Rewire, "For brokers that cannot say theirs."),
    row("transaction-timeout", &[Target], "DURATION(10s..15m)", NoBlock, Single, "60s", Rewire,
        "How long a crash may hold back other readers."),
    row("state", &[Target], "", Must(State), Single, "", Refused, "The topics that hold the positions of tasks."),
    row("prefix", &[State], "TEXT", NoBlock, Single, "\"syncc\"", Refused,
        "First part of their names: at most 60 of `a–z A–Z 0–9 . _ -`."),
    row("replicas", &[State], "NUMBER(1..32767)", NoBlock, Single, "3, or the number of brokers", Refused, "Replicas of a state topic."),
    row("min-insync", &[State], "NUMBER(1..32767)", NoBlock, Single, "replicas - 1, at least 1", Refused,
        "`min.insync.replicas` of a state topic."),
    later("acks", &[Target, To], "all | NUMBER(0..1)", NoBlock, Single, "all", Rewire, "Whose answer a message waits for."),
    row("compression", &[Target, To], "none | lz4 | zstd | snappy | gzip", NoBlock, Single, "lz4", Rewire,
        "Codec of record batches."),
    row("batch", &[Target, To], "SIZE(1KiB..100MiB)", NoBlock, Single, "1MiB", Rewire, "Largest record batch."),
    row("linger", &[Target, To], "DURATION(0ms..15m)", NoBlock, Single, "0ms", Rewire, "How long a batch waits to fill."),
    later("in-flight", &[Target, To], "NUMBER(1..)", NoBlock, Single, "5", Rewire, "Requests without an answer."),

    // ---------- pipeline ----------
    row("from", &[Pipeline], "NAME | <RANGE> | <NAME topic TEXT>", May(From), Often, "", Rewire, "A source."),
    row("to", &[Pipeline], "NAME", May(To), Often, "", Rewire, "A target, and what differs there."),
    row("table", &[Pipeline, To], "DB.TABLE", Must(Table), Often, "", Content,
        "Settings of the tables a pattern takes; the narrower pattern wins."),
    row("include", &[Pipeline], "DB.TABLE+", NoBlock, Often, "", Backfill, "Tables that are sent."),
    row("exclude", &[Pipeline], "DB.TABLE+", NoBlock, Often, "", Backfill, "Tables that are not sent; wins over `include`."),
    later("include", &[From], "DB.TABLE+", NoBlock, Often, "", Backfill, "Tables sent from this source alone."),
    later("exclude", &[From], "DB.TABLE+", NoBlock, Often, "", Backfill, "Tables not sent from this source."),
    row("rename", &[Pipeline],
        "database DATABASE to NEWNAME | table DB.TABLE to NEWNAME | column DB.TABLE.COLUMN to NEWNAME",
        NoBlock, Often, "", Breaks, "Another name in messages. Every other statement uses the source's names."),
    later("names", &[Pipeline], "as-source | lower | upper", NoBlock, Single, "as-source", Breaks, "Case of names in messages."),
    row("format", SETTINGS,
        "canal-json | <dts-avro> | <debezium-json> | <debezium-avro> | <maxwell-json> | <avro> | <json>",
        May(Format), Single, "canal-json", Breaks, "The shape of a message."),
    row("snapshot-op", &[Format], "insert | init", NoBlock, Single, "insert", Breaks, "Type of a row of the first load."),
    row("enum", &[Format], "index | label", NoBlock, Single, "index", Breaks, "How ENUM and SET are written."),
    later("subject", &[Format], "topic | record | topic-record", NoBlock, Single, "topic", Breaks, "Name of the schema."),
    later("compatibility", &[Format], "backward | forward | full | none", NoBlock, Single, "", Breaks, "Rule of the registry."),
    later("nulls", &[Format], "write | omit", NoBlock, Single, "write", Breaks, "Whether NULL columns are written."),
    later("bigint-unsigned", &[Format], "long | precise | decimal | string", NoBlock, Single, "long", Breaks, "Form of BIGINT UNSIGNED."),
    later("decimal", &[Format], "string | numeric | double | precise | decimal | number", NoBlock, Single, "", Breaks, "Form of DECIMAL."),
    later("binary", &[Format], "bytes | base64 | base64-url-safe | hex", NoBlock, Single, "", Breaks, "Form of binary columns."),
    later("time-zone", &[Format], "TEXT", NoBlock, Single, "UTC", Breaks, "Zone of TIMESTAMP text."),
    later("schemas", &[Format], "off | on", NoBlock, Single, "off", Breaks, "Whether the schema is part of each message."),
    later("dialect", &[Format], "canal | dts", NoBlock, Single, "canal", Breaks, "Whose details are followed."),
    later("heartbeat", &[Format], "every DURATION | off", NoBlock, Single, "every 1m", Breaks, "Messages of an idle topic."),
    row("topic", SETTINGS, "TEMPLATE", May(Topic), Single, "\"{db}.{table}\"", Breaks,
        "Topic of a table's messages, from its names after `rename`."),
    row("create", &[Topic], "if-missing | never", NoBlock, Single, "if-missing", InPlace, "Whether syncc makes the topic."),
    row("partitions", &[Topic], "NUMBER(1..1_000_000)", NoBlock, Single, "the cluster's", Breaks, "Partitions of a topic that is made."),
    row("replicas", &[Topic], "NUMBER(1..32767)", NoBlock, Single, "the cluster's", InPlace, "Replicas of a topic that is made."),
    row("cleanup", &[Topic], "delete | compact | compact, delete", NoBlock, Single, "the cluster's", InPlace,
        "`cleanup.policy` of a topic that is made. A compacted topic gets tombstones."),
    row("retention", &[Topic], "DURATION(1ms..)", NoBlock, Single, "the cluster's", InPlace, "`retention.ms` of a topic that is made."),
    row("partition", SETTINGS,
        "by key [<using WORD>] | by table [<using WORD>] | by database [<using WORD>] | by column COLUMN+ [<using WORD>] | to NUMBER(0..999_999)",
        NoBlock, Single, "by key", Breaks,
        "Which partition a message goes to. Rows with one key stay in order in one partition."),
    row("key", SETTINGS, "primary [<as WORD>] | none | origin, COLUMN+ [<as WORD>] | COLUMN+ [<as WORD>]", NoBlock, Single,
        "primary", Breaks, "Key of a message."),
    later("key-change", SETTINGS, "split | update", NoBlock, Single, "split", Breaks, "What an update of the key becomes."),
    later("tombstones", SETTINGS, "on | off", NoBlock, Single, "on when the topic compacts", Breaks,
        "Whether an empty message follows a delete."),
    later("headers", SETTINGS, "none | COLUMN+", NoBlock, Single, "none", Breaks, "Headers of a message."),
    later("timestamp", &[Pipeline, To, Defaults, Profile], "produce | event", NoBlock, Single, "produce", Breaks, "Time of a message."),
    later("markers", &[Pipeline, To, Defaults, Profile], "data | topic TEMPLATE | off", NoBlock, Single,
        "topic \"{pipeline}.syncc-markers\"", Breaks, "Where marks of transactions go."),
    later("changes", SETTINGS, "COLUMN+", NoBlock, Single, "all", Rewire, "Kinds of changes that are sent."),
    later("online-ddl", &[Pipeline, Source, Defaults, Profile], "off | COLUMN+", NoBlock, Single, "gh-ost, pt-osc", Rewire,
        "Tools whose shadow tables are left out."),
    later("ddl", &[Pipeline, Table, Defaults, Profile], "off", May(Ddl), Single, "off", Rewire, "Schema changes as messages."),
    later("ddl", &[Test], "TEXT", NoBlock, Often, "", InPlace, "A schema change."),
    later("topic", &[Ddl], "same | TEMPLATE", NoBlock, Single, "\"{pipeline}.schema-changes\"", Rewire, "Topic of schema changes."),
    later("partition", &[Ddl], "by table | to NUMBER | to all", NoBlock, Single, "to 0", Rewire, "Partition of schema changes."),
    later("allow", &[Ddl], "COLUMN+", NoBlock, Single, "all", Rewire, "Kinds that are sent."),
    later("deny", &[Ddl], "COLUMN+", NoBlock, Single, "", Rewire, "Kinds that are not sent."),
    later("on-deny", &[Ddl], "skip | stop", NoBlock, Single, "skip", Rewire, "What happens to a denied one."),
    later("truncate", &[Pipeline, Table, Defaults, Profile], "emit | warn | stop", NoBlock, Single, "warn", InPlace,
        "What TRUNCATE does."),
    row("columns", SETTINGS, "except COLUMNS+ | COLUMNS+", NoBlock, Single, "all", Rewire, "Columns that are sent."),
    later("mask", SETTINGS, "COLUMNS+ (with sha256 [salt SECRET] | keep last NUMBER | with null)", NoBlock, Often, "",
        Rewire, "Replaces the values of columns."),
    later("where", &[To, Table, Profile], "CONDITION", NoBlock, Often, "", Rewire, "Rows that are sent."),
    row("retry", &[Pipeline, Defaults], "for DURATION(1s..365d) | off | errors for DURATION(1s..365d)", NoBlock, PerForm,
        "for 12h, errors for 10m", InPlace, "How long failures are waited out."),
    later("retry", &[Source, Target], "for DURATION | off | errors for DURATION", NoBlock, PerForm,
        "for 12h, errors for 10m", InPlace, "How long failures of this server are waited out."),
    later("on-error", &[Pipeline, Table, Defaults, Profile], "stop | park | dead-letter TEXT", NoBlock, Single, "stop", InPlace,
        "What a row that cannot be sent does."),
    later("on-oversize", SETTINGS, "stop | dead-letter TEXT", NoBlock, Single, "stop", InPlace,
        "What a message that is too large does."),
    later("on-position-lost", &[Pipeline, Defaults], "stop | resnapshot", NoBlock, Single, "stop", InPlace,
        "What to do when the log is gone."),
    later("on-invalid-value", &[Pipeline, Table, Defaults, Profile], "map | stop", NoBlock, Single, "map", Rewire,
        "What a value outside of the format's range does."),
    row("commit", &[Pipeline, To, Defaults], "every DURATION(1ms..10m) [, NUMBER(1..1_000_000_000) rows] [, SIZE(1KiB..1GiB)]",
        NoBlock, Single, "every 500ms, 20_000 rows, 8MiB", InPlace,
        "When what was sent is committed: whichever comes first."),
    later("split", &[Pipeline, To, Defaults], "after SIZE [, NUMBER rows]", NoBlock, Single, "after 256MiB, 500_000 rows", InPlace,
        "Where a large transaction is cut."),
    later("limit", &[Pipeline], "NUMBER", NoBlock, Single, "", InPlace, "Most bytes a second of the stream."),
    later("paused", &[Pipeline], "because TEXT", NoBlock, Single, "", InPlace, "The pipeline is checked, not run."),
    row("label", &[Pipeline], "NAME TEXT", NoBlock, Often, "", InPlace, "A word for people and dashboards."),
    later("allow", &[Source, Target, State, Registry, Pipeline, From, To, Table, Defaults, Profile, Topic, Format, Place::Start],
        "NAME because TEXT", NoBlock, Often, "", InPlace, "Answers a warning of this block."),
    later("with", &[Pipeline, To, Table], "NAME+", NoBlock, Often, "", Content, "Adds profiles."),
    later("sensitive", &[Defaults], "COLUMNS+", NoBlock, Often, "", InPlace, "Columns that must be masked or left out."),

    // ---------- test ----------
    later("schema", &[Test], "TEXT", NoBlock, Single, "", InPlace, "Types of the rows."),
    later("insert", &[Test], "DB.TABLE [in NAME]", Must(Test), Often, "", InPlace, "A row that is inserted."),
    later("update", &[Test], "DB.TABLE [in NAME]", Must(Test), Often, "", InPlace, "A row that is changed."),
    later("delete", &[Test], "DB.TABLE [in NAME]", Must(Test), Often, "", InPlace, "A row that is deleted."),
    later("expect", &[Test], "TEXT | nothing else | file TEXT", May(Test), Often, "", InPlace, "A message that must come."),

    // ---------- schema.lock ----------
    later("server", &[Lock], "TEXT", NoBlock, Single, "", InPlace, "Version of the server."),
    later("lower-case-table-names", &[Lock], "NUMBER(0..2)", NoBlock, Single, "", InPlace, "How the server compares names."),
    later("binlog-expires", &[Lock], "DURATION", NoBlock, Single, "", InPlace, "How long the log is kept."),
    later("pulled", &[Lock], "DATE", NoBlock, Single, "", InPlace, "When it was written."),
    later("table", &[Lock], "DB.TABLE", Must(LockTable), Often, "", InPlace, "A table."),
    later("view", &[Lock], "DB.TABLE", NoBlock, Often, "", InPlace, "What is no base table."),
    later("rows", &[LockTable], "NUMBER", NoBlock, Single, "", InPlace, "Number of rows, as a power of ten."),
    later("primary", &[LockTable], "COLUMN+", NoBlock, Single, "", InPlace, "The primary key."),
    later("unique", &[LockTable], "COLUMN+", NoBlock, Often, "", InPlace, "A unique key."),
    later("index", &[LockTable], "COLUMN+", NoBlock, Often, "", InPlace, "An index."),
    later("column", &[LockTable], "COLUMN TEXT", NoBlock, Often, "", InPlace, "A column and its type."),
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
                    // What is not built is read by nobody yet.
                    Shape::Later(_) => {}
                }
            }
        }
        for spec in STATEMENTS {
            assert!(spec.doc.ends_with('.'), "{}", spec.word);
            let mut found = Vec::new();
            if spec.built {
                words(&Signature::parse(spec.args).alternatives, &mut found);
            }
            for word in found {
                assert!(!word.starts_with(|c: char| c.is_ascii_uppercase()), "`{word}` of `{}`", spec.word);
            }
        }
    }

    #[test]
    fn no_statement_inside_a_block_begins_with_a_word_of_the_top_level() {
        let top: Vec<&str> =
            STATEMENTS.iter().filter(|spec| spec.places.contains(&File)).map(|spec| spec.word).collect();
        for spec in STATEMENTS.iter().filter(|spec| !spec.places.contains(&File)) {
            assert!(!top.contains(&spec.word), "{}", spec.word);
        }
    }
}
