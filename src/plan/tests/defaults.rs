//! What a plan says where a file says something, and where it does not.

use super::super::*;
use super::{HEAD, HELLO, TAIL, decided, pipeline, plan, shown};

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
        commit: CommitPolicy { every_ms: 500, rows: 200_000, bytes: 64 << 20 },
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
fn producer_and_commit_of_a_target_win_where_it_is_used() {
    let text = HELLO.replace("\"kafka1:9092\"", "\"kafka1:9092\" {\nlinger 5ms\nbatch 512KiB\n}").replace(
        "from shop to bus {",
        "{\nfrom shop\nto bus {\nlinger 9ms\ncompression none\ncommit every 2s\n}\ncommit every 1s, 5 rows",
    );
    let task = plan(&[&text]).tasks.remove(0);
    let TargetKind::Kafka(kafka) = &task.target.kind else { panic!("a cluster") };
    assert_eq!((kafka.linger_ms, kafka.batch_bytes, kafka.compression), (9, 512 << 10, Compression::None));
    assert_eq!(task.commit, CommitPolicy { every_ms: 2000, rows: 200_000, bytes: 64 << 20 });
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

#[test]
fn a_pipeline_may_have_two_topics_at_one_target() {
    let text = format!(
        "{HEAD}pipeline shop {{\nfrom shop\ninclude shop.*\nto bus {{\ntopic \"a.{{table}}\"\n}}\nto bus {{\ntopic \"b.{{table}}\"\n}}\n}}\n{TAIL}"
    );
    let tasks: Vec<String> = plan(&[&text]).tasks.iter().map(|task| task.id.to_string()).collect();
    assert_eq!(tasks, ["rest.crm.out", "shop.shop.bus[a.{table}]", "shop.shop.bus[b.{table}]"]);
}
