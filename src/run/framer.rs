//! Plain events of one stream → entries of blocks: groups, places, table definitions. Pure but for one call that reads
//! INFORMATION_SCHEMA.
//!
//! Guarantees: every event is understood, skipped by a listed reason, or ends the stream; places are taken only from
//! events that carry them.
//! Does not: know tasks, prove columns (see `tables`), or decode rows.

mod again;
mod audit;

mod tables;
#[cfg(test)]
mod tests;

pub(super) use again::Again;
pub(super) use tables::{Asks, Given, Wanted};

use super::failure::{Class, Failure};
use super::place::Place;
use super::ring::{Definition, Verdict, What};
use crate::mysql::binlog::control::{FormatDescription, Heartbeat, Rotate, XaId, XaPrepare};
use crate::mysql::binlog::event::{DecodeError, Duty, EventType, Header, RawEvent, duty};
use crate::mysql::binlog::gtid::{MariaGtid, MariaXa, MySqlGtid, TwoPhaseAlter};
use crate::mysql::binlog::query::Query;
use crate::mysql::binlog::table_map::table_id;
use crate::mysql::ddl::{self, DdlEffect, Outline, Statement, Transaction};
use crate::mysql::position::{BinlogPosition, Flavor, Gtid, Position};
use crate::mysql::schema::Tracker;
use std::sync::Arc;
use tables::{RowsOf, StreamTables};

/// State of one stream between its events.
pub(super) struct Framer {
    flavor: Flavor,
    place: Place,
    group: Option<Group>,
    tables: StreamTables,
    /// What was read before; none: nothing comes again.
    again: Option<Again>,
    /// The last transaction was.
    came_again: bool,
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
    /// What is undone in it may stand in the log: only servers do that which let transactions mix tables with and without
    /// transactions, and those with GTIDs of MySQL do not.
    mixes: bool,
    /// First half of an ALTER that is logged twice, or its end by rollback: its statement changes nothing.
    void: bool,
    /// Place behind the compressed transaction whose events come now: they have none of their own.
    behind: Option<u64>,
    /// Where it begins.
    start: u64,
    /// It was read before.
    again: bool,
    /// It is an XA transaction that is prepared.
    prepares: bool,
}

impl Group {
    /// True when nothing of it is wanted: it was read before, and holds no rows that may yet be decided on.
    fn is_passed_over(&self) -> bool {
        self.again && !self.prepares
    }
}

impl Framer {
    /// A stream that begins at `position`, with what is known of tables in `tracker`.
    pub(super) fn new(position: &Position, tracker: Tracker, wanted: Wanted, asks: Asks) -> Framer {
        let flavor = position.server.flavor;
        Framer {
            flavor,
            place: Place { file: position.file.file.as_str().into(), offset: position.file.offset },
            group: None,
            tables: StreamTables::new(flavor, tracker, wanted, asks),
            again: None,
            came_again: false,
        }
    }

    /// The stream begins before the place as of which tables are known: of what comes again nothing is followed.
    pub(super) fn pass_over(&mut self, again: Option<Again>) {
        self.again = again;
    }

    /// The stream goes on at `place`, between two transactions, in a file of this format.
    pub(super) fn enter(&mut self, place: Place, format: Option<&FormatDescription>) {
        self.place = place;
        self.tables.forget_ids();
        if let Some(format) = format {
            self.tables.written_by(format);
        }
    }

    /// Tells columns that people gave for places to come.
    pub(super) fn give(&mut self, given: Vec<Given>) {
        self.tables.given = given;
    }

    /// Place behind the last event, when it lies between two transactions.
    pub(super) fn between(&self) -> Option<BinlogPosition> {
        self.group.is_none().then(|| self.place.position())
    }

    /// Nothing more is to be read at the moment: columns may be held against those of the server.
    ///
    /// # Errors
    /// The server could not be asked.
    pub(super) fn caught_up(&mut self) -> Result<(), Failure> {
        self.tables.caught_up()
    }

    /// True while a table waits for the stream to reach its proof.
    pub(super) fn waits_for_proof(&self) -> bool {
        self.tables.wait_for_proof()
    }

    /// Settles every proof that is still awaited by looking ahead: the ring is full, and the tasks in it wait for the proof.
    ///
    /// # Errors
    /// The server could not be asked.
    pub(super) fn look_ahead(&mut self) -> Result<(), Failure> {
        let offset = self.group.as_ref().map_or(self.place.offset, |group| group.start);
        self.tables.look_ahead(&BinlogPosition::new(&*self.place.file, offset), &self.place)
    }

    /// Takes the next event; what tasks have to look at goes to `out`. `inside` says that it stood in a compressed transaction.
    ///
    /// # Errors
    /// The stream cannot go on behind this event.
    pub(super) fn take(
        &mut self,
        event: &RawEvent<'_>,
        inside: bool,
        out: &mut Vec<What>,
    ) -> Result<(), Failure> {
        let header = &event.header;
        let compressed = self.group.as_ref().is_some_and(|group| group.behind.is_some());
        if inside != compressed {
            return Err(self.not_understood("a compressed transaction is not one transaction".to_owned()));
        }
        if header.event_type == EventType::TransactionPayload && !inside {
            return self.open_compressed(header);
        }
        if !inside {
            self.place.pass(header, self.group.is_some());
        }
        // Not the end of the event before: MariaDB, asked by GTID, sends the head of the file and then jumps to the first
        // transaction behind the position. Taken for older than it is, that one would be passed over.
        let start = self.place.offset.saturating_sub(u64::from(header.size));
        match duty(header) {
            Duty::Decode => self.decode(header, event.body, start, out)?,
            Duty::Skip => self.reached(false, out),
            Duty::Unpack => {
                return Err(self.not_understood(format!(
                    "the log holds an event {} that is packed twice",
                    header.event_type
                )));
            }
            Duty::Refuse(reason) => {
                return Err(
                    self.not_understood(format!("the log holds an event {}: {reason}", header.event_type))
                );
            }
        }
        self.tables.settle_proofs(&self.place);
        self.tables.settle_audit(&self.place)?;
        Ok(())
    }

    /// What could not be read where the stream stands.
    pub(super) fn damaged(&self, error: &DecodeError) -> Failure {
        Failure::unread(&self.place, error)
    }

    /// The events of a compressed transaction come now. The place stays before them until it ends: nothing of it is passed as long
    /// as not all is.
    fn open_compressed(&mut self, header: &Header) -> Result<(), Failure> {
        let mut behind = self.place.clone();
        behind.pass(header, self.group.is_some());
        let Some(group) = &mut self.group else {
            return Err(
                self.not_understood("a compressed transaction stands outside of a transaction".to_owned())
            );
        };
        group.behind = Some(behind.offset);
        Ok(())
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
                self.tables.forget_ids();
                self.tables.written_by(&description);
                self.reached(false, out);
            }
            EventType::Rotate => {
                let rotate = Rotate::parse(body).map_err(|error| broken(self, &error))?;
                self.place.rotate(rotate.file, rotate.position);
                self.tables.forget_ids();
                self.reached(false, out);
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
                let gtid = parsed.map_err(|error| broken(self, &error))?;
                let committed_us = Some(gtid.original_commit_us).filter(|us| *us > 0);
                self.begin(Some(gtid.gtid()), committed_us, start, Group::default(), out)?;
            }
            EventType::AnonymousGtid => self.begin(None, None, start, Group::default(), out)?,
            EventType::MariaGtid => {
                let gtid = MariaGtid::parse(body).map_err(|error| broken(self, &error))?;
                let group = Group {
                    began: !gtid.standalone,
                    void: matches!(gtid.alter, Some(TwoPhaseAlter::Start | TwoPhaseAlter::Rollback { .. })),
                    prepares: matches!(gtid.xa, Some(MariaXa::Prepares(_))),
                    ..Group::default()
                };
                self.begin(Some(gtid.gtid(header.server_id)), None, start, group, out)?;
                if let Some(MariaXa::Prepares(_)) = gtid.xa {
                    out.push(What::Verdict(Verdict::Prepares));
                }
            }
            EventType::Query => {
                let query = Query::parse(body).map_err(|error| broken(self, &error))?;
                self.query(&query, start, out)?;
            }
            EventType::Xid => self.end(out),
            EventType::XaPrepare => {
                let prepare = XaPrepare::parse(body).map_err(|error| broken(self, &error))?;
                if !prepare.one_phase {
                    out.push(What::Verdict(Verdict::Prepared(xid(&prepare.xid))));
                }
                self.end(out);
            }
            EventType::TableMap
            | EventType::WriteRowsV1
            | EventType::UpdateRowsV1
            | EventType::DeleteRowsV1
            | EventType::WriteRows
            | EventType::UpdateRows
            | EventType::DeleteRows
            | EventType::PartialUpdateRows
                if self.is_passed_over() => {}
            EventType::TableMap => self.tables.map(body, &self.place)?,
            EventType::WriteRowsV1
            | EventType::UpdateRowsV1
            | EventType::DeleteRowsV1
            | EventType::WriteRows
            | EventType::UpdateRows
            | EventType::DeleteRows
            | EventType::PartialUpdateRows => {
                let id = table_id(body).map_err(|error| broken(self, &error))?;
                match self.tables.rows_of(id) {
                    RowsOf::Wanted(table) => {
                        out.push(What::Rows(table.clone()));
                        let Some(group) = &mut self.group else {
                            return Err(self.not_understood("rows stand outside a transaction".to_owned()));
                        };
                        group.rows = true;
                        group.rows_after_savepoint |= group.savepoint;
                    }
                    RowsOf::Unwanted => {}
                    // Rows events that only close a statement use an id of their own and carry no rows.
                    RowsOf::Unmapped if id == DUMMY_TABLE_ID => {}
                    RowsOf::Unmapped => {
                        return Err(self.not_understood("rows came without their table map".to_owned()));
                    }
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
            | EventType::PartialRowData
            | EventType::Other(_) => {
                unreachable!("{:?} is skipped or refused, never decoded", header.event_type)
            }
        }
        Ok(())
    }

    fn begin(
        &mut self,
        gtid: Option<Gtid>,
        committed_us: Option<u64>,
        start: u64,
        group: Group,
        out: &mut Vec<What>,
    ) -> Result<(), Failure> {
        if self.group.is_some() {
            return Err(self.not_understood("a transaction began before the last one ended".to_owned()));
        }
        let mixes = self.flavor == Flavor::MariaDb || gtid.is_none();
        let has = |again: &mut Again| again.has(gtid.as_ref(), &self.place.file, start);
        let again = self.again.as_mut().is_some_and(has);
        if std::mem::replace(&mut self.came_again, again) != again {
            // Tables were mapped by what is known as of another place.
            self.tables.forget_ids();
        }
        self.group = Some(Group { start, mixes, again, ..group });
        out.push(What::Begin { gtid, committed_us, file: self.place.file.clone(), offset: start });
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<What>) {
        if let Some(behind) = self.group.take().and_then(|group| group.behind) {
            self.place.offset = behind;
        }
        out.push(What::End { file: self.place.file.clone(), offset: self.place.offset });
    }

    fn reached(&self, beat: bool, out: &mut Vec<What>) {
        if self.group.is_none() {
            out.push(What::Reached { file: self.place.file.clone(), offset: self.place.offset, beat });
        }
    }

    fn heartbeat(&mut self, file: &str, offset: u64, out: &mut Vec<What>) {
        if self.group.is_none() && *self.place.file == *file && offset >= self.place.offset {
            self.place.offset = offset;
            self.reached(true, out);
        }
    }

    fn query(&mut self, query: &Query<'_>, start: u64, out: &mut Vec<What>) -> Result<(), Failure> {
        let db = String::from_utf8_lossy(query.db).into_owned();
        let statement = ddl::parse(query.sql, &db, &query.session, self.flavor);
        let effect = statement.effect();
        if self.group.is_none() {
            // Logs without any GTID event: the statement itself begins the group.
            self.begin(None, None, start, Group::default(), out)?;
        }
        out.push(What::Writer(query.thread_id));
        let group = self.group.as_mut().expect("begun above");
        match &effect {
            DdlEffect::Transaction(control) => match control {
                Transaction::Begin => group.began = true,
                Transaction::XaStart => {
                    (group.began, group.prepares) = (true, true);
                    out.push(What::Verdict(Verdict::Prepares));
                }
                Transaction::Commit => self.end(out),
                Transaction::XaCommit | Transaction::XaRollback => {
                    let name = named(query.sql, &["XA COMMIT ", "XA ROLLBACK "]);
                    let Some(name) = name.map(|name| name.to_ascii_lowercase()) else {
                        return Err(self
                            .not_understood("an XA transaction ends whose name cannot be read".to_owned()));
                    };
                    let verdict = match control {
                        Transaction::XaRollback => Verdict::RolledBack(name),
                        _ => Verdict::Committed(name),
                    };
                    out.push(What::Verdict(verdict));
                    self.end(out);
                }
                Transaction::XaEnd => {}
                Transaction::Savepoint | Transaction::RollbackTo if group.mixes => {
                    let name = named(query.sql, &["SAVEPOINT ", "ROLLBACK TO SAVEPOINT ", "ROLLBACK TO "]);
                    let Some(name) = name.map(savepoint) else {
                        return Err(
                            self.not_understood("a savepoint has a name that cannot be read".to_owned())
                        );
                    };
                    out.push(What::Verdict(match control {
                        Transaction::RollbackTo => Verdict::BackTo(name),
                        _ => Verdict::Savepoint(name),
                    }));
                }
                Transaction::Savepoint => group.savepoint = true,
                // Logged for its temporary tables, or for statements about tables without transactions; rows of those are
                // logged at once, in a group of their own. Observed on MariaDB 10.11 and MySQL 5.7.
                Transaction::Rollback => {
                    if group.rows {
                        out.push(What::Verdict(Verdict::Undone));
                    }
                    self.end(out);
                }
                Transaction::RollbackTo if group.rows_after_savepoint => {
                    return Err(self.not_understood(
                        "ROLLBACK TO SAVEPOINT undoes rows that stand in the log, on a server that does not log such rows"
                            .to_owned(),
                    ));
                }
                Transaction::RollbackTo => {}
            },
            DdlEffect::Statement(tables) => {
                let wanted = tables.iter().find(|table| self.tables.wants(table)).cloned();
                if let Some(table) = wanted {
                    return Err(self.not_understood(format!(
                        "a change of {table} was logged as a statement, not as rows; set `binlog_format` to ROW for \
                         every session"
                    )));
                }
                if matches!(statement, Statement::CreateTable(_)) {
                    self.definition(statement, query, out);
                }
                self.end_unless_began(out);
            }
            DdlEffect::Nothing => {
                if matches!(statement, Statement::CreateDatabase(_)) {
                    self.definition(statement, query, out);
                }
                self.end_unless_began(out);
            }
            DdlEffect::Tables { .. } | DdlEffect::Database(_) | DdlEffect::Unknown => {
                if !group.void {
                    self.definition(statement, query, out);
                }
                self.end_unless_began(out);
            }
        }
        Ok(())
    }

    fn is_passed_over(&self) -> bool {
        self.group.as_ref().is_some_and(Group::is_passed_over)
    }

    fn definition(&mut self, statement: Statement, query: &Query<'_>, out: &mut Vec<What>) {
        if self.group.as_ref().is_some_and(|group| group.again) {
            return;
        }
        let shown: Arc<str> = ddl::shown(query.sql, &query.session, self.flavor).into();
        let followed = self.tables.defined(&statement, &query.session, &shown, &self.place);
        let effect = statement.effect();
        let outline =
            Outline::read(query.sql, &String::from_utf8_lossy(query.db), &query.session, self.flavor);
        let case = self.tables.case();
        out.push(What::Definition(Arc::new(Definition {
            statement,
            effect,
            followed,
            shown,
            outline,
            case,
        })));
    }

    fn end_unless_began(&mut self, out: &mut Vec<What>) {
        if self.group.as_ref().is_some_and(|group| !group.began) {
            self.end(out);
        }
    }

    fn not_understood(&self, what: String) -> Failure {
        Failure::new(Class::Data, format!("at {}: {what}", self.place))
    }
}

/// What stands behind one of these heads in a statement that the server itself has worded.
fn named<'s>(sql: &'s [u8], heads: &[&str]) -> Option<&'s str> {
    let sql = std::str::from_utf8(sql).ok()?.trim();
    heads.iter().find_map(|head| {
        let (begins, rest) = sql.split_at_checked(head.len())?;
        begins.eq_ignore_ascii_case(head).then(|| rest.trim())
    })
}

/// The name of a savepoint, of which case does not count.
fn savepoint(name: &str) -> String {
    let bare = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
    bare.map_or_else(|| name.to_owned(), |name| name.replace("``", "`")).to_lowercase()
}

/// The name of an XA transaction, in the words of XA COMMIT in the log.
fn xid(xid: &XaId<'_>) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("x'{}',x'{}',{}", hex(xid.global), hex(xid.branch), xid.format)
}

/// Table id of rows events that carry no rows and only end a statement. Source: MySQL `Table_id`, `log_event.cc`.
const DUMMY_TABLE_ID: u64 = 0x00ff_ffff;
