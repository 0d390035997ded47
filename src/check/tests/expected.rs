//! The half of S1101 about messages that no row of a test can make: in a topic or a partition that is not there, with another
//! key, with a column that is left out or without one that is sent, with a header that is not asked for.

use super::super::flow::{Flow, Known, sources};
use super::super::keys::message_key;
use super::super::locked::listed;
use super::super::settings::{Lane, Setting, Subject};
use super::super::side::sides;
use super::row_unknown::TEST_ROW_UNKNOWN;
use crate::ast::{Expect, ExpectedKey, ExpectedMessage, RowOp, RowStep, Settings, Step, Test};
use crate::diagnostic::{Diagnostic, Fix};
use crate::hir::{LockedTable, Program};
use crate::mysql::ident::same_column;
use crate::statement::{Header, Nulls, Property, Template, TemplatePart, Word, closest};
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
            Step::Expect(_) => {}
        }
    }
    for step in &test.steps {
        if let Step::Expect(Expect::Message(message)) = step {
            check_message(program, flow, test, message, &sent, findings);
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

    /// What `schema.lock` says of its table.
    fn table(&self) -> Option<&'p LockedTable> {
        let mut locked = self.flow.locked(self.source.0);
        let is_own = |known: &Known| known.db == self.known.db && known.table == self.known.table;
        locked.find(|(known, _)| is_own(known)).map(|(_, table)| table)
    }

    /// The name in the source of a column that messages call so.
    fn column(&self, new: &str) -> Option<String> {
        let table = self.table()?;
        let columns: Vec<String> = table.columns.iter().map(|column| column.name.value.clone()).collect();
        let names = self.flow.named_columns(self.source.1, &table.name.value, &columns)?;
        names.into_iter().find(|name| same_column(&name.new, new)).map(|name| name.old)
    }
}

fn check_message(
    program: &Program,
    flow: &Flow<'_>,
    test: &Test,
    message: &ExpectedMessage,
    sent: &[Sent<'_, '_>],
    findings: &mut Vec<Diagnostic>,
) {
    let topics: Option<BTreeSet<String>> =
        sent.iter().flat_map(|row| (0..flow.lanes.len()).map(|lane| row.topic(lane))).collect();
    let topic = &message.topic;
    let Some(topics) = topics else { return };
    if !topics.contains(&topic.value) {
        findings.extend(no_topic(program, flow, topic, &topics));
        return;
    }
    let lanes: Vec<(&Known, &Lane<'_>)> =
        sent.iter().flat_map(|row| row.lanes_to(&topic.value).map(|lane| (row.known, lane))).collect();
    for (column, _) in message.before.iter().chain(&message.after) {
        findings.extend(left_out(column, sent, &topic.value));
    }
    // An update is a delete as well where it changes the key of the message, or leaves a `where`.
    let is_delete = |step: &Step| matches!(step, Step::Row(row) if row.op != RowOp::Insert);
    let has_deletes = || test.steps.iter().any(is_delete);
    if message.op != Some(RowOp::Delete) && (message.op.is_some() || !has_deletes()) {
        findings.extend(message.absent.iter().filter_map(|column| sent_anyway(column, sent, &topic.value)));
    }
    // What the key of a table is stands in the lock file, and not in a script of the test.
    if let (Some(ExpectedKey::Columns { fields, .. }), None) = (&message.key, &test.schema) {
        findings.extend(fields.iter().filter_map(|(column, _)| other_key(column, sent, &topic.value)));
    }
    findings
        .extend(message.partition.as_ref().filter(|_| !program.chosen).and_then(|n| no_partition(n, &lanes)));
    findings.extend(message.headers.iter().filter_map(|(name, _)| no_header(name, &lanes)));
}

/// A topic to which no row of the test goes, and that is called nearly as one of those. Another one may be right, and a rename
/// missing.
fn no_topic(
    program: &Program,
    flow: &Flow<'_>,
    topic: &Spanned<String>,
    topics: &BTreeSet<String>,
) -> Option<Diagnostic> {
    let may_be = |template: &Template| match template.parts.as_slice() {
        [TemplatePart::Text(name)] => *name == topic.value,
        _ => true,
    };
    let other = || flow.lanes.iter().flat_map(|lane| sides(lane)).any(|side| may_be(side.template));
    if topics.is_empty() || program.chosen || topic.value.contains('{') || other() {
        return None;
    }
    let message = format!("no row of this test goes to topic `{}`", topic.value);
    let near = topics.iter().find(|other| differs_in_one_part(&topic.value, other))?;
    Some(
        Diagnostic::error(TEST_ROW_UNKNOWN, topic.span, message)
            .label(format!("did you mean `{near}`?"))
            .fix(Fix::choice(format!("write `{near}`"), topic.span, format!("\"{near}\""))),
    )
}

/// True for topics that differ in one of the parts between their dots, by a mistake of the hand.
fn differs_in_one_part(written: &str, other: &str) -> bool {
    if written.split('.').count() != other.split('.').count() {
        return false;
    }
    let mut parts = written.split('.').zip(other.split('.')).filter(|(one, other)| one != other);
    let is_near = |(one, other): (&str, &str)| closest(one, [other]).is_some();
    parts.next().is_some_and(is_near) && parts.next().is_none()
}

/// A column that every message in the topic holds.
fn sent_anyway(column: &Spanned<String>, sent: &[Sent<'_, '_>], topic: &str) -> Option<Diagnostic> {
    let mut is_sent = false;
    for row in sent {
        for lane in row.lanes_to(topic) {
            if lane.may_lack_for(row.known, &["columns", "with"]) {
                return None;
            }
            let old = row.column(&column.value)?;
            let rule = lane
                .setting((Subject::One(row.known), Property::Columns), |settings| settings.columns.as_ref());
            let omits = |(settings, _): (&Settings, _)| {
                settings.nulls.as_ref().is_some_and(|nulls| nulls.value == Nulls::Omit)
            };
            let is_kept = match rule {
                Setting::Default => true,
                Setting::Given(rule, _) => !lane.drops(rule, &old),
                Setting::Various => false,
            };
            if !is_kept || lane.blocks().any(omits) {
                return None;
            }
            is_sent = true;
        }
    }
    let message = format!("`{}` is in every message in `{topic}`", column.value);
    let finding = Diagnostic::error(TEST_ROW_UNKNOWN, column.span, message);
    is_sent.then(|| finding.help("leave it out with `columns except`, or remove it here"))
}

/// A column that is not in the key of a message in the topic.
fn other_key(column: &Spanned<String>, sent: &[Sent<'_, '_>], topic: &str) -> Option<Diagnostic> {
    let mut keyed = BTreeSet::new();
    for row in sent {
        for lane in row.lanes_to(topic) {
            for part in message_key(lane, row.known, row.table())?.columns {
                let name = row.flow.column_name(row.source.1, row.known, part)?.name;
                if same_column(&name, &column.value) || same_column(part, &column.value) {
                    return None;
                }
                keyed.insert(name);
            }
        }
    }
    let keyed: Vec<&str> = keyed.iter().map(String::as_str).collect();
    let message = format!("`{}` is not in the key of messages in `{topic}`", column.value);
    let finding = Diagnostic::error(TEST_ROW_UNKNOWN, column.span, message);
    (!keyed.is_empty()).then(|| finding.help(format!("the key is {}", listed(&keyed))))
}

/// A column that no message in the topic holds.
fn left_out(column: &Spanned<String>, sent: &[Sent<'_, '_>], topic: &str) -> Option<Diagnostic> {
    let mut place = None;
    for row in sent {
        let Some(old) = row.column(&column.value) else { continue };
        for lane in row.lanes_to(topic) {
            let Setting::Given(rule, _) = lane
                .setting((Subject::One(row.known), Property::Columns), |settings| settings.columns.as_ref())
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
        let Setting::Given(count, _) = lane
            .setting((Subject::One(known), Property::TopicPartitions), |settings| {
                settings.topic_partitions.as_ref()
            })
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

/// A header that is none of ours, and is called nearly as one.
fn misspelt_header(name: &Spanned<String>) -> Option<Diagnostic> {
    let near = closest(&name.value, Header::ALL.iter().map(|header| header.word()))?;
    let message = format!("messages carry no header `{}`", name.value);
    let finding = Diagnostic::error(TEST_ROW_UNKNOWN, name.span, message);
    Some(finding.label(format!("did you mean `{near}`?")).fix(Fix::machine(
        format!("write `{near}`"),
        name.span,
        near,
    )))
}

/// A header of ours that the messages do not carry.
fn no_header(name: &Spanned<String>, lanes: &[(&Known, &Lane<'_>)]) -> Option<Diagnostic> {
    let Some(header) = Header::from_word(&name.value) else { return misspelt_header(name) };
    let lacks = |(known, lane): &(&Known, &Lane<'_>)| match lane
        .setting((Subject::One(known), Property::Headers), |settings| settings.headers.as_ref())
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
