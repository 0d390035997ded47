//! Messages of every format, taken apart without syncc: those of JSON as text, those of Avro by `apache-avro`.

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use encoding_rs::GBK;
use std::collections::HashMap;

use crate::goldens::json::{items, member, members};
use crate::support::kafka::Received;
use crate::support::registry::Registry;

/// A format under its name in the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Format {
    Canal,
    Dts,
    DebeziumJson,
    /// The same with its schema part.
    DebeziumSchemas,
    DebeziumAvro,
    Maxwell,
    Avro,
    Json,
}

impl Format {
    pub(super) const ALL: [Format; 8] = [
        Format::Canal,
        Format::Dts,
        Format::DebeziumJson,
        Format::DebeziumSchemas,
        Format::DebeziumAvro,
        Format::Maxwell,
        Format::Avro,
        Format::Json,
    ];

    /// The statement.
    pub(super) fn statement(self) -> &'static str {
        match self {
            Format::Canal => "format canal-json",
            Format::Dts => "format dts-avro {\n    heartbeat off\n  }",
            Format::DebeziumJson => "format debezium-json",
            Format::DebeziumSchemas => "format debezium-json {\n    schemas on\n  }",
            Format::DebeziumAvro => "format debezium-avro {\n    subject record\n  }",
            Format::Maxwell => "format maxwell-json",
            Format::Avro => "format avro {\n    subject record\n  }",
            Format::Json => "format json",
        }
    }

    /// How many partitions its topic has, where it does not depend on the tables.
    pub(super) fn partitions(self) -> usize {
        match self {
            Format::Canal | Format::DebeziumJson | Format::DebeziumSchemas | Format::DebeziumAvro => 7,
            Format::Dts | Format::Maxwell | Format::Avro | Format::Json => 1,
        }
    }

    /// The statement by which a record finds its partition.
    pub(super) fn partition(self) -> &'static str {
        match self {
            Format::Canal => "partition by key using canal-hash",
            Format::DebeziumJson | Format::DebeziumSchemas | Format::DebeziumAvro => "partition by key",
            Format::Dts | Format::Maxwell | Format::Avro | Format::Json => "partition to 0",
        }
    }

    /// Whether names of tables and columns must be names to Avro.
    pub(super) fn is_of_registry(self) -> bool {
        match self {
            Format::DebeziumAvro | Format::Avro => true,
            Format::Canal
            | Format::Dts
            | Format::DebeziumJson
            | Format::DebeziumSchemas
            | Format::Maxwell
            | Format::Json => false,
        }
    }

    /// Whether values have the forms of Debezium.
    pub(super) fn is_debezium(self) -> bool {
        match self {
            Format::DebeziumJson | Format::DebeziumSchemas | Format::DebeziumAvro => true,
            Format::Canal | Format::Dts | Format::Maxwell | Format::Avro | Format::Json => false,
        }
    }
}

/// A value as it stands in a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Bool(bool),
    /// By its digits.
    Number(String),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Cell>),
    /// An object, or a record.
    Record(Vec<(String, Cell)>),
}

impl Cell {
    /// A value of JSON.
    pub(super) fn of_json(text: &str) -> Cell {
        match text.as_bytes()[0] {
            b'n' => Cell::Null,
            b't' => Cell::Bool(true),
            b'f' => Cell::Bool(false),
            b'"' => Cell::Text(serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))),
            b'[' => Cell::List(items(text).into_iter().map(Cell::of_json).collect()),
            b'{' => Cell::Record(
                members(text).into_iter().map(|(name, text)| (name, Cell::of_json(text))).collect(),
            ),
            _ => Cell::Number(text.to_owned()),
        }
    }

    /// A datum of Avro.
    pub(super) fn of_avro(value: Avro) -> Cell {
        match value {
            Avro::Null => Cell::Null,
            Avro::Boolean(value) => Cell::Bool(value),
            Avro::Int(number) | Avro::Date(number) => Cell::Number(number.to_string()),
            Avro::Long(number) | Avro::TimestampMicros(number) | Avro::LocalTimestampMicros(number) => {
                Cell::Number(number.to_string())
            }
            Avro::Float(number) => Cell::Number(format!("{number:?}")),
            Avro::Double(number) => Cell::Number(format!("{number:?}")),
            Avro::Bytes(bytes) => Cell::Bytes(bytes),
            Avro::Decimal(number) => Cell::Bytes(Vec::try_from(&number).expect("its bytes")),
            Avro::String(text) | Avro::Enum(_, text) => Cell::Text(text),
            Avro::Uuid(uuid) => Cell::Text(uuid.to_string()),
            Avro::Union(_, value) => Cell::of_avro(*value),
            Avro::Array(values) => Cell::List(values.into_iter().map(Cell::of_avro).collect()),
            Avro::Record(fields) => {
                Cell::Record(fields.into_iter().map(|(name, value)| (name, Cell::of_avro(value))).collect())
            }
            other => panic!("no format has {other:?}"),
        }
    }

    /// The items of a list.
    pub(super) fn list(self) -> Vec<Cell> {
        match self {
            Cell::List(items) => items,
            other => panic!("no list: {other:?}"),
        }
    }

    /// The text of a text, and that of a number.
    pub(super) fn text(&self) -> &str {
        match self {
            Cell::Text(text) | Cell::Number(text) => text,
            other => panic!("no text: {other:?}"),
        }
    }

    /// A field of a record.
    pub(super) fn field(&self, name: &str) -> &Cell {
        match self {
            Cell::Record(fields) => {
                &fields.iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("no {name}")).1
            }
            other => panic!("no record: {other:?}"),
        }
    }
}

/// A column's value, and how it is written where that is JSON.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) cell: Cell,
    pub(super) written: Option<String>,
}

/// What a message says of its row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) table: String,
    /// `r` of the load where the format tells it, else `c`, `u` or `d`.
    pub(super) op: char,
    pub(super) cells: Vec<Named>,
    /// Of an update, the row that was, where the format tells it.
    pub(super) before: Option<Vec<Named>>,
    /// The bytes of the row in the message.
    pub(super) bytes: Vec<u8>,
}

/// Takes the messages of one format apart. Tombstones, and messages that are about no row, are left out.
///
/// `json` does not name the table: there a record is of that whose place in `tables` is its partition.
pub(super) fn rows(format: Format, registry: &Registry, tables: &[&str], records: &[Received]) -> Vec<Row> {
    let mut schemas = Schemas { registry, texts: HashMap::new(), known: HashMap::new() };
    let values = records.iter().filter_map(|record| record.value.as_deref());
    match format {
        Format::Canal => values.map(|value| canal(text(value))).collect(),
        Format::Maxwell => values.map(|value| maxwell(text(value))).collect(),
        Format::Json => {
            let table = |record: &Received| tables[usize::try_from(record.partition).expect("a number")];
            let values = records.iter().map(|it| (table(it), it.value.as_deref().expect("no tombstones")));
            values.map(|(table, value)| json(table, text(value))).collect()
        }
        Format::DebeziumJson => values.map(|value| debezium_json(text(value))).collect(),
        Format::DebeziumSchemas => values.map(|value| debezium_json(part(text(value), "payload"))).collect(),
        Format::Avro => values.map(|value| schemas.avro(value)).collect(),
        Format::DebeziumAvro => values.map(|value| schemas.debezium_avro(value)).collect(),
        Format::Dts => values.filter_map(|value| schemas.dts(value)).collect(),
    }
}

fn text(value: &[u8]) -> &str {
    std::str::from_utf8(value).expect("JSON is UTF-8")
}

fn part<'m>(message: &'m str, name: &str) -> &'m str {
    member(message, name).unwrap_or_else(|| panic!("no {name} in {message}"))
}

fn name(text: &str) -> String {
    serde_json::from_str(text).expect("a name is text")
}

fn cells(object: &str) -> Vec<Named> {
    let named = |(name, written): (String, &str)| Named {
        name,
        cell: Cell::of_json(written),
        written: Some(written.to_owned()),
    };
    members(object).into_iter().map(named).collect()
}

/// The row that was, by what an update changed.
fn before(row: &[Named], old: &str) -> Vec<Named> {
    let old = cells(old);
    let of = |named: &Named| old.iter().find(|old| old.name == named.name).unwrap_or(named).clone();
    row.iter().map(of).collect()
}

/// A row of a table that is still to be named.
fn of_object(op: &str, row: &str) -> Row {
    let op = match op.trim_matches('"') {
        "r" => 'r',
        "c" | "INSERT" | "insert" => 'c',
        "u" | "UPDATE" | "update" => 'u',
        "d" | "DELETE" | "delete" => 'd',
        other => panic!("an operation {other}"),
    };
    Row { table: String::new(), op, cells: cells(row), before: None, bytes: row.into() }
}

fn canal(message: &str) -> Row {
    let [row] = items(part(message, "data"))[..] else { panic!("not one row: {message}") };
    let row = of_object(part(message, "type"), row);
    let old = (row.op == 'u').then(|| items(part(message, "old"))[0]);
    Row { table: name(part(message, "table")), before: old.map(|old| before(&row.cells, old)), ..row }
}

fn maxwell(message: &str) -> Row {
    let row = of_object(part(message, "type"), part(message, "data"));
    let old = (row.op == 'u').then(|| part(message, "old"));
    Row { table: name(part(message, "table")), before: old.map(|old| before(&row.cells, old)), ..row }
}

fn json(table: &str, message: &str) -> Row {
    let (front, _) = message.rsplit_once(",\"__op\":").expect("it stands behind the columns");
    let row = of_object(part(message, "__op"), &format!("{front}}}"));
    assert_eq!(row.cells.len() + 3, members(message).len(), "{message}");
    Row { table: table.to_owned(), ..row }
}

fn debezium_json(message: &str) -> Row {
    let op = part(message, "op");
    let row = of_object(op, part(message, if op == "\"d\"" { "before" } else { "after" }));
    let before = (row.op == 'u').then(|| cells(part(message, "before")));
    Row { table: name(part(part(message, "source"), "table")), before, ..row }
}

/// Schemas by their first fields, so that it can be told where a field begins and ends.
struct Schemas<'r> {
    registry: &'r Registry,
    texts: HashMap<Vec<u8>, serde_json::Value>,
    known: HashMap<(Vec<u8>, usize), Schema>,
}

impl Schemas<'_> {
    /// The first `n` fields of a record, and where they end. `number` is that of its schema, empty for the one without a registry.
    fn read(&mut self, number: &[u8], n: usize, datum: &[u8]) -> (Cell, usize) {
        let full = &self.texts[number];
        let schema = self.known.entry((number.to_vec(), n)).or_insert_with(|| {
            let mut cut = full.clone();
            cut["fields"].as_array_mut().expect("a record has fields").truncate(n);
            Schema::parse(&cut).expect("the registry holds what is Avro")
        });
        let mut rest = datum;
        let value = GenericDatumReader::builder(schema).build().expect("a reader").read_value(&mut rest);
        let value = value.unwrap_or_else(|error| panic!("{error}: {datum:?}"));
        (if number.is_empty() { dts_cell(value) } else { Cell::of_avro(value) }, datum.len() - rest.len())
    }

    /// Takes the head away; gives the schema's number, its name and the number of its fields, and the datum.
    fn framed<'m>(&mut self, message: &'m [u8]) -> (Vec<u8>, String, usize, &'m [u8]) {
        let number = message[1..5].to_vec();
        let registry = self.registry;
        let text = self
            .texts
            .entry(number.clone())
            .or_insert_with(|| serde_json::from_str(&registry.schema_of(message)).expect("schemas are JSON"));
        let n = text["fields"].as_array().expect("a record has fields").len();
        let name = text["name"].as_str().expect("a record has a name").to_owned();
        (number, name, n, &message[5..])
    }

    fn avro(&mut self, message: &[u8]) -> Row {
        let (number, table, n, datum) = self.framed(message);
        let (whole, end) = self.read(&number, n, datum);
        assert_eq!(end, datum.len(), "bytes are left");
        let (_, end) = self.read(&number, n - 3, datum);
        let op = whole.field("__op").text().chars().next().expect("a letter");
        assert_eq!(whole.field("__deleted"), &Cell::Bool(op == 'd'));
        let Cell::Record(mut fields) = whole else { panic!("no record") };
        fields.truncate(n - 3);
        row(table, op, fields, None, &datum[..end])
    }

    fn debezium_avro(&mut self, message: &[u8]) -> Row {
        let (number, _, n, datum) = self.framed(message);
        let (whole, end) = self.read(&number, n, datum);
        assert_eq!(end, datum.len(), "bytes are left");
        let op = whole.field("op").text().chars().next().expect("a letter");
        let (_, before) = self.read(&number, 1, datum);
        let (_, after) = self.read(&number, 2, datum);
        let table = whole.field("source").field("table").text().to_owned();
        let (image, bytes) =
            if op == 'd' { ("before", &datum[..before]) } else { ("after", &datum[before..after]) };
        let fields = |image| match whole.field(image).clone() {
            Cell::Record(fields) => fields,
            _ => panic!("no {image}"),
        };
        row(table, op, fields(image), (op == 'u').then(|| fields("before")), bytes)
    }

    fn dts(&mut self, datum: &[u8]) -> Option<Row> {
        self.texts.entry(Vec::new()).or_insert_with(dts_schema);
        let mut until = |n| self.read(&[], n, datum);
        let (whole, end) = until(DTS_FIELDS);
        assert_eq!(end, datum.len(), "bytes are left");
        let op = match whole.field("operation").text() {
            "INSERT" => 'c',
            "UPDATE" => 'u',
            "DELETE" => 'd',
            _ => return None,
        };
        let [start, before, after] = [3, 2, 1].map(|behind| until(DTS_FIELDS - behind).1);
        let (image, bytes) = if op == 'd' {
            ("beforeImages", &datum[start..before])
        } else {
            ("afterImages", &datum[before..after])
        };
        let names = whole.field("fields").clone().list();
        let fields = |image| -> Vec<(String, Cell)> {
            let cells = whole.field(image).clone().list();
            assert_eq!(names.len(), cells.len());
            names.iter().map(|field| field.field("name").text().to_owned()).zip(cells).collect()
        };
        let object = whole.field("objectName").text();
        let (_, table) = object.split_once('.').expect("database and table");
        let before = (op == 'u').then(|| fields("beforeImages"));
        Some(row(table.replace("\\u002E", "."), op, fields(image), before, bytes))
    }
}

/// Values by the names of their columns.
pub(super) type Fields = Vec<(String, Cell)>;

fn row(table: String, op: char, fields: Fields, before: Option<Fields>, bytes: &[u8]) -> Row {
    Row { table, op, cells: named(fields), before: before.map(named), bytes: bytes.to_vec() }
}

/// Values that are not written as JSON.
pub(super) fn named(fields: Fields) -> Vec<Named> {
    fields.into_iter().map(|(name, cell)| Named { name, cell, written: None }).collect()
}

/// Fields of the service's record.
const DTS_FIELDS: usize = 15;

/// The service's schema as one, its named types where they are first used.
fn dts_schema() -> serde_json::Value {
    const NAMESPACE: &str = "com.alibaba.dts.formats.avro.";
    let list: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../src/format/dts/record.avsc")).expect("the schema is JSON");
    let named =
        |schema: &serde_json::Value| format!("{NAMESPACE}{}", schema["name"].as_str().expect("named"));
    let mut parts: HashMap<String, serde_json::Value> =
        list.iter().map(|schema| (named(schema), schema.clone())).collect();
    fn inline(value: &mut serde_json::Value, parts: &mut HashMap<String, serde_json::Value>) {
        match value {
            serde_json::Value::String(name) => {
                if let Some(mut schema) = parts.remove(name.as_str()) {
                    inline(&mut schema, parts);
                    *value = schema;
                }
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| inline(item, parts)),
            serde_json::Value::Object(members) => {
                members.values_mut().for_each(|member| inline(member, parts));
            }
            _ => {}
        }
    }
    let mut record = parts.remove(&format!("{NAMESPACE}Record")).expect("the record");
    inline(&mut record, &mut parts);
    record
}

/// As [`Cell::of_avro`], with the values of images as clients of the service take them, by the branch of the union.
fn dts_cell(record: Avro) -> Cell {
    let Avro::Record(fields) = record else { panic!("no record") };
    let field = |(name, value): (String, Avro)| {
        let images = name == "beforeImages" || name == "afterImages";
        let cell = match value {
            Avro::Union(2, items) if images => match *items {
                Avro::Array(items) => Cell::List(items.into_iter().map(dts_value).collect()),
                other => panic!("{other:?}"),
            },
            // its order is none
            Avro::Map(_) => Cell::Null,
            other => Cell::of_avro(other),
        };
        (name, cell)
    };
    Cell::Record(fields.into_iter().map(field).collect())
}

fn dts_value(value: Avro) -> Cell {
    let Avro::Union(branch, value) = value else { panic!("no union: {value:?}") };
    let value = Cell::of_avro(*value);
    let bytes = |name| match value.field(name) {
        Cell::Bytes(bytes) => bytes.clone(),
        other => panic!("no bytes: {other:?}"),
    };
    let utf8 = |bytes| Cell::Text(String::from_utf8(bytes).expect("UTF-8"));
    match branch {
        0 => Cell::Null,
        1 | 3 | 4 => Cell::Number(value.field("value").text().to_owned()),
        2 => match value.field("charset").text() {
            "binary" => Cell::Bytes(bytes("value")),
            "utf8mb4" | "utf8" | "ascii" => utf8(bytes("value")),
            "gbk" => Cell::Text(GBK.decode(&bytes("value")).0.into_owned()),
            other => panic!("{other} is not told from a Java charset"),
        },
        5 | 6 | 8 => value,
        10 if value.field("type").text() == "TEXT" => utf8(bytes("value")),
        10 => Cell::Bytes(bytes("value")),
        11 => value.field("value").clone(),
        other => panic!("branch {other}"),
    }
}
