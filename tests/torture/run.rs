//! A synchronization as the tests of this kind have it: one database, one topic, canal-json.

use serde_json::{Map, Value};

use crate::support::kafka::Received;
use crate::support::program::Running;
use crate::support::{Isolation, Kafka, MySql, Project, Sql, wait};

/// Seconds for what takes a few.
const SECONDS: u64 = 120;

/// A row message.
pub(crate) struct Message {
    pub(crate) text: String,
    pub(crate) json: Value,
    pub(crate) key: Option<String>,
}

impl Message {
    pub(crate) fn table(&self) -> &str {
        self.json["table"].as_str().expect("a table")
    }

    pub(crate) fn kind(&self) -> &str {
        self.json["type"].as_str().expect("a type")
    }

    /// Its only row.
    pub(crate) fn data(&self) -> &Map<String, Value> {
        match self.json["data"].as_array().map(Vec::as_slice) {
            Some([Value::Object(row)]) => row,
            _ => panic!("not one row: {}", self.text),
        }
    }

    /// The text without what differs from message to message: kind, times and number.
    pub(crate) fn lasting(&self) -> String {
        let (data, rest) = self.text.split_once("}],\"database\":").expect("`database` follows `data`");
        let mut rest = rest.to_owned();
        for member in ["\"es\":", "\"id\":", "\"ts\":", "\"type\":"] {
            // no value stands in this part, and the columns' own names come between `id` and `table`
            let at = if member == "\"ts\":" || member == "\"type\":" {
                rest.rfind(member)
            } else {
                rest.find(member)
            };
            let at = at.expect("every member is there") + member.len();
            let end = rest[at..].find([',', '}']).expect("members end") + at;
            rest.replace_range(at..end, "");
        }
        format!("{data}}}],\"database\":{rest}")
    }
}

/// A synchronization of one database into one topic.
pub(crate) struct Run<'s> {
    kafka: &'s Kafka,
    topic: String,
    database: String,
    project: Project,
    running: Running,
}

impl<'s> Run<'s> {
    /// Starts it, with the statement `start`. The database gets one more table, `marker`.
    pub(crate) fn start(server: &MySql, kafka: &'s Kafka, database: &str, start: &str) -> Run<'s> {
        server.sql().run(&format!("create table `{database}`.marker (id int primary key)"));
        let topic = kafka.prefix("torture-");
        let text = format!(
            "edition 2026\n\nsource db mysql \"{}@{}\" {{\n  password env TORTURE_PASSWORD\n}}\n\n\
             target bus kafka \"{}\" {{\n  state {{\n    prefix \"{topic}-state\"\n  }}\n}}\n\n\
             pipeline torture from db to bus {{\n  include `{database}`.*\n  {start}\n\
             \x20 topic \"{topic}\" {{\n    partitions 1\n  }}\n}}\n",
            MySql::USER,
            server.address(),
            kafka.brokers(),
        );
        let mut project = Project::new("torture", &[("torture.sync", &text)]);
        project.env("TORTURE_PASSWORD", MySql::PASSWORD);
        let running = project.start(&["run"]);
        Run { kafka, topic, database: database.to_owned(), project, running }
    }

    /// Waits until it has logged an event.
    #[track_caller]
    pub(crate) fn says(&mut self, event: &str) {
        self.running.wait_for(&format!("\"{event}\""), SECONDS);
    }

    /// Starts it once more, after it ended.
    pub(crate) fn start_again(&mut self) {
        self.running = self.project.start(&["run"]);
    }

    /// Starts it once more, to end by itself at one of `failpoints`.
    #[track_caller]
    pub(crate) fn start_to_die(&mut self, failpoints: &str) {
        self.running = self.project.start_with(&["run"], &[("FAILPOINTS", failpoints)]);
        let (code, said) = self.end();
        assert!(code != Some(0), "it did not come to {failpoints}: {said}");
    }

    /// Stops it in an orderly way.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        assert_eq!(self.running.stop(), Some(0), "{}", self.running.stderr());
    }

    /// Waits for its own end; the exit code, and what it said.
    #[track_caller]
    pub(crate) fn end(&mut self) -> (Option<i32>, String) {
        let code = self.running.wait(SECONDS);
        (code, self.running.stderr())
    }

    /// All messages there are now.
    #[track_caller]
    pub(crate) fn seen(&self) -> Vec<Message> {
        let records = self.kafka.consume(&self.topic, Isolation::ReadCommitted);
        let message = |record: Received| {
            let text = String::from_utf8(record.value.expect("no tombstones")).expect("UTF-8");
            let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            Message { text, json, key: record.key.map(|key| String::from_utf8(key).expect("UTF-8")) }
        };
        records.into_iter().map(message).collect()
    }

    /// All messages once `holds`.
    #[track_caller]
    pub(crate) fn messages(
        &mut self,
        what: &str,
        holds: impl Fn(&[Message]) -> Result<(), String>,
    ) -> Vec<Message> {
        wait::until(what, SECONDS, || {
            if !self.running.runs() {
                panic!("syncc ended before: {what}\n{}", self.running.stderr());
            }
            let messages = self.seen();
            holds(&messages).map_err(|state| format!("{state}\n{}", self.running.stderr())).map(|()| messages)
        })
    }

    /// All messages up to the row that is now put into the table `marker`, without those of that table.
    #[track_caller]
    pub(crate) fn upto_marker(&mut self, sql: &mut Sql, what: &str, marker: u32) -> Vec<Message> {
        sql.run(&format!("insert into `{}`.marker values ({marker})", self.database));
        let marker = marker.to_string();
        let reached =
            |message: &Message| message.table() == "marker" && message.data()["id"] == marker.as_str();
        let messages = self.messages(what, |messages| match messages.iter().any(reached) {
            true => Ok(()),
            false => Err(format!("{} messages", messages.len())),
        });
        messages.into_iter().filter(|message| message.table() != "marker").collect()
    }
}
