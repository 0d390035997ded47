//! Raw events of one stream → entries of blocks: groups, places, table definitions. Pure but for one call that reads
//! INFORMATION_SCHEMA.
//!
//! Guarantees: every event is understood, skipped by a listed reason, or ends the stream; places are taken only from
//! events that carry them; rows of a table reach a task only with columns that were proven.
//! Does not: know tasks, or decode rows.

use super::failure::{Class, Failure};
use super::ring::{Columns, MappedTable, What};
use crate::mysql::binlog::control::{FormatDescription, Heartbeat, Rotate, XaPrepare};
use crate::mysql::binlog::event::{Checksum, Duty, EventType, Header, duty, split_event};
use crate::mysql::binlog::gtid::{MariaGtid, MySqlGtid, TwoPhaseAlter};
use crate::mysql::binlog::layout::RowLayout;
use crate::mysql::binlog::query::Query;
use crate::mysql::binlog::table_map::{TableMap, table_id};
use crate::mysql::ddl::{DdlEffect, Transaction, classify};
use crate::mysql::position::{BinlogPosition, Flavor, Gtid, Position};
use crate::mysql::schema::{Resolution, TableName, TableVersion, Tracker};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// Columns of a table as INFORMATION_SCHEMA has them now, and the end of the log after they were read.
pub(super) struct Reread {
    /// The columns; none: there is no such table (any more).
    pub(super) version: Option<TableVersion>,
    /// It is no table, though it has rows in the log.
    pub(super) ignored: bool,
    /// Everything that could have changed them before the read lies before this place.
    pub(super) upto: BinlogPosition,
}

/// Reads the columns of one table.
pub(super) type Rereader = Box<dyn FnMut(&TableName) -> Result<Reread, Failure> + Send>;

/// Tells which tables some task selects.
pub(super) type Wanted = Arc<dyn Fn(&TableName) -> bool + Send + Sync>;

/// The frame of an event.
pub(super) struct Framed {
    /// Its header.
    pub(super) header: Header,
    /// Length of its body: what lies between header and checksum.
    pub(super) body_bytes: usize,
}

/// State of one stream between its events.
pub(super) struct Framer {
    flavor: Flavor,
    checksum: Checksum,
    file: Arc<str>,
    offset: u64,
    group: Option<Group>,
    maps: HashMap<u64, Mapping>,
    n_mapped: u32,
    tracker: Tracker,
    wanted: Wanted,
    reread: Rereader,
    pending: Vec<Pending>,
}

/// A transaction, or a statement with its GTID, that has begun and not ended.
#[derive(Debug, Default)]
struct Group {
    /// `BEGIN` was seen or implied: it ends with a commit, not with its first statement.
    began: bool,
    /// Rows of wanted tables stand in it.
    rows: bool,
    /// Rows of wanted tables came after a savepoint.
    rows_after_savepoint: bool,
    savepoint: bool,
    /// First half of an ALTER that is logged twice, or its end by rollback: its statement changes nothing.
    void: bool,
}

/// What a table id stands for.
enum Mapping {
    Wanted { body: Vec<u8>, table: Arc<MappedTable> },
    Unwanted,
}

/// What a mapped name turned out to be.
enum Resolved {
    /// A table: its columns are settled, or will be.
    Table,
    /// Nothing that has rows to send.
    Ignored,
}

/// A table whose columns were read again and wait for the stream to reach the place up to which they are proven.
struct Pending {
    table: Arc<MappedTable>,
    map: TableMap,
    version: Arc<TableVersion>,
    upto: BinlogPosition,
}

impl Framer {
    /// A stream that begins at `position`, with what is known of tables in `tracker`.
    pub(super) fn new(position: &Position, tracker: Tracker, wanted: Wanted, reread: Rereader) -> Framer {
        Framer {
            flavor: position.server.flavor,
            checksum: Checksum::Off,
            file: position.file.file.as_str().into(),
            offset: position.file.offset,
            group: None,
            maps: HashMap::new(),
            n_mapped: 0,
            tracker,
            wanted,
            reread,
            pending: Vec::new(),
        }
    }

    /// Place behind the last event, when it lies between two transactions.
    pub(super) fn between(&self) -> Option<BinlogPosition> {
        self.group.is_none().then(|| BinlogPosition::new(&*self.file, self.offset))
    }

    /// True while a table waits for the stream to reach its proof.
    pub(super) fn waits_for_proof(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Gives up every proof that is still awaited: the ring is full, and the tasks in it wait for the proof.
    pub(super) fn give_up_proofs(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            let reason = "too much was logged between the statement and the place up to which the columns could be read";
            settle(&pending.table, Err(unproven(&pending.table.name, &self.place(), reason)));
        }
    }

    /// Frames one event; what tasks have to look at goes to `out`.
    ///
    /// # Errors
    /// The stream cannot go on behind this event.
    pub(super) fn frame(&mut self, raw: &[u8], out: &mut Vec<What>) -> Result<Framed, Failure> {
        let event = match split_event(raw, self.checksum) {
            Ok(event) => event,
            Err(error) => {
                return Err(self.not_understood(format!("{error}; the log or its transfer is damaged")));
            }
        };
        let header = event.header;
        if !header.is_artificial()
            && !matches!(header.event_type, EventType::Heartbeat | EventType::HeartbeatV2)
        {
            self.offset = end_offset(self.offset, &header, self.group.is_some());
        }
        // Not the end of the event before: MariaDB, asked by GTID, sends the head of the file and then jumps to the first
        // transaction behind the position. Taken for older than it is, that one would be passed over.
        let start = self.offset.saturating_sub(u64::from(header.size));
        match duty(&header) {
            Duty::Decode => self.decode(&header, event.body, start, out)?,
            Duty::Skip => self.reached(out),
            Duty::Refuse(reason) => return Err(self.not_understood(format!("the log holds {reason}"))),
        }
        self.settle_proofs();
        Ok(Framed { header, body_bytes: event.body.len() })
    }

    fn decode(
        &mut self,
        header: &Header,
        body: &[u8],
        start: u64,
        out: &mut Vec<What>,
    ) -> Result<(), Failure> {
        let broken =
            |framer: &Framer, error: &dyn std::fmt::Display| framer.not_understood(error.to_string());
        match header.event_type {
            EventType::FormatDescription => {
                let description = FormatDescription::parse(body).map_err(|error| broken(self, &error))?;
                self.checksum = description.checksum;
                self.maps.clear();
                self.reached(out);
            }
            EventType::Rotate => {
                let rotate = Rotate::parse(body).map_err(|error| broken(self, &error))?;
                if *self.file != *rotate.file {
                    self.file = rotate.file.into();
                }
                self.offset = rotate.position;
                self.maps.clear();
                self.reached(out);
            }
            EventType::Heartbeat => {
                let beat =
                    Heartbeat::parse_v1(body, header.end_position).map_err(|error| broken(self, &error))?;
                self.heartbeat(beat.file, beat.position, out);
            }
            EventType::HeartbeatV2 => {
                let beat = Heartbeat::parse_v2(body).map_err(|error| broken(self, &error))?;
                self.heartbeat(beat.file, beat.position, out);
            }
            EventType::Gtid | EventType::GtidTagged => {
                let parsed = match header.event_type {
                    EventType::GtidTagged => MySqlGtid::parse_tagged(body),
                    _ => MySqlGtid::parse(body),
                };
                let gtid = parsed.map_err(|error| broken(self, &error))?.gtid();
                self.begin(Some(gtid), start, Group::default(), out)?;
            }
            EventType::AnonymousGtid => self.begin(None, start, Group::default(), out)?,
            EventType::MariaGtid => {
                let gtid = MariaGtid::parse(body).map_err(|error| broken(self, &error))?;
                let group = Group {
                    began: !gtid.standalone,
                    void: matches!(gtid.alter, Some(TwoPhaseAlter::Start | TwoPhaseAlter::Rollback { .. })),
                    ..Group::default()
                };
                self.begin(Some(gtid.gtid(header.server_id)), start, group, out)?;
            }
            EventType::Query => {
                let query = Query::parse(body).map_err(|error| broken(self, &error))?;
                self.query(&query, start, out)?;
            }
            EventType::Xid => self.end(out),
            EventType::XaPrepare => {
                let prepare = XaPrepare::parse(body).map_err(|error| broken(self, &error))?;
                let rows = self.group.as_ref().is_some_and(|group| group.rows);
                if rows && !prepare.one_phase {
                    return Err(self.not_understood(
                        "an XA transaction prepared rows of selected tables; whether they count is decided later, \
                         which this release does not follow"
                            .to_owned(),
                    ));
                }
                self.end(out);
            }
            EventType::TableMap => self.table_map(body)?,
            EventType::WriteRowsV1
            | EventType::UpdateRowsV1
            | EventType::DeleteRowsV1
            | EventType::WriteRows
            | EventType::UpdateRows
            | EventType::DeleteRows => {
                let id = table_id(body).map_err(|error| broken(self, &error))?;
                match self.maps.get(&id) {
                    Some(Mapping::Wanted { table, .. }) => {
                        out.push(What::Rows(table.clone()));
                        let Some(group) = &mut self.group else {
                            return Err(self.not_understood("rows stand outside a transaction".to_owned()));
                        };
                        group.rows = true;
                        group.rows_after_savepoint |= group.savepoint;
                    }
                    Some(Mapping::Unwanted) => {}
                    // Rows events that only close a statement use an id of their own and carry no rows.
                    None if id == DUMMY_TABLE_ID => {}
                    None => return Err(self.not_understood("rows came without their table map".to_owned())),
                }
            }
            EventType::Unknown
            | EventType::StartV3
            | EventType::Stop
            | EventType::IntVar
            | EventType::Load
            | EventType::Slave
            | EventType::CreateFile
            | EventType::AppendBlock
            | EventType::ExecLoad
            | EventType::DeleteFile
            | EventType::NewLoad
            | EventType::Rand
            | EventType::UserVar
            | EventType::BeginLoadQuery
            | EventType::ExecuteLoadQuery
            | EventType::PreGaWriteRows
            | EventType::PreGaUpdateRows
            | EventType::PreGaDeleteRows
            | EventType::Incident
            | EventType::Ignorable
            | EventType::RowsQuery
            | EventType::PreviousGtids
            | EventType::TransactionContext
            | EventType::ViewChange
            | EventType::PartialUpdateRows
            | EventType::TransactionPayload
            | EventType::AnnotateRows
            | EventType::BinlogCheckpoint
            | EventType::GtidList
            | EventType::StartEncryption
            | EventType::QueryCompressed
            | EventType::WriteRowsCompressedV1
            | EventType::UpdateRowsCompressedV1
            | EventType::DeleteRowsCompressedV1
            | EventType::WriteRowsCompressed
            | EventType::UpdateRowsCompressed
            | EventType::DeleteRowsCompressed
            | EventType::Other(_) => {
                unreachable!("{:?} is skipped or refused, never decoded", header.event_type)
            }
        }
        Ok(())
    }

    fn begin(
        &mut self,
        gtid: Option<Gtid>,
        start: u64,
        group: Group,
        out: &mut Vec<What>,
    ) -> Result<(), Failure> {
        if self.group.is_some() {
            return Err(self.not_understood("a transaction began before the last one ended".to_owned()));
        }
        self.group = Some(group);
        out.push(What::Begin { gtid, file: self.file.clone(), offset: start });
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<What>) {
        self.group = None;
        out.push(What::End { file: self.file.clone(), offset: self.offset });
    }

    fn reached(&self, out: &mut Vec<What>) {
        if self.group.is_none() {
            out.push(What::Reached { file: self.file.clone(), offset: self.offset });
        }
    }

    fn heartbeat(&mut self, file: &str, offset: u64, out: &mut Vec<What>) {
        if self.group.is_none() && *self.file == *file && offset >= self.offset {
            self.offset = offset;
            self.reached(out);
        }
    }

    fn query(&mut self, query: &Query<'_>, start: u64, out: &mut Vec<What>) -> Result<(), Failure> {
        let db = String::from_utf8_lossy(query.db).into_owned();
        let effect = classify(query.sql, &db, &query.session, self.flavor);
        if self.group.is_none() {
            // Logs without any GTID event: the statement itself begins the group.
            self.begin(None, start, Group::default(), out)?;
        }
        let group = self.group.as_mut().expect("begun above");
        match &effect {
            DdlEffect::Transaction(control) => match control {
                Transaction::Begin | Transaction::XaStart => group.began = true,
                Transaction::Commit | Transaction::XaCommit | Transaction::XaRollback => self.end(out),
                Transaction::XaEnd => {}
                Transaction::Savepoint => group.savepoint = true,
                Transaction::Rollback if group.rows => {
                    return Err(self.not_understood(
                        "a transaction with rows of selected tables ends in ROLLBACK (it also changed a table without \
                         transactions); which rows stayed cannot be told"
                            .to_owned(),
                    ));
                }
                Transaction::Rollback => self.end(out),
                Transaction::RollbackTo if group.rows_after_savepoint => {
                    return Err(self.not_understood(
                        "ROLLBACK TO SAVEPOINT undoes rows that stand in the log; this release does not hold them back"
                            .to_owned(),
                    ));
                }
                Transaction::RollbackTo => {}
            },
            DdlEffect::Statement(tables) => {
                let wanted = tables.iter().find(|table| (self.wanted)(table)).cloned();
                if let Some(table) = wanted {
                    return Err(self.not_understood(format!(
                        "a change of {table} was logged as a statement, not as rows; set `binlog_format` to ROW for \
                         every session"
                    )));
                }
                self.end_unless_began(out);
            }
            DdlEffect::Nothing => self.end_unless_began(out),
            DdlEffect::Tables { .. } | DdlEffect::Database(_) | DdlEffect::Unknown => {
                if !group.void {
                    self.definition(effect, out);
                }
                self.end_unless_began(out);
            }
        }
        Ok(())
    }

    fn definition(&mut self, effect: DdlEffect, out: &mut Vec<What>) {
        self.tracker.on_ddl(&effect);
        let place = self.place();
        self.pending.retain(|pending| {
            if effect.may_touch(&pending.table.name) {
                let reason = "another statement followed before its columns could be read";
                settle(&pending.table, Err(unproven(&pending.table.name, &place, reason)));
                return false;
            }
            true
        });
        // Whatever was mapped before is mapped anew behind the statement.
        self.maps.clear();
        out.push(What::Definition(Arc::new(effect)));
    }

    fn end_unless_began(&mut self, out: &mut Vec<What>) {
        if self.group.as_ref().is_some_and(|group| !group.began) {
            self.end(out);
        }
    }

    fn table_map(&mut self, body: &[u8]) -> Result<(), Failure> {
        let id = table_id(body).map_err(|error| self.not_understood(error.to_string()))?;
        match self.maps.get(&id) {
            Some(Mapping::Wanted { body: known, .. }) if known == body => return Ok(()),
            Some(Mapping::Unwanted) => return Ok(()),
            Some(Mapping::Wanted { .. }) | None => {}
        }
        let map = match TableMap::parse(body, self.flavor) {
            Ok(map) => map,
            Err(error) => return Err(self.not_understood(error.to_string())),
        };
        let name = TableName::new(&map.db, &map.table);
        if !(self.wanted)(&name) {
            self.maps.insert(id, Mapping::Unwanted);
            return Ok(());
        }
        let table = Arc::new(MappedTable { number: self.n_mapped, name, columns: OnceLock::new() });
        self.n_mapped += 1;
        let mapping = match self.resolve(&table, map)? {
            Resolved::Table => Mapping::Wanted { body: body.to_vec(), table },
            Resolved::Ignored => Mapping::Unwanted,
        };
        self.maps.insert(id, mapping);
        Ok(())
    }

    /// Finds the columns of a new mapping, or reads them again and waits for the proof.
    fn resolve(&mut self, table: &Arc<MappedTable>, map: TableMap) -> Result<Resolved, Failure> {
        let resolution = self.tracker.on_table_map(&map);
        let version = match resolution {
            Resolution::Known(version) | Resolution::Changed(version) => version,
            Resolution::NeedsRefresh => {
                // The event names the columns; only attributes are wanted, which no later statement can falsify.
                let found = (self.reread)(&table.name)?;
                if found.ignored {
                    return Ok(Resolved::Ignored);
                }
                match self.tracker.refresh(&map, found.version.as_ref()) {
                    Ok(version) => version,
                    Err(doubt) => {
                        settle(table, Err(unproven(&table.name, &self.place(), &doubt.to_string())));
                        return Ok(Resolved::Table);
                    }
                }
            }
            Resolution::Unproven(doubt) => {
                let found = (self.reread)(&table.name)?;
                if found.ignored {
                    return Ok(Resolved::Ignored);
                }
                let Some(version) = found.version else {
                    settle(table, Err(unproven(&table.name, &self.place(), &doubt.to_string())));
                    return Ok(Resolved::Table);
                };
                self.pending.push(Pending {
                    table: table.clone(),
                    map,
                    version: Arc::new(version),
                    upto: found.upto,
                });
                return Ok(Resolved::Table);
            }
        };
        let columns = columns(&map, version, &self.place());
        settle(table, columns);
        Ok(Resolved::Table)
    }

    /// Proves the tables whose place the stream has reached without another statement in between.
    fn settle_proofs(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let here = BinlogPosition::new(&*self.file, self.offset);
        let place = self.place();
        let (reached, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pending).into_iter().partition(|pending| pending.upto <= here);
        self.pending = waiting;
        for pending in reached {
            let columns = columns(&pending.map, pending.version.clone(), &place);
            if columns.is_ok() {
                self.tracker.prove(&pending.table.name, pending.version);
            }
            settle(&pending.table, columns);
        }
    }

    fn place(&self) -> String {
        format!("{}:{}", self.file, self.offset)
    }

    fn not_understood(&self, what: String) -> Failure {
        Failure::new(Class::Data, format!("at {}: {what}", self.place()))
    }
}

/// Table id of rows events that carry no rows and only end a statement. Source: MySQL `Table_id`, `log_event.cc`.
const DUMMY_TABLE_ID: u64 = 0x00ff_ffff;

/// How far an offset may seem to go back before it is one that outgrew the header.
const OUTGROWN: u64 = 1 << 31;

/// Offset behind an event. Headers hold 32 bits of it, and 0 inside transactions of MariaDB 11.8.
///
/// Between transactions 0 says that the event has no place: a dump from the middle of a file begins with the
/// FORMAT_DESCRIPTION of its beginning. Source: `fake_rotate_event` and its neighbours in MariaDB `sql_repl.cc`,
/// `send_format_description_event` in MySQL `rpl_binlog_sender.cc`.
fn end_offset(before: u64, header: &Header, inside: bool) -> u64 {
    if header.end_position == 0 {
        return if inside { before + u64::from(header.size) } else { before };
    }
    let high = before & !u64::from(u32::MAX);
    let end = high | u64::from(header.end_position);
    if end + OUTGROWN < before { end + (1 << 32) } else { end }
}

fn columns(map: &TableMap, version: Arc<TableVersion>, place: &str) -> Result<Columns, Failure> {
    match RowLayout::build(map, &version) {
        Ok(layout) => Ok(Columns { version, layout: Arc::new(layout) }),
        Err(error) => Err(unproven(&version.name, place, &error.to_string())),
    }
}

fn settle(table: &MappedTable, columns: Result<Columns, Failure>) {
    table.columns.set(columns).expect("a mapping is settled once");
}

fn unproven(table: &TableName, place: &str, reason: &str) -> Failure {
    Failure::new(
        Class::Data,
        format!(
            "at {place}: the columns of {table} are not proven: {reason}. Set `binlog_row_metadata` to FULL, so that the \
             log names them, or exclude the table"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::binlog::event::HEADER_BYTES;
    use crate::mysql::position::{Gtids, ServerIdentity};

    fn header(end_position: u32, size: u32) -> Header {
        Header {
            time: 0,
            event_type: EventType::Xid,
            type_number: 16,
            server_id: 1,
            size,
            end_position,
            flags: 0,
        }
    }

    /// An event without checksum, as before the first format description.
    fn raw(type_number: u8, end_position: u32, flags: u16, body: &[u8]) -> Vec<u8> {
        let size = (HEADER_BYTES + body.len()) as u32;
        let mut raw = vec![0, 0, 0, 0, type_number, 1, 0, 0, 0];
        raw.extend_from_slice(&size.to_le_bytes());
        raw.extend_from_slice(&end_position.to_le_bytes());
        raw.extend_from_slice(&flags.to_le_bytes());
        raw.extend_from_slice(body);
        raw
    }

    /// The ROTATE that opens a dump.
    fn opening(file: &str, offset: u64) -> Vec<u8> {
        raw(4, 0, 0x20, &[&offset.to_le_bytes(), file.as_bytes()].concat())
    }

    fn maria_gtid(end_position: u32) -> Vec<u8> {
        raw(162, end_position, 0, &[&101_u64.to_le_bytes()[..], &[0; 4], &[0], &[0; 6]].concat())
    }

    fn framer(file: &str, offset: u64) -> Framer {
        let position = Position {
            server: ServerIdentity { flavor: Flavor::MariaDb, uuid: "u".into(), server_id: 1 },
            file: BinlogPosition::new(file, offset),
            gtids: Gtids::Off,
        };
        let unread = |_: &TableName| Err(Failure::new(Class::Bug, "nothing is to be read"));
        Framer::new(
            &position,
            Tracker::new(Flavor::MariaDb),
            Arc::new(|_: &TableName| true),
            Box::new(unread),
        )
    }

    fn entries(framer: &mut Framer, events: &[Vec<u8>]) -> Vec<String> {
        let mut found = Vec::new();
        for event in events {
            framer.frame(event, &mut found).expect("understood");
        }
        let told = found.iter().map(|what| match what {
            What::Begin { offset, .. } => format!("begin {offset}"),
            What::End { offset, .. } => format!("end {offset}"),
            What::Reached { offset, .. } => format!("reached {offset}"),
            What::Rows(_) | What::Definition(_) | What::Stop(_) => "other".to_owned(),
        });
        told.collect()
    }

    #[test]
    fn a_transaction_behind_what_was_left_out_begins_where_it_stands() {
        // Asked for by GTID, MariaDB names the beginning of the file, then sends what is new.
        let mut framer = framer("b.000005", 10_000);
        let size = maria_gtid(0).len() as u32;
        let events = [opening("b.000005", 4), maria_gtid(10_000 + size)];
        assert_eq!(entries(&mut framer, &events), ["reached 4", "begin 10000"]);
    }

    #[test]
    fn events_without_a_place_move_nothing() {
        // From the middle of a file, the server repeats events of its beginning with the end position 0.
        let mut framer = framer("b.000005", 10_000);
        let list = raw(163, 0, 0, &[0; 4]);
        let xid = raw(16, 10_069, 0, &[0; 8]);
        let events = [opening("b.000005", 10_000), list, maria_gtid(10_038), xid];
        let told = ["reached 10000", "reached 10000", "begin 10000", "end 10069"];
        assert_eq!(entries(&mut framer, &events), told);
    }

    #[test]
    fn counters_of_sequences_are_no_rows() {
        let mut framer = framer("b.000005", 4);
        framer.reread = Box::new(|name| {
            let version = TableVersion {
                name: name.clone(),
                columns: Vec::new(),
                primary_key: Vec::new(),
                unique_keys: Vec::new(),
            };
            Ok(Reread {
                version: Some(version),
                ignored: name.table == "s",
                upto: BinlogPosition::new("b.000005", 4),
            })
        });
        let map = |id: u8, table: u8| {
            let body =
                [&[id, 0, 0, 0, 0, 0, 1, 0][..], b"\x04shop\0\x01", &[table], b"\0\x01\x08\0\0"].concat();
            raw(19, 0, 0, &body)
        };
        let rows = |id: u8| raw(23, 0, 0, &[id, 0, 0, 0, 0, 0, 1, 0]);
        let events = [opening("b.000005", 4), maria_gtid(42), map(7, b's'), rows(7)];
        assert_eq!(entries(&mut framer, &events), ["reached 4", "begin 4"]);
        assert_eq!(entries(&mut framer, &[map(8, b't'), rows(8)]), ["other"], "a table is not passed over");
    }

    #[test]
    fn offsets_outgrow_the_header() {
        assert_eq!(end_offset(100, &header(131, 31), false), 131);
        assert_eq!(
            end_offset(100, &header(0, 31), true),
            131,
            "inside a transaction the header may not tell"
        );
        assert_eq!(end_offset(100, &header(0, 31), false), 100, "between two, the event has no place");
        let before = u64::from(u32::MAX) - 10;
        assert_eq!(end_offset(before, &header(20, 31), false), (1 << 32) + 20);
        assert_eq!(end_offset((1 << 32) + 20, &header(51, 31), false), (1 << 32) + 51);
        assert_eq!(end_offset(1_000, &header(900, 31), false), 900, "no file grew by 4 GiB in between");
    }
}
