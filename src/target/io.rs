//! One way to send, whatever the target is.
//!
//! A [`Target`] can be opened again and again; a [`Sink`] is what it opens, and a [`Sending`] is a sink with something
//! on its way. The three promise: records of a partition arrive in the order they were produced; a commit stores the
//! state and the position after, or together with, every record before it; whatever fails takes its sink with it.

use super::kafka::io::{
    Alive, AtLeastOnce, Connection, Isolation, KafkaFailure, Producer, ProducerSettings, Txn, read_all,
};
use super::lines::io::{LineFailure, LineSink, Medium};
use crate::catalog::ClusterFacts;
use crate::checkpoint::{CodecError, DurablePosition, StateChange, TaskState};
use crate::engine::Covered;
use crate::kafka::{Batch, TopicTable};
use crate::plan::{Delivery, StatePlan, TargetKind, TargetPlan, TaskId};
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A target of one task, ready to be opened.
#[derive(Debug, Clone)]
pub enum Target {
    /// A Kafka cluster.
    Kafka(Box<KafkaTarget>),
    /// Standard output or files.
    Lines {
        /// Which.
        medium: Medium,
        /// File of the task's state.
        state: PathBuf,
    },
}

/// A Kafka cluster as the target of one task.
#[derive(Debug, Clone)]
pub struct KafkaTarget {
    /// How it is reached.
    pub connection: Connection,
    /// The task's producer.
    pub settings: ProducerSettings,
    /// With or without transactions.
    pub delivery: Delivery,
    /// Settings of the state topic.
    pub state: StatePlan,
}

/// What a target needs besides its plan.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// The password the plan refers to.
    pub password: Option<SecretString>,
    /// Where relative paths start.
    pub project: &'a Path,
    /// File for the state of targets that have no state topic.
    pub state_file: &'a Path,
    /// The task's share of the memory for producer queues, bytes.
    pub queue_bytes: u64,
}

/// Why a target failed.
#[derive(Debug, thiserror::Error)]
pub enum SinkFailure {
    /// Kafka.
    #[error(transparent)]
    Kafka(#[from] KafkaFailure),
    /// Standard output or a file.
    #[error(transparent)]
    Lines(#[from] LineFailure),
    /// The state that was read cannot be used.
    #[error("the state of the task cannot be used")]
    State(#[from] CodecError),
}

impl Target {
    /// The target a plan describes.
    ///
    /// # Errors
    /// Settings that cannot work, files that are missing. The target itself is not talked to.
    pub fn new(
        plan: &TargetPlan,
        task: &TaskId,
        surroundings: Surroundings<'_>,
    ) -> Result<Target, SinkFailure> {
        let state = surroundings.state_file.to_owned();
        match &plan.kind {
            TargetKind::Kafka(kafka) => Ok(Target::Kafka(Box::new(KafkaTarget {
                connection: Connection::new(
                    kafka,
                    surroundings.password,
                    surroundings.project,
                    &format!("syncc-{task}"),
                )?,
                settings: ProducerSettings::new(kafka, task, surroundings.queue_bytes)?,
                delivery: kafka.delivery,
                state: kafka.state.clone(),
            }))),
            TargetKind::Stdout => Ok(Target::Lines { medium: Medium::Stdout, state }),
            TargetKind::File { path } => {
                Ok(Target::Lines { medium: Medium::Files { path: surroundings.project.join(path) }, state })
            }
        }
    }

    /// The cluster, if the target is one.
    pub fn kafka(&self) -> Option<&KafkaTarget> {
        match self {
            Target::Kafka(kafka) => Some(kafka),
            Target::Lines { .. } => None,
        }
    }

    /// Makes batches fit the topics of the cluster; before [`open`](Target::open), with the topics the task writes to.
    pub fn fit(&mut self, facts: &ClusterFacts) {
        match self {
            Target::Kafka(kafka) => kafka.settings.fit(facts),
            Target::Lines { .. } => {}
        }
    }

    /// Opens the target for sending. With transactions this takes the task over from whoever has it.
    ///
    /// # Errors
    /// When it cannot be reached within `patience`, or refuses us.
    pub fn open(&self, patience: Duration) -> Result<Sink, SinkFailure> {
        Ok(match self {
            Target::Kafka(kafka) => match kafka.delivery {
                Delivery::ExactlyOnce => {
                    Sink::Transactional(Producer::open(&kafka.connection, &kafka.settings, patience)?)
                }
                Delivery::AtLeastOnce => {
                    Sink::AtLeastOnce(AtLeastOnce::open(&kafka.connection, &kafka.settings, patience)?)
                }
            },
            Target::Lines { medium, state } => Sink::Lines(LineSink::new(medium, state)),
        })
    }

    /// The stored state of the task, as it is certain to be.
    ///
    /// # Errors
    /// When it cannot be read within `patience`, or cannot be used; a missing state topic among them.
    pub fn load_state(&self, patience: Duration) -> Result<TaskState, SinkFailure> {
        self.read_state(Isolation::Committed, patience)
    }

    /// The stored state as far as it can be seen now: behind a transaction that is open, be it of a living owner or of one
    /// that died, there may be more. Nobody is disturbed by this question.
    ///
    /// # Errors
    /// As [`load_state`](Target::load_state).
    pub fn visible_state(&self, patience: Duration) -> Result<TaskState, SinkFailure> {
        self.read_state(Isolation::Visible, patience)
    }

    fn read_state(&self, isolation: Isolation, patience: Duration) -> Result<TaskState, SinkFailure> {
        match self {
            Target::Kafka(kafka) => {
                let topic = &kafka.settings.state_topic;
                let read = read_all(&kafka.connection, topic, isolation, patience)?;
                Ok(TaskState::fold(read.records)?)
            }
            Target::Lines { medium, state } => Ok(LineSink::new(medium, state).load()?),
        }
    }
}

/// An open target with nothing on its way.
pub enum Sink {
    /// Kafka, rows and state in transactions.
    Transactional(Producer),
    /// Kafka, state after rows.
    AtLeastOnce(AtLeastOnce),
    /// Standard output or files.
    Lines(LineSink),
}

/// An open target with records on their way.
pub enum Sending {
    /// Kafka, in an open transaction.
    Transactional(Txn),
    /// Kafka, without.
    AtLeastOnce(AtLeastOnce),
    /// Standard output or files.
    Lines(LineSink),
}

/// What a commit left behind.
pub struct Sent {
    /// The position that is stored now.
    pub durable: DurablePosition,
    /// The sink for what comes next; none asks for a new one, and nothing is lost by it.
    pub sink: Option<Sink>,
}

impl Sink {
    /// Begins what the next commit will end.
    ///
    /// # Errors
    /// When the sink has become unusable meanwhile.
    pub fn begin(self) -> Result<Sending, SinkFailure> {
        Ok(match self {
            Sink::Transactional(producer) => Sending::Transactional(producer.begin()?),
            Sink::AtLeastOnce(producer) => Sending::AtLeastOnce(producer),
            Sink::Lines(lines) => Sending::Lines(lines),
        })
    }
}

impl Sending {
    /// Hands over records, whose topics are numbers of `topics`. Waits while the target is busy.
    ///
    /// # Errors
    /// Any; what is on its way cannot be committed any more.
    pub fn produce(&mut self, topics: &TopicTable, batch: &Batch) -> Result<(), SinkFailure> {
        match self {
            Sending::Transactional(txn) => txn.produce(topics, batch)?,
            Sending::AtLeastOnce(producer) => producer.produce(topics, batch)?,
            Sending::Lines(lines) => lines.produce(topics, batch)?,
        }
        Ok(())
    }

    /// Hands over a change of the task's state.
    ///
    /// # Errors
    /// As [`produce`](Sending::produce).
    pub fn stage(&mut self, change: &StateChange) -> Result<(), SinkFailure> {
        match self {
            Sending::Transactional(txn) => txn.stage(change)?,
            Sending::AtLeastOnce(producer) => producer.stage(change),
            Sending::Lines(lines) => lines.stage(change),
        }
        Ok(())
    }

    /// Commits the records, the state and the position that covers them. What `alive` gives is stored while that takes long.
    ///
    /// # Errors
    /// Any; only the stored state tells whether the commit happened.
    pub fn commit(self, covered: Covered, alive: Alive<'_>) -> Result<Sent, SinkFailure> {
        Ok(match self {
            Sending::Transactional(txn) => {
                let committed = txn.commit(covered, alive)?;
                Sent { durable: committed.durable, sink: committed.producer.map(Sink::Transactional) }
            }
            Sending::AtLeastOnce(producer) => {
                let (durable, producer) = producer.flush_and_save(covered, alive)?;
                Sent { durable, sink: Some(Sink::AtLeastOnce(producer)) }
            }
            Sending::Lines(lines) => {
                let (durable, lines) = lines.commit(covered)?;
                Sent { durable, sink: Some(Sink::Lines(lines)) }
            }
        })
    }

    /// Commits the state alone; the stored position stays as it is. Gives the sink, or asks for a new one.
    ///
    /// # Errors
    /// As [`commit`](Sending::commit).
    ///
    /// # Panics
    /// When records other than state have been handed over.
    pub fn commit_state(self) -> Result<Option<Sink>, SinkFailure> {
        Ok(match self {
            Sending::Transactional(txn) => txn.commit_state()?.map(Sink::Transactional),
            Sending::AtLeastOnce(producer) => Some(Sink::AtLeastOnce(producer.save_state()?)),
            Sending::Lines(lines) => Some(Sink::Lines(lines.commit_state()?)),
        })
    }
}
