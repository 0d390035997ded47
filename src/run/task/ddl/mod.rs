//! Schema changes on their way out: which messages a statement becomes, and their order among the rows.
//!
//! Guarantees: what came before a statement is committed before it is sent, and what comes behind it in a later commit; only
//! statements whose table or database the plan selects are sent, with the names of messages, and none in half.

mod copy;
mod first;
mod statement;
mod withheld;

use crate::change::{EventMeta, Origin, SourceInfo, TransactionInfo};
use crate::failpoint::hit;
use crate::format::{DdlMessage, Deed, Shape, write_ddl};
use crate::kafka::TopicName;
use crate::mysql::binlog::event::Header;
use crate::mysql::schema::{TableName, TableState};
use crate::plan::{TableDecision, TopicSettings};
use crate::route::{self, Envelope};
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::ring::Definition;
use crate::run::task::life::Life;
use crate::run::task::rows::stream_meta;
use crate::run::task::tables::Slot;
use crate::statement::{DdlPartition, PartitionHash};

/// What a statement becomes.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// Its messages, in order.
    messages: Vec<Message>,
    /// A table that is told to be empty among its rows.
    truncated: Option<TableName>,
    /// Why something of it is not sent; true: it should have been.
    withheld: Vec<(bool, String)>,
}

impl Outgoing {
    /// Nothing is sent.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.truncated.is_none()
    }
}

/// One message of a schema change.
#[derive(Debug)]
struct Message {
    decision: TableDecision,
    place: Place,
    deed: Deed,
    kinds: Vec<&'static str>,
    db: String,
    table: Option<String>,
    sql: String,
    schema: Option<u32>,
    before: Option<Shape>,
    after: Option<Shape>,
    charset: Option<String>,
}

/// Where messages of a table's or database's schema changes go.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    topic: TopicName,
    settings: TopicSettings,
    partition: DdlPartition,
    /// By this hash and these names, where the partition is that of the table.
    table: Option<(PartitionHash, String, String)>,
}

impl Life {
    /// Sends what becomes of a statement.
    pub(super) fn send_definition(
        &mut self,
        definition: &Definition,
        header: Option<&Header>,
        now_ms: u64,
    ) -> Result<(), Failure> {
        let outgoing = self.outgoing(definition)?;
        if self.ledger.parts() > 0 {
            // Rows of the same source transaction are in the target: it was sent with the first of them.
            return Ok(());
        }
        self.follow_copy(definition)?;
        self.counts.ddl_withheld += outgoing.withheld.len() as u64;
        for (unexpected, text) in outgoing.withheld {
            let event = if unexpected { Event::warn } else { Event::info };
            self.told(event(Name::SchemaWithheld, text));
        }
        for message in &outgoing.messages {
            self.send_message(message, Origin::Stream, header, now_ms)?;
        }
        if let Some(table) = outgoing.truncated {
            self.send_truncate(&table, header, now_ms)?;
        }
        Ok(())
    }

    /// Tells that a table is empty, among its rows.
    fn send_truncate(
        &mut self,
        table: &TableName,
        header: Option<&Header>,
        now_ms: u64,
    ) -> Result<(), Failure> {
        let Some(TableState::Proven { columns, .. }) = self.tables.state(table).cloned() else {
            let text =
                format!("{table} is truncated, which is not sent: its columns are not certain at this place");
            self.told(Event::warn(Name::SchemaWithheld, text));
            self.counts.ddl_withheld += 1;
            return Ok(());
        };
        let position = self.ledger.position();
        let Slot::Live(live) = self.tables.loading_slot(&columns, &mut self.output, position)? else {
            return Ok(());
        };
        let meta = meta((&self.source, Origin::Stream), &self.transaction, header, self.n_rows);
        let batch = self.output.batch();
        let bytes = batch.bytes();
        live.route.push_truncate(&meta, batch);
        self.counts.ddl_sent += 1;
        let bytes = batch.bytes() - bytes;
        self.ledger.produced(1, bytes as u64, now_ms);
        self.records += 1;
        self.ledger.demand();
        self.output.flush_if_full()
    }

    fn send_message(
        &mut self,
        message: &Message,
        origin: Origin,
        header: Option<&Header>,
        now_ms: u64,
    ) -> Result<(), Failure> {
        let Message { decision, place, .. } = message;
        let (topic, partitions) = self.output.topic(&place.topic, &place.settings)?;
        let n_partitions = partitions.get() as i32;
        let numbers = match place.partition {
            DdlPartition::ByTable => {
                let table = place.table.as_ref();
                let number =
                    table.map_or(0, |(hash, db, table)| route::table_partition(*hash, db, table, partitions));
                number..number + 1
            }
            DdlPartition::ToAll => 0..n_partitions,
            DdlPartition::To(number) => match i32::try_from(number) {
                Ok(number) if number < n_partitions => number..number + 1,
                Ok(_) | Err(_) => {
                    return Err(Failure::new(
                        Class::Data,
                        format!(
                            "behind {}: schema changes go to partition {number} of topic {}, which has {n_partitions}; \
                             write another `partition` in `ddl`",
                            self.ledger.position().file,
                            place.topic
                        ),
                    ));
                }
            },
        };
        let meta = meta((&self.source, origin), &self.transaction, header, self.n_rows);
        let change = DdlMessage {
            deed: message.deed,
            kinds: &message.kinds,
            db: &message.db,
            table: message.table.as_deref(),
            sql: &message.sql,
            schema: message.schema,
            before: message.before.as_ref(),
            after: message.after.as_ref(),
            charset: message.charset.as_deref(),
        };
        let mut envelope = Envelope::new(&decision.headers, self.tables.plan().stream.timestamp);
        envelope.set_schema(message.schema.unwrap_or(0));
        for number in numbers {
            let batch = self.output.batch();
            let (bytes, id) = (batch.bytes(), batch.total() + 1);
            let (key, value) = write_ddl(&decision.format, &change, &meta, id, batch.arena());
            batch.push(topic, number, key, Some(value));
            envelope.put("ddl", &meta, batch);
            self.counts.ddl_sent += 1;
            let bytes = batch.bytes() - bytes;
            self.ledger.produced(1, bytes as u64, now_ms);
            self.records += 1;
        }
        // What comes behind it is committed later.
        self.ledger.demand();
        hit("ddl.produced");
        self.output.flush_if_full()
    }
}

/// What messages of a statement tell besides.
fn meta<'m>(
    (source, origin): (&'m SourceInfo, Origin),
    transaction: &'m TransactionInfo,
    header: Option<&Header>,
    number: u64,
) -> EventMeta<'m> {
    let meta = stream_meta(source, transaction, header, number);
    match origin {
        Origin::Stream => meta,
        Origin::Snapshot => EventMeta { origin, event_ms: meta.now_ms, ..meta },
    }
}
