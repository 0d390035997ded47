//! The same messages by code of consumers, and the partitions that other producers would have sent them to.
//!
//! Canal's `FlatMessage` as its client fills it, and Confluent's registry client below Flink's reader of Avro; the partitions are
//! those of Canal's own `$pk$` and of Kafka's Java client. `tests/format/readers/Consumers.java` feeds the published classes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::message::{Cell, Format};
use crate::goldens::json::member;
use crate::support::kafka::Received;
use crate::support::registry::Registry;
use crate::support::run::{Run, installed};

/// What such code makes of a record.
pub(super) struct Read {
    pub(super) partition: i32,
    /// Columns by name; none where the code does not read them.
    pub(super) row: Option<Vec<(String, Cell)>>,
}

/// Who reads a format. A topic of one partition shows nothing of partitions.
fn reader(format: Format) -> Option<&'static str> {
    match format {
        Format::Canal => Some("canal"),
        Format::DebeziumJson => Some("kafka"),
        Format::DebeziumAvro | Format::Avro => Some("confluent"),
        Format::Dts | Format::Maxwell | Format::Json => None,
    }
}

/// Gives all records to the code that there is for their format, in one process; the answers are in the order of the records.
#[track_caller]
pub(super) fn read(
    registry: &Registry,
    written: &BTreeMap<Format, Vec<Received>>,
) -> BTreeMap<Format, Vec<Read>> {
    let mut input = String::new();
    let asked = || written.iter().filter_map(|(format, records)| Some((format, reader(*format)?, records)));
    for (format, reader, records) in asked() {
        for Received { key, value, .. } in records {
            let n = format.partitions();
            let _ = writeln!(input, "{reader}\t{n}\t{}\t{}", hex(key.as_deref()), hex(value.as_deref()));
        }
    }
    let text = run(registry, &input);
    let mut lines = text.lines();
    let answers = asked().map(|(format, _, records)| {
        (*format, records.iter().map(|_| answer(lines.next().expect("a line for each record"))).collect())
    });
    answers.collect()
}

fn answer(line: &str) -> Read {
    let partition = member(line, "partition").unwrap_or("-1").parse().expect("a number");
    let row = match member(line, "row").map(Cell::of_json).map(whole) {
        Some(Cell::Record(columns)) => Some(columns),
        _ => None,
    };
    // of Debezium the row is in the message
    let image = |name| match row.as_ref()?.iter().find(|(found, _)| found == name)? {
        (_, Cell::Record(columns)) => Some(columns.clone()),
        _ => None,
    };
    let row =
        if line.contains("\"transaction\":") { image("after").or_else(|| image("before")) } else { row };
    Read { partition, row }
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

#[track_caller]
fn run(registry: &Registry, input: &str) -> String {
    let folder = Run::get().new_folder("consumers");
    let jars = ["consumers", "readers"].map(|part| format!("{}/*", installed(part).join("lib").display()));
    let class_path = format!("{}:{}", folder.display(), jars.join(":"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format/readers/Consumers.java");
    let (records, answers) = (folder.join("records"), folder.join("answers"));
    fs::write(&records, input).expect("the run's folder is writable");
    let finish = |command: &mut Command| {
        let output = command.output().expect("Java is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    finish(Command::new("javac").args(["-nowarn", "-cp", &class_path, "-d"]).arg(&folder).arg(&source));
    finish(
        Command::new("java")
            .args(["-XX:TieredStopAtLevel=1", "-cp", &class_path, "Consumers", &registry.url()])
            .args([&records, &answers]),
    );
    fs::read_to_string(answers).expect("it has written answers")
}

fn hex(bytes: Option<&[u8]>) -> String {
    bytes.map_or("-".to_owned(), |bytes| data_encoding::HEXLOWER.encode(bytes))
}
