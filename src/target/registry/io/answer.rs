//! Answers of a registry, and what follows from them.

use super::super::{Class, Refusal};
use serde::Deserialize;

/// An answer as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// Status of HTTP.
    pub(super) status: u16,
    /// Where a redirect leads.
    pub(super) location: Option<String>,
    /// The bytes behind the head.
    pub(super) body: Vec<u8>,
}

/// The longest piece of somebody else's text that is shown.
const SHOWN: usize = 300;

/// Errors of the interface.
#[derive(Debug, Deserialize)]
struct Fault {
    error_code: Option<i64>,
    message: Option<String>,
}

impl Answer {
    /// The answer's members, when it is a success; none when there is no such thing.
    pub(super) fn found<T: for<'de> Deserialize<'de>>(&self) -> Result<Option<T>, Refusal> {
        match self.status {
            200..=299 => self.json().map(Some),
            404 if self.fault().is_some_and(|fault| fault.error_code.is_some()) => Ok(None),
            _ => Err(self.refusal()),
        }
    }

    /// The answer's members, when it is a success.
    pub(super) fn expected<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Refusal> {
        match self.status {
            200..=299 => self.json(),
            _ => Err(self.refusal()),
        }
    }

    fn json<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.body).map_err(|_| {
            Refusal::new(Class::Setting, format!("what answers is no schema registry: {}", shown(&self.body)))
        })
    }

    fn fault(&self) -> Option<Fault> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What an answer says that is no success.
    fn refusal(&self) -> Refusal {
        let said = match self.fault() {
            Some(Fault { message: Some(message), .. }) => shown(message.as_bytes()),
            Some(_) | None => shown(&self.body),
        };
        let status = self.status;
        match status {
            401 | 403 => Refusal::new(
                Class::Setting,
                format!(
                    "the login is refused ({status}); look at `user` and `password` of the registry: {said}"
                ),
            ),
            300..=399 => {
                let place = self.location.as_deref().unwrap_or("somewhere else");
                Refusal::new(
                    Class::Setting,
                    format!(
                        "it sends us to `{place}`, and no redirect is followed: write the address it means"
                    ),
                )
            }
            404 | 405 => Refusal::new(
                Class::Setting,
                format!("there is no schema registry at this path ({status}): {said}"),
            ),
            409 => Refusal::new(Class::Incompatible, said),
            422 => Refusal::new(Class::Invalid, said),
            408 | 429 | 502..=504 => {
                Refusal::new(Class::Unreachable, format!("it cannot answer now ({status}): {said}"))
            }
            500..=599 => Refusal::new(Class::Broken, format!("it fails ({status}): {said}")),
            _ => Refusal::new(Class::Setting, format!("it refuses the request ({status}): {said}")),
        }
    }
}

/// Text of somebody else on one line, cut to what can be read.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SHOWN)]);
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().filter(|sign| !sign.is_control()).collect();
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.is_empty() => "nothing more is said".to_owned(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, location: None, body: body.as_bytes().to_vec() }
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Id {
        id: u32,
    }

    #[track_caller]
    fn check(status: u16, body: &str, class: Class, text: &str) {
        let refusal = answer(status, body).found::<Id>().unwrap_err();
        assert_eq!((refusal.class, refusal.text.as_str()), (class, text));
    }

    #[test]
    fn successes_and_what_is_not_there() {
        assert_eq!(answer(200, "{\"id\":7,\"version\":1}").found(), Ok(Some(Id { id: 7 })));
        let missing = "{\"error_code\":40401,\"message\":\"Subject 's' not found.\"}";
        assert_eq!(answer(404, missing).found::<Id>(), Ok(None));
        assert!(answer(404, missing).expected::<Id>().is_err());
    }

    #[test]
    fn what_follows() {
        check(200, "<html>", Class::Setting, "what answers is no schema registry: <html>");
        check(404, "Not Found", Class::Setting, "there is no schema registry at this path (404): Not Found");
        check(
            401,
            "",
            Class::Setting,
            "the login is refused (401); look at `user` and `password` of the registry: nothing more is said",
        );
        check(409, "{\"error_code\":409,\"message\":\"no\\nway\"}", Class::Incompatible, "no way");
        check(422, "{\"error_code\":42201,\"message\":\"x\"}", Class::Invalid, "x");
        check(500, "{\"error_code\":50001,\"message\":\"x\"}", Class::Broken, "it fails (500): x");
        check(503, "busy", Class::Unreachable, "it cannot answer now (503): busy");
        let mut redirect = answer(307, "");
        redirect.location = Some("http://elsewhere/".into());
        assert_eq!(
            redirect.expected::<Id>().unwrap_err().text,
            "it sends us to `http://elsewhere/`, and no redirect is followed: write the address it means"
        );
    }

    #[test]
    fn long_text_is_cut() {
        let refusal = answer(500, &"é".repeat(5000)).found::<Id>().unwrap_err();
        assert!(refusal.text.chars().count() < SHOWN + 30, "{}", refusal.text);
    }
}
