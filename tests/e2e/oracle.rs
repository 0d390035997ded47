//! Holds what came out against what was committed. Knows nothing of syncc but the shape of its messages.
//!
//! For every key: the changes in commit order, none missing, none twice, and among them at most one row of the load,
//! equal to what the changes before it make. A row that was there in the beginning comes by the load, or whole by a
//! change.

use super::truth::{History, Key, LEDGER, Row, SHAPES, Shape};
use crate::support::kafka::Received;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

/// One message, as a consumer reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    /// A row of the load.
    Loaded(Row),
    /// An insert.
    Insert(Row),
    /// An update: the row before and after.
    Update(Row, Row),
    /// A delete: the row before.
    Delete(Row),
}

impl Message {
    /// The row it leaves.
    fn after(self) -> Option<Row> {
        match self {
            Message::Loaded(row) | Message::Insert(row) | Message::Update(_, row) => Some(row),
            Message::Delete(_) => None,
        }
    }

    /// True when it is the change between these states.
    fn changes(self, before: Option<Row>, after: Option<Row>) -> bool {
        match self {
            Message::Loaded(_) => false,
            Message::Insert(row) => before.is_none() && after == Some(row),
            Message::Update(old, new) => before == Some(old) && after == Some(new),
            Message::Delete(row) => before == Some(row) && after.is_none(),
        }
    }

    /// True when the change between these states, or the state before, is what it tells of.
    fn is_of(self, before: Option<Row>, after: Option<Row>) -> bool {
        match self {
            Message::Loaded(row) => before == Some(row) || after == Some(row),
            Message::Insert(_) | Message::Update(..) | Message::Delete(_) => self.changes(before, after),
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Wrong {
    /// A committed change, or a row of the beginning, never came.
    Lost,
    /// A change, or a row of the load, came again.
    Twice,
    /// Something came that was never committed.
    NeverCommitted,
    /// All came, but not in the order of commits; or a row of the load came that newer changes had replaced.
    Order,
    /// Messages of one key lie in several partitions.
    Scattered,
}

/// A finding about one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// What is wrong.
    pub(super) wrong: Wrong,
    /// With which key.
    pub(super) key: String,
    /// What was committed and what came.
    pub(super) story: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}\n{}", self.wrong, self.key, self.story)
    }
}

/// Messages by table and key, in the order of their partition.
pub(super) type Heard = HashMap<(&'static str, Key), Vec<(i32, Message)>>;

/// Reads the records of one topic into `heard`.
///
/// # Panics
/// When a record is none of the messages the workload can cause; that is as much a finding as any other.
pub(super) fn hear(heard: &mut Heard, records: &[Received]) {
    for record in records {
        let (shape, key, message) = parse(record);
        heard.entry((shape.name, key)).or_default().push((record.partition, message));
    }
}

/// Compares; nothing is wrong when it gives nothing.
pub(super) fn judge(truth: &[(&'static str, Key, History)], heard: &Heard) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut known = HashSet::new();
    for (table, key, history) in truth {
        let name = (*table, key.clone());
        let messages = heard.get(&name).map(Vec::as_slice).unwrap_or_default();
        findings.extend(judge_key(table, key, history, messages));
        known.insert(name);
    }
    for ((table, key), messages) in heard {
        if !known.contains(&(*table, key.clone())) {
            let story = format!("came: {messages:?}");
            findings.push(Finding { wrong: Wrong::NeverCommitted, key: format!("{table} {key:?}"), story });
        }
    }
    findings.sort_by(|one, other| one.wrong.cmp(&other.wrong).then_with(|| one.key.cmp(&other.key)));
    findings
}

/// What a reader who keeps the last row of every key ends with.
pub(super) fn fold(heard: &Heard) -> BTreeMap<(&'static str, Key), Row> {
    let rows = heard.iter().filter_map(|((table, key), messages)| {
        let (_, last) = messages.last()?;
        Some(((*table, key.clone()), last.after()?))
    });
    rows.collect()
}

fn judge_key(
    table: &'static str,
    key: &Key,
    history: &History,
    messages: &[(i32, Message)],
) -> Option<Finding> {
    let keyed = shape(table).keyed;
    let scattered = messages.iter().any(|(partition, _)| *partition != messages[0].0);
    let messages: Vec<Message> = messages.iter().map(|(_, message)| *message).collect();
    let wrong = if scattered {
        Wrong::Scattered
    } else if explains(history, &messages, keyed) {
        return None;
    } else {
        name(history, &messages, keyed)
    };
    let story =
        format!("committed: {:?}\n({} of them early)\ncame: {messages:?}", history.states, history.early);
    Some(Finding { wrong, key: format!("{table} {key:?}"), story })
}

/// True when the messages can be told apart into all changes after the stream began and at most one row of the load.
/// Existing rows of a table without a key may come again after a crash.
fn explains(history: &History, messages: &[Message], keyed: bool) -> bool {
    let states = &history.states;
    // all places a reader may stand at: so many changes passed, the load's row seen, where the stream began
    let mut places: HashSet<(usize, bool, usize)> = (0..=history.early).map(|at| (at, false, at)).collect();
    for message in messages {
        let mut next = HashSet::new();
        for &(at, loaded, began) in &places {
            if at + 1 < states.len() && message.changes(states[at], states[at + 1]) {
                next.insert((at + 1, loaded, began));
            }
            if *message == Message::Loaded(states[at].unwrap_or(NOTHING)) && !(loaded && keyed) {
                next.insert((at, true, began));
            }
        }
        places = next;
    }
    let whole = !messages.is_empty();
    places.iter().any(|&(at, _, began)| at + 1 == states.len() && (whole || states[began].is_none()))
}

/// No message is of this row.
const NOTHING: Row = Row { op: 0, ver: usize::MAX };

/// The first name that fits.
fn name(history: &History, messages: &[Message], keyed: bool) -> Wrong {
    let pairs: Vec<(Option<Row>, Option<Row>)> =
        history.states.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let only = [(history.states[0], history.states[0])];
    let pairs_or_only = if pairs.is_empty() { only.as_slice() } else { pairs.as_slice() };
    let unknown =
        |message: &Message| !pairs_or_only.iter().any(|&(before, after)| message.is_of(before, after));
    if messages.iter().any(unknown) {
        return Wrong::NeverCommitted;
    }
    let loads = messages.iter().filter(|message| matches!(message, Message::Loaded(_))).count();
    let mut seen = HashSet::new();
    let again = messages.iter().any(|message| match message {
        Message::Loaded(_) => false,
        Message::Insert(_) | Message::Update(..) | Message::Delete(_) => !seen.insert(format!("{message:?}")),
    });
    if again || (keyed && loads > 1) {
        return Wrong::Twice;
    }
    let missing = pairs[history.early..]
        .iter()
        .any(|&(before, after)| !messages.iter().any(|message| message.changes(before, after)));
    if missing || messages.is_empty() { Wrong::Lost } else { Wrong::Order }
}

fn shape(table: &str) -> &'static Shape {
    SHAPES
        .iter()
        .chain([&LEDGER])
        .find(|shape| shape.name == table)
        .unwrap_or_else(|| panic!("table {table}?"))
}

fn parse(record: &Received) -> (&'static Shape, Key, Message) {
    let text = record.text();
    let message: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let shape = shape(message["table"].as_str().unwrap_or_else(|| panic!("no table: {text}")));
    let object = |field: &str| -> Option<&Map<String, Value>> {
        match message[field].as_array().map(Vec::as_slice) {
            Some([Value::Object(object)]) => Some(object),
            Some(_) => panic!("{field} is not one row: {text}"),
            None => None,
        }
    };
    let data = object("data").unwrap_or_else(|| panic!("no row: {text}"));
    let field = |row: &Map<String, Value>, column: &str| -> String {
        let value = row.get(column).unwrap_or_else(|| panic!("no {column}: {text}"));
        value.as_str().unwrap_or_else(|| panic!("{column} is no text: {text}")).to_owned()
    };
    let row = |fields: &Map<String, Value>| -> Row {
        let number =
            |column: &str| field(fields, column).parse().unwrap_or_else(|_| panic!("no number: {text}"));
        let row = Row { op: number("op_id"), ver: number("ver") as usize };
        assert_eq!(field(fields, "note"), row.note(), "torn row: {text}");
        row
    };
    let key = shape.key.iter().map(|column| field(data, column)).collect();
    let kind = message["type"].as_str();
    let message = match kind {
        Some("INIT") => Message::Loaded(row(data)),
        Some("INSERT") => Message::Insert(row(data)),
        Some("DELETE") => Message::Delete(row(data)),
        Some("UPDATE") => {
            let mut before = data.clone();
            let old = object("old").unwrap_or_else(|| panic!("no old row: {text}"));
            before.extend(old.iter().map(|(column, value)| (column.clone(), value.clone())));
            Message::Update(row(&before), row(data))
        }
        _ => panic!("type {kind:?}: {text}"),
    };
    (shape, key, message)
}

mod tests {
    use super::{History, Message, Row, Wrong, judge_key};

    const A: Row = Row { op: 1, ver: 0 };
    const B: Row = Row { op: 2, ver: 1 };
    const C: Row = Row { op: 3, ver: 2 };

    fn check(
        table: &'static str,
        early: usize,
        states: &[Option<Row>],
        messages: &[Message],
        wrong: Option<Wrong>,
    ) {
        let history = History { states: states.to_vec(), early };
        let messages: Vec<(i32, Message)> = messages.iter().map(|message| (0, *message)).collect();
        let found = judge_key(table, &vec!["1".to_owned()], &history, &messages).map(|finding| finding.wrong);
        assert_eq!(found, wrong, "{states:?} {messages:?}");
    }

    #[test]
    fn the_oracle_tells_right_from_wrong() {
        use Message::{Delete, Insert, Loaded, Update};
        let check_items =
            |states: &[Option<Row>], messages: &[Message], wrong| check("items", 0, states, messages, wrong);
        let grown = [Some(A), Some(B), Some(C)];
        let changes = [Update(A, B), Update(B, C)];
        check_items(&grown, &changes, None);
        check_items(&grown, &[Loaded(A), changes[0], changes[1]], None);
        check_items(&grown, &[changes[0], Loaded(B), changes[1]], None);
        check_items(&grown, &[changes[0], changes[1], Loaded(C)], None);
        check_items(&grown, &[changes[0], Loaded(A), changes[1]], Some(Wrong::Order));
        check_items(&grown, &[changes[0], changes[1], Loaded(B)], Some(Wrong::Order));
        check_items(&grown, &[Loaded(B), changes[0], changes[1]], Some(Wrong::Order));
        check_items(&grown, &[changes[1], changes[0]], Some(Wrong::Order));
        check_items(&grown, &[Loaded(A), Loaded(A), changes[0], changes[1]], Some(Wrong::Twice));
        check_items(&grown, &[changes[0], changes[0], changes[1]], Some(Wrong::Twice));
        check_items(&grown, &[changes[0], changes[1], changes[0], changes[1]], Some(Wrong::Twice));
        check_items(&grown, &[Loaded(A), changes[0]], Some(Wrong::Lost));
        check_items(&grown, &[changes[1]], Some(Wrong::Lost));
        check_items(&grown, &[], Some(Wrong::Lost));
        check_items(&grown, &[changes[0], Update(B, A), changes[1]], Some(Wrong::NeverCommitted));
        check_items(&[Some(A)], &[Loaded(A)], None);
        check_items(&[Some(A)], &[], Some(Wrong::Lost));
        check_items(&[Some(A)], &[Loaded(B)], Some(Wrong::NeverCommitted));
        check_items(&[None], &[], None);
        check_items(&[None, Some(A), None], &[Insert(A), Delete(A)], None);
        check_items(&[None, Some(A), None], &[Insert(A), Loaded(A), Delete(A)], None);
        check_items(&[None, Some(A), None], &[Insert(A), Delete(A), Loaded(A)], Some(Wrong::Order));
        check_items(&[None, Some(A), None], &[], Some(Wrong::Lost));
        check_items(&[Some(A), None, Some(B)], &[Delete(A), Insert(B)], None);
        // existing rows of a table without a key
        check("visits", 0, &grown, &[Loaded(A), Loaded(A), changes[0], changes[1]], None);
        check("visits", 0, &grown, &[Loaded(A), changes[0], Loaded(A), changes[1]], Some(Wrong::Order));
        // changes before the stream began
        check("items", 1, &grown, &[changes[1]], None);
        check("items", 1, &grown, &[Loaded(B), changes[1]], None);
        check("items", 1, &grown, &[Loaded(A), changes[0], changes[1]], None);
        check("items", 1, &grown, &[Loaded(A), changes[1]], Some(Wrong::Order));
        check("items", 2, &grown, &[], Some(Wrong::Lost));
        check("items", 2, &[None, Some(A), None], &[], None);
        check("items", 1, &[None, Some(A), None], &[], Some(Wrong::Lost));
    }

    #[test]
    fn one_key_in_two_partitions_is_found() {
        let history = History { states: vec![Some(A), Some(B)], early: 0 };
        let messages = [(0, Message::Loaded(A)), (1, Message::Update(A, B))];
        let found = judge_key("items", &vec!["1".to_owned()], &history, &messages).map(|it| it.wrong);
        assert_eq!(found, Some(Wrong::Scattered));
    }
}
