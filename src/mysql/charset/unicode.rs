//! UTF-8 with broken places, and the sets of two- and four-byte units.

/// Unit and byte order.
#[derive(Clone, Copy)]
pub(super) enum Wide {
    /// `utf16`, and `ucs2`, which is its part without surrogates.
    Utf16Be,
    /// `utf16le`.
    Utf16Le,
    /// `utf32`.
    Utf32Be,
}

/// Appends what is valid; each broken place becomes U+FFFD. Returns how many there were.
pub(super) fn append_utf8(bytes: &[u8], out: &mut String) -> usize {
    let mut broken = 0;
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
            broken += 1;
        }
    }
    broken
}

/// Appends units; lone surrogates, numbers that are no characters and a rest that is no unit become U+FFFD.
pub(super) fn append_wide(wide: Wide, bytes: &[u8], out: &mut String) -> usize {
    let mut broken = 0;
    let mut push = |sign: Option<char>| {
        broken += usize::from(sign.is_none());
        out.push(sign.unwrap_or(char::REPLACEMENT_CHARACTER));
    };
    let rest = match wide {
        Wide::Utf16Be | Wide::Utf16Le => {
            let units = bytes.chunks_exact(2).map(|unit| match wide {
                Wide::Utf16Le => u16::from_le_bytes([unit[0], unit[1]]),
                Wide::Utf16Be | Wide::Utf32Be => u16::from_be_bytes([unit[0], unit[1]]),
            });
            char::decode_utf16(units).for_each(|sign| push(sign.ok()));
            bytes.len() % 2
        }
        Wide::Utf32Be => {
            for unit in bytes.chunks_exact(4) {
                push(char::from_u32(u32::from_be_bytes([unit[0], unit[1], unit[2], unit[3]])));
            }
            bytes.len() % 4
        }
    };
    if rest != 0 {
        push(None);
    }
    broken
}
