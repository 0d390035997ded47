//! Who gets in, how, and what is said to those who do not.

use super::harm::running;
use super::stream::UUID;
use super::{plain, secured, session, tls};
use crate::support::{Kind, MySql, wait};
use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use syncc::mysql::position::{Flavor, ServerIdentity};
use syncc::plan::{Tls, TlsMode};
use syncc::source::mysql::io::{
    ChunkReader, Dump, DumpRequest, Endpoint, FailureClass, Session, start_position,
};

#[track_caller]
fn enters(endpoint: &Endpoint) {
    let entered =
        Session::open(endpoint, None).and_then(|session| ChunkReader::open(endpoint, session.identity()));
    if let Err(failure) = entered {
        panic!("{} as {}: {:?} {failure}", endpoint.address(), endpoint.user(), failure.class);
    }
}

/// The log comes over it, too.
#[track_caller]
fn dumps(endpoint: &Endpoint) {
    let mut session = Session::open(endpoint, None).expect("may log in");
    let start = start_position(&mut session).expect("a position");
    let request = DumpRequest {
        start: &start,
        server_id: NonZeroU32::new(77).expect("not zero"),
        uuid: UUID,
        heartbeat: Duration::from_secs(1),
        event_limit: 1 << 20,
        task: "shop.db.bus",
    };
    let mut dump = Dump::open(endpoint, &request).expect("a dump");
    let mut event = Vec::new();
    assert!(dump.read_event(&mut event).expect("an event") > 0);
}

/// Nobody gets in, neither for SQL nor for rows.
#[track_caller]
fn refused(endpoint: &Endpoint, class: FailureClass, says: &str) {
    let anybody = ServerIdentity { flavor: Flavor::MySql, uuid: String::new(), server_id: 0 };
    let sql = Session::open(endpoint, None).map(drop);
    for entered in [sql, ChunkReader::open(endpoint, &anybody).map(drop)] {
        let Err(failure) = entered else {
            panic!("{} as {} got in", endpoint.address(), endpoint.user());
        };
        assert_eq!(failure.class, class, "{failure}");
        assert!(failure.to_string().contains(says), "{failure}");
        assert!(!failure.to_string().contains("sesame"), "{failure}");
    }
}

#[test]
fn every_method_of_mariadb() {
    for kind in [Kind::MariaDb10_11, Kind::MariaDb11_4, Kind::MariaDb11_8] {
        let server = MySql::shared(kind);
        let mut sql = server.sql();
        sql.run("create user native_user identified via mysql_native_password using password('sesame')");
        sql.run("create user empty_user identified by ''");
        enters(&plain(server, "native_user", "sesame"));
        enters(&plain(server, "empty_user", ""));
        refused(&plain(server, "native_user", "sesame-not"), FailureClass::Login, "Access denied");
        refused(&plain(server, "nobody", "sesame"), FailureClass::Login, "nobody");
        // 11.4 came without plugins
        if kind != Kind::MariaDb11_4 {
            sql.run("install soname 'auth_ed25519'");
            sql.run("create user ed_user identified via ed25519 using password('sesame')");
            enters(&plain(server, "ed_user", "sesame"));
            refused(&plain(server, "ed_user", "sesame-not"), FailureClass::Login, "Access denied");
        }
        if kind == Kind::MariaDb11_8 {
            sql.run("install soname 'auth_parsec'");
            sql.run("create user parsec_user identified via parsec using password('sesame')");
            refused(&plain(server, "parsec_user", "sesame"), FailureClass::Login, "`parsec`");
        }
    }
}

#[test]
fn every_method_of_mysql() {
    for kind in [Kind::MySql5_7, Kind::MySql8_0, Kind::MySql9_7] {
        let server = MySql::shared(kind);
        let mut sql = server.sql();
        if kind != Kind::MySql5_7 {
            sql.run("create user sha_user identified with caching_sha2_password by 'sesame'");
            // under the server's key, then by its cache
            enters(&plain(server, "sha_user", "sesame"));
            enters(&plain(server, "sha_user", "sesame"));
            refused(&plain(server, "sha_user", "sesame-not"), FailureClass::Login, "Access denied");
            let require = tls(TlsMode::Require);
            sql.run("create user other_sha_user identified with caching_sha2_password by 'sesame'");
            // in full under TLS, and again by the cache
            enters(&secured(server, "other_sha_user", "sesame", &require));
            enters(&secured(server, "other_sha_user", "sesame", &require));
        }
        if kind != Kind::MySql9_7 {
            sql.run("create user native_user identified with mysql_native_password by 'sesame'");
            enters(&plain(server, "native_user", "sesame"));
            refused(&plain(server, "native_user", "sesame-not"), FailureClass::Login, "Access denied");
        }
        sql.run("create user old_sha_user identified with sha256_password by 'sesame'");
        refused(&plain(server, "old_sha_user", "sesame"), FailureClass::Login, "`sha256_password`");
    }
}

#[test]
fn a_password_beyond_the_key_is_refused_on_a_plain_line() {
    let server = MySql::shared(Kind::MySql9_7);
    let long = "sesame".repeat(50);
    refused(&plain(server, MySql::USER, &long), FailureClass::Protocol, "public key");
    refused(
        &secured(server, MySql::USER, &long, &tls(TlsMode::Require)),
        FailureClass::Login,
        "Access denied",
    );
}

/// An authority, another one, and under the first a server's and a client's certificate, all in a folder.
fn certificates() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let script = r#"
        set -e; cd "$1"
        for ca in ca other; do
            openssl req -x509 -newkey rsa:2048 -nodes -keyout $ca.key -out $ca.pem -days 2 -subj "/CN=$ca"
        done
        printf 'subjectAltName=DNS:db.example,IP:127.0.0.1\n' > names
        for one in server client; do
            openssl genrsa -traditional -out $one.key 2048
            openssl req -new -key $one.key -out $one.csr -subj "/CN=$one.example"
            openssl x509 -req -in $one.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out $one.pem
        done
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out nameless.pem
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days -1 -extfile names -out expired.pem
        openssl req -x509 -key server.key -days 2 -subj "/CN=server.example" -out alone.pem
        openssl rsa -aes128 -passout pass:sesame -in client.key -out locked.key
    "#;
    let made =
        Command::new("bash").args(["-c", script, "tls"]).arg(folder.path()).output().expect("bash is there");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
}

/// Starts a server under a certificate of the folder.
fn under(folder: &Path, kind: Kind, certificate: &str, more: &[&str]) -> MySql {
    let mut options: Vec<String> =
        [("ssl-ca", "ca.pem"), ("ssl-cert", certificate), ("ssl-key", "server.key")]
            .map(|(option, file)| format!("{option}={}", folder.join(file).display()))
            .into();
    options.extend(more.iter().map(|&option| option.to_owned()));
    MySql::start(kind, &options.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn servers_without_elliptic_curves_are_reached_and_old_tls_is_not() {
    let folder = certificates();
    let ca = Some(folder.path().join("ca.pem").to_string_lossy().into_owned());
    let full = Tls { ca, ..tls(TlsMode::VerifyFull) };
    // as MySQL 5.7 with OpenSSL has it: the key under RSA
    let server = under(folder.path(), Kind::MySql8_0, "server.pem", &["ssl-cipher=AES128-SHA256"]);
    enters(&secured(&server, MySql::USER, MySql::PASSWORD, &full));
    // this build of 5.7 goes no further than TLS 1.1
    let server = under(folder.path(), Kind::MySql5_7, "server.pem", &[]);
    for tls in [&full, &tls(TlsMode::Require)] {
        let user = secured(&server, MySql::USER, MySql::PASSWORD, tls);
        refused(&user, FailureClass::Tls, "TLS 1.2 or newer is needed");
    }
}

#[test]
fn a_certificate_without_names_goes_by_its_common_name() {
    let folder = certificates();
    let ca = Some(folder.path().join("ca.pem").to_string_lossy().into_owned());
    let server = under(folder.path(), Kind::MariaDb11_4, "nameless.pem", &[]);
    let named = |name: &str| {
        let tls = Tls { ca: ca.clone(), server_name: Some(name.to_owned()), ..tls(TlsMode::VerifyFull) };
        secured(&server, MySql::USER, MySql::PASSWORD, &tls)
    };
    enters(&named("server.example"));
    refused(&named("db.example"), FailureClass::Tls, "not for the name `db.example`");
    refused(&named("127.0.0.1"), FailureClass::Tls, "not for the name `127.0.0.1`");
}

#[test]
fn certificates_that_are_over_or_stand_alone_are_not_trusted() {
    let folder = certificates();
    let judged = |certificate: &str, mode, ca: &str| {
        let server = under(folder.path(), Kind::MariaDb10_11, certificate, &[]);
        let ca = Some(folder.path().join(ca).to_string_lossy().into_owned());
        let user =
            |mode| secured(&server, MySql::USER, MySql::PASSWORD, &Tls { ca: ca.clone(), ..tls(mode) });
        enters(&user(TlsMode::Require));
        (user(mode), server)
    };
    let (user, _server) = judged("expired.pem", TlsMode::VerifyCa, "ca.pem");
    refused(&user, FailureClass::Tls, "not to be trusted: certificate has expired");
    let (user, _server) = judged("alone.pem", TlsMode::VerifyCa, "ca.pem");
    refused(&user, FailureClass::Tls, "not to be trusted: self-signed certificate");
    // who names it as his authority trusts it
    let (user, _server) = judged("alone.pem", TlsMode::VerifyCa, "alone.pem");
    enters(&user);
}

#[test]
fn tls_is_judged_as_far_as_the_file_says() {
    let folder = certificates();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let server = under(folder.path(), Kind::MariaDb10_11, "server.pem", &[]);
    let user = |tls: &Tls| secured(&server, MySql::USER, MySql::PASSWORD, tls);
    let ca = |mode, file: &str| Tls { ca: Some(path(file)), ..tls(mode) };

    enters(&user(&tls(TlsMode::Off)));
    enters(&user(&tls(TlsMode::Require)));
    enters(&user(&ca(TlsMode::VerifyCa, "ca.pem")));
    let full = user(&ca(TlsMode::VerifyFull, "ca.pem"));
    enters(&full);
    dumps(&full);
    let named = |name: &str, mode| Tls { server_name: Some(name.to_owned()), ..ca(mode, "ca.pem") };
    enters(&user(&named("db.example", TlsMode::VerifyFull)));
    enters(&user(&named("else.example", TlsMode::VerifyCa)));
    refused(&user(&named("else.example", TlsMode::VerifyFull)), FailureClass::Tls, "name `else.example`");
    refused(&user(&ca(TlsMode::VerifyCa, "other.pem")), FailureClass::Tls, "not to be trusted");
    refused(&user(&ca(TlsMode::VerifyFull, "other.pem")), FailureClass::Tls, "not to be trusted");
    refused(&user(&tls(TlsMode::VerifyFull)), FailureClass::Tls, "not to be trusted");

    // files are read for each connection: an authority, or a certificate, is renewed while the program runs
    fs::copy(path("other.pem"), path("renewed.pem")).expect("writable");
    let renewed = user(&ca(TlsMode::VerifyFull, "renewed.pem"));
    refused(&renewed, FailureClass::Tls, "not to be trusted");
    fs::copy(path("ca.pem"), path("renewed.pem")).expect("writable");
    enters(&renewed);

    server.sql().run("create user tls_user identified by 'sesame' require x509");
    let identity =
        Tls { identity: Some((path("client.pem"), path("client.key"))), ..ca(TlsMode::VerifyFull, "ca.pem") };
    enters(&secured(&server, "tls_user", "sesame", &identity));
    let locked = Tls { identity: Some((path("client.pem"), path("locked.key"))), ..identity.clone() };
    let failure = Endpoint::new("127.0.0.1", 1, "a", None, &locked, Path::new("/")).expect_err("locked");
    assert_eq!(failure.class, FailureClass::Setting, "{failure}");
    refused(
        &secured(&server, "tls_user", "sesame", &tls(TlsMode::Require)),
        FailureClass::Login,
        "Access denied",
    );
    refused(
        &secured(&server, "tls_user", "sesame", &tls(TlsMode::Off)),
        FailureClass::Login,
        "Access denied",
    );

    let bare = MySql::shared(Kind::MariaDb10_11);
    let asked = secured(bare, MySql::USER, MySql::PASSWORD, &tls(TlsMode::Require));
    refused(&asked, FailureClass::Tls, "offers no TLS");
}

#[test]
fn mysql_under_its_own_certificates() {
    // 8.0.15 knows no key exchange by elliptic curves
    for kind in [Kind::MySql8_0, Kind::MySql9_7] {
        let server = MySql::shared(kind);
        let ca = server.folder().join("data/ca.pem").to_string_lossy().into_owned();
        let user = |tls: &Tls| secured(server, MySql::USER, MySql::PASSWORD, tls);
        enters(&user(&tls(TlsMode::Require)));
        enters(&user(&Tls { ca: Some(ca.clone()), ..tls(TlsMode::VerifyCa) }));
        // the certificates MySQL makes for itself carry no name
        let full = Tls { ca: Some(ca), ..tls(TlsMode::VerifyFull) };
        refused(&user(&full), FailureClass::Tls, "not for the name `127.0.0.1`");
    }
}

#[test]
fn nobody_answers() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = free.local_addr().expect("bound").port();
    drop(free);
    let at = |host: &str| {
        Endpoint::new(host, port, "a", None, &tls(TlsMode::Off), Path::new("/")).expect("usable")
    };
    refused(&at("127.0.0.1"), FailureClass::Unreachable, "no TCP connection");
    refused(&at("no-such-host.invalid"), FailureClass::Unreachable, "cannot be resolved");
}

#[test]
fn who_says_nothing_is_not_waited_for() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = silent.local_addr().expect("bound").port();
    let endpoint = Endpoint::new("127.0.0.1", port, "a", None, &tls(TlsMode::Off), Path::new("/"))
        .expect("usable")
        .with_deadline(Duration::from_millis(300));
    refused(&endpoint, FailureClass::Lost, "login of `a` at 127.0.0.1");
    refused(&endpoint, FailureClass::Lost, "silent for 0.3 s");
}

#[test]
fn another_thread_ends_a_question() {
    let server = MySql::shared(Kind::MariaDb10_11);
    let mut session = session(server);
    let closer = session.closer();
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| session.query("SELECT SLEEP(100)").map(drop));
        let mut sql = server.sql();
        wait::until("the question is there", 30, || match running(&mut sql, "SLEEP(100)").is_empty() {
            true => Err("it is not"),
            false => Ok(()),
        });
        closer.close();
        assert_eq!(asked.join().expect("no panic").expect_err("closed").class, FailureClass::Lost);
    });
    session.query("SELECT 1").map(drop).expect_err("it stays closed");
}
