//! `start`.

use super::argument::{quantities, quantity, says, texts, words};
use super::shape::Value;
use super::statement::{Reader, Stmt};
use crate::diagnostic::Diagnostic;
use crate::statement::{self as st, Snapshot, Start, StartAt, Window};
use crate::text::{Span, Spanned};
use std::collections::BTreeMap;

impl Reader<'_> {
    pub(super) fn start(&mut self, statement: &Stmt) -> Option<Spanned<Start>> {
        let start = match words(statement).first() {
            Some(&"snapshot") => Start::Snapshot(self.snapshot(statement)),
            Some(&"now") => {
                self.loads_nothing(statement);
                Start::Now
            }
            _ => {
                self.loads_nothing(statement);
                Start::At(start_at(statement)?)
            }
        };
        Some(Spanned::new(start, statement.head))
    }

    fn snapshot(&mut self, statement: &Stmt) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for inner in &statement.body.statements {
            match inner.spec.word {
                "schema" => snapshot.schema = says(inner, "on"),
                "data" => snapshot.data = says(inner, "on"),
                // The table limits it to ten million.
                "chunk" => {
                    snapshot.chunk_rows = quantity(inner).and_then(|rows| u32::try_from(rows.value).ok())
                }
                "rate" => snapshot.rate_bytes_s = quantity(inner).map(|rate| rate.value),
                "window" => snapshot.window = self.window(inner),
                other => {
                    debug_assert_eq!(other, "parallel", "in the table, but not read in a start");
                    snapshot.parallel = quantity(inner).and_then(|count| u8::try_from(count.value).ok());
                }
            }
        }
        snapshot
    }

    fn window(&mut self, statement: &Stmt) -> Option<Window> {
        let minutes = quantities(statement);
        let (&from, &to) = (minutes.first()?, minutes.get(1)?);
        if from == to {
            let finding =
                Diagnostic::error(st::OUT_OF_RANGE, statement.head, "the window ends where it begins");
            self.findings.push(finding.help("without `window` rows are read at any hour"));
            return None;
        }
        Some(Window {
            // The day has 1440 of them.
            from_minute: u16::try_from(from).ok()?,
            to_minute: u16::try_from(to).ok()?,
            zone: texts(statement).into_iter().next()?.value,
        })
    }

    /// What says how rows are read has no effect where none are.
    fn loads_nothing(&mut self, statement: &Stmt) {
        for inner in &statement.body.statements {
            let finding = Diagnostic::error(
                st::STATEMENT_NOT_HERE,
                inner.head,
                format!("`{}` has no effect here: no existing rows are read", inner.spec.word),
            );
            self.findings.push(
                finding
                    .also(statement.head, "begins in the log")
                    .help("leave it out, or write `start snapshot` for existing rows, too"),
            );
        }
    }
}

/// Where the options of a `start` stand.
pub(super) fn options(statement: &Stmt) -> BTreeMap<&'static str, Span> {
    statement.body.statements.iter().map(|inner| (inner.spec.word, inner.head)).collect()
}

fn start_at(statement: &Stmt) -> Option<StartAt> {
    statement.args.iter().find_map(|item| match &item.value {
        Value::Text(gtids) => Some(StartAt::Gtid(gtids.clone())),
        Value::Binlog(file, offset) => Some(StartAt::Binlog { file: file.clone(), offset: *offset }),
        Value::TimeUs(us) => Some(StartAt::TimeUs(*us)),
        _ => None,
    })
}
