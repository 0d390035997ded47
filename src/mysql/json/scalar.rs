//! Strings, base 64 and doubles as the server prints them in JSON.

/// Writes a string with the server's escapes. Bytes that are not UTF-8 stay as they are.
pub(super) fn write_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut plain = 0;
    for (at, &byte) in text.iter().enumerate() {
        let short = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0c => b'f',
            b'\r' => b'r',
            0..0x20 => b'u',
            _ => continue,
        };
        out.extend_from_slice(&text[plain..at]);
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            let hex = |digit: u8| if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
            out.extend_from_slice(&[b'0', b'0', hex(byte >> 4), hex(byte & 0xf)]);
        }
        plain = at + 1;
    }
    out.extend_from_slice(&text[plain..]);
    out.push(b'"');
}

/// Base 64 in lines of 76 characters, as the server's own encoder does; the line ends appear as `\n` in the JSON string.
pub(super) fn write_base64(data: &[u8], out: &mut Vec<u8>) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (index, chunk) in data.chunks(3).enumerate() {
        if index > 0 && index % 19 == 0 {
            out.extend_from_slice(b"\\n");
        }
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * at) & 0x3f) as usize];
            out.push(if at <= chunk.len() { digit } else { b'=' });
        }
    }
}

/// Writes a double as the server prints it in JSON: the fewest digits that read back the same; plainly from 1e-15 to below 1e15
/// and wherever there are digits behind the point, else with an exponent; with `.0` when it would look like an integer.
pub fn write_double(number: f64, out: &mut Vec<u8>) {
    if !number.is_finite() {
        // JSON has no such numbers, and the server stores none.
        out.extend_from_slice(b"null");
        return;
    }
    if number.is_sign_negative() {
        out.push(b'-');
    }
    if number == 0.0 {
        out.extend_from_slice(b"0.0");
        return;
    }
    let mut buffer = zmij::Buffer::new();
    let mut digits = [0u8; 24];
    let (len, point) = split_digits(buffer.format_finite(number.abs()).as_bytes(), &mut digits);
    let digits = &digits[..len];
    let len = len as i32;
    if (-14..=15).contains(&point) || (point > 15 && point < len) {
        if point <= 0 {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + point.unsigned_abs() as usize, b'0');
            out.extend_from_slice(digits);
        } else if point < len {
            let (integer, fraction) = digits.split_at(point as usize);
            out.extend_from_slice(integer);
            out.push(b'.');
            out.extend_from_slice(fraction);
        } else {
            out.extend_from_slice(digits);
            out.resize(out.len() + (point - len) as usize, b'0');
            out.extend_from_slice(b".0");
        }
        return;
    }
    out.push(digits[0]);
    if len > 1 {
        out.push(b'.');
        out.extend_from_slice(&digits[1..]);
    }
    out.push(b'e');
    out.extend_from_slice(itoa::Buffer::new().format(point - 1).as_bytes());
}

/// Takes a positive number's text apart: its digits without zeros at either end, and where the point stands relative to the first.
fn split_digits(text: &[u8], digits: &mut [u8; 24]) -> (usize, i32) {
    let (mut len, mut point, mut seen_point, mut at) = (0, 0, false, 0);
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'.' => seen_point = true,
            b'0'..=b'9' => {
                if byte == b'0' && len == 0 {
                    point -= i32::from(seen_point);
                    continue;
                }
                if let Some(slot) = digits.get_mut(len) {
                    *slot = byte;
                }
                len += 1;
                point += i32::from(!seen_point);
            }
            _ => {
                let exponent = str::from_utf8(&text[at..]).ok().and_then(|text| text.parse::<i32>().ok());
                point += exponent.unwrap_or(0);
                break;
            }
        }
    }
    len = len.min(digits.len());
    while len > 1 && digits[len - 1] == b'0' {
        len -= 1;
    }
    (len, point)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn doubles() {
        for (number, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-1.5, "-1.5"),
            (1e14, "100000000000000.0"),
            (1e15, "1e15"),
            (123_456_789_012_345.6, "123456789012345.6"),
            (1_234_567_890_123_456.8, "1234567890123456.8"),
            (9_007_199_254_740_992.0, "9.007199254740992e15"),
            (1e-15, "0.000000000000001"),
            (1e-16, "1e-16"),
            (1.2345678901234567e-15, "0.0000000000000012345678901234568"),
            (1e100, "1e100"),
            (5e-324, "5e-324"),
            (-f64::MAX, "-1.7976931348623157e308"),
        ] {
            let mut out = Vec::new();
            write_double(number, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    proptest! {
        #[test]
        fn doubles_read_back(bits: u64) {
            let number = f64::from_bits(bits);
            let mut out = Vec::new();
            write_double(number, &mut out);
            let text = String::from_utf8(out).unwrap();
            if number.is_finite() {
                prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), bits);
            }
        }
    }
}
