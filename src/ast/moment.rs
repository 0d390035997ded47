//! Times of day, points in time and versions as values.

use super::shape::Value;
use super::token::Token;
use super::value::wrong;
use crate::diagnostic::{Diagnostic, Fix};
use crate::statement::{self as st, TimeError, Version};
use crate::syntax::NodeKind;

type Moment = Option<Result<Value, Box<Diagnostic>>>;

/// A time of day, `22:00`.
pub(super) fn clock(token: &Token<'_>) -> Moment {
    (token.kind == NodeKind::Clock).then_some(())?;
    Some(match st::clock_minutes(token.text) {
        Ok(minutes) => Ok(Value::Quantity(u64::from(minutes))),
        Err(TimeError::OutOfRange) => Err(Box::new(Diagnostic::error(
            st::OUT_OF_RANGE,
            token.span,
            format!("`{}` is out of range: 00:00 to 23:59", token.text),
        ))),
        Err(TimeError::Form | TimeError::NoOffset) => {
            Err(wrong(token.span, format!("`{}` is no time of day such as `22:00`", token.text)))
        }
    })
}

/// A point in time as RFC 3339 has it.
pub(super) fn timestamp(token: &Token<'_>) -> Moment {
    (token.kind == NodeKind::Timestamp).then_some(())?;
    Some(match st::timestamp_us(token.text) {
        Ok(us) => Ok(Value::TimeUs(us)),
        Err(TimeError::OutOfRange) => Err(Box::new(Diagnostic::error(
            st::OUT_OF_RANGE,
            token.span,
            format!("`{}` is out of range: there is no such day or time", token.text),
        ))),
        Err(TimeError::NoOffset) => {
            let full = if token.text.contains('T') { "" } else { "T00:00:00" };
            let utc = format!("{}{full}Z", token.text);
            let message =
                format!("`{}` lacks its offset: it is another moment in every time zone", token.text);
            Err(Box::new(
                wrong(token.span, message)
                    .help("write `Z` for UTC, or an offset such as `+02:00`, behind the time")
                    .fix(Fix::choice(format!("write `{utc}`"), token.span, utc)),
            ))
        }
        Err(TimeError::Form) => {
            Err(wrong(token.span, format!("`{}` is no time such as `2026-09-01T10:00:00Z`", token.text)))
        }
    })
}

/// A version, bare or in quotes.
pub(super) fn version(token: &Token<'_>) -> Moment {
    let text = match token.kind {
        NodeKind::Quantity | NodeKind::Path => token.text.to_owned(),
        NodeKind::String => token.plain()?,
        _ => return None,
    };
    // A word is one of another form of the statement.
    text.starts_with(|sign: char| sign.is_ascii_digit()).then_some(())?;
    Some(match Version::parse(&text) {
        Some(version) => Ok(Value::Version(version)),
        None => Err(wrong(token.span, format!("`{text}` is no version such as `2.8` or `0.10.2`"))),
    })
}
