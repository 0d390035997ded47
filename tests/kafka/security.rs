//! Logins, certificates and rights.

use super::*;

#[test]
fn login_and_certificates_are_checked_at_once() {
    let kafka = Kafka::shared();
    let task = Task::new(kafka, "login");
    let folder = tempfile::tempdir().expect("a folder");
    let other_ca = folder.path().join("other.pem");
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=other",
            "-keyout",
        ])
        .arg(folder.path().join("other.key"))
        .arg("-out")
        .arg(&other_ca)
        .output()
        .expect("openssl is there");
    assert!(made.status.success());
    let open = |brokers: String, ca: &Path, password: Option<&str>, timeout| {
        let mut plan = plan(brokers, &task.plan.state.prefix);
        plan.tls.mode = TlsMode::VerifyFull;
        plan.tls.ca = Some(ca.display().to_string());
        plan.sasl = password.map(|_| Sasl {
            user: Kafka::USER.to_owned(),
            mechanism: Mechanism::ScramSha512,
            password: SecretRef::Env("X".into()),
        });
        let connection =
            Connection::new(&plan, password.map(SecretString::from), Path::new("."), "syncc-test")
                .expect("valid settings");
        let producer = Producer::open(&connection, &task.settings, timeout).map(drop);
        let admin = Admin::open(&connection, timeout).expect("valid settings").facts([]).map(drop);
        if let (Err(producer), Err(admin)) = (&producer, &admin) {
            assert_eq!(producer.class, admin.class, "{} / {}", producer.source, admin.source);
        }
        producer.and(admin)
    };
    let sasl = kafka.sasl_brokers();
    open(sasl.clone(), &kafka.ca_file(), Some(Kafka::PASSWORD), LONG).expect("the right password is taken");
    let check = |brokers: &str, ca: &Path, password, class, finding| {
        let began = Instant::now();
        let failure = open(brokers.to_owned(), ca, password, LONG).expect_err("it must fail");
        assert_eq!(failure.class, class, "{}", failure.source);
        assert!(began.elapsed() < LONG / 2, "it took {:?}", began.elapsed());
        assert_eq!(failure.finding().map(|finding| finding.code.number), Some(finding));
        let words = format!("{failure} {} {failure:?}", failure.source);
        assert!(!words.contains("canary"), "{words}");
    };
    check(&sasl, &kafka.ca_file(), Some("canary"), Class::Login, "L0202");
    check(&sasl, &other_ca, Some(Kafka::PASSWORD), Class::Config, "L0201");
    let unreachable = open("127.0.0.1:1".into(), &other_ca, None, Duration::from_secs(2));
    let failure = unreachable.expect_err("nobody listens");
    assert_eq!(failure.class, Class::Transient);
    assert!(failure.source.words.contains("127.0.0.1:1"), "{}", failure.source);
}

#[test]
fn a_user_without_rights_is_told_which() {
    let kafka = Kafka::start(KafkaOptions { acls: true, properties: &[] });
    let mut plan = plan(kafka.sasl_brokers(), "rights");
    plan.tls.mode = TlsMode::VerifyFull;
    plan.tls.ca = Some(kafka.ca_file().display().to_string());
    plan.sasl = Some(Sasl {
        user: Kafka::USER.to_owned(),
        mechanism: Mechanism::ScramSha512,
        password: SecretRef::Env("X".into()),
    });
    let password = SecretString::from(Kafka::PASSWORD);
    let connection = Connection::new(&plan, Some(password), Path::new("."), "syncc-test").expect("valid");
    let task = Task::of(&kafka, "rights");
    task.create_topics(&[]);
    let failure = Producer::open(&connection, &task.settings, LONG).map(drop).expect_err("no rights");
    assert_eq!(failure.class, Class::Denied, "{}", failure.source);
    assert_eq!(failure.finding().map(|finding| finding.code.number), Some("L0203"));
    for (kind, resource) in [("--transactional-id", "rights.p.s.t"), ("--topic", "rights.p.s.t.state")] {
        let mut arguments = vec!["--add", "--allow-principal", "User:alice", kind, resource];
        arguments.extend(["--operation", "Write", "--operation", "Describe"]);
        if kind == "--topic" {
            arguments.extend(["--operation", "Read"]);
        }
        kafka.tool("org.apache.kafka.tools.AclCommand", &arguments);
    }
    let mut txn = Producer::open(&connection, &task.settings, LONG)
        .and_then(Producer::begin)
        .expect("the least rights are enough");
    txn.stage(&owner("least")).expect("state is queued");
    txn.commit_state().expect("it commits");
    let state = &task.settings.state_topic;
    let read =
        read_all(&connection, state, StateIsolation::Committed, LONG).expect("no right to a group is needed");
    assert_eq!(read.records.len(), 1);
    let facts = Admin::open(&connection, LONG).expect("valid").facts([state]).expect("what we may see");
    assert_eq!(facts.transaction_max_timeout_ms, None);
    assert_eq!(facts.topics[state.as_str()].partitions, 1);
    assert!(facts.topics[state.as_str()].config.is_empty());
}

/// A plan for the SASL listener, as `user` by `mechanism`.
fn secured(kafka: &Kafka, prefix: &str, mechanism: Mechanism, password: SecretRef) -> KafkaPlan {
    let mut plan = plan(kafka.sasl_brokers(), prefix);
    plan.tls.mode = TlsMode::VerifyFull;
    plan.tls.ca = Some(kafka.ca_file().display().to_string());
    plan.sasl = Some(Sasl { user: Kafka::USER.to_owned(), mechanism, password });
    plan
}

/// Commits a record of the state, as who is logged in.
#[track_caller]
fn commits(connection: &Connection, task: &Task) {
    let mut txn = Producer::open(connection, &task.settings, LONG)
        .and_then(Producer::begin)
        .unwrap_or_else(|failure| panic!("{failure}: {}", failure.source));
    txn.stage(&owner("login")).expect("state is queued");
    txn.commit_state().expect("it commits");
}

#[test]
fn every_mechanism_and_a_certificate_log_in() {
    let kafka = Kafka::shared();
    let task = Task::with_topics(kafka, "mechanisms");
    let scram = ["--alter", "--entity-type", "users", "--entity-name", Kafka::USER, "--add-config"];
    let password = format!("SCRAM-SHA-256=[password={}]", Kafka::PASSWORD);
    kafka.tool("kafka.admin.ConfigCommand", &[&scram[..], &[&password]].concat());
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512] {
        let plan = secured(kafka, &task.plan.state.prefix, mechanism, SecretRef::Env("X".into()));
        let open = |password: &str| {
            let password = Some(SecretString::from(password));
            Connection::new(&plan, password, Path::new("."), "syncc-test").expect("valid settings")
        };
        commits(&open(Kafka::PASSWORD), &task);
        let failure =
            Producer::open(&open("canary"), &task.settings, LONG).map(drop).expect_err("it is wrong");
        assert_eq!(failure.class, Class::Login, "{mechanism:?}: {}", failure.source);
        assert!(!format!("{failure:?}").contains("canary"));
    }

    let mut plan = plan(kafka.mutual_brokers(), &task.plan.state.prefix);
    plan.tls.mode = TlsMode::VerifyFull;
    plan.tls.ca = Some(kafka.ca_file().display().to_string());
    let open =
        |plan: &KafkaPlan| Connection::new(plan, None, Path::new("."), "syncc-test").expect("valid settings");
    let failure = Producer::open(&open(&plan), &task.settings, LONG).map(drop).expect_err("no certificate");
    assert_eq!(failure.class, Class::Config, "{}", failure.source);
    assert_eq!(failure.finding().map(|finding| finding.code.number), Some("L0201"));
    let (certificate, key) = kafka.certificate();
    plan.tls.identity = Some((certificate.display().to_string(), key.display().to_string()));
    commits(&open(&plan), &task);
}

/// A token that nobody has signed, of [`Kafka::USER`], that expires so many seconds from now on.
fn token(seconds: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
    let claims =
        format!(r#"{{"sub":"{}","iat":{},"exp":{}}}"#, Kafka::USER, now.as_secs(), now.as_secs() + seconds);
    let encode = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(&claims))
}

#[test]
fn a_token_is_read_again_before_it_expires() {
    // a connection is closed when its token is over and it has not logged in again
    let kafka =
        Kafka::start(KafkaOptions { acls: false, properties: &["connections.max.reauth.ms=3600000"] });
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    let write = |text: &str| std::fs::write(&file, format!("{text}\n")).expect("the folder is writable");
    let task = Task::of(&kafka, "token");
    task.create_topics(&[]);
    let plan = secured(&kafka, "token", Mechanism::OauthBearer, SecretRef::File("token".into()));
    let read = |text: &str| {
        write(text);
        let password = Some(SecretString::from("of no use"));
        Connection::new(&plan, password, folder.path(), "syncc-test").expect("valid settings")
    };

    let connection = read("no-token-at-all");
    let failure = Producer::open(&connection, &task.settings, LONG).map(drop).expect_err("it is none");
    assert_eq!(failure.finding().map(|it| it.code.number), Some("L0202"), "{failure}: {}", failure.source);

    let life = 20;
    let connection = read(&token(life));
    let began = Instant::now();
    let admin = Admin::open(&connection, LONG).expect("valid settings");
    admin.facts([]).expect("the token is taken");
    let mut producer = Producer::open(&connection, &task.settings, LONG).expect("the token is taken");
    write(&token(3_600));
    let mut commits = 0;
    while began.elapsed() < Duration::from_secs(life + 2) {
        let mut txn = producer.begin().expect("the producer goes on");
        txn.stage(&owner("token")).expect("state is queued");
        producer = txn
            .commit_state()
            .unwrap_or_else(|failure| panic!("after {commits}: {failure}: {}", failure.source))
            .expect("no connection was closed");
        commits += 1;
    }
    assert!(commits > 1);
    admin.facts([]).expect("who is asked seldom has the new token, too");

    std::fs::remove_file(&file).expect("it is there");
    let failure = admin.facts([]).map(drop).expect_err("there is no token");
    assert!(failure.source.words.contains("token`"), "{}", failure.source);
}
