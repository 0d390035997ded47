//! Texts to plans.

use super::*;
use crate::diagnostic::Severity;
use crate::text::FileSet;

pub(super) const HELLO: &str = r#"edition 2026

source shop mysql "syncc@db1:3306" {
  password env SHOP_DB_PASSWORD
}
target bus kafka "kafka1:9092"

pipeline shop from shop to bus {
  include shop.*
}
"#;

/// Head of a project; a test adds a pipeline.
const HEAD: &str = r#"edition 2026
source shop mysql "syncc@db1" {
  password env P
}
source crm mysql "127.0.0.1" {
  password file "secret"
}
target bus kafka "kafka1"
target out stdout
"#;

/// What uses the rest of the head, so that nothing is left over.
const TAIL: &str = "pipeline rest from crm to out {\ninclude crm.*\n}\n";

pub(super) fn files(texts: &[&str]) -> FileSet {
    let mut files = FileSet::new();
    for (n, text) in texts.iter().enumerate() {
        files.add(format!("{n}.sync"), *text);
    }
    files
}

/// Findings as `file:line:col code message`.
pub(super) fn shown(texts: &[&str]) -> String {
    let files = files(texts);
    let lines = compile_files(&files).findings.into_iter().map(|finding| {
        let place = finding.primary.map(|label| {
            let at = files.line_col(label.span.file, label.span.start);
            format!("{}:{}:{} ", files.path(label.span.file), at.line, at.col)
        });
        format!("{}{} {}\n", place.unwrap_or_default(), finding.code, finding.message)
    });
    lines.collect()
}

#[track_caller]
pub(super) fn plan(texts: &[&str]) -> Plan {
    match compile_files(&files(texts)).plan {
        Some((plan, _)) => plan,
        None => panic!("{}", shown(texts)),
    }
}

#[track_caller]
fn pipeline(body: &str) -> TaskPlan {
    let text = format!("{HEAD}pipeline shop from shop to bus {{\n{body}\n}}\n");
    plan(&[&text]).tasks.remove(0)
}

#[track_caller]
fn check(body: &str, expected: &str) {
    let text = format!("{HEAD}pipeline shop from shop to bus {{\ninclude shop.*\n{body}\n}}\n{TAIL}");
    let found = shown(&[&text]);
    // Lines count from the first line of `body`.
    let found: Vec<String> = found
        .lines()
        .map(|line| {
            let mut parts = line.splitn(4, [':']);
            parts.next();
            let n: usize = parts.next().and_then(|n| n.parse().ok()).unwrap_or(0);
            format!("{}:{}", n.saturating_sub(11), parts.collect::<Vec<_>>().join(":"))
        })
        .collect();
    assert_eq!(found.join("\n"), expected);
}

fn decided(task: &TaskPlan, db: &str, table: &str) -> TableDecision {
    task.decide(db, table).expect("a decision").expect("selected")
}

#[test]
fn hello_world_is_all_defaults() {
    let compiled = plan(&[HELLO]);
    let verify = Tls::mode(TlsMode::VerifyFull);
    let any = crate::pattern::NamePattern::Glob("*".into());
    let shop = crate::pattern::NamePattern::Exact("shop".into());
    let expected = TaskPlan {
        id: TaskId { pipeline: "shop".into(), source: "shop".into(), target: "bus".into() },
        paused: None,
        stream: StreamPlan::default(),
        source: SourcePlan {
            name: "shop".into(),
            host: Text::Literal("db1".into()),
            port: 3306,
            user: "syncc".into(),
            password: Some(SecretRef::Env("SHOP_DB_PASSWORD".into())),
            tls: verify.clone(),
            time_zone: None,
            standby: Vec::new(),
            on_failover: OnFailover::Follow,
            server_ids: ServerIds::Auto,
            readers: 4,
            heartbeat: Heartbeat { every_ms: 10_000, table: None },
            event_limit_bytes: 96 << 20,
            retry: Retry { window_ms: 12 * 3_600_000, errors_ms: 600_000 },
        },
        target: TargetPlan {
            name: "bus".into(),
            kind: TargetKind::Kafka(Box::new(KafkaPlan {
                brokers: vec!["kafka1:9092".into()],
                sasl: None,
                tls: verify,
                registry: None,
                broker_version: None,
                delivery: Delivery::ExactlyOnce,
                transaction_timeout_ms: 60_000,
                state: StatePlan { prefix: "syncc".into(), replicas: None, min_insync: None },
                acks: Acks::All,
                compression: Compression::Lz4,
                batch_bytes: 1 << 20,
                linger_ms: 0,
                in_flight: 5,
                retry: Retry { window_ms: 12 * 3_600_000, errors_ms: 600_000 },
            })),
        },
        start: Start::Snapshot(Snapshot {
            schema: true,
            data: true,
            chunk_rows: None,
            rate_bytes_s: None,
            window: None,
            parallel: None,
        }),
        retry: Retry { window_ms: 12 * 3_600_000, errors_ms: 600_000 },
        commit: CommitPolicy { every_ms: 500, rows: 20_000, bytes: 8 << 20 },
        rules: TableRules {
            include: vec![crate::pattern::TablePattern { db: shop, table: any }],
            ..TableRules::default()
        },
        labels: Vec::new(),
        allows: Allows::default(),
    };
    assert_eq!(compiled.tasks, [expected]);
    let decision = decided(&compiled.tasks[0], "shop", "orders");
    assert_eq!(decision.topic.as_str(), "shop.orders");
    assert_eq!((decision.key, decision.partition), (KeyRule::Primary, PartitionRule::ByKey));
    assert!(!decision.tombstones && decision.topic_settings.create);
    assert!(!compiled.tasks[0].selects("crm", "orders"));
}

#[test]
fn every_statement_reaches_the_plan() {
    let text = r#"edition 2026
source shop mysql {
  address env SHOP_ADDRESS else "db1:3307"
  user "cdc"
  password file "/run/secrets/shop"
  tls verify-ca ca "ca.pem" cert "c.pem" key file "k.pem" name "db"
  start snapshot {
    chunk 8_192 rows
  }
}
target bus kafka {
  brokers "k1", "k2:9093", "[::1]"
  user "u" with scram-sha-512
  password env P
  tls require
  delivery at-least-once
  transaction-timeout 90s
  compression zstd
  batch 512KiB
  linger 5ms
  state {
    prefix "acme"
    replicas 2
    min-insync 1
  }
}
pipeline p {
  from shop
  to bus
  include shop.*, `a b`.t
  rename database `a b` to ab
  exclude shop./x\d+/
  retry for 1h
  retry errors for 2m
  commit every 1s, 100 rows, 1MiB
  label team "payments"
}
"#;
    let task = plan(&[text]).tasks.remove(0);
    assert_eq!(task.source.host, Text::Env { name: "SHOP_ADDRESS".into(), default: Some("db1:3307".into()) });
    assert_eq!((task.source.port, task.source.user.as_str()), (3306, "cdc"));
    assert_eq!(
        task.source.tls,
        Tls {
            mode: TlsMode::VerifyCa,
            because: None,
            ca: Some("ca.pem".into()),
            identity: Some(("c.pem".into(), "k.pem".into())),
            server_name: Some("db".into()),
            off_on_loopback: false,
        }
    );
    assert_eq!(task.start, Start::Snapshot(Snapshot { chunk_rows: Some(8192), ..Snapshot::default() }));
    let TargetKind::Kafka(kafka) = &task.target.kind else { panic!("a cluster") };
    assert_eq!(kafka.brokers, ["k1:9092", "k2:9093", "[::1]:9092"]);
    assert_eq!(
        kafka.sasl.as_ref().map(|sasl| (sasl.user.as_str(), sasl.mechanism)),
        Some(("u", Mechanism::ScramSha512))
    );
    assert_eq!((kafka.tls.mode, kafka.delivery), (TlsMode::Require, Delivery::AtLeastOnce));
    assert_eq!((kafka.transaction_timeout_ms, kafka.batch_bytes, kafka.linger_ms), (90_000, 512 << 10, 5));
    assert_eq!(kafka.compression, Compression::Zstd);
    assert_eq!(kafka.state, StatePlan { prefix: "acme".into(), replicas: Some(2), min_insync: Some(1) });
    assert_eq!(task.retry, Retry { window_ms: 3_600_000, errors_ms: 120_000 });
    assert_eq!(task.commit, CommitPolicy { every_ms: 1000, rows: 100, bytes: 1 << 20 });
    assert_eq!(task.labels, [("team".to_owned(), "payments".to_owned())]);
    assert!(task.selects("a b", "t") && task.selects("shop", "x") && !task.selects("shop", "x12"));
}

#[test]
fn loopback_is_not_encrypted_by_default() {
    let text = HEAD.to_owned() + "pipeline p from crm to out {\ninclude crm.*\n}\n";
    let task = plan(&[&text]).tasks.remove(0);
    assert_eq!(task.source.tls.mode, TlsMode::Off);
    assert_eq!((task.source.port, task.source.user.as_str()), (3306, "syncc"));
    assert_eq!(task.target.kind, TargetKind::Stdout);
    assert_eq!(pipeline("include shop.*").source.tls.mode, TlsMode::VerifyFull);
}

#[test]
fn names_topics_and_levels() {
    let task = pipeline(
        r#"
include shop.*
include shop_[n:00..15].orders_[00..63]
include i18n./translations_(?<lang>[a-z]{2})/
exclude shop.tmp_*
rename database shop to commerce
rename database shop_[00..15] to shop
rename table shop.order_item to order_lines
rename table shop.`order notes` to order_notes
rename table i18n./translations_(?<lang>[a-z]{2})/ to "translations_{lang}"
rename column shop.customers.cust_no to customer_number
topic "{pipeline}.{db:upper}.{table}" {
  partitions 12
}
format canal-json {
  enum label
}
table shop_[n:00..15].orders_[00..63] {
  topic "orders_{n}" {
    cleanup compact
  }
  key origin, order_id
}
table shop.* {
  partition by table
}
table shop.price_* {
  partition by column product_id
  columns except internal_*, draft
}
table shop.log {
  key none
  partition to 3
  format canal-json {
    snapshot-op init
  }
}"#,
    );
    let orders = decided(&task, "shop", "orders");
    assert_eq!((orders.db.as_str(), orders.table.as_str()), ("commerce", "orders"));
    assert_eq!(orders.topic.as_str(), "shop.COMMERCE.orders");
    assert_eq!(orders.topic_settings.partitions, Some(12));
    assert_eq!(orders.partition, PartitionRule::ByTable);
    assert_eq!(decided(&task, "shop", "order_item").topic.as_str(), "shop.COMMERCE.order_lines");
    assert_eq!(decided(&task, "shop", "order notes").table, "order_notes");
    assert_eq!(decided(&task, "i18n", "translations_de").table, "translations_de");
    let shard = decided(&task, "shop_07", "orders_12");
    assert_eq!((shard.db.as_str(), shard.topic.as_str()), ("shop", "orders_07"));
    assert!(shard.tombstones);
    assert_eq!(shard.key, KeyRule::Columns { origin: true, columns: vec!["order_id".into()] });
    assert_eq!(shard.topic_settings.partitions, Some(12), "each option is a property of its own");
    let price = decided(&task, "shop", "price_eu");
    assert_eq!(price.partition, PartitionRule::ByColumns(vec!["product_id".into()]));
    assert!(matches!(price.columns, Some(ColumnRule::Except(ref columns)) if columns.len() == 2));
    let log = decided(&task, "shop", "log");
    assert_eq!((log.key, log.partition), (KeyRule::None, PartitionRule::To(3)));
    let crate::format::FormatPlan::CanalJson(options) = log.format else { panic!("{:?}", log.format) };
    assert!(options.enum_label && options.snapshot_init);
    assert_eq!(decided(&task, "shop", "customers").column_names.len(), 1);
    assert!(task.decide("shop", "tmp_x").expect("no error").is_none());
    assert!(task.decide("shop", "订单").is_err(), "no topic name");
}

#[test]
fn shadow_tables_are_left_out_of_patterns() {
    let selects = |lines: &str, table: &str| pipeline(lines).selects("shop", table);
    for shadow in ["_orders_gho", "_orders_20260920101500_del", "_orders_new", "__orders_old"] {
        assert!(!selects("include shop.*", shadow), "{shadow}");
        assert!(!selects("include shop.*, shop._*", shadow), "{shadow}");
        assert!(selects("include shop.*\nonline-ddl off", shadow), "{shadow}");
        assert!(selects(&format!("include shop.*, shop.{shadow}"), shadow), "{shadow} is named");
    }
    assert!(selects("include shop.*\nexclude shop.orders", "_orders_gho"), "of nothing that is sent");
    assert!(selects("include shop.*\nonline-ddl gh-ost", "_orders_new"), "of the other tool");
    assert!(!selects("include shop.*\nonline-ddl gh-ost", "_orders_gho"));
    assert!(selects("include shop.*", "_orders_tmp"), "no form of theirs");

    let task = pipeline("include shop.*");
    assert!(task.is_copy("shop", "_orders_gho", "orders") && task.is_copy("shop", "__orders_new", "orders"));
    assert!(!task.is_copy("shop", "_orders_del", "orders") && !task.is_copy("shop", "_items_gho", "orders"));
    assert!(!pipeline("include shop.*\nonline-ddl off").is_copy("shop", "_orders_gho", "orders"));
}

#[test]
fn one_decider_serves_many_tables() {
    let task = pipeline(
        "include shop_[00..15].orders_[00..63]\ntable shop_[n:00..15].orders_[00..63] {\ntopic \"o_{n}\"\n}\n\
         table shop_*.orders_* {\nkey none\n}\ntable shop_0?.* {\npartition to 1\n}",
    );
    let decider = Decider::new(&task).expect("patterns");
    for (db, table) in (0..16).flat_map(|db| (0..64).map(move |table| (db, table))) {
        let decision = decider.decide(&format!("shop_{db:02}"), &format!("orders_{table:02}"));
        let decision = decision.expect("a decision").expect("selected");
        assert_eq!((decision.topic.as_str(), decision.key), (format!("o_{db:02}").as_str(), KeyRule::None));
        assert_eq!(decision.partition == PartitionRule::To(1), db < 10);
    }
}

#[test]
fn what_differs_at_a_target_wins_over_the_pipeline() {
    let text = HEAD.to_owned()
        + r#"pipeline p {
  from shop
  to bus
  to out {
    topic "slim.{table}"
    table shop.a {
      key none
    }
  }
  include shop.*
  table shop.a {
    topic "own"
    key id
  }
}
"#;
    let compiled = plan(&[&text]);
    let [bus, out] = compiled.tasks.as_slice() else { panic!("two tasks") };
    assert_eq!((bus.id.to_string(), out.id.to_string()), ("p.shop.bus".into(), "p.shop.out".into()));
    assert_eq!(decided(bus, "shop", "b").topic.as_str(), "shop.b");
    assert_eq!(decided(out, "shop", "b").topic.as_str(), "slim.b");
    assert_eq!(decided(out, "shop", "a").topic.as_str(), "own");
    assert_eq!(decided(out, "shop", "a").key, KeyRule::None);
}

#[test]
fn order_of_lines_and_files_means_nothing() {
    let one = pipeline(
        "include shop.a, shop.b\nexclude shop.c\nkey none\nlabel a \"1\"\nlabel b \"2\"\ntable shop.a {\nkey id\n}",
    );
    let other = pipeline(
        "label b \"2\"\ntable shop.a {\nkey id\n}\nkey none\ninclude shop.b\ninclude shop.a\nlabel a \"1\"\nexclude shop.c, shop.c",
    );
    assert_eq!(one, other);
    let filtered = |lines: &str| pipeline(&format!("include shop.a\ntable shop.a {{\n{lines}\n}}"));
    assert_eq!(filtered("where a > 1\nwhere b = 'x'"), filtered("where b='x' AND (a > 1.0)"));
    let (head, tail) = HELLO.split_once("pipeline").expect("a pipeline");
    let tail = format!("edition 2026\n  # moved\n pipeline{}", tail.replace("  include", "\t\tinclude"));
    assert_eq!(plan(&[HELLO]), plan(&[&tail, head]));
}

#[test]
fn a_stored_plan_reads_back() {
    let compiled = plan(&[HELLO]);
    let text = serde_json::to_string(&compiled).expect("json");
    assert_eq!(serde_json::from_str::<Plan>(&text).expect("a plan"), compiled);
}

#[test]
fn origins_lead_back_to_the_line() {
    let files = files(&[HELLO]);
    let (plan, origins) = compile_files(&files).plan.expect("compiles");
    let span = origins.span(&plan.tasks[0].id, Part::Include(0)).expect("written");
    assert_eq!(files.slice(span), "shop.*");
    assert_eq!(origins.span(&plan.tasks[0].id, Part::Start), None, "by default");
}

#[test]
fn findings_about_shapes() {
    check("partition key", "1:11 S0015 `partition` takes `by` or `to` here, not `key`");
    check("rename table shop.a => b", "1:21 S0015 `rename` takes `to` here, not `=>`");
    check("rename table shop.a to shop.b", "1:24 S0015 the new name is written short, `b`");
    check("retry for 720", "1:11 S0017 `720` lacks its unit: a duration such as `30s` is wanted");
    check("retry for 12 h", "1:11 S0017 a unit follows its number without a blank: `12h`");
    check("retry for 12MiB", "1:11 S0017 `12MiB` is not a duration such as `30s`");
    check("retry for 1ms", "1:11 S0018 `1ms` is out of range: 1s to 365d");
    check("retry for 1h\nretry errors for 2h", "2:1 S0018 `errors for` is out of range: at most 1h");
    check("key primary\nkey none", "2:1 S0016 `key` is given twice");
    check("to bus", "1:4 S0016 `to` is given twice");
    check("table shop.a {\nkey id\n}\ntable shop.a {\nkey none\n}", "5:1 S0016 `key` is given twice");
    check("key origin", "1:5 S0015 `origin` is a word here, not a column");
    check("key `origin`", "");
    check("excldue shop.a", "1:1 S0013 `excldue` is no statement; did you mean `exclude`?");
    check("whitelist shop.a", "1:1 S0013 `whitelist` is no statement; here it is called `include`");
    check("brokers \"a\"", "1:1 S0014 `brokers` does not belong in a `pipeline`");
    check("table shop.a", "1:1 S0015 `table` lacks its block");
    check("retry for 1h {\n}", "1:14 S0015 `retry` takes no block");
    check("include shop", "1:9 S0015 `shop` is not a table as `DB.TABLE`");
    check("include", "1:1 S0015 `include` lacks a table as `DB.TABLE` at its end");
    check("include shop.a,", "1:15 S0015 `include` lacks a table as `DB.TABLE` at its end");
    check(
        "label 1a \"x\"",
        "1:7 S0015 `1a` is no name for a thing of your own: begins with a letter from A to Z",
    );
}

#[test]
fn findings_about_settings_of_tables() {
    check("key-change splt", "1:12 S0015 `key-change` takes `split` or `update` here, not `splt`");
    check("headers position schema", "1:18 S0015 `headers` takes a comma here, not `schema`");
    check("changes inserts", "1:9 S0015 `changes` takes `insert`, `update` or `delete` here, not `inserts`");
    check("online-ddl ghost", "1:12 S0015 `online-ddl` takes `off`, `gh-ost` or `pt-osc` here, not `ghost`");
    check("on-error dead-letter", "1:10 S0015 `on-error` lacks a text in quotes at its end");
    check("on-error warn", "1:10 S0807 `on-error warn` would lose rows, and nothing is ever skipped here");
    check(
        "on-oversize skip",
        "1:13 S0807 `on-oversize skip` would lose rows, and nothing is ever skipped here",
    );
    check("on-oversize park", "1:13 S0015 `on-oversize` takes `stop` or `dead-letter` here, not `park`");
    check("split after 1KiB", "1:13 S0018 `1KiB` is out of range: 1MiB to 1024GiB");
    check("limit 20MiB", "1:7 S0017 `20MiB` lacks its unit: a rate such as `20MiB/s` is wanted");
    check("paused", "1:1 S0015 `paused` lacks `because` at its end");
    check("key id as txt", "1:11 S0015 `key` takes `json`, `avro` or `text` here, not `txt`");
    check("mask email keep last 0", "1:22 S0018 `0` is out of range: 1 to 1_000");
    check("mask email with md5", "1:17 S0015 `mask` takes `sha256`, `null` or `fixed` here, not `md5`");
    check("mask email with sha256 salt \"abc\"", "1:29 S0301 a secret is never written into a file");
    check("ddl", "1:1 S0015 `ddl` lacks its arguments or its block");
    check("ddl off {\n}", "1:9 S0015 `ddl off` takes no block");
    check(
        "ddl {\nallow create-tabel\ntopic same\n}",
        "2:7 S0015 `allow` knows no `create-tabel`; did you mean `create-table`?",
    );
    check("tombstones on\ntombstones off", "2:1 S0016 `tombstones` is given twice");
    check("table shop.a {\nretry for 1h\n}", "2:1 S0014 `retry` does not belong in a `table`");
    check(
        "table shop.a {\nddl off\n}\ntable shop.a {\nddl {\ntopic same\n}\n}",
        "5:1 S0016 `ddl` is given twice",
    );
}

#[test]
fn options_are_those_of_their_format() {
    check("format debezium-json {\nnulls omit\n}", "2:1 S0014 `nulls` is no option of `debezium-json`");
    check("format json {\nnulls\n}", "2:1 S0015 `nulls` lacks `write` or `omit` at its end");
    check(
        "format json {\ndecimal precise\n}",
        "2:9 S0015 `decimal` takes `number` or `string` here, not `precise`",
    );
    check("format maxwell-json {\nenum label\n}", "2:1 S0014 `enum` is no option of `maxwell-json`");
    check("format canal-json {\nenumm label\n}", "2:1 S0013 `enumm` is no statement; did you mean `enum`?");
    check("format dts-avro {\nheartbeat every 1ms\n}", "2:17 S0018 `1ms` is out of range: 1s to 1d");
    // The near word is one of another format.
    check("format json {\nsubjct topic\n}", "2:1 S0013 `subjct` is no statement; did you mean `subject`?");
}

#[test]
fn an_option_counts_for_its_format() {
    let text = HELLO
        .replace("\"kafka1:9092\"", "\"kafka1:9092\" {\nregistry \"https://r\"\n}")
        .replace("include shop.*", "include shop.*\nformat json {\ndecimal string\n}\ntable shop.a {\nformat avro\n}\ntable shop.b {\nformat json {\nnulls omit\n}\n}");
    let task = plan(&[&text]).tasks.remove(0);
    let format = |table: &str| format!("{:?}", decided(&task, "shop", table).format);
    assert_eq!(
        format("a"),
        "Avro(AvroOptions { subject: Topic, compatibility: None, bigint_unsigned: Decimal, decimal: Decimal, enum_form: Label })"
    );
    let json = |nulls: bool| {
        format!(
            "Json(JsonOptions {{ omit_nulls: {nulls}, decimal: String, binary: Base64, enum_form: Label }})"
        )
    };
    assert_eq!((format("b"), format("c")), (json(true), json(false)));
}

#[test]
fn an_option_of_a_profile_counts_for_its_format() {
    let text = format!(
        "{HEAD}profile p {{\nformat avro {{\ndecimal string\nsubject record\n}}\n}}\n\
         pipeline shop from shop to bus {{\ninclude shop.*\ntable shop.a {{\nwith p\nformat json\n}}\n\
         table shop.b {{\nwith p\nformat avro {{\nsubject topic\n}}\n}}\n}}\n{TAIL}"
    );
    let text = text
        .replace("target bus kafka \"kafka1\"", "target bus kafka \"kafka1\" {\nregistry \"https://r\"\n}");
    let plan = plan(&[&text]);
    let format = |table: &str| format!("{:?}", decided(&plan.tasks[1], "shop", table).format);
    assert_eq!(
        format("a"),
        "Json(JsonOptions { omit_nulls: false, decimal: Number, binary: Base64, enum_form: Label })"
    );
    assert_eq!(
        format("b"),
        "Avro(AvroOptions { subject: Topic, compatibility: None, bigint_unsigned: Decimal, decimal: String, enum_form: Label })"
    );
}

#[test]
fn what_holds_by_default_depends_on_the_rest() {
    let decision = |lines: &str| {
        let task = pipeline(&format!("include shop.*\n{lines}"));
        let decision = decided(&task, "shop", "a");
        let ddl = decision.ddl.map(|ddl| format!("{} {}", ddl.topic, ddl.partition));
        (decision.tombstones, decision.truncate.to_string(), decision.partition.to_string(), ddl)
    };
    let plain = |tombstones, truncate: &str, partition: &str, ddl: Option<&str>| {
        (tombstones, truncate.to_owned(), partition.to_owned(), ddl.map(str::to_owned))
    };
    let separate = Some("\"{pipeline}.schema-changes\" to 0");
    assert_eq!(decision(""), plain(false, "warn", "by key", None));
    assert_eq!(decision("format debezium-json"), plain(true, "warn", "by key", None));
    assert_eq!(decision("format debezium-json\ntombstones off"), plain(false, "warn", "by key", None));
    assert_eq!(decision("format dts-avro"), plain(false, "warn", "to 0", None));
    assert_eq!(decision("ddl {\n}"), plain(false, "emit", "by key", separate));
    assert_eq!(decision("ddl {\n}\nformat json"), plain(false, "warn", "by key", separate));
    assert_eq!(
        decision("ddl {\ntopic same\n}\npartition by table"),
        plain(false, "emit", "by table", Some("same by table"))
    );
    assert_eq!(decision("ddl {\ntopic same\n}"), plain(false, "emit", "by key", Some("same to 0")));
}

#[test]
fn a_pipeline_may_have_two_topics_at_one_target() {
    let text = format!(
        "{HEAD}pipeline shop {{\nfrom shop\ninclude shop.*\nto bus {{\ntopic \"a.{{table}}\"\n}}\nto bus {{\ntopic \"b.{{table}}\"\n}}\n}}\n{TAIL}"
    );
    let tasks: Vec<String> = plan(&[&text]).tasks.iter().map(|task| task.id.to_string()).collect();
    assert_eq!(tasks, ["rest.crm.out", "shop.shop.bus[a.{table}]", "shop.shop.bus[b.{table}]"]);
}

#[test]
fn findings_about_names() {
    let text = format!(
        "{HEAD}pipeline p from shp to buss {{\n}}\npipeline P from shop to warehouse {{\n}}\ntarget out stdout\n"
    );
    assert_eq!(
        shown(&[&text]),
        "0.sync:10:17 S0101 there is no source `shp`\n\
         0.sync:10:24 S0101 there is no target `buss`\n\
         0.sync:12:1 S0201 pipeline `P` includes no table\n\
         0.sync:12:10 S0105 the pipelines `P` and `p` look alike\n\
         0.sync:12:25 S0101 there is no target `warehouse`\n\
         0.sync:14:8 S0102 there are two targets called `out`\n"
    );
}

#[test]
fn a_broken_statement_has_no_consequences() {
    let text = HELLO.replace("\"kafka1:9092\"", "\"kafka1:9092");
    let found = shown(&[&text]);
    assert_eq!(found.lines().count(), 1, "{found}");
    assert!(found.starts_with("0.sync:6:18 S0001"), "{found}");
    let text = HELLO.replace("target bus kafka", "tarket bus kafka");
    assert_eq!(shown(&[&text]), "0.sync:6:1 S0013 `tarket` is no statement; did you mean `target`?\n");
    let text = HELLO.replace("mysql \"syncc@db1:3306\" {", "mysql \"syncc@db1:3306 {");
    let found = shown(&[&text]);
    assert_eq!(found.lines().count(), 1, "{found}");
}

#[test]
fn what_is_not_read_may_declare_anything() {
    let text = HELLO.replace("target bus kafka \"kafka1:9092\"\n", "use \"../platform\"\n");
    assert_eq!(shown(&[&text]), "0.sync:6:5 S0106 there is no directory `../platform`\n");
}

#[test]
fn addresses_are_addresses() {
    let source = |text: &str| HELLO.replace(" \"syncc@db1:3306\" {", &format!(" {{\n  address {text}"));
    let wrong = "0.sync:4:11 S0015 this is no address: the port is a number from 1 to 65535\n";
    assert_eq!(shown(&[&source("\"db1:x\"")]), wrong);
    assert_eq!(shown(&[&source("env A else \"db1:x\"")]), wrong.replace("4:11", "4:22"));
    let password = "0.sync:4:11 S0302 an address holds no password\n";
    assert_eq!(shown(&[&source("\"u:p@db1\"")]), password);
    assert_eq!(shown(&[&source("env A else \"db1\"")]), "");
    assert_eq!(shown(&[&source("param A")]), "0.sync:4:17 S0101 there is no param `A`\n");
}

#[test]
fn editions() {
    assert_eq!(shown(&[""]), "0.sync:1:1 S0011 the first statement of a file is `edition`\n");
    assert_eq!(
        shown(&["edition 2031\nnonsense here\n"]),
        "0.sync:1:9 S0012 edition 2031 is newer than this program, which knows editions up to 2026\n"
    );
    assert_eq!(shown(&["edition 1999\n"]), "0.sync:1:9 S0018 there never was an edition 1999\n");
    assert_eq!(
        shown(&["defaults {\n}\nedition 2026\n"]),
        "0.sync:1:1 S0011 the first statement of a file is `edition`\n"
    );
}

#[test]
fn secrets_are_never_written_and_never_repeated() {
    for literal in ["\"hunter2\"", "hunter2", "param hunter2", "env X else \"hunter2\""] {
        let text = HELLO.replace("env SHOP_DB_PASSWORD", literal);
        let compiled = compile_files(&files(&[&text]));
        assert_eq!(compiled.findings.len(), 1, "{literal}: {}", shown(&[&text]));
        assert_eq!(compiled.findings[0].code.number, "S0301");
        assert!(!format!("{:?}", compiled.findings).contains("hunter2"));
    }
    let text = HELLO.replace("env SHOP_DB_PASSWORD", "env X \"hunter2\"");
    assert!(!format!("{:?}", compile_files(&files(&[&text])).findings).contains("hunter2"));
}

/// No error and no warning is said about the projects of the manual, of several directories and with a lock file.
#[test]
fn the_projects_of_the_manual_compile() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    for project in ["large/prod", "shop"] {
        let location = crate::project::Location {
            root: Some(corpus.clone()),
            ..crate::project::Location::new(corpus.join(project))
        };
        let project = crate::project::io::read(&location).expect("a project").project;
        let mut compiled = compile_project(&project);
        compiled.findings.retain(|finding| finding.severity > Severity::Advice);
        assert_eq!(compiled.findings, [], "{}", location.directory.display());
        assert!(compiled.plan.is_some());
    }
}

#[test]
fn pages_show_what_they_say() {
    let pages = crate::statement::PAGES.iter().chain(crate::hir::PAGES);
    // What is not executed is found by `run` alone.
    for page in pages.filter(|page| page.code != crate::statement::NOT_BUILT_YET) {
        let found = shown(&[page.wrong]);
        assert!(found.lines().count() == 1 && found.contains(page.code.number), "{}: {found}", page.code);
        assert_eq!(shown(&[page.right]), "", "{}", page.code);
    }
}

#[test]
fn formatting_leaves_the_plan_equal() {
    let ugly = HELLO.replace('\n', "  \n\n").replace("  include", "include").replace(" from", "\t from");
    let crate::fmt::Formatted::Text(formatted) = crate::fmt::format(&ugly) else { panic!("balanced") };
    assert_ne!(formatted, ugly);
    assert_eq!(plan(&[&ugly]), plan(&[&formatted]));
}

#[test]
fn the_words_of_the_top_level_are_those_of_the_grammar() {
    use crate::statement::{Place, in_place};
    let files = [Place::File, Place::LockFile, Place::TestFile];
    let of_files = files.into_iter().flat_map(in_place);
    let mut ours: Vec<&str> = of_files.map(|spec| spec.word).collect();
    let mut theirs = crate::syntax::TOP_WORDS.to_vec();
    ours.sort_unstable();
    ours.dedup();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
}

#[test]
fn producer_and_commit_of_a_target_win_where_it_is_used() {
    let text = HELLO.replace("\"kafka1:9092\"", "\"kafka1:9092\" {\nlinger 5ms\nbatch 512KiB\n}").replace(
        "from shop to bus {",
        "{\nfrom shop\nto bus {\nlinger 9ms\ncompression none\ncommit every 2s\n}\ncommit every 1s, 5 rows",
    );
    let task = plan(&[&text]).tasks.remove(0);
    let TargetKind::Kafka(kafka) = &task.target.kind else { panic!("a cluster") };
    assert_eq!((kafka.linger_ms, kafka.batch_bytes, kafka.compression), (9, 512 << 10, Compression::None));
    assert_eq!(task.commit, CommitPolicy { every_ms: 2000, rows: 20_000, bytes: 8 << 20 });
}

#[test]
fn targets_for_trying() {
    let target = |line: &str| HELLO.replace("target bus kafka \"kafka1:9092\"", line);
    let task = plan(&[&target("target bus file \"out/{topic}.jsonl\"")]).tasks.remove(0);
    assert_eq!(task.target.kind, TargetKind::File { path: "out/{topic}.jsonl".into() });
    assert_eq!(
        shown(&[&target("target bus file \"out.jsonl\"")]),
        "0.sync:6:17 S0015 the path of a `file` target holds `{topic}`, once\n"
    );
    assert_eq!(
        shown(&[&target("target bus stdout {\nlinger 1ms\n}")]),
        "0.sync:7:1 S0014 `linger` does not belong in a `stdout` target\n"
    );
}

/// Statements of a pipeline, any order of which means the same.
const STATEMENTS: [&str; 12] = [
    "include shop.*",
    "include shop_[00..15].orders_[00..63], crm.x",
    "exclude shop.tmp_*",
    "rename database shop to commerce",
    "rename table shop.a to b",
    "topic \"{db}.{table}\" {\npartitions 3\nreplicas 2\n}",
    "format canal-json {\nenum label\n}",
    "table shop.* {\nkey none\n}",
    "table shop.a {\nkey id\npartition by key\n}",
    "retry for 1h",
    "label team \"x\"",
    "label app \"y\"",
];

proptest::proptest! {
    #[test]
    fn shuffled_statements_give_one_plan(
        order in proptest::strategy::Strategy::prop_shuffle(proptest::strategy::Just((0..STATEMENTS.len()).collect::<Vec<_>>()))
    ) {
        let shuffled: Vec<&str> = order.into_iter().map(|n| STATEMENTS[n]).collect();
        assert_eq!(pipeline(&shuffled.join("\n")), pipeline(&STATEMENTS.join("\n")));
    }

    /// Any edit of any example gives findings or a plan, never a panic, and every finding lies in the text.
    #[test]
    fn no_text_breaks_the_compiler(n in 0usize..10, at in 0usize..6000, cut in 0usize..40, sign in 0usize..24) {
        const SIGNS: [&str; 24] = ["\"", "'", "`", "{", "}", "(", ")", "/", "\\", "#", ".", ",", "->", "=", "\n", " ", "[",
            "]", "*", "0", "12h", "订", "param x ", "\nsource "];
        let corpus = crate::syntax::property_tests::CORPUS;
        let mut text = corpus[n % corpus.len()].1.to_owned();
        let floor = |text: &str, at: usize| (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let (start, end) = (floor(&text, at % (text.len() + 1)), floor(&text, at % (text.len() + 1) + cut));
        text.replace_range(start..end.max(start), SIGNS[sign]);
        let files = files(&[&text, HELLO]);
        let compiled = compile_files(&files);
        for finding in &compiled.findings {
            let spans = finding.primary.iter().map(|label| label.span)
                .chain(finding.fixes.iter().flat_map(|fix| fix.edits.iter().map(|edit| edit.span)));
            for span in spans {
                files.slice(span);
            }
        }
        if let Some((plan, _)) = compiled.plan {
            for task in &plan.tasks {
                let _ = task.decide("shop", "orders");
            }
        }
    }
}

/// Applies every certain repair of the one finding about `line`, and shows the line.
#[track_caller]
fn mended(line: &str) -> String {
    let text = format!("{HEAD}pipeline shop from shop to bus {{\ninclude shop.*\n{line}\n}}\n{TAIL}");
    let found = compile_files(&files(&[&text])).findings;
    assert_eq!(found.len(), 1, "{}", shown(&[&text]));
    let mut edits: Vec<_> = found[0]
        .fixes
        .iter()
        .filter(|fix| fix.safety == crate::diagnostic::Safety::Machine)
        .flat_map(|fix| fix.edits.clone())
        .collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    let mut text = text.clone();
    for edit in edits {
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    text.lines().nth(11).expect("the line").to_owned()
}

#[test]
fn certain_repairs() {
    let quotes = [
        ("topic orders", "topic \"orders\""),
        ("topic 'orders.{table}'", "topic \"orders.{table}\""),
        ("label team payments", "label team \"payments\""),
        ("include \"shop.b\"", "include shop.b"),
        ("include `shop.b`", "include shop.b"),
        ("format \"canal-json\"", "format canal-json"),
        ("format canal", "format canal-json"),
        ("mask a using null", "mask a with null"),
    ];
    for (written, expected) in quotes {
        assert_eq!(mended(written), expected);
    }
    // The only word that fits is not always what was meant.
    for doubtful in ["ddl on", "mask a with md5", "start initial", "partition by hash a", "columns"] {
        let certain = doubtful == "start initial";
        assert_eq!(mended(doubtful) != doubtful, certain, "{doubtful}");
    }
    assert_eq!(mended("partition key"), "partition by key");
    assert_eq!(mended("rename table shop.a => b"), "rename table shop.a to b");
    assert_eq!(mended("rename table shop.a b"), "rename table shop.a to b");
    assert_eq!(mended("rename table shop.a to shop.b"), "rename table shop.a to b");
    assert_eq!(mended("format canal_json"), "format canal-json");
    assert_eq!(mended("topic = \"x\""), "topic \"x\"");
    assert_eq!(mended("retry for 12 h"), "retry for 12h");
    assert_eq!(mended("exclude shop.a shop.b"), "exclude shop.a, shop.b");
    assert_eq!(mended("key id name"), "key id, name");
    assert_eq!(mended("partition by columns a"), "partition by column a");
    assert_eq!(mended("partition by keys"), "partition by keys", "`by key` or `by column keys`");
    assert_eq!(mended("exlude shop.a"), "exclude shop.a");
    assert_eq!(mended("columns except"), "columns except", "nothing is certain");
    assert_eq!(mended("delivery exactly-once"), "delivery exactly-once", "it belongs elsewhere");
}
#[test]
fn kept_patterns_are_those_of_the_task_asked_about() {
    let (one, other) = (pipeline("include shop.a"), pipeline("include shop.b"));
    for _ in 0..2 {
        assert!(one.selects("shop", "a") && !one.selects("shop", "b"));
        assert!(other.selects("shop", "b") && !other.selects("shop", "a"));
    }
}
