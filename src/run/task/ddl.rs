//! Schema changes on their way out: which messages a statement becomes, and their order among the rows.
//!
//! Guarantees: what came before a statement is committed before it is sent, and what comes behind it in a later commit; only
//! statements whose table or database the plan selects are sent, with the names of messages, and none in half.

use super::life::{Life, moves_rows_without_events};
use super::online::Online;
use super::rows::event_start;
use super::tables::Slot;
use crate::change::{EventMeta, Origin, SourceInfo, TransactionInfo};
use crate::failpoint::hit;
use crate::format::{DdlMessage, Deed, FormatPlan, Shape, tells, tells_tables_apart, write_ddl};
use crate::kafka::TopicName;
use crate::mysql::binlog::event::Header;
use crate::mysql::ddl::ir::{AlterTable, Statement};
use crate::mysql::ddl::{DdlEffect, Outline, Unclear, Written};
use crate::mysql::schema::model::Table;
use crate::mysql::schema::{TableName, TableState};
use crate::plan::{DdlPlan, PartitionRule, TableDecision, TopicSettings};
use crate::route::{self, Envelope, Told};
use crate::run::context::wall_ms;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::ring::Definition;
use crate::statement::{DdlPartition, DdlTopic, OnDeny, PartitionHash, Truncate, Word, WordSet};
use std::collections::BTreeSet;

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

/// One table of a list, or one pair of names, that is sent.
struct Item {
    number: usize,
    decision: TableDecision,
    ddl: DdlPlan,
    /// Its name before, and behind.
    names: (TableName, TableName),
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
        if self.ledger.is_cut() {
            // Rows of the same source transaction are in the target: it was sent with the first of them.
            return Ok(());
        }
        self.follow_copy(definition)?;
        for (unexpected, text) in outgoing.withheld {
            let event = if unexpected { Event::warn } else { Event::info };
            event(Name::SchemaWithheld, text).position(&self.ledger.position().file).emit();
        }
        for message in &outgoing.messages {
            self.send_message(message, header, now_ms)?;
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
            Event::warn(Name::SchemaWithheld, text).position(&self.ledger.position().file).emit();
            return Ok(());
        };
        let position = self.ledger.position();
        let Slot::Live(live) = self.tables.loading_slot(&columns, &mut self.output, position)? else {
            return Ok(());
        };
        let meta = meta(&self.source, &self.transaction, header, self.n_rows);
        let batch = self.output.batch();
        let bytes = batch.bytes();
        live.route.push_truncate(&meta, batch);
        let bytes = batch.bytes() - bytes;
        self.ledger.produced(1, bytes as u64, now_ms);
        self.records += 1;
        self.ledger.demand();
        self.output.flush_if_full()
    }

    fn send_message(
        &mut self,
        message: &Message,
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
        let meta = meta(&self.source, &self.transaction, header, self.n_rows);
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
            let bytes = batch.bytes() - bytes;
            self.ledger.produced(1, bytes as u64, now_ms);
            self.records += 1;
        }
        // What comes behind it is committed later.
        self.ledger.demand();
        hit("ddl.produced");
        self.output.flush_if_full()
    }

    /// What becomes of a statement.
    ///
    /// # Errors
    /// The task stops before it.
    pub(super) fn outgoing(&self, definition: &Definition) -> Result<Outgoing, Failure> {
        let mut out = Outgoing::default();
        self.check_lost_rows(definition)?;
        let Some(outline) = &definition.outline else {
            self.not_understood(definition, &mut out)?;
            return Ok(out);
        };
        match &definition.statement {
            Statement::CreateTable(create) => self.of_table(definition, outline, &create.table, &mut out)?,
            Statement::AlterTable(alter) => self.of_table(definition, outline, &alter.table, &mut out)?,
            Statement::Truncate(table) => self.of_truncate(definition, outline, table, &mut out)?,
            Statement::DropTables(tables) => {
                let names = tables.iter().map(|table| (fold(definition, table), fold(definition, table)));
                self.of_list(definition, outline, names.collect(), &mut out)?;
            }
            Statement::RenameTables(pairs) => {
                let names =
                    pairs.iter().map(|pair| (fold(definition, &pair.from), fold(definition, &pair.to)));
                self.of_list(definition, outline, names.collect(), &mut out)?;
            }
            Statement::CreateDatabase(create) => {
                self.of_database(definition, outline, &create.name, &mut out)?
            }
            Statement::AlterDatabase { name, .. } | Statement::DropDatabase(name) => {
                self.of_database(definition, outline, name, &mut out)?;
            }
            Statement::Sequence { .. }
            | Statement::Transaction(_)
            | Statement::Rows(_)
            | Statement::NoEffect
            | Statement::Irrelevant
            | Statement::NotUnderstood(_) => {}
        }
        Ok(out)
    }

    fn decide(&self, name: &TableName) -> Result<Option<TableDecision>, Failure> {
        let decided = self.tables.plan().decide(&name.db, &name.table);
        decided.map_err(|error| Failure::new(Class::Data, format!("table {name}: {error}")))
    }

    /// Notes what a tool for online schema changes does to its copy of a table.
    fn follow_copy(&mut self, definition: &Definition) -> Result<(), Failure> {
        let (table, alters) = match &definition.statement {
            Statement::CreateTable(create) => (&create.table, false),
            Statement::AlterTable(alter) => (&alter.table, true),
            Statement::RenameTables(pairs) => {
                for pair in pairs {
                    self.online.remove(&fold(definition, &pair.from));
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        let copy = fold(definition, table);
        let Some(base) = self.tables.plan().copied(&copy.db, &copy.table) else { return Ok(()) };
        if !alters {
            self.online.insert(copy, Online::fresh());
            return Ok(());
        }
        let base = TableName::new(copy.db.clone(), base);
        let Some(decision) = self.decide(&base)? else { return Ok(()) };
        let known = self.columns(&copy).into_iter().chain(behind_of(definition, &copy));
        let told = Told::new(self.tables.plan(), definition.case, &decision.db)
            .about(&decision, known)
            .map_err(|error| Failure::new(Class::Data, format!("table {base}: {error}")))?;
        let written = match &definition.outline {
            Some(outline) if !outline.is_about_index() => {
                outline.written(&told).map_err(|why| why.to_string())
            }
            Some(_) | None => {
                Err("the tool changed its copy by another statement than ALTER TABLE".to_owned())
            }
        };
        if let Some(online) = self.online.get_mut(&copy) {
            match written {
                Ok(Some(written)) => online.alter(written.list, written.actions),
                Ok(None) => {}
                Err(why) => *online = Online::Unclear(why),
            }
        }
        Ok(())
    }

    /// A copy takes the place of its table: what was done to it is one ALTER TABLE.
    fn of_copy(
        &self,
        definition: &Definition,
        (copy, table): (&TableName, &TableName),
        out: &mut Outgoing,
    ) -> Result<(), Failure> {
        let Some(decision) = self.decide(table)? else { return Ok(()) };
        let Some(ddl) = decision.ddl.clone() else { return Ok(()) };
        let unknown = || Err("a tool began to change it before this task went on reading the log".to_owned());
        let statement =
            match self.online.get(copy).map_or_else(unknown, |online| online.statement(&decision.table)) {
                Ok(statement) => statement,
                Err(why) => {
                    return self.withhold(definition, &table.to_string(), ddl.on_deny, &Why::Copy(&why), out);
                }
            };
        let Some((sql, actions)) = statement else { return Ok(()) };
        let altered =
            Statement::AlterTable(AlterTable { table: table.clone(), if_exists: false, actions: Vec::new() });
        let kinds = route::kinds(&altered, &actions);
        if let Some(kind) = route::refused(&ddl, &kinds) {
            return self.withhold(
                definition,
                &table.to_string(),
                ddl.on_deny,
                &Why::Refused(kind.word()),
                out,
            );
        }
        let Some(deed) = route::deed(&altered, &actions, false) else { return Ok(()) };
        out.messages.push(Message {
            place: self.place(&decision, &ddl)?,
            deed,
            kinds: words(&kinds),
            db: decision.db.clone(),
            table: Some(decision.table.clone()),
            sql,
            schema: self.tables.number_behind(&definition.followed, table),
            before: self.shape_before(Some(&decision), table),
            after: self.shape_behind(Some(&decision), definition, table),
            charset: None,
            decision,
        });
        Ok(())
    }

    /// Something of a statement is not sent.
    fn withhold(
        &self,
        definition: &Definition,
        what: &str,
        on_deny: OnDeny,
        why: &Why<'_>,
        out: &mut Outgoing,
    ) -> Result<(), Failure> {
        let (unexpected, reason) = match why {
            Why::Refused(kind) => (false, format!("`{kind}` is denied or not allowed")),
            Why::Unclear(unclear) => (true, unclear.to_string()),
            Why::NotUnderstood(reason) => (true, format!("it is not understood: {reason}")),
            Why::Copy(why) => (true, (*why).to_owned()),
            Why::NoMessage => (true, "the format has no message for it".to_owned()),
        };
        let text = format!("a schema change of {what} is not sent, {reason}: {}", definition.shown);
        if on_deny == OnDeny::Stop {
            return Err(Failure::new(
                Class::Data,
                format!(
                    "behind {}: {text}. `on-deny stop` holds the task before it; it goes on where `ddl` allows the kind, or \
                     says `on-deny skip`",
                    self.ledger.position().file
                ),
            ));
        }
        out.withheld.push((unexpected, text));
        Ok(())
    }

    /// Of a statement that is not understood, only its tables may be known.
    fn not_understood(&self, definition: &Definition, out: &mut Outgoing) -> Result<(), Failure> {
        let Statement::NotUnderstood(not) = &definition.statement else { return Ok(()) };
        for table in &not.tables {
            let name = fold(definition, table);
            if let Some(TableDecision { ddl: Some(ddl), .. }) = self.decide(&name)? {
                let why = Why::NotUnderstood(&not.reason);
                self.withhold(definition, &name.to_string(), ddl.on_deny, &why, out)?;
            }
        }
        Ok(())
    }

    /// Rows that come or go without events hold a task that is to stop before them.
    fn check_lost_rows(&self, definition: &Definition) -> Result<(), Failure> {
        let DdlEffect::Tables { tables, .. } = &definition.effect else { return Ok(()) };
        if !moves_rows_without_events(&definition.statement) {
            return Ok(());
        }
        for table in tables {
            let name = fold(definition, table);
            if self.decide(&name)?.is_some_and(|decision| decision.truncate == Truncate::Stop) {
                return Err(Failure::new(
                    Class::Data,
                    format!(
                        "behind {}: rows of {name} come or go without change events, by: {}. `truncate stop` holds the task \
                         before it; it goes on with `truncate warn` or `truncate emit`, and what is at consumers then is not what \
                         the table holds until it is loaded anew",
                        self.ledger.position().file,
                        definition.shown
                    ),
                ));
            }
        }
        Ok(())
    }

    /// TRUNCATE.
    fn of_truncate(
        &self,
        definition: &Definition,
        outline: &Outline,
        table: &TableName,
        out: &mut Outgoing,
    ) -> Result<(), Failure> {
        let name = fold(definition, table);
        let Some(decision) = self.decide(&name)? else { return Ok(()) };
        if decision.truncate != Truncate::Emit {
            return Ok(());
        }
        if matches!(decision.format, FormatPlan::DebeziumJson(_)) {
            out.truncated = Some(name);
            return Ok(());
        }
        self.of_table(definition, outline, table, out)
    }

    /// CREATE TABLE, ALTER TABLE, and TRUNCATE where it is sent.
    fn of_table(
        &self,
        definition: &Definition,
        outline: &Outline,
        table: &TableName,
        out: &mut Outgoing,
    ) -> Result<(), Failure> {
        let before = fold(definition, table);
        let behind = match &definition.statement {
            Statement::AlterTable(alter) => {
                alter.renamed().map_or_else(|| before.clone(), |other| fold(definition, other))
            }
            _ => before.clone(),
        };
        let (own, new) = (self.decide(&before)?, self.decide(&behind)?);
        let Some(decision) = own.clone().or_else(|| new.clone()) else { return Ok(()) };
        let ddl = match (&decision.ddl, &definition.statement) {
            (Some(ddl), _) => ddl.clone(),
            // Asked for without other schema changes, it stands among the rows.
            (None, Statement::Truncate(_)) => among_rows(&decision),
            (None, _) => return Ok(()),
        };
        let renames =
            route::deed(&definition.statement, &outline.actions(), false) == Some(Deed::RenameTable);
        // As Canal does, a message about a renamed table has its new name.
        let (db, name) = match (&new, renames) {
            (Some(new), true) => (new.db.clone(), new.table.clone()),
            (None, true) => self.names(&behind),
            (_, false) => (decision.db.clone(), decision.table.clone()),
        };
        let known = self.columns(&before).into_iter().chain(behind_of(definition, &behind));
        let told = Told::new(self.tables.plan(), definition.case, &db)
            .about(&decision, known)
            .map_err(|error| Failure::new(Class::Data, format!("table {before}: {error}")))?;
        let Some(written) =
            self.written(definition, outline, &told, (&before.to_string(), ddl.on_deny), out)?
        else {
            return Ok(());
        };
        let kinds = route::kinds(&definition.statement, &written.actions);
        if let Some(kind) = route::refused(&ddl, &kinds) {
            return self.withhold(
                definition,
                &before.to_string(),
                ddl.on_deny,
                &Why::Refused(kind.word()),
                out,
            );
        }
        let Some(deed) = route::deed(&definition.statement, &written.actions, outline.is_about_index())
        else {
            return Ok(());
        };
        let is_truncate = deed == Deed::Truncate;
        if !tells(&decision.format, deed) {
            return self.withhold(definition, &before.to_string(), OnDeny::Skip, &Why::NoMessage, out);
        }
        let place = self.place(&decision, &ddl)?;
        out.messages.push(Message {
            place,
            deed,
            kinds: if is_truncate { vec!["truncate"] } else { words(&kinds) },
            db,
            table: Some(name),
            sql: written.sql,
            schema: self.tables.number_behind(&definition.followed, &behind),
            before: self.shape_before(own.as_ref(), &before),
            after: self.shape_behind(new.as_ref().or(own.as_ref()), definition, &behind),
            charset: None,
            decision,
        });
        Ok(())
    }

    /// DROP TABLE and RENAME TABLE: one message for all tables that go to one place in one format, or one for each.
    fn of_list(
        &self,
        definition: &Definition,
        outline: &Outline,
        names: Vec<(TableName, TableName)>,
        out: &mut Outgoing,
    ) -> Result<(), Failure> {
        let kinds = route::kinds(&definition.statement, &[]);
        let mut items = Vec::new();
        let is_copy = |copy: &TableName, table: &TableName| self.tables.is_copy(copy, table);
        let cut_over: Vec<(TableName, TableName)> =
            names.iter().filter(|(before, behind)| is_copy(before, behind)).cloned().collect();
        for (copy, table) in &cut_over {
            self.of_copy(definition, (copy, table), out)?;
        }
        for (number, (before, behind)) in names.into_iter().enumerate() {
            // The table that makes room for its copy is no table any more that anybody is told of.
            if cut_over.iter().any(|(copy, table)| *copy == before || *table == before) {
                continue;
            }
            let Some(decision) =
                self.decide(&behind)?.map_or_else(|| self.decide(&before), |new| Ok(Some(new)))?
            else {
                continue;
            };
            let Some(ddl) = decision.ddl.clone() else { continue };
            if let Some(kind) = route::refused(&ddl, &kinds) {
                self.withhold(definition, &before.to_string(), ddl.on_deny, &Why::Refused(kind.word()), out)?;
                continue;
            }
            items.push(Item { number, decision, ddl, names: (before, behind) });
        }
        let mut groups: Vec<(Place, Vec<Item>)> = Vec::new();
        for item in items {
            let place = self.place(&item.decision, &item.ddl)?;
            let joins = |(other, items): &&mut (Place, Vec<Item>)| {
                *other == place
                    && items[0].decision.format == item.decision.format
                    && items[0].decision.headers == item.decision.headers
                    && !tells_tables_apart(&item.decision.format)
            };
            match groups.iter_mut().find(joins) {
                Some((_, items)) => items.push(item),
                None => groups.push((place, vec![item])),
            }
        }
        for (place, items) in groups {
            let first = &items[0];
            let (before, behind) = first.names.clone();
            let (db, table) = self.names(&behind);
            let kept: BTreeSet<usize> = items.iter().map(|item| item.number).collect();
            let told = Told::new(self.tables.plan(), definition.case, &db).keeping(kept);
            let about = (before.to_string(), first.ddl.on_deny);
            let Some(written) = self.written(definition, outline, &told, (&about.0, about.1), out)? else {
                continue;
            };
            let Some(deed) = route::deed(&definition.statement, &[], false) else { continue };
            let (old, new) = (self.decide(&before)?, self.decide(&behind)?);
            out.messages.push(Message {
                place,
                deed,
                kinds: words(&kinds),
                db,
                table: Some(table),
                sql: written.sql,
                schema: self.tables.number_behind(&definition.followed, &behind),
                before: self.shape_before(old.as_ref(), &before),
                after: match deed {
                    Deed::DropTable => None,
                    _ => self.shape_behind(new.as_ref(), definition, &behind),
                },
                charset: None,
                decision: first.decision.clone(),
            });
        }
        Ok(())
    }

    /// CREATE DATABASE, ALTER DATABASE, DROP DATABASE.
    fn of_database(
        &self,
        definition: &Definition,
        outline: &Outline,
        name: &str,
        out: &mut Outgoing,
    ) -> Result<(), Failure> {
        let db = definition.case.fold(name).into_owned();
        let decided = self.tables.plan().decide_database(&db);
        let decided =
            decided.map_err(|error| Failure::new(Class::Data, format!("database {db}: {error}")))?;
        let Some(decision) = decided else { return Ok(()) };
        // Of a database there is no topic of rows.
        let Some(ddl) = decision.ddl.clone().filter(|ddl| ddl.topic != DdlTopic::Same) else { return Ok(()) };
        let told = Told::new(self.tables.plan(), definition.case, &decision.db);
        let what = format!("database {db}");
        let Some(written) = self.written(definition, outline, &told, (&what, ddl.on_deny), out)? else {
            return Ok(());
        };
        let kinds = route::kinds(&definition.statement, &[]);
        if let Some(kind) = route::refused(&ddl, &kinds) {
            return self.withhold(definition, &what, ddl.on_deny, &Why::Refused(kind.word()), out);
        }
        let Some(deed) = route::deed(&definition.statement, &[], false) else { return Ok(()) };
        let place = self.place(&decision, &ddl)?;
        let changed = definition.followed.databases.iter().find(|database| database.name == db);
        let collation = changed.and_then(|database| database.collation.as_deref());
        out.messages.push(Message {
            place,
            deed,
            kinds: words(&kinds),
            db: decision.db.clone(),
            table: None,
            sql: written.sql,
            schema: None,
            before: None,
            after: None,
            charset: collation.and_then(|name| name.split('_').next()).map(str::to_owned),
            decision,
        });
        Ok(())
    }

    /// The statement with the names of messages; none when nothing of it is sent.
    fn written(
        &self,
        definition: &Definition,
        outline: &Outline,
        told: &Told<'_>,
        (what, on_deny): (&str, OnDeny),
        out: &mut Outgoing,
    ) -> Result<Option<Written>, Failure> {
        match outline.written(told) {
            Ok(written) => Ok(written),
            Err(unclear) => {
                self.withhold(definition, what, on_deny, &Why::Unclear(&unclear), out)?;
                Ok(None)
            }
        }
    }

    fn place(&self, decision: &TableDecision, ddl: &DdlPlan) -> Result<Place, Failure> {
        let partition = ddl.partition;
        // Statements about no table go to the first partition.
        let of_table = partition == DdlPartition::ByTable && !decision.table.is_empty();
        let table = of_table.then(|| (decision.hash, decision.db.clone(), decision.table.clone()));
        let topic = self.tables.plan().ddl_topic(decision);
        let topic = topic.map_err(|error| Failure::new(Class::Data, format!("topic of `ddl`: {error}")))?;
        let (topic, settings) = topic.unwrap_or_else(|| (decision.topic.clone(), decision.topic_settings));
        Ok(Place { topic, settings, partition, table })
    }

    /// Names in messages, of a table that is selected or not.
    fn names(&self, name: &TableName) -> (String, String) {
        let names = self.tables.plan().names(&name.db, &name.table);
        names.unwrap_or_else(|_| (name.db.clone(), name.table.clone()))
    }

    fn columns(&self, name: &TableName) -> Vec<String> {
        self.tables.state(name).map(column_names).unwrap_or_default()
    }

    fn shape_before(&self, decision: Option<&TableDecision>, name: &TableName) -> Option<Shape> {
        shape(decision?, self.tables.state(name)?)
    }

    fn shape_behind(
        &self,
        decision: Option<&TableDecision>,
        definition: &Definition,
        name: &TableName,
    ) -> Option<Shape> {
        let changed = definition.followed.tables.iter().rev().find(|change| change.table == *name);
        let state = changed.map(|change| &change.state).or_else(|| self.tables.state(name));
        shape(decision?, state?)
    }
}

/// A TRUNCATE that is sent where no other schema change is.
fn among_rows(decision: &TableDecision) -> DdlPlan {
    let by_table = decision.partition == PartitionRule::ByTable;
    DdlPlan {
        topic: DdlTopic::Same,
        partition: if by_table { DdlPartition::ByTable } else { DdlPartition::To(0) },
        allow: None,
        deny: WordSet::default(),
        on_deny: OnDeny::Skip,
    }
}

/// Why something is not sent.
enum Why<'w> {
    Refused(&'w str),
    Unclear(&'w Unclear),
    NotUnderstood(&'w str),
    Copy(&'w str),
    NoMessage,
}

/// What messages of a statement tell besides.
fn meta<'m>(
    source: &'m SourceInfo,
    transaction: &'m TransactionInfo,
    header: Option<&Header>,
    number: u64,
) -> EventMeta<'m> {
    EventMeta {
        origin: Origin::Stream,
        event_ms: header.map_or(0, |header| i64::from(header.time) * 1_000),
        now_ms: wall_ms(),
        source,
        transaction,
        offset: header.map_or(transaction.start, |header| event_start(transaction.start, header)),
        row: 0,
        number,
    }
}

/// A name as the server compares it.
fn fold(definition: &Definition, name: &TableName) -> TableName {
    TableName::new(definition.case.fold(&name.db), definition.case.fold(&name.table))
}

fn words(kinds: &[crate::statement::DdlKind]) -> Vec<&'static str> {
    kinds.iter().map(|kind| kind.word()).collect()
}

fn behind_of(definition: &Definition, name: &TableName) -> Vec<String> {
    let changed = definition.followed.tables.iter().rev().find(|change| change.table == *name);
    changed.map(|change| column_names(&change.state)).unwrap_or_default()
}

fn column_names(state: &TableState) -> Vec<String> {
    let columns = state.last().map(|version| &version.columns);
    columns.into_iter().flatten().map(|column| column.name.clone()).collect()
}

fn shape(decision: &TableDecision, state: &TableState) -> Option<Shape> {
    let definition: &Table = match state {
        TableState::Proven { definition, .. } => definition.as_deref()?,
        TableState::Suspect { .. } | TableState::Gone => return None,
    };
    // Patterns that cannot be read stop the rows of the table.
    route::shape(decision, definition).ok()
}
