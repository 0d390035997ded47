//! "Did you mean": the word that was probably meant.

use super::slip::SEPARATORS;

/// The candidate that `written` was probably meant to be: equal but for case, else nearest by edit distance within a third
/// of the length, else the same parts in another order. None when nothing is near, or two are equally near.
pub fn closest<'c>(written: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let mut candidates: Vec<(&str, String)> =
        candidates.into_iter().map(|candidate| (candidate, candidate.to_lowercase())).collect();
    candidates.sort_unstable();
    candidates.dedup();
    let folded = written.to_lowercase();
    if let Some(found) = only(candidates.iter().filter(|(_, c)| *c == folded)) {
        return Some(found);
    }
    let limit = (written.chars().count().max(3)) / 3;
    let signs = signs(&folded);
    let is_plain = folded.is_ascii();
    let distances: Vec<(usize, &(&str, String))> = candidates
        .iter()
        .filter(|(_, c)| !is_plain || !c.is_ascii() || least_distance(&signs, c) <= limit)
        .map(|one| (strsim::damerau_levenshtein(&one.1, &folded), one))
        .filter(|&(distance, one)| distance <= limit && !is_half_replaced(&folded, &one.1))
        .collect();
    if let Some(best) = distances.iter().map(|&(distance, _)| distance).min() {
        return only(distances.iter().filter(|(distance, _)| *distance == best).map(|&(_, one)| one));
    }
    let parts = sorted_parts(&folded);
    only(candidates.iter().filter(|(_, c)| c.len() == folded.len() && sorted_parts(c) == parts))
}

/// True for a word of two signs of which one is another: `on` is no `op`. One sign more or less, or two that are swapped, are
/// mistakes of the hand.
fn is_half_replaced(written: &str, candidate: &str) -> bool {
    let sorted = |text: &str| {
        let mut signs: Vec<char> = text.chars().collect();
        signs.sort_unstable();
        signs
    };
    let (written, candidate) = (sorted(written), sorted(candidate));
    written.len() <= 2 && written.len() == candidate.len() && written != candidate
}

/// How often a text of ASCII has each sign, by the last bits of it.
fn signs(text: &str) -> [i32; 32] {
    let mut counts = [0; 32];
    text.bytes().for_each(|byte| counts[usize::from(byte % 32)] += 1);
    counts
}

/// What the distance of two texts of ASCII is at least: a step puts in, takes out or replaces one sign, or swaps two. Most words
/// are told apart by this, at a fraction of the cost.
fn least_distance(written: &[i32; 32], candidate: &str) -> usize {
    let apart = written.iter().zip(signs(candidate)).map(|(a, b)| a.abs_diff(b)).sum::<u32>();
    apart.div_ceil(2) as usize
}

/// Words of other tools, by our word for them.
const FOREIGN_WORDS: &[(&str, &[&str])] = &[
    ("where", &["filter", "filters", "where.clause", "row.filter", "condition", "conditions"]),
    (
        "include",
        &[
            "whitelist",
            "table.include.list",
            "database.include.list",
            "table.whitelist",
            "database.whitelist",
            "include_tables",
            "include_dbs",
            "include_table",
            "include_database",
            "canal.instance.filter.regex",
            "table-whitelist",
            "table-name",
            "table-list",
            "source-table",
            "tablelist",
            "dblist",
            "tables",
            "select",
            "captured-tables",
            "include-tables",
            "do_tables",
            "replicate-do-table",
            "replicate-do-db",
        ],
    ),
    (
        "exclude",
        &[
            "blacklist",
            "table.exclude.list",
            "database.exclude.list",
            "table.blacklist",
            "database.blacklist",
            "exclude_tables",
            "exclude_dbs",
            "exclude_table",
            "exclude_database",
            "canal.instance.filter.black.regex",
            "table-blacklist",
            "tables.exclude",
            "exclude-tables",
            "ignore",
            "ignore-tables",
            "replicate-ignore-table",
            "replicate-ignore-db",
        ],
    ),
    (
        "topic",
        &[
            "kafka_topic",
            "dynamictopic",
            "topics",
            "topic.prefix",
            "topic-prefix",
            "topic-name",
            "canal.mq.topic",
            "canal.mq.dynamictopic",
            "database.server.name",
            "sink.topic",
            "sink-table",
        ],
    ),
    (
        "partition",
        &[
            "producer_partition_by",
            "partitionhash",
            "partitioner",
            "canal.mq.partitionhash",
            "canal.mq.partition",
            "partition.strategy",
            "sink.partitioner",
            "partition-keys",
            "partition_key",
            "producer_partition_columns",
            "partition.by",
        ],
    ),
    (
        "partitions",
        &[
            "canal.mq.partitionsnum",
            "num.partitions",
            "num_partitions",
            "partition-count",
            "topic.creation.default.partitions",
        ],
    ),
    (
        "brokers",
        &[
            "bootstrap.servers",
            "bootstrap-servers",
            "bootstrap_servers",
            "servers",
            "kafka.bootstrap.servers",
            "producer.bootstrap.servers",
            "properties.bootstrap.servers",
            "canal.mq.servers",
            "bootstrap",
            "broker",
            "broker.list",
            "metadata.broker.list",
        ],
    ),
    ("columns", &["column.include.list", "column.whitelist", "projection", "fields"]),
    (
        "mask",
        &["column.mask.hash", "anonymize", "hash-columns", "masking", "column.truncate.to.length.chars"],
    ),
    (
        "key",
        &[
            "message.key.columns",
            "primary-keys",
            "primary_key",
            "primary-key",
            "key.fields",
            "key.columns",
            "record.key",
        ],
    ),
    (
        "start",
        &[
            "snapshot.mode",
            "snapshot",
            "scan.startup.mode",
            "startup-mode",
            "startup.mode",
            "init_position",
            "bootstrapper",
            "canal.instance.master.journal.name",
            "canal.instance.master.position",
            "canal.instance.master.gtid",
        ],
    ),
    (
        "chunk",
        &[
            "scan.incremental.snapshot.chunk.size",
            "incremental.snapshot.chunk.size",
            "snapshot.fetch.size",
            "scan.snapshot.fetch.size",
            "chunk-size",
            "chunk_size",
        ],
    ),
    ("parallel", &["snapshot.max.threads", "parallelism"]),
    (
        "replicas",
        &[
            "replication-factor",
            "replication_factor",
            "replication.factor",
            "topic.creation.default.replication.factor",
        ],
    ),
    ("cleanup", &["cleanup.policy", "cleanup-policy"]),
    ("retention", &["retention.ms", "retention-ms"]),
    ("min-insync", &["min.insync.replicas"]),
    (
        "compression",
        &[
            "compression.type",
            "compression-type",
            "kafka.compression.type",
            "producer.compression.type",
            "canal.mq.compression.type",
            "kafka_compression",
        ],
    ),
    (
        "linger",
        &[
            "linger.ms",
            "kafka.linger.ms",
            "producer.linger.ms",
            "linger-ms",
            "linger_ms",
            "canal.mq.lingerms",
        ],
    ),
    (
        "batch",
        &[
            "batch.size",
            "kafka.batch.size",
            "producer.batch.size",
            "batch-size",
            "batch_size",
            "canal.mq.batchsize",
        ],
    ),
    ("acks", &["kafka.acks", "producer.acks", "canal.mq.acks"]),
    (
        "in-flight",
        &[
            "max.in.flight.requests.per.connection",
            "kafka.max.in.flight.requests.per.connection",
            "max-in-flight",
            "max.in.flight",
        ],
    ),
    (
        "registry",
        &[
            "schema.registry.url",
            "schema-registry",
            "schema_registry",
            "schema-registry-url",
            "registry-url",
            "registry.url",
            "key.converter.schema.registry.url",
            "value.converter.schema.registry.url",
        ],
    ),
    (
        "format",
        &[
            "key.format",
            "value.format",
            "value.converter",
            "converter",
            "output.format",
            "output_format",
            "canal.mq.flatmessage",
            "serializer",
        ],
    ),
    ("tombstones", &["tombstones.on.delete", "tombstone"]),
    (
        "headers",
        &[
            "output_commit_info",
            "output_binlog_position",
            "output_gtid_position",
            "provide.transaction.metadata",
            "message.headers",
        ],
    ),
    ("nulls", &["output_nulls"]),
    ("decimal", &["decimal.handling.mode"]),
    ("bigint-unsigned", &["bigint.unsigned.handling.mode"]),
    ("binary", &["binary.handling.mode"]),
    ("changes", &["operations", "dml"]),
    (
        "ddl",
        &[
            "output_ddl",
            "include.schema.changes",
            "ddl_kafka_topic",
            "schema.change.behavior",
            "schema-change.enabled",
            "schema_change",
            "canal.instance.filter.query.ddl",
        ],
    ),
    (
        "address",
        &[
            "database.hostname",
            "database.host",
            "db_host",
            "endpoint",
            "canal.instance.master.address",
            "host",
            "hostname",
            "url",
            "jdbc-url",
            "jdbc.url",
            "connection.url",
        ],
    ),
    ("user", &["database.user", "db_user", "username", "canal.instance.dbusername", "db-user"]),
    (
        "password",
        &["database.password", "db_password", "canal.instance.dbpassword", "passwd", "pass", "pwd", "secret"],
    ),
    (
        "server-id",
        &[
            "database.server.id",
            "server.id",
            "server_id",
            "replica_server_id",
            "canal.instance.mysql.slaveid",
            "serverid",
        ],
    ),
    (
        "time-zone",
        &[
            "server-time-zone",
            "database.connectiontimezone",
            "database.servertimezone",
            "timezone",
            "time_zone",
        ],
    ),
    (
        "heartbeat",
        &["heartbeat.interval.ms", "heartbeat.interval", "heartbeat.action.query", "heartbeat-interval"],
    ),
    (
        "tls",
        &[
            "ssl",
            "security.protocol",
            "security-protocol",
            "database.ssl.mode",
            "ssl-mode",
            "sslmode",
            "use_ssl",
        ],
    ),
    (
        "on-error",
        &[
            "event.processing.failure.handling.mode",
            "errors.tolerance",
            "ignore_producer_error",
            "dead_letter_topic",
            "errors.deadletterqueue.topic.name",
            "dlq",
        ],
    ),
    ("retry", &["errors.retry.timeout", "errors.max.retries", "retries", "retry.times"]),
    ("rename", &["route", "routes", "map", "alias", "transforms", "sink.mapping"]),
    ("label", &["labels", "tags", "tag"]),
    ("paused", &["disabled"]),
    ("sensitive", &["pii"]),
    ("use", &["import"]),
    ("source", &["datasource"]),
    ("target", &["sink"]),
    ("pipeline", &["job", "task", "flow", "sync", "stream", "connector"]),
    ("param", &["variable", "variables", "var"]),
    ("edition", &["version"]),
];

/// Our word for a word of another tool's vocabulary.
pub fn foreign_word(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    FOREIGN_WORDS.iter().find(|(_, theirs)| theirs.contains(&word.as_str())).map(|(ours, _)| *ours)
}

/// Our placeholder for one of another tool's vocabulary.
pub fn foreign_placeholder(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().replace(['_', '-', '.'], "").as_str() {
        "database" | "databasename" | "dbname" | "schema" | "schemaname" | "sourcedb" | "sourcedatabase" => {
            Some("db")
        }
        "tablename" | "tbl" | "sourcetable" => Some("table"),
        "server" | "servername" | "connector" | "instance" => Some("source"),
        "task" | "job" | "flow" | "pipelinename" => Some("pipeline"),
        "columnname" | "field" | "fieldname" => Some("column"),
        "topicname" => Some("topic"),
        "originaltable" | "oldtable" | "origintable" => Some("origin.table"),
        "originaldb" | "originaldatabase" | "olddb" | "origindb" | "origindatabase" => Some("origin.db"),
        _ => None,
    }
}

/// Our words for a value of another tool's vocabulary, of which at most one fits a statement.
pub fn foreign_value(word: &str) -> &'static [&'static str] {
    match word.to_ascii_lowercase().as_str() {
        "mariadb" => &["mysql"],
        "canal" => &["canal-json"],
        "maxwell" => &["maxwell-json"],
        "dts" => &["dts-avro"],
        "initial" | "when_needed" => &["snapshot"],
        "never" | "schema_only" | "no_data" | "no-snapshot" | "latest" | "latest-offset" => &["now"],
        "primary-key" | "primary_key" | "pk" | "hash" => &["key"],
        "on" | "true" | "yes" | "enabled" => &["on", "verify-full"],
        "required" => &["require"],
        "base64url" | "base64-url" => &["base64-url-safe"],
        "false" | "no" | "disabled" => &["off"],
        "lowercase" => &["lower"],
        "uppercase" => &["upper"],
        "-1" => &["all"],
        _ => &[],
    }
}

fn only<'a, 'c: 'a>(mut found: impl Iterator<Item = &'a (&'c str, String)>) -> Option<&'c str> {
    match (found.next(), found.next()) {
        (Some((one, _)), None) => Some(one),
        _ => None,
    }
}

/// The words of a name, in one order.
pub(super) fn sorted_parts(name: &str) -> Vec<String> {
    let mut parts: Vec<String> = name.split(SEPARATORS).map(str::to_owned).collect();
    parts.sort_unstable();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder() {
        assert_eq!(closest("BUS", ["bus", "dr"]), Some("bus"));
        assert_eq!(closest("buss", ["bus", "dr"]), Some("bus"));
        assert_eq!(closest("inclde", ["include", "exclude"]), Some("include"));
        assert_eq!(closest("orders_shop_eu", ["shop_orders_eu", "crm"]), Some("shop_orders_eu"));
        assert_eq!(closest("warehouse", ["bus", "dr"]), None);
        assert_eq!(closest("bux", ["bus", "bua"]), None, "two are equally near");
        assert_eq!(closest("ue", ["eu", "us"]), Some("eu"));
        assert_eq!(closest("pi", ["pii", "slim"]), Some("pii"));
        assert_eq!(closest("on", ["op", "none"]), None, "half of the word is another");
        assert_eq!(closest("größe", ["grosse", "größen"]), Some("größen"));
    }

    #[test]
    fn no_distance_is_smaller_than_the_least() {
        let words: Vec<&str> = crate::statement::STATEMENTS.iter().map(|spec| spec.word).collect();
        for (one, other) in words.iter().flat_map(|one| words.iter().map(move |other| (one, other))) {
            let distance = strsim::damerau_levenshtein(one, other);
            assert!(least_distance(&signs(one), other) <= distance, "{one}, {other}");
        }
    }

    #[test]
    fn what_is_offered_is_a_statement() {
        for (ours, theirs) in FOREIGN_WORDS {
            assert!(crate::statement::STATEMENTS.iter().any(|spec| spec.word == *ours), "{ours}");
            for word in *theirs {
                assert_eq!(foreign_word(&word.to_uppercase()), Some(*ours), "{word} stands twice");
            }
        }
    }
}
