//! The files that `tls` names, and what OpenSSL makes of them.
//!
//! `require` looks at nothing, `verify-ca` at the chain of a server's certificate, `verify-full` at the chain and the name. TLS 1.2
//! and newer. What is trusted does not depend on the machine: Mozilla's roots are built in, and a CA file takes their place.

use crate::plan::{Tls, TlsMode};
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslConnector, SslConnectorBuilder, SslMethod, SslOptions, SslVerifyMode, SslVersion};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use std::fs;
use std::path::Path;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// Why settings of TLS cannot be used. Names files, never what is in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TlsError(String);

/// Certificates and keys of one end, read.
pub struct TlsFiles {
    /// How a server's certificate is judged.
    pub mode: TlsMode,
    /// The authorities whose word is taken.
    pub trusted: Vec<X509>,
    /// What we show.
    pub identity: Option<Identity>,
}

/// The certificate we show, and its key.
pub struct Identity {
    /// The certificate.
    pub certificate: X509,
    /// Those between it and its authority.
    pub above: Vec<X509>,
    /// Its key.
    pub key: PKey<Private>,
}

impl TlsFiles {
    /// Reads the files a plan names; relative paths begin at `project`. `None` for `tls off`.
    ///
    /// With a CA file the built-in roots are not used: who names his own authority trusts no other.
    ///
    /// # Errors
    /// A file that cannot be read, or is not what it should be.
    pub fn read(plan: &Tls, project: &Path) -> Result<Option<TlsFiles>, TlsError> {
        let trusted = match plan.mode {
            TlsMode::Off => return Ok(None),
            TlsMode::Require => Vec::new(),
            TlsMode::VerifyCa | TlsMode::VerifyFull => trusted(plan, project)?,
        };
        let identity = plan.identity.as_ref().map(|files| Identity::read(files, project)).transpose()?;
        Ok(Some(TlsFiles { mode: plan.mode, trusted, identity }))
    }

    /// A client that judges as the mode says; whether it looks at the name is told when it connects.
    ///
    /// # Errors
    /// When OpenSSL refuses the files.
    pub fn connector(&self) -> Result<SslConnectorBuilder, TlsError> {
        connector(self.mode, &self.trusted, self.identity.as_ref()).map_err(|error| unusable(&error))
    }
}

/// What went wrong, without the place in OpenSSL's sources.
pub fn tls_reason(stack: &ErrorStack) -> String {
    let first = stack.errors().first();
    first.and_then(|error| error.reason()).map_or_else(|| stack.to_string(), str::to_owned)
}

fn unusable(stack: &ErrorStack) -> TlsError {
    TlsError(format!("the TLS settings cannot be used: {}", tls_reason(stack)))
}

fn connector(
    mode: TlsMode,
    trusted: &[X509],
    identity: Option<&Identity>,
) -> Result<SslConnectorBuilder, ErrorStack> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    // packets and answers have their own lengths: an end without TLS's own goodbye is an end all the same
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

impl Identity {
    fn read((chain, key): &(String, String), project: &Path) -> Result<Identity, TlsError> {
        let mut chain = certificates(&project.join(chain), chain)?;
        let pem = fs::read(project.join(key)).map_err(|error| unreadable("private key", key, &error))?;
        // a key under a passphrase is refused instead of asked for at the terminal
        let no_passphrase = |_: &mut [u8]| Ok(0);
        let key = PKey::private_key_from_pem_callback(&pem, no_passphrase)
            .map_err(|error| unreadable("private key", key, &tls_reason(&error)))?;
        Ok(Identity { certificate: chain.remove(0), above: chain, key })
    }
}

fn unreadable(what: &str, path: &str, error: &dyn std::fmt::Display) -> TlsError {
    TlsError(format!("the {what} file `{path}` cannot be read: {error}"))
}

/// The certificates of a file, at least one.
fn certificates(path: &Path, shown: &str) -> Result<Vec<X509>, TlsError> {
    let pem = fs::read(path).map_err(|error| unreadable("certificate", shown, &error))?;
    let certificates =
        X509::stack_from_pem(&pem).map_err(|error| unreadable("certificate", shown, &tls_reason(&error)))?;
    if certificates.is_empty() {
        return Err(TlsError(format!("`{shown}` holds no certificate in PEM form")));
    }
    Ok(certificates)
}

/// The authorities whose word is taken.
fn trusted(plan: &Tls, project: &Path) -> Result<Vec<X509>, TlsError> {
    match &plan.ca {
        None => TLS_SERVER_ROOT_CERTS
            .iter()
            .map(|certificate| X509::from_der(certificate).map_err(|error| unusable(&error)))
            .collect(),
        Some(path) => certificates(&project.join(path), path),
    }
}
