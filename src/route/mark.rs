//! What is told of the load of a table: that it begins, and that it has come to its end.
//!
//! The same members in the headers of the record, wherever it goes, and in its value where it goes to a topic of its own.

use serde::Serialize;

/// The header that tells such records from others; its value says what it is.
pub const MARKER: &str = "syncc-marker";

/// What happens to a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoadMarkKind {
    /// Rows of a table begin to come that none were sent of.
    SnapshotBegin,
    /// All of them have come.
    SnapshotEnd,
    /// Rows of a table begin to come in the place of what was sent of it.
    ResyncBegin,
    /// All of them have come: what was sent before and not since is gone.
    ResyncEnd,
    /// No more of them come by this load, which began as a first one.
    SnapshotGivenUp,
    /// The same of one that began anew: nothing is known of what was sent before.
    ResyncGivenUp,
}

impl LoadMarkKind {
    /// That of the beginning of a load; `again` when rows had been sent before.
    pub fn begin(again: bool) -> LoadMarkKind {
        if again { LoadMarkKind::ResyncBegin } else { LoadMarkKind::SnapshotBegin }
    }

    /// That of its end.
    pub fn end(again: bool) -> LoadMarkKind {
        if again { LoadMarkKind::ResyncEnd } else { LoadMarkKind::SnapshotEnd }
    }

    /// That of a load that has no end.
    pub fn given_up(again: bool) -> LoadMarkKind {
        if again { LoadMarkKind::ResyncGivenUp } else { LoadMarkKind::SnapshotGivenUp }
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            LoadMarkKind::SnapshotBegin => "snapshot-begin",
            LoadMarkKind::SnapshotEnd => "snapshot-end",
            LoadMarkKind::ResyncBegin => "resync-begin",
            LoadMarkKind::ResyncEnd => "resync-end",
            LoadMarkKind::SnapshotGivenUp => "snapshot-given-up",
            LoadMarkKind::ResyncGivenUp => "resync-given-up",
        }
    }
}

/// What is told.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct LoadMark<'a> {
    /// What happens.
    pub marker: LoadMarkKind,
    /// Id of the load: of one table no two have the same.
    pub id: &'a str,
    /// The task.
    pub task: &'a str,
    /// Generation of its plan.
    pub generation: u64,
    /// The source.
    pub source: &'a str,
    /// Database in messages.
    pub db: &'a str,
    /// Table in messages.
    pub table: &'a str,
    /// Database at the source.
    pub origin_db: &'a str,
    /// Table at the source.
    pub origin_table: &'a str,
    /// Where the log stands.
    pub position: &'a str,
    /// Rows that the load has sent; none: it begins, or is given up.
    pub rows: Option<u64>,
}

#[derive(Serialize)]
struct Key<'a> {
    task: &'a str,
    origin_db: &'a str,
    origin_table: &'a str,
}

impl LoadMark<'_> {
    /// Headers of the record.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let LoadMark {
            marker,
            id,
            task,
            generation,
            source,
            db,
            table,
            origin_db,
            origin_table,
            position,
            rows,
        } = *self;
        let mut headers = vec![
            (MARKER, marker.name().to_owned()),
            ("id", id.to_owned()),
            ("task", task.to_owned()),
            ("generation", generation.to_string()),
            ("source", source.to_owned()),
            ("db", db.to_owned()),
            ("table", table.to_owned()),
            ("origin_db", origin_db.to_owned()),
            ("origin_table", origin_table.to_owned()),
            ("position", position.to_owned()),
        ];
        headers.extend(rows.map(|rows| ("rows", rows.to_string())));
        headers
    }

    /// Key of the record in a topic of its own: that of every mark of this table by this task.
    pub fn key(&self) -> Vec<u8> {
        let LoadMark { task, origin_db, origin_table, .. } = *self;
        json(&Key { task, origin_db, origin_table })
    }

    /// Value of the record in a topic of its own.
    pub fn value(&self) -> Vec<u8> {
        json(self)
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("text and numbers are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(marker: LoadMarkKind, rows: Option<u64>) -> LoadMark<'static> {
        LoadMark {
            marker,
            id: "5f1c",
            task: "shop.main.bus",
            generation: 3,
            source: "main",
            db: "shop",
            table: "or\"ders",
            origin_db: "prod",
            origin_table: "orders_v2",
            position: "mysql-bin.000007:1203",
            rows,
        }
    }

    #[test]
    fn a_beginning_has_no_rows() {
        let begin = mark(LoadMarkKind::begin(false), None);
        assert_eq!(
            String::from_utf8_lossy(&begin.value()),
            "{\"marker\":\"snapshot-begin\",\"id\":\"5f1c\",\"task\":\"shop.main.bus\",\"generation\":3,\"source\":\"main\",\
             \"db\":\"shop\",\"table\":\"or\\\"ders\",\"origin_db\":\"prod\",\"origin_table\":\"orders_v2\",\
             \"position\":\"mysql-bin.000007:1203\",\"rows\":null}"
        );
        assert_eq!(
            String::from_utf8_lossy(&begin.key()),
            "{\"task\":\"shop.main.bus\",\"origin_db\":\"prod\",\"origin_table\":\"orders_v2\"}"
        );
        assert!(begin.headers().iter().all(|(name, _)| *name != "rows"));
    }

    #[test]
    fn headers_say_what_the_value_says() {
        for (kind, name) in [
            (LoadMarkKind::begin(false), "snapshot-begin"),
            (LoadMarkKind::end(false), "snapshot-end"),
            (LoadMarkKind::begin(true), "resync-begin"),
            (LoadMarkKind::end(true), "resync-end"),
            (LoadMarkKind::given_up(false), "snapshot-given-up"),
            (LoadMarkKind::given_up(true), "resync-given-up"),
        ] {
            let mark = mark(kind, Some(7));
            let value: serde_json::Value = serde_json::from_slice(&mark.value()).expect("it is JSON");
            let members = value.as_object().expect("it is an object");
            let headers = mark.headers();
            assert_eq!(headers.len(), members.len());
            for (header, text) in headers {
                let member = &members[if header == MARKER { "marker" } else { header }];
                assert_eq!(member.as_str().map_or(member.to_string(), str::to_owned), text);
            }
            assert_eq!(members["marker"], name);
        }
    }
}
