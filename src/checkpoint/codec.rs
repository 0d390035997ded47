//! State records as bytes: keys people can read, values that notice damage and newer writers.
//!
//! A value is `<format> <crc> <payload>`: the format number in decimal, the CRC-32 (ISO-HDLC) of the payload as eight
//! hexadecimal digits, and the payload, which is JSON but for the parts of a plan.
//!
//! Guarantees: distinct keys have distinct bytes, whatever signs names hold; decoding accepts nothing that encoding
//! does not produce. Does not: know where records are kept.

use super::record::{
    CtlRecord, DatabaseRecord, EndsRecord, OnlineRecord, OwnerRecord, ParkRecord, PlanPacking, PlanPart,
    PosRecord, RetiredRecord, SchemaRecord, SnapRecord, StateKey, SubjectRecord, TableRecord, XaRecord,
};
use crate::mysql::schema::TableName;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Newest format number that this release writes; it reads this one and older ones.
pub const FORMAT: u32 = 2;

/// Format number of all that needs no newer one: it can be read by every release.
const FIRST_FORMAT: u32 = 1;

/// Format number of a position inside of a source transaction whose beginning was told in messages of its own. A release that does
/// not know of them would tell its beginning once more, and its end not everywhere.
const BEGUN_FORMAT: u32 = 2;

/// A state record: a key and the value that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateRecord {
    /// `pos`.
    Pos(PosRecord),
    /// `owner`.
    Owner(OwnerRecord),
    /// `plan/<generation>/<part>`.
    Plan {
        /// Generation.
        generation: u64,
        /// Number of the part, from 0.
        part: u32,
        /// The part.
        value: PlanPart,
    },
    /// `table/<db>.<t>`.
    Table(TableName, TableRecord),
    /// `snap/<db>.<t>`.
    Snap(TableName, SnapRecord),
    /// `schema/<db>.<t>/<n>`.
    Schema {
        /// Which table.
        table: TableName,
        /// Number of the version.
        number: u32,
        /// What is known.
        value: SchemaRecord,
    },
    /// `schema/<db>`.
    Database(String, DatabaseRecord),
    /// `park/<db>.<t>`.
    Park(TableName, ParkRecord),
    /// `online/<db>.<t>`.
    Online(TableName, OnlineRecord),
    /// `ends/<topic>`.
    Ends(String, EndsRecord),
    /// `ctl`.
    Ctl(CtlRecord),
    /// `registry/<subject>`.
    Subject(String, SubjectRecord),
    /// `xa/<xid>`.
    Xa(String, XaRecord),
    /// `retired`.
    Retired(RetiredRecord),
}

/// Why stored state cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Written by a newer release.
    #[error("state record `{key}` has format {found}; this release reads formats up to {FORMAT}")]
    TooNew {
        /// The record's key.
        key: String,
        /// Its format number.
        found: u32,
    },
    /// Damaged, or not written by syncc.
    #[error("state record `{key}` is damaged: {what}")]
    Corrupt {
        /// The record's key.
        key: String,
        /// What is wrong with it; never the content.
        what: &'static str,
    },
    /// A position with a smaller commit number follows a greater one.
    #[error("state record `pos` goes back from commit {before} to commit {after}")]
    SequenceBackwards {
        /// Commit number read before.
        before: u64,
        /// Commit number read after it.
        after: u64,
    },
}

impl StateKey {
    /// The key's bytes: ASCII words as written in the variants' documentation, names escaped.
    pub fn encode(&self) -> Vec<u8> {
        let mut text = String::new();
        match self {
            StateKey::Pos => text.push_str("pos"),
            StateKey::Owner => text.push_str("owner"),
            StateKey::Plan { generation, part } => text = format!("plan/{generation}/{part}"),
            StateKey::Table(name) => push_table(&mut text, "table/", name),
            StateKey::Snap(name) => push_table(&mut text, "snap/", name),
            StateKey::Schema { table, number } => {
                push_table(&mut text, "schema/", table);
                text.push_str(&format!("/{number}"));
            }
            StateKey::Database(db) => {
                text.push_str("schema/");
                push_escaped(&mut text, db);
            }
            StateKey::Park(name) => push_table(&mut text, "park/", name),
            StateKey::Online(name) => push_table(&mut text, "online/", name),
            StateKey::Xa(xid) => {
                text.push_str("xa/");
                push_escaped(&mut text, xid);
            }
            StateKey::Ends(topic) => {
                text.push_str("ends/");
                push_escaped(&mut text, topic);
            }
            StateKey::Ctl => text.push_str("ctl"),
            StateKey::Subject(subject) => {
                text.push_str("registry/");
                push_escaped(&mut text, subject);
            }
            StateKey::Retired => text.push_str("retired"),
        }
        text.into_bytes()
    }

    /// The key with these bytes; none for keys of other releases.
    pub fn decode(bytes: &[u8]) -> Option<StateKey> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (word, rest) = text.split_once('/').unwrap_or((text, ""));
        let key = match word {
            "pos" => StateKey::Pos,
            "owner" => StateKey::Owner,
            "ctl" => StateKey::Ctl,
            "retired" => StateKey::Retired,
            "plan" => {
                let (generation, part) = rest.split_once('/')?;
                StateKey::Plan { generation: generation.parse().ok()?, part: part.parse().ok()? }
            }
            "table" => StateKey::Table(unescape_table(rest)?),
            "snap" => StateKey::Snap(unescape_table(rest)?),
            "schema" => match rest.split_once('/') {
                Some((table, number)) => {
                    StateKey::Schema { table: unescape_table(table)?, number: number.parse().ok()? }
                }
                None => StateKey::Database(unescape(rest)?),
            },
            "park" => StateKey::Park(unescape_table(rest)?),
            "online" => StateKey::Online(unescape_table(rest)?),
            "xa" => StateKey::Xa(unescape(rest)?),
            "ends" => StateKey::Ends(unescape(rest)?),
            "registry" => StateKey::Subject(unescape(rest)?),
            _ => return None,
        };
        // Other spellings of a key (`plan/01/0`, needless escapes) would be a second series of the same record.
        (key.encode() == bytes).then_some(key)
    }
}

fn push_table(text: &mut String, word: &str, name: &TableName) {
    text.push_str(word);
    push_escaped(text, &name.db);
    text.push('.');
    push_escaped(text, &name.table);
}

/// Signs that separate parts of a key, and those that make keys hard to read in tools, become `%` and hexadecimal digits.
fn push_escaped(text: &mut String, name: &str) {
    for sign in name.chars() {
        if matches!(sign, '%' | '.' | '/' | ' ' | '\x7f') || sign < ' ' {
            text.push_str(&format!("%{:02X}", sign as u32));
        } else {
            text.push(sign);
        }
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut name = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        name.push_str(&rest[..at]);
        let byte = u8::from_str_radix(rest.get(at + 1..at + 3)?, 16).ok()?;
        name.push(char::from(byte));
        rest = &rest[at + 3..];
    }
    name.push_str(rest);
    Some(name)
}

fn unescape_table(text: &str) -> Option<TableName> {
    let (db, table) = text.split_once('.')?;
    Some(TableName::new(unescape(db)?, unescape(table)?))
}

impl StateRecord {
    /// The record's key.
    pub fn key(&self) -> StateKey {
        match self {
            StateRecord::Pos(_) => StateKey::Pos,
            StateRecord::Owner(_) => StateKey::Owner,
            StateRecord::Plan { generation, part, value: _ } => {
                StateKey::Plan { generation: *generation, part: *part }
            }
            StateRecord::Table(name, _) => StateKey::Table(name.clone()),
            StateRecord::Snap(name, _) => StateKey::Snap(name.clone()),
            StateRecord::Schema { table, number, value: _ } => {
                StateKey::Schema { table: table.clone(), number: *number }
            }
            StateRecord::Database(db, _) => StateKey::Database(db.clone()),
            StateRecord::Park(name, _) => StateKey::Park(name.clone()),
            StateRecord::Online(name, _) => StateKey::Online(name.clone()),
            StateRecord::Ends(topic, _) => StateKey::Ends(topic.clone()),
            StateRecord::Ctl(_) => StateKey::Ctl,
            StateRecord::Subject(subject, _) => StateKey::Subject(subject.clone()),
            StateRecord::Xa(xid, _) => StateKey::Xa(xid.clone()),
            StateRecord::Retired(_) => StateKey::Retired,
        }
    }

    /// The oldest format whose readers understand the record.
    fn format(&self) -> u32 {
        match self {
            StateRecord::Pos(pos) if pos.mid.as_ref().is_some_and(|mid| !mid.begun.is_empty()) => {
                BEGUN_FORMAT
            }
            _ => FIRST_FORMAT,
        }
    }

    /// Key and value as bytes.
    pub fn encode(&self) -> (Vec<u8>, Vec<u8>) {
        let payload = match self {
            StateRecord::Pos(value) => json(value),
            StateRecord::Owner(value) => json(value),
            StateRecord::Plan { value, .. } => plan_payload(value),
            StateRecord::Table(_, value) => json(value),
            StateRecord::Snap(_, value) => json(value),
            StateRecord::Schema { value, .. } => json(value),
            StateRecord::Database(_, value) => json(value),
            StateRecord::Park(_, value) => json(value),
            StateRecord::Online(_, value) => json(value),
            StateRecord::Ends(_, value) => json(value),
            StateRecord::Ctl(value) => json(value),
            StateRecord::Subject(_, value) => json(value),
            StateRecord::Xa(_, value) => json(value),
            StateRecord::Retired(value) => json(value),
        };
        let mut value = format!("{} {:08x} ", self.format(), crc32fast::hash(&payload)).into_bytes();
        value.extend_from_slice(&payload);
        (self.key().encode(), value)
    }

    /// Reads a record's value.
    ///
    /// # Errors
    /// [`CodecError::TooNew`] when a newer release wrote it, [`CodecError::Corrupt`] when it is damaged.
    pub fn decode(key: StateKey, value: &[u8]) -> Result<StateRecord, CodecError> {
        let payload = open(&key, value)?;
        Ok(match key {
            StateKey::Pos => StateRecord::Pos(parse(&key, payload)?),
            StateKey::Owner => StateRecord::Owner(parse(&key, payload)?),
            StateKey::Plan { generation, part } => {
                StateRecord::Plan { generation, part, value: parse_plan(&key, part, payload)? }
            }
            StateKey::Table(ref name) => StateRecord::Table(name.clone(), parse(&key, payload)?),
            StateKey::Snap(ref name) => StateRecord::Snap(name.clone(), parse(&key, payload)?),
            StateKey::Schema { ref table, number } => {
                StateRecord::Schema { table: table.clone(), number, value: parse(&key, payload)? }
            }
            StateKey::Database(ref db) => StateRecord::Database(db.clone(), parse(&key, payload)?),
            StateKey::Park(ref name) => StateRecord::Park(name.clone(), parse(&key, payload)?),
            StateKey::Online(ref name) => StateRecord::Online(name.clone(), parse(&key, payload)?),
            StateKey::Ends(ref topic) => StateRecord::Ends(topic.clone(), parse(&key, payload)?),
            StateKey::Ctl => StateRecord::Ctl(parse(&key, payload)?),
            StateKey::Subject(ref subject) => StateRecord::Subject(subject.clone(), parse(&key, payload)?),
            StateKey::Xa(ref xid) => StateRecord::Xa(xid.clone(), parse(&key, payload)?),
            StateKey::Retired => StateRecord::Retired(parse(&key, payload)?),
        })
    }
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("state records serialize: their maps have plain keys")
}

fn parse<T: DeserializeOwned>(key: &StateKey, payload: &[u8]) -> Result<T, CodecError> {
    serde_json::from_slice(payload).map_err(|_| corrupt(key, "its fields cannot be read"))
}

fn corrupt(key: &StateKey, what: &'static str) -> CodecError {
    CodecError::Corrupt { key: String::from_utf8_lossy(&key.encode()).into_owned(), what }
}

/// Checks format and CRC, returns the payload.
fn open<'v>(key: &StateKey, value: &'v [u8]) -> Result<&'v [u8], CodecError> {
    let damaged = || corrupt(key, "it has no format number");
    let end = value.iter().position(|byte| *byte == b' ').ok_or_else(damaged)?;
    let digits = &value[..end];
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(damaged());
    }
    let format = std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).unwrap_or(u32::MAX);
    if format > FORMAT {
        let key = String::from_utf8_lossy(&key.encode()).into_owned();
        return Err(CodecError::TooNew { key, found: format });
    }
    let rest = &value[end + 1..];
    let (sum, payload) = match rest.split_at_checked(9) {
        Some((sum, payload)) if sum[8] == b' ' => (&sum[..8], payload),
        _ => return Err(corrupt(key, "it has no checksum")),
    };
    if format == 0 || sum != format!("{:08x}", crc32fast::hash(payload)).as_bytes() {
        return Err(corrupt(key, "the checksum does not match"));
    }
    Ok(payload)
}

/// Number of parts and packing as text, then the bytes: `2 zstd …`.
fn plan_payload(plan: &PlanPart) -> Vec<u8> {
    let packing = match plan.packing {
        PlanPacking::Plain => "plain",
        PlanPacking::Zstd => "zstd",
    };
    let mut payload = format!("{} {packing} ", plan.parts).into_bytes();
    payload.extend_from_slice(&plan.bytes);
    payload
}

fn parse_plan(key: &StateKey, part: u32, payload: &[u8]) -> Result<PlanPart, CodecError> {
    let mut pieces = payload.splitn(3, |byte| *byte == b' ');
    let mut next = || pieces.next().ok_or_else(|| corrupt(key, "it is no part of a plan"));
    let (parts, packing, bytes) = (next()?, next()?, next()?);
    let parts = std::str::from_utf8(parts).ok().and_then(|text| text.parse().ok());
    let packing = match packing {
        b"plain" => PlanPacking::Plain,
        b"zstd" => PlanPacking::Zstd,
        _ => return Err(corrupt(key, "its packing is unknown")),
    };
    match parts {
        Some(parts) if part < parts => Ok(PlanPart { parts, packing, bytes: bytes.to_vec() }),
        _ => Err(corrupt(key, "its number of parts is wrong")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::record::{Fingerprint, MidRecord, SnapState};
    use super::*;
    use crate::mysql::column_type::{ColumnType, Text};
    use crate::mysql::key::KeyPart;
    use crate::mysql::position::{BinlogPosition, Flavor, Gtids, MariaGtids, Position, ServerIdentity};
    use crate::mysql::schema::{Column, TableState, TableVersion};
    use proptest::prelude::*;
    use std::sync::Arc;

    pub(in super::super) fn position(offset: u64) -> Position {
        let mut gtids = MariaGtids::default();
        gtids.domains.insert(0, (1, offset));
        Position {
            server: ServerIdentity { flavor: Flavor::MariaDb, uuid: String::new(), server_id: 7 },
            file: BinlogPosition { file: "binlog.000007".into(), offset },
            gtids: Gtids::MariaDb(gtids),
        }
    }

    pub(in super::super) fn pos(seq: u64) -> PosRecord {
        PosRecord {
            seq,
            position: position(seq * 100),
            mid: None,
            generation: 3,
            fingerprint: Fingerprint { task: "shop.db.bus".into(), cluster: "c1".into() },
        }
    }

    fn owner(text: &str, number: u64) -> OwnerRecord {
        OwnerRecord {
            incarnation: text.into(),
            instance: text.into(),
            host: text.into(),
            pid: 12,
            version: "0.1.0".into(),
            started: number,
            beat: number,
            interval_ms: 5000,
            released: number.is_multiple_of(2),
        }
    }

    fn key_part() -> impl Strategy<Value = KeyPart> {
        prop_oneof![
            any::<i64>().prop_map(KeyPart::Int),
            any::<u64>().prop_map(KeyPart::UInt),
            any::<u64>().prop_map(KeyPart::Double),
            any::<String>().prop_map(KeyPart::Literal),
            any::<Vec<u8>>().prop_map(KeyPart::Text),
            any::<Vec<u8>>().prop_map(KeyPart::Bytes),
        ]
    }

    fn record() -> impl Strategy<Value = StateRecord> {
        let name = || (any::<String>(), any::<String>()).prop_map(|(db, table)| TableName::new(db, table));
        prop_oneof![
            any::<u32>().prop_map(|seq| StateRecord::Pos(pos(u64::from(seq)))),
            (any::<String>(), any::<u64>()).prop_map(|(text, n)| StateRecord::Owner(owner(&text, n))),
            (any::<u64>(), 0..5u32, any::<bool>(), any::<Vec<u8>>()).prop_map(
                |(generation, part, zstd, bytes)| StateRecord::Plan {
                    generation,
                    part,
                    value: PlanPart {
                        parts: part + 1,
                        packing: if zstd { PlanPacking::Zstd } else { PlanPacking::Plain },
                        bytes,
                    },
                }
            ),
            (name(), any::<String>(), any::<u32>()).prop_map(|(name, topic, partitions)| {
                StateRecord::Table(name, TableRecord { topic, partitions })
            }),
            (
                name(),
                proptest::option::of(proptest::collection::vec(key_part(), 0..4)),
                any::<u64>(),
                any::<bool>()
            )
                .prop_map(|(name, last, rows, again)| {
                    let state = SnapState::Copying { last: last.clone() };
                    let key = vec!["id".to_owned()];
                    let order = if again { vec!["int".to_owned()] } else { Vec::new() };
                    StateRecord::Snap(
                        name,
                        SnapRecord { snapshot: "1".into(), state, key, order, max: last, rows, again },
                    )
                }),
            (name(), any::<String>()).prop_map(|(name, column)| {
                let ty =
                    ColumnType::VarChar(Text { charset: "gbk".into(), max_bytes: 80, compressed: false });
                let column = Column {
                    declared: "varchar(40)".into(),
                    name: column,
                    ty,
                    nullable: true,
                    hidden: false,
                    collation: Some("gbk_chinese_ci".into()),
                };
                let table = TableVersion {
                    name: name.clone(),
                    columns: vec![column],
                    primary_key: vec![0],
                    unique_keys: Vec::new(),
                };
                let state = TableState::Proven { columns: Arc::new(table), definition: None };
                let value = SchemaRecord { since: position(4), statement: Some("ALTER".into()), state };
                StateRecord::Schema { table: name, number: 3, value }
            }),
            (name(), any::<String>()).prop_map(|(name, reason)| {
                let state = TableState::Suspect { reason, before: None };
                let value = SchemaRecord { since: position(4), statement: None, state };
                StateRecord::Schema { table: name, number: 1, value }
            }),
            (any::<String>(), any::<String>(), any::<bool>()).prop_map(|(db, collation, complete)| {
                StateRecord::Database(db, DatabaseRecord { collation, complete })
            }),
            (name(), any::<String>(), any::<u64>()).prop_map(|(name, reason, rows_sent)| {
                StateRecord::Park(name, ParkRecord { position: position(9), rows_sent, reason })
            }),
            (any::<String>(), any::<Vec<(i32, i64)>>())
                .prop_map(|(topic, ends)| StateRecord::Ends(topic, EndsRecord { ends })),
            (any::<String>(), any::<String>(), any::<Vec<(String, u32)>>()).prop_map(
                |(subject, registry, schemas)| {
                    StateRecord::Subject(subject, SubjectRecord { registry, schemas })
                }
            ),
            (any::<String>(), any::<u64>(), any::<u32>()).prop_map(|(xid, offset, prepared)| {
                let (at, before) = (position(offset).file, position(offset));
                StateRecord::Xa(xid, XaRecord { gtid: None, at, before, prepared })
            }),
            any::<u64>()
                .prop_map(|offset| StateRecord::Retired(RetiredRecord { position: position(offset) })),
            proptest::option::of(0..u64::MAX)
                .prop_map(|paused_since| StateRecord::Ctl(CtlRecord { paused_since, gaps: Vec::new() })),
        ]
    }

    proptest! {
        #[test]
        fn records_round_trip(record in record()) {
            let (key, value) = record.encode();
            let key = StateKey::decode(&key);
            prop_assert_eq!(key.as_ref(), Some(&record.key()));
            prop_assert_eq!(StateRecord::decode(record.key(), &value), Ok(record));
        }

        #[test]
        fn keys_are_injective(a in record(), b in record()) {
            prop_assert_eq!(a.key() == b.key(), a.key().encode() == b.key().encode());
        }

        #[test]
        fn any_bytes_are_survived(key in any::<Vec<u8>>(), value in any::<Vec<u8>>()) {
            if let Some(found) = StateKey::decode(&key) {
                prop_assert_eq!(found.encode(), key);
            }
            let _ = StateRecord::decode(StateKey::Pos, &value);
        }

        #[test]
        fn a_flipped_bit_is_noticed(record in record(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
            let (_, mut value) = record.encode();
            let at = at.index(value.len());
            value[at] ^= 1 << bit;
            prop_assert!(StateRecord::decode(record.key(), &value).is_err());
        }
    }

    #[track_caller]
    fn check_key(key: StateKey, text: &str) {
        assert_eq!(String::from_utf8(key.encode()).unwrap(), text);
        assert_eq!(StateKey::decode(text.as_bytes()), Some(key));
    }

    #[test]
    fn keys_as_text() {
        check_key(StateKey::Pos, "pos");
        check_key(StateKey::Plan { generation: 12, part: 0 }, "plan/12/0");
        check_key(StateKey::Table(TableName::new("shop", "orders")), "table/shop.orders");
        check_key(StateKey::Snap(TableName::new("a.b", "c/d")), "snap/a%2Eb.c%2Fd");
        let table = TableName::new("数据", "50% off\n");
        check_key(StateKey::Schema { table, number: 7 }, "schema/数据.50%25%20off%0A/7");
        check_key(StateKey::Database("a.b/1".into()), "schema/a%2Eb%2F1");
        check_key(StateKey::Park(TableName::new("shop", "orders")), "park/shop.orders");
        check_key(StateKey::Ends("shop.orders".into()), "ends/shop%2Eorders");
        check_key(StateKey::Subject("a/b-value".into()), "registry/a%2Fb-value");
        check_key(StateKey::Xa("X'61',X'',1".into()), "xa/X'61',X'',1");
        check_key(StateKey::Retired, "retired");
        check_key(StateKey::Ctl, "ctl");
    }

    #[test]
    fn other_spellings_are_unknown() {
        for text in [
            "",
            "pos/",
            "plan/01/0",
            "plan/1",
            "schema/a.b",
            "schema/a.b/01",
            "table/a",
            "table/%41.b",
            "ctl/a",
            "table/a%2.b",
            "ends/%2e",
        ] {
            assert_eq!(StateKey::decode(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_mysql_position_round_trips() {
        let mut record = pos(1);
        let gtids = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-4:7:tag:9".parse().unwrap();
        record.position.gtids = Gtids::MySql(gtids);
        let record = StateRecord::Pos(record);
        let (_, value) = record.encode();
        assert_eq!(StateRecord::decode(StateKey::Pos, &value), Ok(record));
    }

    #[test]
    fn only_what_older_releases_would_misread_has_a_newer_format() {
        let cut = |begun: &[(&str, i32)]| MidRecord {
            gtid: None,
            at: position(4).file,
            parts: 1,
            tables: Vec::new(),
            begun: begun
                .iter()
                .map(|(topic, partition)| ((*topic).to_owned(), [*partition].into()))
                .collect(),
        };
        let check = |mid, format: &[u8]| {
            let record = StateRecord::Pos(PosRecord { mid, ..pos(1) });
            let (_, value) = record.encode();
            assert_eq!(&value[..2], format);
            assert_eq!(StateRecord::decode(StateKey::Pos, &value), Ok(record));
        };
        check(None, b"1 ");
        check(Some(cut(&[])), b"1 ");
        check(Some(cut(&[("a", 0), ("b", 7)])), b"2 ");
    }

    #[test]
    fn newer_formats_are_refused() {
        let (_, value) = StateRecord::Pos(pos(1)).encode();
        let newer = [b"3", &value[1..]].concat();
        assert_eq!(
            StateRecord::decode(StateKey::Pos, &newer),
            Err(CodecError::TooNew { key: "pos".into(), found: 3 })
        );
        let far = [b"99999999999999999999", &value[1..]].concat();
        assert!(matches!(StateRecord::decode(StateKey::Pos, &far), Err(CodecError::TooNew { .. })));
    }
}
