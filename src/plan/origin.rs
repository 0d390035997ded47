//! From a part of a plan back to the text that says it.

use super::{RelayPlan, TaskId};
use crate::statement::{Property, Thing};
use crate::text::Span;
use std::collections::BTreeMap;

/// A part of a task or a relay. Its index is that in the plan's own list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The pipeline's line.
    Pipeline,
    /// The beginning of its declaration, of that of its source or its target: of the `##` lines before, if there are some.
    Beginning(Thing),
    /// The source's line.
    Source,
    /// Its address.
    Address,
    /// Its user.
    User,
    /// Its password.
    Password,
    /// Its `tls`.
    SourceTls,
    /// Its `time-zone`.
    TimeZone,
    /// Its `standby`.
    Standby,
    /// Its `on-failover`.
    OnFailover,
    /// Its `server-id`.
    ServerId,
    /// Its `readers`.
    Readers,
    /// Its `heartbeat`.
    Heartbeat,
    /// Its `event-limit`.
    EventLimit,
    /// The target's line.
    Target,
    /// Its brokers.
    Brokers,
    /// Its login.
    Sasl,
    /// The password of its login.
    TargetPassword,
    /// Its `tls`.
    TargetTls,
    /// Its `registry`.
    Registry,
    /// `tls` of the registry.
    RegistryTls,
    /// `broker-version`.
    BrokerVersion,
    /// `delivery`.
    Delivery,
    /// `transaction-timeout`.
    TransactionTimeout,
    /// `state { prefix }`.
    StatePrefix,
    /// `state { replicas }`.
    StateReplicas,
    /// `state { min-insync }`.
    StateMinInsync,
    /// `acks`.
    Acks,
    /// `compression`.
    Compression,
    /// `batch`.
    Batch,
    /// `linger`.
    Linger,
    /// `in-flight`.
    InFlight,
    /// `start`.
    Start,
    /// An option of `start`, by its word.
    StartOption(&'static str),
    /// `paused`.
    Paused,
    /// A `label`.
    Label(usize),
    /// `retry for`.
    RetryFor,
    /// `retry errors for`.
    RetryErrors,
    /// `retry` of the source.
    SourceRetry,
    /// `retry` of the target.
    TargetRetry,
    /// `commit`.
    Commit,
    /// A pattern of `include`.
    Include(usize),
    /// A pattern of `exclude`.
    Exclude(usize),
    /// A `rename`.
    Rename(usize),
    /// A setting of a layer.
    Layer(usize, Property),
    /// A mask of a layer.
    Mask(usize, usize),
    /// A condition of a layer.
    Condition(usize, usize),
    /// `names`.
    Names,
    /// `timestamp`.
    Timestamp,
    /// `markers`.
    Markers,
    /// `online-ddl`.
    OnlineDdl,
    /// `on-position-lost`.
    OnPositionLost,
    /// `split`.
    Split,
    /// `limit`.
    Limit,
    /// `from TARGET topic PATTERN` of a relay.
    Relay,
    /// Its `topic`.
    RelayTopic,
}

/// Where the parts of a plan are written. What holds by default has no place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    tasks: BTreeMap<TaskId, BTreeMap<Part, Span>>,
    relays: BTreeMap<RelayPlan, BTreeMap<Part, Span>>,
}

impl Origins {
    /// The places of a task's parts.
    pub(super) fn task(&mut self, task: TaskId) -> &mut BTreeMap<Part, Span> {
        self.tasks.entry(task).or_default()
    }

    /// The places of a relay's parts.
    pub(super) fn relay(&mut self, relay: RelayPlan) -> &mut BTreeMap<Part, Span> {
        self.relays.entry(relay).or_default()
    }

    /// Where a part of a relay is written.
    pub fn relay_span(&self, relay: &RelayPlan, part: Part) -> Option<Span> {
        self.relays.get(relay)?.get(&part).copied()
    }

    /// Where a part of a task is written.
    pub fn span(&self, task: &TaskId, part: Part) -> Option<Span> {
        self.tasks.get(task)?.get(&part).copied()
    }
}
