//! Numbers with units: durations, sizes, counts.

/// A duration without end, in ms.
pub const FOREVER_MS: u64 = u64::MAX;

/// Why a text is not the quantity that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantityError {
    /// Only digits where a unit is needed.
    NoUnit,
    /// A unit of another kind.
    WrongUnit,
    /// A sign or a fraction: only whole numbers from 0 are taken.
    NotWhole,
    /// More than 64 bits.
    TooLarge,
}

/// A duration in ms: `500ms`, `30s`, `720m`, `12h`, `7d`.
///
/// # Errors
/// No such quantity.
pub fn duration_ms(text: &str) -> Result<u64, QuantityError> {
    let (count, unit) = split(text)?;
    let factor = match unit {
        "" => return Err(QuantityError::NoUnit),
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(QuantityError::WrongUnit),
    };
    count.checked_mul(factor).ok_or(QuantityError::TooLarge)
}

/// A size in bytes: `1KiB`, `1MiB`, `1GiB`; `1KB`, `1MB`, `1GB` are powers of ten; `1B`.
///
/// # Errors
/// No such quantity.
pub fn bytes(text: &str) -> Result<u64, QuantityError> {
    let (count, unit) = split(text)?;
    let factor = match unit {
        "" => return Err(QuantityError::NoUnit),
        "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(QuantityError::WrongUnit),
    };
    count.checked_mul(factor).ok_or(QuantityError::TooLarge)
}

/// A rate in bytes a second: `20MiB/s`.
///
/// # Errors
/// No such quantity; a size without `/s` lacks a part of its unit.
pub fn rate(text: &str) -> Result<u64, QuantityError> {
    match text.strip_suffix("/s") {
        Some(size) => bytes(size),
        None => bytes(text).and(Err(QuantityError::NoUnit)),
    }
}

/// A plain number; `_` may separate digits.
///
/// # Errors
/// No such quantity.
pub fn number(text: &str) -> Result<u64, QuantityError> {
    match split(text)? {
        (count, "") => Ok(count),
        _ => Err(QuantityError::WrongUnit),
    }
}

/// A duration as it would be written: the largest unit that divides it.
pub fn duration_text(ms: u64) -> String {
    if ms == FOREVER_MS {
        return "forever".to_owned();
    }
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    match units.into_iter().find(|(_, factor)| ms > 0 && ms.is_multiple_of(*factor)) {
        Some((unit, factor)) => format!("{}{unit}", ms / factor),
        None => format!("{ms}ms"),
    }
}

/// A size as it would be written: the largest unit that divides it.
pub fn size_text(bytes: u64) -> String {
    let units = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, factor)| bytes > 0 && bytes.is_multiple_of(*factor)) {
        Some((unit, factor)) => format!("{}{unit}", bytes / factor),
        None => format!("{bytes}B"),
    }
}

fn split(text: &str) -> Result<(u64, &str), QuantityError> {
    let digits_end = text.find(|c: char| !(c.is_ascii_digit() || c == '_')).unwrap_or(text.len());
    let (digits, unit) = text.split_at(digits_end);
    if digits.is_empty() || unit.starts_with('.') {
        return Err(QuantityError::NotWhole);
    }
    let count = digits.replace('_', "").parse().map_err(|_| QuantityError::TooLarge)?;
    Ok((count, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration_ms("720m"), Ok(43_200_000));
        assert_eq!(duration_ms("720"), Err(QuantityError::NoUnit));
        assert_eq!(duration_ms("5MiB"), Err(QuantityError::WrongUnit));
        assert_eq!(duration_ms("-1s"), Err(QuantityError::NotWhole));
        assert_eq!(duration_ms("1.5h"), Err(QuantityError::NotWhole));
        assert_eq!(duration_ms("99999999999999999999d"), Err(QuantityError::TooLarge));
        assert_eq!(duration_ms("999999999999999d"), Err(QuantityError::TooLarge));
        assert_eq!(duration_text(43_200_000), "12h");
        assert_eq!(duration_text(0), "0ms");
    }

    #[test]
    fn sizes_and_numbers() {
        assert_eq!(bytes("1MiB"), Ok(1 << 20));
        assert_eq!(bytes("1MB"), Ok(1_000_000));
        assert_eq!(bytes("1h"), Err(QuantityError::WrongUnit));
        assert_eq!(number("20_000"), Ok(20_000));
        assert_eq!(number("20s"), Err(QuantityError::WrongUnit));
        assert_eq!(size_text(8 << 20), "8MiB");
        assert_eq!(rate("20MiB/s"), Ok(20 << 20));
        assert_eq!(rate("20MiB"), Err(QuantityError::NoUnit));
        assert_eq!(rate("20"), Err(QuantityError::NoUnit));
        assert_eq!(rate("20/s"), Err(QuantityError::NoUnit));
        assert_eq!(rate("20s/s"), Err(QuantityError::WrongUnit));
    }
}
