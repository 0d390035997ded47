//! `source`, and the statements it shares with `target`.

use super::shape::{Item, Value};
use super::statement::{Reader, Stmt, given_twice};
use crate::statement::{SecretRef, Start, Text, TlsMode};
use crate::text::{Span, Spanned};

/// `source NAME mysql`.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its name.
    pub name: Spanned<String>,
    /// The line that declares it.
    pub head: Span,
    /// Text of the `##` lines before it.
    pub doc: Option<String>,
    /// `address`, or that of the header.
    pub address: Option<Spanned<Text>>,
    /// `user`.
    pub user: Option<Spanned<String>>,
    /// `password`.
    pub password: Option<Spanned<SecretRef>>,
    /// `tls`.
    pub tls: Option<Spanned<Tls>>,
    /// `start`.
    pub start: Option<Spanned<Start>>,
    /// A statement of it was left out.
    pub incomplete: bool,
}

/// `tls`.
#[derive(Debug, Clone, PartialEq)]
pub struct Tls {
    /// How much is verified.
    pub mode: TlsMode,
    /// Reason for `off`.
    pub because: Option<String>,
    /// File of accepted roots.
    pub ca: Option<String>,
    /// Files of client certificate and key.
    pub identity: Option<(String, String)>,
    /// Host name the certificate must carry.
    pub server_name: Option<String>,
}

impl Reader<'_> {
    pub(super) fn source(&mut self, statement: Stmt) -> Option<Source> {
        let [name, rest @ ..] = statement.args.as_slice() else { return None };
        let name = own_name(name)?;
        let address = rest.iter().find_map(|item| match &item.value {
            Value::Text(text) => Some(Spanned::new(Text::Literal(text.clone()), item.span)),
            _ => None,
        });
        let mut source = Source {
            name,
            head: statement.head,
            doc: statement.doc,
            address,
            user: None,
            password: None,
            tls: None,
            start: None,
            incomplete: statement.body.incomplete,
        };
        for inner in &statement.body.statements {
            match inner.spec.word {
                "address" => match &source.address {
                    Some(first) => self.findings.push(given_twice("address", inner.head, first.span)),
                    None => source.address = plain(inner),
                },
                "user" => source.user = text(inner),
                "password" => source.password = secret(inner),
                "tls" => source.tls = tls(inner),
                "start" => source.start = start(inner),
                other => debug_assert!(false, "`{other}` is in the table, but not read in a source"),
            }
        }
        Some(source)
    }
}

pub(super) fn own_name(item: &Item) -> Option<Spanned<String>> {
    match &item.value {
        Value::Name(name) => Some(Spanned::new(name.clone(), item.span)),
        _ => None,
    }
}

/// The bare words of a statement's arguments, in order.
pub(super) fn words(statement: &Stmt) -> Vec<&str> {
    statement
        .args
        .iter()
        .filter_map(|item| match &item.value {
            Value::Word(word) => Some(word.as_str()),
            _ => None,
        })
        .collect()
}

pub(super) fn text(statement: &Stmt) -> Option<Spanned<String>> {
    statement.args.iter().find_map(|item| match &item.value {
        Value::Text(text) => Some(Spanned::new(text.clone(), statement.head)),
        _ => None,
    })
}

/// The numbers of a statement's arguments, in order.
pub(super) fn quantities(statement: &Stmt) -> Vec<u64> {
    statement
        .args
        .iter()
        .filter_map(|item| match item.value {
            Value::Quantity(count) => Some(count),
            _ => None,
        })
        .collect()
}

pub(super) fn quantity(statement: &Stmt) -> Option<Spanned<u64>> {
    quantities(statement).first().map(|&count| Spanned::new(count, statement.head))
}

fn plain(statement: &Stmt) -> Option<Spanned<Text>> {
    statement.args.iter().find_map(|item| match &item.value {
        Value::Plain(text) => Some(Spanned::new(text.clone(), item.span)),
        _ => None,
    })
}

pub(super) fn secret(statement: &Stmt) -> Option<Spanned<SecretRef>> {
    statement.args.iter().find_map(|item| match &item.value {
        Value::Secret(secret) => Some(Spanned::new(secret.clone(), statement.head)),
        _ => None,
    })
}

pub(super) fn tls(statement: &Stmt) -> Option<Spanned<Tls>> {
    let mut tls =
        Tls { mode: TlsMode::VerifyFull, because: None, ca: None, identity: None, server_name: None };
    let mut cert = None;
    // A word says what the text behind it is.
    let mut last = "";
    for item in &statement.args {
        match &item.value {
            Value::Word(word) => {
                last = word;
                match word.as_str() {
                    "off" => tls.mode = TlsMode::Off,
                    "require" => tls.mode = TlsMode::Require,
                    "verify-ca" => tls.mode = TlsMode::VerifyCa,
                    "verify-full" => tls.mode = TlsMode::VerifyFull,
                    _ => {}
                }
            }
            Value::Text(text) => match last {
                "because" => tls.because = Some(text.clone()),
                "ca" => tls.ca = Some(text.clone()),
                "cert" => cert = Some(text.clone()),
                "file" => tls.identity = cert.take().map(|cert| (cert, text.clone())),
                _ => tls.server_name = Some(text.clone()),
            },
            _ => return None,
        }
    }
    Some(Spanned::new(tls, statement.head))
}

pub(super) fn start(statement: &Stmt) -> Option<Spanned<Start>> {
    let start = match words(statement).first() {
        Some(&"now") => Start::Now,
        _ => {
            let chunk = statement.body.statements.iter().find(|inner| inner.spec.word == "chunk");
            // The table limits it to ten million.
            let rows = chunk.and_then(quantity).and_then(|rows| u32::try_from(rows.value).ok());
            Start::Snapshot { chunk_rows: rows }
        }
    };
    Some(Spanned::new(start, statement.head))
}
