//! Certificates and keys of a connection, and how a server's certificate is judged.

use super::failure::{FailureClass, SourceFailure};
use crate::plan::{Tls, TlsMode};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::Arc;

/// How to encrypt: certificates read, keys loaded. `Debug` shows neither.
#[derive(Clone)]
pub(super) struct TlsClient {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl std::fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsClient").field("name", &self.name).finish_non_exhaustive()
    }
}

impl TlsClient {
    /// Reads the files a plan names; relative paths begin at `project`. `None` for `tls off`.
    ///
    /// With a CA file the built-in roots are not used: who names his own authority trusts no other. TLS 1.2 and newer.
    pub(super) fn new(plan: &Tls, host: &str, project: &Path) -> Result<Option<TlsClient>, SourceFailure> {
        let name = plan.server_name.as_deref().unwrap_or(host);
        let name = ServerName::try_from(name.to_owned()).map_err(|_| {
            SourceFailure::new(FailureClass::Setting, format!("`{name}` is no name a certificate can carry"))
        });
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match plan.mode {
            TlsMode::Off => return Ok(None),
            TlsMode::Require => Arc::new(Lenient { roots: None, provider: Arc::clone(&provider) }),
            TlsMode::VerifyCa => {
                let roots = Some(Arc::new(roots(plan, project)?));
                Arc::new(Lenient { roots, provider: Arc::clone(&provider) })
            }
            TlsMode::VerifyFull => {
                let roots = Arc::new(roots(plan, project)?);
                WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build().map_err(
                    |error| {
                        SourceFailure::new(
                            FailureClass::Setting,
                            format!("the accepted authorities are unusable: {error}"),
                        )
                    },
                )?
            }
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let config = match &plan.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates(&project.join(certificate), certificate)?;
                let key_file = PrivateKeyDer::from_pem_file(project.join(key))
                    .map_err(|error| unreadable("private key", key, &error))?;
                builder.with_client_auth_cert(chain, key_file).map_err(unusable)?
            }
        };
        Ok(Some(TlsClient { config: Arc::new(config), name: name? }))
    }

    /// A new session.
    pub(super) fn connection(&self) -> Result<ClientConnection, SourceFailure> {
        ClientConnection::new(Arc::clone(&self.config), self.name.clone()).map_err(unusable)
    }
}

fn unusable(error: Error) -> SourceFailure {
    SourceFailure::new(FailureClass::Setting, format!("the TLS settings cannot be used: {error}"))
}

fn unreadable(what: &str, path: &str, error: &dyn std::fmt::Display) -> SourceFailure {
    SourceFailure::new(FailureClass::Setting, format!("the {what} file `{path}` cannot be read: {error}"))
}

fn certificates(path: &Path, shown: &str) -> Result<Vec<CertificateDer<'static>>, SourceFailure> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable("certificate", shown, &error))?;
    if certificates.is_empty() {
        return Err(SourceFailure::new(
            FailureClass::Setting,
            format!("`{shown}` holds no certificate in PEM form"),
        ));
    }
    Ok(certificates)
}

fn roots(plan: &Tls, project: &Path) -> Result<RootCertStore, SourceFailure> {
    let mut store = RootCertStore::empty();
    match &plan.ca {
        None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            for certificate in certificates(&project.join(path), path)? {
                store.add(certificate).map_err(|error| unreadable("certificate", path, &error))?;
            }
        }
    }
    Ok(store)
}

/// Judges less than the name: with roots the chain, without them nothing but that the peer holds the key it shows.
#[derive(Debug)]
struct Lenient {
    roots: Option<Arc<RootCertStore>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
