//! The client against a real registry, and against one that misbehaves.

use super::stub::{Mood, Stub, Tls as StubTls};
use crate::support::registry::Registry;
use crate::support::run;
use secrecy::SecretString;
use std::path::Path;
use std::time::Duration;
use syncc::plan::{RegistryPlan, Tls, TlsMode};
use syncc::statement::Compatibility;
use syncc::target::registry::io::Registry as Client;
use syncc::target::registry::{Class, Refusal};

fn plan(url: &str) -> RegistryPlan {
    RegistryPlan { url: url.into(), user: None, password: None, tls: Tls::mode(TlsMode::VerifyFull) }
}

fn open(plan: &RegistryPlan, password: Option<&str>, patience: Duration) -> Result<Client, Refusal> {
    let password = password.map(|password| SecretString::from(password.to_owned()));
    Client::new(plan, password.as_ref(), Path::new("/"), patience)
}

fn client(url: &str) -> Client {
    open(&plan(url), None, Duration::from_secs(20)).expect("the address can be used")
}

fn schema(fields: &str) -> String {
    format!(
        r#"{{"type":"record","name":"t","namespace":"d","fields":[{{"name":"id","type":"int"}}{fields}]}}"#
    )
}

const OPTIONAL: &str = r#",{"name":"n","type":["null","int"],"default":null}"#;
const REQUIRED: &str = r#",{"name":"m","type":"int"}"#;

#[test]
fn schemas_of_a_real_registry() {
    let registry = Registry::shared();
    let client = client(&registry.url());
    client.probe().expect("it is there");
    let subject = "client of/a real%one-value";
    assert_eq!(client.latest(subject), Ok(None));
    assert_eq!(client.takes(subject, &schema("")), Ok(true), "a new subject takes any");
    let backward = Some(Compatibility::Backward);
    let first = client.register(subject, &schema(""), backward).expect("registered");
    assert_eq!(client.register(subject, &schema(""), backward), Ok(first), "the same once more");
    assert_eq!(client.takes(subject, &schema(OPTIONAL)), Ok(true));
    assert_eq!(client.takes(subject, &schema(REQUIRED)), Ok(false));
    let second = client.register(subject, &schema(OPTIONAL), backward).expect("registered");
    assert_ne!(first, second);
    assert_eq!(client.latest(subject), Ok(Some(schema(OPTIONAL))));
    let refused = client.register(subject, &schema(REQUIRED), backward).expect_err("it breaks readers");
    assert_eq!(refused.class, Class::Incompatible, "{refused}");
    let invalid = client.register(subject, "{\"type\":\"nothing\"}", None).expect_err("no schema");
    assert_eq!(invalid.class, Class::Invalid, "{invalid}");
    let forward = client.register(subject, &schema(""), Some(Compatibility::Forward));
    assert_eq!(forward, Ok(first), "another rule, an old schema");
    let wrong = self::client(&format!("{}/nowhere", registry.url())).probe().expect_err("no registry there");
    assert_eq!(wrong.class, Class::Setting, "{wrong}");
}

#[test]
fn logins_of_a_real_registry() {
    let registry = Registry::start(true);
    let mut plan = plan(&registry.url());
    let patience = Duration::from_secs(20);
    let refused = open(&plan, None, patience).unwrap().probe().expect_err("nobody is told");
    assert_eq!(refused.class, Class::Setting, "{refused}");
    plan.user = Some(Registry::USER.into());
    let wrong = open(&plan, Some("other"), patience).unwrap().probe().expect_err("another password");
    assert!(wrong.text.starts_with("the login is refused (401)"), "{wrong}");
    let client = open(&plan, Some(Registry::PASSWORD), patience).unwrap();
    assert!(client.register("login-value", &schema(""), None).is_ok());
}

#[test]
fn answers_of_a_registry_in_trouble() {
    let stub = Stub::start(None);
    let client = open(&plan(&stub.url()), None, Duration::from_secs(2)).unwrap();
    let check = |mood: Mood, class: Class, text: &str| {
        stub.set(mood);
        let refusal = client.register("s-value", &schema(""), None).expect_err(text);
        assert_eq!(refusal.class, class, "{refusal}");
        assert!(refusal.text.contains(text), "{refusal}");
    };
    check(
        Mood::Says(500, "{\"error_code\":50001,\"message\":\"store\"}".into()),
        Class::Broken,
        "(500): store",
    );
    check(Mood::Says(503, "later".into()), Class::Unreachable, "(503): later");
    check(Mood::Says(200, "<html>".into()), Class::Setting, "no schema registry");
    check(Mood::Refuses, Class::Incompatible, "no");
    check(Mood::Redirects("http://127.0.0.1:1/".into()), Class::Setting, "`http://127.0.0.1:1/`");
    check(Mood::Floods, Class::Setting, "longer than 1048576 bytes");
    check(Mood::Hangs, Class::Unreachable, "does not answer in time");
    stub.set(Mood::Works);
    assert_eq!(client.register("s-value", &schema(""), None), Ok(1));
    stub.asked();
    assert_eq!(client.takes("a/b", &schema("")), Ok(true));
    let asked: Vec<String> = stub.asked().into_iter().map(|(line, _)| line).collect();
    assert_eq!(asked, ["POST /compatibility/subjects/a%2Fb/versions/latest"]);
}

#[test]
fn nobody_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let refusal = client(&format!("http://{address}")).probe().expect_err("nobody");
    assert_eq!(refusal.class, Class::Unreachable, "{refusal}");
}

#[test]
fn certificates() {
    let kafka = run::installed("kafka-4.1").join("tls");
    let (certificate, key, ca) = (kafka.join("broker.crt"), kafka.join("broker.key"), kafka.join("ca.crt"));
    let stub = Stub::start(Some(StubTls { certificate: &certificate, key: &key, clients_of: None }));
    let text = |path: &Path| path.display().to_string();
    let probe = |stub: &Stub, tls: Tls| {
        let plan = RegistryPlan { user: Some("me".into()), tls, ..plan(&stub.url()) };
        open(&plan, Some("pw"), Duration::from_secs(20))?.probe()
    };
    let full = Tls { ca: Some(text(&ca)), ..Tls::mode(TlsMode::VerifyFull) };
    assert_eq!(probe(&stub, full.clone()), Ok(()));
    assert_eq!(stub.asked(), [("GET /config".to_owned(), Some("Basic bWU6cHc=".to_owned()))]);
    let strange = probe(&stub, Tls::mode(TlsMode::VerifyFull)).expect_err("an authority nobody knows");
    assert_eq!(strange.class, Class::Setting, "{strange}");
    assert!(strange.text.starts_with("its certificate is not to be trusted"), "{strange}");
    let named = Tls { server_name: Some("other.example".into()), ..full.clone() };
    let other = probe(&stub, named.clone()).expect_err("another name");
    assert!(other.text.starts_with("its certificate is not for the name `other.example`"), "{other}");
    assert_eq!(probe(&stub, Tls { mode: TlsMode::VerifyCa, ..named }), Ok(()));
    assert_eq!(probe(&stub, Tls::mode(TlsMode::Require)), Ok(()));
    assert!(stub.asked().iter().all(|(line, _)| line == "GET /config"));

    let strict = Stub::start(Some(StubTls { certificate: &certificate, key: &key, clients_of: Some(&ca) }));
    assert!(probe(&strict, full.clone()).is_err(), "a client without a certificate");
    let identity = Some((text(&certificate), text(&key)));
    assert_eq!(probe(&strict, Tls { identity, ..full.clone() }), Ok(()));
    let missing = Tls { ca: Some("/nowhere.pem".into()), ..full };
    let missing = probe(&strict, missing).expect_err("no such file");
    assert!(missing.text.contains("`/nowhere.pem` cannot be read"), "{missing}");
}
