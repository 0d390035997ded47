//! What is told of tables, line by line.

use super::super::tests::files;
use super::*;
use crate::plan::compile_files;

const SHOP: &str = r#"edition 2026
source shop mysql "db1" {
  password env P
}
target bus kafka "kafka1"
pipeline shop from shop to bus {
  include shop.*
  exclude shop.tmp_*
  rename database shop to commerce
  rename table shop.order_item to order_lines
  rename column shop.customers.cust_no to customer_number
  topic "{db}.{table}" {
    partitions 12
  }
  table shop.customers {
    columns except password_hash
  }
  retry for 2h
}
"#;

#[track_caller]
fn check(db: &str, table: &str, expected: &str) {
    let files = files(&[SHOP]);
    let (plan, origins) = compile_files(&files).plan.expect("compiles");
    let all = explain_table(&plan, &origins, &files, &KnownTables::new(), (db, table));
    let shown: String = all.iter().map(ToString::to_string).collect();
    assert_eq!(shown, expected, "\n{shown}");
}

/// The lines about key and columns of a table of which the lock file says this.
#[track_caller]
fn check_locked(table: &str, columns: &str, expected: &[&str]) {
    let mut files = files(&[SHOP]);
    let lock = format!("edition 2026\nlock source shop {{\ntable shop.{table} {{\n{columns}}}\n}}\n");
    files.add("schema.lock", lock);
    let project = crate::project::Project::of(files.clone());
    let (plan, origins) = crate::plan::compile_project(&project).plan.expect("compiles");
    let (program, _) = crate::hir::program(&project);
    let known = program.locked_tables("shop", table);
    let all = explain_table(&plan, &origins, &files, &known, ("shop", table));
    let Some(Explanation::Sent { decisions, .. }) = all.first() else { panic!("{all:?}") };
    let told = decisions.iter().filter(|one| one.what == "key" || one.what == "columns");
    let shown: Vec<String> =
        told.map(|one| format!("{} | {} | {} | {}", one.what, one.value, one.note, one.place)).collect();
    assert_eq!(shown, expected);
}

#[test]
fn a_table_that_the_lock_file_does_not_list() {
    let mut files = files(&[SHOP]);
    let lock = "edition 2026\nlock source shop {\n\
        table shop.customers {\nprimary cust_no\ncolumn cust_no \"int not null\"\ncolumn password_hash \"text\"\n}\nview shop.v\n}\n";
    files.add("schema.lock", lock);
    let project = crate::project::Project::of(files.clone());
    let (plan, origins) = crate::plan::compile_project(&project).plan.expect("compiles");
    let (program, _) = crate::hir::program(&project);
    let told = |table: &str| {
        let known = program.locked_tables("shop", table);
        let all = explain_table(&plan, &origins, &files, &known, ("shop", table));
        all[0].to_string().lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(told("customers"), "shop.customers is replicated by pipeline shop from shop to bus");
    assert_eq!(
        told("refunds"),
        "shop.refunds is not listed in schema.lock; once it is there, it is replicated by pipeline shop from shop to bus"
    );
    assert_eq!(
        told("v"),
        "`shop.v` is a view in the source of pipeline shop from shop to bus: it has no rows of its own"
    );
}

#[test]
fn the_lock_file_names_keys_and_counts_columns() {
    check_locked(
        "customers",
        "primary cust_no\ncolumn cust_no \"int not null\"\ncolumn name \"text\"\ncolumn PASSWORD_HASH \"text\"\n",
        &[
            "key | customer_number (cust_no) | default: primary key | schema.lock",
            "columns | 2 of 3, without PASSWORD_HASH |  | 0.sync:16",
        ],
    );
    check_locked(
        "orders",
        "unique a, b\ncolumn a \"int not null\"\ncolumn b \"int not null\"\n",
        &["key | a, b | default: first unique key | schema.lock", "columns | all 2 | default | "],
    );
    check_locked(
        "audit_log",
        "column a \"int\"\n",
        &["key | none | default: the table has no key | schema.lock", "columns | all 1 | default | "],
    );
}

#[test]
fn every_decision_has_its_line() {
    check(
        "shop",
        "customers",
        r#"shop.customers is replicated by pipeline shop from shop to bus

  selected          include shop.*                                    0.sync:7
  not hit           exclude shop.tmp_*
  name              commerce.customers               rename database  0.sync:9
  column            cust_no is customer_number       rename column    0.sync:11
  topic             commerce.customers                                0.sync:12
    partitions      12                                                0.sync:13
  key               primary, else first unique       default
  key-change        split                            default
  partition         by key                           default
  format            canal-json                       default
  tombstones        off                              default
  headers           none                             default
  changes           insert, update, delete           default
  columns           all except password_hash                          0.sync:16
  masked            none                             default
  where             none                             default
  ddl               off                              default
  truncate          warn                             default
  on-error          stop                             default
  on-oversize       stop                             default
  on-invalid-value  map                              default
  names             as-source                        default
  timestamp         produce                          default
  markers           off                              default
  online-ddl        gh-ost, pt-osc                   default
  commit            every 500ms, 200000 rows, 64MiB  default
  split             after 256MiB, 500000 rows        default
  limit             none                             default
  on-position-lost  stop                             default
  retry             2h                                                0.sync:18
    errors          10m                              default
"#,
    );
}

#[test]
fn tables_that_are_not_sent() {
    check(
        "shop",
        "tmp_import",
        "`shop.tmp_import` matches include `shop.*` (0.sync:7) of pipeline `shop`, \
         but exclude `shop.tmp_*` (0.sync:8) wins\n",
    );
    check("crm", "x", "no include of pipeline `shop` takes `crm.x`; it has `shop.*` (0.sync:7)\n");
    check(
        "shop",
        "订单",
        "shop.订单 is selected by pipeline shop from shop to bus, but cannot be sent: \
         `commerce.订单` is no topic name: Kafka takes letters, digits, `.`, `_` and `-` only, not `订`\n",
    );
}

/// Statements of every setting, and the value that the explanation shows.
const SETTINGS: &[(&str, &str)] = &[
    ("topic \"x.{table}\"", "topic x.a"),
    ("topic \"x.{table}\" {\ncreate never\n}", "create never"),
    ("topic \"x.{table}\" {\npartitions 3\n}", "partitions 3"),
    ("topic \"x.{table}\" {\nreplicas 2\n}", "replicas 2"),
    ("topic \"x.{table}\" {\nmin-insync 2\n}", "min-insync 2"),
    ("topic \"x.{table}\" {\ncleanup compact, delete\n}", "cleanup compact, delete"),
    ("topic \"x.{table}\" {\nretention 36h\n}", "retention 36h"),
    ("key origin, id as text", "key origin, id as text"),
    ("key-change update", "key-change update"),
    ("partition by column a, b using crc32", "partition by column a, b using crc32"),
    ("format avro", "format avro"),
    ("format avro {\nsubject topic-record\n}", "subject topic-record"),
    ("format avro {\ncompatibility full\n}", "compatibility full"),
    ("format json {\nnulls omit\n}", "nulls omit"),
    ("format maxwell-json {\nsnapshot-op bootstrap\n}", "snapshot-op bootstrap"),
    ("format debezium-avro {\nbigint-unsigned precise\n}", "bigint-unsigned precise"),
    ("format debezium-json {\ndecimal numeric\n}", "decimal numeric"),
    ("format debezium-json {\nbinary base64-url-safe\n}", "binary base64-url-safe"),
    ("format canal-json {\nenum label\n}", "enum label"),
    ("format canal-json {\ntime-zone \"Europe/Berlin\"\n}", "time-zone \"Europe/Berlin\""),
    ("format debezium-json {\nschemas on\n}", "schemas on"),
    ("format canal-json {\ndialect dts\n}", "dialect dts"),
    ("format dts-avro {\nheartbeat every 5m\n}", "heartbeat every 5m"),
    ("format dts-avro {\ntransactions on\n}", "transactions on"),
    ("tombstones on", "tombstones on"),
    ("headers schema, position", "headers position, schema"),
    ("changes update, insert", "changes insert, update"),
    ("columns a, b*", "columns a, b*"),
    ("mask a with sha256 salt env SALT", "masked a with sha256, salted"),
    ("ddl {\nallow create-table\n}", "ddl on"),
    ("ddl {\ntopic same\n}", "topic same"),
    ("ddl {\npartition to all\n}", "partition to all"),
    ("ddl {\nallow drop-table, add-column\n}", "allow drop-table, add-column"),
    ("ddl {\ndeny drop-column\non-deny skip\n}", "deny drop-column"),
    ("ddl {\ndeny drop-column\non-deny stop\n}", "on-deny stop"),
    ("truncate stop", "truncate stop"),
    ("on-error dead-letter \"x.errors\"", "on-error dead-letter \"x.errors\""),
    ("on-oversize dead-letter \"x.large\"", "on-oversize dead-letter \"x.large\""),
    ("on-invalid-value stop", "on-invalid-value stop"),
    ("table shop.a {\nwhere a > 1\n}", "where a > 1"),
    ("table shop.a {\nwhere b = 1\nwhere a > 1 or a = 0\n}", "where a > 1 or a = 0"),
    ("names lower", "names lower"),
    ("timestamp event", "timestamp event"),
    ("markers data", "markers data"),
    ("online-ddl off", "online-ddl off"),
    ("commit every 2s, 5 rows", "commit every 2s, 5 rows, 64MiB"),
    ("split after 1MiB", "split after 1MiB, 500000 rows"),
    ("limit 5MiB/s", "limit 5MiB/s"),
    ("on-position-lost resnapshot", "on-position-lost resnapshot"),
    ("retry for 1h", "retry 1h"),
    ("retry errors for 5m", "errors 5m"),
];

/// What is written is shown with its line, and everything else as what holds by default.
#[test]
fn every_setting_has_a_line() {
    const HEAD: &str = "edition 2026\nsource shop mysql \"db1\" {\n  password env P\n}\n\
        target bus kafka \"kafka1\" {\nregistry \"https://registry\"\n}\n\
        pipeline shop from shop to bus {\n  include shop.a\n";
    let lines = HEAD.lines().count();
    for (statement, expected) in SETTINGS {
        let text = format!("{HEAD}{statement}\n}}\n");
        let files = files(&[&text]);
        let Some((plan, origins)) = compile_files(&files).plan else {
            panic!("{statement}: {}", crate::plan::tests::shown(&[&text]))
        };
        let explained = explain_table(&plan, &origins, &files, &KnownTables::new(), ("shop", "a"));
        let [Explanation::Sent { decisions, .. }] = explained.as_slice() else { panic!("{explained:?}") };
        let shown: Vec<(String, &str)> = decisions
            .iter()
            .map(|decision| (format!("{} {}", decision.what.trim(), decision.value), decision.place.as_str()))
            .collect();
        let found = shown.iter().find(|(shown, _)| shown == expected);
        let Some((_, place)) = found else { panic!("`{expected}` is not in {shown:#?}") };
        let line: usize = place.rsplit_once(':').expect("a place").1.parse().expect("a line");
        assert!(line > lines && line <= lines + statement.lines().count(), "{statement}: {place}");
        let settled = decisions.iter().filter(|decision| decision.what != "selected");
        for Decision { what, note, place, .. } in settled {
            assert!(
                !note.is_empty() || !place.is_empty(),
                "{statement}: neither line nor default for {what}"
            );
        }
    }
    for property in Property::ALL {
        assert!(SETTINGS.iter().any(|(statement, _)| statement.contains(property.word())), "{property:?}");
    }
}

/// The lines that begin with these words.
#[track_caller]
fn check_lines(body: &str, what: &str, expected: &[&str]) {
    let text = format!(
        "edition 2026\nsource shop mysql \"db1\" {{\npassword env P\n}}\ntarget bus kafka \"kafka1\"\n\
         pipeline shop from shop to bus {{\ninclude shop.*\n{body}}}\n"
    );
    let files = files(&[&text]);
    let (plan, origins) = compile_files(&files).plan.expect("compiles");
    let all = explain_table(&plan, &origins, &files, &KnownTables::new(), ("shop", "a"));
    let Some(Explanation::Sent { decisions, .. }) = all.first() else { panic!("{all:?}") };
    let told = decisions.iter().filter(|one| one.what == what);
    let shown: Vec<String> = told.map(|one| format!("{} {}", one.value, one.place)).collect();
    assert_eq!(shown, expected);
}

#[test]
fn masks_that_are_overruled_are_not_told() {
    check_lines(
        "mask email, phone with null\ntable shop.a {\nmask email keep last 4\n}\n",
        "masked",
        &["email keep last 4 0.sync:10", "phone with null 0.sync:8"],
    );
    check_lines(
        "mask e_mail, *_x with null\ntable shop.a {\nmask e* keep last 4\nmask a_x keep last 2\n}\n",
        "masked",
        &["a_x keep last 2 0.sync:11", "e* keep last 4 0.sync:10", "*_x with null 0.sync:8"],
    );
}

#[test]
fn conditions_are_told_as_they_are_written() {
    check_lines(
        "table shop.a {\nwhere `order` > 3  and ( b = 1 )\nwhere a = 'x'\nwhere B = 1\n}\n",
        "where",
        &["`order` > 3 and ( b = 1 ) 0.sync:9", "a = 'x' 0.sync:10", "B = 1 0.sync:11"],
    );
}
