//! One topic and the tables that are in it: what its messages come to, and what rows of the source would be in it.

use super::fold::{Columns, Content, Fold, Id, Place, id_of};
use super::identity::{Identity, Proof, identity, omits_nulls, proof, wanders};
use super::message::{Message, Names, Reader, Row, Unreadable};
use crate::catalog::{Engine, TableFacts};
use crate::change::{EventMeta, Origin, RowChange, SourceInfo, TransactionInfo};
use crate::format::Registered;
use crate::kafka::{Batch, TopicId, TopicName};
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableVersion;
use crate::mysql::value::Value;
use crate::plan::{TableDecision, TaskPlan};
use crate::route::{RouteError, Salts, TableRoute, schemas, sent_columns_of};
use crate::source::mysql::page::paging_key;
use crate::target::lines::SchemaError;
use crate::target::registry::Role;
use std::num::NonZeroU32;
use std::sync::Arc;

/// A table of the source on its way to its topic.
pub(super) struct Table {
    pub(super) facts: TableFacts,
    pub(super) version: Arc<TableVersion>,
    /// Database and table in messages.
    names: (String, String),
    route: TableRoute,
    identity: Identity,
    /// A key may be in another partition than before.
    wanders: bool,
    pub(super) proof: Proof,
    pub(super) notes: Vec<String>,
}

impl Table {
    /// The key by which its rows are read page by page; none: all at once.
    pub(super) fn paging(&self) -> Option<&[usize]> {
        paging_key(&self.version).filter(|_| self.facts.engine == Engine::Transactional)
    }

    /// True when its rows are told apart only as a whole.
    pub(super) fn is_counted(&self) -> bool {
        self.identity == Identity::Whole
    }
}

/// A row of the source as it should be in the topic.
pub(super) struct Expected {
    pub(super) id: Id,
    pub(super) row: Row,
    pub(super) partition: i32,
    pub(super) key: Option<Vec<u8>>,
}

/// Why messages and tables could not be prepared, or read.
#[derive(Debug, thiserror::Error)]
pub(super) enum TopicError {
    #[error(transparent)]
    Route(#[from] RouteError),
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error("its tables have several formats in one topic")]
    Formats,
    #[error(
        "its tables have different columns, and messages of this format do not say of which table they are"
    )]
    NotTold,
    #[error("what syncc would send now cannot be read back: {0}")]
    Own(#[from] Unreadable),
}

/// A topic with its tables.
pub(super) struct Topic {
    pub(super) name: TopicName,
    pub(super) tables: Vec<Table>,
    columns: Vec<Columns>,
    reader: Reader,
    batch: Batch,
    pub(super) fold: Fold,
    /// Records that could not be read, and where the first one lies.
    pub(super) unreadable: u64,
    pub(super) first_unreadable: Option<(Place, Unreadable)>,
    /// Rows of tables that are not among these.
    pub(super) of_others: u64,
}

/// What a topic is made of besides its tables.
pub(super) struct Surroundings<'s> {
    pub(super) plan: &'s TaskPlan,
    pub(super) salts: &'s Salts,
    pub(super) flavor: Flavor,
    pub(super) partitions: NonZeroU32,
}

impl Topic {
    /// Prepares a topic whose `tables` go there.
    pub(super) fn new(
        name: &TopicName,
        tables: Vec<(TableFacts, TableDecision)>,
        fold: Fold,
        surroundings: &Surroundings<'_>,
    ) -> Result<Topic, TopicError> {
        let format = tables.first().map(|(_, decision)| decision.format.clone());
        let mut reader: Option<Reader> = None;
        let mut made = Vec::new();
        let mut columns = Vec::new();
        for (number, (facts, decision)) in tables.into_iter().enumerate() {
            let same = format.as_ref().is_some_and(|format| format.name() == decision.format.name());
            if !same {
                return Err(TopicError::Formats);
            }
            let version = Arc::new(facts.version.clone());
            let Surroundings { plan, salts, flavor, partitions } = *surroundings;
            let wanted = schemas(&decision, &version, &plan.id, salts, flavor)?;
            let has_key = wanted.iter().any(|wanted| wanted.role == Role::Key);
            let reader = match &mut reader {
                Some(reader) => reader,
                empty => empty.insert(Reader::new(&decision.format, name, has_key)?),
            };
            // Numbers that no registry gives: of the schemas that the rows of the source would have now.
            let own = u32::MAX - number as u32;
            for wanted in wanted.iter().filter(|wanted| wanted.role == Role::Value) {
                reader.learn(own, &wanted.schema.text)?;
            }
            let registered = Registered { flavor, key: Some(own), value: Some(own) };
            let route =
                TableRoute::build(&decision, &version, TopicId(0), partitions, &plan.id, salts, registered)?;
            let sent = sent_columns_of(&decision, &version)?;
            let names = sent.iter().map(|column| column.name.clone()).collect();
            columns.push(Columns::new(names, omits_nulls(&decision.format)));
            let identity = identity(&decision, &version, |index| {
                let column = sent.iter().find(|column| column.index == index)?;
                Some(column.name.clone())
            });
            let (proof, notes) = proof(&decision, &identity, reader.names_tables());
            made.push(Table {
                version,
                names: (decision.db.clone(), decision.table.clone()),
                route,
                wanders: wanders(&decision.partition, &facts.version),
                identity,
                proof,
                notes,
                facts,
            });
        }
        let told_apart = reader.as_ref().is_some_and(Reader::names_tables);
        if !told_apart && columns.iter().any(|one: &Columns| !one.same(&columns[0])) {
            return Err(TopicError::NotTold);
        }
        let mut fold = fold;
        fold.remembers = made.iter().any(|table| table.wanders);
        Ok(Topic {
            name: name.clone(),
            tables: made,
            columns,
            reader: reader.expect("a topic has a table"),
            batch: Batch::new(),
            fold,
            unreadable: 0,
            first_unreadable: None,
            of_others: 0,
        })
    }

    /// Starts anew with another part of the keys.
    pub(super) fn restart(&mut self, fold: Fold) {
        let remembers = std::mem::replace(&mut self.fold, fold).remembers;
        self.fold.remembers = remembers;
        self.unreadable = 0;
        self.of_others = 0;
    }

    /// The number of a schema that a value needs and that is not known yet.
    pub(super) fn lacks(&self, value: Option<&[u8]>) -> Option<u32> {
        self.reader.lacks(value)
    }

    /// Values with this number are of this schema.
    pub(super) fn learn(&mut self, number: u32, schema: &str) -> Result<(), SchemaError> {
        self.reader.learn(number, schema)
    }

    /// Takes a record of the topic.
    pub(super) fn take(&mut self, key: Option<&[u8]>, value: Option<&[u8]>, place: Place) {
        let message = match self.reader.read(key, value) {
            Ok(message) => message,
            Err(why) => {
                self.unreadable += 1;
                self.first_unreadable.get_or_insert((place, why));
                return;
            }
        };
        match message {
            Message::Aside => {}
            Message::Truncate { names } => {
                for number in self.numbers(&names) {
                    self.truncate(number, place);
                }
            }
            Message::Tombstone => {
                for number in 0..self.tables.len() as u16 {
                    if let Some(id) = key.and_then(|key| self.key_id(number, key, place.partition)) {
                        self.put(id, number, None, place);
                    }
                }
            }
            Message::Row { names, before, after } => {
                let Some(number) = self.numbers(&names).first().copied() else {
                    self.of_others += 1;
                    return;
                };
                self.row(number, key, before, after, place);
            }
        }
    }

    fn row(
        &mut self,
        number: u16,
        key: Option<&[u8]>,
        before: Option<Row>,
        after: Option<Row>,
        place: Place,
    ) {
        if self.tables[usize::from(number)].is_counted() {
            for (row, more) in [(before, -1), (after, 1)] {
                if let Some(row) = row {
                    let content = self.columns[usize::from(number)].content(&row);
                    let id = self.whole_id(number, &row);
                    self.fold.add(id, number, content, place, more);
                }
            }
            return;
        }
        let id = |topic: &Topic, row: &Option<Row>| {
            row.as_ref().and_then(|row| topic.row_id(number, key, row, place.partition))
        };
        let (was, is) = (id(self, &before), id(self, &after));
        if let Some(was) = was.filter(|was| Some(*was) != is) {
            self.put(was, number, None, place);
        }
        if let (Some(is), Some(row)) = (is, after) {
            let content = self.columns[usize::from(number)].content(&row);
            self.put(is, number, Some(content), place);
        }
    }

    fn put(&mut self, id: Id, number: u16, content: Option<Content>, place: Place) {
        self.fold.put(id, number, content, place, &self.columns);
    }

    fn truncate(&mut self, number: u16, place: Place) {
        self.fold.truncated.insert(number);
        let of_table: Vec<Id> =
            self.fold.all().filter(|(_, kept)| kept.table == number).map(|(id, _)| id).collect();
        for id in of_table {
            self.put(id, number, None, place);
        }
    }

    /// The tables that a message is of: the first by its names, or all where it names none.
    fn numbers(&self, names: &Names) -> Vec<u16> {
        let numbered = self.tables.iter().zip(0_u16..);
        match names {
            _ if !self.reader.names_tables() => numbered.map(|(_, number)| number).collect(),
            Some(names) => {
                numbered.filter(|(table, _)| table.names == *names).map(|(_, number)| number).collect()
            }
            None => Vec::new(),
        }
    }

    /// Names of a table as they count for what is one row: tables that messages do not tell apart are one.
    fn scope(&self, number: u16) -> [&[u8]; 2] {
        let (db, table) = &self.tables[usize::from(number)].names;
        match self.reader.names_tables() {
            true => [db.as_bytes(), table.as_bytes()],
            false => [b"", b""],
        }
    }

    fn key_id(&self, number: u16, key: &[u8], partition: i32) -> Option<Id> {
        let table = &self.tables[usize::from(number)];
        let is_key = table.identity == Identity::Key;
        let [db, name] = self.scope(number);
        is_key.then(|| self.placed(number, id_of([db, name, self.reader.identity(key)]), partition))
    }

    /// The id of a row whose message has this key, but for its partition; none where rows are not told apart by keys.
    pub(super) fn id_of_key(&self, number: u16, key: &[u8]) -> Option<Id> {
        self.key_id(number, key, 0)
    }

    fn row_id(&self, number: u16, key: Option<&[u8]>, row: &Row, partition: i32) -> Option<Id> {
        let [db, name] = self.scope(number);
        match &self.tables[usize::from(number)].identity {
            Identity::Key => self.key_id(number, key?, partition),
            Identity::Columns(columns) => {
                let values: Option<Vec<&[u8]>> =
                    columns.iter().map(|column| row.get(column).map(String::as_bytes)).collect();
                let parts = [db, name].into_iter().chain(values?);
                Some(self.placed(number, id_of(parts), partition))
            }
            Identity::Whole => Some(self.whole_id(number, row)),
        }
    }

    /// Of a table whose keys move between partitions, each partition has its own.
    fn placed(&self, number: u16, id: Id, partition: i32) -> Id {
        let of = if self.tables[usize::from(number)].wanders { partition } else { 0 };
        id & !0xFFFF_FFFF | Id::from(of as u32)
    }

    fn whole_id(&self, number: u16, row: &Row) -> Id {
        let [db, name] = self.scope(number);
        let values = row.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        id_of([db, name].into_iter().chain(values)) & !0xFFFF_FFFF
    }

    /// What a row of the source should be; none where it is not sent.
    pub(super) fn expected(
        &mut self,
        number: usize,
        values: &[Value<'_>],
        meta: &EventMeta<'_>,
    ) -> Result<Option<Expected>, TopicError> {
        self.batch.clear();
        self.tables[number].route.push(&RowChange::Insert { after: values }, meta, &mut self.batch)?;
        let Some(record) = self.batch.records().next() else { return Ok(None) };
        let Message::Row { after: Some(row), .. } = self.reader.read(record.key, record.value)? else {
            return Err(Unreadable("it is no row").into());
        };
        let id = self.row_id(number as u16, record.key, &row, record.partition);
        let id = id.ok_or(Unreadable("it has no key"))?;
        Ok(Some(Expected { id, row, partition: record.partition, key: record.key.map(<[u8]>::to_vec) }))
    }

    /// The columns of a table as they are compared.
    pub(super) fn columns(&self, number: u16) -> &Columns {
        &self.columns[usize::from(number)]
    }

    /// The row of a message, where it is one of these tables.
    pub(super) fn row_of(&self, key: Option<&[u8]>, value: Option<&[u8]>) -> Option<Row> {
        match self.reader.read(key, value) {
            Ok(Message::Row { after, .. }) => after,
            Ok(Message::Aside | Message::Tombstone | Message::Truncate { .. }) | Err(_) => None,
        }
    }
}

/// Where rows are said to come from: nothing that is compared depends on it.
pub(super) struct Meta {
    source: SourceInfo,
    place: TransactionInfo,
}

impl Meta {
    pub(super) fn new(name: &str, flavor: Flavor, version: &str) -> Meta {
        Meta {
            source: SourceInfo { name: name.to_owned(), flavor, version: version.to_owned() },
            place: TransactionInfo::place("".into(), 0),
        }
    }

    pub(super) fn event(&self) -> EventMeta<'_> {
        EventMeta {
            origin: Origin::Snapshot,
            event_ms: 0,
            now_ms: 0,
            source: &self.source,
            transaction: &self.place,
            offset: 0,
            row: 0,
            number: 0,
        }
    }
}
