//! Time to read a log that is already in memory: framed only, with checksums, with every column decoded, and with each row
//! turned into a record of each format besides; and the same log as servers compress it, unpacked and decoded.
//!
//! `cargo bench --bench decode` (with ` -- NAME` of one format alone), or without the compressed logs with `--no-default-features`; prints processor time per row and what it is to framing with checksums
//! (the least a reader does), and of formats what it is to decoding alone. The log is made here: 200,000 inserts of 13 columns and about 280 bytes, in events of 8 KiB, and
//! as many bytes of a table of 100 columns. Compare runs of one machine only.

#[cfg(feature = "run")]
mod compressed;
mod formats;
mod place;
mod wanted;

use place::Place;
use std::hint::black_box;
use std::io::Write;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};
use syncc::change::RowChange;
use syncc::format::{FormatPlan, Registered};
use syncc::kafka::{Batch, TopicId, TopicName};
use syncc::mysql::binlog::event::{Checksum, EventType, HEADER_BYTES, RawEvent, split_event};
use syncc::mysql::binlog::layout::RowLayout;
use syncc::mysql::binlog::rows::RowsEvent;
use syncc::mysql::binlog::scratch::Scratch;
use syncc::mysql::binlog::table_map::TableMap;
use syncc::mysql::column_type::{ColumnType, Labels, Text};
use syncc::mysql::position::Flavor;
use syncc::mysql::schema::{Column, TableName, TableVersion};
use syncc::mysql::value::{Value, recycle};
use syncc::plan::{TableDecision, TaskId};
use syncc::route::{Salts, TableRoute};

/// Rows of a log.
const ROWS: usize = 200_000;

/// Times each figure is taken; the least counts.
const ROUNDS: usize = 5;

/// Least time of a round.
const ROUND: Duration = Duration::from_millis(400);

/// Bytes of rows in an event: the server's `binlog_row_event_max_size`.
const EVENT_BYTES: usize = 8192;

const TABLE_MAP: u8 = 19;
const WRITE_ROWS: u8 = 30;

fn main() -> std::io::Result<()> {
    let narrow = Log::new(narrow_columns(), ROWS, narrow_row);
    narrow.report("13 columns", true)?;
    #[cfg(feature = "run")]
    narrow.report_compressed()?;
    let wide = Log::new(wide_columns(), ROWS / 4, wide_row);
    wide.report("100 columns", false)
}

/// A log of one table in memory.
struct Log {
    bytes: Vec<u8>,
    rows: usize,
    version: TableVersion,
}

impl Log {
    /// `row` appends the image of a row, without its NULL bits.
    fn new(columns: Vec<Spec>, rows: usize, row: impl Fn(u64, &mut Vec<u8>)) -> Log {
        let version = version(&columns);
        let mut bytes = Vec::new();
        let mut images = Vec::new();
        for id in 0..rows as u64 {
            images.resize(images.len() + columns.len().div_ceil(8), 0);
            row(id, &mut images);
            if images.len() >= EVENT_BYTES || id + 1 == rows as u64 {
                bytes.extend(event(TABLE_MAP, &table_map(&columns)));
                let mut body = vec![1, 0, 0, 0, 0, 0, 1, 0, 2, 0, columns.len() as u8];
                body.resize(body.len() + columns.len().div_ceil(8), 0xff);
                body.append(&mut images);
                bytes.extend(event(WRITE_ROWS, &body));
            }
        }
        Log { bytes, rows, version }
    }

    fn report(&self, name: &str, encode: bool) -> std::io::Result<()> {
        let framed = least(|| self.frame(Checksum::Off));
        let checked = least(|| self.frame(Checksum::Crc32));
        let decoded = least(|| self.decode(None));
        let mut out = std::io::stdout();
        writeln!(out, "{name}: {} rows, {} MB", self.rows, self.bytes.len() / 1_000_000)?;
        let mut line = |what: &str, time: Duration| {
            let micros = time.as_secs_f64() * 1e6 / self.rows as f64;
            let ratio = time.as_secs_f64() / checked.as_secs_f64();
            writeln!(out, "  {what:<28} {micros:>7.3} µs per row  {ratio:>6.2} × framing with checksums")
        };
        line("framing", framed)?;
        line("framing with checksums", checked)?;
        line("… and every column", decoded)?;
        if !encode {
            return Ok(());
        }
        for plan in wanted::wanted() {
            let time = least(|| self.decode(Some(self.route(&plan))));
            line(&format!("… and {}", formats::name(&plan)), time)?;
            let micros = (time.saturating_sub(decoded)).as_secs_f64() * 1e6 / self.rows as f64;
            let ratio = time.as_secs_f64() / decoded.as_secs_f64();
            writeln!(
                std::io::stdout(),
                "      of these {micros:.3} µs for the format; {ratio:.2} × decoding alone"
            )?;
        }
        Ok(())
    }

    /// Raw events with the checksum cut off where it is not wanted.
    fn events(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || {
            let size = rest.get(9..13)?;
            let size = u32::from_le_bytes([size[0], size[1], size[2], size[3]]) as usize;
            let (event, tail) = rest.split_at_checked(size)?;
            rest = tail;
            Some(event)
        })
    }

    fn frame(&self, checksum: Checksum) {
        for raw in self.events() {
            let event = split_event(raw, checksum).unwrap_or_else(|error| unreachable!("{error}"));
            black_box(event.body.len());
        }
    }

    fn decode(&self, route: Option<TableRoute>) {
        let mut decoder = Decoder::new(&self.version, route);
        for raw in self.events() {
            let event = split_event(raw, Checksum::Crc32).unwrap_or_else(|error| unreachable!("{error}"));
            decoder.take(&event);
        }
        assert_eq!(decoder.rows, self.rows);
    }

    /// What compression costs who reads.
    #[cfg(feature = "run")]
    fn report_compressed(&self) -> std::io::Result<()> {
        let checked = least(|| self.frame(Checksum::Crc32));
        let plain = least(|| self.decode(None));
        for (name, log) in [
            ("zstd of MySQL, every column", compressed::Compressed::by_mysql(self.events())?),
            ("zlib of MariaDB, every column", compressed::Compressed::by_mariadb(self.events())?),
        ] {
            let time = least(|| {
                let mut decoder = Decoder::new(&self.version, None);
                log.each(|event| decoder.take(event));
                assert_eq!(decoder.rows, self.rows);
            });
            let micros = time.as_secs_f64() * 1e6 / self.rows as f64;
            writeln!(
                std::io::stdout(),
                "  {name:<28} {micros:>7.3} µs per row  {:>6.2} × framing with checksums  {:>6.2} × decoding  {} MB",
                time.as_secs_f64() / checked.as_secs_f64(),
                time.as_secs_f64() / plain.as_secs_f64(),
                log.bytes() / 1_000_000,
            )?;
        }
        Ok(())
    }

    fn route(&self, format: &FormatPlan) -> TableRoute {
        let topic = TopicName::new("shop.orders").unwrap_or_else(|error| unreachable!("{error}"));
        let decision =
            TableDecision { format: format.clone(), ..TableDecision::plain("shop", "orders", topic) };
        let task = TaskId { pipeline: "bench".into(), source: "db".into(), target: "bus".into() };
        let partitions = NonZeroU32::new(12).unwrap_or(NonZeroU32::MIN);
        TableRoute::build(
            &decision,
            &Arc::new(self.version.clone()),
            TopicId(0),
            partitions,
            &task,
            &Salts::default(),
            Registered { key: Some(1), value: Some(2), ..Registered::nowhere(Flavor::MySql) },
        )
        .unwrap_or_else(|error| unreachable!("{error}"))
    }
}

/// Reads rows as a task does, with vectors that it keeps.
struct Decoder<'v> {
    version: &'v TableVersion,
    route: Option<TableRoute>,
    layout: Option<RowLayout>,
    last_map: Vec<u8>,
    scratch: Option<Scratch>,
    before: Vec<Value<'static>>,
    after: Vec<Value<'static>>,
    batch: Batch,
    place: Place,
    rows: usize,
}

impl<'v> Decoder<'v> {
    fn new(version: &'v TableVersion, route: Option<TableRoute>) -> Decoder<'v> {
        Decoder {
            version,
            route,
            layout: None,
            last_map: Vec::new(),
            scratch: Some(Scratch::new(1 << 20)),
            before: Vec::new(),
            after: Vec::new(),
            batch: Batch::new(),
            place: Place::new(),
            rows: 0,
        }
    }

    fn take(&mut self, event: &RawEvent<'_>) {
        if event.header.event_type == EventType::TableMap {
            if event.body != self.last_map {
                let map = TableMap::parse(event.body, Flavor::MySql)
                    .unwrap_or_else(|error| unreachable!("{error}"));
                let layout = RowLayout::build(&map, self.version);
                self.layout = Some(layout.unwrap_or_else(|error| unreachable!("{error}")));
                self.last_map = event.body.to_vec();
            }
            return;
        }
        let Some(layout) = self.layout.as_ref().filter(|_| event.header.event_type == EventType::WriteRows)
        else {
            return;
        };
        let meta = self.place.meta();
        let mut scratch = self.scratch.take().unwrap_or_else(|| Scratch::new(1 << 20));
        let mut old = recycle(std::mem::take(&mut self.before));
        let mut new = recycle(std::mem::take(&mut self.after));
        let mut rows = RowsEvent::parse(event)
            .map_err(Into::into)
            .and_then(|rows| rows.read(layout, &mut scratch))
            .unwrap_or_else(|error| unreachable!("{error}"));
        self.batch.clear();
        while let Some(kind) = rows.next(&mut old, &mut new).unwrap_or_else(|error| unreachable!("{error}")) {
            black_box(kind);
            black_box(&new);
            self.rows += 1;
            if let Some(route) = &mut self.route {
                let pushed = route.push(&RowChange::Insert { after: &new }, &meta, &mut self.batch);
                pushed.unwrap_or_else(|error| unreachable!("{error}"));
            }
        }
        black_box(self.batch.bytes());
        (self.before, self.after) = (recycle(old), recycle(new));
        self.scratch = Some(scratch);
    }
}

/// The least processor time of a run, of several rounds; the first run warms up. The system counts processor time in ticks of
/// some milliseconds, so a round is many runs.
fn least(mut run: impl FnMut()) -> Duration {
    run();
    let mut least = Duration::MAX;
    for _ in 0..ROUNDS {
        let (cpu, wall) = (thread_cpu(), Instant::now());
        let mut runs = 0;
        while wall.elapsed() < ROUND {
            run();
            runs += 1;
        }
        let time = match (cpu, thread_cpu()) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            (_, _) => wall.elapsed(),
        };
        least = least.min(time / runs);
    }
    least
}

/// Processor time of this thread, where the system tells it.
fn thread_cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// A column: wire type, its metadata, its type and the type as declared.
type Spec = (u8, Vec<u8>, ColumnType, &'static str);

fn text(max_bytes: u32) -> Text {
    Text { charset: "utf8mb4".into(), max_bytes, compressed: false }
}

fn narrow_columns() -> Vec<Spec> {
    let labels = ["new", "paid", "sent"].map(str::to_owned).to_vec();
    vec![
        (8, vec![], ColumnType::BigInt { unsigned: true }, "bigint unsigned"),
        (3, vec![], ColumnType::Int { unsigned: true }, "int unsigned"),
        (15, vec![0, 1], ColumnType::VarChar(text(256)), "varchar(64)"),
        (15, vec![0xfc, 3], ColumnType::VarChar(text(1020)), "varchar(255)"),
        (246, vec![12, 2], ColumnType::Decimal { precision: 12, scale: 2 }, "decimal(12,2)"),
        (2, vec![], ColumnType::SmallInt { unsigned: false }, "smallint"),
        (5, vec![8], ColumnType::Double, "double"),
        (254, vec![0xf7, 1], ColumnType::Enum(Labels { labels }), "enum('new','paid','sent')"),
        (1, vec![], ColumnType::TinyInt { unsigned: false }, "tinyint"),
        (18, vec![6], ColumnType::DateTime { fsp: 6 }, "datetime(6)"),
        (17, vec![3], ColumnType::Timestamp { fsp: 3 }, "timestamp(3)"),
        (252, vec![2], ColumnType::Text(text(65535)), "text"),
        (245, vec![4], ColumnType::Json, "json"),
    ]
}

fn narrow_row(id: u64, out: &mut Vec<u8>) {
    out.extend(id.to_le_bytes());
    out.extend((id as u32 * 7).to_le_bytes());
    sized(b"somebody.unknown@example.org", out);
    sized("12 Quai des Étoiles, 3rd floor, ring \"Meier\", mind the dog, not on Mondays".as_bytes(), out);
    out.extend([0x80, 0, 0, 0x13, 0x88, (id % 100) as u8]);
    out.extend((id as i16).to_le_bytes());
    out.extend((id as f64 / 8.0).to_le_bytes());
    out.push((id % 3) as u8 + 1);
    out.push(1);
    let packed = ((2024u64 * 13 + 3) << 5 | 5) << 17 | 10 << 12 | 20 << 6 | 30 | 1 << 39;
    out.extend(&packed.to_be_bytes()[3..]);
    out.extend([0x01, 0xd4, 0xc0]);
    out.extend(1_709_605_231u32.to_be_bytes());
    out.extend([0x04, 0xb0]);
    sized(
        b"A text of some length, as people write it into orders: please ring twice, and leave it there.",
        out,
    );
    // {"a": 1, "b": [true]}
    let json = [0, 2, 0, 27, 0, 18, 0, 1, 0, 19, 0, 1, 0, 5, 1, 0, 2, 20, 0, b'a', b'b', 1, 0, 7, 0, 4, 1, 0];
    out.extend((json.len() as u32).to_le_bytes());
    out.extend(json);
}

fn wide_columns() -> Vec<Spec> {
    (0..100)
        .map(|index| match index % 4 {
            0 => (8, vec![], ColumnType::BigInt { unsigned: false }, "bigint"),
            1 => (3, vec![], ColumnType::Int { unsigned: true }, "int unsigned"),
            2 => (15, vec![0, 1], ColumnType::VarChar(text(256)), "varchar(64)"),
            _ => (246, vec![12, 2], ColumnType::Decimal { precision: 12, scale: 2 }, "decimal(12,2)"),
        })
        .collect()
}

fn wide_row(id: u64, out: &mut Vec<u8>) {
    for _ in 0..25 {
        out.extend(id.to_le_bytes());
        out.extend((id as u32).to_le_bytes());
        sized(b"short text", out);
        out.extend([0x80, 0, 0, 0x13, 0x88, (id % 100) as u8]);
    }
}

/// A string behind two bytes of length.
fn sized(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend((bytes.len() as u16).to_le_bytes());
    out.extend(bytes);
}

fn version(columns: &[Spec]) -> TableVersion {
    let column = |(index, (_, _, ty, declared)): (usize, &Spec)| Column {
        name: format!("column_{index}"),
        ty: ty.clone(),
        nullable: true,
        declared: (*declared).into(),
        hidden: false,
        collation: None,
    };
    TableVersion {
        name: TableName::new("shop", "orders"),
        columns: columns.iter().enumerate().map(column).collect(),
        primary_key: vec![0],
        unique_keys: Vec::new(),
    }
}

fn table_map(columns: &[Spec]) -> Vec<u8> {
    let mut body = vec![1, 0, 0, 0, 0, 0, 1, 0];
    body.extend(b"\x04shop\0\x06orders\0");
    body.push(columns.len() as u8);
    body.extend(columns.iter().map(|(number, ..)| number));
    let metadata: Vec<u8> = columns.iter().flat_map(|(_, metadata, ..)| metadata.iter().copied()).collect();
    body.push(metadata.len() as u8);
    body.extend(metadata);
    body.resize(body.len() + columns.len().div_ceil(8), 0xff);
    body
}

/// An event with header and checksum.
fn event(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut raw = vec![0x2f, 0x8e, 0xe6, 0x65, kind, 1, 0, 0, 0];
    raw.extend(((HEADER_BYTES + body.len() + 4) as u32).to_le_bytes());
    raw.extend([0; 6]);
    raw.extend(body);
    let checksum = crc32fast::hash(&raw);
    raw.extend(checksum.to_le_bytes());
    raw
}
