//! What stands between a plan and its servers. Pure: what the servers are is asked before, and given.
//!
//! `run` holds every task against its servers before it starts, `check --live` all of them at once: the same rules.

mod absent;
mod collision;
mod expected;
mod item;

pub use item::{Item, Seen, of_source as source_items, of_target as target_items};

use crate::catalog::{ClusterFacts, SourceCatalog};
use crate::check::WHERE_TYPE;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::kafka::TopicName;
use crate::mysql::schema::TableVersion;
use crate::mysql::zone::Zone;
use crate::plan::{Delivery, KafkaPlan, KeyRule, Start, TargetKind, TaskPlan, TopicSettings};
use crate::source::mysql::reader_name;
use crate::source::mysql::requirement as source;
use crate::statement::OnOversize;
use crate::target::kafka::acl::{Acl, Denied, Resource, commands};
use crate::target::kafka::requirement as target;
use crate::transform::filter::{Condition, Filter};
use absent::absent_findings;
use std::collections::BTreeMap;

/// Which block of the files a finding is about, and so where it can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Block {
    /// The source.
    Source,
    /// The target.
    Target,
    /// The pipeline.
    Pipeline,
}

impl Block {
    /// That of findings of a code.
    pub fn of(code: Code) -> Block {
        match code.number.get(..3) {
            Some("L01") => Block::Source,
            Some("L02") => Block::Target,
            Some(_) | None => Block::Pipeline,
        }
    }
}

/// What is found at the source of a plan. `catalog` may hold more tables than the plan selects.
pub fn source_findings(plan: &TaskPlan, catalog: &SourceCatalog) -> Vec<Diagnostic> {
    let selected = selected(plan, catalog);
    // Only an id of the files can be one that somebody else was given, too, and that one is the same wherever the state is.
    let (server_id, _) = plan.reader_identity(0, "");
    let name = reader_name(&plan.id.to_string());
    let heartbeat = plan.source.heartbeat.table.as_ref();
    let needs = source::Needs {
        snapshot: plan.start.loads(),
        retry_ms: plan.source.retry.window_ms,
        rate_bytes_s: rate(plan),
        reader: (server_id.get(), &name),
        include: &plan.rules.include,
        allows: &plan.allows.tables,
        time_zone: plan.source.time_zone.as_deref(),
        heartbeat: heartbeat.map(|(db, table)| (db.as_str(), table.as_str())),
        standby: !plan.source.standby.is_empty(),
    };
    let mut findings = source::findings(&selected, &needs);
    findings.extend(condition_findings(plan, &selected));
    findings.extend(absent_findings(plan, &selected));
    findings.extend(collision::findings(plan, &selected));
    answered(plan, findings)
}

/// What is found at the cluster of a plan.
pub fn target_findings(plan: &TaskPlan, catalog: &SourceCatalog, cluster: &ClusterFacts) -> Vec<Diagnostic> {
    let needs = cluster_needs(plan, catalog);
    answered(plan, needs.map_or_else(Vec::new, |needs| target::findings(cluster, &needs)))
}

/// What existing rows of a plan come to.
pub fn estimate(plan: &TaskPlan, catalog: &SourceCatalog) -> source::Estimate {
    source::Estimate::of(&selected(plan, catalog), rate(plan))
}

/// Most bytes a second that the load of a plan reads.
fn rate(plan: &TaskPlan) -> Option<u64> {
    match &plan.start {
        Start::Snapshot(snapshot) => snapshot.rate_bytes_s,
        Start::Now | Start::At(_) => None,
    }
}

/// The catalog with those tables alone that a plan selects.
fn selected(plan: &TaskPlan, catalog: &SourceCatalog) -> SourceCatalog {
    let mut catalog = catalog.clone();
    catalog.tables.retain(|table| plan.selects(&table.version.name.db, &table.version.name.table));
    catalog.survey.sizes.retain(|size| plan.selects(&size.name.db, &size.name.table));
    catalog.survey.cascades.retain(|cascade| plan.selects(&cascade.child.db, &cascade.child.table));
    catalog
}

/// The findings without those that the files answer: by `allow`, and errors never.
pub fn answered(plan: &TaskPlan, mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let is_answered = |finding: &Diagnostic| {
        let own = match Block::of(finding.code) {
            Block::Source => &plan.allows.source,
            Block::Target => &plan.allows.target,
            Block::Pipeline => &plan.allows.pipeline,
        };
        let mut codes = own.iter().chain(&plan.allows.pipeline);
        finding.severity < Severity::Error && codes.any(|code| code == finding.code.number)
    };
    findings.retain(|finding| !is_answered(finding));
    findings
}

/// How a finding is answered in the files; none for errors, which are never allowed.
pub fn how_to_allow(plan: &TaskPlan, finding: &Diagnostic) -> Option<String> {
    let (what, name) = match Block::of(finding.code) {
        Block::Source => ("source", &plan.id.source),
        Block::Target => ("target", &plan.target.name),
        Block::Pipeline => ("pipeline", &plan.id.pipeline),
    };
    (finding.severity < Severity::Error)
        .then(|| format!("if it is meant: `allow {} because \"…\"` in {what} `{name}`", finding.code))
}

/// Conditions that cannot be evaluated over the tables that are there now.
fn condition_findings(plan: &TaskPlan, catalog: &SourceCatalog) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for table in catalog.tables.iter().filter(|table| table.kind.has_rows()) {
        let name = &table.version.name;
        let Ok(Some(decision)) = plan.decide(&name.db, &name.table) else { continue };
        let zone = decision.time_zone.as_deref().and_then(Zone::from_name);
        if let Err(misfits) =
            Filter::bind(&Condition::all(decision.conditions), &table.version, zone.as_ref())
        {
            found.extend(misfits.into_iter().map(|misfit| {
                let message = format!("`where` of table {name}: {}", misfit.why);
                Diagnostic::nowhere(WHERE_TYPE, Severity::Error, message).help(misfit.why.help())
            }));
        }
    }
    found
}

/// What a plan needs of its cluster; none where its target is none.
fn cluster_needs(plan: &TaskPlan, catalog: &SourceCatalog) -> Option<target::Needs> {
    let TargetKind::Kafka(kafka) = &plan.target.kind else { return None };
    Some(target::Needs {
        brokers: kafka.brokers.join(","),
        transaction_timeout_ms: match kafka.delivery {
            Delivery::ExactlyOnce => Some(kafka.transaction_timeout_ms),
            Delivery::AtLeastOnce => None,
        },
        broker_version: kafka.broker_version,
        state_topic: TopicName::new(plan.id.state_topic(&kafka.state.prefix)).ok()?,
        state_replicas: kafka.state.replicas,
        topics: topic_needs(plan, catalog).into_values().collect(),
    })
}

/// What the tables that are there now need of their topics.
fn topic_needs(plan: &TaskPlan, catalog: &SourceCatalog) -> BTreeMap<TopicName, target::TopicNeed> {
    let mut needs = BTreeMap::new();
    for table in catalog.tables.iter().filter(|table| table.kind.has_rows()) {
        let TableVersion { name, columns, primary_key, unique_keys } = &table.version;
        let Ok(Some(decision)) = plan.decide(&name.db, &name.table) else { continue };
        let settings = decision.topic_settings;
        if let Ok(Some((topic, settings))) = plan.ddl_topic(&decision)
            && topic != decision.topic
        {
            let plain = || target::TopicNeed::plain(topic.clone(), settings.create);
            needs.entry(topic.clone()).or_insert_with(plain);
        }
        if let Ok(Some((topic, settings))) = plan.marker_topic(&decision)
            && topic != decision.topic
        {
            let plain = || target::TopicNeed::plain(topic.clone(), settings.create);
            needs.entry(topic.clone()).or_insert_with(plain);
        }
        if let Ok(letters) = plan.dead_letters((&name.db, &name.table), &decision) {
            for topic in letters.errors.into_iter().chain(letters.oversize) {
                let plain = || target::TopicNeed::plain(topic.clone(), settings.create);
                needs.entry(topic.clone()).or_insert_with(plain);
            }
        }
        let need = needs.entry(decision.topic.clone()).or_insert_with(|| target::TopicNeed {
            partitions: settings.partitions,
            replicas: settings.replicas,
            min_insync: settings.min_insync,
            cleanup: settings.cleanup,
            retention_ms: settings.retention_ms,
            ..target::TopicNeed::plain(decision.topic.clone(), settings.create)
        });
        let keyless = match &decision.key {
            KeyRule::None => true,
            KeyRule::Primary => primary_key.is_empty() && unique_keys.is_empty(),
            KeyRule::Columns { .. } => false,
        };
        need.expected.get_or_insert_with(|| expected::of(plan, &decision));
        if keyless && need.keyless.is_none() {
            need.keyless = Some(name.to_string());
        }
        let sent = columns.iter().filter(|column| !column.hidden && decision.sends(&column.name));
        let bytes: u64 = sent.map(|column| column.ty.declared_bytes()).sum();
        // Where `on-oversize` says what becomes of such rows, nobody needs to be warned of them.
        let stops = decision.on_oversize == OnOversize::Stop;
        if stops && need.widest.as_ref().is_none_or(|(_, most)| *most < bytes) {
            need.widest = Some((name.to_string(), bytes));
        }
    }
    needs
}

/// The user of a cluster, as its brokers see it; none where nobody logs in.
pub fn principal(kafka: &KafkaPlan) -> Option<String> {
    match (&kafka.sasl, &kafka.tls.identity) {
        (Some(sasl), _) => Some(sasl.user.clone()),
        (None, Some((certificate, _))) => Some(format!("SUBJECT OF {certificate}")),
        (None, None) => None,
    }
}

/// The finding for brokers that hold back what a task sends as `client`, for so many ms at a time.
pub fn quota(plan: &TaskPlan, client: &str, ms: u64) -> Option<Diagnostic> {
    let TargetKind::Kafka(kafka) = &plan.target.kind else { return None };
    Some(target::quota(&kafka.brokers.join(","), principal(kafka).as_deref(), client, ms))
}

/// The commands that grant what a task was refused.
pub fn grants(plan: &TaskPlan, denied: &Denied) -> Vec<String> {
    let TargetKind::Kafka(kafka) = &plan.target.kind else { return Vec::new() };
    let prefix = &kafka.state.prefix;
    let acl = match denied {
        Denied::Topic(topic) if *topic == plan.id.state_topic(prefix) => Acl::state(topic.clone()),
        Denied::Topic(topic) => Acl::data(Resource::Topic(topic.clone()), true),
        Denied::Transactions => Acl::transactions(plan.id.transactional_id(prefix)),
        Denied::Cluster => Acl::idempotence(),
    };
    // Whom the brokers know by no name they know as this one.
    let user = principal(kafka).unwrap_or_else(|| "ANONYMOUS".to_owned());
    commands(&kafka.brokers.join(","), &user, &[acl].into())
}

/// Data topics of the tables that are there now, and those of their schema changes, of the marks of their loads and of what
/// cannot be sent, each once.
pub fn topics(plan: &TaskPlan, catalog: &SourceCatalog) -> BTreeMap<TopicName, TopicSettings> {
    let mut topics = BTreeMap::new();
    for table in catalog.tables.iter().filter(|table| table.kind.has_rows()) {
        let name = &table.version.name;
        // A name that Kafka refuses is told when the table's first row comes, and by `check` where it can be known.
        if let Ok(Some(decision)) = plan.decide(&name.db, &name.table) {
            if let Ok(Some((topic, settings))) = plan.ddl_topic(&decision) {
                topics.entry(topic).or_insert(settings);
            }
            if let Ok(Some((topic, settings))) = plan.marker_topic(&decision) {
                topics.entry(topic).or_insert(settings);
            }
            if let Ok(letters) = plan.dead_letters((&name.db, &name.table), &decision) {
                for topic in letters.errors.into_iter().chain(letters.oversize) {
                    topics.entry(topic).or_insert(letters.settings);
                }
            }
            topics.insert(decision.topic, decision.topic_settings);
        }
    }
    topics
}
