//! L0125, and L0104 for its rights: the table that a heartbeat counts up in.

use super::super::rights::beat_table;
use super::{HEARTBEAT_TABLE, Needs, PRIVILEGE_MISSING, error};
use crate::catalog::{BeatTable, ServerFacts, Survey};
use crate::diagnostic::Diagnostic;
use crate::mysql::ident::Quoted;
use crate::source::mysql::grants::Grants;

/// Rights that write to a server that is read only.
const ABOVE_READ_ONLY: [&str; 4] = ["SUPER", "CONNECTION_ADMIN", "READ_ONLY ADMIN", "READ ONLY ADMIN"];

/// Whether a write to the heartbeat row proves that all that was logged before is visible.
pub(super) fn proves(facts: &ServerFacts, needs: &Needs<'_>) -> bool {
    let in_order = facts.variable("binlog_order_commits").is_none_or(|it| it.eq_ignore_ascii_case("ON"));
    needs.heartbeat.is_some() && in_order
}

pub(super) fn heartbeat(
    facts: &ServerFacts,
    grants: &Grants,
    survey: &Survey,
    needs: &Needs<'_>,
) -> Vec<Diagnostic> {
    let Some((db, table)) = needs.heartbeat else { return Vec::new() };
    let mut found = Vec::new();
    let unfit = match survey.beat {
        Some(BeatTable::Missing) => Some("it is not there, or may not be seen"),
        Some(BeatTable::Unfit(why)) => Some(why),
        Some(BeatTable::Fits) | None => None,
    };
    if let Some(why) = unfit {
        let message = format!("{db}.{table}, the table of `heartbeat`, cannot be used: {why}");
        found.push(error(HEARTBEAT_TABLE, message).help(beat_table(db, table).join("\n")));
    }
    let is_on = |name: &str| {
        facts.variable(name).is_some_and(|value| !["OFF", "0"].contains(&value.to_ascii_uppercase().as_str()))
    };
    if is_on("super_read_only") || is_on("read_only") && !grants.global(&ABOVE_READ_ONLY) {
        let message = format!("the server is read only, and `heartbeat` is to write to {db}.{table} there");
        found.push(
            error(HEARTBEAT_TABLE, message)
                .help("write to the table at the server's own source, and `heartbeat` without `table` here"),
        );
    }
    // behind the statements that make the table: a right on a table that is not there cannot be given
    let missing: Vec<&str> =
        ["SELECT", "UPDATE"].into_iter().filter(|right| !grants.on_table(db, table, &[right])).collect();
    if !missing.is_empty() {
        let account = &grants.account;
        let message = format!("the user {account} may not count up the row of `heartbeat` in {db}.{table}");
        let on = format!("{}.{}", Quoted(db), Quoted(table));
        let grant = format!("GRANT {} ON {on} TO {account};", missing.join(", "));
        found.push(error(PRIVILEGE_MISSING, message).help(grant));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::super::testing::{needs, set, sound};
    use super::*;
    use crate::catalog::SourceCatalog;
    use crate::mysql::position::Flavor;

    #[track_caller]
    fn check(change: impl FnOnce(&mut SourceCatalog), expected: &[&str]) -> Vec<Diagnostic> {
        let mut catalog = sound(Flavor::MySql);
        catalog.server.grants.push("GRANT SELECT, UPDATE ON `ops`.`beat` TO `cdc`@`%`".to_owned());
        catalog.survey.beat = Some(BeatTable::Fits);
        change(&mut catalog);
        let found = findings(&catalog, &Needs { heartbeat: Some(("ops", "beat")), ..needs(true) });
        let shown: Vec<String> = found.iter().map(|d| format!("{} {:?}", d.code, d.severity)).collect();
        assert_eq!(shown, expected);
        found
    }

    #[test]
    fn the_table_must_be_there_and_be_written_to() {
        check(|_| {}, &[]);
        check(|catalog| catalog.survey.beat = Some(BeatTable::Missing), &["L0125 Error"]);
        check(|catalog| catalog.survey.beat = Some(BeatTable::Unfit("it is odd")), &["L0125 Error"]);
        check(|catalog| set(catalog, "read_only", "ON"), &["L0125 Error"]);
        let may = "GRANT SUPER ON *.* TO `cdc`@`%`".to_owned();
        check(
            |catalog| {
                set(catalog, "read_only", "ON");
                catalog.server.grants.push(may);
            },
            &["L0120 Warning"],
        );
        let found = check(
            |catalog| {
                catalog.server.grants.pop();
                catalog.survey.beat = Some(BeatTable::Missing);
            },
            &["L0125 Error", "L0104 Error"],
        );
        assert_eq!(found[1].help.as_deref(), Some("GRANT UPDATE ON `ops`.`beat` TO `cdc`@`%`;"));
    }

    #[test]
    fn it_stands_for_the_lock_only_where_commits_are_in_order() {
        let off = |catalog: &mut SourceCatalog| set(catalog, "gtid_mode", "OFF");
        check(off, &["L0109 Warning"]);
        let unordered = |catalog: &mut SourceCatalog| {
            off(catalog);
            set(catalog, "binlog_order_commits", "OFF");
        };
        let found = check(unordered, &["L0109 Warning", "L0122 Warning", "L0104 Error"]);
        assert!(
            found[1]
                .help
                .as_ref()
                .is_some_and(|help| help.contains("SET PERSIST binlog_order_commits = ON;"))
        );
    }
}
