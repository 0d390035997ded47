//! Certificates and keys of a connection, and how a server's certificate is judged.
//!
//! OpenSSL judges, for the connection of our own and for the SQL driver's: `require` looks at nothing, `verify-ca` at the chain,
//! `verify-full` at the chain and the name (an address must stand in the certificate as one). TLS 1.2 and newer.

use super::failure::{FailureClass, SourceFailure};
use super::wire::Timed;
use crate::plan::io::{Identity, TlsError, TlsFiles, tls_reason as reason};
use crate::plan::{Tls, TlsMode};
use mysql_async::{ClientIdentity, SslOpts};
use openssl::error::ErrorStack;
use openssl::pkcs12::Pkcs12;
use openssl::ssl::{ErrorCode, HandshakeError, SslConnector, SslStream};
use openssl::stack::Stack;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

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
        let setting = |error: TlsError| SourceFailure::new(FailureClass::Setting, error.to_string());
        let Some(files) = TlsFiles::read(plan, project).map_err(setting)? else { return Ok(None) };
        Ok(Some(TlsClient {
            connector: files.connector().map_err(setting)?.build(),
            driver: driver(name, &files).map_err(|error| unusable(&error))?,
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
        socket: Timed,
        patience: Duration,
    ) -> Result<SslStream<Timed>, SourceFailure> {
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

fn unusable(stack: &ErrorStack) -> SourceFailure {
    SourceFailure::new(FailureClass::Setting, format!("the TLS settings cannot be used: {}", reason(stack)))
}

fn driver(name: &str, TlsFiles { mode, trusted, identity }: &TlsFiles) -> Result<SslOpts, ErrorStack> {
    let roots = trusted
        .iter()
        .map(|certificate| certificate.to_der().map(Into::into))
        .collect::<Result<Vec<_>, ErrorStack>>()?;
    let identity = identity.as_ref().map(archive).transpose()?;
    Ok(SslOpts::default()
        .with_disable_built_in_roots(true)
        .with_root_certs(roots)
        .with_danger_accept_invalid_certs(*mode == TlsMode::Require)
        .with_danger_skip_domain_validation(*mode != TlsMode::VerifyFull)
        .with_danger_tls_hostname_override(Some(name.to_owned()))
        .with_client_identity(identity.map(|archive| ClientIdentity::new(archive.into()))))
}

/// An identity in the one form that the driver takes. It stays in memory.
fn archive(identity: &Identity) -> Result<Vec<u8>, ErrorStack> {
    let mut above = Stack::new()?;
    for certificate in &identity.above {
        above.push(certificate.clone())?;
    }
    Pkcs12::builder().cert(&identity.certificate).ca(above).pkey(&identity.key).build2("")?.to_der()
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
