//! `source`.

use super::argument::{plain, quantities, quantity, says, secret, text, texts};
use super::left_out::LeftOut;
use super::pipeline::Retry;
use super::range::Rank;
use super::setting::word_set;
use super::shape::Value;
use super::start::options;
use super::statement::{Reader, Stmt};
use super::tls::{Tls, tls};
use super::unplaced::given_twice;
use crate::diagnostic::{Diagnostic, Fix};
use crate::pattern::Member;
use crate::statement::{
    self as st, Address, Heartbeat, OnFailover, OnlineDdl, SecretRef, Start, Text, WordSet,
};
use crate::text::{Span, Spanned};
use std::collections::BTreeMap;

/// `source NAME mysql`.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its name.
    pub name: Spanned<String>,
    /// Where it stands in the range that declares it.
    pub rank: Option<Rank>,
    /// The line that declares it.
    pub head: Span,
    /// Text of the `##` lines before it.
    pub doc: Option<Spanned<String>>,
    /// `address`, or that of the header.
    pub address: Option<Spanned<Text>>,
    /// `user`.
    pub user: Option<Spanned<String>>,
    /// `password`.
    pub password: Option<Spanned<SecretRef>>,
    /// `tls`.
    pub tls: Option<Spanned<Tls>>,
    /// `time-zone`.
    pub time_zone: Option<Spanned<String>>,
    /// `standby`.
    pub standby: Option<Spanned<Vec<String>>>,
    /// `on-failover`.
    pub on_failover: Option<Spanned<OnFailover>>,
    /// `server-id`.
    pub server_id: Option<Spanned<ServerId>>,
    /// `readers`.
    pub readers: Option<Spanned<u64>>,
    /// `heartbeat`.
    pub heartbeat: Option<Spanned<Heartbeat>>,
    /// `event-limit`, bytes.
    pub event_limit_bytes: Option<Spanned<u64>>,
    /// `online-ddl`.
    pub online_ddl: Option<Spanned<WordSet<OnlineDdl>>>,
    /// `start`.
    pub start: Option<Spanned<Start>>,
    /// Places of its options, by their words.
    pub start_options: BTreeMap<&'static str, Span>,
    /// `retry`.
    pub retry: Retry,
    /// What goes away when one of its statements is removed, by the statement's place.
    pub lines: BTreeMap<Span, Span>,
    /// What could not be read of it.
    pub left_out: LeftOut,
}

/// `server-id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerId {
    /// `auto`.
    Auto,
    /// `N [to M]`.
    From {
        /// N.
        first: u32,
        /// M; none takes one id for each of the `readers`.
        last: Option<u32>,
    },
}

impl Source {
    /// What it is called where all that its statement declares is meant.
    pub fn called(&self) -> &str {
        self.rank.as_ref().map_or(&self.name.value, |rank| &rank.range)
    }

    /// Most connections that read the log at once.
    pub fn n_readers(&self) -> u64 {
        self.readers.as_ref().map_or(READERS, |readers| readers.value)
    }
}

impl Reader<'_> {
    /// A source, or a member of the range that declares it.
    pub(super) fn source(&mut self, member: &Member, rank: Option<Rank>, statement: Stmt) -> Option<Source> {
        let [name, rest @ ..] = statement.args.as_slice() else { return None };
        let name = Spanned::new(member.name.clone(), name.span);
        let address = rest.iter().find_map(|item| match &item.value {
            Value::Text(text) => Some(Spanned::new(Text::Literal(text.clone()), item.span)),
            _ => None,
        });
        let mut source = Source {
            name,
            rank,
            head: statement.head,
            doc: statement.doc,
            address,
            user: None,
            password: None,
            tls: None,
            time_zone: None,
            standby: None,
            on_failover: None,
            server_id: None,
            readers: None,
            heartbeat: None,
            event_limit_bytes: None,
            online_ddl: None,
            start: None,
            start_options: BTreeMap::new(),
            retry: Retry::default(),
            lines: statement.body.statements.iter().map(|inner| (inner.head, inner.line)).collect(),
            left_out: statement.body.left_out.clone(),
        };
        for inner in &statement.body.statements {
            match inner.spec.word {
                "address" => match &source.address {
                    Some(first) => self.findings.push(given_twice("address", inner.head, first.span)),
                    None => source.address = plain(inner),
                },
                "user" => source.user = text(inner),
                "password" => source.password = secret(inner),
                "tls" => source.tls = tls(inner),
                "time-zone" => source.time_zone = text(inner),
                "standby" => {
                    let addresses = texts(inner).into_iter().map(|text| text.value).collect();
                    source.standby = Some(Spanned::new(addresses, inner.head));
                }
                "on-failover" => {
                    let then = if says(inner, "stop") { OnFailover::Stop } else { OnFailover::Follow };
                    source.on_failover = Some(Spanned::new(then, inner.head));
                }
                "server-id" => source.server_id = server_id(inner),
                "readers" => source.readers = quantity(inner),
                "heartbeat" => source.heartbeat = heartbeat(inner),
                "event-limit" => source.event_limit_bytes = quantity(inner),
                "online-ddl" => source.online_ddl = Some(word_set(inner)),
                "start" => {
                    source.left_out.add(&inner.body.left_out);
                    source.start = self.start(inner);
                    source.start_options = options(inner);
                }
                "retry" => source.retry.take(inner),
                other => debug_assert!(false, "`{other}` is in the table, but not read in a source"),
            }
        }
        self.check_address(&source);
        self.spread_server_ids(&mut source);
        self.check_server_ids(&source);
        Some(source)
    }

    /// What an address and the lines beside it say twice: a user, or a server that is to stand in for itself.
    fn check_address(&mut self, source: &Source) {
        let Some(Spanned { value: Text::Literal(text), span }) = &source.address else { return };
        let Ok(address) = Address::parse(text) else { return };
        if let (Some(own), Some(user)) = (&address.user, &source.user)
            && user.value != *own
        {
            self.findings.push(given_twice("user", user.span, *span));
        }
        let place = |address: &Address| (address.host.clone(), address.port.unwrap_or(PORT));
        let is_itself = |standby: &String| {
            Address::parse(standby).is_ok_and(|standby| place(&standby) == place(&address))
        };
        let Some(standby) = &source.standby else { return };
        if standby.value.iter().any(is_itself) {
            let message = "`standby` names the address itself".to_owned();
            self.findings.push(
                Diagnostic::error(st::GIVEN_TWICE, standby.span, message)
                    .also(*span, "the address")
                    .help("a standby is another server, which is read when this one is away"),
            );
        }
    }

    /// Of a range of sources each takes as many ids as it has readers, one behind the other.
    fn spread_server_ids(&mut self, source: &mut Source) {
        let n_readers = source.n_readers();
        let (Some(rank), Some(id)) = (&source.rank, &mut source.server_id) else { return };
        let ServerId::From { first, last } = &mut id.value else { return };
        if last.is_some() {
            let message =
                "in a range of sources `server-id` has no end: each takes as many ids as it has readers";
            self.findings.push(Diagnostic::error(st::WRONG_ARGUMENTS, id.span, message).fix(Fix::machine(
                format!("write `server-id {first}`"),
                id.span,
                format!("server-id {first}"),
            )));
            source.server_id = None;
            return;
        }
        let begin = u64::from(*first) + u64::from(rank.n) * n_readers;
        *first = u32::try_from(begin).unwrap_or(u32::MAX);
    }

    /// One id for each connection that may read at once.
    fn check_server_ids(&mut self, source: &Source) {
        let Some(ServerId::From { first, last }) = source.server_id.as_ref().map(|id| id.value) else {
            return;
        };
        let span = source.server_id.as_ref().map_or(source.head, |id| id.span);
        let readers = source.readers.as_ref();
        let n_readers = source.n_readers();
        let end = last.map_or(u64::from(first) + n_readers - 1, u64::from);
        let finding = |message: String| Diagnostic::error(st::OUT_OF_RANGE, span, message);
        if end < u64::from(first) {
            let message = format!("`server-id {first} to {end}` is out of range: it ends before it begins");
            self.findings.push(finding(message).fix(Fix::machine(
                format!("write `server-id {end} to {first}`"),
                span,
                format!("server-id {end} to {first}"),
            )));
        } else if end > u64::from(u32::MAX) {
            let message =
                format!("`server-id {first}` is out of range: with {n_readers} readers it ends at {end}");
            self.findings.push(finding(message).help(format!("the greatest id is {}", u32::MAX)));
        } else if end - u64::from(first) + 1 < n_readers {
            let n_ids = end - u64::from(first) + 1;
            let message =
                format!("`server-id {first} to {end}` is out of range: {n_ids} ids for {n_readers} readers");
            let finding = finding(message).help(match readers {
                Some(_) => format!("write `server-id {first}`, which takes as many as are needed"),
                None => format!(
                    "write `readers {n_ids}`, or `server-id {first}`, which takes as many as are needed"
                ),
            });
            self.findings.push(match readers {
                Some(readers) => finding.also(readers.span, "each needs an id of its own"),
                None => finding,
            });
        }
    }
}

/// Where a server listens when its address does not say it.
const PORT: u16 = 3306;

/// `readers`, where none is written.
const READERS: u64 = 4;

fn heartbeat(statement: &Stmt) -> Option<Spanned<Heartbeat>> {
    let every_ms = quantity(statement)?.value;
    let table = statement.args.iter().find_map(|item| match &item.value {
        Value::ExactTable(db, table) => Some((db.clone(), table.clone())),
        _ => None,
    });
    Some(Spanned::new(Heartbeat { every_ms, table }, statement.head))
}

/// First id, and the last one where one is written.
fn server_id(statement: &Stmt) -> Option<Spanned<ServerId>> {
    // The table limits both to 32 bits.
    let ids: Vec<u32> = quantities(statement).iter().filter_map(|&id| u32::try_from(id).ok()).collect();
    let value = match ids.as_slice() {
        [] => ServerId::Auto,
        [first, last @ ..] => ServerId::From { first: *first, last: last.first().copied() },
    };
    Some(Spanned::new(value, statement.head))
}
