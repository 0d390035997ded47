//! L0107 for single columns: generated ones that a server does not log and a plan wants.

use crate::catalog::{SourceCatalog, TableFacts};
use crate::diagnostic::{Diagnostic, Severity};
use crate::mysql::ident::same_column;
use crate::mysql::position::Flavor;
use crate::plan::{TableDecision, TaskPlan};
use crate::source::mysql::requirement::ROW_IMAGE;
use crate::statement::name_text;
use crate::transform::filter::Condition;

/// The first release of MariaDB that leaves generated columns out of the images of updates and deletes, whatever
/// `binlog_row_image` is. Observed: 11.8 does, 11.4 does not; those between, none of which is kept up, were not looked at.
const LEAVES_OUT_SINCE: (u16, u16, u16) = (11, 5, 0);

/// Generated columns that messages or conditions need and the log does not hold.
pub(super) fn absent_findings(plan: &TaskPlan, catalog: &SourceCatalog) -> Vec<Diagnostic> {
    let server = &catalog.server;
    if server.flavor() != Flavor::MariaDb || server.version_number < LEAVES_OUT_SINCE {
        return Vec::new();
    }
    let finding = |table: &TableFacts| {
        let name = &table.version.name;
        let decision = plan.decide(&name.db, &name.table).ok().flatten()?;
        let (asked, sent): (Vec<&str>, Vec<&str>) = table
            .generated
            .iter()
            .map(String::as_str)
            .filter(|column| decision.sends(column) || is_asked(&decision, column))
            .partition(|column| is_asked(&decision, column));
        let list =
            |columns: &[&str]| columns.iter().map(|name| name_text(name)).collect::<Vec<_>>().join(", ");
        let all: Vec<&str> = asked.iter().chain(&sent).copied().collect();
        if all.is_empty() {
            return None;
        }
        let message = format!(
            "this server logs generated columns in inserts only: those of table {name} are missing in updates and deletes: {}",
            list(&all)
        );
        let left_out: Vec<&str> = all.iter().copied().filter(|column| decision.sends(column)).collect();
        let mut help = String::new();
        if !left_out.is_empty() {
            let table = format!("{}.{}", name_text(&name.db), name_text(&name.table));
            help = format!("in the pipeline: `table {table} {{ columns except {} }}`", list(&left_out));
        }
        if !asked.is_empty() {
            let and = if help.is_empty() { "" } else { "; " };
            help += &format!("{and}ask in `where` for the columns that {} come of", list(&asked));
        }
        Some(Diagnostic::nowhere(ROW_IMAGE, Severity::Error, message).help(help))
    };
    catalog.tables.iter().filter_map(finding).collect()
}

fn is_asked(decision: &TableDecision, column: &str) -> bool {
    decision.conditions.iter().flat_map(Condition::columns).any(|asked| same_column(asked, column))
}
