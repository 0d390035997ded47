//! Values of a test's rows against the types of `schema.lock`: whether the server could hold them.
//!
//! Lenient: what the server would take in some mode is taken here.

use crate::hir::LockedColumn;
use crate::mysql::column_type::ColumnType;
use crate::statement::Literal;

/// Why a column cannot hold a value; none where it can, or that is not known.
pub(super) fn misfit(column: &LockedColumn, value: &Literal) -> Option<String> {
    let shown = match value {
        Literal::Null => {
            let is_never = !column.text.nullable && !column.text.generated;
            return is_never.then(|| format!("`{}` is never null", column.name.value));
        }
        Literal::Bool(_) => return None,
        Literal::Number(number) => number.clone(),
        Literal::Text(text) => format!("'{text}'"),
        Literal::Time(time) => time.clone(),
    };
    let fits = match &column.text.ty {
        ColumnType::TinyInt { unsigned } => is_whole(value, 8, *unsigned),
        ColumnType::SmallInt { unsigned } => is_whole(value, 16, *unsigned),
        ColumnType::MediumInt { unsigned } => is_whole(value, 24, *unsigned),
        ColumnType::Int { unsigned } => is_whole(value, 32, *unsigned),
        ColumnType::BigInt { unsigned } => is_whole(value, 64, *unsigned),
        ColumnType::Decimal { precision, scale } => {
            let before =
                |number: &str| number.trim_start_matches(['-', '0']).split('.').next().map_or(0, str::len);
            number(value)
                .is_some_and(|number| before(number) <= usize::from(precision.saturating_sub(*scale)))
        }
        ColumnType::Float | ColumnType::Double | ColumnType::Year => number(value).is_some(),
        ColumnType::Date | ColumnType::DateTime { .. } | ColumnType::Timestamp { .. } => match value {
            Literal::Text(text) => begins_with_date(text),
            Literal::Number(number) => number.len() >= 6,
            Literal::Time(_) | Literal::Null | Literal::Bool(_) => true,
        },
        ColumnType::Enum(labels) => match value {
            Literal::Text(text) => labels.labels.iter().any(|label| label.eq_ignore_ascii_case(text)),
            Literal::Number(_) | Literal::Time(_) | Literal::Null | Literal::Bool(_) => true,
        },
        ColumnType::Set(labels) => match value {
            Literal::Text(text) => {
                let is_label = |one: &str| labels.labels.iter().any(|label| label.eq_ignore_ascii_case(one));
                text.is_empty() || text.split(',').all(is_label)
            }
            Literal::Number(_) | Literal::Time(_) | Literal::Null | Literal::Bool(_) => true,
        },
        ColumnType::Bit { .. }
        | ColumnType::Time { .. }
        | ColumnType::Char(_)
        | ColumnType::VarChar(_)
        | ColumnType::Text(_)
        | ColumnType::Binary { .. }
        | ColumnType::VarBinary { .. }
        | ColumnType::Blob { .. }
        | ColumnType::Json
        | ColumnType::Geometry
        | ColumnType::Vector
        | ColumnType::Uuid
        | ColumnType::Inet4
        | ColumnType::Inet6 => true,
    };
    (!fits).then(|| format!("`{}` is {}, which cannot be {shown}", column.name.value, column.text.declared))
}

/// A number, written as one or as a text of one.
fn number(value: &Literal) -> Option<&str> {
    let (Literal::Number(text) | Literal::Text(text)) = value else { return None };
    let text = text.trim();
    text.parse::<f64>().is_ok_and(f64::is_finite).then_some(text)
}

/// A whole number of so many bits. One with a fraction is rounded by the server.
fn is_whole(value: &Literal, bits: u32, unsigned: bool) -> bool {
    let Some(number) = number(value) else { return false };
    let Ok(whole) = number.split('.').next().unwrap_or_default().parse::<i128>() else {
        // It has an exponent.
        return true;
    };
    let (least, most) = match unsigned {
        true => (0, (1i128 << bits) - 1),
        false => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
    };
    (least..=most).contains(&whole)
}

/// True for a text that begins as `2026-09-01` does, with any sign between its numbers, as the server reads it.
fn begins_with_date(text: &str) -> bool {
    let mut parts = text.splitn(3, |sign: char| !sign.is_ascii_digit());
    let is_number =
        |part: Option<&str>| part.is_some_and(|part| part.starts_with(|sign: char| sign.is_ascii_digit()));
    let in_one = text.len() >= 6 && text.chars().all(|sign| sign.is_ascii_digit());
    in_one || (0..3).all(|_| is_number(parts.next()))
}
