//! Addresses of services that are asked over HTTP.

/// Why a text is no address of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// No `http://` or `https://` before it.
    #[error("it begins with `https://` or `http://`")]
    Scheme,
    /// No host.
    #[error("the host is missing")]
    NoHost,
    /// `USER:PASSWORD@`.
    #[error("it holds no password")]
    Password,
    /// A port that is no number from 1 to 65535.
    #[error("the port is a number from 1 to 65535")]
    Port,
    /// A blank, a query or a fragment.
    #[error("it is `https://HOST[:PORT][/PATH]`, without user, query and blanks")]
    Sign,
}

/// Checks `http[s]://HOST[:PORT][/PATH]`.
///
/// # Errors
/// What keeps it from being one.
pub fn check_url(text: &str) -> Result<(), UrlError> {
    let lower = text.to_ascii_lowercase();
    let scheme = ["https://", "http://"].into_iter().find(|scheme| lower.starts_with(scheme));
    let rest = &text[scheme.map_or(0, str::len)..];
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // Told before the scheme: what is in front of it may be a password.
    if authority.contains('@') {
        return Err(UrlError::Password);
    }
    if scheme.is_none() {
        return Err(UrlError::Scheme);
    }
    let wrong = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '"' | '\\');
    if authority.contains(wrong) || path.contains(wrong) || path.contains('@') {
        return Err(UrlError::Sign);
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, tail)) => (host, Some(tail.strip_prefix(':').ok_or(UrlError::Sign)?)),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.is_empty() {
        return Err(UrlError::NoHost);
    }
    match port.map(|port| port.parse::<u16>()) {
        None => Ok(()),
        Some(Ok(port)) if port > 0 => Ok(()),
        Some(_) => Err(UrlError::Port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services() {
        let check = |text, expected| assert_eq!(check_url(text), expected, "{text}");
        check("https://registry.internal", Ok(()));
        check("http://127.0.0.1:8081/apis/ccompat/v7/", Ok(()));
        check("http://[::1]:8081", Ok(()));
        check("registry:8081", Err(UrlError::Scheme));
        check("https://", Err(UrlError::NoHost));
        check("https://me:hunter2@registry", Err(UrlError::Password));
        check("me:hunter2@registry", Err(UrlError::Password));
        check("https://registry:0", Err(UrlError::Port));
        check("https://registry?x=1", Err(UrlError::Sign));
        check("https://my registry", Err(UrlError::Sign));
    }
}
