//! The requests: address, login, limits.

use super::super::{Class, Refusal};
use super::answer::Answer;
use super::tls::TlsWrap;
use crate::plan::io::TlsFiles;
use crate::plan::{RegistryPlan, TlsMode};
use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};
use std::path::Path;
use std::time::Duration;
use ureq::config::Config;
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector, TcpConnector};
use ureq::{Agent, Body, Error, http::Response};

/// What the interface speaks.
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// The longest answer that is read: a schema of thousands of columns stays below.
const ANSWER_BYTES: u64 = 1 << 20;

/// Kind of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Method {
    Get,
    Post,
    Put,
}

/// One service. `Debug` shows no login.
pub(super) struct Http {
    agent: Agent,
    base: String,
    login: Option<SecretString>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Http {
    pub(super) fn new(
        plan: &RegistryPlan,
        password: Option<&SecretString>,
        project: &Path,
        patience: Duration,
    ) -> Result<Http, Refusal> {
        let setting = |text: String| Refusal::new(Class::Setting, text);
        let base = plan.url.trim_end_matches('/').to_owned();
        let is_plain = base.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
        let host = host(&base);
        let files = if is_plain {
            if plan.tls.mode != TlsMode::Off && !is_loopback(host) {
                return Err(setting(
                    "without encryption everybody on the way can read and change schemas: write `https://`, or \
                     `tls off because \"…\"` in the block of `registry`"
                        .to_owned(),
                ));
            }
            None
        } else {
            let files = TlsFiles::read(&plan.tls, project).map_err(|error| setting(error.to_string()))?;
            Some(files.ok_or_else(|| setting("`tls off` contradicts `https://`".to_owned()))?)
        };
        let name = plan.tls.server_name.as_deref().unwrap_or(host);
        let wrap = files.map(|files| TlsWrap::new(&files, name)).transpose()?;
        let config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("syncc/", env!("CARGO_PKG_VERSION")))
            .accept(MEDIA_TYPE)
            .timeout_global(Some(patience))
            .build();
        let agent = match wrap {
            Some(wrap) => {
                Agent::with_parts(config, TcpConnector::default().chain(wrap), DefaultResolver::default())
            }
            None => Agent::with_parts(config, TcpConnector::default(), DefaultResolver::default()),
        };
        let login = plan.user.as_ref().map(|user| {
            let password = password.map(ExposeSecret::expose_secret).unwrap_or_default();
            SecretString::from(format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes())))
        });
        Ok(Http { agent, base, login })
    }

    /// Longest wait for an answer.
    #[cfg(test)]
    pub(super) fn patience(&self) -> Option<Duration> {
        self.agent.config().timeouts().global
    }

    /// Where it is.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Sends a request and reads the whole answer.
    pub(super) fn ask(&self, method: Method, path: &str, body: Option<&str>) -> Result<Answer, Refusal> {
        let url = format!("{}{path}", self.base);
        let login = self.login.as_ref().map(ExposeSecret::expose_secret);
        let sent = match method {
            Method::Get => {
                let request = self.agent.get(&url);
                match login {
                    Some(login) => request.header(AUTHORIZATION, login).call(),
                    None => request.call(),
                }
            }
            Method::Post | Method::Put => {
                let request = match method {
                    Method::Put => self.agent.put(&url),
                    Method::Get | Method::Post => self.agent.post(&url),
                };
                let request = request.header(CONTENT_TYPE, MEDIA_TYPE);
                let request = match login {
                    Some(login) => request.header(AUTHORIZATION, login),
                    None => request,
                };
                request.send(body.unwrap_or_default())
            }
        };
        let answer = sent.and_then(read).map_err(|error| refusal(&error))?;
        Ok(answer)
    }
}

fn read(mut response: Response<Body>) -> Result<Answer, Error> {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    Ok(Answer {
        status: response.status().as_u16(),
        location: location.map(str::to_owned),
        body: response.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec()?,
    })
}

/// What a failed request says: the library's words, but where it matters what is to be done.
fn refusal(error: &Error) -> Refusal {
    match error {
        Error::BodyExceedsLimit(_) => Refusal::new(
            Class::Setting,
            format!("its answer is longer than {ANSWER_BYTES} bytes: it is no schema registry"),
        ),
        Error::Timeout(_) => Refusal::new(Class::Unreachable, "it does not answer in time"),
        Error::HostNotFound => Refusal::new(Class::Unreachable, "its host is not found"),
        Error::Io(io) => match io.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>()) {
            Some(refusal) => refusal.clone(),
            None if io.kind() == std::io::ErrorKind::TimedOut => {
                Refusal::new(Class::Unreachable, "it does not answer in time")
            }
            None => Refusal::new(Class::Unreachable, format!("the connection failed: {io}")),
        },
        Error::BadUri(_) | Error::Http(_) => {
            Refusal::new(Class::Setting, format!("its address cannot be used: {error}"))
        }
        Error::ConnectionFailed => Refusal::new(Class::Unreachable, "it cannot be connected to"),
        other => Refusal::new(Class::Unreachable, format!("the request failed: {other}")),
    }
}

/// The host of `http[s]://HOST[:PORT][/PATH]`.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
    match authority.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, _)) => host,
        None => authority.split_once(':').map_or(authority, |(host, _)| host),
    }
}

/// True for this machine.
fn is_loopback(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Tls;

    fn plan(url: &str, mode: TlsMode) -> RegistryPlan {
        RegistryPlan { url: url.into(), user: None, password: None, tls: Tls::mode(mode) }
    }

    #[test]
    fn plain_addresses_are_for_this_machine() {
        let open = |url: &str, mode| {
            Http::new(&plan(url, mode), None, Path::new("/"), Duration::from_secs(1)).map(drop)
        };
        for url in ["http://127.0.0.1:8081/apis/ccompat/v7/", "http://[::1]:8081", "HTTP://localhost"] {
            assert_eq!(open(url, TlsMode::VerifyFull), Ok(()), "{url}");
        }
        assert_eq!(open("http://registry:8081", TlsMode::Off), Ok(()));
        assert_eq!(open("https://registry:8081", TlsMode::VerifyFull), Ok(()));
        let refused = open("http://registry:8081", TlsMode::VerifyFull).unwrap_err();
        assert_eq!(refused.class, Class::Setting);
        let refused = open("https://registry:8081", TlsMode::Off).unwrap_err();
        assert_eq!(refused.text, "`tls off` contradicts `https://`");
    }

    #[test]
    fn hosts() {
        for (url, told) in [
            ("https://a.b:1/c", "a.b"),
            ("https://a.b/c:d", "a.b"),
            ("http://[::1]:8/x", "::1"),
            ("http://h", "h"),
        ] {
            assert_eq!(host(url), told);
        }
    }

    #[test]
    fn a_login_is_not_shown() {
        let plan = RegistryPlan { user: Some("me".into()), ..plan("http://localhost", TlsMode::Off) };
        let password = SecretString::from("swordfish".to_owned());
        let http = Http::new(&plan, Some(&password), Path::new("/"), Duration::from_secs(1)).unwrap();
        assert_eq!(http.login.as_ref().unwrap().expose_secret(), "Basic bWU6c3dvcmRmaXNo");
        let shown = format!("{http:?}");
        assert!(!shown.contains("swordfish") && !shown.contains("bWU6"), "{shown}");
    }
}
