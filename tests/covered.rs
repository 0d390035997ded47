//! Which test shows what must be shown: each finding at a source on a server that has the defect, and each trap of the log with
//! values that a naive reader gets wrong. What shows a fault, and what finds a planted bug, is told in `ARCHITECTURE.md`.
//!
//! The tables are held complete against codes, faults, bugs and tests, so that one without a test, or a test that was renamed,
//! fails here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use syncc::source::mysql::requirement::CODES;

/// How a test leaves the server it has shown a finding on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mended {
    /// The statement or setting that the finding prints was executed, and the finding is gone.
    Applied,
    /// A line of the project's file was changed as the finding says.
    ByFile,
    /// No statement mends it: a restart, another server, an hour that is quieter.
    No,
}
use Mended::{Applied, ByFile, No};

/// Code, what the test does about it, file under `tests/`, test.
const FINDINGS: &[(&str, Mended, &str, &str)] = &[
    ("L0101", No, "cli/live.rs", "servers_that_do_not_answer_are_findings"),
    ("L0102", No, "cli/live.rs", "servers_that_do_not_answer_are_findings"),
    ("L0103", No, "source/precheck.rs", "old_and_unknown_releases_are_told_apart"),
    ("L0104", Applied, "source/precheck/rights.rs", "a_sound_server_passes_and_what_is_missing_is_named"),
    ("L0105", Applied, "source/precheck.rs", "a_server_without_a_log_has_one_finding"),
    ("L0106", Applied, "source/precheck.rs", "settings_that_lose_rows_are_refused_and_can_be_set"),
    ("L0107", Applied, "source/precheck.rs", "settings_that_lose_rows_are_refused_and_can_be_set"),
    ("L0108", Applied, "source/precheck.rs", "settings_that_lose_rows_are_refused_and_can_be_set"),
    ("L0109", Applied, "source/precheck.rs", "settings_that_lose_rows_are_refused_and_can_be_set"),
    ("L0110", Applied, "source/precheck.rs", "a_log_that_is_kept_too_short_can_be_kept_longer"),
    ("L0111", No, "source/precheck.rs", "a_purged_position_is_found_before_the_start"),
    ("L0112", Applied, "source/precheck.rs", "server_ids_are_of_one_reader_only"),
    ("L0113", No, "source/precheck.rs", "a_replica_must_log_what_it_takes"),
    ("L0114", No, "source/precheck.rs", "a_busy_server_is_told_of"),
    ("L0115", Applied, "source/precheck/tables.rs", "engines_without_views_are_told_and_can_be_changed"),
    ("L0116", Applied, "source/precheck.rs", "settings_that_lose_rows_are_refused_and_can_be_set"),
    ("L0117", ByFile, "cli/live.rs", "a_lock_file_that_has_become_stale_is_told_with_every_difference"),
    ("L0118", Applied, "source/precheck.rs", "a_zone_that_many_share_is_told"),
    ("L0119", Applied, "source/precheck/tables.rs", "rows_that_the_engine_changes_are_told"),
    ("L0120", Applied, "source/precheck/rights.rs", "rights_beyond_reading_are_told_and_can_be_taken_away"),
    (
        "L0121",
        Applied,
        "source/precheck/tables.rs",
        "columns_in_the_old_coding_are_refused_and_can_be_rewritten",
    ),
    ("L0122", Applied, "source/precheck.rs", "settings_that_lose_rows_are_refused_and_can_be_set"),
    ("L0123", Applied, "source/precheck.rs", "settings_that_lose_rows_are_refused_and_can_be_set"),
    ("L0124", Applied, "source/precheck/tables.rs", "a_key_of_floats_is_told_and_another_key_mends_it"),
    ("L0125", Applied, "world.rs", "without_gtids_a_heartbeat_row_stands_for_the_locks"),
];

/// What in a test runs the repair that a finding prints.
const REPAIRS: [&str; 4] = ["mended(", "repair(", "run(&statements", "configure("];

/// Trap, file, test. Files are under `tests/`, or named from the root where no server makes the bytes that are needed.
const TRAPS: &[(&str, &str, &str)] = &[
    // values
    ("MEDIUMINT below 0", "source/traps.rs", "negative_mediumint"),
    ("TIME below 0 with a fraction", "source/traps.rs", "negative_time_with_a_fraction"),
    ("YEAR 0", "source/traps.rs", "year_0"),
    ("dates of zeros", "source/traps.rs", "zero_dates"),
    ("unsigned numbers without metadata", "source/traps.rs", "unsigned_where_the_log_does_not_say_it"),
    ("BINARY without its last zeros", "source/traps.rs", "trailing_zeros_of_binary"),
    ("labels of ENUM with characters of 4 bytes", "source/traps.rs", "enum_labels_of_4_bytes"),
    ("GEOMETRY has no character set in the metadata", "source/traps.rs", "geometry_shifts_no_charsets"),
    ("TIMESTAMP beyond 2038", "source/traps.rs", "timestamps_beyond_2038"),
    ("temporal columns in the coding before 5.6", "source/traps.rs", "old_temporal_columns"),
    (
        "partial updates of JSON",
        "source/events.rs",
        "partial_updates_of_json_give_the_document_of_the_server",
    ),
    ("UUID, INET, compressed columns of MariaDB", "source/torture.rs", "mariadb"),
    ("JSON, BIT, SET, VECTOR as servers show them", "source/torture.rs", "mysql_9_7"),
    ("JSON and GEOMETRY of 8.0", "source/torture.rs", "mysql_8_0"),
    // columns and tables
    ("invisible and generated columns", "source/traps.rs", "invisible_and_generated_columns_are_in_the_log"),
    ("a primary key that the server adds", "source/traps.rs", "generated_invisible_primary_key"),
    ("tables without a key", "source/traps.rs", "tables_without_a_key_have_all_their_rows"),
    ("columns in the log that no table shows", "source/hidden.rs", "tables_have_the_columns_of_the_log"),
    (
        "generated columns that 11.8 leaves out",
        "log.rs",
        "generated_columns_that_mariadb_11_8_leaves_out_end_the_task",
    ),
    ("system versions", "tracking.rs", "versioned_tables_come_and_go"),
    ("lower_case_table_names", "tracking.rs", "names_without_case"),
    ("names that statements write otherwise", "tracking.rs", "names_are_held_against_those_of_the_server"),
    ("CREATE TABLE … SELECT", "tracking.rs", "rows_that_come_with_their_table"),
    ("rows that partitions bring or take", "tracking.rs", "rows_of_partitions_change_places"),
    (
        "a character set by database and table",
        "tracking.rs",
        "character_sets_follow_their_tables_and_databases",
    ),
    // statements
    (
        "statements in SJIS, GBK, latin1, ANSI_QUOTES",
        "log.rs",
        "statements_of_sjis_gbk_latin1_and_ansi_quotes_clients_on_mariadb",
    ),
    (
        "statements in SJIS, GBK, latin1, ANSI_QUOTES",
        "log.rs",
        "statements_of_sjis_gbk_latin1_and_ansi_quotes_clients_on_mysql",
    ),
    ("ALTER in two phases", "log.rs", "an_alter_in_two_phases_counts_once"),
    ("statements about temporary tables", "ddl/servers.rs", "ddl_on_mariadb_10_11"),
    ("ALTER that a replica logs twice", "tracking.rs", "an_alter_that_is_logged_twice_counts_once"),
    ("rows that were logged as a statement", "log.rs", "rows_that_were_logged_as_a_statement_end_the_task"),
    // events
    (
        "ROTATE with a checksum before its time",
        "source/traps.rs",
        "the_first_rotate_has_a_checksum_that_nobody_announced",
    ),
    ("log_pos 0", "source/traps.rs", "positions_are_0_inside_of_transactions"),
    ("log_pos 0 over a restart", "log.rs", "places_that_are_0_inside_of_transactions"),
    ("log_pos beyond 4 GiB", "src/run/framer/tests.rs", "a_stream_whose_header_positions_wrap"),
    (
        "a start beyond 4 GiB without GTIDs",
        "src/run/hub/seek_tests.rs",
        "a_place_beyond_4_gib_is_found_from_the_head_of_its_file",
    ),
    ("checksums that come and go", "source/events.rs", "checksums_switched_on_a_running_server"),
    ("compressed transactions", "source/events.rs", "compressed_transactions_switched_on_a_running_mysql"),
    ("compressed events", "source/events.rs", "compressed_events_switched_on_a_running_mariadb"),
    ("encrypted logs", "log.rs", "an_encrypted_log_is_read"),
    ("rows events of version 1, extra data", "source/events.rs", "rows_of_version_1_and_extra_data"),
    ("GTIDs with tags", "source/events.rs", "gtids_with_tags"),
    ("events in several packets", "source/dump.rs", "large_events_come_whole_or_not_at_all"),
    ("an event of 200 MB", "source/dump.rs", "an_event_of_200_mb_comes_whole"),
    ("incidents", "log.rs", "an_incident_ends_the_task"),
    ("row images in part", "log.rs", "partial_row_images_of_a_session_end_the_task"),
    ("silence of the server", "source/dump.rs", "silence_and_a_closer_end_the_wait"),
    ("two readers under one id", "source/dump.rs", "the_older_of_two_readers_of_one_identity_goes"),
    // transactions and positions
    ("XA", "xa.rs", "mysql_rows_come_where_xa_commits_them"),
    ("XA", "xa.rs", "mariadb_rows_come_where_xa_commits_them"),
    ("XA", "xa.rs", "rows_of_other_releases_come_where_xa_commits_them"),
    ("rows that a savepoint undoes", "xa.rs", "rows_behind_a_savepoint_count_unless_they_are_undone"),
    ("a log that was reset", "source/reset.rs", "another_log_is_told_by_the_gtids_before_the_place"),
];

/// The traps that must be among them, and the text that the test of each has to hold: the value, the type or the setting that a
/// naive reader stumbles over.
const NAMED: [(&str, &str); 23] = [
    ("MEDIUMINT below 0", "mediumint"),
    ("TIME below 0 with a fraction", "'-01:00:00.5'"),
    ("YEAR 0", "\"0\", \"y0\""),
    ("dates of zeros", "0000-00-00"),
    ("unsigned numbers without metadata", "unsigned"),
    ("BINARY without its last zeros", "binary("),
    ("labels of ENUM with characters of 4 bytes", "enum("),
    ("GEOMETRY has no character set in the metadata", "geometry"),
    ("temporal columns in the coding before 5.6", "mysql56-temporal-format=OFF"),
    ("ROTATE with a checksum before its time", "Rotate"),
    ("log_pos 0", "end_position"),
    ("log_pos 0 over a restart", "start_again"),
    ("log_pos beyond 4 GiB", "1 << 32"),
    ("statements in SJIS, GBK, latin1, ANSI_QUOTES", "clients("),
    ("invisible and generated columns", "invisible"),
    ("a primary key that the server adds", "sql_generate_invisible_primary_key"),
    ("tables without a key", "create table"),
    ("lower_case_table_names", "lower-case-table-names"),
    ("incidents", "Incident (26)"),
    ("ALTER in two phases", "in_two_phases("),
    ("compressed transactions", "binlog_transaction_compression"),
    ("compressed events", "log_bin_compress"),
    ("GTIDs with tags", "gtid_next"),
];

/// Text of a file under `tests/`, or named from the root.
#[track_caller]
fn text_of(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    read(&if file.starts_with("src/") { root.join(file) } else { root.join("tests").join(file) })
}

/// True when code asserts something, by itself or by functions of its file.
fn asserts(text: &str, code: &str, depth: u8) -> bool {
    let by_function = |name: &str| {
        let (_, behind) = text.split_once(&format!("fn {name}("))?;
        Some(asserts(text, behind.split("\n}\n").next()?, depth - 1))
    };
    let ends_name = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    let called = code.split('(').filter_map(|before| before.rsplit(ends_name).next());
    code.contains("assert")
        || depth > 0
            && called.filter(|name| !name.is_empty()).any(|name| by_function(name).unwrap_or_default())
}

/// What stands behind a test's name in its file.
#[track_caller]
fn body(file: &str, test: &str) -> String {
    let text = text_of(file);
    let head = format!("#[test]\nfn {test}() {{\n");
    let (_, behind) = text.split_once(&head).unwrap_or_else(|| panic!("{file} has no test {test}"));
    behind.split("\n}\n").next().unwrap_or_default().to_owned()
}

#[test]
fn each_finding_at_a_source_is_shown_on_a_server_that_has_it() {
    let codes: BTreeSet<&str> = CODES.iter().map(|page| page.code.number).collect();
    let of_sources: Vec<&str> = codes.into_iter().filter(|number| number.starts_with("L01")).collect();
    let shown: Vec<&str> = FINDINGS.iter().map(|(code, ..)| *code).collect();
    assert_eq!(shown, of_sources);
    for &(code, mended, file, test) in FINDINGS {
        let body = body(file, test);
        assert!(body.contains(code), "{file}: {test} does not name {code}");
        let repairs = REPAIRS.iter().any(|call| body.contains(call));
        assert!(mended != Applied || repairs, "{file}: {test} runs no repair of {code}");
    }
}

#[test]
fn each_trap_of_the_log_has_a_test() {
    for (trap, file, test) in TRAPS {
        assert!(asserts(&text_of(file), &body(file, test), 4), "{trap}: {file}: {test} asserts nothing");
    }
    for (trap, holds) in NAMED {
        let tests: Vec<_> = TRAPS.iter().filter(|(name, ..)| *name == trap).collect();
        assert!(!tests.is_empty(), "{trap} names no test");
        for (_, file, test) in tests {
            let body = body(file, test);
            assert!(body.contains(holds), "{trap}: {file}: {test} does not hold `{holds}`");
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/source/traps.rs");
    let text = fs::read_to_string(path).expect("the traps");
    for behind in text.split("#[test]\nfn ").skip(1) {
        let name = behind.split('(').next().unwrap_or_default();
        let told = TRAPS.iter().any(|(_, file, test)| *file == "source/traps.rs" && *test == name);
        assert!(told, "{name} stands in no table");
    }
}

/// Faults of the matrix: F01 to this one.
const LAST_FAULT: u32 = 78;

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The rows of the first table of `ARCHITECTURE.md` behind `words`, each as its first cell and the names in code of the others.
#[track_caller]
fn rows_behind(words: &str) -> Vec<(String, Vec<String>)> {
    let text = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ARCHITECTURE.md"));
    let (_, behind) = text.split_once(words).unwrap_or_else(|| panic!("{words}"));
    let table = behind.lines().skip_while(|line| !line.starts_with('|'));
    let rows = table.take_while(|line| line.starts_with('|')).skip(2);
    let in_code = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    rows.map(|row| {
        let (first, others) = row.trim_matches('|').split_once('|').unwrap_or_else(|| panic!("{row}"));
        (first.trim().to_owned(), in_code(others))
    })
    .collect()
}

/// Files of a module of the tests or of the program.
fn files_of(module: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for base in ["tests", "src"] {
        let path = module
            .iter()
            .fold(Path::new(env!("CARGO_MANIFEST_DIR")).join(base), |path, name| path.join(name));
        let file = path.with_extension("rs");
        if file.is_file() {
            files.push(file);
        }
        files.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files
}

/// True for what names a test, by its beginning where it ends in dots, or a module of tests.
fn is_there(name: &str) -> bool {
    let path: Vec<&str> = name.trim_end_matches("::").split("::").collect();
    if !files_of(&path).is_empty() {
        return true;
    }
    let Some((test, module)) = path.split_last() else { return false };
    let head = match test.strip_suffix('…') {
        Some(beginning) => format!("#[test]\nfn {beginning}"),
        None => format!("#[test]\nfn {test}() {{"),
    };
    let has_it =
        |file: &PathBuf| read(file).lines().map(str::trim).collect::<Vec<_>>().join("\n").contains(&head);
    files_of(module).iter().any(has_it)
}

/// Every row names what is there.
#[track_caller]
fn each_is_there(rows: &[(String, Vec<String>)]) {
    // Other words in code are points where a process dies, and variables.
    let is_name = |name: &&String| {
        name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:…".contains(c))
    };
    for (row, names) in rows {
        let names: Vec<&String> = names.iter().filter(is_name).collect();
        assert!(!names.is_empty(), "{row} names no test");
        for name in names {
            assert!(is_there(name), "{row}: there is no {name}");
        }
    }
}

/// The faults that a cell names, as `F01–F04, F06`.
fn faults(cell: &str) -> Vec<u32> {
    let number = |text: &str| text.strip_prefix('F')?.get(..2)?.parse::<u32>().ok();
    let range = |text: &str| {
        let (first, last) = text.split_once('–').unwrap_or((text, text));
        number(first.trim()).zip(number(last.trim()))
    };
    cell.split(',').filter_map(range).flat_map(|(first, last)| first..=last).collect()
}

#[test]
fn each_fault_of_the_matrix_names_its_tests() {
    let rows = rows_behind("Rows of the fault matrix");
    each_is_there(&rows);
    let mut told: Vec<u32> = rows.iter().flat_map(|(cell, _)| faults(cell)).collect();
    told.sort_unstable();
    assert_eq!(told, (1..=LAST_FAULT).collect::<Vec<_>>());
}

#[test]
fn each_rule_of_security_names_its_tests() {
    each_is_there(&rows_behind("Rows of the security design"));
}

#[test]
fn each_planted_bug_names_who_finds_it() {
    let rows = rows_behind("Bugs that are planted on purpose");
    each_is_there(&rows);
    let source = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/failpoint.rs"));
    let (_, bugs) = source.split_once("\nbugs! {").expect("the list of bugs");
    let planted: BTreeSet<&str> = bugs
        .split("\n}")
        .next()
        .into_iter()
        .flat_map(str::lines)
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    let told: Vec<&str> = rows.iter().flat_map(|(cell, _)| cell.split('`').skip(1).step_by(2)).collect();
    assert_eq!(told.iter().copied().collect::<BTreeSet<_>>(), planted);
    for (cell, names) in &rows {
        let files: Vec<PathBuf> =
            names.iter().flat_map(|name| files_of(&name.split("::").collect::<Vec<_>>())).collect();
        let texts: Vec<String> = files.iter().map(|file| read(file)).collect();
        for bug in cell.split('`').skip(1).step_by(2) {
            let in_quotes = format!("\"{bug}\"");
            assert!(
                texts.iter().any(|text| text.contains(&in_quotes)),
                "{bug} is not looked for in {names:?}"
            );
        }
    }
}
