//! The pages of what is found at a cluster.

use super::{
    ACL_MISSING, BROKER_VERSION, CLEANUP_POLICY, FOREIGN_STATE, FOREIGN_WRITER, KAFKA_LOGIN_FAILED,
    KAFKA_UNREACHABLE, PARTITIONS_DIFFER, QUOTA, REPLICAS, SIZE_LIMIT, STATE_TOPIC_CONFIG, TOPIC_MISSING,
    TRANSACTION_TIMEOUT, WEAK_REPLICATION,
};
use crate::diagnostic::{Code, CodeDoc};

/// The pages of these findings. They need a cluster, so no project file shows one.
pub const CODES: &[CodeDoc] = &[
    page(
        KAFKA_UNREACHABLE,
        "No broker of the target answers, or the one that answers is not the one its certificate names.",
        "Nothing can be written. A broker that cannot be reached while syncc runs is waited for under `retry`.",
    ),
    page(
        KAFKA_LOGIN_FAILED,
        "The brokers refuse the user, the password or the SASL mechanism.",
        "Waiting does not mend it, so it is told at once instead of being retried.",
    ),
    page(
        ACL_MISSING,
        "The user may not do something the task needs on a topic, a transactional id or the cluster. The `kafka-acls` commands \
         that grant what is missing stand behind it.",
        "The first row would fail. syncc needs write and describe on data topics and on its transactional id, and read, \
         write and describe on its state topic; create where it makes topics. `syncc doctor --grants` lists all of it.",
    ),
    page(
        TOPIC_MISSING,
        "A data topic does not exist, and its `topic` block says `create never`.",
        "syncc makes no topic it was not asked to make, and the brokers' automatic creation would make one with \
         settings nobody chose.",
    ),
    page(
        PARTITIONS_DIFFER,
        "A topic has another number of partitions than its `topic` block says, or than it had when the first rows were sent to \
         it.",
        "The partition of a row is a hash modulo that number. With another one, changes of one row are in two partitions, and \
         their order is lost. Kafka can only add partitions: send to another topic and load it anew, or delete the topic and \
         make it again. Where consumers can live with it, `run --accept P1003` goes on with the new number behind a fence in every \
         partition.",
    ),
    page(
        REPLICAS,
        "A topic is to have more replicas than there are brokers, or its `min.insync.replicas` is above its replicas.",
        "The brokers do not make such a topic, or refuse every record that waits for all replicas in sync.",
    ),
    page(
        CLEANUP_POLICY,
        "A topic compacts, and a table without a key goes there; or it keeps records for less than `retention` says.",
        "The brokers refuse a record without a key in a compacted topic. What is kept for less than was declared is gone before \
         slow consumers have read it.",
    ),
    page(
        SIZE_LIMIT,
        "The widest row of a table, by the declared lengths of its columns, is larger than its topic's `max.message.bytes`.",
        "The task stops at the first row that is too large, unless `on-oversize` says where it goes.",
    ),
    page(
        FOREIGN_WRITER,
        "The last record of a partition of a topic does not look like the messages that a table is sent as. Looked at by \
         `check --live`, and by `run` before a task begins for the first time; in topics that may be read, and the first 50 of them.",
        "Somebody else writes there, or another format did before: consumers that read all of the topic fail at one of the two. \
         Send to another `topic`, or stop who else writes.",
    ),
    page(
        BROKER_VERSION,
        "The brokers do not know what the delivery needs: transactions came with Kafka 0.11, and exactly-once asks for 2.1. A \
         `broker-version` below that is a warning where rows are sent at least once.",
        "Without transactions rows and position cannot be one. Brokers that old are written to as their protocol allows, and no \
         test of ours sees them.",
    ),
    page(
        QUOTA,
        "The brokers hold back what a task sends: it is more than a quota of its user or client allows. Told while the task runs, \
         because a user with the least rights may not ask for quotas, and the rate is not known before.",
        "Nothing is lost, but the lag grows while more comes than the quota lets through, and transactions that are held back for \
         longer than `transaction-timeout` are begun anew.",
    ),
    page(
        TRANSACTION_TIMEOUT,
        "`transaction-timeout` is above the brokers' `transaction.max.timeout.ms`.",
        "The brokers refuse the producer.",
    ),
    page(
        STATE_TOPIC_CONFIG,
        "The state topic exists with settings that cannot keep state: more than one partition, deletion of old records, \
         or records of less than 1 MiB. Large segments are a warning.",
        "The position would be lost, or could not be written; with large segments a start reads much.",
    ),
    page(
        WEAK_REPLICATION,
        "The cluster has fewer than three brokers, or a topic fewer than three replicas, `min.insync.replicas` 1 or \
         unclean leader election.",
        "An acknowledged record may then exist on one machine alone.",
    ),
    page(
        FOREIGN_STATE,
        "The state topic holds the position of another task, or of this task on another cluster.",
        "Going on from a position of somebody else would lose or repeat rows without a sign.",
    ),
];

const fn page(code: Code, what: &'static str, why: &'static str) -> CodeDoc {
    CodeDoc { code, what, why, wrong: "", right: "" }
}
