//! Values of columns, as tests write them.

use super::token::Token;
use crate::statement::Literal;
use crate::syntax::NodeKind;

/// Reads one value; none for what is no value.
pub(super) fn literal(token: &Token<'_>) -> Option<Literal> {
    Some(match token.kind {
        NodeKind::SqlString => {
            let inner = token.text.strip_prefix('\'').unwrap_or(token.text);
            Literal::Text(inner.strip_suffix('\'').unwrap_or(inner).replace("''", "'"))
        }
        NodeKind::String => Literal::Text(token.plain()?),
        NodeKind::Timestamp => Literal::Time(token.text.to_owned()),
        NodeKind::Quantity => Literal::Number(number(token.text)?),
        NodeKind::Path => match token.word()?.to_ascii_lowercase().as_str() {
            "null" => Literal::Null,
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            _ => return None,
        },
        _ => return None,
    })
}

/// A number without unit, its digits without `_`.
fn number(text: &str) -> Option<String> {
    let plain = text.replace('_', "");
    let digits = plain.strip_prefix('-').unwrap_or(&plain);
    let mut parts = digits.splitn(2, '.');
    let whole = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    (whole(parts.next()?) && parts.next().is_none_or(whole)).then_some(plain)
}
