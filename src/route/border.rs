//! Which rows of a table are sent, and what becomes of a change at the border between them and the others.

use super::error::RouteError;
use crate::change::RowChange;
use crate::mysql::schema::TableVersion;
use crate::mysql::zone::Zone;
use crate::transform::filter::{Condition, Filter};

/// The conditions of a table version.
#[derive(Debug)]
pub(super) struct Border(Filter);

impl Border {
    /// The border that conditions draw, all of which must hold; none without any. `zone` is that of their texts.
    ///
    /// # Errors
    /// When a condition does not fit the table.
    pub(super) fn build(
        conditions: &[Condition],
        version: &TableVersion,
        zone: Option<&str>,
    ) -> Result<Option<Border>, RouteError> {
        if conditions.is_empty() {
            return Ok(None);
        }
        let zone = zone.and_then(Zone::from_name);
        match Filter::bind(&Condition::all(conditions.iter().cloned()), version, zone.as_ref()) {
            Ok(filter) => Ok(Some(Border(filter))),
            Err(misfits) => {
                let first = misfits.into_iter().next().expect("a condition that is not bound has a misfit");
                Err(RouteError::Condition(first.why))
            }
        }
    }

    /// The change as readers see it, who know the rows inside only. Asked with the values of the source, before any is masked.
    pub(super) fn seen<'r, 'b>(&mut self, change: &RowChange<'r, 'b>) -> Option<RowChange<'r, 'b>> {
        change.seen_through(|row| self.0.keeps(row))
    }
}
