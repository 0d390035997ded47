//! What is found where a plan is held against its servers, and what is said of it.

use crate::catalog::{ClusterFacts, SourceCatalog};
use crate::diagnostic::{Diagnostic, Severity};
use crate::kafka::TopicName;
use crate::plan::{TargetKind, TaskPlan, TlsMode};
use crate::precheck::{estimate, how_to_allow, topics};
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::precheck;
use crate::run::task::Task;
use crate::run::task::output::{Target, not_gone};
use crate::run::task::source::Source;
use std::collections::BTreeSet;
use std::path::PathBuf;

impl Task {
    /// Tells once of secret files that others may read.
    pub(in crate::run::task) fn warn_of(&self, open_files: &[PathBuf]) {
        for file in open_files.iter().filter(|_| self.n_lives == 1) {
            let text = format!("S0306: the secret file {} may be read by others; chmod 600", file.display());
            Event::warn(Name::PrecheckPassed, text).task(&self.id).emit();
        }
    }

    /// Holds the servers against the plan. Errors end the task, but for those of a table that waits alone: what keeps that one
    /// keeps nothing else. Warnings are told once.
    pub(super) fn checked(
        &mut self,
        source: &Source,
        target: &Target,
    ) -> Result<Option<ClusterFacts>, Failure> {
        let topics: Vec<TopicName> = topics(&self.plan, &source.catalog).into_keys().collect();
        let facts = target.facts(&topics)?;
        let mut findings = self.found(&source.catalog, target, facts.as_ref());
        let is_error = |finding: &Diagnostic| finding.severity == Severity::Error;
        if findings.iter().any(is_error) && target.has_state()? {
            let waiting = target.peek_state()?.parked;
            if !waiting.is_empty() {
                let mut others = source.catalog.clone();
                others.tables.retain(|table| !waiting.contains_key(&table.version.name));
                findings = self.found(&others, target, facts.as_ref());
            }
        }
        let text = precheck::lines(&findings, Severity::Error);
        if !text.is_empty() {
            return Err(Failure::new(Class::Precheck, text));
        }
        self.tell_identities(source, facts.as_ref());
        if self.n_lives == 1 {
            self.tell_findings(&findings, source);
        }
        Ok(facts)
    }

    /// No topic is made anew that rows were sent to: whoever reads it would have but the rest.
    pub(super) fn topics_kept(
        &self,
        catalog: &SourceCatalog,
        target: &Target,
        facts: Option<&ClusterFacts>,
    ) -> Result<(), Failure> {
        let Some(facts) = facts.filter(|_| !self.context.accept_state_loss) else { return Ok(()) };
        let topics = topics(&self.plan, catalog);
        let mut missing = topics.keys().filter(|topic| !facts.topics.contains_key(topic.as_str())).peekable();
        if missing.peek().is_none() || !target.has_state()? {
            return Ok(());
        }
        not_gone(&target.peek_state()?, &self.plan, missing)
    }

    /// What stands between the plan and its servers. A registry that is away is told, and waited for later.
    fn found(
        &self,
        catalog: &SourceCatalog,
        target: &Target,
        facts: Option<&ClusterFacts>,
    ) -> Vec<Diagnostic> {
        let mut findings = precheck::findings(&self.plan, catalog, facts);
        let registry = target.registry_findings(&self.plan, catalog);
        if registry.is_away && !self.context.require_live {
            for finding in registry.findings.iter().filter(|_| self.n_lives == 1) {
                Event::warn(Name::PrecheckPassed, precheck::line(finding)).task(&self.id).emit();
            }
        } else {
            findings.extend(registry.findings);
        }
        findings
    }

    /// Tells for the record who is read and written, and with which rights: at the first start, and when it is otherwise.
    fn tell_identities(&mut self, source: &Source, facts: Option<&ClusterFacts>) {
        let server = &source.catalog.server;
        let identity = &server.identity;
        let name = match identity.uuid.as_str() {
            "" => format!("with server id {}", identity.server_id),
            uuid => format!("{uuid} with server id {}", identity.server_id),
        };
        // What stands behind TO may hold the hash of a password.
        let rights =
            server.grants.iter().filter_map(|line| line.strip_prefix("GRANT ")?.split(" TO ").next());
        let rights: BTreeSet<&str> = rights.collect();
        let rights = rights.into_iter().collect::<Vec<_>>().join("; ");
        let cluster = facts.map(|facts| format!("; writes to cluster {}", facts.cluster_id));
        let text = format!(
            "reads server {name} as {}; rights: {rights}{}",
            server.account,
            cluster.unwrap_or_default()
        );
        if text != self.identities {
            Event::info(Name::PrecheckPassed, text.as_str()).task(&self.id).emit();
            self.identities = text;
        }
    }

    /// Tells what was found and keeps nothing from running, with how it is answered in the files; and what there is to load.
    fn tell_findings(&self, findings: &[Diagnostic], source: &Source) {
        for finding in findings {
            let text = precheck::line(finding);
            let event = match finding.severity {
                Severity::Advice => Event::info(Name::PrecheckPassed, text),
                Severity::Warning | Severity::Error => {
                    let allow = how_to_allow(&self.plan, finding).map(|allow| format!("; {allow}"));
                    Event::warn(Name::PrecheckPassed, text + &allow.unwrap_or_default())
                }
            };
            event.task(&self.id).emit();
        }
        if self.plan.start.loads() {
            let estimate = estimate(&self.plan, &source.catalog);
            Event::info(Name::PrecheckPassed, format!("existing rows: {estimate}")).task(&self.id).emit();
        }
    }
}

/// Switches of the plan that weaken a connection, as `status` and the start keep showing them.
pub(super) fn weakened(plan: &TaskPlan) -> Vec<String> {
    let target = match &plan.target.kind {
        TargetKind::Kafka(kafka) => Some((plan.target.name.as_str(), &kafka.tls)),
        TargetKind::Stdout | TargetKind::File { .. } => None,
    };
    std::iter::once((plan.source.name.as_str(), &plan.source.tls))
        .chain(target)
        .filter_map(|(name, tls)| {
            let because = tls.because.as_ref()?;
            (tls.mode == TlsMode::Off).then(|| format!("{name}: tls off because \"{because}\""))
        })
        .collect()
}
