//! The token of OAUTHBEARER: read from its file when a client is made, and again before it expires.
//!
//! The client library asks for a new one when four fifths of the token's life are over, on a queue that producers and consumers
//! are polled for. Whoever asks the cluster something gives it the token of the file besides: an idle client has nobody who
//! polls it.
//!
//! What the one call with `unsafe` relies on, from librdkafka's `rdkafka.h`: `rd_kafka_oauthbearer_set_token` may be called from
//! any thread, copies the texts it is given, and writes no more than the given size to the room for its words.

#![expect(unsafe_code, reason = "the token of an admin client can be set by the C interface only")]

use super::error::{Class, KafkaFailure};
use super::events::Events;
use data_encoding::BASE64URL_NOPAD;
use rdkafka::client::{Client, OAuthToken};
use rdkafka_sys as sys;
use std::error::Error;
use std::ffi::{CStr, CString, c_char};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// How long a token is used that does not say when it expires, ms: its file is read this often.
const UNTOLD_LIFE_MS: i64 = 75_000;

/// Largest file of a token, bytes.
const TOKEN_BYTES_MAX: u64 = 1 << 20;

/// Where the token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TokenFile {
    /// Its file.
    pub(super) path: PathBuf,
    /// Whose it is.
    pub(super) user: String,
}

impl TokenFile {
    /// The token that is in the file now. Errors name the file, never what is in it.
    pub(super) fn read(&self) -> Result<OAuthToken, Box<dyn Error>> {
        let path = self.path.display();
        let size =
            std::fs::metadata(&self.path).map_err(|error| format!("token file `{path}`: {error}"))?.len();
        if size > TOKEN_BYTES_MAX {
            return Err(format!("token file `{path}` has {size} bytes: that is no token").into());
        }
        let text =
            std::fs::read_to_string(&self.path).map_err(|error| format!("token file `{path}`: {error}"))?;
        let token = text.trim();
        if token.is_empty() || token.contains(|sign: char| sign.is_whitespace() || sign == '\0') {
            return Err(format!("token file `{path}` holds no token").into());
        }
        let now_ms = now_ms();
        let lifetime_ms = expires_ms(token).unwrap_or(now_ms + UNTOLD_LIFE_MS);
        if lifetime_ms <= now_ms {
            return Err(format!("the token in `{path}` has expired").into());
        }
        Ok(OAuthToken { token: token.to_owned(), principal_name: self.user.clone(), lifetime_ms })
    }
}

/// Gives a client the token of its file; nothing happens to clients that log in otherwise.
///
/// # Errors
/// [`Class::Login`] when there is no token, or an expired one.
pub(super) fn give(client: &Client<Events>) -> Result<(), KafkaFailure> {
    const WHAT: &str = "log in to Kafka";
    let refuse = |words: String| KafkaFailure::new(Class::Login, WHAT, None, words);
    let Some(file) = client.context().token() else { return Ok(()) };
    let OAuthToken { token, principal_name, lifetime_ms } =
        file.read().map_err(|error| refuse(error.to_string()))?;
    let no_text = |_| refuse(format!("token file `{}` holds no token", file.path.display()));
    let token = CString::new(token).map_err(no_text)?;
    let user = CString::new(principal_name).map_err(no_text)?;
    let mut words: [c_char; 512] = [0; 512];
    // SAFETY: the client handle is valid while `client` is; the texts end in NUL and outlive the call; there are no
    // extensions, so none is read; `words` has the size that is told.
    let code = unsafe {
        sys::rd_kafka_oauthbearer_set_token(
            client.native_ptr(),
            token.as_ptr(),
            lifetime_ms,
            user.as_ptr(),
            std::ptr::null_mut(),
            0,
            words.as_mut_ptr(),
            words.len(),
        )
    };
    if code == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Ok(());
    }
    // SAFETY: the room began as zeros, and the call ends what it writes there with one.
    let said = unsafe { CStr::from_ptr(words.as_ptr()) };
    Err(refuse(format!("the token in `{}` is not taken: {}", file.path.display(), said.to_string_lossy())))
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// When a token expires, in ms since 1970: what `exp` of a JSON Web Token says; none for other tokens.
fn expires_ms(token: &str) -> Option<i64> {
    #[derive(serde::Deserialize)]
    struct Claims {
        exp: f64,
    }
    let claims = token.split('.').nth(1)?;
    let claims = BASE64URL_NOPAD.decode(claims.trim_end_matches('=').as_bytes()).ok()?;
    let Claims { exp } = serde_json::from_slice(&claims).ok()?;
    Some((exp * 1_000.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", BASE64URL_NOPAD.encode(claims.as_bytes()))
    }

    #[test]
    fn a_token_tells_when_it_expires() {
        assert_eq!(expires_ms(&jwt(r#"{"sub":"a","exp":1700000000}"#)), Some(1_700_000_000_000));
        assert_eq!(expires_ms(&jwt(r#"{"exp":1700000000.5}"#)), Some(1_700_000_000_500));
        for other in [jwt(r#"{"sub":"a"}"#), jwt("no claims"), "opaque".into(), "a.b.c".into()] {
            assert_eq!(expires_ms(&other), None, "{other}");
        }
    }

    #[test]
    fn a_file_without_a_token_is_named_and_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        let file = TokenFile { path: dir.path().join("token"), user: "syncc".into() };
        let said = |file: &TokenFile| file.read().map(drop).unwrap_err().to_string();
        assert!(said(&file).contains("token`: "), "{}", said(&file));
        let check = |text: &str, words: &str| {
            std::fs::write(&file.path, text).unwrap();
            let said = said(&file);
            assert!(said.contains(words) && said.contains("token`") && !said.contains("canary"), "{said}");
        };
        check("\n", "holds no token");
        check("canary canary", "holds no token");
        check(&jwt(r#"{"exp":1700000000,"sub":"canary"}"#), "has expired");
        std::fs::write(&file.path, "opaque\r\n").unwrap();
        let token = file.read().unwrap();
        assert_eq!((token.token.as_str(), token.principal_name.as_str()), ("opaque", "syncc"));
        assert!(token.lifetime_ms > now_ms() && token.lifetime_ms <= now_ms() + UNTOLD_LIFE_MS);
    }
}
