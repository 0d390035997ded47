//! Text of MariaDB's UUID, INET4 and INET6, as the server prints them.

use std::io::Write;

/// `00112233-4455-6677-8899-aabbccddeeff`.
pub fn write_uuid(bytes: &[u8; 16], out: &mut Vec<u8>) {
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
        out.extend_from_slice(&[digit(byte >> 4), digit(byte & 0xF)]);
    }
}

/// `192.0.2.1`.
pub fn write_inet4(bytes: &[u8], out: &mut Vec<u8>) {
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        out.extend_from_slice(itoa::Buffer::new().format(*byte).as_bytes());
    }
}

/// `2001:db8::1`, `::ffff:192.0.2.1`.
///
/// The first longest run of zero groups, even one alone, is left out; behind twelve zero bytes, or ten and `ffff`, the
/// rest is written as IPv4. Source: MariaDB `plugin/type_inet/sql_type_inet.cc`, `Inet6::to_string`.
pub fn write_inet6(bytes: &[u8; 16], out: &mut Vec<u8>) {
    let groups: [u16; 8] =
        std::array::from_fn(|index| u16::from_be_bytes([bytes[2 * index], bytes[2 * index + 1]]));
    let (mut gap, mut gap_len, mut run) = (8, 0, 0);
    for (index, group) in groups.iter().enumerate() {
        run = if *group == 0 { run + 1 } else { 0 };
        if run > gap_len {
            (gap, gap_len) = (index + 1 - run, run);
        }
    }
    let mut index = 0;
    while index < 8 {
        if index == gap {
            out.extend_from_slice(if index == 0 { b"::" } else { b":" });
            index += gap_len;
        } else if index == 6 && gap == 0 && (gap_len == 6 || gap_len == 5 && groups[5] == 0xFFFF) {
            return write_inet4(&bytes[12..], out);
        } else {
            // Writing to a vector cannot fail.
            let _ = write!(out, "{:x}", groups[index]);
            if index < 7 {
                out.push(b':');
            }
            index += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: [u16; 8], text: &str) {
        let mut bytes = [0; 16];
        for (index, group) in address.iter().enumerate() {
            bytes[2 * index..2 * index + 2].copy_from_slice(&group.to_be_bytes());
        }
        let mut out = Vec::new();
        write_inet6(&bytes, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }

    /// Printed by MariaDB 10.11.
    #[test]
    fn inet6() {
        check([0; 8], "::");
        check([0, 0, 0, 0, 0, 0, 0, 1], "::1");
        check([1, 0, 0, 0, 0, 0, 0, 0], "1::");
        check([1, 2, 3, 4, 5, 6, 7, 8], "1:2:3:4:5:6:7:8");
        check([1, 0, 3, 4, 5, 6, 7, 8], "1::3:4:5:6:7:8");
        check([1, 2, 3, 4, 5, 6, 7, 0], "1:2:3:4:5:6:7::");
        check([0, 2, 3, 4, 5, 6, 7, 8], "::2:3:4:5:6:7:8");
        check([0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], "2001:db8::1:0:0:1");
        check([0, 0, 0, 0, 0, 0xFFFF, 0x102, 0x304], "::ffff:1.2.3.4");
        check([0, 0, 0, 0, 0, 0, 0x102, 0x304], "::1.2.3.4");
        check([0, 0, 0, 0, 0, 0, 0, 0x1234], "::1234");
        check([0, 0, 0, 0, 0, 0xFFFF, 0, 0], "::ffff:0.0.0.0");
        check([1, 0, 0, 4, 5, 0, 0, 0], "1:0:0:4:5::");
        check([0, 0, 0, 0, 1, 2, 3, 4], "::1:2:3:4");
        check([0, 0, 0, 0, 0, 0xABCD, 1, 2], "::abcd:1:2");
    }

    #[test]
    fn uuid_and_inet4() {
        let mut out = Vec::new();
        write_uuid(&std::array::from_fn(|index| index as u8 * 0x11), &mut out);
        out.push(b' ');
        write_inet4(&[192, 0, 2, 1], &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "00112233-4455-6677-8899-aabbccddeeff 192.0.2.1");
    }
}
