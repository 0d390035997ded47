//! Log events: a fixed name each, the same fields everywhere. Row values and secrets have no field here.

use super::failure::Failure;
use crate::plan::TaskId;
use std::fmt::Display;

/// Names of events; an interface: never renamed, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    ProcessStarted,
    ProcessStopping,
    ProcessStopped,
    ConfigChanged,
    ConfigHeldBack,
    ConfigRefused,
    ConfigStale,
    ConfigActive,
    PrecheckPassed,
    PrecheckFailed,
    TaskStarted,
    TaskSwapped,
    TaskRetrying,
    TaskStopped,
    TaskStalled,
    TaskPaused,
    TaskResumed,
    TaskFailed,
    OwnerAcquired,
    OwnerElsewhere,
    OwnerLost,
    SourceConnected,
    SourceLost,
    SourceHeartbeatFailed,
    SourceFailover,
    SourceRetentionLow,
    SourcePositionLost,
    StreamDetached,
    StreamMerged,
    KafkaLost,
    KafkaProducerReplaced,
    KafkaThrottled,
    TopicCreated,
    RegistryRegistered,
    SnapshotStarted,
    SnapshotTableDone,
    SnapshotDone,
    WindowRedone,
    SchemaChanged,
    SchemaSuspect,
    SchemaProven,
    SchemaWithheld,
    RecordOversize,
    RecordDeadLetter,
    TableParked,
    TableResumed,
    TableTruncated,
    TextReplaced,
    TransactionCut,
    TransactionUndone,
    StateEdited,
    StateMoved,
    StateAccepted,
}

impl Name {
    /// The name in logs.
    fn text(self) -> &'static str {
        match self {
            Name::ProcessStarted => "process.started",
            Name::ProcessStopping => "process.stopping",
            Name::ProcessStopped => "process.stopped",
            Name::ConfigChanged => "config.changed",
            Name::ConfigHeldBack => "config.held_back",
            Name::ConfigRefused => "config.refused",
            Name::ConfigStale => "config.stale",
            Name::ConfigActive => "config.active",
            Name::PrecheckPassed => "precheck.passed",
            Name::PrecheckFailed => "precheck.failed",
            Name::TaskStarted => "task.started",
            Name::TaskSwapped => "task.swapped",
            Name::TaskRetrying => "task.retrying",
            Name::TaskStopped => "task.stopped",
            Name::TaskStalled => "task.stalled",
            Name::TaskPaused => "task.paused",
            Name::TaskResumed => "task.resumed",
            Name::TaskFailed => "task.failed",
            Name::OwnerAcquired => "owner.acquired",
            Name::OwnerElsewhere => "owner.elsewhere",
            Name::OwnerLost => "owner.lost",
            Name::SourceConnected => "source.connected",
            Name::SourceLost => "source.lost",
            Name::SourceHeartbeatFailed => "source.heartbeat_failed",
            Name::SourceFailover => "source.failover",
            Name::SourceRetentionLow => "source.retention_low",
            Name::SourcePositionLost => "source.position_lost",
            Name::StreamDetached => "stream.detached",
            Name::StreamMerged => "stream.merged",
            Name::KafkaLost => "kafka.lost",
            Name::KafkaProducerReplaced => "kafka.producer_replaced",
            Name::KafkaThrottled => "kafka.throttled",
            Name::TopicCreated => "topic.created",
            Name::RegistryRegistered => "registry.registered",
            Name::SnapshotStarted => "snapshot.started",
            Name::SnapshotTableDone => "snapshot.table_done",
            Name::SnapshotDone => "snapshot.done",
            Name::WindowRedone => "window.redone",
            Name::SchemaChanged => "schema.changed",
            Name::SchemaSuspect => "schema.suspect",
            Name::SchemaProven => "schema.proven",
            Name::SchemaWithheld => "schema.withheld",
            Name::RecordOversize => "record.oversize",
            Name::RecordDeadLetter => "record.dead_letter",
            Name::TableParked => "table.parked",
            Name::TableResumed => "table.resumed",
            Name::TableTruncated => "table.truncated",
            Name::TextReplaced => "text.replaced",
            Name::TransactionCut => "transaction.cut",
            Name::TransactionUndone => "transaction.undone",
            Name::StateAccepted => "config.accepted",
            Name::StateEdited => "state.edited",
            Name::StateMoved => "state.moved",
        }
    }
}

/// `1 table`, `3 tables`.
pub(super) fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// How much an event weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Info,
    Warn,
    Error,
}

/// One log event, sent when [`Event::emit`] is called.
pub(super) struct Event<'a> {
    name: Name,
    level: Level,
    message: String,
    task: Option<&'a TaskId>,
    position: Option<String>,
    generation: Option<u64>,
    error: Option<&'a Failure>,
    retry_ms: Option<u64>,
}

impl<'a> Event<'a> {
    /// Something happened.
    pub(super) fn info(name: Name, message: impl Into<String>) -> Event<'a> {
        Event {
            name,
            level: Level::Info,
            message: message.into(),
            task: None,
            position: None,
            generation: None,
            error: None,
            retry_ms: None,
        }
    }

    /// Something that a person may want to look at.
    pub(super) fn warn(name: Name, message: impl Into<String>) -> Event<'a> {
        Event { level: Level::Warn, ..Event::info(name, message) }
    }

    /// Something that ends a task or refuses a change.
    pub(super) fn error(name: Name, message: impl Into<String>) -> Event<'a> {
        Event { level: Level::Error, ..Event::info(name, message) }
    }

    /// Of which task.
    pub(super) fn task(self, task: &'a TaskId) -> Event<'a> {
        Event { task: Some(task), ..self }
    }

    /// Where.
    pub(super) fn position(self, position: impl Display) -> Event<'a> {
        Event { position: Some(position.to_string()), ..self }
    }

    /// Under which generation.
    pub(super) fn generation(self, generation: u64) -> Event<'a> {
        Event { generation: Some(generation), ..self }
    }

    /// Why.
    pub(super) fn failure(self, failure: &'a Failure) -> Event<'a> {
        Event { error: Some(failure), ..self }
    }

    /// When it is tried again, ms from now.
    pub(super) fn retry_in(self, ms: u64) -> Event<'a> {
        Event { retry_ms: Some(ms), ..self }
    }

    /// Sends it to the log.
    pub(super) fn emit(self) {
        let task = self.task.map(ToString::to_string);
        let (task, source) = (task.as_deref(), self.task.map(|task| task.source.as_str()));
        let (position, kind) = (self.position.as_deref(), self.error.map(Failure::kind));
        let error = self.error.map(|failure| failure.text.as_str());
        macro_rules! send {
            ($level:expr) => {
                tracing::event!(
                    target: "syncc",
                    $level,
                    event = self.name.text(),
                    task,
                    source,
                    position,
                    generation = self.generation,
                    error_kind = kind,
                    error,
                    retry_ms = self.retry_ms,
                    "{}",
                    self.message
                )
            };
        }
        match self.level {
            Level::Info => send!(tracing::Level::INFO),
            Level::Warn => send!(tracing::Level::WARN),
            Level::Error => send!(tracing::Level::ERROR),
        }
    }
}
