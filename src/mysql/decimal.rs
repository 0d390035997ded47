//! DECIMAL: packed as in the log and in tables, or as text; written the same from both.
//!
//! The packed form has the digits before and behind the point apart, each in groups of nine in four bytes, with a shorter group
//! away from the point; the first bit is the sign, inverted, and a negative number has all its bits inverted.
//! Source: MySQL `strings/decimal.cc`, `decimal2bin`.

use super::value::Decimal;

/// Bytes of a group of so many digits.
const GROUP_BYTES: [u8; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

const POWERS: [u32; 10] =
    [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// So many digits always are a number of 64 bits.
const I64_DIGITS: u8 = 18;

/// Bytes of a packed decimal of `precision` digits, `scale` of them behind the point.
pub fn packed_bytes(precision: u8, scale: u8) -> u8 {
    let half = |digits: u8| digits / 9 * 4 + GROUP_BYTES[usize::from(digits % 9)];
    half(precision.saturating_sub(scale)) + half(scale)
}

/// True when `bytes` are a packed decimal: the right length, and no group greater than its digits can say.
pub fn is_packed(bytes: &[u8], precision: u8, scale: u8) -> bool {
    let mut good = true;
    let whole = groups(bytes, precision, scale, |value, digits, _| {
        good &= value < POWERS[usize::from(digits)];
    });
    whole && good
}

/// All digits of a packed decimal as one number, the point left out: 1999 of 19.99. None where they are more than 18, or broken.
pub fn packed_number(bytes: &[u8], precision: u8, scale: u8) -> Option<i64> {
    if precision.max(scale) > I64_DIGITS {
        return None;
    }
    let (mut number, mut good) = (0, true);
    let whole = groups(bytes, precision, scale, |value, digits, _| {
        let power = POWERS[usize::from(digits)];
        good &= value < power;
        if good {
            number = number * i64::from(power) + i64::from(value);
        }
    });
    let negative = bytes.first()? & 0x80 == 0;
    (whole && good).then_some(if negative { -number } else { number })
}

/// Calls `each` with value, number of digits and "before the point" of each group, from the left. False when the length is wrong.
fn groups(bytes: &[u8], precision: u8, scale: u8, mut each: impl FnMut(u32, u8, bool)) -> bool {
    let integer = precision.saturating_sub(scale);
    if bytes.len() != usize::from(packed_bytes(precision, scale)) || bytes.is_empty() {
        return false;
    }
    let invert = if bytes[0] & 0x80 == 0 { u32::MAX } else { 0 };
    let mut rest = bytes;
    // the sign is the first bit of the first group
    let mut sign = 0x80;
    let mut group = |digits: u8, before: bool| {
        let (head, tail) = rest.split_at(usize::from(GROUP_BYTES[usize::from(digits)]));
        rest = tail;
        let mut mask = 0;
        let mut value = 0;
        for &byte in head {
            value = value << 8 | u32::from(byte ^ sign);
            mask = mask << 8 | 0xff;
            sign = 0;
        }
        each(value ^ (invert & mask), digits, before);
    };
    if !integer.is_multiple_of(9) {
        group(integer % 9, true);
    }
    for _ in 0..integer / 9 {
        group(9, true);
    }
    for _ in 0..scale / 9 {
        group(9, false);
    }
    if !scale.is_multiple_of(9) {
        group(scale % 9, false);
    }
    true
}

/// Writes a decimal plainly: a sign for numbers below zero, digits without leading zeros (one at least), and all digits of the scale.
/// Packed bytes that are not a decimal write nothing; the decoder does not let them through.
pub fn write_decimal(decimal: Decimal<'_>, out: &mut Vec<u8>) {
    match decimal {
        Decimal::Packed { bytes, precision, scale } => write_packed(bytes, precision, scale, out),
        Decimal::Text(text) => write_text(text, out),
    }
}

fn write_packed(bytes: &[u8], precision: u8, scale: u8, out: &mut Vec<u8>) {
    let start = out.len();
    let negative = bytes.first().is_some_and(|first| first & 0x80 == 0);
    if negative {
        out.push(b'-');
    }
    let (mut started, mut point, mut zero) = (false, false, true);
    let whole = groups(bytes, precision, scale, |value, digits, before| {
        zero &= value == 0;
        if before {
            if started {
                write_digits(value, digits, out);
            } else if value > 0 {
                started = true;
                let mut buffer = itoa::Buffer::new();
                out.extend_from_slice(buffer.format(value).as_bytes());
            }
        } else {
            if !point {
                point = true;
                if !started {
                    out.push(b'0');
                }
                out.push(b'.');
            }
            write_digits(value, digits, out);
        }
    });
    if !whole {
        out.truncate(start);
    } else if !started && !point {
        out.push(b'0');
    }
    if whole && zero && negative {
        out.remove(start);
    }
}

/// Writes exactly `digits` digits.
fn write_digits(value: u32, digits: u8, out: &mut Vec<u8>) {
    let mut buffer = [b'0'; 9];
    let mut rest = value;
    for digit in buffer[..usize::from(digits)].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&buffer[..usize::from(digits)]);
}

/// Writes the text of a SELECT, which has leading zeros for ZEROFILL columns.
fn write_text(text: &[u8], out: &mut Vec<u8>) {
    let (negative, digits) = match text.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some(_) | None => (false, text),
    };
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    let significant = &digits[zeros..];
    if negative && significant.iter().any(|digit| (b'1'..=b'9').contains(digit)) {
        out.push(b'-');
    }
    if significant.first().is_none_or(|&first| first == b'.') {
        out.push(b'0');
    }
    out.extend_from_slice(significant);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Packs decimal text of the right number of digits, the way the servers do.
    fn pack(text: &str, precision: u8, scale: u8) -> Vec<u8> {
        let negative = text.starts_with('-');
        let text = text.trim_start_matches('-');
        let (integer, fraction) = text.split_once('.').unwrap_or((text, ""));
        let integer = format!("{integer:0>width$}", width = usize::from(precision - scale));
        let fraction = format!("{fraction:0<width$}", width = usize::from(scale));
        let mut bytes = Vec::new();
        let mut group = |digits: &str| {
            if !digits.is_empty() {
                let value: u32 = digits.parse().unwrap();
                let len = usize::from(GROUP_BYTES[digits.len()]);
                bytes.extend(&value.to_be_bytes()[4 - len..]);
            }
        };
        let head = integer.len() % 9;
        group(&integer[..head]);
        integer.as_bytes()[head..].chunks(9).for_each(|chunk| group(str::from_utf8(chunk).unwrap()));
        fraction.as_bytes().chunks(9).for_each(|chunk| group(str::from_utf8(chunk).unwrap()));
        bytes[0] ^= 0x80;
        if negative {
            bytes.iter_mut().for_each(|byte| *byte ^= 0xff);
        }
        bytes
    }

    fn written(decimal: Decimal<'_>) -> String {
        let mut out = Vec::new();
        write_decimal(decimal, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[track_caller]
    fn check(bytes: &[u8], precision: u8, scale: u8, expected: &str) {
        assert_eq!(usize::from(packed_bytes(precision, scale)), bytes.len());
        assert!(is_packed(bytes, precision, scale));
        assert_eq!(written(Decimal::Packed { bytes, precision, scale }), expected);
    }

    #[test]
    fn packed() {
        // the example of the server's own comment: DECIMAL(14,4)
        check(&[0x81, 0x0d, 0xfb, 0x38, 0xd2, 0x04, 0xd2], 14, 4, "1234567890.1234");
        check(&[0x7e, 0xf2, 0x04, 0xc7, 0x2d, 0xfb, 0x2d], 14, 4, "-1234567890.1234");
        check(&[0x80, 0, 0, 0, 0], 10, 2, "0.00");
        check(&[0x80, 0, 0, 0, 1], 10, 2, "0.01");
        check(&[0x80, 0x07], 4, 0, "7");
        check(&[0x80], 1, 0, "0");
        check(&[0x80 | 50], 2, 2, "0.50");
    }

    #[test]
    fn negative_zero_has_no_sign() {
        check(&[0x7f, 0xff, 0xff, 0xff, 0xff], 10, 2, "0.00");
        assert_eq!(written(Decimal::Text(b"-0.00")), "0.00");
    }

    #[test]
    fn text() {
        for (text, expected) in [
            ("0019.90", "19.90"),
            ("0.50", "0.50"),
            ("00.50", "0.50"),
            ("-0.50", "-0.50"),
            ("000", "0"),
            ("-12", "-12"),
            ("", "0"),
        ] {
            assert_eq!(written(Decimal::Text(text.as_bytes())), expected);
        }
    }

    #[test]
    fn groups_beyond_their_digits() {
        assert!(!is_packed(&[0x80 | 100], 2, 2));
        assert!(!is_packed(&[0x80, 0], 2, 2));
        assert!(!is_packed(&[], 0, 0));
    }

    proptest! {
        #[test]
        fn both_forms_are_written_alike(
            digits in "[0-9]{1,65}", scale in 0u8..=38, negative: bool,
        ) {
            let precision = digits.len() as u8;
            let scale = scale.min(precision);
            let (integer, fraction) = digits.split_at(usize::from(precision - scale));
            let sign = if negative { "-" } else { "" };
            let point = if scale > 0 { "." } else { "" };
            let text = format!("{sign}{integer}{point}{fraction}");
            let bytes = pack(&text, precision, scale);
            prop_assert!(is_packed(&bytes, precision, scale));
            let packed = written(Decimal::Packed { bytes: &bytes, precision, scale });
            prop_assert_eq!(packed, written(Decimal::Text(text.as_bytes())));
            let number = format!("{sign}{digits}").parse::<i64>().ok();
            prop_assert_eq!(packed_number(&bytes, precision, scale), number.filter(|_| precision <= I64_DIGITS));
        }

        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..32), precision: u8, scale: u8) {
            let _ = is_packed(&bytes, precision % 66, scale % 66);
            let _ = packed_number(&bytes, precision % 66, scale % 66);
            let precision = precision % 66;
            let _ = written(Decimal::Packed { bytes: &bytes, precision, scale: scale % (precision + 1) });
        }
    }
}
