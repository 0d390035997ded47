//! Bytes inside JSON strings.
//!
//! Escapes what JSON demands and nothing else, as Canal's serializer does: `"`, `\` and control characters; text beyond
//! ASCII stays as it is.

/// Bytes looked at together: those of one word.
const WORD: usize = size_of::<u64>();

const fn is_plain(byte: u8) -> bool {
    byte >= b' ' && byte != b'"' && byte != b'\\'
}

/// Bytes that are written as they are: with `JACKSON` none of a character above U+FFFF.
const fn is_good<const JACKSON: bool>(byte: u8) -> bool {
    is_plain(byte) && (!JACKSON || byte < FOUR_BYTES)
}

/// The first byte of a character above U+FFFF is this one or greater.
const FOUR_BYTES: u8 = 0xF0;

/// Appends UTF-8 text.
pub(crate) fn push_text(text: &[u8], out: &mut Vec<u8>) {
    push::<false>(text, out);
}

/// Appends text as Jackson writes it, and with it Kafka's `JsonConverter`: a character above U+FFFF is two escapes, and the
/// digits of escapes are upper case.
pub(crate) fn push_jackson_text(text: &str, out: &mut Vec<u8>) {
    push::<true>(text.as_bytes(), out);
}

fn push<const JACKSON: bool>(text: &[u8], out: &mut Vec<u8>) {
    let digits = if JACKSON { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let mut rest = text;
    loop {
        let (good, after) = rest.split_at(good_prefix::<JACKSON>(rest));
        out.extend_from_slice(good);
        let Some((byte, after)) = after.split_first() else { return };
        rest = after;
        if let (FOUR_BYTES.., Some((tail, after))) = (*byte, after.split_first_chunk::<3>()) {
            push_surrogates(*byte, *tail, digits, out);
            rest = after;
        } else {
            push_escape(*byte, digits, out);
        }
    }
}

/// Number of bytes before the first that is not written as it is.
fn good_prefix<const JACKSON: bool>(text: &[u8]) -> usize {
    let (words, tail) = text.as_chunks::<WORD>();
    for (index, word) in words.iter().enumerate() {
        let bad = bad_bytes::<JACKSON>(u64::from_le_bytes(*word));
        if bad != 0 {
            return index * WORD + bad.trailing_zeros() as usize / 8;
        }
    }
    words.len() * WORD + tail.iter().take_while(|byte| is_good::<JACKSON>(**byte)).count()
}

/// The high bit of each byte that is not good, and none when all are. A borrow may mark a byte behind the first marked one, too.
const fn bad_bytes<const JACKSON: bool>(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; WORD]);
    const HIGH: u64 = u64::from_le_bytes([0x80; WORD]);
    const fn below(word: u64, byte: u8) -> u64 {
        word.wrapping_sub(ONES * byte as u64) & !word
    }
    let bad =
        below(word, b' ') | below(word ^ (ONES * b'"' as u64), 1) | below(word ^ (ONES * b'\\' as u64), 1);
    // the upper four bits of a byte are set
    let long = if JACKSON { word & word << 1 & word << 2 & word << 3 } else { 0 };
    (bad | long) & HIGH
}

/// The escapes of a character of four bytes.
#[cold]
fn push_surrogates(first: u8, tail: [u8; 3], digits: &[u8; 16], out: &mut Vec<u8>) {
    let character =
        tail.iter().fold(u32::from(first & 0x07), |bits, byte| bits << 6 | u32::from(byte & 0x3F));
    let offset = character.saturating_sub(0x1_0000);
    for unit in [0xD800 | offset >> 10, 0xDC00 | offset & 0x3FF] {
        out.extend_from_slice(b"\\u");
        out.extend([12, 8, 4, 0].map(|shift| digits[(unit >> shift & 0xF) as usize]));
    }
}

/// Appends bytes as the characters U+0000…U+00FF (ISO 8859-1), each byte one character.
pub(crate) fn push_latin1(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len());
    for byte in bytes {
        match byte {
            0x80.. => out.extend_from_slice(&[0xC0 | byte >> 6, 0x80 | byte & 0x3F]),
            _ if is_plain(*byte) => out.push(*byte),
            _ => push_escape(*byte, b"0123456789abcdef", out),
        }
    }
}

#[cold]
fn push_escape(byte: u8, digits: &[u8; 16], out: &mut Vec<u8>) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            let digit = |nibble: u8| digits[usize::from(nibble)];
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
    fn escapes_of_jackson() {
        let mut out = Vec::new();
        push_jackson_text("a\"\u{1a}\n 李 😀 0123456789abcdef \u{10ffff}", &mut out);
        let told = r#"a\"\u001A\n 李 \uD83D\uDE00 0123456789abcdef \uDBFF\uDFFF"#;
        assert_eq!(String::from_utf8(out).unwrap(), told);
    }

    #[test]
    fn bytes_are_characters() {
        let mut out = Vec::new();
        push_latin1(b"\x00\xffA\"", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "\\u0000ÿA\\\"");
    }

    proptest! {
        #[test]
        fn the_first_byte_to_escape_is_found(text in prop::collection::vec(any::<u8>(), 0..40), plain in 0usize..40) {
            let mut text = text;
            text.iter_mut().take(plain).for_each(|byte| *byte = *byte % 32 + b'a');
            let first = |good: fn(u8) -> bool| text.iter().position(|byte| !good(*byte)).unwrap_or(text.len());
            prop_assert_eq!(good_prefix::<false>(&text), first(is_good::<false>));
            prop_assert_eq!(good_prefix::<true>(&text), first(is_good::<true>));
        }

        #[test]
        fn serde_reads_it_back(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            let mut out = vec![b'"'];
            push_text(text.as_bytes(), &mut out);
            out.push(b'"');
            prop_assert_eq!(&serde_json::from_slice::<String>(&out).unwrap(), &text);
            let mut out = vec![b'"'];
            push_jackson_text(&text, &mut out);
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
