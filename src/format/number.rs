//! Floating-point numbers as text: by Java's rules, and by JavaScript's.
//!
//! Both print the shortest digits that give the same number back; they differ in when an exponent is written and how.
//! Java before 19 now and then printed more digits than needed (`1.17549435E-38`); readers get the same number.
//! Sources: `Double.toString` and `Float.toString` of JDK 19 and later; ECMAScript, `Number::toString`.

use std::io::Write;

/// Significant digits and where the point is: `0.d₁d₂…dₙ × 10^point`.
struct Decimal {
    negative: bool,
    digits: [u8; 20],
    len: usize,
    point: i32,
}

impl Decimal {
    /// Reads digits, an optional point and an optional exponent.
    fn parse(text: &str) -> Decimal {
        let mut decimal = Decimal { negative: false, digits: [0; 20], len: 0, point: 0 };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (mut seen_point, mut leading) = (false, true);
        for sign in mantissa.bytes() {
            match sign {
                b'-' => decimal.negative = true,
                b'.' => seen_point = true,
                digit => {
                    leading &= digit == b'0';
                    if !leading && decimal.len < decimal.digits.len() {
                        decimal.digits[decimal.len] = digit;
                        decimal.len += 1;
                    }
                    // A digit moves the point right; a leading zero behind it moves it left.
                    decimal.point += i32::from(!leading && !seen_point) - i32::from(leading && seen_point);
                }
            }
        }
        while decimal.len > 0 && decimal.digits[decimal.len - 1] == b'0' {
            decimal.len -= 1;
        }
        decimal.point += exponent.parse::<i32>().unwrap_or(0);
        decimal
    }

    fn digits(&self) -> &[u8] {
        &self.digits[..self.len]
    }

    /// Without exponent: zeros fill up to the point; none behind it unless `fraction` asks for one digit at least.
    fn write_plain(&self, fraction: bool, out: &mut Vec<u8>) {
        let digits = self.digits();
        let before = self.point.clamp(0, digits.len() as i32) as usize;
        if before == 0 {
            out.push(b'0');
        }
        out.extend_from_slice(&digits[..before]);
        out.extend(std::iter::repeat_n(b'0', (self.point - before as i32).max(0) as usize));
        if before < digits.len() {
            out.push(b'.');
            out.extend(std::iter::repeat_n(b'0', (-self.point).max(0) as usize));
            out.extend_from_slice(&digits[before..]);
        } else if fraction {
            out.extend_from_slice(b".0");
        }
    }

    /// With exponent: one digit before the point.
    fn write_scientific(&self, fraction: bool, mark: &[u8], out: &mut Vec<u8>) {
        let digits = self.digits();
        out.push(digits[0]);
        if digits.len() > 1 || fraction {
            out.push(b'.');
            out.extend_from_slice(if digits.len() > 1 { &digits[1..] } else { b"0" });
        }
        out.extend_from_slice(mark);
        out.extend_from_slice(itoa::Buffer::new().format(self.point - 1).as_bytes());
    }

    fn write_java(&self, out: &mut Vec<u8>) {
        if self.negative {
            out.push(b'-');
        }
        // 10⁻³ ≤ |x| < 10⁷, and zero.
        if self.len == 0 {
            out.extend_from_slice(b"0.0");
        } else if (-2..=7).contains(&self.point) {
            self.write_plain(true, out);
        } else {
            self.write_scientific(true, b"E", out);
        }
    }
}

/// As `Double.toString`.
pub(crate) fn write_java_double(value: f64, out: &mut Vec<u8>) {
    if !value.is_finite() {
        return write_not_finite(value, out);
    }
    // Next to zero the shortest form has one digit, but Java wants the best one of two digits.
    if value != 0.0 && value.abs() < 1e-320 {
        return write_two_digits(value, |text| text.parse() == Ok(value), out);
    }
    Decimal::parse(zmij::Buffer::new().format_finite(value)).write_java(out);
}

/// As `Float.toString`.
pub(crate) fn write_java_float(value: f32, out: &mut Vec<u8>) {
    if !value.is_finite() {
        return write_not_finite(value.into(), out);
    }
    if value != 0.0 && value.abs() < 1e-42 {
        return write_two_digits(value.into(), |text| text.parse() == Ok(value), out);
    }
    Decimal::parse(zmij::Buffer::new().format_finite(value)).write_java(out);
}

/// The double nearest to the fewest digits that give a float back: 0.1 for 0.1, not 0.10000000149011612.
pub(crate) fn shortest_double(value: f32) -> f64 {
    if !value.is_finite() {
        return value.into();
    }
    zmij::Buffer::new().format_finite(value).parse().unwrap_or_else(|_| value.into())
}

/// Without exponent, however large or small: `3`, `-0.5`, `10000000000000000000000`.
pub(crate) fn write_plain_double(value: f64, out: &mut Vec<u8>) {
    if !value.is_finite() {
        return write_not_finite(value, out);
    }
    let decimal = Decimal::parse(zmij::Buffer::new().format_finite(value));
    if decimal.negative {
        out.push(b'-');
    }
    decimal.write_plain(false, out);
}

/// As JavaScript prints a number: `1.5`, `-2`, `1e+30`; an integral value has no point. Unlike there zero keeps its sign.
pub(crate) fn write_short_float(value: f32, out: &mut Vec<u8>) {
    if !value.is_finite() {
        return write_not_finite(value.into(), out);
    }
    let decimal = Decimal::parse(zmij::Buffer::new().format_finite(value));
    if decimal.negative {
        out.push(b'-');
    }
    if (-5..=21).contains(&decimal.point) {
        decimal.write_plain(false, out);
    } else {
        decimal.write_scientific(false, if decimal.point > 0 { b"e+" } else { b"e" }, out);
    }
}

fn write_two_digits(value: f64, same: impl Fn(&str) -> bool, out: &mut Vec<u8>) {
    let mut text = [0; 32];
    for digits in 1..17 {
        let mut rest = &mut text[..];
        if write!(rest, "{value:.digits$e}").is_err() {
            break;
        }
        let left = rest.len();
        let len = text.len() - left;
        let written = std::str::from_utf8(&text[..len]).unwrap_or("0");
        if same(written) {
            return Decimal::parse(written).write_java(out);
        }
    }
    Decimal::parse(zmij::Buffer::new().format_finite(value)).write_java(out);
}

/// The servers store no such values; Java's words for them.
fn write_not_finite(value: f64, out: &mut Vec<u8>) {
    let word: &[u8] = match (value.is_nan(), value > 0.0) {
        (true, _) => b"NaN",
        (false, true) => b"Infinity",
        (false, false) => b"-Infinity",
    };
    out.extend_from_slice(word);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[track_caller]
    fn check_double(value: f64, java: &str) {
        assert_eq!(text(|out| write_java_double(value, out)), java);
    }

    #[track_caller]
    fn check_float(value: f32, java: &str) {
        assert_eq!(text(|out| write_java_float(value, out)), java);
    }

    #[test]
    fn java_doubles() {
        check_double(0.0, "0.0");
        check_double(-0.0, "-0.0");
        check_double(0.1, "0.1");
        check_double(f64::from(0.1f32), "0.10000000149011612");
        check_double(0.001, "0.001");
        check_double(0.0009999, "9.999E-4");
        check_double(1.0, "1.0");
        check_double(100.0, "100.0");
        check_double(9999999.0, "9999999.0");
        check_double(9999999.5, "9999999.5");
        check_double(10000000.0, "1.0E7");
        check_double(16777216.0, "1.6777216E7");
        check_double(123456.789, "123456.789");
        check_double(-123.5, "-123.5");
        check_double(2e23, "2.0E23");
        check_double(1e-320, "1.0E-320");
        check_double(f64::MAX, "1.7976931348623157E308");
        check_double(f64::MIN_POSITIVE, "2.2250738585072014E-308");
        check_double(5e-324, "4.9E-324");
        check_double(1e-323, "9.9E-324");
        check_double(1.5e-323, "1.5E-323");
        check_double(f64::NAN, "NaN");
    }

    #[test]
    fn java_floats() {
        check_float(0.1, "0.1");
        check_float(0.0009999, "9.999E-4");
        check_float(1.0, "1.0");
        check_float(9999999.0, "9999999.0");
        check_float(1e7, "1.0E7");
        check_float(16777216.0, "1.6777216E7");
        check_float(123456.79, "123456.79");
        check_float(-1e-4, "-1.0E-4");
        check_float(f32::MAX, "3.4028235E38");
        check_float(f32::MIN_POSITIVE, "1.1754944E-38");
        check_float(f32::from_bits(1), "1.4E-45");
        check_float(f32::from_bits(2), "2.8E-45");
    }

    #[test]
    fn short_floats() {
        let check = |value, expected: &str| assert_eq!(text(|out| write_short_float(value, out)), expected);
        check(1.5, "1.5");
        check(-2.0, "-2");
        check(0.0, "0");
        check(-0.0, "-0");
        check(0.000001, "0.000001");
        check(0.0000001, "1e-7");
        check(1e21, "1e+21");
        check(16777216.0, "16777216");
        check(3.4028235e38, "3.4028235e+38");
    }

    proptest! {
        #[test]
        fn text_gives_the_number_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                let read: f64 = text(|out| write_java_double(value, out)).parse().unwrap();
                prop_assert_eq!(read.to_bits(), value.to_bits());
            }
            let value = f32::from_bits(bits as u32);
            if value.is_finite() {
                let read: f32 = text(|out| write_java_float(value, out)).parse().unwrap();
                prop_assert_eq!(read.to_bits(), value.to_bits());
                let read: f32 = text(|out| write_short_float(value, out)).parse().unwrap();
                prop_assert_eq!(read.to_bits(), value.to_bits());
            }
        }
    }
}
