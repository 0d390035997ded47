//! TLS under the requests, by the same OpenSSL and the same rules as everywhere.

use super::super::{Class, Refusal};
use crate::plan::TlsMode;
use crate::plan::io::{TlsFiles, tls_reason};
use openssl::ssl::{HandshakeError, SslConnector, SslStream};
use std::io::{Read, Write};
use std::sync::Mutex;
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

/// Puts TLS around a connection.
pub(super) struct TlsWrap {
    connector: SslConnector,
    verifies_name: bool,
    name: String,
}

impl std::fmt::Debug for TlsWrap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsWrap").field("name", &self.name).finish_non_exhaustive()
    }
}

impl TlsWrap {
    pub(super) fn new(files: &TlsFiles, name: &str) -> Result<TlsWrap, Refusal> {
        let connector = files.connector().map_err(|error| Refusal::new(Class::Setting, error.to_string()))?;
        Ok(TlsWrap {
            connector: connector.build(),
            verifies_name: files.mode == TlsMode::VerifyFull,
            name: name.to_owned(),
        })
    }

    fn refused(&self, reason: &str, verdict: &str) -> Refusal {
        let text = match reason {
            "certificate verify failed" if verdict.contains("mismatch") => {
                format!("its certificate is not for the name `{}`: {verdict}", self.name)
            }
            "certificate verify failed" => format!("its certificate is not to be trusted: {verdict}"),
            "" => "TLS failed for a reason that is not told".to_owned(),
            _ => format!("TLS failed: {reason}"),
        };
        Refusal::new(Class::Setting, text)
    }
}

impl<In: Transport> Connector<In> for TlsWrap {
    type Out = Encrypted;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Encrypted>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        let mut adapter =
            TransportAdapter::new(Box::new(transport) as Box<dyn Transport>, details.current_time.clone());
        adapter.set_timeout(details.timeout);
        let setting = |error: openssl::error::ErrorStack| {
            told(Refusal::new(Class::Setting, format!("TLS cannot be used: {}", tls_reason(&error))))
        };
        let session = self.connector.configure().map_err(setting)?.verify_hostname(self.verifies_name);
        let stream = session.connect(&self.name, adapter).map_err(|error| match error {
            HandshakeError::SetupFailure(stack) => setting(stack),
            HandshakeError::WouldBlock(_) => Error::Io(std::io::ErrorKind::TimedOut.into()),
            HandshakeError::Failure(tried) => {
                let verdict = tried.ssl().verify_result().error_string();
                let error = tried.into_error();
                let reason = error.ssl_error().map(tls_reason).unwrap_or_default();
                match error.into_io_error() {
                    Ok(io) => Error::Io(io),
                    Err(_) => told(self.refused(&reason, verdict)),
                }
            }
        })?;
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(Some(Encrypted { buffers, stream: Mutex::new(stream) }))
    }
}

/// A refusal on its way through the library.
fn told(refusal: Refusal) -> Error {
    Error::Io(std::io::Error::other(refusal))
}

/// A connection with TLS around it. The lock is never waited for: it makes the session one that threads may share, as the
/// library asks for.
pub(super) struct Encrypted {
    buffers: LazyBuffers,
    stream: Mutex<SslStream<TransportAdapter>>,
}

impl std::fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encrypted").finish_non_exhaustive()
    }
}

impl Encrypted {
    fn stream(&mut self) -> &mut SslStream<TransportAdapter> {
        self.stream.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Transport for Encrypted {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let stream = self.stream.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        stream.get_mut().set_timeout(timeout);
        stream.write_all(&self.buffers.output()[..amount]).map_err(Error::Io)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let stream = self.stream.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        stream.get_mut().set_timeout(timeout);
        let read = stream.read(self.buffers.input_append_buf()).map_err(Error::Io)?;
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream().get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
