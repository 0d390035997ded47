//! A schema registry over HTTP: one request after the other, each with a deadline.
//!
//! Nothing is tried twice here, that is for the one who asks; no redirect is followed, no proxy used, and no answer is read
//! beyond its limit.

mod answer;
mod http;
mod tls;

use super::{Class, Refusal, level};
use crate::plan::{RegistryPlan, io as secrets};
use crate::statement::Compatibility;
use http::{Http, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use serde::Deserialize;
use std::path::Path;
use std::time::Duration;

/// Signs that stand for themselves in a path (RFC 3986, "unreserved").
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A registry, ready to be asked. Connections are kept between questions.
#[derive(Debug)]
pub struct Registry {
    http: Http,
}

#[derive(Debug, Deserialize)]
struct Id {
    id: u32,
}

#[derive(Debug, Deserialize)]
struct Latest {
    schema: String,
}

#[derive(Debug, Deserialize)]
struct Verdict {
    is_compatible: bool,
}

/// Registries do not agree on the member's name.
#[derive(Debug, Deserialize)]
struct Config {
    #[serde(alias = "compatibility")]
    #[serde(rename = "compatibilityLevel")]
    level: Option<String>,
}

/// The registry that a plan describes, with the password that it names. Nothing is sent.
///
/// # Errors
/// A missing password, files of `tls` that cannot be used, an address that cannot be used.
pub fn open(plan: &RegistryPlan, project: &Path, patience: Duration) -> Result<Registry, Refusal> {
    let password = match &plan.password {
        Some(reference) => {
            let found = secrets::find(reference, project);
            Some(found.map_err(|error| Refusal::new(Class::Setting, error.to_string()))?.value)
        }
        None => None,
    };
    Registry::new(plan, password.as_ref(), project, patience)
}

impl Registry {
    /// The registry of a plan. Nothing is sent.
    ///
    /// # Errors
    /// Files of `tls` that cannot be used, and an address without encryption that is not this machine's.
    pub fn new(
        plan: &RegistryPlan,
        password: Option<&SecretString>,
        project: &Path,
        patience: Duration,
    ) -> Result<Registry, Refusal> {
        Ok(Registry { http: Http::new(plan, password, project, patience)? })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        self.http.base()
    }

    /// Longest wait for an answer.
    #[cfg(test)]
    pub(crate) fn patience(&self) -> Option<Duration> {
        self.http.patience()
    }

    /// Asks for something small, to see that it is there and takes our login.
    ///
    /// # Errors
    /// When it does not answer, or is none.
    pub fn probe(&self) -> Result<(), Refusal> {
        self.http.ask(Method::Get, "/config", None)?.expected::<Config>().map(drop)
    }

    /// Registers a schema under a subject; one that is there already keeps its number. Where a rule is given, the subject has it
    /// from now on.
    ///
    /// # Errors
    /// When it is refused, or the registry cannot be used.
    pub fn register(&self, subject: &str, schema: &str, rule: Option<Compatibility>) -> Result<u32, Refusal> {
        // Some registries have no rules for a subject that does not exist yet.
        let is_ruled = match rule {
            Some(rule) => self.rule(subject, rule)?,
            None => true,
        };
        let path = format!("/subjects/{}/versions", in_path(subject));
        let Id { id } = self.http.ask(Method::Post, &path, Some(&schema_body(schema)))?.expected()?;
        if let Some(rule) = rule
            && !is_ruled
            && !self.rule(subject, rule)?
        {
            let text = format!("it has no rules for the subject `{subject}`: leave `compatibility` out");
            return Err(Refusal::new(Class::Setting, text));
        }
        Ok(id)
    }

    /// The newest schema of a subject; none when there is none.
    ///
    /// # Errors
    /// When the registry cannot be used.
    pub fn latest(&self, subject: &str) -> Result<Option<String>, Refusal> {
        let path = format!("/subjects/{}/versions/latest", in_path(subject));
        let found: Option<Latest> = self.http.ask(Method::Get, &path, None)?.found()?;
        Ok(found.map(|latest| latest.schema))
    }

    /// The schema with a number; none when there is none.
    ///
    /// # Errors
    /// When the registry cannot be used.
    pub fn schema_of(&self, number: u32) -> Result<Option<String>, Refusal> {
        let found: Option<Latest> =
            self.http.ask(Method::Get, &format!("/schemas/ids/{number}"), None)?.found()?;
        Ok(found.map(|latest| latest.schema))
    }

    /// True when a subject has a schema already.
    ///
    /// # Errors
    /// When the registry cannot be used.
    pub fn has(&self, subject: &str, schema: &str) -> Result<bool, Refusal> {
        let path = format!("/subjects/{}", in_path(subject));
        let found: Option<Id> = self.http.ask(Method::Post, &path, Some(&schema_body(schema)))?.found()?;
        Ok(found.is_some())
    }

    /// True when a subject has this rule of its own.
    ///
    /// # Errors
    /// When the registry cannot be used.
    pub fn is_ruled_by(&self, subject: &str, rule: Compatibility) -> Result<bool, Refusal> {
        let path = format!("/config/{}", in_path(subject));
        let found: Option<Config> = self.http.ask(Method::Get, &path, None)?.found()?;
        Ok(found.and_then(|config| config.level).as_deref() == Some(level(rule)))
    }

    /// Whether a schema could follow the newest one of its subject, by the rule that holds now; a new subject takes any.
    ///
    /// # Errors
    /// When the registry cannot be used.
    pub fn takes(&self, subject: &str, schema: &str) -> Result<bool, Refusal> {
        let path = format!("/compatibility/subjects/{}/versions/latest", in_path(subject));
        let answer = self.http.ask(Method::Post, &path, Some(&schema_body(schema)))?;
        let verdict: Option<Verdict> = answer.found()?;
        Ok(verdict.is_none_or(|verdict| verdict.is_compatible))
    }

    /// Gives a subject its rule, unless it has it. False when the registry has none for it yet.
    fn rule(&self, subject: &str, rule: Compatibility) -> Result<bool, Refusal> {
        if self.is_ruled_by(subject, rule)? {
            return Ok(true);
        }
        let path = format!("/config/{}", in_path(subject));
        let body = serde_json::json!({ "compatibility": level(rule) }).to_string();
        let set: Option<Config> = self.http.ask(Method::Put, &path, Some(&body))?.found()?;
        Ok(set.is_some())
    }
}

/// A subject as a part of a path.
fn in_path(subject: &str) -> String {
    utf8_percent_encode(subject, RESERVED).to_string()
}

/// A schema on its way: `{"schema":"…"}`. Avro is what is meant where no type is said, also by old registries.
fn schema_body(schema: &str) -> String {
    serde_json::json!({ "schema": schema }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_in_paths() {
        assert_eq!(in_path("eu.shop-v_1~x"), "eu.shop-v_1~x");
        assert_eq!(in_path("a/b c%?#é"), "a%2Fb%20c%25%3F%23%C3%A9");
    }
}
