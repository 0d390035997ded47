//! `tls`.

use super::shape::Value;
use super::statement::Stmt;
use crate::statement::TlsMode;
use crate::text::Spanned;

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
