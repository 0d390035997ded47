//! L0105 to L0108, L0112, L0116: whether and how the log is written, and under which ids.

use super::{
    BINLOG_OFF, COMPRESSION, METADATA_MINIMAL, NOT_ROW_FORMAT, Needs, ROW_IMAGE, SERVER_ID_IN_USE, advice,
    error, set,
};
use crate::catalog::{ServerFacts, Survey};
use crate::diagnostic::Diagnostic;

pub(super) fn log_off(facts: &ServerFacts) -> Option<Diagnostic> {
    let on = facts.variable("log_bin").is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("on"));
    (!on).then(|| {
        let unset = if facts.identity.server_id == 0 { "server_id = 1\n" } else { "" };
        error(BINLOG_OFF, "the server writes no binary log: `log_bin` is off".to_owned()).help(format!(
            "in its option file, then a restart:\n[mysqld]\nlog_bin = binlog\nbinlog_format = ROW\n{unset}"
        ))
    })
}

/// Settings of the log, with the value each must have, where the server knows the variable.
pub(super) fn log_settings(facts: &ServerFacts) -> Vec<Diagnostic> {
    let must = [
        (NOT_ROW_FORMAT, "binlog_format", "ROW", "changes are logged as statements, not as rows"),
        (ROW_IMAGE, "binlog_row_image", "FULL", "changed rows are logged in part only"),
    ];
    let mut found = Vec::new();
    for (code, name, wanted, why) in must {
        let Some(value) = facts.variable(name) else { continue };
        if value.eq_ignore_ascii_case(wanted) {
            continue;
        }
        let message = format!("`{name}` is {value}: {why}");
        let repair = set(facts, name, &format!("'{wanted}'"));
        found
            .push(error(code, message).help(format!("{repair}\nSessions that are open keep the old value.")));
    }
    found.extend(partial_json(facts));
    let metadata = facts.variable("binlog_row_metadata").filter(|value| !value.eq_ignore_ascii_case("FULL"));
    found.extend(metadata.map(|value| {
        let message = format!(
            "`binlog_row_metadata` is {value}: the log does not name the columns of its rows, so they are looked up and proven \
             whenever a table changes"
        );
        advice(METADATA_MINIMAL, message).help(set(facts, "binlog_row_metadata", "'FULL'"))
    }));
    found
}

/// Partial updates of JSON are put together with the row before, which must be whole.
fn partial_json(facts: &ServerFacts) -> Option<Diagnostic> {
    let options = facts.variable("binlog_row_value_options").filter(|options| !options.is_empty())?;
    let image = facts.variable("binlog_row_image").filter(|image| !image.eq_ignore_ascii_case("FULL"))?;
    let message = format!(
        "`binlog_row_value_options` is {options} and `binlog_row_image` is {image}: Update_rows_partial events (39) are decoded \
         only with the whole row before"
    );
    Some(error(COMPRESSION, message).help(
        "SET PERSIST binlog_row_value_options = '';\nor SET PERSIST binlog_row_image = 'FULL';\nSessions that are open keep the \
         old value.",
    ))
}

/// Ids under which servers and readers of the log tell each other apart.
pub(super) fn server_id(facts: &ServerFacts, survey: &Survey, needs: &Needs<'_>) -> Option<Diagnostic> {
    let (ours, name) = needs.reader;
    let own = facts.identity.server_id;
    let set_to = |id: u32| set(facts, "server_id", &id.to_string());
    if own == 0 {
        let message = "`server_id` is 0: the server sends its log to nobody".to_owned();
        return Some(error(SERVER_ID_IN_USE, message).help(set_to(1)));
    }
    if own == ours {
        let message = format!("`server_id` of the server is {own}, under which this task reads");
        return Some(error(SERVER_ID_IN_USE, message).help(set_to(1)));
    }
    let mut replicas = survey.replicas.iter().flatten();
    let other = replicas.find(|replica| replica.server_id == ours && replica.host != name)?;
    let who = if other.host.is_empty() { "another reader" } else { &other.host };
    let message = format!(
        "{who} reads the log under server id {ours}, as this task would: the two would end each other's connections"
    );
    Some(
        error(SERVER_ID_IN_USE, message)
            .help("stop that reader, or give it another server id; `SHOW REPLICAS;` lists them"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{READER, check, set};
    use crate::catalog::Replica;
    use crate::mysql::position::Flavor;

    #[test]
    fn the_log_must_hold_whole_rows_in_events_that_are_decoded() {
        let check = |name: &str, value: &str, expected: &[&str]| {
            check(Flavor::MySql, true, |catalog| set(catalog, name, value), expected);
        };
        check("log_bin", "OFF", &["L0105 Error"]);
        check("binlog_format", "MIXED", &["L0106 Error"]);
        check("binlog_row_image", "NOBLOB", &["L0107 Error"]);
        check("binlog_row_image", "FULL_NODUP", &["L0107 Error"]);
        check("binlog_row_image", "full", &[]);
        check("binlog_row_metadata", "MINIMAL", &["L0108 Advice"]);
        check("binlog_row_metadata", "FULL", &[]);
        check("binlog_transaction_compression", "ON", &[]);
        check("log_bin_compress", "ON", &[]);
        check("binlog_row_value_options", "PARTIAL_JSON", &[]);
    }

    #[test]
    fn ids_are_of_one_reader_only() {
        let registered = |server_id, host: &str, expected: &[&str]| {
            let replica = Replica { server_id, host: host.to_owned() };
            check(Flavor::MySql, true, |catalog| catalog.survey.replicas = Some(vec![replica]), expected);
        };
        registered(READER.0, "db3", &["L0112 Error"]);
        registered(READER.0, "", &["L0112 Error"]);
        registered(READER.0, READER.1, &[]);
        registered(7, "db3", &[]);
        let own = |id, expected: &[&str]| {
            check(Flavor::MySql, true, |catalog| catalog.server.identity.server_id = id, expected);
        };
        own(0, &["L0112 Error"]);
        own(READER.0, &["L0112 Error"]);
    }
}
