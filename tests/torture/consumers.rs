//! The same messages by code of consumers, and the partitions that other producers would have sent them to.
//!
//! Canal's `FlatMessage` as its client fills it, tables of Flink, Confluent's and Apicurio's deserializers of Avro, Debezium's
//! serde, its transform behind Kafka Connect's converter of JSON and Apicurio's of Avro, and the
//! client of the managed service's subscriptions; the partitions are those of Canal's own `$pk$` and of Kafka's Java client.
//! The programs in `tests/format/readers/` feed the published classes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::flink;
use super::message::{Cell, Fields, Format, Row};
use crate::goldens::json::members;
use crate::support::kafka::Received;
use crate::support::registry::Registry;
use crate::support::run::{Run, installed};

/// Whose code reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    Canal,
    Flink,
    Confluent,
    Apicurio,
    /// Of Debezium, for programs that read its JSON.
    Serde,
    /// Of Debezium, behind a converter of Kafka Connect; of an update it leaves the row after it.
    Unwrap,
    /// Of the managed service.
    Subscriber,
}

impl Reader {
    fn of(format: Format) -> &'static [Reader] {
        match format {
            Format::Canal => &[Reader::Canal, Reader::Flink],
            Format::Dts => &[Reader::Subscriber],
            Format::DebeziumJson => &[Reader::Serde, Reader::Flink],
            Format::DebeziumSchemas => &[Reader::Serde, Reader::Unwrap, Reader::Flink],
            Format::Maxwell => &[Reader::Flink],
            Format::DebeziumAvro => &[Reader::Confluent, Reader::Apicurio, Reader::Unwrap, Reader::Flink],
            Format::Avro => &[Reader::Confluent, Reader::Apicurio, Reader::Flink],
            Format::Json => &[Reader::Flink],
        }
    }

    /// Its name in the program's input.
    fn name(self, format: Format) -> &'static str {
        match self {
            Reader::Canal => "canal",
            Reader::Flink => flink::name(format).expect("Flink knows the format"),
            Reader::Confluent => "confluent",
            Reader::Apicurio => "apicurio",
            Reader::Serde => "serde",
            Reader::Unwrap if format.is_of_registry() => "unwrap-avro",
            Reader::Unwrap => "unwrap-json",
            Reader::Subscriber => "subscriber",
        }
    }
}

/// Records of a format, and what is in them.
pub(super) struct Written<'w> {
    pub(super) format: Format,
    pub(super) records: &'w [Received],
    /// Of each record with a value.
    pub(super) rows: &'w [Row],
    /// The rows of Flink's tables by the tables' names; none where Flink does not know the format.
    pub(super) types: BTreeMap<&'w str, String>,
}

/// What such code makes of a record.
pub(super) struct Read {
    /// Where another producer would have sent it; none where the code does not say.
    pub(super) partition: Option<i32>,
    pub(super) before: Option<Fields>,
    pub(super) after: Option<Fields>,
    /// Why the code gave up.
    pub(super) failure: Option<String>,
    /// All that it says.
    pub(super) said: Cell,
}

/// Gives all records to the code that there is for their format; the answers are in the order of the records.
#[track_caller]
pub(super) fn read<'w, 'o>(
    registry: &Registry,
    written: &'o [Written<'w>],
) -> Vec<(&'o Written<'w>, Reader, Vec<Read>)> {
    let mut input = String::new();
    let mut n_types = 0;
    let asked =
        || written.iter().flat_map(|of| Reader::of(of.format).iter().map(move |reader| (of, *reader)));
    for (of, reader) in asked().filter(|(_, reader)| *reader != Reader::Subscriber) {
        let mut numbers = BTreeMap::new();
        for (table, ty) in &of.types {
            let _ = writeln!(input, "T\t{n_types}\t{ty}");
            numbers.insert(*table, n_types);
            n_types += 1;
        }
        let (mut rows, mut number) = (of.rows.iter(), 0);
        for record in of.records {
            // a tombstone is of the table of the record before it
            if record.value.is_some() {
                let row = rows.next().expect("each value is about a row");
                number = numbers.get(row.table.as_str()).copied().unwrap_or_default();
            }
            let (name, n) = (reader.name(of.format), of.format.partitions());
            let (key, value) = (hex(record.key.as_deref()), hex(record.value.as_deref()));
            let _ = writeln!(input, "{name}\t{n}\t{number}\t{key}\t{value}");
        }
    }
    let text = consumers(registry).answers(&input);
    let mut lines = text.lines();
    asked()
        .map(|(of, reader)| match reader {
            Reader::Subscriber => (of, reader, subscribed(of.records)),
            _ => (of, reader, lines.by_ref().take(of.records.len()).map(answer).collect()),
        })
        .collect()
}

/// What a listener of the managed service's client gets of records with values.
#[track_caller]
pub(super) fn subscribed(records: &[Received]) -> Vec<Read> {
    let mut input = String::new();
    for record in records {
        let _ = writeln!(input, "{}", hex(record.value.as_deref()));
    }
    let read: Vec<Read> = subscriber().answers(&input).lines().map(answer).collect();
    assert_eq!(read.len(), records.len());
    read
}

fn answer(line: &str) -> Read {
    let said = Cell::Record(
        members(line).into_iter().map(|(name, value)| (name, whole(Cell::of_json(value)))).collect(),
    );
    let member = |name: &str| match &said {
        Cell::Record(members) => members.iter().find(|(found, _)| found == name).map(|(_, value)| value),
        _ => None,
    };
    let image = |name| match member(name)? {
        Cell::Record(columns) => Some(columns.clone()),
        _ => None,
    };
    Read {
        partition: member("partition").map(|number| number.text().parse().expect("a number")),
        before: image("before"),
        after: image("after"),
        failure: member("failure").map(|failure| failure.text().to_owned()),
        said,
    }
}

/// With bytes instead of their digits.
fn whole(cell: Cell) -> Cell {
    match cell {
        Cell::Record(fields) => match &fields[..] {
            [(name, Cell::Text(digits))] if name == "bytes" => {
                Cell::Bytes(data_encoding::HEXLOWER.decode(digits.as_bytes()).expect("digits"))
            }
            _ => Cell::Record(fields.into_iter().map(|(name, cell)| (name, whole(cell))).collect()),
        },
        Cell::List(items) => Cell::List(items.into_iter().map(whole).collect()),
        other => other,
    }
}

/// A program of Java that reads a file and writes another.
struct Program {
    /// Its files, the main one first.
    sources: &'static [&'static str],
    /// Folders of jars and of classes.
    class_path: Vec<String>,
    options: &'static [&'static str],
    /// What it is told before the two files.
    arguments: Vec<String>,
}

fn consumers(registry: &Registry) -> Program {
    let [consumers, readers, converter] = ["consumers", "readers", "converter"].map(installed);
    Program {
        sources: &["Consumers", "FlinkTables", "Connect"],
        class_path: vec![
            format!("{}/lib/*", consumers.display()),
            format!("{}/lib/*", converter.display()),
            format!("{}/confluent", consumers.display()),
            format!("{}/lib/*", readers.display()),
        ],
        options: &["-Duser.timezone=UTC"],
        arguments: vec![registry.url()],
    }
}

fn subscriber() -> Program {
    Program {
        sources: &["Subscriber"],
        class_path: vec![format!("{}/subscriber/*", installed("consumers").display())],
        // its class of dates looks into Java's own
        options: &["--add-exports", "java.base/sun.util.calendar=ALL-UNNAMED"],
        arguments: Vec::new(),
    }
}

impl Program {
    #[track_caller]
    fn answers(&self, input: &str) -> String {
        let folder = Run::get().new_folder("consumers");
        let class_path = format!("{}:{}", folder.display(), self.class_path.join(":"));
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format/readers");
        let (records, answers) = (folder.join("records"), folder.join("answers"));
        fs::write(&records, input).expect("the run's folder is writable");
        let finish = |command: &mut Command| {
            let output = command.output().expect("Java is installed");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        let files = self.sources.iter().map(|name| sources.join(format!("{name}.java")));
        finish(Command::new("javac").args(["-nowarn", "-cp", &class_path, "-d"]).arg(&folder).args(files));
        finish(
            Command::new("java")
                .args(["-XX:TieredStopAtLevel=1", "-cp", &class_path])
                .args(self.options)
                .arg(self.sources[0])
                .args(&self.arguments)
                .args([&records, &answers]),
        );
        fs::read_to_string(answers).expect("it has written answers")
    }
}

fn hex(bytes: Option<&[u8]>) -> String {
    bytes.map_or("-".to_owned(), |bytes| data_encoding::HEXLOWER.encode(bytes))
}
