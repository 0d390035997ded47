//! Tables of a source that come to one name or one topic without being meant to.

use crate::catalog::SourceCatalog;
use crate::check::NAMES_COLLIDE;
use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::{Taken, TaskPlan};

/// One finding for each table that takes the place of another.
pub(super) fn findings(plan: &TaskPlan, catalog: &SourceCatalog) -> Vec<Diagnostic> {
    let mut taken = Taken::default();
    let tables = catalog.tables.iter().filter(|table| table.kind.has_rows()).map(|table| &table.version.name);
    let found = tables.filter_map(|name| {
        // A table without a name or topic is told of where it is sent.
        let collision = taken.take(plan, name, |_| false).ok().flatten()?;
        Some(Diagnostic::nowhere(NAMES_COLLIDE, Severity::Error, format!("table {name}: {collision}")))
    });
    found.collect()
}
