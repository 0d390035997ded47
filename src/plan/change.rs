//! Codes of findings about a change of what runs, with their pages.

use crate::diagnostic::{Code, CodeDoc};

/// A table or pipeline is no longer sent.
pub const FLOW_REMOVED: Code = Code::new("P1001", "flow-removed");
/// Other key columns on an existing topic.
pub const KEY_CHANGED: Code = Code::new("P1002", "key-changed");
/// Another rule or number of partitions.
pub const PARTITION_RULE_CHANGED: Code = Code::new("P1003", "partition-rule-changed");
/// Rows sent before keep the old form.
pub const OLD_ROWS_DIFFER: Code = Code::new("P1004", "old-rows-differ");
/// Another server or cluster.
pub const OTHER_SERVER: Code = Code::new("P1005", "other-server");
/// The same topic, other bytes.
pub const FORMAT_CHANGED: Code = Code::new("P1006", "format-changed");
/// Messages go to another topic.
pub const TOPIC_MOVED: Code = Code::new("P1007", "topic-moved");
/// A thing vanished and a twin appeared.
pub const RENAMED_WITHOUT_MOVED: Code = Code::new("P1008", "renamed-without-moved");
/// Existing rows of a table are loaded.
pub const SNAPSHOT_NEEDED: Code = Code::new("P1009", "snapshot-needed");
/// A column is gone, or takes less than before.
pub const SCHEMA_NARROWED: Code = Code::new("P1010", "schema-narrowed");
/// A setting that is fixed when a task starts for the first time.
pub const FIXED_AT_FIRST_START: Code = Code::new("P1011", "fixed-at-first-start");

/// Codes of changes that break consumers, and that can be accepted all the same: what was sent stays, what comes from now
/// on is another thing.
pub(super) const ACCEPTABLE: [Code; 5] =
    [KEY_CHANGED, PARTITION_RULE_CHANGED, FORMAT_CHANGED, TOPIC_MOVED, RENAMED_WITHOUT_MOVED];

/// A code that can be accepted.
///
/// # Errors
/// Another text, with the codes that can be.
pub fn acceptable(code: &str) -> Result<String, String> {
    let known: Vec<&str> = ACCEPTABLE.iter().map(|code| code.number).collect();
    match known.contains(&code) {
        true => Ok(code.to_owned()),
        false => Err(format!("`{code}` cannot be accepted; what can: {}", known.join(", "))),
    }
}

/// The pages of the codes of this module. They speak of two versions of a project, so none has an example file.
pub const PAGES: &[CodeDoc] = &[
    page(
        FLOW_REMOVED,
        "A table or a pipeline that was sent is not sent any more.",
        "Consumers see no more changes, and nothing tells them that the data has an end.",
    ),
    page(
        KEY_CHANGED,
        "The key of messages of an existing topic changes.",
        "Rows sent before have the old key: compaction keeps both, and consumers cannot match the two.",
    ),
    page(
        PARTITION_RULE_CHANGED,
        "The rule, or the number of partitions, by which messages are spread over a topic changes.",
        "From the change on, a row goes to another partition than before, so its order is lost at that point. Accepted, a fence in \
         every partition marks it, in the transaction that stores the rule or the number; that goes for partitions that were added \
         to a topic by hand, too (L0205).",
    ),
    page(
        OLD_ROWS_DIFFER,
        "Other columns are sent from now on; rows sent before stay as they are.",
        "A consumer that builds a table from the topic holds both forms until each row has changed once.",
    ),
    page(
        OTHER_SERVER,
        "The source is another server whose log does not go on where the old one's ended, or the target is another cluster.",
        "The stored position means nothing there.",
    ),
    page(
        FORMAT_CHANGED,
        "Messages of an existing topic get another form, or other names in them.",
        "Consumers that read the old form fail, or silently read something else.",
    ),
    page(
        TOPIC_MOVED,
        "The messages of a table go to another topic.",
        "Consumers of the old topic see no more changes until they follow.",
    ),
    page(
        RENAMED_WITHOUT_MOVED,
        "A pipeline, source or target vanished, and one that is equal but for its name appeared.",
        "Position and progress are stored under the name: the new one would begin anew and send everything again.",
    ),
    page(
        SNAPSHOT_NEEDED,
        "A table is sent from now on, and its existing rows are loaded first.",
        "The load reads the whole table beside everything else that runs. How many rows it has is known from `schema.lock`, to a \
         power of ten; bytes and time are estimated from its columns and the `rate` of `start snapshot`, or 20MiB/s.",
    ),
    page(
        SCHEMA_NARROWED,
        "A column that was sent is gone from a table, or its type takes fewer values than before, or other ones. Found where two \
         states of `schema.lock` are compared.",
        "Consumers that read the field miss it, or find values they cannot read.",
    ),
    page(
        FIXED_AT_FIRST_START,
        "A setting changes that is used once, when a task starts for the first time: `start`, or the names and replicas of \
         state topics.",
        "History cannot be written anew, and state cannot be found under another name.",
    ),
];

const fn page(code: Code, what: &'static str, why: &'static str) -> CodeDoc {
    CodeDoc { code, what, why, wrong: "", right: "" }
}
