//! The listening side: one request a connection, few connections, little time.

use super::access::Access;
use super::{metrics, page};
use crate::control::Status;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use openssl::ssl::{Ssl, SslAcceptor, SslFiletype, SslMethod};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio_openssl::SslStream;

/// Connections served at once; more are closed.
const CONNECTIONS_MAX: usize = 32;

/// How long a connection may last, whatever it does.
const PATIENCE: Duration = Duration::from_secs(10);

/// Largest head of a request, bytes.
const HEAD_MAX: usize = 16 << 10;

/// What is told about.
pub trait Source: Send + Sync + 'static {
    /// What runs.
    fn status(&self) -> Status;
    /// True while the process makes progress.
    fn is_live(&self) -> bool;
    /// Memory of the process, bytes, where it can be told.
    fn resident_bytes(&self) -> Option<u64>;
}

/// Files of the server's certificate chain and key, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The chain, own certificate first.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be taken.
    #[error("cannot listen at {address}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Certificate or key cannot be used.
    #[error("certificate {} and key {} cannot be used", tls.cert.display(), tls.key.display())]
    Tls {
        /// The files.
        tls: Tls,
        /// Why.
        #[source]
        source: openssl::error::ErrorStack,
    },
}

/// A listening server; closed when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Server {
    /// Listens at `address` on `runtime`.
    ///
    /// # Errors
    /// The address is taken, or the certificate cannot be used.
    pub fn open(
        address: SocketAddr,
        tls: Option<&Tls>,
        access: Access,
        runtime: &Handle,
        source: Arc<dyn Source>,
    ) -> Result<Server, ServerError> {
        let acceptor = match tls {
            Some(tls) => Some(acceptor(tls).map_err(|source| ServerError::Tls { tls: tls.clone(), source })?),
            None => None,
        };
        let failed = |source| ServerError::Listen { address, source };
        let listener = std::net::TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let _inside = runtime.enter();
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let site = Arc::new(Site { access, source });
        let serving = runtime.spawn(serve(listener, acceptor, site));
        Ok(Server { address, serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// TLS from 1.2 on, as today's browsers want it.
fn acceptor(tls: &Tls) -> Result<SslAcceptor, openssl::error::ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    builder.set_certificate_chain_file(&tls.cert)?;
    builder.set_private_key_file(&tls.key, SslFiletype::PEM)?;
    builder.check_private_key()?;
    Ok(builder.build())
}

async fn serve(listener: TcpListener, acceptor: Option<SslAcceptor>, site: Arc<Site>) {
    let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    // Dropping the set, with this future, ends every conversation.
    let mut conversations = JoinSet::new();
    loop {
        while conversations.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else { continue };
        let Ok(permit) = free.clone().try_acquire_owned() else { continue };
        let (site, acceptor) = (site.clone(), acceptor.clone());
        conversations.spawn(async move {
            let _permit = permit;
            // Who is too slow, or speaks something else, is left.
            let _ = tokio::time::timeout(PATIENCE, secured(stream, acceptor, site)).await;
        });
    }
}

async fn secured(stream: TcpStream, acceptor: Option<SslAcceptor>, site: Arc<Site>) {
    let Some(acceptor) = acceptor else { return converse(stream, site).await };
    let Ok(Ok(mut stream)) = Ssl::new(acceptor.context()).map(|ssl| SslStream::new(ssl, stream)) else {
        return;
    };
    if Pin::new(&mut stream).accept().await.is_ok() {
        converse(stream, site).await;
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, site: Arc<Site>) {
    let answer = service_fn(move |request| {
        let response = site.answer(&request);
        async move { Ok::<_, Infallible>(response) }
    });
    let served = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(HEAD_MAX)
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
    // A client that goes away has nobody left to tell.
    let _ = served;
}

struct Site {
    access: Access,
    source: Arc<dyn Source>,
}

impl Site {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() != Method::GET {
            return plain(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered\n");
        }
        match request.uri().path() {
            "/livez" if self.source.is_live() => return plain(StatusCode::OK, "live\n"),
            "/livez" => return plain(StatusCode::SERVICE_UNAVAILABLE, "not live\n"),
            "/readyz" => {
                let (is_ready, text) = page::ready(&self.source.status());
                let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                return plain(status, text);
            }
            _ => {}
        }
        let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        if !self.access.is_addressed_to_us(header(HOST)) {
            return plain(StatusCode::MISDIRECTED_REQUEST, "this host is not served here\n");
        }
        if !self.access.has_token(header(AUTHORIZATION)) {
            return plain(StatusCode::UNAUTHORIZED, "a token is needed: Authorization: Bearer TOKEN\n");
        }
        match request.uri().path() {
            "/" => plain(StatusCode::OK, page::overview(&self.source.status())),
            "/metrics" => match metrics::metrics(self.source.status(), self.source.resident_bytes()) {
                Ok(text) => typed(StatusCode::OK, metrics::MEDIA_TYPE, text),
                Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written\n"),
            },
            "/status" => match serde_json::to_string(&self.source.status()) {
                Ok(text) => typed(StatusCode::OK, "application/json", text + "\n"),
                Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the status cannot be written\n"),
            },
            _ => plain(StatusCode::NOT_FOUND, "there is /, /livez, /readyz, /metrics and /status\n"),
        }
    }
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    typed(status, "text/plain; charset=utf-8", text)
}

/// An answer that no browser takes for anything else, nor keeps.
fn typed(status: StatusCode, media: &'static str, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("content-security-policy", HeaderValue::from_static("default-src 'none'"));
    response
}
