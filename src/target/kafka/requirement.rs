//! What a task needs of a cluster, held against what the cluster is. Pure: the facts come from elsewhere.

use crate::catalog::{ClusterFacts, TopicFacts};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Severity};
use crate::kafka::TopicName;

/// The cluster cannot be reached.
pub const KAFKA_UNREACHABLE: Code = Code::new("L0201", "kafka-unreachable");
/// The cluster refuses our login.
pub const KAFKA_LOGIN_FAILED: Code = Code::new("L0202", "kafka-login-failed");
/// A right is missing.
pub const ACL_MISSING: Code = Code::new("L0203", "acl-missing");
/// A data topic is missing and may not be made.
pub const TOPIC_MISSING: Code = Code::new("L0204", "topic-missing");
/// A topic has another number of partitions than it should have.
pub const PARTITIONS_DIFFER: Code = Code::new("L0205", "partitions-differ");
/// Our transactions last longer than the broker allows.
pub const TRANSACTION_TIMEOUT: Code = Code::new("L0214", "transaction-timeout-over-broker-limit");
/// The state topic cannot keep state.
pub const STATE_TOPIC_CONFIG: Code = Code::new("L0215", "state-topic-config");
/// The loss of one broker can lose acknowledged records.
pub const WEAK_REPLICATION: Code = Code::new("L0216", "weak-replication");
/// The state topic is somebody else's.
pub const FOREIGN_STATE: Code = Code::new("L0217", "foreign-state");

/// Smallest record limit of a state topic, bytes: a state value is split into parts below it.
pub const STATE_RECORD_BYTES: u64 = 1024 * 1024;

/// Replicas with which the loss of one broker loses nothing and stops nothing.
const SOUND_REPLICAS: u32 = 3;

/// What a task needs of its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// How long a transaction may stay open, ms; none without transactions.
    pub transaction_timeout_ms: Option<u32>,
    /// The state topic.
    pub state_topic: TopicName,
    /// Data topics.
    pub topics: Vec<TopicNeed>,
}

/// A data topic a task writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicNeed {
    /// Name.
    pub name: TopicName,
    /// It is made when it is missing.
    pub create: bool,
}

/// Replicas of a state topic and how many of them must have a record, as declared or by default.
pub fn state_replicas(replicas: Option<u16>, min_insync: Option<u16>, brokers: u32) -> (u16, u16) {
    let replicas = replicas.unwrap_or(brokers.clamp(1, SOUND_REPLICAS) as u16);
    (replicas, min_insync.unwrap_or(replicas.saturating_sub(1).max(1)))
}

/// Everything that stands between a task and its cluster.
pub fn findings(facts: &ClusterFacts, needs: &Needs) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    found.extend(transaction_timeout(facts, needs));
    found.extend(missing_topics(facts, needs));
    if let Some(topic) = facts.topics.get(needs.state_topic.as_str()) {
        found.extend(state_topic(needs.state_topic.as_str(), topic));
    }
    found.extend(weak_replication(facts, needs));
    found
}

fn transaction_timeout(facts: &ClusterFacts, needs: &Needs) -> Option<Diagnostic> {
    let limit = facts.transaction_max_timeout_ms?;
    let wanted = u64::from(needs.transaction_timeout_ms?);
    (wanted > limit).then(|| {
        let message = format!(
            "`transaction-timeout` is {wanted} ms, the brokers allow {limit} ms (`transaction.max.timeout.ms`)"
        );
        Diagnostic::nowhere(TRANSACTION_TIMEOUT, Severity::Error, message)
            .help(format!("write `transaction-timeout {limit}ms` or less, or raise the brokers' limit"))
    })
}

fn missing_topics(facts: &ClusterFacts, needs: &Needs) -> impl Iterator<Item = Diagnostic> {
    needs.topics.iter().filter(|need| !need.create && !facts.topics.contains_key(need.name.as_str())).map(
        |need| {
            let name = need.name.as_str();
            let message = format!("topic `{name}` does not exist and may not be created");
            Diagnostic::nowhere(TOPIC_MISSING, Severity::Error, message).help(format!(
                "write `create if-missing` in its `topic` block, or run `kafka-topics --create --topic {name}`"
            ))
        },
    )
}

fn state_topic(name: &str, topic: &TopicFacts) -> Vec<Diagnostic> {
    let finding = |severity, message: String, repair: String| {
        Diagnostic::nowhere(STATE_TOPIC_CONFIG, severity, message).help(repair)
    };
    let alter = |setting: &str| {
        format!("kafka-configs --alter --entity-type topics --entity-name {name} --add-config {setting}")
    };
    let setting = |key: &str| topic.config.get(key).map(String::as_str);
    let number = |key: &str| setting(key).and_then(|value| value.parse::<i64>().ok());
    let mut found = Vec::new();
    if topic.partitions != 1 {
        found.push(finding(
            Severity::Error,
            format!(
                "state topic `{name}` has {} partitions; one order of records needs one",
                topic.partitions
            ),
            "another `state { prefix … }`, or delete the topic if nothing uses it".to_owned(),
        ));
    }
    let deletes = setting("cleanup.policy").is_some_and(|policy| policy.split(',').any(|p| p == "delete"));
    let limited = ["retention.ms", "retention.bytes"].iter().any(|key| number(key).is_some_and(|n| n >= 0));
    if deletes && limited {
        found.push(finding(
            Severity::Error,
            format!("state topic `{name}` deletes old records: an idle week would empty the state"),
            alter("cleanup.policy=compact"),
        ));
    }
    if number("max.message.bytes").is_some_and(|limit| limit < STATE_RECORD_BYTES as i64) {
        found.push(finding(
            Severity::Error,
            format!("state topic `{name}` takes records below {STATE_RECORD_BYTES} bytes only"),
            alter(&format!("max.message.bytes={STATE_RECORD_BYTES}")),
        ));
    }
    /// Above this, a start reads so much that it is felt.
    const LARGE_SEGMENT_BYTES: i64 = 256 * 1024 * 1024;
    if number("segment.bytes").is_some_and(|bytes| bytes > LARGE_SEGMENT_BYTES) {
        found.push(finding(
            Severity::Warning,
            format!(
                "state topic `{name}` has large segments: a start reads everything that is not compacted yet"
            ),
            alter("segment.bytes=33554432,segment.ms=3600000,min.cleanable.dirty.ratio=0.1"),
        ));
    }
    found
}

/// One finding for the cluster, else one that lists the topics.
fn weak_replication(facts: &ClusterFacts, needs: &Needs) -> Option<Diagnostic> {
    let finding = |message: String, help: &str| {
        Some(Diagnostic::nowhere(WEAK_REPLICATION, Severity::Warning, message).help(help))
    };
    if facts.brokers < SOUND_REPLICAS {
        return finding(
            format!(
                "the cluster has {} of {SOUND_REPLICAS} brokers: losing one can lose acknowledged records",
                facts.brokers
            ),
            "fine for trying out; use three brokers or more where the data matters",
        );
    }
    let names = needs.topics.iter().map(|need| &need.name).chain([&needs.state_topic]);
    let weak: Vec<&str> =
        names.map(TopicName::as_str).filter(|name| facts.topics.get(*name).is_some_and(is_weak)).collect();
    if weak.is_empty() {
        return None;
    }
    finding(
        format!("losing one broker can lose acknowledged records of `{}`", weak.join("`, `")),
        "use three replicas, `min.insync.replicas=2` and `unclean.leader.election.enable=false`",
    )
}

fn is_weak(topic: &TopicFacts) -> bool {
    let is = |key: &str, value: &str| topic.config.get(key).is_some_and(|have| have == value);
    topic.replicas < SOUND_REPLICAS
        || is("min.insync.replicas", "1")
        || is("unclean.leader.election.enable", "true")
}

/// The finding for state that belongs to another task or cluster; none when it is ours. Both sides are (task, cluster).
pub fn foreign_state(topic: &str, stored: (&str, &str), ours: (&str, &str)) -> Option<Diagnostic> {
    (stored != ours).then(|| {
        let who = |(task, cluster): (&str, &str)| format!("task `{task}` on cluster `{cluster}`");
        let message = format!("state topic `{topic}` belongs to {}; this is {}", who(stored), who(ours));
        Diagnostic::nowhere(FOREIGN_STATE, Severity::Error, message)
            .help("give this project another `state { prefix … }`")
    })
}

/// The finding for a topic that has another number of partitions than when rows were first sent to it; none when it is the same.
pub fn partitions_changed(topic: &str, now: u32, recorded: u32) -> Option<Diagnostic> {
    (now != recorded).then(|| {
        let message = format!(
            "topic `{topic}` has {now} partitions and had {recorded} when its first rows were sent: another number spreads \
             the rows anew, and changes of one row would be in two partitions"
        );
        Diagnostic::nowhere(PARTITIONS_DIFFER, Severity::Error, message).help(format!(
            "send to another `topic` and load it anew, or make `{topic}` again with {recorded} partitions"
        ))
    })
}

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
        "The user may not do something the task needs on a topic, a transactional id or the cluster.",
        "The first row would fail. syncc needs write and describe on data topics and on its transactional id, and read, \
         write and describe on its state topic; create where it makes topics.",
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
         make it again.",
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

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> TopicName {
        TopicName::new(text).unwrap()
    }

    fn topic(replicas: u32, config: &[(&str, &str)]) -> TopicFacts {
        let config = config.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        TopicFacts { partitions: 1, replicas, config }
    }

    fn sound() -> (ClusterFacts, Needs) {
        let mut facts = ClusterFacts {
            cluster_id: "c".into(),
            brokers: 3,
            transaction_max_timeout_ms: Some(900_000),
            ..ClusterFacts::default()
        };
        let state = topic(3, &[("cleanup.policy", "compact"), ("max.message.bytes", "1048588")]);
        facts.topics.insert("p.t.state".into(), state);
        facts.topics.insert("shop.orders".into(), topic(3, &[("min.insync.replicas", "2")]));
        let needs = Needs {
            transaction_timeout_ms: Some(60_000),
            state_topic: name("p.t.state"),
            topics: vec![TopicNeed { name: name("shop.orders"), create: false }],
        };
        (facts, needs)
    }

    /// Changes a sound cluster and lists what is found, as `CODE severity`.
    fn check(change: impl FnOnce(&mut ClusterFacts, &mut Needs), expected: &[&str]) {
        let (mut facts, mut needs) = sound();
        change(&mut facts, &mut needs);
        let found: Vec<String> =
            findings(&facts, &needs).iter().map(|d| format!("{} {:?}", d.code, d.severity)).collect();
        assert_eq!(found, expected);
    }

    fn state(facts: &mut ClusterFacts) -> &mut TopicFacts {
        facts.topics.get_mut("p.t.state").unwrap()
    }

    fn set(facts: &mut ClusterFacts, settings: &[(&str, &str)]) {
        state(facts).config.extend(settings.iter().map(|(k, v)| (k.to_string(), v.to_string())));
    }

    #[test]
    fn a_sound_cluster_has_no_findings() {
        check(|_, _| {}, &[]);
    }

    #[test]
    fn transactions_must_fit_the_brokers() {
        check(|_, needs| needs.transaction_timeout_ms = Some(900_001), &["L0214 Error"]);
        check(|_, needs| needs.transaction_timeout_ms = None, &[]);
        check(|facts, _| facts.transaction_max_timeout_ms = None, &[]);
    }

    #[test]
    fn a_topic_that_may_not_be_made_must_exist() {
        check(|facts, _| drop(facts.topics.remove("shop.orders")), &["L0204 Error"]);
        check(
            |facts, needs| {
                facts.topics.remove("shop.orders");
                needs.topics[0].create = true;
            },
            &[],
        );
    }

    #[test]
    fn a_state_topic_must_keep_state() {
        check(|facts, _| state(facts).partitions = 3, &["L0215 Error"]);
        let deletes = [("cleanup.policy", "delete"), ("retention.ms", "604800000")];
        check(|facts, _| set(facts, &deletes), &["L0215 Error"]);
        let both = [("cleanup.policy", "compact,delete"), ("retention.ms", "604800000")];
        check(|facts, _| set(facts, &both), &["L0215 Error"]);
        let keeps = [("cleanup.policy", "delete"), ("retention.ms", "-1"), ("retention.bytes", "-1")];
        check(|facts, _| set(facts, &keeps), &[]);
        check(|facts, _| set(facts, &[("max.message.bytes", "1000000")]), &["L0215 Error"]);
        check(|facts, _| set(facts, &[("segment.bytes", "1073741824")]), &["L0215 Warning"]);
        check(|facts, _| drop(facts.topics.remove("p.t.state")), &[]);
    }

    #[test]
    fn weak_replication_is_one_warning() {
        check(|facts, _| facts.brokers = 1, &["L0216 Warning"]);
        check(|facts, _| state(facts).replicas = 2, &["L0216 Warning"]);
        check(|facts, _| set(facts, &[("min.insync.replicas", "1")]), &["L0216 Warning"]);
        check(|facts, _| set(facts, &[("unclean.leader.election.enable", "true")]), &["L0216 Warning"]);
    }

    #[test]
    fn state_of_another_task_or_cluster_is_foreign() {
        assert!(foreign_state("t.state", ("t", "c"), ("t", "c")).is_none());
        for stored in [("other", "c"), ("t", "other")] {
            let finding = foreign_state("t.state", stored, ("t", "c")).unwrap();
            assert_eq!(finding.code, FOREIGN_STATE);
            assert!(finding.message.contains("other") && finding.message.contains("`t`"));
        }
    }

    #[test]
    fn each_code_has_one_page() {
        let mut numbers: Vec<&str> = CODES.iter().map(|doc| doc.code.number).collect();
        numbers.dedup();
        assert_eq!(numbers.len(), CODES.len());
        assert!(CODES.iter().all(|doc| !doc.what.is_empty() && !doc.why.is_empty()));
    }
}
