//! Statements of sources, targets, registries and starts: what they give, and what is said about wrong ones.

use super::*;
use crate::diagnostic::short;
use crate::statement::FOREVER_MS;
use crate::text::FileSet;

const USED: &str = "pipeline p from shop to bus {\ninclude shop.*\n}\n";

fn source_with(lines: &str) -> String {
    format!(
        "edition 2026\nsource shop mysql \"db1\" {{\npassword env P\n{lines}\n}}\ntarget bus kafka \"kafka1\"\n{USED}"
    )
}

fn target_with(lines: &str) -> String {
    format!(
        "edition 2026\nsource shop mysql \"db1\" {{\npassword env P\n}}\ntarget bus kafka \"kafka1\" {{\n{lines}\n}}\n{USED}"
    )
}

/// Errors of a project, one a line, each with the line of the statements that `with` wraps, from 1 on.
fn errors(text: &str, first_line: u32) -> String {
    let mut files = FileSet::new();
    files.add("0.sync", text);
    let findings = compile_files(&files).findings;
    let mut lines = String::new();
    for finding in findings.iter().filter(|finding| finding.severity == crate::diagnostic::Severity::Error) {
        let label = finding.primary.as_ref().expect("a place");
        let at = files.line_col(label.span.file, label.span.start);
        let said = short::line(finding, &files);
        let said = said.split_once("error[").map_or(said.as_str(), |(_, said)| said);
        lines.push_str(&format!("{}:{} {said}\n", at.line + 1 - first_line, at.col));
    }
    lines
}

#[track_caller]
fn source_says(lines: &str, expected: &str) {
    assert_eq!(errors(&source_with(lines), 4).trim_end(), expected, "{lines}");
}

#[track_caller]
fn target_says(lines: &str, expected: &str) {
    assert_eq!(errors(&target_with(lines), 6).trim_end(), expected, "{lines}");
}

fn task(text: &str) -> TaskPlan {
    let mut files = FileSet::new();
    files.add("0.sync", text);
    let compiled = compile_files(&files);
    let Some((plan, _)) = compiled.plan else { panic!("{:?}", compiled.findings) };
    plan.tasks.into_iter().next().expect("a task")
}

fn kafka(text: &str) -> KafkaPlan {
    match task(text).target.kind {
        TargetKind::Kafka(kafka) => *kafka,
        TargetKind::Stdout | TargetKind::File { .. } => panic!("a Kafka target"),
    }
}

#[test]
fn what_a_source_says() {
    let made = task(&source_with(
        "time-zone \"europe/berlin\"\nstandby \"db2\", \"[::1]:3307\"\non-failover stop\nserver-id 4001\nreaders 2\n\
         heartbeat every 5s table syncc.beat\nevent-limit 64MiB\nretry for 6h\nretry errors for 5m",
    ));
    let expected = SourcePlan {
        password: Some(SecretRef::Env("P".into())),
        time_zone: Some("Europe/Berlin".into()),
        standby: vec!["db2:3306".into(), "[::1]:3307".into()],
        on_failover: OnFailover::Stop,
        server_ids: ServerIds::Range { first: 4001, last: 4002 },
        readers: 2,
        heartbeat: Heartbeat { every_ms: 5_000, table: Some(("syncc".into(), "beat".into())) },
        event_limit_bytes: 64 << 20,
        retry: Retry { window_ms: 6 * 3_600_000, errors_ms: 5 * 60_000 },
        ..SourcePlan::new("shop", Text::Literal("db1".into()), Tls::mode(TlsMode::VerifyFull))
    };
    assert_eq!(made.source, expected);
    assert_eq!(made.retry, Retry::default(), "that of a source is not that of the task");
}

#[test]
fn a_task_is_known_to_its_source_by_where_its_state_is() {
    let identities = |made: &TaskPlan, home: &str| {
        [made.reader_identity(0, home), made.reader_identity(1, home), made.searcher_identity(home)]
    };
    let read_as = |target: &str| {
        let made = task(&target_with(target).replace(" \"kafka1\"", ""));
        let one = identities(&made, "one");
        assert_eq!(one, identities(&made, "two"), "its state is in Kafka");
        one
    };
    let one = read_as("brokers \"k1\", \"k2\"");
    assert_eq!(one, read_as("brokers \"k2\", \"k1\"\ndelivery at-least-once"));
    let another = read_as("brokers \"k3\"");
    let prefix = read_as("brokers \"k1\", \"k2\"\nstate {\nprefix \"other\"\n}");
    let mut all = [one, another, prefix].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 9, "{all:?}");
    // a target that keeps no state leaves it in the directory of the instance
    for target in ["target bus stdout", "target bus file \"out/{topic}.jsonl\""] {
        let made = task(&source_with("").replace("target bus kafka \"kafka1\"", target));
        let mut all = [identities(&made, "one"), identities(&made, "two")].concat();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 6, "{all:?}");
    }
}

#[test]
fn what_is_wrong_in_a_source() {
    source_says(
        "time-zone \"Berlin\"",
        "1:11 S0015]: there is no time zone \"Berlin\"; did you mean \"Europe/Berlin\"?",
    );
    source_says("time-zone \"+15:00\"", "1:11 S0015]: there is no time zone \"+15:00\"");
    source_says("standby \"db2\", \"u:p@db3\"", "1:16 S0302]: an address holds no password");
    source_says("on-failover abort", "1:13 S0015]: `on-failover` takes `stop` or `follow` here, not `abort`");
    source_says("server-id 0", "1:11 S0018]: `0` is out of range: 1 to 4_294_967_295");
    source_says(
        "server-id 5 to 3",
        "1:1 S0018]: `server-id 5 to 3` is out of range: it ends before it begins",
    );
    source_says("server-id 5 to 6", "1:1 S0018]: `server-id 5 to 6` is out of range: 2 ids for 4 readers");
    source_says("readers 2\nserver-id 5 to 6", "");
    source_says(
        "server-id 4294967295",
        "1:1 S0018]: `server-id 4294967295` is out of range: with 4 readers it ends at 4294967298",
    );
    source_says("readers 17", "1:9 S0018]: `17` is out of range: 1 to 16");
    source_says("heartbeat 10s", "1:11 S0015]: `heartbeat` takes `every` here, not `10s`");
    source_says("heartbeat every 10", "1:17 S0017]: `10` lacks its unit: a duration such as `30s` is wanted");
    source_says(
        "heartbeat every 10s table syncc.*",
        "1:27 S0015]: `syncc.*` is a pattern; one table is wanted here",
    );
    source_says("event-limit 2GiB", "1:13 S0018]: `2GiB` is out of range: 1MiB to 1GiB");
    source_says("retry for 1h\nretry for 2h", "2:1 S0016]: `retry` is given twice");
    source_says("retry for 1h\nretry errors for 2h", "2:1 S0018]: `errors for` is out of range: at most 1h");
}

#[test]
fn where_a_start_begins() {
    let start = |lines: &str| task(&source_with(lines)).start;
    assert_eq!(
        start(
            "start snapshot {\nschema off\ndata off\nchunk 10 rows\nrate 20MiB/s\nparallel 2\n\
             window 22:00 to 06:00 \"Europe/Berlin\"\n}"
        ),
        Start::Snapshot(Snapshot {
            schema: false,
            data: false,
            chunk_rows: Some(10),
            rate_bytes_s: Some(20 << 20),
            window: Some(Window { from_minute: 1320, to_minute: 360, zone: "Europe/Berlin".into() }),
            parallel: Some(2),
        })
    );
    let uuid = "3E11FA47-71CA-11E1-9E33-C80AA9429562";
    assert_eq!(
        start(&format!("start at gtid \"{uuid}:1-5:7\"")),
        Start::At(StartAt::Gtid(format!("{}:1-5:7", uuid.to_lowercase())))
    );
    assert_eq!(start("start at gtid \"1-2-5,0-1-100\""), Start::At(StartAt::Gtid("0-1-100,1-2-5".into())));
    assert_eq!(
        start("start at binlog \"binlog.000042:157\""),
        Start::At(StartAt::Binlog { file: "binlog.000042".into(), offset: 157 })
    );
    assert_eq!(start("start at 1970-01-01T01:00:01+01:00"), Start::At(StartAt::TimeUs(1_000_000)));
}

#[test]
fn what_is_wrong_in_a_start() {
    let inner = |line: &str, expected: &str| source_says(&format!("start snapshot {{\n{line}\n}}"), expected);
    inner("rate 20MiB", "2:6 S0017]: `20MiB` lacks its unit: a rate such as `20MiB/s` is wanted");
    inner("rate 20", "2:6 S0017]: `20` lacks its unit: a rate such as `20MiB/s` is wanted");
    inner("rate 1B/s", "2:6 S0018]: `1B/s` is out of range: at least 1KiB/s");
    inner("window 22:00 to 24:00 \"UTC\"", "2:17 S0018]: `24:00` is out of range: 00:00 to 23:59");
    inner("window 22:00 to 22:00 \"UTC\"", "2:1 S0018]: the window ends where it begins");
    inner(
        "window 22:00 to 06:00",
        "2:17 S0015]: `window` lacks a time zone such as \"Europe/Berlin\" at its end",
    );
    inner("chunk 8192", "2:7 S0015]: `chunk` lacks `rows` at its end");
    source_says(
        "start at gtid \"x\"",
        "1:15 S0015]: this is no GTID set: `x` is no MariaDB GTID (domain-server-sequence)",
    );
    source_says("start at gtid \"\"", "1:15 S0015]: this names no transaction");
    source_says("start at binlog \"binlog.000042\"", "1:17 S0015]: this is no place in the log");
    source_says("start at binlog \"binlog.000042:3\"", "1:17 S0018]: offset 3 is out of range: at least 4");
    source_says(
        "start at 2026-09-01T10:00:00",
        "1:10 S0015]: `2026-09-01T10:00:00` lacks its offset: it is another moment in every time zone",
    );
    source_says(
        "start at 2026-02-30T10:00:00Z",
        "1:10 S0018]: `2026-02-30T10:00:00Z` is out of range: there is no such day or time",
    );
    source_says(
        "start now {\nrate 1MiB/s\n}",
        "2:1 S0014]: `rate` has no effect here: no existing rows are read",
    );
}

#[test]
fn what_a_target_says() {
    let registry = RegistryPlan {
        url: "https://registry:8081".into(),
        user: Some("syncc".into()),
        password: Some(SecretRef::File("pw".into())),
        tls: Tls { ca: Some("ca.pem".into()), ..Tls::mode(TlsMode::VerifyCa) },
    };
    let made = kafka(&target_with(
        "delivery at-least-once\nacks 1\nin-flight 20\nbroker-version 2.8\nretry forever\n\
         user \"syncc\" with oauthbearer\npassword file \"token\"\n\
         registry \"https://registry:8081\" {\nuser \"syncc\"\npassword file \"pw\"\ntls verify-ca ca \"ca.pem\"\n}",
    ));
    let plain = KafkaPlan::new(vec!["kafka1:9092".into()], Tls::mode(TlsMode::VerifyFull));
    let expected = KafkaPlan {
        sasl: Some(Sasl {
            user: "syncc".into(),
            mechanism: Mechanism::OauthBearer,
            password: SecretRef::File("token".into()),
        }),
        registry: Some(registry),
        delivery: Delivery::AtLeastOnce,
        acks: Acks::Leader,
        in_flight: 20,
        broker_version: Some(Version::new(2, 8, 0)),
        retry: Retry { window_ms: FOREVER_MS, errors_ms: 600_000 },
        ..plain
    };
    assert_eq!(made, expected);
    assert_eq!(kafka(&target_with("broker-version \"3.7.1\"")).broker_version, Some(Version::new(3, 7, 1)));
}

#[test]
fn what_is_wrong_in_a_target() {
    target_says("broker-version 0.9", "1:16 S0018]: `0.9` is out of range: at least 0.10.2");
    target_says("broker-version 2.x", "1:16 S0015]: `2.x` is no version such as `2.8` or `0.10.2`");
    target_says(
        "broker-version new",
        "1:16 S0015]: `broker-version` takes a version such as `2.8` here, not `new`",
    );
    target_says("acks 2", "1:6 S0018]: `2` is out of range: 0 to 1");
    target_says("acks quorum", "1:6 S0015]: `acks` takes `all` or a number here, not `quorum`");
    target_says("in-flight 0", "1:11 S0018]: `0` is out of range: 1 to 1_000");
    target_says(
        "user \"u\" with oauthbearer\npassword env TOKEN",
        "2:1 S0015]: the token of `oauthbearer` is read from a file, not from the environment",
    );
    target_says(
        "registry \"registry:8081\"",
        "1:10 S0015]: this is no address of a service: it begins with `https://` or `http://`",
    );
    target_says(
        "registry \"https://me:pw@registry\"",
        "1:10 S0302]: an address holds no user and no password",
    );
    target_says(
        "registry \"https://r\" {\npasword env X\n}",
        "2:1 S0013]: `pasword` is no statement; did you mean `password`?",
    );
    target_says("linger 20", "1:8 S0017]: `20` lacks its unit: a duration such as `30s` is wanted");
    target_says("linger 20 MS", "1:8 S0017]: a unit follows its number without a blank: `20ms`");
    target_says("batch 1mib", "1:7 S0017]: `1mib` is not a size such as `1MiB`; did you mean `1MiB`?");
}

#[test]
fn the_pipelines_word_wins_for_its_tasks() {
    let text = source_with("retry for 6h").replace("include", "retry for 1h\ninclude");
    assert_eq!(task(&text).source.retry.window_ms, 3_600_000);
    let text = format!("{}defaults {{\nretry for 2h\n}}\n", source_with("retry errors for 1m"));
    assert_eq!(task(&text).source.retry, Retry { window_ms: 7_200_000, errors_ms: 60_000 });
}
