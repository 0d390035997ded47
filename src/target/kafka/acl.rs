//! The commands that give a user what tasks need of a cluster, ready to paste. Pure, and known without a cluster.

use std::collections::BTreeSet;

/// A right on things of one name, or of names with one beginning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Acl {
    /// On what.
    pub resource: Resource,
    /// What may be done, in the words of `kafka-acls`.
    pub operations: Vec<&'static str>,
}

/// What a right is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// A topic.
    Topic(String),
    /// All topics with this beginning; empty: all topics.
    Topics(String),
    /// A transactional id.
    Transactions(String),
    /// The cluster.
    Cluster,
}

/// What a user was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// Something on this topic.
    Topic(String),
    /// Something on the task's transactional id.
    Transactions,
    /// Something on the cluster.
    Cluster,
}

impl Acl {
    /// A data topic, which is made when `create`.
    pub fn data(resource: Resource, create: bool) -> Acl {
        let mut operations = vec!["Write", "Describe"];
        operations.extend(create.then_some("Create"));
        Acl { resource, operations }
    }

    /// The state topic of a task.
    pub fn state(topic: String) -> Acl {
        Acl { resource: Resource::Topic(topic), operations: vec!["Read", "Write", "Describe", "Create"] }
    }

    /// What a producer without transactions asks of brokers before 2.8.
    pub fn idempotence() -> Acl {
        Acl { resource: Resource::Cluster, operations: vec!["IdempotentWrite"] }
    }

    /// The transactional id of a task.
    pub fn transactions(id: String) -> Acl {
        Acl { resource: Resource::Transactions(id), operations: vec!["Write", "Describe"] }
    }
}

/// One command per right, for the user `principal` as the brokers see it.
pub fn commands(brokers: &str, principal: &str, rights: &BTreeSet<Acl>) -> Vec<String> {
    let wide: Vec<&Acl> = rights.iter().filter(|acl| matches!(acl.resource, Resource::Topics(_))).collect();
    let covered = |acl: &Acl| {
        wide.iter().any(|other| {
            let operations = acl.operations.iter().all(|operation| other.operations.contains(operation));
            match (&other.resource, &acl.resource) {
                (Resource::Topics(wide), Resource::Topic(name)) => operations && name.starts_with(wide),
                (Resource::Topics(wide), Resource::Topics(name)) => {
                    operations && wide != name && name.starts_with(wide)
                }
                _ => false,
            }
        })
    };
    rights.iter().filter(|acl| !covered(acl)).map(|acl| command(brokers, principal, acl)).collect()
}

fn command(brokers: &str, principal: &str, acl: &Acl) -> String {
    let operations: String =
        acl.operations.iter().map(|operation| format!(" --operation {operation}")).collect();
    let on = match &acl.resource {
        Resource::Topic(name) => format!("--topic {}", word(name)),
        Resource::Topics(prefix) if prefix.is_empty() => "--topic '*'".to_owned(),
        Resource::Topics(prefix) => format!("--resource-pattern-type prefixed --topic {}", word(prefix)),
        Resource::Transactions(id) => format!("--transactional-id {}", word(id)),
        Resource::Cluster => "--cluster".to_owned(),
    };
    let user = word(&format!("User:{principal}"));
    format!("kafka-acls --bootstrap-server {brokers} --add --allow-principal {user}{operations} {on}")
}

/// A word that a shell takes as it is.
fn word(text: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "._-:=@,/".contains(sign);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_for_each_right() {
        let rights = BTreeSet::from([
            Acl::data(Resource::Topics("shop.".into()), true),
            Acl::data(Resource::Topic("shop.orders".into()), true),
            Acl::data(Resource::Topic("other".into()), false),
            Acl::state("syncc.a.b.c.state".into()),
            Acl::transactions("syncc.a.b.c".into()),
        ]);
        let begin = "kafka-acls --bootstrap-server k:9092 --add --allow-principal 'User:it'\\''s'";
        assert_eq!(
            commands("k:9092", "it's", &rights),
            [
                format!("{begin} --operation Write --operation Describe --topic other"),
                format!(
                    "{begin} --operation Read --operation Write --operation Describe --operation Create --topic syncc.a.b.c.state"
                ),
                format!(
                    "{begin} --operation Write --operation Describe --operation Create --resource-pattern-type prefixed --topic shop."
                ),
                format!("{begin} --operation Write --operation Describe --transactional-id syncc.a.b.c"),
            ]
        );
        let all = BTreeSet::from([Acl::data(Resource::Topics(String::new()), true)]);
        assert!(commands("k", "u", &all)[0].ends_with("--topic '*'"));
    }
}
