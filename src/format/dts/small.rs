//! A few bytes that are put together before they are appended at once: a copy of a length that the compiler knows costs a part of
//! many small ones.

use crate::mysql::temporal::PAIRS;

/// At most [`Small::BYTES`] bytes; whoever puts more panics.
#[derive(Debug, Clone, Copy)]
pub(super) struct Small {
    bytes: [u8; Small::BYTES],
    len: usize,
}

impl Small {
    /// A time of seven parts fits, and a number with what stands before it.
    pub(super) const BYTES: usize = 32;

    #[inline]
    pub(super) fn new() -> Small {
        Small { bytes: [0; Small::BYTES], len: 0 }
    }

    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    /// Puts an Avro `long`.
    #[inline]
    pub(super) fn push_long(&mut self, value: i64) {
        let mut rest = ((value << 1) ^ (value >> 63)) as u64;
        while rest >= 0x80 {
            self.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.push(rest as u8);
    }

    /// Puts an Avro `string` of the number in decimal.
    #[inline]
    pub(super) fn push_number(&mut self, number: u64, negative: bool) {
        let digits = digits(number);
        // Twenty digits and a sign at most: the length has one byte.
        self.push(((digits + usize::from(negative)) << 1) as u8);
        if negative {
            self.push(b'-');
        }
        self.push_digits(number, digits);
    }

    /// Puts the `digits` digits of a number.
    #[inline]
    pub(super) fn push_digits(&mut self, number: u64, digits: usize) {
        let room = &mut self.bytes[self.len..self.len + digits];
        self.len += digits;
        let (mut rest, mut at) = (number, digits);
        while at >= 2 {
            at -= 2;
            let pair = (rest % 100) as usize * 2;
            room[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
            rest /= 100;
        }
        if at == 1 {
            room[0] = b'0' + rest as u8;
        }
    }

    #[inline]
    pub(super) fn append(&self, out: &mut Vec<u8>) {
        let end = out.len() + self.len;
        out.extend_from_slice(&self.bytes);
        out.truncate(end);
    }
}

/// How many digits a number has.
#[inline]
pub(super) fn digits(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

#[cfg(test)]
mod tests {
    use super::super::super::avro_binary::{push_bytes, push_long};
    use super::*;
    use proptest::prelude::*;

    fn check(number: i64) {
        let (mut small, mut expected, mut found) = (Small::new(), Vec::new(), vec![7]);
        small.push_number(number.unsigned_abs(), number < 0);
        small.append(&mut found);
        push_bytes(number.to_string().as_bytes(), &mut expected);
        assert_eq!(found[1..], expected);
        let (mut small, mut expected, mut found) = (Small::new(), Vec::new(), Vec::new());
        small.push(1);
        small.push_long(number);
        small.append(&mut found);
        push_long(number, &mut expected);
        assert_eq!(found[1..], expected);
    }

    #[test]
    fn borders() {
        [0, 1, 9, 10, 99, 100, -1, -10, i64::MAX, i64::MIN].into_iter().for_each(check);
        let mut small = Small::new();
        small.push_number(u64::MAX, false);
        let mut out = Vec::new();
        small.append(&mut out);
        assert_eq!(out, b"\x2818446744073709551615");
    }

    proptest! {
        #[test]
        fn numbers_are_written_as_by_the_library(number in any::<i64>(), shift in 0_u32..64) {
            check(number >> shift);
        }
    }
}
