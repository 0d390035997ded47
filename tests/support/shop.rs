//! A small shop on real servers, and the project that synchronizes it.
//!
//! Names, topics, state and user are of this shop alone, so that many of them share servers. Every row's text and the
//! password contain [`CANARY`]; [`Shop::run`] and [`Shop::ends`] fail when it shows in what syncc says.

use std::path::PathBuf;

use serde_json::Value;
use syncc::control::{Operation, Refused, Status, TaskState, ask};

use super::program::Running;
use super::{Isolation, Kafka, MySql, Project, Sql, wait};

/// In every row and in the password; never in a log.
pub(crate) const CANARY: &str = "c4n4ry";

/// The variable that the projects take the password from.
pub(crate) const PASSWORD: &str = "SHOP_TEST_PASSWORD";

/// Seconds for everything that is not about a certain time.
pub(crate) const SOON: u64 = 60;

/// A database with a table `items`, a project that sends it, and the servers of both.
pub(crate) struct Shop<'s> {
    /// The source.
    pub(crate) mysql: &'s MySql,
    /// The target.
    pub(crate) kafka: &'s Kafka,
    /// The project.
    pub(crate) project: Project,
    /// Its database.
    pub(crate) db: String,
    /// User of the source, made for this shop.
    pub(crate) user: String,
    /// Prefix of its topics and of its state.
    pub(crate) prefix: String,
    /// What the project's file says.
    pub(crate) text: Text,
}

/// Statements of the project's file, by the block they stand in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    /// `host:port` of the source; empty: the shop's server.
    pub(crate) address: String,
    /// `host:port` of the target; empty: the shop's.
    pub(crate) brokers: String,
    /// Further statements of the source.
    pub(crate) source: String,
    /// Further statements of the target.
    pub(crate) target: String,
    /// Name of the pipeline.
    pub(crate) pipeline: String,
    /// What is included, `DB` being the database.
    pub(crate) include: String,
    /// The topic, `PREFIX` being the prefix.
    pub(crate) topic: String,
    /// Statements of the topic.
    pub(crate) topic_block: String,
    /// Further statements of the pipeline.
    pub(crate) rules: String,
    /// What follows.
    pub(crate) rest: String,
}

impl<'s> Shop<'s> {
    /// A shop whose table `items` (`id`, `name`) holds the ids 1 to 3; no file is written yet.
    #[track_caller]
    pub(crate) fn new(name: &str, mysql: &'s MySql, kafka: &'s Kafka) -> Shop<'s> {
        let db = mysql.database(name);
        let user = format!("u_{db}");
        let mut sql = mysql.sql();
        sql.run(&format!(
            "create user '{user}'@'%' identified by '{CANARY}-secret';
             grant select, reload, lock tables, replication client, replication slave on *.* to '{user}'@'%'"
        ));
        let mut project = Project::new(name, &[]);
        project.env(PASSWORD, &format!("{CANARY}-secret"));
        let text = Text {
            pipeline: "shop".to_owned(),
            include: "DB.items".to_owned(),
            topic: "PREFIX.{table}".to_owned(),
            ..Text::default()
        };
        let shop = Shop { mysql, kafka, project, db, user, prefix: kafka.prefix(name), text };
        shop.table("items");
        shop
    }

    /// Makes a table (`id`, `name`) with the ids 1 to 3.
    #[track_caller]
    pub(crate) fn table(&self, table: &str) {
        let db = &self.db;
        self.mysql.sql().run(&format!("create table {db}.{table} (id int primary key, name text)"));
        self.insert(table, &[1, 2, 3]);
    }

    /// Inserts rows with these ids in one transaction each.
    #[track_caller]
    pub(crate) fn insert(&self, table: &str, ids: &[i64]) {
        let mut sql = self.sql();
        for id in ids {
            sql.run(&format!("insert into {table} values ({id}, '{CANARY} {id}')"));
        }
    }

    /// A session in the shop's database.
    #[track_caller]
    pub(crate) fn sql(&self) -> Sql {
        let mut sql = self.mysql.sql();
        sql.run(&format!("use {}", self.db));
        sql
    }

    /// The file as its statements are now.
    pub(crate) fn file(&self) -> String {
        let Text { source, target, pipeline, topic_block, rules, rest, .. } = &self.text;
        let or = |given: &str, own: String| if given.is_empty() { own } else { given.to_owned() };
        let address = or(&self.text.address, self.mysql.address());
        let brokers = or(&self.text.brokers, self.kafka.brokers());
        let (user, prefix) = (&self.user, &self.prefix);
        let include = self.text.include.replace("DB", &self.db);
        let topic = self.text.topic.replace("PREFIX", prefix);
        let rules = rules.replace("DB", &self.db);
        let rest = rest.replace("DB", &self.db).replace("PREFIX", prefix);
        format!(
            "edition 2026\n\nsource shop mysql \"{user}@{address}\" {{\n  password env {PASSWORD}\n{source}}}\n\
             target bus kafka \"{brokers}\" {{\n  state {{\n    prefix \"{prefix}\"\n  }}\n{target}}}\n\n\
             pipeline {pipeline} from shop to bus {{\n  include {include}\n  topic \"{topic}\" {{\n{topic_block}  }}\n\
             {rules}}}\n{rest}"
        )
    }

    /// Saves the file as editors do.
    pub(crate) fn save(&self) {
        self.project.write("shop.sync", &self.file());
    }

    /// Changes the statements and saves the file.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Text)) {
        change(&mut self.text);
        self.save();
    }

    /// `syncc run ARGUMENTS`, with a log for machines.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        self.project.start(&[&["run", "--log", "json"], arguments].concat())
    }

    /// Saves the file, starts syncc and waits until existing rows are loaded.
    #[track_caller]
    pub(crate) fn run(&self) -> Running {
        self.save();
        let mut syncc = self.start(&[]);
        self.wait_streaming(&mut syncc);
        syncc
    }

    /// Saves the file and runs syncc to its end, which must come with this exit code. Returns what it said.
    #[track_caller]
    pub(crate) fn ends(&self, arguments: &[&str], code: i32) -> String {
        self.save();
        let mut syncc = self.start(arguments);
        finished(&mut syncc, code)
    }

    /// What a running syncc says about itself; none when none answers.
    pub(crate) fn status(&self) -> Option<Status> {
        let answer = ask(&self.socket(), &Operation::Status).ok()?;
        Some(serde_json::from_value(answer).expect("a status has its members"))
    }

    fn socket(&self) -> PathBuf {
        self.project.folder().join(".syncc/control.sock")
    }

    /// Waits until the status is as wanted, and returns it.
    #[track_caller]
    pub(crate) fn wait_status(
        &self,
        syncc: &mut Running,
        what: &str,
        wanted: impl Fn(&Status) -> bool,
    ) -> Status {
        wait::until(what, SOON, || {
            let runs = syncc.runs();
            match self.status() {
                Some(status) if wanted(&status) => Ok(status),
                status => {
                    assert!(runs, "syncc ended before: {what}\n{}", syncc.stderr());
                    Err(format!("{status:?}\n{}", syncc.stderr()))
                }
            }
        })
    }

    /// Waits until every task has loaded what there was and follows the log.
    #[track_caller]
    pub(crate) fn wait_streaming(&self, syncc: &mut Running) -> Status {
        self.wait_status(syncc, "all tasks follow the log", |status| {
            !status.tasks.is_empty() && status.tasks.iter().all(|task| task.state == TaskState::Streaming)
        })
    }

    /// Waits until the files are refused with one of `codes` or, with none, until they are not refused any more.
    #[track_caller]
    pub(crate) fn wait_refused(&self, syncc: &mut Running, code: Option<&str>) -> Status {
        let what = format!("the files are refused for {code:?}");
        self.wait_status(syncc, &what, |status| match (&status.refused, code) {
            (None, None) => true,
            (Some(Refused { codes, .. }), Some(code)) => codes.iter().any(|one| one == code),
            (Some(_), None) | (None, Some(_)) => false,
        })
    }

    /// Ids in the committed messages of the topic of `table`, in order of their values; one twice if it came twice.
    #[track_caller]
    pub(crate) fn ids(&self, table: &str) -> Vec<i64> {
        ids(self.kafka, &format!("{}.{table}", self.prefix))
    }

    /// Waits until the topic of `table` holds these ids, each once.
    #[track_caller]
    pub(crate) fn wait_ids(&self, table: &str, expected: &[i64]) {
        wait::until(&format!("rows {expected:?} of {table}"), SOON, || {
            let ids = self.ids(table);
            assert!(ids.len() <= expected.len(), "more messages of {table} than rows: {ids:?}");
            if ids == expected { Ok(()) } else { Err(format!("{ids:?}")) }
        });
    }

    /// Stops a running syncc, which must have said nothing secret, and end cleanly.
    #[track_caller]
    pub(crate) fn stop(&self, syncc: &mut Running) {
        syncc.signal(rustix::process::Signal::TERM);
        finished(syncc, 0);
    }
}

/// Waits for the end with this exit code. Returns what was said, which must not be a secret.
#[track_caller]
pub(crate) fn finished(syncc: &mut Running, code: i32) -> String {
    let ended = syncc.wait(SOON);
    let said = syncc.stderr();
    assert!(!said.contains(CANARY), "a row or a secret was said:\n{said}");
    assert_eq!(ended, Some(code), "{said}");
    said
}

/// Ids in the committed messages of a topic, in order of their values.
#[track_caller]
pub(crate) fn ids(kafka: &Kafka, topic: &str) -> Vec<i64> {
    let mut ids = Vec::new();
    let records = kafka.consume(topic, Isolation::ReadCommitted).into_iter();
    // What has no value is a tombstone or a fence, and no row.
    for record in records.filter(|record| record.value.is_some()) {
        let message: Value = serde_json::from_str(&record.text()).expect("canal-json is JSON");
        let rows = message["data"].as_array().expect("a message of rows has them").clone();
        ids.extend(rows.iter().map(|row| {
            let id = row["id"].as_str().expect("values are text");
            id.parse::<i64>().expect("an id is a number")
        }));
    }
    ids.sort_unstable();
    ids
}

/// The log event of this name that a syncc said last, if any.
pub(crate) fn event(said: &str, name: &str) -> Option<Value> {
    let mut lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.rfind(|event| event["event"] == name)
}

/// The text of the error that a syncc ended for: of its last event that has one.
pub(crate) fn error(said: &str) -> String {
    let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut errors = lines.filter_map(|event| event["error"]["text"].as_str().map(str::to_owned));
    errors.next_back().unwrap_or_default()
}
