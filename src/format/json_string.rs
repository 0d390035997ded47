//! Bytes inside JSON strings.
//!
//! Escapes what JSON demands and nothing else, as Canal's serializer does: `"`, `\` and control characters; text beyond
//! ASCII stays as it is.

/// Bytes looked at together: small enough for short names, large enough for the compiler to use vector instructions.
const BLOCK: usize = 16;

const fn is_plain(byte: u8) -> bool {
    byte >= b' ' && byte != b'"' && byte != b'\\'
}

/// Appends UTF-8 text.
pub(crate) fn push_text(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    loop {
        let blocks = rest.chunks_exact(BLOCK).take_while(|block| block.iter().all_plain()).count();
        let plain = blocks * BLOCK;
        let tail = rest[plain..].iter().take(BLOCK).take_while(|byte| is_plain(**byte)).count();
        let (good, after) = rest.split_at(plain + tail);
        out.extend_from_slice(good);
        let Some((byte, after)) = after.split_first() else { return };
        if is_plain(*byte) {
            out.push(*byte);
        } else {
            push_escape(*byte, out);
        }
        rest = after;
    }
}

trait AllPlain {
    fn all_plain(self) -> bool;
}

impl AllPlain for std::slice::Iter<'_, u8> {
    /// Without a way out in the middle, so that a block is compared at once.
    fn all_plain(self) -> bool {
        self.fold(true, |plain, byte| plain & is_plain(*byte))
    }
}

/// Appends bytes as the characters U+0000…U+00FF (ISO 8859-1), each byte one character.
pub(crate) fn push_latin1(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len());
    for byte in bytes {
        match byte {
            0x80.. => out.extend_from_slice(&[0xC0 | byte >> 6, 0x80 | byte & 0x3F]),
            _ if is_plain(*byte) => out.push(*byte),
            _ => push_escape(*byte, out),
        }
    }
}

#[cold]
fn push_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 0xF)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, json: &str) {
        let mut out = Vec::new();
        push_text(text.as_bytes(), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), json);
    }

    #[test]
    fn escapes() {
        check("", "");
        check("plain / text \u{7f} 李雷 \u{2028}", "plain / text \u{7f} 李雷 \u{2028}");
        check("a\"b\\c\n\r\t\u{8}\u{c}\u{0}\u{1f}", r#"a\"b\\c\n\r\t\b\f\u0000\u001f"#);
        check(
            "0123456789abcdef\"0123456789abcdef0123456789abcde\\",
            r#"0123456789abcdef\"0123456789abcdef0123456789abcde\\"#,
        );
    }

    #[test]
    fn bytes_are_characters() {
        let mut out = Vec::new();
        push_latin1(b"\x00\xffA\"", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "\\u0000ÿA\\\"");
    }

    proptest! {
        #[test]
        fn serde_reads_it_back(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            let mut out = vec![b'"'];
            push_text(text.as_bytes(), &mut out);
            out.push(b'"');
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
            let mut out = vec![b'"'];
            push_latin1(&bytes, &mut out);
            out.push(b'"');
            let latin1: String = bytes.iter().map(|byte| char::from(*byte)).collect();
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), latin1);
        }
    }
}
