//! Who may ask for what.

use secrecy::{ExposeSecret, SecretString};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Why an address is not listened at.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It is no address.
    #[error("`{0}` is no address to listen at: write PORT, IP:PORT or [IP]:PORT")]
    Address(String),
    /// Names would be shown to anybody.
    #[error(
        "{0} is reachable from other machines, and names of tables and topics would be shown to anybody: give \
         --listen-token-file with --listen-tls-cert and --listen-tls-key, or say that this is meant with --listen-open"
    )]
    Open(SocketAddr),
    /// A token that can be guessed.
    #[error("the token in {0} is shorter than 16 signs")]
    ShortToken(String),
}

/// Shortest token, signs.
const TOKEN_MIN: usize = 16;

/// The address that a text names: a port alone is one of loopback.
///
/// # Errors
/// [`AccessError::Address`].
pub fn address(text: &str) -> Result<SocketAddr, AccessError> {
    let port = text.strip_prefix(':').unwrap_or(text);
    if let Ok(port) = port.parse::<u16>() {
        return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    text.parse().map_err(|_| AccessError::Address(text.to_owned()))
}

/// Who may see names.
#[derive(Debug)]
pub struct Access {
    token: Option<SecretString>,
    /// This machine's name, which a request may be addressed to.
    host: String,
}

impl Access {
    /// The rules for an address: with `token`, who has it; without, anybody, where the address is of loopback or this is
    /// meant (`open`). `host` is the name of this machine.
    ///
    /// # Errors
    /// [`AccessError::Open`] beyond loopback without token and TLS, unless it is meant; a token that is too short.
    pub fn new(
        address: SocketAddr,
        token: Option<(SecretString, String)>,
        tls: bool,
        open: bool,
        host: String,
    ) -> Result<Access, AccessError> {
        if !address.ip().is_loopback() && !open && (token.is_none() || !tls) {
            return Err(AccessError::Open(address));
        }
        let token = match token {
            Some((token, place)) if token.expose_secret().len() < TOKEN_MIN => {
                return Err(AccessError::ShortToken(place));
            }
            Some((token, _)) => Some(token),
            None => None,
        };
        Ok(Access { token, host })
    }

    /// True for a request with the right token, if one is needed.
    pub(super) fn has_token(&self, authorization: Option<&str>) -> bool {
        let Some(token) = &self.token else { return true };
        let given = authorization.and_then(|text| text.strip_prefix("Bearer ")).unwrap_or_default().trim();
        let token = token.expose_secret().as_bytes();
        given.len() == token.len() && openssl::memcmp::eq(given.as_bytes(), token)
    }

    /// True for a request addressed to an IP address, to `localhost` or to this machine's name: a web page of somebody else,
    /// whose name was made to point here, sends its own.
    pub(super) fn is_addressed_to_us(&self, host: Option<&str>) -> bool {
        let Some(host) = host else { return false };
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty() => name,
            Some(_) | None => host,
        };
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        bare.parse::<IpAddr>().is_ok()
            || name.eq_ignore_ascii_case("localhost")
            || (!self.host.is_empty() && name.eq_ignore_ascii_case(&self.host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(address: &str, token: Option<&str>, tls: bool, open: bool) -> Result<Access, AccessError> {
        let token = token.map(|token| (SecretString::from(token), "file".to_owned()));
        Access::new(super::address(address)?, token, tls, open, "db1".into())
    }

    #[test]
    fn a_port_alone_is_of_loopback() {
        for (text, read) in [
            ("9090", "127.0.0.1:9090"),
            (":9090", "127.0.0.1:9090"),
            ("0.0.0.0:1", "0.0.0.0:1"),
            ("[::1]:2", "[::1]:2"),
        ] {
            assert_eq!(address(text).expect("an address").to_string(), read);
        }
        assert!(matches!(address("db1:9090"), Err(AccessError::Address(_))));
    }

    #[test]
    fn beyond_loopback_names_are_for_who_has_the_token() {
        let token = Some("0123456789abcdef");
        assert!(access("127.0.0.1:1", None, false, false).is_ok());
        for refused in [(None, false), (token, false), (None, true)] {
            assert!(matches!(access("0.0.0.0:1", refused.0, refused.1, false), Err(AccessError::Open(_))));
        }
        assert!(access("0.0.0.0:1", token, true, false).is_ok());
        assert!(access("0.0.0.0:1", None, false, true).is_ok());
        assert!(matches!(access("1", Some("short"), true, false), Err(AccessError::ShortToken(_))));
        let rules = access("1", token, false, false).expect("right");
        assert!(rules.has_token(Some("Bearer 0123456789abcdef")));
        for wrong in [None, Some("Bearer 0123456789abcdeF"), Some("0123456789abcdef"), Some("Bearer ")] {
            assert!(!rules.has_token(wrong), "{wrong:?}");
        }
        assert!(!format!("{rules:?}").contains("0123456789abcdef"));
    }

    #[test]
    fn a_page_of_somebody_else_is_not_answered() {
        let rules = access("1", None, false, false).expect("right");
        for ours in ["127.0.0.1", "127.0.0.1:80", "[::1]:80", "[::1]", "localhost:9", "LOCALHOST", "db1:80"] {
            assert!(rules.is_addressed_to_us(Some(ours)), "{ours}");
        }
        for other in ["evil.example", "evil.example:80", "localhost.evil.example", "", ":80"] {
            assert!(!rules.is_addressed_to_us(Some(other)), "{other}");
        }
        assert!(!rules.is_addressed_to_us(None));
    }
}
