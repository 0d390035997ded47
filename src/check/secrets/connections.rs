//! Every connection that a project makes, as it is written.

use crate::ast::{Registry, TargetKind, Tls};
use crate::hir::Program;
use crate::statement::{Address, Text};
use crate::text::Spanned;

/// One connection.
pub(super) struct Connection<'p> {
    pub(super) tls: Option<&'p Spanned<Tls>>,
    /// Hosts that are known; one that the environment names is not.
    pub(super) hosts: Vec<String>,
    /// What it leads to, where that is a registry.
    pub(super) registry: Option<&'p Registry>,
}

/// Those to all sources, targets and registries.
pub(super) fn connections(program: &Program) -> Vec<Connection<'_>> {
    let host = |address: &str| Address::parse(address).ok().map(|address| address.host);
    let mut all = Vec::new();
    for source in &program.sources {
        let first = match source.address.as_ref().map(|address| &address.value) {
            Some(Text::Literal(address) | Text::Env { default: Some(address), .. }) => Some(address),
            Some(Text::Env { default: None, .. }) | None => None,
        };
        let standby = source.standby.iter().flat_map(|standby| &standby.value);
        let hosts = first.into_iter().chain(standby).filter_map(|address| host(address)).collect();
        all.push(Connection { tls: source.tls.as_ref(), hosts, registry: None });
    }
    for target in &program.targets {
        let TargetKind::Kafka(cluster) = &target.kind else { continue };
        let brokers = cluster.brokers.iter().flat_map(|brokers| &brokers.value);
        all.push(Connection {
            tls: cluster.tls.as_ref(),
            hosts: brokers.filter_map(|one| host(one)).collect(),
            registry: None,
        });
        if let Some(registry) = &cluster.registry {
            let url = registry.value.url.value.as_str();
            let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next();
            let hosts = authority.into_iter().filter_map(host).collect();
            let registry = &registry.value;
            all.push(Connection { tls: registry.tls.as_ref(), hosts, registry: Some(registry) });
        }
    }
    all
}
