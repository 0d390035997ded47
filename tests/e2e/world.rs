//! A source, a broker and a project between them, and syncc to be started and killed there.

use super::faults::End;
use super::oracle::{Finding, Heard, fold, hear, judge};
use super::truth::{Key, LEDGER, Row, SHAPES, Shape, Truth};
use super::writer;
use crate::support::kafka::Received;
use crate::support::program::Running;
use crate::support::way::Way;
use crate::support::{Isolation, Kafka, Kind, MySql, Project, Sql, wait};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use syncc::checkpoint::{StateKey, StateRecord};
use syncc::control::{Operation, Status, TaskState, ask};

/// How long a start, a recovery or the rest of the way may take on a busy machine, s.
pub(super) const PATIENCE: u64 = 120;

/// Chunks of different tables that are read at once.
const PARALLEL: u8 = 3;

/// Everything one test needs.
pub(super) struct World {
    /// The source.
    pub(super) server: Held<MySql>,
    /// The target.
    pub(super) kafka: Held<Kafka>,
    /// Database of the workload.
    pub(super) database: String,
    /// What was committed.
    pub(super) truth: Truth,
    /// Topics and the state begin with this.
    prefix: String,
    /// The same project twice: two instances that know nothing of each other.
    homes: [Project; 2],
    /// The home of the one that is started, 0 or 1.
    home: AtomicUsize,
    ways: Option<Ways>,
}

/// The network of syncc.
struct Ways {
    source: Way,
    target: Way,
}

/// A server.
pub(super) enum Held<S: 'static> {
    /// This test's alone, so that it may be stopped.
    Own(S),
    /// Everybody's.
    Shared(&'static S),
}

impl<S> Deref for Held<S> {
    type Target = S;

    fn deref(&self) -> &S {
        match self {
            Held::Own(server) => server,
            Held::Shared(server) => server,
        }
    }
}

impl World {
    /// As [`World::new`], with servers and a network of its own, which may fail.
    pub(super) fn alone(kind: Kind, scale: usize, chunk: usize) -> World {
        let ways = Ways { source: Way::open(), target: Way::open() };
        let server = MySql::start(kind, &[]);
        ways.source.lead_to(server.address());
        let kafka = Kafka::behind(&ways.target);
        World::between(Held::Own(server), Held::Own(kafka), Some(ways), scale, chunk)
    }

    /// Filled tables, and a project that loads `chunk` rows at a time. `scale` in a hundred of all keys.
    pub(super) fn new(kind: Kind, scale: usize, chunk: usize) -> World {
        World::between(Held::Shared(MySql::shared(kind)), Held::Shared(Kafka::shared()), None, scale, chunk)
    }

    fn between(
        server: Held<MySql>,
        kafka: Held<Kafka>,
        ways: Option<Ways>,
        scale: usize,
        chunk: usize,
    ) -> World {
        let prefix = kafka.prefix("e2e");
        let database = server.database("e2e");
        let truth = Truth::new(scale);
        let mut sql = server.sql();
        writer::fill(&mut sql, &database, &truth);
        if server.kind() != Kind::MariaDb10_11 {
            // for the table without a key
            sql.run(&format!("grant lock tables on `{database}`.* to {0}@localhost, {0}@'%'", MySql::USER));
        }
        let (address, brokers) = match &ways {
            Some(ways) => (ways.source.address(), ways.target.address()),
            None => (server.address(), kafka.brokers()),
        };
        // dead connections are noticed soon
        let text = format!(
            "edition 2026\n\
             source shop mysql \"{user}@{address}\" {{\n  password env E2E_PASSWORD\n  heartbeat every 1s\n}}\n\
             target bus kafka \"{brokers}\" {{\n  state {{\n    prefix \"{prefix}\"\n  }}\n  \
             transaction-timeout 10s\n}}\n\
             pipeline all from shop to bus {{\n  include {database}.*\n  topic \"{prefix}.{{table}}\" {{\n    partitions 3\n  }}\n  \
             format canal-json {{\n    snapshot-op init\n  }}\n  start snapshot {{\n    chunk {chunk} rows\n    parallel {PARALLEL}\n  }}\n}}\n",
            user = MySql::USER,
        );
        let homes = ["e2e", "e2e-twin"].map(|name| {
            let mut project = Project::new(name, &[("e2e.sync", &text)]);
            project.env("E2E_PASSWORD", MySql::PASSWORD);
            project
        });
        World { server, kafka, database, truth, prefix, homes, home: AtomicUsize::new(0), ways }
    }

    /// Plants a bug in every syncc that is started from now on.
    pub(super) fn plant(&mut self, bug: &str) {
        self.homes.iter_mut().for_each(|home| home.env("SYNCC_PLANTED_BUG", bug));
    }

    /// The way between syncc and a server.
    pub(super) fn way(&self, end: End) -> &Way {
        let ways = self.ways.as_ref().expect("the world has a network of its own");
        match end {
            End::Source => &ways.source,
            End::Target => &ways.target,
        }
    }

    fn home(&self) -> &Project {
        &self.homes[self.home.load(Ordering::Relaxed)]
    }

    /// The other home is that of the instance from now on.
    pub(super) fn move_over(&self) {
        self.home.fetch_xor(1, Ordering::Relaxed);
    }

    /// Starts a second instance, in the other home.
    pub(super) fn start_elsewhere(&self, arguments: &[&str]) -> Running {
        let other = &self.homes[self.home.load(Ordering::Relaxed) ^ 1];
        other.start_on_a_disk_that_fills(&[&["run", "--log", "json"], arguments].concat(), &[])
    }

    /// Starts syncc; `failpoints` as the environment variable of that name wants it.
    pub(super) fn start(&self, failpoints: &str) -> Running {
        let arguments = ["run", "--log", "json"];
        self.home().start_on_a_disk_that_fills(&arguments, &[("FAILPOINTS", failpoints)])
    }

    /// Runs a command in the home of the instance. True when it succeeds.
    pub(super) fn says(&self, arguments: &[&str]) -> bool {
        self.home().syncc(arguments).status.success()
    }

    /// Runs a command that must succeed.
    #[track_caller]
    pub(super) fn command(&self, arguments: &[&str]) {
        let done = self.home().syncc(arguments);
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn status(&self) -> Result<Status, String> {
        let socket = self.home().folder().join(".syncc/control.sock");
        let answer = ask(&socket, &Operation::Status).map_err(|error| error.to_string())?;
        serde_json::from_value(answer).map_err(|error| error.to_string())
    }

    /// How far the only task is; `Err` says why that cannot be told.
    pub(super) fn progress(&self) -> Result<Progress, String> {
        let status = self.status()?;
        let task = status.tasks.first().ok_or("no task yet")?;
        Ok(Progress {
            seq: task.seq,
            loaded: task.state == TaskState::Streaming
                && task.snapshot.as_ref().is_none_or(|load| load.tables_done == load.tables),
        })
    }

    /// Waits until everything that was committed has come, and ends syncc in an orderly way.
    pub(super) fn settle(&self, running: &mut Running) {
        wait::until("all existing rows are loaded", PATIENCE, || {
            assert!(running.runs(), "syncc ended\n{}", running.last_words());
            let progress = self.progress()?;
            if progress.loaded { Ok(()) } else { Err(format!("{progress:?}")) }
        });
        // the last transaction of all: what came before it in the log comes before it out of syncc
        let marker = self.truth.transaction();
        let op = self.truth.operation();
        self.sql().run(&format!("insert into {} values ({marker}, {op}, 1, '{}')", LEDGER.name, {
            Row { op, ver: 1 }.note().replace('\'', "''")
        }));
        self.truth.committed(marker, op);
        let mark = format!("\"txn\":\"{marker}\"");
        wait::until("the last transaction comes out", PATIENCE, || {
            assert!(running.runs(), "syncc ended\n{}", running.last_words());
            let records = self.records_of(&LEDGER, Isolation::ReadCommitted);
            if records.iter().any(|record| record.text().contains(&mark)) {
                return Ok(());
            }
            Err(format!("{} records of the ledger; {:?}", records.len(), self.status()))
        });
        assert_eq!(running.stop(), Some(0), "{}", running.last_words());
    }

    /// All messages of a reader of committed records.
    pub(super) fn heard(&self) -> Heard {
        let mut heard = Heard::new();
        for records in self.records(Isolation::ReadCommitted) {
            hear(&mut heard, &records);
        }
        heard
    }

    /// Number of data records there are.
    pub(super) fn n_records(&self, isolation: Isolation) -> usize {
        self.records(isolation).iter().map(Vec::len).sum()
    }

    /// Numbers of the commits, in the order of the state topic.
    pub(super) fn commits(&self) -> Vec<u64> {
        let topic = format!("{}.all.shop.bus.state", self.prefix);
        let records = self.kafka.consume(&topic, Isolation::ReadCommitted);
        let number = |record: &Received| {
            let key = StateKey::decode(record.key.as_deref()?)?;
            match StateRecord::decode(key, record.value.as_deref()?) {
                Ok(StateRecord::Pos(pos)) => Some(pos.seq),
                _ => None,
            }
        };
        records.iter().filter_map(number).collect()
    }

    /// What is wrong, in the messages and in what is left of them.
    pub(super) fn findings(&self) -> Vec<Finding> {
        judge(&self.truth.histories(), &self.heard())
    }

    /// What a reader ends with, and what the server has.
    pub(super) fn ends(&self) -> (Rows, Rows) {
        let mut sql = self.sql();
        let mut rows = Rows::new();
        for shape in SHAPES.iter().chain([&LEDGER]) {
            let keys = shape.key.join(", ");
            for row in sql.text(&format!("select op_id, ver, {keys} from {}", shape.name)) {
                let mut values = row.into_iter().map(|value| value.expect("no column may be NULL"));
                let mut number = || values.next().and_then(|value| value.parse().ok()).expect("a number");
                let (op, ver) = (number(), number() as usize);
                rows.insert((shape.name, values.collect()), Row { op, ver });
            }
        }
        (fold(&self.heard()), rows)
    }

    fn sql(&self) -> Sql {
        let mut sql = self.server.sql();
        sql.run(&format!("use `{}`", self.database));
        sql
    }

    fn records(&self, isolation: Isolation) -> Vec<Vec<Received>> {
        SHAPES.iter().chain([&LEDGER]).map(|shape| self.records_of(shape, isolation)).collect()
    }

    fn records_of(&self, shape: &Shape, isolation: Isolation) -> Vec<Received> {
        self.kafka.consume(&format!("{}.{}", self.prefix, shape.name), isolation)
    }
}

/// Rows by table and key.
pub(super) type Rows = BTreeMap<(&'static str, Key), Row>;

/// How far a task is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    /// Number of the last commit.
    pub(super) seq: u64,
    /// It streams, all existing rows are loaded.
    pub(super) loaded: bool,
}
