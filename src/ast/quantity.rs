//! Numbers with units as values: read, or found to lack a unit or to be out of range.

use super::shape::Value;
use super::token::Token;
use super::value::Read;
use crate::diagnostic::{Diagnostic, Fix};
use crate::statement::{self as st, Kind, QuantityError};
use crate::syntax::NodeKind;

/// Reads a duration, size, rate or plain number from the first of `tokens`.
pub(super) fn quantity(
    kind: Kind,
    range: (u64, u64),
    range_text: &(String, String),
    tokens: &[Token<'_>],
) -> Option<Read> {
    let token = &tokens[0];
    if kind == Kind::Duration
        && let Some(read) = in_parts(range, tokens)
    {
        return Some(read);
    }
    if token.kind != NodeKind::Quantity {
        return None;
    }
    let one = |value| Some(Read { value, n_tokens: 1 });
    let parse = |text: &str| match kind {
        Kind::Duration => st::duration_ms(text),
        Kind::Size => st::bytes(text),
        Kind::Rate => st::rate(text),
        _ => st::number(text),
    };
    match parse(token.text) {
        Ok(count) if (range.0..=range.1).contains(&count) => one(Ok(Value::Quantity(count))),
        Ok(_) => one(Err(Box::new(Diagnostic::error(
            st::OUT_OF_RANGE,
            token.span,
            format!("`{}` is out of range: {}", token.text, bounds(range_text)),
        )))),
        Err(QuantityError::NoUnit) => {
            if let Some(unit) = tokens.get(1).filter(|_| kind == Kind::Rate)
                && let Some((why, text)) = unit.word().and_then(|word| rate_meant(token.text, word))
            {
                let span = token.span.to(unit.span);
                let message = format!("`{} {}` is not {}", token.text, unit.text, kind.called());
                let finding = Diagnostic::error(st::UNIT_MISSING_OR_WRONG, span, message).help(why);
                let finding = finding.fix(Fix::choice(format!("write `{text}`"), span, text));
                return Some(Read { value: Err(Box::new(finding)), n_tokens: 2 });
            }
            if let Some(unit) = tokens.get(1)
                && let Some(word) = unit.word()
                && let Some(joined) = with_unit(token.text, word, parse)
            {
                let span = token.span.to(unit.span);
                let finding = Diagnostic::error(
                    st::UNIT_MISSING_OR_WRONG,
                    span,
                    format!("a unit follows its number without a blank: `{joined}`"),
                )
                .fix(Fix::machine(format!("write `{joined}`"), span, joined));
                return Some(Read { value: Err(Box::new(finding)), n_tokens: 2 });
            }
            one(Err(Box::new(no_unit(kind, token, range))))
        }
        Err(QuantityError::WrongUnit) => one(Err(Box::new(wrong_unit(kind, token, parse)))),
        Err(QuantityError::NotWhole) => one(Err(Box::new(not_whole(kind, token)))),
        Err(QuantityError::TooLarge) => one(Err(Box::new(Diagnostic::error(
            st::OUT_OF_RANGE,
            token.span,
            format!("`{}` is out of range: {}", token.text, bounds(range_text)),
        )))),
    }
}

/// A number with a fraction, or below zero. In a smaller unit it may be whole.
fn not_whole(kind: Kind, token: &Token<'_>) -> Diagnostic {
    let message = format!("`{}` is no whole number from 0 on", token.text);
    let finding = Diagnostic::error(st::WRONG_ARGUMENTS, token.span, message);
    let Some(text) = in_smaller_unit(kind, token.text) else { return finding };
    finding.label(format!("did you mean `{text}`?")).fix(Fix::machine(
        format!("write `{text}`"),
        token.span,
        text,
    ))
}

/// `90m` for `1.5h`, where that is exact.
fn in_smaller_unit(kind: Kind, text: &str) -> Option<String> {
    let (whole, rest) = text.split_once('.')?;
    let unit_at = rest.find(|sign: char| !sign.is_ascii_digit())?;
    let (fraction, unit) = rest.split_at(unit_at);
    let factor = |one: String| match kind {
        Kind::Duration => st::duration_ms(&one).ok(),
        Kind::Size => st::bytes(&one).ok(),
        _ => None,
    };
    let factor = factor(format!("1{unit}"))?;
    let tenths = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let count = st::number(&format!("{whole}{fraction}")).ok()?.checked_mul(factor)?;
    count.is_multiple_of(tenths).then(|| match kind {
        Kind::Duration => st::duration_text(count / tenths),
        _ => st::size_text(count / tenths),
    })
}

/// A duration in several units, as in `1h30m` or `1h 30m`: it has one here.
fn in_parts(range: (u64, u64), tokens: &[Token<'_>]) -> Option<Read> {
    let mut parts = Vec::new();
    let mut n_tokens = 0;
    while let Some((of_token, n)) = part_ms(&tokens[n_tokens..]) {
        parts.extend(of_token);
        n_tokens += n;
    }
    if parts.len() < 2 {
        return None;
    }
    let sum = parts.into_iter().try_fold(0, u64::checked_add);
    let sum = sum.filter(|sum| (range.0..=range.1).contains(sum))?;
    let span = tokens[0].span.to(tokens[n_tokens - 1].span);
    let text = st::duration_text(sum);
    let message = format!("a duration has one unit: `{text}`");
    let finding = Diagnostic::error(st::UNIT_MISSING_OR_WRONG, span, message).fix(Fix::machine(
        format!("write `{text}`"),
        span,
        text,
    ));
    Some(Read { value: Err(Box::new(finding)), n_tokens })
}

/// The durations of the next argument, or of it and a unit behind it, `30 minutes`; how many arguments these are.
fn part_ms(tokens: &[Token<'_>]) -> Option<(Vec<u64>, usize)> {
    let (first, rest) = tokens.split_first()?;
    // `1 hour and 30 minutes`
    if let ("and", [_, ..]) = (first.text, rest) {
        return part_ms(rest).map(|(parts, n)| (parts, n + 1));
    }
    if let Some(parts) = parts_ms(first.text) {
        return Some((parts, 1));
    }
    let unit = rest.first()?.word()?;
    st::number(first.text).ok()?;
    let joined = with_unit(first.text, unit, st::duration_ms)?;
    Some((vec![st::duration_ms(&joined).ok()?], 2))
}

/// The durations that stand in a text one behind the other, each with its unit, ms.
fn parts_ms(text: &str) -> Option<Vec<u64>> {
    let bytes = text.as_bytes();
    let begins = |&at: &usize| bytes[at].is_ascii_digit() && bytes[at - 1].is_ascii_alphabetic();
    let ends = (1..bytes.len()).filter(begins).chain([bytes.len()]);
    let mut from = 0;
    ends.map(|end| st::duration_ms(text.get(std::mem::replace(&mut from, end)..end)?).ok()).collect()
}

fn no_unit(kind: Kind, token: &Token<'_>, range: (u64, u64)) -> Diagnostic {
    let number = token.text.strip_suffix("/s").unwrap_or(token.text);
    let units: &[&str] = match kind {
        Kind::Duration => &["ms", "s", "m", "h", "d"],
        // A size needs no more than the second it is sent in.
        Kind::Rate if number.ends_with('B') => &["/s"],
        Kind::Rate => &["KiB/s", "MiB/s"],
        _ => &["KiB", "MiB"],
    };
    let finding = Diagnostic::error(
        st::UNIT_MISSING_OR_WRONG,
        token.span,
        format!("`{}` lacks its unit: {} is wanted", token.text, kind.called()),
    );
    // Of units for a time those that are possible: nobody waits for 20 hours where 15 minutes are the most.
    let is_possible = |text: &String| match kind {
        Kind::Duration => {
            let is_short = !text.ends_with("ms") || range.1 <= SHORT_MS;
            is_short && st::duration_ms(text).is_ok_and(|ms| (range.0..=range.1).contains(&ms))
        }
        _ => true,
    };
    let texts = units.iter().map(|unit| format!("{number}{unit}")).filter(is_possible);
    // A large number is one of the small unit, as other tools count.
    let counted = st::number(number).ok().and_then(|number| match kind {
        Kind::Duration if number >= 1_000 => {
            Some(st::duration_text(number)).filter(|_| (range.0..=range.1).contains(&number))
        }
        Kind::Size if number >= 1_024 => Some(st::size_text(number)),
        _ => None,
    });
    match units {
        [_] => texts.fold(finding, |finding, text| {
            finding.fix(Fix::machine(format!("write `{text}`"), token.span, text))
        }),
        _ => counted.into_iter().chain(texts).fold(finding, |finding, text| {
            finding.fix(Fix::choice(format!("write `{text}`"), token.span, text))
        }),
    }
}

/// A rate of a number and a unit of sizes; none where the unit is none, or one of bits.
pub(super) fn rate_text(number: &str, unit: &str) -> Option<String> {
    if holds_bits(unit) {
        return None;
    }
    with_unit(number, &format!("{unit}/s"), st::rate)
}

/// Where a time is at most so long, it is often one of milliseconds.
const SHORT_MS: u64 = 3_600_000;

fn wrong_unit(
    kind: Kind,
    token: &Token<'_>,
    parse: impl Fn(&str) -> Result<u64, QuantityError>,
) -> Diagnostic {
    let finding = Diagnostic::error(
        st::UNIT_MISSING_OR_WRONG,
        token.span,
        format!("`{}` is not {}", token.text, kind.called()),
    );
    let end = token.text.find(|c: char| !(c.is_ascii_digit() || c == '_')).unwrap_or(token.text.len());
    let (number, unit) = token.text.split_at(end);
    if kind == Kind::Rate
        && let Some((why, text)) = rate_meant(number, unit)
    {
        return finding.help(why).fix(Fix::choice(format!("write `{text}`"), token.span, text));
    }
    match with_unit(number, unit, parse) {
        Some(text) => finding.label(format!("did you mean `{text}`?")).fix(Fix::machine(
            format!("write `{text}`"),
            token.span,
            text,
        )),
        None => finding,
    }
}

/// What a rate of bits, or of bytes in another time than a second, is in bytes a second: in words, and as it is written here. Where
/// it is no whole number of KiB, the nearest one. None for other units.
fn rate_meant(number: &str, unit: &str) -> Option<(String, String)> {
    let (size, time) = match unit.split_once('/') {
        Some((size, time)) => (size, time.to_ascii_lowercase()),
        None if holds_bits(unit) => (unit, "s".to_owned()),
        None => return None,
    };
    let ms = match time.as_str() {
        "ms" => 1,
        "s" | "sec" | "second" => 1_000,
        "m" | "min" | "minute" => 60_000,
        "h" | "hr" | "hour" => 3_600_000,
        "d" | "day" => 86_400_000,
        _ => return None,
    };
    let is_bits = holds_bits(unit);
    if ms == 1_000 && !is_bits {
        return None;
    }
    let mut of_bytes = size.to_ascii_uppercase();
    if is_bits {
        of_bytes.truncate(of_bytes.find('B')?);
        of_bytes.push('B');
    }
    let count = st::bytes(&format!("{number}{}", of_bytes.replace('I', "i"))).ok()?;
    let a_second = u128::from(count) * 1_000 / ms / if is_bits { 8 } else { 1 };
    let a_second = u64::try_from(a_second).ok()?;
    let is_decimal = a_second.is_multiple_of(1_000) && !a_second.is_multiple_of(1 << 10);
    let nearest = if is_decimal { a_second } else { ((a_second + 512) >> 10).max(1) << 10 };
    let text = match is_decimal {
        true if nearest.is_multiple_of(1_000_000) => format!("{}MB/s", nearest / 1_000_000),
        true => format!("{}KB/s", nearest / 1_000),
        false => format!("{}/s", st::size_text(nearest)),
    };
    let why = if is_bits { "a byte has eight bits" } else { "a rate is one of a second" };
    let about = if nearest == a_second { "" } else { "about " };
    Some((format!("{why}: this is {about}`{text}`"), text))
}

/// True for a unit of bits a second, or of one that is probably meant so: `Mb/s`, `Mbit/s`, `mbps`, `kbit`.
fn holds_bits(unit: &str) -> bool {
    let size = unit.split_once('/').map_or(unit, |(size, _)| size);
    let (size, is_short) = match size.strip_suffix("ps") {
        Some(size) => (size, true),
        None => (size, false),
    };
    let lower = size.to_ascii_lowercase();
    let is_bit = ["kbit", "mbit", "gbit", "kibit", "mibit", "gibit", "bit", "bits"].contains(&lower.as_str());
    let is_b = size.ends_with('b') && ["kb", "mb", "gb", "kib", "mib", "gib"].contains(&lower.as_str());
    // `mb/s` in small letters says nothing about which they are.
    is_bit || is_b && (is_short || size.starts_with(|sign: char| sign.is_ascii_uppercase()))
}

/// A number with the unit that a word means: `hours`, `mib`, `sec`. None when it means none that fits.
fn with_unit(number: &str, word: &str, parse: impl Fn(&str) -> Result<u64, QuantityError>) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let (unit, rest) = match lower.split_once('/') {
        Some((unit, "s" | "sec" | "secs" | "second")) => (unit, "/s"),
        Some(_) => return None,
        None => (lower.as_str(), ""),
    };
    let ours = match unit {
        "msec" | "millis" | "millisecond" | "milliseconds" => "ms",
        "sec" | "secs" | "second" | "seconds" => "s",
        "min" | "mins" | "minute" | "minutes" => "m",
        "hr" | "hrs" | "hour" | "hours" => "h",
        "day" | "days" => "d",
        "kib" => "KiB",
        "mib" => "MiB",
        "gib" => "GiB",
        "kb" => "KB",
        "mb" => "MB",
        "gb" => "GB",
        unit => unit,
    };
    if matches!(unit, "w" | "week" | "weeks") {
        let days = st::number(number).ok()?.checked_mul(7)?;
        return Some(format!("{days}d")).filter(|text| parse(text).is_ok());
    }
    // A rate without its second, too.
    let texts = [format!("{number}{word}"), format!("{number}{ours}{rest}"), format!("{number}{ours}/s")];
    texts.into_iter().find(|text| parse(text).is_ok())
}

pub(super) fn bounds((low, high): &(String, String)) -> String {
    match (low.as_str(), high.as_str()) {
        ("", "") => "it is too large".into(),
        (low, "") => format!("at least {low}"),
        ("", high) => format!("at most {high}"),
        (low, high) => format!("{low} to {high}"),
    }
}

#[cfg(test)]
mod tests {
    use super::rate_meant;

    #[test]
    fn rates_of_bits_and_of_other_times() {
        let check = |number: &str, unit: &str, expected: Option<&str>| {
            let meant = rate_meant(number, unit).map(|(_, text)| text);
            assert_eq!(meant.as_deref(), expected, "{number}{unit}");
        };
        check("1", "MiB/min", Some("17KiB/s"));
        check("60", "MiB/min", Some("1MiB/s"));
        check("20", "MiB/h", Some("6KiB/s"));
        check("1", "KiB/d", Some("1KiB/s"));
        check("20", "Mb/s", Some("2500KB/s"));
        check("160", "mbps", Some("20MB/s"));
        check("8", "Mibit/s", Some("1MiB/s"));
        check("20", "Mbit", Some("2500KB/s"));
        check("20", "MiB/s", None);
        check("20", "mb/s", None);
        check("20", "MiB/week", None);
    }
}
