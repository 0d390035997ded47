//! Kafka brokers, and what is in their topics.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use rustix::process::Signal;

use super::held::Held;
use super::process::Process;
use super::run::{Run, installed, tail};
use super::way::Way;
use super::{port, wait};

/// Seconds until a broker must answer; it needs two to three on a quiet machine.
const START_SECONDS: u64 = 120;

/// What a broker is started with beyond the usual.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KafkaOptions<'a> {
    /// Refuse what no ACL allows, to everybody but `admin` and the users of the plain listener.
    pub(crate) acls: bool,
    /// Further lines of its configuration; they win.
    pub(crate) properties: &'a [&'a str],
}

/// Which records a consumer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isolation {
    /// Those of committed transactions, up to the first open one.
    ReadCommitted,
    /// All, those of aborted transactions too.
    ReadUncommitted,
}

/// One record of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    /// Its partition.
    pub(crate) partition: i32,
    /// Its offset.
    pub(crate) offset: i64,
    /// Its key, when it has one.
    pub(crate) key: Option<Vec<u8>>,
    /// Its value; a tombstone has none.
    pub(crate) value: Option<Vec<u8>>,
    /// Its headers in their order; a null value is empty.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// Its time, ms since 1970.
    pub(crate) time_ms: i64,
}

impl Received {
    /// The value as text; empty for a tombstone.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.value.as_deref().unwrap_or_default()).into_owned()
    }

    /// A header as text; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map_or(String::new(), |(_, value)| String::from_utf8_lossy(value).into_owned())
    }
}

/// A single-node cluster with a plain and a SASL_SSL listener, and one that asks for a certificate.
///
/// Topics are not created by asking for them. [`Kafka::USER`] and `admin` (password `admin-pw`) log in by
/// SCRAM-SHA-512, [`Kafka::USER`] by PLAIN too, and anybody by OAUTHBEARER with a token that nobody has signed; the certificate is for `localhost` and 127.0.0.1, signed by [`Kafka::ca_file`].
pub(crate) struct Kafka {
    folder: PathBuf,
    plain: u16,
    sasl: u16,
    mutual: u16,
    /// Its number in the cluster; the first is the controller, too.
    node: u16,
    controller: u16,
    /// Further lines of its configuration, and of those that join it.
    properties: String,
    /// The port behind a way, and that of the way.
    behind: Option<(u16, u16)>,
    process: Held,
    prefixes: AtomicUsize,
}

impl Kafka {
    /// A user of the SASL_SSL listener.
    pub(crate) const USER: &str = "alice";
    /// The password of [`Kafka::USER`].
    pub(crate) const PASSWORD: &str = "alice-pw";

    /// Starts a broker that this test alone uses.
    #[track_caller]
    pub(crate) fn start(options: KafkaOptions<'_>) -> Kafka {
        Kafka::start_with(options, None)
    }

    /// Starts a broker that is a cluster of its own by its id, too: all others are copies of one folder, and have one id.
    #[track_caller]
    pub(crate) fn start_another_cluster() -> Kafka {
        let kafka = Kafka::start(KafkaOptions::default());
        kafka.stop();
        let file = kafka.folder.join("data/meta.properties");
        let meta = fs::read_to_string(&file).expect("it is formatted");
        let other = |line: &str| match line.starts_with("cluster.id=") {
            true => "cluster.id=BBBBBBBBQACBBBBBBBBBBQ\n".to_owned(),
            false => format!("{line}\n"),
        };
        fs::write(&file, meta.lines().map(other).collect::<String>()).expect("the run's folder is writable");
        kafka.start_again();
        kafka
    }

    /// As [`Kafka::start`], with one more plain listener, which clients find by `way` alone.
    #[track_caller]
    pub(crate) fn behind(way: &Way) -> Kafka {
        let kafka = Kafka::start_with(KafkaOptions::default(), Some(way.port()));
        let (port, _) = kafka.behind.expect("it was given a way");
        way.lead_to(format!("127.0.0.1:{port}"));
        kafka
    }

    #[track_caller]
    fn start_with(options: KafkaOptions<'_>, way: Option<u16>) -> Kafka {
        let programs = installed(PART);
        let folder = Run::get().new_folder("kafka");
        let copied = Command::new("cp")
            .arg("-r")
            .arg(programs.join("template"))
            .arg(folder.join("data"))
            .status()
            .expect("cp is there");
        assert!(copied.success(), "cannot copy the formatted folder");
        let mut broker = Kafka {
            folder,
            plain: 0,
            sasl: 0,
            mutual: 0,
            node: 1,
            controller: 0,
            properties: options.properties.join("\n"),
            behind: None,
            process: Held::default(),
            prefixes: AtomicUsize::new(0),
        };
        for _ in 0..5 {
            broker.plain = port::free();
            broker.sasl = port::free();
            broker.mutual = port::free();
            broker.behind = way.map(|way| (port::free(), way));
            broker.controller = port::free();
            fs::write(broker.folder.join("server.properties"), broker.configuration(options.acls))
                .expect("the run's folder is writable");
            if broker.try_start() {
                return broker;
            }
        }
        panic!("the broker found its ports taken five times");
    }

    /// One more broker of this cluster, as number `node`, without ACLs.
    #[track_caller]
    pub(crate) fn join(&self, node: u16) -> Kafka {
        let folder = Run::get().new_folder("kafka");
        let data = folder.join("data");
        fs::create_dir(&data).expect("the run's folder is writable");
        // as the formatter writes it: the cluster's number, and one of the folder
        let meta =
            fs::read_to_string(self.folder.join("data/meta.properties")).expect("the first is formatted");
        let own = |line: &str| match line.split_once('=') {
            Some(("node.id", _)) => format!("node.id={node}\n"),
            Some(("directory.id", _)) => String::new(),
            Some(_) | None => format!("{line}\n"),
        };
        fs::write(data.join("meta.properties"), meta.lines().map(own).collect::<String>())
            .expect("the run's folder is writable");
        let mut broker = Kafka {
            folder,
            plain: 0,
            sasl: 0,
            mutual: 0,
            node,
            controller: self.controller,
            properties: self.properties.clone(),
            behind: None,
            process: Held::default(),
            prefixes: AtomicUsize::new(0),
        };
        for _ in 0..5 {
            (broker.plain, broker.sasl, broker.mutual) = (port::free(), port::free(), port::free());
            fs::write(broker.folder.join("server.properties"), broker.configuration(false))
                .expect("the run's folder is writable");
            if broker.try_start() {
                return broker;
            }
        }
        panic!("the broker found its ports taken five times");
    }

    /// The broker that all tests of this run share. Do not stop it; take topics under a [`Kafka::prefix`].
    #[track_caller]
    pub(crate) fn shared() -> &'static Kafka {
        static SHARED: OnceLock<Kafka> = OnceLock::new();
        SHARED.get_or_init(|| Kafka::start(KafkaOptions::default()))
    }

    /// `127.0.0.1:PORT` of the plain listener.
    pub(crate) fn brokers(&self) -> String {
        format!("127.0.0.1:{}", self.plain)
    }

    /// `127.0.0.1:PORT` of the SASL_SSL listener.
    pub(crate) fn sasl_brokers(&self) -> String {
        format!("127.0.0.1:{}", self.sasl)
    }

    /// `127.0.0.1:PORT` of the listener that asks for a certificate; [`Kafka::certificate`] is one, of the user `broker`.
    pub(crate) fn mutual_brokers(&self) -> String {
        format!("127.0.0.1:{}", self.mutual)
    }

    /// A certificate that the broker takes, and its key (PEM).
    pub(crate) fn certificate(&self) -> (PathBuf, PathBuf) {
        let tls = installed(PART).join("tls");
        (tls.join("broker.crt"), tls.join("broker.key"))
    }

    /// The certificate (PEM) that signed the broker's.
    pub(crate) fn ca_file(&self) -> PathBuf {
        installed(PART).join("tls/ca.crt")
    }

    /// A name that begins with `name` and is no other test's, to begin topics with.
    pub(crate) fn prefix(&self, name: &str) -> String {
        format!("{name}{}", self.prefixes.fetch_add(1, Ordering::Relaxed))
    }

    /// The configuration of a client of the plain listener.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", self.brokers())
            .set("reconnect.backoff.ms", "20")
            .set("reconnect.backoff.max.ms", "100");
        config
    }

    /// The configuration of a client of the SASL_SSL listener, as [`Kafka::USER`].
    pub(crate) fn sasl_client(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("bootstrap.servers", self.sasl_brokers())
            .set("security.protocol", "SASL_SSL")
            .set("sasl.mechanism", "SCRAM-SHA-512")
            .set("sasl.username", Self::USER)
            .set("sasl.password", Self::PASSWORD)
            .set("ssl.ca.location", self.ca_file().display().to_string());
        config
    }

    /// Creates a topic; `settings` as `("cleanup.policy", "compact")`.
    #[track_caller]
    pub(crate) fn create_topic(&self, topic: &str, partitions: i32, settings: &[(&str, &str)]) {
        let mut new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
        for (name, value) in settings {
            new = new.set(name, value);
        }
        let results = self.admin(async |admin, options| admin.create_topics([&new], &options).await);
        for result in results {
            result.unwrap_or_else(|(topic, code)| panic!("topic {topic} was not created: {code}"));
        }
    }

    /// Deletes a topic.
    #[track_caller]
    pub(crate) fn delete_topic(&self, topic: &str) {
        let results = self.admin(async |admin, options| admin.delete_topics(&[topic], &options).await);
        for result in results {
            result.unwrap_or_else(|(topic, code)| panic!("topic {topic} was not deleted: {code}"));
        }
    }

    /// Gives a topic so many partitions, more than it has.
    #[track_caller]
    pub(crate) fn add_partitions(&self, topic: &str, partitions: usize) {
        let admin: AdminClient<DefaultClientContext> = self.client().create().expect("valid settings");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (more, options) = ([NewPartitions::new(topic, partitions)], AdminOptions::new());
        let made = runtime.block_on(admin.create_partitions(&more, &options)).expect("the broker answers");
        made.into_iter().for_each(|result| assert!(result.is_ok(), "{result:?}"));
        wait::until("the topic has its partitions", 20, || {
            let topics = self.topics();
            if topics.contains(&(topic.to_owned(), partitions)) { Ok(()) } else { Err(format!("{topics:?}")) }
        });
    }

    /// The topics there are and their numbers of partitions, by name; Kafka's own left out.
    #[track_caller]
    pub(crate) fn topics(&self) -> Vec<(String, usize)> {
        let consumer = self.consumer(Isolation::ReadUncommitted);
        let metadata = consumer.fetch_metadata(None, Duration::from_secs(20)).expect("the broker answers");
        let mut topics: Vec<_> = metadata
            .topics()
            .iter()
            .filter(|topic| !topic.name().starts_with("__"))
            .map(|topic| (topic.name().to_owned(), topic.partitions().len()))
            .collect();
        topics.sort();
        topics
    }

    /// Everything in a topic from the first record to what is its end now, by partition and offset.
    ///
    /// Empty when there is no such topic.
    #[track_caller]
    pub(crate) fn consume(&self, topic: &str, isolation: Isolation) -> Vec<Received> {
        let consumer = self.consumer(isolation);
        let Some(&(_, partitions)) = self.topics().iter().find(|(name, _)| name == topic) else {
            return Vec::new();
        };
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions as i32 {
            list.add_partition_offset(topic, partition, Offset::Beginning).expect("offset 0 is an offset");
        }
        consumer.assign(&list).expect("a topic that exists can be assigned");
        let mut received = Vec::new();
        // what comes later is not waited for: a topic that grows has no end
        let end = |partition| {
            consumer
                .fetch_watermarks(topic, partition, Duration::from_secs(60))
                .map_or(i64::MAX, |(_, end)| end)
        };
        let mut open: BTreeMap<i32, i64> =
            (0..partitions as i32).map(|partition| (partition, end(partition))).collect();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !open.is_empty() {
            assert!(Instant::now() < deadline, "the end of {topic} was not reached within a minute");
            match consumer.poll(Duration::from_millis(200)) {
                // of the whole partition, and for a reader of committed records up to the first open transaction
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    open.remove(&partition);
                }
                Some(Ok(message))
                    if open.get(&message.partition()).is_none_or(|end| message.offset() >= *end) =>
                {
                    open.remove(&message.partition());
                }
                Some(Ok(message)) => received.push(Received {
                    partition: message.partition(),
                    offset: message.offset(),
                    key: message.key().map(<[u8]>::to_vec),
                    value: message.payload().map(<[u8]>::to_vec),
                    time_ms: message.timestamp().to_millis().unwrap_or(0),
                    headers: message
                        .headers()
                        .map(|headers| {
                            headers
                                .iter()
                                .map(|it| (it.key.to_owned(), it.value.unwrap_or_default().to_vec()))
                                .collect()
                        })
                        .unwrap_or_default(),
                }),
                // the broker being away is for the deadline to judge
                Some(Err(_)) | None => {}
            }
        }
        received.sort_by_key(|record| (record.partition, record.offset));
        received
    }

    /// Batches of records that lie in the first segment of a partition, as clients made them; without ends of transactions.
    #[track_caller]
    pub(crate) fn batches(&self, topic: &str, partition: i32) -> usize {
        /// Bytes in front of what the length of a batch counts.
        const HEAD: usize = 12;
        let segment = self.folder.join(format!("data/{topic}-{partition}/00000000000000000000.log"));
        let bytes = fs::read(&segment).unwrap_or_else(|error| panic!("{}: {error}", segment.display()));
        let mut rest = bytes.as_slice();
        let mut n_batches = 0;
        while let Some(&[a, b, c, d]) = rest.get(8..HEAD) {
            let length = HEAD + u32::from_be_bytes([a, b, c, d]) as usize;
            let is_control = rest[22] & 0x20 != 0;
            n_batches += usize::from(!is_control);
            rest = rest.get(length..).expect("batches are whole");
        }
        n_batches
    }

    /// Changes a setting of a topic, as `max.message.bytes=6000`.
    #[track_caller]
    pub(crate) fn alter_topic(&self, topic: &str, setting: &str) {
        let arguments =
            ["--alter", "--entity-type", "topics", "--entity-name", topic, "--add-config", setting];
        self.tool("kafka.admin.ConfigCommand", &arguments);
    }

    /// Runs one of Kafka's own command line tools by its class and gives its stdout.
    #[track_caller]
    pub(crate) fn tool(&self, class: &str, arguments: &[&str]) -> String {
        let output = java()
            .arg(class)
            .args(["--bootstrap-server", &self.brokers()])
            .args(arguments)
            .output()
            .expect("Java is there: the broker runs on it");
        assert!(output.status.success(), "{class} failed:\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Stops it in an orderly way.
    #[track_caller]
    pub(crate) fn stop(&self) {
        self.process.stop();
    }

    /// Kills it on the spot.
    pub(crate) fn kill(&self) {
        self.process.kill();
    }

    /// Starts it again after [`Kafka::stop`] or [`Kafka::kill`], on the same ports and data.
    #[track_caller]
    pub(crate) fn start_again(&self) {
        self.process.start_again(|| self.try_start());
    }

    /// Sends a signal: `STOP` makes it hang, `CONT` lets it go on.
    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// True when it answers, false when a port is taken.
    #[track_caller]
    fn try_start(&self) -> bool {
        let log = self.folder.join("broker.log");
        let _ = fs::remove_file(&log);
        let mut command = java();
        command.args(["kafka.Kafka", "server.properties"]).current_dir(&self.folder);
        let mut process = Process::spawn(&mut command, &log, &log);
        let consumer = self.consumer(Isolation::ReadUncommitted);
        let answers = wait::until("the broker answers", START_SECONDS, || {
            if let Some(status) = process.ended() {
                let said = tail(&log, 60);
                if said.contains("Address already in use") {
                    return Ok(false);
                }
                panic!("the broker ended with {status} when it was started:\n{said}");
            }
            // the port may be a stranger's: an answer counts when this broker says that it runs
            consumer.fetch_metadata(None, Duration::from_millis(500)).map_err(|error| error.to_string())?;
            let started = fs::read_to_string(&log).is_ok_and(|said| said.contains("Kafka Server started"));
            if started { Ok(true) } else { Err("it answers but has not started".to_owned()) }
        });
        if answers {
            self.process.hold(process);
        }
        answers
    }

    fn consumer(&self, isolation: Isolation) -> BaseConsumer {
        self.client()
            .set("group.id", "syncc-test")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set(
                "isolation.level",
                match isolation {
                    Isolation::ReadCommitted => "read_committed",
                    Isolation::ReadUncommitted => "read_uncommitted",
                },
            )
            .create()
            .expect("the client's settings are valid")
    }

    #[track_caller]
    fn admin<T>(
        &self,
        run: impl AsyncFnOnce(AdminClient<DefaultClientContext>, AdminOptions) -> Result<T, KafkaError>,
    ) -> T {
        let admin = self.client().create().expect("the client's settings are valid");
        let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(20)));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be built");
        runtime.block_on(run(admin, options)).unwrap_or_else(|error| panic!("the broker refused: {error}"))
    }

    fn configuration(&self, acls: bool) -> String {
        let Kafka { plain, sasl, mutual, node, controller, .. } = self;
        let (roles, quorum) = match node {
            1 => ("broker,controller", format!(",CONTROLLER://127.0.0.1:{controller}")),
            _ => ("broker", String::new()),
        };
        let data = self.folder.join("data");
        let data = data.display();
        let tls = installed(PART).join("tls");
        let tls = tls.display();
        let acls = if acls {
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
             super.users=User:ANONYMOUS;User:admin\n\
             allow.everyone.if.no.acl.found=false\n"
        } else {
            ""
        };
        let (behind, advertised) = match self.behind {
            Some((port, way)) => {
                (format!(",BEHIND://127.0.0.1:{port}"), format!(",BEHIND://127.0.0.1:{way}"))
            }
            None => (String::new(), String::new()),
        };
        // one partition and small buffers for Kafka's own topics: a broker is up sooner and stays small
        format!(
            "process.roles={roles}\n\
             node.id={node}\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\n\
             listeners=PLAINTEXT://127.0.0.1:{plain},SASLS://127.0.0.1:{sasl},MTLS://127.0.0.1:{mutual}{quorum}{behind}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{plain},SASLS://127.0.0.1:{sasl},MTLS://127.0.0.1:{mutual}{advertised}\n\
             listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASLS:SASL_SSL,MTLS:SSL,BEHIND:PLAINTEXT\n\
             controller.listener.names=CONTROLLER\n\
             inter.broker.listener.name=PLAINTEXT\n\
             sasl.enabled.mechanisms=SCRAM-SHA-512,SCRAM-SHA-256,PLAIN,OAUTHBEARER\n\
             listener.name.sasls.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;\n\
             listener.name.sasls.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_alice=\"alice-pw\";\n\
             listener.name.sasls.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;\n\
             listener.name.sasls.oauthbearer.sasl.server.callback.handler.class=org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler\n\
             listener.name.mtls.ssl.client.auth=required\n\
             ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/,DEFAULT\n\
             listener.name.sasls.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;\n\
             ssl.keystore.type=PEM\n\
             ssl.keystore.location={tls}/broker.pem\n\
             ssl.truststore.type=PEM\n\
             ssl.truststore.location={tls}/ca.crt\n\
             auto.create.topics.enable=false\n\
             log.dirs={data}\n\
             log.cleaner.dedupe.buffer.size=2097152\n\
             offsets.topic.replication.factor=1\n\
             offsets.topic.num.partitions=1\n\
             transaction.state.log.replication.factor=1\n\
             transaction.state.log.min.isr=1\n\
             transaction.state.log.num.partitions=1\n\
             group.initial.rebalance.delay.ms=0\n\
             {acls}{}\n",
            self.properties
        )
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(self.folder.join("data"));
    }
}

/// The folder of the broker's programs in the cache.
const PART: &str = "kafka-4.1";

/// Java with Kafka's classes, small and quick to start.
fn java() -> Command {
    let mut command = Command::new("java");
    command
        .args(["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"])
        .arg(installed(PART).join("lib/*"));
    command
}
