//! L0109, L0122, L0123: GTIDs, and how a server stands to a position by them.

use super::beat::proves;
use super::{GTID_OFF, GTID_TRANSITION, NO_LOCK_FREE_LOAD, Needs, error, persists, purged, set, warning};
use crate::catalog::{ServerFacts, Survey};
use crate::diagnostic::Diagnostic;
use crate::mysql::position::{BinlogPosition, Flavor, Gtids, Position};

pub(super) fn gtid_mode(facts: &ServerFacts, needs: &Needs<'_>) -> Vec<Diagnostic> {
    let mode = facts.variable("gtid_mode").unwrap_or("ON");
    let steps = |finish: bool| {
        let (verb, file) = match persists(facts) {
            true => ("PERSIST", ""),
            false => (
                "GLOBAL",
                "\n-- and in its option file: `enforce_gtid_consistency = ON` and `gtid_mode = ON`",
            ),
        };
        let first = match finish {
            true => String::new(),
            false => format!(
                "SET {verb} enforce_gtid_consistency = WARN;  -- watch its log for statements to mend\n"
            ),
        };
        let permissive = match finish {
            true => String::new(),
            false => format!("SET {verb} gtid_mode = OFF_PERMISSIVE;\n"),
        };
        format!(
            "on the server, each step after the one before has reached all its replicas:\n\
             {first}SET {verb} enforce_gtid_consistency = ON;\n\
             {permissive}SET {verb} gtid_mode = ON_PERMISSIVE;\n\
             -- wait until SHOW STATUS LIKE 'ongoing_anonymous_transaction_count' is 0\n\
             SET {verb} gtid_mode = ON;{file}"
        )
    };
    if mode.eq_ignore_ascii_case("ON") || facts.flavor() == Flavor::MariaDb {
        return Vec::new();
    }
    if !mode.eq_ignore_ascii_case("OFF") {
        let message = format!("`gtid_mode` is {mode}: transactions with and without GTID are mixed");
        return vec![error(GTID_TRANSITION, message).help(format!("finish the switch {}", steps(true)))];
    }
    let message = "`gtid_mode` is OFF: the position means something on this server only".to_owned();
    let mut found = vec![warning(GTID_OFF, message).help(format!("switch GTIDs on, {}", steps(false)))];
    if needs.snapshot && !proves(facts, needs) {
        let message = "`gtid_mode` is OFF: while existing rows are read, each page takes a short `LOCK TABLES … READ`, behind which \
                       whoever writes to the table waits"
            .to_owned();
        let by_heartbeat = match needs.heartbeat {
            None => {
                "let a heartbeat row prove what is visible: `heartbeat every 10s table DB.NAME`".to_owned()
            }
            Some(_) => {
                format!(
                    "let the heartbeat row prove what is visible:\n{}",
                    set(facts, "binlog_order_commits", "ON")
                )
            }
        };
        let help = format!("load in a quiet hour, or {by_heartbeat}\nor switch GTIDs on, {}", steps(false));
        found.push(warning(NO_LOCK_FREE_LOAD, message).help(help));
    }
    found
}

/// How a server stands to a position taken elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Everything before the position is in its log, and everything behind it will be.
    Usable,
    /// It has not executed these yet, and may.
    Lagging(String),
    /// These it will never execute: they were lost with the server that wrote them.
    Diverged(String),
    /// It no longer has, or never had, the log from the position on.
    Blind(String),
}

/// How a server stands to a position that may have been taken on another one, by GTIDs alone.
///
/// What it has not executed can still come as long as it is a replica; a server that takes changes from nobody will never
/// have it. Where we may not ask whether it is one, it counts as one: waiting loses nothing.
pub fn standing(facts: &ServerFacts, survey: &Survey, position: &Position) -> Standing {
    let blind = |text: &str| Standing::Blind(text.to_owned());
    if facts.position.is_none() {
        return blind("it writes no log, or does not tell where that stands");
    }
    let elsewhere = !position.server.same_log(&facts.identity);
    if elsewhere && survey.upstream.is_some() && !logs_replicated(facts) {
        return blind("what it takes from its own source does not stand in its log");
    }
    if let Some(finding) = purged(facts, position) {
        return Standing::Blind(finding.message);
    }
    let missing = match (&position.gtids, facts.position.as_ref().map(|end| &end.gtids)) {
        (Gtids::Off, _) if elsewhere => {
            return blind("without GTIDs a position means nothing on another server");
        }
        (Gtids::Off, _) => String::new(),
        (Gtids::MySql(ours), Some(Gtids::MySql(executed))) => ours.difference(executed).to_string(),
        (Gtids::MariaDb(ours), Some(Gtids::MariaDb(executed))) if elsewhere => {
            ours.beyond(executed).to_string()
        }
        // the server itself tells, by file and GTID
        (Gtids::MariaDb(_), Some(Gtids::MariaDb(_))) => String::new(),
        (Gtids::MySql(_) | Gtids::MariaDb(_), _) => return blind("its GTIDs are not of the same kind"),
    };
    match missing.is_empty() {
        true => Standing::Usable,
        false if survey.upstream.is_some() || !survey.upstream_known => Standing::Lagging(missing),
        false => Standing::Diverged(missing),
    }
}

/// True for a MariaDB server that has the id of the one that wrote our last GTID, and is another one. Its GTIDs may look like those
/// we have seen and name other transactions: where servers that never met have one id, GTIDs prove nothing.
pub fn is_namesake(facts: &ServerFacts, position: &Position) -> bool {
    match &position.gtids {
        Gtids::MariaDb(gtids) => {
            let wrote = |&(server_id, _): &(u32, u64)| server_id == facts.identity.server_id;
            !position.server.same_log(&facts.identity) && gtids.domains.values().any(wrote)
        }
        Gtids::Off | Gtids::MySql(_) => false,
    }
}

/// How a [namesake](is_namesake) stands to a position.
pub fn namesake(facts: &ServerFacts) -> Standing {
    Standing::Blind(format!(
        "another server answers under the server id {} of the one that was read: its GTIDs prove nothing",
        facts.identity.server_id
    ))
}

/// A position as the server of `facts` counts it, of which it was proven that it holds it: the GTIDs stay; file and offset, which
/// meant something on the server before only, or are not known, claim nothing.
pub fn moved_to(facts: &ServerFacts, position: &Position) -> Position {
    // A file that claims nothing may be gone by now.
    if position.server.same_log(&facts.identity) && position.has_place() {
        return position.clone();
    }
    let oldest = facts.binlog_files.first().cloned().unwrap_or_default();
    Position {
        server: facts.identity.clone(),
        file: BinlogPosition::new(oldest, 0),
        gtids: position.gtids.clone(),
    }
}

/// Whether changes that a replica takes from its source stand in its own log.
pub(super) fn logs_replicated(facts: &ServerFacts) -> bool {
    let variable = facts.variable("log_replica_updates").or_else(|| facts.variable("log_slave_updates"));
    variable.is_none_or(|value| value == "1" || value.eq_ignore_ascii_case("ON"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{UUID, check, position, set, sound};
    use super::*;
    use crate::catalog::Upstream;

    #[test]
    fn gtids() {
        let check = |mode: &str, snapshot, expected: &[&str]| {
            check(Flavor::MySql, snapshot, |catalog| set(catalog, "gtid_mode", mode), expected);
        };
        check("ON", true, &[]);
        check("OFF", true, &["L0109 Warning", "L0122 Warning", "L0104 Error"]);
        check("OFF", false, &["L0109 Warning"]);
        check("ON_PERMISSIVE", false, &["L0123 Error"]);
        check("OFF_PERMISSIVE", true, &["L0123 Error"]);
    }

    #[test]
    fn a_server_is_usable_lagging_diverged_or_blind() {
        let facts = sound(Flavor::MySql).server;
        let alone = Survey { upstream_known: true, ..Survey::default() };
        let upstream = Some(Upstream { address: "db1:3306".to_owned(), lag_s: None });
        let replica = Survey { upstream, upstream_known: true, ..Survey::default() };
        let check = |survey: &Survey, gtids: &str, expected: Standing| {
            assert_eq!(standing(&facts, survey, &position(gtids)), expected, "{gtids}");
        };
        check(&replica, &format!("{UUID}:1-100"), Standing::Usable);
        check(&alone, &format!("{UUID}:1-99"), Standing::Usable);
        let missing = format!("{UUID}:101-103");
        check(&replica, &format!("{UUID}:1-103"), Standing::Lagging(missing.clone()));
        check(&Survey::default(), &format!("{UUID}:1-103"), Standing::Lagging(missing.clone()));
        check(&alone, &format!("{UUID}:1-103"), Standing::Diverged(missing));
        // MySQL itself accepts a reader with GTIDs of an origin it has never heard of
        let foreign = "00000000-71ca-11e1-9e33-c80aa9429562:1";
        check(&alone, &format!("{foreign},{UUID}:1-100"), Standing::Diverged(foreign.to_owned()));
        let early = position(&format!("{UUID}:1-5"));
        assert!(matches!(standing(&facts, &alone, &early), Standing::Blind(_)));
    }

    #[test]
    fn servers_with_one_id_are_told_apart() {
        let mut facts = sound(Flavor::MariaDb).server;
        let mut at = position("");
        at.server.flavor = Flavor::MariaDb;
        at.gtids = Gtids::MariaDb("0-1-5,1-7-2".parse().unwrap());
        assert!(!is_namesake(&facts, &at));
        facts.identity.uuid = "another".to_owned();
        assert!(is_namesake(&facts, &at));
        facts.identity.server_id = 2;
        assert!(!is_namesake(&facts, &at));
        let moved = moved_to(&facts, &at);
        assert_eq!((&moved.server, &moved.gtids), (&facts.identity, &at.gtids));
        assert_eq!(moved.file, BinlogPosition::new("binlog.000003", 0));
        // where the file that claimed nothing is gone, the oldest one does
        let gone = Position { file: BinlogPosition::new("binlog.000001", 0), ..moved.clone() };
        assert_eq!(moved_to(&facts, &gone), moved);
        assert!(purged(&facts, &gone).is_none());
    }

    #[test]
    fn a_replica_that_does_not_log_what_it_takes_is_blind() {
        let mut catalog = sound(Flavor::MySql);
        set(&mut catalog, "log_replica_updates", "OFF");
        catalog.survey.upstream = Some(Upstream { address: "db1:3306".to_owned(), lag_s: Some(0) });
        let here = position(&format!("{UUID}:1-100"));
        assert_eq!(standing(&catalog.server, &catalog.survey, &here), Standing::Usable);
        let mut elsewhere = here;
        elsewhere.server.uuid = "00000000-71ca-11e1-9e33-c80aa9429562".to_owned();
        assert!(matches!(standing(&catalog.server, &catalog.survey, &elsewhere), Standing::Blind(_)));
    }
}
