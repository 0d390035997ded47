//! Decimals as `java.math.BigInteger.toByteArray` writes their unscaled value: two's complement, the highest byte first, no
//! more bytes than needed.

use crate::mysql::decimal::{packed_number, write_decimal};
use crate::mysql::value::Decimal;

/// Groups of 32 bits: 81 digits fit, no server has more than 65.
const GROUPS: usize = 9;
const BYTES: usize = GROUPS * 4 + 1;

/// So many digits, or fewer and a point, make a number of 64 bits.
const FEW_SIGNS: usize = 18;

/// Digits that are added at once.
const STEP: usize = 9;

/// The bytes of a decimal; none when it is broken. `scratch` is room for its text.
pub(super) fn of_decimal(
    decimal: Decimal<'_>,
    scratch: &mut Vec<u8>,
    use_bytes: impl FnOnce(&[u8]),
) -> Option<()> {
    if let Decimal::Packed { bytes, precision, scale } = decimal
        && let Some(number) = packed_number(bytes, precision, scale)
    {
        signed(number, use_bytes);
        return Some(());
    }
    scratch.clear();
    write_decimal(decimal, scratch);
    unscaled(scratch, use_bytes)
}

/// The bytes of a number without a sign.
pub(super) fn of_number(number: u64, use_bytes: impl FnOnce(&[u8])) {
    let wide = i128::from(number);
    let spare = wide.leading_zeros() - 1;
    use_bytes(&wide.to_be_bytes()[spare as usize / 8..]);
}

/// The bytes of a decimal's text, such as `-19.99`; none when it is no number or has too many digits.
fn unscaled(text: &[u8], use_bytes: impl FnOnce(&[u8])) -> Option<()> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.len() <= FEW_SIGNS {
        return few(negative, digits, use_bytes);
    }
    let mut groups = [0_u32; GROUPS];
    let (mut value, mut scale, mut pending) = (0_u32, 1_u32, 0);
    for digit in digits.iter().filter(|digit| **digit != b'.') {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u32::from(digit - b'0');
        scale *= 10;
        pending += 1;
        if pending == STEP {
            multiply_and_add(&mut groups, scale, value)?;
            (value, scale, pending) = (0, 1, 0);
        }
    }
    multiply_and_add(&mut groups, scale, value)?;
    // One byte in front is the sign's.
    let mut bytes = [0_u8; BYTES];
    for (place, group) in bytes[1..].chunks_exact_mut(4).zip(groups.iter().rev()) {
        place.copy_from_slice(&group.to_be_bytes());
    }
    if negative {
        let mut carry = true;
        for byte in bytes.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let sign = bytes[0];
    let extra = bytes.windows(2).take_while(|pair| pair[0] == sign && (pair[1] ^ sign) & 0x80 == 0).count();
    use_bytes(&bytes[extra..]);
    Some(())
}

/// The same of numbers that have 64 bits.
fn few(negative: bool, digits: &[u8], use_bytes: impl FnOnce(&[u8])) -> Option<()> {
    let mut value = 0_i64;
    for digit in digits.iter().filter(|digit| **digit != b'.') {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(digit - b'0');
    }
    signed(if negative { -value } else { value }, use_bytes);
    Some(())
}

/// The bytes of a number with a sign.
fn signed(value: i64, use_bytes: impl FnOnce(&[u8])) {
    // Leading bits that say no more than the sign, but for one.
    let spare = (value ^ (value >> 63)).leading_zeros() - 1;
    use_bytes(&value.to_be_bytes()[spare as usize / 8..]);
}

/// None when a digit is lost.
fn multiply_and_add(groups: &mut [u32; GROUPS], factor: u32, term: u32) -> Option<()> {
    let mut carry = u64::from(term);
    for group in groups {
        let product = u64::from(*group) * u64::from(factor) + carry;
        *group = product as u32;
        carry = product >> 32;
    }
    (carry == 0).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(text: &str) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        unscaled(text.as_bytes(), |bytes| out.extend_from_slice(bytes)).map(|()| out)
    }

    /// Of `BigInteger.toByteArray`.
    #[test]
    fn as_java_writes_them() {
        for (text, told) in [
            ("19.99", &[0x07, 0xcf][..]),
            ("-19.99", &[0xf8, 0x31]),
            ("0.00", &[0]),
            ("-0.00", &[0]),
            ("1.28", &[0, 0x80]),
            ("-1.28", &[0x80]),
            ("-1.29", &[0xff, 0x7f]),
            ("1234.56", &[0x01, 0xe2, 0x40]),
            ("18446744073709551615", &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ] {
            assert_eq!(bytes(text).as_deref(), Some(told), "{text}");
        }
        assert_eq!(bytes(&"9".repeat(65)).map(|bytes| bytes.len()), Some(28));
        assert_eq!(bytes(&"9".repeat(90)), None);
        assert_eq!(bytes("1e3"), None);
        assert_eq!(bytes(&format!("1e{}", "3".repeat(30))), None);
        assert_eq!(bytes("-999999999999999999").map(|it| it.len()), Some(8));
        assert_eq!(bytes("1234567890123456789.5").map(|it| it.len()), Some(9));
    }

    proptest! {
        #[test]
        fn few_bytes_are_the_number(number in any::<i64>(), shift in 0_u32..64) {
            let number = number >> shift;
            let found = bytes(&number.to_string()).unwrap();
            let whole = number.to_be_bytes();
            let spare = whole.len().saturating_sub(found.len());
            let filler = if number < 0 { 0xff } else { 0 };
            prop_assert_eq!(&found[found.len().saturating_sub(8)..], &whole[spare..]);
            prop_assert!(whole[..spare].iter().all(|byte| *byte == filler));
            prop_assert!(found.len() == 1 || found[0] != filler || (found[1] ^ filler) & 0x80 != 0);
        }

        #[test]
        fn the_bytes_are_the_number(number in any::<i128>()) {
            let found = bytes(&number.to_string()).unwrap();
            let whole = number.to_be_bytes();
            let filler = if number < 0 { 0xff } else { 0 };
            prop_assert!(whole.ends_with(&found));
            prop_assert!(whole[..whole.len() - found.len()].iter().all(|byte| *byte == filler));
            prop_assert_eq!(found[0] & 0x80 != 0, number < 0);
            prop_assert!(found.len() == 1 || found[0] != filler || (found[1] ^ filler) & 0x80 != 0);
        }
    }
}
