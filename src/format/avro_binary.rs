//! Avro's binary encoding of the few types that our schemas use.
//!
//! Source: Apache Avro specification, "Binary Encoding".

use super::Scratch;

/// Appends an `int` or `long`: zig-zag, seven bits a byte.
#[inline]
pub(super) fn push_long(value: i64, out: &mut Vec<u8>) {
    // Room is asked for once: most numbers have one byte or two.
    match zig_zag(value) {
        one @ ..0x80 => out.push(one as u8),
        two @ 0x80..0x4000 => out.extend_from_slice(&[two as u8 | 0x80, (two >> 7) as u8]),
        mut rest => {
            while rest >= 0x80 {
                out.push(rest as u8 | 0x80);
                rest >>= 7;
            }
            out.push(rest as u8);
        }
    }
}

#[inline]
fn zig_zag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Appends `bytes` or a `string`.
#[inline]
pub(super) fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    push_long(bytes.len() as i64, out);
    out.extend_from_slice(bytes);
}

/// Appends `bytes` or a `string` that `write` makes.
#[inline]
pub(super) fn push_written<T>(
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> T,
) -> T {
    scratch.bytes.clear();
    let written = write(&mut scratch.bytes);
    push_bytes(&scratch.bytes, out);
    written
}

/// Appends a `boolean`.
pub(super) fn push_boolean(value: bool, out: &mut Vec<u8>) {
    out.push(u8::from(value));
}

/// Appends a `float`.
pub(super) fn push_float(value: f32, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a value of a union of null and `long`: null where there is none.
pub(super) fn push_optional_long(value: Option<i64>, out: &mut Vec<u8>) {
    match value {
        None => out.push(NULL),
        Some(value) => {
            out.push(VALUE);
            push_long(value, out);
        }
    }
}

/// Branch of null in a union of null and something.
pub(super) const NULL: u8 = 0;

/// The other branch.
pub(super) const VALUE: u8 = 2;

/// Appends a `double`.
pub(super) fn push_double(value: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_specification() {
        let check = |value, bytes: &[u8]| {
            let mut out = Vec::new();
            push_long(value, &mut out);
            assert_eq!(out, bytes, "{value}");
        };
        check(0, &[0]);
        check(-1, &[1]);
        check(1, &[2]);
        check(64, &[0x80, 1]);
        check(-64, &[0x7f]);
        check(8191, &[0xfe, 0x7f]);
        check(8192, &[0x80, 0x80, 1]);
        check(-8192, &[0xff, 0x7f]);
        check(-8193, &[0x81, 0x80, 1]);
        check(1001, &[0xd2, 0x0f]);
        check(1_709_605_231, &[0xde, 0x85, 0xb4, 0xde, 0x0c]);
        check(i64::MAX, &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
        check(i64::MIN, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
    }
}
