//! Values that statements give, as plans store them.

use super::words::words;
use super::{Template, duration_text};
use crate::pattern::{NamePattern, TablePattern};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A plain value, written or taken from the environment when the program starts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Text {
    /// Written.
    Literal(String),
    /// `env NAME else "x"`.
    Env {
        /// Variable.
        name: String,
        /// Value without the variable.
        default: Option<String>,
    },
}

/// Where a secret is found; never the secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SecretRef {
    /// Environment variable.
    Env(String),
    /// File; one line end at its end is not part of the secret.
    File(String),
}

/// How much of a server's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TlsMode {
    /// Plain text.
    Off,
    /// Encrypted; anybody may answer.
    Require,
    /// The chain, not the host name.
    VerifyCa,
    /// Chain and host name.
    VerifyFull,
}

/// SASL mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mechanism {
    /// PLAIN.
    Plain,
    /// SCRAM-SHA-256.
    ScramSha256,
    /// SCRAM-SHA-512.
    ScramSha512,
    /// OAUTHBEARER: the password is a token.
    OauthBearer,
}

/// Promise towards `read_committed` consumers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Delivery {
    /// Rows and position in one Kafka transaction.
    ExactlyOnce,
    /// Position after the rows are acknowledged.
    AtLeastOnce,
}

/// Whose answer a message waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Acks {
    /// All replicas in sync.
    All,
    /// The leader.
    Leader,
    /// Nobody.
    None,
}

/// Codec of record batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "Kafka's own names")]
pub enum Compression {
    None,
    Lz4,
    Zstd,
    Snappy,
    Gzip,
}

/// A thing that state is kept for by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of the language")]
pub enum Thing {
    Pipeline,
    Source,
    Target,
}

impl Thing {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Thing::Pipeline => "pipeline",
            Thing::Source => "source",
            Thing::Target => "target",
        }
    }
}

/// One `rename` line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Rename {
    /// `rename database A to B`.
    Database {
        /// Which.
        from: NamePattern,
        /// New name; may hold placeholders of captures.
        to: Template,
    },
    /// `rename table A to B`.
    Table {
        /// Which.
        from: TablePattern,
        /// New name.
        to: Template,
    },
    /// `rename column A to B`.
    Column {
        /// Of which tables.
        table: TablePattern,
        /// Which column.
        column: NamePattern,
        /// New name.
        to: Template,
    },
}

impl fmt::Display for Rename {
    /// Without its first word, the new name as a text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rename::Database { from, to } => write!(f, "database {from} to \"{to}\""),
            Rename::Table { from, to } => write!(f, "table {from} to \"{to}\""),
            Rename::Column { table, column, to } => write!(f, "column {table}.{column} to \"{to}\""),
        }
    }
}

words! {
    /// Kafka's `cleanup.policy`.
    Cleanup {
        /// Old messages go.
        Delete = "delete",
        /// All but the newest message of a key go.
        Compact = "compact",
        /// Both.
        CompactDelete = "compact, delete",
    }
}

words! {
    /// What becomes of a topic that is missing.
    Create {
        /// It is made.
        IfMissing = "if-missing",
        /// It is an error.
        Never = "never",
    }
}

words! {
    /// Whether something is done.
    Switch {
        /// It is.
        On = "on",
        /// It is not.
        Off = "off",
    }
}

/// A text that is shown in quotes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quoted(pub String);

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// A duration in ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Millis(pub u64);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&duration_text(self.0))
    }
}

/// Which columns are sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ColumnRule {
    /// Those a pattern takes.
    Only(Vec<NamePattern>),
    /// All but those.
    Except(Vec<NamePattern>),
}

impl fmt::Display for ColumnRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, patterns) = match self {
            ColumnRule::Only(patterns) => ("", patterns),
            ColumnRule::Except(patterns) => ("except ", patterns),
        };
        let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        write!(f, "{word}{}", patterns.join(", "))
    }
}

/// An address as written: `[USER@]HOST[:PORT]`; IPv6 in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// User.
    pub user: Option<String>,
    /// Host name or IP address, without brackets.
    pub host: String,
    /// Port.
    pub port: Option<u16>,
}

/// Why a text is no address. The text itself is not repeated: people write passwords into addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No host.
    #[error("the host is missing")]
    NoHost,
    /// A port that is no number from 1 to 65535.
    #[error("the port is a number from 1 to 65535")]
    Port,
    /// `USER:PASSWORD@`.
    #[error("an address holds no password")]
    Password,
    /// Scheme, path, blank or the like.
    #[error("an address is `[USER@]HOST[:PORT]`, without scheme, path and blanks")]
    Sign,
    /// The variable is not set and there is no `else`.
    #[error("the variable is not set")]
    Unset,
}

impl Address {
    /// Takes an address apart.
    ///
    /// # Errors
    /// What keeps it from being one.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        let bare = text.split_once("://").map_or(text, |(_, bare)| bare);
        let (user, rest) = match text.rsplit_once('@') {
            Some(_) if bare.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) => {
                return Err(AddressError::Password);
            }
            Some((user, _)) if user.contains(':') => return Err(AddressError::Sign),
            Some((user, rest)) => (Some(user), rest),
            None => (None, text),
        };
        let (host, port) = match rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, tail)) => (host, Some(tail.strip_prefix(':').ok_or(AddressError::Sign)?)),
            None => match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let wrong = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '@' | '?' | '#' | ',');
        if host.contains(wrong) || user.is_some_and(|user| user.is_empty() || user.contains(wrong)) {
            return Err(AddressError::Sign);
        }
        if host.is_empty() {
            return Err(AddressError::NoHost);
        }
        let port = match port {
            Some(port) if port.contains(wrong) => return Err(AddressError::Sign),
            Some(port) => Some(port.parse::<u16>().ok().filter(|&port| port > 0).ok_or(AddressError::Port)?),
            None => None,
        };
        Ok(Address { user: user.map(str::to_owned), host: host.to_owned(), port })
    }
}

/// The address in a URL, `db1:3306` of `jdbc:mysql://db1:3306/shop`.
pub fn address_in(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let bare = rest.split(['/', '?']).next()?;
    let is_scheme = scheme.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == ':');
    (is_scheme && Address::parse(bare).is_ok()).then_some(bare)
}

/// True for addresses of the machine itself: 127.0.0.0/8, `::1` and `localhost`.
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let parse = |text| Address::parse(text).map(|a| (a.user.unwrap_or_default(), a.host, a.port));
        assert_eq!(parse("syncc@db1:3307"), Ok(("syncc".into(), "db1".into(), Some(3307))));
        assert_eq!(parse("db1"), Ok((String::new(), "db1".into(), None)));
        assert_eq!(parse("[::1]:3306"), Ok((String::new(), "::1".into(), Some(3306))));
        assert_eq!(parse("u:secret@db1"), Err(AddressError::Password));
        assert_eq!(parse("mysql://db1"), Err(AddressError::Sign));
        assert_eq!(parse("mysql://syncc@db1:3306/shop"), Err(AddressError::Sign));
        assert_eq!(parse("mysql://u:secret@db1:3306/shop"), Err(AddressError::Password));
        assert_eq!(parse("k1:9092,k2:9092"), Err(AddressError::Sign));
        assert_eq!(parse("jdbc:mysql://db1:3306/shop"), Err(AddressError::Sign));
        assert_eq!(parse("db1:0"), Err(AddressError::Port));
        assert_eq!(parse("db1:x"), Err(AddressError::Port));
        assert_eq!(parse(""), Err(AddressError::NoHost));
        assert_eq!(parse("@db1"), Err(AddressError::Sign));
    }

    #[test]
    fn loopback() {
        assert!(is_loopback("127.3.0.1") && is_loopback("::1") && is_loopback("LocalHost"));
        assert!(!is_loopback("db1") && !is_loopback("10.0.0.1"));
    }
}
