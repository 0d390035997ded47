//! The rights that a plan needs at its sources and targets.

use crate::plan::{
    Decider, KafkaPlan, Plan, Subject, TableDecision, TargetKind, TaskPlan, Template, subjects,
};
use crate::precheck::principal;
use crate::source::mysql::rights::{Use, statements};
use crate::statement::{DdlTopic, OnError, OnOversize, Property};
use crate::target::kafka::acl::{Acl, Resource, commands};
use std::collections::{BTreeMap, BTreeSet};

/// User where neither the files nor the environment name one.
const DEFAULT_USER: &str = "syncc";

/// Statements and commands for each source and each Kafka target, with a comment before each.
pub(super) fn text(plan: &Plan) -> String {
    let mut sources: BTreeMap<&str, Vec<&TaskPlan>> = BTreeMap::new();
    let mut targets: BTreeMap<&str, Vec<(&TaskPlan, &KafkaPlan)>> = BTreeMap::new();
    for task in &plan.tasks {
        sources.entry(&task.id.source).or_default().push(task);
        if let TargetKind::Kafka(kafka) = &task.target.kind {
            targets.entry(&task.id.target).or_default().push((task, kafka));
        }
    }
    let mut text = String::new();
    for (name, tasks) in sources {
        text += &format!("-- source {name}\n{}\n", lines(of_source(&tasks)));
    }
    for (name, tasks) in targets {
        text += &format!("# target {name}\n{}\n", lines(of_target(&tasks)));
    }
    text.trim_end().to_owned() + "\n"
}

fn lines(lines: Vec<String>) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn of_source(tasks: &[&TaskPlan]) -> Vec<String> {
    let Some(source) = tasks.first().map(|task| &task.source) else { return Vec::new() };
    let user = if source.user.is_empty() { DEFAULT_USER } else { &source.user };
    let heartbeat = source.heartbeat.table.as_ref();
    statements(&Use {
        user,
        tables: tasks.iter().flat_map(|task| &task.rules.include).collect(),
        heartbeat: heartbeat.map(|(db, table)| (db.as_str(), table.as_str())),
        loads: tasks.iter().any(|task| task.start.loads()),
        standby: !source.standby.is_empty(),
        flavor: None,
    })
}

fn of_target(tasks: &[(&TaskPlan, &KafkaPlan)]) -> Vec<String> {
    let Some((_, first)) = tasks.first() else { return Vec::new() };
    let Some(principal) = principal(first) else {
        return vec!["# no user is declared, so the brokers know nobody to give rights to".to_owned()];
    };
    let mut rights = BTreeSet::new();
    for (task, kafka) in tasks {
        let prefix = &kafka.state.prefix;
        rights.insert(Acl::state(task.id.state_topic(prefix)));
        rights.insert(Acl::transactions(task.id.transactional_id(prefix)));
        let markers = task.own_marker_topic().ok().flatten();
        rights.extend(markers.map(|topic| Acl::data(Resource::Topic(topic.to_string()), true)));
        for subject in subjects([*task]) {
            rights.extend(of_subject(task, &subject));
            rights.extend(beside_the_data(task, &subject));
        }
    }
    commands(&first.brokers.join(","), &principal, &rights)
}

/// The data topic of a table, or what the topics of all that a pattern takes begin with.
fn of_subject(task: &TaskPlan, subject: &Subject) -> Option<Acl> {
    let create = decide(task, subject)?.topic_settings.create;
    let topic = |subject: &Subject| Some(decide(task, subject)?.topic.as_str().to_owned());
    Some(Acl::data(resource(subject, topic)?, create))
}

/// Topics for what is not the rows of a table: its schema changes, and what cannot be sent.
fn beside_the_data(task: &TaskPlan, subject: &Subject) -> Vec<Acl> {
    let (Some(decision), Ok(decider)) = (decide(task, subject), Decider::new(task)) else {
        return Vec::new();
    };
    let ddl = decision.ddl.map(|ddl| ddl.topic);
    let templates = [
        match &ddl {
            Some(DdlTopic::Topic(topic)) => Some((Property::DdlTopic, topic)),
            Some(DdlTopic::Same) | None => None,
        },
        match &decision.on_error {
            OnError::DeadLetter(topic) => Some((Property::OnError, topic)),
            OnError::Stop | OnError::Park => None,
        },
        match &decision.on_oversize {
            OnOversize::DeadLetter(topic) => Some((Property::OnOversize, topic)),
            OnOversize::Stop => None,
        },
    ];
    let of_template = |(property, template): (Property, &Template)| {
        let topic =
            |subject: &Subject| decider.expand(property, template, (&subject.db, &subject.table)).ok();
        Some(Acl::data(resource(subject, topic)?, true))
    };
    templates.into_iter().flatten().filter_map(of_template).collect()
}

fn decide(task: &TaskPlan, subject: &Subject) -> Option<TableDecision> {
    task.decide(&subject.db, &subject.table).ok().flatten()
}

/// The topic of a table; for a pattern, what two topics of it begin with.
fn resource(subject: &Subject, topic: impl Fn(&Subject) -> Option<String>) -> Option<Resource> {
    let one = topic(subject)?;
    let Some(other) = subject.other() else { return Some(Resource::Topic(one)) };
    // Nothing is known of what else a regular expression takes.
    if (&other.db, &other.table) == (&subject.db, &subject.table) {
        return Some(Resource::Topics(String::new()));
    }
    let other = topic(&other).unwrap_or_default();
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(sign, _)| sign);
    let prefix: String = same.collect();
    Some(if prefix == one { Resource::Topic(prefix) } else { Resource::Topics(prefix) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::compile_files;
    use crate::text::FileSet;

    #[test]
    fn what_a_project_needs() {
        let mut files = FileSet::new();
        files.add(
            "a.sync",
            "edition 2026\nsource shop mysql \"cdc@db1\" {\n  password env P\n  start now\n}\n\
             target bus kafka \"kafka1\" {\n  user \"sync\" with plain\n  password env Q\n}\n\
             target open kafka \"kafka2\"\n\
             pipeline p from shop to bus {\n  include shop.*\n  include crm.people\n  markers topic \"{pipeline}.marks\"\n  on-error dead-letter \"dead.{db}\"\n}\n\
             pipeline q from shop to open {\n  include shop.*\n}\n\
             pipeline r from shop to bus {\n  include t.o_[0..1]\n  topic \"all\"\n  key origin, id\n\
             \x20 table t.o_[n:0..1] {\n    on-error dead-letter \"dead.o{n}\"\n  }\n}\n",
        );
        let (plan, _) = compile_files(&files).plan.expect("it compiles");
        let begin = "kafka-acls --bootstrap-server kafka1:9092 --add --allow-principal User:sync";
        let made = "--operation Write --operation Describe --operation Create";
        assert_eq!(
            text(&plan),
            format!(
                "-- source shop\n\
                 GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'cdc'@'%';  -- on MariaDB: BINLOG MONITOR for REPLICATION CLIENT\n\
                 GRANT SELECT ON `shop`.* TO 'cdc'@'%';\n\
                 GRANT SELECT ON `crm`.`people` TO 'cdc'@'%';\n\
                 GRANT SELECT ON `t`.`o_0` TO 'cdc'@'%';\n\
                 GRANT SELECT ON `t`.`o_1` TO 'cdc'@'%';\n\n\
                 # target bus\n\
                 {begin} {made} --topic all\n\
                 {begin} {made} --topic crm.people\n\
                 {begin} {made} --topic dead.crm\n\
                 {begin} {made} --topic dead.o0\n\
                 {begin} {made} --topic dead.o1\n\
                 {begin} {made} --topic dead.shop\n\
                 {begin} {made} --topic p.marks\n\
                 {begin} --operation Read {made} --topic syncc.p.shop.bus.state\n\
                 {begin} --operation Read {made} --topic syncc.r.shop.bus.state\n\
                 {begin} {made} --resource-pattern-type prefixed --topic shop.\n\
                 {begin} --operation Write --operation Describe --transactional-id syncc.p.shop.bus\n\
                 {begin} --operation Write --operation Describe --transactional-id syncc.r.shop.bus\n\n\
                 # target open\n\
                 # no user is declared, so the brokers know nobody to give rights to\n"
            )
        );
    }
}
