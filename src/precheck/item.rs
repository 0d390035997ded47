//! What is looked at, in order, one line each.
//!
//! An item is a few codes and what was seen where none of them was found. The items of the managed service that this one is
//! compared with, and where they are here:
//!
//! | its item | here |
//! |---|---|
//! | source connectivity | connection: L0101, L0102 |
//! | source permission | rights: L0104, L0120 |
//! | target connectivity | connection: L0201, L0202 |
//! | target permission | rights: L0203 |
//! | log switched on | log: L0105 |
//! | log format | log format: L0106 |
//! | row image | row image: L0107 |
//! | server id | server id: L0112 |
//! | log files complete | position: L0111, by `run`, which knows the position; retention: L0110 |
//! | storage engine | engines: L0115 |
//! | password format | connection: L0102 names login methods that are not known |
//! | source version | version: L0103 |
//! | same-name objects | topics: L0204, L0205, L0209; two tables of one project in one topic: S0401 and others, without a server |
//! | SQL mode | no counterpart: sessions set their own |
//! | account existence | no counterpart: accounts are not sent |
//! | topology | state topic: L0215, L0217; copies in a circle: S0601 and others, without a server |

use crate::catalog::{ClusterFacts, SourceCatalog};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::mysql::position::Flavor;
use crate::source::mysql::requirement as source;
use crate::statement::duration_text;
use crate::target::kafka::requirement as target;

/// One thing that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub name: &'static str,
    /// The gravest of what was found; none: it is in order.
    pub worst: Option<Severity>,
    /// What was found, or what was seen.
    pub text: String,
}

/// What was seen where nothing was found.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'s> {
    /// The source.
    pub catalog: &'s SourceCatalog,
    /// What existing rows come to; none where none are loaded.
    pub estimate: Option<source::Estimate>,
}

/// Name, codes, and what is said where none of them was found.
type Row<F> = (&'static str, &'static [Code], F);

/// What is said of a source.
type OfSource = fn(&Seen<'_>) -> String;

/// What is said of a cluster.
type OfCluster = fn(&ClusterFacts) -> String;

const SOURCE: &[Row<OfSource>] = &[
    ("version", &[source::VERSION], |seen| {
        let family = match seen.catalog.server.flavor() {
            Flavor::MySql => "MySQL ",
            Flavor::MariaDb => "",
        };
        format!("{family}{}", seen.catalog.server.version)
    }),
    ("log", &[source::BINLOG_OFF], |seen| match &seen.catalog.server.position {
        Some(end) => format!("on, ends at {}", end.file),
        None => "on".to_owned(),
    }),
    ("log format", &[source::NOT_ROW_FORMAT], |seen| variable(seen, "binlog_format")),
    ("row image", &[source::ROW_IMAGE], |seen| variable(seen, "binlog_row_image")),
    ("log events", &[source::COMPRESSION], |_| "all kinds are decoded".to_owned()),
    ("row metadata", &[source::METADATA_MINIMAL], |seen| variable(seen, "binlog_row_metadata")),
    ("server id", &[source::SERVER_ID_IN_USE], |seen| {
        let readers = match seen.catalog.survey.replicas {
            Some(_) => "nobody reads under ours",
            None => "whether somebody reads under ours we may not ask",
        };
        format!("{}, and {readers}", seen.catalog.server.identity.server_id)
    }),
    ("gtid", &[source::GTID_OFF, source::GTID_TRANSITION, source::NO_LOCK_FREE_LOAD], |seen| {
        match seen.catalog.server.flavor() {
            Flavor::MySql => variable(seen, "gtid_mode"),
            Flavor::MariaDb => "always on".to_owned(),
        }
    }),
    ("heartbeat", &[source::HEARTBEAT_TABLE], |seen| match seen.catalog.survey.beat {
        Some(_) => "its table has the row that is counted up".to_owned(),
        None => "of the log alone".to_owned(),
    }),
    ("rights", &[source::PRIVILEGE_MISSING, source::PRIVILEGES_TOO_WIDE], |seen| {
        format!("{} may read what it must, and nothing else", seen.catalog.server.account)
    }),
    ("retention", &[source::RETENTION], |seen| match source::log_kept_ms(&seen.catalog.server) {
        Some(kept_ms) => format!("the log is kept for {}", duration_text(kept_ms)),
        None => "the log is kept for ever".to_owned(),
    }),
    ("replication", &[source::REPLICA_BLIND], |seen| {
        let survey = &seen.catalog.survey;
        match (&survey.upstream, survey.upstream_known) {
            (Some(upstream), _) => format!("a replica of {}, which it logs", upstream.address),
            (None, true) => "no replica".to_owned(),
            (None, false) => "whether it is a replica we may not ask".to_owned(),
        }
    }),
    ("time zone", &[source::TIME_ZONE], |seen| match variable(seen, "time_zone") {
        zone if zone == "SYSTEM" => format!("SYSTEM, {}", variable(seen, "system_time_zone")),
        zone => zone,
    }),
    ("load", &[source::BUSY], |seen| match seen.catalog.survey.threads_running {
        Some(1) => "1 statement is running".to_owned(),
        Some(running) => format!("{running} statements are running"),
        None => "not told".to_owned(),
    }),
    ("tables", &[source::MATCHES_NOTHING, source::NOT_A_TABLE, source::OLD_TEMPORAL_COLUMNS], |seen| {
        match seen.estimate {
            Some(estimate) => estimate.to_string(),
            None => counted(seen.catalog.tables.len() as u64, "table"),
        }
    }),
    ("engines", &[source::ENGINE], |_| "all with consistent views".to_owned()),
    ("keys", &[source::NO_PRIMARY_KEY, source::KEY_TRAP], |_| "all rows have one".to_owned()),
    ("foreign keys", &[source::CASCADE_INVISIBLE], |_| "what they change is logged".to_owned()),
];

const TARGET: &[Row<OfCluster>] = &[
    ("cluster", &[], |cluster| {
        format!("{}, {}", cluster.cluster_id, counted(u64::from(cluster.brokers), "broker"))
    }),
    ("broker version", &[target::BROKER_VERSION], |_| "knows what is needed".to_owned()),
    ("rights", &[target::ACL_MISSING], |_| "topics and settings may be seen".to_owned()),
    ("transactions", &[target::TRANSACTION_TIMEOUT], |cluster| match cluster.transaction_max_timeout_ms {
        Some(limit_ms) => format!("at most {}", duration_text(limit_ms)),
        None => "the brokers do not tell their limit".to_owned(),
    }),
    (
        "topics",
        &[
            target::TOPIC_MISSING,
            target::PARTITIONS_DIFFER,
            target::REPLICAS,
            target::CLEANUP_POLICY,
            target::SIZE_LIMIT,
            target::FOREIGN_WRITER,
        ],
        |cluster| format!("{} of ours exist, the others may be made", cluster.topics.len()),
    ),
    ("state topics", &[target::STATE_TOPIC_CONFIG, target::FOREIGN_STATE], |_| "can keep state".to_owned()),
    ("replication", &[target::WEAK_REPLICATION], |_| "losing one broker loses nothing".to_owned()),
];

/// The items of a source, with what was found there.
pub fn of_source(findings: &[Diagnostic], seen: &Seen<'_>) -> Vec<Item> {
    SOURCE.iter().map(|(name, codes, look)| item(name, codes, findings, look(seen))).collect()
}

/// The items of a cluster, with what was found there.
pub fn of_target(findings: &[Diagnostic], cluster: &ClusterFacts) -> Vec<Item> {
    TARGET.iter().map(|(name, codes, look)| item(name, codes, findings, look(cluster))).collect()
}

fn item(name: &'static str, codes: &[Code], findings: &[Diagnostic], seen: String) -> Item {
    let mut found: Vec<&Diagnostic> =
        findings.iter().filter(|finding| codes.contains(&finding.code)).collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let text = match found.as_slice() {
        [] => seen,
        [one] => format!("{} {}", one.code, one.message),
        [first, rest @ ..] => format!("{} {} (and {} more)", first.code, first.message, rest.len()),
    };
    Item { name, worst: found.first().map(|finding| finding.severity), text }
}

fn variable(seen: &Seen<'_>, name: &str) -> String {
    seen.catalog.server.variable(name).unwrap_or("not known to this release").to_owned()
}

fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::position::ServerIdentity;
    use crate::source::mysql::requirement::CODES;

    #[test]
    fn what_may_not_be_asked_is_told_as_unknown() {
        let text = |replicas| {
            let mut catalog = SourceCatalog::empty();
            catalog.server.identity =
                ServerIdentity { flavor: Flavor::MariaDb, uuid: String::new(), server_id: 7 };
            catalog.survey.replicas = replicas;
            let items = of_source(&[], &Seen { catalog: &catalog, estimate: None });
            items.into_iter().find(|item| item.name == "server id").expect("an item").text
        };
        assert_eq!(text(Some(Vec::new())), "7, and nobody reads under ours");
        assert_eq!(text(None), "7, and whether somebody reads under ours we may not ask");
    }

    #[test]
    fn every_code_has_one_item() {
        let of_other_stages = [
            // before there is anything to look at, or with the position or the lock file
            source::MYSQL_UNREACHABLE,
            source::MYSQL_LOGIN_FAILED,
            source::POSITION_PURGED,
            source::LOCK_DRIFT,
        ];
        for code in CODES.iter().map(|page| page.code).filter(|code| !of_other_stages.contains(code)) {
            let items = SOURCE.iter().filter(|(_, codes, _)| codes.contains(&code)).count();
            assert_eq!(items, 1, "{code}");
        }
        // and what is felt only while rows are sent
        let of_other_stages = [target::KAFKA_UNREACHABLE, target::KAFKA_LOGIN_FAILED, target::QUOTA];
        let codes = target::CODES.iter().map(|page| page.code);
        for code in codes.filter(|code| !of_other_stages.contains(code)) {
            let items = TARGET.iter().filter(|(_, codes, _)| codes.contains(&code)).count();
            assert_eq!(items, 1, "{code}");
        }
    }
}
