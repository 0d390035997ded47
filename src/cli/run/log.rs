//! Log lines: for people, or one JSON object each.

use super::super::global::Global;
use super::progress::Bars;
use crate::diagnostic::{Diagnostic, Severity, short};
use crate::text::FileSet;
use clap::ValueEnum;
use serde_json::{Map, Value, json};
use std::fmt;
use std::io::{self, IsTerminal};
use std::time::{SystemTime, UNIX_EPOCH};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
}

impl Form {
    /// The form that fits standard error.
    pub(super) fn fitting() -> Form {
        if io::stderr().is_terminal() { Form::Human } else { Form::Json }
    }
}

/// Logs a finding about the files.
pub(super) fn finding(finding: &Diagnostic, files: &FileSet) {
    let text = short::line(finding, files);
    let code = finding.code.number;
    let help = finding.help.as_deref();
    match finding.severity {
        Severity::Error => {
            tracing::error!(target: "syncc", event = "config.finding", code, help, "{text}");
        }
        Severity::Warning => {
            tracing::warn!(target: "syncc", event = "config.finding", code, help, "{text}");
        }
        Severity::Advice => {
            tracing::info!(target: "syncc", event = "config.finding", code, help, "{text}");
        }
    }
}

/// Starts the log of this process, on standard error.
pub(super) fn start(form: Form, global: &Global, bars: Bars) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::WARN,
        (false, 0) => LevelFilter::INFO,
        (false, 1) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    // Only our own events: what libraries log may hold settings or data.
    let filter = EnvFilter::default()
        .add_directive(LevelFilter::OFF.into())
        .add_directive(format!("syncc={level}").parse().unwrap_or_else(|_| LevelFilter::INFO.into()));
    let color = global.style_for_stderr().color;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Above(bars))
        .event_format(Lines { form, color })
        .finish();
    // A second start in one process keeps the first log.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Writes above the progress line.
#[derive(Clone)]
struct Above(Bars);

impl<'w> MakeWriter<'w> for Above {
    type Writer = Above;

    fn make_writer(&'w self) -> Above {
        self.clone()
    }
}

impl io::Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.print(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Fields of an event.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), json!(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), json!(value));
    }
}

struct Lines {
    form: Form,
    color: bool,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let level = *event.metadata().level();
        match self.form {
            Form::Json => writeln!(writer, "{}", object(since.as_millis() as u64, level, fields.0)),
            Form::Human => writeln!(writer, "{}", human(since.as_secs(), level, &fields.0, self.color)),
        }
    }
}

/// The object of one event: `ts`, `level`, `event`, `task`, `source`, `position`, `generation`, `msg`, `error`.
fn object(ms: u64, level: Level, mut fields: Map<String, Value>) -> Value {
    let mut line = Map::new();
    line.insert("ts".into(), json!(timestamp(ms)));
    line.insert("level".into(), json!(level.as_str().to_ascii_lowercase()));
    for name in ["event", "task", "source", "position", "generation"] {
        if let Some(value) = fields.remove(name) {
            line.insert(name.into(), value);
        }
    }
    line.insert("msg".into(), fields.remove("message").unwrap_or(Value::Null));
    if let Some(kind) = fields.remove("error_kind") {
        let retry = fields.remove("retry_ms");
        line.insert(
            "error".into(),
            json!({ "kind": kind, "text": fields.remove("error"), "retry_ms": retry }),
        );
    }
    line.extend(fields);
    Value::Object(line)
}

fn human(seconds: u64, level: Level, fields: &Map<String, Value>, color: bool) -> String {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let mut line = clock(seconds);
    if level == Level::WARN || level == Level::ERROR {
        let (word, start) =
            if level == Level::WARN { ("warning", "\u{1b}[33m") } else { ("error", "\u{1b}[31m") };
        line += &if color { format!("  {start}{word}\u{1b}[0m") } else { format!("  {word}") };
    }
    if let Some(task) = text("task") {
        line += &format!("  {task}");
    }
    line += "  ";
    line += text("message").unwrap_or_default();
    if let Some(position) = text("position") {
        line += &format!(" at {position}");
    }
    if let Some(ms) = fields.get("retry_ms").and_then(Value::as_u64) {
        line += &format!("; next try in {:.1} s", ms as f64 / 1_000.0);
    }
    line
}

/// Time of day, UTC.
fn clock(seconds: u64) -> String {
    let of_day = seconds % 86_400;
    format!("{:02}:{:02}:{:02}", of_day / 3_600, of_day / 60 % 60, of_day % 60)
}

/// RFC 3339 with milliseconds, UTC.
pub(in crate::cli) fn timestamp(ms: u64) -> String {
    let days = (ms / 86_400_000) as i64;
    // Days since 0000-03-01, after Howard Hinnant's "chrono-compatible low-level date algorithms".
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{}.{:03}Z", clock(ms / 1_000), ms % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(timestamp(951_782_400_123), "2000-02-29T00:00:00.123Z");
        assert_eq!(timestamp(4_102_444_799_999), "2099-12-31T23:59:59.999Z");
    }

    #[test]
    fn an_object_has_its_members_in_one_order() {
        let fields = json!({"message": "lost", "event": "source.lost", "task": "p.s.t", "error_kind": "connection",
            "error": "gone", "retry_ms": 500});
        let Value::Object(fields) = fields else { panic!("an object was written") };
        let line = object(0, Level::WARN, fields);
        assert_eq!(line["level"], "warn");
        assert_eq!(line["error"]["kind"], "connection");
        assert_eq!(line["error"]["retry_ms"], 500);
        assert_eq!(line["msg"], "lost");
    }
}
