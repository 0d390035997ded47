//! What a task needs of a cluster, held against what the cluster is. Pure: the facts come from elsewhere.

mod pages;
mod quota;
mod shape;
mod topic;

pub use pages::CODES;
pub use quota::quota;
pub use shape::Expected;
pub use topic::TopicNeed;

use crate::catalog::{ClusterFacts, TopicFacts};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::kafka::TopicName;
use crate::statement::Version;

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
/// More replicas than brokers, or more in sync than there are.
pub const REPLICAS: Code = Code::new("L0206", "replicas");
/// A topic forgets what it should keep, or takes no rows without a key.
pub const CLEANUP_POLICY: Code = Code::new("L0207", "cleanup-policy");
/// A topic takes less than the widest row.
pub const SIZE_LIMIT: Code = Code::new("L0208", "size-limit");
/// A topic has records that the task has not written.
pub const FOREIGN_WRITER: Code = Code::new("L0209", "foreign-writer");
/// Brokers that are too old.
pub const BROKER_VERSION: Code = Code::new("L0212", "broker-version");
/// Brokers hold back what is sent.
pub const QUOTA: Code = Code::new("L0213", "quota");
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

/// Oldest brokers that tests of ours see.
const OLDEST_TESTED: Version = Version::new(2, 1, 0);

/// What a task needs of its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// Where the cluster is, as commands name it.
    pub brokers: String,
    /// How long a transaction may stay open, ms; none without transactions.
    pub transaction_timeout_ms: Option<u32>,
    /// The version that the files say the brokers have.
    pub broker_version: Option<Version>,
    /// The state topic.
    pub state_topic: TopicName,
    /// Replicas of it that are declared.
    pub state_replicas: Option<u16>,
    /// Data topics.
    pub topics: Vec<TopicNeed>,
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
    found.extend(broker_version(needs));
    found.extend(needs.topics.iter().flat_map(|need| need.findings(facts, &needs.brokers)));
    let name = needs.state_topic.as_str();
    match facts.topics.get(name) {
        Some(topic) => found.extend(state_topic(name, topic)),
        None => {
            let too_many = needs.state_replicas.filter(|replicas| u32::from(*replicas) > facts.brokers);
            found.extend(too_many.map(|replicas| topic::too_many_replicas(name, replicas, facts.brokers)));
        }
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

/// Old brokers that rows are sent to without transactions; with them the files are refused before.
fn broker_version(needs: &Needs) -> Option<Diagnostic> {
    let version = needs.broker_version.filter(|version| *version < OLDEST_TESTED)?;
    needs.transaction_timeout_ms.is_none().then(|| {
        let message = format!("brokers of version {version} are older than any that syncc is tested with");
        Diagnostic::nowhere(BROKER_VERSION, Severity::Warning, message)
            .help(format!("Kafka {OLDEST_TESTED} or newer, where there is a choice"))
    })
}

/// The command that changes a setting of a topic.
fn alter(topic: &str, setting: &str) -> String {
    format!("kafka-configs --alter --entity-type topics --entity-name {topic} --add-config {setting}")
}

fn number(topic: &TopicFacts, key: &str) -> Option<i64> {
    topic.config.get(key).and_then(|value| value.parse().ok())
}

fn policy_has(topic: &TopicFacts, policy: &str) -> bool {
    topic
        .config
        .get("cleanup.policy")
        .is_some_and(|policies| policies.split(',').any(|one| one.trim() == policy))
}

fn state_topic(name: &str, topic: &TopicFacts) -> Vec<Diagnostic> {
    let finding = |severity, message: String, repair: String| {
        Diagnostic::nowhere(STATE_TOPIC_CONFIG, severity, message).help(repair)
    };
    let alter = |setting: &str| alter(name, setting);
    let number = |key: &str| number(topic, key);
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
    let deletes = policy_has(topic, "delete");
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
    let minimum = number("min.insync.replicas").and_then(|min| u64::try_from(min).ok());
    if let Some(min) = minimum.filter(|min| *min > u64::from(topic.replicas)) {
        found.push(topic::unreachable_minimum(name, min, topic.replicas));
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
            "send to another `topic` and load it anew, make `{topic}` again with {recorded} partitions, or go on with {now} from here \
             on with `--accept P1003`: a fence in every partition marks the place"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::Cleanup;

    fn name(text: &str) -> TopicName {
        TopicName::new(text).unwrap()
    }

    fn topic(replicas: u32, config: &[(&str, &str)]) -> TopicFacts {
        let config = config.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        TopicFacts { partitions: 1, replicas, config, last: Vec::new() }
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
            brokers: "k:9092".into(),
            transaction_timeout_ms: Some(60_000),
            broker_version: None,
            state_topic: name("p.t.state"),
            state_replicas: None,
            topics: vec![TopicNeed::plain(name("shop.orders"), false)],
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

    fn data(facts: &mut ClusterFacts) -> &mut TopicFacts {
        facts.topics.get_mut("shop.orders").unwrap()
    }

    fn set_data(facts: &mut ClusterFacts, key: &str, value: &str) {
        data(facts).config.insert(key.into(), value.into());
    }

    #[test]
    fn partitions_are_as_declared() {
        check(|_, needs| needs.topics[0].partitions = Some(1), &[]);
        check(|_, needs| needs.topics[0].partitions = Some(12), &["L0205 Error"]);
        assert!(partitions_changed("a", 3, 3).is_none());
        let changed = partitions_changed("a", 4, 3).unwrap();
        assert!(changed.message.contains("4 partitions and had 3"), "{}", changed.message);
    }

    #[test]
    fn replicas_are_to_be_had() {
        let missing = |facts: &mut ClusterFacts, needs: &mut Needs| {
            facts.topics.clear();
            needs.topics[0].create = true;
        };
        check(|facts, needs| (missing(facts, needs), needs.topics[0].replicas = Some(3)).1, &[]);
        check(|facts, needs| (missing(facts, needs), needs.topics[0].replicas = Some(4)).1, &["L0206 Error"]);
        check(|facts, needs| (missing(facts, needs), needs.state_replicas = Some(5)).1, &["L0206 Error"]);
        check(
            |facts, needs| {
                missing(facts, needs);
                needs.topics[0].replicas = Some(2);
                needs.topics[0].min_insync = Some(3);
            },
            &["L0206 Error"],
        );
        check(|facts, _| set_data(facts, "min.insync.replicas", "4"), &["L0206 Error"]);
        check(|facts, _| set(facts, &[("min.insync.replicas", "4")]), &["L0206 Error"]);
    }

    #[test]
    fn a_topic_keeps_what_it_is_sent() {
        let keyless = |needs: &mut Needs| needs.topics[0].keyless = Some("shop.log".into());
        check(|facts, needs| (set_data(facts, "cleanup.policy", "delete"), keyless(needs)).1, &[]);
        let policy = "compact, delete";
        check(|facts, needs| (set_data(facts, "cleanup.policy", policy), keyless(needs)).1, &["L0207 Error"]);
        check(
            |facts, needs| {
                facts.topics.remove("shop.orders");
                keyless(needs);
                (needs.topics[0].create, needs.topics[0].cleanup) = (true, Some(Cleanup::Compact));
            },
            &["L0207 Error"],
        );
        let week = |facts: &mut ClusterFacts, needs: &mut Needs, kept: &str| {
            set_data(facts, "cleanup.policy", "delete");
            set_data(facts, "retention.ms", kept);
            needs.topics[0].retention_ms = Some(604_800_000);
        };
        check(|facts, needs| week(facts, needs, "604799999"), &["L0207 Error"]);
        check(|facts, needs| week(facts, needs, "604800000"), &[]);
        check(|facts, needs| week(facts, needs, "-1"), &[]);
    }

    #[test]
    fn the_widest_row_fits() {
        let wide = |needs: &mut Needs, bytes| needs.topics[0].widest = Some(("shop.orders".into(), bytes));
        check(|_, needs| wide(needs, 1_048_588), &[]);
        check(|_, needs| wide(needs, 1_048_589), &["L0208 Warning"]);
        check(
            |facts, needs| (set_data(facts, "max.message.bytes", "5000"), wide(needs, 5_001)).1,
            &["L0208 Warning"],
        );
        check(
            |facts, needs| (set_data(facts, "max.message.bytes", "9000000"), wide(needs, 9_000_000)).1,
            &[],
        );
    }

    #[test]
    fn brokers_that_no_test_has_seen() {
        let old = |needs: &mut Needs| needs.broker_version = Some(Version::new(0, 10, 2));
        check(|_, needs| (old(needs), needs.transaction_timeout_ms = None).1, &["L0212 Warning"]);
        check(|_, needs| old(needs), &[]);
        check(|_, needs| needs.broker_version = Some(Version::new(2, 1, 0)), &[]);
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
