//! The half of S1101 about messages that no row of a test can make: with a column that is left out, in a partition that is not
//! there, with a header that is not asked for.

use super::super::flow::{Flow, Known, sources};
use super::super::settings::{Lane, Setting, Subject};
use super::row_unknown::TEST_ROW_UNKNOWN;
use crate::ast::{Expect, ExpectedMessage, RowStep, Step, Test};
use crate::diagnostic::Diagnostic;
use crate::hir::Program;
use crate::mysql::ident::same_column;
use crate::statement::{Header, Word};
use crate::text::Spanned;
use std::collections::BTreeSet;

/// A row that a test has written, and where it goes.
struct Sent<'a, 'p> {
    flow: &'a Flow<'p>,
    /// Its table.
    known: &'a Known,
    /// Number and name of its source.
    source: (usize, &'p str),
}

pub(super) fn check_expected(
    program: &Program,
    flow: &Flow<'_>,
    test: &Test,
    findings: &mut Vec<Diagnostic>,
) {
    if !flow.pipeline.left_out.is_empty() || !program.defaults.left_out.is_empty() {
        return;
    }
    let mut sent: Vec<Sent<'_, '_>> = Vec::new();
    for step in &test.steps {
        match step {
            Step::Row(row) => match rows(program, flow, row) {
                Some(rows) => sent.extend(rows),
                // Of a row that is not known anything may come.
                None => return,
            },
            Step::Ddl(_) => return,
            Step::Expect(Expect::Message(message)) => check_message(program, flow, message, &sent, findings),
            Step::Expect(Expect::NothingElse | Expect::File(_)) => {}
        }
    }
}

/// A row, for each source that it may come from.
fn rows<'a, 'p>(program: &'p Program, flow: &'a Flow<'p>, row: &RowStep) -> Option<Vec<Sent<'a, 'p>>> {
    let table = &row.table.value;
    let known = flow.known.iter().find(|known| *known.db == *table.db && *known.table == *table.table)?;
    let is_meant = |name: &str| row.source.as_ref().is_none_or(|source| source.value == name);
    let from = sources(program, flow.pipeline).enumerate().filter(|(_, name)| is_meant(name));
    let sent: Vec<_> = from.map(|source| Sent { flow, known, source }).collect();
    (!sent.is_empty()).then_some(sent)
}

impl<'p> Sent<'_, 'p> {
    /// The topic towards a target; none when it is not known.
    fn topic(&self, lane: usize) -> Option<String> {
        let found = self.flow.topic_of(lane, self.source, &self.known.db, &self.known.table)?;
        Some(found.0)
    }

    /// The targets towards which it goes to a topic.
    fn lanes_to(&self, topic: &str) -> impl Iterator<Item = &Lane<'p>> {
        let lanes = self.flow.lanes.iter().enumerate();
        lanes.filter(move |(n, _)| self.topic(*n).as_deref() == Some(topic)).map(|(_, lane)| lane)
    }

    /// The name in the source of a column that messages call so.
    fn column(&self, new: &str) -> Option<String> {
        let table = self
            .flow
            .locked(self.source.0)
            .find(|(known, _)| known.db == self.known.db && known.table == self.known.table)?;
        let columns: Vec<String> = table.1.columns.iter().map(|column| column.name.value.clone()).collect();
        let names = self.flow.named_columns(self.source.1, &table.1.name.value, &columns)?;
        names.into_iter().find(|name| same_column(&name.new, new)).map(|name| name.old)
    }
}

fn check_message(
    program: &Program,
    flow: &Flow<'_>,
    message: &ExpectedMessage,
    sent: &[Sent<'_, '_>],
    findings: &mut Vec<Diagnostic>,
) {
    let topics: Option<BTreeSet<String>> =
        sent.iter().flat_map(|row| (0..flow.lanes.len()).map(|lane| row.topic(lane))).collect();
    let topic = &message.topic;
    if !topics.is_some_and(|topics| topics.contains(&topic.value)) {
        return;
    }
    let lanes: Vec<(&Known, &Lane<'_>)> =
        sent.iter().flat_map(|row| row.lanes_to(&topic.value).map(|lane| (row.known, lane))).collect();
    for (column, _) in message.before.iter().chain(&message.after) {
        findings.extend(left_out(column, sent, &topic.value));
    }
    findings
        .extend(message.partition.as_ref().filter(|_| !program.chosen).and_then(|n| no_partition(n, &lanes)));
    findings.extend(message.headers.iter().filter_map(|(name, _)| no_header(name, &lanes)));
}

/// A column that no message in the topic holds.
fn left_out(column: &Spanned<String>, sent: &[Sent<'_, '_>], topic: &str) -> Option<Diagnostic> {
    let mut place = None;
    for row in sent {
        let Some(old) = row.column(&column.value) else { continue };
        for lane in row.lanes_to(topic) {
            let Setting::Given(rule, _) =
                lane.setting(Subject::One(row.known), |settings| settings.columns.as_ref())
            else {
                return None;
            };
            if !lane.drops(rule, &old) {
                return None;
            }
            place = Some(rule.span);
        }
    }
    let message = format!("`{}` is left out of the messages in `{topic}`", column.value);
    let finding = Diagnostic::error(TEST_ROW_UNKNOWN, column.span, message);
    Some(finding.beside(place?, "by this line").help("remove it here, or say `absent` of it"))
}

/// A partition that the topic does not have.
fn no_partition(partition: &Spanned<u64>, lanes: &[(&Known, &Lane<'_>)]) -> Option<Diagnostic> {
    let mut most = None;
    for (known, lane) in lanes {
        let Setting::Given(count, _) =
            lane.setting(Subject::One(known), |settings| settings.topic_partitions.as_ref())
        else {
            return None;
        };
        if partition.value < u64::from(count.value) {
            return None;
        }
        most = Some(count);
    }
    let count = most?;
    let message = format!("there is no partition {}: the topic has {}", partition.value, count.value);
    let finding = Diagnostic::error(TEST_ROW_UNKNOWN, partition.span, message);
    Some(finding.beside(count.span, "declared here").help("partitions count from 0"))
}

/// A header of ours that the messages do not carry.
fn no_header(name: &Spanned<String>, lanes: &[(&Known, &Lane<'_>)]) -> Option<Diagnostic> {
    let header = Header::from_word(&name.value)?;
    let lacks = |(known, lane): &(&Known, &Lane<'_>)| match lane
        .setting(Subject::One(known), |settings| settings.headers.as_ref())
    {
        Setting::Default => true,
        Setting::Given(headers, _) => !headers.value.items().contains(&header),
        Setting::Various => false,
    };
    if lanes.is_empty() || !lanes.iter().all(lacks) {
        return None;
    }
    let message = format!("the messages carry no header `{}`", name.value);
    let finding = Diagnostic::error(TEST_ROW_UNKNOWN, name.span, message);
    Some(finding.help(format!("the pipeline adds it by `headers {}`", name.value)))
}
