//! Texts in quotes that say something: addresses, zones, places in the log.

use super::shape::Value;
use super::token::Token;
use super::value::{Read, wrong};
use crate::diagnostic::{Diagnostic, Fix};
use crate::mysql::position::{GtidSet, MariaGtids, file_number};
use crate::statement::{self as st, Address, AddressError, Text, UrlError};
use crate::syntax::NodeKind;
use crate::text::Span;

pub(super) fn text(token: &Token<'_>) -> Option<Result<String, Box<Diagnostic>>> {
    if token.kind != NodeKind::String {
        return None;
    }
    Some(token.plain().ok_or_else(|| {
        Box::new(
            Diagnostic::error(st::WRONG_ARGUMENTS, token.span, "no placeholder is known in this text")
                .help("a brace that is meant as such is written `\\{`"),
        )
    }))
}

pub(super) fn address(text: String, span: Span) -> Result<String, Box<Diagnostic>> {
    match Address::parse(&text) {
        Ok(_) => Ok(text),
        Err(AddressError::Password) => Err(Box::new(
            Diagnostic::error(st::SECRET_IN_OTHER_TEXT, span, "an address holds no password")
                .label("not repeated here")
                .help(
                    "write `[USER@]HOST[:PORT]`, and name where the password is found: `password env NAME`",
                ),
        )),
        Err(
            error @ (AddressError::NoHost | AddressError::Port | AddressError::Sign | AddressError::Unset),
        ) => {
            let finding = wrong(span, format!("this is no address: {error}"));
            Err(match st::address_in(&text) {
                Some(bare) => {
                    let written = format!("\"{bare}\"");
                    Box::new(finding.fix(Fix::machine(format!("write {written}"), span, written)))
                }
                None => finding,
            })
        }
    }
}

/// An address: `"…"` or `env NAME [else "…"]`.
pub(super) fn plain(tokens: &[Token<'_>]) -> Option<Read> {
    let span = tokens[0].span;
    if let Some(text) = text(&tokens[0]) {
        let value = text.and_then(|text| address(text, span)).map(|text| Value::Plain(Text::Literal(text)));
        return Some(Read { value, n_tokens: 1 });
    }
    (tokens[0].word() == Some("env")).then_some(())?;
    let name = tokens.get(1)?.word()?.to_owned();
    if tokens.get(2).and_then(Token::word) != Some("else") {
        return Some(Read { value: Ok(Value::Plain(Text::Env { name, default: None })), n_tokens: 2 });
    }
    let default = text(tokens.get(3)?)?.and_then(|text| address(text, tokens[3].span));
    let value = default.map(|default| Value::Plain(Text::Env { name, default: Some(default) }));
    Some(Read { value, n_tokens: 4 })
}

pub(super) fn zone(text: &str, span: Span) -> Result<String, Box<Diagnostic>> {
    st::zone(text).map(str::to_owned).map_err(|near| {
        let finding = wrong(span, format!("there is no time zone \"{text}\""));
        Box::new(match near {
            Some(st::ZoneNear { name, is_sure }) => finding
                .label(format!("did you mean \"{name}\"?"))
                .fix(Fix::sure_if(is_sure, format!("write \"{name}\""), span, format!("\"{name}\""))),
            None => finding.help("write a name such as \"Europe/Berlin\", or an offset such as \"+02:00\""),
        })
    })
}

/// The address of a service over HTTP.
pub(super) fn url(text: String, span: Span) -> Result<String, Box<Diagnostic>> {
    match st::check_url(&text) {
        Ok(()) => Ok(text),
        Err(UrlError::Password) => Err(Box::new(
            Diagnostic::error(st::SECRET_IN_OTHER_TEXT, span, "an address holds no user and no password")
                .label("not repeated here")
                .help("write them into the block: `user \"NAME\"` and `password env NAME`"),
        )),
        Err(UrlError::Scheme) => {
            let whole = format!("\"https://{text}\"");
            let finding =
                wrong(span, "this is no address of a service: it begins with `https://` or `http://`");
            Err(Box::new(match st::check_url(&format!("https://{text}")) {
                Ok(()) => finding.fix(Fix::choice(format!("write {whole}"), span, whole)),
                Err(_) => *finding,
            }))
        }
        Err(error @ (UrlError::NoHost | UrlError::Port | UrlError::Sign)) => {
            Err(wrong(span, format!("this is no address of a service: {error}")))
        }
    }
}

/// A GTID set of MySQL, or a GTID position of MariaDB, as its server prints it.
pub(super) fn gtids(text: String, span: Span) -> Result<String, Box<Diagnostic>> {
    if text.trim().is_empty() {
        let finding = wrong(span, "this names no transaction");
        return Err(Box::new(finding.help("to begin with the first one, write `start snapshot`")));
    }
    // `domain-server-sequence` has no colon, a set has one in every part.
    let error = match text.contains(':') {
        true => text.parse::<GtidSet>().map(|set| set.to_string()).map_err(|error| error.to_string()),
        false => text.parse::<MariaGtids>().map(|gtids| gtids.to_string()).map_err(|error| error.to_string()),
    };
    error.map_err(|error| {
        Box::new(wrong(span, format!("this is no GTID set: {error}")).help(
            "MySQL prints one as @@gtid_executed, \"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77\"; MariaDB as \
             @@gtid_binlog_pos, \"0-1-100\"",
        ))
    })
}

/// A file of the log and a byte offset in it.
pub(super) fn binlog(text: &str, span: Span) -> Result<Value, Box<Diagnostic>> {
    /// Every file begins with four bytes that say what it is. Source: MySQL internals, binlog file header.
    const FIRST_OFFSET: u64 = 4;
    let place = text.rsplit_once(':').and_then(|(file, offset)| {
        let offset =
            offset.parse::<u64>().ok().filter(|_| offset.bytes().all(|digit| digit.is_ascii_digit()))?;
        Some((file, offset))
    });
    let Some((file, offset)) = place.filter(|(file, _)| file_number(file).is_some() && !file.contains('/'))
    else {
        return Err(Box::new(wrong(span, "this is no place in the log").help(
            "it is a file and an offset in it, such as \"binlog.000042:4\"; `SHOW BINARY LOGS` lists the files",
        )));
    };
    if offset < FIRST_OFFSET {
        let message = format!("offset {offset} is out of range: at least {FIRST_OFFSET}");
        return Err(Box::new(
            Diagnostic::error(st::OUT_OF_RANGE, span, message).help("the first event of a file begins at 4"),
        ));
    }
    Ok(Value::Binlog(file.to_owned(), offset))
}
