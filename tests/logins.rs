//! Each SASL mechanism from a program to records in a cluster whose brokers grant nothing that no ACL allows.

use crate::rights::grant_all;
use crate::support::shop::{Shop, error};
use crate::support::{Kafka, KafkaOptions, Kind, MySql, wait};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Variable with the password, file with the token.
const PASSWORD: &str = "SHOP_TEST_KAFKA";
const TOKEN: &str = "token";

/// A shop that logs in as [`Kafka::USER`].
fn shop<'s>(kafka: &'s Kafka, mechanism: &str, password: &str) -> Shop<'s> {
    let mut shop = Shop::new("logins", MySql::shared(Kind::MariaDb10_11), kafka);
    shop.text.brokers = kafka.sasl_brokers();
    shop.text.target = format!(
        "  tls verify-full ca \"{}\"\n  user \"{}\" with {mechanism}\n  password {password}\n",
        kafka.ca_file().display(),
        Kafka::USER
    );
    shop.save();
    grant_all(kafka, &shop);
    shop
}

#[test]
fn passwords_by_every_mechanism() {
    let kafka = Kafka::start(KafkaOptions { acls: true, properties: &[] });
    let password = format!("SCRAM-SHA-256=[password={}]", Kafka::PASSWORD);
    kafka.tool(
        "kafka.admin.ConfigCommand",
        &["--alter", "--entity-type", "users", "--entity-name", Kafka::USER, "--add-config", &password],
    );
    for mechanism in ["plain", "scram-sha-256", "scram-sha-512"] {
        let mut shop = shop(&kafka, mechanism, &format!("env {PASSWORD}"));
        shop.project.env(PASSWORD, "c4n4ry");
        let said = shop.ends(&[], 20);
        assert!(error(&said).contains("L0202"), "{mechanism}: {said}");
        assert!(!said.contains("c4n4ry\""), "{mechanism}: the password is in {said}");
        shop.project.env(PASSWORD, Kafka::PASSWORD);
        let mut syncc = shop.run();
        shop.insert("items", &[4]);
        shop.wait_ids("items", &[1, 2, 3, 4]);
        shop.stop(&mut syncc);
        assert!(!syncc.stderr().contains(Kafka::PASSWORD), "{mechanism}: {}", syncc.stderr());
    }
}

/// A token of [`Kafka::USER`] that nobody has signed, and that expires after so long.
fn token(life: Duration) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    let claims =
        serde_json::json!({ "sub": Kafka::USER, "iat": now.as_secs(), "exp": (now + life).as_secs() });
    let encode = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    format!("{}.{}.\n", encode(r#"{"alg":"none"}"#), encode(&claims.to_string()))
}

/// The broker closes a connection whose token is over; rows go on, because the file has another one by then.
#[test]
fn tokens_are_read_again() {
    let kafka = Kafka::start(KafkaOptions { acls: true, properties: &["connections.max.reauth.ms=3600000"] });
    let shop = shop(&kafka, "oauthbearer", &format!("file \"{TOKEN}\""));
    shop.project.write(TOKEN, "none");
    let said = shop.ends(&[], 20);
    assert!(error(&said).contains("L0202"), "{said}");

    let life = Duration::from_secs(20);
    shop.project.write(TOKEN, &token(life));
    let began = Instant::now();
    let mut syncc = shop.run();
    shop.project.write(TOKEN, &token(Duration::from_secs(3_600)));
    let mut ids = vec![1, 2, 3];
    wait::until("rows behind the end of the first token", 120, || {
        let id = ids.len() as i64 + 1;
        let is_over = began.elapsed() > life + Duration::from_secs(2);
        shop.insert("items", &[id]);
        ids.push(id);
        shop.wait_ids("items", &ids);
        if is_over { Ok(()) } else { Err(format!("{id} rows")) }
    });
    let status = shop.status().expect("it runs");
    assert_eq!(status.tasks[0].recoveries, 0, "{}", syncc.stderr());
    shop.stop(&mut syncc);
}
