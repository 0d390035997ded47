//! Sources and targets of a program as a plan has them, with defaults filled in.

use super::compile::Noted;
use super::endpoint::{DEFAULT_USER, MYSQL_PORT};
use super::{
    Compression, Delivery, KafkaPlan, Part, RegistryPlan, Retry, Sasl, SourcePlan, StatePlan, Text, Tls,
    TlsMode,
};
use crate::ast::{self, Producer};
use crate::statement::{Acks, Address, Heartbeat, OnFailover, ServerIds, Thing, is_loopback};
use crate::text::Spanned;

/// Kafka's port, where an address has none.
const KAFKA_PORT: u16 = 9092;

impl SourcePlan {
    /// A source at `host` of which nothing else is written.
    pub fn new(name: impl Into<String>, host: Text, tls: Tls) -> SourcePlan {
        SourcePlan {
            name: name.into(),
            host,
            port: MYSQL_PORT,
            user: DEFAULT_USER.to_owned(),
            password: None,
            tls,
            time_zone: None,
            standby: Vec::new(),
            on_failover: OnFailover::Follow,
            server_ids: ServerIds::Auto,
            // A hub and three private streams.
            readers: 4,
            // Three missed ones are a dead connection.
            heartbeat: Heartbeat { every_ms: 10_000, table: None },
            // Passes the 84 MB event of an update of a 40 MiB blob.
            event_limit_bytes: 96 << 20,
            retry: Retry::default(),
        }
    }
}

impl KafkaPlan {
    /// A cluster behind `brokers` of which nothing else is written.
    pub fn new(brokers: Vec<String>, tls: Tls) -> KafkaPlan {
        KafkaPlan {
            brokers,
            sasl: None,
            tls,
            registry: None,
            broker_version: None,
            delivery: Delivery::ExactlyOnce,
            // How long a crash may hold back other readers.
            transaction_timeout_ms: 60_000,
            state: StatePlan { prefix: "syncc".to_owned(), replicas: None, min_insync: None },
            acks: Acks::All,
            compression: Compression::Lz4,
            batch_bytes: 1 << 20,
            linger_ms: 0,
            // The most with which an idempotent producer keeps the order.
            in_flight: 5,
            retry: Retry::default(),
        }
    }
}

impl Tls {
    /// A mode, and nothing else.
    pub fn mode(mode: TlsMode) -> Tls {
        Tls { mode, because: None, ca: None, identity: None, server_name: None, off_on_loopback: false }
    }
}

pub(super) fn source_plan(source: &ast::Source, retry: Retry, noted: &mut Noted<'_>) -> Option<SourcePlan> {
    noted.note(Part::Source, Some(source.head));
    noted.beginning(Thing::Source, source.head, source.doc.as_ref());
    let address = noted.value(Part::Address, source.address.as_ref())?;
    let user = noted.value(Part::User, source.user.as_ref());
    let (host, port, of_address) = match address {
        Text::Literal(text) => {
            let address = Address::parse(&text).ok()?;
            let user = address.user.unwrap_or_else(|| DEFAULT_USER.to_owned());
            (Text::Literal(address.host), address.port.unwrap_or(MYSQL_PORT), user)
        }
        env @ Text::Env { .. } => (env, MYSQL_PORT, String::new()),
    };
    let loopback = match &host {
        Text::Literal(host) if is_loopback(host) => Loopback::Yes,
        Text::Literal(_) => Loopback::No,
        Text::Env { .. } => Loopback::Later,
    };
    let tls = tls_plan(noted.value(Part::SourceTls, source.tls.as_ref()), loopback);
    let plain = SourcePlan::new(source.name.value.clone(), host, tls);
    // The table limits it to 16.
    let readers = noted.value(Part::Readers, source.readers.as_ref()).map(|count| count as u8);
    let readers = readers.unwrap_or(plain.readers);
    let standby = noted.value(Part::Standby, source.standby.as_ref()).unwrap_or_default();
    let heartbeat = noted.value(Part::Heartbeat, source.heartbeat.as_ref());
    let event_limit = noted.value(Part::EventLimit, source.event_limit_bytes.as_ref());
    Some(SourcePlan {
        port,
        user: user.unwrap_or(of_address),
        password: noted.value(Part::Password, source.password.as_ref()),
        time_zone: noted.value(Part::TimeZone, source.time_zone.as_ref()),
        standby: addresses(&standby, MYSQL_PORT),
        on_failover: noted.value(Part::OnFailover, source.on_failover.as_ref()).unwrap_or(plain.on_failover),
        server_ids: server_ids(noted.value(Part::ServerId, source.server_id.as_ref()), readers),
        readers,
        heartbeat: heartbeat.unwrap_or(plain.heartbeat),
        event_limit_bytes: event_limit.unwrap_or(plain.event_limit_bytes),
        retry,
        ..plain
    })
}

/// `server-id N` without an end takes one id for each reader.
fn server_ids(written: Option<ast::ServerId>, readers: u8) -> ServerIds {
    match written {
        None | Some(ast::ServerId::Auto) => ServerIds::Auto,
        Some(ast::ServerId::From { first, last }) => {
            ServerIds::Range { first, last: last.unwrap_or(first.saturating_add(u32::from(readers) - 1)) }
        }
    }
}

pub(super) fn kafka_plan(
    kafka: &ast::Kafka,
    producer: &Producer,
    retry: Retry,
    noted: &mut Noted<'_>,
) -> Option<KafkaPlan> {
    let written = noted.value(Part::Brokers, kafka.brokers.as_ref())?;
    let hosts = |text: &String| Address::parse(text).ok().map(|address| address.host);
    let loopback = match written.iter().filter_map(hosts).all(|host| is_loopback(&host)) {
        true => Loopback::Yes,
        false => Loopback::No,
    };
    let user = noted.value(Part::Sasl, kafka.user.as_ref());
    let sasl = user.zip(kafka.password.as_ref()).map(|((user, mechanism), password)| Sasl {
        user,
        mechanism,
        password: password.value.clone(),
    });
    noted.note(Part::TargetPassword, kafka.password.as_ref().map(|password| password.span));
    let Producer { acks, compression, batch_bytes, linger_ms, in_flight, lines: _ } = producer;
    let timeout = noted.value(Part::TransactionTimeout, kafka.transaction_timeout_ms.as_ref());
    let tls = tls_plan(noted.value(Part::TargetTls, kafka.tls.as_ref()), loopback);
    let plain = KafkaPlan::new(addresses(&written, KAFKA_PORT), tls);
    let prefix = noted.value(Part::StatePrefix, kafka.state.prefix.as_ref());
    Some(KafkaPlan {
        sasl,
        registry: kafka.registry.as_ref().map(|registry| registry_plan(registry, noted)),
        broker_version: noted.value(Part::BrokerVersion, kafka.broker_version.as_ref()),
        delivery: noted.value(Part::Delivery, kafka.delivery.as_ref()).unwrap_or(plain.delivery),
        transaction_timeout_ms: timeout.map_or(plain.transaction_timeout_ms, to_u32),
        state: StatePlan {
            prefix: prefix.unwrap_or(plain.state.prefix),
            replicas: noted.value(Part::StateReplicas, kafka.state.replicas.as_ref()).map(to_u16),
            min_insync: noted.value(Part::StateMinInsync, kafka.state.min_insync.as_ref()).map(to_u16),
        },
        acks: noted.value(Part::Acks, acks.as_ref()).unwrap_or(plain.acks),
        compression: noted.value(Part::Compression, compression.as_ref()).unwrap_or(plain.compression),
        batch_bytes: noted.value(Part::Batch, batch_bytes.as_ref()).map_or(plain.batch_bytes, to_u32),
        linger_ms: noted.value(Part::Linger, linger_ms.as_ref()).map_or(plain.linger_ms, to_u32),
        in_flight: noted.value(Part::InFlight, in_flight.as_ref()).map_or(plain.in_flight, to_u32),
        retry,
        brokers: plain.brokers,
        tls: plain.tls,
    })
}

fn registry_plan(registry: &Spanned<ast::Registry>, noted: &mut Noted<'_>) -> RegistryPlan {
    noted.note(Part::Registry, Some(registry.span));
    let ast::Registry { url, user, password, tls, left_out: _ } = &registry.value;
    RegistryPlan {
        url: url.value.clone(),
        user: user.as_ref().map(|user| user.value.clone()),
        password: password.as_ref().map(|password| password.value.clone()),
        // Plain HTTP is chosen by the scheme.
        tls: tls_plan(noted.value(Part::RegistryTls, tls.as_ref()), Loopback::No),
    }
}

/// Addresses as `HOST:PORT`, in order.
fn addresses(written: &[String], port: u16) -> Vec<String> {
    let shown = |address: Address| {
        let port = address.port.unwrap_or(port);
        match address.host.contains(':') {
            true => format!("[{}]:{port}", address.host),
            false => format!("{}:{port}", address.host),
        }
    };
    written.iter().filter_map(|text| Address::parse(text).ok().map(shown)).collect()
}

/// Whether an address is one of the machine itself.
enum Loopback {
    Yes,
    No,
    /// Known when the environment is.
    Later,
}

fn tls_plan(written: Option<ast::Tls>, loopback: Loopback) -> Tls {
    match written {
        Some(tls) => Tls {
            mode: tls.mode,
            because: tls.because,
            ca: tls.ca,
            identity: tls.identity,
            server_name: tls.server_name,
            off_on_loopback: false,
        },
        None => match loopback {
            Loopback::Yes => Tls::mode(TlsMode::Off),
            Loopback::No => Tls::mode(TlsMode::VerifyFull),
            Loopback::Later => Tls { off_on_loopback: true, ..Tls::mode(TlsMode::VerifyFull) },
        },
    }
}

/// The statement table keeps all such numbers in range.
pub(super) fn to_u32(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

pub(super) fn to_u16(count: u64) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}
