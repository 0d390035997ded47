//! The servers themselves: each starts, answers, survives what tests do to it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rustix::process::Signal;

use crate::support::run::SEARCH;
use crate::support::shop::CANARY;
use crate::support::{Isolation, Kafka, KafkaOptions, Kind, MySql, Project, Sql, wait};

#[track_caller]
fn check_binlog(server: &MySql, version: &str) {
    let mut sql = server.sql();
    let found = sql.one("select version()");
    assert!(found.starts_with(version), "{found} is not {version}");
    let database = server.database("services");
    sql.run(&format!("create table {database}.t (id int primary key, v varchar(20) null)"));
    sql.run(&format!("insert into {database}.t values (1, 'grün'), (2, null)"));
    assert_eq!(
        sql.text(&format!("select v from {database}.t order by id")),
        [[Some("grün".to_owned())], [None]]
    );
    for (variable, value) in [
        ("log_bin", "1"),
        ("binlog_format", "ROW"),
        ("binlog_row_image", "FULL"),
        ("binlog_row_metadata", "FULL"),
    ] {
        if server.kind() == Kind::MySql5_7 && variable == "binlog_row_metadata" {
            sql.try_run("select @@global.binlog_row_metadata").expect_err("5.7 logs none");
            continue;
        }
        assert_eq!(sql.one(&format!("select @@global.{variable}")), value, "{variable}");
    }
    let mut user = Sql::connect(server.port(), MySql::USER, MySql::PASSWORD).expect("the user can log in");
    assert_eq!(user.one(&format!("select count(*) from {database}.t")), "2");
    user.try_run(&format!("delete from {database}.t")).expect_err("the user may only read");
}

#[test]
fn mariadb_answers() {
    check_binlog(MySql::shared(Kind::MariaDb10_11), "10.11.");
}

#[test]
fn mysql_9_7_answers() {
    check_binlog(MySql::shared(Kind::MySql9_7), "9.");
}

#[test]
fn mysql_8_0_answers() {
    check_binlog(MySql::shared(Kind::MySql8_0), "8.0.15");
}

#[test]
fn other_releases_answer() {
    check_binlog(MySql::shared(Kind::MariaDb11_4), "11.4.");
    check_binlog(MySql::shared(Kind::MariaDb11_8), "11.8.");
    check_binlog(MySql::shared(Kind::MySql5_7), "5.7.22");
}

#[test]
fn servers_keep_what_is_committed_through_stop_and_kill() {
    for kind in Kind::ALL {
        let server = MySql::start(kind, &["max-connections=33"]);
        assert_eq!(server.sql().one("select @@max_connections"), "33");
        let database = server.database("kept");
        server.sql().run(&format!("create table {database}.t (id int primary key)"));
        let count = || server.sql().one(&format!("select count(*) from {database}.t"));
        server.sql().run(&format!("insert into {database}.t values (1)"));
        server.kill();
        server.start_again();
        assert_eq!(count(), "1", "{:?} after a kill", server.kind());
        server.stop();
        Sql::connect(server.port(), "root", "").map(|_| ()).expect_err("a stopped server does not answer");
        server.start_again();
        assert_eq!(count(), "1", "{kind:?} after a stop at {}", server.address());
    }
}

#[test]
fn kafka_shows_committed_and_aborted_transactions_as_asked() {
    let kafka = Kafka::shared();
    let topic = format!("{}.topic", kafka.prefix("services"));
    assert_eq!(kafka.consume(&topic, Isolation::ReadCommitted), []);
    kafka.create_topic(&topic, 3, &[("cleanup.policy", "compact")]);
    assert!(kafka.topics().contains(&(topic.clone(), 3)));
    let long = Duration::from_secs(30);
    let producer: BaseProducer =
        kafka.client().set("transactional.id", &topic).create().expect("valid settings");
    producer.init_transactions(long).expect("the broker answers");
    for (value, commit) in [("kept", true), ("dropped", false)] {
        producer.begin_transaction().expect("no transaction is open");
        producer
            .send(BaseRecord::to(&topic).partition(1).key("k").payload(value))
            .map_err(|(error, _)| error)
            .expect("the queue has room");
        producer.flush(long).expect("the broker answers");
        if commit {
            producer.commit_transaction(long).expect("the broker answers");
        } else {
            producer.abort_transaction(long).expect("the broker answers");
        }
    }
    let seen = |isolation| {
        let received = kafka.consume(&topic, isolation);
        assert!(received.iter().all(|it| it.partition == 1 && it.key.as_deref() == Some(b"k")));
        assert!(received.iter().all(|it| it.headers.is_empty()));
        received.iter().map(|it| it.text()).collect::<Vec<_>>()
    };
    assert_eq!(seen(Isolation::ReadCommitted), ["kept"]);
    assert_eq!(seen(Isolation::ReadUncommitted), ["kept", "dropped"]);
    kafka.delete_topic(&topic);
    wait::until("the topic is gone", 20, || {
        if kafka.topics().contains(&(topic.clone(), 3)) { Err("it is there") } else { Ok(()) }
    });
}

#[test]
fn kafka_with_acls_over_sasl_ssl_and_a_restart() {
    let kafka = Kafka::start(KafkaOptions { acls: true, properties: &["message.max.bytes=1000000"] });
    kafka.create_topic("allowed", 1, &[]);
    kafka.create_topic("denied", 1, &[]);
    kafka.tool(
        "org.apache.kafka.tools.AclCommand",
        &["--add", "--allow-principal", "User:alice", "--operation", "Write", "--topic", "allowed"],
    );
    let producer: BaseProducer = kafka.sasl_client().create().expect("valid settings");
    for (topic, arrives) in [("allowed", 1), ("denied", 0)] {
        producer
            .send(BaseRecord::<(), str>::to(topic).partition(0).payload("x"))
            .map_err(|(error, _)| error)
            .expect("the queue has room");
        producer.flush(Duration::from_secs(30)).expect("every record is decided");
        assert_eq!(kafka.consume(topic, Isolation::ReadUncommitted).len(), arrives, "{topic}");
    }
    kafka.kill();
    kafka.start_again();
    assert_eq!(kafka.consume("allowed", Isolation::ReadUncommitted).len(), 1, "after a kill");
    kafka.stop();
    kafka.start_again();
    assert_eq!(kafka.consume("allowed", Isolation::ReadUncommitted).len(), 1, "after a stop");
}

#[test]
fn a_stopped_process_hangs_until_it_goes_on() {
    let server = MySql::start(Kind::MariaDb10_11, &[]);
    let mut sql = server.sql();
    server.signal(Signal::STOP);
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| sql.one("select 7"));
        assert!(!answer.is_finished());
        server.signal(Signal::CONT);
        assert_eq!(answer.join().expect("the query is answered"), "7");
    });
}

#[test]
fn nothing_outlives_a_run_that_dies() {
    const NAME: &str = "services::nothing_outlives_a_run_that_dies";
    const INSIDE: &str = "SYNCC_TEST_DIES";
    if std::env::var_os(INSIDE).is_some() {
        let server = MySql::start(Kind::MariaDb10_11, &[]);
        println!("folder {}\nport {}", server.folder().display(), server.port());
        std::process::abort();
    }
    let output = Command::new(std::env::current_exe().expect("this program has a path"))
        .args(["--exact", NAME, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("this program can be started");
    assert_eq!(output.status.code(), None, "it aborts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let value = |word: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(word));
        line.unwrap_or_else(|| panic!("no {word}in: {said}")).to_owned()
    };
    let (folder, port) = (value("folder "), value("port ").parse().expect("a port"));
    wait::until("the server and its folder are gone", 30, || {
        if Sql::connect(port, "root", "").is_ok() {
            return Err("the server answers");
        }
        if Path::new(&folder).exists() { Err("the folder is there") } else { Ok(()) }
    });
}

#[test]
fn the_program_runs_in_a_project_and_ends() {
    let mut project = Project::new("program", &[("empty.sync", "")]);
    project.env("SYNCC_TEST", "1");
    assert!(project.folder().join("empty.sync").exists());
    assert_eq!(project.syncc(&["--version"]).status.code(), Some(0));
    assert_eq!(project.start(&["--version"]).wait(20), Some(0));
}

/// What searches the outputs of a whole run finds what never may be said, where it never may, and nothing else.
#[test]
fn the_search_of_a_run_finds_what_never_may_be_said() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |file: &str, text: &str| {
        let file = folder.path().join(file);
        std::fs::create_dir_all(file.parent().expect("it is in a folder")).expect("writable");
        std::fs::write(file, text).expect("writable");
    };
    write("syncc-1/stderr", &format!("{{\"msg\":\"row {CANARY} 7\"}}"));
    write("syncc-2/stderr", "nothing");
    // rows that somebody asked to see
    write("syncc-2/stdout", CANARY);
    write("shop-3/.syncc/plan.json", CANARY);
    let mut search = Command::new("bash");
    search.args(["-c", SEARCH, "search"]).arg(folder.path()).arg(CANARY);
    let found = search.output().expect("bash is installed");
    let mut found: Vec<String> = String::from_utf8(found.stdout)
        .expect("names")
        .lines()
        .map(|name| name.replace(&folder.path().display().to_string(), ""))
        .collect();
    found.sort();
    assert_eq!(found, ["/shop-3/.syncc/plan.json", "/syncc-1/stderr"]);
}
