//! L0213: brokers hold back what a task sends.

use super::QUOTA;
use crate::diagnostic::{Diagnostic, Severity};

/// The finding for brokers that hold back a producer of `user`, with the client id `client`, for up to so many ms at a time.
pub fn quota(brokers: &str, user: Option<&str>, client: &str, ms: u64) -> Diagnostic {
    let (who, entity) = match user {
        Some(user) => (format!("user `{user}`"), format!("--entity-type users --entity-name {user}")),
        None => (format!("client `{client}`"), format!("--entity-type clients --entity-name {client}")),
    };
    let message = format!(
        "the brokers hold back what is sent, for up to {ms} ms at a time: a quota of {who} is below what comes from the source"
    );
    let begin = format!("kafka-configs --bootstrap-server {brokers}");
    Diagnostic::nowhere(QUOTA, Severity::Advice, message).help(format!(
        "`{begin} --describe {entity}` shows it, `{begin} --alter {entity} --add-config producer_byte_rate=…` raises it"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_who_is_held_back() {
        let help = |user| quota("k:9092", user, "syncc.a", 700).help.unwrap_or_default().to_string();
        assert!(help(Some("alice")).contains("--alter --entity-type users --entity-name alice --add-config"));
        assert!(help(None).contains("--alter --entity-type clients --entity-name syncc.a --add-config"));
    }
}
