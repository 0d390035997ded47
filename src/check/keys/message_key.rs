//! The key of a table's messages, as far as the files and `schema.lock` say.

use super::super::flow::Known;
use super::super::settings::{Lane, Setting, Subject};
use crate::hir::LockedTable;
use crate::statement::{KeyRule, Property};
use crate::text::Span;

/// A key.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::check) struct MessageKey<'a> {
    /// Source, database and table are part of it.
    pub(in crate::check) origin: bool,
    /// Its columns by their names in the source, in key order.
    pub(in crate::check) columns: Vec<&'a str>,
    /// The `key` line, where one is written.
    pub(in crate::check) line: Option<Span>,
}

/// The key of a table's messages; none when it has none, or it is not known.
pub(in crate::check) fn message_key<'a>(
    lane: &Lane<'a>,
    known: &Known,
    table: Option<&'a LockedTable>,
) -> Option<MessageKey<'a>> {
    let (rule, line) =
        match lane.setting((Subject::One(known), Property::Key), |settings| settings.key.as_ref()) {
            Setting::Default if lane.may_lack_for(known, &["key"]) => return None,
            Setting::Default => (&KeyRule::Primary, None),
            Setting::Given(key, _) => (&key.value.rule, Some(key.span)),
            Setting::Various => return None,
        };
    match rule {
        KeyRule::None => None,
        KeyRule::Columns { origin, columns } => {
            Some(MessageKey { origin: *origin, columns: columns.iter().map(String::as_str).collect(), line })
        }
        KeyRule::Primary => {
            let table = table.filter(|table| !table.incomplete)?;
            let column = |&at: &usize| table.columns[at].name.value.as_str();
            Some(MessageKey { origin: false, columns: table.row_key()?.iter().map(column).collect(), line })
        }
    }
}
