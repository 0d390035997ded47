//! Where a task begins, and what is known of tables there: at its first position, and for databases that join later.
//!
//! Definitions are read as the server has them now. They hold at a place of the past where no statement has touched them since: the
//! log between is looked through.

use super::Task;
use super::known::{Known, columns, wording};
use super::output::Output;
use super::source::Source;
use crate::catalog::TableFacts;
use crate::engine::commit::HEARTBEAT_MS;
use crate::mysql::position::{Position, ServerIdentity};
use crate::mysql::schema::TableName;
use crate::plan::TaskPlan;
use crate::run::context::Context;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::search::{Search, begin};
use crate::source::mysql::io::{self as source, Endpoint, Session};
use crate::statement::Start;
use std::cell::{Cell, RefCell};

/// Times the columns are read again until two reads agree.
const SETTLED_READS_MAX: u32 = 20;

/// Where is looked.
pub(super) struct Looked {
    instance: String,
    endpoint: Endpoint,
    server: ServerIdentity,
    release: (u16, u16, u16),
}

impl Looked {
    pub(super) fn of(source: &Source, context: &Context) -> Looked {
        let server = &source.catalog.server;
        Looked {
            instance: context.state.instance().to_owned(),
            endpoint: source.endpoint.clone(),
            server: server.identity.clone(),
            release: server.version_number,
        }
    }

    pub(super) fn search<'s>(&'s self, plan: &'s TaskPlan, over: &'s dyn Fn() -> bool) -> Search<'s> {
        let Looked { instance, endpoint, server, release } = self;
        Search { plan, endpoint, server, release: *release, over, opened: &|_| {}, instance }
    }
}

/// Shows that the owner lives while the log is looked through: it may take long, and nothing is committed meanwhile.
struct Shown<'t> {
    task: &'t Task,
    output: RefCell<&'t mut Output>,
    said_ms: Cell<Option<u64>>,
    failure: Cell<Option<Failure>>,
}

impl<'t> Shown<'t> {
    fn new(task: &'t Task, output: &'t mut Output) -> Shown<'t> {
        Shown { task, output: RefCell::new(output), said_ms: Cell::default(), failure: Cell::default() }
    }

    /// Says so when it is time. True when nobody wants to know any more what is looked for.
    fn is_over(&self) -> bool {
        let now_ms = self.task.clock.now_ms();
        if self.said_ms.get().is_none_or(|said_ms| now_ms >= said_ms + HEARTBEAT_MS) {
            self.said_ms.set(Some(now_ms));
            if let Err(failure) = self.output.borrow_mut().beat() {
                self.failure.set(Some(failure));
                return true;
            }
        }
        self.task.orders.look().is_some()
    }

    /// What was found; a target that failed meanwhile comes before that.
    fn found<T>(&self, found: Result<Option<T>, Failure>) -> Result<Option<T>, Failure> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => found,
        }
    }
}

impl Task {
    /// Where the task begins: the end of the log, or the place that `start at` names; with columns that are proven there. They
    /// are read before and after, until the two agree; of a place in the past, those count that no statement has touched since.
    /// `creates` gets the statements that make the tables which are told. None when an order came meanwhile.
    pub(super) fn first_position(
        &self,
        source: &mut Source,
        known: &mut Known,
        output: &mut Output,
        creates: &mut Vec<(TableName, String)>,
    ) -> Result<Option<Position>, Failure> {
        let plan = self.plan.clone();
        let shown = Shown::new(self, output);
        let over = || shown.is_over();
        let place = Looked::of(source, &self.context);
        let search = place.search(&plan, &over);
        let past = match &plan.start {
            _ if self.lost => None,
            Start::Snapshot(_) | Start::Now => None,
            Start::At(at) => {
                match shown.found(begin(&search, &mut source.session, &source.catalog.server, at))? {
                    Some(position) => {
                        let text = format!("`start at` is {position}");
                        Event::info(Name::PrecheckPassed, text)
                            .task(&self.id)
                            .position(&position.file)
                            .emit();
                        Some(position)
                    }
                    None => return Ok(None),
                }
            }
        };
        let captured = |db: &str| plan.captures(db);
        let mut before = source::definitions(&mut source.session, captured)?;
        for _ in 0..SETTLED_READS_MAX {
            let position = source::start_position(&mut source.session)?;
            let tables = source::tables(&mut source.session, |db, table| plan.selects(db, table))?;
            *creates = self.creates(&mut source.session, &tables)?;
            let after = source::definitions(&mut source.session, captured)?;
            let same = columns(&tables) == columns(&source.catalog.tables) && before == after;
            source.catalog.tables = tables;
            if same {
                let (position, since) = match &past {
                    None => (position, Vec::new()),
                    Some(past) => {
                        let end = source::end_of_log(&mut source.session)?.unwrap_or(position);
                        match shown.found(search.statements(past, &end.file))? {
                            Some(since) => (past.clone(), since),
                            None => return Ok(None),
                        }
                    }
                };
                let wording = wording(&source.catalog.server);
                let output = shown.output.into_inner();
                if self.lost {
                    known.forget_missing(&source.catalog.tables, &after, &position, output);
                }
                known.seed(&source.catalog.tables, &after, &since, wording, &position, output);
                return Ok(Some(position));
            }
            before = after;
        }
        Err(Failure::new(Class::Request, "table definitions keep changing; no start can be proven meanwhile"))
    }

    /// The statements that make the tables of which consumers are told before their first row.
    fn creates(
        &self,
        session: &mut Session,
        tables: &[TableFacts],
    ) -> Result<Vec<(TableName, String)>, Failure> {
        let mut creates = Vec::new();
        for table in
            tables.iter().filter(|table| table.kind.has_rows() && self.plan.start.tells() && !self.lost)
        {
            let name = &table.version.name;
            let decision = self.plan.decide(&name.db, &name.table);
            if decision.is_ok_and(|decision| decision.is_some_and(|decision| decision.ddl.is_some()))
                && let Some(text) = source::create_statement(session, name)?
            {
                creates.push((name.clone(), text));
            }
        }
        Ok(creates)
    }

    /// Reads the definitions of databases that the plan selects from and nothing is known of, as of `position`: they came with
    /// another plan. False when an order came meanwhile.
    pub(super) fn add_databases(
        &self,
        source: &mut Source,
        position: &Position,
        known: &mut Known,
        output: &mut Output,
    ) -> Result<bool, Failure> {
        let plan = self.plan.clone();
        let shown = Shown::new(self, output);
        let over = || shown.is_over();
        let place = Looked::of(source, &self.context);
        for _ in 0..SETTLED_READS_MAX {
            let is_new = |db: &str| plan.captures(db) && !known.has_database(db);
            let before = source::definitions(&mut source.session, is_new)?;
            if before.databases.is_empty() {
                return Ok(true);
            }
            let tables =
                source::tables(&mut source.session, |db, table| is_new(db) && plan.selects(db, table))?;
            let after = source::definitions(&mut source.session, is_new)?;
            if before != after {
                continue;
            }
            let Some(end) = source::end_of_log(&mut source.session)? else { return Ok(true) };
            let since = place.search(&plan, &over).statements(position, &end.file);
            let Some(since) = shown.found(since)? else { return Ok(false) };
            let output = shown.output.into_inner();
            known.seed(&tables, &after, &since, wording(&source.catalog.server), position, output);
            return Ok(true);
        }
        Err(Failure::new(
            Class::Request,
            "table definitions keep changing; nothing can be proven of them meanwhile",
        ))
    }
}
