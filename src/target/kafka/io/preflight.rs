//! What a cluster is and has, and making what is missing.
//!
//! Asks for no more rights than the task needs: a setting we may not see is left out, not an error.

use super::connection::Connection;
use super::error::{Class, KafkaFailure};
use super::events::Events;
use super::state::{Isolation, Reader};
use super::token;
use crate::catalog::{ClusterFacts, TopicFacts};
use crate::kafka::TopicName;
use crate::plan::{Cleanup, StatePlan, TopicSettings};
use crate::target::kafka::requirement::{STATE_RECORD_BYTES, state_replicas};
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier, TopicReplication};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use std::collections::BTreeMap;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Pause before a topic that was just made is looked for again.
const SPREAD_PAUSE: Duration = Duration::from_millis(50);

/// Pause before a request that failed in passing is sent again.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// A topic to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// Name.
    pub name: TopicName,
    /// Partitions; none: the cluster's default.
    pub partitions: Option<u32>,
    /// Replicas; none: the cluster's default.
    pub replicas: Option<u16>,
    /// Settings by Kafka's names.
    pub config: Vec<(&'static str, String)>,
}

impl NewTopic {
    /// A data topic as declared.
    pub fn data(name: TopicName, settings: &TopicSettings) -> NewTopic {
        let mut config = Vec::new();
        if let Some(cleanup) = settings.cleanup {
            let policy = match cleanup {
                Cleanup::Delete => "delete",
                Cleanup::Compact => "compact",
                Cleanup::CompactDelete => "compact,delete",
            };
            config.push(("cleanup.policy", policy.to_owned()));
        }
        if let Some(min_insync) = settings.min_insync {
            config.push(("min.insync.replicas", min_insync.to_string()));
        }
        if let Some(retention_ms) = settings.retention_ms {
            config.push(("retention.ms", retention_ms.to_string()));
        }
        NewTopic { name, partitions: settings.partitions, replicas: settings.replicas, config }
    }

    /// A state topic on a cluster of `brokers`.
    ///
    /// With the broker's own settings nothing is compacted before 1 GiB, all of which a start would have to read; small
    /// segments keep that near two of them.
    pub fn state(name: TopicName, plan: &StatePlan, brokers: u32) -> NewTopic {
        let (replicas, min_insync) = state_replicas(plan.replicas, plan.min_insync, brokers);
        let config = vec![
            ("cleanup.policy", "compact".to_owned()),
            ("segment.bytes", (32 * 1024 * 1024).to_string()),
            ("segment.ms", (60 * 60 * 1000).to_string()),
            ("min.cleanable.dirty.ratio", "0.1".to_owned()),
            ("max.message.bytes", STATE_RECORD_BYTES.to_string()),
            ("min.insync.replicas", min_insync.to_string()),
        ];
        NewTopic { name, partitions: Some(1), replicas: Some(replicas), config }
    }
}

/// Asks a cluster about itself and makes topics. Every call blocks, for at most the patience given at
/// [`open`](Admin::open).
pub struct Admin {
    connection: Connection,
    reader: Reader,
    admin: AdminClient<Events>,
    patience: Duration,
}

impl Admin {
    /// Longest wait for an answer.
    #[cfg(test)]
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// Prepares the clients; the cluster is first talked to by the calls.
    ///
    /// # Errors
    /// Settings the client library refuses.
    pub fn open(connection: &Connection, patience: Duration) -> Result<Admin, KafkaFailure> {
        let reader = Reader::open(connection, Isolation::Uncommitted)?;
        let mut config = connection.client();
        // Nobody takes this client's log lines; the reader's tell the same.
        config.set_log_level(RDKafkaLogLevel::Emerg);
        let admin = config
            .create_with_context(connection.events())
            .map_err(|error| KafkaFailure::from_client("create the client", &error))?;
        Ok(Admin { connection: connection.clone(), reader, admin, patience })
    }

    /// A reader of committed records, up to the first open transaction.
    pub(super) fn committed_reader(&self) -> Result<Reader, KafkaFailure> {
        Reader::open(&self.connection, Isolation::Visible)
    }

    /// The cluster, and of `topics` those that exist.
    ///
    /// # Errors
    /// When the cluster does not answer in time, or refuses us.
    pub fn facts<'n>(
        &self,
        topics: impl IntoIterator<Item = &'n TopicName>,
    ) -> Result<ClusterFacts, KafkaFailure> {
        const WHAT: &str = "ask the cluster for its topics";
        let deadline = self.deadline();
        let asked: Vec<&str> = topics.into_iter().map(TopicName::as_str).collect();
        let (brokers, mut found) = self.reader.ask(WHAT, deadline, |consumer, patience| {
            let metadata = consumer.fetch_metadata(None, patience)?;
            // A broker that stood still for long answers before the controller counts it in again.
            if metadata.brokers().is_empty() {
                return Err(KafkaError::MetadataFetch(Code::BrokerNotAvailable));
            }
            let found: BTreeMap<String, TopicFacts> = metadata
                .topics()
                .iter()
                .filter(|topic| asked.contains(&topic.name()) && !topic.partitions().is_empty())
                .map(|topic| {
                    let replicas =
                        topic.partitions().iter().map(|partition| partition.replicas().len()).min();
                    let facts = TopicFacts {
                        partitions: topic.partitions().len() as u32,
                        replicas: replicas.unwrap_or(0) as u32,
                        config: BTreeMap::new(),
                        last: Vec::new(),
                    };
                    (topic.name().to_owned(), facts)
                })
                .collect();
            let brokers: Vec<i32> = metadata.brokers().iter().map(|broker| broker.id()).collect();
            Ok((brokers, found))
        })?;
        let left = deadline.saturating_duration_since(Instant::now());
        let cluster_id = self.reader.consumer().client().fetch_cluster_id(left).unwrap_or_default();
        let mut transaction_max_timeout_ms = None;
        let names: Vec<String> = found.keys().cloned().collect();
        let mut asked: Vec<ResourceSpecifier<'_>> =
            names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
        if !asked.is_empty() {
            for (name, config) in self.describe(&asked, deadline)? {
                if let Some(topic) = name.and_then(|name| found.get_mut(&name)) {
                    topic.config = config;
                }
            }
        }
        // One request for a broker goes to that broker, so it cannot be asked together with topics.
        asked = brokers.first().map(|id| ResourceSpecifier::Broker(*id)).into_iter().collect();
        for (_, config) in self.describe(&asked, deadline)? {
            transaction_max_timeout_ms =
                config.get("transaction.max.timeout.ms").and_then(|value| value.parse().ok());
        }
        Ok(ClusterFacts {
            cluster_id,
            brokers: brokers.len() as u32,
            transaction_max_timeout_ms,
            topics: found,
        })
    }

    /// Number of partitions of one topic; none when it does not exist. Much cheaper than [`facts`](Admin::facts).
    ///
    /// # Errors
    /// When the cluster does not answer in time, or refuses us.
    pub fn partitions(&self, topic: &TopicName) -> Result<Option<NonZeroU32>, KafkaFailure> {
        const WHAT: &str = "ask the cluster for a topic";
        let answer = self.reader.ask(WHAT, self.deadline(), |consumer, patience| {
            let metadata = consumer.fetch_metadata(Some(topic.as_str()), patience)?;
            let found = metadata.topics().first();
            match found.and_then(|topic| topic.error()) {
                Some(code) => Err(KafkaError::MetadataFetch(Code::from(code))),
                None => Ok(found.and_then(|topic| NonZeroU32::new(topic.partitions().len() as u32))),
            }
        });
        match answer {
            Err(failure) if failure.class == Class::UnknownTopic => Ok(None),
            answer => answer.map_err(|failure| failure.on(topic.as_str())),
        }
    }

    /// Settings of resources, by topic name; those we may not see are left out.
    fn describe(
        &self,
        resources: &[ResourceSpecifier<'_>],
        deadline: Instant,
    ) -> Result<Vec<Described>, KafkaFailure> {
        const WHAT: &str = "ask the cluster for settings";
        let answer =
            self.request(WHAT, deadline, |options| block_on(self.admin.describe_configs(resources, options)));
        let resources = match answer {
            Ok(resources) => resources,
            Err(failure) if failure.class == Class::Denied => return Ok(Vec::new()),
            Err(failure) => return Err(failure),
        };
        Ok(resources
            .into_iter()
            .flatten()
            .map(|resource| {
                let name = match resource.specifier {
                    rdkafka::admin::OwnedResourceSpecifier::Topic(name) => Some(name),
                    rdkafka::admin::OwnedResourceSpecifier::Group(_)
                    | rdkafka::admin::OwnedResourceSpecifier::Broker(_) => None,
                };
                let shown = resource.entries.into_iter().filter(|entry| !entry.is_sensitive);
                (name, shown.filter_map(|entry| Some((entry.name, entry.value?))).collect())
            })
            .collect())
    }

    /// Makes the topics and waits until the cluster shows them. One that exists already is left as it is.
    ///
    /// # Errors
    /// The first topic that could not be made, named.
    pub fn create_topics(&self, topics: &[NewTopic]) -> Result<(), KafkaFailure> {
        const WHAT: &str = "make a topic";
        if topics.is_empty() {
            return Ok(());
        }
        let deadline = self.deadline();
        let wanted: Vec<rdkafka::admin::NewTopic<'_>> = topics
            .iter()
            .map(|topic| {
                let partitions = topic.partitions.map_or(-1, |n| i32::try_from(n).unwrap_or(i32::MAX));
                let replicas = TopicReplication::Fixed(topic.replicas.map_or(-1, i32::from));
                let new = rdkafka::admin::NewTopic::new(topic.name.as_str(), partitions, replicas);
                topic.config.iter().fold(new, |new, (key, value)| new.set(key, value))
            })
            .collect();
        let results =
            self.request(WHAT, deadline, |options| block_on(self.admin.create_topics(&wanted, options)))?;
        for result in results {
            match result {
                Ok(_) | Err((_, Code::TopicAlreadyExists)) => {}
                Err((name, code)) => return Err(KafkaFailure::of(WHAT, code, code.to_string()).on(name)),
            }
        }
        for topic in topics {
            self.await_leaders(&topic.name, deadline)?;
        }
        Ok(())
    }

    /// Makes the state topic unless it exists.
    ///
    /// # Errors
    /// As [`create_topics`](Admin::create_topics).
    pub fn ensure_state_topic(
        &self,
        name: &TopicName,
        plan: &StatePlan,
        facts: &ClusterFacts,
    ) -> Result<(), KafkaFailure> {
        match facts.topics.contains_key(name.as_str()) {
            true => Ok(()),
            false => self.create_topics(&[NewTopic::state(name.clone(), plan, facts.brokers)]),
        }
    }

    /// End offset of each of the first `partitions` partitions, records of open transactions included.
    ///
    /// # Errors
    /// When the cluster does not answer in time, or the topic is not there.
    pub fn end_offsets(&self, topic: &TopicName, partitions: u32) -> Result<Vec<(i32, i64)>, KafkaFailure> {
        let deadline = self.deadline();
        (0..partitions as i32)
            .map(|partition| {
                self.reader.watermarks(topic, partition, deadline).map(|(_, end)| (partition, end))
            })
            .collect()
    }

    fn await_leaders(&self, topic: &TopicName, deadline: Instant) -> Result<(), KafkaFailure> {
        const WHAT: &str = "wait for a new topic";
        loop {
            let ready = self.reader.ask(WHAT, deadline, |consumer, patience| {
                let metadata = consumer.fetch_metadata(Some(topic.as_str()), patience)?;
                // One that exists and may not be seen never gets a leader for us.
                let error = metadata.topics().first().and_then(|topic| topic.error()).map(Code::from);
                if let Some(code @ Code::TopicAuthorizationFailed) = error {
                    return Err(KafkaError::MetadataFetch(code));
                }
                let partitions =
                    metadata.topics().first().map(|topic| topic.partitions()).unwrap_or_default();
                Ok(!partitions.is_empty() && partitions.iter().all(|partition| partition.leader() >= 0))
            })?;
            if ready {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let code = Code::LeaderNotAvailable;
                return Err(KafkaFailure::of(WHAT, code, code.to_string()).on(topic.as_str()));
            }
            std::thread::sleep(SPREAD_PAUSE);
        }
    }

    /// Sends a request until it is answered, refused, or no time is left.
    fn request<T>(
        &self,
        what: &'static str,
        deadline: Instant,
        mut send: impl FnMut(&AdminOptions) -> Result<T, KafkaError>,
    ) -> Result<T, KafkaFailure> {
        token::give(self.admin.inner())?;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let patience = left.max(Duration::from_millis(1));
            let options =
                AdminOptions::new().request_timeout(Some(patience)).operation_timeout(Some(patience));
            let failure = match send(&options) {
                Ok(answer) => return Ok(answer),
                Err(error) => KafkaFailure::from_client(what, &error),
            };
            if failure.class != Class::Transient || left <= RETRY_PAUSE {
                return Err(failure);
            }
            std::thread::sleep(RETRY_PAUSE);
        }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }
}

/// Topic name, if it is a topic, and settings.
type Described = (Option<String>, BTreeMap<String, String>);

/// Waits for a future that another thread completes.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> TopicName {
        TopicName::new(text).unwrap()
    }

    #[test]
    fn a_state_topic_fits_the_cluster() {
        let plan = StatePlan { prefix: "syncc".into(), replicas: None, min_insync: None };
        let check = |brokers, replicas, min_insync: &str| {
            let topic = NewTopic::state(name("t.state"), &plan, brokers);
            assert_eq!(topic.partitions, Some(1));
            assert_eq!(topic.replicas, Some(replicas), "{brokers} brokers");
            assert!(topic.config.contains(&("min.insync.replicas", min_insync.to_owned())), "{brokers}");
            assert!(topic.config.contains(&("cleanup.policy", "compact".to_owned())));
        };
        check(1, 1, "1");
        check(2, 2, "1");
        check(3, 3, "2");
        check(30, 3, "2");
    }

    #[test]
    fn a_data_topic_sets_only_what_is_declared() {
        let mut settings = TopicSettings {
            create: true,
            partitions: None,
            replicas: None,
            min_insync: None,
            cleanup: None,
            retention_ms: None,
        };
        assert_eq!(
            NewTopic::data(name("t"), &settings),
            NewTopic { name: name("t"), partitions: None, replicas: None, config: vec![] }
        );
        settings.partitions = Some(12);
        settings.cleanup = Some(Cleanup::CompactDelete);
        settings.retention_ms = Some(5);
        assert_eq!(
            NewTopic::data(name("t"), &settings).config,
            [("cleanup.policy", "compact,delete".to_owned()), ("retention.ms", "5".to_owned())]
        );
    }

    #[test]
    fn a_future_of_another_thread_is_waited_for() {
        let (send, receive) = futures_util_free_channel();
        let thread = std::thread::spawn(move || send(7));
        assert_eq!(block_on(receive), 7);
        thread.join().unwrap();
    }

    /// A one-value channel made of a slot and the waker of whoever waits.
    fn futures_util_free_channel() -> (impl FnOnce(u32) + Send, impl Future<Output = u32>) {
        type Slot = (Option<u32>, Option<Waker>);
        let slot = Arc::new(std::sync::Mutex::new(Slot::default()));
        let other = Arc::clone(&slot);
        let send = move |value| {
            let mut slot = slot.lock().unwrap();
            slot.0 = Some(value);
            if let Some(waker) = slot.1.take() {
                waker.wake();
            }
        };
        let receive = std::future::poll_fn(move |context| {
            let mut slot = other.lock().unwrap();
            match slot.0 {
                Some(value) => Poll::Ready(value),
                None => {
                    slot.1 = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        });
        (send, receive)
    }
}
