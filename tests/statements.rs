//! Every statement that is executed has a test from a real server to a real cluster; [`SHOWN`] says which. What no other test
//! uses is used here.

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syncc::statement::{Place, STATEMENTS, Support};

use crate::support::kafka::Received;
use crate::support::shop::{CANARY, SOON, Shop, error};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};

/// Statements by their word and the first block they stand in, and a test that runs a project with them: file and function.
const SHOWN: &str = "
edition File             world.rs once_ends_after_the_load
use File                 statements.rs settings_of_a_project_take_effect
param File               statements.rs settings_of_a_project_take_effect
moved File               moved.rs state_goes_with_the_name_mariadb
defaults File            statements.rs settings_of_a_project_take_effect
profile File             statements.rs settings_of_a_project_take_effect
source File              statements.rs settings_of_a_project_take_effect
target File              lines.rs a_killed_task_leaves_whole_lines_and_loses_none
pipeline File            reload.rs pipelines_come_and_go
address Source           ranges.rs every_member_sends_its_rows_under_keys_of_its_own
user Source              ranges.rs every_member_sends_its_rows_under_keys_of_its_own
password Source          world.rs a_wrong_password_is_told_at_once
time-zone Source         where/run.rs texts_are_in_the_zone_of_the_source
standby Source           failover.rs a_usable_replica_of_mysql_is_followed
on-failover Source       failover.rs a_server_that_has_diverged_is_refused_with_what_it_lacks
readers Source           hubs.rs a_target_that_hangs_holds_up_no_other_mariadb
server-id Source         hubs.rs a_target_that_hangs_holds_up_no_other_mariadb
heartbeat Source         world.rs without_gtids_a_heartbeat_row_stands_for_the_locks
event-limit Source       statements.rs an_event_over_the_limit_stops_with_the_statement_to_write
tls Source               rights.rs the_least_rights_are_enough
start Source             beginning.rs at_a_place_of_mariadb
chunk Start              world.rs without_gtids_mysql_is_loaded_under_short_locks
rate Start               load.rs a_slow_load_holds_up_nothing
window Start             load.rs outside_of_its_hours_the_load_rests_and_the_stream_goes_on
parallel Start           load.rs a_table_that_cannot_be_read_does_not_hold_up_the_others
schema Start             schema_changes.rs tables_are_told_before_their_rows
data Start               statements.rs a_load_without_rows_begins_with_the_log
brokers Target           statements.rs a_cluster_is_sent_to_without_transactions
user Target              rights.rs the_least_rights_are_enough
registry Target          registry/flow.rs avro_from_a_server
user Registry            registry/flow.rs a_registry_with_logins
password Registry        registry/flow.rs a_registry_with_logins
delivery Target          statements.rs a_cluster_is_sent_to_without_transactions
broker-version Target    rights.rs an_old_version_is_a_warning_without_transactions
transaction-timeout Target  split.rs a_slow_transaction_is_cut_before_the_broker_ends_it
state Target             statements.rs settings_of_a_project_take_effect
prefix State             statements.rs settings_of_a_project_take_effect
replicas State           statements.rs settings_of_a_project_take_effect
min-insync State         statements.rs settings_of_a_project_take_effect
acks Target              statements.rs a_cluster_is_sent_to_without_transactions
compression Target       statements.rs settings_of_a_project_take_effect
batch Target             statements.rs settings_of_a_project_take_effect
linger Target            statements.rs settings_of_a_project_take_effect
in-flight Target         statements.rs a_cluster_is_sent_to_without_transactions
from Pipeline            ranges.rs every_member_sends_its_rows_under_keys_of_its_own
to Pipeline              routes.rs policies_of_the_managed_service
table Pipeline           masks.rs masked_columns_are_masked_wherever_a_row_goes
include Pipeline         reload.rs a_new_table_is_loaded_and_followed
exclude Pipeline         reload.rs a_table_left_out_stops_after_a_while_in_which_it_can_be_taken_back
include From             ranges.rs every_member_sends_its_rows_under_keys_of_its_own
exclude From             ranges.rs every_member_sends_its_rows_under_keys_of_its_own
rename Pipeline          formats/options.rs renames_are_in_every_place_of_every_format
names Pipeline           statements.rs settings_of_a_project_take_effect
format Pipeline          formats/options.rs every_option_from_a_server
snapshot-op Format       formats/options.rs every_option_from_a_server
enum Format              formats/options.rs every_option_from_a_server
subject Format           registry/flow.rs debezium_avro_from_a_server
compatibility Format     registry/flow.rs schemas_grow_and_are_refused
nulls Format             formats/options.rs every_option_from_a_server
bigint-unsigned Format   formats/options.rs every_option_from_a_server
decimal Format           formats/options.rs every_option_from_a_server
binary Format            formats/options.rs every_option_from_a_server
time-zone Format         formats/options.rs every_option_from_a_server
schemas Format           formats/options.rs every_option_from_a_server
dialect Format           formats/options.rs every_option_from_a_server
heartbeat Format         formats.rs dts_avro_from_a_server
transactions Format      boundaries.rs transactions_begin_and_end_in_each_partition_on_mysql
topic Pipeline           routes.rs policies_of_the_managed_service
create Topic             world.rs topics_are_not_made_where_that_is_forbidden
partitions Topic         routes.rs another_number_of_partitions_is_refused
replicas Topic           statements.rs settings_of_a_project_take_effect
min-insync Topic         statements.rs settings_of_a_project_take_effect
cleanup Topic            statements.rs settings_of_a_project_take_effect
retention Topic          statements.rs settings_of_a_project_take_effect
partition Pipeline       routes.rs policies_of_the_managed_service
key Pipeline             registry/flow.rs keys_as_avro
key-change Pipeline      routes.rs tombstones_and_changed_keys
tombstones Pipeline      statements.rs settings_of_a_project_take_effect
headers Pipeline         headers.rs every_header_and_the_time_of_the_event
timestamp Pipeline       headers.rs every_header_and_the_time_of_the_event
markers Pipeline         markers.rs a_load_is_told_once_whatever_crashes
changes Pipeline         changes.rs other_kinds_are_left_out
online-ddl Pipeline      statements.rs settings_of_a_project_take_effect
ddl Pipeline             schema_changes.rs canal_messages_of_what_is_selected
topic Ddl                schema_changes.rs commits_stand_around_a_schema_change
partition Ddl            schema_changes.rs dts_messages
allow Ddl                schema_changes.rs what_is_denied_is_passed_over_or_holds_the_task
deny Ddl                 schema_changes.rs what_is_denied_is_passed_over_or_holds_the_task
on-deny Ddl              schema_changes.rs what_is_denied_is_passed_over_or_holds_the_task
truncate Pipeline        schema_changes.rs a_truncate_is_sent_told_or_holds_the_task
columns Pipeline         masks.rs masked_columns_are_masked_wherever_a_row_goes
mask Pipeline            masks.rs masked_columns_are_masked_wherever_a_row_goes
where To                 where/run.rs rows_cross_the_border_of_a_filter
retry Pipeline           world.rs an_unreachable_server_is_waited_for_as_long_as_said
retry Source             world.rs each_end_is_waited_for_as_long_as_it_says
on-error Pipeline        parking.rs a_table_waits_and_the_others_go_on
on-oversize Pipeline     world.rs a_message_too_large_stops_before_it_and_names_its_place
on-position-lost Pipeline  world.rs a_purged_position_is_a_loss_that_is_told
on-invalid-value Pipeline  invalid.rs something_else_is_sent_and_counted_or_the_task_stops
commit Pipeline          schema_changes.rs commits_stand_around_a_schema_change
limit Pipeline           limit.rs a_stream_keeps_to_its_limit_over_a_death_and_an_edit
split Pipeline           split.rs a_transaction_in_parts_survives_deaths_in_it_on_mysql
paused Pipeline          reload.rs a_paused_pipeline_stands_still_and_goes_on
label Pipeline           statements.rs settings_of_a_project_take_effect
allow Source             rights.rs an_old_version_is_a_warning_without_transactions
with Pipeline            statements.rs settings_of_a_project_take_effect
sensitive Defaults       statements.rs settings_of_a_project_take_effect
";

#[test]
fn every_statement_that_runs_is_shown() {
    let shown: BTreeMap<(&str, String), (&str, &str)> = SHOWN
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [word, place, file, test] = words.as_slice() else { panic!("{line}") };
            ((*word, (*place).to_owned()), (*file, *test))
        })
        .collect();
    let of_lock = |place: Place| matches!(place, Place::LockFile | Place::Lock | Place::LockTable);
    let runs: BTreeSet<(&str, String)> = STATEMENTS
        .iter()
        .filter(|spec| spec.support == Support::Runs && !of_lock(spec.places[0]))
        .map(|spec| (spec.word, format!("{:?}", spec.places[0])))
        .collect();
    let bare: Vec<_> = runs.iter().filter(|key| !shown.contains_key(*key)).collect();
    assert!(bare.is_empty(), "no test from server to cluster is named for {bare:?}");
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for (key, (file, test)) in &shown {
        assert!(runs.contains(key), "{key:?} is shown, and does not run");
        let text = fs::read_to_string(tests.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(text.contains(&format!("#[test]\nfn {test}(")), "{file} has no test {test}");
    }
}

/// The settings of a topic that are not those of the cluster.
fn settings(kafka: &Kafka, topic: &str) -> BTreeMap<String, String> {
    let admin: AdminClient<DefaultClientContext> = kafka.client().create().expect("the settings are valid");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let answer =
        runtime.block_on(admin.describe_configs([&ResourceSpecifier::Topic(topic)], &AdminOptions::new()));
    let resource =
        answer.expect("the broker answers").pop().expect("one answer").expect("the topic is there");
    let values = resource.entries.into_iter().map(|entry| (entry.name, entry.value.unwrap_or_default()));
    values.collect()
}

fn message(record: &Received) -> Value {
    serde_json::from_str(&record.text()).expect("canal-json is JSON")
}

#[track_caller]
fn wait_records(shop: &Shop<'_>, topic: &str, n: usize) -> Vec<Received> {
    wait::until(&format!("{n} records of {topic}"), SOON, || {
        let records = shop.kafka.consume(topic, Isolation::ReadCommitted);
        assert!(records.len() <= n, "{} records", records.len());
        if records.len() == n { Ok(records) } else { Err(format!("{} so far", records.len())) }
    })
}

#[test]
fn settings_of_a_project_take_effect() {
    let mut shop = Shop::new("statements", MySql::shared(Kind::MySql9_7), Kafka::shared());
    let mut sql = shop.sql();
    sql.run(&format!(
        "alter table items add column secret text; update items set secret = '{CANARY} hidden';
         create table _items_gho (id int primary key, name text); insert into _items_gho values (7, '{CANARY}')"
    ));
    let shared = shop.project.folder().with_extension("shared");
    fs::create_dir(&shared).expect("the folder of the run is writable");
    fs::write(shared.join("slim.sync"), "edition 2026\n\nprofile slim {\n  columns except secret\n}\n")
        .expect("the folder is writable");
    let name = shared.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
    shop.text.include = "DB.*".into();
    shop.text.topic = "PREFIX.{region}.{table}".into();
    shop.text.topic_block =
        "    partitions 2\n    replicas 1\n    min-insync 1\n    cleanup compact, delete\n    \
                             retention 7d\n"
            .into();
    shop.text.source = "  heartbeat every 5s\n".into();
    shop.text.target = "  acks all\n  compression zstd\n  batch 64KiB\n  linger 5ms\n  in-flight 4\n".into();
    shop.text.rules = "  names upper\n  tombstones on\n  online-ddl off\n  commit every 100ms, 100 rows\n  \
                       split after 1MiB, 1_000 rows\n  on-oversize stop\n  on-position-lost stop\n  on-invalid-value map\n  \
                       label team \"payments\"\n  with slim\n"
        .into();
    shop.text.rest = format!(
        "\nuse \"../{name}\"\n\nparam region one-of eu, us default us\n\ndefaults {{\n  sensitive secret\n  retry for 1h\n}}\n"
    );
    let file = shop.file().replace("  state {\n", "  state {\n    replicas 1\n    min-insync 1\n");
    shop.project.write("shop.sync", &file);
    let mut syncc = shop.start(&["--param", "region=eu"]);
    let status = shop.wait_streaming(&mut syncc);
    assert_eq!(status.tasks[0].labels.get("team").map(String::as_str), Some("payments"));
    let shown = shop.project.syncc(&["status"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("  labels team \"payments\"\n"), "{shown}");
    sql.run(&format!(
        "insert into items values (4, '{CANARY} 4', '{CANARY} hidden'); delete from items where id = 1"
    ));

    let topic = format!("{}.eu.ITEMS", shop.prefix);
    let records = wait_records(&shop, &topic, 6);
    for record in records.iter().filter(|record| record.value.is_some()) {
        let message = message(record);
        assert_eq!(message["database"], shop.db.to_uppercase());
        assert_eq!(message["table"], "ITEMS");
        let columns: Vec<&str> =
            message["data"][0].as_object().expect("a row").keys().map(String::as_str).collect();
        assert_eq!(columns, ["ID", "NAME"], "{message}");
    }
    let gone: Vec<&Received> =
        records.iter().filter(|one| one.key.as_deref() == Some(b"{\"ID\":1}")).collect();
    assert_eq!(gone.len(), 3, "{gone:?}");
    assert_eq!(message(gone[1])["type"], "DELETE");
    assert!(gone[2].value.is_none(), "a tombstone follows the delete");
    // a shadow table is a table like any other
    wait_records(&shop, &format!("{}.eu._ITEMS_GHO", shop.prefix), 1);

    let told = settings(shop.kafka, &topic);
    let is = |name: &str, value: &str| assert_eq!(told.get(name).map(String::as_str), Some(value), "{name}");
    is("cleanup.policy", "compact,delete");
    is("retention.ms", &(7 * 24 * 3_600_000_u64).to_string());
    is("min.insync.replicas", "1");
    let topics = shop.kafka.topics();
    let ours: Vec<&(String, usize)> =
        topics.iter().filter(|(name, _)| name.starts_with(&shop.prefix)).collect();
    assert!(ours.iter().all(|(name, n)| *n == if name.contains(".eu.") { 2 } else { 1 }), "{ours:?}");
    shop.stop(&mut syncc);
}

#[test]
fn an_event_over_the_limit_stops_with_the_statement_to_write() {
    for kind in [Kind::MySql9_7, Kind::MariaDb10_11] {
        let mut shop = Shop::new("eventlimit", MySql::shared(kind), Kafka::shared());
        shop.text.topic_block = "    partitions 1\n".into();
        // what makes the event large is not sent
        shop.sql().run("alter table items add column big mediumtext");
        shop.text.rules = "  columns except big\n".into();
        shop.text.source = "  event-limit 1MiB\n".into();
        let mut syncc = shop.run();
        shop.wait_ids("items", &[1, 2, 3]);
        shop.stop(&mut syncc);
        shop.sql().run(&format!("insert into items values (4, '{CANARY}', repeat('x', 1100000))"));
        let said = error(&shop.ends(&[], 25));
        assert!(said.contains("event-limit"), "{said}");
        shop.text.source = "  event-limit 4MiB\n".into();
        let mut syncc = shop.run();
        shop.wait_ids("items", &[1, 2, 3, 4]);
        shop.stop(&mut syncc);
    }
}

#[test]
fn a_load_without_rows_begins_with_the_log() {
    let mut shop = Shop::new("dataoff", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    shop.text.rules = "  start snapshot {\n    data off\n  }\n".into();
    let mut syncc = shop.run();
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[4]);
    shop.stop(&mut syncc);
}

#[test]
fn a_cluster_is_sent_to_without_transactions() {
    let mut shop = Shop::new("atleastonce", MySql::shared(Kind::MySql9_7), Kafka::shared());
    shop.text.target = "  delivery at-least-once\n  acks 1\n  in-flight 1\n".into();
    let file = shop.file();
    let brokers = shop.kafka.brokers();
    let file = file.replace(
        &format!("target bus kafka \"{brokers}\" {{\n"),
        &format!("target bus kafka {{\n  brokers \"{brokers}\"\n"),
    );
    assert!(file.contains("brokers "), "{file}");
    shop.project.write("shop.sync", &file);
    let mut syncc = shop.start(&[]);
    shop.wait_streaming(&mut syncc);
    shop.wait_ids("items", &[1, 2, 3]);
    shop.stop(&mut syncc);
    shop.insert("items", &[4]);
    let mut syncc = shop.start(&[]);
    // after a clean stop nothing comes again
    shop.wait_ids("items", &[1, 2, 3, 4]);
    shop.stop(&mut syncc);
}
