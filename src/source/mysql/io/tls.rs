//! Certificates and keys of a connection, and how a server's certificate is judged.
//!
//! OpenSSL judges, for the connection of our own and for the SQL driver's: `require` looks at nothing, `verify-ca` at the chain,
//! `verify-full` at the chain and the name (an address must stand in the certificate as one). TLS 1.2 and newer.

use super::failure::{FailureClass, SourceFailure};
use crate::plan::{Tls, TlsMode};
use mysql_async::{ClientIdentity, SslOpts};
use openssl::error::ErrorStack;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{
    ErrorCode, HandshakeError, SslConnector, SslConnectorBuilder, SslMethod, SslOptions, SslStream,
    SslVerifyMode, SslVersion,
};
use openssl::stack::Stack;
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// How to encrypt: certificates read, keys loaded. `Debug` shows neither.
#[derive(Clone)]
pub(super) struct TlsClient {
    connector: SslConnector,
    /// The same for the driver, which builds a connector of its own from it.
    driver: SslOpts,
    mode: TlsMode,
    name: String,
}

impl std::fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsClient")
            .field("mode", &self.mode)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl TlsClient {
    /// Reads the files a plan names; relative paths begin at `project`. `None` for `tls off`.
    ///
    /// With a CA file the built-in roots are not used: who names his own authority trusts no other.
    pub(super) fn new(plan: &Tls, host: &str, project: &Path) -> Result<Option<TlsClient>, SourceFailure> {
        let name = plan.server_name.as_deref().unwrap_or(host);
        if name.is_empty() || name.contains('\0') {
            let text = format!("`{}` is no name a certificate can carry", name.escape_debug());
            return Err(SourceFailure::new(FailureClass::Setting, text));
        }
        let trusted = match plan.mode {
            TlsMode::Off => return Ok(None),
            TlsMode::Require => Vec::new(),
            TlsMode::VerifyCa | TlsMode::VerifyFull => trusted(plan, project)?,
        };
        let identity = plan.identity.as_ref().map(|files| Identity::read(files, project)).transpose()?;
        Ok(Some(TlsClient {
            connector: connector(plan.mode, &trusted, identity.as_ref())
                .map_err(|error| unusable(&error))?
                .build(),
            driver: driver(plan.mode, name, &trusted, identity.as_ref()).map_err(|error| unusable(&error))?,
            mode: plan.mode,
            name: name.to_owned(),
        }))
    }

    /// What the driver needs to judge in the same way.
    pub(super) fn driver(&self) -> SslOpts {
        self.driver.clone()
    }

    /// Agrees on TLS over a connected socket, whose own deadline is `patience`.
    pub(super) fn handshake(
        &self,
        socket: TcpStream,
        patience: Duration,
    ) -> Result<SslStream<TcpStream>, SourceFailure> {
        let session = self
            .connector
            .configure()
            .map_err(|error| unusable(&error))?
            .verify_hostname(self.mode == TlsMode::VerifyFull);
        session.connect(&self.name, socket).map_err(|error| match error {
            HandshakeError::SetupFailure(stack) => unusable(&stack),
            HandshakeError::WouldBlock(_) => SourceFailure::from_io(&ErrorKind::TimedOut.into(), patience),
            HandshakeError::Failure(tried) => {
                let verdict = tried.ssl().verify_result();
                let error = tried.into_error();
                match (error.io_error(), error.code()) {
                    (Some(io), _) => SourceFailure::from_io(io, patience),
                    (None, ErrorCode::SYSCALL | ErrorCode::ZERO_RETURN) => {
                        SourceFailure::from_io(&ErrorKind::UnexpectedEof.into(), patience)
                    }
                    _ => {
                        let reason = error.ssl_error().map(reason).unwrap_or_default();
                        self.refusal(&reason, verdict.error_string())
                    }
                }
            }
        })
    }

    /// A handshake of the driver that failed, from what it says.
    ///
    /// That is `error:NUMBER:LIBRARY:FUNCTION:REASON:FILE:LINE:` and, in parentheses, the verdict on the certificate.
    pub(super) fn refusal_of_driver(&self, text: &str) -> SourceFailure {
        let reason = text.split(':').nth(4).unwrap_or(text);
        let verdict = text.rsplit_once(" (").and_then(|(_, tail)| tail.strip_suffix(')'));
        self.refusal(reason, verdict.unwrap_or("no reason is given"))
    }

    fn refusal(&self, reason: &str, verdict: &str) -> SourceFailure {
        let text = match reason {
            "unexpected eof while reading" => {
                return SourceFailure::from_io(&ErrorKind::UnexpectedEof.into(), Duration::ZERO);
            }
            "certificate verify failed" if verdict.contains("mismatch") => {
                format!("the certificate is not for the name `{}`: {verdict}", self.name)
            }
            "certificate verify failed" => format!("the certificate is not to be trusted: {verdict}"),
            "" => "TLS failed for a reason that is not told".to_owned(),
            _ if ["handshake failure", "protocol version", "unsupported protocol", "no protocols"]
                .iter()
                .any(|part| reason.contains(part)) =>
            {
                format!("the server shares no method with us; TLS 1.2 or newer is needed: {reason}")
            }
            _ => format!("TLS failed: {reason}"),
        };
        SourceFailure::new(FailureClass::Tls, text)
    }
}

/// What went wrong, without the place in OpenSSL's sources.
fn reason(stack: &ErrorStack) -> String {
    let first = stack.errors().first();
    first.and_then(|error| error.reason()).map_or_else(|| stack.to_string(), str::to_owned)
}

fn unusable(stack: &ErrorStack) -> SourceFailure {
    SourceFailure::new(FailureClass::Setting, format!("the TLS settings cannot be used: {}", reason(stack)))
}

fn connector(
    mode: TlsMode,
    trusted: &[X509],
    identity: Option<&Identity>,
) -> Result<SslConnectorBuilder, ErrorStack> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    // packets have their own lengths: an end without TLS's own goodbye is an end all the same
    builder.set_options(SslOptions::IGNORE_UNEXPECTED_EOF);
    builder.set_read_ahead(true);
    builder.set_verify(match mode {
        TlsMode::Off | TlsMode::Require => SslVerifyMode::NONE,
        TlsMode::VerifyCa | TlsMode::VerifyFull => SslVerifyMode::PEER,
    });
    // the system's roots go: what is trusted does not depend on the machine
    builder.set_cert_store(X509StoreBuilder::new()?.build());
    for certificate in trusted {
        builder.cert_store_mut().add_cert(certificate.clone())?;
    }
    if let Some(identity) = identity {
        builder.set_certificate(&identity.certificate)?;
        for certificate in &identity.above {
            builder.add_extra_chain_cert(certificate.clone())?;
        }
        builder.set_private_key(&identity.key)?;
        builder.check_private_key()?;
    }
    Ok(builder)
}

fn driver(
    mode: TlsMode,
    name: &str,
    trusted: &[X509],
    identity: Option<&Identity>,
) -> Result<SslOpts, ErrorStack> {
    let roots = trusted
        .iter()
        .map(|certificate| certificate.to_der().map(Into::into))
        .collect::<Result<Vec<_>, ErrorStack>>()?;
    let identity = identity.map(Identity::archive).transpose()?;
    Ok(SslOpts::default()
        .with_disable_built_in_roots(true)
        .with_root_certs(roots)
        .with_danger_accept_invalid_certs(mode == TlsMode::Require)
        .with_danger_skip_domain_validation(mode != TlsMode::VerifyFull)
        .with_danger_tls_hostname_override(Some(name.to_owned()))
        .with_client_identity(identity.map(|archive| ClientIdentity::new(archive.into()))))
}

/// The certificate we show, and its key.
struct Identity {
    certificate: X509,
    above: Vec<X509>,
    key: PKey<Private>,
}

impl Identity {
    fn read((chain, key): &(String, String), project: &Path) -> Result<Identity, SourceFailure> {
        let mut chain = certificates(&project.join(chain), chain)?;
        let pem = fs::read(project.join(key)).map_err(|error| unreadable("private key", key, &error))?;
        // a key under a passphrase is refused instead of asked for at the terminal
        let no_passphrase = |_: &mut [u8]| Ok(0);
        let key = PKey::private_key_from_pem_callback(&pem, no_passphrase)
            .map_err(|error| unreadable("private key", key, &reason(&error)))?;
        Ok(Identity { certificate: chain.remove(0), above: chain, key })
    }

    /// In the one form that the driver takes. It stays in memory.
    fn archive(&self) -> Result<Vec<u8>, ErrorStack> {
        let mut above = Stack::new()?;
        for certificate in &self.above {
            above.push(certificate.clone())?;
        }
        Pkcs12::builder().cert(&self.certificate).ca(above).pkey(&self.key).build2("")?.to_der()
    }
}

fn unreadable(what: &str, path: &str, error: &dyn std::fmt::Display) -> SourceFailure {
    SourceFailure::new(FailureClass::Setting, format!("the {what} file `{path}` cannot be read: {error}"))
}

/// The certificates of a file, at least one.
fn certificates(path: &Path, shown: &str) -> Result<Vec<X509>, SourceFailure> {
    let pem = fs::read(path).map_err(|error| unreadable("certificate", shown, &error))?;
    let certificates =
        X509::stack_from_pem(&pem).map_err(|error| unreadable("certificate", shown, &reason(&error)))?;
    if certificates.is_empty() {
        return Err(SourceFailure::new(
            FailureClass::Setting,
            format!("`{shown}` holds no certificate in PEM form"),
        ));
    }
    Ok(certificates)
}

/// The authorities whose word is taken.
fn trusted(plan: &Tls, project: &Path) -> Result<Vec<X509>, SourceFailure> {
    match &plan.ca {
        None => TLS_SERVER_ROOT_CERTS
            .iter()
            .map(|certificate| X509::from_der(certificate).map_err(|error| unusable(&error)))
            .collect(),
        Some(path) => certificates(&project.join(path), path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> TlsClient {
        let plan = Tls::mode(TlsMode::VerifyFull);
        TlsClient::new(&plan, "db.example", Path::new("/")).expect("usable").expect("not off")
    }

    #[test]
    fn what_the_driver_says_is_told_in_our_words() {
        let check = |text: &str, says: &str| {
            let failure = client().refusal_of_driver(text);
            assert_eq!((failure.class, failure.message.as_str()), (FailureClass::Tls, says));
        };
        check(
            "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify failed:ssl/statem.c:2123: \
             (unable to get local issuer certificate)",
            "the certificate is not to be trusted: unable to get local issuer certificate",
        );
        check(
            "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify failed:ssl/statem.c:2123: \
             (IP address mismatch)",
            "the certificate is not for the name `db.example`: IP address mismatch",
        );
        check(
            "error:0A000102:SSL routines:ssl_choose_client_version:unsupported protocol:ssl/lib.c:2: (self-signed certificate)",
            "the server shares no method with us; TLS 1.2 or newer is needed: unsupported protocol",
        );
        check("what else", "TLS failed: what else");
    }

    #[test]
    fn the_built_in_roots_can_be_read() {
        assert!(client().driver.root_certs().len() > 100);
    }

    #[test]
    fn neither_names_that_are_none_nor_keys_in_debug() {
        let shown = format!("{:?}", client());
        assert_eq!(shown, "TlsClient { mode: VerifyFull, name: \"db.example\", .. }");
        for host in ["", "a\0b"] {
            let plan = Tls::mode(TlsMode::Require);
            let failure = TlsClient::new(&plan, host, Path::new("/")).expect_err("no name");
            assert_eq!(failure.class, FailureClass::Setting);
        }
    }
}
